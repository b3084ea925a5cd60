"""Why something was not done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Literal, ParamSpec, TypeAlias, TypeVar

from componentize_py_types import Err

P = ParamSpec("P")
T = TypeVar("T")

Code: TypeAlias = (
    Literal[
        "denied", "not-found", "invalid", "conflict", "rate-limited", "timeout", "unavailable", "in-doubt", "canceled"
    ]
    | str
)
"""What kind of refusal an error is. Later versions of the bot may know more.

- `denied`: the operator's grants do not cover it. The message has the line that would.
- `not-found`: there is no such thing, or the bot's credentials cannot see it.
- `invalid`: the arguments are not acceptable. Trying again does not help.
- `conflict`: it clashes with the present state, such as a merge conflict or a failed check.
- `rate-limited`: too much at once.
- `timeout`: what was waited for did not happen in time.
- `unavailable`: the service could not be reached, or failed.
- `in-doubt`: the bot was stopped in the middle of it, and cannot find out whether it happened. It was not repeated.
- `canceled`: somebody canceled this run. What waits answers so, once: clean up and return.
"""


class WitbotError(Exception):
    """Why something was not done. Raised by a handler, its message is told to the person who asked."""

    code: Code
    """What kind of refusal it is."""
    message: str
    """A sentence for people."""
    retry_after: timedelta | None
    """When it makes sense to try again, if that is known."""

    def __init__(self, code: Code, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after = retry_after


def call(bot: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Calls the bot. What it refuses is raised as a `WitbotError`."""
    try:
        return bot(*args, **kwargs)
    except Err as refused:
        error = refused.value
        after = error.retry_after_ms
        wait = None if after is None else timedelta(milliseconds=after)
        raise WitbotError(error.code, error.message, retry_after=wait) from None
