//! `reconcile fmt`.
//! Never writes a file that has a mistake or a comment inside, and never half a file.

use crate::cli::context::Context;
use crate::cli::exit::{Code, Failure};
use crate::cli::files;
use crate::ops::fmt::{Formatted, format};

pub fn run(context: &Context, only: &[String], check: bool) -> Result<Code, Failure> {
    if context.global.rev.is_some() {
        return Err(Failure::error("fmt rewrites the work tree, so it takes no --rev"));
    }
    let all = context.files()?;
    if let Some(missing) = only.iter().find(|path| all.text(path).is_none()) {
        return Err(Failure::error(format!("`{missing}` is no manifest of this repository"))
            .help("name files from the repository's root, as in resources/entities/order.yaml"));
    }
    let mut n_changed = 0;
    let mut n_kept = 0;
    for file in all.files.iter().filter(|f| only.is_empty() || only.contains(&f.path)) {
        match format(&file.text) {
            Formatted::Same => {}
            Formatted::Changed(text) => {
                n_changed += 1;
                if check {
                    context.terminal.result(&format!("would change {}\n", file.path));
                } else {
                    files::save(&context.root().join(&file.path), text.as_bytes())?;
                    context.terminal.result(&format!("changed {}\n", file.path));
                }
            }
            Formatted::Refused(why) => {
                n_kept += 1;
                context.terminal.remark(&format!("left {} as it is: {why}", file.path));
            }
        }
    }
    let all_same = n_changed == 0 && n_kept == 0;
    if all_same {
        context.terminal.remark("Every manifest is in canonical form.");
    }
    Ok(if check && n_changed > 0 { Code::Error } else { Code::Done })
}
