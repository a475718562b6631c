//! The arguments of commands that capture: `live` and `demo`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum, ValueHint};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use sockscope::capture::Tap;
use sockscope::present::time::TimeFormat;

use super::super::job;
use super::super::live::Ring;
use super::{Time, Tongue, Zone};

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  sockscope live
  sockscope live eth0 -f 'tcp port 80' -w web.pcapng
  sockscope live --port 5000 --duration 10s --json
  sockscope live -q -w lab.pcapng --ring 10MBx3
  sockscope live -q --verify -w proof.pcapng
  sockscope live --port 5000 --annotate -w lab.pcapng
  sockscope live --plain
  sockscope live --list

On a terminal, the view fills it: sockets with their children and peers, states as they move; ? tells its keys. Into a
file or a pipe, and with --plain, --quiet or --json, frames are printed as they come.

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
    /// Ask the kernel for its own sockets meanwhile, and tell each on which packets say otherwise, with the moment and the
    /// reason; -w keeps what it said for sockscope verify. PERIOD is how often, 100ms if not given
    #[arg(long, value_name = "PERIOD", value_parser = job::duration, num_args = 0..=1, require_equals = true, default_missing_value = "100ms")]
    pub(crate) verify: Option<SignedDuration>,
    /// Say which process holds each socket, as far as the kernel lets: in the file as a comment of the packet by which that
    /// is known, mostly the first one of its conversation, and beside the packet where packets are shown
    #[arg(long)]
    pub(crate) annotate: bool,
    /// Print no frames, only the sockets at the end
    #[arg(short, long, conflicts_with = "json")]
    pub(crate) quiet: bool,
    /// Print JSON Lines
    #[arg(long)]
    pub(crate) json: bool,
    /// On a terminal too, print lines instead of filling it with the view
    #[cfg(feature = "tui")]
    #[arg(long, conflicts_with = "json")]
    pub(crate) plain: bool,
    #[command(flatten)]
    pub(crate) time: Time,
}

impl LiveArgs {
    /// What of the loopback a capture filter lets pass, in lines, and perhaps in a file.
    pub(crate) fn of_loopback(capture_filter: String, output: Option<PathBuf>) -> Self {
        let zone = Zone { zone: TimeZone::system() };
        Self {
            interface: "lo".to_owned(),
            list: false,
            filter: None,
            capture_filter: Some(capture_filter),
            port: None,
            duration: None,
            frames: None,
            snap_length: None,
            buffer: None,
            output,
            ring: None,
            verify: None,
            annotate: false,
            quiet: false,
            json: false,
            #[cfg(feature = "tui")]
            plain: true,
            time: Time { format: TimeFormat::Relative, zone },
        }
    }
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  sockscope demo udp-echo
  sockscope demo one-port --pace 3s
  sockscope demo tcp-echo --pace 3s --view
  sockscope demo half-close -w half-close.pcapng --lang en

It needs the right to capture, as sockscope live does; without it, the complaint says how to give it.")]
pub(crate) struct DemoArgs {
    /// What is played
    #[arg(value_name = "NAME")]
    pub(crate) play: Play,
    /// Port of the server; without, 5000 for UDP and 5001 for TCP, or a free one where that is taken
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: Option<u16>,
    /// Between two steps
    #[arg(long, value_name = "TIME", value_parser = job::duration, default_value = "600ms")]
    pub(crate) pace: SignedDuration,
    /// Keep the capture in this pcapng file
    #[arg(short = 'w', long = "write", value_name = "OUT", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// Fill the terminal with the view of sockscope live, and tell the steps when that is left
    #[cfg(feature = "tui")]
    #[arg(long)]
    pub(crate) view: bool,
    /// Language of the steps; without, that of the locale, or Korean
    #[arg(long, value_name = "LANG")]
    pub(crate) lang: Option<Tongue>,
}

/// What a demonstration shows.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Play {
    /// One UDP socket answers two clients: the lab of the course
    UdpEcho,
    /// A listener, and a connected socket for each of two clients
    TcpEcho,
    /// UDP and TCP on the same port number, and four sockets of one server
    OnePort,
    /// One end says that it is done, and still reads what the other has to say
    HalfClose,
    /// Closing with octets unread: the connection is reset
    Reset,
    /// A port that no socket is bound to: RST and ICMP
    Nobody,
}
