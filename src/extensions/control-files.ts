import type { RemoteExtensions } from "../spec/types.ts";

/** A control file that must exist before Postgres is asked for the extension. */
export interface ControlFile {
  readonly extension: string;
  readonly name: string;
  readonly content: string;
}

/** The control files to write, and the names that are none. */
export interface ControlFilePlan {
  readonly files: readonly ControlFile[];
  readonly refused: readonly string[];
}

/**
 * The control files of a spec (EXT-21): those of every extension that one of the two lists names; with one of the lists
 * missing, those of all. Names that would lead out of the folder are refused (trap 6).
 */
export function planControlFiles(remote: RemoteExtensions): ControlFilePlan {
  const { publicExtensions, customExtensions } = remote;
  const all = [...remote.extensionData]
    .filter(([extension]) => listed(publicExtensions, extension) || listed(customExtensions, extension))
    .flatMap(([extension, { controlData }]) =>
      [...controlData].map(([name, content]) => ({ extension, name, content })),
    );
  return {
    files: all.filter(({ name }) => isFileName(name)),
    refused: all.filter(({ name }) => !isFileName(name)).map(({ name }) => name),
  };
}

function listed(list: readonly string[] | null, extension: string): boolean {
  return list === null || list.includes(extension);
}

function isFileName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name);
}
