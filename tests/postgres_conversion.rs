//! Changes of type on a real PostgreSQL: every hostile value of every type against every other type.
//! Never trusts the SQL's look: it is run.

mod postgres_server;

use postgres::Client;

use reconcile::model::field::FieldType;
use reconcile::provider::postgres::conversion::{convert, is_rewrite_free, kept, needs_using};

const TYPES: &[&str] = &[
    "text",
    "character varying(5)",
    "character varying(20)",
    "character(5)",
    "smallint",
    "integer",
    "bigint",
    "numeric",
    "numeric(5,2)",
    "numeric(6,2)",
    "numeric(12,4)",
    "numeric(19,4)",
    "real",
    "double precision",
    "boolean",
    "date",
    "time without time zone",
    "time(0) without time zone",
    "timestamp without time zone",
    "timestamp(3) without time zone",
    "timestamp with time zone",
    "timestamp(0) with time zone",
    "uuid",
    "json",
    "jsonb",
    "bytea",
    "bit(5)",
    "bit(3)",
    "bit varying",
    "interval",
    "interval(0)",
    "character varying(9)[]",
    "character varying(3)[]",
];

/// Values that some type takes, most of them at the edge of another.
const VALUES: &[&str] = &[
    "",
    " ",
    "a",
    "abcde",
    "abcdef",
    "abc   ",
    "abcde   ",
    "ä€😀",
    "it''s",
    "\\x",
    "\\",
    "0",
    "1",
    "-1",
    "7",
    " 7 ",
    "007",
    "+7",
    "7x",
    "1.5",
    "1.50",
    "1.005",
    "0.1",
    "0.125",
    "123.45",
    "999.99",
    "999.995",
    "1000",
    "9999.99",
    "-0.5",
    "1e2",
    "1e400",
    "1e-400",
    "1e99999",
    "32767",
    "32768",
    "-32769",
    "2147483647",
    "2147483648",
    "-2147483649",
    "9007199254740992",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "16777217",
    "0.30000000000000004",
    "3.4e39",
    "1e308",
    "NaN",
    "Infinity",
    "-Infinity",
    "true",
    "TRUE",
    "false",
    "t",
    "yes",
    "on",
    "2026-02-28",
    "2026-02-29",
    "2024-02-29",
    "0001-01-01",
    "0000-01-01",
    "2026-13-01",
    "2026-1-1",
    "infinity",
    "5874897-12-31",
    "4713-01-01 BC",
    "294277-01-01",
    "now",
    "today",
    "epoch",
    "24:00",
    "23:59:60",
    "12:34",
    "12:34:56",
    "12:34:56.7",
    "12:34:56.1234567",
    "12:34:56.000000",
    "12:34+02",
    "2026-01-01 00:00",
    "2026-01-01T12:34:56Z",
    "2026-01-01 12:34:56.789",
    "2026-01-01 12:34:56.7891234",
    "2026-01-01 12:34:56+15:59",
    "2026-01-01 12:34:56+02",
    "2026-01-01 00:00:00+00",
    "99999999-01-01",
    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
    "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
    "a0eebc999c0b4ef8bb6d6bb9bd380a11",
    "null",
    "{}",
    "[]",
    "[1,2",
    "[1,2]]",
    "[1 2]",
    "{\"a\": 1, \"b\": [true, null, \"x\\\\y\"]}",
    "{\"a\":1,\"a\":2}",
    "{\"a\":{\"b\":1},\"c\":{\"b\":1}}",
    "{a:1}",
    "{\"a\"}",
    "{1:2}",
    "\"s\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\ud83d\\ude00\"",
    "\"\\\\u0000\"",
    "\"a:b,c\"",
    "\"unclosed",
    "[s]",
    "v",
    "s",
    "s:v",
    "1e5000",
    "[1e5000]",
    "01",
    "1.",
    ".5",
    "-",
    "--1",
    "0x1F",
    "1_000",
    "\\xff",
    "\\xc3a4",
    "\\xc3",
    "\\xeda080",
    "\\xf09f9880",
    "\\x00",
    "\\x61",
    "\\xf4908080",
    "\\xc080",
    "10110",
    "101",
    "1011010",
    "{abc,abcd}",
    "{abc,NULL}",
    "{}",
    "1 day 02:03:04.5",
    "3 mons",
    "1 2",
];

fn field() -> FieldType {
    FieldType::Text { max_length: None, format: None }
}

/// Puts each row of `source` into a column of another type as `ALTER TABLE` would, and returns what it says.
const TRY: &str = r#"
CREATE FUNCTION try(using_sql text) RETURNS TABLE (id int, message text) LANGUAGE plpgsql AS $$
BEGIN
  FOR id IN SELECT source.id FROM source ORDER BY 1 LOOP
    message := NULL;
    BEGIN
      EXECUTE format('INSERT INTO goal SELECT %s FROM source WHERE id = %s', using_sql, id);
    -- Not its words: the 13th version cuts a letter in two where it quotes one.
    EXCEPTION WHEN OTHERS THEN message := SQLSTATE;
    END;
    RETURN NEXT;
  END LOOP;
END $$"#;

/// Every value of every type against every other type: `kept` raises no error, and the change of type refuses
/// exactly what is not kept.
#[test]
fn a_change_of_type_refuses_what_it_would_change() {
    let Some(database) = postgres_server::database() else { return };
    let mut client = database.connect("public");
    client.batch_execute("SET TimeZone = 'UTC'; SET client_min_messages = error").unwrap();
    client.batch_execute(TRY).unwrap();
    let mut faults = Vec::new();
    for old in TYPES {
        let is_value =
            |value: &&&str| client.query_one(&format!("SELECT '{value}'::{old}::text"), &[]).is_ok();
        let values: Vec<String> =
            VALUES.iter().filter(is_value).map(|value| format!("('{value}'::{old})")).collect();
        let list = values.join(", ");
        client
            .batch_execute(&format!(
                "DROP TABLE IF EXISTS source; CREATE TABLE source (id serial, \"a b\" {old}); \
                 INSERT INTO source (\"a b\") VALUES {list}, (NULL)"
            ))
            .unwrap();
        for new in TYPES {
            if let Err(fault) = change(&mut client, old, new, &mut faults) {
                faults.push(format!("{old} -> {new}: {fault}"));
            }
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults[..faults.len().min(300)].join("\n"));
}

/// Tells of a type whose texts `kept` does not know.
fn is_opaque(ty: &str) -> bool {
    ty.starts_with("interval") || ty.ends_with("[]")
}

/// Holds one change of type against what the server makes of it.
fn change(client: &mut Client, old: &str, new: &str, faults: &mut Vec<String>) -> Result<(), String> {
    let base = |ty: &str| (ty.split('(').next().map(str::to_owned), ty.ends_with("[]"));
    let is_unknown = is_opaque(new) && (base(old) != base(new));
    let said = |error: postgres::Error| {
        error.as_db_error().map_or_else(|| error.to_string(), |e| e.message().to_owned())
    };
    client
        .batch_execute(&format!("DROP TABLE IF EXISTS goal; CREATE TABLE goal (\"a b\" {new})"))
        .map_err(said)?;
    let value = "\"a b\"";
    let kept = kept(value, &field(), &field(), old, new);
    let using = convert(value, &field(), &field(), old, new);
    if !needs_using(old, new) {
        assert_eq!(using, value, "{old} -> {new}");
    }
    let sql = format!("SELECT id, {value}::text, {value} IS NULL OR ({kept}) FROM source ORDER BY id");
    let asked = client.query(&sql, &[]).map_err(|error| format!("asking says {}: {sql}", said(error)))?;
    let tried = client.query("SELECT id, message FROM try($1) ORDER BY id", &[&using]).map_err(said)?;
    for (asked, tried) in asked.iter().zip(tried) {
        let (text, is_kept): (Option<String>, Option<bool>) = (asked.get(1), asked.get(2));
        let message: Option<String> = tried.get(1);
        match (is_kept, message) {
            (Some(true), None) | (Some(false), Some(_)) => {}
            (None, _) => faults.push(format!("{old} -> {new}: {text:?} is neither kept nor lost")),
            // Only the type itself knows which texts are values of it, and says so.
            (Some(true), Some(_)) if is_unknown => {}
            (Some(true), Some(message)) => {
                faults.push(format!("{old} -> {new}: {text:?} is kept, and refused: {message}"))
            }
            (Some(false), None) => faults.push(format!("{old} -> {new}: {text:?} is lost, and taken")),
        }
    }
    if is_unknown {
        return Ok(());
    }
    let node = "SELECT pg_relation_filenode('source_kept')";
    let using = if needs_using(old, new) { format!(" USING {using}") } else { String::new() };
    client
        .batch_execute(&format!(
            "DROP TABLE IF EXISTS source_kept; CREATE TABLE source_kept (id int, {value} {old}); \
             INSERT INTO source_kept SELECT * FROM source WHERE {value} IS NULL OR ({kept})"
        ))
        .map_err(said)?;
    let before: u32 = client.query_one(node, &[]).map_err(said)?.get(0);
    client
        .batch_execute(&format!("ALTER TABLE source_kept ALTER COLUMN {value} TYPE {new}{using}"))
        .map_err(|error| format!("the change says {}: USING {using}", said(error)))?;
    let after: u32 = client.query_one(node, &[]).map_err(said)?.get(0);
    if (before == after) != is_rewrite_free(old, new) {
        faults.push(format!(
            "{old} -> {new}: is said to be {}",
            if before == after { "written again, and is not" } else { "not written again, and is" }
        ));
    }
    // What was carried over goes back to what it was.
    let back = client
        .query(
            &format!("SELECT s.{value}::text, k.{value}::text FROM source s JOIN source_kept k USING (id) WHERE (s.{value} IS NULL) <> (k.{value} IS NULL)"),
            &[],
        )
        .map_err(said)?;
    faults.extend(back.iter().map(|row| {
        format!(
            "{old} -> {new}: {:?} became {:?}",
            row.get::<_, Option<String>>(0),
            row.get::<_, Option<String>>(1)
        )
    }));
    Ok(())
}
