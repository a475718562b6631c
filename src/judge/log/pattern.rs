//! A pattern of the user's own for lines that tell of a receipt.

use regex::{Regex, RegexBuilder};

use super::Fault;

/// Octets that a compiled pattern may take.
const MAX_SIZE: usize = 1 << 20;

/// The groups that a pattern must name.
const GROUPS: [&str; 3] = ["ip", "port", "data"];

/// A regular expression with the groups `ip`, `port` and `data`.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    /// Compiles the expression.
    ///
    /// # Errors
    /// Where it is no expression, or which group it lacks.
    pub fn new(text: &str) -> Result<Self, Fault> {
        let fault = |column, what: &str| Fault {
            line: 1,
            column,
            text: format!("{what}: expected a regular expression with the groups (?P<ip>…), (?P<port>…) and (?P<data>…)"),
        };
        let regex = match RegexBuilder::new(text).size_limit(MAX_SIZE).dfa_size_limit(MAX_SIZE).build() {
            Ok(regex) => regex,
            Err(regex::Error::CompiledTooBig(_)) => return Err(fault(1, "too large")),
            Err(error) => return Err(fault(column(&error.to_string()), reason(&error.to_string()))),
        };
        for group in GROUPS {
            if !regex.capture_names().flatten().any(|name| name == group) {
                return Err(fault(text.chars().count() as u64 + 1, &format!("no group {group}")));
            }
        }
        Ok(Self(regex))
    }

    /// What the groups hold, and the octet of the line where `port` and `data` begin.
    pub(super) fn find<'l>(&self, line: &'l str) -> Option<[(usize, &'l str); 3]> {
        let captures = self.0.captures(line)?;
        let group = |name| captures.name(name).map(|found| (found.start(), found.as_str()));
        let [ip, port, data] = GROUPS.map(group);
        Some([ip?, port?, data?])
    }
}

/// The column under which the message of the crate has its caret; it indents the expression by four.
fn column(message: &str) -> u64 {
    let caret = message.lines().find(|line| line.trim_start().starts_with('^'));
    caret.and_then(|line| line.find('^')).map_or(1, |at| at.saturating_sub(4) as u64 + 1)
}

fn reason(message: &str) -> &str {
    message.lines().find_map(|line| line.strip_prefix("error: ")).unwrap_or("no regular expression")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_found_by_name() {
        let pattern = Pattern::new(r"(?P<data>\S+) from (?P<ip>\S+) (?P<port>\d+)").unwrap();
        assert_eq!(pattern.find("got hi from ::1 9"), Some([(12, "::1"), (16, "9"), (4, "hi")]));
        assert_eq!(pattern.find("nothing"), None);
    }

    #[test]
    fn a_bad_pattern_says_where() {
        for (text, column, what) in
            [("ab(c", 3, "unclosed group"), ("(?P<ip>.)(?P<port>.)", 21, "no group data"), ("a{9999999}", 1, "")]
        {
            let fault = Pattern::new(text).unwrap_err();
            assert!(fault.column == column && fault.text.contains(what), "{fault}");
        }
    }
}
