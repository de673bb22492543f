"""Run by gunicorn."""
from http.client import responses

from routes import answer


def application(environ, start_response):
    target = environ["RAW_URI"]
    if environ["PATH_INFO"] == "/app/early":
        start_response("413 Content Too Large", [("content-type", "text/plain"), ("content-length", "14")])
        return [b"too large here"]
    names = [name for name in environ if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")]
    fields = [[name.removeprefix("HTTP_").replace("_", "-").lower(), environ[name]] for name in sorted(names)]
    body = environ["wsgi.input"].read()
    status, answered, content = answer(environ["REQUEST_METHOD"], target, fields, body)
    pieces = content if isinstance(content, list) else [content]
    # Without a length it is sent in chunks.
    if content is not pieces and status not in (204, 205, 304):
        answered = [*answered, ("content-length", str(len(content)))]
    start_response("%d %s" % (status, responses.get(status, "Whatever")), answered)
    return pieces if environ["REQUEST_METHOD"] != "HEAD" else []
