//! The conversation table: who exchanged how much with whom, numbered as Wireshark numbers streams.
//!
//! One entry per 5-tuple without direction, and a new one when a SYN with another sequence number reuses a TCP tuple
//! (Wireshark 4.0: an earlier FIN or RST does not matter). A UDP tuple never expires. Headers quoted in ICMP errors
//! take a number and count for nothing.
//!
//! The table is the hottest part of the program: a packet is first reduced to a [`Sighting`], and
//! [`Conversations::extend`] looks a whole batch up before it counts, so that the processor fetches the entries of
//! many packets from memory at once.

use std::hash::BuildHasher;
use std::iter::Sum;
use std::net::SocketAddr;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use jiff::SignedDuration;

use super::flow::Slot;
use super::{FlowId, FlowKey, Limits, Protocol, Sighting};
use crate::capture::Timestamp;
use crate::decode::seq::SeqNumber;
use crate::decode::tcp::Flags;

/// Frames and octets one way.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Count {
    /// Frames; a fragmented datagram counts once, in the frame that completes it.
    pub frames: u64,
    /// Octets of those frames on the wire.
    pub octets: u64,
    /// Octets of transport payload on the wire.
    pub payload: u64,
}

impl Count {
    /// Counts one more frame.
    #[inline]
    pub(super) fn add(&mut self, octets: u32, payload: u32) {
        self.frames = self.frames.wrapping_add(1);
        self.octets = self.octets.wrapping_add(u64::from(octets));
        self.payload = self.payload.wrapping_add(u64::from(payload));
    }
}

impl Sum for Count {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |sum, count| Self {
            frames: sum.frames.wrapping_add(count.frames),
            octets: sum.octets.wrapping_add(count.octets),
            payload: sum.payload.wrapping_add(count.payload),
        })
    }
}

/// One conversation: a row of Wireshark's Conversations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conversation {
    /// Wireshark's stream number.
    pub id: FlowId,
    /// Who sent the first frame.
    pub a: SocketAddr,
    /// The other end.
    pub b: SocketAddr,
    /// First frame.
    pub first_frame: u64,
    /// Last frame.
    pub last_frame: u64,
    /// Time of the first frame.
    pub start: Option<Timestamp>,
    /// Time of the last frame.
    pub end: Option<Timestamp>,
    /// From `a` to `b`.
    pub a_to_b: Count,
    /// From `b` to `a`.
    pub b_to_a: Count,
}

impl Conversation {
    /// Time from the first to the last frame in file order; negative if the clock stepped back.
    pub fn duration(&self) -> Option<SignedDuration> {
        Some(self.end?.since(self.start?))
    }
}

/// The conversation table.
#[derive(Debug)]
pub struct Conversations {
    /// Where the latest entry of each key stands.
    index: HashTable<Place>,
    hasher: RandomState,
    entries: Vec<Entry>,
    /// What each entry counts.
    counts: Vec<Counts>,
    streams: Streams,
    limit: usize,
    refused: u64,
    /// Entries that followed another on the same key.
    reopened: u64,
    /// Some entry was opened by a quoted header, so that the order of entries may not be that of first frames.
    quoted_first: bool,
}

/// An entry's place, with its hash: the table grows without a look at the entries.
#[derive(Clone, Copy, Debug)]
struct Place {
    hash: u32,
    entry: u32,
}

/// What a first look into the table brought.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    hash: u32,
    /// The place of the key's entry; `None` if it is not known.
    entry: Option<u32>,
}

/// The next stream number of each protocol.
#[derive(Debug, Default)]
struct Streams {
    tcp: u32,
    udp: u32,
}

/// What a conversation is known by, apart from its counts: to find one is to look at many of these.
///
/// Its fields stay in this order, or the key would be put in its place by way of the stack, and waited for there.
#[derive(Debug)]
#[repr(C)]
struct Entry {
    key: FlowKey,
    stream: u32,
    incarnation: u32,
    /// Initial sequence numbers of the low and the high endpoint.
    low_base: Option<SeqNumber>,
    high_base: Option<SeqNumber>,
}

/// What a conversation counts.
#[derive(Debug)]
struct Counts {
    /// The endpoint that sent the first frame.
    a: Slot,
    first_frame: u64,
    last_frame: u64,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    from_low: Count,
    from_high: Count,
}

/// What [`Conversations::meet`] found out about a packet's conversation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Met {
    /// Where the conversation stands in the table.
    pub(super) place: u32,
    pub(super) id: FlowId,
    /// Which of its endpoints sent the packet.
    pub(super) from: Slot,
    /// Which conversation on this 5-tuple, from 1.
    pub(super) incarnation: u32,
    /// This packet opened the conversation.
    pub(super) new: bool,
    /// A SYN-ACK changed its sender's initial sequence number.
    pub(super) rebased: bool,
    /// Initial sequence numbers of the packet's sender and of its receiver.
    pub(super) bases: (Option<SeqNumber>, Option<SeqNumber>),
}

/// Sightings looked up before any of them is counted.
const BATCH: usize = 64;

impl Conversations {
    /// An empty table that holds at most [`Limits::conversations`].
    pub fn new(limits: &Limits) -> Self {
        Self {
            index: HashTable::new(),
            hasher: RandomState::default(),
            entries: Vec::new(),
            counts: Vec::new(),
            streams: Streams::default(),
            limit: limits.conversations.min(u32::MAX as usize),
            refused: 0,
            reopened: 0,
            quoted_first: false,
        }
    }

    /// Counts one packet; `None` if its conversation did not fit into the limits.
    pub fn push(&mut self, sighting: &Sighting) -> Option<FlowId> {
        self.meet(sighting).map(|met| met.id)
    }

    /// Counts many packets, in order: the same as [`Conversations::push`] for each, and faster.
    pub fn extend(&mut self, sightings: &[Sighting]) {
        let mut found = [Found::default(); BATCH];
        for batch in sightings.chunks(BATCH) {
            for (found, sighting) in found.iter_mut().zip(batch) {
                let hash = self.hash(&sighting.key);
                *found = Found { hash, entry: self.find(hash, &sighting.key) };
            }
            let before = self.reopened;
            for (found, sighting) in found.iter().zip(batch) {
                // A reused tuple has a new entry: what was found before it is stale.
                let entry = if self.reopened == before { found.entry } else { None };
                if !entry.is_some_and(|entry| self.count_at(entry, sighting)) {
                    self.take(Found { entry, ..*found }, sighting);
                }
            }
        }
    }

    /// Conversations with at least one frame, in the order of first frames.
    pub fn iter(&self) -> impl Iterator<Item = Conversation> + '_ {
        let counted = || self.entries.iter().zip(&self.counts).filter(|(_, counts)| counts.first_frame != 0);
        let (mut order, mut plain) = (Vec::new(), None);
        if self.quoted_first {
            order.extend(counted());
            order.sort_by_key(|(_, counts)| counts.first_frame);
        } else {
            plain = Some(counted());
        }
        order.into_iter().chain(plain.into_iter().flatten()).map(|(entry, counts)| entry.conversation(counts))
    }

    /// Packets left out because their conversation did not fit into the limits.
    pub fn refused_packets(&self) -> u64 {
        self.refused
    }

    /// All conversations remembered, by their places in the table.
    pub(super) fn ids(&self) -> impl Iterator<Item = FlowId> + '_ {
        self.entries.iter().map(Entry::id)
    }

    /// Conversations remembered, those that were only quoted included.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Forgets those that `keep` does not want, by their ids and the times of their last frames; numbers go on.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(FlowId, Option<Timestamp>) -> bool) {
        let fates: Vec<bool> =
            self.entries.iter().zip(&self.counts).map(|(entry, counts)| keep(entry.id(), counts.end)).collect();
        let (mut of_entries, mut of_counts) = (fates.iter(), fates.iter());
        self.entries.retain(|_| of_entries.next() == Some(&true));
        self.counts.retain(|_| of_counts.next() == Some(&true));
        self.index.clear();
        for entry in 0..self.entries.len() as u32 {
            let Some(key) = self.entry(entry).map(|entry| entry.key) else { continue };
            let hash = self.hash(&key);
            match self.find(hash, &key) {
                // The latest one on its key, as they stand in order.
                Some(older) => {
                    let place = self.index.find_mut(spread(hash), |place| place.entry == older);
                    place.into_iter().for_each(|place| place.entry = entry);
                }
                None => {
                    self.index.insert_unique(spread(hash), Place { hash, entry }, |place| spread(place.hash));
                }
            }
        }
    }

    pub(super) fn meet(&mut self, sighting: &Sighting) -> Option<Met> {
        let met = self.identify(sighting)?;
        if !sighting.quoted {
            self.counts.get_mut(met.place as usize)?.add(sighting);
        }
        Some(met)
    }

    /// Finds a packet's conversation as [`Conversations::meet`] does, and does not count it.
    pub(super) fn identify(&mut self, sighting: &Sighting) -> Option<Met> {
        let (place, new) = self.place(Found { hash: self.hash(&sighting.key), entry: None }, sighting)?;
        let entry = self.entries.get_mut(place as usize)?;
        let rebased = entry.learn_bases(sighting);
        let (id, bases) = (entry.id(), entry.bases(sighting.from));
        Some(Met { place, id, from: sighting.from, incarnation: entry.incarnation, new, rebased, bases })
    }

    /// Counts an ordinary packet of a known entry; false if there is more to it.
    #[inline]
    fn count_at(&mut self, place: u32, sighting: &Sighting) -> bool {
        let place = place as usize;
        let (Some(entry), Some(counts)) = (self.entries.get_mut(place), self.counts.get_mut(place)) else { return false };
        if sighting.quoted || entry.is_reused_by(sighting) {
            return false;
        }
        counts.add(sighting);
        entry.learn_bases(sighting);
        true
    }

    /// Takes any packet, whose entry may be known already, and tells nothing of it: what was just written is not read.
    fn take(&mut self, found: Found, sighting: &Sighting) {
        let Some((place, _)) = self.place(found, sighting) else { return };
        let place = place as usize;
        if let (Some(entry), Some(counts)) = (self.entries.get_mut(place), self.counts.get_mut(place)) {
            entry.learn_bases(sighting);
            if !sighting.quoted {
                counts.add(sighting);
            }
        }
    }

    /// Where the entry of a packet stands, which may be known already or is made now, and whether it is new.
    #[inline]
    fn place(&mut self, found: Found, sighting: &Sighting) -> Option<(u32, bool)> {
        let known = found.entry.or_else(|| self.find(found.hash, &sighting.key));
        let reuses = known.is_some_and(|entry| self.entry(entry).is_some_and(|entry| entry.is_reused_by(sighting)));
        let place = match known {
            Some(entry) if !reuses => entry,
            _ => self.open(found.hash, sighting, known)?,
        };
        let new = reuses || known.is_none();
        self.quoted_first |= new && sighting.quoted;
        Some((place, new))
    }

    #[inline]
    fn hash(&self, key: &FlowKey) -> u32 {
        (self.hasher.hash_one(key) >> 32) as u32
    }

    #[inline]
    fn find(&self, hash: u32, key: &FlowKey) -> Option<u32> {
        let same = |place: &Place| place.hash == hash && self.entry(place.entry).is_some_and(|entry| entry.key == *key);
        self.index.find(spread(hash), same).map(|place| place.entry)
    }

    #[inline]
    fn entry(&self, place: u32) -> Option<&Entry> {
        self.entries.get(place as usize)
    }

    /// Makes an entry, in the place of the one that it follows on the same key; `None` if the table is full.
    fn open(&mut self, hash: u32, sighting: &Sighting, follows: Option<u32>) -> Option<u32> {
        if self.entries.len() >= self.limit {
            self.refused = self.refused.saturating_add(1);
            return None;
        }
        let place = u32::try_from(self.entries.len()).ok()?;
        let incarnation = follows.and_then(|place| self.entry(place)).map_or(1, |entry| entry.incarnation.saturating_add(1));
        let stream = self.streams.take(sighting.key.protocol());
        if follows.is_some() {
            self.reopened = self.reopened.saturating_add(1);
            if let Some(old) = self.index.find_mut(spread(hash), |old| Some(old.entry) == follows) {
                old.entry = place;
            }
        } else {
            self.index.insert_unique(spread(hash), Place { hash, entry: place }, |place| spread(place.hash));
        }
        self.entries.push(Entry { key: sighting.key, stream, incarnation, low_base: None, high_base: None });
        self.counts.push(Counts::new(sighting.from));
        Some(place)
    }
}

/// The table takes its place from the low bits of a hash and a check from the highest: 32 bits serve for both.
const fn spread(hash: u32) -> u64 {
    (hash as u64) << 32 | hash as u64
}

impl Streams {
    fn take(&mut self, protocol: Protocol) -> u32 {
        let next = match protocol {
            Protocol::Tcp => &mut self.tcp,
            Protocol::Udp => &mut self.udp,
        };
        let stream = *next;
        *next = stream.wrapping_add(1);
        stream
    }
}

impl Counts {
    /// Nothing counted yet.
    fn new(a: Slot) -> Self {
        let none = Count::default();
        Self { a, first_frame: 0, last_frame: 0, start: None, end: None, from_low: none, from_high: none }
    }

    #[inline]
    fn add(&mut self, sighting: &Sighting) {
        if self.first_frame == 0 {
            self.first_frame = sighting.number;
            self.start = sighting.timestamp;
            self.a = sighting.from;
        }
        self.last_frame = sighting.number;
        self.end = sighting.timestamp;
        match sighting.from {
            Slot::Low => self.from_low.add(sighting.octets, sighting.payload),
            Slot::High => self.from_high.add(sighting.octets, sighting.payload),
        }
    }
}

impl Entry {
    fn id(&self) -> FlowId {
        FlowId { protocol: self.key.protocol(), number: self.stream }
    }

    /// A SYN with another sequence number than its sender began with opens a new conversation.
    #[inline]
    fn is_reused_by(&self, sighting: &Sighting) -> bool {
        sighting
            .tcp
            .is_some_and(|tcp| tcp.flags.is_pure_syn() && self.bases(sighting.from).0.is_some_and(|base| base != tcp.sequence))
    }

    /// Takes initial sequence numbers from a segment; true if a SYN-ACK replaced one.
    #[inline]
    fn learn_bases(&mut self, sighting: &Sighting) -> bool {
        let Some(tcp) = sighting.tcp.filter(|_| sighting.whole) else { return false };
        let (mine, theirs) = match sighting.from {
            Slot::Low => (&mut self.low_base, &mut self.high_base),
            Slot::High => (&mut self.high_base, &mut self.low_base),
        };
        let begins = if tcp.flags.contains(Flags::SYN) { tcp.sequence } else { tcp.sequence.plus(u32::MAX) };
        let rebased = tcp.flags.is_syn_ack() && mine.is_some_and(|base| base != tcp.sequence);
        if rebased || mine.is_none() {
            *mine = Some(begins);
        }
        if theirs.is_none() && tcp.flags.contains(Flags::ACK) {
            *theirs = Some(tcp.acknowledgment.plus(u32::MAX));
        }
        rebased
    }

    /// Initial sequence numbers of the endpoint in `from` and of the other one.
    #[inline]
    fn bases(&self, from: Slot) -> (Option<SeqNumber>, Option<SeqNumber>) {
        match from {
            Slot::Low => (self.low_base, self.high_base),
            Slot::High => (self.high_base, self.low_base),
        }
    }

    fn conversation(&self, counts: &Counts) -> Conversation {
        let (a_to_b, b_to_a) = match counts.a {
            Slot::Low => (counts.from_low, counts.from_high),
            Slot::High => (counts.from_high, counts.from_low),
        };
        Conversation {
            id: self.id(),
            a: self.key.endpoint(counts.a),
            b: self.key.endpoint(counts.a.other()),
            first_frame: counts.first_frame,
            last_frame: counts.last_frame,
            start: counts.start,
            end: counts.end,
            a_to_b,
            b_to_a,
        }
    }
}
