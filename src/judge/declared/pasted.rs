//! What a system says of its sockets: `ss -tuan`, `netstat -an` of Linux, macOS and Windows, copies of
//! `/proc/net/{tcp,udp}{,6}`.
//!
//! Lines that are no sockets (headings, UNIX sockets, other protocols) are stepped over. None of these lists tells who was bound
//! first, nor SO_REUSEADDR and SO_REUSEPORT.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::TextFault;
use crate::capture::ByteOrder;
use crate::capture::kernel::{KernelState, Malformed, ProcRow};
use crate::track::{Declared, Name, Protocol, Standing};

/// A word of a line, and where it begins in the text.
type Word<'t> = (usize, &'t str);

/// The text looks like such a list.
pub(super) fn is_pasted(text: &str) -> bool {
    text.lines().any(|line| {
        let first = line.split_whitespace().next().unwrap_or_default();
        protocol(first).is_some() || first == "Netid" || is_proc_heading(line)
    })
}

/// The sockets of such a list.
pub(super) fn sockets(text: &str) -> Result<Vec<Declared>, TextFault> {
    let mut sockets = Vec::new();
    let mut names: HashMap<String, u32> = HashMap::new();
    let mut proc = None;
    for line in text.lines() {
        if is_proc_heading(line) {
            proc = Some(if line.contains("drops") { Protocol::Udp } else { Protocol::Tcp });
            continue;
        }
        let words = words(text, line);
        let Some((_, first)) = words.first() else { continue };
        let row = match (protocol(first), proc) {
            (Some(kind), _) => listed(text, &words, kind)?,
            (None, Some(protocol)) if first.ends_with(':') && first.starts_with(|digit: char| digit.is_ascii_digit()) => {
                proc_row(text, &words, protocol)?
            }
            (None, _) => None,
        };
        if let Some(mut row) = row {
            row.name = named(&row, &mut names);
            sockets.push(row);
        }
    }
    Ok(sockets)
}

/// `udp:0.0.0.0:5000`, with the peer if there is one, and a number if the same came before.
fn named(row: &Declared, names: &mut HashMap<String, u32>) -> Name {
    let peer = row.peer.map(|peer| format!(">{peer}")).unwrap_or_default();
    let name = format!("{}:{}{peer}", row.protocol.word(), row.local);
    let count = names.entry(name.clone()).or_default();
    *count += 1;
    if *count > 1 { format!("{name}#{count}").into() } else { name.into() }
}

fn words<'t>(text: &'t str, line: &'t str) -> Vec<Word<'t>> {
    let place = |word: &'t str| (word.as_ptr() as usize - text.as_ptr() as usize, word);
    line.split_whitespace().map(place).collect()
}

/// Which packets a line's sockets take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Kind {
    protocol: Protocol,
    /// The family, where the first word tells.
    family: Family,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Family {
    Untold,
    V4,
    V6,
    Both,
}

/// `tcp`, `udp6`, `tcp46`, `TCP`.
fn protocol(word: &str) -> Option<Kind> {
    let (protocol, family) = word.split_at_checked(3)?;
    let protocol = match protocol {
        word if word.eq_ignore_ascii_case("tcp") => Protocol::Tcp,
        word if word.eq_ignore_ascii_case("udp") => Protocol::Udp,
        _ => return None,
    };
    let family = match family {
        "" => Family::Untold,
        "4" => Family::V4,
        "6" => Family::V6,
        "46" => Family::Both,
        _ => return None,
    };
    Some(Kind { protocol, family })
}

/// A line of `ss` or `netstat`: of its words two are endpoints, and one may be a state.
fn listed(text: &str, words: &[Word<'_>], kind: Kind) -> Result<Option<Declared>, TextFault> {
    // `ss` has the state in the second word, netstat at the end; between stand the octets in queues.
    let after = words.get(1..).unwrap_or_default();
    let ends: Vec<&Word<'_>> = after.iter().filter(|(_, word)| looks_like_endpoint(word)).take(2).collect();
    let end_of_line = words.last().map_or(0, |(at, word)| at + word.len());
    let [local, peer] = ends.as_slice() else {
        return Err(TextFault::at(text, end_of_line, "expected a local and a peer address with ports"));
    };
    let state = after.iter().find_map(|(_, word)| state(word));
    if kind.protocol == Protocol::Tcp && state.is_none() {
        let place = words.get(1).map_or(end_of_line, |(at, _)| *at);
        return Err(TextFault::at(text, place, "expected a state such as LISTEN or ESTAB"));
    }
    let expected = |word: &Word<'_>| TextFault::at(text, word.0, "expected address and port, such as 127.0.0.1:5000");
    let local = endpoint(local.1, kind.family).ok_or_else(|| expected(local))?;
    let peer = endpoint(peer.1, kind.family).ok_or_else(|| expected(peer))?;
    Ok(row(kind.protocol, local, peer.end, state))
}

/// What `ss` and `netstat` call the states that matter; `None` if the word is no state.
fn state(word: &str) -> Option<Option<Standing>> {
    Some(match word.to_ascii_uppercase().replace('_', "-").as_str() {
        "LISTEN" | "LISTENING" | "UNCONN" => Some(Standing::Open),
        "ESTAB" | "ESTABLISHED" | "FIN-WAIT-1" | "FIN-WAIT1" | "FIN-WAIT-2" | "FIN-WAIT2" | "CLOSE-WAIT" | "CLOSING"
        | "LAST-ACK" | "SYN-SENT" | "SYN-RECV" | "SYN-RECEIVED" => Some(Standing::Connected),
        "TIME-WAIT" => Some(Standing::TimeWait),
        "CLOSE" | "CLOSED" | "BOUND" => None,
        _ => return None,
    })
}

/// The socket of a line; `None` if it gets nothing.
fn row(protocol: Protocol, local: Local, peer: SocketAddr, state: Option<Option<Standing>>) -> Option<Declared> {
    if local.end.port() == 0 {
        return None;
    }
    let peer = Some(peer).filter(|peer| peer.port() != 0);
    let standing = match (protocol, state) {
        (Protocol::Udp, _) if peer.is_some() => Standing::Connected,
        (Protocol::Udp, _) => Standing::Open,
        (Protocol::Tcp, state) => state??,
    };
    let peer = peer.filter(|_| standing != Standing::Open);
    let Local { end, only_v6, device } = local;
    Some(Declared {
        name: Name::default(),
        protocol,
        local: end,
        peer,
        standing,
        reuse_addr: false,
        reuse_port: false,
        only_v6,
        device,
        syn_cookies: false,
        shown: None,
    })
}

/// An endpoint as printed, with what its spelling tells of the socket.
struct Local {
    end: SocketAddr,
    only_v6: bool,
    device: Option<String>,
}

fn looks_like_endpoint(word: &str) -> bool {
    word.contains([':', '.', '*'])
}

/// `127.0.0.1:80`, `[::1]:80`, `*:80`, `0.0.0.0%lo:80`, `:::80`; of macOS `127.0.0.1.80`, `*.80`.
fn endpoint(word: &str, family: Family) -> Option<Local> {
    let dotted =
        !word.contains(':') || (word.contains('.') && !word.contains("::ffff:") && word.rsplit_once(':')?.1.contains('.'));
    let (host, port) = word.rsplit_once(if dotted { '.' } else { ':' })?;
    let port = if port == "*" { 0 } else { port.parse().ok()? };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let bracketed = word.starts_with('[');
    let (host, zone) = host.split_once('%').map_or((host, None), |(host, zone)| (host, Some(zone.trim_end_matches(']'))));
    let host = host.trim_end_matches(']');
    let address: IpAddr = match (host, family) {
        ("*", Family::V4) => Ipv4Addr::UNSPECIFIED.into(),
        // `ss` prints `*` for both families; a netstat that says no family means IPv4.
        ("*", Family::Untold) if dotted => Ipv4Addr::UNSPECIFIED.into(),
        ("*", _) => Ipv6Addr::UNSPECIFIED.into(),
        (host, _) => host.parse().ok()?,
    };
    // `ss` prints `[::]` for IPv6 alone and macOS says `6`; netstat of Linux says `tcp6` of both.
    let only_v6 = address == IpAddr::from(Ipv6Addr::UNSPECIFIED)
        && (family == Family::V6 && dotted || family == Family::Untold && bracketed);
    let scoped = matches!(address, IpAddr::V6(address) if address.is_unicast_link_local());
    let device = zone.filter(|_| !scoped).map(str::to_owned);
    Some(Local { end: SocketAddr::new(address, port), only_v6, device })
}

/// The first line of `/proc/net/tcp` and its like.
fn is_proc_heading(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.next() == Some("sl") && words.next() == Some("local_address")
}

/// A line of `/proc/net/tcp` and its like, of a machine that writes the least significant octet first, as nearly all do.
fn proc_row(text: &str, words: &[Word<'_>], protocol: Protocol) -> Result<Option<Declared>, TextFault> {
    let at = |place: usize| words.get(place).or(words.last()).map_or(0, |(at, _)| *at);
    let plain: Vec<&str> = words.iter().map(|(_, word)| *word).collect();
    let row = ProcRow::read(&plain, ByteOrder::Little).map_err(|malformed| match malformed {
        Malformed::Address(place) => {
            TextFault::at(text, at(place), "expected address and port in hexadecimal, such as 0100007F:1388")
        }
        Malformed::State => TextFault::at(text, at(3), "expected a state in hexadecimal, such as 0A"),
    })?;
    let standing = match row.state {
        KernelState::Listen => Some(Standing::Open),
        KernelState::TimeWait => Some(Standing::TimeWait),
        KernelState::Closed => None,
        _ => Some(Standing::Connected),
    };
    Ok(self::row(protocol, Local { end: row.local, only_v6: false, device: None }, row.remote, Some(standing)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, and what is beyond it.
    fn read(text: &str) -> Vec<String> {
        assert!(is_pasted(text), "{text}");
        let shown = |socket: &Declared| {
            let only = if socket.only_v6 { " v6only" } else { "" };
            let device = socket.device.as_ref().map(|device| format!(" on {device}")).unwrap_or_default();
            format!("{} {:?}{only}{device}", socket.name, socket.standing)
        };
        sockets(text).unwrap().iter().map(shown).collect()
    }

    #[test]
    fn ss() {
        let text = "\
Netid State     Recv-Q Send-Q  Local Address:Port   Peer Address:Port Process
udp   UNCONN    0      0             0.0.0.0:5000        0.0.0.0:*
udp   UNCONN    0      0             0.0.0.0:5000        0.0.0.0:*
udp   UNCONN    0      0          0.0.0.0%lo:5001        0.0.0.0:*
udp   ESTAB     0      0           127.0.0.1:5002      127.0.0.1:40000
tcp   LISTEN    0      128                 *:80                *:*
tcp   LISTEN    0      128              [::]:81             [::]:*
tcp   TIME-WAIT 0      0      [::ffff:127.0.0.1]:80 [::ffff:127.0.0.1]:40001
";
        let expected = [
            "udp:0.0.0.0:5000 Open",
            "udp:0.0.0.0:5000#2 Open",
            "udp:0.0.0.0:5001 Open on lo",
            "udp:127.0.0.1:5002>127.0.0.1:40000 Connected",
            "tcp:[::]:80 Open",
            "tcp:[::]:81 Open v6only",
            "tcp:[::ffff:127.0.0.1]:80>[::ffff:127.0.0.1]:40001 TimeWait",
        ];
        assert_eq!(read(text), expected);
    }

    #[test]
    fn netstat_of_three_systems() {
        let linux = "\
Active Internet connections (servers and established)
Proto Recv-Q Send-Q Local Address           Foreign Address         State
tcp        0      0 127.0.0.1:5001          0.0.0.0:*               LISTEN
tcp6       0      0 :::80                   :::*                    LISTEN
udp        0      0 0.0.0.0:68              0.0.0.0:*
Active UNIX domain sockets (servers and established)
unix  2      [ ACC ]     STREAM     LISTENING     1234     /run/x
";
        assert_eq!(read(linux), ["tcp:127.0.0.1:5001 Open", "tcp:[::]:80 Open", "udp:0.0.0.0:68 Open"]);
        let mac = "\
Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)
tcp4       0      0  127.0.0.1.8384         *.*                    LISTEN
tcp6       0      0  *.22                   *.*                    LISTEN
tcp46      0      0  *.80                   *.*                    LISTEN
tcp6       0      0  ::1.631                ::1.50000              ESTABLISHED
udp4       0      0  *.5353                 *.*
";
        let expected = [
            "tcp:127.0.0.1:8384 Open",
            "tcp:[::]:22 Open v6only",
            "tcp:[::]:80 Open",
            "tcp:[::1]:631>[::1]:50000 Connected",
            "udp:0.0.0.0:5353 Open",
        ];
        assert_eq!(read(mac), expected);
        let windows = "
  Proto  Local Address          Foreign Address        State
  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING
  TCP    [::]:135               [::]:0                 LISTENING
  UDP    [fe80::1%12]:1900      *:*
";
        assert_eq!(read(windows), ["tcp:0.0.0.0:135 Open", "tcp:[::]:135 Open v6only", "udp:[fe80::1]:1900 Open"]);
    }

    #[test]
    fn proc() {
        let text = "  \
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1389 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 0100007F:1389 0100007F:A168 01 00000000:00000000 00:00000000 00000000     0        0 2 1
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  10: 00000000000000000000000001000000:1388 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 3 2 0 0
";
        assert_eq!(
            read(text),
            ["tcp:127.0.0.1:5001 Open", "tcp:127.0.0.1:5001>127.0.0.1:41320 Connected", "udp:[::1]:5000 Open"]
        );
    }

    #[test]
    fn faults_have_a_place() {
        let cases = [
            (
                "Netid State\nudp UNCONN 0 0 127.0.0.x:5000 *:*",
                "line 2, column 16: expected address and port, such as 127.0.0.1:5000",
            ),
            ("tcp 0 0 127.0.0.1:80 0.0.0.0:* HEARING", "line 1, column 5: expected a state such as LISTEN or ESTAB"),
            ("udp UNCONN 0 0 127.0.0.1:80", "line 1, column 28: expected a local and a peer address with ports"),
            (
                "  sl  local_address rem_address st\n 0: 0100007F1389 00000000:0000 0A",
                "line 2, column 5: expected address and port in hexadecimal, such as 0100007F:1388",
            ),
        ];
        for (text, expected) in cases {
            assert!(is_pasted(text), "{text}");
            assert_eq!(sockets(text).unwrap_err().to_string(), expected);
        }
    }
}
