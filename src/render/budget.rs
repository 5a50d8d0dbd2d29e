//! A document that is cut to a size: details first, then lists; what was left out is said.
//! Never cuts inside a line, and never leaves a fence or a fold open.

use super::markdown::fence;
use super::page::{counted, thousands};

/// What goes first: the later, the sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// What stands in the way, is destroyed, or is to be run next.
    Main,
    List,
    Detail,
    Statements,
}

const RANKS: [Rank; 4] = [Rank::Main, Rank::List, Rank::Detail, Rank::Statements];

/// How much is kept free for saying what was left out.
const RESERVE: usize = 1_200;
/// What a line such as `… and 12 more.` takes.
const MORE: usize = 48;
/// A fence shorter than this is not worth beginning.
const WORTH: usize = 300;

/// A part of a document.
pub struct Section {
    /// For saying that it was cut: `the changes of staging`.
    pub name: String,
    pub rank: Rank,
    pub head: String,
    pub items: Vec<Item>,
    pub foot: String,
}

/// A piece that is taken or left whole.
pub enum Item {
    Text(String),
    /// A fenced text, which may be cut between its lines.
    Fenced {
        language: &'static str,
        text: String,
    },
}

impl Item {
    fn whole(&self) -> String {
        match self {
            Item::Text(text) => text.clone(),
            Item::Fenced { language, text } => fence(language, text),
        }
    }

    /// As many lines as there is room for.
    fn cut(&self, room: usize) -> Option<String> {
        let Item::Fenced { language, text } = self else { return None };
        let lines: Vec<&str> = text.lines().collect();
        let part = |n: usize| {
            let more = format!("… and {} more lines", thousands((lines.len() - n) as u64));
            fence(language, &format!("{}\n{more}\n", lines[..n].join("\n")))
        };
        let (mut low, mut high) = (0, lines.len().saturating_sub(1));
        while low < high {
            let middle = (low + high).div_ceil(2);
            match part(middle).len() <= room {
                true => low = middle,
                false => high = middle - 1,
            }
        }
        (low > 0 && part(low).len() <= room).then(|| part(low))
    }
}

/// Writes as much of `sections` as `limit` bytes hold after `head`, which is always written; 0 sets no limit. Bytes are
/// never fewer than characters, so a limit on either is kept. `full` says where all of it is.
pub fn fit(head: &str, sections: &[Section], limit: usize, full: &str) -> String {
    let whole: String = sections
        .iter()
        .map(|one| write(one, &one.items.iter().map(Item::whole).collect::<Vec<_>>()))
        .collect();
    if limit == 0 || head.len() + whole.len() <= limit {
        return format!("{head}{whole}");
    }
    let mut room = limit.saturating_sub(head.len() + RESERVE);
    let mut taken: Vec<Vec<String>> = sections.iter().map(|_| Vec::new()).collect();
    for rank in RANKS {
        for (section, taken) in sections.iter().zip(&mut taken).filter(|(section, _)| section.rank == rank) {
            take(section, &mut room, taken);
        }
    }
    let mut text = head.to_owned();
    let mut missing = Vec::new();
    for (section, taken) in sections.iter().zip(&taken) {
        let is_cut = taken.len() < section.items.len()
            || section.items.iter().zip(taken).any(|(item, taken)| item.whole() != *taken);
        if is_cut {
            missing.push(section.name.as_str());
        }
        if !taken.is_empty() {
            text.push_str(&write(section, taken));
        }
    }
    let n_more = missing.len().saturating_sub(6);
    let mut names = missing.into_iter().take(6).collect::<Vec<_>>().join("; ");
    if n_more > 0 {
        names.push_str(&format!("; and {} more", counted(n_more, "part")));
    }
    format!(
        "{text}\n---\n\nCut to {} bytes. Left out, in part or all: {names}. {full}\n",
        thousands(limit as u64)
    )
}

fn take(section: &Section, room: &mut usize, taken: &mut Vec<String>) {
    let frame = section.head.len() + section.foot.len() + MORE;
    let Some(mut left) = room.checked_sub(frame) else { return };
    for item in &section.items {
        let whole = item.whole();
        if whole.len() <= left {
            left -= whole.len();
            taken.push(whole);
            continue;
        }
        if left > WORTH
            && let Some(part) = item.cut(left)
        {
            left -= part.len();
            taken.push(part);
        }
        break;
    }
    if !taken.is_empty() {
        *room = left;
    }
}

fn write(section: &Section, items: &[String]) -> String {
    let n_more = section.items.len() - items.len();
    let more = match n_more {
        0 => String::new(),
        n => format!("- … and {} more.\n", thousands(n as u64)),
    };
    format!("{}{}{more}{}", section.head, items.concat(), section.foot)
}
