import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { unlessAborted, withDeadline } from "../../base/deadline.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import type { Owner } from "../../base/owner.ts";
import { archiveName, archiveUrl, type Build } from "../archive-address.ts";
import { archiveLimits } from "../archive-policy.ts";
import type { DownloadView } from "../download-view.ts";
import { type HttpGetter, openArchive } from "./gateway.ts";
import { type InstallFolders, installArchive } from "./install.ts";
import { onDisk } from "./on-disk.ts";
import type { StagedArchive } from "./unpack.ts";

/** Where archives come from and go to. */
export interface DownloadSettings {
  /** The gateway's address, with one slash at its end. */
  readonly baseUrl: string;
  readonly build: Build;
  /** Where archives are unpacked before they are installed; made when it is missing (EXT-36). */
  readonly stagingFolder: string;
  /** Finds out where Postgres looks for extensions; asked once. */
  readonly findFolders: () => Promise<InstallFolders>;
  /** Whom installed files belong to; null for this process (EXT-36). */
  readonly owner: Owner | null;
}

/** Whom downloads tell of themselves. */
export interface DownloadPorts {
  readonly log: Log;
  readonly clock: Clock;
  readonly get: HttpGetter;
  /** Every GET: the file's name and the status as the metric has it (EXT-34). */
  readonly onGet: (filename: string, httpStatus: string) => void;
  readonly onRetry: () => void;
  readonly onInFlight: (count: number) => void;
  /** Every download that ended, well or not. `bytes` as they came over the network. */
  readonly onEnd: (outcome: "installed" | "failed", seconds: number, bytes: number) => void;
}

/** Downloads of extensions: each archive once for the life of the process, shared by all who want it (EXT-32). */
export interface Downloads {
  /**
   * Sees to it that an extension is installed. A caller that goes away leaves the download to the others.
   * @returns the compressed bytes that came for this call; 0 when others had asked for it already
   * @throws Error `error downloading extension "<name>"` with the reason as its cause; the next call tries anew
   */
  fetch(extension: string, signal: AbortSignal): Promise<number>;
  /** All downloads so far, in the order of their first attempts. */
  list(): readonly DownloadView[];
  /** Whether an archive brought this library, given without suffix. */
  hasInstalled(library: string): boolean;
  /** Ends what goes on, and resolves when its files are gone. */
  close(): Promise<void>;
}

/** From the request to the last file: Postgres waits 60 s for an answer (trap 10). */
const downloadMsMax = 50_000;
const progressMs = 5_000;
/** No download takes that long: a staging folder of that age is what a killed process left. */
const staleMs = 600_000;

/** No download has begun. */
export function createDownloads(settings: DownloadSettings, ports: DownloadPorts): Downloads {
  const { log, clock } = ports;
  const closing = new AbortController();
  const views = new Map<string, DownloadView>();
  const shared = new Map<string, Promise<number>>();
  const works = new Set<Promise<unknown>>();
  const libraries = new Set<string>();
  let inFlight = 0;
  let isPrepared = false;
  let folders: InstallFolders | undefined;

  /** What every download needs; asked for again when it could not be had. */
  async function prepare(): Promise<InstallFolders> {
    if (!isPrepared) await prepareStagingFolder(settings.stagingFolder);
    isPrepared = true;
    folders ??= await settings.findFolders();
    return folders;
  }

  function begin(extension: string): Promise<number> {
    const promise = run(extension);
    shared.set(extension, promise);
    // A failure is everybody's who waits now, and forgotten for those who come later.
    promise.catch(() => shared.delete(extension));
    return promise;
  }

  async function run(extension: string): Promise<number> {
    const began = clock.monotonicMs();
    const show = (parts: Partial<DownloadView>): void => {
      const before = views.get(extension);
      if (before !== undefined) views.set(extension, { ...before, ...parts });
    };
    views.set(extension, {
      extension,
      state: "downloading",
      startedAt: clock.now(),
      endedAt: null,
      receivedBytes: 0,
      totalBytes: null,
      error: null,
    });
    ports.onInFlight(++inFlight);
    let outcome: "installed" | "failed" = "failed";
    const bytes = { received: 0 };
    try {
      const archive = await withDeadline(
        `downloading extension ${extension}`,
        downloadMsMax,
        closing.signal,
        (signal) => {
          const work = downloadOnce(extension, signal, (received, totalBytes) => {
            bytes.received = received;
            show({ receivedBytes: received, totalBytes });
          });
          works.add(work);
          const forget = (): void => void works.delete(work);
          work.then(forget, forget);
          return work;
        },
      );
      for (const { place, path } of archive.files) {
        const name = path.length === 1 ? /^(.+)\.so$/.exec(path[0] ?? "")?.[1] : undefined;
        if (place === "library" && name !== undefined) libraries.add(name);
      }
      outcome = "installed";
      show({ state: outcome, endedAt: clock.now() });
      log.info(`installed extension ${extension}`, {
        bytes: bytes.received,
        files: archive.files.length,
        ms: Math.round(clock.monotonicMs() - began),
      });
      return bytes.received;
    } catch (cause) {
      const error = new Error(`error downloading extension "${extension}"`, { cause });
      show({ state: outcome, endedAt: clock.now(), error: describeError(cause) });
      log.error(describeError(error));
      throw error;
    } finally {
      ports.onInFlight(--inFlight);
      ports.onEnd(outcome, (clock.monotonicMs() - began) / 1000, bytes.received);
    }
  }

  async function downloadOnce(
    extension: string,
    signal: AbortSignal,
    onProgress: (received: number, total: number | null) => void,
  ): Promise<StagedArchive> {
    const url = archiveUrl(settings.baseUrl, settings.build, extension);
    log.info(`downloading extension ${extension}`, { from: url.host, path: url.pathname });
    // zstd and the tar reader are needed only once there is an archive, and load while it is asked for.
    const loading = import("./unpack.ts");
    loading.catch(() => {});
    const installFolders = await prepare();
    const staging = await makeStaging(settings.stagingFolder, extension);
    try {
      let toldMs = clock.monotonicMs();
      const stream = await openArchive(url, archiveLimits, {
        get: ports.get,
        log,
        signal,
        onRetry: ports.onRetry,
        onGet: (httpStatus) => ports.onGet(archiveName(extension), httpStatus),
        onProgress(received, total) {
          onProgress(received, total);
          if (clock.monotonicMs() - toldMs < progressMs) return;
          toldMs = clock.monotonicMs();
          log.info(`still downloading extension ${extension}`, { bytes: received, of: total ?? undefined });
        },
      });
      const archive = await loading
        .then(({ unpackArchive }) => unpackArchive(stream.bytes, staging, settings.owner, archiveLimits))
        .finally(stream.close);
      if (archive.ignored > 0) {
        log.warn(`the archive of extension ${extension} has files outside of share/extension and lib: left out`, {
          files: archive.ignored,
        });
      }
      signal.throwIfAborted();
      await installArchive(archive, installFolders, settings.owner);
      return archive;
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  }

  return {
    async fetch(extension, signal) {
      const going = shared.get(extension);
      if (going === undefined) return unlessAborted(begin(extension), signal);
      await unlessAborted(going, signal);
      return 0;
    },
    list: () => [...views.values()],
    hasInstalled: (library) => libraries.has(library),
    async close() {
      closing.abort(new Error("compute_ctl is about to end"));
      await Promise.allSettled(works);
    },
  };
}

/** Makes the common folder, and removes what killed processes left in it. */
async function prepareStagingFolder(folder: string): Promise<void> {
  await onDisk(`cannot prepare ${folder}, where archives are unpacked`, async () => {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    for (const name of await readdir(folder)) {
      if (!/\.[A-Za-z\d]{6}$/.test(name)) continue;
      const found = await stat(join(folder, name)).catch(() => undefined);
      if (found === undefined || Date.now() - found.mtimeMs <= staleMs) continue;
      await rm(join(folder, name), { recursive: true, force: true });
    }
  });
}

async function makeStaging(folder: string, extension: string): Promise<string> {
  const prefix = join(folder, `${extension.replaceAll(/[^\w-]/g, "_").slice(0, 100)}.`);
  // Its mode is 0700.
  return onDisk(`cannot make a folder in ${folder}, where archives are unpacked`, () => mkdtemp(prefix));
}
