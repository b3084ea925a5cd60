"""Finds out what a plugin imports: which interfaces of the contract it uses, and what has to be loaded early."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from witbot._build.mistake import Mistake

SDK = "witbot"
BINDINGS = "wit_world.imports"
# These are there in the component alone.
GENERATED = ("wit_world", "componentize_py_types")
# What modules of Python import only when they are used, when there is nothing to load them from any more.
LATER = {"datetime": "_strptime", "time": "_strptime"}


@dataclass(frozen=True)
class Import:
    """One import statement. `name` is None for `import module`."""

    module: str
    name: str | None
    line: int
    in_function: bool
    in_try: bool


@dataclass
class Used:
    """What a plugin uses."""

    interfaces: set[str] = field(default_factory=set)
    """The interfaces of the contract, as the bindings name them."""
    early: set[str] = field(default_factory=set)
    """Modules that are imported when a handler runs. By then nothing can be loaded, so they are loaded before."""


def scanned(folder: Path, source: Path) -> Used:
    """Reads the plugin's own modules and those of the SDK that it imports."""
    used = Used()
    paths = [str(folder), str(Path(__file__).parents[2]), *sys.path]
    waiting = [("plugin", source), *((name, located(name, paths)) for name in ("witbot._guest.export", "witbot._guest.own"))]
    seen = set()
    while waiting:
        module, file = waiting.pop()
        if file is None or module in seen:
            continue
        seen.add(module)
        ours = module.split(".")[0] == SDK
        for found in imports(module, file):
            if found.module.startswith(GENERATED):
                used.interfaces.update(interfaces(found))
                continue
            if ours and found.in_function:
                continue
            if not ours and found.module in LATER:
                used.early.add(LATER[found.module])
            for name in targets(found):
                spec = specified(name, paths)
                if not ours and found.in_function and not found.in_try and (spec or name == found.module):
                    used.early.add(name)
                if name.split(".")[0] in sys.stdlib_module_names:
                    continue
                if spec is not None and own(spec, folder):
                    waiting.append((name, Path(str(spec.origin)) if spec.has_location else None))
                elif spec is None and name == found.module and not found.in_try:
                    raise Mistake(f"{file}:{found.line}: there is no module `{name}`{hint(name)}")
    return used


def imports(module: str, file: Path) -> Iterator[Import]:
    """The import statements of a file, but for those that only type checkers read."""
    try:
        tree = ast.parse(file.read_bytes(), str(file))
    except SyntaxError as error:
        line = (error.text or "").strip()
        raise Mistake(f"{error.filename}:{error.lineno}: {error.msg}" + (f"\n  {line}" if line else "")) from None
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    return within(tree, package, False, False)


def within(node: ast.AST, package: str, in_function: bool, in_try: bool) -> Iterator[Import]:
    """The import statements below a node."""
    match node:
        case ast.Import():
            for alias in node.names:
                yield Import(alias.name, None, node.lineno, in_function, in_try)
        case ast.ImportFrom():
            base = package.rsplit(".", node.level - 1)[0] if node.level else ""
            name = ".".join(filter(None, (base, node.module)))
            for alias in node.names:
                yield Import(name, alias.name, node.lineno, in_function, in_try)
        case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
            for statement in node.orelse:
                yield from within(statement, package, in_function, in_try)
        case _:
            in_function = in_function or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            in_try = in_try or isinstance(node, ast.Try | ast.TryStar)
            for child in ast.iter_child_nodes(node):
                yield from within(child, package, in_function, in_try)


def interfaces(found: Import) -> Iterator[str]:
    """The interfaces that an import from the bindings uses."""
    if found.module == BINDINGS and found.name is not None:
        yield found.name
    elif found.module.startswith(f"{BINDINGS}."):
        yield found.module.removeprefix(f"{BINDINGS}.")


def targets(found: Import) -> list[str]:
    """The modules that an import can load."""
    if found.name is None:
        return [found.module]
    return [found.module, f"{found.module}.{found.name}"]


def located(name: str, paths: list[str]) -> Path | None:
    """The file of a module."""
    spec = specified(name, paths)
    return Path(str(spec.origin)) if spec is not None and spec.has_location else None


def specified(name: str, paths: list[str]) -> ModuleSpec | None:
    """Where a module is, without importing anything."""
    within: list[str] | None = paths
    spec = None
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        if within is None:
            return None
        spec = PathFinder.find_spec(".".join(parts[:end]), within)
        if spec is None:
            return None
        within = None if spec.submodule_search_locations is None else list(spec.submodule_search_locations)
    return spec


def own(spec: ModuleSpec, folder: Path) -> bool:
    """Whether a module is the author's or of the SDK; what others wrote knows nothing of the contract."""
    if spec.name.split(".")[0] == SDK:
        return True
    place = Path(spec.origin or "").resolve()
    return place.is_relative_to(folder.resolve()) and "site-packages" not in place.parts


def hint(name: str) -> str:
    """How to get a module that is missing."""
    package = name.split(".")[0]
    return "" if package == SDK else f"; if it is a package of PyPI: {sys.executable} -m pip install {package}"
