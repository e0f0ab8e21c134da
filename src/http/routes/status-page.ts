import { once } from "../../base/once.ts";
import { accepted, noInput, targetInput } from "../input.ts";
import type { Route } from "../route.ts";

/** No start waits for it. */
const load = once(() => import("../status-page/answers.ts"));

/** What all of the page's routes have in common: it is asked for again and again. */
const shared = { server: "internal", method: "GET", auth: "open", isScrape: true } as const;

/** HTTP-83: the status page. */
export const ui: Route<undefined> = {
  ...shared,
  path: "/ui",
  input: noInput,
  responses: [200, 403],
  handle: async (_services, _input, context) => (await load()).answerPage(context),
};

/** HTTP-83: what it shows, once. */
export const uiState: Route<undefined> = {
  ...shared,
  path: "/ui/state",
  input: noInput,
  responses: [200, 403],
  handle: async (services, _input, context) => (await load()).answerState(services, context),
};

/** HTTP-84: what it shows, and then what changes. */
export const uiEvents: Route<undefined> = {
  ...shared,
  path: "/ui/events",
  input: noInput,
  responses: [200, 403, 503],
  handle: async (services, _input, context) => (await load()).answerEvents(services, context),
};

/** HTTP-85: the files that it is made of. */
export const uiFile: Route<string> = {
  ...shared,
  path: "/ui/{file}",
  input: targetInput([], ({ rest }) => accepted(rest)),
  responses: [200, 403, 404],
  handle: async (_services, name, context) => (await load()).answerPart(name, context),
};
