import { posix } from "node:path";
import { importsOf, isTest, type SourceFile } from "./source-file.ts";

const middle = [
  "catalog",
  "conf",
  "extensions",
  "logging",
  "metrics",
  "monitor",
  "postgres",
  "services",
  "storage",
  "tracing",
  "vm-monitor",
] as const;

/** What each room may import besides itself. ARCHITECTURE.md draws it; a room that is missing here is reported. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  client: ["base"],
  spec: ["base"],
  supervisor: ["base"],
  catalog: ["base", "spec"],
  conf: ["base", "spec"],
  extensions: ["base", "spec"],
  logging: ["base", "spec"],
  metrics: ["base", "spec"],
  monitor: ["base", "spec"],
  postgres: ["base", "spec"],
  services: ["base", "spec"],
  storage: ["base", "spec"],
  tracing: ["base"],
  "vm-monitor": ["base"],
  compute: ["base", "spec", ...middle],
  http: ["base", "spec", ...middle, "compute"],
  compose: ["base", "spec", "supervisor", ...middle, "compute", "http"],
  cli: ["base", "client", "spec", "supervisor", ...middle, "compute", "http", "compose"],
  main: ["base", "spec", ...middle, "compute", "http", "compose", "cli"],
  standin: ["base", "postgres", "spec", "storage"],
};

/** Rooms that may import the `do/` folder of another. */
const importersOfEffects: readonly string[] = ["cli", "compose", "standin"];

/** The protocols of storage, which its stand-ins speak as well. */
const protocols = /^src\/storage\/(?:grpc|page-api|wire|walproposer)\//;

/** The names of the rooms that have a rule. */
export const knownRooms: readonly string[] = Object.keys(mayImport);

/** The room of a file in `src/`: its folder, or its own name when it lies on top. */
export function roomOf(path: string): string {
  return (path.split("/")[1] ?? "").replace(/\.ts$/, "");
}

/** What is wrong with the imports of a file in `src/`, one sentence each. */
export function importProblems({ path, text }: SourceFile): readonly string[] {
  const from = roomOf(path);
  const allowed = mayImport[from];
  if (allowed === undefined) return [`${path}: the room ${from} has no rule for its imports`];
  if (isTest(path)) return [];
  return importsOf(text)
    .filter(({ specifier }) => specifier.startsWith("."))
    .map(({ specifier }) => posix.join(posix.dirname(path), specifier))
    .flatMap((target) => {
      const to = roomOf(target);
      if (!target.startsWith("src/")) return [`${path} imports ${target}, which is not in src`];
      if (to === from) return [];
      if (!allowed.includes(to)) return [`${path} imports ${target}, but ${from} may not import ${to}`];
      if (target.split("/")[2] === "do" && !importersOfEffects.includes(from)) {
        return [`${path} imports ${target}, but only cli and compose may import another room's do/`];
      }
      if (from === "standin" && to === "storage" && !protocols.test(target)) {
        return [`${path} imports ${target}, but standin may import only the protocols of storage`];
      }
      return [];
    });
}
