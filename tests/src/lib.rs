//! What the whole-bot tests and the demo run against: stand-ins for the services that witbot speaks to.

pub mod fakes;
