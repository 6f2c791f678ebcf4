// Every page opens in both languages, wide and narrow, light and dark, without script errors and without
// accessibility violations; nothing scrolls sideways on a phone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { violations } from "./accessibility.mjs";
import { startBrowser, startPortal } from "./portal.mjs";

const pages = {
  home: "/",
  plan: "/plan/p2",
  compare: "/compare/p2/p3",
  goal: "/nodes/p2-goal-06",
  "goal-in-words": "/nodes/p2-goal-11",
  indicators: "/indicators",
  indicator: "/indicators/stage-up-rate",
  kgi: "/indicators/kgi-2-target",
  matrix: "/indicators/focus-stage-matrix",
  audit: "/audit",
  sources: "/sources",
  source: "/sources/d003",
  registers: "/registers",
  list: "/registers/project",
  form: "/registers/project/new",
  "form-with-groups": "/registers/programme/new",
  import: "/registers/project/import",
  search: "/search?q=" + encodeURIComponent("内視鏡"),
  codes: "/codes",
  about: "/about",
};

let portal, chrome;
before(async () => {
  [portal, chrome] = await Promise.all([startPortal(), startBrowser()]);
});
after(async () => {
  await chrome?.stop();
  await portal?.stop();
});

for (const [name, path] of Object.entries(pages)) {
  for (const language of ["ja", "en"]) {
    test(`${name} in ${language}`, async () => {
      const page = await chrome.page({ colorScheme: language === "ja" ? "light" : "dark" });
      const address = portal.url + (language === "en" ? "/en" : "") + (path === "/" && language === "en" ? "" : path);
      const answer = await page.goto(address);
      assert.equal(answer.status(), 200);
      assert.equal(await page.locator("html").getAttribute("lang"), language);
      assert.equal(await page.locator("h1").count(), 1);
      assert.deepEqual(await violations(page), []);
      await page.shot(`${name}-${language}`);
      assert.deepEqual(page.problems, []);
      await page.context().close();
    });
  }
  test(`${name} on a phone`, async () => {
    const page = await chrome.page({ viewport: { width: 360, height: 740 } });
    await page.goto(portal.url + path);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    await page.shot(`${name}-phone`);
    assert.ok(wide <= 0, `${wide} px wider than the screen`);
    await page.context().close();
  });
}

test("pages work without scripts", async () => {
  const page = await chrome.page({ javaScriptEnabled: false });
  await page.goto(portal.url + "/");
  await page.getByRole("link", { name: "指標", exact: true }).first().click();
  await page.getByRole("link", { name: "ステージアップ割合", exact: true }).first().click();
  assert.match(await page.locator("h1").innerText(), /ステージアップ割合/);
  await page.context().close();
});

test("an address that does not exist says so in the reader's language", async () => {
  const page = await chrome.page();
  const answer = await page.goto(portal.url + "/en/indicators/no-such-indicator");
  assert.equal(answer.status(), 404);
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  assert.deepEqual(await violations(page), []);
  await page.context().close();
});
