//! Imports: what is refused changes nothing, and what is done is what the decision table says.
//! Never compares with anything but the target itself.

mod packed;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use reconcile::address::Address;
use reconcile::apply::{Impatient, Moment, Observer, Terms};
use reconcile::diff::decision::{Reach, Verb, decide};
use reconcile::journal::Holder;
use reconcile::model::environment::{Environment, TargetConfig};
use reconcile::model::setup::{Action, Binding};
use reconcile::model::shape::{MemberId, Shape};
use reconcile::model::state::Snapshot;
use reconcile::ops;
use reconcile::ops::export::{Label, Selection};
use reconcile::ops::import::{Destination, check};
use reconcile::package;
use reconcile::plan::{Allowance, Level};
use reconcile::provider::open::{Mode, name_limits, open};
use reconcile::report::{Applied, ResourceState};
use reconcile::source::Revision;
use reconcile::target::Target;

/// A repository with one environment, and what its target is.
struct Place {
    folder: tempfile::TempDir,
}

struct Ran {
    code: i32,
    said: String,
}

impl Place {
    /// Declares and applies one set of manifests after the other.
    fn new(history: &[&str]) -> Place {
        let place = Place { folder: tempfile::tempdir().unwrap() };
        place.write(
            "env.yaml",
            "apiVersion: reconcile/v1\nkind: Environment\nmetadata: { name: here }\n\
             spec:\n  target: { sqlite: here.db }\n  setup: { default: overwrite }\n",
        );
        for manifests in history {
            place.write("all.yaml", &yaml(manifests));
            let ran = place.run(&["apply", "--yes", "--quiet"]);
            assert_eq!(ran.code, 0, "{}", ran.said);
        }
        place
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn sql(&self, sql: &str) {
        rusqlite::Connection::open(self.path("here.db")).unwrap().execute_batch(sql).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_reconcile"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("RECONCILE_ACTOR", "ada")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        Ran { code: output.status.code().unwrap(), said: said.into_owned() }
    }

    /// Runs with a terminal of its own, on which somebody types `answers`. None where no terminal can be made.
    fn typed(&self, arguments: &[&str], answers: &str) -> Option<Ran> {
        let command = format!("{} {}", env!("CARGO_BIN_EXE_reconcile"), arguments.join(" "));
        let child = Command::new("script")
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .current_dir(self.folder.path())
            .env("RECONCILE_ACTOR", "ada")
            .env("NO_COLOR", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut child) = child else {
            eprintln!("skipped: there is no `script` here to make a terminal with");
            return None;
        };
        child.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).replace('\r', "");
        Some(Ran { code: output.status.code().unwrap(), said })
    }

    /// Runs an import that must be refused, and holds the target's file against what it was.
    fn refuses(&self, arguments: &[&str], code: i32, reason: &str) {
        let before = fs::read(self.path("here.db")).ok();
        let ran = self.run(arguments);
        assert_eq!(ran.code, code, "{arguments:?}\n{}", ran.said);
        assert!(ran.said.contains(reason), "{arguments:?} does not say {reason:?}\n{}", ran.said);
        assert!(fs::read(self.path("here.db")).ok() == before, "{arguments:?} changed the target");
    }

    fn target(&self, mode: Mode) -> Box<dyn Target> {
        let settings = BTreeMap::from([(String::new(), "here.db".into())]);
        open(&TargetConfig { provider: "sqlite".to_owned(), settings }, self.folder.path(), mode).unwrap()
    }

    fn snapshot(&self) -> Snapshot {
        self.target(Mode::Read).inspect().unwrap()
    }
}

/// `entity order` and its spec, one resource a paragraph.
fn yaml(manifests: &str) -> String {
    let one = |text: &str| {
        let (head, spec) = text.trim().split_once('\n').unwrap();
        let (kind, name) = head.trim().split_once(' ').unwrap();
        let spec: String = spec.lines().map(|line| format!("  {}\n", line.trim_start())).collect();
        format!("apiVersion: reconcile/v1\nkind: {kind}\nmetadata: {{ name: {name} }}\nspec:\n{spec}")
    };
    manifests.split("\n\n").map(one).collect::<Vec<_>>().join("---\n")
}

const SHOP: &str = "Entity order
    fields: { number: { type: text, maxLength: 20 }, status: { type: picklist, picklist: status }, customer: { type: lookup, entity: customer } }

    Entity customer
    fields: { name: { type: text, maxLength: 50, required: true }, country: { type: picklist, picklist: country } }

    Picklist status
    options: { draft: {}, open: {} }

    Picklist country
    options: { at: {}, de: {} }";

/// Exports from a shop, and returns where the package is.
fn exported(shop: &Place, name: &str, flags: &[&str]) -> PathBuf {
    let file = shop.path(name);
    let mut arguments = vec!["export", "-o", file.to_str().unwrap()];
    arguments.extend(flags);
    let ran = shop.run(&arguments);
    assert_eq!(ran.code, 0, "{}", ran.said);
    file
}

#[test]
fn what_cannot_be_imported_is_refused_with_its_reason() {
    let shop = Place::new(&[SHOP]);
    let here = Place::new(&["Picklist mine\n    options: { a: {} }"]);
    here.sql("CREATE TABLE land (name TEXT PRIMARY KEY) STRICT");
    let refuses = |file: &Path, flags: &[&str], code: i32, reason: &str| {
        let mut arguments = vec!["import", file.to_str().unwrap(), "--yes"];
        arguments.extend(flags);
        here.refuses(&arguments, code, reason);
    };

    let lone = exported(&shop, "lone.zip", &["--select", "entity/order", "--no-related"]);
    refuses(
        &lone,
        &[],
        12,
        "needs `picklist/status`, which is neither in the package nor in environment here",
    );
    refuses(&lone, &[], 12, "entity/customer                         needed by entity/order/customer");

    let open = exported(
        &shop,
        "open.zip",
        &["--all", "--setup", "entity/order=select", "--allow-setup", "entity/order=merge,skip"],
    );
    refuses(&open, &[], 12, "`select`: its setup action has to be decided");
    refuses(&open, &["--setup", "entity/order=select"], 12, "`select`: its setup action has to be decided");
    refuses(&open, &["--setup", "entity/order=overwrite"], 12, "`overwrite`: the package does not allow it");
    refuses(&open, &["--setup", "entity/order=update"], 12, "entity resources have no such setup action");
    refuses(&open, &["--setup", "entity/none=merge"], 12, "`entity/none` is decided, and is neither");
    let skipped = ["--setup", "entity/order=merge", "--setup", "entity/customer=skip"];
    refuses(&open, &skipped, 12, "needs `entity/customer`, which is skipped and not in environment here");

    let bindings = here.path("bindings.yaml");
    let head = "apiVersion: reconcile/v1\nkind: Bindings\nresources:\n";
    for (text, code, reason) in [
        ("  entity/order: { action: merge, as: order2 }\n", 12, "`as` goes with the setup action `create`"),
        ("  picklist/mine: { action: merge }\n", 12, "`picklist/mine` is decided, and is neither"),
        ("  entity/order: { action: skip, target: x }\n", 12, "`target` goes with `existing` or `update`"),
        (
            "  entity/order: { action: skip }\n  entity/customer: { action: existing, target: client }\n",
            12,
            "`entity/client` must exist in environment here, and does not",
        ),
        (
            "  entity/order: { action: skip }\n  picklist/status: { action: create, as: mine }\n",
            12,
            "is to be created as new, and environment here has `picklist/mine` already",
        ),
        (
            "  entity/order: { action: skip }\n  picklist/status: { action: create, as: country }\n",
            12,
            "another resource of the package is bound to `picklist/country` too",
        ),
        (
            "  entity/order: { action: create, as: sqlite_order }\n",
            12,
            "cannot be given the name `sqlite_order`",
        ),
        ("  entity/order: { action: marge }\n", 1, "`action` cannot be `marge`"),
    ] {
        fs::write(&bindings, format!("{head}{text}")).unwrap();
        refuses(&open, &["--bindings", bindings.to_str().unwrap()], code, reason);
    }

    let whole = exported(&shop, "whole.zip", &["--all"]);
    let bytes = fs::read(&whole).unwrap();
    let damaged = here.path("damaged.zip");
    let fingerprint = package::read(&bytes, &packed::decode).unwrap().fingerprint();
    let mut n_refused = 0;
    for at in (0..bytes.len()).step_by(bytes.len() / 40) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x20;
        // A zip has a few bytes that say nothing, such as the version of the program that packed it.
        if let Ok(same) = package::read(&changed, &packed::decode) {
            assert_eq!(same.fingerprint(), fingerprint);
            continue;
        }
        fs::write(&damaged, changed).unwrap();
        refuses(&damaged, &[], 13, "nothing in it was used");
        n_refused += 1;
    }
    assert!(n_refused > 30);
    assert_eq!(here.run(&["import", whole.to_str().unwrap(), "--yes"]).code, 0);
}

#[test]
fn every_document_passes_its_schema() {
    let shop = Place::new(&[SHOP]);
    let here = Place::new(&["Picklist status\n    options: { draft: {}, old: {} }"]);
    let whole = exported(&shop, "whole.zip", &["--all"]);
    let lone = exported(&shop, "lone.zip", &["--select", "entity/order", "--no-related"]);
    let (whole, lone) = (whole.to_str().unwrap(), lone.to_str().unwrap());
    let document = |schema: &str, arguments: &[&str]| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(schema);
        let schema = serde_json::from_str(&fs::read_to_string(root).unwrap()).unwrap();
        let ran = here.run(&[arguments, &["--format", "json", "--quiet"]].concat());
        let text = ran.said.split("\nerror: ").next().unwrap();
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        let schema = jsonschema::validator_for(&schema).unwrap();
        let faults: Vec<String> = schema.iter_errors(&value).map(|e| e.to_string()).collect();
        assert_eq!(faults, Vec::<String>::new(), "{arguments:?}");
        value
    };
    let check = document("import.schema.json", &["import", lone]);
    assert_eq!(check["check"]["missing"][0]["neededBy"][0], "entity/order/customer");
    assert_eq!(check.get("plan"), None);
    let check = document("import.schema.json", &["import", whole, "--plan"]);
    assert_eq!(check["plan"]["summary"]["add"], 3);
    document("diff.schema.json", &["diff", "here", whole]);
    let report =
        document("report.schema.json", &["import", whole, "--yes", "--setup", "picklist/status=existing"]);
    let states: Vec<&str> = report["reports"][0]["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["applied", "applied", "applied", "unchanged"]);
}

#[test]
fn a_refused_import_says_of_every_resource_what_became_of_it() {
    let shop = Place::new(&[SHOP]);
    let here = Place::new(&[&SHOP
        .replace("country: { type:", "fax: { type: text }, country: { type:")
        .replace(", open: {}", "")]);
    here.sql("INSERT INTO customer (id, name, fax) VALUES ('c1', 'Ada', '1')");
    let all = exported(&shop, "all.zip", &["--all", "--setup", "*=overwrite"]);
    let import = ["import", all.to_str().unwrap(), "--yes", "--quiet"];
    here.refuses(
        &import,
        12,
        "✗ entity/customer                         not applied: RK203 fax destroys 1 value",
    );
    here.refuses(&import, 12, "help: allow it with --allow RK203:entity/customer/fax");
    here.refuses(&import, 12, "· picklist/status                         not started: the plan is refused because of `entity/customer`");
    here.refuses(
        &import,
        12,
        "= entity/order                            unchanged: it is already what the package says",
    );
    here.refuses(&import, 12, "error: the plan is refused by policy");
    let ran = here.run(&[&import[..], &["--format", "json"]].concat());
    let report: serde_json::Value = serde_json::from_str(ran.said.split("error: ").next().unwrap()).unwrap();
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/report.schema.json");
    let schema = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    assert!(jsonschema::is_valid(&schema, &report), "{report:#}");
    assert_eq!((ran.code, &report["reports"][0]["outcome"]), (12, &serde_json::json!("refused")));
    let of = |index: usize| &report["reports"][0]["resources"][index];
    assert_eq!(of(0)["state"], "not-applied");
    assert_eq!(of(0)["next"], "allow it with --allow RK203:entity/customer/fax");
    assert_eq!((&of(1)["state"], &of(3)["state"]), (&"unchanged".into(), &"not-started".into()));
    // What no allowance helps with, and a limit that no single resource breaks.
    here.sql("INSERT INTO [order] (id, number) VALUES ('o1', 'N')");
    let env = fs::read_to_string(here.path("env.yaml")).unwrap();
    here.write("env.yaml", &format!("{env}  maxDestroy: 0\n"));
    let allowed = [&import[..], &["--allow", "RK203"]].concat();
    here.refuses(&allowed, 12, "the plan destroys 1 resources and members, more than maxDestroy 0");
    here.write("env.yaml", &env);
    let strict = Place::new(&[&SHOP.replace("maxLength: 20 }", "maxLength: 20, required: true }")]);
    let strict = exported(&strict, "strict.zip", &["--all", "--setup", "*=merge"]);
    here.sql("INSERT INTO [order] (id, number) VALUES ('o2', NULL)");
    let import = ["import", strict.to_str().unwrap(), "--yes", "--quiet"];
    here.refuses(
        &import,
        12,
        "✗ entity/order                            not applied: RK206 number is required, and 1 row",
    );
    here.refuses(&import, 12, "RK206 entity/order/number is required");
}

#[test]
fn what_is_said_of_a_package_survives_the_way() {
    let shop = Place::new(&[SHOP]);
    let text = fs::read_to_string(shop.path("all.yaml")).unwrap();
    shop.write(
        "all.yaml",
        &text.replace("{ name: order }", "{ name: order, labels: { team: sales, tier: \"1\" } }"),
    );
    let flags = [
        "--all",
        "--description",
        "All of it,\nas it is.",
        "--setup",
        "entity/*=overwrite",
        "--setup",
        "entity/order=select",
    ];
    let flags = [
        &flags[..],
        &["--allow-setup", "entity/order=merge,overwrite", "--allow-setup", "picklist/*=skip,existing,merge"],
    ]
    .concat();
    let file = exported(&shop, "all.zip", &flags);
    let package = package::read(&fs::read(&file).unwrap(), &packed::decode).unwrap();
    assert_eq!(package.manifest().description.as_deref(), Some("All of it,\nas it is."));
    let order = &package.resources()[&"entity/order".parse().unwrap()];
    let labels = [("team", "sales"), ("tier", "1")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(order.labels, BTreeMap::from(labels));
    let here = Place::new(&["Picklist mine\n    options: { a: {} }"]);
    let ran = here.run(&[
        "import",
        file.to_str().unwrap(),
        "--plan",
        "--format",
        "json",
        "--quiet",
        "--setup",
        "entity/order=merge",
    ]);
    let document: serde_json::Value = serde_json::from_str(&ran.said).unwrap();
    let listed = |index: usize| &document["check"]["resources"][index];
    assert_eq!(listed(0)["action"], "overwrite");
    assert_eq!(
        (&listed(1)["action"], &listed(1)["actions"]),
        (&"merge".into(), &serde_json::json!(["merge", "overwrite"]))
    );
    assert_eq!(
        (&listed(2)["action"], &listed(2)["actions"]),
        (&"merge".into(), &serde_json::json!(["merge", "existing", "skip"]))
    );
    let again = shop.run(&[&["export", "-o", "again.zip"], &flags[..]].concat());
    assert_eq!((again.code, fs::read(shop.path("again.zip")).unwrap()), (0, fs::read(&file).unwrap()));
}

#[test]
fn a_person_on_a_terminal_chooses_and_decides() {
    let shop = Place::new(&[SHOP]);
    let Some(ran) = shop.typed(&["export", "--interactive", "-o", "x.zip", "--no-progress"], "2\n\n") else {
        return;
    };
    assert_eq!(ran.code, 0, "{}", ran.said);
    assert!(
        ran.said.contains("1. [+] customer  comes along: entity/order/customer -> entity/customer"),
        "{}",
        ran.said
    );
    let package = package::read(&fs::read(shop.path("x.zip")).unwrap(), &packed::decode).unwrap();
    assert_eq!(package.resources().len(), 4);
    let quit =
        shop.typed(&["export", "--interactive", "-o", "y.zip", "--no-progress"], "all\nquit\n").unwrap();
    assert!(quit.code == 0 && quit.said.contains("Nothing was written."), "{}", quit.said);
    assert!(!shop.path("y.zip").exists());

    let here = Place::new(&["Picklist status\n    options: { draft: {}, old: {} }"]);
    let file = shop.path("x.zip");
    let import = ["import", file.to_str().unwrap(), "--no-progress"];
    let before = fs::read(here.path("here.db")).unwrap();
    for answers in ["4 overwrite\nquit\n", "\nno\n", "4 overwrite\n\nno\n", "4 skip\n"] {
        let ran = here.typed(&import, answers).unwrap();
        assert!(ran.code == 0 && ran.said.contains("Nothing was changed."), "{answers:?}: {}", ran.said);
        assert!(fs::read(here.path("here.db")).unwrap() == before, "{answers:?}");
    }
    let ran = here.typed(&import, "9 merge\n4 overwrite\n\nyes\n").unwrap();
    assert!(ran.said.contains("there is no number `9`"), "{}", ran.said);
    let ran = match ran.code {
        12 => here.typed(&[&import[..], &["--allow", "RK203"]].concat(), "4 overwrite\n\nyes\n").unwrap(),
        _ => ran,
    };
    assert!(ran.code == 0 && ran.said.contains("a new plan is empty"), "{}", ran.said);
    let options = here.snapshot().state[&"picklist/status".parse().unwrap()].clone();
    assert!(!format!("{options:?}").contains("old"), "{options:?}");
}

#[test]
fn what_nobody_manages_is_exported_only_by_its_address() {
    let shop = Place::new(&[SHOP]);
    shop.sql(
        "CREATE TABLE theirs (id TEXT PRIMARY KEY NOT NULL, a TEXT) STRICT;
         ALTER TABLE [order] ADD COLUMN their TEXT REFERENCES theirs (id);",
    );
    let exported = |flags: &[&str]| {
        let ran = shop.run(&[&["export", "-o", "x.zip"], flags].concat());
        assert_eq!(ran.code, 0, "{}", ran.said);
        let package = package::read(&fs::read(shop.path("x.zip")).unwrap(), &packed::decode).unwrap();
        let held: Vec<String> = package.resources().keys().map(Address::to_string).collect();
        (held.contains(&"entity/theirs".to_owned()), ran.said)
    };
    for flags in [&["--all"][..], &["--select", "*"], &["--select", "entity/order"]] {
        let (is_held, said) = exported(flags);
        assert!(
            !is_held && said.contains("`entity/theirs` is left out, because nobody manages it"),
            "{said}"
        );
    }
    let (is_held, said) = exported(&["--select", "entity/order", "--select", "entity/theirs"]);
    assert!(is_held && !said.contains("is left out"), "{said}");
}

#[test]
fn a_resource_is_bound_to_another_name_and_everything_follows() {
    let shop = Place::new(&[SHOP]);
    let here = Place::new(&[
        "Entity client\n    fields: { name: { type: text } }\n\n    Picklist state\n    options: { draft: {} }",
    ]);
    let file = exported(&shop, "some.zip", &["--select", "entity/order", "--exclude", "picklist/status"]);
    here.write(
        "bindings.yaml",
        "apiVersion: reconcile/v1\nkind: Bindings\nresources:\n  \
         entity/customer: { action: existing, target: client }\n  \
         entity/order: { action: create, as: purchase }\n  \
         picklist/status: { action: existing, target: state }\n",
    );
    let flags = ["import", file.to_str().unwrap(), "--yes", "--bindings", "bindings.yaml"];
    let before = here.snapshot();
    let ran = here.run(&flags);
    assert_eq!(ran.code, 0, "{}", ran.said);
    assert!(ran.said.contains("a new plan is empty"), "{}", ran.said);
    let after = here.snapshot();
    let purchase = &after.state[&"entity/purchase".parse().unwrap()];
    let references: Vec<String> = purchase.references().iter().map(|(_, to)| to.to_string()).collect();
    assert_eq!(references, ["picklist/state", "entity/client"]);
    for (address, resource) in &before.state {
        assert_eq!(after.state.get(address), Some(resource));
        assert_eq!(after.inventory.get(address), before.inventory.get(address));
    }
}

#[test]
fn customizations_keep_the_base_that_is_there() {
    let base = "Entity account
    standard: true
    fields: { name: { type: text, maxLength: 50, required: true } }";
    let both = |fields: &str| {
        format!(
            "{}---\n{}",
            yaml(base),
            yaml(&format!("Entity account\n    extends: standard\n    fields: {fields}"))
        )
    };
    let apply = |place: &Place, text: &str| {
        place.write("all.yaml", text);
        let ran = place.run(&["apply", "--yes", "--quiet"]);
        assert_eq!(ran.code, 0, "{}", ran.said);
    };
    let from = Place::new(&[]);
    apply(&from, &both("{ region: { type: text } }"));
    let file = exported(&from, "account.zip", &["--all"]);
    let import = ["import", file.to_str().unwrap(), "--yes", "--setup", "entity/account=overwrite"];

    let none = Place::new(&["Picklist mine\n    options: { a: {} }"]);
    none.refuses(
        &import,
        12,
        "customizes the standard entity `account`, which environment here does not have",
    );
    let ordinary = Place::new(&["Entity account\n    fields: { name: { type: text } }"]);
    ordinary.refuses(&import, 12, "in environment here it is an ordinary one");
    let clash = Place::new(&[]);
    apply(&clash, &yaml(&base.replace("{ name:", "{ region: { type: text }, name:")));
    clash.refuses(&import, 12, "`region` belongs to the standard definition in the target");

    // A longer base than the exporter's, and a customization of its own: the base stays, the other goes.
    let here = Place::new(&[]);
    let longer = both("{ size: { type: integer } }")
        .replace("fields: { name:", "fields: { site: { type: text }, name:");
    apply(&here, &longer);
    let ran = here.run(&import);
    assert_eq!(ran.code, 0, "{}", ran.said);
    let after = here.snapshot();
    let account = after.state[&"entity/account".parse().unwrap()].as_entity().unwrap();
    let fields: Vec<(&str, bool)> = account.fields.iter().map(|(n, f)| (n.as_str(), f.standard)).collect();
    assert_eq!(
        BTreeSet::from_iter(fields),
        BTreeSet::from([("site", true), ("name", true), ("region", false)])
    );
}

/// Two environments that came here on different ways, with rows.
fn two() -> (Place, Place) {
    let from = Place::new(&[
        SHOP,
        &SHOP
            .replace(
                "number: { type: text, maxLength: 20 }",
                "number: { type: text, maxLength: 40, required: true }, total: { type: integer }",
            )
            .replace("open: {}", "open: { label: Open }, paid: {}"),
    ]);
    from.sql(
        "INSERT INTO customer (id, name, country) VALUES ('c1', 'Ada', 'at');
         INSERT INTO [order] (id, number, status, customer) VALUES ('o1', 'N1', 'paid', 'c1');",
    );
    let to = Place::new(&["Entity order
    fields: { number: { type: text, maxLength: 10 }, fax: { type: text }, note: { type: text } }
    indexes: { by-number: { fields: [number] } }

    Picklist status
    options: { draft: {}, open: { label: Offen }, gone: {} }

    Picklist size
    options: { s: {}, m: {} }

    Entity stock
    fields: { sku: { type: text }, size: { type: picklist, picklist: size } }"]);
    to.sql(
        "INSERT INTO [order] (id, number, fax, note) VALUES ('p1', 'X1', '1', 'n'), ('p2', 'X2', NULL, NULL);
         INSERT INTO stock (id, sku, size) VALUES ('s1', 'A', 'm');
         ALTER TABLE [order] ADD COLUMN legacy TEXT;
         CREATE TABLE customer (id TEXT PRIMARY KEY NOT NULL, name TEXT, phone TEXT) STRICT;
         INSERT INTO customer VALUES ('k1', 'Grace', '7');
         CREATE TABLE theirs (a TEXT) STRICT;
         CREATE VIEW numbers AS SELECT number FROM [order];",
    );
    (from, to)
}

struct Silent;

impl Observer for Silent {
    fn at(&mut self, _: &Moment) -> Result<(), String> {
        Ok(())
    }
}

#[test]
fn everything_of_one_environment_comes_into_another_as_the_decision_table_says() {
    for (action, reach) in [(Action::Merge, Reach::Nothing), (Action::Overwrite, Reach::All)] {
        let (from, to) = two();
        let label = Label {
            name: "all".to_owned(),
            description: None,
            environment: "from".to_owned(),
            applied: Revision { commit: Some("4f2a91c0".repeat(5)), dirty: false, repository: None },
        };
        let selection =
            Selection { with_related: true, setup: vec![("*".to_owned(), action)], ..Selection::default() };
        let exported = ops::export::export(&from.snapshot(), &selection, label).unwrap();
        assert!(exported.left_out.is_empty());
        let package = package::read(&package::write(&exported.package), &packed::decode).unwrap();

        let before = to.snapshot();
        let mut target = to.target(Mode::Write);
        let environment = Environment { name: "here".to_owned(), prune: true, ..Environment::default() };
        let (declared, name) = (BTreeSet::new(), target.describe());
        let limits = BTreeMap::from([("sqlite".to_owned(), name_limits("sqlite").unwrap())]);
        let into = Destination {
            environment: &environment,
            target: &name,
            snapshot: &before,
            declared: &declared,
            limits: &limits,
        };
        let checked = check(&package, &into, &BTreeMap::<Address, Binding>::new());
        assert_eq!(checked.check.n_errors(), 0, "{:#?}", checked.check);
        let revision = package.manifest().provenance.clone();
        let plan = ops::plan::plan(checked.desired.clone(), target.as_mut(), &revision).unwrap();
        let refused: Vec<_> = plan.findings.iter().filter(|f| f.level == Level::Refuse).collect();
        assert!(refused.is_empty(), "{refused:#?}");
        let allow: Vec<Allowance> = plan.findings.iter().map(|f| f.code.parse().unwrap()).collect();
        let holder = Holder { actor: "ada".to_owned(), since: "2026-01-01T00:00:00Z".to_owned() };
        let terms = Terms {
            holder: &holder,
            allow: &allow,
            signed_by: &[],
            clock: &|| "2026-01-01T00:00:01Z".to_owned(),
            outside_window: None,
            patience: &Impatient,
        };
        let report =
            ops::apply::run(&plan, Some(checked.desired), target.as_mut(), &terms, &mut Silent).unwrap();
        assert_eq!(report.outcome, Applied::Done, "{report:#?}");
        let spoken_of: Vec<(Address, Action)> =
            package.resources().keys().map(|address| (address.clone(), action)).collect();
        let report = report.with_resources(&plan, &spoken_of);
        assert!(report.resources.iter().all(|one| one.state == ResourceState::Applied), "{report:#?}");
        let entry = target.history(1).unwrap().remove(0);
        assert_eq!(entry.revision, revision);

        let after = to.snapshot();
        let mut n_verbs: BTreeMap<String, usize> = BTreeMap::new();
        for address in before.state.keys().filter(|a| !package.resources().contains_key(*a)) {
            assert_eq!(before.state.get(address), after.state.get(address), "{address} under {action}");
            assert_eq!(
                before.inventory.get(address),
                after.inventory.get(address),
                "{address} under {action}"
            );
        }
        for (address, packed) in package.resources() {
            let shape = |resource: Option<&_>| resource.map(Shape::of).unwrap_or_default();
            let declared = shape(Some(&packed.resource));
            let (found, owned) = (
                shape(before.state.get(address).map(AsRef::as_ref)),
                shape(before.inventory.get(address).map(|owned| &*owned.declared)),
            );
            let (now, ours) = (
                shape(after.state.get(address).map(AsRef::as_ref)),
                shape(after.inventory.get(address).map(|owned| &*owned.declared)),
            );
            let ids: BTreeSet<&MemberId> =
                [&declared, &found, &owned].into_iter().flat_map(|shape| shape.members.keys()).collect();
            for id in ids {
                let of = |shape: &Shape| shape.members.contains_key(id);
                let verb = decide(of(&declared), of(&found), of(&owned), reach);
                *n_verbs.entry(format!("{verb:?}")).or_default() += 1;
                let place = format!("{address} {id:?} under {action}: {verb:?}");
                let (is_there, is_ours) = match verb {
                    Verb::Create | Verb::Adopt | Verb::Update => (true, true),
                    Verb::Release | Verb::Keep => (true, false),
                    Verb::Delete | Verb::Forget => (false, false),
                };
                assert_eq!((of(&now), of(&ours)), (is_there, is_ours), "{place}");
                if is_ours {
                    for (name, value) in &declared.members[id] {
                        assert_eq!(now.members[id].get(name), Some(value), "{place}: {name}");
                    }
                } else if is_there {
                    assert_eq!(now.members[id], found.members[id], "{place}");
                }
            }
        }
        let seen: Vec<&str> = n_verbs.keys().map(String::as_str).collect();
        match action {
            Action::Merge => assert_eq!(seen, ["Adopt", "Create", "Keep", "Release", "Update"]),
            _ => assert_eq!(seen, ["Adopt", "Create", "Delete", "Update"]),
        }
        let rows = rusqlite::Connection::open(to.path("here.db")).unwrap();
        let count = |sql: &str| rows.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(count("SELECT count(*) FROM [order] WHERE number LIKE 'X_'"), 2);
        assert_eq!(count("SELECT count(*) FROM customer WHERE name = 'Grace'"), 1);
        assert_eq!(count("SELECT count(*) FROM stock"), 1);
        assert_eq!(count("SELECT count(*) FROM numbers"), 2);
    }
}
