<?php
$sign = getenv('IDP_SIGN') ?: 'assertion';
$metadata['http://idp.localhost:' . getenv('IDP_PORT') . '/simplesaml/saml2/idp/metadata.php'] = [
    'host' => '__DEFAULT__',
    'privatekey' => 'idp.key',
    'certificate' => 'idp.crt',
    'auth' => 'users',
    'userid.attribute' => 'uid',
    'NameIDFormat' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified',
    'simplesaml.nameidattribute' => 'uid',
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'saml20.sign.response' => $sign !== 'assertion',
    'saml20.sign.assertion' => $sign !== 'response',
    'assertion.encryption' => getenv('IDP_ENCRYPT') === 'assertion',
    'nameid.encryption' => getenv('IDP_ENCRYPT') === 'name',
    // With IDP_WANT_SIGNED=1 (the default) every AuthnRequest must carry a good signature.
    'redirect.validate' => getenv('IDP_WANT_SIGNED') !== '0',
    'authproc' => [
        10 => [
            'class' => 'saml:AttributeNameID',
            'attribute' => 'uid',
            'Format' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified',
        ],
    ],
];
