//! `CREATE TABLE` and `CREATE INDEX`, whoever wrote them, read from `sqlite_schema`.
//! Never guesses: what it cannot read is refused with the reason, and the table is then left alone.

use super::lexer::{Sort, Token, normal, tokens};
use super::table::{Clause, Column, ForeignKey, Index, Meaning, Table};
use crate::model::field::OnEvent;

/// A statement that does not read; the text says where it stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unread(pub String);

/// Reads a `CREATE TABLE`.
pub fn table(sql: &str) -> Result<Table, Unread> {
    let mut reader = Reader::new(sql)?;
    reader.expect("CREATE")?;
    if reader.take("VIRTUAL") {
        return Err(Unread("it is a virtual table".to_owned()));
    }
    let _ = reader.take("TEMP") || reader.take("TEMPORARY");
    reader.expect("TABLE")?;
    reader.if_not_exists()?;
    let name = reader.qualified_name()?;
    reader.expect_sign("(")?;
    let mut table =
        Table { name, columns: Vec::new(), constraints: Vec::new(), strict: false, without_rowid: false };
    loop {
        if reader.at_table_constraint() {
            let clause = reader.table_constraint()?;
            table.constraints.push(clause);
        } else if table.constraints.is_empty() {
            table.columns.push(reader.column()?);
        } else {
            return reader.stop("a constraint");
        }
        if reader.take_sign(")") {
            break;
        }
        // SQLite takes table constraints without commas between them.
        if !reader.take_sign(",") && !reader.at_table_constraint() {
            return reader.stop("`,` or `)`");
        }
    }
    loop {
        if reader.take("STRICT") {
            table.strict = true;
        } else if reader.take("WITHOUT") {
            reader.expect("ROWID")?;
            table.without_rowid = true;
        } else if !reader.take_sign(",") {
            break;
        }
    }
    let _ = reader.take_sign(";");
    if reader.peek().is_some() { reader.stop("the end") } else { Ok(table) }
}

/// Reads what stands after a column's name, all of it.
pub fn column(name: &str, tail: &str) -> Result<Column, Unread> {
    let mut reader = Reader::new(tail)?;
    let (type_name, clauses) = reader.column_tail()?;
    let column = Column { name: name.to_owned(), type_name, clauses };
    if reader.peek().is_some() { reader.stop("the end") } else { Ok(column) }
}

/// Reads a `CREATE INDEX`.
pub fn index(sql: &str) -> Result<Index, Unread> {
    let mut reader = Reader::new(sql)?;
    reader.expect("CREATE")?;
    let unique = reader.take("UNIQUE");
    reader.expect("INDEX")?;
    reader.if_not_exists()?;
    let name = reader.qualified_name()?;
    reader.expect("ON")?;
    reader.name()?;
    let columns = reader.name_list().ok().filter(|_| reader.peek().is_none());
    Ok(Index { name, unique, columns, sql: sql.to_owned() })
}

struct Reader<'a> {
    sql: &'a str,
    tokens: Vec<Token<'a>>,
    at: usize,
}

/// The words that begin a constraint of a column.
const COLUMN_WORDS: [&str; 11] = [
    "CONSTRAINT",
    "PRIMARY",
    "NOT",
    "NULL",
    "UNIQUE",
    "CHECK",
    "DEFAULT",
    "COLLATE",
    "REFERENCES",
    "GENERATED",
    "AS",
];

impl<'a> Reader<'a> {
    fn new(sql: &'a str) -> Result<Reader<'a>, Unread> {
        let tokens = tokens(sql).map_err(|_| Unread("a quote or a comment does not end".to_owned()))?;
        Ok(Reader { sql, tokens, at: 0 })
    }

    fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.at)
    }

    fn peek_is(&self, ahead: usize, word: &str) -> bool {
        self.tokens.get(self.at + ahead).is_some_and(|token| token.is(word))
    }

    fn stop<T>(&self, wanted: &str) -> Result<T, Unread> {
        let found = self.peek().map_or("the end", |token| token.text);
        Err(Unread(format!("its definition does not read: {wanted} was expected before `{found}`")))
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.peek_is(0, word);
        self.at += usize::from(found);
        found
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is_sign(sign));
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, word: &str) -> Result<(), Unread> {
        if self.take(word) { Ok(()) } else { self.stop(word) }
    }

    fn expect_sign(&mut self, sign: &str) -> Result<(), Unread> {
        if self.take_sign(sign) { Ok(()) } else { self.stop(sign) }
    }

    fn name(&mut self) -> Result<String, Unread> {
        match self.peek().and_then(Token::name) {
            Some(name) => {
                self.at += 1;
                Ok(name)
            }
            None => self.stop("a name"),
        }
    }

    fn qualified_name(&mut self) -> Result<String, Unread> {
        let name = self.name()?;
        if self.take_sign(".") { self.name() } else { Ok(name) }
    }

    fn if_not_exists(&mut self) -> Result<(), Unread> {
        if self.peek_is(0, "IF") && self.peek_is(1, "NOT") && self.peek_is(2, "EXISTS") {
            self.at += 3;
        }
        Ok(())
    }

    /// Names in parentheses, with `ASC` where somebody wrote it; nothing else.
    fn name_list(&mut self) -> Result<Vec<String>, Unread> {
        self.expect_sign("(")?;
        let mut names = Vec::new();
        loop {
            names.push(self.name()?);
            let _ = self.take("ASC");
            if self.take_sign(")") {
                return Ok(names);
            }
            self.expect_sign(",")?;
        }
    }

    /// Reads up to the end of a parenthesis and returns what is inside.
    fn parenthesis(&mut self) -> Result<&'a str, Unread> {
        let start = self.peek().map_or(self.sql.len(), Token::end);
        self.expect_sign("(")?;
        let mut depth = 1;
        while let Some(token) = self.peek() {
            let end = token.start;
            if token.is_sign("(") {
                depth += 1;
            } else if token.is_sign(")") {
                depth -= 1;
            }
            self.at += 1;
            if depth == 0 {
                return Ok(self.sql[start..end].trim());
            }
        }
        self.stop(")")
    }

    /// The text from token number `from` to the one just read.
    fn text_since(&self, from: usize) -> String {
        match (self.tokens.get(from), self.at.checked_sub(1).and_then(|last| self.tokens.get(last))) {
            (Some(first), Some(last)) if last.end() > first.start => {
                self.sql[first.start..last.end()].to_owned()
            }
            (_, _) => String::new(),
        }
    }

    fn column(&mut self) -> Result<Column, Unread> {
        let name = self.name()?;
        let (type_name, clauses) = self.column_tail()?;
        Ok(Column { name, type_name, clauses })
    }

    fn column_tail(&mut self) -> Result<(String, Vec<Clause>), Unread> {
        let from = self.at;
        while let Some(token) = self.peek() {
            let is_type = match token.sort {
                Sort::Word => !COLUMN_WORDS.iter().any(|word| token.is(word)),
                Sort::Quoted | Sort::Text => true,
                Sort::Blob | Sort::Number | Sort::Parameter | Sort::Sign => false,
            };
            if !is_type {
                break;
            }
            self.at += 1;
        }
        if self.at > from && self.peek().is_some_and(|token| token.is_sign("(")) {
            self.parenthesis()?;
        }
        let type_name = if self.at > from { self.text_since(from) } else { String::new() };
        let mut clauses = Vec::new();
        while let Some(token) = self.peek() {
            if token.is_sign(",") || token.is_sign(")") {
                break;
            }
            clauses.push(self.column_constraint()?);
        }
        Ok((type_name, clauses))
    }

    fn constraint_name(&mut self) -> Result<Option<String>, Unread> {
        if self.take("CONSTRAINT") { self.name().map(Some) } else { Ok(None) }
    }

    fn column_constraint(&mut self) -> Result<Clause, Unread> {
        let name = self.constraint_name()?;
        let from = self.at;
        let meaning = if self.take("PRIMARY") {
            self.expect("KEY")?;
            let direction = self.take("ASC") || self.take("DESC");
            let conflict = self.conflict()?;
            let automatic = self.take("AUTOINCREMENT");
            match direction || conflict || automatic {
                false => Meaning::PrimaryKey(Vec::new()),
                true => Meaning::OtherPrimaryKey(Vec::new()),
            }
        } else if self.take("NOT") {
            self.expect("NULL")?;
            if self.conflict()? { Meaning::Other } else { Meaning::NotNull }
        } else if self.take("NULL") {
            self.conflict()?;
            Meaning::Other
        } else if self.take("UNIQUE") {
            if self.conflict()? { Meaning::Other } else { Meaning::Unique(Vec::new()) }
        } else if self.take("CHECK") {
            let sql = self.parenthesis()?.to_owned();
            if self.conflict()? { Meaning::Other } else { Meaning::Check(sql) }
        } else if self.take("DEFAULT") {
            let start = self.at;
            if self.peek().is_some_and(|token| token.is_sign("(")) {
                self.parenthesis()?;
            } else {
                let _ = self.take_sign("-") || self.take_sign("+");
                if self.peek().is_none_or(|token| token.sort == Sort::Sign) {
                    return self.stop("a value");
                }
                self.at += 1;
            }
            Meaning::Default(self.text_since(start))
        } else if self.take("COLLATE") {
            self.name()?;
            Meaning::Other
        } else if self.peek_is(0, "REFERENCES") {
            Meaning::ForeignKey(self.references(Vec::new())?)
        } else if self.peek_is(0, "GENERATED") || self.peek_is(0, "AS") {
            if self.take("GENERATED") {
                self.expect("ALWAYS")?;
            }
            self.expect("AS")?;
            self.parenthesis()?;
            let _ = self.take("STORED") || self.take("VIRTUAL");
            Meaning::Generated
        } else {
            return self.stop("a constraint");
        };
        Ok(Clause { name, text: self.text_since(from), meaning })
    }

    /// `ON CONFLICT …`; returns whether there was one.
    fn conflict(&mut self) -> Result<bool, Unread> {
        if self.peek_is(0, "ON") && self.peek_is(1, "CONFLICT") {
            self.at += 2;
            self.name()?;
            return Ok(true);
        }
        Ok(false)
    }

    fn at_table_constraint(&self) -> bool {
        ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"].iter().any(|word| self.peek_is(0, word))
    }

    fn table_constraint(&mut self) -> Result<Clause, Unread> {
        let name = self.constraint_name()?;
        let from = self.at;
        let meaning = if self.take("PRIMARY") {
            self.expect("KEY")?;
            let (columns, plain) = self.key_columns()?;
            if plain { Meaning::PrimaryKey(columns) } else { Meaning::OtherPrimaryKey(columns) }
        } else if self.take("UNIQUE") {
            let (columns, plain) = self.key_columns()?;
            if plain { Meaning::Unique(columns) } else { Meaning::Other }
        } else if self.take("CHECK") {
            let sql = self.parenthesis()?.to_owned();
            if self.conflict()? { Meaning::Other } else { Meaning::Check(sql) }
        } else if self.take("FOREIGN") {
            self.expect("KEY")?;
            let columns = self.name_list()?;
            Meaning::ForeignKey(self.references(columns)?)
        } else {
            return self.stop("a constraint");
        };
        Ok(Clause { name, text: self.text_since(from), meaning })
    }

    /// The columns of a key, and whether there is nothing more to it.
    fn key_columns(&mut self) -> Result<(Vec<String>, bool), Unread> {
        let inside = self.parenthesis()?;
        let (columns, plain) = key_parts(inside)?;
        Ok((columns, plain && !self.conflict()?))
    }

    fn references(&mut self, columns: Vec<String>) -> Result<ForeignKey, Unread> {
        self.expect("REFERENCES")?;
        let table = self.name()?;
        let to = match self.peek() {
            Some(token) if token.is_sign("(") => self.name_list()?,
            Some(_) | None => Vec::new(),
        };
        let mut key = ForeignKey {
            columns,
            table,
            to,
            on_delete: OnEvent::NoAction,
            on_update: OnEvent::NoAction,
            is_plain: true,
        };
        loop {
            if self.take("ON") {
                let is_delete = self.take("DELETE");
                if !is_delete {
                    self.expect("UPDATE")?;
                }
                let event = self.event()?;
                key.is_plain &= event.is_some();
                let place = if is_delete { &mut key.on_delete } else { &mut key.on_update };
                *place = event.unwrap_or_default();
            } else if self.take("MATCH") {
                self.name()?;
                key.is_plain = false;
            } else if self.peek_is(0, "DEFERRABLE")
                || (self.peek_is(0, "NOT") && self.peek_is(1, "DEFERRABLE"))
            {
                let _ = self.take("NOT");
                self.expect("DEFERRABLE")?;
                if self.take("INITIALLY") {
                    self.name()?;
                }
                key.is_plain = false;
            } else {
                return Ok(key);
            }
        }
    }

    /// What a reference does; none for `SET DEFAULT`, which the model has no word for.
    fn event(&mut self) -> Result<Option<OnEvent>, Unread> {
        if self.take("CASCADE") {
            return Ok(Some(OnEvent::Cascade));
        }
        if self.take("RESTRICT") {
            return Ok(Some(OnEvent::NoAction));
        }
        if self.take("NO") {
            self.expect("ACTION")?;
            return Ok(Some(OnEvent::NoAction));
        }
        self.expect("SET")?;
        if self.take("NULL") {
            return Ok(Some(OnEvent::SetNull));
        }
        self.expect("DEFAULT")?;
        Ok(Some(OnEvent::SetDefault))
    }
}

/// Splits the inside of a key's parentheses into columns.
fn key_parts(inside: &str) -> Result<(Vec<String>, bool), Unread> {
    let tokens = tokens(inside).map_err(|_| Unread("a quote or a comment does not end".to_owned()))?;
    let mut columns = Vec::new();
    let mut plain = true;
    for part in tokens.split(|token| token.is_sign(",")) {
        let name = part.first().and_then(Token::name);
        columns.push(name.ok_or_else(|| Unread(format!("the key `{}` does not read", normal(inside))))?);
        plain &= part.len() == 1 || (part.len() == 2 && part[1].is("ASC"));
    }
    Ok((columns, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_reads_back_as_rendered() {
        let sql = "CREATE TABLE \"a \"\"b\" (\n  \"id\" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)))),\n  \
                   [n] NVARCHAR(160) COLLATE NOCASE DEFAULT -1.5 CHECK (n > ')'),\n  c DOUBLE PRECISION,\n  d,\n  \
                   e INTEGER REFERENCES x ON DELETE SET NULL ON UPDATE CASCADE,\n  g AS (n || 'x') STORED,\n  \
                   CONSTRAINT k UNIQUE (n, c),\n  FOREIGN KEY (n, c) REFERENCES y (a, b) DEFERRABLE INITIALLY DEFERRED\n)";
        let first = table(sql).unwrap();
        assert_eq!(first.columns.len(), 6);
        assert_eq!(first.columns[1].type_name, "NVARCHAR(160)");
        assert_eq!(first.columns[1].default(), Some("-1.5"));
        assert_eq!(first.columns[2].type_name, "DOUBLE PRECISION");
        assert!(first.columns[5].is_generated());
        assert_eq!(first.primary_key(), ["id"]);
        let again = table(&first.render()).unwrap();
        assert_eq!(first, again);
    }

    #[test]
    fn what_does_not_read_is_refused() {
        for sql in
            ["CREATE VIRTUAL TABLE t USING fts5(a)", "CREATE TABLE t AS SELECT 1", "CREATE TABLE t (a", "x"]
        {
            assert!(table(sql).is_err(), "{sql}");
        }
        assert!(column("a", "TEXT, b TEXT").is_err() && column("a", "TEXT) STRICT; --").is_err());
    }

    #[test]
    fn an_index_with_more_than_columns_is_opaque() {
        let columns = |sql: &str| index(sql).unwrap().columns;
        assert_eq!(columns("CREATE INDEX i ON t (a, [b] ASC)"), Some(vec!["a".to_owned(), "b".to_owned()]));
        for tail in ["(a DESC)", "(a) WHERE a > 1", "(lower(a))", "(a COLLATE NOCASE)"] {
            assert_eq!(columns(&format!("CREATE INDEX i ON t {tail}")), None, "{tail}");
        }
    }
}
