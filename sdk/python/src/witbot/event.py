"""What a handler is called with."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, TypeAlias

from wit_world.imports import events as raw
from witbot.content import Content, raw_content
from witbot.error import WitbotError, call
from witbot.message import Message

Standing: TypeAlias = Literal["member", "guest", "stranger", "bot"] | str
"""How somebody belongs to the workspace: a `guest` was invited to some channels only, a `stranger` is of another
organisation. Later perhaps more."""


class Event:
    """One command, message, webhook or time of a schedule. What it says does not change while the handler waits."""

    def __init__(self, event: raw.Event) -> None:
        self._raw = event

    def reply(self, content: Content) -> Message:
        """Answers where the event was said: in the channel, or in the thread if it was said in one. At most 16 KiB a message,
        and 50 messages a run; edits, questions and reactions count as well.

        Raises `invalid` (too long, empty, or otherwise not to be said), `not-found` (the event was not said in a chat),
        `rate-limited`, `denied` (it would notify everybody).
        """
        if isinstance(content, str):
            return Message(call(self._raw.reply, content))
        return Message(call(self._raw.reply_with, raw_content(content)))

    def reply_in_thread(self, content: Content) -> Message:
        """Answers in the thread below what was said, or in the thread that it was said in. What has no message of its own,
        such as a slash command, is answered as by `reply`, and it raises the same."""
        return Message(call(self._raw.reply_in_thread, raw_content(content)))

    def whisper(self, content: Content) -> None:
        """Says something there that only the person sees who caused the event. It cannot be changed, and is gone when that
        person comes back later. Raises as `reply`."""
        call(self._raw.whisper, raw_content(content))

    def react(self, emoji: str) -> None:
        """Puts an emoji to what was said, by its name without colons, such as `eyes`. The same one twice is one.

        Raises `invalid` (no such name is possible), `not-found` (what was said has no message of its own), `rate-limited`.
        """
        call(self._raw.react, emoji)

    def argument(self, name: str) -> str | None:
        """An argument of a command, or a named group of a listener; by number, from `0`, of a listener by Hubot's rules. Typed
        arguments are given in one form: integers and numbers in decimal, booleans as `true` and `false`, durations in
        milliseconds, users and channels by id. None when it was not given."""
        return self._raw.argument(name)

    def required(self, name: str) -> str:
        """An argument that the usage does not make optional.

        Raises `invalid`: the usage has no such argument, or it was left out after all.
        """
        value = self.argument(name)
        if value is None:
            raise WitbotError("invalid", f"`{name}` is missing")
        return value

    def number(self, name: str) -> float | None:
        """An argument that is declared as `number` or `integer`. None when it was not given.

        Raises `invalid`: it is not a number.
        """
        value = self.argument(name)
        try:
            return None if value is None else float(value)
        except ValueError:
            raise WitbotError("invalid", f"`{name}` cannot be `{value}`: it is not a number") from None

    def integer(self, name: str) -> int | None:
        """An argument that is declared as `integer`. None when it was not given.

        Raises `invalid`: it is not a whole number.
        """
        value = self.argument(name)
        try:
            return None if value is None else int(value)
        except ValueError:
            raise WitbotError("invalid", f"`{name}` cannot be `{value}`: it is not a whole number") from None

    def duration(self, name: str) -> timedelta | None:
        """An argument that is declared as `duration`. None when it was not given. Raises as `integer`."""
        value = self.integer(name)
        return None if value is None else timedelta(milliseconds=value)

    @property
    def text(self) -> str:
        """What was typed, without the bot's name. Empty for events that are not chat."""
        return self._raw.text()

    @property
    def user(self) -> str | None:
        """The id of the person who caused the event, when a person did."""
        return self._raw.user()

    @property
    def user_name(self) -> str:
        """How that person is called, their id when the chat service cannot be asked, or `somebody` when no person caused the
        event. For showing only: names change, and two people can share one."""
        return self._raw.user_name() or "somebody"

    def user_standing(self) -> Standing | None:
        """How that person belongs to the workspace. None when no person caused the event.

        Raises `unavailable`, `rate-limited`, `not-found` (the chat service does not know the person).
        """
        return call(self._raw.user_standing)

    def user_github_login(self) -> str | None:
        """That person's login at GitHub, if they have linked their account (`link github`) and so proved that it is theirs.

        Raises `unavailable`.
        """
        return call(self._raw.user_github_login)

    @property
    def channel(self) -> str | None:
        """The id of the channel in which it was said."""
        return self._raw.channel()

    @property
    def is_direct(self) -> bool:
        """Whether it was said to the bot alone, where nobody else can read it."""
        return self._raw.direct()

    @property
    def subject(self) -> str:
        """What an event from outside is about: the repository, as `owner/name`, of a GitHub event; the project of a CI event;
        the name of a webhook; what was published about in a topic; the id of a schedule. Empty for chat."""
        return self._raw.subject()

    def field(self, pointer: str) -> str | None:
        """One value of a webhook's body, by JSON pointer (RFC 6901), such as `/deployment/id`. Strings come as they are,
        anything else as JSON. None when there is nothing there."""
        return self._raw.field(pointer)

    @property
    def id(self) -> str:
        """The id of this run: the same whenever the run is resumed, different for every other."""
        return self._raw.id()

    @property
    def kind(self) -> str:
        """`command`, `listener`, `schedule`, `webhook.NAME`, `topic.NAME`, or the kind that was subscribed to, such as
        `github.deployment`."""
        return self._raw.kind()

    @property
    def handler(self) -> str:
        """The id under which the handler was declared."""
        return self._raw.handler()
