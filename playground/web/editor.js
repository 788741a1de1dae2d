// The configuration's editor: line numbers, marks at faulty lines, and the field at the cursor.
import { $, h } from "./dom.js";

const area = $("configuration");
const gutter = $("gutter");
let marks = new Map();

export function showLines() {
  const count = area.value.split("\n").length;
  gutter.replaceChildren(
    ...Array.from({ length: count }, (_, at) => {
      const mark = marks.get(at + 1);
      return h("span", { class: mark ?? "" }, `${mark === "error" ? "✗ " : mark === "warning" ? "! " : ""}${at + 1}\n`);
    }),
  );
  gutter.scrollTop = area.scrollTop;
}

area.addEventListener("scroll", () => (gutter.scrollTop = area.scrollTop));

/** Findings below the text; a click leads to the line. */
export function showFindings(findings, ok) {
  marks = new Map();
  for (const { line, severity } of findings) {
    if (line && marks.get(line) !== "error") marks.set(line, severity);
  }
  showLines();
  const list = findings.map((finding) =>
    h("li", { class: finding.severity },
      h("span", { class: "tag" }, finding.severity === "error" ? (finding.code ?? "error") : "warning"), " ",
      finding.line
        ? h("button", { type: "button", class: "link", onclick: () => goTo(finding.line) }, `line ${finding.line}`)
        : null, " ",
      h("code", {}, finding.path), " ", finding.message.split("`").map((part, at) => (at % 2 ? h("code", {}, part) : part))));
  const said = ok ? (list.length ? "It can be used, with a look at these:" : "No fault was found.") : null;
  $("findings").replaceChildren(...[said && h("p", { class: "good" }, said), h("ul", { class: "findings" }, list)].filter(Boolean));
}

export function goTo(line) {
  const before = area.value.split("\n").slice(0, line - 1);
  const start = before.reduce((sum, text) => sum + text.length + 1, 0);
  area.focus();
  area.setSelectionRange(start, start + (area.value.split("\n")[line - 1] ?? "").length);
  const height = area.scrollHeight / area.value.split("\n").length;
  area.scrollTop = Math.max(0, (line - 6) * height);
}

/** The field that the cursor stands in, read from the indentation: `policy.portal.path_prefixes`. */
export function fieldAtCursor() {
  const text = area.value.slice(0, area.selectionStart);
  const end = area.value.indexOf("\n", area.selectionStart);
  const upTo = area.value.slice(0, end < 0 ? undefined : end).split("\n");
  const keys = [];
  let inner = Infinity;
  for (const line of upTo.reverse()) {
    const parts = /^(\s*)((?:-\s+)*)(?:["']?([A-Za-z_][\w.]*)["']?\s*:)?/.exec(line);
    if (!line.trim() || line.trim().startsWith("#")) continue;
    const depth = parts[1].length + parts[2].length;
    if (parts[3] && depth < inner) {
      keys.unshift(parts[3]);
      inner = depth;
    }
    if (parts[1].length < inner && parts[2]) inner = Math.min(inner, parts[1].length + 1);
    if (inner === 0) break;
  }
  // Maps within one line: what was opened and not closed before the cursor.
  const line = text.slice(text.lastIndexOf("\n") + 1);
  const open = [];
  for (const part of line.matchAll(/([{}])|([A-Za-z_]\w*)\s*:/g)) {
    if (part[1] === "{") open.push(null);
    else if (part[1] === "}") open.pop();
    else if (open.length) open[open.length - 1] = part[2];
  }
  return [...keys, ...open.filter(Boolean)].join(".");
}
