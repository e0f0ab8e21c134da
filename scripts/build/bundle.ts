import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join, relative } from "node:path";
import { type BuildOptions, build, type Metafile, type OnResolveArgs, type Plugin, type PluginBuild } from "esbuild";
import { packagedFileNames } from "../../src/base/packaged-file.ts";
import { pageFileTypes, pageFolder } from "../../src/http/status-page/packaged-page.ts";
import { alwaysLoaded, type PartName, partNames, startFiles } from "./parts.ts";

/** The program as scripts, and which packages are in them. */
export interface Bundle {
  readonly scripts: Readonly<Record<PartName, string>>;
  /** The folders below `node_modules` whose files are in them, sorted. */
  readonly packages: readonly string[];
}

const entry = "src/main.ts";
/** Keeps the resolving of our own from being asked of us again. */
const resolving = Symbol("resolving");

/** What is known of the program's files while its parts are made. */
interface Division {
  /** In which part a file is. */
  readonly owners: Map<string, PartName>;
  /** Which part has to provide a file that an earlier one imports dynamically. */
  readonly wanted: Map<string, PartName>;
}

/**
 * Makes a script of each part of the program with its libraries: a function expression in ASCII that takes `require` and `module`.
 * They reach each other's files by `require("PART:PATH")`, so that no file is there twice. Names are kept as they are written:
 * stack traces are read by people.
 */
export async function bundleProgram(root: string): Promise<Bundle> {
  const division: Division = { owners: new Map(), wanted: new Map() };
  const scripts = { core: "", start: "", late: "" };
  for (const part of partNames) scripts[part] = await bundlePart(root, part, division);
  const astray = startFiles.find((path) => division.owners.get(path) !== "start");
  if (astray !== undefined)
    throw new Error(`${astray} is not where scripts/build/parts.ts wants it: nobody loads it, or core does`);
  const packages = [...division.owners.keys()].flatMap((path) => packageOf(path) ?? []);
  return { scripts, packages: [...new Set(packages)].sort() };
}

async function bundlePart(root: string, part: PartName, { owners, wanted }: Division): Promise<string> {
  const plugin = divide(root, part, { owners, wanted });
  const main = part === "core" ? `require("./${entry}")` : "";
  const asked = [...wanted].filter(([, owner]) => owner === part).map(([path]) => path);
  const first = await run(root, `${providing(part, asked.sort())}${main}`, plugin);
  const files = filesOf(first.metafile);
  // Whatever else is in it may be asked for by a later part.
  const { text } = part === "late" ? first : await run(root, `${providing(part, files)}${main}`, plugin);
  for (const path of files) owners.set(path, part);
  return text;
}

/** A script whose exports make each of the files available, evaluated when it is asked for. */
function providing(part: PartName, files: readonly string[]): string {
  const providers = files.map((path) => `${JSON.stringify(`${part}:${path}`)}: () => require("./${path}")`);
  return `module.exports = {${providers.join(",\n")}};\n`;
}

async function run(
  root: string,
  contents: string,
  plugin: Plugin,
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
    plugins: [plugin],
    logLevel: "warning",
    logOverride: { "empty-import-meta": "silent" },
  } satisfies BuildOptions;
  const { outputFiles, metafile } = await build(options);
  const [output] = outputFiles;
  if (output === undefined) throw new Error("esbuild made nothing");
  return { text: `(function(require,module){${output.text}\n})`, metafile };
}

/** Takes from earlier parts what is there already, and leaves to later ones what is loaded when they are there. */
function divide(root: string, part: PartName, { owners, wanted }: Division): Plugin {
  /** What stands for an import of a file of another part; undefined for one of this part. */
  const elsewhere = (path: string, kind: OnResolveArgs["kind"]): string | undefined => {
    const owner = owners.get(path);
    if (owner !== undefined) return `${owner}:${path}`;
    if (kind !== "dynamic-import" || alwaysLoaded.includes(path)) return undefined;
    const later = startFiles.includes(path) ? "start" : "late";
    if (later === part) return undefined;
    wanted.set(path, later);
    return `${later}:${path}`;
  };
  return {
    name: "divide",
    setup(setup: PluginBuild) {
      setup.onResolve({ filter: /./ }, async (args) => {
        if (args.pluginData === resolving || isBuiltin(args.path) || args.path === "pg-native") return undefined;
        const { importer, kind, resolveDir, path } = args;
        const resolved = await setup.resolve(path, { importer, kind, resolveDir, pluginData: resolving });
        if (resolved.errors.length > 0) return undefined;
        const replacement = elsewhere(relative(root, resolved.path), kind);
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
