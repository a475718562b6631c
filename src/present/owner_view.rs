//! Who holds the two ends of a conversation, as a comment in a capture file and as a line beside a packet.

use std::io::{self, Write};
use std::net::SocketAddr;

use super::look::{Ink, Look};
use super::sanitize::sanitize;
use crate::capture::kernel::Owner;

/// `127.0.0.1:40000 is python3 (pid 4711), 127.0.0.1:5000 is server (pid 42)`; a process may call itself anything.
pub fn text(held: &[(SocketAddr, Owner)]) -> String {
    held.iter().map(|(end, owner)| format!("{end} is {}", name(owner))).collect::<Vec<_>>().join(", ")
}

/// `python3 (pid 4711)`.
pub fn name(owner: &Owner) -> String {
    format!("{} (pid {})", sanitize(&owner.name), owner.pid)
}

/// Writes the same on a line below a packet.
///
/// # Errors
/// What the writer says.
pub fn line(held: &[(SocketAddr, Owner)], look: Look, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "      {}", look.paint(Ink::Quiet, format!("└ {}", text(held))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_harmless() {
        let owner = Owner { pid: 7, fd: 3, name: "a\x1b[2J".to_owned() };
        assert_eq!(text(&[(([127, 0, 0, 1], 5000).into(), owner)]), "127.0.0.1:5000 is a\\x1b[2J (pid 7)");
    }
}
