//! Reads a script line by line: words become a step, or an error that names the place.

use std::net::{IpAddr, SocketAddr};

use super::script::{
    Act, Fate, Fault, Flow, Fragments, INITIAL, Load, Network, Packet, Payload, Protocol, Script, Segment, Sender, Step,
    TcpOption, Unreachable,
};
use super::words::{Error, Word, Words};
use crate::decode::tcp::Flags;

/// The steps and headings of a script.
pub(super) fn script(text: &str) -> Result<Script, Error> {
    let mut reader = Reader {
        script: Script::default(),
        flows: vec![Known { name: "", flow: Flow::default(), sent: [false; 2] }],
        captured: false,
    };
    for (number, line) in (1..).zip(text.lines()) {
        reader.line(number, line)?;
    }
    Ok(reader.script)
}

/// What was read so far.
struct Reader<'s> {
    script: Script,
    flows: Vec<Known<'s>>,
    /// There is a frame to copy.
    captured: bool,
}

/// A flow that the script named.
struct Known<'s> {
    name: &'s str,
    flow: Flow,
    /// Its initiator sent a packet, its responder did.
    sent: [bool; 2],
}

impl<'s> Reader<'s> {
    fn line(&mut self, number: usize, line: &'s str) -> Result<(), Error> {
        if self.heading(line) {
            return Ok(());
        }
        let mut words = Words::new(number, line);
        let Some(word) = words.more() else { return Ok(()) };
        let act = match word.text {
            text if text.starts_with('+') => Act::Wait(word.from(1).microseconds()?),
            text if text.starts_with('-') => Act::Wait(-word.from(1).microseconds()?),
            "tcp" => self.begin(Protocol::Tcp, &mut words)?,
            "udp" => self.begin(Protocol::Udp, &mut words)?,
            "copy" => self.copy(word, &mut words)?,
            text if text.ends_with(['>', '<']) => Act::Send(self.packet(word, &mut words)?),
            _ => return Err(word.not("> or < and a packet, +MS, -MS, copy, tcp, udp, or title:, teaches:, korean:")),
        };
        if let Some(more) = words.more() {
            return Err(more.not("the end of the line"));
        }
        self.script.steps.push(Step { remark: words.remark().to_owned(), act });
        Ok(())
    }

    /// True if the line is a heading.
    fn heading(&mut self, line: &str) -> bool {
        let script = &mut self.script;
        let headings = [("title:", &mut script.title), ("teaches:", &mut script.teaches), ("korean:", &mut script.korean)];
        for (key, place) in headings {
            if let Some(text) = line.strip_prefix(key) {
                text.trim().clone_into(place);
                return true;
            }
        }
        false
    }

    fn begin(&mut self, protocol: Protocol, words: &mut Words<'s>) -> Result<Act, Error> {
        let mut word = words.next();
        let mut name = "";
        if !word.text.is_empty() && word.text.chars().all(char::is_alphanumeric) {
            (name, word) = (word.text, words.next());
        }
        let initiator: SocketAddr = word.read("an address and a port, such as 10.0.0.1:40000 or [fd00::1]:40000")?;
        let word = words.next();
        let responder: SocketAddr = word.read("an address and a port, such as 10.0.0.2:5001 or [fd00::2]:5001")?;
        if initiator.is_ipv4() != responder.is_ipv4() {
            return Err(word.not("an address of the same family as the first"));
        }
        let initial = words.more().map_or(Ok(INITIAL), initial)?;
        let flow = Flow { protocol, ends: [initiator, responder], initial };
        let known = Known { name, flow, sent: [false; 2] };
        let number = self.flows.iter().position(|known| known.name == name).unwrap_or(self.flows.len());
        self.flows.splice(number..self.flows.len().min(number + 1), [known]);
        Ok(Act::Begin(number, flow))
    }

    fn copy(&self, word: Word<'s>, words: &mut Words<'s>) -> Result<Act, Error> {
        if !self.captured {
            return Err(word.not("a packet before the first copy"));
        }
        let (mut interface, mut hop_limit) = (1, None);
        while let Some(word) = words.more() {
            match word.key_and_value() {
                Some(("on", value)) => interface = interface_number(value)?,
                Some(("ttl", value)) => hop_limit = Some(value.read("a hop limit, 0 to 255")?),
                _ => return Err(word.not("on=N or ttl=N")),
            }
        }
        Ok(Act::Copy { interface, hop_limit })
    }

    fn packet(&mut self, word: Word<'s>, words: &mut Words<'s>) -> Result<Packet, Error> {
        let (name, arrow) = word.text.split_at(word.text.len() - 1);
        let sender = if arrow == ">" { Sender::Initiator } else { Sender::Responder };
        let flow = self.flows.iter().position(|known| known.name == name);
        let flow = flow.ok_or_else(|| word.not("the name of a flow that began above, and > or <"))?;
        let known = &mut self.flows[flow];
        let mut said = Said::default();
        while let Some(word) = words.more() {
            said.take(known.flow.protocol, word, words)?;
        }
        let load = said.load(known, sender, &words.next())?;
        if !matches!(load, Load::Unreachable { .. }) {
            known.sent[sender as usize] = true;
        }
        self.captured |= said.network.fate != Fate::Uncaptured;
        Ok(Packet { flow, sender, load, network: said.network })
    }
}

/// `isn=N,N`.
fn initial(word: Word<'_>) -> Result<[u32; 2], Error> {
    let Some(("isn", value)) = word.key_and_value() else { return Err(word.not("isn=N,N")) };
    let mut numbers = value.split(',').map(|part| part.read("a sequence number, 0 to 4294967295"));
    match (numbers.next(), numbers.next(), numbers.next()) {
        (Some(first), Some(second), None) => Ok([first?, second?]),
        _ => Err(value.not("two initial sequence numbers, as in isn=1000,5000")),
    }
}

/// What the words of a packet's line said so far.
#[derive(Default)]
struct Said {
    segment: Segment,
    network: Network,
    length: Option<u16>,
    unreachable: Option<Unreachable>,
    router: Option<IpAddr>,
}

impl Said {
    fn take<'s>(&mut self, protocol: Protocol, word: Word<'s>, words: &mut Words<'s>) -> Result<(), Error> {
        match (word.text, word.key_and_value()) {
            ("data", _) => self.segment.payload = payload(words.next())?,
            ("unreachable", _) => self.unreachable = Some(reason(words.next())?),
            ("lost", _) => self.network.fate = Fate::Lost,
            ("uncaptured", _) => self.network.fate = Fate::Uncaptured,
            ("badsum", _) => self.network.fault = Some(Fault::Checksum),
            ("badipsum", _) => self.network.fault = Some(Fault::HeaderChecksum),
            (_, Some((key, value))) if self.network_value(key, value)? => {}
            (_, Some(("len", value))) if protocol == Protocol::Udp => self.length = Some(value.read("a length, 0 to 65535")?),
            _ if protocol == Protocol::Udp => return Err(word.not("data, unreachable, len=N, or a word on the packet")),
            _ => return self.segment_word(word),
        }
        Ok(())
    }

    /// False if the key is not one of the packet below its transport.
    fn network_value(&mut self, key: &str, value: Word<'_>) -> Result<bool, Error> {
        let network = &mut self.network;
        match key {
            "ttl" => network.hop_limit = Some(value.read("a hop limit, 0 to 255")?),
            "id" => network.id = Some(value.read("an identification, 0 to 65535")?),
            "on" => network.interface = interface_number(value)?,
            "from" => self.router = Some(value.read("the address of a router")?),
            "fragments" => network.fragments = Some(Fragments { size: fragment_size(value)?, only: Vec::new() }),
            "only" => match &mut network.fragments {
                Some(fragments) => fragments.only = value.split(',').map(fragment_number).collect::<Result<_, _>>()?,
                None => return Err(value.not("fragments=SIZE before only=")),
            },
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn segment_word(&mut self, word: Word<'_>) -> Result<(), Error> {
        let segment = &mut self.segment;
        let number = "a number, 0 to 4294967295, counted from the initial one";
        let Some((key, value)) = word.key_and_value() else {
            match word.text {
                "ts" => segment.timestamps = true,
                "sackok" => segment.options.push(TcpOption::SackPermitted),
                "cookie" => segment.options.push(TcpOption::FastOpen(Vec::new())),
                _ => segment.flags = flags(word)?,
            }
            return Ok(());
        };
        match key {
            "seq" => segment.sequence = Some(value.read(number)?),
            "ack" => segment.acknowledgment = Some(value.read(number)?),
            "win" => segment.window = Some(value.read("a window, 0 to 65535")?),
            "mss" => segment.options.push(TcpOption::MaximumSegmentSize(value.read("a segment size, 0 to 65535")?)),
            "ws" => segment.options.push(TcpOption::WindowScale(value.read("a shift, 0 to 255")?)),
            "sack" => segment.options.push(TcpOption::Sack(value.split(',').map(block).collect::<Result<_, _>>()?)),
            "cookie" => segment.options.push(TcpOption::FastOpen(value.octets()?)),
            _ => return Err(word.not("flags, data, or a word on the packet such as seq=, ack=, win=, mss=, sack=, lost")),
        }
        Ok(())
    }

    /// What the packet carries; `end` is where a missing word is told of.
    fn load(&mut self, known: &Known<'_>, sender: Sender, end: &Word<'_>) -> Result<Load, Error> {
        let mut segment = std::mem::take(&mut self.segment);
        if let Some(reason) = self.unreachable {
            if !known.sent[1 - sender as usize] {
                return Err(end.not("a packet of the other side before the error about it"));
            }
            return Ok(Load::Unreachable { reason, router: self.router });
        }
        if known.flow.protocol == Protocol::Udp {
            return Ok(Load::Datagram { payload: segment.payload, length: self.length });
        }
        if segment.flags == Flags::default() {
            if segment.payload == Payload::default() {
                return Err(end.not("flags, letters of FSRPAUEC, or data N"));
            }
            segment.flags = Flags(Flags::PSH.0 | Flags::ACK.0);
        }
        Ok(Load::Segment(segment))
    }
}

/// Letters of `FSRPAUEC`.
fn flags(word: Word<'_>) -> Result<Flags, Error> {
    let mut flags = Flags::default();
    for letter in word.text.chars() {
        flags.0 |= match letter {
            'F' => Flags::FIN.0,
            'S' => Flags::SYN.0,
            'R' => Flags::RST.0,
            'P' => Flags::PSH.0,
            'A' => Flags::ACK.0,
            'U' => Flags::URG.0,
            'E' => Flags::ECE.0,
            'C' => Flags::CWR.0,
            _ => return Err(word.not("flags, letters of FSRPAUEC, or a word such as data, seq=, lost")),
        };
    }
    Ok(flags)
}

/// A number of octets, or text between quotation marks.
fn payload(word: Word<'_>) -> Result<Payload, Error> {
    let quoted = word.text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    match quoted {
        Some(text) => Ok(Payload::Text(text.to_owned())),
        None => Ok(Payload::Letters(word.read("a number of octets, or text between quotation marks")?)),
    }
}

fn reason(word: Word<'_>) -> Result<Unreachable, Error> {
    Ok(match word.text {
        "port" => Unreachable::Port,
        "host" => Unreachable::Host,
        "network" => Unreachable::Network,
        "filtered" => Unreachable::Filtered,
        "toobig" => Unreachable::TooBig,
        _ => return Err(word.not("port, host, network, filtered or toobig")),
    })
}

/// Begin and end of a SACK block, `A-B`.
fn block(word: Word<'_>) -> Result<(u32, u32), Error> {
    let wrong = || word.not("a block, its begin and its end, such as 101-201");
    let (left, right) = word.text.split_once('-').ok_or_else(wrong)?;
    left.parse().ok().zip(right.parse().ok()).ok_or_else(wrong)
}

fn interface_number(word: Word<'_>) -> Result<u32, Error> {
    let expected = "the number of an interface, 0 to 9";
    Some(word.read(expected)?).filter(|number| *number < 10).ok_or_else(|| word.not(expected))
}

fn fragment_size(word: Word<'_>) -> Result<u16, Error> {
    let expected = "a size in octets that eight divides";
    let size = word.read(expected)?;
    Some(size).filter(|size: &u16| *size > 0 && size.is_multiple_of(8)).ok_or_else(|| word.not(expected))
}

fn fragment_number(word: Word<'_>) -> Result<usize, Error> {
    let expected = "the number of a fragment, from 1";
    Some(word.read(expected)?).filter(|number| *number > 0).ok_or_else(|| word.not(expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(script: &str) -> String {
        Script::parse(script).expect_err(script).to_string()
    }

    #[test]
    fn faults_name_line_column_and_what_was_expected() {
        let cases = [
            (
                "> S\nhello",
                "line 2, column 1: expected > or < and a packet, +MS, -MS, copy, tcp, udp, or title:, teaches:, korean:, not \"hello\"",
            ),
            (">", "line 1, column 2: expected flags, letters of FSRPAUEC, or data N, not the end of the line"),
            ("> SX", "line 1, column 3: expected flags, letters of FSRPAUEC, or a word such as data, seq=, lost, not \"SX\""),
            ("> data", "line 1, column 7: expected a number of octets, or text between quotation marks, not the end of the line"),
            ("> A win=70000", "line 1, column 9: expected a window, 0 to 65535, not \"70000\""),
            ("> A sack=1-2,3", "line 1, column 14: expected a block, its begin and its end, such as 101-201, not \"3\""),
            ("b> S", "line 1, column 1: expected the name of a flow that began above, and > or <, not \"b>\""),
            ("+x", "line 1, column 2: expected milliseconds, such as 20 or 0.25, not \"x\""),
            ("+1 2", "line 1, column 4: expected the end of the line, not \"2\""),
            ("copy", "line 1, column 1: expected a packet before the first copy, not \"copy\""),
            (
                "< unreachable port",
                "line 1, column 19: expected a packet of the other side before the error about it, not the end of the line",
            ),
            (
                "udp u 10.0.0.1:1 10.0.0.2:2\nu> A",
                "line 2, column 4: expected data, unreachable, len=N, or a word on the packet, not \"A\"",
            ),
            ("tcp 10.0.0.1:1 [::1]:2", "line 1, column 16: expected an address of the same family as the first, not \"[::1]:2\""),
            ("> data 9 fragments=9", "line 1, column 20: expected a size in octets that eight divides, not \"9\""),
        ];
        for (script, expected) in cases {
            assert_eq!(fault(script), expected, "{script}");
        }
    }

    #[test]
    fn headings_remarks_and_steps() {
        let script = Script::parse("title: Two\nkorean: 둘\n\n# A remark alone.\n> data 3 # Why.\n+0.5\n").unwrap();
        assert_eq!((script.title.as_str(), script.korean.as_str(), script.steps.len()), ("Two", "둘", 2));
        assert_eq!(script.steps[0].remark, "Why.");
        assert_eq!(script.steps[1].act, Act::Wait(500));
    }

    #[test]
    fn data_alone_is_pushed_and_acknowledges() {
        let segment = |script: &str| match Script::parse(script).unwrap().steps.remove(0).act {
            Act::Send(Packet { load: Load::Segment(segment), .. }) => segment,
            other => panic!("{other:?}"),
        };
        assert_eq!(segment("> data 3").flags, Flags(0x18));
        assert_eq!(segment("> FA data 3").flags, Flags(0x11));
        assert_eq!(segment("> data \"a b\" seq=7").payload, Payload::Text("a b".into()));
    }
}
