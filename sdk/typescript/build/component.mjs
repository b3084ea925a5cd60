// @ts-check
/** Makes a component of a bundle, with a world of just the interfaces that it uses. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { componentize } from "componentize-qjs";
import { returnBorrows } from "./borrows.mjs";
import { Mistake } from "./mistake.mjs";

const WORLD = "narrowed";

/** What drops the argument of each function that a plugin exports. */
const DROPS = {
  "witbot:plugin/handler@0.1.0#describe": { module: "witbot:plugin/declare@0.1.0", name: "[resource-drop]declaration" },
  "witbot:plugin/handler@0.1.0#handle": { module: "witbot:plugin/events@0.1.0", name: "[resource-drop]event" },
};

/**
 * @param {string} code
 * @param {string[]} interfaces
 * @param {string} contract The folder with the WIT files.
 * @param {(string | null)[]} lines Where the lines of the code come from.
 */
export async function componentized(code, interfaces, contract, lines) {
  const wit = mkdtempSync(join(tmpdir(), "witbot-"));
  try {
    cpSync(contract, wit, { recursive: true, filter: (path) => !path.endsWith("released") });
    writeFileSync(join(wit, `${WORLD}.wit`), world(interfaces));
    const options = { witPath: wit, world: WORLD, jsSource: code, stubWasi: true, sync: true, optSize: true };
    const { component } = await componentize(options).catch((/** @type {Error} */ error) => {
      const trace = error.message.replace(/[^\s(]*user\.js:(\d+)(:\d+)?/g, (all, line) => lines[line - 1] ?? all);
      throw new Mistake(`the plugin fails while its files are loaded: ${trace.trim()}`);
    });
    return returnBorrows(new Uint8Array(component), DROPS);
  } finally {
    rmSync(wit, { recursive: true });
  }
}

/** Each interface that is imported is a grant that an operator has to give. @param {string[]} interfaces */
function world(interfaces) {
  // The world is of the package `witbot:plugin` itself, whose own interfaces have short names in it.
  const names = interfaces.map((name) => name.replace(/^witbot:plugin\/([^@]*)@.*$/, "$1"));
  const imports = names.map((name) => `  import ${name};\n`).join("");
  return `world ${WORLD} {\n${imports}  export handler;\n}\n`;
}
