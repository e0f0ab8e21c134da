import assert from "node:assert/strict";
import test from "node:test";
import { effectiveSettings, maskedLine, maskedMessage, maskedValue } from "./effective-settings.ts";

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
    ["neon.endpoint_storage_token = abc def", "neon.endpoint_storage_token [hidden]"],
    ["work_mem = 4MB  # as it is", "work_mem = 4MB  # as it is"],
  ] as const)
    assert.equal(maskedLine(line), shown);
  assert.equal(maskedValue("my.api_key", ""), "", "that it is empty is worth knowing");
});

test("chapter 02 trap 17: so are those in what Postgres says of a setting, or of a line that it cannot read", () => {
  const syntax = 'syntax error near token "geheim"';
  for (const [setting, line, message, shown] of [
    ["my.token", "my.token = 7", 'invalid value for parameter "my.token": "geheim"', undefined],
    [null, "  my.secret = a geheim", syntax, "syntax error near token [hidden]"],
    [null, "work_mem = a b", 'syntax error near token "b"', 'syntax error near token "b"'],
    ["work_mem", undefined, 'invalid value for parameter "work_mem": "x"', undefined],
  ] as const) {
    const masked = maskedMessage(setting, line, message);
    assert.doesNotMatch(masked, /geheim/);
    if (shown !== undefined) assert.equal(masked, shown);
  }
  assert.match(maskedMessage("work_mem", undefined, 'invalid value: "x"'), /"x"/);
});
