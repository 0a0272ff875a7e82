"use strict";
// What is measured, and what must be reached.

const { READING } = require("./reading.js");
const { SIDE_BY_SIDE } = require("./side_by_side.js");

module.exports = { CASES: [...SIDE_BY_SIDE, ...READING], READING, SIDE_BY_SIDE };
