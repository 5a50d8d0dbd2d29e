//! What happens at a path: one table over declared, found and owned.
//! Never looks at values: whether a found path differs is the comparison's to say.

use serde::{Deserialize, Serialize};

/// What is done at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    Create,
    /// Begin to own what exists, carrying the differences.
    Adopt,
    /// Bring to what is declared; nothing where it is so already.
    Update,
    Delete,
    /// Stop owning, and leave in place.
    Release,
    /// Drop from the inventory what is gone anyway.
    Forget,
    /// Leave alone.
    Keep,
}

/// What may be deleted at the level of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nothing: merged members, resources without prune.
    Nothing,
    /// What we own: resources under prune, settings under merge.
    Owned,
    /// Whatever is not declared: members and settings under overwrite.
    All,
}

/// The table of the design, section 3.
pub fn decide(declared: bool, found: bool, owned: bool, reach: Reach) -> Verb {
    match (declared, found, owned, reach) {
        (true, false, _, _) => Verb::Create,
        (true, true, false, _) => Verb::Adopt,
        (true, true, true, _) => Verb::Update,
        (false, true, true, Reach::Owned | Reach::All) => Verb::Delete,
        (false, true, true, Reach::Nothing) => Verb::Release,
        (false, true, false, Reach::All) => Verb::Delete,
        (false, true, false, Reach::Owned | Reach::Nothing) => Verb::Keep,
        (false, false, true, _) => Verb::Forget,
        (false, false, false, _) => Verb::Keep,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table as the design prints it: declared, found, owned, then the verb under each reach.
    const TABLE: &str = "
        declared found owned | nothing owned   all
        yes      no    no    | create  create  create
        yes      no    yes   | create  create  create
        yes      yes   no    | adopt   adopt   adopt
        yes      yes   yes   | update  update  update
        no       yes   yes   | release delete  delete
        no       yes   no    | keep    keep    delete
        no       no    yes   | forget  forget  forget
        no       no    no    | keep    keep    keep
    ";

    #[test]
    fn the_table_is_the_design_s() {
        let rows = TABLE.lines().map(str::trim).filter(|l| !l.is_empty()).skip(1);
        let mut n_rows = 0;
        for row in rows {
            let words: Vec<&str> = row.split_whitespace().filter(|w| *w != "|").collect();
            let yes = |i: usize| words[i] == "yes";
            for (i, reach) in [Reach::Nothing, Reach::Owned, Reach::All].into_iter().enumerate() {
                let verb = format!("{:?}", decide(yes(0), yes(1), yes(2), reach)).to_lowercase();
                assert_eq!(verb, words[3 + i], "{row} under {reach:?}");
            }
            n_rows += 1;
        }
        assert_eq!(n_rows, 8);
    }
}
