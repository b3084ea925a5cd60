//! What the handlers cost, in all conversations and whatever else was said: the most of each call.

use std::collections::BTreeMap;

use serde_json::Value;

/// Of one call, or the most of several.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    calls: u64,
    /// About one for each instruction.
    fuel: u64,
    memory_kib: u64,
    took_us: u64,
}

/// Of each handler, with the number of times that it was called. A handler that waits is called again when it goes on.
#[derive(Debug, Default)]
pub(super) struct Costs(BTreeMap<String, (u32, Cost)>);

impl Cost {
    /// Reads the fields of a record of the log.
    pub(super) fn read(fields: &Value) -> (String, Cost) {
        let number = |name: &str| fields[name].as_u64().unwrap_or_default();
        let text = |name: &str| fields[name].as_str().unwrap_or_default();
        let handler = format!("{} {}", text("plugin"), text("handler"));
        let cost = Cost {
            calls: number("calls"),
            fuel: number("fuel"),
            memory_kib: number("memory_kib"),
            took_us: number("took_us"),
        };
        (handler, cost)
    }
}

impl Costs {
    /// Counts one call.
    pub(super) fn add(&mut self, handler: &str, cost: Cost) {
        let (times, most) = self.0.entry(handler.to_owned()).or_default();
        *times += 1;
        most.calls = most.calls.max(cost.calls);
        most.fuel = most.fuel.max(cost.fuel);
        most.memory_kib = most.memory_kib.max(cost.memory_kib);
        most.took_us = most.took_us.max(cost.took_us);
    }

    /// For people: a line for each handler.
    pub(super) fn table(&self) -> String {
        let name = |handler: &str| handler.chars().count();
        let width = self.0.keys().map(|handler| name(handler)).max();
        let width = width.unwrap_or_default().max("handler".len());
        let mut table = format!(
            "{:width$}  times  most calls    most fuel  most memory  longest",
            "handler"
        );
        for (handler, (times, most)) in &self.0 {
            let (memory, took) = (
                most.memory_kib as f64 / 1024.0,
                most.took_us as f64 / 1_000.0,
            );
            let line = format!(
                "\n{handler:width$}  {times:>5}  {:>10}  {:>11}  {memory:>7.1} MiB  {took:>4.1} ms",
                most.calls, most.fuel
            );
            table += &line;
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_most_of_each_handler_is_shown() {
        let mut costs = Costs::default();
        for (handler, calls, fuel, took_us) in [
            ("note", 3, 1_234_567, 400),
            ("show", 1, 81_000, 1_500),
            ("note", 2, 9_000, 900),
        ] {
            let fields = json!({
                "plugin": "standup", "handler": handler, "calls": calls, "fuel": fuel, "memory_kib": 1_126, "took_us": took_us,
            });
            let (handler, cost) = Cost::read(&fields);
            costs.add(&handler, cost);
        }
        assert_eq!(
            costs.table(),
            "handler       times  most calls    most fuel  most memory  longest\n\
             standup note      2           3      1234567      1.1 MiB   0.9 ms\n\
             standup show      1           1        81000      1.1 MiB   1.5 ms"
        );
    }
}
