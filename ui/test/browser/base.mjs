// What the browser tests share: Debian's Chromium, the made-up server, and where pictures go.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const CHROMIUM = process.env.SIGYN_CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"];
const AXE = readFileSync(fileURLToPath(new URL("../../node_modules/axe-core/axe.min.js", import.meta.url)), "utf8");
/** How long something may take before it is taken for missing: no measure of speed, which a busy machine would fail. */
const PATIENCE_MS = 60_000;

/** Why the tests cannot run here; false if they can. */
export const skip = !existsSync(CHROMIUM)
  ? `${CHROMIUM} is not there`
  : !existsSync(fileURLToPath(new URL("../../dist/index.html", import.meta.url)))
    ? "the page is not built: npm run build"
    : false;

/** Where pictures go: outside of the repository. */
export const shots = process.env.SIGYN_SHOTS ?? join(tmpdir(), "sigyn-ui-shots");

/** Starts the browser. */
export function launch() {
  mkdirSync(shots, { recursive: true });
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** A fresh page; what goes wrong in it is gathered. */
export async function open(browser, { width = 1680, height = 1000, theme = "dark" } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("console", (message) => {
    // Browsers say 401 and 404 aloud; both are answers that the page expects.
    if (message.type() === "error" && !/status of 40[14]/.test(message.text())) wrong.push(message.text());
  });
  const outside = [];
  page.on("request", (request) => {
    if (!request.url().startsWith("http://127.0.0.1:")) outside.push(request.url());
  });
  return { page, wrong, outside, close: () => context.close() };
}

/** Opens an address and waits until nothing loads any more. */
export async function visit(page, url) {
  await page.goto(url);
  await page.waitForSelector("main, [role=dialog]");
  await page.waitForFunction(() => !document.querySelector(".skeleton"), undefined, { timeout: PATIENCE_MS });
  await page.waitForTimeout(150);
}

/** What axe finds that is serious or worse. */
export async function axe(page) {
  // Through the debugger, as tools do: the policy of the page holds for the page.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map(({ html, any }) => `${html.slice(0, 140)} (${any[0]?.message ?? ""})`).join(" | ")}`);
}
