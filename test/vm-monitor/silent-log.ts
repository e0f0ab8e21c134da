import type { Log } from "../../src/base/log.ts";

/** A log that nobody reads. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, span: () => silentLog };
