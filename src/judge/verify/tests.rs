//! Connections played from scripts, beside samples of a kernel that agrees with them, or does not.

use super::*;
use crate::capture::kernel::{KernelSocket, KernelState, Sample, Transport};
use crate::capture::{ByteOrder, Frame, InterfaceId, LinkType};
use crate::decode;
use crate::track::{Limits, Tracker};
use crate::zoo::{self, Script};

const SERVER: &str = "127.0.0.1:80";
const CLIENT: &str = "127.0.0.1:40000";
const HANDSHAKE: &str = "> S\n< SA\n> A\n";

/// A capture on loopback, half a second between two lines of its script.
struct Play {
    frames: Vec<zoo::Made>,
}

impl Play {
    fn new(script: &str) -> Self {
        let script = Script::parse(script).unwrap_or_else(|error| panic!("{error}\n{script}"));
        let second = Timestamp::new(1_000, 0);
        let mut frames = zoo::frames(&script);
        frames.iter_mut().zip(1..).for_each(|(made, place)| made.time = later(second, 500 * place));
        Self { frames }
    }

    /// The time of a frame, from 1, and so many milliseconds.
    fn after(&self, frame: usize, milliseconds: i64) -> Timestamp {
        later(self.frames[frame - 1].time, milliseconds)
    }

    /// What the comparison with these samples finds.
    fn verified(&self, samples: Vec<Sample>) -> Account {
        let (mut tracker, mut verification) = (Tracker::new(Limits::default()), Verification::new());
        samples.into_iter().for_each(|sample| verification.sample(sample));
        for (frame, number) in self.frames.iter().zip(1..) {
            verification.catch_up(frame.time, &tracker);
            let packet = decode::packet(&captured(frame, number));
            let tuple = tracker.push(&packet).tuple;
            verification.see(frame.time, tuple);
        }
        verification.finish(&tracker)
    }
}

fn later(time: Timestamp, milliseconds: i64) -> Timestamp {
    time.after(jiff::SignedDuration::from_millis(milliseconds)).unwrap()
}

fn captured(made: &zoo::Made, number: u64) -> Frame<'_> {
    Frame {
        number,
        timestamp: Some(made.time),
        ticks: 0,
        interface: InterfaceId(0),
        link_type: LinkType::ETHERNET,
        original_len: made.octets.len() as u32,
        octets: &made.octets,
        file_offset: 0,
        options: &[],
        byte_order: ByteOrder::Little,
    }
}

fn socket(transport: Transport, state: KernelState, local: &str, remote: &str) -> KernelSocket {
    let (local, remote) = (local.parse().unwrap(), remote.parse().unwrap());
    KernelSocket { transport, local, remote, state, receive_queue: 0, send_queue: 0, uid: 0, inode: 1 }
}

fn tcp(state: KernelState, local: &str, remote: &str) -> KernelSocket {
    socket(Transport::Tcp, state, local, remote)
}

fn udp(local: &str) -> KernelSocket {
    socket(Transport::Udp, KernelState::Closed, local, "0.0.0.0:0")
}

fn sample(at: Timestamp, sockets: &[KernelSocket]) -> Sample {
    Sample { before: at, after: at, addresses: Vec::new(), sockets: sockets.to_vec() }
}

/// The listener, the client's end and the server's in these states.
fn connection(client: KernelState, server: KernelState) -> [KernelSocket; 3] {
    [tcp(KernelState::Listen, "0.0.0.0:80", "0.0.0.0:0"), tcp(client, CLIENT, SERVER), tcp(server, SERVER, CLIENT)]
}

/// Local end, ours, kernel's, and why, of all that differs.
fn differing(account: &Account) -> Vec<String> {
    let word = |state: Option<SocketState>| state.map_or("none", SocketState::word);
    let line = |found: &Discrepancy| {
        let Difference { local, ours, kernel, reason, .. } = found.first;
        format!("{local} {} {} {} x{}", word(ours), word(kernel), reason.word(), found.samples)
    };
    account.discrepancies.iter().map(line).collect()
}

fn open() -> Play {
    Play::new(&format!("tcp {CLIENT} {SERVER}\n{HANDSHAKE}> data 5\n< A\n"))
}

#[test]
fn what_agrees_is_counted_once_it_is_settled() {
    let play = open();
    let established = connection(KernelState::Established, KernelState::Established);
    let account = play.verified(vec![sample(play.after(3, 20), &established), sample(play.after(3, 100), &established)]);
    assert_eq!((account.samples, account.unsettled, account.agreeing, account.agreeing_places), (2, 2, 2, 2));
    assert_eq!(differing(&account), [""; 0]);
    assert!(account.share() == 1.0);
}

#[test]
fn a_packet_before_or_behind_the_sample_was_on_its_way() {
    let play = open();
    let opening = connection(KernelState::Established, KernelState::SynReceived);
    let both = vec![sample(play.after(3, 49), &opening), sample(play.after(4, -49), &opening)];
    let account = play.verified(both);
    assert_eq!(differing(&account), ["127.0.0.1:80 ESTAB SYN-RECV in_flight x2"]);
    assert_eq!((account.explained, account.unexplained), (0, 0));
    let far = play.verified(vec![sample(play.after(4, -51), &opening)]);
    assert_eq!(differing(&far), ["127.0.0.1:80 ESTAB SYN-RECV assumed x1"]);
    assert_eq!((far.agreeing, far.explained), (1, 1));
}

#[test]
fn what_nothing_explains_is_told_unless_packets_were_lost() {
    let play = open();
    let at = play.after(5, 200);
    let half = connection(KernelState::CloseWait, KernelState::Established);
    assert_eq!(differing(&play.verified(vec![sample(at, &half)])), ["127.0.0.1:40000 ESTAB CLOSE-WAIT unexplained x1"]);
    let mut verification = Verification::new();
    verification.has_lost();
    let mut tracker = Tracker::new(Limits::default());
    play.frames.iter().zip(1..).for_each(|(made, number)| tracker.absorb(&decode::packet(&captured(made, number))));
    verification.sample(sample(at, &half));
    let account = verification.finish(&tracker);
    assert_eq!(differing(&account), ["127.0.0.1:40000 ESTAB CLOSE-WAIT packets_lost x1"]);
    assert_eq!((account.explained, account.unexplained), (1, 0));
}

#[test]
fn sockets_that_no_packet_shows_are_older_or_unseen() {
    let play = open();
    let (old, new) =
        (tcp(KernelState::Established, "127.0.0.1:1", "127.0.0.1:2"), tcp(KernelState::SynSent, "127.0.0.1:3", "10.0.0.1:4"));
    let [listener, client, server] = connection(KernelState::Established, KernelState::Established);
    let early = sample(play.after(1, -100), &[listener, old]);
    let account = play.verified(vec![early, sample(play.after(5, 100), &[listener, client, server, old, new])]);
    assert_eq!(differing(&account), ["127.0.0.1:1 none ESTAB began_earlier x2", "127.0.0.1:3 none SYN-SENT no_packet x1"]);
    assert_eq!((account.unseen, account.agreeing), (3, 2));
}

#[test]
fn the_clock_of_time_wait_is_the_kernels() {
    let play = Play::new(&format!("tcp {CLIENT} {SERVER}\n{HANDSHAKE}> FA\n< FA\n> A\n"));
    let [listener, client, _] = connection(KernelState::TimeWait, KernelState::Closed);
    let verified = |at, sockets: &[KernelSocket]| differing(&play.verified(vec![sample(play.after(6, at), sockets)]));
    assert_eq!(verified(1_000, &[listener, client]), [""; 0]);
    assert_eq!(verified(1_000, &[listener]), ["127.0.0.1:40000 TIME-WAIT none time_wait_ended x1"]);
    assert_eq!(verified(70_000, &[listener]), [""; 0]);
    assert_eq!(verified(70_000, &[listener, client]), ["127.0.0.1:40000 none TIME-WAIT time_wait_longer x1"]);
}

#[test]
fn a_reset_that_was_forged_and_a_fin_that_waits() {
    let play = Play::new(&format!("tcp {CLIENT} {SERVER}\n{HANDSHAKE}> R\n"));
    let sockets = connection(KernelState::Established, KernelState::Established);
    let account = play.verified(vec![sample(play.after(4, 100), &sockets)]);
    assert_eq!(differing(&account), ["127.0.0.1:80 none ESTAB assumed x1", "127.0.0.1:40000 none ESTAB forged_reset x1"]);
    let play = open();
    let [listener, client, server] = connection(KernelState::FinWait1, KernelState::Established);
    let full = KernelSocket { send_queue: 9, ..client };
    let account = play.verified(vec![sample(play.after(5, 100), &[listener, full, server])]);
    assert_eq!(differing(&account), ["127.0.0.1:40000 ESTAB FIN-WAIT-1 fin_waits x1"]);
}

#[test]
fn udp_is_held_by_its_own_address_and_closes_silently() {
    let play = Play::new("udp 127.0.0.1:5000 127.0.0.1:6000\n> data 3\n< data 3\n");
    let at = play.after(2, 100);
    let account = play.verified(vec![sample(at, &[udp("0.0.0.0:6000"), udp("127.0.0.1:5000"), udp("0.0.0.0:53")])]);
    assert_eq!((account.agreeing_places, account.differing_places), (2, 0));
    let account = play.verified(vec![sample(at, &[udp("[::]:6000")])]);
    assert_eq!(differing(&account), ["127.0.0.1:5000 UNCONN none silent_close x1"]);
}

#[test]
fn other_hosts_have_no_sockets_here() {
    let play = Play::new(&format!("tcp 192.0.2.1:40000 192.0.2.2:80\n{HANDSHAKE}> data 5\n< A\n"));
    let here = Sample {
        addresses: vec!["192.0.2.1".parse().unwrap()],
        ..sample(play.after(5, 100), &[tcp(KernelState::Established, "192.0.2.1:40000", "192.0.2.2:80")])
    };
    let account = play.verified(vec![here]);
    assert_eq!((account.agreeing, account.agreeing_places), (1, 0));
    assert_eq!(differing(&account), [""; 0]);
}

#[test]
fn a_sample_behind_younger_packets_is_left_out() {
    let play = open();
    let mut verification = Verification::new();
    verification.see(play.after(2, 0), None);
    verification.sample(sample(play.after(1, 0), &[]));
    let account = verification.finish(&Tracker::new(Limits::default()));
    assert_eq!((account.late, account.samples), (1, 0));
}
