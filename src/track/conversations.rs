//! The conversation table: who exchanged how much with whom, numbered as Wireshark numbers streams.
//!
//! One entry per 5-tuple without direction, and a new one when a SYN with another sequence number reuses a TCP tuple
//! (Wireshark 4.0: an earlier FIN or RST does not matter). A UDP tuple never expires. Headers quoted in ICMP errors
//! take a number and count for nothing.
//!
//! The table is the hottest part of the program: a packet is first reduced to a [`Sighting`], and
//! [`Conversations::extend`] looks a whole batch up before it counts, so that the processor fetches the entries of
//! many packets from memory at once.

use super::flow::Slot;
use super::index::{Hash, Index};
use super::shelves::{Shelves, fetch};
use super::{Conversation, Count, FlowId, FlowKey, Limits, Protocol, Sighting};
use crate::capture::Timestamp;
use crate::decode::seq::SeqNumber;
use crate::decode::tcp::Flags;

/// The conversation table.
#[derive(Debug)]
pub struct Conversations {
    /// Where the latest entry of each key stands.
    index: Index,
    entries: Shelves<Entry>,
    /// What began each entry.
    origins: Shelves<Origin>,
    streams: Streams,
    limit: usize,
    refused: u64,
    /// Entries that followed another on the same key.
    reopened: u64,
    /// Some entry was opened by a quoted header, so that the order of entries may not be that of first frames.
    quoted_first: bool,
}

/// What a first look into the table brought.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    hash: Hash,
    /// Where the key's entry seems to be.
    entry: Option<u32>,
}

/// The next stream number of each protocol.
#[derive(Debug, Default)]
struct Streams {
    tcp: u32,
    udp: u32,
}

/// What packets of a conversation are looked up by, and change: two lines of the processor's cache.
#[derive(Debug)]
#[repr(C, align(64))]
struct Entry {
    key: FlowKey,
    bases: Bases,
    /// The last frame; 0 while none was counted.
    last_frame: u64,
    /// The second line, which connections do not need.
    tally: Tally,
}

/// What a counted packet changes besides.
#[derive(Debug, Default)]
struct Tally {
    end: Option<Timestamp>,
    from_low: Count,
    from_high: Count,
}

const _: () = assert!(size_of::<Entry>() == 128 && size_of::<Tally>() == 64, "a conversation outgrew its two lines of memory");

/// Initial sequence numbers of the low and the high endpoint.
#[derive(Clone, Copy, Debug, Default)]
struct Bases {
    low: Option<SeqNumber>,
    high: Option<SeqNumber>,
}

/// What is known of a conversation once it has begun.
#[derive(Debug)]
struct Origin {
    /// Wireshark's stream number.
    stream: u32,
    /// Which conversation on its 5-tuple, from 1.
    incarnation: u32,
    /// The endpoint that sent the first frame.
    a: Slot,
    first_frame: u64,
    start: Option<Timestamp>,
}

/// What [`Conversations::meet`] found out about a packet's conversation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Met {
    /// Where the conversation stands in the table.
    pub(super) place: u32,
    /// Which of its endpoints sent the packet.
    pub(super) from: Slot,
    /// This packet opened the conversation, where there was one on this 5-tuple before.
    pub(super) reopens: bool,
    /// A SYN-ACK changed its sender's initial sequence number.
    pub(super) rebased: bool,
    /// Initial sequence numbers of the packet's sender and of its receiver.
    pub(super) bases: (Option<SeqNumber>, Option<SeqNumber>),
}

impl Conversations {
    /// Packets that [`Conversations::extend`] looks up at once: fewer are slower, more are not faster.
    pub const BATCH: usize = 64;

    /// An empty table that holds at most [`Limits::conversations`].
    pub fn new(limits: &Limits) -> Self {
        Self {
            index: Index::default(),
            entries: Shelves::default(),
            origins: Shelves::default(),
            streams: Streams::default(),
            limit: limits.conversations.min(Index::MAX),
            refused: 0,
            reopened: 0,
            quoted_first: false,
        }
    }

    /// Counts many packets, in order.
    pub fn extend(&mut self, sightings: &[Sighting]) {
        let mut found = [Found::default(); Self::BATCH];
        for batch in sightings.chunks(Self::BATCH) {
            for (found, sighting) in found.iter_mut().zip(batch) {
                found.hash = self.index.hash(&sighting.key);
                self.index.fetch(found.hash);
            }
            for (found, _) in found.iter_mut().zip(batch) {
                found.entry = self.index.guess(found.hash);
                if let Some(entry) = found.entry.and_then(|place| self.entries.get(place)) {
                    fetch(&entry.key);
                    fetch(&entry.tally);
                }
            }
            let before = self.reopened;
            for (found, sighting) in found.iter().zip(batch) {
                // A reused tuple has a new entry: what was found before it is stale.
                let entry = if self.reopened == before { found.entry } else { None };
                if !entry.is_some_and(|entry| self.count_at(entry, sighting)) {
                    self.meet_by(found.hash, sighting, !sighting.quoted);
                }
            }
        }
    }

    /// Conversations with at least one frame, in the order of first frames.
    pub fn iter(&self) -> impl Iterator<Item = Conversation> + '_ {
        let counted = || self.entries.iter().zip(self.origins.iter()).filter(|(entry, _)| entry.is_counted());
        let (mut ordered, mut plain) = (Vec::new(), None);
        if self.quoted_first {
            ordered.extend(counted());
            ordered.sort_by_key(|(_, origin)| origin.first_frame);
        } else {
            plain = Some(counted());
        }
        let conversations = ordered.into_iter().chain(plain.into_iter().flatten());
        conversations.map(|(entry, origin)| entry.conversation(origin))
    }

    /// Packets left out because their conversation did not fit into the limits.
    pub fn refused_packets(&self) -> u64 {
        self.refused
    }

    /// All conversations remembered, by their places in the table.
    pub(super) fn ids(&self) -> impl Iterator<Item = FlowId> + '_ {
        self.entries.iter().zip(self.origins.iter()).map(|(entry, origin)| entry.id(origin))
    }

    /// Conversations remembered, those that were only quoted included.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Forgets those that `keep` does not want, by their ids and the times of their last frames; numbers go on.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(FlowId, Option<Timestamp>) -> bool) {
        let fates: Vec<bool> = self.ids().zip(self.entries.iter()).map(|(id, entry)| keep(id, entry.tally.end)).collect();
        let fate = || {
            let mut fates = fates.iter();
            move || fates.next() == Some(&true)
        };
        let (mut of_entries, mut of_origins) = (fate(), fate());
        self.entries.retain(|_| of_entries());
        self.origins.retain(|_| of_origins());
        self.index.clear();
        for entry in 0..self.entries.len() as u32 {
            let Some(key) = self.entry(entry).map(|entry| entry.key) else { continue };
            let hash = self.index.hash(&key);
            match self.find(hash, &key) {
                // The latest one on its key, as they stand in order.
                Some(older) => self.index.replace(hash, older, entry),
                None => self.index.insert(hash, entry),
            }
        }
    }

    /// Counts one packet, and says what it met; `None` if its conversation did not fit into the limits.
    pub(super) fn meet(&mut self, sighting: &Sighting) -> Option<Met> {
        self.meet_by(self.index.hash(&sighting.key), sighting, !sighting.quoted)
    }

    /// Finds a packet's conversation as [`Conversations::meet`] does, and does not count it.
    pub(super) fn identify(&mut self, sighting: &Sighting) -> Option<Met> {
        self.meet_by(self.index.hash(&sighting.key), sighting, false)
    }

    /// The stream number of the conversation that stands here, and which one it is on its 5-tuple, from 1.
    pub(super) fn identity(&self, place: u32) -> Option<(FlowId, u32)> {
        let origin = self.origins.get(place)?;
        Some((self.entry(place)?.id(origin), origin.incarnation))
    }

    /// Counts an ordinary packet of the entry that seems to be its; false if it is not, or there is more to it.
    #[inline]
    fn count_at(&mut self, place: u32, sighting: &Sighting) -> bool {
        let Some(entry) = self.entries.get_mut(place) else { return false };
        if entry.key != sighting.key || sighting.quoted || !entry.is_counted() || entry.is_reused_by(sighting) {
            return false;
        }
        entry.learn_bases(sighting);
        entry.count(sighting);
        true
    }

    /// Takes a packet by the hash of its key, and counts it or not.
    fn meet_by(&mut self, hash: Hash, sighting: &Sighting, counts: bool) -> Option<Met> {
        let known = self.find(hash, &sighting.key);
        let reuses = known.is_some_and(|entry| self.entry(entry).is_some_and(|entry| entry.is_reused_by(sighting)));
        let Some(place) = known.filter(|_| !reuses) else { return self.open(hash, sighting, counts, known) };
        let entry = self.entries.get_mut(place)?;
        let rebased = entry.learn_bases(sighting);
        if counts {
            if !entry.is_counted() {
                self.origins.get_mut(place)?.begin(sighting);
            }
            entry.count(sighting);
        }
        Some(Met { place, from: sighting.from, reopens: false, rebased, bases: entry.bases(sighting.from) })
    }

    /// The place of the latest entry of a key.
    #[inline]
    fn find(&self, hash: Hash, key: &FlowKey) -> Option<u32> {
        self.index.find(hash, |place| self.entry(place).is_some_and(|entry| entry.key == *key))
    }

    #[inline]
    fn entry(&self, place: u32) -> Option<&Entry> {
        self.entries.get(place)
    }

    /// Makes an entry, in the place of the one that it follows on the same key; `None` if the table is full.
    ///
    /// It is written with all that its first packet tells: to change what was just written is to wait for memory.
    fn open(&mut self, hash: Hash, sighting: &Sighting, counts: bool, follows: Option<u32>) -> Option<Met> {
        if self.entries.len() >= self.limit {
            self.refused = self.refused.saturating_add(1);
            return None;
        }
        let place = u32::try_from(self.entries.len()).ok()?;
        let older = follows.and_then(|older| self.origins.get(older));
        let incarnation = older.map_or(1, |older| older.incarnation.saturating_add(1));
        match follows {
            Some(older) => {
                self.reopened = self.reopened.saturating_add(1);
                self.index.replace(hash, older, place);
            }
            None => self.index.insert(hash, place),
        }
        let mut entry = Entry { key: sighting.key, bases: Bases::default(), last_frame: 0, tally: Tally::default() };
        let stream = self.streams.take(sighting.key.protocol());
        let mut origin = Origin { stream, incarnation, a: sighting.from, first_frame: 0, start: None };
        entry.learn_bases(sighting);
        if counts {
            entry.count(sighting);
            origin.begin(sighting);
        }
        self.quoted_first |= sighting.quoted;
        let (from, bases) = (sighting.from, entry.bases(sighting.from));
        self.entries.push(entry);
        self.origins.push(origin);
        Some(Met { place, from, reopens: follows.is_some(), rebased: false, bases })
    }
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

impl Origin {
    /// Takes the first packet that counts.
    #[inline]
    fn begin(&mut self, sighting: &Sighting) {
        (self.a, self.first_frame, self.start) = (sighting.from, sighting.number, sighting.timestamp);
    }
}

impl Entry {
    fn id(&self, origin: &Origin) -> FlowId {
        FlowId { protocol: self.key.protocol(), number: origin.stream }
    }

    /// Some packet was counted.
    #[inline]
    fn is_counted(&self) -> bool {
        self.last_frame != 0
    }

    #[inline]
    fn count(&mut self, sighting: &Sighting) {
        self.last_frame = sighting.number;
        let Tally { end, from_low, from_high } = &mut self.tally;
        *end = sighting.timestamp;
        match sighting.from {
            Slot::Low => from_low.add(sighting.octets, sighting.payload),
            Slot::High => from_high.add(sighting.octets, sighting.payload),
        }
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
        let Bases { low, high } = &mut self.bases;
        let (mine, theirs) = match sighting.from {
            Slot::Low => (low, high),
            Slot::High => (high, low),
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
        let Bases { low, high } = self.bases;
        match from {
            Slot::Low => (low, high),
            Slot::High => (high, low),
        }
    }

    fn conversation(&self, origin: &Origin) -> Conversation {
        let tally = &self.tally;
        let (a_to_b, b_to_a) = match origin.a {
            Slot::Low => (tally.from_low, tally.from_high),
            Slot::High => (tally.from_high, tally.from_low),
        };
        Conversation {
            id: self.id(origin),
            a: self.key.endpoint(origin.a),
            b: self.key.endpoint(origin.a.other()),
            first_frame: origin.first_frame,
            last_frame: self.last_frame,
            start: origin.start,
            end: tally.end,
            a_to_b,
            b_to_a,
        }
    }
}
