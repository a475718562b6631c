//! What is seen of a live capture: a screen where there is a terminal, and lines everywhere else.

use std::io::{self, Write};

use sockscope::capture::Live;
use sockscope::present::look::Look;
use sockscope::track::Trace;

use super::super::args::LiveArgs;
use super::super::failure::Failure;
use super::super::selection::Selection;
use super::bounds::Signals;
use super::lines::Lines;
#[cfg(feature = "tui")]
use super::screen::{self, Screen};
use super::watch::Sight;
#[cfg(feature = "tui")]
use {super::super::selection, sockscope::judge::filter::Filter};

/// A screen, if there is one; what is printed in its place, and behind it at the end.
pub(super) struct View<'o> {
    #[cfg(feature = "tui")]
    screen: Option<Screen>,
    lines: Lines<'o>,
}

impl View<'_> {
    /// Shows what there is to be seen.
    pub(super) fn see(&mut self, sight: Sight<'_>) -> io::Result<()> {
        #[cfg(feature = "tui")]
        if let Some(screen) = &mut self.screen {
            return screen.see(sight);
        }
        self.lines.see(sight)
    }

    /// The sockets at the end; of a screen, those that its filter showed last.
    #[cfg_attr(not(feature = "tui"), allow(unused_mut, reason = "only a screen chooses its rows"))]
    pub(super) fn end(&mut self, mut trace: Trace) -> io::Result<()> {
        #[cfg(feature = "tui")]
        if let Some(touched) = self.screen.take().map(Screen::close).transpose()?.flatten() {
            touched.prune(&mut trace);
        }
        self.lines.end(&trace)
    }
}

/// The display filter, compiled before anything is opened. A screen changes its own while it is shown.
pub(super) enum Filtered {
    Lines(Box<Selection>),
    #[cfg(feature = "tui")]
    Screen(Option<Filter>),
}

impl Filtered {
    /// Compiles the filter that was typed.
    pub(super) fn new(args: &LiveArgs) -> Result<Self, Failure> {
        #[cfg(feature = "tui")]
        if screen::is_wanted(args) {
            return Ok(Self::Screen(args.filter.as_deref().map(selection::display_filter).transpose()?));
        }
        Ok(Self::Lines(Box::new(Selection::of_live(args.filter.as_deref())?)))
    }

    /// Opens the view, and says what it is shown.
    #[cfg_attr(not(feature = "tui"), allow(unused_variables, reason = "only a screen says what it listens to, and ends it"))]
    pub(super) fn view<'o>(
        self,
        args: &LiveArgs,
        (live, signals): (&Live, &Signals),
        look: Look,
        out: &'o mut dyn Write,
    ) -> Result<(Selection, View<'o>), Failure> {
        let lines = Lines::new(args, look, out);
        Ok(match self {
            #[cfg(feature = "tui")]
            Self::Screen(filter) => {
                let screen = Some(Screen::open(args, (live, signals), filter, look)?);
                (Selection::default(), View { screen, lines })
            }
            Self::Lines(selection) => (
                *selection,
                View {
                    #[cfg(feature = "tui")]
                    screen: None,
                    lines,
                },
            ),
        })
    }
}
