//! `sockscope completions SHELL`.

use std::io::Write;

use clap::CommandFactory;

use super::args::{Args, CompletionsArgs};
use super::failure::Failure;

pub(crate) fn run(args: CompletionsArgs, out: &mut impl Write) -> Result<(), Failure> {
    // The generator panics where the writer fails, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "sockscope", &mut script);
    out.write_all(&script)?;
    Ok(())
}
