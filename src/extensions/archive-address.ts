/** What the address of an archive depends on besides the extension. */
export interface Build {
  readonly buildTag: string;
  /** As the kernel calls it: `x86_64`, `aarch64`. */
  readonly machine: string;
  /** The major version of Postgres. */
  readonly major: number;
}

/** The architecture in Go's words; names that Go shares with the kernel stay (EXT-4). */
export function goArchitecture(machine: string): string {
  if (machine === "x86_64") return "amd64";
  return machine === "aarch64" ? "arm64" : machine;
}

/** The name of an extension's archive: the last part of its address, and a label of the metric (EXT-34). */
export function archiveName(extension: string): string {
  return `${extension}.tar.zst`;
}

/** Where an archive is, relative to the gateway's address; always computed, whatever the spec's `archive_path` says (EXT-6). */
export function archivePath({ buildTag, machine, major }: Build, extension: string): string {
  return `${buildTag}/${goArchitecture(machine)}/v${major}/extensions/${encodeURIComponent(archiveName(extension))}`;
}

/**
 * The whole address of an archive.
 * @param baseUrl with one slash at its end (EXT-1)
 */
export function archiveUrl(baseUrl: string, build: Build, extension: string): URL {
  return new URL(`./${archivePath(build, extension)}`, baseUrl);
}
