//! The files of `examples/deploy` against what the program really takes, and what a cautious host asks of them.
//! Never starts a container or a service.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::Parser;
use reconcile::cli::args::{Arguments, Verb};
use reconcile::cli::listen::{Pulse, Shown, address, listen};
use reconcile::report::tally::Tally;
use serde_json::Value;
use serde_yaml::Deserializer;

fn deploy(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/deploy").join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(deploy(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The documents of a file, with anchors resolved.
fn documents(path: &str) -> Vec<Value> {
    let text = read(path);
    Deserializer::from_str(&text)
        .map(|document| {
            serde::Deserialize::deserialize(document).unwrap_or_else(|error| panic!("{path}: {error}"))
        })
        .collect()
}

fn words(list: &Value) -> Vec<String> {
    list.as_array().expect("a list").iter().map(|word| word.as_str().expect("a word").to_owned()).collect()
}

/// What a command line asks of a watch, as the program itself reads it.
fn order(arguments: &[String]) -> (PathBuf, reconcile::cli::watch::Order) {
    let line = std::iter::once("reconcile".to_owned()).chain(arguments.iter().cloned());
    let parsed = Arguments::try_parse_from(line).unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
    match parsed.verb {
        Verb::Watch(order) => (parsed.global.directory, *order),
        other => panic!("{other:?}"),
    }
}

/// Tells whether a watch answers at this path with something else than "there is none".
fn is_answered(path: &str) -> bool {
    let shown = Shown {
        standings: Arc::default(),
        tally: Arc::new(Mutex::new(Tally::default())),
        pulse: Pulse::default(),
        holder: String::new(),
    };
    let at = listen(address("0").unwrap(), shown).expect("a free port");
    let mut stream = TcpStream::connect(at).unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.1 503")
}

#[test]
fn the_deployment_asks_for_what_the_program_has_and_for_no_privilege() {
    let all = documents("kubernetes/reconcile.yaml");
    let kinds: Vec<&str> = all.iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["Deployment", "PodDisruptionBudget", "NetworkPolicy"]);
    let template = &all[0]["spec"]["template"];
    let pod = &template["spec"];
    let watch = &pod["containers"][0];
    let (directory, order) = order(&words(&watch["args"]));

    let port = order.listen.expect("it listens").port();
    assert_eq!(order.listen.unwrap().ip().to_string(), "0.0.0.0", "the kubelet asks from outside");
    assert_eq!(watch["ports"][0]["containerPort"], port);
    assert_eq!(template["metadata"]["annotations"]["prometheus.io/port"], port.to_string());
    assert_eq!(all[2]["spec"]["ingress"][0]["ports"][0]["port"], port);
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        let get = &watch[probe]["httpGet"];
        assert!(is_answered(get["path"].as_str().unwrap()), "{probe}");
        assert_eq!(get["port"], watch["ports"][0]["name"]);
    }
    assert!(is_answered(template["metadata"]["annotations"]["prometheus.io/path"].as_str().unwrap()));

    // What is under way may finish, and ten more seconds are for the last notices.
    let grace = pod["terminationGracePeriodSeconds"].as_u64().unwrap();
    assert!(Duration::from_secs(grace) > order.grace + Duration::from_secs(10));

    let own = &pod["securityContext"];
    assert_eq!(
        (&own["runAsNonRoot"], &own["seccompProfile"]["type"]),
        (&true.into(), &"RuntimeDefault".into())
    );
    assert!(own["runAsUser"].as_u64().unwrap() > 0);
    assert_eq!(pod["automountServiceAccountToken"], false);
    let example = &documents("kubernetes/secret.example.yaml")[0];
    for container in [watch, &pod["initContainers"][0]] {
        let confined = &container["securityContext"];
        assert_eq!(confined["allowPrivilegeEscalation"], false);
        assert_eq!(confined["readOnlyRootFilesystem"], true);
        assert_eq!(confined["capabilities"]["drop"][0], "ALL");
        assert!(container["resources"]["limits"]["memory"].is_string());
        let tag = container["image"].as_str().unwrap().rsplit_once(':').unwrap().1;
        assert_eq!(tag, env!("CARGO_PKG_VERSION"));
        // Every secret comes from the one that the example shows.
        for variable in container["env"].as_array().unwrap() {
            let secret = &variable["valueFrom"]["secretKeyRef"];
            if !secret.is_null() {
                assert_eq!(secret["name"], example["metadata"]["name"]);
                assert!(example["stringData"][secret["key"].as_str().unwrap()].is_string(), "{secret}");
            }
        }
        // What is written to lies on a volume.
        let mounts: Vec<&str> = container["volumeMounts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m["mountPath"].as_str().unwrap())
            .collect();
        for path in [directory.as_path(), order.spool.as_deref().unwrap(), Path::new("/tmp")] {
            assert!(mounts.iter().any(|mount| path.starts_with(mount)), "{}", path.display());
        }
    }
    let volumes: Vec<&Value> =
        pod["volumes"].as_array().unwrap().iter().map(|volume| &volume["name"]).collect();
    for mount in watch["volumeMounts"].as_array().unwrap() {
        assert!(volumes.contains(&&mount["name"]));
    }
}

#[test]
fn the_pod_clones_what_the_watch_follows() {
    let pod = &documents("kubernetes/reconcile.yaml")[0]["spec"]["template"]["spec"];
    let clone = &pod["initContainers"][0];
    let place = tempfile::tempdir().unwrap();
    let script = "git init -q -b main origin && cd origin && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m one";
    let made = Command::new("sh").args(["-c", script]).current_dir(place.path()).status().unwrap();
    assert!(made.success());
    // The very script, with the places of this test.
    let script = words(&clone["args"])[0]
        .replace("https://git.example.com/acme/shop.git", place.path().join("origin").to_str().unwrap())
        .replace("/repository", place.path().join("repository").to_str().unwrap());
    for _ in 0..2 {
        let mut command: Vec<String> = words(&clone["command"]);
        command.push(script.clone());
        let done = Command::new(&command[0]).args(&command[1..]).status().unwrap();
        assert!(done.success(), "also where it is there already");
    }
    assert!(place.path().join("repository/shop/.git").is_dir());
    // git is told the token by the helper, and by nothing else.
    let env: BTreeMap<&str, &str> = clone["env"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| Some((one["name"].as_str()?, one["value"].as_str()?)))
        .filter(|(name, _)| name.starts_with("GIT_"))
        .collect();
    let mut git = Command::new("git")
        .args(["credential", "fill"])
        .envs(env)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("HOME", place.path())
        .env("GITHUB_TOKEN", "hunter2")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    git.stdin.take().unwrap().write_all(b"protocol=https\nhost=git.example.com\n\n").unwrap();
    let said = String::from_utf8(git.wait_with_output().unwrap().stdout).unwrap();
    assert!(said.contains("username=git\n") && said.contains("password=hunter2\n"), "{said}");
}

#[test]
fn the_image_is_built_from_what_is_there_and_runs_as_nobody_in_particular() {
    let text = read("Dockerfile").replace("\\\n", " ");
    let lines: Vec<(&str, &str)> =
        text.lines().filter(|l| !l.starts_with('#')).filter_map(|line| line.split_once(' ')).collect();
    let of = |word: &str| lines.iter().filter(|(w, _)| *w == word).map(|(_, rest)| *rest).collect::<Vec<_>>();
    let from = of("FROM");
    assert_eq!(from.len(), 2);
    let rust = from[0].strip_prefix("rust:").and_then(|rest| rest.split('-').next()).unwrap();
    let number = |text: &str| text.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok()).unwrap();
    assert!(number(rust) >= number(env!("CARGO_PKG_RUST_VERSION")), "{rust} is too old");
    let user = of("USER").pop().unwrap();
    assert!(user.split(':').all(|id| id.parse::<u32>().is_ok_and(|id| id > 0)), "{user}");
    assert_eq!(of("ENTRYPOINT"), ["[\"/usr/local/bin/reconcile\"]"]);
    let arguments = words(&serde_json::from_str(of("CMD")[0]).unwrap());
    let (directory, order) = order(&arguments);
    assert_eq!(of("EXPOSE"), [order.listen.unwrap().port().to_string()]);
    assert!(directory.starts_with(of("VOLUME")[0]) && order.spool.unwrap().starts_with(of("VOLUME")[0]));
    // All that the build needs is let through, and nothing that a clone keeps beside it.
    let ignore = read("Dockerfile.dockerignore");
    let let_through: Vec<&str> = ignore.lines().filter_map(|line| line.strip_prefix('!')).collect();
    for needed in ["Cargo.toml", "Cargo.lock", "src", "README.md"] {
        assert!(let_through.contains(&needed), "{needed}");
    }
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    for path in manifest.lines().filter_map(|line| line.strip_prefix("path = \"")?.strip_suffix('"')) {
        assert!(let_through.iter().any(|one| path.starts_with(one)), "{path} is not in the image's context");
    }
    for path in let_through {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists(), "{path}");
    }
}

#[test]
fn the_unit_is_one_that_systemd_takes_and_confines() {
    let text = read("systemd/reconcile-watch.service");
    let of = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).unwrap();
    let line: Vec<String> = of("ExecStart").split_whitespace().skip(1).map(str::to_owned).collect();
    let (directory, order) = order(&line);
    let state = Path::new("/var/lib").join(of("StateDirectory"));
    assert!(directory.starts_with(&state) && order.spool.unwrap().starts_with(&state));
    assert!(order.listen.unwrap().ip().is_loopback());
    let stop: u64 = of("TimeoutStopSec").parse().unwrap();
    assert!(Duration::from_secs(stop) > order.grace + Duration::from_secs(10));
    // Every variable that the example sets is one that something names.
    for line in read("systemd/watch.env").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        assert!(
            line.split_once('=')
                .is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
        );
    }
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        println!("there is no systemd-analyze here: the unit was not verified");
        return;
    }
    // The same unit, with a program, a user and files that are here.
    let place = tempfile::tempdir().unwrap();
    let unit = place.path().join("reconcile-watch.service");
    let here = text
        .replace("/usr/local/bin/reconcile", env!("CARGO_BIN_EXE_reconcile"))
        .replace("User=reconcile", "User=daemon")
        .replace("Group=reconcile", "Group=daemon");
    fs::write(&unit, here).unwrap();
    let verified = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&unit).output().unwrap();
    let said = String::from_utf8_lossy(&verified.stderr);
    let about_us: Vec<&str> = said.lines().filter(|line| line.contains("reconcile-watch")).collect();
    assert!(about_us.is_empty(), "{said}");
    let security = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--threshold=20", "--no-pager"])
        .arg(&unit)
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&security.stdout).into_owned() + &String::from_utf8_lossy(&security.stderr);
    assert!(security.status.success(), "it is exposed more than it need be:\n{said}");
}
