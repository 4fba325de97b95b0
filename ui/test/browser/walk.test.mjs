// Every page, in both themes: it shows, nothing goes wrong, axe finds nothing serious, and there is a picture of it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { join } from "node:path";
import { start } from "../fixture/server.mjs";
import { axe, launch, open, shots, skip, visit } from "./base.mjs";

let browser;
let server;
before(async () => {
  if (skip) return;
  browser = await launch();
  server = await start();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const pages = (data) => ({
  overview: ["/", "open signals"],
  signals: ["/signals", "Several Kinds Of Attack"],
  "signals-grouped": ["/signals?group_by=rule&sort=level", "Web Request With SQL Injection"],
  "signals-empty": ["/signals?text=there-is-no-such-thing", "Nothing matches"],
  signal: [`/signals/${data.chain.id}`, "Why it fired"],
  "signal-gone": ["/signals/00000000000000000000000000000000", "does not exist"],
  hunts: ["/hunts", "After the advisory"],
  "hunt-new": ["/hunts?new=1", "Only looked at"],
  hunt: [`/hunts/${"3".padStart(32, "0")}`, "214 detections"],
  rules: ["/rules", "Web Request With SQL Injection"],
  rule: [`/rules/${data.rules[0].row.uid}`, "url.query|contains"],
  chains: ["/chains", "rules in"],
  "chains-chosen": [`/chains?rule=${data.rules[10].row.uid}`, "Fed by"],
  attack: ["/attack", "Exploit Public-Facing Application"],
  "overview-tactic": ["/?stack=tactic", "open signals"],
  sources: ["/sources", "silent for"],
  response: ["/response?show=all", "Would be blocked"],
  "response-block": ["/response?block=203.0.113.47", "it is only written down"],
  "response-policies": ["/response?tab=policies", "Break-ins"],
  "response-alerts": ["/response?tab=alerts", "Whatever is critical"],
  "response-silences": ["/response?tab=silences", "penetration test"],
  "response-channels": ["/response?tab=channels", "hooks.slack.com"],
  "response-messages": ["/response?tab=deliveries", "Lateral Movement"],
  settings: ["/settings", "Theme"],
  "settings-users": ["/settings?tab=users", "tomas"],
  "settings-keys": ["/settings?tab=keys", "filebeat"],
  "settings-audit": ["/settings?tab=audit", "chain is whole"],
  "settings-storage": ["/settings?tab=storage", "category=webserver"],
  "settings-server": ["/settings?tab=server", "Event log"],
  missing: ["/no/such/page", "Nothing here"],
});

for (const theme of ["dark", "light"]) {
  test(`every page shows, ${theme}`, { skip }, async (context) => {
    const { page, wrong, outside, close } = await open(browser, { theme });
    for (const [name, [path, text]] of Object.entries(pages(server.state.data))) {
      await context.test(name, async () => {
        await visit(page, server.url + path);
        await page.getByText(text).locator("visible=true").first().waitFor();
        await page.screenshot({ path: join(shots, `${name}-${theme}.png`) });
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

test("narrow screens are usable", { skip }, async (context) => {
  const { page, wrong, close } = await open(browser, { width: 390, height: 844, theme: "light" });
  for (const [name, [path, text]] of Object.entries(pages(server.state.data))) {
    await context.test(name, async () => {
      await visit(page, server.url + path);
      await page.getByText(text).locator("visible=true").first().waitFor();
      await page.screenshot({ path: join(shots, `${name}-narrow.png`) });
      assert.deepEqual(wrong.splice(0), []);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(overflow, 0, "the page scrolls sideways");
    });
  }
  await visit(page, server.url);
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("link", { name: "Signals" }).first().click();
  await page.getByRole("row").nth(1).click();
  await page.getByRole("heading", { name: "Why it fired" }).waitFor();
  await page.screenshot({ path: join(shots, "sheet-narrow.png") });
  await close();
});

test("dialogs, palette and menus pass axe", { skip }, async (context) => {
  const { page, close } = await open(browser);
  await visit(page, `${server.url}/signals`);
  for (const [name, keys, role] of [["close", ["e"], "dialog"], ["assign", ["s"], "dialog"], ["keys", ["?"], "dialog"], ["palette", ["Control+k"], "dialog"]]) {
    await context.test(name, async () => {
      for (const key of keys) await page.keyboard.press(key);
      await page.getByRole(role).waitFor();
      await page.screenshot({ path: join(shots, `dialog-${name}.png`) });
      assert.deepEqual(await axe(page), []);
      await page.keyboard.press("Escape");
      await page.getByRole(role).waitFor({ state: "detached" });
    });
  }
  await page.getByRole("button", { name: "Last 24 hours" }).click();
  await page.getByRole("menu").waitFor();
  assert.deepEqual(await axe(page), []);
  await close();
});

test("with nothing there yet each page says what to do", { skip }, async () => {
  const empty = await start({ empty: true });
  const { page, wrong, close } = await open(browser);
  for (const [name, path, text] of [["overview", "/", "All quiet"], ["signals", "/signals", "Nothing matches"], ["sources", "/sources", "Nothing has been received"], ["response", "/response", "No address is blocked"], ["keys", "/settings?tab=keys", "No API keys yet"]]) {
    await visit(page, empty.url + path);
    await page.getByText(text).first().waitFor();
    await page.screenshot({ path: join(shots, `empty-${name}.png`) });
    assert.deepEqual(await axe(page), []);
  }
  await visit(page, `${empty.url}/sources`);
  await page.getByRole("link", { name: "New key" }).click();
  await page.getByRole("button", { name: "New key" }).click();
  await page.getByLabel("What it is for").fill("filebeat");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByText(/^Authorization: ApiKey /).waitFor();
  await page.getByText(/^[0-9a-zA-Z_-]+:[0-9a-zA-Z_-]+$/).waitFor();
  await page.keyboard.press("Escape");
  await visit(page, `${empty.url}/response`);
  await page.getByRole("link", { name: "Switch on…" }).click();
  await page.getByRole("radio", { name: /^dry run/ }).waitFor();
  assert.deepEqual(wrong, []);
  await close();
  await empty.stop();
});

test("closed signals go by age when that was asked twice, and the catalog is a file to download", { skip }, async () => {
  const { page, wrong, close } = await open(browser);
  const days = page.getByLabel(/^Days for closed signals/);
  const kept = () => server.state.storage.policy.signal_retention_days;
  const save = async (value) => {
    await days.fill(value);
    await page.getByRole("button", { name: "Save", exact: true }).click();
  };
  await visit(page, `${server.url}/settings?tab=storage`);
  await save("30");
  await page.getByText(/nothing has happened to for 30 days/).waitFor();
  await page.screenshot({ path: join(shots, "dialog-retention.png") });
  assert.deepEqual(await axe(page), []);
  await page.getByRole("button", { name: "Cancel" }).click();
  assert.equal(kept(), null);
  await save("30");
  await page.getByRole("button", { name: "Remove them by age" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal(kept(), 30);
  // Who keeps them longer loses nothing, and is not asked.
  await save("");
  await page.waitForFunction(() => document.querySelector("[name=signals]").value === "");
  await page.getByText("Saved").last().waitFor();
  assert.equal(await page.getByRole("dialog").count(), 0);
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download a copy" }).click()]);
  assert.match(file.url(), /\/api\/v1\/storage\/backup$/);
  assert.equal(kept(), null);
  assert.deepEqual(wrong, []);
  await close();
});

test("a server that fails is said so, and can be asked again", { skip }, async () => {
  const { page, close } = await open(browser);
  let fails = true;
  await page.route("**/api/v1/sources", (route) => (fails ? route.fulfill({ status: 403, contentType: "application/problem+json", body: '{"title":"this is not allowed","detail":"for a test"}' }) : route.continue()));
  await visit(page, `${server.url}/sources`);
  await page.getByText("this is not allowed: for a test").waitFor();
  await page.screenshot({ path: join(shots, "failed.png") });
  assert.deepEqual(await axe(page), []);
  fails = false;
  await page.getByRole("button", { name: "Try again" }).first().click();
  await page.getByText("silent for").first().waitFor();
  await close();
});
