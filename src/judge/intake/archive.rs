//! Zip archives, as far as learning platforms and students make them: stored and deflated members, ZIP64 sizes.
//!
//! The directory at the end is read first, entry by entry and no further than asked: a zip is hostile until its names,
//! sizes and kinds have been looked at. A member never gives more octets than the directory says, so that limits on
//! what is said hold for what comes out. Members may share a name, and all are told: a library that keeps them by their
//! names would lose one. Source: PKWARE's APPNOTE 6.3.10.

use std::io::{BufReader, Read, Seek, SeekFrom};

use flate2::Crc;
use flate2::read::DeflateDecoder;
use jiff::civil::DateTime;

use super::filename::{Repair, decoded};
use super::refusal::{MAX_FILE, Refusal};

/// How many times its packed size a member may be.
const MAX_RATIO: u64 = 200;

/// Members below this size, in octets, may be of any ratio: a log of equal lines shrinks well.
const SMALL: u64 = 256 << 10;

/// The longest path that is kept, in octets: nobody's file has a longer one, and names are read again and again.
const MAX_PATH: usize = 1024;

/// The end record is at most this far from the end: 22 octets and the longest comment.
const END_REACH: u64 = 22 + 65_535;

/// The general purpose bit that tells of a password.
const ENCRYPTED: u16 = 1;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// A file in an archive.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Member {
    /// Its path with `/` between folders, decoded and composed.
    pub path: String,
    /// What was done to the name to make it readable.
    pub repair: Option<Repair>,
    /// Octets unpacked, as the directory says.
    pub size: u64,
    /// Last change, in the local time of who packed it.
    pub modified: Option<DateTime>,
    /// Why it is not to be opened.
    pub refusal: Option<Refusal>,
    packed: u64,
    method: u16,
    checksum: u32,
    /// Where the local header stands in the archive.
    offset: u64,
}

/// Reads the directory; folders are left out.
///
/// # Errors
/// The archive has no sound directory, or more than `most` entries.
pub fn members<R: Read + Seek>(archive: R, most: usize) -> Result<Vec<Member>, Refusal> {
    let mut archive = BufReader::new(archive);
    let end = End::find(&mut archive)?;
    if end.entries > most as u64 {
        return Err(Refusal::TooManyEntries);
    }
    archive.seek(SeekFrom::Start(end.directory)).map_err(unreadable)?;
    let mut members = Vec::new();
    for _ in 0..end.entries {
        members.extend(Member::read(&mut archive, end.shift)?);
    }
    Ok(members)
}

impl Member {
    /// Unpacks the member.
    ///
    /// # Errors
    /// It is refused, damaged, or gives other octets than the directory says.
    pub fn octets<R: Read + Seek>(&self, mut archive: R) -> Result<Vec<u8>, Refusal> {
        if let Some(refusal) = &self.refusal {
            return Err(refusal.clone());
        }
        archive.seek(SeekFrom::Start(self.offset)).map_err(unreadable)?;
        let local: [u8; 30] = array(&mut archive)?;
        if le32(&local, 0) != 0x0403_4b50 {
            return Err(Refusal::Damaged("no header where the directory says"));
        }
        let names = i64::from(le16(&local, 26)) + i64::from(le16(&local, 28));
        archive.seek(SeekFrom::Current(names)).map_err(unreadable)?;
        let packed = archive.take(self.packed);
        match self.method {
            STORED => self.sound(packed),
            _ => self.sound(DeflateDecoder::new(packed)),
        }
    }

    /// Takes what comes out, but not more than one octet too many.
    fn sound(&self, unpacked: impl Read) -> Result<Vec<u8>, Refusal> {
        let mut octets = Vec::with_capacity(usize::try_from(self.size.min(MAX_FILE)).unwrap_or_default());
        let read = unpacked.take(self.size + 1).read_to_end(&mut octets);
        if octets.len() as u64 > self.size {
            return Err(Refusal::Liar);
        }
        read.map_err(|_| Refusal::Damaged("cannot be unpacked"))?;
        let mut crc = Crc::new();
        crc.update(&octets);
        match octets.len() as u64 == self.size && crc.sum() == self.checksum {
            true => Ok(octets),
            false => Err(Refusal::Damaged("checksum")),
        }
    }

    /// One entry of the directory; `None` for a folder.
    fn read(archive: &mut impl Read, shift: u64) -> Result<Option<Self>, Refusal> {
        let head: [u8; 46] = array(archive)?;
        if le32(&head, 0) != 0x0201_4b50 {
            return Err(Refusal::Damaged("no entry where the directory says"));
        }
        let name = octets(archive, le16(&head, 28))?;
        let extra = octets(archive, le16(&head, 30))?;
        octets(archive, le16(&head, 32))?;
        if name.ends_with(b"/") || name.ends_with(b"\\") {
            return Ok(None);
        }
        let [size, packed, offset] = sizes([le32(&head, 24), le32(&head, 20), le32(&head, 42)], &extra)?;
        let (path, repair) = decoded(&name, unicode_name(&name, &extra));
        let mut member = Self {
            path: path.replace('\\', "/"),
            repair,
            size,
            modified: dos_time(le16(&head, 14), le16(&head, 12)),
            refusal: None,
            packed,
            method: le16(&head, 10),
            checksum: le32(&head, 16),
            offset: offset.checked_add(shift).ok_or(Refusal::Damaged("an offset beyond the end"))?,
        };
        member.refusal = member.refused(le16(&head, 8), le32(&head, 38) >> 16);
        member.path.truncate(member.path.floor_char_boundary(MAX_PATH));
        Ok(Some(member))
    }

    /// Judges an entry by its flags and its mode, which is that of Unix, or 0.
    fn refused(&self, flags: u16, mode: u32) -> Option<Refusal> {
        match mode & 0o170_000 {
            0 | 0o100_000 => {}
            0o120_000 => return Some(Refusal::Link),
            _ => return Some(Refusal::Special),
        }
        if leads_outside(&self.path) {
            Some(Refusal::Outside)
        } else if self.path.len() > MAX_PATH {
            Some(Refusal::TooDeep)
        } else if flags & ENCRYPTED != 0 {
            Some(Refusal::Password)
        } else if !matches!(self.method, STORED | DEFLATED) {
            Some(Refusal::Method(self.method))
        } else if self.size > SMALL && self.size / MAX_RATIO > self.packed {
            Some(Refusal::Bomb)
        } else {
            (self.size > MAX_FILE).then_some(Refusal::TooLarge)
        }
    }
}

/// `../x`, `/x`, `C:/x`.
fn leads_outside(path: &str) -> bool {
    let drive = matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    path.starts_with('/') || drive || path.split('/').any(|part| part == "..")
}

/// Where the directory is.
struct End {
    entries: u64,
    /// Octets from the begin of the file.
    directory: u64,
    /// Octets in front of the archive, which its offsets do not count.
    shift: u64,
}

impl End {
    fn find<R: Read + Seek>(archive: &mut R) -> Result<Self, Refusal> {
        let length = archive.seek(SeekFrom::End(0)).map_err(unreadable)?;
        let tail_at = length.saturating_sub(END_REACH);
        archive.seek(SeekFrom::Start(tail_at)).map_err(unreadable)?;
        let mut tail = Vec::new();
        archive.take(END_REACH).read_to_end(&mut tail).map_err(unreadable)?;
        let place = tail.windows(22).rposition(|record| record.starts_with(b"PK\x05\x06"));
        let place = place.ok_or(Refusal::Damaged("it has no directory: cut off, or no zip"))?;
        let record = tail.get(place..).unwrap_or_default();
        let at = tail_at + place as u64;
        let told = [u64::from(le16(record, 10)), u64::from(le32(record, 12)), u64::from(le32(record, 16))];
        match tail.get(place.wrapping_sub(20)..place).filter(|locator| locator.starts_with(b"PK\x06\x07")) {
            Some(locator) => {
                let end = le64(locator, 8);
                archive.seek(SeekFrom::Start(end)).map_err(unreadable)?;
                let record: [u8; 56] = array(archive)?;
                if le32(&record, 0) != 0x0606_4b50 {
                    return Err(Refusal::Damaged("no directory where it says"));
                }
                Self::new(end, [le64(&record, 32), le64(&record, 40), le64(&record, 48)])
            }
            None => Self::new(at, told),
        }
    }

    /// The directory ends where its end record begins, whatever stands before the archive.
    fn new(at: u64, [entries, size, offset]: [u64; 3]) -> Result<Self, Refusal> {
        let directory = at.checked_sub(size).ok_or(Refusal::Damaged("a directory larger than the file"))?;
        let shift = directory.checked_sub(offset).ok_or(Refusal::Damaged("a directory beyond the end"))?;
        Ok(Self { entries, directory, shift })
    }
}

/// The values of 32 bits, or those of 64 in the extra field 1, which has only what does not fit.
fn sizes(small: [u32; 3], extra: &[u8]) -> Result<[u64; 3], Refusal> {
    let mut large = field(extra, 1).unwrap_or_default();
    let mut sizes = [0; 3];
    for (size, small) in sizes.iter_mut().zip(small) {
        *size = match small {
            u32::MAX => {
                let (octets, rest) = large.split_at_checked(8).ok_or(Refusal::Damaged("sizes are missing"))?;
                large = rest;
                le64(octets, 0)
            }
            small => u64::from(small),
        };
    }
    Ok(sizes)
}

/// The name in UTF-8 that Info-ZIP adds (field 0x7075), if it belongs to this name.
fn unicode_name<'e>(name: &[u8], extra: &'e [u8]) -> Option<&'e str> {
    let (head, unicode) = field(extra, 0x7075)?.split_at_checked(5)?;
    let mut crc = Crc::new();
    crc.update(name);
    let is_of_name = head.first() == Some(&1) && le32(head, 1) == crc.sum();
    is_of_name.then(|| std::str::from_utf8(unicode).ok())?
}

/// The content of an extra field.
fn field(mut extra: &[u8], wanted: u16) -> Option<&[u8]> {
    loop {
        let (head, rest) = extra.split_at_checked(4)?;
        let (content, rest) = rest.split_at_checked(usize::from(le16(head, 2)))?;
        if le16(head, 0) == wanted {
            return Some(content);
        }
        extra = rest;
    }
}

fn dos_time(date: u16, time: u16) -> Option<DateTime> {
    let part = |bits: u16, shift: u16, width: u16| i8::try_from((bits >> shift) & ((1 << width) - 1)).ok();
    let year = 1980 + i16::try_from(date >> 9).ok()?;
    let seconds = part(time, 0, 5)?.checked_mul(2)?;
    DateTime::new(year, part(date, 5, 4)?, part(date, 0, 5)?, part(time, 11, 5)?, part(time, 5, 6)?, seconds, 0).ok()
}

fn array<const N: usize>(from: &mut impl Read) -> Result<[u8; N], Refusal> {
    let mut array = [0; N];
    from.read_exact(&mut array).map_err(|_| Refusal::Damaged("it ends too early"))?;
    Ok(array)
}

fn octets(from: &mut impl Read, count: u16) -> Result<Vec<u8>, Refusal> {
    let mut octets = vec![0; usize::from(count)];
    from.read_exact(&mut octets).map_err(|_| Refusal::Damaged("it ends too early"))?;
    Ok(octets)
}

/// A little-endian number; 0 beyond the end.
fn le16(octets: &[u8], at: usize) -> u16 {
    octets.get(at..).and_then(|octets| octets.first_chunk()).map_or(0, |chunk| u16::from_le_bytes(*chunk))
}

fn le32(octets: &[u8], at: usize) -> u32 {
    octets.get(at..).and_then(|octets| octets.first_chunk()).map_or(0, |chunk| u32::from_le_bytes(*chunk))
}

fn le64(octets: &[u8], at: usize) -> u64 {
    octets.get(at..).and_then(|octets| octets.first_chunk()).map_or(0, |chunk| u64::from_le_bytes(*chunk))
}

fn unreadable(error: std::io::Error) -> Refusal {
    Refusal::Unreadable(error.to_string())
}

#[cfg(test)]
mod tests;
