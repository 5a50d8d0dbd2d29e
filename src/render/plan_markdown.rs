//! The plan as Markdown: the verdict, what stands in the way, the changes, and the statements folded away.
//! Never lets a value out of its code span or fence, so no value can forge a verdict.

use super::finding::{impossible, place, said, too_much};
use super::markdown::{code, fence, html};
use super::page::{Page, counted};
use super::paint::Paint;
use super::plan_text::{back, last_line, to_the_trash, write_changes};
use crate::plan::{Finding, Level, Plan, Refusal, Step};

/// Writes `PLAN.md`.
pub fn plan(plan: &Plan) -> String {
    let mut text = format!("# Plan for environment {}\n\n", code(&plan.environment));
    let goal = match plan.revision.commit {
        Some(_) => format!("revision {}", code(&plan.revision.label())),
        None => plan.revision.label(),
    };
    if plan.is_empty() {
        text.push_str(&format!("**No changes.** Environment {} matches {goal}.\n", code(&plan.environment)));
    } else {
        text.push_str(&format!("**{}**\n", last_line(&plan.summary)));
    }
    if let Some(rollback) = &plan.rolled_back {
        text.push_str(&format!("\nThis rolls {}.\n", back(rollback, &plan.revision)));
    }
    if !plan.trash.is_empty() {
        text.push_str(&format!("\n{}\n", code(&to_the_trash(plan))));
    }
    text.push_str(&format!("\nTarget {}, {goal}.\n", code(&plan.target)));
    text.push_str(&format!(
        "Base {}, goal {}, plan {}.\nDigest {}.\n",
        code(&plan.base.short()),
        code(&plan.goal.short()),
        code(&plan.fingerprint().short()),
        code(&plan.digest().to_string())
    ));
    write_findings(&mut text, plan);
    if !plan.is_empty() {
        text.push_str("\n## Changes\n\n");
        text.push_str(&fence("diff", &diff(plan)));
    }
    if !plan.steps.is_empty() {
        text.push_str("\n## Steps\n");
    }
    for step in &plan.steps {
        text.push_str(&format!(
            "\n<details><summary>{}. <code>{}</code></summary>\n\n{}\n</details>\n",
            step.id,
            html(&step.title),
            fence("sql", &sql(step))
        ));
    }
    text
}

/// What a step runs, and for a task what it is skipped by, as a comment.
pub fn sql(step: &Step) -> String {
    let unless = step.unless().map(|unless| {
        let lines: Vec<String> = unless.lines().map(|line| format!("--   {line}")).collect();
        format!("-- skipped where this returns a row:\n{}", lines.join("\n"))
    });
    let statements = step.statements.iter().cloned();
    unless.into_iter().chain(statements).collect::<Vec<_>>().join("\n")
}

fn write_findings(text: &mut String, plan: &Plan) {
    let (mut consents, mut refused, mut limits) = (Vec::new(), Vec::new(), Vec::new());
    for refusal in plan.refusals(&[]) {
        match refusal {
            Refusal::NotAllowed(finding) => consents.push(finding),
            Refusal::Impossible(finding) => refused.push(finding),
            Refusal::DestroysTooMuch { destroyed, limit } => limits.push((destroyed, limit)),
        }
    }
    let allowed: Vec<&Finding> = plan
        .findings
        .iter()
        .filter(|finding| finding.level == Level::Consent && finding.allowed_by.is_some())
        .collect();
    let (waived, allowed): (Vec<&Finding>, Vec<&Finding>) =
        allowed.into_iter().partition(|finding| finding.waiver().is_some());
    for (destroyed, limit) in limits {
        text.push_str(&format!("\n✗ {}\n", too_much(&code(&plan.environment), destroyed, limit)));
    }
    let must = format!("{} must be allowed before apply:", counted(consents.len(), "finding"));
    write_list(text, &impossible(refused.len()), "✗", &refused);
    write_list(text, &must, "!", &consents);
    write_list(text, &format!("Allowed by environment {}:", code(&plan.environment)), "·", &allowed);
    write_list(text, "Waived for a time, beside the resources:", "·", &waived);
}

fn write_list(text: &mut String, title: &str, sign: &str, findings: &[&Finding]) {
    if findings.is_empty() {
        return;
    }
    text.push_str(&format!("\n{title}\n\n"));
    for finding in findings {
        let at = code(&format!("{}:{}", finding.code, place(finding)));
        text.push_str(&format!("- {sign} {at} {}\n", code(&said(finding))));
        if let Some(help) = &finding.help {
            text.push_str(&format!("  - help: {}\n", code(help)));
        }
    }
}

/// The changes with their signs at the start of the line, where a diff has them.
pub fn diff(plan: &Plan) -> String {
    let mut page = Page::new(Paint::plain());
    write_changes(&mut page, plan);
    let mut text: String = page.finish().lines().map(|line| sign_first(line) + "\n").collect();
    text.push_str(&format!("\n{}\n", last_line(&plan.summary)));
    text
}

pub fn sign_first(line: &str) -> String {
    let bare = line.trim_start_matches(' ');
    let indent = line.len() - bare.len();
    match bare.split_once(' ') {
        Some((sign @ ("+" | "~" | "-" | "." | "*" | "="), rest)) if matches!(indent, 2 | 6) => {
            format!("{sign}{}{rest}", " ".repeat(indent + 1))
        }
        Some(_) | None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_plan_reads_in_a_pull_request() {
        let mut plan = sample::of_the_design();
        plan.environment = "staging".to_owned();
        plan.policy.max_destroy = Some(1);
        plan.steps =
            vec![sample::step(1, "entity/order", "rebuild \"order\" <b>", &["SELECT '```';", "COMMIT;"])];
        let mut refused =
            sample::finding(Level::Refuse, "RK301", "entity/order", Some("note"), "`note` is null");
        refused.help = Some("see @admin".to_owned());
        plan.findings.push(refused);
        let base = plan.base.short();
        let (goal, print, digest) = (plan.goal.short(), plan.fingerprint().short(), plan.digest());
        let want = format!(
            r#"# Plan for environment `staging`

**Plan: 1 to add, 1 to change, 1 to destroy.**

Target `sqlite .reconcile/staging.db`, revision `4f2a91c`.
Base `{base}`, goal `{goal}`, plan `{print}`.
Digest `{digest}`.

✗ This plan destroys 2 resources and members, more than the 1 that environment `staging` permits (maxDestroy).

1 finding makes this plan impossible:

- ✗ `RK301:entity/order/note` `` `note` is null ``
  - help: `see @admin`

1 finding must be allowed before apply:

- ! `RK203:entity/order/fax` `destroys 17 values`

## Changes

```diff
+   picklist/order-status                   merge
+       draft, open, shipped, lost (retired)
~   entity/order                            overwrite
+       status    picklist order-status, required, default draft      · RK105 1,204 rows get draft
~       note      text 200 -> text 500      (renamed from remark)  ✗ RK301 `note` is null
-       fax       text 40                   ! RK203 destroys 17 values
-   entity/old-order                        (because it is not declared any more)

Plan: 1 to add, 1 to change, 1 to destroy.
```

## Steps

<details><summary>1. <code>rebuild &quot;order&quot; &lt;b&gt;</code></summary>

````sql
SELECT '```';
COMMIT;
````

</details>
"#
        );
        let got = super::plan(&plan);
        assert_eq!(got, want, "\n{got}");
    }

    #[test]
    fn an_empty_plan_says_so() {
        let text = super::plan(&sample::plan(vec![], vec![]));
        assert!(
            text.contains("\n**No changes.** Environment `staging` matches revision `4f2a91c`.\n"),
            "{text}"
        );
    }
}
