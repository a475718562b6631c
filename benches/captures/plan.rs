//! The capture asked for: a profile's defaults, changed by options.

use std::str::FromStr;

use crate::rng::Rng;
use crate::time::{Nanoseconds, SECOND};

/// A kind of traffic.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Profile {
    /// Large TCP transfers.
    Bulk,
    /// Long exchanges of small frames.
    Small,
    /// Many flows of a few frames.
    Many,
    /// Large transfers over loopback.
    Lab,
}

/// How the capture file is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Format {
    Pcapng,
    PcapngMicroseconds,
    Pcap,
    PcapNanoseconds,
}

impl Format {
    pub(crate) fn is_pcapng(self) -> bool {
        matches!(self, Self::Pcapng | Self::PcapngMicroseconds)
    }

    /// One tick of its timestamps.
    pub(crate) fn resolution(self) -> Nanoseconds {
        match self {
            Self::Pcapng | Self::PcapNanoseconds => 1,
            Self::PcapngMicroseconds | Self::Pcap => 1_000,
        }
    }
}

/// What lies under IP, by its LINKTYPE number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Link {
    /// Four octets of address family, as BSD's loopback has it.
    Null = 0,
    Ethernet = 1,
    /// Nothing: frames begin with IP.
    Raw = 101,
    /// Linux cooked capture, version 2.
    Sll2 = 276,
}

/// Everything that decides a capture's octets, and where they go.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) profile: Profile,
    /// Path of the capture; `-` is standard output.
    pub(crate) out: String,
    /// Path of the table of flows.
    pub(crate) truth: Option<String>,
    pub(crate) format: Format,
    pub(crate) link: Link,
    pub(crate) flows: u64,
    /// Frames to aim at, where the profile is one of small frames.
    pub(crate) packets: u64,
    /// Octets of payload to aim at, where the profile is one of transfers.
    pub(crate) payload: u64,
    /// Time over which flows begin.
    pub(crate) duration: Nanoseconds,
    pub(crate) seed: u64,
    /// Probability that a flow is TCP.
    pub(crate) tcp_share: f64,
    /// Probability that a flow runs over IPv6.
    pub(crate) v6_share: f64,
    /// Multiplies the probability of everything odd.
    pub(crate) anomalies: f64,
    /// Octets kept of each frame.
    pub(crate) snap_length: u32,
    /// Senders leave checksums to their network card, and are captured before it.
    pub(crate) offload_checksums: bool,
}

impl Plan {
    /// Reads a profile and options.
    ///
    /// # Errors
    /// A sentence on the first argument that makes no sense.
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let profile = arguments.next().ok_or("which profile?")?;
        let mut plan = Self::of(profile_named(&profile)?);
        let mut packets = None;
        while let Some(option) = arguments.next() {
            if option == "--offload-checksums" {
                plan.offload_checksums = true;
                continue;
            }
            let value = arguments.next().ok_or(format!("{option} needs a value"))?;
            match option.as_str() {
                "--out" => plan.out = value,
                "--truth" => plan.truth = Some(value),
                "--format" => plan.format = format_named(&value)?,
                "--link" => plan.link = link_named(&value)?,
                "--flows" => plan.flows = count(&option, &value)?,
                "--packets" => packets = Some(count(&option, &value)?),
                "--bytes" => plan.payload = count(&option, &value)?,
                "--duration" => plan.duration = count(&option, &value)? * SECOND,
                "--seed" => plan.seed = count(&option, &value)?,
                "--tcp-share" => plan.tcp_share = number(&option, &value)?,
                "--v6-share" => plan.v6_share = number(&option, &value)?,
                "--anomalies" => plan.anomalies = number(&option, &value)?,
                "--snaplen" => plan.snap_length = number(&option, &value)?,
                _ => return Err(format!("{option} is no option")),
            }
        }
        if plan.out.is_empty() {
            return Err("--out FILE is missing".to_owned());
        }
        plan.packets = packets.unwrap_or(plan.flows * PACKETS_PER_FLOW);
        Ok(plan)
    }

    /// A profile's defaults.
    fn of(profile: Profile) -> Self {
        let (flows, seconds, tcp_share) = match profile {
            Profile::Bulk => (3_000, 60, 1.0),
            Profile::Small => (100_000, 300, 0.4),
            Profile::Many => (2_000_000, 300, 0.4),
            Profile::Lab => (2_000, 60, 0.9),
        };
        Self {
            profile,
            out: String::new(),
            truth: None,
            format: Format::Pcapng,
            link: Link::Ethernet,
            flows,
            packets: flows * PACKETS_PER_FLOW,
            payload: 930_000_000,
            duration: seconds * SECOND,
            seed: 1,
            tcp_share,
            v6_share: 0.2,
            anomalies: 1.0,
            snap_length: 262_144,
            offload_checksums: false,
        }
    }

    /// The numbers that all flows share; each flow has its own beside them.
    pub(crate) fn rng(&self) -> Rng {
        Rng::new(self.seed.wrapping_add(77))
    }

    /// Both ends are this machine, so every frame is seen as it is sent.
    pub(crate) fn is_loopback(&self) -> bool {
        self.profile == Profile::Lab
    }
}

/// What the small profile aims at unless told.
const PACKETS_PER_FLOW: u64 = 100;

fn profile_named(name: &str) -> Result<Profile, String> {
    Ok(match name {
        "bulk" => Profile::Bulk,
        "small" => Profile::Small,
        "many" => Profile::Many,
        "lab" => Profile::Lab,
        _ => return Err(format!("{name} is no profile")),
    })
}

fn format_named(name: &str) -> Result<Format, String> {
    Ok(match name {
        "pcapng" => Format::Pcapng,
        "pcapng-us" => Format::PcapngMicroseconds,
        "pcap" => Format::Pcap,
        "pcap-ns" => Format::PcapNanoseconds,
        _ => {
            return Err(format!("--format: {name} is none of pcapng, pcapng-us, pcap, pcap-ns"));
        }
    })
}

fn link_named(name: &str) -> Result<Link, String> {
    Ok(match name {
        "en10mb" => Link::Ethernet,
        "null" => Link::Null,
        "raw" => Link::Raw,
        "sll2" => Link::Sll2,
        _ => return Err(format!("--link: {name} is none of en10mb, null, raw, sll2")),
    })
}

fn number<T: FromStr>(option: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{option}: {value} is no number"))
}

/// A number of things, written plainly or as `2e6`.
fn count(option: &str, value: &str) -> Result<u64, String> {
    if let Ok(count) = value.parse() {
        return Ok(count);
    }
    let count: f64 = number(option, value)?;
    if (0.0..=1e15).contains(&count) { Ok(count as u64) } else { Err(format!("{option}: {value} is no number of things")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Plan, String> {
        Plan::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn frames_follow_flows_unless_told() {
        assert_eq!(parse("small --out x --flows 2e3").unwrap().packets, 200_000);
        assert_eq!(parse("small --packets 7 --out x --flows 2e3").unwrap().packets, 7);
    }

    #[test]
    fn mistakes_are_named() {
        for (line, mistake) in [
            ("", "which profile?"),
            ("large", "large is no profile"),
            ("small", "--out FILE is missing"),
            ("small --out", "--out needs a value"),
            ("small --out x --flow 3", "--flow is no option"),
            ("small --out x --flows -3", "--flows: -3 is no number of things"),
            ("small --out x --flows some", "--flows: some is no number"),
            ("small --out x --link ppp", "--link: ppp is none of en10mb, null, raw, sll2"),
        ] {
            assert_eq!(parse(line), Err(mistake.to_owned()), "{line}");
        }
    }
}
