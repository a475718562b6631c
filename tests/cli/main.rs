//! The real binary, from its arguments to its octets and exit codes.

#[allow(unreachable_pub, reason = "shared test code is public to its siblings")]
#[path = "../support/mod.rs"]
mod support;

mod cut;
mod demux;
mod exit;
mod export_grades;
mod filter;
mod forms;
mod grade;
mod help;
mod hostile;
mod intake;
#[cfg(target_os = "linux")]
mod kernel;
mod keys;
mod ladder;
mod moments;
mod texts;
mod tshark;
mod verify;
mod zoo;

mod log;

use std::fmt::Debug;
use std::path::Path;
use std::time::Duration;

/// Four frames: two clients of a UDP echo server.
const UDP: &str = "fixtures/udp-echo/two-clients/20231234.pcapng";
/// Three clients of a TCP echo server.
const TCP: &str = "fixtures/tcp-echo/three-clients/capture.pcapng";
/// The file ends inside its fourth packet block, at octet 596.
const CUT_OFF: &str = "fixtures/container/cut-off/capture.pcapng";

/// Commands that read a whole capture, with every form of their output.
const VIEWS: [&[&str]; 19] = [
    &["show"],
    &["show", "--json"],
    &["info"],
    &["info", "--json"],
    &["packets"],
    &["packets", "--json"],
    &["packets", "--csv"],
    &["conversations"],
    &["conversations", "--json"],
    &["conversations", "--csv"],
    &["connections"],
    &["connections", "--json"],
    &["connections", "--csv"],
    &["sockets"],
    &["sockets", "--all"],
    &["sockets", "--json"],
    &["sockets", "--csv"],
    &["demux"],
    &["demux", "--json"],
];

/// What a run of the program left behind.
#[derive(Debug)]
struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Run {
    /// The output of a run that went well and had nothing to remark.
    #[track_caller]
    fn good(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{}", self.stdout);
        self.stdout
    }

    /// The one line that tells why a run failed.
    #[track_caller]
    fn complaint(&self, code: i32) -> &str {
        assert_eq!(self.code, code, "{self:?}");
        let line = self.stderr.strip_suffix('\n').unwrap_or_else(|| panic!("no line: {self:?}"));
        assert!(line.starts_with("sockscope: ") && !line.contains('\n'), "{line}");
        line
    }
}

/// The program, in the project's folder, in UTC; it is killed if it takes longer than anybody would wait.
fn program() -> assert_cmd::Command {
    let mut program = assert_cmd::Command::new(env!("CARGO_BIN_EXE_sockscope"));
    program.current_dir(support::project("")).env("TZ", "UTC").env_remove("NO_COLOR").timeout(Duration::from_secs(20));
    program
}

fn run(arguments: &[&str]) -> Run {
    finished(program().args(arguments), &arguments)
}

fn run_with(arguments: &[&str], stdin: &[u8]) -> Run {
    finished(program().args(arguments).write_stdin(stdin), &arguments)
}

fn finished(program: &mut assert_cmd::Command, what: &dyn Debug) -> Run {
    let output = program.output().unwrap_or_else(|error| panic!("{what:?}: {error}"));
    let code = output.status.code().unwrap_or_else(|| panic!("{what:?} was killed: it hung, or crashed"));
    let text = |octets| String::from_utf8(octets).unwrap_or_else(|error| panic!("{what:?}: {error}"));
    Run { code, stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A command with FILE in its place: `["packets", "--csv"]` becomes `packets FILE --csv`.
fn of<'a>(view: &[&'a str], file: &'a str) -> Vec<&'a str> {
    [&view[..1], &[file], &view[1..]].concat()
}

/// Another program is there; if not, that is said aloud.
fn is_there(witness: &str) -> bool {
    let version = std::process::Command::new(witness).arg("--version").output();
    let there = version.is_ok_and(|output| output.status.success());
    if !there {
        support::skip(&format!("{witness} is missing, and with it what this test compares with"));
    }
    there
}

/// The octets of a file of the project.
fn octets(path: &str) -> Vec<u8> {
    std::fs::read(support::project(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A path as an argument, relative to the project if it lies there.
fn argument(path: &Path) -> &str {
    path.strip_prefix(support::project("")).unwrap_or(path).to_str().unwrap()
}
