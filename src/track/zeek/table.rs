//! The tracker, and its table: which connection a packet belongs to, and which are over.
//!
//! Before a packet is looked at, the timers ring that are due at its time. What is over becomes a row; what is left at
//! the end of the capture becomes one too.

use std::net::SocketAddr;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::flow::Alarms;
use super::live::Live;
use super::load::{Key, Load, Way, load, way};
use super::ports;
use super::row::{Ending, ZeekConnection};
use super::tcp::Answer;
use super::timer::{self, Alarm, Micros, Timer, Timers};
use super::uid;
use crate::capture::Timestamp;
use crate::decode::tcp::Flags;
use crate::decode::{IpProtocol, Packet, Transport};
use crate::track::Limits;
use crate::track::fragment::Reassembler;

/// What becomes of packets whose checksum is wrong.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ZeekChecksums {
    /// They count like others, as with `zeek -C`: a host's own packets are captured before the card sums them up.
    #[default]
    Ignored,
    /// They are dropped, those left to the card too: Zeek's default.
    Verified,
}

/// Follows a capture as Zeek would.
#[derive(Debug)]
pub struct ZeekTracker {
    reassembler: Reassembler,
    table: Table,
}

/// What Zeek would have logged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ZeekLog {
    /// The connections, in the order of their first packets.
    pub connections: Vec<ZeekConnection>,
    /// Packets of connections beyond [`Limits::connections`]: they count nowhere.
    pub refused_packets: u64,
}

impl ZeekTracker {
    /// A tracker that has seen nothing; it holds at most [`Limits::connections`], ended ones included.
    pub fn new(limits: &Limits, checksums: ZeekChecksums) -> Self {
        Self { reassembler: Reassembler::new(limits), table: Table::new(limits.connections, checksums) }
    }

    /// Follows one packet; packets come in file order.
    pub fn push(&mut self, packet: &Packet<'_>) {
        let time = self.table.advance(packet.timestamp.map(timer::micros));
        let verify = self.table.checksums == ZeekChecksums::Verified;
        if let Some(load) = load(&mut self.reassembler, packet, time, verify) {
            self.table.take(&load);
        }
    }

    /// The log after the last packet.
    pub fn finish(self) -> ZeekLog {
        self.table.finish()
    }
}

/// All that is remembered but for waiting fragments.
#[derive(Debug)]
struct Table {
    checksums: ZeekChecksums,
    limit: usize,
    /// The latest time of all packets: Zeek's clock does not step back.
    now: Option<Micros>,
    live: HashMap<Key, Live, RandomState>,
    /// Where the connection of a serial number is to be found.
    keys: HashMap<u64, Key, RandomState>,
    timers: Timers,
    /// Timers that the connection at hand asks for.
    alarms: Alarms,
    opened: u64,
    rows: Vec<(u64, ZeekConnection)>,
    refused_packets: u64,
}

impl Table {
    fn new(limit: usize, checksums: ZeekChecksums) -> Self {
        Self {
            checksums,
            limit,
            now: None,
            live: HashMap::default(),
            keys: HashMap::default(),
            timers: Timers::default(),
            alarms: Alarms::new(),
            opened: 0,
            rows: Vec::new(),
            refused_packets: 0,
        }
    }

    /// Time passes, timers ring; the packet's own time, or that of the one before if it has none.
    fn advance(&mut self, time: Option<Micros>) -> Micros {
        let time = time.or(self.now).unwrap_or(0);
        let now = self.now.map_or(time, |now| now.max(time));
        self.now = Some(now);
        for timer in self.timers.ring(now) {
            self.ring(timer, now);
        }
        time
    }

    fn ring(&mut self, timer: Timer, now: Micros) {
        let Some(key) = self.keys.get(&timer.serial).copied() else { return };
        let Some(live) = self.live.get_mut(&key) else { return };
        match live.ring(timer.alarm, now) {
            Answer::Nothing => {}
            Answer::Again(at) => self.timers.set(Timer { at, ..timer }),
            Answer::Over(ending) => self.end(&key, ending),
        }
    }

    /// The connection is over: it becomes a row.
    fn end(&mut self, key: &Key, ending: Ending) {
        if let Some(live) = self.live.remove(key) {
            self.keys.remove(&live.serial);
            self.rows.push((live.serial, live.into_row(ending)));
        }
    }

    /// Brings a packet to its connection.
    fn take(&mut self, load: &Load<'_>) {
        let Some(way) = way(load) else { return };
        let key = way.key();
        if let Transport::Tcp(segment) = &load.transport
            && segment.flags.contains(Flags::SYN)
            && self.live.get(&key).is_some_and(|live| live.is_reused_by(segment))
        {
            self.end(&key, Ending::Reuse);
        }
        if !self.live.contains_key(&key) && !self.open(key, &way, load) {
            self.refused_packets = self.refused_packets.saturating_add(1);
            return;
        }
        let Some(live) = self.live.get_mut(&key) else { return };
        live.push(&way, load, &mut self.alarms);
        for (at, alarm) in self.alarms.drain(..) {
            self.timers.set(Timer { at, serial: live.serial, alarm });
        }
    }

    /// A new connection; false if it does not fit into the limits.
    fn open(&mut self, key: Key, way: &Way, load: &Load<'_>) -> bool {
        if self.rows.len().saturating_add(self.live.len()) >= self.limit {
            return false;
        }
        let live = Live::new(self.opened, way, load);
        self.opened = self.opened.saturating_add(1);
        let now = self.now.unwrap_or(load.time);
        if way.protocol == IpProtocol::TCP {
            self.alarms.push((now.saturating_add(timer::FIRST_LOOK), Alarm::Look { epoch: 0 }));
        } else if way.protocol == IpProtocol::UDP && ports::is_dns(live.flow.responder.port()) {
            self.alarms.push((now.saturating_add(timer::DNS_LOOK), Alarm::Dns));
        }
        let limit = timer::SHORT_SILENCE;
        self.alarms.push((load.time.saturating_add(limit), Alarm::Silence { limit }));
        self.keys.insert(live.serial, key);
        self.live.insert(key, live);
        true
    }

    fn finish(mut self) -> ZeekLog {
        let live: Vec<Key> = self.live.keys().copied().collect();
        for key in live {
            self.end(&key, Ending::Capture);
        }
        self.rows.sort_unstable_by_key(|(serial, _)| *serial);
        let mut connections: Vec<ZeekConnection> = self.rows.into_iter().map(|(_, row)| row).collect();
        name_all(&mut connections);
        ZeekLog { connections, refused_packets: self.refused_packets }
    }
}

/// Gives every connection a name of its own.
fn name_all(connections: &mut [ZeekConnection]) {
    let mut twins: HashMap<(IpProtocol, SocketAddr, SocketAddr, Timestamp), u32, RandomState> = HashMap::default();
    for row in connections {
        let twin = twins.entry((row.protocol, row.originator, row.responder, row.start)).or_default();
        row.uid = uid::uid(row, *twin);
        *twin = twin.saturating_add(1);
    }
}
