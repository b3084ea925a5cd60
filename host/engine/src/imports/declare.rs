//! `witbot:plugin/declare`: writes down what a plugin says of itself. What is wrong with it is found later, all at once.

use wasmtime::component::Resource;
use witbot_core::declaration::{
    CommandDeclaration, ListenerDeclaration, ScheduleDeclaration, SettingDeclaration,
    SubscriptionDeclaration, WebhookDeclaration,
};
use witbot_core::hubot::{Hubot, Method};

use crate::bindings::witbot::plugin::declare::{Host, HostCommand, HostDeclaration};
use crate::state::State;

/// The declaration of the plugin that is being described.
pub struct Declaring;

/// A command of it, by its place in the list.
pub struct DeclaringCommand(usize);

impl Host for State {}

impl State {
    fn hubot(
        &mut self,
        id: String,
        pattern: String,
        hubot: Hubot,
        summary: String,
    ) -> wasmtime::Result<()> {
        self.hold(id.len() + pattern.len() + hubot.flags.len() + summary.len())?;
        self.declaration.listeners.push(ListenerDeclaration {
            id,
            pattern,
            summary,
            hubot: Some(hubot),
        });
        Ok(())
    }
}

impl HostDeclaration for State {
    async fn summary(&mut self, _: Resource<Declaring>, text: String) -> wasmtime::Result<()> {
        self.hold(text.len())?;
        self.declaration.summary = text;
        Ok(())
    }

    async fn version(&mut self, _: Resource<Declaring>, text: String) -> wasmtime::Result<()> {
        self.hold(text.len())?;
        self.declaration.version = text;
        Ok(())
    }

    async fn command(
        &mut self,
        _: Resource<Declaring>,
        id: String,
        usage: String,
        summary: String,
    ) -> wasmtime::Result<Resource<DeclaringCommand>> {
        self.hold(id.len() + usage.len() + summary.len())?;
        let commands = &mut self.declaration.commands;
        commands.push(CommandDeclaration {
            id,
            usage,
            summary,
            ..CommandDeclaration::default()
        });
        let command = DeclaringCommand(commands.len() - 1);
        Ok(self.table.push(command)?)
    }

    async fn listener(
        &mut self,
        _: Resource<Declaring>,
        id: String,
        pattern: String,
        summary: String,
    ) -> wasmtime::Result<()> {
        self.hold(id.len() + pattern.len() + summary.len())?;
        self.declaration.listeners.push(ListenerDeclaration {
            id,
            pattern,
            summary,
            hubot: None,
        });
        Ok(())
    }

    async fn hubot_hear(
        &mut self,
        _: Resource<Declaring>,
        id: String,
        pattern: String,
        flags: String,
        summary: String,
    ) -> wasmtime::Result<()> {
        let method = Method::Hear;
        self.hubot(id, pattern, Hubot { method, flags }, summary)
    }

    async fn hubot_respond(
        &mut self,
        _: Resource<Declaring>,
        id: String,
        pattern: String,
        flags: String,
        summary: String,
    ) -> wasmtime::Result<()> {
        let method = Method::Respond;
        self.hubot(id, pattern, Hubot { method, flags }, summary)
    }

    async fn subscribe(
        &mut self,
        _: Resource<Declaring>,
        id: String,
        kind: String,
    ) -> wasmtime::Result<()> {
        self.hold(id.len() + kind.len())?;
        self.declaration
            .subscriptions
            .push(SubscriptionDeclaration { id, kind });
        Ok(())
    }

    async fn setting(
        &mut self,
        _: Resource<Declaring>,
        name: String,
        summary: String,
        required: bool,
    ) -> wasmtime::Result<()> {
        self.hold(name.len() + summary.len())?;
        self.declaration.settings.push(SettingDeclaration {
            name,
            summary,
            required,
        });
        Ok(())
    }

    async fn checks_settings(
        &mut self,
        _: Resource<Declaring>,
        id: String,
    ) -> wasmtime::Result<()> {
        self.hold(id.len())?;
        self.declaration.checks_settings = Some(id);
        Ok(())
    }

    async fn migrates(&mut self, _: Resource<Declaring>, id: String) -> wasmtime::Result<()> {
        self.hold(id.len())?;
        self.declaration.migrates = Some(id);
        Ok(())
    }

    async fn wants(
        &mut self,
        _: Resource<Declaring>,
        capability: String,
        reason: String,
    ) -> wasmtime::Result<()> {
        self.hold(capability.len() + reason.len())?;
        self.declaration.wants.push((capability, reason));
        Ok(())
    }

    async fn can_use(
        &mut self,
        _: Resource<Declaring>,
        capability: String,
        reason: String,
    ) -> wasmtime::Result<()> {
        self.hold(capability.len() + reason.len())?;
        self.declaration.can_use.push((capability, reason));
        Ok(())
    }

    async fn schedule(
        &mut self,
        _: Resource<Declaring>,
        id: String,
        when: String,
        summary: String,
    ) -> wasmtime::Result<()> {
        self.hold(id.len() + when.len() + summary.len())?;
        self.declaration
            .schedules
            .push(ScheduleDeclaration { id, when, summary });
        Ok(())
    }

    async fn webhook(
        &mut self,
        _: Resource<Declaring>,
        id: String,
        name: String,
        summary: String,
    ) -> wasmtime::Result<()> {
        self.hold(id.len() + name.len() + summary.len())?;
        self.declaration
            .webhooks
            .push(WebhookDeclaration { id, name, summary });
        Ok(())
    }

    async fn drop(&mut self, declaration: Resource<Declaring>) -> wasmtime::Result<()> {
        self.table.delete(declaration)?;
        Ok(())
    }
}

impl HostCommand for State {
    async fn example(
        &mut self,
        command: Resource<DeclaringCommand>,
        text: String,
    ) -> wasmtime::Result<()> {
        self.hold(text.len())?;
        let index = self.table.get(&command)?.0;
        self.declaration.commands[index].examples.push(text);
        Ok(())
    }

    async fn details(
        &mut self,
        command: Resource<DeclaringCommand>,
        text: String,
    ) -> wasmtime::Result<()> {
        self.hold(text.len())?;
        let index = self.table.get(&command)?.0;
        self.declaration.commands[index].details = text;
        Ok(())
    }

    async fn dangerous(&mut self, command: Resource<DeclaringCommand>) -> wasmtime::Result<()> {
        let index = self.table.get(&command)?.0;
        self.declaration.commands[index].dangerous = true;
        Ok(())
    }

    async fn asks_permission(
        &mut self,
        command: Resource<DeclaringCommand>,
    ) -> wasmtime::Result<()> {
        let index = self.table.get(&command)?.0;
        self.declaration.commands[index].asks_permission = true;
        Ok(())
    }

    async fn drop(&mut self, command: Resource<DeclaringCommand>) -> wasmtime::Result<()> {
        self.table.delete(command)?;
        Ok(())
    }
}
