//! One stream followed closely: by a tracker of its own, first over the frames that are held, then as its frames come.
//!
//! However fast they come, no more than a screenful of each picture's time becomes steps and text.

use std::collections::VecDeque;
use std::sync::Arc;

use sockscope::capture::Frame;
use sockscope::decode::{self, Packet};
use sockscope::present::ladder::{Run, Rungs, Step};
use sockscope::present::time::Dial;
use sockscope::present::tui::{CloseUp, Said};
use sockscope::track::{FlowId, Limits, Piece, Side, Tracker, Update};

use super::super::super::follow::Exchange;
use super::memory::Memory;

/// Steps of the ladder that are kept.
const STEPS: usize = 1000;
/// Octets of what was said that are kept.
const OCTETS: usize = 64 << 10;
/// The same between two pictures.
const STEPS_AT_ONCE: usize = 200;
const OCTETS_AT_ONCE: usize = 32 << 10;
/// Octets of a frame that headers may take, whatever options they have.
const HEADERS: usize = 512;
/// Digits of a time.
const DIGITS: usize = 6;

/// What is kept of the stream.
pub(super) struct Followed {
    flow: FlowId,
    /// The same stream as its own tracker calls it: the first of its protocol.
    own: FlowId,
    tracker: Tracker,
    rungs: Rungs,
    dial: Dial,
    exchange: Exchange,
    steps: VecDeque<Arc<Step>>,
    /// Packets that came too fast.
    run: Run,
    said: VecDeque<Said>,
    octets: usize,
    skipped: u64,
    /// How many steps and octets there is time for, until the next picture.
    room: (usize, usize),
    begins_late: bool,
}

impl Followed {
    /// Follows a stream from the first of its frames that is held; it began with frame `begin`. `dial` tells the times.
    pub(super) fn new((flow, begin): (FlowId, Option<u64>), dial: Dial, memory: &Memory) -> Self {
        let own = FlowId { number: 0, ..flow };
        let mut followed = Self {
            flow,
            own,
            tracker: Tracker::new(Limits::live()),
            rungs: Rungs::new(own),
            dial,
            exchange: Exchange::new(own),
            steps: VecDeque::new(),
            run: Run::default(),
            said: VecDeque::new(),
            octets: 0,
            skipped: 0,
            room: (usize::MAX, usize::MAX),
            begins_late: memory.sums().first > begin,
        };
        followed.tracker.follow(own);
        memory.each(|frame, of| {
            if of == Some(flow) {
                followed.push(&decode::packet(frame));
            }
        });
        followed.rest();
        followed
    }

    /// The stream.
    pub(super) const fn flow(&self) -> FlowId {
        self.flow
    }

    /// A frame of the stream, or an ICMP error about it. What it carries is passed over where there is no time for it: to
    /// read bulk data twice would lose some of it.
    pub(super) fn see(&mut self, frame: &Frame<'_>) {
        let headers = frame.octets.get(..HEADERS).filter(|_| self.room.1 == 0);
        self.push(&decode::packet(&Frame { octets: headers.unwrap_or(frame.octets), ..*frame }));
    }

    /// What there is to be seen now.
    pub(super) fn picture(&mut self) -> CloseUp {
        self.rest();
        CloseUp {
            flow: self.flow,
            ends: self.rungs.ends(),
            steps: self.steps.iter().cloned().collect(),
            said: self.said.iter().cloned().collect(),
            begins_late: self.begins_late,
        }
    }

    fn push(&mut self, packet: &Packet<'_>) {
        let Self { tracker, rungs, dial, exchange, .. } = self;
        let update = tracker.push(packet);
        let datagram = exchange.datagram(packet.number, &update);
        if self.room.1 == 0 {
            // Its octets are not handed out.
            self.skipped += update.segment().map_or(0, |segment| segment.payload_len.into());
        }
        let pieces: Vec<Piece> = update.pieces.iter().cloned().chain(datagram).collect();
        let rung = match self.room.0 {
            0 => None,
            _ => rungs.rung(packet, &update, &dial.text(packet.timestamp, DIGITS)),
        };
        let carried = carried(&update, &pieces);
        match (rung, carried) {
            (Some(rung), _) => self.step(Step::Rung(rung)),
            (None, Some((side, octets))) => self.fold(side, octets),
            (None, None) => {}
        }
        pieces.into_iter().for_each(|piece| self.say(piece));
    }

    fn step(&mut self, step: Step) {
        self.room.0 = self.room.0.saturating_sub(1);
        self.steps.push_back(Arc::new(step));
        while self.steps.len() > STEPS {
            self.steps.pop_front();
            self.begins_late = true;
        }
    }

    /// A packet for whose rung there is no time.
    fn fold(&mut self, side: Side, octets: u64) {
        self.run.packets += 1;
        match side {
            Side::Initiator => self.run.to_responder += octets,
            Side::Responder => self.run.to_initiator += octets,
        }
    }

    fn say(&mut self, piece: Piece) {
        let octets = piece.octets.len();
        if octets > self.room.1 || self.room.1 == 0 {
            self.skipped += octets as u64 + piece.missing;
            // The rest of them is not even copied.
            self.room.1 = 0;
            self.tracker.follow(FlowId { number: u32::MAX, ..self.own });
            return;
        }
        self.room.1 -= octets;
        self.octets += octets;
        self.said.push_back(Said::Piece(Arc::new(piece)));
        while self.octets > OCTETS
            && let Some(oldest) = self.said.pop_front()
        {
            self.begins_late = true;
            if let Said::Piece(piece) = oldest {
                self.octets -= piece.octets.len();
            }
        }
    }

    /// Tells what came too fast, and takes time for more.
    fn rest(&mut self) {
        if self.run.packets > 0 {
            let run = std::mem::take(&mut self.run);
            self.step(Step::Run(run));
        }
        if self.skipped > 0 {
            self.said.push_back(Said::Skipped(std::mem::take(&mut self.skipped)));
        }
        self.tracker.follow(self.own);
        self.room = (STEPS_AT_ONCE, OCTETS_AT_ONCE);
    }
}

/// Who sent a packet, and how much it carries; a datagram is the only piece there is.
fn carried(update: &Update<'_>, pieces: &[Piece]) -> Option<(Side, u64)> {
    match (update.segment(), pieces) {
        (Some(segment), _) => Some((update.side?, segment.payload_len.into())),
        (None, [datagram]) => Some((datagram.side, datagram.octets.len() as u64 + datagram.missing)),
        (None, _) => None,
    }
}
