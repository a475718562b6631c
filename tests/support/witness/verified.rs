//! What `sockscope verify` says of a file that holds frames and samples together.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use sockscope::capture::{self, Next, Writer};

use super::Testimony;

/// Of so many samples one goes into the file: the program takes one every 50 to 100 ms.
const EVERY: usize = 20;

/// What the program prints of the testimony in one file.
pub fn verify(testimony: &Testimony, folder: &Path) -> Value {
    let path = folder.join("verified.pcapng");
    write(testimony, &path);
    let mut program = Command::new(env!("CARGO_BIN_EXE_sockscope"));
    let output = program.arg("verify").arg(&path).arg("--json").output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Writes each sample before the first frame that is younger.
fn write(testimony: &Testimony, path: &Path) {
    let mut all = capture::open(&testimony.capture).unwrap();
    while !matches!(all.next().unwrap(), Next::End) {}
    let description = all.description().clone();
    let mut writer = Writer::new(File::create(path).unwrap(), &description);
    let mut samples = testimony.samples.iter().step_by(EVERY).map(|sample| &sample.read).peekable();
    let mut source = capture::open(&testimony.capture).unwrap();
    while let Next::Frame(frame) = source.next().unwrap() {
        while let Some(sample) = samples.next_if(|sample| Some(sample.before) < frame.timestamp) {
            writer.sample(sample).unwrap();
        }
        writer.frame(&frame).unwrap();
    }
    samples.for_each(|sample| writer.sample(sample).unwrap());
    writer.finish().unwrap();
}
