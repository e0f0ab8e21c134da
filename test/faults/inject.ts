/** Towards the client, which is what a fault means unless it says otherwise, or towards the server. */
type Direction = "to-client" | "to-server";

/** What happens to the bytes of one connection. They are counted in the direction of the fault, from the first. */
export type ProxyFault = { readonly direction?: Direction } & (
  | { readonly kind: "late" | "delay"; readonly ms: number }
  | { readonly kind: "trickle" }
  | { readonly kind: "reset" | "end" | "stall"; readonly afterBytes: number }
  | {
      readonly kind: "replace";
      readonly afterBytes: number;
      readonly bytes: Buffer;
      readonly next: "stall" | "end";
    }
  | { readonly kind: "flip"; readonly atByte: number; readonly mask: number }
);

/** What is to be sent in the place of a chunk, and what happens to the connection then. */
interface Injected {
  readonly pieces: readonly Buffer[];
  readonly next: "pass" | "reset" | "end" | "stall";
}

/**
 * What a fault makes of a chunk, when `passed` bytes came before it:
 * - `late`: nothing passes before that time; `delay`: every chunk waits that long, one after the other (the proxy waits)
 * - `trickle`: bytes arrive one by one
 * - `reset`: both ends lose the connection by force; `end`: the receiver sees an orderly end; `stall`: it stays, and nothing passes any more
 * - `replace`: something else comes in the place of what was sent from there on, and then nothing, or an end
 * - `flip`: bits of one byte are turned
 */
export function inject(fault: ProxyFault | null, passed: number, chunk: Buffer): Injected {
  if (fault === null) return { pieces: [chunk], next: "pass" };
  switch (fault.kind) {
    case "late":
    case "delay":
      return { pieces: [chunk], next: "pass" };
    case "trickle":
      return { pieces: Array.from(chunk, (byte) => Buffer.of(byte)), next: "pass" };
    case "flip": {
      const at = fault.atByte - passed;
      const copy = Buffer.from(chunk);
      const byte = copy[at];
      if (byte !== undefined) copy[at] = byte ^ fault.mask;
      return { pieces: [copy], next: "pass" };
    }
    case "replace": {
      const kept = upTo(chunk, fault.afterBytes - passed);
      return kept === undefined
        ? { pieces: [chunk], next: "pass" }
        : { pieces: [Buffer.concat([kept, fault.bytes])], next: fault.next };
    }
    case "reset":
    case "end":
    case "stall": {
      const kept = upTo(chunk, fault.afterBytes - passed);
      if (kept === undefined) return { pieces: [chunk], next: "pass" };
      return { pieces: kept.length === 0 ? [] : [kept], next: fault.kind };
    }
  }
}

/** The part of a chunk before the fault; undefined when the fault comes later. */
function upTo(chunk: Buffer, bytes: number): Buffer | undefined {
  return bytes >= chunk.length ? undefined : chunk.subarray(0, bytes);
}
