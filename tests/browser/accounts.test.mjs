// People sign in: the first owner, an invitation, a second factor, what each may see, and the end of it.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { violations } from "./accessibility.mjs";
import { startBrowser, startPortal } from "./portal.mjs";

const password = (who) => `four quiet ${who} lanterns`;
let portal, chrome, ann, bob, bobs, spares;
before(async () => {
  [portal, chrome] = await Promise.all([startPortal({ env: { SHIRUBE_ACCOUNTS: "on" } }), startBrowser()]);
  [ann, bob] = [await chrome.page(), await chrome.page({ colorScheme: "dark" })];
});
after(async () => {
  await chrome?.stop();
  await portal?.stop();
});

/** Opens an address of the portal; gives its status. */
const open = async (page, address) => (await page.goto(portal.url + address)).status();
const send = (page) => page.locator("main form").first().getByRole("button").last().click();
const words = (page) => page.locator("main").innerText();

/** No page of accounts has faults of accessibility, in either language, nor is it wider than a phone. */
async function inspect(page, address, name) {
  for (const language of ["", "/en"]) {
    assert.equal(await open(page, language + address), 200, language + address);
    assert.deepEqual(await violations(page), [], language + address);
    await page.shot(`accounts-${name}${language.replace("/", "-")}`);
  }
  await page.setViewportSize({ width: 360, height: 740 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${address} is ${wide} px wider than a phone`);
  await page.setViewportSize({ width: 1280, height: 900 });
}

async function choose(page, link, who) {
  await page.goto(link);
  await page.fill("#password", password(who));
  await page.fill("#again", password(who));
  await send(page);
}

/** Six digits of an authenticator app (RFC 6238) some steps of half a minute from now. */
function digits(secret, steps = 0) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replace(/[^A-Z2-7]/g, "")].map((c) => alphabet.indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + steps));
  const mac = createHmac("sha1", key).update(counter).digest();
  const value = mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff;
  return String(value % 1000000).padStart(6, "0");
}

async function signIn(page, login, who, code) {
  await open(page, "/sign-in");
  await page.fill("#login", login);
  await page.fill("#password", password(who));
  await send(page);
  if (code) {
    await page.fill("#code", code);
    await send(page);
  }
}

/** Puts an authenticator app in force; gives its secret and the recovery codes. */
async function authenticator(page) {
  await open(page, "/me");
  await page.getByRole("button", { name: "設定する" }).click();
  assert.deepEqual(await violations(page), []);
  const picture = await page.locator(".qr svg").boundingBox();
  assert.ok(picture.height < 300, `the picture leaves the code in sight: ${picture.height} px`);
  const secret = await page.locator("main p.small code").first().innerText();
  await page.fill("#code", "000 00");
  await page.keyboard.press("Enter");
  await page.getByText("コードが違います").waitFor();
  assert.equal(await page.locator("main p.small code").first().innerText(), secret, "a mistyped code throws nothing away");
  await page.fill("#code", digits(secret));
  await page.getByRole("button", { name: "使い始める" }).click();
  return [secret, await page.locator("ul.digits code").allInnerTexts()];
}

test("the public reads what is published and is shown the way in", async () => {
  assert.equal(await open(ann, "/indicators/stage-up-rate"), 200);
  await ann.getByRole("link", { name: "サインイン" }).first().click();
  assert.match(ann.url(), /\/sign-in/);
  await inspect(ann, "/sign-in", "sign-in");
  await open(ann, "/registers/project/new");
  assert.match(ann.url(), /\/sign-in/);
  ann.problems.splice(0);
});

test("the first owner comes in by the link the program prints", async () => {
  const link = portal.log().match(/\/links\/set-up\/\S+/)[0];
  await inspect(ann, link, "set-up");
  await open(ann, link);
  for (const [field, value] of Object.entries({ organisation: "計画事務局", login: "ann", name: "安 花子", email: "ann@example.org" })) {
    await ann.fill("#" + field, value);
  }
  await ann.fill("#password", "123456789012");
  await ann.fill("#again", "123456789012");
  await send(ann);
  assert.match(await ann.locator('[role="alert"]').innerText(), /よく使われる/);
  assert.equal(await ann.inputValue("#name"), "安 花子");
  await ann.fill("#password", password("ann"));
  await ann.fill("#again", password("ann"));
  await send(ann);
  // Whoever manages accounts has to have a second factor first.
  await open(ann, "/registers/office_account");
  assert.match(ann.url(), /\/me/);
  [, spares] = await authenticator(ann);
  assert.ok(spares.length >= 5);
  await inspect(ann, "/me", "me");
  assert.equal(await open(ann, "/registers/office_account"), 200);
  assert.equal(await open(bob, link), 410);
  ann.problems.splice(0);
  bob.problems.splice(0);
});

/** A record by form; gives its id. */
async function record(page, register, fields) {
  await open(page, `/registers/${register}/new`);
  for (const [name, value] of Object.entries(fields)) {
    const field = page.locator(`#f-${name}`);
    const choice = page.locator(`input[name="${name}"][value="${value}"]`);
    if (await choice.count()) await choice.check();
    else if ((await field.evaluate((f) => f.tagName)) === "SELECT") await field.selectOption(value);
    else await field.fill(value);
  }
  await page.locator("form.record-form").getByRole("button").last().click();
  await page.waitForURL(new RegExp(`/registers/${register}/\\d+`));
  return page.url().match(/(\d+)(\?|$)/)[1];
}

test("an invited person chooses a password and sees what the role permits, no more", async () => {
  bobs = await record(ann, "office_account", { login: "bob", kind: "person" });
  await open(ann, `/people/${bobs}`);
  assert.match(await words(ann), /役割がありません/);
  const house = await record(ann, "office_organisation", { name: "ある企業", kind: "company" });
  await record(ann, "office_membership", { account: `#${bobs}`, organisation: `#${house}`, role: "reporter" });
  await inspect(ann, "/people", "people");
  await open(ann, "/");
  await ann.getByRole("navigation", { name: "主な画面" }).getByRole("link", { name: "利用者" }).click();
  await ann.getByRole("link", { name: "bob", exact: true }).click();
  assert.match(ann.url(), new RegExp(`/people/${bobs}$`));
  await inspect(ann, `/people/${bobs}`, "person");
  await open(ann, `/people/${bobs}`);
  await ann.getByRole("button", { name: "招待のリンクを作る" }).click();
  const link = await ann.locator('[role="status"] code').innerText();
  assert.match(await words(ann), /期限：\d{4}年/);
  assert.doesNotMatch(await words(ann), /役割がありません/);
  await choose(bob, link, "bob");
  assert.equal(await open(bob, "/me"), 200);
  assert.match(await words(bob), /報告者/);
  assert.equal(await open(bob, `/people/${bobs}`), 403);
  assert.match(await bob.locator("header").first().innerText(), /bob/, "a refusal says who is refused");
  assert.equal(await open(ann, `/people/${bobs}`), 200);
  await inspect(ann, `/registers/office_account/${bobs}/access`, "who-can-see");
  bob.problems.splice(0);
});

let secret, spare;
test("a second factor is asked for once it is in force", async () => {
  let codes;
  [secret, codes] = await authenticator(bob);
  [spare] = codes;
  await bob.getByRole("button", { name: "サインアウト" }).first().click();
  await signIn(bob, "bob", "bob");
  await bob.fill("#code", digits(secret, -40));
  await send(bob);
  assert.equal(await bob.locator('[role="alert"]').count(), 1);
  assert.deepEqual(await violations(bob), []);
  await bob.fill("#code", spare);
  await send(bob);
  assert.equal(await open(bob, "/me"), 200);
  bob.problems.splice(0);
});

test("a recovery code is good once", async () => {
  await bob.getByRole("button", { name: "サインアウト" }).first().click();
  await signIn(bob, "bob", "bob");
  await bob.fill("#code", spare);
  await send(bob);
  assert.equal(await bob.locator('[role="alert"]').count(), 1);
  // The step of the set-up is used up; the next one is taken a little early.
  await bob.fill("#code", digits(secret, 1));
  await send(bob);
  assert.equal(await open(bob, "/me"), 200);
  bob.problems.splice(0);
});

test("a session can be ended from another, a suspended account is out at once", async () => {
  const second = await chrome.page();
  await signIn(second, "ann", "ann", spares[0]);
  await open(second, "/me");
  await second.getByRole("button", { name: "ほかをすべて終わらせる" }).click();
  await open(ann, "/me");
  assert.match(ann.url(), /\/sign-in/);
  await signIn(ann, "ann", "ann", spares[1]);
  await open(ann, `/registers/office_account/${bobs}`);
  await ann.getByRole("link", { name: "停止する" }).click();
  await ann.fill('[name="_reason"]', "離任のため");
  await ann.locator("form.record-form").getByRole("button").last().click();
  await ann.waitForURL(/\/registers\/office_account\/\d+(\?|$)/);
  await open(bob, "/me");
  assert.match(bob.url(), /\/sign-in/);
  await second.context().close();
});
