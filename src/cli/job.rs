//! The arguments as meant.

use std::env;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use sockscope::present::look::Look;
use sockscope::present::time::{Dial, TimeFormat};
use sockscope::track::{FlowId, Protocol};

use super::args::{Color, Common, List, Time, Zone};

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
}
