//! The file itself: can it be read, is it called what it should be, is the picture there.

use super::{Bench, Ruling, number};
use crate::capture::Compression;
use crate::judge::template::with_particle;
use crate::judge::{Message, Points};

/// The capture can be read to its end, and is pcapng.
pub(super) fn readable(bench: &Bench<'_>, max: Points) -> Ruling {
    let record = bench.record;
    let frames = record.trace.survey.frames;
    let compressed = (record.description.compression != Compression::None).then(|| {
        let wrap = record.description.compression;
        Message::new(format!("{wrap} 압축을 풀어 채점함."), format!("Graded after unpacking {wrap}."))
    });
    if frames == 0 {
        return Ruling::new(Points::ZERO, "캡처에 패킷이 하나도 없음.", "There is no packet in the capture.")
            .comparing(Message::new("패킷이 있는 캡처", "a capture with packets"), Message::new("0개", "none"))
            .fix(super::recipe::capture(record.os()));
    }
    let reduced = max.share(3, 5);
    let expected = Message::new("온전한 pcapng 파일", "a whole pcapng file");
    if let Some(damage) = record.damage() {
        let message = Ruling::new(
            reduced,
            format!("끝이 잘림: 온전한 프레임 {frames}개만 채점."),
            format!("The file is cut: only its {} graded.", number(frames, "whole frame was", "whole frames were")),
        );
        let place = record.description.damage.first().map(|damage| format!(" ({}번째 바이트부터)", damage.offset));
        let found = Message::new(format!("손상됨{}", place.unwrap_or_default()), format!("damaged ({damage})"));
        return message.comparing(expected, found).fix(Message::new(
            "Wireshark에서 캡처를 멈춘 뒤(빨간 네모) 저장하고, 저장이 끝난 파일을 올리세요.",
            "Stop the capture in Wireshark (red square) before saving, and hand in the file once it is saved.",
        ));
    }
    if record.description.format.word() != "pcapng" {
        return Ruling::new(reduced, "내용은 pcap: 그대로 채점함.", "The content is pcap, not pcapng: graded as it is.")
            .comparing(expected, Message::new("pcap 파일", "a pcap file"))
            .fix(Message::new(
                "Wireshark의 File > Save As에서 형식을 pcapng로 골라 저장하세요. 확장자만 바꾸면 내용은 그대로입니다.",
                "Save with File > Save As in Wireshark and choose the type pcapng; renaming a file does not change its content.",
            ))
            .noting(compressed);
    }
    let found = Message::new(format!("pcapng, 프레임 {frames}개"), format!("pcapng, {}", number(frames, "frame", "frames")));
    Ruling::new(max, "읽을 수 있음.", "Readable.").comparing(expected, found).noting(compressed)
}

/// The file carries the student's number, the right one.
pub(super) fn named(bench: &Bench<'_>, max: Points) -> Ruling {
    let name = &bench.record.name;
    let wanted = |id: &str| Message::new(format!("{id}.pcapng"), format!("{id}.pcapng"));
    let ids = bench.handed.ids_in(name);
    let Some(id) = bench.who.id.as_deref() else {
        return match ids.first() {
            Some(id) => Ruling::new(max, "파일 이름에 학번이 있음.", "The name carries a student number.")
                .comparing(wanted(id), name_of(name)),
            None => unnamed(name, "학번"),
        };
    };
    if carries(name, id) {
        return Ruling::new(max, "파일 이름에 학번이 있음.", "The name carries the student number.")
            .comparing(wanted(id), name_of(name));
    }
    match ids.first() {
        None => unnamed(name, id),
        Some(other) if is_typo(bench, id, other) => Ruling::new(
            Points::ZERO,
            format!("{other}: 명단에 없음. {} 1자리 다름 — 조교 확인.", with_particle(id, "과/와")),
            format!("{other} is not on the roster, but one digit from {id}: staff will look."),
        )
        .pending(max)
        .comparing(wanted(id), name_of(name)),
        Some(other) => Ruling::new(
            Points::ZERO,
            format!("파일 이름의 학번 {other}: 제출한 학생의 학번({id})과 다름 — 조교 확인."),
            format!("The name says {other}, not the student's own number {id}: staff will look."),
        )
        .pending(max)
        .comparing(wanted(id), name_of(name)),
    }
}

/// The name carries this number, not only a part of another one.
fn carries(name: &str, id: &str) -> bool {
    let (name, id) = (name.to_lowercase(), id.to_lowercase());
    let digit = |character: Option<char>| character.is_some_and(|character| character.is_ascii_digit());
    let alone = |(at, _): (usize, &str)| {
        let (before, behind) = (name.get(..at).unwrap_or_default(), name.get(at.saturating_add(id.len())..).unwrap_or_default());
        !digit(before.chars().next_back()) && !digit(behind.chars().next())
    };
    !id.is_empty() && name.match_indices(id.as_str()).any(alone)
}

/// A number that is nobody's, and one digit from the student's own.
fn is_typo(bench: &Bench<'_>, own: &str, written: &str) -> bool {
    let class = bench.who.class;
    let differing = own.bytes().zip(written.bytes()).filter(|(own, written)| own != written).count();
    !class.is_empty() && class.iter().all(|student| student.id != written) && own.len() == written.len() && differing == 1
}

fn unnamed(name: &str, id: &str) -> Ruling {
    Ruling::new(Points::ZERO, format!("파일 이름은 {id}.pcapng."), format!("Name the file {id}.pcapng."))
        .comparing(Message::new(format!("{id}.pcapng"), format!("{id}.pcapng")), name_of(name))
        .fix(Message::new("파일 이름을 학번.pcapng로 바꿔 올리세요.", "Name the file after your student number: NUMBER.pcapng."))
}

fn name_of(name: &str) -> Message {
    Message::new(name, name)
}

/// A person compares the picture with the lines that the server must have printed.
pub(super) fn screenshot(bench: &Bench<'_>, max: Points) -> Ruling {
    let expected =
        Message::new("서버가 다음 줄을 출력한 터미널 화면", "a picture of the terminal with these lines of the server");
    let look = Ruling::new(Points::ZERO, "터미널 화면: 조교가 확인.", "The picture of the terminal: staff will look.")
        .pending(max)
        .open();
    let ruling = match bench.handed.screenshots.first() {
        Some(picture) => look.comparing(expected, name_of(picture)),
        None if !bench.handed.is_all => look,
        None => {
            let id = bench.who.id.as_deref().unwrap_or("학번");
            let (ko, en) = (format!("터미널 화면 {id}.png 없음."), format!("The picture of the terminal, {id}.png, is missing."));
            Ruling::new(Points::ZERO, ko, en).missed().comparing(expected, Message::new("없음", "none"))
        }
    };
    ruling.near(bench.printed())
}
