//! `mmapio completions` and `mmapio man`: written from the definition of the arguments, so they are never stale.

use std::fs;
use std::io::{self, Write};

use anyhow::{Context, Result, bail};
use clap::{Command, CommandFactory};
use clap_complete::aot;

use crate::args::Cli;
use crate::args::generate::{Completions, Man, Shell};
use crate::output::Exit;

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
            clap_complete::generate(clap_complete_nushell::Nushell, &mut command, "mmapio", &mut script)
        }
    }
    io::stdout().write_all(&script)?;
    Ok(Exit::Done)
}

/// Prints one manual page, or writes all of them.
pub(crate) fn man(arguments: &Man) -> Result<Exit> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    if let Some(dir) = &arguments.dir {
        fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
        for command in std::iter::once(&command).chain(command.get_subcommands()) {
            let file = dir.join(format!("{}.1", page_name(command)));
            fs::write(&file, page(command)?).with_context(|| file.display().to_string())?;
        }
        return Ok(Exit::Done);
    }
    let command = match &arguments.page {
        None => &command,
        Some(name) => match command.find_subcommand(name) {
            Some(command) => command,
            None => bail!("there is no subcommand `{name}`"),
        },
    };
    io::stdout().write_all(&page(command)?)?;
    Ok(Exit::Done)
}

fn page_name(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let name = page_name(command);
    let version = format!("mmapio {}", env!("CARGO_PKG_VERSION"));
    let man = clap_mangen::Man::new(command.clone().name(name)).source(version).manual("User Commands");
    let mut page = Vec::new();
    man.render(&mut page)?;
    Ok(page)
}
