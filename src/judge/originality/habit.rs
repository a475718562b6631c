//! What much of a class does is a habit, and says nothing of one student.
//!
//! Many a class is told to save only the displayed packets, or works at computers whose clock is wrong.

use std::collections::BTreeMap;

use super::strength;
use crate::judge::results::Graded;

/// Students that make a habit, at least.
const FEWEST: usize = 3;

/// Takes back weak flags that a quarter of those have who handed in a capture.
pub fn take_back_habits<'g>(class: impl Iterator<Item = &'g mut Graded>) {
    let mut class: Vec<&mut Graded> = class.filter(|graded| graded.capture.is_some()).collect();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for flag in class.iter().flat_map(|graded| &graded.flags).filter(|flag| flag.strength == strength::WEAK) {
        let count = counts.entry(flag.id.clone()).or_default();
        *count = count.saturating_add(1);
    }
    counts.retain(|_, count| *count >= FEWEST && count.saturating_mul(4) >= class.len());
    for graded in &mut class {
        graded.flags.retain(|flag| flag.strength != strength::WEAK || !counts.contains_key(&flag.id));
    }
}
