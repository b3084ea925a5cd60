/**
 * Telling other plugins what happened, by the name of a topic, and being told.
 *
 * Nobody is called, and nobody answers: whoever has subscribed to `topic.NAME`, or waits for it by {@link flow.awaitEvent}, is
 * told. So plugins work together that do not know each other.
 *
 * Grant: `topics = [{ name = "deployed" }]` to be told, `topics = [{ name = "deployed", publish = true }]` to tell others as
 * well.
 *
 * ```ts
 * import { definePlugin, type Event, log, topics } from "@witbot/sdk";
 *
 * export default definePlugin({
 *   summary: "Notes what was deployed.",
 *   subscriptions: [{ kind: "topic.deployed", handler: deployed }],
 * });
 *
 * function deployed(event: Event): void {
 *   const commit = event.field("/commit") ?? "";
 *   log.info(`${event.subject} is at ${commit}`);
 *   topics.publish("noted", event.subject, { commit });
 * }
 * ```
 *
 * @module
 */
import * as raw from "witbot:topics/topics@0.1.0";
import { call } from "./error.js";
import type { Json } from "./kv.js";

/**
 * Publishes an event of the kind `topic.NAME`. The name is 1 to 40 small letters, digits and hyphens, with a letter first. The
 * subject, of 1 to 256 bytes, says what it is about, such as `api/production`: who waits for one, waits for its subject. The
 * body becomes JSON of at most 64 KiB, which {@link Event.field} looks into. It is told exactly once, also to the plugin itself
 * if that has subscribed. A topic that nobody has subscribed to is no error.
 *
 * @throws `denied`, `invalid` (such a name, subject or body), `rate-limited` (50 in this run, or 1,000 of this topic wait),
 * `conflict` (plugins answer each other in topics without an end).
 */
export function publish(name: string, subject: string, body: Json): void {
  call(() => raw.publish(name, subject, JSON.stringify(body)));
}
