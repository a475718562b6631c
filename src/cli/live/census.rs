//! Who holds the sockets that packets come from and go to.
//!
//! A thread of its own asks the kernel over and over, and looks through the processes for sockets that are new: that takes
//! longer than a frame may wait. Of a socket that lived shorter than [`PERIOD`] nobody can tell any more; frames come out
//! of the kernel a little late, so that those of any other one mostly find its owner known.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use sockscope::capture::Timestamp;
use sockscope::capture::kernel::{Kernel, KernelSocket, Owner, Owners, Sample, Transport};
use sockscope::track::{FiveTuple, FlowId, Protocol, Update};

use super::super::failure::Failure;

/// Between two looks.
const PERIOD: Duration = Duration::from_millis(5);

/// What a look costs, so many times of that there is no other.
const REST: u32 = 10;

/// Looks that wait to be heard of; the thread waits with more.
const HEARD: usize = 64;

/// So long after the first frame of a conversation its owners are looked for.
const PATIENCE: SignedDuration = SignedDuration::from_secs(1);

/// Conversations below which none is forgotten.
const FEW: usize = 10_000;

/// A socket's own end, and who holds it.
pub(super) type Held = (SocketAddr, Owner);

/// What is known of owners.
pub(super) struct Census {
    news: Receiver<News>,
    owners: Owners,
    addresses: Vec<IpAddr>,
    conversations: HashMap<FlowId, Told>,
    /// The thread ends when this does.
    _call: Sender<()>,
}

/// What a look brought that was not known.
struct News {
    addresses: Vec<IpAddr>,
    sockets: Vec<(KernelSocket, Owner)>,
}

/// The ends of a conversation of which no more is to be told.
struct Told {
    begin: Option<Timestamp>,
    lower: bool,
    upper: bool,
}

impl Census {
    /// Looks once, with all rights there are, and goes on looking in a thread.
    pub(super) fn open() -> Result<Self, Failure> {
        let fault = |error: io::Error| Failure::Input(format!("the kernel's sockets: {error}"));
        let mut kernel = Kernel::open().map_err(fault)?;
        let (mut learner, Sample { addresses, sockets, .. }) = (Owners::new(), kernel.sample().map_err(fault)?);
        let mut owners = Owners::new();
        learner.learn(&sockets).into_iter().for_each(|(socket, owner)| owners.hear(&socket, owner));
        let (tell, news) = mpsc::sync_channel(HEARD);
        let (call, called) = mpsc::channel();
        thread::spawn(move || look(&mut kernel, &mut learner, &tell, &called));
        Ok(Self { news, owners, addresses, conversations: HashMap::new(), _call: call })
    }

    /// The ends of a packet's conversation whose owners are known by now, and were not told before.
    pub(super) fn of(&mut self, time: Option<Timestamp>, update: &Update<'_>) -> Vec<Held> {
        let (Some(flow), Some(tuple)) = (update.flow, update.tuple) else { return Vec::new() };
        if self.conversations.get(&flow).is_some_and(|told| told.is_done(time)) {
            return Vec::new();
        }
        self.hear();
        let FiveTuple { source, destination, .. } = tuple;
        [(source, destination), (destination, source)].into_iter().filter_map(|ends| self.told(flow, time, ends)).collect()
    }

    /// Forgets conversations that nobody remembers, when they have become many.
    pub(super) fn forget(&mut self, remembered: impl FnOnce() -> HashSet<FlowId>) {
        if self.conversations.len() >= FEW && self.conversations.capacity() - self.conversations.len() < FEW / 8 {
            let remembered = remembered();
            self.conversations.retain(|flow, _| remembered.contains(flow));
        }
    }

    fn hear(&mut self) {
        for News { addresses, sockets } in self.news.try_iter() {
            self.addresses = addresses;
            sockets.into_iter().for_each(|(socket, owner)| self.owners.hear(&socket, owner));
        }
    }

    /// Who holds the end at the first of these addresses, if that is to be told now.
    fn told(&mut self, flow: FlowId, time: Option<Timestamp>, (local, peer): (SocketAddr, SocketAddr)) -> Option<Held> {
        let told = self.conversations.entry(flow).or_insert(Told { begin: time, lower: false, upper: false });
        let end = if local < peer { &mut told.lower } else { &mut told.upper };
        if *end {
            return None;
        }
        let here = local.ip().is_loopback() || self.addresses.contains(&local.ip());
        let owner = self.owners.at(transport(flow.protocol), local, peer).filter(|_| here).cloned();
        *end = !here || owner.is_some();
        Some((local, owner?))
    }
}

impl Told {
    /// Both ends were told, or nobody will tell any more.
    fn is_done(&self, time: Option<Timestamp>) -> bool {
        let long = time.zip(self.begin).is_some_and(|(time, begin)| time.since(begin) > PATIENCE);
        long || (self.lower && self.upper)
    }
}

/// Looks until nobody listens any more.
fn look(kernel: &mut Kernel, owners: &mut Owners, tell: &SyncSender<News>, called: &Receiver<()>) {
    loop {
        let begin = Instant::now();
        let Ok(Sample { addresses, sockets, .. }) = kernel.sample() else { return };
        let sockets = owners.learn(&sockets);
        if !sockets.is_empty() && tell.send(News { addresses, sockets }).is_err() {
            return;
        }
        if called.recv_timeout(PERIOD.max(begin.elapsed() * REST)) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}

const fn transport(protocol: Protocol) -> Transport {
    match protocol {
        Protocol::Tcp => Transport::Tcp,
        Protocol::Udp => Transport::Udp,
    }
}
