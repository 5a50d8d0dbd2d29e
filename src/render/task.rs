//! The tasks of a change, each with the SQL that runs, word for word.
//! Never shows other SQL than that of the plan's own steps.

use super::finding::{Findings, mark};
use super::page::Page;
use super::paint::{Role, clean_lines};
use super::row::Note;
use crate::diff::change::{Change, TaskChange, TaskReason, TaskVerb};
use crate::plan::{Plan, Step};

/// Writes the tasks of one change below its rows.
pub fn write_tasks(page: &mut Page, change: &Change, plan: &Plan, findings: &mut Findings<'_>) {
    for task in &change.tasks {
        let (sign, role) = match task.verb {
            TaskVerb::Run => ("*", Role::Change),
            TaskVerb::Record => ("=", Role::Plain),
            TaskVerb::Forget => (".", Role::Forget),
        };
        let name = format!("task {} ({})", task.name, task.task.when);
        page.space(6).put(role, sign).space(1).put(Role::Plain, &name).stop();
        for note in notes(task) {
            page.put(note.role, &note.text).space(2);
        }
        page.end();
        for note in findings.take(&change.address, Some(&task.path())).map(mark) {
            page.line(10, note.role, &note.text);
        }
        let is_its = |step: &&Step| {
            step.address == change.address && step.task.as_ref().is_some_and(|its| its.name == task.name)
        };
        for step in plan.steps.iter().filter(is_its) {
            write_sql(page, 10, step);
        }
    }
}

/// Writes what a step runs, and for a task what it is skipped by.
pub fn write_sql(page: &mut Page, indent: usize, step: &Step) {
    for statement in &step.statements {
        for line in clean_lines(statement).lines() {
            page.line(indent, Role::Plain, line);
        }
    }
    let Some(unless) = step.unless() else { return };
    for (line, word) in
        clean_lines(unless).lines().zip(std::iter::once("unless").chain(std::iter::repeat("")))
    {
        page.space(indent).put(Role::Note, word).tab(indent + 8).put(Role::Plain, line).end();
    }
}

fn notes(task: &TaskChange) -> Vec<Note> {
    let reason = match task.reason {
        TaskReason::New => None,
        TaskReason::Changed => Some("(its SQL has changed since it ran)"),
        TaskReason::Left => Some("(it ran, and something is left to do)"),
        TaskReason::Done => Some("(nothing is left to do)"),
        TaskReason::Edited => Some("(it ran already, and only the record of it changes)"),
        TaskReason::NotDeclared => Some("(not declared any more)"),
    };
    let unasked = task.unasked.as_ref().map(|why| format!("(whether it is due is asked at apply: {why})"));
    let texts = task.task.description.clone().into_iter().chain(reason.map(str::to_owned)).chain(unasked);
    texts.map(|text| Note::of(Role::Note, text)).collect()
}
