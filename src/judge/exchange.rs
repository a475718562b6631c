//! Requests and replies over UDP: which datagram answers which.
//!
//! UDP knows no exchange. A datagram to the server's port is a request; a datagram back to who sent it is the reply to
//! the request with the same octets, or else to the earliest that has none. Copies of a packet count once.

use std::net::SocketAddr;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use jiff::SignedDuration;

use super::Datagram;

/// How long a client of the lab waits for its echo.
pub const WITHIN: SignedDuration = SignedDuration::from_secs(2);

/// A request with its reply, or one of them alone.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'d> {
    /// Who asked.
    pub client: SocketAddr,
    /// Who was asked.
    pub server: SocketAddr,
    /// What it asked; `None` if only a reply was captured.
    pub request: Option<&'d Datagram>,
    /// What came back, from wherever.
    pub reply: Option<&'d Datagram>,
}

/// What a reply is to its request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Echo {
    /// The same octets, in time.
    Same,
    /// The same octets, so much later than the request.
    Late(SignedDuration),
    /// The same octets; one of them has no time.
    Untimed,
    /// The same octets, but by its time the reply came first: the clock stepped back.
    Backwards,
    /// Other octets, from this one on.
    Altered(usize),
    /// Nothing came back.
    Unanswered,
    /// The request is not in the capture.
    Unasked,
}

impl Exchange<'_> {
    /// How well the reply echoes the request, which it must do `within` some time.
    pub fn echo(&self, within: SignedDuration) -> Echo {
        let (request, reply) = match (self.request, self.reply) {
            (Some(request), Some(reply)) => (request, reply),
            (None, _) => return Echo::Unasked,
            (_, None) => return Echo::Unanswered,
        };
        match (first_difference(request, reply), elapsed(request, reply)) {
            (Some(offset), _) => Echo::Altered(offset),
            (None, None) => Echo::Untimed,
            (None, Some(elapsed)) if elapsed > within => Echo::Late(elapsed),
            (None, Some(elapsed)) if elapsed.is_negative() => Echo::Backwards,
            (None, Some(_)) => Echo::Same,
        }
    }

    /// Time from the request to the reply.
    pub fn elapsed(&self) -> Option<SignedDuration> {
        elapsed(self.request?, self.reply?)
    }

    /// The reply came from another address or port than the request went to.
    pub fn answered_elsewhere(&self) -> bool {
        self.reply.is_some_and(|reply| reply.source != self.server)
    }

    /// Its frames.
    pub fn frames(&self) -> impl Iterator<Item = u64> {
        [self.request, self.reply].into_iter().flatten().map(|datagram| datagram.frame)
    }
}

/// Time from a request to its reply; `None` if the file does not tell.
fn elapsed(request: &Datagram, reply: &Datagram) -> Option<SignedDuration> {
    Some(reply.timestamp?.since(request.timestamp?))
}

/// Where two payloads differ, as far as both were captured; a cut end is no difference.
fn first_difference(one: &Datagram, other: &Datagram) -> Option<usize> {
    let differs = one.octets.iter().zip(&other.octets).position(|(one, other)| one != other);
    let shorter = one.octets.len().min(other.octets.len());
    differs.or_else(|| (one.len != other.len).then_some(shorter))
}

/// Pairs the datagrams to and from a server's port, in the order of their first frames.
pub fn exchanges(datagrams: &[Datagram], port: u16, within: SignedDuration) -> Vec<Exchange<'_>> {
    let mut pairing = Pairing { port, within, exchanges: Vec::new(), open: HashMap::default() };
    datagrams.iter().filter(|datagram| datagram.copy_of.is_none()).for_each(|datagram| pairing.see(datagram));
    pairing.join_strays();
    pairing.exchanges
}

/// Requests of one client that wait for their replies, of those that are looked at for one reply.
const MAX_OPEN: usize = 64;

struct Pairing<'d> {
    port: u16,
    within: SignedDuration,
    exchanges: Vec<Exchange<'d>>,
    /// The places of each client's requests without a reply, in order.
    open: HashMap<SocketAddr, Vec<usize>, RandomState>,
}

impl<'d> Pairing<'d> {
    fn see(&mut self, datagram: &'d Datagram) {
        let (from, to) = (datagram.source, datagram.destination);
        if to.port() == self.port && from.port() != self.port {
            self.open.entry(from).or_default().push(self.exchanges.len());
            self.exchanges.push(Exchange { client: from, server: to, request: Some(datagram), reply: None });
        } else if from.port() == self.port {
            match self.question(datagram, true) {
                Some(place) => self.answer(place, datagram),
                None => self.exchanges.push(Exchange { client: to, server: from, request: None, reply: Some(datagram) }),
            }
        } else if let Some(place) = self.question(datagram, false) {
            self.answer(place, datagram);
        }
    }

    /// The request that a datagram answers: one with the same octets, first of those that it answers in time; else, if
    /// it comes from the server, the earliest.
    fn question(&self, reply: &Datagram, of_server: bool) -> Option<usize> {
        let open = self.open.get(&reply.destination)?;
        let looked_at = || open.iter().copied().skip(open.len().saturating_sub(MAX_OPEN));
        let request = |place: &usize| self.exchanges.get(*place).and_then(|exchange| exchange.request);
        let same = |place: &usize| request(place).is_some_and(|request| first_difference(request, reply).is_none());
        let in_time = |place: &usize| {
            request(place).and_then(|request| elapsed(request, reply)).is_none_or(|elapsed| elapsed <= self.within)
        };
        let first_in_time = looked_at().filter(same).find(in_time);
        let latest = || looked_at().rev().find(same);
        first_in_time.or_else(latest).or_else(|| open.first().copied().filter(|_| of_server))
    }

    /// A reply that stands before its request in the file, but not in time, is a reply all the same.
    fn join_strays(&mut self) {
        let strays: Vec<(usize, &'d Datagram)> = (0..)
            .zip(&self.exchanges)
            .filter_map(|(place, exchange)| Some((place, exchange.reply.filter(|_| exchange.request.is_none())?)))
            .collect();
        let mut joined = Vec::new();
        for (stray, reply) in strays {
            if let Some(place) = self.earlier_question(reply) {
                self.answer(place, reply);
                joined.push(stray);
            }
        }
        let mut place = 0_usize..;
        self.exchanges.retain(|_| place.next().is_none_or(|place| joined.binary_search(&place).is_err()));
    }

    /// An open request with the same octets, whose time is before that of the reply.
    fn earlier_question(&self, reply: &Datagram) -> Option<usize> {
        let open = self.open.get(&reply.destination)?;
        let fits = |place: &usize| {
            let request = self.exchanges.get(*place).and_then(|exchange| exchange.request);
            request
                .filter(|request| first_difference(request, reply).is_none())
                .and_then(|request| elapsed(request, reply))
                .is_some_and(|elapsed| !elapsed.is_negative() && elapsed <= self.within)
        };
        open.iter().copied().take(MAX_OPEN).find(fits)
    }

    fn answer(&mut self, place: usize, reply: &'d Datagram) {
        if let Some(exchange) = self.exchanges.get_mut(place) {
            exchange.reply = Some(reply);
        }
        if let Some(open) = self.open.get_mut(&reply.destination) {
            open.retain(|waiting| *waiting != place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Timestamp;

    /// A line is `SECONDS SOURCE DESTINATION TEXT`, ports of one host.
    fn capture(lines: &[&str]) -> Vec<Datagram> {
        let datagram = |(frame, line): (u64, &&str)| {
            let words: Vec<&str> = line.splitn(4, ' ').collect();
            let end = |port: &str| SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()));
            Datagram {
                frame,
                timestamp: words[0].parse().ok().map(|seconds| Timestamp::new(seconds, 0)),
                source: end(words[1]),
                destination: end(words[2]),
                octets: words[3].as_bytes().to_vec(),
                len: words[3].len() as u32,
                refused: None,
                copy_of: None,
                bad_checksum: false,
            }
        };
        (1..).zip(lines).map(datagram).collect()
    }

    fn check(lines: &[&str], expected: &[(&[u64], Echo)]) {
        let datagrams = capture(lines);
        let found = exchanges(&datagrams, 5000, WITHIN);
        let found: Vec<_> = found.iter().map(|exchange| (exchange.frames().collect::<Vec<_>>(), exchange.echo(WITHIN))).collect();
        let expected: Vec<_> = expected.iter().map(|(frames, echo)| (frames.to_vec(), *echo)).collect();
        assert_eq!(found, expected, "{lines:?}");
    }

    #[test]
    fn replies_find_their_requests() {
        check(&["0 41000 5000 a", "0 5000 41000 a"], &[(&[1, 2], Echo::Same)]);
        check(&["0 41000 5000 a", "0 41001 5000 a", "1 5000 41001 a"], &[(&[1], Echo::Unanswered), (&[2, 3], Echo::Same)]);
        let crossed = ["0 41000 5000 a", "0 41000 5000 b", "0 5000 41000 b", "0 5000 41000 a"];
        check(&crossed, &[(&[1, 4], Echo::Same), (&[2, 3], Echo::Same)]);
        check(&["0 41000 5000 abc", "0 5000 41000 aBC"], &[(&[1, 2], Echo::Altered(1))]);
        check(&["0 41000 5000 abc", "0 5000 41000 abcd"], &[(&[1, 2], Echo::Altered(3))]);
        check(&["5 5000 41000 a"], &[(&[1], Echo::Unasked)]);
        check(&["- 41000 5000 a", "- 5000 41000 a"], &[(&[1, 2], Echo::Untimed)]);
    }

    #[test]
    fn a_request_that_is_repeated_is_the_one_that_was_answered() {
        check(&["0 41000 5000 a", "5 41000 5000 a", "6 5000 41000 a"], &[(&[1], Echo::Unanswered), (&[2, 3], Echo::Same)]);
        check(&["0 41000 5000 a", "3 5000 41000 a"], &[(&[1, 2], Echo::Late(SignedDuration::from_secs(3)))]);
    }

    #[test]
    fn the_order_of_the_file_is_not_that_of_time() {
        check(&["1 5000 41000 a", "0 41000 5000 a"], &[(&[2, 1], Echo::Same)]);
        check(&["0 5000 41000 a", "1 41000 5000 a"], &[(&[1], Echo::Unasked), (&[2], Echo::Unanswered)]);
        check(&["1 41000 5000 a", "0 5000 41000 a"], &[(&[1, 2], Echo::Backwards)]);
    }

    #[test]
    fn a_reply_may_come_from_elsewhere() {
        let datagrams = capture(&["0 41000 5000 a", "0 5001 41000 a", "0 5001 41000 x"]);
        let found = exchanges(&datagrams, 5000, WITHIN);
        assert!(found.len() == 1 && found[0].answered_elsewhere());
    }
}
