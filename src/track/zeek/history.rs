//! The history of a connection: a letter for each thing that happened, large for the originator, small for the responder.
//!
//! Some letters are written once a side, some again when the sequence number is another one, and those that count
//! things at the first, the tenth, the hundredth time.

/// Which end of a connection, as Zeek sees it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Role {
    Originator,
    Responder,
}

impl Role {
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Originator => Self::Responder,
            Self::Responder => Self::Originator,
        }
    }
}

/// What a letter stands for; a SYN and a SYN-ACK are one kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u16)]
pub(super) enum Event {
    Syn = 1,
    Fin = 1 << 1,
    Reset = 1 << 2,
    /// FIN together with RST.
    Inconsistent = 1 << 3,
    Data = 1 << 4,
    Ack = 1 << 5,
    /// SYN together with FIN or RST.
    ManyFlags = 1 << 6,
}

/// Letters kept of one connection: no honest one comes near.
const MAX_LETTERS: usize = 4096;

/// The letters of one connection.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    letters: String,
    /// Events of the originator, and of the responder, that have their letter.
    seen: (u16, u16),
}

impl History {
    /// Writes the letter if it is the first of its event from that side; false if it is not.
    pub(super) fn first(&mut self, role: Role, event: Event, letter: char) -> bool {
        let seen = match role {
            Role::Originator => &mut self.seen.0,
            Role::Responder => &mut self.seen.1,
        };
        if *seen & event as u16 != 0 {
            return false;
        }
        *seen |= event as u16;
        self.add(role, letter);
        true
    }

    /// Writes a letter, given as the originator's.
    pub(super) fn add(&mut self, role: Role, letter: char) {
        if self.letters.len() < MAX_LETTERS {
            self.letters.push(if role == Role::Originator { letter } else { letter.to_ascii_lowercase() });
        }
    }

    /// The roles changed; letters before keep their case.
    pub(super) fn flip(&mut self) {
        self.letters.push('^');
    }

    /// Nothing happened but one SYN-ACK of the originator's.
    pub(super) fn is_lone_syn_ack(&self) -> bool {
        self.letters == "H"
    }

    /// The roles changed, and that SYN-ACK was the responder's.
    pub(super) fn flip_syn_ack(&mut self) {
        self.letters.replace_range(.., "^h");
        self.seen = (self.seen.1, self.seen.0);
    }

    pub(super) fn as_str(&self) -> &str {
        &self.letters
    }
}

/// A count whose letter is written at 1, 10, 100, …
#[derive(Clone, Copy, Debug)]
pub(super) struct Decades {
    count: u32,
    next: u32,
}

impl Default for Decades {
    fn default() -> Self {
        Self { count: 0, next: 1 }
    }
}

impl Decades {
    /// Counts one more; true if its letter is due.
    pub(super) fn count(&mut self) -> bool {
        self.count = self.count.saturating_add(1);
        let due = self.count == self.next;
        if due {
            self.next = self.next.saturating_mul(10);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_have_the_case_of_their_side_and_come_once() {
        let mut history = History::default();
        assert!(history.first(Role::Originator, Event::Data, 'D'));
        assert!(!history.first(Role::Originator, Event::Data, 'D'));
        assert!(history.first(Role::Responder, Event::Data, 'D'));
        history.flip();
        history.add(Role::Responder, 'R');
        assert_eq!(history.as_str(), "Dd^r");
    }

    #[test]
    fn counts_are_written_at_powers_of_ten() {
        let mut count = Decades::default();
        let due: Vec<u32> = (1..=1000).filter(|_| count.count()).collect();
        assert_eq!(due, [1, 10, 100, 1000]);
    }
}
