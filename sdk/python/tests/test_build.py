"""Tests of what the build finds out about a plugin."""

import tempfile
import unittest
from pathlib import Path

from witbot._build.component import contract, entry, trace, world
from witbot._build.imports import Used, scanned
from witbot._build.main import project
from witbot._build.mistake import Mistake

ALWAYS = {"content", "declare", "events", "flow", "log", "messages", "types"}


class Imports(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def used(self, plugin: str, files: dict[str, str] | None = None) -> Used:
        for name, text in {"plugin.py": plugin, **(files or {})}.items():
            file = self.folder / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        return scanned(self.folder, self.folder / "plugin.py")

    def test_only_what_is_imported_is_asked_for(self) -> None:
        self.assertEqual(self.used("from witbot import Plugin").interfaces | {"declare"}, ALWAYS)
        self.assertEqual(self.used("from witbot import config").interfaces | {"declare"}, ALWAYS | {"config"})
        files = {"inner/__init__.py": "", "inner/deep.py": "from . import most", "inner/most.py": "from witbot import kv"}
        self.assertEqual(self.used("from witbot import topics").interfaces | {"declare"}, ALWAYS | {"topics"})
        deep = self.used("import inner.deep", files)
        self.assertEqual(deep.interfaces | {"declare"}, ALWAYS | {"kv"})

    def test_what_is_for_type_checkers_is_not_asked_for(self) -> None:
        used = self.used("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from witbot import kv\n    import gone")
        self.assertNotIn("kv", used.interfaces)

    def test_what_handlers_import_is_loaded_early(self) -> None:
        used = self.used("import datetime\ndef go(event):\n    import json\n    from witbot import http")
        self.assertEqual(used.early, {"_strptime", "json", "witbot", "witbot.http"})
        self.assertIn("http", used.interfaces)
        self.assertIn("import json\n", entry("1.0.0", used.early))

    def test_mistakes_have_their_place(self) -> None:
        for text, said in (
            ("x = (\n", r"plugin\.py:1: .*never closed"),
            ("import json\nimport gone.deep", r"plugin\.py:2: there is no module `gone.deep`; .*pip install gone"),
        ):
            with self.subTest(text), self.assertRaisesRegex(Mistake, said):
                self.used(text)
        self.used("try:\n    import gone\nexcept ImportError:\n    gone = None")

    def test_the_project_has_a_name(self) -> None:
        with self.assertRaisesRegex(Mistake, "there is no .*pyproject.toml"):
            project(self.folder)
        (self.folder / "pyproject.toml").write_text('[project]\nname = "hello"')
        self.assertEqual(project(self.folder), ("hello", "0.0.0"))
        (self.folder / "pyproject.toml").write_text("[project")
        with self.assertRaisesRegex(Mistake, "pyproject.toml: "):
            project(self.folder)


class Components(unittest.TestCase):
    def test_the_world_has_what_is_used(self) -> None:
        made = world(contract(), {"kv", "events"})
        self.assertEqual(made, "world narrowed {\n  import events;\n  import witbot:kv/kv@0.1.0;\n  export handler;\n}\n")

    def test_a_trace_has_the_paths_of_the_author(self) -> None:
        header = "Traceback (most recent call last):\n"
        ours = '  File "/0/witbot_entry.py", line 2, in <module>\n    import plugin\n'
        own = '  File "FOLDER/plugin.py", line 3, in <module>\n    1 / 0\n    ~~^~~\nZeroDivisionError: division by zero'
        text = f"AssertionError: {header}{ours}{own.replace('FOLDER', '/1')}\n\n\nCaused by:\n    more"
        said = header + own.replace("FOLDER", "/home/ada")
        self.assertEqual(trace(text, ["/scratch", "/home/ada"]), said)


if __name__ == "__main__":
    unittest.main()
