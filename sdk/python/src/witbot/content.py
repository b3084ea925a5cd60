"""What can be said besides a plain text: texts with mentions and links, and cards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Self, TypeAlias

from wit_world.imports import content as raw

Audience: TypeAlias = Literal["here", "channel", "everyone"]
"""Who is notified: those in the channel who are active now, all in the channel, or all in the workspace."""

CardState: TypeAlias = Literal["waiting", "running", "success", "warning", "failure", "canceled"]
"""How that stands what a card is about. Shown as a colour or a sign."""

ButtonStyle: TypeAlias = Literal["default", "primary", "danger"]
"""How a button looks: `primary` for what is usually done, `danger` for what cannot be undone: people are asked once more."""


class Text:
    """A text, piece by piece. Whatever looks like a mention in words is none, so names of branches, titles and the like can
    be put in as they are, whoever wrote them.

        event.reply(Text("Look at this, ").user("U024BE7LH").plain("."))
    """

    def __init__(self, words: str = "") -> None:
        """Begins with these words. They can have the simple formatting of chats: `*bold*`, `_italic_`, `~struck out~`,
        and code in backquotes."""
        self._words = words
        self._pieces: list[Callable[[raw.Text], None]] = []

    def plain(self, words: str) -> Self:
        """Adds words, formatted in the same way."""
        return self._add(lambda text: text.plain(words))

    def code(self, words: str) -> Self:
        """Adds words that are shown exactly as they are, as code."""
        return self._add(lambda text: text.code(words))

    def link(self, label: str, url: str) -> Self:
        """Adds an address, `http` or `https`, of at most 2,000 characters, under a label of at most 75."""
        return self._add(lambda text: text.link(label, url))

    def user(self, id: str) -> Self:
        """Mentions a person, by id, and notifies them."""
        return self._add(lambda text: text.user(id))

    def channel(self, id: str) -> Self:
        """Adds a link to a channel, by id."""
        return self._add(lambda text: text.channel(id))

    def group(self, id: str) -> Self:
        """Mentions a group of people, by id, and notifies them. Grant: `chat = [{ channel = "deploys", mentions = true }]`."""
        return self._add(lambda text: text.group(id))

    def everyone(self, audience: Audience) -> Self:
        """Notifies many at once. Grant: `chat = [{ channel = "deploys", broadcast = true }]`."""
        return self._add(lambda text: text.everyone(audience))

    def _add(self, piece: Callable[[raw.Text], None]) -> Self:
        self._pieces.append(piece)
        return self

    def _raw(self) -> raw.Text:
        text = raw.Text(self._words)
        for piece in self._pieces:
            piece(text)
        return text


@dataclass(frozen=True)
class Button:
    """A button of a `Card`."""

    label: str
    """1 to 75 characters."""
    command: str
    """A command of this plugin, of 1 to 500 characters. Pressing the button is as if whoever presses it had typed it."""
    style: ButtonStyle = "default"


@dataclass(frozen=True)
class Menu:
    """Commands to choose one from, on a `Card`."""

    label: str
    """1 to 75 characters."""
    commands: Mapping[str, str]
    """1 to 100: what is shown, of 1 to 75 characters, and the command, of 1 to 150."""


@dataclass(frozen=True)
class Card:
    """Something that is told in a frame of its own, with its details and what can be done about it. Everything but the title
    can be left out. Where a chat has no such thing, all of it is shown as text.

        card = Card("api to staging", fields={"Version": "main"}, links={"Log": "https://ci.example/12"})
        message = event.reply(dataclasses.replace(card, state="running"))
        message.edit(dataclasses.replace(card, state="success"))
    """

    title: str
    """What it is about, in one line of 1 to 150 characters, without formatting."""
    state: CardState | None = None
    """How that stands."""
    text: str | Text = ""
    """More about it."""
    fields: Mapping[str, str | Text] = field(default_factory=dict)
    """At most 20 details, under names of 1 to 100 characters; each value has 1 to 1,000."""
    links: Mapping[str, str] = field(default_factory=dict)
    """At most 10 addresses, `http` or `https`, under labels of 1 to 75 characters."""
    buttons: Sequence[Button] = ()
    """At most 10."""
    menus: Sequence[Menu] = ()
    """At most 3."""
    footer: str | Text = ""
    """Small print."""

    def _raw(self) -> raw.Card:
        card = raw.Card(self.title)
        if self.state is not None:
            card.state(self.state)
        if self.text:
            card.text(raw_text(self.text))
        for name, value in self.fields.items():
            card.field(name, raw_text(value))
        for label, url in self.links.items():
            card.link(label, url)
        for button in self.buttons:
            card.button(button.label, button.command, button.style)
        for menu in self.menus:
            card.menu(menu.label, list(menu.commands.items()))
        if self.footer:
            card.footer(raw_text(self.footer))
        return card


Content: TypeAlias = str | Text | Card
"""What can be said: a plain text, a `Text` with mentions and links, or a `Card`. At most 16 KiB."""


def raw_text(text: str | Text) -> raw.Text:
    """A text as the contract has it."""
    return (Text(text) if isinstance(text, str) else text)._raw()


def raw_content(content: Content) -> raw.Content:
    """A content as the contract has it."""
    match content:
        case Card():
            return raw.Content.card(content._raw())
        case Text():
            return raw.Content.rich(content._raw())
        case _:
            return raw.Content(content)
