//! What a student reads about a submission: every check, every lost point with its reason, and what to do first.

use std::io::{self, Write};

use super::look::{Ink, Look};
use super::sanitize::sanitize;
use super::words;
use crate::judge::results::{Checked, Graded, ORIGINALITY, Stamp, Visibility};
use crate::judge::{Language, Message, Points, Status};

/// Who reads it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reader {
    /// The student: what is hidden from students stays out, and with it the sum.
    Student,
    /// Staff.
    Staff,
}

/// How it is written.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// The language.
    pub language: Language,
    /// Colours.
    pub look: Look,
    /// Who reads it.
    pub reader: Reader,
}

/// Writes the feedback on one submission.
///
/// # Errors
/// What the writer says.
pub fn write(graded: &Graded, rubric: &Stamp, manner: Manner, out: &mut impl Write) -> io::Result<()> {
    let page = Page { graded, manner };
    page.heading(rubric, out)?;
    page.first(out)?;
    let mut before: &[Message] = &[];
    for checked in graded.checks.iter().filter(|checked| page.shows(checked)) {
        page.check(checked, before, out)?;
        before = if checked.status == Status::Pass { &[] } else { &checked.near };
    }
    page.sum(out)?;
    page.rest(out)?;
    page.fingerprint(rubric, out)
}

/// Writes one check of a submission.
///
/// # Errors
/// What the writer says.
pub fn one(graded: &Graded, checked: &Checked, manner: Manner, out: &mut impl Write) -> io::Result<()> {
    Page { graded, manner }.check(checked, &[], out)
}

struct Page<'g> {
    graded: &'g Graded,
    manner: Manner,
}

impl Page<'_> {
    fn say<'t>(&self, ko: &'t str, en: &'t str) -> &'t str {
        match self.manner.language {
            Language::Ko => ko,
            Language::En => en,
        }
    }

    fn text<'m>(&self, message: &'m Message) -> std::borrow::Cow<'m, str> {
        sanitize(message.text(self.manner.language))
    }

    fn shows(&self, checked: &Checked) -> bool {
        self.manner.reader == Reader::Staff || checked.visibility == Visibility::Visible
    }

    fn paint(&self, ink: Ink, text: &str) -> String {
        self.manner.look.paint(ink, text).to_string()
    }

    /// The file, and what it is.
    fn heading(&self, rubric: &Stamp, out: &mut impl Write) -> io::Result<()> {
        if let Some(title) = &rubric.title {
            writeln!(out, "{}", self.paint(Ink::Strong, &self.text(title)))?;
        }
        let file = self.graded.file.as_deref().unwrap_or(self.say("제출된 캡처 없음", "no capture was handed in"));
        write!(out, "{}", sanitize(file))?;
        match &self.graded.capture {
            Some(capture) => {
                let frames = match self.manner.language {
                    Language::Ko => format!("프레임 {}개", words::grouped(capture.frames)),
                    Language::En => words::counted(capture.frames, "frame"),
                };
                writeln!(out, "  {} · {} · {frames}", capture.format, capture.link_types.join(", "))
            }
            None => writeln!(out),
        }
    }

    /// The root causes, before everything else.
    fn first(&self, out: &mut impl Write) -> io::Result<()> {
        for root in self.graded.checks.iter().filter(|checked| self.is_root(checked) && self.shows(checked)) {
            writeln!(out, "\n{}: {}", self.paint(Ink::Bad, self.say("먼저 고칠 것", "Fix first")), self.text(&root.message))?;
            if let Some(fix) = &root.fix {
                writeln!(out, "  {}", self.text(fix))?;
            }
        }
        writeln!(out)
    }

    /// Other checks wait for it.
    fn is_root(&self, checked: &Checked) -> bool {
        self.graded.checks.iter().any(|other| other.blocked_by.as_ref() == Some(&checked.id))
    }

    /// A check; lines that stand `before` it are not said again.
    fn check(&self, checked: &Checked, before: &[Message], out: &mut impl Write) -> io::Result<()> {
        let title = checked.title.as_ref().map_or(std::borrow::Cow::Borrowed(checked.id.as_str()), |title| self.text(title));
        let points = match (checked.status, checked.points) {
            (Status::Review, Some(points)) if points > Points::ZERO => format!("{points}+?/{}", checked.max),
            (Status::Review | Status::Ungradable | Status::Error, _) | (_, None) => format!("–/{}", checked.max),
            (_, Some(points)) => format!("{points}/{}", checked.max),
        };
        let ink =
            if matches!(checked.status, Status::Fail | Status::Ungradable | Status::Error) { Ink::Bad } else { Ink::Strong };
        let name = self.paint(ink, &format!("{} {title}", symbol(checked.status)));
        writeln!(out, " {name}  {points}  {}", self.text(&checked.message))?;
        match checked.status {
            Status::Pass => Ok(()),
            _ => self.reasons(checked, before, out),
        }
    }

    fn reasons(&self, checked: &Checked, before: &[Message], out: &mut impl Write) -> io::Result<()> {
        let mut line = |name: &str, text: &str| writeln!(out, "     {}: {text}", self.manner.look.paint(Ink::Quiet, name));
        if let (Some(expected), Some(found)) = (&checked.expected, &checked.found) {
            line(self.say("필요", "expected"), &self.text(expected))?;
            line(self.say("있음", "found"), &self.text(found))?;
        }
        match checked.near.as_slice() {
            [_, ..] if checked.near == before => {
                line(self.say("참고", "see"), self.say("위와 같은 줄", "the same lines as above"))?
            }
            near => near
                .iter()
                .filter(|near| checked.found.as_ref() != Some(near))
                .take(6)
                .try_for_each(|near| line(self.say("참고", "see"), &self.text(near)))?,
        }
        if let Some(fix) = checked.fix.as_ref().filter(|_| !self.is_root(checked)) {
            line(self.say("고치기", "fix"), &self.text(fix))?;
        }
        if let Some(filter) = &checked.filter {
            let frames = words::frames(&checked.frames);
            line("Wireshark", &format!("{}   {} {frames}", sanitize(filter), self.say("프레임", "frames")))?;
        }
        Ok(())
    }

    /// Points in all; hidden while a check is hidden, or the sum would tell of it.
    fn sum(&self, out: &mut impl Write) -> io::Result<()> {
        let graded = self.graded;
        let hidden = graded.checks.iter().any(|checked| !self.shows(checked));
        let Some(score) = graded.score.filter(|_| !hidden) else {
            let why = if hidden {
                ("합계는 마감 뒤에 공개", "The sum is shown later")
            } else {
                ("점수 없음: 조교가 확인", "No score: staff will look")
            };
            return writeln!(out, "\n{}", self.paint(Ink::Strong, self.say(why.0, why.1)));
        };
        let decided = graded.max - graded.pending;
        let pending = match graded.pending {
            Points::ZERO => String::new(),
            pending => format!(" + {} {pending}", self.say("확인 대기", "waiting for staff")),
        };
        let text = format!("{} {score}/{decided}{pending}", self.say("합계", "Sum"));
        writeln!(out, "\n{}", self.paint(Ink::Strong, &text))
    }

    /// What costs nothing, and what staff changed.
    fn rest(&self, out: &mut impl Write) -> io::Result<()> {
        let said = |note: &&Message| self.graded.checks.iter().any(|checked| checked.message == **note);
        for note in self.graded.notes.iter().filter(|note| !said(note)) {
            writeln!(out, " · {}", self.text(note))?;
        }
        for adjusted in self.graded.overrides.iter().filter(|adjusted| adjusted.check != ORIGINALITY) {
            let text = self.say("조교가 조정함", "adjusted by staff");
            writeln!(out, " · {}: {text}: {} ({})", sanitize(&adjusted.check), adjusted.points, sanitize(&adjusted.reason))?;
        }
        if self.manner.reader == Reader::Student {
            return writeln!(
                out,
                " · {}",
                self.say("소켓은 패킷에서 추정한 것입니다.", "What is said of sockets is inferred from packets.")
            );
        }
        Ok(())
    }

    /// By what it was judged: the same again gives the same.
    fn fingerprint(&self, rubric: &Stamp, out: &mut impl Write) -> io::Result<()> {
        let short = |sha256: &str| sha256.get(..12).unwrap_or(sha256).to_owned();
        let capture = self.graded.capture.as_ref().map_or_else(|| "–".to_owned(), |capture| short(&capture.sha256));
        let text = format!(
            "sockscope {} · rubric {} {} · capture sha256 {capture}",
            env!("CARGO_PKG_VERSION"),
            sanitize(&rubric.id),
            short(&rubric.sha256)
        );
        writeln!(out, "{}", self.paint(Ink::Quiet, &text))
    }
}

/// A status as a shape, which says it without colour.
pub const fn symbol(status: Status) -> &'static str {
    match status {
        Status::Pass => "●",
        Status::Partial => "◐",
        Status::Fail => "○",
        Status::Blocked => "–",
        Status::Review => "?",
        Status::Ungradable => "✕",
        Status::Error => "!",
    }
}
