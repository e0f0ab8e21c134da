import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { TestContext } from "node:test";

/** A span as a collector gets it. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly name: string;
  /** 1 internal, 2 server. */
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly events: readonly { readonly name: string; readonly attributes: Readonly<Record<string, string>> }[];
  /** 0 unset, 2 error. */
  readonly statusCode: number;
  readonly statusMessage: string;
}

/** What a collector was sent. */
export interface Collector {
  readonly endpoint: string;
  readonly requests: { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: Buffer }[];
  readonly spans: CollectedSpan[];
  readonly serviceNames: Set<string>;
  /** What it answers with from now on; `hang` for nothing at all. */
  answer: number | "hang";
}

/** Starts an OTLP collector over HTTP on loopback; it stops with the test. */
export async function startCollector(t: TestContext): Promise<Collector> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    collector.requests.push({ path: request.url ?? "", headers: request.headers, body });
    if (collector.answer === "hang") return;
    response.writeHead(collector.answer).end();
    if (collector.answer !== 200) return;
    for (const resourceSpans of parts(body, 1)) {
      collector.serviceNames.add(attributesOf(part(resourceSpans, 1), 1)["service.name"] ?? "");
      for (const scopeSpans of parts(resourceSpans, 2)) collector.spans.push(...parts(scopeSpans, 2).map(decodeSpan));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const collector: Collector = {
    endpoint: `http://127.0.0.1:${port}`,
    requests: [],
    spans: [],
    serviceNames: new Set(),
    answer: 200,
  };
  return collector;
}

function decodeSpan(bytes: Buffer): CollectedSpan {
  const time = (number: number): number => Number(part(bytes, number).readBigUInt64LE() / 1000n) / 1000;
  const status = part(bytes, 15);
  return {
    traceId: part(bytes, 1).toString("hex"),
    spanId: part(bytes, 2).toString("hex"),
    traceState: part(bytes, 3).toString(),
    parentSpanId: part(bytes, 4).toString("hex"),
    name: part(bytes, 5).toString(),
    kind: part(bytes, 6)[0] ?? 0,
    startMs: time(7),
    endMs: time(8),
    attributes: attributesOf(bytes, 9),
    events: parts(bytes, 11).map((event) => ({ name: part(event, 2).toString(), attributes: attributesOf(event, 3) })),
    statusMessage: part(status, 2).toString(),
    statusCode: part(status, 3)[0] ?? 0,
  };
}

/** Attributes as texts; numbers and booleans below 128 as such, which is all that the tests use. */
function attributesOf(bytes: Buffer, number: number): Record<string, string> {
  return Object.fromEntries(
    parts(bytes, number).map((attribute) => {
      const value = part(attribute, 2);
      const text = parts(value, 1)[0]?.toString() ?? String((parts(value, 2)[0] ?? parts(value, 3)[0])?.[0]);
      return [part(attribute, 1).toString(), text];
    }),
  );
}

function part(bytes: Buffer, number: number): Buffer {
  return parts(bytes, number)[0] ?? Buffer.alloc(0);
}

/** The values of a field in a protobuf message: the bytes of its wire form, without tag and length. */
function parts(bytes: Buffer, wanted: number): Buffer[] {
  const found: Buffer[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes.readUInt8(at);
      at += 1;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const wireType = tag & 7;
    const start = at;
    if (wireType === 0) varint();
    else at += { 1: 8, 5: 4 }[wireType] ?? 0;
    let from = start;
    if (wireType === 2) {
      const length = varint();
      from = at;
      at += length;
    }
    if (tag >>> 3 === wanted) found.push(bytes.subarray(from, at));
  }
  return found;
}
