// Types from the server's OpenAPI document. They are written with every build and never committed, so they cannot lag behind.
import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const document = JSON.parse(readFileSync(new URL("../../docs/openapi.json", import.meta.url), "utf8"));
for (const path of Object.values(document.paths)) {
  // Types are looked up by path and method. The names of operations are left out, for they need not be unique: two of the
  // same name would share one type.
  for (const operation of Object.values(path)) delete operation.operationId;
}
const types = await openapiTS(document, { immutable: true });
writeFileSync(new URL("../src/api/schema.d.ts", import.meta.url), `// Written by npm run types.\n${astToString(types)}`);
