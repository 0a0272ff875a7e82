"use strict";
// Finds the addon for this machine: beside this file (built from source), or in the package of the platform.

const path = require("node:path");

const { here, packageOf } = require("./platforms.js");

const own = path.join(__dirname, "mmapio.node");

function load() {
  const platform = here();
  const places = platform ? [own, packageOf(platform)] : [own];
  const failures = [];
  for (const place of places) {
    try {
      return require(place);
    } catch (error) {
      failures.push({ place, error });
    }
  }
  throw require("./unloaded.js").unloaded(platform, own, failures);
}

const addon = load();

module.exports = addon;
