import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parsePageserverCommand } from "./pageserver-command.ts";

const T = "a1b2c3d4e5f60718293a4b5c6d7e8f90";
const TL = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

/** The parts of a base backup request that vary, or the kind of what it is instead. */
function parsed(text: string): unknown {
  const command = parsePageserverCommand(text);
  if (command.kind !== "basebackup") return command.kind;
  assert.deepEqual([command.tenantId, command.timelineId], [T, TL]);
  return [command.lsn, command.gzip, command.replica];
}

describe("page service commands (chapter 06 §4.1, command parsing vectors)", () => {
  const good: readonly [string, unknown][] = [
    [`basebackup ${T} ${TL}`, [null, false, false]],
    [`basebackup ${T} ${TL} latest`, [null, false, false]],
    [`basebackup ${T} ${TL} --replica --gzip`, [null, true, true]],
    [`BaseBackup ${T} ${TL} 0/16ABCDE --gzip`, [0x16abcden, true, false]],
    [`  basebackup  ${T.toUpperCase()} ${TL} 0/16ABCDE --gzip --replica `, [0x16abcden, true, true]],
    ["set datestyle to iso", "set"],
    [`lease lsn ${T}-0204 ${TL} 0/1696628 `, "lease"],
    [`LEASE LSN ${T} ${TL} 0/1696628`, "lease"],
  ];
  for (const [text, expected] of good) it(`takes ${text}`, () => assert.deepEqual(parsed(text), expected));

  const bad: readonly string[] = [
    `basebackup ${T} ${TL} --gzip --gzip`,
    `basebackup ${T} ${TL} --gzip 0/16ABCDE`,
    `basebackup ${T} ${TL} 0-16ABCDE`,
    `basebackup ${T} ${TL} 0/16ABCDE --fast`,
    `basebackup ${T}-0204 ${TL}`,
    `basebackup ${T}`,
    `lease ${T} ${TL} 0/1`,
    `lease lsn ${T}-2 ${TL} 0/1`,
    `lease lsn ${T}-0204-0204 ${TL} 0/1`,
    `lease lsn ${T} ${TL} 1`,
    `lease lsn ${T} ${TL} 0/1 0/2`,
    "unknown_command",
    "basebackup",
    "",
  ];
  for (const text of bad) it(`refuses ${JSON.stringify(text)}`, () => assert.equal(parsed(text), "invalid"));

  it("takes the shard of a lease from the tenant's suffix", () => {
    const command = parsePageserverCommand(`lease lsn ${T}-0A10 ${TL} 0/1696628`);
    assert.deepEqual(command, { kind: "lease", tenantId: T, timelineId: TL, shard: "0a10", lsn: 0x1696628n });
    assert.equal(parsePageserverCommand(`lease lsn ${T} ${TL} 0/1`).kind === "lease", true);
  });

  it("says which argument it stumbled over", () => {
    assert.deepEqual(parsePageserverCommand(`basebackup ${T} ${TL} --gzip 0/1`), {
      kind: "invalid",
      message: 'basebackup: unexpected or repeated argument "0/1"',
    });
  });
});
