import { posix } from "node:path";
import type { SourceFile } from "./source-file.ts";

/** The ids that the chapters define: in bold at the start of a requirement, or first in a row of a table of traps. */
export function definedIds(chapters: readonly SourceFile[]): ReadonlySet<string> {
  const definition = /(?:\*\*|^\| )([A-Z]{2,}-T?\d+[a-z]?)\b/gm;
  return new Set(chapters.flatMap(({ text }) => Array.from(text.matchAll(definition), ([, id = ""]) => id)));
}

/** The ids in a file that look like a chapter's, by their prefix, but are defined in none. */
export function unknownIds({ path, text }: SourceFile, defined: ReadonlySet<string>): readonly string[] {
  const prefixes = new Set(Array.from(defined, (id) => id.replace(/-.*/, "")));
  return Array.from(text.matchAll(/\b([A-Z]{2,})-T?\d+[a-z]?\b/g))
    .filter(([id, prefix = ""]) => prefixes.has(prefix) && !defined.has(id))
    .map(([id]) => `${path} speaks of ${id}, which no chapter defines`);
}

/** The rooms in ARCHITECTURE.md's table of where things are. */
export function roomsInTable(architecture: string): readonly string[] {
  const firstCells = Array.from(architecture.matchAll(/^\| (`[^|]+) \|/gm), ([, cell = ""]) => cell);
  return firstCells.flatMap((cell) => Array.from(cell.matchAll(/`([\w-]+)(?:\/|\.ts)`/g), ([, room = ""]) => room));
}

/** Names that are not `NNNN-title.md`, and numbers given twice. Work that goes on side by side may leave gaps. */
export function numberingProblems(names: readonly string[]): readonly string[] {
  const sorted = names.toSorted();
  return sorted.flatMap((name, index) => {
    const number = /^\d{4}-/.exec(name)?.[0];
    if (number === undefined) return [`${name} should begin with four digits and a dash`];
    return sorted[index - 1]?.startsWith(number) ? [`${name} has a number that another decision has`] : [];
  });
}

/** The links of a Markdown file to files of the project that `exists` does not know. */
export function brokenLinks({ path, text }: SourceFile, exists: (path: string) => boolean): readonly string[] {
  return Array.from(text.matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g), ([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target) && !exists(posix.join(posix.dirname(path), target)))
    .map((target) => `${path} links to ${target}, which does not exist`);
}

/** The words of `forbidden` that a file has. */
export function forbiddenWords({ path, text }: SourceFile, forbidden: readonly string[]): readonly string[] {
  return forbidden.filter((word) => text.includes(word)).map((word) => `${path} has the words ${word}`);
}
