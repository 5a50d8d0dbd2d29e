//! `reconcile schema`: the JSON Schemas of manifests and of what this program writes.
//! Never needs a repository.

use std::path::Path;

use crate::cli::context::Context;
use crate::cli::exit::{Code, Failure};
use crate::cli::files;
use crate::diagnostic::nearest;
use crate::{manifest, wire};

pub fn run(context: &Context, name: Option<&str>, out: Option<&Path>) -> Result<Code, Failure> {
    let all = all();
    let short = |file: &'static str| file.trim_end_matches(".schema.json");
    if let Some(folder) = out {
        std::fs::create_dir_all(folder)
            .map_err(|e| Failure::error(format!("`{}`: {e}", folder.display())))?;
        for (file, text) in &all {
            files::save(&folder.join(file), text.as_bytes())?;
        }
        context.terminal.remark(&format!("Wrote {} schemas to {}", all.len(), folder.display()));
        return Ok(Code::Done);
    }
    let names = || all.iter().map(|(file, _)| short(file));
    let Some(name) = name else {
        let list: String = names().map(|n| format!("{n}\n")).collect();
        context.terminal.result(&list);
        return Ok(Code::Done);
    };
    match all.iter().find(|(file, _)| short(file) == name.to_lowercase()) {
        Some((_, text)) => context.terminal.result(text),
        None => {
            let help = match nearest(name, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are: {}", names().collect::<Vec<_>>().join(", ")),
            };
            return Err(Failure::error(format!("there is no schema `{name}`")).help(help));
        }
    }
    Ok(Code::Done)
}

/// Every schema with the name of its file.
pub fn all() -> Vec<(&'static str, String)> {
    let mut all = manifest::schema::schemas();
    all.extend(wire::schema::schemas());
    all.sort();
    all
}
