//! Options: the lists of code, length and value at the end of blocks (draft-ietf-opsawg-pcapng, section 3.5).

use std::borrow::Cow;

use super::super::{ByteOrder, Frame, PacketFlags, text};
use super::block::{Broken, padded};

/// Option codes, by the block they stand in.
pub(in crate::capture) mod code {
    pub(in crate::capture) const END: u16 = 0;
    pub(in crate::capture) const COMMENT: u16 = 1;

    pub(in crate::capture) const SHB_HARDWARE: u16 = 2;
    pub(in crate::capture) const SHB_OS: u16 = 3;
    pub(in crate::capture) const SHB_USERAPPL: u16 = 4;

    pub(in crate::capture) const IF_NAME: u16 = 2;
    pub(in crate::capture) const IF_DESCRIPTION: u16 = 3;
    pub(in crate::capture) const IF_IPV4ADDR: u16 = 4;
    pub(in crate::capture) const IF_IPV6ADDR: u16 = 5;
    pub(in crate::capture) const IF_TSRESOL: u16 = 9;
    pub(in crate::capture) const IF_FILTER: u16 = 11;
    pub(in crate::capture) const IF_OS: u16 = 12;
    pub(in crate::capture) const IF_TSOFFSET: u16 = 14;
    pub(in crate::capture) const IF_HARDWARE: u16 = 15;

    pub(in crate::capture) const EPB_DROPCOUNT: u16 = 4;

    pub(in crate::capture) const ISB_STARTTIME: u16 = 2;
    pub(in crate::capture) const ISB_ENDTIME: u16 = 3;
    pub(in crate::capture) const ISB_IFRECV: u16 = 4;
    pub(in crate::capture) const ISB_IFDROP: u16 = 5;
    pub(in crate::capture) const ISB_FILTERACCEPT: u16 = 6;
    pub(in crate::capture) const ISB_OSDROP: u16 = 7;
    pub(in crate::capture) const ISB_USRDELIV: u16 = 8;
}

/// An option of a packet (draft-ietf-opsawg-pcapng, section 4.3).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PacketOption<'a> {
    /// `opt_comment`.
    Comment(Cow<'a, str>),
    /// `epb_flags`.
    Flags(PacketFlags),
    /// `epb_dropcount`: packets lost between this one and the one before it on its interface.
    DropCount(u64),
    /// `epb_packetid`: the same for all copies of one packet in the file.
    PacketId(u64),
    /// `epb_queue`: the interface's queue it came in on.
    Queue(u32),
    /// `epb_verdict`: what was decided about the packet.
    Verdict {
        /// 0 hardware, 1 Linux eBPF TC, 2 Linux eBPF XDP.
        kind: u8,
        /// The decision itself, in the form of its kind.
        octets: &'a [u8],
    },
    /// `epb_hash`: a hash of the packet.
    Hash {
        /// 0 two's complement, 1 XOR, 2 CRC-32, 3 MD5, 4 SHA-1, 5 Toeplitz.
        algorithm: u8,
        /// The hash.
        octets: &'a [u8],
    },
    /// An option of another kind, or of a length its kind does not have.
    Other {
        /// Its code.
        code: u16,
        /// Its value, without padding.
        octets: &'a [u8],
    },
}

/// The options of `frame`, decoded one by one; a broken one ends the list. Frames of pcap files have none.
pub fn packet_options<'a>(frame: &Frame<'a>) -> impl Iterator<Item = PacketOption<'a>> + use<'a> {
    let order = frame.byte_order;
    sound_options(frame).map(move |(code, value)| packet_option(code, value, order))
}

/// The options of `frame` as codes and values, as far as they are sound.
pub(in crate::capture) fn sound_options<'a>(frame: &Frame<'a>) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
    Options::new(frame.options, frame.byte_order).map_while(Result::ok)
}

/// Whether the options of `frame` are all sound.
pub(in crate::capture) fn options_are_sound(frame: &Frame<'_>) -> bool {
    Options::new(frame.options, frame.byte_order).all(|option| option.is_ok())
}

fn packet_option(code: u16, value: &[u8], order: ByteOrder) -> PacketOption<'_> {
    match (code, value) {
        (1, text) => PacketOption::Comment(text::decode(text)),
        (2, &[a, b, c, d]) => PacketOption::Flags(PacketFlags(order.u32([a, b, c, d]))),
        (3, &[algorithm, ref octets @ ..]) => PacketOption::Hash { algorithm, octets },
        (4, &[a, b, c, d, e, f, g, h]) => PacketOption::DropCount(order.u64([a, b, c, d, e, f, g, h])),
        (5, &[a, b, c, d, e, f, g, h]) => PacketOption::PacketId(order.u64([a, b, c, d, e, f, g, h])),
        (6, &[a, b, c, d]) => PacketOption::Queue(order.u32([a, b, c, d])),
        (7, &[kind, ref octets @ ..]) => PacketOption::Verdict { kind, octets },
        (code, octets) => PacketOption::Other { code, octets },
    }
}

/// A list of options: codes and values without padding, to `opt_endofopt` or the end of the block.
///
/// A value that reaches past the block is the last item, as an error.
#[derive(Clone, Debug)]
pub(super) struct Options<'a> {
    rest: &'a [u8],
    order: ByteOrder,
}

impl<'a> Options<'a> {
    pub(super) const fn new(octets: &'a [u8], order: ByteOrder) -> Self {
        Self { rest: octets, order }
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = Result<(u16, &'a [u8]), Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        let ([c0, c1, l0, l1], rest) = self.rest.split_first_chunk()?;
        let (code, len) = (self.order.u16([*c0, *c1]), usize::from(self.order.u16([*l0, *l1])));
        let Some(value) = rest.get(..len) else {
            self.rest = &[];
            return Some(Err(Broken::Option { code, found: len, room: rest.len() }));
        };
        if code == code::END {
            self.rest = &[];
            return None;
        }
        self.rest = rest.get(padded(len)..).unwrap_or_default();
        Some(Ok((code, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{InterfaceId, LinkType};

    fn frame(options: &[u8], byte_order: ByteOrder) -> Frame<'_> {
        Frame {
            number: 1,
            timestamp: None,
            ticks: 0,
            interface: InterfaceId(0),
            link_type: LinkType::ETHERNET,
            original_len: 0,
            octets: &[],
            file_offset: 0,
            options,
            byte_order,
        }
    }

    #[test]
    fn every_packet_option_in_both_byte_orders() {
        let check = |little: &[u8], big: &[u8], expected: PacketOption<'_>| {
            for (octets, order) in [(little, ByteOrder::Little), (big, ByteOrder::Big)] {
                let found: Vec<_> = packet_options(&frame(octets, order)).collect();
                assert_eq!(found, std::slice::from_ref(&expected));
            }
        };
        check(b"\x01\0\x02\0hi\0\0", b"\0\x01\0\x02hi\0\0", PacketOption::Comment("hi".into()));
        check(b"\x02\0\x04\0\x02\x01\0\0", b"\0\x02\0\x04\0\0\x01\x02", PacketOption::Flags(PacketFlags(0x102)));
        check(b"\x03\0\x03\0\x02ab\0", b"\0\x03\0\x03\x02ab\0", PacketOption::Hash { algorithm: 2, octets: b"ab" });
        check(b"\x04\0\x08\0\x07\0\0\0\0\0\0\0", b"\0\x04\0\x08\0\0\0\0\0\0\0\x07", PacketOption::DropCount(7));
        check(b"\x05\0\x08\0\x07\0\0\0\0\0\0\0", b"\0\x05\0\x08\0\0\0\0\0\0\0\x07", PacketOption::PacketId(7));
        check(b"\x06\0\x04\0\x03\0\0\0", b"\0\x06\0\x04\0\0\0\x03", PacketOption::Queue(3));
        check(b"\x07\0\x02\0\x01x\0\0", b"\0\x07\0\x02\x01x\0\0", PacketOption::Verdict { kind: 1, octets: b"x" });
        check(b"\x02\0\x02\0ab\0\0", b"\0\x02\0\x02ab\0\0", PacketOption::Other { code: 2, octets: b"ab" });
    }

    #[test]
    fn flags_are_found_behind_other_options() {
        let options = b"\x01\0\x03\0abc\0\x02\0\x04\0\x01\x02\0\0\0\0\0\0";
        assert_eq!(frame(options, ByteOrder::Little).flags(), Some(PacketFlags(0x201)));
        assert_eq!(frame(&options[..8], ByteOrder::Little).flags(), None);
        assert_eq!(frame(b"", ByteOrder::Little).flags(), None);
    }

    #[test]
    fn a_list_ends_at_its_end_mark_or_where_it_breaks() {
        let list = |octets: &'static [u8]| Options::new(octets, ByteOrder::Little).collect::<Vec<_>>();
        assert_eq!(list(b"\x01\0\x01\0a\0\0\0\0\0\0\0\x01\0\x01\0b\0\0\0"), [Ok((1, &b"a"[..]))]);
        assert_eq!(list(b"\x01\0\x01\0a"), [Ok((1, &b"a"[..]))], "padding missing at the end");
        assert_eq!(list(b"\x09\0\xf4\x01abcd"), [Err(Broken::Option { code: 9, found: 500, room: 4 })]);
        assert_eq!(list(b"\0\0\0\x2e"), [Err(Broken::Option { code: 0, found: 0x2e00, room: 0 })]);
        assert_eq!(list(b"\x01\0"), []);
    }
}
