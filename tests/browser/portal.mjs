// Starts the program on an empty data folder and a free port, and a headless Chromium to look at it.
import { spawn } from "node:child_process";
import { mkdtempSync, mkdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../..", import.meta.url));
export const program = join(root, "target/release/shirube");
const shots = join(root, "target/screenshots");
mkdirSync(shots, { recursive: true });

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** A running portal: `url`, `data`, `stop()`, `kill()`, what it said in `log()`. `env` holds settings. */
export async function startPortal({ pack, data, env } = {}) {
  data ??= mkdtempSync(join(tmpdir(), "shirube-browser-"));
  const port = await freePort();
  const args = ["serve", "--listen", `127.0.0.1:${port}`, "--data", data];
  if (pack) args.push("--pack", join(root, pack));
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  child.stdout.on("data", (d) => (log += d));
  child.stderr.on("data", (d) => (log += d));
  const ended = new Promise((done) => child.once("exit", done));
  const url = `http://127.0.0.1:${port}`;
  for (let i = 0; ; i++) {
    try {
      if ((await fetch(url + "/api/v1/health")).ok) break;
    } catch {}
    if (i > 300 || child.exitCode !== null) throw new Error("the portal did not start:\n" + log);
    await new Promise((r) => setTimeout(r, 100));
  }
  const end = (signal) => async (keep) => {
    child.kill(signal);
    await ended;
    if (!keep) rmSync(data, { recursive: true, force: true });
  };
  return { url, data, stop: end("SIGTERM"), kill: end("SIGKILL"), log: () => log };
}

/** A browser and a way to take screenshots into target/screenshots. */
export async function startBrowser() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  return {
    browser,
    async page(options = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, acceptDownloads: true, ...options });
      const page = await context.newPage();
      page.problems = [];
      page.on("pageerror", (e) => page.problems.push(String(e)));
      page.on("console", (m) => m.type() === "error" && page.problems.push(m.text()));
      // What the content policy forbids is a problem, whether the browser's console names it or not.
      await page.addInitScript(() => {
        addEventListener("securitypolicyviolation", (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`));
      });
      page.shot = (name) => page.screenshot({ path: join(shots, name + ".png"), fullPage: true });
      return page;
    },
    stop: () => browser.close(),
  };
}
