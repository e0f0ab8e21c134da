/* The newest lines of the log. */
import { byId, make } from "./dom.js";
import { counted, lineLevel } from "./format.js";

/** More are dropped, the oldest first. */
const linesMax = 600;

const list = byId("lines");
const follow = /** @type {HTMLInputElement} */ (byId("follow"));
const onlyProblems = /** @type {HTMLInputElement} */ (byId("only-problems"));

export function startLog() {
  onlyProblems.addEventListener("change", () => {
    list.classList.toggle("only-problems", onlyProblems.checked);
    scroll();
  });
  follow.addEventListener("change", scroll);
  // Whoever scrolls up wants to read.
  list.addEventListener("wheel", ({ deltaY }) => {
    if (deltaY < 0) follow.checked = false;
  });
}

export function resetLog() {
  list.replaceChildren();
}

/** @param {import("../frames.ts").LogNews} news */
export function addLines({ skipped, lines }) {
  if (lines.length === 0) return;
  if (skipped > 0) list.append(make("li", { class: "gap" }, `… ${counted(skipped, "line")} before these`));
  list.append(...lines.map(lineElement));
  while (list.childElementCount > linesMax) list.firstElementChild?.remove();
  scroll();
}

function scroll() {
  if (follow.checked) list.scrollTop = list.scrollHeight;
}

/** @param {string} line */
function lineElement(line) {
  return make("li", { "data-level": lineLevel(line) }, line);
}
