//! Rows as most tables have them, straight from the events of the TOML parser: `[[socket]]`, and below it `key = "value"`.
//!
//! No tree is built of a table that may be long and is read once. Whatever else TOML allows, and all that is wrong, is left
//! to the library as a whole.

use serde::de::value::{Error, MapDeserializer};
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use toml_parser::decoder::{Encoding, ScalarKind};
use toml_parser::parser::{EventReceiver, parse_document};
use toml_parser::{ErrorSink, Raw, Source, Span};

/// The rows of a text, if it has rows of this table and nothing else.
pub(super) fn rows<'t, R: Deserialize<'t>>(text: &'t str, table: &str) -> Option<Vec<R>> {
    let source = Source::new(text);
    let mut reader = Reader { source, table, at: At::Begin, key: "", row: Vec::new(), rows: Vec::new(), odd: false };
    let mut wrong = None;
    parse_document(&source.lex().into_vec(), &mut reader, &mut wrong);
    reader.end_row();
    (wrong.is_none() && !reader.odd).then_some(reader.rows)
}

/// Takes events, as long as they tell of plain rows.
struct Reader<'t, 'n, R> {
    source: Source<'t>,
    table: &'n str,
    at: At,
    /// The last key.
    key: &'t str,
    row: Vec<(&'t str, Value<'t>)>,
    rows: Vec<R>,
    /// There is something else.
    odd: bool,
}

/// Where the reader is.
#[derive(Clone, Copy, Eq, PartialEq)]
enum At {
    /// Before the first row.
    Begin,
    Heading,
    Row,
}

impl<'t, R: Deserialize<'t>> Reader<'t, '_, R> {
    /// A row that lacks something, or has too much, is not plain.
    fn end_row(&mut self) {
        if self.at == At::Row {
            let row = R::deserialize(MapDeserializer::<_, Error>::new(self.row.drain(..)));
            row.map_or_else(|_| self.odd = true, |row| self.rows.push(row));
        }
    }

    fn raw(&self, span: Span, encoding: Option<Encoding>) -> Raw<'t> {
        Raw::new_unchecked(self.source.get(span).map_or("", |raw| raw.as_str()), encoding, span)
    }
}

impl<'t, R: Deserialize<'t>> EventReceiver for Reader<'t, '_, R> {
    fn array_table_open(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.end_row();
        self.at = At::Heading;
    }

    fn array_table_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.at = At::Row;
    }

    /// Whether a row has such a field, the row tells: what is no key is none of its fields either.
    fn simple_key(&mut self, span: Span, encoding: Option<Encoding>, _: &mut dyn ErrorSink) {
        self.key = self.raw(span, None).as_str();
        self.odd |= match self.at {
            _ if encoding.is_some() => true,
            At::Begin => true,
            At::Heading => self.key != self.table,
            At::Row => false,
        };
    }

    fn scalar(&mut self, span: Span, encoding: Option<Encoding>, error: &mut dyn ErrorSink) {
        let mut text = "";
        match self.raw(span, encoding).decode_scalar(&mut text, error) {
            ScalarKind::String => self.row.push((self.key, Value::Text(text))),
            ScalarKind::Boolean(flag) => self.row.push((self.key, Value::Flag(flag))),
            ScalarKind::DateTime | ScalarKind::Float | ScalarKind::Integer(_) => self.odd = true,
        }
    }

    fn comment(&mut self, span: Span, error: &mut dyn ErrorSink) {
        self.raw(span, None).decode_comment(error);
    }

    fn newline(&mut self, span: Span, error: &mut dyn ErrorSink) {
        self.raw(span, None).decode_newline(error);
    }

    fn key_sep(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.odd = true;
    }

    fn std_table_open(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.odd = true;
    }

    fn inline_table_open(&mut self, _: Span, _: &mut dyn ErrorSink) -> bool {
        self.odd = true;
        false
    }

    fn array_open(&mut self, _: Span, _: &mut dyn ErrorSink) -> bool {
        self.odd = true;
        false
    }

    fn error(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.odd = true;
    }
}

/// A value as rows have them.
#[derive(Clone, Copy)]
enum Value<'t> {
    Text(&'t str),
    Flag(bool),
}

impl<'t> IntoDeserializer<'t> for Value<'t> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'t> Deserializer<'t> for Value<'t> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Text(text) => visitor.visit_borrowed_str(text),
            Self::Flag(flag) => visitor.visit_bool(flag),
        }
    }

    fn deserialize_option<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        <V: Visitor<'t>>
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Pair<'t> {
        key: &'t str,
        #[serde(default)]
        flag: bool,
        other: Option<String>,
    }

    /// The rows, which are those that the library reads.
    fn read(text: &str) -> Option<Vec<Pair<'_>>> {
        #[derive(Deserialize)]
        struct Document<'t> {
            #[serde(borrow)]
            row: Vec<Pair<'t>>,
        }
        let read = rows(text, "row");
        if let Some(rows) = &read {
            assert_eq!(*rows, toml::from_str::<Document<'_>>(text).unwrap().row);
        }
        read
    }

    #[test]
    fn plain_rows_are_read_as_the_library_reads_them() {
        let text = "# first\n\n[[row]]\nkey = \"한글\" # behind\r\n  flag=true\n[[ row ]]\n other = ''\nkey = 'it'\n[[row]]\nkey = \"\"";
        let expected = [("한글", true, None), ("it", false, Some(String::new())), ("", false, None)];
        assert_eq!(read(text).unwrap(), expected.map(|(key, flag, other)| Pair { key, flag, other }));
        assert_eq!(read("[[row]]\nkey = \"\"\"\none line\"\"\"").unwrap()[0].key, "one line");
    }

    #[test]
    fn all_else_is_left_to_the_library() {
        let plain = "[[row]]\nkey = \"a\"\n";
        assert!(read(plain).is_some());
        for odd in [
            "key = \"b\"",
            "flag = 1",
            "flag = \"true\"",
            "flag = tru",
            "other = true",
            "other = \"a\\tb\"",
            "other = [\"a\"]",
            "other = {}",
            "o.ther = \"a\"",
            "unknown = true",
            "unknown! = true",
            "\"flag\" = true",
            "other = \"",
            "other =",
            "other",
            "other = \"a\" b",
            "other = 2026-11-30",
            "# \u{1}",
            "flag = true\rother = \"a\"",
            "[[row]]",
            "[row.other]",
            "[[other]]",
            "[[row.other]]",
            "[[row]",
            "[[row]] key = \"a\"",
        ] {
            assert_eq!(read(&format!("{plain}{odd}\n")), None, "{odd}");
        }
        assert_eq!(read(&format!("title = \"a\"\n{plain}")), None);
    }
}
