"use strict";
// Builds the addon with cargo: in the repository, or from the source that comes with the package.

const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { spawnSync } = require("node:child_process");

const { libc } = require("../lib/platforms.js");

const root = path.join(__dirname, "..");
const addon = path.join(root, "lib", "mmapio.node");

/** The settings of the repository's release profile, of which a user's own cargo configuration knows nothing. */
const profile = {
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "1",
  CARGO_PROFILE_RELEASE_LTO: "fat",
  CARGO_PROFILE_RELEASE_STRIP: "symbols",
  // A panic becomes an exception of JavaScript's; with "abort" it would end the process.
  CARGO_PROFILE_DEV_PANIC: "unwind",
  CARGO_PROFILE_RELEASE_PANIC: "unwind",
};

/** Rust links musl statically unless told otherwise, and makes no addons then. */
function flags() {
  if (libc() !== "musl") return {};
  return { RUSTFLAGS: `${process.env.RUSTFLAGS ?? ""} -C target-feature=-crt-static`.trim() };
}

/**
 * Runs cargo on a manifest, and gives the name of the library it made. What that is called differs by system, so cargo is asked.
 * `command` stands for cargo: a tool that builds for other machines, and its first arguments.
 */
function build(manifest, { debug = false, command = [process.env.CARGO || "cargo"], env = {} } = {}) {
  const [program, ...first] = command;
  const args = [...first, "build", "--locked", "--manifest-path", manifest, "--features", "napi"];
  args.push("--message-format", "json-render-diagnostics", ...(debug ? [] : ["--release"]));
  const run = spawnSync(program, args, {
    env: { ...process.env, ...profile, ...flags(), ...env },
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 1 << 28,
    encoding: "utf8",
  });
  if (run.error?.code === "ENOENT") throw new Error(`${program} is not on this machine: building needs Rust 1.88 or newer`);
  if (run.error) throw run.error;
  if (run.status !== 0) throw new Error(`${program} failed (${run.signal ?? run.status}): see above`);
  return library(run.stdout);
}

/** Of what cargo tells, the library of ours. */
function library(messages) {
  for (const line of messages.split("\n")) {
    const message = line.startsWith("{") ? JSON.parse(line) : {};
    if (message.reason !== "compiler-artifact" || message.target.name !== "mmapio_node") continue;
    const name = message.filenames.find((file) => /\.(so|dylib|dll)$/.test(file));
    if (name) return name;
  }
  throw new Error("cargo made no library that could be loaded");
}

/** Puts a library in its place in one step: a program that has the one before loaded keeps it. */
function place(file, destination = addon) {
  const temporary = `${destination}.${process.pid}`;
  fs.copyFileSync(file, temporary);
  fs.chmodSync(temporary, 0o755);
  fs.renameSync(temporary, destination);
  return destination;
}

/** The crate's manifest in the repository; undefined in a package that was installed. */
function checkout() {
  const manifest = path.join(root, "Cargo.toml");
  return fs.existsSync(manifest) ? manifest : undefined;
}

/**
 * Builds a copy: the package's own may be in use, and its files, as npm unpacks them, are all of one age, by which cargo would tell
 * what changed. It lies where what is built goes, which is gone afterwards if it is not the user's.
 */
function buildSource(options) {
  const kept = process.env.CARGO_TARGET_DIR;
  const dir = kept ? path.resolve(kept) : fs.mkdtempSync(path.join(os.tmpdir(), "mmapio-build-"));
  const source = path.join(dir, "mmapio-source");
  try {
    fs.rmSync(source, { recursive: true, force: true });
    fs.cpSync(path.join(root, "source"), source, { recursive: true });
    return place(build(path.join(source, "mmapio-node", "Cargo.toml"), options));
  } finally {
    fs.rmSync(kept ? source : dir, { recursive: true, force: true });
  }
}

/** Builds the addon, and puts it where the loader looks first. */
function buildHere(options) {
  const manifest = checkout();
  return manifest ? place(build(manifest, options)) : buildSource(options);
}

module.exports = { addon, build, buildHere, checkout, place };
