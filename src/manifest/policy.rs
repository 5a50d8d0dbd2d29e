//! `policy:` of `reconcile.yaml`: its rules, with every formula and regular expression read once.
//! Never judges a change or a manifest.

use std::collections::BTreeSet;

use super::decode::{flag, text, texts, word};
use crate::diagnostic::Diagnostic;
use crate::formula::{Formula, NoFormula};
use crate::model::policy::{
    Gravity, Look, NAMES, Naming, Policy, Required, Rule, Severities, Severity, Style, pattern,
};
use crate::yaml::Node;

/// Decodes the policy; what is wrong with it is said at its place.
pub fn policy(node: &Node, found: &mut Vec<Diagnostic>) -> Policy {
    let items = |key: &str| {
        let list = node.get(key).filter(|list| list.is_sequence());
        list.map(Node::items).unwrap_or_default().iter().filter(|item| item.is_mapping())
    };
    let mut names = BTreeSet::new();
    Policy {
        severities: items("severities").filter_map(|one| severities(one, found)).collect(),
        naming: items("naming").filter_map(|one| naming(one, found)).collect(),
        required: items("required").filter_map(|one| required(one, found)).collect(),
        rules: items("rules").filter_map(|one| rule(one, &mut names, found)).collect(),
    }
}

fn severities(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Severities> {
    Some(Severities {
        code: code(node, found)?,
        severity: word(node, "severity"),
        environments: texts(node, "environments").unwrap_or_default(),
        waivable: flag(node, "waivable").unwrap_or(true),
    })
}

/// The code of a finding.
pub fn code(node: &Node, found: &mut Vec<Diagnostic>) -> Option<String> {
    let value = node.get("code")?;
    let code = value.as_text()?;
    let digits = code.strip_prefix("RK").unwrap_or_default();
    if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        let help = "findings are `RK` and three digits, as plans show them: `RK203`";
        unreadable("`code` is no finding", value, help, found);
        return None;
    }
    Some(code.to_owned())
}

fn naming(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Naming> {
    let style = word::<Style>(node, "style").map(Look::Style);
    let given = node.get("pattern").and_then(|value| Some((value, value.as_text()?)));
    let look = match (style, given) {
        (Some(style), None) => style,
        (None, Some((value, text))) => {
            if let Err(why) = pattern(text) {
                unreadable(&format!("`pattern` is no regular expression: {why}"), value, "", found);
                return None;
            }
            Look::Pattern(text.to_owned())
        }
        (None, None) if node.get("style").is_some() || node.get("pattern").is_some() => return None,
        (Some(_), Some(_)) | (None, None) => {
            let message = "an entry of `naming` has one of `style` and `pattern`";
            found.push(Diagnostic::error("RV107", message).at(node.span));
            return None;
        }
    };
    Some(Naming {
        resources: texts(node, "resources").unwrap_or_default(),
        member: text(node, "member"),
        look,
        message: text(node, "message"),
        gravity: word(node, "severity").unwrap_or(Gravity::Error),
    })
}

fn required(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Required> {
    let one = Required {
        resources: texts(node, "resources").unwrap_or_default(),
        member: text(node, "member"),
        labels: texts(node, "labels").unwrap_or_default(),
        description: flag(node, "description").unwrap_or_default(),
        display_name: flag(node, "displayName").unwrap_or_default(),
        gravity: word(node, "severity").unwrap_or(Gravity::Error),
    };
    if let Some((key, _)) = node.entry("labels").filter(|_| one.member.is_some()) {
        let message = "only resources have labels, their members have none";
        found.push(Diagnostic::error("RV107", message).at(key.span).help("leave out `labels` or `member`"));
        return None;
    }
    if one.labels.is_empty() && !one.description && !one.display_name {
        let message = "an entry of `required` asks for something: `labels`, `description` or `displayName`";
        found.push(Diagnostic::error("RV107", message).at(node.span));
        return None;
    }
    Some(one)
}

fn rule(node: &Node, names: &mut BTreeSet<String>, found: &mut Vec<Diagnostic>) -> Option<Rule> {
    let when = node.get("when")?;
    let rule = Rule {
        name: text(node, "name")?,
        when: when.as_text()?.to_owned(),
        message: text(node, "message")?,
        severity: word(node, "severity")?,
        environments: texts(node, "environments").unwrap_or_default(),
        waivable: flag(node, "waivable").unwrap_or(true),
    };
    if !names.insert(rule.name.clone()) {
        let message = format!("two rules are called `{}`", rule.name);
        found.push(Diagnostic::error("RV106", message).at(node.span).help("give one of them another `name`"));
    }
    let formula = match Formula::read(&rule.when, NAMES) {
        Ok(formula) => formula,
        Err(fault) => {
            let help = match &fault {
                NoFormula::Syntax { .. } => {
                    r#"it is written in CEL: `change.action == "delete" && change.rows > 0`"#.to_owned()
                }
                NoFormula::Unknown { known, .. } => format!("it may speak of {}", known.join(", ")),
                NoFormula::TooLarge(_) => "make several rules of it".to_owned(),
            };
            unreadable(&format!("rule `{}` cannot be read: {fault}", rule.name), when, &help, found);
            return None;
        }
    };
    let of_changes = formula.mentions("change") || formula.mentions("finding");
    if !of_changes && !formula.mentions("resource") {
        let help = "it is asked of each `change`, each `finding` or each `resource`: name one of them";
        unreadable(&format!("rule `{}` speaks of nothing", rule.name), when, help, found);
    } else if !of_changes && rule.severity == Severity::Consent {
        let at = node.get("severity").map_or(node.span, |value| value.span);
        let message = format!("nobody is asked for consent to rule `{}`: it is about manifests", rule.name);
        let help = "`refuse` makes it an error, `notice` a warning; or let it speak of `change` too";
        found.push(Diagnostic::error("RV107", message).at(at).help(help));
    }
    Some(rule)
}

/// Says of a text that it is not what its place asks for.
pub fn unreadable(message: &str, value: &Node, help: &str, found: &mut Vec<Diagnostic>) {
    let diagnostic = Diagnostic::error("RV150", message).at(value.span);
    found.push(if help.is_empty() { diagnostic } else { diagnostic.help(help) });
}

#[cfg(test)]
mod tests {
    use super::super::config::config;
    use crate::source::File;

    fn told(policy: &str) -> Vec<String> {
        let text = format!("policy:\n  {}\n", policy.replace('\n', "\n  "));
        let file = File { path: "reconcile.yaml".to_owned(), text };
        let found = config(&file).1;
        found.into_iter().map(|d| format!("{}:{} {}", d.code, d.span.unwrap().line, d.message)).collect()
    }

    #[test]
    fn a_policy_is_read() {
        let found = told(
            r#"severities: [{ code: RK203, severity: refuse, environments: [production], waivable: false }]
naming:
  - { resources: ["entity/*"], member: fields, style: snake }
  - { resources: ["picklist/*"], pattern: "[a-z-]+", message: lower case, severity: warning }
required: [{ resources: ["entity/*"], labels: [team], description: true }]
rules:
  - { name: keep-rows, when: 'change.action == "delete" && change.rows > 0', message: rows stay, severity: refuse }
  - { name: no-json, when: 'resource.kind == "entity"', message: no json, severity: notice }"#,
        );
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn what_is_wrong_with_a_policy_is_said_at_its_line() {
        for (policy, want) in [
            (
                "rules: [{ name: a, when: 'change.rows >', message: m, severity: refuse }]",
                "RV150:2 rule `a` cannot be read",
            ),
            (
                "rules: [{ name: a, when: 'chnage.rows > 1', message: m, severity: refuse }]",
                "RV150:2 rule `a` cannot be read: `chnage`",
            ),
            (
                "rules: [{ name: a, when: 'environment.name == \"x\"', message: m, severity: refuse }]",
                "RV150:2 rule `a` speaks of nothing",
            ),
            (
                "rules: [{ name: a, when: 'true', message: m, severity: refuse }]",
                "RV150:2 rule `a` speaks of nothing",
            ),
            (
                "rules: [{ name: a, when: 'has(resource.labels.x)', message: m, severity: consent }]",
                "RV107:2 nobody is asked",
            ),
            (
                "rules:\n  - { name: a, when: 'change.rows > 1', message: m, severity: refuse }\n  - { name: a, when: 'change.rows > 1', message: m, severity: refuse }",
                "RV106:4 two rules",
            ),
            (
                "rules: [{ name: a, when: 'change.rows > 1', message: m, severity: error }]",
                "RV110:2 `severity` cannot be `error`",
            ),
            ("rules: [{ name: a, message: m, severity: refuse }]", "RV103:2 a rule needs `when`"),
            ("naming: [{ pattern: '(' }]", "RV150:2 `pattern` is no regular expression"),
            ("naming: [{ resources: [a] }]", "RV107:2 an entry of `naming` has one of"),
            ("naming: [{ style: shouting }]", "RV110:2 `style` cannot be"),
            ("required: [{ resources: [a] }]", "RV107:2 an entry of `required` asks"),
            ("required: [{ member: fields, labels: [a] }]", "RV107:2 only resources have labels"),
            ("severities: [{ code: RV101, severity: notice }]", "RV150:2 `code` is no finding"),
            ("waivers: []", "RV102:2 `policy` has no key `waivers`"),
        ] {
            let found = told(policy);
            assert!(found.iter().any(|told| told.starts_with(want)), "{policy}: {found:?}");
        }
    }
}
