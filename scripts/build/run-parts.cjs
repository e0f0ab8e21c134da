/*
 * Runs the program from its scripts.
 */
const { Script } = require("node:vm");

/**
 * @param {(part: string) => {text: string, cachedData?: Buffer}} read where the scripts come from
 * @returns {Map<string, Script>} what has been loaded so far, by part
 */
exports.runParts = (read) => {
  const scripts = new Map();
  const provided = new Map();
  const taken = new Map();

  function load(part) {
    const { text, cachedData } = read(part);
    const script = new Script(text, { filename: `compute_ctl/${part}.cjs`, cachedData });
    scripts.set(part, script);
    const module = { exports: {} };
    provided.set(part, module);
    script.runInThisContext()(requirePart, module);
  }

  function requirePart(name) {
    const part = /^(core|start|late):/.exec(name)?.[1];
    if (part === undefined) return require(name);
    if (!provided.has(part)) load(part);
    if (!taken.has(name)) taken.set(name, provided.get(part).exports[name]());
    return taken.get(name);
  }

  load("core");
  return scripts;
};
