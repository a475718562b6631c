//! A capture that is read twice.

use std::io::{self, Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use sockscope::capture::{self, Source};

use super::failure::Failure;
use super::job;

/// A capture that can be opened more than once: a file, or all of standard input in memory.
pub(super) struct Twice<'a> {
    pub(super) file: &'a Path,
    stdin: Option<Arc<[u8]>>,
}

impl<'a> Twice<'a> {
    pub(super) fn new(file: &'a Path) -> Result<Self, Failure> {
        let stdin = if job::is_stdin(file) { Some(all_of_stdin()?) } else { None };
        Ok(Self { file, stdin })
    }

    pub(super) fn open(&self) -> Result<Box<dyn Source>, capture::Error> {
        match &self.stdin {
            Some(octets) => capture::from_reader("standard input", Box::new(Cursor::new(Arc::clone(octets)))),
            None => capture::open(self.file),
        }
    }
}

fn all_of_stdin() -> Result<Arc<[u8]>, Failure> {
    let mut octets = Vec::new();
    match io::stdin().lock().read_to_end(&mut octets) {
        Ok(_) => Ok(octets.into()),
        Err(error) => Err(Failure::Input(format!("standard input: cannot read: {error}"))),
    }
}
