//! A repository with values and patches is the same as one in which everything is written out.
//! Never looks at one environment alone: what differs is the point.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use proptest::prelude::*;
use reconcile::model::repository::Repository;
use reconcile::model::resource::Resource;
use reconcile::ops;
use reconcile::provider::open;
use reconcile::render::diagnostics::diagnostics;
use reconcile::render::paint::Paint;
use reconcile::source::{File, Files, Revision};

fn files(texts: &[(&str, &str)]) -> Files {
    let file = |(path, text): &(&str, &str)| File { path: (*path).to_owned(), text: (*text).to_owned() };
    Files { revision: Revision::default(), files: texts.iter().map(file).collect(), notes: Vec::new() }
}

#[track_caller]
fn valid(texts: &[(&str, &str)]) -> Repository {
    let limits = open::providers().iter().filter_map(|p| Some(((*p).to_owned(), open::name_limits(p)?)));
    let files = files(texts);
    let checked = ops::repository::check(&files, &limits.collect());
    let said = diagnostics(&checked.diagnostics, Paint::plain(), &|path| files.text(path));
    assert!(!checked.has_errors(), "{said}");
    checked.repository
}

fn desired(repository: &Repository, environment: &str) -> BTreeMap<String, Resource> {
    let desired = repository.desired(environment, &BTreeMap::new()).unwrap();
    desired
        .resources
        .into_iter()
        .map(|(address, one)| (address.to_string(), (*one.resource).clone()))
        .collect()
}

const STANDARD: &str = "apiVersion: reconcile/v1
kind: Entity
metadata: { name: account }
spec: { standard: true, fields: { name: { type: text, maxLength: 80 } } }
---
apiVersion: reconcile/v1
kind: Entity
metadata: { name: account }
spec:
  extends: standard
  fields: { rating: { type: integer, default: \"${value:rating}\" } }
";

#[test]
fn customizations_differ_and_the_standard_does_not() {
    let environments = "apiVersion: reconcile/v1
kind: Environment
metadata: { name: dev }
spec: { target: { sqlite: dev.db }, values: { rating: 1 } }
---
apiVersion: reconcile/v1
kind: Environment
metadata: { name: live }
spec:
  target: { sqlite: live.db }
  values: { rating: 5 }
  patches: [{ address: entity/account, spec: { fields: { region: { type: text } } } }]
";
    let repository = valid(&[("environments.yaml", environments), ("account.yaml", STANDARD)]);
    for (environment, rating, fields) in
        [("dev", 1, vec!["name", "rating"]), ("live", 5, vec!["name", "rating", "region"])]
    {
        let resources = desired(&repository, environment);
        let entity = resources["entity/account"].as_entity().unwrap();
        assert_eq!(entity.fields.keys().collect::<Vec<_>>(), fields);
        assert!(entity.standard && entity.fields["name"].standard && !entity.fields["rating"].standard);
        let default = serde_json::to_value(&entity.fields["rating"].default).unwrap();
        assert_eq!(default, rating, "{environment}");
    }
}

#[test]
fn a_resource_that_is_the_same_everywhere_is_kept_once() {
    let environments = "apiVersion: reconcile/v1
kind: Environment
metadata: { name: dev }
spec: { target: { sqlite: dev.db }, values: { a: x, b: 1 } }
---
apiVersion: reconcile/v1
kind: Environment
metadata: { name: live }
spec: { target: { sqlite: live.db }, values: { a: x, b: 2 } }
";
    let resources = "apiVersion: reconcile/v1
kind: Picklist
metadata: { name: plain }
spec: { options: { open: {} } }
---
apiVersion: reconcile/v1
kind: Picklist
metadata: { name: alike }
spec: { options: { open: { label: \"${value:a} $${b}\" } } }
---
apiVersion: reconcile/v1
kind: Picklist
metadata: { name: other }
spec: { options: { open: { label: \"no ${value:b}\" } } }
";
    let repository = valid(&[("environments.yaml", environments), ("picklists.yaml", resources)]);
    let varying: Vec<(String, usize)> =
        repository.resources.iter().map(|(address, e)| (address.to_string(), e.variants.len())).collect();
    let want = [("picklist/alike", 0), ("picklist/other", 1), ("picklist/plain", 0)];
    assert_eq!(varying, want.map(|(address, n)| (address.to_owned(), n)));
    assert_eq!(repository.views().len(), 2);
    let label = |environment: &str| {
        let text = serde_json::to_value(&desired(&repository, environment)["picklist/other"]).unwrap();
        text["spec"]["options"]["open"]["label"].clone()
    };
    assert_eq!((label("dev"), label("live")), ("no 1".into(), "no 2".into()));
}

#[test]
fn a_short_file_does_not_become_an_endless_one() {
    let long = "x".repeat(500_000);
    let environment = format!(
        "apiVersion: reconcile/v1\nkind: Environment\nmetadata: {{ name: dev }}\nspec:\n  \
         target: {{ sqlite: dev.db }}\n  values: {{ a: {long} }}\n"
    );
    let resource = format!(
        "apiVersion: reconcile/v1\nkind: Picklist\nmetadata: {{ name: p }}\nspec:\n  \
         options: {{ a: {{ label: \"{}\" }} }}\n",
        "${value:a}".repeat(50_000)
    );
    let files = files(&[("e.yaml", &environment), ("p.yaml", &resource)]);
    let checked = ops::repository::check(&files, &BTreeMap::new());
    let codes: Vec<&str> = checked.diagnostics.iter().map(|d| d.code).collect();
    assert!(codes.contains(&"RV003"), "{codes:?}");
}

/// A type, a value of it as YAML writes it, and how that looks inside a text.
fn scalar() -> impl Strategy<Value = (&'static str, String, String)> {
    prop_oneof![
        (1i64..100_000).prop_map(|n| ("bigint", n.to_string(), n.to_string())),
        any::<bool>().prop_map(|b| ("boolean", b.to_string(), b.to_string())),
        "[a-z][a-z '#:,{}]{0,12}".prop_map(|t| ("text", serde_json::to_string(&t).unwrap(), t)),
        "[0-9]{1,6}".prop_map(|text| ("text", format!("\"{text}\""), text)),
        (1u32..999, 1u32..99).prop_map(|(a, b)| (
            "decimal, precision: 9, scale: 2",
            format!("{a}.{b}"),
            format!("{a}.{b}")
        )),
    ]
}

/// The value under `name`, or a placeholder for it.
fn order(ty: &str, of: &dyn Fn(&str) -> (String, String), patched: bool) -> String {
    let whole = |name: &str| of(name).0;
    let inside = |name: &str| serde_json::to_string(&format!("a {} b", of(name).1)).unwrap();
    let note = match patched {
        true => "note: { type: text, maxLength: 9 }, more: { type: integer }",
        false => "note: { type: text, maxLength: 5, unique: true }",
    };
    format!(
        "apiVersion: reconcile/v1
kind: Entity
metadata: {{ name: order }}
spec:
  displayName: {}
  fields:
    length: {{ type: text, maxLength: {} }}
    strict: {{ type: boolean, required: {}, default: {} }}
    any: {{ type: {ty}, default: {}, description: {} }}
    {}
",
        inside("any"),
        whole("count"),
        whole("flag"),
        whole("flag"),
        whole("any"),
        inside("any"),
        note.replace("}, ", "}\n    "),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_value_named_is_a_value_written_out(
        (ty, yaml, text) in scalar(),
        count in 1u32..9999,
        flag in any::<bool>(),
        is_patched in any::<bool>(),
    ) {
        let count = count.to_string();
        let values = format!("values: {{ any: {yaml}, count: {count}, flag: {flag} }}");
        let patches = "patches:
    - { address: entity/order, spec: { fields: { note: { maxLength: 9, unique: null }, more: { type: integer } } } }";
        let environment = |more: &str| format!(
            "apiVersion: reconcile/v1\nkind: Environment\nmetadata: {{ name: dev }}\nspec:\n  target: {{ sqlite: dev.db }}\n{more}"
        );
        let laid_over = format!("  {values}\n{}", if is_patched { format!("  {patches}\n") } else { String::new() });
        let named = |name: &str| (format!("\"${{value:{name}}}\""), format!("${{value:{name}}}"));
        let written = |name: &str| match name {
            "any" => (yaml.clone(), text.clone()),
            "count" => (count.clone(), count.clone()),
            _ => (flag.to_string(), flag.to_string()),
        };
        let first = valid(&[("e.yaml", &environment(&laid_over)), ("r.yaml", &order(ty, &named, false))]);
        let second = valid(&[("e.yaml", &environment("")), ("r.yaml", &order(ty, &written, is_patched))]);
        prop_assert_eq!(desired(&first, "dev"), desired(&second, "dev"));
    }
}

/// What one command line prints, whatever comes of it.
fn run(folder: &Path, variable: Option<&str>, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reconcile"));
    command.args(arguments).current_dir(folder).env("RECONCILE_ACTOR", "ada").env_remove("MARKED");
    if let Some(content) = variable {
        command.env("MARKED", content);
    }
    let output = command.stdin(std::process::Stdio::null()).output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap(), said)
}

const MARKED: &str = "apiVersion: reconcile/v1
kind: Environment
metadata: { name: dev }
spec: { target: { sqlite: \"${env:MARKED}\" }, setup: { default: overwrite }, prune: true }
---
apiVersion: reconcile/v1
kind: Environment
metadata: { name: live }
spec: { target: { sqlite: \"live-${env:MARKED}\" }, setup: { default: overwrite } }
---
apiVersion: reconcile/v1
kind: Entity
metadata: { name: order }
spec: { fields: { number: { type: text, maxLength: 20 } } }
";

/// Every verb that opens a target, in an order in which each has something to do.
const VERBS: &[&[&str]] = &[
    &["validate"],
    &["plan"],
    &["plan", "-e", "dev", "--out", "plan.zip", "-v"],
    &["apply", "plan.zip", "--yes"],
    &["apply", "-e", "live", "--yes"],
    &["drift"],
    &["diff", "dev", "live"],
    &["history"],
    &["show", "1", "-e", "dev"],
    &["export", "-e", "dev", "-o", "export.zip", "--all"],
    &["import", "export.zip", "-e", "live", "--plan"],
    &["import", "export.zip", "-e", "live", "--yes"],
    &["adopt", "-e", "dev", "--plan"],
    &["promote", "dev", "live", "--plan"],
    &["promote", "dev", "live", "--out", "promoted.zip"],
    &["promote", "dev", "live", "--yes"],
    &["package", "inspect", "plan.zip"],
    &["fmt", "--check"],
];

/// Everything in a folder but the targets themselves, packages taken apart.
fn kept(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = entry.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".zip") {
            let mut zip = zip::ZipArchive::new(fs::File::open(&entry).unwrap()).unwrap();
            for at in 0..zip.len() {
                let mut inner = zip.by_index(at).unwrap();
                let mut bytes = Vec::new();
                std::io::Read::read_to_end(&mut inner, &mut bytes).unwrap();
                found.push((
                    format!("{name}/{}", inner.name().unwrap()),
                    String::from_utf8_lossy(&bytes).into_owned(),
                ));
            }
        } else if entry.is_file() {
            found.push((name, String::from_utf8_lossy(&fs::read(&entry).unwrap()).into_owned()));
        }
    }
    found
}

#[test]
fn what_a_variable_holds_is_nowhere() {
    const MARKER: &str = "zx81marker";
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("all.yaml"), MARKED).unwrap();
    let file = format!("{MARKER}.db");
    let broken = format!("{MARKER}.folder");
    fs::create_dir(place.path().join(&broken)).unwrap();
    fs::create_dir(place.path().join(format!("live-{broken}"))).unwrap();
    let garbled = format!("{MARKER}.garbled");
    fs::write(
        place.path().join(&garbled),
        "no database at all, but long enough to be read as one".repeat(40),
    )
    .unwrap();
    let nowhere = format!("all.yaml/{MARKER}");
    let uri = format!("file:{MARKER}");
    let mut said = Vec::new();
    for format in ["text", "json"] {
        for verb in VERBS {
            let arguments: Vec<&str> = verb.iter().copied().chain(["--format", format]).collect();
            for content in [Some(broken.as_str()), Some(&garbled), Some(&nowhere), Some(&uri), Some(""), None]
            {
                said.push((arguments.join(" "), run(place.path(), content, &arguments).1));
            }
            let (code, text) = run(place.path(), Some(&file), &arguments);
            assert!(code == 0 || (code, verb[0]) == (1, "fmt"), "{arguments:?}: {text}");
            said.push((arguments.join(" "), text));
        }
    }
    assert!(said.iter().any(|(_, text)| text.contains("sqlite live-${env:MARKED}")));
    assert!(said.iter().any(|(_, text)| text.contains("cannot be opened")));
    for (command, text) in said {
        assert!(!text.contains(MARKER), "{command}: {text}");
    }
    // The targets hold it in no table either: their files are searched byte by byte.
    let kept = kept(place.path());
    assert!(kept.iter().filter(|(name, _)| name.contains(".zip/")).count() > 10);
    assert!(kept.iter().any(|(name, _)| *name == file));
    for (name, text) in kept {
        assert!(!text.contains(MARKER), "{name} holds it");
    }
}

#[test]
fn a_variable_that_gives_nothing_is_named_with_its_place() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("all.yaml"), MARKED).unwrap();
    for (content, why) in [(None, "is not set"), (Some(""), "is empty")] {
        let (code, said) = run(place.path(), content, &["plan", "-e", "live"]);
        let want = format!(
            "error: the target of environment live needs the variable `MARKED`, which {why}\n  \
             help: all.yaml:9 names it; set it where `reconcile` runs: export MARKED=…\n"
        );
        assert_eq!((code, said), (1, want));
    }
    for verb in [&["validate"][..], &["fmt", "--check"], &["schema", "entity"]] {
        let (_, said) = run(place.path(), None, verb);
        assert!(!said.contains("variable `MARKED`"), "{verb:?}: {said}");
    }
}

#[test]
fn what_is_adopted_with_a_placeholder_in_it_stands_for_itself() {
    let place = tempfile::tempdir().unwrap();
    let environment = "apiVersion: reconcile/v1
kind: Environment
metadata: { name: dev }
spec: { target: { sqlite: dev.db } }
";
    fs::write(place.path().join("dev.yaml"), environment).unwrap();
    let database = rusqlite::Connection::open(place.path().join("dev.db")).unwrap();
    let sql = "CREATE TABLE t (a TEXT DEFAULT '${value:x} $${y}', \"${env:b}\" TEXT)";
    database.execute_batch(sql).unwrap();
    drop(database);
    let (code, said) = run(place.path(), None, &["adopt", "-e", "dev", "--yes"]);
    assert_eq!(code, 0, "{said}");
    let written = fs::read_to_string(place.path().join("resources/entities/t.yaml")).unwrap();
    assert!(written.contains("$${value:x}") && written.contains("$${env:b}"), "{written}");
    let (code, said) = run(place.path(), None, &["plan", "-e", "dev", "--detailed-exitcode"]);
    assert_eq!(code, 0, "{said}");
    let (code, said) = run(place.path(), None, &["export", "-e", "dev", "-o", "t.zip", "--all"]);
    assert_eq!(code, 0, "{said}");
    let (code, said) = run(place.path(), None, &["import", "t.zip", "-e", "dev", "--yes"]);
    assert_eq!(code, 0, "{said}");
}
