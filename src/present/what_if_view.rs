//! What would be otherwise, as text: the binds, then a line for each packet that another socket would get.

use std::io::{self, Write};

use super::demux_view::said;
use super::line::Line;
use super::look::{Ink, Look};
use super::sanitize::sanitize;
use super::words;
use crate::judge::what_if::Bind;
use crate::track::{Arriving, Delivery};

/// The table of changes: `No. Protocol Source Destination Now Then Rule`; columns grow with what they hold.
#[derive(Debug)]
pub struct Changes {
    look: Look,
    line: Line,
    widths: [usize; COLUMNS],
    /// The options of sockets are unknown.
    inferred: bool,
    /// Binds that are written.
    told: usize,
    packets: u64,
    changed: u64,
}

const COLUMNS: usize = 7;
const TITLES: [&str; COLUMNS] = ["No.", "Proto", "Source", "Destination", "Now", "Then", "Rule"];
const WIDTHS: [usize; COLUMNS] = [4, 5, 15, 15, 12, 12, 0];

impl Changes {
    /// No packet yet.
    pub fn new(look: Look, inferred: bool) -> Self {
        Self { look, line: Line::new(), widths: WIDTHS, inferred, told: 0, packets: 0, changed: 0 }
    }

    /// Writes what is supposed, and how it goes.
    ///
    /// # Errors
    /// What the writer says.
    pub fn begin(&mut self, changes: &[String], binds: &[Bind], out: &mut impl Write) -> io::Result<()> {
        for change in changes {
            writeln!(out, "{}", self.look.paint(Ink::Strong, format!("What if {}", sanitize(change))))?;
        }
        self.binds(binds, out)
    }

    /// Writes a packet, if another socket would get it.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&mut self, arriving: &Arriving, (now, then): (&Delivery, &Delivery), out: &mut impl Write) -> io::Result<()> {
        self.packets += 1;
        if !is_changed(now, then) {
            return Ok(());
        }
        self.changed += 1;
        if self.changed == 1 {
            self.heading(out)?;
        }
        let Self { look, line, widths, .. } = self;
        let tuple = arriving.tuple();
        line.number(arriving.frame, widths[0]).left(tuple.protocol.word(), widths[1]);
        line.growing_endpoint(tuple.source, &mut widths[2]).growing_endpoint(tuple.destination, &mut widths[3]);
        line.growing(&receiver(now), &mut widths[4]).growing(&receiver(then), &mut widths[5]);
        line.painted(*look, Ink::Quiet, then.rule.word(), 0).end(out)
    }

    /// Writes the binds that came with restarts, and how many packets change.
    ///
    /// # Errors
    /// What the writer says.
    pub fn finish(&mut self, binds: &[Bind], out: &mut impl Write) -> io::Result<()> {
        self.binds(binds, out)?;
        if self.inferred && binds.iter().any(|bind| bind.failure.is_some()) {
            let text = "No packet tells the options of a socket: none is taken to be set.";
            writeln!(out, "  {}", self.look.paint(Ink::Quiet, text))?;
        }
        match (self.changed, self.packets) {
            (0, all) => writeln!(out, "  no other socket for any of {}", words::counted(all, "packet")),
            (changed, all) => writeln!(out, "  another socket, or none, for {changed} of {}", words::counted(all, "packet")),
        }
    }

    fn binds(&mut self, binds: &[Bind], out: &mut impl Write) -> io::Result<()> {
        for bind in binds.iter().skip(self.told) {
            let text = told(bind);
            match bind.failure {
                Some(_) => writeln!(out, "  {}", self.look.paint(Ink::Bad, sanitize(&text)))?,
                None => writeln!(out, "  {}", sanitize(&text))?,
            }
        }
        self.told = binds.len();
        Ok(())
    }

    fn heading(&mut self, out: &mut impl Write) -> io::Result<()> {
        let number = format!("{:>1$}", TITLES[0], self.widths[0]);
        self.line.painted(self.look, Ink::Quiet, &number, 0);
        for (title, width) in TITLES.iter().zip(self.widths).skip(1) {
            self.line.painted(self.look, Ink::Quiet, title, width);
        }
        self.line.end(out)
    }
}

/// Another socket gets it, or none does any more.
pub(super) fn is_changed(now: &Delivery, then: &Delivery) -> bool {
    (now.verdict, &now.sockets) != (then.verdict, &then.sockets)
}

/// `to s1`, `refused`.
fn receiver(delivery: &Delivery) -> String {
    match delivery.sockets.as_slice() {
        [] => said(delivery.verdict).to_owned(),
        sockets => format!("{} {}", said(delivery.verdict), sanitize(&sockets.join(", "))),
    }
}

/// `after frame 30: s1b, in place of s1, binds 127.0.0.1:80: EADDRINUSE: …`.
fn told(bind: &Bind) -> String {
    let Bind { socket, local, after, restarted, failure } = bind;
    let when = match (after, restarted) {
        (Some(frame), _) => format!("after frame {frame}: "),
        (None, Some(_)) => "after the last frame: ".to_owned(),
        (None, None) => String::new(),
    };
    let who = restarted.as_ref().map_or_else(|| socket.to_string(), |old| format!("{socket}, in place of {old},"));
    match failure {
        None => format!("{when}{who} binds {local}: that works"),
        Some((errno, because)) => format!("{when}{who} binds {local}: {errno}, because {because}"),
    }
}
