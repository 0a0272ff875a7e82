"use strict";
// Advice by its name or number, from the core's table.

const native = require("./native.js");
const { integer, known } = require("./arguments.js");
const { valueError } = require("./errors.js");

const numbers = new Map(native.adviceConstants().map(({ advice, value }) => [advice, value]));

/** The number that madvise(2) knows it by. */
function adviceNumber(advice) {
  if (typeof advice !== "string") return known(integer(advice, "advice must be a name or an integer", -0x80000000));
  const number = numbers.get(advice);
  if (number === undefined) throw valueError(`advice must be one of ${[...numbers.keys()].join(", ")}`, advice);
  return number;
}

module.exports = { adviceNumber };
