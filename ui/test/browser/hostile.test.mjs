// Fifty texts that would run in a careless page, in every field that comes from logs and rules: none runs, nothing is
// fetched from elsewhere, and the page still shows them as text.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PAYLOADS } from "../fixture/payloads.mjs";
import { start } from "../fixture/server.mjs";
import { launch, open, skip, visit } from "./base.mjs";

let browser;
before(async () => {
  if (!skip) browser = await launch();
});
after(() => browser?.close());

test("there are fifty", () => assert.equal(new Set(PAYLOADS).size, 50));

test("none of them runs on any page", { skip }, async () => {
  const server = await start({ hostile: true, scale: 0.3 });
  const { page, outside, close } = await open(browser);
  const dialogs = [];
  page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  const { signals, rules } = server.state.data;
  const ids = signals.slice(0, 50).map(({ id }) => `/signals/${id}`);
  const paths = ["/", "/signals?all=1&last=30d", "/signals?all=1&last=30d&group_by=rule", "/rules", "/chains", `/chains?rule=${rules[10].row.uid}`, "/sources", "/response?show=all", "/settings?tab=keys", "/settings?tab=audit", ...rules.slice(0, 12).map(({ row }) => `/rules/${row.uid}`), ...ids];
  const seen = new Set();
  for (const path of paths) {
    await visit(page, server.url + path);
    if (path.startsWith("/rules/") || path === "/sources") await page.waitForTimeout(100);
    const text = await page.locator("body").innerText();
    for (const payload of PAYLOADS) if (text.includes(payload.slice(0, 12).replace(/[\u202e\u001b\u0000]/g, "\ufffd"))) seen.add(payload);
    const found = await page.evaluate(() => ({
      ran: window.__ran ?? [],
      foreign: document.querySelectorAll("body script:not([src]), iframe, object, embed, base, [onerror], [onload], [srcdoc], a[href^='javascript:']").length,
    }));
    assert.deepEqual(found, { ran: [], foreign: 0 }, path);
  }
  // The address is written by others too.
  for (const payload of PAYLOADS) {
    await visit(page, `${server.url}/signals?all=1&text=${encodeURIComponent(payload)}&host=${encodeURIComponent(payload)}`);
    assert.deepEqual(await page.evaluate(() => window.__ran ?? []), [], payload);
  }
  assert.ok(seen.size >= 45, `only ${seen.size} of the payloads were on the pages at all`);
  assert.deepEqual(dialogs, []);
  assert.deepEqual(outside, []);
  await close();
  await server.stop();
});
