//! In which order rows stand.

use std::cmp::Reverse;

use super::picture::{Family, Row};

/// What rows are sorted by.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum SortBy {
    /// Their first frames.
    #[default]
    Age,
    /// Packets of the last second.
    Packets,
    /// Octets of the last second.
    Octets,
    /// The time to the acknowledgment.
    RoundTrip,
    /// Segments that were repeated.
    Repeated,
    /// The address and port of the peer.
    Peer,
}

/// What rows are sorted by, and which way.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Order {
    /// What by.
    pub(super) by: SortBy,
    /// The other way round.
    pub(super) is_reversed: bool,
}

impl SortBy {
    /// All of them, in the order in which a key goes through them.
    pub(super) const ALL: [Self; 6] = [Self::Age, Self::Packets, Self::Octets, Self::RoundTrip, Self::Repeated, Self::Peer];

    /// As a reader calls it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Age => "first frame",
            Self::Packets => "packets/s",
            Self::Octets => "octets/s",
            Self::RoundTrip => "RTT",
            Self::Repeated => "retransmissions",
            Self::Peer => "peer",
        }
    }

    /// The next one.
    pub(super) fn next(self) -> Self {
        let place = Self::ALL.iter().position(|by| *by == self).unwrap_or(0);
        Self::ALL.get(place + 1).copied().unwrap_or_default()
    }
}

impl Order {
    /// Puts the members of each head in order, heads with their members within a family, and families of ports. Of
    /// rates, times and counts the largest comes first. Clients, and what is unknown, stay behind the ports.
    pub(super) fn arrange(self, families: &mut [Family]) {
        families.iter_mut().for_each(|family| self.rows(&mut family.rows));
        let place = |family: &Family| match family.kind {
            super::FamilyKind::Port(_) => 0,
            super::FamilyKind::Clients => 1,
            super::FamilyKind::Unknown => 2,
        };
        families.sort_by(|a, b| {
            let (of_a, of_b) = (a.rows.first(), b.rows.first());
            place(a).cmp(&place(b)).then_with(|| of_a.zip(of_b).map_or(std::cmp::Ordering::Equal, |(a, b)| self.compare(a, b)))
        });
    }

    fn rows(self, rows: &mut Vec<Row>) {
        let mut households: Vec<Vec<Row>> = Vec::new();
        for row in rows.drain(..) {
            match households.last_mut().filter(|_| row.is_member) {
                Some(household) => household.push(row),
                None => households.push(vec![row]),
            }
        }
        for household in &mut households {
            if let Some((_, members)) = household.split_first_mut() {
                members.sort_by(|a, b| self.compare(a, b));
            }
        }
        households.sort_by(|a, b| match (a.first(), b.first()) {
            (Some(a), Some(b)) => self.compare(a, b),
            _ => std::cmp::Ordering::Equal,
        });
        rows.extend(households.into_iter().flatten());
    }

    fn compare(self, a: &Row, b: &Row) -> std::cmp::Ordering {
        let age = |row: &Row| (row.first_frame, row.id);
        let by = match self.by {
            SortBy::Age => age(a).cmp(&age(b)),
            SortBy::Packets => Reverse(a.recent.packets()).cmp(&Reverse(b.recent.packets())),
            SortBy::Octets => Reverse(a.recent.octets()).cmp(&Reverse(b.recent.octets())),
            SortBy::RoundTrip => Reverse(a.round_trip).cmp(&Reverse(b.round_trip)),
            SortBy::Repeated => Reverse(a.repeated).cmp(&Reverse(b.repeated)),
            SortBy::Peer => a.peer.cmp(&b.peer),
        };
        let by = if self.is_reversed { by.reverse() } else { by };
        by.then_with(|| age(a).cmp(&age(b)))
    }
}
