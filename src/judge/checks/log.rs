//! The server's log tells what the capture brought it.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use super::{Bench, Ruling, number};
use crate::judge::log::{self, Comparison, Encoding, Log, Text};
use crate::judge::record::Evidence;
use crate::judge::template::with_particle;
use crate::judge::{Message, Points};

/// Logs that are looked at; who hands in more has not chosen.
const MAX_LOGS: usize = 16;

/// Each line that the server must have printed stands in the log, and no other.
pub(super) fn log(bench: &Bench<'_>, max: Points) -> Ruling {
    let printed = bench.printed();
    let expected = match printed.len() {
        0 => Message::new("서버가 받은 것이 없으므로 빈 로그", "an empty log, for the server received nothing"),
        lines => Message::new(
            format!("캡처의 요청과 같은 {lines}줄"),
            format!("{} as the capture tells them", number(lines as u64, "line", "lines")),
        ),
    };
    let evidence = Evidence::frames(bench.received().into_iter().map(|(frame, ..)| frame));
    let logs: Vec<(&str, &Text, Log)> = bench
        .handed
        .logs
        .iter()
        .take(MAX_LOGS)
        .map(|(name, text)| (name.as_str(), text, bench.read_log(text)))
        .filter(|(.., read)| read.receipts.iter().any(|receipt| receipt.peer.port() != bench.served_port()))
        .collect();
    let server = bench.server();
    let laid = |(name, text, read): &'_ (&'_ str, &'_ Text, Log)| {
        let (name, encoding) = (Message::new(*name, *name), text.encoding);
        let encoding = (encoding != Encoding::Utf8 { mark: false }).then(|| read_as(&name, encoding));
        (Beside::new(bench, log::compare(&bench.record.deliveries, read, &server)).told(max), encoding)
    };
    let best = logs.iter().map(laid).max_by_key(|(ruling, _)| ruling.earned);
    let Some((ruling, encoding)) = best else {
        return without_log(bench, max).comparing(expected, Message::new("없음", "none")).near(printed).shown(evidence);
    };
    let found = ruling.found.clone().unwrap_or_default();
    ruling.comparing(expected, found).near(printed).shown(evidence).noting(encoding)
}

impl Bench<'_> {
    fn read_log(&self, text: &Text) -> Log {
        let mut log = Log::read(text, None);
        log.put_together(&self.record.deliveries);
        log
    }
}

fn read_as(name: &Message, encoding: Encoding) -> Message {
    let read = with_particle(&encoding.to_string(), "으로/로");
    Message::new(format!("로그 {}: 인코딩 {read} 읽음.", name.ko), format!("The log {} was read as {encoding}.", name.en))
}

/// A person decides; a file that tells of no receipt is no server's log.
fn without_log(bench: &Bench<'_>, max: Points) -> Ruling {
    let (ko, en) = match bench.handed.logs.as_slice() {
        [] => ("서버 로그 파일이 없음", "No log file was handed in"),
        _ => ("로그 파일에 서버가 받은 줄이 없음", "No log file tells what the server received"),
    };
    Ruling::new(Points::ZERO, format!("{ko} — 조교가 터미널 화면과 비교."), format!("{en}: staff will compare the picture."))
        .pending(max)
}

/// A log beside the capture, without what neither can be blamed for.
struct Beside<'a> {
    found: Comparison<'a>,
    /// Lines whose requests were not captured, but the replies to them were.
    replied: u64,
    /// Packets from before the log begins.
    early_packets: u64,
    /// Lines from before the capture begins.
    early_lines: u64,
    lost: bool,
}

impl<'a> Beside<'a> {
    fn new(bench: &Bench<'_>, mut found: Comparison<'a>) -> Self {
        let unasked = bench.udp.exchanges.iter().filter(|exchange| exchange.request.is_none());
        let replies: BTreeSet<(SocketAddr, &[u8])> =
            unasked.filter_map(|exchange| exchange.reply).map(|reply| (reply.destination, reply.octets.as_slice())).collect();
        let replied = taken(&mut found.extra, |extra| replies.contains(&(extra.receipt.peer, &extra.receipt.octets)));
        // Where the lab is there as a whole, a server or a capture that was started later knows nothing of what came before.
        let peers: BTreeSet<SocketAddr> = found.matched.iter().map(|line| line.receipt.peer).collect();
        let is_whole = peers.len() as u64 >= bench.rubric.clients();
        let first_frame = found.matched.iter().filter_map(|line| line.frames).map(|(first, _)| first).min();
        let first_line = found.matched.iter().map(|line| line.receipt.line).min();
        let early_packets =
            taken(&mut found.missing, |missing| is_whole && first_frame.is_some_and(|first| missing.frame < first));
        let early_lines = taken(&mut found.extra, |extra| is_whole && first_line.is_some_and(|first| extra.receipt.line < first));
        Self { found, replied, early_packets, early_lines, lost: bench.record.lost() > 0 }
    }

    fn told(&self, max: Points) -> Ruling {
        let found = &self.found;
        let same = self.replied.saturating_add(found.matched.len() as u64);
        // A line too many and a packet without a line are one mistake: the line tells of the packet, and tells wrong.
        let wrong = found.altered.len().saturating_add(found.extra.len().max(found.missing.len()));
        let all = same.saturating_add(wrong.saturating_add(found.undecided.len()) as u64);
        let ruling = match found.agrees() && same > 0 {
            true => Ruling::new(max, format!("{same}/{all}줄 일치."), format!("{same} of {all} lines match.")),
            false => {
                let unclear = found.undecided.len().saturating_add(if self.lost { found.extra.len() } else { 0 }) as u64;
                let earned = max.share(same, all.max(1)).min(below(max));
                let pending = max.share(unclear, all.max(1)).min(max - earned);
                disagreement(found).with(earned).pending(pending)
            }
        };
        Ruling { found: Some(self.counts(same)), ..ruling.noting(self.early()) }
    }

    /// What was left out of the count.
    fn early(&self) -> Option<Message> {
        let (packets, lines) = (self.early_packets, self.early_lines);
        (packets > 0 || lines > 0).then(|| {
            Message::new(
                format!("먼저 있었던 것은 세지 않음: 로그 시작 전의 패킷 {packets}개, 캡처 시작 전의 로그 {lines}줄."),
                format!(
                    "What came before does not count: {} from before the log, {} from before the capture.",
                    number(packets, "packet", "packets"),
                    number(lines, "line", "lines")
                ),
            )
        })
    }

    fn counts(&self, same: u64) -> Message {
        let (missing, extra) = (self.found.missing.len(), self.found.extra.len());
        let lines = number(same, "line matches", "lines match");
        Message::new(
            format!("{same}줄 일치, 로그에 없는 패킷 {missing}, 캡처에 없는 줄 {extra}"),
            format!("{lines}, {missing} not logged, {extra} not captured"),
        )
    }
}

/// Removes what `goes`, and counts it.
fn taken<T>(list: &mut Vec<T>, goes: impl Fn(&T) -> bool) -> u64 {
    let before = list.len();
    list.retain(|item| !goes(item));
    before.saturating_sub(list.len()) as u64
}

/// A log that disagrees somewhere is not worth everything.
fn below(max: Points) -> Points {
    max.share(9, 10)
}

/// The first thing that does not agree, and what to do.
fn disagreement(found: &Comparison<'_>) -> Ruling {
    let first = first_disagreement(found);
    Ruling::new(Points::ZERO, first.ko, first.en).fix(Message::new(
        "캡처한 바로 그 실행의 서버 출력을 저장하세요: python -u udp_server.py > server.log",
        "Save what the server printed in the very run that was captured: python -u udp_server.py > server.log",
    ))
}

fn first_disagreement(found: &Comparison<'_>) -> Message {
    if let Some(extra) = found.extra.first() {
        let (line, port) = (extra.receipt.line, extra.receipt.peer.port());
        let particle = with_particle(&port.to_string(), "이/가");
        return match extra.nearest {
            Some(near) if near.peer.port() == port => Message::new(
                format!("로그 {line}행의 내용이 캡처에 없음(포트 {port})."),
                format!("What the log's line {line} tells of port {port} is not in the capture."),
            ),
            Some(near) => Message::new(
                format!("로그 {line}행의 포트 {particle} 캡처에 없음(가까운 값 {}).", near.peer.port()),
                format!("Port {port} of the log's line {line} is not in the capture (nearest: {}).", near.peer.port()),
            ),
            None => Message::new(
                format!("로그 {line}행의 포트 {particle} 캡처에 없음."),
                format!("Port {port} of the log's line {line} is not in the capture."),
            ),
        };
    }
    if let Some(altered) = found.altered.first() {
        let (line, frame, offset) = (altered.receipt.line, altered.frame, altered.offset);
        return Message::new(
            format!("로그 {line}행이 프레임 {frame}의 내용과 다름: 위치 {offset}."),
            format!("The log's line {line} differs from frame {frame}, from offset {offset} on."),
        );
    }
    if let Some(missing) = found.missing.first() {
        return Message::new(
            format!("로그에 없는 패킷 {}개(프레임 {}).", found.missing.len(), missing.frame),
            format!(
                "{} not in the log (frame {}).",
                number(found.missing.len() as u64, "packet is", "packets are"),
                missing.frame
            ),
        );
    }
    if let Some(line) = found.matched.iter().find(|line| !line.in_order) {
        return Message::new(
            format!("로그 {}행의 순서가 캡처와 다름.", line.receipt.line),
            format!("The log's line {} stands out of order.", line.receipt.line),
        );
    }
    match found.undecided.first() {
        Some(receipt) => Message::new(
            format!("로그 {}행은 캡처로 확인할 수 없음 — 조교 확인.", receipt.line),
            format!("The capture cannot tell about the log's line {}. Staff will look.", receipt.line),
        ),
        None => Message::new("로그에 받은 줄이 없음.", "No line of the log tells of a receipt."),
    }
}
