//! The registry of providers: which there are, what names they hold, and how one is opened.
//! Never does a provider's work itself.

use std::path::Path;

use super::sqlite;
use crate::model::environment::TargetConfig;
use crate::model::name::NameLimits;
use crate::model::task::TaskRules;
pub use crate::target::Mode;
use crate::target::{Dialect, Target, TargetError};

/// Opens a target; its settings and the folder that relative paths begin at.
type Opener = fn(&TargetConfig, &Path, Mode) -> Result<Box<dyn Target>, TargetError>;

struct Provider {
    name: &'static str,
    limits: NameLimits,
    dialect: Option<&'static (dyn Dialect + Sync)>,
    open: Option<Opener>,
}

/// Every provider, one a line. A target adds its own here.
const PROVIDERS: [Provider; 2] = [
    Provider {
        name: sqlite::NAME,
        limits: sqlite::NAME_LIMITS,
        dialect: Some(&sqlite::SqliteDialect),
        open: Some(sqlite::open),
    },
    Provider { name: "postgres", limits: POSTGRES_LIMITS, dialect: None, open: None },
];

/// PostgreSQL 15: identifiers are cut at 63 bytes, and `pg_` belongs to the system.
const POSTGRES_LIMITS: NameLimits =
    NameLimits { max_bytes: 63, ignores_case: false, reserved_prefixes: &["pg_"], tasks: TaskRules::PRESENT };

/// The names of all providers, as environments write them.
pub fn providers() -> &'static [&'static str] {
    const NAMES: [&str; PROVIDERS.len()] = [PROVIDERS[0].name, PROVIDERS[1].name];
    &NAMES
}

/// What names a provider's targets can hold.
pub fn name_limits(provider: &str) -> Option<NameLimits> {
    PROVIDERS.iter().find(|known| known.name == provider).map(|known| known.limits)
}

/// The pure half of a provider, where this version has it.
pub fn dialect(provider: &str) -> Option<&'static dyn Dialect> {
    let known = PROVIDERS.iter().find(|known| known.name == provider)?;
    known.dialect.map(|dialect| dialect as &dyn Dialect)
}

/// Opens the target of an environment; paths in its settings begin at `root`.
pub fn open(config: &TargetConfig, root: &Path, mode: Mode) -> Result<Box<dyn Target>, TargetError> {
    let known = PROVIDERS.iter().find(|known| known.name == config.provider);
    let refuse = |message: String| {
        Err(TargetError::Open { target: format!("the `{}` target", config.provider), message })
    };
    match known {
        Some(Provider { open: Some(open), .. }) => open(config, root, mode),
        Some(Provider { name: "postgres", .. }) => {
            refuse("this version has no PostgreSQL target yet; use `sqlite`".to_owned())
        }
        Some(Provider { open: None, .. }) => refuse("this version cannot open it yet".to_owned()),
        None => refuse(format!("there is no such provider; there are: {}", providers().join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_without_a_target_still_limits_names() {
        assert_eq!(providers(), ["sqlite", "postgres"]);
        assert_eq!(name_limits("postgres").map(|limits| limits.max_bytes), Some(63));
        assert!(dialect("postgres").is_none() && name_limits("oracle").is_none());
        let config = TargetConfig { provider: "postgres".to_owned(), ..TargetConfig::default() };
        let error = open(&config, Path::new("."), Mode::Read).err().map(|e| e.to_string());
        assert!(error.is_some_and(|e| e.contains("no PostgreSQL target yet")));
    }
}
