import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import {
  brokenLinks,
  definedIds,
  forbiddenWords,
  numberingProblems,
  roomsInTable,
  unknownIds,
} from "./support/document-rules.ts";
import { importProblems, knownRooms, roomOf } from "./support/import-rules.ts";
import { mustBePure, purityProblems } from "./support/purity-rules.ts";
import type { SourceFile } from "./support/source-file.ts";

/** A longer file has more than one idea in it. */
const sourceLinesMax = 450;
/** Written in pieces, because this file is searched as well. */
const wordsOfOneMachine = [["/work", "/"].join(""), ["shared", "/spec"].join("")];

const root = fileURLToPath(new URL("..", import.meta.url));

function readFiles(...patterns: readonly string[]): readonly SourceFile[] {
  const exclude = (name: string): boolean => name === "node_modules";
  const paths = patterns.flatMap((pattern) => globSync(pattern, { cwd: root, exclude }));
  return paths.sort().map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

/** A made-up file for a rule to judge. */
function file(path: string, ...lines: readonly string[]): SourceFile {
  return { path, text: lines.join("\n") };
}

const sources = readFiles("src/**/*.ts");
const chapters = readFiles("docs/behaviour/0*.md");

describe("rooms", () => {
  it("import only what lies below them", () => {
    assert.deepEqual(sources.flatMap(importProblems), []);
  });

  it("are the ones that ARCHITECTURE.md lists", () => {
    const rooms = new Set(sources.map(({ path }) => roomOf(path)));
    const listed = roomsInTable(readFileSync(join(root, "ARCHITECTURE.md"), "utf8"));
    assert.deepEqual([...rooms].sort(), listed.toSorted());
    assert.deepEqual(knownRooms.toSorted(), listed.toSorted());
  });

  it("touch the world only in do/", () => {
    assert.deepEqual(sources.flatMap(purityProblems), []);
  });
});

describe("files", () => {
  it("are not too long", () => {
    const long = sources.filter(({ text }) => text.split("\n").length - 1 > sourceLinesMax).map(({ path }) => path);
    assert.deepEqual(long, []);
  });

  it("point only to requirements that a chapter defines", () => {
    const defined = definedIds(chapters);
    const code = readFiles("src/**/*.ts", "test/**/*.ts", "scripts/**/*.ts", "*.md", "docs/**/*.md");
    assert.deepEqual(
      code.flatMap((source) => unknownIds(source, defined)),
      [],
    );
  });

  it("do not speak of the machine they were written on", () => {
    const all = readFiles("*.*", "{src,test,docs,scripts,bin}/**/*.*", ".ci/*", "bin/*");
    assert.deepEqual(
      all.flatMap((source) => forbiddenWords(source, wordsOfOneMachine)),
      [],
    );
  });
});

describe("documents", () => {
  it("number each decision once", () => {
    assert.deepEqual(numberingProblems(globSync("*.md", { cwd: join(root, "docs/decisions") })), []);
  });

  it("link to files that exist", () => {
    const exists = (path: string): boolean => existsSync(join(root, path));
    const documents = readFiles("*.md", "docs/**/*.md", "test/**/*.md");
    assert.deepEqual(
      documents.flatMap((document) => brokenLinks(document, exists)),
      [],
    );
  });
});

describe("the rule on imports", () => {
  const problems = (path: string, specifier: string): readonly string[] =>
    importProblems(file(path, `import { x } from "${specifier}";`));

  it("lets a room import downwards, itself and packages", () => {
    assert.deepEqual(problems("src/catalog/plan.ts", "../base/quoting.ts"), []);
    assert.deepEqual(problems("src/catalog/do/apply.ts", "../plan.ts"), []);
    assert.deepEqual(problems("src/compute/start.ts", "../catalog/plan.ts"), []);
    assert.deepEqual(problems("src/postgres/do/session.ts", "pg"), []);
  });

  it("refuses upwards and sideways, in every form of import", () => {
    assert.equal(problems("src/base/lsn.ts", "../spec/types.ts").length, 1);
    assert.equal(problems("src/catalog/plan.ts", "../conf/setting-line.ts").length, 1);
    assert.equal(problems("src/storage/do/backup.ts", "../../compute/store.ts").length, 1);
    assert.equal(problems("src/cli/options.ts", "../standin/main.ts").length, 1);
    assert.equal(problems("src/base/lsn.ts", "../../test/support/source-file.ts").length, 1);
    const forms = [
      'export { x } from "../spec/types.ts";',
      'import "../spec/types.ts";',
      'const later = () => import("../spec/types.ts");',
      'import {\n  type A,\n  b,\n} from "../spec/types.ts";',
      'import type { A } from "../spec/types.ts";',
    ];
    for (const form of forms) assert.equal(importProblems(file("src/base/a.ts", form)).length, 1, form);
  });

  it("keeps do/ for compose.ts, and storage/wire for the stand-in", () => {
    assert.deepEqual(problems("src/compose.ts", "./storage/do/backup.ts"), []);
    assert.equal(problems("src/compute/start.ts", "../storage/do/backup.ts").length, 1);
    assert.deepEqual(problems("src/standin/server.ts", "../storage/wire/reader.ts"), []);
    assert.equal(problems("src/standin/server.ts", "../storage/quorum.ts").length, 1);
  });

  it("asks for a rule when a room is new, and leaves tests and comments alone", () => {
    assert.equal(problems("src/kitchen/poll.ts", "../base/lsn.ts").length, 1);
    assert.deepEqual(problems("src/catalog/plan.test.ts", "../conf/setting-line.ts"), []);
    assert.deepEqual(importProblems(file("src/base/a.ts", '// import { x } from "../spec/types.ts";')), []);
  });
});

describe("the rule on purity", () => {
  const impure = [
    'import { readFileSync } from "node:fs";',
    'import pg from "pg";',
    "export async function read() {}",
    "const read = async () => 1;",
    "const read = async value => value;",
    "const object = { async read() {} };",
    "const now = Date.now();",
    "const now = new Date();",
    "const one = Math.random();",
    "const home = process.env;",
    "setTimeout(() => {}, 1);",
    'fetch("http://localhost");',
  ];

  it("finds each way of touching the world", () => {
    for (const line of impure) assert.equal(purityProblems(file("src/catalog/plan.ts", line)).length, 1, line);
  });

  it("does not mind it in do/, in rooms that do by nature, and in tests", () => {
    for (const path of [
      "src/catalog/do/apply.ts",
      "src/http/pipeline.ts",
      "src/base/scope.ts",
      "src/catalog/a.test.ts",
    ]) {
      assert.equal(mustBePure(path), false, path);
      for (const line of impure) assert.deepEqual(purityProblems(file(path, line)), [], `${path}: ${line}`);
    }
  });

  it("lets pure code be pure", () => {
    const pure = [
      'import type { Socket } from "node:net";',
      'import { ident } from "../base/quoting.ts";',
      "const at = new Date(facts.now);",
      "// async function, setTimeout(), process.env",
      'const text = "ends the process. Then waits";',
    ];
    assert.deepEqual(purityProblems(file("src/catalog/plan.ts", ...pure)), []);
  });
});

describe("the rules on documents", () => {
  const chapter = file(
    "docs/behaviour/x.md",
    "- **ROOM-1** one",
    "- **ROOM-2 Title**: two",
    "| ROOM-T3 | trap |",
    "see ROOM-9",
  );

  it("know an id by its definition, not by its being mentioned", () => {
    const defined = definedIds([chapter]);
    assert.deepEqual([...defined], ["ROOM-1", "ROOM-2", "ROOM-T3"]);
    assert.deepEqual(unknownIds(file("a.ts", "ROOM-1, ROOM-T3, UTF-8"), defined), []);
    assert.equal(unknownIds(file("a.ts", "see ROOM-999"), defined).length, 1);
  });

  it("read the rooms out of a table", () => {
    const table = "| Room | Decides |\n|---|---|\n| `main.ts`, `cli/` | flags |\n| `base/` | LSN |\n";
    assert.deepEqual(roomsInTable(table), ["main", "cli", "base"]);
  });

  it("find unnumbered files, doubles and dead links", () => {
    assert.deepEqual(numberingProblems(["0003-b.md", "0001-a.md"]), []);
    assert.equal(numberingProblems(["0001-a.md", "c.md"]).length, 1);
    assert.equal(numberingProblems(["0001-a.md", "0001-b.md"]).length, 1);
    const links = file("docs/a.md", "[up](../README.md) [web](https://example.org) [part](b.md#c)");
    assert.deepEqual(
      brokenLinks(links, () => true),
      [],
    );
    assert.equal(brokenLinks(links, (path) => path === "README.md").length, 1);
    assert.equal(forbiddenWords(file("a.ts", "see over/there/a"), ["over/there"]).length, 1);
  });
});
