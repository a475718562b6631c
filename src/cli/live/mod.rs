//! `sockscope live [IFACE]`: the packets of an interface as they come, and the sockets behind them.
//!
//! [`watch`] is the loop: it hands every frame to the recording and to an [`Audience`], and tells that when there is time to
//! draw. [`bounds`] says when it ends, [`recording`] writes what a kill must not spoil. [`view`] is what is seen: [`lines`]
//! for people or programs, or `screen`, which fills a terminal; [`perform`] takes any other audience. [`witness`] is the
//! kernel, which says itself what sockets it has, [`census`] who holds them.

mod bounds;
mod census;
#[cfg(test)]
mod day;
mod lines;
mod recording;
mod ring;
#[cfg(feature = "tui")]
mod screen;
mod view;
mod watch;
mod witness;

use std::io::{self, Write};

use sockscope::capture::{self, Device, Live, Source, Statistics, Tap};
use sockscope::present::look::Look;
use sockscope::present::table::{Align, Table};
use sockscope::present::words::{counted, grouped};

use super::args::LiveArgs;
use super::failure::{Failure, print_line};
use super::job::{self, Setting};
use super::selection::{self, Selection};
use super::verify;
use bounds::Bounds;
use census::Census;
use recording::Recording;
use watch::{Asked, Watch};
use witness::Witness;

pub(crate) use bounds::{Signals, taken_until};
pub(crate) use lines::Lines;
pub(crate) use ring::Ring;
pub(crate) use view::Filtered;
pub(crate) use watch::{Audience, Seen, Sight};

pub(crate) fn run(args: LiveArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    if args.list {
        return list(setting.look, out);
    }
    let (filtered, signals) = (Filtered::new(&args)?, Signals::catch()?);
    let caller = signals.clone();
    perform(&args, signals, out, |live, out| filtered.view(&args, (live, &caller), setting.look, out))
}

/// Captures as the arguments say, and shows what the audience selects to it, which comes when the capture has begun.
pub(crate) fn perform(
    args: &LiveArgs,
    signals: Signals,
    out: &mut impl Write,
    audience: impl for<'o> FnOnce(&Live, &'o mut dyn Write) -> Result<(Selection, Box<dyn Audience + 'o>), Failure>,
) -> Result<(), Failure> {
    let piped = args.output.as_deref().is_some_and(job::is_stdin);
    if piped && args.ring.is_some() {
        return Err(Failure::Usage("--ring needs files: name one with -w".to_owned()));
    }
    let live = open(args)?;
    let asked = ask(args)?;
    capture::leave_root().map_err(|error| Failure::Input(format!("cannot leave root: {error}")))?;
    let description = live.description().clone();
    let mut nowhere = io::sink();
    let (recording, shown): (_, &mut dyn Write) = match &args.output {
        Some(path) if piped => (Recording::piped(path, out, &description)?, &mut nowhere),
        Some(path) => (Recording::new(path, args.ring, &description)?, out),
        None => (Recording::none(&description), out),
    };
    print_line(&format!("{}: listening; Ctrl-C ends", args.interface));
    let (selection, mut audience) = audience(&live, shown)?;
    let bounds = Bounds::new(args.duration, args.frames, live.start(), signals);
    follow((live, recording), Watch::new(selection, bounds, asked), &mut *audience)
}

/// Shows and writes frames until the end, and then what they come to: whatever fails, the file is finished.
fn follow(
    (mut live, mut recording): (Live, Recording<'_>),
    mut watch: Watch,
    audience: &mut dyn Audience,
) -> Result<(), Failure> {
    let watched = watch.run((&mut live, Live::statistics), &mut recording, audience);
    let statistics = live.statistics();
    let recorded = recording.finish(&statistics);
    let mut seen = watch.finish(statistics.dropped.unwrap_or(0));
    let told = audience.end(&mut seen);
    let interface = live.description().interfaces.first().and_then(|interface| interface.name.as_deref());
    print_line(&format!("{}: {}", interface.unwrap_or_default(), outcome(&statistics)));
    // A reader who went away is no fault, a file that could not be finished is.
    recorded.and(watched).and(told).and(verdict(&seen))
}

/// What the kernel says otherwise has to have a reason.
fn verdict(seen: &Seen) -> Result<(), Failure> {
    match seen.account.as_ref().map_or(0, |account| account.unexplained) {
        0 => Ok(()),
        unexplained => Err(Failure::Unmet(verify::unmet(unexplained))),
    }
}

/// What the kernel is asked, as long as we have all rights.
fn ask(args: &LiveArgs) -> Result<Asked, Failure> {
    let filtered = args.capture_filter.is_some() || args.port.is_some();
    let witness = args.verify.map(|period| Witness::open(period, filtered)).transpose()?;
    Ok(Asked { witness, census: args.annotate.then(Census::open).transpose()? })
}

/// Compiles the filter first, whose faults have words of their own.
fn open(args: &LiveArgs) -> Result<Live, Failure> {
    if let Some(text) = &args.capture_filter {
        selection::capture_filter(text)?;
    }
    let mut tap = Tap::new(args.interface.clone());
    tap.filter = filter(args.capture_filter.as_deref(), args.port);
    tap.snap_length = args.snap_length.unwrap_or(tap.snap_length);
    tap.buffer = args.buffer.unwrap_or(tap.buffer);
    Live::open(&tap).map_err(|error| match error {
        capture::Error::NotPermitted { .. } => Failure::Input(format!("{error}; give it that: {}", remedy())),
        capture::Error::Filter { text, reason } => Failure::Text(format!("-f {text}: {reason}")),
        error => error.into(),
    })
}

/// What gives this program the right to capture.
fn remedy() -> String {
    let program = std::env::current_exe().map_or_else(|_| "sockscope".to_owned(), |path| path.display().to_string());
    format!("sudo setcap cap_net_raw,cap_net_admin=eip {program}")
}

/// Both filters have to let a frame pass.
fn filter(text: Option<&str>, port: Option<u16>) -> Option<String> {
    let port = port.map(|port| format!("port {port}"));
    match (text, port) {
        (Some(text), Some(port)) => Some(format!("({text}) and {port}")),
        (Some(text), None) => Some(text.to_owned()),
        (None, port) => port,
    }
}

/// `12 frames, none lost`: what was lost is always told.
fn outcome(statistics: &Statistics) -> String {
    let frames = counted(statistics.delivered.unwrap_or(0), "frame");
    match statistics.dropped {
        Some(0) => format!("{frames}, none lost"),
        Some(lost) => format!("{frames}; {} more lost: the kernel's buffer was full (--buffer makes it larger)", grouped(lost)),
        None => format!("{frames}; what was lost is not known"),
    }
}

/// The interfaces that there are.
fn list(look: Look, out: &mut impl Write) -> Result<(), Failure> {
    let mut table = Table::new(
        look,
        &[("Interface", Align::Left), ("State", Align::Left), ("Addresses", Align::Left), ("Description", Align::Left)],
    );
    for device in Device::list()? {
        let addresses = device.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let state = if device.up { "up" } else { "down" };
        table.row(None, [device.name, state.to_owned(), addresses, device.description.unwrap_or_default()]);
    }
    Ok(table.write(out)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_joined() {
        assert_eq!(filter(None, None), None);
        assert_eq!(filter(Some("udp or tcp"), None).unwrap(), "udp or tcp");
        assert_eq!(filter(None, Some(5000)).unwrap(), "port 5000");
        assert_eq!(filter(Some("udp or tcp"), Some(5000)).unwrap(), "(udp or tcp) and port 5000");
    }

    #[test]
    fn losses_are_told() {
        let told = |delivered, dropped| outcome(&Statistics { delivered: Some(delivered), dropped, ..Statistics::default() });
        assert_eq!(told(1, Some(0)), "1 frame, none lost");
        assert!(told(2000, Some(1234)).starts_with("2,000 frames; 1,234 more lost"));
        assert!(told(0, None).ends_with("not known"));
    }
}
