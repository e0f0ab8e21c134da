import assert from "node:assert/strict";
import { chmod, mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { withWorld } from "../support/world.ts";
import { occupy } from "./occupy.ts";
import { comesUp, endsBySignal, refusesToStart, startFails } from "./outcomes.ts";

describe("a port that is taken", () => {
  for (const name of ["external", "internal"] as const) {
    it(`LIFE-5: of the ${name} HTTP server ends the program at once, and PGDATA stays untouched`, () =>
      withWorld({}, async (world) => {
        const holder = await occupy(world.ports[name]);
        try {
          const said = await refusesToStart(await world.start({ config: world.config() }));
          assert.match(
            said,
            new RegExp(`cannot listen for the ${name} HTTP server: port ${world.ports[name]} of \\S+ is taken`),
          );
          assert.ok(!(await readdir(world.folder)).includes("pgdata"));
        } finally {
          holder.close();
        }
        await comesUp(world);
      }));
  }

  it("LIFE-38: of Postgres fails the start with Postgres's own words", () =>
    withWorld({}, async (world) => {
      const holder = await occupy(world.ports.postgres);
      try {
        const error = await startFails(world, { config: world.config() });
        assert.match(
          error,
          /^Postgres exited unexpectedly with code 1\n\nCaused by:\n {4}FATAL: {2}could not create any TCP\/IP sockets \(could not bind .*: Address already in use/,
        );
      } finally {
        holder.close();
      }
      await comesUp(world);
    }));
});

describe("a setting that Postgres does not take", () => {
  it("LIFE-38: fails the start with its name", () =>
    withWorld({}, async (world) => {
      const error = await startFails(world, { config: world.config({ settings: { work_mem: "banana" } }) });
      assert.match(error, /FATAL: {2}configuration file .* \(invalid value for parameter "work_mem": "banana"\)/);
      await comesUp(world);
    }));
});

describe("a data directory that cannot be made", () => {
  it("is named, with what to do, when its parent is missing", () =>
    withWorld({}, async (world) => {
      const pgdata = join(world.folder, "missing/pgdata");
      const error = await startFails(world, { config: world.config(), pgdata });
      assert.match(
        error,
        /cannot prepare the data directory \S+: its parent \S+\/missing, .* does not exist; .*--pgdata/,
      );
    }));

  it("is named when there is a file in its place, which stays", () =>
    withWorld({}, async (world) => {
      const pgdata = await world.write("precious", "text");
      const error = await startFails(world, { config: world.config(), pgdata });
      assert.match(error, /cannot prepare the data directory \S+\/precious: it is no directory/);
      assert.equal(await readFile(pgdata, "utf8"), "text");
    }));

  it(
    "is named when we may not write there",
    { skip: process.getuid?.() === 0 ? "root may write everywhere" : false },
    () =>
      withWorld({}, async (world) => {
        const parent = world.path("closed");
        await mkdir(parent);
        await chmod(parent, 0o555);
        const error = await startFails(world, { config: world.config(), pgdata: join(parent, "pgdata") });
        assert.match(error, /cannot prepare the data directory \S+: this process may not write there; .*--pgdata/);
      }),
  );

  it("LIFE-12: is made anew over what earlier starts left, which is removed", () =>
    withWorld({}, async (world) => {
      await mkdir(join(world.pgdata, "base/999"), { recursive: true });
      await world.write("pgdata/standby.signal", "");
      await mkdir(join(world.folder, "pgdata.old-1-2/deep"), { recursive: true });
      const compute = await world.start({ config: world.config() });
      await compute.waitFor("running");
      assert.ok(!(await readdir(join(world.pgdata, "base"))).includes("999"));
      await endsBySignal(compute);
      assert.deepEqual((await readdir(world.folder)).sort(), ["config.json", "pgdata"]);
    }));
});
