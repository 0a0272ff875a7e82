"use strict";
// The npm packages, installed from their archives into an empty folder as somebody has them who has no compiler.

const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const { after, before, describe, test } = require("node:test");

const consumer = require("./package/consumer.js");
const { version } = require("../package.json");
const { here, packageOf, platforms } = require("../lib/platforms.js");

const { copy, folder, install, remove, run, skipTool, succeed, tools } = consumer;
const repository = path.join(__dirname, "..", "..");
const tool = (name) => path.join(tools, ".bin", name);

describe("the npm packages", { skip: consumer.skip(), concurrency: 2 }, () => {
  let out;
  let dir;
  let alone;
  let main;
  before(async () => {
    [out, dir, alone] = [folder(), folder(), folder()];
    const archives = consumer.packed(out);
    [main] = archives;
    await install(dir, ...archives);
    await install(alone, "--omit=optional", main);
    for (const name of ["exercise.js", "contexts.js"]) copy(name, dir);
  });
  after(() => [out, dir, alone].forEach(remove));

  const node = (...args) => succeed(dir, process.execPath, args);

  /** A folder with the main package in which no platform's is, as npm leaves it with --omit=optional. */
  function withoutAddon(t) {
    const without = folder();
    t.after(() => remove(without));
    fs.cpSync(path.join(alone, "node_modules"), path.join(without, "node_modules"), { recursive: true, verbatimSymlinks: true });
    return without;
  }

  const commonjs = 'const use = require("./exercise.js"); process.stdout.write(use(require("mmapio")))';
  const esm = (imports, value) => `import use from "./exercise.js"; ${imports}; process.stdout.write(use(${value}))`;
  const forms = {
    "require()": ["-e", commonjs],
    "require().default": ["-e", commonjs.replace('"mmapio")', '"mmapio").default')],
    "import mmap from": esm('import mmap from "mmapio"', "mmap"),
    "import * as mmap from": esm('import * as mmap from "mmapio"', "mmap"),
    "import { map }": esm(
      'import { map, advise, incore, sync } from "mmapio"; import all from "mmapio"',
      "Object.assign(Object.create(all), { map, advise, incore, sync })",
    ),
    "import()": esm('const mmap = await import("mmapio")', "mmap"),
    "--jitless": ["--jitless", "-e", commonjs],
    "--expose-gc": ["--expose-gc", "-e", commonjs],
  };
  for (const [form, program] of Object.entries(forms)) {
    const args = () => (Array.isArray(program) ? program : [consumer.writeModule(dir, program)]);
    test(`works with ${form}`, async () => assert.strictEqual(await node(...args()), "works"));
  }

  test("works in worker threads and vm contexts", async () => assert.strictEqual(await node("contexts.js"), "works\n"));

  test("each constant and function of require() is exported by name, too", async () => {
    const program = `import mmap, * as all from "mmapio";
      console.log(JSON.stringify(Object.keys(mmap).filter((name) => all[name] !== mmap[name])))`;
    assert.strictEqual(await node(consumer.writeModule(dir, program)), "[]\n");
  });

  test("works in Jest", { skip: skipTool("jest") }, async (t) => {
    const own = folder();
    t.after(() => remove(own));
    fs.symlinkSync(path.join(dir, "node_modules"), path.join(own, "node_modules"));
    for (const [from, to] of [["exercise.js"], ["runner.js", "works.test.js"], ["runner.js", "again.test.js"]]) copy(from, own, to);
    const { code, all } = await run(own, tool("jest"), ["--rootDir", own, "--runInBand", "--cacheDirectory", path.join(own, "cache")]);
    assert.strictEqual(code, 0, all);
    assert.match(all, /Tests: +2 passed, 2 total/);
  });

  for (const pool of ["forks", "threads", "vmThreads"]) {
    test(`works in Vitest with ${pool}`, { skip: skipTool("vitest", 20) }, async (t) => {
      const own = folder();
      t.after(() => remove(own));
      fs.symlinkSync(path.join(dir, "node_modules"), path.join(own, "node_modules"));
      for (const [from, to] of [["exercise.js"], ["runner.mjs", "works.test.mjs"], ["runner.mjs", "again.test.mjs"]]) copy(from, own, to);
      const { code, all } = await run(own, tool("vitest"), ["run", "--root", own, "--globals", `--pool=${pool}`], { NO_COLOR: "1" });
      assert.strictEqual(code, 0, all);
      assert.match(all, /Tests +2 passed \(2\)/);
    });
  }

  test("publint has nothing to say", { skip: skipTool("publint") }, async () => {
    for (const name of ["mmapio", packageOf(here())]) {
      const { code, all } = await run(dir, tool("publint"), ["run", path.join("node_modules", name), "--pack", "false", "--strict"]);
      assert.strictEqual(code, 0, all);
      assert.match(all, /All good!/);
    }
  });

  test("its types are right in every way of resolving them", { skip: skipTool("@arethetypeswrong", 20) }, async () => {
    const { code, all } = await run(dir, tool("attw"), [main, "--format", "ascii", "--no-color"]);
    assert.strictEqual(code, 0, all);
    assert.match(all, /No problems found/);
  });

  test("npm takes the package of the machine, and of another one when told so", { skip: consumer.skip(11) }, async (t) => {
    const own = folder();
    t.after(() => remove(own));
    const named = consumer.hollow(own).map((file, at) => [packageOf(platforms[at]), `file:${file}`]);
    const dependent = JSON.stringify({ private: true, optionalDependencies: Object.fromEntries(named) });
    for (const platform of platforms) {
      const at = folder({ "package.json": dependent });
      t.after(() => remove(at));
      const { name, os, cpu, libc } = platform;
      await install(at, `--os=${os}`, `--cpu=${cpu}`, ...(libc ? [`--libc=${libc}`] : []));
      // In a vm context arrays of node are another realm's.
      assert.deepStrictEqual([...fs.readdirSync(path.join(at, "node_modules", "@mmapio"))], [name]);
    }
  });

  test("without its platform's package it says which is missing and what to do; and what it says to do works", async (t) => {
    const without = withoutAddon(t);
    const program = 'try { require("mmapio"); } catch (error) { console.error(`${error.code} ${error.message}`); }';
    const { stderr } = await run(without, process.execPath, ["-e", program]);
    const name = packageOf(here());
    for (const part of [`${name}: not installed`, "--omit=optional", `npm install ${name}@${version}`, "ERR_DLOPEN_FAILED"]) {
      assert.ok(stderr.includes(part), `${part}: ${stderr}`);
    }
    const script = /^ {2}node "(.*)"$/m.exec(stderr)[1];
    // A directory that stays, so that crates which do not change are compiled once; and without what only debuggers need.
    const env = { CARGO_TARGET_DIR: path.join(repository, "target", "npm-source"), CARGO_PROFILE_DEV_DEBUG: "0" };
    await succeed(without, process.execPath, [script, "--debug"], env);
    copy("exercise.js", without);
    assert.strictEqual(await succeed(without, process.execPath, ["-e", commonjs]), "works");
  });

  test("the build says what it needs, and what it takes", async (t) => {
    const without = withoutAddon(t);
    const bin = path.join(without, "node_modules", ".bin", "mmapio-build-addon");
    const lacking = await run(without, bin, [], { CARGO: "no-such-cargo" });
    assert.strictEqual(lacking.code, 1);
    assert.match(lacking.stderr, /no-such-cargo is not on this machine: building needs Rust 1\.88/);
    assert.strictEqual((await run(without, bin, ["--help"])).code, 0);
    assert.strictEqual((await run(without, bin, ["--fast"])).code, 2);
  });

  test("an addon that does not load is named, with the loader's reason", async (t) => {
    const without = withoutAddon(t);
    fs.writeFileSync(path.join(without, "node_modules", "mmapio", "lib", "mmapio.node"), "not an addon");
    const { stderr } = await run(without, process.execPath, ["-e", 'require("mmapio")']);
    assert.match(stderr, /lib\/mmapio\.node: .*(file too short|invalid ELF header|slice)/);
  });

  test("a machine without a package is told so", async (t) => {
    const without = withoutAddon(t);
    const program = 'Object.defineProperty(process, "platform", { value: "sunos" }); require("mmapio")';
    const { stderr } = await run(without, process.execPath, ["-e", program]);
    assert.match(stderr, /no package for sunos-\w+; there are linux-x64-gnu, /);
  });

  test("it runs nothing at installation, and brings no sources of JavaScript's tests or built addons", () => {
    const at = path.join(dir, "node_modules", "mmapio");
    const { scripts, optionalDependencies } = JSON.parse(fs.readFileSync(path.join(at, "package.json"), "utf8"));
    assert.strictEqual(scripts, undefined);
    assert.deepStrictEqual(optionalDependencies, Object.fromEntries(platforms.map((each) => [packageOf(each), version])));
    assert.deepStrictEqual([...fs.readdirSync(at)].sort(), [
      "LICENSE-APACHE", "LICENSE-MIT", "README.md", "build", "lib", "package.json", "source",
    ]);
    assert.ok(!fs.readdirSync(path.join(at, "lib")).some((name) => name.endsWith(".node")));
  });

  test("its version is that of the crates", () => {
    const [, workspace] = /\[workspace\.package\]\nversion = "(.*)"/.exec(fs.readFileSync(path.join(repository, "Cargo.toml"), "utf8"));
    assert.strictEqual(version, workspace);
  });
});
