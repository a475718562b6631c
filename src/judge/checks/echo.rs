//! Every client got back what it sent, in time, from whom it had asked.

use std::net::SocketAddr;

use jiff::SignedDuration;

use super::{Bench, Ruling, narrow_filter, number, recipe};
use crate::judge::record::{Client, Evidence};
use crate::judge::template::with_particle;
use crate::judge::{Echo, Exchange, Message, Points};
use crate::track::Protocol;

/// What a client's exchanges are worth, in halves: now, and once a person has looked where the capture cannot tell.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Worth {
    now: u64,
    possible: u64,
}

const ALL: u64 = 2;
const HALF: u64 = 1;

/// One client's best, and what spoils the rest.
struct Judged<'l> {
    endpoint: SocketAddr,
    worth: Worth,
    /// An exchange as it should be.
    good: Option<&'l Exchange<'l>>,
    /// What to tell of it; `None` if nothing is wrong.
    fault: Option<(&'l Exchange<'l>, Echo)>,
}

/// The same octets come back to each of so many clients.
pub(super) fn udp_echo(bench: &Bench<'_>, max: Points, wanted: u64, within: SignedDuration) -> Ruling {
    let lost = bench.record.lost() > 0;
    let clients = bench.udp.clients();
    let mut judged: Vec<Judged<'_>> = clients.iter().map(|client| judge(client, within, lost)).collect();
    judged.sort_by_key(|client| std::cmp::Reverse(client.worth));
    judged.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
    let missing = wanted.saturating_sub(judged.len() as u64);
    let share = |halves: u64| max.share(halves, wanted.saturating_mul(ALL));
    let earned = share(judged.iter().map(|client| client.worth.now).sum());
    let possible: u64 = judged.iter().map(|client| client.worth.possible).sum();
    let possible = share(possible.saturating_add(if lost { missing.saturating_mul(ALL) } else { 0 }));
    let good = judged.iter().filter(|client| client.worth.now == ALL).count() as u64;
    let spoiled = judged.iter().filter(|client| client.worth.now < ALL).find_map(|client| Some((client, client.fault?)));
    let ruling = match spoiled {
        Some((client, (exchange, echo))) => fault(bench, client.endpoint, exchange, echo, within).with(earned),
        None if good < wanted => missing_clients(earned, judged.len() as u64, wanted).shown(traffic(bench)),
        None => Ruling::new(earned, "모든 클라이언트가 에코를 받음.", "Every client got its echo.").shown(traffic(bench)),
    };
    let expected = Message::new(
        format!("클라이언트 {wanted}개가 {}초 안에 같은 바이트를 돌려받음", within.as_secs()),
        format!("{wanted} clients get the same octets back within {} s", within.as_secs()),
    );
    let found = Message::new(format!("제대로 받은 클라이언트: {good}개"), format!("clients that did: {good}"));
    let near = if good < wanted { judged.iter().filter_map(answered).collect() } else { Vec::new() };
    let ruling = ruling.comparing(expected, found).near(near).pending(possible - earned);
    // From where a reply left can be judged, whatever was in it.
    if bench.udp.exchanges.iter().any(|exchange| exchange.reply.is_some()) { ruling.blocking_nothing() } else { ruling }
}

/// A client that got what the others lack.
fn answered(client: &Judged<'_>) -> Option<Message> {
    let (endpoint, frames) =
        (client.endpoint, client.good?.frames().map(|frame| frame.to_string()).collect::<Vec<_>>().join(", "));
    Some(Message::new(
        format!("{endpoint}: 같은 바이트를 돌려받음(프레임 {frames})"),
        format!("{endpoint}: got the same octets back (frames {frames})"),
    ))
}

/// All that the server heard and said.
fn traffic(bench: &Bench<'_>) -> Evidence {
    let port = bench.udp.port;
    Evidence::of(format!("udp.port == {port}"), &bench.record.traffic, |passage| {
        passage.protocol == Protocol::Udp && passage.uses(port)
    })
}

/// A client is worth its best exchange; an echo that was altered spoils it, for an echo server alters nothing.
fn judge<'l>(client: &Client<'l>, within: SignedDuration, lost: bool) -> Judged<'l> {
    let echoes = || client.exchanges.iter().map(|exchange| (*exchange, exchange.echo(within)));
    let worth_of = |(exchange, echo): (&Exchange<'_>, Echo)| worth(exchange, echo, lost);
    let altered = echoes().find(|(_, echo)| matches!(echo, Echo::Altered(_)));
    let best = altered.map(worth_of).or_else(|| echoes().map(worth_of).max());
    let fault = altered.or_else(|| echoes().filter(|(_, echo)| *echo != Echo::Same).max_by_key(|exchange| worth_of(*exchange)));
    let good = echoes().find(|(_, echo)| *echo == Echo::Same).map(|(exchange, _)| exchange);
    Judged { endpoint: client.endpoint, good, worth: best.unwrap_or(Worth { now: 0, possible: 0 }), fault }
}

/// What an exchange is worth in a capture that `lost` packets or did not.
fn worth(exchange: &Exchange<'_>, echo: Echo, lost: bool) -> Worth {
    let refused = exchange.request.is_some_and(|request| request.refused.is_some());
    match echo {
        Echo::Same => Worth { now: ALL, possible: ALL },
        Echo::Late(_) => Worth { now: HALF, possible: HALF },
        Echo::Untimed | Echo::Backwards => Worth { now: 0, possible: ALL },
        Echo::Unanswered | Echo::Unasked if lost && !refused => Worth { now: 0, possible: ALL },
        Echo::Altered(_) | Echo::Unanswered | Echo::Unasked => Worth { now: 0, possible: 0 },
    }
}

fn missing_clients(earned: Points, clients: u64, wanted: u64) -> Ruling {
    let blocked: Vec<String> = (clients.saturating_add(1)..=wanted).map(|client| client.to_string()).collect();
    let blocked = blocked.join(", ");
    Ruling::new(
        earned,
        format!("클라이언트 {blocked}: 막힘(원인: 서로 다른 클라이언트)."),
        format!("Client {blocked}: blocked by \"Two clients\", for there were only {clients}."),
    )
}

/// What went wrong with one exchange.
fn fault(bench: &Bench<'_>, client: SocketAddr, exchange: &Exchange<'_>, echo: Echo, within: SignedDuration) -> Ruling {
    let (request, reply) = (frame(exchange.request), frame(exchange.reply));
    let ruling = match echo {
        Echo::Same => return Ruling::default(),
        Echo::Late(elapsed) => {
            let (milliseconds, most) = (elapsed.as_millis(), within.as_millis());
            Ruling::new(
                Points::ZERO,
                format!("프레임 {request}의 답이 {milliseconds} ms 뒤 도착(제한 {most})."),
                format!("The reply to frame {request} came after {milliseconds} ms ({most} at most)."),
            )
            .fix(Message::new(
                "서버가 recvfrom 뒤에 기다리지 않고 바로 sendto하게 하세요.",
                "Let the server send right after recvfrom, without waiting for anything.",
            ))
        }
        Echo::Untimed => untimed("시각이 없어", "The frames carry no time", within),
        Echo::Backwards => untimed("시각이 거꾸로 가서", "The clock steps back", within),
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

/// Nobody can tell how long the reply took.
fn untimed(ko: &str, en: &str, within: SignedDuration) -> Ruling {
    let seconds = within.as_secs();
    Ruling::new(
        Points::ZERO,
        format!("{ko} {seconds}초 검사를 할 수 없음 — 조교 확인."),
        format!("{en}: whether the reply came within {seconds} s cannot be told. Staff will look."),
    )
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
    if let Some(refused) = exchange.request.and_then(|request| request.refused) {
        return Ruling::new(
            Points::ZERO,
            format!("서버가 꺼져 있었음(프레임 {refused})."),
            format!("The server was not running: frame {refused} (ICMP) says that nobody had the port."),
        )
        .fix(Message::new("서버를 먼저 실행한 뒤 클라이언트를 실행하세요.", "Start the server before the clients."));
    }
    if stopped_early(bench, exchange) {
        return Ruling::new(
            Points::ZERO,
            format!("마지막 요청(프레임 {request}) 직후 캡처가 끝남."),
            format!("The capture ends right behind the last request (frame {request})."),
        )
        .fix(Message::new("에코를 받은 다음 캡처를 멈추세요.", "Stop the capture after the echo came."));
    }
    let filtered = narrow_filter(bench).is_some();
    let fix = match filtered {
        true => Message::new("캡처 필터를 지우고 다시 캡처하세요.", "Capture again without the capture filter."),
        false => Message::new(
            "서버가 받은 data를 sendto(data, client)로 돌려보내는지, 오류로 멈추지 않았는지 확인하세요.",
            "See whether the server sends what it received with sendto(data, client), and whether it stopped with an error.",
        ),
    };
    Ruling::new(Points::ZERO, format!("프레임 {request}의 답 없음."), format!("No reply to frame {request}.")).fix(fix)
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
    last.zip(asked).is_some_and(|(last, asked)| last.since(asked) < crate::judge::WITHIN)
}

/// One socket answers every client: replies leave from where the requests went. Where as many clients as there must be
/// were answered so, an earlier attempt in the same capture does not spoil it.
pub(super) fn udp_demux(bench: &Bench<'_>, max: Points) -> Ruling {
    let lab = bench.udp;
    let expected = Message::new("요청을 받은 소켓에서 답이 나감", "replies leave from the socket that was asked");
    let clients = lab.clients();
    let answered = |client: &&Client<'_>, elsewhere: bool| {
        client.exchanges.iter().any(|exchange| exchange.reply.is_some() && exchange.answered_elsewhere() == elsewhere)
    };
    let served = clients.iter().filter(|client| answered(client, false) && !answered(client, true)).count() as u64;
    let mut replies = lab.exchanges.iter().filter(|exchange| exchange.reply.is_some());
    if let Some(stray) = replies.find(|exchange| exchange.answered_elsewhere()).filter(|_| served < bench.rubric.clients()) {
        return elsewhere(stray, expected);
    }
    if served == 0 {
        return Ruling::new(Points::ZERO, "답이 하나도 없음.", "There is no reply.")
            .comparing(expected, Message::new("없음", "none"))
            .lacking();
    }
    let port = lab.port;
    let found = Message::new(
        format!("서버 소켓 하나(포트 {port})가 클라이언트 {served}개에 답함 (추정)"),
        format!("one socket on port {port} answered {} (inferred)", number(served, "client", "clients")),
    );
    Ruling::new(max, "모든 답이 요청을 받은 주소와 포트에서 나감.", "Every reply left from the address and port that was asked.")
        .comparing(expected, found)
        .shown(traffic(bench))
}

fn elsewhere(stray: &Exchange<'_>, expected: Message) -> Ruling {
    let from = stray.reply.map(|reply| reply.source.to_string()).unwrap_or_default();
    Ruling::new(
        Points::ZERO,
        format!("답의 출발지가 {from}: 같은 소켓으로 sendto."),
        format!("A reply came from {from}, not from {}: send it with the socket that received.", stray.server),
    )
    .comparing(expected, Message::new(format!("답의 출발지 {from}"), format!("a reply from {from}")))
    .near(vec![Message::new(
        format!("요청(프레임 {})은 {} 감", frame(stray.request), with_particle(&stray.server.to_string(), "으로/로")),
        format!("the request (frame {}) went to {}", frame(stray.request), stray.server),
    )])
    .shown(Evidence::frames(stray.frames()))
    .fix(Message::new(
        "recvfrom을 한 바로 그 소켓으로 sendto를 하세요. 새 소켓을 만들면 포트가 달라집니다.",
        "Use sendto on the very socket that recvfrom was called on; another socket has another port.",
    ))
}
