/*
 * The thread in which a pageserver serves one archive: its sending must not delay what is measured.
 */
import { readFile } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";
import { startPageserver } from "../../../src/standin/pageserver.ts";
import { testBranch } from "../../../src/standin/test-pageserver.ts";

const port = parentPort;
if (port === null || typeof workerData !== "string") throw new Error("this file is started by group.ts");
const image = { lsn: 0n, systemId: 0n, gzip: await readFile(workerData) };
const server = await startPageserver({ image, timelines: [testBranch], tokens: null });
port.once("message", () => void server.close());
port.postMessage({ port: server.port, grpcPort: server.grpcPort });
