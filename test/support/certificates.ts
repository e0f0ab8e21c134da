import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A key and its certificate, in PEM. */
export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

/** An authority made for a test, and servers that it vouches for. */
export interface TestAuthority {
  /** A file with its certificate. */
  readonly caFile: string;
  /** A server of this name: `IP:127.0.0.1` or `DNS:ps-1`. */
  issue(subjectAltName: string): Promise<KeyPair>;
  /** Removes the files. */
  remove(): Promise<void>;
}

/** Makes an authority with openssl. */
export async function createTestAuthority(): Promise<TestAuthority> {
  const folder = await mkdtemp(join(tmpdir(), "compute-ctl-certificates-"));
  const path = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]): Promise<unknown> => run("openssl", args);
  const makeKey = (file: string): Promise<unknown> =>
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", file);
  const ca = { key: path("ca.key"), cert: path("ca.pem") };
  await makeKey(ca.key);
  await openssl("req", "-x509", "-new", "-key", ca.key, "-subj", "/CN=test authority", "-days", "2", "-out", ca.cert);
  let issued = 0;
  return {
    caFile: ca.cert,
    issue: async (subjectAltName) => {
      issued += 1;
      const [key, request, extensions, cert] = ["key", "csr", "ext", "pem"].map((end) => path(`${issued}.${end}`));
      if (key === undefined || request === undefined || extensions === undefined || cert === undefined)
        throw new Error();
      await makeKey(key);
      await openssl("req", "-new", "-key", key, "-subj", "/CN=server", "-out", request);
      await writeFile(extensions, `subjectAltName=${subjectAltName}\n`);
      const signing = ["-CA", ca.cert, "-CAkey", ca.key, "-CAcreateserial", "-extfile", extensions, "-days", "2"];
      await openssl("x509", "-req", "-in", request, ...signing, "-out", cert);
      return { key: await readFile(key, "utf8"), cert: await readFile(cert, "utf8") };
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
