//! Whose row of a platform's table it is: by numbers and accounts, then by a name that nobody else has; never by a guess.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::headings::{Key, Layout};
use crate::judge::results::{Results, Student};
use crate::judge::sheet::{Cell, Sheet};

/// Rows of the table by student, and students without one.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Matches {
    /// The row of each student, both by place.
    pub(super) rows: BTreeMap<usize, usize>,
    /// Students of whom several rows may be, or whose row may be another's.
    pub(super) open: BTreeSet<usize>,
}

type Places = BTreeSet<usize>;

/// Finds the row of every student.
pub(super) fn matches(results: &Results, sheet: &Sheet<'_>, layout: &Layout) -> Matches {
    let index = Index::new(results);
    let mut found: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut matches = Matches::default();
    for (row, cells) in sheet.rows.iter().enumerate().skip(1) {
        let students = index.students(cells, layout);
        match students.first() {
            Some(student) if students.len() == 1 => found.entry(*student).or_default().push(row),
            _ => matches.open.extend(students),
        }
    }
    for (student, rows) in found {
        match rows.as_slice() {
            [row] => _ = matches.rows.insert(student, *row),
            _ => _ = matches.open.insert(student),
        }
    }
    matches.open.retain(|student| !matches.rows.contains_key(student));
    matches
}

/// Students by what can name them.
struct Index {
    keys: HashMap<(u8, String), Places>,
}

impl Index {
    fn new(results: &Results) -> Self {
        let mut index = Self { keys: HashMap::new() };
        for (place, graded) in results.results.iter().enumerate() {
            for (key, value) in names(&graded.student) {
                index.keys.entry((key as u8, value)).or_default().insert(place);
            }
        }
        index
    }

    /// Students that a row may be of: one, unless its cells disagree or several have the name.
    fn students(&self, cells: &[Cell<'_>], layout: &Layout) -> Places {
        let of = |wanted_name: bool| {
            let keys = layout.keys.iter().filter(move |(_, key)| (*key == Key::Name) == wanted_name);
            let values = keys.filter_map(|(place, key)| Some((*key, cells.get(*place)?.value().trim().to_lowercase())));
            let values = values.flat_map(|(key, value)| spellings(key, &value).into_iter().map(move |value| (key as u8, value)));
            values.filter_map(|value| self.keys.get(&value)).flatten().copied().collect::<Places>()
        };
        let (numbered, named) = (of(false), of(true));
        match (numbered.is_empty(), numbered.is_disjoint(&named) && !named.is_empty()) {
            (true, _) => named,
            (false, true) => &numbered | &named,
            (false, false) => numbered,
        }
    }
}

/// Everything that a table may call a student.
fn names(student: &Student) -> Vec<(Key, String)> {
    let Student { id, name, email, user, sis, lms_id, .. } = student;
    let local = email.as_deref().and_then(|email| email.split_once('@')).map(|(local, _)| local);
    let all = [
        (Key::Lms, lms_id.as_deref()),
        (Key::Id, Some(id.as_str())),
        (Key::Id, sis.as_deref()),
        (Key::Login, user.as_deref()),
        (Key::Login, Some(id.as_str())),
        (Key::Login, email.as_deref()),
        (Key::Login, local),
        (Key::Email, email.as_deref()),
        (Key::Name, Some(name.as_str())),
    ];
    let mut names: Vec<(Key, String)> = all
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?.trim().to_lowercase())))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    for (key, value) in &mut names {
        *value = spelled(*key, value);
    }
    // An address may be the number, whatever stands behind the @.
    names.push((Key::Email, id.to_lowercase()));
    names
}

/// What a cell can be compared by.
fn spellings(key: Key, value: &str) -> Vec<String> {
    let local = value.split_once('@').map(|(local, _)| local.to_owned()).filter(|_| key == Key::Email);
    [spelled(key, value)].into_iter().chain(local).collect()
}

/// The part of a value that is compared.
fn spelled(key: Key, value: &str) -> String {
    match key {
        Key::Lms => value.rsplit(|character: char| !character.is_ascii_digit()).next().unwrap_or_default().to_owned(),
        // `Lovelace, Ada` is `Ada Lovelace`.
        Key::Name => {
            let turned = value.split_once(',').map(|(family, given)| format!("{given}{family}"));
            let joined = turned.unwrap_or_else(|| value.to_owned()).split_whitespace().collect::<String>();
            // Korean names have the family's part first, whether a comma says so or not.
            match (joined.is_ascii(), value.split_once(',')) {
                (false, Some((family, given))) => format!("{}{}", family.trim(), given.trim()),
                _ => joined,
            }
        }
        Key::Id | Key::Login | Key::Email => value.to_owned(),
    }
}

/// The rows that nobody is known for, of those with something in a column of keys.
pub(super) fn strangers(sheet: &Sheet<'_>, layout: &Layout, matches: &Matches) -> Vec<usize> {
    let known: BTreeSet<usize> = matches.rows.values().copied().collect();
    let says_who = |cells: &Vec<Cell<'_>>| {
        let keys = layout.keys.iter().filter(|(_, key)| *key != Key::Name);
        keys.filter_map(|(place, _)| cells.get(*place)).any(|cell| !cell.value().trim().is_empty())
    };
    let rows = sheet.rows.iter().enumerate().skip(1).filter(|(row, cells)| !known.contains(row) && says_who(cells));
    rows.map(|(row, _)| row).collect()
}
