//! Who sent it: department, student number and name in what the clients said.

use unicode_normalization::UnicodeNormalization;

use super::Bench;
use crate::judge::grade::{Evidence, Ruling};
use crate::judge::{Datagram, Message, Points};

/// What a text has to tell.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Field {
    /// The department (학과).
    Department,
    /// The student's number (학번).
    Id,
    /// The name (이름).
    Name,
}

impl Field {
    /// The word in a rubric.
    pub const ALL: [(&'static str, Self); 3] = [("dept", Self::Department), ("id", Self::Id), ("name", Self::Name)];

    fn words(self) -> Message {
        match self {
            Self::Department => Message::new("학과", "department"),
            Self::Id => Message::new("학번", "student number"),
            Self::Name => Message::new("이름", "name"),
        }
    }
}

/// How a payload was written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Writing {
    Utf8,
    /// UTF-8, but as the text of Python's `repr`.
    Repr,
    /// Another encoding of Hangul.
    Cp949,
}

/// What one datagram says.
struct Said<'d> {
    datagram: &'d Datagram,
    writing: Writing,
    /// Composed, without spaces, in lower case.
    text: String,
    shown: String,
}

/// The fields are in the payloads of the clients, in UTF-8.
pub(super) fn identity(bench: &Bench<'_>, max: Points, fields: &[Field]) -> Ruling {
    let said: Vec<Said<'_>> = bench.requests().filter_map(read).collect();
    let expected = Message::new(
        format!("UTF-8 메시지에 {}", list(fields, |message| &message.ko)),
        format!("{} in a UTF-8 text", list(fields, |message| &message.en)),
    );
    let each = |count: usize| max.share(count as u64, fields.len() as u64);
    let has = |field: Field, writing: Writing| {
        said.iter().find(|said| said.writing == writing && tells(bench, said, field)).map(|said| said.datagram.frame)
    };
    let plain: Vec<Field> = fields.iter().copied().filter(|field| has(*field, Writing::Utf8).is_some()).collect();
    let lacking: Vec<Field> = fields.iter().copied().filter(|field| !plain.contains(field)).collect();
    let evidence = Evidence::frames(said.iter().map(|said| said.datagram.frame));
    let found = Message::new(shown(&said), shown(&said));
    let ruling = if lacking.is_empty() {
        Ruling::new(max, "학과·학번·이름이 메시지에 있음.", "The text tells all that it should.")
    } else if let Some(frame) = lacking.iter().find_map(|field| has(*field, Writing::Repr)) {
        as_repr(max, each(1), &lacking, each(plain.len()), frame)
    } else if let Some(other) = said.iter().find(|said| said.writing == Writing::Cp949) {
        // Digits are the same octets in both encodings.
        let number = lacking.contains(&Field::Id) && tells(bench, other, Field::Id);
        not_utf8(each(plain.len().saturating_add(usize::from(number))), other)
    } else {
        lack(bench, &said, &lacking, each(plain.len()), each(1))
    };
    ruling.comparing(expected, found).shown(evidence)
}

fn list(fields: &[Field], text: fn(&Message) -> &str) -> String {
    fields.iter().map(|field| text(&field.words()).to_owned()).collect::<Vec<_>>().join(", ")
}

fn as_repr(max: Points, step: Points, lacking: &[Field], plain: Points, frame: u64) -> Ruling {
    let earned = if lacking.is_empty() { max } else { plain.max(max - step) };
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

fn not_utf8(earned: Points, said: &Said<'_>) -> Ruling {
    Ruling::new(
        earned,
        format!("학번은 읽히나 이름이 UTF-8이 아님(EUC-KR로 읽으면 {}).", said.shown),
        format!("Not UTF-8; as EUC-KR it reads {}.", said.shown),
    )
    .fix(Message::new("`.encode('utf-8')`로 보내세요.", "Send `.encode('utf-8')`."))
}

/// Some fields are nowhere: a reason to ask, if somebody else's are there.
fn lack(bench: &Bench<'_>, said: &[Said<'_>], lacking: &[Field], earned: Points, each: Points) -> Ruling {
    let (ko, en) = (list(lacking, |message| &message.ko), list(lacking, |message| &message.en));
    let cut = said.iter().find(|said| said.datagram.is_cut());
    if let Some(cut) = cut {
        let octets = cut.datagram.octets.len();
        return Ruling::new(
            earned,
            format!("{octets}바이트까지만 저장되어 {ko} 확인 불가(프레임 {}).", cut.datagram.frame),
            format!("Only {octets} octets were captured, too few to see the {en} (frame {}).", cut.datagram.frame),
        )
        .fix(Message::new(
            "Wireshark의 캡처 옵션에서 snaplen(프레임 크기 제한)을 끄세요.",
            "Switch off the snap length (limit of each packet) in Wireshark's capture options.",
        ));
    }
    let other_number = lacking.contains(&Field::Id) && said.iter().any(|said| !bench.handed.ids_in(&said.text).is_empty());
    if other_number {
        let in_name = bench.who.id.as_ref().is_some_and(|id| bench.handed.ids_in(&bench.record.name).contains(id));
        let ko = if in_name {
            "파일 이름과 메시지의 학번이 다름: 메시지에 본인 학번 없음 — 조교 확인."
        } else {
            "메시지에 본인 학번 없음 — 조교 확인."
        };
        let en = if in_name {
            "The file's name and the text carry different numbers: the student's own is not in the text. Staff will look."
        } else {
            "The text does not carry the student's own number. Staff will look."
        };
        return Ruling::new(earned, ko, en).pending(each.share(lacking.len() as u64, 1));
    }
    let everything = lacking.len() == 3;
    let ko = if everything {
        "학과·학번·이름이 메시지에 없음.".to_owned()
    } else {
        format!("메시지에 없음: {ko}.")
    };
    Ruling::new(earned, ko, format!("The text does not tell: {en}."))
        .fix(Message::new(
            "클라이언트에서 \"학과 학번 이름\"을 입력해 보내세요.",
            "Let the client send department, student number and name.",
        ))
        .lacking()
}

/// The texts, the first of them.
fn shown(said: &[Said<'_>]) -> String {
    let texts: Vec<String> = said.iter().take(4).map(|said| format!("\"{}\"", said.shown)).collect();
    if texts.is_empty() { "–".to_owned() } else { texts.join(", ") }
}

/// Characters of a text that are shown.
const SHOWN: usize = 60;

fn read(datagram: &Datagram) -> Option<Said<'_>> {
    if datagram.octets.is_empty() {
        return None;
    }
    let (writing, text) = decoded(&datagram.octets, datagram.is_cut());
    let shown = text.chars().take(SHOWN).collect();
    Some(Said { datagram, writing, text: plain(&text), shown })
}

/// What a payload says, however it was written; a cut one may end inside a character.
pub(in crate::judge) fn text_of(octets: &[u8], cut: bool) -> String {
    decoded(octets, cut).1
}

fn decoded(octets: &[u8], cut: bool) -> (Writing, String) {
    match whole_utf8(octets, cut) {
        Some(text) => match unquoted(text) {
            Some(inner) => (Writing::Repr, inner),
            None => (Writing::Utf8, text.to_owned()),
        },
        None => {
            let (text, _) = encoding_rs::EUC_KR.decode_without_bom_handling(octets);
            (Writing::Cp949, text.into_owned())
        }
    }
}

/// The text, if it is UTF-8; a cut datagram may end inside a character.
fn whole_utf8(octets: &[u8], cut: bool) -> Option<&str> {
    match std::str::from_utf8(octets) {
        Ok(text) => Some(text),
        Err(error) if cut && error.error_len().is_none() => std::str::from_utf8(octets.get(..error.valid_up_to())?).ok(),
        Err(_) => None,
    }
}

/// What stands in a text such as `b'\xed\x99\x8d'`, or `\xed\x99\x8d` alone, which `str()` makes of bytes.
fn unquoted(text: &str) -> Option<String> {
    let trimmed = text.trim();
    let inner = ["'", "\""].iter().find_map(|quote| trimmed.strip_prefix('b')?.strip_prefix(quote)?.strip_suffix(quote));
    if inner.is_none() && !trimmed.contains("\\x") {
        return None;
    }
    let octets = unescaped(inner.unwrap_or(trimmed));
    String::from_utf8(octets).ok()
}

/// Python's `\xNN` as octets; all else stays.
fn unescaped(text: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let escaped =
            rest.strip_prefix(b"\\x").and_then(|digits| digits.get(..2)).and_then(|digits| std::str::from_utf8(digits).ok());
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(octet) => {
                octets.push(octet);
                rest = rest.get(4..).unwrap_or_default();
            }
            None => {
                octets.push(*first);
                rest = behind;
            }
        }
    }
    octets
}

/// Composed, without spaces, in lower case: what typing habits do not change.
pub(in crate::judge) fn plain(text: &str) -> String {
    text.nfc().filter(|character| !character.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// The text tells this of the student; where nothing is known of the student, that it tells anything of the kind.
fn tells(bench: &Bench<'_>, said: &Said<'_>, field: Field) -> bool {
    let who = bench.who;
    let known = match field {
        Field::Id => who.id.as_deref(),
        Field::Name => who.name.as_deref(),
        Field::Department => who.department.as_deref(),
    };
    match (known.map(plain).filter(|known| !known.is_empty()), field) {
        (Some(known), Field::Id) => bench.handed.ids_in(&said.text).contains(&known) || said.text.contains(&known),
        (Some(known), _) => said.text.contains(&known),
        (None, Field::Id) => !bench.handed.ids_in(&said.text).is_empty(),
        (None, Field::Department) => {
            ["과", "학부", "전공", "dept", "department", "engineering", "science"].iter().any(|word| said.text.contains(word))
        }
        (None, Field::Name) => words(&said.shown).any(is_name),
    }
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
    fn the_text_of_bytes_is_read_again() {
        assert_eq!(unquoted("b'\\xed\\x99\\x8d'").as_deref(), Some("홍"));
        assert_eq!(unquoted("\\xed\\x99\\x8d 2023").as_deref(), Some("홍 2023"));
        assert_eq!(unquoted("b'client1'").as_deref(), Some("client1"));
        for text in ["홍길동", "b", "'a'", "\\xff"] {
            assert_eq!(unquoted(text), None, "{text}");
        }
    }

    #[test]
    fn habits_of_typing_do_not_matter() {
        let decomposed: String = "컴퓨터 공학과".nfd().collect();
        assert_eq!(plain(&decomposed), "컴퓨터공학과");
        assert_eq!(plain(" AI Dept "), "aidept");
    }

    #[test]
    fn names_are_told_from_departments() {
        let found = |text: &str| words(text).filter(|word| is_name(word)).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(found("컴퓨터공학과 20231234 홍길동"), ["홍길동"]);
        assert!(found("컴퓨터공학과 20231234 client1").is_empty());
    }
}
