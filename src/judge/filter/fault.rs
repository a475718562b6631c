//! Why a text is no filter: where, what was expected, and what may have been meant.

use std::fmt;
use std::ops::Range;

use unicode_width::UnicodeWidthStr;

use crate::judge::TextFault;

/// What is wrong with the text of a filter.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FilterFault {
    /// The filter as given.
    text: String,
    /// The octets of the text that are wrong; an empty range after its last one if more was expected.
    span: Range<usize>,
    /// What is wrong and what was expected.
    what: String,
    /// What may have been meant: a whole sentence.
    hint: Option<String>,
}

/// Columns of a filter that are shown on either side of the fault.
const SHOWN: usize = 60;

impl FilterFault {
    /// A fault of these octets of the text.
    pub(super) fn new(text: &str, span: Range<usize>, what: impl Into<String>) -> Self {
        Self { text: text.to_owned(), span, what: what.into(), hint: None }
    }

    /// The same with a sentence about what may have been meant.
    pub(super) fn hint(self, hint: Option<String>) -> Self {
        Self { hint: hint.or(self.hint), ..self }
    }

    /// What is wrong and what was expected, in one line.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// A sentence about what may have been meant.
    pub fn suggestion(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Where the fault begins: characters from 1.
    pub fn column(&self) -> usize {
        self.before().chars().count() + 1
    }

    /// The wrong part of the text.
    pub fn culprit(&self) -> &str {
        self.text.get(self.span.clone()).unwrap_or_default()
    }

    fn before(&self) -> &str {
        self.text.get(..self.span.start).unwrap_or(&self.text)
    }

    /// The text around the fault on one line, and a line with a caret under it.
    fn picture(&self) -> (String, String) {
        let plain = |text: &str| text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect::<String>();
        let before = plain(self.before());
        let skipped = before.chars().count().saturating_sub(SHOWN);
        let before: String = before.chars().skip(skipped).collect();
        let ellipsis = if skipped > 0 { "…" } else { "" };
        let rest: String = plain(self.text.get(self.span.start..).unwrap_or_default()).chars().take(SHOWN).collect();
        let culprit: String = plain(self.culprit()).chars().take(SHOWN).collect();
        let underlined = format!("^{}", "~".repeat(culprit.width().saturating_sub(1)));
        let indent = " ".repeat(ellipsis.width().saturating_add(before.width()));
        (format!("{ellipsis}{before}{rest}"), format!("{indent}{underlined}"))
    }
}

/// The fault, the text with a caret under the fault, and what may have been meant: three or four lines.
impl fmt::Display for FilterFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, caret) = self.picture();
        write!(f, "filter, column {}: {}\n  {line}\n  {caret}", self.column(), self.what)?;
        match &self.hint {
            Some(hint) => write!(f, "\n{hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FilterFault {}

/// On one line, for a filter that stands inside another text.
impl From<FilterFault> for TextFault {
    fn from(fault: FilterFault) -> Self {
        let hint = fault.hint.as_ref().map(|hint| format!(". {hint}")).unwrap_or_default();
        Self { line: 1, column: fault.column(), text: format!("{}{hint}", fault.what) }
    }
}
