import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, constants, open } from "node:fs/promises";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { computeCtl, type World, withWorld } from "../support/world.ts";
import { comesUp } from "./outcomes.ts";

/** A program that is compute_ctl with its stderr sent elsewhere by a redirection of the shell. */
async function redirected(world: World, redirection: string): Promise<string> {
  const command = await world.write("compute", `#!/bin/sh\nexec ${computeCtl} "$@" ${redirection}\n`);
  await chmod(command, 0o755);
  return command;
}

describe("stderr (LIFE-80)", () => {
  it("that is closed from the start does not matter", () =>
    withWorld({}, async (world) => {
      const command = await redirected(world, "2>&-");
      const compute = await world.start({ config: world.config(), command });
      await compute.waitFor("running");
      compute.signal("SIGTERM");
      assert.deepEqual(await compute.exited, { code: 1, signal: null });
      await comesUp(world);
    }));

  for (const [what, reads] of [
    ["goes away after the first lines, as `head` does", true],
    ["never reads", false],
  ] as const) {
    it(`whose reader ${what} does not stop the compute`, () =>
      withWorld({}, async (world) => {
        const pipe = world.path("stderr");
        await promisify(execFile)("mkfifo", [pipe]);
        const reader = await open(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
        let closed = false;
        try {
          const command = await redirected(world, `2> ${pipe}`);
          const compute = await world.start({ config: world.config(), command });
          if (reads) {
            let gone = false;
            void compute.exited.then(() => {
              gone = true;
            });
            while (!gone && (await compute.status()) === undefined);
            await reader.close();
            closed = true;
          }
          await compute.waitFor("running");
          // More lines than a pipe holds.
          for (let count = 0; count < 400; count += 1) assert.equal((await compute.status())?.status, "running");
          const client = await compute.connect();
          assert.equal((await client.query("select 1 as one")).rows[0].one, 1);
          compute.signal("SIGTERM");
          assert.deepEqual(await compute.exited, { code: 1, signal: null });
        } finally {
          if (!closed) await reader.close();
        }
      }));
  }
});
