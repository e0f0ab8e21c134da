import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { metricsComplaints, promtoolMissing } from "../../test/support/promtool.ts";
import { type AutoscalingFacts, decodePostgresLoad } from "./autoscaling-facts.ts";
import { autoscalingFamilies, autoscalingText } from "./autoscaling-text.ts";

const system = {
  processors: 2,
  loads: [0.5, 0.25, 0.1],
  memoryTotalBytes: 8_000_000,
  memoryFreeBytes: 4_000_000,
} as const;
const facts: AutoscalingFacts = {
  postgres: {
    maxConnections: 100,
    sharedBuffersBytes: 16_777_216,
    sessions: new Map([
      ["active", 1],
      ["idle", 4],
    ]),
    bufferHits: 10,
    bufferReads: 4,
    tempBytes: 0,
  },
  system,
};

function samplesOf(text: string, name: string): readonly string[] {
  return text.split("\n").filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
}

describe("what the program tells an autoscaler by itself (MET-19)", () => {
  const text = autoscalingText(facts);

  it("says that it is not the communicator's", () => {
    assert.match(text, /^# This Postgres has no communicator/);
  });

  it("MET-14: has what the agent's reader needs, as gauges, and windows without gap", () => {
    for (const name of ["lfc_hits", "lfc_misses", "lfc_writes"]) {
      assert.deepEqual(samplesOf(text, name), [`${name} 0`]);
      assert.ok(text.includes(`# TYPE ${name} gauge\n`));
    }
    const windows = samplesOf(text, "lfc_approximate_working_set_size_windows").map((line) =>
      /"(\d+)"} (.*)$/.exec(line),
    );
    const seconds = windows.map((match) => Number(match?.[1])).toSorted((a, b) => a - b);
    assert.deepEqual(
      seconds,
      Array.from({ length: 60 }, (_, index) => 60 * (index + 1)),
    );
    assert.ok(windows.every((match) => match?.[2] === "-1"));
  });

  it("tells of Postgres and the machine", () => {
    assert.deepEqual(samplesOf(text, "compute_ctl_pg_up"), ["compute_ctl_pg_up 1"]);
    assert.deepEqual(samplesOf(text, "compute_ctl_pg_sessions"), [
      'compute_ctl_pg_sessions{state="active"} 1',
      'compute_ctl_pg_sessions{state="idle"} 4',
    ]);
    assert.deepEqual(samplesOf(text, "compute_ctl_host_load"), [
      'compute_ctl_host_load{minutes="1"} 0.5',
      'compute_ctl_host_load{minutes="15"} 0.1',
      'compute_ctl_host_load{minutes="5"} 0.25',
    ]);
    assert.deepEqual(samplesOf(text, "compute_ctl_host_memory_total_bytes"), [
      "compute_ctl_host_memory_total_bytes 8000000",
    ]);
  });

  it("leaves out what a Postgres that does not answer would tell", () => {
    const down = autoscalingText({ ...facts, postgres: null });
    assert.deepEqual(samplesOf(down, "compute_ctl_pg_up"), ["compute_ctl_pg_up 0"]);
    assert.doesNotMatch(down, /compute_ctl_pg_(?!up)/);
    assert.deepEqual(samplesOf(down, "compute_ctl_host_processors"), ["compute_ctl_host_processors 2"]);
  });

  it("has families with names of their own, each once", () => {
    const names = autoscalingFamilies.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
  });

  it("promtool finds nothing wrong with it", { skip: promtoolMissing }, () =>
    assert.deepEqual(metricsComplaints(text), []),
  );
});

describe("decodePostgresLoad", () => {
  const row = {
    max_connections: "100",
    shared_buffers: "16777216",
    buffer_hits: "10",
    buffer_reads: "4",
    temp_bytes: "0",
    state: null,
    in_state: null,
  };

  it("reads the sums, and a group of sessions from each row", () => {
    assert.deepEqual(
      decodePostgresLoad([
        { ...row, state: "active", in_state: "1" },
        { ...row, state: "idle", in_state: "4" },
      ]),
      facts.postgres,
    );
    assert.equal(decodePostgresLoad([row]).sessions.size, 0);
  });

  it("refuses what is no number", () => {
    assert.throws(() => decodePostgresLoad([{ ...row, buffer_hits: "many" }]), /answered many in column buffer_hits/);
    assert.throws(() => decodePostgresLoad([]), /max_connections/);
  });
});
