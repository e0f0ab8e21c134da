/* The start as bars on a scale of time. */
import { fillCard, make, nowMs, quiet } from "./dom.js";
import { marks, markText, took, words } from "./format.js";

/** @typedef {import("../page-state.ts").StartSection} StartSection */
/** @typedef {import("../page-state.ts").StartRow} StartRow */

/** @type {StartSection | null} */
let shown = null;

/** What people call the steps. */
const titles = new Map([
  ["launch", "launch the program"],
  ["recreate_pgdata", "make it anew, empty"],
  ["check_safekeepers_synced", "ask the safekeepers"],
  ["sync_safekeepers", "sync the safekeepers"],
  ["get_basebackup", "get the base backup"],
  ["finish_pgdata", "finish the data directory"],
  ["prepare_pgdata", "prepare the data directory"],
  ["prepare_extensions", "fetch extensions"],
  ["start_postgres", "start Postgres"],
  ["configure_as_primary", "apply roles and databases"],
]);

/** @param {StartSection | null} section */
export function showStart(section) {
  shown = section;
  draw();
}

/** A start that goes on grows. */
export function tickStart() {
  if (shown?.rows.some((row) => row.endMs === null)) draw();
}

function draw() {
  if (shown === null) {
    fillCard("start", quiet("It has not begun: there is no spec yet."));
    return;
  }
  const { rows, zeroAtMs, totalMs } = shown;
  const untilMs = Math.max(...rows.map((row) => row.endMs ?? 0), totalMs ?? 0);
  const goesOn = rows.some((row) => row.endMs === null);
  const spanMs = Math.max(1, goesOn ? Math.max(untilMs, nowMs() - zeroAtMs) : untilMs);
  const summary = totalMs === null ? "Goes on." : `Ready after ${took(totalMs)}.`;
  fillCard(
    "start",
    make("p", { class: "summary" }, totalMs === null && !goesOn ? "It did not come to its end." : summary),
    make("ol", { class: "waterfall" }, ...rows.map((row) => bar(row, spanMs)), scale(spanMs)),
  );
}

/**
 * @param {StartRow} row
 * @param {number} spanMs
 */
function bar({ name, inner, startMs, endMs }, spanMs) {
  const goesOn = endMs === null;
  const lengthMs = (endMs ?? spanMs) - startMs;
  const fillElement = make("span", { class: "fill" });
  place(fillElement, "left", startMs / spanMs);
  place(fillElement, "width", lengthMs / spanMs);
  const label = titles.get(name) ?? words(name);
  const time = goesOn ? `${took(lengthMs)} so far` : took(lengthMs);
  return make(
    "li",
    { class: "bar", ...(inner ? { "data-inner": "" } : {}), ...(goesOn ? { "data-running": "" } : {}) },
    make("span", { class: "label", title: `${name}: from ${took(startMs)} on` }, label),
    make("span", { class: "track", "aria-hidden": "true" }, fillElement),
    make("span", { class: "took" }, time),
  );
}

/** @param {number} spanMs */
function scale(spanMs) {
  const ticks = marks(spanMs).map((ms) => {
    const mark = make("span", { class: "mark-at" }, markText(ms));
    place(mark, "left", ms / spanMs);
    return mark;
  });
  return make("li", { class: "scale", "aria-hidden": "true" }, make("span", { class: "track" }, ...ticks));
}

/**
 * @param {HTMLElement} element
 * @param {"left" | "width"} side
 * @param {number} share
 */
function place(element, side, share) {
  element.style[side] = `${Math.min(100, Math.max(0, share * 100)).toFixed(2)}%`;
}
