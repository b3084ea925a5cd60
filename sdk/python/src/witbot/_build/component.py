"""Makes a component of a plugin, with a world of just the interfaces that it uses."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from witbot._build.imports import Used
from witbot._build.mistake import Mistake

PACKAGE = Path(__file__).parents[1]
WORLD = "narrowed"
ENTRY = "witbot_entry"


def componentized(tool: Path, folder: Path, version: str, used: Used, file: Path) -> None:
    """Writes the component of the plugin in a folder."""
    with tempfile.TemporaryDirectory(prefix="witbot-") as scratch:
        wit = Path(scratch, "wit")
        shutil.copytree(contract(), wit, ignore=shutil.ignore_patterns("released"))
        (wit / f"{WORLD}.wit").write_text(world(wit, used.interfaces), encoding="utf-8")
        Path(scratch, f"{ENTRY}.py").write_text(entry(version, used.early), encoding="utf-8")
        paths = [scratch, str(folder.resolve()), str(PACKAGE.parent)]
        command = [str(tool), "-q", "-d", str(wit), "-w", WORLD, "componentize", "--stub-wasi", "-o", str(file)]
        command += [part for path in paths for part in ("-p", path)]
        done = subprocess.run([*command, ENTRY], check=False, capture_output=True, text=True)
    if done.returncode:
        raise Mistake(f"the plugin fails while its files are loaded:\n{trace(done.stderr, paths)}")


def world(wit: Path, interfaces: set[str]) -> str:
    """Each interface that is imported can be a grant that an operator has to give."""
    packages = {}
    for file in (*wit.glob("*.wit"), *wit.glob("deps/*/*.wit")):
        text = file.read_text(encoding="utf-8")
        for name in re.findall(r"^interface ([\w-]+)", text, re.MULTILINE):
            packages[name] = file.parent
    imports = []
    for interface in sorted(interfaces):
        name = interface.replace("_", "-")
        place = packages[name]
        imports.append(name if place == wit else f"witbot:{place.name}/{name}@{version_of(place)}")
    lines = "".join(f"  import {name};\n" for name in imports)
    return f"world {WORLD} {{\n{lines}  export handler;\n}}\n"


def version_of(folder: Path) -> str:
    """The version of the package in a folder of the contract: one of its files says it."""
    for file in sorted(folder.glob("*.wit")):
        if found := re.search(r"^package [\w:-]+@([\d.]+);", file.read_text(encoding="utf-8"), re.MULTILINE):
            return found[1]
    raise Mistake(f"the SDK is not complete: {folder} says no version")


def entry(version: str, early: set[str]) -> str:
    """The module that the component begins with. The first import takes over time and chance before anybody has them."""
    imports = "".join(f"import {name}\n" for name in sorted(early))
    return (
        "from witbot._guest import own\n"
        f"import plugin\n{imports}"
        "from witbot._guest.export import Exported\n"
        f"Handler = Exported.of(plugin, {version!r})\n"
        "own.settle()\n"
    )


def trace(text: str, paths: list[str]) -> str:
    """What Python said, with the author's paths for those within the component, where folders are numbered, and without the
    frames of the SDK."""
    said = (text.partition("AssertionError: ")[2] or text).partition("\n\nCaused by:")[0]

    def place(match: re.Match[str]) -> str:
        number = int(match[1])
        return f"{paths[number]}/" if number < len(paths) else match[0]

    said = re.sub(r"(?<=[\"(])/(\d)/", place, said)
    ours = re.escape(f"{PACKAGE}{os.sep}")
    return re.sub(rf'^  File "(?:{ours}|[^"]*{ENTRY}\.py).*\n(?:    .*\n)*', "", said, flags=re.MULTILINE).strip()


def contract() -> Path:
    """The folder with the contract: in the package that was installed, beside a copy of the SDK, or in the repository."""
    places = (PACKAGE / "wit", PACKAGE.parents[1] / "wit", PACKAGE.parents[3] / "wit")
    found = next((place for place in places if (place / "world.wit").is_file()), None)
    if found is None:
        raise Mistake(f"the SDK is not complete: {places[0]} is missing")
    return found
