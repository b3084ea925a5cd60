//! Does everything that ends a run, and nothing that ends more than that.

use std::hint::black_box;
use std::time::Duration;

use witbot_sdk::{Command, Event, Plugin, Result, flow, log};

witbot_sdk::plugin!(plugin);

/// Twice what a run may have.
const HOST_CALLS: u32 = 1_000;
/// Four times what a run may write.
const LOG_LINES: u32 = 4 * 1_024;

fn plugin() -> Plugin {
    Plugin::new("Crashes.")
        .command(Command::new("trap panic", "Panics.", panics).id("panic"))
        .command(Command::new("trap loop", "Never ends.", never_ends).id("loop"))
        .command(Command::new("trap deep", "Calls itself.", goes_deep).id("deep"))
        .command(Command::new("trap memory", "Eats memory.", eats_memory).id("memory"))
        .command(Command::new("trap calls", "Calls the host.", calls_the_host).id("calls"))
        .command(Command::new("trap log", "Fills the log.", fills_the_log).id("log"))
        .listener("^number (?P<number>[0-9]+)$", "Tells a number.", tells)
}

fn panics(_: &Event) -> Result {
    panic!("this was to be expected")
}

fn never_ends(_: &Event) -> Result {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns).wrapping_add(1);
    }
}

fn goes_deep(event: &Event) -> Result {
    event.reply(format!("I came back from {}.", deeper(1)))?;
    Ok(())
}

/// What is done after the inner call keeps it from becoming a loop.
#[expect(unconditional_recursion, reason = "that is what this guest is for")]
fn deeper(depth: u64) -> u64 {
    black_box(deeper(black_box(depth) + 1)) + 1
}

fn eats_memory(event: &Event) -> Result {
    let mut eaten: Vec<Vec<u8>> = Vec::new();
    for _ in 0..1_024 {
        eaten.push(black_box(vec![1; 1 << 20]));
    }
    event.reply(format!("I ate {} MiB.", eaten.len()))?;
    Ok(())
}

fn calls_the_host(event: &Event) -> Result {
    for _ in 0..HOST_CALLS {
        flow::sleep(Duration::ZERO)?;
    }
    event.reply("I called often.")?;
    Ok(())
}

fn tells(event: &Event) -> Result {
    event.reply(format!("It was {}.", event.required("number")?))?;
    Ok(())
}

fn fills_the_log(event: &Event) -> Result {
    for line in 0..LOG_LINES {
        log::info!("{line:0>64}");
    }
    event.reply("I wrote a lot.")?;
    Ok(())
}
