import { allowedTransitions } from "./transitions.ts";

/** The status machine as a Mermaid diagram: one arrow per pair of statuses, named for the events that lead along it. */
export function statusDiagram(): string {
  const arrows = Map.groupBy(allowedTransitions(), ({ from, to }) => `${from} --> ${to}`);
  const lines = [...arrows].map(([arrow, ways]) => `  ${arrow}: ${ways.map(({ event }) => event).join(", ")}`);
  return ["stateDiagram-v2", "  [*] --> empty", ...lines, "  terminated --> [*]"].join("\n");
}
