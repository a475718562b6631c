//! The keys of the machine-readable output that others rely on: none may vanish or be renamed.

use serde_json::Value;

use crate::{CUT_OFF, TCP, UDP, run};

/// Captures that together show every key.
const CAPTURES: [&str; 8] = [
    UDP,
    TCP,
    CUT_OFF,
    "fixtures/refused/udp/capture.pcapng",
    "fixtures/refused/tcp/capture.pcapng",
    "fixtures/fragments/udp-echo/capture.pcapng",
    "fixtures/reuse/client-port/capture.pcapng",
    "fixtures/bulk/reordered/capture.pcapng",
];

/// `[]` goes into each element of a list; `?` marks a key that may be missing; `a|b` is one of two. Where a value is null,
/// what would be below it is unknown.
const KEYS: [(&str, &str); 7] = [
    (
        "info",
        "schema file sha256 format compression sections[].hardware sections[].os sections[].application sections[].comments
         interfaces[].id interfaces[].link_type interfaces[].name interfaces[].description interfaces[].os interfaces[].filter
         interfaces[].snap_length interfaces[].resolution interfaces[].received interfaces[].dropped frames first last duration
         findings[].kind findings[].text findings[].frames damage?.offset damage?.text damage?.skipped_octets",
    ),
    (
        "packets",
        "frame time interface length captured protocol source destination source_port destination_port stream quoted notes stop
         info tcp?.seq tcp?.ack tcp?.length tcp?.flags tcp?.window tcp?.checksum tcp?.analysis udp?.length udp?.checksum
         states?.initiator states?.responder fragment? reassembled_from? about?.protocol about?.source about?.destination
         about?.source_port about?.destination_port about?.stream",
    ),
    (
        "conversations",
        "schema conversations[].protocol conversations[].stream conversations[].a conversations[].b conversations[].first_frame
         conversations[].last_frame conversations[].start conversations[].duration conversations[].a_to_b.frames
         conversations[].a_to_b.octets conversations[].a_to_b.payload conversations[].b_to_a.frames conversations[].b_to_a.octets
         conversations[].b_to_a.payload",
    ),
    (
        "connections",
        "schema connections[].stream connections[].initiator connections[].responder connections[].midstream
         connections[].outcome connections[].state.initiator connections[].state.responder connections[].first_frame
         connections[].last_frame connections[].start connections[].duration connections[].handshake.syn
         connections[].handshake.syn_ack connections[].handshake.ack connections[].handshake.rtt connections[].fin.initiator
         connections[].fin.responder connections[].rst.initiator connections[].rst.responder connections[].closed_first
         connections[].completeness connections[].completeness_text connections[].initiator_to_responder.frames
         connections[].initiator_to_responder.octets connections[].initiator_to_responder.payload
         connections[].initiator_to_responder.stream_octets connections[].initiator_to_responder.retransmitted
         connections[].initiator_to_responder.out_of_order connections[].initiator_to_responder.lost
         connections[].initiator_to_responder.sha256 connections[].responder_to_initiator.frames
         connections[].responder_to_initiator.octets connections[].responder_to_initiator.payload
         connections[].responder_to_initiator.stream_octets connections[].responder_to_initiator.retransmitted
         connections[].responder_to_initiator.out_of_order connections[].responder_to_initiator.lost
         connections[].responder_to_initiator.sha256 connections[].notes[].frame",
    ),
    (
        "sockets",
        "schema sockets[].id sockets[].protocol sockets[].state sockets[].local sockets[].peer sockets[].evidence sockets[].rule
         sockets[].frames sockets[].first sockets[].last sockets[].received.datagrams|segments sockets[].received.octets
         sockets[].sent.datagrams|segments sockets[].sent.octets sockets[].listener sockets[].children sockets[].peers[].peer
         sockets[].peers[].stream sockets[].peers[].received.datagrams sockets[].peers[].sent.datagrams
         sockets[].peers[].first_frame sockets[].peers[].last_frame",
    ),
    (
        "demux",
        "frame protocol source destination verdict sockets rule losers[].socket losers[].because evidence? inferred_by? or_rule?",
    ),
    ("show", "schema capture.file capture.findings[].kind connections[].stream sockets[].id ports[].text notes[].frame"),
];

#[test]
fn no_key_is_missing() {
    for (command, keys) in KEYS {
        let documents: Vec<Value> = CAPTURES.iter().flat_map(|file| documents(command, file)).collect();
        for key in keys.split_whitespace() {
            let path: Vec<&str> = key.split('.').collect();
            let found: usize = documents.iter().map(|document| visits(document, &path, (command, key))).sum();
            assert!(found > 0, "{command}: no capture shows {key}");
        }
    }
}

/// A command's documents: one, or one for each line of JSON Lines.
fn documents(command: &str, file: &str) -> Vec<Value> {
    let text = run(&[command, file, "--json"]).stdout;
    let documents = serde_json::Deserializer::from_str(&text).into_iter().collect::<Result<Vec<_>, _>>().unwrap();
    assert!(["packets", "demux"].contains(&command) || documents.len() == 1, "{command} {file}");
    documents
}

/// How often the last key of a path is there; a key must not be missing where it can be.
fn visits(value: &Value, path: &[&str], place: (&str, &str)) -> usize {
    let Some((step, rest)) = path.split_first() else { return 1 };
    if value.is_null() {
        return 0;
    }
    let name = step.trim_end_matches(['[', ']', '?']);
    let object = value.as_object().unwrap_or_else(|| panic!("{place:?}: {step} is asked of {value}"));
    let Some(next) = name.split('|').find_map(|name| object.get(name)) else {
        assert!(step.contains('?'), "{place:?}: {step} is missing in {value}");
        return 0;
    };
    if step.ends_with("[]") {
        let list = next.as_array().unwrap_or_else(|| panic!("{place:?}: {step} is no list in {value}"));
        return list.iter().map(|element| visits(element, rest, place)).sum();
    }
    visits(next, rest, place)
}

/// Numbers and times of the contract: decimal seconds with nine digits as text, unknown as null, frames from 1.
#[test]
fn values_have_the_form_agreed_on() {
    let frames = documents("packets", UDP);
    assert_eq!(frames[0]["time"], "1795167686.566142743");
    assert_eq!(frames[0]["frame"], 1);
    assert_eq!(frames[0]["stop"], Value::Null);
    let connections = &documents("connections", TCP)[0]["connections"];
    assert_eq!(connections[0]["duration"], "0.132064025");
    assert_eq!(connections[0]["rst"]["initiator"], Value::Null);
    assert_eq!(connections[0]["initiator"], "127.0.0.1:41320");
    let sockets = &documents("sockets", "fixtures/ipv6/tcp-echo/capture.pcapng")[0]["sockets"];
    assert_eq!(sockets[1]["local"], "[::1]:53872");
    for document in ["info", "show", "conversations", "connections", "sockets"].map(|command| documents(command, TCP).remove(0)) {
        assert_eq!(document["schema"], 1);
    }
}
