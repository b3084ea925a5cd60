"""Time, chance, and waiting. Needs no grant.

While a handler waits it costs nothing: its instance is put away. When what it waited for has come, even after a restart of the
bot, the handler is run again from the top, is given the same answers as before without anything being done twice, and goes on
from there. So nothing here is awaited: a call that waits returns when it is over.

Somebody can cancel the run. Then what waits, or the next call that would, raises `canceled`, once. A handler that has something
to clean up does that and returns; one that waits again is ended.

    from witbot import flow

    if flow.confirm("Shall I remind you of lunch?", timeout="10m"):
        flow.sleep("3h")
        event.reply("Lunch!")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from wit_world.imports import flow as raw
from witbot.content import Text, raw_text
from witbot.duration import Duration, milliseconds, timestamp
from witbot.error import WitbotError, call

AnsweredBy: TypeAlias = Sequence[str] | Literal["anyone"]
"""Who can answer instead of the person who caused the event: up to 50 people or groups, by id, or `anyone` who can see it."""


def now() -> datetime:
    """The time, in UTC: that of the last thing that this run was told, so that it is the same when the run is resumed."""
    return timestamp(raw.now())


def random() -> float:
    """A number by chance, from 0 up to 1 and never 1, the same when the run is resumed."""
    # The upper 53 bits: a float holds no more.
    return (raw.random() >> 11) / 2**53


def sleep(duration: Duration) -> None:
    """Waits, 30 days at most. Raises `invalid`: longer than that."""
    call(raw.sleep, milliseconds(duration))


@dataclass(frozen=True)
class Answer:
    """An answer to a question."""

    choice: str
    """One of the choices."""
    user: str
    """The id of who chose."""


def ask(
    question: str | Text, choices: Sequence[str], *, timeout: Duration = "1h", answered_by: AnsweredBy = ()
) -> Answer:
    """Asks where the event was said, and waits, 30 days at most, for one of 2 to 10 choices of 1 to 75 characters each. The
    question is at most 3,000 characters.

        tea = flow.ask("Tea or coffee?", ["Tea", "Coffee"]).choice == "Tea"

    Raises `timeout`, `invalid`, `rate-limited`, `not-found` (nobody to ask: the event was not said in a chat), `denied` (it
    would notify everybody).
    """
    if isinstance(question, str) and not answered_by:
        answer = call(raw.ask, question, list(choices), milliseconds(timeout))
    else:
        asked = raw.Question(raw_text(question))
        for choice in choices:
            asked.choice(choice)
        if answered_by == "anyone":
            asked.anyone()
        else:
            for user in answered_by:
                asked.answered_by(user)
        answer = call(asked.ask, milliseconds(timeout))
    return Answer(answer.choice(), answer.user())


def confirm(question: str | Text, *, timeout: Duration = "1h", answered_by: AnsweredBy = ()) -> bool:
    """Asks for `Yes` or `No`, and says whether it was `Yes`. No answer in time is `No`. Raises as `ask`, without `timeout`."""
    try:
        return ask(question, ["Yes", "No"], timeout=timeout, answered_by=answered_by).choice == "Yes"
    except WitbotError as error:
        if error.code == "timeout":
            return False
        raise


class Occurrence:
    """An event that was waited for."""

    def __init__(self, occurrence: raw.Occurrence) -> None:
        self._raw = occurrence

    @property
    def kind(self) -> str:
        """The kind that was waited for, such as `github.deployment_status`."""
        return self._raw.kind()

    @property
    def subject(self) -> str:
        """The repository of a GitHub event, the project of a CI event, the subject of a topic."""
        return self._raw.subject()

    def field(self, pointer: str) -> str | None:
        """One value of its body, by JSON pointer. Strings come as they are, anything else as JSON."""
        return self._raw.field(pointer)


def await_event(kind: str, subject: str, timeout: Duration) -> Occurrence:
    """Waits, 30 days at most, for an event from outside, of one kind and about one subject, that came after the one that
    caused this run and was not yet given to it. The plugin must be granted the subject, or the topic, as for a subscription.

    Raises `timeout`, `denied`, `invalid`.
    """
    return Occurrence(call(raw.await_event, kind, subject, milliseconds(timeout)))


class Turn:
    """A place in a line."""

    def __init__(self, turn: raw.Turn) -> None:
        self._raw = turn

    @property
    def ahead(self) -> int:
        """How many runs stood before this one when it was last told: `0` when it is its turn."""
        return self._raw.ahead()

    def closer(self, timeout: Duration) -> int:
        """Waits until fewer stand before this run than when it was last told, and says how many do. At once when it is its
        turn.

        Raises `timeout`, `invalid` (longer than 30 days), `not-found` (it has left the line).
        """
        return call(self._raw.closer, milliseconds(timeout))

    def wait(self, timeout: Duration) -> None:
        """Waits until it is this run's turn. Raises as `closer`."""
        end = raw.now() + milliseconds(timeout)
        while self.ahead > 0:
            left = end - raw.now()
            if left <= 0:
                raise WitbotError("timeout", f"{self.ahead} runs are still before this one")
            call(self._raw.closer, left)

    def leave(self) -> None:
        """Leaves the line."""
        call(self._raw.leave)


def line_up(line: str) -> Turn:
    """Lines this run up behind all other runs of this plugin that stand in the line of that name, of 1 to 256 bytes. One run
    at a time has its turn. A run stands in a line until it leaves it, or ends, however it ends.

    Raises `invalid` (such a name), `rate-limited` (100 stand there already).
    """
    return Turn(call(raw.line_up, line))


def cancel(run: str) -> bool:
    """Cancels another run of this plugin, by its id, and says whether it was still to be canceled."""
    return call(raw.cancel, run)
