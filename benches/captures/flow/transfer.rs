//! Large transfers: one congestion window of data and its acknowledgments at a time.
//!
//! The window doubles, and halves when a segment is lost.
//! At most one thing in a window is odd, so that what an analyzer should say of it is certain.

use std::ops::Range;

use super::tcp::RETRANSMISSION_TIMEOUT;
use super::{ACK, Flow, Options, PSH, Planned, Segment};
use crate::plan::{Plan, Profile};
use crate::side::Side;
use crate::time::{MICROSECOND, Nanoseconds};

const SPURIOUS_RETRANSMISSION: f64 = 0.0005;

/// Segments acknowledged beyond a lost one before it is sent again at once (RFC 5681 §3.2).
const DUPLICATE_THRESHOLD: u64 = 3;

/// Probabilities that one segment is lost, or overtaken.
fn accident_rates(profile: Profile) -> (f64, f64) {
    match profile {
        Profile::Lab => (0.004, 0.003),
        _ => (0.002, 0.001),
    }
}

/// What is odd about one window, by index of its segments.
#[derive(Clone, Copy)]
enum Oddity {
    None,
    /// Lost on the way; `captured` if beyond the capture point.
    Lost {
        index: u64,
        captured: bool,
    },
    /// Overtaken by the one after it.
    Overtaken {
        index: u64,
    },
}

/// Segments sent without waiting for an acknowledgment.
struct Window {
    sender: Side,
    start: Nanoseconds,
    gap: Nanoseconds,
    /// From the capture point to an end and back.
    to_sender: Nanoseconds,
    to_receiver: Nanoseconds,
    /// Segments in the window.
    count: u64,
    /// Octets of payload of all but the last.
    segment_length: u64,
    /// Octets yet to be transferred, in this window or later.
    available: u64,
    /// Of the window's first octet.
    sequence: u32,
    offset: u64,
    /// What sender and receiver say of the other direction, which rests.
    acknowledgment: u32,
}

impl Window {
    /// When a segment passes the capture point.
    fn time(&self, index: u64, oddity: Oddity) -> Nanoseconds {
        let time = self.start + index * self.gap;
        match oddity {
            Oddity::Overtaken { index: overtaken } if index == overtaken => time + self.gap,
            Oddity::Overtaken { index: overtaken } if index == overtaken + 1 => time - self.gap,
            _ => time,
        }
    }

    /// Octets of the window before a segment.
    fn octets_before(&self, index: u64) -> u64 {
        (index * self.segment_length).min(self.available)
    }

    fn sequence(&self, index: u64) -> u32 {
        self.sequence.wrapping_add(self.octets_before(index) as u32)
    }

    fn segment(&self, index: u64, time: Nanoseconds) -> Planned {
        let push = if index == self.count - 1 { PSH } else { 0 };
        Planned {
            time,
            sender: self.sender,
            length: (self.octets_before(index + 1) - self.octets_before(index)) as u32,
            offset: self.offset + index * self.segment_length,
            segment: Some(Segment {
                flags: push | ACK,
                sequence: self.sequence(index),
                acknowledgment: self.acknowledgment,
                options: Options::Usual,
            }),
        }
    }

    fn retransmission(&self, index: u64, time: Nanoseconds) -> Planned {
        let mut frame = self.segment(index, time);
        if let Some(segment) = &mut frame.segment {
            segment.flags |= PSH;
        }
        frame
    }

    /// Acknowledges all segments before `index`.
    fn acknowledgment(&self, index: u64, time: Nanoseconds) -> Planned {
        Planned {
            time,
            sender: self.sender.other(),
            length: 0,
            offset: 0,
            segment: Some(Segment {
                flags: ACK,
                sequence: self.acknowledgment,
                acknowledgment: self.sequence(index),
                options: Options::Usual,
            }),
        }
    }

    /// Acknowledges all segments before `index`, and some beyond.
    fn duplicate(&self, index: u64, beyond: Range<u64>, time: Nanoseconds) -> Planned {
        let mut frame = self.acknowledgment(index, time);
        if let Some(segment) = &mut frame.segment {
            let (left, right) = (self.sequence(beyond.start), self.sequence(beyond.end));
            segment.options = Options::Sack { left, right };
        }
        frame
    }

    /// When a lost segment is sent again: on the third duplicate acknowledgment, or on the timeout.
    fn recovery(&self, lost: u64) -> Nanoseconds {
        let round_trip = self.to_receiver + self.to_sender;
        let all_sent = self.start + self.count * self.gap;
        if self.count - 1 - lost >= DUPLICATE_THRESHOLD {
            let third = self.start + (lost + DUPLICATE_THRESHOLD) * self.gap;
            all_sent.max(third + round_trip)
        } else {
            all_sent + round_trip + RETRANSMISSION_TIMEOUT
        }
    }

    /// When the last segment, sent on time, is acknowledged.
    fn end(&self) -> Nanoseconds {
        self.start + (self.count - 1) * self.gap + self.to_receiver
    }
}

impl Flow {
    /// Plans the next window of the transfer; before a download's first, the request for it.
    pub(super) fn transfer_window(&mut self, plan: &Plan) {
        if self.ends.client.next == 1 && !self.midstream {
            self.request_transfer();
        }
        let window = self.next_window();
        let oddity = self.draw_oddity(&window, plan);
        self.send_window(&window, oddity);
        let end = match oddity {
            Oddity::Lost { index, captured } => self.recover(&window, index, captured),
            _ => self.grow(&window, plan),
        };

        let sent = window.octets_before(window.count);
        self.octets_left -= sent;
        let next = &mut self.ends[window.sender].next;
        *next = next.wrapping_add(sent as u32);
        self.now = end.max(window.start + window.to_sender + window.to_receiver);
    }

    fn request_transfer(&mut self) {
        let length = self.rng.between(80, 500) as u32;
        let asked = self.now + 50 * MICROSECOND;
        self.send(asked, Side::Client, PSH | ACK, length);
        self.now = asked + self.ends.server.delay;
        self.send(self.now, Side::Server, ACK, 0);
    }

    fn next_window(&self) -> Window {
        let (sender, receiver) = (self.uploader, self.uploader.other());
        let segment_length = u64::from(self.mss);
        Window {
            sender,
            start: self.now + 5 * MICROSECOND,
            gap: self.gap,
            to_sender: self.ends[sender].delay,
            to_receiver: self.ends[receiver].delay,
            count: self.window.min(self.octets_left.div_ceil(segment_length)).max(1),
            segment_length,
            available: self.octets_left,
            sequence: self.sequence(sender),
            offset: self.offset(sender),
            acknowledgment: self.sequence(receiver),
        }
    }

    fn draw_oddity(&mut self, window: &Window, plan: &Plan) -> Oddity {
        let (lost, overtaken) = accident_rates(plan.profile);
        let count = window.count;
        // That of one segment at least.
        let any = |rate: f64| 1.0 - (1.0 - rate * plan.anomalies).powi(count as i32);
        if self.rng.chance(any(lost)) {
            Oddity::Lost { index: self.rng.between(0, count - 1), captured: self.rng.chance(0.5) }
        } else if count > 2 && self.rng.chance(any(overtaken)) {
            Oddity::Overtaken { index: self.rng.between(0, count - 2) }
        } else {
            Oddity::None
        }
    }

    /// Plans all segments once, and what the receiver says to each: every second is acknowledged.
    fn send_window(&mut self, window: &Window, oddity: Oddity) {
        let mut unacknowledged = 0;
        for index in 0..window.count {
            let time = window.time(index, oddity);
            let heard = time + window.to_receiver;
            if !matches!(oddity, Oddity::Lost { index: lost, captured: false } if lost == index) {
                self.queue.push_back(window.segment(index, time));
            }
            unacknowledged += 1;
            let reply = match oddity {
                Oddity::Lost { index: lost, .. } if index == lost => {
                    (unacknowledged > 1).then(|| window.acknowledgment(index, heard))
                }
                Oddity::Lost { index: lost, .. } if index > lost => Some(window.duplicate(lost, lost + 1..index + 1, heard)),
                Oddity::Overtaken { index: overtaken } if index == overtaken => {
                    self.tallies[window.sender].swapped += 1;
                    Some(window.acknowledgment(index + 2, heard))
                }
                Oddity::Overtaken { index: overtaken } if index == overtaken + 1 => {
                    Some(window.duplicate(overtaken, index..index + 1, heard))
                }
                _ => (unacknowledged == 2 || index == window.count - 1).then(|| window.acknowledgment(index + 1, heard)),
            };
            if reply.is_some() {
                unacknowledged = 0;
            }
            self.queue.extend(reply);
        }
    }

    /// Sends the lost segment again; returns when all is acknowledged.
    fn recover(&mut self, window: &Window, lost: u64, captured: bool) -> Nanoseconds {
        let resent = window.recovery(lost);
        let end = window.end().max(resent + window.to_receiver);
        self.queue.push_back(window.retransmission(lost, resent));
        self.queue.push_back(window.acknowledgment(window.count, end));
        let tally = &mut self.tallies[window.sender];
        if captured {
            tally.retransmitted += 1;
        } else {
            tally.holes_filled += 1;
        }
        self.window = (self.window / 2).max(2);
        end
    }

    /// Widens the window; now and then, the last segment is sent again though it has arrived.
    fn grow(&mut self, window: &Window, plan: &Plan) -> Nanoseconds {
        self.window = (self.window * 2).min(self.window_limit);
        if !self.rng.chance(SPURIOUS_RETRANSMISSION * plan.anomalies) {
            return window.end();
        }
        let last = window.count - 1;
        let resent = window.end() + window.to_sender + window.gap;
        let end = resent + window.to_receiver;
        self.queue.push_back(window.retransmission(last, resent));
        self.queue.push_back(window.duplicate(window.count, last..window.count, end));
        let tally = &mut self.tallies[window.sender];
        tally.retransmitted += 1;
        tally.spurious += 1;
        end
    }
}
