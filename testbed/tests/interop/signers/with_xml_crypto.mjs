// Signs with xml-crypto.  NODE_MODULES=DIR node with_xml_crypto.mjs KEYS DOCUMENTS OUT
//
// Writes OUT/NAME.KEY.CASE.xml for documents of the folder DOCUMENTS, whose roots have an `ID`. DIR is the folder with
// node_modules. There is no PrefixList: xml-crypto 6.3.2 puts it into the enveloped-signature transform too, which has no
// parameters and which we refuse with any.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { argv, env } from "node:process";

const { SignedXml } = createRequire(join(env.NODE_MODULES, "package.json"))("xml-crypto");
const [, , keys, documents, out] = argv;
const EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

function sign(name, hash, { canonicalization = EXCLUSIVE, prefix = "ds" } = {}) {
  const signer = new SignedXml({
    privateKey: readFileSync(join(keys, "rsa2048.key.pem")),
    publicCert: readFileSync(join(keys, "rsa2048.crt.pem")),
    signatureAlgorithm: `http://www.w3.org/2001/04/xmldsig-more#rsa-${hash}`,
    canonicalizationAlgorithm: canonicalization,
  });
  signer.addReference({
    xpath: "/*",
    digestAlgorithm: `http://www.w3.org/2001/04/xmlenc#${hash}`,
    transforms: [ENVELOPED, canonicalization],
  });
  // Behind the issuer, or first in metadata.
  const place = name === "metadata"
    ? { reference: "/*", action: "prepend" }
    : { reference: "/*/*[local-name()='Issuer']", action: "after" };
  signer.computeSignature(readFileSync(join(documents, `${name}.xml`), "utf8"), { prefix, location: place });
  return signer.getSignedXml();
}

const cases = readdirSync(documents)
  .filter((file) => file.endsWith(".xml"))
  .map((file) => [basename(file, ".xml"), "sha256", "sha256", {}]);
cases.push(
  ["assertion", "sha512", "sha512", {}],
  ["assertion", "default_prefix", "sha256", { prefix: "" }],
  ["text", "with_comments", "sha256", { canonicalization: `${EXCLUSIVE}WithComments` }],
);
for (const [name, kind, hash, more] of cases) {
  writeFileSync(join(out, `${name}.rsa2048.${kind}.xml`), sign(name, hash, more));
}
