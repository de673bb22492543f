"""The routes that every application of the battery has, for WSGI and ASGI alike."""
import hashlib
import json
import os
from urllib.parse import parse_qs

with open(os.path.join(os.environ["BATTERY_ROOT"], "pattern.bin"), "rb") as pattern:
    PATTERN = pattern.read()

TEXT = ("content-type", "text/plain")


def answer(method, target, fields, body):
    """Gives status, fields and body, all of it bytes or Latin-1; a body that is a list is sent in pieces."""
    path, _, query_text = target.partition("?")
    query = {name: values[0] for name, values in parse_qs(query_text, keep_blank_values=True).items()}
    digest = {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    if path == "/app/echo":
        seen = {"method": method, "target": target, "fields": fields, **digest}
        return 200, [("content-type", "application/json")], json.dumps(seen).encode()
    if path == "/app/upload":
        return 200, [("content-type", "application/json")], json.dumps(digest).encode()
    if path == "/app/status":
        code = int(query["code"])
        bodiless = code in (204, 205, 304)
        return code, [("x-status", str(code))] + ([] if bodiless else [TEXT]), b"" if bodiless else b"status %d" % code
    if path == "/app/bytes":
        start, length = int(query.get("at", 0)), int(query["n"])
        part = PATTERN[start : start + length]
        fields = [("content-type", "application/octet-stream")]
        return 200, fields, [part[at : at + 10000] for at in range(0, length, 10000)] if "chunked" in query else part
    if path == "/app/fields":
        value = "v" * int(query["bytes"])
        return 200, [TEXT] + [("x-field-%d" % number, value) for number in range(int(query["count"]))], b"fields"
    if path == "/app/cookies":
        cookies = ["a=1; Path=/; HttpOnly", "b=2; Expires=Wed, 09 Jun 2032 10:18:14 GMT", "c=; Max-Age=0"]
        return 200, [TEXT] + [("set-cookie", cookie) for cookie in cookies], b"cookies"
    if path == "/app/redirect":
        return int(query["code"]), [TEXT, ("location", query["to"])], b"elsewhere"
    if path == "/app/encoded":
        return 200, [TEXT, ("content-encoding", query["as"])], PATTERN[:500]
    if path == "/app/latin1":
        return 200, [TEXT, ("content-disposition", 'attachment; filename="caf\xe9.pdf"')], b"latin1"
    if path == "/app/utf8":
        return 200, [TEXT, ("content-disposition", 'attachment; filename="caf\xc3\xa9.pdf"')], b"utf8"
    return 404, [TEXT], b"no such route"
