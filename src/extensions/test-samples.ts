import type { RemoteExtensions } from "../spec/types.ts";

/** The remote extensions of chapter 08's test vectors, with parts laid over them. */
export function remoteExtensions(parts: Partial<RemoteExtensions> = {}): RemoteExtensions {
  const described = (name: string) =>
    [name, { controlData: new Map([[`${name}.control`, `# ${name}\n`]]), archivePath: `elsewhere/${name}` }] as const;
  return {
    publicExtensions: ["zeta"],
    customExtensions: ["acme"],
    libraryIndex: new Map([
      ["zeta_lib", "zeta"],
      ["acme_lib", "acme"],
      ["other_lib", "other"],
      ["ghost_lib", "ghost"],
    ]),
    extensionData: new Map([described("zeta"), described("acme"), described("other")]),
    ...parts,
  };
}
