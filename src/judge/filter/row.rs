//! What a filter is applied to.

use super::field::{Field, Out, Read};
use super::value::Value;
use crate::track::{Connection, Delivery};

/// Something that has values for fields: a frame, a connection, a socket, an exchange.
pub trait Row {
    /// Hands each value that the field has here to `each`, outermost layer first; nothing if it has none.
    fn values<'a>(&'a self, field: Field, each: &mut dyn FnMut(Value<'a>));

    /// Hands out the values of the field in each of its layers, with the layer's number from 1: `ip.src#2` is that of a
    /// quoted header. What has no layers has one.
    fn layered<'a>(&'a self, field: Field, each: &mut dyn FnMut(usize, Value<'a>)) {
        self.values(field, &mut |value| each(1, value));
    }
}

/// A connection as a whole: its `conn` and `state` fields.
impl Row for Connection {
    fn values<'a>(&'a self, field: Field, each: &mut dyn FnMut(Value<'a>)) {
        if let Read::Connection(read) = field.read() {
            read(self, &mut Out(each));
        }
    }
}

/// What becomes of a packet: its `demux` fields.
impl Row for Delivery {
    fn values<'a>(&'a self, field: Field, each: &mut dyn FnMut(Value<'a>)) {
        match field.name() {
            "demux.socket" => self.sockets.iter().for_each(|socket| each(Value::text(socket))),
            "demux.verdict" => each(Value::text(self.verdict.word())),
            "demux.rule" => each(Value::text(self.rule.word())),
            "demux.loser" => self.losers().iter().for_each(|(socket, _)| each(Value::text(socket))),
            _ => {}
        }
    }
}
