import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import type { Shape } from "../base/decoder.ts";
import { configShape, decodeConfig } from "./decode.ts";
import { fieldDescriptions } from "./field-descriptions.ts";
import { renderConfigJsonSchema } from "./json-schema.ts";
import { configText } from "./test-config.ts";

const fixtures = new URL("../../test/fixtures/", import.meta.url);
const published = readFileSync(new URL("../../docs/config.schema.json", import.meta.url), "utf8");
const validate = new Ajv2020({ strictTypes: false, allErrors: true }).compile(JSON.parse(published));

function fixture(path: string): string {
  return readFileSync(new URL(path, fixtures), "utf8");
}

function decodes(text: string): boolean {
  return decodeConfig(text, { source: "file", strict: true }).ok;
}

describe("the published schema of a config", () => {
  it("is the one that follows from the decoders (npm run schema after a change)", () => {
    assert.equal(published, renderConfigJsonSchema());
  });

  for (const name of ["minimal", "primary", "replica"]) {
    it(`accepts ${name}.config.json`, () => {
      assert.equal(validate(JSON.parse(fixture(`${name}.config.json`))), true, JSON.stringify(validate.errors));
    });
  }

  for (const name of readdirSync(new URL("postgresql-conf/", fixtures)).filter((name) => name !== "README.md")) {
    it(`accepts the spec of postgresql-conf/${name}`, () => {
      const spec = JSON.parse(fixture(`postgresql-conf/${name}/spec.json`));
      const document = { spec, compute_ctl_config: { jwks: { keys: [] } } };
      assert.equal(validate(document), decodes(JSON.stringify(document)), JSON.stringify(validate.errors));
    });
  }

  for (const name of readdirSync(new URL("invalid/", fixtures))) {
    const text = fixture(`invalid/${name}`);
    const decoded = decodeConfig(text, { source: "file", strict: true });
    if (!decoded.ok && decoded.refusal.kind === "syntax") continue; // not JSON: no schema gets to see it
    it(`${decoded.ok ? "accepts" : "refuses"} invalid/${name}, ${decoded.ok ? "whose meaning is wrong" : "as the decoder does"}`, () => {
      assert.equal(validate(JSON.parse(text)), decoded.ok, JSON.stringify(validate.errors));
    });
  }

  it("names the place of what it refuses", () => {
    validate(JSON.parse(fixture("invalid/setting-value-is-number.json")));
    assert.ok(
      validate.errors?.some(({ instancePath }) => /^\/spec\/cluster\/settings\/\d+\/value$/.test(instancePath)),
    );
  });

  it("SPEC-11 to SPEC-14, SPEC-22: agrees with the decoder on fixtures in which any one value is replaced", () => {
    const documents = ["minimal", "primary", "replica"].map((name) => fixture(`${name}.config.json`));
    const odd = fc.constantFrom<unknown[]>(
      ...[
        null,
        true,
        0,
        1,
        -1,
        255,
        256,
        1.5,
        4294967296,
        "",
        "x",
        "grpc",
        "Full",
        "Primary",
        "16/B3748",
        "0000",
        "ES256",
      ],
      ...[[], ["x"], [null], {}, { Primary: null }, { Static: "0/1" }, { Static: 5 }, { x: null }, { name: "x" }],
      ...[{ keys: [] }, { kty: "oct", k: "A" }, { key_path: "", cert_path: "" }, { shard_count: 0, shards: {} }],
    );
    fc.assert(
      fc.property(fc.constantFrom(...documents), fc.nat(), odd, fc.boolean(), (text, at, value, removes) => {
        const changed = changeOne(JSON.parse(text), at, value, removes);
        assert.equal(validate(changed), decodes(JSON.stringify(changed)), JSON.stringify(changed).slice(0, 2_000));
      }),
      { numRuns: 3_000 },
    );
  });

  it("SPEC-61: agrees with the decoder on what an LSN is", () => {
    const lsns = ["0/1", " 1/ab ", "+0/+A", "000000000/0", "1", "1/", "/1", "1/2/3", "0x1/2", "100000000/0", ""];
    for (const lsn of lsns) {
      const text = configText({ mode: JSON.stringify({ Static: lsn }) });
      assert.equal(validate(JSON.parse(text)), decodes(text), lsn);
    }
  });

  it("describes every object and member, and nothing that is gone", () => {
    assert.deepEqual([...fieldDescriptions.keys()].sort(), [...new Set(namesIn(configShape))].sort());
  });
});

/** A copy in which the value at the `at`-th place, counted through, is another or is gone. */
function changeOne(document: unknown, at: number, value: unknown, removes: boolean): unknown {
  const places: { readonly parent: object; readonly key: string }[] = [];
  const walk = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const [key, child] of Object.entries(node)) {
      places.push({ parent: node, key });
      walk(child);
    }
  };
  walk(document);
  const place = places[at % places.length];
  assert.ok(place !== undefined);
  if (removes && !Array.isArray(place.parent)) Reflect.deleteProperty(place.parent, place.key);
  else Reflect.set(place.parent, place.key, value);
  return document;
}

/** The names of all objects in a shape, and of their members. */
function namesIn(shape: Shape): readonly string[] {
  switch (shape.kind) {
    case "list":
      return namesIn(shape.item);
    case "map":
      return namesIn(shape.value);
    case "any-of":
      return shape.options.flatMap(namesIn);
    case "variants":
      return [...shape.variants.values()].flatMap((payload) => (payload === null ? [] : namesIn(payload)));
    case "object": {
      const { title, members } = shape;
      assert.ok(title !== undefined, "every object of a config has a name");
      return [title, ...members.flatMap((member) => [`${title}.${member.name}`, ...namesIn(member.shape)])];
    }
    default:
      return [];
  }
}
