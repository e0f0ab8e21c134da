import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join, relative } from "node:path";
import { type BuildOptions, build, type Metafile, type OnResolveArgs, type Plugin, type PluginBuild } from "esbuild";
import { packagedFileNames } from "../../src/base/packaged-file.ts";
import { pageFileTypes, pageFolder } from "../../src/http/status-page/packaged-page.ts";

/** The program as two scripts, and which packages are in them. */
export interface Bundle {
  /** What leads to the first HTTP answer. */
  readonly core: string;
  /** All else, read when the first of it is needed. */
  readonly late: string;
  /** The folders below `node_modules` whose files are in them, sorted. */
  readonly packages: readonly string[];
}

const entry = "src/main.ts";
/** What is loaded late by the sources, but always, and before the first answer. */
const alwaysLoaded: readonly string[] = ["src/cli/run.ts", "src/spec/do/config-source.ts"];
/** Keeps the resolving of our own from being asked of us again. */
const resolving = Symbol("resolving");

/**
 * Makes two scripts of the program and its libraries, each a function expression in ASCII that takes `require` and `module`. They
 * reach each other's files by `require("core:…")` and `require("late:…")`, so that no file is there twice. Names are kept as
 * they are written: stack traces are read by people.
 */
export async function bundleProgram(root: string): Promise<Bundle> {
  const late = new Set<string>();
  const found = await run(root, `require("./${entry}")`, [leaveLate(root, late)]);
  const coreFiles = filesOf(found.metafile);
  const core = await run(root, `${providing("core", coreFiles)}require("./${entry}")`, [leaveLate(root, late)]);
  const rest = await run(root, providing("late", [...late].sort()), [takeCore(root, new Set(coreFiles))]);
  const packages = [...coreFiles, ...filesOf(rest.metafile)].flatMap((path) => packageOf(path) ?? []);
  return { core: core.text, late: rest.text, packages: [...new Set(packages)].sort() };
}

/** A script whose exports make each of the files available, evaluated when it is asked for. */
function providing(part: string, files: readonly string[]): string {
  const providers = files.map((path) => `${JSON.stringify(`${part}:${path}`)}: () => require("./${path}")`);
  return `module.exports = {${providers.join(",\n")}};\n`;
}

async function run(
  root: string,
  contents: string,
  plugins: Plugin[],
): Promise<{ readonly text: string; readonly metafile: Metafile }> {
  const texts = (names: readonly string[], folder: string): string =>
    JSON.stringify(Object.fromEntries(names.map((name) => [name, readFileSync(join(root, folder, name), "utf8")])));
  const options = {
    absWorkingDir: root,
    stdin: { contents, resolveDir: root },
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
    define: {
      packagedFiles: texts(packagedFileNames, "."),
      packagedPage: texts(Object.keys(pageFileTypes), pageFolder),
    },
    // A native client of pg's that nobody asks for.
    external: ["pg-native"],
    plugins,
    logLevel: "warning",
    logOverride: { "empty-import-meta": "silent" },
  } satisfies BuildOptions;
  const { outputFiles, metafile } = await build(options);
  const [output] = outputFiles;
  if (output === undefined) throw new Error("esbuild made nothing");
  return { text: `(function(require,module){${output.text}\n})`, metafile };
}

/** Leaves what is loaded late out, and notes it. */
function leaveLate(root: string, late: Set<string>): Plugin {
  return resolver("leave-late", root, (path, { kind }) => {
    if (kind !== "dynamic-import" || alwaysLoaded.includes(path)) return undefined;
    late.add(path);
    return `late:${path}`;
  });
}

/** Takes from the core what is there already. */
function takeCore(root: string, coreFiles: ReadonlySet<string>): Plugin {
  return resolver("take-core", root, (path) => (coreFiles.has(path) ? `core:${path}` : undefined));
}

/** A plugin that replaces the path of some imports, given below the root, by another one. */
function resolver(
  name: string,
  root: string,
  replace: (path: string, args: OnResolveArgs) => string | undefined,
): Plugin {
  return {
    name,
    setup(setup: PluginBuild) {
      setup.onResolve({ filter: /./ }, async (args) => {
        if (args.pluginData === resolving || isBuiltin(args.path) || args.path === "pg-native") return undefined;
        const { importer, kind, resolveDir, path } = args;
        const resolved = await setup.resolve(path, { importer, kind, resolveDir, pluginData: resolving });
        if (resolved.errors.length > 0) return undefined;
        const replacement = replace(relative(root, resolved.path), args);
        return replacement === undefined ? undefined : { path: replacement, external: true };
      });
    },
  };
}

/** The files that went in, but for what was made up on the way. */
function filesOf({ inputs }: Metafile): readonly string[] {
  return Object.keys(inputs).filter((path) => !path.startsWith("<"));
}

/** `node_modules/@x/y/z.js` is of `@x/y`; undefined for a file of our own. */
function packageOf(path: string): string | undefined {
  return /^(?:.*\/)?node_modules\/(?<name>(?:@[^/]+\/)?[^/]+)\//.exec(path)?.groups?.["name"];
}
