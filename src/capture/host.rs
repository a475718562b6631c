//! What a capture file says of the machine it was made on, in dumpcap's words.

use std::fs;

/// The operating system and its version, such as `Linux 6.18.44`.
pub(super) fn system() -> String {
    let part = |name: &str| fs::read_to_string(format!("/proc/sys/kernel/{name}")).ok().map(|text| text.trim().to_owned());
    match (part("ostype"), part("osrelease")) {
        (Some(system), Some(version)) => format!("{system} {version}"),
        _ => std::env::consts::OS.to_owned(),
    }
}

/// The processor's name; `None` where the system does not tell.
pub(super) fn hardware() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let name = text.lines().find_map(|line| line.strip_prefix("model name"))?;
    Some(name.trim_start_matches([' ', '\t', ':']).to_owned())
}
