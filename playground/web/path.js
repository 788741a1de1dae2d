// The way of a sign-in as a picture: the browser, the stages of the filter inside Envoy, the application.
import { s } from "./dom.js";

/** A stage for each thousand of the catalogue of codes. */
const STAGES = [
  ["1", "Message", "form, base64"],
  ["2", "XML", "one reading"],
  ["3", "Signature", "keys, digests"],
  ["4", "SAML", "for us, in time"],
  ["5", "One use", "no replay"],
  ["6", "Policy", "groups, access"],
  ["8", "Account", "plan, calls"],
];

const WORDS = { passed: "passed", failed: "refused here", waiting: "not reached" };

/** What became of each stage. A report that is null has not begun. */
function stagesOf(report) {
  const failed = report?.code?.slice(2, 3) ?? null;
  const at = STAGES.findIndex(([digit]) => digit === failed);
  return STAGES.map(([, name, hint], index) => {
    const state = !report || report.outcome === "none" ? "waiting"
      : report.outcome === "accepted" ? "passed"
        : at < 0 || index > at ? "waiting" : index === at ? "failed" : "passed";
    return { name, hint, state };
  });
}

export function picture(report, narrow) {
  const stages = stagesOf(report);
  const done = report?.outcome === "accepted";
  const failed = stages.find((stage) => stage.state === "failed");
  const label = !report ? "Nothing has been sent yet."
    : done ? "The sign-in passes every stage and reaches the application."
      : failed ? `The sign-in is refused at the stage ${failed.name}.` : "The sign-in is refused.";
  return narrow ? tall(stages, done, label) : wide(stages, done, label);
}

function box(x, y, width, height, state, title, hint) {
  const mark = { passed: "✓", failed: "✗", waiting: "·" }[state];
  return s("g", { class: `stage ${state}` },
    s("title", {}, `${title}: ${WORDS[state] ?? ""}`),
    s("rect", { x, y, width, height, rx: 7 }),
    s("text", { x: x + width / 2, y: y + height / 2 - (hint ? 4 : -5), class: "name" }, mark ? `${mark} ${title}` : title),
    hint ? s("text", { x: x + width / 2, y: y + height / 2 + 14, class: "hint" }, hint) : null);
}

function arrow(x1, y1, x2, y2, on) {
  return s("line", { x1, y1, x2, y2, class: on ? "way on" : "way", "marker-end": on ? "url(#tip-on)" : "url(#tip)" });
}

function tips() {
  const tip = (id) => s("marker", { id, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 6, markerHeight: 6, orient: "auto" },
    s("path", { d: "M0 0 8 4 0 8z", class: id }));
  return s("defs", {}, tip("tip"), tip("tip-on"));
}

function wide(stages, done, label) {
  // Two rows of stages: seven in one would be too small to read.
  const first = stages.slice(0, 4);
  const second = stages.slice(4);
  const [w, h, gap, left, top] = [124, 54, 16, 124, 34];
  const at = (index) => left + index * (w + gap);
  const started = stages[0].state !== "waiting";
  const reached = (stage) => stage && stage.state !== "waiting";
  return s("svg", { viewBox: "0 0 820 200", role: "img", "aria-label": label },
    tips(),
    s("rect", { x: left - 14, y: 6, width: 4 * w + 3 * gap + 28, height: 188, rx: 12, class: "envoy" }),
    s("text", { x: left - 2, y: 24, class: "room" }, "Envoy with samlgate"),
    box(2, top, 84, h, "end", "Browser"),
    arrow(86, top + h / 2, left, top + h / 2, started),
    first.map((stage, index) => [
      box(at(index), top, w, h, stage.state, stage.name, stage.hint),
      index < 3 ? arrow(at(index) + w, top + h / 2, at(index + 1), top + h / 2, reached(first[index + 1])) : null,
    ]),
    s("path", { d: `M${at(3) + w / 2} ${top + h} v22 H${at(0) + w / 2} v20`, class: reached(second[0]) ? "way on" : "way",
      "marker-end": reached(second[0]) ? "url(#tip-on)" : "url(#tip)" }),
    second.map((stage, index) => [
      box(at(index), top + h + 44, w, h, stage.state, stage.name, stage.hint),
      index < 2 ? arrow(at(index) + w, top + h + 44 + h / 2, at(index + 1), top + h + 44 + h / 2, reached(second[index + 1])) : null,
    ]),
    arrow(at(2) + w, top + h + 44 + h / 2, 714, top + h + 44 + h / 2, done),
    box(714, top + h + 44, 104, h, done ? "arrived" : "end", "Application"));
}

function tall(stages, done, label) {
  const [w, h, gap, left] = [210, 40, 14, 45];
  const y = (index) => 84 + index * (h + gap);
  const bottom = y(stages.length) + 6;
  return s("svg", { viewBox: `0 0 300 ${bottom + 58}`, role: "img", "aria-label": label, class: "tall" },
    tips(),
    box(left + 40, 2, w - 80, 36, "end", "Browser"),
    s("rect", { x: 25, y: 54, width: 250, height: bottom - 60, rx: 12, class: "envoy" }),
    s("text", { x: 37, y: 74, class: "room" }, "Envoy"),
    arrow(150, 38, 150, y(0), stages[0].state !== "waiting"),
    stages.map((stage, index) => [
      box(left, y(index), w, h, stage.state, stage.name, stage.hint),
      index + 1 < stages.length ? arrow(150, y(index) + h, 150, y(index + 1), stages[index + 1].state !== "waiting") : null,
    ]),
    arrow(150, y(stages.length - 1) + h, 150, bottom + 16, done),
    box(left + 40, bottom + 16, w - 80, 36, done ? "arrived" : "end", "Application"));
}
