//! `sockscope verify FILE`: the sockets that packets show, held against what the kernel said meanwhile.

use std::io::Write;
use std::ops::ControlFlow;

use sockscope::capture::kernel::{BlockFault, Sample};
use sockscope::capture::{Description, Frame};
use sockscope::decode;
use sockscope::judge::verify::Verification;
use sockscope::present::{json, verify_view};
use sockscope::track::{Limits, Tracker};

use super::args::VerifyArgs;
use super::failure::Failure;
use super::job::{self, Setting};
use super::run::{self, Reading};

pub(crate) fn run(args: VerifyArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    let mut witness = Witness::default();
    let reading = run::frames(&args.input(), setting, |frame, _| {
        witness.see(frame);
        Ok(ControlFlow::Continue(()))
    })?;
    let Witness { tracker, mut verification, fault, begin, .. } = witness;
    let file = job::shown(&args.file);
    if let Some((frame, fault)) = fault {
        return Err(Failure::Input(format!("{file}: frame {frame}: {fault}")));
    }
    let (lost, filtered) = circumstances(&reading.description);
    if lost {
        verification.has_lost();
    }
    if filtered {
        verification.is_filtered();
    }
    let account = verification.finish(&tracker);
    if account.samples + account.late == 0 {
        reading.verdict()?;
        return Err(Failure::Usage(format!("{file}: holds nothing that the kernel said; live --verify -w puts it there")));
    }
    match args.form.json {
        true => json::verify(&account, out)?,
        false => verify_view::write(&account, begin, setting.look, out)?,
    }
    verdict(account.unexplained, &file, &reading)
}

fn verdict(unexplained: u64, file: &str, reading: &Reading) -> Result<(), Failure> {
    if unexplained > 0 {
        return Err(Failure::Unmet(format!("{file}: {}", unmet(unexplained))));
    }
    reading.verdict()
}

/// What nothing explains, as it is complained about.
pub(super) fn unmet(unexplained: u64) -> String {
    format!("{unexplained} states of the kernel's are not ours, and nothing explains it")
}

/// Packets were lost, and the capture was filtered.
fn circumstances(description: &Description) -> (bool, bool) {
    let mut interfaces = description.interfaces.iter();
    let dropped = |interface: &sockscope::capture::Interface| {
        let counted = interface.statistics.as_ref().and_then(|statistics| statistics.dropped.or(statistics.os_dropped));
        interface.lost > 0 || counted.is_some_and(|dropped| dropped > 0)
    };
    let lost = interfaces.clone().any(dropped);
    (lost, interfaces.any(|interface| interface.filter.is_some()))
}

/// Follows packets, and stops for each sample.
struct Witness {
    tracker: Tracker,
    verification: Verification,
    begin: Option<sockscope::capture::Timestamp>,
    fault: Option<(u64, BlockFault)>,
}

impl Default for Witness {
    fn default() -> Self {
        let tracker = Tracker::new(Limits::default());
        Self { tracker, verification: Verification::new(), begin: None, fault: None }
    }
}

impl Witness {
    fn see(&mut self, frame: &Frame<'_>) {
        match Sample::from_frame(frame) {
            Some(Ok(sample)) => return self.verification.sample(sample),
            Some(Err(fault)) => self.fault = self.fault.or(Some((frame.number, fault))),
            None => {}
        }
        if let Some(time) = frame.timestamp {
            self.begin = self.begin.or(Some(time));
            self.verification.catch_up(time, &self.tracker);
        }
        let Self { tracker, verification, .. } = self;
        decode::with_packet(frame, |packet| {
            let tuple = tracker.push(packet).tuple;
            if let Some(time) = packet.timestamp {
                verification.see(time, tuple);
            }
        });
    }
}
