//! A formula in CEL, the Common Expression Language: true or false of some JSON values.
//! Never runs away: what may be written is bounded, and so is what it may be asked of.

use std::collections::BTreeSet;

use cel::common::ast::{EntryExpr, Expr, IdedExpr, operators};
use cel::parser::Parser;
use cel::{Context, Program, Value as CelValue};
use serde_json::Value;

/// The most characters of a formula.
const MOST_CHARACTERS: usize = 1_000;
/// How deep what it is made of may be nested.
const MOST_DEPTH: usize = 48;
/// How many of `all`, `exists`, `exists_one`, `map` and `filter` it may hold, and how many one in another.
const MOST_LOOPS: usize = 4;
const MOST_LOOPS_IN_LOOPS: usize = 2;
/// How many `+` it may hold: texts and lists must not double again and again.
const MOST_PLUSES: usize = 8;
/// How many turns its loops may take together, on the values that it is asked of.
const MOST_TURNS: usize = 1_000_000;
/// The same where every turn may read a regular expression.
const MOST_SLOW_TURNS: usize = 20_000;

/// The parser takes much of the stack for every level of nesting.
const STACK_BYTES: usize = 256 << 20;

/// A formula that may be asked.
#[derive(Debug)]
pub struct Formula {
    program: Program,
    names: BTreeSet<String>,
    loops_in_loops: usize,
    matches: bool,
}

/// Why a text is no formula.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoFormula {
    #[error("{message}, at character {column}")]
    Syntax { message: String, column: usize },
    #[error("`{name}` is nothing that it can speak of")]
    Unknown { name: String, known: Vec<String> },
    #[error("it is too large: {0}")]
    TooLarge(String),
}

/// Why a formula has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    #[error("{0}")]
    Failed(String),
    #[error("it gives {0}, and not true or false")]
    NotBool(&'static str),
    #[error("it would go through more than can be gone through here")]
    TooMuch,
}

impl Formula {
    /// Reads a formula that may speak of the values with these names.
    pub fn read(text: &str, known: &[&str]) -> Result<Formula, NoFormula> {
        if text.chars().count() > MOST_CHARACTERS {
            return Err(NoFormula::TooLarge(format!("it may have {MOST_CHARACTERS} characters")));
        }
        let program = parse(text)?;
        let mut seen = Seen::default();
        seen.look(program.expression(), 1, 0);
        seen.bounded()?;
        let names: BTreeSet<String> = program
            .references()
            .variables()
            .into_iter()
            .filter(|name| !seen.own.contains(*name) && !TYPES.contains(name))
            .map(str::to_owned)
            .collect();
        if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
            let known = known.iter().map(|name| (*name).to_owned()).collect();
            return Err(NoFormula::Unknown { name: name.clone(), known });
        }
        if let Some(name) = seen.functions.iter().find(|name| !is_function(name)) {
            let known = FUNCTIONS.iter().map(|name| (*name).to_owned()).collect();
            return Err(NoFormula::Unknown { name: format!("{name}()"), known });
        }
        let matches = seen.functions.contains("matches");
        Ok(Formula { program, names, loops_in_loops: seen.loops_in_loops, matches })
    }

    /// Tells whether it speaks of the value with this name.
    pub fn mentions(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Asks it of values by their names.
    pub fn holds(&self, values: &[(&str, &Value)]) -> Result<bool, NoAnswer> {
        let asked = || values.iter().filter(|(name, _)| self.mentions(name));
        let longest = asked().map(|(_, value)| longest(value)).max().unwrap_or_default().max(100);
        let turns = u32::try_from(self.loops_in_loops).ok().and_then(|n| longest.checked_pow(n));
        let most = if self.matches { MOST_SLOW_TURNS } else { MOST_TURNS };
        if turns.is_none_or(|turns| turns > most) {
            return Err(NoAnswer::TooMuch);
        }
        let mut context = Context::default();
        for (name, value) in asked() {
            context.add_variable_from_value(*name, spoken(value));
        }
        match self.program.execute(&context) {
            Ok(CelValue::Bool(answer)) => Ok(answer),
            Ok(other) => Err(NoAnswer::NotBool(word(&other))),
            Err(error) => Err(NoAnswer::Failed(first_line(&error.to_string()))),
        }
    }
}

/// The names of types, which CEL takes for values.
const TYPES: &[&str] =
    &["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"];

const FUNCTIONS: &[&str] = &[
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "int",
    "uint",
    "double",
    "string",
    "bool",
    "type",
    "dyn",
];

/// Operators are calls too, with names that no text can spell.
fn is_function(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_alphabetic()) || FUNCTIONS.contains(&name)
}

fn parse(text: &str) -> Result<Program, NoFormula> {
    let parsed = std::thread::scope(|scope| {
        let read = || {
            let depth = u16::try_from(MOST_DEPTH).unwrap_or(u16::MAX);
            // The parser's own bound is what keeps it from its stack's end; the program is made by the library.
            Parser::new().max_recursion_depth(depth).parse(text).and_then(|_| Program::compile(text))
        };
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, read);
        thread.map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    match parsed {
        Ok(Ok(program)) => Ok(program),
        Ok(Err(errors)) => Err(match errors.errors.into_iter().next() {
            Some(first) => NoFormula::Syntax {
                message: told(&first.msg),
                column: usize::try_from(first.pos.1).unwrap_or_default().max(1),
            },
            None => NoFormula::Syntax { message: "it cannot be read".to_owned(), column: 1 },
        }),
        Err(error) => Err(NoFormula::TooLarge(format!("there is no room to read it: {error}"))),
    }
}

/// What a formula is made of.
#[derive(Default)]
struct Seen {
    depth: usize,
    loops: usize,
    loops_in_loops: usize,
    pluses: usize,
    functions: BTreeSet<String>,
    /// The names that its loops make.
    own: BTreeSet<String>,
}

impl Seen {
    fn look(&mut self, node: &IdedExpr, depth: usize, in_loops: usize) {
        self.depth = self.depth.max(depth);
        // What is deeper is refused, and need not be looked at.
        if depth > MOST_DEPTH * 2 {
            return;
        }
        let mut each = |node: &IdedExpr, in_loops: usize| self.look(node, depth + 1, in_loops);
        match &node.expr {
            Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
            Expr::Call(call) => {
                call.target.iter().for_each(|target| each(target, in_loops));
                call.args.iter().for_each(|one| each(one, in_loops));
                if call.func_name == operators::ADD {
                    self.pluses += 1;
                }
                self.functions.insert(call.func_name.clone());
            }
            Expr::Comprehension(one) => {
                each(&one.iter_range, in_loops);
                each(&one.accu_init, in_loops);
                each(&one.result, in_loops);
                each(&one.loop_cond, in_loops + 1);
                each(&one.loop_step, in_loops + 1);
                self.loops += 1;
                self.loops_in_loops = self.loops_in_loops.max(in_loops + 1);
                self.own.extend([one.iter_var.clone(), one.accu_var.clone()]);
                self.own.extend(one.iter_var2.clone());
            }
            Expr::List(list) => list.elements.iter().for_each(|one| each(one, in_loops)),
            Expr::Map(map) => {
                for entry in &map.entries {
                    match &entry.expr {
                        EntryExpr::StructField(field) => each(&field.value, in_loops),
                        EntryExpr::MapEntry(entry) => {
                            each(&entry.key, in_loops);
                            each(&entry.value, in_loops);
                        }
                    }
                }
            }
            Expr::Select(select) => each(&select.operand, in_loops),
            Expr::Struct(made) => {
                self.functions.insert(made.type_name.clone());
            }
        }
    }

    fn bounded(&self) -> Result<(), NoFormula> {
        let too_large = |what: String| Err(NoFormula::TooLarge(what));
        if self.depth > MOST_DEPTH {
            return too_large(format!("it may be nested {MOST_DEPTH} deep"));
        }
        if self.loops > MOST_LOOPS || self.loops_in_loops > MOST_LOOPS_IN_LOOPS {
            return too_large(format!(
                "it may go through {MOST_LOOPS} lists, {MOST_LOOPS_IN_LOOPS} of them one in another"
            ));
        }
        // Each `map` and `filter` has one of its own.
        if self.pluses > MOST_PLUSES + self.loops {
            return too_large(format!("it may hold {MOST_PLUSES} `+`"));
        }
        Ok(())
    }
}

/// How long the longest list or mapping in a value is.
fn longest(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
        Value::Array(list) => list.iter().map(longest).max().unwrap_or_default().max(list.len()),
        Value::Object(map) => map.values().map(longest).max().unwrap_or_default().max(map.len()),
    }
}

/// A value in the words of formulas.
fn spoken(value: &Value) -> CelValue {
    match value {
        Value::Null => CelValue::Null,
        Value::Bool(yes) => CelValue::Bool(*yes),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => CelValue::Int(number),
            (None, Some(number)) => CelValue::Float(number),
            (None, None) => CelValue::Null,
        },
        Value::String(text) => CelValue::from(text.as_str()),
        Value::Array(list) => CelValue::from(list.iter().map(spoken).collect::<Vec<CelValue>>()),
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| (key.clone(), spoken(value)));
            CelValue::from(entries.collect::<std::collections::HashMap<String, CelValue>>())
        }
    }
}

fn word(value: &CelValue) -> &'static str {
    match value {
        CelValue::List(_) => "a list",
        CelValue::Map(_) | CelValue::Struct(_) => "a mapping",
        CelValue::Int(_) | CelValue::UInt(_) | CelValue::Float(_) => "a number",
        CelValue::String(_) => "a text",
        CelValue::Null => "nothing",
        CelValue::Bool(_) | CelValue::Bytes(_) | CelValue::Opaque(_) | CelValue::Function(..) => {
            "something else"
        }
    }
}

/// What the parser says, without all that it would have taken.
fn told(message: &str) -> String {
    let message = message.strip_prefix("Syntax error: ").unwrap_or(message);
    let message = message.split(" expecting ").next().unwrap_or_default();
    first_line(&message.replace("mismatched input '<EOF>'", "it ends too soon"))
}

/// The library's words may hold values, and go on for long.
fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let mut cut: String = line.chars().take(160).collect();
    if cut.len() < line.len() {
        cut.push('…');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ask(text: &str, change: &Value) -> Result<bool, NoAnswer> {
        Formula::read(text, &["change"]).unwrap().holds(&[("change", change)])
    }

    #[test]
    fn a_formula_is_asked_of_values() {
        let change = json!({
            "action": "delete", "rows": 17, "labels": { "team": "sales" }, "rate": 0.5,
            "members": [{ "name": "fax", "action": "delete" }, { "name": "note", "action": "update" }],
        });
        for (text, want) in [
            (r#"change.action == "delete" && change.rows > 0"#, true),
            (r#"change.action in ["create", "adopt"]"#, false),
            (r#"change.members.exists(m, m.name.startsWith("f") && m.action == "delete")"#, true),
            (r#"change.members.all(m, m.action == "delete")"#, false),
            (r#"!has(change.labels.owner)"#, true),
            (r#"change.labels.team.matches("^s[a-z]+$")"#, true),
            (r#"size(change.members.filter(m, m.action == "update")) == 1"#, true),
            ("change.rate < 1.0", true),
        ] {
            assert_eq!(ask(text, &change), Ok(want), "{text}");
        }
    }

    #[test]
    fn what_has_no_answer_says_why() {
        let change = json!({ "rows": null, "members": [] });
        assert!(matches!(ask("change.rows > 0", &change), Err(NoAnswer::Failed(_))));
        assert!(matches!(ask("change.nothing == 1", &change), Err(NoAnswer::Failed(_))));
        assert_eq!(ask("change.members", &change), Err(NoAnswer::NotBool("a list")));
    }

    #[test]
    fn what_is_no_formula_is_refused() {
        let refused = |text: &str| Formula::read(text, &["change"]).unwrap_err();
        assert!(matches!(refused("change.rows >"), NoFormula::Syntax { .. }));
        assert!(matches!(refused(""), NoFormula::Syntax { .. }));
        assert!(matches!(refused("chnage.rows > 0"), NoFormula::Unknown { name, .. } if name == "chnage"));
        assert!(matches!(refused("run(change.rows)"), NoFormula::Unknown { name, .. } if name == "run()"));
        assert!(matches!(refused("Some{ a: change }"), NoFormula::Unknown { .. } | NoFormula::Syntax { .. }));
    }

    #[test]
    fn what_could_run_away_is_refused() {
        let deep = |open: &str, close: &str, n: usize| format!("{}1{} == 1", open.repeat(n), close.repeat(n));
        let doubling = (0..30).fold("[change.name]".to_owned(), |text, _| format!("{text}.map(a, a+a)"));
        let nested = "change.l.all(a, change.l.all(b, change.l.all(c, a == b && b == c)))".to_owned();
        let pluses = format!("{}1 == 1", "1+".repeat(40));
        let dots = format!("change{} == 1", ".a".repeat(300));
        for text in [
            deep("(", ")", 400),
            deep("[", "]", 400),
            deep("-", "", 400),
            deep("(", ")", 49),
            format!("{}true", "!".repeat(400)),
            format!("{}true", "true ? true : ".repeat(60)),
            doubling,
            nested,
            pluses,
            dots,
            format!("change.name == '{}'", "x".repeat(1_000)),
        ] {
            match Formula::read(&text, &["change"]) {
                Err(NoFormula::TooLarge(_) | NoFormula::Syntax { .. }) => {}
                // Signs before a value take no depth: an even number of them is none.
                Ok(_) if text.starts_with("!!") || text.starts_with("--") => {}
                other => panic!("{text}: {other:?}"),
            }
        }
        let many: Vec<u32> = (0..2_000).collect();
        let change = json!({ "l": many });
        assert_eq!(ask("change.l.all(a, change.l.all(b, a <= b || b < a))", &change), Err(NoAnswer::TooMuch));
        assert_eq!(ask("change.l.all(a, a >= 0)", &change), Ok(true));
    }
}
