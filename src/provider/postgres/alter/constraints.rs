//! The constraints and indexes of a table that is there: which stay, which go, which are made.
//! Never takes away one that says the same, under whatever name.

use super::Alter;
use crate::address::{Address, Kind};
use crate::model::entity::{self, Deferral};
use crate::model::picklist;
use crate::provider::postgres::ddl;
use crate::provider::postgres::holding;
use crate::provider::postgres::lexer::{self, Token, quote, tokens};
use crate::provider::postgres::shape::{Column, Constraint, Index, Reference, Rule, Table};

impl Alter<'_> {
    pub(super) fn rule_is_same(&self, actual: &Constraint, wanted: &Constraint) -> bool {
        match (&actual.rule, &wanted.rule) {
            (Rule::PrimaryKey, Rule::PrimaryKey) => {
                actual.columns == wanted.columns
                    && actual.beyond.is_none()
                    && actual.deferral == wanted.deferral
            }
            (Rule::Unique, Rule::Unique) => {
                let says_same = match (&actual.using, &wanted.using) {
                    (None, None) => actual.columns == wanted.columns,
                    // As of checks, the server's own words are compared through what their author wrote before.
                    (Some(_), Some(sql)) => {
                        let was = self.was.constraint(&actual.name);
                        was.is_some_and(|was| was.using.as_ref() == Some(sql))
                    }
                    (_, _) => false,
                };
                says_same && actual.beyond.is_none() && actual.deferral == wanted.deferral
            }
            (Rule::Reference(found), Rule::Reference(far)) => {
                actual.columns == wanted.columns
                    && actual.beyond.is_none()
                    && found.table == far.table
                    && found.on_delete == far.on_delete
                    && found.on_update == far.on_update
                    && (found.columns == far.columns || self.is_renamed_key(found, far))
            }
            // The server's own words for a check are compared through what its author wrote before.
            (Rule::Check(_), Rule::Check(sql)) => {
                let was = self.was.constraint(&actual.name);
                actual.beyond.is_none()
                    && actual.name == wanted.name
                    && matches!(was.map(|was| &was.rule), Some(Rule::Check(former)) if former == sql)
            }
            (Rule::Other(_), Rule::Other(sql)) => {
                let was = self.was.constraint(&actual.name);
                actual.deferral == wanted.deferral
                    && matches!(was.map(|was| &was.rule), Some(Rule::Other(former)) if former == sql)
            }
            (Rule::PrimaryKey | Rule::Unique | Rule::Check(_) | Rule::Reference(_) | Rule::Other(_), _) => {
                false
            }
        }
    }

    /// Tells whether two references mean one key, which the plan renames.
    pub(super) fn is_renamed_key(&self, found: &Reference, far: &Reference) -> bool {
        let address = Address::new(entity::KIND, far.table.as_str());
        let former = self.scene.renamed.get(&address).unwrap_or(&address);
        let key = |state: &crate::model::state::State, address: &Address| -> Option<Vec<String>> {
            let entity = state.get(address)?.as_entity()?.clone();
            Some(entity.key_fields().into_iter().map(str::to_owned).collect())
        };
        key(self.scene.before, former).as_ref() == Some(&found.columns)
            && key(self.scene.after, &address).as_ref() == Some(&far.columns)
    }

    /// Matches what is there with what is wanted: what is the same stays, under its right name; what only the entity
    /// of before wanted goes; what is missing comes.
    pub(super) fn constraints_and_indexes(&mut self) {
        let touched = self.touched();
        self.course.found(&self.actual.constraints);
        let remade = self.remade();
        // What is on a column that is made again goes with it.
        let goes_along = |columns: &[String]| columns.iter().any(|column| remade.contains(column));
        let mut open: Vec<Constraint> =
            self.actual.constraints.iter().filter(|one| !goes_along(&one.columns)).cloned().collect();
        let mut missing: Vec<Constraint> = Vec::new();
        let mut renamed: Vec<(String, String)> = Vec::new();
        let mut deferred: Vec<String> = Vec::new();
        for wanted in &self.wanted.constraints {
            // Both of its ends get another type, one after the other: meanwhile it does not hold.
            let ends_move = self.ends_move(wanted, &touched);
            let same = |one: &Constraint| !ends_move && self.rule_is_same(one, wanted);
            let by_name = open.iter().position(|one| one.name == wanted.name && same(one));
            match by_name.or_else(|| open.iter().position(same)) {
                // What holds for all rows holds for the new ones.
                Some(place) if open[place].validated || !wanted.validated => {
                    let found = open.remove(place);
                    // It comes again with everything that it says.
                    if let Rule::Reference(far) = &found.rule
                        && holding::holds_again(far, self.scene)
                    {
                        continue;
                    }
                    let is_ours = self.was.constraint(&found.name).is_some();
                    let may_rename = matches!(found.rule, Rule::Unique | Rule::Other(_)) || is_ours;
                    if found.deferral != wanted.deferral {
                        let name = quote(&found.name);
                        let words = match wanted.deferral {
                            Deferral::Never => "NOT DEFERRABLE",
                            Deferral::Deferrable => "DEFERRABLE INITIALLY IMMEDIATE",
                            Deferral::Deferred => Deferral::Deferred.sql(),
                        };
                        deferred.push(format!("ALTER CONSTRAINT {name} {words}"));
                    }
                    if found.name != wanted.name && may_rename {
                        renamed.push((found.name, wanted.name.clone()));
                    }
                }
                // Somebody began it: it only has to be held against the rows that are there.
                Some(place) => {
                    let found = open.remove(place);
                    self.course.validate(&found.name, wanted);
                }
                None => missing.push(wanted.clone()),
            }
        }
        let gone: Vec<Constraint> = open
            .into_iter()
            .filter(|one| {
                let is_ours = |was: &Constraint| {
                    was.name == one.name || (was.rule == one.rule && was.columns == one.columns)
                };
                // What has the name of what is to come is in the way, whoever made it.
                self.was.constraints.iter().any(is_ours) || missing.iter().any(|new| new.name == one.name)
            })
            .collect();
        let dropped: Vec<String> = self.dropped_columns();
        for constraint in &gone {
            // What is on a column that goes, goes with it; but a reference holds the key that it points to.
            let goes_anyway = !matches!(constraint.rule, Rule::Reference(_))
                && !constraint.columns.is_empty()
                && constraint.columns.iter().any(|column| dropped.contains(column));
            if !goes_anyway {
                self.alter(holding::drop_constraint(constraint, self.scene));
            }
        }
        deferred.into_iter().for_each(|what| self.alter(what));
        for (old, new) in renamed {
            self.alter(format!("RENAME CONSTRAINT {} TO {}", quote(&old), quote(&new)));
        }
        self.indexes(&missing, &dropped, &touched);
        for constraint in missing {
            let later = match &constraint.rule {
                Rule::Reference(far) => {
                    let waits = self.ends_move(&constraint, &touched);
                    far.table != self.new && (waits || !ddl::is_there(&far.table, self.scene))
                }
                Rule::PrimaryKey | Rule::Unique | Rule::Check(_) | Rule::Other(_) => false,
            };
            let is_settled = !later && self.constraint_is_settled(&constraint, &touched);
            self.course.add_constraint(constraint, is_settled, later);
        }
    }

    /// Tells whether a reference of this table gets another type at both of its ends, the far one with this change or a
    /// later one.
    pub(super) fn ends_move(&self, constraint: &Constraint, touched: &[String]) -> bool {
        let Rule::Reference(far) = &constraint.rule else { return false };
        let moves = |columns: &[String]| columns.iter().any(|column| touched.contains(column));
        moves(&constraint.columns)
            && match far.table == self.new {
                true => moves(&far.columns),
                false => holding::moves_later(far, self.scene),
            }
    }

    /// As `constraints_and_indexes`, of indexes alone; `constraints` are those to come.
    pub(super) fn indexes(&mut self, constraints: &[Constraint], dropped: &[String], touched: &[String]) {
        let remade = self.remade();
        let goes_along = |one: &&Index| match &one.columns {
            Some(columns) => columns.iter().any(|column| remade.contains(column)),
            None => remade.iter().any(|column| lexer::names(&one.sql, column)),
        };
        let mut open: Vec<Index> =
            self.actual.indexes.iter().filter(|one| !goes_along(one)).cloned().collect();
        let mut missing: Vec<Index> = Vec::new();
        for wanted in self.wanted.indexes.clone() {
            let is_same = |one: &Index| {
                let says_same = match (&one.columns, &wanted.columns) {
                    (Some(found), Some(columns)) => found == columns,
                    (None, None) => self.was.index(&one.name).is_some_and(|was| was.sql == wanted.sql),
                    (_, _) => false,
                };
                one.valid && one.unique == wanted.unique && says_same
            };
            let by_name = open.iter().position(|one| one.name == wanted.name && is_same(one));
            match by_name.or_else(|| open.iter().position(is_same)) {
                Some(place) => {
                    let found = open.remove(place);
                    if found.name != wanted.name {
                        let (old, new) = (quote(&found.name), quote(&wanted.name));
                        self.course.now(format!("ALTER INDEX {old} RENAME TO {new}"));
                    }
                }
                None => missing.push(wanted),
            }
        }
        for index in open {
            let was_wanted = |was: &Index| {
                was.name == index.name
                    || (was.unique == index.unique && was.columns.is_some() && was.columns == index.columns)
            };
            let is_ours = self.was.indexes.iter().any(was_wanted);
            // An index that was never built to its end, or another one under the name of one that is to come.
            let is_in_the_way = missing.iter().any(|new| new.name == index.name)
                || constraints.iter().any(|new| new.name == index.name);
            let goes_anyway =
                index.columns.as_ref().is_some_and(|columns| columns.iter().any(|one| dropped.contains(one)));
            if (is_ours || is_in_the_way) && !goes_anyway {
                self.course.drop_index(&index);
            }
        }
        for index in missing {
            let is_settled = match &index.columns {
                Some(columns) => self.is_settled(columns, touched),
                None => self.reads_settled(&index.sql, touched),
            };
            self.course.add_index(index, is_settled);
        }
    }

    /// Tells whether columns are there already, with the type and the values that they will have.
    pub(super) fn is_settled(&self, columns: &[String], touched: &[String]) -> bool {
        columns.iter().all(|column| self.actual.column(column).is_some() && !touched.contains(column))
    }

    /// Tells whether all that an expression can read is settled.
    pub(super) fn reads_settled(&self, sql: &str, touched: &[String]) -> bool {
        let Ok(found) = tokens(sql) else { return false };
        let names: Vec<String> = found.iter().filter_map(Token::name).collect();
        let moves = |column: &Column| {
            let is_renamed = self.sources.get(&column.name).is_some_and(|old| *old != column.name);
            is_renamed || !self.is_settled(std::slice::from_ref(&column.name), touched)
        };
        let mut moving = self.wanted.columns.iter().filter(|column| moves(column)).peekable();
        // A whole row may be read by the table's name.
        let reads_row = moving.peek().is_some() && names.iter().any(|name| *name == self.new);
        !reads_row && !moving.any(|column| names.contains(&column.name))
    }

    /// Tells whether the rows can be held against a constraint before anything else is done.
    pub(super) fn constraint_is_settled(&self, constraint: &Constraint, touched: &[String]) -> bool {
        let is_filled = |column: &String| self.backfill(column).is_some();
        match &constraint.rule {
            Rule::Check(sql) | Rule::Other(sql) => {
                let filled = self.change.backfill.keys().cloned();
                let touched: Vec<String> = touched.iter().cloned().chain(filled).collect();
                self.reads_settled(sql, &touched)
            }
            Rule::PrimaryKey | Rule::Unique => {
                let reads = constraint.using.as_ref().is_none_or(|sql| self.reads_settled(sql, touched));
                reads
                    && self.is_settled(&constraint.columns, touched)
                    && !constraint.columns.iter().any(is_filled)
            }
            Rule::Reference(far) => {
                self.is_settled(&constraint.columns, touched)
                    && !constraint.columns.iter().any(is_filled)
                    && self.far_is_settled(far)
            }
        }
    }

    /// Tells whether what a reference points to is there already, and stays as it is.
    pub(super) fn far_is_settled(&self, far: &Reference) -> bool {
        let is_key = |one: &Constraint| {
            matches!(one.rule, Rule::PrimaryKey | Rule::Unique) && one.columns == far.columns
        };
        let has_key = |table: &Table| table.constraints.iter().any(is_key);
        let stays = |kind: Kind| {
            let address = Address::new(kind, far.table.as_str());
            let (before, after) = (self.scene.before.get(&address), self.scene.after.get(&address));
            !self.scene.renamed.contains_key(&address) && before.is_some() && before == after
        };
        Table::find(&far.table, self.scene.natives).is_some_and(|table| has_key(&table))
            && (stays(entity::KIND) || stays(picklist::KIND))
    }
}
