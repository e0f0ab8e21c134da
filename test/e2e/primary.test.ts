import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { ComputeProcess } from "./support/compute-process.ts";
import { processesOf } from "./support/leftovers.ts";
import { scramVerifier } from "./support/verifier.ts";
import { type World, withWorld } from "./support/world.ts";

const hostileName = `Bob "B"'; DROP ROLE alice; -- $x$ \\ %I`;
const passwords = { alice: "alice-copper-kettle", bob: `it's "quoted" \\ $$` } as const;
const verifiers = { alice: scramVerifier(passwords.alice), bob: scramVerifier(passwords.bob) } as const;

const roles = [
  { name: "alice", encrypted_password: verifiers.alice, options: null },
  { name: hostileName, encrypted_password: verifiers.bob, options: [] },
  { name: "jwt_anon" },
];
const databases = [
  { name: "shop", owner: "alice", options: null },
  { name: hostileName, owner: hostileName },
];

describe("the main job: a spec becomes a running Postgres", () => {
  for (const major of [15, 17] as const) {
    it(`on Postgres ${major}`, (t) =>
      withWorld({ major, tokens: true }, async (world) => {
        const config = world.config({
          cluster: { roles, databases },
          spec: {
            local_proxy_config: {
              jwks: [{ id: "1", role_names: ["jwt_anon"], jwks_url: "http://x.test", provider_name: "x" }],
            },
          },
        });
        const compute = await world.start({ config });
        const seen = await compute.waitFor("running");
        await t.test("LIFE-90, HTTP-33: a client that polls sees init and running, never empty", () => {
          assert.deepEqual(seen, ["init", "running"]);
        });
        await checkStatus(t, world, compute);
        await checkCatalog(t, compute);
        await checkPasswords(t, compute);
        await checkFiles(t, world, compute);
        await checkLog(t, world, compute);
        await t.test("LIFE-60: the processes run as an ordinary user, in the data directory", async () => {
          const postmaster = await compute.postgresPid();
          const { uid } = await stat(`/proc/${postmaster}`);
          assert.equal(uid, world.storage.postgres.runAs?.uid ?? process.getuid?.());
        });
        await checkSecrets(t, world, compute);
      }));
  }
});

describe("a spec that asks Postgres to log everything", () => {
  it("APPLY-25: gets no verifier into the log, nor into the statistics of statements", () =>
    withWorld({}, async (world) => {
      const parts = {
        settings: {
          log_statement: "all",
          log_min_duration_statement: "0",
          log_min_error_statement: "debug5",
          shared_preload_libraries: "pg_stat_statements",
        },
        cluster: { roles },
      };
      const compute = await world.start({ config: world.config(parts) });
      await compute.waitFor("running");
      const changed = [{ name: "alice", encrypted_password: scramVerifier("another") }];
      const body = world.config({ ...parts, cluster: { roles: changed } });
      assert.equal((await compute.request("POST", "/configure", { body })).status, 200);
      const client = await compute.connect();
      await client.query("ALTER ROLE jwt_anon PASSWORD NULL");
      const { rows } = await client.query("SELECT query FROM pg_stat_statements WHERE query ~ 'PASSWORD'");
      assert.deepEqual(rows, [{ query: "ALTER ROLE jwt_anon PASSWORD NULL" }]);
      await compute.waitForLog(/LOG: {2}statement: ALTER ROLE jwt_anon PASSWORD NULL/);
      assert.doesNotMatch(compute.log(), /SCRAM-SHA-256/);
    }));
});

async function checkStatus(t: TestContext, world: World, compute: ComputeProcess): Promise<void> {
  await t.test("HTTP-32: /status tells tenant, timeline and no error", async () => {
    const status = await compute.status();
    assert.deepEqual(Object.keys(status ?? {}), ["start_time", "tenant", "timeline", "status", "last_active", "error"]);
    assert.deepEqual(
      [status?.tenant, status?.timeline, status?.status, status?.error],
      [world.storage.tenantId, world.storage.timelineId, "running", null],
    );
  });
}

async function checkCatalog(t: TestContext, compute: ComputeProcess): Promise<void> {
  const client = await compute.connect();
  const rows = async (sql: string) => (await client.query({ text: sql, rowMode: "array" })).rows;

  await t.test("APPLY-23, APPLY-25: roles have the attributes of the first example", async () => {
    const attributes = await rows(
      `SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls
         FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY rolname COLLATE "C"`,
    );
    assert.deepEqual(attributes, [
      [hostileName, false, true, true, true, true, true, true],
      ["alice", false, true, true, true, true, true, true],
      ["cloud_admin", true, true, true, true, true, true, true],
      ["jwt_anon", false, true, false, false, true, false, false],
      ["neon_superuser", false, true, true, true, false, true, true],
    ]);
  });

  await t.test("APPLY-23, APPLY-25: memberships of and in the privileged role", async () => {
    const members = await rows(
      `SELECT r.rolname, m.rolname, a.admin_option FROM pg_auth_members a
         JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
        WHERE r.rolname IN ('neon_superuser', 'pg_read_all_data', 'pg_write_all_data')
        ORDER BY r.rolname COLLATE "C", m.rolname COLLATE "C"`,
    );
    assert.deepEqual(members, [
      ["neon_superuser", hostileName, false],
      ["neon_superuser", "alice", false],
      ["pg_read_all_data", "neon_superuser", false],
      ["pg_write_all_data", "neon_superuser", false],
    ]);
  });

  await t.test(
    "APPLY-30: databases belong to their owners, and the privileged role may do everything in them",
    async () => {
      const owned = await rows(
        `SELECT datname, pg_get_userbyid(datdba), has_database_privilege('neon_superuser', oid, 'CREATE')
         FROM pg_database WHERE NOT datistemplate ORDER BY datname COLLATE "C"`,
      );
      assert.deepEqual(owned, [
        [hostileName, hostileName, true],
        ["postgres", "cloud_admin", false],
        ["shop", "alice", true],
      ]);
      const shop = await rows("SELECT datacl::text FROM pg_database WHERE datname = 'shop'");
      assert.deepEqual(shop, [["{=Tc/alice,alice=CTc/alice,neon_superuser=CTc/alice}"]]);
    },
  );

  await t.test("APPLY-39: the table for health checks is there", async () => {
    assert.deepEqual(await rows("SELECT id FROM public.health_check"), [[1]]);
  });

  await t.test("CONF-61: Postgres finds no fault with its configuration files", async () => {
    assert.deepEqual(await rows("SELECT name, error FROM pg_file_settings WHERE error IS NOT NULL"), []);
    assert.deepEqual(await rows("SELECT line_number, error FROM pg_hba_file_rules WHERE error IS NOT NULL"), []);
    assert.deepEqual(await rows("SELECT setting FROM pg_settings WHERE name = 'max_connections'"), [["100"]]);
  });
}

async function checkPasswords(t: TestContext, compute: ComputeProcess): Promise<void> {
  await t.test("APPLY-25: a client logs in by SCRAM and uses its database", async () => {
    const alice = await compute.connect({ user: "alice", password: passwords.alice, database: "shop" });
    await alice.query("CREATE TABLE public.orders (id int); INSERT INTO public.orders VALUES (42)");
    assert.deepEqual((await alice.query("SELECT id, current_user FROM public.orders")).rows, [
      { id: 42, current_user: "alice" },
    ]);
    const bob = await compute.connect({ user: hostileName, password: passwords.bob, database: hostileName });
    assert.deepEqual((await bob.query("SELECT current_user, current_database() AS db")).rows, [
      { current_user: hostileName, db: hostileName },
    ]);
  });

  await t.test("CONF-61: a wrong password, and a role without one, are refused", async () => {
    for (const [user, password] of [
      ["alice", "alice-copper-kettlE"],
      [hostileName, passwords.alice],
      ["jwt_anon", "x"],
      ["neon_superuser", "x"],
    ] as const) {
      await assert.rejects(compute.connect({ user, password, database: "shop" }), { code: "28P01" }, user);
    }
  });
}

async function checkFiles(t: TestContext, world: World, compute: ComputeProcess): Promise<void> {
  await t.test("LIFE-12: PGDATA is nobody's but the user's that runs Postgres", async () => {
    const { mode, uid } = await stat(world.pgdata);
    assert.equal(mode & 0o777, 0o700);
    assert.equal(uid, world.storage.postgres.runAs?.uid ?? process.getuid?.());
  });

  await t.test("LIFE-12: postgresql.conf holds the storage's addresses, then the settings", async () => {
    const lines = (await readFile(join(world.pgdata, "postgresql.conf"), "utf8")).split("\n");
    assert.equal(lines[0], "# Neon storage settings");
    const inOrder = [
      `neon.pageserver_connstring='${world.storage.pageserverUrl}'`,
      `neon.safekeepers='${world.storage.safekeeperHostPorts.join()}'`,
      `neon.tenant_id='${world.storage.tenantId}'`,
      `neon.timeline_id='${world.storage.timelineId}'`,
      "neon.compute_mode=primary",
      "max_connections = '100'",
      `port = '${compute.ports.postgres}'`,
      `neon.extension_server_port=${compute.ports.internal}`,
      "include_if_exists = 'compute_ctl_temp_override.conf'",
    ].map((line) => lines.indexOf(line));
    assert.ok(!inOrder.includes(-1), `${inOrder}: ${lines.join("\n")}`);
    assert.deepEqual(
      inOrder,
      inOrder.toSorted((a, b) => a - b),
    );
  });

  await t.test("CONF-61: pg_hba.conf ends with the rule that asks for passwords", async () => {
    const text = await readFile(join(world.pgdata, "pg_hba.conf"), "utf8");
    assert.equal(text.trimEnd().split("\n").at(-1), "host\tall\t\tall\t\tall\t\tmd5");
  });
}

async function checkLog(t: TestContext, world: World, compute: ComputeProcess): Promise<void> {
  const postmaster = await compute.postgresPid();
  const { tenantId, timelineId } = world.storage;
  for (const [id, pattern] of [
    ["LIFE-1", / INFO compute build_tag: latest\n/],
    ["LIFE-42", / INFO Changing compute status from empty to init\n/],
    [
      "LIFE-7",
      new RegExp(
        ` INFO starting compute for project e2e, operation None, tenant ${tenantId}, timeline ${timelineId}, `,
      ),
    ],
    ["LIFE-87", /\nPG:[\d-]+ [\d:.]+ \S+ \[\d+\] LOG: {2}database system is ready to accept connections\n/],
    ["LIFE-42", / INFO Changing compute status from init to running\n/],
    ["LIFE-11", new RegExp(` INFO compute start finished wait_for_spec_ms=0 .* postmaster_pid=${postmaster}\n`)],
  ] as const) {
    await t.test(`${id}: the log has ${pattern.source.slice(0, 60)}`, () => assert.match(compute.log(), pattern));
  }
  await t.test("LIFE-80: nothing goes to stdout", () => assert.equal(compute.stdout(), ""));
  await t.test("no warning or error comes up but for what stock Postgres lacks", () => {
    const complaints = compute.log().match(/^.*(?: WARN | ERROR |ERROR: |FATAL: (?! password)).*$/gm) ?? [];
    const unexpected = complaints.filter(
      (line) => !/extension neon is not available|local_proxy|password auth/.test(line),
    );
    assert.deepEqual(unexpected, []);
  });
}

async function checkSecrets(t: TestContext, world: World, compute: ComputeProcess): Promise<void> {
  await t.test("no secret shows in the log, in a command line, or over HTTP", async () => {
    const { spec } = world.config();
    const secrets = [
      ...Object.values(passwords),
      ...Object.values(verifiers),
      ...Object.values(verifiers).map((verifier) => verifier.slice(-43)),
      String(spec["storage_auth_token"]),
      world.adminToken,
    ];
    const replies = await Promise.all(
      ["/status", "/metrics", "/metrics.json"].map((path) => compute.request("GET", path)),
    );
    const processes = processesOf(world.folder);
    assert.ok(processes.some(({ command }) => command.includes("checkpointer")) || processes.length > 3);
    const places = [compute.log(), ...processes.map(({ command }) => command), ...replies.map(({ text }) => text)];
    const shown = secrets.filter((secret) => places.some((place) => place.includes(secret)));
    assert.deepEqual(shown, []);
  });
}
