//! The octets of a file, a stretch at a time: one reused buffer between the operating system and the readers.
//!
//! A reader looks at the octets at the front with [`Buffer::peek`] and lets them go with [`Buffer::consume`].
//! What was peeked stays in place until the next peek, so frames are borrowed straight from here and nothing is copied.
//! The buffer grows only when it is full of octets that really arrived: a length that lies costs no memory.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Octets held at first, and read beyond what was asked for: so few that they stay near the processor.
const STRETCH: usize = 64 * 1024;

/// The input, decompressed, with the octets at its front in memory.
pub(super) struct Buffer {
    input: Box<dyn Read>,
    supply: Supply,
    octets: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
    longest_read: usize,
    ended: bool,
    fault: Option<Fault>,
}

/// Why the octets ended before the input's own end.
#[derive(Debug)]
enum Fault {
    /// The operating system failed.
    System(io::Error),
    /// The compressed data is cut or corrupt.
    Compression(String),
}

impl Buffer {
    /// Reads from `input`, which draws on `supply`; at most `longest_read` octets at once.
    pub(super) fn new(input: Box<dyn Read>, supply: Supply, longest_read: usize) -> Self {
        Self { input, supply, octets: vec![0; STRETCH], start: 0, end: 0, offset: 0, longest_read, ended: false, fault: None }
    }

    /// The next `len` octets; fewer only where the input ends.
    #[inline]
    pub(super) fn peek(&mut self, len: usize) -> &[u8] {
        if self.held() < len {
            self.fill(len);
        }
        self.front(len)
    }

    /// The next `len` octets as far as they are in memory.
    #[inline]
    pub(super) fn front(&self, len: usize) -> &[u8] {
        let ahead = self.ahead();
        ahead.get(..len).unwrap_or(ahead)
    }

    /// All octets from the front that are in memory.
    #[inline]
    pub(super) fn ahead(&self) -> &[u8] {
        self.octets.get(self.start..self.end).unwrap_or_default()
    }

    /// Lets go of `len` octets that were peeked.
    #[inline]
    pub(super) fn consume(&mut self, len: usize) {
        let len = len.min(self.held());
        self.start = self.start.wrapping_add(len);
        self.offset = self.offset.wrapping_add(len as u64);
    }

    /// Offset of the front in octets, after decompression.
    #[inline]
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Octets drawn from the file, before decompression.
    pub(super) fn drawn(&self) -> u64 {
        self.supply.drawn.load(Ordering::Relaxed)
    }

    /// Why the operating system gave no more, if it failed; told once.
    pub(super) fn take_system_fault(&mut self) -> Option<io::Error> {
        match self.fault.take() {
            Some(Fault::System(error)) => Some(error),
            other => {
                self.fault = other;
                None
            }
        }
    }

    /// What is wrong with the compressed data, if it ended because of that; told once.
    pub(super) fn take_compression_fault(&mut self) -> Option<String> {
        match self.fault.take() {
            Some(Fault::Compression(text)) => {
                Some(format!("found compressed data that breaks off ({text}), expected more of it"))
            }
            other => {
                self.fault = other;
                None
            }
        }
    }

    #[inline]
    fn held(&self) -> usize {
        self.end.saturating_sub(self.start)
    }

    #[cold]
    fn fill(&mut self, len: usize) {
        while self.held() < len && !self.ended {
            self.make_room(len);
            let end = self.octets.len().min(self.end.saturating_add(self.longest_read));
            let Some(room) = self.octets.get_mut(self.end..end) else { return };
            match self.input.read(room) {
                Ok(0) => self.ended = true,
                Ok(count) => self.end = self.end.saturating_add(count).min(end),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.stop(error),
            }
        }
    }

    /// Room to read into, if there is none: by growing while the buffer is small for `len`, else by moving what is held.
    ///
    /// Moving happens only once a whole stretch has been consumed, which keeps a search octet by octet linear.
    fn make_room(&mut self, len: usize) {
        if self.end < self.octets.len() {
            return;
        }
        let wanted = len.saturating_add(STRETCH);
        if self.octets.len() < wanted {
            let grown = self.octets.len().saturating_mul(2).min(wanted);
            self.octets.resize(grown, 0);
        }
        self.octets.copy_within(self.start..self.end, 0);
        self.end = self.held();
        self.start = 0;
    }

    fn stop(&mut self, error: io::Error) {
        self.ended = true;
        let system = self.supply.failed.load(Ordering::Relaxed);
        self.fault = Some(if system { Fault::System(error) } else { Fault::Compression(one_line(&error)) });
    }
}

/// An error's text in one line.
fn one_line(error: &io::Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is known of the raw input under a decompressor: octets drawn, and whether the operating system failed.
#[derive(Clone, Default)]
pub(super) struct Supply {
    drawn: Arc<AtomicU64>,
    failed: Arc<AtomicBool>,
}

impl Supply {
    /// `input`, watched.
    pub(super) fn watch<R: Read>(&self, input: R) -> Watched<R> {
        Watched { input, supply: self.clone() }
    }
}

/// An input that tells its [`Supply`] what it gives.
pub(super) struct Watched<R> {
    input: R,
    supply: Supply,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let result = self.input.read(room);
        match &result {
            Ok(count) => _ = self.supply.drawn.fetch_add(*count as u64, Ordering::Relaxed),
            Err(error) if error.kind() != io::ErrorKind::Interrupted => self.supply.failed.store(true, Ordering::Relaxed),
            Err(_) => {}
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives `left` octets in portions of at most 1000, counting up modulo 251.
    struct Slow {
        left: usize,
        next: u8,
    }

    impl Read for Slow {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            let count = room.len().min(1000).min(self.left);
            for octet in &mut room[..count] {
                *octet = self.next;
                self.next = (self.next + 1) % 251;
            }
            self.left -= count;
            Ok(count)
        }
    }

    fn buffer(left: usize) -> Buffer {
        let supply = Supply::default();
        let input = supply.watch(Slow { left, next: 0 });
        Buffer::new(Box::new(input), supply, usize::MAX)
    }

    #[test]
    fn octets_keep_their_order_over_many_stretches() {
        let mut buffer = buffer(3 * STRETCH + 77);
        let mut at = 0_usize;
        for len in (1..).map(|step| step * 7919 % 30_000 + 1) {
            let got = buffer.peek(len).to_vec();
            assert!(got.iter().enumerate().all(|(index, octet)| usize::from(*octet) == (at + index) % 251));
            buffer.consume(len);
            at += got.len();
            assert_eq!(buffer.offset(), at as u64);
            if got.len() < len {
                break;
            }
        }
        assert_eq!(at, 3 * STRETCH + 77);
        assert_eq!(buffer.drawn(), at as u64);
    }

    #[test]
    fn a_lying_length_grows_no_further_than_the_file() {
        let mut buffer = buffer(2 * STRETCH);
        assert_eq!(buffer.peek(1 << 40).len(), 2 * STRETCH);
        assert!(buffer.octets.len() <= 4 * STRETCH);
        assert!(buffer.take_system_fault().is_none());
    }

    #[test]
    fn a_system_fault_is_told_once_after_the_octets_before_it() {
        struct Breaks(bool);
        impl Read for Breaks {
            fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
                if std::mem::replace(&mut self.0, true) {
                    return Err(io::Error::other("the disk is gone"));
                }
                room[..3].copy_from_slice(b"abc");
                Ok(3)
            }
        }
        let supply = Supply::default();
        let mut buffer = Buffer::new(Box::new(supply.watch(Breaks(false))), supply, usize::MAX);
        assert_eq!(buffer.peek(10), b"abc");
        assert!(buffer.take_compression_fault().is_none());
        assert_eq!(buffer.take_system_fault().unwrap().to_string(), "the disk is gone");
        assert!(buffer.take_system_fault().is_none());
    }
}
