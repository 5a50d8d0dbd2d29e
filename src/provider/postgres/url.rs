//! Connection strings as libpq reads them: `postgres://user@host:port/database?…` and `host=… dbname=…`.
//! Never opens anything, and never repeats in a message what a string holds.

use std::collections::BTreeMap;

use crate::model::secret::secrets;
use crate::model::template::{Piece, pieces};

/// What a connection string says, by libpq's keywords. Several hosts are one text with commas, and so are their ports.
pub type Parameters = BTreeMap<String, String>;

/// Reads a connection string of either form.
pub fn parse(text: &str) -> Result<Parameters, String> {
    let text = text.trim();
    if text.contains('\0') {
        return Err("it holds a NUL character".to_owned());
    }
    if let Some(rest) = text.strip_prefix("postgresql://").or_else(|| text.strip_prefix("postgres://")) {
        return of_url(rest);
    }
    let scheme = text.split("://").next().unwrap_or_default();
    match text.contains("://") && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+:.-".contains(c)) {
        true => Err(format!("its url begins with `{scheme}://`; write `postgres://`")),
        false => of_words(text),
    }
}

/// Reads what follows `postgres://`.
fn of_url(rest: &str) -> Result<Parameters, String> {
    let mut found = Parameters::new();
    let (place, query) = match rest.split_once('?') {
        Some((place, query)) => (place, Some(query)),
        None => (rest, None),
    };
    let (authority, database) = match place.split_once('/') {
        Some((authority, database)) => (authority, database),
        None => (place, ""),
    };
    let (login, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let mut names = Vec::new();
    let mut ports = Vec::new();
    for host in hosts.split(',') {
        let (name, port) = host_and_port(host)?;
        names.push(decoded(name)?);
        ports.push(decoded(port)?);
    }
    let mut set = |name: &str, value: String| {
        if !value.is_empty() {
            found.insert(name.to_owned(), value);
        }
    };
    set("user", decoded(user)?);
    set("password", decoded(password)?);
    set("host", listed(&names));
    set("port", listed(&ports));
    set("dbname", decoded(database)?);
    for pair in query.into_iter().flat_map(|query| query.split('&')).filter(|pair| !pair.is_empty()) {
        let Some((name, value)) = pair.split_once('=') else {
            return Err("its url has a parameter without a value behind the `?`".to_owned());
        };
        match (decoded(name)?.as_str(), decoded(value)?) {
            // As other drivers write it, and libpq takes it.
            ("ssl", value) if value == "true" => set("sslmode", "require".to_owned()),
            (name, value) => set(name, value),
        }
    }
    Ok(found)
}

/// Several in one text; nothing where all are empty.
fn listed(all: &[String]) -> String {
    if all.iter().all(String::is_empty) { String::new() } else { all.join(",") }
}

fn host_and_port(host: &str) -> Result<(&str, &str), String> {
    if let Some(rest) = host.strip_prefix('[') {
        let Some((address, after)) = rest.split_once(']') else {
            return Err("its url opens a `[` that it does not close".to_owned());
        };
        return match after.strip_prefix(':') {
            Some(port) => Ok((address, port)),
            None if after.is_empty() => Ok((address, "")),
            None => Err("its url has something between `]` and the port".to_owned()),
        };
    }
    Ok(host.split_once(':').unwrap_or((host, "")))
}

/// A part of a URL without its `%` escapes.
fn decoded(part: &str) -> Result<String, String> {
    let refuse = || "its url has a `%` that no two hexadecimal digits follow; write `%25` for `%`".to_owned();
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first != b'%' {
            bytes.push(*first);
            rest = after;
            continue;
        }
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok()).ok_or_else(refuse)?;
        match u8::from_str_radix(digits, 16) {
            Ok(0) => return Err("its url holds a NUL character".to_owned()),
            Ok(byte) if !digits.starts_with('+') => bytes.push(byte),
            Ok(_) | Err(_) => return Err(refuse()),
        }
        rest = &after[2..];
    }
    String::from_utf8(bytes).map_err(|_| "its url does not stand for UTF-8 text".to_owned())
}

/// Reads `name=value name='a value'`.
fn of_words(text: &str) -> Result<Parameters, String> {
    let mut found = Parameters::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        if chars.peek().is_none() {
            return Ok(found);
        }
        let mut name = String::new();
        while let Some(c) = chars.next_if(|c| !c.is_whitespace() && *c != '=') {
            name.push(c);
        }
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        if chars.next_if_eq(&'=').is_none() {
            return Err(
                "its url is neither `postgres://…` nor a list of `name=value`: a `=` is missing".to_owned()
            );
        }
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let is_quoted = chars.next_if_eq(&'\'').is_some();
        let mut value = String::new();
        loop {
            match (chars.next(), is_quoted) {
                (Some('\\'), _) => value.extend(chars.next()),
                (Some('\''), true) | (None, false) => break,
                (Some(c), false) if c.is_whitespace() => break,
                (Some(c), _) => value.push(c),
                (None, true) => return Err("its url opens a quote that it does not close".to_owned()),
            }
        }
        found.insert(name, value);
    }
}

/// Says of a connection string as it is written which server and database it names, and nothing of who connects.
/// A variable is shown by its name.
pub fn shown(written: &str) -> String {
    let pieces = pieces(written).unwrap_or_default();
    let mut names = Vec::new();
    // The name of a variable would be read as a part of the string, so a character of nobody's stands for it.
    let mut masked = String::new();
    for piece in &pieces {
        match piece {
            Piece::Text(text) => masked.push_str(text),
            Piece::Variable(name) => {
                masked.extend(mark(names.len()));
                names.push(*name);
            }
            Piece::Value(_) => {}
        }
    }
    if let ([name], Some(only)) = (names.as_slice(), mark(0))
        && masked.trim().chars().eq([only])
    {
        return format!("${{env:{name}}}");
    }
    let unmasked = |text: String| {
        names.iter().enumerate().fold(text, |text, (at, name)| match mark(at) {
            Some(mark) => text.replace(mark, &format!("${{env:{name}}}")),
            None => text,
        })
    };
    match parse(&masked) {
        Ok(found) => {
            let part = |name: &str| found.get(name).cloned().unwrap_or_default();
            unmasked(place(&part("host"), &part("port"), &part("dbname")))
        }
        // Whoever reads it must know it again, but not what it keeps.
        Err(_) if secrets(written).is_empty() && !written.contains('@') => written.to_owned(),
        Err(_) => String::new(),
    }
}

fn mark(at: usize) -> Option<char> {
    char::from_u32(0xE000 + u32::try_from(at).ok()?).filter(|c| *c < '\u{F8FF}')
}

/// `host:port/database`, as far as it is known.
pub fn place(host: &str, port: &str, database: &str) -> String {
    let mut text = String::new();
    let mut ports = port.split(',');
    let mut last = "";
    for (at, host) in host.split(',').enumerate() {
        last = ports.next().unwrap_or(last);
        if at > 0 {
            text.push(',');
        }
        match host.contains(':') {
            true => text.push_str(&format!("[{host}]")),
            false => text.push_str(host),
        }
        if !last.is_empty() {
            text.push_str(&format!(":{last}"));
        }
    }
    match (text.is_empty(), database.is_empty()) {
        (_, true) => text,
        (true, false) => database.to_owned(),
        (false, false) => format!("{text}/{database}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        match parse(text) {
            Ok(found) => {
                found.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
            }
            Err(message) => message,
        }
    }

    #[test]
    fn urls_are_read_as_libpq_reads_them() {
        for (text, expected) in [
            ("postgres://", ""),
            ("postgresql://localhost", "host=localhost"),
            ("postgres://localhost:5433/shop", "dbname=shop host=localhost port=5433"),
            ("postgres://app@db", "host=db user=app"),
            ("postgres://app:p%40s%3As@db/a%2Fb", "dbname=a/b host=db password=p@s:s user=app"),
            ("postgres://app:p@ss@db/shop", "dbname=shop host=db password=p@ss user=app"),
            (
                "postgres://a:1,b:2/shop?target_session_attrs=any",
                "dbname=shop host=a,b port=1,2 target_session_attrs=any",
            ),
            ("postgres://a,b:2", "host=a,b port=,2"),
            ("postgres://[2001:db8::1]:5433/shop", "dbname=shop host=2001:db8::1 port=5433"),
            ("postgres:///shop?host=/tmp&port=5433", "dbname=shop host=/tmp port=5433"),
            ("postgres://%2Fvar%2Frun/shop", "dbname=shop host=/var/run"),
            ("postgres://db/shop?ssl=true", "dbname=shop host=db sslmode=require"),
            ("postgres://db/shop?sslmode=verify-full&", "dbname=shop host=db sslmode=verify-full"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        for text in [
            "mysql://db/shop",
            "jdbc:postgresql://db/shop",
            "postgres://[::1/shop",
            "postgres://[::1]x/shop",
            "postgres://a%4/shop",
            "postgres://a%00/shop",
            "postgres://a%+1/shop",
            "postgres://a%ff/shop",
            "postgres://a/b?c",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn words_are_read_as_libpq_reads_them() {
        assert_eq!(read("host=db  port = 5433 dbname='a b'"), "dbname=a b host=db port=5433");
        assert_eq!(read("password='it\\'s' user=a\\ b dbname="), "dbname= password=it's user=a b");
        for text in ["db", "host='a", "host=a shop"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn nobody_sees_who_connects() {
        for (written, expected) in [
            ("${env:STAGING_URL}", "${env:STAGING_URL}"),
            ("postgres://app:${env:PW}@db:5433/shop", "db:5433/shop"),
            ("postgres://app@${env:HOST}:${env:PORT}/shop", "${env:HOST}:${env:PORT}/shop"),
            ("postgres:///shop", "shop"),
            ("postgres:///shop?host=/tmp", "/tmp/shop"),
            ("host=db user=app password=${env:PW}", "db"),
            ("postgres://a:1,[::1]:2/shop", "a:1,[::1]:2/shop"),
            ("${env:BASE}/shop", "${env:BASE}/shop"),
            ("nonsense app:x@y", ""),
        ] {
            assert_eq!(shown(written), expected, "{written}");
        }
    }
}
