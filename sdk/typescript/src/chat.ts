/**
 * Saying something where nobody asked. Answering an event needs no grant: see {@link Event.reply}.
 *
 * ```ts
 * import { chat } from "@witbot/sdk";
 *
 * chat.post("deploys", "api is in staging.");
 * ```
 *
 * @module
 */
import * as raw from "witbot:chat/chat@0.1.0";
import { type Content, rawContent } from "./content.js";
import { call } from "./error.js";
import { Message } from "./message.js";

/**
 * Writes in a channel, named as people name it (`deploys`, with or without `#`) or by id.
 *
 * Grant: `chat = [{ channel = "deploys" }]`.
 *
 * @throws `denied`, `not-found` (there is no such channel), `invalid` (longer than 16 KiB, empty, or otherwise not to be
 *   said), `rate-limited`, `unavailable`.
 */
export function post(channel: string, content: Content): Message {
  return new Message(
    call(() =>
      typeof content === "string" ? raw.post(channel, content) : raw.postWith(channel, rawContent(content)),
    ),
  );
}

/**
 * Writes to one person alone, by id, in the conversation that they have with the bot.
 *
 * Grant: `chat = [{ direct = true }]`.
 *
 * @throws As {@link post}; `not-found`: there is no such person.
 */
export function direct(user: string, content: Content): Message {
  return new Message(call(() => raw.direct(user, rawContent(content))));
}
