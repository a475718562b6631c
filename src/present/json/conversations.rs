//! `conversations`: the 4-tuples of Wireshark's Conversations window.

use std::cell::Cell;
use std::io::{self, Write};
use std::net::SocketAddr;

use serde::{Serialize, Serializer};

use super::SCHEMA;
use super::format::{Text, Traffic, document};
use crate::capture::Timestamp;
use crate::present::time::Seconds;
use crate::track::Conversation;

#[derive(Serialize)]
struct Document<I: Iterator<Item = Conversation>> {
    schema: u32,
    #[serde(serialize_with = "each")]
    conversations: Cell<Option<I>>,
}

#[derive(Serialize)]
struct Row {
    protocol: &'static str,
    stream: u32,
    a: Text<SocketAddr>,
    b: Text<SocketAddr>,
    first_frame: u64,
    last_frame: u64,
    start: Option<Text<Timestamp>>,
    duration: Option<Seconds>,
    a_to_b: Traffic,
    b_to_a: Traffic,
}

impl From<Conversation> for Row {
    fn from(conversation: Conversation) -> Self {
        Self {
            protocol: conversation.id.protocol.word(),
            stream: conversation.id.number,
            a: Text(conversation.a),
            b: Text(conversation.b),
            first_frame: conversation.first_frame,
            last_frame: conversation.last_frame,
            start: conversation.start.map(Text),
            duration: conversation.duration().map(Seconds),
            a_to_b: conversation.a_to_b.into(),
            b_to_a: conversation.b_to_a.into(),
        }
    }
}

/// Writes conversations as one document, row by row.
///
/// # Errors
/// What the writer says.
pub fn write(conversations: impl Iterator<Item = Conversation>, out: &mut impl Write) -> io::Result<()> {
    document(&Document { schema: SCHEMA, conversations: Cell::new(Some(conversations)) }, out)
}

/// Serialises an iterator that can be taken once.
fn each<I, S>(rows: &Cell<Option<I>>, serializer: S) -> Result<S::Ok, S::Error>
where
    I: Iterator<Item = Conversation>,
    S: Serializer,
{
    serializer.collect_seq(rows.take().into_iter().flatten().map(Row::from))
}
