//! Every field of a frame, for the eye: name, value, and the octets it was read from.
//!
//! [`layers`] reads the same headers as [`packet`](super::packet), but down to the last bit, into values that own their text.
//! Names are Wireshark's filter names, so that a reader can go on there. Payload is never shown, only counted.

mod link;
mod network;
mod transport;

use std::fmt::Display;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::Network;
use super::cursor::{u16_at, u32_at};
use super::link::MacAddress;
use crate::capture::Frame;

/// One header, with its fields in the order of their octets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LayerView {
    /// Wireshark's name of the protocol: `eth`, `vlan`, `tcp`.
    pub name: &'static str,
    /// Its name in words.
    pub label: &'static str,
    /// The octets of the frame it takes up, as far as captured.
    pub span: Range<usize>,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// One field of a header.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Field {
    /// Wireshark's filter name.
    pub name: &'static str,
    /// Its name in words.
    pub label: &'static str,
    /// The value as a number, an address, or octets in hexadecimal.
    pub value: String,
    /// The octets of the frame it was read from; empty if it was computed. Fields smaller than an octet share it.
    pub span: Range<usize>,
    /// What the value means.
    pub note: Option<String>,
}

/// The layers of `frame`, outermost first; the last one says why reading stopped, if it did before the payload.
pub fn layers(frame: &Frame<'_>) -> Vec<LayerView> {
    let packet = super::packet(frame);
    let mut layers = vec![link::frame(frame)];
    link::headers(frame, &mut layers);
    match &packet.network {
        Some(Network::Ip(ip)) => network::ip(frame.octets, ip, &mut layers),
        Some(Network::Arp(arp)) => layers.push(network::arp(frame.octets, arp.at)),
        Some(Network::Other(_)) | None => {}
    }
    if let Some(ip) = packet.ip() {
        // Padding behind the packet belongs to none of its layers.
        let end = ip.rest().at.saturating_add(ip.payload.len());
        let octets = frame.octets.get(..end).unwrap_or(frame.octets);
        transport::header(octets, ip, &packet, &mut layers);
    }
    if let Some(stop) = &packet.stop {
        let mut layer = Draft::new(frame.octets, ("stop", "Not read"), stop.at..frame.octets.len());
        layer.computed("stop", "Reason", stop);
        layers.push(layer.view);
    }
    layers
}

/// The last layer: octets that belong to an application, or to a protocol that is only named.
fn payload(octets: &[u8], at: usize, captured: usize, sent: u32) -> LayerView {
    let mut layer = Draft::new(octets, ("data", "Payload"), at..at.saturating_add(captured));
    layer.computed("data.len", "Length", sent);
    if usize::try_from(sent).is_ok_and(|sent| sent > captured) {
        layer.note(format!("{captured} captured"));
    }
    layer.view
}

/// A layer being written. Offsets count from its start; a field whose octets were not captured is left out.
struct Draft<'a> {
    octets: &'a [u8],
    view: LayerView,
}

impl<'a> Draft<'a> {
    /// A layer over `span` of the frame's `octets`.
    fn new(octets: &'a [u8], (name, label): (&'static str, &'static str), span: Range<usize>) -> Self {
        let end = span.end.min(octets.len());
        let start = span.start.min(end);
        Self {
            octets: octets.get(start..end).unwrap_or_default(),
            view: LayerView { name, label, span: start..end, fields: Vec::new() },
        }
    }

    /// An unsigned number of one octet.
    fn u8(&mut self, name: &'static str, label: &'static str, at: usize) -> Option<u8> {
        let value = *self.octets.get(at)?;
        self.add((name, label), at..at.saturating_add(1), value);
        Some(value)
    }

    /// A big-endian number of two octets.
    fn u16(&mut self, name: &'static str, label: &'static str, at: usize) -> Option<u16> {
        let value = u16_at(self.octets, at)?;
        self.add((name, label), at..at.saturating_add(2), value);
        Some(value)
    }

    /// A big-endian number of four octets.
    fn u32(&mut self, name: &'static str, label: &'static str, at: usize) -> Option<u32> {
        let value = u32_at(self.octets, at)?;
        self.add((name, label), at..at.saturating_add(4), value);
        Some(value)
    }

    /// Two octets that are read in hexadecimal: types and checksums.
    fn hex16(&mut self, name: &'static str, label: &'static str, at: usize) -> Option<u16> {
        let value = u16_at(self.octets, at)?;
        self.add((name, label), at..at.saturating_add(2), format!("{value:#06x}"));
        Some(value)
    }

    /// `width` bits after the first `skip` of the octets in `span`, which are at most four.
    fn bits(&mut self, name: &'static str, label: &'static str, span: Range<usize>, (skip, width): (u32, u32)) -> Option<u32> {
        let octets = self.octets.get(span.clone())?;
        let word = octets.iter().fold(0_u32, |word, octet| word << 8 | u32::from(*octet));
        let bits = u32::try_from(octets.len()).ok()?.saturating_mul(8);
        let after = bits.checked_sub(skip)?.checked_sub(width)?;
        let value = word.checked_shr(after)? & u32::MAX.checked_shr(32_u32.checked_sub(width)?)?;
        self.add((name, label), span, value);
        Some(value)
    }

    /// A number of bits that counts units of several octets: shown in octets.
    fn scaled(&mut self, names: (&'static str, &'static str), span: Range<usize>, bits: (u32, u32), unit: u32) -> Option<u32> {
        let octets = self.bits(names.0, names.1, span, bits)?.saturating_mul(unit);
        if let Some(field) = self.view.fields.last_mut() {
            field.value = octets.to_string();
        }
        Some(octets)
    }

    /// A hardware address.
    fn mac(&mut self, name: &'static str, label: &'static str, at: usize) -> Option<MacAddress> {
        let value = MacAddress(*self.octets.get(at..)?.first_chunk()?);
        self.add((name, label), at..at.saturating_add(6), value);
        Some(value)
    }

    /// An IPv4 address.
    fn ipv4(&mut self, name: &'static str, label: &'static str, at: usize) -> Option<Ipv4Addr> {
        let value = Ipv4Addr::from(*self.octets.get(at..)?.first_chunk::<4>()?);
        self.add((name, label), at..at.saturating_add(4), value);
        Some(value)
    }

    /// An IPv6 address.
    fn ipv6(&mut self, name: &'static str, label: &'static str, at: usize) -> Option<Ipv6Addr> {
        let value = Ipv6Addr::from(*self.octets.get(at..)?.first_chunk::<16>()?);
        self.add((name, label), at..at.saturating_add(16), value);
        Some(value)
    }

    /// Octets without further meaning here, in hexadecimal.
    fn hex(&mut self, name: &'static str, label: &'static str, span: Range<usize>) -> Option<()> {
        let octets = self.octets.get(span.clone())?;
        let value: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        self.add((name, label), span, value);
        Some(())
    }

    /// A value that stands in no octets of its own.
    fn computed(&mut self, name: &'static str, label: &'static str, value: impl Display) {
        let span = self.view.span.start..self.view.span.start;
        self.view.fields.push(Field { name, label, value: value.to_string(), span, note: None });
    }

    /// A value decoded elsewhere from the octets in `span`.
    fn add(&mut self, (name, label): (&'static str, &'static str), span: Range<usize>, value: impl Display) {
        let start = self.view.span.start;
        let span = start.saturating_add(span.start)..start.saturating_add(span.end);
        self.view.fields.push(Field { name, label, value: value.to_string(), span, note: None });
    }

    /// Says what the field written last means.
    fn note(&mut self, text: impl Display) {
        if let Some(field) = self.view.fields.last_mut() {
            field.note = Some(text.to_string());
        }
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects)]
mod tests {
    use super::super::testing::{concat, cut, ends4, ethernet, frame, ipv4, tcp, udp};
    use super::*;
    use crate::capture::LinkType;

    /// The layers as one line each: name, span, and `name=value (note)` of the fields asked for.
    fn show(frame: &Frame<'_>, wanted: &[&str]) -> Vec<String> {
        let line = |layer: LayerView| {
            let fields = layer.fields.iter().filter(|field| wanted.contains(&field.name)).map(|field| {
                let note = field.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
                format!(" {}={}{note} @{:?}", field.name, field.value, field.span)
            });
            format!("{} {:?}{}", layer.name, layer.span, fields.collect::<String>())
        };
        layers(frame).into_iter().map(line).collect()
    }

    #[test]
    fn every_layer_with_its_octets() {
        let segment = tcp(ends4(), &[1, 3, 3, 7], b"hello");
        let octets = concat(&[&ethernet(0x8100, &[0xa0, 5, 8, 0]), &ipv4(6, &segment), &[0xff; 4]]);
        let wanted = [
            "vlan.priority",
            "vlan.id",
            "ip.ttl",
            "ip.checksum",
            "tcp.dstport",
            "tcp.flags.push",
            "tcp.options.wscale.shift",
            "data.len",
        ];
        let expected = [
            "frame 0..71",
            "eth 0..14",
            "vlan 14..18 vlan.priority=5 @14..16 vlan.id=5 @14..16",
            "ip 18..38 ip.ttl=64 @26..27 ip.checksum=0x66be (good) @28..30",
            "tcp 38..62 tcp.dstport=5000 (registered) @40..42 tcp.flags.push=1 @50..52 tcp.options.wscale.shift=7 (times 128) @61..62",
            "data 62..67 data.len=5 @62..62",
        ];
        assert_eq!(show(&frame(LinkType::ETHERNET, &octets), &wanted), expected);
    }

    #[test]
    fn a_cut_header_shows_what_there_is_and_why_it_ends() {
        let octets = ipv4(6, &tcp(ends4(), &[], b"hello"));
        let expected = [
            "frame 0..26",
            "ip 0..20",
            "tcp 20..26 tcp.srcport=49740 (dynamic) @20..22",
            "stop 20..26 stop=transport header at octet 20: needs 20 octets, 6 captured @20..20",
        ];
        assert_eq!(show(&cut(&frame(LinkType::RAW, &octets), 26), &["tcp.srcport", "tcp.seq_raw", "stop"]), expected);
    }

    #[test]
    fn a_quotation_is_shown_as_one() {
        let quoted = ipv4(17, &udp(ends4(), b"hello"));
        let octets = ipv4(1, &concat(&[&[3, 3, 0, 0, 0, 0, 0, 0], &quoted[..28]]));
        let found = layers(&frame(LinkType::RAW, &octets));
        let labels: Vec<_> = found.iter().map(|layer| (layer.label, layer.span.clone())).collect();
        assert_eq!(
            labels,
            [("Frame", 0..56), ("IPv4", 0..20), ("ICMP", 20..28), ("Quoted IPv4", 28..48), ("Quoted UDP", 48..56)]
        );
    }

    #[test]
    fn bits_are_counted_from_the_first() {
        let mut layer = Draft::new(&[0, 0b1010_0000, 0b0000_0101], ("x", "x"), 1..3);
        assert_eq!(layer.bits("x", "x", 0..2, (0, 3)), Some(0b101));
        assert_eq!(layer.bits("x", "x", 0..2, (13, 3)), Some(0b101));
        assert_eq!(layer.bits("x", "x", 0..2, (0, 16)), Some(0xa005));
        assert_eq!(layer.bits("x", "x", 0..3, (0, 1)), None);
        assert_eq!(layer.bits("x", "x", 0..2, (14, 3)), None);
    }
}
