//! The names that we give what PostgreSQL keeps beside a table: its constraints, indexes and sequences.
//! Never gives a name that PostgreSQL would cut.

use crate::fingerprint::Fingerprint;
use crate::model::entity::Entity;

/// PostgreSQL 15, `NAMEDATALEN`: an identifier has at most 63 bytes, and a longer one is cut without an error.
pub const MAX_BYTES: usize = 63;

/// What takes the place of the end of a name that is too long: an underscore and eight digits of its hash.
const TAIL_BYTES: usize = 9;

/// Brings a name to what PostgreSQL can hold; two names that differ stay two.
pub fn fit(name: String) -> String {
    if name.len() <= MAX_BYTES {
        return name;
    }
    let mut end = MAX_BYTES - TAIL_BYTES;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    let hash = Fingerprint::of_bytes(name.as_bytes()).short();
    format!("{}_{}", &name[..end], &hash[..TAIL_BYTES - 1])
}

/// The primary key's constraint.
pub fn primary_key(table: &str) -> String {
    fit(format!("{table}_pkey"))
}

/// The constraint that keeps a field's values apart.
pub fn unique(table: &str, column: &str) -> String {
    fit(format!("{table}_{column}_key"))
}

/// The constraint of an alternate key. One that is called like a field has a name of its own.
pub fn key(table: &str, member: &str, entity: &Entity) -> String {
    match entity.fields.contains_key(member) {
        true => fit(format!("{table}_{member}_ak")),
        false => unique(table, member),
    }
}

/// An index.
pub fn index(table: &str, member: &str) -> String {
    fit(format!("{table}_{member}_idx"))
}

/// The foreign key of a lookup or a picklist.
pub fn reference(table: &str, column: &str) -> String {
    fit(format!("{table}_{column}_fkey"))
}

/// The check of a field.
pub fn check(table: &str, column: &str) -> String {
    fit(format!("{table}_{column}_check"))
}

/// The check that keeps bytes to their length.
pub fn length(table: &str, column: &str) -> String {
    fit(format!("{table}_{column}_length"))
}

/// The check that keeps a polymorphic lookup to one target.
pub fn targets(table: &str, field: &str) -> String {
    fit(format!("{table}_{field}_targets"))
}

/// The sequence that numbers a field.
pub fn sequence(table: &str, column: &str) -> String {
    fit(format!("{table}_{column}_seq"))
}

/// The sequence that PostgreSQL makes for a column that counts, as long as nothing else has that name.
/// Source: PostgreSQL 15, `makeObjectName`: the longer of both names is cut until all of it fits.
pub fn counter(table: &str, column: &str) -> String {
    let most = MAX_BYTES - "__seq".len();
    let (mut first, mut second) = (table.len(), column.len());
    while first + second > most {
        if first > second { first -= 1 } else { second -= 1 }
    }
    let cut = |name: &str, mut end: usize| {
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        name[..end].to_owned()
    };
    format!("{}_{}_seq", cut(table, first), cut(column, second))
}

/// The member whose name `give` turned into `physical`, where that can be told from the name.
pub fn member(table: &str, physical: &str, endings: &[&str]) -> Option<String> {
    let rest = physical.strip_prefix(table)?.strip_prefix('_')?;
    let member = endings.iter().find_map(|ending| rest.strip_suffix(ending))?;
    (!member.is_empty()).then(|| member.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_longer_than_it_may_be() {
        let long = "ä".repeat(40);
        for name in [index(&long, "x"), index(&long, "y"), reference("t", &long)] {
            assert!(name.len() <= MAX_BYTES, "{name}");
        }
        assert_ne!(index(&long, "x"), index(&long, "y"));
        assert_eq!(counter("order", "id"), "order_id_seq");
        let (table, column) = ("t".repeat(50), "c".repeat(50));
        assert_eq!(counter(&table, &column), format!("{}_{}_seq", &table[..29], &column[..29]));
        assert_eq!(counter(&table, "id"), format!("{table}_id_seq"));
        assert_eq!(unique("order", "number"), "order_number_key");
        assert_eq!(member("order", "order_by-customer_idx", &["_idx"]).as_deref(), Some("by-customer"));
        assert_eq!(member("order", "orders_idx", &["_idx"]), None);
    }
}
