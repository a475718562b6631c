//! Capture files as the systems of a class write them, block by block.
//!
//! They are made here and not by the program's own writer: what reads them must not have made them.

use crate::talk::{Packet, Talk};

/// Where a capture was made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Host {
    /// `lo`, by dumpcap: Ethernet without addresses.
    Linux,
    /// Npcap's loopback: a family in four octets.
    Windows,
    /// `lo0`: the same, IPv6 as 30.
    MacOs,
    /// `any`, by dumpcap: cooked headers.
    Any,
    /// `any`, by tcpdump: newer cooked headers.
    Any2,
    /// A wireless interface of Windows.
    WiFi,
}

/// A capture file to be.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) host: Host,
    pub(crate) packets: Vec<Packet>,
    pub(crate) interfaces: u32,
    /// When it began, in seconds since 1970.
    pub(crate) began: i64,
    pub(crate) snap: usize,
    /// What the statistics count as lost; `None` without statistics.
    pub(crate) dropped: Option<u64>,
    pub(crate) filter: Option<&'static str>,
    /// Frames carry their times.
    pub(crate) timed: bool,
    /// The section says what made it.
    pub(crate) signed: bool,
}

impl File {
    pub(crate) fn new(host: Host, talk: Talk) -> Self {
        let interfaces = talk.packets.iter().map(|packet| packet.interface + 1).max().unwrap_or(1);
        let began = 1_794_800_000; // November 2026.
        Self {
            host,
            packets: talk.packets,
            interfaces,
            began,
            snap: 262_144,
            dropped: Some(0),
            filter: None,
            timed: true,
            signed: true,
        }
    }

    /// Sections, interfaces, packets, statistics (draft-ietf-opsawg-pcapng).
    pub(crate) fn pcapng(&self) -> Vec<u8> {
        let mut section = vec![0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0];
        section.extend([0xff; 8]);
        let (hardware, os, application) = self.host.signature();
        let words = [(2, hardware), (3, os), (4, application)];
        section.extend(options(words.iter().filter(|_| self.signed).map(|(code, text)| (*code, text.as_bytes().to_vec()))));
        let mut file = block(0x0a0d_0d0a, &section);
        (0..self.interfaces).for_each(|number| file.extend(block(1, &self.interface(number))));
        self.packets.iter().for_each(|packet| file.extend(self.packet(packet)));
        if let Some(dropped) = self.dropped {
            (0..self.interfaces).for_each(|number| file.extend(block(5, &self.statistics(number, dropped))));
        }
        file
    }

    /// The old format: microseconds, one interface.
    pub(crate) fn pcap(&self) -> Vec<u8> {
        let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        file.extend((self.snap as u32).to_le_bytes());
        file.extend(u32::from(self.host.link_type()).to_le_bytes());
        for packet in &self.packets {
            let frame = self.host.frame(packet);
            let kept = &frame[..frame.len().min(self.snap)];
            let (seconds, micros) = (self.began + packet.at.div_euclid(1_000_000), packet.at.rem_euclid(1_000_000));
            for number in [seconds as u32, micros as u32, kept.len() as u32, frame.len() as u32] {
                file.extend(number.to_le_bytes());
            }
            file.extend(kept);
        }
        file
    }

    fn interface(&self, number: u32) -> Vec<u8> {
        let mut body = self.host.link_type().to_le_bytes().to_vec();
        body.extend([0, 0]);
        body.extend((self.snap as u32).to_le_bytes());
        let (name, description) = self.host.interface();
        let name = if number == 0 { name.to_owned() } else { format!("{name}{number}") };
        let mut said = vec![(2, name.into_bytes())];
        said.extend(description.map(|text| (3, text.as_bytes().to_vec())));
        said.push((9, vec![9]));
        said.extend(self.filter.map(|filter| (11, [b"\0", filter.as_bytes()].concat())));
        said.push((12, self.host.signature().1.as_bytes().to_vec()));
        body.extend(options(if self.signed { said } else { vec![(9, vec![9])] }));
        body
    }

    fn packet(&self, packet: &Packet) -> Vec<u8> {
        let frame = self.host.frame(packet);
        let kept = &frame[..frame.len().min(self.snap)];
        if !self.timed {
            return block(3, &[&(frame.len() as u32).to_le_bytes()[..], &padded(kept)].concat());
        }
        let mut body = packet.interface.to_le_bytes().to_vec();
        body.extend(self.ticks(packet.at));
        body.extend((kept.len() as u32).to_le_bytes());
        body.extend((frame.len() as u32).to_le_bytes());
        body.extend(padded(kept));
        block(6, &body)
    }

    fn statistics(&self, number: u32, dropped: u64) -> Vec<u8> {
        let last = self.packets.last().map_or(0, |packet| packet.at);
        let received = self.packets.iter().filter(|packet| packet.interface == number).count() as u64;
        let mut body = number.to_le_bytes().to_vec();
        body.extend(self.ticks(last + 900_000));
        let counts = [(4, received), (5, dropped)].map(|(code, count)| (code, count.to_le_bytes().to_vec()));
        let times = [(2, self.ticks(-500_000)), (3, self.ticks(last + 900_000))];
        body.extend(options([(1, b"Counters provided by dumpcap".to_vec())].into_iter().chain(times).chain(counts)));
        body
    }

    /// Nanoseconds since 1970, the high half first.
    fn ticks(&self, at: i64) -> Vec<u8> {
        let ticks = ((self.began * 1_000_000 + at) * 1_000 + at * 7 % 1_000) as u64;
        [((ticks >> 32) as u32).to_le_bytes(), (ticks as u32).to_le_bytes()].concat()
    }
}

impl Host {
    fn signature(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Linux | Self::Any | Self::Any2 => {
                ("Intel(R) Core(TM) i5-1340P", "Linux 6.8.0-45-generic", "Dumpcap (Wireshark) 4.2.2")
            }
            Self::Windows | Self::WiFi => {
                ("AMD Ryzen 5 7530U", "64-bit Windows 11 (23H2), build 22631", "Dumpcap (Wireshark) 4.4.9")
            }
            Self::MacOs => ("Apple M2", "macOS 14.5, build 23F79 (Darwin 23.5.0)", "Dumpcap (Wireshark) 4.2.5"),
        }
    }

    fn interface(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Linux => ("lo", None),
            Self::Windows => (r"\Device\NPF_Loopback", Some("Adapter for loopback traffic capture")),
            Self::MacOs => ("lo0", Some("Loopback")),
            Self::Any | Self::Any2 => ("any", None),
            Self::WiFi => (r"\Device\NPF_{0A1B2C3D-0000-4000-8000-0123456789AB}", Some("Wi-Fi")),
        }
    }

    fn link_type(self) -> u16 {
        match self {
            Self::Linux | Self::WiFi => 1,
            Self::Windows | Self::MacOs => 0,
            Self::Any => 113,
            Self::Any2 => 276,
        }
    }

    fn frame(self, packet: &Packet) -> Vec<u8> {
        let octets = packet.octets.as_slice();
        let travel = if packet.leaving { 4 } else { 0 };
        let v6 = octets[0] >> 4 == 6;
        let ether_type: [u8; 2] = if v6 { [0x86, 0xdd] } else { [8, 0] };
        let link = match self {
            Self::Linux => [&[0; 12][..], &ether_type].concat(),
            Self::WiFi => [&[0x3c, 0x52, 0x82, 0x11, 0x22, 0x33, 0x90, 0x09, 0xd0, 0x44, 0x55, 0x66][..], &ether_type].concat(),
            Self::Windows => vec![if v6 { 24 } else { 2 }, 0, 0, 0],
            Self::MacOs => vec![if v6 { 30 } else { 2 }, 0, 0, 0],
            Self::Any => [&[0, travel, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0][..], &ether_type].concat(),
            Self::Any2 => [&ether_type[..], &[0, 0, 0, 0, 0, 1, 3, 4, travel, 6, 0, 0, 0, 0, 0, 0, 0, 0]].concat(),
        };
        [&link[..], octets].concat()
    }
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32 + 12).to_le_bytes();
    [&kind.to_le_bytes()[..], &length, body, &length].concat()
}

fn options(list: impl IntoIterator<Item = (u16, Vec<u8>)>) -> Vec<u8> {
    let mut octets = Vec::new();
    for (code, value) in list {
        octets.extend(code.to_le_bytes());
        octets.extend((value.len() as u16).to_le_bytes());
        octets.extend(padded(&value));
    }
    if !octets.is_empty() {
        octets.extend([0; 4]);
    }
    octets
}

fn padded(octets: &[u8]) -> Vec<u8> {
    let mut octets = octets.to_vec();
    octets.resize(octets.len().next_multiple_of(4), 0);
    octets
}
