//! Panics while it describes itself: it cannot be loaded.

use witbot_sdk::Plugin;

witbot_sdk::plugin!(plugin);

fn plugin() -> Plugin {
    panic!("I do not know what I am")
}
