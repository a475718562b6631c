//! The two "ports" of an ICMP connection: the message's type, and the type that answers it.
//!
//! Messages that nothing answers have their code in the second place, and make a connection one way only.

/// The second port, and whether messages go both ways.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Counterpart {
    Answer(u8),
    OneWay(u8),
}

/// What answers a message of this type and code.
pub(super) fn counterpart(v6: bool, kind: u8, code: u8) -> Counterpart {
    let pairs: &[(u8, u8)] = if v6 { &PAIRS_6 } else { &PAIRS_4 };
    let answer = pairs.iter().find_map(|&(one, other)| match kind {
        _ if kind == one => Some(other),
        _ if kind == other => Some(one),
        _ => None,
    });
    answer.map_or(Counterpart::OneWay(code), Counterpart::Answer)
}

/// Echo, router solicitation, timestamp, information, address mask (RFC 792, RFC 950, RFC 1256).
const PAIRS_4: [(u8, u8); 5] = [(8, 0), (10, 9), (13, 14), (15, 16), (17, 18)];

/// Echo, listener query, router and neighbour solicitation, node information, home agent (RFC 4443, 2710, 4861, 4620, 6275).
const PAIRS_6: [(u8, u8); 6] = [(128, 129), (130, 131), (133, 134), (135, 136), (139, 140), (144, 145)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_answers_name_each_other() {
        assert_eq!(counterpart(false, 8, 0), Counterpart::Answer(0));
        assert_eq!(counterpart(false, 0, 0), Counterpart::Answer(8));
        assert_eq!(counterpart(true, 136, 0), Counterpart::Answer(135));
        assert_eq!(counterpart(false, 3, 1), Counterpart::OneWay(1));
    }
}
