import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { it } from "node:test";
import { pickPort } from "./ports.ts";

it("picks the preferred port when it is free, and another while it is taken", async () => {
  const free = await pickPort(0);
  assert.equal(await pickPort(free), free);
  const server = createServer().listen(free, "127.0.0.1");
  await once(server, "listening");
  const other = await pickPort(free);
  server.close();
  assert.notEqual(other, free);
  assert.ok(other > 0);
});
