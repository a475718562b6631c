//! Another student's number or name in what a capture's clients said.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use unicode_normalization::UnicodeNormalization;

use super::class::{Class, Entry};
use super::strength;
use crate::judge::Message;
use crate::judge::payload::plain;
use crate::judge::record::Said;
use crate::judge::results::{Flag, Student};

/// A student who sent somebody else's number or name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stranger {
    /// Who handed it in.
    pub student: String,
    /// Whose number or name it is.
    pub owner: String,
    /// What was found.
    pub found: Vec<Found>,
    /// The student's own number or name stands in a text too.
    pub own_too: bool,
}

/// Where somebody else was found.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Found {
    /// The frame that brought the text.
    pub frame: u64,
    /// The number or the name, as in the roster.
    pub text: String,
}

/// Characters that a number has at least: `1` and `12` stand in many texts.
const ID_LEN: usize = 6;

/// Characters of a name that need no department beside it: shorter ones are words too.
const NAME_LEN: usize = 3;

/// Words that a name consists of at most.
const NAME_WORDS: usize = 4;

/// Looks for everybody in the texts of everybody.
pub(super) fn strangers(class: &Class<'_>) -> Vec<Stranger> {
    let people = People::of(class.roster);
    let known: BTreeSet<&str> =
        class.template.iter().flat_map(|template| &template.said).map(|said| said.text.as_str()).collect();
    class.entries.iter().flat_map(|entry| people.in_texts_of(entry, &known)).collect()
}

/// A roster, to be found by what a text says.
struct People<'c> {
    roster: &'c [Student],
    by_id: HashMap<&'c str, usize>,
    by_name: HashMap<String, Vec<usize>>,
}

/// What somebody was found by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum By {
    Id,
    Name,
}

impl<'c> People<'c> {
    fn of(roster: &'c [Student]) -> Self {
        let by_id = roster.iter().enumerate().map(|(place, student)| (student.id.as_str(), place)).collect();
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, student) in roster.iter().enumerate() {
            by_name.entry(plain(&student.name)).or_default().push(place);
        }
        Self { roster, by_id, by_name }
    }

    fn in_texts_of(&self, entry: &Entry<'_>, known: &BTreeSet<&str>) -> Vec<Stranger> {
        let texts = entry.prints.said.iter().filter(|said| !known.contains(said.text.as_str()));
        let met: Vec<(&Said, usize, By)> =
            texts.flat_map(|said| self.met(said).into_iter().map(move |(place, by)| (said, place, by))).collect();
        let own = self.by_id.get(entry.student).copied();
        let own_name = own.and_then(|own| self.roster.get(own)).map(|student| plain(&student.name));
        let own_too = met.iter().any(|(_, place, by)| match by {
            By::Id => Some(*place) == own,
            By::Name => self.name(*place) == own_name,
        });
        let mut strangers: BTreeMap<usize, BTreeSet<Found>> = BTreeMap::new();
        for (said, place, by) in met {
            // Who tells the own name may greet somebody; another's number is never a greeting.
            let meant = match by {
                By::Id => Some(place) != own,
                By::Name => !own_too && self.is_sure(place, said),
            };
            if let Some(text) = self.roster.get(place).filter(|_| meant).map(|student| by.of(student).to_owned()) {
                strangers.entry(place).or_default().insert(Found { frame: said.frame, text });
            }
        }
        let owner = |place: usize| self.roster.get(place).map(|student| student.id.clone());
        let stranger = |(place, found): (usize, BTreeSet<Found>)| {
            Some(Stranger {
                student: entry.student.to_owned(),
                owner: owner(place)?,
                found: found.into_iter().collect(),
                own_too,
            })
        };
        strangers.into_iter().filter_map(stranger).collect()
    }

    fn name(&self, place: usize) -> Option<String> {
        self.roster.get(place).map(|student| plain(&student.name))
    }

    /// Everybody whose number or name stands in a text.
    fn met(&self, said: &Said) -> Vec<(usize, By)> {
        let text: String = said.text.nfc().flat_map(char::to_lowercase).collect();
        let runs = said.text.split(|character: char| !character.is_ascii_alphanumeric());
        let digits = said.text.split(|character: char| !character.is_ascii_digit());
        let ids = runs.chain(digits).filter(|run| run.len() >= ID_LEN).filter_map(|run| self.by_id.get(run));
        let names = names(&text);
        let named = names.iter().filter_map(|name| self.by_name.get(name)).flatten();
        let mut met: Vec<(usize, By)> = ids.map(|place| (*place, By::Id)).collect();
        met.extend(named.map(|place| (*place, By::Name)));
        met
    }

    /// The name alone is enough, or the department stands beside it.
    fn is_sure(&self, place: usize, said: &Said) -> bool {
        let Some(student) = self.roster.get(place) else { return false };
        let name = plain(&student.name);
        let only_one = self.by_name.get(&name).is_some_and(|bearers| bearers.len() == 1);
        let is_full =
            if name.is_ascii() { student.name.split_whitespace().count() > 1 } else { name.chars().count() >= NAME_LEN };
        let department = student.department.as_deref().map(plain).filter(|department| !department.is_empty());
        let beside = department.is_some_and(|department| plain(&said.text).contains(&department));
        beside || (only_one && is_full)
    }
}

impl By {
    fn of(self, student: &Student) -> &str {
        match self {
            Self::Id => &student.id,
            Self::Name => &student.name,
        }
    }
}

/// What may be names in a text: words, words in a row, and what is glued to the end of a department.
fn names(text: &str) -> BTreeSet<String> {
    let words: Vec<&str> = text.split(|character: char| !character.is_alphabetic()).filter(|word| !word.is_empty()).collect();
    let rows = (1..=NAME_WORDS).flat_map(|count| words.windows(count).map(<[&str]>::concat));
    let glued = words
        .iter()
        .flat_map(|word| word.match_indices(['과', '부', '공']).filter_map(|(at, end)| word.get(at.saturating_add(end.len())..)));
    rows.chain(glued.map(str::to_owned)).collect()
}

impl Stranger {
    pub(super) fn flag(&self) -> Flag {
        let by_id = self.found.iter().any(|found| found.text == self.owner);
        let fact = |found: &Found| {
            Message::new(
                format!("프레임 {}의 메시지에 {}의 \"{}\"", found.frame, self.owner, found.text),
                format!("frame {} tells \"{}\", which is {}'s", found.frame, found.text, self.owner),
            )
        };
        let own = || Message::new("본인의 학번이나 이름도 메시지에 있음", "the student's own number or name is told as well");
        let facts = self.found.iter().map(fact).chain(self.own_too.then(own)).collect();
        let innocent = Message::new(
            "함께 실습하며 서로의 클라이언트로 보냈거나, 시험 삼아 보낸 메시지일 수 있음.",
            "They may have worked together and tried each other's clients, or it was a message to try things out.",
        );
        let strength = if by_id && !self.own_too { strength::STRONG } else { strength::MEDIUM };
        Flag {
            id: "other-identity".into(),
            strength: strength.into(),
            facts,
            innocent: Some(innocent),
            with: vec![self.owner.clone()],
        }
    }
}
