/** Makes the tables of metrics in docs/metrics.md anew: `npm run metrics-tables`. */
import { readFileSync, writeFileSync } from "node:fs";
import { autoscalingFamilies } from "../src/metrics/autoscaling-text.ts";
import { renderMetricsDocument } from "../src/metrics/document.ts";
import { families } from "../src/metrics/families.ts";

const file = new URL("../docs/metrics.md", import.meta.url);
writeFileSync(file, renderMetricsDocument(readFileSync(file, "utf8"), [families, autoscalingFamilies]));
