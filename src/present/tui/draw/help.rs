//! Which keys there are, in English and Korean.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::paint::{Brush, cut, left};
use super::put;
use crate::present::look::Ink;
use crate::present::tui::state::{Page, State};

/// A key, and what it does in English and Korean.
const KEYS: [(&str, &str, &str); 15] = [
    ("↑ ↓ PgUp PgDn", "go to a row; Home and End too", "줄 이동 (Home, End 가능)"),
    ("Enter", "open a connection or a UDP peer", "연결 또는 UDP 상대 열기"),
    ("Tab", "its ladder, or what was said", "사다리 그림 / 주고받은 내용"),
    ("← →", "move a ladder that is too wide", "넓은 사다리 좌우로 이동"),
    ("Esc", "back to the list", "목록으로 돌아가기"),
    ("/", "filter, in Wireshark's syntax; an empty line ends it", "필터 (Wireshark 문법), 빈 줄이면 해제"),
    ("s", "sort by the next column", "다음 열로 정렬"),
    ("r", "the other way round", "거꾸로 정렬"),
    ("p", "the view stands still, the capture goes on", "화면만 멈춤 (캡처는 계속)"),
    ("Space or m", "mark a row; u unmarks all", "줄 표시, u는 모두 해제"),
    ("w", "write the frames held, of marked rows or all", "표시한(없으면 모든) 프레임을 파일로 저장"),
    ("?", "this page", "이 도움말"),
    ("q or Ctrl-C", "end the capture", "캡처 끝내기"),
    ("", "", ""),
    ("! + ?", "a state is observed, proved, or assumed", "상태의 근거: 관찰됨, 증명됨, 추정"),
];

/// What takes more than a line to say.
const NOTES: [&str; 12] = [
    "?:5000 is bound to port 5000; to which address, or to all, no packet tells.",
    "?:5000: 5000번 포트에 바인드됨. 주소는 패킷만으로 알 수 없음.",
    "One UDP socket serves all its peers. TCP makes a socket for each client.",
    "UDP 소켓 하나가 모든 상대를 맡고, TCP는 클라이언트마다 소켓을 새로 만듦.",
    "A filter shows rows that a selected frame belongs to: of the frames held, and from now on;",
    "one about states or streams, from now on. Rates count selected frames; totals of a row, all.",
    "필터: 선택된 프레임이 속한 줄만 보이고, 속도는 그때부터 선택된 프레임만 셈.",
    "A marked head (LISTEN, UNCONN) stands for all frames of its port.",
    "Without -w, the last 16 MiB of frames are held, each up to 8 KiB of it, and w writes them.",
    "-w 없이는 최근 프레임 16 MiB만 메모리에 있음. w는 그것을 저장함.",
    "Closed sockets stay for five seconds. RTT is the mean of the socket's own segments.",
    "Rates are those of the last second, bars half a second each.",
];

/// The help, as far as there is room.
pub(super) fn draw(state: &mut State, brush: Brush, frame: &mut Frame<'_>, area: Rect) {
    let Some(scroll) = &mut state.help else { return };
    let lines = lines(usize::from(area.width), brush);
    let top = scroll.place(lines.len(), area.height.into());
    for (y, line) in (0..).zip(lines.into_iter().skip(top).take(area.height.into())) {
        put(frame, area, y, line);
    }
}

/// Both languages beside each other, or one below the other where there is no room.
fn lines(width: usize, brush: Brush) -> Vec<Line<'static>> {
    const KEY: usize = 16;
    let line = |key: &str, text: String| {
        let key = Span::styled(format!("  {}", left(key, KEY)), brush.ink(Ink::Strong));
        Line::from(vec![key, Span::raw(cut(&text, width.saturating_sub(KEY + 2)))])
    };
    let mut lines = vec![Line::default()];
    match width {
        100.. => lines.extend(KEYS.iter().map(|(key, english, korean)| line(key, format!("{}{korean}", left(english, 54))))),
        _ => {
            lines.extend(KEYS.iter().map(|(key, english, _)| line(key, (*english).to_owned())));
            lines.push(Line::default());
            lines.extend(KEYS.iter().map(|(key, _, korean)| line(key, (*korean).to_owned())));
        }
    }
    lines.push(Line::default());
    lines.extend(NOTES.iter().map(|note| Line::raw(cut(&format!("  {note}"), width))));
    lines
}

/// The keys of the page that is open.
pub(super) fn hints(state: &State, brush: Brush, width: usize) -> Line<'static> {
    let keys: &[(&str, &str)] = match (&state.help, state.page) {
        (Some(_), _) => &[("Esc", "back"), ("↑↓", "scroll"), ("q", "quit")],
        (None, Page::CloseUp(..)) => {
            &[("Esc", "back"), ("Tab", "ladder/stream"), ("↑↓", "scroll"), ("p", "pause"), ("?", "help"), ("q", "quit")]
        }
        (None, Page::List) => &[
            ("q", "quit"),
            ("?", "help"),
            ("Enter", "open"),
            ("/", "filter"),
            ("s", "sort"),
            ("p", "pause"),
            ("Space", "mark"),
            ("w", "write"),
        ],
    };
    let mut line = Line::default();
    for (key, what) in keys {
        if line.width() + key.len() + what.len() + 4 <= width {
            line.push_span(Span::styled(format!(" {key} "), Brush::cursor()));
            line.push_span(Span::styled(format!("{what} "), brush.ink(Ink::Quiet)));
        }
    }
    line
}
