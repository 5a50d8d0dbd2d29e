//! The statements of a plan as one SQL file for each step, for those who open the zip.
//! Never the source of what runs: `plan.json` is, and these must say the same.

use std::collections::BTreeMap;

use super::refusal::PackageError;
use crate::plan::{Plan, Step};

pub const FOLDER: &str = "steps/";

/// The longest part of a file's name that comes from the step's title.
const MAX_SLUG: usize = 48;

/// Returns the file of each step that runs statements.
pub fn files(plan: &Plan) -> BTreeMap<String, Vec<u8>> {
    plan.steps
        .iter()
        .filter(|step| !step.statements.is_empty())
        .map(|step| (path(step), text(step).into_bytes()))
        .collect()
}

/// Checks that steps are numbered from 1 on, so that each has a file of its own.
pub fn check(plan: &Plan) -> Result<(), PackageError> {
    match plan.steps.iter().zip(1..).find(|(step, id)| step.id != *id) {
        Some((step, id)) => {
            let message = format!("step {} stands where step {id} belongs", step.id);
            Err(PackageError::Plan { message })
        }
        None => Ok(()),
    }
}

fn path(step: &Step) -> String {
    let mut slug = String::new();
    for c in step.title.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => slug.push(c),
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
        if slug.len() >= MAX_SLUG {
            break;
        }
    }
    match slug.trim_end_matches('-') {
        "" => format!("{FOLDER}{:04}.sql", step.id),
        slug => format!("{FOLDER}{:04}-{slug}.sql", step.id),
    }
}

fn text(step: &Step) -> String {
    let mut text = String::new();
    if let Some(unless) = step.unless() {
        text.push_str("-- skipped where this returns a row:\n");
        unless.lines().for_each(|line| text.push_str(&format!("--   {line}\n")));
    }
    for statement in &step.statements {
        text.push_str(statement);
        let last = statement.lines().next_back().unwrap_or_default();
        text.push_str(match (last.contains("--"), last.ends_with(';')) {
            // After a comment the semicolon would be part of it.
            (true, _) => "\n;\n",
            (false, true) => "\n",
            (false, false) => ";\n",
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Runs;

    fn step(title: &str, statements: &[&str]) -> Step {
        Step {
            id: 7,
            address: "entity/order".parse().unwrap(),
            title: title.to_owned(),
            statements: statements.iter().map(|s| (*s).to_owned()).collect(),
            task: None,
            runs: Runs::Inside,
            part: 0,
            undo: Vec::new(),
        }
    }

    #[test]
    fn a_step_s_file_is_named_after_its_title() {
        for (title, want) in [
            ("create table \"order\"", "steps/0007-create-table-order.sql"),
            ("../../etc/passwd", "steps/0007-etc-passwd.sql"),
            ("Straße", "steps/0007-stra-e.sql"),
            ("…", "steps/0007.sql"),
            (&"a b".repeat(50), "steps/0007-a-ba-ba-ba-ba-ba-ba-ba-ba-ba-ba-ba-ba-ba-ba-ba-b.sql"),
        ] {
            assert_eq!(path(&step(title, &[])), want);
        }
    }

    #[test]
    fn a_comment_does_not_swallow_the_semicolon() {
        assert_eq!(
            text(&step("a", &["select 1", "select 2 -- two", "x\n"])),
            "select 1;\nselect 2 -- two\n;\nx\n;\n"
        );
    }
}
