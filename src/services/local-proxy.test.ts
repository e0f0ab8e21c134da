import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isLocked } from "./file-lock.ts";
import { renderLocalProxyConfig } from "./local-proxy.ts";
import { parsePid } from "./pid-file.ts";

describe("renderLocalProxyConfig", () => {
  it("SVC-20: an empty config without TLS is {}", () => {
    assert.equal(renderLocalProxyConfig({ jwks: null, tls: null }, null), "{}");
  });

  it("SVC-20: has the members in order, null audiences kept, TLS of the process and not of the spec", () => {
    const provider = { id: "1", roleNames: ["anon"], jwksUrl: "https://a/jwks", providerName: "p", jwtAudience: null };
    const config = { jwks: [provider], tls: { keyPath: "/spec/key", certPath: "/spec/cert" } };
    assert.equal(
      renderLocalProxyConfig(config, { keyPath: "/key", certPath: "/cert" }),
      `{
  "jwks": [
    {
      "id": "1",
      "role_names": [
        "anon"
      ],
      "jwks_url": "https://a/jwks",
      "provider_name": "p",
      "jwt_audience": null
    }
  ],
  "tls": {
    "key_path": "/key",
    "cert_path": "/cert"
  }
}`,
    );
    assert.doesNotMatch(renderLocalProxyConfig(config, null), /tls/);
  });
});

describe("isLocked", () => {
  const locks = `1: POSIX  ADVISORY  WRITE 11 fe:00:42 0 EOF
2: FLOCK  ADVISORY  READ  12 fe:00:42 0 EOF
3: FLOCK  ADVISORY  WRITE 13 fe:00:43 0 EOF
3: -> FLOCK  ADVISORY  WRITE 14 fe:00:44 0 EOF
`;
  const device = 0xfe00n;

  it("SVC-22: knows an exclusive flock by device and inode, without taking it", () => {
    assert.equal(isLocked(locks, { device, inode: 43n }, 99), true);
    assert.equal(isLocked(locks, { device, inode: 42n }, 99), false);
    assert.equal(isLocked(locks, { device: 7n, inode: 43n }, 99), false);
    assert.equal(isLocked("", { device, inode: 43n }, 13), false);
  });

  it("on a layered file system goes by the pid in the file", () => {
    assert.equal(isLocked(locks, { device: 7n, inode: 43n }, 13), true);
  });

  it("does not take one that waits for the lock for its holder", () => {
    assert.equal(isLocked(locks, { device, inode: 44n }, 14), false);
  });

  it("knows device numbers beyond a byte", () => {
    const line = "1: FLOCK  ADVISORY  WRITE 5 103:10305:9 0 EOF\n";
    assert.equal(isLocked(line, { device: makedev(0x103n, 0x10305n), inode: 9n }, 1), true);
  });
});

/** As glibc's `makedev` puts the parts together. */
function makedev(major: bigint, minor: bigint): bigint {
  return ((major & 0xfffff000n) << 32n) | ((major & 0xfffn) << 8n) | ((minor & 0xffffff00n) << 12n) | (minor & 0xffn);
}

describe("parsePid", () => {
  it("SVC-60: reads a decimal with blanks around it, and nothing that signals would reach more by", () => {
    assert.equal(parsePid("4711"), 4711);
    assert.equal(parsePid(" 4711\n"), 4711);
    for (const text of ["", "0", "1", "-5", "+5", "5 6", "0x10", "12a", "99999999999"])
      assert.equal(parsePid(text), undefined, text);
  });
});
