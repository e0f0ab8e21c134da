import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMetrics } from "./registry.ts";

const unlabelled = [
  "compute_audit_log_dir_size",
  "compute_pg_current_downtime_ms",
  "compute_pg_downtime_ms_total",
  "compute_ctl_lfc_prewarms_total",
  "compute_ctl_lfc_prewarm_errors_total",
  "compute_ctl_lfc_offloads_total",
  "compute_ctl_lfc_offload_errors_total",
  "pg_cctl_pagestream_request_errors_total",
  "pg_cctl_configure_statement_timeout_errors_total",
];

function samples(text: string): string[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

describe("createMetrics", () => {
  it("starts with the status empty and families 6 to 14 at 0 (MET-3, MET-4)", () => {
    assert.deepEqual(samples(createMetrics("t-9").text()), [
      'compute_ctl_up{build_tag="t-9",status="empty"} 1',
      ...unlabelled.map((name) => `${name} 0`),
    ]);
  });

  it("writes the families in their order, without help for those that have no samples (MET-2, MET-3)", () => {
    const metrics = createMetrics("t-9");
    metrics.showStatus("running");
    metrics.replaceAll("compute_installed_extensions", [
      { labels: { extension_name: "plpgsql", version: "1.0", owned_by_superuser: "1" }, value: 3 },
    ]);
    metrics.add("compute_ctl_cplane_requests_total", { rpc: "GetConfig", http_status: "200 OK" }, 1);
    const withoutHelp = metrics.text().replaceAll(/^# HELP .*\n/gm, "");
    assert.equal(
      withoutHelp.split("# TYPE compute_ctl_lfc_prewarms_total")[0],
      [
        "# TYPE compute_ctl_up gauge",
        'compute_ctl_up{build_tag="t-9",status="running"} 1',
        "# TYPE compute_installed_extensions gauge",
        'compute_installed_extensions{extension_name="plpgsql",owned_by_superuser="1",version="1.0"} 3',
        "# TYPE compute_ctl_cplane_requests_total counter",
        'compute_ctl_cplane_requests_total{http_status="200 OK",rpc="GetConfig"} 1',
        "# TYPE compute_audit_log_dir_size gauge",
        "compute_audit_log_dir_size 0",
        "# TYPE compute_pg_current_downtime_ms gauge",
        "compute_pg_current_downtime_ms 0",
        "# TYPE compute_pg_downtime_ms_total counter",
        "compute_pg_downtime_ms_total 0",
        "",
      ].join("\n"),
    );
    assert.doesNotMatch(metrics.text(), /remote_ext|migration|attached/);
  });

  it("keeps exactly one sample of compute_ctl_up through every change of status (MET-4)", () => {
    const metrics = createMetrics("latest");
    for (const status of ["init", "configuration-pending", "running"]) metrics.showStatus(status);
    assert.deepEqual(samples(metrics.text()).slice(0, 1), ['compute_ctl_up{build_tag="latest",status="running"} 1']);
    assert.equal(samples(metrics.text()).filter((line) => line.startsWith("compute_ctl_up")).length, 1);
  });

  it("adds to the sample with the same labels and keeps others apart", () => {
    const metrics = createMetrics("latest");
    for (const http_status of ["unknown", "200 OK", "unknown"]) {
      metrics.add("compute_ctl_cplane_requests_total", { rpc: "GetConfig", http_status }, 1);
    }
    assert.deepEqual(
      samples(metrics.text()).filter((line) => line.startsWith("compute_ctl_cplane")),
      [
        'compute_ctl_cplane_requests_total{http_status="200 OK",rpc="GetConfig"} 1',
        'compute_ctl_cplane_requests_total{http_status="unknown",rpc="GetConfig"} 2',
      ],
    );
  });

  it("forgets the samples that a replacement does not name, and an emptied family altogether", () => {
    const metrics = createMetrics("latest");
    const labels = { extension_name: "hstore", version: "1.8", owned_by_superuser: "0" };
    metrics.replaceAll("compute_installed_extensions", [{ labels, value: 1 }]);
    metrics.replaceAll("compute_installed_extensions", []);
    assert.doesNotMatch(metrics.text(), /compute_installed_extensions/);
  });

  it("sets a gauge back to 0 and leaves a counter where it was", () => {
    const metrics = createMetrics("latest");
    metrics.set("compute_pg_current_downtime_ms", {}, 1006);
    metrics.add("compute_pg_downtime_ms_total", {}, 1001);
    metrics.set("compute_pg_current_downtime_ms", {}, 0);
    assert.match(metrics.text(), /^compute_pg_current_downtime_ms 0$/m);
    assert.match(metrics.text(), /^compute_pg_downtime_ms_total 1001$/m);
  });

  it("sorts values into the buckets of a histogram, those on a bound below it (MET-17)", () => {
    const metrics = createMetrics("latest");
    const labels = { server: "external", route: "/status", method: "GET" };
    for (const seconds of [0.0005, 0.001, 0.002, 100])
      metrics.observe("compute_ctl_http_request_seconds", labels, seconds);
    const text = metrics.text();
    const own = 'method="GET",route="/status",server="external"';
    for (const [bound, count] of [
      ["0.001", 2],
      ["0.0025", 3],
      ["60", 3],
      ["+Inf", 4],
    ] as const) {
      assert.ok(text.includes(`compute_ctl_http_request_seconds_bucket{le="${bound}",${own}} ${count}\n`), bound);
    }
    assert.match(text, /^compute_ctl_http_request_seconds_sum\{.*\} 100\.0035$/m);
  });
});

describe("families that begin without a sample", () => {
  it("show nothing until their value is known, as a memory of 0 bytes would be a lie (MET-18)", () => {
    const metrics = createMetrics("latest");
    assert.doesNotMatch(metrics.text(), /resident_memory/);
    metrics.set("compute_ctl_process_resident_memory_bytes", {}, 1024);
    assert.match(metrics.text(), /^compute_ctl_process_resident_memory_bytes 1024$/m);
  });
});
