//! The risks of a change: which questions it raises, and what their answers come to. One file per family.
//! Never asks: it writes the question down and weighs the answer.

mod back;
mod data;
mod kept;
mod object;
mod rename;
mod task;
mod whole;

pub use back::{not_coming_back, tasks_stay};
pub use object::{broken, misread, pointed_at, rewrite};
pub use rename::renames;
pub use task::{measured, tasks, unfinished};
pub use whole::{first_run, in_parts, irreversible, kept_for_days, outside};

use crate::address::Address;
use crate::diff::change::Change;
use crate::model::state::State;
use crate::plan::{Finding, Level, count};
use crate::target::{Answer, Certainty, Question};

/// One question about one change, and what its answer would mean.
pub struct Asked {
    /// The index of the change.
    pub change: usize,
    /// The index of the query, once it is written.
    pub query: usize,
    pub question: Question,
    /// What a count above zero is; none where only the number is wanted.
    meaning: Option<Meaning>,
}

struct Meaning {
    code: &'static str,
    level: Level,
    path: Option<String>,
    say: Box<dyn Fn(u64) -> String>,
    help: Option<String>,
}

impl Asked {
    /// Tells whether apply must ask again: a risk may have grown since.
    pub fn guards(&self) -> bool {
        self.meaning.as_ref().is_some_and(|m| m.level != Level::Notice)
    }

    pub fn counts_rows(&self) -> bool {
        self.question == Question::Rows && self.meaning.is_none()
    }

    /// A lookup points at the primary key of what will be there.
    pub fn point_at_keys(&mut self, after: &State) {
        if let Question::OrphansAfter { entity, to, .. } = &mut self.question
            && to.is_empty()
            && let Some(entity) = after.get(entity).and_then(|r| r.as_entity())
        {
            *to = entity.key_fields().into_iter().map(str::to_owned).collect();
        }
    }

    /// Tells whether its query holds nothing but names of what is there now.
    pub fn is_of_the_present(&self) -> bool {
        match &self.question {
            Question::Rows
            | Question::Values { .. }
            | Question::OptionUse { .. }
            | Question::ComesBack { .. }
            | Question::RowGone => true,
            Question::NullsAfter { .. }
            | Question::DuplicatesAfter { .. }
            | Question::OrphansAfter { .. }
            | Question::NoOptionAfter { .. }
            | Question::ViolationsAfter { .. }
            | Question::DuplicatesBy { .. }
            | Question::UnfitAfter { .. } => false,
        }
    }

    /// Turns the answer into a finding where there is a risk: never where no row is concerned.
    pub fn weigh(&self, change: &Change, answer: &Answer) -> Option<Finding> {
        let meaning = self.meaning.as_ref()?;
        match answer.certainty {
            Certainty::Unknown if meaning.level != Level::Notice => return Some(unmeasured(change, meaning)),
            Certainty::Withheld if meaning.level != Level::Notice => return Some(withheld(change, meaning)),
            Certainty::Unknown | Certainty::Withheld => return None,
            Certainty::NotAsked => return not_asked(change, meaning),
            Certainty::Counted | Certainty::Estimated if answer.count == 0 => return None,
            Certainty::Counted | Certainty::Estimated => {}
        }
        let estimate = match answer.certainty {
            Certainty::Estimated => ", by the estimate of the target's own statistics",
            Certainty::Counted | Certainty::Unknown | Certainty::Withheld | Certainty::NotAsked => "",
        };
        Some(Finding {
            code: meaning.code.to_owned(),
            level: meaning.level,
            address: change.address.clone(),
            path: meaning.path.clone(),
            message: format!("{}{estimate}", (meaning.say)(answer.count)),
            rows: Some(answer.count),
            samples: if meaning.level == Level::Notice { Vec::new() } else { answer.samples.clone() },
            help: meaning.help.clone(),
            allowed_by: None,
            judged: None,
        })
    }
}

/// `RK812`: whether a risk is there was not asked.
fn withheld(change: &Change, meaning: &Meaning) -> Finding {
    let code = meaning.code;
    Finding {
        code: "RK812".to_owned(),
        level: Level::Consent,
        address: change.address.clone(),
        path: meaning.path.clone(),
        message: format!(
            "was not asked of the rows, because that would run unreviewed SQL: whether {code} holds"
        ),
        rows: None,
        samples: Vec::new(),
        help: Some("it is asked once the SQL is on the trusted revision".to_owned()),
        allowed_by: None,
        judged: None,
    }
}

/// `RK812`'s question, which nobody is asked.
pub fn unasked() -> Answer {
    Answer { certainty: Certainty::Withheld, ..Answer::default() }
}

/// `RK811`: a change brings SQL that nobody has reviewed, and that was not run.
pub fn unreviewed(address: &Address, places: &[String], from: &str) -> Finding {
    Finding {
        code: "RK811".to_owned(),
        level: Level::Consent,
        address: address.clone(),
        path: None,
        message: format!("brings SQL that {from} does not have, and that was not run: {}", places.join(", ")),
        rows: None,
        samples: Vec::new(),
        help: Some(format!("read it; once it is on {from}, the plan tries it out")),
        allowed_by: None,
        judged: None,
    }
}

/// `RK212`: nobody knows whether a risk is there.
fn unmeasured(change: &Change, meaning: &Meaning) -> Finding {
    let code = meaning.code;
    Finding {
        code: "RK212".to_owned(),
        level: Level::Consent,
        address: change.address.clone(),
        path: meaning.path.clone(),
        message: format!("could not be measured in time: it is not known whether {code} holds for its rows"),
        rows: None,
        samples: Vec::new(),
        help: Some(
            "plan when the target is less busy; or look for yourself, and allow this finding".to_owned(),
        ),
        allowed_by: None,
        judged: None,
    }
}

/// What may be, where there is no target that could say. What would refuse is only shown: most often no row is like that.
fn not_asked(change: &Change, meaning: &Meaning) -> Option<Finding> {
    let may_be = match meaning.code {
        "RK201" => "destroys its rows",
        "RK203" => "destroys its values",
        "RK204" => "may be the value of rows",
        "RK205" => "values may not fit the new type",
        "RK206" => "rows may be without a value",
        "RK207" => "rows may be alike in what must be unique",
        "RK208" => "rows may point at nothing",
        "RK209" => "rows may break this check",
        "RK210" => "rows may have a value that is no option",
        _ if meaning.level == Level::Notice => return None,
        _ => "rows may stand in the way",
    };
    Some(Finding {
        code: meaning.code.to_owned(),
        level: if meaning.level == Level::Consent { Level::Consent } else { Level::Notice },
        address: change.address.clone(),
        path: meaning.path.clone(),
        message: format!("{may_be}; how many is not known without the target"),
        rows: None,
        samples: Vec::new(),
        help: None,
        allowed_by: None,
        judged: None,
    })
}

/// Collects the questions of one change.
struct Asking<'a> {
    change: usize,
    asked: &'a mut Vec<Asked>,
}

impl Asking<'_> {
    fn count_rows(&mut self) {
        self.asked.push(Asked { change: self.change, query: 0, question: Question::Rows, meaning: None });
    }

    fn ask(
        &mut self,
        code: &'static str,
        level: Level,
        path: Option<String>,
        question: Question,
        say: impl Fn(u64) -> String + 'static,
        help: impl Into<Option<String>>,
    ) {
        let meaning = Meaning { code, level, path, say: Box::new(say), help: help.into() };
        self.asked.push(Asked { change: self.change, query: 0, question, meaning: Some(meaning) });
    }
}

/// Writes down every question that one change raises.
pub fn ask(index: usize, change: &Change, asked: &mut Vec<Asked>) {
    data::ask(change, &mut Asking { change: index, asked });
}
