import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hasMemoryController, memoryMaxBytes, memTotalBytes, sampleFrom } from "./cgroup-files.ts";

const nothingElse = { events: null, pressure: null };

describe("sampleFrom (VM-20)", () => {
  it("VM-20: counts anonymous memory, and neither the total nor the page cache", () => {
    const stat = "anon 5000\ninactive_anon 1200\nactive_anon 300\nfile 9\n";
    assert.deepEqual(sampleFrom({ stat, ...nothingElse }), { bytes: 1500, highEvents: null, stalledPercent: null });
  });

  it("VM-20: takes a missing key for 0", () => {
    assert.equal(sampleFrom({ stat: "inactive_anon 7\n", ...nothingElse }).bytes, 7);
    assert.equal(sampleFrom({ stat: "", ...nothingElse }).bytes, 0);
    assert.equal(sampleFrom({ stat: "active_anon x\n", ...nothingElse }).bytes, 0);
  });

  it("reads how often memory.high was exceeded, and for how long everything stalled", () => {
    const events = "low 0\nhigh 42\nmax 1\noom 0\noom_kill 0\n";
    const pressure =
      "some avg10=30.00 avg60=1.00 avg300=0.00 total=1\nfull avg10=12.34 avg60=0.10 avg300=0.00 total=9\n";
    const sample = sampleFrom({ stat: "", events, pressure });
    assert.deepEqual([sample.highEvents, sample.stalledPercent], [42, 12.34]);
    const odd = sampleFrom({ stat: "", events: "low 0\n", pressure: "some avg10=30.00 avg60=1.00\n" });
    assert.deepEqual([odd.highEvents, odd.stalledPercent], [null, null]);
  });
});

describe("what a machine and a cgroup have", () => {
  it("VM-18: looks for the memory controller as a word of its own", () => {
    assert.equal(hasMemoryController("cpuset cpu io memory hugetlb pids\n"), true);
    assert.equal(hasMemoryController("cpu memory.high\n"), false);
  });

  it("VM-19: reads MemTotal in kB", () => {
    assert.equal(memTotalBytes("MemTotal:        4030368 kB\nMemFree:          12 kB\n"), 4127096832);
    assert.equal(memTotalBytes("MemFree: 12 kB\n"), null);
  });

  it("reads a cgroup's limit, if it has one", () => {
    assert.equal(memoryMaxBytes("1073741824\n"), 1073741824);
    assert.equal(memoryMaxBytes("max\n"), null);
  });
});
