//! What the view knows of the capture, frame by frame, and the picture it makes of that.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::SystemTime;

use jiff::SignedDuration;
use sockscope::capture::kernel::Owner;
use sockscope::capture::{Frame, Timestamp};
use sockscope::decode::{self, Packet};
use sockscope::judge::filter::{Clock, Filter, Needs, PacketRow};
use sockscope::present::owner_view;
use sockscope::present::time::Dial;
use sockscope::present::tui::{self, Flows, Picture};
use sockscope::track::{FlowId, Protocol, Socket, SocketState, SocketTable, Tracker, Update};

use super::super::super::touched::{self, Touched};
use super::chosen::Chosen;
use super::close_up::Followed;
use super::memory::{Held, Memory};
use super::meter::{Meter, Meters, tick_at};

/// How long a socket that is closed is still shown.
const LINGER: SignedDuration = SignedDuration::from_secs(5);

/// Owners remembered; with more, those that are told again are.
const MOST_OWNERS: usize = 65_536;

/// What is known of the capture, beside what its tracker remembers.
pub(super) struct Stage {
    interface: String,
    /// The file that all frames are written to.
    file: Option<String>,
    start: Timestamp,
    dial: Dial,
    frames: u64,
    memory: Memory,
    all: Meter,
    meters: Meters,
    clock: Clock,
    selecting: Option<Selecting>,
    followed: Option<Followed>,
    /// Who holds which socket, as far as that was told.
    owners: HashMap<(Protocol, SocketAddr), Owner>,
    /// Sockets on which packets and the kernel differed.
    differences: u64,
}

/// A filter, and what it selected.
struct Selecting {
    filter: Filter,
    /// It asks for times within conversations, which are many to remember.
    asks_times: bool,
    frames: u64,
    touched: Touched,
}

impl Stage {
    /// Nothing captured yet on this interface.
    pub(super) fn new((interface, file): (String, Option<String>), start: Timestamp, mut dial: Dial) -> Self {
        dial.start_at(Some(start));
        Self {
            interface,
            file,
            start,
            dial,
            frames: 0,
            memory: Memory::default(),
            all: Meter::new(tick_at(start)),
            meters: Meters::default(),
            clock: Clock::new(),
            selecting: None,
            followed: None,
            owners: HashMap::new(),
            differences: 0,
        }
    }

    /// These processes hold these sockets.
    pub(super) fn hear_of_owners(&mut self, protocol: Protocol, held: &[(SocketAddr, Owner)]) {
        if self.owners.len() >= MOST_OWNERS {
            self.owners.clear();
        }
        self.owners.extend(held.iter().map(|(address, owner)| ((protocol, *address), owner.clone())));
    }

    /// The kernel says otherwise than packets do.
    pub(super) const fn hear_of_difference(&mut self) {
        self.differences += 1;
    }

    /// Takes in a frame.
    pub(super) fn see(&mut self, frame: &Frame<'_>, packet: &Packet<'_>, update: &Update<'_>) {
        self.frames = frame.number;
        let flow = touched::flow(update);
        self.memory.push(frame, flow);
        if let Some(followed) = self.followed.as_mut().filter(|followed| Some(followed.flow()) == flow) {
            followed.see(frame);
        }
        if !self.selects(frame, packet, update) {
            return;
        }
        let now = frame.timestamp.map_or(0, tick_at);
        self.all.count(now, frame);
        if let Some(flow) = flow {
            self.meters.count(flow, now, frame);
        }
    }

    /// Shows what this filter selects from now on, and what it selects of the frames held.
    pub(super) fn select(&mut self, filter: Option<Filter>) {
        self.meters.clear();
        self.all = Meter::new(tick_at(SystemTime::now().into()));
        self.selecting = filter.map(Selecting::new);
        let Self { selecting: Some(Selecting { filter, touched, .. }), memory, interface, .. } = self else { return };
        if filter.needs() >= Needs::Tracker {
            return; // What was known of those frames is forgotten.
        }
        let mut clock = Clock::new();
        memory.each(|frame, flow| {
            let times = clock.see(frame, None);
            let packet = decode::packet(frame);
            let row = PacketRow { frame, packet: &packet, update: None, interface_name: Some(interface), times };
            flow.filter(|_| filter.matches(&row)).into_iter().for_each(|flow| touched.add(flow));
        });
    }

    /// Looks closely at a stream.
    pub(super) fn open(&mut self, flow: FlowId, tracker: &Tracker) {
        let begin = first_frame(flow, tracker);
        self.followed = Some(Followed::new((flow, begin), self.dial.clone(), &self.memory));
    }

    /// Looks closely at none.
    pub(super) fn close(&mut self) {
        self.followed = None;
    }

    /// Hands out the frames that are held.
    pub(super) fn held(&self) -> Held {
        self.memory.held()
    }

    /// Forgets what is of no more use.
    pub(super) fn rest(&mut self, tracker: &Tracker) {
        self.meters.forget(tick_at(SystemTime::now().into()));
        self.selecting.iter_mut().for_each(|selecting| selecting.touched.forget(|| tracker.flows().collect()));
    }

    /// What the filter selected; `None` if there is none.
    pub(super) fn take_touched(&mut self) -> Option<Touched> {
        self.selecting.take().map(|selecting| selecting.touched)
    }

    /// All there is to be seen now.
    pub(super) fn picture(&mut self, lost: u64, tracker: &Tracker) -> Picture {
        let now = Timestamp::from(SystemTime::now());
        let tick = tick_at(now);
        let touched = self.selecting.as_ref().map(|selecting| &selecting.touched);
        let chosen = Chosen::new(tracker, |flow| touched.is_none_or(|touched| touched.has(flow)));
        let table = SocketTable::infer(&chosen.connections, &chosen.udp, Some(now));
        let flows = Flows {
            connections: chosen.connections.iter().map(|connection| (connection.id.number, *connection)).collect(),
            recent: &|flow| self.meters.recent(flow, tick),
            owner: &|protocol, address| self.owners.get(&(protocol, address)).map(owner_view::name),
            shows: &|socket| is_shown(socket, now),
        };
        Picture {
            interface: self.interface.clone(),
            now: Some(now),
            elapsed: now.since(self.start),
            frames: self.frames,
            lost,
            differences: self.differences,
            recent: self.all.recent(tick),
            filter: self.selecting.as_ref().map(|selecting| (selecting.filter.text().to_owned(), selecting.frames)),
            file: self.file.clone(),
            connections: tracker.connections().len() as u64,
            exchanges: tracker.exchanges() as u64,
            left_out: chosen.left_out,
            families: tui::families(&table, &flows),
            held: self.memory.sums(),
            close_up: self.followed.as_mut().map(Followed::picture),
        }
    }

    /// The filter selects the frame, or there is none.
    fn selects(&mut self, frame: &Frame<'_>, packet: &Packet<'_>, update: &Update<'_>) -> bool {
        let asks_times = self.selecting.as_ref().is_some_and(|selecting| selecting.asks_times);
        let times = self.clock.see(frame, Some(update).filter(|_| asks_times));
        let Some(Selecting { filter, frames, touched, .. }) = &mut self.selecting else { return true };
        let interface_name = Some(self.interface.as_str());
        let selected = filter.matches(&PacketRow { frame, packet, update: Some(update), interface_name, times });
        if selected {
            *frames += 1;
            touched.see(update);
        }
        selected
    }
}

impl Selecting {
    fn new(filter: Filter) -> Self {
        let asks_times = filter.fields().iter().any(|field| field.name().contains(".time_"));
        Self { filter, asks_times, frames: 0, touched: Touched::default() }
    }
}

/// The first frame of a stream.
fn first_frame(flow: FlowId, tracker: &Tracker) -> Option<u64> {
    let mut peers = tracker.udp_sockets().iter().flat_map(|socket| &socket.peers);
    match flow.protocol {
        Protocol::Tcp => Some(tracker.connections().iter().find(|connection| connection.id == flow)?.first_frame),
        Protocol::Udp => Some(peers.find(|peer| peer.stream == flow.number)?.first_frame),
    }
}

/// It lives, or did until just now.
fn is_shown(socket: &Socket, now: Timestamp) -> bool {
    socket.state != SocketState::Closed || socket.end.is_some_and(|end| now.since(end) <= LINGER)
}
