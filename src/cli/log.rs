//! `sockscope log FILE SERVER.LOG`: does the log of a program tell what the network brought it?

use std::fs::File;
use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::path::Path;

use sockscope::decode;
use sockscope::judge::log::{self, Addressee, Deliveries, Encoding, Fault, Log, MAX_OCTETS, Pattern, Server, Text};
use sockscope::present::json;
use sockscope::present::log_view::{self, Beside};
use sockscope::track::{Limits, Protocol, Trace, Tracker};

use super::args::{Input, LogArgs};
use super::failure::Failure;
use super::job::{self, Setting};
use super::run::{self, Reading};

pub(crate) fn run(args: LogArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    let bad_pattern = |fault: Fault| Failure::Text(format!("--pattern, column {}: {}", fault.column, fault.text));
    let pattern = args.pattern.as_deref().map(Pattern::new).transpose().map_err(bad_pattern)?;
    let mut server_log = Written::read(&args.log, pattern.as_ref())?;
    let mut client_logs =
        args.clients.iter().map(|path| Written::read(path, pattern.as_ref())).collect::<Result<Vec<_>, Failure>>()?;
    let (deliveries, trace, reading) = deliveries(&args.input, setting)?;
    for written in client_logs.iter_mut().chain([&mut server_log]) {
        written.log.put_together(&deliveries);
    }
    let server = log::server(&deliveries, &trace, args.port, &server_log.log);
    let beside_server = server_log.beside(&deliveries, server.map(Addressee::server));
    let beside_clients = clients(&client_logs, &deliveries, server);
    if args.form.json {
        let file = job::shown(&args.input.file);
        json::log(&file, server, deliveries.left_out, (&beside_server, &beside_clients), out)?;
    } else {
        log_view::heading(server, deliveries.left_out, out)?;
        log_view::log(&beside_server, setting.look, out)?;
        beside_clients.iter().try_for_each(|beside| log_view::log(beside, setting.look, out))?;
        log_view::expected(&beside_server, server, setting.look, out)?;
    }
    reading.verdict()?;
    let all = || [&beside_server].into_iter().chain(&beside_clients);
    all().try_for_each(readable)?;
    all().try_for_each(agreeing)
}

/// A log as it was written.
struct Written {
    name: String,
    encoding: Encoding,
    log: Log,
}

impl Written {
    fn read(path: &Path, pattern: Option<&Pattern>) -> Result<Self, Failure> {
        let name = job::shown(path);
        let mut octets = Vec::new();
        let read = File::open(path).and_then(|file| file.take(MAX_OCTETS + 1).read_to_end(&mut octets));
        read.map_err(|error| Failure::Input(format!("{name}: cannot read: {error}")))?;
        let text = Text::decode(&octets).map_err(|fault| Failure::Text(format!("{name}: {fault}")))?;
        Ok(Self { name, encoding: text.encoding, log: Log::read(&text, pattern) })
    }

    /// Lays it beside what was delivered to its program; to nobody, if there is none.
    fn beside<'a>(&'a self, deliveries: &'a Deliveries, addressee: Option<Addressee>) -> Beside<'a> {
        let nobody = Addressee::server(Server { protocol: Protocol::Udp, port: 0 });
        let addressee = addressee.unwrap_or(nobody);
        Beside {
            name: self.name.clone(),
            encoding: self.encoding,
            log: &self.log,
            comparison: log::compare(deliveries, &self.log, &addressee),
            expected: addressee.expected(deliveries),
        }
    }
}

/// Lays the logs of clients beside the replies; clients that shared a port had a connection each, in this order.
fn clients<'a>(logs: &'a [Written], deliveries: &'a Deliveries, server: Option<Server>) -> Vec<Beside<'a>> {
    let mut taken = Vec::new();
    let beside = logs.iter().map(|written| {
        let addressee = server.map(|server| Addressee::client(server, written.log.own, deliveries, &taken));
        taken.extend(addressee.and_then(|addressee| addressee.flow));
        written.beside(deliveries, addressee)
    });
    beside.collect()
}

fn deliveries(input: &Input, setting: &Setting) -> Result<(Deliveries, Trace, Reading), Failure> {
    let mut tracker = Tracker::new(Limits::default());
    tracker.follow_all();
    let mut deliveries = Deliveries::new();
    let reading = run::frames(input, setting, |frame, selected| {
        let packet = decode::packet(frame);
        let update = tracker.push(&packet);
        if selected {
            deliveries.see(&packet, &update);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok((deliveries, tracker.finish(), reading))
}

fn readable(beside: &Beside<'_>) -> Result<(), Failure> {
    match beside.log.faults.first() {
        Some(fault) => Err(Failure::Text(format!("{}: {fault}", beside.name))),
        None => Ok(()),
    }
}

fn agreeing(beside: &Beside<'_>) -> Result<(), Failure> {
    match beside.comparison.agrees() {
        true => Ok(()),
        false => Err(Failure::Unmet(format!("{}: the log and the capture disagree", beside.name))),
    }
}
