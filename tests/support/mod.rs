//! What several tests share: connections from line scripts, and the folder of captures that others made.

#![allow(dead_code, reason = "each test uses a part of it")]

pub mod analysis;
pub mod script;

use std::io::Write;
use std::path::{Path, PathBuf};

/// A file of the project.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Says aloud that a test does without something; unlike `eprintln`, the test harness does not keep this to itself.
pub fn skip(what: &str) {
    std::io::stderr().write_all(format!("SKIPPED: {what}\n").as_bytes()).unwrap();
}

/// The folder with captures that others made; `None`, said aloud, where it is missing.
pub fn corpus() -> Option<PathBuf> {
    let folder = project("../shared/corpus");
    if !folder.join("index.csv").exists() {
        skip(&format!("{} is missing, and with it the captures that this test reads", folder.display()));
        return None;
    }
    Some(folder)
}

/// The files with this ending below a folder, in order.
pub fn files_below(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The captures among the project's fixtures.
pub fn fixtures() -> Vec<PathBuf> {
    let files = files_below(&project("fixtures"), &[".pcap", ".pcapng", ".gz", ".zst", ".lz4"]);
    assert!(files.len() > 30, "the fixtures are missing");
    files
}
