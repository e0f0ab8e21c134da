/** A file of the project: its path below the project's folder, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** One import: what is named behind `from`, and whether it brings types only. */
export interface Import {
  readonly specifier: string;
  readonly typesOnly: boolean;
}

/** Everything that a TypeScript file imports or re-exports, dynamic imports of literal names included. */
export function importsOf(text: string): readonly Import[] {
  const code = withoutComments(text);
  const statements = code.matchAll(/^(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm);
  const calls = code.matchAll(/\bimport\(\s*"([^"]+)"/g);
  return [
    ...Array.from(statements, ([, type, specifier = ""]) => ({ specifier, typesOnly: type !== undefined })),
    ...Array.from(calls, ([, specifier = ""]) => ({ specifier, typesOnly: false })),
  ];
}

/** The text without block comments and without comments that begin a line or follow a blank. */
export function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|\s)\/\/.*$/gm, "$1");
}

/** Whether the file is a test; tests may import anything and touch the world. */
export function isTest(path: string): boolean {
  return path.endsWith(".test.ts");
}
