/* Making elements. Texts are only ever text. */
import { clockTime, elapsed } from "./format.js";

/** How far the compute's clock is ahead of this browser's. */
let aheadMs = 0;

/**
 * The compute's clock.
 * @param {number} atMs
 */
export function setClock(atMs) {
  aheadMs = atMs - Date.now();
}

export function nowMs() {
  return Date.now() + aheadMs;
}

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}

/** @typedef {Node | string | null | false} Child */

/**
 * @param {string} tag
 * @param {Readonly<Record<string, string>>} attributes
 * @param {Child[]} children null and false are left out
 */
export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  fill(element, ...children);
  return element;
}

/**
 * @param {Element} element
 * @param {Child[]} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...children.filter((child) => child !== null && child !== false));
}

/** The body of a card.
 * @param {string} id
 * @param {Child[]} children
 */
export function fillCard(id, ...children) {
  const body = byId(id).querySelector(".body");
  if (body !== null) fill(body, ...children);
}

/**
 * Names and what they are; a pair whose value is null is left out.
 * @param {(readonly [name: string, value: Child])[]} pairs
 */
export function facts(...pairs) {
  const rows = pairs.flatMap(([name, value]) =>
    value === null || value === false ? [] : [make("div", {}, make("dt", {}, name), make("dd", {}, value))],
  );
  return make("dl", { class: "facts" }, ...rows);
}

/** @param {string} text */
export function mono(text) {
  return make("span", { class: "mono" }, text);
}

/**
 * A word with a tone, which has a shape as well as a colour.
 * @param {string} tone
 * @param {string} text
 */
export function badge(tone, text) {
  return make("span", { class: "badge", "data-tone": tone }, text);
}

/** @param {string} text */
export function quiet(text) {
  return make("p", { class: "quiet" }, text);
}

/** @param {number} atMs */
export function moment(atMs) {
  const iso = new Date(atMs).toISOString();
  return make("time", { datetime: iso, title: iso }, clockTime(atMs, nowMs()));
}

/**
 * How long ago that was; {@link tick} keeps it true.
 * @param {number} atMs
 * @param {string} [suffix]
 */
export function ago(atMs, suffix = " ago") {
  const iso = new Date(atMs).toISOString();
  const element = make("time", { datetime: iso, title: iso, "data-since": String(atMs), "data-suffix": suffix });
  showAgo(element);
  return element;
}

/** Brings everything that depends on the time of day up to date. */
export function tick() {
  for (const element of document.querySelectorAll("[data-since]")) showAgo(element);
}

/** @param {Element} element */
function showAgo(element) {
  const text = elapsed(nowMs() - Number(element.getAttribute("data-since")));
  element.textContent = `${text}${element.getAttribute("data-suffix") ?? ""}`;
}
