//! Blocks in the making: numbers in the byte order of the section, and the length at both ends.

use super::super::ByteOrder;

/// Blocks that are still to be written, the last of which may be in the making.
pub(in crate::capture) struct Blocks {
    /// The byte order of their section.
    pub(in crate::capture) order: ByteOrder,
    pub(in crate::capture) octets: Vec<u8>,
    /// Where the last one begins.
    begin: usize,
}

impl Blocks {
    /// None yet, and room for so many octets.
    pub(in crate::capture) fn new(order: ByteOrder, room: usize) -> Self {
        Self { order, octets: Vec::with_capacity(room), begin: 0 }
    }

    /// Octets of the last block so far.
    pub(in crate::capture) fn len(&self) -> usize {
        self.octets.len().saturating_sub(self.begin)
    }

    pub(in crate::capture) fn begin(&mut self, kind: u32) {
        self.begin = self.octets.len();
        self.u32(kind);
        self.u32(0); // The length, known at the end.
    }

    /// Writes the length at both ends.
    pub(in crate::capture) fn end(&mut self) {
        // A block holds one packet of at most 16 MiB, or texts that are bounded likewise.
        let length = self.order.u32_octets(self.len().saturating_add(4) as u32);
        self.octets.extend(length);
        self.set_length(length);
    }

    /// Writes the length at the begin.
    pub(in crate::capture) fn set_length(&mut self, length: [u8; 4]) {
        if let Some(place) = self.octets.get_mut(self.begin.saturating_add(4)..self.begin.saturating_add(8)) {
            place.copy_from_slice(&length);
        }
    }

    pub(in crate::capture) fn u16(&mut self, number: u16) {
        self.octets.extend(self.order.u16_octets(number));
    }

    pub(in crate::capture) fn u32(&mut self, number: u32) {
        self.octets.extend(self.order.u32_octets(number));
    }

    pub(in crate::capture) fn u64(&mut self, number: u64) {
        self.octets.extend(self.order.u64_octets(number));
    }
}
