import { roomOf } from "./import-rules.ts";
import { importsOf, isTest, type SourceFile, withoutComments } from "./source-file.ts";

/** Rooms that do by nature (ARCHITECTURE.md). */
const doingRooms: readonly string[] = ["main", "compose", "cli", "client", "compute", "http", "logging", "standin"];

/** The files of `base/` that exist for timers, clocks, waiting, chance and what comes with the program. */
const doingFiles: readonly string[] = ["clock", "deadline", "packaged-file", "random-id", "scope", "together"].map(
  (name) => `src/base/${name}.ts`,
);

const traces: readonly (readonly [trace: RegExp, what: string])[] = [
  [/\basync\s*(?:function\b|\(|[\w$]+\s*(?:=>|\(|<)|<)/, "is async"],
  [/\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\./, "reads a clock"],
  [/\bMath\.random\b|\brandom(?:UUID|Bytes)\b/, "asks for randomness"],
  [/\bprocess\.[a-z]/, "touches the process"],
  [/\bset(?:Timeout|Interval|Immediate)\s*\(/, "sets a timer"],
  [/\bfetch\s*\(|\bconsole\.[a-z]/, "talks to the outside"],
];

/** Packages that compute and do nothing else. */
const purePackages = /^@bufbuild\/protobuf(?:\/|$)/;

/** Whether a file in `src/` has to be pure. */
export function mustBePure(path: string): boolean {
  const inDo = path.split("/")[2] === "do";
  return !(isTest(path) || inDo || doingRooms.includes(roomOf(path)) || doingFiles.includes(path));
}

/** How a file in `src/` that must be pure touches the world, one sentence each. */
export function purityProblems({ path, text }: SourceFile): readonly string[] {
  if (!mustBePure(path)) return [];
  const code = withoutComments(text);
  const imported = importsOf(text).filter(
    ({ specifier, typesOnly }) => !(typesOnly || specifier.startsWith(".") || purePackages.test(specifier)),
  );
  return [
    ...imported.map(({ specifier }) => `${path} must be pure, but imports ${specifier}`),
    ...traces.filter(([trace]) => trace.test(code)).map(([, what]) => `${path} must be pure, but ${what}`),
  ];
}
