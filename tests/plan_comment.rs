//! Previews on pull requests, as hosts of all four kinds on this machine get them.
//! Never reaches beyond this machine, and never waits for longer than a host asks.

mod forge;
mod receiver;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use forge::{Forge, TOKEN};
use reconcile::cli::host::caller::{Caller, Retry, Token};
use reconcile::cli::host::comment::{Placed, Wanted, place, show};
use reconcile::cli::host::http::Http;
use reconcile::cli::host::repository::Hosted;
use reconcile::cli::host::status::{State, Status};
use reconcile::model::notify::HostKind;

const KINDS: [HostKind; 4] = [HostKind::Github, HostKind::Gitlab, HostKind::Gitea, HostKind::Bitbucket];
const COMMIT: &str = "4f2a91c0000000000000000000000000000000aa";
const MARK: &str = "<!-- reconcile:plan env=dev target=0f3a v1 -->\n";

fn caller(forge: &Forge, kind: HostKind) -> Caller {
    let hosted = Hosted::at(kind, &forge.receiver.url, "acme/shop").unwrap();
    Caller::new(Http::default(), hosted, Token::new(TOKEN))
}

fn wanted(text: &str) -> Wanted {
    Wanted { mark: MARK.to_owned(), text: format!("{MARK}{text}\n"), is_worth_one: true, commit: None }
}

fn placed(caller: &Caller, wanted: &Wanted) -> Placed {
    place(caller, 7, wanted, jiff::Timestamp::now()).unwrap_or_else(|trouble| panic!("{trouble:?}"))
}

#[test]
fn one_comment_is_kept_up_to_date_on_every_host() {
    for kind in KINDS {
        let forge = Forge::new(kind);
        let caller = caller(&forge, kind);
        // More than a page before ours, and others that only look like it.
        (0..120).for_each(|at| forge.say("ada", &format!("remark {at}")));
        forge.say("eve", &format!("{MARK}all is well"));
        forge.say("robot", &format!("I quote: {MARK}"));
        forge.say("robot", "<!-- reconcile:plan env=prod target=0f3a v1 -->\nanother");
        let nothing = Wanted { is_worth_one: false, ..wanted("no changes") };
        assert_eq!(placed(&caller, &nothing), Placed::NotNeeded, "{kind:?}");
        assert_eq!(placed(&caller, &wanted("first")), Placed::Written, "{kind:?}");
        forge.say("ada", "looks good");
        assert_eq!(placed(&caller, &wanted("first")), Placed::Unchanged, "{kind:?}");
        assert_eq!(placed(&caller, &wanted("second")), Placed::Updated, "{kind:?}");
        assert_eq!(placed(&caller, &nothing), Placed::Updated, "{kind:?}");
        assert_eq!(placed(&caller, &nothing), Placed::Unchanged, "{kind:?}");
        assert_eq!(forge.pages().n_writes, 3, "{kind:?}");
        let ours = forge.bodies("robot");
        assert_eq!((ours.len(), ours[2].as_str()), (3, nothing.text.as_str()), "{kind:?}");
        assert_eq!(forge.bodies("eve"), [format!("{MARK}all is well")], "{kind:?}");
    }
}

#[test]
fn a_slow_job_does_not_write_over_what_a_later_one_has_said() {
    for kind in KINDS {
        let forge = Forge::new(kind);
        let caller = caller(&forge, kind);
        let of = |commit: &str, text: &str| Wanted { commit: Some(commit.to_owned()), ..wanted(text) };
        // A host that does not say is believed to be where we are.
        assert_eq!(placed(&caller, &of(COMMIT, "first")), Placed::Written, "{kind:?}");
        let newer = "b0".repeat(20);
        forge.pages().head = Some(newer.clone());
        assert_eq!(placed(&caller, &of(COMMIT, "second")), Placed::Superseded, "{kind:?}");
        assert_eq!(placed(&caller, &of(COMMIT, "first")), Placed::Unchanged, "{kind:?}");
        assert_eq!(placed(&caller, &of(&newer, "third")), Placed::Updated, "{kind:?}");
        // Some hosts cut it short.
        forge.pages().head = Some(newer[..12].to_owned());
        assert_eq!(placed(&caller, &of(&newer, "fourth")), Placed::Updated, "{kind:?}");
        assert_eq!(forge.bodies("robot"), [wanted("fourth").text], "{kind:?}");
    }
}

#[test]
fn what_a_host_made_of_the_ends_of_lines_is_no_change() {
    let forge = Forge::new(HostKind::Gitlab);
    forge.say("robot", format!("{MARK}first").replace('\n', "\r\n").as_str());
    assert_eq!(placed(&caller(&forge, HostKind::Gitlab), &wanted("first")), Placed::Unchanged);
}

#[test]
fn a_token_that_may_not_ask_who_it_is_finds_its_comment_and_nobody_elses() {
    let forge = Forge::new(HostKind::Github);
    forge.pages().ourselves = None;
    forge.say("eve", &format!("{MARK}all is well"));
    let caller = caller(&forge, HostKind::Github);
    assert_eq!(placed(&caller, &wanted("first")), Placed::Written);
    assert_eq!(placed(&caller, &wanted("second")), Placed::Updated);
    assert_eq!(forge.bodies("robot"), [wanted("second").text]);
    for kind in [HostKind::Gitea, HostKind::Bitbucket] {
        let forge = Forge::new(kind);
        forge.pages().ourselves = None;
        forge.say("ada", &format!("{MARK}first"));
        assert_eq!(placed(&self::caller(&forge, kind), &wanted("second")), Placed::Updated);
    }
}

#[test]
fn the_status_of_the_commit_is_shown_on_every_host() {
    let status = Status::cut(COMMIT.to_owned(), "reconcile/plan", State::Failure, &"ä".repeat(300));
    for (kind, word) in KINDS.into_iter().zip(["failure", "failed", "failure", "FAILED"]) {
        let forge = Forge::new(kind);
        show(&caller(&forge, kind), &status, jiff::Timestamp::now()).unwrap();
        let shown = forge.pages().statuses.clone();
        assert_eq!((shown[0].0.as_str(), shown[0].1.as_str()), ("reconcile/plan", word), "{kind:?}");
    }
    let forge = Forge::new(HostKind::Gitlab);
    forge.fault("/statuses/", 400, "", r#"{"message":"Cannot transition status via :drop from :failed"}"#);
    assert_eq!(show(&caller(&forge, HostKind::Gitlab), &status, jiff::Timestamp::now()), Ok(()));
}

#[test]
fn what_a_host_refuses_is_said_in_its_words_and_tried_again_only_where_that_helps() {
    let message = |text: &str| format!("{{\"message\":\"{text}\"}}");
    for (word, status, header, body, retry) in [
        ("POST", 422, "", message("Validation Failed"), Retry::Never),
        ("POST", 403, "", message("Resource not accessible by integration"), Retry::Never),
        (
            "POST",
            403,
            "retry-after: 9",
            message("secondary limit"),
            Retry::After(std::time::Duration::from_secs(9)),
        ),
        ("GET", 403, "", message("API rate limit exceeded"), Retry::Soon),
        ("GET /user", 503, "", String::new(), Retry::Soon),
        ("comments", 404, "", message("Not Found"), Retry::Never),
        ("comments", 200, "", message("no list"), Retry::Never),
        ("comments", 301, "location: https://evil.example/", String::new(), Retry::Never),
        ("POST", 429, "", message("slow down, hunter2"), Retry::Soon),
    ] {
        let forge = Forge::new(HostKind::Github);
        forge.fault(word, status, header, &body);
        let caller = caller(&forge, HostKind::Github);
        let trouble = place(&caller, 7, &wanted("first"), jiff::Timestamp::now()).unwrap_err();
        assert_eq!(trouble.retry, retry, "{trouble:?}");
        assert!(!trouble.message.contains(TOKEN) && !trouble.message.contains("127.0.0.1"), "{trouble:?}");
        // What went wrong is no reason for a second comment.
        assert_eq!(placed(&caller, &wanted("first")), Placed::Written);
        assert_eq!(placed(&caller, &wanted("first")), Placed::Unchanged);
    }
    let forge = Forge::new(HostKind::Github);
    let caller = caller(&forge, HostKind::Github);
    placed(&caller, &wanted("first"));
    forge.fault("PATCH", 404, "", &message("Not Found"));
    let trouble = place(&caller, 7, &wanted("second"), jiff::Timestamp::now()).unwrap_err();
    assert_eq!(trouble.retry, Retry::Soon, "a comment that has just been deleted");
}

/// A git repository with two environments.
struct Place(tempfile::TempDir);

fn entity(fields: &str) -> String {
    format!(
        "apiVersion: reconcile/v1\nkind: Entity\nmetadata: {{ name: order }}\nspec:\n  fields: {{ {fields} }}\n"
    )
}

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        for name in ["dev", "prod"] {
            let text = format!(
                "apiVersion: reconcile/v1\nkind: Environment\nmetadata: {{ name: {name} }}\n\
                 spec: {{ target: {{ sqlite: .reconcile/{name}.db }}, prune: true }}\n"
            );
            place.write(&format!("{name}.yaml"), &text);
        }
        place.write("order.yaml", &entity("a: { type: text }"));
        place.git(&["init", "-q", "-b", "main"]);
        place.commit("begin");
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

    fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_reconcile"))
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .envs(variables.iter().copied())
            .output()
            .unwrap()
    }

    /// Plans with a comment, as in a job for pull request 7. Returns the exit code and what stood on stderr.
    fn comment(&self, forge: &Forge, arguments: &[&str]) -> (Option<i32>, String) {
        let event = self.path().join("event.json");
        let text = format!("{{\"pull_request\":{{\"number\":7,\"head\":{{\"sha\":\"{COMMIT}\"}}}}}}");
        fs::write(&event, text).unwrap();
        let variables = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_API_URL", forge.receiver.url.as_str()),
            ("GITHUB_REPOSITORY", "acme/shop"),
            ("GITHUB_EVENT_PATH", event.to_str().unwrap()),
            ("GITHUB_TOKEN", TOKEN),
        ];
        let output = self.run(&[&["plan", "--comment", "--no-progress"], arguments].concat(), &variables);
        let (out, err) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr).into_owned());
        assert!(!out.contains(TOKEN) && !err.contains(TOKEN), "{out}{err}");
        (output.status.code(), err)
    }
}

#[test]
fn a_job_shows_its_plan_on_its_pull_request_from_the_first_change_to_none() {
    let (place, forge) = (Place::new(), Forge::new(HostKind::Github));
    assert_eq!(place.comment(&forge, &[]).0, Some(0));
    let first = forge.bodies("robot");
    assert_eq!(first.len(), 1);
    assert!(first[0].starts_with("<!-- reconcile:plan env=all ") && first[0].contains("| `dev` | 1 |"));
    assert_eq!(place.comment(&forge, &["--format", "json"]).0, Some(0));
    assert_eq!(forge.pages().n_writes, 1, "it says that already");
    // A manifest that does not read, and is mended.
    place.write("order.yaml", &entity("a: { type: txt }"));
    assert_eq!(place.comment(&forge, &[]).0, Some(1));
    assert_eq!(forge.bodies("robot").len(), 1, "{:?}", forge.bodies("robot"));
    assert!(forge.bodies("robot")[0].contains("nothing was planned"));
    place.write("order.yaml", &entity("a: { type: text }"));
    for name in ["dev", "prod"] {
        assert!(place.run(&["apply", "--yes", "-e", name], &[]).status.success());
    }
    // One environment has a comment of its own, and none while there is nothing to do.
    assert_eq!(place.comment(&forge, &["-e", "dev"]).0, Some(0));
    assert_eq!(forge.bodies("robot").len(), 1);
    assert_eq!(place.comment(&forge, &[]).0, Some(0));
    let last = forge.bodies("robot");
    assert_eq!(last[0].lines().skip(1).collect::<Vec<_>>(), ["**✓** No changes in 2 environments."]);
    let statuses: Vec<(String, String)> =
        forge.pages().statuses.iter().map(|(name, state, _)| (name.clone(), state.clone())).collect();
    let of = |name: &str, state: &str| (name.to_owned(), state.to_owned());
    assert_eq!(
        statuses,
        [
            of("reconcile/plan", "success"),
            of("reconcile/plan", "success"),
            of("reconcile/plan", "failure"),
            of("reconcile/plan (dev)", "success"),
            of("reconcile/plan", "success"),
        ]
    );
    let lines: Vec<String> = forge.receiver.received().into_iter().map(|one| one.line).collect();
    assert!(lines.contains(&format!("POST /repos/acme/shop/statuses/{COMMIT} HTTP/1.1")), "{lines:?}");
}

#[test]
fn what_keeps_a_plan_from_being_made_is_told_as_well() {
    let (place, forge) = (Place::new(), Forge::new(HostKind::Github));
    place.git(&["branch", "base"]);
    place.write("order.yaml", &entity("a: { type: text }, b: { type: text }"));
    place.commit("another field");
    let (code, err) = place.comment(&forge, &["--base", "base"]);
    assert_eq!((code, forge.bodies("robot").len()), (Some(0), 1), "{err}");
    place.git(&["branch", "-D", "base"]);
    let (code, err) = place.comment(&forge, &["--base", "base"]);
    assert_eq!((code, forge.bodies("robot").len()), (Some(1), 1), "{err}");
    let said = &forge.bodies("robot")[0];
    assert!(said.contains("**✗** Nothing could be planned") && said.contains("base"), "{said}");
    assert_eq!(forge.pages().statuses.last().unwrap().1, "failure");
}

#[test]
fn a_comment_that_cannot_be_written_is_never_a_success() {
    let (place, forge) = (Place::new(), Forge::new(HostKind::Github));
    let refused = r#"{"message":"Resource not accessible by integration"}"#;
    for (arguments, code) in [(&[][..], 1), (&["--detailed-exitcode"], 1)] {
        forge.fault("POST", 403, "", refused);
        let (got, err) = place.comment(&forge, arguments);
        assert_eq!(got, Some(code), "{err}");
        assert!(
            err.contains("warning: pull request 7 does not show this preview: it answers 403: Resource"),
            "{err}"
        );
    }
    assert_eq!(forge.pages().statuses.len(), 2, "the status is shown all the same");
    forge.fault("POST", 422, "", r#"{"message":"Validation Failed"}"#);
    forge.fault("/statuses/", 404, "", r#"{"message":"Not Found"}"#);
    let (got, err) = place.comment(&forge, &[]);
    assert_eq!((got, err.matches("warning: ").count()), (Some(1), 2), "{err}");
    // A limit passes.
    forge.fault("GET /repos", 429, "retry-after: 0", "");
    forge.fault("POST", 502, "", "");
    assert_eq!(place.comment(&forge, &["--detailed-exitcode"]).0, Some(2));
    assert_eq!(forge.bodies("robot").len(), 1);
    // The plan's own code stays where it is worse.
    let empty =
        "apiVersion: reconcile/v1\nkind: Picklist\nmetadata: { name: size }\nspec: { options: [a] }\n";
    assert!(place.run(&["apply", "--yes", "-e", "dev"], &[]).status.success());
    place.write("order.yaml", empty);
    fs::remove_file(place.path().join("order.yaml")).unwrap();
    forge.fault("PATCH", 403, "", refused);
    assert_eq!(place.comment(&forge, &[]).0, Some(12));
    let shown = forge.pages().statuses.last().cloned().unwrap();
    assert_eq!(shown.1, "failure", "{shown:?}");
}

#[test]
fn who_cannot_comment_learns_it_before_anything_is_planned() {
    let place = Place::new();
    let stderr = |arguments: &[&str], variables: &[(&str, &str)]| {
        let output = place.run(&[&["plan", "--comment"], arguments].concat(), variables);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let at_seven = ["--pull-request", "7"];
    assert!(stderr(&[], &[]).contains("no variable says which pull request"));
    assert!(stderr(&at_seven, &[]).contains("the url of `origin` does not say"));
    // A branch under review does not say alone who gets the token.
    place.write("reconcile.yaml", "host: { kind: github, api: 'https://evil.example', repository: a/b }\n");
    assert!(stderr(&at_seven, &[("GITHUB_TOKEN", TOKEN)]).contains("the url of `origin` does not say"));
    place.git(&["remote", "add", "origin", "https://github.com/acme/shop.git"]);
    let elsewhere = stderr(&at_seven, &[("GITHUB_TOKEN", TOKEN)]);
    assert!(elsewhere.contains("which would get the token") && !elsewhere.contains(TOKEN), "{elsewhere}");
    fs::remove_file(place.path().join("reconcile.yaml")).unwrap();
    assert!(stderr(&at_seven, &[]).contains("GITHUB_TOKEN or GH_TOKEN is not set"));
    assert!(stderr(&[&at_seven[..], &["--token-env", "MINE"]].concat(), &[]).contains("MINE is not set"));
}

/// Outside of a job, `reconcile.yaml` says where the host is; a branch under review does not.
#[test]
fn a_branch_does_not_choose_who_gets_the_token() {
    let (trusted, other) = (Forge::new(HostKind::Github), Forge::new(HostKind::Github));
    let place = Place::new();
    let host = |forge: &Forge| {
        let url = &forge.receiver.url;
        format!("host: {{ kind: github, api: \"{url}\", repository: acme/shop }}\n")
    };
    place.git(&["remote", "add", "origin", &format!("{}/acme/shop.git", trusted.receiver.url)]);
    place.write("reconcile.yaml", &host(&trusted));
    place.commit("where the host is");
    place.git(&["checkout", "-q", "-b", "feature"]);
    place.write("reconcile.yaml", &host(&other));
    place.write("order.yaml", &entity("a: { type: text }, b: { type: text }"));
    place.commit("somewhere else");
    let variables = [("GITHUB_TOKEN", TOKEN)];
    let arguments = ["plan", "--base", "main", "--comment", "--pull-request", "7", "--no-progress"];
    let output = place.run(&arguments, &variables);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(trusted.pages().comments.len(), 1, "{output:?}");
    assert_eq!(other.pages().comments.len(), 0);
}
