// What the manifest promises is there.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";

const root = resolve(__dirname, "../..");
const read = (path: string) => readFileSync(resolve(root, path), "utf8");

test("commands, settings and files of the manifest are used", () => {
  const manifest = JSON.parse(read("package.json"));
  const source = read("src/extension.ts") + read("src/preview.ts");
  for (const { command } of manifest.contributes.commands) {
    assert.ok(source.includes(`registerCommand("${command}"`), command);
  }
  for (const key of Object.keys(manifest.contributes.configuration.properties)) {
    // The client library reads the trace setting itself.
    const name = key.split(".").pop();
    assert.ok(key === "sigyn.trace.server" || source.includes(`"${name}"`), key);
  }
  assert.ok(read(manifest.main).includes("exports.activate"));
  JSON.parse(read(manifest.contributes.languages[0].configuration));
});
