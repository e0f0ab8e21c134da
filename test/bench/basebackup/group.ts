import { execFile } from "node:child_process";
import { once } from "node:events";
import { chown, mkdir, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import type { World } from "../bench-world.ts";
import { measureTar } from "../floors.ts";
import type { BenchGroup } from "../measures.ts";
import { writeLargeArchive } from "./large-archive.ts";

const run = promisify(execFile);
const fetchMsMax = 120_000;
const megabytes = 500;
const worker = new URL("pageserver-worker.ts", import.meta.url);
const fetchProcess = join(import.meta.dirname, "fetch-process.ts");

/** What base backups take (issue "Storage protocols"): at most 1.1 × `tar xzf`, under 120 MB of memory. */
export const basebackupGroup: BenchGroup = {
  name: "basebackup",
  about: "base backups of 40 and 500 MB over libpq and gRPC, against tar",
  // A round writes 1.6 GB, and nothing is removed before the end.
  roundsMax: 3,
  floorTitles: {
    tarSmallMs: "`tar xzf`",
    tarLargeMs: "`tar xzf`",
    libpqIdleKib: "once connected",
    grpcIdleKib: "once connected",
  },
  rows: [
    { title: "base backup of 40 MB over libpq", measure: "libpqSmallMs", floor: "tarSmallMs" },
    { title: "– over gRPC", measure: "grpcSmallMs", floor: "tarSmallMs" },
    { title: "base backup of 500 MB over libpq", measure: "libpqLargeMs", floor: "tarLargeMs" },
    { title: "– over gRPC", measure: "grpcLargeMs", floor: "tarLargeMs" },
    { title: "– peak memory of the process over libpq", measure: "libpqLargeKib", floor: "libpqIdleKib" },
    { title: "– over gRPC", measure: "grpcLargeKib", floor: "grpcIdleKib" },
  ],
  async measureRound(world) {
    const small = await measureArchive(world, world.archiveFile);
    const large = await measureArchive(world, await largeArchive(world));
    return {
      tarSmallMs: small.tarMs,
      libpqSmallMs: small.libpq.ms,
      grpcSmallMs: small.grpc.ms,
      tarLargeMs: large.tarMs,
      libpqLargeMs: large.libpq.ms,
      grpcLargeMs: large.grpc.ms,
      libpqIdleKib: large.libpq.idleKib,
      grpcIdleKib: large.grpc.idleKib,
      libpqLargeKib: large.libpq.peakKib,
      grpcLargeKib: large.grpc.peakKib,
    };
  },
};

interface Fetched {
  readonly ms: number;
  readonly peakKib: number;
  /** Before the first byte of the archive. */
  readonly idleKib: number;
}

/** The large archive of this benchmark; made when it is first wanted. */
async function largeArchive(world: World): Promise<string> {
  const file = join(world.folder, "large.tar.gz");
  const found = await run("test", ["-e", file]).then(
    () => true,
    () => false,
  );
  if (!found) await writeLargeArchive(world.archiveFile, megabytes, file);
  return file;
}

async function measureArchive(world: World, archiveFile: string) {
  const thread = new Worker(worker, { workerData: archiveFile });
  const ended = once(thread, "exit");
  try {
    const [ports] = (await once(thread, "message")) as [{ readonly port: number; readonly grpcPort: number }];
    const libpq = await measureFetch(world, "libpq", ports.port);
    const tarMs = await measureTar(world, archiveFile, await newPgdata(world));
    const grpc = await measureFetch(world, "grpc", ports.grpcPort);
    return { libpq, grpc, tarMs };
  } finally {
    thread.postMessage("close");
    await ended;
  }
}

async function measureFetch(world: World, protocol: "libpq" | "grpc", port: number): Promise<Fetched> {
  const { runAs } = world.storage.postgres;
  const owner = runAs === null ? [] : [String(runAs.uid), String(runAs.gid)];
  const args = [fetchProcess, protocol, String(port), await newPgdata(world), ...owner];
  const { stdout } = await run(process.execPath, args, { signal: world.signal, timeout: fetchMsMax });
  return JSON.parse(stdout);
}

async function newPgdata(world: World): Promise<string> {
  const parent = await mkdtemp(join(world.folder, "storage-"));
  const pgdata = join(parent, "pgdata");
  await mkdir(pgdata, { mode: 0o700 });
  const { runAs } = world.storage.postgres;
  if (runAs !== null) for (const folder of [parent, pgdata]) await chown(folder, runAs.uid, runAs.gid);
  return pgdata;
}
