/*
 * What the executable runs first: takes the program and its compiled code from inside the executable, and starts it.
 */
const { getRawAsset, getAssetKeys } = require("node:sea");
const { Script } = require("node:vm");

const text = Buffer.from(getRawAsset("program")).latin1Slice();
const cachedData = getAssetKeys().includes("code-cache") ? Buffer.from(getRawAsset("code-cache")) : undefined;
new Script(text, { filename: "compute_ctl.cjs", cachedData }).runInThisContext()(require);
