//! The program while it listens, and what it leaves behind.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use sockscope::capture::{self, Description, Next, Statistics};

/// How long the program may take to end when it should.
const PATIENCE: Duration = Duration::from_secs(40);

/// `sockscope live` with these arguments.
pub fn command(arguments: &[&str]) -> Command {
    sockscope("live", arguments)
}

/// A command of the program with these arguments.
pub fn sockscope(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockscope"));
    command.arg(name).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The program, listening.
pub struct Listener {
    child: Child,
    /// `None` if nobody reads it.
    stdout: Option<BufReader<ChildStdout>>,
    stderr: BufReader<ChildStderr>,
}

/// The program, and what it printed so far.
pub struct Collector {
    listener: Listener,
    reader: JoinHandle<Vec<u8>>,
}

impl Collector {
    /// Ends it as Ctrl-C does.
    pub fn interrupt(self) -> Ended {
        let ended = self.listener.interrupt();
        Ended { stdout: self.reader.join().unwrap(), ..ended }
    }
}

/// What it said, and how it ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    /// Without the line that says it listens.
    pub stderr: String,
}

impl Listener {
    /// Starts the program, and waits until it listens.
    pub fn start(arguments: &[&str]) -> Self {
        Self::of(command(arguments))
    }

    pub fn of(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        assert!(line.contains("listening"), "{line}");
        let stdout = child.stdout.take().map(BufReader::new);
        Self { child, stdout, stderr }
    }

    /// Reads all it prints meanwhile, in a thread: a pipe that is full would stop it.
    pub fn collect(mut self) -> Collector {
        let mut stdout = self.stdout.take().unwrap();
        let mut text = Vec::new();
        let reader = thread::spawn(move || stdout.read_to_end(&mut text).map(|_| text).unwrap());
        Collector { listener: self, reader }
    }

    /// Nobody reads any more what it prints.
    pub fn close_stdout(&mut self) {
        drop(self.stdout.take());
    }

    /// Waits until it prints a line of this kind; what it printed before is passed over.
    pub fn line(&mut self, mut is_it: impl FnMut(&str) -> bool) -> String {
        let lines = self.stdout.as_mut().unwrap().lines().map(Result::unwrap);
        let start = Instant::now();
        lines.inspect(|line| assert!(start.elapsed() < PATIENCE, "waited in vain: {line}")).find(|line| is_it(line)).unwrap()
    }

    /// Sends a signal, such as `INT`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Ends it as Ctrl-C does.
    pub fn interrupt(self) -> Ended {
        self.signal("INT");
        self.wait()
    }

    /// Does something again and again until it ends.
    pub fn wait_while(&mut self, mut work: impl FnMut()) {
        let start = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < PATIENCE, "waited in vain for its end");
            work();
        }
    }

    /// Waits until it ends by itself.
    pub fn wait(mut self) -> Ended {
        let mut stdout = Vec::new();
        if let Some(mut pipe) = self.stdout.take() {
            pipe.read_to_end(&mut stdout).unwrap();
        }
        let mut stderr = String::new();
        self.stderr.read_to_string(&mut stderr).unwrap();
        Ended { code: self.child.wait().unwrap().code(), stdout, stderr }
    }
}

impl Ended {
    /// Its output, if all went well and nothing was lost.
    #[track_caller]
    pub fn good(&self) -> &str {
        assert!(self.code == Some(0) && self.stderr.ends_with(", none lost\n"), "{:?}: {}", self.code, self.stderr);
        std::str::from_utf8(&self.stdout).unwrap()
    }
}

/// What a file holds; it must be sound to its last octet.
pub struct Recorded {
    pub frames: Vec<Vec<u8>>,
    pub description: Description,
}

impl Recorded {
    #[track_caller]
    pub fn read(path: &Path) -> Self {
        let mut source = capture::open(path).unwrap();
        let mut frames = Vec::new();
        while let Next::Frame(frame) = source.next().unwrap() {
            frames.push(frame.octets.to_vec());
        }
        let description = source.description().clone();
        assert_eq!(description.damage, [], "{}", path.display());
        Self { frames, description }
    }

    /// The counters at its end.
    #[track_caller]
    pub fn counters(&self) -> &Statistics {
        self.description.interfaces[0].statistics.as_ref().expect("no counters")
    }

    /// Every frame that the kernel counted is there.
    #[track_caller]
    pub fn is_whole(&self) {
        let (counters, frames) = (self.counters(), self.frames.len() as u64);
        assert_eq!((counters.received, counters.dropped, counters.delivered), (Some(frames), Some(0), Some(frames)));
    }
}
