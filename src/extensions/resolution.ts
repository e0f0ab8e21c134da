import type { RemoteExtensions } from "../spec/types.ts";

/** The extension whose archive holds what was asked for, or why there is none, in the original's words. */
export type Resolution =
  | { readonly ok: true; readonly extension: string }
  | { readonly ok: false; readonly message: string };

/** What is asked for: an extension by its name, or a library by the name of its file. */
export interface FileRequest {
  readonly name: string;
  readonly isLibrary: boolean;
}

/** Finds the extension that a request is about, if this compute may have it (SPEC-35, EXT-10 to EXT-12). */
export function resolveRequest(remote: RemoteExtensions, { name, isLibrary }: FileRequest): Resolution {
  if (!isLibrary) return allowed(remote, name);
  const library = libraryStem(name);
  const extension = remote.libraryIndex.get(library);
  if (extension === undefined) return { ok: false, message: `library ${library} is not found` };
  return allowed(remote, extension);
}

/**
 * The archive to fetch before `CREATE EXTENSION name`; undefined when none that this compute may have is known to hold it.
 * One archive may serve several SQL extensions, each with a control file of its own (EXT-5).
 */
export function archiveOfSqlName(remote: RemoteExtensions, name: string): string | undefined {
  const direct = allowed(remote, name);
  if (direct.ok) return direct.extension;
  const controlFile = `${name}.control`;
  return allowedExtensions(remote).find((entry) => remote.extensionData.get(entry)?.controlData.has(controlFile));
}

/** Every extension whose archive this compute may have, each once. */
export function allowedExtensions({
  publicExtensions,
  customExtensions,
  extensionData,
}: RemoteExtensions): readonly string[] {
  const names = new Set([...(publicExtensions ?? []), ...(customExtensions ?? [])]);
  return [...names].filter((name) => extensionData.has(name));
}

function allowed({ publicExtensions, customExtensions, extensionData }: RemoteExtensions, name: string): Resolution {
  if (!(publicExtensions?.includes(name) || customExtensions?.includes(name))) {
    return { ok: false, message: `extension ${name} is not found` };
  }
  if (!extensionData.has(name)) return { ok: false, message: `real_ext_name ${name} is not found` };
  return { ok: true, extension: name };
}

/** The name without its suffix and all that follows: `foo` for `foo.so`, `foo.so.3` and `foo.solid` (EXT-10). */
function libraryStem(file: string): string {
  return file.replace(/\.so.*/, "");
}
