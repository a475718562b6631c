//! What the kernel itself says of its sockets: the witness that a table rebuilt from packets is held against.
//!
//! [`Kernel`] asks it for all TCP and UDP sockets of this network namespace, a [`Sample`] at a time; [`Owners`] knows which
//! process each belongs to. A sample goes into a capture file and comes back out of it as a [`block`](Sample::to_block).
//!
//! The question goes to `sock_diag`, as that of `ss` does: a sample of 10,000 sockets takes a tenth of the time that
//! `/proc/net` takes, and has the same rows. Where a kernel lacks `sock_diag`, `/proc/net` answers. Only Linux is
//! asked: elsewhere [`Kernel::open`] says so.

mod block;
#[cfg(target_os = "linux")]
mod diag;
#[cfg(target_os = "linux")]
mod host;
#[cfg(not(target_os = "linux"))]
mod nowhere;
mod owner;
mod proc_net;
mod socket;
#[cfg(target_os = "linux")]
mod source;
#[cfg(all(test, target_os = "linux"))]
mod tests;

#[cfg(not(target_os = "linux"))]
pub use nowhere::Kernel;
#[cfg(target_os = "linux")]
pub use source::Kernel;

pub use block::{BlockFault, MAGIC, PEN};
pub use owner::{Owner, Owners};
pub use proc_net::{Malformed, ProcRow};
pub use socket::{KernelSocket, KernelState, Sample, Transport};
