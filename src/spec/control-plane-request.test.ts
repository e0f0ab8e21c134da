import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { originalSchedule, patientSchedule, retryAfterMs, specUrl } from "./control-plane-request.ts";

describe("specUrl (SPEC-80)", () => {
  it("joins base and id without cleaning up slashes", () => {
    assert.equal(specUrl("http://h", "c").href, "http://h/compute/api/v2/computes/c/spec");
    assert.equal(specUrl("http://h/base/", "c").pathname, "/base//compute/api/v2/computes/c/spec");
    assert.equal(specUrl("http://h", "ep/1").pathname, "/compute/api/v2/computes/ep/1/spec");
  });

  it("encodes what could end the path (trap 21)", () => {
    const { pathname, search, hash } = specUrl("http://h", "a?b#c d");
    assert.equal(pathname, "/compute/api/v2/computes/a%3Fb%23c%20d/spec");
    assert.equal(search + hash, "");
  });

  it("refuses what is no URL", () => {
    assert.throws(() => specUrl("no url", "c"), TypeError);
  });
});

describe("patientSchedule (FIELD-3)", () => {
  const at = (schedule: ReturnType<typeof patientSchedule>, step: number, waitedMs = 0, asked: number | null = null) =>
    schedule.next({ attempt: step, step, waitedMs, retryAfterMs: asked });

  it("pauses from 0.1 s to 10 s, doubling, each somewhere in its upper half", () => {
    for (const random of [0, 0.5, 1]) {
      const schedule = patientSchedule(300_000, () => random);
      const pauses = Array.from({ length: 12 }, (_, index) => at(schedule, index + 1).pauseMs);
      for (const [index, pause] of pauses.entries()) {
        const full = Math.min(10_000, 200 * 2 ** index);
        assert.ok(pause >= full / 2 && pause <= full, `${pause} of ${full}`);
        assert.ok(pause >= 100 && pause <= 10_000);
      }
    }
    assert.equal(
      at(
        patientSchedule(300_000, () => 0),
        1,
      ).pauseMs,
      100,
    );
    assert.equal(
      at(
        patientSchedule(300_000, () => 1),
        2000,
      ).pauseMs,
      10_000,
    );
  });

  it("waits as long as the control plane asks for", () => {
    assert.equal(
      at(
        patientSchedule(300_000, () => 0),
        1,
        0,
        42_000,
      ).pauseMs,
      42_000,
    );
    assert.equal(
      at(
        patientSchedule(300_000, () => 0),
        9,
        0,
        1,
      ).pauseMs,
      10_000 / 2,
    );
  });

  it("makes its last attempt when the time is up, whatever Retry-After says, and none after it", () => {
    const schedule = patientSchedule(60_000, () => 0);
    assert.deepEqual(at(schedule, 9, 59_000, 3_600_000), { pauseMs: 1_000, again: true });
    assert.deepEqual(at(schedule, 10, 60_000), { pauseMs: 0, again: false });
  });

  it("gives up at once only on 400, 401 and 403; the original on all but 502 and 503", () => {
    const statuses = [204, 400, 401, 403, 404, 408, 425, 429, 500, 502, 503, 504];
    const patient = patientSchedule(1, () => 0);
    assert.deepEqual(
      statuses.filter((status) => !patient.retries(status)),
      [400, 401, 403],
    );
    assert.deepEqual(
      statuses.filter((status) => originalSchedule.retries(status)),
      [502, 503],
    );
  });
});

describe("retryAfterMs", () => {
  const now = new Date("2031-04-05T06:07:08Z");
  it("reads seconds and dates, and nothing else", () => {
    assert.equal(retryAfterMs("120", now), 120_000);
    assert.equal(retryAfterMs("Sat, 05 Apr 2031 06:07:18 GMT", now), 10_000);
    assert.equal(retryAfterMs("Sat, 05 Apr 2031 06:07:00 GMT", now), 0);
    for (const header of [undefined, "soon", "-5x"]) assert.equal(retryAfterMs(header, now), null);
  });
});
