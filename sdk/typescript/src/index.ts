/// <reference path="./contract.d.ts" />
/**
 * Write witbot plugins in TypeScript. This is a whole one:
 *
 * ```ts
 * import { definePlugin, type Event } from "@witbot/sdk";
 *
 * export default definePlugin({
 *   summary: "Says hello.",
 *   commands: [{ usage: "hello [<name>]", summary: "Greets somebody.", examples: ["hello Ada"], handler: hello }],
 * });
 *
 * function hello(event: Event): void {
 *   event.reply(`Hello, ${event.argument("name") ?? event.userName}!`);
 * }
 * ```
 *
 * `witbot-build` makes a file of it that goes into the plugins folder as it is. Of the modules `chat`, `ci`, `github`,
 * `http`, `kv` and `topics`, those that are really used end up in the file, and need a grant from the operator.
 *
 * @packageDocumentation
 */
export * as chat from "./chat.js";
export * as ci from "./ci.js";
export * as config from "./config.js";
export { type Audience, type Button, type ButtonStyle, Card, type CardParts, type CardState, type Content, type Menu, Text } from "./content.js";
export type { Duration } from "./duration.js";
export { type Code, WitbotError } from "./error.js";
export { Event, type Standing } from "./event.js";
export * as flow from "./flow.js";
export * as github from "./github.js";
export * as http from "./http.js";
export * as kv from "./kv.js";
export * as log from "./log.js";
export { Message } from "./message.js";
export * as permission from "./permission.js";
export { type Capability, type Command, definePlugin, type Handler, type Listener, type Plugin, type Schedule, type Setting, type Subscription, type Webhook } from "./plugin.js";
export * as topics from "./topics.js";
