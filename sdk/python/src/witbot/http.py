"""Requests to services on the web. Python's own `urllib` and packages such as `requests` do not work in a plugin: it reaches
what it was granted, by these.

Grant: `http = [{ host = "status.example.com", methods = ["GET"], path = "/api/" }]`. Addresses in private networks are refused
unless the grant says `private = true`. Redirects are not followed. A plugin needs no tokens: with
`headers = { Authorization = "Bearer ${PAGER_TOKEN}" }` in the grant, the bot adds that header, with the secret of that name, and
the plugin leaves it out.

    from witbot import http

    summary = http.send("https://status.example.com/api/summary").success().json()
"""

from __future__ import annotations

import json as _json
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Self

from wit_world.imports import http as raw
from witbot.duration import Duration, milliseconds, timestamp
from witbot.error import WitbotError, call

NOTHING: Mapping[str, str] = MappingProxyType({})


class Response:
    """An answer."""

    def __init__(self, response: raw.Response) -> None:
        self._raw = response

    @property
    def status(self) -> int:
        """The HTTP status. None of them is an error of `send`."""
        return self._raw.status()

    def success(self) -> Self:
        """The answer, if its status is one of success (200 to 299). Raises `unavailable`: it is another."""
        if 200 <= self.status < 300:
            return self
        raise WitbotError("unavailable", f"the service answered with status {self.status}")

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case of letters."""
        return self._raw.header(name)

    def bytes(self) -> bytes:
        """All of what came back, 4 MiB at most."""
        return self._raw.body()

    @property
    def elapsed(self) -> timedelta:
        """How long it took until all of it was there."""
        return timedelta(milliseconds=self._raw.elapsed())

    @property
    def certificate_expires(self) -> datetime | None:
        """Until when the certificate is valid that the service showed. None for `http`."""
        expires = self._raw.certificate_expires()
        return None if expires is None else timestamp(expires)

    def text(self) -> str:
        """The body as text. Raises `invalid`: it is not UTF-8."""
        try:
            return self.bytes().decode()
        except UnicodeDecodeError:
            raise WitbotError("invalid", "the service answered with what is not text") from None

    def json(self) -> Any:
        """The body as a value from JSON. What it is of is for you to check. Raises `invalid`: it is not JSON."""
        try:
            return _json.loads(self.text())
        except ValueError:
            raise WitbotError("invalid", "the service answered with what is not JSON") from None


def send(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] = NOTHING,
    body: str | bytes | None = None,
    json: object = None,
    timeout: Duration | None = None,
) -> Response:
    """Sends a request and reads the whole answer. At most 20 a run.

    - `headers`: `Host`, `Content-Length` and the headers of a single connection cannot be set.
    - `body`: 1 MiB at most.
    - `json`: a body that is written as JSON, and said to be that.
    - `timeout`: how long to wait: 10 s unless set, 30 s at most.

    Raises `denied`, `invalid` (not an http address, too large), `rate-limited` (too many in this run), `timeout`,
    `unavailable`, and `in-doubt` when the bot was stopped in the middle of it and the method is neither `GET` nor `HEAD`.
    """
    request = raw.Request(method, url)
    for name, value in headers.items():
        request.header(name, value)
    if json is not None:
        request.header("content-type", "application/json")
        body = _json.dumps(json)
    if body is not None:
        request.body(body.encode() if isinstance(body, str) else body)
    if timeout is not None:
        request.timeout(milliseconds(timeout))
    return Response(call(raw.send, request))
