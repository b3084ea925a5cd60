"""A contract for tests: whatever is called is noted, and answers what a test said."""

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from unittest.mock import MagicMock


class Err(Exception):
    """How the bindings raise an error of the contract."""

    def __init__(self, value: object) -> None:
        self.value = value


INTERFACES = (
    "chat", "ci", "config", "content", "events", "flow", "github", "http", "kv", "log", "messages", "permission", "topics",
    "types",
)  # fmt: skip


class Contract:
    """Puts the interfaces where the SDK imports them from."""

    def __init__(self) -> None:
        self.interfaces = {name: MagicMock(name=name) for name in INTERFACES}
        bindings = ModuleType("componentize_py_types")
        imports = ModuleType("wit_world.imports")
        bindings.__dict__["Err"] = Err
        imports.__dict__.update(self.interfaces)
        world = ModuleType("wit_world")
        world.__spec__ = ModuleSpec(world.__name__, None)
        sys.modules.update({"componentize_py_types": bindings, world.__name__: world, imports.__name__: imports})

    def __getattr__(self, name: str) -> MagicMock:
        return self.interfaces[name]

    def forget(self) -> None:
        """Forgets what was called, and what was to be answered."""
        for interface in self.interfaces.values():
            interface.reset_mock(return_value=True, side_effect=True)


contract = Contract()
