/**
 * Whether somebody may have done what they asked for, by the operator's rules. Needs no grant.
 *
 * The bot judges every command before its handler is called, by what was typed. Where the same can be meant by other words,
 * such as an alias or a default, declare the command with `asksPermission` and ask here, when it is known what it comes to.
 *
 * @module
 */
import * as raw from "witbot:flow/permission@0.1.0";
import { call } from "./error.js";

/** Arguments of a command, by name, as they are really meant, and what belongs to them. At most 50. */
export type Subject = Readonly<Record<string, string>>;

/**
 * Returns when it may be done, and says whether somebody was asked for that: then look again at what can have changed.
 *
 * @throws `denied` (with the rule, and who can), `timeout` (nobody said yes), `canceled`, `invalid` (more than 50 names, or
 *   longer than 256 bytes each, or values than 2,000).
 */
export function demand(subject: Subject): boolean {
  return call(() => raw.demand(Object.entries(subject)));
}

/**
 * Whether that person may give another command of this plugin, by its id: for deciding what to offer.
 *
 * @throws `invalid` (no such command, or as above), `unavailable`.
 */
export function may(command: string, subject: Subject = {}): boolean {
  return call(() => raw.may(command, Object.entries(subject)));
}
