/**
 * Lines in the bot's log, for the operator. Needs no grant. At most 64 KiB a run: more is counted and dropped. A line is not
 * written again when a run is resumed.
 *
 * @module
 */
import { write } from "witbot:log/log@0.1.0";

/** Every step. */
export function trace(message: string): void {
  write("trace", message);
}

/** What helps to find a mistake. */
export function debug(message: string): void {
  write("debug", message);
}

/** What went as it should. */
export function info(message: string): void {
  write("info", message);
}

/** What somebody should look at some day. */
export function warn(message: string): void {
  write("warn", message);
}

/** What did not work. */
export function error(message: string): void {
  write("error", message);
}
