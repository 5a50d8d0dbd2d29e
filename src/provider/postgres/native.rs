//! A column's type in PostgreSQL's own words: `citext`, `serial`, `numeric GENERATED ALWAYS AS (a * b) STORED`.
//! Never judges whether PostgreSQL knows the type: a rehearsal does.

use super::lexer::{Token, quote, tokens};
use super::shape::{Column, Made, Sequence};
use super::types;
use crate::model::entity::Deferral;

/// The words of a `native`, apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Native {
    /// In the one spelling of `types::spelled`.
    pub ty: String,
    /// Whether it is `serial` or one of its kin: the type is the number's.
    pub is_serial: bool,
    pub collation: Option<String>,
    pub made: Made,
    /// The expression of a generated column.
    pub expression: Option<String>,
    /// The options of an identity column's sequence.
    pub options: String,
    /// The name of that sequence or the one of `serial`, where it is not the one that PostgreSQL would give it.
    pub sequence: Option<String>,
    /// The name of a lookup's foreign key, where it is not the one that we would give it.
    pub constraint: Option<String>,
    /// When that key is held against a row.
    pub deferral: Deferral,
}

/// Reads a `native`.
pub fn read(native: &str) -> Native {
    let (native, deferral) = deferral(native);
    let (native, constraint) = constraint(native);
    let all = tokens(native).unwrap_or_default();
    let is_tail = |token: &Token<'_>| token.is("COLLATE") || token.is("GENERATED");
    let mut depth = 0_i32;
    let tail = all.iter().position(|token| {
        depth += i32::from(token.is_sign("(")) - i32::from(token.is_sign(")"));
        depth == 0 && is_tail(token)
    });
    let end = tail.map_or(native.len(), |place| all[place].start);
    let head = native[..end].trim();
    let mut found = Native { ty: types::spelled(head), constraint, deferral, ..Native::default() };
    let number = match found.ty.as_str() {
        "serial" | "serial4" => Some("integer"),
        "bigserial" | "serial8" => Some("bigint"),
        "smallserial" | "serial2" => Some("smallint"),
        _ => None,
    };
    if let Some((counting, name)) = named_serial(head) {
        counting.clone_into(&mut found.ty);
        found.sequence = Some(name);
        found.is_serial = true;
    } else if let Some(number) = number {
        found.is_serial = true;
        number.clone_into(&mut found.ty);
    }
    let Some(mut place) = tail else { return found };
    let text = |from: usize, to: usize| native[from..to].trim().to_owned();
    while let Some(token) = all.get(place) {
        if token.is("COLLATE") {
            let next = all[place + 1..].iter().position(is_tail);
            let stop = next.map_or(native.len(), |next| all[place + 1 + next].start);
            let name = text(token.end(), stop);
            let parts: Vec<String> = tokens(&name)
                .unwrap_or_default()
                .iter()
                .filter_map(Token::name)
                .map(|one| quote(&one))
                .collect();
            found.collation = Some(parts.join("."));
            place = next.map_or(all.len(), |next| place + 1 + next);
            continue;
        }
        let words: Vec<&Token<'_>> = all[place..].iter().take(5).collect();
        let is = |at: usize, word: &str| words.get(at).is_some_and(|token| token.is(word));
        let always = is(1, "ALWAYS");
        let at = if always { 2 } else { 3 };
        let rest_from = |token: Option<&&Token<'_>>| token.map_or(native.len(), |token| token.end());
        if is(at, "AS") && is(at + 1, "IDENTITY") {
            found.made = if always { Made::IdentityAlways } else { Made::IdentityByDefault };
            let rest = native[rest_from(words.get(at + 1))..].trim();
            let inner = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(rest);
            let (name, options) = sequence_name(inner.trim());
            options.clone_into(&mut found.options);
            found.sequence = name;
        } else if is(at, "AS") {
            let rest = native[rest_from(words.get(at))..].trim();
            let (rest, made) = match rest.rsplit_once(')') {
                Some((inner, word)) if word.trim().eq_ignore_ascii_case("VIRTUAL") => (inner, Made::Virtual),
                Some((inner, _)) => (inner, Made::Stored),
                None => (rest, Made::Stored),
            };
            found.made = made;
            found.expression = Some(rest.trim_start().strip_prefix('(').unwrap_or(rest).trim().to_owned());
        }
        break;
    }
    found
}

/// The type and the sequence of `serial (SEQUENCE NAME "ids")`.
fn named_serial(head: &str) -> Option<(&'static str, String)> {
    let (word, rest) = head.split_once('(')?;
    let ty = match word.trim().to_lowercase().as_str() {
        "serial" | "serial4" => "integer",
        "bigserial" | "serial8" => "bigint",
        "smallserial" | "serial2" => "smallint",
        _ => return None,
    };
    Some((ty, sequence_name(rest.strip_suffix(')')?.trim()).0?))
}

/// Takes `SEQUENCE NAME` from the beginning of a sequence's options.
fn sequence_name(options: &str) -> (Option<String>, &str) {
    match tokens(options).unwrap_or_default().as_slice() {
        [sequence, word, name, ..] if sequence.is("SEQUENCE") && word.is("NAME") => {
            (name.name(), options[name.end()..].trim())
        }
        _ => (None, options),
    }
}

/// The sequences that a default takes numbers from: `nextval('ids')`, `nextval(format('%I', 'Ids')::regclass)`; without
/// those of other schemas.
pub fn counters(default: &str) -> Vec<String> {
    let all = tokens(default).unwrap_or_default();
    let mut found = Vec::new();
    for (at, _) in all.iter().enumerate().filter(|(_, token)| token.is("nextval")) {
        let mut depth = 0_i32;
        let inner = all[at + 1..].iter().take_while(|token| {
            depth += i32::from(token.is_sign("(")) - i32::from(token.is_sign(")"));
            depth > 0
        });
        let texts: Vec<String> = inner.filter_map(Token::value).collect();
        match texts.as_slice() {
            [form, name] if form == "%I" => found.push(name.clone()),
            [name] => {
                if let [only] = tokens(name).unwrap_or_default().as_slice() {
                    found.extend(only.name());
                }
            }
            _ => {}
        }
    }
    found
}

/// Takes `DEFERRABLE` and what belongs to it from the end of a `native`.
fn deferral(native: &str) -> (&str, Deferral) {
    let all = tokens(native).unwrap_or_default();
    let is_word = |token: &Token<'_>| token.is("DEFERRABLE");
    let Some(place) = all.iter().rposition(is_word) else { return (native, Deferral::Never) };
    let is_named_so = place > 0 && all[place - 1].is("CONSTRAINT");
    let place = if place > 0 && all[place - 1].is("NOT") { place - 1 } else { place };
    match Deferral::read(&native[all[place].start..]).filter(|_| !is_named_so) {
        Some(deferral) => (native[..all[place].start].trim_end(), deferral),
        None => (native, Deferral::Never),
    }
}

/// Takes the name of a constraint from the end of a `native`.
fn constraint(native: &str) -> (&str, Option<String>) {
    let all = tokens(native).unwrap_or_default();
    match all.as_slice() {
        [.., word, name] if word.is("CONSTRAINT") => (native[..word.start].trim_end(), name.name()),
        _ => (native, None),
    }
}

fn named(constraint: &str) -> String {
    format!("CONSTRAINT {}", quote(constraint))
}

/// What a `native` says of a constraint alone; none where it is what we would make it.
pub fn of_constraint(name: Option<&str>, deferral: Deferral) -> Option<String> {
    let native = Native { constraint: name.map(str::to_owned), deferral, ..Native::default() };
    Some(native.write()).filter(|text| !text.is_empty())
}

impl Native {
    /// Writes it in one spelling.
    pub fn write(&self) -> String {
        let mut text = match (self.is_serial, self.ty.as_str()) {
            (true, "bigint") => "bigserial".to_owned(),
            (true, "smallint") => "smallserial".to_owned(),
            (true, _) => "serial".to_owned(),
            (false, ty) => ty.to_owned(),
        };
        if let Some(collation) = &self.collation {
            text.push_str(&format!(" COLLATE {collation}"));
        }
        let expression = self.expression.as_deref().unwrap_or_default();
        match self.made {
            Made::Plain => {}
            Made::IdentityAlways => text.push_str(" GENERATED ALWAYS AS IDENTITY"),
            Made::IdentityByDefault => text.push_str(" GENERATED BY DEFAULT AS IDENTITY"),
            Made::Stored => text.push_str(&format!(" GENERATED ALWAYS AS ({expression}) STORED")),
            Made::Virtual => text.push_str(&format!(" GENERATED ALWAYS AS ({expression}) VIRTUAL")),
        }
        let name = self.sequence.as_ref().map(|name| format!("SEQUENCE NAME {}", quote(name)));
        let options = Some(self.options.clone()).filter(|options| !options.is_empty());
        let options: Vec<String> = name.into_iter().chain(options).collect();
        if !options.is_empty() {
            text.push_str(&format!(" ({})", options.join(" ")));
        }
        if let Some(constraint) = &self.constraint {
            text.push_str(&format!(" {}", named(constraint)));
        }
        if !self.deferral.is_never() {
            text.push_str(&format!(" {}", self.deferral.sql()));
        }
        text.trim_start().to_owned()
    }

    /// Tells whether it says no more than its type.
    pub fn is_plain(&self) -> bool {
        !self.is_serial
            && self.collation.is_none()
            && self.made.is_plain()
            && self.constraint.is_none()
            && self.deferral.is_never()
    }

    /// Tells whether such a column never holds NULL, without being told.
    pub fn is_never_null(&self) -> bool {
        self.is_serial || matches!(self.made, Made::IdentityAlways | Made::IdentityByDefault)
    }
}

/// Tells of a column that counts by a sequence of its own, as `serial` makes it.
pub fn is_serial(column: &Column) -> bool {
    let counts = |default: &String| default.starts_with("nextval(") && default.ends_with("::regclass)");
    column.made.is_plain()
        && column.not_null
        && column.sequence.is_some()
        && matches!(column.ty.as_str(), "smallint" | "integer" | "bigint")
        && column.default.as_ref().is_some_and(counts)
}

/// What the catalog says of a column, as a `native`.
pub fn of(column: &Column) -> String {
    let is_identity = matches!(column.made, Made::IdentityAlways | Made::IdentityByDefault);
    let options = |sequence: &Sequence| sequence.options.clone();
    let named = column.sequence.as_ref().filter(|one| one.is_named && (is_identity || is_serial(column)));
    let native = Native {
        ty: column.ty.clone(),
        is_serial: is_serial(column),
        collation: column.collation.clone(),
        made: column.made,
        sequence: named.map(|sequence| sequence.name.clone()),
        expression: column
            .default
            .as_deref()
            .filter(|_| column.made.is_generated())
            .map(|sql| super::lift::bare(sql).to_owned()),
        options: column.sequence.as_ref().filter(|_| is_identity).map(options).unwrap_or_default(),
        constraint: None,
        deferral: Deferral::Never,
    };
    native.write()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_target_s_own_are_spelled_in_one_way() {
        for (written, one) in [
            ("citext", "citext"),
            ("SERIAL", "serial"),
            ("int GENERATED BY DEFAULT AS IDENTITY", "integer GENERATED BY DEFAULT AS IDENTITY"),
            (
                "bigint generated always as identity (START WITH 10)",
                "bigint GENERATED ALWAYS AS IDENTITY (START WITH 10)",
            ),
            ("text COLLATE Public.\"de x\"", "text COLLATE \"public\".\"de x\""),
            ("varchar(9) collate \"C\"", "character varying(9) COLLATE \"C\""),
            (
                "decimal(9, 2) GENERATED ALWAYS AS (a * (b + 1)) STORED",
                "numeric(9,2) GENERATED ALWAYS AS (a * (b + 1)) STORED",
            ),
            (
                "text COLLATE \"de-x\" GENERATED ALWAYS AS (lower(a)) STORED",
                "text COLLATE \"de-x\" GENERATED ALWAYS AS (lower(a)) STORED",
            ),
        ] {
            assert_eq!(read(written).write(), one, "{written}");
            assert_eq!(read(one).write(), one, "{written}");
        }
        assert_eq!(read("bigserial").ty, "bigint");
        let own = read("integer constraint \"a b\"");
        assert_eq!((own.ty.as_str(), own.constraint.as_deref()), ("integer", Some("a b")));
        let own = read("SERIAL (sequence name ids)");
        assert_eq!((own.write().as_str(), own.ty.as_str()), ("serial (SEQUENCE NAME \"ids\")", "integer"));
        let own = "bigint GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME \"i d\" START WITH 5)";
        assert_eq!(read(own).write(), own);
        assert_eq!(read(own).options, "START WITH 5");
        assert_eq!(counters("nextval('\"A b\"'::regclass)"), ["A b"]);
        assert_eq!(counters("(nextval(('ids'::text)::regclass) + 1)"), ["ids"]);
        assert_eq!(counters("nextval(format('%I'::text, 'a-Ids')::regclass)"), ["a-Ids"]);
        assert_eq!(counters("nextval('other.ids')"), [""; 0]);
        assert_eq!(counters("nextval(concat('a', 'b')::regclass)"), [""; 0]);
        assert_eq!(read("CONSTRAINT fk").write(), "CONSTRAINT \"fk\"");
        let own = read("bigint constraint fk deferrable initially deferred");
        assert_eq!(own.write(), "bigint CONSTRAINT \"fk\" DEFERRABLE INITIALLY DEFERRED");
        assert_eq!((own.ty.as_str(), own.constraint.as_deref()), ("bigint", Some("fk")));
        assert_eq!(read("DEFERRABLE").write(), "DEFERRABLE");
        assert_eq!(read("CONSTRAINT deferrable").constraint.as_deref(), Some("deferrable"));
        assert_eq!(read("uuid CONSTRAINT fk NOT DEFERRABLE").write(), "uuid CONSTRAINT \"fk\"");
    }
}
