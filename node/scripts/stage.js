"use strict";
// Lays out what the packages hold: the main one and that of a platform, from node/package.json and the table of platforms.

const fs = require("node:fs");
const path = require("node:path");
const { spawnSync } = require("node:child_process");

const { packageOf, platforms } = require("../lib/platforms.js");

const node = path.join(__dirname, "..");
const root = path.join(node, "..");
const LICENSES = ["LICENSE-APACHE", "LICENSE-MIT"];

function manifest() {
  return JSON.parse(fs.readFileSync(path.join(node, "package.json"), "utf8"));
}

function write(dir, description) {
  fs.writeFileSync(path.join(dir, "package.json"), `${JSON.stringify(description, null, 2)}\n`);
  for (const name of LICENSES) fs.copyFileSync(path.join(root, name), path.join(dir, name));
}

function empty(dir) {
  fs.rmSync(dir, { recursive: true, force: true });
  fs.mkdirSync(dir, { recursive: true });
}

/**
 * The main package. node/package.json is private, so that nobody publishes it without what is added here: a dependency on each
 * platform's package of just this version, of which npm installs the one that fits.
 */
function stageMain(dir) {
  empty(dir);
  const { private: _, ...description } = manifest();
  const optionalDependencies = Object.fromEntries(platforms.map((each) => [packageOf(each), description.version]));
  write(dir, { ...description, optionalDependencies });
  // An addon that was built here is for this machine only.
  const filter = (file) => !file.includes(".node");
  for (const part of ["lib", "build"]) fs.cpSync(path.join(node, part), path.join(dir, part), { recursive: true, filter });
  fs.copyFileSync(path.join(node, "README.md"), path.join(dir, "README.md"));
  stageSource(path.join(dir, "source"));
}

function run(program, args, options) {
  const { error, status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", ...options });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** The source of both crates, as cargo would publish it: their manifests stand without the workspace's. */
function stageSource(dir) {
  const target = path.join(dir, "target");
  fs.mkdirSync(target, { recursive: true });
  run(process.env.CARGO || "cargo", [
    "package", "--quiet", "--no-verify", "--allow-dirty", "--locked", "--target-dir", target, "-p", "mmapio-core", "-p", "mmapio-node",
  ], { cwd: root });
  for (const name of ["mmapio-core", "mmapio-node"]) unpack(dir, target, name);
  fs.rmSync(target, { recursive: true });
  join(path.join(dir, "mmapio-node"));
}

function unpack(dir, target, name) {
  const archive = fs.readdirSync(path.join(target, "package")).find((file) => file.startsWith(`${name}-`));
  const to = path.join(dir, name);
  fs.mkdirSync(to);
  run("tar", ["-xzf", path.join(target, "package", archive), "-C", to, "--strip-components", "1"]);
  for (const left of ["Cargo.toml.orig", ".cargo_vcs_info.json"]) fs.rmSync(path.join(to, left), { force: true });
  if (name === "mmapio-core") fs.rmSync(path.join(to, "Cargo.lock"), { force: true });
}

/**
 * Has the addon's crate take the core from beside it, and not from the registry; every other crate stays as it is locked. A workspace
 * of its own, it does not mind one in whose folder it lies.
 */
function join(dir) {
  const core = "[dependencies.mmapio-core]\n";
  edit(path.join(dir, "Cargo.toml"), core, `[workspace]\n\n${core}path = "../mmapio-core"\n`);
  edit(path.join(dir, "Cargo.lock"), /(name = "mmapio-core"\nversion = ".*"\n)(?:source = .*\n)?(?:checksum = .*\n)?/, "$1");
}

function edit(file, from, to) {
  const text = fs.readFileSync(file, "utf8");
  if (text.split(from).length < 2) throw new Error(`${file} has no ${from}`);
  fs.writeFileSync(file, text.replace(from, to));
}

/** What npm chooses a platform's package by. Its `engines` are as wide as can be: npm leaves one with unmet ones out in silence. */
function choice({ os, cpu, libc }) {
  return { os: [os], cpu: [cpu], ...(libc && { libc: [libc] }) };
}

/** The package of a platform: the addon, and what it is. */
function stagePlatform(dir, platform, addon) {
  empty(dir);
  const { version, license, repository, engines } = manifest();
  const name = packageOf(platform);
  const description = `The addon of mmapio for ${platform.name}: mmapio installs it.`;
  const main = "mmapio.node";
  const type = "commonjs";
  write(dir, { name, version, description, license, repository, type, engines, ...choice(platform), main });
  fs.copyFileSync(addon, path.join(dir, main));
  fs.writeFileSync(path.join(dir, "README.md"), `# ${name}\n\n${description}\n`);
}

module.exports = { run, stageMain, stagePlatform };
