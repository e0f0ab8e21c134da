import { readdir } from "node:fs/promises";
import { machine } from "node:os";
import { dirname, join } from "node:path";
import { describeError } from "../base/error-chain.ts";
import type { Log } from "../base/log.ts";
import { once } from "../base/once.ts";
import type { ExtensionDownloads } from "../compute/extension-downloads.ts";
import type { ExtensionsPort } from "../compute/ports.ts";
import type { DownloadSettings, Downloads } from "../extensions/do/downloads.ts";
import { remotePreloads } from "../extensions/preload.ts";
import { archiveOfSqlName, resolveRequest } from "../extensions/resolution.ts";
import { hasScripts } from "../extensions/scripts.ts";
import type { DerivedSpec } from "../spec/types.ts";
import type { Facts, Surroundings } from "./facts.ts";
import { loadControlFiles, loadDownloads } from "./load.ts";

/** Extensions from the gateway, for all who need them. */
export interface Extensions {
  readonly port: ExtensionsPort;
  readonly downloads: ExtensionDownloads;
  /**
   * Has an extension's files in place before our own session creates or updates it: stock Postgres asks nobody (chapter 08,
   * on vanilla Postgres). Never rejects: what is missing then, Postgres says better.
   * @param version null for whatever is the default
   */
  beforeCreate(name: string, version: string | null, signal: AbortSignal): Promise<void>;
  /** Whether a library came with a download, given without suffix. */
  hasInstalled(library: string): boolean;
  /** Ends the downloads that go on. */
  close(): Promise<void>;
}

/** Nothing is loaded until a spec or a request asks for an extension. */
export function createExtensions(
  facts: Facts,
  surroundings: Surroundings,
  currentSpec: () => DerivedSpec | null,
): Extensions {
  const { clock } = surroundings;
  const { remoteExtBaseUrl: baseUrl } = facts;
  const log = surroundings.log.span("extensions");
  const life = new AbortController();
  let downloads: Downloads | undefined;
  const open = once(async (): Promise<Downloads> => {
    downloads = await openDownloads(facts, surroundings, log, findFolders);
    return downloads;
  });

  async function findFolders() {
    return (await loadControlFiles()).findExtensionFolders(facts.installation, life.signal);
  }

  return {
    port: {
      expectedLibraries({ spec: { remoteExtensions: remote, cluster } }) {
        return new Set(remote === null || baseUrl === null ? [] : remotePreloads(cluster, remote));
      },
      async prepare({ spec: { remoteExtensions: remote, cluster } }, signal) {
        if (remote === null) return undefined;
        const { writeControlFiles } = await loadControlFiles();
        const { extension: folder } = await findFolders();
        await writeControlFiles(remote, { folder, owner: facts.osUser, log });
        const everything = facts.prefetchExtensions === "all";
        // Most computes preload nothing from the gateway, and need not wait for what downloading takes.
        if (baseUrl === null || (!everything && remotePreloads(cluster, remote).length === 0)) return undefined;
        const { fetchAtStart } = await loadDownloads();
        return fetchAtStart({ cluster, remote, everything }, { downloads: await open(), log, clock }, signal);
      },
    },
    downloads: {
      async provide(request, signal) {
        if (baseUrl === null) return { kind: "no-gateway" };
        const remote = currentSpec()?.spec.remoteExtensions ?? null;
        if (remote === null) return { kind: "no-information" };
        const found = resolveRequest(remote, request);
        if (!found.ok) return { kind: "not-offered", message: found.message };
        await (await open()).fetch(found.extension, signal);
        return { kind: "provided" };
      },
      list: () => downloads?.list() ?? [],
    },
    async beforeCreate(name, version, signal) {
      const remote = currentSpec()?.spec.remoteExtensions ?? null;
      const archive = baseUrl === null || remote === null ? undefined : archiveOfSqlName(remote, name);
      if (archive === undefined) return;
      try {
        const { extension: folder } = await findFolders();
        if (hasScripts(await readdir(folder), name, version)) return;
        await (await open()).fetch(archive, signal);
      } catch (error) {
        log.warn(`extension ${name} is created without a download before: ${describeError(error)}`);
      }
    },
    hasInstalled: (library) => downloads?.hasInstalled(library) ?? false,
    async close() {
      life.abort(new Error("compute_ctl is about to end"));
      await downloads?.close();
    },
  };
}

async function openDownloads(
  facts: Facts,
  { clock, metrics }: Surroundings,
  log: Log,
  findFolders: DownloadSettings["findFolders"],
): Promise<Downloads> {
  const { createDownloads, httpGet } = await loadDownloads();
  const { installation, remoteExtBaseUrl, buildTag, environment, osUser: owner } = facts;
  return createDownloads(
    {
      baseUrl: remoteExtBaseUrl ?? "",
      build: { buildTag, machine: machine(), major: installation.major },
      stagingFolder: join(dirname(installation.bindir), "download_extensions"),
      findFolders,
      owner,
    },
    {
      log,
      clock,
      get: (request) => httpGet({ ...request, authorization: null, proxyEnv: environment }),
      onGet: (filename, http_status) =>
        metrics.add("compute_ctl_remote_ext_requests_total", { filename, http_status }, 1),
      onRetry: () => metrics.add("compute_ctl_retries_total", { kind: "remote-extension" }, 1),
      onInFlight: (count) => metrics.set("compute_ctl_remote_ext_downloads_in_flight", {}, count),
      onEnd(outcome, seconds, bytes) {
        metrics.observe("compute_ctl_remote_ext_download_seconds", { outcome }, seconds);
        metrics.observe("compute_ctl_remote_ext_download_bytes", { outcome }, bytes);
      },
    },
  );
}
