//! What the blocks of a capture say: sections, interfaces, names, packets and statistics, each with its options.

use std::net::IpAddr;

use super::super::clock::Clock;
use super::super::pcapng::{self, Blocks, code};
use super::super::{Frame, Interface, Resolution, Section, Statistics};

impl Blocks {
    pub(super) fn section(&mut self, section: &Section) {
        self.begin(pcapng::SECTION);
        self.u32(0x1a2b_3c4d);
        self.u16(1);
        self.u16(0);
        self.u64(u64::MAX); // Section length: unknown.
        self.texts(code::COMMENT, &section.comments);
        self.texts(code::SHB_HARDWARE, &section.hardware);
        self.texts(code::SHB_OS, &section.os);
        self.texts(code::SHB_USERAPPL, &section.application);
        self.octets.extend(&section.other_options);
        self.end_with_options(24);
    }

    pub(super) fn interface(&mut self, interface: &Interface) {
        self.begin(pcapng::INTERFACE);
        self.u16(interface.link_type.0);
        self.u16(0);
        self.u32(interface.snap_length.unwrap_or(0));
        self.texts(code::COMMENT, &interface.comments);
        self.texts(code::IF_NAME, &interface.name);
        self.texts(code::IF_DESCRIPTION, &interface.description);
        for address in &interface.addresses {
            let code = if address.ip.is_ipv4() { code::IF_IPV4ADDR } else { code::IF_IPV6ADDR };
            self.option(code, &address.to_option());
        }
        if interface.resolution != Resolution::Decimal(6) {
            self.option(code::IF_TSRESOL, &[unit(interface.resolution)]);
        }
        if let Some(filter) = &interface.filter {
            self.option(code::IF_FILTER, &[b"\0", filter.as_bytes()].concat());
        }
        self.texts(code::IF_OS, &interface.os);
        if interface.offset_seconds != 0 {
            self.option(code::IF_TSOFFSET, &self.order.u64_octets(interface.offset_seconds.cast_unsigned()));
        }
        self.texts(code::IF_HARDWARE, &interface.hardware);
        self.octets.extend(&interface.other_options);
        self.end_with_options(16);
    }

    pub(super) fn names(&mut self, names: &[(IpAddr, String)]) {
        self.begin(pcapng::NAME_RESOLUTION);
        for (address, name) in names {
            let (kind, address) = match address {
                IpAddr::V4(address) => (1, address.octets().to_vec()),
                IpAddr::V6(address) => (2, address.octets().to_vec()),
            };
            self.option(kind, &[&address, name.as_bytes(), b"\0"].concat());
        }
        self.u32(0); // End of records.
        self.end();
    }

    pub(super) fn enhanced_packet(&mut self, interface: u32, frame: &Frame<'_>, comment: Option<&str>) {
        self.packet_head(interface, frame);
        self.padded(frame.octets);
        if comment.is_none() && pcapng::options_are_sound(frame) {
            self.octets.extend(frame.options);
            self.end();
        } else {
            let body = self.len();
            pcapng::sound_options(frame).for_each(|(code, value)| self.option(code, value));
            comment.into_iter().for_each(|comment| self.option(code::COMMENT, comment.as_bytes()));
            self.end_with_options(body);
        }
    }

    /// What stands before the frame, 28 octets.
    pub(super) fn packet_head(&mut self, interface: u32, frame: &Frame<'_>) {
        self.begin(pcapng::ENHANCED_PACKET);
        self.u32(interface);
        self.ticks(frame.ticks);
        self.u32(frame.captured_len());
        self.u32(frame.original_len);
    }

    pub(super) fn simple_packet(&mut self, frame: &Frame<'_>) {
        self.begin(pcapng::SIMPLE_PACKET);
        self.u32(frame.original_len);
        self.padded(frame.octets);
        self.end();
    }

    pub(super) fn statistics(&mut self, interface: u32, statistics: &Statistics, clock: Clock) {
        let (start, end) =
            (statistics.start.and_then(|time| clock.ticks(time)), statistics.end.and_then(|time| clock.ticks(time)));
        self.begin(pcapng::INTERFACE_STATISTICS);
        self.u32(interface);
        self.ticks(end.or(start).unwrap_or(0));
        self.texts(code::COMMENT, &statistics.comments);
        for (code, time) in [(code::ISB_STARTTIME, start), (code::ISB_ENDTIME, end)] {
            if let Some(ticks) = time {
                self.u16(code);
                self.u16(8);
                self.ticks(ticks);
            }
        }
        for (code, count) in [
            (code::ISB_IFRECV, statistics.received),
            (code::ISB_IFDROP, statistics.dropped),
            (code::ISB_FILTERACCEPT, statistics.filter_accepted),
            (code::ISB_OSDROP, statistics.os_dropped),
            (code::ISB_USRDELIV, statistics.delivered),
        ] {
            if let Some(count) = count {
                self.option(code, &self.order.u64_octets(count));
            }
        }
        self.end_with_options(20);
    }

    /// Ends a block whose options begin after `fixed` octets.
    fn end_with_options(&mut self, fixed: usize) {
        if self.len() > fixed {
            self.u16(code::END);
            self.u16(0);
        }
        self.end();
    }

    fn texts<'t>(&mut self, code: u16, texts: impl IntoIterator<Item = &'t String>) {
        for text in texts {
            self.option(code, text.as_bytes());
        }
    }

    /// An option or record; a value beyond 65,535 octets, which only escapes in a faulty text can make, is cut there.
    fn option(&mut self, code: u16, value: &[u8]) {
        let len = u16::try_from(value.len()).unwrap_or(u16::MAX);
        self.u16(code);
        self.u16(len);
        self.padded(value.get(..usize::from(len)).unwrap_or(value));
    }

    fn padded(&mut self, octets: &[u8]) {
        self.octets.extend(octets);
        self.octets.resize(pcapng::padded(self.octets.len()), 0);
    }

    /// 64 bits of time, upper half first.
    fn ticks(&mut self, ticks: u64) {
        self.u32((ticks >> 32) as u32);
        self.u32(ticks as u32);
    }
}

/// A resolution as `if_tsresol` holds it.
const fn unit(resolution: Resolution) -> u8 {
    match resolution {
        Resolution::Decimal(digits) => digits & 0x7f,
        Resolution::Binary(bits) => bits | 0x80,
    }
}
