import { Agent, request } from "node:http";
import { buffer } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import type { World } from "./bench-world.ts";
import { type ComputeRun, withCompute } from "./compute-runs.ts";
import { type Api, ask } from "./http-request.ts";
import { withRoles } from "./life-runs.ts";
import type { BenchGroup } from "./measures.ts";
import { median } from "./statistics.ts";

const running = /Changing compute status from \S+ to running$/;
const roleCount = 5_000;
const scrapePauseMs = 500;
/** With scrapes or without: in pairs, each the other way round than the one before, so that a drift of the machine cancels out. */
const turns: readonly boolean[] = [false, true, true, false];

/** What being watched costs (issue "Watching and scaling"): under 1 % of an apply. */
export const scrapeGroup: BenchGroup = {
  name: "scrape",
  about: "an apply of 5,000 roles, with and without scrapes of /metrics",
  // A round takes a minute and more.
  roundsMax: 5,
  floorTitles: { applyAloneMs: "the same, not scraped" },
  rows: [
    {
      title: "apply of 5,000 changed passwords, `/metrics` scraped twice a second",
      measure: "applyScrapedMs",
      floor: "applyAloneMs",
    },
    { title: "– one scrape meanwhile", measure: "scrapeMs" },
    { title: "– processor time of the program for 1,000 scrapes", measure: "thousandScrapesCpuMs" },
    { title: "– the same for the scrapes of one such apply", measure: "scrapesCpuMs", floor: "applyAloneMs" },
  ],
  measureRound: (world) =>
    withCompute(world, world.config, async (run) => {
      await run.compute.lineSeen(running, world.signal);
      const applies = await measureApplies(world, run);
      const thousandScrapesCpuMs = await measureProcessor(run);
      const scrapesCpuMs = ((applies.applyAloneMs / scrapePauseMs) * thousandScrapesCpuMs) / 1_000;
      return { ...applies, thousandScrapesCpuMs, scrapesCpuMs };
    }),
};

async function measureApplies(world: World, { api }: ComputeRun) {
  const times = { alone: [] as number[], scraped: [] as number[], scrape: [] as number[] };
  // The first apply creates the roles, the others change their passwords.
  await ask(api, "/configure", world.signal, withRoles(world.config, 0, roleCount));
  for (const [index, isScraped] of turns.entries()) {
    const config = withRoles(world.config, index + 1, roleCount);
    const over = new AbortController();
    const scraping = isScraped ? scrapeUntil(api, over.signal, times.scrape) : Promise.resolve();
    const beganAt = performance.now();
    await ask(api, "/configure", world.signal, config);
    (isScraped ? times.scraped : times.alone).push(performance.now() - beganAt);
    over.abort();
    await scraping;
  }
  return {
    applyAloneMs: median(times.alone),
    applyScrapedMs: median(times.scraped),
    scrapeMs: median(times.scrape),
  };
}

async function scrapeUntil(api: Api, over: AbortSignal, times: number[]): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    while (!over.aborted) {
      const beganAt = performance.now();
      await scrape({ ...api, agent });
      times.push(performance.now() - beganAt);
      await delay(scrapePauseMs, undefined, { signal: over }).catch(() => {});
    }
  } finally {
    agent.destroy();
  }
}

/** What the program itself says of its processor time before and after a thousand scrapes. */
async function measureProcessor({ api }: ComputeRun): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const cpuMs = async (): Promise<number> => {
    // The figure is taken every second.
    await delay(2_000);
    const line = /^compute_ctl_process_cpu_seconds_total (.*)$/m.exec(await scrape({ ...api, agent }));
    return Number(line?.[1]) * 1000;
  };
  try {
    const before = await cpuMs();
    for (let count = 0; count < 1_000; count += 1) await scrape({ ...api, agent });
    return (await cpuMs()) - before;
  } finally {
    agent.destroy();
  }
}

async function scrape({ port, agent }: Api): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  request({ host: "127.0.0.1", port, path: "/metrics", ...(agent === undefined ? {} : { agent }) }, (response) => {
    buffer(response).then((body) => resolve(body.toString()), reject);
  })
    .on("error", reject)
    .end();
  return promise;
}
