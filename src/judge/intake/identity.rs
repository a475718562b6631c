//! Whose it is: numbers, accounts and names, held against the roster.
//!
//! Numbers are runs of digits, whatever stands beside them: `\b` fails next to `_` and Hangul. All that is said of one
//! attempt must point to one student; what points to two is nobody's until a person has looked.

use std::collections::{BTreeSet, HashMap};

use super::platform::PlatformName;
use super::roster::{Roster, Row};
use super::submission::MatchedBy;
use crate::judge::Message;

/// The most parts of a name that are put together.
const NAME_PARTS: usize = 4;

type Rows = BTreeSet<usize>;

/// A roster, by everything that can name a student.
#[derive(Debug)]
pub(super) struct Register<'r> {
    roster: &'r Roster,
    ids: HashMap<String, usize>,
    accounts: HashMap<String, Rows>,
    names: HashMap<String, Rows>,
}

/// What the names of an attempt say.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Evidence {
    files: Rows,
    folders: Rows,
    accounts: Rows,
    /// Rows of each full name that was seen.
    names: Vec<Rows>,
    /// Rows whose number is one digit from one that was seen.
    near: Rows,
    /// The numbers that are near.
    wrong: BTreeSet<String>,
}

/// The verdict on an attempt.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Owner {
    One(usize, MatchedBy),
    Open(Vec<usize>, Message),
    Nobody,
}

impl<'r> Register<'r> {
    pub(super) fn new(roster: &'r Roster) -> Self {
        let mut register = Self { roster, ids: HashMap::new(), accounts: HashMap::new(), names: HashMap::new() };
        for (place, row) in roster.rows.iter().enumerate() {
            register.ids.insert(row.id.to_ascii_lowercase(), place);
            for account in accounts(row) {
                register.accounts.entry(account).or_default().insert(place);
            }
            for name in spellings(&row.name) {
                register.names.entry(name).or_default().insert(place);
            }
        }
        register
    }

    /// Students whose number stands in a text.
    fn ids(&self, text: &str) -> Rows {
        words(text).filter_map(|word| self.ids.get(&word)).copied().collect()
    }

    /// Takes note of the name of a file or folder of the student's own.
    pub(super) fn read(&self, text: &str, is_file: bool, evidence: &mut Evidence) {
        let ids = if is_file { &mut evidence.files } else { &mut evidence.folders };
        ids.extend(self.ids(text));
        evidence.names.extend(self.names(text));
        for run in words(text).filter(|word| word.len() > 3 && is_number(word) && !self.ids.contains_key(word)) {
            let near = self.ids.iter().filter(|(id, _)| is_one_off(run.as_bytes(), id.as_bytes()));
            let near: Rows = near.map(|(_, row)| *row).collect();
            if !near.is_empty() {
                evidence.near.extend(near);
                evidence.wrong.insert(run);
            }
        }
    }

    /// Takes note of what a platform put before the name.
    pub(super) fn read_platform(&self, name: &PlatformName<'_>, evidence: &mut Evidence) {
        for account in &name.accounts {
            let account = account.to_lowercase();
            evidence.accounts.extend(self.accounts.get(&account).into_iter().flatten());
            if name.accounts_may_be_ids {
                evidence.accounts.extend(self.ids.get(&account));
            }
        }
        if let Some(full_name) = name.full_name {
            self.read(full_name, false, evidence);
        }
    }

    /// This name says something of its own about a student.
    pub(super) fn knows(&self, text: &str) -> bool {
        words(text).any(|word| self.ids.contains_key(&word)) || !self.names(text).is_empty()
    }

    /// Students that a name is about: by number, and by full names that are not those of the numbers.
    pub(super) fn students(&self, text: &str) -> Rows {
        let ids = self.ids(text);
        let others = self.names(text).into_iter().filter(|rows| rows.is_disjoint(&ids));
        others.fold(ids.clone(), |all, rows| &all | &rows)
    }

    /// Students of each full name in a text.
    fn names(&self, text: &str) -> Vec<Rows> {
        let parts: Vec<String> = text
            .split(|character: char| !character.is_alphabetic())
            .filter(|part| !part.is_empty())
            .map(str::to_lowercase)
            .collect();
        let joined = (1..=NAME_PARTS).flat_map(|count| parts.windows(count).map(|parts| parts.concat()));
        joined.filter_map(|name| self.names.get(&name)).cloned().collect()
    }

    /// Weighs the evidence.
    pub(super) fn owner(&self, evidence: &Evidence) -> Owner {
        let Evidence { files, folders, accounts, names, near, .. } = evidence;
        let numbered: Rows = files.iter().chain(folders).chain(accounts).copied().collect();
        let named: Rows = names.iter().flatten().copied().collect();
        let first_of = |rows: &Rows| rows.first().copied();
        match (numbered.len(), first_of(&numbered)) {
            (1, Some(row)) if names.iter().all(|rows| rows.contains(&row)) => {
                let proofs = [(files, MatchedBy::FileId), (folders, MatchedBy::FolderId)];
                let proof = proofs.into_iter().find(|(rows, _)| !rows.is_empty()).map_or(MatchedBy::Account, |(_, proof)| proof);
                Owner::One(row, proof)
            }
            (1, Some(_)) => self.open(
                &numbered | &named,
                "학번과 이름이 서로 다른 학생을 가리킴",
                "the id and the name are of different students",
            ),
            (2.., _) => self.open(numbered, "두 학생의 학번이 있음", "it names more than one student"),
            // Even a name that only one student has does not excuse a number that is not theirs.
            _ if !near.is_empty() => self.typo(evidence),
            _ if named.len() > 1 && names.len() == 1 => {
                self.open(named, "같은 이름의 학생이 여럿임: 학번이 필요함", "several students have this name: use the id")
            }
            _ => match first_of(&named) {
                Some(_) if named.len() > 1 => self.open(named, "두 학생의 이름이 있음", "it names more than one student"),
                Some(row) => Owner::One(row, MatchedBy::Name),
                None => Owner::Nobody,
            },
        }
    }

    /// A number that is nobody's, but nearly somebody's.
    fn typo(&self, evidence: &Evidence) -> Owner {
        let rows: Vec<usize> = evidence.near.iter().copied().collect();
        let ids =
            rows.iter().filter_map(|row| self.roster.rows.get(*row)).map(|row| row.id.as_str()).collect::<Vec<_>>().join(", ");
        let wrong = evidence.wrong.iter().cloned().collect::<Vec<_>>().join(", ");
        let ko = format!("{wrong}: 명단에 없음. {ids}와(과) 1자리 다름 — 조교 확인");
        let en = format!("{wrong} is not on the roster, but one digit from {ids}: a person has to confirm");
        Owner::Open(rows, Message::new(ko, en))
    }

    fn open(&self, rows: Rows, ko: &str, en: &str) -> Owner {
        let student = |row: &Row| format!("{} {}", row.id, row.name);
        let list = rows.iter().filter_map(|row| self.roster.rows.get(*row)).map(student).collect::<Vec<_>>().join(", ");
        Owner::Open(rows.into_iter().collect(), Message::new(format!("{ko}: {list}"), format!("{en}: {list}")))
    }
}

/// What a platform may call the student's account.
fn accounts(row: &Row) -> impl Iterator<Item = String> {
    let local = row.email.as_deref().and_then(|email| email.split_once('@')).map(|(local, _)| local);
    // Moodle writes "Participant 123", in the language of the site.
    let participant =
        row.participant.as_deref().and_then(|text| text.rsplit(|character: char| !character.is_ascii_digit()).next());
    let all = [row.user.as_deref(), row.email.as_deref(), local, participant, row.sis.as_deref()];
    all.into_iter().flatten().filter(|text| !text.is_empty()).map(str::to_lowercase).collect::<BTreeSet<_>>().into_iter()
}

/// A full name without spaces, family first and last.
fn spellings(name: &str) -> BTreeSet<String> {
    let parts: Vec<String> =
        name.split(|character: char| !character.is_alphabetic()).filter(|part| !part.is_empty()).map(str::to_lowercase).collect();
    let turned = parts.iter().rev().cloned().collect::<String>();
    BTreeSet::from([parts.concat(), turned]).into_iter().filter(|name| name.chars().count() > 1).collect()
}

/// Runs of digits, and words of letters and digits of ASCII, in lower case.
fn words(text: &str) -> impl Iterator<Item = String> {
    let text = text.chars().map(narrow).collect::<String>().to_ascii_lowercase();
    let split = |text: &str, keep: fn(&char) -> bool| {
        text.split(|character| !keep(&character)).filter(|run| !run.is_empty()).map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let both = &split(&text, char::is_ascii_digit) | &split(&text, char::is_ascii_alphanumeric);
    both.into_iter()
}

/// Digits of East Asian width as those of ASCII.
fn narrow(character: char) -> char {
    match character {
        '０'..='９' => char::from_digit(u32::from(character) - u32::from('０'), 10).unwrap_or(character),
        other => other,
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|octet| octet.is_ascii_digit())
}

/// One digit is other, missing, or too many (Levenshtein distance 1).
fn is_one_off(one: &[u8], other: &[u8]) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let prefix = short.iter().zip(long).take_while(|(one, other)| one == other).count();
    let rest = |octets: &'_ [u8], from: usize| octets.get(from..).unwrap_or_default().to_vec();
    match long.len() - short.len() {
        0 => prefix < short.len() && rest(short, prefix + 1) == rest(long, prefix + 1),
        1 => rest(short, prefix) == rest(long, prefix + 1),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::intake::Columns;

    const ROSTER: &str = "학번,이름,user,participant\n\
        20231234,홍길동,hong,Participant 4711\n20231301,김민수,,\n20231302,김민수,,\n20231400,김민,,\nb811,Ada Lovelace,,\n";

    fn owner(files: &[&str], folders: &[&str]) -> Owner {
        let roster = Roster::read(ROSTER.as_bytes(), &Columns::default(), None).unwrap();
        let register = Register::new(&roster);
        let mut evidence = Evidence::default();
        files.iter().for_each(|name| register.read(name, true, &mut evidence));
        for name in folders {
            match super::super::platform::platform_name(name) {
                Some(name) => register.read_platform(&name, &mut evidence),
                None => register.read(name, false, &mut evidence),
            }
        }
        register.owner(&evidence)
    }

    #[test]
    fn one_student_is_found_by_anything() {
        use MatchedBy::{Account, FileId, FolderId, Name};
        let cases: [(&[&str], &[&str], usize, MatchedBy); 11] = [
            (&["20231234.pcapng"], &[], 0, FileId),
            (&["a20231234홍길동"], &[], 0, FileId),
            (&["２０２３１２３４"], &[], 0, FileId),
            (&["B811_lab"], &[], 4, FileId),
            (&["capture"], &["20231301 김민수"], 1, FolderId),
            (&["capture"], &["nobody_4711_assignsubmission_file_"], 0, Account),
            (&["capture"], &["Lab_1_hong_attempt_2026-11-20-23-59-58"], 0, Account),
            (&["capture"], &["Lab_20231301_attempt_2026-11-20-23-59-58"], 1, Account),
            (&["홍길동_capture"], &[], 0, Name),
            (&["lovelace-ada"], &["AdaLovelace"], 4, Name),
            (&["김민"], &[], 3, Name),
        ];
        for (files, folders, row, proof) in cases {
            assert_eq!(owner(files, folders), Owner::One(row, proof), "{files:?} {folders:?}");
        }
    }

    #[test]
    fn two_students_are_never_guessed_between() {
        type Case<'c> = (&'c [&'c str], &'c [&'c str], &'c [usize], &'c str);
        let cases: [Case<'_>; 7] = [
            (&["20231234", "20231301"], &[], &[0, 1], "more than one"),
            (&["20231301"], &["홍길동_4711_assignsubmission_file"], &[0, 1], "more than one"),
            (&["20231301"], &["홍길동"], &[0, 1], "different students"),
            (&["김민수"], &[], &[1, 2], "several students have this name"),
            (&["홍길동과 김민"], &["홍길동"], &[0, 3], "more than one"),
            (&["20231303"], &[], &[1, 2], "one digit from"),
            (&["20231235_홍길동"], &[], &[0], "one digit from 20231234"),
        ];
        for (files, folders, rows, why) in cases {
            let files: Vec<&str> = files.iter().flat_map(|name| name.split('과')).collect();
            match owner(&files, folders) {
                Owner::Open(open, message) => {
                    assert!(open == rows && message.en.contains(why), "{files:?}: {open:?} {message:?}")
                }
                other => panic!("{files:?} {folders:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn nobody_is_nobody() {
        for name in ["capture", "120231234", "2023", "hong", "김민수정", "20991231"] {
            let expected = if name == "120231234" { vec![0] } else { Vec::new() };
            match owner(&[name], &[]) {
                Owner::Nobody => assert!(expected.is_empty(), "{name}"),
                Owner::Open(rows, _) => assert_eq!(rows, expected, "{name}"),
                other => panic!("{name}: {other:?}"),
            }
        }
    }

    #[test]
    fn one_off_is_one_edit() {
        for (one, other, expected) in [
            ("1234", "1235", true),
            ("1234", "123", true),
            ("134", "1234", true),
            ("1234", "1234", false),
            ("1234", "1243", false),
            ("12", "1234", false),
        ] {
            assert_eq!(is_one_off(one.as_bytes(), other.as_bytes()), expected, "{one} {other}");
            assert_eq!(is_one_off(other.as_bytes(), one.as_bytes()), expected, "{other} {one}");
        }
    }
}
