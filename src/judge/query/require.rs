//! How many rows and groups a query must find, and what some of them are worth.

use serde::Deserialize;

use crate::judge::Points;

/// From so many to so many, both included.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// The fewest.
    #[serde(default)]
    pub min: u64,
    /// The most; `None` for any number.
    pub max: Option<u64>,
}

/// What one group must hold.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its rows.
    #[serde(default)]
    pub rows: Bounds,
}

/// What must hold; all of it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Require {
    /// Groups in all.
    pub groups: Option<Bounds>,
    /// Rows in all.
    pub rows: Option<Bounds>,
    /// At least one group is like this.
    pub any_group: Option<Group>,
    /// Every group is like this.
    pub each_group: Option<Group>,
    /// Two of the rows, of different groups if there are any, overlap in time.
    #[serde(default)]
    pub overlap: bool,
}

/// What a part of what is required is worth.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// Points for each group.
    pub per_group: Option<Points>,
    /// Points for each row.
    pub per_row: Option<Points>,
    /// The most that any of these is worth.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// Points for less than all.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What must hold.
    pub when: Require,
    /// What it is worth.
    pub points: Points,
}

/// What a query found, counted.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Counted {
    /// Rows in all.
    pub rows: u64,
    /// The rows of each group; empty without grouping.
    pub groups: Vec<u64>,
    /// Two rows overlap in time.
    pub overlap: bool,
}

impl Bounds {
    fn hold(self, number: u64) -> bool {
        number >= self.min && self.max.is_none_or(|max| number <= max)
    }
}

impl Require {
    /// It says something of groups.
    pub fn asks_for_groups(&self) -> bool {
        self.groups.is_some() || self.any_group.is_some() || self.each_group.is_some()
    }

    /// Whether all of it holds; where nothing is said, there must be a row.
    pub fn holds(&self, found: &Counted) -> bool {
        if *self == Self::default() {
            return found.rows > 0;
        }
        let groups = found.groups.len() as u64;
        self.groups.is_none_or(|bounds| bounds.hold(groups))
            && self.rows.is_none_or(|bounds| bounds.hold(found.rows))
            && self.any_group.is_none_or(|group| found.groups.iter().any(|rows| group.rows.hold(*rows)))
            && self.each_group.is_none_or(|group| groups > 0 && found.groups.iter().all(|rows| group.rows.hold(*rows)))
            && (!self.overlap || found.overlap)
    }
}

impl Score {
    /// What was found is worth this much, of at most `max`.
    pub fn of(&self, found: &Counted, max: Points) -> Points {
        let times = |points: Option<Points>, count: u64| points.map_or(Points::ZERO, |points| points.share(count, 1));
        let steps = self.steps.iter().filter(|step| step.when.holds(found)).map(|step| step.points);
        let counted = [times(self.per_group, found.groups.len() as u64), times(self.per_row, found.rows)];
        counted.into_iter().chain(steps).max().unwrap_or_default().min(max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn require(text: &str) -> Require {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn all_that_is_required_must_hold() {
        let found = Counted { rows: 3, groups: vec![2, 1], overlap: false };
        let cases = [
            ("", true),
            ("groups = { min = 2 }", true),
            ("groups = { min = 3 }", false),
            ("rows = { max = 2 }", false),
            ("rows = { min = 1, max = 3 }", true),
            ("any_group = { rows = { min = 2 } }", true),
            ("each_group = { rows = { min = 2 } }", false),
            ("groups = { min = 2 }\noverlap = true", false),
        ];
        for (text, holds) in cases {
            assert_eq!(require(text).holds(&found), holds, "{text}");
        }
        assert!(!Require::default().holds(&Counted::default()));
        assert!(!require("each_group = {}").holds(&Counted::default()));
    }

    #[test]
    fn parts_are_worth_at_most_everything() {
        let found = Counted { rows: 3, groups: vec![2, 1], overlap: false };
        let score = |text: &str| toml::from_str::<Score>(text).unwrap().of(&found, Points::whole(20));
        assert_eq!(score("per_group = 7.5"), "15".parse().unwrap());
        assert_eq!(score("per_row = 10"), Points::whole(20));
        let steps = "steps = [{ when = { rows = { min = 4 } }, points = 15 }, { when = { rows = { min = 2 } }, points = 5 }]";
        assert_eq!(score(steps), Points::whole(5));
    }
}
