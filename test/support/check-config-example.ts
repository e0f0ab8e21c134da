import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkConfig } from "../../src/cli/check-config/check-config.ts";
import { renderReport } from "../../src/cli/check-config/render-report.ts";
import { locatePostgres } from "../../src/postgres/do/installation.ts";
import { loadPayloadFile } from "../../src/spec/do/config-source.ts";
import { postgresForUser } from "../../src/standin/postgres-install.ts";

const source = "test/fixtures/primary.config.json";

/** What docs/check-config.md shows: the check of the production-like fixture for a stock Postgres 17. */
export async function checkConfigExample(): Promise<string> {
  const workdir = await mkdtemp(join(tmpdir(), "compute-ctl-example-"));
  try {
    const { bindir, runAs } = await postgresForUser({ major: 17, workdir });
    const { signal } = new AbortController();
    const installation = await locatePostgres({ pgbin: join(bindir, "postgres"), path: undefined }, signal);
    const decoded = await loadPayloadFile(join(import.meta.dirname, "../..", source), { strict: false });
    if (!decoded.ok) throw new Error("the fixture cannot be decoded");
    const target = {
      privilegedRoleName: "neon_superuser",
      internalHttpPort: 3081,
      platform: "linux",
      connstrPort: null,
      lakebase: false,
      overcommitMemory: null,
      osUser: runAs,
      environment: {},
    } as const;
    const { report } = await checkConfig(source, decoded.value, { ...target, installation }, signal);
    return renderReport(report);
  } finally {
    await rm(workdir, { recursive: true, force: true });
  }
}

/** The document, with the example in its place. */
export function withExample(document: string, example: string): string {
  return document.replace(/```text\n[\s\S]*?```/, () => `\`\`\`text\n${example}\`\`\``);
}
