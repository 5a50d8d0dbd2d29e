//! RV112: SQL that could not stand inside parentheses on its own.
//! Never understands SQL.

use super::survey::Site;
use super::words::shown;
use crate::diagnostic::Diagnostic;
use crate::model::expression;
use crate::model::field::DefaultValue;
use crate::model::repository::Remark;
use crate::yaml::Part;

pub fn check(site: &Site<'_>, found: &mut Vec<Remark>) {
    let Some(entity) = site.entity() else { return };
    let mut sql = |what: String, sql: &str, standard: bool, path: &[&str]| {
        if let Some(fault) = expression::fault(sql) {
            let message = format!("the SQL of {what} {fault}");
            let diagnostic =
                Diagnostic::error("RV112", message).help("write one expression, such as `total >= 0`");
            found.push(site.member(standard, path, Part::Value, diagnostic));
        }
    };
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
