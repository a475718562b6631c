//! The arguments as typed: what all commands share here, those on captures in [`views`], those on a class in [`class`], those
//! of what captures itself in `live`.

mod class;
#[cfg(feature = "live")]
mod live;
mod views;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;
use jiff::tz::TimeZone;
use sockscope::present::time::TimeFormat;

use super::failure::Failure;
use super::job;

pub(crate) use class::*;
#[cfg(feature = "live")]
pub(crate) use live::*;
pub(crate) use views::*;

/// Shows the sockets behind a packet capture.
///
/// Reads a pcapng or pcap file, also in gzip, zstd or lz4, and shows its TCP connections, its UDP sockets with their
/// peers, and the socket table behind them. Frame and stream numbers are Wireshark's.
#[derive(Debug, Parser)]
#[command(
    name = "sockscope",
    version,
    override_usage = "sockscope [OPTIONS] FILE\n       sockscope COMMAND [OPTIONS] …",
    after_help = "Examples:
  sockscope lab.pcapng             what the capture is, its connections and sockets
  sockscope packets lab.pcapng     every frame in Wireshark's columns
  sockscope packet lab.pcapng 7    frame 7 field by field
  dumpcap -i lo -w - | sockscope - read from a pipe

Exit codes: 0 done, 1 done, and something asked for does not hold, 2 wrong usage, 3 input could not be read (or not to
its end), 4 a text of yours is wrong, 5 a fault of sockscope."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Capture file; - is standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    form: Document,
    #[command(flatten)]
    zone: Zone,
    #[command(flatten)]
    pub(crate) common: Common,
}

impl Args {
    /// The command: `show` if none was named.
    pub(crate) fn meant(self) -> Result<Command, Failure> {
        let usage = |text: &str| Err(Failure::Usage(text.to_owned()));
        match (self.command, self.file) {
            (Some(_), Some(_)) => usage("a command stands in front of its FILE: sockscope COMMAND [OPTIONS] FILE"),
            (Some(_), None) if self.form.json || self.choice.is_given() => {
                usage("options of a command stand behind it: sockscope COMMAND [OPTIONS] FILE")
            }
            (Some(command), None) => Ok(command),
            (None, Some(file)) => {
                let input = Input { file, choice: self.choice };
                Ok(Command::Show(ShowArgs { input, form: self.form, zone: self.zone }))
            }
            (None, None) => usage("name a capture file, or - for standard input; --help says more"),
        }
    }
}

/// What every command understands.
#[derive(ClapArgs, Clone, Copy, Debug)]
pub(crate) struct Common {
    /// When to use colours; NO_COLOR turns off "auto"
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true, display_order = 100)]
    pub(crate) color: Color,
    /// Say more on standard error: frames, time, every damaged place
    #[arg(short, long, global = true, display_order = 101)]
    pub(crate) verbose: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// What the capture is, its connections and sockets (the default)
    Show(ShowArgs),
    /// The capture itself: who made it, on which interfaces, what it cannot tell
    Info(InfoArgs),
    /// One frame field by field, with its octets
    Packet(PacketArgs),
    /// Every frame, in Wireshark's columns
    Packets(PacketsArgs),
    /// Who exchanged how much with whom, as in Wireshark's Conversations
    Conversations(ListArgs),
    /// TCP connections: handshake, close, states of both ends
    Connections(ConnectionsArgs),
    /// The socket table behind the packets, in the columns of ss
    Sockets(SocketsArgs),
    /// Which socket each packet reaches, and by which rule
    Demux(DemuxArgs),
    /// The states of both ends of a connection, segment by segment, and why they change
    States(StatesArgs),
    /// The packets of a stream as arrows between its two ends, with the states of both
    Ladder(LadderArgs),
    /// What the two ends of a stream said to each other
    Follow(FollowArgs),
    /// The packets of an interface as they come, and the sockets behind them
    #[cfg(feature = "live")]
    Live(LiveArgs),
    /// A lecture in one command: a small server, its clients, their packets and sockets
    #[cfg(feature = "live")]
    Demo(DemoArgs),
    /// Lay the log of a program beside the capture: does it tell what the network brought?
    Log(LogArgs),
    /// Check a submission by a rubric, as the grader will
    Check(CheckArgs),
    /// Grade a class: every submission by a rubric, every lost point explained
    Grade(GradeArgs),
    /// Why a student was given what, with all that shows it
    ExplainGrade(ExplainGradeArgs),
    /// Whose grade changed between two runs, and through which checks
    Diff(DiffArgs),
    /// Walk through what waits for a person, and write down each decision
    Review(ReviewArgs),
    /// Write, try and test rubrics
    Rubric(RubricArgs),
    /// Who of a class handed in what, by its roster
    Intake(IntakeArgs),
    /// Copy the frames of some streams into a new file
    Cut(CutArgs),
    /// Write what other tools read: a conn.log as Zeek writes it
    Export(ExportArgs),
    /// The fields that filters know, with their types and meanings
    Fields(FieldsArgs),
    /// Grades of a class as a learning platform takes them
    ExportGrades(ExportGradesArgs),
    /// Hold the sockets that packets show against what the kernel said meanwhile
    Verify(VerifyArgs),
    /// Small captures that each show one thing: made from scripts, to learn from
    Zoo(ZooArgs),
    /// Completions for a shell
    Completions(CompletionsArgs),
    /// The manual
    Man(ManArgs),
}

/// Which capture, and which of its frames.
#[derive(ClapArgs, Clone, Debug)]
pub(crate) struct Input {
    /// Capture file; - is standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) choice: Choice,
}

/// Which frames.
#[derive(ClapArgs, Clone, Debug, Default)]
pub(crate) struct Choice {
    /// Only frames that this display filter selects, in Wireshark's syntax, and what they belong to; see sockscope fields
    #[arg(short = 'Y', long = "filter", value_name = "FILTER", display_order = 90)]
    pub(crate) filter: Option<String>,
    /// Only frames that this capture filter (BPF) lets pass: others are not read at all
    #[arg(short = 'f', long = "capture-filter", value_name = "BPF", display_order = 91)]
    pub(crate) capture_filter: Option<String>,
}

impl Choice {
    fn is_given(&self) -> bool {
        self.filter.is_some() || self.capture_filter.is_some()
    }
}

/// JSON, or text.
#[derive(ClapArgs, Clone, Copy, Debug)]
pub(crate) struct Document {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// JSON, CSV, or text.
#[derive(ClapArgs, Clone, Copy, Debug)]
pub(crate) struct List {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Print CSV
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
}

/// How times are written.
#[derive(ClapArgs, Clone, Debug)]
pub(crate) struct Time {
    /// Times as in tshark: r since the first frame, a time of day, ad with date, d since the frame before, dd since the
    /// one shown before, e since 1970, u time of day in UTC, ud with date
    #[arg(short = 't', long = "time", value_name = "FORMAT", default_value = "r", hide_default_value = false)]
    pub(crate) format: TimeFormat,
    #[command(flatten)]
    pub(crate) zone: Zone,
}

/// Where the clock hangs.
#[derive(ClapArgs, Clone, Debug)]
pub(crate) struct Zone {
    /// Time zone of dates and times of day: local, UTC, or a name such as Asia/Seoul
    #[arg(long = "zone", value_name = "ZONE", default_value = "local", value_parser = job::zone)]
    pub(crate) zone: TimeZone,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  sockscope zoo --list
  sockscope zoo close-four                     the script of an exhibit
  sockscope zoo close-four -o close.pcapng     its capture
  sockscope zoo --script mine.txt -o mine.pcapng

A script tells a connection line by line: '> S', '< SA', '> A', '> data 5'. The same script gives the same octets.")]
pub(crate) struct ZooArgs {
    /// Exhibit whose script is printed, or whose capture is written
    #[arg(value_name = "NAME", required_unless_present_any = ["list", "all", "script"])]
    pub(crate) name: Option<String>,
    /// Name every exhibit and what it shows
    #[arg(long, conflicts_with_all = ["name", "all", "script", "output"])]
    pub(crate) list: bool,
    /// Write the capture into this file; - is standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// Write the capture of every exhibit into this directory
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with_all = ["name", "output", "script"])]
    pub(crate) all: Option<PathBuf>,
    /// Make the capture from a script of your own; - is standard input
    #[arg(long, value_name = "SCRIPT", value_hint = ValueHint::FilePath, requires = "output", conflicts_with = "name")]
    pub(crate) script: Option<PathBuf>,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Example:\n  sockscope completions bash > ~/.local/share/bash-completion/completions/sockscope")]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: Shell,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:\n  sockscope man | man -l -\n  sockscope man --dir ~/.local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Write the page of every command into this directory, instead of the main one to standard output
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) dir: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parsed(words: &[&str]) -> Result<Command, String> {
        let args = Args::try_parse_from([&["sockscope"], words].concat()).map_err(|error| error.kind().to_string())?;
        args.meant().map_err(|failure| format!("{failure:?}"))
    }

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example() {
        for command in Args::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("sockscope "), "{}", command.get_name());
        }
    }

    #[test]
    fn a_file_alone_means_show() {
        let path = |words: &[&str]| match parsed(words) {
            Ok(Command::Show(show)) => show.input.file,
            other => panic!("{other:?}"),
        };
        assert_eq!(path(&["lab.pcapng"]), PathBuf::from("lab.pcapng"));
        assert_eq!(path(&["-"]), PathBuf::from("-"));
        assert_eq!(path(&["./info"]), PathBuf::from("./info"));
        assert_eq!(path(&["show", "info"]), PathBuf::from("info"));
        assert_eq!(path(&["--color", "never", "lab.pcapng", "--json"]), PathBuf::from("lab.pcapng"));
    }

    #[test]
    fn options_of_all_commands_may_stand_before_the_command() {
        assert!(matches!(parsed(&["--color", "never", "-v", "info", "lab.pcapng"]), Ok(Command::Info(_))));
        assert!(parsed(&["lab.pcapng", "info", "lab.pcapng"]).is_err());
        assert!(parsed(&[]).is_err());
    }
}
