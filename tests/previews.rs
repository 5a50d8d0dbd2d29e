//! Previews as programs and hosts read them: sizes, schemas, the job's summary, merges.
//! Never needs a host: what GitHub would set is set here.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const ENVIRONMENT: &str = "apiVersion: reconcile/v1\nkind: Environment\nmetadata: { name: dev }\n\
                           spec: { target: { sqlite: .reconcile/dev.db }, prune: true, setup: { default: overwrite } }\n";

/// A git repository with an environment.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        place.write("dev.yaml", ENVIRONMENT);
        place.git(&["init", "-q", "-b", "main"]);
        place
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    fn git(&self, arguments: &[&str]) {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]).args(arguments);
        let output = command.current_dir(self.path()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn commit(&self, title: &str) {
        self.git(&["add", "-A", "--", "*.yaml"]);
        self.git(&["commit", "-q", "-m", title]);
    }

    fn reconcile(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_reconcile"))
            .args(arguments)
            .current_dir(self.path())
            .env_remove("GITHUB_STEP_SUMMARY")
            .envs(variables.iter().copied())
            .output()
            .unwrap()
    }

    fn text(&self, arguments: &[&str]) -> String {
        String::from_utf8(self.reconcile(arguments, &[]).stdout).unwrap()
    }

    fn digest(&self) -> String {
        let document: serde_json::Value =
            serde_json::from_str(&self.text(&["plan", "--format", "json"])).unwrap();
        document["digests"][0].as_str().unwrap().to_owned()
    }
}

fn entity(name: &str, fields: &str) -> String {
    format!(
        "apiVersion: reconcile/v1\nkind: Entity\nmetadata: {{ name: {name} }}\nspec:\n  fields: {{ {fields} }}\n---\n"
    )
}

fn entities(count: usize, fields: &str) -> String {
    (0..count).map(|number| entity(&format!("entity-{number}"), fields)).collect()
}

#[test]
fn a_comment_stays_below_its_limit_and_keeps_what_is_lost() {
    let place = Place::new();
    place.write("all.yaml", &entities(300, "a: { type: text }, b: { type: text }"));
    place.commit("all");
    place.reconcile(&["apply", "--yes", "--quiet"], &[]);
    place.write("all.yaml", &entities(299, "a: { type: text, maxLength: 9 }"));
    place.commit("less");
    let (comment, all) = (
        place.text(&["plan", "--format", "markdown"]),
        place.text(&["plan", "--format", "markdown", "--max-bytes", "0"]),
    );
    assert!(all.len() > 65_536 && comment.len() <= 64_000, "{} and {}", all.len(), comment.len());
    for kept in [
        "Plan: 0 to add, 299 to change, 1 to destroy.",
        "- `entity/entity-299` `2 members`",
        "- `entity/entity-0/b`",
        "reconcile apply -e dev --expect ",
        "Left out, in part or all: ",
        "reconcile plan --format markdown --max-bytes 0",
    ] {
        assert!(comment.contains(kept), "{kept}\n{comment}");
    }
    assert!(!all.contains("Left out") && all.contains("<details><summary><code>dev</code>: 300 changes"));
    let small = place.text(&["plan", "--format", "markdown", "--max-bytes", "4000"]);
    assert!(
        small.len() <= 4_000 && small.contains("Plan: 0 to add, 299 to change, 1 to destroy."),
        "{small}"
    );
    assert!(small.contains("- `entity/entity-299`") || small.contains(" more.\n"), "{small}");
}

#[test]
fn the_summary_of_a_job_gets_the_preview_and_never_too_much() {
    let place = Place::new();
    place.write("all.yaml", &entities(3, "a: { type: text }"));
    let file = place.path().join("summary");
    fs::write(&file, "before\n").unwrap();
    let variables = [("GITHUB_STEP_SUMMARY", file.to_str().unwrap())];
    let output = place.reconcile(&["plan", "--format", "github"], &variables);
    assert!(output.status.success());
    let summary = fs::read_to_string(&file).unwrap();
    assert!(summary.starts_with("before\n<!-- reconcile:plan env=all "), "{summary}");
    fs::write(&file, " ".repeat((1 << 20) - 20_000)).unwrap();
    place.write("all.yaml", &entities(300, "a: { type: text }"));
    place.reconcile(&["plan", "--format", "github"], &variables);
    let length = fs::metadata(&file).unwrap().len();
    assert!(length > (1 << 20) - 20_000 && length < 1 << 20, "{length}");
    fs::write(&file, " ".repeat(1 << 20)).unwrap();
    let output = place.reconcile(&["plan", "--format", "github"], &variables);
    assert!(String::from_utf8_lossy(&output.stderr).contains("is full"));
    assert_eq!((output.status.code(), fs::metadata(&file).unwrap().len()), (Some(0), 1 << 20));
}

#[test]
fn every_line_passes_its_schema() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let schema = |name: &str| {
        let text = fs::read_to_string(root.join(name)).unwrap();
        jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
    };
    let place = Place::new();
    place.write("all.yaml", &entities(2, "a: { type: text }"));
    place.commit("two");
    place.reconcile(&["apply", "--yes", "--quiet"], &[]);
    place.git(&["switch", "-q", "-c", "branch"]);
    place.write(
        "all.yaml",
        &(entities(1, "b: { type: text, required: true }") + &entity("new", "a: { type: text }")),
    );
    place.commit("other");
    let lines = schema("preview.schema.json");
    let text = place.text(&["plan", "--base", "main", "--with-targets", "--format", "ndjson"]);
    let mut types = std::collections::BTreeSet::new();
    for line in text.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let faults: Vec<String> =
            lines.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(faults.is_empty(), "{line}\n{}", faults.join("; "));
        types.insert(value["type"].as_str().unwrap().to_owned());
    }
    assert_eq!(types.into_iter().collect::<Vec<_>>(), ["change", "finding", "power", "summary", "version"]);
    let text = place.text(&["plan", "--base", "main", "--with-targets", "--format", "json"]);
    let document = serde_json::from_str(&text).unwrap();
    assert!(schema("plan.schema.json").is_valid(&document), "{text}");
}

#[test]
fn a_merge_of_the_same_is_what_was_reviewed_and_another_target_is_not() {
    let place = Place::new();
    place.write("order.yaml", &entity("order", "a: { type: text }"));
    place.commit("order");
    place.reconcile(&["apply", "--yes", "--quiet"], &[]);
    place.git(&["switch", "-q", "-c", "branch"]);
    place.write("order.yaml", &entity("order", "a: { type: text }, b: { type: date }"));
    place.commit("a field");
    let reviewed = place.digest();
    place.git(&["switch", "-q", "main"]);
    place.write("README.yaml", "a: 1\n");
    place.commit("nothing of ours");
    place.git(&["merge", "-q", "--no-ff", "-m", "Merge the field", "branch"]);
    assert_eq!(place.digest(), reviewed);
    let database = rusqlite::Connection::open(place.path().join(".reconcile/dev.db")).unwrap();
    database.execute_batch("CREATE TABLE others (a)").unwrap();
    assert_ne!(place.digest(), reviewed);
    let output = place.reconcile(&["apply", "--yes", "--expect", &reviewed], &[]);
    assert_eq!(output.status.code(), Some(11));
    database.execute_batch("DROP TABLE others").unwrap();
    assert_eq!(place.digest(), reviewed);
    // Rows come and go; what the plan does to them does not change.
    database.execute_batch("INSERT INTO \"order\" (id, a) VALUES ('1', 'x')").unwrap();
    assert_eq!(place.digest(), reviewed);
    let output = place.reconcile(&["apply", "--yes", "--expect", &format!("sha256:{reviewed}")], &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn places_count_from_the_root_of_the_repository() {
    let place = Place::new();
    fs::create_dir_all(place.path().join("teams/sales")).unwrap();
    place.write("teams/sales/dev.yaml", ENVIRONMENT);
    fs::remove_file(place.path().join("dev.yaml")).unwrap();
    place.write("teams/sales/order.yaml", &entity("order", "a: { type: text }"));
    let apply = ["-C", "teams/sales", "apply", "--yes", "--quiet"];
    assert!(place.reconcile(&apply, &[]).status.success());
    let database = rusqlite::Connection::open(place.path().join("teams/sales/.reconcile/dev.db")).unwrap();
    database.execute_batch("INSERT INTO \"order\" (id, a) VALUES ('1', NULL)").unwrap();
    place.write("teams/sales/order.yaml", &entity("order", "\n    a: { type: text, required: true }\n   "));
    let text = place.text(&["-C", "teams/sales", "plan", "--format", "github"]);
    let want =
        "::error file=teams/sales/order.yaml,line=6,col=22,endLine=6,endColumn=30,title=RK206 in dev::";
    assert!(text.starts_with(want), "{text}");
    let text = place.text(&["-C", "teams/sales", "plan", "--format", "sarif"]);
    assert!(
        text.contains("\"uri\": \"teams/sales/order.yaml\"") && text.contains("\"startLine\": 6"),
        "{text}"
    );
    place.write("teams/sales/order.yaml", &entity("order", "a: { type: txt }"));
    let text = place.text(&["-C", "teams/sales", "validate", "--format", "sarif"]);
    assert!(text.contains("\"uri\": \"teams/sales/order.yaml\"") && text.contains("\"RV110\""), "{text}");
}

#[test]
fn a_branch_without_a_common_commit_or_a_base_is_refused_with_the_next_move() {
    let place = Place::new();
    place.write("order.yaml", &entity("order", "a: { type: text }"));
    place.commit("order");
    place.git(&["switch", "-q", "--orphan", "other"]);
    place.write("dev.yaml", ENVIRONMENT);
    place.commit("another beginning");
    let output = place.reconcile(&["plan", "--base", "main"], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("have no commit in common"));
    let output = place.reconcile(&["plan", "--base", "nowhere"], &[]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no revision `nowhere`"));
    let output = place.reconcile(&["plan", "--base", "main", "--out", "a.zip"], &[]);
    assert_eq!(output.status.code(), Some(1));
}
