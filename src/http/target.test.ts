import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { splitTarget } from "./target.ts";

describe("splitTarget", () => {
  const cases: readonly [target: string, path: string, query: string | undefined][] = [
    ["/status", "/status", undefined],
    ["/terminate?", "/terminate", ""],
    ["/terminate?mode=fast?x", "/terminate", "mode=fast?x"],
    ["/%6detrics?a=%20", "/%6detrics", "a=%20"],
    ["http://localhost:3080/status?a", "/status", "a"],
    ["HTTP://[::1]", "", undefined],
    ["/status#part?a", "/status", undefined],
    ["*", "*", undefined],
  ];
  for (const [target, path, query] of cases) {
    it(`splits ${target}`, () => assert.deepEqual(splitTarget(target), { path, query }));
  }
});
