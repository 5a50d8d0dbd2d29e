//! `reconcile init`.
//! Never writes over a file that is there.

use std::path::Path;

use crate::cli::context::Context;
use crate::cli::exit::{Code, Failure};
use crate::cli::files;
use crate::ops::init;

pub fn run(context: &Context, dir: &Path) -> Result<Code, Failure> {
    let root = context.root().join(dir);
    let taken: Vec<&str> = init::files()
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| *path != ".gitignore" && root.join(path).symlink_metadata().is_ok())
        .collect();
    if !taken.is_empty() {
        return Err(Failure::error(format!(
            "`{}` has these files already: {}",
            root.display(),
            taken.join(", ")
        ))
        .help("name another folder: reconcile init NAME"));
    }
    for (path, text) in init::files() {
        let file = root.join(path);
        if file.symlink_metadata().is_ok() {
            context.terminal.remark(&format!("left {path} as it is; it should ignore .reconcile/"));
            continue;
        }
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|e| Failure::error(format!("cannot make `{}`: {e}", folder.display())))?;
        }
        files::save(&file, text.as_bytes())?;
        context.terminal.result(&format!("  + {path}\n"));
    }
    let change_folder =
        if dir == Path::new(".") { String::new() } else { format!("cd {} && ", dir.display()) };
    context.terminal.remark(&format!("\nNext: {change_folder}reconcile --plan"));
    Ok(Code::Done)
}
