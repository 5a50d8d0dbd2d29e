//! One setting of a target: as its manifest writes it, and what that stands for in this run.
//! Never shows what a variable holds: not in a message, not in `Debug`.

use std::fmt;

use super::template::{Piece, literal, pieces};

/// A setting such as `${env:STAGING_URL}`. What is printed, packed and kept is what is written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Setting {
    written: String,
    /// The file and line that say so.
    place: Option<(String, u32)>,
    filled: Option<String>,
}

/// Why a variable gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoVariable {
    #[error("is not set")]
    Unset,
    #[error("is empty")]
    Empty,
    #[error("is no UTF-8 text")]
    NotText,
}

/// A setting that cannot be used in this run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the variable `{name}` {why}")]
pub struct Unfilled {
    pub name: String,
    pub why: NoVariable,
    /// The file and line that name it.
    pub place: Option<(String, u32)>,
}

impl Setting {
    pub fn new(written: impl Into<String>) -> Setting {
        Setting { written: written.into(), ..Setting::default() }
    }

    pub fn at(mut self, file: &str, line: u32) -> Setting {
        self.place = Some((file.to_owned(), line));
        self
    }

    /// The setting for people.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// The setting as a target is opened with it; none while its variables are not filled in.
    pub fn used(&self) -> Option<String> {
        self.filled.clone().or_else(|| literal(&self.written).map(|text| text.into_owned()))
    }

    /// Fills in the variables that it names.
    pub fn filled(&self, variable: &dyn Fn(&str) -> Result<String, NoVariable>) -> Result<Setting, Unfilled> {
        let mut text = String::new();
        for piece in pieces(&self.written).unwrap_or_default() {
            match piece {
                Piece::Text(literal) => text.push_str(literal),
                Piece::Variable(name) => text.push_str(&variable(name).map_err(|why| Unfilled {
                    name: name.to_owned(),
                    why,
                    place: self.place.clone(),
                })?),
                // Refused where the manifest is read.
                Piece::Value(_) => {}
            }
        }
        Ok(Setting { filled: Some(text), ..self.clone() })
    }

    /// Puts what is written back into a message of somebody who knows only what it stands for.
    pub fn hide(&self, message: &str) -> String {
        match &self.filled {
            Some(filled) if !filled.is_empty() && *filled != self.written => {
                message.replace(filled.as_str(), &self.written)
            }
            Some(_) | None => message.to_owned(),
        }
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.written, f)
    }
}

impl From<&str> for Setting {
    fn from(written: &str) -> Setting {
        Setting::new(written)
    }
}

impl From<String> for Setting {
    fn from(written: String) -> Setting {
        Setting::new(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filled_setting_keeps_its_secret() {
        let setting = Setting::new("postgres://app:${env:PASSWORD}@db/$${x}").at("a.yaml", 5);
        assert_eq!(setting.used(), None);
        let given = |name: &str| match name {
            "PASSWORD" => Ok("hunter2".to_owned()),
            _ => Err(NoVariable::Unset),
        };
        let filled = setting.filled(&given).unwrap();
        assert_eq!(filled.used().as_deref(), Some("postgres://app:hunter2@db/${x}"));
        assert_eq!(filled.written(), setting.written());
        assert!(!format!("{filled:?}").contains("hunter2"));
        let message = filled.hide("cannot reach postgres://app:hunter2@db/${x}: refused");
        assert_eq!(message, "cannot reach postgres://app:${env:PASSWORD}@db/$${x}: refused");
        let missing = setting.filled(&|_| Err(NoVariable::Empty)).unwrap_err();
        assert_eq!(missing.to_string(), "the variable `PASSWORD` is empty");
        assert_eq!(missing.place, Some(("a.yaml".to_owned(), 5)));
        assert_eq!(Setting::new("a$${b}.db").used().as_deref(), Some("a${b}.db"));
    }
}
