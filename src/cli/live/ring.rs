//! A ring of files: a new one whenever the last one is full, and the oldest one removed.

use std::path::{Path, PathBuf};
use std::str::FromStr;

/// So many files of such a size.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Ring {
    /// Octets of a file.
    pub(super) octets: u64,
    /// Files kept.
    pub(super) files: u32,
}

/// Units of a size, and the octets they stand for.
const UNITS: [(&str, u64); 7] =
    [("kB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1)];

/// Octets of the smallest file: a ring is no way to write each packet into one of its own.
const SMALLEST: u64 = 4096;

/// `10MBx3`: three files of ten million octets.
impl FromStr for Ring {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (size, files) = text.rsplit_once('x')?;
            let (number, unit) = UNITS.iter().find_map(|(name, unit)| Some((size.strip_suffix(name)?, *unit)))?;
            let octets = number.trim_end().parse::<u64>().ok()?.checked_mul(unit)?;
            Some(Self { octets, files: files.parse().ok()? })
        };
        let ring = read().ok_or("expected a size and a number of files, as in 10MBx3 (kB, MB, GB, KiB, MiB, GiB)")?;
        match ring {
            Self { files: 0, .. } => Err("expected at least one file".to_owned()),
            Self { octets, .. } if octets < SMALLEST => Err(format!("expected files of at least {SMALLEST} octets")),
            ring => Ok(ring),
        }
    }
}

impl Ring {
    /// The path of the `number`-th file, from 1: `lab.pcapng` becomes `lab_00001.pcapng`.
    pub(super) fn path(path: &Path, number: u32) -> PathBuf {
        let mut name = path.file_stem().unwrap_or_default().to_owned();
        name.push(format!("_{number:05}"));
        if let Some(extension) = path.extension() {
            name.push(".");
            name.push(extension);
        }
        path.with_file_name(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_have_a_size_and_a_number() {
        let check = |text: &str, octets, files| assert_eq!(text.parse(), Ok(Ring { octets, files }), "{text}");
        check("10MBx3", 10_000_000, 3);
        check("64KiBx1", 65_536, 1);
        check("2GBx10", 2_000_000_000, 10);
        check("4096Bx2", 4096, 2);
        for wrong in ["", "x", "10MB", "10x3", "MBx3", "10MBx0", "1kBx3", "-1MBx3", "99999999999999GBx1", "10TBx2"] {
            assert!(wrong.parse::<Ring>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn files_are_numbered_before_the_ending() {
        let check = |path: &str, expected: &str| assert_eq!(Ring::path(Path::new(path), 7), Path::new(expected));
        check("lab.pcapng", "lab_00007.pcapng");
        check("/tmp/a.b/lab", "/tmp/a.b/lab_00007");
    }
}
