"use strict";
// The machines that there is a package for: the loader looks for it, the main package lists it, `make pack` makes it.

const fs = require("node:fs");

/** `os`, `cpu` and `libc` are what npm chooses by; `target` is Rust's name. Windows is missing: the core maps nothing there. */
const platforms = [
  { name: "linux-x64-gnu", os: "linux", cpu: "x64", libc: "glibc", target: "x86_64-unknown-linux-gnu" },
  { name: "linux-x64-musl", os: "linux", cpu: "x64", libc: "musl", target: "x86_64-unknown-linux-musl" },
  { name: "linux-arm64-gnu", os: "linux", cpu: "arm64", libc: "glibc", target: "aarch64-unknown-linux-gnu" },
  { name: "linux-arm64-musl", os: "linux", cpu: "arm64", libc: "musl", target: "aarch64-unknown-linux-musl" },
  { name: "darwin-x64", os: "darwin", cpu: "x64", target: "x86_64-apple-darwin" },
  { name: "darwin-arm64", os: "darwin", cpu: "arm64", target: "aarch64-apple-darwin" },
];

function packageOf(platform) {
  return `@mmapio/${platform.name}`;
}

/**
 * Which C library the program that runs this was linked with. Its dynamic linker is named at its beginning; Node's own report
 * says it, too, but takes milliseconds to make.
 */
function libc() {
  if (process.platform !== "linux") return undefined;
  // Deno asks the user before it lets anybody read its program, and is there for glibc only.
  if (process.versions.deno) return "glibc";
  return beginning(process.execPath).includes("ld-musl") ? "musl" : "glibc";
}

/** Nothing when it cannot be read: glibc is the better guess. */
function beginning(file) {
  const bytes = Buffer.alloc(4096);
  try {
    const fd = fs.openSync(file, "r");
    fs.readSync(fd, bytes);
    fs.closeSync(fd);
  } catch {
    return "";
  }
  return bytes.toString("latin1");
}

/** The platform of this machine; undefined when there is no package for it. */
function here() {
  const own = libc();
  return platforms.find(({ os, cpu, libc }) => os === process.platform && cpu === process.arch && libc === own);
}

module.exports = { here, libc, packageOf, platforms };
