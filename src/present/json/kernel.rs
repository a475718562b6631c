//! `sockets --kernel`: the kernel's own table, with the process of each socket; `live --annotate`: a line `{"owners": …}`
//! behind the packet by which they became known.

use std::io::{self, Write};
use std::net::SocketAddr;

use serde::Serialize;

use super::SCHEMA;
use super::format::{Text, document, line};
use crate::capture::Timestamp;
use crate::capture::kernel::{KernelSocket, Owner, Owners, Sample};

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    before: Text<Timestamp>,
    after: Text<Timestamp>,
    sockets: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    protocol: &'static str,
    state: &'static str,
    receive_queue: u32,
    send_queue: u32,
    local: Text<SocketAddr>,
    peer: Option<Text<SocketAddr>>,
    uid: u32,
    inode: Option<u64>,
    process: Option<Process<'a>>,
}

#[derive(Serialize)]
struct Process<'a> {
    pid: u32,
    name: &'a str,
    fd: u32,
}

/// Writes these sockets of a sample as one document.
///
/// # Errors
/// What the writer says.
pub fn write(sample: &Sample, sockets: &[&KernelSocket], owners: &Owners, out: &mut impl Write) -> io::Result<()> {
    let rows = sockets.iter().map(|socket| Row::new(socket, owners.of(socket))).collect();
    document(&Document { schema: SCHEMA, before: Text(sample.before), after: Text(sample.after), sockets: rows }, out)
}

#[derive(Serialize)]
struct OwnersLine<'a> {
    owners: Known<'a>,
}

#[derive(Serialize)]
struct Known<'a> {
    frame: u64,
    ends: Vec<End<'a>>,
}

#[derive(Serialize)]
struct End<'a> {
    endpoint: Text<SocketAddr>,
    process: Process<'a>,
}

/// Writes who holds the ends of the conversation of a frame as a line of JSON Lines.
///
/// # Errors
/// What the writer says.
pub fn write_owners(frame: u64, held: &[(SocketAddr, Owner)], out: &mut impl Write) -> io::Result<()> {
    let ends = held.iter().map(|(end, owner)| End { endpoint: Text(*end), process: owner.into() }).collect();
    line(&OwnersLine { owners: Known { frame, ends } }, out)
}

impl<'a> From<&'a Owner> for Process<'a> {
    fn from(Owner { pid, fd, name }: &'a Owner) -> Self {
        Self { pid: *pid, name, fd: *fd }
    }
}

impl<'a> Row<'a> {
    fn new(socket: &KernelSocket, owner: Option<&'a Owner>) -> Self {
        Self {
            protocol: socket.transport.word(),
            state: socket.state.word(socket.transport),
            receive_queue: socket.receive_queue,
            send_queue: socket.send_queue,
            local: Text(socket.local),
            peer: Some(Text(socket.remote)).filter(|_| socket.peer().is_some()),
            uid: socket.uid,
            inode: Some(socket.inode).filter(|inode| *inode != 0),
            process: owner.map(Process::from),
        }
    }
}
