//! Queries: what a teacher asks of a capture without programming.
//!
//! `select` names the rows, `where` is a display filter over them, `group_by` puts them together, `require` says how many
//! there must be. Every row carries its frames, so the evidence comes by itself.

mod require;
mod rows;

pub use require::{Bounds, Counted, Group, Require, Score, Step};
pub use rows::{Grouping, Row, Select, rows};

use super::TextFault;
use super::filter::{Filter, FilterFault};
use super::template::{Params, with_params};

/// A query as it stands in a rubric, with `{name}` where a parameter belongs.
#[derive(Clone, Debug)]
pub struct Query {
    /// What a row is.
    pub select: Select,
    /// The display filter that rows must match.
    pub condition: String,
    /// What puts rows together.
    pub group_by: Option<Grouping>,
    /// How many rows and groups there must be.
    pub require: Require,
    /// What part of the points some of them are worth; all or nothing if not said.
    pub score: Option<Score>,
    /// A display filter for packets that come near.
    pub near: Option<String>,
    /// A display filter for people: it shows in Wireshark what the query is about.
    pub show: Option<String>,
    /// There must be no such rows.
    pub absent: bool,
}

impl Query {
    /// Whether a filter can be read, its parameters put in.
    ///
    /// # Errors
    /// Where it cannot, and what was expected.
    pub fn check(filter: &str, params: &Params) -> Result<(), String> {
        let named = |fault: FilterFault| format!("{}: {}", fault.culprit(), TextFault::from(fault.clone()).text);
        Filter::compile(&with_params(filter, params)).map(drop).map_err(named)
    }

    /// The display filters that are to look at packets while the capture is read.
    pub fn packet_filters<'q>(&'q self, params: &'q Params) -> impl Iterator<Item = String> + 'q {
        let rows = (self.select == Select::Packets).then_some(&self.condition);
        let filters = [rows, self.near.as_ref(), self.show.as_ref()];
        filters.into_iter().flatten().map(|filter| with_params(filter, params))
    }
}
