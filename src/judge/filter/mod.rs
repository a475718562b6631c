//! Display filters: one grammar for `-Y`, for rubrics and for reports. Syntax and meaning are those of Wireshark 4.0.
//!
//! ```text
//! text -> token -> parse -> check -> test
//!         words    grammar  types    held against a Row
//! ```
//!
//! A [`Filter`] is compiled once and then applied to anything that is a [`Row`]: a frame ([`PacketRow`]), a connection,
//! a socket. [`Field`] is the table of all names; what a filter [needs](Filter::needs) to know of a frame follows from
//! the fields in it.
//!
//! A field may have several values in one row: `tcp.port` has two. Comparisons hold if one value meets them; `!=` and
//! `===` only if all do, and never where there is no value. A filter that Wireshark takes means the same here. Beyond
//! that, `xor`, sets without commas and lower-case `true` and `false` are taken; a negative number for a field that has
//! none is refused, where Wireshark compares with a huge one.

mod bpf;
mod check;
mod fault;
mod field;
mod literal;
mod packet;
mod parse;
mod range;
mod row;
mod suggest;
mod syntax;
mod test;
#[cfg(test)]
mod tests;
mod token;
mod value;

pub use bpf::translated;
pub use fault::FilterFault;
pub use field::{Field, Kind, Needs};
pub use packet::{Clock, PacketRow, Times, interface_name};
pub use row::Row;
pub use value::Value;

use jiff::tz::TimeZone;

use check::Checker;
use test::Test;

/// A compiled display filter.
#[derive(Debug)]
pub struct Filter {
    text: String,
    test: Test,
    fields: Vec<Field>,
    needs: Needs,
}

/// Octets of text that a filter may have.
pub const MAX_LEN: usize = 64 << 10;

impl Filter {
    /// Compiles a filter; times in it that name no zone are in UTC.
    ///
    /// # Errors
    /// The first place that is wrong, and what was expected there.
    pub fn compile(text: &str) -> Result<Self, FilterFault> {
        Self::compile_in(text, &TimeZone::UTC)
    }

    /// Compiles a filter; times in it that name no zone are in this one.
    ///
    /// # Errors
    /// The first place that is wrong, and what was expected there.
    pub fn compile_in(text: &str, zone: &TimeZone) -> Result<Self, FilterFault> {
        compiled(text, zone).map_err(|fault| {
            let capture_filter = |filter| format!("That is a capture filter (BPF). As a display filter: {filter}");
            fault.hint(translated(text).map(capture_filter))
        })
    }

    /// The text it was compiled from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The fields it names, each once.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// What must be known of a frame to apply it.
    pub const fn needs(&self) -> Needs {
        self.needs
    }

    /// The row meets the filter.
    pub fn matches(&self, row: &dyn Row) -> bool {
        self.test.holds(row)
    }
}

fn compiled(text: &str, zone: &TimeZone) -> Result<Filter, FilterFault> {
    if text.len() > MAX_LEN {
        let end = text.floor_char_boundary(MAX_LEN);
        return Err(FilterFault::new(text, end..end, format!("expected at most {MAX_LEN} octets")));
    }
    let condition = parse::condition(text, &token::tokens(text)?)?;
    let mut checker = Checker { text, zone, fields: Vec::new() };
    let test = checker.test(&condition)?;
    Ok(Filter { text: text.to_owned(), test, needs: checker.needs(), fields: checker.fields })
}
