/** Serialization failure, deadlock, lock not available; shutdown, crash and "not yet" of the server. */
const codes: ReadonlySet<string> = new Set(["40001", "40P01", "55P03", "57P01", "57P02", "57P03"]);

/** Whether an SQLSTATE stands for something that may be gone on the next try: a lost connection, a conflict, a held lock. */
export function isTransient(code: string | undefined): boolean {
  return code !== undefined && (code.startsWith("08") || codes.has(code));
}
