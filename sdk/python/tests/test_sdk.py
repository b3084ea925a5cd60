"""Tests of the modules that plugins use."""

import re
import sys
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import ModuleType, SimpleNamespace
from unittest.mock import MagicMock, call

from tests.contract import Err, contract

# This one takes over the clock of its process, and has a test of its own.
sys.modules["witbot._guest.own"] = MagicMock()

from witbot import Button, Card, Event, Message, Plugin, Text, WitbotError, ci, config, flow, http, kv, topics  # noqa: E402
from witbot._guest.export import Exported  # noqa: E402
from witbot.content import raw_content  # noqa: E402
from witbot.duration import milliseconds  # noqa: E402


def refusal(code: str, after: int | None = None) -> Err:
    return Err(SimpleNamespace(code=code, message=f"It is {code}.", retry_after_ms=after))


class Case(unittest.TestCase):
    def setUp(self) -> None:
        contract.forget()

    @contextmanager
    def refused(self, code: str) -> Iterator[None]:
        with self.assertRaises(WitbotError) as caught:
            yield
        self.assertEqual(caught.exception.code, code)


class Errors(Case):
    def test_what_the_bot_refuses_is_raised(self) -> None:
        contract.flow.sleep.side_effect = refusal("rate-limited", 1_500)
        with self.assertRaises(WitbotError) as caught:
            flow.sleep("1s")
        error = caught.exception
        self.assertEqual((error.code, error.message), ("rate-limited", "It is rate-limited."))
        self.assertEqual(error.retry_after, timedelta(seconds=1.5))

    def test_lengths_of_time(self) -> None:
        self.assertEqual([milliseconds(one) for one in ("5ms", "90s", "1.5h", "30d")], [5, 90_000, 5_400_000, 2_592_000_000])
        self.assertEqual(milliseconds(timedelta(minutes=2)), 120_000)
        for wrong in ("", "5", "m", "-1s", "1w", timedelta(seconds=-1)):
            with self.subTest(wrong), self.refused("invalid"):
                milliseconds(wrong)


class Flow(Case):
    def test_time_and_chance(self) -> None:
        contract.flow.now.return_value = 1_000
        contract.flow.random.return_value = 2**64 - 1
        self.assertEqual(flow.now(), datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
        self.assertLess(flow.random(), 1)

    def test_no_answer_in_time_is_no(self) -> None:
        contract.flow.ask.side_effect = refusal("timeout")
        self.assertFalse(flow.confirm("Sure?"))
        contract.flow.ask.side_effect = refusal("canceled")
        with self.refused("canceled"):
            flow.confirm("Sure?")

    def test_others_can_be_asked(self) -> None:
        flow.ask("Sure?", ["Yes", "No"], timeout="1m", answered_by=["U1", "U2"])
        question = contract.flow.Question.return_value
        asked = [call.choice("Yes"), call.choice("No"), call.answered_by("U1"), call.answered_by("U2"), call.ask(60_000)]
        self.assertEqual(question.mock_calls[:5], asked)
        flow.confirm("Sure?", answered_by="anyone")
        question.anyone.assert_called_once_with()

    def test_a_turn_is_waited_for_until_the_end(self) -> None:
        turn = contract.flow.line_up.return_value
        turn.ahead.side_effect = [2, 1, 0]
        contract.flow.now.side_effect = [0, 100, 400]
        flow.line_up("api").wait("1s")
        self.assertEqual(turn.closer.mock_calls, [call(900), call(600)])
        turn.ahead.side_effect = None
        turn.ahead.return_value = 3
        contract.flow.now.side_effect = [0, 2_000]
        with self.refused("timeout"):
            flow.line_up("api").wait("1s")


class Contents(Case):
    def test_a_text_can_be_said_twice(self) -> None:
        text = Text("Look, ").user("U1").link("here", "https://example.com")
        for _ in range(2):
            raw_content(text)
        pieces = contract.content.Text.return_value.mock_calls
        self.assertEqual(pieces, [call.user("U1"), call.link("here", "https://example.com")] * 2)

    def test_a_card_has_what_was_set(self) -> None:
        raw_content(Card("api", state="running", fields={"Version": "main"}, buttons=[Button("Stop", "stop api", "danger")]))
        words = contract.content.Text.return_value
        shown = [call.state("running"), call.field("Version", words), call.button("Stop", "stop api", "danger")]
        self.assertEqual(contract.content.Card.return_value.mock_calls, shown)


class Values(Case):
    def test_an_update_begins_again_when_another_was_faster(self) -> None:
        contract.kv.get.side_effect = [None, b'[1]']
        contract.kv.replace.side_effect = [False, True]
        self.assertEqual(kv.update("k", lambda kept: [*(kept or []), 2]), [1, 2])
        self.assertEqual(contract.kv.replace.mock_calls, [call("k", None, b"[2]"), call("k", b"[1]", b"[1,2]")])

    def test_an_update_gives_up_some_day(self) -> None:
        contract.kv.get.return_value = None
        contract.kv.replace.return_value = False
        with self.refused("conflict"):
            kv.update("k", lambda _: 1)
        self.assertEqual(contract.kv.replace.call_count, 10)

    def test_a_shared_space_is_used_in_the_same_way(self) -> None:
        space = contract.kv.Namespace.open.return_value
        space.get.return_value = '{"a":"ö"}'.encode()
        self.assertEqual(kv.namespace("team").get("k"), {"a": "ö"})
        kv.namespace("team").set("k", {"a": "ö"})
        space.set.assert_called_once_with("k", '{"a":"ö"}'.encode())

    def test_what_is_not_json_is_told(self) -> None:
        contract.kv.get.return_value = b"\xff"
        with self.refused("invalid"):
            kv.get("k")


class Messages(Case):
    def test_one_of_an_earlier_run_is_found_again(self) -> None:
        found = contract.messages.Message.find
        found.return_value.id.return_value = "m1"
        message = Message.find("m1")
        self.assertEqual(message.id, "m1")
        message.edit("Over.")
        found.assert_called_once_with("m1")
        found.return_value.edit.assert_called_once_with("Over.")
        found.side_effect = refusal("not-found")
        with self.refused("not-found"):
            Message.find("m2")


class Topics(Case):
    def test_what_is_published_is_json(self) -> None:
        topics.publish("deployed", "api/production", {"commit": "c0ffee", "by": "Zoë"})
        contract.topics.publish.assert_called_once_with("deployed", "api/production", '{"commit":"c0ffee","by":"Zoë"}')
        contract.topics.publish.side_effect = refusal("rate-limited")
        with self.refused("rate-limited"):
            topics.publish("deployed", "api/production", None)


class Web(Case):
    def test_an_answer_is_read(self) -> None:
        response = contract.http.send.return_value
        response.status.return_value = 200
        response.body.return_value = b'{"ok":true}'
        answer = http.send("https://example.com", method="POST", json={"a": 1}, timeout="5s").success()
        self.assertEqual(answer.json(), {"ok": True})
        sent = [call.header("content-type", "application/json"), call.body(b'{"a": 1}'), call.timeout(5_000)]
        self.assertEqual(contract.http.Request.return_value.mock_calls, sent)
        response.status.return_value = 503
        with self.refused("unavailable"):
            answer.success()

    def test_an_answer_says_how_long_it_took(self) -> None:
        response = contract.http.send.return_value
        response.elapsed.return_value = 250
        response.certificate_expires.return_value = 253_402_300_799_000
        answer = http.send("https://example.com")
        self.assertEqual(answer.elapsed, timedelta(milliseconds=250))
        self.assertEqual(answer.certificate_expires, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
        response.certificate_expires.return_value = None
        self.assertIsNone(answer.certificate_expires)


class Pipelines(Case):
    def test_the_end_of_a_run_is_waited_for(self) -> None:
        run = contract.ci.open.return_value.trigger.return_value
        run.past.side_effect = [
            MagicMock(**{"phase.return_value": phase, "finished.return_value": finished})
            for phase, finished in (("running", False), ("failed", True))
        ]
        contract.flow.now.side_effect = [0, 400]
        found = ci.open("circleci", "gh/acme/api").trigger(parameters={"n": 1, "yes": True}).finished("1s")
        self.assertEqual((found.phase, run.past.mock_calls), ("failed", [call("queued", 1_000), call("running", 600)]))
        contract.ci.Parameter_Boolean.assert_called_once_with(True)
        contract.ci.Parameter_Integer.assert_called_once_with(1)

    def test_recent_runs_have_what_the_provider_says(self) -> None:
        said = {"id": "r1", "number": 7, "url": "https://ci.example.com/r1", "title": "build", "reference": "main"}
        said |= {"commit": None, "actor": "ada", "phase": "running", "created_at": 1_000}
        recent = contract.ci.open.return_value.recent
        recent.return_value = [MagicMock(**{f"{name}.return_value": value for name, value in said.items()})]
        project = ci.open("circleci", "gh/acme/api")
        created = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
        run = ci.RecentRun("r1", 7, "https://ci.example.com/r1", "build", "main", None, "ada", "running", created)
        self.assertEqual(project.recent(), [run])
        for limit in (0, 5, 31):
            project.recent(limit)
        self.assertEqual(recent.mock_calls, [call(30), call(1), call(5), call(30)])


class Settings(Case):
    def test_what_is_wrong_has_its_place(self) -> None:
        contract.config.document.return_value = '{"apps":{}}'
        config.check(lambda settings: [config.Wrong(["apps", "a/b~c", 1], f"{len(settings)}")])
        contract.config.reject.assert_called_once_with("/apps/a~1b~0c/1", "1")

    def test_what_cannot_be_read_is_told(self) -> None:
        contract.config.document.return_value = "{}"
        with self.refused("invalid"):
            config.settings(lambda settings: settings["apps"])


class Plugins(Case):
    def exported(self, plugin: Plugin) -> Exported:
        module = ModuleType("plugin")
        module.__file__ = __file__
        module.__dict__["plugin"] = plugin
        return Exported.of(module, "1.2.3")()

    def handled(self, handler: object) -> None:
        plugin = Plugin("")
        plugin.command("go", "")(handler)  # type: ignore[type-var]
        self.exported(plugin).handle(MagicMock(**{"handler.return_value": "go"}))

    def test_what_is_declared(self) -> None:
        plugin = Plugin("A plugin.", required_settings={"channel": "Where."}, wants={"kv": "Keeps."})

        def nothing(_: Event) -> None:
            pass

        plugin.command("Deploy status <app>", "Shows.", examples=["deploy status api"], dangerous=True)(nothing)
        plugin.command("deploy status [of] <app>", "Shows.")(nothing)
        plugin.command("<word>", "Anything.")(nothing)
        plugin.listener(re.compile("a(?P<b>.)", re.I | re.S), "Hears.")(nothing)
        plugin.hubot_hear(re.compile("x", re.I), "Hears.")(nothing)
        plugin.checks_settings(lambda _: [])
        plugin.migrates(nothing)
        declaration = MagicMock()
        self.exported(plugin).describe(declaration)
        command = declaration.command.return_value
        self.assertEqual(
            declaration.mock_calls,
            [
                call.summary("A plugin."),
                call.version("1.2.3"),
                call.command("deploy-status", "Deploy status <app>", "Shows."),
                call.command().example("deploy status api"),
                call.command().dangerous(),
                call.command("deploy-status-2", "deploy status [of] <app>", "Shows."),
                call.command("command", "<word>", "Anything."),
                call.listener("listener", "(?is)a(?P<b>.)", "Hears."),
                call.hubot_hear("hear", "x", "i", "Hears."),
                call.checks_settings("settings"),
                call.migrates("migrate"),
                call.setting("channel", "Where.", True),
                call.wants("kv", "Keeps."),
            ],
        )
        command.details.assert_not_called()

    def test_a_refusal_of_the_handler_is_told(self) -> None:
        def refuse(_: Event) -> None:
            raise WitbotError("conflict", "Not now.", retry_after=timedelta(seconds=1))

        with self.assertRaises(Err):
            self.handled(refuse)
        contract.types.Error.assert_called_once_with("conflict", "Not now.", 1_000)
        contract.log.write.assert_not_called()

    def test_a_mistake_is_logged_with_its_place(self) -> None:
        def fail(_: Event) -> None:
            try:
                raise KeyError("name")
            except KeyError as error:
                raise ValueError("no name") from error

        out, err = sys.stdout, sys.stderr
        try:
            with self.assertRaises(ValueError):
                self.handled(fail)
        finally:
            sys.stdout, sys.stderr = out, err
        trace = contract.log.write.call_args.args[1]
        self.assertRegex(trace, r"^ValueError: no name\n  at .*test_sdk\.py:\d+ in .*fail\nbecause of KeyError: 'name'\n  at ")

    def test_an_async_handler_is_refused(self) -> None:
        async def wait(_: Event) -> None:
            pass

        err = sys.stderr
        try:
            with self.assertWarns(RuntimeWarning), self.assertRaisesRegex(TypeError, "`go` is async"):
                self.handled(wait)
        finally:
            sys.stderr = err


if __name__ == "__main__":
    unittest.main()
