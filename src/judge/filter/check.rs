//! Conditions to tests: every name is looked up, every literal read for the field it is held against.

use std::ops::Range;

use jiff::tz::TimeZone;
use regex::bytes::RegexBuilder;

use super::fault::FilterFault;
use super::field::{Field, Kind, Needs};
use super::literal::{Wanted, Written};
use super::suggest;
use super::syntax::{Arithmetic, Comparison, Condition, Member, Order, Quantifier, Shape, Term};
use super::test::{self, Compare, Function, Operand, Test};
use super::value::Constant;

/// Octets that a compiled pattern may take.
const MAX_PATTERN: usize = 1 << 20;

/// Turns a condition into a test, and notes which fields it names.
pub(super) struct Checker<'t> {
    pub(super) text: &'t str,
    pub(super) zone: &'t TimeZone,
    pub(super) fields: Vec<Field>,
}

/// An operand and what it gives.
struct Typed {
    operand: Operand,
    kind: Kind,
    names: &'static [(u64, &'static str)],
}

type Checked<T> = Result<T, FilterFault>;

impl Checker<'_> {
    /// What must be known of a frame to apply the filter to it.
    pub(super) fn needs(&self) -> Needs {
        self.fields.iter().map(|field| field.needs()).max().unwrap_or_default()
    }

    /// The test for a condition.
    ///
    /// # Errors
    /// The first name that is no field, and the first value that its field cannot have.
    pub(super) fn test(&mut self, condition: &Condition) -> Checked<Test> {
        Ok(match condition {
            Condition::All(conditions) => Test::All(self.tests(conditions)?),
            Condition::Any(conditions) => Test::Any(self.tests(conditions)?),
            Condition::Odd(conditions) => Test::Odd(self.tests(conditions)?),
            Condition::Not(condition) => Test::Not(Box::new(self.test(condition)?)),
            Condition::There(term) => self.there(term)?,
            Condition::Compare { quantifier, comparison, left, right } => self.compare(*quantifier, *comparison, left, right)?,
            Condition::In { quantifier, left, members } => self.membership(*quantifier, left, members)?,
        })
    }

    fn tests(&mut self, conditions: &[Condition]) -> Checked<Vec<Test>> {
        conditions.iter().map(|condition| self.test(condition)).collect()
    }

    fn there(&mut self, term: &Term) -> Checked<Test> {
        let typed = self.source(term)?;
        match &typed.operand {
            Operand::Field(_) | Operand::Layers(..) | Operand::Slice(..) => Ok(Test::There(typed.operand)),
            Operand::Arithmetic(Arithmetic::BitAnd, ..) => Ok(Test::True(typed.operand)),
            _ => Err(self.fault(&term.span, "expected a comparison: this gives a value, which is neither there nor not")),
        }
    }

    fn compare(&mut self, quantifier: Option<Quantifier>, comparison: Comparison, left: &Term, right: &Term) -> Checked<Test> {
        let typed = self.source(left)?;
        match comparison {
            Comparison::Order(order, usual) => {
                self.ordered(&typed, order, left)?;
                let right = self.held_against(&typed, left, right)?;
                let quantifier = quantifier.unwrap_or(usual);
                Ok(Test::Compare(Compare { quantifier, order, left: typed.operand, right }))
            }
            Comparison::Contains => {
                self.sequence(&typed, left, "contains")?;
                let right = self.needle(&typed, left, right)?;
                Ok(Test::Contains(quantifier.unwrap_or(Quantifier::Any), typed.operand, right))
            }
            Comparison::Matches => {
                self.sequence(&typed, left, "matches")?;
                Ok(Test::Matches(quantifier.unwrap_or(Quantifier::Any), typed.operand, self.pattern(right)?))
            }
        }
    }

    fn ordered(&self, typed: &Typed, order: Order, term: &Term) -> Checked<()> {
        let only_equal = typed.kind == Kind::Mark;
        if only_equal {
            let what = format!("{} has no value to compare by {}: it is there or not", self.written(&term.span), order.sign());
            let hint = format!("Write {} alone, or !{}.", self.written(&term.span), self.written(&term.span));
            return Err(self.fault(&term.span, what).hint(Some(hint)));
        }
        Ok(())
    }

    fn sequence(&self, typed: &Typed, term: &Term, comparison: &str) -> Checked<()> {
        if matches!(typed.kind, Kind::Text | Kind::Octets | Kind::Protocol | Kind::Mac) {
            return Ok(());
        }
        let what = format!("{} is {}: {comparison} needs text or octets", self.written(&term.span), typed.kind.noun());
        let hint = format!("Write string({}) {comparison} …", self.written(&term.span));
        Err(self.fault(&term.span, what).hint((typed.kind != Kind::Mark).then_some(hint)))
    }

    fn membership(&mut self, quantifier: Option<Quantifier>, left: &Term, members: &[Member]) -> Checked<Test> {
        let typed = self.source(left)?;
        self.ordered(&typed, Order::Equal, left)?;
        let mut read = |term: &Term| self.held_against(&typed, left, term);
        let members = members.iter().map(|member| {
            Ok(match member {
                Member::One(term) => test::Member::One(read(term)?),
                Member::Range(low, high) => test::Member::Range(read(low)?, read(high)?),
            })
        });
        let members = members.collect::<Checked<Vec<_>>>()?;
        Ok(Test::In(quantifier.unwrap_or(Quantifier::Any), typed.operand, members))
    }

    /// What stands on the right: a field or what is made of fields, or a literal for the left side's kind.
    fn held_against(&mut self, left: &Typed, left_term: &Term, right: &Term) -> Checked<Operand> {
        if let Some(constant) = self.literal((left.kind, left.names), right)? {
            return Ok(Operand::Constant(constant));
        }
        let typed = self.operand(right, Some(left.kind))?;
        if left.kind.compares_with(typed.kind) {
            return Ok(typed.operand);
        }
        let (one, other) = (self.written(&left_term.span), self.written(&right.span));
        let what = format!("{one} and {other} do not compare: one is {}, the other {}", left.kind.noun(), typed.kind.noun());
        Err(self.fault(&right.span, what))
    }

    fn needle(&mut self, left: &Typed, left_term: &Term, right: &Term) -> Checked<Operand> {
        let kind = if left.kind == Kind::Text { Kind::Text } else { Kind::Octets };
        let typed = Typed { operand: Operand::Constant(Constant::Value(super::value::Value::Mark)), kind, names: &[] };
        self.held_against(&typed, left_term, right)
    }

    fn pattern(&self, term: &Term) -> Checked<regex::bytes::Regex> {
        let Shape::Quoted(octets) = &term.shape else {
            return Err(self.fault(&term.span, "expected a regular expression in double quotes"));
        };
        // An octet that is no UTF-8 by itself stands for itself.
        let pattern = match std::str::from_utf8(octets) {
            Ok(text) => text.to_owned(),
            Err(_) => octets.iter().map(|octet| escaped(*octet)).collect(),
        };
        let mut builder = RegexBuilder::new(&pattern);
        builder.case_insensitive(true).size_limit(MAX_PATTERN).dfa_size_limit(MAX_PATTERN);
        // A dot is an octet, as in Wireshark; a class of letters beyond ASCII needs characters.
        let built = builder.unicode(false).build().or_else(|fault| builder.unicode(true).build().map_err(|_| fault));
        built.map_err(|error| self.fault(&term.span, format!("expected a regular expression: {}", reason(&error))))
    }

    /// The constant, if the term is a literal: a word that names a field is one only where a field makes no sense.
    fn literal(&self, (kind, names): (Kind, &'static [(u64, &'static str)]), term: &Term) -> Checked<Option<Constant>> {
        let wanted = Wanted { kind, names, zone: self.zone };
        let written = match &term.shape {
            Shape::Word(word) if Field::named(word).is_some() => return Ok(None),
            Shape::Word(word) => Written::Word(word),
            Shape::Quoted(octets) => Written::Quoted(octets),
            Shape::Char(octet) => Written::Char(*octet),
            _ => return Ok(None),
        };
        let expected = |expected| {
            let fault = self.fault(&term.span, format!("expected {expected}"));
            match &term.shape {
                Shape::Word(word) => fault.hint(suggest::for_word(word, kind)),
                Shape::Quoted(octets) => fault.hint(suggest::without_quotes(octets, wanted)),
                _ => fault,
            }
        };
        wanted.read(written).map(Some).map_err(expected)
    }

    /// An operand on the left: it must name a field somewhere.
    fn source(&mut self, term: &Term) -> Checked<Typed> {
        match &term.shape {
            Shape::Word(word) if Field::named(word).is_none() => Err(self.unknown(word, &term.span)),
            Shape::Quoted(_) | Shape::Char(_) => Err(self.fault(&term.span, "expected a field such as tcp.port on the left")),
            _ => self.operand(term, None),
        }
    }

    fn unknown(&self, word: &str, span: &Range<usize>) -> FilterFault {
        let begins_as_number = word.starts_with(|first: char| first.is_ascii_digit() || first == ':' || first == '-');
        let what = if begins_as_number { "expected a field such as tcp.port on the left" } else { "no such field" };
        self.fault(span, what).hint(suggest::for_field(word))
    }

    /// Any operand; `wanted` is the kind that a literal in it is read for.
    fn operand(&mut self, term: &Term, wanted: Option<Kind>) -> Checked<Typed> {
        match &term.shape {
            Shape::Word(word) => match Field::named(word) {
                Some(field) => Ok(self.field(field, Operand::Field(field))),
                None => self.constant(term, wanted, Some(word)),
            },
            Shape::Quoted(_) | Shape::Char(_) => self.constant(term, wanted, None),
            Shape::Layer(name, ranges) => {
                let field = Field::named(name).ok_or_else(|| self.unknown(name, &term.span))?;
                Ok(self.field(field, Operand::Layers(field, ranges.clone())))
            }
            Shape::Slice(inner, ranges) => {
                let typed = self.source(inner)?;
                if !typed.kind.is_sequence() {
                    let what = format!("{} is {}, which cannot be cut into octets", self.written(&inner.span), typed.kind.noun());
                    return Err(self.fault(&inner.span, what));
                }
                let kind = if typed.kind == Kind::Text { Kind::Text } else { Kind::Octets };
                Ok(Typed { operand: Operand::Slice(Box::new(typed.operand), ranges.clone()), kind, names: &[] })
            }
            Shape::Call(name, arguments) => self.call(name, arguments, &term.span),
            Shape::Negate(inner) => {
                let typed = self.operand(inner, wanted)?;
                let kind = match typed.kind {
                    Kind::Number(_) | Kind::Signed(_) => Kind::Signed(64),
                    Kind::Duration => Kind::Duration,
                    kind => return Err(self.fault(&term.span, format!("{} has no sign", kind.noun()))),
                };
                Ok(Typed { operand: Operand::Negate(Box::new(typed.operand)), kind, names: &[] })
            }
            Shape::Arithmetic(arithmetic, left, right) => self.arithmetic(*arithmetic, left, right, wanted),
        }
    }

    fn field(&mut self, field: Field, operand: Operand) -> Typed {
        if !self.fields.contains(&field) {
            self.fields.push(field);
        }
        Typed { operand, kind: field.kind(), names: field.names() }
    }

    fn constant(&self, term: &Term, wanted: Option<Kind>, word: Option<&str>) -> Checked<Typed> {
        let Some(kind) = wanted else {
            return Err(word.map_or_else(
                || self.fault(&term.span, "expected a field such as tcp.port"),
                |word| self.unknown(word, &term.span),
            ));
        };
        match self.literal((kind, &[]), term)? {
            Some(constant) => Ok(Typed { operand: Operand::Constant(constant), kind, names: &[] }),
            None => Err(self.fault(&term.span, "expected a value")),
        }
    }

    fn call(&mut self, name: &str, arguments: &[Term], span: &Range<usize>) -> Checked<Typed> {
        let Some((_, function)) = Function::NAMES.into_iter().find(|(known, _)| *known == name) else {
            let name = span.start..span.start + name.len();
            let fault = self.fault(&name, "no such function: expected len, count, string, upper, lower, max, min or abs");
            return Err(fault);
        };
        let many = matches!(function, Function::Max | Function::Min);
        if arguments.is_empty() || (arguments.len() > 1 && !many) {
            return Err(self.fault(span, format!("expected one field between the parentheses of {name}")));
        }
        let typed = arguments.iter().map(|argument| self.source(argument)).collect::<Checked<Vec<_>>>()?;
        let kind = typed.first().map_or(Kind::Mark, |typed| typed.kind);
        for (typed, argument) in typed.iter().zip(arguments) {
            let fits = typed.kind.compares_with(kind) && function.takes(typed.kind);
            if !fits {
                let what = format!("{name} does not take {}, which is {}", self.written(&argument.span), typed.kind.noun());
                return Err(self.fault(&argument.span, what));
            }
        }
        let operand = Operand::Call(function, typed.into_iter().map(|typed| typed.operand).collect());
        Ok(Typed { operand, kind: function.gives(kind), names: &[] })
    }

    fn arithmetic(&mut self, arithmetic: Arithmetic, left: &Term, right: &Term, wanted: Option<Kind>) -> Checked<Typed> {
        let left_typed = self.operand(left, wanted)?;
        let takes = match (left_typed.kind, arithmetic) {
            (kind, Arithmetic::BitAnd) => kind.is_number() || kind.is_sequence(),
            (Kind::Duration, Arithmetic::Add | Arithmetic::Subtract) => true,
            (kind, _) => kind.is_number(),
        };
        if !takes {
            let what = format!("{} is {}, with which this is not done", self.written(&left.span), left_typed.kind.noun());
            return Err(self.fault(&left.span, what));
        }
        let kind = match left_typed.kind {
            Kind::Number(_) | Kind::Signed(_) | Kind::Flag => Kind::Signed(64),
            kind => kind,
        };
        let literal_kind = if left_typed.kind == Kind::Flag { kind } else { left_typed.kind };
        let right_typed = self.operand(right, Some(if kind == Kind::Signed(64) { Kind::Signed(64) } else { literal_kind }))?;
        if !kind.compares_with(right_typed.kind) {
            return Err(self.fault(&right.span, format!("expected {}, as on the left", kind.noun())));
        }
        let operand = Operand::Arithmetic(arithmetic, Box::new(left_typed.operand), Box::new(right_typed.operand));
        Ok(Typed { operand, kind, names: &[] })
    }

    fn written(&self, span: &Range<usize>) -> &str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    fn fault(&self, span: &Range<usize>, what: impl Into<String>) -> FilterFault {
        FilterFault::new(self.text, span.clone(), what)
    }
}

impl Order {
    const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

impl Function {
    /// What it may be given.
    fn takes(self, kind: Kind) -> bool {
        match self {
            Self::Len => kind.is_sequence(),
            Self::Count => true,
            Self::Text => kind != Kind::Mark,
            Self::Upper | Self::Lower => kind == Kind::Text,
            Self::Max | Self::Min => kind != Kind::Mark,
            Self::Abs => kind.is_number() || kind == Kind::Duration,
        }
    }

    /// What it gives for that.
    fn gives(self, kind: Kind) -> Kind {
        match self {
            Self::Len | Self::Count => Kind::Number(32),
            Self::Text | Self::Upper | Self::Lower => Kind::Text,
            Self::Max | Self::Min | Self::Abs => kind,
        }
    }
}

fn escaped(octet: u8) -> String {
    if octet.is_ascii() { char::from(octet).to_string() } else { format!("\\x{octet:02x}") }
}

fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().find_map(|line| line.strip_prefix("error: ")).unwrap_or("it is too large").to_owned()
}
