//! A real PostgreSQL as a target: who gets in, who may write, who waits for whom, what a failure leaves behind.
//! Never asks the provider whether it did right: the server is asked.

mod postgres_server;
#[path = "postgres_session/secured.rs"]
mod secured;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use postgres::Client;
use reconcile::address::Address;
use reconcile::apply::{Moment, Observer, Patience, Terms, pause};
use reconcile::fingerprint::Fingerprint;
use reconcile::journal::{Entry, Holder, Outcome};
use reconcile::model::entity;
use reconcile::model::environment::TargetConfig;
use reconcile::model::setting::Setting;
use reconcile::plan::{Runs, Step, Summary, TaskStep};
use reconcile::provider::open::{Mode, Outside, name_limits, open, providers};
use reconcile::report::Applied;
use reconcile::target::{Going, Left, Target, TargetError};
use reconcile::{ops, source};

fn config(settings: &[(&str, &str)]) -> TargetConfig {
    let settings = settings.iter().map(|(name, text)| ((*name).to_owned(), Setting::from(*text))).collect();
    TargetConfig { provider: "postgres".to_owned(), settings }
}

fn target(database: &postgres_server::Database, schema: &str, mode: Mode) -> Box<dyn Target> {
    open(&config(&[("url", &database.url), ("schema", schema)]), ".", mode).unwrap()
}

fn holder(actor: &str) -> Holder {
    Holder { actor: actor.to_owned(), since: "2026-01-01T00:00:00Z".to_owned() }
}

fn step(sql: &str) -> Step {
    Step {
        id: 1,
        address: Address::new(entity::KIND, "order"),
        title: "a step".to_owned(),
        statements: vec![sql.to_owned()],
        task: None,
        runs: Runs::Inside,
        part: 0,
        undo: Vec::new(),
    }
}

fn task(sql: &str) -> Step {
    Step { task: Some(TaskStep { name: "fill".to_owned(), unless: None }), ..step(sql) }
}

/// The journal's entry of an apply that went well.
fn entry(actor: &str) -> Entry {
    let nothing = Fingerprint::of("");
    Entry {
        id: 0,
        started: "2026-01-01T00:00:00Z".to_owned(),
        finished: "2026-01-01T00:00:01Z".to_owned(),
        actor: actor.to_owned(),
        version: "0.0.0".to_owned(),
        environment: "test".to_owned(),
        revision: source::Revision::default(),
        promoted_from: None,
        rolled_back: None,
        plan: nothing,
        base: nothing,
        goal: nothing,
        outcome: Outcome::Applied,
        summary: Summary::default(),
        steps: Vec::new(),
        skipped: Vec::new(),
        signed_by: Vec::new(),
        outside_window: None,
        allowed: Vec::new(),
        before: Vec::new(),
        touched: None,
        trash: Vec::new(),
        restored: Vec::new(),
        trash_until: None,
        lost: Vec::new(),
    }
}

fn number(client: &mut Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).unwrap().get(0)
}

/// The error of something that must not go well.
fn refusal<T>(result: Result<T, TargetError>) -> String {
    match result {
        Ok(_) => panic!("it went well"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_schema_is_made_with_the_first_apply_and_with_nothing_less() {
    let Some(database) = postgres_server::database() else { return };
    let mut client = database.connect("public");
    let schemas = "SELECT count(*) FROM pg_namespace WHERE nspname IN ('Shop \"1\"', 'reconcile')";
    let mut reader = target(&database, "Shop \"1\"", Mode::Read);
    let empty = reader.inspect().unwrap();
    assert!(empty.state.is_empty() && !empty.initialized, "{empty:?}");
    assert_eq!(reader.history(9).unwrap(), []);
    assert!(refusal(reader.lock(&holder("ada"))).contains("opened for reading only"));
    assert_eq!(number(&mut client, schemas), 0);

    let mut writer = target(&database, "Shop \"1\"", Mode::Write);
    drop(writer.lock(&holder("ada")).unwrap());
    assert_eq!(number(&mut client, "SELECT count(*) FROM pg_namespace WHERE nspname = 'Shop \"1\"'"), 0);
    let mut session = writer.lock(&holder("ada")).unwrap();
    session.run(&step("CREATE TABLE \"order\" (\"id\" uuid)")).unwrap();
    let id = session.commit(&entry("ada")).unwrap();
    drop(session);
    assert_eq!(number(&mut client, "SELECT count(*) FROM \"Shop \"\"1\"\"\".\"order\""), 0);
    // The reader was connected before there was anything.
    assert_eq!(reader.history(9).unwrap().len(), 1);
    assert!(reader.inspect().unwrap().initialized);
    assert_eq!(writer.entry(id).unwrap().unwrap().actor, "ada");
    // Another schema of the same database has a journal of its own.
    assert_eq!(target(&database, "public", Mode::Read).history(9).unwrap(), []);
    assert_eq!(target(&database, "public", Mode::Read).entry(id).unwrap(), None);
}

#[test]
fn what_is_not_committed_leaves_nothing() {
    let Some(database) = postgres_server::database() else { return };
    let mut client = database.connect("public");
    let mut writer = target(&database, "public", Mode::Write);
    let mut session = writer.lock(&holder("ada")).unwrap();
    session.run(&step("CREATE TABLE a (b int)")).unwrap();
    let error = refusal(session.run(&step("ALTER TABLE a\n  ADD COLUMN c nosuch")));
    assert!(error.contains("run step 1 (a step)") && error.contains("SQLSTATE 42704"), "{error}");
    assert!(error.contains("`nosuch` in line 2"), "{error}");
    drop(session);
    assert_eq!(number(&mut client, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), 0);
    let failed = Entry { outcome: Outcome::Failed { step: Some(1), message: error.clone() }, ..entry("ada") };
    let id = writer.journal_failure(&failed).unwrap();
    assert_eq!(writer.history(9).unwrap(), [Entry { id, ..failed }]);
    // The lock is free again.
    drop(target(&database, "public", Mode::Write).lock(&holder("bob")).unwrap());
}

#[test]
fn one_writer_at_a_time_changes_a_schema() {
    let Some(database) = postgres_server::database() else { return };
    let mut first = target(&database, "shop", Mode::Write);
    let mut second = target(&database, "shop", Mode::Write);
    let session = first.lock(&holder("ada@laptop")).unwrap();
    match second.lock(&holder("bob")).map(drop) {
        Err(TargetError::Locked { holder, since, .. }) => {
            assert!(holder.starts_with("ada@laptop (process "), "{holder}");
            assert_eq!(since, "2026-01-01T00:00:00Z");
        }
        other => panic!("{other:?}"),
    }
    drop(target(&database, "other", Mode::Write).lock(&holder("bob")).unwrap());
    // Whoever only reads waits for nobody.
    target(&database, "shop", Mode::Read).inspect().unwrap();
    drop(session);
    drop(second.lock(&holder("bob")).unwrap());
}

#[test]
fn a_holder_that_was_killed_is_succeeded_and_writes_nothing_more() {
    let Some(database) = postgres_server::database() else { return };
    let mut client = database.connect("shop");
    let mut first = target(&database, "shop", Mode::Write);
    let mut killed = first.lock(&holder("ada")).unwrap();
    killed.run(&step("CREATE TABLE a (b int)")).unwrap();
    // Other tests hold locks of their own on the same server.
    let held = "FROM pg_locks WHERE locktype = 'advisory' \
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    assert_eq!(number(&mut client, &format!("SELECT count(pg_terminate_backend(pid)) {held}")), 1);
    while number(&mut client, &format!("SELECT count(*) {held}")) > 0 {
        std::thread::sleep(Duration::from_millis(10));
    }

    let mut second = target(&database, "shop", Mode::Write);
    let mut session = second.lock(&holder("bob")).unwrap();
    let error = refusal(killed.run(&step("CREATE TABLE c (d int)")));
    assert!(error.contains("run step 1"), "{error}");
    assert!(killed.commit(&entry("ada")).is_err());
    drop(killed);
    session.run(&step("CREATE TABLE e (f int)")).unwrap();
    session.commit(&entry("bob")).unwrap();
    drop(session);
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'shop'";
    assert_eq!(number(&mut client, tables), 1);
    let fence = "SELECT fence FROM reconcile.lock WHERE target = 'shop'";
    assert_eq!(number(&mut client, fence), 2);
    // It connects again, and goes on from what there is.
    let mut again = first.lock(&holder("ada")).unwrap();
    again.run(&step("DROP TABLE e")).unwrap();
    again.commit(&entry("ada")).unwrap();
    assert_eq!((number(&mut client, tables), number(&mut client, fence)), (0, 3));
}

/// Stands between a client and the server on a socket of its own, and hangs up when the server has committed.
fn proxy(server: &Path, folder: &Path, hangs_up: &'static AtomicBool, connected: &'static AtomicUsize) {
    let is_socket = |name: &str| name.starts_with(".s.PGSQL.") && !name.ends_with(".lock");
    let mut names =
        std::fs::read_dir(server).unwrap().map(|one| one.unwrap().file_name().into_string().unwrap());
    let name = names.find(|name| is_socket(name)).unwrap();
    let listener = UnixListener::bind(folder.join(&name)).unwrap();
    let server = server.join(&name);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            connected.fetch_add(1, Ordering::SeqCst);
            let (mut client, mut server) = (client.unwrap(), UnixStream::connect(&server).unwrap());
            let (mut from_server, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            let has_committed = Arc::new(AtomicBool::new(false));
            let commits = has_committed.clone();
            std::thread::spawn(move || {
                let mut bytes = [0; 65536];
                while let Ok(length @ 1..) = from_server.read(&mut bytes) {
                    if commits.load(Ordering::SeqCst) || to_client.write_all(&bytes[..length]).is_err() {
                        break;
                    }
                }
                let _ = to_client.shutdown(std::net::Shutdown::Both);
            });
            std::thread::spawn(move || {
                let mut bytes = [0; 65536];
                while let Ok(length @ 1..) = client.read(&mut bytes) {
                    let is_commit = bytes[..length].ends_with(b"COMMIT\0") && hangs_up.load(Ordering::SeqCst);
                    has_committed.store(is_commit, Ordering::SeqCst);
                    if server.write_all(&bytes[..length]).is_err() {
                        break;
                    }
                }
                let _ = server.shutdown(std::net::Shutdown::Both);
            });
        }
    });
}

#[test]
fn an_apply_that_was_committed_is_not_called_a_failure() {
    static HANGS_UP: AtomicBool = AtomicBool::new(false);
    static CONNECTED: AtomicUsize = AtomicUsize::new(0);
    let Some(database) = postgres_server::database() else { return };
    let Some((start, rest)) = database.url.split_once("host=/") else {
        eprintln!("skipped: the server has no socket that could be listened in on");
        return;
    };
    let (socket, more) = rest.split_once('&').unwrap_or((rest, ""));
    let folder = tempfile::Builder::new().prefix("reconcile-proxy-").tempdir_in("/tmp").unwrap();
    proxy(&Path::new("/").join(socket), folder.path(), &HANGS_UP, &CONNECTED);
    let url = format!("{start}host={}&{more}", folder.path().display());
    let mut writer = open(&config(&[("url", &url), ("schema", "shop")]), ".", Mode::Write).unwrap();
    drop(writer.lock(&holder("ada")).unwrap());
    let mut client = database.connect("shop");
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'shop'";

    let mut session = writer.lock(&holder("ada")).unwrap();
    session.run(&step("CREATE TABLE a (b int)")).unwrap();
    HANGS_UP.store(true, Ordering::SeqCst);
    assert_eq!(CONNECTED.load(Ordering::SeqCst), 1);
    let id = session.commit(&entry("ada")).unwrap();
    drop(session);
    // It could not be told, and was looked up.
    assert_eq!(CONNECTED.load(Ordering::SeqCst), 2);
    assert_eq!(number(&mut client, tables), 1);
    assert_eq!(writer.entry(id).unwrap().unwrap().actor, "ada");

    // A server that ends the connection right before.
    let mut session = writer.lock(&holder("ada")).unwrap();
    session
        .run(&step(
            "CREATE TABLE c (d int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM \
             pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$; CREATE CONSTRAINT TRIGGER t AFTER INSERT \
             ON c DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION f(); SET CONSTRAINTS t DEFERRED; \
             INSERT INTO c VALUES (1)",
        ))
        .unwrap();
    let error = refusal(session.commit(&entry("ada")));
    assert!(error.contains("refused to commit"), "{error}");
    assert_eq!(number(&mut client, tables), 1);
}

#[test]
fn a_role_that_may_only_read_can_plan() {
    let Some(database) = postgres_server::database() else { return };
    let mut client = database.connect("public");
    let role = format!("reconcile_reader_{}", std::process::id());
    client
        .batch_execute(&format!(
            "CREATE SCHEMA shop; CREATE TABLE shop.\"order\" (id int PRIMARY KEY); INSERT INTO shop.\"order\" \
             VALUES (1), (2); CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA shop TO {role}; \
             GRANT SELECT ON ALL TABLES IN SCHEMA shop TO {role}"
        ))
        .unwrap();
    let config = config(&[("url", &database.url), ("schema", "shop")]);
    let variable = |name: &str| (name == "PGOPTIONS").then(|| format!("-c role={role}"));
    let outside = Outside { root: Path::new("."), variable: &variable };
    let mut reader = open(&config, outside, Mode::Read).unwrap();
    assert_eq!(reader.inspect().unwrap().state.len(), 1);
    let query = "SELECT count(*), '[\"x\"]' FROM \"order\" -- all".to_owned();
    let answers = reader.measure(&[query.clone(), query.clone()]).unwrap();
    assert_eq!(answers.iter().map(|answer| answer.count).collect::<Vec<_>>(), [2, 2]);
    assert_eq!(answers[0].samples, ["x"]);
    let error = refusal(reader.measure(&[query.clone(), "SELECT count(*), NULL FROM nothing".to_owned()]));
    assert!(error.contains("answer `SELECT count(*), NULL FROM nothing`"), "{error}");
    let error = refusal(reader.measure(&["DELETE FROM \"order\" RETURNING 1, NULL".to_owned()]));
    assert!(error.contains("25006") || error.contains("42501"), "{error}");
    assert_eq!(reader.measure(&[query]).unwrap()[0].count, 2);
    // Where there is a record that it may not read, it says so, and does not take the target for a new one.
    drop(target(&database, "shop", Mode::Write).lock(&holder("ada")).unwrap());
    let error = refusal(open(&config, outside, Mode::Read).unwrap().inspect());
    assert!(error.contains("reconcile") && error.contains("42501"), "{error}");
    client.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).unwrap();
}

#[test]
fn tasks_stay_in_the_transaction() {
    let Some(database) = postgres_server::database() else { return };
    let mut client = database.connect("public");
    client.batch_execute("CREATE TABLE a (b int); INSERT INTO a VALUES (1)").unwrap();
    let mut writer = target(&database, "public", Mode::Write);
    let unless = ["SELECT 1 FROM a WHERE b = 1", "SELECT 1 FROM a WHERE b = 2", "SELECT 1 FROM missing"];
    let left = target(&database, "public", Mode::Read).left(&unless.map(str::to_owned)).unwrap();
    assert!(matches!(left.as_slice(), [Left::Nothing, Left::Something, Left::Unknown(_)]), "{left:?}");

    let mut session = writer.lock(&holder("ada")).unwrap();
    for sql in ["COMMIT", "UPDATE a SET b = 2; /* /* */ */ end", "COPY a TO PROGRAM 'cat'"] {
        assert!(refusal(session.run(&task(sql))).contains("its SQL holds"), "{sql}");
    }
    session.run(&task("DO $$ BEGIN UPDATE a SET b = 2; END $$; UPDATE a SET b = b + 1")).unwrap();
    assert_eq!(session.left("SELECT 1 FROM a WHERE b = 3 -- done").unwrap(), Left::Nothing);
    assert!(matches!(session.left("SELECT 1/0").unwrap(), Left::Unknown(_)));
    let writes = "SELECT nextval('reconcile.journal_id_seq')";
    assert!(matches!(session.left(writes).unwrap(), Left::Unknown(_)));
    // What was asked leaves the transaction able to write.
    session.run(&task("INSERT INTO a VALUES (4)")).unwrap();
    session.commit(&entry("ada")).unwrap();
    assert_eq!(number(&mut client, "SELECT sum(b) FROM a"), 7);
}

#[test]
fn who_stands_in_the_way_is_named() {
    let Some(database) = postgres_server::database() else { return };
    let mut client = database.connect("public");
    client.batch_execute("CREATE TABLE a (b int); SET application_name = 'report-tool'").unwrap();
    client.batch_execute("BEGIN; SELECT * FROM a WHERE b::text = 'private'").unwrap();
    let mut writer = target(&database, "public", Mode::Write);
    let mut session = writer.lock(&holder("ada")).unwrap();
    let began = Instant::now();
    let error = session.run(&step("ALTER TABLE a ADD COLUMN c int")).unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    let said = error.to_string();
    assert!(matches!(&error, TargetError::Busy { holders, .. } if holders.len() == 1), "{said}");
    for part in ["of report-tool, idle in transaction since 20", "SELECT * FROM a WHERE b::text = …"] {
        assert!(said.contains(part), "{said}");
    }
    assert!(!said.contains("private"), "{said}");
    drop(session);
    client.batch_execute("COMMIT").unwrap();
    writer.lock(&holder("ada")).unwrap().run(&step("ALTER TABLE a ADD COLUMN c int")).unwrap();
}

#[test]
fn what_was_cut_off_beside_others_is_done_again_to_its_end() {
    let Some(database) = postgres_server::database() else { return };
    let mut client = database.connect("public");
    client.batch_execute("CREATE TABLE a (b int); INSERT INTO a VALUES (1), (1)").unwrap();
    let mut writer = target(&database, "public", Mode::Write);
    let mut session = writer.lock(&holder("ada")).unwrap();
    session.step_out().unwrap();
    let index = Step {
        runs: Runs::Before,
        undo: vec!["DROP INDEX CONCURRENTLY IF EXISTS i".to_owned()],
        ..step("CREATE UNIQUE INDEX CONCURRENTLY i ON a (b)")
    };
    assert!(refusal(session.run_alone(&index)).contains("23505"));
    let invalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
    assert_eq!(number(&mut client, invalid), 1);
    client.batch_execute("DELETE FROM a WHERE ctid = '(0,1)'").unwrap();
    session.run_alone(&index).unwrap();
    assert_eq!(number(&mut client, invalid), 0);

    // Of several statements, those that ran do not run again.
    let column = Step {
        id: 2,
        runs: Runs::Before,
        statements: ["ADD COLUMN c int", "ALTER COLUMN c SET DEFAULT 1"]
            .map(|sql| format!("ALTER TABLE a {sql}"))
            .to_vec(),
        undo: vec!["ALTER TABLE a DROP COLUMN IF EXISTS c".to_owned()],
        ..step("")
    };
    let mut other = database.connect("public");
    other.batch_execute("CREATE FUNCTION stop() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN \
        IF (SELECT count(*) FROM pg_attribute WHERE attname = 'c' AND NOT attisdropped AND attrelid = 'a'::regclass) = 1 \
        THEN RAISE 'not now' USING ERRCODE = '55P03'; END IF; END $$; \
        CREATE EVENT TRIGGER stop ON ddl_command_start EXECUTE FUNCTION stop()").unwrap();
    assert!(matches!(session.run_alone(&column), Err(TargetError::Busy { .. })));
    other.batch_execute("DROP EVENT TRIGGER stop").unwrap();
    session.run_alone(&column).unwrap();
    assert_eq!(number(&mut client, "SELECT count(*) FROM pg_attrdef WHERE adrelid = 'a'::regclass"), 1);
    // What runs after it waits no longer than it may.
    let waits = session
        .measure(&["SELECT setting::bigint, NULL FROM pg_settings WHERE name = 'lock_timeout'".to_owned()]);
    assert_eq!(waits.unwrap()[0].count, 2000);
    for one in [&column, &index] {
        session.take_back(one).unwrap();
    }
    let left = "SELECT count(*) FROM pg_attribute WHERE attname = 'c' AND NOT attisdropped AND attrelid = 'a'::regclass";
    assert_eq!(number(&mut client, left), 0);
    assert_eq!(number(&mut client, "SELECT count(*) FROM reconcile.progress"), 0);
    assert_eq!(number(&mut client, "SELECT count(*) FROM pg_class WHERE relname = 'i'"), 0);
}

/// Waits as the program does, and counts.
struct Waiting {
    until: Instant,
}

impl Patience for Waiting {
    fn wait(&self, tries: u32) -> bool {
        std::thread::sleep(pause(tries, u32::MAX / 2));
        Instant::now() < self.until
    }
}

#[derive(Default)]
struct Watching {
    waited_for: Vec<String>,
    /// Somebody else who would apply meanwhile.
    intruder: Option<Box<dyn Target>>,
    /// How far the steps were said to be.
    heard: Arc<Mutex<Vec<Going>>>,
}

impl Observer for Watching {
    fn at(&mut self, moment: &Moment) -> Result<(), String> {
        if let Moment::Waiting(who) = moment {
            self.waited_for.push(who.clone());
            if let Some(intruder) = &mut self.intruder {
                // Whoever waits keeps his place.
                assert!(matches!(intruder.lock(&holder("bob")).map(drop), Err(TargetError::Locked { .. })));
            }
        }
        Ok(())
    }
}

/// Plans what a repository declares against a schema, and applies it.
fn apply(
    database: &postgres_server::Database,
    fields: &str,
    patience: &dyn Patience,
    observer: &mut Watching,
) -> Applied {
    let place = tempfile::tempdir().unwrap();
    let files = format!(
        "apiVersion: reconcile/v1\nkind: Environment\nmetadata: {{ name: test }}\nspec:\n  target: {{ postgres: {{ \
         url: \"{}\", schema: shop }} }}\n  strategy: online\n---\napiVersion: reconcile/v1\nkind: Entity\nmetadata: {{ name: order }}\n\
         spec:\n  fields: {{ {fields} }}\n",
        database.url
    );
    std::fs::write(place.path().join("all.yaml"), files).unwrap();
    let files = source::work_tree(place.path(), &[]).unwrap();
    let limits = providers().iter().filter_map(|name| Some(((*name).to_owned(), name_limits(name)?)));
    let checked = ops::repository::check(&files, &limits.collect());
    assert!(!checked.has_errors(), "{:?}", checked.diagnostics);
    let desired = checked.repository.desired("test", &BTreeMap::new()).unwrap();
    let config = desired.environment.target.clone();
    let mut reader = open(&config, place.path(), Mode::Read).unwrap();
    let plan = ops::plan::plan(desired.clone(), reader.as_mut(), &source::Revision::default()).unwrap();
    let mut writer = open(&config, place.path(), Mode::Write).unwrap();
    let heard = Arc::clone(&observer.heard);
    writer.listen(Arc::new(move |going| heard.lock().unwrap().push(going.clone())));
    let holder = holder("ada");
    let clock = || "2026-01-01T00:00:01Z".to_owned();
    let terms =
        Terms { holder: &holder, allow: &[], signed_by: &[], clock: &clock, outside_window: None, patience };
    ops::apply::run(&plan, Some(desired), writer.as_mut(), &terms, observer).unwrap().outcome
}

#[test]
fn a_long_step_says_how_far_it_is() {
    let Some(database) = postgres_server::database() else { return };
    let patience = Waiting { until: Instant::now() + Duration::from_secs(120) };
    let mut observer = Watching::default();
    assert_eq!(apply(&database, "number: { type: text }", &patience, &mut observer), Applied::Done);
    // Each batch takes longer than nobody asks.
    database
        .connect("shop")
        .batch_execute(
            "INSERT INTO \"order\" (number) VALUES (NULL), ('a'); \
             CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(3); RETURN NULL; END $$; \
             CREATE TRIGGER slow BEFORE UPDATE ON \"order\" EXECUTE FUNCTION slow()",
        )
        .unwrap();
    let fields = "number: { type: text, required: true, backfill: b }";
    assert_eq!(apply(&database, fields, &patience, &mut observer), Applied::Done);
    let heard = observer.heard.lock().unwrap();
    for done in [0, 1] {
        let going = Going { phase: String::new(), done, total: 2 };
        assert!(heard.contains(&going), "{done}: {heard:?}");
    }
    let mut client = database.connect("shop");
    let name = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'reconcile fills%'";
    assert_eq!(number(&mut client, name), 0);
}

#[test]
fn behind_a_long_reader_nobody_waits_long_and_the_apply_succeeds() {
    let Some(database) = postgres_server::database() else { return };
    let patience = Waiting { until: Instant::now() + Duration::from_secs(120) };
    let mut observer = Watching::default();
    assert_eq!(apply(&database, "number: { type: text }", &patience, &mut observer), Applied::Done);
    assert_eq!(observer.waited_for, Vec::<String>::new());
    observer.intruder = Some(target(&database, "shop", Mode::Write));
    let is_done = AtomicBool::new(false);
    let longest = std::thread::scope(|scope| {
        let mut long = database.connect("shop");
        long.batch_execute("BEGIN; SELECT count(*) FROM \"order\"").unwrap();
        scope.spawn(move || long.batch_execute("SELECT pg_sleep(12); COMMIT").unwrap());
        let others = scope.spawn(|| {
            let mut short = database.connect("shop");
            let mut longest = Duration::ZERO;
            while !is_done.load(Ordering::Relaxed) {
                let began = Instant::now();
                short.batch_execute("SELECT count(*) FROM \"order\"").unwrap();
                longest = longest.max(began.elapsed());
            }
            longest
        });
        let fields = "number: { type: text }, note: { type: text }";
        let outcome = apply(&database, fields, &patience, &mut observer);
        is_done.store(true, Ordering::Relaxed);
        assert_eq!(outcome, Applied::Done);
        others.join().unwrap()
    });
    // The lock timeout, and what a busy machine needs to notice it.
    assert!(longest < Duration::from_secs(4), "another reader waited {longest:?}");
    assert!(observer.waited_for.len() > 1, "{:?}", observer.waited_for);
    assert!(observer.waited_for[0].contains("pg_sleep"), "{:?}", observer.waited_for);
    let mut client = database.connect("shop");
    let failures = "SELECT count(*) FROM reconcile.journal WHERE entry->'outcome'->>'result' <> 'applied'";
    assert_eq!(number(&mut client, failures), 0);
}

#[test]
fn what_keeps_people_out_is_said_with_the_next_move() {
    let Some(database) = postgres_server::database() else { return };
    let missing = database.url.replacen("reconcile_test", "no_such", 1);
    let error = refusal(open(&config(&[("url", &missing)]), ".", Mode::Read).unwrap().inspect());
    assert!(error.contains("no such database; create it"), "{error}");
    let nobody = "postgres://app@localhost:1/shop?connect_timeout=5";
    let error = refusal(open(&config(&[("url", nobody)]), ".", Mode::Read).unwrap().inspect());
    assert!(error.starts_with("postgres localhost:1/shop schema public cannot be opened"), "{error}");
    assert!(error.contains("see that the server runs"), "{error}");
    let mut client = database.connect("public");
    drop(target(&database, "public", Mode::Write).lock(&holder("ada")).unwrap());
    client.batch_execute("UPDATE reconcile.meta SET value = '99' WHERE key = 'catalog'").unwrap();
    let error = refusal(target(&database, "public", Mode::Write).lock(&holder("ada")));
    assert!(error.contains("newer `reconcile`"), "{error}");
}

#[test]
fn passwords_and_certificates_are_asked_for_as_libpq_asks() {
    let Some(server) = secured::Secured::start() else { return };
    let (port, ca, other) = (server.port.to_string(), server.file("ca.crt"), server.file("other.crt"));
    let (ca, other) = (ca.to_str().unwrap(), other.to_str().unwrap());
    let passfile = server.file("passwords");
    let text = format!(
        "# ours\n*:{port}:shop:app:app\\: secret\n*:{port}:*:tls:app\\: secret\n*:*:*:plain:app\\: secret\n"
    );
    std::fs::write(&passfile, text).unwrap();
    let restrict = |mode| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&passfile, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    restrict(0o600);
    let home = server.file("home");
    // Says whether the connection is encrypted.
    let connect = |user: &str, host: &str, settings: &[(&str, &str)], variables: &[(&str, &str)]| {
        let variable = |name: &str| {
            let given =
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            given.or_else(|| (name == "HOME").then(|| home.to_str().unwrap().to_owned()))
        };
        let place = [("host", host), ("port", &port), ("database", "shop"), ("user", user)];
        let config = config(&[&place[..], settings].concat());
        let outside = Outside { root: Path::new("."), variable: &variable };
        let query = "SELECT ssl::int::bigint, NULL FROM pg_stat_ssl WHERE pid = pg_backend_pid()".to_owned();
        let answer = open(&config, outside, Mode::Read).and_then(|mut target| target.measure(&[query]));
        answer.map(|answers| answers[0].count == 1).map_err(|error| error.to_string())
    };
    let files: &[(&str, &str)] = &[("PGPASSFILE", passfile.to_str().unwrap())];

    // Passwords.
    assert_eq!(connect("app", "localhost", &[], files), Ok(true));
    assert_eq!(connect("app", "localhost", &[], &[("PGPASSWORD", "app: secret")]), Ok(true));
    let error = connect("app", "localhost", &[], &[("PGPASSWORD", "hunter22")]).unwrap_err();
    assert!(error.contains("refuses the user or the password") && !error.contains("hunter22"), "{error}");
    let error = connect("app", "localhost", &[], &[]).unwrap_err();
    assert!(error.contains("the server asks for a password; set PGPASSWORD"), "{error}");
    restrict(0o644);
    let error = connect("app", "localhost", &[], files).unwrap_err();
    assert!(error.contains("because others may read it: chmod 0600"), "{error}");
    restrict(0o600);

    // Encryption.
    for (user, mode, expected) in [
        ("app", "disable", Ok(false)),
        ("app", "allow", Ok(false)),
        ("app", "prefer", Ok(true)),
        ("app", "require", Ok(true)),
        ("tls", "disable", Err("no encryption")),
        ("tls", "allow", Ok(true)),
        ("tls", "prefer", Ok(true)),
        ("plain", "prefer", Ok(false)),
        ("plain", "require", Err("28000")),
    ] {
        let found = connect(user, "localhost", &[("sslmode", mode)], files);
        match expected {
            Ok(is_encrypted) => assert_eq!(found, Ok(is_encrypted), "{user} {mode}"),
            Err(part) => {
                assert!(found.as_ref().is_err_and(|error| error.contains(part)), "{user} {mode}: {found:?}")
            }
        }
    }

    // Certificates.
    let own = server.file("server.crt");
    let own = own.to_str().unwrap();
    for (host, mode, root, expected) in [
        ("localhost", "verify-full", ca, Ok(true)),
        ("localhost", "verify-full", own, Ok(true)),
        ("127.0.0.1", "verify-ca", ca, Ok(true)),
        ("127.0.0.1", "verify-full", ca, Err("certificate not valid for name \"127.0.0.1\"")),
        ("127.0.0.1", "verify-full", own, Err("certificate not valid for name \"127.0.0.1\"")),
        ("localhost", "verify-full", other, Err("UnknownIssuer")),
        ("localhost", "verify-ca", other, Err("UnknownIssuer")),
        // As libpq: whoever names those he trusts wants them asked.
        ("localhost", "require", other, Err("UnknownIssuer")),
        ("localhost", "verify-full", "system", Err("UnknownIssuer")),
        ("localhost", "verify-full", "/no/such.crt", Err("cannot be read")),
    ] {
        let found = connect("app", host, &[("sslmode", mode), ("sslrootcert", root)], files);
        match expected {
            Ok(is_encrypted) => assert_eq!(found, Ok(is_encrypted), "{host} {mode} {root}"),
            Err(part) => assert!(
                found.as_ref().is_err_and(|error| error.contains(part)),
                "{host} {mode} {root}: {found:?}"
            ),
        }
    }
}
