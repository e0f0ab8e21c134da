import type { Log } from "../../src/base/log.ts";

/** Tells it on stderr. */
export const complain = (message: string): void => void process.stderr.write(`${message}\n`);

/** A log for those who run a script: all but details, as it comes. */
export const log: Log = { debug: () => {}, info: complain, warn: complain, error: complain, span: () => log };
