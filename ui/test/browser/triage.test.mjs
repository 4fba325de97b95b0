// Triage by keyboard alone, changes of many with their exact count and the way back, and news that move no row.
import assert from "node:assert/strict";
import { after, before, beforeEach, afterEach, test } from "node:test";
import { start } from "../fixture/server.mjs";
import { launch, open, skip, visit } from "./base.mjs";

let browser;
let server;
let tab;
before(async () => {
  if (!skip) browser = await launch();
});
after(() => browser?.close());
beforeEach(async () => {
  if (skip) return;
  server = await start();
  tab = await open(browser);
  await visit(tab.page, `${server.url}/signals`);
});
afterEach(async () => {
  if (skip) return;
  assert.deepEqual(tab.wrong, []);
  await tab.close();
  await server.stop();
});

const titles = (page) => page.locator(".qrow:not(.head) .title").allTextContents();
const current = (page) => page.locator(".side h2").textContent();
const signalOf = (id) => server.state.data.details.get(id).signal;
const openId = (page) => new URL(page.url()).searchParams.get("open");

test("a signal is closed with two keys, and undone with one", { skip }, async () => {
  const { page } = tab;
  await page.keyboard.press("j");
  const id = openId(page) ?? server.state.data.chain.id;
  const before = await titles(page);
  await page.keyboard.press("e");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("3");
  await page.getByText("1 closed: False positive").waitFor();
  assert.equal(signalOf(id).verdict, "false_positive");
  assert.deepEqual(await titles(page), before, "no row has moved");
  await page.keyboard.press("z");
  await page.getByText("1 as before").waitFor();
  assert.equal(signalOf(id).status, "open");
});

test("fifty signals without a mouse, three keys each at most", { skip }, async () => {
  const { page } = tab;
  const openBefore = server.state.data.signals.filter(({ status }) => status !== "closed").length;
  for (let count = 0; count < 50; count += 1) {
    await page.keyboard.press("e");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("2");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.waitForTimeout(60);
  }
  const openAfter = server.state.data.signals.filter(({ status }) => status !== "closed").length;
  assert.equal(openBefore - openAfter, 50);
});

test("all that match are frozen, closed with their exact count, and undone", { skip }, async () => {
  const { page } = tab;
  const wanted = Number.parseInt(await page.locator(".head h2").textContent(), 10);
  assert.ok(wanted > 200);
  await page.keyboard.press("x");
  await page.getByRole("toolbar").getByText("1 selected").waitFor();
  await page.keyboard.press("Control+a");
  await page.getByText(`${wanted} selected`).waitFor();
  await page.keyboard.press("e");
  await page.getByText(`Close ${wanted} signals`).waitFor();
  await page.keyboard.press("1");
  await page.getByText(`${wanted} closed: True positive`).waitFor();
  assert.equal(server.state.actions.at(-1).size, wanted);
  await page.keyboard.press("z");
  await page.getByText(`${wanted} as before`).waitFor();
});

test("a range is picked with the shift key", { skip }, async () => {
  const { page } = tab;
  for (const key of ["x", "j", "j", "j", "Shift+x"]) await page.keyboard.press(key);
  await page.getByText("4 selected").waitFor();
  await page.keyboard.press("a");
  await page.getByText("acknowledged", { exact: false }).first().waitFor();
});

test("news move no row: a pill counts them", { skip }, async () => {
  const { page } = tab;
  await page.keyboard.press("j");
  const [before, at] = [await titles(page), await current(page)];
  const model = server.state.data.chain;
  const fresh = { ...model, id: "f".repeat(32), time: new Date().toISOString(), last_seen: new Date().toISOString(), risk: 100, title: "Quite New" };
  server.state.data.signals.push(fresh);
  server.state.data.details.set(fresh.id, { ...server.state.data.details.get(model.id), signal: fresh });
  await page.waitForTimeout(300);
  server.tell({ signals: [fresh], added: 1 });
  await page.getByRole("button", { name: /1 new signal/ }).waitFor();
  assert.deepEqual(await titles(page), before);
  assert.equal(await current(page), at);
  await page.keyboard.press("u");
  await page.getByText("Quite New").first().waitFor();
});

test("what others change is seen in its row", { skip }, async () => {
  const { page } = tab;
  const { chain } = server.state.data;
  Object.assign(chain, { status: "acknowledged", assignee: "tomas" });
  server.tell({ signals: [chain], changed: 1 });
  await page.locator(`#row-${chain.id} .pill`, { hasText: "acknowledged" }).waitFor();
});

test("a click on a facet filters, the address keeps it, and back takes it away", { skip }, async () => {
  const { page } = tab;
  await page.getByRole("button", { name: /^Critical/ }).click();
  await page.waitForFunction(() => new URLSearchParams(location.search).get("level") === "critical");
  await page.getByText("3 signals").first().waitFor();
  await page.reload();
  await page.getByText("3 signals").first().waitFor();
  await page.goBack();
  await page.waitForFunction(() => !location.search.includes("level="));
});

test("dragging over the histogram chooses a stretch of time", { skip }, async () => {
  const { page } = tab;
  const box = await page.locator(".chart").first().boundingBox();
  await page.mouse.move(box.x + box.width * 0.8, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.9, box.y + 40, { steps: 4 });
  await page.mouse.up();
  await page.waitForFunction(() => location.search.includes("since="));
});

test("pages are reached by g and a letter, everything by the palette", { skip }, async () => {
  const { page } = tab;
  for (const [keys, path] of [["gr", "/rules"], ["gc", "/chains"], ["gi", "/sources"], ["gx", "/response"], ["gd", "/"], ["gs", "/signals"]]) {
    for (const key of keys) await page.keyboard.press(key);
    await page.waitForFunction((wanted) => location.pathname === wanted, path);
  }
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Go to anything" }).fill("lsass");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => location.pathname.startsWith("/rules/"));
});

test("a rule is switched off and on again", { skip }, async () => {
  const { page } = tab;
  const rule = server.state.data.rules[0].row;
  await visit(page, `${server.url}/rules/${rule.uid}`);
  await page.keyboard.press("t");
  await page.getByText(/^Disabled: /).waitFor();
  assert.equal(rule.enabled, false);
  await page.keyboard.press("z");
  await page.waitForTimeout(300);
  assert.equal(rule.enabled, true);
});

test("escape leads out of a note, back to where keys act", { skip }, async () => {
  const { page } = tab;
  await visit(page, `${server.url}/signals`);
  await page.keyboard.press("j");
  await page.getByRole("heading", { name: "Why it fired" }).waitFor();
  await page.keyboard.press("n");
  const note = page.getByRole("textbox", { name: "Note" });
  await page.keyboard.type("seen before");
  assert.equal(await note.inputValue(), "seen before");
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await note.inputValue(), "seen before");
});

test("rules stand in the order of what they cost, and say what that means", { skip }, async () => {
  const { page } = tab;
  await visit(page, `${server.url}/rules`);
  const costs = () => page.locator(".rrow:not(.head) > :nth-child(7)").allInnerTexts();
  await page.getByRole("button", { name: "Cost" }).click();
  await page.waitForFunction(() => location.search.includes("sort=cost"));
  const [first, ...rest] = await costs();
  assert.equal(first, "60 %");
  const numbers = rest.map((text) => (text === "—" ? -1 : parseFloat(text.replace("<", ""))));
  assert.deepEqual(numbers, numbers.toSorted((a, b) => b - a));
  const title = await page.getByText("60 %", { exact: true }).getAttribute("title");
  assert.match(title, /60 % of the time in which rules are evaluated.*0.04 % of the events, 240 ns each time.*12,034 events/s);
  await page.getByTitle(/some 2,600 events/).waitFor();
  await page.getByTitle(/Only rules that read events/).first().waitFor();
});

test("a filter is kept under a name", { skip }, async () => {
  const { page } = tab;
  await visit(page, `${server.url}/signals?level=critical`);
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("menuitem", { name: "Save this view…" }).click();
  await page.getByLabel("Name").fill("Only the worst");
  await page.keyboard.press("Enter");
  await page.getByText("View saved: Only the worst").waitFor();
  assert.deepEqual(server.state.data.views, [{ name: "Only the worst", page: "signals", query: "level=critical" }]);
});
