//! Captures of the UDP lab as different systems make them, written by the project's own writer.

use std::io::Write;

use crate::capture::{
    ByteOrder, Description, Format, Frame, Interface, InterfaceId, LinkType, Resolution, Section, Statistics, Timestamp, Writer,
};
use crate::judge::record::{Plan, Record};
use crate::judge::record::{Prints, Sight};

/// A datagram to the server.
pub(super) fn sight(frame: u64, micros: i64, port: u16, id: u16) -> Sight {
    Sight {
        frame,
        micros: Some(micros),
        headers: 0,
        payload: 0,
        port,
        to_server: true,
        id: Some(id),
        sequence: None,
        of_lab: true,
    }
}

/// Numbers that look random and are the same in every run (SplitMix64).
#[derive(Clone, Debug)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    /// A number below `sides`.
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}

/// Whose loopback it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum System {
    Linux,
    Windows,
    MacOs,
}

/// What a checksum field holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Sum {
    Partial,
    Complete,
    Wrong,
}

/// One datagram of a capture.
#[derive(Clone, Debug)]
pub(super) struct Datagram {
    pub(super) nanos: i64,
    pub(super) ports: (u16, u16),
    pub(super) id: u16,
    pub(super) text: String,
    pub(super) sum: Sum,
}

/// A capture to be written.
#[derive(Clone, Debug)]
pub(super) struct Lab {
    pub(super) system: System,
    pub(super) link: LinkType,
    pub(super) resolution: u8,
    pub(super) program: Option<String>,
    pub(super) named: bool,
    pub(super) statistics: bool,
    pub(super) spare_interface: bool,
    pub(super) datagrams: Vec<Datagram>,
}

/// 2026-11-16T00:00:00Z, within the lab's time.
pub(super) const MONDAY: i64 = 1_794_787_200;

impl Lab {
    /// The lab as an ordinary student does it: two clients, each of which says each of its texts and hears it again.
    pub(super) fn honest(dice: &mut Dice, texts: [&[&str]; 2]) -> Self {
        let system = [System::Linux, System::Windows, System::MacOs][dice.roll(3) as usize];
        let mut id = dice.roll(65_536) as u16;
        let mut nanos = (MONDAY * 1_000_000_000) + dice.roll(5 * 86_400 * 1_000_000_000) as i64;
        let mut datagrams = Vec::new();
        for texts in texts {
            let port = 49_152 + dice.roll(16_384) as u16;
            for text in texts {
                for ports in [(port, 5000), (5000, port)] {
                    let id = match system {
                        System::MacOs => 0,
                        _ => id,
                    };
                    let sum = if system == System::Linux { Sum::Partial } else { Sum::Complete };
                    datagrams.push(Datagram { nanos, ports, id, text: (*text).to_owned(), sum });
                    nanos += 40_000 + dice.roll(400_000) as i64;
                }
                id = id.wrapping_add(2);
                nanos += dice.roll(3_000_000_000) as i64;
            }
            nanos += 2_000_000_000 + dice.roll(20_000_000_000) as i64;
        }
        // Counters count on, also between the two of an exchange.
        let mut last = 0;
        for datagram in &mut datagrams {
            datagram.id = if datagram.id != 0 && datagram.id == last { last.wrapping_add(1) } else { datagram.id };
            last = datagram.id;
        }
        let (link, resolution) = match system {
            System::Linux => (LinkType::ETHERNET, 9),
            _ => (LinkType::NULL, 6),
        };
        let program = format!("Dumpcap (Wireshark) 4.{}.{}", dice.roll(2) * 2, dice.roll(8));
        Self {
            system,
            link,
            resolution,
            program: Some(program),
            named: true,
            statistics: true,
            spare_interface: false,
            datagrams,
        }
    }

    /// What the file says without any program.
    pub(super) fn anonymous(mut self) -> Self {
        (self.program, self.named, self.statistics) = (None, false, false);
        self
    }

    /// Every time so much later, in nanoseconds.
    pub(super) fn later(mut self, nanos: i64) -> Self {
        self.datagrams.iter_mut().for_each(|datagram| datagram.nanos += nanos);
        self
    }

    /// Every text another, of another length.
    pub(super) fn saying(mut self, text: &str) -> Self {
        self.datagrams.iter_mut().for_each(|datagram| datagram.text = text.to_owned());
        self
    }

    /// Only the datagrams at these places.
    pub(super) fn only(mut self, places: &[usize]) -> Self {
        self.datagrams = places.iter().map(|place| self.datagrams[*place].clone()).collect();
        self
    }

    pub(super) fn octets(&self) -> Vec<u8> {
        let description = self.description();
        let mut writer = Writer::new(Vec::new(), &description);
        for (number, datagram) in (1..).zip(&self.datagrams) {
            let octets = self.frame(datagram);
            let unit = 10_i64.pow(9 - u32::from(self.resolution));
            writer.frame(&frame(number, datagram.nanos, unit, (self.link, &octets), u32::from(self.spare_interface))).unwrap();
        }
        writer.finish().unwrap()
    }

    pub(super) fn record(&self) -> Record {
        record(self.octets())
    }

    pub(super) fn prints(&self) -> Prints {
        self.record().prints
    }

    fn description(&self) -> Description {
        let mut description = Description::new(Format::Pcapng);
        let (os, name, hardware) = match self.system {
            System::Linux => ("Linux 6.8.0", "lo", "Intel(R) Core(TM) i5"),
            System::Windows => {
                ("64-bit Windows 11 (23H2), build 22631", r"\Device\NPF_Loopback", "13th Gen Intel(R) Core(TM) i7")
            }
            System::MacOs => ("macOS 15.1", "lo0", "Apple M2"),
        };
        let mut section = Section::new(ByteOrder::Little);
        if let Some(program) = &self.program {
            (section.hardware, section.os) = (Some(hardware.to_owned()), Some(os.to_owned()));
            section.application = Some(program.clone());
        }
        description.sections.push(section);
        for id in 0..=u32::from(self.spare_interface) {
            let mut interface = Interface::new(InterfaceId(id), 0, self.link);
            interface.resolution = Resolution::Decimal(self.resolution);
            interface.snap_length = Some(262_144);
            interface.name = self.named.then(|| name.to_owned());
            interface.statistics = self.statistics.then(|| self.statistics());
            description.interfaces.push(interface);
        }
        description
    }

    fn statistics(&self) -> Statistics {
        let time = |datagram: Option<&Datagram>, more: i64| datagram.map(|datagram| timestamp(datagram.nanos + more));
        Statistics {
            start: time(self.datagrams.first(), -2_000_000_000),
            end: time(self.datagrams.last(), 3_000_000_000),
            received: Some(self.datagrams.len() as u64),
            dropped: Some(0),
            ..Statistics::default()
        }
    }

    fn frame(&self, datagram: &Datagram) -> Vec<u8> {
        let link: &[u8] = match self.link {
            LinkType::NULL => &[2, 0, 0, 0],
            LinkType::RAW => &[],
            _ => &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0],
        };
        [link, &ipv4(datagram)].concat()
    }
}

/// Reads a file as `grade` does.
pub(super) fn record(octets: Vec<u8>) -> Record {
    Record::read("x.pcapng", octets, &Plan { port: 5000, ..Plan::default() }).unwrap()
}

/// The same file, written by hand as pcap with microseconds.
pub(super) fn as_pcap(lab: &Lab) -> Vec<u8> {
    let mut file = Vec::new();
    let header = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, u32::from(lab.link.0)];
    header.iter().for_each(|number| file.write_all(&number.to_le_bytes()).unwrap());
    for datagram in &lab.datagrams {
        let octets = lab.frame(datagram);
        let (seconds, nanos) = (datagram.nanos / 1_000_000_000, datagram.nanos % 1_000_000_000);
        let record = [seconds as u32, (nanos / 1000) as u32, octets.len() as u32, octets.len() as u32];
        record.iter().for_each(|number| file.write_all(&number.to_le_bytes()).unwrap());
        file.extend(octets);
    }
    file
}

fn timestamp(nanos: i64) -> Timestamp {
    Timestamp::new(nanos.div_euclid(1_000_000_000), nanos.rem_euclid(1_000_000_000) as u32)
}

fn frame<'f>(number: u64, nanos: i64, unit: i64, (link_type, octets): (LinkType, &'f [u8]), interface: u32) -> Frame<'f> {
    Frame {
        number,
        timestamp: Some(timestamp(nanos)),
        ticks: (nanos / unit) as u64,
        interface: InterfaceId(interface),
        link_type,
        original_len: octets.len() as u32,
        octets,
        file_offset: 0,
        options: &[],
        byte_order: ByteOrder::Little,
    }
}

/// An IPv4 packet on 127.0.0.1 with its datagram.
fn ipv4(datagram: &Datagram) -> Vec<u8> {
    const HOST: [u8; 4] = [127, 0, 0, 1];
    let text = datagram.text.as_bytes();
    let length = 8 + text.len() as u16;
    let udp = [datagram.ports.0, datagram.ports.1, length, 0].map(u16::to_be_bytes).concat();
    let mut udp = [udp, text.to_vec()].concat();
    let pseudo = folded(&[&HOST[..], &HOST, &[0, 17], &length.to_be_bytes()].concat());
    let whole = !folded(&[&pseudo.to_be_bytes()[..], &udp].concat());
    let sum = match datagram.sum {
        Sum::Partial => pseudo,
        Sum::Complete => whole,
        Sum::Wrong => whole.wrapping_add(0x0101),
    };
    udp[6..8].copy_from_slice(&sum.to_be_bytes());
    let words = [0x4500, 20 + length, datagram.id, 0x4000, 0x4011, 0].map(u16::to_be_bytes).concat();
    let mut header = [&words[..], &HOST, &HOST].concat();
    let sum = !folded(&header);
    header[10..12].copy_from_slice(&sum.to_be_bytes());
    [header, udp].concat()
}

fn folded(octets: &[u8]) -> u16 {
    let words = octets.chunks(2).map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low)));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}
