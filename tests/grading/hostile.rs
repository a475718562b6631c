//! Captures that are damaged on purpose get a grade, or a reason why not; never a fault of the program.

use sockscope::judge::Status;

use crate::Given;
use crate::cases::{Case, fair, specified, tcp};

/// Every capture of the tables, again and again with some octets changed or its end cut off.
#[test]
fn damage_is_graded_or_refused() {
    let mut random = 0x2545_f491_4f6c_dd17_u64;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below.max(1)
    };
    for cases in [specified(), fair(), tcp()] {
        let small = |case: &Case| case.hand_in.files.iter().all(|(_, octets)| octets.len() < 20_000);
        let cases: Vec<Case> = cases.into_iter().filter(small).collect();
        let given = Given::of(&cases);
        for _ in 0..20 {
            let outcomes = given.graded(|file| {
                let mut octets = given.open(file)?;
                for _ in 0..next(6) {
                    let at = next(octets.len());
                    octets.get_mut(at).into_iter().for_each(|octet| *octet = next(256) as u8);
                }
                octets.truncate(if next(4) == 0 { next(octets.len()) } else { octets.len() });
                Ok(octets)
            });
            for (case, outcome) in cases.iter().zip(outcomes) {
                let graded = outcome.graded;
                assert_ne!(graded.status, Status::Error, "{} {}", case.number, case.name);
                assert_eq!(graded.gradable, graded.score.is_some(), "{} {}", case.number, case.name);
                assert!(graded.score.is_none_or(|score| score <= graded.max), "{} {}", case.number, case.name);
            }
        }
    }
}
