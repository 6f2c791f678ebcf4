// Signing in by the institution's own provider: a real one, in a real browser.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { freePort, startBrowser, startPortal } from "./portal.mjs";
import { startProvider } from "./provider.mjs";

const NAME = "試験省のアカウント";
const PASSWORD = "three unrelated words beside";
const SECRET = "a secret: with & signs";

let portal, chrome, provider, port, ann;
before(async () => {
  port = await freePort();
  const settings = { ISSUER: `http://127.0.0.1:${port}`, CLIENT_ID: "shirube", CLIENT_SECRET: SECRET, NAME };
  const env = Object.fromEntries(Object.entries(settings).map(([name, value]) => ["SHIRUBE_OIDC_" + name, value]));
  [portal, chrome] = await Promise.all([startPortal({ env: { ...env, SHIRUBE_ACCOUNTS: "on", SHIRUBE_SECOND_FACTOR: "optional" } }), startBrowser()]);
  const [link] = portal.log().match(/http:\S+\/links\/set-up\/\S+/);
  ann = await chrome.page();
  await ann.goto(link);
  for (const [name, value] of [["organisation", "試験省"], ["login", "ann"], ["name", "Ann"], ["email", "ann@example.jp"]]) await ann.fill(`#${name}`, value);
  for (const name of ["password", "again"]) await ann.fill(`#${name}`, PASSWORD);
  await ann.getByRole("button", { name: "登録する" }).click();
  await ann.waitForURL(portal.url + "/me");
});
after(async () => {
  await chrome?.stop();
  await portal?.stop();
  await provider?.stop();
});

const start = async () => (provider = await startProvider({ port, back: portal.url + "/sign-in/provider/back", secret: SECRET }));

/** Signs in at the provider and comes back. */
async function signInThere(page, who) {
  await page.waitForURL(/\/interaction\//);
  await page.fill("input[name=login]", who);
  await page.fill("input[name=password]", "any");
  await page.locator("button[type=submit]").click();
  await page.waitForURL((url) => url.pathname.startsWith("/interaction/") || url.origin === portal.url);
  if (page.url().includes("/interaction/")) await page.locator("button[type=submit]").click();
  await page.waitForURL((url) => url.origin === portal.url);
}

/** By the link on the sign-in page, the only way to the provider; the portal's answer to it. */
async function leave(page, address = "/sign-in?to=/me") {
  await page.goto(portal.url + address);
  const answered = page.waitForResponse((answer) => new URL(answer.url()).pathname.endsWith("/sign-in/provider"));
  await page.getByRole("link", { name: NAME }).click();
  const answer = await answered;
  await page.waitForLoadState();
  return answer;
}

/** A new browser that has signed in by the provider, wherever that led. */
async function signIn(who, address) {
  const page = await chrome.page();
  await leave(page, address);
  await signInThere(page, who);
  return page;
}

/** What went wrong on pages of ours: the provider's ask for a font from elsewhere. */
const problems = (page) => page.problems.filter((p) => !p.includes("ERR_NAME_NOT_RESOLVED"));
const told = (page) => page.locator("main").innerText();

test("a provider that is away is told on a plain page, and all else goes on", async () => {
  const page = await chrome.page();
  assert.equal((await leave(page)).status(), 503);
  assert.match(await told(page), /応答しません[\s\S]*パスワード/);
  await page.shot("provider-away");
  assert.equal((await page.goto(portal.url + "/")).status(), 200);
  await start();
  // It is left alone for a while.
  for (let i = 0; i < 20; i++) {
    await leave(page);
    if (page.url().startsWith(provider.issuer)) return;
    await page.waitForTimeout(500);
  }
  assert.fail("the provider is not asked again");
});

test("who is not linked gets no account, and hears whom to ask", async () => {
  const page = await signIn("stranger");
  assert.match(await told(page), /結び付いていません[\s\S]*招待/);
  await page.shot("provider-unknown");
  await page.goto(portal.url + "/me");
  assert.match(page.url(), /\/sign-in\?to=/);
  const english = await signIn("stranger", "/en/sign-in?to=/en/me");
  assert.match(await told(english), /Not linked to an account[\s\S]*invitation/);
});

test("an address that was not followed from the sign-in page leads there, and signs nobody in", async () => {
  const page = await signIn("stranger");
  await page.goto(portal.url + "/sign-in/provider?to=/me");
  assert.equal(page.url(), portal.url + "/sign-in?to=/me");
  const evil = `data:text/html,<a href="${portal.url}/sign-in/provider?to=/me">win</a>`;
  await page.goto(evil);
  await page.getByRole("link").click();
  await page.waitForURL(portal.url + "/sign-in?to=/me");
});

test("who declines at the provider reads what it said", async () => {
  const page = await chrome.page();
  await leave(page);
  await page.getByRole("link", { name: /cancel/i }).click();
  await page.waitForURL((url) => url.origin === portal.url);
  assert.match(await told(page), /access_denied/);
});

test("a person links the provider on their own page, and signs in by it", async () => {
  await ann.goto(portal.url + "/me");
  await ann.getByRole("button", { name: `${NAME}と結び付ける` }).click();
  await signInThere(ann, "a-0001");
  assert.equal(ann.url(), portal.url + "/me");
  assert.ok(await ann.getByRole("button", { name: "外す" }).count());
  await ann.shot("provider-linked");
  const page = await signIn("a-0001", "/sign-in?to=/registers/office_account");
  assert.equal(page.url(), portal.url + "/registers/office_account");
  assert.deepEqual(problems(page), []);
});

test("who is linked is not offered it again", async () => {
  const page = await signIn("a-0001");
  await page.goto(portal.url + "/me");
  assert.equal(await page.getByRole("button", { name: "と結び付ける" }).count(), 0);
});

test("an answer is of use in the browser that began, once, and unchanged", async () => {
  const [mine, other] = [await signIn("a-0001"), await chrome.page()];
  const headers = { "sec-fetch-site": "same-origin" };
  const step = async (url) => (await mine.context().request.get(url, { maxRedirects: 0, headers })).headers().location;
  /** The provider, which knows this browser by now, answers at once; the answer is not used yet. */
  const begin = async () => step(await step(portal.url + "/sign-in/provider?to=/me"));
  const back = async (page, address) => {
    const status = (await page.goto(address)).status();
    return [status, await told(page)];
  };
  let answer = await begin();
  assert.match(answer, /\/sign-in\/provider\/back\?code=.*&state=.*&iss=/);
  // Somebody else's answer does not sign one in (login CSRF), with and without an attempt of one's own.
  for (const begun of [false, true]) {
    if (begun) await leave(other);
    const [status, words] = await back(other, answer);
    assert.equal(status, 400);
    assert.match(words, /このブラウザで始めた/);
  }
  // A guess changes nothing for the attempt under way.
  assert.equal((await back(mine, answer.replace(/state=[^&]+/, "state=guessed")))[0], 400);
  await mine.goto(answer);
  assert.equal(mine.url(), portal.url + "/me");
  assert.equal((await back(mine, answer))[0], 400, "once");
  // With the right state, but not from the provider that was asked.
  for (const change of ["&iss=https%3A%2F%2Fevil.example", ""]) {
    answer = await begin();
    assert.equal((await back(mine, answer.replace(/&iss=[^&]+/, change)))[0], 400, change);
    assert.equal((await back(mine, answer))[0], 400, "the attempt is over");
  }
  // A code that is not the provider's is refused by it.
  answer = await begin();
  const [status, words] = await back(mine, answer.replace(/code=[^&]+/, "code=guessed"));
  assert.equal(status, 403);
  assert.match(words, /invalid_grant/);
});

test("an invited person accepts with the provider instead of a password", async () => {
  await ann.goto(portal.url + "/registers/office_account/new");
  await ann.fill("#f-login", "bob");
  await ann.check('input[name="kind"][value="person"]');
  await ann.locator("form.record-form").getByRole("button").last().click();
  await ann.waitForURL(/\/registers\/office_account\/\d+/);
  const [, id] = ann.url().match(/office_account\/(\d+)/);
  await ann.goto(`${portal.url}/people/${id}`);
  await ann.locator('button[value="invite"]').click();
  const link = (await ann.locator("code.break").innerText()).trim();
  const bob = await chrome.page();
  await bob.goto(link);
  await bob.shot("provider-invitation");
  await bob.locator('button[value="provider"]').click();
  await signInThere(bob, "b-0002");
  assert.equal(bob.url(), portal.url + "/me");
  assert.match(await told(bob), /bob[\s\S]*パスワードはありません/);
  assert.equal((await bob.goto(link)).status(), 410, "the invitation is good once");
  const again = await signIn("b-0002");
  assert.equal(again.url(), portal.url + "/me");
  // Nothing grave after a sign-in at which they were asked nothing; the provider asks them anew.
  await again.goto(portal.url + "/me");
  await again.getByRole("button", { name: "設定する" }).click();
  await again.waitForURL(/\/sign-in\?again=1/);
  await again.getByRole("link", { name: NAME }).click();
  await signInThere(again, "b-0002");
  assert.equal(again.url(), portal.url + "/me");
  await again.getByRole("button", { name: "設定する" }).click();
  assert.ok(await again.locator(".qr svg").count(), "an authenticator app can be set up now");
  // What would leave them nothing to sign in by is refused.
  await again.getByRole("button", { name: "外す" }).click();
  assert.match(await told(again), /先にパスワードを設定/);
});

test("what was unlinked signs nobody in", async () => {
  await ann.goto(portal.url + "/me");
  await ann.getByRole("button", { name: "外す" }).click();
  assert.match(await told(ann), /結び付きを外しました/);
  assert.match(await told(await signIn("a-0001")), /結び付いていません/);
  assert.deepEqual(problems(ann), []);
});

test("keys that the provider has changed are fetched, though not more than once a minute", async () => {
  await provider.stop();
  await start();
  const page = await signIn("b-0002");
  // The keys were fetched when the first one signed in, most likely less than a minute ago.
  for (let i = 0; i < 70 && page.url() !== portal.url + "/me"; i++) {
    assert.match(await told(page), /返事が、取り決めや設定と合いません/);
    await page.waitForTimeout(1000);
    await leave(page);
    await page.waitForURL((url) => url.origin === portal.url);
  }
  assert.equal(page.url(), portal.url + "/me");
});

test("the secret is in no log line", () => {
  assert.ok(!portal.log().includes(SECRET) && !/code=|state=|eyJ/.test(portal.log()));
});
