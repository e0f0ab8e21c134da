/*
 * The thread in which the stand-in storage lives during a benchmark: its sending must not delay what the main thread
 * observes.
 */
import { parentPort, workerData } from "node:worker_threads";
import { startStorage } from "../../src/standin/storage.ts";
import { isStorageRequest, type StorageFacts } from "./storage-host.ts";

if (parentPort === null || !isStorageRequest(workerData)) throw new Error("this file is started by storage-host.ts");
const storage = await startStorage({ ...workerData, tokens: true, safekeepers: 3 });
const { tenantId, timelineId, pageserverUrl, safekeeperHostPorts, postgres } = storage;
const storageToken = await storage.issueToken({ scope: "tenant", tenant_id: tenantId });
const facts: StorageFacts = { tenantId, timelineId, pageserverUrl, safekeeperHostPorts, postgres, storageToken };
parentPort.once("message", () => void storage.close());
parentPort.postMessage(facts);
