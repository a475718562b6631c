//! Which frames a display filter on ports or streams would show.
//!
//! A header that an ICMP error quotes counts too, as in Wireshark: `udp.port == 5000` also shows who refused.

use crate::decode::IpProtocol;
use crate::track::{Protocol, Update};

/// Frames with their ports and streams, in file order.
#[derive(Debug)]
pub struct Traffic {
    port: u16,
    passages: Vec<Passage>,
    aside: usize,
}

/// A transport header, of a packet or quoted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Passage {
    /// Its frame.
    pub frame: u64,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Wireshark's stream number.
    pub stream: Option<u32>,
    /// Source and destination port.
    pub ports: (u16, u16),
}

/// Passages remembered of the port that matters.
const MAX_OF_PORT: usize = 1_000_000;

/// Passages remembered of all other ports.
const MAX_ASIDE: usize = 100_000;

impl Traffic {
    /// Nothing yet; what uses this port matters most.
    pub fn about(port: u16) -> Self {
        Self { port, passages: Vec::new(), aside: 0 }
    }

    /// Enters a packet's headers.
    pub fn see(&mut self, frame: u64, update: &Update<'_>) {
        if let Some(tuple) = update.tuple {
            let (protocol, stream) = (tuple.protocol, update.flow.map(|flow| flow.number));
            self.enter(Passage { frame, protocol, stream, ports: (tuple.source.port(), tuple.destination.port()) });
        }
        if let Some(about) = update.about
            && let (Some(ports), Some(protocol)) = (about.ports, transport(about.protocol))
        {
            self.enter(Passage { frame, protocol, stream: about.flow.map(|flow| flow.number), ports });
        }
    }

    fn enter(&mut self, passage: Passage) {
        let matters = passage.uses(self.port);
        let room = if matters { MAX_OF_PORT } else { MAX_ASIDE };
        let held = if matters { self.passages.len().saturating_sub(self.aside) } else { self.aside };
        if held < room {
            self.aside = self.aside.saturating_add(usize::from(!matters));
            self.passages.push(passage);
        }
    }

    /// The frames of the passages that are meant, each once.
    pub fn frames(&self, meant: impl Fn(&Passage) -> bool) -> Vec<u64> {
        let mut frames: Vec<u64> = self.passages.iter().filter(|passage| meant(passage)).map(|passage| passage.frame).collect();
        frames.dedup();
        frames
    }
}

impl Passage {
    /// It comes from this port, or goes there.
    pub fn uses(&self, port: u16) -> bool {
        self.ports.0 == port || self.ports.1 == port
    }
}

fn transport(protocol: IpProtocol) -> Option<Protocol> {
    match protocol {
        IpProtocol::TCP => Some(Protocol::Tcp),
        IpProtocol::UDP | IpProtocol::UDP_LITE => Some(Protocol::Udp),
        _ => None,
    }
}
