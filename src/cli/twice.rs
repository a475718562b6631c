//! A capture that is read twice.

use std::io::{self, Cursor, Read};
use std::sync::Arc;

use sockscope::capture::{self, Source};

use super::args::Input;
use super::failure::Failure;
use super::job;
use super::run::Opened;

/// A capture that can be opened more than once: a file, or all of standard input in memory.
pub(super) struct Twice<'a> {
    pub(super) input: &'a Input,
    stdin: Option<Arc<[u8]>>,
}

impl<'a> Twice<'a> {
    pub(super) fn new(input: &'a Input) -> Result<Self, Failure> {
        let stdin = if job::is_stdin(&input.file) { Some(all_of_stdin()?) } else { None };
        Ok(Self { input, stdin })
    }

    /// The capture from its begin, with the choice of its frames.
    pub(super) fn opened(&self) -> Result<Opened, Failure> {
        Opened::new(self.open()?, self.input)
    }

    /// The capture from its begin.
    pub(super) fn open(&self) -> Result<Box<dyn Source>, capture::Error> {
        match &self.stdin {
            Some(octets) => capture::from_reader("standard input", Box::new(Cursor::new(Arc::clone(octets)))),
            None => capture::open(&self.input.file),
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
