import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatLakebaseLine, lakebaseFileName, outdatedLogFiles } from "./lakebase-line.ts";
import type { LogEvent } from "./line.ts";

const event: LogEvent = {
  timeMicros: Date.UTC(2031, 3, 5, 6, 7, 8, 123) * 1000 + 456,
  level: "info",
  spans: [{ name: "start_compute", fields: {} }],
  message: 'say "hi"',
  fields: { n: 1 },
};

describe("a line of lakebase's log files (LIFE-86)", () => {
  it("is the test vector's", () => {
    assert.equal(
      formatLakebaseLine(event, { instanceId: "in-1", computeId: "co/2" }),
      '{"timestamp": "2031-04-05 06:07:08.123 GMT", "error_severity": "INFO", "file_name": "compute_ctl", ' +
        '"backend_type": "compute_ctl_self", "pg_instance_id": "in-1", "pg_compute_id": "co/2", ' +
        '"message": "say \\"hi\\" n=1"}\n',
    );
  });

  it("is JSON whatever the ids are, and one line (T-18)", () => {
    const line = formatLakebaseLine({ ...event, message: "a\nb" }, { instanceId: '"}\n', computeId: "" });
    assert.equal(line.indexOf("\n"), line.length - 1);
    assert.equal(JSON.parse(line).pg_instance_id, '"}\n');
  });

  it("goes to the file of its day, of which the two newest are kept", () => {
    assert.equal(lakebaseFileName(event.timeMicros), "pgcctl.2031-04-05");
    const names = ["pgcctl.2031-04-05", "pgcctl.2031-03-31", "other", "pgcctl.2031-04-04", "pgcctl.2031-04-05.gz"];
    assert.deepEqual(outdatedLogFiles(names, "pgcctl.2031-04-05"), ["pgcctl.2031-03-31"]);
    assert.deepEqual(outdatedLogFiles(names, "pgcctl.2031-03-31"), []);
    assert.deepEqual(outdatedLogFiles(["pgcctl.2031-04-05"], "pgcctl.2031-04-05"), []);
  });
});
