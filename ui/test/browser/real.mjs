// The real server with the demonstration's day in it: the program is asked to make it, and to serve it.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { PAYLOADS } from "../fixture/payloads.mjs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const TOP = fileURLToPath(new URL("../../../", import.meta.url));
const PATIENCE_MS = 120_000;

/** Whom the tests are. */
export const ADMIN = { name: "ines", password: "correct horse battery" };

/** The youngest program that was built, or the one that is named. */
export const program =
  process.env.SIGYN_BIN ??
  ["release", "debug"]
    .map((profile) => join(TOP, "target", profile, "sigyn"))
    .filter((path) => existsSync(path))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];

/** Runs the program to its end; returns what it says. */
function ran(words) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    child.stdout.on("data", (text) => (said += text));
    child.on("error", reject);
    child.on("exit", (code) => (code === 0 ? resolve(said) : reject(new Error(`${words[0]} ended with ${code}: ${said}`))));
  });
}

/** Starts the server; returns its address, its setup token if it has one, and how to stop it. */
export function serve(folder, more = []) {
  const words = ["serve", "--rules", join(folder, "rules"), "--data", join(folder, "data"), "--listen", "127.0.0.1:0", ...more];
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "inherit"] });
  const stop = () =>
    new Promise((ready) => {
      child.on("exit", ready);
      child.kill("SIGTERM");
    });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the server does not say where it listens")), PATIENCE_MS);
    let said = "";
    child.on("exit", (code) => reject(new Error(`the server ended with ${code}`)));
    child.stdout.on("data", (text) => {
      said += text;
      const url = /listens at (http:\S+)/.exec(said)?.[1];
      if (!url || !/rules in force.*\n/.test(said)) return;
      clearTimeout(timer);
      // The token is said right behind.
      setTimeout(() => resolve({ url, token: /once: (\S+)/.exec(said)?.[1], stop }), 300);
    });
  });
}

/** A folder with the day in it. */
export async function day() {
  const folder = mkdtempSync(join(tmpdir(), "sigyn-real-"));
  // Without optimisation a whole day takes minutes; the break-in is in the last hour.
  const hours = program.includes("debug") ? "3" : "24";
  const said = await ran(["demo", "--no-wait", "--hours", hours, "--port", "0", "--data", folder]);
  return { folder, said, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** How to call the interface with a key that is made with the cookies of a page. */
export async function keyed(url, cookies) {
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  const made = await fetch(`${url}/api/v1/keys`, {
    method: "POST",
    headers: { cookie, "x-sigyn-request": "1", "content-type": "application/json" },
    body: JSON.stringify({ name: "tests", scopes: ["read", "triage", "rules", "respond", "admin", "ingest"] }),
  });
  const { encoded } = await made.json();
  const call = async (method, path, body, type = "application/json") => {
    const headers = { authorization: `ApiKey ${encoded}`, ...(body === undefined ? {} : { "content-type": type }) };
    const answer = await fetch(url + path, { method, headers, body: typeof body === "object" ? JSON.stringify(body) : body });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  };
  return { get: (path) => call("GET", path), post: (path, body, type) => call("POST", path, body, type) };
}

/** Signs in on a page that shows the door. */
export async function signIn(page) {
  await page.getByLabel("Name").fill(ADMIN.name);
  await page.getByLabel("Password").fill(ADMIN.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".rail").waitFor();
}

/** Asks until an answer is as it should be. */
export async function until(ask, is, patienceMs = 240_000) {
  const end = Date.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (is(answer)) return answer;
    if (Date.now() > end) throw new Error(`still ${JSON.stringify(answer)?.slice(0, 400)}`);
    await new Promise((ready) => setTimeout(ready, 250));
  }
}

const SHARED = join(TOP, "crates/cli/tests/hostile/payloads.ndjson");
/** Characters of a payload that is repeated; the server's own tests send them whole. */
const LONG = 20_000;

/** The hostile texts of the server's tests, and those of the page's; what is no text is left to the server's. */
export function hostile() {
  const lines = existsSync(SHARED) ? readFileSync(SHARED, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line)) : [];
  const texts = lines.filter(({ text }) => text !== undefined).map(({ text, times = 1 }) => text.repeat(Math.max(1, Math.min(times, Math.ceil(LONG / text.length)))));
  return [...PAYLOADS, ...texts];
}
