//! `reconcile completions` and `reconcile man`.
//! Never says what `--help` does not.

use clap::CommandFactory;

use crate::cli::args::Arguments;
use crate::cli::context::Context;
use crate::cli::exit::{Code, Failure};

pub fn completions(context: &Context, shell: clap_complete::Shell) -> Result<Code, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "reconcile", &mut script);
    context.terminal.result(&String::from_utf8_lossy(&script));
    Ok(Code::Done)
}

/// The whole manual as one page: the command, then each verb.
pub fn page(context: &Context) -> Result<Code, Failure> {
    let mut page = Vec::new();
    let mut command = Arguments::command();
    command.build();
    let failed = |error: std::io::Error| Failure::error(error.to_string());
    clap_mangen::Man::new(command.clone()).render(&mut page).map_err(failed)?;
    for verb in command.get_subcommands() {
        let man = clap_mangen::Man::new(verb.clone());
        man.render_synopsis_section(&mut page).map_err(failed)?;
        man.render_description_section(&mut page).map_err(failed)?;
        man.render_options_section(&mut page).map_err(failed)?;
        man.render_extra_section(&mut page).map_err(failed)?;
    }
    context.terminal.result(&String::from_utf8_lossy(&page));
    Ok(Code::Done)
}
