"use strict";
// TypeScript's programs: one for mmap-io with its import changed, and what is ours, by each way that compilers find types.

const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const { after, before, describe, test } = require("node:test");

const { folder, remove, run, skipTool, succeed, tools, unpacked, writeModule } = require("./package/consumer.js");

const programs = path.join(__dirname, "types");
const typescript = (name) => path.join(tools, name, "bin", "tsc");

/** The old compiler has what the new one has no more: resolving without `exports`, and default imports without interop. */
const ways = [
  ...["true", "false"].flatMap((interop) => [
    { compiler: "typescript", module: "commonjs", resolution: "node10", interop },
    { compiler: "typescript", module: "node16", resolution: "node16", interop },
    { compiler: "typescript", module: "nodenext", resolution: "nodenext", interop },
    { compiler: "typescript", module: "esnext", resolution: "bundler", interop },
  ]),
  { compiler: "typescript-7", module: "node16", resolution: "node16", interop: "true" },
  { compiler: "typescript-7", module: "nodenext", resolution: "nodenext", interop: "true" },
  { compiler: "typescript-7", module: "esnext", resolution: "bundler", interop: "true" },
];

/** What is compiled: as a program of CommonJS or of a bundler, and where files say what they are, of each kind. */
const files = ["usage.ts", "star.ts", "named.ts", "same.ts"];
const byKind = ["required.cts", "usage.mts", "star.mts", "named.mts"];

function sources({ resolution }) {
  return ["node16", "nodenext"].includes(resolution) ? [...files, ...byKind] : files;
}

/** The new compiler, which is quick, looks through all types of the package; the old one where the new one cannot. */
function checksAll({ compiler, resolution, interop }) {
  return compiler !== "typescript" || (resolution === "node10" && interop === "false");
}

function args(way, out) {
  const { module, resolution, interop } = way;
  const settings = {
    module, moduleResolution: resolution, esModuleInterop: interop, skipLibCheck: String(!checksAll(way)), outDir: out,
    target: "es2022", lib: "es2022", types: "node", typeRoots: path.join(tools, "@types"), strict: "true", pretty: "false",
  };
  return [typescript(way.compiler), ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])];
}

/** Runs what was made, which throws when it fails: node finds mmapio as the compiler did. */
async function runEmitted(dir, out) {
  const made = fs.readdirSync(out).filter((name) => !name.startsWith("same"));
  assert.ok(made.length >= 3);
  const program = made.map((name) => `await import(${JSON.stringify(path.join(out, name))});`).join("\n");
  await succeed(dir, process.execPath, [writeModule(dir, program)]);
}

describe("types", { skip: skipTool("typescript") || skipTool("typescript-7"), concurrency: 2 }, () => {
  let dir;
  before(() => {
    dir = folder();
    unpacked(dir);
    fs.symlinkSync(path.join(tools, "@riaskov"), path.join(dir, "node_modules", "@riaskov"));
    const text = (name) => fs.readFileSync(path.join(programs, name), "utf8");
    for (const name of [...files, "required.cts"]) fs.writeFileSync(path.join(dir, name), text(name));
    fs.renameSync(path.join(dir, "usage.ts"), path.join(dir, "original.ts"));
    const changed = text("usage.ts").replace('"@riaskov/mmap-io"', '"mmapio"');
    for (const name of ["usage.ts", "usage.mts"]) fs.writeFileSync(path.join(dir, name), changed);
    for (const name of ["star", "named"]) fs.writeFileSync(path.join(dir, `${name}.mts`), text(`${name}.ts`));
  });
  after(() => remove(dir));

  test("the program is one for the original", async () => {
    const way = { compiler: "typescript", module: "commonjs", resolution: "node10", interop: "true" };
    const { code, all } = await run(dir, process.execPath, [...args(way, "original"), "--noEmit", "original.ts"]);
    assert.strictEqual(code, 0, all);
  });

  for (const way of ways) {
    const { compiler, resolution, interop } = way;
    test(`${compiler}, ${resolution}, esModuleInterop ${interop}`, async () => {
      const out = path.join(dir, `${compiler}-${resolution}-${interop}`);
      const { code, all } = await run(dir, process.execPath, [...args(way, out), ...sources(way)]);
      assert.strictEqual(code, 0, all);
      if (resolution !== "bundler") await runEmitted(dir, out);
    });
  }
});
