//! Plans and journal entries made by hand, for the tests of the renderers.
//! Never used outside tests.

use serde_json::{Value, json};

use crate::address::Address;
use crate::diff::change::{Change, MemberChange, Reason, SettingChange};
use crate::diff::decision::Verb;
use crate::fingerprint::Fingerprint;
use crate::model::setup::Action;
use crate::plan::{Finding, Level, Plan, Policy, Runs, Step, Summary};
use crate::source::Revision;

pub fn address(text: &str) -> Address {
    text.parse().unwrap()
}

pub fn plan(changes: Vec<Change>, findings: Vec<Finding>) -> Plan {
    Plan {
        environment: "staging".to_owned(),
        provider: "sqlite".to_owned(),
        target: "sqlite .reconcile/staging.db".to_owned(),
        revision: Revision { commit: Some("4f2a91c".repeat(6)), dirty: false, repository: None },
        promoted_from: None,
        compared: None,
        rolled_back: None,
        base: Fingerprint::of_bytes(b"base"),
        goal: Fingerprint::of_bytes(b"goal"),
        policy: Policy::default(),
        summary: Summary::of(&changes),
        changes,
        steps: Vec::new(),
        findings,
        facts: Vec::new(),
        trash: Vec::new(),
        kept: Vec::new(),
    }
}

pub fn change(verb: Verb, reason: Reason, at: &str, action: Action, members: Vec<MemberChange>) -> Change {
    Change {
        address: address(at),
        action,
        verb,
        reason,
        renamed_from: None,
        before: None,
        after: None,
        declared: None,
        backfill: Default::default(),
        settings: Vec::new(),
        members,
        tasks: Vec::new(),
        restored: None,
    }
}

/// A member at `section/name`, with settings written as `{ name: [before, after] }`, null where there is none.
pub fn member(verb: Verb, reason: Reason, at: &str, settings: Value) -> MemberChange {
    let (section, name) = at.split_once('/').unwrap();
    MemberChange {
        section: section.to_owned(),
        name: name.to_owned(),
        verb,
        reason,
        renamed_from: None,
        settings: settings.as_object().unwrap().iter().map(|(name, pair)| setting(name, pair)).collect(),
    }
}

pub fn setting(name: &str, pair: &Value) -> SettingChange {
    let side = |i: usize| Some(pair[i].clone()).filter(|value| !value.is_null());
    SettingChange { name: name.to_owned(), reason: Reason::Declared, before: side(0), after: side(1) }
}

pub fn finding(level: Level, code: &str, at: &str, path: Option<&str>, message: &str) -> Finding {
    Finding {
        code: code.to_owned(),
        level,
        address: address(at),
        path: path.map(str::to_owned),
        message: message.to_owned(),
        rows: None,
        samples: Vec::new(),
        help: None,
        allowed_by: None,
        judged: None,
    }
}

pub fn step(id: u32, at: &str, title: &str, statements: &[&str]) -> Step {
    Step {
        id,
        address: address(at),
        title: title.to_owned(),
        statements: statements.iter().map(ToString::to_string).collect(),
        task: None,
        runs: Runs::Inside,
        part: 0,
        undo: Vec::new(),
    }
}

/// The plan that the design prints, section 4, without the view (no such kind yet).
pub fn of_the_design() -> Plan {
    let option = |name: &str, retired: Value| {
        let at = format!("options/{name}");
        member(Verb::Create, Reason::Declared, &at, json!({ "retired": [null, retired] }))
    };
    let picklist = change(
        Verb::Create,
        Reason::Declared,
        "picklist/order-status",
        Action::Merge,
        vec![
            option("draft", Value::Null),
            option("open", Value::Null),
            option("shipped", Value::Null),
            option("lost", json!(true)),
        ],
    );
    let status = json!({
        "default": [null, "draft"],
        "required": [null, true],
        "type": [null, { "type": "picklist", "picklist": "order-status" }],
    });
    let note =
        json!({ "type": [{ "type": "text", "maxLength": 200 }, { "type": "text", "maxLength": 500 }] });
    let fax = json!({ "type": [{ "type": "text", "maxLength": 40 }, null] });
    let order = change(
        Verb::Update,
        Reason::Declared,
        "entity/order",
        Action::Overwrite,
        vec![
            member(Verb::Create, Reason::Declared, "fields/status", status),
            MemberChange {
                renamed_from: Some("remark".to_owned()),
                ..member(Verb::Update, Reason::Declared, "fields/note", note)
            },
            member(Verb::Delete, Reason::NotDeclared, "fields/fax", fax),
        ],
    );
    let old = change(Verb::Delete, Reason::NotDeclared, "entity/old-order", Action::Overwrite, Vec::new());
    let findings = vec![
        finding(Level::Notice, "RK105", "entity/order", Some("status"), "1,204 rows get draft"),
        finding(Level::Consent, "RK203", "entity/order", Some("fax"), "destroys 17 values"),
    ];
    plan(vec![picklist, order, old], findings)
}
