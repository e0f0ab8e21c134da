import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { PostgresForUser } from "../../src/standin/postgres-install.ts";
import { type PostgresMajor, postgresMajors } from "../../src/standin/postgres-major.ts";

/** What a storage thread is to bring up. */
export interface StorageRequest {
  readonly major: PostgresMajor;
  readonly workdir: string;
}

/** Where the storage is, and what opens it. */
export interface StorageFacts {
  readonly tenantId: string;
  readonly timelineId: string;
  readonly pageserverUrl: string;
  readonly safekeeperHostPorts: readonly string[];
  readonly postgres: PostgresForUser;
  readonly storageToken: string;
}

/** A thread with the stand-in storage in it. */
export interface StorageHost {
  readonly facts: StorageFacts;
  close(): Promise<void>;
}

const worker = new URL("storage-worker.ts", import.meta.url);

/** Whether a thread was given what it needs. */
export function isStorageRequest(value: unknown): value is StorageRequest {
  if (typeof value !== "object" || value === null || !("major" in value && "workdir" in value)) return false;
  return postgresMajors.some((major) => major === value.major) && typeof value.workdir === "string";
}

/** Starts the stand-in storage in a thread of its own. It cannot be cut short: `initdb` must not outlive us. */
export async function startStorageHost(request: StorageRequest): Promise<StorageHost> {
  const thread = new Worker(worker, { workerData: request });
  const { promise, resolve, reject } = Promise.withResolvers<StorageFacts>();
  thread.once("message", resolve);
  thread.once("error", reject);
  try {
    const facts = await promise;
    // It has nothing of its own to lose: a benchmark that is over does not wait for it.
    thread.unref();
    return {
      facts,
      async close() {
        const ended = once(thread, "exit");
        thread.postMessage("close");
        await ended;
      },
    };
  } catch (error) {
    await thread.terminate();
    throw error;
  }
}
