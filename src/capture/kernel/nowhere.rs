//! Where the kernel cannot be asked.

use std::io;

use super::Sample;

/// No kernel that could be asked.
#[derive(Debug)]
pub enum Kernel {}

impl Kernel {
    /// Says that this system is not asked.
    ///
    /// # Errors
    /// Always.
    pub fn open() -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "the kernel's own socket table is read on Linux only"))
    }

    /// Never called: there is no such kernel.
    ///
    /// # Errors
    /// None.
    pub fn sample(&mut self) -> io::Result<Sample> {
        match *self {}
    }
}
