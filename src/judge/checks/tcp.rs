//! Connections of a TCP lab: how they opened, what came back, how they closed, who closed first.

use std::net::SocketAddr;

use super::{Bench, Ruling, number, recipe};
use crate::judge::record::Evidence;
use crate::judge::template::with_particle;
use crate::judge::{Message, Points, Stream};
use crate::track::{Closer, Connection, Outcome, Protocol};

/// A connection opened with SYN, SYN-ACK and ACK.
pub(super) fn handshake(bench: &Bench<'_>, max: Points) -> Ruling {
    let expected = Message::new("SYN, SYN-ACK, ACK", "SYN, SYN-ACK, ACK");
    let Some(first) = bench.tcp.first() else { return no_connection(bench, expected) };
    if let Some(complete) = bench.tcp.iter().find(|connection| connection.handshake.complete()) {
        let opening = complete.handshake;
        let frames = [opening.syn, opening.syn_ack, opening.ack].into_iter().flatten().collect::<Vec<_>>();
        let list = frames.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        let found = Message::new(format!("프레임 {list}"), format!("frames {list}"));
        return Ruling::new(max, "3-way handshake가 완전함.", "The handshake is complete.")
            .comparing(expected, found)
            .shown(Evidence::frames(frames));
    }
    let opening = first.handshake;
    let shown = [opening.syn, opening.syn_ack, first.ends.responder.rst];
    let frames = Evidence::frames(shown.into_iter().flatten().chain(opening.syn.is_none().then_some(first.first_frame)));
    let ruling = match (opening.syn, opening.syn_ack, first.ends.responder.rst) {
        (None, ..) => Ruling::new(
            Points::ZERO,
            "연결이 캡처 시작 전에 열림: 캡처를 먼저 시작하고 클라이언트 실행.",
            "The connection was open before the capture began: start the capture before the client.",
        )
        .fix(recipe::order(bench.record.os()))
        .lacking(),
        (Some(syn), None, Some(reset)) => Ruling::new(
            Points::ZERO,
            format!("SYN {syn}에 SYN-ACK 없음(RST={reset}): 서버가 꺼져 있었음."),
            format!("No SYN-ACK to the SYN of frame {syn} but a RST (frame {reset}): the server was not running."),
        )
        .fix(Message::new("서버를 먼저 실행한 뒤 클라이언트를 실행하세요.", "Start the server before the clients.")),
        (Some(syn), None, None) => {
            Ruling::new(Points::ZERO, format!("SYN {syn}에 SYN-ACK 없음."), format!("No SYN-ACK to the SYN of frame {syn}."))
                .lacking()
        }
        (Some(_), Some(answer), _) => Ruling::new(
            Points::ZERO,
            format!("SYN-ACK {answer}에 ACK 없음."),
            format!("No ACK to the SYN-ACK of frame {answer}."),
        )
        .lacking(),
    };
    let ruling = ruling.comparing(expected, outcome(first)).shown(frames);
    // What was said on a connection can be judged, though it is not in the capture how it was opened.
    if bench.tcp.iter().any(|connection| was_open(connection)) { ruling.blocking_nothing() } else { ruling }
}

/// The end that is not the server's; who opened a connection is a guess where its begin was not captured.
fn client(bench: &Bench<'_>, connection: &Connection) -> SocketAddr {
    if connection.initiator.port() == bench.port { connection.responder } else { connection.initiator }
}

/// More was said than a SYN and its refusal.
fn was_open(connection: &Connection) -> bool {
    let (initiator, responder) = (&connection.ends.initiator, &connection.ends.responder);
    let beside_syns = initiator.sent.frames.saturating_sub(connection.handshake.syns.into());
    beside_syns > u64::from(initiator.rst.is_some()) || responder.sent.frames > u64::from(responder.rst.is_some())
}

fn two_clients() -> Message {
    Message::new(
        "클라이언트를 두 개 실행해 둘 다 연결하고, 에코를 받은 뒤 닫으세요.",
        "Start two clients, connect both, and close each after its echo.",
    )
}

fn outcome(connection: &Connection) -> Message {
    let ko = match connection.outcome() {
        Outcome::NoReply => "답 없음",
        Outcome::Refused => "거절됨(RST)",
        Outcome::Open => "열려 있음",
        Outcome::HalfClosed => "한쪽만 닫힘",
        Outcome::Closed => "닫힘",
        Outcome::Reset => "RST로 끝남",
        Outcome::Midstream => "중간부터 캡처됨",
    };
    Message::new(ko, connection.outcome().word().replace('_', " "))
}

/// The first connections to the server, each with what became of it.
pub(super) fn nearest(bench: &Bench<'_>) -> Vec<Message> {
    const TOLD: usize = 3;
    let told = |connection: &&Connection| {
        let (first, last) = (connection.first_frame, connection.last_frame);
        let (ends, became) = (format!("{} → {}", connection.initiator, connection.responder), outcome(connection));
        Message::new(
            format!("{ends}: {} (프레임 {first}–{last})", became.ko),
            format!("{ends}: {} (frames {first}–{last})", became.en),
        )
    };
    bench.tcp.iter().take(TOLD).map(told).collect()
}

fn no_connection(bench: &Bench<'_>, expected: Message) -> Ruling {
    let port = bench.port;
    let over_udp = bench.record.traffic.frames(|passage| passage.protocol == Protocol::Udp && passage.uses(port));
    if !over_udp.is_empty() {
        return Ruling::new(
            Points::ZERO,
            format!("UDP로 작성됨: {port}번 포트에 UDP 패킷 {}개. SOCK_STREAM을 쓸 것.", over_udp.len()),
            format!(
                "It was written with UDP: {} to port {port}. Use SOCK_STREAM.",
                number(over_udp.len() as u64, "packet", "packets")
            ),
        )
        .comparing(expected, Message::new("UDP", "UDP"))
        .shown(Evidence::whole(format!("udp.port == {port}"), over_udp));
    }
    let mut ports: Vec<u16> = bench.record.trace.connections.iter().map(|connection| connection.responder.port()).collect();
    ports.sort_unstable();
    ports.dedup();
    let list = ports.iter().take(5).map(u16::to_string).collect::<Vec<_>>().join(", ");
    let found = match list.is_empty() {
        true => Message::new("TCP 연결 없음", "no TCP connection"),
        false => Message::new(format!("연결된 포트: {list}"), format!("connections to ports {list}")),
    };
    Ruling::new(Points::ZERO, format!("{port}번 포트에 TCP 연결이 없음."), format!("There is no TCP connection to port {port}."))
        .comparing(expected, found)
        .fix(recipe::capture(bench.record.os()))
        .lacking()
}

/// How much of what a client sent came back.
struct Echoed<'b> {
    connection: &'b Connection,
    sent: u64,
    back: u64,
    /// The first octet that is another one.
    differs: Option<usize>,
    /// Octets are missing in the capture.
    cut: bool,
}

impl Echoed<'_> {
    fn is_whole(&self) -> bool {
        self.sent > 0 && self.differs.is_none() && self.back == self.sent
    }
}

/// Each of so many clients got back the octets it had sent.
pub(super) fn echo(bench: &Bench<'_>, max: Points, wanted: u64) -> Ruling {
    let expected = Message::new(
        format!("클라이언트 {wanted}개가 보낸 바이트를 그대로 돌려받음"),
        format!("{wanted} clients get back the octets that they sent"),
    );
    let mut echoes: Vec<Echoed<'_>> = bench.tcp.iter().map(|connection| echoed(bench, connection)).collect();
    echoes.sort_by_key(|echo| !echo.is_whole());
    let good = echoes.iter().filter(|echo| echo.is_whole()).count() as u64;
    let earned = max.share(good.min(wanted), wanted);
    let found = Message::new(format!("그대로 받은 연결 {good}개"), format!("connections that did: {good}"));
    if good >= wanted {
        let whole = Ruling::new(max, "모든 바이트가 돌아옴.", "All octets came back.");
        return whole.comparing(expected, found).shown(segments(bench));
    }
    let Some(bad) = echoes.iter().find(|echo| !echo.is_whole()) else {
        return Ruling::new(
            earned,
            format!("클라이언트: {good}개 (필요: {wanted}개)."),
            format!("Only {good} of {wanted} clients."),
        )
        .fix(two_clients())
        .comparing(expected, found)
        .shown(segments(bench))
        .lacking();
    };
    let ruling = spoiled(bad, client(bench, bad.connection), earned);
    let stream = bad.connection.id.number;
    let evidence = Evidence::of(format!("tcp.stream == {stream}"), &bench.record.traffic, |passage| {
        passage.protocol == Protocol::Tcp && passage.stream == Some(stream)
    });
    let pending = if bad.cut { max - earned } else { Points::ZERO };
    let ruling = ruling.comparing(expected, found).shown(evidence).pending(pending);
    if bad.differs.is_none() { ruling.lacking() } else { ruling }
}

/// All segments from the server's port and to it.
fn segments(bench: &Bench<'_>) -> Evidence {
    Evidence::of(format!("tcp.port == {}", bench.port), &bench.record.traffic, |passage| {
        passage.protocol == Protocol::Tcp && passage.uses(bench.port)
    })
}

fn spoiled(bad: &Echoed<'_>, client: SocketAddr, earned: Points) -> Ruling {
    let (ko, en) = match bad.differs {
        _ if bad.cut => ("바이트 일부가 캡처에 없어 확인 불가".to_owned(), "octets are missing in the capture".to_owned()),
        Some(offset) => (format!("보낸 것과 다름: 위치 {offset}"), format!("other octets came back, from offset {offset} on")),
        None if bad.sent == 0 => ("보낸 것이 없음".to_owned(), "it sent nothing".to_owned()),
        None if bad.back == 0 => ("돌아온 것이 없음".to_owned(), "nothing came back".to_owned()),
        None => (
            format!("{}바이트 중 {}바이트만 돌아옴", bad.sent, bad.back),
            format!("only {} of {} octets were echoed", bad.back, bad.sent),
        ),
    };
    Ruling::new(earned, format!("{client}: {ko}."), format!("{client}: {en}.")).fix(Message::new(
        "서버는 recv로 받은 만큼 sendall로 그대로 돌려주고, 클라이언트는 보낸 만큼 받을 때까지 recv를 되풀이하세요.",
        "Let the server return with sendall all that recv gave it, and let the client call recv until all has come back.",
    ))
}

fn echoed<'b>(bench: &Bench<'b>, connection: &'b Connection) -> Echoed<'b> {
    let stream = |from_client: bool| {
        bench
            .record
            .deliveries
            .streams
            .iter()
            .find(|stream| stream.flow == connection.id && (stream.destination.port() == bench.port) == from_client)
    };
    let (sent, back) = (stream(true), stream(false));
    let octets = |stream: Option<&'b Stream>| stream.map_or(&[][..], |stream| stream.octets.as_slice());
    let differs = octets(sent).iter().zip(octets(back)).position(|(sent, back)| sent != back);
    Echoed {
        connection,
        sent: octets(sent).len() as u64,
        back: octets(back).len() as u64,
        differs,
        cut: [sent, back].into_iter().flatten().any(|stream| stream.cut),
    }
}

/// Both ends closed, and both FINs were acknowledged.
pub(super) fn close(bench: &Bench<'_>, max: Points, wanted: u64) -> Ruling {
    let expected = Message::new("양쪽의 FIN과 각각의 ACK", "a FIN each way, and both acknowledged");
    let mut worths: Vec<(u64, &Connection)> = bench.tcp.iter().map(|connection| (closing(connection), *connection)).collect();
    worths.sort_by_key(|(halves, _)| std::cmp::Reverse(*halves));
    worths.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
    let halves: u64 = worths.iter().map(|(halves, _)| halves).sum();
    let earned = max.share(halves, wanted.saturating_mul(2));
    let Some((worst, connection)) = worths.last() else { return no_connection(bench, expected) };
    let (initiator, responder) = (&connection.ends.initiator, &connection.ends.responder);
    let frames = [initiator.fin, initiator.fin_acked, responder.fin, responder.fin_acked, connection.reset];
    let evidence = Evidence::frames(frames.into_iter().flatten());
    let count = worths.len() as u64;
    let ruling = match (worst, connection.reset, initiator.fin.or(responder.fin)) {
        (2, ..) if count < wanted => Ruling::new(
            earned,
            format!("양쪽 모두 닫은 연결: {count}개 (필요: {wanted}개)."),
            format!("{} closed both ways (need {wanted}).", number(count, "connection", "connections")),
        )
        .fix(two_clients())
        .lacking(),
        (2, ..) => Ruling::new(earned, "양쪽 모두 FIN과 ACK로 닫음.", "Closed both ways with FIN and ACK."),
        (_, Some(reset), _) => {
            Ruling::new(earned, format!("RST로 끝남(프레임 {reset})."), format!("Ended by RST (frame {reset}).")).fix(
                Message::new(
                    "받을 데이터를 다 읽은 뒤 close하세요. 읽지 않은 데이터가 남으면 RST가 나갑니다.",
                    "Read all that comes before close: closing with unread data sends a RST.",
                ),
            )
        }
        (_, None, Some(fin)) => Ruling::new(
            earned,
            format!("한쪽만 닫음(FIN 프레임 {fin})."),
            format!("Only one way was closed (FIN in frame {fin}), or the capture ends before the rest."),
        )
        .fix(Message::new(
            "클라이언트와 서버 양쪽에서 close를 부른 다음 캡처를 멈추세요.",
            "Let both ends close, then stop the capture.",
        ))
        .lacking(),
        (_, None, None) => Ruling::new(earned, "FIN이 없음: 닫히지 않음.", "There is no FIN: the connection stays open.")
            .fix(Message::new("양쪽에서 close를 부른 다음 캡처를 멈추세요.", "Let both ends close, then stop the capture."))
            .lacking(),
    };
    ruling.comparing(expected, outcome(connection)).shown(evidence)
}

/// What the close of a connection is worth, in halves.
fn closing(connection: &Connection) -> u64 {
    let (initiator, responder) = (&connection.ends.initiator, &connection.ends.responder);
    let acked = initiator.fin_acked.is_some() && responder.fin_acked.is_some();
    match connection.outcome() {
        _ if acked => 2,
        Outcome::Closed | Outcome::HalfClosed => 1,
        _ => 0,
    }
}

/// The end that is to stay in TIME-WAIT closed first.
pub(super) fn first_fin(bench: &Bench<'_>, max: Points, wanted: Closer) -> Ruling {
    let name = |closer: Closer| match closer {
        Closer::Initiator => ("클라이언트", "client"),
        Closer::Responder => ("서버", "server"),
        Closer::Both => ("양쪽", "both"),
    };
    let first = name(wanted);
    let expected = Message::new(format!("먼저 닫은 쪽: {}", first.0), format!("closed first: {}", first.1));
    let closer = |connection: &Connection| match connection.closed_first()? {
        Closer::Initiator if connection.initiator.port() == bench.port => Some(Closer::Responder),
        Closer::Responder if connection.initiator.port() == bench.port => Some(Closer::Initiator),
        closer => Some(closer),
    };
    let closers: Vec<(Closer, &Connection)> =
        bench.tcp.iter().filter_map(|connection| Some((closer(connection)?, *connection))).collect();
    let good = closers.iter().find(|(closer, _)| *closer == wanted || *closer == Closer::Both);
    let Some((closer, connection)) = good.or_else(|| closers.first()) else {
        return Ruling::new(Points::ZERO, "FIN이 없어 TIME_WAIT도 없음.", "There is no FIN, so nobody is in TIME-WAIT.")
            .comparing(expected, Message::new("FIN 없음", "no FIN"))
            .shown(segments(bench))
            .lacking();
    };
    let (ko, en) = name(*closer);
    let frames = [connection.ends.initiator.fin, connection.ends.responder.fin];
    Ruling::new(
        if good.is_some() { max } else { Points::ZERO },
        format!("먼저 닫은 쪽: {ko} → TIME_WAIT도 {ko}."),
        format!("Closed first: {en}, so TIME-WAIT is there."),
    )
    .comparing(expected, Message::new(format!("먼저 닫은 쪽: {ko}"), format!("closed first: {en}")))
    .shown(Evidence::frames(frames.into_iter().flatten()))
    .fix(Message::new(
        format!("먼저 close한 쪽이 TIME_WAIT에 남습니다. {} 먼저 닫게 하세요.", with_particle(first.0, "이/가")),
        format!("Who closes first stays in TIME-WAIT: let the {} close first.", first.1),
    ))
}

/// Two connections to one port, told apart by their clients, were open at the same time.
pub(super) fn demux(bench: &Bench<'_>, max: Points) -> Ruling {
    let expected = Message::new("같은 서버 포트에 동시에 열린 두 연결", "two connections to one port, open at the same time");
    let open: Vec<&Connection> = bench.tcp.iter().copied().filter(|connection| was_open(connection)).collect();
    let overlap = open.iter().enumerate().find_map(|(place, first)| {
        let others = open.iter().skip(place.saturating_add(1));
        let other = others
            .into_iter()
            .find(|other| other.first_frame < first.last_frame && client(bench, other) != client(bench, first))?;
        Some((*first, *other))
    });
    let tuples = |one: &Connection, other: &Connection| {
        let text = format!("{} → {}, {} → {}", one.initiator, one.responder, other.initiator, other.responder);
        Message::new(text.clone(), text)
    };
    if let Some((one, other)) = overlap {
        let frames = Evidence::frames([one.handshake.syn, other.handshake.syn].into_iter().flatten());
        return Ruling::new(
            max,
            "같은 포트의 두 연결을 4-튜플로 구분함.",
            "Two connections share the port, told apart by their 4-tuples.",
        )
        .comparing(expected, tuples(one, other))
        .shown(frames);
    }
    match open.as_slice() {
        [one, other, ..] => Ruling::new(max.share(1, 2), "두 연결이 겹치지 않음.", "The connections were never open together.")
            .comparing(expected, tuples(one, other))
            .shown(Evidence::frames([one.handshake.syn, other.handshake.syn].into_iter().flatten()))
            .fix(Message::new(
                "첫 클라이언트를 닫기 전에 두 번째 클라이언트를 실행하세요.",
                "Start the second client before the first one closes.",
            )),
        _ => Ruling::new(
            Points::ZERO,
            format!("열린 연결: {}개 (필요: 2개).", open.len()),
            format!("{} (need 2).", number(open.len() as u64, "open connection", "open connections")),
        )
        .fix(two_clients())
        .comparing(expected, Message::new(format!("{}개", open.len()), format!("{}", open.len())))
        .shown(segments(bench))
        .lacking(),
    }
}
