import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { parseConf } from "./parse-conf.ts";

const skip = process.getuid?.() === 0 ? false : "only root can run Postgres as another user";
const nobody = { uid: 65_534, gid: 65_534 };

/** Stands in for a Postgres that the customer has got hold of: it says whether it could put a trap in the writer's way. */
const taken = `#!/bin/sh
cat postgresql.conf >/dev/null || exit 3
if ln -s /etc/hostname trap 2>/dev/null || mv postgresql.conf gone 2>/dev/null; then
  echo "FATAL:  the folder takes traps" >&2
  exit 1
fi
`;

async function program(t: TestContext, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "parse-conf-"));
  t.after(() => rm(folder, { recursive: true }));
  await chmod(folder, 0o755);
  await writeFile(join(folder, "postgres"), text, { mode: 0o755 });
  return join(folder, "postgres");
}

describe("parseConf", () => {
  it("lets its Postgres read the file, and nothing else, so that root writes into no trap", { skip }, async (t) => {
    const pgbin = await program(t, taken);
    const { signal } = new AbortController();
    const env = { PATH: "/usr/bin:/bin" };
    const text = "port = 5432\n";
    const input = { pgbin, owner: nobody, env, text, names: [], lineOf: () => null, signal };
    assert.deepEqual((await parseConf(input)).problems, []);
  });
});
