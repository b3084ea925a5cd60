import { WitbotError } from "./error.js";

/** A length of time: a number of milliseconds, or as people write it, such as `90s`, `15m`, `2h` or `30d`. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A length of time as the contract counts it. @internal */
export function milliseconds(duration: Duration): number {
  if (typeof duration === "number") return whole(duration, duration);
  const [, amount, unit] = /^([\d.]+)(ms|s|m|h|d)$/.exec(duration) ?? [];
  return whole(Number(amount) * UNITS[unit as keyof typeof UNITS], duration);
}

function whole(value: number, duration: Duration): number {
  if (Number.isFinite(value) && value >= 0) return Math.min(Math.round(value), Number.MAX_SAFE_INTEGER);
  throw new WitbotError("invalid", `\`${duration}\` is not a length of time: write milliseconds, or such as \`90s\` or \`2h\``);
}
