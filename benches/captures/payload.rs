//! What flows say: real messages where a protocol is small, one repeated pattern where only size matters.

use crate::flow::Planned;
use crate::rng::Rng;
use crate::side::{Both, Side};

/// What a flow's payload looks like, and so the server's port.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Service {
    /// Records of TLS application data.
    Tls,
    /// Random octets.
    Opaque,
    Http,
    Redis,
    Dns,
    Ntp,
}

impl Service {
    /// Octets of a request and its reply, if all of them are alike.
    pub(crate) fn lengths(self) -> Option<Both<u32>> {
        let (client, server) = match self {
            Self::Tls | Self::Opaque => return None,
            Self::Http => (HTTP.client.len(), HTTP.server.len()),
            Self::Redis => (REDIS.client.len(), REDIS.server.len()),
            Self::Dns => (DNS_QUERY_LENGTH, DNS_QUERY_LENGTH + DNS_ANSWER_LENGTH),
            Self::Ntp => (NTP_LENGTH, NTP_LENGTH),
        };
        Some(Both { client: client as u32, server: server as u32 })
    }
}

const HTTP: Both<&[u8]> = Both { client: b"GET /i HTTP/1.1\r\nHost: a\r\n\r\n", server: b"HTTP/1.1 204 No Content\r\n\r\n" };
const REDIS: Both<&[u8]> = Both { client: b"*1\r\n$4\r\nPING\r\n", server: b"+PONG\r\n" };
const DNS_QUERY_LENGTH: usize = 39;
const DNS_ANSWER_LENGTH: usize = 16;
const NTP_LENGTH: usize = 48;

/// Type 23, version 3.3, then the length of what follows (RFC 8446 §5.1).
const TLS_RECORD_HEADER: [u8; 5] = [0x17, 3, 3, 0x40, 0x11];
const TLS_RECORD_LENGTH: usize = 0x4011;

/// The longest payload of one segment, rounded up: what a pattern holds beyond its first period.
const LONGEST_PAYLOAD: usize = 65_600;

/// Payload of any flow at any offset.
pub(crate) struct Payloads {
    opaque: Pattern,
    tls: Pattern,
}

impl Payloads {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        let opaque = Pattern::new(&random_octets(rng, 65_536));
        let mut record = TLS_RECORD_HEADER.to_vec();
        record.extend(random_octets(rng, TLS_RECORD_LENGTH));
        Self { opaque, tls: Pattern::new(&record) }
    }

    /// Appends the payload of one frame of `service`.
    pub(crate) fn append(&self, service: Service, frame: &Planned, octets: &mut Vec<u8>) {
        if frame.length == 0 {
            return;
        }
        match service {
            Service::Tls => octets.extend_from_slice(self.tls.slice(frame)),
            Service::Opaque => octets.extend_from_slice(self.opaque.slice(frame)),
            Service::Http => octets.extend_from_slice(HTTP[frame.sender]),
            Service::Redis => octets.extend_from_slice(REDIS[frame.sender]),
            Service::Dns => append_dns(frame, octets),
            Service::Ntp => append_ntp(frame, octets),
        }
    }
}

fn random_octets(rng: &mut Rng, count: usize) -> Vec<u8> {
    (0..count).map(|_| rng.next() as u8).collect()
}

/// An endless repetition of one unit.
struct Pattern {
    octets: Vec<u8>,
    period: u64,
}

impl Pattern {
    fn new(unit: &[u8]) -> Self {
        let octets = unit.iter().copied().cycle().take(unit.len() + LONGEST_PAYLOAD).collect();
        Self { octets, period: unit.len() as u64 }
    }

    fn slice(&self, frame: &Planned) -> &[u8] {
        let start = (frame.offset % self.period) as usize;
        &self.octets[start..start + frame.length as usize]
    }
}

/// A query for a name of its own under example.com, or its answer (RFC 1035 §4).
fn append_dns(frame: &Planned, octets: &mut Vec<u8>) {
    let nonce = frame.offset;
    octets.extend((nonce as u16).to_be_bytes());
    octets.extend(match frame.sender {
        Side::Client => [0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0],
        Side::Server => [0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0],
    });
    octets.extend(b"\x09h");
    octets.extend((0..8).map(|digit| b"0123456789abcdef"[(nonce >> (16 + 4 * digit)) as usize & 15]));
    octets.extend(b"\x07example\x03com\0\0\x01\0\x01");
    if frame.sender == Side::Server {
        // The name as a pointer, type A, class IN, 300 s, 4 octets: 198.18.x.y.
        octets.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4]);
        octets.extend([198, 18, (nonce >> 40) as u8, (nonce >> 48) as u8]);
    }
}

/// A client's or a server's message, only the transmit timestamp of it random (RFC 5905 §7.3).
fn append_ntp(frame: &Planned, octets: &mut Vec<u8>) {
    let (mode, stratum) = match frame.sender {
        Side::Client => (0x23, 0),
        Side::Server => (0x24, 2),
    };
    octets.extend([mode, stratum, 6, 0xec]);
    octets.extend([0; 36]);
    octets.extend(frame.offset.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The octets of one frame without a segment.
    fn append(service: Service, sender: Side, length: u32, offset: u64) -> Vec<u8> {
        let frame = Planned { time: 0, sender, length, offset, segment: None };
        let mut octets = Vec::new();
        Payloads::new(&mut Rng::new(1)).append(service, &frame, &mut octets);
        octets
    }

    #[test]
    fn messages_have_the_promised_length() {
        for service in [Service::Http, Service::Redis, Service::Dns, Service::Ntp] {
            let lengths = service.lengths().unwrap();
            for sender in [Side::Client, Side::Server] {
                let octets = append(service, sender, lengths[sender], 0x0123_4567_89ab_cdef);
                assert_eq!(octets.len(), lengths[sender] as usize, "{service:?} {sender:?}");
            }
        }
    }

    #[test]
    fn a_pattern_joins_where_it_repeats() {
        let whole = append(Service::Tls, Side::Client, 40_000, 16_000);
        let tail = append(Service::Tls, Side::Client, 30_000, 26_000);
        assert_eq!(whole[10_000..], tail);
        assert_eq!(whole[406..411], TLS_RECORD_HEADER);
    }
}
