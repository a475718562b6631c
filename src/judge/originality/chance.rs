//! What two captures share, weighed against chance, in bits: of `n` bits, one pair in `2^n` shares as much by accident.
//!
//! The weights are those of systems that choose at random. Where systems count on instead (the next port, the next
//! identification), only the begin of each run weighs; what a person chose, such as a port below 32,768, hardly does.

use crate::judge::record::Sight;

/// Two frames, one of each capture, that are held for the same.
pub(super) type Twin<'p> = (&'p Sight, &'p Sight);

/// The least that has to speak against chance, in a class of any size.
const LEAST: u32 = 32;

/// How much more than the number of pairs it has to be: one false pair in a thousand classes and more.
const MARGIN: u32 = 18;

/// The bits that make a pair of one of so many captures.
pub(super) fn needed(captures: usize) -> u32 {
    let captures = captures as u64;
    let pairs = captures.saturating_mul(captures.saturating_sub(1)) / 2;
    length(pairs).saturating_add(MARGIN).max(LEAST)
}

/// The bits in ports, identifications, sequence numbers and intervals.
pub(super) fn bits(twins: &[Twin<'_>]) -> u32 {
    ports(twins)
        .saturating_add(identifications(twins))
        .saturating_add(sequences(twins))
        .saturating_add(rhythm(twins).unwrap_or(0))
}

/// Client ports: both ranges that systems choose from, from 32,768 and from 49,152, hold at least 2^14.
fn ports(twins: &[Twin<'_>]) -> u32 {
    let weight = |port: u32| if port < 32_768 { 2 } else { 14 };
    runs(same(twins, |sight| Some(u32::from(sight.port))), 16).into_iter().map(weight).sum()
}

/// IPv4's identifications; one that never changes says nothing.
fn identifications(twins: &[Twin<'_>]) -> u32 {
    let ids = same(twins, |sight| sight.id.map(u32::from).filter(|id| *id != 0 && sight.sequence.is_none()));
    let never_change = ids.len() == 1 && twins.len() > 1;
    let weight = |id: u32| if id < 1024 { 6 } else { 16 };
    if never_change { 0 } else { runs(ids, 256).into_iter().map(weight).sum() }
}

/// The first sequence number of each direction; those that programs write by hand are small.
fn sequences(twins: &[Twin<'_>]) -> u32 {
    let mut seen = Vec::new();
    let mut bits: u32 = 0;
    for (one, other) in twins {
        let way = (one.port, one.to_server);
        let Some(number) = one.sequence.filter(|number| *number != 0 && one.sequence == other.sequence) else { continue };
        if !seen.contains(&way) && seen.len() < MAX_WAYS {
            seen.push(way);
            bits = bits.saturating_add(if number < 65_536 { 4 } else { 32 });
        }
    }
    bits
}

/// Directions of connections that are weighed: more than enough.
const MAX_WAYS: usize = 16;

/// Intervals between the frames, in units of the coarser clock; `None` unless all are the same to the microsecond, which
/// is what the coarsest container keeps.
pub(super) fn rhythm(twins: &[Twin<'_>]) -> Option<u32> {
    let intervals = intervals(twins)?;
    let agree = |(one, other): &(i64, i64)| one.abs_diff(*other) <= 1;
    if !intervals.iter().all(agree) {
        return None;
    }
    let tick = intervals.iter().fold(0, |tick, (one, _)| common_divisor(tick, one.unsigned_abs())).max(1);
    let mut lengths: Vec<u64> = intervals.iter().map(|(one, _)| one.unsigned_abs() / tick).collect();
    lengths.sort_unstable();
    lengths.dedup();
    let weight = |ticks: u64| length(ticks).saturating_sub(2).min(20);
    Some(lengths.into_iter().map(weight).fold(0, u32::saturating_add))
}

/// The intervals between each twin and the next, of both captures; `None` where a time is missing.
pub(super) fn intervals(twins: &[Twin<'_>]) -> Option<Vec<(i64, i64)>> {
    let step = |from: &Sight, to: &Sight| Some(to.micros?.saturating_sub(from.micros?));
    let both = |(from, to): (&Twin<'_>, &Twin<'_>)| Some((step(from.0, to.0)?, step(from.1, to.1)?));
    twins.iter().zip(twins.iter().skip(1)).map(both).collect()
}

/// The numbers that twins have in common, in order, each once.
pub(super) fn same(twins: &[Twin<'_>], number: impl Fn(&Sight) -> Option<u32>) -> Vec<u32> {
    let common = twins.iter().filter_map(|(one, other)| number(one).filter(|found| number(other) == Some(*found)));
    let mut numbers: Vec<u32> = common.collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// The first of each run of numbers that are no further apart than this.
fn runs(sorted: Vec<u32>, apart: u32) -> Vec<u32> {
    let mut last = None;
    let begins = |number: &u32| last.replace(*number).is_none_or(|last: u32| number.saturating_sub(last) > apart);
    sorted.into_iter().filter(begins).collect()
}

/// Digits of a number in base two.
fn length(number: u64) -> u32 {
    u64::BITS.saturating_sub(number.leading_zeros())
}

fn common_divisor(one: u64, other: u64) -> u64 {
    let (mut one, mut other) = (one, other);
    while other != 0 {
        (one, other) = (other, one.checked_rem(other).unwrap_or(0));
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::originality::testing::sight;

    fn weigh(one: &[Sight], other: &[Sight]) -> u32 {
        bits(&one.iter().zip(other).collect::<Vec<_>>())
    }

    #[test]
    fn one_port_is_chance_and_two_with_identifications_are_not() {
        let needed = needed(200);
        let untimed = |port, id| Sight { micros: None, ..sight(1, 0, port, id) };
        let one = [untimed(50_000, 7_000), untimed(50_000, 7_001)];
        assert!(weigh(&one, &one) < needed);
        let two = [untimed(50_000, 7_000), untimed(61_000, 7_001)];
        assert!(weigh(&two, &two) >= needed);
        let bound = [untimed(6_000, 0), untimed(6_001, 0)];
        assert!(weigh(&bound, &bound) < 6);
        let constant = [untimed(50_000, 1), untimed(61_000, 1)];
        assert_eq!(weigh(&constant, &constant), 28);
    }

    #[test]
    fn intervals_weigh_by_what_the_clock_can_tell() {
        let timed = |times: &[i64]| times.iter().map(|micros| sight(1, *micros, 6_000, 0)).collect::<Vec<_>>();
        let rhythm = |one: &[i64], other: &[i64]| {
            let (one, other) = (timed(one), timed(other));
            rhythm(&one.iter().zip(&other).collect::<Vec<_>>())
        };
        assert_eq!(rhythm(&[0, 100_000, 200_000, 300_000], &[7, 100_007, 200_007, 300_007]), Some(0));
        assert_eq!(rhythm(&[0, 83, 900_001], &[5, 89, 900_006]), Some(5 + 18));
        assert_eq!(rhythm(&[0, 83, 900_001], &[5, 91, 900_006]), None);
        assert_eq!(rhythm(&[0, 15_625, 46_875], &[0, 15_625, 46_875]), Some(0));
    }

    #[test]
    fn more_captures_need_more() {
        assert_eq!([2, 200, 2_000, 20_000].map(needed), [32, 33, 39, 46]);
    }
}
