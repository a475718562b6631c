//! Two captures side by side: at which level they are the same, and what shows it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;

use super::Level;
use super::chance::{Twin, bits, intervals, rhythm, same};
use crate::judge::Message;
use crate::judge::record::{Prints, Sight, Token, moment};

/// Two students whose captures are the same at some level.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pair {
    /// The student who comes first.
    pub one: String,
    /// The other.
    pub other: String,
    /// How the captures are the same.
    pub level: Level,
    /// What shows it.
    pub facts: Vec<Fact>,
}

/// Something about two captures, side by side.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fact {
    /// What is told.
    pub what: Message,
    /// Of the first capture.
    pub one: String,
    /// Of the second.
    pub other: String,
}

impl Fact {
    fn new(ko: &str, en: &str, one: impl Into<String>, other: impl Into<String>) -> Self {
        Self { what: Message::new(ko, en), one: one.into(), other: other.into() }
    }

    /// In one sentence.
    pub(super) fn sentence(&self) -> Message {
        let values = if self.one == self.other { self.one.clone() } else { format!("{} | {}", self.one, self.other) };
        Message::new(format!("{}: {values}", self.what.ko), format!("{}: {values}", self.what.en))
    }
}

/// A capture beside others.
#[derive(Debug)]
pub(super) struct Side<'p> {
    pub(super) prints: &'p Prints,
    /// Its frames without those that the instructor's sample has.
    pub(super) own: Vec<&'p Sight>,
    /// It is the sample, as a whole or in part.
    pub(super) is_template: bool,
}

/// What the instructor's sample has.
#[derive(Debug, Default)]
pub(super) struct Mask {
    headers: HashSet<u64>,
    tokens: HashSet<Token>,
}

impl Mask {
    pub(super) fn of(template: &Prints) -> Self {
        let headers = template.sights.iter().map(|sight| sight.headers).collect();
        Self { headers, tokens: template.sights.iter().filter_map(Sight::token).collect() }
    }

    fn hides(&self, sight: &Sight) -> bool {
        self.headers.contains(&sight.headers) || sight.token().is_some_and(|token| self.tokens.contains(&token))
    }
}

impl<'p> Side<'p> {
    pub(super) fn new(prints: &'p Prints, mask: &Mask) -> Self {
        let own = prints.sights.iter().filter(|sight| !mask.hides(sight)).collect();
        Self { prints, own, is_template: false }
    }

    /// Every time, in the order of the file.
    fn times(&self) -> Option<Vec<i64>> {
        let sights = self.prints.sights.iter().map(|sight| sight.micros);
        [self.prints.first].into_iter().chain(sights).chain([self.prints.last]).collect()
    }
}

/// Frames in order that make a cut of them.
const CUT: usize = 4;

/// At which level two captures are the same; `None` if chance can make them so.
pub(super) fn compare(one: &Side<'_>, other: &Side<'_>, needed: u32) -> Option<(Level, Vec<Fact>)> {
    if one.prints.frames == 0 || other.prints.frames == 0 {
        return None;
    }
    let whole = if one.is_template && other.is_template { None } else { whole(one, other, needed) };
    let (level, twins) = whole.or_else(|| parts(one, other, needed))?;
    Some((level, facts(one, other, &twins)))
}

/// The same from the first to the last frame.
fn whole<'p>(one: &Side<'p>, other: &Side<'p>, needed: u32) -> Option<(Level, Vec<Twin<'p>>)> {
    let twins: Vec<Twin<'p>> = one.prints.sights.iter().zip(&other.prints.sights).collect();
    if one.prints.file == other.prints.file {
        return Some((Level::A, twins));
    }
    if one.prints.content != other.prints.content {
        return None;
    }
    match offset(&one.times()?, &other.times()?)? {
        -1..=1 => Some((Level::B, twins)),
        _ if bits(&twins) >= needed => Some((Level::C, twins)),
        _ => None,
    }
}

/// How much later the other is, in microseconds, if it is the same from begin to end; a microsecond may be lost by rounding.
fn offset(one: &[i64], other: &[i64]) -> Option<i64> {
    let mut offsets = one.iter().zip(other).map(|(one, other)| other.saturating_sub(*one));
    let first = offsets.next()?;
    (one.len() == other.len() && offsets.all(|offset| offset.abs_diff(first) <= 1)).then_some(first)
}

/// The same in some of their frames.
fn parts<'p>(one: &Side<'p>, other: &Side<'p>, needed: u32) -> Option<(Level, Vec<Twin<'p>>)> {
    let cut = in_order(&one.own, &other.own, |sight| Some(sight.headers));
    if cut.len() >= CUT && bits(&cut) >= needed {
        return Some((Level::D, cut));
    }
    let edited = in_order(&one.own, &other.own, Sight::token);
    if edited.len() > 1 && bits(&edited) >= needed {
        return Some((Level::E, edited));
    }
    let beside: Vec<Twin<'p>> = one.own.iter().copied().zip(other.own.iter().copied()).collect();
    let all_alike = one.own.len() == other.own.len() && rhythm(&beside).is_some();
    (all_alike && bits(&beside) >= needed).then_some((Level::C, beside))
}

/// The most frames of two captures that have a key in common and come in the same order.
fn in_order<'p, K: Eq + Hash>(one: &[&'p Sight], other: &[&'p Sight], key: impl Fn(&Sight) -> Option<K>) -> Vec<Twin<'p>> {
    let mut places: HashMap<K, VecDeque<usize>> = HashMap::new();
    for (place, sight) in other.iter().enumerate() {
        if let Some(key) = key(sight) {
            places.entry(key).or_default().push_back(place);
        }
    }
    let found = |sight: &&'p Sight| Some((*sight, places.get_mut(&key(sight)?)?.pop_front()?));
    let found: Vec<(&'p Sight, usize)> = one.iter().filter_map(found).collect();
    let rising = rising(&found.iter().map(|(_, place)| *place).collect::<Vec<_>>());
    let twin = |at: usize| {
        let (sight, place) = found.get(at)?;
        Some((*sight, *other.get(*place)?))
    };
    rising.into_iter().filter_map(twin).collect()
}

/// The places of a longest rising subsequence.
fn rising(numbers: &[usize]) -> Vec<usize> {
    // For each length, the place of the smallest number that ends such a subsequence; and of each number, the one before it.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(numbers.len());
    for (place, number) in numbers.iter().enumerate() {
        let length = ends.partition_point(|end| numbers.get(*end).is_some_and(|end| end < number));
        before.push(length.checked_sub(1).and_then(|shorter| ends.get(shorter).copied()));
        match ends.get_mut(length) {
            Some(end) => *end = place,
            None => ends.push(place),
        }
    }
    let back = |place: &usize| before.get(*place).copied().flatten();
    let mut places: Vec<usize> = std::iter::successors(ends.last().copied(), back).collect();
    places.reverse();
    places
}

fn facts(one: &Side<'_>, other: &Side<'_>, twins: &[Twin<'_>]) -> Vec<Fact> {
    let (a, b) = (one.prints, other.prints);
    let time = |prints: &Prints| prints.first.map_or_else(|| "–".to_owned(), moment);
    let program = |prints: &Prints| prints.origin.application.clone().unwrap_or_else(|| "–".to_owned());
    let mut facts = vec![
        Fact::new("프레임 수", "frames", a.frames.to_string(), b.frames.to_string()),
        Fact::new("첫 프레임의 시각", "first frame at", time(a), time(b)),
        Fact::new("캡처 프로그램", "written by", program(a), program(b)),
    ];
    if !twins.is_empty() {
        let frames = |side: fn(&Twin<'_>) -> u64| ranges(twins.iter().map(side));
        facts.push(Fact::new("서로 같은 프레임", "frames in common", frames(|twin| twin.0.frame), frames(|twin| twin.1.frame)));
        facts.extend(payloads(twins));
        facts.extend(numbers(twins));
        facts.push(timing(twins));
        let chance = format!("1 : 2^{}", bits(twins));
        facts.push(Fact::new("우연히 이만큼 같을 가능성", "by chance alone", chance.clone(), chance));
    }
    facts.extend(machine(a, b));
    facts
}

/// Where frames are the same and what they say is not.
fn payloads(twins: &[Twin<'_>]) -> Option<Fact> {
    let other = || twins.iter().filter(|(one, other)| one.payload != other.payload);
    let frames = |side: fn(&Twin<'_>) -> u64| ranges(other().map(side));
    let fact = || {
        Fact::new(
            "메시지가 다른 프레임",
            "frames whose payloads differ",
            frames(|twin| twin.0.frame),
            frames(|twin| twin.1.frame),
        )
    };
    (other().count() > 0).then(fact)
}

/// What the systems chose.
fn numbers(twins: &[Twin<'_>]) -> impl Iterator<Item = Fact> {
    let decimal = |number: &u32| number.to_string();
    let hexadecimal = |number: &u32| format!("0x{number:04x}");
    let ports = list(&same(twins, |sight| Some(u32::from(sight.port))), decimal);
    let ids = list(&same(twins, |sight| sight.id.map(u32::from).filter(|id| *id != 0)), hexadecimal);
    let sequences = list(&same(twins, |sight| sight.sequence.filter(|number| *number != 0)), decimal);
    let facts = [
        ("같은 클라이언트 포트", "same client ports", ports),
        ("같은 IP 식별자", "same IP identifications", ids),
        ("같은 TCP 순서 번호", "same TCP sequence numbers", sequences),
    ];
    facts.into_iter().filter_map(|(ko, en, list)| list.map(|list| Fact::new(ko, en, list.clone(), list)))
}

fn timing(twins: &[Twin<'_>]) -> Fact {
    let intervals = intervals(twins).unwrap_or_default();
    let equal = intervals.iter().filter(|(one, other)| one.abs_diff(*other) <= 1).count();
    let told = format!("{equal}/{}", intervals.len());
    Fact::new("1 µs까지 같은 시간 간격", "intervals equal to the microsecond", told.clone(), told)
}

/// Level G, which says something only beside another level.
fn machine(one: &Prints, other: &Prints) -> Option<Fact> {
    let apart = one.first?.abs_diff(other.first?) / 1_000_000;
    let told = format!("{}, {}", one.origin.os.as_deref()?, one.origin.hardware.as_deref()?);
    let fact =
        || Fact::new("같은 컴퓨터로 보임(실습실 PC일 수 있음)", "same kind of computer (a lab's, perhaps)", told.clone(), told);
    (one.origin.is_same_machine(&other.origin) && apart < CLOSE).then(fact)
}

/// Seconds within which two captures at one computer are of one lesson.
const CLOSE: u64 = 3 * 3600;

/// Numbers listed in one fact.
const LISTED: usize = 8;

fn list(numbers: &[u32], shown: impl Fn(&u32) -> String) -> Option<String> {
    let listed = numbers.iter().take(LISTED).map(shown).collect::<Vec<_>>().join(", ");
    let more = numbers.len().saturating_sub(LISTED);
    (!numbers.is_empty()).then(|| if more > 0 { format!("{listed}, … (+{more})") } else { listed })
}

/// `1–4, 7`.
fn ranges(frames: impl Iterator<Item = u64>) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for frame in frames {
        match ranges.last_mut() {
            Some((_, last)) if last.saturating_add(1) == frame => *last = frame,
            _ => ranges.push((frame, frame)),
        }
    }
    let shown = |(first, last): &(u64, u64)| if first == last { first.to_string() } else { format!("{first}–{last}") };
    let more = if ranges.len() > LISTED { ", …" } else { "" };
    ranges.iter().take(LISTED).map(shown).collect::<Vec<_>>().join(", ") + more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_rising_part_is_found() {
        let numbers = [5, 1, 2, 9, 3, 4, 0];
        let found: Vec<usize> = rising(&numbers).into_iter().map(|place| numbers[place]).collect();
        assert_eq!(found, [1, 2, 3, 4]);
        assert!(rising(&[]).is_empty());
    }

    #[test]
    fn frames_are_told_in_ranges() {
        assert_eq!(ranges([1, 2, 3, 7, 9, 10].into_iter()), "1–3, 7, 9–10");
    }
}
