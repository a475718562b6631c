//! Which process holds a socket: `/proc/PID/fd` has a link for each, `socket:[INODE]`.
//!
//! Looking through all processes costs more than asking for all sockets, so it is done only when a socket shows that is
//! not known yet, and ends when that is found; who held sockets before is looked at first. What was found stays known
//! when the process is gone, and by its addresses when the socket is gone: a capture may bring its last packets later.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::ffi::OsStr;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use super::{KernelSocket, Transport};

/// A process that holds a socket. Of several, that with the lowest number, unless another was known before.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Owner {
    /// The process.
    pub pid: u32,
    /// The number of the socket among its files.
    pub fd: u32,
    /// What the process calls itself: at most 15 octets, which it may choose freely.
    pub name: String,
}

/// Who holds, or held, which socket.
#[derive(Debug, Default)]
pub struct Owners {
    by_inode: HashMap<u64, Owner>,
    /// The inode of every socket that was seen, by its ends; those without a peer have none.
    by_ends: HashMap<Ends, u64>,
    /// The inodes in the order in which they were learnt, for the oldest to be forgotten.
    learnt: VecDeque<(Ends, u64)>,
    /// Sockets of processes that we may not look into, and how often they were looked for.
    unfound: HashMap<u64, u8>,
    /// Processes that held sockets before.
    busy: BTreeSet<u32>,
}

type Ends = (Transport, SocketAddr, Option<SocketAddr>);

impl Owners {
    /// Sockets remembered: the oldest is forgotten first.
    pub const MAX_SOCKETS: usize = 65_536;
    /// How often a socket is looked for: the file may be there a moment after the socket.
    const TRIES: u8 = 2;

    /// Nobody is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Learns who holds the sockets of a sample, and says of which of them that is new. Processes are looked through only
    /// for those that are not known yet.
    pub fn learn(&mut self, sockets: &[KernelSocket]) -> Vec<(KernelSocket, Owner)> {
        let held = sockets.iter().filter(|socket| socket.inode != 0);
        let mut wanted: HashSet<u64> = HashSet::new();
        let mut new: Vec<KernelSocket> = Vec::new();
        for socket in held {
            if self.note(socket) || !self.by_inode.contains_key(&socket.inode) {
                new.push(*socket);
            }
            if !self.by_inode.contains_key(&socket.inode)
                && self.unfound.get(&socket.inode).is_none_or(|tries| *tries < Self::TRIES)
            {
                wanted.insert(socket.inode);
            }
        }
        if !wanted.is_empty() {
            self.search(&mut wanted);
        }
        if self.unfound.len() > Self::MAX_SOCKETS {
            self.unfound.clear();
        }
        for inode in wanted {
            let tries = self.unfound.entry(inode).or_default();
            *tries = tries.saturating_add(1);
        }
        new.into_iter().filter_map(|socket| Some((socket, self.of(&socket)?.clone()))).collect()
    }

    /// Takes over what another one has learnt.
    pub fn hear(&mut self, socket: &KernelSocket, owner: Owner) {
        self.note(socket);
        self.by_inode.insert(socket.inode, owner);
    }

    /// Who holds, or held, this socket; `None` if nobody does, or nobody that we may look into.
    pub fn of(&self, socket: &KernelSocket) -> Option<&Owner> {
        self.by_inode.get(&socket.inode)
    }

    /// Who holds, or held, the socket that gets what `peer` sends to `local`: the one with this peer; else the one bound
    /// to that address, as a UDP socket or a listener is; else the one bound to all addresses.
    pub fn at(&self, transport: Transport, local: SocketAddr, peer: SocketAddr) -> Option<&Owner> {
        let all = |ip: std::net::IpAddr| SocketAddr::new(ip, local.port());
        let any = [all(std::net::Ipv4Addr::UNSPECIFIED.into()), all(std::net::Ipv6Addr::UNSPECIFIED.into())];
        let any = any.into_iter().filter(|any| any.is_ipv6() || local.is_ipv4()).map(|any| (transport, any, None));
        let mut ends = [(transport, local, Some(peer)), (transport, local, None)].into_iter().chain(any);
        ends.find_map(|ends| self.by_inode.get(self.by_ends.get(&ends)?))
    }

    /// Notes the ends of a socket; true if they are new, or another socket's now.
    fn note(&mut self, socket: &KernelSocket) -> bool {
        let ends = (socket.transport, socket.local(), socket.peer());
        if self.by_ends.insert(ends, socket.inode) == Some(socket.inode) {
            return false;
        }
        self.learnt.push_back((ends, socket.inode));
        if self.learnt.len() > Self::MAX_SOCKETS
            && let Some((ends, inode)) = self.learnt.pop_front()
        {
            self.by_inode.remove(&inode);
            if self.by_ends.get(&ends) == Some(&inode) {
                self.by_ends.remove(&ends);
            }
        }
        true
    }

    /// Looks for these inodes, and takes out those that were found.
    fn search(&mut self, wanted: &mut HashSet<u64>) {
        for pid in self.busy.clone() {
            if !self.look_into(pid, wanted) {
                self.busy.remove(&pid);
            }
            if wanted.is_empty() {
                return;
            }
        }
        for pid in processes().difference(&self.busy.clone()) {
            self.look_into(*pid, wanted);
            if wanted.is_empty() {
                return;
            }
        }
    }

    /// Looks through the files of a process; false if it is gone.
    fn look_into(&mut self, pid: u32, wanted: &mut HashSet<u64>) -> bool {
        let folder = Path::new("/proc").join(pid.to_string());
        let Ok(files) = fs::read_dir(folder.join("fd")) else { return false };
        let mut name = None;
        for file in files.flatten() {
            let Some(inode) = fs::read_link(file.path()).ok().and_then(|link| inode(link.as_os_str())) else { continue };
            if !wanted.remove(&inode) {
                continue;
            }
            let name = name.get_or_insert_with(|| name_of(&folder)).clone();
            let fd = file.file_name().to_str().and_then(|fd| fd.parse().ok()).unwrap_or_default();
            self.by_inode.insert(inode, Owner { pid, fd, name });
            self.unfound.remove(&inode);
            self.busy.insert(pid);
            if wanted.is_empty() {
                break;
            }
        }
        true
    }
}

/// All processes that `/proc` shows.
fn processes() -> BTreeSet<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

fn name_of(folder: &Path) -> String {
    let name = fs::read(folder.join("comm")).unwrap_or_default();
    String::from_utf8_lossy(name.strip_suffix(b"\n").unwrap_or(&name)).into_owned()
}

/// `socket:[4711]`.
fn inode(link: &OsStr) -> Option<u64> {
    link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}
