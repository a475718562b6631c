//! From rulings to a row of the results.

use std::collections::BTreeMap;

use crate::capture::{Error, Foreign};
use crate::judge::checks::{self, Bench, Ruling};
use crate::judge::hand_in::{Handed, Who};
use crate::judge::record::{Record, UdpLab};
use crate::judge::results::{CaptureStamp, Checked, Flag, Graded, Student};
use crate::judge::rubric::{Check, Kind, Rubric};
use crate::judge::template::filled;
use crate::judge::{Message, Points, Status};
use crate::sanitize::sanitize;
use crate::track::{Connection, Protocol};

/// Grades a capture by a rubric.
pub fn grade(rubric: &Rubric, record: &Record, who: &Who<'_>, handed: &Handed) -> Graded {
    let port = rubric.server_port();
    let udp = UdpLab::find(record, port);
    // Of a connection that began before the capture, who opened it is a guess.
    let serves = |connection: &&Connection| {
        connection.responder.port() == port || connection.midstream() && connection.initiator.port() == port
    };
    let tcp: Vec<_> = record.trace.connections.iter().filter(serves).collect();
    let bench = Bench { rubric, record, who, handed, udp: &udp, tcp: &tcp, port, protocol: protocol(rubric) };
    let mut statuses: BTreeMap<&str, Status> = BTreeMap::new();
    let mut notes = Vec::new();
    let mut checks = Vec::new();
    for check in &rubric.checks {
        let (checked, stands_in_the_way) = match blocking(check, &statuses, &checks) {
            Some(root) => (blocked(rubric, check, root), true),
            None => {
                let ruling = checks::judge(&bench, check);
                notes.extend(ruling.notes.iter().cloned());
                let blocks = !ruling.blocks_nothing;
                (checked(check, ruling), blocks)
            }
        };
        if stands_in_the_way {
            statuses.insert(&check.id, checked.status);
        }
        checks.push(checked);
    }
    notes.extend(asides(&bench));
    let mut graded = Graded {
        capture: Some(stamp(record)),
        file: Some(record.name.clone()),
        gradable: true,
        checks,
        notes,
        flags: cut(record).into_iter().collect(),
        ..nobody(who)
    };
    graded.total(rubric);
    graded.sanitise();
    graded
}

/// A row for what cannot be graded: the first check says why, the others wait for it.
pub fn unreadable(rubric: &Rubric, name: Option<&str>, why: Message, who: &Who<'_>) -> Graded {
    let root = rubric.checks.first().map(|check| check.id.clone()).unwrap_or_default();
    let row = |(place, check): (usize, &Check)| match place {
        0 => Checked { status: Status::Ungradable, points: None, message: why.clone(), ..blocked(rubric, check, &root) }
            .unblocked(),
        _ => Checked { points: None, ..blocked(rubric, check, &root) },
    };
    let checks = rubric.checks.iter().enumerate().map(row).collect();
    let zero = rubric.ungradable_is_zero.then_some(Points::ZERO);
    let mut graded = Graded {
        file: name.map(str::to_owned),
        gradable: false,
        status: Status::Ungradable,
        score: zero,
        max: rubric.total,
        checks,
        notes: vec![why],
        ..nobody(who)
    };
    graded.sanitise();
    graded
}

/// What a file is that is no capture, as a student is told.
pub fn why_unreadable(error: &Error) -> Message {
    let Error::NotACapture { foreign, reason, .. } = error else {
        return Message::new(format!("파일을 열 수 없음: {error}"), format!("The file cannot be opened: {error}"));
    };
    match foreign {
        Foreign::Empty => Message::new(
            "파일이 비어 있음(0바이트). 저장이 끝나기 전에 올렸을 수 있음.",
            "The file is empty (0 octets): it may have been handed in before it was saved.",
        ),
        Foreign::Picture => Message::new(
            "그림 파일임. Wireshark의 File > Save As에서 .pcapng로 저장한 파일을 제출.",
            "This is a picture. Hand in the packets themselves: File > Save As in Wireshark, type pcapng.",
        ),
        Foreign::Text => Message::new(
            "패킷 목록을 글자로 내보낸 파일. File > Save As에서 .pcapng로 저장할 것.",
            "This is text, such as an exported list of packets. Use File > Save As in Wireshark, type pcapng.",
        ),
        Foreign::Capture(name) => Message::new(
            format!("지원하지 않는 형식 {name}: Wireshark로 열어 pcapng로 저장할 것."),
            format!("The format is not supported ({name}): open it in Wireshark and save it as pcapng."),
        ),
        Foreign::Archive => Message::new(
            "압축 파일 안에 압축 파일이 있음: 캡처 파일만 제출할 것.",
            "This is an archive: hand in the capture that is inside.",
        ),
        Foreign::Remnant | Foreign::Unknown => {
            Message::new(format!("캡처 파일이 아님: {reason}"), format!("This is no capture: {reason}"))
        }
    }
}

fn nobody(who: &Who<'_>) -> Graded {
    Graded {
        student: Student {
            id: who.id.clone().unwrap_or_default(),
            name: who.name.clone().unwrap_or_default(),
            matched_by: None,
            department: who.department.clone(),
            ..Student::default()
        },
        file: None,
        capture: None,
        gradable: false,
        status: Status::Fail,
        score: None,
        max: Points::ZERO,
        pending: Points::ZERO,
        checks: Vec::new(),
        flags: Vec::new(),
        overrides: Vec::new(),
        notes: Vec::new(),
        late: false,
        submitted: None,
        files: Vec::new(),
        attempts: Vec::new(),
    }
}

/// A lab that asks for UDP somewhere is one of UDP.
fn protocol(rubric: &Rubric) -> Protocol {
    let udp = |check: &Check| {
        matches!(check.kind, Kind::UdpEndpoint | Kind::UdpEcho { .. } | Kind::UdpDemux | Kind::UdpClientPort { .. })
    };
    if rubric.checks.iter().any(udp) { Protocol::Udp } else { Protocol::Tcp }
}

/// The check whose failure blocks this one: the root of the chain.
fn blocking<'c>(check: &Check, statuses: &BTreeMap<&str, Status>, checks: &'c [Checked]) -> Option<&'c str> {
    let failed = |need: &&String| {
        matches!(statuses.get(need.as_str()), Some(Status::Fail | Status::Blocked | Status::Ungradable | Status::Error))
    };
    let need = check.needs.iter().find(failed)?;
    let parent = checks.iter().find(|checked| checked.id == *need)?;
    Some(parent.blocked_by.as_deref().unwrap_or(&parent.id))
}

fn blocked(rubric: &Rubric, check: &Check, root: &str) -> Checked {
    let title = rubric.check(root).map(|root| root.title.clone()).unwrap_or_default();
    Checked {
        status: Status::Blocked,
        points: Some(Points::ZERO),
        blocked_by: Some(root.to_owned()),
        message: Message::new(format!("막힘(원인: {}).", title.ko), format!("Blocked by \"{}\".", title.en)),
        ..row(check)
    }
}

fn row(check: &Check) -> Checked {
    Checked {
        id: check.id.clone(),
        status: Status::Fail,
        points: None,
        max: check.points,
        expected: None,
        found: None,
        frames: Vec::new(),
        filter: None,
        near: Vec::new(),
        blocked_by: None,
        message: Message::default(),
        title: Some(check.title.clone()),
        fix: None,
        visibility: check.visibility,
    }
}

impl Checked {
    fn unblocked(self) -> Self {
        Self { blocked_by: None, ..self }
    }
}

fn checked(check: &Check, ruling: Ruling) -> Checked {
    let status = ruling.status(check.points);
    let lost = status != Status::Pass;
    let own = |text: &Option<Message>| text.as_ref().filter(|_| lost).map(|text| filled(text, &ruling.values));
    Checked {
        status,
        points: Some(ruling.earned),
        message: own(&check.fail).unwrap_or_else(|| ruling.message.clone()),
        fix: own(&check.fix).or_else(|| ruling.fix.clone().filter(|_| lost)),
        expected: ruling.expected,
        found: ruling.found,
        frames: ruling.evidence.frames,
        filter: ruling.evidence.filter,
        near: ruling.near,
        ..row(check)
    }
}

/// What the student should know and costs nothing.
fn asides(bench: &Bench<'_>) -> Vec<Message> {
    /// Frames beside the lab's own that are worth a word.
    const MANY: u64 = 10_000;
    let survey = &bench.record.trace.survey;
    let port = bench.served_port();
    let own = bench.record.traffic.frames(|passage| passage.uses(port)).len() as u64;
    let background = (survey.frames.saturating_sub(own) > MANY).then(|| {
        Message::new(
            format!("관련 {own}프레임만 사용. 다음엔 캡처 필터(port {port} or icmp)를 쓰세요."),
            format!("Only {own} frames matter here; next time use a capture filter (port {port} or icmp)."),
        )
    });
    let copies = (survey.copies.frames > 0).then(|| {
        Message::new(
            "같은 패킷이 두 번 잡힘: 한 번만 셈.",
            "Packets were captured twice, as on \"any\" or two interfaces: each counts once.",
        )
    });
    let lost = bench.record.lost();
    let lost = (lost > 0).then(|| {
        Message::new(
            format!("캡처 중 {lost}개 유실: 없는 패킷은 감점 보류."),
            format!(
                "{lost} {} lost while capturing: what is missing costs nothing before staff has looked.",
                if lost == 1 { "packet was" } else { "packets were" }
            ),
        )
    });
    [lost, background, copies, checks::narrow_filter(bench), checks::air_play(bench)].into_iter().flatten().collect()
}

/// For staff: the file is not whole.
fn cut(record: &Record) -> Option<Flag> {
    let damage = record.damage()?;
    Some(Flag {
        id: "cut".to_owned(),
        strength: "weak".to_owned(),
        facts: vec![Message::new(format!("파일이 온전하지 않음: {damage}"), format!("The file is not whole: {damage}"))],
        innocent: Some(Message::new("저장이나 업로드가 중간에 끊겼을 수 있음", "saving or uploading may have been interrupted")),
        with: Vec::new(),
    })
}

fn stamp(record: &Record) -> CaptureStamp {
    let survey = &record.trace.survey;
    let link_type = |link: crate::capture::LinkType| link.name().map_or_else(|| link.0.to_string(), str::to_owned);
    CaptureStamp {
        sha256: record.sha256.clone(),
        format: record.description.format.word().to_owned(),
        link_types: survey.link_types().map(link_type).collect(),
        frames: survey.frames,
        first: survey.first.map(|time| time.to_string()),
        last: survey.last.map(|time| time.to_string()),
    }
}

impl Graded {
    /// Adds the points up, and says the whole in a word.
    pub fn total(&mut self, rubric: &Rubric) {
        let sum = |points: fn(&Checked) -> Points| self.checks.iter().map(points).sum::<Points>();
        self.score = Some(sum(|checked| checked.points.unwrap_or_default()).rounded(rubric.rounding));
        self.max = sum(|checked| checked.max);
        self.summarise();
    }

    /// Spells out what would steer a terminal, in everything that quotes the capture.
    fn sanitise(&mut self) {
        let clean = |message: &mut Message| {
            message.ko = sanitize(&message.ko).into_owned();
            message.en = sanitize(&message.en).into_owned();
        };
        self.notes.iter_mut().for_each(clean);
        for checked in &mut self.checks {
            let sentences = [checked.expected.as_mut(), checked.found.as_mut(), checked.fix.as_mut(), Some(&mut checked.message)];
            sentences.into_iter().flatten().chain(&mut checked.near).for_each(clean);
        }
    }
}
