//! The view of a capture that is played from a script, with and without a terminal that takes it.

use std::io::{self, Write};
use std::ops::{Range, RangeBounds};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use jiff::tz::TimeZone;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::{TerminalOptions, Viewport};
use sockscope::capture::{ByteOrder, Description, Format, Frame, InterfaceId, LinkType, Timestamp};
use sockscope::decode;
use sockscope::judge::filter::Filter;
use sockscope::present::ladder::Step;
use sockscope::present::time::{Dial, TimeFormat};
use sockscope::present::tui::{FamilyKind, Picture, Said, State};
use sockscope::track::{FlowId, Limits, Protocol, Tracker};
use sockscope::zoo::{self, Script};

use super::player::Player;
use super::stage::Stage;
use super::{Order, link};

/// A frame whole on Ethernet, captured `number` milliseconds after the epoch.
pub(super) fn frame(number: u64, octets: &[u8]) -> Frame<'_> {
    Frame {
        number,
        timestamp: Some(Timestamp::new((number / 1000) as i64, (number % 1000) as u32 * 1_000_000)),
        ticks: number * 1_000_000,
        interface: InterfaceId(0),
        link_type: LinkType::ETHERNET,
        original_len: octets.len() as u32,
        octets,
        file_offset: 0,
        options: &[],
        byte_order: ByteOrder::Little,
    }
}

/// The capture's side of a view, played from scripts.
struct Play {
    stage: Stage,
    tracker: Tracker,
    frames: u64,
}

impl Play {
    fn new() -> Self {
        let dial = Dial::new(TimeFormat::Relative, TimeZone::UTC);
        let stage = Stage::new(("lo".to_owned(), None), Timestamp::new(0, 0), dial);
        Self { stage, tracker: Tracker::new(Limits::live()), frames: 0 }
    }

    /// The packets of a line script.
    fn see(&mut self, script: &str) {
        self.see_some(script, ..);
    }

    /// Some packets of a line script.
    fn see_some(&mut self, script: &str, which: impl RangeBounds<usize>) {
        let script = Script::parse(script).unwrap_or_else(|error| panic!("{error}"));
        for made in zoo::frames(&script).drain(which) {
            self.frames += 1;
            let frame = frame(self.frames, &made.octets);
            let packet = decode::packet(&frame);
            let update = self.tracker.push(&packet);
            self.stage.see(&frame, &packet, &update);
        }
    }

    /// So many connections to one listener, each from a port of its own.
    fn connect(&mut self, ports: Range<u16>) {
        ports.for_each(|port| self.see(&format!("tcp 10.0.0.1:{port} 10.0.0.2:80\n> S\n< SA\n> A\n")));
    }

    fn picture(&mut self) -> Picture {
        self.stage.picture(0, &self.tracker)
    }
}

fn flow(number: u32) -> FlowId {
    FlowId { protocol: Protocol::Tcp, number }
}

/// The rows of the port's family.
fn of_port(picture: &Picture) -> usize {
    picture.families.iter().filter(|family| matches!(family.kind, FamilyKind::Port(_))).map(|family| family.rows.len()).sum()
}

#[test]
fn a_picture_holds_no_more_than_is_shown() {
    let mut play = Play::new();
    play.connect(2000..5500);
    let picture = play.picture();
    assert_eq!((picture.connections, picture.left_out, of_port(&picture)), (3500, 2500, 1001));
    // The youngest ones, as all are open.
    let ports: Vec<u16> = picture.families[1].rows.iter().map(|row| row.id.port).collect();
    assert_eq!(ports, (4500..5500).collect::<Vec<_>>());
}

#[test]
fn a_filter_looks_back_over_what_is_held() {
    let mut play = Play::new();
    play.connect(2000..2010);
    let rows = |play: &mut Play, filter: Option<&str>| {
        play.stage.select(filter.map(|text| Filter::compile(text).unwrap()));
        of_port(&play.picture())
    };
    assert_eq!(rows(&mut play, Some("tcp.port == 2003")), 2);
    assert_eq!(rows(&mut play, Some("tcp.stream == 3")), 0, "streams are known of frames to come");
    play.connect(2003..2004);
    let picture = play.picture();
    assert_eq!((of_port(&picture), picture.filter), (2, Some(("tcp.stream == 3".to_owned(), 3))));
    assert_eq!(rows(&mut play, None), 11);
}

#[test]
fn a_stream_that_is_opened_shows_its_past_and_goes_on() {
    const TALK: &str = "tcp 10.0.0.1:2001 10.0.0.2:80\n> S\n< SA\n> A\n> data \"hello\"\n< A\n";
    let mut play = Play::new();
    play.connect(2000..2001);
    play.see_some(TALK, ..2);
    play.connect(2002..2003);
    play.stage.open(flow(1), &play.tracker);
    let seen = |play: &mut Play| {
        let close_up = play.picture().close_up.unwrap();
        assert!(close_up.flow == flow(1) && !close_up.begins_late);
        (close_up.ends.unwrap()[0].port(), close_up.steps.len(), close_up.said.len())
    };
    assert_eq!(seen(&mut play), (2001, 2, 0));
    play.see_some(TALK, 2..);
    play.connect(2003..2004);
    assert_eq!(seen(&mut play), (2001, 5, 1));
    play.stage.close();
    assert!(play.picture().close_up.is_none());
}

#[test]
fn fast_streams_are_folded_and_every_packet_counts() {
    let bulk = format!("tcp 10.0.0.1:2000 10.0.0.2:80\n> S\n< SA\n> A\n{}", "> data 1000\n".repeat(900));
    let mut play = Play::new();
    play.see_some(&bulk, ..1);
    play.stage.open(flow(0), &play.tracker);
    play.see_some(&bulk, 1..);
    let close_up = play.picture().close_up.unwrap();
    let folded = |step: &Step| match step {
        Step::Run(run) => (run.packets, run.to_responder),
        Step::Rung(_) => (1, 0),
    };
    let counts: Vec<(u64, u64)> = close_up.steps.iter().map(|step| folded(step)).collect();
    assert_eq!((counts.len(), counts.iter().map(|count| count.0).sum()), (202, 903));
    assert_eq!(counts.last(), Some(&(702, 702_000)));
    let said: Vec<usize> = close_up
        .said
        .iter()
        .map(|said| match said {
            Said::Piece(piece) => piece.octets.len(),
            Said::Skipped(octets) => *octets as usize,
        })
        .collect();
    assert_eq!((said.len(), said[0], said.iter().sum()), (33, 1000, 900_000));
}

#[test]
fn datagrams_that_come_too_fast_count_too() {
    let bulk = format!("udp 10.0.0.1:2000 10.0.0.2:80\n{}", "> data 1000\n".repeat(900));
    let mut play = Play::new();
    play.see_some(&bulk, ..1);
    play.stage.open(FlowId { protocol: Protocol::Udp, number: 0 }, &play.tracker);
    play.see_some(&bulk, 1..);
    let close_up = play.picture().close_up.unwrap();
    assert!(matches!(&**close_up.steps.last().unwrap(), Step::Run(run) if (run.packets, run.to_responder) == (699, 699_000)));
    assert!(matches!(close_up.said.last(), Some(Said::Skipped(867_000))), "{:?}", close_up.said.last());
}

/// A terminal that takes nothing until it is let go.
struct Stuck {
    wrote: Sender<()>,
    release: Receiver<()>,
}

impl Write for Stuck {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let _ = self.wrote.send(());
        let _ = self.release.recv();
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The capture hands over one picture and no other, makes none that nobody draws, and goes on.
#[test]
fn a_terminal_that_stands_still_stops_nothing() {
    let (link, end) = link();
    let (wrote, began) = mpsc::channel();
    let (let_go, release) = mpsc::channel();
    let (keys, key) = mpsc::channel();
    let options = TerminalOptions { viewport: Viewport::Fixed(Rect::new(0, 0, 80, 24)) };
    let thread = thread::spawn(move || {
        let terminal = ratatui::Terminal::with_options(CrosstermBackend::new(Stuck { wrote, release }), options)?;
        let description = Description::new(Format::Pcapng);
        let key = |_| Ok(key.try_recv().ok());
        Player::new(terminal, State::new(false, TimeZone::UTC), end, description).play(key)
    });
    began.recv().unwrap();
    let mut play = Play::new();
    let mut pictures = 0;
    for round in 0..50 {
        play.connect(round * 100 + 1000..round * 100 + 1100);
        if link.wanted.swap(false, std::sync::atomic::Ordering::Acquire) {
            pictures += 1;
            link.pictures.try_send(play.picture()).unwrap();
        }
    }
    assert_eq!((play.frames, pictures), (15_000, 1), "the one that was wanted before the first draw");
    assert!(!thread.is_finished());
    keys.send(Event::Key(KeyEvent::from(KeyCode::Char('q')))).unwrap();
    drop(let_go);
    assert!(matches!(link.orders.recv(), Ok(Order::Quit)), "what was pressed meanwhile is not lost");
    link.ended.store(true, std::sync::atomic::Ordering::Release);
    thread.join().unwrap().unwrap();
}
