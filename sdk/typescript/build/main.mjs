#!/usr/bin/env node
// @ts-check
/** Makes one file of a plugin: `witbot-build [FOLDER]` writes `FOLDER/dist/NAME.wasm`. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Mistake } from "./mistake.mjs";

const NODE_MIN = [20, 11];

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Mistake)) throw error;
  if (error.message !== "") console.error(`witbot-build: ${error.message}`);
  process.exitCode = 1;
}

/** @param {string[]} args */
async function main(args) {
  if (args.length > 1 || args[0]?.startsWith("-")) {
    console.log("Usage: witbot-build [FOLDER]\n\nMakes FOLDER/dist/NAME.wasm of the plugin in FOLDER, or else here.");
    return;
  }
  checkNode();
  const folder = resolve(args[0] ?? ".");
  const { name, version, main } = readPackage(folder);
  const { bundle } = await installed("./bundle.mjs");
  const { componentized } = await installed("./component.mjs");
  checkTypes(folder);
  const { code, interfaces, lines } = await bundle(folder, main, version);
  const component = await componentized(code, interfaces, contract(), lines);
  const file = join(folder, "dist", `${name}.wasm`);
  mkdirSync(join(folder, "dist"), { recursive: true });
  writeFileSync(file, component);
  console.log(`${relative(process.cwd(), file)}: ${Math.ceil(component.length / 1024)} KiB`);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [majorMin = 0, minorMin = 0] = NODE_MIN;
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return;
  throw new Mistake(
    `Node.js ${process.versions.node} is too old: install ${NODE_MIN.join(".")} or newer from https://nodejs.org`,
  );
}

/** @param {string} folder */
function readPackage(folder) {
  const file = join(folder, "package.json");
  if (!existsSync(file)) throw new Mistake(`there is no ${file}: give the folder of a plugin`);
  /** @type {{ name?: string, version?: string, main?: string }} */
  let read;
  try {
    read = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Mistake(`${file}: ${/** @type {Error} */ (error).message}`);
  }
  const { name = basename(folder), version = "0.0.0", main = "src/index.ts" } = read;
  if (!existsSync(join(folder, main))) {
    throw new Mistake(`${file}: there is no ${main}: "main" names the file whose default export is the plugin`);
  }
  return { name: basename(name), version, main };
}

/** A part of the build, whose packages must be there. @param {string} part @returns {Promise<any>} */
async function installed(part) {
  try {
    return await import(part);
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code !== "ERR_MODULE_NOT_FOUND" && !/native binding|@esbuild\//i.test(message)) throw error;
    throw new Mistake(`the toolchain is not complete: run \`npm install\` in the folder of the plugin (${message})`);
  }
}

/** @param {string} folder */
function checkTypes(folder) {
  const config = join(folder, "tsconfig.json");
  if (!existsSync(config)) {
    throw new Mistake(`there is no ${config}: write {"extends": "@witbot/sdk/tsconfig.json", "include": ["src"]}`);
  }
  const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  const pretty = process.stderr.isTTY ? ["--pretty"] : [];
  const { status, stdout } = spawnSync(process.execPath, [tsc, "--noEmit", ...pretty, "-p", config], { encoding: "utf8" });
  if (status === 0) return;
  process.stderr.write(stdout);
  throw new Mistake("");
}

/** The folder with the contract: beside a copy of the SDK, or in the repository. */
function contract() {
  const candidates = ["../wit", "../../../wit"].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const found = candidates.find((path) => existsSync(join(path, "world.wit")));
  if (found === undefined) throw new Mistake(`the SDK is not complete: ${candidates[0]} is missing`);
  return found;
}
