//! What the captures of a class share that chance does not explain, side by side. For staff only.

use std::io::{self, Write};

use super::look::{Ink, Look};
use super::sanitize::sanitize;
use super::table::{Align, Table};
use super::words;
use crate::judge::originality::{Comparison, Fact, Group, Level, Pair, Stranger, Templated};
use crate::judge::{Language, Message};

/// Writes pairs, clusters, copies of the instructor's sample, and other students' names; to a terminal or to a file.
///
/// # Errors
/// What the writer says.
pub fn write(comparison: &Comparison, language: Language, look: Look, out: &mut impl Write) -> io::Result<()> {
    let page = Page { comparison, language, look };
    page.heading(out)?;
    comparison.clusters.iter().try_for_each(|cluster| page.cluster(cluster, out))?;
    comparison.pairs.iter().try_for_each(|pair| page.pair(pair, out))?;
    comparison.templated.iter().try_for_each(|templated| page.templated(templated, out))?;
    page.strangers(out)?;
    comparison.pictures.iter().try_for_each(|group| page.pictures(group, out))?;
    page.closing(out)
}

struct Page<'c> {
    comparison: &'c Comparison,
    language: Language,
    look: Look,
}

impl Page<'_> {
    fn say<'t>(&self, ko: &'t str, en: &'t str) -> &'t str {
        match self.language {
            Language::Ko => ko,
            Language::En => en,
        }
    }

    fn strong(&self, text: &str, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{}", self.look.paint(Ink::Strong, sanitize(text)))
    }

    fn heading(&self, out: &mut impl Write) -> io::Result<()> {
        let Comparison { pairs, clusters, templated, strangers, pictures } = self.comparison;
        let counts = match self.language {
            Language::Ko => format!(
                "같은 캡처 {}쌍(무리 {}개), 예시 파일 {}개, 다른 학생의 신원 {}건, 같은 그림 {}건",
                pairs.len(),
                clusters.len(),
                templated.len(),
                strangers.len(),
                pictures.len()
            ),
            Language::En => [
                words::counted(pairs.len() as u64, "pair"),
                words::counted(clusters.len() as u64, "cluster"),
                words::counted(templated.len() as u64, "hand-in") + " of the sample",
                words::counted(strangers.len() as u64, "message") + " with another's identity",
                words::counted(pictures.len() as u64, "shared picture"),
            ]
            .join(", "),
        };
        self.strong(self.say("원본성 (조교 전용)", "Originality (staff only)"), out)?;
        writeln!(out, "{counts}")
    }

    fn cluster(&self, cluster: &Group, out: &mut impl Write) -> io::Result<()> {
        let (count, list) = (cluster.students.len(), cluster.students.join(", "));
        let title = match self.language {
            Language::Ko => format!("무리, {count}명: {list}"),
            Language::En => format!("Cluster of {count}: {list}"),
        };
        writeln!(out)?;
        self.strong(&title, out)
    }

    fn pair(&self, pair: &Pair, out: &mut impl Write) -> io::Result<()> {
        self.title(&format!("{} – {}", pair.one, pair.other), pair.level, out)?;
        self.facts([&pair.one, &pair.other], &pair.facts, out)
    }

    fn templated(&self, templated: &Templated, out: &mut impl Write) -> io::Result<()> {
        let sample = self.say("예시 파일", "sample");
        self.title(&format!("{} – {sample}", templated.student), templated.level, out)?;
        self.facts([&templated.student, sample], &templated.facts, out)
    }

    /// Who, and at which level.
    fn title(&self, who: &str, level: Level, out: &mut impl Write) -> io::Result<()> {
        let meaning = level.meaning();
        writeln!(out)?;
        self.strong(&format!("{who}  {}  {}", level.letter(), meaning.text(self.language)), out)
    }

    fn facts(&self, sides: [&str; 2], facts: &[Fact], out: &mut impl Write) -> io::Result<()> {
        let sides = sides.map(sanitize);
        let columns = [("", Align::Left), (&*sides[0], Align::Wrapped), (&*sides[1], Align::Wrapped)];
        let mut table = Table::new(self.look, &columns);
        for fact in facts {
            table.row(None, [self.text(&fact.what), fact.one.clone(), fact.other.clone()]);
        }
        table.write(out)
    }

    fn strangers(&self, out: &mut impl Write) -> io::Result<()> {
        if self.comparison.strangers.is_empty() {
            return Ok(());
        }
        writeln!(out)?;
        self.strong(self.say("메시지에 다른 학생의 학번이나 이름", "Another student's number or name in a message"), out)?;
        let columns = [
            (self.say("제출한 학생", "Handed in by"), Align::Left),
            (self.say("발견된 학생", "Found"), Align::Left),
            (self.say("프레임과 내용", "Frame and text"), Align::Wrapped),
            (self.say("본인 것", "Own too"), Align::Left),
        ];
        let mut table = Table::new(self.look, &columns);
        self.comparison.strangers.iter().for_each(|stranger| table.row(None, self.stranger(stranger)));
        table.write(out)
    }

    fn stranger(&self, stranger: &Stranger) -> [String; 4] {
        let found = stranger.found.iter().map(|found| format!("{}: {}", found.frame, found.text)).collect::<Vec<_>>().join(", ");
        let own = if stranger.own_too { self.say("있음", "yes") } else { self.say("없음", "no") };
        [stranger.student.clone(), stranger.owner.clone(), found, own.to_owned()]
    }

    fn pictures(&self, group: &Group, out: &mut impl Write) -> io::Result<()> {
        writeln!(out)?;
        self.strong(
            &format!("{}: {}", self.say("같은 화면 그림", "The same picture of the screen"), group.students.join(", ")),
            out,
        )
    }

    fn closing(&self, out: &mut impl Write) -> io::Result<()> {
        let text = self.say(
            "우연으로 설명되지 않는 사실일 뿐 판정이 아니며, 점수에는 영향이 없음. 학생에게 보이지 말 것.",
            "Facts that chance does not explain, no verdict: no points are taken for them. Not to be shown to students.",
        );
        writeln!(out, "\n{}", self.look.paint(Ink::Quiet, text))
    }

    fn text(&self, message: &Message) -> String {
        message.text(self.language).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> Pair {
        let fact =
            |en: &str, one: &str, other: &str| Fact { what: Message::new("사실", en), one: one.into(), other: other.into() };
        let facts = vec![fact("frames", "8", "6"), fact("written by", "Dumpcap\u{1b}[2J", "Editcap")];
        Pair { one: "20230001".into(), other: "20230002".into(), level: Level::D, facts }
    }

    fn written(comparison: &Comparison, language: Language) -> String {
        let mut out = Vec::new();
        write(comparison, language, Look::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn facts_stand_side_by_side_and_harmless() {
        let students = ["20230001", "20230002", "20230003"].map(str::to_owned).to_vec();
        let comparison = Comparison { pairs: vec![pair()], clusters: vec![Group { students }], ..Comparison::default() };
        let text = written(&comparison, Language::En);
        let expected = [
            "1 pair, 1 cluster, 0 hand-ins of the sample, 0 messages with another's identity, 0 shared pictures",
            "Cluster of 3: 20230001, 20230002, 20230003",
            "20230001 – 20230002  D  one is cut from the other, or payload replaced",
            "              20230001        20230002",
            "  frames      8               6",
            "  written by  Dumpcap\\x1b[2J  Editcap",
        ];
        for line in expected {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn a_class_without_coincidences_is_told_in_few_lines() {
        assert_eq!(written(&Comparison::default(), Language::En).lines().count(), 4);
        assert!(written(&Comparison::default(), Language::Ko).contains("같은 캡처 0쌍"));
    }
}
