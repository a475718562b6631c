//! `sockscope sockets FILE`: the socket table behind the packets.

use std::io::Write;
use std::net::IpAddr;

use sockscope::present::socket_view::{self, Columns};
use sockscope::present::{csv, json};
use sockscope::track::{Limits, Socket, SocketState, Tracker};

use super::args::SocketsArgs;
use super::failure::Failure;
use super::job::{Form, Setting};
use super::run;

pub(crate) fn run(args: SocketsArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    let (trace, reading) = run::trace(Tracker::new(Limits::default()), &args.input.file, setting)?;
    let open = |socket: &&Socket| args.all || socket.state != SocketState::Closed;
    let here = |socket: &&Socket| args.host.is_none_or(|host| is_at(socket, host));
    let sockets: Vec<&Socket> = trace.sockets.sockets.iter().filter(open).filter(here).collect();
    match Form::from(args.form) {
        Form::Text => socket_view::write(&sockets, Columns::All, setting.look, out)?,
        Form::Json => json::sockets(&sockets, out)?,
        Form::Csv => csv::sockets(&sockets, out)?,
    }
    reading.verdict()
}

/// The socket is bound to this address, or was seen at it.
fn is_at(socket: &Socket, host: IpAddr) -> bool {
    let host = host.to_canonical();
    socket.local.address.is_some_and(|address| address.to_canonical() == host)
        || socket.local.seen_at.iter().any(|address| address.to_canonical() == host)
}
