import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { UsageError } from "./arguments.ts";
import { optionTable } from "./option-table.ts";
import { type OptionDefaults, type Options, readOptions } from "./options.ts";
import { usageText } from "./usage.ts";

const none: OptionDefaults = { pgbin: undefined, logFormat: undefined, strict: false };
const base = ["-D", "d", "-C", "postgresql://cloud_admin@localhost:5432/postgres", "-i", "comp-7", "-c", "conf.json"];

function run(extra: readonly string[], argv: readonly string[] = base): Options {
  const invocation = readOptions([...argv, ...extra], none);
  assert.ok(invocation.kind === "run");
  return invocation.options;
}

function refused(argv: readonly string[], message: RegExp): void {
  assert.throws(
    () => readOptions(argv, none),
    (error) => error instanceof UsageError && message.test(error.message),
    argv.join(" "),
  );
}

describe("readOptions", () => {
  it("fills in the defaults (CLI-1)", () => {
    const options = run([]);
    assert.equal(options.externalHttpPort, 3080);
    assert.equal(options.internalHttpPort, 3081);
    assert.equal(options.privilegedRoleName, "neon_superuser");
    assert.equal(options.pgbin, "postgres");
    assert.equal(options.postgresUser, "postgres");
    assert.deepEqual(options.source, { kind: "config-file", path: "conf.json" });
  });

  it("takes every accepted spelling of an option (CLI-1)", () => {
    for (const spelling of [["--pgdata", "/x"], ["--pgdata=/x"], ["-D", "/x"], ["-D/x"], ["-D=/x"]]) {
      assert.equal(run(spelling, base.slice(2)).pgdata, "/x", spelling.join(" "));
    }
  });

  it("syncs safekeepers by itself unless told otherwise, in either spelling (SK-20, SK-22)", () => {
    assert.deepEqual([run([]).syncSafekeepers, run([]).syncTimeoutSeconds], ["native", 60]);
    assert.equal(run(["--sync-safekeepers=postgres"]).syncSafekeepers, "postgres");
    assert.equal(run(["--sync-safekeepers", "postgres"]).syncSafekeepers, "postgres");
    assert.equal(run(["--sync-safekeepers=native", "--sync-timeout=5"]).syncTimeoutSeconds, 5);
    assert.equal(run(["--sync-timeout", "0"]).syncTimeoutSeconds, 1);
    for (const value of ["", "Native", "postgres,native"]) {
      refused([...base, `--sync-safekeepers=${value}`], /for '--sync-safekeepers': it is 'native' or 'postgres'/);
    }
    refused([...base, "--sync-timeout", "-1"], /'--sync-timeout/);
    refused([...base, "--sync-timeout", "1.5"], /number of seconds/);
  });

  it("lets the flag beat POSTGRES_PATH, and that beat the default (CLI-1)", () => {
    const pgbin = (argv: readonly string[]): string => {
      const invocation = readOptions(argv, { ...none, pgbin: "/env/postgres" });
      assert.ok(invocation.kind === "run");
      return invocation.options.pgbin;
    };
    assert.equal(pgbin(base), "/env/postgres");
    assert.equal(pgbin([...base, "-b", "/flag/postgres"]), "/flag/postgres");
  });

  it("honours --http-port in every mode (CLI-3)", () => {
    for (const mode of ["false", "true"]) {
      const options = run(["--http-port", "4000", "--lakebase-mode", mode]);
      assert.deepEqual([options.externalHttpPort, options.internalHttpPort], [4000, 4001]);
    }
    refused(
      [...base, "--http-port", "4000", "--internal-http-port", "3081"],
      /cannot be used with '--internal-http-port'/,
    );
    refused([...base, "--http-port", "65535"], /at most 65534/);
  });

  it("refuses what the original refuses, and names the argument (SPEC-1)", () => {
    refused([...base, "-p", "http://cp"], /'--config' cannot be used with '--control-plane-uri'/);
    refused([...base, "--lakebase-mode"], /value is required for '--lakebase-mode/);
    refused([...base, "--lakebase-mode=yes"], /invalid value 'yes'/);
    refused([...base, "-D", "e"], /'--pgdata' cannot be used multiple times/);
    refused([...base, "--dev", "--dev"], /'--dev' cannot be used multiple times/);
    refused([...base, "extra"], /unexpected argument 'extra'/);
    refused([...base, "--external-http-port", "70000"], /invalid value '70000'/);
    refused([...base, "--pgdat", "x"], /unexpected argument '--pgdat'/);
    refused([...base, "--dev=true"], /'--dev' takes no value/);
    refused(["-D", "-C", "x"], /value is required for '--pgdata/);
    refused(base.slice(0, 6), /one of --config/);
    refused(base.slice(2), /'--pgdata <DIR>' is required/);
    refused(["-D", "", ...base.slice(2)], /must not be empty/);
    refused([...base, "--internal-http-port", "3080"], /must differ/);
  });

  it("checks the privileged role's name", () => {
    assert.equal(run(["--privileged-role-name", "my_admin"]).privilegedRoleName, "my_admin");
    for (const name of ["My_admin", "a1", "", "$'x"]) {
      refused([...base, `--privileged-role-name=${name}`], /lowercase letters and underscores/);
    }
  });

  it("EXT-1, CLI-4: takes the gateway's address with one slash at its end", () => {
    for (const [given, expected] of [
      ["https://x.test/sub", "https://x.test/sub/"],
      ["https://x.test//", "https://x.test/"],
      ["https://s.example/ext///", "https://s.example/ext/"],
    ] as const) {
      assert.equal(run(["-r", given]).remoteExtBaseUrl, expected);
    }
    assert.equal(run([]).remoteExtBaseUrl, null);
    refused([...base, "-r", "https://x.test?a=b"], /query parameters/);
    refused([...base, "-r", "https://s.example/ext?x=1"], /query parameters/);
    refused([...base, "-r", "s.example"], /absolute URL/);
    refused([...base, "-r", "ftp://s.example"], /http or https/);
  });

  it("EXT-26: prefetches what is preloaded unless told otherwise", () => {
    assert.equal(run([]).prefetchExtensions, "preload");
    assert.equal(run(["--remote-ext-prefetch", "all"]).prefetchExtensions, "all");
    refused([...base, "--remote-ext-prefetch", "some"], /it is 'preload' or 'all'/);
  });

  it("reads how long a first start may take", () => {
    refused([...base, "--pg-init-timeout", "soon"], /number of seconds/);
  });

  it("takes addresses to listen on, and the form of log lines", () => {
    assert.equal(run(["--http-listen-addr", "::1"]).httpListenAddr, "::1");
    assert.equal(run([]).internalListenAddr, null);
    refused([...base, "--internal-listen-addr", "localhost"], /it is an IP address/);
    assert.equal(run([]).writePasswordsDirectly, false);
    assert.equal(run(["--write-passwords-directly"]).writePasswordsDirectly, true);
    assert.equal(run(["--log-format", "json"]).logFormat, "json");
    refused([...base, "--log-format", "xml"], /'text' or 'json'/);
    const fromEnvironment = readOptions(base, { ...none, logFormat: "json" });
    assert.ok(fromEnvironment.kind === "run" && fromEnvironment.options.logFormat === "json");
  });

  it("VM-1: has the vm-monitor's defaults; the file cache is reached as Postgres is unless told otherwise (trap 14)", () => {
    const { cgroup, cgroupRoot, filecacheConnstr, vmMonitorAddr } = run([]);
    assert.deepEqual(
      { cgroup, cgroupRoot, filecacheConnstr, vmMonitorAddr },
      {
        cgroup: "neon-postgres",
        cgroupRoot: "/sys/fs/cgroup",
        filecacheConnstr: null,
        vmMonitorAddr: "0.0.0.0:10301",
      },
    );
    assert.equal(
      run(["--vm-monitor-addr", "localhost:1"]).vmMonitorAddr,
      "localhost:1",
      "no reason not to start (trap 11)",
    );
  });

  it("warns of an option that has no effect, when it is given (CLI-4)", () => {
    const warningsOf = (...args: readonly string[]): readonly string[] => {
      const invocation = readOptions([...base, ...args], none);
      assert.ok(invocation.kind === "run");
      return invocation.warnings;
    };
    assert.deepEqual(warningsOf("--dev", "--remote-ext-base-url", "https://a/"), []);
    const ignored = "--remote-ext-config is ignored: extensions are described in the spec";
    assert.deepEqual(warningsOf("--remote-ext-config", "{}"), [ignored]);
  });

  it("SVC-50, SVC-51, SVC-61: reads what may be done with the host", () => {
    const { resizeSwapOnBind, diskQuotaMount, dev, hostRoot } = run([]);
    assert.deepEqual([resizeSwapOnBind, diskQuotaMount, dev, hostRoot], [false, null, false, "/"]);
    const all = run(["--resize-swap-on-bind", "--set-disk-quota-for-fs", "/var", "--dev", "--host-root", "/image"]);
    assert.deepEqual([all.resizeSwapOnBind, all.diskQuotaMount, all.dev, all.hostRoot], [true, "/var", true, "/image"]);
    refused([...base, "--host-root", "image"], /'--host-root': it is an absolute path/);
  });

  it("takes the oldest spec options, without a compute id (CLI-8)", () => {
    const oldest = ["-D", "d", "-C", "postgresql://a@b/c"];
    assert.deepEqual(run(["-S", "spec.json"], oldest).source, { kind: "spec-file", path: "spec.json" });
    assert.equal(run(["-S", "spec.json"], oldest).computeId, null);
    assert.deepEqual(run(["-s", ' {"a":1}'], oldest).source, { kind: "inline-spec", text: ' {"a":1}' });
    refused([...oldest, "-s", "spec.json"], /-S\/--spec-path/);
    refused([...oldest, "-s", "{}", "-S", "f"], /cannot be used with/);
    refused([...oldest, "-c", "f"], /'--compute-id <ID>' is required/);
  });

  it("answers --help and --version before it looks at anything else", () => {
    assert.equal(readOptions(["--help"], none).kind, "help");
    assert.equal(readOptions(["-h", "-D", "x"], none).kind, "help");
    assert.equal(readOptions(["-V"], none).kind, "version");
  });
});

describe("usageText", () => {
  it("shows every option of the table, in lines that fit a terminal", () => {
    const text = usageText();
    for (const row of optionTable) assert.ok(text.includes(`--${row.name}`), row.name);
    for (const line of text.split("\n")) assert.ok(line.length <= 130, line);
  });
});
