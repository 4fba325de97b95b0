// The page with the real server, which has the demonstration's day in it: every page in both themes, triage that the
// server keeps, signals that come while one looks, hunts, and hostile texts in everything that is sent or read.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PAYLOADS } from "../fixture/payloads.mjs";
import { axe, launch, open, shots, skip as noBrowser, visit } from "./base.mjs";
import { ADMIN, day, hostile, keyed, program, serve, signIn, until } from "./real.mjs";

const skip = noBrowser || (program ? false : "there is no program: cargo build -p sigyn-cli");

let browser;
let made;
let server;
let ask;
let chain;
before(async () => {
  if (skip) return;
  browser = await launch();
  made = await day();
  server = await serve(made.folder);
});
after(async () => {
  await browser?.close();
  await server?.stop();
  made?.remove();
});

/** A page of somebody who has signed in. */
async function inside(options) {
  const tab = await open(browser, options);
  await visit(tab.page, server.url);
  await signIn(tab.page);
  return tab;
}

test("the token makes the first administrator, who sees the day", { skip }, async () => {
  const { page, wrong, close } = await open(browser);
  await visit(page, `${server.url}/setup#${server.token}`);
  await page.getByLabel("Name").fill(ADMIN.name);
  await page.getByLabel(/^Password\./).fill(ADMIN.password);
  await page.getByLabel("Password again").fill(ADMIN.password);
  await page.getByRole("button", { name: "Create the administrator" }).click();
  await page.getByText("open signals").waitFor();
  ask = await keyed(server.url, await page.context().cookies());
  chain = (await ask.get("/api/v1/signals?level=critical&sort=risk&limit=50")).items.find(({ title }) => title.startsWith("Several Kinds"));
  assert.ok(chain, "the break-in is a chain");
  assert.deepEqual(wrong, []);
  await close();
});

const pages = () => ({
  overview: ["/", "open signals"],
  "overview-tactic": ["/?stack=tactic", "open signals"],
  signals: ["/signals", "Several Kinds Of Web Attack"],
  "signals-grouped": ["/signals?group_by=rule&sort=level", "Several Kinds Of Web Attack"],
  signal: [`/signals/${chain.id}`, "Why it fired"],
  hunts: ["/hunts", "Hunts"],
  rules: ["/rules", "Web Request With SQL Injection"],
  rule: [`/rules/${encodeURIComponent(chain.rule)}`, "Fed by"],
  chains: ["/chains", "rules in"],
  attack: ["/attack", "Exploit Public-Facing Application"],
  sources: ["/sources", "shop-web-01"],
  response: ["/response", "203.0.113.47"],
  "response-policies": ["/response?tab=policies", "Break-ins"],
  "response-alerts": ["/response?tab=alerts", "Nobody is told yet"],
  "response-channels": ["/response?tab=channels", "No channel yet"],
  settings: ["/settings", "Theme"],
  "settings-users": ["/settings?tab=users", ADMIN.name],
  "settings-keys": ["/settings?tab=keys", "tests"],
  "settings-audit": ["/settings?tab=audit", "chain is whole"],
  "settings-storage": ["/settings?tab=storage", "How long events and signals stay"],
  "settings-server": ["/settings?tab=server", "Data folder"],
});

for (const theme of ["dark", "light"]) {
  test(`every page shows what the server has, ${theme}`, { skip }, async (context) => {
    const { page, wrong, outside, close } = await inside({ theme });
    for (const [name, [path, text]] of Object.entries(pages())) {
      await context.test(name, async () => {
        await visit(page, server.url + path);
        await page.getByText(text).locator("visible=true").first().waitFor();
        await page.screenshot({ path: join(shots, `real-${name}-${theme}.png`) });
        assert.deepEqual(await axe(page), []);
        assert.deepEqual(wrong.splice(0), []);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(overflow, 0, "the page scrolls sideways");
      });
    }
    assert.deepEqual(outside, [], "everything comes from the server itself");
    await close();
  });
}

test("the chain says why it fired, down to the requests, with what matched lit", { skip }, async () => {
  const { page, close } = await inside();
  await visit(page, `${server.url}/signals/${chain.id}`);
  const side = page.locator(".side");
  assert.match(await side.locator(".sentence").innerText(), /203\.0\.113\.47/);
  assert.ok((await side.locator(".tree .dot.event").count()) >= 6, "requests stand in the tree");
  await side.locator("mark.lit").first().waitFor();
  await side.locator(".code .ln.hit").first().waitFor();
  await close();
});

test("what is closed by keys is closed on the server, and open again when undone", { skip }, async () => {
  const { page, wrong, close } = await inside();
  await visit(page, `${server.url}/signals`);
  await page.locator(".qrow.on").waitFor();
  const id = new URL(page.url()).searchParams.get("open") ?? (await page.locator(".qrow.on").getAttribute("id")).slice(4);
  await page.keyboard.press("e");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("1");
  await page.getByText("1 closed: True positive").waitFor();
  const stateOf = async () => (await ask.get(`/api/v1/signals/${id}`)).signal;
  assert.deepEqual([(await stateOf()).status, (await stateOf()).verdict], ["closed", "true"]);
  await page.keyboard.press("z");
  await page.getByText("1 as before").waitFor();
  assert.equal((await stateOf()).status, "open");
  assert.deepEqual(wrong, []);
  await close();
});

test("all that match are closed together and opened again, exactly as many", { skip }, async () => {
  const { page, close } = await inside();
  await visit(page, `${server.url}/signals?all=1&level=medium&last=7d`);
  const count = async (status) => (await ask.get(`/api/v1/signals/count?level=medium&status=${status}`)).count;
  const open_ = await count("open");
  assert.ok(open_ > 3);
  await page.keyboard.press("x");
  await page.keyboard.press("Control+a");
  await page.getByText(`${open_} selected`).waitFor();
  await page.keyboard.press("e");
  await page.keyboard.press("2");
  await page.getByText(`${open_} closed: Benign true`).waitFor();
  assert.deepEqual([await count("open"), await count("closed")], [0, open_]);
  await page.keyboard.press("z");
  await page.getByText(`${open_} as before`).waitFor();
  assert.equal(await count("open"), open_);
  await close();
});

/** A request as a line of an access log. */
function line(at, client, target, agent = "Mozilla/5.0") {
  const [day_, clock] = new Date(at).toISOString().slice(0, 19).split("T");
  const [year, month, date] = day_.split("-");
  const name = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][Number(month) - 1];
  return `${client} - - [${date}/${name}/${year}:${clock} +0000] "GET ${target} HTTP/1.1" 200 512 "-" "${agent}"`;
}

test("a signal that comes while one looks moves no row and is counted", { skip }, async () => {
  const { page, close } = await inside();
  await visit(page, `${server.url}/signals`);
  const titles = () => page.locator(".qrow:not(.head) .title").allTextContents();
  const before = await titles();
  const now = Date.now();
  const burst = Array.from({ length: 12 }, (_, at) => line(now - (12 - at) * 1000, "192.0.2.77", `/item?id=${at}'+UNION+SELECT+login,password+FROM+users--`));
  await ask.post("/api/v1/events?source=web", burst.join("\n"), "application/x-ndjson");
  await page.getByRole("button", { name: /new signal/ }).waitFor();
  assert.deepEqual(await titles(), before);
  await page.keyboard.press("u");
  await page.getByText("192.0.2.77").first().waitFor();
  await close();
});

test("a hunt is ordered from the page and finds what was found live", { skip }, async () => {
  const { page, wrong, close } = await inside();
  await visit(page, `${server.url}/hunts`);
  await page.getByRole("button", { name: "New hunt" }).first().waitFor();
  await page.keyboard.press("n");
  await page.getByLabel("Range").selectOption({ label: "Everything that is stored" });
  await page.getByLabel("Name").fill("All of the day");
  await page.getByRole("button", { name: "Start" }).click();
  await page.waitForURL(/\/hunts\/./);
  const id = page.url().split("/").pop().split("?")[0];
  const { hunt } = await until(() => ask.get(`/api/v1/hunts/${id}`), ({ hunt: one }) => ["done", "failed", "cancelled"].includes(one.state));
  assert.equal(hunt.state, "done", hunt.error);
  const { count } = await ask.get("/api/v1/signals/count");
  assert.equal(hunt.detections, count, "as many as there are signals");
  const fresh = await ask.get(`/api/v1/hunts/${id}/detections?signal=false`);
  assert.deepEqual(fresh.items, [], "each is a signal already");
  await page.getByText("done").first().waitFor();
  assert.ok(page.url().includes(`/hunts/${id}`), "the page stays at the hunt");
  await page.getByRole("heading", { name: "Why it fired" }).waitFor();
  for (const theme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme: theme });
    await page.screenshot({ path: join(shots, `real-hunt-${theme}.png`) });
    assert.deepEqual(await axe(page), []);
  }
  assert.deepEqual(wrong, []);
  await close();
});

const HOSTILE_RULE = "5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0099";

test("hostile texts in logs, rules and names run nowhere", { skip, timeout: 900_000 }, async (context) => {
  const all = hostile();
  const rules = join(made.folder, "rules", "hostile");
  mkdirSync(rules, { recursive: true });
  const plain = (text) => JSON.stringify(text.replace(/[\u0000-\u001f\u007f-\u009f]/g, " "));
  const body = (title, id, wanted) => `title: ${title}\nid: ${id}\ndescription: ${title}\nauthor: ${title}\nlogsource:\n  category: process_creation\n  product: windows\ndetection:\n  sel:\n    ${wanted}\n  condition: sel\nfalsepositives:\n  - ${title}\nlevel: high\n`;
  const named = PAYLOADS.map((payload, at) => body(plain(payload), `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`, `CommandLine|contains: 'number-${at}-'`));
  writeFileSync(join(rules, "hostile.yml"), [...named, body("Each", HOSTILE_RULE, "Image|endswith: '\\sh.exe'")].join("---\n"));
  await ask.post("/api/v1/rules/reload", {});
  const now = new Date().toISOString();
  const event = (payload, at) =>
    JSON.stringify({ "@timestamp": now, Channel: "Microsoft-Windows-Sysmon/Operational", EventID: 1, Computer: payload, User: payload, Image: "C:\\x\\sh.exe", ParentImage: payload, CommandLine: `number-${at}-${payload}`, [payload.slice(0, 200)]: payload });
  await ask.post("/api/v1/events?source=hostile", all.map(event).join("\n"), "application/x-ndjson");
  const dead = PAYLOADS.map((payload) => `{"broken": ${payload.replace(/[\r\n]/g, " ")}`);
  await ask.post(`/api/v1/events?source=${encodeURIComponent("<img src=x onerror=alert(1)>")}`, dead.join("\n"), "application/x-ndjson");
  const web = PAYLOADS.map((payload, at) => line(Date.now() - at * 200, "192.0.2.66", `/search?q=${payload.replace(/[\s"]/g, "+")}`, payload.replace(/["\r\n]/g, "'")));
  await ask.post("/api/v1/events?source=web", web.join("\n"), "application/x-ndjson");
  await until(() => ask.get(`/api/v1/signals/count?rule=${HOSTILE_RULE}`), ({ count }) => count >= all.length, 120_000);
  const found = (await ask.get(`/api/v1/signals?rule=${HOSTILE_RULE}&limit=1000`)).items;
  const titled = (await ask.get("/api/v1/signals?level=high&sort=newest&limit=1000")).items.filter(({ rule }) => rule.startsWith("00000000-0000-4000"));
  assert.ok(titled.length >= 45, `${titled.length} rules with hostile names have signals`);
  const { selection } = await ask.post("/api/v1/selections", { ids: found.slice(0, 5).map(({ id }) => id) });
  await ask.post(`/api/v1/selections/${selection}/changes`, { note: PAYLOADS[0], assignee: PAYLOADS[1] });
  const { page, outside, close } = await inside();
  const dialogs = [];
  page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  const lists = ["/", "/signals?all=1&last=30d&sort=newest", "/signals?all=1&group_by=rule", "/hunts", "/rules", "/chains", "/attack", "/sources", "/response", "/response?tab=silences", "/settings?tab=keys", "/settings?tab=audit", "/settings?tab=storage"];
  const paths = [...lists, ...[...titled, ...found].map(({ id }) => `/signals/${id}`), ...titled.map(({ rule }) => `/rules/${rule}`)];
  for (const path of paths) {
    await page.goto(server.url + path);
    await page.waitForFunction(() => document.querySelector("main") && !document.querySelector(".skeleton"));
    const state = await page.evaluate(() => ({
      ran: window.__ran ?? [],
      foreign: document.querySelectorAll("body script:not([src]), iframe, object, embed, base, [onerror], [onload], [srcdoc], a[href^='javascript:']").length,
    }));
    assert.deepEqual(state, { ran: [], foreign: 0 }, path);
  }
  await page.screenshot({ path: join(shots, "real-hostile.png") });
  assert.deepEqual([dialogs, outside], [[], []]);
  context.diagnostic(`${all.length} texts on ${paths.length} pages`);
  await close();
});
