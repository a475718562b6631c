//! `sockscope info FILE`: the capture itself.

use std::io::Write;

use sockscope::present::{json, overview};

use super::args::InfoArgs;
use super::failure::Failure;
use super::job::Setting;
use super::whole::Whole;

pub(crate) fn run(args: InfoArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    let whole = Whole::read(&args.input, setting)?;
    if args.form.json {
        json::info(&whole.overview(), out)?;
    } else {
        overview::write(&whole.overview(), setting.look, &args.zone.into(), out)?;
    }
    whole.reading.verdict()
}
