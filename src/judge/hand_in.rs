//! Who handed something in, and what came with the capture.

use std::ops::RangeInclusive;

use crate::judge::log::Text;
use crate::judge::results::Student;

/// The student, as far as known; somebody who checks alone need not say.
#[derive(Clone, Debug, Default)]
pub struct Who<'c> {
    /// The student's number.
    pub id: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The department.
    pub department: Option<String>,
    /// Everybody on the roster: whose number or name else may be in a payload.
    pub class: &'c [Student],
}

/// What was handed in beside the capture.
#[derive(Clone, Debug, Default)]
pub struct Handed {
    /// Digits of a student's number; `None` if that is not known.
    pub digits: Option<usize>,
    /// What such a number begins with.
    pub prefix: String,
    /// Logs with their names.
    pub logs: Vec<(String, Text)>,
    /// Names of pictures.
    pub screenshots: Vec<String>,
    /// This is all: what is not here was not handed in.
    pub is_all: bool,
}

impl Handed {
    /// The student numbers in a text: runs of digits of the right length, wherever they stand.
    pub fn ids_in(&self, text: &str) -> Vec<String> {
        /// Shorter are ports and years, longer are serial numbers.
        const USUAL: RangeInclusive<usize> = 6..=12;
        let fits = |run: &str| self.digits.map_or(USUAL.contains(&run.len()), |digits| run.len() == digits);
        let runs = text.split(|character: char| !character.is_ascii_digit());
        runs.filter(|run| fits(run) && run.starts_with(&self.prefix)).map(str::to_owned).collect()
    }

    /// The same for a student whose number is known: all numbers are as long.
    #[must_use]
    pub fn of(self, id: &str) -> Self {
        let numeric = !id.is_empty() && id.bytes().all(|octet| octet.is_ascii_digit());
        Self { digits: self.digits.or_else(|| numeric.then_some(id.len())), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_runs_of_digits() {
        let handed = Handed { digits: Some(8), prefix: "20".into(), ..Handed::default() };
        assert_eq!(handed.ids_in("20231234_홍길동.pcapng"), ["20231234"]);
        assert_eq!(handed.ids_in("홍길동20231234(1)"), ["20231234"]);
        assert!(handed.ids_in("202312345 19991234 2023-1234").is_empty());
        let unknown = Handed::default();
        assert_eq!(unknown.ids_in("5000 2023 2023123456.pcapng"), ["2023123456"]);
        assert!(unknown.of("1234567").ids_in("2023123456 20231234").is_empty());
    }
}
