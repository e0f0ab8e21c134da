/** Writes the JSON Schema of a config into docs/config.schema.json: `npm run schema`. */
import { writeFileSync } from "node:fs";
import { renderConfigJsonSchema } from "../src/spec/json-schema.ts";

writeFileSync(new URL("../docs/config.schema.json", import.meta.url), renderConfigJsonSchema());
