//! A filter as it is written: what stands where, before anything is known of types.

use std::ops::Range;

use super::range::Ranges;

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    /// An odd number of them holds.
    Odd(Vec<Condition>),
    Not(Box<Condition>),
    /// An operand alone: it exists, or its bits are not all zero.
    There(Term),
    Compare {
        quantifier: Option<Quantifier>,
        comparison: Comparison,
        left: Term,
        right: Term,
    },
    In {
        quantifier: Option<Quantifier>,
        left: Term,
        members: Vec<Member>,
    },
}

/// Whether one value is enough.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Quantifier {
    Any,
    All,
}

/// What two operands are held against each other for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Comparison {
    /// The order, and whether one value is enough if nothing else is said.
    Order(Order, Quantifier),
    Contains,
    Matches,
}

/// An order that two values may stand in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Order {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// An operand and the octets of the text it was read from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Term {
    pub(super) shape: Shape,
    pub(super) span: Range<usize>,
}

/// What an operand is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    Word(String),
    Quoted(Vec<u8>),
    Char(u8),
    /// `ip.addr#[1,2]`: the field in some layers only.
    Layer(String, Ranges),
    /// `eth.src[0:3]`.
    Slice(Box<Term>, Ranges),
    Call(String, Vec<Term>),
    Negate(Box<Term>),
    Arithmetic(Arithmetic, Box<Term>, Box<Term>),
}

/// What is done with two numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Arithmetic {
    BitAnd,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

/// A member of a set.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Member {
    One(Term),
    Range(Term, Term),
}
