/*
 * What the executable runs first: the scripts and their compiled code are inside of it.
 */
const { getAssetKeys, getRawAsset } = require("node:sea");
const { runParts } = require("./run-parts.cjs");

const assets = new Set(getAssetKeys());
runParts((part) => ({
  text: Buffer.from(getRawAsset(part)).latin1Slice(),
  cachedData: assets.has(`${part}.code`) ? Buffer.from(getRawAsset(`${part}.code`)) : undefined,
}));
