//! RV122 and RV123: tasks that no target could run, or that some environment's target has no SQL for.
//! Never understands SQL: each kind of target judges its own.

use super::survey::{Site, Survey};
use super::words::{listed, shown};
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::name;
use crate::model::repository::Remark;
use crate::model::task::{TaskRules, TaskSql};
use crate::yaml::Part;

pub fn check(survey: &Survey<'_>, site: &Site<'_>, found: &mut Vec<Remark>) {
    for (name, task) in &site.entry.setup.tasks {
        if let Some(fault) = name::fault(name) {
            let diagnostic =
                Diagnostic::error("RV113", format!("the name of task `{}` {fault}", shown(name)));
            found.push(site.member(false, &["setup", "tasks", name], Part::Key, diagnostic));
        }
        let mut work = Work { survey, site, name, found };
        work.text("sql", &task.sql, |rules| rules.sql_fault);
        if let Some(unless) = &task.unless {
            work.text("unless", unless, |rules| rules.unless_fault);
        }
    }
}

struct Work<'a, 'r> {
    survey: &'a Survey<'r>,
    site: &'a Site<'r>,
    name: &'a str,
    found: &'a mut Vec<Remark>,
}

type Fault = fn(&str) -> Option<String>;

impl Work<'_, '_> {
    fn text(&mut self, key: &str, sql: &TaskSql, fault: impl Fn(&TaskRules) -> Fault) {
        match sql {
            TaskSql::One(text) => {
                // It runs wherever an environment takes the resource; without one, it is held against every target.
                let mut targets: Vec<&str> =
                    self.site.environments.iter().map(|one| one.target.provider.as_str()).collect();
                targets.sort_unstable();
                targets.dedup();
                let all = self
                    .survey
                    .targets
                    .iter()
                    .filter(|(name, _)| targets.is_empty() || targets.contains(&name.as_str()));
                if let Some(why) = all.into_iter().find_map(|(_, limits)| fault(&limits.tasks)(text)) {
                    self.wrong(key, None, &why);
                }
            }
            TaskSql::PerTarget(texts) => {
                for (target, text) in texts {
                    match self.survey.targets.get(target) {
                        Some(limits) => {
                            if let Some(why) = fault(&limits.tasks)(text) {
                                self.wrong(key, Some(target), &why);
                            }
                        }
                        None => self.unknown(key, target),
                    }
                }
                self.missing(key, |target| texts.contains_key(target));
            }
        }
    }

    fn wrong(&mut self, key: &str, target: Option<&str>, why: &str) {
        let whose = match target {
            Some(target) => format!("the `{key}` of task `{}` for `{target}`", shown(self.name)),
            None => format!("the `{key}` of task `{}`", shown(self.name)),
        };
        let help = match key {
            "unless" => "write one query that returns a row when nothing is left to do",
            _ => {
                "write statements over rows, such as `UPDATE … SET … WHERE …`; the apply brings the transaction"
            }
        };
        self.remark(key, target, Part::Value, "RV122", format!("{whose} {why}"), help.to_owned());
    }

    fn unknown(&mut self, key: &str, target: &str) {
        let known = || self.survey.targets.keys().map(String::as_str);
        let help = match nearest(target, known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are: {}", listed(known())),
        };
        let message = format!("`{key}` of task `{}` names no target: `{}`", shown(self.name), shown(target));
        self.remark(key, Some(target), Part::Key, "RV123", message, help);
    }

    /// A task that one environment runs and another leaves out without a word would be forgotten there.
    fn missing(&mut self, key: &str, holds: impl Fn(&str) -> bool) {
        let lacking = self.site.environments.iter().find(|one| {
            let provider = one.target.provider.as_str();
            self.survey.targets.contains_key(provider) && !holds(provider)
        });
        let Some(environment) = lacking else { return };
        let provider = &environment.target.provider;
        let message = format!(
            "`{key}` of task `{}` says nothing for `{provider}`, the target of environment `{}`",
            shown(self.name),
            shown(&environment.name)
        );
        let help = format!("add a text for `{provider}`, or write one text for all");
        self.remark(key, None, Part::Key, "RV123", message, help);
    }

    fn remark(
        &mut self,
        key: &str,
        target: Option<&str>,
        part: Part,
        code: &'static str,
        message: String,
        help: String,
    ) {
        let path: Vec<&str> = ["setup", "tasks", self.name, key].into_iter().chain(target).collect();
        self.found.push(self.site.member(false, &path, part, Diagnostic::error(code, message).help(help)));
    }
}
