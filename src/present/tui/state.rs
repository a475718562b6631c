//! What the reader sees and did: the last picture, cursor, order, marks, and the page that is open.

use std::collections::{BTreeSet, HashSet};

use jiff::tz::TimeZone;

use super::list::{self, Listed};
use super::picture::{Picture, RowId};
use super::prompt::Prompt;
use super::sort;
use crate::judge::filter::Filter;
use crate::track::{FlowId, Protocol};

/// What only those who capture can do.
#[derive(Debug)]
pub enum Order {
    /// Show what this filter selects from now on; `None` selects everything.
    Filter(Option<Box<Filter>>),
    /// Look closely at this stream.
    Open(FlowId),
    /// Look closely at none.
    Close,
    /// Write frames that are held.
    Write(WriteOut),
    /// End the capture.
    Quit,
}

/// Frames to be written, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WriteOut {
    /// The file, which is made for them.
    pub path: String,
    /// Which frames.
    pub wanted: Wanted,
}

/// Which frames are wanted: all of them if nothing is named.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Wanted {
    /// Those of these streams.
    pub flows: HashSet<FlowId>,
    /// And those from or to these ports.
    pub ports: HashSet<(Protocol, u16)>,
}

impl Wanted {
    /// Nothing is named.
    pub fn is_all(&self) -> bool {
        self.flows.is_empty() && self.ports.is_empty()
    }
}

/// A line said to the reader, until the next key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Note {
    /// What is said.
    pub text: String,
    /// Something went wrong.
    pub is_bad: bool,
}

/// What a line is typed for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Asked {
    Filter,
    Path,
}

/// How a stream is looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Tab {
    Ladder,
    Stream,
}

/// Where a page of text stands.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Scroll {
    /// The first line shown; `None` keeps the end in sight.
    pub(super) top: Option<usize>,
    /// The same for columns.
    pub(super) left: usize,
    /// The first line at the last draw, and how many lines there were room for, of how many.
    pub(super) drawn: usize,
    pub(super) room: usize,
    pub(super) lines: usize,
}

impl Scroll {
    /// Begins at the first line.
    pub(super) fn at_top() -> Self {
        Self { top: Some(0), ..Self::default() }
    }

    /// Places the lines of a page in its room, and gives the first one to show.
    pub(super) fn place(&mut self, lines: usize, room: usize) -> usize {
        let last = lines.saturating_sub(room);
        self.top = self.top.map(|top| top.min(last));
        (self.lines, self.room, self.drawn) = (lines, room, self.top.unwrap_or(last));
        self.drawn
    }

    /// Goes down, or up for a negative number; at the end it stays there if it `follows`.
    pub(super) fn go(&mut self, lines: isize, follows: bool) {
        let last = self.lines.saturating_sub(self.room);
        let top = self.drawn.saturating_add_signed(lines).min(last);
        self.top = Some(top).filter(|top| *top < last || !follows);
        self.drawn = top;
    }
}

/// What is open.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Page {
    List,
    CloseUp(FlowId, Tab, Scroll),
}

/// The view at one moment.
#[derive(Debug)]
pub struct State {
    pub(super) colour: bool,
    pub(super) zone: TimeZone,
    pub(super) picture: Picture,
    pub(super) lines: Vec<Listed>,
    pub(super) page: Page,
    /// The help lies over the page.
    pub(super) help: Option<Scroll>,
    /// The row of the cursor, and the line where it stood last.
    pub(super) cursor: Option<RowId>,
    pub(super) at: usize,
    /// The first line of the list that is shown, and how many there is room for.
    pub(super) top: usize,
    pub(super) room: usize,
    pub(super) order: sort::Order,
    pub(super) marks: BTreeSet<RowId>,
    /// The view stands still; frames captured by now.
    pub(super) paused: Option<u64>,
    pub(super) note: Option<Note>,
    pub(super) prompt: Option<(Asked, Prompt)>,
}

impl State {
    /// Nothing seen yet. Times in filters that name no zone are in this one.
    pub fn new(colour: bool, zone: TimeZone) -> Self {
        Self {
            colour,
            zone,
            picture: Picture::default(),
            lines: Vec::new(),
            page: Page::List,
            help: None,
            cursor: None,
            at: 0,
            top: 0,
            room: 0,
            order: sort::Order::default(),
            marks: BTreeSet::new(),
            paused: None,
            note: None,
            prompt: None,
        }
    }

    /// Shows a new picture; while the view stands still, no more of it than how many frames there are.
    pub fn show(&mut self, picture: Picture) {
        match &mut self.paused {
            Some(frames) => {
                *frames = picture.frames;
                // What was opened meanwhile is to be seen once.
                if self.opened() != self.picture.close_up.as_ref().map(|close_up| close_up.flow) {
                    self.picture.close_up = picture.close_up;
                }
            }
            None => {
                self.picture = picture;
                self.arrange();
            }
        }
    }

    /// Says something to the reader.
    pub fn say(&mut self, note: Note) {
        self.note = Some(note);
    }

    /// The stream that is open.
    fn opened(&self) -> Option<FlowId> {
        match self.page {
            Page::List => None,
            Page::CloseUp(flow, ..) => Some(flow),
        }
    }

    /// Makes the lines of the list, and puts the cursor on its row again.
    pub(super) fn arrange(&mut self) {
        self.lines = list::lines(&self.picture.families, self.order);
        let kept = self.cursor.and_then(|id| list::place(&self.lines, id));
        self.put_cursor(kept.or_else(|| list::nearest(&self.lines, self.at)));
    }

    /// The cursor goes to this line, if it is one with a row.
    pub(super) fn put_cursor(&mut self, place: Option<usize>) {
        let row = place.and_then(|place| Some((place, self.lines.get(place)?.row()?.id)));
        self.cursor = row.map(|(_, id)| id);
        self.at = row.map_or(self.at, |(place, _)| place);
    }

    /// The row of the cursor.
    pub(super) fn row(&self) -> Option<&super::Row> {
        self.lines.get(self.at)?.row().filter(|row| Some(row.id) == self.cursor)
    }
}
