//! SQLite's SQL cut into tokens.
//! Never judges what the tokens say: `parse` does.

pub use crate::provider::sql::{literal, quote};

/// What sort of token it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A keyword or an identifier without quotes.
    Word,
    /// An identifier in `"x"`, `` `x` `` or `[x]`.
    Quoted,
    /// A text in single quotes.
    Text,
    /// `x'00ff'`.
    Blob,
    Number,
    /// `?1`, `:name`, `@name`, `$name`.
    Parameter,
    /// An operator or a bracket.
    Sign,
}

/// One token with its place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    pub sort: Sort,
    pub text: &'a str,
    pub start: usize,
}

impl Token<'_> {
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Tells whether it is this keyword.
    pub fn is(&self, word: &str) -> bool {
        self.sort == Sort::Word && self.text.eq_ignore_ascii_case(word)
    }

    pub fn is_sign(&self, sign: &str) -> bool {
        self.sort == Sort::Sign && self.text == sign
    }

    /// The name it stands for where SQLite wants a name; it takes a text in quotes for one as well.
    pub fn name(&self) -> Option<String> {
        match self.sort {
            Sort::Word => Some(self.text.to_owned()),
            Sort::Quoted | Sort::Text => Some(unquote(self.text)),
            Sort::Blob | Sort::Number | Sort::Parameter | Sort::Sign => None,
        }
    }
}

/// A quote or a comment without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unterminated;

/// Cuts `sql` into its tokens; white space and comments are left out.
pub fn tokens(sql: &str) -> Result<Vec<Token<'_>>, Unterminated> {
    let bytes = sql.as_bytes();
    let mut found = Vec::with_capacity(sql.len() / 5);
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let sort = match bytes[at] {
            byte if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'-' if bytes.get(at + 1) == Some(&b'-') => {
                at = sql[at..].find('\n').map_or(sql.len(), |length| at + length + 1);
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at = sql[at + 2..].find("*/").map(|length| at + length + 4).ok_or(Unterminated)?;
                continue;
            }
            b'x' | b'X' if bytes.get(at + 1) == Some(&b'\'') => {
                at = after_quote(bytes, at + 1, b'\'')?;
                Sort::Blob
            }
            b'\'' => {
                at = after_quote(bytes, at, b'\'')?;
                Sort::Text
            }
            quote @ (b'"' | b'`') => {
                at = after_quote(bytes, at, quote)?;
                Sort::Quoted
            }
            b'[' => {
                at = sql[at..].find(']').map(|length| at + length + 1).ok_or(Unterminated)?;
                Sort::Quoted
            }
            b'.' if bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => {
                at = after_number(bytes, at);
                Sort::Number
            }
            byte if byte.is_ascii_digit() => {
                at = after_number(bytes, at);
                Sort::Number
            }
            b'?' | b':' | b'@' | b'$' => {
                at = after_word(bytes, at + 1);
                Sort::Parameter
            }
            byte if is_word(byte) => {
                at = after_word(bytes, at);
                Sort::Word
            }
            _ => {
                at += sign_length(&bytes[at..]);
                Sort::Sign
            }
        };
        found.push(Token { sort, text: &sql[start..at], start });
    }
    Ok(found)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

fn after_word(bytes: &[u8], from: usize) -> usize {
    from + bytes[from..].iter().take_while(|byte| is_word(**byte)).count()
}

fn after_number(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while at < bytes.len() {
        let is_exponent = matches!(bytes[at], b'+' | b'-')
            && matches!(bytes[at - 1], b'e' | b'E')
            && !bytes[from..].starts_with(b"0x");
        if bytes[at].is_ascii_alphanumeric() || matches!(bytes[at], b'.' | b'_') || is_exponent {
            at += 1;
        } else {
            break;
        }
    }
    at
}

fn after_quote(bytes: &[u8], from: usize, quote: u8) -> Result<usize, Unterminated> {
    let mut at = from + 1;
    while at < bytes.len() {
        if bytes[at] != quote {
            at += 1;
        } else if bytes.get(at + 1) == Some(&quote) {
            at += 2;
        } else {
            return Ok(at + 1);
        }
    }
    Err(Unterminated)
}

fn sign_length(bytes: &[u8]) -> usize {
    const LONG: [&[u8]; 10] = [b"->>", b"||", b"->", b"<=", b">=", b"<>", b"!=", b"==", b"<<", b">>"];
    LONG.iter().find(|sign| bytes.starts_with(sign)).map_or(1, |sign| sign.len())
}

/// The name or text between quotes.
fn unquote(text: &str) -> String {
    let inner = text.get(1..text.len() - 1).unwrap_or_default();
    match text.as_bytes().first() {
        Some(b'\'') => inner.replace("''", "'"),
        Some(b'"') => inner.replace("\"\"", "\""),
        Some(b'`') => inner.replace("``", "`"),
        Some(_) | None => inner.to_owned(),
    }
}

/// Brings SQL to one spelling: tokens with one space between, words in lower case, needless quotes left out.
/// Two texts with one normal form mean the same.
pub fn normal(sql: &str) -> String {
    let Ok(tokens) = tokens(sql) else { return sql.to_owned() };
    let mut text = String::with_capacity(sql.len() + 8);
    for token in tokens {
        if !text.is_empty() {
            text.push(' ');
        }
        match token.sort {
            Sort::Word | Sort::Number | Sort::Blob => text.push_str(&token.text.to_ascii_lowercase()),
            Sort::Quoted => {
                let name = unquote(token.text).to_ascii_lowercase();
                if is_plain(&name) { text.push_str(&name) } else { text.push_str(&quote(&name)) }
            }
            Sort::Text | Sort::Parameter | Sort::Sign => text.push_str(token.text),
        }
    }
    text
}

/// Tells whether a lower-case name needs no quotes inside an expression.
fn is_plain(name: &str) -> bool {
    const WORDS: [&str; 34] = [
        "abort", "all", "and", "as", "between", "case", "cast", "check", "collate", "cross", "default",
        "distinct", "else", "end", "escape", "exists", "false", "from", "glob", "in", "is", "isnull", "like",
        "match", "not", "notnull", "null", "or", "regexp", "select", "then", "true", "when", "where",
    ];
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && WORDS.binary_search(&name).is_err()
}

/// Tells whether `sql` speaks of `name` anywhere, quoted or not.
pub fn mentions(sql: &str, name: &str) -> bool {
    match tokens(sql) {
        Ok(tokens) => tokens.iter().filter_map(Token::name).any(|word| word.eq_ignore_ascii_case(name)),
        Err(Unterminated) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_quoting_names_one_thing() {
        for sql in ["total", "Total", "\"total\"", "`TOTAL`", "[total]"] {
            assert_eq!(normal(&format!("{sql}>=0")), "total >= 0", "{sql}");
        }
        assert_eq!(normal("\"not\" = 'It''s' /* x */ -- y"), "\"not\" = 'It''s'");
        assert_eq!(normal("\"a b\"||x'0A'"), "\"a b\" || x'0a'");
        assert_eq!(normal("1.5E-3+-2"), "1.5e-3 + - 2");
    }

    #[test]
    fn a_quote_without_its_end_is_told() {
        for sql in ["'a", "\"a", "[a", "/* a", "`a``", "x'00"] {
            assert_eq!(tokens(sql), Err(Unterminated), "{sql}");
        }
        assert_eq!(quote("a\"b"), "\"a\"\"b\"");
        assert!(mentions("SELECT [a b] FROM t", "A B") && !mentions("SELECT ab", "a"));
    }
}
