// @ts-check
/**
 * Has exported functions give back what they borrowed before they return.
 *
 * The component model wants a handle that was lent for a call to be dropped before the call returns. componentize-qjs drops
 * it only in the function that the host calls afterwards, to free the memory of the result, and that is too late: every
 * call ends with "borrow handles still remain at the end of the call". Here each export with a borrowed argument is wrapped
 * in a function that drops it in time, and the function that is called afterwards becomes an empty one. That leaks what it
 * would have freed, which nobody misses: an instance serves one call.
 *
 * This file can go when componentize-qjs does that itself.
 */

/** @typedef {{ id: number, content: Uint8Array }} Section */

const IMPORT = 2, FUNCTION = 3, EXPORT = 7, CODE = 10;
const CORE_MODULE = 1, COMPONENT = 4;

/**
 * The component, with such functions around the exports of its interfaces that `drops` names.
 *
 * @param {Uint8Array} component
 * @param {Record<string, { module: string, name: string }>} drops By the name of the export, the import that drops its
 *   only argument.
 * @returns {Uint8Array}
 */
export function returnBorrows(component, drops) {
  const done = new Set();
  const patched = inComponent(component, drops, done);
  const left = Object.keys(drops).filter((name) => !done.has(name));
  if (left.length > 0) throw new Error(`the componentizer made no export ${left.join(", ")}`);
  return patched;
}

/**
 * @param {Uint8Array} bytes
 * @param {Record<string, { module: string, name: string }>} drops
 * @param {Set<string>} done
 * @returns {Uint8Array}
 */
function inComponent(bytes, drops, done) {
  return written(bytes, sections(bytes).map(({ id, content }) => {
    if (id === CORE_MODULE) return { id, content: inModule(content, drops, done) };
    if (id === COMPONENT) return { id, content: inComponent(content, drops, done) };
    return { id, content };
  }));
}

/**
 * @param {Uint8Array} bytes
 * @param {Record<string, { module: string, name: string }>} drops
 * @param {Set<string>} done
 * @returns {Uint8Array}
 */
function inModule(bytes, drops, done) {
  const parts = sections(bytes);
  const part = (/** @type {number} */ id) => parts.find((section) => section.id === id);
  const [imports, functions, exports, code] = [part(IMPORT), part(FUNCTION), part(EXPORT), part(CODE)];
  if (!imports || !functions || !exports || !code) return bytes;
  const exported = readExports(exports.content);
  const wanted = exported.filter(({ kind, name }) => kind === 0 && name in drops);
  if (wanted.length === 0) return bytes;

  const imported = readImports(imports.content);
  const types = [...imported.map(({ type }) => type), ...readVector(functions.content, (reader) => reader.number())];
  const bodies = readVector(code.content, (reader) => reader.bytes(reader.number()));
  /** @type {number[]} */
  const added = [];
  const add = (/** @type {number} */ type, /** @type {number[]} */ body) => {
    added.push(type);
    bodies.push(Uint8Array.from([0, ...body, 0x0b]));
    return types.length + added.length - 1;
  };
  for (const entry of wanted) {
    const { module, name } = /** @type {{ module: string, name: string }} */ (drops[entry.name]);
    const drop = imported.findIndex((one) => one.module === module && one.name === name);
    if (drop < 0) throw new Error(`the componentizer imports no ${name} of ${module}`);
    // local.get 0, call it, local.get 0, call drop: what it returned stays below on the stack.
    const calls = [0x20, 0, 0x10, ...leb(entry.index), 0x20, 0, 0x10, ...leb(drop)];
    entry.index = add(/** @type {number} */ (types[entry.index]), calls);
    const afterwards = exported.find(({ name }) => name === `cabi_post_${entry.name}`);
    if (afterwards) afterwards.index = add(/** @type {number} */ (types[afterwards.index]), []);
    done.add(entry.name);
  }
  const declared = types.slice(imported.length).concat(added);
  return written(bytes, parts.map(({ id, content }) => {
    if (id === FUNCTION) return { id, content: vector(declared.map(leb)) };
    if (id === CODE) return { id, content: vector(bodies.map((body) => [...leb(body.length), body])) };
    if (id === EXPORT) {
      const entries = exported.map(({ name, kind, index }) => [...text(name), kind, ...leb(index)]);
      return { id, content: vector(entries) };
    }
    return { id, content };
  }));
}

/** Reads the binary format from left to right. */
class Reader {
  /** @param {Uint8Array} data */
  constructor(data, at = 0) {
    this.data = data;
    this.at = at;
  }

  get ended() {
    return this.at >= this.data.length;
  }

  byte() {
    return /** @type {number} */ (this.data[this.at++]);
  }

  /** An unsigned number, 32 bits at most. */
  number() {
    let result = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      result += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return result;
    }
  }

  /** @param {number} length */
  bytes(length) {
    return this.data.subarray(this.at, (this.at += length));
  }

  text() {
    return new TextDecoder().decode(this.bytes(this.number()));
  }

  /** The bounds of a memory or table, which nobody here needs. */
  limits() {
    const flags = this.number();
    this.number();
    if (flags & 1) this.number();
  }
}

/** @param {Uint8Array} bytes @returns {Section[]} */
function sections(bytes) {
  const reader = new Reader(bytes, 8);
  /** @type {Section[]} */
  const found = [];
  while (!reader.ended) found.push({ id: reader.byte(), content: reader.bytes(reader.number()) });
  return found;
}

/**
 * @template T
 * @param {Uint8Array} content
 * @param {(reader: Reader) => T} item
 * @returns {T[]}
 */
function readVector(content, item) {
  const reader = new Reader(content);
  return Array.from({ length: reader.number() }, () => item(reader));
}

/** @param {Uint8Array} content */
function readExports(content) {
  return readVector(content, (reader) => ({ name: reader.text(), kind: reader.byte(), index: reader.number() }));
}

/** The imported functions: all that count for the numbers of functions. @param {Uint8Array} content */
function readImports(content) {
  const all = readVector(content, (reader) => {
    const [module, name, kind] = [reader.text(), reader.text(), reader.byte()];
    let type = 0;
    if (kind === 0) type = reader.number();
    else if (kind === 1) reader.byte(), reader.limits();
    else if (kind === 2) reader.limits();
    else if (kind === 3) reader.bytes(2);
    else throw new Error(`the componentizer imports something of the unknown kind ${kind}`);
    return { module, name, kind, type };
  });
  return all.filter(({ kind }) => kind === 0);
}

/** @param {Uint8Array} original @param {Section[]} parts */
function written(original, parts) {
  const chunks = parts.flatMap(({ id, content }) => [[id, ...leb(content.length)], content]);
  return Uint8Array.from(Buffer.concat([original.subarray(0, 8), ...chunks.map((chunk) => Uint8Array.from(chunk))]));
}

/** @param {(number | Uint8Array)[][]} items */
function vector(items) {
  const flat = items.flatMap((item) => item.map((piece) => (typeof piece === "number" ? Uint8Array.of(piece) : piece)));
  return Uint8Array.from(Buffer.concat([Uint8Array.from(leb(items.length)), ...flat]));
}

/** @param {string} value */
function text(value) {
  const bytes = new TextEncoder().encode(value);
  return [...leb(bytes.length), ...bytes];
}

/** @param {number} value */
function leb(value) {
  const bytes = [];
  do {
    const low = value % 128;
    value = Math.floor(value / 128);
    bytes.push(value > 0 ? low | 0x80 : low);
  } while (value > 0);
  return bytes;
}
