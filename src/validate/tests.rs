//! Each rule hit once, on repositories built by hand.
//! Never reads YAML: the cases under `tests/` do.

use serde_json::{Value, json};

use super::*;
use crate::address::{Address, Kind};
use crate::model::environment::{Environment, TargetConfig};
use crate::model::repository::Entry;
use crate::model::resource::Resource;
use crate::model::setup::Setup;
use crate::model::state::Origin;
use crate::model::task::TaskRules;
use crate::model::{entity, picklist};
use crate::yaml::Part;

fn targets() -> BTreeMap<String, NameLimits> {
    let sqlite = NameLimits {
        max_bytes: 500,
        ignores_case: true,
        reserved_prefixes: &["sqlite_"],
        reserves_members: true,
        indexes_sql: false,
        tasks: TaskRules::PRESENT,
    };
    let postgres = NameLimits {
        max_bytes: 63,
        ignores_case: false,
        reserved_prefixes: &["pg_"],
        reserves_members: false,
        indexes_sql: true,
        tasks: TaskRules::PRESENT,
    };
    BTreeMap::from([("sqlite".to_owned(), sqlite), ("postgres".to_owned(), postgres)])
}

/// One environment `dev` on SQLite, and these resources; each has its file, named for it.
fn repository(resources: &[(&str, Value)]) -> Repository {
    let mut repository = Repository::default();
    environment(&mut repository, "dev", "sqlite");
    resources.iter().for_each(|(address, spec)| add(&mut repository, address, spec.clone()));
    repository
}

fn environment<'r>(repository: &'r mut Repository, name: &str, provider: &str) -> &'r mut Environment {
    let target = TargetConfig { provider: provider.to_owned(), ..TargetConfig::default() };
    let environment = Environment { name: name.to_owned(), target, ..Environment::default() };
    let origin = Origin { file: format!("{name}.yaml"), document: 0 };
    repository.environments.insert(name.to_owned(), (environment, origin));
    &mut repository.environments.get_mut(name).unwrap().0
}

fn add(repository: &mut Repository, address: &str, spec: Value) {
    let (kind, name) = address.split_once('/').unwrap();
    let (kind, resource): (Kind, Resource) = match kind {
        "entity" => (entity::KIND, Resource::Entity(serde_json::from_value(spec).unwrap())),
        _ => (picklist::KIND, Resource::Picklist(serde_json::from_value(spec).unwrap())),
    };
    let entry = Entry {
        resource: resource.into(),
        renamed_from: None,
        labels: BTreeMap::new(),
        waivers: Vec::new(),
        setup: Setup::default(),
        origin: Origin { file: format!("{name}.yaml"), document: 0 },
        customized: None,
        variants: BTreeMap::new(),
    };
    repository.resources.insert(Address::new(kind, name), entry);
}

fn entry<'r>(repository: &'r mut Repository, address: &str) -> &'r mut Entry {
    repository.resources.get_mut(&address.parse::<Address>().unwrap()).unwrap()
}

/// Every remark as `RV104 order.yaml spec/fields/status: message`, sorted; warnings begin with `?`, keys end in `#`.
fn said(repository: &Repository) -> Vec<String> {
    let (remarks, whole) = validate(repository, &repository.views()[0], &targets());
    assert!(whole.is_empty());
    let line = |remark: &Remark| {
        let sign = if remark.diagnostic.is_error() { "" } else { "?" };
        let part = if remark.part == Part::Key { "#" } else { "" };
        let (code, file, path) = (remark.diagnostic.code, &remark.origin.file, remark.path.join("/"));
        format!("{sign}{code} {file} {path}{part}: {}", remark.diagnostic.message)
    };
    let mut lines: Vec<String> = remarks.iter().map(line).collect();
    lines.sort();
    lines
}

fn help(repository: &Repository) -> Vec<String> {
    let (remarks, _) = validate(repository, &repository.views()[0], &targets());
    remarks.into_iter().filter_map(|remark| remark.diagnostic.help).collect()
}

/// Checks one entity `order` with these parts of `spec`, beside an `account` and a picklist `status`.
#[track_caller]
fn check_order(spec: Value, want: &[&str]) {
    let mut repository = shop();
    add(&mut repository, "entity/order", spec);
    let said: Vec<String> =
        said(&repository).into_iter().map(|line| line.replace(" order.yaml spec/", " ")).collect();
    same(&said, want);
}

fn shop() -> Repository {
    let options = json!({ "draft": {}, "open": {}, "lost": { "retired": true }, "1": {} });
    repository(&[
        ("entity/account", json!({ "fields": { "code": { "type": "text", "unique": true } } })),
        (
            "entity/pair",
            json!({ "fields": { "a": { "type": "integer" }, "b": { "type": "date" } }, "primaryKey": ["a", "b"] }),
        ),
        ("picklist/status", json!({ "options": options })),
    ])
}

#[track_caller]
fn same(said: &[String], want: &[&str]) {
    let mut want = want.to_vec();
    want.sort_unstable();
    assert_eq!(said, want);
}

#[test]
fn a_sound_repository_is_left_alone() {
    check_order(
        json!({
            "fields": {
                "number": { "type": "autonumber", "format": "ORD-{seq:5}", "required": true, "unique": true },
                "status": { "type": "picklist", "picklist": "status", "default": "draft", "required": true },
                "customer": { "type": "lookup", "entity": "account", "onDelete": "cascade" },
                "about": { "type": "lookup", "entities": ["account", "order"], "required": true },
                "parent": { "type": "lookup", "entity": "order", "onDelete": "set-null" },
                "total": { "type": "decimal", "precision": 12, "scale": 2, "default": 12.5 },
                "placed": { "type": "datetime", "default": "now", "required": true, "backfill": "2020-01-01T00:00:00Z" },
                "token": { "type": "uuid", "default": "generated" },
                "state": { "type": "text", "maxLength": 9, "default": "generated", "check": "state <> ';'" },
                "a": { "type": "integer", "default": -5 },
                "b": { "type": "date", "default": "now" },
                "extra": { "type": "json", "default": "{ \"a\": [] }" },
                "code": { "type": "text" },
            },
            "keys": { "by-number": { "fields": ["number"] } },
            "indexes": { "by-customer": { "fields": ["customer", "id"] } },
            "checks": { "total-positive": { "sql": "total >= 0" } },
            "relationships": {
                "pair": { "fields": ["a", "b"], "references": { "entity": "pair", "fields": ["a", "b"] } },
                "code": { "fields": ["code"], "references": { "entity": "account", "fields": ["code"] } },
                "self": { "fields": ["token"], "references": { "entity": "order", "fields": ["id"] } },
            },
        }),
        &[],
    );
}

#[test]
fn references_lead_somewhere() {
    check_order(
        json!({
            "fields": {
                "status": { "type": "picklist", "picklist": "statsu" },
                "customer": { "type": "lookup", "entity": "status" },
                "about": { "type": "lookup", "entities": ["account", "lead"] },
                "a": { "type": "text" }, "b": { "type": "date" },
            },
            "primaryKey": ["number"],
            "keys": { "k": { "fields": ["a", "c"] } },
            "indexes": { "i": { "fields": ["id"] } },
            "relationships": {
                "gone": { "fields": ["a"], "references": { "entity": "nowhere", "fields": ["id"] } },
                "few": { "fields": ["a"], "references": { "entity": "pair", "fields": ["a", "b"] } },
                "types": { "fields": ["a", "b"], "references": { "entity": "pair", "fields": ["a", "b"] } },
                "part": { "fields": ["b"], "references": { "entity": "pair", "fields": ["b"] } },
                "none": { "fields": ["b"], "references": { "entity": "account", "fields": ["cod"] } },
            },
        }),
        &[
            "RV104 fields/status/picklist: `status` points to picklist `statsu`, which no document declares",
            "RV104 fields/customer/entity: `customer` points to entity `status`, which no document declares",
            "RV104 fields/about/entities/1: `about` points to entity `lead`, which no document declares",
            "RV104 primaryKey/0: entity `order` has no field `number`",
            "RV104 keys/k/fields/1: entity `order` has no field `c`",
            "RV104 indexes/i/fields/0: entity `order` has no field `id`",
            "RV104 relationships/gone/references/entity: `gone` points to entity `nowhere`, which no document declares",
            "RV104 relationships/few/references/fields: relationship `few` has 1 field and points to 2 fields",
            "RV104 relationships/types/references/fields/0: field `a` is text and `a` of entity `pair` is integer",
            "RV104 relationships/part/references/fields: entity `pair` has no key of `b`",
            "RV104 relationships/none/references/fields/0: entity `account` has no field `cod`",
        ],
    );
    let help = help(&repository(&[
        ("picklist/status", json!({ "options": { "a": {} } })),
        (
            "entity/a",
            json!({ "fields": { "x": { "type": "picklist", "picklist": "Status" } }, "primaryKey": ["y"] }),
        ),
        (
            "entity/b",
            json!({
                "fields": { "y": { "type": "lookup", "entity": "status" }, "state": { "type": "text" } },
                "relationships": { "r": { "fields": ["status"], "references": { "entity": "a", "fields": ["x"] } } },
            }),
        ),
    ]));
    assert_eq!(
        help,
        [
            "did you mean `status`, in status.yaml?",
            "add `y` to a.yaml",
            "`status` is a picklist: use `type: picklist`",
            "`b` has `state`; or add `status` to b.yaml",
            "its primary key is `y`; or add an alternate key of these fields to a.yaml",
        ]
    );
}

#[test]
fn names_are_such_as_targets_hold() {
    let long = "x".repeat(70);
    let mut repository = shop();
    environment(&mut repository, "Live", "postgres").include = vec!["entity/order".to_owned()];
    let spec = json!({
        "fields": {
            "a\u{202e}b": { "type": "date" },
            (long.clone()): { "type": "date" },
            "sqlite_x": { "type": "date" },
            "a_field_with_a_name_that_is_rather_long_for_a_field": { "type": "lookup", "entities": ["account_of_a_customer"] },
        },
        "keys": { "a.b": { "fields": ["sqlite_x"] } },
        "checks": { "a/b": { "sql": "1" } },
    });
    add(&mut repository, "entity/order", spec);
    add(&mut repository, "entity/account_of_a_customer", json!({ "fields": { "a": { "type": "date" } } }));
    add(&mut repository, "picklist/ x", json!({ "options": { "": {}, (long): {} } }));
    entry(&mut repository, "picklist/ x").setup = Setup {
        action: Some(crate::model::setup::Action::Create),
        as_name: Some("a*".to_owned()),
        ..Setup::default()
    };
    let x = "x".repeat(70);
    let said = said(&repository);
    same(
        &said,
        &[
            "RV105 Live.yaml metadata/name: environment `Live` has other characters than a-z, 0-9, `-` and `_`, or begins with a sign",
            "RV105 order.yaml spec/fields/a\u{202e}b#: field `a\\u{202e}b` holds the control or invisible character U+202E",
            &format!(
                "RV105 order.yaml spec/fields/{x}#: the `postgres` target of environment `Live` cannot hold field `{x}`, which is 70 bytes long, more than the 63 it can hold"
            ),
            "RV105 order.yaml spec/fields/sqlite_x#: the `sqlite` target of environment `dev` cannot hold field `sqlite_x`, which begins with `sqlite_`, which it keeps for itself",
            "RV105 order.yaml spec/keys/a.b#: key `a.b` holds a `.`",
            "RV105 order.yaml spec/checks/a/b#: check `a/b` holds `/`, which addresses and patterns use",
            "RV105 order.yaml spec/fields/a_field_with_a_name_that_is_rather_long_for_a_field/entities: the `postgres` target of environment `Live` cannot hold column `a_field_with_a_name_that_is_rather_long_for_a_field_account_of_a_customer`, which is 73 bytes long, more than the 63 it can hold",
            "RV105  x.yaml metadata/name: picklist ` x` begins or ends with white space",
            "RV105  x.yaml setup/as: new name `a*` holds `*`, which addresses and patterns use",
            "RV105  x.yaml spec/options/#: option `` is empty",
        ],
    );
}

#[test]
fn settings_that_cannot_go_together_are_told() {
    check_order(
        json!({
            "fields": {
                "status": { "type": "picklist", "picklist": "status", "default": "lost" },
                "total": { "type": "decimal", "precision": 2, "scale": 3 },
                "extra": { "type": "json", "unique": true },
                "number": { "type": "autonumber", "format": "{seq}", "default": "1", "backfill": "2", "check": "1" },
                "customer": { "type": "lookup", "entity": "account", "required": true, "onDelete": "set-null" },
                "about": { "type": "lookup", "entities": ["account", "account"], "unique": true, "default": "x" },
                "pair": { "type": "lookup", "entity": "pair" },
                "note": { "type": "text", "backfill": "none" },
                "bytes": { "type": "binary" },
                "day": { "type": "date" },
            },
            "primaryKey": ["number", "bytes", "day"],
            "keys": { "k": { "fields": ["day", "day", "about", "extra"] } },
            "indexes": { "i": { "fields": ["about", "extra"] } },
            "relationships": {
                "r": {
                    "fields": ["day"], "references": { "entity": "account", "fields": ["code"] },
                    "onDelete": "set-null", "onUpdate": "set-null",
                },
            },
        }),
        &[
            "?RV107 fields/status/default: `default` of field `status` is `lost`, an option that is retired",
            "RV107 fields/total/scale: field `total` has 3 digits after the point, more than the 2 it has at all",
            "RV107 fields/extra/unique: field `extra` is json, which has no order to be unique by",
            "RV107 fields/number/default: autonumber `number` cannot have a `default`",
            "RV107 fields/number/backfill: autonumber `number` cannot have a `backfill`",
            "RV107 fields/number/check: autonumber `number` cannot have a `check`",
            "RV107 fields/customer/onDelete: field `customer` is required and cannot be set to null on delete",
            "RV107 fields/about/default: lookup `about` points to several entities and cannot have `default`",
            "RV107 fields/about/unique: lookup `about` points to several entities and cannot have `unique`",
            "RV107 fields/pair/entity: lookup `pair` points to entity `pair`, whose primary key has several fields: `a`, `b`",
            "?RV107 fields/note/backfill: field `note` has a `backfill` and is not required",
            "RV107 primaryKey/0: the primary key cannot hold field `number`, which the target numbers only after the row is there",
            "RV107 primaryKey/1: the primary key cannot hold field `bytes`, which is binary",
            "RV107 keys/k/fields/1: key `k` lists `day` twice",
            "RV107 keys/k/fields/2: key `k` cannot hold field `about`, which points to several entities and is no single column",
            "RV107 keys/k/fields/3: key `k` cannot hold field `extra`, which is json",
            "RV107 indexes/i/fields/0: index `i` cannot hold field `about`, which points to several entities and is no single column",
            "RV107 fields/about/entities/1: lookup `about` lists `account` twice",
            "RV107 relationships/r/onDelete: relationship `r` cannot set its fields to null: `day` always has a value",
            "RV107 relationships/r/onUpdate: relationship `r` cannot set its fields to null: `day` always has a value",
            "RV104 relationships/r/references/fields/0: field `day` is date and `code` of entity `account` is text",
        ],
    );
    check_order(json!({}), &["?RV121 fields#: entity `order` has no fields"]);
    let empty = repository(&[("picklist/status", json!({ "options": {} }))]);
    assert_eq!(said(&empty), ["?RV121 status.yaml spec/options#: picklist `status` has no options"]);
}

#[test]
fn values_fit_their_fields() {
    let fields = json!({
        "status": { "type": "picklist", "picklist": "status", "default": "opne" },
        "one": { "type": "picklist", "picklist": "status", "default": 1 },
        "text": { "type": "text", "maxLength": 2, "default": "äöü" },
        "number": { "type": "text", "default": 5 },
        "small": { "type": "integer", "default": 3_000_000_000_u32 },
        "big": { "type": "bigint", "default": "5" },
        "total": { "type": "decimal", "precision": 4, "scale": 2, "default": 100, "required": true, "backfill": "1.005" },
        "float": { "type": "float", "default": "x" },
        "flag": { "type": "boolean", "default": 1 },
        "day": { "type": "date", "default": "2025-02-30" },
        "time": { "type": "time", "default": "25:00" },
        "instant": { "type": "datetime", "default": "2025-02-03T10:00:00" },
        "token": { "type": "uuid", "default": "now" },
        "extra": { "type": "json", "default": "{" },
        "bytes": { "type": "binary", "default": "x" },
        "customer": { "type": "lookup", "entity": "account", "default": "generated" },
    });
    check_order(
        json!({ "fields": fields }),
        &[
            "RV119 fields/status/default: `default` of field `status` is `opne`, which is no option of picklist `status`",
            "RV119 fields/one/default: `default` of field `one` is `1`, which is no text",
            "RV119 fields/text/default: `default` of field `text` is `äöü`, which is 3 characters long, more than the 2 of `maxLength`",
            "RV119 fields/number/default: `default` of field `number` is `5`, which is no text",
            "RV119 fields/small/default: `default` of field `small` is `3000000000`, which is no whole number from -2147483648 to 2147483647",
            "RV119 fields/big/default: `default` of field `big` is `5`, which is no whole number from -9223372036854775808 to 9223372036854775807",
            "RV119 fields/total/default: `default` of field `total` is `100`, which has 3 digits before the point, more than 2",
            "RV119 fields/total/backfill: `backfill` of field `total` is `1.005`, which has 3 digits after the point, more than 2",
            "RV119 fields/float/default: `default` of field `float` is `x`, which is not a number",
            "RV119 fields/flag/default: `default` of field `flag` is `1`, which is not true or false",
            "RV119 fields/day/default: `default` of field `day` is `2025-02-30`, which is not a date",
            "RV119 fields/time/default: `default` of field `time` is `25:00`, which is not a time",
            "RV119 fields/instant/default: `default` of field `instant` is `2025-02-03T10:00:00`, which is not an instant with its zone",
            "RV119 fields/token/default: `default` of field `token` is `now`, which is not a uuid",
            "RV119 fields/extra/default: `default` of field `extra` is `{`, which is not JSON",
            "RV119 fields/bytes/default: `default` of field `bytes` is `x`, which stands for no bytes",
            "RV119 fields/customer/default: `default` of field `customer` is `generated`, which is not a uuid",
        ],
    );
}

#[test]
fn expressions_stay_in_their_parentheses() {
    check_order(
        json!({
            "fields": {
                "a": { "type": "date", "check": "a)", "default": { "sql": "1; 2" } },
                "b": { "type": "date", "required": true, "backfill": { "sql": "'" } },
            },
            "checks": { "c": { "sql": "" } },
        }),
        &[
            "RV112 checks/c/sql: the SQL of check `c` is empty",
            "RV112 fields/a/check: the SQL of `check` of field `a` closes a parenthesis that it did not open",
            "RV112 fields/a/default/sql: the SQL of `default` of field `a` holds a `;`, which ends a statement",
            "RV112 fields/b/backfill/sql: the SQL of `backfill` of field `b` opens a ' that it does not close",
        ],
    );
}

#[test]
fn required_lookups_do_not_go_in_a_circle() {
    let to = |entity: &str| json!({ "fields": { "to": { "type": "lookup", "entity": entity, "required": true } } });
    let mut circle = repository(&[
        ("entity/a", to("b")),
        ("entity/b", to("c")),
        ("entity/c", to("a")),
        ("entity/d", to("a")),
        ("entity/self", to("self")),
        (
            "entity/k",
            json!({ "fields": { "to": { "type": "lookup", "entity": "l" } }, "primaryKey": ["to"] }),
        ),
        ("entity/l", to("k")),
        ("entity/v", to("w")),
        ("entity/w", to("v")),
    ]);
    for address in ["entity/v", "entity/w"] {
        let Resource::Entity(entity) = std::sync::Arc::make_mut(&mut entry(&mut circle, address).resource)
        else {
            panic!()
        };
        entity.standard = true;
        entity.fields[0].standard = true;
    }
    same(
        &said(&circle),
        &[
            "?RV113 self.yaml spec/fields/to/required: the first `self` could only point to itself: `to` is required",
            "RV113 a.yaml spec/fields/to/required: required lookups go in a circle: a -> b -> c -> a",
            "RV113 k.yaml spec/fields/to/required: required lookups go in a circle: k -> l -> k",
            "?RV113 v.yaml spec/fields/to/required: required lookups go in a circle: v -> w -> v",
        ],
    );
}

#[test]
fn renames_can_be_followed() {
    let date = |from: &str| json!({ "type": "date", "renamedFrom": from });
    check_order(
        json!({ "fields": {
            "a": date("a"), "b": date("c"), "c": date("b"), "d": date("old"), "e": date("old"), "f": date("a"), "g": date("h"),
        } }),
        &[
            "RV107 fields/a/renamedFrom: field `a` is renamed from its own name",
            "RV113 fields/b/renamedFrom: renames go in a circle: b -> c -> b",
            "RV107 fields/e/renamedFrom: field `e` is renamed from `old`, and so is `d`",
            "RV107 fields/f/renamedFrom: field `f` is renamed from `a`, and so is `a`",
        ],
    );
    let mut repository = shop();
    entry(&mut repository, "entity/account").renamed_from = Some("pair".to_owned());
    same(
        &said(&repository),
        &[
            "RV107 account.yaml metadata/renamedFrom: entity `account` is renamed from `pair`, which is still declared",
        ],
    );
}

#[test]
fn names_stay_apart_in_every_target() {
    let spec = json!({
        "fields": {
            "id": { "type": "date" }, "Total": { "type": "date" }, "total": { "type": "date" },
            "about_account": { "type": "date" }, "about": { "type": "lookup", "entities": ["account", "order"] },
        },
        "keys": { "k": { "fields": ["Total"] } },
        "indexes": { "k": { "fields": ["total"] } },
    });
    let mut repository = shop();
    add(&mut repository, "entity/order", spec);
    add(&mut repository, "entity/status", json!({ "fields": { "a": { "type": "date" } } }));
    add(&mut repository, "picklist/Order", json!({ "options": { "a": {}, "A": {} } }));
    same(
        &said(&repository),
        &[
            "RV114 order.yaml spec/fields/id#: the generated key `id` and field `id` would be one in a target",
            "RV114 order.yaml spec/fields/total#: field `Total` and field `total` differ only in case, which the target of `dev` ignores",
            "RV114 order.yaml spec/fields/about/entities: field `about_account` and the column `about_account` of lookup `about` would be one in a target",
            "RV114 order.yaml spec/indexes/k#: key `k` and index `k` would be one in a target",
            "RV114 status.yaml metadata/name: entity `status` and picklist `status` would be one table",
            "RV114 Order.yaml metadata/name: entity `order` and picklist `Order` differ only in case, which the target of `dev` ignores",
        ],
    );
    environment(&mut repository, "dev", "postgres");
    let said = said(&repository);
    assert!(said.len() == 4 && said.iter().all(|line| !line.contains("differ only")), "{said:?}");
}

#[test]
fn environments_ask_for_what_there_is() {
    use crate::model::setup::Action;
    let mut repository = shop();
    let dev = environment(&mut repository, "dev", "sqlit");
    dev.include = ["entity/*", "picklist/*", "entity/accuont", "view/*", "*"].map(str::to_owned).to_vec();
    dev.allow = ["RK203", "RK203:entity/order/fax", "RK2", "RK203:order"].map(str::to_owned).to_vec();
    dev.setup_default = Some(Action::Update);
    dev.setup_resources =
        [("entity/*", Action::Merge), ("entity/x*", Action::Merge), ("picklist/status", Action::Update)]
            .map(|(pattern, action)| (pattern.to_owned(), action))
            .into();
    entry(&mut repository, "entity/account").setup = Setup {
        action: Some(Action::Merge),
        allowed: vec![Action::Overwrite, Action::Update],
        as_name: Some("other".to_owned()),
        target: None,
        ..Setup::default()
    };
    entry(&mut repository, "entity/pair").setup = Setup {
        action: Some(Action::Select),
        allowed: vec![Action::Merge],
        as_name: None,
        target: Some("p".into()),
        ..Setup::default()
    };
    same(
        &said(&repository),
        &[
            "RV110 dev.yaml spec/target/sqlit#: there is no target `sqlit`",
            "RV116 dev.yaml spec/include/2: `entity/accuont` matches no resource of this repository",
            "RV116 dev.yaml spec/include/3: `view/*` matches no resource of this repository",
            "RV110 dev.yaml spec/allow/2: `allow` cannot hold `RK2`",
            "RV110 dev.yaml spec/allow/3: `allow` cannot hold `RK203:order`",
            "RV118 dev.yaml spec/setup/default: no kind has the setup action `update`",
            "RV116 dev.yaml spec/setup/resources/entity/x*#: `entity/x*` matches no resource of this repository",
            "RV118 dev.yaml spec/setup/resources/picklist/status: picklist resources have no setup action `update`",
            "RV107 account.yaml setup/action: setup action `merge` is not among those that `allowed` lists",
            "RV118 account.yaml setup/allowed/1: entity resources have no setup action `update`",
            "RV107 account.yaml setup/as: `as: other` needs the setup action `create`",
            "RV107 pair.yaml setup/target: `target: p` needs the setup action `existing` or `update`",
        ],
    );
    let (remarks, whole) = validate(&Repository::default(), &Repository::default().views()[0], &targets());
    assert!(remarks.is_empty());
    assert_eq!(whole.iter().map(|d| d.code).collect::<Vec<_>>(), ["RV117"]);
}

#[test]
fn a_customization_is_remarked_on_in_its_own_document() {
    let mut repository = repository(&[(
        "entity/order",
        json!({
            "standard": true,
            "fields": { "a": { "type": "picklist", "picklist": "x", "standard": true }, "b": { "type": "picklist", "picklist": "x" } },
        }),
    )]);
    entry(&mut repository, "entity/order").customized =
        Some(Origin { file: "ours.yaml".to_owned(), document: 0 });
    let files: Vec<String> =
        said(&repository).iter().filter_map(|line| line.split(' ').nth(1).map(str::to_owned)).collect();
    assert_eq!(files, ["order.yaml", "ours.yaml"]);
}

#[test]
fn a_repository_that_lost_its_picklists_is_told_of_each() {
    let mut repository = Repository::default();
    environment(&mut repository, "dev", "sqlite");
    environment(&mut repository, "live", "postgres");
    let field =
        |name: usize| (format!("f{name}"), json!({ "type": "picklist", "picklist": format!("list-{name}") }));
    let fields: serde_json::Map<String, Value> = (0..12).map(field).collect();
    add(&mut repository, "picklist/list", json!({ "options": { "a": {} } }));
    for number in 0..2_000 {
        add(&mut repository, &format!("entity/entity-{number}"), json!({ "fields": fields }));
    }
    assert_eq!(validate(&repository, &repository.views()[0], &targets()).0.len(), 24_000);
}
