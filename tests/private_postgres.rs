//! The private PostgreSQL of the tests itself: fresh databases, told apart, and gone with the test.
//! Never asks anything of `reconcile`.

mod postgres_server;

#[test]
fn every_database_is_fresh_and_a_place_of_its_own() {
    let (Some(one), Some(other)) = (postgres_server::database(), postgres_server::database()) else { return };
    assert_ne!(one.url, other.url);
    let mut client = one.connect("public");
    client.batch_execute("CREATE TABLE a (b int); INSERT INTO a VALUES (1)").unwrap();
    let count = |client: &mut postgres::Client| -> i64 {
        let sql =
            "SELECT count(*) FROM pg_class WHERE relname = 'a' AND relnamespace = 'public'::regnamespace";
        client.query_one(sql, &[]).unwrap().get(0)
    };
    assert_eq!((count(&mut client), count(&mut other.connect("public"))), (1, 0));
    client.batch_execute("CREATE SCHEMA b; CREATE TABLE b.c (d int)").unwrap();
    drop(client);
    drop(one);
    // Whether it is made anew or was used before, nothing of what was in it is left.
    let again = postgres_server::database().unwrap();
    let sql = "SELECT string_agg(nspname, ' ' ORDER BY nspname) FROM pg_namespace WHERE nspname !~ '^pg_'";
    let mut client = again.connect("public");
    let schemas: String = client.query_one(sql, &[]).unwrap().get(0);
    assert_eq!((count(&mut client), schemas.as_str()), (0, "information_schema public"));
}
