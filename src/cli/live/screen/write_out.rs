//! Frames that were held, into a file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use sockscope::capture::{Description, Frame, Writer};
use sockscope::decode::{self, Transport};
use sockscope::present::tui::{Note, Wanted, WriteOut};
use sockscope::present::words::counted;
use sockscope::track::{FlowId, Protocol};

use super::memory::Held;

/// Writes the frames that are wanted into a new file, and says how that went.
pub(super) fn write(order: &WriteOut, held: &Held, description: &Description) -> Note {
    let path = Path::new(&order.path);
    match written(path, &order.wanted, held, description) {
        Ok(count) => Note { text: format!("{}: {}", order.path, told(&count)), is_bad: false },
        Err(error) => Note { text: format!("{}: cannot write: {error}", order.path), is_bad: true },
    }
}

/// What was written.
#[derive(Debug, Default, Eq, PartialEq)]
struct Written {
    frames: u64,
    /// Frames that are not held whole.
    cut: u64,
    /// The first frame that is held.
    first: Option<u64>,
}

/// `12 frames; those before frame 340 are no more held`
fn told(count: &Written) -> String {
    let before = count.first.filter(|first| *first > 1);
    let before = before.map(|first| format!("; those before frame {first} are no more held")).unwrap_or_default();
    let cut = if count.cut > 0 { format!("; {} cut to 8 KiB", counted(count.cut, "long frame")) } else { String::new() };
    format!("{} written{cut}{before}", counted(count.frames, "frame"))
}

fn written(path: &Path, wanted: &Wanted, held: &Held, description: &Description) -> io::Result<Written> {
    let mut writer = Writer::new(BufWriter::new(File::create_new(path)?), description);
    let mut count = Written::default();
    let mut fault = None;
    writer.begin()?;
    held.each(|frame, flow| {
        count.first = count.first.or(Some(frame.number));
        if fault.is_none() && is_wanted(frame, flow, wanted) {
            count.frames += 1;
            count.cut += u64::from(frame.octets.len() < frame.original_len as usize);
            fault = writer.frame(frame).err();
        }
    });
    fault.map_or(Ok(()), Err)?;
    writer.finish()?.flush()?;
    Ok(count)
}

fn is_wanted(frame: &Frame<'_>, flow: Option<FlowId>, wanted: &Wanted) -> bool {
    let named = || wanted.ports.iter().any(|port| has_port(frame, *port));
    wanted.is_all() || flow.is_some_and(|flow| wanted.flows.contains(&flow)) || named()
}

/// The frame goes from or to this port.
fn has_port(frame: &Frame<'_>, (protocol, port): (Protocol, u16)) -> bool {
    let ends = match (decode::packet(frame).transport, protocol) {
        (Some(Transport::Tcp(segment)), Protocol::Tcp) => [segment.source_port, segment.destination_port],
        (Some(Transport::Udp(datagram)), Protocol::Udp) => [datagram.source_port, datagram.destination_port],
        _ => return false,
    };
    ends.contains(&port)
}
