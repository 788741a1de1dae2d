// The page: collects what went in, asks the core, shows what comes out.
import { call, schema, version } from "./core.js";
import { $, h, lines, settled } from "./dom.js";
import { fieldAtCursor, showFindings, showLines } from "./editor.js";
import examples from "./examples.js";
import { decoded, findResponses } from "./find.js";
import { readSchema, showField, showOutline } from "./outline.js";
import { picture } from "./path.js";
import { reportCards, verdict, verdictBanner } from "./report.js";

const narrow = matchMedia("(max-width: 560px)");
/** Stands in for secrets that nothing here depends on. */
const STAND_IN = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))));
const environment = {};
let found = [];
/** The report on show, and the recorded trace that it came from, if it did. */
let shown = null;
let recorded = null;

// What went in.

function account() {
  const existing = lines($("existing-groups").value);
  const about = existing.length ? { existing_groups: existing } : {};
  if (!$("account-exists").checked) return existing.length ? { exists: false, ...about } : null;
  const text = (id) => $(id).value.trim() || undefined;
  return { username: text("account-username"), email: text("account-email"), display_name: text("account-display"),
    active: $("account-active").checked, groups: lines($("account-groups").value),
    customer_login: text("account-customer"), ...about };
}

function time() {
  const milliseconds = Date.parse($("now").value.trim());
  return Number.isFinite(milliseconds) ? Math.floor(milliseconds / 1000) : null;
}

function input() {
  const text = (id) => $(id).value.trim() || null;
  return { configuration: $("configuration").value, environment, response: found[$("choice").value || 0]?.response ?? "",
    request_id: text("request"), started_at: text("started"), account: account(), now: time() };
}

// What comes out.

function show(report, banner, note) {
  shown = report;
  $("verdict").className = `verdict ${banner.tone}`;
  $("verdict").replaceChildren(...verdictBanner(banner, note));
  $("path").replaceChildren(picture(report, narrow.matches));
  $("report").replaceChildren(...(report ? reportCards(report) : []));
  $("share").hidden = !report;
  hideTrace();
}

function run() {
  try {
    judge(input());
  } catch (fault) {
    show(null, { tone: "bad", title: "The playground broke", text: `${fault}. Reload the page; this is a mistake of ours.` });
  }
}

function judge(given) {
  const now = given.now ?? Math.floor(Date.now() / 1000);
  $("now-hint").textContent = given.now === null && $("now").value.trim() ? "not a time: 2026-01-02T03:04:05Z" : "UTC; empty: now";
  const checked = settle(given, now);
  showFindings(checked.findings, checked.ok);
  showVariables(checked.variables);
  if (recorded) {
    show(recorded.report, verdict(recorded.report), "A recorded trace: this is what was seen then. People are placeholders, so its signatures cannot be checked again.");
  } else if (!given.configuration.trim()) {
    show(null, { tone: "wait", title: "Nothing to judge yet", text: "Load an example, or give a configuration and a SAMLResponse." });
  } else if (!checked.ok) {
    const count = checked.findings.filter(({ severity }) => severity === "error").length;
    show(null, { tone: "warn", title: `The configuration cannot be used: ${count} ${count === 1 ? "finding" : "findings"}`, text: `\`${checked.findings[0]?.path}\`: ${checked.findings[0]?.message}` });
  } else if (!given.response) {
    show(null, { tone: "wait", title: "The configuration can be used", text: "Give a SAMLResponse to see what becomes of it." });
  } else {
    const report = call("explain", { ...given, now });
    show(report, verdict(report));
  }
}

/** Checks the configuration; session keys and tokens get a stand-in, for no verdict depends on them. */
function settle(given, now) {
  const check = () => call("check", { configuration: given.configuration, environment, now });
  const checked = check();
  const missing = checked.variables.filter(({ path, set }) => !set && /^(session|provisioning|test_page)\b/.test(path));
  for (const { name } of missing) environment[name] = STAND_IN;
  return missing.length ? check() : checked;
}

function showVariables(variables) {
  $("variables-box").hidden = !variables.length;
  const open = variables.filter(({ set }) => !set).length;
  $("variables-count").textContent = open ? `(${open} to give)` : "";
  if (open) $("variables-box").open = true;
  const names = [...new Set(variables.map(({ name }) => name))];
  if ($("variables").dataset.names === names.join()) return;
  $("variables").dataset.names = names.join();
  $("variables").replaceChildren(...names.map((name) => {
    const stands = environment[name] === STAND_IN;
    const area = h("textarea", { rows: 2, spellcheck: "false", autocomplete: "off", placeholder: stands ? "a stand-in is used" : "" });
    area.value = stands ? "" : (environment[name] ?? "");
    area.addEventListener("input", settled(() => { environment[name] = area.value; run(); }));
    return h("label", {}, h("code", {}, name), area);
  }));
}

function readResponse() {
  found = findResponses($("response").value);
  const several = found.length > 1;
  $("choice-label").hidden = !several;
  $("choice").replaceChildren(...found.map(({ when, where }, at) => h("option", { value: at }, [when, where].filter(Boolean).join(" ") || `number ${at + 1}`)));
  const typed = $("response").value.trim();
  const recording = /^[{[]/.test(typed);
  $("response-note").textContent = !typed ? "" : !found.length ? "no SAMLResponse is in this" : recording ? `found ${found.length} in the recording` : "";
  if (recording && found[0]?.when) $("now").value = new Date(found[0].when).toISOString().replace(/\.\d+Z/, "Z");
  readChoice();
}

function readChoice() {
  const text = decoded(found[$("choice").value || 0]?.response ?? "");
  $("decoded").hidden = !text;
  $("decoded-text").textContent = text ?? "";
  const issued = /IssueInstant="([^"]+)"/.exec(text ?? "")?.[1];
  $("now-issued").hidden = !issued;
  $("now-issued").dataset.time = issued ?? "";
}

function set({ configuration = "", environment: variables = {}, response = "", request_id, started_at, account: person, now }) {
  for (const name of Object.keys(environment)) delete environment[name];
  Object.assign(environment, variables);
  $("variables").dataset.names = "?";
  $("configuration").value = typeof configuration === "string" ? configuration : JSON.stringify(configuration, null, 2);
  $("response").value = response;
  readResponse();
  $("request").value = request_id ?? "";
  $("started").value = started_at ?? "";
  $("now").value = now ? new Date(now * 1000).toISOString().replace(".000Z", "Z") : "";
  const exists = Boolean(person && person.exists !== false);
  $(exists ? "account-exists" : "account-new").checked = true;
  $("account-fields").hidden = !exists;
  $("account-active").checked = person?.active ?? true;
  for (const [id, key] of [["username", "username"], ["display", "display_name"], ["email", "email"], ["customer", "customer_login"]]) {
    $(`account-${id}`).value = person?.[key] ?? "";
  }
  $("account-groups").value = (person?.groups ?? []).join("\n");
  $("existing-groups").value = (person?.existing_groups ?? []).join("\n");
}

// Traces.

function trace() {
  const { environment: _secrets, ...given } = recorded?.input ?? input();
  const whole = { samlgate_trace: 1, made_by: version, made_at: new Date().toISOString(), input: given, report: shown };
  return recorded ?? call("redact", { trace: whole, keep_groups: $("keep-groups").checked });
}

function hideTrace() {
  $("trace-text").hidden = true;
  $("trace-show").setAttribute("aria-expanded", "false");
}

$("trace-show").addEventListener("click", () => {
  const opens = $("trace-text").hidden;
  $("trace-text").hidden = !opens;
  $("trace-show").setAttribute("aria-expanded", String(opens));
  if (opens) $("trace-text").textContent = JSON.stringify(trace(), null, 2);
});
$("keep-groups").addEventListener("change", hideTrace);
$("trace-save").addEventListener("click", () => {
  const address = URL.createObjectURL(new Blob([JSON.stringify(trace(), null, 2)], { type: "application/json" }));
  h("a", { href: address, download: "samlgate-trace.json" }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
});
openFile("trace-open", "trace-file", (text) => {
  try {
    const opened = JSON.parse(text);
    if (opened.samlgate_trace !== 1 || !opened.input || !opened.report) throw new Error("it is no trace of this page");
    recorded = opened;
    set(opened.input);
    run();
  } catch (fault) {
    show(null, { tone: "bad", title: "The trace cannot be opened", text: String(fault.message ?? fault) });
  }
});

function openFile(button, field, read) {
  $(button).addEventListener("click", () => $(field).click());
  $(field).addEventListener("change", async () => {
    const [file] = $(field).files;
    if (file) read(await file.text());
    $(field).value = "";
  });
}

// What a person does.

/** Whatever is changed by hand is judged anew. */
const again = settled(run);
function changed() {
  recorded = null;
  again();
}

openFile("open-response", "response-file", (text) => {
  $("response").value = text;
  readResponse();
  changed();
});
$("response").addEventListener("input", readResponse);
$("choice").addEventListener("change", readChoice);
$("inputs").addEventListener("input", changed);
$("configuration").addEventListener("input", showLines);
for (const event of ["keyup", "click", "input"]) {
  $("configuration").addEventListener(event, settled(() => showField(fieldAtCursor()), 60));
}
for (const id of ["account-new", "account-exists"]) {
  $(id).addEventListener("change", () => ($("account-fields").hidden = !$("account-exists").checked));
}
function setTime(text) {
  $("now").value = text;
  changed();
}
$("now-now").addEventListener("click", () => setTime(new Date().toISOString().replace(/\.\d+Z/, "Z")));
$("now-issued").addEventListener("click", () => setTime($("now-issued").dataset.time));
$("outline-box").addEventListener("toggle", showOutline);
$("outline-filter").addEventListener("input", (event) => {
  event.stopPropagation();
  showOutline();
});
$("theme").addEventListener("click", () => {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme ?? (dark ? "dark" : "light");
  document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
});
narrow.addEventListener("change", () => $("path").replaceChildren(picture(shown, narrow.matches)));

$("examples").replaceChildren(...examples.map((example) =>
  h("button", { type: "button", class: "quiet", title: example.description, "data-example": example.id, onclick: () => {
    recorded = null;
    set(example.input);
    run();
    for (const button of $("examples").children) button.setAttribute("aria-pressed", String(button.dataset.example === example.id));
    if (narrow.matches) $("verdict").scrollIntoView();
  } }, example.title)));

$("version").textContent = version;
readSchema(schema);
showLines();
run();
document.documentElement.dataset.ready = "true";
