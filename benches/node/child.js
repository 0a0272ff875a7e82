"use strict";
// One contender of one case, once, in a process of its own. Prints what it measured as JSON.
//
//   node child.js CASE CONTENDER SETTINGS

const [name, contender, settings] = process.argv.slice(2);
const { modules, ...given } = JSON.parse(settings);

function tell(values) {
  process.stdout.write(JSON.stringify(values));
}

function fail(error) {
  console.error(error);
  process.exitCode = 1;
}

/** In a process that has loaded nothing else, as far as can be. */
function load() {
  const { timed } = require("./clock.js");
  tell(timed(() => require(modules[contender]), 1));
}

function run() {
  const { CASES } = require("./cases.js");
  const one = CASES.find((one) => one.name === name);
  const { module: which, run } = one.contenders[contender];
  const library = which && require(modules[which]);
  Promise.resolve(run({ ...given, library })).then(tell, fail);
}

if (name === "require") load();
else run();
