"use strict";
// Finds the addon that was built for this machine: beside this file (built from source), or in the package of the platform.

const path = require("node:path");

function platform() {
  const { platform, arch } = process;
  if (platform !== "linux") return `${platform}-${arch}`;
  // Which C library it is: its version is in the report of glibc systems only.
  const report = process.report?.getReport?.();
  const isGlibc = typeof report === "object" ? Boolean(report.header.glibcVersionRuntime) : true;
  return `${platform}-${arch}-${isGlibc ? "gnu" : "musl"}`;
}

function load() {
  const failures = [];
  const own = path.join(__dirname, "mmapio.node");
  for (const place of [own, () => `@mmapio/${platform()}`]) {
    const name = typeof place === "function" ? place() : place;
    try {
      return require(name);
    } catch (error) {
      failures.push(`${name}: ${error.message.split("\n")[0]}`);
    }
  }
  const help =
    "There is no build of mmapio for this platform. With Rust on the machine, `cargo build --release -p mmapio-node " +
    "--features napi` in its repository makes one; copy it to lib/mmapio.node.";
  const error = new Error(`mmapio: no addon can be loaded:\n  ${failures.join("\n  ")}\n${help}`);
  error.code = "ERR_DLOPEN_FAILED";
  throw error;
}

const addon = load();

module.exports = addon;
