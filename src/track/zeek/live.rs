//! A connection that is not over: what comes to it, which timers ring for it, and the row that it becomes.

use std::net::IpAddr;

use jiff::SignedDuration;

use super::flow::{Alarms, Datagram, Exchange, Flow};
use super::history::History;
use super::load::{ICMP_HEADER_LEN, Load, Way};
use super::ports;
use super::row::{Ending, ZeekConnection};
use super::tcp::{Answer, Arrival, Tcp};
use super::timer::{self, Alarm, Micros};
use crate::decode::tcp::{Flags, Segment};
use crate::decode::{IpProtocol, Transport, udp};

/// A connection that is not over.
#[derive(Debug)]
pub(super) struct Live {
    /// Its number, in the order of first packets.
    pub(super) serial: u64,
    pub(super) flow: Flow,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Tcp(Box<Tcp>),
    /// UDP and ICMP.
    Exchange(Exchange),
}

impl Live {
    pub(super) fn new(serial: u64, way: &Way, load: &Load<'_>) -> Self {
        let mut flow = Flow {
            protocol: way.protocol,
            originator: way.source,
            responder: way.destination,
            start: load.time,
            last: load.time,
            silence: timer::SHORT_SILENCE,
            history: History::default(),
            missed: 0,
            first_frame: load.frame,
            last_frame: load.frame,
        };
        if is_answer(way, &load.transport) {
            flow.swap();
            flow.history.flip();
        }
        let body = match way.protocol {
            IpProtocol::TCP => Body::Tcp(Box::new(Tcp::new())),
            _ => Body::Exchange(Exchange::default()),
        };
        Self { serial, flow, body }
    }

    pub(super) fn is_reused_by(&self, segment: &Segment<'_>) -> bool {
        matches!(&self.body, Body::Tcp(tcp) if tcp.is_reused_by(segment))
    }

    pub(super) fn push(&mut self, way: &Way, load: &Load<'_>, alarms: &mut Alarms) {
        self.flow.last_frame = load.frame;
        let role = self.flow.role_of(way.source);
        match (&mut self.body, &load.transport) {
            (Body::Tcp(tcp), Transport::Tcp(segment)) => {
                let header = usize::from(segment.header_len);
                if (Segment::MIN_HEADER_LEN..=load.ip.payload.len()).contains(&header) {
                    let Load { time, octets, bad_checksum, .. } = *load;
                    tcp.push(&mut self.flow, role, &Arrival { time, segment, octets, bad_checksum }, alarms);
                }
            }
            (Body::Exchange(exchange), _) => exchange.push(&mut self.flow, role, datagram(load)),
            _ => {}
        }
    }

    pub(super) fn ring(&mut self, alarm: Alarm, now: Micros) -> Answer {
        let flow = &self.flow;
        match (alarm, &mut self.body) {
            (Alarm::Silence { limit }, _) if limit != flow.silence => Answer::Nothing,
            (Alarm::Silence { limit }, _) => match flow.last.saturating_add(limit) {
                end if end <= now => Answer::Over(Ending::Silence(SignedDuration::from_micros(limit))),
                end => Answer::Again(end),
            },
            (Alarm::Dns, _) if now.saturating_sub(flow.last) >= timer::DNS_SILENCE => Answer::Over(Ending::Dns),
            (Alarm::Dns, _) => Answer::Again(now.saturating_add(timer::DNS_LOOK)),
            (_, Body::Tcp(tcp)) => tcp.ring(alarm, now, flow.last),
            (_, Body::Exchange(_)) => Answer::Nothing,
        }
    }

    pub(super) fn into_row(self, ending: Ending) -> ZeekConnection {
        let Self { flow, body, .. } = self;
        let (state, (from_originator, from_responder)) = match &body {
            Body::Tcp(tcp) => (tcp.state(flow.history.as_str()), tcp.sent()),
            Body::Exchange(exchange) => (exchange.state(flow.protocol), exchange.sent()),
        };
        let duration = flow.last.saturating_sub(flow.start);
        ZeekConnection {
            uid: String::new(),
            start: timer::timestamp(flow.start),
            protocol: flow.protocol,
            originator: flow.originator,
            responder: flow.responder,
            duration: (duration > 0).then(|| SignedDuration::from_micros(duration)),
            state,
            missed: flow.missed,
            history: flow.history.as_str().to_owned(),
            from_originator,
            from_responder,
            first_frame: flow.first_frame,
            last_frame: flow.last_frame,
            ending,
        }
    }
}

/// By its port the sender of a connection's first packet was the one that was called.
fn is_answer(way: &Way, transport: &Transport<'_>) -> bool {
    let [from, to] = [way.source, way.destination].map(|end| ports::is_likely_server(way.protocol, end.port()));
    let flags = match transport {
        Transport::Tcp(segment) if segment.flags.is_pure_syn() => return false,
        Transport::Tcp(segment) => segment.flags,
        _ => Flags::default(),
    };
    let both = way.protocol == IpProtocol::TCP && !flags.contains(Flags::SYN) && way.source.port() < way.destination.port();
    let broadcast = matches!(way.destination.ip(), IpAddr::V4(address) if address.is_broadcast());
    from && (!to || both) && !broadcast
}

/// A UDP datagram or an ICMP message. Zeek does not count an ICMP message that was cut.
fn datagram(load: &Load<'_>) -> Datagram {
    let (payload, counted) = match &load.transport {
        Transport::Udp(udp::Datagram { bad_length: true, .. }) => (0, true),
        Transport::Udp(datagram) => (datagram.payload_len, true),
        Transport::Icmp(message) => (message.message_len.saturating_sub(ICMP_HEADER_LEN as u32), load.ip.is_whole()),
        _ => (0, true),
    };
    let octets = counted.then_some(load.octets);
    Datagram { time: load.time, payload: payload.into(), octets, bad_checksum: load.bad_checksum }
}
