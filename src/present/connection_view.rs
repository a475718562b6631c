//! TCP connections as text: a row for each, and under it its beginning and end in words.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::line::Line;
use super::look::{Ink, Look};
use super::time::Span;
use super::{sentences, words};
use crate::judge::Difference;
use crate::track::Connection;

/// Rows that column widths are taken from; later ones may push their line.
const MEASURED: usize = 1000;

/// Writes connections with handshake, close and states.
///
/// # Errors
/// What the writer says.
pub fn write(connections: &[Connection], look: Look, out: &mut impl Write) -> io::Result<()> {
    if connections.is_empty() {
        return writeln!(out, "  none");
    }
    let widths = Widths::of(connections);
    let mut line = Line::new();
    widths.heading(look, &mut line).end(out)?;
    for connection in connections {
        widths.row(connection, look, &mut line).end(out)?;
        for sentence in [sentences::opening, sentences::ending, sentences::states] {
            sentence(line.left("", 2 + widths.stream), connection);
            line.end(out)?;
        }
        for text in [&connection.ends.initiator, &connection.ends.responder].into_iter().filter_map(sentences::trouble) {
            line.left("", 2 + widths.stream).text(&text).end(out)?;
        }
    }
    Ok(())
}

/// Writes where Wireshark, Zeek and sockscope part over a connection: each difference, and below it the rules behind it.
///
/// # Errors
/// What the writer says.
pub fn write_differences(connection: &Connection, found: &[Difference], look: Look, out: &mut impl Write) -> io::Result<()> {
    let title = format!("{}  {} → {}", connection.id, connection.initiator, connection.responder);
    writeln!(out, "{}", look.paint(Ink::Strong, title))?;
    if found.is_empty() {
        writeln!(out, "  Wireshark, Zeek and sockscope agree.")?;
    }
    for difference in found {
        writeln!(out, "  · {}", difference.text)?;
        for rule in &difference.rules {
            writeln!(out, "    {}", look.paint(Ink::Quiet, rule))?;
        }
    }
    Ok(())
}

struct Widths {
    stream: usize,
    initiator: usize,
    responder: usize,
    outcome: usize,
    forth: usize,
    back: usize,
}

impl Widths {
    fn of(connections: &[Connection]) -> Self {
        let widest = |title: &str, text: &dyn Fn(&Connection) -> usize| {
            connections.iter().take(MEASURED).map(text).fold(title.chars().count(), usize::max)
        };
        Self {
            stream: widest("Stream", &|connection| connection.id.to_string().len()),
            initiator: widest("Initiator", &|connection| connection.initiator.to_string().len()),
            responder: widest("Responder", &|connection| connection.responder.to_string().len()),
            outcome: widest("Outcome", &|connection| words::outcome(connection.outcome()).len()),
            forth: widest(FORTH, &|connection| connection.ends.initiator.sent.payload.to_string().len()),
            back: widest(BACK, &|connection| connection.ends.responder.sent.payload.to_string().len()),
        }
    }

    fn heading<'l>(&self, look: Look, line: &'l mut Line) -> &'l mut Line {
        let quiet = |line: &mut Line, title: &str, width: usize| {
            line.painted(look, Ink::Quiet, title, width);
        };
        line.text("  ");
        quiet(line, "Stream", self.stream);
        quiet(line, "Initiator", self.initiator);
        quiet(line, "Responder", self.responder);
        quiet(line, "Outcome", self.outcome);
        quiet(line, &format!("{FORTH:>0$}", self.forth), self.forth);
        quiet(line, &format!("{BACK:>0$}", self.back), self.back);
        quiet(line, "Duration", 0);
        line
    }

    fn row<'l>(&self, connection: &Connection, look: Look, line: &'l mut Line) -> &'l mut Line {
        let outcome = connection.outcome();
        let ink = if words::is_bad(outcome) { Ink::Bad } else { Ink::Tcp };
        line.text("  ").stream(connection.id, look, self.stream);
        line.endpoint(connection.initiator, self.initiator).endpoint(connection.responder, self.responder);
        line.painted(look, ink, words::outcome(outcome), self.outcome);
        line.number(connection.ends.initiator.sent.payload, self.forth).number(connection.ends.responder.sent.payload, self.back);
        if let (Some(start), Some(end)) = (connection.start, connection.end) {
            // Writing to a line cannot fail.
            let _ = write!(line, "{}", Span(end.since(start)));
        }
        line
    }
}

const FORTH: &str = "Octets →";
const BACK: &str = "← Octets";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::present::testing::{opened_and_closed, trace, written};

    #[test]
    fn a_row_and_three_sentences() {
        let text = written(|out| write(&trace(&opened_and_closed()).connections, Look::default(), out));
        let expected = "  \
Stream  Initiator       Responder    Outcome  Octets →  ← Octets  Duration
  tcp:0   10.0.0.1:40000  10.0.0.2:80  closed          0         0  5.00 ms
          SYN 1 → SYN-ACK 2 → ACK 3, round trip 2.00 ms
          closed by initiator first, FIN 4 and FIN 5, 3 segments
          initiator TIME-WAIT (proved), responder CLOSED (assumed)
";
        assert_eq!(text, expected);
    }
}
