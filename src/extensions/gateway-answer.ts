/** How many GETs one download may take. */
const triesMax = 3;
const firstPauseMs = 100;

/** Statuses behind which a gateway is expected to come back. */
const passing: readonly number[] = [502, 503, 504];

/** What keeps a connection from coming about, or breaks it before there is an answer. */
const connectFailures: readonly string[] = [
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
];

/** The pauses between the GETs of one download, in milliseconds. */
export const gatewayPausesMs: readonly number[] = Array.from(
  { length: triesMax - 1 },
  (_, retry) => firstPauseMs * 2 ** retry,
);

/** Whether another GET may fare better than one that was answered with this status. */
export function isPassingStatus(status: number): boolean {
  return passing.includes(status);
}

/** The same for one that failed with this system error before it was answered. */
export function isConnectFailure(code: string | undefined): boolean {
  return code !== undefined && connectFailures.includes(code);
}

/**
 * A status as the metric and messages have it: code and reason phrase (EXT-34).
 * @param reason the standard's phrase for the code; undefined when there is none
 */
export function statusText(status: number, reason: string | undefined): string {
  return `${status} ${reason ?? "<unknown status code>"}`;
}

/** What is wrong with an answer of this status, in the original's words (EXT-33); undefined for the only good one. */
export function problemOfStatus(status: number, reason: string | undefined): string | undefined {
  if (status === 200) return undefined;
  if (status === 503) return "remote extensions server is temporarily unavailable";
  return `unexpected remote extensions server response status code: ${statusText(status, reason)}`;
}

/** What an archive's bytes must hash to. */
export interface Checksum {
  readonly algorithm: "sha256" | "sha512";
  readonly base64: string;
  /** The header that says so. */
  readonly header: string;
}

/** Headers that tell the checksum of a body, with the dialect they speak: RFC 9530, RFC 3230, S3. */
const checksumHeaders = [
  { header: "repr-digest", pattern: /(?:^|,)\s*sha-(?<bits>256|512)=:(?<base64>[A-Za-z\d+/]+=*):/i },
  { header: "content-digest", pattern: /(?:^|,)\s*sha-(?<bits>256|512)=:(?<base64>[A-Za-z\d+/]+=*):/i },
  { header: "digest", pattern: /(?:^|,)\s*sha-(?<bits>256|512)=(?<base64>[A-Za-z\d+/]+=*)/i },
  { header: "x-amz-checksum-sha256", pattern: /^(?<base64>[A-Za-z\d+/]{43}=)$/ },
] as const;

/** The checksum that an answer's headers tell; undefined when they tell none. S3's sum of a multipart upload is none of the whole. */
export function checksumOf(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Checksum | undefined {
  for (const { header, pattern } of checksumHeaders) {
    const value = headers[header];
    const found = typeof value === "string" ? pattern.exec(value.trim())?.groups : undefined;
    const base64 = found?.["base64"];
    if (base64 !== undefined) return { algorithm: found?.["bits"] === "512" ? "sha512" : "sha256", base64, header };
  }
  return undefined;
}
