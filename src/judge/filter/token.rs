//! Text to tokens.
//!
//! What a word means depends on what it is compared with: `1389` is a number, two octets or a name. A word therefore
//! stays as it was written until its place is known.

use std::ops::Range;

use super::fault::FilterFault;
use super::range::{self, Ranges};

/// One token and the octets of the text it was read from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A sign: `==`, `(`, `..`.
    Sign(&'static str),
    /// A word without quotes: an operator, a field, a number, an address.
    Word(String),
    /// What stood between double quotes, escapes resolved: octets, for an escape may make any.
    Quoted(Vec<u8>),
    /// What stood between single quotes.
    Char(u8),
    /// What stood in brackets.
    Ranges(Ranges),
}

/// Signs, longer ones before those they begin with.
const SIGNS: [&str; 32] = [
    "===", "!==", "==", "!=", "~=", "<=", ">=", "&&", "||", "^^", "..", "<", ">", "!", "(", ")", "{", "}", ",", "&", "+", "-",
    "*", "/", "%", "#", "=", "|", "^", "~", "@", ";",
];

/// The tokens of a filter.
///
/// # Errors
/// Where a quotation or a bracket has no end, an escape is none, or a character begins nothing.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, FilterFault> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next()? {
        tokens.push(token);
    }
    Ok(tokens)
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    fn next(&mut self) -> Result<Option<Token>, FilterFault> {
        self.at = self.text.len() - self.rest().trim_start().len();
        let start = self.at;
        let Some(first) = self.rest().chars().next() else { return Ok(None) };
        let kind = match first {
            '"' => Kind::Quoted(self.quoted('"')?),
            '\'' => Kind::Char(self.char()?),
            'r' | 'R' if self.rest().get(1..2) == Some("\"") => Kind::Quoted(self.raw()?),
            '[' => Kind::Ranges(self.brackets()?),
            _ if is_word(first) || (first == ':' && self.rest().starts_with("::")) => Kind::Word(self.word().to_owned()),
            _ => Kind::Sign(self.sign(first)?),
        };
        Ok(Some(Token { kind, span: start..self.at }))
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn fault(&self, span: Range<usize>, what: impl Into<String>) -> FilterFault {
        FilterFault::new(self.text, span, what)
    }

    fn sign(&mut self, first: char) -> Result<&'static str, FilterFault> {
        match SIGNS.into_iter().find(|sign| self.rest().starts_with(sign)) {
            Some(sign) => {
                self.at += sign.len();
                Ok(sign)
            }
            None => {
                let span = self.at..self.at + first.len_utf8();
                Err(self.fault(span, format!("{} means nothing here: text goes between quotes", first.escape_debug())))
            }
        }
    }

    /// A word ends before `..`; an address may be followed by the length of its prefix.
    fn word(&mut self) -> &'t str {
        let rest = self.rest();
        let inside = |(at, char): &(usize, char)| is_inner(*char) && !rest.get(*at..).is_some_and(|rest| rest.starts_with(".."));
        let mut len = rest.char_indices().take_while(inside).map(|(at, char)| at + char.len_utf8()).last().unwrap_or(0);
        let word = rest.get(..len).unwrap_or_default();
        let prefix = rest.get(len..).and_then(|rest| rest.strip_prefix('/'));
        if let Some(prefix) = prefix.filter(|_| word.parse::<std::net::IpAddr>().is_ok()) {
            let digits = prefix.bytes().take_while(u8::is_ascii_digit).count();
            len += if digits > 0 { digits + 1 } else { 0 };
        }
        self.at += len;
        rest.get(..len).unwrap_or_default()
    }

    /// What stands before the next `quote`, with escapes resolved.
    fn quoted(&mut self, quote: char) -> Result<Vec<u8>, FilterFault> {
        let start = self.at;
        self.at += 1;
        let mut octets = Vec::new();
        loop {
            match self.rest().chars().next() {
                None => return Err(self.fault(start..self.text.len(), format!("no closing {quote}"))),
                Some('\\') => self.escape(&mut octets)?,
                Some(char) => {
                    self.at += char.len_utf8();
                    if char == quote {
                        return Ok(octets);
                    }
                    octets.extend(char.encode_utf8(&mut [0; 4]).bytes());
                }
            }
        }
    }

    fn char(&mut self) -> Result<u8, FilterFault> {
        let start = self.at;
        match self.quoted('\'')?.as_slice() {
            [octet] => Ok(*octet),
            _ => Err(self.fault(start..self.at, "expected one octet between single quotes; text goes between double quotes")),
        }
    }

    /// `r"\d+"`: a backslash is a backslash, and a quote behind one does not end the text.
    fn raw(&mut self) -> Result<Vec<u8>, FilterFault> {
        let start = self.at;
        self.at += 2;
        let mut escaped = false;
        for (at, octet) in self.rest().bytes().enumerate() {
            match octet {
                b'"' if !escaped => {
                    let octets = self.rest().as_bytes().get(..at).unwrap_or_default().to_vec();
                    self.at += at + 1;
                    return Ok(octets);
                }
                octet => escaped = octet == b'\\' && !escaped,
            }
        }
        Err(self.fault(start..self.text.len(), "no closing \""))
    }

    /// An escape as in C: a letter, up to three octal digits, or `x` and up to two hexadecimal ones.
    fn escape(&mut self, octets: &mut Vec<u8>) -> Result<(), FilterFault> {
        let start = self.at;
        self.at += 1;
        let letter = self.rest().chars().next();
        let simple = match letter {
            Some('n') => Some(b'\n'),
            Some('r') => Some(b'\r'),
            Some('t') => Some(b'\t'),
            Some('a') => Some(7),
            Some('b') => Some(8),
            Some('f') => Some(12),
            Some('v') => Some(11),
            Some(same @ ('\\' | '"' | '\'' | '?')) => u8::try_from(same).ok(),
            _ => None,
        };
        if let Some(octet) = simple {
            self.at += 1;
            octets.push(octet);
            return Ok(());
        }
        let (skip, most, radix) = if letter == Some('x') { (1, 2, 16) } else { (0, 3, 8) };
        let digits = self.rest().get(skip..).unwrap_or_default();
        let len = digits.bytes().take(most).take_while(|digit| char::from(*digit).is_digit(radix)).count();
        let octet = digits.get(..len).and_then(|digits| u8::from_str_radix(digits, radix).ok());
        let Some(octet) = octet else {
            let end = self.at + letter.map_or(0, char::len_utf8);
            let fault = self.fault(start..end, "no such escape: expected \\n, \\t, \\\", \\\\, \\x41 or \\101");
            return Err(fault.hint(Some("In a regular expression write \\\\d, or r\"\\d\" without escapes.".to_owned())));
        };
        self.at += skip + len;
        octets.push(octet);
        Ok(())
    }

    fn brackets(&mut self) -> Result<Ranges, FilterFault> {
        let start = self.at + 1;
        let Some(len) = self.rest().find(']') else {
            return Err(self.fault(self.at..self.text.len(), "no closing ]"));
        };
        let (end, inner) = (self.at + len, self.text.get(start..self.at + len).unwrap_or_default());
        let ranges = range::read(inner).map_err(|what| self.fault(start..end, what))?;
        self.at = end + 1;
        Ok(ranges)
    }
}

/// A word begins so.
fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

/// And goes on so.
fn is_inner(char: char) -> bool {
    is_word(char) || matches!(char, '.' | ':' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tokens of a text, one word each.
    fn show(text: &str) -> Vec<String> {
        let word = |token: Token| match token.kind {
            Kind::Sign(sign) => sign.to_owned(),
            Kind::Word(word) => word,
            Kind::Quoted(octets) => format!("\"{}\"", octets.escape_ascii()),
            Kind::Char(octet) => format!("'{}'", octet.escape_ascii()),
            Kind::Ranges(ranges) => format!("{ranges:?}"),
        };
        tokens(text).unwrap().into_iter().map(word).collect()
    }

    #[test]
    fn words_are_kept_as_written() {
        assert_eq!(show("tcp.port==5001&&!udp"), ["tcp.port", "==", "5001", "&&", "!", "udp"]);
        assert_eq!(show("ip.addr in{10.0.0.0/8,1..5}"), ["ip.addr", "in", "{", "10.0.0.0/8", ",", "1", "..", "5", "}"]);
        assert_eq!(show("eth.src == 00-11-22"), ["eth.src", "==", "00-11-22"]);
        assert_eq!(show("::1 fe80::/10 ::"), ["::1", "fe80::/10", "::"]);
        assert_eq!(show("tcp.len / 2 -1"), ["tcp.len", "/", "2", "-", "1"]);
        assert_eq!(show("10.0.0.1..10.0.0.9"), ["10.0.0.1", "..", "10.0.0.9"]);
    }

    #[test]
    fn escapes_make_octets() {
        assert_eq!(
            show(r#""a\x41\102\n\"" 'x' '\x7f' r"\d\"" "홍""#),
            [r#""aAB\n\"""#, "'x'", r"'\x7f'", r#""\\d\\\"""#, r#""\xed\x99\x8d""#,]
        );
    }

    #[test]
    fn what_does_not_end_is_a_fault() {
        for (text, column) in
            [("tcp contains \"abc", 14), ("tcp[1", 4), ("a == 'ab'", 6), (r#""\q""#, 2), ("a ? b", 3), ("r\"x", 1)]
        {
            assert_eq!(tokens(text).unwrap_err().column(), column, "{text}");
        }
    }
}
