// Finds SAMLResponses in what people have at hand: XML, base64, a form body, a page, a HAR file.

/** [{response, when, where}], the latest first; `when` and `where` only where a recording tells. */
export function findResponses(text) {
  const trimmed = text.trim();
  if (!trimmed) return [];
  if (trimmed.startsWith("{") || trimmed.startsWith("[")) {
    try {
      const found = [];
      walk(JSON.parse(trimmed), {}, found);
      return distinct(found).reverse();
    } catch {
      return [];
    }
  }
  if (/<[^>]*\bname\s*=\s*["']?SAMLResponse/i.test(trimmed)) return inPage(trimmed);
  if (trimmed.startsWith("<")) return [{ response: trimmed }];
  return [...inForm(trimmed)].slice(0, 1);
}

function distinct(found) {
  const seen = new Set();
  return found.filter(({ response }) => !seen.has(response) && seen.add(response));
}

/** Recordings differ in shape; what they share is the name of the field. */
function walk(value, context, found) {
  if (Array.isArray(value)) {
    if (value.length === 2 && value[0] === "SAMLResponse" && typeof value[1] === "string") {
      found.push({ response: tidy(value[1]), ...context });
    }
    for (const entry of value) walk(entry, context, found);
  } else if (value && typeof value === "object") {
    const here = { ...context };
    if (typeof value.startedDateTime === "string") here.when = value.startedDateTime;
    if (typeof value.url === "string") here.where = value.url;
    if (value.name === "SAMLResponse" && typeof value.value === "string") {
      found.push({ response: tidy(value.value), ...here });
    }
    for (const [key, entry] of Object.entries(value)) {
      if (key === "SAMLResponse" && typeof entry === "string") found.push({ response: tidy(entry), ...here });
      else walk(entry, here, found);
    }
  } else if (typeof value === "string" && /(^|[?&])SAMLResponse=/.test(value)) {
    for (const one of inForm(value)) found.push({ ...one, ...context });
  }
}

/** The answer of an identity provider, saved as a page. */
function inPage(text) {
  const fields = new DOMParser().parseFromString(text, "text/html").querySelectorAll("[name=SAMLResponse]");
  return [...fields].map((field) => ({ response: tidy(field.getAttribute("value") ?? field.textContent) }));
}

/** A form body, a line of a network tab, or the bare value. */
function inForm(text) {
  const field = /(?:^|[?&\s])SAMLResponse\s*[=:\t ]\s*([^&\s]+)/.exec(text);
  return [{ response: tidy(field ? field[1] : text) }];
}

/** Without percent escapes, quotes and line breaks; XML stays XML. */
function tidy(value) {
  let text = value.trim().replace(/^["']|["']$/g, "");
  if (/%[0-9a-f]{2}/i.test(text)) {
    try {
      text = decodeURIComponent(text.replace(/\+/g, "%2B"));
    } catch { /* the core says what is wrong with it */ }
  }
  return text.startsWith("<") ? text : text.replace(/\s+/g, "");
}

/** The XML as text, for people to read; null when it is none. */
export function decoded(response) {
  if (response.trim().startsWith("<")) return response;
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(response), (character) => character.charCodeAt(0)));
  } catch {
    return null;
  }
}
