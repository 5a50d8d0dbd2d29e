//! What each code of a finding or a diagnostic stands for, in one line.
//! Never says what a single one found: its message does.

/// By code.
const CODES: &[(&str, &str)] = &[
    ("RK101", "the target lacks what the setup action `existing` or `update` needs"),
    ("RK102", "the target already has what the setup action `create` would make"),
    ("RK103", "`select` is not decided: give `--setup ADDRESS=ACTION`"),
    ("RK104", "the target lacks what the setup action needs"),
    ("RK105", "a reference would point at nothing"),
    ("RK106", "the old and the new name of a rename both exist"),
    ("RK107", "a member of a standard definition is missing in the target"),
    ("RK108", "an empty or unfinished repository would delete"),
    ("RK109", "a reference would point at nothing"),
    ("RK110", "a member of a standard definition differs in the target"),
    ("RK111", "a step would fail, found by rehearsing it without rows, or a task on a copy of them"),
    ("RK112", "others point at a key or name that changes"),
    ("RK201", "destroys rows"),
    ("RK203", "destroys values"),
    ("RK204", "an option is in use"),
    ("RK205", "values do not fit the new type"),
    ("RK206", "rows would have no value in a required field"),
    ("RK207", "rows are alike in what must be unique"),
    ("RK208", "rows would point at nothing"),
    ("RK209", "rows would break a check"),
    ("RK210", "values are no option of their picklist"),
    ("RK211", "the first apply to a target destroys what it held"),
    ("RK212", "a risk could not be measured in time: nobody knows whether it is there"),
    ("RK220", "how many rows get a new field's value"),
    ("RK230", "a task runs SQL of its own, with the number of rows that it changed on a copy"),
    ("RK231", "a task would not be done: its `unless` returns no row even afterwards"),
    ("RK301", "a large table is written again, while others wait"),
    ("RK302", "a large table is read through, while others wait"),
    ("RK303", "a large table stays locked while another one is gone through in the same transaction"),
    ("RK401", "may be a rename: answer with `renamedFrom`, or allow"),
    ("RK403", "a view or trigger of others would stop working"),
    ("RK404", "something of others reads what goes or changes its type, and PostgreSQL refuses that"),
    ("RK405", "a foreign key of others points at a table, column or key that goes"),
    ("RK501", "an index of a large table goes"),
    ("RK502", "an index of a large table is needless beside another"),
    ("RK503", "a reference of a large table has no index"),
    ("RK601", "the plan is applied in several transactions, because one could not hold all its locks"),
    ("RK602", "a step runs alone, outside the transaction, and what becomes of it when the apply fails"),
    ("RK701", "cannot be undone: nothing is kept of what is destroyed"),
    ("RK720", "a rollback brings rows or values back"),
    ("RK721", "a rollback drops kept values, because their row is gone"),
    ("RK722", "a rollback cannot bring back what was purged or never kept"),
    ("RK723", "what a task did is not taken back by a rollback"),
    ("RK801", "a rule of the repository's policy speaks"),
    ("RK802", "a rule of the policy has no answer"),
    ("RK811", "brings SQL that the trusted revision does not have, and that was not run"),
    ("RK812", "a risk was not asked of the rows, because that would run unreviewed SQL"),
    ("RV001", "the file is no YAML"),
    ("RV002", "the file is none that every YAML reader takes alike"),
    ("RV003", "the file is none that every YAML reader takes alike"),
    ("RV004", "the file is none that every YAML reader takes alike"),
    ("RV005", "the file is none that every YAML reader takes alike"),
    ("RV006", "the file is none that every YAML reader takes alike"),
    ("RV007", "something was not read"),
    ("RV008", "something was not read"),
    ("RV009", "something was not read"),
    ("RV010", "something was not read"),
    ("RV011", "something was not read"),
    ("RV101", "a wrong type"),
    ("RV102", "an unknown key"),
    ("RV103", "a missing key"),
    ("RV104", "a reference to what no document declares"),
    ("RV105", "a name that nothing, or not this target, can hold"),
    ("RV106", "declared twice"),
    ("RV107", "settings that cannot go together"),
    ("RV108", "an unknown kind"),
    ("RV109", "an unknown version"),
    ("RV110", "a word that is none of those allowed"),
    ("RV112", "SQL that could not stand where it is put"),
    ("RV113", "renames, or required lookups, that go in a circle"),
    ("RV114", "names that are two in a manifest and one in a target"),
    ("RV115", "a standard definition that is redefined, or a customization without one"),
    ("RV116", "a pattern that matches nothing"),
    ("RV117", "no environment"),
    ("RV118", "a setup action that the kind does not have"),
    ("RV119", "a default or backfill that its field cannot hold"),
    ("RV121", "an entity without fields, a picklist without options"),
    ("RV122", "a task that no target could run"),
    ("RV123", "a task without SQL for the target of an environment"),
    ("RV124", "a key or index by `sql` for a target that takes fields only"),
    ("RV130", "a value that an environment lacks"),
    ("RV131", "`${…}` where nothing is filled in, or that is no placeholder"),
    ("RV132", "a patch of what is not declared, not included, or a vendor's"),
    ("RV133", "a patch that cannot be laid over"),
    ("RV134", "a password in a manifest"),
    ("RV140", "a window that is none: its schedule, duration or time zone"),
    ("RV150", "a policy or a waiver that cannot be read: a formula, an expression, a day"),
    ("RV161", "a name that does not look as the policy has it"),
    ("RV162", "something that the policy wants said is missing"),
    ("RV163", "a rule of the policy over resources speaks"),
    ("RV164", "a waiver that is over"),
];

/// What a code stands for; none for one that a policy of the repository brings.
pub fn says(code: &str) -> Option<&'static str> {
    CODES.binary_search_by(|(known, _)| (*known).cmp(code)).ok().map(|at| CODES[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_that_the_readme_names_is_here_and_in_order() {
        assert!(CODES.is_sorted_by(|(a, _), (b, _)| a < b));
        let readme = include_str!("../../README.md");
        let rows = readme.lines().filter(|line| line.starts_with("| RK") || line.starts_with("| RV"));
        let mut n_codes = 0;
        for row in rows {
            let codes = row.split('|').nth(1).unwrap_or_default();
            for code in codes.split([',', '–']).map(str::trim) {
                assert!(says(code).is_some(), "{code} has no line in the catalogue");
                n_codes += 1;
            }
        }
        assert!(n_codes > 50, "{n_codes}");
    }
}
