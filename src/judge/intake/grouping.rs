//! From a list of files to attempts: what was handed in together, by whom, and which attempt counts.
//!
//! A platform's name, a folder or an inner zip that names a student holds one attempt. Files that lie about loosely are
//! put together by student; captures that differ by the number of a copy, or by folder, are attempts of their own.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::DateTime;

use super::attempts::{Piece, attempt, attempts};
use super::identity::{Evidence, Owner, Register};
use super::platform::platform_name;
use super::refusal::{MAX_ENTRIES, MAX_TOTAL, Refusal};
use super::roster::{Roster, Row};
use super::submission::{Doubt, Found, Intake, MatchedBy, Submission};

/// Finds out who handed in what.
pub fn take_in(found: &[Found], roster: &Roster) -> Intake {
    let register = Register::new(roster);
    let mut intake = Intake::default();
    let mut owned: BTreeMap<usize, Vec<(Parcel<'_>, MatchedBy)>> = BTreeMap::new();
    let mut unassigned: BTreeSet<&String> = roster.assigned().keys().collect();
    for parcel in parcels(found, &register) {
        let assigned = roster.assigned().iter().find(|(label, _)| parcel.is_called(label));
        let owner = match assigned {
            Some((label, row)) => {
                unassigned.remove(label);
                Owner::One(*row, MatchedBy::Staff)
            }
            None => register.owner(&parcel.evidence),
        };
        match owner {
            Owner::One(row, proof) => owned.entry(row).or_default().push((parcel, proof)),
            Owner::Open(rows, why) => intake.doubts.push(Doubt { attempt: attempt(&parcel, None, ""), rows, why }),
            Owner::Nobody => intake.unknown.extend(parcel.pieces.iter().map(Piece::unknown)),
        }
    }
    intake.unassigned = unassigned.into_iter().cloned().collect();
    intake.unknown.sort_by(|one, other| one.path.cmp(&other.path));
    intake.doubts.sort_by(|one, other| one.attempt.label.cmp(&other.attempt.label));
    let submission = |(row, student): (usize, &Row)| {
        let doubts = intake.doubts.iter().enumerate().filter(|(_, doubt)| doubt.rows.contains(&row));
        let doubts = doubts.map(|(place, _)| place).collect();
        Submission { row, attempts: attempts(owned.remove(&row).unwrap_or_default(), &student.id), doubts }
    };
    intake.submissions = roster.rows.iter().enumerate().map(submission).collect();
    intake
}

/// What puts files together.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Key {
    /// What a platform calls one attempt, and the folder in which that is said.
    Unit(String),
    /// A folder or an inner zip.
    Folder(String),
    /// Files of these students, wherever they lie.
    Loose(BTreeSet<usize>),
}

/// Files that belong together, and what they say of their owner.
#[derive(Clone, Debug, Default)]
pub(super) struct Parcel<'f> {
    /// The folder, the platform's name, or the first file.
    pub(super) label: String,
    /// The files lay about: only their student holds them together.
    pub(super) is_loose: bool,
    /// The number that a platform gave the student.
    pub(super) account: Option<String>,
    /// When a platform took it.
    pub(super) submitted: Option<DateTime>,
    /// The platform says that was too late.
    pub(super) late: bool,
    /// Why nothing of it is opened.
    pub(super) refusal: Option<Refusal>,
    /// The files.
    pub(super) pieces: Vec<Piece<'f>>,
    evidence: Evidence,
}

/// Sorts every file into its parcel.
fn parcels<'f>(found: &'f [Found], register: &Register<'_>) -> Vec<Parcel<'f>> {
    let mut parcels: BTreeMap<Key, Parcel<'f>> = BTreeMap::new();
    for (index, file) in found.iter().enumerate().filter(|(_, file)| !is_litter(&file.path)) {
        let parts: Vec<&str> = file.path.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
        let first = parts.iter().position(|part| platform_name(part).is_some() || register.knows(part));
        let (key, label) = key(&parts, first, register);
        let is_loose = matches!(key, Key::Loose(_));
        let parcel = parcels.entry(key).or_default();
        if parcel.label.is_empty() {
            parcel.label = label;
        }
        parcel.is_loose = is_loose;
        parcel.read(parts.get(first.unwrap_or_default()..).unwrap_or_default(), register);
        parcel.pieces.push(Piece::new(index, file));
    }
    join_neighbours(&mut parcels);
    parcels.into_values().map(Parcel::bounded).collect()
}

/// The parcel of a path, by the first of its parts that says something about a student.
fn key(parts: &[&str], first: Option<usize>, register: &Register<'_>) -> (Key, String) {
    let up_to = |place: usize| parts.get(..=place).unwrap_or(parts).join("/");
    let Some(place) = first else {
        let folder = parts.split_last().map_or_else(String::new, |(_, folders)| folders.join("/"));
        // At the top nothing holds files together.
        let folder = if folder.is_empty() { parts.concat() } else { folder };
        return (Key::Folder(folder.clone()), folder);
    };
    let part = parts.get(place).copied().unwrap_or_default();
    let folders = parts.get(..place).unwrap_or_default().join("/");
    match platform_name(part) {
        Some(name) => (Key::Unit(format!("{folders}/{}", name.unit)), name.unit.to_owned()),
        None if place + 1 < parts.len() => (Key::Folder(up_to(place)), up_to(place)),
        None => (Key::Loose(register.students(part)), part.to_owned()),
    }
}

/// A file that says nothing joins those beside it, if all that lies in its folder is one student's.
fn join_neighbours(parcels: &mut BTreeMap<Key, Parcel<'_>>) {
    let is_mute = |parcel: &Parcel<'_>| parcel.evidence == Evidence::default();
    let mut above: BTreeMap<String, BTreeSet<&Key>> = BTreeMap::new();
    for (key, parcel) in parcels.iter().filter(|(_, parcel)| !is_mute(parcel)) {
        for piece in &parcel.pieces {
            let folders = piece.folder.match_indices('/').map(|(end, _)| end).chain([piece.folder.len()]);
            for folder in folders.filter_map(|end| piece.folder.get(..end)) {
                above.entry(folder.to_owned()).or_default().insert(key);
            }
        }
    }
    let mute = parcels.iter().filter(|(_, parcel)| is_mute(parcel)).filter_map(|(key, _)| match key {
        Key::Folder(folder) => Some((key.clone(), above.get(folder)?.iter().copied().collect::<Vec<_>>())),
        _ => None,
    });
    let joined: Vec<(Key, Key)> = mute
        .filter_map(|(key, others)| match others.as_slice() {
            [only] => Some((key, (*only).clone())),
            _ => None,
        })
        .collect();
    for (mute, other) in joined {
        let pieces = parcels.remove(&mute).map(|parcel| parcel.pieces).unwrap_or_default();
        if let Some(parcel) = parcels.get_mut(&other) {
            parcel.pieces.extend(pieces);
        }
    }
}

/// What systems leave behind in folders and archives.
fn is_litter(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    path.split('/').any(|part| part == "__MACOSX")
        || name.starts_with("._")
        || matches!(name, ".DS_Store" | "Thumbs.db" | "desktop.ini")
}

impl Parcel<'_> {
    /// Takes note of the parts of a path, from the first that says something.
    fn read(&mut self, parts: &[&str], register: &Register<'_>) {
        for (place, part) in parts.iter().enumerate() {
            match platform_name(part).filter(|_| place == 0) {
                Some(name) => {
                    register.read_platform(&name, &mut self.evidence);
                    register.read(name.original, true, &mut self.evidence);
                    self.submitted = self.submitted.or(name.submitted);
                    self.late |= name.late;
                    self.account = self.account.take().or_else(|| name.number().map(str::to_owned));
                }
                None => register.read(part, place + 1 == parts.len(), &mut self.evidence),
            }
        }
    }

    /// A person can call it by its label, or by the path of one of its files.
    fn is_called(&self, name: &str) -> bool {
        self.label == name || self.pieces.iter().any(|piece| piece.found.path == name)
    }

    /// Too many files, or too much in them, and none is opened.
    fn bounded(mut self) -> Self {
        let total = self.pieces.iter().fold(0_u64, |total, piece| total.saturating_add(piece.found.size));
        self.refusal = match self.pieces.len() {
            count if count > MAX_ENTRIES => Some(Refusal::TooManyEntries),
            _ => (total > MAX_TOTAL).then_some(Refusal::TooMuch),
        };
        self
    }
}

#[cfg(test)]
mod tests;
