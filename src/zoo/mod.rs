//! The zoo: a small capture for every arrow of the state diagram and every word of the analysis, told as a script.
//!
//! ```text
//! script.txt  ->  Script  ->  frames  ->  pcapng
//!                 steps       octets
//! ```
//! [`script`] is the language, [`frames()`] gives its packets octets, [`write()`] puts them into a file; [`exhibits()`]
//! are the scripts that sockscope brings along. The same script gives the same octets, always: the zoo is a test suite, and
//! a lecture's material. It knows what is *sent*; what that means is for the floors above to say.

mod exhibits;
mod file;
mod frames;
mod parse;
pub mod script;
mod wire;
mod words;

pub use exhibits::{Exhibit, exhibit, exhibits};
pub use file::write;
pub use frames::{Made, frames};
pub use script::Script;
