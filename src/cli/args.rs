//! The arguments as typed.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;
#[cfg(feature = "live")]
use jiff::SignedDuration;
use jiff::tz::TimeZone;
#[cfg(feature = "live")]
use sockscope::capture::Tap;
use sockscope::present::time::TimeFormat;
use sockscope::track::FlowId;

use super::failure::Failure;
use super::job::{self, Moment};
#[cfg(feature = "live")]
use super::live::Ring;

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
#[command(after_help = "Example:\n  sockscope show lab.pcapng --zone Asia/Seoul")]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    pub(crate) input: Input,
    #[command(flatten)]
    pub(crate) form: Document,
    #[command(flatten)]
    pub(crate) zone: Zone,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Example:\n  sockscope info lab.pcapng.gz --json")]
pub(crate) struct InfoArgs {
    #[command(flatten)]
    pub(crate) input: Input,
    #[command(flatten)]
    pub(crate) form: Document,
    #[command(flatten)]
    pub(crate) zone: Zone,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Example:\n  sockscope packet lab.pcapng 7")]
pub(crate) struct PacketArgs {
    /// Capture file; - is standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Number of the frame, from 1, as in Wireshark
    #[arg(value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) number: u64,
    #[command(flatten)]
    pub(crate) form: Document,
    #[command(flatten)]
    pub(crate) time: Time,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  sockscope packets lab.pcapng -t ad --zone UTC
  sockscope packets lab.pcapng -Y 'udp.port == 5000 && ip.addr == 127.0.0.0/8'
  sockscope packets lab.pcapng --json | jq 'select(.protocol == \"udp\")'")]
pub(crate) struct PacketsArgs {
    #[command(flatten)]
    pub(crate) input: Input,
    #[command(flatten)]
    pub(crate) form: List,
    #[command(flatten)]
    pub(crate) time: Time,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Example:\n  sockscope conversations lab.pcapng --csv > conversations.csv")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) input: Input,
    #[command(flatten)]
    pub(crate) form: List,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Example:\n  sockscope connections lab.pcapng --json | jq '.connections[].closed_first'")]
pub(crate) struct ConnectionsArgs {
    #[command(flatten)]
    pub(crate) input: Input,
    #[command(flatten)]
    pub(crate) form: List,
    /// Say where Wireshark, Zeek and sockscope disagree about each connection, and by which rule
    #[arg(long, conflicts_with_all = ["json", "csv"])]
    pub(crate) explain_differences: bool,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  sockscope sockets lab.pcapng --all
  sockscope sockets server.pcapng --host 192.0.2.1 --format ss
  sockscope sockets lab.pcapng --at frame:7
  sockscope sockets lab.pcapng --diff frame:3..1.5s
  sockscope sockets --kernel

Evidence: observed, the socket's own packet says so; proved, its owner acted on it later; assumed, it follows from what should have happened.")]
#[command(mut_arg("file", |file| file.required(false).required_unless_present("kernel").default_value_if("kernel", "true", "-")))]
pub(crate) struct SocketsArgs {
    #[command(flatten)]
    pub(crate) input: Input,
    #[command(flatten)]
    pub(crate) form: List,
    /// Show closed sockets too
    #[arg(long)]
    pub(crate) all: bool,
    /// Show the sockets of this address only
    #[arg(long, value_name = "ADDR")]
    pub(crate) host: Option<IpAddr>,
    /// The table at this moment: frame:N, or 3.25s since the first frame, or time:SECONDS since 1970
    #[arg(long, value_name = "MOMENT", value_parser = job::moment)]
    pub(crate) at: Option<Moment>,
    /// What changed between two moments: births, deaths, states
    #[arg(long, value_name = "FROM..TO", value_parser = job::span, conflicts_with_all = ["at", "all", "format", "json", "csv"])]
    pub(crate) diff: Option<(Moment, Moment)>,
    /// Print the table as another program does
    #[arg(long, value_name = "FORMAT", conflicts_with_all = ["json", "csv"])]
    pub(crate) format: Option<TableFormat>,
    /// No capture: the table that the kernel of this machine has now, with the process of each socket (Linux)
    #[arg(long, conflicts_with_all = ["at", "diff", "format", "csv", "filter", "capture_filter"])]
    pub(crate) kernel: bool,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  sockscope demux lab.pcapng
  sockscope demux lab.pcapng --sockets table.toml
  ss -tuan > table.txt; sockscope demux lab.pcapng --sockets table.txt --json
  sockscope demux lab.pcapng --what-if 's2: bind 127.0.0.1' --what-if 'second s2'

The order of lookup is Linux's. TABLE is TOML, sockets in the order in which they were bound:
  [[socket]]
  name = \"s1\"
  protocol = \"udp\"              udp or tcp
  local = \"0.0.0.0:5000\"
and where they apply: peer = \"127.0.0.1:49740\", state = \"listen\" (established, time-wait), reuse_addr, reuse_port,
only_v6 = true, device = \"lo\", and of a listener syn_cookies = true: a SYN leaves no request there, and the third ACK
goes to the listener. Below them the host's own addresses, so that the broadcast address of each reaches every socket:
  [[interface]]
  name = \"eth0\"
  address = \"192.168.0.7/24\"
Or TABLE is what ss -tuan, netstat -an or /proc/net/tcp and udp print.

Without a table, the sockets are those that sockscope sockets shows, by their numbers there: s1, s2. The capture is read
twice for that, and standard input is held in memory.

EXPECT has lines such as: udp 127.0.0.1:49740 > 127.0.0.1:5000 -> s1

CHANGE is one of these, made one after the other; a bind that would fail is told with its errno:
  s1: bind 127.0.0.1               another address, as in 127.0.0.1 instead of 0.0.0.0; also with a port
  s1: no connect                   a connected UDP socket without its peer; or s1: connect 127.0.0.1:49740
  s1: reuse_addr                   an option is set; or reuse_port, only_v6; with no in front it is not
  second s1                        another socket with the same options at the same address, named s1b
  restart s1 after frame 30        its program ends and starts again; without a frame, behind the last one
With --expect, the lines are held against the changed table.")]
pub(crate) struct DemuxArgs {
    #[command(flatten)]
    pub(crate) input: Input,
    /// The sockets there are, instead of those that the capture shows
    #[arg(long, value_name = "TABLE", value_hint = ValueHint::FilePath)]
    pub(crate) sockets: Option<PathBuf>,
    /// Hold the verdicts against these lines: exit code 1 if one does not hold
    #[arg(long, value_name = "EXPECT", value_hint = ValueHint::FilePath)]
    pub(crate) expect: Option<PathBuf>,
    /// Deliver the same packets under a changed table, and show which of them change their socket; may be given several
    /// times
    #[arg(long, value_name = "CHANGE")]
    pub(crate) what_if: Vec<String>,
    #[command(flatten)]
    pub(crate) form: Document,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Example:
  sockscope states lab.pcapng tcp:0

The sections are those of RFC 9293.")]
pub(crate) struct StatesArgs {
    #[command(flatten)]
    pub(crate) input: Input,
    /// The connection, such as tcp:3
    #[arg(value_name = "STREAM", value_parser = job::stream)]
    pub(crate) stream: FlowId,
    #[command(flatten)]
    pub(crate) form: Document,
    #[command(flatten)]
    pub(crate) time: Time,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  sockscope ladder lab.pcapng tcp:0
  sockscope ladder lab.pcapng udp:2 -t d

Long runs that only move data are folded. Numbers are counted from the first segment, as in Wireshark.")]
pub(crate) struct LadderArgs {
    #[command(flatten)]
    pub(crate) input: Input,
    /// The stream, such as tcp:3 or udp:0
    #[arg(value_name = "STREAM", value_parser = job::stream)]
    pub(crate) stream: FlowId,
    /// Show every packet, also in long runs
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) time: Time,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Example:
  sockscope verify lab.pcapng

FILE holds samples of the kernel's own table beside its packets, as sockscope live --verify -w writes them. A state counts
50 ms after the last packet of its connection. Exit code 1: they differ on a socket, and nothing explains it.")]
pub(crate) struct VerifyArgs {
    /// Capture file; - is standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) form: Document,
}

impl VerifyArgs {
    /// All frames of the capture.
    pub(crate) fn input(&self) -> Input {
        Input { file: self.file.clone(), choice: Choice::default() }
    }
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  sockscope follow lab.pcapng udp:0
  sockscope follow lab.pcapng tcp:3 --raw --side responder -o answer.bin

Text is read as UTF-8. Of a UDP stream, who sent the first datagram counts as the initiator.")]
pub(crate) struct FollowArgs {
    #[command(flatten)]
    pub(crate) input: Input,
    /// The stream, such as tcp:3 or udp:0
    #[arg(value_name = "STREAM", value_parser = job::stream)]
    pub(crate) stream: FlowId,
    /// Print offsets, hexadecimal and characters
    #[arg(long)]
    pub(crate) hex: bool,
    /// Print the octets as they are
    #[arg(long, conflicts_with = "hex")]
    pub(crate) raw: bool,
    /// Print JSON Lines, octets in hexadecimal
    #[arg(long, conflicts_with_all = ["hex", "raw", "side", "frames"])]
    pub(crate) json: bool,
    /// Tell the frame of each piece
    #[arg(long)]
    pub(crate) frames: bool,
    /// Only what this side said
    #[arg(long, value_name = "SIDE")]
    pub(crate) side: Option<FollowSide>,
    /// File to write instead of standard output
    #[arg(short, long, value_name = "OUT", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
}

/// One side of a stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum FollowSide {
    /// Who opened it
    Initiator,
    /// Who was called
    Responder,
}

/// How a socket table is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum TableFormat {
    /// As ss -tuan of Linux
    Ss,
    /// As netstat -an of Linux
    Netstat,
    /// As --json
    Json,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  sockscope cut lab.pcapng tcp:3 udp:0 -o two-streams.pcapng
  sockscope cut lab.pcapng -Y 'udp.port == 5000' -o echo.pcapng

Frames are copied as they are, with their fragments and the ICMP errors about them. Standard input is held in memory.")]
pub(crate) struct CutArgs {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Streams to copy, such as tcp:3 or udp:0; with a filter, all of the frames it selects if none is named
    #[arg(value_name = "STREAM", required_unless_present_any = ["filter", "capture_filter"], value_parser = job::stream)]
    pub(crate) streams: Vec<FlowId>,
    /// File to write, in pcapng
    #[arg(short, long, value_name = "OUT", value_hint = ValueHint::FilePath)]
    pub(crate) output: PathBuf,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  sockscope export lab.pcapng --zeek | zeek-cut id.orig_h id.resp_h conn_state history
  sockscope export lab.pcapng --zeek --json -o conn.log

Zeek's connections are not Wireshark's streams: Zeek ends one after a silence, a refusal or a close.")]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Zeek's conn.log
    #[arg(long, required = true)]
    pub(crate) zeek: bool,
    #[command(flatten)]
    pub(crate) form: Document,
    /// Drop packets whose checksum is wrong, as Zeek does by itself; without, all count, as with zeek -C
    #[arg(long)]
    pub(crate) checksums: bool,
    /// File to write, instead of standard output
    #[arg(short, long, value_name = "OUT", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
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

#[cfg(feature = "live")]
#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  sockscope live
  sockscope live eth0 -f 'tcp port 80' -w web.pcapng
  sockscope live --port 5000 --duration 10s --json
  sockscope live -q -w lab.pcapng --ring 10MBx3
  sockscope live --list

Ctrl-C, kill, --duration and --frames end the capture; the file is whole then, and holds the kernel's counters. Without
the right to capture, the complaint says how to give it. Through sudo, root is left as soon as the interface is open.")]
pub(crate) struct LiveArgs {
    /// The interface; any is all of them
    #[arg(value_name = "IFACE", default_value = "lo")]
    pub(crate) interface: String,
    /// List the interfaces there are
    #[arg(long, exclusive = true)]
    pub(crate) list: bool,
    /// Show only frames that this display filter selects, and what they belong to; all are written
    #[arg(short = 'Y', long = "filter", value_name = "FILTER")]
    pub(crate) filter: Option<String>,
    /// Capture only frames that this capture filter (BPF) lets pass
    #[arg(short = 'f', long = "capture-filter", value_name = "BPF")]
    pub(crate) capture_filter: Option<String>,
    /// Capture only frames from or to this port
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: Option<u16>,
    /// End after this time, such as 10s or 1m 30s
    #[arg(long, value_name = "TIME", value_parser = job::duration)]
    pub(crate) duration: Option<SignedDuration>,
    /// End after so many frames
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) frames: Option<u64>,
    /// Keep so many octets of each frame
    #[arg(long = "snaplen", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(Tap::MAX_SNAP_LENGTH)))]
    pub(crate) snap_length: Option<u32>,
    /// Mebibytes of the kernel's buffer; 64 if not given
    #[arg(long, value_name = "MiB", value_parser = clap::value_parser!(u16).range(1..=i64::from(Tap::MAX_BUFFER)))]
    pub(crate) buffer: Option<u16>,
    /// Write all frames into this pcapng file; - is standard output, where nothing else is printed then
    #[arg(short = 'w', long = "write", value_name = "OUT", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// Begin a new file whenever the last one is so large, and keep the last few, as in 10MBx3: OUT_00001.pcapng and on
    #[arg(long, value_name = "SIZExN", requires = "output")]
    pub(crate) ring: Option<Ring>,
    /// Print no frames, only the sockets at the end
    #[arg(short, long, conflicts_with = "json")]
    pub(crate) quiet: bool,
    /// Print JSON Lines
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) time: Time,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  sockscope log lab.pcapng server.log --client client1.log --client client2.log
  sockscope log lab.pcapng server.log --pattern 'from (?P<ip>\\S+) (?P<port>\\d+): (?P<data>.*)'

A line such as [recv] 127.0.0.1:49740 (7 bytes) b'client1' tells of a receipt. Lines are matched by address, port and
octets, then by order, never by time. Exit code 1: the log and the capture disagree.")]
pub(crate) struct LogArgs {
    #[command(flatten)]
    pub(crate) input: Input,
    /// What the server printed: UTF-8, UTF-16 or CP949
    #[arg(value_name = "SERVER.LOG", value_hint = ValueHint::FilePath)]
    pub(crate) log: PathBuf,
    /// What a client printed; may be given several times
    #[arg(long = "client", value_name = "CLIENT.LOG", value_hint = ValueHint::FilePath)]
    pub(crate) clients: Vec<PathBuf>,
    /// Lines that tell of a receipt, as a regular expression with the groups ip, port and data
    #[arg(long, value_name = "REGEX")]
    pub(crate) pattern: Option<String>,
    /// Port of the server, instead of the one whose clients the log names
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: Option<u16>,
    #[command(flatten)]
    pub(crate) form: Document,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Example:
  sockscope grade submissions.zip --rubric udp-echo --roster roster.csv --out run1

DIR holds results.json, class.txt, review.txt, originality.txt and feedback/ID.txt afterwards. DIR/overrides.toml, decisions of staff, is
read and never written. A submission that cannot be graded stops nothing: the exit code stays 0.")]
pub(crate) struct GradeArgs {
    /// Folder or zip of submissions
    #[arg(value_name = "SUBMISSIONS", value_hint = ValueHint::AnyPath)]
    pub(crate) submissions: PathBuf,
    #[command(flatten)]
    pub(crate) rubric: RubricChoice,
    #[command(flatten)]
    pub(crate) roster: RosterArgs,
    /// Folder for the results
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) out: PathBuf,
    /// The capture that was given out as an example: what is shared with it is nobody's
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) template: Option<PathBuf>,
    /// Submissions graded at once; as many as there are processors if not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: Option<u16>,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  sockscope explain-grade run1 20231234
  sockscope explain-grade run1 20231234 echo --lang en")]
pub(crate) struct ExplainGradeArgs {
    /// Folder that grade wrote
    #[arg(value_name = "RUN", value_hint = ValueHint::DirPath)]
    pub(crate) run: PathBuf,
    /// The student's number
    #[arg(value_name = "STUDENT")]
    pub(crate) student: String,
    /// One check alone
    #[arg(value_name = "CHECK")]
    pub(crate) check: Option<String>,
    /// Korean or English; from the locale if not given, else Korean
    #[arg(long = "lang", value_name = "LANGUAGE")]
    pub(crate) language: Option<Tongue>,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Example:\n  sockscope diff run1 run2")]
pub(crate) struct DiffArgs {
    /// Folder of the earlier run
    #[arg(value_name = "RUN1", value_hint = ValueHint::DirPath)]
    pub(crate) before: PathBuf,
    /// Folder of the later run
    #[arg(value_name = "RUN2", value_hint = ValueHint::DirPath)]
    pub(crate) after: PathBuf,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Example:
  sockscope review run1 --by kim

Each decision goes into RUN/overrides.toml at once: stop with q, and go on later where you stopped.")]
pub(crate) struct ReviewArgs {
    /// Folder that grade wrote
    #[arg(value_name = "RUN", value_hint = ValueHint::DirPath)]
    pub(crate) run: PathBuf,
    /// Who decides, for the record
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
    /// Korean or English; from the locale if not given, else Korean
    #[arg(long = "lang", value_name = "LANGUAGE")]
    pub(crate) language: Option<Tongue>,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  sockscope rubric new > my-lab.toml
  sockscope rubric lint my-lab.toml
  sockscope rubric try my-lab.toml good.pcapng
  sockscope rubric test my-lab.toml 20231234.pcapng")]
pub(crate) struct RubricArgs {
    #[command(subcommand)]
    pub(crate) work: RubricWork,
}

/// What is to be done with a rubric.
#[derive(Debug, Subcommand)]
pub(crate) enum RubricWork {
    /// Print a rubric to begin with: udp-echo, or tcp-echo
    New {
        /// udp-echo or tcp-echo
        #[arg(value_name = "NAME", default_value = "udp-echo")]
        name: String,
    },
    /// Find sums that do not add up, languages that are missing, checks that nothing passes or fails
    Lint {
        /// udp-echo, tcp-echo, or a file
        #[arg(value_name = "RUBRIC")]
        rubric: String,
    },
    /// Show what captures would be given, as staff see it
    Try {
        /// udp-echo, tcp-echo, or a file
        #[arg(value_name = "RUBRIC")]
        rubric: String,
        /// Captures
        #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,
    },
    /// Spoil a good capture in every way: what is less must never score more
    Test {
        /// udp-echo, tcp-echo, or a file
        #[arg(value_name = "RUBRIC")]
        rubric: String,
        /// A good capture
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Tell which kinds of checks there are, and what they take
    Doc,
}

/// By what is judged.
#[derive(ClapArgs, Clone, Debug)]
pub(crate) struct RubricChoice {
    /// udp-echo, tcp-echo, or a file of your own
    #[arg(long, value_name = "RUBRIC", value_hint = ValueHint::FilePath)]
    pub(crate) rubric: String,
    /// Another value for a parameter of the rubric, such as server_port=6000
    #[arg(long, value_name = "NAME=VALUE", value_parser = RubricChoice::setting)]
    pub(crate) set: Vec<(String, String)>,
}

/// A language that students read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Tongue {
    /// Korean
    Ko,
    /// English
    En,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  sockscope check 20231234.pcapng --rubric udp-echo
  sockscope check lab.pcapng --rubric udp-echo --id 20231234 --name 홍길동 --log server.log --lang en

Exit code 1: points are lost; 3: the file cannot be graded. What waits for a person is no loss.")]
pub(crate) struct CheckArgs {
    /// Capture file; - is standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) rubric: RubricChoice,
    /// Your student number; if it is not given, the one in the file's name
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// Your name, as on the roster
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Your department, as on the roster
    #[arg(long = "dept", value_name = "DEPARTMENT")]
    pub(crate) department: Option<String>,
    /// What the server printed; may be given several times
    #[arg(long = "log", value_name = "SERVER.LOG", value_hint = ValueHint::FilePath)]
    pub(crate) logs: Vec<PathBuf>,
    /// The picture of the terminal
    #[arg(long = "screenshot", value_name = "PICTURE", value_hint = ValueHint::FilePath)]
    pub(crate) screenshots: Vec<PathBuf>,
    /// Korean or English; from the locale if not given, else Korean
    #[arg(long = "lang", value_name = "LANGUAGE")]
    pub(crate) language: Option<Tongue>,
    #[command(flatten)]
    pub(crate) form: Document,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  sockscope fields tcp.analysis
  sockscope packets lab.pcapng -Y 'tcp.flags.syn == 1 && tcp.dstport == 5001'")]
pub(crate) struct FieldsArgs {
    /// Only fields whose names begin so
    #[arg(value_name = "PREFIX")]
    pub(crate) prefix: Option<String>,
    #[command(flatten)]
    pub(crate) form: Document,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Example:
  sockscope intake submissions.zip --roster roster.csv

SUBMISSIONS is what the learning platform gave (Moodle, Canvas, Blackboard), or any folder or zip. Students are found by
their number in a file's or folder's name, then by their account on the platform, then by a full name that nobody else
has. Nothing is guessed: what may be two students' is listed. Nothing is unpacked onto the disk.")]
pub(crate) struct IntakeArgs {
    /// Folder or zip of submissions
    #[arg(value_name = "SUBMISSIONS", value_hint = ValueHint::AnyPath)]
    pub(crate) submissions: PathBuf,
    #[command(flatten)]
    pub(crate) roster: RosterArgs,
    #[command(flatten)]
    pub(crate) form: Document,
}

/// Which class.
#[derive(ClapArgs, Debug)]
pub(crate) struct RosterArgs {
    /// CSV of the class, with a heading: student_id (학번), name (이름), department (학과)
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath)]
    pub(crate) roster: PathBuf,
    /// Heading of a column of the roster, as in id=학번; fields are id, name, family_name, department, email, user,
    /// participant, sis and group
    #[arg(long, value_name = "FIELD=HEADING")]
    pub(crate) map: Vec<String>,
    /// Whose a hand-in is that could not be matched: its name in the overview, or the path of a file of it
    #[arg(long, value_name = "NAME=ID")]
    pub(crate) assign: Vec<String>,
    /// Digits of a student's number: shorter ones get back the zeros that Excel dropped
    #[arg(long, value_name = "N")]
    pub(crate) digits: Option<usize>,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  sockscope export-grades run --lms moodle --template worksheet.csv -o upload.csv
  sockscope export-grades run --lms csv --bom -o grades.csv
  sockscope export-grades run --lms gradescope -o documents

Of a template only the cells of grade and feedback change. A student whose grade is not settled (a review is pending, the
submission could not be graded or is missing) gets none and is named on standard error.")]
pub(crate) struct ExportGradesArgs {
    /// Directory of a run of grade, or its results.json
    #[arg(value_name = "RUN", value_hint = ValueHint::AnyPath)]
    pub(crate) run: PathBuf,
    /// Who is to read it
    #[arg(long, value_name = "NAME")]
    pub(crate) lms: Lms,
    /// Table that Moodle (grading worksheet), Canvas (gradebook) or Blackboard (grade centre) exported
    #[arg(long, value_name = "TABLE", value_hint = ValueHint::FilePath)]
    pub(crate) template: Option<PathBuf>,
    /// Heading of the template's column for grades, where there are several
    #[arg(long, value_name = "HEADING", requires = "template")]
    pub(crate) column: Option<String>,
    /// Language of the feedback; without, that of the locale, else Korean
    #[arg(long, value_name = "LANG")]
    pub(crate) lang: Option<Tongue>,
    /// Begin with a byte order mark, for Excel; a template keeps its own
    #[arg(long, conflicts_with = "template")]
    pub(crate) bom: bool,
    /// File to write instead of standard output; for gradescope and prairielearn the directory
    #[arg(short, long, value_name = "OUT", value_hint = ValueHint::AnyPath)]
    pub(crate) output: Option<PathBuf>,
}

/// Who reads the grades of a class.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Lms {
    /// The offline grading worksheet, filled in
    Moodle,
    /// The gradebook, filled in
    Canvas,
    /// The grade centre's table, filled in
    Blackboard,
    /// A results.json for each student
    Gradescope,
    /// A results.json for each student
    Prairielearn,
    /// A table in the columns of nbgrader
    Nbgrader,
    /// A table of everything
    Csv,
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
