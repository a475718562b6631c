//! `sockscope sockets FILE`: the socket table behind the packets, at the end or at any moment; and `sockets --kernel`: the
//! one that this machine's kernel has.

use std::io::{self, Write};
use std::net::IpAddr;

use sockscope::capture::kernel::{Kernel, KernelSocket, KernelState, Owners, Transport};
use sockscope::judge::query::Row;
use sockscope::present::socket_view::{self, Columns};
use sockscope::present::{csv, json, socket_formats};
use sockscope::track::{Change, Limits, Socket, SocketState, Tracker};

use super::args::{SocketsArgs, TableFormat};
use super::failure::Failure;
use super::job::{self, Form, Moment, Setting};
use super::row_filter::RowFilter;
use super::run;

pub(crate) fn run(mut args: SocketsArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    if args.kernel {
        return kernel(&args, out);
    }
    if let Some((from, to)) = args.diff {
        return diff(&args, (from, to), setting, out);
    }
    let rows = RowFilter::take(&mut args.input, &["sock"])?;
    let (trace, reading) = match args.at {
        Some(moment) => run::trace_until(moment, &args.input, setting)?,
        None => run::trace(Tracker::new(Limits::default()), &args.input, setting)?,
    };
    let open = |socket: &&Socket| args.all || socket.state != SocketState::Closed;
    let here = |socket: &&Socket| args.host.is_none_or(|host| is_at(socket, host));
    let sockets: Vec<&Socket> =
        trace.sockets.sockets.iter().filter(open).filter(here).filter(|socket| rows.keeps(&Row::socket(socket))).collect();
    match (args.format, Form::from(args.form)) {
        (Some(TableFormat::Ss), _) => socket_formats::ss(&sockets, out)?,
        (Some(TableFormat::Netstat), _) => socket_formats::netstat(&sockets, out)?,
        (Some(TableFormat::Json), _) | (None, Form::Json) => json::sockets(&sockets, out)?,
        (None, Form::Text) => {
            socket_view::write(&sockets, Columns::All, setting.look, out)?;
            // What shares a port is a sentence on all hosts.
            let ports = if args.host.is_none() { trace.sockets.ports() } else { Vec::new() };
            socket_view::write_ports(&ports, setting.look, usize::MAX, out)?;
        }
        (None, Form::Csv) => csv::sockets(&sockets, out)?,
    }
    reading.verdict()
}

/// What the kernel says itself. Sockets that do nothing yet are closed ones, as they are to `ss`.
fn kernel(args: &SocketsArgs, out: &mut impl Write) -> Result<(), Failure> {
    if !job::is_stdin(&args.input.file) {
        return Err(Failure::Usage("--kernel shows this machine's sockets and reads no capture".to_owned()));
    }
    let fault = |error: io::Error| Failure::Input(format!("the kernel's sockets: {error}"));
    let sample = Kernel::open().and_then(|mut kernel| kernel.sample()).map_err(fault)?;
    let mut owners = Owners::new();
    owners.learn(&sample.sockets);
    let open = |socket: &&KernelSocket| socket.transport == Transport::Udp || socket.state != KernelState::Closed || args.all;
    let here = |socket: &&KernelSocket| args.host.is_none_or(|host| socket.local().ip() == host.to_canonical());
    let mut sockets: Vec<&KernelSocket> = sample.sockets.iter().filter(open).filter(here).collect();
    sockets.sort_by_key(|socket| (socket.transport, socket.local.port(), socket.state != KernelState::Listen));
    match args.form.json {
        true => json::kernel(&sample, &sockets, &owners, out)?,
        false => socket_formats::kernel(&sockets, &owners, out)?,
    }
    Ok(())
}

/// What changed between two moments.
fn diff(args: &SocketsArgs, (from, to): (Moment, Moment), setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    if job::is_stdin(&args.input.file) {
        return Err(Failure::Usage("--diff reads the capture twice, which standard input cannot be: name a file".into()));
    }
    let (before, _) = run::trace_until(from, &args.input, setting)?;
    let (after, reading) = run::trace_until(to, &args.input, setting)?;
    let is_here = |change: &Change<'_>| match change {
        Change::Born(socket) | Change::Died(socket) | Change::Moved(_, socket) => {
            args.host.is_none_or(|host| is_at(socket, host))
        }
    };
    let changes: Vec<Change<'_>> = before.sockets.changes(&after.sockets).into_iter().filter(is_here).collect();
    socket_view::write_changes(&changes, setting.look, out)?;
    reading.verdict()
}

/// The socket is bound to this address, or was seen at it.
fn is_at(socket: &Socket, host: IpAddr) -> bool {
    let host = host.to_canonical();
    socket.local.address.is_some_and(|address| address.to_canonical() == host)
        || socket.local.seen_at.iter().any(|address| address.to_canonical() == host)
}
