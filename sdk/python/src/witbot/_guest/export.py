"""The exported side of a plugin, which the bot calls."""

from __future__ import annotations

import sys
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING

from componentize_py_types import Err
from wit_world.imports import log, types
from wit_world.imports import events as raw
from witbot._guest import own
from witbot.error import WitbotError
from witbot.event import Event
from witbot.plugin import Plugin

if TYPE_CHECKING:
    from wit_world.imports.declare import Declaration


class Exported:
    """What the contract calls. The bindings make an instance of a class without arguments, so there is a class a plugin."""

    plugin: Plugin
    version: str
    root: str

    @classmethod
    def of(cls, module: ModuleType, version: str) -> type[Exported]:
        """The exported side of the plugin that a module has."""
        plugin = getattr(module, "plugin", None)
        if not isinstance(plugin, Plugin):
            raise TypeError('plugin.py has no plugin: write `plugin = Plugin("…")`')
        root = (module.__file__ or "").rpartition("/plugin")[0] + "/"
        return type("Handler", (cls,), {"plugin": plugin, "version": version, "root": root})

    def describe(self, declaration: Declaration) -> None:
        """Tells the bot what the plugin can do."""
        plugin = self.plugin
        declaration.summary(plugin.summary)
        declaration.version(self.version)
        for entry in plugin.entries:
            entry.declare(declaration, entry.id)
        for name, summary in plugin.settings.items():
            declaration.setting(name, summary, False)
        for name, summary in plugin.required_settings.items():
            declaration.setting(name, summary, True)
        for capability, reason in plugin.wants.items():
            declaration.wants(capability, reason)
        for capability, reason in plugin.can_use.items():
            declaration.can_use(capability, reason)

    def handle(self, event: raw.Event) -> None:
        """Runs the handler that was declared for an event."""
        own.begin()
        try:
            self.run(Event(event))
        except WitbotError as error:
            wait = error.retry_after
            after = None if wait is None else int(wait.total_seconds() * 1_000)
            raise Err(types.Error(error.code, error.message, after)) from None
        except Exception as error:
            log.write(log.Level.ERROR, trace(error, self.root))
            # The component ends here, and what is written of that says the same again.
            sys.stderr = None
            raise
        finally:
            sys.stdout.flush()

    def run(self, event: Event) -> None:
        """Calls the handler of an event."""
        handler = next((entry.handler for entry in self.plugin.entries if entry.id == event.handler), None)
        if handler is None:
            raise WitbotError("not-found", f"this plugin has no handler `{event.handler}`")
        result: object = handler(event)
        if hasattr(result, "__await__"):
            raise TypeError(f"the handler `{event.handler}` is async: write it without async and await")


def trace(error: BaseException, root: str) -> str:
    """What went wrong, and where in the author's files, the innermost place first. Python's own way to write it looks into the
    files, and these are not here."""
    message = str(error)
    places = []
    at: TracebackType | None = error.__traceback__
    while at is not None:
        code = at.tb_frame.f_code
        if "/witbot/_guest/" not in code.co_filename:
            places.append(f"  at {code.co_filename.removeprefix(root)}:{at.tb_lineno} in {code.co_qualname}")
        at = at.tb_next
    lines = [type(error).__qualname__ + (f": {message}" if message else ""), *reversed(places)]
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        lines.append(f"because of {trace(before, root)}")
    return "\n".join(lines)
