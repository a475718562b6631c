//! Rows as most tables have them, straight from the tokens of TOML: `[[socket]]`, and below it `key = "value"`.
//!
//! No tree is built of a table that may be long and is read once. Whatever else TOML allows, and all that is wrong, is left
//! to the library as a whole.

use serde::de::value::{Error, MapDeserializer};
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use toml_parser::Source;
use toml_parser::decoder::ScalarKind;
use toml_parser::lexer::{Token, TokenKind};

/// The rows of a text, if it has rows of this table and nothing else.
pub(super) fn rows<'t, R: Deserialize<'t>>(text: &'t str, table: &str) -> Option<Vec<R>> {
    let source = Source::new(text);
    let tokens = source.lex().into_vec();
    let mut reader = Reader { source, tokens: &tokens };
    let (mut rows, mut fields) = (Vec::new(), Vec::new());
    reader.blank_lines()?;
    while !reader.is_over() {
        reader.heading(table)?;
        while let Some(key) = reader.key() {
            fields.push((key, reader.value()?));
        }
        // A row that lacks something, or has too much, is not plain.
        rows.push(R::deserialize(MapDeserializer::<_, Error>::new(fields.drain(..))).ok()?);
    }
    Some(rows)
}

/// Reads tokens; `None` wherever they are not those of plain rows.
struct Reader<'t, 's> {
    source: Source<'t>,
    /// Those to come.
    tokens: &'s [Token],
}

impl<'t> Reader<'t, '_> {
    fn is_over(&self) -> bool {
        self.tokens.first().is_none_or(|token| token.kind() == TokenKind::Eof)
    }

    /// The next token, if it is of this kind.
    fn token(&mut self, kind: TokenKind) -> Option<Token> {
        let (token, rest) = self.tokens.split_first().filter(|(token, _)| token.kind() == kind)?;
        self.tokens = rest;
        Some(*token)
    }

    fn text(&self, token: Token) -> &'t str {
        self.source.get(token).map_or("", |raw| raw.as_str())
    }

    /// `[[table]]`, and the end of its line.
    fn heading(&mut self, table: &str) -> Option<()> {
        (0..2).try_for_each(|_| self.token(TokenKind::LeftSquareBracket).map(drop))?;
        self.token(TokenKind::Whitespace);
        self.token(TokenKind::Atom).filter(|name| self.text(*name) == table)?;
        self.token(TokenKind::Whitespace);
        (0..2).try_for_each(|_| self.token(TokenKind::RightSquareBracket).map(drop))?;
        self.end_of_line()
    }

    /// What seems to be a key; what is none, is none of the row's either.
    fn key(&mut self) -> Option<&'t str> {
        self.token(TokenKind::Atom).map(|key| self.text(key))
    }

    /// `= value`, and the end of its line.
    fn value(&mut self) -> Option<Value<'t>> {
        self.token(TokenKind::Whitespace);
        self.token(TokenKind::Equals)?;
        self.token(TokenKind::Whitespace);
        let (mut text, mut wrong) = ("", None);
        let token = self.tokens.split_off_first()?;
        let value = match self.source.get(token)?.decode_scalar(&mut text, &mut wrong) {
            ScalarKind::String => Value::Text(text),
            ScalarKind::Boolean(flag) => Value::Flag(flag),
            ScalarKind::DateTime | ScalarKind::Float | ScalarKind::Integer(_) => return None,
        };
        self.end_of_line()?;
        wrong.is_none().then_some(value)
    }

    /// The end of a line that something stands in, and blank lines behind it.
    fn end_of_line(&mut self) -> Option<()> {
        let ends = self.line_break()? || self.is_over();
        ends.then(|| self.blank_lines())?
    }

    fn blank_lines(&mut self) -> Option<()> {
        while self.line_break()? {}
        Some(())
    }

    /// Space and a comment, if there are any, and whether the line ends behind them.
    fn line_break(&mut self) -> Option<bool> {
        let mut wrong = None;
        self.token(TokenKind::Whitespace);
        if let Some(comment) = self.token(TokenKind::Comment) {
            self.source.get(comment)?.decode_comment(&mut wrong);
        }
        let newline = self.token(TokenKind::Newline);
        if let Some(newline) = newline {
            self.source.get(newline)?.decode_newline(&mut wrong);
        }
        wrong.is_none().then_some(newline.is_some())
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
    use proptest::collection::vec;
    use proptest::prelude::{ProptestConfig, proptest};
    use proptest::sample::select;

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
            #[serde(default, borrow)]
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
        let text =
            "# first\n\n[[row]]\nkey = \"한글\" # behind\r\n  flag=true\n[[ row ]]\n other = ''\nkey = 'it'\n[[row]]\nkey = \"\"";
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
    /// What tables are made of, and what else there is in TOML.
    const PARTS: [&str; 24] = [
        "[[row]]\nkey = 'a'\n",
        "[[row]]",
        "key = \"b\"",
        "flag = true",
        "other = 'c'",
        "\n",
        "\r\n",
        "\r",
        " ",
        "# d",
        "=",
        "key",
        "flag",
        "'e'",
        "\"f\\n\"",
        "\"\"\"",
        "false",
        "[",
        "]",
        ".",
        ",",
        "{}",
        "1",
        "\u{1}",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nothing_is_read_otherwise_than_the_library_reads_it(parts in vec(select(&PARTS[..]), 0..12)) {
            read(&parts.concat());
            read(&(PARTS[0].to_owned() + &parts.concat()));
        }
    }
}
