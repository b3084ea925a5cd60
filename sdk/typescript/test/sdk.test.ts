import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { check } from "../src/config.js";
import { milliseconds } from "../src/duration.js";
import { entries, exported } from "../src/exported.js";
import { ci, flow, http, kv, Message, type Plugin, topics, WitbotError } from "../src/index.js";
import { fromUtf8, toUtf8 } from "../src/utf8.js";
import { between, clock, Refused, store, told } from "./contract.js";

const nothing = (): void => {};

beforeEach(() => {
  store.clear();
  told.length = 0;
  between.write = undefined;
});

test("handlers are named after their commands", () => {
  for (const [usage, id] of [
    ["hello [<name>]", "hello"],
    ["deploy <app>[/<ref>] [to|in|on <env>]", "deploy"],
    ["where can I deploy <app>", "where-can-i-deploy"],
    ["on|off <switch>", "on"],
    ["<word>", "command"],
  ] as const) {
    assert.equal(entries({ summary: "Test.", commands: [{ usage, summary: "", handler: nothing }] })[0]?.id, id);
  }
});

test("no two handlers have the same name", () => {
  const command = { usage: "deploy <app>", summary: "", handler: nothing };
  const webhook = { name: "alerts", summary: "", handler: nothing };
  const listener = { pattern: /x/i, summary: "", handler: nothing };
  const ids = entries({ summary: "", commands: [command, command], listeners: [listener, listener], webhooks: [webhook, webhook] });
  assert.deepEqual(ids.map(({ id }) => id), ["deploy", "deploy-2", "listener", "listener-2", "webhook.alerts", "webhook.alerts-2"]);
});

test("durations are counted in milliseconds", () => {
  assert.deepEqual([milliseconds(5), milliseconds("90s"), milliseconds("1.5h"), milliseconds("2d")], [5, 90_000, 5_400_000, 172_800_000]);
  for (const wrong of [-1, Number.NaN, "5 minutes" as "5m"]) assert.throws(() => milliseconds(wrong), { code: "invalid" });
});

test("text survives the way to bytes and back", () => {
  for (const text of ["", "100% of it", "naïve – 🚀", "\u0000%25"]) {
    assert.deepEqual(toUtf8(text), new Uint8Array(new TextEncoder().encode(text)));
    assert.equal(fromUtf8(toUtf8(text)), text);
  }
});

test("an update loses nothing that others write meanwhile", () => {
  between.write = () => {
    between.write = undefined;
    store.set("count", toUtf8("7"));
  };
  assert.equal(kv.update<number>("count", (count = 0) => count + 1), 8);
  assert.equal(kv.get("count"), 8);
});

test("an update gives up when others write all the time", () => {
  let writes = 0;
  between.write = () => void store.set("count", toUtf8(String((writes += 1))));
  assert.throws(() => kv.update<number>("count", (count = 0) => count), { code: "conflict" });
  assert.equal(writes, 10);
});

test("no answer in time is no", () => {
  clock.answer = "Yes";
  assert.equal(flow.confirm("Sure?"), true);
  clock.answer = new Refused({ code: "timeout", message: "late", retryAfterMs: null });
  assert.equal(flow.confirm("Sure?"), false);
  clock.answer = new Refused({ code: "rate-limited", message: "later", retryAfterMs: 2_000 });
  assert.throws(() => flow.confirm("Sure?"), { code: "rate-limited", message: "later", retryAfter: 2_000 });
});

test("chance is never one", () => {
  for (const chance of [0, 2 ** 63, 2 ** 64]) {
    clock.chance = chance;
    assert.ok(flow.random() >= 0 && flow.random() < 1);
  }
});

test("what is published is JSON", () => {
  topics.publish("deployed", "api/production", { commit: "c0ffee", by: undefined, was: [1, null] });
  assert.deepEqual(told, [`deployed api/production {"commit":"c0ffee","was":[1,null]}`]);
});

test("a message of an earlier run is found again", () => {
  const message = Message.find("m1");
  assert.equal(message.id, "m1");
  message.edit("Over.");
  assert.deepEqual(told, ["m1 Over."]);
  assert.throws(() => Message.find("m2"), { code: "not-found", message: "no such message" });
});

test("recent runs have what the provider says of them", () => {
  const project = ci.open("circleci", "gh/acme/api");
  const [newest, other] = project.recent();
  assert.deepEqual(newest, {
    id: "r2",
    number: 2,
    url: "https://ci.example.com/r2",
    title: "main",
    reference: "main",
    commit: "main",
    actor: "main",
    phase: "running",
    createdAt: new Date(1_000),
  });
  assert.deepEqual([other?.number, other?.title, other?.reference], [undefined, "", undefined]);
  assert.equal(project.recent(1).length, 1);
});

test("an answer says how long it took, and until when its certificate is valid", () => {
  const answer = http.send("https://status.example.com");
  assert.deepEqual([answer.elapsed, answer.certificateExpires], [250, new Date(1_000)]);
  assert.equal(http.send("http://status.example.com").certificateExpires, undefined);
});

test("wrong settings have their place", () => {
  check(() => [{ at: ["apps", "a/b~c", 1], reason: "never" }]);
  assert.deepEqual(told, ["/apps/a~1b~0c/1 never"]);
});

function handled(handler: () => unknown): unknown {
  const plugin: Plugin = { summary: "", commands: [{ usage: "go", summary: "", handler: handler as () => void }] };
  const { handle } = exported(plugin, "1.0.0", (trace) => trace);
  try {
    handle({ handler: () => "go" } as Parameters<typeof handle>[0]);
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}

test("what a handler throws is told, and a mistake is logged as well", () => {
  const meant = handled(() => { throw new WitbotError("conflict", "Not now.", { retryAfter: 5 }); });
  assert.deepEqual(meant, { code: "conflict", message: "Not now.", retryAfterMs: 5 });
  assert.deepEqual(told, []);
  assert.deepEqual(handled(() => { throw new TypeError("no name"); }), { code: "unavailable", message: "no name", retryAfterMs: null });
  assert.match(told[0] ?? "", /^error TypeError: no name\n/);
});

test("an async handler is refused", () => {
  assert.match((handled(async () => {}) as Error).message, /`go` is async/);
});

test("time and chance are those of the bot", () => {
  handled(nothing);
  clock.now = 1_000;
  assert.deepEqual([Date.now(), new Date().getTime(), new Date(5).getTime()], [1_000, 1_000, 5]);
});
