//! `sockscope conversations FILE`: who exchanged how much with whom.
//!
//! The fastest way through a capture: no connection is followed, no socket inferred. Packets are reduced to sightings
//! and looked up in batches.

use std::io::{self, Write};
use std::ops::ControlFlow;

use sockscope::capture::Timestamp;
use sockscope::present::look::Look;
use sockscope::present::{csv, json, listing};
use sockscope::track::{Conversations, Limits, Sighting, Sightings};

use super::args::ListArgs;
use super::failure::Failure;
use super::job::{Form, Setting};
use super::run;

pub(crate) fn run(args: ListArgs, setting: &Setting, out: &mut impl Write) -> Result<(), Failure> {
    let limits = Limits::default();
    let (mut sightings, mut table) = (Sightings::new(&limits), Conversations::new(&limits));
    let mut batch = Vec::with_capacity(Conversations::BATCH);
    let mut first = None;
    let reading = run::frames(&args.input, setting, |frame, selected| {
        if first.is_none() {
            first = frame.timestamp;
        }
        let begin = batch.len();
        sightings.of_frame(frame, |sighting| batch.push(sighting));
        if !selected {
            batch[begin..].iter_mut().for_each(Sighting::uncount);
        }
        if batch.len() == Conversations::BATCH {
            table.extend(&batch);
            batch.clear();
        }
        Ok(ControlFlow::Continue(()))
    })?;
    table.extend(&batch);
    match Form::from(args.form) {
        Form::Text => print(&table, first, setting.look, out)?,
        Form::Json => json::conversations(table.iter(), out)?,
        Form::Csv => csv::conversations(table.iter(), out)?,
    }
    reading.verdict()
}

fn print(table: &Conversations, first: Option<Timestamp>, look: Look, out: &mut impl Write) -> io::Result<()> {
    let mut rows = listing::ConversationRows::new(table.iter(), first, look);
    rows.heading(out)?;
    table.iter().try_for_each(|conversation| rows.write(&conversation, out))?;
    rows.finish(out)
}
