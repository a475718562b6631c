//! What is seen of a live capture: a screen where there is a terminal, and lines everywhere else.

use std::io::Write;

use sockscope::capture::Live;
use sockscope::present::look::Look;

use super::super::args::LiveArgs;
use super::super::failure::Failure;
use super::super::selection::Selection;
use super::bounds::Signals;
use super::lines::Lines;
#[cfg(feature = "tui")]
use super::screen::{self, Screen, View};
use super::watch::Audience;
#[cfg(feature = "tui")]
use {super::super::selection, sockscope::judge::filter::Filter};

/// The display filter, compiled before anything is opened. A screen changes its own while it is shown.
pub(crate) enum Filtered {
    Lines(Box<Selection>),
    #[cfg(feature = "tui")]
    Screen(Option<Filter>),
}

impl Filtered {
    /// Compiles the filter that was typed.
    pub(crate) fn new(args: &LiveArgs) -> Result<Self, Failure> {
        #[cfg(feature = "tui")]
        if screen::is_wanted(args) {
            return Ok(Self::Screen(args.filter.as_deref().map(selection::display_filter).transpose()?));
        }
        Ok(Self::Lines(Box::new(Selection::of_live(args.filter.as_deref())?)))
    }

    /// A screen will show it.
    pub(crate) const fn is_for_screen(&self) -> bool {
        !matches!(self, Self::Lines(_))
    }

    /// Opens the view, and says what it is shown.
    #[cfg_attr(not(feature = "tui"), allow(unused_variables, reason = "only a screen says what it listens to, and ends it"))]
    pub(crate) fn view<'o>(
        self,
        args: &LiveArgs,
        (live, signals): (&Live, &Signals),
        look: Look,
        out: &'o mut dyn Write,
    ) -> Result<(Selection, Box<dyn Audience + 'o>), Failure> {
        let lines = Lines::new(args, look, out);
        Ok(match self {
            #[cfg(feature = "tui")]
            Self::Screen(filter) => {
                let screen = Screen::open(args, (live, signals), filter, look)?;
                (Selection::default(), Box::new(View::new(screen, lines)))
            }
            Self::Lines(selection) => (*selection, Box::new(lines)),
        })
    }
}
