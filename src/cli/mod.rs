//! The command line: arguments become jobs, and each job is one command.
//!
//! [`args`] is what was typed, [`job`] what it means, [`run`] the one loop that all commands share. Answers go to
//! standard output through [`output`]; everything else is a line on standard error.

mod args;
mod check;
mod completions;
mod connections;
mod conversations;
mod cut;
#[cfg(feature = "live")]
mod demo;
mod demux;
mod expect;
mod export;
mod export_grades;
mod failure;
mod fields;
mod follow;
mod grade;
mod info;
mod intake;
mod job;
mod ladder;
#[cfg(feature = "live")]
mod live;
mod log;
mod man;
mod output;
mod packet;
mod packets;
mod progress;
mod row_filter;
mod rubric;
mod run;
mod runs;
mod selection;
mod show;
mod sockets;
mod states;
mod submissions;
mod touched;
mod twice;
mod verify;
mod whole;
mod zoo;

use std::io::Write;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use failure::Failure;
use job::Setting;

/// Parses the arguments, does what they say, and tells how it went.
pub(crate) fn main() -> ExitCode {
    panic::set_hook(Box::new(|fault| failure::print_line(&format!("internal error, please report it: {}", one_line(fault)))));
    let args = Args::parse();
    match panic::catch_unwind(AssertUnwindSafe(|| work(args))) {
        Ok(code) => code,
        Err(_) => ExitCode::from(5),
    }
}

fn one_line(fault: &panic::PanicHookInfo<'_>) -> String {
    let place = fault.location().map(|place| format!(" at {place}")).unwrap_or_default();
    format!("{}{place}", fault.payload_as_str().unwrap_or("panic"))
}

fn work(args: Args) -> ExitCode {
    let mut out = output::stdout();
    let result = command(args, &mut out);
    match result.and(out.flush().map_err(Failure::from)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn command(args: Args, out: &mut impl Write) -> Result<(), Failure> {
    let setting = Setting::new(&args.common);
    match args.meant()? {
        Command::Show(args) => show::run(args, &setting, out),
        Command::Info(args) => info::run(args, &setting, out),
        Command::Packet(args) => packet::run(args, &setting, out),
        Command::Packets(args) => packets::run(args, &setting, out),
        Command::Conversations(args) => conversations::run(args, &setting, out),
        Command::Connections(args) => connections::run(args, &setting, out),
        Command::Sockets(args) => sockets::run(args, &setting, out),
        Command::Demux(args) => demux::run(args, &setting, out),
        Command::States(args) => states::run(args, &setting, out),
        Command::Ladder(args) => ladder::run(args, &setting, out),
        Command::Follow(args) => follow::run(args, &setting, out),
        #[cfg(feature = "live")]
        Command::Live(args) => live::run(args, &setting, out),
        #[cfg(feature = "live")]
        Command::Demo(args) => demo::run(args, &setting, out),
        Command::Log(args) => log::run(args, &setting, out),
        Command::Check(args) => check::run(args, &setting, out),
        Command::Grade(args) => grade::run(args, &setting, out),
        Command::ExplainGrade(args) => runs::explain(args, &setting, out),
        Command::Diff(args) => runs::diff(args, out),
        Command::Review(args) => runs::review(args, &setting, out),
        Command::Rubric(args) => rubric::run(args, &setting, out),
        Command::Intake(args) => intake::run(args, &setting, out),
        Command::Cut(args) => cut::run(args, &setting, out),
        Command::Export(args) => export::run(args, &setting, out),
        Command::Fields(args) => fields::run(args, out),
        Command::ExportGrades(args) => export_grades::run(args, out),
        Command::Verify(args) => verify::run(args, &setting, out),
        Command::Zoo(args) => zoo::run(args, out),
        Command::Completions(args) => completions::run(args, out),
        Command::Man(args) => man::run(args, out),
    }
}
