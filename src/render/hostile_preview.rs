//! Hostile names and values against every format of a preview, each read by a parser that is not ours.
//! Never used outside tests.

use std::sync::Arc;

use html5gum::{Token, Tokenizer};
use indexmap::IndexMap;
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag};

use super::hostile::{SIGN, change, hostile, plan};
use super::{annotations, preview_html, preview_markdown, sarif};
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Span};
use crate::diff::change::Change;
use crate::model::entity::{self, Entity};
use crate::model::field::{Field, FieldType};
use crate::model::name::is_unprintable;
use crate::model::power::{Held, Power};
use crate::model::resource::Resource;
use crate::plan::{Compared, Plan};
use crate::report::preview::{Apart, Place, Planned, Preview, Subject, Unplanned};
use crate::source::Revision;

/// An entity whose names do harm, with lookups to itself and to somebody else.
fn entity(names: &[String]) -> Entity {
    let lookup = |name: &String| FieldType::Lookup {
        entity: Some(name.clone()),
        entities: Vec::new(),
        on_delete: Default::default(),
    };
    let fields: IndexMap<String, Field> =
        names.iter().map(|name| (name.clone(), Field::of(lookup(name)))).collect();
    Entity { fields, ..Entity::default() }
}

/// Environments and commits are not anybody's words: their names are checked before.
fn ours(plan: Plan, names: &[String], base: Option<&String>) -> Planned {
    let mut plan = Plan { environment: "staging-1".to_owned(), ..plan };
    plan.revision.commit = Some("4f2a91c".repeat(6));
    for change in &mut plan.changes {
        change.after = Some(Resource::Entity(entity(names)));
    }
    plan.compared = base.map(|named| Compared {
        named: named.clone(),
        base: Revision { commit: Some("0123456".repeat(6)), ..Revision::default() },
    });
    let place = |at: usize| {
        let file = names.get(at % names.len().max(1))?.clone();
        Some(Place { file, line: 3, column: 5, end_line: 3, end_column: 9 })
    };
    let places = (0..plan.findings.len()).map(place).collect();
    let model = names
        .iter()
        .map(|name| (Address::new(entity::KIND, name.as_str()), Arc::new(Resource::Entity(entity(names)))))
        .collect();
    Planned { plan, places, model }
}

fn preview() -> impl Strategy<Value = Preview> {
    let names = prop::collection::vec(hostile(), 0..4);
    let plans = prop::collection::vec(plan(), 0..3);
    let changes: BoxedStrategy<Vec<Change>> = prop::collection::vec(change(), 0..2).boxed();
    (plans, names, hostile(), (changes.clone(), changes), any::<(bool, bool)>()).prop_map(
        |(plans, names, word, (beside, already), (has_base, has_faults))| {
            let base = has_base.then_some(&word);
            let planned = plans.into_iter().map(|plan| ours(plan, &names, base)).collect();
            let mut found =
                Diagnostic::warning("RV104", word.as_str()).in_file(word.as_str()).help(word.as_str());
            found.span = Some(Span { start: 0, end: 1, line: 2, column: 3 });
            let fault =
                Unplanned { environment: "dev".to_owned(), message: word.clone(), help: Some(word.clone()) };
            Preview {
                subject: Subject { folder: word.clone(), named: vec![word.clone()], has_targets: has_base },
                revision: Revision { commit: Some("4f2a91c".repeat(6)), ..Revision::default() },
                planned,
                power: Some(Power {
                    from: word.clone(),
                    held: vec![Held {
                        place: word.clone(),
                        what: word.clone(),
                        trusted: Some(word.clone()),
                        proposed: Some(word.clone()),
                    }],
                }),
                apart: vec![Apart { environment: "staging-1".to_owned(), target: word, beside, already }],
                unplanned: if has_faults { vec![fault] } else { Vec::new() },
                diagnostics: if has_faults { vec![found] } else { Vec::new() },
                rehearsals: Vec::new(),
            }
        },
    )
}

/// Refuses what of a Markdown text is no text of a code span or fence, and comes from a value; and a fold that is not
/// closed.
fn strange(text: &str) -> Option<String> {
    let mut n_open = 0;
    let options = Options::all().difference(Options::ENABLE_YAML_STYLE_METADATA_BLOCKS);
    let options = options.difference(Options::ENABLE_PLUSES_DELIMITED_METADATA_BLOCKS);
    let mut is_code = false;
    for event in Parser::new_ext(text, options) {
        let is_strange = match &event {
            Event::Start(Tag::CodeBlock(_)) => {
                is_code = true;
                false
            }
            Event::End(pulldown_cmark::TagEnd::CodeBlock) => {
                is_code = false;
                false
            }
            Event::Start(tag) => !matches!(
                tag,
                Tag::Paragraph
                    | Tag::Heading { .. }
                    | Tag::HtmlBlock
                    | Tag::List(_)
                    | Tag::Item
                    | Tag::Table(_)
                    | Tag::TableHead
                    | Tag::TableRow
                    | Tag::TableCell
                    | Tag::Strong
            ),
            Event::Text(text) => !is_code && text.contains(SIGN),
            Event::Html(html) | Event::InlineHtml(html) => {
                let html = html.trim();
                n_open += html.matches("<details>").count();
                n_open -= html.matches("</details>").count();
                let is_fold = html.starts_with("<details><summary>") && html.ends_with("</summary>");
                let is_mark = html.starts_with("<!-- reconcile:plan ") && html.matches("-->").count() == 1;
                html.contains(SIGN) || !(is_fold || is_mark || html == "</details>" || html.is_empty())
            }
            Event::Code(_) | Event::End(_) | Event::SoftBreak | Event::Rule => false,
            Event::HardBreak
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_) => true,
        };
        if is_strange {
            return Some(format!("{event:?}"));
        }
    }
    (n_open > 0).then(|| format!("{n_open} folds stay open"))
}

/// Tells what of a page is neither ours nor plain text.
fn foreign(page: &str) -> Option<String> {
    const TAGS: &str = " html head meta title style body header main section h1 h2 h3 p ul li code pre span strong \
        details summary div table thead tbody tr th td a figure figcaption svg defs marker path g rect text tspan ";
    const ATTRIBUTES: &str = " lang charset http-equiv content name class id href xmlns width height viewbox role \
        aria-label refx refy markerwidth markerheight orient d x y rx text-anchor marker-end ";
    for token in Tokenizer::new(page) {
        let Ok(token) = token;
        let is_foreign = match &token {
            Token::StartTag(tag) => {
                let name = String::from_utf8_lossy(&tag.name).into_owned();
                !TAGS.contains(&format!(" {name} "))
                    || tag.attributes.iter().any(|(name, value)| {
                        let (name, value) = (String::from_utf8_lossy(name), String::from_utf8_lossy(value));
                        !ATTRIBUTES.contains(&format!(" {name} "))
                            || value.contains(SIGN)
                            || (name == "href" && !value.starts_with('#'))
                    })
            }
            Token::EndTag(tag) => !TAGS.contains(&format!(" {} ", String::from_utf8_lossy(&tag.name))),
            Token::Comment(_) => true,
            Token::String(_) | Token::Doctype(_) => false,
            Token::Error(error) => format!("{error:?}").is_empty(),
        };
        if is_foreign {
            return Some(format!("{token:?}"));
        }
    }
    None
}

fn harm(text: &str) -> Option<char> {
    text.chars().find(|c| is_unprintable(*c) && *c != '\n')
}

proptest! {
    // Some forty hostile texts in each: ten thousand and more.
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_node_of_the_markdown_comes_from_a_value(preview in preview(), limit in 4_000usize..40_000) {
        for limit in [0, limit] {
            let text = preview_markdown::preview(&preview, limit);
            prop_assert_eq!(strange(&text), None, "\n{}", text);
            prop_assert_eq!(harm(&text), None, "\n{}", text);
            prop_assert!(limit == 0 || text.len() <= limit, "{} bytes, and {limit} are the limit", text.len());
            prop_assert!(text.starts_with("<!-- reconcile:plan env="));
        }
    }

    #[test]
    fn no_tag_of_the_page_comes_from_a_value(preview in preview()) {
        let page = preview_html::preview(&preview);
        prop_assert_eq!(foreign(&page), None, "\n{}", page);
        prop_assert_eq!(harm(&page), None);
    }

    #[test]
    fn no_command_of_github_comes_from_a_value(preview in preview()) {
        let text = annotations::preview(&preview);
        prop_assert_eq!(harm(&text), None);
        prop_assert!(!text.contains("##["), "\n{}", text);
        let mut n_commands = 0;
        for line in text.lines().filter(|line| line.trim_start().starts_with("::")) {
            let words = ["error", "warning", "notice"];
            let rest = words.iter().find_map(|word| line.strip_prefix(&format!("::{word} ")));
            prop_assert!(rest.is_some(), "{}", line);
            let properties = rest.unwrap_or_default().split("::").next().unwrap_or_default();
            for property in properties.split(',') {
                let name = property.split('=').next().unwrap_or_default();
                prop_assert!(["file", "line", "col", "endLine", "endColumn", "title"].contains(&name), "{}", line);
            }
            n_commands += 1;
        }
        let n_findings: usize = preview.deciding().map(|one| one.plan.findings.len()).sum();
        prop_assert_eq!(n_commands, n_findings + preview.unplanned.len() + preview.diagnostics.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_preview_is_sarif(preview in preview()) {
        let schema = include_str!("../../tests/sarif/used.schema.json");
        let schema = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
        let text = sarif::preview(&preview);
        prop_assert_eq!(harm(&text), None);
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        let faults: Vec<String> = schema.iter_errors(&document).map(|e| format!("{}: {e}", e.instance_path())).collect();
        prop_assert!(faults.is_empty(), "{}", faults.join("; "));
        let results = document["runs"][0]["results"].as_array().unwrap();
        let mut prints: Vec<&serde_json::Value> = results.iter().map(|r| &r["partialFingerprints"]["reconcile/v1"]).collect();
        let n_results = prints.len();
        prints.sort_by_key(|print| print.to_string());
        prints.dedup();
        prop_assert_eq!(prints.len(), n_results);
    }
}
