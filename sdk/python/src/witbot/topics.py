"""Telling other plugins what happened, by the name of a topic, and being told.

Nobody is called, and nobody answers: whoever has subscribed to `topic.NAME`, or waits for it by `flow.await_event`, is told. So
plugins work together that do not know each other.

Grant: `topics = [{ name = "deployed" }]` to be told, `topics = [{ name = "deployed", publish = true }]` to tell others as well.

    from witbot import Event, Plugin, log, topics

    plugin = Plugin("Notes what was deployed.")


    @plugin.subscription("topic.deployed")
    def deployed(event: Event) -> None:
        commit = event.field("/commit") or ""
        log.info(f"{event.subject} is at {commit}")
        topics.publish("noted", event.subject, {"commit": commit})
"""

from __future__ import annotations

import json

from wit_world.imports import topics as raw
from witbot.error import call


def publish(name: str, subject: str, body: object) -> None:
    """Publishes an event of the kind `topic.NAME`. The name is 1 to 40 small letters, digits and hyphens, with a letter first.
    The subject, of 1 to 256 bytes, says what it is about, such as `api/production`: who waits for one, waits for its subject.
    The body becomes JSON of at most 64 KiB, which `Event.field` looks into. It is told exactly once, also to the plugin itself
    if that has subscribed. A topic that nobody has subscribed to is no error.

    Raises `denied`, `invalid` (such a name, subject or body), `rate-limited` (50 in this run, or 1,000 of this topic wait),
    `conflict` (plugins answer each other in topics without an end).
    """
    call(raw.publish, name, subject, json.dumps(body, ensure_ascii=False, separators=(",", ":")))
