//! `witbot:chat/content`: texts and cards while a plugin builds them. What is wrong with one is kept with it, and told when
//! it is said; how much there is of it, the gate's budget looks at.

use std::str::FromStr;

use wasmtime::component::Resource;
use witbot_core::chat::{
    Audience, Button, Card, CardState, Field, Link, Menu, Said, Span, Style, Text,
};
use witbot_core::error::Error;
use witbot_core::ids::InvalidId;
use witbot_core::limits;

use crate::bindings::witbot::chat::content::{Host, HostCard, HostContent, HostText};
use crate::gate::Refusal;
use crate::state::State;

/// A text that is being built.
pub type BuildingText = Building<Text>;
/// A card that is being built.
pub type BuildingCard = Building<Card>;
/// Something to be said.
pub type BuildingContent = Building<Said>;

/// Something that is being built.
pub struct Building<T> {
    pub(crate) value: T,
    /// What was wrong first.
    wrong: Option<String>,
    /// What the instance has held for it.
    items: usize,
    bytes: usize,
}

impl<T: Clone> Building<T> {
    /// As it is now, or what is wrong with it.
    pub(crate) fn built(&self) -> Result<T, Error> {
        match &self.wrong {
            Some(wrong) => Err(Error::invalid(wrong.clone())),
            None => Ok(self.value.clone()),
        }
    }
}

impl<T> Building<T> {
    /// Uses what a text of the plugin stands for, or remembers that it stands for nothing.
    pub(crate) fn with<V>(&mut self, value: Result<V, String>, change: impl FnOnce(&mut T, V)) {
        match value {
            Ok(value) => change(&mut self.value, value),
            Err(wrong) => self.wrong = self.wrong.take().or(Some(wrong)),
        }
    }
}

impl State {
    /// Begins to build something. What it is made of can be wrong already.
    pub(crate) fn build<T: Send + 'static>(
        &mut self,
        value: T,
        wrong: Option<String>,
        bytes: usize,
    ) -> wasmtime::Result<Resource<Building<T>>> {
        self.hold(bytes)?;
        Ok(self.table.push(Building {
            value,
            wrong,
            items: 1,
            bytes,
        })?)
    }

    /// Builds on.
    pub(crate) fn add<T: Send + 'static>(
        &mut self,
        building: &Resource<Building<T>>,
        bytes: usize,
        change: impl FnOnce(&mut Building<T>),
    ) -> wasmtime::Result<()> {
        self.hold(bytes)?;
        let building = self.table.get_mut(building)?;
        building.items += 1;
        building.bytes += bytes;
        change(building);
        Ok(())
    }

    /// Forgets what was built.
    pub(crate) fn unbuild<T: Send + 'static>(
        &mut self,
        building: Resource<Building<T>>,
    ) -> wasmtime::Result<()> {
        let building = self.table.delete(building)?;
        self.release(building.items, building.bytes);
        Ok(())
    }

    /// A text as it is now, with what is wrong with it, and what a copy of it takes.
    pub(crate) fn text_of(
        &self,
        text: &Resource<BuildingText>,
    ) -> wasmtime::Result<(Result<Text, String>, usize)> {
        let text = self.table.get(text)?;
        let bytes = text.value.bytes() + text.value.spans().len() * limits::HELD_ITEM_BYTES;
        Ok((text.built().map_err(|error| error.message), bytes))
    }

    /// What is to be said, or what is wrong with it.
    pub(crate) fn said(&self, content: &Resource<BuildingContent>) -> Result<Said, Refusal> {
        Ok(self.table.get(content)?.built()?)
    }
}

/// An id that a plugin gave.
pub(crate) fn id<T: FromStr<Err = InvalidId>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: InvalidId| error.to_string())
}

/// A word that stands for one of a few things.
fn word<T>(found: Option<T>, what: &str, word: &str, known: &str) -> Result<T, String> {
    found.ok_or_else(|| {
        let word: String = word.chars().take(limits::SHOWN_CHARS_MAX).collect();
        format!("there is no {what} `{word}`: use {known}")
    })
}

fn audience(name: &str) -> Result<Audience, String> {
    let all = [Audience::Here, Audience::Channel, Audience::Everyone];
    let found = all.into_iter().find(|audience| audience.as_str() == name);
    word(found, "audience", name, "here, channel or everyone")
}

fn card_state(name: &str) -> Result<CardState, String> {
    let known = CardState::ALL.map(CardState::as_str).join(", ");
    word(CardState::named(name), "state of a card", name, &known)
}

fn style(name: &str) -> Result<Style, String> {
    let known = "default, primary or danger";
    word(Style::named(name), "style of a button", name, known)
}

/// No words are no piece of a text.
fn with_words(text: Text, words: String) -> Text {
    if words.is_empty() {
        text
    } else {
        text.plain(words)
    }
}

impl Host for State {}

impl HostText for State {
    async fn new(&mut self, words: String) -> wasmtime::Result<Resource<BuildingText>> {
        let bytes = words.len();
        self.build(with_words(Text::default(), words), None, bytes)
    }

    async fn plain(&mut self, text: Resource<BuildingText>, words: String) -> wasmtime::Result<()> {
        self.add(&text, words.len(), |text| {
            text.value = with_words(std::mem::take(&mut text.value), words);
        })
    }

    async fn code(&mut self, text: Resource<BuildingText>, words: String) -> wasmtime::Result<()> {
        self.add(&text, words.len(), |text| {
            text.value.push(Span::Code(words))
        })
    }

    async fn link(
        &mut self,
        text: Resource<BuildingText>,
        label: String,
        url: String,
    ) -> wasmtime::Result<()> {
        self.add(&text, label.len() + url.len(), |text| {
            text.value.push(Span::Link { label, url });
        })
    }

    async fn user(&mut self, text: Resource<BuildingText>, user: String) -> wasmtime::Result<()> {
        self.add(&text, user.len(), |text| {
            text.with(id(&user), |text, user| text.push(Span::User(user)));
        })
    }

    async fn channel(
        &mut self,
        text: Resource<BuildingText>,
        channel: String,
    ) -> wasmtime::Result<()> {
        self.add(&text, channel.len(), |text| {
            text.with(id(&channel), |text, channel| {
                text.push(Span::Channel(channel))
            });
        })
    }

    async fn group(&mut self, text: Resource<BuildingText>, group: String) -> wasmtime::Result<()> {
        self.add(&text, group.len(), |text| {
            text.with(id(&group), |text, group| text.push(Span::Group(group)));
        })
    }

    async fn everyone(
        &mut self,
        text: Resource<BuildingText>,
        name: String,
    ) -> wasmtime::Result<()> {
        self.add(&text, name.len(), |text| {
            text.with(audience(&name), |text, audience| {
                text.push(Span::Everyone(audience))
            });
        })
    }

    async fn drop(&mut self, text: Resource<BuildingText>) -> wasmtime::Result<()> {
        self.unbuild(text)
    }
}

impl HostCard for State {
    async fn new(&mut self, title: String) -> wasmtime::Result<Resource<BuildingCard>> {
        let bytes = title.len();
        let card = Card {
            title,
            ..Card::default()
        };
        self.build(card, None, bytes)
    }

    async fn state(&mut self, card: Resource<BuildingCard>, name: String) -> wasmtime::Result<()> {
        self.add(&card, name.len(), |card| {
            card.with(card_state(&name), |card, state| card.state = Some(state));
        })
    }

    async fn text(
        &mut self,
        card: Resource<BuildingCard>,
        text: Resource<BuildingText>,
    ) -> wasmtime::Result<()> {
        let (text, bytes) = self.text_of(&text)?;
        self.add(&card, bytes, |card| {
            card.with(text, |card, text| card.text = Some(text));
        })
    }

    async fn field(
        &mut self,
        card: Resource<BuildingCard>,
        name: String,
        value: Resource<BuildingText>,
    ) -> wasmtime::Result<()> {
        let (value, bytes) = self.text_of(&value)?;
        self.add(&card, name.len() + bytes, |card| {
            card.with(value, |card, value| card.fields.push(Field { name, value }));
        })
    }

    async fn link(
        &mut self,
        card: Resource<BuildingCard>,
        label: String,
        url: String,
    ) -> wasmtime::Result<()> {
        self.add(&card, label.len() + url.len(), |card| {
            card.value.links.push(Link { label, url });
        })
    }

    async fn button(
        &mut self,
        card: Resource<BuildingCard>,
        label: String,
        command: String,
        name: String,
    ) -> wasmtime::Result<()> {
        self.add(&card, label.len() + command.len() + name.len(), |card| {
            card.with(style(&name), |card, style| {
                card.buttons.push(Button {
                    label,
                    command,
                    style,
                });
            });
        })
    }

    async fn menu(
        &mut self,
        card: Resource<BuildingCard>,
        label: String,
        options: Vec<(String, String)>,
    ) -> wasmtime::Result<()> {
        let each = options
            .iter()
            .map(|(label, command)| label.len() + command.len() + limits::HELD_ITEM_BYTES);
        let bytes = label.len() + each.sum::<usize>();
        self.add(&card, bytes, |card| {
            card.value.menus.push(Menu { label, options });
        })
    }

    async fn footer(
        &mut self,
        card: Resource<BuildingCard>,
        text: Resource<BuildingText>,
    ) -> wasmtime::Result<()> {
        let (text, bytes) = self.text_of(&text)?;
        self.add(&card, bytes, |card| {
            card.with(text, |card, text| card.footer = Some(text));
        })
    }

    async fn drop(&mut self, card: Resource<BuildingCard>) -> wasmtime::Result<()> {
        self.unbuild(card)
    }
}

impl HostContent for State {
    async fn new(&mut self, text: String) -> wasmtime::Result<Resource<BuildingContent>> {
        let bytes = text.len();
        self.build(Said::from(text), None, bytes)
    }

    async fn rich(
        &mut self,
        text: Resource<BuildingText>,
    ) -> wasmtime::Result<Resource<BuildingContent>> {
        let (_, bytes) = self.text_of(&text)?;
        let text = self.table.get(&text)?;
        let (said, wrong) = (Said::Text(text.value.clone()), text.wrong.clone());
        self.build(said, wrong, bytes)
    }

    async fn card(
        &mut self,
        card: Resource<BuildingCard>,
    ) -> wasmtime::Result<Resource<BuildingContent>> {
        let card = self.table.get(&card)?;
        let bytes = card.bytes + card.items * limits::HELD_ITEM_BYTES;
        let (said, wrong) = (Said::Card(card.value.clone()), card.wrong.clone());
        self.build(said, wrong, bytes)
    }

    async fn drop(&mut self, content: Resource<BuildingContent>) -> wasmtime::Result<()> {
        self.unbuild(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Gate;
    use crate::plugin_log::PluginLog;

    fn state() -> State {
        let log = PluginLog::new("greedy".parse().unwrap(), None);
        State::new(Gate::closed(), log, None, 7)
    }

    fn borrowed<T>(resource: &Resource<T>) -> Resource<T> {
        Resource::new_borrow(resource.rep())
    }

    async fn text(state: &mut State, words: &str) -> Resource<BuildingText> {
        HostText::new(state, words.to_owned()).await.unwrap()
    }

    fn wrong(said: Result<Said, Refusal>) -> String {
        match said {
            Err(Refusal::Error(error)) => error.message,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_card_is_what_was_built_when_its_content_was_made() {
        let state = &mut state();
        let card = HostCard::new(state, "t".into()).await.unwrap();
        let value = text(state, "main ").await;
        state.code(borrowed(&value), "1a2b".into()).await.unwrap();
        let field = HostCard::field(state, borrowed(&card), "Version".into(), borrowed(&value));
        field.await.unwrap();
        state.plain(borrowed(&value), "later".into()).await.unwrap();
        let content = HostContent::card(state, borrowed(&card)).await.unwrap();
        let late = HostCard::state(state, borrowed(&card), "running".into());
        late.await.unwrap();

        let version = Text::from("main ").with(Span::Code("1a2b".into()));
        let expected = Card {
            title: "t".into(),
            fields: vec![Field::new("Version", version)],
            ..Card::default()
        };
        assert_eq!(state.said(&content).unwrap(), Said::Card(expected));
    }

    #[tokio::test]
    async fn what_is_wrong_first_is_told_when_it_is_said() {
        let state = &mut state();
        let value = text(state, "").await;
        state.user(borrowed(&value), "a b".into()).await.unwrap();
        let card = HostCard::new(state, "t".into()).await.unwrap();
        let footer = state.footer(borrowed(&card), borrowed(&value));
        footer.await.unwrap();
        let purple = HostCard::state(state, borrowed(&card), "purple".into());
        purple.await.unwrap();
        let content = HostContent::card(state, borrowed(&card)).await.unwrap();
        let told = wrong(state.said(&content));
        assert!(told.contains("`a b` is not a user id"), "{told}");
        let content = HostContent::rich(state, borrowed(&value)).await.unwrap();
        assert_eq!(wrong(state.said(&content)), told);
    }

    #[test]
    fn words_that_stand_for_nothing_are_answered_with_those_that_do() {
        assert!(
            card_state("purple")
                .unwrap_err()
                .contains("waiting, running")
        );
        assert!(style("red").unwrap_err().contains("default, primary"));
        assert!(audience("all").unwrap_err().contains("here, channel"));
        let long = style(&"x".repeat(1_000)).unwrap_err();
        assert!(long.len() < 300, "{long}");
    }

    #[tokio::test]
    async fn what_was_built_is_held_until_it_is_dropped() {
        let state = &mut state();
        let large = "x".repeat(limits::HELD_BYTES_MAX / 3);
        for _ in 0..10 {
            let value = text(state, &large).await;
            let content = HostContent::rich(state, borrowed(&value)).await.unwrap();
            HostContent::drop(state, content).await.unwrap();
            HostText::drop(state, value).await.unwrap();
        }
        let first = text(state, &large).await;
        HostContent::rich(state, borrowed(&first)).await.unwrap();
        assert!(HostContent::rich(state, first).await.is_err());
    }
}
