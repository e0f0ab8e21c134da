import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { freshSession, nextStep } from "./session.ts";
import type { Session, SessionAction, SessionEvent, SetUp } from "./session-types.ts";
import { mib } from "./sizes.ts";
import { noCounts, noteworthy, viewSession, withNews } from "./view.ts";

interface Talker {
  atMs: number;
  session(): Session;
  /** What is done about an event. */
  on(event: SessionEvent): readonly SessionAction[];
  /** What is sent, set and closed about a text: `> text`, `= MiB`, `x code`. */
  say(text: string): string[];
  sample(bytes: number): string[];
  samples(count: number, bytes: number): string[];
  live(): Talker;
}

/** A session that a test talks to; `atMs` is its clock. */
function talk(found: SetUp = { totalBytes: 16384 * mib, watchesCgroup: true, cacheBytes: 0 }): Talker {
  let session: Session = freshSession;
  const talker: Talker = {
    atMs: 0,
    session: () => session,
    on(event) {
      const step = nextStep(session, event, talker.atMs);
      session = step.session;
      return step.actions;
    },
    say: (text) => shown(talker.on({ kind: "text", text })),
    sample(bytes) {
      talker.atMs += 100;
      return shown(talker.on({ kind: "sample", sample: { bytes, highEvents: null, stalledPercent: null } }));
    },
    samples: (count, bytes) => Array.from({ length: count }, () => talker.sample(bytes)).flat(),
    live() {
      talker.say('{"min":1,"max":1}');
      talker.on({ kind: "set-up", found });
      return talker;
    },
  };
  return talker;
}

function shown(actions: readonly SessionAction[]): string[] {
  return actions.flatMap((action) => {
    if (action.kind === "send") return [`> ${action.text.replace(/"(Status|error)":"(?:[^"\\]|\\.)+"/, '"$1":"…"')}`];
    if (action.kind === "set-cache") return [`= ${action.bytes / mib}`];
    if (action.kind === "close") return [`x ${action.closing.code}`];
    return action.kind === "set-up" ? ["set up"] : [];
  });
}

const health = (id: number): string => `{"content":{},"type":"HealthCheck","id":${id}}`;
const upscale = (memMib: number, id: number): string =>
  `{"content":{"granted":{"cpu":2,"mem":${memMib * mib}}},"type":"UpscaleNotification","id":${id}}`;
const downscale = (memMib: number, id: number): string =>
  `{"content":{"target":{"cpu":1,"mem":${memMib * mib}}},"type":"DownscaleRequest","id":${id}}`;
const result = (ok: boolean, id: number): string => `> {"type":"DownscaleResult","Ok":${ok},"Status":"…","id":${id}}`;
const cacheOnly: SetUp = { totalBytes: 4096 * mib, watchesCgroup: false, cacheBytes: 0 };
const neither: SetUp = { ...cacheOnly, cacheBytes: null };

describe("the handshake (VM-8)", () => {
  it("VM-8: tells the version when the session is set up (trap 13)", () => {
    const agent = talk();
    assert.deepEqual(agent.say('{"min":1,"max":1}\n'), ["set up"]);
    assert.deepEqual(shown(agent.on({ kind: "set-up", found: neither })), ['> {"version":1}']);
    assert.equal(agent.session().stage, "live");
  });

  it("VM-7: reports a failed set-up instead of it, and closes (trap 13)", () => {
    const agent = talk();
    agent.say('{"min":1,"max":1}');
    assert.deepEqual(shown(agent.on({ kind: "set-up-failed", why: "no Postgres" })), ['> {"error":"…"}', "x 1011"]);
    assert.deepEqual(agent.say(health(2)), [], "nothing more is answered");
  });

  it("VM-8: names the versions of a range that does not fit, and has no answer to what is none", () => {
    assert.deepEqual(talk().say('{"min":2,"max":3}'), ['> {"error":"…"}', "x 1002"]);
    for (const text of ['{"min":3,"max":1}', '{"min":1}', '{"min":1,"max":256}', "hello"]) {
      assert.deepEqual(talk().say(text), ["x 1002"], text);
    }
    assert.deepEqual(shown(talk().on({ kind: "binary" })), ["x 1002"]);
  });

  it("VM-7: lets requests that come before the set-up is done wait for it", () => {
    const agent = talk();
    agent.say('{"min":1,"max":1}');
    assert.deepEqual([agent.say(health(2)), agent.say(upscale(8192, 4))], [[], []]);
    assert.deepEqual(shown(agent.on({ kind: "set-up", found: cacheOnly })), [
      '> {"version":1}',
      '> {"type":"HealthCheck","id":2}',
      "= 6069",
    ]);
  });
});

describe("exchanges (VM-9 to VM-17)", () => {
  it("VM-9: answers a health check (exchange 1)", () => {
    assert.deepEqual(talk().live().say(health(2)), ['> {"type":"HealthCheck","id":2}']);
  });

  it("VM-16: sizes the file cache by what was granted, moves the threshold, confirms (exchange 2)", () => {
    const agent = talk().live();
    assert.deepEqual(agent.say(upscale(8192, 4)), ["= 6069"]);
    assert.deepEqual(shown(agent.on({ kind: "cache-set", bytes: 6069 * mib })), [
      '> {"type":"UpscaleConfirmation","id":4}',
    ]);
    assert.equal(agent.session().watch?.thresholdBytes, 7212315443);
  });

  it("VM-15: allows a downscale that leaves enough (exchange 3)", () => {
    const agent = talk().live();
    agent.samples(5, 2048 * mib);
    assert.deepEqual(agent.say(downscale(4096, 6)), ["= 2997"]);
    assert.equal(agent.session().watch?.thresholdBytes, 14602888806, "not before the cache has its size");
    assert.deepEqual(shown(agent.on({ kind: "cache-set", bytes: 2997 * mib })), [result(true, 6)]);
    assert.equal(agent.session().watch?.thresholdBytes, 3561593241);
  });

  it("VM-15: refuses one that does not, by the byte (exchanges 4 and 4a)", () => {
    for (const [average, answer] of [
      [3400 * mib, [result(false, 8)]],
      [3456735642, [result(false, 8)]],
      [3456735641, ["= 2997"]],
    ] as const) {
      const agent = talk().live();
      agent.samples(5, average);
      assert.deepEqual(agent.say(downscale(4096, 8)), answer, `average ${average}`);
    }
  });

  it("VM-15: refuses on the strength of one sample only (exchange 5)", () => {
    const agent = talk().live();
    agent.sample(1);
    assert.deepEqual(agent.say(downscale(4096, 10)), [result(false, 10)]);
    agent.sample(1);
    assert.deepEqual(agent.say(downscale(4096, 12)), ["= 2997"]);
  });

  it("VM-15: cannot tell when the last sample is older than 5 s, or none came for so long (exchange 6)", () => {
    const failed = '> {"type":"InternalError","error":"…","id":12}';
    const stale = talk().live();
    stale.samples(5, 1);
    stale.atMs += 6_000;
    assert.deepEqual(stale.say(downscale(4096, 12)), [failed]);
    const fresh = talk().live();
    fresh.samples(5, 1);
    fresh.atMs += 5_000;
    assert.deepEqual(fresh.say(downscale(4096, 12)), ["= 2997"]);
    const without = talk().live();
    without.atMs += 5_001;
    assert.deepEqual(without.say(downscale(4096, 12)), [failed]);
    without.atMs -= 1;
    assert.deepEqual(without.say(downscale(4096, 12)), [result(false, 12)]);
  });

  it("VM-13: answers InternalError when the file cache cannot be sized, keeps the threshold, goes on (exchange 7)", () => {
    const agent = talk().live();
    const before = agent.session().watch?.thresholdBytes;
    agent.say(upscale(8192, 14));
    const answer = '> {"type":"InternalError","error":"…","id":14}';
    assert.deepEqual(shown(agent.on({ kind: "cache-failed", why: "unreachable" })), [answer]);
    assert.equal(agent.session().watch?.thresholdBytes, before);
    assert.deepEqual(agent.say(health(16)), ['> {"type":"HealthCheck","id":16}']);
  });

  it("VM-15: has nothing to object without a cgroup (exchange 8, trap 10)", () => {
    const lfc = talk(cacheOnly).live();
    assert.deepEqual(lfc.say(downscale(4096, 16)), ["= 2997"]);
    assert.deepEqual(shown(lfc.on({ kind: "cache-set", bytes: 2997 * mib })), [result(true, 16)]);
    const unmanaged = talk(neither).live();
    assert.deepEqual(unmanaged.say(downscale(4096, 16)), [result(true, 16)]);
    assert.deepEqual(unmanaged.say(upscale(4096, 18)), ['> {"type":"UpscaleConfirmation","id":18}']);
  });

  it("VM-15: needs no file cache to guard a cgroup", () => {
    const agent = talk({ totalBytes: 16384 * mib, watchesCgroup: true, cacheBytes: null }).live();
    agent.samples(5, 2048 * mib);
    assert.deepEqual(agent.say(downscale(4096, 6)), [result(true, 6)]);
    assert.equal(agent.session().watch?.thresholdBytes, 3561593241);
    assert.deepEqual(agent.say(downscale(64, 8)), [result(false, 8)]);
  });

  it("VM-9: does not answer complaints (exchange 10)", () => {
    const agent = talk().live();
    for (const type of ["InvalidMessage", "InternalError"]) {
      const actions = agent.on({ kind: "text", text: `{"content":{"error":"x"},"type":"${type}","id":20}` });
      assert.deepEqual(
        actions.map(({ kind }) => kind),
        ["tell"],
      );
    }
  });

  it("VM-12: answers InvalidMessage to what it does not understand, and stays (exchange 11)", () => {
    const agent = talk().live();
    assert.deepEqual(agent.say('{"content":{},"type":"Dance","id":22}'), [
      '> {"type":"InvalidMessage","error":"…","id":22}',
    ]);
    assert.deepEqual(shown(agent.on({ kind: "binary" })), []);
    assert.deepEqual(agent.say(health(24)), ['> {"type":"HealthCheck","id":24}']);
    assert.deepEqual(agent.say("no JSON"), ["x 1007"]);
  });
});

describe("one after the other (VM-13)", () => {
  it("VM-13: keeps requests in order while the file cache is resized, and answers health checks meanwhile", () => {
    const agent = talk(cacheOnly).live();
    assert.deepEqual(agent.say(upscale(8192, 2)), ["= 6069"]);
    assert.deepEqual([agent.say(downscale(4096, 4)), agent.say(upscale(2048, 6))], [[], []]);
    assert.deepEqual(agent.say(health(8)), ['> {"type":"HealthCheck","id":8}']);
    const next = (bytes: number): string[] => shown(agent.on({ kind: "cache-set", bytes }));
    assert.deepEqual(next(6069 * mib), ['> {"type":"UpscaleConfirmation","id":2}', "= 2997"]);
    assert.deepEqual(next(2997 * mib), [result(true, 4), "= 1461"]);
    assert.deepEqual(next(1461 * mib), ['> {"type":"UpscaleConfirmation","id":6}']);
  });

  it("VM-16: only warns when the file cache got another size", () => {
    const agent = talk(cacheOnly).live();
    agent.say(upscale(8192, 2));
    const told = agent.on({ kind: "cache-set", bytes: 2048 * mib }).filter((action) => action.kind === "tell");
    assert.match(JSON.stringify(told), /was to have 6069 MiB, but has 2048 MiB/);
  });

  it("VM-12: puts up with strange messages, but not with nothing else", () => {
    const agent = talk(cacheOnly).live();
    for (let count = 0; count < 32; count += 1) assert.deepEqual(shown(agent.on({ kind: "binary" })), []);
    assert.deepEqual(agent.say(health(2)), ['> {"type":"HealthCheck","id":2}']);
    assert.deepEqual(shown(agent.on({ kind: "binary" })), ["x 1008"]);
  });

  it("is not flooded", () => {
    const agent = talk(cacheOnly).live();
    const said = Array.from({ length: 40 }, (_, index) => agent.say(upscale(8192, 2 * index + 2))).flat();
    assert.deepEqual(said, ["= 6069", "x 1008"]);
  });
});

describe("asking for more (VM-11, VM-17)", () => {
  it("VM-11: counts its own requests in odd ids from 3 on, a second apart", () => {
    const agent = talk({ totalBytes: 100 * mib, watchesCgroup: true, cacheBytes: null }).live();
    assert.deepEqual(agent.samples(4, 100 * mib), [], "not before five samples are in (trap 12)");
    assert.deepEqual(agent.sample(100 * mib), ['> {"type":"UpscaleRequest","id":3}']);
    assert.deepEqual(agent.samples(9, 100 * mib), []);
    assert.deepEqual(agent.sample(100 * mib), ['> {"type":"UpscaleRequest","id":5}']);
  });

  it("VM-17: lets samples that come during a request collapse into the newest", () => {
    const agent = talk({ totalBytes: 100 * mib, watchesCgroup: true, cacheBytes: 0 }).live();
    agent.say(upscale(256, 2));
    assert.deepEqual(agent.samples(20, 256 * mib), []);
    assert.deepEqual(shown(agent.on({ kind: "cache-set", bytes: 0 })), [
      '> {"type":"UpscaleConfirmation","id":2}',
      '> {"type":"UpscaleRequest","id":3}',
    ]);
  });

  it("VM-6: carries nothing over into another session", () => {
    assert.deepEqual([freshSession.lastId, freshSession.watch, freshSession.cacheBytes], [1, null, null]);
  });
});

describe("leaving (VM-6)", () => {
  const closing = { code: 1001, reason: "another agent has connected" };

  it("VM-6: goes at once when idle, and not before a request in progress is answered otherwise", () => {
    const idle = talk().live();
    assert.deepEqual(shown(idle.on({ kind: "leave", closing, when: "idle" })), ["x 1001"]);
    const busy = talk(cacheOnly).live();
    busy.say(upscale(8192, 2));
    busy.say(upscale(4096, 4));
    assert.deepEqual(shown(busy.on({ kind: "leave", closing, when: "idle" })), []);
    assert.deepEqual(shown(busy.on({ kind: "cache-set", bytes: 6069 * mib })), [
      '> {"type":"UpscaleConfirmation","id":2}',
      "x 1001",
    ]);
    assert.deepEqual(busy.sample(1), []);
  });

  it("VM-4: goes at once when there is nothing to wait for any more", () => {
    const busy = talk(cacheOnly).live();
    busy.say(upscale(8192, 2));
    assert.deepEqual(shown(busy.on({ kind: "leave", closing, when: "now" })), ["x 1001"]);
    assert.deepEqual(shown(busy.on({ kind: "cache-set", bytes: 1 })), []);
  });

  it("has nothing to say to a connection that is gone", () => {
    const agent = talk().live();
    assert.deepEqual(agent.on({ kind: "gone" }), []);
    assert.deepEqual(agent.say(health(2)), []);
    assert.equal(viewSession(agent.session(), "peer", new Date(0)), null);
  });

  it("keeps every reason within the 123 bytes of a close frame", () => {
    const flooded = talk(cacheOnly).live();
    for (let id = 2; id <= 66; id += 2) flooded.say(upscale(8192, id));
    const steps = [
      talk().on({ kind: "text", text: "x" }),
      talk().on({ kind: "text", text: '{"min":2,"max":3}' }),
      talk().on({ kind: "set-up-failed", why: "x".repeat(500) }),
      talk().live().on({ kind: "text", text: "x" }),
      flooded.on({ kind: "text", text: upscale(8192, 68) }),
    ];
    const reasons = steps.flat().flatMap((action) => (action.kind === "close" ? [action.closing.reason] : []));
    assert.equal(reasons.length, steps.length);
    for (const reason of reasons) assert.ok(reason !== "" && Buffer.byteLength(reason) <= 123, reason);
  });
});

describe("whatever an agent says (VM-10, trap 9)", () => {
  const words = fc.constantFrom(
    "HealthCheck",
    "UpscaleNotification",
    "DownscaleRequest",
    "InvalidMessage",
    "InternalError",
  );
  const anything = fc.anything({ withBigInt: false, maxDepth: 3 });
  const almost = fc
    .record(
      {
        type: fc.oneof(words, anything),
        id: fc.oneof(fc.nat(), anything),
        content: fc.oneof(
          fc.record({ granted: anything, target: fc.record({ mem: anything, cpu: anything }) }),
          anything,
        ),
        min: fc.oneof(fc.nat(), anything),
        max: fc.oneof(fc.nat(), anything),
      },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value));
  const said = fc.array(fc.oneof(almost, fc.json(), fc.string({ unit: "binary" })), { maxLength: 8 });

  it("VM-10: never breaks the monitor, and is answered in JSON that an agent reads, if at all", () => {
    fc.assert(
      fc.property(said, fc.boolean(), (texts, isLive) => {
        const agent = isLive ? talk().live() : talk();
        for (const text of texts) {
          for (const action of agent.on({ kind: "text", text })) {
            if (action.kind !== "send") continue;
            assert.ok(Buffer.byteLength(action.text) < 32_768);
            assert.equal(typeof JSON.parse(action.text), "object");
          }
        }
      }),
    );
  });
});

describe("the view", () => {
  it("shows what a session manages and knows", () => {
    const agent = talk({ totalBytes: 100 * mib, watchesCgroup: true, cacheBytes: 3 * mib }).live();
    agent.samples(2, 10 * mib);
    assert.deepEqual(viewSession(agent.session(), "10.0.0.1:5", new Date(0)), {
      peer: "10.0.0.1:5",
      since: new Date(0),
      stage: "live",
      samples: 2,
      averageBytes: 10 * mib,
      thresholdBytes: 85 * mib,
      fileCacheBytes: 3 * mib,
    });
  });

  it("counts what was asked for, and tells the last of it in a line", () => {
    const agent = talk().live();
    agent.sample(1);
    const news = [agent.on({ kind: "text", text: health(2) }), agent.on({ kind: "text", text: downscale(4096, 4) })]
      .flat()
      .flatMap((action) => (action.kind === "tell" ? [action.news] : []));
    assert.deepEqual(news.reduce(withNews, noCounts), { ...noCounts, downscalesRefused: 1 });
    assert.deepEqual(news.map(noteworthy), [
      null,
      "DownscaleRequest refused: too few samples of the memory use so far: 1",
    ]);
  });
});
