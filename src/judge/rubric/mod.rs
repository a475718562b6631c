//! Rubrics: what a lab asks for, and what each part of it is worth.
//!
//! A rubric is TOML that a teacher writes: `text` reads it and finds the place of every fault, `kind` knows the checks
//! that are built in, [`shipped`] holds the rubrics that come with the program.

mod kind;
mod shipped;
mod text;
mod window;

pub use kind::{Field, KINDS, Kind, KindHelp};
pub use shipped::{SHIPPED, shipped};
pub use window::Window;

use super::filter::Filter;
use super::hand_in::Handed;
use super::query::Query;
use super::record::Plan;
use super::results::{Stamp, Visibility};
pub use super::template::Params;
use super::{Message, Points, TextFault};

/// What a lab asks for.
#[derive(Clone, Debug)]
pub struct Rubric {
    /// Its name, such as `udp-echo`.
    pub id: String,
    /// What the assignment is called.
    pub title: Message,
    /// SHA-256 of its text, in hexadecimal.
    pub sha256: String,
    /// What the points of all checks must add up to.
    pub total: Points,
    /// Values that texts and filters name as `{name}`.
    pub params: Params,
    /// What is to be handed in.
    pub submission: Submission,
    /// What lateness costs; `None` for nothing.
    pub late: Option<Late>,
    /// Points are rounded to a multiple of this, half up.
    pub rounding: Points,
    /// What cannot be graded counts 0 instead of waiting for a person.
    pub ungradable_is_zero: bool,
    /// In the order in which they are shown.
    pub checks: Vec<Check>,
}

/// What is to be handed in.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Digits of a student's number; `None` if the roster is to tell.
    pub digits: Option<usize>,
    /// What such a number begins with; may be empty.
    pub prefix: String,
    /// The largest capture that is read, in octets.
    pub max_octets: u64,
    /// When the capture may have been made: outside of it is a flag, never a loss.
    pub window: Option<Window>,
}

/// What lateness costs, by the times of the learning platform.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Late {
    /// Points for each day begun.
    pub per_day: Points,
    /// Days for which points are taken.
    pub max_days: u32,
}

/// One thing that is asked for.
#[derive(Clone, Debug)]
pub struct Check {
    /// Its name, unique in the rubric.
    pub id: String,
    /// What it is called.
    pub title: Message,
    /// How it is judged.
    pub kind: Kind,
    /// What it is worth.
    pub points: Points,
    /// Checks that must not have failed: else this one is blocked.
    pub needs: Vec<String>,
    /// Who may read of it.
    pub visibility: Visibility,
    /// What to say when points are lost, instead of the check's own words.
    pub fail: Option<Message>,
    /// What to do about it, instead of the check's own words.
    pub fix: Option<Message>,
    /// For staff.
    pub note: Option<String>,
}

impl Rubric {
    /// Reads a rubric; `set` are values for parameters, which must be among its own.
    ///
    /// # Errors
    /// The first place that cannot be read, and what was expected there.
    pub fn read(text: &str, set: &[(String, String)]) -> Result<Self, TextFault> {
        text::rubric(text, set)
    }

    /// The port that the lab's server listens on: the parameter `server_port`.
    pub fn server_port(&self) -> u16 {
        self.params.get("server_port").and_then(|port| port.parse().ok()).unwrap_or(5000)
    }

    /// The clients that the lab asks for: the parameter `clients`.
    pub fn clients(&self) -> u64 {
        self.params.get("clients").and_then(|clients| clients.parse().ok()).unwrap_or(2)
    }

    /// What is to be looked for in a capture.
    pub fn plan(&self) -> Plan {
        let filters = self.queries().flat_map(|query| query.packet_filters(&self.params));
        let compiled = filters.filter_map(|text| Some((text.clone(), Filter::compile(&text).ok()?)));
        Plan { port: self.server_port(), filters: compiled.collect() }
    }

    /// A hand-in in which nothing lies yet.
    pub fn handed(&self) -> Handed {
        Handed { digits: self.submission.digits, prefix: self.submission.prefix.clone(), ..Handed::default() }
    }

    /// Which rubric it is, for the results.
    pub fn stamp(&self) -> Stamp {
        Stamp { id: self.id.clone(), sha256: self.sha256.clone(), title: Some(self.title.clone()), total: Some(self.total) }
    }

    /// The check of this name.
    pub fn check(&self, id: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.id == id)
    }

    /// The queries of its checks.
    pub fn queries(&self) -> impl Iterator<Item = &Query> {
        self.checks.iter().filter_map(|check| match &check.kind {
            Kind::Query(query) => Some(query.as_ref()),
            _ => None,
        })
    }
}
