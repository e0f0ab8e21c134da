import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { cacheBytes, downscaleHeadroomBytes, inMib, mib, thresholdBytes, usableBytes } from "./sizes.ts";

describe("size arithmetic (VM-14)", () => {
  it("VM-14: cuts the file cache and the threshold out of the total", () => {
    const rows: readonly (readonly [totalMib: number, cacheMib: number, threshold: number])[] = [
      [0, 0, 0],
      [100, 0, 89128960],
      [256, 0, 228170137],
      [257, 0, 229061427],
      [258, 1, 229952716],
      [300, 40, 267386880],
      [512, 232, 456340275],
      [1024, 698, 912680550],
      [1462, 1096, 1303065395],
      [1463, 1097, 1303956684],
      [2048, 1536, 1825361100],
      [4096, 3072, 3650722201],
      [16384, 12288, 14602888806],
    ];
    for (const [total, cache, threshold] of rows) {
      assert.equal(cacheBytes(total * mib), cache * mib, `cache of ${total} MiB`);
      assert.equal(thresholdBytes(total * mib), threshold, `threshold of ${total} MiB`);
    }
  });

  it("VM-15: leaves the system its part of what is granted or asked for", () => {
    const rows: readonly (readonly [memMib: number, usable: number, cache: number, threshold: number, upTo: number])[] =
      [
        [64, 0, 0, 0, -downscaleHeadroomBytes],
        [256, 156, 0, 139041177, 34183577],
        [1024, 924, 607, 823551590, 718693990],
        [2048, 1948, 1461, 1736232140, 1631374540],
        [4096, 3996, 2997, 3561593241, 3456735641],
        [8192, 8092, 6069, 7212315443, 7107457843],
        [16384, 16284, 12213, 14513759846, 14408902246],
      ];
    for (const [mem, usable, cache, threshold, upTo] of rows) {
      const total = usableBytes(mem * mib);
      assert.equal(total, usable * mib, `usable of ${mem} MiB`);
      assert.equal(cacheBytes(total), cache * mib, `cache at ${mem} MiB`);
      assert.equal(thresholdBytes(total), threshold, `threshold at ${mem} MiB`);
      assert.equal(threshold - downscaleHeadroomBytes, upTo, `average up to which ${mem} MiB is enough`);
    }
  });

  it("VM-19, VM-24: begins with what the whole machine has", () => {
    const total = 4030368 * 1024;
    assert.equal(total, 4127096832);
    assert.equal(cacheBytes(total), 2951 * mib);
    assert.equal(thresholdBytes(total), 3508032307);
  });

  it("VM-23: never gives away more than there is, with what the file cache costs beside its content", () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 44 }), (total) => {
        const cache = cacheBytes(total);
        assert.ok(cache % mib === 0 && cache >= 0 && cache <= total * 0.75);
        assert.ok(cache === 0 || cache * 1.1 <= total - 256 * mib + 1);
      }),
    );
  });

  it("stays usable for sizes that no machine has", () => {
    assert.equal(usableBytes(0), 0);
    assert.equal(cacheBytes(2 ** 64) % mib, 0);
    assert.equal(inMib(3565158400), "3400 MiB");
    assert.equal(inMib(3561593241), "3396.6 MiB");
  });
});
