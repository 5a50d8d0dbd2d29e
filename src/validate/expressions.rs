//! RV112: SQL that could not stand where it is put on its own.
//! Never understands SQL.

use super::survey::Site;
use super::words::shown;
use crate::diagnostic::Diagnostic;
use crate::model::entity::{Besides, Entity, Keeper};
use crate::model::expression;
use crate::model::field::DefaultValue;
use crate::model::name::{RESERVED_PREFIX, is_unprintable};
use crate::model::repository::Remark;
use crate::yaml::Part;

pub fn check(site: &Site<'_>, found: &mut Vec<Remark>) {
    let Some(entity) = site.entity() else { return };
    natives(site, entity, found);
    let mut sql = |what: String, sql: &str, standard: bool, path: &[&str]| {
        if let Some(fault) = expression::fault(sql) {
            let message = format!("the SQL of {what} {fault}");
            let diagnostic =
                Diagnostic::error("RV112", message).help("write one expression, such as `total >= 0`");
            found.push(site.member(standard, path, Part::Value, diagnostic));
        }
    };
    let keys = entity.keys.iter().map(|(name, key)| ("keys", name, &key.sql, key.standard));
    let indexes = entity.indexes.iter().map(|(name, index)| ("indexes", name, &index.sql, index.standard));
    for (section, name, text, standard) in keys.chain(indexes) {
        if let Some(text) = text {
            let word = if section == "keys" { "key" } else { "index" };
            sql(format!("{word} `{}`", shown(name)), text, standard, &["spec", section, name, "sql"]);
        }
    }
    for (name, check) in &entity.checks {
        sql(format!("check `{}`", shown(name)), &check.sql, check.standard, &["spec", "checks", name, "sql"]);
    }
    for (name, field) in &entity.fields {
        if let Some(text) = &field.check {
            let what = format!("`check` of field `{}`", shown(name));
            sql(what, text, field.standard, &["spec", "fields", name, "check"]);
        }
        for (setting, value) in [("default", &field.default), ("backfill", &field.backfill)] {
            if let Some(DefaultValue::Sql { sql: text }) = value {
                let what = format!("`{setting}` of field `{}`", shown(name));
                sql(what, text, field.standard, &["spec", "fields", name, setting, "sql"]);
            }
        }
    }
}

/// The target's own words must be the tail of one column, the options of one table, the name of one index.
fn natives(site: &Site<'_>, entity: &Entity, found: &mut Vec<Remark>) {
    let mut wrong = |message: String, help: &str, standard: bool, path: &[&str]| {
        let diagnostic = Diagnostic::error("RV112", message).help(help);
        found.push(site.member(standard, path, Part::Value, diagnostic));
    };
    if let Some(native) = &entity.native {
        let is_word = |c: char| c.is_ascii_alphabetic() || matches!(c, ' ' | ',');
        let is_name = native.starts_with("CONSTRAINT ") && expression::tail_fault(native).is_none();
        if native.trim().is_empty() || !(native.chars().all(is_word) || is_name) {
            let message = format!("`native` of this entity is no list of table options: `{}`", shown(native));
            wrong(
                message,
                "write `none`, `STRICT` or `WITHOUT ROWID`; on PostgreSQL `CONSTRAINT NAME`, the name of the primary key",
                false,
                &["spec", "native"],
            );
        }
    }
    for (name, field) in &entity.fields {
        let fault = field.native.as_deref().filter(|native| !native.trim().is_empty());
        if let Some(fault) = fault.and_then(expression::tail_fault) {
            let message = format!("`native` of field `{}` {fault}", shown(name));
            let help = "write a type and what belongs to it, such as `NVARCHAR(160) COLLATE NOCASE`";
            wrong(message, help, field.standard, &["spec", "fields", name, "native"]);
        }
    }
    let checks = entity.checks.iter().map(|(n, m)| ("checks", n, &m.native, m.standard));
    let relationships = entity.relationships.iter().map(|(n, m)| ("relationships", n, &m.native, m.standard));
    for (section, name, native, standard) in checks.chain(relationships) {
        let Some(native) = native.as_ref().filter(|native| Besides::read(native).is_none()) else { continue };
        let message = format!("`native` of `{}` says nothing of it: `{}`", shown(name), shown(native));
        let help = match section {
            "checks" => "write `NOT VALID`",
            _ => "write `DEFERRABLE`, `DEFERRABLE INITIALLY DEFERRED` or `NOT VALID`",
        };
        wrong(message, help, standard, &["spec", section, name, "native"]);
    }
    let keys = entity.keys.iter().map(|(n, m)| ("keys", n, &m.native, m.standard));
    let indexes = entity.indexes.iter().map(|(n, m)| ("indexes", n, &m.native, m.standard));
    for (section, name, native, standard) in keys.chain(indexes) {
        let Some(native) = native else { continue };
        let keeper = Keeper::read(native).filter(|keeper| {
            let is_name = |name: &str| {
                !name.chars().any(is_unprintable) && !name.to_lowercase().starts_with(RESERVED_PREFIX)
            };
            keeper.name().is_none_or(is_name) && (section == "keys" || matches!(keeper, Keeper::Index(_)))
        });
        if keeper.is_none() {
            let message = format!("`native` of `{}` names nothing: `{}`", shown(name), shown(native));
            let help = match section {
                "keys" => "write `index NAME`, `constraint NAME`, `constraint` or `deferred constraint NAME`",
                _ => "write `index NAME`",
            };
            wrong(message, help, standard, &["spec", section, name, "native"]);
        }
    }
}
