//! Why a file that was handed in stays closed.

use std::fmt;

use crate::judge::Message;

/// The longest file that is taken out of an archive, in octets.
pub const MAX_FILE: u64 = 64 << 20;

/// The most octets of one hand-in, all its files together.
pub const MAX_TOTAL: u64 = 1 << 30;

/// The most entries of one hand-in, and of one archive within it.
pub const MAX_ENTRIES: usize = 2000;

/// Why a file is not opened, or could not be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// It needs a password.
    Password,
    /// It gives, or says that it gives, more than [`MAX_FILE`] octets.
    TooLarge,
    /// It grows too much when it is unpacked.
    Bomb,
    /// It gives more octets than it says.
    Liar,
    /// More than [`MAX_ENTRIES`] entries.
    TooManyEntries,
    /// All files of the hand-in together are more than [`MAX_TOTAL`] octets.
    TooMuch,
    /// An archive in an archive of the student's, or folders in folders without end.
    TooDeep,
    /// Its name leads out of its folder.
    Outside,
    /// A symbolic link.
    Link,
    /// A device, a pipe, a socket.
    Special,
    /// Packed by a method that is not known here: its number in the zip format.
    Method(u16),
    /// No sound archive, and what is wrong with it.
    Damaged(&'static str),
    /// The system did not let it be read, and why.
    Unreadable(String),
}

impl Refusal {
    /// The refusal guards against an attack, or a mishap that looks like one: for staff to look at.
    pub const fn is_guard(&self) -> bool {
        !matches!(self, Self::Password | Self::Method(_) | Self::Damaged(_) | Self::Unreadable(_))
    }

    /// What the student is told.
    pub fn message(&self) -> Message {
        match self {
            Self::Password => {
                Message::new("암호가 걸린 zip. 암호 없이 다시 제출하세요", "the zip has a password: hand it in again without one")
            }
            Self::Method(number) => Message::new(
                format!("지원하지 않는 zip 압축 방식({number}). 보통의 zip으로 다시 제출하세요"),
                format!("zip compression method {number} is not supported: hand it in again as an ordinary zip"),
            ),
            Self::Damaged(why) => Message::new(
                format!("zip이 손상됨({why}). 다시 제출하세요"),
                format!("the zip is damaged ({why}): hand it in again"),
            ),
            Self::Unreadable(why) => Message::new(format!("파일을 읽을 수 없음: {why}"), format!("cannot be read: {why}")),
            guard => {
                let (ko, en) = guard.danger();
                Message::new(format!("안전 한도 초과: 열지 않음({ko})"), format!("over a safety limit, not opened: {en}"))
            }
        }
    }

    const fn danger(&self) -> (&'static str, &'static str) {
        match self {
            Self::TooLarge => ("파일 하나가 64 MiB를 넘음", "a file of more than 64 MiB"),
            Self::Bomb => ("압축률이 200배를 넘음", "it unpacks to more than 200 times its size"),
            Self::Liar => ("풀린 크기가 적힌 크기보다 큼", "it unpacks to more than it says"),
            Self::TooManyEntries => ("항목이 2000개를 넘음", "more than 2000 entries"),
            Self::TooMuch => ("모두 합쳐 1 GiB를 넘음", "more than 1 GiB in all"),
            Self::TooDeep => ("압축 안의 압축 또는 너무 깊은 폴더", "an archive within an archive, or folders too deep"),
            Self::Outside => ("폴더 밖을 가리키는 이름", "a name that leads out of its folder"),
            Self::Link => ("심볼릭 링크", "a symbolic link"),
            _ => ("보통 파일이 아님", "not an ordinary file"),
        }
    }
}

/// As staff read it.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message().en)
    }
}

impl std::error::Error for Refusal {}
