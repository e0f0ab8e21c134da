import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { noNotification, renderNotification } from "./notification.ts";

describe("renderNotification", () => {
  it("says what there is to say, and nothing else", () => {
    assert.deepEqual(renderNotification(noNotification), []);
    assert.deepEqual(renderNotification({ ...noNotification, status: "init" }), ["STATUS=init"]);
    assert.deepEqual(renderNotification({ ready: true, stopping: false, status: "running" }), [
      "READY=1",
      "STATUS=running",
    ]);
  });

  it("does not announce a service as ready that stops already", () => {
    assert.deepEqual(renderNotification({ ready: true, stopping: true, status: undefined }), ["STOPPING=1"]);
  });

  it("keeps a status on its line and short, so that it makes no assignments", () => {
    const [line = ""] = renderNotification({ ...noNotification, status: `failed:\nMAINPID=1\r\n${"x".repeat(9_000)}` });
    assert.match(line, /^STATUS=failed: MAINPID=1 x+$/);
    assert.equal(line.length, "STATUS=".length + 500);
  });
});
