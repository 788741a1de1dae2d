<?php
// Signs with the SAML library of SimpleSAMLphp (robrichards/xmlseclibs below it).
//
//   SSP_HOME=DIR php with_simplesamlphp.php KEYS DOCUMENTS OUT
//
// Writes OUT/NAME.KEY.CASE.xml for documents of the folder DOCUMENTS, whose roots have an `ID`.
error_reporting(E_ALL & ~E_DEPRECATED);
require getenv('SSP_HOME') . '/vendor/autoload.php';

use RobRichards\XMLSecLibs\XMLSecurityKey;

[, $keys, $documents, $out] = $argv;

function sign(string $keys, string $file, string $scheme): string
{
    $document = new DOMDocument();
    if (!$document->load($file)) {
        exit(1);
    }
    $root = $document->documentElement;
    $key = new XMLSecurityKey($scheme, ['type' => 'private']);
    $key->loadKey("$keys/rsa2048.key.pem", true);
    $before = $root->firstChild;
    foreach ($root->childNodes as $child) {
        if ($child->localName === 'Issuer') {
            $before = $child->nextSibling;
        }
    }
    SAML2\Utils::insertSignature($key, [file_get_contents("$keys/rsa2048.crt.pem")], $root, $before);
    return $document->saveXML();
}

foreach (glob("$documents/*.xml") as $file) {
    $name = basename($file, '.xml');
    file_put_contents("$out/$name.rsa2048.sha256.xml", sign($keys, $file, XMLSecurityKey::RSA_SHA256));
}
file_put_contents("$out/assertion.rsa2048.sha384.xml", sign($keys, "$documents/assertion.xml", XMLSecurityKey::RSA_SHA384));
file_put_contents("$out/assertion.rsa2048.sha512.xml", sign($keys, "$documents/assertion.xml", XMLSecurityKey::RSA_SHA512));
