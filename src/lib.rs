//! **sockscope** shows the *sockets* behind a packet capture.
//!
//! The house has five floors and one stair. Data goes up; nothing comes back down, and a floor imports only floors to its left.
//!
//! ```text
//! capture  ->  decode  ->  track  ->  judge  ->  present
//! Frame        Packet      Trace     Findings    text, JSON, CSV
//! ```
//!
//! * [`capture`] reads files and devices: the only floor that knows the world.
//! * [`decode`] turns octets into headers: pure and total, it cannot fail.
//! * [`track`] keeps state: flows, connections, sockets. The capture's time is the only time.
//! * [`judge`] holds opinions about a trace.
//! * [`present`] writes what the other floors found; it analyses nothing.
//!
//! Beside the house stands the [`zoo`]: captures made from scripts, to learn from and to test with. [`mod@sanitize`] serves
//! every floor that writes sentences about what a packet says.
//!
//! # Invariants
//!
//! * **Decode never fails.** A damaged packet is a result with a [`decode::Stop`].
//! * **Time is data.** No clock is read left of the command line: the same octets give the same output.
//! * **Nothing is dropped.** A bad checksum, a copy, an odd flag is a note with its frame number.
//! * **Frame and stream numbers are Wireshark's**, so that a person can go and look.
//! * **Direction has words**: on the wire source and destination, of a connection initiator and responder. Ports never decide.
//! * **Memory is [`track::Limits`]**; what is evicted is reported.
//! * **Claims are calibrated**: observed, proved, or assumed.
//! * **No text from a packet reaches a terminal raw.**

pub mod capture;
pub mod decode;
pub mod judge;
pub mod present;
pub mod sanitize;
pub mod track;
pub mod zoo;
