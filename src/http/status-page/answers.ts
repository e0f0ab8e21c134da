import { type Answer, failure, json } from "../answer.ts";
import type { RequestContext, Services } from "../route.ts";
import { refusalOf } from "./guard.ts";
import { answerFile, pageHeaders } from "./page-files.ts";

const retrySeconds = 5;

/** `GET /ui`. */
export function answerPage({ rawHeaders }: RequestContext): Answer {
  return refusalOf(rawHeaders, true) ?? answerFile("index.html");
}

/** `GET /ui/{file}`. */
export function answerPart(name: string, { rawHeaders }: RequestContext): Answer {
  return refusalOf(rawHeaders, false) ?? answerFile(name);
}

/** `GET /ui/state`. */
export async function answerState({ statusPage }: Services, { rawHeaders }: RequestContext): Promise<Answer> {
  const refusal = refusalOf(rawHeaders, false);
  if (refusal !== undefined) return refusal;
  const page = await statusPage();
  return { ...json(200, await page.state()), headers: pageHeaders };
}

/** `GET /ui/events`. */
export async function answerEvents({ statusPage }: Services, context: RequestContext): Promise<Answer> {
  const refusal = refusalOf(context.rawHeaders, false);
  if (refusal !== undefined) return refusal;
  const page = await statusPage();
  const stream = page.listen(context.signal);
  if (stream === undefined) {
    const headers = { ...pageHeaders, "retry-after": String(retrySeconds) };
    return { ...failure(503, "too many listen already: close one of the status pages"), headers };
  }
  return { status: 200, headers: pageHeaders, content: { type: "text/event-stream", stream, endsWithClient: true } };
}
