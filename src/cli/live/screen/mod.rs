//! The terminal view while it is shown. Two threads that wait for each other nowhere:
//!
//! ```text
//! capture                                   terminal
//! stage: memory, meters, close-up -picture-> player: state, draw, keys
//!                                 <-orders-
//! ```
//!
//! [`stage`] knows what was captured, and makes a picture only when the [`player`] has drawn the last one: a terminal that
//! stands still costs nothing but its view. [`view`] is the audience that both are of; [`terminal`] is put right again however the program ends.

mod chosen;
mod close_up;
mod memory;
mod meter;
mod player;
mod stage;
mod terminal;
#[cfg(test)]
mod tests;
mod view;
mod write_out;

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event;
use sockscope::capture::{Live, Source};
use sockscope::judge::filter::Filter;
use sockscope::present::look::Look;
use sockscope::present::tui::{Order, Picture, State, WriteOut};
use sockscope::track::Tracker;

use super::super::args::LiveArgs;
use super::super::failure::Failure;
use super::super::job;
use super::super::touched::Touched;
use super::bounds::Signals;
use super::watch::Sight;
use memory::Held;
use player::Player;
use stage::Stage;
use terminal::Terminal;

pub(super) use view::View;

/// Between two pictures at least.
const PACE: Duration = Duration::from_millis(100);

/// A picture may take one part in so many of the capture's time.
const SHARE: u32 = 20;

/// How long the terminal may take to be put right at the end.
const PATIENCE: Duration = Duration::from_secs(1);

/// A screen is wanted, and there is a terminal for it.
pub(super) fn is_wanted(args: &LiveArgs) -> bool {
    let piped = args.output.as_deref().is_some_and(job::is_stdin);
    let lines = args.plain || args.json || args.quiet || piped || std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    !lines && io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// The capture's end of the view.
pub(super) struct Screen {
    stage: Stage,
    link: CaptureEnd,
    signals: Signals,
    /// Not before this is the next picture made.
    next: Instant,
    terminal: Terminal,
    thread: Option<JoinHandle<io::Result<()>>>,
}

/// The capture's end of what lies between the threads.
struct CaptureEnd {
    pictures: SyncSender<Picture>,
    /// The last picture is drawn.
    wanted: Arc<AtomicBool>,
    orders: Receiver<Order>,
    /// Frames to be written.
    held: Sender<(WriteOut, Held)>,
    /// The view is to end.
    ended: Arc<AtomicBool>,
    /// Closed when it has.
    gone: Receiver<()>,
}

/// The terminal's end of it.
struct TerminalEnd {
    pictures: Receiver<Picture>,
    wanted: Arc<AtomicBool>,
    orders: Sender<Order>,
    held: Receiver<(WriteOut, Held)>,
    ended: Arc<AtomicBool>,
    /// Dropped at the end.
    _gone: Sender<()>,
}

/// What lies between the threads.
fn link() -> (CaptureEnd, TerminalEnd) {
    let (wanted, ended) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
    // There is never more than one on its way.
    let (to_pictures, pictures) = mpsc::sync_channel(1);
    let (to_orders, orders) = mpsc::channel();
    let (to_held, held) = mpsc::channel();
    let (_gone, gone) = mpsc::channel();
    let terminal =
        TerminalEnd { pictures, wanted: Arc::clone(&wanted), orders: to_orders, held, ended: Arc::clone(&ended), _gone };
    (CaptureEnd { pictures: to_pictures, wanted, orders, held: to_held, ended, gone }, terminal)
}

impl Screen {
    /// Takes the terminal, and shows that nothing was captured yet.
    pub(super) fn open(
        args: &LiveArgs,
        (live, signals): (&Live, &Signals),
        filter: Option<Filter>,
        look: Look,
    ) -> Result<Self, Failure> {
        #[cfg(unix)]
        signals.catch_hangup()?;
        let file = args.output.as_deref().map(job::shown);
        let mut stage = Stage::new((args.interface.clone(), file), live.start(), args.time.clone().into());
        stage.select(filter);
        let description = live.description().clone();
        let terminal = Terminal::take()?;
        let (link, end) = link();
        let state = State::new(look.colour, TimeZone::system());
        let tty = terminal.clone();
        let thread = thread::Builder::new().name("screen".to_owned()).spawn(move || {
            let guard = terminal::Guard(tty.clone());
            let inner = ratatui::Terminal::new(CrosstermBackend::new(tty.writer()))?;
            let key = |wait| if event::poll(wait)? { event::read().map(Some) } else { Ok(None) };
            let played = Player::new(inner, state, end, description).play(key);
            drop(guard);
            played
        })?;
        Ok(Self { stage, link, signals: signals.clone(), next: Instant::now(), terminal, thread: Some(thread) })
    }

    /// Takes in what there is to be seen.
    pub(super) fn see(&mut self, sight: &Sight<'_>) -> io::Result<()> {
        match *sight {
            Sight::Frame(frame, packet, update) => self.stage.see(frame, packet, update),
            Sight::Unselected(_) => {}
            Sight::Owners(_, protocol, held) => self.stage.hear_of_owners(protocol, held),
            Sight::Differs(_) => self.stage.hear_of_difference(),
            Sight::Rest { lost, tracker } => self.rest(lost, tracker)?,
        }
        Ok(())
    }

    /// Gives the terminal back, and says what a filter selected last.
    pub(super) fn close(mut self) -> io::Result<Option<Touched>> {
        self.end()?;
        Ok(self.stage.take_touched())
    }

    /// There is time for orders, and for a picture if one is wanted.
    fn rest(&mut self, lost: u64, tracker: &Tracker) -> io::Result<()> {
        if self.thread.as_ref().is_some_and(JoinHandle::is_finished) {
            self.signals.call();
            return self.end();
        }
        serve((&mut self.stage, tracker), &self.link, &self.signals);
        self.stage.rest(tracker);
        let began = Instant::now();
        if began >= self.next && self.link.wanted.swap(false, Ordering::Acquire) {
            // There is room: the last one was taken. Where the thread is gone, the next rest sees it.
            let _ = self.link.pictures.try_send(self.stage.picture(lost, tracker));
            self.next = began + PACE.max(began.elapsed() * SHARE);
        }
        Ok(())
    }

    /// Ends the thread, and waits no longer than is decent.
    fn end(&mut self) -> io::Result<()> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        self.link.ended.store(true, Ordering::Release);
        if self.link.gone.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            // It hangs in a terminal that takes nothing more.
            return self.terminal.leave_mode();
        }
        thread.join().unwrap_or_else(|fault| std::panic::resume_unwind(fault))
    }
}

/// Whatever ends the capture, the terminal is given back.
impl Drop for Screen {
    fn drop(&mut self) {
        if !thread::panicking() {
            let _ = self.end();
        }
    }
}

/// Does what the reader asked for.
fn serve((stage, tracker): (&mut Stage, &Tracker), link: &CaptureEnd, signals: &Signals) {
    for order in link.orders.try_iter() {
        match order {
            Order::Filter(filter) => stage.select(filter.map(|filter| *filter)),
            Order::Open(flow) => stage.open(flow, tracker),
            Order::Close => stage.close(),
            // If nobody takes it, nobody asks any more.
            Order::Write(order) => drop(link.held.send((order, stage.held()))),
            Order::Quit => signals.call(),
        }
    }
}
