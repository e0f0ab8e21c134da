/* The cards below: storage, migrations, scaling, operations. */
import { ago, badge, byId, facts, fillCard, make, moment, mono, quiet } from "./dom.js";
import { bytes, counted, took, words } from "./format.js";

/** @typedef {import("../page-state.ts").PageState} PageState */

/** @param {PageState["storage"]} storage */
export function showStorage(storage) {
  if (storage === null) {
    fillCard("storage", quiet("There is no spec yet."));
    return;
  }
  const { startLsn, endLsn, shards, safekeepers, generation, basebackup, syncMs, protocol, lease } = storage;
  fillCard(
    "storage",
    facts(
      ["started at", startLsn === null ? "not known yet" : startLsn === "newest" ? "the newest LSN" : mono(startLsn)],
      ["ended at", endLsn === null ? null : mono(endLsn)],
      ["base backup", basebackup && `${bytes(basebackup.bytes)} in ${took(basebackup.ms)}`],
      ["pageservers", list(shards.map(({ shard, pageservers }) => shardText(shard, pageservers, shards.length)))],
      ["by", protocol],
      ["safekeepers", safekeepers.length === 0 ? null : list(safekeepers)],
      ["generation", generation === null ? null : String(generation)],
      ["synced in", syncMs === null ? null : took(syncMs)],
      ["lease", lease && leaseText(lease)],
    ),
  );
}

/** @type {Readonly<Record<string, readonly [tone: string, text: string]>>} */
const leaseStates = {
  asking: ["busy", "asked for"],
  held: ["good", "held"],
  failing: ["warn", "not renewed, tried again"],
  refused: ["bad", "refused"],
};

/** @param {NonNullable<NonNullable<PageState["storage"]>["lease"]>} lease */
function leaseText({ lsn, state, expiresMs }) {
  const [tone, text] = leaseStates[state] ?? ["off", state];
  return make(
    "span",
    { class: "stack" },
    badge(tone, text),
    mono(lsn),
    expiresMs === null ? null : make("span", {}, "until ", moment(expiresMs)),
  );
}

/**
 * @param {string} shard
 * @param {readonly string[]} pageservers
 * @param {number} shards
 */
function shardText(shard, pageservers, shards) {
  const addresses = pageservers.join(", ");
  return shards === 1 ? addresses : `${shard}: ${addresses}`;
}

/** @param {readonly string[]} texts */
function list(texts) {
  return make("span", { class: "stack" }, ...texts.map(mono));
}

/** @type {Readonly<Record<string, readonly [tone: string, text: string]>>} */
const migrationStages = {
  waiting: ["off", "not begun"],
  running: ["busy", "running"],
  done: ["good", "done"],
  failed: ["bad", "stopped"],
};

/** @param {PageState["migrations"]} migrations */
export function showMigrations(migrations) {
  byId("migrations").hidden = migrations === null;
  if (migrations === null) return;
  const { stage, applied, total, failed } = migrations;
  const [tone, text] = migrationStages[stage] ?? ["off", stage];
  const meter = make("progress", { max: String(total), value: String(applied ?? 0), "aria-label": "Migrations done" });
  fillCard(
    "migrations",
    facts(
      ["state", badge(tone, text)],
      ["done", applied === null ? `not known yet, of ${total}` : `${Math.min(applied, total)} of ${total}`],
      ["failed", failed && (failed.id === null ? "before the first" : `number ${failed.id}`)],
    ),
    applied === null ? null : meter,
  );
}

/** @type {Readonly<Record<string, string>>} */
const tones = {
  downloading: "busy",
  installed: "good",
  configuring: "busy",
  configured: "good",
  running: "busy",
  succeeded: "good",
  failed: "bad",
};

/**
 * A list of things, each with a state and what it took.
 * @param {readonly { what: string, state: string, time: string, note: Node | string }[]} entries
 */
function states(entries) {
  const rows = entries.map(({ what, state, time, note }) =>
    make(
      "li",
      {},
      make("span", { class: "what" }, what),
      badge(tones[state] ?? "off", state),
      make("span", { class: "took" }, time),
      make("span", { class: "note" }, note),
    ),
  );
  return make("ul", { class: "plain states" }, ...rows);
}

/** @param {PageState["extensions"]} extensions */
export function showExtensions(extensions) {
  byId("extensions").hidden = extensions === null;
  const entries = (extensions ?? []).map(({ name, state, startedAtMs, endedAtMs, receivedBytes, totalBytes }) => ({
    what: name,
    state,
    time: endedAtMs === null ? "" : took(endedAtMs - startedAtMs),
    note: totalBytes === null ? bytes(receivedBytes) : `${bytes(receivedBytes)} of ${bytes(totalBytes)}`,
  }));
  fillCard("extensions", states(entries));
}

/** @param {PageState["services"]} services */
export function showServices(services) {
  byId("services").hidden = services === null;
  const entries = (services ?? []).map(({ name, state, sinceMs, retries, failures }) => {
    const trouble = [
      retries > 0 && `tried again ${counted(retries, "time")}`,
      failures > 0 && counted(failures, "failure"),
    ].filter((text) => text !== false);
    const since = ago(sinceMs);
    const note = trouble.length === 0 ? since : make("span", {}, since, ` · ${trouble.join(", ")}`);
    return { what: words(name), state, time: "", note };
  });
  fillCard("services", states(entries));
}

/** @param {PageState["scaling"]} scaling */
export function showScaling(scaling) {
  byId("scaling").hidden = scaling === null;
  if (scaling === null) return;
  const { listening, session, counts, last } = scaling;
  fillCard(
    "scaling",
    facts(
      ["monitor", listening === null ? badge("bad", "does not listen") : mono(listening)],
      ["agent", session === null ? badge("off", "none") : badge("good", session.peer)],
      ["since", session && ago(session.sinceMs)],
      ["memory", session?.averageBytes == null ? null : memory(session)],
      ["file cache", session?.fileCacheBytes == null ? null : bytes(session.fileCacheBytes)],
      ["grown", counted(counts.upscales, "time")],
      ["asked to grow", counted(counts.upscaleRequests, "time")],
      ["shrinking", `${counts.downscalesApproved} approved, ${counts.downscalesRefused} refused`],
      ["failures", counts.failures === 0 ? null : badge("warn", String(counts.failures))],
      ["last", last && make("span", { class: "stack" }, last.text, ago(last.atMs))],
    ),
  );
}

/** @param {NonNullable<NonNullable<PageState["scaling"]>["session"]>} session */
function memory({ averageBytes, thresholdBytes }) {
  const limit = thresholdBytes === null ? "" : ` of ${bytes(thresholdBytes)} before it asks for more`;
  return `${bytes(averageBytes ?? 0)}${limit}`;
}

/** @param {PageState["operations"]} operations */
export function showOperations(operations) {
  if (operations.length === 0) {
    fillCard("operations", quiet("Nothing has been asked of it yet."));
    return;
  }
  const entries = operations.map(({ kind, state, startedAtMs, endedAtMs }) => ({
    what: words(kind),
    state,
    time: endedAtMs === null ? "" : took(endedAtMs - startedAtMs),
    note: ago(startedAtMs),
  }));
  fillCard("operations", states(entries));
}
