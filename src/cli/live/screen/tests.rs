use sockscope::capture::{ByteOrder, Frame, InterfaceId, LinkType, Timestamp};

/// A frame whole on Ethernet, captured `number` milliseconds after the epoch.
pub(super) fn frame(number: u64, octets: &[u8]) -> Frame<'_> {
    Frame {
        number,
        timestamp: Some(Timestamp::new(0, (number % 1000) as u32 * 1_000_000)),
        ticks: number * 1_000_000,
        interface: InterfaceId(0),
        link_type: LinkType::ETHERNET,
        original_len: octets.len() as u32,
        octets,
        file_offset: 0,
        options: &[],
        byte_order: ByteOrder::Little,
    }
}
