import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, it } from "node:test";
import { type World, withWorld } from "../support/world.ts";
import { endsBySignal } from "./outcomes.ts";

/** Writes bytes to the external server as they are. */
async function send(world: World, ...parts: readonly (string | Buffer)[]): Promise<Socket> {
  const socket = connect(world.ports.external, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  for (const part of parts) socket.write(part);
  return socket;
}

async function firstLine(socket: Socket): Promise<string> {
  const [chunk] = await once(socket, "data");
  return String(chunk).split("\r\n")[0] ?? "";
}

function head(world: World, contentType: string, length: number): string {
  return [
    "POST /configure HTTP/1.1",
    "Host: 127.0.0.1",
    `Authorization: Bearer ${world.adminToken}`,
    `Content-Type: ${contentType}`,
    `Content-Length: ${length}`,
    "",
    "",
  ].join("\r\n");
}

describe("a request to /configure that is no good", () => {
  it("is refused by its kind, and the compute stays empty for a good one", () =>
    withWorld({}, async (world) => {
      const good = world.config();
      const text = JSON.stringify(good);
      const compute = await world.start({ config: { compute_ctl_config: good.compute_ctl_config } });
      await compute.waitFor("empty");

      const half = await compute.request("POST", "/configure", { body: text.slice(0, text.length / 2) });
      assert.equal(half.status, 400, half.text);

      const plain = await send(world, head(world, "text/plain", text.length), text);
      assert.match(await firstLine(plain), /^HTTP\/1\.1 415 /);
      plain.destroy();

      const tooLarge = 32 * 1024 * 1024 + 1;
      const announced = await send(world, head(world, "application/json", tooLarge));
      assert.match(await firstLine(announced), /^HTTP\/1\.1 413 /);
      announced.destroy();

      const sent = await compute.request("POST", "/configure", { body: " ".repeat(tooLarge) });
      assert.equal(sent.status, 413, sent.text);

      const cut = await send(world, head(world, "application/json", text.length), text.slice(0, 100));
      cut.destroy();

      assert.equal((await compute.status())?.status, "empty");
      assert.equal((await compute.request("POST", "/configure", { body: good })).status, 200);
      await endsBySignal(compute);
    }));

  it("keeps nobody else waiting while it trickles in, and does not hold up the end", () =>
    withWorld({}, async (world) => {
      const { compute_ctl_config } = world.config();
      const compute = await world.start({ config: { compute_ctl_config } });
      await compute.waitFor("empty");
      const slow = await send(world, head(world, "application/json", 1000), '{"spec": ');
      const silent = await send(world, "POST /confi");
      assert.equal((await compute.status())?.status, "empty");
      await endsBySignal(compute);
      slow.destroy();
      silent.destroy();
    }));
});
