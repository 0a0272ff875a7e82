//! Arguments of the subcommands that write completions and manual pages.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

/// Print the completion script of a shell.
///
/// For example `mmapio completions bash > ~/.local/share/bash-completion/completions/mmapio`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

/// Shells with completions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// GNU Bash.
    Bash,
    /// Z shell.
    Zsh,
    /// fish.
    Fish,
    /// PowerShell.
    Powershell,
    /// Elvish.
    Elvish,
    /// Nushell.
    Nushell,
}

/// Print a manual page, or write all of them.
///
/// `mmapio man incore | man -l -` shows one without installing it.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The page: a subcommand's name; without it the page of mmapio itself.
    #[arg(value_name = "SUBCOMMAND")]
    pub(crate) page: Option<String>,

    /// Write all pages into DIR instead.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "page")]
    pub(crate) dir: Option<PathBuf>,
}
