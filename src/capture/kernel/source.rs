//! Asks Linux, and notes when.

use std::fs;
use std::io;
use std::time::SystemTime;

use super::diag::Diag;
use super::proc_net::sockets;
use super::{KernelSocket, Sample, Transport, host};
use crate::capture::Timestamp;

/// The kernel of this machine, as this network namespace sees it.
#[derive(Debug)]
pub struct Kernel {
    /// `None` where there is no `sock_diag`: `/proc/net` is read instead.
    diag: Option<Diag>,
}

impl Kernel {
    /// Finds the way to ask by asking once.
    ///
    /// # Errors
    /// Neither `sock_diag` nor `/proc/net` answers.
    pub fn open() -> io::Result<Self> {
        let diag = Diag::open().and_then(|mut diag| diag.read(&mut Vec::new()).map(|()| diag)).ok();
        let mut kernel = Self { diag };
        kernel.sample().map(|_| kernel)
    }

    /// The same by `/proc/net` alone.
    pub const fn of_proc_net() -> Self {
        Self { diag: None }
    }

    /// All TCP and UDP sockets as of now.
    ///
    /// # Errors
    /// What the system says.
    pub fn sample(&mut self) -> io::Result<Sample> {
        let mut sockets = Vec::new();
        let before = now();
        match &mut self.diag {
            Some(diag) => diag.read(&mut sockets)?,
            None => read_proc_net(&mut sockets)?,
        }
        Ok(Sample { before, after: now(), addresses: host::addresses(), sockets })
    }
}

/// The lists of `/proc/net`; a kernel without IPv6 lacks two of them.
fn read_proc_net(found: &mut Vec<KernelSocket>) -> io::Result<()> {
    for transport in [Transport::Tcp, Transport::Udp] {
        found.extend(sockets(&fs::read_to_string(format!("/proc/net/{}", transport.word()))?, transport));
        let six = fs::read_to_string(format!("/proc/net/{}6", transport.word())).unwrap_or_default();
        found.extend(sockets(&six, transport));
    }
    Ok(())
}

/// The clock that also stamps frames.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::new(i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos())
}
