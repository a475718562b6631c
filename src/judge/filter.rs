//! Stub.
use crate::capture::Timestamp;
use crate::track::{Connection, Socket};
use std::borrow::Cow;
use std::net::IpAddr;
/// s
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> { /// a
 Mark, /// a
 Protocol(&'a [u8], usize), /// a
 Flag(bool), /// a
 Number(u64), /// a
 Text(Cow<'a, str>), /// a
 Octets(Cow<'a, [u8]>), /// a
 Address(IpAddr), /// a
 Time(Timestamp), /// a
 Duration(jiff::SignedDuration) }
impl<'a> Value<'a> { /// a
 pub const fn octets(o: &'a [u8]) -> Self { Self::Octets(Cow::Borrowed(o)) } }
/// a
#[derive(Clone, Copy, Debug)]
pub struct Field(&'static str);
impl Field { /// a
 pub const fn name(self) -> &'static str { self.0 } }
/// a
pub trait Row { /// a
 fn values<'a>(&'a self, field: Field, each: &mut dyn FnMut(Value<'a>)); }
impl Row for Connection { fn values<'a>(&'a self, _: Field, _: &mut dyn FnMut(Value<'a>)) {} }
impl Row for Socket { fn values<'a>(&'a self, _: Field, _: &mut dyn FnMut(Value<'a>)) {} }
/// a
#[derive(Clone, Debug)]
pub struct Filter;
impl Filter { /// a
 pub fn compile(_: &str) -> Result<Self, String> { Ok(Self) }
 /// a
 pub fn matches(&self, row: &dyn Row) -> bool { row.values(Field("x"), &mut |_| {}); true } }
