//! What a check says, before it is a row of the results.

use crate::judge::record::Evidence;
use crate::judge::template::Values;
use crate::judge::{Message, Points, Status};

/// A check's verdict, with all that explains it.
#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct Ruling {
    /// Points earned.
    pub(in crate::judge) earned: Points,
    /// Points that a person has to decide about.
    pub(in crate::judge) pending: Points,
    /// Nothing of it is there: a fail, even where it is worth no points.
    pub(in crate::judge) missed: bool,
    /// What is missing may be missing in the capture alone.
    pub(in crate::judge) lacking: bool,
    /// What builds on this can be judged all the same.
    pub blocks_nothing: bool,
    /// Left to a person, however few points it is worth.
    pub(in crate::judge) open: bool,
    /// What should have been.
    pub(in crate::judge) expected: Option<Message>,
    /// What is there.
    pub(in crate::judge) found: Option<Message>,
    /// The frames that show it.
    pub(in crate::judge) evidence: Evidence,
    /// What came nearest.
    pub(in crate::judge) near: Vec<Message>,
    /// The verdict in words.
    pub(in crate::judge) message: Message,
    /// What to do about it.
    pub(in crate::judge) fix: Option<Message>,
    /// What should be known and costs nothing.
    pub(in crate::judge) notes: Vec<Message>,
    /// What the rubric's own sentences may name.
    pub(in crate::judge) values: Values,
}

impl Ruling {
    /// So many points, because of this.
    pub(in crate::judge) fn new(earned: Points, ko: impl Into<String>, en: impl Into<String>) -> Self {
        Self { earned, message: Message::new(ko, en), ..Self::default() }
    }

    /// What should have been, and what is there instead.
    #[must_use]
    pub(in crate::judge) fn comparing(self, expected: Message, found: Message) -> Self {
        Self { expected: Some(expected), found: Some(found), ..self }
    }

    /// The frames that show it.
    #[must_use]
    pub(in crate::judge) fn shown(self, evidence: Evidence) -> Self {
        Self { evidence, ..self }
    }

    /// What to do about it.
    #[must_use]
    pub(in crate::judge) fn fix(self, fix: Message) -> Self {
        Self { fix: Some(fix), ..self }
    }

    /// What came nearest.
    #[must_use]
    pub(in crate::judge) fn near(self, near: Vec<Message>) -> Self {
        Self { near, ..self }
    }

    /// Points that a person has to decide about.
    #[must_use]
    pub(in crate::judge) fn pending(self, pending: Points) -> Self {
        Self { pending, ..self }
    }

    /// The same ruling for so many points.
    #[must_use]
    pub(in crate::judge) fn with(self, earned: Points) -> Self {
        Self { earned, ..self }
    }

    /// The same ruling, left to a person.
    #[must_use]
    pub(in crate::judge) fn open(self) -> Self {
        Self { open: true, ..self }
    }

    /// The same ruling, which takes points only for packets that are not in the capture.
    #[must_use]
    pub(in crate::judge) fn lacking(self) -> Self {
        Self { lacking: true, ..self }
    }

    /// The same ruling, which does not stand in the way of what builds on it.
    #[must_use]
    pub(in crate::judge) fn blocking_nothing(self) -> Self {
        Self { blocks_nothing: true, ..self }
    }

    /// The same ruling where the capture lost packets: for what it lacks, no points are taken before a person has looked.
    #[must_use]
    pub(in crate::judge) fn excused(self, lost: u64, max: Points) -> Self {
        match lost > 0 && self.lacking && self.earned < max {
            true => Self { pending: max - self.earned, missed: false, ..self },
            false => self,
        }
    }

    /// The same ruling, which takes points even of none.
    #[must_use]
    pub(in crate::judge) fn missed(self) -> Self {
        Self { missed: true, ..self }
    }

    /// One more thing to know.
    #[must_use]
    pub(in crate::judge) fn noting(mut self, note: Option<Message>) -> Self {
        self.notes.extend(note);
        self
    }

    /// The verdict in a word.
    pub(in crate::judge) fn status(&self, max: Points) -> Status {
        match self.earned {
            _ if self.open || self.pending > Points::ZERO => Status::Review,
            _ if self.missed => Status::Fail,
            earned if earned >= max => Status::Pass,
            earned if earned > Points::ZERO => Status::Partial,
            _ => Status::Fail,
        }
    }
}
