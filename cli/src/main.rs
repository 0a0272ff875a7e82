//! `mmapio`: parse, run, exit status.
#![forbid(unsafe_code)]

mod args;
mod commands;
mod interrupt;
mod messages;
mod output;
mod parallel;
mod progress;
mod render;
mod replace;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use output::Exit;

fn main() -> ExitCode {
    let cli = Cli::parse();
    cli.color.write_global();
    let done = match &cli.command {
        Command::Incore(incore) => commands::incore::run(incore),
        Command::Warm(warm) => commands::warm::run(warm),
        Command::Evict(evict) => commands::evict::run(evict),
        Command::Lock(lock) => commands::lock::run(lock),
        Command::Sync(sync) => commands::sync::run(sync),
        Command::Advise(advise) => commands::advise::run(advise),
        Command::Map(map) => commands::map::run(map),
        Command::Bench(bench) => commands::bench::run(bench),
        Command::Completions(completions) => commands::generate::completions(completions),
        Command::Man(man) => commands::generate::man(man),
    };
    done.unwrap_or_else(|error| output::failure(&error)).into()
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
