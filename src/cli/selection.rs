//! Which frames count: `-f` says which are read at all, `-Y` which of those are shown.
//!
//! Every frame that is read still goes to its command, with the word whether it is selected: stream numbers and states
//! are those of the whole capture. A filter that needs to know conversations follows them by a tracker of its own.

use jiff::tz::TimeZone;
#[cfg(feature = "live")]
use sockscope::capture::CaptureFilter;
use sockscope::capture::{ByteOrder, Frame};
use sockscope::decode;
use sockscope::judge::filter::{Clock, Field, Filter, Needs, PacketRow};
#[cfg(feature = "live")]
use sockscope::track::Aging;
use sockscope::track::{Limits, Tracker};

use super::args::Choice;
use super::failure::Failure;

/// What the filters of a command make of its frames.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    #[cfg(feature = "live")]
    capture: Option<CaptureFilter>,
    display: Option<Display>,
}

/// A display filter, and what it has to remember.
#[derive(Debug)]
struct Display {
    filter: Filter,
    tracker: Tracker,
    clock: Clock,
}

impl Selection {
    /// Compiles the filters that were typed.
    pub(crate) fn new(choice: &Choice) -> Result<Self, Failure> {
        let mut selection = Self { display: choice.filter.as_deref().map(Display::new).transpose()?, ..Self::default() };
        if let Some(text) = &choice.capture_filter {
            selection.take_capture_filter(text)?;
        }
        Ok(selection)
    }

    /// Compiles a display filter for a capture that may never end: its tracker forgets.
    #[cfg(feature = "live")]
    pub(crate) fn of_live(filter: Option<&str>) -> Result<Self, Failure> {
        let mut display = filter.map(Display::new).transpose()?;
        display.iter_mut().for_each(|display| display.tracker = Tracker::new(Limits::live()).forgetting(Aging::default()));
        Ok(Self { display, ..Self::default() })
    }

    #[cfg(feature = "live")]
    fn take_capture_filter(&mut self, text: &str) -> Result<(), Failure> {
        self.capture = Some(capture_filter(text)?);
        Ok(())
    }

    /// A display filter selects, so that some frames may not be.
    #[cfg(feature = "live")]
    pub(crate) const fn has_filter(&self) -> bool {
        self.display.is_some()
    }

    #[cfg(not(feature = "live"))]
    fn take_capture_filter(&mut self, _text: &str) -> Result<(), Failure> {
        Err(Failure::Usage("-f needs libpcap, which this sockscope was built without".to_owned()))
    }

    /// A capture filter was typed: not every frame is read.
    #[cfg(feature = "live")]
    pub(crate) const fn has_capture_filter(&self) -> bool {
        self.capture.is_some()
    }

    /// A capture filter was typed: not every frame is read.
    #[cfg(not(feature = "live"))]
    pub(crate) const fn has_capture_filter(&self) -> bool {
        false
    }

    /// The frame is read at all.
    #[cfg(feature = "live")]
    pub(crate) fn reads(&mut self, frame: &Frame<'_>) -> Result<bool, Failure> {
        let fault = |said| Failure::Text(format!("-f, frame {}: {said}", frame.number));
        self.capture.as_mut().map_or(Ok(true), |filter| filter.passes(frame).map_err(fault))
    }

    /// The frame is read at all.
    #[cfg(not(feature = "live"))]
    pub(crate) fn reads(&mut self, _frame: &Frame<'_>) -> Result<bool, Failure> {
        Ok(true)
    }

    /// Names of interfaces have to be known to select a frame.
    pub(crate) fn names_interfaces(&self) -> bool {
        let of_interface = |field: &Field| field.name().starts_with("frame.interface");
        self.display.as_ref().is_some_and(|display| display.filter.fields().iter().any(of_interface))
    }

    /// The frame is selected; frames come in file order.
    #[inline]
    pub(crate) fn selects(&mut self, frame: &Frame<'_>, interface_name: Option<&str>) -> bool {
        self.display.as_mut().is_none_or(|display| display.selects(frame, interface_name))
    }
}

/// Compiles a capture filter.
#[cfg(feature = "live")]
pub(crate) fn capture_filter(text: &str) -> Result<CaptureFilter, Failure> {
    let hint = if Filter::compile(text).is_ok() { "; as a display filter it goes to -Y" } else { "" };
    CaptureFilter::new(text).map_err(|said| Failure::Text(format!("-f {text}: {said}{hint}")))
}

/// Compiles a display filter of frames.
pub(crate) fn display_filter(text: &str) -> Result<Filter, Failure> {
    let filter = Filter::compile_in(text, &TimeZone::system()).map_err(Failure::Filter)?;
    match filter.fields().iter().find(|field| field.needs() == Needs::Rows) {
        None => Ok(filter),
        Some(field) => Err(Failure::Text(format!(
            "filter: {field} is no field of frames: sock.* alone filters sockets, demux.* alone demux; rubrics know the others"
        ))),
    }
}

impl Display {
    fn new(text: &str) -> Result<Self, Failure> {
        Ok(Self { filter: display_filter(text)?, tracker: Tracker::new(Limits::default()), clock: Clock::new() })
    }

    fn selects(&mut self, frame: &Frame<'_>, interface_name: Option<&str>) -> bool {
        let Self { filter, tracker, clock } = self;
        let packet = decode::packet(frame);
        let update = match filter.needs() {
            Needs::Headers => None,
            // To put fragments together, the tracker needs no more than them.
            Needs::Datagrams => packet.ip().filter(|ip| ip.fragment.is_some()).map(|_| tracker.push(&packet)),
            Needs::Tracker | Needs::Rows => Some(tracker.push(&packet)),
        };
        let times = clock.see(frame, update.as_ref());
        filter.matches(&PacketRow { frame, packet: &packet, update: update.as_ref(), interface_name, times })
    }
}

/// A frame that outlives the call which read it.
pub(crate) struct Kept {
    octets: Vec<u8>,
    options: Vec<u8>,
    byte_order: ByteOrder,
}

impl Kept {
    /// Copies what the frame borrows.
    pub(crate) fn new(frame: &Frame<'_>) -> Self {
        Self { octets: frame.octets.to_vec(), options: frame.options.to_vec(), byte_order: frame.byte_order }
    }

    /// The frame again, the rest of which is in `plain`.
    pub(crate) fn frame<'a>(&'a self, plain: Frame<'static>) -> Frame<'a> {
        Frame { octets: &self.octets, options: &self.options, byte_order: self.byte_order, ..plain }
    }
}
