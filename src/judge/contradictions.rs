//! Verdicts held against the wire: who answered, and who was said not to be there.
//!
//! A datagram or a call that a table delivers must not draw a port unreachable or a RST; one that it refuses must not be
//! answered. Silence proves nothing: errors are limited in rate, and a firewall drops in silence. Neither does a RST on a
//! connection that was open, nor the answer to a call that was repeated.

use std::fmt;
use std::net::SocketAddr;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use prefetch_index::prefetch_index;

use crate::decode::seq::SeqNumber;
use crate::decode::tcp::Flags;
use crate::track::{Arriving, Delivery, FiveTuple, Lookup, Names, Reach, Refusal, Ruling};

/// 5-tuples whose last datagram or call is remembered, about 150 octets each.
const MAX_WAITING: usize = 1_000_000;

/// Marks a verdict to which no answer says anything, whatever frame is noted with it.
const UNANSWERED: u64 = 1 << 63;

/// Stands for the frame of a datagram that drew an error, which is told.
const TOLD: u64 = 1 << 62;

/// Contradictions that are kept.
const MAX_FOUND: usize = 10_000;

/// Holds verdicts against what comes back.
#[derive(Debug, Default)]
pub struct Contradictions {
    /// Calls and datagrams to which an answer, or an error, says something.
    waiting: HashMap<FiveTuple, Waiting, RandomState>,
    /// Datagrams that are refused among those.
    refused: usize,
    /// The last frame of each numbered verdict: of most, a datagram that reaches somebody. All others are marked
    /// [`UNANSWERED`]; between an error and the next datagram stands [`TOLD`], and 0 before the first packet.
    delivered: Vec<u64>,
    found: Vec<Contradiction>,
    /// Contradictions beyond those kept.
    pub more: u64,
    /// Packets that are not watched, because too many others were.
    pub unwatched: u64,
}

/// A packet to which something may come back.
#[derive(Debug)]
struct Waiting {
    frame: u64,
    /// What an answer to a call acknowledges.
    end: Option<SeqNumber>,
    /// Who gets it; nobody if it is refused.
    sockets: Names,
}

/// A packet that did not fare as the table says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Contradiction {
    /// The packet.
    pub frame: u64,
    /// What came back.
    pub by: u64,
    /// Who sent that; port 0 for ICMP.
    pub from: SocketAddr,
    /// What the packet's fate was.
    pub kind: Fate,
    /// The sockets that the table delivers it to.
    pub sockets: Names,
}

/// How a packet really fared.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Fate {
    /// ICMP port unreachable: nobody had it.
    Unreachable,
    /// A RST: nobody took the call.
    Reset,
    /// It was answered.
    Answered,
}

impl Fate {
    /// Its word in machine-readable output.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Reset => "reset",
            Self::Answered => "answered",
        }
    }
}

/// `frame 12: the table delivers it to s1, but frame 13 (ICMP port unreachable from 127.0.0.1) says that nobody had it`.
impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { frame, by, from, kind, sockets } = self;
        let sockets = sockets.join(", ");
        match kind {
            Fate::Unreachable => write!(
                f,
                "frame {frame}: the table delivers it to {sockets}, but frame {by} (ICMP port unreachable from {}) says that \
                 nobody had it",
                from.ip()
            ),
            Fate::Reset => {
                write!(f, "frame {frame}: the table delivers it to {sockets}, but frame {by} (RST from {from}) refused the call")
            }
            Fate::Answered => write!(f, "frame {frame}: the table refuses it, but {from} answered in frame {by}"),
        }
    }
}

impl Contradictions {
    /// Enters a packet and the verdict on it; packets come in file order.
    #[inline]
    pub fn see(&mut self, arriving: &Arriving, ruling: &Ruling<'_>) {
        // Of most only the last frame is noted, if it matters; none that was refused waits on the same way.
        let number = ruling.number.filter(|_| ruling.again && self.refused == 0);
        match number.and_then(|number| self.delivered.get_mut(number as usize)).filter(|last| **last > 0) {
            Some(last) => *last = *last & UNANSWERED | arriving.frame,
            None => self.see_closely(arriving, ruling),
        }
    }

    /// Has the processor fetch what is remembered of a verdict that is likely to come next.
    #[inline]
    pub fn expect(&self, number: u32) {
        prefetch_index(&self.delivered, number as usize);
    }

    #[inline(never)]
    fn see_closely(&mut self, arriving: &Arriving, ruling: &Ruling<'_>) {
        let answers = match arriving.mark {
            Some(mark) => mark.flags.contains(Flags::ACK) && (mark.flags.contains(Flags::SYN) || mark.flags.contains(Flags::RST)),
            None => self.refused > 0,
        };
        if answers {
            self.answer(arriving);
        }
        if expects_answer(arriving, ruling) {
            self.wait(arriving, ruling);
        } else if let Some(number) = ruling.number {
            self.number(number, UNANSWERED);
        }
    }

    /// Enters an ICMP error that says that nobody had a packet; `last` is the numbered verdict given last on datagrams that
    /// travelled so.
    pub fn hear(&mut self, refusal: &Refusal, last: Option<&Ruling<'_>>) {
        let delivered = |waiting: &Waiting| !waiting.sockets.is_empty();
        let waiting = self.take(refusal.about).or_else(|| self.take_numbered(last?));
        let Some(waiting) = waiting.filter(delivered) else { return };
        self.contradict(waiting, refusal.frame, SocketAddr::new(refusal.by, 0), Fate::Unreachable);
    }

    /// What was found, in the order of what came back.
    pub fn found(&self) -> &[Contradiction] {
        &self.found
    }

    /// What this packet says of the one it may answer.
    fn answer(&mut self, arriving: &Arriving) {
        let tuple = arriving.tuple().reversed();
        let Some(waiting) = self.waiting.get(&tuple) else { return };
        let refused = waiting.sockets.is_empty();
        let fate = match arriving.mark {
            None if refused => Some(Fate::Answered),
            None => return,
            // Whatever else comes back tells of another call.
            Some(mark) if waiting.end != Some(mark.acknowledgment) => return,
            Some(mark) if mark.flags.contains(Flags::RST) => (!refused).then_some(Fate::Reset),
            Some(_) => refused.then_some(Fate::Answered),
        };
        let waiting = self.take(tuple);
        if let (Some(fate), Some(waiting)) = (fate, waiting) {
            self.contradict(waiting, arriving.frame, arriving.source(), fate);
        }
    }

    /// The packet that went this way last, which is watched no longer.
    fn take(&mut self, tuple: FiveTuple) -> Option<Waiting> {
        let waiting = self.waiting.remove(&tuple)?;
        self.refused -= usize::from(waiting.is_refused_datagram());
        Some(waiting)
    }

    /// The last datagram with this verdict, if an answer says something to it and none came yet.
    fn take_numbered(&mut self, ruling: &Ruling<'_>) -> Option<Waiting> {
        let last = self.delivered.get_mut(ruling.number? as usize)?;
        let frame = Some(*last).filter(|last| last & UNANSWERED == 0 && !matches!(*last, 0 | TOLD))?;
        *last = TOLD;
        Some(Waiting { frame, end: None, sockets: ruling.sockets.clone() })
    }

    fn contradict(&mut self, Waiting { frame, sockets, .. }: Waiting, by: u64, from: SocketAddr, kind: Fate) {
        if self.found.len() < MAX_FOUND {
            self.found.push(Contradiction { frame, by, from, kind, sockets });
        } else {
            self.more += 1;
        }
    }

    /// Remembers the last packet of each way; most go where the one before went.
    fn wait(&mut self, arriving: &Arriving, ruling: &Ruling<'_>) {
        match ruling.number.filter(|_| arriving.mark.is_none() && !ruling.sockets.is_empty()) {
            Some(number) => {
                self.take(arriving.tuple());
                self.number(number, arriving.frame);
            }
            None if self.waiting.len() >= MAX_WAITING => self.unwatched += 1,
            None => {
                let end = arriving.mark.map(|mark| mark.end);
                let waiting = Waiting { frame: arriving.frame, end, sockets: ruling.sockets.clone() };
                self.refused += usize::from(waiting.is_refused_datagram());
                let before = self.waiting.insert(arriving.tuple(), waiting);
                self.refused -= usize::from(before.is_some_and(|before| before.is_refused_datagram()));
            }
        }
    }

    fn number(&mut self, number: u32, frame: u64) {
        let place = number as usize;
        if self.delivered.len() <= place {
            self.delivered.resize(place + 1, 0);
        }
        self.delivered[place] = frame;
    }
}

impl Waiting {
    fn is_refused_datagram(&self) -> bool {
        self.end.is_none() && self.sockets.is_empty()
    }
}

/// A datagram or a call whose verdict the wire can contradict: of an open connection nothing is expected.
fn expects_answer(arriving: &Arriving, delivery: &Delivery) -> bool {
    let says = matches!(delivery.verdict, Reach::To | Reach::OneOf | Reach::Refused);
    let is_of_connection = matches!(delivery.rule, Lookup::Established | Lookup::TimeWait | Lookup::Request);
    says && !is_of_connection && arriving.mark.is_none_or(|mark| mark.flags.is_pure_syn())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::{Mark, Protocol};

    /// `udp`, or the flags of a segment, from port 9 to port 80 (`>`) or back, and whom the table delivers it to.
    fn play(script: &[(&str, char, &'static str)]) -> Vec<String> {
        let mut contradictions = Contradictions::default();
        for (frame, (what, way, socket)) in (1..).zip(script) {
            let arriving = arriving(frame, what, *way);
            if *what == "icmp" {
                let about = FiveTuple { protocol: Protocol::Udp, ..arriving.tuple().reversed() };
                contradictions.hear(&Refusal { frame, by: about.destination.ip(), about }, None);
                continue;
            }
            contradictions.see(&arriving, &Ruling::from(&delivery(socket)));
        }
        contradictions.found().iter().map(Contradiction::to_string).collect()
    }

    fn arriving(frame: u64, what: &str, way: char) -> Arriving {
        let protocol = if matches!(what, "udp" | "icmp") { Protocol::Udp } else { Protocol::Tcp };
        let (source, destination) = ("127.0.0.1:9".parse().unwrap(), "127.0.0.1:80".parse().unwrap());
        let there = FiveTuple { protocol, source, destination };
        let tuple = if way == '>' { there } else { there.reversed() };
        let flags = what.chars().map(|letter| match letter {
            'S' => Flags::SYN.0,
            'A' => Flags::ACK.0,
            'R' => Flags::RST.0,
            _ => 0,
        });
        let mark = Mark { flags: Flags(flags.sum()), end: SeqNumber(1), acknowledgment: SeqNumber(1) };
        Arriving::new(tuple, (protocol == Protocol::Tcp).then_some(mark)).in_frame(frame)
    }

    fn delivery(socket: &'static str) -> Delivery {
        let nobody = Delivery {
            verdict: Reach::Unknown,
            sockets: Names::new(),
            rule: Lookup::None,
            losers: None,
            basis: None,
            or_rule: None,
            kin: None,
        };
        match socket {
            "refused" => Delivery { verdict: Reach::Refused, ..nobody },
            "-" => nobody,
            _ => Delivery { verdict: Reach::To, sockets: [socket.into()].into(), rule: Lookup::Bound, ..nobody },
        }
    }

    #[test]
    fn what_comes_back_contradicts() {
        let unreachable = "frame 1: the table delivers it to s1, but frame 2 (ICMP port unreachable from 127.0.0.1) says that \
                           nobody had it";
        assert_eq!(play(&[("udp", '>', "s1"), ("icmp", '<', "")]), [unreachable]);
        let answered = "frame 1: the table refuses it, but 127.0.0.1:80 answered in frame 2";
        assert_eq!(play(&[("udp", '>', "refused"), ("udp", '<', "s2")]), [answered]);
        assert_eq!(play(&[("S", '>', "refused"), ("SA", '<', "-")]), [answered]);
        let reset = "frame 1: the table delivers it to s1, but frame 2 (RST from 127.0.0.1:80) refused the call";
        assert_eq!(play(&[("S", '>', "s1"), ("RA", '<', "-")]), [reset]);
        assert_eq!(play(&[("udp", '>', "s1"), ("icmp", '<', ""), ("icmp", '<', "")]).len(), 1, "one error, one contradiction");
    }

    #[test]
    fn a_verdict_with_a_number_is_watched_once() {
        let mut contradictions = Contradictions::default();
        let verdicts = [delivery("s1"), delivery("s2")];
        let ruling = |number: usize| {
            let mut ruling = Ruling::from(&verdicts[number]);
            (ruling.number, ruling.again) = (Some(number as u32), true);
            ruling
        };
        let datagram = |contradictions: &mut Contradictions, frame, number| {
            contradictions.see(&arriving(frame, "udp", '>'), &ruling(number));
        };
        let about = arriving(0, "udp", '>').tuple();
        let error = |contradictions: &mut Contradictions, frame, number| {
            contradictions.hear(&Refusal { frame, by: about.destination.ip(), about }, Some(&ruling(number)));
        };
        (1..=3).for_each(|frame| datagram(&mut contradictions, frame, 0));
        error(&mut contradictions, 4, 0);
        error(&mut contradictions, 5, 0);
        datagram(&mut contradictions, 6, 0);
        error(&mut contradictions, 7, 0);
        datagram(&mut contradictions, 8, 0);
        // One that is refused elsewhere: from now on all are looked at closely.
        let elsewhere = FiveTuple { destination: "127.0.0.1:81".parse().unwrap(), ..about };
        contradictions.see(&Arriving::new(elsewhere, None).in_frame(9), &Ruling::from(&delivery("refused")));
        datagram(&mut contradictions, 10, 0);
        datagram(&mut contradictions, 11, 1);
        error(&mut contradictions, 12, 1);
        let found = contradictions.found().iter().map(|found| (found.frame, found.by, &*found.sockets[0]));
        assert!(found.eq([(3, 4, "s1"), (6, 7, "s1"), (11, 12, "s2")]));
        assert_eq!(contradictions.waiting.len(), 1);
    }

    #[test]
    fn what_is_harmless_does_not() {
        let cases: [&[(&str, char, &'static str)]; 7] = [
            &[("udp", '>', "s1"), ("udp", '<', "s2")],
            &[("udp", '>', "refused"), ("icmp", '<', "")],
            &[("udp", '>', "refused")],
            &[("udp", '>', "-"), ("udp", '<', "s2")],
            &[("S", '>', "s1"), ("S", '>', "s1"), ("SA", '<', "-"), ("A", '>', "s2"), ("RA", '<', "-")],
            &[("S", '>', "refused"), ("RA", '<', "-")],
            &[("S", '>', "s1"), ("R", '<', "-")],
        ];
        for script in cases {
            assert_eq!(play(script), [""; 0], "{script:?}");
        }
    }
}
