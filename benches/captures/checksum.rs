//! The Internet checksum (RFC 1071), in two steps so that parts can be summed apart.

/// Sums octets as big-endian 16-bit words; an odd last octet counts as the high half of one.
pub(crate) fn sum(octets: &[u8]) -> u64 {
    let mut words = octets.chunks_exact(2);
    let mut sum = 0;
    for word in &mut words {
        sum += u64::from(u16::from_be_bytes([word[0], word[1]]));
    }
    match words.remainder() {
        [odd] => sum + (u64::from(*odd) << 8),
        _ => sum,
    }
}

/// Folds a sum into 16 bits, carries added back; its complement is the checksum.
pub(crate) fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 1071 §3.
    #[test]
    fn the_example_of_the_standard() {
        let octets = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(fold(sum(&octets)), 0xddf2);
    }

    #[test]
    fn an_odd_octet_is_padded_on_the_right() {
        assert_eq!(sum(&[1, 2, 3]), sum(&[1, 2, 3, 0]));
    }
}
