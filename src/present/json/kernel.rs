//! `sockets --kernel`: the kernel's own table, with the process of each socket.

use std::io::{self, Write};
use std::net::SocketAddr;

use serde::Serialize;

use super::SCHEMA;
use super::format::{Text, document};
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
            process: owner.map(|Owner { pid, fd, name }| Process { pid: *pid, name, fd: *fd }),
        }
    }
}
