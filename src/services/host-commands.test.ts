import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { commandLine, hostCommands } from "./host-commands.ts";
import { hostPaths } from "./host-paths.ts";

const lines = (swap: bigint | null, quota: bigint | null, resizeSwap: boolean, quotaMount: string | null) =>
  hostCommands({ swapSizeBytes: swap, diskQuotaBytes: quota }, { resizeSwap, quotaMount }, hostPaths("/")).map(
    commandLine,
  );

describe("hostCommands", () => {
  it("SVC-50: resizes swap by --once first, and by the exact number", () => {
    assert.deepEqual(lines(18446744073709551615n, null, true, null), [
      "/usr/bin/sudo /neonvm/bin/resize-swap --once 18446744073709551615",
    ]);
  });

  it("SVC-51: sets the quota in KiB, rounded down; 0 lifts it", () => {
    assert.deepEqual(lines(null, 5_000_000n, false, "/var"), ["/usr/bin/sudo /neonvm/bin/set-disk-quota 4882 /var"]);
    assert.deepEqual(lines(null, 0n, false, "/var"), ["/usr/bin/sudo /neonvm/bin/set-disk-quota 0 /var"]);
  });

  it("SVC-50, SVC-51: does nothing with the spec's wish or the flag alone", () => {
    assert.deepEqual(lines(1n, 1n, false, null), []);
    assert.deepEqual(lines(null, null, true, "/var"), []);
  });
});

describe("hostPaths", () => {
  it("SVC-73: are those of chapter 04, below the root", () => {
    assert.equal(hostPaths("/").localProxyPid, "/etc/local_proxy/pid");
    assert.equal(hostPaths("/image/").resizeSwap, "/image/neonvm/bin/resize-swap");
    const texts = (value: unknown): readonly string[] =>
      typeof value === "string" ? [value] : Object.values(value ?? {}).flatMap(texts);
    const all = texts(hostPaths("/image"));
    assert.ok(all.length > 10);
    assert.deepEqual(
      all.filter((path) => !path.startsWith("/image/")),
      [],
    );
  });
});
