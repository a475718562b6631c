//! `sock_diag`: the question that `ss` asks, four times: TCP and UDP, IPv4 and IPv6 (sock_diag(7)).

use std::io;

use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkBuffer, NetlinkMessage, Parseable};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, SOCK_DIAG_BY_FAMILY};
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, InetResponseHeader, SocketId, StateFlags};
use netlink_sys::Socket;
use netlink_sys::protocols::NETLINK_SOCK_DIAG;

use super::{KernelSocket, KernelState, Transport};

/// `NLMSG_ERROR` and `NLMSG_DONE` (netlink(7)).
const ERROR: u16 = 2;
const DONE: u16 = 3;

/// Octets of one answer of the kernel, which makes none larger (`netlink_dump` in `net/netlink/af_netlink.c`).
const ROOM: usize = 32_768;

/// A netlink socket, and room for what it brings.
#[derive(Debug)]
pub(super) struct Diag {
    socket: Socket,
    buffer: Vec<u8>,
}

impl Diag {
    pub(super) fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_SOCK_DIAG)?;
        socket.bind_auto()?;
        Ok(Self { socket, buffer: vec![0; ROOM] })
    }

    /// Adds all TCP and UDP sockets; a kernel without IPv6 has none of that.
    pub(super) fn read(&mut self, sockets: &mut Vec<KernelSocket>) -> io::Result<()> {
        for transport in [Transport::Tcp, Transport::Udp] {
            self.dump(transport, AF_INET, sockets)?;
            match self.dump(transport, AF_INET6, sockets) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn dump(&mut self, transport: Transport, family: u8, sockets: &mut Vec<KernelSocket>) -> io::Result<()> {
        self.socket.send(&request(transport, family), 0)?;
        loop {
            let length = self.socket.recv(&mut self.buffer.as_mut_slice(), 0)?;
            let mut rest = self.buffer.get(..length).unwrap_or_default();
            while !rest.is_empty() {
                let message = NetlinkBuffer::new_checked(rest).map_err(io::Error::other)?;
                match message.message_type() {
                    DONE => return Ok(()),
                    ERROR => return Err(refusal(message.payload())),
                    SOCK_DIAG_BY_FAMILY => sockets.extend(socket(message.payload(), transport)),
                    _ => {}
                }
                rest = rest.get((message.length() as usize).next_multiple_of(4)..).unwrap_or_default();
            }
        }
    }
}

/// The question for all sockets of a protocol and family.
fn request(transport: Transport, family: u8) -> Vec<u8> {
    let question = SockDiagMessage::InetRequest(InetRequest {
        family,
        protocol: transport.number(),
        extensions: ExtensionFlags::empty(),
        states: StateFlags::all(),
        socket_id: if family == AF_INET { SocketId::new_v4() } else { SocketId::new_v6() },
    });
    let mut message = NetlinkMessage::from(question);
    message.header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    message.finalize();
    let mut octets = vec![0; message.buffer_len()];
    message.serialize(&mut octets);
    octets
}

/// The negative `errno` that begins an error message.
fn refusal(payload: &[u8]) -> io::Error {
    let errno = payload.first_chunk().map_or(0, |octets| i32::from_ne_bytes(*octets));
    io::Error::from_raw_os_error(errno.saturating_neg())
}

/// The socket of an answer; `None` if it is in a state that has no name here.
fn socket(payload: &[u8], transport: Transport) -> Option<KernelSocket> {
    let header = InetResponseHeader::parse(payload).ok()?;
    let id = &header.socket_id;
    Some(KernelSocket {
        transport,
        local: (id.source_address, id.source_port).into(),
        remote: (id.destination_address, id.destination_port).into(),
        state: KernelState::from_code(header.state)?,
        receive_queue: header.recv_queue,
        send_queue: header.send_queue,
        uid: header.uid,
        inode: header.inode.into(),
    })
}
