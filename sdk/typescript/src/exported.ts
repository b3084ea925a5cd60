/** The exported side of a plugin, for what the build writes. @internal @module */
import * as flow from "witbot:flow/flow@0.1.0";
import { write } from "witbot:log/log@0.1.0";
import type { Declaration } from "witbot:plugin/declare@0.1.0";
import type { Event as RawEvent } from "witbot:plugin/events@0.1.0";
import { check } from "./config.js";
import { WitbotError } from "./error.js";
import { Event } from "./event.js";
import type { Handler, Listener, Plugin } from "./plugin.js";

/** One of the handlers of a plugin, under an id that no other has. */
export interface Entry {
  readonly id: string;
  readonly handler: Handler;
  declare(declaration: Declaration): void;
}

/** What the contract calls: `describe` and `handle`. `source` finds a place in the author's files by one of the bundle's. */
export function exported(plugin: Plugin, version: string, source: (trace: string) => string) {
  takeTimeAndChanceFromTheBot();
  const all = entries(plugin);
  return {
    describe(declaration: Declaration): void {
      declaration.summary(plugin.summary);
      declaration.version(version);
      for (const entry of all) entry.declare(declaration);
      for (const [name, { summary, required = false }] of Object.entries(plugin.settings ?? {})) {
        declaration.setting(name, summary, required);
      }
      for (const [capability, reason] of Object.entries(plugin.wants ?? {})) declaration.wants(capability, reason);
      for (const [capability, reason] of Object.entries(plugin.canUse ?? {})) declaration.canUse(capability, reason);
    },

    handle(raw: RawEvent): void {
      try {
        run(all, new Event(raw));
      } catch (thrown) {
        throw refusal(thrown, source);
      }
    },
  };
}

function run(all: readonly Entry[], event: Event): void {
  const entry = all.find(({ id }) => id === event.handler);
  if (entry === undefined) throw new WitbotError("not-found", `this plugin has no handler \`${event.handler}\``);
  const result: unknown = entry.handler(event);
  if (result instanceof Promise) {
    throw new TypeError(`the handler \`${entry.id}\` is async: nothing would wait for it, so write it without async and await`);
  }
}

/** What was thrown, as the contract has it. What the author did not mean to throw is logged with its trace. */
function refusal(thrown: unknown, source: (trace: string) => string) {
  if (thrown instanceof WitbotError) {
    return { code: thrown.code, message: thrown.message, retryAfterMs: thrown.retryAfter ?? null };
  }
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  write("error", `${error.name}: ${error.message}\n${source(error.stack ?? "")}`.trimEnd());
  return { code: "unavailable", message: error.message || error.name, retryAfterMs: null };
}

/** @internal */
export function entries(plugin: Plugin): Entry[] {
  const all: Entry[] = [];
  const add = (wanted: string, handler: Handler, declare: (to: Declaration, id: string) => void): void => {
    const id = unused(wanted, all);
    all.push({ id, handler, declare: (to) => declare(to, id) });
  };
  for (const command of plugin.commands ?? []) {
    add(command.id ?? nameOf(command.usage), command.handler, (to, id) => {
      const declared = to.command(id, command.usage, command.summary);
      for (const example of command.examples ?? []) declared.example(example);
      if (command.details) declared.details(command.details);
      if (command.dangerous) declared.dangerous();
      if (command.asksPermission) declared.asksPermission();
    });
  }
  for (const listener of plugin.listeners ?? []) {
    add("listener", listener.handler, (to, id) => to.listener(id, withFlags(listener), listener.summary));
  }
  for (const { pattern, summary, handler } of plugin.hubotHear ?? []) {
    add("hear", handler, (to, id) => to.hubotHear(id, pattern.source, pattern.flags, summary));
  }
  for (const { pattern, summary, handler } of plugin.hubotRespond ?? []) {
    add("respond", handler, (to, id) => to.hubotRespond(id, pattern.source, pattern.flags, summary));
  }
  for (const { kind, handler } of plugin.subscriptions ?? []) add(kind, handler, (to, id) => to.subscribe(id, kind));
  for (const { id, when, summary, handler } of plugin.schedules ?? []) {
    add(id, handler, (to, id) => to.schedule(id, when, summary));
  }
  for (const { name, summary, handler } of plugin.webhooks ?? []) {
    add(`webhook.${name}`, handler, (to, id) => to.webhook(id, name, summary));
  }
  const { checksSettings, migrates } = plugin;
  if (checksSettings) add("settings", () => check(checksSettings), (to, id) => to.checksSettings(id));
  if (migrates) add("migrate", migrates, (to, id) => to.migrates(id));
  return all;
}

/** The name of a command: the words with which its usage begins, up to the first that is an argument, optional, or one of several. */
function nameOf(usage: string): string {
  const words = (/^[^<[|]*/.exec(usage)?.[0] ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  return words.join("-") || "command";
}

/** The id, with a number behind it if an earlier handler has it already. */
function unused(id: string, all: readonly Entry[]): string {
  const taken = (id: string): boolean => all.some((entry) => entry.id === id);
  if (!taken(id)) return id;
  let number = 2;
  while (taken(`${id}-${number}`)) number += 1;
  return `${id}-${number}`;
}

/** The contract's own listeners have their flags in the pattern. */
function withFlags({ pattern }: Listener): string {
  const flags = pattern.flags.replace(/[^ims]/g, "");
  return flags === "" ? pattern.source : `(?${flags})${pattern.source}`;
}

/** So that `new Date()` and `Math.random()` are the same when a run is resumed, as `flow.now()` and `flow.random()` are. */
function takeTimeAndChanceFromTheBot(): void {
  const now = (): number => flow.now();
  const Own = Date;
  globalThis.Date = new Proxy(Own, {
    apply: () => new Own(now()).toString(),
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
    get: (target, property) => (property === "now" ? now : Reflect.get(target, property)),
  });
  Math.random = () => (Math.floor(flow.random() / 2 ** 11) / 2 ** 53) % 1;
}
