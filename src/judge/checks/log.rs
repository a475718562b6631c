//! The server's log tells what the capture brought it.

use std::collections::BTreeSet;

use super::{Bench, number};
use crate::judge::grade::{Evidence, Ruling};
use crate::judge::log::{self, Addressee, Comparison, Encoding, Log, Missing, Receipt, Server, Text};
use crate::judge::template::with_particle;
use crate::judge::{Message, Points};

/// Logs that are looked at; who hands in more has not chosen.
const MAX_LOGS: usize = 16;

/// Each line that the server must have printed stands in the log, and no other.
pub(super) fn log(bench: &Bench<'_>, max: Points) -> Ruling {
    let printed: Vec<Message> = bench.printed().into_iter().map(|line| Message::new(line.clone(), line)).collect();
    let expected = Message::new(
        format!("캡처의 요청과 같은 {}줄", printed.len()),
        format!("{} as the capture tells them", number(printed.len() as u64, "line", "lines")),
    );
    let requests = bench.requests().filter(|request| request.is_certain()).map(|request| request.frame);
    let evidence = Evidence::frames(requests.take(Evidence::MAX_FRAMES));
    let logs: Vec<(&str, &Text, Log)> = bench
        .handed
        .logs
        .iter()
        .take(MAX_LOGS)
        .map(|(name, text)| (name.as_str(), text, bench.read_log(text)))
        .filter(|(.., read)| read.receipts.iter().any(|receipt| receipt.peer.port() != bench.served_port()))
        .collect();
    let addressee = Addressee::server(Server { protocol: bench.protocol, port: bench.served_port() });
    let laid = |(name, text, read): &'_ (&'_ str, &'_ Text, Log)| {
        let (name, encoding) = (Message::new(*name, *name), text.encoding);
        let encoding = (encoding != Encoding::Utf8 { mark: false }).then(|| read_as(&name, encoding));
        (Beside::new(bench, log::compare(&bench.record.deliveries, read, &addressee)).told(max), encoding)
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
    Message::new(format!("로그 {}: 인코딩 {encoding}로 읽음.", name.ko), format!("The log {} was read as {encoding}.", name.en))
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

/// A log beside the capture, with what speaks for its lines beyond the requests.
struct Beside<'a> {
    found: Comparison<'a>,
    /// Lines whose requests were not captured, but the replies to them were.
    replied: Vec<&'a Receipt>,
    /// Deliveries from before the log begins.
    earlier: u64,
    lost: bool,
}

impl<'a> Beside<'a> {
    fn new(bench: &Bench<'_>, mut found: Comparison<'a>) -> Self {
        let is_replied = |receipt: &Receipt| {
            let unasked = bench.udp.exchanges.iter().filter(|exchange| exchange.request.is_none());
            let mut replies = unasked.filter_map(|exchange| exchange.reply);
            replies.any(|reply| reply.destination == receipt.peer && reply.octets == receipt.octets)
        };
        let (replied, extra): (Vec<_>, Vec<_>) =
            std::mem::take(&mut found.extra).into_iter().partition(|extra| is_replied(extra.receipt));
        found.extra = extra;
        let replied = replied.into_iter().map(|extra| extra.receipt).collect();
        // A server that was started again knows nothing of what came before.
        let peers: BTreeSet<_> = found.matched.iter().map(|line| line.receipt.peer).collect();
        let begin = found.matched.iter().filter_map(|line| line.frames).map(|(first, _)| first).min();
        let begin = begin.filter(|_| peers.len() as u64 >= bench.rubric.clients()).unwrap_or(0);
        let (earlier, missing): (Vec<Missing<'_>>, Vec<_>) =
            std::mem::take(&mut found.missing).into_iter().partition(|missing| missing.frame < begin);
        found.missing = missing;
        Self { found, replied, earlier: earlier.len() as u64, lost: bench.record.lost() > 0 }
    }

    fn told(&self, max: Points) -> Ruling {
        let found = &self.found;
        let count = |lines: usize| lines as u64;
        let same = count(found.matched.len().saturating_add(self.replied.len()));
        let unclear = count(found.undecided.len().saturating_add(if self.lost { found.extra.len() } else { 0 }));
        // A line too many and a packet without a line are one mistake: the line tells of the packet, and tells wrong.
        let wrong = count(found.altered.len().saturating_add(found.extra.len().max(found.missing.len())));
        let all = same.saturating_add(wrong).saturating_add(count(found.undecided.len()));
        let says = Message::new(
            format!("{same}줄 일치, 로그에 없는 패킷 {}, 캡처에 없는 줄 {}", found.missing.len(), found.extra.len()),
            format!(
                "{}, {} not logged, {} not captured",
                number(same, "line matches", "lines match"),
                found.missing.len(),
                found.extra.len()
            ),
        );
        let ruling = match found.agrees() && same > 0 {
            true => Ruling::new(max, format!("{same}/{all}줄 일치."), format!("{same} of {all} lines match.")),
            false => {
                let message = disagreement(found);
                let earned = max.share(same, all.max(1)).min(below(max));
                let pending = max.share(unclear, all.max(1)).min(max - earned);
                Ruling::new(earned, message.ko, message.en).pending(pending).fix(Message::new(
                    "캡처한 바로 그 실행의 서버 출력을 저장하세요: python -u udp_server.py > server.log",
                    "Save what the server printed in the very run that was captured: python -u udp_server.py > server.log",
                ))
            }
        };
        let earlier = (self.earlier > 0).then(|| {
            Message::new(
                format!("로그가 시작되기 전의 패킷 {}개는 세지 않음.", self.earlier),
                format!(
                    "{} from before the log begins, which counts for nothing.",
                    number(self.earlier, "packet is", "packets are")
                ),
            )
        });
        Ruling { found: Some(says), ..ruling.noting(earlier) }
    }
}

/// A log that disagrees somewhere is not worth everything.
fn below(max: Points) -> Points {
    max.share(9, 10)
}

/// The first thing that does not agree.
fn disagreement(found: &Comparison<'_>) -> Message {
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
