import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { parse, parseAllDocuments } from "yaml";
import { readOptions } from "../../src/cli/options.ts";
import { routes } from "../../src/http/routes/index.ts";
import { decodeConfig } from "../../src/spec/decode.ts";
import { lint, lintersMissing } from "../support/linters.ts";
import { lastOf, readStages } from "./dockerfile.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(root, "deploy/kubernetes");
const oldestAndNewest = ["1.30", "1.37"];
const read = (path: string): string => readFileSync(join(folder, path), "utf8");

const { spec: workload } = parse(read("base/compute.yaml"));
const { spec: pod } = workload.template;
const [container] = pod.containers;
const dockerfile = readFileSync(join(root, "deploy/docker/Dockerfile"), "utf8");
const portNames: readonly string[] = container.ports.map(({ name }: { name: string }) => name);

describe("deploy/kubernetes/base", () => {
  it("FIELD-2: probes routes that ask for no token, on the port that they are on", () => {
    for (const { httpGet } of [container.livenessProbe, container.readinessProbe]) {
      const route = routes.find(({ path }) => path === httpGet.path);
      assert.deepEqual([route?.server, route?.auth], ["external", "open"], httpGet.path);
      assert.ok(portNames.includes(httpGet.port));
    }
    assert.deepEqual(
      [container.livenessProbe.httpGet.path, container.readinessProbe.httpGet.path],
      ["/healthz", "/readyz"],
    );
  });

  it("FIELD-12: shows Prometheus where the metrics are, and opens the internal API to nobody", () => {
    const { annotations } = workload.template.metadata;
    const [port] = container.ports.filter(({ name }: { name: string }) => name === "http");
    assert.equal(annotations["prometheus.io/port"], String(port.containerPort));
    assert.ok(routes.some(({ path, auth }) => path === annotations["prometheus.io/path"] && auth === "open"));
    const opened = parse(read("base/network-policy.yaml")).spec.ingress.flatMap(
      ({ ports }: { ports: readonly { port: string }[] }) => ports.map((each) => each.port),
    );
    assert.deepEqual(opened, portNames);
    assert.doesNotMatch(read("base/compute.yaml").replaceAll(/#.*/g, ""), /3081|internal-/);
  });

  it("starts the program with a command line that it takes", () => {
    const args: readonly string[] = container.args;
    const invocation = readOptions(args, { pgbin: undefined, logFormat: undefined, strict: false });
    assert.ok(invocation.kind === "run");
    const { options } = invocation;
    const mounts: readonly string[] = container.volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath);
    assert.ok(
      mounts.some((path) => options.pgdata.startsWith(`${path}/`)),
      "the parent of PGDATA can be written to",
    );
    assert.ok(
      mounts.some((path) => options.source.kind === "config-file" && options.source.path.startsWith(`${path}/`)),
    );
  });

  it("mounts each of its volumes, and nothing else", () => {
    const names = (list: readonly { name: string }[]): readonly string[] => list.map(({ name }) => name).sort();
    assert.deepEqual(names(container.volumeMounts), names(pod.volumes));
  });

  it("runs as no root, without capabilities, on a file system that it cannot write to", () => {
    assert.deepEqual(container.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    const uid = /POSTGRES_UID=(\d+)/.exec(lastOf(readStages(dockerfile).get("stock"), "ARG"))?.[1];
    const { runAsUser, runAsNonRoot, fsGroup } = pod.securityContext;
    assert.deepEqual([String(runAsUser), runAsNonRoot, fsGroup], [uid, true, runAsUser]);
    assert.equal(pod.automountServiceAccountToken, false);
  });

  it("LIFE-36: gives the program the time that its end takes", () => {
    assert.ok(pod.terminationGracePeriodSeconds >= 15);
  });
});

describe("the configs that are shipped for deployments", () => {
  for (const path of ["kubernetes/base/config.json", "compose/compute/config.json"]) {
    it(`${path} can be decoded, and lets clients of other machines connect`, () => {
      const text = readFileSync(join(root, "deploy", path), "utf8");
      assert.ok(decodeConfig(text, { source: "file", strict: true }).ok);
      const { settings } = JSON.parse(text).spec.cluster;
      const value = (name: string): string => settings.find((each: { name: string }) => each.name === name)?.value;
      assert.deepEqual([value("listen_addresses"), value("port")], ["*", "5432"]);
      assert.match(value("unix_socket_directories"), /^\/tmp$|^\/run\/postgresql$/, "where both can be written to");
    });
  }
});

const skip = lintersMissing("kubectl", "kubernetes-validate");
describe("what kustomize makes of deploy/kubernetes", { skip }, () => {
  for (const part of ["base", "overlays/neon-image"]) {
    const { code, stdout, output } =
      skip === false ? lint("kubectl", ["kustomize", join(folder, part)]) : lint("kubectl", []);

    it(`${part} follows Kubernetes's schemas to the last member`, () => {
      assert.equal(code, 0, output);
      for (const version of oldestAndNewest) {
        const check = ["-k", version, "--strict", "-"];
        assert.equal(
          lint("kubernetes-validate", check, stdout).code,
          0,
          lint("kubernetes-validate", check, stdout).output,
        );
        const wrong = stdout.replace("readOnlyRootFilesystem:", "readOnlyRootFileSystem:");
        assert.notEqual(lint("kubernetes-validate", check, wrong).code, 0);
      }
    });

    it(`${part} selects the compute by its labels, and leaves the clients' selector alone`, () => {
      const documents = parseAllDocuments(stdout).map((each) => each.toJS());
      const ofKind = (kind: string) => documents.filter((each) => each.kind === kind);
      const [set] = ofKind("StatefulSet");
      const labels = set.spec.template.metadata.labels;
      for (const { selector, podSelector } of [...ofKind("Service"), ...ofKind("NetworkPolicy"), set].map(
        (each) => each.spec,
      )) {
        const wanted = selector?.matchLabels ?? selector ?? podSelector.matchLabels;
        assert.ok(Object.keys(wanted).length > 0);
        for (const [name, value] of Object.entries(wanted)) assert.equal(labels[name], value, name);
      }
      assert.deepEqual(ofKind("NetworkPolicy")[0].spec.ingress[0].from[0].podSelector.matchLabels, {
        "compute-ctl/client": "true",
      });
      const [secret] = ofKind("Secret");
      const mounted = set.spec.template.spec.volumes.find((each: { name: string }) => each.name === "config");
      assert.equal(mounted.secret.secretName, secret.metadata.name);
      assert.equal(ofKind("ServiceAccount")[0].metadata.name, set.spec.template.spec.serviceAccountName);
      assert.ok(ofKind("Service").some((each) => each.metadata.name === set.spec.serviceName));
    });
  }
});
