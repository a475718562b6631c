//! Generates large, well-formed captures whose every flow is known beforehand.
//!
//! A profile and a seed become a capture file and, on request, a table of what an analyzer should find in it.
//! The same arguments give the same octets, so two measurements months apart read the same file.
//! Flows overlap in time, and a small share of them is odd as real traffic is: lost, repeated and
//! reordered segments, refused and unanswered connections, resets, captures begun in mid-stream.
//!
//! One module a step: [`plan`] (what was asked) → [`flow`] (one flow's frames, a phase at a time)
//! → [`schedule`] (all flows, merged by time) → [`wire`] (octets) → [`container`] (the file) and [`truth`] (the table).

mod checksum;
mod container;
mod flow;
mod payload;
mod plan;
mod rng;
mod schedule;
mod side;
mod time;
mod truth;
mod wire;

use std::io;
use std::process::ExitCode;

use container::Capture;
use plan::Plan;
use schedule::Schedule;
use truth::Truth;
use wire::Wire;

const USAGE: &str = "\
usage: captures PROFILE --out FILE [options]

PROFILE
  bulk   a few large TCP transfers (3000 connections, 930 MB)
  small  frames of 60 to 120 octets (100,000 flows of 100 frames), UDP and TCP requests with replies
  many   many flows of a few frames each (2,000,000)
  lab    large transfers over loopback, segments up to 64 KiB as segmentation offload makes them

OPTIONS
  --out FILE            the capture; - is standard output
  --truth FILE          one row of tab-separated values a flow: what an analyzer should find
  --format FORMAT       pcapng (default), pcapng-us, pcap or pcap-ns; pcapng and pcap-ns hold nanoseconds
  --link LINK           en10mb (default), null, raw or sll2
  --flows N             flows in all
  --packets N           small: frames to aim at
  --bytes N             bulk, lab: octets of payload to aim at
  --duration SECONDS    time over which flows begin
  --seed N              another capture of the same kind
  --tcp-share SHARE     share of flows that are TCP, 0 to 1
  --v6-share SHARE      share of flows over IPv6, 0 to 1
  --anomalies FACTOR    multiplies the share of everything odd; 0 is a clean capture
  --snaplen N           octets kept of each frame
  --offload-checksums   the sender's TCP and UDP checksums as its own capture shows them: pseudo-header only

Totals go to standard error as one line of JSON.";

fn main() -> ExitCode {
    let plan = match Plan::parse(std::env::args().skip(1)) {
        Ok(plan) => plan,
        Err(mistake) => {
            eprintln!("captures: {mistake}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match generate(&plan) {
        Ok(totals) => {
            eprintln!("{totals}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("captures: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes the capture and its truth; the totals come back as a line of JSON.
fn generate(plan: &Plan) -> io::Result<String> {
    let mut rng = plan.rng();
    let mut wire = Wire::new(plan, &mut rng);
    let mut capture = Capture::create(plan)?;
    let mut truth = Truth::create(plan)?;
    let mut schedule = Schedule::new(plan, rng);

    while let Some(slot) = schedule.next() {
        let flow = schedule.flow(slot);
        let frame = flow.take_frame();
        capture.write(frame.time, wire.frame(flow, &frame))?;
        if let Some(ended) = schedule.settle(slot, frame.time) {
            truth.record(&ended)?;
        }
    }
    capture.finish()?;
    truth.finish()?;
    Ok(truth.totals(&capture, &schedule))
}
