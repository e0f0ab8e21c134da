/*
 * A process that fetches one base backup as compute_ctl does, and prints what that took: `{"ms", "peakKib", "idleKib"}`.
 * Arguments: libpq or grpc, the port, PGDATA, and the uid and gid of its owner.
 */
import { systemClock } from "../../../src/base/clock.ts";
import { testBranch } from "../../../src/standin/test-pageserver.ts";
import { beginBasebackup } from "../../../src/storage/do/basebackup.ts";
import { log } from "../log.ts";
import { readMemory } from "../process-memory.ts";

const [protocol, port, pgdata = "", uid, gid] = process.argv.slice(2);
const preferProtocol = protocol === "grpc" ? "grpc" : "libpq";
const libpqUrl = preferProtocol === "libpq" ? `postgresql://127.0.0.1:${port}` : null;
const grpcUrl = preferProtocol === "grpc" ? `grpc://127.0.0.1:${port}` : null;
const shards = new Map([["0000", { pageservers: [{ id: null, libpqUrl, grpcUrl }] }]]);
const request = {
  ...testBranch,
  pageservers: { shardCount: 0, stripeSize: null, shards, preferProtocol },
  mode: { kind: "primary" },
  compression: "gzip",
  token: null,
  pgdata,
  owner: uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) },
  retriesMax: 0,
  osUser: "bench",
  caFile: null,
} as const;
const pending = beginBasebackup(request, { clock: systemClock, signal: new AbortController().signal });
await pending.connected;
const { VmRSS: idleKib } = await readMemory(process.pid);
const { basebackupMs } = await pending.fetch(0n, log);
pending.close();
// Not the peak that the kernel tells of by getrusage: that one counts our parent's memory at the fork.
const { VmHWM: peakKib } = await readMemory(process.pid);
process.stdout.write(JSON.stringify({ ms: basebackupMs, peakKib, idleKib }));
