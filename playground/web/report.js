// The report as a person reads it.
import { h } from "./dom.js";

const card = (id, title, ...content) => h("section", { class: "card", "aria-labelledby": id }, h("h2", { id }, title), ...content);
const none = (text) => h("p", { class: "note" }, text);
const scrolled = (name, table) => h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": name }, table);

function table(name, heads, rows) {
  return scrolled(name, h("table", {},
    h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, rows)));
}

const CHECK_WORDS = { passed: "passed", failed: "failed", not_reached: "not reached" };
const SIGNS = { add: "+", create: "+", remove: "−", keep: "=", protect: "■", ignore: "○", withhold: "⊘" };
const MEANINGS = {
  add: "given", create: "made in the application, then given", remove: "taken away", keep: "is a member already",
  protect: "never taken away", ignore: "not ours to give or take", withhold: "not given at this sign-in",
};

/** What happened, in one line: {tone, title, text, remedy}. */
export function verdict(report) {
  if (report.outcome !== "accepted") {
    return { tone: "bad", title: `Refused: ${[report.code, report.slug].filter(Boolean).join(" ")}`, text: report.reason, remedy: report.remedy };
  }
  const who = report.identity?.username ?? "somebody";
  const account = report.decision?.account;
  const words = { create: "the account is made", update: "the account is brought up to date", reactivate: "the account is switched on again",
    keep: "the account stays as it is", none: "no account is touched" };
  return { tone: "good", title: `Accepted: ${who} signs in`, text: [words[account?.action], account?.reason].filter(Boolean).join(": ") || report.reason, remedy: null };
}

export function verdictBanner({ tone, title, text, remedy }, note) {
  return [
    h("h2", { class: tone }, h("span", { "aria-hidden": "true" }, { good: "✓ ", bad: "✗ ", wait: "… ", warn: "! " }[tone]), title),
    text ? h("p", {}, quoted(text)) : null,
    remedy ? h("p", { class: "remedy" }, h("strong", {}, "What to do: "), remedy) : null,
    note ? h("p", { class: "note" }, note) : null,
  ].filter(Boolean);
}

/** What matters first comes first: the failed check of a refusal, the groups of a sign-in. */
export function reportCards(report) {
  const refused = report.outcome !== "accepted";
  return [
    refused && timeline(report), groups(report.decision), account(report.decision), headers(report.headers),
    operations(report.operations, report.calls), identity(report.identity), !refused && timeline(report), message(report.response),
  ].filter(Boolean);
}

/** Text in which the core puts what it quotes into backticks. */
function quoted(text) {
  return (text ?? "").split("`").map((part, at) => (at % 2 ? h("code", {}, part) : part));
}

function timeline({ checks }) {
  if (!checks?.length) return null;
  return card("checks-title", "Checks, in order", h("ol", { class: "timeline" }, checks.map((check) =>
    h("li", { class: check.outcome },
      h("span", { class: "what" }, check.check.replaceAll("_", " ")), " ",
      h("span", { class: "tag" }, CHECK_WORDS[check.outcome] ?? check.outcome), " ",
      check.detail ? h("span", { class: "detail" }, quoted(check.detail)) : null, " ",
      check.section ? h("span", { class: "section" }, check.section) : null))));
}

function identity(person) {
  if (!person) return null;
  const groups = person.groups?.known ? (person.groups.known.join(", ") || "none") : `unknown: ${person.groups?.unknown ?? ""}`;
  const facts = [
    ["User name", person.username], ["Name ID", person.name_id?.value], ["Format", person.name_id?.format],
    ["E-mail", person.email], ["Display name", person.display_name], ["Groups of the identity provider", groups],
  ].filter(([, value]) => value != null);
  return card("identity-title", "Who it is",
    h("dl", {}, facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    person.attributes?.length
      ? h("details", {}, h("summary", {}, `Every attribute (${person.attributes.length})`),
        table("Attributes", ["Name", "Friendly name", "Values"], person.attributes.map((attribute) =>
          h("tr", {}, h("td", {}, h("code", {}, attribute.name)), h("td", {}, attribute.friendly_name ?? ""),
            h("td", {}, attribute.values.map((value) => h("div", {}, value)))))))
      : null);
}

function groups(decision) {
  if (!decision) return null;
  const rows = (decision.groups ?? []).map(({ group, verdict, rule }) =>
    h("tr", {},
      h("td", {}, h("code", {}, group)),
      h("td", {}, h("span", { class: `chip ${verdict}`, title: MEANINGS[verdict] ?? "" },
        h("span", { "aria-hidden": "true" }, `${SIGNS[verdict] ?? ""} `), verdict)),
      h("td", {}, quoted(rule))));
  return card("groups-title", "Groups in the application",
    rows.length ? table("Groups", ["Group", "Verdict", "Because of"], rows) : none("No rule speaks of a group."),
    decision.notes?.length ? h("ul", { class: "notes" }, decision.notes.map((note) => h("li", {}, quoted(note)))) : null,
    decision.customer ? h("p", {}, "Counts as a customer of the portal.") : null);
}

function account(decision) {
  if (!decision) return null;
  const { account: action, access } = decision;
  return card("action-title", "Access and account",
    h("dl", {},
      h("dt", {}, "Access"), h("dd", {}, h("span", { class: `chip ${access?.outcome === "deny" ? "remove" : "add"}` }, access?.outcome ?? ""), " ", quoted(access?.rule)),
      h("dt", {}, "Account"), h("dd", {}, h("span", { class: "chip keep" }, action?.action ?? ""), " ", quoted(action?.reason))));
}

function headers(list) {
  if (!list?.length) return null;
  return card("headers-title", "Headers that the application sees",
    table("Headers", ["Name", "Value"], list.map(({ name, value }) => h("tr", {}, h("td", {}, h("code", {}, name)), h("td", {}, value)))));
}

function operations(list, calls) {
  if (!list?.length && !calls?.length) return null;
  return card("operations-title", "What is changed in the application",
    list?.length
      ? h("ol", { class: "plain" }, list.map(({ operation, detail, reason }) =>
        h("li", {}, h("code", {}, operation), " ", detail ?? "", reason ? h("span", { class: "detail" }, quoted(reason)) : null)))
      : none("Nothing."),
    calls?.length
      ? h("details", {}, h("summary", {}, `The calls that would be made (${calls.length})`),
        h("ol", { class: "plain" }, calls.map(({ method, path, body }) =>
          h("li", {}, h("code", {}, `${method} ${path}`),
            body ? h("pre", { tabindex: "0" }, typeof body === "string" ? pretty(body) : JSON.stringify(body, null, 2)) : null))))
      : null);
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function message(response) {
  if (!response) return null;
  const skew = response.clock_skew_seconds;
  const facts = [
    ["Issuer", response.issuer], ["Answers", response.in_response_to], ["Issued", response.issue_instant],
    ["Its clock", skew == null ? null : skew === 0 ? "agrees with the time above" : `${Math.abs(skew)} s ${skew < 0 ? "behind" : "ahead"}`],
    ["Destination", response.destination], ["Encrypted", response.encrypted ? "yes" : "no"],
    ["Signatures", (response.signatures ?? []).map(({ element, algorithm, key }) => `${element}: ${algorithm}, key ${key}`).join("; ") || "none"],
  ].filter(([, value]) => value != null);
  return card("message-title", "The message", h("dl", {}, facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])));
}
