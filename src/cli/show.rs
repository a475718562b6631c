//! `sockscope FILE`: what the capture is, its connections, and the sockets behind it.

use std::io::Write;

use sockscope::present::{json, report};

use super::args::ShowArgs;
use super::failure::Failure;
use super::job::Setting;
use super::whole::Whole;

pub(crate) fn run(args: ShowArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    let whole = Whole::read(&args.input, setting)?;
    if args.form.json {
        json::show(&whole.overview(), out)?;
    } else {
        report::write(&whole.overview(), setting.look, &args.zone.into(), out)?;
    }
    whole.reading.verdict()
}
