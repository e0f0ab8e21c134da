import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { createNotifier } from "./notify.ts";

/** Prints each datagram as a line of JSON, and closes the descriptor that comes with a barrier, as systemd does. */
const receiver = `
import json, os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print(json.dumps("listening"), flush=True)
while True:
    data, descriptors, _, _ = socket.recv_fds(s, 65536, 8)
    for descriptor in descriptors: os.close(descriptor)
    print(json.dumps(data.decode()), flush=True)
`;

const warnings: string[] = [];
const log = { warn: (message: string) => void warnings.push(message) };

function missingTool(): string | false {
  if (!existsSync("/usr/bin/systemd-notify")) return "systemd-notify (Debian package systemd) is not installed";
  if (spawnSync("python3", ["-c", "import socket; socket.recv_fds"]).status !== 0) return "python3 is not installed";
  return false;
}

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "notify-"));
});
after(() => rm(folder, { recursive: true, force: true }));

describe("createNotifier", () => {
  it("speaks sd_notify to a socket, in order and each status once", { skip: missingTool() }, async () => {
    const path = join(folder, "socket");
    const child = spawn("python3", ["-c", receiver, path], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const messages = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const next = async (): Promise<unknown> => JSON.parse((await messages.next()).value ?? "null");
      // The barrier only asks systemd whether it has read the rest.
      const nextNews = async (): Promise<unknown> => {
        const message = await next();
        return message === "BARRIER=1" ? nextNews() : message;
      };
      assert.equal(await next(), "listening");
      const environment: Record<string, string | undefined> = { NOTIFY_SOCKET: path, PATH: "" };
      const notifier = createNotifier(environment, log);
      assert.deepEqual(environment, { PATH: "" }, "children must not inherit the socket");
      notifier.status("init");
      assert.equal(await nextNews(), "STATUS=init");
      notifier.status("configuration");
      notifier.status("running");
      notifier.ready();
      const said: unknown[] = [];
      while (!String(said.at(-1)).includes("READY=1")) said.push(await nextNews());
      assert.equal(said.at(-1), "READY=1\nSTATUS=running");
      notifier.stopping();
      assert.equal(await nextNews(), "STOPPING=1");
      assert.deepEqual(warnings, []);
    } finally {
      child.kill("SIGKILL");
      await once(child, "close");
    }
  });

  it("does nothing without a socket", () => {
    const heard: string[] = [];
    const notifier = createNotifier({}, { warn: (message) => void heard.push(message) }, ["/nowhere"]);
    notifier.status("init");
    notifier.ready();
    notifier.stopping();
    assert.deepEqual(heard, []);
  });

  it("warns once and goes on when nobody can be told", async () => {
    const failing = join(folder, "failing");
    await writeFile(failing, "#!/bin/sh\nexit 3\n", { mode: 0o755 });
    for (const [tools, reason] of [
      [["/nowhere/systemd-notify", failing], /failing ended with code 3$/],
      [["/nowhere/systemd-notify"], /there is no systemd-notify/],
    ] as const) {
      const heard: string[] = [];
      const warned = Promise.withResolvers<void>();
      const warn = (message: string): void => {
        heard.push(message);
        warned.resolve();
      };
      const notifier = createNotifier({ NOTIFY_SOCKET: join(folder, "nobody") }, { warn }, tools);
      notifier.status("init");
      notifier.ready();
      // The tool does not keep a process alive, this timer does.
      const alive = setInterval(() => {}, 1_000);
      await warned.promise;
      notifier.status("running");
      notifier.stopping();
      clearInterval(alive);
      assert.equal(heard.length, 1);
      assert.match(heard[0] ?? "", reason);
    }
  });
});
