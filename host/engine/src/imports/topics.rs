//! `witbot:topics/topics`: telling other plugins what happened.

use witbot_core::call::Publish;
use witbot_core::error::Error;
use witbot_core::event::Body;
use witbot_core::ids::TopicName;
use witbot_core::limits;

use crate::bindings::witbot::topics::topics::Host;
use crate::gate::Refusal;
use crate::state::State;

impl Host for State {
    async fn publish(
        &mut self,
        name: String,
        subject: String,
        body: String,
    ) -> Result<(), Refusal> {
        let topic: TopicName = name
            .parse()
            .map_err(|error| Error::invalid(format!("{error}")))?;
        if body.len() > limits::TOPIC_BODY_BYTES_MAX {
            let most = limits::TOPIC_BODY_BYTES_MAX >> 10;
            let text = format!("the body of a topic can have {most} KiB");
            return Err(Error::invalid(text).into());
        }
        let body = serde_json::from_str(&body)
            .map_err(|error| Error::invalid(format!("the body is no JSON: {error}")))?;
        let call = Publish {
            topic,
            subject,
            body,
            depth: self.depth() + 1,
        };
        self.gate.pass(call).await?;
        Ok(())
    }
}

impl State {
    /// How many events of topics stand between this run and what came from outside.
    fn depth(&self) -> u8 {
        let event = self.invocation.as_ref().map(|invoked| &invoked.event.body);
        match event {
            Some(Body::Webhook(hook)) => hook.depth,
            Some(Body::Message(_) | Body::Click(_)) | None => 0,
        }
    }
}
