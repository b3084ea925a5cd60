/**
 * Requests to services on the web. There is no `fetch`: a plugin reaches what it was granted, and waits without `await`.
 *
 * Grant: `http = [{ host = "status.example.com", methods = ["GET"], path = "/api/" }]`. Addresses in private networks are
 * refused unless the grant says `private = true`. Redirects are not followed. A plugin needs no tokens: with
 * `headers = { Authorization = "Bearer ${PAGER_TOKEN}" }` in the grant, the bot adds that header, with the secret of that
 * name, and the plugin leaves it out.
 *
 * ```ts
 * import { http } from "@witbot/sdk";
 *
 * const summary = http.send("https://status.example.com/api/summary").success().json<{ status: string }>();
 * ```
 *
 * @module
 */
import * as raw from "witbot:http/http@0.1.0";
import { type Duration, milliseconds } from "./duration.js";
import { call, WitbotError } from "./error.js";
import type { Json } from "./kv.js";
import { fromUtf8, toUtf8 } from "./utf8.js";

/** What is sent. */
export interface RequestOptions {
  /** `GET` unless set. */
  readonly method?: string;
  /** `Host`, `Content-Length` and the headers of a single connection cannot be set. */
  readonly headers?: Readonly<Record<string, string>>;
  /** 1 MiB at most. */
  readonly body?: string | Uint8Array;
  /** A body that is written as JSON, and said to be that. */
  readonly json?: Json;
  /** How long to wait: 10 s unless set, 30 s at most. */
  readonly timeout?: Duration;
}

/**
 * Sends a request and reads the whole answer. At most 20 a run.
 *
 * @throws `denied`, `invalid` (not an http address, too large), `rate-limited` (too many in this run), `timeout`,
 *   `unavailable`, and `in-doubt` when the bot was stopped in the middle of it and the method is neither `GET` nor `HEAD`.
 */
export function send(url: string, { method = "GET", headers = {}, body, json, timeout }: RequestOptions = {}): Response {
  const request = new raw.Request(method, url);
  for (const [name, value] of Object.entries(headers)) request.header(name, value);
  if (json !== undefined) {
    request.header("content-type", "application/json");
    request.body(toUtf8(JSON.stringify(json)));
  } else if (body !== undefined) {
    request.body(typeof body === "string" ? toUtf8(body) : body);
  }
  if (timeout !== undefined) request.timeout(milliseconds(timeout));
  return new Response(call(() => raw.send(request)));
}

/** An answer. */
export class Response {
  readonly #raw: raw.Response;

  /** @internal */
  constructor(response: raw.Response) {
    this.#raw = response;
  }

  /** The HTTP status. None of them is an error of {@link send}. */
  get status(): number {
    return this.#raw.status();
  }

  /** The answer, if its status is one of success (200 to 299). @throws `unavailable`: it is another. */
  success(): this {
    if (this.status >= 200 && this.status < 300) return this;
    throw new WitbotError("unavailable", `the service answered with status ${this.status}`);
  }

  /** The first header of that name, in any case of letters. */
  header(name: string): string | undefined {
    return this.#raw.header(name) ?? undefined;
  }

  /** All of what came back, 4 MiB at most. */
  bytes(): Uint8Array {
    return this.#raw.body();
  }

  /** How long it took until all of it was there, in milliseconds. */
  get elapsed(): number {
    return this.#raw.elapsed();
  }

  /** Until when the certificate is valid that the service showed. `undefined` for `http`. */
  get certificateExpires(): Date | undefined {
    const expires = this.#raw.certificateExpires();
    return expires === null ? undefined : new Date(expires);
  }

  /** The body as text. @throws `invalid`: it is not UTF-8. */
  text(): string {
    try {
      return fromUtf8(this.bytes());
    } catch (cause) {
      throw new WitbotError("invalid", "the service answered with what is not text", { cause });
    }
  }

  /** The body as a value from JSON. What it is of is for you to check. @throws `invalid`: it is not JSON. */
  json<T = unknown>(): T {
    try {
      return JSON.parse(this.text()) as T;
    } catch (cause) {
      throw new WitbotError("invalid", "the service answered with what is not JSON", { cause });
    }
  }
}
