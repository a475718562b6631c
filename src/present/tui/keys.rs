//! What each key does.

use jiff::fmt::strtime;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::list;
use super::prompt::Prompt;
use super::state::{Asked, Note, Order, Page, Scroll, State, Tab, Wanted, WriteOut};
use crate::judge::filter::{Filter, FilterFault, Needs};
use crate::sanitize::sanitize;
use crate::track::FlowId;

impl State {
    /// A key was pressed.
    pub fn key(&mut self, key: KeyEvent) -> Option<Order> {
        if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
            return Some(Order::Quit);
        }
        self.note = None;
        if self.prompt.is_some() {
            return self.key_of_prompt(key);
        }
        match key.code {
            KeyCode::Char('q') => return Some(Order::Quit),
            KeyCode::Char('?') | KeyCode::F(1) => self.help = if self.help.is_some() { None } else { Some(Scroll::at_top()) },
            KeyCode::Esc if self.help.is_some() => self.help = None,
            code if self.help.is_some() => self.help.iter_mut().for_each(|scroll| scroll_by(scroll, code, false)),
            KeyCode::Char('p') => self.pause(),
            _ => {
                return match self.page {
                    Page::List => self.key_of_list(key.code),
                    Page::CloseUp(flow, tab, scroll) => self.key_of_close_up(key.code, flow, tab, scroll),
                };
            }
        }
        None
    }

    /// The view stands still, or goes on.
    fn pause(&mut self) {
        self.paused = match self.paused {
            Some(_) => None,
            None => Some(self.picture.frames),
        };
    }

    fn key_of_list(&mut self, code: KeyCode) -> Option<Order> {
        let page = isize::try_from(self.room.max(2) - 1).unwrap_or(isize::MAX);
        match code {
            KeyCode::Down | KeyCode::Char('j') => self.move_cursor(1),
            KeyCode::Up | KeyCode::Char('k') => self.move_cursor(-1),
            KeyCode::PageDown => self.move_cursor(page),
            KeyCode::PageUp => self.move_cursor(-page),
            KeyCode::Home | KeyCode::Char('g') => self.put_cursor(list::nearest(&self.lines, 0)),
            KeyCode::End | KeyCode::Char('G') => self.put_cursor(list::nearest(&self.lines, usize::MAX)),
            KeyCode::Char('s') => {
                self.order.by = self.order.by.next();
                self.arrange();
            }
            KeyCode::Char('r') => {
                self.order.is_reversed = !self.order.is_reversed;
                self.arrange();
            }
            KeyCode::Char(' ' | 'm') => self.mark(),
            KeyCode::Char('u') => self.marks.clear(),
            KeyCode::Char('/') => {
                let text = self.picture.filter.as_ref().map_or("", |(text, _)| text.as_str());
                self.prompt = Some((Asked::Filter, Prompt::new(text)));
            }
            KeyCode::Char('w') => self.ask_for_path(),
            KeyCode::Enter => return self.open(),
            _ => {}
        }
        None
    }

    /// Goes so many rows down, or up for a negative number; titles are passed over.
    fn move_cursor(&mut self, by: isize) {
        let rows: Vec<usize> = (0..self.lines.len()).filter(|place| self.lines[*place].row().is_some()).collect();
        let now = rows.iter().position(|place| *place == self.at).unwrap_or(0);
        let then = now.saturating_add_signed(by).min(rows.len().saturating_sub(1));
        self.put_cursor(rows.get(then).copied());
    }

    /// Marks the row of the cursor, or unmarks it, and goes on to the next one.
    fn mark(&mut self) {
        let Some(id) = self.cursor else { return };
        if !self.marks.remove(&id) {
            self.marks.insert(id);
        }
        self.move_cursor(1);
    }

    /// Looks closely at the row of the cursor; at its only member, if it is a head.
    fn open(&mut self) -> Option<Order> {
        let members = || self.lines.iter().skip(self.at + 1).map_while(|line| line.row().filter(|row| row.is_member));
        let only = || members().next().filter(|_| members().count() == 1);
        let row = self.row()?;
        match row.id.flow().or_else(|| only()?.id.flow()) {
            Some(flow) => {
                self.page = Page::CloseUp(flow, Tab::Ladder, Scroll::default());
                Some(Order::Open(flow))
            }
            None => {
                let text = "Enter opens one connection or peer: go to one of those below";
                self.note = Some(Note { text: text.to_owned(), is_bad: false });
                None
            }
        }
    }

    fn key_of_close_up(&mut self, code: KeyCode, flow: FlowId, tab: Tab, mut scroll: Scroll) -> Option<Order> {
        match code {
            KeyCode::Esc | KeyCode::Backspace | KeyCode::Enter => {
                self.page = Page::List;
                return Some(Order::Close);
            }
            KeyCode::Tab | KeyCode::BackTab => {
                let other = if tab == Tab::Ladder { Tab::Stream } else { Tab::Ladder };
                self.page = Page::CloseUp(flow, other, Scroll::default());
            }
            code => {
                scroll_by(&mut scroll, code, true);
                self.page = Page::CloseUp(flow, tab, scroll);
            }
        }
        None
    }

    fn ask_for_path(&mut self) {
        if let Some(file) = self.picture.file.as_ref().filter(|_| self.marks.is_empty()) {
            let text = format!("all frames are in {file} already; mark rows to write those alone");
            return self.say(Note { text, is_bad: false });
        }
        self.prompt = Some((Asked::Path, Prompt::new(&self.path())));
    }

    /// A name that says when.
    fn path(&self) -> String {
        let now = self.picture.now.and_then(|now| jiff::Timestamp::new(now.seconds(), 0).ok()).unwrap_or_default();
        let zoned = now.to_zoned(self.zone.clone());
        let when = strtime::format("%Y%m%d-%H%M%S", &zoned).unwrap_or_default();
        format!("sockscope-{when}.pcapng")
    }

    fn key_of_prompt(&mut self, key: KeyEvent) -> Option<Order> {
        let (asked, prompt) = self.prompt.as_mut()?;
        let asked = *asked;
        match key.code {
            KeyCode::Esc => self.prompt = None,
            KeyCode::Enter => return self.answer(asked),
            KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => prompt.clear(),
            KeyCode::Char(character) if !key.modifiers.contains(KeyModifiers::CONTROL) => prompt.insert(character),
            KeyCode::Backspace => prompt.backspace(),
            KeyCode::Delete => prompt.delete(),
            KeyCode::Left => prompt.left(),
            KeyCode::Right => prompt.right(),
            KeyCode::Home => prompt.home(),
            KeyCode::End => prompt.end(),
            _ => {}
        }
        None
    }

    /// The line is typed.
    fn answer(&mut self, asked: Asked) -> Option<Order> {
        let text = self.prompt.as_ref()?.1.text().trim().to_owned();
        let order = match asked {
            _ if text.is_empty() && asked == Asked::Path => None,
            Asked::Path => Some(Order::Write(WriteOut { path: text, wanted: self.wanted() })),
            Asked::Filter if text.is_empty() => Some(Order::Filter(None)),
            Asked::Filter => match self.compiled(&text) {
                Ok(filter) => Some(Order::Filter(Some(Box::new(filter)))),
                Err(fault) => {
                    self.note = Some(Note { text: fault, is_bad: true });
                    return None; // The line stays, to be put right.
                }
            },
        };
        self.prompt = None;
        order
    }

    /// The filter, or what is wrong with it in one line.
    fn compiled(&self, text: &str) -> Result<Filter, String> {
        let one_line = |fault: FilterFault| {
            let hint = fault.suggestion().map(|hint| format!(". {hint}")).unwrap_or_default();
            format!("column {}: {}{hint}", fault.column(), fault.what())
        };
        let filter = Filter::compile_in(text, &self.zone).map_err(|fault| sanitize(&one_line(fault)).into_owned())?;
        match filter.fields().iter().find(|field| field.needs() == Needs::Rows) {
            Some(field) => Err(format!("{field} is no field of frames")),
            None => Ok(filter),
        }
    }

    /// The marked rows: a head stands for all that its port sends and gets.
    fn wanted(&self) -> Wanted {
        let mut wanted = Wanted::default();
        for id in &self.marks {
            match id.flow() {
                Some(flow) => drop(wanted.flows.insert(flow)),
                None => drop(wanted.ports.insert((id.protocol(), id.port))),
            }
        }
        wanted
    }
}

/// Cells that a page goes to the left at most: no line is longer.
const WIDEST: usize = 80;

/// Moves a page of text; one that `follows` stays at its end when it comes there.
fn scroll_by(scroll: &mut Scroll, code: KeyCode, follows: bool) {
    let page = isize::try_from(scroll.room.max(2) - 1).unwrap_or(isize::MAX);
    match code {
        KeyCode::Down | KeyCode::Char('j') => scroll.go(1, follows),
        KeyCode::Up | KeyCode::Char('k') => scroll.go(-1, follows),
        KeyCode::PageDown | KeyCode::Char(' ') => scroll.go(page, follows),
        KeyCode::PageUp => scroll.go(-page, follows),
        KeyCode::Home | KeyCode::Char('g') => scroll.go(isize::MIN, follows),
        KeyCode::End | KeyCode::Char('G') => scroll.go(isize::MAX, follows),
        KeyCode::Left | KeyCode::Char('h') => scroll.left = scroll.left.saturating_sub(8),
        KeyCode::Right | KeyCode::Char('l') => scroll.left = (scroll.left + 8).min(WIDEST),
        _ => {}
    }
}
