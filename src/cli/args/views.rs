//! Arguments of the commands that look at captures.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum, ValueHint};
use sockscope::track::FlowId;

use super::{Choice, Document, Input, List, Time, Zone};
use crate::cli::job::{self, Moment};

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
  sockscope demux lab.pcapng --by-socket
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
    /// Count: what each socket got, a line for each socket instead of each packet
    #[arg(long, conflicts_with = "what_if")]
    pub(crate) by_socket: bool,
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
