"use strict";
// Finds the addon for this machine: beside this file (built from source), or in the package of the platform.

const path = require("node:path");

const own = path.join(__dirname, "mmapio.node");

/** What kind of machine it is is asked only where that matters. */
function* places() {
  yield own;
  const { here, packageOf } = require("./platforms.js");
  const platform = here();
  if (platform) yield packageOf(platform);
}

function load() {
  const failures = [];
  for (const place of places()) {
    try {
      return require(place);
    } catch (error) {
      failures.push({ place, error });
    }
  }
  throw require("./unloaded.js").unloaded(require("./platforms.js").here(), own, failures);
}

const addon = load();

module.exports = addon;
