"use strict";
// A program's folder with mmapio installed from its archives, as npm lays it out; without a compiler or the registry.

const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { execFile, spawnSync } = require("node:child_process");

const { addon } = require("../../build/addon.js");
const { archives, pack } = require("../../scripts/pack.js");
const { stageMain, stagePlatform } = require("../../scripts/stage.js");
const { platforms } = require("../../lib/platforms.js");

const tools = path.join(__dirname, "..", "tools", "node_modules");

/** Why the tests here cannot run; false when they can. */
function skip(oldest = 0) {
  const npm = spawnSync("npm", ["--version"], { encoding: "utf8" });
  if (npm.error) return "npm is not installed";
  return Number.parseInt(npm.stdout, 10) < oldest ? `needs npm ${oldest}, which this is not: ${npm.stdout.trim()}` : false;
}

/** Why a tool of test/tools cannot be used on this Node; false when it can. */
function skipTool(name, oldest = 18) {
  if (Number.parseInt(process.versions.node, 10) < oldest) return `${name} needs Node.js ${oldest}`;
  return fs.existsSync(path.join(tools, name)) ? false : `${name} is not in node/test/tools: scripts/setup installs it`;
}

/** Runs a program to its end; what it printed is in the error, too. */
function run(cwd, program, args, env = {}) {
  return new Promise((resolve) => {
    execFile(program, args, { cwd, env: { ...process.env, ...env }, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, stdout, stderr, all: stdout + stderr });
    });
  });
}

/** Runs a program that must succeed. */
async function succeed(cwd, program, args, env) {
  const { code, stdout, all } = await run(cwd, program, args, env);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")}: ${code}\n${all}`);
  return stdout;
}

/** Offline, and with a cache of its own, so that nothing but what is named can come in. */
function install(cwd, ...args) {
  const settings = ["--offline", "--ignore-scripts", "--no-audit", "--no-fund", "--cache", path.join(cwd, "cache")];
  return succeed(cwd, "npm", ["install", ...settings, ...args]);
}

/** An empty folder in a temporary place, and what is in `files`. */
function folder(files = {}) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "mmapio-npm-"));
  for (const [name, text] of Object.entries({ "package.json": '{ "private": true }', ...files })) {
    fs.writeFileSync(path.join(dir, name), text);
  }
  return dir;
}

let modules = 0;

/** A file of its own for a program that is a module: not every runtime takes one with -e. */
function writeModule(dir, program) {
  modules += 1;
  const file = path.join(dir, `program-${modules}.mjs`);
  fs.writeFileSync(file, program);
  return file;
}

/** The archives of the main package and this machine's, with the addon that the tests use, less what only debuggers read. */
function packed(out) {
  const small = path.join(out, "small.node");
  const { status } = spawnSync("strip", ["--strip-debug", "-o", small, addon]);
  return pack({ addon: status === 0 ? small : addon, out });
}

/** The same without npm: what the main package holds, and the addon within. */
function unpacked(dir) {
  const at = path.join(dir, "node_modules", "mmapio");
  stageMain(at);
  fs.copyFileSync(addon, path.join(at, "lib", "mmapio.node"));
}

/** Archives of all platforms' packages, with nothing in them that could be loaded. */
function hollow(out) {
  const nothing = path.join(out, "nothing.node");
  fs.writeFileSync(nothing, "");
  const dirs = platforms.map((platform) => {
    const dir = path.join(out, platform.name);
    stagePlatform(dir, platform, nothing);
    return dir;
  });
  return archives(dirs, out);
}

function remove(dir) {
  fs.rmSync(dir, { recursive: true, force: true });
}

/** Copies a file of the tests into a folder. */
function copy(name, dir, to = name) {
  fs.copyFileSync(path.join(__dirname, name), path.join(dir, to));
}

module.exports = { copy, folder, hollow, install, writeModule, packed, remove, run, skip, skipTool, succeed, tools, unpacked };
