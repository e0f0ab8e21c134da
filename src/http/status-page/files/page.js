/* The status page: takes the events of the compute and shows them. */
import { showCatalog, showHistory, showOverview, showPostgres, showProblems } from "./cards.js";
import { connect } from "./connection.js";
import { byId, setClock, tick } from "./dom.js";
import { addLines, resetLog, startLog } from "./log.js";
import {
  showExtensions,
  showMigrations,
  showOperations,
  showScaling,
  showServices,
  showStorage,
} from "./more-cards.js";
import { showStart, tickStart } from "./waterfall.js";

/** @typedef {import("../page-state.ts").PageState} PageState */

/** @type {{ [Name in keyof PageState]: (section: PageState[Name]) => void }} */
const show = {
  overview: showOverview,
  history: showHistory,
  start: showStart,
  postgres: showPostgres,
  catalog: showCatalog,
  storage: showStorage,
  migrations: showMigrations,
  extensions: showExtensions,
  services: showServices,
  scaling: showScaling,
  operations: showOperations,
  problems: showProblems,
};

/** @param {Partial<PageState>} sections */
function showSections(sections) {
  for (const [name, section] of Object.entries(sections)) {
    // A newer program may have sections that this page, loaded earlier, does not know.
    if (name in show) show[/** @type {keyof PageState} */ (name)](/** @type {never} */ (section));
  }
}

const texts = {
  live: ["Live", ""],
  lost: ["Connection lost, retrying…", "Connection lost, retrying. What you see is as of the last news."],
  ended: [
    "Ended",
    "The program has ended. What you see is the last that it told; this page waits for it to come back.",
  ],
};

/** @param {keyof typeof texts} state */
function showConnection(state) {
  const element = byId("connection");
  if (element.dataset["state"] === state) return;
  const [short = "", long = ""] = texts[state];
  element.dataset["state"] = state;
  element.textContent = short;
  document.body.dataset["connection"] = state;
  const banner = byId("banner");
  banner.hidden = long === "";
  banner.textContent = long;
}

connect((name, data) => {
  setClock(data.atMs);
  if (name === "all") {
    showSections(data.state);
    resetLog();
    byId("main").hidden = false;
  }
  if (name === "changes") showSections(data.sections);
  if (name === "log") addLines(data);
  if (name === "all") addLines(data.log);
}, showConnection);

startLog();
setInterval(() => {
  tick();
  tickStart();
}, 1000);
