// The walk: from the front page to the line of the document; a record by form, fifty more from a file with two bad
// rows, the plan as of before, and what is on screen as a file.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startBrowser, startPortal } from "./portal.mjs";

let portal, chrome, page;
before(async () => {
  [portal, chrome] = await Promise.all([startPortal(), startBrowser()]);
  page = await chrome.page();
});
after(async () => {
  await chrome?.stop();
  await portal?.stop();
});

const rate = "/indicators/stage-up-rate";
/** The row of 2024 in the indicator's first table: value, numerator, denominator, n. */
async function of2024(address = rate) {
  await page.goto(portal.url + address);
  const row = page.locator("table tr", { hasText: /^\s*2024年/ }).first();
  return (await row.locator("td").allInnerTexts()).map((t) => t.trim());
}

test("from the front page to the line of the document", async () => {
  await page.goto(portal.url + "/");
  await page.getByRole("link", { name: /重点分野における研究開発の活性化/ }).first().click();
  await page.getByRole("link", { name: "ステージアップ割合", exact: true }).first().click();
  assert.match(await page.locator("h1").innerText(), /ステージアップ割合/);
  assert.deepEqual((await of2024()).slice(0, 3), ["26.8%", "44", "164"]);
  await page.shot("walk-1-indicator");
  await page.locator('a[href^="/registers/project/"]').first().click();
  assert.match(page.url(), /\/registers\/project\/\d+$/);
  await page.shot("walk-2-record");
  await page.locator('a[href^="/sources/d003"]').first().click();
  assert.match(page.url(), /\/sources\/d003#c-\d+$/);
  const line = page.locator(new URL(page.url()).hash.replace("#", "[id='") + "']");
  await line.first().waitFor();
  assert.ok((await page.locator("mark").count()) > 50, "quotes are highlighted");
  await page.shot("walk-3-source");
});

test("bad input is told at the field and nothing typed is lost", async () => {
  await page.goto(portal.url + "/registers/project/new");
  await page.fill("#f-survey_year", "令和6年度");
  await page.fill("#f-title", "新しい弁の開発");
  await page.fill("#f-adopted_on", "きのう");
  await page.locator("form.record-form").getByRole("button").last().click();
  assert.equal(page.url(), portal.url + "/registers/project/new");
  assert.equal(await page.inputValue("#f-title"), "新しい弁の開発");
  assert.equal(await page.inputValue("#f-adopted_on"), "きのう");
  const told = await page.locator("main").innerText();
  assert.match(told, /きのう/);
  assert.equal(await page.getAttribute("#f-adopted_on", "aria-invalid"), "true");
  await page.shot("walk-4-bad-input");
  // The browser notes the refusal itself.
  assert.deepEqual(page.problems.splice(0).filter((p) => !p.includes("422")), []);
});

let before_seq;
test("a record by form changes the rate, the chart and the audit", async () => {
  before_seq = (await (await fetch(portal.url + "/api/v1/health")).json()).seq;
  const audit = async () => (await (await fetch(portal.url + "/api/v1/audit")).json()).counts.differs;
  const differed = await audit();
  await page.fill("#f-adopted_on", "R4.6.1");
  await page.fill("#f-theme", "2024-walk-1");
  await page.check('input[name="stage"][value="clinical"]');
  await page.check('input[name="under_one_year"][value="0"]');
  await page.check('input[name="outcome"][value="market"]');
  await page.check('input[name="stage_after"][value="market"]');
  await page.locator("form.record-form").getByRole("button").last().click();
  await page.waitForURL(/\/registers\/project\/\d+/);
  assert.match(await page.locator("main").innerText(), /新しい弁の開発/);
  for (const step of ["報告する", "確定する"]) {
    // A report that nobody confirmed changes no published figure.
    assert.equal(await audit(), differed);
    await page.getByRole("link", { name: step }).click();
    await page.locator("form.record-form").getByRole("button").last().click();
    await page.waitForURL(/\/registers\/project\/\d+(\?|$)/);
  }
  await page.shot("walk-5-new-record");
  assert.deepEqual((await of2024()).slice(0, 3), ["27.3%", "45", "165"]);
  assert.match(await page.locator("figure svg").first().innerHTML(), /27\.3/);
  assert.ok((await audit()) > differed, "the audit sees the difference");
  await page.goto(portal.url + "/audit?verdict=differs");
  await page.shot("walk-6-audit");
});

/** Fifty themes; the rows named get a stage that does not exist. */
function file(name, bad) {
  const rows = ["調査年,テーマ番号,採択時ステージ,採択後1年未満,採択1年後の結果,採択1年後のステージ,_state"];
  for (let i = 1; i <= 50; i++) {
    const stage = bad.includes(i) ? "基礎けんきゅう" : "基礎研究";
    rows.push(`令和６年度,2024-import-${i},${stage},いいえ,同じステージ,基礎研究,confirmed`);
  }
  const path = join(portal.data, name);
  writeFileSync(path, rows.join("\r\n") + "\r\n");
  return path;
}

async function send(path) {
  await page.goto(portal.url + "/registers/project/import");
  await page.setInputFiles('input[type="file"]', path);
  await page.locator("form.record-form").getByRole("button").last().click();
  await page.waitForURL(/\/jobs\//);
  await finished();
}

/** The page of a job shows itself anew while the job goes on. */
async function finished() {
  for (let i = 0; i < 100 && (await page.locator("progress").count()); i++) {
    await page.waitForTimeout(200);
    await page.goto(page.url());
  }
}

test("fifty more from a file with two bad rows", async () => {
  await send(file("themes-bad.csv", [7, 31]));
  const told = await page.locator("main").innerText();
  assert.match(told, /基礎けんきゅう/);
  for (const row of ["8", "32"]) assert.ok(await page.locator("table tr", { hasText: "基礎けんきゅう" }).filter({ hasText: row }).count(), "row " + row);
  await page.shot("walk-7-import-mistakes");
  assert.deepEqual((await of2024()).slice(0, 3), ["27.3%", "45", "165"]);
  await send(file("themes.csv", []));
  await page.shot("walk-8-import-checked");
  await page.locator("main form").getByRole("button").first().click();
  await page.waitForLoadState();
  await finished();
  await page.shot("walk-9-imported");
  assert.deepEqual((await of2024()).slice(0, 3), ["20.9%", "45", "215"]);
});

test("the plan as of before", async () => {
  assert.deepEqual((await of2024(`${rate}?as_of=seq:${before_seq}`)).slice(0, 3), ["26.8%", "44", "164"]);
  assert.match(await page.locator(".banner-as-of").innerText(), /時点/);
  await page.shot("walk-10-as-of");
  await page.locator(".banner-as-of a").click();
  assert.deepEqual((await of2024()).slice(0, 3), ["20.9%", "45", "215"]);
});

test("what is on screen as a file", async () => {
  await page.goto(portal.url + "/registers/project?q=" + encodeURIComponent("2024-import"));
  await page.shot("walk-11-list");
  const link = page.locator('a[href*="format=csv"], a[href*=".csv"], a[href*="/csv"]').first();
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  const text = readFileSync(await download.path(), "utf8");
  const lines = text.trim().split(/\r?\n/);
  assert.equal(lines.length, 1 + 50);
  assert.deepEqual(page.problems, []);
});
