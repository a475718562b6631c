//! What students hand in: captures with logs and pictures, archives of all kinds, and the roster of the class.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::net::SocketAddr;

use encoding_rs::EUC_KR;
use sockscope::judge::intake::archive::{self, Member};
use sockscope::judge::intake::{Found, MAX_ENTRIES, Refusal};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::file::{File, Host};
use crate::talk::Talk;

/// A row of the roster.
#[derive(Clone, Debug)]
pub(crate) struct Student {
    pub(crate) id: String,
    pub(crate) name: String,
}

pub(crate) const DEPARTMENT: &str = "컴퓨터공학과";

impl Student {
    /// Every number differs from every other in two digits at least, so that a typo points to one student.
    pub(crate) fn new(number: usize, variant: usize) -> Self {
        let (family, first, second) = ("김이박최정강조윤장임", "민서도하지예준시유주", "준윤우원호후수진현빈");
        let pick = |syllables: &str, place: usize| syllables.chars().nth(place % 10).unwrap();
        let name = [pick(family, number), pick(first, number / 10 + variant), pick(second, variant)].iter().collect();
        Self { id: format!("20{number:02}{number:02}{variant}{variant}"), name }
    }

    /// Department, number and name, as the lab asks for, and a word more.
    pub(crate) fn says(&self, word: &str) -> String {
        format!("{DEPARTMENT} {} {} {word}", self.id, self.name)
    }
}

/// Files with their paths.
#[derive(Clone, Debug, Default)]
pub(crate) struct HandIn {
    pub(crate) files: Vec<(String, Vec<u8>)>,
}

impl HandIn {
    /// All that the lab asks for: the capture, the picture of the terminal, and the server's log.
    pub(crate) fn good(student: &Student, talk: Talk) -> Self {
        let log = log(&talk);
        Self::bare(student, talk).with(&format!("{}.log", student.id), log)
    }

    /// The capture and the picture.
    pub(crate) fn bare(student: &Student, talk: Talk) -> Self {
        Self::captured(student, File::new(Host::Linux, talk).pcapng())
    }

    /// These octets for a capture, and the picture.
    pub(crate) fn captured(student: &Student, capture: Vec<u8>) -> Self {
        let picture = [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", student.id.as_bytes()].concat();
        let Student { id, .. } = student;
        Self::default().with(&format!("{id}.pcapng"), capture).with(&format!("{id}.png"), picture)
    }

    pub(crate) fn with(mut self, path: &str, octets: impl Into<Vec<u8>>) -> Self {
        self.files.push((path.to_owned(), octets.into()));
        self
    }

    pub(crate) fn without(mut self, ending: &str) -> Self {
        self.files.retain(|(path, _)| !path.ends_with(ending));
        self
    }

    /// Parts of the paths become others.
    pub(crate) fn renamed(mut self, from: &str, to: &str) -> Self {
        self.files.iter_mut().for_each(|(path, _)| *path = path.replace(from, to));
        self
    }

    /// The capture becomes other octets.
    pub(crate) fn recaptured(mut self, make: impl Fn(&[u8]) -> Vec<u8>) -> Self {
        let captures = self.files.iter_mut().filter(|(path, _)| path.contains(".pcapng"));
        captures.for_each(|(_, octets)| *octets = make(octets));
        self
    }
}

/// The lines of the lab's server.
pub(crate) fn log(talk: &Talk) -> String {
    let mut log = "[ ] UDP Echo Server listening on 0.0.0.0:5000\n".to_owned();
    for (client, octets) in &talk.heard {
        writeln!(log, "[recv] {client} ({} bytes) {}", octets.len(), repr(octets)).unwrap();
    }
    log
}

/// The same, by a server that prints texts.
pub(crate) fn decoded_log(talk: &Talk) -> String {
    let line = |(client, octets): &(SocketAddr, Vec<u8>)| format!("[recv] {client} -> {}\r\n", String::from_utf8_lossy(octets));
    talk.heard.iter().map(line).collect()
}

/// Octets as Python writes them.
pub(crate) fn repr(octets: &[u8]) -> String {
    let character = |octet: &u8| match octet {
        b'\\' | b'\'' => format!("\\{}", char::from(*octet)),
        b' '..=b'~' => char::from(*octet).to_string(),
        octet => format!("\\x{octet:02x}"),
    };
    format!("b'{}'", octets.iter().map(character).collect::<String>())
}

pub(crate) fn cp949(text: &str) -> Vec<u8> {
    let (octets, _, unknown) = EUC_KR.encode(text);
    assert!(!unknown, "{text}");
    octets.into_owned()
}

/// A zip, as most programs make it.
pub(crate) fn zipped<'f>(files: impl IntoIterator<Item = (&'f str, &'f [u8])>) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, octets) in files {
        zip.start_file(path, SimpleFileOptions::default()).unwrap();
        zip.write_all(octets).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A zip with one file whose name is these octets, and nothing says in which encoding.
pub(crate) fn zipped_as(name: &[u8], octets: &[u8]) -> Vec<u8> {
    let placeholder = "n".repeat(name.len());
    let mut zip = zipped([(placeholder.as_str(), octets)]);
    for at in 0..=zip.len() - name.len() {
        if zip[at..].starts_with(placeholder.as_bytes()) {
            zip[at..at + name.len()].copy_from_slice(name);
        }
    }
    zip
}

/// A zip that says it needs a password.
pub(crate) fn locked(name: &str, octets: &[u8]) -> Vec<u8> {
    let mut zip = zipped([(name, octets)]);
    for (signature, flags) in [(b"PK\x01\x02", 8), (b"PK\x03\x04", 6)] {
        let entry = zip.windows(4).position(|window| window == signature).unwrap();
        zip[entry + flags] |= 1;
    }
    zip
}

/// A zip with a symbolic link in it.
pub(crate) fn linked(name: &str, target: &str) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_symlink(name, target, SimpleFileOptions::default()).unwrap();
    zip.finish().unwrap().into_inner()
}

/// What lies among the submissions, listed as the program lists a zip: an inner zip is a folder.
#[derive(Debug, Default)]
pub(crate) struct Lying {
    pub(crate) found: Vec<Found>,
    octets: Vec<Result<Vec<u8>, Refusal>>,
}

impl Lying {
    pub(crate) fn add(&mut self, path: &str, octets: &[u8]) {
        let found = Found { path: path.to_owned(), size: octets.len() as u64, ..Found::default() };
        if !path.ends_with(".zip") {
            return self.push(found, Ok(octets.to_vec()));
        }
        match archive::members(Cursor::new(octets), MAX_ENTRIES) {
            Err(refusal) => self.push(Found { refusal: Some(refusal.clone()), ..found }, Err(refusal)),
            Ok(members) => members.iter().for_each(|member| self.member(path, member, octets)),
        }
    }

    fn member(&mut self, archive: &str, member: &Member, octets: &[u8]) {
        let Member { path, repair, size, modified, refusal, .. } = member.clone();
        let refusal = refusal.or_else(|| path.ends_with(".zip").then_some(Refusal::TooDeep));
        self.push(
            Found { path: format!("{archive}/{path}"), size, modified, repair, refusal },
            member.octets(Cursor::new(octets)),
        );
    }

    fn push(&mut self, found: Found, octets: Result<Vec<u8>, Refusal>) {
        self.found.push(found);
        self.octets.push(octets);
    }

    /// Opens a file by its place in the list.
    pub(crate) fn open(&self, index: usize) -> Result<Vec<u8>, Refusal> {
        match &self.found[index].refusal {
            Some(refusal) => Err(refusal.clone()),
            None => self.octets[index].clone(),
        }
    }
}
