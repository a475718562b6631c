//! Live capture by the real binary, on the loopback of a network namespace that is the test's alone.
//!
//! Needs Linux, root, `unshare`, `ip` and `tcpdump`; where one is missing, the tests say so and pass.

#![cfg(all(target_os = "linux", feature = "live"))]
#![allow(unreachable_pub, reason = "shared test code is public to its siblings")]

mod annotated;
mod capture;
#[path = "../support/chance.rs"]
#[allow(dead_code, reason = "other tests choose in other ways")]
mod chance;
mod demo;
mod ends;
mod losses;
#[path = "../support/namespace.rs"]
mod namespace;
mod program;
mod proof;
#[path = "../support/witness/recorder.rs"]
#[allow(dead_code, reason = "other tests look into its file earlier")]
mod recorder;
mod refusals;
mod storm;
#[path = "../support/mod.rs"]
mod support;
mod traffic;
#[cfg(feature = "tui")]
mod view;

use std::path::Path;

use namespace::Place;

/// Runs a test inside a namespace with nothing but a loopback that is up.
fn inside(test: &str, play: impl FnOnce(&Path)) {
    match namespace::enter(test) {
        Place::Shut(reason) => support::skip(&format!("{test}: nothing is captured: {reason}")),
        Place::Outside { passed, said } => {
            println!("{said}");
            assert!(passed, "inside the namespace the test failed, as said above");
        }
        Place::Inside(folder) => {
            namespace::run("ip link set lo up");
            play(&folder);
        }
    }
}
