//! The written form of a preview, one object a line: `plan --format ndjson`.
//! Never holds a change's full states: `--format json` has them.

use serde::{Deserialize, Serialize};

use crate::diagnostic::{Diagnostic, Severity};
use crate::diff::change::Change;
use crate::fingerprint::Fingerprint;
use crate::model::power::Power;
use crate::plan::{Compared, Finding, Plan, Summary};
use crate::report::preview::{Apart, Place, Preview, Unplanned};
use crate::report::rehearsal::Rehearsal;
use crate::source::Revision;

/// Major and minor: a newer minor only adds, a newer major is another form.
pub const FORMAT_VERSION: &str = "1.0";

/// One line. Readers pass over types that they do not know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[expect(clippy::large_enum_variant, reason = "one is made, written and dropped")]
pub enum Line {
    /// The first line.
    Version { format_version: String, tool_version: String, revision: Revision },
    /// A remark on a manifest.
    Diagnostic {
        code: String,
        severity: Weight,
        message: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        help: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Place>,
    },
    /// An environment that could not be planned.
    Unplanned(Unplanned),
    /// What becomes of one resource, without what it was and will be in full.
    Change {
        environment: String,
        /// What this is compared with instead of the target.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        compared: Option<Compared>,
        change: Change,
    },
    /// A remark on the risk of a change.
    Finding {
        environment: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        compared: Option<Compared>,
        finding: Finding,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Place>,
    },
    /// What the revision would change in power, where another one is trusted with it.
    Power(Power),
    /// How what a branch changes differs from what would change in the target.
    Apart(Apart),
    /// What came of running the steps where nothing stays.
    Rehearsal(Rehearsal),
    /// The last line of an environment.
    Summary {
        environment: String,
        target: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        compared: Option<Compared>,
        summary: Summary,
        base: Fingerprint,
        goal: Fingerprint,
        /// What `apply --expect` takes; none where no target was asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<Fingerprint>,
        steps: usize,
    },
}

/// How much a diagnostic stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    Error,
    Warning,
}

/// Writes a preview, one object a line.
pub fn to_ndjson(preview: &Preview) -> String {
    let version = Line::Version {
        format_version: FORMAT_VERSION.to_owned(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        revision: preview.revision.clone(),
    };
    let mut text = line(&version);
    preview.diagnostics.iter().for_each(|one| text.push_str(&line(&diagnostic(one))));
    preview.unplanned.iter().for_each(|one| text.push_str(&line(&Line::Unplanned(one.clone()))));
    for planned in &preview.planned {
        let plan = &planned.plan;
        let (environment, compared) = (plan.environment.clone(), plan.compared.clone());
        for change in &plan.changes {
            let change = Change { before: None, after: None, declared: None, ..change.clone() };
            let (environment, compared) = (environment.clone(), compared.clone());
            text.push_str(&line(&Line::Change { environment, compared, change }));
        }
        let places = planned.places.iter().cloned().chain(std::iter::repeat(None));
        for (finding, place) in plan.findings.iter().cloned().zip(places) {
            let (environment, compared) = (environment.clone(), compared.clone());
            text.push_str(&line(&Line::Finding { environment, compared, finding, place }));
        }
        text.push_str(&line(&summary(plan)));
    }
    preview.power.iter().for_each(|one| text.push_str(&line(&Line::Power(one.clone()))));
    preview.apart.iter().for_each(|one| text.push_str(&line(&Line::Apart(one.clone()))));
    preview.rehearsals.iter().for_each(|one| text.push_str(&line(&Line::Rehearsal(one.clone()))));
    text
}

fn summary(plan: &Plan) -> Line {
    Line::Summary {
        environment: plan.environment.clone(),
        target: plan.target.clone(),
        compared: plan.compared.clone(),
        summary: plan.summary,
        base: plan.base,
        goal: plan.goal,
        digest: plan.compared.is_none().then(|| plan.digest()),
        steps: plan.steps.len(),
    }
}

fn diagnostic(one: &Diagnostic) -> Line {
    let place = one.file.as_ref().map(|file| {
        let (line, column) = one.span.map_or((1, 1), |span| (span.line, span.column));
        Place { file: file.clone(), line, column, end_line: line, end_column: column }
    });
    Line::Diagnostic {
        code: one.code.to_owned(),
        severity: match one.severity {
            Severity::Error => Weight::Error,
            Severity::Warning => Weight::Warning,
        },
        message: one.message.clone(),
        help: one.help.clone(),
        place,
    }
}

fn line(line: &Line) -> String {
    let Ok(mut text) = serde_json::to_string(line) else { unreachable!("BUG: a line has no JSON form") };
    text.push('\n');
    text
}
