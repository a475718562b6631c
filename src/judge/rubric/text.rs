//! The text of a rubric, and the places of what is wrong in it.

use std::collections::{BTreeMap, HashSet};

use jiff::SignedDuration;
use jiff::Timestamp as Instant;
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;
use serde::Deserialize;
use toml::{Spanned, Value};

use super::{Check, Field, KINDS, Kind, Late, Rubric, Submission, Window};
use crate::judge::query::{Grouping, Query, Require, Score, Select};
use crate::judge::record::sha256;
use crate::judge::results::Visibility;
use crate::judge::template::Params;
use crate::judge::{Message, Points, TextFault};
use crate::track::Closer;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    schema: Spanned<u32>,
    id: Spanned<String>,
    title: Message,
    total: Points,
    #[serde(default)]
    params: BTreeMap<String, Spanned<Value>>,
    #[serde(default)]
    submission: SubmissionText,
    late: Option<LateText>,
    #[serde(default)]
    policy: PolicyText,
    #[serde(default)]
    check: Vec<Spanned<CheckText>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SubmissionText {
    id: Option<IdText>,
    capture: Option<FileText>,
    screenshot: Option<FileText>,
    window: Option<WindowText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdText {
    digits: Spanned<usize>,
    #[serde(default)]
    prefix: String,
}

/// What is said of a file; all but the size is what every submission is held to anyway.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileText {
    #[serde(rename = "name")]
    _name: Option<String>,
    #[serde(rename = "ext")]
    _ext: Option<Vec<String>>,
    #[serde(rename = "accept")]
    _accept: Option<Vec<String>>,
    #[serde(rename = "review")]
    _review: Option<String>,
    max_mib: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowText {
    from: Spanned<String>,
    to: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LateText {
    per_day: Points,
    max_days: u32,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyText {
    ungradable: Option<Spanned<String>>,
    rounding: Option<Points>,
}

/// A sentence that may lack a language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sentence {
    #[serde(default)]
    ko: String,
    #[serde(default)]
    en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckText {
    id: Spanned<String>,
    kind: Spanned<String>,
    title: Option<Sentence>,
    points: Points,
    #[serde(default)]
    needs: Vec<Spanned<String>>,
    visibility: Option<Spanned<String>>,
    fail: Option<Sentence>,
    fix: Option<Sentence>,
    note: Option<String>,
    range: Option<Spanned<(u16, u16)>>,
    clients: Option<Spanned<u64>>,
    within_ms: Option<Spanned<i64>>,
    fields: Option<Spanned<Vec<Spanned<String>>>>,
    side: Option<Spanned<String>>,
    select: Option<Spanned<String>>,
    #[serde(rename = "where")]
    condition: Option<Spanned<String>>,
    group_by: Option<Spanned<String>>,
    require: Option<Spanned<Require>>,
    score: Option<Spanned<Score>>,
    near: Option<Spanned<String>>,
    show: Option<Spanned<String>>,
    absent: Option<Spanned<bool>>,
}

/// Reads a rubric with values for some of its parameters.
pub(super) fn rubric(text: &str, set: &[(String, String)]) -> Result<Rubric, TextFault> {
    let document: Document = toml::from_str(text).map_err(|error| TextFault::of_toml(text, &error))?;
    let reader = Reader { text };
    if *document.schema.get_ref() != 1 {
        return Err(reader.fault(&document.schema, "expected schema = 1"));
    }
    if document.id.get_ref().is_empty() {
        return Err(reader.fault(&document.id, "expected a name for the rubric"));
    }
    let params = reader.params(&document.params, set)?;
    let submission = reader.submission(document.submission)?;
    let mut checks: Vec<Check> = Vec::new();
    for check in document.check {
        let check = reader.check(check.into_inner(), &params, &checks)?;
        checks.push(check);
    }
    if checks.is_empty() {
        return Err(TextFault::at(text, text.len(), "expected [[check]]"));
    }
    let ungradable_is_zero = match &document.policy.ungradable {
        Some(word) => reader.word(word, &[("blank", false), ("zero", true)])?,
        None => false,
    };
    Ok(Rubric {
        id: document.id.into_inner(),
        title: document.title,
        sha256: sha256(text.as_bytes()),
        total: document.total,
        params,
        submission,
        late: document.late.map(|late| Late { per_day: late.per_day, max_days: late.max_days }),
        rounding: document.policy.rounding.unwrap_or(Points::ZERO),
        ungradable_is_zero,
        checks,
    })
}

/// Reads values, and knows where they stand.
#[derive(Clone, Copy)]
struct Reader<'t> {
    text: &'t str,
}

impl Reader<'_> {
    fn fault<T>(self, value: &Spanned<T>, text: impl Into<String>) -> TextFault {
        TextFault::at(self.text, value.span().start, text)
    }

    fn word<T: Copy>(self, value: &Spanned<String>, words: &[(&str, T)]) -> Result<T, TextFault> {
        let found = words.iter().find(|(word, _)| word == value.get_ref());
        let expected = || words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ");
        found.map(|(_, meaning)| *meaning).ok_or_else(|| self.fault(value, format!("expected {}", expected())))
    }

    fn params(self, written: &BTreeMap<String, Spanned<Value>>, set: &[(String, String)]) -> Result<Params, TextFault> {
        let mut params = Params::new();
        for (name, value) in written {
            let text = match value.get_ref() {
                Value::String(text) => text.clone(),
                Value::Integer(number) => number.to_string(),
                _ => return Err(self.fault(value, "expected a number or a text")),
            };
            if name == "server_port" && text.parse::<u16>().is_err() {
                return Err(self.fault(value, "expected a port, 0 to 65535"));
            }
            params.insert(name.clone(), text);
        }
        for (name, value) in set {
            let known = params.keys().cloned().collect::<Vec<_>>().join(", ");
            let port = name != "server_port" || value.parse::<u16>().is_ok();
            match params.get_mut(name) {
                Some(_) if !port => return Err(TextFault::at(self.text, 0, format!("--set {name}={value}: expected a port"))),
                Some(param) => param.clone_from(value),
                None => {
                    let text = format!("--set {name}: the rubric has no such parameter; it has: {known}");
                    return Err(TextFault::at(self.text, 0, text));
                }
            }
        }
        Ok(params)
    }

    fn submission(self, written: SubmissionText) -> Result<Submission, TextFault> {
        const MIB: u64 = 1 << 20;
        let (digits, prefix) = match written.id {
            Some(id) if !(4..=20).contains(id.digits.get_ref()) => return Err(self.fault(&id.digits, "expected 4 to 20 digits")),
            Some(id) => (Some(id.digits.into_inner()), id.prefix),
            None => (None, String::new()),
        };
        let max_mib = written.capture.and_then(|capture| capture.max_mib).unwrap_or(64).clamp(1, 1024);
        drop(written.screenshot);
        let window = written.window.map(|window| self.window(&window)).transpose()?;
        Ok(Submission { digits, prefix, max_octets: max_mib * MIB, window })
    }

    fn window(self, written: &WindowText) -> Result<Window, TextFault> {
        let moment = |text: &Spanned<String>| {
            let expected = "expected a moment with its zone, such as \"2026-11-23T23:59+09:00\"";
            text.get_ref().parse::<Instant>().map_err(|_| self.fault(text, expected))
        };
        let (from, to) = (moment(&written.from)?, moment(&written.to)?);
        let offset =
            Pieces::parse(written.to.get_ref()).ok().and_then(|pieces| pieces.to_numeric_offset()).unwrap_or(Offset::UTC);
        if to < from {
            return Err(self.fault(&written.to, "expected a moment after \"from\""));
        }
        Ok(Window { from, to, offset })
    }

    fn check(self, mut written: CheckText, params: &Params, before: &[Check]) -> Result<Check, TextFault> {
        let id = written.id.get_ref().clone();
        let is_name = |text: &str| {
            !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-')
        };
        if !is_name(&id) {
            return Err(self.fault(&written.id, "expected a name of small letters, digits and hyphens"));
        }
        if before.iter().any(|check| check.id == id) {
            return Err(self.fault(&written.id, format!("there is a check \"{id}\" before this one")));
        }
        if let Some(unknown) = written.needs.iter().find(|need| !before.iter().any(|check| check.id == *need.get_ref())) {
            return Err(self.fault(unknown, "expected the id of a check that stands before this one"));
        }
        if written.points < Points::ZERO {
            return Err(self.fault(&written.id, "expected points of 0 or more"));
        }
        let levels = [("visible", Visibility::Visible), ("after_due", Visibility::AfterDue), ("staff", Visibility::Staff)];
        let visibility = written.visibility.as_ref().map(|word| self.word(word, &levels)).transpose()?.unwrap_or_default();
        let kind = self.kind(&mut written, params)?;
        let message = |sentence: Sentence| Message::new(sentence.ko, sentence.en);
        Ok(Check {
            title: written.title.map_or_else(|| Message::new(id.clone(), id.clone()), message),
            id,
            kind,
            points: written.points,
            needs: written.needs.into_iter().map(Spanned::into_inner).collect(),
            visibility,
            fail: written.fail.map(message),
            fix: written.fix.map(message),
            note: written.note,
        })
    }

    fn kind(self, written: &mut CheckText, params: &Params) -> Result<Kind, TextFault> {
        let name = written.kind.get_ref().clone();
        let Some(help) = KINDS.iter().find(|kind| kind.name == name) else {
            let known = KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ");
            return Err(self.fault(&written.kind, format!("expected one of {known}")));
        };
        self.only(written, help.parameters)?;
        let clients = written.clients.as_ref().map_or(2, |clients| *clients.get_ref());
        if let Some(clients) = written.clients.as_ref().filter(|clients| *clients.get_ref() == 0) {
            return Err(self.fault(clients, "expected 1 or more"));
        }
        Ok(match name.as_str() {
            "file.readable" => Kind::Readable,
            "file.named" => Kind::Named,
            "file.screenshot" => Kind::Screenshot,
            "capture.interface" => Kind::Loopback,
            "udp.endpoint" => Kind::UdpEndpoint,
            "udp.client_port" => Kind::UdpClientPort { range: self.range(written.range.as_ref())? },
            "udp.echo" => Kind::UdpEcho { clients, within: self.within(written.within_ms.as_ref())? },
            "udp.demux" => Kind::UdpDemux,
            "payload.identity" => Kind::Identity { fields: self.fields(written.fields.take())? },
            "log.match" => Kind::Log,
            "tcp.handshake" => Kind::TcpHandshake,
            "tcp.echo" => Kind::TcpEcho { clients },
            "tcp.close" => Kind::TcpClose { clients },
            "tcp.first_fin" => Kind::TcpFirstFin { side: self.side(written.side.as_ref())? },
            "tcp.demux" => Kind::TcpDemux,
            _ => Kind::Query(Box::new(self.query(written, params)?)),
        })
    }

    /// Nothing is given that this kind does not take.
    fn only(self, written: &CheckText, parameters: &[&str]) -> Result<(), TextFault> {
        fn place<T>(value: &Option<Spanned<T>>) -> Option<usize> {
            value.as_ref().map(|value| value.span().start)
        }
        let given = [
            ("range", place(&written.range)),
            ("clients", place(&written.clients)),
            ("within_ms", place(&written.within_ms)),
            ("fields", place(&written.fields)),
            ("side", place(&written.side)),
            ("select", place(&written.select)),
            ("where", place(&written.condition)),
            ("group_by", place(&written.group_by)),
            ("require", place(&written.require)),
            ("score", place(&written.score)),
            ("near", place(&written.near)),
            ("show", place(&written.show)),
            ("absent", place(&written.absent)),
        ];
        let stray =
            given.into_iter().find_map(|(name, place)| Some((name, place?)).filter(|(name, _)| !parameters.contains(name)));
        match stray {
            Some((name, place)) => {
                let kind = written.kind.get_ref();
                Err(TextFault::at(self.text, place, format!("\"{name}\" is no parameter of the kind {kind}")))
            }
            None => Ok(()),
        }
    }

    fn range(self, range: Option<&Spanned<(u16, u16)>>) -> Result<(u16, u16), TextFault> {
        const ANY_SYSTEM: (u16, u16) = (32_768, 65_535);
        match range {
            Some(range) if range.get_ref().0 > range.get_ref().1 => Err(self.fault(range, "expected the lower port first")),
            Some(range) => Ok(*range.get_ref()),
            None => Ok(ANY_SYSTEM),
        }
    }

    fn within(self, within: Option<&Spanned<i64>>) -> Result<SignedDuration, TextFault> {
        match within {
            Some(within) if *within.get_ref() <= 0 => Err(self.fault(within, "expected milliseconds, 1 or more")),
            Some(within) => Ok(SignedDuration::from_millis(*within.get_ref())),
            None => Ok(SignedDuration::from_secs(2)),
        }
    }

    fn fields(self, fields: Option<Spanned<Vec<Spanned<String>>>>) -> Result<Vec<Field>, TextFault> {
        let Some(fields) = fields else { return Ok(Field::ALL.map(|(_, field)| field).to_vec()) };
        if fields.get_ref().is_empty() {
            return Err(self.fault(&fields, "expected \"dept\", \"id\" or \"name\""));
        }
        let mut seen = HashSet::new();
        let read = |field: &Spanned<String>| {
            let meant = self.word(field, &Field::ALL)?;
            seen.insert(field.get_ref().clone()).then_some(meant).ok_or_else(|| self.fault(field, "this field is named twice"))
        };
        fields.get_ref().iter().map(read).collect()
    }

    fn side(self, side: Option<&Spanned<String>>) -> Result<Closer, TextFault> {
        let words = [("client", Closer::Initiator), ("server", Closer::Responder)];
        side.map_or(Ok(Closer::Initiator), |side| self.word(side, &words))
    }

    fn query(self, written: &mut CheckText, params: &Params) -> Result<Query, TextFault> {
        let select = match &written.select {
            Some(select) => self.select(select)?,
            None => return Err(self.fault(&written.id, "a query needs \"select\"")),
        };
        let Some(condition) = &written.condition else { return Err(self.fault(&written.id, "a query needs \"where\"")) };
        let group_by = match &written.group_by {
            Some(field) => Some(Grouping::read(field.get_ref()).ok_or_else(|| self.fault(field, Grouping::EXPECTED))?),
            None => None,
        };
        for filter in [Some(condition), written.near.as_ref(), written.show.as_ref()].into_iter().flatten() {
            Query::check(filter.get_ref(), params).map_err(|fault| self.fault(filter, fault))?;
        }
        let require = written.require.as_ref().map(|require| *require.get_ref()).unwrap_or_default();
        if group_by.is_none() && require.asks_for_groups() {
            return Err(self.fault(&written.id, "\"require\" asks for groups: say \"group_by\""));
        }
        Ok(Query {
            select,
            condition: condition.get_ref().clone(),
            group_by,
            require,
            score: written.score.take().map(Spanned::into_inner),
            near: written.near.take().map(Spanned::into_inner),
            show: written.show.take().map(Spanned::into_inner),
            absent: written.absent.as_ref().is_some_and(|absent| *absent.get_ref()),
        })
    }

    fn select(self, select: &Spanned<String>) -> Result<Select, TextFault> {
        const LATER: [&str; 3] = ["http", "ws", "dns"];
        if LATER.contains(&select.get_ref().as_str()) {
            return Err(self.fault(select, format!("{} is not read yet", select.get_ref())));
        }
        self.word(select, &Select::ALL)
    }
}
