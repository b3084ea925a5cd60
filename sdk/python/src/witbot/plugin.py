"""What a plugin can do, declared as data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from witbot.event import Event

if TYPE_CHECKING:
    from wit_world.imports.declare import Declaration
    from witbot.config import Wrong

Handler: TypeAlias = Callable[[Event], None]
"""Answers one event. It is an ordinary function that may wait, for hours if need be, and it is not `async`. A `WitbotError`
that it raises is told to the person who asked, by its message."""

Capability: TypeAlias = Literal["chat", "github", "ci", "http", "kv", "schedules", "topics", "webhooks"]
"""What an operator grants."""


@dataclass(frozen=True)
class Entry:
    """A handler, and how it is declared."""

    id: str
    handler: Handler
    declare: Callable[[Declaration, str], None]


H = TypeVar("H", bound=Handler)
L = TypeVar("L", bound="Callable[[dict[str, Any]], Iterable[Wrong]]")


@dataclass
class Plugin:
    """A plugin, to whose commands and the like functions are joined by its decorators. What is wrong with it is reported by
    the bot, all of it at once, and the plugin is then not loaded."""

    summary: str
    """One line for lists, at most 200 characters."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Settings that the operator may write under `[plugins.NAME] settings`, each with its summary."""
    required_settings: Mapping[str, str] = field(default_factory=dict)
    """Settings that the plugin cannot work without, each with its summary."""
    wants: Mapping[Capability, str] = field(default_factory=dict)
    """Why the plugin wants a capability. The operator reads it before granting. At most 500 characters."""
    can_use: Mapping[Capability, str] = field(default_factory=dict)
    """What it does with a capability that it can also do without: without the grant, calls raise `denied`."""
    entries: list[Entry] = field(default_factory=list, init=False, repr=False)
    """The handlers, as the decorators collected them."""

    def command(
        self,
        usage: str,
        summary: str,
        *,
        id: str | None = None,
        examples: Sequence[str] = (),
        details: str = "",
        dangerous: bool = False,
        asks_permission: bool = False,
    ) -> Callable[[H], H]:
        """A command: something people type to the bot by name.

        - `usage`: what help shows and what is matched, without regard to case: words stand for themselves, `a|b` for either,
          `[…]` is optional, `<name>` is one word and `<name:type>` is typed: `word`, `text` (all the rest of the line),
          `integer`, `number`, `boolean`, `duration` (`90s`, `2h`), `user` or `channel`. For example:
          `deploy <app>[/<ref>] [to|in|on <env>]`.
        - `summary`: one line for help.
        - `id`: names the handler. Without this it has the command's own name: the words with which the usage begins.
        - `examples`: shown by help and run by tests: at most 10 of 200 characters each, that fit the usage.
        - `details`: a longer help text, at most 2,000 characters.
        - `dangerous`: it does what cannot easily be undone. Nobody may give it unless a rule of the operator says so.
        - `asks_permission`: the handler asks for permission itself, by `permission.demand`. Until it was permitted there,
          whatever it does outside of the bot is `denied`. Without this, the bot decides by what was typed, before the handler
          is called.
        """

        def declare(declaration: Declaration, id: str) -> None:
            command = declaration.command(id, usage, summary)
            for example in examples:
                command.example(example)
            if details:
                command.details(details)
            if dangerous:
                command.dangerous()
            if asks_permission:
                command.asks_permission()

        return self._entry(id or name_of(usage), declare)

    def listener(self, pattern: str | re.Pattern[str], summary: str) -> Callable[[H], H]:
        """A regular expression that is tried on every message in the channels the bot is in, addressed to the bot or not.
        Linear-time syntax, without look-around and back-references; `(?P<name>…)` becomes an argument. A compiled one keeps
        its flags `re.I`, `re.M` and `re.S`."""
        source, flags = parts(pattern)
        written = f"(?{flags}){source}" if flags else source
        return self._entry("listener", lambda to, id: to.listener(id, written, summary))

    def hubot_hear(self, pattern: str | re.Pattern[str], summary: str) -> Callable[[H], H]:
        """By Hubot's rules, as `robot.hear(/pattern/flags, …)` there. Groups become arguments by number, from `0`, and by
        name."""
        source, flags = parts(pattern)
        return self._entry("hear", lambda to, id: to.hubot_hear(id, source, flags, summary))

    def hubot_respond(self, pattern: str | re.Pattern[str], summary: str) -> Callable[[H], H]:
        """By Hubot's rules, as `robot.respond(/pattern/flags, …)` there: for what begins with the name or the alias of the
        bot."""
        source, flags = parts(pattern)
        return self._entry("respond", lambda to, id: to.hubot_respond(id, source, flags, summary))

    def subscription(self, kind: str) -> Callable[[H], H]:
        """Asks for events of one kind from outside, such as `github.deployment` or `circleci.workflow-completed`, or of what
        plugins publish, such as `topic.deployed` (see `topics`)."""
        return self._entry(kind, lambda to, id: to.subscribe(id, kind))

    def schedule(self, id: str, when: str, summary: str) -> Callable[[H], H]:
        """Has the plugin called by the clock. There is nobody to reply to. The field `/due` of the event is the time for
        which it was called, in milliseconds since 1970. What was missed while the bot did not run is made up for once, and then
        the field `/missed` is `true`. Grant: `schedules = [{ at_most_every = "5m" }]`.

        - `id`: names it in the settings, where the operator may write another time, or `off`.
        - `when`: a line of cron and perhaps a time zone (else UTC), such as `0 9 * * mon-fri Europe/Berlin`, or `every 5m`.
        """
        return self._entry(id, lambda to, id: to.schedule(id, when, summary))

    def webhook(self, name: str, summary: str) -> Callable[[H], H]:
        """Asks for the webhooks that come to `POST /hooks/in/NAME`. The event's `field` looks into the body. The name has 1 to
        40 small letters, digits and hyphens, with a letter first.
        Grant: `webhooks = [{ name = "alerts", verify = "standard", secret = "ALERTS_SECRET" }]`."""
        return self._entry(f"webhook.{name}", lambda to, id: to.webhook(id, name, summary))

    def checks_settings(self, look: L) -> L:
        """Looks at the settings before the plugin is put to work with them, and yields what is wrong, as `config.Wrong`. That is
        told to the operator, with the line in which it stands, and holds the plugin. Nothing but the settings can be used there.

            @plugin.checks_settings
            def look(settings: dict[str, Any]) -> Iterator[config.Wrong]:
                if not settings.get("apps"):
                    yield config.Wrong(["apps"], "Name at least one app.")
        """
        # Who yields a `Wrong` has imported it; all others shall do without that interface.
        from witbot import config

        self._entry("settings", lambda to, id: to.checks_settings(id))(lambda _: config.check(look))
        return look

    def migrates(self, handler: H) -> H:
        """Has what the plugin keeps in `kv` become what this version understands, before it takes over from another one. Only
        `kv`, `config` and `log` can be used there. Look at what is there: what was half done when it failed stays as it is."""
        return self._entry("migrate", lambda to, id: to.migrates(id))(handler)

    def _entry(self, wanted: str, declare: Callable[[Declaration, str], None]) -> Callable[[H], H]:
        def register(handler: H) -> H:
            taken = {entry.id for entry in self.entries}
            id, number = wanted, 1
            while id in taken:
                number += 1
                id = f"{wanted}-{number}"
            self.entries.append(Entry(id, handler, declare))
            return handler

        return register


def name_of(usage: str) -> str:
    """The name of a command: the words with which its usage begins, up to the first that is an argument, optional, or one of
    several."""
    return "-".join(re.split(r"[<\[|]", usage, maxsplit=1)[0].lower().split()) or "command"


def parts(pattern: str | re.Pattern[str]) -> tuple[str, str]:
    """A regular expression and its flags, as the contract has them."""
    if isinstance(pattern, str):
        return pattern, ""
    flags = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s"}
    return pattern.pattern, "".join(letter for flag, letter in flags.items() if pattern.flags & flag)
