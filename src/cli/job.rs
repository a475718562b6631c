//! The arguments as meant.

use std::env;
use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use sockscope::capture::Timestamp;
use sockscope::judge::Language;
use sockscope::present::look::Look;
use sockscope::present::time::{Dial, TimeFormat};
use sockscope::track::{FlowId, Protocol};

use super::args::{Color, Common, List, Time, Tongue, Zone};
use super::failure::Failure;

/// What holds for the whole run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// Colours and width.
    pub(crate) look: Look,
    /// More is to be said on standard error.
    pub(crate) verbose: bool,
}

impl Setting {
    /// Looks at the options and at the terminal.
    pub(crate) fn new(common: &Common) -> Self {
        let terminal = io::stdout().is_terminal();
        let colour = match common.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                terminal
                    && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                    && env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        };
        let width = terminal.then(|| comfy_table::Table::new().width().unwrap_or(80));
        Self { look: Look { colour, width }, verbose: common.verbose }
    }
}

/// What is printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Form {
    /// For people.
    Text,
    /// JSON, or JSON Lines.
    Json,
    /// Comma-separated values.
    Csv,
}

impl From<List> for Form {
    fn from(list: List) -> Self {
        match (list.json, list.csv) {
            (true, _) => Self::Json,
            (false, true) => Self::Csv,
            (false, false) => Self::Text,
        }
    }
}

impl From<Time> for Dial {
    fn from(time: Time) -> Self {
        Self::new(time.format, time.zone.zone)
    }
}

impl From<Zone> for Dial {
    fn from(zone: Zone) -> Self {
        Self::new(TimeFormat::Relative, zone.zone)
    }
}

/// The language that was asked for; else that of the locale; else Korean, which most who hand in read.
pub(crate) fn language(asked: Option<Tongue>) -> Language {
    let locale =
        || ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    match asked {
        Some(Tongue::Ko) => Language::Ko,
        Some(Tongue::En) => Language::En,
        None if locale().is_some_and(|locale| locale.starts_with("en")) => Language::En,
        None => Language::Ko,
    }
}

/// A text of the user's: UTF-8.
pub(crate) fn text(file: &Path) -> Result<String, Failure> {
    let octets = fs::read(file).map_err(|error| Failure::Input(format!("{}: {error}", shown(file))))?;
    String::from_utf8(octets).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        let before = &error.as_bytes()[..place];
        let line = before.iter().filter(|octet| **octet == b'\n').count() + 1;
        Failure::Text(format!("{}: line {line}: expected UTF-8", shown(file)))
    })
}

/// Standard input is named by a dash.
pub(crate) fn is_stdin(file: &Path) -> bool {
    file == Path::new("-")
}

/// The file as it is shown and stands in JSON.
pub(crate) fn shown(file: &Path) -> String {
    if is_stdin(file) { PathBuf::from("-") } else { file.to_owned() }.display().to_string()
}

/// Reads a time zone: `local`, `UTC`, or a name of the IANA database.
pub(crate) fn zone(name: &str) -> Result<TimeZone, String> {
    match name {
        "local" => Ok(TimeZone::system()),
        "UTC" | "utc" => Ok(TimeZone::UTC),
        name => TimeZone::get(name).map_err(|_| "expected local, UTC, or a name such as Asia/Seoul".to_owned()),
    }
}

/// Reads a stream number: `tcp:3`, `udp:0`.
pub(crate) fn stream(text: &str) -> Result<FlowId, String> {
    let expected = || "expected tcp:NUMBER or udp:NUMBER, as sockscope conversations shows them".to_owned();
    let (protocol, number) = text.split_once(':').ok_or_else(expected)?;
    let protocol = match protocol {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        _ => return Err(expected()),
    };
    Ok(FlowId { protocol, number: number.parse().map_err(|_| expected())? })
}

/// A moment of a capture; it includes the frame it names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Moment {
    /// After this frame.
    Frame(u64),
    /// So long after the first frame.
    Since(SignedDuration),
    /// At this time.
    Time(Timestamp),
}

/// Reads a moment: `frame:7`, `3.25s`, `time:1763622000.25`.
pub(crate) fn moment(text: &str) -> Result<Moment, String> {
    let expected = || "expected frame:NUMBER, a time since the first frame such as 3.25s, or time:SECONDS since 1970".to_owned();
    if let Some(number) = text.strip_prefix("frame:") {
        return number.parse().ok().filter(|number| *number > 0).map(Moment::Frame).ok_or_else(expected);
    }
    let (seconds, since) = match text.strip_prefix("time:") {
        Some(seconds) => (seconds, false),
        None => (text.strip_suffix('s').ok_or_else(expected)?, true),
    };
    let (whole, nanoseconds) = decimal_seconds(seconds).ok_or_else(expected)?;
    if since {
        let nanoseconds = i32::try_from(nanoseconds).map_err(|_| expected())?;
        return Ok(Moment::Since(SignedDuration::new(whole, nanoseconds)));
    }
    Ok(Moment::Time(Timestamp::new(whole, nanoseconds)))
}

/// Seconds with at most nine digits after the point.
fn decimal_seconds(text: &str) -> Option<(i64, u32)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    let fits = digits(whole) && digits(fraction) && fraction.len() <= 9;
    fits.then(|| Some((whole.parse().ok()?, format!("{fraction:0<9}").parse().ok()?)))?
}

/// Reads a time that passes: `10s`, `1m 30s`, `500ms`.
#[cfg(feature = "live")]
pub(crate) fn duration(text: &str) -> Result<SignedDuration, String> {
    let duration = text.parse::<SignedDuration>().ok().filter(SignedDuration::is_positive);
    duration.ok_or_else(|| "expected a time such as 10s, 500ms or 1m 30s".to_owned())
}

/// Reads two moments: `frame:3..frame:9`.
pub(crate) fn span(text: &str) -> Result<(Moment, Moment), String> {
    let (from, to) = text.split_once("..").ok_or("expected two moments with .. between them, as in frame:3..frame:9")?;
    Ok((moment(from)?, moment(to)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_read_as_they_are_shown() {
        for text in ["tcp:0", "udp:4294967295"] {
            assert_eq!(stream(text).unwrap().to_string(), text);
        }
        for wrong in ["", "3", "tcp", "tcp:", "sctp:1", "tcp:-1", "tcp:4294967296"] {
            assert!(stream(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn zones_have_names() {
        assert_eq!(zone("UTC"), Ok(TimeZone::UTC));
        assert!(zone("local").is_ok());
        assert!(zone("Nowhere/Atlantis").is_err());
    }

    #[cfg(feature = "live")]
    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration("10s"), Ok(SignedDuration::from_secs(10)));
        assert_eq!(duration("1m 30s"), Ok(SignedDuration::from_secs(90)));
        assert_eq!(duration("500ms"), Ok(SignedDuration::from_millis(500)));
        for wrong in ["", "10", "0s", "-1s", "s", "ten"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn moments_read_in_three_ways() {
        assert_eq!(moment("frame:7"), Ok(Moment::Frame(7)));
        assert_eq!(moment("3.25s"), Ok(Moment::Since(SignedDuration::from_millis(3250))));
        assert_eq!(moment("time:1763622000.250000000"), Ok(Moment::Time(Timestamp::new(1_763_622_000, 250_000_000))));
        assert_eq!(span("frame:1..2s"), Ok((Moment::Frame(1), Moment::Since(SignedDuration::from_secs(2)))));
        for wrong in ["", "7", "frame:0", "frame:x", "-1s", ".5s", "1.s", "time:", "time:1.0000000001", "s"] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
        assert!(span("frame:1").is_err());
    }
}
