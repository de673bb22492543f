"""Run by uvicorn."""
from routes import answer


async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["path"] == "/app/early":
        content = b"too large here"
        await begin(send, 413, [("content-type", "text/plain"), ("content-length", str(len(content)))])
        return await send({"type": "http.response.body", "body": content})
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    target = scope["raw_path"].decode("latin1")
    if scope["query_string"]:
        target += "?" + scope["query_string"].decode("latin1")
    fields = [[name.decode("latin1"), value.decode("latin1")] for name, value in scope["headers"]]
    status, answered, content = answer(scope["method"], target, fields, body)
    pieces = content if isinstance(content, list) else [content]
    if content is not pieces and status not in (204, 205, 304):
        answered = [*answered, ("content-length", str(len(content)))]
    await begin(send, status, answered)
    for piece in pieces if scope["method"] != "HEAD" else []:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body"})


async def begin(send, status, fields):
    encoded = [(name.encode("latin1"), value.encode("latin1")) for name, value in fields]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
