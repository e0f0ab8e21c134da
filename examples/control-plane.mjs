// A control plane of thirty lines: hands each compute the config FOLDER/<compute id>.json, which may have a spec or none.
//   node control-plane.mjs PORT FOLDER          with the token of the computes in CONTROL_PLANE_TOKEN
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";

const [port = "8080", folder = "."] = process.argv.slice(2);
const expected = `Bearer ${process.env.CONTROL_PLANE_TOKEN ?? ""}`;

async function answerFor(path, authorization) {
  const id = /^\/compute\/api\/v2\/computes\/([\w-]+)\/spec$/.exec(path)?.[1];
  if (id === undefined) return [404, { error: "no such route" }];
  if (authorization?.trim() !== expected.trim()) return [403, { error: "this token is not known here" }];
  try {
    const { spec = null, compute_ctl_config } = JSON.parse(await readFile(join(folder, `${id}.json`), "utf8"));
    return [200, { status: spec === null ? "empty" : "attached", spec, compute_ctl_config }];
  } catch (error) {
    // The compute asks again until its config is there.
    return [404, { error: `no config for ${id} yet: ${error.message}` }];
  }
}

const server = createServer(async ({ url, headers }, response) => {
  const [status, body] = await answerFor(url, headers.authorization);
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
});
server.listen(Number(port), process.env.LISTEN_ADDR ?? "127.0.0.1", () => {
  console.log(`control plane for the configs of ${folder} at ${server.address().port}`);
});
