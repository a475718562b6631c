//! The server's log tells what the capture brought it.

use super::{Bench, number};
use crate::judge::grade::Ruling;
use crate::judge::log::{self, Addressee, Comparison, Log, Server, Text};
use crate::judge::{Message, Points};

/// Each line that the server must have printed stands in the log, and no other.
pub(super) fn log(bench: &Bench<'_>, max: Points) -> Ruling {
    let printed: Vec<Message> = bench.printed().into_iter().map(|line| Message::new(line.clone(), line)).collect();
    let expected = Message::new(
        format!("캡처의 요청과 같은 {}줄", printed.len()),
        format!("{} as the capture tells them", number(printed.len() as u64, "line", "lines")),
    );
    let Some((name, text)) = best_log(bench) else {
        return Ruling::new(
            Points::ZERO,
            "서버 로그 파일이 없음 — 조교가 터미널 화면과 비교.",
            "No log file was handed in: staff will compare the picture.",
        )
        .pending(max)
        .comparing(expected, Message::new("없음", "none"))
        .near(printed);
    };
    let read = Log::read(text, None);
    let addressee = Addressee::server(Server { protocol: bench.protocol, port: bench.served_port() });
    let found = log::compare(&bench.record.deliveries, &read, &addressee);
    let encoding = Message::new(
        format!("로그 {name}: 인코딩 {}로 읽음.", text.encoding),
        format!("The log {name} was read as {}.", text.encoding),
    );
    let count = |lines: usize| lines as u64;
    let all = count(found.matched.len() + found.altered.len() + found.extra.len() + found.missing.len());
    let same = count(found.matched.len());
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
            let message = disagreement(&found);
            Ruling::new(max.share(same, all.max(1)).min(below(max)), message.ko, message.en)
        }
    };
    ruling.comparing(expected, says).near(printed).noting(Some(encoding))
}

/// A log that disagrees somewhere is not worth everything.
fn below(max: Points) -> Points {
    max.share(9, 10)
}

/// The log that tells most, if several were handed in.
fn best_log<'b>(bench: &'b Bench<'_>) -> Option<(&'b str, &'b Text)> {
    let logs = bench.handed.logs.iter().map(|(name, text)| (name.as_str(), text));
    logs.max_by_key(|(_, text)| Log::read(text, None).receipts.len())
}

/// The first thing that does not agree.
fn disagreement(found: &Comparison<'_>) -> Message {
    if let Some(extra) = found.extra.first() {
        let (line, port) = (extra.receipt.line, extra.receipt.peer.port());
        let (ko, en) = match extra.nearest {
            Some(near) => (format!("(가까운 값 {})", near.peer.port()), format!(" (nearest: {})", near.peer.port())),
            None => (String::new(), String::new()),
        };
        return Message::new(
            format!("로그 {line}행의 포트 {port}이 캡처에 없음{ko}."),
            format!("Port {port} of the log's line {line} is not in the capture{en}."),
        );
    }
    if let Some(altered) = found.altered.first() {
        let (line, frame, offset) = (altered.receipt.line, altered.frame, altered.offset);
        return Message::new(
            format!("로그 {line}행이 프레임 {frame}과 다름: 위치 {offset}."),
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
    match found.matched.iter().find(|line| !line.in_order) {
        Some(line) => Message::new(
            format!("로그 {}행의 순서가 캡처와 다름.", line.receipt.line),
            format!("The log's line {} stands out of order.", line.receipt.line),
        ),
        None => Message::new("로그에 받은 줄이 없음.", "No line of the log tells of a receipt."),
    }
}
