//! Sentences with placeholders, such as `{port}`.
//!
//! In Korean a particle may stand behind one, as its two forms: `{name:은/는}` gives the first behind a final consonant
//! and the second behind a vowel.

use std::collections::BTreeMap;

use super::message::{Language, Message};

/// Values of a rubric's parameters, by name.
pub type Params = BTreeMap<String, String>;

/// Puts the parameters into a text; what is no parameter stays as it stands.
pub(in crate::judge) fn with_params(text: &str, params: &Params) -> String {
    params.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// What placeholders stand for.
pub(in crate::judge) type Values = BTreeMap<&'static str, Message>;

/// Fills a template in both languages; what has no value stays as it stands.
pub(in crate::judge) fn filled(template: &Message, values: &Values) -> Message {
    Message::new(fill(&template.ko, values, Language::Ko), fill(&template.en, values, Language::En))
}

/// A piece of a template.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Piece<'t> {
    Text(&'t str),
    Placeholder { name: &'t str, particle: Option<(&'t str, &'t str)>, whole: &'t str },
}

/// The names of the placeholders of a template, in their order.
pub(in crate::judge) fn placeholders(template: &str) -> Vec<&str> {
    let name = |piece| match piece {
        Piece::Placeholder { name, .. } => Some(name),
        Piece::Text(_) => None,
    };
    pieces(template).into_iter().filter_map(name).collect()
}

fn fill(template: &str, values: &Values, language: Language) -> String {
    let mut filled = String::with_capacity(template.len());
    for piece in pieces(template) {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Placeholder { name, particle, whole } => match values.get(name) {
                None => filled.push_str(whole),
                Some(value) => {
                    filled.push_str(value.text(language));
                    filled.push_str(particle.map_or("", |forms| fitting(value.text(language), forms)));
                }
            },
        }
    }
    filled
}

/// Text and placeholders in turn; a brace that opens no placeholder is text.
fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((inside, behind)) = after.split_once('}') else { break };
        let Some((name, particle)) = placeholder(inside) else {
            let brace = before.len().saturating_add(1);
            let (text, following) = rest.split_at(brace);
            pieces.push(Piece::Text(text));
            rest = following;
            continue;
        };
        let whole = rest.get(before.len()..rest.len().saturating_sub(behind.len())).unwrap_or_default();
        pieces.extend([Piece::Text(before), Piece::Placeholder { name, particle, whole }]);
        rest = behind;
    }
    pieces.push(Piece::Text(rest));
    pieces
}

fn placeholder(inside: &str) -> Option<(&str, Option<(&str, &str)>)> {
    let (name, forms) = inside.split_once(':').map_or((inside, None), |(name, forms)| (name, Some(forms)));
    let is_name =
        !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'_');
    match forms {
        _ if !is_name => None,
        None => Some((name, None)),
        Some(forms) => Some((name, Some(forms.split_once('/')?))),
    }
}

/// How the sound of a word ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ending {
    Vowel,
    /// ㄹ, behind which 로 stands as behind a vowel.
    Rieul,
    Consonant,
}

/// A word with the particle that fits, given as its two forms: `은/는`.
pub(in crate::judge) fn with_particle(word: &str, forms: &str) -> String {
    let forms = forms.split_once('/').unwrap_or((forms, forms));
    format!("{word}{}", fitting(word, forms))
}

/// The form of a particle that fits behind a word: the first behind a final consonant.
fn fitting<'p>(word: &str, (closed, open): (&'p str, &'p str)) -> &'p str {
    match ending(word) {
        Ending::Vowel => open,
        Ending::Rieul if closed.starts_with('으') => open,
        Ending::Rieul | Ending::Consonant => closed,
    }
}

/// How a word ends when it is read aloud in Korean; numbers by their digits, letters by their names.
fn ending(word: &str) -> Ending {
    const RIEUL: u32 = 8;
    let last = word.chars().rev().find(|character| character.is_alphanumeric());
    match last {
        Some(syllable @ '가'..='힣') => match (u32::from(syllable) - u32::from('가')) % 28 {
            0 => Ending::Vowel,
            RIEUL => Ending::Rieul,
            _ => Ending::Consonant,
        },
        Some('1' | '7' | '8' | 'l' | 'L' | 'r' | 'R') => Ending::Rieul,
        Some('0' | '3' | '6' | 'm' | 'M' | 'n' | 'N') => Ending::Consonant,
        _ => Ending::Vowel,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn particles_follow_the_sound() {
        let cases = [
            ("서버", "은/는", "서버는"),
            ("소켓", "은/는", "소켓은"),
            ("포트 5000", "이/가", "포트 5000이"),
            ("포트 5001", "으로/로", "포트 5001로"),
            ("포트 5003", "으로/로", "포트 5003으로"),
            ("포트 5002", "을/를", "포트 5002를"),
            ("김철", "으로/로", "김철로"),
            ("\"UDP\"", "과/와", "\"UDP\"와"),
            ("", "을/를", "를"),
        ];
        for (word, forms, expected) in cases {
            let template = Message::new(format!("{{word:{forms}}}"), "{word}");
            let values = Values::from([("word", Message::new(word, word))]);
            assert_eq!(filled(&template, &values), Message::new(expected, word));
        }
    }

    #[test]
    fn what_has_no_value_stays() {
        let values = Values::from([("n", Message::new("하나", "one"))]);
        let filled = |text: &str| fill(text, &values, Language::En);
        assert_eq!(filled("{n} of {m} {"), "one of {m} {");
        assert_eq!(filled("in {1..5, {n}} {N}"), "in {1..5, one} {N}");
        assert_eq!(placeholders("{a} {b:은/는} {C} {"), ["a", "b"]);
    }
}
