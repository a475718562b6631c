//! A live capture in lines: one for each frame, and the sockets at the end.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use sockscope::capture::{Frame, Timestamp};
use sockscope::decode::Packet;
use sockscope::judge::verify::{Account, Difference};
use sockscope::present::look::Look;
use sockscope::present::socket_view::{self, Columns};
use sockscope::present::words::{counted, grouped};
use sockscope::present::{json, owner_view, verify_view};
use sockscope::track::{Forgotten, Socket, SocketState, Trace, Update};

use super::super::args::LiveArgs;
use super::super::failure::{Failure, print_line};
use super::super::job::Form;
use super::super::packets::Printer;
use super::census::Held;
use super::watch::{Audience, Seen, Sight};

/// Between two moments at which what was printed is shown.
const PACE: Duration = Duration::from_millis(100);

/// Differences told one by one; more are counted at the end.
pub(super) const MAX_DIFFERENCES: usize = 1000;

/// Lines on standard output.
pub(crate) struct Lines<'o> {
    /// `None` if frames are not shown.
    printer: Option<Printer>,
    form: Form,
    look: Look,
    out: &'o mut dyn Write,
    shown: Instant,
    /// When the first frame was captured: times count from there.
    begin: Option<Timestamp>,
    /// Losses told so far.
    lost: u64,
    /// Differences told so far.
    differences: usize,
}

impl Audience for Lines<'_> {
    fn see(&mut self, sight: Sight<'_>) -> io::Result<()> {
        match sight {
            Sight::Frame(frame, packet, update) => self.frame(frame, packet, update),
            Sight::Unselected(packet) => {
                self.pass(packet);
                Ok(())
            }
            Sight::Owners(frame, _, held) => self.owners(frame, held),
            Sight::Differs(difference) => self.difference(difference),
            Sight::Rest { lost, .. } => self.rest(lost),
        }
    }

    /// The sockets at the end, where people read, and what the kernel says of them.
    fn end(&mut self, seen: &mut Seen) -> Result<(), Failure> {
        seen.last.iter().try_for_each(|difference| self.difference(difference))?;
        match self.form {
            Form::Json => seen.account.iter().try_for_each(|account| json::verification(account, &mut self.out))?,
            Form::Text | Form::Csv => {
                self.sockets(&seen.trace)?;
                seen.account.iter().try_for_each(|account| self.figures(account))?;
            }
        }
        Ok(self.out.flush()?)
    }
}

impl<'o> Lines<'o> {
    /// The form that was asked for.
    pub(crate) fn new(args: &LiveArgs, look: Look, out: &'o mut dyn Write) -> Self {
        let form = if args.json { Form::Json } else { Form::Text };
        let printer = (!args.quiet).then(|| Printer::new(form, look, args.time.clone().into()));
        Self { printer, form, look, out, shown: Instant::now(), begin: None, lost: 0, differences: 0 }
    }

    /// A frame that is selected.
    fn frame(&mut self, frame: &Frame<'_>, packet: &Packet<'_>, update: &Update<'_>) -> io::Result<()> {
        self.begin(frame.timestamp);
        let Some(printer) = &mut self.printer else { return Ok(()) };
        printer.print(frame, packet, update, &mut self.out)
    }

    /// A frame that is not.
    fn pass(&mut self, packet: &Packet<'_>) {
        self.begin(packet.timestamp);
        self.printer.iter_mut().for_each(|printer| printer.pass(packet));
    }

    /// Who holds the ends of a conversation.
    fn owners(&mut self, frame: u64, held: &[Held]) -> io::Result<()> {
        match (&self.printer, self.form) {
            (None, _) => Ok(()),
            (Some(_), Form::Json) => json::owners(frame, held, &mut self.out),
            (Some(_), Form::Text | Form::Csv) => owner_view::line(held, self.look, &mut self.out),
        }
    }

    /// Packets and the kernel differ.
    fn difference(&mut self, difference: &Difference) -> io::Result<()> {
        self.differences += 1;
        if self.differences > MAX_DIFFERENCES {
            return Ok(());
        }
        match self.form {
            Form::Json => json::difference(difference, &mut self.out),
            Form::Text | Form::Csv => verify_view::line(difference, self.begin, self.look, &mut self.out),
        }
    }

    /// Times count from the first frame, whoever shows that.
    pub(super) fn begin(&mut self, time: Option<Timestamp>) {
        self.begin = self.begin.or(time);
    }

    /// So many differences more were found, and are not to be told one by one.
    #[cfg(feature = "tui")]
    pub(super) const fn pass_differences(&mut self, count: usize) {
        self.differences += count;
    }

    /// Writes beside what it prints itself.
    pub(crate) fn out(&mut self) -> &mut dyn Write {
        self.out
    }

    /// There is time to show what was printed, and to say what was lost.
    fn rest(&mut self, lost: u64) -> io::Result<()> {
        if lost > self.lost {
            print_line(&format!("{} frames lost so far: the kernel's buffer was full", grouped(lost)));
            self.lost = lost;
        }
        if self.shown.elapsed() < PACE {
            return Ok(());
        }
        self.shown = Instant::now();
        self.out.flush()
    }

    fn sockets(&mut self, trace: &Trace) -> io::Result<()> {
        let open = |socket: &&Socket| socket.state != SocketState::Closed;
        let sockets: Vec<&Socket> = trace.sockets.sockets.iter().filter(open).collect();
        writeln!(self.out, "\nSockets behind these packets, as of the last frame")?;
        socket_view::write(&sockets, Columns::All, self.look, &mut self.out)?;
        self.tell_forgotten(trace.forgotten)
    }

    fn figures(&mut self, account: &Account) -> io::Result<()> {
        writeln!(self.out)?;
        verify_view::figures(account, self.look, &mut self.out)?;
        match self.differences.saturating_sub(MAX_DIFFERENCES) as u64 {
            0 => Ok(()),
            more => writeln!(self.out, "  {} not told one by one", counted(more, "difference")),
        }
    }

    /// What is left out of the table on purpose.
    fn tell_forgotten(&mut self, forgotten: Forgotten) -> io::Result<()> {
        if !forgotten.any() {
            return Ok(());
        }
        let connections = counted(forgotten.connections, "connection");
        let exchanges = counted(forgotten.exchanges, "exchange");
        writeln!(self.out, "  Forgotten in the meantime: {connections} and {exchanges} of UDP that had ended long before.")
    }
}
