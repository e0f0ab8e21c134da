import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Browser, Page } from "playwright-core";
import {
  browserMissing,
  type Look,
  openPage,
  overhang,
  shows,
  startBrowser,
  type WatchedPage,
} from "../support/browser.ts";
import { scramVerifier } from "./support/verifier.ts";
import { type World, withWorld } from "./support/world.ts";

const verifier = scramVerifier("alice-copper-kettle");
const alice = { name: "alice", encrypted_password: verifier };
const shop = { name: "shop", owner: "alice" };

/** Moves the last mark of the start's scale to where it can be at most. */
const markAtTheEnd = `(() => {
  const mark = document.querySelector(".mark-at:last-child");
  mark.textContent = "800 ms";
  mark.style.left = "100%";
})()`;

/** What the browser says of a stream that breaks off, and of a server that is not there. */
const lostConnection = /ERR_(?:CONNECTION_REFUSED|CONNECTION_RESET|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE)/;

const looks: Readonly<Record<string, Look>> = {
  "a desktop in the light": { width: 1280, height: 900, colorScheme: "light" },
  "a desktop in the dark": { width: 1280, height: 900, colorScheme: "dark" },
  "a tablet in the light": { width: 820, height: 1180, colorScheme: "light" },
  "a phone in the dark": { width: 360, height: 740, colorScheme: "dark" },
};

describe("the status page in a browser", { skip: browserMissing }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser?.close());

  const open = (world: World, look = looks["a desktop in the light"], expected?: RegExp): Promise<WatchedPage> => {
    assert.ok(look !== undefined);
    return openPage(browser, `http://127.0.0.1:${world.ports.internal}/ui`, look, expected);
  };

  it("HTTP-85: shows the whole life of a compute, from empty to terminated and beyond, without being loaded again", (t) =>
    withWorld({ tokens: true }, async (world) => {
      const empty = { config: { compute_ctl_config: world.config().compute_ctl_config } };
      const first = await world.start(empty);
      await first.waitFor("empty");
      const { page, complaints } = await open(world, looks["a desktop in the light"], lostConnection);
      // Gone if the page were ever loaded again.
      await page.evaluate("globalThis.stillTheSame = true");

      await t.test("empty", async () => {
        await shows(page, "#status", "empty");
        await shows(page, "#connection", "Live");
        await page.getByText("It has not begun: there is no spec yet.").waitFor();
        assert.equal(await page.locator("#compare").isDisabled(), true);
        assert.equal(await page.title(), "empty · compute-e2e");
      });

      const cluster = { roles: [alice], databases: [shop] };
      await t.test("configuration pending, init, running", async () => {
        const configured = first.request("POST", "/configure", { body: world.config({ cluster }) });
        await shows(page, "#status", "running");
        assert.equal((await configured).status, 200);
        assert.deepEqual(await history(page), ["empty", "configuration pending", "init", "running"]);
        await shows(page, "#postgres dd .badge", "up");
        const bars = await page.locator(".bar .label").allTextContents();
        assert.deepEqual(bars.slice(0, 2), ["prepare the data directory", "make it anew, empty"]);
        assert.deepEqual(bars.slice(-2), ["start Postgres", "apply roles and databases"]);
        await page.getByText(/^Ready after /).waitFor();
        await page.getByText("1 role, 1 database").waitFor();
        await page.getByText("12 of 12").waitFor();
      });

      await t.test("a customer's session, as what keeps it awake", async () => {
        const client = await first.connect({ user: "alice", password: "alice-copper-kettle", database: "shop" });
        await client.query("BEGIN");
        await shows(page, "#postgres dd", "a session is at work");
        await client.end();
      });

      await t.test("drift, on request, and without the password", async () => {
        const client = await first.connect();
        await client.query("ALTER ROLE alice PASSWORD 'by hand'");
        await page.getByRole("button", { name: "Compare with the spec now" }).click();
        await page.getByText(`alter role "alice" PASSWORD '***'`).waitFor();
        await shows(page, "#catalog dd .badge", "1 step from the spec");
      });

      await t.test("new lines of the log, and only those that matter", async () => {
        const client = await first.connect();
        await client.query("DO $$ BEGIN RAISE WARNING 'a lighthouse without light'; END $$");
        const line = page.locator("#lines li").filter({ hasText: "a lighthouse without light" }).first();
        await line.waitFor();
        assert.equal(await line.getAttribute("data-level"), "warn");
        const plain = page.locator('#lines li[data-level="info"]').last();
        assert.equal(await plain.isVisible(), true);
        await page.getByLabel("Warnings and errors only").check();
        assert.equal(await plain.isVisible(), false);
        assert.equal(await line.isVisible(), true);
        await page.getByLabel("Warnings and errors only").uncheck();
      });

      await t.test("a reconfiguration, while it goes on and afterwards", async () => {
        const client = await first.connect();
        await client.query("BEGIN; ALTER ROLE alice CONNECTION LIMIT 5");
        const configured = first.request("POST", "/configure", {
          body: world.config({ cluster, spec: { project_id: "p-2" } }),
        });
        await shows(page, "#status", "configuration");
        await client.query("ROLLBACK");
        await shows(page, "#status", "running");
        assert.equal((await configured).status, 200);
        await shows(page, "#names dd", "p-2");
        await shows(page, "#catalog dd", "not compared since the last apply");
        assert.deepEqual((await history(page)).slice(-3), ["configuration pending", "configuration", "running"]);
        assert.deepEqual(await page.locator("#operations .what").allTextContents(), [
          "configure",
          "start",
          "configure",
        ]);
      });

      await t.test("a reconfiguration that fails, with its error", async () => {
        const nobody = { roles: [alice], databases: [{ name: "depot", owner: "nobody" }] };
        const reply = await first.request("POST", "/configure", { body: world.config({ cluster: nobody }) });
        assert.equal(reply.status, 500, reply.text);
        await shows(page, "#status", "failed");
        await page.locator("#error", { hasText: 'role "nobody"' }).waitFor();
        assert.equal(await page.locator("#problems").isHidden(), true);
        const good = world.config({ cluster, spec: { project_id: "p-3" } });
        await world.write("config.json", JSON.stringify(good));
        await first.request("POST", "/refresh_configuration", { port: world.ports.internal, token: null });
        await shows(page, "#status", "running");
        assert.equal(await page.locator("#error").isHidden(), true);
        // It went wrong, and stays in mind.
        await page.locator("#problems li", { hasText: 'role "nobody"' }).waitFor();
      });

      await t.test("the end: termination, terminated, and the program gone", async () => {
        const terminated = await first.request("POST", "/terminate?mode=fast");
        assert.equal(terminated.status, 200);
        await shows(page, "#status", "terminated");
        assert.deepEqual((await history(page)).slice(-2), ["termination pending fast", "terminated"]);
        const { lsn } = JSON.parse(terminated.text);
        await page.locator("#storage .facts > div").filter({ hasText: "ended at" }).filter({ hasText: lsn }).waitFor();
        await first.exited;
        await shows(page, "#connection", "Ended");
        await page.getByRole("alert").filter({ hasText: "The program has ended." }).waitFor();
        await shows(page, "#status", "terminated");
      });

      await t.test("the program again, and a connection that is lost without a word", async () => {
        const second = await world.start(empty);
        await shows(page, "#connection", "Live");
        await shows(page, "#status", "empty");
        assert.equal(await page.getByRole("alert").isHidden(), true);
        second.signal("SIGKILL");
        await shows(page, "#connection", "Connection lost, retrying…");
        await page.getByRole("alert").filter({ hasText: "Connection lost, retrying." }).waitFor();
        await world.start(empty);
        await shows(page, "#connection", "Live");
      });

      await t.test("and all of that in one page, which held no secret and asked nobody else", async () => {
        assert.equal(await page.evaluate("globalThis.stillTheSame"), true);
        assert.deepEqual(complaints, []);
        const text = await page.content();
        for (const secret of [verifier, "alice-copper-kettle", "eyJ"]) assert.ok(!text.includes(secret), secret);
      });
    }));

  it("HTTP-85: fits a desktop, a tablet and a phone, in the light and the dark, and can be read in all of them", (t) =>
    withWorld({}, async (world) => {
      const names = { project_id: "p-".repeat(30), branch_id: "branch-1", endpoint_id: "ep-".repeat(20) };
      const roles = [alice, ...Array.from({ length: 40 }, (_, at) => ({ name: `role_${at}` }))];
      const config = world.config({ spec: names, cluster: { roles, databases: [shop] } });
      const compute = await world.start({ config, computeId: `compute-${"x".repeat(90)}` });
      await compute.waitFor("running");
      for (const [name, look] of Object.entries(looks)) {
        await t.test(name, async () => {
          const { page, complaints } = await open(world, look);
          await shows(page, "#status", "running");
          assert.equal(await overhang(page), 0);
          await page.evaluate(markAtTheEnd);
          assert.equal(await overhang(page), 0, "a start that lasts as long as a mark of the scale");
          const faint = await page.evaluate<readonly string[]>(faintTexts);
          assert.deepEqual(faint, []);
          const dark = await page.evaluate<boolean>(pageIsDark);
          assert.equal(dark, look.colorScheme === "dark");
          const headings = await page.getByRole("heading").filter({ visible: true }).allTextContents();
          assert.deepEqual(headings.slice(1), [
            "Status",
            "Start",
            "Postgres",
            "Roles and databases",
            "Storage",
            "Migrations",
            "Operations",
            "Log",
          ]);
          assert.deepEqual(complaints, []);
          await page.context().close();
        });
      }
      await t.test("under a policy that stops what does not belong there, which this test would see", async () => {
        const { page, complaints } = await open(world);
        await page.evaluate(
          "document.body.append(Object.assign(document.createElement('style'), { textContent: 'p {}' }))",
        );
        assert.equal(
          await page.evaluate("fetch('http://127.0.0.1:1/').then(() => 'sent', () => 'stopped')"),
          "stopped",
        );
        await assert.rejects(page.evaluate("document.body.innerHTML = '<p>'"), /TrustedHTML/);
        for (const policy of [/style-src 'self'/, /connect-src 'self'/, /TrustedHTML/]) {
          assert.ok(
            complaints.some((text) => policy.test(text)),
            `${policy} is not in ${complaints.join("\n")}`,
          );
        }
      });
    }));
});

/** The statuses so far. */
function history(page: Page): Promise<string[]> {
  return page.locator("#history .word").allTextContents();
}

const pageIsDark = `(() => {
  const [red] = getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/g).map(Number);
  return red < 128;
})()`;

/** Texts whose contrast with what is behind them is less than 4.5 to 1. */
const faintTexts = `(() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([red, green, blue]) =>
    [red, green, blue]
      .map((part) => part / 255)
      .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
      .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => {
    const colour = rgb(getComputedStyle(element).backgroundColor);
    return colour.length === 4 && colour[3] === 0 ? behind(element.parentElement) : colour;
  };
  const faint = new Set();
  for (const element of document.querySelectorAll("body *")) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
    if (!hasText || !element.checkVisibility() || element.matches(":disabled")) continue;
    const [front, back] = [light(rgb(getComputedStyle(element).color)), light(behind(element))];
    const contrast = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (contrast < 4.5) faint.add(element.tagName + "." + element.className + " " + contrast.toFixed(2));
  }
  return [...faint];
})()`;
