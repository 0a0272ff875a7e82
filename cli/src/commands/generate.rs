//! `mmapio completions` and `mmapio man`: written from the definition of the arguments, so they are never stale.

use std::fs;
use std::io::{self, Write};

use anyhow::{Context, Result, bail};
use clap::CommandFactory;
use clap_complete::aot;

use crate::args::Cli;
use crate::args::generate::{Completions, Man, Shell};
use crate::output::Exit;
use crate::render::man;

/// Prints a completion script.
pub(crate) fn completions(arguments: &Completions) -> Result<Exit> {
    let mut script = Vec::new();
    let mut command = Cli::command();
    match arguments.shell {
        Shell::Bash => clap_complete::generate(aot::Bash, &mut command, "mmapio", &mut script),
        Shell::Zsh => clap_complete::generate(aot::Zsh, &mut command, "mmapio", &mut script),
        Shell::Fish => clap_complete::generate(aot::Fish, &mut command, "mmapio", &mut script),
        Shell::Powershell => clap_complete::generate(aot::PowerShell, &mut command, "mmapio", &mut script),
        Shell::Elvish => clap_complete::generate(aot::Elvish, &mut command, "mmapio", &mut script),
        Shell::Nushell => {
            clap_complete::generate(clap_complete_nushell::Nushell, &mut command, "mmapio", &mut script);
        }
    }
    io::stdout().write_all(&script)?;
    Ok(Exit::Done)
}

/// Prints one manual page, or writes all of them.
pub(crate) fn man(arguments: &Man) -> Result<Exit> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let pages: Vec<_> = std::iter::once(&command).chain(command.get_subcommands()).collect();
    let names: Vec<_> = pages.iter().map(|page| man::name(page)).collect();
    if let Some(dir) = &arguments.dir {
        fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
        for (page, name) in pages.iter().zip(&names) {
            let file = dir.join(format!("{name}.1"));
            fs::write(&file, man::page(page, &names)?).with_context(|| file.display().to_string())?;
        }
        return Ok(Exit::Done);
    }
    let wanted = arguments.page.as_deref().unwrap_or("mmapio");
    match pages.iter().find(|page| page.get_name() == wanted) {
        Some(page) => io::stdout().write_all(man::page(page, &names)?.as_bytes())?,
        None => bail!("there is no subcommand `{wanted}`"),
    }
    Ok(Exit::Done)
}
