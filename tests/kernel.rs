//! The states of both ends of a connection, held against the states that the kernel shows at the same moment.
//!
//! Needs Linux, root, `unshare`, `ip` and `tcpdump`; where one is missing, the test says so and passes.
//! `cargo test --test kernel -- --nocapture` prints the figures.

#![allow(unreachable_pub, reason = "shared test code is public to its siblings")]

#[cfg(target_os = "linux")]
#[path = "support/witness/mod.rs"]
mod witness;

#[cfg(target_os = "linux")]
use witness::Place;

/// Decides the order of the scenarios, and the walk.
#[cfg(target_os = "linux")]
const SEED: u64 = 9293;

#[cfg(target_os = "linux")]
#[test]
fn states_are_those_the_kernel_shows() {
    match witness::enter("states_are_those_the_kernel_shows") {
        Place::Shut(reason) => eprintln!("SKIPPED: the kernel is not asked for its states: {reason}"),
        Place::Outside { passed, said } => {
            println!("{said}");
            assert!(passed, "inside the namespace the test failed, as said above");
        }
        Place::Inside(folder) => {
            let testimony = witness::gather(&folder, SEED);
            let verified = witness::verify(&testimony, &folder);
            let unexplained = verified["differences"].as_array().unwrap().iter().filter(|row| row["reason"] == "unexplained");
            for row in unexplained {
                // A connection that gives up as its user timeout says: no packet and no timer that is known tells.
                assert_eq!((row["ours"].as_str(), row["kernel"].as_str()), (Some("ESTAB"), None), "{row}");
            }
            let datagrams = verified["differences"].as_array().unwrap().iter().filter(|row| row["protocol"] == "udp");
            let silent =
                datagrams.filter(|row| row["reason"] != "in_flight").inspect(|row| assert_eq!(row["reason"], "silent_close"));
            assert!(silent.count() >= 2, "clients that closed: {verified}");
            let connections = &verified["connections"];
            println!("as verify says: {connections}");
            assert!(connections["agreeing"].as_u64() > Some(5_000), "{connections}");
            let report = witness::hold(&testimony);
            println!("seed {SEED}: {report}");
            assert_eq!(report.faults(), [""; 0]);
        }
    }
}

#[cfg(not(target_os = "linux"))]
#[test]
fn states_are_those_the_kernel_shows() {
    eprintln!("SKIPPED: the kernel is not asked for its states: this system has no network namespaces");
}
