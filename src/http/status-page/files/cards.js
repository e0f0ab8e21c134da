/* The cards above: status, problems, Postgres, roles and databases. */
import { ago, badge, byId, facts, fill, fillCard, make, moment, mono, quiet } from "./dom.js";
import { counted, describeStatus, elapsed, words } from "./format.js";

/** @typedef {import("../page-state.ts").PageState} PageState */

/** @param {PageState["overview"]} overview */
export function showOverview(overview) {
  const { status, sinceMs, error, computeId, version } = overview;
  const [tone, meaning] = describeStatus(status);
  const text = words(status);
  const element = byId("status");
  element.dataset["tone"] = tone;
  // An unchanged text would be read out again.
  if (element.textContent !== text) element.textContent = text;
  fill(byId("since"), "for ", ago(sinceMs, ""), " · since ", moment(sinceMs));
  byId("meaning").textContent = meaning;
  byId("error").hidden = error === null;
  byId("error").textContent = error ?? "";
  byId("compute-id").textContent = computeId;
  document.title = `${text} · ${computeId}`;
  fill(byId("names"), ...names(overview));
  fill(byId("footer"), `compute_ctl ${version}`);
}

/** @param {PageState["overview"]} overview */
function names({ mode, project, branch, endpoint, tenant, timeline, startTimeMs, features }) {
  /** @type {(readonly [string, Node | string | null])[]} */
  const pairs = [
    ["mode", mode],
    ["started", moment(startTimeMs)],
    ["project", project],
    ["branch", branch],
    ["endpoint", endpoint],
    ["tenant", tenant === null ? null : mono(tenant)],
    ["timeline", timeline === null ? null : mono(timeline)],
    ["features", features.length === 0 ? null : features.map(words).join(", ")],
  ];
  return pairs.flatMap(([name, value]) =>
    value === null ? [] : [make("div", {}, make("dt", {}, name), make("dd", {}, value))],
  );
}

/** @param {PageState["history"]} history */
export function showHistory(history) {
  const entries = history.map(({ status, atMs }, at) =>
    make(
      "li",
      { "data-tone": describeStatus(status)[0], ...(at === history.length - 1 ? { "aria-current": "step" } : {}) },
      at > 0 && make("span", { class: "arrow", "aria-hidden": "true" }, "→"),
      make("span", { class: "word" }, words(status)),
      " ",
      moment(atMs),
    ),
  );
  fill(byId("history"), ...entries);
}

/** @param {PageState["problems"]} problems */
export function showProblems(problems) {
  byId("problems").hidden = problems.length === 0;
  const entries = problems.map(({ where, text, atMs }) =>
    make(
      "li",
      {},
      make("p", { class: "where" }, badge("bad", where), " ", atMs === null ? null : ago(atMs)),
      make("pre", { class: "error" }, text),
    ),
  );
  fillCard("problems", make("ul", { class: "plain" }, ...entries));
}

/** @type {Readonly<Record<string, readonly [tone: string, text: string]>>} */
const postgresStates = {
  waiting: ["off", "not started yet"],
  starting: ["busy", "starting"],
  up: ["good", "up"],
  unreachable: ["bad", "does not answer"],
  stopping: ["busy", "shutting down"],
  gone: ["off", "not running"],
};

/** @type {Readonly<Record<string, string>>} */
const reasons = {
  none: "nothing: it is idle",
  unreachable: "not known: it does not answer",
  statistics: "sessions came, went or worked",
  "active-session": "a session is at work",
  "idle-session": "a session did something",
  replication: "a replication connection",
  subscription: "a logical subscription",
  autovacuum: "autovacuum",
};

/** @param {PageState["postgres"]} postgres */
export function showPostgres(postgres) {
  byId("postgres").hidden = postgres === null;
  if (postgres === null) return;
  const [tone, text] = postgresStates[postgres.state] ?? ["off", postgres.state];
  const { lastActiveMs, found, checkedAtMs, currentDowntimeMs, totalDowntimeMs, tls } = postgres;
  const watched = checkedAtMs !== null;
  fillCard(
    "postgres",
    facts(
      ["state", badge(tone, text)],
      ["version", postgres.version],
      ["process", postgres.pid === null ? null : mono(String(postgres.pid))],
      ["last active", lastActiveMs === null ? watched && "never since the start" : ago(lastActiveMs)],
      ["activity", found === null ? null : (reasons[found] ?? found)],
      ["checked", checkedAtMs === null ? null : ago(checkedAtMs)],
      ["down now", currentDowntimeMs === 0 ? null : badge("bad", elapsed(currentDowntimeMs))],
      ["down in all", watched && (totalDowntimeMs === 0 ? "never" : elapsed(totalDowntimeMs))],
      ["certificate", tls && certificate(tls)],
      ["settings", settings(postgres)],
    ),
  );
}

/** @param {NonNullable<NonNullable<PageState["postgres"]>["tls"]>} tls */
function certificate({ notAfterMs, problem }) {
  const day = new Date(notAfterMs).toISOString().slice(0, 10);
  return problem === null ? `good until ${day}` : badge("bad", `not renewed; good until ${day}`);
}

/** @param {NonNullable<PageState["postgres"]>} postgres */
function settings({ rejectedSettings, pendingRestart, overruled }) {
  const notes = [
    rejectedSettings.length > 0 &&
      badge("bad", `rejected: ${rejectedSettings.map(({ name }) => name ?? "a line").join(", ")}`),
    pendingRestart.length > 0 && badge("warn", `wait for a restart: ${pendingRestart.join(", ")}`),
    overruled.length > 0 && badge("warn", `overruled by ALTER SYSTEM: ${overruled.join(", ")}`),
  ].filter((note) => note !== false);
  return notes.length === 0 ? null : make("span", { class: "stack" }, ...notes);
}

const compare = /** @type {HTMLButtonElement} */ (byId("compare"));

/** @param {PageState["catalog"]} catalog */
export function showCatalog(catalog) {
  compare.disabled = catalog === null || !catalog.canCompare;
  if (catalog === null) {
    fillCard("catalog", quiet("There is no spec yet."));
    return;
  }
  const { roles, databases, drift, whyNotApplied } = catalog;
  fillCard(
    "catalog",
    facts(
      ["wanted", `${counted(roles, "role")}, ${counted(databases, "database")}`],
      ["applied", whyNotApplied === null ? null : `no: ${whyNotApplied}`],
      ["drift", driftText(drift)],
      ["compared", drift === null ? null : ago(drift.checkedAtMs)],
    ),
  );
}

/** @param {NonNullable<PageState["catalog"]>["drift"]} drift */
function driftText(drift) {
  if (drift === null) return "not compared since the last apply";
  if (drift.steps === 0) return badge("good", "none: it is as the spec wants it");
  const phases = drift.phases.map(({ name, steps }) => `${words(name)} ${steps}`).join(", ");
  const where = drift.phases.length > 1 ? `: ${phases}` : "";
  return badge("warn", `${counted(drift.steps, "step")} from the spec${where}`);
}

compare.addEventListener("click", async () => {
  const target = byId("plan");
  compare.setAttribute("aria-busy", "true");
  fill(target, quiet("Reading the catalog…"));
  try {
    const response = await fetch("plan", { headers: { accept: "application/json" } });
    const body = await response.json();
    fill(target, ...(response.ok ? planned(body) : [quiet(`It cannot be compared: ${body.error ?? response.status}`)]));
  } catch {
    fill(target, quiet("It could not be asked."));
  } finally {
    compare.removeAttribute("aria-busy");
  }
});

/**
 * What another apply would do.
 * @param {import("../../../catalog/view.ts").PlanView} plan
 */
function planned({ phases, warnings }) {
  const steps = phases.flatMap((phase) => phase.steps);
  const shown = steps
    .slice(0, 30)
    .map(({ what, why, database }) =>
      make("li", {}, mono(database === null ? what : `in ${database}: ${what}`), make("span", { class: "why" }, why)),
    );
  const more = steps.length > shown.length ? `and ${steps.length - shown.length} more` : null;
  return [
    steps.length === 0 ? quiet("Nothing would change.") : make("ul", { class: "plain steps" }, ...shown),
    more === null ? null : quiet(more),
    ...warnings.map((text) => make("p", { class: "why" }, `note: ${text}`)),
  ];
}
