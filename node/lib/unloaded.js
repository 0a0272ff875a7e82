"use strict";
// What somebody reads whose machine has no addon: which one is missing, why, and the commands that help.

const path = require("node:path");

const { libc, packageOf, platforms } = require("./platforms.js");
const { version } = require("../package.json");

/** By its file: it works wherever the package lies, and npx would ask the registry where it is not at hand. */
const BUILD =
  "With Rust 1.88 or newer and a C linker on the machine, this builds the addon from the source that comes with mmapio:\n" +
  `  node ${JSON.stringify(path.join(__dirname, "..", "build", "cli.js"))}`;

/** Of a module that is not there, its own code says so; an addon that does not load has another. */
function isAbsent({ place, error }) {
  return error.code === "MODULE_NOT_FOUND" && String(error.message).includes(place);
}

function reason(failure) {
  return isAbsent(failure) ? "not installed" : String(failure.error.message).split("\n")[0];
}

function machine(platform) {
  return platform?.name ?? [process.platform, process.arch, libc()].filter(Boolean).join("-");
}

/** The package of the platform was left out. */
function absent(name) {
  return [
    `The package ${name} is missing. It is an optional dependency of mmapio, which npm leaves out with --omit=optional or`,
    "--no-optional, and when node_modules or the lock file came from another system.",
    "Either of these brings it:",
    `  npm install --include=optional mmapio@${version}`,
    `  npm install ${name}@${version}`,
    BUILD,
  ];
}

function unsupported() {
  const names = platforms.map(({ name }) => name).join(", ");
  return [`There is no package for ${machine()}; there are ${names}.`, BUILD];
}

function broken(name) {
  return [`${name} is there, but this machine cannot load it.`, BUILD];
}

function help(platform, failures) {
  if (!platform) return unsupported();
  const name = packageOf(platform);
  return isAbsent(failures[failures.length - 1]) ? absent(name) : broken(name);
}

/** The error of the loader. An addon that was built here and does not load is named; that none was built is the rule. */
function unloaded(platform, own, failures) {
  const told = failures.filter((failure) => failure.place !== own || !isAbsent(failure));
  const lines = told.map((failure) => `  ${failure.place}: ${reason(failure)}`);
  const error = new Error([`mmapio: no addon for ${machine(platform)}`, ...lines, ...help(platform, failures)].join("\n"));
  error.code = "ERR_DLOPEN_FAILED";
  error.cause = failures[failures.length - 1].error;
  return error;
}

module.exports = { unloaded };
