const hidden = "[hidden]";

/** What a text without any of this cannot hold. Looking for it is all that most texts cost. */
const suspicious = /eyJ|:\/\/|assword|ASSWORD|earer|SCRAM-SHA-256\$|md5/;
/** Runs of the characters of a JWT. They are taken whole, as looking for a token at each place in a long run takes forever. */
const tokenRun = /[\w.-]{20,}/g;
/** How a JWT goes on from the `eyJ` that all of them begin with; the last two parts may have been cut off. */
const token = /^eyJ[\w-]{17,}|^eyJ[\w-]*\.[\w-]{8,}/;
const bearer = /(bearer\s+)[\w.~+/=-]{20,}/gi;
/** `//user:password@`; a password may hold an `@`, but no slash. */
const urlPassword = /(:\/\/[^\s/:@"']*:)[^\s/"']*@/g;
/** `password=x`, `PASSWORD 'x'` and `"password": "x"`, with quotes or without. */
const password =
  /(passwo?r?d"?(?:\s*=\s*|:\s*(?=["'])|\s+(?=')))(?:'(?:[^']+|'')*'?|"(?:[^"\\]+|\\.)*"?|[^\s\u200b&,;'"]+)/gi;
const verifier = /(SCRAM-SHA-256\$)[^\s\u200b"',;]+|\b(md5)[0-9a-f]{32}\b/g;

/** Whether a text, in quotes and with escapes or without, could hold something that {@link maskSecrets} hides. Cheap. */
export function mayHoldSecret(text: string): boolean {
  return suspicious.test(text);
}

/**
 * Hides what looks like a secret: JWTs and other bearer tokens, passwords in URLs and settings, password verifiers. The last
 * line of defence for logs and traces; whoever writes there must not hand secrets over in the first place.
 */
export function maskSecrets(text: string): string {
  if (!mayHoldSecret(text)) return text;
  return text
    .replace(tokenRun, maskToken)
    .replace(bearer, `$1${hidden}`)
    .replace(urlPassword, `$1${hidden}@`)
    .replace(password, `$1${hidden}`)
    .replace(verifier, `$1$2${hidden}`);
}

/** Whether a value is secret by the name it goes under, such as `password` or `http.request.header.authorization`. */
export function namesSecret(name: string): boolean {
  return /passwo?r?d|authorization|cookie/i.test(name);
}

function maskToken(run: string): string {
  const at = run.indexOf("eyJ");
  return at >= 0 && token.test(run.slice(at)) ? `${run.slice(0, at)}${hidden}` : run;
}
