// What a first visit loads: scripts and styles that index.html names, with what they import at once. The budget is a
// promise to those on slow lines; a build that breaks it fails.
import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET_KB = 300;
const dist = new URL("../dist/", import.meta.url);
const html = readFileSync(new URL("index.html", dist), "utf8");
const queue = [...html.matchAll(/(?:src|href)="\/?([^"]+\.js)"/g)].map(([, path]) => path);
const seen = new Map();
for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
  if (seen.has(path)) continue;
  const text = readFileSync(new URL(path, dist));
  seen.set(path, gzipSync(text).length);
  // Static imports only; what is imported when a page is opened is loaded then.
  for (const [, next] of text.toString().matchAll(/(?:^|[;}\s])(?:import|export)[^("';]*?["']\.\/([^"']+\.js)["']/g)) queue.push(`assets/${next}`);
}
const sum = [...seen.values()].reduce((total, size) => total + size, 0) / 1000;
const all = readdirSync(new URL("assets/", dist)).length;
console.log(`first visit: ${sum.toFixed(0)} kB of scripts (gzip) in ${seen.size} files, budget ${BUDGET_KB} kB; ${all} assets in all`);
if (/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/.test(html)) {
  console.error("index.html holds inline scripts or styles, which the content security policy forbids");
  process.exit(1);
}
if (sum > BUDGET_KB) {
  console.error("over budget");
  process.exit(1);
}
