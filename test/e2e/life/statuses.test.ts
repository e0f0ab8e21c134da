import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { computeStatuses, statusText } from "../../../src/compute/status.ts";
import { routes } from "../../../src/http/routes/index.ts";
import type { ComputeProcess } from "../support/compute-process.ts";
import { type World, withWorld } from "../support/world.ts";
import { changesOf, changeText, fleeting, type Held, type Holder, holders } from "./held-status.ts";
import { type Order, orders, outcomeOf } from "./orders.ts";

/** The computes wait more than they work. */
const concurrency = 3;

let walked = 0;
after(() => process.stdout.write(`# walked ${walked} pairs of status and event\n`));

describe("every status", () => {
  it("can be met, but for one", () => {
    assert.deepEqual(new Set([...holders.map(({ status }) => status), fleeting]), new Set(computeStatuses));
  });
});

for (const holder of holders) {
  describe(`while ${holder.name}`, { concurrency }, () => {
    it("orders that it does not heed change nothing, and routes have their 412", () =>
      withWorld({}, async (world) => {
        const { compute, letGo } = await holder.hold(world);
        const changes = changesOf(compute);
        await checkWaiting(holder, compute);
        await checkRoutes(holder, compute);
        for (const order of orders) await checkUnheeded(holder, order, world, compute);
        if (holder.status === "empty") await checkTooLate(world, compute);
        assert.deepEqual(changesOf(compute), changes);
        await letGo();
      }));

    for (const order of orders) {
      const outcome = outcomeOf(holder, order);
      if (outcome.kind === "leads") {
        it(`${order.name} leads to ${statusText(outcome.to)}`, () =>
          withWorld({}, async (world) => {
            const held = await holder.hold(world);
            await checkLeading(holder, order, changeText(holder.status, outcome.to), world, held);
          }));
      }
      if (outcome.kind === "joins") {
        it(`${order.name} is answered together with the first one`, () =>
          withWorld({}, async (world) => {
            const held = await holder.hold(world);
            await checkLeading(holder, order, changeText("running", holder.status), world, held);
          }));
      }
    }

    it("LIFE-36: SIGTERM ends the program with 1 and leaves the status as it is", () =>
      withWorld({}, async (world) => {
        walked += 1;
        const { compute, letGo } = await holder.hold(world);
        const changes = changesOf(compute);
        compute.signal("SIGTERM");
        await compute.waitForLog(/received 15 termination signal/);
        await letGo();
        assert.deepEqual(await compute.exited, { code: 1, signal: null }, compute.log());
        assert.deepEqual(changesOf(compute), changes);
      }));
  });
}

/** HTTP-76: an answer at once for the status that is, and after the time for one that does not come. */
async function checkWaiting({ status }: Holder, compute: ComputeProcess): Promise<void> {
  for (const query of [`wait_for=${status}&timeout=60`, "wait_for=empty,terminated&timeout=0.05", "timeout=60"]) {
    const reply = await compute.request("GET", `/status?${query}`);
    assert.equal(reply.status, 200);
    assert.match(reply.text, new RegExp(`"status":"${status}"`), query);
    walked += 1;
  }
}

/** Every route but those that order something and the one whose answer never ends: a 412 where its record says so, anything else elsewhere. */
async function checkRoutes({ status, name }: Holder, compute: ComputeProcess): Promise<void> {
  const ordering = ["/configure", "/terminate", "/refresh_configuration"];
  const others = routes.filter(({ path }) => !ordering.includes(path) && path !== "/ui/events");
  await Promise.all(
    others.map(async ({ server, method, path, allowedIn }) => {
      const reply = await compute.request(method, path.replace(/\{\w+\}/, "some"), {
        port: compute.ports[server],
        ...(method === "POST" ? { body: bodies.get(path) ?? {} } : {}),
      });
      const isWrong = reply.status === 412 && reply.text.includes("invalid compute status");
      // T-1: without a spec there is no cache whose state could be loaded or saved.
      const refuses =
        allowedIn === undefined ? status === "empty" && isCacheOrder(method, path) : !allowedIn.includes(status);
      assert.equal(isWrong, refuses, `${name}: ${path}: ${reply.text}`);
      if (isWrong) assert.deepEqual(reply.json(), { error: `invalid compute status: ${statusText(status)}` });
    }),
  );
}

function isCacheOrder(method: string, path: string): boolean {
  return method === "POST" && path.startsWith("/lfc/");
}

/** Good bodies: a bad one would be told before a wrong status (HTTP-9). */
const bodies: ReadonlyMap<string, object> = new Map<string, object>([
  ["/grants", { database: "postgres", schema: "public", privileges: [], role: "cloud_admin" }],
  ["/extensions", { extension: "plpgsql", database: "postgres", version: "1.0" }],
]);

async function checkUnheeded(holder: Holder, order: Order, world: World, compute: ComputeProcess): Promise<void> {
  const outcome = outcomeOf(holder, order);
  if (outcome.kind !== "stays") return;
  walked += 1;
  const reply = await order.send(world, compute);
  assert.equal(reply.status, outcome.code, `${order.name} while ${holder.name}: ${reply.text}`);
  assert.match(reply.text, outcome.body, order.name);
  assert.equal((await compute.status())?.status, holder.status, order.name);
}

/** HTTP-49: `/terminate` leaves an empty compute empty, but from then on nobody would carry out a spec. */
async function checkTooLate(world: World, compute: ComputeProcess): Promise<void> {
  const reply = await compute.request("POST", "/configure", { body: world.config() });
  assert.deepEqual([reply.status, reply.text], [412, '{"error":"invalid compute status: empty"}']);
}

/** The order is taken, the status moves on as `change` says, and the answer comes when all is done. */
async function checkLeading(holder: Holder, order: Order, change: string, world: World, held: Held): Promise<void> {
  walked += 1;
  const { compute } = held;
  const answer = order.send(world, compute);
  await compute.waitForLog(new RegExp(`from ${change}\n`));
  if (holder.status !== "configuration") await held.letGo();
  const reply = await answer;
  assert.equal(reply.status, 200, reply.text);
  if (order.kind === "refresh") {
    assert.equal(reply.text, "");
    assert.ok(changesOf(compute).includes(change));
    return;
  }
  if (order.kind === "configure") {
    assert.deepEqual(reply.json(), await compute.status());
    assert.equal((await compute.status())?.status, "running");
    return;
  }
  assert.match(reply.text, holder.hasPostgres ? /^\{"lsn":"[\dA-F]+\/[\dA-F]+"\}$/ : /^\{"lsn":null\}$/);
  assert.match(changesOf(compute).at(-1) ?? "", / to terminated$/);
  assert.deepEqual(await compute.exited, { code: holder.hasPostgres ? 0 : 1, signal: null });
}
