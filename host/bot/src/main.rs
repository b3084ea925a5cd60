//! `witbot`: the command line.
//!
//! Who wants to know how the bot works reads `app`, which builds the rooms; `rooms`, the loop that everything which
//! happens comes through; `dispatch`, which decides what is called; `runs`, which calls it; and `ground`, which gives
//! a run what it asks for.

mod admin;
mod app;
mod chat;
mod cli;
mod clock;
mod control;
mod dispatch;
mod door;
mod doors;
mod expected;
mod future;
mod ground;
mod harden;
mod identities;
mod lines;
mod live;
mod metrics;
mod orders;
mod outbox;
mod pace;
mod people;
mod plugins;
mod reconcile;
mod rehearsal;
mod rights;
mod rooms;
mod runs;
mod schedules;
mod secret;
mod services;
mod settings;
mod sheet;
mod slack;
mod tell;
mod theirs;
mod waits;
mod wake;
mod watch;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    if let Some(code) = cli::compile::if_asked(std::env::args_os()) {
        return code;
    }
    // Both clients of ours take the provider of the process, and one that takes its own would clash with it.
    if rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .is_err()
    {
        eprintln!("witbot: TLS was set up twice, which is a mistake of witbot's; please report it");
        return ExitCode::FAILURE;
    }
    match cli::Cli::try_parse() {
        Ok(cli) => cli.run(),
        Err(error) => {
            let _ = error.print();
            // Asking for help or for the version is no mistake.
            if error.use_stderr() {
                cli::USAGE.into()
            } else {
                ExitCode::SUCCESS
            }
        }
    }
}
