<?php
// SimpleSAMLphp as a small identity provider; all places come from idp.sh by environment variables.
$state = getenv('IDP_STATE');
$base = 'http://idp.localhost:' . getenv('IDP_PORT') . '/simplesaml/';
$sources = [['type' => 'flatfile']];
if (is_file((string) getenv('SP_METADATA'))) {
    $sources[] = ['type' => 'xml', 'file' => getenv('SP_METADATA')];
}
$config = [
    'baseurlpath' => $base,
    'certdir' => "$state/cert/",
    'loggingdir' => "$state/log/",
    'datadir' => "$state/data/",
    'tempdir' => "$state/tmp",
    'metadatadir' => __DIR__ . '/metadata/',
    'attributenamemapdir' => getenv('SSP_HOME') . '/../../../etc/simplesamlphp/attributemap/',
    'timezone' => 'UTC',
    'secretsalt' => trim((string) file_get_contents("$state/salt")),
    'auth.adminpassword' => bin2hex(random_bytes(16)),
    'admin.checkforupdates' => false,
    'technicalcontact_name' => 'Interop',
    'technicalcontact_email' => 'interop@example.org',
    'showerrors' => true,
    'errorreporting' => false,
    'debug' => ['saml' => false, 'backtraces' => true, 'validatexml' => false],
    'logging.level' => SimpleSAML\Logger::INFO,
    'logging.handler' => 'file',
    'logging.logfile' => 'simplesamlphp.log',
    'enable.saml20-idp' => true,
    'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
    'session.cookie.secure' => false,
    'session.cookie.samesite' => 'Lax',
    'session.phpsession.cookiename' => 'SimpleSAML',
    'session.phpsession.savepath' => "$state/sessions",
    'session.phpsession.httponly' => true,
    'language.available' => ['en'],
    'language.default' => 'en',
    'language.cookie.secure' => false,
    'store.type' => 'phpsession',
    'metadata.sources' => $sources,
    'metadata.sign.enable' => false,
    'authproc.idp' => [],
    'theme.use' => 'default',
];
