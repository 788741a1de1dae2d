// Uses the playground in headless Chromium as a person would: node page.mjs ADDRESS [FOLDER FOR PICTURES]
// Speaks WebDriver (W3C) to chromedriver: plain JSON over HTTP, so nothing has to be installed for it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile, mkdir, readdir, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { argv, env, exit } from "node:process";

const [, , address, pictures] = argv;
const scratch = await mkdtemp(join(tmpdir(), "samlgate-playground-"));
const downloads = join(scratch, "downloads");
await mkdir(downloads);

const port = await new Promise((resolve) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});
const driver = spawn(env.CHROMEDRIVER ?? "/usr/bin/chromedriver", [`--port=${port}`], { stdio: "ignore" });
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

let session = "";
async function command(method, path, body) {
  const response = await fetch(`http://127.0.0.1:${port}${session}${path}`, {
    method, body: body === undefined ? undefined : JSON.stringify(body),
  });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${value.message}`);
  return value;
}

async function until(what, ask) {
  const start = Date.now();
  for (;;) {
    const answer = await ask().catch(() => null);
    if (answer) return answer;
    if (Date.now() - start > 20_000) throw new Error(`waited in vain for ${what}; the page says:\n${await text("body").catch(() => "")}`);
    await pause(50);
  }
}

const run = (script, ...args) => command("POST", "/execute/sync", { script, args });
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
async function find(selector) {
  return (await command("POST", "/element", { using: "css selector", value: selector }))[ELEMENT];
}
const text = async (selector) => command("GET", `/element/${await find(selector)}/text`);
const click = async (selector) => command("POST", `/element/${await find(selector)}/click`, {});
const type = async (selector, keys) => command("POST", `/element/${await find(selector)}/value`, { text: keys });
const log = (type_) => command("POST", "/se/log", { type: type_ });

async function open(query, width, height) {
  await command("POST", "/window/rect", { width, height });
  await command("POST", "/url", { url: address + query });
  await until("the core", () => run("return document.documentElement.dataset.ready === 'true'"));
}

async function picture(name) {
  if (!pictures) return;
  await writeFile(join(pictures, `${name}.png`), Buffer.from(await command("GET", "/screenshot"), "base64"));
}

/** Puts a text into a field as pasting does. */
async function paste(selector, value) {
  await run("const field = document.querySelector(arguments[0]); field.focus(); field.select(); document.execCommand(arguments[1] ? 'insertText' : 'delete', false, arguments[1]);", selector, value);
}

async function start() {
  await until("chromedriver", async () => (await fetch(`http://127.0.0.1:${port}/status`)).ok);
  const { sessionId } = await command("POST", "/session", { capabilities: { alwaysMatch: {
    browserName: "chrome",
    "goog:loggingPrefs": { browser: "ALL", performance: "ALL" },
    "goog:chromeOptions": {
      binary: env.CHROMIUM ?? "/usr/bin/chromium",
      // Root, as in containers, cannot have Chromium's sandbox; the page is ours.
      args: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
        "--no-proxy-server", "--disable-background-networking", "--disable-component-update", "--disable-sync",
        `--user-data-dir=${join(scratch, "profile")}`],
      prefs: { "download.default_directory": downloads, "download.prompt_for_download": false },
    },
  } } });
  session = `/session/${sessionId}`;
}

const steps = {
  async "the page says what it needs before anything is given"() {
    await open("", 1400, 1000);
    assert.match(await text("#verdict"), /Nothing to judge yet/);
  },

  async "the policy against connections is in the answer and in the page"() {
    const { headers } = await fetch(address);
    const page = await run("return document.querySelector('meta[http-equiv=Content-Security-Policy]').content");
    for (const policy of [headers.get("content-security-policy"), page]) {
      assert.match(policy, /default-src 'none'/);
      assert.match(policy, /connect-src 'none'/);
      assert.match(policy, /form-action 'none'/);
      assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval(?<!wasm-unsafe-eval)|https?:/);
    }
    assert.match(headers.get("content-security-policy"), /frame-ancestors 'none'/);
    assert.equal((await fetch(`${address}../Cargo.toml`)).status, 404);
    assert.equal((await fetch(`${address}%2e%2e/Cargo.toml`)).status, 404);
  },

  async "a script in the page cannot send anything out"() {
    const outcome = await command("POST", "/execute/async", { args: [address], script:
      "const done = arguments[1]; fetch(arguments[0]).then(() => done('sent'), () => done('refused'));" });
    assert.equal(outcome, "refused");
    // The browser writes the attempt down; it was ours.
    await log("browser");
    await log("performance");
    await open("", 1400, 1000);
  },

  async "a good sign-in is explained"() {
    await click("[data-example=good]");
    await until("a verdict", async () => (await text("#verdict")).includes("Accepted: anna signs in"));
    assert.equal(await run("return document.querySelectorAll('.timeline .failed').length"), 0);
    const groups = await text("[aria-label=Groups]");
    assert.match(groups, /jira-software-users/);
    assert.match(groups, /add/);
    assert.match(await text("[aria-label=Headers]"), /x-remote-user\s+anna/);
    assert.match(await text("#report"), /create_account/);
    assert.match(await run("return document.querySelector('#path svg').getAttribute('aria-label')"), /reaches the application/);
    await picture("light-good");
  },

  async "a forged response is refused at the signature"() {
    await click("[data-example=forged]");
    await until("a verdict", async () => (await text("#verdict")).includes("SG3004"));
    assert.match(await text("#verdict"), /What to do/);
    assert.match(await text("#path .failed"), /Signature/);
    assert.equal(await run("return document.querySelectorAll('.timeline .failed').length"), 1);
    await picture("light-forged");
  },

  async "a customer by the portal gets no licence"() {
    await click("[data-example=customer-portal]");
    await until("a verdict", async () => (await text("#verdict")).includes("carl signs in"));
    assert.doesNotMatch(await text("#report"), /add_to_group\s+jira-software-users/);
    await picture("light-customer");
  },

  async "every example comes to a verdict"() {
    const ids = await run("return [...document.querySelectorAll('[data-example]')].map((button) => button.dataset.example)");
    assert.ok(ids.length >= 6);
    for (const id of ids) {
      await click(`[data-example=${id}]`);
      await until(`a verdict about ${id}`, async () => /Accepted|Refused/.test(await text("#verdict")));
    }
  },

  async "a mistake in the configuration is shown with its line as it is typed"() {
    await click("[data-example=good]");
    const configuration = await run("return document.querySelector('#configuration').value");
    await paste("#configuration", configuration.replace("base_uri:", "base_ur:"));
    await until("the finding", async () => /did you mean base_uri/.test(await text("#findings")));
    assert.match(await text("#verdict"), /cannot be used/);
    assert.match(await text("#findings"), /line 5/);
    assert.match(await text("#gutter"), /✗ 5\n/);
    await picture("light-mistake");
    await paste("#configuration", configuration);
    await until("a verdict", async () => (await text("#verdict")).includes("Accepted"));
  },

  async "the field at the cursor is explained"() {
    await run("const area = document.querySelector('#configuration'); area.focus(); const at = area.value.indexOf('protected_groups'); area.setSelectionRange(at + 3, at + 3);");
    await type("#configuration", "\uE008");
    await until("help", async () => /policy\.protected_groups/.test(await text("#cursor")));
    await click("#outline-box summary");
    await type("#outline-filter", "path_prefixes");
    await until("the outline", async () => /policy\.portal\.path_prefixes/.test(await text("#outline")));
  },

  async "a HAR file is searched for the response"() {
    const response = await run("return document.querySelector('#response').value");
    const har = { log: { entries: [{ startedDateTime: "2026-01-02T03:04:07.000Z", request: { method: "POST", url: "https://jira.example/saml/acs",
      postData: { mimeType: "application/x-www-form-urlencoded", text: `SAMLResponse=${encodeURIComponent(response)}&RelayState=x` } } }] } };
    await paste("#response", "");
    await until("no response", async () => /Give a SAMLResponse/.test(await text("#verdict")));
    await paste("#response", JSON.stringify(har));
    await until("a verdict", async () => /Accepted/.test(await text("#verdict")));
    assert.match(await text("#response-note"), /found 1/);
    assert.equal(await run("return document.querySelector('#now').value"), "2026-01-02T03:04:07Z");
  },

  async "a trace names nobody and can be opened again"() {
    await click("#trace-show");
    const shown = await text("#trace-text");
    assert.doesNotMatch(shown, /anna|example\.com|it-support/i);
    await click("#trace-save");
    const file = await until("the download", async () => (await readdir(downloads)).find((name) => name.endsWith(".json")));
    const saved = await readFile(join(downloads, file), "utf8");
    assert.doesNotMatch(saved, /anna|it-support/i);
    await open("", 1400, 1000);
    await type("#trace-file", join(downloads, file)).catch(async () => {
      // A hidden field takes no keys; show it for the driver.
      await run("document.querySelector('#trace-file').hidden = false");
      await type("#trace-file", join(downloads, file));
    });
    await until("the recorded verdict", async () => /recorded trace/.test(await text("#verdict")));
    assert.match(await text("#verdict"), /user-1 signs in/);
  },

  async "it works by keyboard"() {
    await open("", 1400, 1000);
    for (let at = 0; at < 3; at += 1) await type("body", "\uE004").catch(() => {});
    await run("document.querySelector('[data-example=expired]').focus()");
    await type("[data-example=expired]", "\uE007");
    await until("a verdict", async () => (await text("#verdict")).includes("SG4012"));
  },

  async "it fits a phone, light and dark"() {
    await open("", 500, 900);
    await click("[data-example=agent-portal]");
    await until("a verdict", async () => (await text("#verdict")).includes("anna signs in"));
    assert.ok(await run("return document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways");
    assert.ok(await run("return document.querySelector('svg.tall') !== null"));
    await run("document.querySelector('#verdict').scrollIntoView({ behavior: 'instant' })");
    await picture("phone-light");
    await run("document.querySelector('#theme').click(); scrollTo(0, 0)");
    assert.equal(await run("return document.documentElement.dataset.theme"), "dark");
    await open("", 1400, 1000);
    await click("#theme");
    await click("[data-example=customer-portal]");
    await until("a verdict", async () => (await text("#verdict")).includes("carl signs in"));
    await picture("dark-customer");
    await run("document.querySelector('#report').scrollIntoView({ behavior: 'instant' })");
    await picture("dark-report");
  },

  async "nothing was asked for but its own files, and nothing was complained about"() {
    const complaints = (await log("browser")).filter(({ level }) => level !== "INFO" && level !== "DEBUG");
    assert.deepEqual(complaints.map(({ message }) => message), []);
    const asked = (await log("performance")).map(({ message }) => JSON.parse(message).message)
      .filter(({ method }) => method === "Network.requestWillBeSent").map(({ params }) => params.request.url);
    assert.ok(asked.length > 8, `${asked.length} requests were seen`);
    const foreign = asked.filter((url) => !url.startsWith(address) && !/^(data|blob):/.test(url));
    assert.deepEqual(foreign, []);
  },
};

let failed = 0;
try {
  await start();
  for (const [name, step] of Object.entries(steps)) {
    try {
      await step();
      console.log(`ok      ${name}`);
    } catch (fault) {
      failed += 1;
      console.log(`FAILED  ${name}\n${fault.stack}`);
    }
  }
} finally {
  await command("DELETE", "").catch(() => {});
  driver.kill();
  await rm(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }).catch(() => {});
}
console.log(`${Object.keys(steps).length - failed} passed, ${failed} failed`);
exit(failed ? 1 : 0);
