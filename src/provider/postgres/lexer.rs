//! PostgreSQL's SQL cut into tokens, as a server from 13 to 18 with `standard_conforming_strings` on reads it.
//! Never judges what the tokens say, and reads nothing that two of these servers would read differently.

pub use crate::provider::sql::{literal, quote};

/// What sort of token it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A keyword or an identifier without quotes.
    Word,
    /// An identifier in `"x"`.
    Quoted,
    /// A text: `'x'`, `E'x'`, `$a$x$a$`.
    Text,
    /// `B'01'`, `X'0f'`.
    Bits,
    Number,
    /// `$1`.
    Parameter,
    /// An operator, a bracket, a comma, `::`.
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

    /// The name it stands for where PostgreSQL wants a name: one without quotes is folded to lower case.
    pub fn name(&self) -> Option<String> {
        match self.sort {
            Sort::Word => Some(self.text.to_ascii_lowercase()),
            Sort::Quoted => Some(unquote(self.text)),
            Sort::Text | Sort::Bits | Sort::Number | Sort::Parameter | Sort::Sign => None,
        }
    }

    /// The text it stands for. None where it is no text, or one with escapes beyond the plain ones.
    pub fn value(&self) -> Option<String> {
        match (self.sort, self.text.as_bytes().first()) {
            (Sort::Text, Some(b'\'')) => joined(self.text, false).map(|parts| parts.concat()),
            (Sort::Text, Some(b'$')) => {
                let tag = self.text[1..].find('$')? + 2;
                self.text.get(tag..self.text.len() - tag).map(str::to_owned)
            }
            (Sort::Text, Some(_) | None) => {
                joined(&self.text[1..], true)?.iter().map(|part| without_escapes(part)).collect()
            }
            (Sort::Word | Sort::Quoted | Sort::Bits | Sort::Number | Sort::Parameter | Sort::Sign, _) => None,
        }
    }
}

/// Why a text cannot be cut into tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    #[error("opens a quote or a comment that it does not close")]
    Unclosed,
    #[error("uses `U&` escapes; write the characters themselves")]
    UnicodeEscapes,
    #[error("runs a number into what follows; put a space between")]
    Junk,
}

/// Cuts `sql` into its tokens; white space and comments are left out.
pub fn tokens(sql: &str) -> Result<Vec<Token<'_>>, Unread> {
    let bytes = sql.as_bytes();
    let mut found = Vec::with_capacity(sql.len() / 5);
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let next = bytes.get(at + 1).copied();
        let sort = match bytes[at] {
            byte if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'-' if next == Some(b'-') => {
                at = after_line(bytes, at);
                continue;
            }
            b'/' if next == Some(b'*') => {
                at = after_comment(bytes, at)?;
                continue;
            }
            b'e' | b'E' if next == Some(b'\'') => {
                at = after_text(bytes, at + 1, true)?;
                Sort::Text
            }
            b'b' | b'B' | b'x' | b'X' if next == Some(b'\'') => {
                at = after_text(bytes, at + 1, false)?;
                Sort::Bits
            }
            b'u' | b'U' if next == Some(b'&') && matches!(bytes.get(at + 2), Some(b'\'' | b'"')) => {
                return Err(Unread::UnicodeEscapes);
            }
            b'\'' => {
                at = after_text(bytes, at, false)?;
                Sort::Text
            }
            b'"' => {
                at = after_quote(bytes, at, b'"', false)?;
                Sort::Quoted
            }
            b'$' if next.is_some_and(|byte| byte.is_ascii_digit()) => {
                at = after_number(bytes, at + 1)?;
                Sort::Parameter
            }
            b'$' => match tag_length(&bytes[at..]) {
                Some(length) => {
                    let tag = &sql[at..at + length];
                    let end = sql[at + length..].find(tag).ok_or(Unread::Unclosed)?;
                    at += end + 2 * length;
                    Sort::Text
                }
                None => {
                    at += 1;
                    Sort::Sign
                }
            },
            b'.' if next.is_some_and(|byte| byte.is_ascii_digit()) => {
                at = after_number(bytes, at)?;
                Sort::Number
            }
            byte if byte.is_ascii_digit() => {
                at = after_number(bytes, at)?;
                Sort::Number
            }
            byte if begins_word(byte) => {
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

fn begins_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn after_word(bytes: &[u8], from: usize) -> usize {
    let is_word = |byte: &&u8| begins_word(**byte) || byte.is_ascii_digit() || **byte == b'$';
    from + bytes[from..].iter().take_while(is_word).count()
}

/// Where a `--` comment ends. PostgreSQL ends it at a carriage return as well.
fn after_line(bytes: &[u8], from: usize) -> usize {
    from + bytes[from..].iter().take_while(|byte| !matches!(byte, b'\n' | b'\r')).count()
}

/// Where a comment ends; comments nest.
fn after_comment(bytes: &[u8], from: usize) -> Result<usize, Unread> {
    let (mut at, mut depth) = (from, 0_usize);
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'/', Some(b'*')) => {
                depth += 1;
                at += 2;
            }
            (b'*', Some(b'/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Ok(at);
                }
            }
            (_, _) => at += 1,
        }
    }
    Err(Unread::Unclosed)
}

/// Where a number ends. Servers before 15 begin a new token where a letter follows a number, newer ones refuse it or
/// read a number in hexadecimal: a quote right behind would belong to one token or the other.
fn after_number(bytes: &[u8], from: usize) -> Result<usize, Unread> {
    let mut at = from;
    while at < bytes.len() {
        let is_exponent = matches!(bytes[at], b'+' | b'-')
            && at > from
            && matches!(bytes[at - 1], b'e' | b'E')
            && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
            && !matches!(bytes.get(from + 1), Some(b'x' | b'X'));
        let is_range = bytes[at] == b'.' && bytes.get(at + 1) == Some(&b'.');
        if bytes[at].is_ascii_alphanumeric()
            || bytes[at] == b'_'
            || (bytes[at] == b'.' && !is_range)
            || is_exponent
        {
            at += 1;
        } else {
            break;
        }
    }
    match bytes.get(at) {
        Some(b'\'' | b'"' | b'$' | 0x80..) => Err(Unread::Junk),
        Some(_) | None => Ok(at),
    }
}

fn after_quote(bytes: &[u8], from: usize, quote: u8, escapes: bool) -> Result<usize, Unread> {
    let mut at = from + 1;
    while at < bytes.len() {
        if escapes && bytes[at] == b'\\' {
            at += 2;
        } else if bytes[at] != quote {
            at += 1;
        } else if bytes.get(at + 1) == Some(&quote) {
            at += 2;
        } else {
            return Ok(at + 1);
        }
    }
    Err(Unread::Unclosed)
}

/// Where a text ends. A text that goes on in another line goes on with the escapes it began with.
fn after_text(bytes: &[u8], from: usize, escapes: bool) -> Result<usize, Unread> {
    let mut at = after_quote(bytes, from, b'\'', escapes)?;
    while let Some(next) = continues(bytes, at) {
        at = after_quote(bytes, next, b'\'', escapes)?;
    }
    Ok(at)
}

/// Where the next part of a text begins: behind white space with a line break, in which `--` comments may stand.
fn continues(bytes: &[u8], from: usize) -> Option<usize> {
    let (mut at, mut has_break) = (from, false);
    loop {
        match (*bytes.get(at)?, bytes.get(at + 1)) {
            (b'\n' | b'\r', _) => {
                has_break = true;
                at += 1;
            }
            (byte, _) if byte.is_ascii_whitespace() => at += 1,
            (b'-', Some(b'-')) => at = after_line(bytes, at),
            (b'\'', _) if has_break => return Some(at),
            (_, _) => return None,
        }
    }
}

/// How long the `$tag$` is that begins here.
fn tag_length(bytes: &[u8]) -> Option<usize> {
    let is_tag = |byte: &&u8| begins_word(**byte) || byte.is_ascii_digit();
    let length = 1 + bytes[1..].iter().take_while(is_tag).count();
    (bytes.get(length) == Some(&b'$')).then_some(length + 1)
}

/// How long the sign is that begins here, by PostgreSQL's rules: a run of operator characters ends before a comment,
/// and gives back a `+` or `-` at its end unless one of the rarer characters stands in it.
fn sign_length(bytes: &[u8]) -> usize {
    for sign in [&b"::"[..], b":=", b".."] {
        if bytes.starts_with(sign) {
            return 2;
        }
    }
    let run = bytes.iter().take_while(|byte| b"+-*/<>=~!@#%^&|`?".contains(byte)).count();
    let comment = (1..run).find(|at| bytes[*at..].starts_with(b"--") || bytes[*at..].starts_with(b"/*"));
    let mut length = comment.unwrap_or(run);
    let is_rare = |length: usize| bytes[..length].iter().any(|byte| b"~!@#%^&|`?".contains(byte));
    while length > 1 && matches!(bytes[length - 1], b'+' | b'-') && !is_rare(length - 1) {
        length -= 1;
    }
    length.max(1)
}

/// The name between quotes.
fn unquote(text: &str) -> String {
    text.get(1..text.len() - 1).unwrap_or_default().replace("\"\"", "\"")
}

/// The parts of a text, each without its quotes, and with single quotes for doubled ones.
fn joined(text: &str, escapes: bool) -> Option<Vec<String>> {
    let bytes = text.as_bytes();
    let mut parts = Vec::new();
    let mut from = 0;
    loop {
        let end = after_quote(bytes, from, b'\'', escapes).ok()?;
        parts.push(text.get(from + 1..end - 1)?.replace("''", "'"));
        match continues(bytes, end) {
            Some(next) => from = next,
            None => return Some(parts),
        }
    }
}

/// What a part of an `E'…'` stands for, where it holds no escape but the plain ones.
fn without_escapes(part: &str) -> Option<String> {
    let mut text = String::with_capacity(part.len());
    let mut chars = part.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        text.push(match chars.next()? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            plain @ ('\\' | '\'' | '"') => plain,
            _ => return None,
        });
    }
    Some(text)
}

/// Tells whether an expression of the server names something.
pub fn names(sql: &str, name: &str) -> bool {
    tokens(sql).is_ok_and(|tokens| tokens.iter().any(|token| token.name().is_some_and(|own| own == name)))
}

/// Tells whether a name means the same without its quotes: it is in lower case and no keyword but an unreserved one.
pub fn is_plain(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && KEYWORDS.binary_search(&name).is_err()
}

/// The keywords that are not unreserved, of 13 to 18.
const KEYWORDS: [&str; 164] = [
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "between",
    "bigint",
    "binary",
    "bit",
    "boolean",
    "both",
    "case",
    "cast",
    "char",
    "character",
    "check",
    "coalesce",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "dec",
    "decimal",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "float",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "greatest",
    "group",
    "grouping",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "inout",
    "int",
    "integer",
    "intersect",
    "interval",
    "into",
    "is",
    "isnull",
    "join",
    "json",
    "json_array",
    "json_arrayagg",
    "json_exists",
    "json_object",
    "json_objectagg",
    "json_query",
    "json_scalar",
    "json_serialize",
    "json_table",
    "json_value",
    "lateral",
    "leading",
    "least",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "merge_action",
    "national",
    "natural",
    "nchar",
    "none",
    "normalize",
    "not",
    "notnull",
    "null",
    "nullif",
    "numeric",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "out",
    "outer",
    "overlaps",
    "overlay",
    "placing",
    "position",
    "precision",
    "primary",
    "real",
    "references",
    "returning",
    "right",
    "row",
    "select",
    "session_user",
    "setof",
    "similar",
    "smallint",
    "some",
    "substring",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "treat",
    "trim",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "values",
    "varchar",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
    "xmlattributes",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlnamespaces",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
    "xmltable",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(sql: &str) -> Vec<&str> {
        tokens(sql).unwrap().iter().map(|token| token.text).collect()
    }

    #[test]
    fn every_way_of_writing_means_one_thing() {
        for sql in ["total>=0", "total >= 0", "total /* a /* b */ c */ >= -- d\r0"] {
            assert_eq!(texts(sql), ["total", ">=", "0"], "{sql}");
        }
        let value = |sql: &str| tokens(sql).unwrap()[0].value();
        for sql in ["'It''s'", "E'It\\'s'", "$q$It's$q$", "'It'\n  -- why\n '''s'"] {
            assert_eq!(value(sql).as_deref(), Some("It's"), "{sql}");
        }
        assert_eq!((value("E'\\101'"), value("x'0A'")), (None, None));
        assert_eq!(value("'\\101'").as_deref(), Some("\\101"));
        let name = |sql: &str| tokens(sql).unwrap()[0].name();
        assert_eq!(name("Total"), name("\"total\""));
        assert_ne!(name("Total"), name("\"Total\""));
    }

    #[test]
    fn signs_are_cut_as_the_server_cuts_them() {
        assert_eq!(texts("a<=-1"), ["a", "<=", "-", "1"]);
        assert_eq!(texts("a@-1"), ["a", "@-", "1"]);
        assert_eq!(texts("a->>'b'#>c"), ["a", "->>", "'b'", "#>", "c"]);
        assert_eq!(texts("a*-- b\n2"), ["a", "*", "2"]);
        assert_eq!(texts("a+/*x*/-1"), ["a", "+", "-", "1"]);
        assert_eq!(texts("a::int[1:2]"), ["a", "::", "int", "[", "1", ":", "2", "]"]);
        assert_eq!(texts("1.5E-3+.5 a..b 1..2"), ["1.5E-3", "+", ".5", "a", "..", "b", "1", "..", "2"]);
    }

    #[test]
    fn quotes_end_where_the_server_ends_them() {
        assert_eq!(texts("'a\\' b"), ["'a\\'", "b"]);
        assert_eq!(texts("E'a\\' b' c"), ["E'a\\' b'", "c"]);
        assert_eq!(texts("e'a'\n'b\\'c' d"), ["e'a'\n'b\\'c'", "d"]);
        assert_eq!(texts("$$a'$$ $a$ $$ $b$ $a$ a$b$ c"), ["$$a'$$", "$a$ $$ $b$ $a$", "a$b$", "c"]);
        assert_eq!(texts("$1 $a b"), ["$1", "$", "a", "b"]);
        assert_eq!(tokens("$ä$x'y$ä$").unwrap()[0].value().as_deref(), Some("x'y"));
        for sql in ["'a", "E'a\\'", "\"a", "/* /* */", "$a$ $b$", "$$"] {
            assert_eq!(tokens(sql), Err(Unread::Unclosed), "{sql}");
        }
        for sql in ["1$a$ $a$", "1e'\\'", "0x1f$a$", "$1$a$ $a$", "1ä"] {
            assert_eq!(tokens(sql), Err(Unread::Junk), "{sql}");
        }
        assert_eq!(tokens("U&\"\\0061\""), Err(Unread::UnicodeEscapes));
        assert_eq!(tokens("u&'a'"), Err(Unread::UnicodeEscapes));
    }

    #[test]
    fn names_are_folded_as_the_server_folds_them() {
        assert_eq!(quote("a\"b"), "\"a\"\"b\"");
        assert_eq!(literal("it's \\ so"), "'it''s \\ so'");
        assert!(
            is_plain("name")
                && is_plain("_a1")
                && !is_plain("order")
                && !is_plain("Name")
                && !is_plain("a b")
        );
        assert!(KEYWORDS.is_sorted());
    }
}
