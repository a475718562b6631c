//! A capture read to its end, with what can be said of it as a whole.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};
use sockscope::judge::{self, Finding};
use sockscope::present::overview::Overview;
use sockscope::track::{Limits, Trace, Tracker};

use super::args::Input;
use super::failure::Failure;
use super::job::{self, Setting};
use super::run::{self, Reading};

/// All that was read, and the file it came from.
#[derive(Debug)]
pub(crate) struct Whole {
    file: String,
    sha256: Option<String>,
    size: Option<u64>,
    trace: Trace,
    findings: Vec<Finding>,
    pub(crate) reading: Reading,
}

impl Whole {
    /// Reads the capture, and its octets once more for their hash.
    pub(crate) fn read(input: &Input, setting: &Setting) -> Result<Self, Failure> {
        let (trace, reading) = run::trace(Tracker::new(Limits::default()), input, setting)?;
        let file = input.file.as_path();
        let findings = judge::preflight(&reading.description, &trace);
        let hashed = if job::is_stdin(file) { None } else { hash(file).ok() };
        let (sha256, size) = hashed.unzip();
        Ok(Self { file: job::shown(file), sha256, size, trace, findings, reading })
    }

    /// What the views take.
    pub(crate) fn overview(&self) -> Overview<'_> {
        Overview {
            file: &self.file,
            sha256: self.sha256.as_deref(),
            size: self.size,
            description: &self.reading.description,
            trace: &self.trace,
            findings: &self.findings,
        }
    }
}

/// SHA-256 of a file on disk, in hexadecimal, and its size in octets.
fn hash(file: &Path) -> io::Result<(String, u64)> {
    if !file.metadata()?.is_file() {
        return Err(io::Error::from(io::ErrorKind::Unsupported)); // A pipe can be read but once.
    }
    let (mut file, mut digest, mut size) = (File::open(file)?, Sha256::new(), 0);
    let mut octets = vec![0; 256 << 10];
    loop {
        let count = file.read(&mut octets)?;
        if count == 0 {
            break;
        }
        digest.update(&octets[..count]);
        size += count as u64;
    }
    Ok((digest.finalize().iter().map(|octet| format!("{octet:02x}")).collect(), size))
}
