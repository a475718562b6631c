//! A display filter on the rows of a list instead of on frames: `sockets -Y 'sock.state == "LISTEN"'`.
//!
//! Of frames `conn` and `state` tell what was known by then; of a list of connections they are meant of each as a whole.

use jiff::tz::TimeZone;
use sockscope::judge::filter::{Filter, Row};

use super::args::Input;
use super::failure::Failure;

/// Which rows are shown; all of them without a filter.
#[derive(Debug, Default)]
pub(crate) struct RowFilter(Option<Filter>);

impl RowFilter {
    /// Takes the filter away from the frames, if it names only fields of these families, such as `sock`.
    pub(crate) fn take(input: &mut Input, families: &[&str]) -> Result<Self, Failure> {
        let Some(text) = &input.choice.filter else { return Ok(Self::default()) };
        let filter = Filter::compile_in(text, &TimeZone::system()).map_err(Failure::Filter)?;
        let is_of_rows = |name: &str| name.split_once('.').is_some_and(|(family, _)| families.contains(&family));
        if filter.fields().is_empty() || !filter.fields().iter().all(|field| is_of_rows(field.name())) {
            return Ok(Self::default());
        }
        input.choice.filter = None;
        Ok(Self(Some(filter)))
    }

    /// All rows are shown.
    pub(crate) const fn keeps_all(&self) -> bool {
        self.0.is_none()
    }

    /// The row is shown.
    #[inline]
    pub(crate) fn keeps(&self, row: &dyn Row) -> bool {
        self.0.as_ref().is_none_or(|filter| filter.matches(row))
    }
}
