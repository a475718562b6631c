//! Connections from line scripts: what opens, what closes, and the states of both ends.

#![allow(unreachable_pub, reason = "shared test code is public to its siblings")]

mod support;

use rstest::rstest;
use sockscope::track::{Connection, Limits, Outcome, Side, Socket, Trace};
use support::script::{connection, frames, frames_from, initiator, track, track_within};

/// `outcome, close, initiator state, responder state`.
fn summary(connection: &Connection) -> String {
    let close = connection.close().map_or("-", |close| close.word());
    let states = [&connection.ends.initiator.state, &connection.ends.responder.state];
    let [initiator, responder] = states.map(|claim| format!("{} {}", claim.state, claim.evidence));
    format!("{}, {close}, {initiator}, {responder}", connection.outcome().word())
}

const OPEN: &str = "> S\n< SA\n> A\n";

/// RFC 9293 section 3.5: the ways a connection opens, or does not.
#[rstest]
#[case::no_reply("> S", "no_reply, -, SYN-SENT observed, CLOSED assumed")]
#[case::retried("> S\n+1000\n> S seq=0", "no_reply, -, SYN-SENT observed, CLOSED assumed")]
#[case::refused("> S\n< RA seq=0", "refused, -, CLOSED assumed, CLOSED observed")]
#[case::half_open("> S\n< SA", "open, -, ESTABLISHED assumed, SYN-RECEIVED observed")]
#[case::open(OPEN, "open, -, ESTABLISHED proved, ESTABLISHED assumed")]
#[case::open_and_used("> S\n< SA\n> A\n< data 3", "open, -, ESTABLISHED proved, ESTABLISHED proved")]
#[case::ack_with_data("> S\n< SA\n> data 9\n< A", "open, -, ESTABLISHED proved, ESTABLISHED proved")]
#[case::simultaneous("> S\n< S\n> SA seq=0\n< SA seq=0", "open, -, ESTABLISHED assumed, ESTABLISHED proved")]
#[case::syn_ack_lost("> S\n< SA\n+1000\n> S seq=0", "open, -, SYN-SENT observed, SYN-RECEIVED observed")]
#[case::ack_lost("> S\n< SA\n> A\n+1000\n< SA seq=0", "open, -, ESTABLISHED proved, SYN-RECEIVED observed")]
#[case::syn_ack_first("< SA ack=1\n> A seq=1", "open, -, ESTABLISHED proved, ESTABLISHED assumed")]
#[case::midstream("> data 5\n< A", "midstream, -, ESTABLISHED assumed, ESTABLISHED assumed")]
fn opens(#[case] script: &str, #[case] expected: &str) {
    assert_eq!(summary(&connection(script)), expected);
}

/// RFC 9293 section 3.6: the ways a connection closes.
#[rstest]
#[case::three("> FA\n< FA\n> A", "closed, three_segments, TIME-WAIT proved, CLOSED assumed")]
#[case::four("> FA\n< A\n< FA\n> A", "closed, four_segments, TIME-WAIT proved, CLOSED assumed")]
#[case::responder_first("< FA\n> FA\n< A", "closed, three_segments, CLOSED assumed, TIME-WAIT proved")]
#[case::half("> FA\n< A\n< data 7\n> A", "half_closed, -, FIN-WAIT-2 assumed, CLOSE-WAIT proved")]
#[case::fin_unacked("> FA", "half_closed, -, FIN-WAIT-1 observed, CLOSE-WAIT assumed")]
#[case::last_ack("> FA\n< FA", "closed, three_segments, TIME-WAIT assumed, LAST-ACK observed")]
#[case::crossing("> FA\n< FA ack=1\n> A\n< A", "closed, simultaneous, TIME-WAIT assumed, TIME-WAIT proved")]
#[case::data_with_fin("> FA data 4\n< A\n< FA\n> A", "closed, four_segments, TIME-WAIT proved, CLOSED assumed")]
#[case::fin_repeated("> FA\n+300\n> FA seq=1\n< FA\n> A", "closed, three_segments, TIME-WAIT proved, CLOSED assumed")]
#[case::last_ack_lost("> FA\n< FA\n> A\n+300\n< FA seq=1", "closed, three_segments, TIME-WAIT proved, LAST-ACK observed")]
#[case::last_ack_again("> FA\n< FA\n> A\n+300\n< FA seq=1\n> A", "closed, three_segments, TIME-WAIT proved, CLOSED assumed")]
fn closes(#[case] script: &str, #[case] expected: &str) {
    assert_eq!(summary(&connection(&format!("{OPEN}{script}"))), expected);
}

/// RFC 9293 section 3.10.7 and RFC 5961 section 3.2: what a RST does, and to whom.
#[rstest]
#[case::by_responder("< RA", "reset, -, CLOSED assumed, CLOSED observed")]
#[case::by_initiator("> R", "reset, -, CLOSED observed, CLOSED assumed")]
#[case::after_fin("> FA\n< A\n> R", "reset, -, CLOSED observed, CLOSED assumed")]
#[case::outside_window("< R seq=9000", "open, -, ESTABLISHED proved, CLOSED observed")]
#[case::in_time_wait("> FA\n< FA\n> A\n< R", "closed, three_segments, CLOSED assumed, CLOSED observed")]
#[case::nobody_holds_it("> FA\n< A\n< FA\n> R", "reset, four_segments, CLOSED observed, CLOSED assumed")]
fn resets(#[case] script: &str, #[case] expected: &str) {
    assert_eq!(summary(&connection(&format!("{OPEN}{script}"))), expected);
}

#[test]
fn a_fin_behind_a_gap_has_not_arrived() {
    let connection = connection(&format!("{OPEN}> FA seq=101\n< A ack=1"));
    assert_eq!(summary(&connection), "half_closed, -, FIN-WAIT-1 observed, ESTABLISHED proved");
}

#[test]
fn the_handshake_has_frames_and_a_round_trip_from_the_last_syn() {
    let connection = connection("> S\n+1000\n> S seq=0\n< SA\n> data 4");
    let handshake = connection.handshake;
    assert_eq!((handshake.syn, handshake.syn_ack, handshake.ack, handshake.syns), (Some(1), Some(3), Some(4), 2));
    assert_eq!(handshake.round_trip().unwrap().as_millis(), 2);
}

#[test]
fn who_opened_it_is_told_by_the_syn_ack_where_the_syn_is_missing() {
    let connection = connection("< SA ack=1\n> A seq=1");
    assert_eq!((connection.initiator, connection.opening.word(), connection.midstream()), (initiator(), "syn_ack", false));
}

#[test]
fn states_do_not_depend_on_where_sequence_numbers_begin() {
    let script = format!("{OPEN}> data 100\n< A\n> FA\n< FA\n> A");
    let expected = summary(&track(&frames(&script)).connections[0]);
    for isn in [0, 1, u32::MAX - 50, u32::MAX - 1, u32::MAX, 1 << 31] {
        let trace = track(&frames_from(&script, [isn, isn.wrapping_add(7)]));
        assert_eq!(summary(&trace.connections[0]), expected, "initial sequence number {isn}");
    }
}

#[test]
fn a_syn_with_another_number_opens_a_new_stream_and_the_same_number_does_not() {
    let again = track(&frames(&format!("{OPEN}> FA\n< FA\n> A\n> S seq=0")));
    assert_eq!(again.connections.len(), 1);
    let reused = track(&frames(&format!("{OPEN}> FA\n< FA\n> A\n> S seq=70000")));
    assert_eq!(
        reused.connections.iter().map(|connection| (connection.id.number, connection.incarnation)).collect::<Vec<_>>(),
        [(0, 1), (1, 2)]
    );
    assert_eq!(reused.connections[1].outcome(), Outcome::NoReply);
}

#[test]
fn the_table_has_a_listener_with_its_child_and_the_client() {
    let trace = track(&frames(&format!("{OPEN}> data 5\n< data 5")));
    assert_eq!(
        rows(&trace),
        [
            "1 LISTEN ?:80 * R1 proved None",
            "2 ESTAB 10.0.0.1:40000 10.0.0.2:80 R3 proved None",
            "3 ESTAB 10.0.0.2:80 10.0.0.1:40000 R2 proved Some(1)",
        ]
    );
    let card = &trace.sockets.ports()[0];
    assert_eq!(card.to_string(), "TCP 80: 1 listening + 1 connected = 2 sockets, all on port 80");
    assert_eq!(card.ends.len(), 1);
    assert!(trace.sockets.sockets.iter().any(|row| row.peer == Some(card.ends[0].1) && row.listener.is_some()));
}

#[test]
fn a_socket_is_closed_once_another_has_its_addresses() {
    let trace = track(&frames(&format!("{OPEN}< FA\n> FA\n< A\n> S seq=70000\n< SA seq=90000\n> A seq=70001 ack=90001")));
    assert_eq!(
        rows(&trace),
        [
            "1 LISTEN ?:80 * R1 proved None",
            "2 CLOSED 10.0.0.1:40000 10.0.0.2:80 R3 proved None",
            "3 CLOSED 10.0.0.2:80 10.0.0.1:40000 R2 proved Some(1)",
            "4 ESTAB 10.0.0.1:40000 10.0.0.2:80 R3 proved None",
            "5 ESTAB 10.0.0.2:80 10.0.0.1:40000 R2 assumed Some(1)",
        ]
    );
}

#[test]
fn two_that_open_at_once_need_no_listener() {
    assert_eq!(
        rows(&track(&frames("> S\n< S\n> SA seq=0\n< SA seq=0"))),
        ["1 ESTAB 10.0.0.1:40000 10.0.0.2:80 R3 assumed None", "2 ESTAB 10.0.0.2:80 10.0.0.1:40000 R3 proved None"]
    );
}

/// Number, state, addresses, rule, evidence and listener of each row.
fn rows(trace: &Trace) -> Vec<String> {
    let row = |row: &Socket| {
        let peer = row.peer.map_or("*".into(), |peer| peer.to_string());
        let (rule, listener) = (row.rule.word(), row.listener.map(|id| id.0));
        format!("{} {} {} {peer} {rule} {} {listener:?}", row.id, row.state, row.local, row.evidence)
    };
    trace.sockets.sockets.iter().map(row).collect()
}

/// Wireshark calls a connection complete that one FIN half closed; here each end answers for itself.
#[test]
fn completeness_of_each_end() {
    let complete = |script: &str| {
        let connection = connection(&format!("{OPEN}{script}"));
        (connection.completeness.0, connection.is_complete(Side::Initiator), connection.is_complete(Side::Responder))
    };
    assert_eq!(complete("> FA\n< A\n< data 7\n> A"), (31, true, false));
    assert_eq!(complete("> FA\n< FA\n> A"), (23, true, true));
    assert_eq!(complete("< R seq=9000"), (39, false, false));
    assert_eq!(complete("> data 5 seq=100\n< RA"), (47, false, true));
}

#[test]
fn octets_that_wait_are_bounded_over_all_connections() {
    let script = frames(&format!("{OPEN}> data 40 seq=101\n> data 40 seq=201\n> data 100 seq=1"));
    let held = track_within(Limits { stream_octets: 80, ..Limits::default() }, &script);
    assert_eq!((held.overflow.stream_holes, held.connections[0].ends.initiator.delivered().missing), (0, 60));
    let given_up = track_within(Limits { stream_octets: 79, ..Limits::default() }, &script);
    assert_eq!((given_up.overflow.stream_holes, given_up.connections[0].ends.initiator.delivered().missing), (1, 160));
}
