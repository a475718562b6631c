//! From files that belong together to attempts, the newest complete one first.

use std::cmp::Reverse;

use jiff::civil::DateTime;

use super::filename::{FileName, Kind, Repair};
use super::grouping::Parcel;
use super::platform::platform_name;
use super::submission::{Attempt, File, Found, MatchedBy, Problem, Unknown};
use crate::judge::Message;

/// A file, and its name taken apart.
#[derive(Clone, Debug)]
pub(super) struct Piece<'f> {
    /// Its place in the list.
    pub(super) index: usize,
    /// What lies there.
    pub(super) found: &'f Found,
    /// The folder in which it lies.
    pub(super) folder: &'f str,
    /// The name that the student gave it.
    written: &'f str,
    name: FileName,
}

impl<'f> Piece<'f> {
    pub(super) fn new(index: usize, found: &'f Found) -> Self {
        let (folder, last) = found.path.rsplit_once('/').unwrap_or(("", &found.path));
        let original = platform_name(last).map(|name| name.original).filter(|original| !original.is_empty());
        let written = original.unwrap_or(last);
        Self { index, found, folder, written, name: FileName::read(written) }
    }

    /// As a file that points to nobody.
    pub(super) fn unknown(&self) -> Unknown {
        Unknown { path: self.found.path.clone(), refusal: self.found.refusal.clone() }
    }

    fn is_capture(&self) -> bool {
        self.name.kind == Kind::Capture && self.found.refusal.is_none()
    }
}

/// The attempts of one student, the one to be judged first.
pub(super) fn attempts(parcels: Vec<(Parcel<'_>, MatchedBy)>, id: &str) -> Vec<Attempt> {
    let mut attempts: Vec<(u32, Attempt)> = Vec::new();
    for (parcel, proof) in gathered(parcels) {
        let parts = if parcel.is_loose { split(parcel) } else { vec![parcel] };
        attempts.extend(parts.iter().map(|part| (copy(part), attempt(part, Some(proof), id))));
    }
    // Whatever the clocks of folders say, the number of a copy was given later.
    attempts.sort_by_cached_key(|(copy, attempt)| {
        (Reverse((attempt.is_complete(), attempt.submitted, *copy, attempt.modified)), attempt.label.clone())
    });
    let mut attempts: Vec<Attempt> = attempts.into_iter().map(|(_, attempt)| attempt).collect();
    if let [newest, _, ..] = attempts.as_mut_slice() {
        newest.notes.push(newest_used(newest));
    }
    attempts
}

/// The number of a copy that the folder or a capture has.
fn copy(parcel: &Parcel<'_>) -> u32 {
    let folder = parcel.label.rsplit('/').next().map_or(0, |folder| FileName::read(folder).copy);
    let captures = parcel.pieces.iter().filter(|piece| piece.is_capture()).map(|piece| piece.name.copy);
    captures.max().unwrap_or_default().max(folder)
}

/// Loose logs and pictures belong to whatever capture the same student handed in.
fn gathered<'f>(parcels: Vec<(Parcel<'f>, MatchedBy)>) -> Vec<(Parcel<'f>, MatchedBy)> {
    let has_no_capture = |parcel: &Parcel<'_>| parcel.is_loose && !parcel.pieces.iter().any(Piece::is_capture);
    let (companions, mut others): (Vec<_>, Vec<_>) = parcels.into_iter().partition(|(parcel, _)| has_no_capture(parcel));
    if others.is_empty() {
        return companions;
    }
    for (other, _) in &mut others {
        other.pieces.extend(companions.iter().flat_map(|(parcel, _)| parcel.pieces.iter().cloned()));
    }
    others
}

/// Loose captures of different folders, or of different numbers of a copy, are attempts of their own.
fn split(parcel: Parcel<'_>) -> Vec<Parcel<'_>> {
    let captures = parcel.pieces.iter().filter(|piece| piece.is_capture());
    let mut places: Vec<(&str, u32)> = captures.map(|piece| (piece.folder, piece.name.copy)).collect();
    places.sort_unstable();
    places.dedup();
    if places.len() < 2 {
        return vec![parcel];
    }
    let part = |(folder, copy): &(&str, u32)| {
        let mut part = parcel.clone();
        part.pieces.retain(|piece| !piece.is_capture() || (piece.folder, piece.name.copy) == (*folder, *copy));
        for kind in [Kind::Log, Kind::Screenshot, Kind::Other] {
            keep_nearest(&mut part.pieces, kind, folder, *copy);
        }
        part.label = part.pieces.iter().find(|piece| piece.is_capture()).map_or(part.label, |piece| piece.found.path.clone());
        part
    };
    places.iter().map(part).collect()
}

/// Of the companions of a capture, keeps those of its folder and copy; if there are none, those of its folder; else all.
fn keep_nearest(pieces: &mut Vec<Piece<'_>>, kind: Kind, folder: &str, copy: u32) {
    let is_near: [fn(&Piece<'_>, &str, u32) -> bool; 2] =
        [|piece, folder, copy| piece.folder == folder && piece.name.copy == copy, |piece, folder, _| piece.folder == folder];
    for is_near in is_near {
        if pieces.iter().any(|piece| piece.name.kind == kind && is_near(piece, folder, copy)) {
            pieces.retain(|piece| piece.name.kind != kind || piece.is_capture() || is_near(piece, folder, copy));
            return;
        }
    }
}

/// The attempt that files make up; whose is known by `proof`, if it is.
pub(super) fn attempt(parcel: &Parcel<'_>, proof: Option<MatchedBy>, id: &str) -> Attempt {
    let mut attempt = Attempt {
        label: parcel.label.clone(),
        matched_by: proof.unwrap_or(MatchedBy::Name),
        account: parcel.account.clone(),
        submitted: parcel.submitted,
        modified: None,
        late: parcel.late,
        captures: Vec::new(),
        logs: Vec::new(),
        screenshots: Vec::new(),
        others: Vec::new(),
        problems: Vec::new(),
        notes: Vec::new(),
        repairs: Vec::new(),
    };
    if let Some(refusal) = &parcel.refusal {
        attempt.problems.push(Problem { path: parcel.label.clone(), refusal: refusal.clone() });
        return attempt;
    }
    let mut pieces: Vec<&Piece<'_>> = parcel.pieces.iter().collect();
    pieces.sort_by_cached_key(|piece| preference(piece, id));
    for piece in &pieces {
        attempt.take(piece);
    }
    attempt.modified = newest(&pieces, |piece| piece.is_capture()).or_else(|| newest(&pieces, |_| true));
    if let Some(capture) = pieces.iter().find(|piece| piece.is_capture()) {
        attempt.tell_of(capture, id);
    }
    attempt
}

/// Something before nothing, the name that was asked for, the format that was asked for, the last copy, the last change.
fn preference(piece: &Piece<'_>, id: &str) -> impl Ord + use<> {
    let Piece { found, name, .. } = piece;
    let last = Reverse((name.copy, found.modified));
    (found.size == 0, !name.stem.eq_ignore_ascii_case(id), name.rank, last, found.path.clone())
}

fn newest(pieces: &[&Piece<'_>], is_of: fn(&Piece<'_>) -> bool) -> Option<DateTime> {
    pieces.iter().filter(|piece| is_of(piece)).filter_map(|piece| piece.found.modified).max()
}

impl Attempt {
    fn take(&mut self, piece: &Piece<'_>) {
        let Piece { index, found, name, .. } = piece;
        let path = found.path.clone();
        if let Some(refusal) = found.refusal.clone() {
            return self.problems.push(Problem { path, refusal });
        }
        let list = match name.kind {
            Kind::Capture => &mut self.captures,
            Kind::Log => &mut self.logs,
            Kind::Screenshot => &mut self.screenshots,
            Kind::Other => &mut self.others,
        };
        list.push(File { index: *index, path, name: name.repaired.clone(), size: found.size, kind: name.kind });
    }

    /// What was understood of the name of the capture.
    fn tell_of(&mut self, capture: &Piece<'_>, id: &str) {
        let Piece { found, written, name, .. } = capture;
        if let Some(repair) = found.repair {
            self.repairs.push(repair);
            self.notes.push(Message::new(format!("이름 복원: {written}"), format!("name restored: {written}")));
        }
        if !name.repairs.is_empty() {
            let repaired = &name.repaired;
            self.repairs.extend(&name.repairs);
            self.notes.push(Message::new(
                format!("이름을 {repaired}로 해석함: {written}"),
                format!("the name {written} was read as {repaired}"),
            ));
        }
        if !id.is_empty() && name.stem != id && name.stem.contains(id) {
            self.repairs.push(Repair::Suffix);
            self.notes
                .push(Message::new(format!("학번 {id}로 인식: {written}"), format!("the name {written} was read as id {id}")));
        }
        if let [used, others @ ..] = self.captures.as_slice()
            && !others.is_empty()
        {
            let others = others.iter().map(File::written).collect::<Vec<_>>().join(", ");
            let ko = format!("캡처가 여러 개: {} 채점함. 나머지: {others}", used.written());
            self.notes.push(Message::new(ko, format!("several captures: {} was graded, not {others}", used.written())));
        }
    }
}

fn newest_used(attempt: &Attempt) -> Message {
    let time = attempt.submitted.or(attempt.modified).map(|time| time.strftime("%Y-%m-%d %H:%M:%S").to_string());
    let time = time.unwrap_or_else(|| attempt.label.clone());
    Message::new(
        format!("최신 온전한 제출({time}) 사용, 이전 것 보관"),
        format!("the newest complete attempt ({time}) was used; the others are kept"),
    )
}
