//! World in, as it happens: the frames of an interface, through libpcap.
//!
//! The handle does not block. What the kernel holds is taken over in batches: `pcap_next_ex` would hand a block of the
//! kernel's ring back before its last frame was read. With nothing to take, `poll` waits for the kernel, which hands out
//! blocks when they are full or [`LATENCY`] old. Immediate mode would give each frame a block of its own, and lose bursts.
//!
//! The only file with `unsafe` in it: `poll`, one socket option, and giving root up.

use std::io;
use std::net::IpAddr;
use std::ops::Range;
use std::time::{Duration, SystemTime};

use ::pcap::{Active, Capture, Device as PcapDevice, Linktype, Packet as Captured};

use super::{
    ByteOrder, Description, Error, Format, Frame, Interface, InterfaceId, LinkType, Next, Resolution, Section, Source,
    Statistics, Timestamp, host,
};

/// How old a frame may be when it is handed out, on an interface with little traffic; a frame of the kernel's last block
/// twice that.
pub const LATENCY: Duration = Duration::from_millis(25);

/// Frames taken over from the kernel at once, at most.
const BATCH: usize = 64;

/// Octets of the frames taken over at once, about: what is read again soon stays in the processor's cache.
const BATCH_OCTETS: usize = 256 << 10;

/// The device on which Linux shows the frames of all interfaces.
const ANY: &str = "any";

/// libpcap's number for raw IP on Linux and BSD, and on OpenBSD: files have another one.
const DLT_RAW: [i32; 2] = [12, 14];

/// Where and how to listen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tap {
    /// The interface's name, such as `lo`; `any` is all of them, on Linux.
    pub interface: String,
    /// A capture filter (pcap-filter(7)).
    pub filter: Option<String>,
    /// Octets kept of each frame; default [`Tap::MAX_SNAP_LENGTH`].
    pub snap_length: u32,
    /// Mebibytes of the kernel's buffer; default 64. It takes what comes while nobody reads.
    pub buffer: u16,
}

impl Tap {
    /// Octets that libpcap keeps of a frame at most: more than any interface carries.
    pub const MAX_SNAP_LENGTH: u32 = 262_144;
    /// Mebibytes of the largest buffer.
    pub const MAX_BUFFER: u16 = 2047;

    /// All of every frame of `interface`.
    pub const fn new(interface: String) -> Self {
        Self { interface, filter: None, snap_length: Self::MAX_SNAP_LENGTH, buffer: 64 }
    }

    /// Never promiscuous: what is for others reaches no socket here, and `any` and `lo` do not know it.
    fn activate(&self) -> Result<Capture<Active>, ::pcap::Error> {
        let inactive = Capture::from_device(self.interface.as_str())?
            .promisc(false)
            .snaplen(i32::try_from(self.snap_length).unwrap_or(i32::MAX))
            .buffer_size(i32::from(self.buffer.min(Self::MAX_BUFFER)).saturating_mul(1 << 20))
            .timeout(i32::try_from(LATENCY.as_millis()).unwrap_or(i32::MAX));
        let precise = if NANOSECONDS { inactive.precision(::pcap::Precision::Nano) } else { inactive };
        let mut capture = precise.open()?;
        if self.interface == ANY {
            // Version 2 tells the interface; where it is missing, version 1 stays.
            let _ = capture.set_datalink(Linktype(i32::from(LinkType::SLL2.0)));
        }
        if cfg!(unix) { capture.setnonblock() } else { Ok(capture) }
    }

    /// Says in our words why the interface cannot be opened.
    fn fault(&self, said: &str) -> Error {
        let interface = self.interface.clone();
        let known = names();
        if ["CAP_NET_RAW", "ermission", "ermitted"].iter().any(|word| said.contains(word)) {
            Error::NotPermitted { interface }
        } else if !known.is_empty() && !known.contains(&interface) {
            Error::NoInterface { interface, known }
        } else {
            Error::Interface { interface, reason: said.to_owned() }
        }
    }
}

/// The kernel stamps frames in nanoseconds; elsewhere libpcap has microseconds.
const NANOSECONDS: bool = cfg!(target_os = "linux");

/// An interface that can be listened on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Device {
    /// Its name, as [`Tap::interface`] takes it.
    pub name: String,
    /// What libpcap says of it.
    pub description: Option<String>,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// It is up.
    pub up: bool,
    /// It is a loopback.
    pub loopback: bool,
}

impl Device {
    /// The interfaces of this machine, as libpcap lists them.
    ///
    /// # Errors
    /// [`Error::Interface`] with what libpcap says.
    pub fn list() -> Result<Vec<Self>, Error> {
        let fault = |error| Error::Interface { interface: "the list of interfaces".to_owned(), reason: said(error) };
        Ok(PcapDevice::list().map_err(fault)?.into_iter().map(Self::from).collect())
    }
}

impl From<PcapDevice> for Device {
    fn from(device: PcapDevice) -> Self {
        Self {
            up: device.flags.is_up(),
            loopback: device.flags.is_loopback(),
            name: device.name,
            description: device.desc,
            addresses: device.addresses.into_iter().map(|address| address.addr).collect(),
        }
    }
}

/// An interface being listened on: its frames, from the moment it was opened.
///
/// Its description is complete from the begin, but for the [`Statistics`].
pub struct Live {
    capture: Capture<Active>,
    description: Description,
    link_type: LinkType,
    batch: Batch,
    /// Octets captured so far.
    octets: u64,
    counters: Counters,
    start: Timestamp,
}

impl Live {
    /// Listens from now on.
    ///
    /// # Errors
    /// [`Error::NotPermitted`], [`Error::NoInterface`], [`Error::Filter`], or [`Error::Interface`] with what libpcap says.
    pub fn open(tap: &Tap) -> Result<Self, Error> {
        let mut capture = tap.activate().map_err(|error| tap.fault(&said(error)))?;
        let device = Device::list().unwrap_or_default().into_iter().find(|device| device.name == tap.interface);
        if device.as_ref().is_some_and(|device| device.loopback) {
            ignore_outgoing(&capture);
        }
        // Also where all may pass: it is the filter by which the kernel keeps no more of a frame than the snap length.
        let filter = tap.filter.as_deref().unwrap_or_default();
        let fault = |error| Error::Filter { text: filter.to_owned(), reason: said(error) };
        capture.filter(filter, true).map_err(fault)?;
        let link_type = link_type(capture.get_datalink());
        Ok(Self {
            description: describe(tap, link_type, device),
            capture,
            link_type,
            batch: Batch::default(),
            octets: 0,
            counters: Counters::default(),
            start: SystemTime::now().into(),
        })
    }

    /// When listening began.
    pub const fn start(&self) -> Timestamp {
        self.start
    }

    /// The kernel's counters so far: all that passed the filter, and what of it found no room.
    ///
    /// libpcap counts in 32 bits, so ask at least every four billion frames.
    pub fn statistics(&mut self) -> Statistics {
        // An interface that is gone counts no more.
        if let Ok(now) = self.capture.stats() {
            self.counters.see(now.received, now.dropped);
        }
        Statistics {
            start: Some(self.start),
            end: Some(SystemTime::now().into()),
            received: Some(self.counters.received),
            dropped: Some(self.counters.dropped),
            delivered: Some(self.batch.handed_out),
            ..Statistics::default()
        }
    }

    /// Takes over what the kernel holds, up to a batch; waits for it if there is nothing yet.
    fn fill(&mut self) -> Result<(), Error> {
        self.batch.begin();
        if self.dispatch()? == 0 {
            wait(&self.capture);
            self.dispatch()?;
        }
        Ok(())
    }

    fn dispatch(&mut self) -> Result<usize, Error> {
        let Self { capture, batch, description, .. } = self;
        capture.dispatch(Some(batch.room), |packet| batch.take(&packet)).map_err(|error| Error::Interface {
            interface: description.interfaces.first().and_then(|interface| interface.name.clone()).unwrap_or_default(),
            reason: said(error),
        })
    }
}

impl Source for Live {
    /// # Errors
    /// [`Error::Interface`] if the interface is gone, or went down.
    fn next(&mut self) -> Result<Next<'_>, Error> {
        if self.batch.is_read() {
            self.fill()?;
        }
        let Self { batch, link_type, octets, .. } = self;
        Ok(match batch.next(*link_type) {
            Some(frame) => {
                *octets = octets.saturating_add(frame.octets.len() as u64);
                Next::Frame(frame)
            }
            None => Next::Idle(SystemTime::now().into()),
        })
    }

    fn description(&self) -> &Description {
        &self.description
    }

    /// Octets captured so far.
    fn consumed(&self) -> u64 {
        self.octets
    }
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Live").field(&self.description.interfaces).finish()
    }
}

/// Frames taken over from the kernel and not yet handed out.
#[derive(Debug, Default)]
struct Batch {
    octets: Vec<u8>,
    records: Vec<Record>,
    next: usize,
    /// Frames that this one may hold, by the size of those before.
    room: usize,
    /// Frames handed out since the begin.
    handed_out: u64,
}

/// One frame of a batch.
#[derive(Debug)]
struct Record {
    timestamp: Timestamp,
    original_len: u32,
    octets: Range<usize>,
}

impl Batch {
    fn begin(&mut self) {
        let mean = self.octets.len().checked_div(self.records.len()).unwrap_or(0);
        self.room = BATCH_OCTETS.checked_div(mean).unwrap_or(BATCH).clamp(1, BATCH);
        self.octets.clear();
        self.records.clear();
        self.next = 0;
    }

    fn is_read(&self) -> bool {
        self.next >= self.records.len()
    }

    fn take(&mut self, packet: &Captured<'_>) {
        let begin = self.octets.len();
        self.octets.extend_from_slice(packet.data);
        self.records.push(Record {
            timestamp: timestamp(packet.header.ts),
            original_len: packet.header.len,
            octets: begin..self.octets.len(),
        });
    }

    fn next(&mut self, link_type: LinkType) -> Option<Frame<'_>> {
        let record = self.records.get(self.next)?;
        self.next = self.next.saturating_add(1);
        self.handed_out = self.handed_out.saturating_add(1);
        let seconds = u64::try_from(record.timestamp.seconds()).unwrap_or(0);
        Some(Frame {
            number: self.handed_out,
            timestamp: Some(record.timestamp),
            ticks: seconds.saturating_mul(1_000_000_000).saturating_add(record.timestamp.nanoseconds().into()),
            interface: InterfaceId(0),
            link_type,
            original_len: record.original_len,
            octets: self.octets.get(record.octets.clone())?,
            file_offset: 0,
            options: &[],
            byte_order: ByteOrder::Little,
        })
    }
}

/// The time of a header; its second number counts nanoseconds, or microseconds where the kernel has no finer clock.
#[allow(clippy::useless_conversion, reason = "some systems have narrower numbers here")]
fn timestamp(time: libc::timeval) -> Timestamp {
    let unit = if NANOSECONDS { 1 } else { 1000 };
    let nanoseconds = i64::from(time.tv_usec).saturating_mul(unit);
    Timestamp::new(time.tv_sec.into(), u32::try_from(nanoseconds).unwrap_or(0))
}

/// libpcap's 32-bit counters, made to count on.
#[derive(Debug, Default)]
struct Counters {
    received: u64,
    dropped: u64,
    last: (u32, u32),
}

impl Counters {
    fn see(&mut self, received: u32, dropped: u32) {
        self.received = self.received.saturating_add(received.wrapping_sub(self.last.0).into());
        self.dropped = self.dropped.saturating_add(dropped.wrapping_sub(self.last.1).into());
        self.last = (received, dropped);
    }
}

/// What a file of this capture says of it.
fn describe(tap: &Tap, link_type: LinkType, device: Option<Device>) -> Description {
    let mut section = Section::new(ByteOrder::Little);
    section.hardware = host::hardware();
    section.os = Some(host::system());
    section.application = Some(format!("sockscope {}", env!("CARGO_PKG_VERSION")));
    let mut interface = Interface::new(InterfaceId(0), 0, link_type);
    interface.name = Some(tap.interface.clone());
    interface.description = device.and_then(|device| device.description);
    interface.os = section.os.clone();
    interface.filter = tap.filter.clone();
    interface.snap_length = Some(tap.snap_length);
    interface.resolution = Resolution::Decimal(9);
    let mut description = Description::new(Format::Pcapng);
    description.sections.push(section);
    description.interfaces.push(interface);
    description
}

fn link_type(number: Linktype) -> LinkType {
    if DLT_RAW.contains(&number.0) { LinkType::RAW } else { LinkType(u16::try_from(number.0).unwrap_or(u16::MAX)) }
}

fn names() -> Vec<String> {
    Device::list().unwrap_or_default().into_iter().map(|device| device.name).collect()
}

/// libpcap's words, without the name of the kind of error.
fn said(error: ::pcap::Error) -> String {
    match error {
        ::pcap::Error::PcapError(text) => text,
        other => other.to_string(),
    }
}

/// Waits until the kernel has frames, or for [`LATENCY`]; a signal ends it early.
#[cfg(unix)]
#[allow(unsafe_code)]
fn wait(capture: &Capture<Active>) {
    use std::os::fd::AsRawFd;
    let mut socket = libc::pollfd { fd: capture.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let milliseconds = i32::try_from(LATENCY.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: the pointer leads to one pollfd, which lives as long as the call. Its outcome does not matter: what there
    // is to read, and what is wrong, the next dispatch tells.
    unsafe { libc::poll(&raw mut socket, 1, milliseconds) };
}

/// Elsewhere the handle blocks for as long.
#[cfg(not(unix))]
fn wait(_: &Capture<Active>) {}

/// Tells the kernel to keep only one of the two times it sees each frame on a loopback; libpcap would pass over the other
/// one, but only after it took its place in the buffer. Linux before 4.20 cannot.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn ignore_outgoing(capture: &Capture<Active>) {
    use std::os::fd::AsRawFd;
    let yes: libc::c_int = 1;
    let len = size_of_val(&yes) as libc::socklen_t;
    // SAFETY: the pointer leads to `len` octets, which live as long as the call.
    unsafe {
        libc::setsockopt(capture.as_raw_fd(), libc::SOL_PACKET, libc::PACKET_IGNORE_OUTGOING, (&raw const yes).cast(), len);
    }
}

#[cfg(not(target_os = "linux"))]
fn ignore_outgoing(_: &Capture<Active>) {}

/// Goes on as the user who called through `sudo`, with that user's rights alone; does nothing where no `sudo` is in play.
///
/// An open [`Live`] goes on: rights are asked for when it is opened. The user's other groups are given up too.
///
/// # Errors
/// Those of the operating system; the process may then still be root, and should not go on.
#[cfg(unix)]
#[allow(unsafe_code)]
pub fn leave_root() -> io::Result<()> {
    let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse::<u32>().ok());
    // SAFETY: it takes nothing and cannot fail.
    let root = unsafe { libc::geteuid() } == 0;
    let (Some(user), Some(group)) = (number("SUDO_UID").filter(|_| root), number("SUDO_GID")) else { return Ok(()) };
    let done = |result: libc::c_int| if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) };
    // SAFETY: the list holds the one group it is said to hold. Groups go first: without root they could not be changed.
    unsafe {
        done(libc::setgroups(1, &raw const group))?;
        done(libc::setgid(group))?;
        done(libc::setuid(user))
    }
}

/// There is no root to leave.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn leave_root() -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_go_on_where_32_bits_end() {
        let mut counters = Counters::default();
        for (received, dropped) in [(u32::MAX - 1, 0), (3, 7), (3, 7), (4, 6)] {
            counters.see(received, dropped);
        }
        assert_eq!((counters.received, counters.dropped), (u64::from(u32::MAX) + 5, u64::from(u32::MAX) + 7));
    }

    #[test]
    fn raw_ip_is_numbered_as_files_do() {
        let check = |number, expected| assert_eq!(link_type(Linktype(number)), expected);
        check(1, LinkType::ETHERNET);
        check(12, LinkType::RAW);
        check(14, LinkType::RAW);
        check(276, LinkType::SLL2);
    }

    #[test]
    fn refusals_are_told_apart() {
        let tap = Tap::new("no-such-interface".to_owned());
        let fault = |said| tap.fault(said);
        assert!(matches!(
            fault("Attempt to create packet socket failed - CAP_NET_RAW may be required"),
            Error::NotPermitted { .. }
        ));
        assert!(matches!(fault("socket: Operation not permitted"), Error::NotPermitted { .. }));
        assert!(matches!(fault("No such device"), Error::NoInterface { .. }));
    }
}
