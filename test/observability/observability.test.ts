import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { autoscalingFamilies } from "../../src/metrics/autoscaling-text.ts";
import { renderMetricsDocument } from "../../src/metrics/document.ts";
import { families } from "../../src/metrics/families.ts";
import type { Family } from "../../src/metrics/family.ts";
import { ownFamilies } from "../../src/metrics/own-families.ts";
import { promtool, promtoolMissing } from "../support/promtool.ts";
import { namesIn } from "./promql.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const alertsFile = join(root, "deploy/prometheus/alerts.yml");
const known: readonly Family[] = families;
/** The families of MET-3. */
const originalCount = 15;
/** What a scrape adds, and what histograms have. */
const labelsOfScrapes = ["instance", "job", "le"];

interface Target {
  readonly expr: string;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] };
}

const dashboard: Dashboard = JSON.parse(readFileSync(join(root, "deploy/grafana/compute.json"), "utf8"));

/** The expressions of the alert rules: on the line of `expr:`, or on the deeper ones below it. */
function alertExpressions(): readonly string[] {
  const text = readFileSync(alertsFile, "utf8");
  const blocks = text.matchAll(/^ {8}expr: (?:\|\n((?: {10}.*\n)+)|(.*)\n)/gm);
  return Array.from(blocks, ([, block, line]) => (block ?? line ?? "").trim());
}

function panelExpressions(): readonly string[] {
  return dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
}

/** The family that a name in an expression belongs to. */
function familyOf(name: string): Family | undefined {
  return known.find((family) => {
    if (family.type !== "histogram") return family.name === name;
    return ["_bucket", "_sum", "_count"].some((suffix) => `${family.name}${suffix}` === name);
  });
}

/** What an expression speaks of that does not exist. */
function problemsOf(expression: string): readonly string[] {
  const { metrics, groupLabels } = namesIn(expression);
  const found = metrics.map(({ name }) => familyOf(name));
  const unknown = metrics.filter((_, index) => found[index] === undefined).map(({ name }) => `no metric ${name}`);
  const labels = metrics.flatMap(({ name, labels: used }) =>
    used.filter((label) => !hasLabel(familyOf(name), label)).map((label) => `no label ${label} of ${name}`),
  );
  const grouped = groupLabels.filter((label) => !found.some((family) => hasLabel(family, label)));
  return [...unknown, ...labels, ...grouped.map((label) => `no label ${label} to group by`)];
}

function hasLabel(family: Family | undefined, label: string): boolean {
  return labelsOfScrapes.includes(label) || family?.labels.includes(label) === true;
}

describe("the alert rules", () => {
  it("are good for promtool", { skip: promtoolMissing }, () => {
    const { code, output } = promtool(["check", "rules", alertsFile]);
    assert.equal(code, 0, output);
  });

  it("fire when they should, and only then", { skip: promtoolMissing }, () => {
    const { code, output } = promtool(["test", "rules", join(import.meta.dirname, "alerts.test.yml")]);
    assert.equal(code, 0, output);
  });

  it("speak of metrics and labels that exist", () => {
    const expressions = alertExpressions();
    assert.equal(expressions.length, readFileSync(alertsFile, "utf8").split("- alert:").length - 1);
    for (const expression of expressions) {
      assert.ok(namesIn(expression).metrics.length > 0, expression);
      assert.deepEqual(problemsOf(expression), [], expression);
    }
  });
});

describe("the dashboard", () => {
  it("speaks of metrics and labels that exist", () => {
    for (const expression of panelExpressions()) {
      assert.ok(namesIn(expression).metrics.length > 0, expression);
      assert.deepEqual(problemsOf(expression), [], expression);
    }
  });

  it("shows every metric of the original, and every one about the program itself", () => {
    const shown = new Set(
      panelExpressions().flatMap((each) => namesIn(each).metrics.map(({ name }) => familyOf(name)?.name)),
    );
    const wanted: readonly Family[] = [...known.slice(0, originalCount), ...ownFamilies];
    assert.deepEqual(
      wanted.map(({ name }) => name).filter((name) => !shown.has(name)),
      [],
    );
  });

  it("has panels that ask something and do not cover each other", () => {
    const { panels } = dashboard;
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    for (const panel of panels) {
      assert.ok(panel.type === "row" || (panel.targets ?? []).length > 0, panel.title);
      assert.ok(panel.gridPos.x + panel.gridPos.w <= 24, panel.title);
      const covered = panels.filter((other) => other.id > panel.id && overlaps(panel.gridPos, other.gridPos));
      assert.deepEqual(
        covered.map(({ title }) => title),
        [],
        panel.title,
      );
    }
  });

  it("asks for the data source, the job and the compute", () => {
    assert.deepEqual(
      dashboard.templating.list.map(({ name }) => name),
      ["datasource", "job", "instance"],
    );
    for (const expression of panelExpressions()) assert.match(expression, /job=~"\$job",instance=~"\$instance"/);
  });
});

function overlaps(one: Panel["gridPos"], other: Panel["gridPos"]): boolean {
  const apart =
    one.x + one.w <= other.x || other.x + other.w <= one.x || one.y + one.h <= other.y || other.y + other.h <= one.y;
  return !apart;
}

describe("docs/metrics.md", () => {
  const text = readFileSync(join(root, "docs/metrics.md"), "utf8");

  it("lists every family as it is; `npm run metrics-tables` makes it so", () =>
    assert.equal(text, renderMetricsDocument(text, [families, autoscalingFamilies])));

  it("would not pass with one that is missing", () =>
    assert.notEqual(text, renderMetricsDocument(text, [families.slice(1), autoscalingFamilies])));
});

describe("taking expressions apart", () => {
  it("finds metrics, their labels and those to group by, but no functions", () => {
    const { metrics, groupLabels, words } = namesIn(
      'sum by (a, b) (rate(x_total{c="1",d=~"by (z)"}[5m])) / time() > y_sum',
    );
    assert.deepEqual(metrics, [
      { name: "x_total", labels: ["c", "d"] },
      { name: "y_sum", labels: [] },
    ]);
    assert.deepEqual(groupLabels, ["a", "b"]);
    assert.deepEqual(words, ["sum", "rate", "time"]);
  });

  it("would notice a metric or a label that does not exist", () => {
    assert.deepEqual(problemsOf("compute_ctl_upp > 0"), ["no metric compute_ctl_upp"]);
    assert.deepEqual(problemsOf('compute_ctl_up{state="x"}'), ["no label state of compute_ctl_up"]);
    assert.deepEqual(problemsOf("sum by (colour) (compute_ctl_up)"), ["no label colour to group by"]);
    assert.deepEqual(problemsOf("compute_ctl_http_request_seconds > 1"), [
      "no metric compute_ctl_http_request_seconds",
    ]);
  });
});
