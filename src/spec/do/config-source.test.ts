import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { configText, specText } from "../test-config.ts";
import { loadConfigFile, loadPayloadFile } from "./config-source.ts";

async function fileWith(t: TestContext, content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "config-source-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "config.json");
  await writeFile(path, content);
  return path;
}

describe("config files", () => {
  it("are decoded; a bare spec only where one may stand (CLI-8)", async (t) => {
    const config = await fileWith(t, configText());
    const bare = await fileWith(t, specText());
    assert.equal((await loadConfigFile(config, { strict: true })).ok, true);
    assert.equal((await loadPayloadFile(config, { strict: true })).ok, true);
    assert.equal((await loadConfigFile(bare, { strict: true })).ok, false);
    assert.equal((await loadPayloadFile(bare, { strict: true })).ok, true);
  });

  it("that cannot be read are told in the original's words first, then with their path (SPEC-2)", async () => {
    await assert.rejects(loadConfigFile("/nowhere/config.json", { strict: true }), {
      name: "ConfigFileError",
      message: /^No such file or directory \(os error 2\): cannot read \/nowhere\/config\.json/,
    });
    await assert.rejects(loadPayloadFile(tmpdir(), { strict: true }), { message: /\(os error 21\)/ });
  });
});
