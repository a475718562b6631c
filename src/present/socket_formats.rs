//! The socket table as other programs print it: `ss -tuan` and `netstat -an` of Linux.
//!
//! Of a table rebuilt from packets, queues are `?`: packets do not show what waits in a kernel. So are the addresses that
//! unconnected sockets are bound to. The kernel's own table has all of that, and the process behind each socket.

use std::io::{self, Write};

use super::line::Line;
use super::sanitize::sanitize;
use crate::capture::kernel::{KernelSocket, Owner, Owners};
use crate::track::{Protocol, Socket, SocketState};

/// Writes sockets as `ss -tuan` does.
///
/// # Errors
/// What the writer says.
pub fn ss(sockets: &[&Socket], out: &mut impl Write) -> io::Result<()> {
    let rows = sockets.iter().map(|socket| {
        let peer = peer(socket, "0.0.0.0:*", "[::]:*");
        [socket.protocol.word().into(), socket.state.word().into(), "?".into(), "?".into(), socket.local.to_string(), peer]
    });
    let titles = ["Netid", "State", "Recv-Q", "Send-Q", "Local Address:Port", "Peer Address:Port"];
    columns(titles, rows.collect(), out)
}

/// Writes the kernel's own sockets as `ss -tuanp` does.
///
/// # Errors
/// What the writer says.
pub fn kernel(sockets: &[&KernelSocket], owners: &Owners, out: &mut impl Write) -> io::Result<()> {
    let rows = sockets.iter().map(|socket| {
        let any = if socket.local.is_ipv6() { "[::]:*" } else { "0.0.0.0:*" };
        [
            socket.transport.word().into(),
            socket.state.word(socket.transport).into(),
            socket.receive_queue.to_string(),
            socket.send_queue.to_string(),
            socket.local.to_string(),
            socket.peer().map_or_else(|| any.to_owned(), |_| socket.remote.to_string()),
            owners.of(socket).map(process).unwrap_or_default(),
        ]
    });
    let titles = ["Netid", "State", "Recv-Q", "Send-Q", "Local Address:Port", "Peer Address:Port", "Process"];
    columns(titles, rows.collect(), out)
}

/// `users:(("python3",pid=4711,fd=3))`; a process may call itself anything.
fn process(Owner { pid, fd, name }: &Owner) -> String {
    format!("users:((\"{}\",pid={pid},fd={fd}))", sanitize(name))
}

/// Writes sockets as `netstat -an` does.
///
/// # Errors
/// What the writer says.
pub fn netstat(sockets: &[&Socket], out: &mut impl Write) -> io::Result<()> {
    let rows = sockets.iter().map(|socket| {
        let six = if is_v6(socket) { "6" } else { "" };
        let peer = peer(socket, "0.0.0.0:*", ":::*");
        let protocol = format!("{}{six}", socket.protocol.word());
        [protocol, "?".into(), "?".into(), socket.local.to_string(), peer, netstat_state(socket).into()]
    });
    columns(["Proto", "Recv-Q", "Send-Q", "Local Address", "Foreign Address", "State"], rows.collect(), out)
}

fn peer(socket: &Socket, any4: &str, any6: &str) -> String {
    let any = if is_v6(socket) { any6 } else { any4 };
    socket.peer.map_or_else(|| any.to_owned(), |peer| peer.to_string())
}

fn is_v6(socket: &Socket) -> bool {
    socket.local.address.into_iter().chain(socket.local.seen_at.iter().copied()).any(|address| address.is_ipv6())
}

/// The state in netstat's spelling; it has none for UDP.
const fn netstat_state(socket: &Socket) -> &'static str {
    if matches!(socket.protocol, Protocol::Udp) {
        return "";
    }
    match socket.state {
        SocketState::Listen => "LISTEN",
        SocketState::SynSent => "SYN_SENT",
        SocketState::SynRecv => "SYN_RECV",
        SocketState::Estab => "ESTABLISHED",
        SocketState::FinWait1 => "FIN_WAIT1",
        SocketState::FinWait2 => "FIN_WAIT2",
        SocketState::CloseWait => "CLOSE_WAIT",
        SocketState::Closing => "CLOSING",
        SocketState::LastAck => "LAST_ACK",
        SocketState::TimeWait => "TIME_WAIT",
        SocketState::Closed => "CLOSE",
        SocketState::Unconn => "",
    }
}

/// Lines of left-aligned cells, each column as wide as its widest.
fn columns<const N: usize>(titles: [&str; N], rows: Vec<[String; N]>, out: &mut impl Write) -> io::Result<()> {
    let titles = titles.map(str::to_owned);
    let widths: [usize; N] = std::array::from_fn(|column| {
        [&titles].into_iter().chain(&rows).map(|cells| cells[column].chars().count()).max().unwrap_or(0)
    });
    let mut line = Line::new();
    for cells in [titles].iter().chain(&rows) {
        for (cell, width) in cells.iter().zip(widths) {
            line.left(cell, width);
        }
        line.end(out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::present::testing::{opened_and_closed, trace, written};

    #[test]
    fn rows_read_as_those_of_the_programs() {
        let trace = trace(&opened_and_closed());
        let sockets: Vec<&Socket> = trace.sockets.sockets.iter().collect();
        let words =
            |text: String| text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>();
        let ss = words(written(|out| ss(&sockets, out)));
        assert_eq!(ss[1], "tcp LISTEN ? ? ?:80 0.0.0.0:*");
        assert!(ss.contains(&"tcp TIME-WAIT ? ? 10.0.0.1:40000 10.0.0.2:80".to_owned()), "{ss:?}");
        let netstat = words(written(|out| netstat(&sockets, out)));
        assert_eq!(netstat[1], "tcp ? ? ?:80 0.0.0.0:* LISTEN");
        assert!(netstat.contains(&"tcp ? ? 10.0.0.1:40000 10.0.0.2:80 TIME_WAIT".to_owned()), "{netstat:?}");
    }
}
