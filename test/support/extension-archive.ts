import { buffer } from "node:stream/consumers";
import { zstdCompressSync } from "node:zlib";
import { type Header, pack } from "tar-stream";

/** A member of an archive made for tests: a file by its content, or any header. */
export interface ArchiveMember extends Partial<Omit<Header, "name">> {
  readonly name: string;
  readonly content?: string | Buffer;
}

/** A tar archive of these members, with mode 0644 unless they say otherwise. */
export async function tarArchive(members: readonly ArchiveMember[]): Promise<Buffer> {
  const tar = pack();
  const whole = buffer(tar);
  for (const { content = "", ...header } of members) tar.entry({ mode: 0o644, ...header }, content);
  tar.finalize();
  return whole;
}

/** The same as the extension store has it. */
export async function extensionArchive(members: readonly ArchiveMember[]): Promise<Buffer> {
  return zstdCompressSync(await tarArchive(members));
}

/** The files of an extension that is SQL alone. */
export function sqlExtension(name: string, version = "1.0"): readonly ArchiveMember[] {
  const control = `comment = 'made for a test'\ndefault_version = '${version}'\nrelocatable = true\n`;
  const script = `CREATE FUNCTION ${name}_answer() RETURNS int LANGUAGE sql AS 'SELECT 42';\n`;
  return [
    { name: `share/extension/${name}.control`, content: control },
    { name: `share/extension/${name}--${version}.sql`, content: script },
  ];
}
