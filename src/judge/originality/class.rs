//! A class laid side by side: which captures are the same, and which students they connect.
//!
//! Only captures that share a number are compared at all: an index of what each holds gives the candidates.

use std::collections::{BTreeMap, BTreeSet};

use super::chance::needed;
use super::identity::{Stranger, strangers};
use super::pair::{Fact, Mask, Pair, Side, compare as compare_sides};
use super::{Level, strength};
use crate::judge::Message;
use crate::judge::record::{Prints, Sight};
use crate::judge::results::{Flag, Student};

/// All that was handed in for one assignment.
#[derive(Clone, Copy, Debug)]
pub struct Class<'c> {
    /// Everybody on the roster.
    pub roster: &'c [Student],
    /// One capture for each student who handed one in; their order is that of the pairs.
    pub entries: &'c [Entry<'c>],
    /// The instructor's sample: what it has is nobody's own.
    pub template: Option<&'c Prints>,
}

/// What one student handed in.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'c> {
    /// The student's number.
    pub student: &'c str,
    /// Of the capture that was judged.
    pub prints: &'c Prints,
    /// SHA-256 of each picture.
    pub pictures: &'c [String],
}

/// What a class has in common that chance does not explain.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Comparison {
    /// Captures that are the same, in the order of the entries.
    pub pairs: Vec<Pair>,
    /// Students that pairs connect, where they are more than two.
    pub clusters: Vec<Group>,
    /// Who handed in the instructor's sample.
    pub templated: Vec<Templated>,
    /// Who sent another student's number or name.
    pub strangers: Vec<Stranger>,
    /// Students with the same picture.
    pub pictures: Vec<Group>,
}

/// Students with something in common, in the order of the entries.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Group {
    /// Their numbers.
    pub students: Vec<String>,
}

/// A student whose capture is the instructor's sample.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Templated {
    /// The student's number.
    pub student: String,
    /// How it is the same.
    pub level: Level,
    /// What shows it: the student's on one side, the sample's on the other.
    pub facts: Vec<Fact>,
}

/// Compares the captures of a class with each other and with the instructor's sample.
pub fn compare(class: &Class<'_>) -> Comparison {
    let mask = class.template.map(Mask::of).unwrap_or_default();
    let mut sides: Vec<Side<'_>> = class.entries.iter().map(|entry| Side::new(entry.prints, &mask)).collect();
    let templated = templated(class, &mut sides);
    let pairs = pairs(class, &sides);
    let links: Vec<(usize, usize)> = pairs.iter().map(|(one, other, _)| (*one, *other)).collect();
    let pairs = pairs.into_iter().map(|(.., pair)| pair).collect();
    Comparison { pairs, clusters: clusters(class, &links), templated, strangers: strangers(class), pictures: pictures(class) }
}

fn templated(class: &Class<'_>, sides: &mut [Side<'_>]) -> Vec<Templated> {
    let Some(template) = class.template else { return Vec::new() };
    let (nothing, needed) = (Mask::default(), needed(class.entries.len().saturating_add(1)));
    let sample = Side::new(template, &nothing);
    let mut templated = Vec::new();
    for (entry, side) in class.entries.iter().zip(sides) {
        if let Some((level, facts)) = compare_sides(&Side::new(entry.prints, &nothing), &sample, needed) {
            side.is_template = true;
            templated.push(Templated { student: entry.student.to_owned(), level, facts });
        }
    }
    templated
}

fn pairs(class: &Class<'_>, sides: &[Side<'_>]) -> Vec<(usize, usize, Pair)> {
    let needed = needed(sides.len());
    let pair = |(one, other): (usize, usize)| {
        let (level, facts) = compare_sides(sides.get(one)?, sides.get(other)?, needed)?;
        let student = |place: usize| class.entries.get(place).map(|entry| entry.student.to_owned());
        Some((one, other, Pair { one: student(one)?, other: student(other)?, level, facts }))
    };
    candidates(sides).into_iter().filter_map(pair).collect()
}

/// Of many captures that share one number, those that are compared with all the others.
const HUBS: usize = 8;

/// Pairs that share anything that may weigh.
fn candidates(sides: &[Side<'_>]) -> BTreeSet<(usize, usize)> {
    let mut index: Vec<(u128, usize)> = Vec::new();
    for (place, side) in sides.iter().enumerate() {
        index.extend(keys(side).into_iter().map(|key| (key, place)));
    }
    index.sort_unstable();
    index.dedup();
    let mut candidates = BTreeSet::new();
    for sharers in index.chunk_by(|(one, _), (other, _)| one == other) {
        for (at, (_, one)) in sharers.iter().enumerate().take(HUBS) {
            candidates.extend(sharers.iter().skip(at.saturating_add(1)).map(|(_, other)| (*one, *other)));
        }
    }
    candidates
}

/// What a capture is found by: its content, its intervals, and of each frame what its systems chose: a number with the
/// client's port, or that port alone where there is none. Keys that are equal by accident cost a comparison.
fn keys(side: &Side<'_>) -> BTreeSet<u128> {
    let content = u128::from_le_bytes(side.prints.content);
    let numbered = |sight: &Sight, number: u32| 1 << 96 | u128::from(sight.port) << 64 | u128::from(number);
    let chosen = |sight: &&Sight| sight.number().map_or(u128::from(sight.port), |number| numbered(sight, number));
    [content].into_iter().chain(rhythm(side)).chain(side.own.iter().map(chosen)).collect()
}

/// Of all intervals together.
fn rhythm(side: &Side<'_>) -> Option<u128> {
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b; // FNV-1a with 128 bits.
    let times: Option<Vec<i64>> = side.own.iter().map(|sight| sight.micros).collect();
    let times = times.filter(|times| times.len() > 2)?;
    let steps = times.iter().zip(times.iter().skip(1)).map(|(from, to)| to.saturating_sub(*from));
    Some(steps.fold(1, |hash: u128, step| (hash ^ u128::from(step.cast_unsigned())).wrapping_mul(PRIME)))
}

/// Students that are connected, more than two together.
fn clusters(class: &Class<'_>, links: &[(usize, usize)]) -> Vec<Group> {
    let mut leaders: Vec<usize> = (0..class.entries.len()).collect();
    for (one, other) in links {
        let (one, other) = (leader(&leaders, *one), leader(&leaders, *other));
        if let Some(place) = leaders.get_mut(one.max(other)) {
            *place = one.min(other);
        }
    }
    let led = (0..class.entries.len()).map(|place| (leader(&leaders, place), place));
    groups(class, led, 3)
}

/// Who leads the group of a place: the first in it.
fn leader(leaders: &[usize], place: usize) -> usize {
    std::iter::successors(Some(place), |place| leaders.get(*place).copied().filter(|leader| leader != place))
        .last()
        .unwrap_or(place)
}

fn pictures(class: &Class<'_>) -> Vec<Group> {
    let handed = class.entries.iter().enumerate();
    let pictures = handed.flat_map(|(place, entry)| entry.pictures.iter().map(move |picture| (picture, place)));
    groups(class, pictures, 2)
}

/// Places with the same mark, where they are enough, in the order of the first of each.
fn groups<K: Ord>(class: &Class<'_>, marked: impl Iterator<Item = (K, usize)>, enough: usize) -> Vec<Group> {
    let mut groups: BTreeMap<K, BTreeSet<usize>> = BTreeMap::new();
    for (mark, place) in marked {
        groups.entry(mark).or_default().insert(place);
    }
    let groups: BTreeSet<Vec<usize>> =
        groups.into_values().filter(|places| places.len() >= enough).map(|places| places.into_iter().collect()).collect();
    let student = |place: usize| class.entries.get(place).map(|entry| entry.student.to_owned());
    groups.into_iter().map(|places| Group { students: places.into_iter().filter_map(student).collect() }).collect()
}

/// Pairs that one flag tells of.
const TOLD: usize = 8;

impl Comparison {
    /// What staff should know of one student.
    pub fn flags(&self, student: &str) -> Vec<Flag> {
        let template = self.templated.iter().filter(|templated| templated.student == student).map(Templated::flag);
        let strangers = self.strangers.iter().filter(|stranger| stranger.student == student).map(Stranger::flag);
        let pictures = self.pictures.iter().filter_map(|group| group.others(student)).map(same_picture);
        template.chain(self.same_capture(student)).chain(strangers).chain(pictures).collect()
    }

    /// The capture is the instructor's sample.
    pub fn is_template(&self, student: &str) -> bool {
        self.templated.iter().any(|templated| templated.student == student)
    }

    fn same_capture(&self, student: &str) -> Option<Flag> {
        let pairs: Vec<&Pair> = self.pairs.iter().filter(|pair| pair.one == student || pair.other == student).collect();
        let level = pairs.iter().map(|pair| pair.level).min()?;
        let cluster = self.clusters.iter().find_map(|group| group.others(student));
        let with = cluster.unwrap_or_else(|| pairs.iter().map(|pair| pair.partner(student).to_owned()).collect());
        let facts = pairs.iter().take(TOLD).flat_map(|pair| pair.told(student)).collect();
        Some(Flag { id: "same-capture".into(), strength: level.strength().into(), facts, innocent: Some(level.innocent()), with })
    }
}

impl Group {
    /// The rest of the group; `None` if the student is not in it.
    fn others(&self, student: &str) -> Option<Vec<String>> {
        let others = || self.students.iter().filter(|other| *other != student).cloned().collect();
        self.students.iter().any(|other| other == student).then(others)
    }
}

impl Pair {
    fn partner(&self, student: &str) -> &str {
        if self.one == student { &self.other } else { &self.one }
    }

    /// The facts in sentences, this student's side first.
    fn told(&self, student: &str) -> Vec<Message> {
        let meaning = self.level.meaning();
        let (letter, partner) = (self.level.letter(), self.partner(student));
        let heading = Message::new(
            format!("{partner}: 단계 {letter}, {}", meaning.ko),
            format!("{partner}: level {letter}, {}", meaning.en),
        );
        let turned = |fact: &Fact| match self.one == student {
            true => fact.sentence(),
            false => Fact { what: fact.what.clone(), one: fact.other.clone(), other: fact.one.clone() }.sentence(),
        };
        [heading].into_iter().chain(self.facts.iter().map(turned)).collect()
    }
}

impl Templated {
    fn flag(&self) -> Flag {
        let (letter, meaning) = (self.level.letter(), self.level.meaning());
        let heading = Message::new(
            format!("예시 파일을 그대로 제출함: 단계 {letter}, {}", meaning.ko),
            format!("The instructor's sample was handed in: level {letter}, {}", meaning.en),
        );
        let innocent = Message::new(
            "예시 파일로 연습한 뒤 잘못 골라 올렸을 수 있음.",
            "The sample may have been used to practise, and handed in by mistake.",
        );
        Flag {
            id: "same-capture".into(),
            strength: self.level.strength().into(),
            facts: [heading].into_iter().chain(self.facts.iter().map(Fact::sentence)).collect(),
            innocent: Some(innocent),
            with: Vec::new(),
        }
    }
}

fn same_picture(with: Vec<String>) -> Flag {
    let fact =
        Message::new("화면 그림 파일이 다른 학생의 것과 같음", "The picture of the screen is the same file as another student's");
    let innocent = Message::new(
        "한 컴퓨터에서 함께 실습했거나, 과제에서 나눠 준 그림일 수 있음.",
        "They may have worked together at one computer, or the picture came with the assignment.",
    );
    Flag { id: "same-screenshot".into(), strength: strength::STRONG.into(), facts: vec![fact], innocent: Some(innocent), with }
}
