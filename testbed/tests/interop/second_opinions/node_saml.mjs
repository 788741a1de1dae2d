// What @node-saml/node-saml says, asked as an application asks it. Usage: node node_saml.mjs CASES.json
//
// The fields of a case are described in batch.py.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import path from "node:path";

const require = createRequire(path.join(process.env.NODE_SAML, "package.json"));

const RealDate = Date;
let now = 0;
globalThis.Date = class extends RealDate {
  constructor(...given) {
    super(...(given.length === 0 ? [now] : given));
  }
  static now() {
    return now;
  }
};

const { SAML, ValidateInResponseTo } = require("@node-saml/node-saml");

// Knows the one request that was sent, until it is taken.
const known = (request) => {
  const entries = new Map([[request, new Date().toISOString()]]);
  return {
    saveAsync: async (key, value) => entries.set(key, value),
    getAsync: async (key) => entries.get(key) ?? null,
    removeAsync: async (key) => (entries.delete(key) ? key : null),
  };
};

const judge = async (one) => {
  now = one.now * 1000;
  const saml = new SAML({
    callbackUrl: one.acs,
    entryPoint: "https://idp.example/sso",
    issuer: one.sp,
    audience: one.sp,
    idpIssuer: one.idp,
    idpCert: one.certificates.map((file) => readFileSync(file, "ascii")),
    decryptionPvk: one.decryption_keys.length === 0 ? undefined : readFileSync(one.decryption_keys[0], "ascii"),
    wantAssertionsSigned: one.demand === "assertion" || one.demand === "both",
    wantAuthnResponseSigned: one.demand === "response" || one.demand === "both",
    acceptedClockSkewMs: one.skew * 1000,
    maxAssertionAgeMs: one.max_age * 1000,
    validateInResponseTo: ValidateInResponseTo.always,
    cacheProvider: known(one.request),
  });
  const SAMLResponse = readFileSync(one.file).toString("base64");
  const { profile } = await saml.validatePostResponseAsync({ SAMLResponse });
  if (!profile) {
    throw new Error("nobody is signed in");
  }
  const attributes = {};
  for (const [name, value] of Object.entries(profile.attributes ?? {})) {
    attributes[name] = (Array.isArray(value) ? value : [value]).map((value) => value ?? null);
  }
  return { accepts: true, name_id: profile.nameID ?? null, attributes };
};

for (const one of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  let answer;
  try {
    answer = await judge(one);
  } catch (error) {
    answer = { accepts: false, reason: `${error?.name}: ${error?.message}`.slice(0, 2000) };
  }
  console.log(JSON.stringify({ name: one.name, ...answer }));
}
