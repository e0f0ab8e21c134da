import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { commandNamed } from "../../src/cli/commands/command-table.ts";
import { readOptions } from "../../src/cli/options.ts";
import { lint, lintersMissing } from "../support/linters.ts";
import { execForm, lastOf, readStages } from "./dockerfile.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const text = readFileSync(join(root, "deploy/docker/Dockerfile"), "utf8");
const stages = readStages(text);
const program = "/usr/local/bin/compute_ctl";

describe("deploy/docker/Dockerfile", () => {
  for (const name of ["stock", "neon"]) {
    const stage = stages.get(name);

    it(`${name}: starts the program itself, as process 1 (LIFE-64), with a command line that it takes`, () => {
      assert.deepEqual(execForm(lastOf(stage, "ENTRYPOINT")), [program]);
      const options = readOptions(execForm(lastOf(stage, "CMD")), {
        pgbin: undefined,
        logFormat: undefined,
        strict: false,
      });
      assert.equal(options.kind, "run");
      assert.throws(() =>
        readOptions(execForm(lastOf(stage, "CMD")).slice(2), { pgbin: undefined, logFormat: undefined, strict: false }),
      );
    });

    it(`${name}: runs as no root`, () => {
      assert.match(lastOf(stage, "USER"), /^(\$\{POSTGRES_UID\}:\$\{POSTGRES_UID\}|postgres)$/);
    });

    it(`${name}: FIELD-2: is checked by a command of the program`, () => {
      const [command, word, ...options] = execForm(lastOf(stage, "HEALTHCHECK"));
      assert.deepEqual([command, commandNamed(word), options], [program, "probe", ["--live"]]);
    });

    it(`${name}: brings the licenses of what is inside`, () => {
      assert.match(text, /THIRD-PARTY-LICENSES\.txt/);
      assert.ok(stage?.instructions.some((each) => each.text.includes("THIRD-PARTY-LICENSES.txt")));
    });
  }

  it("has no complaint of hadolint's", { skip: lintersMissing("hadolint") }, () => {
    const config = ["--config", join(root, ".hadolint.yaml")];
    assert.deepEqual(lint("hadolint", [...config, "-"], text), { code: 0, stdout: "", output: "" });
    assert.match(lint("hadolint", [...config, "-"], text.replace('ENTRYPOINT ["', "ENTRYPOINT sudo #")).output, /DL30/);
  });
});
