//! The exhibits: scripts that sockscope brings along, in the order of a lecture.

use super::Script;

/// A script with a name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Exhibit {
    /// Its name, of small letters and hyphens.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
    /// The same, read.
    pub script: Script,
}

/// All exhibits: how connections open, close and are reset; what the analysis says; what is odd.
pub fn exhibits() -> impl Iterator<Item = Exhibit> {
    SCRIPTS.iter().map(|row| read(*row))
}

/// The exhibit with this name.
pub fn exhibit(name: &str) -> Option<Exhibit> {
    SCRIPTS.iter().find(|(known, _)| *known == name).map(|row| read(*row))
}

fn read((name, text): (&'static str, &'static str)) -> Exhibit {
    // They are part of the program, and a test reads each.
    let script = Script::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    Exhibit { name, text, script }
}

/// Names and texts.
const SCRIPTS: &[(&str, &str)] = &[
    ("open", include_str!("../../fixtures/zoo/open/script.txt")),
    ("open-with-data", include_str!("../../fixtures/zoo/open-with-data/script.txt")),
    ("open-simultaneous", include_str!("../../fixtures/zoo/open-simultaneous/script.txt")),
    ("open-syn-ack-lost", include_str!("../../fixtures/zoo/open-syn-ack-lost/script.txt")),
    ("open-ack-lost", include_str!("../../fixtures/zoo/open-ack-lost/script.txt")),
    ("open-half", include_str!("../../fixtures/zoo/open-half/script.txt")),
    ("open-no-reply", include_str!("../../fixtures/zoo/open-no-reply/script.txt")),
    ("open-refused", include_str!("../../fixtures/zoo/open-refused/script.txt")),
    ("open-filtered", include_str!("../../fixtures/zoo/open-filtered/script.txt")),
    ("open-syn-scan", include_str!("../../fixtures/zoo/open-syn-scan/script.txt")),
    ("open-aborted", include_str!("../../fixtures/zoo/open-aborted/script.txt")),
    ("open-and-close", include_str!("../../fixtures/zoo/open-and-close/script.txt")),
    ("open-wrong-ack", include_str!("../../fixtures/zoo/open-wrong-ack/script.txt")),
    ("open-fast", include_str!("../../fixtures/zoo/open-fast/script.txt")),
    ("open-fast-refused", include_str!("../../fixtures/zoo/open-fast-refused/script.txt")),
    ("open-fast-closed-port", include_str!("../../fixtures/zoo/open-fast-closed-port/script.txt")),
    ("open-old-duplicate", include_str!("../../fixtures/zoo/open-old-duplicate/script.txt")),
    ("open-half-discovered", include_str!("../../fixtures/zoo/open-half-discovered/script.txt")),
    ("midstream", include_str!("../../fixtures/zoo/midstream/script.txt")),
    ("midstream-syn-ack", include_str!("../../fixtures/zoo/midstream-syn-ack/script.txt")),
    ("midstream-close", include_str!("../../fixtures/zoo/midstream-close/script.txt")),
    ("close-four", include_str!("../../fixtures/zoo/close-four/script.txt")),
    ("close-three", include_str!("../../fixtures/zoo/close-three/script.txt")),
    ("close-by-responder", include_str!("../../fixtures/zoo/close-by-responder/script.txt")),
    ("close-half", include_str!("../../fixtures/zoo/close-half/script.txt")),
    ("close-half-forever", include_str!("../../fixtures/zoo/close-half-forever/script.txt")),
    ("close-simultaneous", include_str!("../../fixtures/zoo/close-simultaneous/script.txt")),
    ("close-fin-lost", include_str!("../../fixtures/zoo/close-fin-lost/script.txt")),
    ("close-fin-overtakes", include_str!("../../fixtures/zoo/close-fin-overtakes/script.txt")),
    ("close-last-ack-lost", include_str!("../../fixtures/zoo/close-last-ack-lost/script.txt")),
    ("close-with-data", include_str!("../../fixtures/zoo/close-with-data/script.txt")),
    ("close-then-data", include_str!("../../fixtures/zoo/close-then-data/script.txt")),
    ("reset-by-responder", include_str!("../../fixtures/zoo/reset-by-responder/script.txt")),
    ("reset-by-initiator", include_str!("../../fixtures/zoo/reset-by-initiator/script.txt")),
    ("reset-after-crash", include_str!("../../fixtures/zoo/reset-after-crash/script.txt")),
    ("reset-in-fin-wait-1", include_str!("../../fixtures/zoo/reset-in-fin-wait-1/script.txt")),
    ("reset-to-fin-wait-1", include_str!("../../fixtures/zoo/reset-to-fin-wait-1/script.txt")),
    ("reset-in-fin-wait-2", include_str!("../../fixtures/zoo/reset-in-fin-wait-2/script.txt")),
    ("reset-to-fin-wait-2", include_str!("../../fixtures/zoo/reset-to-fin-wait-2/script.txt")),
    ("reset-in-closing", include_str!("../../fixtures/zoo/reset-in-closing/script.txt")),
    ("reset-to-closing", include_str!("../../fixtures/zoo/reset-to-closing/script.txt")),
    ("reset-in-last-ack", include_str!("../../fixtures/zoo/reset-in-last-ack/script.txt")),
    ("reset-to-last-ack", include_str!("../../fixtures/zoo/reset-to-last-ack/script.txt")),
    ("reset-in-time-wait", include_str!("../../fixtures/zoo/reset-in-time-wait/script.txt")),
    ("reset-outside-window", include_str!("../../fixtures/zoo/reset-outside-window/script.txt")),
    ("reset-challenged", include_str!("../../fixtures/zoo/reset-challenged/script.txt")),
    ("reset-without-ack", include_str!("../../fixtures/zoo/reset-without-ack/script.txt")),
    ("retransmission", include_str!("../../fixtures/zoo/retransmission/script.txt")),
    ("retransmission-fast", include_str!("../../fixtures/zoo/retransmission-fast/script.txt")),
    ("retransmission-fast-sack", include_str!("../../fixtures/zoo/retransmission-fast-sack/script.txt")),
    ("retransmission-spurious", include_str!("../../fixtures/zoo/retransmission-spurious/script.txt")),
    ("retransmission-of-syn", include_str!("../../fixtures/zoo/retransmission-of-syn/script.txt")),
    ("out-of-order", include_str!("../../fixtures/zoo/out-of-order/script.txt")),
    ("out-of-order-late", include_str!("../../fixtures/zoo/out-of-order-late/script.txt")),
    ("lost-segment", include_str!("../../fixtures/zoo/lost-segment/script.txt")),
    ("lost-segment-acked", include_str!("../../fixtures/zoo/lost-segment-acked/script.txt")),
    ("duplicate-acks", include_str!("../../fixtures/zoo/duplicate-acks/script.txt")),
    ("zero-window", include_str!("../../fixtures/zoo/zero-window/script.txt")),
    ("zero-window-probe", include_str!("../../fixtures/zoo/zero-window-probe/script.txt")),
    ("zero-window-probe-taken", include_str!("../../fixtures/zoo/zero-window-probe-taken/script.txt")),
    ("window-update", include_str!("../../fixtures/zoo/window-update/script.txt")),
    ("window-scale", include_str!("../../fixtures/zoo/window-scale/script.txt")),
    ("keep-alive", include_str!("../../fixtures/zoo/keep-alive/script.txt")),
    ("partial-ack", include_str!("../../fixtures/zoo/partial-ack/script.txt")),
    ("wrap-around", include_str!("../../fixtures/zoo/wrap-around/script.txt")),
    ("ports-reused", include_str!("../../fixtures/zoo/ports-reused/script.txt")),
    ("time-wait-reused", include_str!("../../fixtures/zoo/time-wait-reused/script.txt")),
    ("syn-ack-changed", include_str!("../../fixtures/zoo/syn-ack-changed/script.txt")),
    ("copy-interfaces", include_str!("../../fixtures/zoo/copy-interfaces/script.txt")),
    ("copy-forwarded", include_str!("../../fixtures/zoo/copy-forwarded/script.txt")),
    ("copy-same-interface", include_str!("../../fixtures/zoo/copy-same-interface/script.txt")),
    ("bad-checksum", include_str!("../../fixtures/zoo/bad-checksum/script.txt")),
    ("bad-header-checksum", include_str!("../../fixtures/zoo/bad-header-checksum/script.txt")),
    ("clock-step", include_str!("../../fixtures/zoo/clock-step/script.txt")),
    ("strange-flags", include_str!("../../fixtures/zoo/strange-flags/script.txt")),
    ("several-connections", include_str!("../../fixtures/zoo/several-connections/script.txt")),
    ("ipv6", include_str!("../../fixtures/zoo/ipv6/script.txt")),
    ("self-connect", include_str!("../../fixtures/zoo/self-connect/script.txt")),
    ("path-mtu", include_str!("../../fixtures/zoo/path-mtu/script.txt")),
    ("udp-exchange", include_str!("../../fixtures/zoo/udp-exchange/script.txt")),
    ("udp-refused", include_str!("../../fixtures/zoo/udp-refused/script.txt")),
    ("udp-bad-length", include_str!("../../fixtures/zoo/udp-bad-length/script.txt")),
    ("fragments", include_str!("../../fixtures/zoo/fragments/script.txt")),
    ("fragments-overlap", include_str!("../../fixtures/zoo/fragments-overlap/script.txt")),
    ("fragments-missing", include_str!("../../fixtures/zoo/fragments-missing/script.txt")),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_exhibit_says_what_it_shows_in_both_languages() {
        for exhibit in exhibits() {
            let Script { title, teaches, korean, .. } = &exhibit.script;
            assert!(title.len() <= 60 && !title.is_empty() && !title.ends_with('.'), "{}: {title}", exhibit.name);
            assert!(teaches.ends_with('.') && korean.ends_with('.'), "{}: {teaches} {korean}", exhibit.name);
            assert!(korean.chars().any(|letter| ('가'..='힣').contains(&letter)), "{}: {korean}", exhibit.name);
        }
    }

    #[test]
    fn every_script_in_the_folder_is_an_exhibit() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/zoo");
        let folders = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
        let scripts = folders.filter(|folder| folder.join("script.txt").exists());
        let found: BTreeSet<String> = scripts.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
        let known: BTreeSet<String> = exhibits().map(|exhibit| exhibit.name.to_owned()).collect();
        assert_eq!((known.len(), &known), (SCRIPTS.len(), &found));
        assert!(exhibit("open").is_some() && exhibit("closed").is_none());
    }
}
