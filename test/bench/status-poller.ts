import { sleep } from "../../src/base/deadline.ts";
import { type Api, ask } from "./http-request.ts";

const pollMs = 5;

/** Asks for `/status` every 5 ms until the compute runs; returns the longest time between two answers, in milliseconds. */
export async function longestGap(api: Api, signal: AbortSignal): Promise<number> {
  let longestMs = 0;
  let answeredAt: number | undefined;
  for (;;) {
    const status = statusOf(await ask(api, "/status", signal));
    const now = performance.now();
    if (answeredAt !== undefined) longestMs = Math.max(longestMs, now - answeredAt);
    answeredAt = now;
    if (status === "running") return longestMs;
    if (status === "failed") throw new Error("the compute failed to start");
    await sleep(pollMs, signal);
  }
}

function statusOf(body: unknown): unknown {
  return typeof body === "object" && body !== null && "status" in body ? body.status : undefined;
}
