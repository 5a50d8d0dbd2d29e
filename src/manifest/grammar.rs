//! What a manifest may hold: every key of every kind, as data. The checker and the JSON Schemas both read it.
//! Never says what a value means: the decoders do.

/// A mapping with known keys.
#[derive(Debug)]
pub struct Object {
    /// What it is, for messages: `an entity`.
    pub title: &'static str,
    pub doc: &'static str,
    pub keys: &'static [Key],
}

/// One key of an object.
#[derive(Debug)]
pub struct Key {
    pub name: &'static str,
    pub shape: Shape,
    pub required: bool,
    pub doc: &'static str,
}

/// What may stand under a key.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Any text.
    Text,
    /// A text that names something.
    Name,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A text, or a mapping of languages to texts.
    Translated,
    Bool,
    /// A whole number in this range, both ends included.
    Count(u32, u32),
    /// A list of names, at least one.
    Names,
    /// A list of names, perhaps empty.
    NamesOrNone,
    /// A list of texts, perhaps empty.
    Texts,
    /// A list of these words.
    Words(&'static [&'static str]),
    /// A mapping of texts to texts.
    Labels,
    /// SQL: one text, or one for each kind of target.
    Sql,
    /// A text, number or boolean; or `{ sql: … }`.
    Value,
    /// `#rrggbb`.
    Color,
    /// A list of public keys in their one-line form, at least one.
    PublicKeys,
    /// One provider, with its one setting or its settings.
    Target,
    /// A mapping of addresses or globs to setup actions.
    ActionMap,
    /// A mapping of names to texts, numbers and booleans.
    Values,
    /// Any mapping: a part of something that has a grammar of its own.
    Part,
    Object(&'static Object),
    /// A list of objects.
    List(&'static Object),
    /// Names to objects, in an order that is kept.
    Map(&'static Object),
}

const fn must(name: &'static str, shape: Shape, doc: &'static str) -> Key {
    Key { name, shape, required: true, doc }
}

const fn may(name: &'static str, shape: Shape, doc: &'static str) -> Key {
    Key { name, shape, required: false, doc }
}

pub const API_VERSION: &str = "reconcile/v1";

const ACTIONS: &[&str] = &["merge", "overwrite", "create", "update", "existing", "skip", "select"];
const ON_EVENT: &[&str] = &["no-action", "restrict", "cascade", "set-null", "set-default"];
pub const FIELD_TYPES: &[&str] = &[
    "text",
    "integer",
    "bigint",
    "decimal",
    "money",
    "float",
    "boolean",
    "date",
    "time",
    "datetime",
    "uuid",
    "json",
    "binary",
    "picklist",
    "lookup",
    "autonumber",
];
pub const TEXT_FORMATS: &[&str] = &["email", "phone", "url", "multiline", "markdown", "html", "timezone"];

/// A setting that only some field types take.
#[derive(Debug)]
pub struct Parameter {
    pub name: &'static str,
    pub types: &'static [&'static str],
    /// Whether these types must have it.
    pub required: bool,
}

/// Which types take which parameters. `format` and the lookup's `entity`/`entities` have rules of their own besides.
pub const PARAMETERS: &[Parameter] = &[
    Parameter { name: "maxLength", types: &["text", "binary"], required: false },
    Parameter { name: "format", types: &["text", "autonumber"], required: false },
    Parameter { name: "precision", types: &["decimal"], required: true },
    Parameter { name: "scale", types: &["decimal"], required: true },
    Parameter { name: "picklist", types: &["picklist"], required: true },
    Parameter { name: "entity", types: &["lookup"], required: false },
    Parameter { name: "entities", types: &["lookup"], required: false },
    Parameter { name: "onDelete", types: &["lookup"], required: false },
];

pub const METADATA: Object = Object {
    title: "metadata",
    doc: "Which resource this is.",
    keys: &[
        must("name", Shape::Name, "The name in the target, kept exactly as written."),
        may("labels", Shape::Labels, "Words for people and for selecting, as `key: value`."),
        may(
            "renamedFrom",
            Shape::Name,
            "The name this resource had before; its rows go on under the new one.",
        ),
        may(
            "waivers",
            Shape::List(&WAIVER),
            "Findings of this resource that pass for a time, each with the reason.",
        ),
    ],
};

pub const ENVIRONMENT_METADATA: Object = Object {
    title: "an environment's metadata",
    doc: "Which environment this is.",
    keys: &[
        must("name", Shape::Name, "The name that `-e` takes."),
        may("labels", Shape::Labels, "Words for people and for selecting, as `key: value`."),
    ],
};

pub const WAIVER: Object = Object {
    title: "a waiver",
    doc: "Lets a finding of this resource pass until a day. It never covers what cannot work.",
    keys: &[
        must("code", Shape::Text, "The finding: `RK203`."),
        may("path", Shape::Text, "Where in the resource, as `--allow` writes it: `fax`; default: all of it."),
        must("reason", Shape::Text, "Why, for everybody who reads the plan."),
        must("expires", Shape::Text, "The last day on which it counts: `2027-01-31`."),
        may("environments", Shape::Texts, "In which environments, as globs; default: all."),
    ],
};

pub const SETUP: Object = Object {
    title: "`setup`",
    doc: "How this resource is set up in a target.",
    keys: &[
        may(
            "action",
            Shape::Word(ACTIONS),
            "What happens where the resource exists already, and where it does not.",
        ),
        may("allowed", Shape::Words(ACTIONS), "What an importer may choose instead."),
        may("as", Shape::Name, "The free name that `create` gives the new resource."),
        may("target", Shape::Name, "The name in the target that `existing` or `update` binds."),
        may("tasks", Shape::Map(&TASK), "Work that no state can express, in the order in which it runs."),
    ],
};

pub const TASK: Object = Object {
    title: "a task",
    doc: "SQL that runs beside the resource's own change, once, or until nothing is left to do.",
    keys: &[
        may("description", Shape::Text, "What it is for."),
        must(
            "when",
            Shape::Word(&["before", "after"]),
            "Right before the resource's own change; or after all changes, and before anything is deleted.",
        ),
        must("sql", Shape::Sql, "One statement or several; or `{ sqlite: …, postgres: … }`."),
        may("unless", Shape::Sql, "A query that returns a row when nothing is left to do."),
    ],
};

pub const ENTITY: Object = Object {
    title: "an entity's `spec`",
    doc: "A table of rows with typed fields, keys, indexes, checks and relationships.",
    keys: &[
        may("displayName", Shape::Translated, "The name that people read."),
        may("description", Shape::Translated, "What a row of this entity is."),
        may("standard", Shape::Bool, "An out-of-box definition that the environment's vendor owns."),
        may(
            "extends",
            Shape::Word(&["standard"]),
            "This document lists customizations of a standard entity only.",
        ),
        may(
            "primaryKey",
            Shape::NamesOrNone,
            "The fields of the primary key; without it, a generated uuid `id`. An empty list: no primary key.",
        ),
        may("fields", Shape::Map(&FIELD), "The fields, in the order that people see."),
        may("keys", Shape::Map(&KEY), "Alternate keys: their fields together are unique."),
        may("indexes", Shape::Map(&INDEX), "Indexes that make reading by these fields fast."),
        may("checks", Shape::Map(&CHECK), "SQL expressions that every row must satisfy."),
        may("relationships", Shape::Map(&RELATIONSHIP), "Foreign keys that are no single-field lookup."),
        may(
            "native",
            Shape::Text,
            "The table's options in the target's own words, where others made it: `none`, `WITHOUT ROWID`.",
        ),
    ],
};

pub const FIELD: Object = Object {
    title: "a field",
    doc: "One field: its type with the type's parameters, and its rules.",
    keys: &[
        must("type", Shape::Word(FIELD_TYPES), "What values the field takes."),
        may(
            "maxLength",
            Shape::Count(1, 1_000_000_000),
            "The most characters of a text, or bytes of a binary.",
        ),
        may("format", Shape::Text, "What a text holds, or how an autonumber is written: `ORD-{seq:5}`."),
        may("precision", Shape::Count(1, 38), "How many digits a decimal has."),
        may("scale", Shape::Count(0, 38), "How many of them stand after the point."),
        may("picklist", Shape::Name, "The picklist whose options the field takes."),
        may("entity", Shape::Name, "The entity that a lookup points to."),
        may("entities", Shape::Names, "The entities that a polymorphic lookup may point to."),
        may(
            "onDelete",
            Shape::Word(ON_EVENT),
            "What happens to the row when the one it points to is deleted.",
        ),
        may("required", Shape::Bool, "Every row has a value."),
        may(
            "default",
            Shape::Value,
            "The value when none is given; `now` for times, `generated` for a uuid, or `{ sql: … }`.",
        ),
        may("unique", Shape::Bool, "No two rows have the same value."),
        may("check", Shape::Text, "An SQL expression that every row must satisfy."),
        may("displayName", Shape::Translated, "The name that people read."),
        may("description", Shape::Translated, "What the field holds."),
        may(
            "native",
            Shape::Text,
            "The column's type in the target's own words, where others made it: `NVARCHAR(160) COLLATE NOCASE`.",
        ),
        may(
            "renamedFrom",
            Shape::Name,
            "The name this field had before; its values go on under the new one.",
        ),
        may(
            "backfill",
            Shape::Value,
            "The value that existing rows without one get when the field becomes required.",
        ),
    ],
};

pub const KEY: Object = Object {
    title: "an alternate key",
    doc: "Fields that together are unique.",
    keys: &[
        may("fields", Shape::Names, "The fields, in order."),
        may(
            "sql",
            Shape::Text,
            "What is unique in the target's own words, where fields do not say it: `btree (lower(email))`.",
        ),
        may(
            "native",
            Shape::Text,
            "What keeps it in the target, where others made it: `index NAME`, `constraint NAME` or `constraint`.",
        ),
        may("renamedFrom", Shape::Name, "The name this key had before."),
    ],
};

pub const INDEX: Object = Object {
    title: "an index",
    doc: "Makes reading by these fields fast.",
    keys: &[
        may("fields", Shape::Names, "The fields, in order."),
        may(
            "sql",
            Shape::Text,
            "What is indexed in the target's own words, where fields do not say it: `gin (tags)`.",
        ),
        may("native", Shape::Text, "Its own name in the target, where others made it: `index NAME`."),
        may("renamedFrom", Shape::Name, "The name this index had before."),
    ],
};

pub const CHECK: Object = Object {
    title: "a check",
    doc: "An SQL expression over the fields of one row.",
    keys: &[
        must("sql", Shape::Text, "The expression, which is never false for a row."),
        may("native", Shape::Text, "What the target says of it besides: `NOT VALID`."),
    ],
};

pub const RELATIONSHIP: Object = Object {
    title: "a relationship",
    doc: "A foreign key of one or more fields.",
    keys: &[
        must("fields", Shape::Names, "The fields of this entity, in order."),
        must("references", Shape::Object(&REFERENCES), "What they point to."),
        may(
            "onDelete",
            Shape::Word(ON_EVENT),
            "What happens to the row when the one it points to is deleted.",
        ),
        may("onUpdate", Shape::Word(ON_EVENT), "What happens to the row when the key it points to changes."),
        may(
            "native",
            Shape::Text,
            "What the target says of it besides: `DEFERRABLE INITIALLY DEFERRED`, `NOT VALID`.",
        ),
    ],
};

pub const REFERENCES: Object = Object {
    title: "`references`",
    doc: "The far end of a relationship.",
    keys: &[
        must("entity", Shape::Name, "The entity pointed to."),
        must("fields", Shape::Names, "Its fields, in order: its primary key or an alternate key."),
    ],
};

pub const PICKLIST: Object = Object {
    title: "a picklist's `spec`",
    doc: "A closed list of options that fields choose from.",
    keys: &[
        may("displayName", Shape::Translated, "The name that people read."),
        may("description", Shape::Translated, "What the options say."),
        must("options", Shape::Map(&OPTION), "The options, in the order that people see."),
        may(
            "storage",
            Shape::Word(&["table", "enum"]),
            "How a target keeps it: as a table of options (default), or as an enumerated type of its own.",
        ),
    ],
};

pub const OPTION: Object = Object {
    title: "an option",
    doc: "One option of a picklist; its name is the value that rows hold.",
    keys: &[
        may("label", Shape::Translated, "The text that people read; without it, the option's name."),
        may("description", Shape::Translated, "What the option means."),
        may("color", Shape::Color, "A colour as `#rrggbb`."),
        may("retired", Shape::Bool, "Kept for old rows, not for new ones."),
        may("renamedFrom", Shape::Name, "The name this option had before; rows that hold it follow."),
    ],
};

pub const ENVIRONMENT: Object = Object {
    title: "an environment's `spec`",
    doc: "A named target with its own policy.",
    keys: &[
        must("target", Shape::Target, "Where: `{ sqlite: FILE }` or `{ postgres: { url, schema } }`."),
        may("include", Shape::Texts, "Which resources, as globs over addresses; default: all."),
        may("setup", Shape::Object(&ENVIRONMENT_SETUP), "Setup actions for this environment."),
        may("prune", Shape::Bool, "Delete owned resources that are not declared any more; default: false."),
        may("autoApply", Shape::Bool, "Watch mode may apply here; default: false."),
        may(
            "selfHeal",
            Shape::Bool,
            "Watch mode brings back what has moved in the target under autoApply; default: false, which reports it.",
        ),
        may(
            "ref",
            Shape::Text,
            "The branch that watch mode follows here, as `main` or `origin/main`; default: the one that is checked out.",
        ),
        may(
            "allow",
            Shape::Texts,
            "Findings accepted in advance, as CODE, CODE:ADDRESS or CODE:ADDRESS/path.",
        ),
        may(
            "maxDestroy",
            Shape::Count(0, 1_000_000),
            "Refuse a plan that destroys more resources and members; default: 0 under autoApply, else no limit.",
        ),
        may(
            "trash",
            Shape::Count(0, 3650),
            "How many days rows and values that a plan destroys or changes are kept for `rollback`; default: 7, and 0 keeps nothing.",
        ),
        may(
            "strategy",
            Shape::Word(&["online", "plain"]),
            "How tables are changed that are read and written meanwhile: `online` in steps that do not block, `plain` all at once; default: online for large tables only.",
        ),
        may(
            "requireSignedBy",
            Shape::PublicKeys,
            "Write only what a package brings that one of these public keys signed; default: anything.",
        ),
        may(
            "values",
            Shape::Values,
            "What `${value:NAME}` stands for in the resources of this environment: text, number, true or false.",
        ),
        may(
            "windows",
            Shape::List(&WINDOW),
            "When this environment may be applied to, and when not; default: always.",
        ),
        may("patches", Shape::List(&PATCH), "What single resources are otherwise in this environment."),
    ],
};

pub const WINDOW: Object = Object {
    title: "a window",
    doc: "A time that comes round. An open `deny` window wins; where there is any `allow` window, one must be open.",
    keys: &[
        must(
            "kind",
            Shape::Word(&["allow", "deny"]),
            "Whether it lets applies through while it is open, or none.",
        ),
        must("schedule", Shape::Text, "When it opens, in the five fields of cron: `0 22 * * 1-5`."),
        must("duration", Shape::Text, "How long it stays open: `8h`, `1h30m`, `2d`."),
        may(
            "timeZone",
            Shape::Text,
            "Whose clock the schedule is read from: `Europe/Berlin`; default: `UTC`.",
        ),
        may(
            "manual",
            Shape::Bool,
            "A person may apply although this window is in the way, a watcher may not; default: false.",
        ),
        may(
            "overrun",
            Shape::Bool,
            "An apply that is under way may go on when this window gets into its way; default: false.",
        ),
    ],
};

pub const PATCH: Object = Object {
    title: "a patch",
    doc: "A part of a resource's `spec` that is laid over the whole in this environment.",
    keys: &[
        must("address", Shape::Text, "The resource, as `kind/name`: `entity/order`."),
        must(
            "spec",
            Shape::Part,
            "What is otherwise: mappings are merged, `null` removes, everything else replaces.",
        ),
    ],
};

pub const ENVIRONMENT_SETUP: Object = Object {
    title: "an environment's `setup`",
    doc: "Which setup action a resource has in this environment.",
    keys: &[
        may(
            "default",
            Shape::Word(ACTIONS),
            "For resources whose manifest names none, where their kind has it.",
        ),
        may("resources", Shape::ActionMap, "By address or glob; goes before the manifest's own."),
    ],
};

/// Every kind of manifest: its word, its `spec`, and whether it is a resource (with a `setup` of its own).
pub const KINDS: &[(&str, &Object, bool)] =
    &[("Environment", &ENVIRONMENT, false), ("Entity", &ENTITY, true), ("Picklist", &PICKLIST, true)];

/// What an importer decides for the resources of a package. It is no manifest: no environment holds it.
pub const BINDINGS: Object = Object {
    title: "a file of bindings",
    doc: "What an importer decides for the resources of a package: setup actions, and names in the target.",
    keys: &[
        must("apiVersion", Shape::Word(&[API_VERSION]), "The version of the file's form."),
        must("kind", Shape::Word(&[BINDINGS_KIND]), "What the file holds."),
        must("resources", Shape::Map(&BINDING), "The decisions, by the address in the package."),
    ],
};

pub const BINDINGS_KIND: &str = "Bindings";

pub const BINDING: Object = Object {
    title: "a binding",
    doc: "What is decided for one resource of a package, or for one that it needs.",
    keys: &[
        may("action", Shape::Word(ACTIONS), "The setup action, where the package allows it."),
        may("as", Shape::Name, "The free name that `create` gives the new resource."),
        may("target", Shape::Name, "The name in the target that `existing` or `update` binds."),
        may("tasks", Shape::Bool, "Whether its tasks run; default: true."),
    ],
};

/// `reconcile.yaml` at the root.
pub const CONFIG: Object = Object {
    title: "`reconcile.yaml`",
    doc: "The settings of a repository.",
    keys: &[
        may("folders", Shape::Names, "The folders to read manifests from, from the root; default: all."),
        may("notify", Shape::List(&SINK), "Who is told of what a watcher does and finds; default: nobody."),
        may(
            "host",
            Shape::Object(&HOST),
            "Where the repository's host is, for the status of commits; default: told by the url of `origin`.",
        ),
        may(
            "policy",
            Shape::Object(&POLICY),
            "How weighty findings are, how things are named, what they must say, and rules of the repository's own.",
        ),
    ],
};

const SEVERITIES: &[&str] = &["notice", "consent", "refuse"];
const GRAVITIES: &[&str] = &["error", "warning"];
const SECTIONS: &[&str] = &["fields", "keys", "indexes", "checks", "relationships", "options"];

pub const POLICY: Object = Object {
    title: "`policy`",
    doc: "What is asked of every change and every manifest.",
    keys: &[
        may("severities", Shape::List(&SEVERITY), "How weighty the findings of single codes are."),
        may("naming", Shape::List(&NAMING), "What names look like."),
        may("required", Shape::List(&REQUIRED), "What resources and members must say of themselves."),
        may("rules", Shape::List(&RULE), "Rules of the repository's own, as CEL expressions."),
    ],
};

pub const SEVERITY: Object = Object {
    title: "an entry of `severities`",
    doc: "How weighty the findings of one code are; of several entries the last that fits counts. What cannot work stays refused.",
    keys: &[
        must("code", Shape::Text, "The finding: `RK203`."),
        may(
            "severity",
            Shape::Word(SEVERITIES),
            "`notice`: shown; `consent`: to be allowed by name; `refuse`: never applied. Default: as it is.",
        ),
        may("environments", Shape::Texts, "In which environments, as globs; default: all."),
        may("waivable", Shape::Bool, "A waiver beside a resource may let it pass; default: true."),
    ],
};

pub const NAMING: Object = Object {
    title: "an entry of `naming`",
    doc: "What the names of resources or of their members look like: a `style`, or a `pattern`.",
    keys: &[
        may(
            "resources",
            Shape::Texts,
            "Of which resources, as globs over addresses: `entity/*`; default: all.",
        ),
        may(
            "member",
            Shape::Word(SECTIONS),
            "Of these members of theirs; default: of the resources themselves.",
        ),
        may(
            "style",
            Shape::Word(&["kebab", "snake", "camel", "pascal", "constant"]),
            "`order-line`, `order_line`, `orderLine`, `OrderLine` or `ORDER_LINE`.",
        ),
        may("pattern", Shape::Text, "A regular expression that all of the name fits."),
        may("message", Shape::Text, "What to say of a name that does not fit."),
        may(
            "severity",
            Shape::Word(GRAVITIES),
            "`error`: nothing is planned; `warning`: `lint` shows it. Default: error.",
        ),
    ],
};

pub const REQUIRED: Object = Object {
    title: "an entry of `required`",
    doc: "What resources or their members must say of themselves.",
    keys: &[
        may("resources", Shape::Texts, "Which resources, as globs over addresses: `entity/*`; default: all."),
        may(
            "member",
            Shape::Word(&["fields", "options"]),
            "These members of theirs; default: the resources themselves.",
        ),
        may("labels", Shape::Names, "These labels, with any text."),
        may("description", Shape::Bool, "A description."),
        may("displayName", Shape::Bool, "A display name; of an option, a label."),
        may(
            "severity",
            Shape::Word(GRAVITIES),
            "`error`: nothing is planned; `warning`: `lint` shows it. Default: error.",
        ),
    ],
};

pub const RULE: Object = Object {
    title: "a rule",
    doc: "An expression over `change`, `finding` or `resource`, and `environment`; where it is true, the rule speaks.",
    keys: &[
        must(
            "name",
            Shape::Name,
            "Tells it from the others, and allows it: `--allow RK801:ADDRESS/rules/NAME`.",
        ),
        must("when", Shape::Text, "In CEL: `change.action == \"delete\" && change.rows > 0`."),
        must("message", Shape::Text, "What it says."),
        must(
            "severity",
            Shape::Word(SEVERITIES),
            "`notice`: shown; `consent`: to be allowed by name; `refuse`: never applied. Of a rule over `resource` alone: `notice` is a warning, `refuse` an error.",
        ),
        may("environments", Shape::Texts, "In which environments, as globs; default: all."),
        may("waivable", Shape::Bool, "A waiver beside a resource may let it pass; default: true."),
    ],
};

pub const EVENTS: &[&str] = &["applied", "failed", "pending", "drift", "held", "suspended", "fighting"];

pub const SINK: Object = Object {
    title: "an entry of `notify`",
    doc: "One who is told: by `webhook`, `slack` or `command`.",
    keys: &[
        may("name", Shape::Name, "Tells it from the others; default: told by what it is."),
        may("webhook", Shape::Object(&WEBHOOK), "A POST of the notice as JSON."),
        may(
            "slack",
            Shape::Object(&SLACK),
            "A message, as Slack's incoming webhooks and their like take it.",
        ),
        may(
            "command",
            Shape::Names,
            "A program with its arguments, which reads the notice as JSON; only under `watch --allow-commands`.",
        ),
        may("events", Shape::Words(EVENTS), "What it wants to know; default: everything."),
        may("environments", Shape::Texts, "Of which environments, as globs; default: all."),
    ],
};

pub const WEBHOOK: Object = Object {
    title: "`webhook`",
    doc: "Where a notice is sent, and how the receiver knows who sends it.",
    keys: &[
        must("url", Shape::Text, "Where to; `${env:NAME}` is filled in from the process."),
        may("headers", Shape::Labels, "Further headers; `${env:NAME}` is filled in from the process."),
        may(
            "secret",
            Shape::Text,
            "What the body is signed with, as `${env:NAME}`: `X-Reconcile-Signature: sha256=…`.",
        ),
    ],
};

pub const SLACK: Object = Object {
    title: "`slack`",
    doc: "An incoming webhook of Slack, or of what takes the same messages.",
    keys: &[must("url", Shape::Text, "Its url, which is a secret: `${env:NAME}`.")],
};

pub const HOST: Object = Object {
    title: "`host`",
    doc: "Where the repository's host is.",
    keys: &[
        may(
            "kind",
            Shape::Word(&["github", "gitlab", "gitea", "forgejo", "bitbucket"]),
            "Which API it has; default: told by its name.",
        ),
        may("api", Shape::Text, "Where its API is: `https://git.example.com/api/v3`."),
        may("repository", Shape::Text, "`owner/name` there; default: told by the url of `origin`."),
    ],
};
