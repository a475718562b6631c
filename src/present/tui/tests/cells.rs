//! What stands on the screen: the cells, at every size.

use std::sync::Arc;

use ratatui::style::Color;

use super::*;
use crate::present::ladder::{Run, Rungs, Step};
use crate::present::words::grouped;
use crate::track::{FlowId, Piece, Protocol, Side};

#[test]
fn one_glance_tells_sockets_from_peers() {
    let expected = "
 lo  10 frames  none lost  00:42               ▁▄▆█▁▄▆█▁▄▆█ 50 pkt/s 3.0k oct/s
 2 TCP connections, 2 UDP exchanges  by first frame
  Socket           Peer            State        Other end     pkt/s  oct/s Past
 UDP 5000: 1 socket, 2 peers
› ?:5000           *               UNCONN +                      15    900 █▁▄▆█
  ├                127.0.0.1:49740                                5    300 █▁▄▆█
  └                127.0.0.1:49741                               10    600 █▁▄▆█
 TCP 5001: 1 listening + 2 connected = 3 sockets, all on port 5001
  ?:5001           *               LISTEN +                      15    900 █▁▄▆█
  ├ 127.0.0.1:5001 127.0.0.1:41320 ESTAB ?      ESTAB +           5    300 █▁▄▆█
  └ 127.0.0.1:5001 127.0.0.1:41322 ESTAB ?      ESTAB +          10    600 █▁▄▆█
 Clients: 4 sockets
  127.0.0.1:49740  127.0.0.1:5000  UNCONN +                       5    300 █▁▄▆█
  127.0.0.1:49741  127.0.0.1:5000  UNCONN +                      10    600 █▁▄▆█
  127.0.0.1:41320  127.0.0.1:5001  ESTAB +      ESTAB ?           5    300 █▁▄▆█
  127.0.0.1:41322  127.0.0.1:5001  ESTAB +      ESTAB ?          10    600 █▁▄▆█
";
    let shown = screen(&mut state_of(picture(&lecture())), (80, 24));
    assert_eq!(shown[..16].join("\n"), expected.trim_matches('\n'), "{}", shown.join("\n"));
    let told = [
        " UNCONN is proved  seen at 127.0.0.1  received 2, sent 2 datagrams",
        " R5: one UDP socket serves all peers of its address and port",
    ];
    assert_eq!(shown[21..23], told);
    assert!(shown[23].starts_with(" q quit  ? help"));
}

#[test]
fn the_readme_shows_this_screen() {
    let shown = screen(&mut state_of(picture(&lecture())), (100, 20)).join("\n");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    assert!(std::fs::read_to_string(path).unwrap().contains(&shown), "README.md does not hold this screen:\n{shown}");
}

#[test]
fn every_size_shows_what_it_has_room_for() {
    let mut state = state_of(picture(&lecture()));
    for page in 0..4 {
        for width in (1..130).chain([200, 500]) {
            for height in [1, 2, 7, 8, 11, 12, 24, 60, 200] {
                let shown = screen(&mut state, (width, height));
                assert!(shown.iter().all(|line| line.width() <= width.into()), "{width}×{height}: {}", shown.join("\n"));
                let is_small = width < 30 || height < 8;
                assert!(width < 15 || shown[0].starts_with("too small") == is_small, "{}", shown.join("\n"));
            }
        }
        let key = [KeyCode::Char('?'), KeyCode::Char('/'), KeyCode::Down][page % 3];
        press(&mut state, KeyCode::Esc);
        press(&mut state, key);
        press(&mut state, if page == 2 { KeyCode::Enter } else { KeyCode::F(9) });
    }
}

#[test]
fn narrow_screens_name_peers_in_place_of_sockets() {
    let shown = screen(&mut state_of(picture(&lecture())), (40, 10));
    let expected = [
        "  Socket            State",
        " UDP 5000: 1 socket, 2 peers",
        "› ?:5000            UNCONN +",
        "  ├ 127.0.0.1:49740",
        "  └ 127.0.0.1:49741",
        " TCP 5001: 1 listening + 2 connected = 3",
        "  ?:5001            LISTEN +",
    ];
    assert_eq!(shown[2..9], expected, "{}", shown.join("\n"));
}

#[test]
fn wide_screens_show_all_columns() {
    let shown = screen(&mut state_of(picture(&lecture())), (200, 60));
    let titles: Vec<&str> = shown[2].split_whitespace().collect();
    assert_eq!(titles, ["Socket", "Peer", "State", "Other", "end", "pkt/s", "oct/s", "RTT", "Retr", "Recent"]);
    assert!(shown[9].contains(" 1 ms ") || shown[9].contains("1.00 ms"), "{}", shown[9]);
    assert!(shown.iter().all(|line| line.width() <= 200));
}

#[test]
fn nothing_is_shown_before_the_first_packet() {
    let shown = screen(&mut state_of(picture(&[])), (80, 24));
    assert!(shown[4].contains("no packets yet") && shown[0].contains("0 frames"), "{}", shown.join("\n"));
    let filtered = Picture { filter: Some(("dns".to_owned(), 0)), ..picture(&[]) };
    let shown = screen(&mut state_of(filtered), (80, 24));
    assert!(shown[4].contains("nothing that the filter selects") && shown[1].contains("filter dns (0 frames)"));
}

#[test]
fn thousands_of_rows_are_paged_through() {
    let clients = (0..3000).map(|number| format!("127.0.{}.{}:40000", number / 250, number % 250 + 1));
    let frames: Vec<Octets> = clients.map(|client| udp(&client, UDP, 1)).collect();
    let mut state = state_of(picture(&frames));
    let in_sight = |state: &mut State, row: &str| {
        let shown = screen(state, (80, 24));
        let cursor: Vec<_> = shown.iter().filter(|line| line.starts_with('›')).collect();
        assert!(cursor.len() == 1 && cursor[0].contains(row), "{row}: {}", shown.join("\n"));
    };
    in_sight(&mut state, "?:5000 ");
    press(&mut state, KeyCode::PageDown);
    in_sight(&mut state, "127.0.0.17:40000");
    press(&mut state, KeyCode::End);
    in_sight(&mut state, "127.0.11.250");
    press(&mut state, KeyCode::PageUp);
    in_sight(&mut state, "127.0.11.");
    press(&mut state, KeyCode::Home);
    in_sight(&mut state, "?:5000 ");
    assert!(screen(&mut state, (80, 24))[3].contains("1 socket, 3000 peers"));
}

#[test]
fn the_cursor_stays_in_sight_while_the_screen_changes_its_size() {
    let mut state = state_of(picture(&lecture()));
    for (number, height) in [24, 9, 8, 60, 8, 12, 30].into_iter().cycle().take(40).enumerate() {
        press(&mut state, if number % 9 < 6 { KeyCode::Down } else { KeyCode::Up });
        let shown = screen(&mut state, (40 + number as u16 * 7 % 100, height));
        assert_eq!(shown.iter().filter(|line| line.starts_with('›')).count(), 1, "{}", shown.join("\n"));
    }
}

#[test]
fn without_colour_no_cell_has_one() {
    let colours = |colour| {
        let mut state = State::new(colour, TimeZone::UTC);
        state.show(Picture { lost: 3, ..picture(&lecture()) });
        press(&mut state, KeyCode::Char('m'));
        let cells = buffer(&mut state, (120, 24)).content;
        cells.iter().filter(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset).count()
    };
    assert_eq!(colours(false), 0);
    assert!(colours(true) > 100);
}

#[test]
fn nothing_steers_the_terminal() {
    let hostile = "\x1b[2Jlo\u{202e}\r\n\u{9b}31m";
    let picture = Picture {
        interface: hostile.to_owned(),
        filter: Some((hostile.to_owned(), 1)),
        close_up: Some(talk(hostile.as_bytes())),
        ..picture(&lecture())
    };
    let mut state = state_of(picture);
    state.say(Note { text: hostile.to_owned(), is_bad: true });
    for code in [KeyCode::F(9), KeyCode::Char('/'), KeyCode::Esc, KeyCode::Down, KeyCode::Enter, KeyCode::Tab] {
        let shown = screen(&mut state, (120, 24)).join("\n");
        assert!(!shown.chars().any(|character| character != '\n' && crate::sanitize::is_harmful(character)), "{shown:?}");
        press(&mut state, code);
    }
    let shown = screen(&mut state, (120, 24)).join("\n");
    assert!(shown.contains("\\x1b[2Jlo\\u{202e}"), "{shown}");
}

/// A stream that is open, in which this was said both ways.
fn talk(text: &[u8]) -> CloseUp {
    let flow = FlowId { protocol: Protocol::Udp, number: 0 };
    let mut rungs = Rungs::new(flow);
    let mut tracker = Tracker::new(Limits::default());
    let mut steps = Vec::new();
    for (number, mut octets) in
        (1..).zip([udp("127.0.0.1:49740", UDP, text.len() as u8), udp(UDP, "127.0.0.1:49740", text.len() as u8)])
    {
        let payload = octets.len() - text.len();
        octets[payload..].copy_from_slice(text);
        let packet = decode::packet(&frame(number, &octets));
        let update = tracker.push(&packet);
        steps.push(Arc::new(Step::Rung(rungs.rung(&packet, &update, "0.000000").unwrap())));
    }
    steps.push(Arc::new(Step::Run(Run { packets: 1234, to_responder: 5, to_initiator: 0 })));
    let piece = |side| Said::Piece(Arc::new(Piece { side, frame: Some(1), octets: text.to_vec(), missing: 0 }));
    let said = vec![piece(Side::Initiator), Said::Skipped(99), piece(Side::Responder)];
    CloseUp { flow, ends: rungs.ends(), steps, said, begins_late: true }
}

#[test]
fn an_open_stream_shows_its_ladder_and_what_was_said() {
    let mut state = state_of(picture(&lecture()));
    press(&mut state, KeyCode::Down);
    assert!(matches!(press(&mut state, KeyCode::Enter), Some(Order::Open(flow)) if flow.to_string() == "udp:0"));
    assert!(screen(&mut state, (80, 24))[3].contains('…'), "it is not there yet");
    state.show(Picture { close_up: Some(talk("안녕, 소켓\n".as_bytes())), ..picture(&lecture()) });
    let shown = screen(&mut state, (80, 24));
    let expected = [
        " udp:0  127.0.0.1:49740 → 127.0.0.1:5000   ladder  stream",
        "  No. Time      │127.0.0.1:49740                               127.0.0.1:5000│",
        "  what came before is no more held",
        "    1 0.000000  │── Len=15 ‘안녕, 소켓’ ────────────────────────────────────▶│",
        "    2 0.000000  │◀──────────────────────────────────── Len=15 ‘안녕, 소켓’ ──│",
        "                │                  … 1,234 more: → 5 octets                  │",
    ];
    assert_eq!(shown[2..8], expected, "{}", shown.join("\n"));
    press(&mut state, KeyCode::Tab);
    let shown = screen(&mut state, (80, 24));
    let said = ["→ initiator", "  안녕, 소켓", "[99 octets came too fast to be shown]", "← responder", "  안녕, 소켓"];
    assert_eq!(shown[4..9], said, "{}", shown.join("\n"));
    assert!(matches!(press(&mut state, KeyCode::Esc), Some(Order::Close)));
    assert!(screen(&mut state, (80, 24))[4].contains("?:5000"));
}

#[test]
fn a_long_ladder_stays_at_its_end_until_the_reader_goes_up() {
    let long = |steps: u64| {
        let run = |packets| Arc::new(Step::Run(Run { packets, to_responder: 0, to_initiator: 0 }));
        let close_up = CloseUp { steps: (1..=steps).map(run).collect(), ..talk(b"x") };
        Picture { close_up: Some(close_up), ..picture(&lecture()) }
    };
    let mut state = state_of(long(500));
    press(&mut state, KeyCode::Down);
    press(&mut state, KeyCode::Enter);
    let shows = |state: &mut State, steps: u64| {
        let shown = screen(state, (80, 24)).join("\n");
        shown.contains(&format!("… {} more", grouped(steps)))
    };
    assert!(shows(&mut state, 500) && !shows(&mut state, 1));
    state.show(long(1000));
    assert!(shows(&mut state, 1000));
    press(&mut state, KeyCode::Up);
    state.show(long(2000));
    assert!(shows(&mut state, 999) && !shows(&mut state, 2000));
    press(&mut state, KeyCode::Home);
    assert!(shows(&mut state, 1));
    press(&mut state, KeyCode::End);
    state.show(long(2001));
    assert!(shows(&mut state, 2001));
}

#[test]
fn closed_sockets_are_shown_and_do_not_count() {
    let shown = screen(&mut state_of(picture(&opened_and_closed())), (80, 24)).join("\n");
    assert!(shown.contains("TCP 80: 1 listening + 0 connected = 1 socket"), "{shown}");
    assert!(shown.contains("└ 10.0.0.2:80") && shown.contains("CLOSED ?"), "{shown}");
}

#[test]
fn who_holds_a_socket_is_told_of_it() {
    let mut state = state_of(picture(&lecture()));
    assert!(!screen(&mut state, (100, 24))[21].contains("held by"));
    (0..3).for_each(|_| assert!(press(&mut state, KeyCode::Down).is_none()));
    let shown = screen(&mut state, (100, 24));
    assert!(shown[21].starts_with(" LISTEN is proved") && shown[21].contains("held by server (pid 42)"), "{}", shown[21]);
}

#[test]
fn what_the_kernel_says_otherwise_is_counted() {
    let shown = screen(&mut state_of(Picture { differences: 2, ..picture(&lecture()) }), (100, 24));
    assert!(shown[0].contains("kernel differs: 2"), "{}", shown[0]);
}

#[test]
fn what_began_before_the_capture_stands_apart() {
    let midstream = opened("127.0.0.1:41320", TCP).split_off(2);
    let shown = screen(&mut state_of(picture(&midstream)), (80, 24)).join("\n");
    assert!(shown.contains("Began before the capture: 2 sockets") && !shown.contains("LISTEN"), "{shown}");
}

#[test]
fn peers_are_found_by_their_own_addresses() {
    let rows = picture(&lecture()).families.into_iter().flat_map(|family| family.rows);
    let mut ids: Vec<RowId> = rows.map(|row| row.id).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), count), (10, 10));
    let client: SocketAddr = "127.0.0.1:49740".parse().unwrap();
    assert!(ids.iter().any(|id| id.port == client.port() && id.address == Some(client.ip())));
}
