//! What a schema of a PostgreSQL database is, by the server's own catalog and in a form that ignores the order of columns.
//! Never uses the provider's own reading: it is what the provider is held against.

use std::collections::BTreeMap;

use postgres::Client;
use serde_yaml::Value;

use super::{Objects, Rows};

/// Each gives the object's kind and name, and one line about it; `$1` is the schema.
const QUESTIONS: [&str; 10] = [
    // Schemas that are neither the server's, nor ours, nor the target: nobody makes any.
    "SELECT 'schema ' || nspname, ''
     FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'reconcile', 'public', $1)",
    // Tables, views, sequences and what else has rows or columns.
    "SELECT CASE c.relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'view ' WHEN 'S' THEN 'sequence ' ELSE 'table ' END || c.relname,
            concat_ws(' ', c.relkind, c.relpersistence, c.reloptions::text, c.relrowsecurity, c.relforcerowsecurity,
                      c.relreplident, c.relacl::text, 'comment', obj_description(c.oid, 'pg_class'),
                      CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
                      pg_get_partkeydef(c.oid))
     FROM pg_class c WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')",
    "SELECT 'table ' || c.relname,
            concat_ws(' ', 'column', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
                      CASE WHEN a.attnotnull THEN 'not null' END,
                      'default ' || pg_get_expr(d.adbin, d.adrelid), 'identity ' || nullif(a.attidentity::text, ''),
                      'generated ' || nullif(a.attgenerated::text, ''),
                      CASE WHEN a.attcollation <> t.typcollation THEN 'collate ' || a.attcollation::regcollation::text END,
                      'acl ' || a.attacl::text, 'comment ' || col_description(c.oid, a.attnum))
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
          LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped",
    // PostgreSQL 18 has a constraint for each NOT NULL, which the column says already.
    "SELECT 'table ' || c.relname,
            concat_ws(' ', 'constraint', quote_ident(o.conname), pg_get_constraintdef(o.oid),
                      CASE WHEN NOT o.convalidated THEN 'not validated' END, 'comment ' || obj_description(o.oid, 'pg_constraint'))
     FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid
     WHERE o.connamespace = $1::regnamespace AND o.contype <> 'n'",
    "SELECT 'table ' || c.relname,
            concat_ws(' ', 'index', pg_get_indexdef(i.indexrelid), CASE WHEN NOT i.indisvalid THEN 'invalid' END,
                      CASE WHEN NOT i.indisready THEN 'not ready' END, 'comment ' || obj_description(i.indexrelid, 'pg_class'))
     FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = $1::regnamespace",
    "SELECT 'sequence ' || s.sequencename,
            concat_ws(' ', s.data_type, s.start_value, s.min_value, s.max_value, s.increment_by, s.cycle, s.cache_size,
                      (SELECT 'owned by ' || d.deptype::text || ' ' || t.relname || '.' || a.attname
                       FROM pg_depend d JOIN pg_class t ON t.oid = d.refobjid
                            JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
                       WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass))
     FROM pg_sequences s JOIN pg_class c ON c.relname = s.sequencename AND c.relnamespace = $1::regnamespace
     WHERE s.schemaname = $1",
    "SELECT 'type ' || t.typname,
            concat_ws(' ', t.typtype, format_type(nullif(t.typbasetype, 0), t.typtypmod), t.typnotnull, t.typdefault,
                      (SELECT string_agg(quote_literal(e.enumlabel), ' ' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid),
                      (SELECT string_agg(pg_get_constraintdef(o.oid), ' ' ORDER BY o.conname) FROM pg_constraint o WHERE o.contypid = t.oid),
                      'comment ' || obj_description(t.oid, 'pg_type'))
     FROM pg_type t WHERE t.typnamespace = $1::regnamespace AND t.typtype IN ('e', 'd')",
    "SELECT 'table ' || c.relname,
            concat_ws(' ', 'trigger', pg_get_triggerdef(g.oid), g.tgenabled, 'comment ' || obj_description(g.oid, 'pg_trigger'))
     FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
     WHERE c.relnamespace = $1::regnamespace AND NOT g.tgisinternal",
    "SELECT 'function ' || p.oid::regprocedure::text, concat_ws(' ', pg_get_functiondef(p.oid), p.proacl::text, 'comment ' || obj_description(p.oid, 'pg_proc'))
     FROM pg_proc p WHERE p.pronamespace = $1::regnamespace AND p.prokind IN ('f', 'p')",
    "SELECT 'table ' || p.tablename, concat_ws(' ', 'policy', p.policyname, p.permissive, p.roles::text, p.cmd, p.qual, p.with_check)
     FROM pg_policies p WHERE p.schemaname = $1",
];

/// Every object of a schema, by kind and name; empty where there is no such schema.
pub fn objects(client: &mut Client, schema: &str) -> Objects {
    let mut objects = Objects::new();
    if !has(client, schema) {
        return objects;
    }
    for question in QUESTIONS {
        for row in client.query(&asked(question, schema), &[]).unwrap() {
            objects.entry(row.get(0)).or_default().push(row.get(1));
        }
    }
    objects.values_mut().for_each(|lines| lines.sort());
    objects
}

/// What is there and does not hold yet: constraints that were not validated, indexes that are not valid.
pub fn unfinished(client: &mut Client, schema: &str) -> Vec<String> {
    if !has(client, schema) {
        return Vec::new();
    }
    let sql = "SELECT 'constraint ' || conname || ' is not validated' FROM pg_constraint
               WHERE connamespace = $1::regnamespace AND NOT convalidated
               UNION ALL SELECT 'index ' || indexrelid::regclass::text || ' is not valid'
               FROM pg_index JOIN pg_class c ON c.oid = indexrelid
               WHERE c.relnamespace = $1::regnamespace AND NOT indisvalid";
    client.query(&asked(sql, schema), &[]).unwrap().iter().map(|row| row.get(0)).collect()
}

/// All rows of every table of a schema, in the order of their primary keys.
pub fn rows(client: &mut Client, schema: &str) -> Rows {
    if !has(client, schema) {
        return Rows::new();
    }
    let sql = "SELECT c.relname::text, string_agg(
                   CASE WHEN t.typname = 'bool' THEN format('%1$I::int AS %1$I', a.attname)
                        WHEN t.typname IN ('int2', 'int4', 'int8', 'float4', 'float8') THEN quote_ident(a.attname)
                        WHEN t.typname = 'bytea' THEN format('encode(%1$I, ''hex'') AS %1$I', a.attname)
                        WHEN t.typname = 'timestamptz' THEN format('to_json(%1$I) AS %1$I', a.attname)
                        ELSE format('%1$I::text AS %1$I', a.attname) END, ', ' ORDER BY a.attnum),
                   coalesce((SELECT string_agg(format('t.%I', k.attname), ', ' ORDER BY array_position(i.indkey::int2[], k.attnum))
                             FROM pg_index i JOIN pg_attribute k ON k.attrelid = i.indrelid AND k.attnum = ANY (i.indkey)
                             WHERE i.indrelid = c.oid AND i.indisprimary), '1')
               FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
               WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
               GROUP BY c.oid, c.relname";
    let tables = client.query(&asked(sql, schema), &[]).unwrap();
    let of_table = |table: &postgres::Row| {
        let (name, columns, order): (String, String, String) = (table.get(0), table.get(1), table.get(2));
        let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let from = format!("{}.{}", quote(schema), quote(&name));
        let sql =
            format!("SELECT to_json(r)::text FROM (SELECT {columns} FROM {from} AS t ORDER BY {order}) r");
        let read = |row: &postgres::Row| serde_json::from_str(row.get(0)).unwrap();
        let rows: Vec<BTreeMap<String, Value>> = client.query(&sql, &[]).unwrap().iter().map(read).collect();
        (name, rows)
    };
    tables.iter().map(of_table).collect()
}

fn has(client: &mut Client, schema: &str) -> bool {
    client.query_one("SELECT to_regnamespace(quote_ident($1)) IS NOT NULL", &[&schema]).unwrap().get(0)
}

/// A name is no type of its own, so it is written as the literal that each place reads in its own way.
fn asked(question: &str, schema: &str) -> String {
    question.replace("$1", &format!("'{}'", schema.replace('\'', "''")))
}
