//! `witbot:config/config`: the operator's settings. Read once a run, so that a change while a run waits does not lead
//! it off its path.

use std::sync::Arc;

use serde_json::Value;
use witbot_core::call::ReadSettings;
use witbot_core::declaration::Rejected;
use witbot_core::event;
use witbot_core::limits;

use crate::bindings::witbot::config::config::Host;
use crate::gate::Refusal;
use crate::plugin_log::Level;
use crate::state::State;

impl State {
    async fn settings(&mut self) -> wasmtime::Result<Arc<Value>> {
        if let Some(settings) = &self.settings {
            return Ok(settings.clone());
        }
        let settings = match self.gate.pass(ReadSettings {}).await {
            Ok(settings) => Arc::new(settings),
            Err(Refusal::Stop(stop)) => return Err(stop),
            // While a plugin describes itself, it has no settings.
            Err(Refusal::Error(_)) => Arc::new(Value::Object(serde_json::Map::new())),
        };
        self.settings = Some(settings.clone());
        Ok(settings)
    }
}

impl Host for State {
    async fn get(&mut self, pointer: String) -> wasmtime::Result<Option<String>> {
        Ok(event::field(&*self.settings().await?, &pointer))
    }

    async fn reject(&mut self, pointer: String, reason: String) -> wasmtime::Result<()> {
        match &mut self.rejected {
            Some(rejected) if rejected.len() < limits::SETTINGS_REJECTED_MAX => {
                rejected.push(Rejected::new(&pointer, &reason));
            }
            Some(_) => {}
            None => self.log.write(
                Level::Warn,
                &format!("the setting `{pointer}` is wrong: {reason}"),
            ),
        }
        Ok(())
    }

    async fn document(&mut self) -> wasmtime::Result<String> {
        Ok(self.settings().await?.to_string())
    }
}
