//! What lies in the folder or zip of a class, and its octets one file at a time.
//!
//! Folders are walked without following links; only the directories of zips are read until somebody asks for a file. A
//! zip within what was given is a folder; a zip within that one stays closed.

use std::fs::{self, File};
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sockscope::judge::intake::archive::{self, Member};
use sockscope::judge::intake::{self, Found, MAX_ENTRIES, MAX_FILE, Refusal};

use super::failure::Failure;
use super::job;

/// The most files that are listed.
const MAX_FOUND: usize = 100_000;

/// Folders within folders that are walked.
const MAX_DEPTH: usize = 16;

/// Everything that was handed in, by path.
#[derive(Debug)]
pub(crate) struct Submissions {
    found: Vec<Found>,
    /// Where each of them is.
    places: Vec<Place>,
    /// Zips within what was given.
    archives: Vec<Place>,
    /// The zip that was given.
    zip: Option<PathBuf>,
}

/// Where octets are.
#[derive(Debug)]
enum Place {
    File(PathBuf),
    Member(Member),
    /// In one of the inner archives.
    Inner(usize, Member),
    Nowhere,
}

/// Reads files one by one, and remembers the inner archive it had last: one for each worker.
#[derive(Debug)]
pub(crate) struct Reader<'s> {
    submissions: &'s Submissions,
    zip: Option<File>,
    inner: Option<(usize, Vec<u8>)>,
}

impl Submissions {
    /// Lists a folder, or a zip.
    ///
    /// # Errors
    /// It is neither, or cannot be read.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let fault = |text: String| Failure::Input(format!("{}: {text}", job::shown(path)));
        let metadata = fs::metadata(path).map_err(|error| fault(format!("cannot open: {error}")))?;
        let listed = match metadata.is_dir() {
            true => folder(path).map_err(|error| fault(format!("cannot read: {error}")))?,
            false => zip(path).map_err(|refusal| fault(format!("expected a folder or a zip: {refusal}")))?,
        };
        if listed.len() > MAX_FOUND {
            return Err(fault(format!("expected at most {MAX_FOUND} files")));
        }
        let zip = (!metadata.is_dir()).then(|| path.to_owned());
        let mut submissions = Self { found: Vec::new(), places: Vec::new(), archives: Vec::new(), zip };
        for (found, place) in listed {
            submissions.add(found, place);
        }
        Ok(submissions)
    }

    /// What there is.
    pub(crate) fn found(&self) -> &[Found] {
        &self.found
    }

    /// A reader for one worker.
    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader { submissions: self, zip: None, inner: None }
    }

    /// Adds a file, or what is in it if it is a zip.
    fn add(&mut self, found: Found, place: Place) {
        if found.refusal.is_some() || !is_zip(&found.path) {
            return self.push(found, place);
        }
        match self.reader().members(&place) {
            Ok(members) if members.is_empty() => self.push(found, place),
            Ok(members) => {
                self.archives.push(place);
                let archive = self.archives.len() - 1;
                for member in members {
                    let mut inner = of_member(&member);
                    inner.path = format!("{}/{}", found.path, inner.path);
                    inner.repair = inner.repair.or(found.repair);
                    if inner.refusal.is_none() && is_zip(&member.path) {
                        inner.refusal = Some(Refusal::TooDeep);
                    }
                    self.push(inner, Place::Inner(archive, member));
                }
            }
            Err(refusal) => self.push(Found { refusal: Some(refusal), ..found }, Place::Nowhere),
        }
    }

    fn push(&mut self, found: Found, place: Place) {
        self.found.push(found);
        self.places.push(place);
    }
}

impl Reader<'_> {
    /// The octets of a file, by its place in the list: at most [`MAX_FILE`].
    ///
    /// # Errors
    /// The file is not opened, is not what it seemed, or is too large.
    pub(crate) fn octets(&mut self, index: usize) -> Result<Vec<u8>, Refusal> {
        if let Some(refusal) = self.submissions.found.get(index).and_then(|found| found.refusal.clone()) {
            return Err(refusal);
        }
        match self.submissions.places.get(index).unwrap_or(&Place::Nowhere) {
            Place::Inner(archive, member) => self.inner(*archive, member),
            place => self.plain(place),
        }
    }

    /// What does not lie in an inner archive.
    fn plain(&mut self, place: &Place) -> Result<Vec<u8>, Refusal> {
        match place {
            Place::File(path) => {
                let mut octets = Vec::new();
                let read = open(path)?.take(MAX_FILE + 1).read_to_end(&mut octets).map_err(unreadable)?;
                if read as u64 > MAX_FILE { Err(Refusal::TooLarge) } else { Ok(octets) }
            }
            Place::Member(member) => member.octets(self.zip()?),
            Place::Inner(..) | Place::Nowhere => Err(Refusal::Special),
        }
    }

    fn inner(&mut self, archive: usize, member: &Member) -> Result<Vec<u8>, Refusal> {
        let place = self.submissions.archives.get(archive).unwrap_or(&Place::Nowhere);
        if let Place::File(path) = place {
            return member.octets(open(path)?);
        }
        match &self.inner {
            Some((held, octets)) if *held == archive => member.octets(Cursor::new(octets)),
            _ => {
                self.inner = None;
                let octets = self.plain(place)?;
                let result = member.octets(Cursor::new(&octets));
                self.inner = Some((archive, octets));
                result
            }
        }
    }

    fn members(&mut self, place: &Place) -> Result<Vec<Member>, Refusal> {
        match place {
            Place::File(path) => archive::members(open(path)?, MAX_ENTRIES),
            place => archive::members(Cursor::new(self.plain(place)?), MAX_ENTRIES),
        }
    }

    fn zip(&mut self) -> Result<&File, Refusal> {
        if self.zip.is_none() {
            self.zip = self.submissions.zip.as_deref().map(open).transpose()?;
        }
        self.zip.as_ref().ok_or(Refusal::Special)
    }
}

fn is_zip(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, ending)| ending.eq_ignore_ascii_case("zip"))
}

/// Opens a plain file, nothing else.
fn open(path: &Path) -> Result<File, Refusal> {
    let file = File::open(path).map_err(unreadable)?;
    match file.metadata().map_err(unreadable)?.is_file() {
        true => Ok(file),
        false => Err(Refusal::Special),
    }
}

fn unreadable(error: io::Error) -> Refusal {
    Refusal::Unreadable(error.to_string())
}

fn zip(path: &Path) -> Result<Vec<(Found, Place)>, Refusal> {
    let mut members = archive::members(open(path)?, MAX_FOUND)?;
    members.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(members.into_iter().map(|member| (of_member(&member), Place::Member(member))).collect())
}

fn of_member(member: &Member) -> Found {
    let Member { path, repair, size, modified, refusal, .. } = member.clone();
    Found { path, size, modified, repair, refusal }
}

/// All files below a folder, by path.
fn folder(root: &Path) -> io::Result<Vec<(Found, Place)>> {
    let mut listed = Vec::new();
    let mut open = vec![(root.to_owned(), String::new(), None)];
    while let Some((folder, prefix, repair)) = open.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if prefix.is_empty() => return Err(error),
            Err(error) => {
                let path = prefix.trim_end_matches('/').to_owned();
                listed.push((Found { path, refusal: Some(unreadable(error)), ..Found::default() }, Place::Nowhere));
                continue;
            }
        };
        for entry in entries {
            let entry = entry?;
            let (name, own_repair) = intake::decoded(&octets_of_name(&entry), None);
            let found = Found { path: format!("{prefix}{name}"), repair: own_repair.or(repair), ..Found::default() };
            match looked_at(&entry, found) {
                Ok((found, true)) if prefix.matches('/').count() < MAX_DEPTH => {
                    open.push((entry.path(), format!("{}/", found.path), found.repair));
                }
                Ok((found, true)) => listed.push((Found { refusal: Some(Refusal::TooDeep), ..found }, Place::Nowhere)),
                Ok((found, false)) => listed.push((found, Place::File(entry.path()))),
                Err(found) => listed.push((found, Place::Nowhere)),
            }
            if listed.len() > MAX_FOUND {
                return Ok(listed);
            }
        }
    }
    listed.sort_by(|(one, _), (other, _)| one.path.cmp(&other.path));
    Ok(listed)
}

/// What an entry is: a folder or a file. What is neither comes back as refused.
fn looked_at(entry: &fs::DirEntry, found: Found) -> Result<(Found, bool), Found> {
    let metadata = match entry.metadata() {
        Ok(metadata) => metadata,
        Err(error) => return Err(Found { refusal: Some(unreadable(error)), ..found }),
    };
    let modified = metadata.modified().ok().and_then(civil);
    let found = Found { size: metadata.len(), modified, ..found };
    match metadata.file_type() {
        kind if kind.is_symlink() => Err(Found { refusal: Some(Refusal::Link), size: 0, ..found }),
        kind if kind.is_dir() => Ok((found, true)),
        kind if kind.is_file() => Ok((found, false)),
        _ => Err(Found { refusal: Some(Refusal::Special), ..found }),
    }
}

fn civil(time: SystemTime) -> Option<DateTime> {
    Some(TimeZone::UTC.to_datetime(jiff::Timestamp::try_from(time).ok()?))
}

#[cfg(unix)]
fn octets_of_name(entry: &fs::DirEntry) -> Vec<u8> {
    use std::os::unix::ffi::OsStringExt;
    entry.file_name().into_vec()
}

#[cfg(not(unix))]
fn octets_of_name(entry: &fs::DirEntry) -> Vec<u8> {
    entry.file_name().to_string_lossy().into_owned().into_bytes()
}
