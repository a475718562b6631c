//! A live capture in lines: one for each frame, and the sockets at the end.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use sockscope::capture::Frame;
use sockscope::decode::Packet;
use sockscope::present::look::Look;
use sockscope::present::socket_view::{self, Columns};
use sockscope::present::words::{counted, grouped};
use sockscope::track::{Forgotten, Socket, SocketState, Trace, Update};

use super::super::args::LiveArgs;
use super::super::failure::print_line;
use super::super::job::Form;
use super::super::packets::Printer;
use super::watch::Sight;

/// Between two moments at which what was printed is shown.
const PACE: Duration = Duration::from_millis(100);

/// Lines on standard output.
pub(super) struct Lines<'o> {
    /// `None` if frames are not shown.
    printer: Option<Printer>,
    form: Form,
    look: Look,
    out: &'o mut dyn Write,
    shown: Instant,
    /// Losses told so far.
    lost: u64,
}

impl<'o> Lines<'o> {
    /// The form that was asked for.
    pub(super) fn new(args: &LiveArgs, look: Look, out: &'o mut dyn Write) -> Self {
        let form = if args.json { Form::Json } else { Form::Text };
        let printer = (!args.quiet).then(|| Printer::new(form, look, args.time.clone().into()));
        Self { printer, form, look, out, shown: Instant::now(), lost: 0 }
    }

    /// Shows what there is to be seen.
    pub(super) fn see(&mut self, sight: Sight<'_>) -> io::Result<()> {
        match sight {
            Sight::Frame(frame, packet, update) => self.frame(frame, packet, update),
            Sight::Unselected(packet) => {
                self.pass(packet);
                Ok(())
            }
            Sight::Rest { lost, .. } => self.rest(lost),
        }
    }

    /// A frame that is selected.
    fn frame(&mut self, frame: &Frame<'_>, packet: &Packet<'_>, update: &Update<'_>) -> io::Result<()> {
        let Some(printer) = &mut self.printer else { return Ok(()) };
        printer.print(frame, packet, update, &mut self.out)
    }

    /// A frame that is not.
    fn pass(&mut self, packet: &Packet<'_>) {
        self.printer.iter_mut().for_each(|printer| printer.pass(packet));
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

    /// The sockets at the end, where people read.
    pub(super) fn end(&mut self, trace: &Trace) -> io::Result<()> {
        if self.form == Form::Text {
            let open = |socket: &&Socket| socket.state != SocketState::Closed;
            let sockets: Vec<&Socket> = trace.sockets.sockets.iter().filter(open).collect();
            writeln!(self.out, "\nSockets behind these packets, as of the last frame")?;
            socket_view::write(&sockets, Columns::All, self.look, &mut self.out)?;
            self.tell_forgotten(trace.forgotten)?;
        }
        self.out.flush()
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
