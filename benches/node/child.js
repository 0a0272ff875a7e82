"use strict";
// One contender of one case, once, in a process of its own. Prints what it measured as JSON.
//
//   node child.js CASE CONTENDER SETTINGS

const { CASES } = require("./cases.js");

const [name, contender, settings] = process.argv.slice(2);
const one = CASES.find((one) => one.name === name);
const { module: which, run } = one.contenders[contender];
const { modules, ...given } = JSON.parse(settings);
const file = modules[which];
// Loading it is what one case measures.
const library = file && !one.requires ? require(file) : undefined;

Promise.resolve(run({ ...given, library, file })).then(
  (values) => process.stdout.write(JSON.stringify(values)),
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
