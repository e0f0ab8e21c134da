/**
 * `npm run screenshots`: makes the pictures of the status page in docs/images, from a compute on the embedded stand-in in which
 * one role was changed by hand. Needs Debian's chromium.
 */
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import type { Page } from "playwright-core";
import { withScope } from "../src/base/scope.ts";
import { startCompute } from "../src/standin/demo/compute.ts";
import { watchStart } from "../src/standin/demo/compute-api.ts";
import { prepareCompute } from "../src/standin/demo/prepare-compute.ts";
import { startStorage } from "../src/standin/storage.ts";
import { browserMissing, type Look, openPage, startBrowser } from "../test/support/browser.ts";
import { indexedPng } from "./pictures/indexed-png.ts";
import { complain, log } from "./support/speak.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const bytesMax = 150_000;

/** By the name of the picture. */
const looks: Readonly<Record<string, Look>> = {
  "status-page-desktop": { width: 1240, height: 1120, colorScheme: "light" },
  "status-page-phone": { width: 390, height: 844, colorScheme: "dark" },
};

async function main(): Promise<void> {
  if (browserMissing !== false) throw new Error(browserMissing);
  await withScope(log, async (onExit) => {
    const folder = await mkdtemp(join(tmpdir(), "screenshots-"));
    onExit("remove the temporary folder", () => rm(folder, { recursive: true, force: true }));
    await chmod(folder, 0o755);
    const storage = await startStorage({ major: 17, workdir: folder, tokens: true, safekeepers: 3 });
    onExit("close the stand-in storage", storage.close);
    const { ports, api, args } = await prepareCompute(storage, folder);
    const compute = startCompute({
      command: join(root, "bin/compute_ctl"),
      args,
      pgdata: join(folder, "pgdata"),
      logFile: join(folder, "compute.log"),
      verbose: false,
      show: complain,
    });
    onExit("stop the compute", compute.stop);
    const gone = new AbortController();
    void compute.ended.then((how) => gone.abort(new Error(`${how}\n${compute.lastLines().join("\n")}`)));
    for await (const { kind } of watchStart(api, gone.signal)) if (kind === "running") break;
    await drift(ports.postgres);
    const browser = await startBrowser();
    onExit("close the browser", () => browser.close());
    await mkdir(join(root, "docs/images"), { recursive: true });
    for (const [name, look] of Object.entries(looks)) {
      const { page, complaints } = await openPage(browser, `http://127.0.0.1:${ports.internal}/ui`, look);
      await ready(page);
      const path = join(root, `docs/images/${name}.png`);
      const picture = indexedPng(await page.screenshot());
      await writeFile(path, picture);
      complain(`${path}: ${picture.length} bytes`);
      if (picture.length > bytesMax) throw new Error(`${path} is larger than ${bytesMax} bytes`);
      if (complaints.length > 0) throw new Error(complaints.join("\n"));
    }
  });
}

/** Changes a role behind the spec's back. */
async function drift(port: number): Promise<void> {
  const client = new pg.Client({ host: "127.0.0.1", port, user: "cloud_admin", database: "postgres" });
  await client.connect();
  try {
    await client.query("ALTER ROLE shop_owner PASSWORD 'by hand'");
  } finally {
    await client.end();
  }
}

/** Has the catalog compared, once the migrations are over and Postgres has been looked at. */
async function ready(page: Page): Promise<void> {
  await page.getByText("12 of 12").waitFor();
  await page.getByText("nothing: it is idle").waitFor();
  await page.getByRole("button", { name: "Compare with the spec now" }).click();
  await page.getByText(/^alter role/).waitFor();
  await page.getByText(/step from the spec/).waitFor();
  await page.evaluate("scrollTo(0, 0)");
}

await main();
