"""Tests of what the SDK takes over of Python's own, each in a process of its own."""

import subprocess
import sys
import textwrap
import unittest

BEFORE = """
    from tests.contract import contract
    contract.flow.now.return_value = 86_400_000
    contract.flow.random.return_value = 7
    from witbot._guest import own
    import datetime, os, random, sys, time
"""


class Own(unittest.TestCase):
    def printed(self, code: str) -> str:
        program = textwrap.dedent(BEFORE) + textwrap.dedent(code)
        done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_time_and_chance_are_those_of_the_run(self) -> None:
        code = """
            own.begin()
            first = random.random()
            own.begin()
            assert random.random() == first
            assert os.urandom(9) == b"\\x07" + bytes(7) + b"\\x07"
            assert time.time() == time.monotonic() == 86_400
            assert datetime.datetime.now(datetime.UTC) == datetime.datetime(1970, 1, 2, tzinfo=datetime.UTC)
            assert str(datetime.date.today()) == "1970-01-02"
            time.sleep(1.5)
            contract.flow.sleep.assert_called_once_with(1_500)
        """
        self.assertEqual(self.printed(code), "")

    def test_there_is_neither_while_files_are_loaded(self) -> None:
        code = """
            for ask in (time.time, datetime.datetime.now, lambda: os.urandom(1)):
                try:
                    ask()
                except RuntimeError as error:
                    print(error)
        """
        self.assertEqual(self.printed(code).count("ask for it in a handler"), 3)

    def test_what_is_printed_goes_to_the_log(self) -> None:
        code = """
            own.begin()
            print("one\\ntwo", end="")
            sys.stdout.flush()
            lines = [call.args[1] for call in contract.log.write.mock_calls]
            assert lines == ["one", "two"], lines
        """
        self.assertEqual(self.printed(code), "")

    def test_nothing_can_be_opened_or_loaded_later(self) -> None:
        code = """
            own.begin()
            for what in ("open('/etc/passwd')", "import colorsys"):
                try:
                    exec(what)
                except (OSError, ImportError) as error:
                    sys.__stdout__.write(f"{error}\\n")
        """
        file, module = self.printed(code).splitlines()
        self.assertEqual(file, "a plugin has no files: '/etc/passwd' cannot be opened")
        self.assertEqual(module, "`colorsys` is not in the plugin: import it at the top of a file")


if __name__ == "__main__":
    unittest.main()
