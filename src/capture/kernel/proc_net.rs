//! `/proc/net/tcp`, `tcp6`, `udp` and `udp6`: a line a socket, addresses in hexadecimal.
//!
//! `0: 0100007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 12345 …`: addresses are words of the
//! host's byte order, ports are numbers, queues are sending first.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};

use super::{KernelSocket, KernelState, Transport};
use crate::capture::ByteOrder;

/// What a line says of a socket; the words behind the state are 0 where they are cut off.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ProcRow {
    /// Its own address and port.
    pub local: SocketAddr,
    /// Its peer's; all zero where there is none.
    pub remote: SocketAddr,
    /// Its state.
    pub state: KernelState,
    receive_queue: u32,
    send_queue: u32,
    uid: u32,
    inode: u64,
}

/// A word of a line is not what it ought to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Malformed {
    /// The word at this place, from 0, is no address and port.
    Address(usize),
    /// The word at place 3 is no state.
    State,
}

impl ProcRow {
    /// Reads the words of a line, of a machine with this byte order.
    ///
    /// # Errors
    /// The first word that is not what it ought to be.
    pub fn read(words: &[&str], order: ByteOrder) -> Result<Self, Malformed> {
        let word = |place: usize| words.get(place).copied().unwrap_or_default();
        let end = |place| endpoint(word(place), order).ok_or(Malformed::Address(place));
        let (local, remote) = (end(1)?, end(2)?);
        let code = u8::from_str_radix(word(3), 16).map_err(|_| Malformed::State)?;
        let (send, receive) = word(4).split_once(':').unwrap_or_default();
        let queue = |digits| u32::from_str_radix(digits, 16).unwrap_or(0);
        Ok(Self {
            local,
            remote,
            state: KernelState::from_code(code).ok_or(Malformed::State)?,
            receive_queue: queue(receive),
            send_queue: queue(send),
            uid: word(7).parse().unwrap_or(0),
            inode: word(9).parse().unwrap_or(0),
        })
    }

    /// The socket, of the protocol whose list the line is in.
    pub const fn socket(self, transport: Transport) -> KernelSocket {
        let Self { local, remote, state, receive_queue, send_queue, uid, inode } = self;
        KernelSocket { transport, local, remote, state, receive_queue, send_queue, uid, inode }
    }
}

fn endpoint(word: &str, order: ByteOrder) -> Option<SocketAddr> {
    let (address, port) = word.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let words: Vec<[u8; 4]> = address
        .as_bytes()
        .chunks(8)
        .map(|digits| Some(order.u32_octets(u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?)))
        .collect::<Option<_>>()?;
    let address: IpAddr = match words.as_slice() {
        [word] => (*word).into(),
        [_, _, _, _] => <[u8; 16]>::try_from(words.concat()).ok()?.into(),
        _ => return None,
    };
    Some(SocketAddr::new(address, port))
}

/// The sockets of a whole list; its heading, and what is cut off, is stepped over. A list that changes while it is read
/// may show a socket twice: it counts once.
#[cfg(target_os = "linux")]
pub(super) fn sockets(text: &str, transport: Transport) -> impl Iterator<Item = KernelSocket> {
    let order = if cfg!(target_endian = "big") { ByteOrder::Big } else { ByteOrder::Little };
    let rows = text.lines().skip(1).filter_map(move |line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        ProcRow::read(&words, order).ok()
    });
    let mut seen = HashSet::new();
    rows.filter(move |row| seen.insert((row.local, row.remote, row.inode))).map(move |row| row.socket(transport))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<ProcRow, Malformed> {
        ProcRow::read(&line.split_whitespace().collect::<Vec<_>>(), ByteOrder::Little)
    }

    #[test]
    fn a_line_says_all_of_a_socket() {
        let line = "1: 0100007F:1388 0200007F:9C40 01 00000010:00000005 01:00000014 00000000  1000  0 4711 1 0 20 4 30 10 -1";
        let socket = read(line).unwrap().socket(Transport::Tcp);
        assert_eq!(socket.to_string(), "tcp ESTAB 127.0.0.1:5000 127.0.0.2:40000");
        assert_eq!((socket.send_queue, socket.receive_queue, socket.uid, socket.inode), (16, 5, 1000, 4711));
    }

    #[test]
    fn ipv6_is_four_words() {
        let row = read("0: 00000000000000000000000001000000:1389 0000000000000000FFFF00000100007F:0000 0A").unwrap();
        assert_eq!((row.local.to_string(), row.remote.to_string()), ("[::1]:5001".into(), "[::ffff:127.0.0.1]:0".into()));
    }

    #[test]
    fn what_is_wrong_has_a_place() {
        assert_eq!(read("0: zz:1388 00000000:0000 0A"), Err(Malformed::Address(1)));
        assert_eq!(read("0: 0100007F:1388"), Err(Malformed::Address(2)));
        assert_eq!(read("0: 0100007F:1388 00000000:0000 1F"), Err(Malformed::State));
        assert_eq!(read("0: é00007F:1388 00000000:0000 0A"), Err(Malformed::Address(1)));
    }
}
