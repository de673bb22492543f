<?php
// Run by php-fpm behind nginx: the routes that every application of the battery has.
declare(strict_types=1);

$path = explode('?', $_SERVER['REQUEST_URI'])[0];
$pattern = fn(int $at, int $n): string => $n === 0 ? '' : (string) file_get_contents(
    getenv('BATTERY_ROOT') . '/pattern.bin', false, null, $at, $n);

function text(int $status, string $body): void
{
    http_response_code($status);
    header('content-type: text/plain');
    echo $body;
}

if ($path === '/app/early') {
    text(413, 'too large here');
    exit;
}
$hash = hash_init('sha256');
$bytes = 0;
$input = fopen('php://input', 'rb');
while (!feof($input)) {
    $chunk = (string) fread($input, 65536);
    hash_update($hash, $chunk);
    $bytes += strlen($chunk);
}
$digest = ['bytes' => $bytes, 'sha256' => hash_final($hash)];

switch ($path) {
    case '/app/echo':
        $fields = [];
        foreach ($_SERVER as $name => $value) {
            if (str_starts_with($name, 'HTTP_') || in_array($name, ['CONTENT_TYPE', 'CONTENT_LENGTH'], true)) {
                $fields[] = [strtolower(strtr(preg_replace('/^HTTP_/', '', $name), '_', '-')), $value];
            }
        }
        sort($fields);
        header('content-type: application/json');
        $seen = ['method' => $_SERVER['REQUEST_METHOD'], 'target' => $_SERVER['REQUEST_URI'], 'fields' => $fields];
        echo json_encode($seen + $digest, JSON_INVALID_UTF8_SUBSTITUTE | JSON_UNESCAPED_SLASHES);
        break;
    case '/app/upload':
        header('content-type: application/json');
        echo json_encode($digest);
        break;
    case '/app/status':
        $code = (int) $_GET['code'];
        header("x-status: $code");
        if (in_array($code, [204, 205, 304], true)) http_response_code($code);
        else text($code, "status $code");
        break;
    case '/app/bytes':
        $part = $pattern((int) ($_GET['at'] ?? 0), (int) $_GET['n']);
        header('content-type: application/octet-stream');
        if (!isset($_GET['chunked'])) header('content-length: ' . strlen($part));
        echo $part;
        break;
    case '/app/fields':
        for ($number = 0; $number < (int) $_GET['count']; $number++) {
            header("x-field-$number: " . str_repeat('v', (int) $_GET['bytes']));
        }
        text(200, 'fields');
        break;
    case '/app/cookies':
        foreach (['a=1; Path=/; HttpOnly', 'b=2; Expires=Wed, 09 Jun 2032 10:18:14 GMT', 'c=; Max-Age=0'] as $cookie) {
            header("set-cookie: $cookie", false);
        }
        text(200, 'cookies');
        break;
    case '/app/redirect':
        header('location: ' . $_GET['to'], true, (int) $_GET['code']);
        text((int) $_GET['code'], 'elsewhere');
        break;
    case '/app/encoded':
        header('content-encoding: ' . $_GET['as']);
        text(200, $pattern(0, 500));
        break;
    case '/app/latin1':
        header("content-disposition: attachment; filename=\"caf\xe9.pdf\"");
        text(200, 'latin1');
        break;
    case '/app/utf8':
        header("content-disposition: attachment; filename=\"caf\u{e9}.pdf\"");
        text(200, 'utf8');
        break;
    default:
        text(404, 'no such route');
}
