//! The command line: parse, run, exit code.
//!
//! 0 done · 1 what was expected does not hold · 2 usage · 3 the input could not be read, or not to its end · 4 a text of
//! the user is wrong · 5 our own fault. A closed pipe is 0.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
