//! `packet`: one frame in full, layer by layer.

use std::io::{self, Write};

use serde::Serialize;

use super::SCHEMA;
use super::format::{document, hex};
use super::packets::Line;
use crate::decode::field::{Field, LayerView, layers};
use crate::decode::port::PortClass;
use crate::present::detail::Detail;
use crate::present::{info_column, words};

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    packet: Line<'a>,
    port_class: Option<Ports>,
    layers: Vec<Layer<'a>>,
    octets: String,
}

#[derive(Serialize)]
struct Ports {
    source: String,
    destination: String,
}

#[derive(Serialize)]
struct Layer<'a> {
    name: &'a str,
    label: &'a str,
    offset: usize,
    length: usize,
    fields: Vec<FieldRow<'a>>,
}

#[derive(Serialize)]
struct FieldRow<'a> {
    name: &'a str,
    label: &'a str,
    value: &'a str,
    offset: usize,
    length: usize,
    note: Option<&'a str>,
}

impl<'a> From<&'a LayerView> for Layer<'a> {
    fn from(layer: &'a LayerView) -> Self {
        let fields = layer.fields.iter().map(FieldRow::from).collect();
        Self { name: layer.name, label: layer.label, offset: layer.span.start, length: layer.span.len(), fields }
    }
}

impl<'a> From<&'a Field> for FieldRow<'a> {
    fn from(field: &'a Field) -> Self {
        let Field { name, label, value, span, note } = field;
        Self { name, label, value, offset: span.start, length: span.len(), note: note.as_deref() }
    }
}

/// Writes one frame as one document.
///
/// # Errors
/// What the writer says.
pub fn write(detail: &Detail<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut info = String::new();
    info_column::write(detail.packet, detail.update, &mut info);
    let layers = layers(detail.frame);
    let class = |port| PortClass::of(port).to_string();
    let whole = Document {
        schema: SCHEMA,
        packet: Line::new(detail.packet, detail.update, &info),
        port_class: words::ports(detail.update)
            .map(|(source, destination)| Ports { source: class(source), destination: class(destination) }),
        layers: layers.iter().map(Layer::from).collect(),
        octets: hex(detail.frame.octets),
    };
    document(&whole, out)
}
