import { pipeline } from "node:stream/promises";
import { extract, type Header } from "tar-stream";
import { errorCode } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import type { Owner } from "../../base/owner.ts";
import { tarBlockBytes, tarContentBytes, tarEndBytes } from "../../base/tar.ts";
import { DamagedArchiveError, HostileArchiveError } from "../errors.ts";
import type { Compression } from "../page-service.ts";
import { decideMember, missingPart } from "../tar-policy.ts";
import { PgdataWriter } from "./pgdata-writer.ts";

/** Large pieces halve the time: 40 MB in 968 files take 70 ms with 1 MiB, 120 ms with 64 KiB. */
const gunzipChunkBytes = 1 << 20;

/** Where to unpack. */
export interface UnpackTarget {
  readonly pgdata: string;
  /** Given to every file and directory made; null leaves them ours. */
  readonly owner: Owner | null;
  readonly log: Log;
  readonly compression: Compression;
}

/**
 * Unpacks a base backup, gzipped or plain, into an existing PGDATA (BASE-52) as it arrives, holding a few MiB of it at a time. When
 * anything goes wrong, what was made is removed and the rest stays as it was (Trap 19).
 * @param source the bytes as they come; its own error is thrown as it is
 * @returns how many there were
 * @throws HostileArchiveError for a member that must not be unpacked or a header that is none
 * @throws DamagedArchiveError when the archive is cut off, damaged or lacks what every base backup has (Trap 18)
 * @throws LocalDiskError when the disk does not take it
 */
export async function unpackBasebackup(source: AsyncIterable<Uint8Array>, target: UnpackTarget): Promise<number> {
  const writer = new PgdataWriter(target.pgdata, target.owner);
  try {
    const bytes = await unpackInto(writer, source, target);
    const missing = missingPart(writer.files);
    if (missing !== undefined) throw new DamagedArchiveError(`it ended well but without ${missing}`);
    writer.finish();
    return bytes;
  } catch (error) {
    writer.undo();
    throw error;
  }
}

async function unpackInto(
  writer: PgdataWriter,
  source: AsyncIterable<Uint8Array>,
  { log, compression }: UnpackTarget,
): Promise<number> {
  let compressedBytes = 0;
  let tarBytes = 0;
  let membersEnd = 0;
  let member = "";
  // The first error of the source or of our disk. The streams would report it second, or under another name.
  let failure: { readonly error: unknown } | undefined;
  const guard = (work: () => void, next: (error: Error) => void): void => {
    try {
      work();
    } catch (error) {
      failure ??= { error };
      next(new Error("stopped", { cause: error }));
    }
  };

  async function* received(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of source) {
        compressedBytes += chunk.length;
        yield chunk;
      }
    } catch (error) {
      failure ??= { error };
      throw error;
    }
  }
  async function* measured(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      tarBytes += chunk.length;
      yield chunk;
    }
  }
  const tar = extract();
  // Both tell of an error once more after the pipeline has thrown it; unheard, that would end the process.
  tar.on("error", () => {});
  tar.on("entry", (header, content, next) => {
    content.on("error", () => {});
    member = header.name;
    membersEnd = content.offset + tarBlockBytes + tarContentBytes(header);
    guard(() => {
      const sink = openSink(writer, header, log);
      content.on("data", (chunk) => {
        if (chunk instanceof Uint8Array) guard(() => sink.write(chunk), next);
      });
      content.on("end", () => {
        guard(() => sink.end(), next);
        if (failure === undefined) next();
      });
    }, next);
  });

  try {
    if (compression === "none") await pipeline(received, measured, tar);
    else {
      const { createGunzip } = await import("node:zlib");
      await pipeline(received, createGunzip({ chunkSize: gunzipChunkBytes }), measured, tar);
    }
  } catch (error) {
    throw failure === undefined ? archiveError(error, member) : failure.error;
  }
  if (tarBytes < membersEnd + tarEndBytes) throw new DamagedArchiveError("it stops before its end mark");
  return compressedBytes;
}

/** Where the bytes of one member go. */
interface Sink {
  write(chunk: Uint8Array): void;
  end(): void;
}

const nowhere: Sink = { write: () => {}, end: () => {} };

function openSink(writer: PgdataWriter, header: Header, log: Log): Sink {
  const decision = decideMember({
    name: header.name,
    type: header.type ?? "member of unknown type",
    mode: header.mode,
  });
  switch (decision.kind) {
    case "root":
      return nowhere;
    case "keep-ours":
      log.warn("base backup brings a file that compute_ctl writes itself; keeping ours", { path: decision.path });
      return nowhere;
    case "directory":
      writer.addDirectory(decision.path, decision.mode);
      return nowhere;
    case "file":
      writer.beginFile(decision.path);
      return { write: (chunk) => writer.write(chunk), end: () => writer.endFile(decision.mode, header.mtime) };
  }
}

/** zlib's errors have codes, a cut-off archive its own words; what is left are tar headers that are none. */
function archiveError(error: unknown, lastMember: string): Error {
  if (errorCode(error)?.startsWith("Z_")) return new DamagedArchiveError("not a whole gzip stream", { cause: error });
  if (error instanceof Error && error.message === "Unexpected end of data") {
    return new DamagedArchiveError(`it stops within or right after ${JSON.stringify(lastMember)}`, { cause: error });
  }
  return new HostileArchiveError(lastMember, "is followed by a broken tar header", { cause: error });
}
