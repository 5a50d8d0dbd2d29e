//! The entities of an environment as a drawing: tables with their fields, lookups as lines, what changes marked.
//! Never asks a browser to lay anything out: every place is reckoned here, and equal models are drawn alike.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::page::{counted, shorten, width};
use super::paint::clean;
use crate::address::Address;
use crate::diff::change::Change;
use crate::diff::decision::Verb;
use crate::model::entity::{self, Entity};
use crate::model::resource::Resource;
use crate::report::preview::Planned;

/// Up to so many entities, all of them are drawn; beyond, what changes and its neighbours.
const ALL: usize = 24;
/// No more are drawn at all.
const MOST: usize = 80;
/// How many fields of one entity are drawn.
const FIELDS: usize = 24;

const CHARACTER: usize = 8;
const LINE: usize = 18;
const HEAD: usize = 26;
const GAP: usize = 84;
const BETWEEN: usize = 26;

/// What becomes of an entity or a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    sign: &'static str,
    class: &'static str,
}

const SAME: Mark = Mark { sign: " ", class: "same" };

fn mark(verb: Verb) -> Mark {
    match verb {
        Verb::Create => Mark { sign: "+", class: "add" },
        Verb::Adopt | Verb::Update => Mark { sign: "~", class: "change" },
        Verb::Delete => Mark { sign: "-", class: "destroy" },
        Verb::Release | Verb::Forget => Mark { sign: ".", class: "forget" },
        Verb::Keep => SAME,
    }
}

/// One entity to be drawn.
struct Table<'a> {
    name: &'a str,
    mark: Mark,
    rows: Vec<Row>,
    /// How many fields are not drawn.
    n_more: usize,
}

struct Row {
    mark: Mark,
    name: String,
    ty: String,
    /// The entities that it points at.
    to: Vec<String>,
}

/// Where a table is drawn.
#[derive(Clone, Copy)]
struct Box {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

/// Draws the entities around what a plan changes. None where it changes no entity.
pub fn diagram(planned: &Planned) -> Option<Markup> {
    let changes: BTreeMap<&Address, &Change> = planned
        .plan
        .changes
        .iter()
        .filter(|c| c.address.kind == entity::KIND)
        .map(|c| (&c.address, c))
        .collect();
    if changes.is_empty() {
        return None;
    }
    let mut entities: BTreeMap<&Address, &Entity> = BTreeMap::new();
    for (address, resource) in &planned.model {
        entities.extend(resource.as_entity().map(|entity| (address, entity)));
    }
    for (address, change) in &changes {
        let resource = change.after.as_ref().or(change.before.as_ref());
        entities.extend(resource.and_then(Resource::as_entity).map(|entity| (*address, entity)));
    }
    let n_all = entities.len();
    let shown = shown(&entities, &changes);
    let tables: Vec<Table<'_>> = shown
        .iter()
        .map(|address| table(address, entities[address], changes.get(address).copied(), &shown))
        .collect();
    let boxes = lay_out(&tables);
    Some(draw(&tables, &boxes, n_all))
}

/// Who is drawn: all where they are few; else what changes, and who points at it or is pointed at.
fn shown<'a>(
    entities: &BTreeMap<&'a Address, &Entity>,
    changes: &BTreeMap<&Address, &Change>,
) -> BTreeSet<&'a Address> {
    if entities.len() <= ALL {
        return entities.keys().copied().collect();
    }
    let changed: BTreeSet<&str> = changes.keys().map(|address| address.name.as_str()).collect();
    let near: BTreeSet<String> = entities
        .iter()
        .filter(|(address, _)| changed.contains(address.name.as_str()))
        .flat_map(|(_, entity)| pointed_at(entity))
        .collect();
    let is_near = |address: &Address, entity: &Entity| {
        near.contains(&address.name) || pointed_at(entity).iter().any(|name| changed.contains(name.as_str()))
    };
    let first = entities.keys().copied().filter(|address| changes.contains_key(address));
    let others = entities.iter().filter(|(a, e)| !changes.contains_key(*a) && is_near(a, e)).map(|(a, _)| *a);
    first.chain(others).take(MOST).collect()
}

fn pointed_at(entity: &Entity) -> Vec<String> {
    let lookups = entity.fields.values().flat_map(|field| field.ty.lookup_targets());
    let others = entity.relationships.values().map(|one| one.references.entity.as_str());
    lookups.chain(others).map(str::to_owned).collect()
}

fn table<'a>(
    address: &'a Address,
    entity: &Entity,
    change: Option<&Change>,
    shown: &BTreeSet<&Address>,
) -> Table<'a> {
    let is_shown = |name: &&str| shown.iter().any(|address| address.name == **name);
    let whole = change.map_or(SAME, |change| mark(change.verb));
    let members = change.map(|change| change.members.as_slice()).unwrap_or_default();
    let keys = entity.key_fields();
    let row = |name: &str, ty: String, to: Vec<&str>| {
        let verb = members.iter().find(|m| m.section == "fields" && m.name == name).map(|m| m.verb);
        let mark = verb.map_or(
            if change.is_some_and(|c| c.verb != Verb::Update && c.verb != Verb::Adopt) {
                whole
            } else {
                SAME
            },
            mark,
        );
        let key = if keys.contains(&name) { "* " } else { "" };
        let to = to.into_iter().filter(is_shown).map(str::to_owned).collect();
        Row { mark, name: format!("{key}{}", shorten(&clean(name), 30)), ty: shorten(&clean(&ty), 30), to }
    };
    let mut rows: Vec<Row> = Vec::new();
    if entity.primary_key.is_none() {
        rows.push(row(entity::GENERATED_KEY, "uuid".to_owned(), Vec::new()));
    }
    rows.extend(
        entity.fields.iter().map(|(name, field)| row(name, field.ty.describe(), field.ty.lookup_targets())),
    );
    let relationships = entity.relationships.iter();
    rows.extend(
        relationships.map(|(name, one)| {
            row(name, format!("to {}", one.references.entity), vec![&one.references.entity])
        }),
    );
    let gone = members.iter().filter(|m| m.section == "fields" && m.verb == Verb::Delete);
    let gone = gone.filter(|m| !entity.fields.contains_key(&m.name));
    rows.extend(
        gone.map(|m| row(&m.name, super::setting::summary(m, super::setting::Side::Before), Vec::new())),
    );
    let n_all = rows.len();
    // What changes comes before what is cut.
    if change.is_none() {
        rows.retain(|row| !row.to.is_empty() || row.name.starts_with("* "));
    } else if n_all > FIELDS {
        rows.sort_by_key(|row| row.mark == SAME);
    }
    rows.truncate(FIELDS);
    Table { name: &address.name, mark: whole, n_more: n_all - rows.len(), rows }
}

/// Columns by who points at whom: what points stands to the right of what it points at.
fn lay_out(tables: &[Table<'_>]) -> Vec<Box> {
    let index: BTreeMap<&str, usize> =
        tables.iter().enumerate().map(|(at, table)| (table.name, at)).collect();
    let to: Vec<BTreeSet<usize>> = tables
        .iter()
        .map(|table| {
            table
                .rows
                .iter()
                .flat_map(|row| &row.to)
                .filter_map(|name| index.get(name.as_str()).copied())
                .collect()
        })
        .collect();
    let mut column = vec![None; tables.len()];
    for at in 0..tables.len() {
        place(at, &to, &mut column, &mut BTreeSet::new());
    }
    let column: Vec<usize> = column.into_iter().map(Option::unwrap_or_default).collect();
    let mut boxes = vec![Box { x: 0, y: 0, width: 0, height: 0 }; tables.len()];
    let mut x = 8;
    for number in 0..=column.iter().copied().max().unwrap_or_default() {
        let mut here: Vec<usize> = (0..tables.len()).filter(|at| column[*at] == number).collect();
        // Beside what it points at; those alike by name, as they come.
        let height = |at: &usize| {
            let near: Vec<usize> =
                to[*at].iter().filter(|far| column[**far] < number).map(|far| boxes[*far].y).collect();
            near.iter().sum::<usize>() / near.len().max(1)
        };
        here.sort_by_key(height);
        let widest = here.iter().map(|at| wide(&tables[*at])).max().unwrap_or_default();
        let mut y = 8;
        for at in here {
            let n_lines = tables[at].rows.len() + usize::from(tables[at].n_more > 0);
            boxes[at] = Box { x, y, width: widest, height: HEAD + n_lines * LINE + 6 };
            y += boxes[at].height + BETWEEN;
        }
        x += widest + GAP;
    }
    boxes
}

/// The column of a table: one more than the furthest that it points at, circles left open where they close.
fn place(
    at: usize,
    to: &[BTreeSet<usize>],
    column: &mut Vec<Option<usize>>,
    open: &mut BTreeSet<usize>,
) -> usize {
    if let Some(known) = column[at] {
        return known;
    }
    if !open.insert(at) {
        return 0;
    }
    let others: Vec<usize> = to[at].iter().copied().filter(|far| *far != at && !open.contains(far)).collect();
    let number = others.into_iter().map(|far| place(far, to, column, open) + 1).max().unwrap_or_default();
    open.remove(&at);
    column[at] = Some(number);
    number
}

fn wide(table: &Table<'_>) -> usize {
    let rows = table.rows.iter().map(|row| width(&row.name) + width(&row.ty) + 5);
    let head = width(&shorten(&clean(table.name), 40)) + 4;
    rows.chain([head]).max().unwrap_or_default() * CHARACTER + 16
}

fn draw(tables: &[Table<'_>], boxes: &[Box], n_all: usize) -> Markup {
    let wide = boxes.iter().map(|one| one.x + one.width).max().unwrap_or_default() + 56;
    let high = boxes.iter().map(|one| one.y + one.height).max().unwrap_or_default() + 12;
    let of = |name: &str| tables.iter().position(|table| table.name == name);
    html! {
        figure {
            div.scroll {
                svg xmlns="http://www.w3.org/2000/svg" width=(wide) height=(high)
                    viewBox=(format!("0 0 {wide} {high}")) role="img" aria-label="The entities, with what changes" {
                    defs { marker id="to" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto" {
                        path d="M0 0L8 4L0 8z" class="arrow" {}
                    } }
                    @for (table, from) in tables.iter().zip(boxes) {
                        @for (row, at) in table.rows.iter().zip(0..) {
                            @for far in row.to.iter().filter_map(|name| of(name)) {
                                path class=(format!("edge {}", row.mark.class)) d=(line(*from, at, boxes[far])) marker-end="url(#to)" {}
                            }
                        }
                    }
                    @for (table, at) in tables.iter().zip(boxes) { (draw_table(table, *at)) }
                }
            }
            figcaption {
                "+ created, ~ changed, - destroyed, * key."
                @if tables.len() < n_all {
                    " " (counted(tables.len(), "entity").replace("entitys", "entities"))
                    " of " (n_all) ": what changes, and what is next to it."
                }
            }
        }
    }
}

fn draw_table(table: &Table<'_>, at: Box) -> Markup {
    html! {
        g class=(format!("table {}", table.mark.class)) {
            rect x=(at.x) y=(at.y) width=(at.width) height=(at.height) rx="6" {}
            text.name x=(at.x + 8) y=(at.y + 17) { (table.mark.sign) " " (shorten(&clean(table.name), 40)) }
            @for (row, number) in table.rows.iter().zip(0..) {
                text class=(format!("row {}", row.mark.class)) x=(at.x + 8) y=(at.y + HEAD + LINE * number + 13) {
                    (row.mark.sign) " " (row.name)
                    tspan.type x=(at.x + at.width - 8) text-anchor="end" { (row.ty) }
                }
            }
            @if table.n_more > 0 {
                text.row.same x=(at.x + 8) y=(at.y + HEAD + LINE * table.rows.len() + 13) { "  … " (table.n_more) " more" }
            }
        }
    }
}

/// From a row to the head of a table: leftwards, or around where the table stands beside or to the right.
fn line(from: Box, row: usize, to: Box) -> String {
    let (y, far) = (from.y + HEAD + LINE * row + 9, to.y + HEAD / 2);
    let right = to.x + to.width;
    if right < from.x {
        let middle = (from.x + right) / 2;
        return format!("M{} {y}C{middle} {y} {middle} {far} {right} {far}", from.x);
    }
    let (start, around) = (from.x + from.width, (from.x + from.width).max(right) + 40);
    format!("M{start} {y}C{around} {y} {around} {far} {right} {far}")
}
