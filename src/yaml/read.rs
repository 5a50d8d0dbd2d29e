//! Reads YAML into nodes with places, and refuses with a place what two readers could take differently.
//! Never recurses: depth, size and the number of nodes are limits, not crashes.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};

use super::place::{Places, scalar_end, span_of};
use super::{Node, NodeKind};
use crate::diagnostic::{Diagnostic, Span};

/// The most bytes of one file.
pub const MAX_BYTES: usize = crate::source::MAX_BYTES as usize;
/// The most collections inside one another.
pub const MAX_DEPTH: usize = 64;
/// The most values of one file, keys included.
pub const MAX_NODES: usize = 200_000;
/// The most mistakes reported of one file; reading stops there.
pub const MAX_FOUND: usize = 100;

/// One document of a file; empty documents are skipped.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub node: Node,
    /// Whether one of its scalars holds `${`.
    pub is_templated: bool,
}

/// Reads all documents of one file, and all that is wrong with it; the caller adds the file's name.
///
/// After a diagnostic the documents are what could be understood: the whole ones before a syntax error,
/// and of the others all entries but the refused ones. Nothing may be concluded from what they lack.
pub fn read(text: &str) -> (Vec<Document>, Vec<Diagnostic>) {
    if text.len() > MAX_BYTES {
        let message = format!("the file has {} bytes; a manifest has at most {MAX_BYTES}", text.len());
        let help = "split it into several files; any number of files may hold manifests";
        return (Vec::new(), vec![Diagnostic::error("RV003", message).help(help)]);
    }
    if let Some((at, refused)) = text.char_indices().find(|(_, c)| is_refused(*c)) {
        let message = format!("the file has a character that YAML does not allow: U+{:04X}", refused as u32);
        let help = "save the file as UTF-8 text; inside double quotes, write the character as an escape";
        let place = span_of(text, at, at + refused.len_utf8());
        return (Vec::new(), vec![Diagnostic::error("RV001", message).at(place).help(help)]);
    }
    let mut reader = Reader {
        places: Places::of(text),
        documents: Vec::new(),
        found: Vec::new(),
        stack: Vec::new(),
        nodes: 0,
        is_templated: false,
        between: 0,
    };
    // The reader has said why it stopped early, if it did.
    let _ = reader.run();
    (reader.documents, reader.found)
}

fn is_refused(c: char) -> bool {
    (c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}')) || matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// Reading cannot go on; the last diagnostic says why.
struct Stop;

struct Reader<'t> {
    places: Places<'t>,
    documents: Vec<Document>,
    found: Vec<Diagnostic>,
    stack: Vec<Open>,
    nodes: usize,
    /// Whether the document being read holds `${`.
    is_templated: bool,
    /// The byte after the last document.
    between: usize,
}

/// A collection whose end has not come yet.
enum Open {
    Sequence(Span, Vec<Node>),
    Mapping(Span, Entries),
}

#[derive(Default)]
struct Entries {
    all: Vec<(Node, Node)>,
    key: Key,
    /// The place of each key, once the mapping is too wide to search.
    index: HashMap<String, Span>,
}

#[derive(Default)]
enum Key {
    #[default]
    Awaited,
    Held(Node),
    /// Refused, and its value with it.
    Dropped,
}

/// A mapping is searched up to this many keys, and indexed beyond.
const NARROW: usize = 16;

impl Entries {
    fn first(&mut self, key: &str) -> Option<Span> {
        if self.all.len() < NARROW {
            return self.all.iter().find(|(k, _)| k.text() == Some(key)).map(|(k, _)| k.span);
        }
        if self.index.is_empty() {
            let place = |(k, _): &(Node, Node)| (k.text().unwrap_or_default().to_owned(), k.span);
            self.index = self.all.iter().map(place).collect();
        }
        self.index.get(key).copied()
    }

    fn push(&mut self, key: Node, value: Node) {
        if !self.index.is_empty() {
            self.index.insert(key.text().unwrap_or_default().to_owned(), key.span);
        }
        self.all.push((key, value));
    }
}

impl Reader<'_> {
    fn run(&mut self) -> Result<(), Stop> {
        for event in Parser::new_from_str(self.places.text) {
            let (event, mark) = event.map_err(|error| self.syntax(&error))?;
            let span = self.places.span(mark);
            match event {
                Event::Scalar(text, style, anchor, tag) => {
                    self.properties(anchor, tag.is_some(), span)?;
                    let plain = style == ScalarStyle::Plain;
                    self.is_templated = self.is_templated || text.contains("${");
                    let node = Node {
                        span: self.scalar_span(span, style, text.is_empty()),
                        kind: NodeKind::Scalar { text: text.into_owned(), plain },
                    };
                    self.attach(Some(node), span)?;
                }
                Event::Alias(_) => {
                    self.refuse("aliases", "write the value out here, or keep it in one place only", span)?;
                    self.attach(None, span)?;
                }
                Event::SequenceStart(anchor, tag) => {
                    self.properties(anchor, tag.is_some(), span)?;
                    self.open(Open::Sequence(span, Vec::new()), span)?;
                }
                Event::MappingStart(anchor, tag) => {
                    self.properties(anchor, tag.is_some(), span)?;
                    self.open(Open::Mapping(span, Entries::default()), span)?;
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    let node = self.close(span);
                    self.attach(node, span)?;
                }
                Event::DocumentStart(_) => self.directives(span.start as usize)?,
                Event::DocumentEnd => self.between = span.end as usize,
                Event::Nothing | Event::StreamStart | Event::StreamEnd => {}
            }
        }
        Ok(())
    }

    fn open(&mut self, open: Open, span: Span) -> Result<(), Stop> {
        if self.stack.len() == MAX_DEPTH {
            return Err(self.too_deep(span));
        }
        self.stack.push(open);
        Ok(())
    }

    fn close(&mut self, end: Span) -> Option<Node> {
        let (start, last, kind) = match self.stack.pop()? {
            Open::Sequence(start, items) => {
                (start, items.last().map(|item| item.span.end), NodeKind::Sequence(items))
            }
            Open::Mapping(start, entries) => {
                (start, entries.all.last().map(|(_, value)| value.span.end), NodeKind::Mapping(entries.all))
            }
        };
        // A flow collection ends with its bracket; a block's end is noticed only at the next token.
        let end = if end.end > end.start { end.end } else { last.unwrap_or(start.end) };
        Some(Node { span: Span { end: end.max(start.end), ..start }, kind })
    }

    /// Puts a finished node where it belongs; `None` stands for a refused one.
    fn attach(&mut self, node: Option<Node>, place: Span) -> Result<(), Stop> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let message = format!("the file has more than {MAX_NODES} values");
            self.found
                .push(Diagnostic::error("RV003", message).at(place).help("split it into several files"));
            return Err(Stop);
        }
        let entries = match self.stack.last_mut() {
            None => {
                let empty =
                    |n: &Node| matches!(&n.kind, NodeKind::Scalar { text, plain: true } if text.is_empty());
                let is_templated = std::mem::take(&mut self.is_templated);
                let document = |node| Document { node, is_templated };
                self.documents.extend(node.filter(|n| !empty(n)).map(document));
                return Ok(());
            }
            Some(Open::Sequence(_, items)) => {
                items.extend(node);
                return Ok(());
            }
            Some(Open::Mapping(_, entries)) => entries,
        };
        match (std::mem::take(&mut entries.key), node) {
            (Key::Awaited, node) => self.key(node, place),
            (Key::Held(key), Some(value)) => {
                entries.push(key, value);
                Ok(())
            }
            (Key::Held(_), None) | (Key::Dropped, _) => Ok(()),
        }
    }

    fn key(&mut self, node: Option<Node>, place: Span) -> Result<(), Stop> {
        let Some(Open::Mapping(_, entries)) = self.stack.last_mut() else { return Ok(()) };
        entries.key = Key::Dropped;
        let Some(node) = node else { return Ok(()) };
        let NodeKind::Scalar { text, plain } = &node.kind else {
            let message = format!("a key is a text, not {}", node.describe());
            return self.report(Diagnostic::error("RV005", message).at(node.span));
        };
        if *plain && text.is_empty() {
            let help = "write the key before the `:`";
            return self.report(Diagnostic::error("RV005", "a key is missing").at(place).help(help));
        }
        if *plain && text == "<<" {
            let help = "write the merged entries out at each place";
            return self.refuse("merge keys", help, node.span);
        }
        if let Some(first) = entries.first(text) {
            let message = format!("key `{}` is given twice", shown(text));
            let found = Diagnostic::error("RV002", message).at(node.span);
            return self.report(found.label(first, "given here first").help("keep one of the two"));
        }
        entries.key = Key::Held(node);
        Ok(())
    }

    fn scalar_span(&self, span: Span, style: ScalarStyle, empty: bool) -> Span {
        let (start, end) = (span.start as usize, span.end as usize);
        let end = scalar_end(self.places.text, start, end, style, empty);
        Span { end: end as u32, ..span }
    }

    fn properties(&mut self, anchor: usize, tagged: bool, span: Span) -> Result<(), Stop> {
        if anchor != 0 {
            let help = "remove the `&` and its name, and write the value out at each place";
            self.refuse("anchors", help, self.property(span, '&'))?;
        }
        if tagged {
            let help = "remove the `!` and its name; a value that must be a text is quoted";
            self.refuse("tags", help, self.property(span, '!'))?;
        }
        Ok(())
    }

    /// Returns the place of a node's anchor or tag: its first words, which begin with `sign`.
    fn property(&self, span: Span, sign: char) -> Span {
        let rest = &self.places.text[span.start as usize..];
        let word = rest.split_whitespace().take(2).find(|word| word.starts_with(sign));
        match word.and_then(|word| Some((rest.find(word)?, word.len()))) {
            Some((at, length)) => {
                let start = span.start as usize + at;
                span_of(self.places.text, start, start + length)
            }
            None => span,
        }
    }

    /// Refuses the directives between the last document and one that begins at `end`.
    fn directives(&mut self, end: usize) -> Result<(), Stop> {
        let text = self.places.text;
        let mut at = self.between.min(end);
        for line in text[at..end].split_inclusive(['\n', '\r']) {
            let directive = line.trim_end();
            if directive.starts_with('%') {
                let place = span_of(text, at, at + directive.len());
                self.refuse("directives", "remove the line; manifests are YAML 1.2", place)?;
            }
            at += line.len();
        }
        Ok(())
    }

    fn refuse(&mut self, what: &str, help: &str, span: Span) -> Result<(), Stop> {
        self.report(
            Diagnostic::error("RV004", format!("{what} are not read in manifests")).at(span).help(help),
        )
    }

    fn report(&mut self, found: Diagnostic) -> Result<(), Stop> {
        let place = found.span;
        self.found.push(found);
        if self.found.len() < MAX_FOUND {
            return Ok(());
        }
        let mut last =
            Diagnostic::error("RV003", format!("{MAX_FOUND} mistakes in this file; the rest is not read"));
        last.span = place;
        self.found.push(last);
        Err(Stop)
    }

    fn too_deep(&mut self, span: Span) -> Stop {
        let message = format!("values lie in one another deeper than {MAX_DEPTH} levels");
        self.found.push(Diagnostic::error("RV003", message).at(span));
        Stop
    }

    fn syntax(&mut self, error: &ScanError) -> Stop {
        let mark = *error.marker();
        let at = self.places.byte(mark);
        let width = self.places.text[at..].chars().next().filter(|c| *c >= ' ').map_or(0, char::len_utf8);
        let span = Span { end: (at + width) as u32, ..self.places.span(saphyr_parser::Span::empty(mark)) };
        let refused = |what: &str| Diagnostic::error("RV004", format!("{what} are not read in manifests"));
        let found = match error.info() {
            "recursion limit exceeded" => return self.too_deep(span),
            info if info.contains("unknown anchor") => {
                refused("aliases").help("write the value out; a text that begins with `*` is quoted")
            }
            "the handle wasn't declared" => {
                refused("tags").help("remove the tag; a text that begins with `!` is quoted")
            }
            info => {
                let found = Diagnostic::error("RV001", format!("the file is not valid YAML: {info}"));
                match info {
                    _ if self.places.text[..at].ends_with('$') && self.places.text[at..].starts_with('{') => {
                        found.help("inside `{ }` and `[ ]`, a text with braces is quoted: \"${value:NAME}\"")
                    }
                    _ if info.contains("tab") => found.help("indent with spaces"),
                    "mapping values are not allowed in this context" => {
                        found.help("a text that contains `: ` is quoted; otherwise check the indentation")
                    }
                    _ if info.contains("quoted scalar") => {
                        found.help("close the quote, and indent its further lines")
                    }
                    _ => found,
                }
            }
        };
        self.found.push(found.at(span));
        Stop
    }
}

/// Shortens and escapes a name from a file for a message of one line.
fn shown(text: &str) -> String {
    let short: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() { short + "…" } else { short }
}
