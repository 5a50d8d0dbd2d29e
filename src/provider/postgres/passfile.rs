//! The files in which PostgreSQL's own programs look things up: `.pgpass`, and `pg_service.conf`.
//! Never opens a file: the texts come in.

use super::url::Parameters;

/// Who asks for a password, as a line of the password file names it.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    pub host: &'a str,
    pub port: u16,
    pub database: &'a str,
    pub user: &'a str,
}

/// Returns the password of the first line that fits: `host:port:database:user:password`.
pub fn password(text: &str, asker: &Asker<'_>) -> Option<String> {
    let port = asker.port.to_string();
    let asked = [asker.host, port.as_str(), asker.database, asker.user];
    let lines = text.lines().map(|line| line.trim_end_matches('\r')).filter(|line| !line.starts_with('#'));
    for line in lines {
        let mut rest = line;
        let fits = asked.iter().all(|asked| match field(rest) {
            Some((field, after)) => {
                rest = after;
                field == Field::Any || field == Field::Is((*asked).to_owned())
            }
            None => false,
        });
        if fits {
            return Some(plain(rest));
        }
    }
    None
}

#[derive(PartialEq, Eq)]
enum Field {
    /// `*`
    Any,
    Is(String),
}

/// The first field of a line, and what follows its colon.
fn field(line: &str) -> Option<(Field, &str)> {
    let mut is_escaped = false;
    for (at, c) in line.char_indices() {
        match (c, is_escaped) {
            (':', false) => {
                let field = if &line[..at] == "*" { Field::Any } else { Field::Is(plain(&line[..at])) };
                return Some((field, &line[at + 1..]));
            }
            ('\\', false) => is_escaped = true,
            (_, _) => is_escaped = false,
        }
    }
    None
}

/// A field without its backslashes.
fn plain(field: &str) -> String {
    let mut text = String::with_capacity(field.len());
    let mut chars = field.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.extend(chars.next()),
            c => text.push(c),
        }
    }
    text
}

/// Returns what a service file says of one service: the lines `name=value` under `[service]`.
pub fn service(text: &str, service: &str) -> Option<Parameters> {
    let mut found: Option<Parameters> = None;
    let mut is_inside = false;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            is_inside = name == service && found.is_none();
            if is_inside {
                found = Some(Parameters::new());
            }
        } else if let (true, Some(found), Some((name, value))) =
            (is_inside, found.as_mut(), line.split_once('='))
        {
            found.entry(name.trim().to_owned()).or_insert_with(|| value.trim().to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_gives_the_password() {
        let text = "# db:5432:shop:app:no\ndb:5432:shop:app:one\r\ndb:*:*:app:t\\:w\\\\o\n*:*:*:ann\\:b:th:ree\nbroken\n::1:1:1:1:x";
        let ask = |host, port, database, user| password(text, &Asker { host, port, database, user });
        assert_eq!(ask("db", 5432, "shop", "app").as_deref(), Some("one"));
        assert_eq!(ask("db", 5433, "shop", "app").as_deref(), Some("t:w\\o"));
        assert_eq!(ask("x", 1, "y", "ann:b").as_deref(), Some("th:ree"));
        assert_eq!(ask("x", 1, "y", "*"), None);
        assert_eq!(ask("::1", 1, "1", "1"), None);
        let text = "\\:\\:1:1:1:1:six";
        let asker = Asker { host: "::1", port: 1, database: "1", user: "1" };
        assert_eq!(password(text, &asker).as_deref(), Some("six"));
    }

    #[test]
    fn a_service_is_the_lines_under_its_name() {
        let text =
            "# ours\n[a]\nhost=x\n\n[shop]\nhost = db\nport=5433\nhost=late\n[b]\nport=1\n[shop]\nuser=u\n";
        let found = service(text, "shop").unwrap();
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            [("host".to_owned(), "db".to_owned()), ("port".to_owned(), "5433".to_owned())]
        );
        assert_eq!(service(text, "c"), None);
    }
}
