// @ts-check
/** For each line of a bundle, the place that it comes from, as `FILE:LINE`, by its source map. */

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * @param {string} json The source map.
 * @param {(source: string) => string} path How a source is shown.
 * @returns {(string | null)[]}
 */
export function sourceLines(json, path) {
  /** @type {{ sources: string[], mappings: string }} */
  const { sources, mappings } = JSON.parse(json);
  const shown = sources.map(path);
  let [source, line] = [0, 0];
  return mappings.split(";").map((mapping) => {
    let first = null;
    for (const segment of mapping.split(",").filter(Boolean)) {
      const [, toSource, toLine] = numbers(segment);
      if (toSource === undefined || toLine === undefined) continue;
      source += toSource;
      line += toLine;
      first ??= `${shown[source]}:${line + 1}`;
    }
    return first;
  });
}

/** @param {string} segment */
function numbers(segment) {
  const found = [];
  let [value, shift] = [0, 0];
  for (const digit of segment) {
    const bits = DIGITS.indexOf(digit);
    value |= (bits & 31) << shift;
    shift += 5;
    if (bits & 32) continue;
    found.push(value & 1 ? -(value >> 1) : value >> 1);
    [value, shift] = [0, 0];
  }
  return found;
}
