//! Resources, plans and packages of every form, generated for the laws.
//! Never a test by itself: `wire` and `package` say what must hold of them.
#![allow(dead_code)]

use std::collections::BTreeMap;

use indexmap::IndexMap;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use reconcile::address::Address;
use reconcile::diff::change::Kept;
use reconcile::diff::change::{
    Change, MemberChange, Reason, Restored, SettingChange, TaskChange, TaskReason, TaskVerb,
};
use reconcile::diff::decision::Verb;
use reconcile::fingerprint::Fingerprint;
use reconcile::journal::{Entry, Outcome, Touched};
use reconcile::model::entity::{Check, Entity, Index, Key, References, Relationship};
use reconcile::model::field::{DefaultValue, Field, FieldType, OnEvent, TextFormat};
use reconcile::model::picklist::{Choice, Picklist};
use reconcile::model::resource::Resource;
use reconcile::model::setup::{ACTIONS, Action, Setup};
use reconcile::model::state::{Native, Owned};
use reconcile::model::task::{Task, TaskRecord, TaskSql, When};
use reconcile::model::text::Text;
use reconcile::model::trash::{Moved, MovedColumn};
use reconcile::package::{About, PackagedResource};
use reconcile::plan::{
    Fact, Finding, Level, Plan, Policy, Promotion, Rollback, Runs, Step, Summary, TaskStep,
};
use reconcile::report::{Applied, Fate, Report, ResourceReport, ResourceState, StepReport};
use reconcile::signature::PrivateKey;
use reconcile::source::Revision;
use serde_json::{Value, json};

/// Names that tempt: case twins, devices, dots, percent signs, other scripts, YAML's own words.
const NAMES: [&str; 20] = [
    "order",
    "Order",
    "ORDER",
    "con",
    "Nul",
    "a.b",
    "..x",
    "100%",
    "%4Frder",
    "Straße",
    "数",
    "no",
    "null",
    "1e3",
    "2024-01-01",
    "x:ads",
    "order line",
    "'quoted'",
    "key_2",
    "a-b",
];

pub fn name() -> impl Strategy<Value = String> + Clone {
    let letters = vec(select("abcXYZ019-_.% '\"é数#:&".chars().collect::<Vec<_>>()), 1..8)
        .prop_map(|letters| letters.into_iter().collect::<String>())
        .prop_filter("no name", |name| reconcile::model::name::fault(name).is_none());
    prop_oneof![select(NAMES.to_vec()).prop_map(str::to_owned), letters]
}

pub fn text() -> impl Strategy<Value = String> {
    vec(select("ab \n\t\"'\\:#-é\u{1b}\u{202e}\u{2028}0;".chars().collect::<Vec<_>>()), 0..12)
        .prop_map(|letters| letters.into_iter().collect())
}

fn words() -> impl Strategy<Value = Text> {
    prop_oneof![text().prop_map(Text::Plain), btree_map(name(), text(), 0..3).prop_map(Text::Languages)]
}

fn flag() -> impl Strategy<Value = Option<bool>> {
    option::of(any::<bool>())
}

fn on_event() -> impl Strategy<Value = OnEvent> {
    select(vec![OnEvent::NoAction, OnEvent::Cascade, OnEvent::SetNull])
}

pub fn field_type() -> impl Strategy<Value = FieldType> {
    let format = select(vec![
        TextFormat::Email,
        TextFormat::Phone,
        TextFormat::Url,
        TextFormat::Multiline,
        TextFormat::Markdown,
        TextFormat::Html,
        TextFormat::Timezone,
    ]);
    prop_oneof![
        (option::of(any::<u32>()), option::of(format))
            .prop_map(|(max_length, format)| FieldType::Text { max_length, format }),
        select(vec![
            FieldType::Integer,
            FieldType::Bigint,
            FieldType::Money,
            FieldType::Float,
            FieldType::Boolean,
            FieldType::Date,
            FieldType::Time,
            FieldType::Datetime,
            FieldType::Uuid,
            FieldType::Json,
        ]),
        any::<(u8, u8)>().prop_map(|(precision, scale)| FieldType::Decimal { precision, scale }),
        option::of(any::<u32>()).prop_map(|max_length| FieldType::Binary { max_length }),
        name().prop_map(|picklist| FieldType::Picklist { picklist }),
        (option::of(name()), vec(name(), 0..3), on_event())
            .prop_map(|(entity, entities, on_delete)| FieldType::Lookup { entity, entities, on_delete }),
        text().prop_map(|format| FieldType::Autonumber { format }),
    ]
}

/// Numbers whose digits are hard to read back exactly are among them.
pub fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        text().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        Just(json!(0.1)),
    ]
}

fn default_value() -> impl Strategy<Value = DefaultValue> {
    prop_oneof![text().prop_map(|sql| DefaultValue::Sql { sql }), scalar().prop_map(DefaultValue::Value)]
}

pub fn field() -> impl Strategy<Value = Field> {
    (
        (field_type(), flag(), option::of(default_value()), flag(), option::of(text())),
        (option::of(words()), option::of(words()), option::of(text()), option::of(name())),
        (option::of(default_value()), any::<bool>()),
    )
        .prop_map(
            |(
                (ty, required, default, unique, check),
                (display_name, description, native, renamed_from),
                (backfill, standard),
            )| Field {
                ty,
                required,
                default,
                unique,
                check,
                display_name,
                description,
                native,
                renamed_from,
                backfill,
                standard,
            },
        )
}

fn members<T: std::fmt::Debug>(
    member: impl Strategy<Value = T>,
) -> impl Strategy<Value = IndexMap<String, T>> {
    vec((name(), member), 0..3).prop_map(|pairs| pairs.into_iter().collect())
}

fn names() -> impl Strategy<Value = Vec<String>> {
    vec(name(), 0..3)
}

pub fn entity() -> impl Strategy<Value = Entity> {
    let native = || option::of(name().prop_map(|name| format!("index {name}")));
    let key = (names(), native(), option::of(name()), any::<bool>()).prop_map(
        |(fields, native, renamed_from, standard)| Key { fields, sql: None, native, renamed_from, standard },
    );
    let index = (names(), native(), option::of(name()), any::<bool>()).prop_map(
        |(fields, native, renamed_from, standard)| Index {
            fields,
            sql: None,
            native,
            renamed_from,
            standard,
        },
    );
    let check = (text(), any::<bool>()).prop_map(|(sql, standard)| Check { sql, native: None, standard });
    let relationship = (names(), name(), names(), on_event(), on_event(), any::<bool>()).prop_map(
        |(fields, entity, to, on_delete, on_update, standard)| Relationship {
            fields,
            references: References { entity, fields: to },
            on_delete,
            on_update,
            native: None,
            standard,
        },
    );
    (
        (option::of(words()), option::of(words()), any::<bool>(), members(field()), option::of(names())),
        (members(key), members(index), members(check), members(relationship), option::of(text())),
    )
        .prop_map(
            |(
                (display_name, description, standard, fields, primary_key),
                (keys, indexes, checks, relationships, native),
            )| Entity {
                display_name,
                description,
                standard,
                fields,
                primary_key,
                keys,
                indexes,
                checks,
                relationships,
                native,
            },
        )
}

pub fn picklist() -> impl Strategy<Value = Picklist> {
    let choice = (option::of(words()), option::of(words()), option::of(text()), flag(), option::of(name()))
        .prop_map(|(label, description, color, retired, renamed_from)| Choice {
            label,
            description,
            color,
            retired,
            renamed_from,
        });
    (option::of(words()), option::of(words()), members(choice)).prop_map(
        |(display_name, description, options)| Picklist { display_name, description, options, storage: None },
    )
}

pub fn resource() -> impl Strategy<Value = Resource> {
    prop_oneof![entity().prop_map(Resource::Entity), picklist().prop_map(Resource::Picklist)]
}

pub fn address() -> impl Strategy<Value = Address> {
    (select(vec!["entity", "picklist"]), name())
        .prop_map(|(kind, name)| format!("{kind}/{name}").parse().unwrap())
}

fn action() -> impl Strategy<Value = Action> {
    select(ACTIONS.to_vec())
}

fn reason() -> impl Strategy<Value = Reason> {
    select(vec![
        Reason::Declared,
        Reason::Drifted,
        Reason::Vanished,
        Reason::NotDeclared,
        Reason::Adopted,
        Reason::Overwritten,
        Reason::RolledBack,
    ])
}

fn verb() -> impl Strategy<Value = Verb> {
    select(vec![
        Verb::Create,
        Verb::Adopt,
        Verb::Update,
        Verb::Delete,
        Verb::Release,
        Verb::Forget,
        Verb::Keep,
    ])
}

fn setting_change() -> impl Strategy<Value = SettingChange> {
    let value = || {
        option::of(prop_oneof![
            scalar(),
            vec(scalar(), 0..3).prop_map(Value::from),
            field_type().prop_map(|ty| serde_json::to_value(ty).unwrap()),
        ])
    };
    (name(), reason(), value(), value()).prop_map(|(name, reason, before, after)| SettingChange {
        name,
        reason,
        before,
        after,
    })
}

fn member_change() -> impl Strategy<Value = MemberChange> {
    let section = select(vec!["fields", "keys", "indexes", "checks", "relationships", "options"]);
    (section, name(), verb(), reason(), option::of(name()), vec(setting_change(), 0..3)).prop_map(
        |(section, name, verb, reason, renamed_from, settings)| MemberChange {
            section: section.to_owned(),
            name,
            verb,
            reason,
            renamed_from,
            settings,
        },
    )
}

fn change() -> impl Strategy<Value = Change> {
    (
        (address(), action(), verb(), reason(), option::of(address())),
        (option::of(resource()), option::of(resource()), option::of(resource())),
        (
            btree_map(name(), default_value(), 0..2),
            vec(setting_change(), 0..2),
            vec(member_change(), 0..3),
            vec(task_change(), 0..2),
        ),
        option::of(restored()),
    )
        .prop_map(
            |(
                (address, action, verb, reason, renamed_from),
                (before, after, declared),
                (backfill, settings, members, tasks),
                restored,
            )| Change {
                address,
                action,
                verb,
                reason,
                renamed_from,
                before,
                after,
                declared,
                backfill,
                settings,
                members,
                tasks,
                restored,
            },
        )
}

fn restored() -> impl Strategy<Value = Restored> {
    let record = (task(), any::<u32>(), option::of(fingerprint()))
        .prop_map(|(task, place, ran)| TaskRecord { task, place, ran });
    (option::of(text()), btree_map(name(), record, 0..2), any::<bool>(), vec(any::<u64>(), 0..3))
        .prop_map(|(revision, tasks, rows, from)| Restored { revision, tasks, rows, from })
}

fn moved() -> impl Strategy<Value = Moved> {
    let column = (name(), name(), option::of(name())).prop_map(|(column, field, became)| MovedColumn {
        column,
        field,
        became,
    });
    (
        any::<u64>(),
        text(),
        address(),
        option::of(vec(column, 0..3)),
        vec(name(), 0..2),
        option::of(any::<u64>()),
    )
        .prop_map(|(number, table, address, columns, key, rows)| Moved {
            number,
            table,
            address,
            columns,
            sequences: key.clone(),
            key,
            rows,
        })
}

fn finding() -> impl Strategy<Value = Finding> {
    (
        (0..1000u32, select(vec![Level::Notice, Level::Consent, Level::Refuse]), address()),
        (option::of(name()), text(), option::of(any::<u64>()), vec(text(), 0..2)),
        (option::of(text()), option::of(text())),
    )
        .prop_map(|((code, level, address), (path, message, rows, samples), (help, allowed_by))| {
            Finding {
                code: format!("RK{code:03}"),
                level,
                address,
                path,
                message,
                rows,
                samples,
                help,
                allowed_by,
                judged: None,
            }
        })
}

pub fn revision() -> impl Strategy<Value = Revision> {
    (option::of(Just("4f2a91c".to_owned())), any::<bool>(), option::of(text()))
        .prop_map(|(commit, dirty, repository)| Revision { commit, dirty, repository })
}

fn fingerprint() -> impl Strategy<Value = Fingerprint> {
    any::<u64>().prop_map(|seed| Fingerprint::of(&seed))
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let task = (name(), option::of(text())).prop_map(|(name, unless)| TaskStep { name, unless });
    let runs = prop_oneof![Just(Runs::Before), Just(Runs::Inside), Just(Runs::After)];
    let one = (address(), text(), vec(text(), 0..3), option::of(task), runs, vec(text(), 0..2));
    vec(one, 0..4).prop_map(|steps| {
        let numbered = steps.into_iter().zip(1..);
        let step = |((address, title, statements, task, runs, undo), id)| Step {
            id,
            address,
            title,
            statements,
            task,
            runs,
            part: id % 3,
            undo,
        };
        numbered.map(step).collect()
    })
}

pub fn plan() -> impl Strategy<Value = Plan> {
    let policy = (any::<bool>(), any::<bool>(), option::of(any::<usize>()), 0..3650u32)
        .prop_map(|(prune, auto_apply, max_destroy, trash)| Policy { prune, auto_apply, max_destroy, trash });
    let fact =
        (address(), text(), any::<u64>()).prop_map(|(address, query, count)| Fact { address, query, count });
    let rolled_back = (any::<u64>(), vec(any::<u64>(), 0..3))
        .prop_map(|(to_before, undone)| Rollback { to_before, undone });
    let kept = (address(), option::of(name()), text()).prop_map(|(address, path, reason)| Kept {
        address,
        path,
        reason,
    });
    (
        (text(), revision(), fingerprint(), fingerprint(), policy),
        (vec(change(), 0..3), steps(), vec(finding(), 0..3), vec(fact, 0..2), vec(kept, 0..2)),
        (vec(moved(), 0..2), option::of(rolled_back)),
    )
        .prop_map(
            |(
                (target, revision, base, goal, policy),
                (changes, steps, findings, facts, kept),
                (trash, rolled_back),
            )| {
                Plan {
                    environment: "staging".to_owned(),
                    provider: "sqlite".to_owned(),
                    target,
                    revision,
                    promoted_from: None,
                    compared: None,
                    rolled_back,
                    base,
                    goal,
                    policy,
                    summary: Summary::of(&changes),
                    changes,
                    steps,
                    findings,
                    facts,
                    trash,
                    kept,
                }
            },
        )
}

pub fn report() -> impl Strategy<Value = Report> {
    let fate = prop_oneof![
        text().prop_map(|message| Fate::Failed { message }),
        select(vec![Fate::Done, Fate::Undone, Fate::NotStarted, Fate::Skipped]),
    ];
    let step = (any::<u32>(), address(), text(), fate).prop_map(|(id, address, title, fate)| StepReport {
        id,
        address,
        title,
        fate,
    });
    let outcome = select(vec![
        Applied::Nothing,
        Applied::Done,
        Applied::RolledBack,
        Applied::NotConverged,
        Applied::Refused,
    ]);
    let states = vec![
        ResourceState::Applied,
        ResourceState::Unchanged,
        ResourceState::NotApplied,
        ResourceState::NotStarted,
    ];
    let resource = (address(), select(states), text(), option::of(text()))
        .prop_map(|(address, state, why, next)| ResourceReport { address, state, why, next });
    let resources = vec(resource, 0..3);
    (text(), outcome, vec(step, 0..3), option::of(any::<u64>()), vec(address(), 0..2), resources).prop_map(
        |(target, outcome, steps, entry, remaining, resources)| Report {
            environment: "staging".to_owned(),
            target,
            outcome,
            steps,
            entry,
            message: None,
            remaining,
            purged: Vec::new(),
            resources,
        },
    )
}

fn touched(address: &Address, state: &Option<Resource>) -> Touched {
    let native = Native {
        kind: "table".to_owned(),
        name: address.name.clone(),
        table: address.name.clone(),
        definition: "CREATE TABLE x (y)".to_owned(),
    };
    Touched {
        address: address.clone(),
        is_gone: state.is_none(),
        is_replaced: false,
        owned: state.clone().map(|declared| Owned {
            declared: declared.into(),
            revision: None,
            tasks: Default::default(),
        }),
        renamed: BTreeMap::from([("new".to_owned(), "old".to_owned())]),
        natives: vec![native],
    }
}

pub fn entry() -> impl Strategy<Value = Entry> {
    let outcome = prop_oneof![
        Just(Outcome::Applied),
        (option::of(any::<u32>()), text()).prop_map(|(step, message)| Outcome::Failed { step, message }),
    ];
    (any::<u64>(), text(), plan(), outcome, vec((address(), option::of(resource())), 0..2)).prop_map(
        |(id, actor, plan, outcome, before)| Entry {
            id,
            started: "2026-11-21T13:45:00Z".to_owned(),
            finished: "2026-11-21T13:45:01Z".to_owned(),
            actor,
            version: "0.1.0".to_owned(),
            environment: plan.environment.clone(),
            revision: plan.revision.clone(),
            promoted_from: Some(Promotion { environment: "dev".to_owned(), entry: id }),
            plan: plan.fingerprint(),
            base: plan.base,
            goal: plan.goal,
            outcome,
            summary: plan.summary,
            skipped: plan.steps.iter().take(1).map(|step| step.id).collect(),
            steps: plan.steps,
            signed_by: vec![PrivateKey::from_seed([1; 32]).public()],
            outside_window: None,
            allowed: vec!["RK203".to_owned()],
            touched: Some(before.iter().map(|(address, state)| touched(address, state)).collect()),
            before,
            rolled_back: plan.rolled_back,
            trash: plan.trash,
            restored: vec![id],
            trash_until: None,
            lost: plan.findings,
        },
    )
}

pub fn setup() -> impl Strategy<Value = Setup> {
    let tasks = vec((name(), task()), 0..3).prop_map(|tasks| tasks.into_iter().collect());
    (option::of(action()), vec(action(), 0..3), option::of(name()), option::of(name()), tasks).prop_map(
        |(action, allowed, as_name, target, tasks)| Setup { action, allowed, as_name, target, tasks },
    )
}

fn task() -> impl Strategy<Value = Task> {
    let sql = || {
        let each = btree_map(select(vec!["sqlite", "postgres"]).prop_map(str::to_owned), text(), 1..3);
        prop_oneof![text().prop_map(TaskSql::One), each.prop_map(TaskSql::PerTarget)]
    };
    (option::of(text()), select(vec![When::Before, When::After]), sql(), option::of(sql()))
        .prop_map(|(description, when, sql, unless)| Task { description, when, sql, unless })
}

fn task_change() -> impl Strategy<Value = TaskChange> {
    let verb = select(vec![TaskVerb::Run, TaskVerb::Record, TaskVerb::Forget]);
    let reason = select(vec![
        TaskReason::New,
        TaskReason::Changed,
        TaskReason::Left,
        TaskReason::Done,
        TaskReason::Edited,
        TaskReason::NotDeclared,
    ]);
    (name(), verb, reason, any::<u32>(), task(), option::of(text())).prop_map(
        |(name, verb, reason, place, task, unasked)| TaskChange { name, verb, reason, place, task, unasked },
    )
}

pub fn packaged() -> impl Strategy<Value = PackagedResource> {
    let action = select(vec![Action::Merge, Action::Overwrite, Action::Skip, Action::Select]);
    ((resource(), option::of(name()), btree_map(name(), text(), 0..2)), (setup(), action, option::of(text())))
        .prop_map(|((resource, renamed_from, labels), (setup, action, related_because))| PackagedResource {
            resource,
            renamed_from,
            labels,
            setup,
            action,
            related_because,
        })
}

/// What a package is made of.
#[derive(Clone, Debug)]
pub struct Parts {
    pub about: About,
    pub resources: BTreeMap<Address, PackagedResource>,
    pub plan: Option<Plan>,
    pub plan_markdown: Option<String>,
}

pub fn parts() -> impl Strategy<Value = Parts> {
    let about = (name(), option::of(text()), revision(), option::of(Just("dev".to_owned()))).prop_map(
        |(name, description, provenance, source_environment)| About {
            name,
            description,
            provenance,
            tool_version: "0.1.0".to_owned(),
            source_environment,
        },
    );
    let resources = vec((name(), packaged()), 0..5).prop_map(|resources| {
        let address =
            |name: String, packaged: &PackagedResource| Address::new(packaged.resource.kind(), name);
        resources.into_iter().map(|(name, packaged)| (address(name, &packaged), packaged)).collect()
    });
    (about, resources, option::of(plan()), option::of(text()))
        .prop_map(|(about, resources, plan, plan_markdown)| Parts { about, resources, plan, plan_markdown })
}
