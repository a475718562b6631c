//! The zoo: every exhibit's capture is what its script makes, says what `expected.txt` says, and says it with tshark.
//!
//! Together the exhibits show every arrow of the state diagram and every word of the analysis; what no small capture can
//! show is named here, with the reason. `UPDATE_EXPECTED=1` writes captures and expectations afresh, to be reviewed as a
//! change.

#![allow(unreachable_pub, reason = "shared test code is public to its siblings")]

mod support;

use std::collections::BTreeSet;
use std::fmt::{Debug, Write};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;

use sockscope::capture::{self, Next};
use sockscope::decode;
use sockscope::present::connection_view;
use sockscope::present::look::Look;
use sockscope::track::{
    Claim, Close, Closer, Connection, Limits, Note, Oddity, Opening, Outcome, Side, Signal, State, Step, Tracker, Update,
};
use sockscope::zoo;
use support::analysis;

/// What is said of one capture.
#[derive(Default)]
struct Account {
    /// A line for each frame, and others below it.
    frames: String,
    verdicts: BTreeSet<&'static str>,
    connections: Vec<Connection>,
    notes: Vec<Note>,
    /// Arrows that were followed.
    arrows: Vec<(State, Signal)>,
}

/// Reads a capture to its end.
fn account(path: &Path) -> Account {
    let mut source = capture::open(path).unwrap_or_else(|error| panic!("{error}"));
    let mut tracker = Tracker::new(Limits::default());
    let mut account = Account::default();
    while let Next::Frame(frame) = source.next().unwrap() {
        let packet = decode::packet(&frame);
        let update = tracker.push(&packet);
        let arrows = update.transitions.iter().filter_map(|transition| match transition.step {
            Step::Signal(signal) => Some((transition.from.state, signal)),
            Step::Proved(_) | Step::TakenBack(_) => None,
        });
        account.arrows.extend(arrows);
        account.verdicts.extend(update.analyzed.iter().flat_map(|analyzed| analyzed.verdicts.words()));
        account.frames.push_str(&frame_text(frame.number, &update));
    }
    assert_eq!(source.description().damage, [], "{}", path.display());
    let trace = tracker.finish();
    (account.connections, account.notes) = (trace.connections, trace.notes);
    account
}

fn frame_text(number: u64, update: &Update<'_>) -> String {
    let mut text = format!("{number:3}  {}", packet_text(update));
    if let Some((initiator, responder)) = &update.states {
        let width = text.chars().count().max(48);
        text = format!("{text:width$}  {} | {}", claim_text(initiator), claim_text(responder));
    }
    text.push('\n');
    for transition in update.transitions {
        let why = match transition.step {
            Step::Signal(signal) => format!("{} ({})", signal.text(), signal.section(transition.from.state)),
            Step::Proved(signal) => format!("proved: {}", signal.text()),
            Step::TakenBack(signal) => format!("taken back: {}", signal.text()),
        };
        let (from, to) = (transition.from.state, transition.to.state);
        writeln!(text, "       {} {from} -> {to}: {why}", side_word(transition.side)).unwrap();
    }
    if let Some(analyzed) = update.analyzed.filter(|analyzed| !analyzed.verdicts.is_empty()) {
        let repeats = analyzed.duplicate_of.map_or_else(String::new, |(frame, times)| format!(" {frame}#{times}"));
        writeln!(text, "       analysis: {}{repeats}", analyzed.verdicts).unwrap();
    }
    for note in update.notes {
        writeln!(text, "       note: {}", note.oddity).unwrap();
    }
    text
}

/// `tcp:0 > SYN, ACK seq 0 ack 1 win 8192 len 0`
fn packet_text(update: &Update<'_>) -> String {
    let flow = |flow: Option<sockscope::track::FlowId>| flow.map_or_else(|| "-".to_owned(), |flow| flow.to_string());
    if let Some(about) = &update.about {
        return format!("ICMP error about {}", flow(about.flow));
    }
    let (Some(segment), Some(relative), Some(side)) = (update.segment(), update.relative, update.side) else {
        let kind = if update.fragment { "fragment" } else { "datagram" };
        return format!("{} {kind}", flow(update.flow));
    };
    let arrow = if side == Side::Initiator { ">" } else { "<" };
    let ack =
        if segment.flags.contains(decode::tcp::Flags::ACK) { format!(" ack {}", relative.acknowledgment) } else { String::new() };
    let (flags, sequence, window) = (segment.flags, relative.sequence, relative.window);
    format!("{} {arrow} {flags} seq {sequence}{ack} win {window} len {}", flow(update.flow), segment.payload_len)
}

fn claim_text(claim: &Claim) -> String {
    format!("{} {}", claim.state, claim.evidence)
}

fn side_word(side: Side) -> &'static str {
    match side {
        Side::Initiator => "initiator",
        Side::Responder => "responder",
    }
}

fn connection_text(connection: &Connection) -> String {
    let close = connection.close().map_or("-", Close::word);
    let first = connection.closed_first().map_or("-", Closer::word);
    let mut text = format!("{} {} -> {}\n", connection.id, connection.initiator, connection.responder);
    writeln!(
        text,
        "    opening {}, outcome {}, close {close}, closed first {first}",
        connection.opening.word(),
        connection.outcome().word()
    )
    .unwrap();
    for side in [Side::Initiator, Side::Responder] {
        let claim = &connection.end_of(side).state;
        writeln!(text, "    {} {} since frame {}", side_word(side), claim_text(claim), claim.frame).unwrap();
    }
    text
}

impl Account {
    fn text(&self) -> String {
        let connections: Vec<String> = self.connections.iter().map(connection_text).collect();
        connections.iter().chain([&self.frames]).map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

/// Writes captures and expectations afresh, once, if that is wanted.
fn update() {
    static ONCE: Once = Once::new();
    if std::env::var_os("UPDATE_EXPECTED").is_none() {
        return;
    }
    ONCE.call_once(|| {
        for exhibit in zoo::exhibits() {
            fs::write(capture_of(exhibit.name), zoo::write(&exhibit.script, Vec::new()).unwrap()).unwrap();
        }
        for folder in folders() {
            fs::write(folder.join("expected.txt"), account(&folder.join("capture.pcapng")).text()).unwrap();
        }
    });
}

/// The capture of an exhibit.
fn capture_of(name: &str) -> PathBuf {
    support::project("fixtures/zoo").join(name).join("capture.pcapng")
}

/// The folders that hold a capture and what is expected of it.
fn folders() -> Vec<PathBuf> {
    let captures = support::files_below(&support::project("fixtures/zoo"), &[".pcapng"]);
    captures.iter().map(|capture| capture.parent().unwrap().to_owned()).collect()
}

#[test]
fn captures_are_what_their_scripts_make() {
    update();
    for exhibit in zoo::exhibits() {
        let path = capture_of(exhibit.name);
        let file = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let made = zoo::write(&exhibit.script, Vec::new()).unwrap();
        assert!(file == made, "{}: the script makes another capture", exhibit.name);
    }
}

#[test]
fn captures_say_what_is_expected() {
    update();
    for folder in folders() {
        let expected = fs::read_to_string(folder.join("expected.txt")).unwrap_or_default();
        assert_eq!(account(&folder.join("capture.pcapng")).text(), expected, "{}", folder.display());
    }
}

/// A tracker that is asked for less says the same of what it is asked for.
#[test]
fn a_table_of_connections_is_that_of_a_tracker_that_tells_everything() {
    let table = |path: &Path, mut tracker: Tracker| {
        let mut source = capture::open(path).unwrap();
        while let Next::Frame(frame) = source.next().unwrap() {
            decode::with_packet(&frame, |packet| tracker.absorb(packet));
        }
        let mut text = Vec::new();
        connection_view::write(&tracker.finish().connections, Look::default(), &mut text).unwrap();
        String::from_utf8(text).unwrap()
    };
    for exhibit in zoo::exhibits() {
        let (path, limits) = (capture_of(exhibit.name), Limits::default());
        let everything = table(&path, Tracker::new(limits));
        for tracker in [Tracker::of_connections(limits), Tracker::of_connection_table(limits)] {
            assert_eq!(table(&path, tracker), everything, "{}", exhibit.name);
        }
    }
}

#[test]
fn exhibits_and_real_captures_say_the_same_as_tshark() {
    if !analysis::is_tshark_4_0() {
        return support::skip("tshark 4.0 is missing, and with it the analysis to compare ours with");
    }
    update();
    for folder in folders() {
        assert_eq!(analysis::differences(&folder.join("capture.pcapng")), [""; 0], "{}", folder.display());
    }
}

/// What all exhibits say together.
fn everything() -> Account {
    update();
    let mut all = Account::default();
    for exhibit in zoo::exhibits() {
        let one = account(&capture_of(exhibit.name));
        all.verdicts.extend(one.verdicts);
        all.connections.extend(one.connections);
        all.notes.extend(one.notes);
        all.arrows.extend(one.arrows);
    }
    all
}

/// Arrows that no exhibit follows, and why.
const NOT_ON_THE_WIRE: [(State, Signal, &str); 2] = [
    (State::Listen, Signal::SentSyn, "a capture learns of a listener by its SYN-ACK; before that it takes the end for CLOSED"),
    (State::SynReceived, Signal::GotFin, "every FIN has an ACK, and an acceptable one leads to ESTABLISHED first"),
];

const STATES: [State; 11] = [
    State::Closed,
    State::Listen,
    State::SynSent,
    State::SynReceived,
    State::Established,
    State::FinWait1,
    State::FinWait2,
    State::CloseWait,
    State::Closing,
    State::LastAck,
    State::TimeWait,
];

const SIGNALS: [Signal; 10] = [
    Signal::SentSyn,
    Signal::SentSynAck,
    Signal::GotSyn,
    Signal::GotSynAck,
    Signal::SynAcked,
    Signal::SentFin,
    Signal::GotFin,
    Signal::FinAcked,
    Signal::SentRst,
    Signal::GotRst,
];

#[test]
fn every_arrow_of_the_state_diagram_is_shown() {
    let shown = everything().arrows;
    let mut missing = Vec::new();
    for (state, signal) in STATES.iter().flat_map(|state| SIGNALS.map(|signal| (*state, signal))) {
        let excused = NOT_ON_THE_WIRE.iter().any(|row| (row.0, row.1) == (state, signal));
        let followed = shown.contains(&(state, signal));
        assert!(!(excused && followed), "{state} {signal:?} is shown after all");
        if state.after(signal).is_some() && !excused && !followed {
            missing.push(format!("{state} {signal:?}"));
        }
    }
    assert_eq!(missing, [""; 0]);
}

#[test]
fn every_word_is_shown() {
    let all = everything();
    assert_all("analysis", &analysis::WORDS, |word| all.verdicts.contains(word));
    let seen = |test: &dyn Fn(&Connection) -> bool| all.connections.iter().any(test);
    let outcomes = [
        Outcome::NoReply,
        Outcome::Refused,
        Outcome::Open,
        Outcome::HalfClosed,
        Outcome::Closed,
        Outcome::Reset,
        Outcome::Midstream,
    ];
    assert_all("outcome", &outcomes, |word| seen(&|connection| connection.outcome() == *word));
    let closes = [Close::ThreeSegments, Close::FourSegments, Close::Simultaneous];
    assert_all("close", &closes, |word| seen(&|connection| connection.close() == Some(*word)));
    let closers = [Closer::Initiator, Closer::Responder, Closer::Both];
    assert_all("closed first", &closers, |word| seen(&|connection| connection.closed_first() == Some(*word)));
    let openings = [Opening::Syn, Opening::SynAck, Opening::FirstSender];
    assert_all("opening", &openings, |word| seen(&|connection| connection.opening == *word));
    // Fragments are given up only where thousands of datagrams wait; the next test has a tracker that waits for one.
    let oddities = [
        "copy",
        "bad_checksum",
        "bad_header_checksum",
        "clock_step",
        "fragment_overlap",
        "port_reuse",
        "syn_ack_changed",
        "strange_flags",
        "data_on_syn",
        "reset_ignored",
        "data_after_fin",
        "bad_length",
    ];
    assert_all("note", &oddities, |word| all.notes.iter().any(|note| note.oddity.word() == *word));
}

fn assert_all<T: Debug>(what: &str, words: &[T], shown: impl Fn(&T) -> bool) {
    let missing: Vec<&T> = words.iter().filter(|word| !shown(word)).collect();
    assert!(missing.is_empty(), "no exhibit shows {what} {missing:?}");
}

#[test]
fn fragments_are_given_up_where_only_one_datagram_may_wait() {
    let exhibit = zoo::exhibit("fragments-missing").unwrap();
    let mut tracker = Tracker::new(Limits { fragment_datagrams: 1, ..Limits::default() });
    for (number, made) in (1..).zip(&zoo::frames(&exhibit.script)) {
        tracker.push(&decode::packet(&made.frame(number)));
    }
    assert!(tracker.finish().notes.contains(&Note { frame: 1, oddity: Oddity::FragmentGivenUp }));
}
