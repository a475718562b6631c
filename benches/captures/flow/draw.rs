//! Draws a flow: who, what, how far away, how much, and how it ends.
//!
//! Each flow has random numbers of its own, from the seed and its number,
//! so a change in one flow leaves all others as they were.
//! The order of draws in this file is the order in the capture's definition: keep it.

use std::collections::VecDeque;

use super::{Address, End, Fate, Flow, Phase, Tally, Transport, Tuple};
use crate::payload::Service;
use crate::plan::{Plan, Profile};
use crate::rng::Rng;
use crate::side::{Both, Side};
use crate::time::{MICROSECOND, MILLISECOND, Nanoseconds};

/// When a flow begins, and the number it has among those of its capture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Birth {
    pub(crate) number: u64,
    pub(crate) time: Nanoseconds,
    /// The ports of an earlier connection, used again.
    pub(crate) reused: Option<Tuple>,
}

const MIDSTREAM: f64 = 0.02;
const TIMESTAMPS: f64 = 0.7;
const SACK: f64 = 0.9;
const DOWNLOAD: f64 = 0.7;

const EPHEMERAL_PORTS: u16 = 32_768;
const OPAQUE_PORTS: u16 = 20_000;

/// 127.0.0.1.
const LOOPBACK: u32 = 0x7f00_0001;
/// 10.0.1.0.
const CLIENTS: u32 = 0x0a00_0100;
/// 198.18.0.0, for benchmarks (RFC 2544).
const SERVERS: u32 = 0xc612_0000;

/// Draws one flow.
pub(crate) fn draw(plan: &Plan, birth: Birth) -> Flow {
    let mut rng = Rng::new(plan.seed ^ birth.number.wrapping_mul(0xD1B5_4A32_D192_ED03));
    let transport = if birth.reused.is_some() || rng.chance(plan.tcp_share) { Transport::Tcp } else { Transport::Udp };
    let drawn = draw_tuple(plan, transport, birth.number, &mut rng);
    let tuple = birth.reused.unwrap_or(drawn);
    let (fate, midstream) = match transport {
        Transport::Tcp => draw_fate(plan, &mut rng),
        Transport::Udp => (Fate::Closed, false),
    };
    let timestamps = rng.chance(TIMESTAMPS);
    let sack = rng.chance(SACK);
    let delays = draw_delays(plan, &mut rng);
    let amount = draw_amount(plan, transport, &mut rng);
    let gap = if plan.is_loopback() { 15 * MICROSECOND } else { (12 + rng.between(0, 20)) * MICROSECOND };
    let ends = draw_ends(delays, &mut rng);
    let (window, window_limit) = if plan.is_loopback() { (4, 16) } else { (10, 1 << rng.between(5, 8)) };
    let uploader = if rng.chance(DOWNLOAD) { Side::Server } else { Side::Client };

    Flow {
        tuple,
        transport,
        fate,
        midstream,
        timestamps,
        sack,
        mss: segment_size(plan, tuple.v6, timestamps),
        ends,
        tallies: Both { client: Tally::default(), server: Tally::default() },
        syn_retransmissions: 0,
        handshake: None,
        first: 0,
        last: 0,
        rng,
        phase: Phase::Opening,
        now: birth.time,
        gap,
        window,
        window_limit,
        uploader,
        octets_left: amount.octets,
        exchanges_left: amount.exchanges,
        pause: amount.pause,
        queue: VecDeque::new(),
    }
}

fn draw_tuple(plan: &Plan, transport: Transport, number: u64, rng: &mut Rng) -> Tuple {
    let v6 = rng.chance(plan.v6_share);
    let service = draw_service(plan.profile, transport, rng);
    // 28 bits that no other flow has, below 2^28 flows, as the factor is odd.
    let mark = number.wrapping_mul(0x9E37_79B1) & ((1 << 28) - 1);
    let addresses = if plan.is_loopback() { loopback_addresses(service, mark) } else { network_addresses(service, mark, rng) };
    Tuple { addresses, v6, service }
}

fn draw_service(profile: Profile, transport: Transport, rng: &mut Rng) -> Service {
    use Service::{Dns, Http, Ntp, Opaque, Redis, Tls};
    match (transport, profile) {
        (Transport::Udp, _) => [Dns, Dns, Ntp, Opaque][rng.between(0, 3) as usize],
        (_, Profile::Small | Profile::Many) => [Http, Redis, Opaque][rng.between(0, 2) as usize],
        (_, Profile::Bulk) if rng.chance(0.7) => Tls,
        (_, Profile::Lab) if rng.chance(0.3) => Tls,
        _ => Opaque,
    }
}

/// The mark goes into both ports: 15 bits, then 12.
fn loopback_addresses(service: Service, mark: u64) -> Both<Address> {
    let server_port = match service {
        Service::Tls => 8443,
        _ => OPAQUE_PORTS + ((mark >> 15) & 0xfff) as u16,
    };
    Both {
        client: Address { host: LOOPBACK, port: EPHEMERAL_PORTS + (mark & 0x7fff) as u16 },
        server: Address { host: LOOPBACK, port: server_port },
    }
}

/// The mark goes into the client's address, 13 bits, and port, 15 bits.
///
/// One bit of the address falls on one of the network's, so now and then two flows share an address
/// and port; their servers nearly always differ.
fn network_addresses(service: Service, mark: u64, rng: &mut Rng) -> Both<Address> {
    let client = Address { host: CLIENTS | ((mark & 0x1fff) as u32) << 3, port: EPHEMERAL_PORTS + (mark >> 13) as u16 };
    let host = SERVERS | rng.between(1, 4_000) as u32;
    let port = match service {
        Service::Tls => 443,
        Service::Http => 80,
        Service::Redis => 6379,
        Service::Dns => 53,
        Service::Ntp => 123,
        Service::Opaque => OPAQUE_PORTS + rng.between(0, 15) as u16,
    };
    Both { client, server: Address { host, port } }
}

/// How the connection goes, and whether the capture begins in its middle.
fn draw_fate(plan: &Plan, rng: &mut Rng) -> (Fate, bool) {
    let share = rng.unit() / plan.anomalies.max(1e-9);
    let fate = match share {
        ..0.01 => Fate::Refused,
        ..0.015 => Fate::Unanswered,
        ..0.055 => Fate::Reset,
        ..0.075 => Fate::Abandoned,
        _ => Fate::Closed,
    };
    (fate, fate.connects() && rng.chance(MIDSTREAM * plan.anomalies))
}

/// A round trip, of which the client has half at most: captures are taken near clients.
fn draw_delays(plan: &Plan, rng: &mut Rng) -> Both<Nanoseconds> {
    let milliseconds =
        if plan.is_loopback() { rng.log_normal(0.05, 0.5).max(0.02) } else { rng.log_normal(20.0, 1.2).clamp(0.2, 400.0) };
    let round_trip = milliseconds * MILLISECOND as f64;
    let client_share = rng.unit() * 0.5;
    let delay = |share: f64| (round_trip * share) as u64 + 5 * MICROSECOND;
    Both { client: delay(client_share), server: delay(1.0 - client_share) }
}

/// How much a flow has to say.
struct Amount {
    /// Of one transfer.
    octets: u64,
    exchanges: u64,
    /// Mean pause between exchanges, in nanoseconds.
    pause: f64,
}

fn draw_amount(plan: &Plan, transport: Transport, rng: &mut Rng) -> Amount {
    match (plan.profile, transport) {
        (Profile::Bulk | Profile::Lab, Transport::Tcp) => {
            let mean = plan.payload as f64 / plan.flows as f64 / plan.tcp_share.max(0.01);
            Amount { octets: at_least_one(rng.log_normal(mean, 1.2)), exchanges: 0, pause: 0.0 }
        }
        (Profile::Small, _) => {
            let frames = plan.packets as f64 / plan.flows as f64;
            let mean = match transport {
                // Handshake and close; then request, reply, and every other time an ACK.
                Transport::Tcp => (frames - 6.5) / 2.5,
                Transport::Udp => frames / 2.0,
            };
            let exchanges = at_least_one(rng.log_normal(mean, 0.8));
            let pause = plan.duration as f64 * 0.25 / exchanges as f64;
            Amount { octets: 0, exchanges, pause }
        }
        _ => {
            let more = if rng.chance(0.1) { rng.between(1, 3) } else { 0 };
            Amount { octets: 0, exchanges: 1 + more, pause: 20.0 * MILLISECOND as f64 }
        }
    }
}

fn at_least_one(amount: f64) -> u64 {
    amount.round().max(1.0) as u64
}

fn draw_ends(delays: Both<Nanoseconds>, rng: &mut Rng) -> Both<End> {
    let mut pair = || Both { client: rng.next() as u32, server: rng.next() as u32 };
    let (sequences, clocks, identifications) = (pair(), pair(), pair());
    let end = |side: Side| End {
        delay: delays[side],
        initial_sequence: sequences[side],
        next: 1,
        clock: clocks[side],
        last_timestamp: 0,
        identification: identifications[side] as u16,
    };
    Both { client: end(Side::Client), server: end(Side::Server) }
}

/// Octets of payload that fit in a frame beside the headers.
fn segment_size(plan: &Plan, v6: bool, timestamps: bool) -> u32 {
    let without_options = match (plan.is_loopback(), v6) {
        (true, false) => 65_495,
        (true, true) => 65_475,
        (false, false) => 1_460,
        (false, true) => 1_440,
    };
    without_options - if timestamps { 12 } else { 0 }
}
