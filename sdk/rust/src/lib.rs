//! Write witbot plugins in Rust. This is a whole one:
//!
//! ```no_run
//! use witbot_sdk::{Command, Event, Plugin, Result};
//!
//! witbot_sdk::plugin!(plugin);
//!
//! fn plugin() -> Plugin {
//!     Plugin::new("Says hello.")
//!         .command(Command::new("hello [<name>]", "Greets somebody.", hello).example("hello Ada"))
//! }
//!
//! fn hello(event: &Event) -> Result {
//!     let name = event.argument("name").unwrap_or_else(|| event.user_name());
//!     event.reply(format!("Hello, {name}!"))?;
//!     Ok(())
//! }
//! ```
//!
//! It is a library crate with `crate-type = ["cdylib"]`, built for `wasm32-unknown-unknown`. The file that comes of it
//! goes into the plugins folder as it is. Each interface of the contract that a plugin uses is a module here; only those
//! that are really called end up in the file, and those in [`github`], [`ci`], [`http`], [`kv`] and [`topics`] need a grant from the
//! operator. Answering needs none; of [`chat`], only what writes where nobody asked does.
//!
//! A handler is an ordinary function that may wait, for hours if need be. A run that waited is run again from the top
//! and is given the answers that it already had, see [`flow`]. So a handler must do the same again when it is told the
//! same: time and chance come from [`flow`], and what calls are made must not depend on the order of a `HashMap` or on
//! anything that a `static` has kept. What must last from one call to the next goes into [`kv`].
//!
//! An [`Error`] that a handler returns is told to the person who asked, by its message. A panic ends the run; its
//! message goes to the log.

#[doc(hidden)]
pub mod bindings;
pub mod chat;
pub mod ci;
pub mod config;
pub mod duration;
mod error;
mod event;
#[doc(hidden)]
pub mod export;
pub mod flow;
pub mod github;
pub mod http;
pub mod kv;
pub mod log;
pub mod permission;
mod plugin;
mod time;
pub mod topics;

pub use error::{Code, Error, Result};
pub use event::Event;
pub use plugin::{Command, Plugin};

/// Makes a crate a plugin: exports the function that declares it, of type `fn() -> Plugin`.
#[macro_export]
macro_rules! plugin {
    ($declaration:path) => {
        const _: () = {
            struct Exported;

            impl $crate::export::Guest for Exported {
                fn describe(declaration: &$crate::bindings::witbot::plugin::declare::Declaration) {
                    // The version of the crate that the macro is called in.
                    $crate::export::describe($declaration, env!("CARGO_PKG_VERSION"), declaration);
                }

                fn handle(
                    event: &$crate::bindings::witbot::plugin::events::Event,
                ) -> ::core::result::Result<(), $crate::export::HostError> {
                    $crate::export::handle($declaration, event)
                }
            }

    $crate::bindings::export!(Exported with_types_in $crate::bindings);
        };
    };
}
