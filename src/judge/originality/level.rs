//! How two captures are the same: from one file handed in twice to a payload written over.

use super::strength;
use crate::judge::Message;

/// A level, the plainest first.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// One file.
    A,
    /// The same frames at the same times in another container.
    B,
    /// The same intervals, at other times.
    C,
    /// Frames of one are in the other, in order, whatever their payloads.
    D,
    /// The same sockets and packets, by what their systems chose, in other frames.
    E,
}

impl Level {
    /// The letter.
    pub const fn letter(self) -> char {
        match self {
            Self::A => 'A',
            Self::B => 'B',
            Self::C => 'C',
            Self::D => 'D',
            Self::E => 'E',
        }
    }

    /// What it means.
    pub fn meaning(self) -> Message {
        let (ko, en) = match self {
            Self::A => ("같은 파일", "identical file"),
            Self::B => ("같은 캡처를 다시 저장함", "same capture, re-saved"),
            Self::C => ("시계만 옮긴 같은 캡처", "same capture with shifted clock"),
            Self::D => ("한쪽에서 잘라냈거나 메시지를 바꿈", "one is cut from the other, or payload replaced"),
            Self::E => ("캡처한 뒤 메시지나 프레임을 고침", "payload or frames edited after capture"),
        };
        Message::new(ko, en)
    }

    /// How it can come about in an honest way.
    pub(super) fn innocent(self) -> Message {
        let (ko, en) = match self {
            Self::A | Self::B => (
                "한 컴퓨터에서 함께 실습했거나, 파일을 주고받다가 잘못 올렸을 수 있음.",
                "They may have worked together at one computer, or one handed in the wrong file by mistake.",
            ),
            Self::C => (
                "시계가 틀린 컴퓨터에서 함께 만든 캡처의 시각을 고쳤을 수 있음.",
                "They may have worked together at a computer with a wrong clock, and one set the times right.",
            ),
            Self::D | Self::E => (
                "같은 통신을 두 곳(클라이언트와 서버)이나 두 인터페이스(lo와 any)에서 함께 캡처했을 수 있음.",
                "Both may have captured the same traffic: one at the client and one at the server, or one on lo and one on any.",
            ),
        };
        Message::new(ko, en)
    }

    pub(super) const fn strength(self) -> &'static str {
        match self {
            Self::A | Self::B | Self::C | Self::D => strength::STRONG,
            Self::E => strength::MEDIUM,
        }
    }
}
