//! Frames become a pcapng file: one section, an Ethernet interface for each that a script names.

use std::io::{self, Write};

use super::{Made, Script};
use crate::capture::{ByteOrder, Description, Format, Interface, InterfaceId, LinkType, Section, Writer};

/// The program named in the file: without a version, so that a newer one writes the same octets.
const PROGRAM: &str = "sockscope zoo";

/// Octets kept of a frame: more than any has.
const SNAP_LENGTH: u32 = 262_144;

/// Writes the frames of a script as pcapng, its headings as the comment of the whole.
///
/// # Errors
/// Those of the output.
pub fn write<W: Write>(script: &Script, out: W) -> io::Result<W> {
    let frames = super::frames(script);
    let description = description(script, &frames);
    let mut writer = Writer::new(out, &description);
    for (number, made) in (1..).zip(&frames) {
        writer.frame(&made.frame(number))?;
    }
    writer.finish()
}

fn description(script: &Script, frames: &[Made]) -> Description {
    let headings = [&script.title, &script.teaches, &script.korean];
    let comments = headings.into_iter().filter(|text| !text.is_empty()).cloned().collect();
    let section = Section { application: Some(PROGRAM.to_owned()), comments, ..Section::new(ByteOrder::Little) };
    let last = frames.iter().map(|made| made.interface.0).max().unwrap_or(0);
    let interface = |number| {
        let name = Some(format!("zoo{number}"));
        Interface { name, snap_length: Some(SNAP_LENGTH), ..Interface::new(InterfaceId(number), 0, LinkType::ETHERNET) }
    };
    let mut description = Description::new(Format::Pcapng);
    description.sections.push(section);
    description.interfaces.extend((0..=last).map(interface));
    description
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::capture::{self, Next};

    #[test]
    fn a_reader_delivers_the_frames_that_were_made() {
        let script = Script::parse("title: Two frames\n> S # The first.\n< SA on=1\n").unwrap();
        let octets = write(&script, Vec::new()).unwrap();
        assert_eq!(octets, write(&script, Vec::new()).unwrap());
        let mut source = capture::from_reader("zoo", Box::new(Cursor::new(octets))).unwrap();
        for (number, made) in (1..).zip(&super::super::frames(&script)) {
            let Next::Frame(frame) = source.next().unwrap() else { panic!("frame {number} is missing") };
            let expected = made.frame(number);
            assert_eq!((frame.timestamp, frame.ticks, frame.interface), (expected.timestamp, expected.ticks, expected.interface));
            assert_eq!((frame.octets, frame.options), (expected.octets, expected.options));
        }
        assert!(matches!(source.next(), Ok(Next::End)));
        let description = source.description();
        assert_eq!((description.interfaces.len(), &description.sections[0].comments[..]), (2, &["Two frames".to_owned()][..]));
        assert_eq!(description.packet_comments, [(1, "The first.".to_owned())]);
    }
}
