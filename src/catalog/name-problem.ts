import type { Problem } from "../spec/types.ts";

const bytesMax = 63;

/**
 * Why no role or database can have this name; empty when one can. Postgres cuts longer names silently, so the next apply would not
 * recognise its own work.
 * @param what `role` or `database`
 */
export function nameProblems(what: string, name: string, path: string): readonly Problem[] {
  const bytes = Buffer.byteLength(name);
  if (bytes === 0) return [{ path, message: `a ${what} has an empty name` }];
  if (name.includes("\0")) return [{ path, message: `a ${what} has a name with a NUL character` }];
  if (bytes <= bytesMax) return [];
  const message = `${what} "${name}" is ${bytes} bytes long`;
  return [{ path, message, hint: `names have at most ${bytesMax} bytes` }];
}
