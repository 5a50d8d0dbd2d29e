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
    let name: String = client.query_one("SELECT current_database()::text", &[]).unwrap().get(0);
    drop((one, client));
    let sql = "SELECT count(*) FROM pg_database WHERE datname = $1";
    let left: i64 = other.connect("public").query_one(sql, &[&name]).unwrap().get(0);
    assert_eq!(left, 0);
}
