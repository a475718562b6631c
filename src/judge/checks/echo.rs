//! Every client got back what it sent, in time, from whom it had asked.

use std::net::SocketAddr;

use jiff::SignedDuration;

use super::{Bench, number, recipe};
use crate::judge::grade::{Client, Evidence, Ruling};
use crate::judge::{Echo, Exchange, Message, Points};

/// How much of its points a client's exchanges are worth.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Worth {
    Nothing,
    /// A person decides: the capture cannot tell.
    Unknown,
    Half,
    All,
}

/// One client's best, and what spoils the rest.
struct Judged<'l> {
    endpoint: SocketAddr,
    worth: Worth,
    /// What to tell of it; `None` if nothing is wrong.
    fault: Option<(&'l Exchange<'l>, Echo)>,
}

/// The same octets come back to each of so many clients.
pub(super) fn udp_echo(bench: &Bench<'_>, max: Points, wanted: u64, within: SignedDuration) -> Ruling {
    let clients = bench.udp.clients();
    let mut judged: Vec<Judged<'_>> = clients.iter().map(|client| judge(client, within)).collect();
    judged.sort_by_key(|client| std::cmp::Reverse(client.worth));
    let counted = || judged.iter().take(usize::try_from(wanted).unwrap_or(usize::MAX));
    let worth = |wanted_worth: Worth| counted().filter(|client| client.worth == wanted_worth).count() as u64;
    let lost = bench.record.lost();
    let halves = worth(Worth::All).saturating_mul(2).saturating_add(worth(Worth::Half));
    let earned = max.share(halves, wanted.saturating_mul(2));
    let unsure = if lost > 0 { max - earned } else { max.share(worth(Worth::Unknown), wanted) };
    let expected = Message::new(
        format!("클라이언트 {wanted}개가 {}초 안에 같은 바이트를 돌려받음", within.as_secs()),
        format!("{wanted} clients get the same octets back within {} s", within.as_secs()),
    );
    let good = worth(Worth::All);
    let found = Message::new(format!("제대로 받은 클라이언트: {good}개"), format!("clients that did: {good}"));
    let first_fault = counted().filter(|client| client.worth != Worth::All).find_map(|client| Some((client, client.fault?)));
    let ruling = match first_fault {
        Some((client, (exchange, echo))) => fault(bench, client.endpoint, exchange, echo).with(earned),
        None if good < wanted => missing_clients(earned, judged.len() as u64, wanted),
        None => Ruling::new(earned, "모든 클라이언트가 에코를 받음.", "Every client got its echo.").shown(Evidence::of(
            format!("udp.port == {}", bench.udp.port),
            &bench.record.traffic,
            |passage| passage.protocol == crate::track::Protocol::Udp && passage.uses(bench.udp.port),
        )),
    };
    let lost_note = (lost > 0 && earned < max).then(|| {
        Message::new(
            format!("캡처 중 {lost}개 유실: 없는 패킷은 감점 보류."),
            format!("{} lost while capturing: what is missing costs nothing yet.", number(lost, "packet was", "packets were")),
        )
    });
    ruling.comparing(expected, found).pending(if earned < max { unsure } else { Points::ZERO }).noting(lost_note)
}

/// A client is worth its best exchange; an echo that was altered spoils it, for an echo server alters nothing.
fn judge<'l>(client: &Client<'l>, within: SignedDuration) -> Judged<'l> {
    let echoes = || client.exchanges.iter().map(|exchange| (*exchange, exchange.echo(within)));
    let altered = echoes().find(|(_, echo)| matches!(echo, Echo::Altered(_)));
    let best = echoes().map(|(_, echo)| worth(echo)).max().unwrap_or(Worth::Nothing);
    let worth_of_all = if altered.is_some() { Worth::Nothing } else { best };
    let fault = altered.or_else(|| echoes().filter(|(_, echo)| *echo != Echo::Same).max_by_key(|(_, echo)| worth(*echo)));
    Judged { endpoint: client.endpoint, worth: worth_of_all, fault }
}

const fn worth(echo: Echo) -> Worth {
    match echo {
        Echo::Same => Worth::All,
        Echo::Late(_) => Worth::Half,
        Echo::Untimed => Worth::Unknown,
        Echo::Altered(_) | Echo::Unanswered | Echo::Unasked => Worth::Nothing,
    }
}

fn missing_clients(earned: Points, clients: u64, wanted: u64) -> Ruling {
    let blocked: Vec<String> = (clients.saturating_add(1)..=wanted).map(|client| client.to_string()).collect();
    let blocked = blocked.join(", ");
    Ruling::new(
        earned,
        format!("클라이언트 {blocked}: 막힘(원인: 서로 다른 클라이언트)."),
        format!("Client {blocked}: blocked, for there were only {clients} of {wanted}."),
    )
}

/// What went wrong with one exchange.
fn fault(bench: &Bench<'_>, client: SocketAddr, exchange: &Exchange<'_>, echo: Echo) -> Ruling {
    let (request, reply) = (frame(exchange.request), frame(exchange.reply));
    let ruling = match echo {
        Echo::Same => return Ruling::default(),
        Echo::Late(elapsed) => {
            let milliseconds = elapsed.as_millis();
            Ruling::new(
                Points::ZERO,
                format!("프레임 {request}의 답이 {milliseconds} ms 뒤 도착(제한 2000)."),
                format!("The reply to frame {request} came after {milliseconds} ms (2000 at most)."),
            )
        }
        Echo::Untimed => Ruling::new(
            Points::ZERO,
            "시각이 없어 2초 검사를 할 수 없음.",
            "The frames carry no time: whether the reply came within 2 s cannot be told.",
        ),
        Echo::Altered(offset) => altered(exchange, offset),
        Echo::Unasked => Ruling::new(
            Points::ZERO,
            format!("{client}의 첫 요청이 없음: 캡처를 먼저 시작하고 클라이언트 실행."),
            format!(
                "The first request of {client} is missing: start the capture before the client (frame {reply} is only a reply)."
            ),
        )
        .fix(recipe::capture(bench.record.os())),
        Echo::Unanswered => unanswered(bench, exchange),
    };
    let frames = exchange.frames().chain(exchange.request.and_then(|request| request.refused));
    ruling.shown(Evidence::frames(frames))
}

fn frame(datagram: Option<&crate::judge::Datagram>) -> u64 {
    datagram.map_or(0, |datagram| datagram.frame)
}

fn altered(exchange: &Exchange<'_>, offset: usize) -> Ruling {
    let (request, reply) = (frame(exchange.request), frame(exchange.reply));
    Ruling::new(
        Points::ZERO,
        format!("보낸 것과 다름: 위치 {offset} (프레임 {request}, {reply})."),
        format!("Other octets came back, from offset {offset} on (frames {request}, {reply})."),
    )
    .fix(Message::new(
        "서버는 recvfrom으로 받은 bytes를 바꾸지 말고 그대로 sendto로 돌려주세요.",
        "Let the server send back the very bytes that recvfrom gave it, with sendto.",
    ))
}

/// Why nothing came back, as far as the capture tells.
fn unanswered(bench: &Bench<'_>, exchange: &Exchange<'_>) -> Ruling {
    let request = frame(exchange.request);
    if let Some(refused) = exchange.request.and_then(|request| request.refused) {
        return Ruling::new(
            Points::ZERO,
            format!("서버가 꺼져 있었음(프레임 {refused})."),
            format!("The server was not running: frame {refused} (ICMP) says that nobody had the port."),
        )
        .fix(Message::new("서버를 먼저 실행한 뒤 클라이언트를 실행하세요.", "Start the server before the clients."));
    }
    if let Some(crash) = server_was_refused(bench, request) {
        return Ruling::new(
            Points::ZERO,
            format!("프레임 {request}의 답이 없음: 앞 클라이언트가 먼저 닫혀(프레임 {crash}) 서버가 중단됐을 수 있음."),
            format!("No reply to frame {request}: an earlier client was gone (frame {crash}), which may have stopped the server (Windows error 10054)."),
        )
        .fix(Message::new(
            "에코를 받은 뒤에 클라이언트를 닫고, 서버는 recvfrom의 ConnectionResetError를 잡아 계속 돌게 하세요.",
            "Close a client only after its echo, and let the server catch ConnectionResetError from recvfrom and go on.",
        ));
    }
    if stopped_early(bench, exchange) {
        return Ruling::new(
            Points::ZERO,
            format!("마지막 요청(프레임 {request}) 직후 캡처가 끝남."),
            format!("The capture ends right behind the last request (frame {request})."),
        )
        .fix(Message::new("에코를 받은 다음 캡처를 멈추세요.", "Stop the capture after the echo came."));
    }
    Ruling::new(Points::ZERO, format!("프레임 {request}의 답 없음."), format!("No reply to frame {request}."))
}

/// The ICMP error, before this frame, that told the server that a client was gone.
fn server_was_refused(bench: &Bench<'_>, before: u64) -> Option<u64> {
    let port = bench.udp.port;
    let replies = bench.record.deliveries.datagrams.iter().filter(|datagram| datagram.source.port() == port);
    replies.filter_map(|reply| reply.refused).find(|refused| *refused < before)
}

/// The capture ends less than 2 s behind the request.
fn stopped_early(bench: &Bench<'_>, exchange: &Exchange<'_>) -> bool {
    let last = bench.record.trace.survey.latest;
    let asked = exchange.request.and_then(|request| request.timestamp);
    last.zip(asked).is_some_and(|(last, asked)| last.since(asked) < crate::judge::grade::WITHIN)
}

/// One socket answers every client: replies leave from where the requests went.
pub(super) fn udp_demux(bench: &Bench<'_>, max: Points) -> Ruling {
    let lab = bench.udp;
    let expected = Message::new("요청을 받은 소켓에서 답이 나감", "replies leave from the socket that was asked");
    let answered = || lab.exchanges.iter().filter(|exchange| exchange.reply.is_some());
    if let Some(elsewhere) = answered().find(|exchange| exchange.answered_elsewhere()) {
        let from = elsewhere.reply.map(|reply| reply.source.to_string()).unwrap_or_default();
        return Ruling::new(
            Points::ZERO,
            format!("답의 출발지가 {from}: 같은 소켓으로 sendto."),
            format!("A reply came from {from}, not from {}: send it with the socket that received.", elsewhere.server),
        )
        .comparing(expected, Message::new(from.clone(), from))
        .shown(Evidence::frames(elsewhere.frames()))
        .fix(Message::new(
            "recvfrom을 한 바로 그 소켓으로 sendto를 하세요. 새 소켓을 만들면 포트가 달라집니다.",
            "Use sendto on the very socket that recvfrom was called on; another socket has another port.",
        ));
    }
    let clients = lab.clients().iter().filter(|client| client.exchanges.iter().any(|exchange| exchange.reply.is_some())).count();
    if clients == 0 {
        return Ruling::new(Points::ZERO, "답이 하나도 없음.", "There is no reply.")
            .comparing(expected, Message::new("없음", "none"));
    }
    let port = lab.port;
    let found = Message::new(
        format!("서버 소켓 하나(포트 {port})가 클라이언트 {clients}개에 답함 (추정)"),
        format!("one socket on port {port} answered {} (inferred)", number(clients as u64, "client", "clients")),
    );
    Ruling::new(max, "모든 답이 요청을 받은 주소와 포트에서 나감.", "Every reply left from the address and port that was asked.")
        .comparing(expected, found)
}
