//! Names of connections, in the shape of Zeek's: `C` and 96 bits to the base of 62.
//!
//! Zeek draws them at random. Here they follow from what is in the packets, so that the same octets give the same names:
//! protocol, addresses, and the time of the first packet.

use sha2::{Digest, Sha256};

use super::row::ZeekConnection;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The name of a connection; `twin` tells those apart that began on the same addresses at the same time.
pub(super) fn uid(row: &ZeekConnection, twin: u32) -> String {
    let described = format!("{} {} {} {} {twin}", row.protocol.0, row.originator, row.responder, row.start);
    let digest = Sha256::digest(described);
    let bits = digest.iter().take(12).fold(0_u128, |bits, octet| bits << 8 | u128::from(*octet));
    std::iter::once('C').chain(base62(bits)).collect()
}

/// The digits of a number, the last one first: any order is as good.
fn base62(mut number: u128) -> impl Iterator<Item = char> {
    std::iter::from_fn(move || {
        let digit = DIGITS.get((number % 62) as usize).filter(|_| number > 0)?;
        number /= 62;
        Some(char::from(*digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_digits() {
        assert_eq!(base62(61).collect::<String>(), "z");
        assert_eq!(base62(62 * 10 + 1).collect::<String>(), "1A");
        assert!(base62(u128::MAX >> 32).count() <= 17);
    }
}
