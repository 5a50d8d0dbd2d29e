//! The statements of one inspection: all that the system catalogs say of a schema, in one message.
//! Never reads a table of anybody's: only catalogs, so that no lock is taken that others could meet.

use super::lexer::literal;

/// The parts of an inspection, in the order in which their rows come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Server,
    Version,
    Tables,
    Columns,
    Sequences,
    Constraints,
    Indexes,
    Enums,
    Objects,
    Reads,
    Resources,
    Tasks,
    Trash,
    LastTrash,
    Unfinished,
}

/// Every part of an inspection of `schema` with its statement; our record only where there is one.
pub fn statements(schema: &str, has_catalog: bool) -> Vec<(Part, String)> {
    let name = literal(schema);
    let mut all = definitions(&name);
    all.insert(0, (Part::Server, SERVER.to_owned()));
    if has_catalog {
        let of_target = |sql: &str| sql.replace("$target", &name);
        all.insert(1, (Part::Version, VERSION.to_owned()));
        all.extend([
            (Part::Resources, of_target(RESOURCES)),
            (Part::Tasks, of_target(TASKS)),
            (Part::Trash, of_target(TRASH)),
            (Part::LastTrash, LAST_TRASH.to_owned()),
            (Part::Unfinished, of_target(UNFINISHED)),
        ]);
    }
    all
}

/// The statement that reads the trash of `schema`.
pub fn trash(schema: &str) -> (Part, String) {
    (Part::Trash, TRASH.replace("$target", &literal(schema)))
}

/// The statements that read the tables of this session alone, which nobody else sees.
pub fn temporary() -> Vec<(Part, String)> {
    let space = "pg_catalog.pg_my_temp_schema()";
    let tables = [
        (Part::Tables, TABLES),
        (Part::Columns, COLUMNS),
        (Part::Constraints, CONSTRAINTS),
        (Part::Indexes, INDEXES),
    ];
    let own = |(part, sql): (Part, &str)| (part, sql.replace("$schema", space).replace("$name", "'pg_temp'"));
    tables.into_iter().map(own).collect()
}

/// What reads the objects of a schema; `name` is a literal.
fn definitions(name: &str) -> Vec<(Part, String)> {
    let space = format!("(SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = {name})");
    vec![
        (Part::Tables, TABLES.replace("$schema", &space)),
        (Part::Columns, COLUMNS.replace("$schema", &space)),
        (Part::Sequences, SEQUENCES.replace("$schema", &space)),
        (Part::Constraints, CONSTRAINTS.replace("$schema", &space)),
        (Part::Indexes, INDEXES.replace("$schema", &space).replace("$name", name)),
        (Part::Enums, ENUMS.replace("$schema", &space)),
        (Part::Objects, OBJECTS.replace("$schema", &space)),
        (Part::Reads, READS.replace("$schema", &space)),
    ]
}

/// Version, locks that there is room for.
/// Source: the PostgreSQL manual, "Lock Management", `max_locks_per_transaction`: that many for each process that a
/// server may have, which are `MaxBackends` and the prepared transactions.
const SERVER: &str = "SELECT current_setting('server_version'), current_setting('max_locks_per_transaction')::bigint \
* (current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint \
+ current_setting('autovacuum_max_workers')::bigint + current_setting('max_worker_processes')::bigint \
+ current_setting('max_wal_senders')::bigint + 1)";

/// Oid, name, sort, persistence, is a partition, row security, forced, replica identity, options, parents, comment,
/// partition key.
const TABLES: &str = "\
SELECT c.oid, c.relname, c.relkind, c.relpersistence, c.relispartition, c.relrowsecurity, c.relforcerowsecurity, \
c.relreplident, array_to_string(c.reloptions, ', '), \
(SELECT string_agg(p.inhparent::pg_catalog.regclass::text, ', ') FROM pg_catalog.pg_inherits p \
WHERE p.inhrelid = c.oid), d.description, CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END \
FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_description d \
ON d.objoid = c.oid AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid = 0 \
WHERE c.relnamespace = $schema AND c.relkind IN ('r', 'p', 'f') ORDER BY c.relname COLLATE \"C\"";

/// Table, number, name, type, not null, identity, generated, default, collation, comment, enum of the same schema.
const COLUMNS: &str = "\
SELECT a.attrelid, a.attnum, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, \
a.attidentity, a.attgenerated, pg_catalog.pg_get_expr(e.adbin, e.adrelid), \
CASE WHEN a.attcollation <> t.typcollation THEN (SELECT CASE WHEN n.nspname = 'pg_catalog' \
OR n.oid = $schema THEN '' ELSE '\"' || replace(n.nspname, '\"', '\"\"') || '\".' END \
|| '\"' || replace(l.collname, '\"', '\"\"') || '\"' FROM pg_catalog.pg_collation l \
JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace WHERE l.oid = a.attcollation) END, \
d.description, CASE WHEN t.typtype = 'e' AND t.typnamespace = $schema THEN t.typname END \
FROM pg_catalog.pg_attribute a \
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relnamespace = $schema AND c.relkind IN ('r', 'p') \
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
LEFT JOIN pg_catalog.pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum \
LEFT JOIN pg_catalog.pg_description d ON d.objoid = a.attrelid \
AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid = a.attnum \
WHERE a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum";

/// Table, column, name, type, start, increment, minimum, maximum, cache, cycle, comment.
const SEQUENCES: &str = "\
SELECT p.refobjid, p.refobjsubid, c.relname, pg_catalog.format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, \
s.seqmin, s.seqmax, s.seqcache, s.seqcycle, d.description \
FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid AND c.relnamespace = $schema \
JOIN pg_catalog.pg_depend p ON p.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND p.objid = c.oid \
AND p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND p.deptype IN ('a', 'i') \
LEFT JOIN pg_catalog.pg_description d ON d.objoid = c.oid \
AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid = 0";

/// A column that servers before 15 do not have is looked for outside of the table, where its name means what it would
/// say there.
///
/// Table, name, sort, columns, validated, deferrable, deferred, not inherited, text, far table, its schema is the
/// same, far columns, on delete, on update, match, columns set on delete (from the 15th version on), whether it is
/// enforced (from the 18th).
const CONSTRAINTS: &str = "\
SELECT o.conrelid, o.conname, o.contype, o.conkey::text, o.convalidated, o.condeferrable, o.condeferred, \
o.connoinherit, CASE WHEN o.contype = 'c' THEN pg_catalog.pg_get_expr(o.conbin, o.conrelid) \
WHEN o.contype IN ('p', 'u', 'n', 't') OR (o.contype = 'f' AND f.relnamespace = c.relnamespace) THEN NULL \
ELSE pg_catalog.pg_get_constraintdef(o.oid) END, o.confrelid, f.relname, f.relnamespace = c.relnamespace, \
o.confkey::text, o.confdeltype, o.confupdtype, o.confmatchtype, o.some_only, o.enforced \
FROM (SELECT NULL::text AS confdelsetcols, NULL::text AS conenforced) AS older \
CROSS JOIN LATERAL (SELECT o.*, confdelsetcols::text AS some_only, conenforced::text AS enforced \
FROM pg_catalog.pg_constraint o) AS o \
JOIN pg_catalog.pg_class c ON c.oid = o.conrelid AND c.relnamespace = $schema AND c.relkind IN ('r', 'p') \
LEFT JOIN pg_catalog.pg_class f ON f.oid = o.confrelid AND o.confrelid <> 0 \
WHERE o.contype IN ('p', 'u', 'f', 'c', 'x') AND o.conparentid = 0 ORDER BY o.conname COLLATE \"C\"";

/// Table, name, unique, valid, columns, the constraint it keeps, what it says more than columns. Most indexes are known
/// as plain without a look at each of their columns: 100 is the oid of the default collation, on every server.
const INDEXES: &str = "\
SELECT i.indrelid, x.relname, i.indisunique, i.indisvalid AND i.indisready, i.indkey::text, o.conname, \
CASE WHEN m.amname = 'btree' AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indnatts = i.indnkeyatts \
AND i.indoption::text !~ '[1-9]' AND x.reloptions IS NULL AND NOT i.nulls_are_equal \
AND i.indclass::oid[] <@ (SELECT array_agg(l.oid) FROM pg_catalog.pg_opclass l WHERE l.opcdefault) \
AND (i.indcollation::oid[] <@ '{0, 100}' AND i.indrelid NOT IN \
(SELECT a.attrelid FROM pg_catalog.pg_attribute a WHERE a.attcollation NOT IN (0, 100)) \
OR NOT EXISTS (SELECT FROM unnest(i.indkey::int2[], i.indcollation::oid[]) AS k (att, coll) \
JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.att WHERE a.attcollation <> k.coll)) \
THEN NULL ELSE substr(pg_catalog.pg_get_indexdef(i.indexrelid), length('CREATE ' \
|| CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END || 'INDEX ' || quote_ident(x.relname) || ' ON ' \
|| CASE WHEN c.relkind = 'p' THEN 'ONLY ' ELSE '' END || quote_ident($name) || '.' || quote_ident(c.relname) \
|| ' USING ') + 1) END \
FROM (SELECT false AS indnullsnotdistinct) AS before_15 \
CROSS JOIN LATERAL (SELECT i.*, indnullsnotdistinct AS nulls_are_equal FROM pg_catalog.pg_index i) AS i \
JOIN pg_catalog.pg_class c ON c.oid = i.indrelid AND c.relnamespace = $schema AND c.relkind IN ('r', 'p') \
JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid JOIN pg_catalog.pg_am m ON m.oid = x.relam \
LEFT JOIN pg_catalog.pg_constraint o ON o.conindid = i.indexrelid AND o.conrelid = i.indrelid \
AND o.contype IN ('p', 'u', 'x') ORDER BY x.relname COLLATE \"C\"";

/// Name, option, comment.
const ENUMS: &str = "\
SELECT t.typname, e.enumlabel, d.description FROM pg_catalog.pg_type t \
LEFT JOIN pg_catalog.pg_enum e ON e.enumtypid = t.oid \
LEFT JOIN pg_catalog.pg_description d ON d.objoid = t.oid \
AND d.classoid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objsubid = 0 \
LEFT JOIN pg_catalog.pg_depend x ON x.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND x.objid = t.oid \
AND x.deptype = 'e' \
WHERE t.typnamespace = $schema AND t.typtype = 'e' AND x.objid IS NULL \
ORDER BY t.typname COLLATE \"C\", e.enumsortorder";

/// Kind, name, table, definition: what is no business of ours.
const OBJECTS: &str = "\
SELECT * FROM (\
SELECT CASE c.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END, c.relname, c.relname, \
pg_catalog.pg_get_viewdef(c.oid) FROM pg_catalog.pg_class c \
WHERE c.relnamespace = $schema AND c.relkind IN ('v', 'm') \
UNION ALL SELECT 'trigger', g.tgname, c.relname, pg_catalog.pg_get_triggerdef(g.oid) \
FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid AND c.relnamespace = $schema \
WHERE NOT g.tgisinternal \
UNION ALL SELECT 'policy', p.polname, c.relname, concat_ws(' ', p.polcmd, p.polpermissive, \
(SELECT string_agg(CASE r WHEN 0 THEN 'public' ELSE r::pg_catalog.regrole::text END, ',') \
FROM unnest(p.polroles) AS r), pg_catalog.pg_get_expr(p.polqual, p.polrelid), \
pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)) \
FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid AND c.relnamespace = $schema \
UNION ALL SELECT 'rule', r.rulename, c.relname, pg_catalog.pg_get_ruledef(r.oid) \
FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class AND c.relnamespace = $schema \
WHERE r.rulename <> '_RETURN' \
UNION ALL SELECT 'function', p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')', \
p.proname, md5(concat_ws(' ', p.prosrc, p.prorettype::pg_catalog.regtype::text, p.provolatile, p.prosecdef, \
p.prokind)) \
FROM pg_catalog.pg_proc p LEFT JOIN pg_catalog.pg_depend x \
ON x.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND x.objid = p.oid AND x.deptype IN ('e', 'i') \
WHERE p.pronamespace = $schema AND x.objid IS NULL \
UNION ALL SELECT 'sequence', c.relname, c.relname, concat_ws(' ', pg_catalog.format_type(s.seqtypid, NULL), \
s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle) \
FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid AND c.relnamespace = $schema \
LEFT JOIN pg_catalog.pg_depend p ON p.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND p.objid = c.oid \
AND p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND p.deptype IN ('a', 'i') \
WHERE p.objid IS NULL \
UNION ALL SELECT CASE t.typtype WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range type' ELSE 'composite type' END, \
t.typname, t.typname, CASE t.typtype WHEN 'd' THEN concat_ws(' ', pg_catalog.format_type(t.typbasetype, \
t.typtypmod), t.typnotnull, t.typdefault, (SELECT string_agg(pg_catalog.pg_get_constraintdef(o.oid), ' ' \
ORDER BY o.conname COLLATE \"C\") FROM pg_catalog.pg_constraint o WHERE o.contypid = t.oid)) \
ELSE (SELECT string_agg(a.attname || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod), ', ' \
ORDER BY a.attnum) FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0) END \
FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid \
LEFT JOIN pg_catalog.pg_depend x ON x.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND x.objid = t.oid \
AND x.deptype = 'e' \
WHERE t.typnamespace = $schema AND x.objid IS NULL \
AND (t.typtype IN ('d', 'r') OR (t.typtype = 'c' AND c.relkind = 'c'))\
) AS o (kind, name, rel, definition) ORDER BY kind COLLATE \"C\", name COLLATE \"C\", rel COLLATE \"C\"";

/// Kind, name, table it is on, table or type, column, whether it is on that very table: what holds the tables and types
/// of a schema as they are. What belongs to a table as a whole goes with it and is not named. What a generated column
/// reads is told by its expression, and before the 15th version by the column.
const READS: &str = "\
SELECT DISTINCT o.kind COLLATE \"C\" AS kind, o.name COLLATE \"C\" AS reader, CASE WHEN o.kind IN ('view', \
'materialized view') OR o.kind LIKE 'publication%' THEN NULL WHEN h.relnamespace = $schema THEN h.relname::text \
ELSE h.oid::pg_catalog.regclass::text END COLLATE \"C\" AS place, t.name COLLATE \"C\" AS rel, \
a.attname COLLATE \"C\" AS att, coalesce(o.home = t.rel, false) AS own FROM (\
SELECT 'pg_catalog.pg_rewrite'::pg_catalog.regclass AS class, r.oid AS id, 0 AS sub, r.ev_class AS home, \
CASE v.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'rule' END AS kind, \
CASE WHEN v.relkind NOT IN ('v', 'm') THEN r.rulename::text WHEN v.relnamespace = $schema THEN v.relname::text \
ELSE v.oid::pg_catalog.regclass::text END AS name \
FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class v ON v.oid = r.ev_class WHERE r.oid >= 16384 \
UNION ALL SELECT 'pg_catalog.pg_policy'::pg_catalog.regclass, p.oid, 0, p.polrelid, 'policy', p.polname \
FROM pg_catalog.pg_policy p \
UNION ALL SELECT 'pg_catalog.pg_trigger'::pg_catalog.regclass, g.oid, 0, g.tgrelid, 'trigger', g.tgname \
FROM pg_catalog.pg_trigger g WHERE NOT g.tgisinternal \
UNION ALL SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass, f.oid, 0, NULL, 'function', \
f.oid::pg_catalog.regprocedure::text FROM pg_catalog.pg_proc f WHERE f.oid >= 16384 \
UNION ALL SELECT 'pg_catalog.pg_attrdef'::pg_catalog.regclass, e.oid, g.attnum, e.adrelid, 'generated column', \
g.attname FROM pg_catalog.pg_attrdef e JOIN pg_catalog.pg_attribute g \
ON g.attrelid = e.adrelid AND g.attnum = e.adnum AND g.attgenerated <> '' \
UNION ALL SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, e.adrelid, g.attnum, e.adrelid, 'generated column', \
g.attname FROM pg_catalog.pg_attrdef e JOIN pg_catalog.pg_attribute g \
ON g.attrelid = e.adrelid AND g.attnum = e.adnum AND g.attgenerated <> '' \
UNION ALL SELECT 'pg_catalog.pg_publication_rel'::pg_catalog.regclass, l.oid, 0, l.prrelid, \
CASE WHEN to_jsonb(l) ->> 'prqual' IS NULL THEN 'publication' ELSE 'publication by rows' END, b.pubname \
FROM pg_catalog.pg_publication_rel l JOIN pg_catalog.pg_publication b ON b.oid = l.prpubid \
UNION ALL SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, 0, k.conrelid, 'foreign key', k.conname \
FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class x ON x.oid = k.conrelid AND x.relnamespace <> $schema \
WHERE k.contype = 'f' AND k.conparentid = 0\
) AS o CROSS JOIN LATERAL (SELECT y.refclassid, y.refobjid, y.refobjsubid FROM pg_catalog.pg_depend y \
WHERE y.classid = o.class AND y.objid = o.id AND (o.class <> 'pg_catalog.pg_class'::pg_catalog.regclass OR \
(y.objsubid = o.sub AND y.refclassid = o.class)) OFFSET 0) AS d \
JOIN (SELECT 'pg_catalog.pg_class'::pg_catalog.regclass AS class, c.oid AS id, c.oid AS rel, c.relname AS name \
FROM pg_catalog.pg_class c WHERE c.relnamespace = $schema AND c.relkind IN ('r', 'p') \
UNION ALL SELECT 'pg_catalog.pg_type'::pg_catalog.regclass, y.oid, y.typrelid, y.typname \
FROM pg_catalog.pg_type y LEFT JOIN pg_catalog.pg_class c ON c.oid = y.typrelid \
WHERE y.typnamespace = $schema AND (y.typtype = 'e' OR c.relkind IN ('r', 'p'))) AS t \
ON t.class = d.refclassid AND t.id = d.refobjid \
LEFT JOIN pg_catalog.pg_attribute a ON d.refobjsubid > 0 AND a.attrelid = t.rel AND a.attnum = d.refobjsubid \
LEFT JOIN pg_catalog.pg_class h ON h.oid = o.home \
WHERE NOT (coalesce(o.home = t.rel, false) AND (d.refobjsubid = 0 OR d.refobjsubid = o.sub)) \
ORDER BY 1, 2, 3, 4, 5";

const VERSION: &str = "SELECT value FROM reconcile.meta WHERE key = 'catalog'";

/// Mostly we declare all that there is, and then it need not be sent twice.
const RESOURCES: &str = "SELECT address, state, CASE WHEN declared::text = state::text THEN '' ELSE declared::text END, \
revision, spelled FROM reconcile.resource WHERE target = $target";

const TASKS: &str = "SELECT address, name, place, task, ran FROM reconcile.task WHERE target = $target";

const TRASH: &str =
    "SELECT entry, kept, until, moved FROM reconcile.trash WHERE target = $target ORDER BY number";

const UNFINISHED: &str = "SELECT title FROM reconcile.progress WHERE target = $target ORDER BY step";

/// Numbers are given once in a whole database.
const LAST_TRASH: &str = "SELECT value FROM reconcile.meta WHERE key = 'trash'";
