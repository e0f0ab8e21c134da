import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A message that the sources can say. */
export interface Message {
  readonly file: string;
  /** Its longest part that is the same every time. */
  readonly text: string;
}

const lengthMin = 8;
const tests = /\.test\.ts$|\/test-|^src\/standin\//;
/** A warning or error of the log, or the message of a class of errors, as far as it is written out in that place. */
const places = [/\blog\.(?:warn|error)\(\s*(`[^`]*`|"(?:[^"\\]|\\.)*")/g, /\bsuper\(\s*(`[^`]*`|"(?:[^"\\]|\\.)*")/g];

/** The messages of all sources but tests and the stand-in. */
export function findMessages(root: string): readonly Message[] {
  const files = globSync("src/**/*.ts", { cwd: root }).filter((file) => !tests.test(file));
  return files.sort().flatMap((file) => messagesOf(readFileSync(join(root, file), "utf8"), file));
}

/** The messages of one source. */
export function messagesOf(source: string, file: string): readonly Message[] {
  const literals = places.flatMap((place) =>
    Array.from(source.matchAll(place), ([, literal = ""]) => literal.slice(1, -1)),
  );
  return literals.map(constantPart).flatMap((text) => (text.length < lengthMin ? [] : [{ file, text }]));
}

/** The longest piece of a template that nothing is put into; without the punctuation at its ends. */
function constantPart(template: string): string {
  const pieces = template.replaceAll('\\"', '"').split(/\$\{(?:[^{}]|\{[^{}]*\})*(?:\}|$)/);
  const longest = pieces.toSorted((one, other) => other.length - one.length)[0] ?? "";
  return longest.replace(/^[\s,;:)'"(]+|[\s,;:('"]+$/g, "");
}
