//! Segments that no socket sends, from a raw socket.

use std::net::SocketAddr;

use etherparse::TcpHeader;
use socket2::{Domain, Protocol, Socket, Type};
use sockscope::capture::{self, Next};
use sockscope::decode::{self, Transport};

use super::stage::Stage;
use super::table::End;

/// Sends an end a RST as if from its peer; its sequence number is `beside` past the one that end expects, as the last
/// acknowledgment that it sent shows.
pub fn reset_to(stage: &Stage, end: End, beside: u32) {
    let (victim, sender) = end;
    let expected = last_acknowledgment(stage, end);
    let mut header = TcpHeader::new(sender.port(), victim.port(), expected.wrapping_add(beside), 0);
    header.rst = true;
    header.checksum = checksum(&header, sender, victim);
    let socket = Socket::new(Domain::for_address(victim), Type::RAW, Some(Protocol::TCP)).unwrap();
    socket.bind(&SocketAddr::new(sender.ip(), 0).into()).unwrap();
    socket.send_to(&header.to_bytes(), &SocketAddr::new(victim.ip(), 0).into()).unwrap();
}

fn checksum(header: &TcpHeader, from: SocketAddr, to: SocketAddr) -> u16 {
    match (from, to) {
        (SocketAddr::V4(from), SocketAddr::V4(to)) => header.calc_checksum_ipv4_raw(from.ip().octets(), to.ip().octets(), &[]),
        (SocketAddr::V6(from), SocketAddr::V6(to)) => header.calc_checksum_ipv6_raw(from.ip().octets(), to.ip().octets(), &[]),
        _ => unreachable!("one family"),
    }
    .unwrap()
}

/// The acknowledgment number of the last segment that an end sent, as far as the capture is written.
fn last_acknowledgment(stage: &Stage, (local, peer): End) -> u32 {
    let mut source = capture::open(stage.capture()).unwrap();
    let mut last = None;
    while let Ok(Next::Frame(frame)) = source.next() {
        let packet = decode::packet(&frame);
        let (Some(ip), Some(Transport::Tcp(segment))) = (packet.ip(), packet.transport) else { continue };
        let (from, to) = ip.ends();
        let ends = (SocketAddr::new(from, segment.source_port), SocketAddr::new(to, segment.destination_port));
        if ends == (local, peer) {
            last = Some(segment.acknowledgment.0);
        }
    }
    last.expect("the end has sent something")
}
