//! What a target's settings, PostgreSQL's variables and its files come to: one connection, as libpq would make it.
//! Never opens a file or a connection, and never puts a password into a message.

use core::net::IpAddr;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::NAME;
use super::names::MAX_BYTES;
use super::passfile::{self, Asker};
use super::url::{self, Parameters};
use crate::model::environment::TargetConfig;
use crate::model::setting::Setting;

/// The settings that the target of an environment may have.
const SETTINGS: [&str; 12] = [
    "url",
    "schema",
    "host",
    "port",
    "database",
    "user",
    "password",
    "passfile",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
];

/// libpq's keywords that count here, each with the variable that fills it in.
const KEYWORDS: [(&str, &str); 18] = [
    ("service", "PGSERVICE"),
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("port", "PGPORT"),
    ("dbname", "PGDATABASE"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("passfile", "PGPASSFILE"),
    ("options", "PGOPTIONS"),
    ("application_name", "PGAPPNAME"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("sslnegotiation", "PGSSLNEGOTIATION"),
    ("channel_binding", "PGCHANNELBINDING"),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("target_session_attrs", "PGTARGETSESSIONATTRS"),
];

/// libpq's keywords that change nothing here.
const WITHOUT_EFFECT: [&str; 15] = [
    "client_encoding",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "sslcompression",
    "sslsni",
    "ssl_min_protocol_version",
    "tcp_user_timeout",
];

/// The variables besides those of the keywords.
const VARIABLES: [&str; 6] = ["HOME", "APPDATA", "USER", "LOGNAME", "PGSERVICEFILE", "PGSYSCONFDIR"];

/// PostgreSQL's port where nothing else is said.
const PORT: u16 = 5432;

/// How long a server may take to answer where nothing else is said; libpq would wait for ever.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// Where a server's socket is where no host is named: where Debian puts it, and where PostgreSQL itself does.
const SOCKETS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// The settings of one target, read as far as that goes without a file.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The target for people: `postgres db:5432/shop schema public`.
    pub name: String,
    pub schema: String,
    /// What they are made from: messages show them as they are written.
    written: Vec<Setting>,
    said: Secret<Parameters>,
    /// Whether a part of what is said comes from a variable that the settings name.
    has_variables: bool,
    variables: Secret<BTreeMap<String, String>>,
}

/// Something that `Debug` does not show.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret<T>(pub T);

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Everything that is needed to connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// In the order in which they are tried.
    pub hosts: Vec<Host>,
    pub database: Option<String>,
    pub user: Option<String>,
    pub options: Option<String>,
    pub application_name: String,
    pub connect_timeout: Option<Duration>,
    pub ssl: Ssl,
    /// Whether the server must take writes.
    pub needs_primary: bool,
    pub channel_binding: ChannelBinding,
    /// What a person should know should the server refuse the connection.
    pub remarks: Vec<String>,
}

/// One server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its name, or the folder of its socket.
    pub name: String,
    /// Where it is, should its name not be looked up.
    pub address: Option<IpAddr>,
    pub port: u16,
    pub password: Option<Secret<String>>,
}

impl Host {
    pub fn is_socket(&self) -> bool {
        self.address.is_none() && (self.name.starts_with('/') || self.name.starts_with('@'))
    }
}

/// How a connection is encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ssl {
    pub mode: SslMode,
    pub root: Root,
    /// The client's own certificate and its key.
    pub client: Option<(PathBuf, PathBuf)>,
    /// Whether the connection begins with TLS at once.
    pub is_direct: bool,
}

/// libpq's `sslmode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SslMode {
    /// Never.
    Disable,
    /// Where the server wants it.
    Allow,
    /// Where the server can.
    Prefer,
    /// Always, whoever the server is.
    Require,
    /// Always, with a server whose certificate is signed by somebody trusted.
    VerifyCa,
    /// Always, with the very server that was named.
    VerifyFull,
}

/// Who may sign a server's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// Those whom the machine trusts.
    System,
    File(PathBuf),
    /// No file was named, and there is none where libpq looks for one.
    None,
}

/// libpq's `channel_binding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelBinding {
    Disable,
    Prefer,
    Require,
}

/// What the outside says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Missing,
    Text(String),
    /// Others than its owner may read it too.
    Open(String),
    /// It is there, and cannot be read.
    Unreadable,
}

impl Settings {
    /// The same schema on the server of another URL.
    pub fn elsewhere(&self, url: &str) -> Result<Settings, String> {
        let said = url::parse(url)?;
        check_keywords(&said)?;
        let name = format!("postgres {}", url::shown(url));
        Ok(Settings { name, said: Secret(said), has_variables: false, ..self.clone() })
    }

    /// The same in another database.
    pub fn in_database(&self, name: &str) -> Settings {
        let mut own = self.clone();
        own.said.0.insert("dbname".to_owned(), name.to_owned());
        own
    }

    /// Reads the settings of a target. The error says what is wrong with them, after the target's name.
    pub fn new(
        config: &TargetConfig,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Settings, (String, String)> {
        let name = name(config);
        let read = || {
            let known = || SETTINGS.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let is_known = |name: &&String| name.is_empty() || SETTINGS.contains(&name.as_str());
            if let Some(unknown) = config.settings.keys().find(|name| !is_known(name)) {
                return Err(format!("it has no setting `{unknown}`; it has {}", known()));
            }
            let used = |name: &str| match config.settings.get(name) {
                Some(setting) => match setting.used() {
                    Some(text) => Ok(Some(text)),
                    None => Err(format!("the variables in its `{name}` are not filled in")),
                },
                None => Ok(None),
            };
            let schema = used("schema")?.unwrap_or_else(|| "public".to_owned());
            if let Some(fault) = schema_fault(&schema) {
                return Err(format!("its schema {fault}"));
            }
            let mut said = Parameters::new();
            for text in [used("")?, used("url")?].into_iter().flatten() {
                said.extend(url::parse(&text)?);
            }
            check_keywords(&said)?;
            for setting in SETTINGS.iter().filter(|setting| !matches!(**setting, "url" | "schema")) {
                let Some(value) = used(setting)? else { continue };
                let keyword = if *setting == "database" { "dbname" } else { setting };
                if said.insert(keyword.to_owned(), value).is_some() {
                    return Err(format!("its url and its `{setting}` say the same; leave one out"));
                }
            }
            if said.values().any(|value| value.contains('\0')) {
                return Err("one of its settings holds a NUL character".to_owned());
            }
            Ok((schema, said))
        };
        let (schema, said) = read().map_err(|message| (name.clone(), message))?;
        let names = KEYWORDS.iter().map(|(_, name)| *name).chain(VARIABLES);
        let variables = names
            .filter_map(|name| Some((name.to_owned(), variable(name).filter(|value| !value.is_empty())?)))
            .collect();
        let written: Vec<Setting> = config.settings.values().cloned().collect();
        let has_variables =
            written.iter().any(|setting| setting.used().is_some_and(|used| used != setting.written()));
        Ok(Settings {
            name,
            schema,
            written,
            said: Secret(said),
            has_variables,
            variables: Secret(variables),
        })
    }

    /// Puts what is written back into a message of the server or the driver.
    pub fn hide(&self, message: &str) -> String {
        // What is very short would take the place of anything.
        let is_long = |setting: &&Setting| setting.used().is_some_and(|used| used.len() > 3);
        let hidden =
            self.written.iter().filter(is_long).fold(message.to_owned(), |text, one| one.hide(&text));
        let passwords = [self.said.0.get("password"), self.variables.0.get("PGPASSWORD")];
        let is_long = |password: &&String| password.len() > 3;
        let hidden = passwords
            .into_iter()
            .flatten()
            .filter(is_long)
            .fold(hidden, |text, password| text.replace(password.as_str(), "…"));
        // What came from a variable may be a part of a message: the server quotes names.
        if !self.has_variables {
            return hidden;
        }
        ["user", "dbname", "host"]
            .iter()
            .filter_map(|name| self.said.0.get(*name))
            .fold(hidden, |text, name| {
                text.replace(&format!("\"{name}\""), "\"…\"").replace(&format!("`{name}`"), "`…`")
            })
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.0.get(name).map(String::as_str)
    }

    /// The folder in which libpq looks for files of one user.
    fn home(&self, folder: &str, file: &str) -> Option<PathBuf> {
        match (self.variable("APPDATA"), self.variable("HOME")) {
            (Some(data), _) if cfg!(windows) => Some(Path::new(data).join("postgresql").join(file)),
            (_, Some(home)) => Some(Path::new(home).join(folder).join(file)),
            (_, None) => None,
        }
    }

    /// Makes the connection, with what the files say.
    pub fn connection(&self, file: &dyn Fn(&Path) -> Found) -> Result<Connection, String> {
        let mut said: Parameters = self
            .said
            .0
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        self.add_service(&mut said, file)?;
        for (keyword, variable) in KEYWORDS {
            if let Some(value) = self.variable(variable) {
                said.entry(keyword.to_owned()).or_insert_with(|| value.to_owned());
            }
        }
        let get = |name: &str| said.get(name).map(String::as_str).filter(|value| !value.is_empty());
        let user = get("user").or(self.variable("USER")).or(self.variable("LOGNAME")).map(str::to_owned);
        let database = get("dbname").map(str::to_owned).or_else(|| user.clone());
        let mut remarks = Vec::new();
        let mut hosts = hosts(get("host"), get("hostaddr"), get("port"))?;
        let passwords = match get("password") {
            Some(_) => None,
            None => self.password_file(get("passfile"), file, &mut remarks),
        };
        for host in &mut hosts {
            let asker = Asker {
                host: if SOCKETS.contains(&host.name.as_str()) { "localhost" } else { &host.name },
                port: host.port,
                database: database.as_deref().unwrap_or_default(),
                user: user.as_deref().unwrap_or_default(),
            };
            let found = passwords.as_ref().and_then(|text| passfile::password(text, &asker));
            host.password = get("password").map(str::to_owned).or(found).map(Secret);
        }
        Ok(Connection {
            hosts,
            database,
            user,
            options: get("options").map(str::to_owned),
            application_name: get("application_name").unwrap_or("reconcile").to_owned(),
            connect_timeout: timeout(get("connect_timeout"))?,
            ssl: self.ssl(&get, file)?,
            needs_primary: match get("target_session_attrs") {
                None | Some("any" | "read-only" | "standby" | "prefer-standby") => false,
                Some("read-write" | "primary") => true,
                Some(other) => {
                    return Err(no_such("target_session_attrs", other, "`any`, `read-write`, `primary`"));
                }
            },
            channel_binding: match get("channel_binding") {
                None | Some("prefer") => ChannelBinding::Prefer,
                Some("disable") => ChannelBinding::Disable,
                Some("require") => ChannelBinding::Require,
                Some(other) => {
                    return Err(no_such("channel_binding", other, "`disable`, `prefer`, `require`"));
                }
            },
            remarks,
        })
    }

    /// Adds what the service file says of the service that is named, where nothing else is said.
    fn add_service(&self, said: &mut Parameters, file: &dyn Fn(&Path) -> Found) -> Result<(), String> {
        let Some(service) =
            said.get("service").cloned().or_else(|| self.variable("PGSERVICE").map(str::to_owned))
        else {
            return Ok(());
        };
        let own = match self.variable("PGSERVICEFILE") {
            Some(path) => Some(PathBuf::from(path)),
            None => self.home("", ".pg_service.conf"),
        };
        let shared = self.variable("PGSYSCONFDIR").map(|folder| Path::new(folder).join("pg_service.conf"));
        for path in [own, shared].into_iter().flatten() {
            let (Found::Text(text) | Found::Open(text)) = file(&path) else { continue };
            if let Some(found) = passfile::service(&text, &service) {
                check_keywords(&found)?;
                for (name, value) in found {
                    said.entry(name).or_insert(value);
                }
                return Ok(());
            }
        }
        Err(format!("there is no service `{service}` in pg_service.conf"))
    }

    /// The text of the password file, where there is one that nobody else may read.
    fn password_file(
        &self,
        named: Option<&str>,
        file: &dyn Fn(&Path) -> Found,
        remarks: &mut Vec<String>,
    ) -> Option<String> {
        let own = if cfg!(windows) { "pgpass.conf" } else { ".pgpass" };
        let path = named.map(PathBuf::from).or_else(|| self.home("", own))?;
        match file(&path) {
            Found::Text(text) => Some(text),
            Found::Open(_) => {
                let path = path.display();
                remarks.push(format!(
                    "the password file `{path}` was not read, because others may read it: chmod 0600 {path}"
                ));
                None
            }
            Found::Unreadable => {
                remarks.push(format!("the password file `{}` cannot be read", path.display()));
                None
            }
            Found::Missing if named.is_some() => {
                remarks.push(format!("there is no password file `{}`", path.display()));
                None
            }
            Found::Missing => None,
        }
    }

    fn ssl<'a>(
        &self,
        get: &dyn Fn(&str) -> Option<&'a str>,
        file: &dyn Fn(&Path) -> Found,
    ) -> Result<Ssl, String> {
        let is_there = |path: &PathBuf| file(path) != Found::Missing;
        let root = match get("sslrootcert") {
            Some("system") => Root::System,
            Some(path) => Root::File(PathBuf::from(path)),
            None => match self.home(".postgresql", "root.crt").filter(is_there) {
                Some(path) => Root::File(path),
                None => Root::None,
            },
        };
        let named = get("sslmode");
        let mode = match (named, &root) {
            // Whoever trusts all that the machine trusts must at least know whom he talks to.
            (None, Root::System) => SslMode::VerifyFull,
            (None, Root::File(_) | Root::None) => SslMode::Prefer,
            (Some(word), _) => ssl_mode(word)?,
        };
        match (mode, &root) {
            (SslMode::VerifyCa | SslMode::VerifyFull, Root::None) => {
                return Err("its `sslmode` needs to know whom to trust: set `sslrootcert` to a file, or to \
                            `system` with `verify-full`"
                    .to_owned());
            }
            (SslMode::VerifyFull, Root::System | Root::File(_)) => {}
            (_, Root::System) => {
                return Err("its `sslrootcert: system` needs `sslmode: verify-full`".to_owned());
            }
            (_, Root::File(_) | Root::None) => {}
        }
        let certificate = get("sslcert")
            .map(PathBuf::from)
            .or_else(|| self.home(".postgresql", "postgresql.crt").filter(is_there));
        let key = get("sslkey")
            .map(PathBuf::from)
            .or_else(|| self.home(".postgresql", "postgresql.key").filter(is_there));
        let client = match (certificate, key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, _) => None,
            (Some(_), None) => {
                return Err("it has a certificate of its own and no key; name it with `sslkey`".to_owned());
            }
        };
        let is_direct = match get("sslnegotiation") {
            None | Some("postgres") => false,
            Some("direct") if mode >= SslMode::Require => true,
            Some("direct") => return Err("its `sslnegotiation: direct` needs `sslmode: require`".to_owned()),
            Some(other) => return Err(no_such("sslnegotiation", other, "`postgres`, `direct`")),
        };
        Ok(Ssl { mode, root, client, is_direct })
    }
}

/// The target for people, from what is written.
fn name(config: &TargetConfig) -> String {
    let written = |name: &str| config.settings.get(name).map(Setting::written).unwrap_or_default();
    let url = match (written(""), written("url")) {
        ("", url) => url,
        (url, _) => url,
    };
    let place = match url {
        "" => url::place(written("host"), written("port"), written("database")),
        url => {
            let more = url::place(written("host"), written("port"), written("database"));
            [url::shown(url), more].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
        }
    };
    let schema = config.settings.get("schema").map_or("public", Setting::written);
    let gap = if place.is_empty() { "" } else { " " };
    format!("{NAME}{gap}{place} schema {schema}")
}

/// Returns why nothing of ours can be in a schema, if it cannot.
fn schema_fault(schema: &str) -> Option<String> {
    match schema {
        "" => Some("is empty".to_owned()),
        "reconcile" => Some("is `reconcile`, where `reconcile` keeps its own record".to_owned()),
        "information_schema" => Some("is `information_schema`, which belongs to the server".to_owned()),
        _ if schema.starts_with("pg_") => Some("begins with `pg_`, which belongs to the server".to_owned()),
        _ if schema.len() > MAX_BYTES => {
            Some(format!("has a name of {} bytes; PostgreSQL takes {MAX_BYTES}", schema.len()))
        }
        _ if schema.contains('\0') => Some("holds a NUL character".to_owned()),
        _ => None,
    }
}

/// Refuses what libpq does not know, and what it knows and nobody here would heed.
fn check_keywords(said: &Parameters) -> Result<(), String> {
    for (name, value) in said {
        let is_known = KEYWORDS.iter().any(|(keyword, _)| keyword == name);
        if is_known || WITHOUT_EFFECT.contains(&name.as_str()) {
            if name == "gssencmode" && value == "require" {
                return Err("its url asks for `gssencmode=require`, which `reconcile` cannot do".to_owned());
            }
            continue;
        }
        return Err(match name.as_str() {
            "schema" | "currentSchema" | "search_path" => {
                format!("its url has `{name}`; the schema is a setting of its own: `schema: …`")
            }
            "requirepeer"
            | "require_auth"
            | "sslcrl"
            | "sslcrldir"
            | "sslpassword"
            | "sslcertmode"
            | "replication"
            | "requiressl"
            | "ssl_max_protocol_version" => {
                format!("its url has `{name}`, which `reconcile` cannot heed")
            }
            // What stands there may be a part of a password that holds a `?` or a space.
            _ => "its url has a parameter that PostgreSQL does not know; write `%3F` for a `?` in a password"
                .to_owned(),
        });
    }
    Ok(())
}

fn no_such(keyword: &str, value: &str, known: &str) -> String {
    format!("its `{keyword}` is `{value}`; there is {known}")
}

fn ssl_mode(word: &str) -> Result<SslMode, String> {
    Ok(match word {
        "disable" => SslMode::Disable,
        "allow" => SslMode::Allow,
        "prefer" => SslMode::Prefer,
        "require" => SslMode::Require,
        "verify-ca" => SslMode::VerifyCa,
        "verify-full" => SslMode::VerifyFull,
        other => {
            let known = "`disable`, `allow`, `prefer`, `require`, `verify-ca`, `verify-full`";
            return Err(no_such("sslmode", other, known));
        }
    })
}

fn timeout(text: Option<&str>) -> Result<Option<Duration>, String> {
    match text.map(|text| text.trim().parse::<i64>()) {
        None => Ok(Some(CONNECT_TIMEOUT)),
        Some(Ok(seconds)) => {
            // As libpq: nothing and less is for ever.
            Ok(u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs))
        }
        Some(Err(_)) => Err("its `connect_timeout` is no whole number of seconds".to_owned()),
    }
}

/// The servers that are named, each with its port.
fn hosts(names: Option<&str>, addresses: Option<&str>, ports: Option<&str>) -> Result<Vec<Host>, String> {
    let ports: Vec<&str> = ports.map(|ports| ports.split(',').map(str::trim).collect()).unwrap_or_default();
    let addresses: Vec<&str> =
        addresses.map(|all| all.split(',').map(str::trim).collect()).unwrap_or_default();
    let names: Vec<&str> = match names {
        Some(names) => names.split(',').map(str::trim).collect(),
        None => vec![""; addresses.len().max(1)],
    };
    if !addresses.is_empty() && addresses.len() != names.len() {
        return Err(format!("it names {} hosts and {} addresses", names.len(), addresses.len()));
    }
    if ports.len() > 1 && ports.len() != names.len() {
        return Err(format!("it names {} hosts and {} ports", names.len(), ports.len()));
    }
    let mut found = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let port = match ports.get(at).or(ports.first()) {
            None | Some(&"") => PORT,
            Some(text) => match text.parse() {
                Ok(port) if port > 0 => port,
                Ok(_) | Err(_) => return Err("its port is no number from 1 to 65535".to_owned()),
            },
        };
        let address = match addresses.get(at) {
            None | Some(&"") => None,
            Some(text) => Some(text.parse().map_err(|_| "its `hostaddr` is no address".to_owned())?),
        };
        let host = |name: &str| Host { name: name.to_owned(), address, port, password: None };
        match (name, address) {
            (&"", None) if cfg!(windows) => found.push(host("localhost")),
            (&"", None) => found.extend(SOCKETS.map(host)),
            (&"", Some(_)) => found.push(host(addresses.get(at).unwrap_or(name))),
            (name, _) => found.push(host(name)),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(settings: &[(&str, &str)]) -> TargetConfig {
        let settings =
            settings.iter().map(|(name, text)| ((*name).to_owned(), Setting::from(*text))).collect();
        TargetConfig { provider: NAME.to_owned(), settings }
    }

    fn settings(given: &[(&str, &str)], variables: &[(&str, &str)]) -> Settings {
        let find = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Settings::new(&config(given), &find).unwrap()
    }

    fn none(_: &Path) -> Found {
        Found::Missing
    }

    #[test]
    fn what_is_written_comes_before_the_variables() {
        let variables = [
            ("PGHOST", "other"),
            ("PGPORT", "5433"),
            ("PGUSER", "ann"),
            ("PGPASSWORD", "x"),
            ("PGSSLMODE", "require"),
        ];
        let found = settings(&[("url", "postgres://app@db/shop")], &variables).connection(&none).unwrap();
        assert_eq!((found.hosts[0].name.as_str(), found.hosts[0].port), ("db", 5433));
        assert_eq!(found.hosts[0].password, Some(Secret("x".to_owned())));
        assert_eq!((found.user.as_deref(), found.database.as_deref()), (Some("app"), Some("shop")));
        assert_eq!((found.ssl.mode, found.application_name.as_str()), (SslMode::Require, "reconcile"));
        let found = settings(&[("schema", "shop")], &[("USER", "ann")]).connection(&none).unwrap();
        assert_eq!(found.database.as_deref(), Some("ann"));
        assert!(found.hosts.iter().all(Host::is_socket) && found.ssl.mode == SslMode::Prefer);
        assert!(!format!("{found:?} {:?}", settings(&[], &variables)).contains("\"x\""));
    }

    #[test]
    fn the_password_file_is_asked_last_and_only_where_it_is_closed() {
        let given = [("url", "postgres://app@db/shop")];
        let home = [("HOME", "/home/ann")];
        let file = |path: &Path| match path.to_str() {
            Some("/home/ann/.pgpass") => Found::Text("db:5432:shop:app:secret".to_owned()),
            _ => Found::Missing,
        };
        let found = settings(&given, &home).connection(&file).unwrap();
        assert_eq!(found.hosts[0].password, Some(Secret("secret".to_owned())));
        let found = settings(&given, &home).connection(&|path| match file(path) {
            Found::Text(text) => Found::Open(text),
            other => other,
        });
        let found = found.unwrap();
        assert_eq!(found.hosts[0].password, None);
        assert!(found.remarks[0].contains("chmod 0600 /home/ann/.pgpass"), "{:?}", found.remarks);
    }

    #[test]
    fn a_service_fills_in_what_nobody_said() {
        let file = |path: &Path| match path.to_str() {
            Some("/etc/services") => Found::Text("[shop]\nhost=db\nport=5433\nuser=app".to_owned()),
            _ => Found::Missing,
        };
        let variables = [("PGSERVICEFILE", "/etc/services"), ("PGUSER", "ann"), ("PGHOST", "x")];
        let found = settings(&[("url", "service=shop port=1")], &variables).connection(&file).unwrap();
        assert_eq!((found.hosts[0].name.as_str(), found.hosts[0].port), ("db", 1));
        assert_eq!(found.user.as_deref(), Some("app"));
        let missing = settings(&[("url", "service=b")], &variables).connection(&file);
        assert!(missing.unwrap_err().contains("no service `b`"));
    }

    #[test]
    fn encryption_means_what_libpq_means() {
        let of = |given: &[(&str, &str)]| settings(given, &[]).connection(&none).map(|found| found.ssl);
        assert_eq!(of(&[("sslrootcert", "system")]).unwrap().mode, SslMode::VerifyFull);
        let file = of(&[("sslmode", "verify-ca"), ("sslrootcert", "/ca.pem")]).unwrap();
        assert_eq!(file.root, Root::File(PathBuf::from("/ca.pem")));
        for given in [
            &[("sslmode", "require"), ("sslrootcert", "system")][..],
            &[("sslmode", "verify-ca")],
            &[("sslmode", "yes")],
            &[("sslcert", "/a.crt")],
            &[("url", "sslnegotiation=direct")],
            &[("url", "connect_timeout=soon")],
            &[("host", "a,b"), ("port", "1,2,3")],
            &[("port", "70000")],
        ] {
            assert!(of(given).is_err(), "{given:?}");
        }
    }

    #[test]
    fn settings_that_nobody_knows_are_refused() {
        for (given, expected) in [
            (&[("uri", "x")][..], "it has no setting `uri`"),
            (&[("schema", "")], "is empty"),
            (&[("schema", "pg_a")], "belongs to the server"),
            (&[("schema", "reconcile")], "its own record"),
            (&[("url", "postgres://db/shop?schema=a")], "a setting of its own"),
            (&[("url", "postgres://db/shop?sslcrl=a")], "cannot heed"),
            (&[("url", "postgres://app:pa?ss=w@db/shop")], "does not know"),
            (&[("url", "postgres://db/shop"), ("database", "b")], "say the same"),
        ] {
            let (name, message) = Settings::new(&config(given), &|_| None).unwrap_err();
            assert!(
                message.contains(expected) && name.starts_with("postgres"),
                "{given:?}: {name}: {message}"
            );
        }
    }

    #[test]
    fn nobody_sees_what_a_variable_holds() {
        let filled = config(&[("url", "${env:URL}"), ("schema", "shop")])
            .filled(&|_| Ok("postgres://app:hunter2@db/shop".to_owned()))
            .unwrap();
        let settings = Settings::new(&filled, &|_| None).unwrap();
        assert_eq!(settings.name, "postgres ${env:URL} schema shop");
        let message = settings.hide("cannot reach postgres://app:hunter2@db/shop with hunter2");
        assert_eq!(message, "cannot reach ${env:URL} with …");
        assert_eq!(settings.hide("no role \"app\" for \"shop\""), "no role \"…\" for \"…\"");
        assert!(!format!("{settings:?}").contains("hunter2"));
        let plain = config(&[("host", "db"), ("port", "5433"), ("database", "shop")]);
        assert_eq!(Settings::new(&plain, &|_| None).unwrap().name, "postgres db:5433/shop schema public");
    }
}
