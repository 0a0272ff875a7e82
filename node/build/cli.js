#!/usr/bin/env node
"use strict";
// `npx mmapio-build-addon`: the way for machines without a package of their own. Nothing runs it at installation: a compiler
// is started by who asks for it only.

const { buildHere } = require("./addon.js");

const USAGE = `Usage: mmapio-build-addon [--debug]

Builds mmapio's addon for this machine with cargo, and puts it into the package's lib directory, where it is preferred to the
package of the platform. CARGO names another cargo, CARGO_TARGET_DIR a directory for what is built meanwhile.`;

function main(args) {
  const unknown = args.filter((arg) => arg !== "--debug");
  if (unknown.length > 0) {
    const isHelp = unknown.every((arg) => arg === "--help" || arg === "-h");
    process[isHelp ? "stdout" : "stderr"].write(`${USAGE}\n`);
    return isHelp ? 0 : 2;
  }
  try {
    process.stdout.write(`${buildHere({ debug: args.includes("--debug") })}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`mmapio-build-addon: ${error.message}\n`);
    return 1;
  }
}

process.exitCode = main(process.argv.slice(2));
