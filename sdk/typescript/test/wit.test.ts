/** Holds the types of the contract that are written by hand against the WIT files. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const WIT = "../../wit";

const camel = (name: string): string => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
const parameters = (list: string): number => list.replace(/<[^>]*<[^>]*>[^>]*>|<[^>]*>|\[[^\]]*\]/g, "").split(":").length - 1;

/** Every function as `INTERFACE RESOURCE.FUNCTION/PARAMETERS`, by lines: both kinds of files have one a line. */
function functions(text: string, module: RegExp, resource: RegExp, of: RegExp, name: (raw: string) => string): string[] {
  const found: string[] = [];
  let [inside, owner] = ["", ""];
  for (const line of text.split("\n")) {
    inside = module.exec(line)?.[1] ?? inside;
    if (/^ {2}\}/.test(line)) owner = "";
    owner = resource.exec(line)?.[1]?.replaceAll("-", "").toLowerCase() ?? owner;
    const [, raw, list] = of.exec(line) ?? [];
    if (raw !== undefined) found.push(`${inside} ${owner}.${name(raw)}/${parameters(list ?? "")}`);
  }
  return found;
}

test("the types are those of the contract", () => {
  const folders = [WIT, ...readdirSync(join(WIT, "deps")).map((name) => join(WIT, "deps", name))];
  const files = folders.flatMap((folder) => readdirSync(folder).filter((name) => name.endsWith(".wit")).map((name) => join(folder, name)));
  const wit = files.filter((file) => !/(world|handler)\.wit$/.test(file)).flatMap((file) =>
    functions(
      readFileSync(file, "utf8").replace(/\/\/\/.*/g, ""),
      /^interface ([\w-]+)/,
      /^ {2}resource ([\w-]+)/,
      /^ +(?:%?([\w-]+): (?:static )?func|(?=constructor\())(?:constructor)?\((.*?)\)(?: ->.*)?;/,
      camel,
    ),
  );
  const types = functions(
    readFileSync("src/contract.d.ts", "utf8"),
    /^declare module "witbot:[\w-]+\/([\w-]+)@/,
    /^ {2}export class (\w+)/,
    /^ +(?!private|constructor)(?:export function |static )?(\w+?)_?\((.*)\): /,
    (raw) => raw,
  );
  assert.ok(wit.length > 150, `only ${wit.length} functions were found`);
  assert.deepEqual(types.sort(), wit.sort());
});
