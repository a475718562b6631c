//! The view played as data: pictures and keys in, cells out.

mod cells;
mod keys;

use std::net::SocketAddr;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::capture::Timestamp;
use crate::decode;
use crate::decode::tcp::Flags;
use crate::present::testing::{Octets, frame, opened_and_closed, tcp, udp};
use crate::track::{Limits, Protocol, Socket, SocketTable, Tracker};

const UDP: &str = "127.0.0.1:5000";
const TCP: &str = "127.0.0.1:5001";

/// A handshake.
fn opened(client: &str, server: &str) -> Vec<Octets> {
    let (syn, ack) = (Flags::SYN.0, Flags::ACK.0);
    vec![tcp(client, server, syn, 100, 0), tcp(server, client, syn | ack, 500, 101), tcp(client, server, ack, 101, 501)]
}

/// Two peers of one UDP socket, and a listener with two connected sockets.
fn lecture() -> Vec<Octets> {
    let udp_clients = ["127.0.0.1:49740", "127.0.0.1:49741"];
    let tcp_clients = ["127.0.0.1:41320", "127.0.0.1:41322"];
    let echo = |client: &&str| [udp(client, UDP, 7), udp(UDP, client, 7)];
    udp_clients.iter().flat_map(echo).chain(tcp_clients.iter().flat_map(|client| opened(client, TCP))).collect()
}

/// What is known after these frames; what moved lately depends on the stream's number alone.
fn picture(frames: &[Octets]) -> Picture {
    let mut tracker = Tracker::new(Limits::default());
    for (number, octets) in (1..).zip(frames) {
        tracker.push(&decode::packet(&frame(number, octets)));
    }
    let connections: Vec<_> = tracker.connections().iter().collect();
    let table = SocketTable::infer(&connections, tracker.udp_sockets(), None);
    let flows = Flows {
        connections: connections.iter().map(|connection| (connection.id.number, *connection)).collect(),
        recent: &|flow| moved(flow.number),
        owner: &|protocol, end| (protocol == Protocol::Tcp && end.port() == 5001).then(|| "server (pid 42)".to_owned()),
        shows: &|_: &Socket| true,
    };
    Picture {
        interface: "lo".to_owned(),
        now: Some(Timestamp::new(1_763_622_000, 0)),
        elapsed: SignedDuration::from_secs(42),
        frames: frames.len() as u64,
        recent: moved(9),
        connections: tracker.connections().len() as u64,
        exchanges: tracker.exchanges() as u64,
        families: families(&table, &flows),
        ..Picture::default()
    }
}

/// Waves, higher the higher the number.
fn moved(number: u32) -> Recent {
    let tick = |place: usize| Tick { packets: (place as u32 % 4) * (number + 1), octets: (place as u32 % 4) * (number + 1) * 60 };
    Recent(std::array::from_fn(tick))
}

fn state_of(picture: Picture) -> State {
    let mut state = State::new(false, TimeZone::UTC);
    state.show(picture);
    state
}

fn buffer(state: &mut State, (width, height): (u16, u16)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| state.draw(frame)).unwrap();
    terminal.backend().buffer().clone()
}

/// The lines of a screen of this size, without the space at their ends.
fn screen(state: &mut State, size: (u16, u16)) -> Vec<String> {
    lines(&buffer(state, size))
}

fn lines(buffer: &Buffer) -> Vec<String> {
    let area = buffer.area;
    let line = |y: u16| {
        let (mut text, mut x) = (String::new(), 0);
        while x < area.width {
            let symbol = buffer[(x, y)].symbol();
            text.push_str(symbol);
            x += (symbol.width() as u16).max(1);
        }
        text.trim_end().to_owned()
    };
    (0..area.height).map(line).collect()
}

fn press(state: &mut State, code: KeyCode) -> Option<Order> {
    state.key(KeyEvent::from(code))
}

/// Types a text, and the key that ends it.
fn typed(state: &mut State, text: &str) -> Option<Order> {
    text.chars().for_each(|character| assert!(press(state, KeyCode::Char(character)).is_none()));
    press(state, KeyCode::Enter)
}
