<?php
// PHP's built-in server hands every request to this file; it plays the part of Apache's
// `Alias /simplesaml <program>/www` with scripts that take a path after their name.
$www = getenv('SSP_HOME') . '/www';
$path = (string) parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
$prefix = '/simplesaml/';
if (strncmp($path, $prefix, strlen($prefix)) !== 0 || strpos($path, '..') !== false) {
    http_response_code(404);
    exit('not found');
}
$rest = substr($path, strlen($prefix) - 1);
$cut = strpos($rest, '.php');
if ($cut === false) {
    $rest = rtrim($rest, '/');
    if (is_file("$www$rest/index.php")) {
        $rest .= '/index.php';
        $cut = strlen($rest) - 4;
    } elseif (is_file("$www$rest")) {
        $types = ['css' => 'text/css', 'js' => 'text/javascript', 'png' => 'image/png', 'ico' => 'image/x-icon'];
        header('Content-Type: ' . ($types[pathinfo($rest, PATHINFO_EXTENSION)] ?? 'application/octet-stream'));
        readfile("$www$rest");
        exit;
    } else {
        http_response_code(404);
        exit('not found');
    }
}
$script = substr($rest, 0, $cut + 4);
if (!is_file($www . $script)) {
    http_response_code(404);
    exit('not found');
}
$_SERVER['SCRIPT_NAME'] = '/simplesaml' . $script;
$_SERVER['SCRIPT_FILENAME'] = $www . $script;
$_SERVER['PHP_SELF'] = '/simplesaml' . $rest;
$after = substr($rest, $cut + 4);
if ($after !== '') {
    $_SERVER['PATH_INFO'] = $after;
} else {
    unset($_SERVER['PATH_INFO']);
}
chdir(dirname($www . $script));
require $www . $script;
