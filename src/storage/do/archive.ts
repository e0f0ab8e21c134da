import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { type Header, pack } from "tar-stream";

/** A member for {@link tarOf}: a file by its content, a directory, or any header. */
export type Member = readonly [name: string, content: string | Buffer | Partial<Header>];

/** What makes a base backup complete. */
export const controlFile: Member = ["global/pg_control", "control"];
export const walSegment: Member = ["pg_wal/000000010000000000000003", Buffer.alloc(1 << 20)];

/** A tar archive of these members, made for tests. */
export async function tarOf(...members: readonly Member[]): Promise<Buffer> {
  const tar = pack();
  const whole = buffer(tar);
  for (const [name, content] of members) {
    if (typeof content === "string" || Buffer.isBuffer(content)) tar.entry({ name, mode: 0o600 }, content);
    else tar.entry({ name, ...content }, "");
  }
  tar.finalize();
  return whole;
}

/** A gzipped base backup that is complete with what it has besides `members`. */
export async function backupOf(...members: readonly Member[]): Promise<Buffer> {
  return gzipSync(await tarOf(...members, controlFile, walSegment));
}
