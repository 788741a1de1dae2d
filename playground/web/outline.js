// The fields that the configuration's schema knows.
import { $, h } from "./dom.js";

/** Deeper than any field; conditions may nest. */
const DEEPEST = 12;

let fields = [];

export function readSchema(schema) {
  const definitions = schema.$defs ?? {};
  const resolve = (node) => {
    const words = node.description;
    const named = node.$ref ?? node.allOf?.[0]?.$ref;
    if (!named) return node;
    const target = definitions[named.split("/").pop()] ?? {};
    return { ...target, ...node, description: words ?? target.description };
  };
  const visit = (raw, path, depth, inside) => {
    if (depth > DEEPEST) return;
    const name = raw.$ref ?? raw.allOf?.[0]?.$ref;
    if (name && inside.includes(name)) return;
    const within = name ? [...inside, name] : inside;
    const node = resolve(raw);
    for (const choice of [node, ...(node.oneOf ?? []), ...(node.anyOf ?? [])].map((one) => (one === node ? one : resolve(one)))) {
      for (const [key, child] of Object.entries(choice.properties ?? {})) {
        const here = path ? `${path}.${key}` : key;
        if (fields.some((field) => field.path === here)) continue;
        const known = resolve(child);
        fields.push({ path: here, key, depth, kind: kindOf(known, resolve), words: known.description ?? "",
          fallback: known.default, required: (choice.required ?? []).includes(key) && choice === node });
        visit(child, here, depth + 1, within);
        if (known.items) visit(known.items, here, depth + 1, within);
      }
      if (choice !== node && choice.items) visit(choice.items, path, depth, within);
    }
    if (node.items) visit(node.items, path, depth, within);
  };
  fields = [];
  visit(schema, "", 0, []);
}

function kindOf(node, resolve) {
  const words = [...(node.oneOf ?? []), ...(node.anyOf ?? [])].map(resolve);
  const constants = words.filter((one) => "const" in one).map((one) => one.const);
  if (constants.length) return constants.join(" | ");
  const keys = words.flatMap((one) => Object.keys(one.properties ?? {}));
  if (keys.length) return `one of ${keys.join(", ")}`;
  if (node.enum) return node.enum.join(" | ");
  const type = Array.isArray(node.type) ? node.type[0] : node.type;
  return { array: "list", object: "map", string: node.pattern ? "duration" : "text", integer: "number" }[type] ?? type ?? "";
}

function shown(value) {
  return value === undefined || (typeof value === "object" && value !== null && !Array.isArray(value)) ? null : JSON.stringify(value);
}

function entry(field) {
  const fallback = shown(field.fallback);
  return [
    h("code", {}, field.path), " ",
    h("span", { class: "kind" }, field.kind, field.required ? " · required" : "", fallback && fallback !== "[]" ? ` · default ${fallback}` : ""),
    field.words ? h("span", { class: "words" }, field.words) : null,
  ];
}

export function showOutline() {
  const wanted = $("outline-filter").value.trim().toLowerCase();
  const hits = fields.filter((field) => !wanted || `${field.path} ${field.words}`.toLowerCase().includes(wanted));
  $("outline").replaceChildren(...hits.map((field) => h("li", { class: `depth-${Math.min(field.depth, 5)}` }, entry(field))));
}

/** Help for the field at the cursor, or for what is around it. */
export function showField(path) {
  let at = path;
  let field;
  while (at && !(field = fields.find((one) => one.path === at))) at = at.slice(0, Math.max(0, at.lastIndexOf(".")));
  $("cursor").hidden = !field;
  if (field) $("cursor").replaceChildren(h("span", { class: "tag" }, "at the cursor"), " ", ...entry(field).filter(Boolean));
}
