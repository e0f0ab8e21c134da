import assert from "node:assert/strict";
import test from "node:test";
import { effectiveSettings, maskedLine, maskedValue } from "./effective-settings.ts";

test("CONF-10: of several assignments the last counts, whatever the case of the name", () => {
  const text = "port = 1\n# work_mem = 9\nWork_Mem='2MB' # why\nPORT 3\ninclude_if_exists = 'x.conf'\n";
  assert.deepEqual(effectiveSettings(text), [
    { name: "Work_Mem", value: "2MB", line: 3, overrules: [] },
    { name: "PORT", value: "3", line: 4, overrules: [1] },
  ]);
});

test("chapter 02 trap 17: secrets in a configuration text are hidden, by their look and by their setting's name", () => {
  for (const [line, shown] of [
    ["neon.endpoint_storage_token = 'abc'", "neon.endpoint_storage_token = '[hidden]'"],
    ["primary_conninfo = 'host=h password=''my pass'' port=1'", "primary_conninfo = 'host=h password=[hidden] port=1'"],
    [
      "neon.pageserver_connstring='postgresql://u:geheim@h:1'",
      "neon.pageserver_connstring = 'postgresql://u:[hidden]@h:1'",
    ],
    ["# password = x", "# password = [hidden]"],
    ["work_mem = 4MB  # as it is", "work_mem = 4MB  # as it is"],
  ] as const)
    assert.equal(maskedLine(line), shown);
  assert.equal(maskedValue("my.api_key", ""), "", "that it is empty is worth knowing");
});
