//! `sockscope man`: the manual, made from the same definition as `--help`.

use std::fs;
use std::io::{self, Write};

use clap::CommandFactory;
use clap_mangen::Man;

use super::args::{Args, ManArgs};
use super::failure::Failure;

pub(crate) fn run(args: ManArgs, out: &mut impl Write) -> Result<(), Failure> {
    let Some(dir) = args.dir else { return Ok(Man::new(Args::command()).render(out)?) };
    let cannot = |error: io::Error| Failure::Output(io::Error::new(error.kind(), format!("{}: {error}", dir.display())));
    fs::create_dir_all(&dir).map_err(cannot)?;
    clap_mangen::generate_to(Args::command(), &dir).map_err(cannot)?;
    writeln!(out, "manual pages written to {}", dir.display())?;
    Ok(())
}
