/** What a header says of one archive member. `sizeBytes` is 0 for directories. */
export interface TarMember {
  readonly name: string;
  readonly kind: "file" | "directory";
  readonly sizeBytes: number;
}

const tarBlockBytes = 512;

/** Two zero blocks close an archive. */
export const tarEnd: Buffer = Buffer.alloc(2 * tarBlockBytes);

const nameBytesMax = 100;
const checksumField = { offset: 148, bytes: 8 } as const;

/**
 * The header block of one member as a pageserver writes it (chapter 06 §5): GNU magic, typeflag NUL for files, user and
 * group left blank, no long names.
 * @param mtime seconds since 1970
 * @throws RangeError when the name does not fit
 */
export function encodeTarHeader({ name, kind, sizeBytes }: TarMember, mtime: number): Buffer {
  if (Buffer.byteLength(name) > nameBytesMax) throw new RangeError(`name too long for a tar header: ${name}`);
  const header = Buffer.alloc(tarBlockBytes);
  header.write(name, 0);
  header.write(kind === "directory" ? "0000755" : "0000600", 100);
  header.write(octal(sizeBytes, 11), 124);
  header.write(octal(mtime, 11), 136);
  header.write(kind === "directory" ? "5" : "\0", 156);
  header.write("ustar  \0", 257);
  header.write(`${octal(checksum(header), 7)}\0`, checksumField.offset);
  return header;
}

/** The zero bytes that fill a member's content up to a whole block. */
export function tarPadding(sizeBytes: number): Buffer {
  return Buffer.alloc((tarBlockBytes - (sizeBytes % tarBlockBytes)) % tarBlockBytes);
}

/** The sum of all bytes, with the checksum's own field taken as blanks. */
function checksum(header: Buffer): number {
  const blanks = checksumField.bytes * 0x20;
  return header.reduce((sum, byte) => sum + byte, blanks);
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}
