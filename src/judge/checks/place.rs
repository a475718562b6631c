//! Where it was captured, and whether anything of the lab is there.

use std::collections::BTreeSet;

use super::{Bench, Ruling, number, recipe};
use crate::decode::port::PortClass;
use crate::judge::record::Evidence;
use crate::judge::template::with_particle;
use crate::judge::{Message, Points};
use crate::track::{FlowId, Protocol};

/// Packets of the loopback were captured.
pub(super) fn loopback(bench: &Bench<'_>, max: Points) -> Ruling {
    let survey = &bench.record.trace.survey;
    let names = interfaces(bench);
    let interfaces = if names.is_empty() { "\"?\"".to_owned() } else { names.join(", ") };
    let expected = Message::new("루프백 패킷(127.0.0.1)", "packets of the loopback (127.0.0.1)");
    if survey.loopback.frames > 0 || (survey.frames > 0 && (bench.record.is_of_loopback() || talks_to_itself(bench))) {
        let filter = "ip.addr == 127.0.0.0/8 || ipv6.addr == ::1";
        let evidence = survey.loopback.first.map_or_else(Evidence::default, |first| Evidence {
            frames: vec![first],
            filter: Some(format!("({filter}) && frame.number <= {first}")),
        });
        return Ruling::new(max, "루프백을 캡처함.", "The loopback was captured.")
            .comparing(expected, Message::new(interfaces.clone(), interfaces))
            .shown(evidence);
    }
    let choice = recipe::interface(bench.record.os());
    let (ko, en) = match names.is_empty() {
        true => ("루프백이 아닌 인터페이스를 캡처함".to_owned(), "Another interface than the loopback was captured".to_owned()),
        false => (
            format!("루프백이 아니라 {} 캡처함", with_particle(&interfaces, "을/를")),
            format!("Captured {interfaces}, not the loopback"),
        ),
    };
    Ruling::new(Points::ZERO, format!("{ko}. 선택할 것: {choice}."), format!("{en}. Choose {choice}."))
        .comparing(expected, busiest(bench))
        .fix(recipe::order(bench.record.os()))
}

/// A host that talks to its own address does so over its loopback, whatever the address.
fn talks_to_itself(bench: &Bench<'_>) -> bool {
    bench.record.trace.conversations.iter().any(|conversation| conversation.a.ip() == conversation.b.ip())
}

/// The interfaces by the names that people know: `"Wi-Fi"`.
fn interfaces(bench: &Bench<'_>) -> Vec<String> {
    let name = |interface: &crate::capture::Interface| interface.description.clone().or_else(|| interface.name.clone());
    let used = bench.record.description.interfaces.iter().filter(|interface| interface.frames > 0);
    let mut names: Vec<String> = used.filter_map(name).map(|name| format!("\"{name}\"")).collect();
    names.dedup();
    names.truncate(3);
    names
}

/// The address that most packets came from or went to.
fn busiest(bench: &Bench<'_>) -> Message {
    let trace = &bench.record.trace;
    let frames =
        |conversation: &&crate::track::Conversation| conversation.a_to_b.frames.saturating_add(conversation.b_to_a.frames);
    match trace.conversations.iter().max_by_key(frames) {
        Some(busiest) => Message::new(
            format!("대부분 {} {} 사이의 패킷", with_particle(&busiest.a.ip().to_string(), "과/와"), busiest.b.ip()),
            format!("mostly packets between {} and {}", busiest.a.ip(), busiest.b.ip()),
        ),
        None => Message::new("TCP도 UDP도 없음", "neither TCP nor UDP"),
    }
}

/// Packets to the server's port, or to the port where the lab was run instead.
pub(super) fn udp_endpoint(bench: &Bench<'_>, max: Points) -> Ruling {
    let lab = bench.udp;
    let asked = lab.asked;
    let server = format!("127.0.0.1:{asked}");
    let expected =
        Message::new(format!("{} 가는 UDP 패킷", with_particle(&server, "으로/로")), format!("UDP packets to {server}"));
    let half = max.share(1, 2);
    if lab.is_empty() {
        return no_server(bench, expected);
    }
    let port = lab.port;
    let evidence = Evidence::of(format!("udp.port == {port}"), &bench.record.traffic, |passage| {
        passage.protocol == Protocol::Udp && passage.uses(port)
    });
    let frames = evidence.frames.len() as u64;
    let found = Message::new(
        format!("UDP 포트 {port}의 프레임 {frames}개"),
        format!("{} of UDP port {port}", number(frames, "frame", "frames")),
    );
    let ruling = if port != asked {
        let not_asked = with_particle(&asked.to_string(), "이/가");
        Ruling::new(half, format!("{not_asked} 아니라 {port}에서 동작."), format!("The server ran on port {port}, not {asked}."))
            .fix(Message::new(
                format!("서버의 포트를 {asked}번으로 두고 다시 실행하세요."),
                format!("Let the server bind port {asked}."),
            ))
    } else if lab.is_ipv6() {
        Ruling::new(half, "IPv6로 감. 127.0.0.1 사용.", "It went over IPv6 (::1): use 127.0.0.1.").fix(Message::new(
            "\"localhost\"는 ::1이 될 수 있습니다. 클라이언트에 127.0.0.1을 주세요.",
            "\"localhost\" may mean ::1; give the client 127.0.0.1.",
        ))
    } else {
        Ruling::new(max, format!("{asked}번 포트의 패킷이 있음."), format!("There are packets of port {asked}."))
    };
    ruling.comparing(expected, found).shown(evidence)
}

/// Why nothing of the lab is there, as far as the capture tells.
fn no_server(bench: &Bench<'_>, expected: Message) -> Ruling {
    let asked = bench.udp.asked;
    let to_port = bench.record.trace.connections.iter().filter(|connection| connection.responder.port() == asked);
    let air_play = air_play_flows(bench);
    let over_tcp = to_port.filter(|connection| !air_play.contains(&connection.id));
    let frames: Vec<u64> = over_tcp.map(|connection| connection.first_frame).collect();
    if !frames.is_empty() {
        return Ruling::new(
            Points::ZERO,
            format!("TCP로 작성됨: {asked}번 포트에 TCP 연결 {}개. SOCK_DGRAM을 쓸 것.", frames.len()),
            format!(
                "It was written with TCP: {} to port {asked}. Use SOCK_DGRAM.",
                number(frames.len() as u64, "connection", "connections")
            ),
        )
        .comparing(expected, Message::new("TCP 연결", "TCP connections"))
        .shown(Evidence::frames(frames))
        .fix(Message::new(
            "socket.socket(AF_INET, SOCK_DGRAM)으로 만든 소켓에 sendto와 recvfrom을 쓰세요.",
            "Make the sockets with socket.socket(AF_INET, SOCK_DGRAM), and use sendto and recvfrom.",
        ));
    }
    let top = top_port(bench);
    let (ko, en) = match top {
        Some((port, count)) => (
            format!("{asked}번 포트 패킷 없음. 가장 많은 포트 {port} ({count}개)."),
            format!("No packet on port {asked}; the busiest is {port} ({}).", number(count, "frame", "frames")),
        ),
        None => (format!("{asked}번 포트 패킷 없음. UDP 패킷이 없음."), format!("No packet on port {asked}, and no UDP at all.")),
    };
    Ruling::new(Points::ZERO, ko, en)
        .comparing(expected, Message::new("없음", "none"))
        .near(busiest_udp(bench).into_iter().collect())
        .fix(recipe::capture(bench.record.os()))
        .lacking()
}

/// The UDP conversation with most frames.
fn busiest_udp(bench: &Bench<'_>) -> Option<Message> {
    let udp = bench.record.trace.conversations.iter().filter(|conversation| conversation.id.protocol == Protocol::Udp);
    let busiest = udp.max_by_key(|conversation| conversation.a_to_b.frames.saturating_add(conversation.b_to_a.frames))?;
    let (a, b, stream) = (busiest.a, busiest.b, busiest.id.number);
    Some(Message::new(format!("UDP {a} ↔ {b} (udp.stream eq {stream})"), format!("UDP {a} ↔ {b} (udp.stream eq {stream})")))
}

/// The capture filter, where something of the lab is missing that it may have kept out.
pub(in crate::judge) fn narrow_filter(bench: &Bench<'_>) -> Option<Message> {
    let lab = bench.udp;
    let lacks = lab.is_empty() || lab.exchanges.iter().any(|exchange| exchange.request.is_none() || exchange.reply.is_none());
    let mut filters = bench.record.description.interfaces.iter().filter_map(|interface| interface.filter.as_deref());
    let filter = filters.find(|filter| !filter.is_empty()).filter(|_| lacks && bench.protocol == Protocol::Udp)?;
    Some(Message::new(
        format!("캡처 필터 \"{filter}\" 때문에 ICMP나 응답이 빠졌을 수 있음."),
        format!("The capture filter \"{filter}\" may have kept out ICMP or replies."),
    ))
}

/// macOS answers on TCP port 5000 itself.
pub(in crate::judge) fn air_play(bench: &Bench<'_>) -> Option<Message> {
    let port = bench.port;
    (!air_play_flows(bench).is_empty()).then(|| {
        Message::new(
            format!(
                "TCP 포트 {} macOS의 AirPlay가 사용 중: TCP 서버에는 다른 포트를 쓸 것.",
                with_particle(&port.to_string(), "은/는")
            ),
            format!("On macOS AirPlay answers on TCP port {port}: a TCP server needs another port."),
        )
    })
}

/// Connections whose server says that it is AirPlay's.
pub(super) fn air_play_flows(bench: &Bench<'_>) -> BTreeSet<FlowId> {
    const MARK: &[u8] = b"AirTunes";
    const LOOKED_AT: usize = 4096;
    let of_server = bench.record.deliveries.streams.iter().filter(|stream| stream.source.port() == bench.port);
    let marked = of_server.filter(|stream| stream.octets.windows(MARK.len()).take(LOOKED_AT).any(|window| window == MARK));
    marked.map(|stream| stream.flow).collect()
}

/// The UDP port with most frames, the lower one of a pair.
fn top_port(bench: &Bench<'_>) -> Option<(u16, u64)> {
    let mut ports = std::collections::BTreeMap::<u16, u64>::new();
    for conversation in bench.record.trace.conversations.iter().filter(|conversation| conversation.id.protocol == Protocol::Udp) {
        let frames = conversation.a_to_b.frames.saturating_add(conversation.b_to_a.frames);
        let count = ports.entry(conversation.a.port().min(conversation.b.port())).or_default();
        *count = count.saturating_add(frames);
    }
    ports.into_iter().max_by_key(|(port, count)| (*count, std::cmp::Reverse(*port)))
}

/// The system chose the ports of as many clients as there must be, or of all.
pub(super) fn client_port(bench: &Bench<'_>, max: Points, (low, high): (u16, u16)) -> Ruling {
    let clients = bench.udp.clients();
    let ports: Vec<u16> = clients.iter().map(|client| client.endpoint.port()).collect();
    let list = ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
    let expected = Message::new(format!("OS가 고른 포트 {low}–{high}"), format!("ports that the system picked, {low}–{high}"));
    let found = Message::new(format!("포트 {list}"), format!("ports {list}"));
    if ports.is_empty() {
        return Ruling::new(Points::ZERO, "클라이언트가 없음.", "There is no client.")
            .comparing(expected, Message::new("없음", "none"))
            .lacking();
    }
    let is_chosen = |port: &&u16| (low..=high).contains(*port);
    let chosen = ports.iter().filter(is_chosen).count() as u64;
    let Some(fixed) = ports.iter().find(|port| !is_chosen(port)).filter(|_| chosen < bench.rubric.clients()) else {
        let evidence = Evidence::of(format!("udp.port == {}", bench.udp.port), &bench.record.traffic, |passage| {
            passage.protocol == Protocol::Udp && passage.uses(bench.udp.port)
        });
        return Ruling::new(max, "OS가 고른 임시 포트.", "The system picked the ports.")
            .comparing(expected, found)
            .shown(evidence);
    };
    let class = PortClass::of(*fixed);
    let near = ports
        .iter()
        .filter(is_chosen)
        .take(3)
        .map(|port| Message::new(format!("{port}: OS가 고른 포트로 보임"), format!("{port} looks picked by the system")));
    Ruling::new(Points::ZERO, format!("{fixed}: bind로 고정한 포트로 보임."), format!("{fixed} looks fixed by bind ({class})."))
        .comparing(expected, found)
        .near(near.collect())
        .shown(Evidence::of(format!("udp.port == {fixed}"), &bench.record.traffic, |passage| {
            passage.protocol == Protocol::Udp && passage.uses(*fixed)
        }))
        .fix(Message::new(
            "클라이언트는 bind를 하지 않거나 포트 0으로 bind하세요. 그러면 OS가 임시 포트를 줍니다.",
            "Let the client bind nothing, or port 0: the system then gives it an ephemeral port.",
        ))
}
