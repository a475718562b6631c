//! The terminal's thread: pictures and keys come in, draws and orders go out.

use std::io::{self, Write};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{Event, KeyEventKind};
use sockscope::capture::Description;
use sockscope::present::tui::State;

use super::{PACE, TerminalEnd, write_out};

/// How long a key may be waited for, while pictures may come.
const WAIT: Duration = Duration::from_millis(50);

/// The view, and where it is drawn.
pub(super) struct Player<W: Write> {
    terminal: Terminal<CrosstermBackend<W>>,
    state: State,
    link: TerminalEnd,
    description: Description,
    /// Not before this is the next draw.
    next: Instant,
    /// There is something to draw.
    is_due: bool,
}

impl<W: Write> Player<W> {
    /// Nothing is drawn yet.
    pub(super) fn new(
        terminal: Terminal<CrosstermBackend<W>>,
        state: State,
        link: TerminalEnd,
        description: Description,
    ) -> Self {
        Self { terminal, state, link, description, next: Instant::now(), is_due: true }
    }

    /// Plays until the view ends; `key` waits so long for a key, and no longer.
    pub(super) fn play(mut self, mut key: impl FnMut(Duration) -> io::Result<Option<Event>>) -> io::Result<()> {
        while !self.link.ended.load(Ordering::Acquire) {
            self.take_in();
            self.draw()?;
            let until_draw = if self.is_due { self.next.saturating_duration_since(Instant::now()) } else { WAIT };
            if let Some(event) = key(WAIT.min(until_draw))? {
                self.hear(event);
            }
        }
        Ok(())
    }

    /// A picture, or frames that are to be written.
    fn take_in(&mut self) {
        while let Ok(picture) = self.link.pictures.try_recv() {
            self.state.show(picture);
            self.is_due = true;
        }
        while let Ok((order, held)) = self.link.held.try_recv() {
            self.state.say(write_out::write(&order, &held, &self.description));
            self.is_due = true;
        }
    }

    /// Draws what is new, unless the last draw was just now; then the next picture is wanted.
    fn draw(&mut self) -> io::Result<()> {
        if !self.is_due || Instant::now() < self.next {
            return Ok(());
        }
        self.terminal.draw(|frame| self.state.draw(frame))?;
        (self.next, self.is_due) = (Instant::now() + PACE, false);
        self.link.wanted.store(true, Ordering::Release);
        Ok(())
    }

    fn hear(&mut self, event: Event) {
        self.is_due = true;
        if let Event::Key(key) = event
            && key.kind != KeyEventKind::Release
            && let Some(order) = self.state.key(key)
        {
            // Where nobody listens any more, the end is near.
            let _ = self.link.orders.send(order);
        }
    }
}
