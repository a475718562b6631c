//! `sockscope follow FILE STREAM`: the octets of a stream, as its receivers read them.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::path::Path;

use sockscope::decode::{self, Transport};
use sockscope::present::follow_view::{Follow, FollowForm};
use sockscope::present::json;
use sockscope::track::{FlowId, Limits, Piece, Side, Tracker, Update};

use super::args::{FollowArgs, FollowSide};
use super::cut::same_file;
use super::failure::Failure;
use super::job::{self, Setting};
use super::run;

pub(crate) fn run(args: FollowArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    match &args.output {
        None => follow(&args, setting, out),
        Some(path) if same_file(&args.input.file, path) => {
            Err(Failure::Usage(format!("{}: is the input, which is never overwritten", job::shown(path))))
        }
        Some(path) => {
            let cannot = |error: io::Error| Failure::Input(format!("{}: cannot write: {error}", job::shown(path)));
            let mut file = Late { path, file: None };
            match follow(&args, setting, &mut file) {
                Err(Failure::Output(error)) => Err(cannot(error)),
                Err(other) => file.flush().map_err(cannot).and(Err(other)),
                Ok(()) => file.made().and_then(Write::flush).map_err(cannot),
            }
        }
    }
}

/// A file that is made when something is written to it: a stream that does not exist leaves none behind.
struct Late<'p> {
    path: &'p Path,
    file: Option<BufWriter<File>>,
}

impl Late<'_> {
    fn made(&mut self) -> io::Result<&mut BufWriter<File>> {
        match &mut self.file {
            Some(file) => Ok(file),
            empty => Ok(empty.insert(BufWriter::new(File::create(self.path)?))),
        }
    }
}

impl Write for Late<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.made()?.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

fn follow(args: &FollowArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    let mut printer = Printer::new(args, setting);
    let mut tracker = Tracker::new(Limits::default());
    let mut exchange = Exchange::new(args.stream);
    tracker.follow(args.stream);
    let mut found = false;
    let mut hidden = HashSet::new();
    let reading = run::frames(&args.input, setting, |frame, selected| {
        let packet = decode::packet(frame);
        let update = tracker.push(&packet);
        found |= update.flow == Some(args.stream);
        if !selected && update.flow == Some(args.stream) {
            hidden.insert(packet.number);
        }
        let shown = update.pieces.iter().filter(|piece| is_shown(piece, &hidden));
        shown.into_iter().try_for_each(|piece| printer.write(piece, out))?;
        if let Some(piece) = exchange.datagram(packet.number, &update).filter(|piece| is_shown(piece, &hidden)) {
            printer.write(&piece, out)?;
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let rest = tracker.finish().pieces;
    rest.iter().filter(|piece| is_shown(piece, &hidden)).try_for_each(|piece| printer.write(piece, out))?;
    printer.finish(out)?;
    if !found {
        reading.verdict()?;
        return Err(run::no_such_stream(&args.input.file, args.stream));
    }
    reading.verdict()
}

/// A filter has not left out the frame that brought it.
fn is_shown(piece: &Piece, hidden: &HashSet<u64>) -> bool {
    piece.frame.is_none_or(|frame| !hidden.contains(&frame))
}

enum Printer {
    View(Follow),
    Json(json::Followed),
}

impl Printer {
    fn new(args: &FollowArgs, setting: &Setting) -> Self {
        if args.json {
            return Self::Json(json::Followed::new());
        }
        let form = if args.raw {
            FollowForm::Raw
        } else if args.hex {
            FollowForm::Hex
        } else {
            FollowForm::Text
        };
        let only = args.side.map(|side| match side {
            FollowSide::Initiator => Side::Initiator,
            FollowSide::Responder => Side::Responder,
        });
        Self::View(Follow::new(setting.look, form, args.frames, only))
    }

    fn write(&mut self, piece: &Piece, out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::View(follow) => follow.write(piece, out),
            Self::Json(lines) => lines.write(piece, out),
        }
    }

    fn finish(&mut self, out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::View(follow) => follow.finish(out),
            Self::Json(_) => Ok(()),
        }
    }
}

/// A UDP exchange: datagrams need no putting in order. Who sent the first one counts as the initiator.
pub(super) struct Exchange {
    flow: FlowId,
    first: Option<SocketAddr>,
}

impl Exchange {
    /// The exchange of this stream, before its first datagram.
    pub(super) const fn new(flow: FlowId) -> Self {
        Self { flow, first: None }
    }

    /// What the frame says, if it belongs to the exchange.
    pub(super) fn datagram(&mut self, frame: u64, update: &Update<'_>) -> Option<Piece> {
        let (Some(Transport::Udp(datagram)), Some(tuple)) = (&update.transport, update.tuple) else { return None };
        if update.flow != Some(self.flow) {
            return None;
        }
        let first = *self.first.get_or_insert(tuple.source);
        let side = if tuple.source == first { Side::Initiator } else { Side::Responder };
        let missing = u64::from(datagram.payload_len) - datagram.payload.len() as u64;
        Some(Piece { side, frame: Some(frame), octets: datagram.payload.to_vec(), missing })
    }
}
