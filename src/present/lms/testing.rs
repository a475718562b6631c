//! A class to export: one of each kind.

use crate::judge::results::{Checked, Flag, Graded, Results, SCHEMA, Stamp, Status, Student, Visibility};
use crate::judge::{Message, Points};

pub(super) fn class() -> Results {
    let missing =
        Flag { id: "missing".to_owned(), strength: "strong".to_owned(), facts: Vec::new(), innocent: None, with: Vec::new() };
    let results = vec![
        graded("20231234", "홍길동", Some("92.5"), Status::Partial),
        graded("20231301", "김민수", Some("100"), Status::Pass),
        graded("20231302", "김민수", Some("70"), Status::Partial),
        Graded { pending: Points::whole(10), ..graded("20231400", "이영희", Some("60"), Status::Review) },
        Graded { gradable: false, ..graded("20231500", "박철수", None, Status::Ungradable) },
        Graded {
            gradable: false,
            file: None,
            flags: vec![missing],
            ..graded("20231600", "Ada Lovelace", None, Status::Ungradable)
        },
    ];
    let rubric = Stamp { id: "udp-echo".to_owned(), sha256: "ab".to_owned(), ..Stamp::default() };
    Results { schema: SCHEMA, tool: "sockscope 0.1.0".to_owned(), rubric, results }
}

fn graded(id: &str, name: &str, score: Option<&str>, status: Status) -> Graded {
    let lms_id = Some(format!("77{}", &id[5..]));
    Graded {
        student: Student { id: id.to_owned(), name: name.to_owned(), lms_id, ..Student::default() },
        file: Some(format!("{id}.pcapng")),
        capture: None,
        gradable: true,
        status,
        score: score.map(|score| score.parse().unwrap()),
        max: Points::whole(100),
        pending: Points::ZERO,
        checks: vec![
            checked("echo", Status::Partial, "12.5", Visibility::Visible),
            checked("origin", Status::Fail, "0", Visibility::Staff),
        ],
        flags: Vec::new(),
        overrides: Vec::new(),
        notes: Vec::new(),
        late: false,
        submitted: None,
        files: Vec::new(),
        attempts: Vec::new(),
    }
}

fn checked(id: &str, status: Status, points: &str, visibility: Visibility) -> Checked {
    Checked {
        id: id.to_owned(),
        status,
        points: Some(points.parse().unwrap()),
        max: Points::whole(20),
        expected: None,
        found: None,
        frames: vec![3],
        filter: Some("udp.stream eq 1".to_owned()),
        near: Vec::new(),
        blocked_by: None,
        message: Message::new("프레임 3의 답 없음", "no reply to frame 3"),
        title: Some(Message::new("에코", "echo")),
        fix: Some(Message::new("서버를 먼저 켜세요", "start the server first")),
        visibility,
    }
}
