//! `conn.log` as Zeek writes it: tab-separated with Zeek's header lines, or a JSON object a line.
//!
//! The columns are those of Zeek 8 without further scripts. What only Zeek can know is unset: services, which addresses
//! are local, tunnels. The log opens and closes with the capture, not with the clock on the wall, so that the same
//! capture gives the same octets.

use std::fmt;
use std::io::{self, Write};

use jiff::SignedDuration;
use serde::Serialize;

use super::time::Seconds;
use crate::capture::Timestamp;
use crate::track::{ZeekConnection, ZeekCount};

/// Columns and their types.
const COLUMNS: [(&str, &str); 22] = [
    ("ts", "time"),
    ("uid", "string"),
    ("id.orig_h", "addr"),
    ("id.orig_p", "port"),
    ("id.resp_h", "addr"),
    ("id.resp_p", "port"),
    ("proto", "enum"),
    ("service", "string"),
    ("duration", "interval"),
    ("orig_bytes", "count"),
    ("resp_bytes", "count"),
    ("conn_state", "string"),
    ("local_orig", "bool"),
    ("local_resp", "bool"),
    ("missed_bytes", "count"),
    ("history", "string"),
    ("orig_pkts", "count"),
    ("orig_ip_bytes", "count"),
    ("resp_pkts", "count"),
    ("resp_ip_bytes", "count"),
    ("tunnel_parents", "set[string]"),
    ("ip_proto", "count"),
];

/// Writes connections in Zeek's tab-separated form, as `zeek-cut` reads it.
///
/// # Errors
/// What the writer says.
pub fn conn_log(rows: &[ZeekConnection], out: &mut impl Write) -> io::Result<()> {
    heading(rows, out)?;
    rows.iter().try_for_each(|row| line(row, out))?;
    match rows.iter().map(end).max() {
        Some(end) => writeln!(out, "#close\t{}", Opened(end)),
        None => Ok(()),
    }
}

fn heading(rows: &[ZeekConnection], out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n")?;
    if let Some(start) = rows.iter().map(start).min() {
        writeln!(out, "#open\t{}", Opened(start))?;
    }
    let (names, types): (Vec<_>, Vec<_>) = COLUMNS.into_iter().unzip();
    writeln!(out, "#fields\t{}\n#types\t{}", names.join("\t"), types.join("\t"))
}

fn line(row: &ZeekConnection, out: &mut impl Write) -> io::Result<()> {
    let (sent, answered) = (row.from_originator, row.from_responder);
    let payload = |count: ZeekCount| Unset(row.duration.map(|_| count.payload));
    let duration = Unset(row.duration.map(Seconds));
    write!(out, "{:.6}\t{}\t", Seconds(start(row)), row.uid)?;
    write!(out, "{}\t{}\t", row.originator.ip(), row.originator.port())?;
    write!(out, "{}\t{}\t", row.responder.ip(), row.responder.port())?;
    write!(out, "{}\t-\t{duration:.6}\t{}\t{}\t", row.protocol_word(), payload(sent), payload(answered))?;
    write!(out, "{}\t-\t-\t{}\t{}\t", row.state, row.missed, Unset(history(row)))?;
    write!(out, "{}\t{}\t{}\t{}\t", sent.packets, sent.octets, answered.packets, answered.octets)?;
    writeln!(out, "-\t{}", row.protocol.0)
}

fn history(row: &ZeekConnection) -> Option<&str> {
    Some(row.history.as_str()).filter(|history| !history.is_empty())
}

/// The start, since the epoch.
fn start(row: &ZeekConnection) -> SignedDuration {
    row.start.since(Timestamp::new(0, 0))
}

/// When the connection's last packet that counts was seen.
fn end(row: &ZeekConnection) -> SignedDuration {
    start(row).saturating_add(row.duration.unwrap_or_default())
}

/// A value, or the dash for none.
struct Unset<T>(Option<T>);

impl<T: fmt::Display> fmt::Display for Unset<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("-"),
        }
    }
}

/// A time as in Zeek's `#open` and `#close` lines, in UTC.
struct Opened(SignedDuration);

impl fmt::Display for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0.as_secs()) {
            Ok(time) => write!(f, "{}", time.strftime("%Y-%m-%d-%H-%M-%S")),
            Err(_) => write!(f, "{}", self.0.as_secs()),
        }
    }
}

/// A row as Zeek's JSON writer gives it: unset values are left out, times are numbers.
#[derive(Serialize)]
struct Object<'a> {
    ts: f64,
    uid: &'a str,
    #[serde(rename = "id.orig_h")]
    orig_h: String,
    #[serde(rename = "id.orig_p")]
    orig_p: u16,
    #[serde(rename = "id.resp_h")]
    resp_h: String,
    #[serde(rename = "id.resp_p")]
    resp_p: u16,
    proto: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    orig_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resp_bytes: Option<u64>,
    conn_state: &'static str,
    missed_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<&'a str>,
    orig_pkts: u64,
    orig_ip_bytes: u64,
    resp_pkts: u64,
    resp_ip_bytes: u64,
    ip_proto: u8,
}

impl<'a> From<&'a ZeekConnection> for Object<'a> {
    fn from(row: &'a ZeekConnection) -> Self {
        let (sent, answered) = (row.from_originator, row.from_responder);
        Self {
            // A double holds the microseconds of any time that a calendar holds.
            ts: start(row).as_secs_f64(),
            uid: &row.uid,
            orig_h: row.originator.ip().to_string(),
            orig_p: row.originator.port(),
            resp_h: row.responder.ip().to_string(),
            resp_p: row.responder.port(),
            proto: row.protocol_word(),
            duration: row.duration.map(|duration| duration.as_secs_f64()),
            orig_bytes: row.duration.map(|_| sent.payload),
            resp_bytes: row.duration.map(|_| answered.payload),
            conn_state: row.state.word(),
            missed_bytes: row.missed,
            history: history(row),
            orig_pkts: sent.packets,
            orig_ip_bytes: sent.octets,
            resp_pkts: answered.packets,
            resp_ip_bytes: answered.octets,
            ip_proto: row.protocol.0,
        }
    }
}

/// Writes connections as Zeek's JSON log: an object a line, with Zeek's names and values.
///
/// # Errors
/// What the writer says.
pub fn json_lines(rows: &[ZeekConnection], out: &mut impl Write) -> io::Result<()> {
    for row in rows {
        serde_json::to_writer(&mut *out, &Object::from(row)).map_err(io::Error::from)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::decode::IpProtocol;
    use crate::track::{ConnState, Ending};

    fn row() -> ZeekConnection {
        ZeekConnection {
            uid: "CHhAvVGS1DHFjwGM9".into(),
            start: Timestamp::new(1_385_474_294, 492_448_000),
            protocol: IpProtocol::TCP,
            originator: "10.0.0.1:40000".parse().unwrap(),
            responder: "[2001:db8::1]:80".parse().unwrap(),
            duration: Some(SignedDuration::from_micros(91_969)),
            state: ConnState::SF,
            missed: 0,
            history: "ShADadFf".into(),
            from_originator: ZeekCount { payload: 74, packets: 6, octets: 338 },
            from_responder: ZeekCount { payload: 432, packets: 4, octets: 604 },
            first_frame: 1,
            last_frame: 10,
            ending: Ending::Capture,
        }
    }

    fn written(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// `zeek-cut` in a few lines: the separator, the column's place among the fields, the rows.
    fn cut(log: &str, column: &str) -> Vec<String> {
        let fields = log.lines().find_map(|line| line.strip_prefix("#fields\t")).unwrap();
        let place = fields.split('\t').position(|field| field == column).unwrap();
        log.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').nth(place).unwrap().to_owned()).collect()
    }

    #[test]
    fn the_log_reads_like_zeeks() {
        let silent = ZeekConnection { duration: None, history: String::new(), ..row() };
        let log = written(|out| conn_log(&[row(), silent], out));
        assert!(log.starts_with("#separator \\x09\n#set_separator\t,\n"));
        assert!(log.contains("#open\t2013-11-26-13-58-14\n") && log.ends_with("#close\t2013-11-26-13-58-14\n"));
        let types = log.lines().find_map(|line| line.strip_prefix("#types\t")).unwrap();
        assert_eq!(types.split('\t').count(), COLUMNS.len());
        assert!(log.lines().filter(|line| !line.starts_with('#')).all(|line| line.split('\t').count() == COLUMNS.len()));
        for (column, expected) in [
            ("ts", ["1385474294.492448", "1385474294.492448"]),
            ("id.resp_h", ["2001:db8::1", "2001:db8::1"]),
            ("duration", ["0.091969", "-"]),
            ("orig_bytes", ["74", "-"]),
            ("history", ["ShADadFf", "-"]),
            ("orig_ip_bytes", ["338", "338"]),
            ("ip_proto", ["6", "6"]),
        ] {
            assert_eq!(cut(&log, column), expected, "{column}");
        }
    }

    #[test]
    fn a_log_without_connections_has_no_times() {
        let log = written(|out| conn_log(&[], out));
        assert!(!log.contains("#open") && !log.contains("#close") && log.contains("#fields\tts\tuid"));
    }

    #[test]
    fn json_leaves_out_what_is_unset() {
        let silent = ZeekConnection { duration: None, ..row() };
        let lines = written(|out| json_lines(&[row(), silent], out));
        let lines: Vec<&str> = lines.lines().collect();
        assert!(
            lines[0]
                .starts_with(r#"{"ts":1385474294.492448,"uid":"CHhAvVGS1DHFjwGM9","id.orig_h":"10.0.0.1","id.orig_p":40000,"#)
        );
        assert!(lines[0].contains(r#""duration":0.091969,"orig_bytes":74"#));
        assert!(!lines[1].contains("duration") && !lines[1].contains("orig_bytes"));
    }
}
