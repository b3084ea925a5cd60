// @ts-check
/** Makes one JavaScript file of a plugin, and finds out which interfaces of the contract are left in it. */
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build, formatMessages } from "esbuild";
import { sourceLines } from "./lines.mjs";
import { Mistake } from "./mistake.mjs";

/** What the build itself writes: it exports what the contract calls. */
const ENTRY = "<plugin>";

/**
 * @param {string} folder
 * @param {string} main
 * @param {string} version
 */
export async function bundle(folder, main, version) {
  const entry = `
    import plugin from ${JSON.stringify(`./${main}`)};
    import { exported } from "@witbot/sdk/exported";
    const source = (trace) => trace.replace(/[^\\s(]*user\\.js:(\\d+)(:\\d+)?/g, (all, line) => globalThis.sourceLines?.[line - 1] ?? all);
    export const handler = exported(plugin, ${JSON.stringify(version)}, source);
  `;
  const result = await build({
    stdin: { contents: entry, resolveDir: folder, sourcefile: ENTRY },
    bundle: true,
    write: false,
    outfile: join(folder, "dist/plugin.js"),
    format: "esm",
    target: "es2023",
    metafile: true,
    sourcemap: "external",
    sourcesContent: false,
    logLevel: "silent",
    plugins: [{
      name: "contract",
      setup(build) {
        // What nobody calls goes, and the interface with it.
        build.onResolve({ filter: /^witbot:/ }, ({ path }) => ({ path, external: true, sideEffects: false }));
        build.onResolve({ filter: /^@witbot\/sdk(\/exported)?$/ }, ({ path }) => ({
          path: fileURLToPath(new URL(path.endsWith("exported") ? "../src/exported.ts" : "../src/index.ts", import.meta.url)),
          sideEffects: false,
        }));
      },
    }],
  }).catch(async (failure) => {
    /** @type {import("esbuild").Message[]} */
    const errors = failure.errors;
    if (errors.some(({ location }) => location?.file === ENTRY)) {
      throw new Mistake(`${main}: it has no default export: write \`export default definePlugin({ … })\``);
    }
    process.stderr.write((await formatMessages(errors, { kind: "error", color: process.stderr.isTTY })).join(""));
    throw new Mistake("");
  });
  const output = Object.values(result.metafile.outputs).find(({ entryPoint }) => entryPoint !== undefined);
  const interfaces = (output?.imports ?? []).filter(({ external }) => external).map(({ path }) => path);
  const [map, code] = ["map", "js"].map((kind) => result.outputFiles.find(({ path }) => path.endsWith(kind))?.text ?? "");
  const lines = sourceLines(/** @type {string} */ (map), (source) => relative(folder, join(folder, "dist", source)));
  return { code: `${code}\nglobalThis.sourceLines = ${JSON.stringify(lines)};\n`, interfaces: [...new Set(interfaces)].sort(), lines };
}
