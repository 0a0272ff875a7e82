"use strict";
// `make pack`: the npm packages of this version, mmapio and that of one platform, as archives in target/npm.
//
//   pack.js [--target TRIPLE] [--debug] [--addon FILE] [--out DIR]
//
// Without --target the addon is for this machine; with it, $CROSS TARGET build … builds it. --addon takes one that is built.

const fs = require("node:fs");
const path = require("node:path");
const { parseArgs } = require("node:util");

const { build, checkout } = require("../build/addon.js");
const { here, platforms } = require("../lib/platforms.js");
const { run, stageMain, stagePlatform } = require("./stage.js");

const root = path.join(__dirname, "..", "..");

function platformOf(target) {
  const found = target ? platforms.find((each) => each.target === target) : here();
  if (found) return found;
  const names = platforms.map((each) => each.target).join(", ");
  throw new Error(`there is no package for ${target ?? "this machine"}: node/lib/platforms.js has ${names}`);
}

/** The tool for other machines does not strip, and sets flags of its own for musl, which these take the place of. */
function crossFlags(target) {
  const flags = target.includes("apple") ? [] : ["-C strip=symbols"];
  if (target.endsWith("musl")) flags.push("-C link-self-contained=no", "-C target-feature=-crt-static");
  return { RUSTFLAGS: flags.join(" ") };
}

function addonFor({ target, debug }) {
  if (!target) return build(checkout(), { debug });
  const cross = path.resolve(root, process.env.CROSS || "../shared/tools/cross");
  return build(checkout(), { debug, command: [cross, target], env: crossFlags(target) });
}

/** Packs directories that are laid out; npm says what the archives are called. */
function archives(dirs, out) {
  const told = run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", out, ...dirs], { cwd: out });
  // Older ones tell the name of the package where the file's should be.
  return JSON.parse(told).map(({ filename }) => path.join(out, filename.replace("@", "").replace("/", "-")));
}

/** Makes both archives, and gives their names. */
function pack({ target, debug, addon, out = path.join(root, "target", "npm") } = {}) {
  const platform = platformOf(target);
  const library = addon ?? addonFor({ target, debug });
  const dirs = ["mmapio", platform.name].map((name) => path.join(out, "stage", name));
  stageMain(dirs[0]);
  stagePlatform(dirs[1], platform, library);
  return archives(dirs, out);
}

const options = { target: { type: "string" }, debug: { type: "boolean" }, addon: { type: "string" }, out: { type: "string" } };

function main() {
  const { values } = parseArgs({ options });
  if (values.out) values.out = path.resolve(values.out);
  try {
    process.stdout.write(`${pack(values).join("\n")}\n`);
  } catch (error) {
    process.stderr.write(`pack: ${error.message}\n`);
    process.exitCode = 1;
  }
}

if (require.main === module) main();

module.exports = { archives, pack };
