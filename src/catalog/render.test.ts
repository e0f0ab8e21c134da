import assert from "node:assert/strict";
import { test } from "node:test";
import { describeStep, maskSecrets } from "./describe.ts";
import { renderStep } from "./render.ts";
import type { Step } from "./step.ts";
import type { WantedRole } from "./wanted.ts";

const role: WantedRole = {
  name: 'Bob "B"',
  verifier: "md500112233445566778899aabbccddeeff",
  managesPassword: true,
  options: [],
  privileged: true,
};
const why = "";

test("V1: roles of customers are privileged, those of an identity provider are not (APPLY-25, SPEC-55)", () => {
  assert.equal(
    renderStep({ kind: "create-role", role, memberOf: "my_superuser", why }),
    'CREATE ROLE "Bob ""B""" INHERIT CREATEROLE CREATEDB BYPASSRLS REPLICATION IN ROLE "my_superuser" ' +
      "LOGIN PASSWORD 'md500112233445566778899aabbccddeeff'",
  );
  assert.equal(
    renderStep({ kind: "create-role", role: { ...role, verifier: null, privileged: false }, memberOf: "p", why }),
    'CREATE ROLE "Bob ""B""" LOGIN PASSWORD NULL',
  );
});

test("an option of the spec wins over the implied one (FIELD-9, T7)", () => {
  const options = [
    { decides: "LOGIN", text: "NOLOGIN" },
    { decides: "CREATEDB", text: "NOCREATEDB" },
  ];
  const group = { ...role, verifier: null, options };
  assert.equal(
    renderStep({ kind: "create-role", role: group, memberOf: "p", why }),
    'CREATE ROLE "Bob ""B""" INHERIT CREATEROLE BYPASSRLS REPLICATION IN ROLE "p" NOLOGIN NOCREATEDB PASSWORD NULL',
  );
  assert.equal(
    renderStep({ kind: "alter-role", role: group, why }),
    'ALTER ROLE "Bob ""B""" NOLOGIN NOCREATEDB PASSWORD NULL',
  );
});

test("databases are created unfinished, and finished together with their grant", () => {
  const options = ["LC_COLLATE 'C'", "TEMPLATE template0"];
  assert.equal(
    renderStep({ kind: "create-database", name: 'we"ird $x$', owner: 'Bob "B"', options, copyOf: null, why }),
    `CREATE DATABASE "we""ird $x$" LC_COLLATE 'C' TEMPLATE template0 OWNER "Bob ""B""" CONNECTION LIMIT 1999999999`,
  );
  assert.equal(
    renderStep({ kind: "create-database", name: "d", owner: "o", options: [], copyOf: 'a"b', why }).replaceAll(
      / +/g,
      " ",
    ),
    `CREATE DATABASE "d" TEMPLATE "a""b" OWNER "o" CONNECTION LIMIT 1999999999`,
  );
  assert.equal(
    renderStep({ kind: "finish-database", name: "d", grantee: "p", connectionLimit: -1, why }),
    'GRANT ALL PRIVILEGES ON DATABASE "d" TO "p"; ALTER DATABASE "d" WITH CONNECTION LIMIT -1',
  );
});

test("only a deletion by the spec ends sessions (APPLY-28, APPLY-31)", () => {
  assert.equal(
    renderStep({ kind: "drop-database", name: "d", force: true, why }),
    'DROP DATABASE IF EXISTS "d" WITH (FORCE)',
  );
  assert.equal(renderStep({ kind: "drop-database", name: "d", force: false, why }), 'DROP DATABASE IF EXISTS "d"');
});

test("hostile names stay inside their quotes (chapter 05 §9)", () => {
  const names = ['"; DROP ROLE x; --', "$$", "$x$", "xx", "%I", "a\\b", "o'k", "🦦", "é".repeat(31)];
  for (const name of names) {
    const quoted = `"${name.replaceAll('"', '""')}"`;
    const steps: readonly (readonly [Step, string])[] = [
      [{ kind: "drop-role", name, why }, `DROP ROLE IF EXISTS ${quoted}`],
      [{ kind: "rename-database", name, newName: name, why }, `ALTER DATABASE ${quoted} RENAME TO ${quoted}`],
      [{ kind: "reassign-owned", role: name, heir: name, why }, `REASSIGN OWNED BY ${quoted} TO ${quoted}`],
    ];
    for (const [step, sql] of steps) assert.equal(renderStep(step), sql);
  }
});

test("V15: inside a block a name is dollar-quoted with a tag that it does not contain (APPLY-14)", () => {
  const block = (name: string) => renderStep({ kind: "revoke-granted", role: name, why });
  assert.match(block("box"), /^DO \$xxx\$.*:= \$xx\$box\$xx\$;.*\$xxx\$$/s);
  assert.match(block("a$xx$b"), /^DO \$xxxx\$.*:= \$xxx\$a\$xx\$b\$xxx\$;.*\$xxxx\$$/s);
});

test("a description is one line and has no secret", () => {
  assert.equal(describeStep({ kind: "alter-role", role, why }), `alter role "Bob \\"B\\"" PASSWORD '***'`);
  assert.equal(describeStep({ kind: "drop-role", name: "a\nb", why }), 'drop role "a\\nb"');
});

test("a server's message loses the secret that it quotes", () => {
  const step: Step = { kind: "alter-role", role, why };
  assert.equal(maskSecrets(step, `syntax error at or near "${role.verifier}"`), 'syntax error at or near "***"');
  assert.equal(maskSecrets({ kind: "drop-owned", role: "r", why }, "role r"), "role r");
});
