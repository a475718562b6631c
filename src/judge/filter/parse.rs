//! Tokens to conditions: the grammar of Wireshark 4.0.
//!
//! Loosest first: `||`, `^^`, `&&`, `!`, comparisons, then `&`, `+ -`, `* / %` and the sign in front. Braces group
//! arithmetic, parentheses group conditions. Beyond 4.0 it takes `xor` (from 4.2) and sets without commas.

use std::ops::Range;

use super::fault::FilterFault;
use super::range::Span;
use super::syntax::{Arithmetic, Comparison, Condition, Member, Order, Quantifier, Shape, Term};
use super::token::{Kind, Token};

/// How deep parentheses, braces, functions and negations may nest.
const MAX_DEPTH: usize = 100;

/// Reads the tokens of `text` as one condition.
///
/// # Errors
/// The first place where something else was expected.
pub(super) fn condition(text: &str, tokens: &[Token]) -> Result<Condition, FilterFault> {
    let mut parser = Parser { text, tokens, at: 0, depth: 0 };
    let condition = parser.any_of()?;
    match parser.peek() {
        None => Ok(condition),
        Some(_) => Err(parser.unexpected("expected && or ||, or the end")),
    }
}

struct Parser<'t> {
    text: &'t str,
    tokens: &'t [Token],
    at: usize,
    depth: usize,
}

type Parsed<T> = Result<T, FilterFault>;

impl<'t> Parser<'t> {
    fn any_of(&mut self) -> Parsed<Condition> {
        self.joined(&["||", "or"], Condition::Any, Self::odd_of)
    }

    fn odd_of(&mut self) -> Parsed<Condition> {
        self.joined(&["^^", "xor"], Condition::Odd, Self::all_of)
    }

    fn all_of(&mut self) -> Parsed<Condition> {
        self.joined(&["&&", "and"], Condition::All, Self::not)
    }

    /// Conditions with the same word between them.
    fn joined(
        &mut self,
        words: &[&str],
        join: fn(Vec<Condition>) -> Condition,
        next: fn(&mut Self) -> Parsed<Condition>,
    ) -> Parsed<Condition> {
        let first = next(self)?;
        if !self.is_at_any(words) {
            return Ok(first);
        }
        let mut conditions = vec![first];
        while self.take_any(words) {
            conditions.push(next(self)?);
        }
        Ok(join(conditions))
    }

    fn not(&mut self) -> Parsed<Condition> {
        if self.take_any(&["!", "not"]) {
            return Ok(Condition::Not(Box::new(self.deeper(Self::not)?)));
        }
        if self.is_at("(") {
            return self.parenthesised();
        }
        self.relation()
    }

    fn parenthesised(&mut self) -> Parsed<Condition> {
        let open = self.span();
        self.at += 1;
        let condition = self.deeper(Self::any_of)?;
        self.expect(")", "expected )")?;
        let goes_on = ["==", "!=", "<", ">", "<=", ">=", "&", "+", "-", "*", "/", "%", "===", "!==", "~="];
        if self.is_at_any(&goes_on) || self.is_at_any(&["in", "eq", "ne", "lt", "le", "gt", "ge", "contains", "matches"]) {
            let inner = self.text.get(open.end..self.last_end().saturating_sub(1)).unwrap_or_default();
            let hint = format!("Arithmetic is grouped by braces: {{{}}}", inner.trim());
            return Err(self.unexpected("expected && or ||, or the end").hint(Some(hint)));
        }
        Ok(condition)
    }

    /// A comparison, a chain of them, membership in a set, or an operand alone.
    fn relation(&mut self) -> Parsed<Condition> {
        let quantifier = self.quantifier();
        let left = self.term()?;
        let negated = self.is_at_any(&["not", "!"]) && self.word_after() == Some("in");
        if negated {
            self.at += 1;
        }
        if self.take_any(&["in"]) {
            let membership = Condition::In { quantifier, left, members: self.members()? };
            return Ok(if negated { Condition::Not(Box::new(membership)) } else { membership });
        }
        let Some(comparison) = self.comparison() else {
            return match quantifier {
                Some(_) => Err(self.unexpected("expected a comparison after any or all")),
                None => self.alone(left),
            };
        };
        let right = self.term()?;
        let mut chain = vec![Condition::Compare { quantifier, comparison, left, right: right.clone() }];
        let mut left = right;
        while let Some(comparison) = self.comparison() {
            let right = self.term()?;
            chain.push(Condition::Compare { quantifier, comparison, left, right: right.clone() });
            left = right;
        }
        if chain.len() > 1 {
            return Ok(Condition::All(chain));
        }
        chain.pop().ok_or_else(|| self.unexpected(EXPECTED))
    }

    /// An operand with nothing behind it that compares it.
    fn alone(&self, term: Term) -> Parsed<Condition> {
        if self.is_at("=") {
            let hint = format!("Equality is written ==: {}", self.replaced("=="));
            return Err(self.unexpected("expected ==").hint(Some(hint)));
        }
        Ok(Condition::There(term))
    }

    /// The text with the token at hand replaced.
    fn replaced(&self, by: &str) -> String {
        let Range { start, end } = self.span();
        let (before, after) = (self.text.get(..start).unwrap_or_default(), self.text.get(end..).unwrap_or_default());
        format!("{before}{by}{after}")
    }

    /// `any` or `all`, where an operand follows.
    fn quantifier(&mut self) -> Option<Quantifier> {
        let quantifier = match self.word()? {
            "any" => Quantifier::Any,
            "all" => Quantifier::All,
            _ => return None,
        };
        let Kind::Word(_) = self.tokens.get(self.at + 1)?.kind else { return None };
        self.at += 1;
        Some(quantifier)
    }

    fn comparison(&mut self) -> Option<Comparison> {
        use Order::*;
        use Quantifier::*;
        let order = |order, quantifier| Comparison::Order(order, quantifier);
        let comparison = match self.word()? {
            "==" | "eq" | "any_eq" => order(Equal, Any),
            "===" | "all_eq" => order(Equal, All),
            "!=" | "ne" | "all_ne" => order(NotEqual, All),
            "!==" | "~=" | "any_ne" => order(NotEqual, Any),
            "<" | "lt" => order(Less, Any),
            "<=" | "le" => order(LessOrEqual, Any),
            ">" | "gt" => order(Greater, Any),
            ">=" | "ge" => order(GreaterOrEqual, Any),
            "contains" => Comparison::Contains,
            "matches" | "~" => Comparison::Matches,
            _ => return None,
        };
        self.at += 1;
        Some(comparison)
    }

    fn members(&mut self) -> Parsed<Vec<Member>> {
        self.expect("{", "expected a set such as {80, 443} or {5000..5010}")?;
        let mut members = Vec::new();
        loop {
            let first = self.term()?;
            members.push(match self.take_any(&[".."]) {
                true => Member::Range(first, self.term()?),
                false => Member::One(first),
            });
            let comma = self.take_any(&[","]);
            if !comma && self.take_any(&["}"]) {
                return Ok(members);
            }
            if !comma && !self.is_at_value() {
                return Err(self.unexpected("expected a comma, or } at the end of the set"));
            }
        }
    }

    fn term(&mut self) -> Parsed<Term> {
        self.operated(&[("&", Arithmetic::BitAnd), ("bitwise_and", Arithmetic::BitAnd)], Self::sum)
    }

    fn sum(&mut self) -> Parsed<Term> {
        self.operated(&[("+", Arithmetic::Add), ("-", Arithmetic::Subtract)], Self::product)
    }

    fn product(&mut self) -> Parsed<Term> {
        let signs = [("*", Arithmetic::Multiply), ("/", Arithmetic::Divide), ("%", Arithmetic::Modulo)];
        self.operated(&signs, Self::factor)
    }

    /// Operands with signs between them, from left to right.
    fn operated(&mut self, signs: &[(&str, Arithmetic)], next: fn(&mut Self) -> Parsed<Term>) -> Parsed<Term> {
        let mut left = next(self)?;
        let mut count = 0_usize;
        while let Some((_, arithmetic)) = signs.iter().find(|(sign, _)| self.is_at(sign)) {
            count += 1;
            if count > MAX_DEPTH {
                return Err(self.unexpected(&format!("expected at most {MAX_DEPTH} operations in a row")));
            }
            self.at += 1;
            let right = next(self)?;
            let span = left.span.start..right.span.end;
            left = Term { shape: Shape::Arithmetic(*arithmetic, Box::new(left), Box::new(right)), span };
        }
        Ok(left)
    }

    fn factor(&mut self) -> Parsed<Term> {
        let start = self.span().start;
        if self.take_any(&["-"]) {
            let inner = self.deeper(Self::factor)?;
            let span = start..inner.span.end;
            let shape = match inner.shape {
                Shape::Word(word) if word.starts_with(|first: char| first.is_ascii_digit()) => Shape::Word(format!("-{word}")),
                _ => Shape::Negate(Box::new(inner)),
            };
            return Ok(Term { shape, span });
        }
        if self.take_any(&["+"]) {
            return self.deeper(Self::factor);
        }
        if self.take_any(&["{"]) {
            let inner = self.deeper(Self::term)?;
            self.expect("}", "expected }")?;
            return self.sliced(Term { span: start..self.last_end(), ..inner });
        }
        let value = self.value()?;
        self.sliced(value)
    }

    /// A word, a function, a field of some layers, or text.
    fn value(&mut self) -> Parsed<Term> {
        let Some(token) = self.tokens.get(self.at) else { return Err(self.unexpected(EXPECTED)) };
        let shape = match &token.kind {
            Kind::Word(word) if RESERVED.contains(&word.as_str()) => return Err(self.unexpected(EXPECTED)),
            Kind::Word(word) => Shape::Word(word.clone()),
            Kind::Quoted(octets) => Shape::Quoted(octets.clone()),
            Kind::Char(octet) => Shape::Char(*octet),
            Kind::Sign(_) | Kind::Ranges(_) => return Err(self.unexpected(EXPECTED)),
        };
        self.at += 1;
        match shape {
            Shape::Word(name) if self.is_at("(") => self.call(name, token.span.clone()),
            Shape::Word(name) if self.take_any(&["#"]) => self.layers(name, token.span.start),
            shape => Ok(Term { shape, span: token.span.clone() }),
        }
    }

    fn call(&mut self, name: String, span: Range<usize>) -> Parsed<Term> {
        self.at += 1;
        let mut arguments = Vec::new();
        while !self.take_any(&[")"]) {
            if !arguments.is_empty() {
                self.expect(",", "expected a comma, or ) after the arguments")?;
            }
            arguments.push(self.deeper(Self::term)?);
        }
        Ok(Term { shape: Shape::Call(name, arguments), span: span.start..self.last_end() })
    }

    fn layers(&mut self, name: String, start: usize) -> Parsed<Term> {
        let expected = "expected the number of a layer, as in ip.addr#1 or ip.addr#[1,2]";
        let ranges = match self.tokens.get(self.at).map(|token| &token.kind) {
            Some(Kind::Ranges(ranges)) => ranges.clone(),
            Some(Kind::Word(number)) => match number.parse() {
                Ok(number) => vec![Span::one(number)],
                Err(_) => return Err(self.unexpected(expected)),
            },
            _ => return Err(self.unexpected(expected)),
        };
        self.at += 1;
        Ok(Term { shape: Shape::Layer(name, ranges), span: start..self.last_end() })
    }

    /// The value with the brackets behind it.
    fn sliced(&mut self, mut term: Term) -> Parsed<Term> {
        let mut count = 0_usize;
        while let Some(Token { kind: Kind::Ranges(ranges), span }) = self.tokens.get(self.at) {
            count += 1;
            if count > MAX_DEPTH {
                return Err(self.unexpected("expected fewer brackets"));
            }
            self.at += 1;
            term = Term { span: term.span.start..span.end, shape: Shape::Slice(Box::new(term), ranges.clone()) };
        }
        Ok(term)
    }

    fn deeper<T>(&mut self, inner: fn(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_DEPTH {
            return Err(self.unexpected(&format!("expected at most {MAX_DEPTH} levels of parentheses")));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn peek(&self) -> Option<&'t Token> {
        self.tokens.get(self.at)
    }

    /// The word or sign at hand.
    fn word(&self) -> Option<&'t str> {
        plain(self.peek()?)
    }

    fn word_after(&self) -> Option<&'t str> {
        plain(self.tokens.get(self.at + 1)?)
    }

    fn is_at(&self, word: &str) -> bool {
        self.word() == Some(word)
    }

    fn is_at_any(&self, words: &[&str]) -> bool {
        self.word().is_some_and(|word| words.contains(&word))
    }

    fn is_at_value(&self) -> bool {
        matches!(self.peek().map(|token| &token.kind), Some(Kind::Word(_) | Kind::Quoted(_) | Kind::Char(_)))
    }

    fn take_any(&mut self, words: &[&str]) -> bool {
        let taken = self.is_at_any(words);
        self.at += usize::from(taken);
        taken
    }

    fn expect(&mut self, word: &str, expected: &str) -> Parsed<()> {
        if self.take_any(&[word]) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    /// The octets of the token at hand, or the end.
    fn span(&self) -> Range<usize> {
        let end = self.text.trim_end().len();
        self.peek().map_or(end..end, |token| token.span.clone())
    }

    fn last_end(&self) -> usize {
        self.at.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(0, |token| token.span.end)
    }

    fn unexpected(&self, expected: &str) -> FilterFault {
        FilterFault::new(self.text, self.span(), expected)
    }
}

/// What may stand on either side of a comparison.
const EXPECTED: &str = "expected a field such as tcp.port, or a value";

/// Words that are no value.
const RESERVED: [&str; 22] = [
    "and",
    "or",
    "not",
    "xor",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "contains",
    "matches",
    "in",
    "any_eq",
    "all_eq",
    "any_ne",
    "all_ne",
    "bitwise_and",
    "==",
    "!=",
    "<",
    ">",
];

fn plain(token: &Token) -> Option<&str> {
    match &token.kind {
        Kind::Sign(sign) => Some(sign),
        Kind::Word(word) => Some(word),
        _ => None,
    }
}
