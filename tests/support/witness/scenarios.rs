//! The ways in which a connection opens, closes, or lingers: each a few steps with a pause after each.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use socket2::{SockRef, Socket};
use sockscope::track::Evidence;
use sockscope::track::State::*;

use super::stage::{
    FIN_TIMEOUT, Family, Pair, Stage, call, calling, connect, connect_from, dial, end, listen, local, reset, send,
};
use super::walk::Dice;
use super::{forge, namespace, walk};

type Scenario = fn(&Stage, Family);

/// Played in turn, in every family.
const QUICK: [Scenario; 24] = [
    client_closes_first,
    server_closes_first,
    half_close_by_client,
    half_close_by_server,
    three_segment_close,
    both_close_at_once,
    reset_by_client,
    reset_by_server,
    reset_in_close_wait,
    reset_in_fin_wait_2,
    close_with_unread_octets,
    octets_for_nobody,
    orphan_is_answered,
    shut_for_reading,
    refused,
    listener_closes,
    linger_half_closed,
    short_connections,
    port_reused_after_server_closed,
    port_reused_the_other_way,
    reset_to_time_wait,
    reset_beside_time_wait,
    connect_to_itself,
    datagrams,
];

/// Played beside the others and beside each other, since they wait for the kernel's timers.
const SLOW: [Scenario; 15] = [
    backlog_full,
    syn_ack_lost,
    syn_ack_lost_and_given_up,
    ack_lost,
    fin_lost,
    second_fin_lost,
    last_ack_lost,
    both_fins_lost,
    fin_behind_octets,
    time_wait_reused,
    orphan_times_out,
    gives_up_silently,
    blind_reset,
    nobody_answers,
    open_at_once,
];

/// Lanes of quick scenarios, side by side.
const LANES: usize = 3;

/// Plays everything; the seed decides the order and the walk.
pub fn play_all(stage: &Stage, seed: u64) {
    let mut dice = Dice::new(seed);
    let families = Family::all();
    let of_all = |scenario: Scenario| families.iter().map(move |family| (scenario, *family));
    let mut quick: Vec<(Scenario, Family)> = QUICK.into_iter().flat_map(of_all).collect();
    dice.shuffle(&mut quick);
    thread::scope(|scope| {
        for lane in 0..LANES {
            let mine: Vec<_> = quick.iter().skip(lane).step_by(LANES).copied().collect();
            scope.spawn(move || mine.into_iter().for_each(|(play, family)| play(stage, family)));
        }
        for scenario in SLOW {
            scope.spawn(move || scenario(stage, Family::V4));
        }
        scope.spawn(|| walk::walk(stage, &families, dice));
    });
    stage.rest(4);
}

fn client_closes_first(stage: &Stage, family: Family) {
    close_in_turn(stage, stage.open(family));
}

fn server_closes_first(stage: &Stage, family: Family) {
    close_in_turn(stage, stage.open(family).reversed());
}

/// A server that answers five clients, two of which close without a packet.
fn datagrams(stage: &Stage, family: Family) {
    let server = UdpSocket::bind((family.called(), 0)).unwrap();
    let clients: Vec<UdpSocket> = (0..5).map(|_| UdpSocket::bind((family.called(), 0)).unwrap()).collect();
    for client in &clients {
        client.send_to(b"question", server.local_addr().unwrap()).unwrap();
        let (octets, from) = server.recv_from(&mut [0; 64]).unwrap();
        server.send_to(&vec![b'a'; octets], from).unwrap();
        stage.pause();
    }
    stage.keep(server);
    clients.into_iter().skip(2).for_each(|client| stage.keep(client));
    stage.rest(8);
}

/// ESTABLISHED, octets both ways, FIN-WAIT-2 and CLOSE-WAIT, TIME-WAIT.
fn close_in_turn(stage: &Stage, pair: Pair) {
    send(&pair.client, &pair.server, 300);
    send(&pair.server, &pair.client, 20);
    stage.pause();
    drop(pair.client);
    stage.pause();
    drop(pair.server);
    stage.pause();
}

fn half_close_by_client(stage: &Stage, family: Family) {
    half_close(stage, stage.open(family));
}

fn half_close_by_server(stage: &Stage, family: Family) {
    half_close(stage, stage.open(family).reversed());
}

/// The end that has not closed goes on sending.
fn half_close(stage: &Stage, pair: Pair) {
    pair.client.shutdown(Shutdown::Write).unwrap();
    stage.pause();
    for octets in [1, 4000, 40_000] {
        send(&pair.server, &pair.client, octets);
        stage.pause();
    }
    pair.server.shutdown(Shutdown::Write).unwrap();
    stage.pause();
}

/// The server closes as soon as it reads the end: its FIN carries the acknowledgment.
fn three_segment_close(stage: &Stage, family: Family) {
    let Pair { client, mut server } = stage.open(family);
    send(&client, &server, 10);
    send(&server, &client, 10);
    thread::scope(|scope| {
        scope.spawn(move || server.read(&mut [0]).unwrap());
        client.shutdown(Shutdown::Write).unwrap();
    });
    stage.rest(3);
}

fn both_close_at_once(stage: &Stage, family: Family) {
    let pair = stage.open(family);
    let start = Barrier::new(2);
    thread::scope(|scope| {
        for stream in [&pair.client, &pair.server] {
            scope.spawn(|| {
                start.wait();
                stream.shutdown(Shutdown::Write).unwrap();
            });
        }
    });
    stage.pause();
}

fn reset_by_client(stage: &Stage, family: Family) {
    let pair = stage.open(family);
    send(&pair.client, &pair.server, 30);
    reset(pair.client);
    stage.pause();
}

fn reset_by_server(stage: &Stage, family: Family) {
    let pair = stage.open(family);
    reset(pair.server);
    stage.pause();
}

fn reset_in_close_wait(stage: &Stage, family: Family) {
    let pair = stage.open(family);
    pair.client.shutdown(Shutdown::Write).unwrap();
    stage.pause();
    reset(pair.server);
    stage.pause();
}

fn reset_in_fin_wait_2(stage: &Stage, family: Family) {
    let pair = stage.open(family);
    pair.client.shutdown(Shutdown::Write).unwrap();
    stage.rest(4);
    reset(pair.client);
    stage.pause();
}

/// Linux sends a RST instead of a FIN if octets were not read.
fn close_with_unread_octets(stage: &Stage, family: Family) {
    let mut pair = stage.open(family);
    pair.client.write_all(b"unread").unwrap();
    stage.pause();
    drop(pair.server);
    stage.pause();
}

/// The client closed both ways, so that octets for it are answered with a RST.
fn octets_for_nobody(stage: &Stage, family: Family) {
    let mut pair = stage.open(family);
    drop(pair.client);
    stage.rest(4);
    pair.server.write_all(b"too late").unwrap();
    stage.pause();
}

/// What the kernel keeps of a socket that nobody holds in FIN-WAIT-2 still goes to TIME-WAIT.
fn orphan_is_answered(stage: &Stage, family: Family) {
    let pair = stage.open(family);
    drop(pair.client);
    stage.rest(8);
    drop(pair.server);
    stage.rest(2);
}

/// Nothing on the wire, and no other state.
fn shut_for_reading(stage: &Stage, family: Family) {
    let pair = stage.open(family);
    pair.server.shutdown(Shutdown::Read).unwrap();
    stage.pause();
    close_in_turn(stage, Pair { client: pair.server, server: pair.client });
}

fn refused(stage: &Stage, family: Family) {
    let listener = listen(SocketAddr::new(family.called(), 0), 1);
    let address = call(&listener, family);
    drop(listener);
    stage.pause();
    TcpStream::connect(address).unwrap_err();
    stage.pause();
}

/// A client that nobody accepted is reset with its listener; the next one is refused.
fn listener_closes(stage: &Stage, family: Family) {
    let listener = listen(SocketAddr::new(family.called(), 0), 8);
    let address = call(&listener, family);
    let accepted = connect(&listener, family);
    let waiting = TcpStream::connect(address).unwrap();
    stage.pause();
    drop(listener);
    TcpStream::connect(address).unwrap_err();
    stage.pause();
    drop(waiting);
    close_in_turn(stage, accepted);
}

/// FIN-WAIT-2 and CLOSE-WAIT to the end of the play.
fn linger_half_closed(stage: &Stage, family: Family) {
    let pair = stage.open(family);
    pair.client.shutdown(Shutdown::Write).unwrap();
    stage.pause();
    stage.keep(pair.client);
    stage.keep(pair.server);
}

/// Each leaves a client in TIME-WAIT.
fn short_connections(stage: &Stage, family: Family) {
    let listener = stage.listener(family);
    for _ in 0..25 {
        let pair = connect(&listener, family);
        send(&pair.client, &pair.server, 1);
        drop(pair);
        thread::sleep(Duration::from_millis(3));
    }
    stage.pause();
}

/// The server is in TIME-WAIT when the same client calls again: the same four numbers, another connection.
fn port_reused_after_server_closed(stage: &Stage, family: Family) {
    let listener = stage.listener(family);
    let mut from = SocketAddr::new(family.called(), 0);
    for _ in 0..3 {
        let pair = connect_from(from, &listener, family);
        from = end(&pair.client).0;
        stage.pause();
        close_in_turn(stage, pair.reversed());
    }
}

/// The end that was called calls the end in TIME-WAIT: the same four numbers, the other way round.
fn port_reused_the_other_way(stage: &Stage, family: Family) {
    let listener = listen(SocketAddr::new(family.called(), 0), 8);
    let called = call(&listener, family);
    let pair = connect_from(SocketAddr::new(family.called(), 0), &listener, family);
    let caller = end(&pair.client).0;
    stage.nobody(called.port(), Evidence::Proved, "closing a listener sends nothing");
    drop(listener);
    stage.pause();
    close_in_turn(stage, pair);
    let listener = listen(caller, 8);
    stage.keep(listener.try_clone().unwrap());
    close_in_turn(stage, connect_from(called, &listener, family));
}

/// RFC 1337: a RST ends TIME-WAIT in Linux.
fn reset_to_time_wait(stage: &Stage, family: Family) {
    reset_after_close(stage, family, 0);
}

/// Not if its sequence number is another.
fn reset_beside_time_wait(stage: &Stage, family: Family) {
    reset_after_close(stage, family, 5000);
}

fn reset_after_close(stage: &Stage, family: Family, beside: u32) {
    let pair = stage.open(family);
    let closed_first = end(&pair.client);
    close_in_turn(stage, pair);
    stage.rest(3);
    forge::reset_to(stage, closed_first, beside);
    stage.pause();
}

/// Simultaneous open with oneself.
fn connect_to_itself(stage: &Stage, family: Family) {
    let client = calling(SocketAddr::new(family.called(), 0));
    dial(&client, local(&client));
    stage.rest(2);
    let client = TcpStream::from(client);
    client.shutdown(Shutdown::Write).unwrap();
    stage.pause();
}

/// Two wait where there is room for one: the second SYN is dropped, and sent again after a second.
fn backlog_full(stage: &Stage, family: Family) {
    let listener = listen(SocketAddr::new(family.called(), 0), 0);
    let first = TcpStream::connect(call(&listener, family)).unwrap();
    stage.pause();
    let second = calling(SocketAddr::new(family.called(), 0));
    dial(&second, call(&listener, family));
    stage.rest(10);
    let accepted = listener.accept().unwrap().0;
    let late = listener.accept().unwrap().0;
    stage.pause();
    close_in_turn(stage, Pair { client: first, server: accepted });
    close_in_turn(stage, Pair { client: second.into(), server: late });
    stage.keep(listener);
}

/// SYN-SENT and SYN-RECEIVED until the SYN is sent again.
fn syn_ack_lost(stage: &Stage, family: Family) {
    let (listener, client) = (stage.listener(family), calling(SocketAddr::new(family.called(), 0)));
    let deaf = (local(&client), call(&listener, family));
    stage.deafen(&client, deaf);
    dial(&client, deaf.1);
    stage.rest(20);
    stage.undeafen(&client, deaf);
    let server = listener.accept().unwrap().0;
    stage.pause();
    close_in_turn(stage, Pair { client: opened(client), server });
}

/// The SYN-ACK that is sent again finds nobody, and is answered with a RST.
fn syn_ack_lost_and_given_up(stage: &Stage, family: Family) {
    let (listener, client) = (stage.listener(family), calling(SocketAddr::new(family.called(), 0)));
    let deaf = (local(&client), call(&listener, family));
    stage.deafen(&client, deaf);
    dial(&client, deaf.1);
    stage.rest(10);
    drop(client);
    stage.rest(100);
}

/// SYN-RECEIVED while the other end is open already.
fn ack_lost(stage: &Stage, family: Family) {
    let (listener, client) = (stage.listener(family), calling(SocketAddr::new(family.called(), 0)));
    let deaf = (call(&listener, family), local(&client));
    stage.deafen_to_acks(&listener, deaf);
    dial(&client, deaf.0);
    stage.rest(20);
    stage.undeafen(&listener, deaf);
    let server = listener.accept().unwrap().0;
    stage.pause();
    close_in_turn(stage, Pair { client: opened(client), server });
}

/// FIN-WAIT-1 until the FIN is sent again. That it was lost shows as soon as the other end speaks.
fn fin_lost(stage: &Stage, family: Family) {
    let pair = stage.open(family);
    stage.deafen(&pair.server, end(&pair.server));
    pair.client.shutdown(Shutdown::Write).unwrap();
    stage.rest(4);
    send(&pair.server, &pair.client, 10);
    stage.rest(4);
    stage.undeafen(&pair.server, end(&pair.server));
    stage.rest(40);
    drop(pair.server);
    stage.pause();
}

/// FIN-WAIT-2 and LAST-ACK.
fn second_fin_lost(stage: &Stage, family: Family) {
    let pair = stage.open(family);
    pair.client.shutdown(Shutdown::Write).unwrap();
    stage.rest(4);
    stage.deafen(&pair.client, end(&pair.client));
    pair.server.shutdown(Shutdown::Write).unwrap();
    stage.rest(20);
    stage.undeafen(&pair.client, end(&pair.client));
    stage.rest(60);
}

/// TIME-WAIT and LAST-ACK: the FIN is sent again, and acknowledged again.
fn last_ack_lost(stage: &Stage, family: Family) {
    let pair = stage.open(family);
    pair.client.shutdown(Shutdown::Write).unwrap();
    stage.rest(4);
    stage.deafen(&pair.server, end(&pair.server));
    pair.server.shutdown(Shutdown::Write).unwrap();
    stage.rest(25);
    stage.undeafen(&pair.server, end(&pair.server));
    stage.rest(80);
}

/// FIN-WAIT-1 at both ends, then CLOSING at the one that hears first.
fn both_fins_lost(stage: &Stage, family: Family) {
    let pair = stage.open(family);
    let ends = [&pair.client, &pair.server];
    ends.iter().for_each(|stream| stage.deafen(*stream, end(stream)));
    ends.iter().for_each(|stream| stream.shutdown(Shutdown::Write).unwrap());
    stage.rest(6);
    for stream in ends {
        stage.undeafen(stream, end(stream));
        stage.rest(40);
    }
    stage.rest(60);
}

/// The kernel is in FIN-WAIT-1 from the call on, the FIN leaves when all before it has.
fn fin_behind_octets(stage: &Stage, family: Family) {
    let mut pair = stage.open(family);
    pair.client.set_nonblocking(true).unwrap();
    SockRef::from(&pair.client).set_send_buffer_size(1 << 17).unwrap();
    while pair.client.write(&[0; 4096]).is_ok() {}
    stage.rest(4);
    stage.silently(end(&pair.client), FinWait1, Established, "its FIN waits behind octets that do not fit the window");
    pair.client.shutdown(Shutdown::Write).unwrap();
    stage.rest(8);
    pair.server.read_to_end(&mut Vec::new()).unwrap();
    stage.pause();
    drop(pair.server);
    stage.pause();
}

/// The end in TIME-WAIT calls again itself, which Linux allows on loopback after a second.
fn time_wait_reused(stage: &Stage, family: Family) {
    let listener = stage.listener(family);
    let pair = connect_from(SocketAddr::new(family.called(), 0), &listener, family);
    let from = end(&pair.client).0;
    close_in_turn(stage, pair);
    stage.rest(75);
    let again = connect_from(from, &listener, family);
    stage.pause();
    close_in_turn(stage, again);
}

/// FIN-WAIT-2 does not last if nobody holds the socket: the other end's FIN is answered with a RST.
fn orphan_times_out(stage: &Stage, family: Family) {
    let pair = stage.open(family);
    drop(pair.client);
    thread::sleep(FIN_TIMEOUT + Duration::from_millis(500));
    drop(pair.server);
    stage.rest(3);
}

/// TCP_USER_TIMEOUT (RFC 5482): the kernel drops the connection and does not say so.
fn gives_up_silently(stage: &Stage, family: Family) {
    let mut pair = stage.open(family);
    SockRef::from(&pair.client).set_tcp_user_timeout(Some(Duration::from_millis(300))).unwrap();
    stage.isolate(&pair.server);
    stage.silently(end(&pair.client), Closed, Established, "it gave up, as its user timeout says, and sent nothing");
    pair.client.write_all(b"never acknowledged").unwrap();
    stage.rest(70);
    stage.keep(pair.server);
}

/// RFC 5961: a RST inside the window that is not exact draws an ACK and changes nothing.
fn blind_reset(stage: &Stage, family: Family) {
    let pair = stage.open(family);
    send(&pair.client, &pair.server, 10);
    send(&pair.server, &pair.client, 10);
    stage.rest(4);
    stage.silently(end(&pair.client), Established, Closed, "the RST with its address was sent by somebody else");
    forge::reset_to(stage, end(&pair.server), 100);
    stage.rest(4);
    stage.keep(pair.client);
    stage.keep(pair.server);
}

/// SYN-SENT; giving it up sends nothing.
fn nobody_answers(stage: &Stage, _: Family) {
    let client = calling((Ipv4Addr::new(198, 51, 100, 1), 0).into());
    let silent: SocketAddr = (Ipv4Addr::new(192, 0, 2, 1), 7).into();
    stage.unanswered(silent.port());
    dial(&client, silent);
    stage.rest(90);
    stage.silently((local(&client), silent), Closed, SynSent, "closing a socket in SYN-SENT sends nothing");
    drop(client);
    stage.rest(4);
}

/// RFC 9293 Figure 7, but for the first SYN, which is lost: the address it is for appears afterwards.
fn open_at_once(stage: &Stage, _: Family) {
    let first = calling((Ipv4Addr::new(198, 51, 100, 1), 0).into());
    let there: SocketAddr = (Ipv4Addr::new(192, 0, 2, 2), 4000).into();
    stage.unanswered(there.port());
    dial(&first, there);
    stage.rest(4);
    namespace::run("ip addr add 192.0.2.2/32 dev lo");
    let second = calling(there);
    let deaf = (there, local(&first));
    stage.deafen(&second, deaf);
    dial(&second, deaf.1);
    stage.rest(10);
    stage.undeafen(&second, deaf);
    stage.rest(110);
    close_in_turn(stage, Pair { client: opened(first), server: opened(second) });
}

/// A socket that did not wait when it was connected, and may wait from now on.
fn opened(socket: Socket) -> TcpStream {
    socket.set_nonblocking(false).unwrap();
    socket.into()
}
