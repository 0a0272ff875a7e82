"use strict";
// Every block of code of the README is run as its reader would: in a directory with the files that it speaks of, and with mmapio
// installed. What a comment `// → text` says is what the block prints. A comment before a block can say that it may end with an error
// where the runtime lacks something: `<!-- test: or MESSAGE -->`.

const assert = require("node:assert");
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const test = require("node:test");

const { content, scratch } = require("./helpers.js");

const root = path.join(__dirname, "..");
const tools = path.join(__dirname, "tools", "node_modules");
const BLOCK = /^(?:<!-- test: or (?<orError>.+) -->\n)?```(?<language>\w+)\n(?<code>[^]*?)^```$/gm;
const RUN = ["js", "ts"];
/** Of these there is nothing to run here: what is installed is another test's. */
const NOT_RUN = ["sh", "diff"];

/** The blocks of a page, each with the line that it begins in. */
function blocks(page) {
  return [...page.matchAll(BLOCK)].map(({ groups, index }) => ({ ...groups, line: page.slice(0, index).split("\n").length }));
}

/** What a block says that it prints. */
function told(code) {
  return [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, text]) => text);
}

/** A directory as the README's reader has it. */
function prepare(t) {
  const dir = scratch(t);
  fs.writeFileSync(path.join(dir, "table.db"), content(1 << 20));
  fs.mkdirSync(path.join(dir, "data"));
  for (const name of ["january.csv", "february.csv", "index.db"]) fs.writeFileSync(path.join(dir, "data", name), content(40_000));
  fs.writeFileSync(path.join(dir, "package.json"), JSON.stringify({ dependencies: { mmapio: "*" } }));
  fs.mkdirSync(path.join(dir, "node_modules"));
  fs.symlinkSync(root, path.join(dir, "node_modules", "mmapio"));
  return dir;
}

function run(dir, ...args) {
  return spawnSync(process.execPath, args, { cwd: dir, encoding: "utf8", timeout: 60_000 });
}

function named(dir, { code, language }) {
  const isModule = /^import /m.test(code);
  const name = path.join(dir, `block.${isModule ? "m" : "c"}${language}`);
  fs.writeFileSync(name, code);
  return name;
}

function check({ code, orError }, { status, stdout, stderr }) {
  if (orError !== undefined && status !== 0) return assert.ok(stderr.includes(orError), stderr);
  assert.strictEqual(status, 0, stderr);
  const expected = told(code);
  const lines = stdout.split("\n");
  const isTold = lines.filter((line) => expected.includes(line));
  assert.deepStrictEqual(isTold, expected, stdout);
}

/** Checks the types, and makes JavaScript of it. */
function compile(dir, file) {
  const compiler = path.join(tools, "typescript", "bin", "tsc");
  const options = ["--module", "nodenext", "--target", "es2022", "--strict", "--types", "node", "--typeRoots", path.join(tools, "@types")];
  const { status, stdout } = run(dir, compiler, ...options, file);
  assert.strictEqual(status, 0, stdout);
  return file.replace(/ts$/, "js");
}

const readme = blocks(fs.readFileSync(path.join(root, "README.md"), "utf8"));
const hasCompiler = fs.existsSync(path.join(tools, "typescript"));

for (const block of readme.filter(({ language }) => RUN.includes(language))) {
  const skip = block.language === "ts" && !hasCompiler && "TypeScript is not installed in node/test/tools";
  test(`README.md:${block.line}`, { skip }, (t) => {
    const dir = prepare(t);
    const file = named(dir, block);
    check(block, run(dir, block.language === "ts" ? compile(dir, file) : file));
  });
}

test("the README has blocks of each kind, and none of another", () => {
  const languages = new Set(readme.map(({ language }) => language));
  assert.deepStrictEqual([...languages].sort(), [...RUN, ...NOT_RUN].sort());
  assert.ok(readme.some(({ code }) => /^import /m.test(code)) && readme.some(({ code }) => /= require\(/.test(code)));
});

test("blocks are found, and what they print", () => {
  const page = 'text\n```js\nf(); // → 1 a\n```\n<!-- test: or no such -->\n```ts\ng();\n```\n';
  assert.deepStrictEqual(
    blocks(page).map(({ language, code, orError, line }) => [language, told(code), orError, line]),
    [["js", ["1 a"], undefined, 2], ["ts", [], "no such", 5]],
  );
});

test("every link to a file of the repository leads somewhere", () => {
  const page = fs.readFileSync(path.join(root, "README.md"), "utf8");
  const links = [...page.matchAll(/\]\((?!#|https?:)([^)#]+)/g)].map(([, link]) => link);
  assert.ok(links.length >= 5);
  assert.deepStrictEqual(links.filter((link) => !fs.existsSync(path.join(root, link))), []);
});
