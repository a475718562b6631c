//! Numbers as text, in whole words of the processor: what is looked up or shifted at once needs no loop.
//!
//! The first octet of a text is the lowest one of its word.

/// Binary digits of an octet.
pub(super) const OCTET: u32 = u8::BITS;

/// A decimal number of at most eight digits in text, right-aligned, with spaces in front.
#[derive(Clone, Copy)]
pub(super) struct Digits {
    pub(super) text: u64,
    /// How many digits there are.
    pub(super) len: usize,
}

impl Digits {
    /// Octets of the text.
    pub(super) const MAX: usize = 8;

    /// The digits of a number; `None` if there are more than eight.
    #[inline]
    pub(super) fn of(number: u64) -> Option<Self> {
        const ZEROS: u64 = u64::from_le_bytes([b'0'; Digits::MAX]);
        let number = u32::try_from(number).ok().filter(|number| *number < 100_000_000)?;
        let text = six_digits(number % 1_000_000) << (2 * OCTET) | three_digits(number / 1_000_000) >> OCTET;
        // Zeros in front, but for the last digit, become spaces.
        let in_front = ((text ^ ZEROS) | 1 << (OCTET * 7)).trailing_zeros() / OCTET;
        let blank = u64::from_le_bytes([b'0' ^ b' '; Self::MAX]) & ((1 << (OCTET * in_front)) - 1);
        Some(Self { text: text ^ blank, len: Self::MAX - in_front as usize })
    }
}

/// The digits of a number below a million, with zeros in front.
#[inline]
pub(super) fn six_digits(number: u32) -> u64 {
    three_digits(number / 1000) | three_digits(number % 1000) << (3 * OCTET)
}

/// The digits of a number below a thousand, with zeros in front.
#[inline]
fn three_digits(number: u32) -> u64 {
    u64::from(THREE_DIGITS[number as usize])
}

const THREE_DIGITS: [u32; 1000] = all_three_digits();

const fn all_three_digits() -> [u32; 1000] {
    let mut texts = [0; 1000];
    let mut number = 0;
    while number < 1000 {
        let digits = [b'0' + (number / 100) as u8, b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8];
        texts[number] = u32::from_le_bytes([digits[0], digits[1], digits[2], 0]);
        number += 1;
    }
    texts
}

/// The digits of an octet and a dot, and how many octets that are.
#[inline]
pub(super) fn dotted(octet: u8) -> (u64, u32) {
    let (text, len) = DOTTED[usize::from(octet)];
    (u64::from(text), u32::from(len))
}

const DOTTED: [(u32, u8); 256] = dotted_octets();

const fn dotted_octets() -> [(u32, u8); 256] {
    let mut texts = [(0, 0); 256];
    let mut octet = 0;
    while octet < 256 {
        let digits = if octet < 10 { 1 } else { 3 - (octet < 100) as u32 };
        let text = THREE_DIGITS[octet] >> (OCTET * (3 - digits)) | (b'.' as u32) << (OCTET * digits);
        texts[octet] = (text, digits as u8 + 1);
        octet += 1;
    }
    texts
}

/// The hexadecimal digits of two octets, without zeros in front, and how many there are.
#[inline]
pub(super) fn hexadecimal(number: u16) -> (u64, u32) {
    let [high, low] = number.to_be_bytes().map(|octet| u64::from(HEXADECIMAL[usize::from(octet)]));
    let in_front = (number | 1).leading_zeros() / 4;
    ((high | low << (2 * OCTET)) >> (OCTET * in_front), 4 - in_front)
}

/// The two hexadecimal digits of each octet.
const HEXADECIMAL: [u16; 256] = hexadecimal_octets();

const fn hexadecimal_octets() -> [u16; 256] {
    let digits = b"0123456789abcdef";
    let mut texts = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        texts[octet] = u16::from_le_bytes([digits[octet / 16], digits[octet % 16]]);
        octet += 1;
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(word: u64, len: u32) -> String {
        String::from_utf8(word.to_le_bytes()[..len as usize].to_vec()).unwrap()
    }

    #[test]
    fn words_read_as_the_standard_library_writes_them() {
        for number in (0..1000).flat_map(|number| [number, number * 1000, number * 1001]) {
            assert_eq!(text(six_digits(number), 6), format!("{number:06}"));
            for number in [u64::from(number), 100 * u64::from(number), 99_000_000 + u64::from(number)] {
                let Digits { text: word, len } = Digits::of(number).unwrap();
                assert_eq!((text(word, 8), len), (format!("{number:8}"), number.to_string().len()));
            }
        }
        assert!(Digits::of(100_000_000).is_none() && Digits::of(1 << 32).is_none() && Digits::of(u64::MAX).is_none());
        for octet in 0..=u8::MAX {
            let (word, len) = dotted(octet);
            assert_eq!(text(word, len), format!("{octet}."));
        }
        for number in 0..=u16::MAX {
            let (word, len) = hexadecimal(number);
            assert_eq!(text(word, len), format!("{number:x}"));
        }
    }
}
