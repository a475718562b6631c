//! A compiled filter: tests whose operands have types, and how a row is held against them.

use std::borrow::Cow;
use std::cmp::Ordering;

use regex::bytes::Regex;

use super::field::Field;
use super::range::Ranges;
use super::row::Row;
use super::syntax::{Arithmetic, Order, Quantifier};
use super::value::{Constant, Value};

/// A condition that a row meets or not.
#[derive(Debug)]
pub(super) enum Test {
    All(Vec<Test>),
    Any(Vec<Test>),
    Odd(Vec<Test>),
    Not(Box<Test>),
    /// The field has a value.
    There(Operand),
    /// Some value of the operand is not zero.
    True(Operand),
    Compare(Compare),
    /// The left one holds the right one somewhere.
    Contains(Quantifier, Operand, Operand),
    Matches(Quantifier, Operand, Regex),
    In(Quantifier, Operand, Vec<Member>),
}

/// Values held against values.
#[derive(Debug)]
pub(super) struct Compare {
    pub(super) quantifier: Quantifier,
    pub(super) order: Order,
    pub(super) left: Operand,
    pub(super) right: Operand,
}

/// A member of a set.
#[derive(Debug)]
pub(super) enum Member {
    One(Operand),
    Range(Operand, Operand),
}

/// What gives values.
#[derive(Debug)]
pub(super) enum Operand {
    Constant(Constant),
    Field(Field),
    /// The field in some layers only.
    Layers(Field, Ranges),
    Slice(Box<Operand>, Ranges),
    Call(Function, Vec<Operand>),
    Negate(Box<Operand>),
    Arithmetic(Arithmetic, Box<Operand>, Box<Operand>),
}

/// A function of Wireshark 4.0.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Function {
    Len,
    Count,
    Text,
    Upper,
    Lower,
    Max,
    Min,
    Abs,
}

impl Function {
    pub(super) const NAMES: [(&'static str, Self); 8] = [
        ("len", Self::Len),
        ("count", Self::Count),
        ("string", Self::Text),
        ("upper", Self::Upper),
        ("lower", Self::Lower),
        ("max", Self::Max),
        ("min", Self::Min),
        ("abs", Self::Abs),
    ];
}

impl Order {
    const fn admits(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }

    /// Values that do not compare are different.
    fn holds(self, ordering: Option<Ordering>) -> bool {
        ordering.map_or(self == Self::NotEqual, |ordering| self.admits(ordering))
    }
}

/// Whether enough of the values pass: one of them, or all and at least one.
#[derive(Clone, Copy)]
struct Tally {
    quantifier: Quantifier,
    any: bool,
    all: bool,
}

impl Tally {
    const fn new(quantifier: Quantifier) -> Self {
        Self { quantifier, any: false, all: true }
    }

    const fn see(&mut self, passes: bool) {
        self.any |= passes;
        self.all &= passes;
    }

    const fn holds(self, seen: bool) -> bool {
        match self.quantifier {
            Quantifier::Any => self.any,
            Quantifier::All => self.all && seen,
        }
    }
}

impl Test {
    /// The row meets the condition.
    pub(super) fn holds(&self, row: &dyn Row) -> bool {
        match self {
            Self::All(tests) => tests.iter().all(|test| test.holds(row)),
            Self::Any(tests) => tests.iter().any(|test| test.holds(row)),
            Self::Odd(tests) => tests.iter().filter(|test| test.holds(row)).count() % 2 == 1,
            Self::Not(test) => !test.holds(row),
            Self::There(operand) => quantified(Quantifier::Any, operand, row, &mut |_| true),
            Self::True(operand) => quantified(Quantifier::Any, operand, row, &mut |value| value.is_true()),
            Self::Compare(compare) => compare.holds(row),
            Self::Contains(quantifier, left, right) => {
                let needles = right.all(row);
                pairs(*quantifier, left, &needles, row, contains)
            }
            Self::Matches(quantifier, left, regex) => {
                quantified(*quantifier, left, row, &mut |value| value.as_octets().is_some_and(|octets| regex.is_match(&octets)))
            }
            Self::In(quantifier, left, members) => {
                quantified(*quantifier, left, row, &mut |value| members.iter().any(|member| member.has(value, row)))
            }
        }
    }
}

impl Compare {
    fn holds(&self, row: &dyn Row) -> bool {
        let Self { quantifier, order, left, right } = self;
        if let Operand::Constant(constant) = right {
            return quantified(*quantifier, left, row, &mut |value| order.holds(constant.order_of(value)));
        }
        let others = right.all(row);
        pairs(*quantifier, left, &others, row, |value, other| order.holds(value.order(other)))
    }
}

impl Member {
    fn has(&self, value: &Value<'_>, row: &dyn Row) -> bool {
        match self {
            Self::One(Operand::Constant(constant)) => constant.order_of(value) == Some(Ordering::Equal),
            Self::One(operand) => operand.all(row).iter().any(|member| value.order(member) == Some(Ordering::Equal)),
            Self::Range(low, high) => {
                let above = low.all(row).iter().any(|low| value.order(low).is_some_and(Ordering::is_ge));
                above && high.all(row).iter().any(|high| value.order(high).is_some_and(Ordering::is_le))
            }
        }
    }
}

/// Whether enough values of the operand pass.
fn quantified(quantifier: Quantifier, operand: &Operand, row: &dyn Row, passes: &mut dyn FnMut(&Value<'_>) -> bool) -> bool {
    let (mut tally, mut seen) = (Tally::new(quantifier), false);
    operand.each(row, &mut |value| {
        seen = true;
        tally.see(passes(&value));
    });
    tally.holds(seen)
}

/// Whether enough pairs of a value and one of `others` pass.
fn pairs(
    quantifier: Quantifier,
    operand: &Operand,
    others: &[Value<'_>],
    row: &dyn Row,
    passes: impl Fn(&Value<'_>, &Value<'_>) -> bool,
) -> bool {
    let (mut tally, mut seen) = (Tally::new(quantifier), false);
    operand.each(row, &mut |value| {
        for other in others {
            seen = true;
            tally.see(passes(&value, other));
        }
    });
    tally.holds(seen)
}

/// Nothing holds nothing: Wireshark finds no empty text anywhere.
fn contains(value: &Value<'_>, needle: &Value<'_>) -> bool {
    let (Some(octets), Some(needle)) = (value.as_octets(), needle.as_octets()) else { return false };
    let Some(first) = needle.first() else { return false };
    let last = octets.len().saturating_sub(needle.len());
    octets.len() >= needle.len()
        && octets
            .iter()
            .take(last + 1)
            .enumerate()
            .any(|(at, octet)| octet == first && octets.get(at..at + needle.len()) == Some(&*needle))
}

impl Operand {
    fn all<'a>(&'a self, row: &'a dyn Row) -> Vec<Value<'a>> {
        let mut values = Vec::new();
        self.each(row, &mut |value| values.push(value));
        values
    }

    /// Hands out every value.
    fn each<'a>(&'a self, row: &'a dyn Row, each: &mut dyn FnMut(Value<'a>)) {
        match self {
            Self::Constant(constant) => each(constant.value()),
            Self::Field(field) => row.values(*field, each),
            Self::Layers(field, ranges) => in_layers(*field, ranges, row, each),
            Self::Slice(operand, ranges) => {
                operand.each(row, &mut |value| slice(&value, ranges).into_iter().for_each(&mut *each))
            }
            Self::Call(function, arguments) => call(*function, arguments, row, each),
            Self::Negate(operand) => operand.each(row, &mut |value| negated(&value).into_iter().for_each(&mut *each)),
            Self::Arithmetic(arithmetic, left, right) => {
                let others = right.all(row);
                left.each(row, &mut |value| {
                    others.iter().filter_map(|other| arithmetic.of(&value, other)).for_each(&mut *each);
                });
            }
        }
    }
}

fn in_layers<'a>(field: Field, ranges: &Ranges, row: &'a dyn Row, each: &mut dyn FnMut(Value<'a>)) {
    let mut found: Vec<(usize, Value<'a>)> = Vec::new();
    row.layered(field, &mut |layer, value| found.push((layer, value)));
    let layers = found.iter().map(|(layer, _)| *layer).max().unwrap_or(0);
    // Layers count from one; a negative number counts from the innermost.
    let wanted = |layer: usize| ranges.iter().filter_map(|span| span.of_layers(layers)).any(|range| range.contains(&layer));
    found.into_iter().filter(|(layer, _)| wanted(*layer)).for_each(|(_, value)| each(value));
}

/// The octets in the ranges, one after the other; none if one of the ranges is not all there.
fn slice(value: &Value<'_>, ranges: &Ranges) -> Option<Value<'static>> {
    if let Value::Text(text) = value {
        // Ranges of text count characters.
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let part = |range: std::ops::Range<usize>| text.get(*places.get(range.start)?..*places.get(range.end)?);
        let parts: Option<String> = ranges.iter().map(|span| part(span.within(places.len() - 1)?)).collect();
        return parts.map(|text| Value::Text(Cow::Owned(text)));
    }
    let octets = value.as_octets()?;
    let parts: Option<Vec<&[u8]>> = ranges.iter().map(|span| octets.get(span.within(octets.len())?)).collect();
    parts.map(|parts| Value::Octets(Cow::Owned(parts.concat())))
}

fn negated(value: &Value<'_>) -> Option<Value<'static>> {
    match value {
        Value::Duration(duration) => duration.checked_neg().map(Value::Duration),
        value => Some(Value::Signed(i64::try_from(value.number()?.checked_neg()?).ok()?)),
    }
}

impl Arithmetic {
    /// What it makes of two values; nothing where the result does not fit.
    fn of(self, left: &Value<'_>, right: &Value<'_>) -> Option<Value<'static>> {
        match (left, right) {
            (Value::Duration(a), Value::Duration(b)) => match self {
                Self::Add => a.checked_add(*b).map(Value::Duration),
                Self::Subtract => a.checked_sub(*b).map(Value::Duration),
                _ => None,
            },
            _ => match (left.number(), right.number()) {
                (Some(a), Some(b)) => self.of_numbers(a, b).and_then(fitting),
                _ => self.of_octets(left, right),
            },
        }
    }

    fn of_numbers(self, a: i128, b: i128) -> Option<i128> {
        match self {
            Self::BitAnd => Some(a & b),
            Self::Add => a.checked_add(b),
            Self::Subtract => a.checked_sub(b),
            Self::Multiply => a.checked_mul(b),
            Self::Divide => a.checked_div(b),
            Self::Modulo => a.checked_rem(b),
        }
    }

    /// The bits that two sequences of one length share.
    fn of_octets(self, left: &Value<'_>, right: &Value<'_>) -> Option<Value<'static>> {
        let (a, b) = (left.as_octets()?, right.as_octets()?);
        if self != Self::BitAnd || a.len() != b.len() {
            return None;
        }
        let bits: Vec<u8> = a.iter().zip(b.iter()).map(|(a, b)| a & b).collect();
        Some(match (left, <[u8; 4]>::try_from(bits.as_slice()), <[u8; 16]>::try_from(bits.as_slice())) {
            (Value::Address(_), Ok(bits), _) => Value::Address(bits.into()),
            (Value::Address(_), _, Ok(bits)) => Value::Address(bits.into()),
            _ => Value::Octets(Cow::Owned(bits)),
        })
    }
}

fn fitting(number: i128) -> Option<Value<'static>> {
    match u64::try_from(number) {
        Ok(number) => Some(Value::Number(number)),
        Err(_) => i64::try_from(number).ok().map(Value::Signed),
    }
}

fn call<'a>(function: Function, arguments: &'a [Operand], row: &'a dyn Row, each: &mut dyn FnMut(Value<'a>)) {
    let values: Vec<Value<'a>> = arguments.iter().flat_map(|argument| argument.all(row)).collect();
    match function {
        Function::Count if !values.is_empty() => each(Value::Number(values.len() as u64)),
        Function::Count => {}
        Function::Max => values
            .into_iter()
            .reduce(|a, b| if b.order(&a) == Some(Ordering::Greater) { b } else { a })
            .into_iter()
            .for_each(each),
        Function::Min => {
            values.into_iter().reduce(|a, b| if b.order(&a) == Some(Ordering::Less) { b } else { a }).into_iter().for_each(each)
        }
        _ => values.iter().filter_map(|value| function.of(value)).for_each(each),
    }
}

impl Function {
    /// What a function of a single value makes of it.
    fn of(self, value: &Value<'_>) -> Option<Value<'static>> {
        match self {
            Self::Len => length(value).map(Value::Number),
            Self::Text => value.written().map(|text| Value::Text(Cow::Owned(text))),
            Self::Upper => text(value).map(|text| Value::Text(Cow::Owned(text.to_ascii_uppercase()))),
            Self::Lower => text(value).map(|text| Value::Text(Cow::Owned(text.to_ascii_lowercase()))),
            Self::Abs => match value {
                Value::Duration(duration) => Some(Value::Duration(duration.abs())),
                value => fitting(value.number()?.checked_abs()?),
            },
            Self::Count | Self::Max | Self::Min => None,
        }
    }
}

/// Octets; of a protocol those of its header.
fn length(value: &Value<'_>) -> Option<u64> {
    match value {
        Value::Protocol(_, header) => Some(*header as u64),
        value => value.as_octets().map(|octets| octets.len() as u64),
    }
}

fn text<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}
