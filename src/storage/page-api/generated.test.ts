import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { DescField } from "@bufbuild/protobuf";
import { file_page_api as generated } from "./page-api_pb.js";

const folder = import.meta.dirname;
const proto = readFileSync(join(folder, "page-api.proto"), "utf8").replaceAll(/\/\/.*$/gm, "");

/** `message name, number field type` of each field, and the like of enums and methods, as the source has them. */
function declared(): readonly string[] {
  const blocks = [...proto.matchAll(/\b(message|enum|service) (\w+) \{([^}]*)\}/g)];
  return blocks.flatMap(([, kind, name, body = ""]) => {
    if (kind === "message")
      return [...body.matchAll(/([\w.]+) (\w+) = (\d+);/g)].map(
        ([, type, field, number]) => `${name}: ${type} ${field} = ${number}`,
      );
    if (kind === "enum")
      return [...body.matchAll(/(\w+) = (\d+);/g)].map(([, value, number]) => `${name}: ${value} = ${number}`);
    return [...body.matchAll(/rpc (\w+)\((\w+)\) returns \((stream )?(\w+)\)/g)].map(
      ([, method, input, stream = "", output]) => `${name}: ${method}(${input}) ${stream}${output}`,
    );
  });
}

/** The same of what was generated. */
function described(): readonly string[] {
  const messages = generated.messages.flatMap(({ name, fields }) =>
    fields.map((field) => `${name}: ${typeOf(field)} ${field.name} = ${field.number}`),
  );
  const enums = generated.enums.flatMap(({ name, values }) =>
    values.map((value) => `${name}: ${value.name} = ${value.number}`),
  );
  const methods = generated.services.flatMap(({ name, methods }) =>
    methods.map(({ name: method, input, output, methodKind }) => {
      const stream = methodKind === "server_streaming" ? "stream " : "";
      return `${name}: ${method}(${input.name}) ${stream}${output.name}`;
    }),
  );
  return [...messages, ...enums, ...methods];
}

function typeOf(field: DescField): string {
  const scalars = new Map([
    [4, "uint64"],
    [8, "bool"],
    [12, "bytes"],
  ]);
  if (field.fieldKind === "scalar") return scalars.get(field.scalar) ?? `scalar ${field.scalar}`;
  if (field.fieldKind === "enum") return field.enum.name;
  if (field.fieldKind !== "message") return field.fieldKind;
  return field.message.typeName.replace("page_api.", "");
}

describe("the generated code of the page API", () => {
  it("has what the .proto file declares", () => {
    assert.ok(declared().length > 8);
    assert.deepEqual(described().toSorted(), declared().toSorted());
  });

  const version = spawnSync("protoc", ["--version"], { encoding: "utf8" });
  const skip =
    version.status === 0 ? false : "there is no protoc on this machine; the test above compares all declarations";
  it("is what `npm run generate` makes", { skip }, (t) => {
    const out = mkdtempSync(join(tmpdir(), "page-api-"));
    t.after(() => rmSync(out, { recursive: true, force: true }));
    const root = join(folder, "../../..");
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const command = String(scripts.generate).replace("--es_out=src/storage/page-api", `--es_out=${out}`);
    execFileSync("sh", ["-c", command], { cwd: root });
    for (const name of ["page-api_pb.js", "page-api_pb.d.ts"]) {
      assert.equal(
        readFileSync(join(out, name), "utf8"),
        readFileSync(join(folder, name), "utf8"),
        `run npm run generate: ${name}`,
      );
    }
  });
});
