//! What a teacher asks in the rubric: rows that a display filter selects.

use std::collections::{BTreeMap, BTreeSet};

use super::{Bench, Ruling};
use crate::judge::filter::Filter;
use crate::judge::query::{Counted, Grouping, Query, Row, Select, rows};
use crate::judge::record::{Client, Evidence};
use crate::judge::template::{Params, Values, filled, with_params};
use crate::judge::{Message, Points};

/// Counts rows and groups, and says what is required and what was found.
pub(super) fn query(bench: &Bench<'_>, max: Points, query: &Query) -> Ruling {
    let params = effective(bench);
    let condition = with_params(&query.condition, &params);
    let Ok(filter) = Filter::compile(&condition) else {
        return Ruling::new(Points::ZERO, "루브릭의 필터를 읽을 수 없음.", "The rubric's filter cannot be read.").pending(max);
    };
    let rows = selected(bench, query, &condition, &filter);
    let counted = Counted::of(&rows, query.group_by);
    let holds = if query.absent { rows.is_empty() } else { query.require.holds(&counted) };
    let part = || query.score.as_ref().filter(|_| !query.absent).map_or(Points::ZERO, |score| score.of(&counted, max));
    let earned = if holds { max } else { part() };
    let evidence = evidence(bench, query, &params, &rows);
    let values = values(&counted, &rows, query.group_by);
    let found = filled(&counts(query), &values);
    let (ko, en) = if holds { ("", "") } else { ("조건을 만족하지 않음: ", "not as required: ") };
    let told: Vec<Message> = repeated(query, &rows).into_iter().chain(unheard(bench, query, &rows)).collect();
    let near = if told.is_empty() { near(bench, query, &params).into_iter().collect() } else { told };
    let ruling = Ruling::new(earned, format!("{ko}{}.", found.ko), format!("{en}{}.", found.en))
        .comparing(expected(query, &condition), found)
        .shown(evidence);
    let ruling = if holds { ruling } else { ruling.near(near) };
    Ruling { values, ..if query.absent { ruling } else { ruling.lacking() } }
}

/// Sockets that sent more than once, where others were to send too.
fn repeated(query: &Query, rows: &[Row<'_>]) -> Vec<Message> {
    const LISTED: usize = 3;
    if (query.select, query.group_by) != (Select::Datagrams, Some(Grouping::Source)) {
        return Vec::new();
    }
    let mut groups: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for row in rows {
        groups.entry(row.key(Grouping::Source)).or_default().extend(&row.frames);
    }
    let told = |(source, frames): (String, Vec<u64>)| {
        let (times, list) = (frames.len(), some(&frames));
        Message::new(
            format!("{source}: 소켓 1개가 {times}번 보냄(프레임 {list})"),
            format!("{source}: one socket sent {times} times (frames {list})"),
        )
    };
    groups.into_iter().filter(|(_, frames)| frames.len() > 1).take(LISTED).map(told).collect()
}

/// Sockets that were answered, though what they sent is not in the capture.
fn unheard(bench: &Bench<'_>, query: &Query, rows: &[Row<'_>]) -> Vec<Message> {
    const LISTED: usize = 3;
    if (query.select, query.group_by) != (Select::Datagrams, Some(Grouping::Source)) {
        return Vec::new();
    }
    let heard: BTreeSet<_> = rows.iter().filter_map(|row| row.ends).map(|(source, _)| source).collect();
    let clients = bench.udp.clients().into_iter().filter(|client| !heard.contains(&client.endpoint));
    let told = |client: Client<'_>| {
        let (client, list) =
            (client.endpoint, some(&client.exchanges.iter().flat_map(|exchange| exchange.frames()).collect::<Vec<_>>()));
        Message::new(
            format!("{client}: 받은 답만 있고 보낸 것이 캡처에 없음(프레임 {list})"),
            format!("{client}: what it was answered was captured, but not what it sent (frames {list})"),
        )
    };
    clients.take(LISTED).map(told).collect()
}

/// The first of some frames.
fn some(frames: &[u64]) -> String {
    const LISTED: usize = 5;
    let list = frames.iter().take(LISTED).map(u64::to_string).collect::<Vec<_>>().join(", ");
    if frames.len() > LISTED { format!("{list}, …") } else { list }
}

/// The rubric's parameters, with the port where the lab was really run.
fn effective(bench: &Bench<'_>) -> Params {
    let mut params = bench.rubric.params.clone();
    if let Some(port) = params.get_mut("server_port") {
        *port = bench.served_port().to_string();
    }
    params
}

fn selected<'b>(bench: &'b Bench<'_>, query: &Query, condition: &str, filter: &Filter) -> Vec<Row<'b>> {
    let record = bench.record;
    let all: Box<dyn Iterator<Item = Row<'b>>> = match query.select {
        Select::Packets => {
            Box::new(record.selected(condition).iter().map(|seen| Row::packet(seen.frame, seen.ends, seen.stream)))
        }
        Select::Datagrams => {
            let once = record.deliveries.datagrams.iter().filter(|datagram| datagram.copy_of.is_none());
            Box::new(once.map(Row::datagram))
        }
        Select::Exchanges => Box::new(bench.udp.exchanges.iter().copied().map(Row::exchange)),
        Select::Sockets => Box::new(record.trace.sockets.sockets.iter().map(Row::socket)),
        Select::Connections => Box::new(record.trace.connections.iter().map(Row::connection)),
    };
    rows(all, filter)
}

/// The frames that the filter for people shows; else those of the rows.
fn evidence(bench: &Bench<'_>, query: &Query, params: &Params, rows: &[Row<'_>]) -> Evidence {
    let show = query.show.as_ref().map(|show| with_params(show, params));
    let shown = show.and_then(|show| Some((bench.record.frames_of(&show)?, show)));
    match shown {
        Some((frames, show)) if !frames.is_empty() => Evidence::whole(show, frames),
        _ => Evidence::frames(rows.iter().flat_map(|row| row.frames.iter().copied())),
    }
}

/// What came near, in numbers.
fn near(bench: &Bench<'_>, query: &Query, params: &Params) -> Option<Message> {
    let near = with_params(query.near.as_ref()?, params);
    let frames = bench.record.frames_of(&near).filter(|frames| !frames.is_empty())?;
    let list = some(&frames);
    Some(Message::new(format!("가까운 것: 프레임 {list} ({near})"), format!("near: frames {list} ({near})")))
}

/// How much was found, in words with placeholders.
fn counts(query: &Query) -> Message {
    match query.group_by.map(|grouping| kinds(query.select, grouping)) {
        Some((ko, en)) => {
            Message::new(format!("서로 다른 {ko} {{groups}}개({{keys}})"), format!("{{groups}} distinct {en} ({{keys}})"))
        }
        None => Message::new("{rows}개", "{rows}"),
    }
}

/// What groups are.
const fn kinds(select: Select, grouping: Grouping) -> (&'static str, &'static str) {
    match (select, grouping) {
        (Select::Connections | Select::Exchanges, Grouping::Source) => ("클라이언트", "clients"),
        (Select::Connections | Select::Exchanges, Grouping::Destination) => ("서버", "servers"),
        (_, Grouping::Source) => ("보낸 쪽", "senders"),
        (_, Grouping::Destination) => ("받는 쪽", "receivers"),
        (_, Grouping::SourceAddress) => ("보낸 주소", "addresses of senders"),
        (_, Grouping::DestinationAddress) => ("받는 주소", "addresses of receivers"),
        (_, Grouping::Stream) => ("스트림", "streams"),
    }
}

fn expected(query: &Query, condition: &str) -> Message {
    let groups = query.require.groups.map(|bounds| bounds.min);
    let (ko, en) = match (query.absent, groups, query.group_by.map(|grouping| kinds(query.select, grouping))) {
        (true, ..) => ("없어야 함".to_owned(), "none".to_owned()),
        (false, Some(groups), Some((ko, en))) => (format!("서로 다른 {ko} {groups}개"), format!("{groups} distinct {en}")),
        _ => return Message::new(condition, condition),
    };
    Message::new(format!("{ko} ({condition})"), format!("{en} ({condition})"))
}

/// What messages may name: how much was found, and where.
fn values(counted: &Counted, rows: &[Row<'_>], grouping: Option<Grouping>) -> Values {
    const LISTED: usize = 8;
    let list = |items: Vec<String>| {
        let more = if items.len() > LISTED { ", …" } else { "" };
        let text = items.into_iter().take(LISTED).collect::<Vec<_>>().join(", ") + more;
        if text.is_empty() { "–".to_owned() } else { text }
    };
    let frames: BTreeSet<u64> = rows.iter().flat_map(|row| row.frames.iter().copied()).collect();
    let ports: BTreeSet<u16> = rows.iter().filter_map(|row| row.ends).map(|(source, _)| source.port()).collect();
    let keys: BTreeSet<String> = rows.iter().filter_map(|row| Some(row.key(grouping?))).collect();
    let same = |text: String| Message::new(text.clone(), text);
    Values::from([
        ("groups", same(counted.groups.len().to_string())),
        ("rows", same(counted.rows.to_string())),
        ("frames", same(list(frames.iter().map(u64::to_string).collect()))),
        ("ports", same(list(ports.iter().map(u16::to_string).collect()))),
        ("keys", same(list(keys.into_iter().collect()))),
    ])
}
