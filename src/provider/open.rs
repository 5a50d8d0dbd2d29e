//! The registry of providers: which there are, what names they hold, and how one is opened.
//! Never does a provider's work itself.

use std::path::Path;

use super::{postgres, sqlite};
use crate::model::environment::TargetConfig;
use crate::model::name::NameLimits;
pub use crate::target::Mode;
use crate::target::{Dialect, Target, TargetError};

/// What of the world outside a target is opened in.
#[derive(Clone, Copy)]
pub struct Outside<'a> {
    /// The folder that relative paths begin at.
    pub root: &'a Path,
    /// Reads a variable of the environment, where it is set.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
}

/// A folder, and no variables.
impl<'a, P: AsRef<Path> + ?Sized> From<&'a P> for Outside<'a> {
    fn from(root: &'a P) -> Outside<'a> {
        Outside { root: root.as_ref(), variable: &|_| None }
    }
}

/// Opens a target by its settings.
type Opener = fn(&TargetConfig, &Outside<'_>, Mode) -> Result<Box<dyn Target>, TargetError>;

struct Provider {
    name: &'static str,
    limits: NameLimits,
    dialect: &'static (dyn Dialect + Sync),
    open: Opener,
}

/// Every provider, one a line. A target adds its own here.
const PROVIDERS: [Provider; 2] = [
    Provider {
        name: sqlite::NAME,
        limits: sqlite::NAME_LIMITS,
        dialect: &sqlite::SqliteDialect,
        open: |config, outside, mode| sqlite::open(config, outside.root, mode),
    },
    Provider {
        name: postgres::NAME,
        limits: postgres::NAME_LIMITS,
        dialect: &postgres::PostgresDialect,
        open: |config, outside, mode| postgres::open(config, outside.variable, mode),
    },
];

/// The names of all providers, as environments write them.
pub fn providers() -> &'static [&'static str] {
    const NAMES: [&str; PROVIDERS.len()] = [PROVIDERS[0].name, PROVIDERS[1].name];
    &NAMES
}

/// What names a provider's targets can hold.
pub fn name_limits(provider: &str) -> Option<NameLimits> {
    PROVIDERS.iter().find(|known| known.name == provider).map(|known| known.limits)
}

/// The pure half of a provider.
pub fn dialect(provider: &str) -> Option<&'static dyn Dialect> {
    let known = PROVIDERS.iter().find(|known| known.name == provider)?;
    Some(known.dialect)
}

/// Opens the target of an environment.
pub fn open<'a>(
    config: &TargetConfig,
    outside: impl Into<Outside<'a>>,
    mode: Mode,
) -> Result<Box<dyn Target>, TargetError> {
    match PROVIDERS.iter().find(|known| known.name == config.provider) {
        Some(known) => (known.open)(config, &outside.into(), mode),
        None => Err(TargetError::Open {
            target: format!("the `{}` target", config.provider),
            message: format!("there is no such provider; there are: {}", providers().join(", ")),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_is_whole() {
        assert_eq!(providers(), ["sqlite", "postgres"]);
        assert_eq!(name_limits("postgres").map(|limits| limits.max_bytes), Some(63));
        assert!(providers().iter().all(|name| dialect(name).is_some_and(|known| known.name() == *name)));
        assert!(dialect("oracle").is_none() && name_limits("oracle").is_none());
        let config = TargetConfig { provider: "oracle".to_owned(), ..TargetConfig::default() };
        let error = open(&config, ".", Mode::Read).err().map(|e| e.to_string());
        assert!(error.is_some_and(|e| e.contains("there are: sqlite, postgres")));
    }
}
