import type { ComputeSpec } from "../spec/types.ts";
import type { HostPaths } from "./host-paths.ts";
import type { ServiceName } from "./service-view.ts";

/** A tool of the host to be run before Postgres starts. */
export interface HostCommand {
  readonly service: Extract<ServiceName, "swap" | "disk_quota">;
  readonly file: string;
  readonly args: readonly string[];
  /** A tool that removes itself when it has done its work: a failure without it is fine (SVC-50). Null for the others. */
  readonly removesItself: string | null;
}

/** What the command line allows a spec to do with the host. */
export interface HostPermissions {
  readonly resizeSwap: boolean;
  /** The mount point of the file system to limit; null when the spec's quota is not to act. */
  readonly quotaMount: string | null;
}

/** The tools that a start runs (SVC-50, SVC-51): each needs both the spec's wish and the flag. */
export function hostCommands(
  { swapSizeBytes, diskQuotaBytes }: Pick<ComputeSpec, "swapSizeBytes" | "diskQuotaBytes">,
  { resizeSwap, quotaMount }: HostPermissions,
  paths: HostPaths,
): readonly HostCommand[] {
  const commands: HostCommand[] = [];
  if (swapSizeBytes !== null && resizeSwap) {
    const args = [paths.resizeSwap, "--once", String(swapSizeBytes)];
    commands.push({ service: "swap", file: paths.sudo, args, removesItself: paths.resizeSwap });
  }
  if (diskQuotaBytes !== null && quotaMount !== null) {
    const args = [paths.setDiskQuota, String(diskQuotaBytes / 1024n), quotaMount];
    commands.push({ service: "disk_quota", file: paths.sudo, args, removesItself: null });
  }
  return commands;
}

/** A command line for people. */
export function commandLine({ file, args }: Pick<HostCommand, "file" | "args">): string {
  return [file, ...args].join(" ");
}
