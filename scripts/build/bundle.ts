import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { packagedFileNames } from "../../src/base/packaged-file.ts";

/** The program as one script, and which packages are in it. */
export interface Bundle {
  /** A function expression that takes `require`, all in ASCII. */
  readonly text: string;
  /** The folders below `node_modules` whose files are in it, sorted. */
  readonly packages: readonly string[];
}

/**
 * Makes one script of the program and its libraries. What the sources import late is evaluated late here, too. Names are kept
 * as they are written: stack traces are read by people.
 */
export async function bundleProgram(root: string, entry: string): Promise<Bundle> {
  const packagedFiles = Object.fromEntries(
    packagedFileNames.map((name) => [name, readFileSync(join(root, name), "utf8")]),
  );
  const result = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    target: "node26",
    format: "cjs",
    charset: "ascii",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    // The script is not a module of Node's: there is nothing that could load one for it later.
    supported: { "dynamic-import": false },
    define: { packagedFiles: JSON.stringify(packagedFiles) },
    // A native client of pg's that nobody asks for.
    external: ["pg-native"],
    logLevel: "warning",
    logOverride: { "empty-import-meta": "silent" },
  });
  const [output] = result.outputFiles;
  if (output === undefined) throw new Error(`esbuild made nothing of ${entry}`);
  const packages = Object.keys(result.metafile.inputs).flatMap((path) => packageOf(path) ?? []);
  return { text: `(function(require){${output.text}\n})`, packages: [...new Set(packages)].sort() };
}

/** `node_modules/@x/y/z.js` is of `@x/y`; undefined for a file of our own. */
function packageOf(path: string): string | undefined {
  return /^(?:.*\/)?node_modules\/(?<name>(?:@[^/]+\/)?[^/]+)\//.exec(path)?.groups?.["name"];
}
