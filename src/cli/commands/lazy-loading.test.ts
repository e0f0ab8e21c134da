import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const source = new URL("../../", import.meta.url);

const serverFile = /^cli\/run\.ts$|^(catalog|compose|compute|conf|http|logging|metrics|postgres|spec|storage)\//;

/** Tells on stderr what is loaded. */
const spy = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from "node:module";
  registerHooks({ load(url, context, next) { process.stderr.write("loaded " + url + "\\n"); return next(url, context); } });
`)}`;

/** The files of the project that a command line has loaded, as paths below `src/`. */
function loadedBy(...args: readonly string[]): readonly string[] {
  const program = fileURLToPath(new URL("main.ts", source));
  const { stderr } = spawnSync(process.execPath, ["--import", spy, program, ...args], { encoding: "utf8" });
  const urls = Array.from(stderr.matchAll(/^loaded (file:.*)$/gm), ([, url = ""]) => url);
  return urls.filter((url) => url.startsWith(source.href)).map((url) => url.slice(source.href.length));
}

describe("subcommands and the server", () => {
  it("do not load each other", () => {
    const forCommand = loadedBy("status", "--url", "http://127.0.0.1:1");
    assert.ok(forCommand.includes("client/compute-client.ts"));
    assert.deepEqual(
      forCommand.filter((path) => serverFile.test(path)),
      [],
    );

    const forServer = loadedBy("-D", "pgdata", "-C", "no connection string", "-i", "compute-1", "-c", "/nowhere");
    assert.ok(forServer.some((path) => serverFile.test(path)));
    assert.deepEqual(
      forServer.filter((path) => /^(client|cli\/commands)\//.test(path)),
      ["cli/commands/command-table.ts"],
    );
  });
});
