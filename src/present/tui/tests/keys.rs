//! What keys do to the view.

use super::*;
use crate::track::{FlowId, Protocol};

fn listed(state: &mut State) -> Vec<String> {
    screen(state, (80, 24))
}

#[test]
fn rows_are_sorted_within_their_families_and_families_by_their_heads() {
    let mut state = state_of(picture(&lecture()));
    let order = |state: &mut State| {
        let shown = listed(state);
        let lines = shown[3..16].iter().filter(|line| line.contains('├') || line.contains("→") || line.starts_with(" TCP"));
        lines
            .map(|line| line.split_whitespace().find(|word| word.contains("127.0.0.1:4") || *word == "TCP").unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(order(&mut state), ["127.0.0.1:49740", "TCP", "127.0.0.1:41320"]);
    press(&mut state, KeyCode::Char('s'));
    assert!(listed(&mut state)[1].contains("by packets/s") && listed(&mut state)[2].contains("pkt/s▾"));
    assert_eq!(order(&mut state), ["127.0.0.1:49741", "TCP", "127.0.0.1:41322"]);
    press(&mut state, KeyCode::Char('r'));
    assert!(listed(&mut state)[1].contains("by packets/s reversed") && listed(&mut state)[2].contains("pkt/s▴"));
    assert_eq!(order(&mut state), ["127.0.0.1:49740", "TCP", "127.0.0.1:41320"]);
    for word in ["octets/s", "RTT", "retransmissions", "peer", "first frame"] {
        press(&mut state, KeyCode::Char('s'));
        assert!(listed(&mut state)[1].contains(&format!("by {word}")));
    }
    assert_eq!(order(&mut state)[..2], ["TCP", "127.0.0.1:41322"], "the youngest first");
}

#[test]
fn a_paused_view_stands_still_and_counts() {
    let mut state = state_of(picture(&lecture()));
    press(&mut state, KeyCode::Char('p'));
    let before = listed(&mut state);
    state.show(Picture { frames: 1010, ..picture(&opened_and_closed()) });
    let after = listed(&mut state);
    assert!(after[1].contains("PAUSED, 1,000 more frames"), "{}", after[1]);
    assert_eq!((&before[0], &before[2..]), (&after[0], &after[2..]));
    press(&mut state, KeyCode::Char('p'));
    state.show(picture(&opened_and_closed()));
    assert!(listed(&mut state)[3].contains("TCP 80"));
}

#[test]
fn the_cursor_goes_with_its_row() {
    let mut state = state_of(picture(&lecture()));
    let cursor = |state: &mut State| listed(state).into_iter().find(|line| line.starts_with('›')).unwrap();
    (0..4).for_each(|_| drop(press(&mut state, KeyCode::Down)));
    assert!(cursor(&mut state).contains("├ 127.0.0.1:5001 127.0.0.1:41320"));
    press(&mut state, KeyCode::Char('s'));
    assert!(cursor(&mut state).contains("127.0.0.1:41320"), "sorting leaves it on its row");
    state.show(picture(&lecture()[..4]));
    assert!(cursor(&mut state).contains("127.0.0.1"), "where the row is gone, the nearest one");
    state.show(picture(&[]));
    assert!(!listed(&mut state).iter().any(|line| line.starts_with('›')));
}

#[test]
fn a_head_with_several_members_is_not_opened() {
    let mut state = state_of(picture(&lecture()));
    assert!(press(&mut state, KeyCode::Enter).is_none());
    assert!(listed(&mut state)[23].contains("go to one of those below"));
    let mut state = state_of(picture(&lecture()[..2]));
    assert!(matches!(press(&mut state, KeyCode::Enter), Some(Order::Open(flow)) if flow.to_string() == "udp:0"));
}

#[test]
fn a_filter_is_compiled_before_it_is_taken() {
    let mut state = state_of(picture(&lecture()));
    press(&mut state, KeyCode::Char('/'));
    assert!(typed(&mut state, "tcp.port == x").is_none());
    let shown = listed(&mut state);
    assert!(shown[22].starts_with(" column 13: ") && shown[23].starts_with(" filter: tcp.port == x"), "{}", shown.join("\n"));
    press(&mut state, KeyCode::Backspace);
    let Some(Order::Filter(Some(filter))) = typed(&mut state, "5001") else { panic!("no filter") };
    assert_eq!(filter.text(), "tcp.port == 5001");
    press(&mut state, KeyCode::Char('/'));
    assert!(typed(&mut state, "sock.state == \"LISTEN\"").is_none());
    assert!(listed(&mut state)[22].contains("is no field of frames"));
    press(&mut state, KeyCode::Esc);
    state.show(Picture { filter: Some(("udp".to_owned(), 4)), ..picture(&lecture()) });
    press(&mut state, KeyCode::Char('/'));
    assert!(listed(&mut state)[23].starts_with(" filter: udp"), "the one there is can be changed");
    state.key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL));
    assert!(matches!(press(&mut state, KeyCode::Enter), Some(Order::Filter(None))));
}

#[test]
fn marked_rows_are_written_alone() {
    let mut state = state_of(picture(&lecture()));
    state.show(Picture { held: Held { frames: 1234, first: Some(99) }, ..picture(&lecture()) });
    press(&mut state, KeyCode::Char('w'));
    assert!(listed(&mut state)[22].starts_with(" 1,234 frames held, from frame 99 on"));
    let Some(Order::Write(all)) = press(&mut state, KeyCode::Enter) else { panic!("nothing to write") };
    assert_eq!((all.path.as_str(), all.wanted.is_all()), ("sockscope-20251120-070000.pcapng", true));
    // The head of the UDP socket, and its second peer.
    for code in [' ', 'j', 'm'] {
        press(&mut state, KeyCode::Char(code));
    }
    assert!(listed(&mut state)[1].contains("● 2 marked") && listed(&mut state)[4].starts_with(" ●?:5000"));
    press(&mut state, KeyCode::Char('w'));
    let Some(Order::Write(order)) = press(&mut state, KeyCode::Enter) else { panic!("nothing to write") };
    assert!(order.wanted.ports.iter().eq([&(Protocol::Udp, 5000)]));
    assert!(order.wanted.flows.iter().eq([&FlowId { protocol: Protocol::Udp, number: 1 }]));
    press(&mut state, KeyCode::Char('u'));
    assert!(!listed(&mut state)[1].contains("marked"));
}

#[test]
fn what_is_on_disk_already_is_not_written_again() {
    let mut state = state_of(Picture { file: Some("lab.pcapng".to_owned()), ..picture(&lecture()) });
    assert!(press(&mut state, KeyCode::Char('w')).is_none());
    assert!(listed(&mut state)[23].contains("lab.pcapng already"));
    press(&mut state, KeyCode::Char('m'));
    press(&mut state, KeyCode::Char('w'));
    assert!(listed(&mut state)[23].starts_with(" write to:"));
    state.key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL));
    assert!(press(&mut state, KeyCode::Enter).is_none(), "no name, no file");
}

#[test]
fn two_keys_end_it_everywhere() {
    let mut state = state_of(picture(&lecture()));
    let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    for code in [KeyCode::F(9), KeyCode::Char('?'), KeyCode::Esc, KeyCode::Down, KeyCode::Enter] {
        press(&mut state, code);
        assert!(matches!(press(&mut state, KeyCode::Char('q')), Some(Order::Quit)), "{code:?}");
        assert!(matches!(state.key(control_c), Some(Order::Quit)));
    }
    press(&mut state, KeyCode::Esc);
    press(&mut state, KeyCode::Char('/'));
    assert!(press(&mut state, KeyCode::Char('q')).is_none(), "a letter of the filter");
    assert!(matches!(state.key(control_c), Some(Order::Quit)));
}

#[test]
fn help_is_in_two_languages_and_can_be_scrolled() {
    let mut state = state_of(picture(&lecture()));
    press(&mut state, KeyCode::Char('?'));
    let wide = screen(&mut state, (120, 50)).join("\n");
    assert!(wide.contains("mark a row; u unmarks all") && wide.contains("줄 표시, u는 모두 해제"), "{wide}");
    let top = listed(&mut state);
    assert!(!top.join("\n").contains("half a second each"));
    press(&mut state, KeyCode::End);
    assert!(listed(&mut state).join("\n").contains("half a second each"));
    press(&mut state, KeyCode::Home);
    assert_eq!(listed(&mut state), top);
}

/// A thousand keys in an order that a number decides, on screens and pictures of all kinds.
#[test]
fn no_key_in_any_order_spoils_the_view() {
    let pictures = [picture(&lecture()), picture(&[]), picture(&opened_and_closed()), picture(&lecture()[..3])];
    let keys: Vec<KeyCode> = "jkgGsrmupw/?q5= x"
        .chars()
        .map(KeyCode::Char)
        .chain([
            KeyCode::Enter,
            KeyCode::Esc,
            KeyCode::Tab,
            KeyCode::Backspace,
            KeyCode::PageDown,
            KeyCode::PageUp,
            KeyCode::Home,
            KeyCode::End,
            KeyCode::Left,
            KeyCode::Right,
            KeyCode::Delete,
        ])
        .collect();
    let mut state = state_of(pictures[0].clone());
    let mut number = 1_u64;
    for _ in 0..1000 {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let pick = |below: usize| (number >> 33) as usize % below;
        press(&mut state, keys[pick(keys.len())]);
        if pick(5) == 0 {
            state.show(pictures[pick(pictures.len())].clone());
        }
        let size = (20 + pick(120) as u16, 5 + pick(40) as u16);
        let shown = screen(&mut state, size);
        assert!(shown.iter().all(|line| line.width() <= size.0.into()));
    }
}
