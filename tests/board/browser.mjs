// A headless browser for the board: starts the Chromium of .tools/browser with its own profile and fonts, and watches
// what pages say, ask for and break.
import { createRequire } from "node:module";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const top = join(dirname(fileURLToPath(import.meta.url)), "../..");
const tools = join(top, ".tools/browser");
const require = createRequire(join(tools, "package.json"));
const { default: puppeteer } = await import(require.resolve("puppeteer-core").replace("/lib/cjs/", "/lib/esm/"));

export const axe = require.resolve("axe-core/axe.min.js");

// Runs `visit` with a browser, and leaves nothing of it behind.
export const withBrowser = async (visit) => {
  const home = mkdtempSync(join(tmpdir(), "trunkline-browser-"));
  const fonts = join(home, "fonts.conf");
  writeFileSync(fonts, `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
    <dir>${tools}/fonts</dir><dir>/usr/share/fonts</dir><cachedir>${home}/fonts</cachedir>
    <match><test name="family"><string>system-ui</string></test>
    <edit name="family" mode="prepend" binding="strong"><string>Open Sans</string></edit></match></fontconfig>`);
  const browser = await puppeteer.launch({
    executablePath: process.env.TRUNKLINE_CHROMIUM || join(tools, "chromium"),
    headless: "shell",
    userDataDir: join(home, "profile"),
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--font-render-hinting=none", "--lang=en-GB"],
    env: { ...process.env, FONTCONFIG_FILE: fonts, HOME: home, LANG: "en_GB.UTF-8", LC_ALL: "en_GB.UTF-8",
      LD_LIBRARY_PATH: [process.env.LD_LIBRARY_PATH, join(tools, "lib")].filter(Boolean).join(":") },
  });
  try {
    return await visit(browser);
  } finally {
    await browser.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
};

// Opens a page in a context of its own; `seen` gathers faults and the hosts and bytes asked for.
export const open = async (browser, { width = 1360, height = 900, dark = false } = {}) => {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const seen = { faults: [], hosts: new Set(), bytes: 0, requests: 0 };
  await page.setViewport({ width, height, deviceScaleFactor: width < 500 ? 2 : 1, isMobile: width < 500, hasTouch: width < 500 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }]);
  page.on("console", (line) => {
    if (["error", "warn"].includes(line.type())) seen.faults.push(`console: ${line.text()}`);
  });
  page.on("pageerror", (error) => seen.faults.push(`script: ${error.message}`));
  page.on("request", (request) => {
    if (request.url().startsWith("http")) seen.hosts.add(new URL(request.url()).host);
    seen.requests += 1;
  });
  page.on("requestfailed", (request) => {
    // What a page that is left was still asking for is no fault.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") seen.faults.push(`failed: ${request.url()}`);
  });
  const wire = await page.createCDPSession();
  await wire.send("Network.enable");
  wire.on("Network.loadingFinished", ({ encodedDataLength }) => { seen.bytes += encodedDataLength; });
  return { page, seen, context };
};

// Waits until every panel has its figures or says why not.
export const filled = (page) => page.waitForFunction(() => {
  const has = (panel) => panel.querySelector("h3 ~ .figures, table, .calm, .notice, .first, .hook");
  return [...document.querySelectorAll("[hx-get]")].every(has);
}, { timeout: 60_000 });
