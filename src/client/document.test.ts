import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { parse } from "yaml";
import type { Shape } from "../base/decoder.ts";
import { computeStatuses } from "../compute/status.ts";
import {
  catalogPlan,
  computeStatusNames,
  computeStatusObject,
  logLines,
  migrations,
  operation,
  operationList,
  startupMetrics,
  statusDetail,
  terminateResult,
  timeline,
} from "./answers.ts";
import { ComputeClient } from "./compute-client.ts";
import { type FakeApi, startFakeApi } from "./test-server.ts";

const document: unknown = parse(readFileSync(new URL("../../docs/behaviour/openapi.yaml", import.meta.url), "utf8"));

/** The calls that send each operation of the document. */
const covered: Readonly<Record<string, (client: ComputeClient) => Promise<unknown>>> = {
  getStatus: (client) => client.detailedStatus(),
  getStartupMetrics: (client) => client.metricsJson(),
  getPrometheusMetrics: (client) => client.metrics(),
  getHealth: (client) => client.healthy(),
  getReadiness: (client) => client.ready(),
  getTimeline: (client) => client.timeline(),
  getMigrations: (client) => client.migrations(),
  getPlan: (client) => client.plan(),
  getLogs: (client) => client.logs({ lines: 5 }),
  listOperations: (client) => client.operations(),
  getOperation: (client) => client.operation("{id}"),
  configure: (client) => client.configure("{}", { wait: false }),
  terminate: (client) => client.terminate({ mode: "immediate", force: true, join: true }),
  refreshConfiguration: (client) => client.refresh(),
};

const notCovered: Readonly<Record<string, string>> = {
  getOpenapi: "for people and for generators of clients",
  getStatusPage: "for people, in a browser",
  getStatusPageFile: "a part of the status page",
  getStatusPageState: "a part of the status page",
  followStatusPage: "a part of the status page",
  getAutoscalingMetrics: "for the scraper of the autoscaler",
  promote: "the feature comes in a later release",
  getPrewarm: "the feature comes in a later release",
  startPrewarm: "the feature comes in a later release",
  cancelPrewarm: "the feature comes in a later release",
  getOffload: "the feature comes in a later release",
  startOffload: "the feature comes in a later release",
  listCatalog: "for the control plane's console; its answer holds password verifiers",
  dumpSchema: "a stream of any length, for the control plane's console",
  checkWritability: "for the control plane's health checks",
  getInsights: "for the control plane's statistics",
  probeLiveness: "for the probes of one kind of deployment",
  installExtension: "only local_proxy asks for it",
  grantOnSchema: "only local_proxy asks for it",
  downloadExtension: "only Postgres asks for it",
  setFailpoints: "only in testing builds",
};

const shapes: Readonly<Record<string, Shape>> = {
  ComputeStatusObject: computeStatusObject.shape,
  StatusDetail: statusDetail.shape,
  StartupMetrics: startupMetrics.shape,
  TerminateResult: terminateResult.shape,
  Operation: operation.shape,
  OperationList: operationList.shape,
  Timeline: timeline.shape,
  Migrations: migrations.shape,
  CatalogPlan: catalogPlan.shape,
  LogLines: logLines.shape,
};

/** The part of the document at a path; undefined where it has none. */
function part(of: unknown, ...path: readonly string[]): unknown {
  return path.reduce(
    (at, name) =>
      typeof at === "object" && at !== null ? Object.entries(at).find(([key]) => key === name)?.[1] : undefined,
    of,
  );
}

function entriesOf(object: unknown): readonly (readonly [string, unknown])[] {
  return typeof object === "object" && object !== null ? Object.entries(object) : [];
}

/** A schema with its reference followed. */
function resolved(schema: unknown): unknown {
  const reference = part(schema, "$ref");
  return typeof reference === "string" ? part(document, ...reference.replace("#/", "").split("/")) : schema;
}

/** What both a schema and a decoder say about structure: members, which of them must be there, and elements. */
type Structure = readonly [members: Readonly<Record<string, Structure>>] | readonly ["list", Structure] | "value";

function structureOfSchema(schema: unknown): Structure {
  const followed = resolved(schema);
  const items = part(followed, "items");
  if (items !== undefined) return ["list", structureOfSchema(items)];
  const properties = entriesOf(part(followed, "properties"));
  if (properties.length === 0) return "value";
  assert.deepEqual(
    part(followed, "required"),
    properties.map(([name]) => name),
    "every member is always there",
  );
  return [Object.fromEntries(properties.map(([name, property]) => [name, structureOfSchema(property)]))];
}

function structureOfShape(shape: Shape): Structure {
  if (shape.kind === "list") return ["list", structureOfShape(shape.item)];
  if (shape.kind !== "object") return "value";
  return [Object.fromEntries(shape.members.map((member) => [member.name, structureOfShape(member.shape)]))];
}

interface DocumentedOperation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly unknown[];
}

const operations: readonly DocumentedOperation[] = entriesOf(part(document, "paths")).flatMap(([path, methods]) =>
  entriesOf(methods).flatMap(([method, described]) => {
    const id = part(described, "operationId");
    if (typeof id !== "string") return [];
    const parameters = entriesOf(part(described, "parameters")).map(([, parameter]) => resolved(parameter));
    return [{ id, method: method.toUpperCase(), path, parameters }];
  }),
);

let api: FakeApi;
before(async () => {
  api = await startFakeApi(() => ({ status: 404 }));
});
after(() => api.close());

describe("the client and openapi.yaml", () => {
  it("know the same operations, but those that are left out for a reason", () => {
    assert.deepEqual(
      operations.map(({ id }) => id).sort(),
      [...Object.keys(covered), ...Object.keys(notCovered)].sort(),
    );
  });

  for (const [id, call] of Object.entries(covered)) {
    it(`agree on how to ask for ${id}`, async () => {
      const client = new ComputeClient({ url: api.url, internalUrl: api.url });
      await assert.rejects(call(client), { name: "ApiError", status: 404 });
      const asked = api.asked.at(-1);
      const target = new URL(asked?.target ?? "", api.url);
      const described = operations.find((each) => each.id === id);
      assert.deepEqual([asked?.method, decodeURIComponent(target.pathname)], [described?.method, described?.path]);
      const known = described?.parameters
        .filter((each) => part(each, "in") === "query")
        .map((each) => part(each, "name"));
      for (const name of target.searchParams.keys()) assert.ok(known?.includes(name), `no parameter ${name}`);
    });
  }

  it("agree on the parameters of a wait", () => {
    const names = operations.find(({ id }) => id === "getStatus")?.parameters.map((each) => part(each, "name"));
    for (const name of ["wait_for", "timeout"]) assert.ok(names?.includes(name), name);
  });

  for (const [name, shape] of Object.entries(shapes)) {
    it(`agree on the members of ${name}`, () => {
      const schema = part(document, "components", "schemas", name);
      assert.notEqual(structureOfShape(shape), "value");
      assert.deepEqual(structureOfShape(shape), structureOfSchema(schema));
    });
  }

  it("agree on the statuses, with the server as well", () => {
    assert.deepEqual(part(document, "components", "schemas", "ComputeStatusName", "enum"), [...computeStatusNames]);
    assert.deepEqual(computeStatusNames, computeStatuses);
  });
});
