//! The dialogue of `import`: every resource with its setup action, another one chosen where the package allows it,
//! and the whole package validated again after each choice.
//! Never goes on while an error stands.

use std::collections::BTreeMap;

use super::{Answer, Prompt, answer};
use crate::address::Address;
use crate::cli::exit::Failure;
use crate::model::setup::{Action, Binding};
use crate::ops::import::Checked;
use crate::render::paint::clean_lines;
use crate::wire::import::ImportCheck;

/// What the person decided so far, by the address in the package.
pub type Bindings = BTreeMap<Address, Binding>;

const QUESTION: &str = "\nA number and another action (`2 merge`, `2 create as NAME`, `2 no-tasks`), `quit`, or nothing to go on: ";

/// Lets the person decide until they go on. None where they quit.
pub fn decide(
    check: &dyn Fn(&Bindings) -> Checked,
    page: &dyn Fn(&ImportCheck) -> String,
    mut bindings: Bindings,
    prompt: &mut dyn Prompt,
) -> Result<Option<Checked>, Failure> {
    loop {
        let checked = check(&bindings);
        prompt.show(&page(&checked.check));
        loop {
            let fault = match answer(prompt, QUESTION)? {
                Answer::Quit => return Ok(None),
                Answer::GoOn if checked.check.n_errors() == 0 => return Ok(Some(checked)),
                Answer::GoOn => "an error stands; choose another action where it is, or `quit`".to_owned(),
                Answer::Words(words) => match choice(&words, &checked.check) {
                    Ok((address, chosen)) => {
                        let binding = bindings.entry(address).or_default();
                        *binding = match chosen {
                            Chosen::Setup(setup) => Binding { without_tasks: binding.without_tasks, ..setup },
                            Chosen::NoTasks => Binding { without_tasks: true, ..binding.clone() },
                        };
                        break;
                    }
                    Err(fault) => fault,
                },
            };
            prompt.show(&clean_lines(&format!("{fault}\n")));
        }
    }
}

/// What a person chooses for one resource.
enum Chosen {
    Setup(Binding),
    NoTasks,
}

/// Reads `2 merge`, `2 create as NAME`, `2 existing target NAME` or `2 no-tasks`.
fn choice(answer: &str, check: &ImportCheck) -> Result<(Address, Chosen), String> {
    let (number, rest) = answer.split_once(' ').ok_or("write a number and an action, as in `2 merge`")?;
    let at = number.trim_end_matches('.').parse::<usize>().ok().and_then(|n| n.checked_sub(1));
    let listed = at.and_then(|at| check.resources.get(at));
    let address = &listed.ok_or_else(|| format!("there is no number `{number}`"))?.address;
    if rest.trim() == "no-tasks" {
        return Ok((address.clone(), Chosen::NoTasks));
    }
    let (action, name) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
    let action = action.parse::<Action>().map_err(|error| error.to_string())?;
    let (as_name, target) = match name.trim().split_once(' ') {
        None if name.is_empty() => (None, None),
        Some(("as", name)) => (Some(name.trim().to_owned()), None),
        Some(("target", name)) => (None, Some(name.trim().to_owned())),
        Some(_) | None => return Err("after the action comes `as NAME` or `target NAME`".to_owned()),
    };
    let setup = Binding { action: Some(action), as_name, target, ..Binding::default() };
    Ok((address.clone(), Chosen::Setup(setup)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::script::Script;
    use super::*;
    use crate::cli::packages::decode;
    use crate::model::environment::Environment;
    use crate::model::setup::Setup;
    use crate::model::state::Snapshot;
    use crate::ops::import::{Destination, check};
    use crate::package::{About, Package, PackagedResource};
    use crate::render::import_text;
    use crate::render::paint::Paint;

    fn packaged(name: &str, yaml: &str, setup: Setup) -> (Address, PackagedResource) {
        let (address, packaged) = decode(name, &format!("apiVersion: reconcile/v1\n{yaml}")).unwrap();
        (address, PackagedResource { action: setup.action.unwrap_or(Action::Merge), setup, ..packaged })
    }

    /// A package whose order is left to be decided, and an environment that has another customer.
    fn run(answers: &[&str]) -> (Option<Checked>, Vec<String>) {
        let open = Setup {
            action: Some(Action::Select),
            allowed: vec![Action::Merge, Action::Skip, Action::Create],
            ..Setup::default()
        };
        let order = "kind: Entity\nmetadata: { name: order }\nspec:\n  fields: { buyer: { type: lookup, entity: customer } }\n";
        let customer =
            "kind: Entity\nmetadata: { name: customer }\nspec: { fields: { name: { type: text } } }\n";
        let resources = [packaged("order", order, open), packaged("customer", customer, Setup::default())];
        let about = About { name: "orders".to_owned(), tool_version: "0.1.0".to_owned(), ..About::default() };
        let package = Package::new(about, resources.into_iter().collect(), None, None).unwrap();
        let environment = Environment { name: "staging".to_owned(), ..Environment::default() };
        let (declared, limits) = (BTreeSet::new(), BTreeMap::new());
        let client = "kind: Entity\nmetadata: { name: client }\nspec: { fields: { name: { type: text } } }\n";
        let (address, client) = packaged("client", client, Setup::default());
        let mut snapshot = Snapshot::default();
        snapshot.state.insert(address, client.resource.into());
        let into = Destination {
            environment: &environment,
            target: "sqlite staging.db",
            snapshot: &snapshot,
            declared: &declared,
            limits: &limits,
        };
        let check = |bindings: &Bindings| check(&package, &into, bindings);
        let page = |found: &ImportCheck| import_text::check(found, true, Paint::plain());
        let mut script = Script::new(answers);
        (decide(&check, &page, Bindings::new(), &mut script).unwrap(), script.pages)
    }

    fn actions(checked: &Checked) -> String {
        let one = |r: &crate::wire::import::ResourceCheck| {
            format!("{}={}", r.bound_to.as_ref().unwrap_or(&r.address), r.action)
        };
        checked.check.resources.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_open_must_be_decided_and_is_validated_as_a_whole() {
        let (checked, pages) = run(&["", "2 merge", "1 skip", "1 existing target client", ""]);
        assert_eq!(actions(&checked.unwrap()), "entity/client=existing entity/order=merge");
        assert!(pages[0].contains("2.   ✗ entity/order"), "{}", pages[0]);
        assert!(pages[0].contains("`select`: its setup action has to be decided"), "{}", pages[0]);
        assert!(pages[1].starts_with("an error stands; choose another action"), "{}", pages[1]);
        assert!(pages[2].contains("2.   ✓ entity/order     merge"), "{}", pages[2]);
        // The choice for the one is an error of the other.
        assert!(pages[3].contains("1.   ✓ entity/customer  skip"), "{}", pages[3]);
        assert!(pages[3].contains("needs `entity/customer`, which is skipped"), "{}", pages[3]);
        assert!(pages[4].contains("2 ready, 0 with a warning, 0 with an error"), "{}", pages[4]);
        assert!(pages[4].contains("entity/customer as entity/client"), "{}", pages[4]);
    }

    #[test]
    fn what_the_package_does_not_allow_is_shown_and_stands_in_the_way() {
        let (checked, pages) = run(&["2 overwrite", "", "2 create as purchase", ""]);
        assert!(pages[1].contains("`overwrite`: the package does not allow it"), "{}", pages[1]);
        assert!(pages[2].starts_with("an error stands"), "{}", pages[2]);
        assert_eq!(actions(&checked.unwrap()), "entity/customer=merge entity/purchase=create");
    }

    #[test]
    fn an_answer_that_is_none_changes_nothing() {
        let answers = ["3 merge", "0 merge", "merge", "1 merge into x", "1 marge", "quit"];
        let (checked, pages) = run(&answers);
        assert!(checked.is_none());
        for (page, fault) in [
            (1, "there is no number `3`"),
            (2, "there is no number `0`"),
            (3, "write a number and an action, as in `2 merge`"),
            (4, "after the action comes `as NAME` or `target NAME`"),
            (5, "`marge` is no setup action"),
        ] {
            assert!(pages[page].starts_with(fault), "{}", pages[page]);
        }
        assert_eq!(pages[1], format!("there is no number `3`\n{QUESTION}"));
    }

    #[test]
    fn whoever_quits_or_goes_away_decides_nothing() {
        for answers in [&["2 merge", "q"][..], &["2 merge"], &[], &["2 merge", "quit"]] {
            assert!(run(answers).0.is_none(), "{answers:?}");
        }
        assert_eq!(actions(&run(&["2. merge", ""]).0.unwrap()), "entity/customer=merge entity/order=merge");
    }
}
