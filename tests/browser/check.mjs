// Looks at pages in Chromium: `check.mjs PACKAGES CHROMIUM PAGES`. A line for each check; ends with 1 if one has
// failed.
//
// The pages come from a server on loopback that counts what is requested of it; no other name is resolved.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [packages, executablePath, folder] = process.argv.slice(2);
const load = createRequire(join(packages, "package.json"));
const { chromium } = load("playwright-core");
const axe = await readFile(load.resolve("axe-core/axe.min.js"), "utf8");

const PAGES = ["mixed", "failures", "large", "hostile", "empty"];
const FAILURES = 50_000;

let requested = [];
const server = createServer(async (request, response) => {
  requested.push(request.url);
  try {
    const body = await readFile(join(folder, request.url));
    response.setHeader("content-type", "text/html; charset=utf-8").end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const origin = `http://127.0.0.1:${server.address().port}`;

const browser = await chromium.launch({
  executablePath,
  timeout: 600_000,
  args: ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
});

// Opens a page, and notes whatever should not happen on it. `settings` are those of a browser context.
const open = async (name, settings = {}, address = `${origin}/${name}.html`) => {
  const context = await browser.newContext({ acceptDownloads: true, ...settings });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  page.setDefaultTimeout(600_000);
  const trouble = [];
  requested = [];
  page.on("console", (message) => trouble.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => trouble.push(`error: ${error}`));
  page.on("dialog", (dialog) => trouble.push(`dialog: ${dialog.message()}`) && dialog.dismiss());
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && request.url() !== address) trouble.push(`request: ${request.url()}`);
  });
  await page.goto(address);
  const close = async () => {
    assert.deepEqual(trouble, []);
    if (address.startsWith(origin)) assert.deepEqual(requested, [`/${name}.html`]);
    await context.close();
  };
  return { page, close };
};

const accessible = async (page) => {
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations", "incomplete"] }));
  const said = found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
  assert.deepEqual(said, []);
  // What axe could not decide may only be contrast behind other elements; the colours are checked where it can see
  // them.
  assert.deepEqual(found.incomplete.map(({ id }) => id).filter((id) => id !== "color-contrast"), []);
};

const texts = (page, selector) => page.locator(selector).allTextContents();
const pairs = async (page, selector) => {
  const names = await texts(page, `${selector} dt`);
  const values = await texts(page, `${selector} dd`);
  return Object.fromEntries(names.map((name, at) => [name, values[at]]));
};
const tabTo = async (page, name, key = "Tab") => {
  for (let at = 0; at < 400; at += 1) {
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      return element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent.trim() ?? element.textContent;
    });
    if (focused === name) return;
    await page.keyboard.press(key);
  }
  assert.fail(`the keyboard does not reach ${name}`);
};
const clipboard = (page) => page.evaluate(() => navigator.clipboard.readText());
const status = (page, list = "failures") => page.locator(`#${list}-controls [role=status]`);
const says = async (page, pattern) => {
  await page.waitForFunction(
    ([source, id]) => new RegExp(source).test(document.querySelector(id).textContent),
    [pattern, "#failures-controls [role=status]"],
  );
};
const first = (page, list = "failures") => page.locator(`#${list} tbody tr`).first().locator("bdi").first().textContent();

const checks = {
  async "the figures are those of the run"() {
    const { page, close } = await open("mixed");
    assert.deepEqual(await pairs(page, "#figures"), {
      Devices: "1,240", Accepted: "1,234", Failed: "2", Duration: "2m31s", Batches: "62",
    });
    assert.deepEqual(await pairs(page, "#more-figures"), {
      Skipped: "3", Gone: "1", Retries: "4", Throttled: "20", "HTTP requests": "70",
    });
    assert.equal(await page.locator("#outcome").textContent(), "The run finished, and the sync of 2 of 1,240 devices failed.");
    const cells = (await texts(page, "#platforms tbody td")).map(Number);
    assert.equal(cells.reduce((sum, count) => sum + count), 1240);
    const reasons = (await texts(page, "#reasons tbody td.number")).map(Number);
    assert.deepEqual(reasons, [3, 2, 1]);
    const bars = (await texts(page, "#chart ~ details table:first-of-type td")).map(Number);
    assert.equal(bars.reduce((sum, count) => sum + count), 1234);
    assert.equal(await page.locator("#chart .wide rect[fill='#B35400']").count(), 2);
    assert.match(await page.locator("#chart-text").textContent(), /1,234 syncs were accepted .* everything waited once, for 25s\.$/);
    assert.equal(await page.locator("#failures tbody tr").count(), 2);
    const facts = await pairs(page, "#facts");
    assert.equal(facts.Run, "20261126-041500-9c1f");
    await close();
  },

  async "light and dark are two pages to look at, and axe finds nothing in either"() {
    for (const name of PAGES) {
      const seen = {};
      for (const colorScheme of ["light", "dark"]) {
        const { page, close } = await open(name, { colorScheme });
        seen[colorScheme] = await page.evaluate(() => {
          const colour = (element, part) => element && getComputedStyle(element)[part];
          return {
            back: colour(document.body, "backgroundColor"),
            text: colour(document.body, "color"),
            bar: colour(document.querySelector("#chart .wide rect[fill='#1A7F37']"), "fill"),
          };
        });
        await accessible(page);
        assert.ok((await page.screenshot()).length > 5_000);
        await close();
      }
      assert.notEqual(seen.light.back, seen.dark.back);
      assert.notEqual(seen.light.text, seen.dark.text);
      if (seen.light.bar) assert.notEqual(seen.light.bar, seen.dark.bar);
    }
  },

  async "at 360 pixels nothing scrolls sideways, and axe finds nothing"() {
    for (const name of PAGES) {
      const { page, close } = await open(name, { viewport: { width: 360, height: 740 } });
      const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.equal(window, 360);
      assert.ok(content <= 360, `${name} is ${content} wide`);
      const beyond = await page.evaluate(() =>
        [...document.querySelectorAll("main *")]
          .filter((element) => element.getBoundingClientRect().right > 361 && !element.closest("svg"))
          .map((element) => element.outerHTML.slice(0, 80)));
      assert.deepEqual(beyond, []);
      if (name === "mixed") {
        assert.equal(await page.locator("#chart .narrow").isVisible(), true);
        assert.equal(await page.locator("#chart .wide").isVisible(), false);
      }
      await accessible(page);
      await close();
    }
  },

  async "it can be printed, without what only a screen has"() {
    const { page, close } = await open("mixed", { colorScheme: "dark" });
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.locator("#failures-controls").isVisible(), false);
    assert.equal(await page.locator("td.copy").first().isVisible(), false);
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).color), "rgb(31, 35, 40)");
    const pdf = await page.pdf({ format: "A4" });
    assert.equal(pdf.subarray(0, 5).toString(), "%PDF-");
    assert.ok(pdf.length > 10_000);
    await close();
  },

  async "rows are sorted from the keyboard"() {
    const { page, close } = await open("failures");
    const head = (name) => page.locator("#failures th", { hasText: name });
    assert.equal(await head("Device").getAttribute("aria-sort"), "ascending");
    await tabTo(page, "Attempts");
    await page.keyboard.press("Enter");
    assert.equal(await head("Attempts").getAttribute("aria-sort"), "ascending");
    assert.equal(await head("Device").getAttribute("aria-sort"), null);
    const attempts = async () => (await texts(page, "#failures tbody tr td:nth-child(4)")).map(Number);
    const rising = await attempts();
    assert.deepEqual(rising, [...rising].sort((a, b) => a - b));
    await page.keyboard.press("Space");
    assert.equal(await head("Attempts").getAttribute("aria-sort"), "descending");
    assert.equal((await attempts())[0], 12);
    await close();
  },

  async "rows are turned and filtered from the keyboard"() {
    const { page, close } = await open("failures");
    assert.equal(await status(page).textContent(), "Rows 1 to 100 of 250");
    await tabTo(page, "Next");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    assert.equal(await status(page).textContent(), "Rows 201 to 250 of 250");
    assert.equal(await page.locator("#failures tbody tr").count(), 50);
    // There is no further page, and the focus stays where it is.
    await page.keyboard.press("Enter");
    assert.equal(await status(page).textContent(), "Rows 201 to 250 of 250");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    assert.equal(await status(page).textContent(), "Rows 101 to 200 of 250");
    await tabTo(page, "Filter", "Shift+Tab");
    await page.keyboard.type("REQUEST-17");
    await says(page, "^Rows 1 to 11 of 11, filtered from 250$");
    assert.equal(await page.locator("#failures tbody tr").count(), 11);
    await page.keyboard.type("x");
    await says(page, "^Rows 0 to 0 of 0, filtered from 250$");
    await close();
  },

  async "a row, all rows and a file can be taken from the keyboard"() {
    const { page, close } = await open("failures");
    await tabTo(page, "Copy PC-00001");
    await page.keyboard.press("Enter");
    await says(page, "^Copied PC-00001[.]");
    const row = await clipboard(page);
    for (const part of ["Device: PC-00001", "Status: 400", "Request ID: request-1", "Client request ID: client-1"]) {
      assert.ok(row.split("\n").includes(part), row);
    }
    await tabTo(page, "Filter", "Shift+Tab");
    await page.keyboard.type("request-24");
    await says(page, "of 11, filtered");
    await tabTo(page, "Copy the rows");
    await page.keyboard.press("Enter");
    await says(page, "^Copied 11 rows");
    const rows = (await clipboard(page)).split("\n");
    assert.equal(rows.length, 12);
    assert.equal(rows[0].split("\t").length, 10);
    await tabTo(page, "Download CSV");
    const downloading = page.waitForEvent("download");
    await page.keyboard.press("Enter");
    const download = await downloading;
    assert.equal(download.suggestedFilename(), "intune-sync-20261126-041500-9c1f-failures.csv");
    const csv = await readFile(await download.path(), "utf8");
    assert.equal(csv.split("\r\n").length, 13);
    assert.ok(csv.startsWith('"Device","Device ID","Platform",'), csv);
    assert.ok(csv.includes('"PC-00024","00000000-0000-4000-8000-000000000024",'), csv);
    await close();
  },

  async "who has not checked in is a list too"() {
    const { page, close } = await open("failures");
    assert.match(await page.locator("#check-ins").textContent(), /187 of 250 devices had checked in/);
    assert.equal(await page.locator("#unconfirmed tbody tr").count(), 63);
    assert.equal(await status(page, "unconfirmed").textContent(), "Rows 1 to 63 of 63");
    await close();
  },

  async "fifty thousand failures can be used"() {
    const { page, close } = await open("large");
    await says(page, "^Rows 1 to 100 of 50,000$");
    assert.equal(await page.locator("#failures tbody tr").count(), 100);
    await page.locator("#failures-controls input").fill("request-49999");
    await says(page, "^Rows 1 to 1 of 1, filtered from 50,000$");
    assert.equal(await first(page), "PC-49999");
    await page.locator("#failures-controls input").fill("");
    await says(page, "^Rows 1 to 100 of 50,000$");
    const head = page.getByRole("button", { name: "Device", exact: true }).first();
    await head.click();
    assert.equal(await first(page), "PC-49999");
    const downloading = page.waitForEvent("download");
    await page.locator("#failures-controls [data-do=download]").click();
    const csv = await readFile(await (await downloading).path(), "utf8");
    assert.equal(csv.split("\r\n").length, FAILURES + 2);
    await close();
  },

  async "names stay text"() {
    const names = JSON.parse(await readFile(join(folder, "names.json"), "utf8"));
    const { page, close } = await open("hostile");
    const shown = await texts(page, "#failures tbody th bdi:first-child");
    assert.equal(shown.length, names.length);
    // What would turn the direction round is a space; all else is as it was given.
    const steers = /[\u202a-\u202e\u2066-\u2069]/g;
    assert.deepEqual([...shown].sort(), names.map((name) => name.replaceAll(steers, " ").trimEnd()).sort());
    assert.equal(await page.locator("img, iframe, object, a").count(), 0);
    assert.equal(await page.locator("script").count(), 3);
    assert.equal(await page.locator("section").count(), 6);
    assert.equal(await page.evaluate(() => /[\u202a-\u202e\u2066-\u2069]/.test(document.documentElement.outerHTML)), false);
    await close();
  },

  async "without scripts the first rows are there, and no controls that do nothing"() {
    const { page, close } = await open("failures", { javaScriptEnabled: false });
    assert.equal(await page.locator("#failures tbody tr").count(), 100);
    assert.equal(await page.locator("#failures-controls").isVisible(), false);
    assert.match(await page.locator("noscript").first().textContent(), /150 devices more/);
    await close();
  },

  async "a file from a disk works as well"() {
    const address = pathToFileURL(join(folder, "failures.html")).href;
    const { page, close } = await open("failures", {}, address);
    assert.equal(await status(page).textContent(), "Rows 1 to 100 of 250");
    await close();
  },

  async "nothing that is put into the page runs"() {
    const { page, close } = await open("mixed");
    const ran = await page.evaluate(async () => {
      const script = document.createElement("script");
      script.textContent = "window.ran = true";
      document.body.append(script);
      const refused = await fetch("/mixed.html").then(() => "fetched", () => "refused");
      return [window.ran ?? false, refused];
    });
    assert.deepEqual(ran, [false, "refused"]);
    await assert.rejects(close(), /Content Security Policy/);
  },
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`browser: passed, ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`browser: FAILED, ${name}: ${error.stack}`);
  }
}
console.log(`browser: Chromium ${browser.version()}, ${Object.keys(checks).length - failed} passed, ${failed} failed`);
await browser.close();
server.close();
process.exit(failed ? 1 : 0);
