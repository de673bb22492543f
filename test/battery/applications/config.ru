# Run by puma: the routes that every application of the battery has.
require "digest"
require "json"

PATTERN = File.binread(File.join(ENV.fetch("BATTERY_ROOT"), "pattern.bin")).freeze
TEXT = { "content-type" => "text/plain" }.freeze
JSON_TYPE = { "content-type" => "application/json" }.freeze

def respond(env)
  query = env["QUERY_STRING"].split("&").to_h do |pair|
    name, value = pair.split("=", 2)
    [name, (value || "").gsub(/%(\h\h)/) { $1.hex.chr }]
  end
  path = env["PATH_INFO"]
  return [413, TEXT, ["too large here"]] if path == "/app/early"

  body = env["rack.input"].read
  digest = { bytes: body.bytesize, sha256: Digest::SHA256.hexdigest(body) }
  case path
  when "/app/echo"
    names = env.keys.select { |name| name.start_with?("HTTP_") || %w[CONTENT_TYPE CONTENT_LENGTH].include?(name) }
    fields = names.sort.map { |name| [name.delete_prefix("HTTP_").tr("_", "-").downcase, env[name].dup.force_encoding("UTF-8").scrub] }
    [200, JSON_TYPE, [JSON.generate({ method: env["REQUEST_METHOD"], target: env["REQUEST_URI"], fields: fields, **digest })]]
  when "/app/upload" then [200, JSON_TYPE, [JSON.generate(digest)]]
  when "/app/status"
    code = query["code"].to_i
    bodiless = [204, 205, 304].include?(code)
    [code, { "x-status" => code.to_s }.merge(bodiless ? {} : TEXT), bodiless ? [] : ["status #{code}"]]
  when "/app/bytes"
    part = PATTERN.byteslice(query.fetch("at", "0").to_i, query["n"].to_i)
    headers = { "content-type" => "application/octet-stream" }
    next_at = (0...part.bytesize).step(10_000)
    return [200, headers, next_at.map { |at| part.byteslice(at, 10_000) }] if query.key?("chunked")
    [200, headers.merge("content-length" => part.bytesize.to_s), [part]]
  when "/app/fields"
    value = "v" * query["bytes"].to_i
    [200, TEXT.merge((0...query["count"].to_i).to_h { |number| ["x-field-#{number}", value] }), ["fields"]]
  when "/app/cookies"
    cookies = ["a=1; Path=/; HttpOnly", "b=2; Expires=Wed, 09 Jun 2032 10:18:14 GMT", "c=; Max-Age=0"]
    [200, TEXT.merge("set-cookie" => cookies.join("\n")), ["cookies"]]
  when "/app/redirect" then [query["code"].to_i, TEXT.merge("location" => query["to"]), ["elsewhere"]]
  when "/app/encoded" then [200, TEXT.merge("content-encoding" => query["as"]), [PATTERN.byteslice(0, 500)]]
  when "/app/latin1" then [200, TEXT.merge("content-disposition" => "attachment; filename=\"caf\xE9.pdf\"".b), ["latin1"]]
  when "/app/utf8" then [200, TEXT.merge("content-disposition" => "attachment; filename=\"caf\u00e9.pdf\"".b), ["utf8"]]
  else [404, TEXT, ["no such route"]]
  end
end

run(lambda { |env| respond(env) })
