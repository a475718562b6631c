//! The terminal view of a live capture: what is to be seen, what a key does to it, and the cells that show it.
//!
//! ```text
//! sockets -> families -> Picture -\
//!                                  State -> draw -> cells
//! keys ---------------> Order <---/
//! ```
//!
//! A [`Picture`] is all that is known at one moment. The [`State`] holds the last one and what the reader made of it:
//! cursor, order, marks, a page that is open. A key changes the state, and what that cannot do alone becomes an [`Order`]
//! to whoever captures. Nothing here reads a clock or touches a terminal: keys, pictures and cells are data.

mod close_up;
mod draw;
mod families;
mod keys;
mod list;
mod picture;
mod prompt;
mod recent;
mod sort;
mod state;
#[cfg(test)]
mod tests;

pub use close_up::{CloseUp, Said};
pub use families::{Flows, families};
pub use picture::{Family, FamilyKind, Held, Picture, Row, RowId, Stated};
pub use recent::{Recent, Tick};
pub use state::{Note, Order, State, Wanted, WriteOut};
