"""The command: `python -m witbot build [FOLDER]`."""

from __future__ import annotations

import argparse
import importlib.metadata
import sys
import tomllib
from pathlib import Path
from typing import Any

from witbot._build.component import componentized
from witbot._build.imports import scanned
from witbot._build.mistake import Mistake

TOOL = "componentize-py"
TOOL_VERSION = "0.25.1"


def main() -> None:
    """Builds the plugin, or says why not."""
    parser = argparse.ArgumentParser(prog="python -m witbot", description="Works on a witbot plugin.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    command = commands.add_parser("build", help="makes FOLDER/dist/NAME.wasm of the plugin in FOLDER, or else here")
    command.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="FOLDER")
    try:
        build(parser.parse_args().folder)
    except Mistake as mistake:
        sys.exit(f"witbot: {mistake}")


def build(folder: Path) -> None:
    """Makes the file of the plugin in a folder."""
    name, version = project(folder)
    source = next((file for file in (folder / "plugin.py", folder / "plugin/__init__.py") if file.is_file()), None)
    if source is None:
        raise Mistake(f"there is no {folder / 'plugin.py'}: a plugin begins there")
    tool = toolchain()
    used = scanned(folder, source)
    file = folder / "dist" / f"{name}.wasm"
    file.parent.mkdir(exist_ok=True)
    componentized(tool, folder, version, used, file)
    print(f"{file}: {-(-file.stat().st_size // 1024)} KiB")


def project(folder: Path) -> tuple[str, str]:
    """The name and version of the plugin, from its `pyproject.toml`."""
    file = folder / "pyproject.toml"
    try:
        read: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Mistake(f"there is no {file}: give the folder of a plugin") from None
    except ValueError as error:
        raise Mistake(f"{file}: {error}") from None
    about = read.get("project", {})
    return about.get("name", folder.resolve().name), about.get("version", "0.0.0")


def toolchain() -> Path:
    """Where the tool is that makes components."""
    try:
        version = importlib.metadata.version(TOOL)
    except importlib.metadata.PackageNotFoundError:
        version = "none"
    tool = Path(sys.executable).parent / TOOL
    if version == TOOL_VERSION and tool.is_file():
        return tool
    raise Mistake(
        f"{TOOL} {TOOL_VERSION} is needed, and there is {version}; get it by\n"
        f"  {sys.executable} -m pip install {TOOL}=={TOOL_VERSION}"
    )
