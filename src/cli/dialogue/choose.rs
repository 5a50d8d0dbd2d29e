//! The dialogue of `export --interactive`: a list with boxes by kind, and what comes along by itself.
//! Never takes a number for another than the one that is shown beside it.

use std::collections::BTreeMap;

use super::{Answer, Prompt, answer};
use crate::address::{Address, Kind};
use crate::cli::exit::Failure;
use crate::render::paint::clean_lines;

/// What may be chosen from, and what a choice brings with it.
pub struct Offer<'a> {
    pub resources: Vec<&'a Address>,
    /// What comes along with a choice, each with the way that leads to it.
    pub related: &'a dyn Fn(&[&Address]) -> BTreeMap<Address, String>,
}

const QUESTION: &str = "Numbers to toggle, `all`, `none`, `quit`, or nothing to go on: ";

/// Lets the person toggle until they are content. None where they quit.
pub fn choose(
    offer: &Offer<'_>,
    before: impl Fn(&Address) -> bool,
    prompt: &mut dyn Prompt,
) -> Result<Option<Vec<Address>>, Failure> {
    let mut taken: Vec<bool> = offer.resources.iter().map(|address| before(address)).collect();
    loop {
        let chosen: Vec<&Address> =
            offer.resources.iter().zip(&taken).filter(|(_, taken)| **taken).map(|(a, _)| *a).collect();
        prompt.show(&clean_lines(&list(offer, &taken, &(offer.related)(&chosen))));
        match answer(prompt, QUESTION)? {
            Answer::Quit => return Ok(None),
            Answer::GoOn if chosen.is_empty() => {
                prompt.show("Nothing is selected yet; `quit` ends without a package.\n\n");
            }
            Answer::GoOn => return Ok(Some(chosen.into_iter().cloned().collect())),
            Answer::Words(words) => match words.as_str() {
                "all" => taken.fill(true),
                "none" => taken.fill(false),
                numbers => match toggled(numbers, &taken) {
                    Ok(now) => taken = now,
                    Err(fault) => prompt.show(&clean_lines(&format!("{fault}\n\n"))),
                },
            },
        }
    }
}

/// Toggles all numbers of an answer, or none where one of them is not in the list.
fn toggled(numbers: &str, taken: &[bool]) -> Result<Vec<bool>, String> {
    let mut now = taken.to_vec();
    for word in numbers.split([' ', ',']).filter(|word| !word.is_empty()) {
        let at = word.trim_end_matches('.').parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        match at.and_then(|at| now.get_mut(at)) {
            Some(one) => *one = !*one,
            None => return Err(format!("there is no number `{word}`")),
        }
    }
    Ok(now)
}

fn list(offer: &Offer<'_>, taken: &[bool], related: &BTreeMap<Address, String>) -> String {
    let mut text = String::new();
    let mut kind: Option<&Kind> = None;
    for (index, (address, taken)) in offer.resources.iter().zip(taken).enumerate() {
        if kind != Some(&address.kind) {
            kind = Some(&address.kind);
            text.push_str(&format!("{}\n", address.kind));
        }
        let because = related.get(address).filter(|_| !taken);
        let mark = match (taken, because) {
            (true, _) => "x",
            (false, Some(_)) => "+",
            (false, None) => " ",
        };
        text.push_str(&format!("  {:>4}. [{mark}] {}", index + 1, address.name));
        text.push_str(&because.map(|way| format!("  comes along: {way}")).unwrap_or_default());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::script::Script;
    use super::*;

    /// Two entities and two picklists; the order needs the others.
    fn run(before: &str, answers: &[&str]) -> (Option<Vec<String>>, Vec<String>) {
        let all: Vec<Address> = ["entity/customer", "entity/order", "picklist/country", "picklist/status"]
            .iter()
            .map(|address| address.parse().unwrap())
            .collect();
        let related = |chosen: &[&Address]| {
            let mut related = BTreeMap::new();
            if chosen.contains(&&all[1]) {
                related.insert(all[0].clone(), "entity/order/customer -> entity/customer".to_owned());
                related.insert(all[3].clone(), "entity/order/status -> picklist/status".to_owned());
            }
            related.retain(|address, _| !chosen.contains(&address));
            related
        };
        let offer = Offer { resources: all.iter().collect(), related: &related };
        let mut script = Script::new(answers);
        let chosen = choose(&offer, |address| address.to_string() == before, &mut script).unwrap();
        (chosen.map(|all| all.iter().map(ToString::to_string).collect()), script.pages)
    }

    #[test]
    fn numbers_toggle_and_what_is_needed_is_explained() {
        let (chosen, pages) = run("", &["2", "1 2,3", "2", "1, 3", ""]);
        assert_eq!(chosen.unwrap(), ["entity/order"]);
        let empty = "entity\n     1. [ ] customer\n     2. [ ] order\npicklist\n     3. [ ] country\n     4. [ ] status\n";
        assert_eq!(pages[0], format!("{empty}{QUESTION}"));
        assert_eq!(
            pages[1],
            format!(
                "entity\n     1. [+] customer  comes along: entity/order/customer -> entity/customer\n     2. [x] order\n\
                 picklist\n     3. [ ] country\n     4. [+] status  comes along: entity/order/status -> picklist/status\n{QUESTION}"
            )
        );
        assert!(pages[2].contains("1. [x] customer\n     2. [ ] order\n"), "{}", pages[2]);
        assert!(pages[2].contains("3. [x] country\n     4. [ ] status\n"), "{}", pages[2]);
        assert!(pages[3].contains("1. [x] customer\n     2. [x] order\n"), "{}", pages[3]);
        assert_eq!(pages[4], pages[1]);
    }

    #[test]
    fn what_was_named_before_is_taken_already() {
        let (chosen, pages) = run("picklist/country", &[""]);
        assert_eq!(chosen.unwrap(), ["picklist/country"]);
        assert!(pages[0].contains("3. [x] country"));
        assert_eq!(run("picklist/country", &["none", "all", ""]).0.unwrap().len(), 4);
    }

    #[test]
    fn a_wrong_number_toggles_nothing_and_silence_chooses_nothing() {
        let (chosen, pages) = run("", &["1 5", "0", "two", "-1", "", "3.", ""]);
        assert_eq!(chosen.unwrap(), ["picklist/country"]);
        for (page, fault) in [(1, "`5`"), (2, "`0`"), (3, "`two`"), (4, "`-1`")] {
            assert!(pages[page].starts_with(&format!("there is no number {fault}\n")), "{}", pages[page]);
            assert!(!pages[page].contains("[x]"));
        }
        assert!(pages[5].starts_with("Nothing is selected yet"));
        assert_eq!(run("", &["all", "quit"]).0, None);
        assert_eq!(run("", &["all", "q"]).0, None);
        assert_eq!(run("", &["all"]).0, None, "whoever goes away has chosen nothing");
    }
}
