//! What is odd about one capture alone: made up, edited, or of another time.
//!
//! Each sign has an innocent explanation, so signs are weighed together: three strong ones make [`fabricated`], edits need
//! traces that no capture program leaves. Missing statistics say nothing alone: tcpdump, ring buffers and a dumpcap that
//! was killed write none.

use std::collections::HashMap;
use std::net::SocketAddr;

use jiff::SignedDuration;

use super::strength;
use crate::capture::{Description, Format, Interface, Resolution, Statistics};
use crate::judge::WITHIN;
use crate::judge::record::Record;
use crate::judge::record::{Checksums, Sight, micros, moment};
use crate::judge::results::Flag;
use crate::judge::rubric::Window;
use crate::judge::{Exchange, Message, exchanges};

/// What staff should look at, of one capture: `fabricated`, `edited`, `outside-window` or `clock-wrong`.
///
/// `window` is when the lab was to be done.
pub fn signals(record: &Record, window: Option<Window>) -> Vec<Flag> {
    [fabricated(record), edited(record), out_of_time(record, window)].into_iter().flatten().collect()
}

fn flag(id: &str, strength: &str, facts: Vec<Message>, innocent: Message) -> Flag {
    Flag { id: id.into(), strength: strength.into(), facts, innocent: Some(innocent), with: Vec::new() }
}

/// Strong signs that together say that packets never were on a network.
const ENOUGH: usize = 3;

/// Three signs, each of which programs that write packets leave and systems that send them do not.
fn fabricated(record: &Record) -> Option<Flag> {
    let sights: Vec<&Sight> = record.prints.sights.iter().filter(|sight| sight.of_lab).collect();
    let strong = [constant_id(&sights), constant_gap(&sights), complete_checksums(record), answered_before(record)];
    let strong: Vec<Message> = strong.into_iter().flatten().collect();
    let medium = [bare_section(&record.description), bare_interface(&record.description), round_clock(record)];
    let facts: Vec<Message> = strong.iter().cloned().chain(medium.into_iter().flatten()).collect();
    let innocent = Message::new(
        "네트워크 네임스페이스나 시뮬레이터로 실습했거나, 과제가 scapy 같은 도구로 패킷을 만들게 했을 수 있음.",
        "The lab may have been done in a simulator, or with a tool such as scapy that was allowed.",
    );
    (strong.len() >= ENOUGH).then(|| flag("fabricated", strength::STRONG, facts, innocent))
}

/// Packets that a number which never changes is told from.
const FEW: usize = 3;

/// One identification in all packets; 0 is what systems send that never fragment (RFC 6864).
fn constant_id(sights: &[&Sight]) -> Option<Message> {
    let ids: Vec<u16> = sights.iter().filter_map(|sight| sight.id).collect();
    let first = *ids.first().filter(|id| **id != 0)?;
    let message = || {
        Message::new(
            format!("IP 식별자가 {}개 패킷에서 모두 {first}", ids.len()),
            format!("the IP identification is {first} in all {} packets", ids.len()),
        )
    };
    (ids.len() >= FEW && ids.iter().all(|id| *id == first)).then(message)
}

/// All intervals are one, to the microsecond.
fn constant_gap(sights: &[&Sight]) -> Option<Message> {
    let times: Option<Vec<i64>> = sights.iter().map(|sight| sight.micros).collect();
    let times = times?;
    let gaps: Vec<i64> = times.iter().zip(times.iter().skip(1)).map(|(from, to)| to.saturating_sub(*from)).collect();
    let first = *gaps.first().filter(|gap| **gap != 0)?;
    let message = || {
        Message::new(
            format!("패킷 간격 {}개가 모두 정확히 {first} µs", gaps.len()),
            format!("all {} intervals are exactly {first} µs", gaps.len()),
        )
    };
    (gaps.len() >= FEW && gaps.iter().all(|gap| *gap == first)).then(message)
}

/// Loopback leaves checksums unfinished on Linux. What Windows and macOS do is not known: there, too, this sign weighs
/// nothing but beside two others.
fn complete_checksums(record: &Record) -> Option<Message> {
    let making = &record.prints.making;
    let good = [making.on_lo, making.on_other].into_iter().find(Checksums::are_complete)?.good;
    Some(Message::new(
        format!("127.0.0.0/8의 TCP·UDP 체크섬 {good}개가 모두 완성되어 있음(리눅스 루프백은 계산하지 않음)"),
        format!("all {good} checksums of TCP and UDP on 127.0.0.0/8 are complete, which Linux leaves unfinished on loopback"),
    ))
}

/// An answer that was captured before what it answers, over UDP or in a handshake.
fn answered_before(record: &Record) -> Option<Message> {
    let frame = early_reply(record).or_else(|| early_handshake(record))?;
    Some(Message::new(format!("프레임 {frame}: 요청보다 먼저 온 답"), format!("frame {frame} answers what was only asked later")))
}

fn early_reply(record: &Record) -> Option<u64> {
    let port = record.prints.port;
    let exchanges = exchanges(&record.deliveries.datagrams, port, WITHIN);
    let backwards = |exchange: &&Exchange<'_>| exchange.elapsed().is_some_and(|elapsed| elapsed < SignedDuration::ZERO);
    let by_time = exchanges.iter().find(backwards).and_then(|exchange| exchange.reply).map(|reply| reply.frame);
    let mut unasked: HashMap<(SocketAddr, &[u8]), u64> = HashMap::new();
    let mut by_place = None;
    for exchange in &exchanges {
        match (exchange.request, exchange.reply) {
            (None, Some(reply)) => {
                unasked.entry((exchange.client, &reply.octets)).or_insert(reply.frame);
            }
            (Some(request), None) if by_place.is_none() => {
                by_place = unasked.get(&(exchange.client, request.octets.as_slice())).copied();
            }
            _ => {}
        }
    }
    by_time.or(by_place)
}

fn early_handshake(record: &Record) -> Option<u64> {
    let sights = &record.prints.sights;
    let place = |frame: u64| sights.binary_search_by_key(&frame, |sight| sight.frame).ok();
    let time = |frame: u64| sights.get(place(frame)?)?.micros;
    record.trace.connections.iter().find_map(|connection| {
        let (syn, answer) = (connection.handshake.syn?, connection.handshake.syn_ack?);
        let early = answer < syn || time(answer).zip(time(syn)).is_some_and(|(answer, syn)| answer < syn);
        early.then_some(answer)
    })
}

/// A section that says nothing of machine and program, in the format that is made for it.
fn bare_section(description: &Description) -> Option<Message> {
    let section = description.sections.first().filter(|_| description.format == Format::Pcapng)?;
    let is_bare = section.hardware.is_none() && section.os.is_none() && section.application.is_none();
    is_bare.then(|| {
        Message::new(
            "파일에 컴퓨터와 프로그램 정보가 없음",
            "the file names neither the machine nor the program that captured it",
        )
    })
}

/// An interface without a name.
fn bare_interface(description: &Description) -> Option<Message> {
    let is_pcapng = description.format == Format::Pcapng;
    let bare =
        description.interfaces.iter().find(|interface| interface.frames > 0 && interface.name.is_none()).filter(|_| is_pcapng)?;
    let id = bare.id.0;
    Some(Message::new(format!("인터페이스 {id}에 이름이 없음"), format!("interface {id} has no name")))
}

/// A clock of nanoseconds that only ever shows whole microseconds.
fn round_clock(record: &Record) -> Option<Message> {
    let fine = |interface: &Interface| matches!(interface.resolution, Resolution::Decimal(digits) if digits >= 9);
    let is_fine = record.description.interfaces.iter().filter(|interface| interface.frames > 0).all(fine);
    let making = &record.prints.making;
    let is_round = making.timed >= FEW as u64 && making.whole_micros == making.timed;
    (is_fine && is_round).then(|| {
        Message::new(
            format!("나노초 시계인데 시각 {}개의 마지막 세 자리가 모두 0", making.timed),
            format!("a clock of nanoseconds, but all {} times end in three zeros", making.timed),
        )
    })
}

/// Traces of another program than the one that captured.
fn edited(record: &Record) -> Option<Flag> {
    let facts: Vec<(&str, Message)> = [
        rewritten(record),
        recount(record),
        outside_statistics(record),
        bad_checksums(record),
        merged(record),
        filtered_save(record),
    ]
    .into_iter()
    .flatten()
    .collect();
    let strongest = if facts.iter().any(|(weight, _)| *weight == strength::MEDIUM) { strength::MEDIUM } else { strength::WEAK };
    let innocent = Message::new(
        "표시된 패킷만 저장(Export Specified Packets), 형식 변환, 두 캡처 합치기처럼 흔한 저장 방법일 수 있음. 링 버퍼를 쓰거나 Wireshark가 강제 종료되어도 통계가 없음.",
        "Ordinary ways of saving do this: Export Specified Packets, converting, merging two captures. A ring buffer, or a Wireshark that was killed, leaves no statistics either.",
    );
    let told = |facts: Vec<(&str, Message)>| facts.into_iter().map(|(_, fact)| fact).collect();
    (!facts.is_empty()).then(|| flag("edited", strongest, told(facts), innocent))
}

type Trace = (&'static str, Message);

/// What scapy leaves when it writes a real capture again: no word of its origin, and the interface it began with unused.
fn rewritten(record: &Record) -> Option<Trace> {
    bare_section(&record.description)?;
    let unused = record.description.interfaces.iter().find(|interface| interface.frames == 0 && interface.name.is_none())?;
    record.description.interfaces.iter().find(|interface| interface.frames > 0)?;
    let id = unused.id.0;
    let fact = Message::new(
        format!("캡처 프로그램 정보가 없고 쓰이지 않은 인터페이스 {id}이(가) 있음: scapy 같은 도구로 다시 쓴 파일로 보임"),
        format!("no program is named and interface {id} is not used: written again by a tool such as scapy"),
    );
    Some((strength::MEDIUM, fact))
}

/// The interface received less than the file holds.
fn recount(record: &Record) -> Option<Trace> {
    let more = |interface: &&Interface| received(interface).is_some_and(|received| received > 0 && received < interface.frames);
    let interface = record.description.interfaces.iter().find(more)?;
    let (received, frames) = (received(interface).unwrap_or(0), interface.frames);
    let fact = Message::new(
        format!("통계는 {received}개를 받았다고 하나 파일에 {frames}개가 있음"),
        format!("the statistics count {received} packets, the file holds {frames}"),
    );
    Some((strength::MEDIUM, fact))
}

fn received(interface: &Interface) -> Option<u64> {
    interface.statistics.as_ref()?.received
}

/// How far frames may lie outside the statistics' times, a day in microseconds: the clock of Windows' capture driver stands
/// still while the computer sleeps.
const SLACK: i64 = 86_400_000_000;

/// Frames from before the capture began, or after it ended, as its statistics tell.
fn outside_statistics(record: &Record) -> Option<Trace> {
    let spans = spans(record);
    let (first, last) = (record.prints.first?, record.prints.last?);
    let (start, end) = (spans.iter().map(|(start, _)| *start).min()?, spans.iter().map(|(_, end)| *end).max()?);
    let outside = first < start.saturating_sub(SLACK) || last > end.saturating_add(SLACK);
    let fact = || {
        Message::new(
            format!("프레임은 {} – {}인데 통계로는 {} – {}에 캡처함", moment(first), moment(last), moment(start), moment(end)),
            format!(
                "frames are from {} to {}, but the capture ran from {} to {}",
                moment(first),
                moment(last),
                moment(start),
                moment(end)
            ),
        )
    };
    outside.then(|| (strength::WEAK, fact()))
}

/// From when to when interfaces were captured, as their statistics say.
fn spans(record: &Record) -> Vec<(i64, i64)> {
    let span = |statistics: &Statistics| Some((micros(statistics.start?), micros(statistics.end?)));
    record.description.interfaces.iter().filter_map(|interface| span(interface.statistics.as_ref()?)).collect()
}

/// Wrong checksums among unfinished ones: Linux's `lo` only leaves them unfinished.
fn bad_checksums(record: &Record) -> Option<Trace> {
    let on_lo = &record.prints.making.on_lo;
    let frame = on_lo.first_bad.filter(|_| on_lo.partial > 0)?;
    let fact = Message::new(
        format!("프레임 {frame} 등 {}개의 체크섬이 내용과 맞지 않음", on_lo.bad),
        format!("the checksum does not fit what the packet says in {} frames, first in {frame}", on_lo.bad),
    );
    Some((strength::MEDIUM, fact))
}

fn merged(record: &Record) -> Option<Trace> {
    let by_mergecap = program(record).is_some_and(|program| program.starts_with("Mergecap"));
    let fact = || Message::new("Mergecap으로 여러 캡처를 합친 파일", "several captures were merged into one by Mergecap");
    by_mergecap.then(|| (strength::WEAK, fact()))
}

fn program(record: &Record) -> Option<&str> {
    record.description.sections.first()?.application.as_deref()
}

/// Only packets of the lab and no statistics, from a dumpcap that had no capture filter and wrote to its end. A ring buffer
/// on a quiet loopback leaves the very same file, to the octet: hence weak, and never raised where anything else was kept
/// or the file breaks off, as a dumpcap leaves it that was killed.
fn filtered_save(record: &Record) -> Option<Trace> {
    let description = &record.description;
    let by_dumpcap = program(record).is_some_and(|program| program.starts_with("Dumpcap"));
    let as_captured = description.interfaces.iter().any(|interface| interface.statistics.is_some() || interface.filter.is_some());
    let of_lab = record.prints.making.of_lab;
    let only_lab = of_lab > 0 && of_lab == record.prints.frames;
    let fact = || {
        Message::new(
            format!("표시된 패킷만 저장된 것으로 보임: 캡처 통계가 없고 프레임 {of_lab}개가 모두 실습 포트의 것"),
            format!(
                "only displayed packets seem to have been saved: no statistics, and all {of_lab} frames are of the lab's port"
            ),
        )
    };
    let whole = record.damage().is_none() && record.trace.survey.untimed.frames == 0;
    (by_dumpcap && !as_captured && only_lab && whole).then(|| (strength::WEAK, fact()))
}

/// Before this no student captured for a lab: 2010, in microseconds since 1970.
const PLAUSIBLE: i64 = 1_262_304_000_000_000;

/// Frames of another time than the lab's.
fn out_of_time(record: &Record, window: Option<Window>) -> Option<Flag> {
    let (first, last) = (record.prints.first?, record.prints.last?);
    if first < PLAUSIBLE && outside_statistics(record).is_none() {
        return Some(clock_wrong(record, first));
    }
    let (from, to) = window.map(|window| (window.from.as_microsecond(), window.to.as_microsecond()))?;
    let fact = Message::new(
        format!("캡처 시각 {} – {}: 과제 기간({} – {}) 밖", moment(first), moment(last), moment(from), moment(to)),
        format!("captured from {} to {}: outside {} to {}", moment(first), moment(last), moment(from), moment(to)),
    );
    let innocent = Message::new(
        "PC 시계가 틀렸거나, 과제가 나오기 전에 미리 연습한 캡처일 수 있음.",
        "The computer's clock may be wrong, or the capture was made for practice before.",
    );
    (first < from || last > to).then(|| flag("outside-window", strength::MEDIUM, vec![fact], innocent))
}

fn clock_wrong(record: &Record, first: i64) -> Flag {
    let agrees = match spans(record).is_empty() {
        true => Message::new("캡처 통계가 없어 확인할 수 없음", "there are no statistics to confirm it"),
        false => Message::new("캡처 통계의 시각도 같음", "the capture's statistics tell the same time"),
    };
    let fact = Message::new(
        format!("PC 시계가 틀림: 첫 프레임이 {}", moment(first)),
        format!("the clock was wrong: the first frame is from {}", moment(first)),
    );
    let innocent = Message::new(
        "전지가 다 된 PC나 시각을 맞추지 않은 가상 머신에서 흔함. 상대 시각으로 채점함.",
        "Common on computers with an empty battery and on virtual machines; only intervals are graded.",
    );
    flag("clock-wrong", strength::WEAK, vec![fact, agrees], innocent)
}
