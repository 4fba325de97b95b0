// Coming in: the first administrator, signing in and out, a session that ends, and what a role may not do.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { join } from "node:path";
import { start } from "../fixture/server.mjs";
import { axe, launch, open, shots, skip, visit } from "./base.mjs";

let browser;
before(async () => {
  if (!skip) browser = await launch();
});
after(() => browser?.close());

test("the token makes the first administrator, once", { skip }, async () => {
  const server = await start({ setup: true });
  const { page, close } = await open(browser);
  await visit(page, `${server.url}/setup#setup-token`);
  await page.getByRole("heading", { name: "Set up Sigyn" }).waitFor();
  assert.equal(await page.getByLabel("Setup token").inputValue(), "setup-token");
  await page.screenshot({ path: join(shots, "setup.png") });
  assert.deepEqual(await axe(page), []);
  const fill = async (token, again) => {
    await page.getByLabel("Setup token").fill(token);
    await page.getByLabel("Name").fill("ines");
    await page.getByLabel(/^Password\./).fill("correct horse battery");
    await page.getByLabel("Password again").fill(again);
    await page.getByRole("button", { name: "Create the administrator" }).click();
  };
  await fill("setup-token", "another password");
  await page.getByText("The passwords differ.").waitFor();
  await fill("wrong", "correct horse battery");
  await page.getByText("this is not the setup token").waitFor();
  await fill("setup-token", "correct horse battery");
  await page.getByText("open signals").waitFor();
  assert.equal(new URL(page.url()).hash, "", "the token does not stay in the address");
  await close();
  await server.stop();
});

test("one signs in, out, and again when the session has ended", { skip }, async () => {
  const server = await start({ signedIn: false });
  const { page, close } = await open(browser, { theme: "light" });
  await visit(page, `${server.url}/rules`);
  const signIn = async (name, password) => {
    await page.getByLabel("Name").fill(name);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
  };
  await signIn("ines", "wrong password");
  await page.getByText("log in or send an API key").waitFor();
  await page.screenshot({ path: join(shots, "login.png") });
  assert.deepEqual(await axe(page), []);
  await signIn("ines", "correct horse battery");
  await page.getByRole("grid", { name: "Rules" }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await signIn("ines", "correct horse battery");
  await page.getByRole("grid", { name: "Rules" }).waitFor();
  server.state.me = undefined;
  await page.keyboard.press("g");
  await page.keyboard.press("d");
  await page.getByText("The session has ended.").waitFor();
  await close();
  await server.stop();
});

test("who may only look is told so, and sees no administration", { skip }, async () => {
  const server = await start({ signedIn: false });
  const { page, close } = await open(browser);
  await visit(page, `${server.url}/signals`);
  await page.getByLabel("Name").fill("lea");
  await page.getByLabel("Password").fill("correct horse battery");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".qrow.on").waitFor();
  await page.keyboard.press("e");
  await page.getByText("Your role may look, but not triage.").waitFor();
  await visit(page, `${server.url}/settings`);
  assert.equal(await page.getByRole("button", { name: "Users" }).count(), 0);
  await close();
  await server.stop();
});
