//! The files of `examples/ci`: their YAML, and the shell of every step, run in a clone with the host's variables set.
//! Never needs a host, the network or a secret.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_yaml::Value;

fn example(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ci").join(path)
}

fn documents(path: &str) -> Vec<Value> {
    use serde::Deserialize;
    let text = fs::read_to_string(example(path)).unwrap();
    serde_yaml::Deserializer::from_str(&text).map(|one| Value::deserialize(one).unwrap()).collect()
}

/// A clone of a repository whose `main` is applied to dev, with a branch checked out.
struct Clone {
    place: tempfile::TempDir,
}

impl Clone {
    fn new() -> Clone {
        let clone = Clone { place: tempfile::tempdir().unwrap() };
        let script = "git init -q --bare -b main origin.git && git clone -q origin.git work 2>/dev/null && cd work \
                      && git checkout -q -b main && reconcile init . --quiet >/dev/null && git add . \
                      && git commit -q -m first && git push -q origin main && git checkout -q -b change";
        clone.must(clone.place.path(), script);
        clone
    }

    fn work(&self) -> PathBuf {
        self.place.path().join("work")
    }

    /// Edits the branch, and commits.
    fn change(&self, script: &str) {
        self.must(&self.work(), &format!("{script} && git add . && git commit -q -m change"));
    }

    fn must(&self, folder: &Path, script: &str) {
        let output = self.run_in(folder, script, &[]);
        assert!(output.status.success(), "{script}: {}", told(&output));
    }

    fn run(&self, script: &str, variables: &[(&str, &str)]) -> Output {
        self.run_in(&self.work(), script, variables)
    }

    fn run_in(&self, folder: &Path, script: &str, variables: &[(&str, &str)]) -> Output {
        let binary = Path::new(env!("CARGO_BIN_EXE_reconcile")).parent().unwrap();
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new("sh");
        command.args(["-e", "-c", script]).current_dir(folder).env_clear();
        command.env("PATH", path).env("HOME", self.place.path()).env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Ada").env(format!("GIT_{who}_EMAIL"), "ada@example.com");
        }
        command.envs(variables.iter().copied()).output().unwrap()
    }
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

const FIELD: &str = "sed -i 's/^    total:/    remark: { type: text, maxLength: 20 }\\n    total:/' resources/entities/order.yaml";
const HOSTILE: &str = "sed -i 's#sqlite: .*#sqlite: .reconcile/stolen.db }#; s#^  target:#  allow: [RK203]\\n  target:#' environments/dev.yaml";

/// The steps of the action that run in a mode, as the host would run them.
fn steps(mode: &str) -> Vec<String> {
    let action = documents("github/action.yml").remove(0);
    assert_eq!(action["runs"]["using"], "composite");
    let steps = action["runs"]["steps"].as_sequence().unwrap().clone();
    let of_mode = |step: &&Value| step["if"] == format!("inputs.mode == '{mode}'");
    let shell = |step: &Value| {
        assert_eq!(step["shell"], "bash");
        let run = step["run"].as_str().unwrap();
        // What a host fills in would be read by the shell.
        assert!(!run.contains("${{"), "{run}");
        for (name, value) in step["env"].as_mapping().unwrap() {
            assert!(value.as_str().unwrap().starts_with("${{ inputs."), "{name:?}");
        }
        run.to_owned()
    };
    let found: Vec<String> = steps.iter().filter(of_mode).map(shell).collect();
    assert!(!found.is_empty(), "no step runs in mode {mode}");
    found
}

#[test]
fn the_action_previews_a_pull_request_of_a_fork() {
    let clone = Clone::new();
    clone.change(FIELD);
    let summary = clone.place.path().join("summary.md");
    let variables = [
        ("GITHUB_BASE_REF", "main"),
        ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
        ("RECONCILE_ENVIRONMENT", ""),
        ("DIRECTORY", "."),
    ];
    for step in steps("preview") {
        let output = clone.run(&step, &variables);
        assert!(output.status.success(), "{step}: {}", told(&output));
    }
    assert!(fs::read_to_string(&summary).unwrap().contains("remark"));
    assert!(!clone.work().join(".reconcile").exists(), "a preview made a target");
}

#[test]
fn the_action_tells_a_branch_that_it_grants_itself_nothing() {
    let clone = Clone::new();
    clone.change(HOSTILE);
    let summary = clone.place.path().join("summary.md");
    let variables = [
        ("GITHUB_BASE_REF", "main"),
        ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
        ("RECONCILE_ENVIRONMENT", "dev"),
        ("DIRECTORY", "."),
    ];
    for step in steps("preview") {
        clone.run(&step, &variables);
    }
    let summary = fs::read_to_string(&summary).unwrap();
    assert!(
        summary.contains("stolen.db") && summary.contains("RK203") && summary.contains("Power"),
        "{summary}"
    );
    clone.change("sed -i 's/type: autonumber/type: shouting/' resources/entities/order.yaml");
    let wrong: Vec<Output> = steps("preview").iter().map(|step| clone.run(step, &variables)).collect();
    assert!(wrong.iter().all(|output| !output.status.success()));
    assert!(told(&wrong[0]).contains("::error file=resources/entities/order.yaml"), "{}", told(&wrong[0]));
}

#[test]
fn the_action_applies_what_was_merged() {
    let clone = Clone::new();
    for step in steps("apply") {
        let unnamed = clone.run(&step, &[("RECONCILE_ENVIRONMENT", ""), ("DIRECTORY", ".")]);
        assert!(!unnamed.status.success());
        let output = clone.run(&step, &[("RECONCILE_ENVIRONMENT", "dev"), ("DIRECTORY", ".")]);
        assert!(output.status.success(), "{step}: {}", told(&output));
    }
    assert!(clone.work().join(".reconcile/dev.db").is_file());
}

#[test]
fn the_workflows_give_forks_no_secret() {
    let pull = documents("github/pull-request.yml").remove(0);
    let on = pull.get("on").unwrap();
    assert_eq!(*on, Value::from("pull_request"));
    let text = fs::read_to_string(example("github/pull-request.yml")).unwrap();
    assert!(!text.contains("secrets."));
    for path in ["github/pull-request.yml", "github/apply.yml"] {
        let workflow = documents(path).remove(0);
        assert_eq!(workflow["permissions"]["contents"], "read", "{path}");
        let uses = |step: &&Value| step["uses"].as_str().is_some_and(|uses| uses.ends_with("/reconcile"));
        let jobs = workflow["jobs"].as_mapping().unwrap();
        let steps = jobs.values().flat_map(|job| job["steps"].as_sequence().unwrap());
        let inputs = documents("github/action.yml").remove(0)["inputs"].clone();
        let mut n_uses = 0;
        for step in steps.filter(uses) {
            for (name, _) in step["with"].as_mapping().unwrap() {
                assert!(inputs.get(name).is_some(), "{path} gives {name:?}, which the action does not take");
            }
            n_uses += 1;
        }
        assert_eq!(n_uses, 1, "{path}");
    }
}

#[test]
fn the_jobs_of_gitlab_run() {
    let mut documents = documents("gitlab/reconcile.yml");
    let (jobs, spec) = (documents.pop().unwrap(), documents.pop().unwrap());
    let filled = |text: &str| {
        let inputs = spec["spec"]["inputs"].as_mapping().unwrap();
        inputs.iter().fold(text.to_owned(), |text, (name, input)| {
            let default =
                if name.as_str() == Some("environment") { "dev" } else { input["default"].as_str().unwrap() };
            text.replace(&format!("$[[ inputs.{} ]]", name.as_str().unwrap()), default)
        })
    };
    let script = |job: &str| {
        let lines = jobs[job]["script"].as_sequence().unwrap();
        filled(&lines.iter().map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join("\n"))
    };
    let clone = Clone::new();
    clone.change(FIELD);
    let target = [("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main")];
    let output = clone.run(&script("reconcile-preview"), &target);
    assert!(output.status.success() && told(&output).contains("remark"), "{}", told(&output));
    assert!(clone.work().join("reconcile.md").is_file());
    let environment = filled(jobs["reconcile-apply"]["variables"]["RECONCILE_ENVIRONMENT"].as_str().unwrap());
    let output = clone.run(&script("reconcile-apply"), &[("RECONCILE_ENVIRONMENT", &environment)]);
    assert!(output.status.success(), "{}", told(&output));
    clone.change("sed -i 's/type: autonumber/type: shouting/' resources/entities/order.yaml");
    assert!(!clone.run(&script("reconcile-preview"), &target).status.success());
}

#[test]
fn the_hooks_stop_a_wrong_commit() {
    let clone = Clone::new();
    clone.change("reconcile fmt > /dev/null");
    let config = documents("pre-commit/pre-commit-config.yaml").remove(0);
    let hooks = config["repos"][0]["hooks"].as_sequence().unwrap().clone();
    let mut entries: Vec<String> =
        hooks.iter().map(|hook| hook["entry"].as_str().unwrap().to_owned()).collect();
    entries.push(example("pre-commit/pre-commit").display().to_string());
    for entry in &entries {
        let output = clone.run(entry, &[]);
        assert!(output.status.success(), "{entry}: {}", told(&output));
    }
    clone.change("sed -i 's/type: autonumber/type: shouting/' resources/entities/order.yaml");
    assert!(entries[1..].iter().all(|entry| !clone.run(entry, &[]).status.success()));
}

#[test]
fn any_shell_will_do() {
    let clone = Clone::new();
    clone.change(FIELD);
    let jenkins = fs::read_to_string(example("any/Jenkinsfile")).unwrap();
    for script in ["any/preview.sh", "any/apply.sh"] {
        assert!(jenkins.contains(&format!("./examples/ci/{script}")), "{script}");
        let variables: &[(&str, &str)] = &[("RECONCILE_ENVIRONMENT", "dev")];
        let output = clone.run(&example(script).display().to_string(), variables);
        assert!(output.status.success(), "{script}: {}", told(&output));
    }
    assert!(clone.work().join(".reconcile/dev.db").is_file());
}
