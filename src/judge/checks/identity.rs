//! Who sent it: department, student number and name in what the clients said.

use super::said::Said;
use super::{Bench, Ruling};
use crate::judge::payload::Writing;
use crate::judge::record::Evidence;
use crate::judge::rubric::Field;
use crate::judge::template::with_particle;
use crate::judge::{Message, Points};

/// What a field is called.
fn words_for(field: Field) -> Message {
    match field {
        Field::Department => Message::new("학과", "department"),
        Field::Id => Message::new("학번", "student number"),
        Field::Name => Message::new("이름", "name"),
    }
}

/// Texts that are looked at.
const MAX_SAID: usize = 10_000;

/// The fields are in the payloads of the clients, in UTF-8.
pub(super) fn identity(bench: &Bench<'_>, max: Points, fields: &[Field]) -> Ruling {
    let said: Vec<Said<'_>> = bench.requests().filter_map(Said::read).take(MAX_SAID).collect();
    let seen = Seen { bench, said: &said, fields, max };
    let (ko, en) = (list(fields, |message| &message.ko), list(fields, |message| &message.en));
    let expected = Message::new(format!("UTF-8 메시지에 {ko}"), format!("{en} in a UTF-8 text"));
    let texts: Vec<String> = said.iter().take(4).map(|said| format!("\"{}\"", said.shown())).collect();
    let texts = if texts.is_empty() { "–".to_owned() } else { texts.join(", ") };
    let evidence = Evidence::frames(said.iter().map(|said| said.datagram.frame));
    seen.ruling().comparing(expected, Message::new(texts.clone(), texts)).shown(evidence)
}

fn list(fields: &[Field], text: fn(&Message) -> &str) -> String {
    fields.iter().map(|field| text(&words_for(*field)).to_owned()).collect::<Vec<_>>().join(", ")
}

/// What was said, and what should have been.
struct Seen<'a> {
    bench: &'a Bench<'a>,
    said: &'a [Said<'a>],
    fields: &'a [Field],
    max: Points,
}

impl Seen<'_> {
    fn worth(&self, fields: usize) -> Points {
        self.max.share(fields as u64, self.fields.len() as u64)
    }

    /// A text in this writing that tells a field.
    fn teller(&self, field: Field, writing: Writing) -> Option<&Said<'_>> {
        self.said.iter().find(|said| said.writing == writing && tells(self.bench, said, field))
    }

    fn ruling(&self) -> Ruling {
        let lacking: Vec<Field> =
            self.fields.iter().copied().filter(|field| self.teller(*field, Writing::Utf8).is_none()).collect();
        let plain = self.fields.len().saturating_sub(lacking.len());
        if lacking.is_empty() {
            let all = list(self.fields, |message| &message.ko);
            return Ruling::new(
                self.max,
                format!("메시지에 있음: {all}."),
                format!("The text tells {}.", list(self.fields, |message| &message.en)),
            );
        }
        let by_repr: Vec<&Said<'_>> = lacking.iter().filter_map(|field| self.teller(*field, Writing::Repr)).collect();
        if let Some(first) = by_repr.first() {
            let told = self.worth(plain.saturating_add(by_repr.len())) - self.worth(1);
            return as_repr(told.max(self.worth(plain)), first.datagram.frame);
        }
        let other = self.said.iter().find_map(|said| match said.writing {
            Writing::Other(encoding) => Some((said, encoding)),
            _ => None,
        });
        if let Some((said, encoding)) = other {
            // Digits are the same octets in most encodings, and plain to see in the others.
            let number = lacking.contains(&Field::Id) && tells(self.bench, said, Field::Id);
            return not_utf8(self.worth(plain.saturating_add(usize::from(number))), said, encoding, number);
        }
        self.lack(&lacking, self.worth(plain))
    }

    /// Some fields are nowhere: a reason to ask, if somebody else's are there.
    fn lack(&self, lacking: &[Field], earned: Points) -> Ruling {
        let (ko, en) = (list(lacking, |message| &message.ko), list(lacking, |message| &message.en));
        if let Some(cut) = self.said.iter().find(|said| said.datagram.is_cut()) {
            return cut_short(earned, cut, &ko, &en);
        }
        if lacking.contains(&Field::Id) && self.said.iter().any(|said| self.numbers(said)) {
            return self.other_number(earned, lacking.len());
        }
        if lacking == [Field::Department] && self.said.iter().any(|said| names_department(&said.text)) {
            let wanted = self.bench.who.department.as_deref().unwrap_or("–");
            return Ruling::new(
                earned,
                format!("메시지의 학과가 명단({wanted})과 다르게 적힘 — 조교 확인."),
                format!("The text names the department otherwise than the roster ({wanted}). Staff will look."),
            )
            .pending(self.worth(1));
        }
        let ko = match lacking.len() {
            3 => "학과·학번·이름이 메시지에 없음.".to_owned(),
            _ => format!("메시지에 없음: {ko}."),
        };
        Ruling::new(earned, ko, format!("The text does not tell: {en}."))
            .fix(Message::new(
                "클라이언트에서 \"학과 학번 이름\"을 입력해 보내세요.",
                "Let the client send department, student number and name.",
            ))
            .lacking()
    }

    /// There is a student's number in it, or what looks like one.
    fn numbers(&self, said: &Said<'_>) -> bool {
        let class = self.bench.who.class;
        !self.bench.handed.ids_in(&said.text).is_empty() || class.iter().any(|student| said.contains(&student.id))
    }

    fn other_number(&self, earned: Points, lacking: usize) -> Ruling {
        let in_name = self.bench.who.id.as_ref().is_some_and(|id| self.bench.record.name.contains(id));
        let (ko, en) = match in_name {
            true => (
                "파일 이름과 메시지의 학번이 다름: 메시지에 본인 학번 없음 — 조교 확인.",
                "The file's name and the text carry different numbers: the student's own is not in the text. Staff will look.",
            ),
            false => ("메시지에 본인 학번 없음 — 조교 확인.", "The student's own number is not in the text. Staff will look."),
        };
        Ruling::new(earned, ko, en).pending(self.worth(lacking))
    }
}

fn as_repr(earned: Points, frame: u64) -> Ruling {
    Ruling::new(
        earned,
        format!("바이트를 문자열로 바꿔 보냄(프레임 {frame})."),
        format!("The text of Python's repr was sent, not the bytes themselves (frame {frame})."),
    )
    .fix(Message::new(
        "str(bytes) 대신 msg.encode(\"utf-8\")을 그대로 보내세요.",
        "Send msg.encode(\"utf-8\") itself, not str() of it.",
    ))
}

fn not_utf8(earned: Points, said: &Said<'_>, encoding: &str, number: bool) -> Ruling {
    let (shown, read_as) = (said.shown(), with_particle(encoding, "으로/로"));
    let ko = if number { "학번은 읽히나 이름이 UTF-8이 아님" } else { "UTF-8이 아님" };
    Ruling::new(earned, format!("{ko}({read_as} 읽으면 {shown})."), format!("Not UTF-8; as {encoding} it reads {shown}."))
        .fix(Message::new("`.encode('utf-8')`로 보내세요.", "Send `.encode('utf-8')`."))
}

fn cut_short(earned: Points, cut: &Said<'_>, ko: &str, en: &str) -> Ruling {
    let (octets, frame) = (cut.datagram.octets.len(), cut.datagram.frame);
    Ruling::new(
        earned,
        format!("{octets}바이트까지만 저장되어 {ko} 확인 불가(프레임 {frame})."),
        format!("Only {octets} octets were captured, too few to see the {en} (frame {frame})."),
    )
    .fix(Message::new(
        "Wireshark의 캡처 옵션에서 snaplen(프레임 크기 제한)을 끄세요.",
        "Switch off the snap length (limit of each packet) in Wireshark's capture options.",
    ))
}

/// The text tells this of the student; where nothing is known of the student, that it tells anything of the kind.
fn tells(bench: &Bench<'_>, said: &Said<'_>, field: Field) -> bool {
    let who = bench.who;
    let known = match field {
        Field::Id => who.id.as_deref(),
        Field::Name => who.name.as_deref(),
        Field::Department => who.department.as_deref(),
    };
    match (known.filter(|known| !known.trim().is_empty()), field) {
        (Some(known), Field::Department) => said.contains(known) || said.contains(stem(known)),
        (Some(known), _) => said.contains(known),
        (None, Field::Id) => !bench.handed.ids_in(&said.text).is_empty(),
        (None, Field::Department) => names_department(&said.text),
        (None, Field::Name) => words(&said.text).any(is_name),
    }
}

/// A department without the word for what it is: `컴퓨터공학부` is `컴퓨터공학과`, too.
fn stem(department: &str) -> &str {
    let ends = ["학과", "학부", "전공", "과", "부"];
    let stem = ends.iter().find_map(|end| department.trim().strip_suffix(end)).unwrap_or(department);
    if stem.chars().count() < 2 { department } else { stem }
}

fn names_department(text: &str) -> bool {
    let text = text.to_lowercase();
    ["과", "학부", "전공", "dept", "department", "engineering", "science"].iter().any(|word| text.contains(word))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphabetic()).filter(|word| !word.is_empty())
}

/// A word that may be a name: two to five syllables that name no department, or a Latin word.
fn is_name(word: &str) -> bool {
    let syllables = word.chars().filter(|character| ('가'..='힣').contains(character)).count();
    let department = ["과", "부", "전공", "학번", "이름"].iter().any(|end| word.ends_with(end));
    let latin = word.is_ascii() && word.len() > 2 && !word.to_ascii_lowercase().contains("client");
    (2..=5).contains(&syllables) && !department || latin
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_departments() {
        let found = |text: &str| words(text).filter(|word| is_name(word)).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(found("컴퓨터공학과 20231234 홍길동"), ["홍길동"]);
        assert!(found("컴퓨터공학과 20231234 client1").is_empty());
    }

    #[test]
    fn departments_have_several_names() {
        for (department, expected) in [("컴퓨터공학과", "컴퓨터공"), ("AI전공", "AI"), ("법학과", "법학과"), ("CSE", "CSE")]
        {
            assert_eq!(stem(department), expected);
        }
    }
}
