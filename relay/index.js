var __defProp = Object.defineProperty;
var __export = (target, all) => {
  for (var name in all)
    __defProp(target, name, { get: all[name], enumerable: true });
};

// node_modules/hono/dist/http-exception.js
var HTTPException = class extends Error {
  res;
  status;
  /**
  * Creates an instance of `HTTPException`.
  * @param status - HTTP status code for the exception. Defaults to 500.
  * @param options - Additional options for the exception.
  */
  constructor(status = 500, options) {
    super(options?.message, { cause: options?.cause });
    this.res = options?.res;
    this.status = status;
  }
  /**
  * Returns the response object associated with the exception.
  * If a response object is not provided, a new response is created with the error message and status code.
  * @returns The response object.
  */
  getResponse() {
    if (this.res) return new Response(this.res.body, {
      status: this.status,
      headers: this.res.headers
    });
    return new Response(this.message, { status: this.status });
  }
};

// node_modules/hono/dist/request/constants.js
var GET_MATCH_RESULT = /* @__PURE__ */ Symbol();

// node_modules/hono/dist/utils/buffer.js
var bufferToFormData = (arrayBuffer, contentType) => {
  return new Response(arrayBuffer, { headers: { "Content-Type": contentType.replace(/^[^;]+/, (mediaType) => mediaType.toLowerCase()) } }).formData();
};

// node_modules/hono/dist/utils/body.js
var MAX_NESTED_OBJECTS = 1e4;
var isRawRequest = (request) => "headers" in request;
var parseBody = async (request, options = /* @__PURE__ */ Object.create(null)) => {
  const { all = false, dot = false } = options;
  const mediaType = (isRawRequest(request) ? request.headers : request.raw.headers).get("Content-Type")?.split(";")[0].trim().toLowerCase();
  if (mediaType === "multipart/form-data" || mediaType === "application/x-www-form-urlencoded") return parseFormData(request, {
    all,
    dot
  });
  return {};
};
async function parseFormData(request, options) {
  if (!isRawRequest(request) && request.bodyCache.formData) return convertFormDataToBodyData(await request.bodyCache.formData, options);
  const headers = isRawRequest(request) ? request.headers : request.raw.headers;
  const arrayBuffer = await request.arrayBuffer();
  const formDataPromise = bufferToFormData(arrayBuffer, headers.get("Content-Type") || "");
  if (!isRawRequest(request)) request.bodyCache.formData = formDataPromise;
  const formData = await formDataPromise;
  if (formData) return convertFormDataToBodyData(formData, options);
  return {};
}
function convertFormDataToBodyData(formData, options) {
  const form = /* @__PURE__ */ Object.create(null);
  const nestingState = { count: 0 };
  formData.forEach((value2, key) => {
    if (!(options.all || key.endsWith("[]"))) form[key] = value2;
    else handleParsingAllValues(form, key, value2);
  });
  if (options.dot) Object.entries(form).forEach(([key, value2]) => {
    if (key.includes(".")) {
      handleParsingNestedValues(form, key, value2, nestingState);
      delete form[key];
    }
  });
  return form;
}
var handleParsingAllValues = (form, key, value2) => {
  if (form[key] !== void 0) {
    if (Array.isArray(form[key])) form[key].push(value2);
    else form[key] = [form[key], value2];
  } else if (!key.endsWith("[]")) form[key] = value2;
  else form[key] = [value2];
};
var handleParsingNestedValues = (form, key, value2, state) => {
  if (/(?:^|\.)__proto__\./.test(key)) return;
  let nestedForm = form;
  const keys = key.split(".", 34);
  if (keys.length > 33) throwNestingLimitExceeded();
  keys.forEach((key2, index) => {
    if (index === keys.length - 1) nestedForm[key2] = value2;
    else {
      if (!nestedForm[key2] || typeof nestedForm[key2] !== "object" || Array.isArray(nestedForm[key2]) || nestedForm[key2] instanceof File) {
        if (state.count++ >= MAX_NESTED_OBJECTS) throwNestingLimitExceeded();
        nestedForm[key2] = /* @__PURE__ */ Object.create(null);
      }
      nestedForm = nestedForm[key2];
    }
  });
};
var throwNestingLimitExceeded = () => {
  throw new Error("Nesting limit exceeded");
};

// node_modules/hono/dist/utils/url.js
var splitPath = (path) => {
  const paths = path.split("/");
  if (paths[0] === "") paths.shift();
  return paths;
};
var splitRoutingPath = (routePath2) => {
  const { groups, path } = extractGroupsFromPath(routePath2);
  const paths = splitPath(path);
  return replaceGroupMarks(paths, groups);
};
var extractGroupsFromPath = (path) => {
  const groups = [];
  path = path.replace(/\{[^}]+\}/g, (match2, index) => {
    const mark = `@${index}`;
    groups.push([mark, match2]);
    return mark;
  });
  return {
    groups,
    path
  };
};
var replaceGroupMarks = (paths, groups) => {
  for (let i = groups.length - 1; i >= 0; i--) {
    const [mark] = groups[i];
    for (let j = paths.length - 1; j >= 0; j--) if (paths[j].includes(mark)) {
      paths[j] = paths[j].replace(mark, groups[i][1]);
      break;
    }
  }
  return paths;
};
var patternCache = {};
var getPattern = (label, next) => {
  if (label === "*") return "*";
  const match2 = label.match(/^\:([^\{\}]+)(?:\{(.+)\})?$/);
  if (match2) {
    const cacheKey = `${label}#${next}`;
    if (!patternCache[cacheKey]) {
      if (match2[2]) patternCache[cacheKey] = next && next[0] !== ":" && next[0] !== "*" ? [
        cacheKey,
        match2[1],
        new RegExp(`^${match2[2]}(?=/${next})`)
      ] : [
        label,
        match2[1],
        new RegExp(`^${match2[2]}$`)
      ];
      else patternCache[cacheKey] = [
        label,
        match2[1],
        true
      ];
    }
    return patternCache[cacheKey];
  }
  return null;
};
var tryDecode = (str, decoder7) => {
  try {
    return decoder7(str);
  } catch {
    return str.replace(/(?:%[0-9A-Fa-f]{2})+/g, (match2) => {
      try {
        return decoder7(match2);
      } catch {
        return match2;
      }
    });
  }
};
var decodeURIWithPreservedPercent = (value2) => decodeURI(value2.includes("%25") ? value2.replace(/%25/g, "%2525") : value2);
var getPath = (request) => {
  const url = request.url;
  const start = url.indexOf("/", url.indexOf(":") + 4);
  let i = start;
  for (; i < url.length; i++) {
    const charCode = url.charCodeAt(i);
    if (charCode === 37) {
      const queryIndex = url.indexOf("?", i);
      const hashIndex = url.indexOf("#", i);
      const end = queryIndex === -1 ? hashIndex === -1 ? void 0 : hashIndex : hashIndex === -1 ? queryIndex : Math.min(queryIndex, hashIndex);
      const path = url.slice(start, end);
      const decoded2 = tryDecode(path, decodeURIWithPreservedPercent);
      if (/%(?![0-9A-Fa-f]{2})/.test(path)) {
        const rewritten = new URL("http://localhost");
        rewritten.pathname = decoded2.replace(/[\\\t\n\r]/g, encodeURIComponent);
        if (tryDecode(rewritten.pathname, decodeURIWithPreservedPercent) !== decoded2) return tryDecode(path.replace(/%(?![0-9A-Fa-f]{2})/g, "%25"), decodeURIWithPreservedPercent);
      }
      return decoded2;
    } else if (charCode === 63 || charCode === 35) break;
  }
  return url.slice(start, i);
};
var getPathNoStrict = (request) => {
  const result = getPath(request);
  return result.length > 1 && result.at(-1) === "/" ? result.slice(0, -1) : result;
};
var mergePath = (base, sub, ...rest) => {
  if (rest.length) sub = mergePath(sub, ...rest);
  return `${base?.[0] === "/" ? "" : "/"}${base}${sub === "/" ? "" : `${base?.at(-1) === "/" ? "" : "/"}${sub?.[0] === "/" ? sub.slice(1) : sub}`}`;
};
var checkOptionalParameter = (path) => {
  if (path.charCodeAt(path.length - 1) !== 63 || !path.includes(":")) return null;
  const segments = path.split("/");
  const results = [];
  let basePath = "";
  segments.forEach((segment) => {
    if (segment !== "" && !/\:/.test(segment)) basePath += "/" + segment;
    else if (/\:/.test(segment)) {
      if (segment.charCodeAt(segment.length - 1) === 63) {
        if (results.length === 0 && basePath === "") results.push("/");
        else results.push(basePath);
        const optionalSegment = segment.slice(0, -1);
        basePath += "/" + optionalSegment;
        results.push(basePath);
      } else basePath += "/" + segment;
    }
  });
  return results.filter((v, i, a) => a.indexOf(v) === i);
};
var tryDecodeURIComponent = (str) => str.indexOf("%") !== -1 ? tryDecode(str, decodeURIComponent_) : str;
var _decodeURI = (value2) => {
  if (value2.indexOf("+") !== -1) value2 = value2.replace(/\+/g, " ");
  return tryDecodeURIComponent(value2);
};
var _getQueryParam = (url, key, multiple) => {
  const hashIndex = url.indexOf("#", 8);
  if (hashIndex !== -1) url = url.slice(0, hashIndex);
  let encoded;
  if (!multiple && key && !/[%+&=]/.test(key)) {
    const queryIndex = url.indexOf("?", 8);
    let keyIndex2 = queryIndex;
    if (keyIndex2 === -1) return;
    if (!url.startsWith(key, keyIndex2 + 1)) keyIndex2 = url.indexOf(`&${key}`, keyIndex2 + 1);
    while (keyIndex2 !== -1) {
      const trailingKeyCode = url.charCodeAt(keyIndex2 + key.length + 1);
      if (trailingKeyCode === 61 || trailingKeyCode === 38 || isNaN(trailingKeyCode)) {
        if (keyIndex2 > queryIndex && /(?:^|&)[^=&]*[%+]/.test(url.slice(queryIndex + 1, keyIndex2))) break;
        if (trailingKeyCode === 61) {
          const valueIndex = keyIndex2 + key.length + 2;
          const endIndex = url.indexOf("&", valueIndex);
          return _decodeURI(url.slice(valueIndex, endIndex === -1 ? void 0 : endIndex));
        }
        return "";
      }
      keyIndex2 = url.indexOf(`&${key}`, keyIndex2 + 1);
    }
    encoded = /[%+]/.test(url);
    if (!encoded) return;
  }
  const results = /* @__PURE__ */ Object.create(null);
  encoded ??= /[%+]/.test(url);
  let keyIndex = url.indexOf("?", 8);
  while (keyIndex !== -1) {
    const nextKeyIndex = url.indexOf("&", keyIndex + 1);
    let valueIndex = url.indexOf("=", keyIndex);
    if (valueIndex > nextKeyIndex && nextKeyIndex !== -1) valueIndex = -1;
    let name = url.slice(keyIndex + 1, valueIndex === -1 ? nextKeyIndex === -1 ? void 0 : nextKeyIndex : valueIndex);
    if (encoded) name = _decodeURI(name);
    keyIndex = nextKeyIndex;
    if (name === "") continue;
    let value2;
    if (valueIndex === -1) value2 = "";
    else {
      value2 = url.slice(valueIndex + 1, nextKeyIndex === -1 ? void 0 : nextKeyIndex);
      if (encoded) value2 = _decodeURI(value2);
    }
    if (multiple) {
      if (!(results[name] && Array.isArray(results[name]))) results[name] = [];
      results[name].push(value2);
    } else results[name] ??= value2;
  }
  return key ? results[key] : results;
};
var getQueryParam = _getQueryParam;
var getQueryParams = (url, key) => {
  return _getQueryParam(url, key, true);
};
var decodeURIComponent_ = decodeURIComponent;

// node_modules/hono/dist/request.js
var HonoRequest = class {
  /**
  * `.raw` can get the raw Request object.
  *
  * @see {@link https://hono.dev/docs/api/request#raw}
  *
  * @example
  * ```ts
  * // For Cloudflare Workers
  * app.post('/', async (c) => {
  *   const metadata = c.req.raw.cf?.hostMetadata?
  *   ...
  * })
  * ```
  */
  raw;
  #validatedData;
  #matchResult;
  routeIndex = 0;
  /**
  * `.path` can get the pathname of the request.
  *
  * @see {@link https://hono.dev/docs/api/request#path}
  *
  * @example
  * ```ts
  * app.get('/about/me', (c) => {
  *   const pathname = c.req.path // `/about/me`
  * })
  * ```
  */
  path;
  bodyCache = {};
  constructor(request, path = "/", matchResult = [[]]) {
    this.raw = request;
    this.path = path;
    this.#matchResult = matchResult;
  }
  param(key) {
    return key ? this.#getDecodedParam(key) : this.#getAllDecodedParams();
  }
  #getDecodedParam(key) {
    const paramKey = this.#matchResult[0][this.routeIndex]?.[1][key];
    const param = this.#getParamValue(paramKey);
    return param && tryDecodeURIComponent(param);
  }
  #getAllDecodedParams() {
    const decoded2 = {};
    const keys = Object.keys(this.#matchResult[0][this.routeIndex]?.[1] ?? {});
    for (const key of keys) {
      const value2 = this.#getParamValue(this.#matchResult[0][this.routeIndex][1][key]);
      if (value2 !== void 0) decoded2[key] = tryDecodeURIComponent(value2);
    }
    return decoded2;
  }
  #getParamValue(paramKey) {
    return this.#matchResult[1] ? this.#matchResult[1][paramKey] : paramKey;
  }
  query(key) {
    return getQueryParam(this.url, key);
  }
  queries(key) {
    return getQueryParams(this.url, key);
  }
  header(name) {
    if (name) return this.raw.headers.get(name) ?? void 0;
    const headerData = /* @__PURE__ */ Object.create(null);
    this.raw.headers.forEach((value2, key) => {
      headerData[key] = value2;
    });
    return headerData;
  }
  async parseBody(options) {
    return parseBody(this, options);
  }
  #cachedBody = (key) => {
    const { bodyCache, raw: raw2 } = this;
    const cachedBody = bodyCache[key];
    if (cachedBody) return cachedBody;
    for (const anyCachedKey in bodyCache) return bodyCache[anyCachedKey].then((body) => {
      if (anyCachedKey === "json") body = JSON.stringify(body);
      const contentType = anyCachedKey === "formData" ? void 0 : raw2.headers.get("content-type");
      return new Response(body, { headers: contentType ? { "Content-Type": contentType } : void 0 })[key]();
    });
    return bodyCache[key] = raw2[key]();
  };
  /**
  * `.json()` can parse Request body of type `application/json`
  *
  * @see {@link https://hono.dev/docs/api/request#json}
  *
  * @example
  * ```ts
  * app.post('/entry', async (c) => {
  *   const body = await c.req.json()
  * })
  * ```
  */
  json() {
    return this.#cachedBody("text").then((text3) => JSON.parse(text3));
  }
  /**
  * `.text()` can parse Request body of type `text/plain`
  *
  * @see {@link https://hono.dev/docs/api/request#text}
  *
  * @example
  * ```ts
  * app.post('/entry', async (c) => {
  *   const body = await c.req.text()
  * })
  * ```
  */
  text() {
    return this.#cachedBody("text");
  }
  /**
  * `.arrayBuffer()` parse Request body as an `ArrayBuffer`
  *
  * @see {@link https://hono.dev/docs/api/request#arraybuffer}
  *
  * @example
  * ```ts
  * app.post('/entry', async (c) => {
  *   const body = await c.req.arrayBuffer()
  * })
  * ```
  */
  arrayBuffer() {
    return this.#cachedBody("arrayBuffer");
  }
  /**
  * `.bytes()` parses the request body as a `Uint8Array`.
  *
  * @see {@link https://hono.dev/docs/api/request#bytes}
  *
  * @example
  * ```ts
  * app.post('/entry', async (c) => {
  *   const body = await c.req.bytes()
  * })
  * ```
  */
  bytes() {
    return this.#cachedBody("arrayBuffer").then((buffer) => new Uint8Array(buffer));
  }
  /**
  * Parses the request body as a `Blob`.
  * @example
  * ```ts
  * app.post('/entry', async (c) => {
  *   const body = await c.req.blob();
  * });
  * ```
  * @see https://hono.dev/docs/api/request#blob
  */
  blob() {
    return this.#cachedBody("blob");
  }
  /**
  * Parses the request body as `FormData`.
  * @example
  * ```ts
  * app.post('/entry', async (c) => {
  *   const body = await c.req.formData();
  * });
  * ```
  * @see https://hono.dev/docs/api/request#formdata
  */
  formData() {
    return this.#cachedBody("formData");
  }
  /**
  * Adds validated data to the request.
  *
  * @param target - The target of the validation.
  * @param data - The validated data to add.
  */
  addValidatedData(target, data) {
    (this.#validatedData ??= {})[target] = data;
  }
  valid(target) {
    return this.#validatedData?.[target];
  }
  /**
  * `.url` can get the request url strings.
  *
  * @see {@link https://hono.dev/docs/api/request#url}
  *
  * @example
  * ```ts
  * app.get('/about/me', (c) => {
  *   const url = c.req.url // `http://localhost:8787/about/me`
  *   ...
  * })
  * ```
  */
  get url() {
    return this.raw.url;
  }
  /**
  * `.method` can get the method name of the request.
  *
  * @see {@link https://hono.dev/docs/api/request#method}
  *
  * @example
  * ```ts
  * app.get('/about/me', (c) => {
  *   const method = c.req.method // `GET`
  * })
  * ```
  */
  get method() {
    return this.raw.method;
  }
  get [GET_MATCH_RESULT]() {
    return this.#matchResult;
  }
  /**
  * `.matchedRoutes` can return a matched route in the handler
  *
  * @deprecated
  *
  * Use matchedRoutes helper defined in "hono/route" instead.
  *
  * @see {@link https://hono.dev/docs/api/request#matchedroutes}
  *
  * @example
  * ```ts
  * app.use('*', async function logger(c, next) {
  *   await next()
  *   c.req.matchedRoutes.forEach(({ handler, method, path }, i) => {
  *     const name = handler.name || (handler.length < 2 ? '[handler]' : '[middleware]')
  *     console.log(
  *       method,
  *       ' ',
  *       path,
  *       ' '.repeat(Math.max(10 - path.length, 0)),
  *       name,
  *       i === c.req.routeIndex ? '<- respond from here' : ''
  *     )
  *   })
  * })
  * ```
  */
  get matchedRoutes() {
    return this.#matchResult[0].map(([[, route]]) => route);
  }
  /**
  * `.routePath` can retrieve the path registered within the handler
  *
  * @deprecated
  *
  * Use routePath helper defined in "hono/route" instead.
  *
  * @see {@link https://hono.dev/docs/api/request#routepath}
  *
  * @example
  * ```ts
  * app.get('/posts/:id', (c) => {
  *   return c.json({ path: c.req.routePath })
  * })
  * ```
  */
  get routePath() {
    return this.#matchResult[0].map(([[, route]]) => route)[this.routeIndex].path;
  }
};

// node_modules/hono/dist/utils/html.js
var HtmlEscapedCallbackPhase = {
  Stringify: 1,
  BeforeStream: 2,
  Stream: 3
};
var raw = (value2, callbacks) => {
  const escapedString = new String(value2);
  escapedString.isEscaped = true;
  escapedString.callbacks = callbacks;
  return escapedString;
};
var resolveCallback = async (str, phase, preserveCallbacks, context, buffer) => {
  if (typeof str === "object" && !(str instanceof String)) {
    if (!(str instanceof Promise)) str = str.toString();
    if (str instanceof Promise) str = await str;
  }
  const callbacks = str.callbacks;
  if (!callbacks?.length) return Promise.resolve(str);
  if (buffer) buffer[0] += str;
  else buffer = [str];
  const resStr = Promise.all(callbacks.map((c) => c({
    phase,
    buffer,
    context
  }))).then((res) => Promise.all(res.filter(Boolean).map((str2) => resolveCallback(str2, phase, false, context, buffer))).then(() => buffer[0]));
  if (preserveCallbacks) return raw(await resStr, callbacks);
  else return resStr;
};

// node_modules/hono/dist/context.js
var TEXT_PLAIN = "text/plain; charset=UTF-8";
var setDefaultContentType = (contentType, headers) => {
  return {
    "Content-Type": contentType,
    ...headers
  };
};
var createResponseInstance = (body, init) => new Response(body, init);
var Context = class {
  #rawRequest;
  #req;
  /**
  * `.env` can get bindings (environment variables, secrets, KV namespaces, D1 database, R2 bucket etc.) in Cloudflare Workers.
  *
  * @see {@link https://hono.dev/docs/api/context#env}
  *
  * @example
  * ```ts
  * // Environment object for Cloudflare Workers
  * app.get('*', async c => {
  *   const counter = c.env.COUNTER
  * })
  * ```
  */
  env = {};
  #var;
  finalized = false;
  /**
  * `.error` can get the error object from the middleware if the Handler throws an error.
  *
  * @see {@link https://hono.dev/docs/api/context#error}
  *
  * @example
  * ```ts
  * app.use('*', async (c, next) => {
  *   await next()
  *   if (c.error) {
  *     // do something...
  *   }
  * })
  * ```
  */
  error;
  #status;
  #executionCtx;
  #res;
  #layout;
  #renderer;
  #notFoundHandler;
  #preparedHeaders;
  #matchResult;
  #path;
  /**
  * Creates an instance of the Context class.
  *
  * @param req - The Request object.
  * @param options - Optional configuration options for the context.
  */
  constructor(req, options) {
    this.#rawRequest = req;
    if (options) {
      this.#executionCtx = options.executionCtx;
      this.env = options.env;
      this.#notFoundHandler = options.notFoundHandler;
      this.#path = options.path;
      this.#matchResult = options.matchResult;
    }
  }
  /**
  * `.req` is the instance of {@link HonoRequest}.
  */
  get req() {
    this.#req ??= new HonoRequest(this.#rawRequest, this.#path, this.#matchResult);
    return this.#req;
  }
  /**
  * @see {@link https://hono.dev/docs/api/context#event}
  * The FetchEvent associated with the current request.
  *
  * @throws Will throw an error if the context does not have a FetchEvent.
  */
  get event() {
    if (this.#executionCtx && "respondWith" in this.#executionCtx) return this.#executionCtx;
    else throw Error("This context has no FetchEvent");
  }
  /**
  * @see {@link https://hono.dev/docs/api/context#executionctx}
  * The ExecutionContext associated with the current request.
  *
  * @throws Will throw an error if the context does not have an ExecutionContext.
  */
  get executionCtx() {
    if (this.#executionCtx) return this.#executionCtx;
    else throw Error("This context has no ExecutionContext");
  }
  /**
  * @see {@link https://hono.dev/docs/api/context#res}
  * The Response object for the current request.
  */
  get res() {
    return this.#res ||= createResponseInstance(null, { headers: this.#preparedHeaders ??= new Headers() });
  }
  /**
  * Sets the Response object for the current request.
  *
  * @param _res - The Response object to set.
  */
  set res(_res) {
    if (this.#res && _res) {
      _res = createResponseInstance(_res.body, _res);
      for (const [k, v] of this.#res.headers.entries()) {
        if (k === "content-type") continue;
        if (k === "set-cookie") {
          const cookies = this.#res.headers.getSetCookie();
          _res.headers.delete("set-cookie");
          for (const cookie of cookies) _res.headers.append("set-cookie", cookie);
        } else _res.headers.set(k, v);
      }
    }
    this.#res = _res;
    this.finalized = true;
  }
  /**
  * `.render()` can create a response within a layout.
  *
  * @see {@link https://hono.dev/docs/api/context#render-setrenderer}
  *
  * @example
  * ```ts
  * app.get('/', (c) => {
  *   return c.render('Hello!')
  * })
  * ```
  */
  render = (...args) => {
    this.#renderer ??= (content) => this.html(content);
    return this.#renderer(...args);
  };
  /**
  * Sets the layout for the response.
  *
  * @param layout - The layout to set.
  * @returns The layout function.
  */
  setLayout = (layout) => this.#layout = layout;
  /**
  * Gets the current layout for the response.
  *
  * @returns The current layout function.
  */
  getLayout = () => this.#layout;
  /**
  * `.setRenderer()` can set the layout in the custom middleware.
  *
  * @see {@link https://hono.dev/docs/api/context#render-setrenderer}
  *
  * @example
  * ```tsx
  * app.use('*', async (c, next) => {
  *   c.setRenderer((content) => {
  *     return c.html(
  *       <html>
  *         <body>
  *           <p>{content}</p>
  *         </body>
  *       </html>
  *     )
  *   })
  *   await next()
  * })
  * ```
  */
  setRenderer = (renderer) => {
    this.#renderer = renderer;
  };
  /**
  * `.header()` can set headers.
  *
  * @see {@link https://hono.dev/docs/api/context#header}
  *
  * @example
  * ```ts
  * app.get('/welcome', (c) => {
  *   // Set headers
  *   c.header('X-Message', 'Hello!')
  *   c.header('Content-Type', 'text/plain')
  *
  *   // Append multiple headers using the append option (e.g. Vary)
  *   c.header('Vary', 'Accept-Encoding', { append: true })
  *   c.header('Vary', 'User-Agent', { append: true })
  *
  *   return c.body('Thank you for coming')
  * })
  * ```
  */
  header = (name, value2, options) => {
    if (this.finalized && !this.#res.bodyUsed) this.#res = createResponseInstance(this.#res.body, this.#res);
    const headers = this.#res ? this.#res.headers : this.#preparedHeaders ??= new Headers();
    if (value2 === void 0) headers.delete(name);
    else if (options?.append) headers.append(name, value2);
    else headers.set(name, value2);
  };
  status = (status) => {
    this.#status = status;
  };
  /**
  * `.set()` can set the value specified by the key.
  *
  * @see {@link https://hono.dev/docs/api/context#set-get}
  *
  * @example
  * ```ts
  * app.use('*', async (c, next) => {
  *   c.set('message', 'Hono is hot!!')
  *   await next()
  * })
  * ```
  */
  set = (key, value2) => {
    this.#var ??= /* @__PURE__ */ new Map();
    this.#var.set(key, value2);
  };
  /**
  * `.get()` can use the value specified by the key.
  *
  * @see {@link https://hono.dev/docs/api/context#set-get}
  *
  * @example
  * ```ts
  * app.get('/', (c) => {
  *   const message = c.get('message')
  *   return c.text(`The message is "${message}"`)
  * })
  * ```
  */
  get = (key) => {
    return this.#var ? this.#var.get(key) : void 0;
  };
  /**
  * `.var` can access the value of a variable.
  *
  * @see {@link https://hono.dev/docs/api/context#var}
  *
  * @example
  * ```ts
  * const result = c.var.client.oneMethod()
  * ```
  */
  get var() {
    if (!this.#var) return {};
    return Object.fromEntries(this.#var);
  }
  #newResponse(data, arg, headers) {
    let responseHeaders2 = this.#res ? new Headers(this.#res.headers) : this.#preparedHeaders;
    if (typeof arg === "object" && arg.headers) {
      responseHeaders2 ??= new Headers();
      for (const [key, value2] of new Headers(arg.headers)) if (key === "set-cookie") responseHeaders2.append(key, value2);
      else responseHeaders2.set(key, value2);
    }
    if (headers) {
      if (!responseHeaders2) {
        let count = 0;
        for (const k in headers) if (++count > 1 || typeof headers[k] !== "string") {
          responseHeaders2 = new Headers();
          break;
        }
      }
      if (responseHeaders2) for (const k in headers) {
        const v = headers[k];
        if (typeof v === "string") responseHeaders2.set(k, v);
        else {
          responseHeaders2.delete(k);
          for (const v2 of v) responseHeaders2.append(k, v2);
        }
      }
    }
    const status = typeof arg === "number" ? arg : arg?.status ?? this.#status;
    return createResponseInstance(data, {
      status,
      headers: responseHeaders2 ?? headers
    });
  }
  newResponse = (...args) => this.#newResponse(...args);
  /**
  * `.body()` can return the HTTP response.
  * You can set headers with `.header()` and set HTTP status code with `.status`.
  * This can also be set in `.text()`, `.json()` and so on.
  *
  * @see {@link https://hono.dev/docs/api/context#body}
  *
  * @example
  * ```ts
  * app.get('/welcome', (c) => {
  *   // Set headers
  *   c.header('X-Message', 'Hello!')
  *   c.header('Content-Type', 'text/plain')
  *   // Set HTTP status code
  *   c.status(201)
  *
  *   // Return the response body
  *   return c.body('Thank you for coming')
  * })
  * ```
  */
  body = (data, arg, headers) => this.#newResponse(data, arg, headers);
  /**
  * `.text()` can render text as `Content-Type:text/plain`.
  *
  * @see {@link https://hono.dev/docs/api/context#text}
  *
  * @example
  * ```ts
  * app.get('/say', (c) => {
  *   return c.text('Hello!')
  * })
  * ```
  */
  text = (text3, arg, headers) => {
    return !this.#preparedHeaders && !this.#status && !arg && !headers && !this.finalized ? new Response(text3) : this.#newResponse(text3, arg, setDefaultContentType(TEXT_PLAIN, headers));
  };
  /**
  * `.json()` can render JSON as `Content-Type:application/json`.
  *
  * @see {@link https://hono.dev/docs/api/context#json}
  *
  * @example
  * ```ts
  * app.get('/api', (c) => {
  *   return c.json({ message: 'Hello!' })
  * })
  * ```
  */
  json = (object2, arg, headers) => {
    return this.#newResponse(JSON.stringify(object2), arg, setDefaultContentType("application/json", headers));
  };
  html = (html, arg, headers) => {
    const res = (html2) => this.#newResponse(html2, arg, setDefaultContentType("text/html; charset=UTF-8", headers));
    return typeof html === "object" ? resolveCallback(html, HtmlEscapedCallbackPhase.Stringify, false, {}).then(res) : res(html);
  };
  /**
  * `.redirect()` can Redirect, default status code is 302.
  *
  * @see {@link https://hono.dev/docs/api/context#redirect}
  *
  * @example
  * ```ts
  * app.get('/redirect', (c) => {
  *   return c.redirect('/')
  * })
  * app.get('/redirect-permanently', (c) => {
  *   return c.redirect('/', 301)
  * })
  * ```
  */
  redirect = (location, status) => {
    const locationString = String(location);
    this.header("Location", !/[^\x00-\xFF]/.test(locationString) ? locationString : encodeURI(locationString));
    return this.newResponse(null, status ?? 302);
  };
  /**
  * `.notFound()` can return the Not Found Response.
  *
  * @see {@link https://hono.dev/docs/api/context#notfound}
  *
  * @example
  * ```ts
  * app.get('/notfound', (c) => {
  *   return c.notFound()
  * })
  * ```
  */
  notFound = () => {
    this.#notFoundHandler ??= () => createResponseInstance();
    return this.#notFoundHandler(this);
  };
};

// node_modules/hono/dist/compose.js
var compose = (middleware, onError, onNotFound) => {
  return (context, next) => {
    let index = -1;
    return dispatch(0);
    async function dispatch(i) {
      if (i <= index) throw new Error("next() called multiple times");
      index = i;
      let res;
      let isError = false;
      let handler;
      if (middleware[i]) {
        handler = middleware[i][0][0];
        context.req.routeIndex = i;
      } else handler = i === middleware.length && next || void 0;
      if (handler) try {
        res = await handler(context, () => dispatch(i + 1));
      } catch (err) {
        if (err instanceof Error && onError) {
          context.error = err;
          res = await onError(err, context);
          isError = true;
        } else throw err;
      }
      else if (context.finalized === false && onNotFound) res = await onNotFound(context);
      if (res && (context.finalized === false || isError)) context.res = res;
      return context;
    }
  };
};

// node_modules/hono/dist/helper/route/index.js
var matchedRoutes = (c) => c.req[GET_MATCH_RESULT][0].map(([[, route]]) => route);
var routePath = (c, index) => matchedRoutes(c).at(index ?? c.req.routeIndex)?.path ?? "";

// node_modules/hono/dist/router.js
var METHODS = [
  "get",
  "post",
  "put",
  "delete",
  "options",
  "patch",
  "query"
];
var MESSAGE_MATCHER_IS_ALREADY_BUILT = "Can not add a route since the matcher is already built.";
var UnsupportedPathError = class extends Error {
};

// node_modules/hono/dist/utils/constants.js
var COMPOSED_HANDLER = "__COMPOSED_HANDLER";

// node_modules/hono/dist/utils/mount.js
var countTrailingSlashes = (path) => {
  let index = path.length;
  while (index > 0 && path.charCodeAt(index - 1) === 47) index--;
  return path.length - index;
};
var getPathPrefixLength = (c, pathPrefix, routePath2) => {
  if (!/[:*]/.test(pathPrefix)) return pathPrefix.length;
  const path = c.req.path;
  const matchResult = c.req[GET_MATCH_RESULT];
  const paramNames = /* @__PURE__ */ new Set();
  let length = 0;
  for (const part of splitRoutingPath(pathPrefix)) {
    if (part[0] === ":" && part.endsWith("}?")) throw new Error(`mount(): Optional regular expression parameters are not supported in "${routePath2}".`);
    const pattern = getPattern(part);
    if (pattern && pattern !== "*") {
      const name = pattern[1];
      if (paramNames.has(name)) throw new Error(`mount(): Duplicate path parameter "${name}" in "${routePath2}".`);
      paramNames.add(name);
    }
    if (pattern && pattern !== "*" && pattern[2] !== true) {
      const value2 = matchResult.length === 2 ? matchResult[1][matchResult[0][c.req.routeIndex][1][pattern[1]]] : matchResult[0][c.req.routeIndex][1][pattern[1]];
      length += value2.length + 1;
    } else if (pattern || part.endsWith("*")) {
      const end = path.indexOf("/", length + 1);
      length = end === -1 ? path.length : end;
    } else length += part.length + 1;
  }
  return length;
};
var createMountedRequest = (c, pathPrefix, routePath2) => {
  if (/[^/]\*$/.test(routePath2)) throw new Error(`mount(): Wildcard must follow "/" in "${routePath2}".`);
  const prefixLength = getPathPrefixLength(c, pathPrefix, routePath2);
  const path = c.req.path.slice(prefixLength) || "/";
  if (prefixLength > c.req.path.length || path[0] !== "/" || /\/(?:\.|%2e){1,2}(?:\/|$)/i.test(path)) throw new HTTPException(400, { message: "Invalid mounted path" });
  const rawUrl = c.req.raw.url;
  if (/^[^/?#]*\/\/[^/?#\\]*[?#\\]/.test(rawUrl)) throw new HTTPException(400, { message: "Invalid mounted path" });
  const rawPathEnd = rawUrl.search(/[?#]/);
  const rawTrailingSlashes = countTrailingSlashes(rawPathEnd === -1 ? rawUrl : rawUrl.slice(0, rawPathEnd));
  if (rawTrailingSlashes > 1 && countTrailingSlashes(c.req.path) === rawTrailingSlashes - 1) throw new HTTPException(400, { message: "Invalid mounted path" });
  const url = new URL(rawUrl);
  url.pathname = path.replace(/[\\\t\n\r]/g, encodeURIComponent);
  if (path.includes("%")) {
  }
  return new Request(url, c.req.raw);
};

// node_modules/hono/dist/hono-base.js
var notFoundHandler = (c) => {
  return c.text("404 Not Found", 404);
};
var errorHandler = (err, c) => {
  if ("getResponse" in err) {
    const res = err.getResponse();
    return c.newResponse(res.body, res);
  }
  console.error(err);
  return c.text("Internal Server Error", 500);
};
var Hono = class Hono2 {
  get;
  post;
  put;
  delete;
  options;
  patch;
  query;
  all;
  on;
  use;
  router;
  getPath;
  _basePath = "/";
  #path = "/";
  routes = [];
  constructor(options = {}) {
    [...METHODS, "all"].forEach((method) => {
      this[method] = (args1, ...args) => {
        const methodName = method.toUpperCase();
        if (typeof args1 === "string") this.#path = args1;
        else this.#addRoute(methodName, this.#path, args1);
        args.forEach((handler) => {
          this.#addRoute(methodName, this.#path, handler);
        });
        return this;
      };
    });
    this.on = (method, path, ...handlers) => {
      for (const p of [path].flat()) {
        this.#path = p;
        for (const m of [method].flat()) {
          const methodName = m.toUpperCase();
          for (const handler of handlers) this.#addRoute(methodName, this.#path, handler);
        }
      }
      return this;
    };
    this.use = (arg1, ...handlers) => {
      if (typeof arg1 === "string") this.#path = arg1;
      else {
        this.#path = "*";
        handlers.unshift(arg1);
      }
      handlers.forEach((handler) => {
        this.#addRoute("ALL", this.#path, handler);
      });
      return this;
    };
    const { strict, ...optionsWithoutStrict } = options;
    Object.assign(this, optionsWithoutStrict);
    this.getPath = strict ?? true ? options.getPath ?? getPath : getPathNoStrict;
  }
  #clone() {
    const clone2 = new Hono2({
      router: this.router,
      getPath: this.getPath
    });
    clone2.errorHandler = this.errorHandler;
    clone2.#notFoundHandler = this.#notFoundHandler;
    clone2.routes = this.routes;
    return clone2;
  }
  #notFoundHandler = notFoundHandler;
  errorHandler = errorHandler;
  /**
  * `.route()` allows grouping other Hono instance in routes.
  *
  * @see {@link https://hono.dev/docs/api/routing#grouping}
  *
  * @param {string} path - base Path
  * @param {Hono} app - other Hono instance
  * @returns {Hono} routed Hono instance
  *
  * @example
  * ```ts
  * const app = new Hono()
  * const app2 = new Hono()
  *
  * app2.get("/user", (c) => c.text("user"))
  * app.route("/api", app2) // GET /api/user
  * ```
  */
  route(path, app2) {
    const subApp = this.basePath(path);
    app2.routes.map((r) => {
      let handler;
      if (app2.errorHandler === errorHandler) handler = r.handler;
      else {
        handler = async (c, next) => (await compose([], app2.errorHandler)(c, () => r.handler(c, next))).res;
        handler[COMPOSED_HANDLER] = r.handler;
      }
      subApp.#addRoute(r.method, r.path, handler, r.basePath);
    });
    return this;
  }
  /**
  * `.basePath()` allows base paths to be specified.
  *
  * @see {@link https://hono.dev/docs/api/routing#base-path}
  *
  * @param {string} path - base Path
  * @returns {Hono} changed Hono instance
  *
  * @example
  * ```ts
  * const api = new Hono().basePath('/api')
  * ```
  */
  basePath(path) {
    const subApp = this.#clone();
    subApp._basePath = mergePath(this._basePath, path);
    return subApp;
  }
  /**
  * `.onError()` handles an error and returns a customized Response.
  *
  * @see {@link https://hono.dev/docs/api/hono#error-handling}
  *
  * @param {ErrorHandler} handler - request Handler for error
  * @returns {Hono} changed Hono instance
  *
  * @example
  * ```ts
  * app.onError((err, c) => {
  *   console.error(`${err}`)
  *   return c.text('Custom Error Message', 500)
  * })
  * ```
  */
  onError = (handler) => {
    this.errorHandler = handler;
    return this;
  };
  /**
  * `.notFound()` allows you to customize a Not Found Response.
  *
  * @see {@link https://hono.dev/docs/api/hono#not-found}
  *
  * @param {NotFoundHandler} handler - request handler for not-found
  * @returns {Hono} changed Hono instance
  *
  * @example
  * ```ts
  * app.notFound((c) => {
  *   return c.text('Custom 404 Message', 404)
  * })
  * ```
  */
  notFound = (handler) => {
    this.#notFoundHandler = handler;
    return this;
  };
  /**
  * `.mount()` allows you to mount applications built with other frameworks into your Hono application.
  *
  * @deprecated Use `mount()` from `hono/mount` instead. `.mount()` will be removed in v5.
  *
  * @see {@link https://hono.dev/docs/api/hono#mount}
  *
  * @param {string} path - base Path
  * @param {Function} applicationHandler - other Request Handler
  * @param {MountOptions} [options] - options of `.mount()`
  * @returns {Hono} mounted Hono instance
  * @throws {Error} If automatic request rewriting encounters duplicate path parameter names or an optional regular expression parameter.
  * @throws {HTTPException} With status 400 if automatic request rewriting cannot safely preserve the routed path.
  *
  * @example
  * ```ts
  * import { Router as IttyRouter } from 'itty-router'
  * import { Hono } from 'hono'
  * // Create itty-router application
  * const ittyRouter = IttyRouter()
  * // GET /itty-router/hello
  * ittyRouter.get('/hello', () => new Response('Hello from itty-router'))
  *
  * const app = new Hono()
  * app.mount('/itty-router', ittyRouter.handle)
  * ```
  *
  * @example
  * ```ts
  * const app = new Hono()
  * // Send the request to another application without modification.
  * app.mount('/app', anotherApp, {
  *   replaceRequest: (req) => req,
  * })
  * ```
  */
  mount(path, applicationHandler, options) {
    let replaceRequest;
    let optionHandler;
    if (options) {
      if (typeof options === "function") optionHandler = options;
      else {
        optionHandler = options.optionHandler;
        if (options.replaceRequest === false) replaceRequest = (request) => request;
        else replaceRequest = options.replaceRequest;
      }
    }
    const getOptions = optionHandler ? (c) => {
      const options2 = optionHandler(c);
      return Array.isArray(options2) ? options2 : [options2];
    } : (c) => {
      let executionContext = void 0;
      try {
        executionContext = c.executionCtx;
      } catch {
      }
      return [c.env, executionContext];
    };
    const defaultReplaceRequest = (c) => {
      const mountedRoutePath = routePath(c);
      return createMountedRequest(c, mountedRoutePath.replace(/\/?\*$/, ""), mountedRoutePath);
    };
    const handler = async (c, next) => {
      const res = await applicationHandler(replaceRequest ? replaceRequest(c.req.raw) : defaultReplaceRequest(c), ...getOptions(c));
      if (res) return res;
      await next();
    };
    this.#addRoute("ALL", mergePath(path, "*"), handler);
    return this;
  }
  #addRoute(method, path, handler, baseRoutePath) {
    path = mergePath(this._basePath, path);
    const r = {
      basePath: baseRoutePath !== void 0 ? mergePath(this._basePath, baseRoutePath) : this._basePath,
      path,
      method,
      handler
    };
    this.router.add(method, path, [handler, r]);
    this.routes.push(r);
  }
  #handleError(err, c) {
    if (err instanceof Error) return this.errorHandler(err, c);
    throw err;
  }
  #dispatch(request, executionCtx, env, method) {
    if (method === "HEAD") return (async () => new Response(null, await this.#dispatch(request, executionCtx, env, "GET")))();
    const path = this.getPath(request, { env });
    const matchResult = this.router.match(method, path);
    const c = new Context(request, {
      path,
      matchResult,
      env,
      executionCtx,
      notFoundHandler: this.#notFoundHandler
    });
    if (matchResult[0].length === 1) {
      let res;
      try {
        res = matchResult[0][0][0][0](c, async () => {
          c.res = await this.#notFoundHandler(c);
        });
      } catch (err) {
        return this.#handleError(err, c);
      }
      return res instanceof Promise ? res.then((resolved) => resolved || (c.finalized ? c.res : this.#notFoundHandler(c))).catch((err) => this.#handleError(err, c)) : res ?? this.#notFoundHandler(c);
    }
    const composed = compose(matchResult[0], this.errorHandler, this.#notFoundHandler);
    return (async () => {
      try {
        const context = await composed(c);
        if (!context.finalized) throw new Error("Context is not finalized. Did you forget to return a Response object or `await next()`?");
        return context.res;
      } catch (err) {
        return this.#handleError(err, c);
      }
    })();
  }
  /**
  * `.fetch()` will be entry point of your app.
  *
  * @see {@link https://hono.dev/docs/api/hono#fetch}
  *
  * @param {Request} request - request Object of request
  * @param {Env} env - env Object
  * @param {ExecutionContext} executionCtx - context of execution
  * @returns {Response | Promise<Response>} response of request
  *
  */
  fetch = (request, ...rest) => {
    return this.#dispatch(request, rest[1], rest[0], request.method);
  };
  /**
  * `.request()` is a useful method for testing.
  * You can pass a URL or pathname to send a GET request.
  * app will return a Response object.
  * ```ts
  * test('GET /hello is ok', async () => {
  *   const res = await app.request('/hello')
  *   expect(res.status).toBe(200)
  * })
  * ```
  * @see https://hono.dev/docs/api/hono#request
  */
  request = (input, requestInit, Env, executionCtx) => {
    if (input instanceof Request) return this.fetch(requestInit ? new Request(input, requestInit) : input, Env, executionCtx);
    input = input.toString();
    return this.fetch(new Request(/^https?:\/\//.test(input) ? input : `http://localhost${mergePath("/", input)}`, requestInit), Env, executionCtx);
  };
  /**
  * `.fire()` automatically adds a global fetch event listener.
  * This can be useful for environments that adhere to the Service Worker API, such as non-ES module Cloudflare Workers.
  * @deprecated
  * Use `fire` from `hono/service-worker` instead.
  * ```ts
  * import { Hono } from 'hono'
  * import { fire } from 'hono/service-worker'
  *
  * const app = new Hono()
  * // ...
  * fire(app)
  * ```
  * @see https://hono.dev/docs/api/hono#fire
  * @see https://developer.mozilla.org/en-US/docs/Web/API/Service_Worker_API
  * @see https://developers.cloudflare.com/workers/reference/migrate-to-module-workers/
  */
  fire = () => {
    addEventListener("fetch", (event) => {
      event.respondWith(this.#dispatch(event.request, event, void 0, event.request.method));
    });
  };
};

// node_modules/hono/dist/router/utils.js
var createNullObject = () => /* @__PURE__ */ Object.create(null);

// node_modules/hono/dist/router/reg-exp-router/matcher.js
var emptyParam = [];
function match(method, path) {
  const matchers = this.buildAllMatchers();
  const match2 = ((method2, path2) => {
    const matcher = matchers[method2] || matchers["ALL"];
    const staticMatch = matcher[2][path2];
    if (staticMatch) return staticMatch;
    const match3 = path2.match(matcher[0]);
    if (!match3) return [[], emptyParam];
    const index = match3.indexOf("", 1);
    return [matcher[1][index], match3];
  });
  this.match = match2;
  return match2(method, path);
}

// node_modules/hono/dist/router/reg-exp-router/node.js
var LABEL_REG_EXP_STR = "[^/]+";
var ONLY_WILDCARD_REG_EXP_STR = "[^]*";
var TAIL_WILDCARD_REG_EXP_STR = "(?:|/[^]*)";
var PATH_ERROR = /* @__PURE__ */ Symbol();
var regExpMetaChars = /* @__PURE__ */ new Set(".\\+*[^]$()");
function compareKey(a, b) {
  if (a.length === 1) return b.length === 1 ? a < b ? -1 : 1 : -1;
  if (b.length === 1) return 1;
  if (a === "[^]*" || a === "(?:|/[^]*)") return b === "[^]*" ? -1 : 1;
  else if (b === "[^]*" || b === "(?:|/[^]*)") return -1;
  if (a === "[^/]+") return 1;
  else if (b === "[^/]+") return -1;
  return a.length === b.length ? a < b ? -1 : 1 : b.length - a.length;
}
var Node = class Node2 {
  #index;
  #varIndex;
  #children = createNullObject();
  insert(tokens, index, paramMap, context, keys) {
    let node2 = this;
    for (let i = 0, len = tokens.length; i < len; i++) {
      const token = tokens[i];
      const pattern = token.length === 1 ? token === "*" ? i === len - 1 ? [
        "",
        "",
        ONLY_WILDCARD_REG_EXP_STR
      ] : [
        "",
        "",
        LABEL_REG_EXP_STR
      ] : null : token === "/*" ? [
        "",
        "",
        TAIL_WILDCARD_REG_EXP_STR
      ] : token.match(/^\:([^\{\}]+)(?:\{(.+)\})?$/);
      let nextNode;
      if (pattern) {
        const name = pattern[1];
        let regexpStr = pattern[2] || "[^/]+";
        if (name && pattern[2]) {
          if (new RegExp(regexpStr).test("")) throw PATH_ERROR;
          regexpStr = regexpStr.replace(/^\((?!\?:)(?=[^)]+\)$)/, "(?:");
          if (/\((?!\?:)/.test(regexpStr)) throw PATH_ERROR;
          if (regexpStr.length === 1 && regExpMetaChars.has(regexpStr)) throw PATH_ERROR;
        }
        keys.push(regexpStr);
        nextNode = node2.#children[regexpStr];
        if (!nextNode) {
          if (regexpStr !== "[^]*" && regexpStr !== "(?:|/[^]*)") {
            for (const k in node2.#children) if ((regexpStr.length > 1 || k.length > 1) && k !== "[^]*" && k !== "(?:|/[^]*)") throw PATH_ERROR;
          }
          nextNode = node2.#children[regexpStr] = new Node2();
        }
        if (name !== "") {
          nextNode.#varIndex ??= context.varIndex++;
          paramMap.push([name, nextNode.#varIndex]);
        }
      } else {
        keys.push(token);
        nextNode = node2.#children[token];
        if (!nextNode) {
          for (const k in node2.#children) if (k.length > 1 && k !== "[^]*" && k !== "(?:|/[^]*)") throw PATH_ERROR;
          nextNode = node2.#children[token] = new Node2();
        }
      }
      node2 = nextNode;
    }
    if (node2.#index !== void 0) throw PATH_ERROR;
    node2.#index = index;
  }
  buildRegExpStr() {
    const strList = Object.keys(this.#children).sort(compareKey).map((k) => {
      const c = this.#children[k];
      const childStr = c.buildRegExpStr();
      return childStr === "" ? "" : (typeof c.#varIndex === "number" ? `(${k})@${c.#varIndex}` : regExpMetaChars.has(k) ? `\\${k}` : k) + childStr;
    }).filter(Boolean);
    if (typeof this.#index === "number" && this.#index !== -1) strList.unshift(`#${this.#index}`);
    if (strList.length === 0) return "";
    if (strList.length === 1) return strList[0];
    return "(?:" + strList.join("|") + ")";
  }
};

// node_modules/hono/dist/router/reg-exp-router/trie.js
var Trie = class {
  #context = { varIndex: 0 };
  #root = new Node();
  #index = 0;
  paths = createNullObject();
  insert(path, isStatic) {
    const keys = [];
    if (isStatic) {
      this.#root.insert(path.split(""), -1, [], this.#context, keys);
      this.paths[path] = [
        -1,
        [],
        keys
      ];
      return;
    }
    const paramAssoc = [];
    const groups = [];
    let markedPath = path;
    for (let i = 0; ; ) {
      let replaced = false;
      markedPath = markedPath.replace(/\{(?:\{[\d,]+\}|[^}])+\}/g, (m) => {
        const mark = `@\\${i}`;
        groups[i] = [mark, m];
        i++;
        replaced = true;
        return mark;
      });
      if (!replaced) break;
    }
    const tokens = markedPath.match(/(?::[^\/]+)|(?:\/\*$)|./gs) || [];
    for (let i = groups.length - 1; i >= 0; i--) {
      const [mark] = groups[i];
      for (let j = tokens.length - 1; j >= 0; j--) if (tokens[j].indexOf(mark) !== -1) {
        tokens[j] = tokens[j].replace(mark, groups[i][1]);
        break;
      }
    }
    this.#root.insert(tokens, this.#index, paramAssoc, this.#context, keys);
    this.paths[path] = [
      this.#index++,
      paramAssoc,
      keys
    ];
  }
  buildRegExp() {
    let regexp = this.#root.buildRegExpStr();
    if (regexp === "") return [
      /^$/,
      [],
      []
    ];
    let captureIndex = 0;
    const indexReplacementMap = [];
    const paramReplacementMap = [];
    regexp = regexp.replace(/#(\d+)|@(\d+)|\.\*\$/g, (_, handlerIndex, paramIndex) => {
      if (handlerIndex !== void 0) {
        indexReplacementMap[++captureIndex] = Number(handlerIndex);
        return "$()";
      }
      if (paramIndex !== void 0) {
        paramReplacementMap[Number(paramIndex)] = ++captureIndex;
        return "";
      }
      return "";
    });
    return [
      new RegExp(`^${regexp}`),
      indexReplacementMap,
      paramReplacementMap
    ];
  }
};

// node_modules/hono/dist/router/reg-exp-router/router.js
function endsWithWildcard(keys) {
  const tail = keys[keys.length - 1];
  return tail === "[^]*" || tail === "(?:|/[^]*)";
}
function covers(wildcard, target) {
  const last = wildcard.length - 1;
  for (let i = 0; i < last; i++) if (wildcard[i] !== target[i]) return false;
  return wildcard[last] === "[^]*" || target.length === last || target[last] === "/";
}
var RegExpRouter = class {
  name = "RegExpRouter";
  #handlers;
  #tries;
  constructor() {
    this.#handlers = { ["ALL"]: [] };
    this.#tries = { ["ALL"]: new Trie() };
  }
  #insertPath(method, path) {
    try {
      this.#tries[method].insert(path, !/\*|\/:/.test(path));
    } catch (e) {
      throw e === PATH_ERROR ? new UnsupportedPathError(path) : e;
    }
  }
  add(method, path, handler) {
    const handlers = this.#handlers;
    if (!handlers) throw new Error(MESSAGE_MATCHER_IS_ALREADY_BUILT);
    const tries = this.#tries;
    if (!handlers[method]) {
      tries[method] = new Trie();
      handlers[method] = [...handlers["ALL"]];
      for (const p in tries["ALL"].paths) this.#insertPath(method, p);
    }
    if (path === "/*") path = "*";
    const methods = method === "ALL" ? Object.keys(handlers) : [method];
    const paths = checkOptionalParameter(path) || [path];
    for (const path2 of paths) for (const m of methods) {
      if (!tries[m].paths[path2]) this.#insertPath(m, path2);
      handlers[m].push([handler, path2]);
    }
  }
  match = match;
  buildAllMatchers() {
    const matchers = createNullObject();
    for (const method of Object.keys(this.#handlers)) matchers[method] = this.#buildMatcher(method);
    this.#handlers = this.#tries = void 0;
    return matchers;
  }
  #buildMatcher(method) {
    const handlers = this.#handlers[method];
    const trie = this.#tries[method];
    const staticMap = createNullObject();
    const handlerData = [];
    const [regexp, indexReplacementMap, paramReplacementMap] = trie.buildRegExp();
    const own2 = createNullObject();
    const entries = handlers.map(([h, p], i) => {
      (own2[p] ??= []).push(i);
      return [h, trie.paths[p][1].reduceRight((map, [key, varIndex]) => {
        map[key] = paramReplacementMap[varIndex];
        return map;
      }, createNullObject())];
    });
    const wildcards = Object.keys(own2).filter((p) => endsWithWildcard(trie.paths[p][2]));
    for (const path in trie.paths) {
      const [index, , keys] = trie.paths[path];
      const indexes = [...own2[path]];
      for (const p of wildcards) if (p !== path && covers(trie.paths[p][2], keys)) indexes.push(...own2[p]);
      const data = indexes.sort((a, b) => a - b).map((i) => entries[i]);
      if (index === -1) {
        const last = Math.max(-1, ...data.flatMap(([, map]) => Object.values(map)));
        staticMap[path] = [data, last === -1 ? emptyParam : path.match(regexp).slice(0, last + 1)];
      } else handlerData[index] = data;
    }
    return [
      regexp,
      indexReplacementMap.map((i) => handlerData[i]),
      staticMap
    ];
  }
};

// node_modules/hono/dist/router/smart-router/router.js
var SmartRouter = class {
  name = "SmartRouter";
  #routers = [];
  #routes = [];
  constructor(init) {
    this.#routers = init.routers;
  }
  add(method, path, handler) {
    if (!this.#routes) throw new Error(MESSAGE_MATCHER_IS_ALREADY_BUILT);
    this.#routes.push([
      method,
      path,
      handler
    ]);
  }
  match(method, path) {
    if (!this.#routes) throw new Error("Fatal error");
    const routers = this.#routers;
    const routes = this.#routes;
    const len = routers.length;
    let i = 0;
    let res;
    for (; i < len; i++) {
      const router = routers[i];
      try {
        for (let i2 = 0, len2 = routes.length; i2 < len2; i2++) router.add(...routes[i2]);
        res = router.match(method, path);
      } catch (e) {
        if (e instanceof UnsupportedPathError) continue;
        throw e;
      }
      this.match = router.match.bind(router);
      this.#routers = [router];
      this.#routes = void 0;
      break;
    }
    if (i === len) throw new Error("Fatal error");
    this.name = `SmartRouter + ${this.activeRouter.name}`;
    return res;
  }
  get activeRouter() {
    if (this.#routes || this.#routers.length !== 1) throw new Error("No active router has been determined yet.");
    return this.#routers[0];
  }
};

// node_modules/hono/dist/router/trie-router/node.js
var emptyParams = createNullObject();
var order = 0;
var Node3 = class Node4 {
  #methods = [];
  #children = createNullObject();
  #patterns = [];
  #pattern;
  #params = emptyParams;
  insert(method, path, handler) {
    let curNode = this;
    const parts = splitRoutingPath(path);
    const possibleKeys = /* @__PURE__ */ new Set();
    let i = 0;
    for (const p of parts) {
      const nextP = parts[++i];
      const pattern = getPattern(p, nextP) || (nextP === void 0 && p && p.indexOf("*") === p.length - 1 ? p : null);
      const isParam = Array.isArray(pattern);
      const key = isParam ? pattern[0] : pattern || p;
      const child = curNode.#children[key] ||= new Node4();
      if (pattern && !child.#pattern) {
        child.#pattern = pattern;
        curNode.#patterns.push(child);
      }
      curNode = child;
      if (isParam) possibleKeys.add(pattern[1]);
    }
    curNode.#methods.push({ [method]: {
      handler,
      possibleKeys: [...possibleKeys],
      score: ++order
    } });
  }
  #pushHandlerSets(handlerSets, node2, method, nodeParams, params) {
    for (let i = 0, len = node2.#methods.length; i < len; i++) {
      const m = node2.#methods[i];
      const handlerSet = m[method] || m["ALL"];
      if (handlerSet) {
        handlerSet.params = createNullObject();
        handlerSets.push(handlerSet);
        for (let i2 = 0, len2 = handlerSet.possibleKeys.length; i2 < len2; i2++) {
          const key = handlerSet.possibleKeys[i2];
          handlerSet.params[key] = params?.[key] && !i2 ? params[key] : nodeParams[key] ?? params?.[key];
        }
      }
    }
  }
  search(method, path) {
    const handlerSets = [];
    this.#params = emptyParams;
    let curNodes = [this];
    const parts = splitPath(path);
    const curNodesQueue = [];
    const len = parts.length;
    let partOffsets = null;
    for (let i = 0; i < len; i++) {
      const part = parts[i];
      const isLast = i === len - 1;
      const tempNodes = [];
      for (let j = 0, len2 = curNodes.length; j < len2; j++) {
        const node2 = curNodes[j];
        const nextNode = node2.#children[part];
        if (nextNode) {
          nextNode.#params = node2.#params;
          if (isLast) {
            if (nextNode.#children["*"]) this.#pushHandlerSets(handlerSets, nextNode.#children["*"], method, node2.#params);
            this.#pushHandlerSets(handlerSets, nextNode, method, node2.#params);
          } else tempNodes.push(nextNode);
        }
        for (const child of node2.#patterns) {
          const pattern = child.#pattern;
          const params = node2.#params === emptyParams ? {} : { ...node2.#params };
          if (typeof pattern === "string") {
            if (pattern === "*" || part.startsWith(pattern.slice(0, -1))) {
              this.#pushHandlerSets(handlerSets, child, method, node2.#params);
              if (pattern === "*") {
                child.#params = params;
                tempNodes.push(child);
              }
            }
            continue;
          }
          const [, name, matcher] = pattern;
          if (!part && matcher === true) continue;
          if (matcher !== true) {
            if (!partOffsets) {
              partOffsets = [];
              let offset = path[0] === "/" ? 1 : 0;
              for (let p = 0; p < len; p++) {
                partOffsets[p] = offset;
                offset += parts[p].length + 1;
              }
            }
            const restPathString = path.slice(partOffsets[i]);
            const m = matcher.exec(restPathString);
            if (m) {
              if (!Object.hasOwn(params, name)) params[name] = m[0];
              this.#pushHandlerSets(handlerSets, child, method, node2.#params, params);
              if (m[0].length === restPathString.length && child.#children["*"]) this.#pushHandlerSets(handlerSets, child.#children["*"], method, node2.#params, params);
              for (const _ in child.#children) {
                child.#params = params;
                const componentCount = m[0].match(/\//g)?.length ?? 0;
                (curNodesQueue[componentCount] ||= []).push(child);
                break;
              }
              continue;
            }
          }
          if (matcher === true || matcher.test(part)) {
            if (!Object.hasOwn(params, name)) params[name] = part;
            if (isLast) {
              this.#pushHandlerSets(handlerSets, child, method, params, node2.#params);
              if (child.#children["*"]) this.#pushHandlerSets(handlerSets, child.#children["*"], method, params, node2.#params);
            } else {
              child.#params = params;
              tempNodes.push(child);
            }
          }
        }
      }
      const shifted = curNodesQueue.shift();
      curNodes = shifted ? tempNodes.concat(shifted) : tempNodes;
    }
    if (handlerSets[1]) handlerSets.sort((a, b) => {
      return a.score - b.score;
    });
    return [handlerSets.map(({ handler, params }) => [handler, params])];
  }
};

// node_modules/hono/dist/router/trie-router/router.js
var TrieRouter = class {
  name = "TrieRouter";
  #node = new Node3();
  add(method, path, handler) {
    for (const result of checkOptionalParameter(path) || [path]) this.#node.insert(method, result, handler);
  }
  match(method, path) {
    return this.#node.search(method, path);
  }
};

// node_modules/hono/dist/hono.js
var Hono3 = class extends Hono {
  /**
  * Creates an instance of the Hono class.
  *
  * @param options - Optional configuration options for the Hono instance.
  */
  constructor(options = {}) {
    super(options);
    this.router = options.router ?? new SmartRouter({ routers: [new RegExpRouter(), new TrieRouter()] });
  }
};

// worker/api/problem.ts
var PROBLEMS = {
  INVALID_REQUEST: { status: 400, title: "The request is not valid" },
  UNAUTHENTICATED: { status: 401, title: "A valid key is required" },
  FORBIDDEN: { status: 403, title: "The key's role does not allow this" },
  ORIGIN_REFUSED: { status: 403, title: "Connectors are no browsers" },
  CROSS_SITE_REFUSED: { status: 403, title: "A browser's session is for the relay's own pages alone" },
  NOT_FOUND: { status: 404, title: "There is nothing here" },
  METHOD_NOT_ALLOWED: { status: 405, title: "The method is not allowed here" },
  LIMIT_REACHED: { status: 409, title: "There are as many as there may be" },
  PRECONDITION_FAILED: { status: 412, title: "It has changed in the meantime" },
  BODY_TOO_LARGE: { status: 413, title: "The body is too large" },
  UPGRADE_REQUIRED: { status: 426, title: "A WebSocket with a known subprotocol is required" },
  TOO_MANY_WATCHERS: { status: 429, title: "As many watch this tunnel as may" },
  RATE_LIMITED: { status: 429, title: "Too many failed attempts" },
  INTERNAL: { status: 500, title: "Something went wrong in the relay" },
  TUNNEL_UNAVAILABLE: { status: 503, title: "The tunnel could not be asked; try again" }
};
var ApiError = class extends Error {
  name = "ApiError";
  code;
  options;
  constructor(code, options = {}) {
    super(options.detail ?? PROBLEMS[code].title);
    this.code = code;
    this.options = options;
  }
};
function problemResponse(thrown) {
  const error2 = thrown instanceof ApiError ? thrown : new ApiError("INTERNAL");
  const { status, title } = PROBLEMS[error2.code];
  const { detail, problems, headers } = error2.options;
  return Response.json(
    { title, status, code: error2.code, detail, problems },
    {
      status,
      headers: { ...headers, "content-type": "application/problem+json", "cache-control": "no-store" }
    }
  );
}

// worker/dashboard/assets.generated.ts
var SCRIPT = "main-ZUW2KCPL.js";
var STYLE = "style-OENZRFFD.css";
var ASSETS = [{ "name": "main-ZUW2KCPL.js", "type": "text/javascript; charset=utf-8", "text": 'var wy=Object.defineProperty;var ky=(e,t)=>{for(var n in t)wy(e,n,{get:t[n],enumerable:!0})};var q={};ky(q,{BIGINT_FORMAT_RANGES:()=>ss,CONSTANT_CATCH:()=>Va,Class:()=>Li,NUMBER_FORMAT_RANGES:()=>yo,aborted:()=>Yt,allowsEval:()=>Vi,assert:()=>Py,assertEqual:()=>Ey,assertIs:()=>zy,assertNever:()=>$y,assertNotEqual:()=>Ty,assignProp:()=>qt,attachSchema:()=>vo,base64ToUint8Array:()=>Ba,base64urlToUint8Array:()=>Gy,cached:()=>mo,captureStackTrace:()=>rs,cleanEnum:()=>Ky,cleanRegex:()=>ho,clone:()=>Mt,cloneDef:()=>Cy,codePointLength:()=>bo,constantCatch:()=>Ha,createTransparentProxy:()=>My,defineLazy:()=>Ra,defineLazyInternal:()=>le,derived:()=>Xy,esc:()=>Bi,escapeRegex:()=>Sn,explicitlyAborted:()=>Ki,extend:()=>jy,finalizeIssue:()=>wn,floatSafeRemainder:()=>ji,getElementAtPath:()=>Ny,getEnumValues:()=>Nr,getLengthableOrigin:()=>xo,getParsedType:()=>Zy,getSizableOrigin:()=>ja,hexToUint8Array:()=>qy,hide:()=>ls,installLazyProp:()=>n_,isObject:()=>Cr,isPlainObject:()=>rr,issue:()=>Rr,joinValues:()=>ns,jsonStringifyReplacer:()=>Ir,members:()=>Ji,merge:()=>Uy,mergeDefs:()=>xn,normalizeParams:()=>G,nullish:()=>Fi,numKeys:()=>Dy,objectClone:()=>Ay,omit:()=>Fy,optionalKeys:()=>Wi,own:()=>Rn,parsedType:()=>Gi,partial:()=>Vy,pick:()=>Ly,prefixIssues:()=>_o,primitiveTypes:()=>La,promiseAllObject:()=>Iy,propertyKeyTypes:()=>Hi,randomString:()=>Ry,rawShape:()=>go,required:()=>Hy,safeExtend:()=>By,shallowClone:()=>Ma,sizeCaps:()=>cs,slugify:()=>Ui,stringifyPrimitive:()=>os,toZod:()=>Ia,uint8ArrayToBase64:()=>Ua,uint8ArrayToBase64url:()=>Jy,uint8ArrayToHex:()=>Yy,unwrapMessage:()=>Or});function Ey(e){return e}function Ty(e){return e}function Ia(){return e=>e}function zy(e){}function $y(e){throw new Error("Unexpected value in exhaustive check")}function Py(e){}function Nr(e){let t=Object.values(e).filter(r=>typeof r=="number");return Object.entries(e).filter(([r,o])=>t.indexOf(+r)===-1).map(([r,o])=>o)}function ns(e,t="|"){return e.map(n=>os(n)).join(t)}function Ir(e,t){return typeof t=="bigint"?t.toString():t}var Mi=class{constructor(t){this._getter=t,this._value=void 0}get value(){let t=this._getter;return t!==void 0&&(this._value=t(),this._getter=void 0),this._value}};function mo(e){return new Mi(e)}function Fi(e){return e==null}function ho(e){let t=e.startsWith("^")?1:0,n=e.endsWith("$")?e.length-1:e.length;return e.slice(t,n)}function ji(e,t){let n=e/t,r=Math.round(n),o=4*Number.EPSILON*Math.max(Math.abs(n),1);return Math.abs(n-r)<o?0:n-r}var Na=Symbol("evaluating");function Ra(e,t,n){let r;Object.defineProperty(e,t,{get(){if(r!==Na)return r===void 0&&(r=Na,r=n()),r},set(o){Object.defineProperty(e,t,{value:o})},configurable:!0})}function Ay(e){return Object.create(Object.getPrototypeOf(e),Object.getOwnPropertyDescriptors(e))}function qt(e,t,n){Object.defineProperty(e,t,{value:n,writable:!0,enumerable:!0,configurable:!0})}function go(e){let t=Object.getOwnPropertyDescriptor(e,"shape");return t?.get?t.get.raw:t?.value}function bn(e){return go(e._zod.def)??e._zod.def.shape}function Da(e,t,n){Object.defineProperty(e,t,{get(){let r=n();return qt(this,t,r),r},enumerable:!0,configurable:!0})}function Za(e,t,n){t in e?qt(e,t,n):e[t]=n}function nr(e,t,n,r){let o=bn(t);for(let s of n){let i=Object.getOwnPropertyDescriptor(o,s);i.enumerable&&(i.get?Da(e,s,()=>{let c=t._zod.def.shape[s];return r?r(c,s):c}):Za(e,s,r?r(i.value,s):i.value))}}function Oy(e,t){for(let n of Reflect.ownKeys(t)){let r=Object.getOwnPropertyDescriptor(t,n);r.enumerable&&(r.get?Da(e,n,()=>t[n]):Za(e,n,r.value))}}function xn(...e){let t={};for(let n of e){let r=Object.getOwnPropertyDescriptors(n);Object.assign(t,r)}return Object.defineProperties({},t)}function Cy(e){return xn(e._zod.def)}function Ny(e,t){return t?t.reduce((n,r)=>n?.[r],e):e}function Iy(e){let t=Object.keys(e),n=t.map(r=>e[r]);return Promise.all(n).then(r=>{let o={};for(let s=0;s<t.length;s++)o[t[s]]=r[s];return o})}function Ry(e=10){let t="abcdefghijklmnopqrstuvwxyz",n="";for(let r=0;r<e;r++)n+=t[Math.floor(Math.random()*t.length)];return n}function Bi(e){return JSON.stringify(e)}function Ui(e){return e.toLowerCase().trim().replace(/[^\\w\\s-]/g,"").replace(/[\\s_-]+/g,"-").replace(/^-+|-+$/g,"")}var rs="captureStackTrace"in Error?Error.captureStackTrace:(...e)=>{};function Cr(e){return typeof e=="object"&&e!==null&&!Array.isArray(e)}var Vi=mo(()=>{if(Tt.jitless||typeof navigator<"u"&&navigator?.userAgent?.includes("Cloudflare"))return!1;try{let e=Function;return new e(""),!0}catch{return!1}});function rr(e){if(Cr(e)===!1)return!1;let t=e.constructor;if(t===void 0||typeof t!="function")return!0;let n=t.prototype;return!(Cr(n)===!1||Object.prototype.hasOwnProperty.call(n,"isPrototypeOf")===!1)}function Ma(e){return rr(e)?{...e}:Array.isArray(e)?[...e]:e instanceof Map?new Map(e):e instanceof Set?new Set(e):e}function Dy(e){let t=0;for(let n in e)Object.prototype.hasOwnProperty.call(e,n)&&t++;return t}var Zy=e=>{let t=typeof e;switch(t){case"undefined":return"undefined";case"string":return"string";case"number":return Number.isNaN(e)?"nan":"number";case"boolean":return"boolean";case"function":return"function";case"bigint":return"bigint";case"symbol":return"symbol";case"object":return Array.isArray(e)?"array":e===null?"null":e.then&&typeof e.then=="function"&&e.catch&&typeof e.catch=="function"?"promise":typeof Map<"u"&&e instanceof Map?"map":typeof Set<"u"&&e instanceof Set?"set":typeof Date<"u"&&e instanceof Date?"date":typeof File<"u"&&e instanceof File?"file":"object";default:throw new Error(`Unknown data type: ${t}`)}},Hi=new Set(["string","number","symbol"]),La=new Set(["string","number","bigint","boolean","symbol","undefined"]);function Sn(e){return e.replace(/[.*+?^${}()|[\\]\\\\]/g,"\\\\$&")}function Mt(e,t,n){let r=new e._zod.constr(t??e._zod.def);return(!t||n?.parent)&&(r._zod.parent=e),r}function G(e){let t=e;if(!t)return{};if(typeof t=="string")return{error:()=>t};if(t?.message!==void 0){if(t?.error!==void 0)throw new Error("Cannot specify both `message` and `error` params");t.error=t.message}return delete t.message,typeof t.error=="string"?{...t,error:()=>t.error}:t}function My(e){let t;return new Proxy({},{get(n,r,o){return t??(t=e()),Reflect.get(t,r,o)},set(n,r,o,s){return t??(t=e()),Reflect.set(t,r,o,s)},has(n,r){return t??(t=e()),Reflect.has(t,r)},deleteProperty(n,r){return t??(t=e()),Reflect.deleteProperty(t,r)},ownKeys(n){return t??(t=e()),Reflect.ownKeys(t)},getOwnPropertyDescriptor(n,r){return t??(t=e()),Reflect.getOwnPropertyDescriptor(t,r)},defineProperty(n,r,o){return t??(t=e()),Reflect.defineProperty(t,r,o)}})}function os(e){return typeof e=="bigint"?e.toString()+"n":typeof e=="string"?`"${e}"`:`${e}`}function Wi(e){return Object.keys(e).filter(t=>e[t]._zod.optin!==void 0&&e[t]._zod.optout==="optional")}var yo={safeint:[Number.MIN_SAFE_INTEGER,Number.MAX_SAFE_INTEGER],int32:[-2147483648,2147483647],uint32:[0,4294967295],float32:[-34028234663852886e22,34028234663852886e22],float64:[-Number.MAX_VALUE,Number.MAX_VALUE]},ss={int64:[BigInt("-9223372036854775808"),BigInt("9223372036854775807")],uint64:[BigInt(0),BigInt("18446744073709551615")]};function Ly(e,t){let n=e._zod.def,r=n.checks;if(r&&r.length>0)throw new Error(".pick() cannot be used on object schemas containing refinements");let s={};return nr(s,e,is(e,t)),Mt(e,xn(n,{shape:s,checks:[]}))}function is(e,t){let n=bn(e),r=[];for(let o of Reflect.ownKeys(t)){if(!Object.getOwnPropertyDescriptor(n,o)?.enumerable)throw new Error(`Unrecognized key: "${String(o)}"`);t[o]&&r.push(o)}return r}function Fy(e,t){let n=e._zod.def,r=n.checks;if(r&&r.length>0)throw new Error(".omit() cannot be used on object schemas containing refinements");let s=new Set(is(e,t)),i={};return nr(i,e,Reflect.ownKeys(bn(e)).filter(c=>!s.has(c))),Mt(e,xn(n,{shape:i,checks:[]}))}function jy(e,t){if(!rr(t))throw new Error("Invalid input to extend: expected a plain object");let n=e._zod.def.checks;if(n&&n.length>0){let o=bn(e);for(let s of Reflect.ownKeys(t))if(Object.getOwnPropertyDescriptor(o,s)!==void 0)throw new Error("Cannot overwrite keys on object schemas containing refinements. Use `.safeExtend()` instead.")}return Mt(e,xn(e._zod.def,{shape:Fa(e,t)}))}function Fa(e,t){let n={};return nr(n,e,Reflect.ownKeys(bn(e))),Oy(n,t),n}function By(e,t){if(!rr(t))throw new Error("Invalid input to safeExtend: expected a plain object");return Mt(e,xn(e._zod.def,{shape:Fa(e,t)}))}function Uy(e,t){if(!t?._zod?.def)throw new Error("Invalid input to merge: expected an object schema. To merge a plain shape, use `.extend()`.");if(e._zod.def.checks?.length)throw new Error(".merge() cannot be used on object schemas containing refinements. Use .safeExtend() instead.");let n={};nr(n,e,Reflect.ownKeys(bn(e))),nr(n,t,Reflect.ownKeys(bn(t)));let r=xn(e._zod.def,{shape:n,get catchall(){return t._zod.def.catchall},checks:t._zod.def.checks??[]});return Mt(e,r)}function Vy(e,t,n,r="partial"){let s=t._zod.def.checks;if(s&&s.length>0)throw new Error(`.${r}() cannot be used on object schemas containing refinements`);let c=n?new Set(is(t,n)):void 0,u={};return nr(u,t,Reflect.ownKeys(bn(t)),e&&((f,m)=>c&&!c.has(m)?f:new e({type:"optional",innerType:f}))),Mt(t,xn(t._zod.def,{shape:u,checks:[]}))}function Hy(e,t,n){let r=n?new Set(is(t,n)):void 0,o={};return nr(o,t,Reflect.ownKeys(bn(t)),(s,i)=>r&&!r.has(i)?s:new e({type:"nonoptional",innerType:s})),Mt(t,xn(t._zod.def,{shape:o}))}function Yt(e,t=0){if(e.aborted===!0)return!0;for(let n=t;n<e.issues.length;n++)if(e.issues[n]?.continue!==!0)return!0;return!1}function Ki(e,t=0){if(e.aborted===!0)return!0;for(let n=t;n<e.issues.length;n++)if(e.issues[n]?.continue===!1)return!0;return!1}function _o(e,t){return t.map(n=>{var r;return(r=n).path??(r.path=[]),n.path.unshift(e),n})}function Or(e){return typeof e=="string"?e:e?.message}function cs(e){let t=[];for(let n of e??[]){let r=n._zod.def;if(!/_(length|size)$|_equals$/.test(r.check))break;let o=r.maximum??r.length??r.size;o>=0&&t.push([o,n])}return t}function vo(e,t,n){var r;for(let o=t;o<e.length;o++)(r=e[o]).schema??(r.schema=n)}function wn(e,t,n){var r;let o=e.inst?._zod?.traits;o?.has("$ZodType")&&(o.has("$ZodCheck")?(r=e).schema??(r.schema=e.inst):e.schema=e.inst);let s=e.schema!==e.inst?e.schema?._zod.def?.error:void 0,i=e.message?e.message:Or(e.inst?._zod.def?.error?.(e))??Or(s?.(e))??Or(t?.error?.(e))??Or(n.customError?.(e))??Or(n.localeError?.(e))??"Invalid input",c={};for(let u of Object.keys(e))u==="inst"||u==="schema"||u==="continue"||u==="input"||u==="__proto__"||(c[u]=e[u]);return c.path??(c.path=[]),c.message=i,t?.reportInput&&(c.input=e.input),c}function ja(e){return e instanceof Set?"set":e instanceof Map?"map":e instanceof File?"file":"unknown"}var Wy=/[\\uD800-\\uDBFF]/;function bo(e){let t=e.length;if(!Wy.test(e))return t;let n=t;for(let r=0;r<t-1;r++)(e.charCodeAt(r)&64512)===55296&&(e.charCodeAt(r+1)&64512)===56320&&(n--,r++);return n}function xo(e){return Array.isArray(e)?"array":typeof e=="string"?"string":"unknown"}function Gi(e){let t=typeof e;switch(t){case"number":return Number.isNaN(e)?"nan":"number";case"object":{if(e===null)return"null";if(Array.isArray(e))return"array";let n=e;if(n&&Object.getPrototypeOf(n)!==Object.prototype&&"constructor"in n&&n.constructor)return n.constructor.name}}return t}function Rr(...e){let[t,n,r]=e;return typeof t=="string"?{message:t,code:"custom",input:n,inst:r}:{...t}}function Ky(e){return Object.entries(e).filter(([t,n])=>Number.isNaN(Number.parseInt(t,10))).map(t=>t[1])}function Ba(e){let t=atob(e),n=new Uint8Array(t.length);for(let r=0;r<t.length;r++)n[r]=t.charCodeAt(r);return n}function Ua(e){let t="";for(let n=0;n<e.length;n++)t+=String.fromCharCode(e[n]);return btoa(t)}function Gy(e){let t=e.replace(/-/g,"+").replace(/_/g,"/"),n="=".repeat((4-t.length%4)%4);return Ba(t+n)}function Jy(e){return Ua(e).replace(/\\+/g,"-").replace(/\\//g,"_").replace(/=/g,"")}function qy(e){let t=e.replace(/^0x/,"");if(t.length%2!==0)throw new Error("Invalid hex string length");let n=new Uint8Array(t.length/2);for(let r=0;r<t.length;r+=2)n[r/2]=Number.parseInt(t.slice(r,r+2),16);return n}function Yy(e){return Array.from(e).map(t=>t.toString(16).padStart(2,"0")).join("")}var Li=class{constructor(...t){}};function Ji(e,t){for(let n in t){let r=Object.getOwnPropertyDescriptor(t,n);r.get?Object.defineProperty(e,n,{...r,enumerable:!1}):Qy(e,n,r.value)}}function Rn(e,t,n,r=!0){return Object.defineProperty(e,t,{configurable:!0,writable:!0,enumerable:r,value:n}),n}function ls(e,t,n){return Rn(e,t,n,!1)}function Xy(e,t){for(let n in e){let r=e[n];Object.defineProperty(t,n,{configurable:!0,enumerable:!0,get(){return Rn(this,n,r(this))},set(o){Rn(this,n,o)}})}return t}function Qy(e,t,n){Object.defineProperty(e,t,{configurable:!0,get(){return this==null?n:Rn(this,t,n.bind(this))},set(r){Rn(this,t,r)}})}function e_(e,t){let n=Object.getPrototypeOf(e);return t in n?void 0:n}var Zi,In=!1,t_={configurable:!0,get(){In=!0}};function le(e,t,n){let r=Object.getPrototypeOf(e._zod);if(t in r&&Zi!==e._zod){Zi=void 0;return}Zi=e._zod,Object.defineProperty(r,t,{configurable:!0,get(){Object.defineProperty(this,t,t_);let o=In;In=!1;try{let s=n(this);return In?delete this[t]:Object.defineProperty(this,t,{configurable:!0,writable:!0,value:s}),In=In||o,s}catch(s){throw delete this[t],In=In||o,s}},set(o){Object.defineProperty(this,t,{configurable:!0,writable:!0,value:o})}})}function n_(e,t,n,r){let o=e_(e,t);o&&Object.defineProperty(o,t,{configurable:!0,get(){let s={configurable:!0,writable:!0,enumerable:r,value:void 0};return Object.defineProperty(this,t,s),s.value=n(this),Object.defineProperty(this,t,s),s.value},set(s){Object.defineProperty(this,t,{configurable:!0,writable:!0,enumerable:r,value:s})}})}var Va="~constantCatch";function Ha(e){let t=()=>e;return t[Va]=!0,t}var Wa;var qi={value:void 0,enumerable:!1},Ka="captureStackTrace"in Error?Error:null;function r_(e){let t=Ka;if(t){let n=t.stackTraceLimit;if(typeof n=="number"){try{t.stackTraceLimit=0}catch{return Ka=null,new e}try{return new e}finally{t.stackTraceLimit=n}}}return new e}function w(e,t,n,r){let o={};function s(g){this.def=g,this.constr=d,this.traits=new Set}s.prototype=o;let i=n,c=i&&new WeakSet;function u(g,_){if(g._zod){if(g._zod.traits.has(e))return}else{qi.value=new s(_);try{Object.defineProperty(g,"_zod",qi)}finally{qi.value=void 0}}if(g._zod.traits.add(e),t(g,_),c){let S=Object.getPrototypeOf(g),T=g._zod.constr.prototype,O=S;for(;O&&O!==T;)O=Object.getPrototypeOf(O);let $=O??S;c.has($)||(c.add($),Ji($,i))}let b=d.prototype;for(let S in b)Object.prototype.hasOwnProperty.call(b,S)&&(S in g||(g[S]=b[S].bind(g)))}let f=r?.Parent??Object;class m extends f{}Object.defineProperty(m,"name",{value:e});function d(g){let _=r?.Parent?r_(m):this;u(_,g);let b=_._zod.deferred;if(b){for(let T of b)T();_._zod.deferred=void 0}let S=globalThis.__zod_globalConfig?.postProcessor;return S&&S(_),_}return Object.defineProperty(d,"init",{value:u}),Object.defineProperty(d,Symbol.hasInstance,{value:g=>r?.Parent&&g instanceof r.Parent?!0:g?._zod?.traits?.has(e)}),Object.defineProperty(d,"name",{value:e}),d}var Xt=class extends Error{constructor(){super("Encountered Promise during synchronous parse. Use .parseAsync() instead.")}},Dr=class extends Error{constructor(t){super(`Encountered unidirectional transform during encode: ${t}`),this.name="ZodEncodeError"}};(Wa=globalThis).__zod_globalConfig??(Wa.__zod_globalConfig={});var Tt=globalThis.__zod_globalConfig;function vt(e){return e&&Object.assign(Tt,e),Tt}function o_(){let e=this._zod;return e.message??(e.message=JSON.stringify(e.def,Ir,2)),e.message}function s_(e){this._zod.message=e}var i_={get:o_,set:s_,enumerable:!0,configurable:!0},Xi={value:void 0,enumerable:!1},Ga=new WeakSet([Object.prototype,Error.prototype]),Ja=(e,t)=>{e.name="$ZodError",Xi.value=t,Object.defineProperty(e,"issues",Xi),Xi.value=void 0,Object.defineProperty(e,"message",i_);let n=Object.getPrototypeOf(e);Ga.has(n)||(Ga.add(n),Object.defineProperty(n,"toString",{configurable:!0,enumerable:!1,get(){let r=()=>this.message;return Object.defineProperty(this,"toString",{value:r,configurable:!0,writable:!0}),r},set(r){Object.defineProperty(this,"toString",{value:r,configurable:!0,writable:!0})}}))},qa=w("$ZodError",Ja),HS=w("$ZodError",Ja,void 0,{Parent:Error});function c_(e,t,n){return Object.prototype.hasOwnProperty.call(e,t)||(t==="__proto__"?Object.defineProperty(e,t,{value:n(),writable:!0,enumerable:!0,configurable:!0}):e[t]=n()),e[t]}function Qi(e,t=n=>n.message){let n={},r=[];for(let o of e.issues)o.path.length>0?c_(n,o.path[0],()=>[]).push(t(o)):r.push(t(o));return{formErrors:r,fieldErrors:n}}function ec(e,t=n=>n.message){let n={_errors:[]},r=(o,s=[])=>{for(let i of o.issues)if(i.code==="invalid_union"&&i.errors.length)i.errors.map(c=>r({issues:c},[...s,...i.path]));else if(i.code==="invalid_key")r({issues:i.issues},[...s,...i.path]);else if(i.code==="invalid_element")r({issues:i.issues},[...s,...i.path]);else{let c=[...s,...i.path];if(c.length===0)n._errors.push(t(i));else{let u=n,f=0;for(;f<c.length;){let m=c[f],d=f===c.length-1;if(m==="_errors"){d&&u._errors.push(t(i)),f++;continue}Object.prototype.hasOwnProperty.call(u,m)||Object.defineProperty(u,m,{value:{_errors:[]},enumerable:!0,writable:!0,configurable:!0});let g=u[m];d&&g._errors.push(t(i)),u=g,f++}}}};return r(e),n}function as(e,t){return{callee:t?.callee??e,Err:t?.Err}}var us=e=>{let t=(n,r,o,s)=>{let i=o?{...o,async:!1}:{async:!1},c=n._zod.run({value:r,issues:[]},i);if(c instanceof Promise)throw new Xt;if(c.issues.length){let u=new(s?.Err??e)(c.issues.map(f=>wn(f,i,vt())));throw rs(u,s?.callee??t),u}return c.value};return t};var fs=e=>{let t=async(n,r,o,s)=>{let i=o?{...o,async:!0}:{async:!0},c=n._zod.run({value:r,issues:[]},i);if(c instanceof Promise&&(c=await c),c.issues.length){let u=new(s?.Err??e)(c.issues.map(f=>wn(f,i,vt())));throw rs(u,s?.callee??t),u}return c.value};return t};var ps=e=>(t,n,r)=>{let o=r?{...r,async:!1}:{async:!1},s=t._zod.run({value:n,issues:[]},o);if(s instanceof Promise)throw new Xt;return s.issues.length?Ya(e,s.issues,o):{success:!0,data:s.value}};function Ya(e,t,n){let r;return{success:!1,get error(){return r||(r=new e(t.map(o=>wn(o,n,vt()))),t=void 0,n=void 0),r},set error(o){r=o,t=void 0,n=void 0}}}var ds=e=>async(t,n,r)=>{let o=r?{...r,async:!0}:{async:!0},s=t._zod.run({value:n,issues:[]},o);return s instanceof Promise&&(s=await s),s.issues.length?Ya(e,s.issues,o):{success:!0,data:s.value}};var l_=Symbol.for("zod.compile.invalid"),a_=Symbol.for("zod.compile.fallback"),tc=((e,t,n)=>{let r=e._zod.bag.validator;if(r!==void 0){if(r(t)!==l_)return!0;if(r.definite===!0&&n===void 0)return!1}return u_(e,t,n)});function u_(e,t,n){let r=n?{...n,async:!1,abortEarly:!0}:{async:!1,abortEarly:!0},o=e._zod.bag.fallbackRun,s;if(o?(r[a_]=!0,s=o({value:t,issues:[]},r)):s=e._zod.run({value:t,issues:[]},r),s instanceof Promise)throw new Xt;return s.issues.length===0}var nc=async(e,t,n)=>{let r=n?{...n,async:!0,abortEarly:!0}:{async:!0,abortEarly:!0},o=e._zod.run({value:t,issues:[]},r);return o instanceof Promise&&(o=await o),o.issues.length===0},Xa=e=>{let t=us(e),n=(r,o,s,i)=>{let c=s?{...s,direction:"backward"}:{direction:"backward"};return t(r,o,c,as(n,i))};return n};var Qa=e=>{let t=us(e),n=(r,o,s,i)=>t(r,o,s,as(n,i));return n};var eu=e=>{let t=fs(e),n=async(r,o,s,i)=>{let c=s?{...s,direction:"backward"}:{direction:"backward"};return await t(r,o,c,as(n,i))};return n};var tu=e=>{let t=fs(e),n=async(r,o,s,i)=>await t(r,o,s,as(n,i));return n};var nu=e=>(t,n,r)=>{let o=r?{...r,direction:"backward"}:{direction:"backward"};return ps(e)(t,n,o)};var ru=e=>(t,n,r)=>ps(e)(t,n,r);var ou=e=>async(t,n,r)=>{let o=r?{...r,direction:"backward"}:{direction:"backward"};return ds(e)(t,n,o)};var su=e=>async(t,n,r)=>ds(e)(t,n,r);var iu=/^[cC][0-9a-z]{6,}$/,cu=/^[0-9a-z]+$/,lu=/^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$/,au=/^[0-9a-vA-V]{20}$/,uu=/^[A-Za-z0-9]{27}$/,fu=/^[a-zA-Z0-9_-]{21}$/;function pu(e){return new RegExp(`^[a-zA-Z0-9_-]{${e}}$`)}var du=/^P(?:(\\d+W)|(?!.*W)(?=\\d|T\\d)(\\d+Y)?(\\d+M)?(\\d+D)?(T(?=\\d)(\\d+H)?(\\d+M)?(\\d+([.,]\\d+)?S)?)?)$/;var mu=/^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})$/,oc=e=>e?new RegExp(`^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-${e}[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12})$`):/^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-8][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}|00000000-0000-0000-0000-000000000000|ffffffff-ffff-ffff-ffff-ffffffffffff)$/;var hu=/^(?:[A-Za-z0-9_\'+\\-]+\\.)*[A-Za-z0-9_\'+\\-]*[A-Za-z0-9_+-]@(?:[A-Za-z0-9][A-Za-z0-9\\-]*\\.)+[A-Za-z]{2,}$/;var f_="^(?=[\\\\s\\\\S]*[\\\\p{Extended_Pictographic}\\\\p{Regional_Indicator}\\\\u20E3])[\\\\p{Extended_Pictographic}\\\\p{Emoji_Component}]+$";function gu(){return new RegExp(f_,"u")}var yu=/^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9][0-9]|[0-9])\\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9][0-9]|[0-9])$/,_u=/^(([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}|([0-9a-fA-F]{1,4}:){1,7}:|([0-9a-fA-F]{1,4}:){1,6}:[0-9a-fA-F]{1,4}|([0-9a-fA-F]{1,4}:){1,5}(:[0-9a-fA-F]{1,4}){1,2}|([0-9a-fA-F]{1,4}:){1,4}(:[0-9a-fA-F]{1,4}){1,3}|([0-9a-fA-F]{1,4}:){1,3}(:[0-9a-fA-F]{1,4}){1,4}|([0-9a-fA-F]{1,4}:){1,2}(:[0-9a-fA-F]{1,4}){1,5}|[0-9a-fA-F]{1,4}:((:[0-9a-fA-F]{1,4}){1,6})|:((:[0-9a-fA-F]{1,4}){1,7}|:))$/;var vu=/^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9][0-9]|[0-9])\\.){3}(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9][0-9]|[0-9])\\/([0-9]|[1-2][0-9]|3[0-2])$/,bu=/^(([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}|([0-9a-fA-F]{1,4}:){1,7}:|([0-9a-fA-F]{1,4}:){1,6}:[0-9a-fA-F]{1,4}|([0-9a-fA-F]{1,4}:){1,5}(:[0-9a-fA-F]{1,4}){1,2}|([0-9a-fA-F]{1,4}:){1,4}(:[0-9a-fA-F]{1,4}){1,3}|([0-9a-fA-F]{1,4}:){1,3}(:[0-9a-fA-F]{1,4}){1,4}|([0-9a-fA-F]{1,4}:){1,2}(:[0-9a-fA-F]{1,4}){1,5}|[0-9a-fA-F]{1,4}:((:[0-9a-fA-F]{1,4}){1,6})|:((:[0-9a-fA-F]{1,4}){1,7}|:))\\/(12[0-8]|1[01][0-9]|[1-9]?[0-9])$/,xu=/^$|^(?:[0-9a-zA-Z+/]{4})*(?:(?:[0-9a-zA-Z+/]{2}==)|(?:[0-9a-zA-Z+/]{3}=))?$/,Su=/^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2,3})?$/;var wu=/^https?$/,ku=/^\\+[1-9]\\d{6,14}$/;var Eu="(?:(?:\\\\d\\\\d[2468][048]|\\\\d\\\\d[13579][26]|\\\\d\\\\d0[48]|[02468][048]00|[13579][26]00)-02-29|\\\\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\\\d|30)|(?:02)-(?:0[1-9]|1\\\\d|2[0-8])))";function p_(e){return new RegExp(`^${e}$`)}var Tu=p_(Eu);function rc(e){let t="(?:[01]\\\\d|2[0-3]):[0-5]\\\\d";return typeof e.precision=="number"?e.precision===-1?`${t}`:e.precision===0?`${t}:[0-5]\\\\d`:`${t}:[0-5]\\\\d\\\\.\\\\d{${e.precision}}`:e.seconds?`${t}:[0-5]\\\\d(?:\\\\.\\\\d+)?`:`${t}(?::[0-5]\\\\d(?:\\\\.\\\\d+)?)?`}function zu(e){return new RegExp(`^${rc(e)}$`)}function $u(e){let t=["Z"];e.offset&&t.push("([+-](?:[01]\\\\d|2[0-3]):[0-5]\\\\d)");let n=`${rc({precision:e.precision,seconds:!0})}(?:${t.join("|")})`,r=e.local?`${n}|${rc({precision:e.precision})}`:n;return new RegExp(`^${Eu}T(?:${r})$`)}var Pu=/^[\\s\\S]{0,}$/;var sc=/^-?\\d+(?:\\.\\d+)?$/,Au=/^(?:true|false)$/i;var Ou=/^[^A-Z]*$/,Cu=/^[^a-z]*$/;var et=w("$ZodCheck",(e,t)=>{var n;e._zod??(e._zod={}),e._zod.def=t,(n=e._zod).onattach??(n.onattach=[])});var ic=e=>{let t=e.value;return!Fi(t)&&t.length!==void 0},ms={number:"number",bigint:"bigint",object:"date"},cc=w("$ZodCheckLessThan",(e,t)=>{et.init(e,t);let n=ms[typeof t.value];e._zod.check=r=>{(t.inclusive?r.value<=t.value:r.value<t.value)||r.issues.push({origin:ms[typeof r.value]??n,code:"too_big",maximum:typeof t.value=="object"?t.value.getTime():t.value,input:r.value,inclusive:t.inclusive,inst:e,continue:!t.abort})}}),lc=w("$ZodCheckGreaterThan",(e,t)=>{et.init(e,t);let n=ms[typeof t.value];e._zod.check=r=>{(t.inclusive?r.value>=t.value:r.value>t.value)||r.issues.push({origin:ms[typeof r.value]??n,code:"too_small",minimum:typeof t.value=="object"?t.value.getTime():t.value,input:r.value,inclusive:t.inclusive,inst:e,continue:!t.abort})}}),Nu=w("$ZodCheckMultipleOf",(e,t)=>{et.init(e,t),e._zod.check=n=>{if(typeof n.value!=typeof t.value)throw new Error("Cannot mix number and bigint in multiple_of check.");(typeof n.value=="bigint"?t.value!==BigInt(0)&&n.value%t.value===BigInt(0):ji(n.value,t.value)===0)||n.issues.push({origin:typeof n.value,code:"not_multiple_of",divisor:t.value,input:n.value,inst:e,continue:!t.abort})}}),Iu=w("$ZodCheckNumberFormat",(e,t)=>{et.init(e,t),t.format=t.format||"float64";let n=t.format?.includes("int"),r=n?"int":"number",[o,s]=yo[t.format];e._zod.check=i=>{let c=i.value;if(n){if(!Number.isInteger(c)){i.issues.push({expected:r,format:t.format,code:"invalid_type",continue:!1,input:c,inst:e});return}if(!Number.isSafeInteger(c)){c>0?i.issues.push({input:c,code:"too_big",maximum:Number.MAX_SAFE_INTEGER,note:"Integers must be within the safe integer range.",inst:e,origin:r,inclusive:!0,continue:!t.abort}):i.issues.push({input:c,code:"too_small",minimum:Number.MIN_SAFE_INTEGER,note:"Integers must be within the safe integer range.",inst:e,origin:r,inclusive:!0,continue:!t.abort});return}}c<o&&i.issues.push({origin:"number",input:c,code:"too_small",minimum:o,inclusive:!0,inst:e,continue:!t.abort}),c>s&&i.issues.push({origin:"number",input:c,code:"too_big",maximum:s,inclusive:!0,inst:e,continue:!t.abort})}});var Ru=w("$ZodCheckMaxLength",(e,t)=>{var n;et.init(e,t),(n=e._zod.def).when??(n.when=ic),e._zod.check=r=>{let o=r.value,s=o.length;if((typeof o=="string"&&s>t.maximum?bo(o):s)<=t.maximum)return;let c=xo(o);r.issues.push({origin:c,code:"too_big",maximum:t.maximum,inclusive:!0,input:o,inst:e,continue:!t.abort})}}),Du=w("$ZodCheckMinLength",(e,t)=>{var n;et.init(e,t),(n=e._zod.def).when??(n.when=ic),e._zod.check=r=>{let o=r.value,s=o.length;if((typeof o=="string"&&s>=t.minimum&&s<t.minimum*2?bo(o):s)>=t.minimum)return;let c=xo(o);r.issues.push({origin:c,code:"too_small",minimum:t.minimum,inclusive:!0,input:o,inst:e,continue:!t.abort})}}),Zu=w("$ZodCheckLengthEquals",(e,t)=>{var n;et.init(e,t),(n=e._zod.def).when??(n.when=ic),e._zod.check=r=>{let o=r.value,s=o.length,i=typeof o=="string"&&s>=t.length&&s<=t.length*2?bo(o):s;if(i===t.length)return;let c=xo(o),u=i>t.length;r.issues.push({origin:c,...u?{code:"too_big",maximum:t.length}:{code:"too_small",minimum:t.length},inclusive:!0,exact:!0,input:r.value,inst:e,continue:!t.abort})}}),So=w("$ZodCheckStringFormat",(e,t)=>{var n,r;et.init(e,t),t.pattern?(n=e._zod).check??(n.check=o=>{t.pattern.lastIndex=0,!t.pattern.test(o.value)&&o.issues.push({origin:"string",code:"invalid_format",format:t.format,input:o.value,...t.pattern?{pattern:t.pattern.toString()}:{},inst:e,continue:!t.abort})}):(r=e._zod).check??(r.check=()=>{})}),Mu=w("$ZodCheckRegex",(e,t)=>{So.init(e,t),e._zod.check=n=>{t.pattern.lastIndex=0,!t.pattern.test(n.value)&&n.issues.push({origin:"string",code:"invalid_format",format:"regex",input:n.value,pattern:t.pattern.toString(),inst:e,continue:!t.abort})}}),Lu=w("$ZodCheckLowerCase",(e,t)=>{t.pattern??(t.pattern=Ou),So.init(e,t)}),Fu=w("$ZodCheckUpperCase",(e,t)=>{t.pattern??(t.pattern=Cu),So.init(e,t)}),ju=w("$ZodCheckIncludes",(e,t)=>{et.init(e,t);let n=Sn(t.includes),r=new RegExp(typeof t.position=="number"?`^.{${t.position},}${n}`:n);t.pattern=r,e._zod.check=o=>{o.value.includes(t.includes,t.position)||o.issues.push({origin:"string",code:"invalid_format",format:"includes",includes:t.includes,input:o.value,inst:e,continue:!t.abort})}}),Bu=w("$ZodCheckStartsWith",(e,t)=>{et.init(e,t);let n=new RegExp(`^${Sn(t.prefix)}.*`);t.pattern??(t.pattern=n),e._zod.check=r=>{r.value.startsWith(t.prefix)||r.issues.push({origin:"string",code:"invalid_format",format:"starts_with",prefix:t.prefix,input:r.value,inst:e,continue:!t.abort})}}),Uu=w("$ZodCheckEndsWith",(e,t)=>{et.init(e,t);let n=new RegExp(`.*${Sn(t.suffix)}$`);t.pattern??(t.pattern=n),e._zod.check=r=>{r.value.endsWith(t.suffix)||r.issues.push({origin:"string",code:"invalid_format",format:"ends_with",suffix:t.suffix,input:r.value,inst:e,continue:!t.abort})}});var Vu=w("$ZodCheckOverwrite",(e,t)=>{et.init(e,t),e._zod.check=n=>{n.value=t.tx(n.value)}});var hs=class{constructor(t=[],n={}){this.content=[],this.indent=0,this.args=t,this.closed=n}indented(t){this.indent+=1;try{t(this)}finally{this.indent-=1}}write(t){if(typeof t=="function"){t(this,{execution:"sync"}),t(this,{execution:"async"});return}let r=t.split(`\n`).filter(i=>i),o=Math.min(...r.map(i=>i.length-i.trimStart().length)),s=r.map(i=>i.slice(o)).map(i=>" ".repeat(this.indent*2)+i);for(let i of s)this.content.push(i)}compile(){let t=Function,n=this?.content??[""];return new t(...Object.keys(this.closed),`return function (${this.args.join(", ")}) {\n${n.join(`\n`)}\n};`)(...Object.values(this.closed))}};var Wu={major:4,minor:6,patch:7};var Ae=w("$ZodType",(e,t)=>{var n;e??(e={}),e._zod.def=t,e._zod.bag=e._zod.bag||{},e._zod.version=Wu;let r=e._zod.def.checks,o=e._zod.traits.has("$ZodCheck")?[e,...r??[]]:r?.length?[...r]:[];for(let s of o)for(let i of s._zod.onattach)i(e);if(o.length===0)(n=e._zod).deferred??(n.deferred=[]),e._zod.deferred?.push(()=>{e._zod.run=e._zod.parse});else{let s=(c,u,f)=>{if(c.memo)return c;let m=Yt(c),d;for(let g of u){if(g._zod.def.when){if(Ki(c)||!g._zod.def.when(c))continue}else if(m)continue;let _=c.issues.length,b=g._zod.check(c);if(b instanceof Promise&&f?.async===!1)throw new Xt;if(d||b instanceof Promise)d=(d??Promise.resolve()).then(async()=>{await b,c.issues.length!==_&&(vo(c.issues,_,e),m||(m=Yt(c,_)))});else{if(c.issues.length===_)continue;vo(c.issues,_,e),m||(m=Yt(c,_))}}return d?d.then(()=>c):c},i=(c,u,f)=>{if(Yt(c))return c.aborted=!0,c;let m=s(u,o,f);if(m instanceof Promise){if(f.async===!1)throw new Xt;return m.then(d=>e._zod.parse(d,f))}return e._zod.parse(m,f)};e._zod.run=(c,u)=>{if(u.skipChecks)return e._zod.parse(c,u);if(u.direction==="backward"){let m=e._zod.parse({value:c.value,issues:[]},{...u,skipChecks:!0});return m instanceof Promise?m.then(d=>i(d,c,u)):i(m,c,u)}let f=e._zod.parse(c,u);if(f instanceof Promise){if(u.async===!1)throw new Xt;return f.then(m=>s(m,o,u))}return s(f,o,u)}}},{get"~standard"(){return ls(this,"~standard",uc(this))},set"~standard"(e){Rn(this,"~standard",e)}}),rf=(e,t)=>e.issues.length?{issues:e.issues.map(n=>wn(n,t,vt()))}:{value:e.value};async function m_(e,t){let n={async:!0};return rf(await e._zod.run({value:t,issues:[]},n),n)}function uc(e){return{validate:t=>{let n={async:!1};try{let r=e._zod.run({value:t,issues:[]},n);if(!(r instanceof Promise))return rf(r,n)}catch{}return m_(e,t)},vendor:"zod",version:1}}var vs=w("$ZodString",(e,t)=>{Ae.init(e,t),e._zod.pattern=t.pattern??Pu,e._zod.parse=(n,r)=>{if(t.coerce)try{n.value=String(n.value)}catch{}return typeof n.value=="string"||n.issues.push({expected:"string",code:"invalid_type",input:n.value,inst:e}),n}}),we=w("$ZodStringFormat",(e,t)=>{So.init(e,t),vs.init(e,t)}),of=w("$ZodGUID",(e,t)=>{t.pattern??(t.pattern=mu),we.init(e,t)}),sf=w("$ZodUUID",(e,t)=>{if(t.version){let r={v1:1,v2:2,v3:3,v4:4,v5:5,v6:6,v7:7,v8:8}[t.version];if(r===void 0)throw new Error(`Invalid UUID version: "${t.version}"`);t.pattern??(t.pattern=oc(r))}else t.pattern??(t.pattern=oc());we.init(e,t)}),cf=w("$ZodEmail",(e,t)=>{t.pattern??(t.pattern=hu),we.init(e,t)}),lf=1,ys=2;function af(e){try{return typeof URL<"u"&&typeof URL.canParse=="function"?URL.canParse(e):(new URL(e),!0)}catch{return!1}}function h_(e,t){return!("normalize"in t)&&!("hostname"in t)&&!("protocol"in t)?af(e)||ys:g_(e,t)}function g_(e,t){if(!t.normalize&&t.protocol?.source===wu.source&&!/^https?:\\/\\//i.test(e))return lf;try{if(typeof URL<"u"){let n=URL;if(typeof n.parse=="function")return n.parse(e)??ys}return new URL(e)}catch{return ys}}var y_=/[\\t\\n\\r]/g;function Ku(e){return e.replace(y_,"")}function __(e,t){return t.lastIndex=0,t.test(e.hostname)}function v_(e,t){return t.lastIndex=0,t.test(e.protocol.endsWith(":")?e.protocol.slice(0,-1):e.protocol)}var uf=w("$ZodURL",(e,t)=>{we.init(e,t),e._zod.check=n=>{try{let r=n.value.trim(),o=h_(r,t);if(o===lf){n.issues.push({code:"invalid_format",format:"url",note:"Invalid URL format",input:n.value,inst:e,continue:!t.abort});return}if(o===ys){n.issues.push({code:"invalid_format",format:"url",input:n.value,inst:e,continue:!t.abort});return}if(o===!0){n.value=Ku(r);return}t.hostname&&!__(o,t.hostname)&&n.issues.push({code:"invalid_format",format:"url",note:"Invalid hostname",pattern:t.hostname.source,input:n.value,inst:e,continue:!t.abort}),t.protocol&&!v_(o,t.protocol)&&n.issues.push({code:"invalid_format",format:"url",note:"Invalid protocol",pattern:t.protocol.source,input:n.value,inst:e,continue:!t.abort}),n.value=t.normalize?o.href:Ku(r);return}catch{n.issues.push({code:"invalid_format",format:"url",input:n.value,inst:e,continue:!t.abort})}}}),ff=w("$ZodEmoji",(e,t)=>{t.pattern??(t.pattern=gu()),we.init(e,t)}),pf=w("$ZodNanoID",(e,t)=>{if(t.length!==void 0&&(!Number.isInteger(t.length)||t.length<1))throw new Error(`Invalid nanoid length: ${t.length}`);t.pattern??(t.pattern=t.length===void 0?fu:pu(t.length)),we.init(e,t)}),df=w("$ZodCUID",(e,t)=>{t.pattern??(t.pattern=iu),we.init(e,t)}),mf=w("$ZodCUID2",(e,t)=>{t.pattern??(t.pattern=cu),we.init(e,t)}),hf=w("$ZodULID",(e,t)=>{t.pattern??(t.pattern=lu),we.init(e,t)}),gf=w("$ZodXID",(e,t)=>{t.pattern??(t.pattern=au),we.init(e,t)}),yf=w("$ZodKSUID",(e,t)=>{t.pattern??(t.pattern=uu),we.init(e,t)}),_f=w("$ZodISODateTime",(e,t)=>{t.pattern??(t.pattern=$u(t)),we.init(e,t)}),vf=w("$ZodISODate",(e,t)=>{t.pattern??(t.pattern=Tu),we.init(e,t)}),bf=w("$ZodISOTime",(e,t)=>{t.pattern??(t.pattern=zu(t)),we.init(e,t)}),xf=w("$ZodISODuration",(e,t)=>{t.pattern??(t.pattern=du),we.init(e,t)}),Sf=w("$ZodIPv4",(e,t)=>{t.pattern??(t.pattern=yu),we.init(e,t)}),b_=/^[0-9a-fA-F:.]+$/;function wf(e){return b_.test(e)?af(`http://[${e}]`):!1}var kf=w("$ZodIPv6",(e,t)=>{t.pattern??(t.pattern=_u),we.init(e,t),e._zod.check=n=>{wf(n.value)||n.issues.push({code:"invalid_format",format:"ipv6",input:n.value,inst:e,continue:!t.abort})}});var Ef=w("$ZodCIDRv4",(e,t)=>{t.pattern??(t.pattern=vu),we.init(e,t)});function x_(e){let t=e.split("/");if(t.length!==2)return!1;let[n,r]=t;if(!r)return!1;let o=Number(r);return`${o}`!==r||o<0||o>128?!1:wf(n)}var Tf=w("$ZodCIDRv6",(e,t)=>{t.pattern??(t.pattern=bu),we.init(e,t),e._zod.check=n=>{x_(n.value)||n.issues.push({code:"invalid_format",format:"cidrv6",input:n.value,inst:e,continue:!t.abort})}});function zf(e){if(e==="")return!0;if(/\\s/.test(e)||e.length%4!==0)return!1;try{return atob(e),!0}catch{return!1}}var fc=/^[0-9a-zA-Z+/]*={0,2}$/,$f=w("$ZodBase64",(e,t)=>{t.pattern??(t.pattern=fc),we.init(e,t),e._zod.check=n=>{zf(n.value)||n.issues.push({code:"invalid_format",format:"base64",input:n.value,inst:e,continue:!t.abort})}}),bs=/^[A-Za-z0-9_-]*$/;function S_(e){if(!bs.test(e))return!1;let t=e.replace(/[-_]/g,r=>r==="-"?"+":"/"),n=t.padEnd(Math.ceil(t.length/4)*4,"=");return zf(n)}var Pf=w("$ZodBase64URL",(e,t)=>{t.pattern??(t.pattern=bs),we.init(e,t),e._zod.check=n=>{S_(n.value)||n.issues.push({code:"invalid_format",format:"base64url",input:n.value,inst:e,continue:!t.abort})}}),Af=w("$ZodE164",(e,t)=>{t.pattern??(t.pattern=ku),we.init(e,t)});function w_(e,t=null){try{let n=e.split(".");if(n.length!==3)return!1;let[r]=n;if(!r)return!1;let o=JSON.parse(atob(r));return!("typ"in o&&o?.typ!=="JWT"||!o.alg||t&&(!("alg"in o)||o.alg!==t))}catch{return!1}}var Of=w("$ZodJWT",(e,t)=>{we.init(e,t),e._zod.check=n=>{w_(n.value,t.alg)||n.issues.push({code:"invalid_format",format:"jwt",input:n.value,inst:e,continue:!t.abort})}});var pc=w("$ZodNumber",(e,t)=>{Ae.init(e,t),e._zod.pattern=sc,e._zod.parse=(n,r)=>{if(t.coerce)try{n.value=Number(n.value)}catch{}let o=n.value;if(typeof o=="number"&&!Number.isNaN(o)&&Number.isFinite(o))return n;let s=typeof o=="number"?Number.isNaN(o)?"NaN":Number.isFinite(o)?void 0:String(o):void 0;return n.issues.push({expected:"number",code:"invalid_type",input:o,inst:e,...s?{received:s}:{}}),n}}),Cf=w("$ZodNumberFormat",(e,t)=>{Iu.init(e,t),pc.init(e,t)}),Nf=w("$ZodBoolean",(e,t)=>{Ae.init(e,t),e._zod.pattern=Au,e._zod.parse=(n,r)=>{if(t.coerce)try{n.value=!!n.value}catch{}let o=n.value;return typeof o=="boolean"||n.issues.push({expected:"boolean",code:"invalid_type",input:o,inst:e}),n}});var If=w("$ZodUnknown",(e,t)=>{Ae.init(e,t),e._zod.parse=n=>n}),Rf=w("$ZodNever",(e,t)=>{Ae.init(e,t),e._zod.parse=(n,r)=>(n.issues.push({expected:"never",code:"invalid_type",input:n.value,inst:e}),n)});function k_(e,t){let n=cs(e._zod.def.checks);if(!n.length)return;let r=Math.min(...n.map(s=>s[0])),o=e._zod.parse;e._zod.parse=(s,i)=>{let c=t(s.value);if(c>r&&!i?.skipChecks&&i?.direction!=="backward"){for(let[u,f]of cs(e._zod.def.checks))if(c>u&&f._zod.def.when(s)){let m=s.issues.length;return f._zod.check(s),s.issues[m].continue=!1,vo(s.issues,m,e),s}}return o(s,i)}}var E_=e=>Array.isArray(e)?e.length:-1;function Gu(e,t,n){e.issues.length&&t.issues.push(..._o(n,e.issues)),t.value[n]=e.value}var Df=w("$ZodArray",(e,t)=>{Ae.init(e,t);let n=Tt.memoizer;n?.attach(e),e._zod.parse=(r,o)=>{let s=r.value;if(!Array.isArray(s))return r.issues.push({expected:"array",code:"invalid_type",input:s,inst:e}),r;r.value=n?n.alloc(e,r,Array(s.length),o):Array(s.length);let i=[],c=o?.abortEarly;for(let u=0;u<s.length;u++){let f=s[u],m=t.element._zod.run({value:f,issues:[]},o);if(m instanceof Promise)i.push(m.then(d=>Gu(d,r,u)));else if(Gu(m,r,u),c&&m.issues.length!==0&&Yt(m))break}return i.length?Promise.all(i).then(()=>r):r},k_(e,E_)});function _s(e,t,n,r,o,s){let i=n in r,c=s==="optional";if(!(!i&&c&&o==="optional")){if(e.issues.length){if(o!==void 0&&c&&!i)return;t.issues.push(..._o(n,e.issues))}if(!i&&o===void 0){e.issues.length||t.issues.push({code:"invalid_type",expected:"nonoptional",input:void 0,path:[n]});return}e.value===void 0?(i||o==="defaulted"&&!c)&&(t.value[n]=void 0):t.value[n]=e.value}}var T_=[];function Zf(e){let t=Object.keys(e.shape),n=Object.getOwnPropertySymbols(e.shape),r=n.length?n:T_,o=r.length?[...t,...r]:t;for(let i of o)if(!e.shape?.[i]?._zod?.traits?.has("$ZodType"))throw new Error(`Invalid element at key "${String(i)}": expected a Zod schema`);let s=Wi(e.shape);return{...e,allKeys:o,symbolKeys:r,keySet:new Set(t),numKeys:t.length,optionalKeys:new Set(s)}}function Mf(e,t,n,r,o,s,i){let c=[],u=o.keySet,f=o.catchall._zod,m=f.def.type,d=f.optin,g=f.optout,_=0;for(let b in t){if(i&&n.issues.length!==_){if(Yt(n,_))break;_=n.issues.length}if(u.has(b))continue;if(b==="__proto__"){m==="never"&&c.push(b);continue}if(m==="never"){c.push(b);continue}let S=f.run({value:t[b],issues:[]},r);S instanceof Promise?e.push(S.then(T=>_s(T,n,b,t,d,g))):_s(S,n,b,t,d,g)}return c.length&&n.issues.push({code:"unrecognized_keys",keys:c,input:t,inst:s,continue:!0}),e.length?Promise.all(e).then(()=>n):n}var z_=w("$ZodObject",(e,t)=>{Ae.init(e,t);let n=Object.getOwnPropertyDescriptor(t,"shape"),r=n?.get?n.get.raw:t.shape??{};if(r){let f=()=>{let m={...r};return Object.defineProperty(t,"shape",{value:m}),f.raw=m,m};f.raw=r,Object.defineProperty(t,"shape",{get:f})}let o=mo(()=>Zf(t));le(e,"propValues",f=>{let m=f.def.shape,d={};for(let g in m){let _=m[g]._zod;if(_.values){Object.prototype.hasOwnProperty.call(d,g)||qt(d,g,new Set);for(let b of _.values)d[g].add(b);_.optin!==void 0&&d[g].add(void 0)}}return d});let s=Cr,i=t.catchall,c,u=Tt.memoizer;u?.attach(e),e._zod.parse=(f,m)=>{c??(c=o.value);let d=f.value;if(!s(d))return f.issues.push({expected:"object",code:"invalid_type",input:d,inst:e}),f;f.value=u?u.alloc(e,f,{},m):{};let g=[],_=c.shape,b=m?.abortEarly,S=f.issues.length;for(let T of c.allKeys){if(b&&f.issues.length!==S){if(Yt(f,S))break;S=f.issues.length}if(T==="__proto__")continue;let O=_[T],$=O._zod.optin,I=O._zod.optout,z=O._zod.run({value:d[T],issues:[]},m);z instanceof Promise?g.push(z.then(N=>_s(N,f,T,d,$,I))):_s(z,f,T,d,$,I)}return i?Mf(g,d,f,m,o.value,e,b===!0):g.length?Promise.all(g).then(()=>f):f}}),Lf=w("$ZodObjectJIT",(e,t)=>{z_.init(e,t);let n=e._zod.parse,r=mo(()=>Zf(t)),o=Tt.memoizer,s=_=>{let b=r.value,S=b.symbolKeys,T=new hs(["payload","ctx"],{shape:_,inst:e,memo:o,syms:S}),O=N=>`shape[${N}]._zod.run({ value: input[${N}], issues: [] }, ctx)`,$=(N,k)=>`\n          let ${N}_ab = false;\n          for (let i = 0; i < ${N}.issues.length; i++) {\n            const iss = ${N}.issues[i];\n            iss.path = iss.path ? [${k}, ...iss.path] : [${k}];\n            payload.issues.push(iss);\n            if (iss.continue !== true) ${N}_ab = true;\n          }\n          if (${N}_ab && ctx && ctx.abortEarly) {\n            payload.value = newResult;\n            return payload;\n          }`;T.write("const input = payload.value;");let I=Object.create(null),z=0;for(let N of b.allKeys)I[N]=`key_${z++}`;T.write(o?"const newResult = memo.alloc(inst, payload, {}, ctx);":"const newResult = {};");for(let N of b.allKeys){if(N==="__proto__")continue;let k=I[N],L=typeof N=="symbol"?`syms[${S.indexOf(N)}]`:Bi(N),H=`${L} in input`,te=_[N],J=te?._zod?.optin,C=J!==void 0,Q=te?._zod?.optout==="optional";if(T.write(`const ${k} = ${O(L)};`),C&&Q){let F=J==="optional"?`${k}_present`:`${k}.value !== undefined || ${k}_present`;T.write(`\n        const ${k}_present = ${H};\n        if (!${k}.issues.length || ${k}_present) {\n          if (${k}.issues.length) {${$(k,L)}\n          }\n\n          if (${F}) {\n            newResult[${L}] = ${k}.value;\n          }\n        }\n\n      `)}else C?(T.write(`\n        if (${k}.issues.length) {${$(k,L)}\n        }\n      `),J==="defaulted"?T.write(`newResult[${L}] = ${k}.value;`):T.write(`\n        if (${k}.value !== undefined || ${H}) {\n          newResult[${L}] = ${k}.value;\n        }\n      `)):T.write(`\n        const ${k}_present = ${H};\n        if (${k}.issues.length) {${$(k,L)}\n        }\n        if (!${k}_present && !${k}.issues.length) {\n          payload.issues.push({\n            code: "invalid_type",\n            expected: "nonoptional",\n            input: undefined,\n            path: [${L}]\n          });\n          if (ctx && ctx.abortEarly) {\n            payload.value = newResult;\n            return payload;\n          }\n        }\n\n        if (${k}_present) {\n          newResult[${L}] = ${k}.value;\n        }\n\n      `)}return T.write("payload.value = newResult;"),T.write("return payload;"),T.compile()},i,c=Cr,u=!Tt.jitless,m=u&&Vi.value,d=t.catchall,g;e._zod.parse=(_,b)=>{g??(g=r.value);let S=_.value;return c(S)?u&&m&&b?.async===!1&&b.jitless!==!0?(i||(i=s(t.shape)),_=i(_,b),d?Mf([],S,_,b,g,e,b?.abortEarly===!0):_):n(_,b):(_.issues.push({expected:"object",code:"invalid_type",input:S,inst:e}),_)}});function Ju(e,t,n,r){for(let s of e)if(s.issues.length===0)return t.value=s.value,t;let o=e.filter(s=>!Yt(s));return o.length===1?(t.value=o[0].value,o[0]):(t.issues.push({code:"invalid_union",input:t.value,inst:n,errors:e.map(s=>s.issues.map(i=>wn(i,r,vt())))}),t)}var Ff=w("$ZodUnion",(e,t)=>{Ae.init(e,t),le(e,"optin",r=>r.def.options.some(o=>o._zod.optin==="defaulted")?"defaulted":r.def.options.some(o=>o._zod.optin!==void 0)?"optional":void 0),le(e,"optout",r=>r.def.options.some(o=>o._zod.optout==="optional")?"optional":void 0),le(e,"values",r=>{if(r.def.options.every(o=>o._zod.values))return new Set(r.def.options.flatMap(o=>Array.from(o._zod.values)))}),le(e,"pattern",r=>{if(r.def.options.every(o=>o._zod.pattern)){let o=r.def.options.map(s=>s._zod.pattern);return new RegExp(`^(${o.map(s=>ho(s.source)).join("|")})$`)}});let n=t.options.length===1?t.options[0]._zod.run:null;e._zod.parse=(r,o)=>{if(n)return n(r,o);let s=!1,i=[];for(let c of t.options){let u=c._zod.run({value:r.value,issues:[]},o);if(u instanceof Promise)i.push(u),s=!0;else{if(u.issues.length===0)return u;i.push(u)}}return s?Promise.all(i).then(c=>Ju(c,r,e,o)):Ju(i,r,e,o)}});var jf=w("$ZodIntersection",(e,t)=>{Ae.init(e,t),e._zod.parse=(n,r)=>{let o=n.value,s=t.left._zod.run({value:o,issues:[]},r),i=t.right._zod.run({value:o,issues:[]},r);return s instanceof Promise||i instanceof Promise?Promise.all([s,i]).then(([u,f])=>qu(n,u,f)):qu(n,s,i)}});function ac(e,t){if(e===t)return{valid:!0,data:e};if(e instanceof Date&&t instanceof Date&&+e==+t)return{valid:!0,data:e};if(rr(e)&&rr(t)){let n=Object.keys(t),r=Object.keys(e).filter(s=>n.indexOf(s)!==-1),o={...e,...t};Object.prototype.hasOwnProperty.call(o,"__proto__")&&delete o.__proto__;for(let s of r){if(s==="__proto__")continue;let i=ac(e[s],t[s]);if(!i.valid)return{valid:!1,mergeErrorPath:[s,...i.mergeErrorPath]};o[s]=i.data}return{valid:!0,data:o}}if(Array.isArray(e)&&Array.isArray(t)){if(e.length!==t.length)return{valid:!1,mergeErrorPath:[]};let n=[];for(let r=0;r<e.length;r++){let o=e[r],s=t[r],i=ac(o,s);if(!i.valid)return{valid:!1,mergeErrorPath:[r,...i.mergeErrorPath]};n.push(i.data)}return{valid:!0,data:n}}return{valid:!1,mergeErrorPath:[]}}function qu(e,t,n){let r=new Map,o,s=new Map,i=(f,m)=>{let d;if(f.code==="unrecognized_keys"&&!f.path?.length)o??(o=f),d=f.keys;else if(f.code==="invalid_key"&&f.origin==="record"&&f.path?.length===1){let g=String(f.path[0]);s.has(g)||s.set(g,f),d=[g]}else return!1;for(let g of d)r.has(g)||r.set(g,{}),r.get(g)[m]=!0;return!0};for(let f of t.issues)i(f,"l")||e.issues.push(f);for(let f of n.issues)i(f,"r")||e.issues.push(f);let c=[...r].filter(([,f])=>f.l&&f.r).map(([f])=>f);if(c.length){let f=o?c.filter(m=>o.keys.includes(m)):[];f.length&&e.issues.push({...o,keys:f});for(let m of c)!f.includes(m)&&s.has(m)&&e.issues.push(s.get(m))}let u=ac(t.value,n.value);if(!u.valid){if(Yt(e))return e;throw new Error(`Unmergable intersection. Error path: ${JSON.stringify(u.mergeErrorPath)}`)}return e.value=u.data,e}var Bf=w("$ZodEnum",(e,t)=>{Ae.init(e,t);let n=Nr(t.entries),r=new Set(n);e._zod.values=r,le(e,"pattern",o=>{let s=Nr(o.def.entries).filter(i=>Hi.has(typeof i));return new RegExp(s.length?`^(${s.map(i=>Sn(i.toString())).join("|")})$`:"^[^\\\\s\\\\S]$")}),e._zod.parse=(o,s)=>{let i=o.value;return r.has(i)||o.issues.push({code:"invalid_value",values:n,input:i,inst:e}),o}}),Uf=w("$ZodLiteral",(e,t)=>{Ae.init(e,t);let n=new Set(t.values);e._zod.values=n,le(e,"pattern",r=>{let o=r.def.values;return new RegExp(o.length?`^(${o.map(s=>typeof s=="string"?Sn(s):s?Sn(s.toString()):String(s)).join("|")})$`:"^[^\\\\s\\\\S]$")}),e._zod.parse=(r,o)=>{let s=r.value;return n.has(s)||r.issues.push({code:"invalid_value",values:t.values,input:s,inst:e}),r}});var Vf=w("$ZodTransform",(e,t)=>{Ae.init(e,t),e._zod.optin="optional",Tt.memoizer?.guard(e),e._zod.parse=(n,r)=>{if(r.direction==="backward")throw new Dr(e.constructor.name);let o=t.transform(n.value,n);if(r.async)return(o instanceof Promise?o:Promise.resolve(o)).then(i=>(n.value=i,n));if(o instanceof Promise)throw new Xt;return n.value=o,n}});function Yu(e,t){return e.value=t.issues.length?void 0:t.value,e}var dc=w("$ZodOptional",(e,t)=>{Ae.init(e,t),le(e,"optin",n=>n.def.innerType._zod.optin==="defaulted"?"defaulted":"optional"),e._zod.optout="optional",le(e,"values",n=>{let r=n.def.innerType._zod.values;return r?new Set([...r,void 0]):void 0}),le(e,"pattern",n=>{let r=n.def.innerType._zod.pattern;return r?new RegExp(`^(${ho(r.source)})?$`):void 0}),e._zod.parse=(n,r)=>{if(n.value===void 0){if(t.innerType._zod.optin!=="defaulted")return n;let o=t.innerType._zod.run({value:n.value,issues:[]},r);return o instanceof Promise?o.then(s=>Yu(n,s)):Yu(n,o)}return t.innerType._zod.run(n,r)}}),Hf=w("$ZodExactOptional",(e,t)=>{dc.init(e,t),le(e,"values",n=>n.def.innerType._zod.values),le(e,"pattern",n=>n.def.innerType._zod.pattern),e._zod.parse=(n,r)=>t.innerType._zod.run(n,r)}),Wf=w("$ZodNullable",(e,t)=>{Ae.init(e,t),le(e,"optin",n=>n.def.innerType._zod.optin),le(e,"optout",n=>n.def.innerType._zod.optout),le(e,"pattern",n=>{let r=n.def.innerType._zod.pattern;return r?new RegExp(`^(${ho(r.source)}|null)$`):void 0}),le(e,"values",n=>n.def.innerType._zod.values?new Set([...n.def.innerType._zod.values,null]):void 0),e._zod.parse=(n,r)=>n.value===null?n:t.innerType._zod.run(n,r)}),Kf=w("$ZodDefault",(e,t)=>{Ae.init(e,t),e._zod.optin="defaulted",le(e,"values",n=>n.def.innerType._zod.values),e._zod.parse=(n,r)=>{if(r.direction==="backward")return t.innerType._zod.run(n,r);if(n.value===void 0)return n.value=t.defaultValue,n;let o=t.innerType._zod.run(n,r);return o instanceof Promise?o.then(s=>Xu(s,t)):Xu(o,t)}});function Xu(e,t){return e.value===void 0&&(e.value=t.defaultValue),e}var Gf=w("$ZodPrefault",(e,t)=>{Ae.init(e,t),e._zod.optin="defaulted",le(e,"values",n=>n.def.innerType._zod.values),e._zod.parse=(n,r)=>(r.direction==="backward"||n.value===void 0&&(n.value=t.defaultValue),t.innerType._zod.run(n,r))}),Jf=w("$ZodNonOptional",(e,t)=>{Ae.init(e,t),le(e,"values",n=>{let r=n.def.innerType._zod.values;return r?new Set([...r].filter(o=>o!==void 0)):void 0}),e._zod.parse=(n,r)=>{let o=t.innerType._zod.run(n,r);return o instanceof Promise?o.then(s=>Qu(s,e)):Qu(o,e)}});function Qu(e,t){return!e.issues.length&&e.value===void 0&&e.issues.push({code:"invalid_type",expected:"nonoptional",input:e.value,inst:t}),e}function ef(e,t,n,r){return t.issues.length?(e.value=n.catchValue({...t,value:e.value,error:{issues:t.issues.map(o=>wn(o,r,vt()))},input:e.value}),e):(e.value=t.value,t.memo&&(e.memo=!0),e)}var qf=w("$ZodCatch",(e,t)=>{Ae.init(e,t),le(e,"optin",n=>n.def.innerType._zod.optin==="defaulted"?"defaulted":"optional"),le(e,"optout",n=>n.def.innerType._zod.optout),le(e,"values",n=>n.def.innerType._zod.values),e._zod.parse=(n,r)=>{if(r.direction==="backward")return t.innerType._zod.run(n,r);let o=t.innerType._zod.run({value:n.value,issues:[]},r);return o instanceof Promise?o.then(s=>ef(n,s,t,r)):ef(n,o,t,r)}});var Yf=w("$ZodPipe",(e,t)=>{Ae.init(e,t),le(e,"values",n=>n.def.in._zod.values),le(e,"optin",n=>n.def.in._zod.optin),le(e,"optout",n=>n.def.out._zod.optout),le(e,"propValues",n=>n.def.in._zod.propValues),e._zod.parse=(n,r)=>{if(r.direction==="backward"){let s=t.out._zod.run(n,r);return s instanceof Promise?s.then(i=>gs(i,t.in,r)):gs(s,t.in,r)}let o=t.in._zod.run(n,r);return o instanceof Promise?o.then(s=>gs(s,t.out,r)):gs(o,t.out,r)}});function gs(e,t,n){return e.issues.some(r=>r.code!=="unrecognized_keys")?(e.aborted=!0,e):t._zod.run({value:e.value,issues:e.issues},n)}var Xf=w("$ZodReadonly",(e,t)=>{Ae.init(e,t),le(e,"propValues",n=>n.def.innerType._zod.propValues),le(e,"values",n=>n.def.innerType._zod.values),le(e,"optin",n=>n.def.innerType?._zod?.optin),le(e,"optout",n=>n.def.innerType?._zod?.optout),e._zod.parse=(n,r)=>{if(r.direction==="backward")return t.innerType._zod.run(n,r);let o=t.innerType._zod.run(n,r);return o instanceof Promise?o.then(tf):tf(o)}});function tf(e){return e.memo||(e.value=Object.freeze(e.value)),e}var Qf=w("$ZodCustom",(e,t)=>{et.init(e,t),Ae.init(e,t),e._zod.parse=(n,r)=>n,e._zod.check=n=>{let r=n.value,o=t.fn(r);if(o instanceof Promise)return o.then(s=>nf(s,n,r,e));nf(o,n,r,e)}});function nf(e,t,n,r){if(!e){let o={code:"custom",input:n,inst:r,path:[...r._zod.def.path??[]],continue:!r._zod.def.abort};r._zod.def.params&&(o.params=r._zod.def.params),t.issues.push(Rr(o))}}var hc=class extends Error{constructor(){super("Cannot parse a reference cycle that closes through a transform"),this.name="ZodCyclicError"}},gc="~memo",ep=[];function tp(e){return e!==null&&typeof e=="object"}function mc(e){return e.map(t=>t.path?{...t,path:t.path.slice()}:{...t})}var np=new WeakMap,wo=0,ws=1,ko=2;function ks(e,t,n){let r=np.get(e);if(r!==void 0)return r?ko:wo;if(t.has(e))return ko;t.add(e);let o=wo,s=m=>{if(o!==ko&&m?._zod){let d=ks(m,t,n);d>o&&(o=d)}},i=(m,d)=>{let g=wo;for(let _ of Reflect.ownKeys(m)){let b=Object.getOwnPropertyDescriptor(m,_);if(d&&!b.enumerable)continue;let S=b.get?ws:b.value?._zod?ks(b.value,t,n):wo;S>g&&(g=S)}return g},c=m=>{m>o&&(o=m)},u=e._zod.def,f=u.type;switch(f){case"object":{let m=go(u);c(m?i(m,!0):ws),s(u.catchall);break}case"array":s(u.element);break;case"tuple":for(let m of u.items)s(m);s(u.rest);break;case"record":case"map":s(u.keyType),s(u.valueType);break;case"set":s(u.valueType);break;case"union":for(let m of u.options)s(m);break;case"intersection":s(u.left),s(u.right);break;case"optional":case"nullable":case"default":case"prefault":case"catch":case"readonly":case"nonoptional":case"promise":case"success":s(u.innerType);break;case"pipe":s(u.in),s(u.out);break;case"function":s(u.input),s(u.output);break;case"lazy":{let m=u._cachedInner??(n?e._zod.innerType:void 0);c(m?ks(m,t,!1):ws);break}case"template_literal":case"string":case"number":case"int":case"boolean":case"bigint":case"symbol":case"undefined":case"null":case"void":case"never":case"any":case"unknown":case"date":case"nan":case"enum":case"literal":case"file":case"transform":case"custom":break;default:for(let m in u){let d=Object.getOwnPropertyDescriptor(u,m);if(!d||d.get)continue;let g=d.value;if(!(!g||typeof g!="object")){if(g._zod)s(g);else if(Array.isArray(g))for(let _ of g)s(_)}}}return t.delete(e),$_(e,o)}function $_(e,t){return t!==ws&&np.set(e,t===ko),t}function P_(e,t){let n=e.buckets.get(t);return n||(n=new WeakMap,e.buckets.set(t,n)),n}var xs,Ss=[],A_={alloc(e,t,n){let r=xs;if(!r)return n;xs=void 0;let o={value:n,issues:null};return r.set(t.value,o),Ss.push(o),n},guard(e){var t;(t=e._zod).deferred??(t.deferred=[]),e._zod.deferred.push(()=>{let n=e._zod.parse,r=(o,s)=>{if(s.direction!=="backward"&&O_(s,o.value))throw new hc;return n(o,s)};e._zod.parse=r,e._zod.run===n&&(e._zod.run=r)})},attach(e){var t;let n,r=!1,o,s;(t=e._zod).deferred??(t.deferred=[]),e._zod.deferred.push(()=>{let i=e._zod.parse,c=(u,f)=>{if(n===void 0){let O=ks(e,new Set,!1);if(O===wo)return e._zod.parse=i,e._zod.run===c&&(e._zod.run=i),i(u,f);O===ko||r?n=!0:r=!0}let m=u.value;if(!tp(m))return i(u,f);let d=f[gc];d||(d={buckets:new WeakMap,backEdges:void 0},f[gc]=d);let g;o===f?g=s:(g=P_(d,e),o=f,s=g);let _=g.get(m);if(_)return u.value=_.value,_.issues?_.issues.length&&u.issues.push(...mc(_.issues)):(u.memo=!0,d.backEdges??(d.backEdges=new WeakSet),d.backEdges.add(_.value)),u;xs=g;let b=Ss.length,S=i(u,f);xs=void 0;let T=Ss.length>b?Ss.pop():void 0;return S instanceof Promise?S.then(O=>(T&&(T.issues=O.issues.length?mc(O.issues):ep),O)):(T&&(T.issues=S.issues.length?mc(S.issues):ep),S)};e._zod.parse=c,e._zod.run===i&&(e._zod.run=c)})}};function yc(){return A_}function O_(e,t){let n=e[gc]?.backEdges;return n!==void 0&&tp(t)&&n.has(t)}var C_=()=>{let e={string:{unit:"characters",verb:"to have"},file:{unit:"bytes",verb:"to have"},array:{unit:"items",verb:"to have"},set:{unit:"items",verb:"to have"},map:{unit:"entries",verb:"to have"}};function t(s){return e[s]??null}let n={regex:"input",email:"email address",url:"URL",emoji:"emoji",uuid:"UUID",uuidv4:"UUIDv4",uuidv6:"UUIDv6",nanoid:"nanoid",guid:"GUID",cuid:"cuid",cuid2:"cuid2",ulid:"ULID",xid:"XID",ksuid:"KSUID",datetime:"ISO datetime",date:"ISO date",time:"ISO time",duration:"ISO duration",ipv4:"IPv4 address",ipv6:"IPv6 address",mac:"MAC address",cidrv4:"IPv4 range",cidrv6:"IPv6 range",base64:"base64-encoded string",base64url:"base64url-encoded string",json_string:"JSON string",e164:"E.164 number",currency_code:"currency code",credit_card:"credit card number",iban:"IBAN",jwt:"JWT",template_literal:"input"},r={nan:"NaN"};function o(s,i){return s==="number"&&typeof i=="number"&&!Number.isFinite(i)?String(i):r[s]??s}return s=>{switch(s.code){case"invalid_type":{let i=o(s.expected),c=Gi(s.input),u=o(c,s.input);return`Invalid input: expected ${i}, received ${u}`}case"invalid_value":return s.values.length===1?`Invalid input: expected ${os(s.values[0])}`:`Invalid option: expected one of ${ns(s.values,"|")}`;case"too_big":{let i=s.exact?"exactly ":s.inclusive?"<=":"<",c=t(s.origin);return c?`Too big: expected ${s.origin??"value"} to have ${i}${s.maximum.toString()} ${c.unit??"elements"}`:`Too big: expected ${s.origin??"value"} to be ${i}${s.maximum.toString()}`}case"too_small":{let i=s.exact?"exactly ":s.inclusive?">=":">",c=t(s.origin);return c?`Too small: expected ${s.origin} to have ${i}${s.minimum.toString()} ${c.unit}`:`Too small: expected ${s.origin} to be ${i}${s.minimum.toString()}`}case"invalid_format":{let i=s;return i.format==="starts_with"?`Invalid string: must start with "${i.prefix}"`:i.format==="ends_with"?`Invalid string: must end with "${i.suffix}"`:i.format==="includes"?`Invalid string: must include "${i.includes}"`:i.format==="regex"?`Invalid string: must match pattern ${i.pattern}`:`Invalid ${n[i.format]??s.format}`}case"not_multiple_of":return`Invalid number: must be a multiple of ${s.divisor}`;case"unrecognized_keys":return`Unrecognized key${s.keys.length>1?"s":""}: ${ns(s.keys,", ")}`;case"invalid_key":return`Invalid key in ${s.origin}`;case"invalid_union":return s.options&&Array.isArray(s.options)&&s.options.length>0?`Invalid discriminator value. Expected ${s.options.map(c=>`\'${c}\'`).join(" | ")}`:s.inclusive===!1?"Invalid input: more than one option matched":"Invalid input";case"invalid_element":return`Invalid value in ${s.origin}`;default:return"Invalid input"}}};function rp(){return{localeError:C_()}}var op;var _c=class{constructor(){this._map=new WeakMap,this._idmap=new Map}add(t,...n){let r=n[0];return this._map.set(t,r),r&&typeof r=="object"&&"id"in r&&this._idmap.set(r.id,t),this}clear(){return this._map=new WeakMap,this._idmap=new Map,this}remove(t){let n=this._map.get(t);return n&&typeof n=="object"&&"id"in n&&this._idmap.delete(n.id),this._map.delete(t),this}get(t){let n=t._zod.parent;if(n){let r={...this.get(n)??{}};delete r.id;let o={...r,...this._map.get(t)};return Object.keys(o).length?o:void 0}return this._map.get(t)}has(t){return this._map.has(t)}};function sp(){return new _c}(op=globalThis).__zod_globalRegistry??(op.__zod_globalRegistry=sp());var Dn=globalThis.__zod_globalRegistry;function N_(e){return e.checks&&(e.checks=[...e.checks]),e}function ip(e,t){return new e(N_({type:"string",...G(t)}))}function cp(e,t){return new e({type:"string",format:"email",check:"string_format",abort:!1,...G(t)})}function lp(e,t){return new e({type:"string",format:"guid",check:"string_format",abort:!1,...G(t)})}function ap(e,t){return new e({type:"string",format:"uuid",check:"string_format",abort:!1,...G(t)})}function up(e,t){return new e({type:"string",format:"uuid",check:"string_format",abort:!1,version:"v4",...G(t)})}function fp(e,t){return new e({type:"string",format:"uuid",check:"string_format",abort:!1,version:"v6",...G(t)})}function pp(e,t){return new e({type:"string",format:"uuid",check:"string_format",abort:!1,version:"v7",...G(t)})}function dp(e,t){return new e({type:"string",format:"url",check:"string_format",abort:!1,...G(t)})}function mp(e,t){return new e({type:"string",format:"emoji",check:"string_format",abort:!1,...G(t)})}function hp(e,t){return new e({type:"string",format:"nanoid",check:"string_format",abort:!1,...G(t)})}function gp(e,t){return new e({type:"string",format:"cuid",check:"string_format",abort:!1,...G(t)})}function yp(e,t){return new e({type:"string",format:"cuid2",check:"string_format",abort:!1,...G(t)})}function _p(e,t){return new e({type:"string",format:"ulid",check:"string_format",abort:!1,...G(t)})}function vp(e,t){return new e({type:"string",format:"xid",check:"string_format",abort:!1,...G(t)})}function bp(e,t){return new e({type:"string",format:"ksuid",check:"string_format",abort:!1,...G(t)})}function xp(e,t){return new e({type:"string",format:"ipv4",check:"string_format",abort:!1,...G(t)})}function Sp(e,t){return new e({type:"string",format:"ipv6",check:"string_format",abort:!1,...G(t)})}function wp(e,t){return new e({type:"string",format:"cidrv4",check:"string_format",abort:!1,...G(t)})}function kp(e,t){return new e({type:"string",format:"cidrv6",check:"string_format",abort:!1,...G(t)})}function Ep(e,t){return new e({type:"string",format:"base64",check:"string_format",abort:!1,...G(t)})}function Tp(e,t){return new e({type:"string",format:"base64url",check:"string_format",abort:!1,...G(t)})}function zp(e,t){return new e({type:"string",format:"e164",check:"string_format",abort:!1,...G(t)})}function $p(e,t){return new e({type:"string",format:"jwt",check:"string_format",abort:!1,...G(t)})}function Pp(e,t){return new e({type:"string",format:"datetime",check:"string_format",offset:!1,local:!1,precision:null,...G(t)})}function Ap(e,t){return new e({type:"string",format:"date",check:"string_format",...G(t)})}function Op(e,t){return new e({type:"string",format:"time",check:"string_format",precision:null,...G(t)})}function Cp(e,t){return new e({type:"string",format:"duration",check:"string_format",...G(t)})}function Np(e,t){return new e({type:"number",check:"number_format",abort:!1,format:"safeint",...G(t)})}function Ip(e,t){return new e({type:"boolean",...G(t)})}function Rp(e){return new e({type:"unknown"})}function Dp(e,t){return new e({type:"never",...G(t)})}function Es(e,t){return new cc({check:"less_than",...G(t),value:e,inclusive:!1})}function Eo(e,t){return new cc({check:"less_than",...G(t),value:e,inclusive:!0})}function Ts(e,t){return new lc({check:"greater_than",...G(t),value:e,inclusive:!1})}function To(e,t){return new lc({check:"greater_than",...G(t),value:e,inclusive:!0})}function zs(e,t){return new Nu({check:"multiple_of",...G(t),value:e})}function $s(e,t){return new Ru({check:"max_length",...G(t),maximum:e})}function Mr(e,t){return new Du({check:"min_length",...G(t),minimum:e})}function Ps(e,t){return new Zu({check:"length_equals",...G(t),length:e})}function vc(e,t){return new Mu({check:"string_format",format:"regex",...G(t),pattern:e})}function bc(e){return new Lu({check:"string_format",format:"lowercase",...G(e)})}function xc(e){return new Fu({check:"string_format",format:"uppercase",...G(e)})}function Sc(e,t){return new ju({check:"string_format",format:"includes",...G(t),includes:e})}function wc(e,t){return new Bu({check:"string_format",format:"starts_with",...G(t),prefix:e})}function kc(e,t){return new Uu({check:"string_format",format:"ends_with",...G(t),suffix:e})}function Zn(e){return new Vu({check:"overwrite",tx:e})}function Ec(e){return Zn(t=>t.normalize(e))}function Tc(){return Zn(e=>e.trim())}function zc(){return Zn(e=>e.toLowerCase())}function $c(){return Zn(e=>e.toUpperCase())}function Pc(){return Zn(e=>Ui(e))}function Zp(e,t,n){return new e({type:"array",element:t,...G(n)})}function Mp(e,t,n){return new e({type:"custom",check:"custom",fn:t,...G(n)})}function Lp(e,t){let n=I_(r=>(r.addIssue=o=>{if(typeof o=="string")r.issues.push(Rr(o,r.value,n._zod.def));else{let s=o;s.fatal&&(s.continue=!1),s.code??(s.code="custom"),"input"in s||(s.input=r.value),s.inst??(s.inst=n),s.continue??(s.continue=!n._zod.def.abort),r.issues.push(Rr(s))}},e(r.value,r)),t);return n}function I_(e,t){let n=new et({check:"custom",...G(t)});return n._zod.check=e,n}function zo(e,...t){for(let n of t)for(let r of Reflect.ownKeys(n))Object.prototype.propertyIsEnumerable.call(n,r)&&qt(e,r,n[r]);return e}function Oc(e){let t=e?.target??"draft-2020-12";return t==="draft-4"&&(t="draft-04"),t==="draft-7"&&(t="draft-07"),{processors:e.processors??{},metadataRegistry:e?.metadata??Dn,target:t,unrepresentable:e?.unrepresentable??"throw",override:e?.override??(()=>{}),io:e?.io??"output",counter:0,seen:new Map,sharedDefsExtractedFor:void 0,sharedEmitDoneFor:void 0,cycles:e?.cycles??"ref",reused:e?.reused??"inline",intersections:[],deferred:[],external:e?.external??void 0}}function kn(e,t,n,r,o){let s=typeof t.unrepresentable=="function"?t.unrepresentable({zodSchema:e,path:r.path,message:o}):t.unrepresentable;if(s==="any")return!1;if(s===void 0||s==="throw")throw new Error(o);return Object.assign(n,s),!0}function Je(e,t,n={path:[],schemaPath:[]}){var r;let o=e._zod.def,s=t.seen.get(e);if(s)return s.count++,n.schemaPath.includes(e)&&(s.cycle=n.path),s.schema;let i={schema:{},count:1,cycle:void 0,path:n.path};t.seen.set(e,i),t.sharedDefsExtractedFor=void 0,t.sharedEmitDoneFor=void 0;let c=e._zod.toJSONSchema?.();if(c)i.schema=c;else{let m={...n,schemaPath:[...n.schemaPath,e],path:n.path};if(e._zod.processJSONSchema)e._zod.processJSONSchema(t,i.schema,m);else{let g=i.schema,_=t.processors[o.type];if(!_)throw new Error(`[toJSONSchema]: Non-representable type encountered: ${o.type}`);_(e,t,g,m)}let d=e._zod.parent;d&&(i.ref||(i.ref=d),Je(d,t,m),t.seen.get(d).isParent=!0)}let u=t.metadataRegistry.get(e);return u&&zo(i.schema,u),t.io==="input"&&pt(e)&&(delete i.schema.examples,delete i.schema.default),t.io==="input"&&"_prefault"in i.schema&&((r=i.schema).default??(r.default=i.schema._prefault)),delete i.schema._prefault,t.seen.get(e).schema}function Fp(e){return e.replace(/~/g,"~0").replace(/\\//g,"~1")}function Cc(e,t){let n=e.seen.get(t);if(!n)throw new Error("Unprocessed schema. This is a bug in Zod.");if(e.external&&e.sharedDefsExtractedFor===e.external)return;let r=new Map;for(let i of e.seen.entries()){let c=e.metadataRegistry.get(i[0])?.id;if(c){let u=r.get(c);if(u&&u!==i[0])throw new Error(`Duplicate schema id "${c}" detected during JSON Schema conversion. Two different schemas cannot share the same id when converted together.`);r.set(c,i[0])}}let o=i=>{let c=e.target==="draft-2020-12"?"$defs":"definitions";if(e.external){let d=e.external.registry.get(i[0])?.id,g=e.external.uri??(b=>b);if(d)return{ref:g(d)};let _=i[1].defId??i[1].schema.id??`schema${e.counter++}`;return i[1].defId=_,{defId:_,ref:`${g("__shared")}#/${c}/${Fp(_)}`}}let u="#",f=`${u}/${c}/`;if(i[1]===n&&!i[1].schema.id)return{ref:u};let m=i[1].schema.id??`__schema${e.counter++}`;return{defId:m,ref:f+Fp(m)}},s=i=>{if(i[1].schema.$ref)return;let c=i[1],{ref:u,defId:f}=o(i);c.def={...c.schema},f&&(c.defId=f);let m=c.schema;for(let d in m)delete m[d];m.$ref=u};if(e.cycles==="throw")for(let i of e.seen.entries()){let c=i[1];if(c.cycle)throw new Error(`Cycle detected: #/${c.cycle?.join("/")}/<root>\n\nSet the \\`cycles\\` parameter to \\`"ref"\\` to resolve cyclical schemas with defs.`)}for(let i of e.seen.entries()){let c=i[1];if(t===i[0]){s(i);continue}if(e.external){let f=e.external.registry.get(i[0])?.id;if(t!==i[0]&&f){s(i);continue}}if(e.metadataRegistry.get(i[0])?.id){s(i);continue}if(c.cycle){s(i);continue}c.count>1&&e.reused==="ref"&&s(i)}e.external&&(e.sharedDefsExtractedFor=e.external)}function Up(e){let t=e.anyOf;if(!Array.isArray(t)||t.length===0||e.type!==void 0)return;let n=[];for(let r of t){if(!r||typeof r!="object")return;Up(r);let o=Object.keys(r);if(o.length!==1||o[0]!=="type")return;let s=r.type;for(let i of Array.isArray(s)?s:[s]){if(typeof i!="string")return;n.includes(i)||n.push(i)}}delete e.anyOf,e.type=n.length===1?n[0]:n}var Vp=new Set(["type","properties","required","additionalProperties"]),jp=["oneOf","anyOf"];function Bp(e){let t=e.additionalProperties;return t===void 0||t===!1||typeof t!="object"||t===null?null:Object.keys(t).length?t:null}function Ac(e){let t=[];for(let s of e){if(typeof s!="object"||s.type!=="object")return null;for(let i in s)if(!Vp.has(i))return null;t.push(s)}let n={},r=new Set;for(let s of t){for(let i in s.properties){if(Object.prototype.hasOwnProperty.call(n,i))continue;let c=[];for(let f of t){let m=f.properties?.[i]??Bp(f);m!=null&&(c.some(d=>JSON.stringify(d)===JSON.stringify(m))||c.push(m))}let u=c.length===1?c[0]:Ac(c)??{allOf:c};qt(n,i,u)}for(let i of s.required??[])r.add(i)}let o={type:"object",properties:n};if(r.size&&(o.required=[...r]),t.every(s=>s.additionalProperties===!1))o.additionalProperties=!1;else{let s=[];for(let i of t){let c=Bp(i);c&&!s.some(u=>JSON.stringify(u)===JSON.stringify(c))&&s.push(c)}s.length===1?o.additionalProperties=s[0]:s.length>1&&(o.additionalProperties={allOf:s})}return o}function R_(e){let t=e.allOf;if(!Array.isArray(t)||t.length<2)return;for(let o of Vp)if(o in e)return;let n=t.filter(o=>jp.some(s=>Array.isArray(o[s]))),r=null;if(!n.length)r=Ac(t);else{let o=n[0],s=jp.find(u=>Array.isArray(o[u]));if(Object.keys(o).length!==1)return;let i=t.filter(u=>u!==o),c=o[s].map(u=>Ac([...i,u]));if(c.some(u=>!u))return;r={[s]:c}}r&&(delete e.allOf,zo(e,r))}function Nc(e,t){let n=e.seen.get(t);if(!n)throw new Error("Unprocessed schema. This is a bug in Zod.");let r=c=>{let u=e.seen.get(c);if(u.ref===null)return;let f=u.def??u.schema,m={...f},d=u.ref;if(u.ref=null,d){r(d);let _=e.seen.get(d),b=_.schema;if(b.$ref&&(e.target==="draft-07"||e.target==="draft-04"||e.target==="openapi-3.0")?(f.allOf=f.allOf??[],f.allOf.push(b)):zo(f,b),zo(f,m),c._zod.parent===d)for(let T in f)T==="$ref"||T==="allOf"||T in m||delete f[T];if(b.$ref&&_.def)for(let T in f)T==="$ref"||T==="allOf"||T in _.def&&JSON.stringify(f[T])===JSON.stringify(_.def[T])&&delete f[T]}let g=c._zod.parent;if(g&&g!==d){r(g);let _=e.seen.get(g);if(_?.schema.$ref&&(f.$ref=_.schema.$ref,_.def))for(let b in f)b==="$ref"||b==="allOf"||b in _.def&&JSON.stringify(f[b])===JSON.stringify(_.def[b])&&delete f[b]}e.override({zodSchema:c,jsonSchema:f,path:u.path??[]})};if(!e.external||e.sharedEmitDoneFor!==e.external){for(let c of[...e.seen.entries()].reverse())r(c[0]);if(e.target!=="openapi-3.0")for(let c of e.seen.entries())Up(c[1].def??c[1].schema);for(let c of e.deferred)c();if(e.intersections.length){let c=new Map;for(let u of e.seen.values())for(let f of[u.schema,u.def]){let m=f?.allOf;if(!Array.isArray(m))continue;let d=c.get(m);d?d.push(f):c.set(m,[f])}for(let u of e.intersections)for(let f of c.get(u)??[])R_(f)}}let o={};if(e.target==="draft-2020-12"?o.$schema="https://json-schema.org/draft/2020-12/schema":e.target==="draft-07"?o.$schema="http://json-schema.org/draft-07/schema#":e.target==="draft-04"?o.$schema="http://json-schema.org/draft-04/schema#":e.target,e.external?.uri){let c=e.external.registry.get(t)?.id;if(!c)throw new Error("Schema is missing an `id` property");o.$id=e.external.uri(c)}zo(o,n.defId?n.schema:n.def??n.schema);let s=e.metadataRegistry.get(t)?.id;s!==void 0&&o.id===s&&delete o.id;let i=e.external?.defs??{};if(!e.external||e.sharedEmitDoneFor!==e.external)for(let c of e.seen.entries()){let u=c[1];u.def&&u.defId&&(u.def.id===u.defId&&delete u.def.id,qt(i,u.defId,u.def))}e.external&&(e.sharedEmitDoneFor=e.external),e.external||Object.keys(i).length>0&&(e.target==="draft-2020-12"?o.$defs=i:o.definitions=i);try{let c=JSON.parse(JSON.stringify(o));return Object.defineProperty(c,"~standard",{value:{...t["~standard"],jsonSchema:{input:$o(t,"input",e.processors),output:$o(t,"output",e.processors)}},enumerable:!1,writable:!1}),c}catch{throw new Error("Error converting schema to JSON.")}}function pt(e,t){let n=t??{seen:new Set};if(n.seen.has(e))return!1;n.seen.add(e);let r=e._zod.def;if(r.type==="transform")return!0;if(r.type==="array")return pt(r.element,n);if(r.type==="set")return pt(r.valueType,n);if(r.type==="lazy")return pt(r.getter(),n);if(r.type==="promise"||r.type==="optional"||r.type==="nonoptional"||r.type==="nullable"||r.type==="readonly"||r.type==="default"||r.type==="prefault"||r.type==="catch")return pt(r.innerType,n);if(r.type==="intersection")return pt(r.left,n)||pt(r.right,n);if(r.type==="record"||r.type==="map")return pt(r.keyType,n)||pt(r.valueType,n);if(r.type==="pipe")return e._zod.traits.has("$ZodCodec")?!0:pt(r.in,n)||pt(r.out,n);if(r.type==="object"){for(let o in r.shape)if(pt(r.shape[o],n))return!0;return!1}if(r.type==="union"){for(let o of r.options)if(pt(o,n))return!0;return!1}if(r.type==="tuple"){for(let o of r.items)if(pt(o,n))return!0;return!!(r.rest&&pt(r.rest,n))}return!1}var Hp=(e,t={})=>n=>{let r=Oc({...n,processors:t});return Je(e,r),Cc(r,e),Nc(r,e)},$o=(e,t,n={})=>r=>{let{libraryOptions:o,target:s}=r??{},i=Oc({...o??{},target:s,io:t,processors:n});return Je(e,i),Cc(i,e),Nc(i,e)};var Lr=(e,t,n)=>{(e[t]===void 0||n>e[t])&&(e[t]=n)},Fr=(e,t,n)=>{(e[t]===void 0||n<e[t])&&(e[t]=n)},Wp=(e,t)=>{Lr(e,"minimum",t),Fr(e,"maximum",t)},qp=(e,t)=>{e.multipleOf??(e.multipleOf=[]),e.multipleOf.includes(t)||e.multipleOf.push(t)},Yp=(e,t)=>{e.patterns??(e.patterns=new Set),e.patterns.add(t)},Xp=(e,t)=>{e.mime=e.mime?e.mime.filter(n=>t.includes(n)):[...t]},Qp=(e,t)=>{e.format=t,t.includes("int")&&(e.isInt=!0)},Kp=(e,t)=>Lr(e,"minimum",t.minimum),Gp=(e,t)=>Fr(e,"maximum",t.maximum),Jp=e=>(t,n)=>{Qp(t,n.format);let[r,o]=e[n.format];Lr(t,"minimum",r),Fr(t,"maximum",o)},D_={greater_than:(e,t)=>Lr(e,t.inclusive?"minimum":"exclusiveMinimum",t.value),less_than:(e,t)=>Fr(e,t.inclusive?"maximum":"exclusiveMaximum",t.value),multiple_of:(e,t)=>qp(e,t.value),number_format:Jp(yo),bigint_format:Jp(ss),min_length:Kp,max_length:Gp,length_equals:(e,t)=>Wp(e,t.length),min_size:Kp,max_size:Gp,size_equals:(e,t)=>Wp(e,t.size),string_format:(e,t)=>{Qp(e,t.format),t.pattern&&Yp(e,t.pattern),(t.format==="base64"||t.format==="base64url")&&(e.contentEncoding=t.format),(t.local||t.precision===-1)&&(e.laxFormat=!0)},mime_type:(e,t)=>Xp(e,t.mime)};function Qt(e){let t={},n=e._zod.def,r=e._zod.traits.has("$ZodCheck")?[e,...n.checks??[]]:n.checks??[];for(let s of r)D_[s._zod.def.check]?.(t,s._zod.def);let o=e._zod.bag;o.minimum!==void 0&&Lr(t,"minimum",o.minimum),o.exclusiveMinimum!==void 0&&Lr(t,"exclusiveMinimum",o.exclusiveMinimum),o.maximum!==void 0&&Fr(t,"maximum",o.maximum),o.exclusiveMaximum!==void 0&&Fr(t,"exclusiveMaximum",o.exclusiveMaximum),o.multipleOf!==void 0&&qp(t,o.multipleOf),o.format!==void 0&&(t.format??(t.format=o.format),o.format.includes("int")&&(t.isInt=!0)),o.mime&&Xp(t,o.mime);for(let s of o.patterns??[])Yp(t,s);return t}var Z_={guid:"uuid",url:"uri",datetime:"date-time",json_string:"json-string",regex:""},M_=new Map([[fc,xu],[bs,Su]]),L_=e=>M_.get(e)??e,ed=(e,t,n,r)=>{let o=n;o.type="string";let{minimum:s,maximum:i,format:c,patterns:u,contentEncoding:f,laxFormat:m}=Qt(e);if(typeof s=="number"&&(o.minLength=s),typeof i=="number"&&(o.maxLength=i),c&&(o.format=Z_[c]??c,o.format===""&&delete o.format,(c==="time"||m)&&delete o.format),f&&(o.contentEncoding=f),u&&u.size>0){let d=[...u].map(L_);d.length===1?o.pattern=d[0].source:d.length>1&&(o.allOf=[...d.map(g=>({...t.target==="draft-07"||t.target==="draft-04"||t.target==="openapi-3.0"?{type:"string"}:{},pattern:g.source}))])}},td=(e,t,n,r)=>{let o=n,{minimum:s,maximum:i,multipleOf:c,exclusiveMaximum:u,exclusiveMinimum:f,isInt:m}=Qt(e);o.type=m?"integer":"number";let d=typeof f=="number"&&f>=(s??Number.NEGATIVE_INFINITY),g=typeof u=="number"&&u<=(i??Number.POSITIVE_INFINITY),_=t.target==="draft-04"||t.target==="openapi-3.0";if(d?_?(o.minimum=f,o.exclusiveMinimum=!0):o.exclusiveMinimum=f:typeof s=="number"&&(o.minimum=s),g?_?(o.maximum=u,o.exclusiveMaximum=!0):o.exclusiveMaximum=u:typeof i=="number"&&(o.maximum=i),c){let b=new Set;for(let O of c)Number.isFinite(O)&&O!==0?b.add(Math.abs(O)):kn(e,t,o,r,`A multipleOf divisor of ${O} cannot be represented in JSON Schema`);let[S,...T]=b;S!==void 0&&(o.multipleOf=S),T.length&&(o.allOf=[...o.allOf??[],...T.map(O=>({multipleOf:O}))])}},nd=(e,t,n,r)=>{n.type="boolean"};var rd=(e,t,n,r)=>{n.not={}};var od=(e,t,n,r)=>{};var sd=(e,t,n,r)=>{let o=e._zod.def,s=Nr(o.entries);if(s.length===0){n.not={};return}s.every(i=>typeof i=="number")&&(n.type="number"),s.every(i=>typeof i=="string")&&(n.type="string"),n.enum=s},id=(e,t,n,r)=>{let o=e._zod.def;if(o.values.length===0){n.not={};return}let s=[];for(let i of o.values)if(i===void 0){if(kn(e,t,n,r,"Literal `undefined` cannot be represented in JSON Schema"))return}else if(typeof i=="bigint"){if(kn(e,t,n,r,"BigInt literals cannot be represented in JSON Schema"))return;s.push(Number(i))}else s.push(i);if(s.length!==0)if(s.length===1){let i=s[0];n.type=i===null?"null":typeof i,t.target==="draft-04"||t.target==="openapi-3.0"?n.enum=[i]:n.const=i}else s.every(i=>typeof i=="number")&&(n.type="number"),s.every(i=>typeof i=="string")&&(n.type="string"),s.every(i=>typeof i=="boolean")&&(n.type="boolean"),s.every(i=>i===null)&&(n.type="null"),n.enum=s};var cd=(e,t,n,r)=>{kn(e,t,n,r,"Custom types cannot be represented in JSON Schema")};var ld=(e,t,n,r)=>{kn(e,t,n,r,"Transforms cannot be represented in JSON Schema")};var ad=(e,t,n,r)=>{let o=n,s=e._zod.def,{minimum:i,maximum:c}=Qt(e);typeof i=="number"&&(o.minItems=i),typeof c=="number"&&(o.maxItems=c),o.type="array",o.items=Je(s.element,t,{...r,path:[...r.path,"items"]})};function Ic(e){let t=e._zod.def;return t.type==="pipe"&&t.in._zod.traits.has("$ZodTransform")?Ic(t.out):t.type==="catch"?Ic(t.innerType):e._zod.optin}var ud=(e,t,n,r)=>{let o=n,s=e._zod.def,i=s.shape;if(Object.getOwnPropertySymbols(i).length&&kn(e,t,o,r,"Symbol keys cannot be represented in JSON Schema"))return;o.type="object",o.properties={};for(let f in i)qt(o.properties,f,Je(i[f],t,{...r,path:[...r.path,"properties",f]}));let u=[];for(let f of Object.keys(i)){let m=s.shape[f];(t.io==="input"?Ic(m)===void 0:m._zod.optout===void 0)&&u.push(f)}u.length>0&&(o.required=u),s.catchall?._zod.def.type==="never"?o.additionalProperties=!1:s.catchall?s.catchall&&(o.additionalProperties=Je(s.catchall,t,{...r,path:[...r.path,"additionalProperties"]})):t.io==="output"&&(o.additionalProperties=!1)},fd=(e,t,n,r)=>{let o=e._zod.def,s=o.inclusive===!1,i=o.options.map((c,u)=>Je(c,t,{...r,path:[...r.path,s?"oneOf":"anyOf",u]}));s?n.oneOf=i:n.anyOf=i},pd=(e,t,n,r)=>{let o=e._zod.def,s=Je(o.left,t,{...r,path:[...r.path,"allOf",0]}),i=Je(o.right,t,{...r,path:[...r.path,"allOf",1]}),c=f=>"allOf"in f&&Object.keys(f).length===1,u=[...c(s)?s.allOf:[s],...c(i)?i.allOf:[i]];n.allOf=u,t.intersections.push(u)};var dd=(e,t,n,r)=>{let o=e._zod.def,s=Je(o.innerType,t,r),i=t.seen.get(e);t.target==="openapi-3.0"?(i.ref=o.innerType,n.nullable=!0):n.anyOf=[s,{type:"null"}]},md=(e,t,n,r)=>{let o=e._zod.def;Je(o.innerType,t,r);let s=t.seen.get(e);s.ref=o.innerType},Rc=Symbol();function hd(e,t,n,r,o){let s=!1,i=JSON.stringify(e,(c,u)=>typeof u!="bigint"?u:(s=!0,null));return s?(kn(t,n,r,o,"BigInt defaults cannot be represented in JSON Schema"),Rc):JSON.parse(i)}var gd=(e,t,n,r)=>{let o=e._zod.def;Je(o.innerType,t,r);let s=t.seen.get(e);s.ref=o.innerType;let i=hd(o.defaultValue,e,t,n,r);i!==Rc&&(n.default=i)},yd=(e,t,n,r)=>{let o=e._zod.def;Je(o.innerType,t,r);let s=t.seen.get(e);if(s.ref=o.innerType,t.io!=="input")return;let i=hd(o.defaultValue,e,t,n,r);i!==Rc&&(n._prefault=i)},_d=(e,t,n,r)=>{let o=e._zod.def;Je(o.innerType,t,r);let s=t.seen.get(e);s.ref=o.innerType;let i;try{i=o.catchValue(void 0)}catch{kn(e,t,n,r,"Dynamic catch values are not supported in JSON Schema");return}n.default=i},vd=(e,t,n,r)=>{let o=e._zod.def,s=o.in._zod.traits.has("$ZodTransform"),i=t.io==="input"?s?o.out:o.in:o.out;Je(i,t,r);let c=t.seen.get(e);c.ref=i},bd=(e,t,n,r)=>{let o=e._zod.def;Je(o.innerType,t,r);let s=t.seen.get(e);s.ref=o.innerType,n.readOnly=!0};var Dc=(e,t,n,r)=>{let o=e._zod.def;Je(o.innerType,t,r);let s=t.seen.get(e);s.ref=o.innerType};var xd=new WeakSet([Object.prototype,Error.prototype]);function Os(e,t,n){Object.defineProperty(e,t,{configurable:!0,enumerable:!1,get(){let r=n(this);return Object.defineProperty(this,t,{value:r,configurable:!0,writable:!0}),r},set(r){Object.defineProperty(this,t,{value:r,configurable:!0,writable:!0})}})}var G_=(e,t)=>{qa.init(e,t),e.name="ZodError";let n=Object.getPrototypeOf(e);xd.has(n)||(xd.add(n),Os(n,"format",r=>o=>ec(r,o)),Os(n,"flatten",r=>o=>Qi(r,o)),Os(n,"addIssue",r=>o=>{r.issues.push(o),r.message=JSON.stringify(r.issues,Ir,2)}),Os(n,"addIssues",r=>o=>{r.issues.push(...o),r.message=JSON.stringify(r.issues,Ir,2)}),Object.defineProperty(n,"isEmpty",{configurable:!0,enumerable:!1,get(){return this.issues.length===0}}))};var zt=w("ZodError",G_,void 0,{Parent:Error});var Sd=us(zt),wd=fs(zt),kd=ps(zt),Ed=ds(zt),Td=Xa(zt),zd=Qa(zt),$d=eu(zt),Pd=tu(zt),Ad=nu(zt),Od=ru(zt),Cd=ou(zt),Nd=su(zt);function q_(){Tt.localeError||vt(rp())}function Lc(){Tt.memoizer||vt({memoizer:yc()})}var Ie=w("ZodType",(e,t)=>(q_(),Ae.init(e,t),e.def=t,e.type=t.type,e),{check(...e){let t=this.def;return this.clone(q.mergeDefs(t,{checks:[...t.checks??[],...e.map(n=>typeof n=="function"?{_zod:{check:n,def:{check:"custom"},onattach:[]}}:n)]}),{parent:!0})},with(...e){return this.check(...e)},clone(e,t){return Mt(this,e,t)},brand(){return this},register(e,t){return e.add(this,t),this},refine(e,t){return this.check(Wv(e,t))},superRefine(e,t){return this.check(Kv(e,t))},overwrite(e){return this.check(Zn(e))},optional(){return Id(this)},exactOptional(){return Nv(this)},nullable(){return Rd(this)},nullish(){return Id(Rd(this))},nonoptional(e){return Lv(this,e)},array(){return En(this)},or(e){return Ns([this,e])},and(e){return $v(this,e)},transform(e){return Dd(this,Cv(e))},default(e){return Dv(this,e)},prefault(e){return Mv(this,e)},catch(e){return jv(this,e)},pipe(e){return Dd(this,e)},readonly(){return Vv(this)},describe(e){let t=this.clone();return Dn.add(t,{description:e}),t},meta(...e){if(e.length===0)return Dn.get(this);let t=this.clone();return Dn.add(t,e[0]),t},isOptional(){return this.safeParse(void 0).success},isNullable(){return this.safeParse(null).success},apply(e,...t){return t.length===0?e(this):e(this,...t)},get"~standard"(){return q.hide(this,"~standard",{...uc(this),jsonSchema:{input:$o(this,"input"),output:$o(this,"output")}})},set"~standard"(e){q.own(this,"~standard",e)},parse:function e(t,n){return Sd(this,t,n,{callee:e})},parseAsync:async function e(t,n){return await wd(this,t,n,{callee:e})},safeParse(e,t){return kd(this,e,t)},async safeParseAsync(e,t){return Ed(this,e,t)},get spa(){return this?.safeParseAsync},set spa(e){q.own(this,"spa",e)},validate(e,t){return tc(this,e,t)},validateAsync(e,t){return nc(this,e,t)},encode:function e(t,n){return Td(this,t,n,{callee:e})},decode:function e(t,n){return zd(this,t,n,{callee:e})},encodeAsync:async function e(t,n){return await $d(this,t,n,{callee:e})},decodeAsync:async function e(t,n){return await Pd(this,t,n,{callee:e})},safeEncode(e,t){return Ad(this,e,t)},safeDecode(e,t){return Od(this,e,t)},async safeEncodeAsync(e,t){return Cd(this,e,t)},async safeDecodeAsync(e,t){return Nd(this,e,t)},toJSONSchema(e){return Hp(this,{})(e)},get description(){return Dn.get(this)?.description},get _def(){return this._zod.def}}),Zd=w("_ZodString",(e,t)=>{vs.init(e,t),Ie.init(e,t),e._zod.processJSONSchema=(n,r,o)=>ed(e,n,r,o)},q.derived({format:e=>Qt(e).format??null,minLength:e=>Qt(e).minimum??null,maxLength:e=>Qt(e).maximum??null},{regex(...e){return this.check(vc(...e))},includes(...e){return this.check(Sc(...e))},startsWith(...e){return this.check(wc(...e))},endsWith(...e){return this.check(kc(...e))},min(...e){return this.check(Mr(...e))},max(...e){return this.check($s(...e))},length(...e){return this.check(Ps(...e))},nonempty(...e){return this.check(Mr(1,...e))},lowercase(e){return this.check(bc(e))},uppercase(e){return this.check(xc(e))},trim(){return this.check(Tc())},normalize(...e){return this.check(Ec(...e))},toLowerCase(){return this.check(zc())},toUpperCase(){return this.check($c())},slugify(){return this.check(Pc())}})),Y_=w("ZodString",(e,t)=>{vs.init(e,t),Zd.init(e,t)},{email(e){return this.check(cp(nv,e))},url(e){return this.check(dp(ov,e))},jwt(e){return this.check($p(vv,e))},emoji(e){return this.check(mp(sv,e))},guid(e){return this.check(lp(rv,e))},uuid(e){return this.check(ap(Cs,e))},uuidv4(e){return this.check(up(Cs,e))},uuidv6(e){return this.check(fp(Cs,e))},uuidv7(e){return this.check(pp(Cs,e))},nanoid(e){return this.check(hp(iv,e))},cuid(e){return this.check(gp(cv,e))},cuid2(e){return this.check(yp(lv,e))},ulid(e){return this.check(_p(av,e))},base64(e){return this.check(Ep(gv,e))},base64url(e){return this.check(Tp(yv,e))},xid(e){return this.check(vp(uv,e))},ksuid(e){return this.check(bp(fv,e))},ipv4(e){return this.check(xp(pv,e))},ipv6(e){return this.check(Sp(dv,e))},cidrv4(e){return this.check(wp(mv,e))},cidrv6(e){return this.check(kp(hv,e))},e164(e){return this.check(zp(_v,e))},datetime(e){return this.check(Pp(X_,e))},date(e){return this.check(Ap(Q_,e))},time(e){return this.check(Op(ev,e))},duration(e){return this.check(Cp(tv,e))}});function Ft(e){return ip(Y_,e)}var Oe=w("ZodStringFormat",(e,t)=>{we.init(e,t),Zd.init(e,t)}),X_=w("ZodISODateTime",(e,t)=>{_f.init(e,t),Oe.init(e,t)}),Q_=w("ZodISODate",(e,t)=>{vf.init(e,t),Oe.init(e,t)}),ev=w("ZodISOTime",(e,t)=>{bf.init(e,t),Oe.init(e,t)}),tv=w("ZodISODuration",(e,t)=>{xf.init(e,t),Oe.init(e,t)}),nv=w("ZodEmail",(e,t)=>{cf.init(e,t),Oe.init(e,t)});var rv=w("ZodGUID",(e,t)=>{of.init(e,t),Oe.init(e,t)});var Cs=w("ZodUUID",(e,t)=>{sf.init(e,t),Oe.init(e,t)});var ov=w("ZodURL",(e,t)=>{uf.init(e,t),Oe.init(e,t)});var sv=w("ZodEmoji",(e,t)=>{ff.init(e,t),Oe.init(e,t)});var iv=w("ZodNanoID",(e,t)=>{pf.init(e,t),Oe.init(e,t)});var cv=w("ZodCUID",(e,t)=>{df.init(e,t),Oe.init(e,t)});var lv=w("ZodCUID2",(e,t)=>{mf.init(e,t),Oe.init(e,t)});var av=w("ZodULID",(e,t)=>{hf.init(e,t),Oe.init(e,t)});var uv=w("ZodXID",(e,t)=>{gf.init(e,t),Oe.init(e,t)});var fv=w("ZodKSUID",(e,t)=>{yf.init(e,t),Oe.init(e,t)});var pv=w("ZodIPv4",(e,t)=>{Sf.init(e,t),Oe.init(e,t)});var dv=w("ZodIPv6",(e,t)=>{kf.init(e,t),Oe.init(e,t)});var mv=w("ZodCIDRv4",(e,t)=>{Ef.init(e,t),Oe.init(e,t)});var hv=w("ZodCIDRv6",(e,t)=>{Tf.init(e,t),Oe.init(e,t)});var gv=w("ZodBase64",(e,t)=>{$f.init(e,t),Oe.init(e,t)});var yv=w("ZodBase64URL",(e,t)=>{Pf.init(e,t),Oe.init(e,t)});var _v=w("ZodE164",(e,t)=>{Af.init(e,t),Oe.init(e,t)});var vv=w("ZodJWT",(e,t)=>{Of.init(e,t),Oe.init(e,t)});var bv=w("ZodNumber",(e,t)=>{pc.init(e,t),Ie.init(e,t),e._zod.processJSONSchema=(n,r,o)=>td(e,n,r,o),e.isFinite=!0},q.derived({minValue:e=>{let{minimum:t,exclusiveMinimum:n}=Qt(e);return Math.max(t??Number.NEGATIVE_INFINITY,n??Number.NEGATIVE_INFINITY)},maxValue:e=>{let{maximum:t,exclusiveMaximum:n}=Qt(e);return Math.min(t??Number.POSITIVE_INFINITY,n??Number.POSITIVE_INFINITY)},isInt:e=>{let{isInt:t,multipleOf:n}=Qt(e);return!!t||!!n?.some(Number.isSafeInteger)},format:e=>Qt(e).format??null},{gt(e,t){return this.check(Ts(e,t))},gte(e,t){return this.check(To(e,t))},min(e,t){return this.check(To(e,t))},lt(e,t){return this.check(Es(e,t))},lte(e,t){return this.check(Eo(e,t))},max(e,t){return this.check(Eo(e,t))},int(e){return this.check(Lt(e))},safe(e){return this.check(Lt(e))},positive(e){return this.check(Ts(0,e))},nonnegative(e){return this.check(To(0,e))},negative(e){return this.check(Es(0,e))},nonpositive(e){return this.check(Eo(0,e))},multipleOf(e,t){return this.check(zs(e,t))},step(e,t){return this.check(zs(e,t))},finite(){return this}}));var xv=w("ZodNumberFormat",(e,t)=>{Cf.init(e,t),bv.init(e,t)});function Lt(e){return Np(xv,e)}var Sv=w("ZodBoolean",(e,t)=>{Nf.init(e,t),Ie.init(e,t),e._zod.processJSONSchema=(n,r,o)=>nd(e,n,r,o)});function Fc(e){return Ip(Sv,e)}var wv=w("ZodUnknown",(e,t)=>{If.init(e,t),Ie.init(e,t),e._zod.processJSONSchema=(n,r,o)=>od(e,n,r,o)});function Zc(){return Rp(wv)}var kv=w("ZodNever",(e,t)=>{Rf.init(e,t),Ie.init(e,t),e._zod.processJSONSchema=(n,r,o)=>rd(e,n,r,o)});function Md(e){return Dp(kv,e)}var Ev=w("ZodArray",(e,t)=>{Lc(),Df.init(e,t),Ie.init(e,t),e._zod.processJSONSchema=(n,r,o)=>ad(e,n,r,o),e.element=t.element},{min(e,t){return this.check(Mr(e,t))},nonempty(e){return this.check(Mr(1,e))},max(e,t){return this.check($s(e,t))},length(e,t){return this.check(Ps(e,t))},unwrap(){return this.element}});function En(e,t){return Zp(Ev,e,t)}var Ld=w("ZodObject",(e,t)=>{Lc(),Lf.init(e,t),Ie.init(e,t),e._zod.processJSONSchema=(n,r,o)=>ud(e,n,r,o),q.installLazyProp(e,"shape",n=>n._zod.def.shape,!1)},{keyof(){return Pv(Object.keys(this._zod.def.shape))},catchall(e){return this.clone(q.mergeDefs(this._zod.def,{catchall:e}))},passthrough(){return this.clone(q.mergeDefs(this._zod.def,{catchall:Zc()}))},loose(){return this.clone(q.mergeDefs(this._zod.def,{catchall:Zc()}))},strict(){return this.clone(q.mergeDefs(this._zod.def,{catchall:Md()}))},strip(){return this.clone(q.mergeDefs(this._zod.def,{catchall:void 0}))},extend(e){return q.extend(this,e)},safeExtend(e){return q.safeExtend(this,e)},merge(e){return q.merge(this,e)},pick(e){return q.pick(this,e)},omit(e){return q.omit(this,e)},partial(...e){return q.partial(jd,this,e[0])},exactPartial(...e){return q.partial(Bd,this,e[0],"exactPartial")},required(...e){return q.required(Ud,this,e[0])}});function Fd(e,t){let n={type:"object",shape:e??{},...q.normalizeParams(t)};return new Ld(n)}function Mn(e,t){return new Ld({type:"object",shape:e,catchall:Md(),...q.normalizeParams(t)})}var Tv=w("ZodUnion",(e,t)=>{Ff.init(e,t),Ie.init(e,t),e._zod.processJSONSchema=(n,r,o)=>fd(e,n,r,o),e.options=t.options});function Ns(e,t){return new Tv({type:"union",options:e,...q.normalizeParams(t)})}var zv=w("ZodIntersection",(e,t)=>{jf.init(e,t),Ie.init(e,t),e._zod.processJSONSchema=(n,r,o)=>pd(e,n,r,o)});function $v(e,t){return new zv({type:"intersection",left:e,right:t})}var Mc=w("ZodEnum",(e,t)=>{Bf.init(e,t),Ie.init(e,t),e._zod.processJSONSchema=(r,o,s)=>sd(e,r,o,s),e.enum=t.entries,e.options=[...e._zod.values];let n=new Set(Object.keys(t.entries));e.extract=(r,o)=>{let s={};for(let i of r)if(n.has(i))s[i]=t.entries[i];else throw new Error(`Key ${i} not found in enum`);return new Mc({...t,checks:[],...q.normalizeParams(o),entries:s})},e.exclude=(r,o)=>{let s={...t.entries};for(let i of r)if(n.has(i))delete s[i];else throw new Error(`Key ${i} not found in enum`);return new Mc({...t,checks:[],...q.normalizeParams(o),entries:s})}});function Pv(e,t){let n=Array.isArray(e)?Object.fromEntries(e.map(r=>[r,r])):e;return new Mc({type:"enum",entries:n,...q.normalizeParams(t)})}var Av=w("ZodLiteral",(e,t)=>{Uf.init(e,t),Ie.init(e,t),e._zod.processJSONSchema=(n,r,o)=>id(e,n,r,o),e.values=new Set(t.values),Object.defineProperty(e,"value",{get(){if(t.values.length>1)throw new Error("This schema contains multiple valid literal values. Use `.values` instead.");return t.values[0]}})});function jc(e,t){return new Av({type:"literal",values:Array.isArray(e)?e:[e],...q.normalizeParams(t)})}var Ov=w("ZodTransform",(e,t)=>{Lc(),Vf.init(e,t),Ie.init(e,t),e._zod.processJSONSchema=(n,r,o)=>ld(e,n,r,o),e._zod.parse=(n,r)=>{if(r.direction==="backward")throw new Dr(e.constructor.name);n.addIssue=s=>{if(typeof s=="string")n.issues.push(q.issue(s,n.value,t));else{let i=s;i.fatal&&(i.continue=!1),i.code??(i.code="custom"),"input"in i||(i.input=n.value),i.inst??(i.inst=e),n.issues.push(q.issue(i))}};let o=t.transform(n.value,n);return o instanceof Promise?o.then(s=>(n.value=s,n)):(n.value=o,n)}});function Cv(e){return new Ov({type:"transform",transform:e})}var jd=w("ZodOptional",(e,t)=>{dc.init(e,t),Ie.init(e,t),e._zod.processJSONSchema=(n,r,o)=>Dc(e,n,r,o),e.unwrap=()=>e._zod.def.innerType});function Id(e){return new jd({type:"optional",innerType:e})}var Bd=w("ZodExactOptional",(e,t)=>{Hf.init(e,t),Ie.init(e,t),e._zod.processJSONSchema=(n,r,o)=>Dc(e,n,r,o),e.unwrap=()=>e._zod.def.innerType});function Nv(e){return new Bd({type:"optional",innerType:e})}var Iv=w("ZodNullable",(e,t)=>{Wf.init(e,t),Ie.init(e,t),e._zod.processJSONSchema=(n,r,o)=>dd(e,n,r,o),e.unwrap=()=>e._zod.def.innerType});function Rd(e){return new Iv({type:"nullable",innerType:e})}var Rv=w("ZodDefault",(e,t)=>{Kf.init(e,t),Ie.init(e,t),e._zod.processJSONSchema=(n,r,o)=>gd(e,n,r,o),e.unwrap=()=>e._zod.def.innerType,e.removeDefault=e.unwrap});function Dv(e,t){return new Rv({type:"default",innerType:e,get defaultValue(){return typeof t=="function"?t():q.shallowClone(t)}})}var Zv=w("ZodPrefault",(e,t)=>{Gf.init(e,t),Ie.init(e,t),e._zod.processJSONSchema=(n,r,o)=>yd(e,n,r,o),e.unwrap=()=>e._zod.def.innerType});function Mv(e,t){return new Zv({type:"prefault",innerType:e,get defaultValue(){return typeof t=="function"?t():q.shallowClone(t)}})}var Ud=w("ZodNonOptional",(e,t)=>{Jf.init(e,t),Ie.init(e,t),e._zod.processJSONSchema=(n,r,o)=>md(e,n,r,o),e.unwrap=()=>e._zod.def.innerType});function Lv(e,t){return new Ud({type:"nonoptional",innerType:e,...q.normalizeParams(t)})}var Fv=w("ZodCatch",(e,t)=>{qf.init(e,t),Ie.init(e,t),e._zod.processJSONSchema=(n,r,o)=>_d(e,n,r,o),e.unwrap=()=>e._zod.def.innerType,e.removeCatch=e.unwrap});function jv(e,t){return new Fv({type:"catch",innerType:e,catchValue:typeof t=="function"?t:q.constantCatch(t)})}var Bv=w("ZodPipe",(e,t)=>{Yf.init(e,t),Ie.init(e,t),e._zod.processJSONSchema=(n,r,o)=>vd(e,n,r,o),e.in=t.in,e.out=t.out});function Dd(e,t){return new Bv({type:"pipe",in:e,out:t})}var Uv=w("ZodReadonly",(e,t)=>{Xf.init(e,t),Ie.init(e,t),e._zod.processJSONSchema=(n,r,o)=>bd(e,n,r,o),e.unwrap=()=>e._zod.def.innerType});function Vv(e){return new Uv({type:"readonly",innerType:e})}var Hv=w("ZodCustom",(e,t)=>{Qf.init(e,t),Ie.init(e,t),e._zod.processJSONSchema=(n,r,o)=>cd(e,n,r,o)});function Wv(e,t={}){return Mp(Hv,e,t)}function Kv(e,t){return Lp(e,t)}vt({jitless:!0});var Is=Symbol("RENDERER"),jr=Symbol("ERROR_HANDLER"),ge=Symbol("STASH"),Rs=Symbol("INTERNAL"),Ds=Symbol("MEMO");var Bc=e=>(e[Rs]=!0,e);var Po={title:[],script:["src"],style:["data-href"],link:["href"],meta:["name","httpEquiv","charset","itemProp"]},Uc={},Zs="data-precedence",Vc=e=>e.rel==="stylesheet"&&"precedence"in e,Hc=(e,t)=>e==="link"?t:Po[e].length>0;var Hd=Object.defineProperty,Wc=(e,t)=>{let n={};for(var r in e)Hd(n,r,{get:e[r],enumerable:!0});return t||Hd(n,Symbol.toStringTag,{value:"Module"}),n};var Kc=e=>Array.isArray(e)?e:[e];var qv=new Map([["className","class"],["htmlFor","for"],["crossOrigin","crossorigin"],["httpEquiv","http-equiv"],["itemProp","itemprop"],["fetchPriority","fetchpriority"],["noModule","nomodule"],["formAction","formaction"]]),Ms=e=>qv.get(e)||e;var Kd=(e,t,n)=>{e.size>=t&&e.clear(),e.add(n)};var Yv=/[\\s"\'():;\\\\/\\[\\]{}\\x00-\\x1f\\x7f-\\x9f]/,Gc=new Set,Gd=1024,Xv=e=>{if(Gc.has(e))return!0;let t=e.length;if(t===0)return!1;for(let n=0;n<t;n++){let r=e.charCodeAt(n);if(!(r>=97&&r<=122||r>=65&&r<=90||r>=48&&r<=57||r===45||r===95))return Yv.test(e)?!1:(Kd(Gc,Gd,e),!0)}return Kd(Gc,Gd,e),!0},Qv=/[;"\'\\\\/\\[\\](){}]/,eb=e=>{if(!Qv.test(e))return!1;let t=0,n=[];for(let r=0,o=e.length;r<o;r++){let s=e.charCodeAt(r);if(s===92){if(r===o-1)return!0;r++}else if(t!==0){if(s===10||s===12||s===13)return!0;s===t&&(t=0)}else if(s===47&&e.charCodeAt(r+1)===42){let i=e.indexOf("*/",r+2);if(i===-1)return!0;r=i+1}else if(s===34||s===39)t=s;else if(s===40)n.push(41);else if(s===91)n.push(93);else{if(s===123||s===125)return!0;if(s===41||s===93){if(n[n.length-1]!==s)return!0;n.pop()}else if(s===59&&n.length===0)return!0}}return t!==0||n.length!==0},Jc=(e,t)=>{for(let[n,r]of Object.entries(e)){let o=n[0]==="-"||!/[A-Z]/.test(n)?n:n.replace(/[A-Z]/g,i=>`-${i.toLowerCase()}`);if(!Xv(o))continue;if(r==null){t(o,null);continue}let s;if(typeof r=="number")s=o.match(/^(?:a|border-im|column(?:-c|s)|flex(?:$|-[^b])|grid-(?!.*gap)(?:ar|[^a])|font-w|li|or|sca|st|ta|wido|z)|ty$/)?`${r}`:`${r}px`;else if(typeof r=="string"){if(eb(r))continue;s=r}else continue;t(o,s)}};var Br=[],Jd=!1,qc,tb,nb=0,qd=!1,rb=()=>{if(Jd)return qc;Jd=!0;let e=globalThis,t;for(let n of[()=>e.process?.getBuiltinModule?.("node:async_hooks")?.AsyncLocalStorage,()=>e.process?.mainModule?.require?.("node:async_hooks")?.AsyncLocalStorage]){try{t=n()}catch{}if(t)break}return t&&(qc=new t),qc},ob=()=>rb()?.getStore()||tb,sb=()=>{nb>0&&!qd&&(qd=!0,console.warn("hono/jsx: AsyncLocalStorage is unavailable in this runtime, so useContext() after an await in an async component falls back to the context default value during server-side rendering. To get provided values across await boundaries, use a runtime with AsyncLocalStorage (Node.js >= 20.16, Deno, Bun, or Cloudflare Workers with the nodejs_compat flag)."))};var ib=(e,t)=>{if(!e)return sb(),t.values.at(-1);let n=e.get(t);return n?.length?n.at(-1):t.values[0]};var dn=e=>ib(ob(),e);var Yd=e=>({value:t,children:n})=>{if(!n)return;let r={children:[{tag:Bc(()=>{e.push(t)}),props:{}}]};Array.isArray(n)?r.children.push(...n.flat()):r.children.push(n),r.children.push({tag:Bc(()=>{e.pop()}),props:{}});let o={tag:"",props:r,type:""};return o[jr]=s=>{throw e.pop(),s},o},or=e=>{let t=[e],n=Yd(t);return n.values=t,n.Provider=n,Br.push(n),n};var cb=0;var lb=2,ab=3,ub=4,Yc=new WeakMap,Xc=(e,t)=>!e||!t||e.length!==t.length||t.some((n,r)=>n!==e[r]);var fb;var Xd=[];var j=e=>{let t=()=>typeof e=="function"?e():e,n=Ln.at(-1);if(!n)return[t(),()=>{}];let[,r]=n,o=r[ge][1][cb]||=[],s=r[ge][0]++;return o[s]||=[t(),i=>{let c=fb,u=o[s];if(typeof i=="function"&&(i=i(u[0])),!Object.is(i,u[0]))if(u[0]=i,Xd.length){let[f,m]=Xd.at(-1);Promise.all([f===3?r:Ao([f,!1,c],r),m]).then(([d])=>{if(!d||!(f===2||f===3))return;let g=d.vC;requestAnimationFrame(()=>{setTimeout(()=>{g===d.vC&&Ao([f===3?1:0,!1,c],d)})})})}else Ao([0,!1,c],r)}]};var pb=(e,t,n)=>{let r=Ln.at(-1);if(!r)return;let[,o]=r,s=o[ge][1][1]||=[],i=o[ge][0]++,[c,,u]=s[i]||=[];if(Xc(c,n)){u&&u();let f=()=>{m[e]=void 0,m[2]=t()},m=[n,void 0,void 0,void 0,void 0];m[e]=f,s[i]=m}},Re=(e,t)=>pb(3,e,t);var mn=(e,t)=>{let n=Ln.at(-1);if(!n)return e;let[,r]=n,o=r[ge][1][lb]||=[],s=r[ge][0]++,i=o[s];return Xc(i?.[1],t)?o[s]=[e,t]:e=o[s][0],e};function dt(e){let t=Ln.at(-1);if(!t)return{current:e};let[,n]=t,r=n[ge][1][ub]||=[],o=n[ge][0]++;return r[o]||={current:e}}var Qc=e=>{let t=Yc.get(e);if(t){if(t.length===2)throw t[1];return t[0]}throw e.then(n=>Yc.set(e,[n]),n=>Yc.set(e,[void 0,n])),e},Ls=(e,t)=>{let n=Ln.at(-1);if(!n)return e();let[,r]=n,o=r[ge][1][ab]||=[],s=r[ge][0]++,i=o[s];return Xc(i?.[1],t)&&(o[s]=[e(),t]),o[s][0]},db=0,el=()=>Ls(()=>`:r${(db++).toString(32)}:`,[]);var No="_hp",mb={Change:"Input",DoubleClick:"DblClick"},hb={svg:"2000/svg",math:"1998/Math/MathML"},Ln=[],Oo=new WeakMap,Ur,im=()=>Ur,st=e=>"t"in e,tl={onClick:["click",!1]},Qd=e=>{if(!e.startsWith("on"))return;if(tl[e])return tl[e];let t=e.match(/^on([A-Z][a-zA-Z]+?(?:PointerCapture)?)(Capture)?$/);if(t){let[,n,r]=t;return tl[e]=[(mb[n]||n).toLowerCase(),!!r]}},em=(e,t)=>Ur&&e instanceof SVGElement&&/[A-Z]/.test(t)&&(t in e.style||t.match(/^(?:o|pai|str|u|ve)/))?t.replace(/([A-Z])/g,"-$1").toLowerCase():t,cm=e=>e==null||e===!1?null:e,gb=(e,t)=>{"value"in t&&(e.value=cm(t.value),!e.multiple&&e.selectedIndex===-1&&(e.selectedIndex=0))},tm=e=>e instanceof DOMException&&e.name==="InvalidCharacterError",yb=(e,t,n)=>{t||={};for(let r in t){let o=t[r];if(r!=="children"&&(!n||n[r]!==o)){r=Ms(r);let s=Qd(r);if(s){if(n?.[r]!==o&&(n&&e.removeEventListener(s[0],n[r],s[1]),o!=null)){if(typeof o!="function")throw new Error(`Event handler for "${r}" is not a function`);e.addEventListener(s[0],o,s[1])}}else if(r==="dangerouslySetInnerHTML"&&o)e.innerHTML=o.__html;else if(r==="ref"){Oo.get(e)?.();let i;typeof o=="function"?i=o(e)||(()=>o(null)):o&&"current"in o&&(o.current=e,i=()=>o.current=null),Oo.set(e,i)}else if(r==="style"){let i=e.style;typeof o=="string"?i.cssText=o:(i.cssText="",o!=null&&Jc(o,i.setProperty.bind(i)))}else{if(r==="value"){let c=e.nodeName;if(c==="SELECT")continue;if((c==="INPUT"||c==="TEXTAREA")&&(e.value=cm(o),c==="TEXTAREA")){e.textContent=o;continue}}else(r==="checked"&&e.nodeName==="INPUT"||r==="selected"&&e.nodeName==="OPTION")&&(e[r]=o);let i=em(e,r);try{o==null||o===!1?e.removeAttribute(i):o===!0?e.setAttribute(i,""):typeof o=="string"||typeof o=="number"?e.setAttribute(i,o):e.setAttribute(i,o.toString())}catch(c){if(!tm(c))throw c}}}}if(n)for(let r in n){let o=n[r];if(r!=="children"&&!(r in t)){r=Ms(r);let s=Qd(r);if(s)e.removeEventListener(s[0],o,s[1]);else if(r==="ref")Oo.get(e)?.(),Oo.delete(e);else try{e.removeAttribute(em(e,r))}catch(i){if(!tm(i))throw i}}}},_b=(e,t)=>{t[ge][0]=0,Ln.push([e,t]);let n=t.tag[Is]||t.tag,r=n.defaultProps?{...n.defaultProps,...t.props}:t.props;try{return[n.call(null,r)]}finally{Ln.pop()}},lm=(e,t,n,r,o)=>{e.vR?.length&&(r.push(...e.vR),delete e.vR),typeof e.tag=="function"&&e[ge][1][1]?.forEach(s=>o.push(s)),e.vC.forEach(s=>{if(st(s))n.push(s);else if(typeof s.tag=="function"||s.tag===""){s.c=t;let i=n.length;if(lm(s,t,n,r,o),s.s){for(let c=i;c<n.length;c++)n[c].s=!0;s.s=!1}}else n.push(s),s.vR?.length&&(r.push(...s.vR),delete s.vR)})},vb=e=>{for(;e&&(e.tag===No||!e.e);)e=e.tag===No||!e.vC?.[0]?e.nN:e.vC[0];return e?.e},am=e=>{if(!st(e)){let t=e[ge];t?.[1][1]&&(t[1][1].forEach(n=>n[2]?.()),delete t[1][1]),Oo.get(e.e)?.(),e.p===2&&e.vC?.forEach(n=>n.p=2),e.vC?.forEach(am)}e.p||(e.e?.remove(),delete e.e),typeof e.tag=="function"&&(Co.delete(e),Fs.delete(e),delete e[ge][3],e.a=!0)},nl=(e,t,n)=>{e.c=t,um(e,t,n)},nm=(e,t)=>{if(t){for(let n=0,r=e.length;n<r;n++)if(e[n]===t)return n}},rm=Symbol(),um=(e,t,n)=>{let r=[],o=[],s=[];lm(e,t,r,o,s),o.forEach(am);let i=n?void 0:t.childNodes,c,u=null;if(n)c=-1;else if(!i.length)c=0;else{let f=nm(i,vb(e.nN));f!==void 0?(u=i[f],c=f):c=nm(i,r.find(m=>m.tag!==No&&m.e)?.e)??-1,c===-1&&(n=!0)}for(let f=0,m=r.length;f<m;f++,c++){let d=r[f],g;if(d.s&&d.e)g=d.e,d.s=!1;else{let _=n||!d.e;if(st(d))d.e&&d.d&&(d.e.textContent=d.t),d.d=!1,g=d.e||=document.createTextNode(d.t);else{let b=!d.e;g=d.e||=d.n?document.createElementNS(d.n,d.tag):document.createElement(d.tag),yb(g,d.props,b?void 0:d.pP),um(d,g,_),d.tag==="select"&&gb(g,d.props)}}d.tag===No?c--:n?g.parentNode||t.appendChild(g):i[c]!==g&&i[c-1]!==g&&(i[c+1]===g?t.appendChild(i[c]):t.insertBefore(g,u||i[c]||null))}if(e.pP&&(e.pP=void 0),s.length){let f=[],m=[];s.forEach(([,d,,g,_])=>{d&&f.push(d),g&&m.push(g),_?.()}),f.forEach(d=>d()),m.length&&requestAnimationFrame(()=>{m.forEach(d=>d())})}},bb=(e,t)=>!!(e&&e.length===t.length&&e.every((n,r)=>n[1]===t[r][1])),xb=e=>{let t=new Map;for(let n of e){let r=n.key;if(t.has(r))return;t.set(r,n)}return t},Fs=new WeakMap,js=(e,t,n)=>{let r=!n&&t.pC;n&&(t.pC||=t.vC);let o;try{n||=typeof t.tag=="function"?_b(e,t):Kc(t.props.children),n[0]?.tag===""&&n[0][jr]&&(o=n[0][jr],e[5].push([e,o,t]));let s=r?[...t.pC]:t.vC?[...t.vC]:void 0,i=[],c,u=(s?.length||0)*2,f;for(let m=0;m<n.length;m++){if(Array.isArray(n[m])){n.splice(m,1,...n[m].flat(1/0)),m--;continue}let d=fm(n[m]);if(d){typeof d.tag=="function"&&!d.tag[Rs]&&(Br.length>0&&(d[ge][2]=Br.map(_=>[_,_.values.at(-1)])),e[5]?.length&&(d[ge][3]=e[5].at(-1)));let g;if(f&&d.key===void 0&&!st(d)&&(s=[...f.values()],f=void 0),f){let _=d.key,b=f.get(_);b&&(st(d)?st(b):b.tag===d.tag&&b.key===_)&&(g=b,f.delete(_))}else if(s&&s.length){let _=s[0];if(st(d)?st(_):!st(_)&&(d.key!==void 0?_.key===d.key&&_.tag===d.tag:_.tag===d.tag))g=s.shift();else{let b=s.findIndex(st(d)?S=>st(S):d.key!==void 0?S=>S.key===d.key&&S.tag===d.tag:S=>S.tag===d.tag);u-=b===-1?s.length:b,b!==-1&&(g=s[b],s.splice(b,1)),u<0&&(u=1/0,f=xb(s))}}if(g)if(st(d))g.t!==d.t&&(g.t=d.t,g.d=!0),d=g;else{let _=g.pP=g.props;if(g.props=d.props,g.f||=d.f||t.f,typeof d.tag=="function"){let b=g[ge][2];g[ge][2]=d[ge][2]||[],g[ge][3]=d[ge][3],!g.f&&((g.o||g)===d.o||g.tag[Ds]?.(_,g.props))&&bb(b,g[ge][2])&&(g.s=!0)}d=g}else if(!st(d)&&Ur){let _=dn(Ur);_&&(d.n=_)}if(!st(d)&&!d.s&&(js(e,d),delete d.f),i.push(d),c&&!c.s&&!d.s)for(let _=c;_&&!st(_);_=_.vC?.at(-1))_.nN=d;c=d}}if(c&&!c.s)for(let m=c;m&&!st(m);m=m.vC?.at(-1))m.nN=t.nN;s=f?[...f.values()]:s,t.vR=r?[...t.vC,...s||[]]:s||[],t.vC=i,r&&delete t.pC}catch(s){if(t.f=!0,s===rm){if(o)return;throw s}let[i,c,u]=t[ge]?.[3]||[];if(c){let f=()=>Ao([0,!1,e[2]],u),m=Fs.get(u)||[];m.push(f),Fs.set(u,m);let d=c(s,()=>{let g=Fs.get(u);if(g){let _=g.indexOf(f);if(_!==-1)return g.splice(_,1),f()}});if(d){if(e[0]===1)e[1]=!0;else if(js(e,u,[d]),(c.length===1||e!==i)&&u.c&&!e[5].some(([,,g])=>g===u)){nl(u,u.c,!1);return}throw rm}}throw s}finally{o&&e[5].pop()}},fm=e=>{if(!(e==null||typeof e=="boolean")){if(typeof e=="string"||typeof e=="number")return{t:e.toString(),d:!0};if("vR"in e&&(e={tag:e.tag,props:e.props,key:e.key,f:e.f,type:e.tag,ref:e.props.ref,o:e.o||e}),typeof e.tag=="function")e[ge]=[0,[]];else{let t=hb[e.tag];t&&(Ur||=or(""),e.props.children=[{tag:Ur,props:{value:e.n=`http://www.w3.org/${t}`,children:e.props.children}}])}return e}},pm=(e,t,n)=>{e.c===t&&(e.c=n,e.vC.forEach(r=>pm(r,t,n)))},om=(e,t)=>{t[ge][2]?.forEach(([n,r])=>{n.values.push(r)});try{js(e,t,void 0)}catch{return}if(t.a){delete t.a;return}t[ge][2]?.forEach(([n])=>{n.values.pop()}),(e[0]!==1||!e[1])&&nl(t,t.c,!1)},Co=new WeakMap,sm=[],Ao=async(e,t)=>{e[5]||=[];let n=Co.get(t);n&&n[0](void 0);let r,o=new Promise(s=>r=s);if(Co.set(t,[r,()=>{e[2]?e[2](e,t,s=>{om(s,t)}).then(()=>r(t)):(om(e,t),r(t))}]),sm.length)sm.at(-1).add(t);else{await Promise.resolve();let s=Co.get(t);s&&(Co.delete(t),s[1]())}return o},Sb=(e,t)=>{let n=[];n[5]=[],n[4]=!0,js(n,e,void 0),n[4]=!1;let r=document.createDocumentFragment();nl(e,r,!0),pm(e,r,t),t.replaceChildren(r)},rl=(e,t)=>{Sb(fm({tag:"",props:{children:e}}),t)};var ol=(e,t,n)=>({tag:No,props:{children:e},key:n,e:t,p:1});var mm=or({pending:!1,data:null,method:null,action:null}),dm=new Set,hm=e=>{dm.add(e);let t=()=>{dm.delete(e)};e.then(t,t)};var cl=Wc({button:()=>Em,clearCache:()=>wb,composeRef:()=>Bs,form:()=>Sm,input:()=>km,link:()=>vm,meta:()=>bm,script:()=>ym,style:()=>_m,title:()=>gm}),wb=()=>{sl=Object.create(null),il=Object.create(null)},Bs=(e,t)=>Ls(()=>n=>{let r;e&&(typeof e=="function"?r=e(n)||(()=>{e(null)}):e&&"current"in e&&(e.current=n,r=()=>{e.current=null}));let o=t(n);return()=>{o?.(),r?.()}},[e]),sl=Object.create(null),il=Object.create(null),Io=(e,t,n,r,o)=>{if(t?.itemProp)return{tag:e,props:t,type:e,ref:t.ref};let s=document.head,{onLoad:i,onError:c,precedence:u,blocking:f,...m}=t,d=null,g=!1,_=Po[e],b=Hc(e,r),S=z=>z.getAttribute("rel")==="stylesheet"&&z.getAttribute("data-precedence")!==null,T;if(b){let z=s.querySelectorAll(e);e:for(let N of z)if(!(e==="link"&&!S(N))){for(let k of _)if(N.getAttribute(k)===t[k]){d=N;break e}}if(!d){let N=_.reduce((k,L)=>t[L]===void 0?k:`${k}-${L}-${t[L]}`,e);g=!il[N],d=il[N]||=(()=>{let k=document.createElement(e);for(let L of _)t[L]!==void 0&&k.setAttribute(L,t[L]);return t.rel&&k.setAttribute("rel",t.rel),k})()}}else T=s.querySelectorAll(e);u=r?u??"":void 0,r&&(m[Zs]=u);let O=mn(z=>{if(b){if(e==="link"&&u!==void 0){let k=!1;for(let L of s.querySelectorAll(e)){let H=L.getAttribute(Zs);if(H===null){s.insertBefore(z,L);return}if(k&&H!==u){s.insertBefore(z,L);return}H===u&&(k=!0)}s.appendChild(z);return}let N=!1;for(let k of s.querySelectorAll(e)){if(N&&k.getAttribute("data-precedence")!==u){s.insertBefore(z,k);return}k.getAttribute("data-precedence")===u&&(N=!0)}s.appendChild(z)}else if(e==="link")s.contains(z)||s.appendChild(z);else if(T){let N=!1;for(let k of T)if(k===z){N=!0;break}N||s.insertBefore(z,s.contains(T[0])?T[0]:s.querySelector(e)),T=void 0}},[b,u,e]),$=Bs(t.ref,z=>{let N=_[0];if(n===2&&(z.innerHTML=""),(g||T)&&O(z),!c&&!i||!N)return;let k=sl[z.getAttribute(N)]||=new Promise((L,H)=>{z.addEventListener("load",L),z.addEventListener("error",H)});i&&(k=k.then(i)),c&&(k=k.catch(c)),k.catch(()=>{})});if(o&&f==="render"){let z=Po[e][0];if(z&&t[z]){let N=t[z],k=sl[N]||=new Promise((L,H)=>{O(d),d.addEventListener("load",L),d.addEventListener("error",H)});Qc(k)}}let I={tag:e,type:e,props:{...m,ref:$},ref:$};return I.p=n,d&&(I.e=d),ol(I,s)},gm=e=>{let t=im();return(t&&dn(t))?.endsWith("svg")?{tag:"title",props:e,type:"title",ref:e.ref}:Io("title",e,void 0,!1,!1)},ym=e=>!e||["src","async"].some(t=>!e[t])?{tag:"script",props:e,type:"script",ref:e.ref}:Io("script",e,1,!1,!0),_m=e=>!e||!["href","precedence"].every(t=>t in e)?{tag:"style",props:e,type:"style",ref:e.ref}:(e["data-href"]=e.href,delete e.href,Io("style",e,2,!0,!0)),vm=e=>!e||["onLoad","onError"].some(t=>t in e)||e.rel==="stylesheet"&&(!("precedence"in e)||"disabled"in e)?{tag:"link",props:e,type:"link",ref:e.ref}:Io("link",e,1,Vc(e),!0),bm=e=>Io("meta",e,void 0,!1,!1),xm=Symbol(),Sm=e=>{let{action:t,...n}=e;typeof t!="function"&&(n.action=t);let[r,o]=j([null,!1]),s=mn(async f=>{let m=f.isTrusted?t:f.detail[xm];if(typeof m!="function")return;f.preventDefault();let d=new FormData(f.target);o([d,!0]);try{let g=m(d);g instanceof Promise&&(hm(g),await g)}finally{o([null,!0])}},[]),i=Bs(e.ref,f=>(f.addEventListener("submit",s),()=>{f.removeEventListener("submit",s)})),[c,u]=r;return r[1]=!1,{tag:mm,props:{value:{pending:c!==null,data:c,method:c?"post":null,action:c?t:null},children:{tag:"form",props:{...n,ref:i},type:"form",ref:i}},f:u}},wm=(e,{formAction:t,...n})=>{if(typeof t=="function"){let r=mn(o=>{o.preventDefault(),o.currentTarget.form.dispatchEvent(new CustomEvent("submit",{detail:{[xm]:t}}))},[]);n.ref=Bs(n.ref,o=>(o.addEventListener("click",r),()=>{o.removeEventListener("click",r)}))}return{tag:e,props:n,type:e,ref:n.ref}},km=e=>wm("input",e),Em=e=>wm("button",e);Object.assign(Uc,{title:gm,script:ym,style:_m,link:vm,meta:bm,form:Sm,input:km,button:Em});var l=(e,t,n)=>(typeof e=="string"&&cl[e]&&(e=cl[e]),{tag:e,type:e,props:t,key:n,ref:t.ref}),$e=e=>l("",e,void 0);var $t=class extends Error{name="ApiFailure";status;code;problems;constructor(t,n,r,o=[]){super(r),this.status=t,this.code=n,this.problems=o}},Tm=()=>{};function zm(e){Tm=e}async function qe(e,t,n={}){let r=await kb(e,t,n),o=await r.text();if(r.ok)return{body:o===""?void 0:JSON.parse(o),etag:r.headers.get("etag")};let s=Eb(r.status,o);throw s.code==="UNAUTHENTICATED"&&t!=="/session"&&Tm(),s}async function jt(e,t){return(await qe("GET",e,t===void 0?{}:{signal:t})).body}async function kb(e,t,{body:n,ifMatch:r,signal:o}){let s=AbortSignal.timeout(2e4);try{return await fetch(`/v1${t}`,{method:e,credentials:"same-origin",redirect:"error",headers:{"culvert-csrf":"1",...n===void 0?{}:{"content-type":"application/json"},...r===void 0?{}:{"if-match":r}},...n===void 0?{}:{body:JSON.stringify(n)},signal:o===void 0?s:AbortSignal.any([o,s])})}catch(i){throw o?.aborted===!0?i:new $t(0,"UNREACHABLE","The relay does not answer. Is this machine online?")}}function Eb(e,t){try{let n=JSON.parse(t),r=n.detail??n.title??`The relay answered ${e}`;return new $t(e,n.code??"UNKNOWN",r,n.problems)}catch{return new $t(e,"UNKNOWN",`The relay answered ${e}`)}}function Ro(e){return e instanceof Error?e.message:String(e)}function mt(e){let t=e!==0&&Math.abs(e)<100&&!Number.isInteger(e)?1:0;return e.toLocaleString("en",{maximumFractionDigits:t})}function sr(e){return e===null?"\\u2013":e<1e3?`${mt(e)} ms`:e<6e4?`${(e/1e3).toFixed(2)} s`:Us(e)}function Fn(e){let t=e*100;return t===0||t===100?`${t}%`:t<.1?"<0.1%":`${t.toFixed(t<10?1:0)}%`}function ll(e){if(e<1024)return`${e} B`;let t=["KiB","MiB","GiB","TiB"],n=Math.min(t.length,Math.floor(Math.log2(e)/10));return`${mt(e/1024**n)} ${t[n-1]}`}var $m=[["d",864e5],["h",36e5],["min",6e4],["s",1e3]];function Us(e){let[t,n]=[...$m.entries()].find(([,[,u]])=>e>=u)??[];if(t===void 0||n===void 0)return"0 s";let[r,o]=n,s=`${Math.floor(e/o)} ${r}`,i=$m[t+1],c=i===void 0?0:Math.floor(e%o/i[1]);return c===0||i===void 0?s:`${s} ${c} ${i[0]}`}function Pm(e,t){let n=Date.parse(e)-t;if(Math.abs(n)<5e3)return"just now";let r=Us(Math.abs(n)).split(" ").slice(0,2).join(" ");return n<0?`${r} ago`:`in ${r}`}function Do(e){return e===0?"<1 ms":sr(e)}function Vr(e){return new Date(e).toLocaleString("en-GB",{dateStyle:"medium",timeStyle:"medium"})}function Am(e){let t=new Date(e);return`${t.toLocaleTimeString("en-GB")}.${String(t.getMilliseconds()).padStart(3,"0")}`}var al=["overview","live","services","tokens"],Vs="/dashboard";function Om(e){let[t="",n="",r="overview",...o]=e.slice(Vs.length).split("/").filter(s=>s!=="");if(o.length>0)return{page:"missing"};switch(t){case"":return{page:"tunnels"};case"tunnels":return n===""?{page:"tunnels"}:Tb(r)&&/^\\w+$/.test(n)?{page:"tunnel",tunnelId:n,view:r}:{page:"missing"};case"log-destinations":case"keys":case"audit-log":return n===""?{page:t}:{page:"missing"};default:return{page:"missing"}}}function Zo(e){switch(e.page){case"tunnels":case"missing":return Vs;case"tunnel":return`${Vs}/tunnels/${e.tunnelId}${e.view==="overview"?"":`/${e.view}`}`;default:return`${Vs}/${e.page}`}}function Tb(e){return al.includes(e)}var ul="culvert:navigated";function Mo(e){history.pushState(null,"",Zo(e)),dispatchEvent(new Event(ul))}function Cm(){let[e,t]=j(location.pathname);return Re(()=>{let n=()=>t(location.pathname);return addEventListener("popstate",n),addEventListener(ul,n),()=>{removeEventListener("popstate",n),removeEventListener(ul,n)}},[]),Om(e)}function jn({to:e,current:t=!1,children:n}){let r=o=>{o.button!==0||o.metaKey||o.ctrlKey||o.shiftKey||o.altKey||(o.preventDefault(),Mo(e))};return l("a",{href:Zo(e),"aria-current":t?"page":void 0,onClick:r,children:n})}function bt({title:e,children:t}){return Re(()=>{document.title=`${e} \\xB7 Culvert`},[e]),l("div",{class:"page-title",children:[l("h1",{tabIndex:-1,children:e}),t]})}function De({tone:e,children:t}){return l("span",{class:`badge ${e}`,children:t})}function it({what:e}){return l("p",{class:"loading",role:"status",children:["Loading ",e,"\\u2026"]})}function Ye({title:e,children:t}){return l("div",{class:"empty",children:[l("p",{class:"empty-title",children:e}),t]})}function tt({error:e,retry:t}){let n=e instanceof $t?e.problems:[];return l("div",{class:"note bad",role:"alert",children:[l("p",{children:Ro(e)}),n.length>0&&l("ul",{children:n.map(({path:r,message:o})=>l("li",{children:[l("code",{children:r===""?"the file":r})," ",o]}))}),t!==void 0&&l("button",{type:"button",onClick:t,children:"Try again"})]})}function Hs({error:e}){return e===null?null:l("p",{class:"note warn",role:"status",children:["Not up to date: ",Ro(e)]})}function en({at:e}){return l("time",{datetime:e,title:Vr(e),children:Pm(e,Date.now())})}function Hr({text:e,what:t}){let[n,r]=j(!1),o=async()=>{try{await navigator.clipboard.writeText(e),r(!0),setTimeout(()=>r(!1),2e3)}catch{}};return l("button",{type:"button",class:"small",onClick:()=>{o()},"aria-label":`Copy ${t}`,children:l("span",{"aria-live":"polite",children:n?"Copied":"Copy"})})}function Ws({title:e,onClose:t,wide:n=!1,children:r}){let o=dt(null),s=el();return Re(()=>{let i=o.current;return i?.showModal(),i?.addEventListener("close",t),()=>{i?.removeEventListener("close",t),i?.close()}},[]),l("dialog",{ref:o,class:n?"wide":"","aria-labelledby":s,children:[l("div",{class:"dialog-head",children:[l("h2",{id:s,children:e}),l("button",{type:"button",class:"quiet",onClick:t,"aria-label":"Close",children:"\\u2715"})]}),r]})}function Bt({title:e,action:t,danger:n=!1,disabled:r=!1,act:o,onClose:s,children:i}){let[c,u]=j(null),[f,m]=j(!1),d=async()=>{m(!0),u(null);try{await o()}catch(g){u(g),m(!1)}};return l(Ws,{title:e,onClose:s,children:l("form",{method:"post",onSubmit:g=>{g.preventDefault(),d()},children:[i,c!==null&&l(tt,{error:c}),l("div",{class:"actions",children:[l("button",{type:"button",onClick:s,children:"Cancel"}),l("button",{type:"submit",class:n?"danger":"primary",disabled:f||r,children:f?"Working\\u2026":t})]})]})})}function Wr({title:e,secret:t,what:n,onClose:r,children:o}){return l(Ws,{title:e,onClose:r,children:[l("p",{children:[l("strong",{children:"Copy it now."})," The relay keeps a digest alone: it is not shown again."]}),l("div",{class:"secret",children:[l("code",{"data-testid":"secret",children:t}),l(Hr,{text:t,what:n})]}),o,l("div",{class:"actions",children:l("button",{type:"button",class:"primary",onClick:r,children:"I have it"})})]})}function nt({caption:e,columns:t,rows:n,keyOf:r}){return l("table",{role:"table",children:[l("caption",{class:"unseen",children:e}),l("thead",{role:"rowgroup",children:l("tr",{role:"row",children:t.map(({title:o,isNumber:s})=>l("th",{role:"columnheader",scope:"col",class:s===!0?"number":"",children:o===""?l("span",{class:"unseen",children:"Actions"}):o}))})}),l("tbody",{role:"rowgroup",children:n.map(o=>l("tr",{role:"row",children:t.map(({title:s,cell:i,isNumber:c})=>l("td",{role:"cell","data-title":s,class:c===!0?"number":"",children:i(o)}))},r(o)))})]})}function Bn(e){let[t,n]=j(null),[r,o]=j(null),[s,i]=j(null),c=mn(async(u,f)=>{try{let m=u===null?"":`?cursor=${encodeURIComponent(u)}`,d=await jt(`${e}${m}`);n([...f,...d.items]),o(d.nextCursor),i(null)}catch(m){i(m)}},[e]);return Re(()=>{c(null,[])},[c]),{items:t,hasMore:r!==null,error:s,loadMore:()=>{c(r,t??[])},reload:()=>{c(null,[])}}}function Im(){let{items:e,hasMore:t,error:n,loadMore:r,reload:o}=Bn("/audit-log");return l($e,{children:[l(bt,{title:"Audit log",children:l("button",{type:"button",class:"small",onClick:o,children:"Refresh"})}),l("p",{class:"lead",children:"Who changed what and when, newest first."}),n!==null&&l(tt,{error:n,retry:o}),e===null&&n===null&&l(it,{what:"the audit log"}),e?.length===0&&l(Ye,{title:"Nothing has been changed yet"}),e!==null&&e.length>0&&l(nt,{caption:"Changes",rows:e,keyOf:({id:s})=>String(s),columns:[{title:"When",cell:({at:s})=>l("time",{datetime:s,children:Vr(s)})},{title:"What",cell:({action:s})=>l("code",{children:s})},{title:"Of",cell:({target:s})=>l("code",{class:"breakable",children:s})},{title:"Before",cell:({before:s})=>l(Nm,{facts:s})},{title:"After",cell:({after:s})=>l(Nm,{facts:s})},{title:"By",cell:({actor:s,address:i})=>l("span",{class:"stacked",children:[l("code",{children:s}),i!==""&&l("span",{class:"faint breakable",children:i})]})}]}),t&&l("button",{type:"button",onClick:r,children:"Older entries"})]})}function Nm({facts:e}){return e===null?l("span",{class:"faint",children:"\\u2013"}):l("ul",{class:"plain",children:Object.entries(e).map(([t,n])=>l("li",{children:[l("span",{class:"faint",children:t})," ",l("span",{class:"breakable",children:String(n??"none")})]}))})}function Rm(){let{items:e,hasMore:t,error:n,loadMore:r,reload:o}=Bn("/log-destinations");return l($e,{children:[l(bt,{title:"Log destinations",children:l("button",{type:"button",class:"small",onClick:o,children:"Refresh"})}),l("p",{class:"lead",children:["Where the log of all requests is sent. ",l("code",{children:"culvert log-destination"})," changes them."]}),n!==null&&l(tt,{error:n,retry:o}),e===null&&n===null&&l(it,{what:"the destinations"}),e?.length===0&&l(Ye,{title:"The log is sent nowhere",children:l("p",{children:["It is on the Worker\'s console. ",l("code",{children:"culvert log-destination create"})," sends it to OpenTelemetry, Datadog, Splunk, Loki or a webhook too."]})}),e!==null&&e.length>0&&l(nt,{caption:"Log destinations",rows:e,keyOf:({id:s})=>s,columns:[{title:"Name",cell:({name:s})=>l("b",{class:"breakable",children:s})},{title:"Kind",cell:({kind:s})=>s},{title:"Address",cell:({url:s})=>l("code",{class:"breakable",children:s})},{title:"Events",cell:({events:s})=>s},{title:"State",cell:({delivery:s})=>l(zb,{...s})},{title:"Waiting",isNumber:!0,cell:({delivery:s})=>mt(s.backlog)},{title:"Sent",isNumber:!0,cell:({delivery:s})=>mt(s.shipped)},{title:"Lost",isNumber:!0,cell:({delivery:s})=>mt(s.lost+s.rejected)}]}),t&&l("button",{type:"button",onClick:r,children:"Show more"})]})}function zb({lastError:e,lastSuccessAt:t}){return e!==null?l("span",{class:"stacked",children:[l(De,{tone:"bad",children:"failing"}),l("span",{class:"breakable",children:[e.reason,", ",l(en,{at:e.at})]})]}):t===null?l("span",{class:"faint",children:"nothing sent yet"}):l("span",{class:"badges",children:[l(De,{tone:"good",children:"well"}),l(en,{at:t})]})}var fl=or(null);function hn(){return dn(fl)?.role==="admin"}function Zm(){return l($e,{children:[l(bt,{title:"Keys"}),l(Dm,{path:"/gateway-keys",title:"Gateway keys",about:"With one of these a gateway outside the account calls as one project and environment.",columns:[{title:"Project",cell:({project:e})=>e},{title:"Environment",cell:({environment:e})=>e}],form:$b}),l(Dm,{path:"/api-keys",title:"API keys",about:"For the admin API, the culvert command and this dashboard. Who signed in with a key is signed out when it is deleted.",columns:[{title:"Role",cell:({role:e})=>e}],form:Pb})]})}function Dm({path:e,title:t,about:n,columns:r,form:o}){let{items:s,hasMore:i,error:c,loadMore:u,reload:f}=Bn(e),[m,d]=j(null),[g,_]=j(null),[b,S]=j(null),T=hn(),O=`title-of${e.replace("/","-")}`,$={title:"",cell:I=>l("button",{type:"button",class:"small danger","aria-label":`Delete ${I.kid}`,onClick:()=>S(I),children:"Delete"})};return l("section",{"aria-labelledby":O,children:[l("div",{class:"section-head",children:[l("h2",{id:O,children:t}),T&&l("button",{type:"button",onClick:()=>d({}),children:"Make a key"})]}),l("p",{class:"lead",children:n}),c!==null&&l(tt,{error:c,retry:f}),s===null&&c===null&&l(it,{what:"the keys"}),s?.length===0&&l(Ye,{title:"There is none yet"}),s!==null&&s.length>0&&l(nt,{caption:t,rows:s,keyOf:({kid:I})=>I,columns:[{title:"Key",cell:({kid:I})=>l("code",{children:I})},...r,{title:"Created",cell:({createdAt:I})=>l(en,{at:I})},...T?[$]:[]]}),i&&l("button",{type:"button",onClick:u,children:"Show more"}),m!==null&&l(Bt,{title:"Make a key",action:"Make it",onClose:()=>d(null),act:async()=>{_((await qe("POST",e,{body:m})).body),d(null)},children:l(o,{change:d})}),g!==null&&l(Wr,{title:"The new key",secret:g.key,what:"the key",onClose:()=>{_(null),f()},children:l("p",{children:["Its id is ",l("code",{children:g.kid}),"."]})}),b!==null&&l(Bt,{title:"Delete this key?",action:"Delete",danger:!0,onClose:()=>S(null),act:async()=>{await qe("DELETE",`${e}/${b.kid}`),S(null),f()},children:l("p",{children:[l("code",{children:b.kid})," holds no longer, at once."]})})]})}function $b({change:e}){let[t,n]=j(""),[r,o]=j("production");return l($e,{children:[l("label",{for:"project",children:"Project"}),l("input",{id:"project",value:t,required:!0,autocomplete:"off",onInput:({currentTarget:s})=>{let{value:i}=s;n(i),e({project:i,environment:r})}}),l("label",{for:"environment",children:"Environment"}),l("input",{id:"environment",value:r,required:!0,autocomplete:"off",onInput:({currentTarget:s})=>{let{value:i}=s;o(i),e({project:t,environment:i})}})]})}function Pb({change:e}){let[t,n]=j("");return l($e,{children:[l("label",{for:"role",children:"Role"}),l("select",{id:"role",value:t,required:!0,onInput:({currentTarget:r})=>{let o=r.value;n(o),e({role:o})},children:[l("option",{value:"",children:"choose\\u2026"}),l("option",{value:"viewer",children:"viewer: reads"}),l("option",{value:"admin",children:"admin: reads and writes"})]})]})}function Ks(){return l("svg",{class:"mark",viewBox:"0 0 32 32",width:"24",height:"24","aria-hidden":"true",children:[l("rect",{width:"32",height:"32",rx:"7"}),l("path",{d:"M6 25V18a10 10 0 0 1 20 0v7h-5v-7a5 5 0 0 0-10 0v7z"})]})}function Mm({why:e,onSignedIn:t}){let n=dt(null),[r,o]=j(null),[s,i]=j(!1);Re(()=>{document.title="Sign in \\xB7 Culvert",n.current?.focus()},[]);let c=async()=>{let u=n.current;if(u!==null){i(!0),o(null);try{let{body:f}=await qe("POST","/session",{body:{key:u.value}});t(f.session)}catch(f){o(Ab(f)),i(!1),u.select()}}};return l("main",{class:"sign-in",children:l("form",{method:"post",onSubmit:u=>{u.preventDefault(),c()},children:[l("h1",{children:[l(Ks,{})," Culvert"]}),e!==""&&l("p",{class:"note",role:"status",children:e}),l("label",{for:"key",children:"API key"}),l("input",{id:"key",ref:n,type:"password",name:"key",autocomplete:"off",spellcheck:!1,required:!0,"aria-describedby":"key-help"}),l("p",{id:"key-help",class:"help",children:["A key made by ",l("code",{children:"culvert api-key create"}),", or the relay\'s ",l("code",{children:"ADMIN_KEY"}),". It is not kept in this browser; the session that it opens ends after 12 hours at the latest."]}),r!==null&&l(tt,{error:r}),l("button",{type:"submit",class:"primary",disabled:s,children:s?"Signing in\\u2026":"Sign in"})]})})}function Ab(e){return e instanceof $t?e.code==="UNAUTHENTICATED"?new Error("This key does not hold."):e.code==="RATE_LIMITED"?new Error("Too many failed attempts. Wait a moment."):e:e}var Gs=class{#t;#e=0;constructor(t){this.#t=t}delayAfterLossMs(t){t>=6e4&&(this.#e=0);let n=Math.min(3e4,500*2**this.#e);return this.#e=Math.min(this.#e+1,16),this.#t()*n}delayAfterRefusalMs(){return 3e4/2+this.#t()*3e4/2}};var Lm="culvert.tail.v1";var Ob=25e3;function Fm(e,t,n){let r=new Gs(Math.random),o=null,s,i=!1,c=()=>{n.state("connecting");let u=0,f=null,m=new WebSocket(Cb(e,t),Lm);o=m;let d=setInterval(()=>{m.readyState===WebSocket.OPEN&&m.send("p")},Ob);m.addEventListener("open",()=>{f=Date.now(),n.state("live")}),m.addEventListener("message",({data:g})=>{if(g==="q"||i)return;let{events:_,dropped:b}=JSON.parse(g);u+=_.length,m.send(JSON.stringify({received:u})),n.events(_,b)}),m.addEventListener("close",()=>{clearInterval(d),!i&&(n.state("waiting"),n.lost(),s=setTimeout(c,r.delayAfterLossMs(f===null?0:Date.now()-f)))})};return c(),()=>{i=!0,clearTimeout(s),o?.close(1e3)}}function Cb(e,t){let n=new URL(`/v1/tunnels/${encodeURIComponent(e)}/tail`,location.href);n.protocol=n.protocol==="https:"?"wss:":"ws:";for(let[r,o]of Object.entries(t))o!==""&&n.searchParams.set(r,o);return n.href}function pl(e){let t=[["relay","Relay","deciding, waiting for a connector, failed attempts",e.relayMs],["tunnel","Tunnel","to the connector and back",e.tunnelMs],["upstream","Upstream","from the request to the head of the answer",e.upstreamMs],["body",e.kind==="websocket"?"Open":"Body","from the head to the last byte",e.bodyMs]],n=t.reduce((r,[,,,o])=>r+o,0);return t.map(([r,o,s,i])=>({name:r,title:o,explanation:s,ms:i,share:n===0?0:i/n}))}var Nb={answered:"The answer reached the gateway whole.",refused:"It was not let through.",failed:"The tunnel answered in the upstream\'s place.",aborted:"The answer broke off after it had begun.",cancelled:"The gateway gave up."};function dl({outcome:e,status:t}){return e==="cancelled"?"idle":e!=="answered"||t>=500?"bad":t>=400?"warn":"good"}function ml({event:e}){return l("span",{class:"time-bar","aria-hidden":"true",children:pl(e).map(({name:t,share:n})=>l("i",{class:`part-${t}`,style:{width:`${n*100}%`}}))})}function jm({event:e,onClose:t}){return l(Ws,{title:`${e.method} ${e.path}`,wide:!0,onClose:t,children:[l("p",{children:[l(De,{tone:dl(e),children:[e.status," ",e.outcome]})," ",Nb[e.outcome]," ",e.code!==null&&l("code",{children:e.code})]}),l("h3",{children:["Where the time went: ",Do(e.durationMs)]}),l(ml,{event:e}),l("dl",{class:"time-parts",children:pl(e).map(({name:n,title:r,explanation:o,ms:s,share:i})=>l("div",{children:[l("dt",{children:[l("i",{class:`part-${n}`})," ",r]}),l("dd",{children:[l("b",{children:Do(s)})," ",l("span",{class:"faint",children:Fn(i)})]}),l("dd",{class:"faint",children:o})]}))}),l("dl",{class:"fields",children:[l(tn,{name:"Time",children:Vr(e.time)}),l(tn,{name:"Service",children:e.service===""?"\\u2013":e.service}),l(tn,{name:"Caller",children:[e.project," in ",e.environment]}),l(tn,{name:"Kind",children:e.kind}),l(tn,{name:"Sent",children:ll(e.requestBytes)}),l(tn,{name:"Received",children:ll(e.responseBytes)}),l(tn,{name:"Attempts",children:e.attempts}),e.closeCode!==void 0&&l(tn,{name:"Close code",children:e.closeCode}),l(tn,{name:"Connector",children:e.connector===null?"none":l("code",{children:e.connector})}),l(tn,{name:"Request id",children:[l("code",{children:e.requestId})," ",l(Hr,{text:e.requestId,what:"the request\'s id"})]}),e.traceId!==""&&l(tn,{name:"Trace id",children:[l("code",{children:e.traceId})," ",l(Hr,{text:e.traceId,what:"the trace\'s id"})]})]})]})}function tn({name:e,children:t}){return l("div",{children:[l("dt",{children:e}),l("dd",{class:"breakable",children:t})]})}var Bm=200,Ib=250,Rb={connecting:"Connecting\\u2026",live:"Live",waiting:"Connection lost; trying again"},Db=["GET","HEAD","POST","PUT","PATCH","DELETE","OPTIONS"];function Um({tunnel:e}){let[t,n]=j({}),[r,o]=j(!1),[s,i]=j(null),{state:c,events:u,dropped:f,waiting:m,clear:d}=Lb(e.id,t,r);return l("section",{"aria-label":"Live requests",children:[l(Mb,{services:e.services,apply:n}),l("div",{class:"live-bar",children:[l("span",{role:"status",class:`feed ${c}`,children:r?`Paused, ${m} new`:Rb[c]}),f>0&&l(De,{tone:"warn",children:[f," not shown: too many at once"]}),l("button",{type:"button",class:"small","aria-pressed":r,onClick:()=>o(!r),children:"Pause"}),l("button",{type:"button",class:"small",onClick:d,children:"Clear"})]}),u.length===0?l(Ye,{title:"Waiting for a request",children:l("p",{children:"Requests show up here as they end. Nothing is kept: what came before is in the logs."})}):l(Zb,{events:u,select:i}),s!==null&&l(jm,{event:s,onClose:()=>i(null)})]})}function Zb({events:e,select:t}){return l(nt,{caption:"Requests, newest first",rows:e,keyOf:({requestId:n})=>n,columns:[{title:"Time",cell:({time:n})=>l("span",{class:"clock",children:Am(n)})},{title:"Request",cell:n=>l("button",{type:"button",class:"link breakable",onClick:()=>t(n),children:[l("b",{children:n.method})," ",n.path]})},{title:"Service",cell:({service:n})=>l("span",{class:"breakable",children:n})},{title:"Result",cell:n=>l("span",{class:"badges",children:[l(De,{tone:dl(n),children:n.status}),n.code!==null&&l("code",{class:"breakable",children:n.code})]})},{title:"Duration",isNumber:!0,cell:({durationMs:n})=>Do(n)},{title:"Where it went",cell:n=>l(ml,{event:n})}]})}function Mb({services:e,apply:t}){let n=dt(null),r=o=>{if(o.preventDefault(),n.current===null)return;let s=[...new FormData(n.current)].filter(([,i])=>i!=="");t(Object.fromEntries(s))};return l("form",{ref:n,method:"post",class:"filters","aria-label":"Filter",onSubmit:r,children:[l("label",{children:["Service",l("select",{name:"service",onInput:r,children:[l("option",{value:"",children:"all"}),e.map(o=>l("option",{value:o,children:o}))]})]}),l("label",{children:["Status",l("select",{name:"status",onInput:r,children:[l("option",{value:"",children:"all"}),["2xx","3xx","4xx","5xx"].map(o=>l("option",{value:o,children:o}))]})]}),l("label",{children:["Code",l("select",{name:"code",onInput:r,children:[l("option",{value:"",children:"all"}),l("option",{value:"any",children:"failures of the tunnel"})]})]}),l("label",{children:["Method",l("select",{name:"method",onInput:r,children:[l("option",{value:"",children:"all"}),Db.map(o=>l("option",{value:o,children:o}))]})]}),l("label",{class:"grow",children:["Path begins with",l("input",{name:"path",maxlength:256,autocomplete:"off",placeholder:"/v1/*/refunds"})]}),l("button",{type:"submit",children:"Apply"})]})}function Lb(e,t,n){let[r,o]=j("connecting"),[s,i]=j(hl),[c,u]=j(0),f=dt([]),m=dt(0),d=JSON.stringify([e,t]);return Re(()=>(i(hl),f.current=[],m.current=0,Fm(e,t,{state:o,events(_,b){f.current=[..._.toReversed(),...f.current??[]].slice(0,Bm),m.current=(m.current??0)+b},lost:()=>{jt(`/tunnels/${e}`).catch(()=>{})}})),[d]),Re(()=>{let _=setInterval(()=>{let b=f.current??[];if(n)return u(b.length);let S=m.current??0;b.length===0&&S===0||(f.current=[],m.current=0,i(T=>({events:[...b,...T.events].slice(0,Bm),dropped:T.dropped+S})))},Ib);return u(0),()=>clearInterval(_)},[n]),{state:r,...s,waiting:c,clear:()=>{f.current=[],i(hl),u(0)}}}var hl={events:[],dropped:0};function Vm({stepSeconds:e,points:t}){let n=t.slice(0,-1);return{at:n.map(({at:r})=>Date.parse(r)/1e3),requestsPerSecond:n.map(({requests:r})=>r/e),errorsPerSecond:n.map(({errors:r})=>r/e),errorShare:n.map(({requests:r,errors:o})=>r===0?null:o/r),p50Ms:n.map(({p50Ms:r})=>r),p90Ms:n.map(({p90Ms:r})=>r),p99Ms:n.map(({p99Ms:r})=>r)}}function Hm(e){return e.findLast(t=>t!==null)??null}var Fb="uplot",jb="u-hz",Bb="u-vt",Ub="u-title",Vb="u-wrap",Hb="u-under",Wb="u-over",Kb="u-axis",lr="u-off",Gb="u-select",Jb="u-cursor-x",qb="u-cursor-y",Yb="u-cursor-pt",Xb="u-legend",Qb="u-live",e0="u-inline",t0="u-series",n0="u-marker",Wm="u-label",r0="u-value",Fo="width",jo="height";var Km="bottom",Kr="left",gl="right",Nl="#000",Gm=Nl+"0",yl="mousemove",Jm="mousedown",_l="mouseup",qm="mouseenter",Ym="mouseleave",Xm="dblclick",o0="resize",s0="scroll",Qm="change",Qs="dppxchange",Il="--",eo=typeof window<"u",wl=eo?document:null,Jr=eo?window:null,i0=eo?navigator:null,fe,Js;function kl(){let e=devicePixelRatio;fe!=e&&(fe=e,Js&&Tl(Qm,Js,kl),Js=matchMedia(`(min-resolution: ${fe-.001}dppx) and (max-resolution: ${fe+.001}dppx)`),ar(Qm,Js,kl),Jr.dispatchEvent(new CustomEvent(Qs)))}function Pt(e,t){if(t!=null){let n=e.classList;!n.contains(t)&&n.add(t)}}function El(e,t){let n=e.classList;n.contains(t)&&n.remove(t)}function ke(e,t,n){e.style[t]=n+"px"}function nn(e,t,n,r){let o=wl.createElement(e);return t!=null&&Pt(o,t),n?.insertBefore(o,r),o}function Ut(e,t){return nn("div",e,t)}var eh=new WeakMap;function gn(e,t,n,r,o){let s="translate("+t+"px,"+n+"px)",i=eh.get(e);s!=i&&(e.style.transform=s,eh.set(e,s),t<0||n<0||t>r||n>o?Pt(e,lr):El(e,lr))}var th=new WeakMap;function nh(e,t,n){let r=t+n,o=th.get(e);r!=o&&(th.set(e,r),e.style.background=t,e.style.borderColor=n)}var rh=new WeakMap;function oh(e,t,n,r){let o=t+""+n,s=rh.get(e);o!=s&&(rh.set(e,o),e.style.height=n+"px",e.style.width=t+"px",e.style.marginLeft=r?-t/2+"px":0,e.style.marginTop=r?-n/2+"px":0)}var Rl={passive:!0},c0={...Rl,capture:!0};function ar(e,t,n,r){t.addEventListener(e,n,r?c0:Rl)}function Tl(e,t,n,r){t.removeEventListener(e,n,Rl)}eo&&kl();function rn(e,t,n,r){let o;n=n||0,r=r||t.length-1;let s=r<=2147483647;for(;r-n>1;)o=s?n+r>>1:At((n+r)/2),t[o]<e?n=o:r=o;return e-t[n]<=t[r]-e?n:r}function Ch(e){return(n,r,o)=>{let s=-1,i=-1;for(let c=r;c<=o;c++)if(e(n[c])){s=c;break}for(let c=o;c>=r;c--)if(e(n[c])){i=c;break}return[s,i]}}var Nh=e=>e!=null,Ih=e=>e!=null&&e>0,ni=Ch(Nh),l0=Ch(Ih);function a0(e,t,n,r=0,o=!1){let s=o?l0:ni,i=o?Ih:Nh;[t,n]=s(e,t,n);let c=e[t],u=e[t];if(t>-1)if(r==1)c=e[t],u=e[n];else if(r==-1)c=e[n],u=e[t];else for(let f=t;f<=n;f++){let m=e[f];i(m)&&(m<c?c=m:m>u&&(u=m))}return[c??ye,u??-ye]}function ri(e,t,n,r){let o=ch(e),s=ch(t);e==t&&(o==-1?(e*=n,t/=n):(e/=n,t*=n));let i=n==10?Tn:Rh,c=o==1?At:Vt,u=s==1?Vt:At,f=c(i(Be(e))),m=u(i(Be(t))),d=qr(n,f),g=qr(n,m);return n==10&&(f<0&&(d=_e(d,-f)),m<0&&(g=_e(g,-m))),r||n==2?(e=d*o,t=g*s):(e=Lh(e,d),t=oi(t,g)),[e,t]}function Dl(e,t,n,r){let o=ri(e,t,n,r);return e==0&&(o[0]=0),t==0&&(o[1]=0),o}var Zl=.1,sh={mode:3,pad:Zl},Uo={pad:0,soft:null,mode:0},u0={min:Uo,max:Uo};function ei(e,t,n,r){return si(n)?ih(e,t,n):(Uo.pad=n,Uo.soft=r?0:null,Uo.mode=r?3:0,ih(e,t,u0))}function ae(e,t){return e??t}function f0(e,t,n){for(t=ae(t,0),n=ae(n,e.length-1);t<=n;){if(e[t]!=null)return!0;t++}return!1}function ih(e,t,n){let r=n.min,o=n.max,s=ae(r.pad,0),i=ae(o.pad,0),c=ae(r.hard,-ye),u=ae(o.hard,ye),f=ae(r.soft,ye),m=ae(o.soft,-ye),d=ae(r.mode,0),g=ae(o.mode,0),_=t-e,b=Tn(_),S=ht(Be(e),Be(t)),T=Tn(S),O=Be(T-b);(_<1e-24||O>10)&&(_=0,(e==0||t==0)&&(_=1e-24,d==2&&f!=ye&&(s=0),g==2&&m!=-ye&&(i=0)));let $=_||S||1e3,I=Tn($),z=qr(10,At(I)),N=$*(_==0?e==0?.1:1:s),k=_e(Lh(e-N,z/10),24),L=e>=f&&(d==1||d==3&&k<=f||d==2&&k>=f)?f:ye,H=ht(c,k<L&&e>=L?L:on(L,k)),te=$*(_==0?t==0?.1:1:i),J=_e(oi(t+te,z/10),24),C=t<=m&&(g==1||g==3&&J>=m||g==2&&J<=m)?m:-ye,Q=on(u,J>C&&t<=C?C:ht(C,J));return H==Q&&H==0&&(Q=100),[H,Q]}var p0=new Intl.NumberFormat(eo?i0.language:"en-US"),Ml=e=>p0.format(e),Ot=Math,Xs=Ot.PI,Be=Ot.abs,At=Ot.floor,je=Ot.round,Vt=Ot.ceil,on=Ot.min,ht=Ot.max,qr=Ot.pow,ch=Ot.sign,Tn=Ot.log10,Rh=Ot.log2,d0=(e,t=1)=>Ot.sinh(e)*t,vl=(e,t=1)=>Ot.asinh(e/t),ye=1/0;function lh(e){return(Tn((e^e>>31)-(e>>31))|0)+1}function zl(e,t,n){return on(ht(e,t),n)}function Dh(e){return typeof e=="function"}function oe(e){return Dh(e)?e:()=>e}var m0=()=>{},Zh=e=>e,Mh=(e,t)=>t,h0=e=>null,ah=e=>!0,uh=(e,t)=>e==t,g0=/\\.\\d*?(?=9{6,}|0{6,})/gm,ur=e=>{if(jh(e)||Vn.has(e))return e;let t=`${e}`,n=t.match(g0);if(n==null)return e;let r=n[0].length-1;if(t.indexOf("e-")!=-1){let[o,s]=t.split("e");return+`${ur(o)}e${s}`}return _e(e,r)};function ir(e,t){return ur(_e(ur(e/t))*t)}function oi(e,t){return ur(Vt(ur(e/t))*t)}function Lh(e,t){return ur(At(ur(e/t))*t)}function _e(e,t=0){if(jh(e))return e;let n=10**t,r=e*n*(1+Number.EPSILON);return je(r)/n}var Vn=new Map;function Fh(e){return((""+e).split(".")[1]||"").length}function Ho(e,t,n,r){let o=[],s=r.map(Fh);for(let i=t;i<n;i++){let c=Be(i),u=_e(qr(e,i),c);for(let f=0;f<r.length;f++){let m=e==10?+`${r[f]}e${i}`:r[f]*u,d=(i>=0?0:c)+(i>=s[f]?0:s[f]),g=e==10?m:_e(m,d);o.push(g),Vn.set(g,d)}}return o}var Vo={},Ll=[],Yr=[null,null],Un=Array.isArray,jh=Number.isInteger,y0=e=>e===void 0;function fh(e){return typeof e=="string"}function si(e){let t=!1;if(e!=null){let n=e.constructor;t=n==null||n==Object}return t}function _0(e){return e!=null&&typeof e=="object"}var v0=Object.getPrototypeOf(Uint8Array),Bh="__proto__";function Xr(e,t=si){let n;if(Un(e)){let r=e.find(o=>o!=null);if(Un(r)||t(r)){n=Array(e.length);for(let o=0;o<e.length;o++)n[o]=Xr(e[o],t)}else n=e.slice()}else if(e instanceof v0)n=e.slice();else if(t(e)){n={};for(let r in e)r!=Bh&&(n[r]=Xr(e[r],t))}else n=e;return n}function Me(e){let t=arguments;for(let n=1;n<t.length;n++){let r=t[n];for(let o in r)o!=Bh&&(si(e[o])?Me(e[o],Xr(r[o])):e[o]=Xr(r[o]))}return e}var b0=0,x0=1,S0=2;function w0(e,t,n){for(let r=0,o,s=-1;r<t.length;r++){let i=t[r];if(i>s){for(o=i-1;o>=0&&e[o]==null;)e[o--]=null;for(o=i+1;o<n&&e[o]==null;)e[s=o++]=null}}}function k0(e,t){if(z0(e)){let i=e[0].slice();for(let c=1;c<e.length;c++)i.push(...e[c].slice(1));return $0(i[0])||(i=T0(i)),i}let n=new Set;for(let i=0;i<e.length;i++){let u=e[i][0],f=u.length;for(let m=0;m<f;m++)n.add(u[m])}let r=[Array.from(n).sort((i,c)=>i-c)],o=r[0].length,s=new Map;for(let i=0;i<o;i++)s.set(r[0][i],i);for(let i=0;i<e.length;i++){let c=e[i],u=c[0];for(let f=1;f<c.length;f++){let m=c[f],d=Array(o).fill(void 0),g=t?t[i][f]:x0,_=[];for(let b=0;b<m.length;b++){let S=m[b],T=s.get(u[b]);S===null?g!=b0&&(d[T]=S,g==S0&&_.push(T)):d[T]=S}w0(d,_,o),r.push(d)}}return r}var E0=typeof queueMicrotask>"u"?e=>Promise.resolve().then(e):queueMicrotask;function T0(e){let t=e[0],n=t.length,r=Array(n);for(let s=0;s<r.length;s++)r[s]=s;r.sort((s,i)=>t[s]-t[i]);let o=[];for(let s=0;s<e.length;s++){let i=e[s],c=Array(n);for(let u=0;u<n;u++)c[u]=i[r[u]];o.push(c)}return o}function z0(e){let t=e[0][0],n=t.length;for(let r=1;r<e.length;r++){let o=e[r][0];if(o.length!=n)return!1;if(o!=t){for(let s=0;s<n;s++)if(o[s]!=t[s])return!1}}return!0}function $0(e,t=100){let n=e.length;if(n<=1)return!0;let r=0,o=n-1;for(;r<=o&&e[r]==null;)r++;for(;o>=r&&e[o]==null;)o--;if(o<=r)return!0;let s=ht(1,At((o-r+1)/t));for(let i=e[r],c=r+s;c<=o;c+=s){let u=e[c];if(u!=null){if(u<=i)return!1;i=u}}return!0}var Uh=["January","February","March","April","May","June","July","August","September","October","November","December"],Vh=["Sunday","Monday","Tuesday","Wednesday","Thursday","Friday","Saturday"];function Hh(e){return e.slice(0,3)}var P0=Vh.map(Hh),A0=Uh.map(Hh),O0={MMMM:Uh,MMM:A0,WWWW:Vh,WWW:P0};function Lo(e){return(e<10?"0":"")+e}function C0(e){return(e<10?"00":e<100?"0":"")+e}var N0={YYYY:e=>e.getFullYear(),YY:e=>(e.getFullYear()+"").slice(2),MMMM:(e,t)=>t.MMMM[e.getMonth()],MMM:(e,t)=>t.MMM[e.getMonth()],MM:e=>Lo(e.getMonth()+1),M:e=>e.getMonth()+1,DD:e=>Lo(e.getDate()),D:e=>e.getDate(),WWWW:(e,t)=>t.WWWW[e.getDay()],WWW:(e,t)=>t.WWW[e.getDay()],HH:e=>Lo(e.getHours()),H:e=>e.getHours(),h:e=>{let t=e.getHours();return t==0?12:t>12?t-12:t},AA:e=>e.getHours()>=12?"PM":"AM",aa:e=>e.getHours()>=12?"pm":"am",a:e=>e.getHours()>=12?"p":"a",mm:e=>Lo(e.getMinutes()),m:e=>e.getMinutes(),ss:e=>Lo(e.getSeconds()),s:e=>e.getSeconds(),fff:e=>C0(e.getMilliseconds())};function Fl(e,t){t=t||O0;let n=[],r=/\\{([a-z]+)\\}|[^{]+/gi,o;for(;o=r.exec(e);)n.push(o[0][0]=="{"?N0[o[1]]:o[0]);return s=>{let i="";for(let c=0;c<n.length;c++)i+=typeof n[c]=="string"?n[c]:n[c](s,t);return i}}var I0=new Intl.DateTimeFormat().resolvedOptions().timeZone;function R0(e,t){let n;return t=="UTC"||t=="Etc/UTC"?n=new Date(+e+e.getTimezoneOffset()*6e4):t==I0?n=e:(n=new Date(e.toLocaleString("en-US",{timeZone:t})),n.setMilliseconds(e.getMilliseconds())),n}var Wh=e=>e%1==0,ti=[1,2,2.5,5],D0=Ho(10,-32,0,ti),Kh=Ho(10,0,32,ti),Z0=Kh.filter(Wh),cr=D0.concat(Kh),jl=`\n`,Gh="{YYYY}",ph=jl+Gh,Jh="{M}/{D}",Bo=jl+Jh,qs=Bo+"/{YY}",qh="{aa}",M0="{h}:{mm}",Gr=M0+qh,dh=jl+Gr,mh=":{ss}",de=null;function Yh(e){let t=e*1e3,n=t*60,r=n*60,o=r*24,s=o*30,i=o*365,u=(e==1?Ho(10,0,3,ti).filter(Wh):Ho(10,-3,0,ti)).concat([t,t*5,t*10,t*15,t*30,n,n*5,n*10,n*15,n*30,r,r*2,r*3,r*4,r*6,r*8,r*12,o,o*2,o*3,o*4,o*5,o*6,o*7,o*8,o*9,o*10,o*15,s,s*2,s*3,s*4,s*6,i,i*2,i*5,i*10,i*25,i*50,i*100]),f=[[i,Gh,de,de,de,de,de,de,1],[o*28,"{MMM}",ph,de,de,de,de,de,1],[o,Jh,ph,de,de,de,de,de,1],[r,"{h}"+qh,qs,de,Bo,de,de,de,1],[n,Gr,qs,de,Bo,de,de,de,1],[t,mh,qs+" "+Gr,de,Bo+" "+Gr,de,dh,de,1],[e,mh+".{fff}",qs+" "+Gr,de,Bo+" "+Gr,de,dh,de,1]];function m(d){return(g,_,b,S,T,O)=>{let $=[],I=T>=i,z=T>=s&&T<i,N=d(b),k=_e(N*e,3),L=bl(N.getFullYear(),I?0:N.getMonth(),z||I?1:N.getDate()),H=_e(L*e,3);if(z||I){let te=z?T/s:0,J=I?T/i:0,C=k==H?k:_e(bl(L.getFullYear()+J,L.getMonth()+te,1)*e,3),Q=new Date(je(C/e)),F=Q.getFullYear(),Y=Q.getMonth();for(let W=0;C<=S;W++){let se=bl(F+J*W,Y+te*W,1),V=se-d(_e(se*e,3));C=_e((+se+V)*e,3),C<=S&&$.push(C)}}else{let te=T>=o?o:T,J=At(b)-At(k),C=H+J+oi(k-H,te);$.push(C);let Q=d(C),F=Q.getHours()+Q.getMinutes()/n+Q.getSeconds()/r,Y=T/r,W=g.axes[_]._space,se=O/W;for(;C=_e(C+T,e==1?0:3),!(C>S);)if(Y>1){let V=At(_e(F+Y,6))%24,ie=d(C).getHours()-V;ie>1&&(ie=-1),C-=ie*r,F=(F+Y)%24;let me=$[$.length-1];_e((C-me)/T,3)*se>=.7&&$.push(C)}else $.push(C)}return $}}return[u,f,m]}var[L0,F0,j0]=Yh(1),[B0,U0,V0]=Yh(.001);Ho(2,-53,53,[1]);function hh(e,t){return e.map(n=>n.map((r,o)=>o==0||o==8||r==null?r:t(o==1||n[8]==0?r:n[1]+r)))}function gh(e,t){return(n,r,o,s,i)=>{let c=t.find(b=>i>=b[0])||t[t.length-1],u,f,m,d,g,_;return r.map(b=>{let S=e(b),T=S.getFullYear(),O=S.getMonth(),$=S.getDate(),I=S.getHours(),z=S.getMinutes(),N=S.getSeconds(),k=T!=u&&c[2]||O!=f&&c[3]||$!=m&&c[4]||I!=d&&c[5]||z!=g&&c[6]||N!=_&&c[7]||c[1];return u=T,f=O,m=$,d=I,g=z,_=N,k(S)})}}function H0(e,t){let n=Fl(t);return(r,o,s,i,c)=>o.map(u=>n(e(u)))}function bl(e,t,n){return new Date(e,t,n)}function yh(e,t){return t(e)}var W0="{YYYY}-{MM}-{DD} {h}:{mm}{aa}";function _h(e,t){return(n,r,o,s)=>s==null?Il:t(e(r))}function K0(e,t){let n=e.series[t];return n.width?n.stroke(e,t):n.points.width?n.points.stroke(e,t):null}function G0(e,t){return e.series[t].fill(e,t)}var J0={show:!0,live:!0,isolate:!1,mount:m0,markers:{show:!0,width:2,stroke:K0,fill:G0,dash:"solid"},idx:null,idxs:null,values:[]};function q0(e,t){let n=e.cursor.points,r=Ut(),o=n.size(e,t);ke(r,Fo,o),ke(r,jo,o);let s=o/-2;ke(r,"marginLeft",s),ke(r,"marginTop",s);let i=n.width(e,t,o);return i&&ke(r,"borderWidth",i),r}function Y0(e,t){let n=e.series[t].points;return n._fill||n._stroke}function X0(e,t){let n=e.series[t].points;return n._stroke||n._fill}function Q0(e,t){return e.series[t].points.size}var xl=[0,0];function ex(e,t,n){return xl[0]=t,xl[1]=n,xl}function Ys(e,t,n,r=!0){return o=>{o.button==0&&(!r||o.target==t)&&n(o)}}function Sl(e,t,n,r=!0){return o=>{(!r||o.target==t)&&n(o)}}var tx={show:!0,x:!0,y:!0,lock:!1,move:ex,points:{one:!1,show:q0,size:Q0,width:0,stroke:X0,fill:Y0},bind:{mousedown:Ys,mouseup:Ys,click:Ys,dblclick:Ys,mousemove:Sl,mouseleave:Sl,mouseenter:Sl},drag:{setScale:!0,x:!0,y:!1,dist:0,uni:null,click:(e,t)=>{t.stopPropagation(),t.stopImmediatePropagation()},_x:!1,_y:!1},focus:{dist:(e,t,n,r,o)=>r-o,prox:-1,bias:0},hover:{skip:[void 0],prox:null,bias:0},left:-10,top:-10,idx:null,dataIdx:null,idxs:null,event:null},Xh={show:!0,stroke:"rgba(0,0,0,0.07)",width:2},Bl=Me({},Xh,{filter:Mh}),Qh=Me({},Bl,{size:10}),eg=Me({},Xh,{show:!1}),Ul=\'12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Noto Sans", sans-serif, "Apple Color Emoji", "Segoe UI Emoji", "Segoe UI Symbol", "Noto Color Emoji"\',tg="bold "+Ul,ng=1.5,vh={show:!0,scale:"x",stroke:Nl,space:50,gap:5,alignTo:1,size:50,labelGap:0,labelSize:30,labelFont:tg,side:2,grid:Bl,ticks:Qh,border:eg,font:Ul,lineGap:ng,rotate:0},nx="Value",rx="Time",bh={show:!0,scale:"x",auto:!1,sorted:1,min:ye,max:-ye,idxs:[]};function ox(e,t,n,r,o){return t.map(s=>s==null?"":Ml(s))}function sx(e,t,n,r,o,s,i){let c=[],u=Vn.get(o)||0;n=i?n:_e(oi(n,o),u);for(let f=n;f<=r;f=_e(f+o,u))c.push(Object.is(f,-0)?0:f);return c}function $l(e,t,n,r,o,s,i){let c=[],u=e.scales[e.axes[t].scale].log,f=u==10?Tn:Rh,m=At(f(n));o=qr(u,m),u==10&&(o=cr[rn(o,cr)]);let d=n,g=o*u;u==10&&(g=cr[rn(g,cr)]);do c.push(d),d=d+o,u==10&&!Vn.has(d)&&(d=_e(d,Vn.get(o))),d>=g&&(o=d,g=o*u,u==10&&(g=cr[rn(g,cr)]));while(d<=r);return c}function ix(e,t,n,r,o,s,i){let u=e.scales[e.axes[t].scale].asinh,f=r>u?$l(e,t,ht(u,n),r,o):[u],m=r>=0&&n<=0?[0]:[];return(n<-u?$l(e,t,ht(u,-r),-n,o):[u]).reverse().map(g=>-g).concat(m,f)}var rg=/./,cx=/[12357]/,lx=/[125]/,xh=/1/,Pl=(e,t,n,r)=>e.map((o,s)=>t==4&&o==0||s%r==0&&n.test(o.toExponential()[o<0?1:0])?o:null);function ax(e,t,n,r,o){let s=e.axes[n],i=s.scale,c=e.scales[i],u=e.valToPos,f=s._space,m=u(10,i),d=u(9,i)-m>=f?rg:u(7,i)-m>=f?cx:u(5,i)-m>=f?lx:xh;if(d==xh){let g=Be(u(1,i)-m);if(g<f)return Pl(t.slice().reverse(),c.distr,d,Vt(f/g)).reverse()}return Pl(t,c.distr,d,1)}function ux(e,t,n,r,o){let s=e.axes[n],i=s.scale,c=s._space,u=e.valToPos,f=Be(u(1,i)-u(2,i));return f<c?Pl(t.slice().reverse(),3,rg,Vt(c/f)).reverse():t}function fx(e,t,n,r){return r==null?Il:t==null?"":Ml(t)}var Sh={show:!0,scale:"y",stroke:Nl,space:30,gap:5,alignTo:1,size:50,labelGap:0,labelSize:30,labelFont:tg,side:3,grid:Bl,ticks:Qh,border:eg,font:Ul,lineGap:ng,rotate:0};function px(e,t){let n=3+(e||1)*2;return _e(n*t,3)}function dx(e,t){let{scale:n,idxs:r}=e.series[0],o=e._data[0],s=e.valToPos(o[r[0]],n,!0),i=e.valToPos(o[r[1]],n,!0),c=Be(i-s),u=e.series[t],f=c/(u.points.space*fe);return r[1]-r[0]<=f}var wh={scale:null,auto:!0,sorted:0,min:ye,max:-ye},og=(e,t,n,r,o)=>o,kh={show:!0,auto:!0,sorted:0,gaps:og,alpha:1,facets:[Me({},wh,{scale:"x"}),Me({},wh,{scale:"y"})]},Eh={scale:"y",auto:!0,sorted:0,show:!0,spanGaps:!1,gaps:og,alpha:1,points:{show:dx,filter:null},values:null,min:ye,max:-ye,idxs:[],path:null,clip:null};function mx(e,t,n,r,o){return n/10}var sg={time:!0,auto:!0,distr:1,log:10,asinh:1,min:null,max:null,dir:1,ori:0},hx=Me({},sg,{time:!1,ori:1}),Th={};function ig(e,t){let n=Th[e];return n||(n={key:e,plots:[],sub(r){n.plots.push(r)},unsub(r){n.plots=n.plots.filter(o=>o!=r)},pub(r,o,s,i,c,u,f){for(let m=0;m<n.plots.length;m++)n.plots[m]!=o&&n.plots[m].pub(r,o,s,i,c,u,f)}},e!=null&&(Th[e]=n)),n}var Qr=1,Al=2;function fr(e,t,n){let r=e.mode,o=e.series[t],s=r==2?e._data[t]:e._data,i=e.scales,c=e.bbox,u=s[0],f=r==2?s[1]:s[t],m=r==2?i[o.facets[0].scale]:i[e.series[0].scale],d=r==2?i[o.facets[1].scale]:i[o.scale],g=c.left,_=c.top,b=c.width,S=c.height,T=e.valToPosH,O=e.valToPosV;return m.ori==0?n(o,u,f,m,d,T,O,g,_,b,S,ci,to,ai,lg,ug):n(o,u,f,m,d,O,T,_,g,S,b,li,no,Wl,ag,fg)}function Vl(e,t){let n=0,r=0,o=ae(e.bands,Ll);for(let s=0;s<o.length;s++){let i=o[s];i.series[0]==t?n=i.dir:i.series[1]==t&&(i.dir==1?r|=1:r|=2)}return[n,r==1?-1:r==2?1:r==3?2:0]}function gx(e,t,n,r,o){let s=e.mode,i=e.series[t],c=s==2?i.facets[1].scale:i.scale,u=e.scales[c];return o==-1?u.min:o==1?u.max:u.distr==3?u.dir==1?u.min:u.max:0}function zn(e,t,n,r,o,s){return fr(e,t,(i,c,u,f,m,d,g,_,b,S,T)=>{let O=i.pxRound,$=f.dir*(f.ori==0?1:-1),I=f.ori==0?to:no,z,N;$==1?(z=n,N=r):(z=r,N=n);let k=O(d(c[z],f,S,_)),L=O(g(u[z],m,T,b)),H=O(d(c[N],f,S,_)),te=O(g(s==1?m.max:m.min,m,T,b)),J=new Path2D(o);return I(J,H,te),I(J,k,te),I(J,k,L),J})}function ii(e,t,n,r,o,s){let i=null;if(e.length>0){i=new Path2D;let c=t==0?ai:Wl,u=n;for(let d=0;d<e.length;d++){let g=e[d];if(g[1]>g[0]){let _=g[0]-u;_>0&&c(i,u,r,_,r+s),u=g[1]}}let f=n+o-u,m=10;f>0&&c(i,u,r-m/2,f,r+s+m)}return i}function yx(e,t,n){let r=e[e.length-1];r&&r[0]==t?r[1]=n:e.push([t,n])}function Hl(e,t,n,r,o,s,i){let c=[],u=e.length;for(let f=o==1?n:r;f>=n&&f<=r;f+=o)if(t[f]===null){let d=f,g=f;if(o==1)for(;++f<=r&&t[f]===null;)g=f;else for(;--f>=n&&t[f]===null;)g=f;let _=s(e[d]),b=g==d?_:s(e[g]),S=d-o;_=i<=0&&S>=0&&S<u?s(e[S]):_;let O=g+o;b=i>=0&&O>=0&&O<u?s(e[O]):b,b>=_&&c.push([_,b])}return c}function zh(e){return e==0?Zh:e==1?je:t=>ir(t,e)}function cg(e){let t=e==0?ci:li,n=e==0?(o,s,i,c,u,f)=>{o.arcTo(s,i,c,u,f)}:(o,s,i,c,u,f)=>{o.arcTo(i,s,u,c,f)},r=e==0?(o,s,i,c,u)=>{o.rect(s,i,c,u)}:(o,s,i,c,u)=>{o.rect(i,s,u,c)};return(o,s,i,c,u,f=0,m=0)=>{f==0&&m==0?r(o,s,i,c,u):(f=on(f,c/2,u/2),m=on(m,c/2,u/2),t(o,s+f,i),n(o,s+c,i,s+c,i+u,f),n(o,s+c,i+u,s,i+u,m),n(o,s,i+u,s,i,m),n(o,s,i,s+c,i,f),o.closePath())}}var ci=(e,t,n)=>{e.moveTo(t,n)},li=(e,t,n)=>{e.moveTo(n,t)},to=(e,t,n)=>{e.lineTo(t,n)},no=(e,t,n)=>{e.lineTo(n,t)},ai=cg(0),Wl=cg(1),lg=(e,t,n,r,o,s)=>{e.arc(t,n,r,o,s)},ag=(e,t,n,r,o,s)=>{e.arc(n,t,r,o,s)},ug=(e,t,n,r,o,s,i)=>{e.bezierCurveTo(t,n,r,o,s,i)},fg=(e,t,n,r,o,s,i)=>{e.bezierCurveTo(n,t,o,r,i,s)};function pg(e){return(t,n,r,o,s)=>fr(t,n,(i,c,u,f,m,d,g,_,b,S,T)=>{let{pxRound:O,points:$}=i,I,z;f.ori==0?(I=ci,z=lg):(I=li,z=ag);let N=_e($.width*fe,3),k=($.size-$.width)/2*fe,L=_e(k*2,3),H=new Path2D,te=new Path2D,{left:J,top:C,width:Q,height:F}=t.bbox;ai(te,J-L,C-L,Q+L*2,F+L*2);let Y=W=>{if(u[W]!=null){let se=O(d(c[W],f,S,_)),V=O(g(u[W],m,T,b));I(H,se+k,V),z(H,se,V,k,0,Xs*2)}};if(s)s.forEach(Y);else for(let W=r;W<=o;W++)Y(W);return{stroke:N>0?H:null,fill:H,clip:te,flags:Qr|Al}})}function dg(e){return(t,n,r,o,s,i)=>{r!=o&&(s!=r&&i!=r&&e(t,n,r),s!=o&&i!=o&&e(t,n,o),e(t,n,i))}}var _x=dg(to),vx=dg(no);function mg(e){let t=ae(e?.alignGaps,0);return(n,r,o,s)=>fr(n,r,(i,c,u,f,m,d,g,_,b,S,T)=>{[o,s]=ni(u,o,s);let O=i.pxRound,$=F=>O(d(F,f,S,_)),I=F=>O(g(F,m,T,b)),z,N;f.ori==0?(z=to,N=_x):(z=no,N=vx);let k=f.dir*(f.ori==0?1:-1),L={stroke:new Path2D,fill:null,clip:null,band:null,gaps:null,flags:Qr},H=L.stroke,te=!1;if(s-o>=S*4){let F=B=>n.posToVal(B,f.key,!0),Y=null,W=null,se,V,gt,Ee=$(c[k==1?o:s]),ie=$(c[o]),me=$(c[s]),ne=F(k==1?ie+1:me-1);for(let B=k==1?o:s;B>=o&&B<=s;B+=k){let Le=c[B],Te=(k==1?Le<ne:Le>ne)?Ee:$(Le),pe=u[B];Te==Ee?pe!=null?(V=pe,Y==null?(z(H,Te,I(V)),se=Y=W=V):V<Y?Y=V:V>W&&(W=V)):pe===null&&(te=!0):(Y!=null&&N(H,Ee,I(Y),I(W),I(se),I(V)),pe!=null?(V=pe,z(H,Te,I(V)),Y=W=se=V):(Y=W=null,pe===null&&(te=!0)),Ee=Te,ne=F(Ee+k))}Y!=null&&Y!=W&&gt!=Ee&&N(H,Ee,I(Y),I(W),I(se),I(V))}else for(let F=k==1?o:s;F>=o&&F<=s;F+=k){let Y=u[F];Y===null?te=!0:Y!=null&&z(H,$(c[F]),I(Y))}let[C,Q]=Vl(n,r);if(i.fill!=null||C!=0){let F=L.fill=new Path2D(H),Y=i.fillTo(n,r,i.min,i.max,C),W=I(Y),se=$(c[o]),V=$(c[s]);k==-1&&([V,se]=[se,V]),z(F,V,W),z(F,se,W)}if(!i.spanGaps){let F=[];te&&F.push(...Hl(c,u,o,s,k,$,t)),L.gaps=F=i.gaps(n,r,o,s,F),L.clip=ii(F,f.ori,_,b,S,T)}return Q!=0&&(L.band=Q==2?[zn(n,r,o,s,H,-1),zn(n,r,o,s,H,1)]:zn(n,r,o,s,H,Q)),L})}function bx(e){let t=ae(e.align,1),n=ae(e.ascDesc,!1),r=ae(e.alignGaps,0),o=ae(e.extend,!1);return(s,i,c,u)=>fr(s,i,(f,m,d,g,_,b,S,T,O,$,I)=>{[c,u]=ni(d,c,u);let z=f.pxRound,{left:N,width:k}=s.bbox,L=ie=>z(b(ie,g,$,T)),H=ie=>z(S(ie,_,I,O)),te=g.ori==0?to:no,J={stroke:new Path2D,fill:null,clip:null,band:null,gaps:null,flags:Qr},C=J.stroke,Q=g.dir*(g.ori==0?1:-1),F=H(d[Q==1?c:u]),Y=L(m[Q==1?c:u]),W=Y,se=Y;o&&t==-1&&(se=N,te(C,se,F)),te(C,Y,F);for(let ie=Q==1?c:u;ie>=c&&ie<=u;ie+=Q){let me=d[ie];if(me==null)continue;let ne=L(m[ie]),B=H(me);t==1?te(C,ne,F):te(C,W,B),te(C,ne,B),F=B,W=ne}let V=W;o&&t==1&&(V=N+k,te(C,V,F));let[gt,Ee]=Vl(s,i);if(f.fill!=null||gt!=0){let ie=J.fill=new Path2D(C),me=f.fillTo(s,i,f.min,f.max,gt),ne=H(me);te(ie,V,ne),te(ie,se,ne)}if(!f.spanGaps){let ie=[];ie.push(...Hl(m,d,c,u,Q,L,r));let me=f.width*fe/2,ne=n||t==1?me:-me,B=n||t==-1?-me:me;ie.forEach(Le=>{Le[0]+=ne,Le[1]+=B}),J.gaps=ie=f.gaps(s,i,c,u,ie),J.clip=ii(ie,g.ori,T,O,$,I)}return Ee!=0&&(J.band=Ee==2?[zn(s,i,c,u,C,-1),zn(s,i,c,u,C,1)]:zn(s,i,c,u,C,Ee)),J})}function $h(e,t,n,r,o,s,i=ye){if(e.length>1){let c=null;for(let u=0,f=1/0;u<e.length;u++)if(t[u]!==void 0){if(c!=null){let m=Be(e[u]-e[c]);m<f&&(f=m,i=Be(n(e[u],r,o,s)-n(e[c],r,o,s)))}c=u}}return i}function xx(e){e=e||Vo;let t=ae(e.size,[.6,ye,1]),n=e.align||0,r=e.gap||0,o=e.radius;o=o==null?[0,0]:typeof o=="number"?[o,0]:o;let s=oe(o),i=1-t[0],c=ae(t[1],ye),u=ae(t[2],1),f=ae(e.disp,Vo),m=ae(e.each,_=>{}),{fill:d,stroke:g}=f;return(_,b,S,T)=>fr(_,b,(O,$,I,z,N,k,L,H,te,J,C)=>{let Q=O.pxRound,F=n,Y=r*fe,W=c*fe,se=u*fe,V,gt;z.ori==0?[V,gt]=s(_,b):[gt,V]=s(_,b);let Ee=z.dir*(z.ori==0?1:-1),ie=z.ori==0?ai:Wl,me=z.ori==0?m:(Z,ve,Fe,hr,Gn,cn,Jn)=>{m(Z,ve,Fe,Gn,hr,Jn,cn)},ne=ae(_.bands,Ll).find(Z=>Z.series[0]==b),B=ne!=null?ne.dir:0,Le=O.fillTo(_,b,O.min,O.max,B),ct=Q(L(Le,N,C,te)),Te,pe,Ht,xt=J,Pe=Q(O.width*fe),sn=!1,yn=null,Ct=null,$n=null,pr=null;d!=null&&(Pe==0||g!=null)&&(sn=!0,yn=d.values(_,b,S,T),Ct=new Map,new Set(yn).forEach(Z=>{Z!=null&&Ct.set(Z,new Path2D)}),Pe>0&&($n=g.values(_,b,S,T),pr=new Map,new Set($n).forEach(Z=>{Z!=null&&pr.set(Z,new Path2D)})));let{x0:dr,size:so}=f;if(dr!=null&&so!=null){F=1,$=dr.values(_,b,S,T),dr.unit==2&&($=$.map(Fe=>_.posToVal(H+Fe*J,z.key,!0)));let Z=so.values(_,b,S,T);so.unit==2?pe=Z[0]*J:pe=k(Z[0],z,J,H)-k(0,z,J,H),xt=$h($,I,k,z,J,H,xt),Ht=xt-pe+Y}else xt=$h($,I,k,z,J,H,xt),Ht=xt*i+Y,pe=xt-Ht;Ht<1&&(Ht=0),Pe>=pe/2&&(Pe=0),Ht<5&&(Q=Zh);let Wo=Ht>0,Wn=xt-Ht-(Wo?Pe:0);pe=Q(zl(Wn,se,W)),Te=(F==0?pe/2:F==Ee?0:pe)-F*Ee*((F==0?Y/2:0)+(Wo?Pe/2:0));let lt={stroke:null,fill:null,clip:null,band:null,gaps:null,flags:0},mr=sn?null:new Path2D,_n=null;if(ne!=null)_n=_.data[ne.series[1]];else{let{y0:Z,y1:ve}=f;Z!=null&&ve!=null&&(I=ve.values(_,b,S,T),_n=Z.values(_,b,S,T))}let Kn=V*pe,ee=gt*pe;for(let Z=Ee==1?S:T;Z>=S&&Z<=T;Z+=Ee){let ve=I[Z];if(ve==null)continue;if(_n!=null){let yt=_n[Z]??0;if(ve-yt==0)continue;ct=L(yt,N,C,te)}let Fe=z.distr!=2||f!=null?$[Z]:Z,hr=k(Fe,z,J,H),Gn=L(ae(ve,Le),N,C,te),cn=Q(hr-Te),Jn=Q(ht(Gn,ct)),St=Q(on(Gn,ct)),Nt=Jn-St;if(ve!=null){let yt=ve<0?ee:Kn,Wt=ve<0?Kn:ee;sn?(Pe>0&&$n[Z]!=null&&ie(pr.get($n[Z]),cn,St+At(Pe/2),pe,ht(0,Nt-Pe),yt,Wt),yn[Z]!=null&&ie(Ct.get(yn[Z]),cn,St+At(Pe/2),pe,ht(0,Nt-Pe),yt,Wt)):ie(mr,cn,St+At(Pe/2),pe,ht(0,Nt-Pe),yt,Wt),me(_,b,Z,cn-Pe/2,St,pe+Pe,Nt)}}return Pe>0?lt.stroke=sn?pr:mr:sn||(lt._fill=O.width==0?O._fill:O._stroke??O._fill,lt.width=0),lt.fill=sn?Ct:mr,lt})}function Sx(e,t){let n=ae(t?.alignGaps,0);return(r,o,s,i)=>fr(r,o,(c,u,f,m,d,g,_,b,S,T,O)=>{[s,i]=ni(f,s,i);let $=c.pxRound,I=V=>$(g(V,m,T,b)),z=V=>$(_(V,d,O,S)),N,k,L;m.ori==0?(N=ci,L=to,k=ug):(N=li,L=no,k=fg);let H=m.dir*(m.ori==0?1:-1),te=I(u[H==1?s:i]),J=te,C=[],Q=[];for(let V=H==1?s:i;V>=s&&V<=i;V+=H)if(f[V]!=null){let Ee=u[V],ie=I(Ee);C.push(J=ie),Q.push(z(f[V]))}let F={stroke:e(C,Q,N,L,k,$),fill:null,clip:null,band:null,gaps:null,flags:Qr},Y=F.stroke,[W,se]=Vl(r,o);if(c.fill!=null||W!=0){let V=F.fill=new Path2D(Y),gt=c.fillTo(r,o,c.min,c.max,W),Ee=z(gt);L(V,J,Ee),L(V,te,Ee)}if(!c.spanGaps){let V=[];V.push(...Hl(u,f,s,i,H,I,n)),F.gaps=V=c.gaps(r,o,s,i,V),F.clip=ii(V,m.ori,b,S,T,O)}return se!=0&&(F.band=se==2?[zn(r,o,s,i,Y,-1),zn(r,o,s,i,Y,1)]:zn(r,o,s,i,Y,se)),F})}function wx(e){return Sx(kx,e)}function kx(e,t,n,r,o,s){let i=e.length;if(i<2)return null;let c=new Path2D;if(n(c,e[0],t[0]),i==2)r(c,e[1],t[1]);else{let u=Array(i),f=Array(i-1),m=Array(i-1),d=Array(i-1);for(let g=0;g<i-1;g++)m[g]=t[g+1]-t[g],d[g]=e[g+1]-e[g],f[g]=m[g]/d[g];u[0]=f[0];for(let g=1;g<i-1;g++)f[g]===0||f[g-1]===0||f[g-1]>0!=f[g]>0?u[g]=0:(u[g]=3*(d[g-1]+d[g])/((2*d[g]+d[g-1])/f[g-1]+(d[g]+2*d[g-1])/f[g]),isFinite(u[g])||(u[g]=0));u[i-1]=f[i-2];for(let g=0;g<i-1;g++)o(c,e[g]+d[g]/3,t[g]+u[g]*d[g]/3,e[g+1]-d[g]/3,t[g+1]-u[g+1]*d[g]/3,e[g+1],t[g+1])}return c}var Ol=new Set;function Ph(){for(let e of Ol)e.syncRect(!0)}eo&&(ar(o0,Jr,Ph),ar(s0,Jr,Ph,!0),ar(Qs,Jr,()=>{rt.pxRatio=fe}));var Ex=mg(),Tx=pg();function Ah(e,t,n,r){return(r?[e[0],e[1]].concat(e.slice(2)):[e[0]].concat(e.slice(1))).map((s,i)=>Cl(s,i,t,n))}function zx(e,t){return e.map((n,r)=>r==0?{}:Me({},t,n))}function Cl(e,t,n,r){return Me({},t==0?n:r,e)}function hg(e,t,n){return t==null?Yr:[t,n]}var $x=hg;function Px(e,t,n){return t==null?Yr:ei(t,n,Zl,!0)}function gg(e,t,n,r){return t==null?Yr:ri(t,n,e.scales[r].log,!1)}var Ax=gg;function yg(e,t,n,r){return t==null?Yr:Dl(t,n,e.scales[r].log,!1)}var Ox=yg;function Cx(e,t,n,r,o){let s=ht(lh(e),lh(t)),i=t-e,c=rn(o/r*i,n);do{let u=n[c],f=r*u/i;if(f>=o&&s+(u<5?Vn.get(u):0)<=17)return[u,f]}while(++c<n.length);return[0,0]}function Oh(e){let t,n;return e=e.replace(/(\\d+)px/,(r,o)=>(t=je((n=+o)*fe))+"px"),[e,t,n]}function Nx(e){e.show&&[e.font,e.labelFont].forEach(t=>{let n=_e(t[2]*fe,1);t[0]=t[0].replace(/[0-9.]+px/,n+"px"),t[1]=n})}function rt(e,t,n){let r={mode:ae(e.mode,1)},o=r.mode;function s(a,p,h,y){let v=p.valToPct(a);return y+h*(p.dir==-1?1-v:v)}function i(a,p,h,y){let v=p.valToPct(a);return y+h*(p.dir==-1?v:1-v)}function c(a,p,h,y){return p.ori==0?s(a,p,h,y):i(a,p,h,y)}r.valToPosH=s,r.valToPosV=i;let u=!1;r.status=0;let f=r.root=Ut(Fb);if(e.id!=null&&(f.id=e.id),Pt(f,e.class),e.title){let a=Ut(Ub,f);a.textContent=e.title}let m=nn("canvas"),d=r.ctx=m.getContext("2d"),g=Ut(Vb,f);ar("click",g,a=>{a.target===b&&(be!=Tr||ze!=zr)&&Qe.click(r,a)},!0);let _=r.under=Ut(Hb,g);g.appendChild(m);let b=r.over=Ut(Wb,g);e=Xr(e);let S=+ae(e.pxAlign,1),T=zh(S);(e.plugins||[]).forEach(a=>{a.opts&&(e=a.opts(r,e)||e)});let O=e.ms||.001,$=r.series=o==1?Ah(e.series||[],bh,Eh,!1):zx(e.series||[null],kh),I=r.axes=Ah(e.axes||[],vh,Sh,!0),z=r.scales={},N=r.bands=e.bands||[];N.forEach(a=>{a.fill=oe(a.fill||null),a.dir=ae(a.dir,-1)});let k=o==2?$[1].facets[0].scale:$[0].scale,L={axes:ly,series:ry},H=(e.drawOrder||["axes","series"]).map(a=>L[a]);function te(a){let p=a.distr==3?h=>Tn(h>0?h:a.clamp(r,h,a.min,a.max,a.key)):a.distr==4?h=>vl(h,a.asinh):a.distr==100?h=>a.fwd(h):h=>h;return h=>{let y=p(h),{_min:v,_max:x}=a,E=x-v;return(y-v)/E}}function J(a){let p=z[a];if(p==null){let h=(e.scales||Vo)[a]||Vo;if(h.from!=null){J(h.from);let y=Me({},z[h.from],h,{key:a});y.valToPct=te(y),z[a]=y}else{p=z[a]=Me({},a==k?sg:hx,h),p.key=a;let y=p.time,v=p.range,x=Un(v);if((a!=k||o==2&&!y)&&(x&&(v[0]==null||v[1]==null)&&(v={min:v[0]==null?sh:{mode:1,hard:v[0],soft:v[0]},max:v[1]==null?sh:{mode:1,hard:v[1],soft:v[1]}},x=!1),!x&&si(v))){let E=v;v=(P,A,R)=>A==null?Yr:ei(A,R,E)}p.range=oe(v||(y?$x:a==k?p.distr==3?Ax:p.distr==4?Ox:hg:p.distr==3?gg:p.distr==4?yg:Px)),p.auto=oe(x?!1:p.auto),p.clamp=oe(p.clamp||mx),p._min=p._max=null,p.valToPct=te(p)}}}J("x"),J("y"),o==1&&$.forEach(a=>{J(a.scale)}),I.forEach(a=>{J(a.scale)});for(let a in e.scales)J(a);let C=z[k],Q=C.distr,F,Y;C.ori==0?(Pt(f,jb),F=s,Y=i):(Pt(f,Bb),F=i,Y=s);let W={};for(let a in z){let p=z[a];(p.min!=null||p.max!=null)&&(W[a]={min:p.min,max:p.max},p.min=p.max=null)}let se=e.tzDate||(a=>new Date(je(a/O))),V=e.fmtDate||Fl,gt=O==1?j0(se):V0(se),Ee=gh(se,hh(O==1?F0:U0,V)),ie=_h(se,yh(W0,V)),me=[],ne=r.legend=Me({},J0,e.legend),B=r.cursor=Me({},tx,{drag:{y:o==2}},e.cursor),Le=ne.show,ct=B.show,Te=ne.markers;ne.idxs=me,Te.width=oe(Te.width),Te.dash=oe(Te.dash),Te.stroke=oe(Te.stroke),Te.fill=oe(Te.fill);let pe,Ht,xt,Pe=[],sn=[],yn,Ct=!1,$n={};if(ne.live){let a=$[1]?$[1].values:null;Ct=a!=null,yn=Ct?a(r,1,0):{_:0};for(let p in yn)$n[p]=Il}if(Le)if(pe=nn("table",Xb,f),xt=nn("tbody",null,pe),ne.mount(r,pe),Ct){Ht=nn("thead",null,pe,xt);let a=nn("tr",null,Ht);nn("th",null,a);for(var pr in yn)nn("th",Wm,a).textContent=pr}else Pt(pe,e0),ne.live&&Pt(pe,Qb);let dr={show:!0},so={show:!1};function Wo(a,p){if(p==0&&(Ct||!ne.live||o==2))return Yr;let h=[],y=nn("tr",t0,xt,xt.childNodes[p]);Pt(y,a.class),a.show||Pt(y,lr);let v=nn("th",null,y);if(Te.show){let P=Ut(n0,v);if(p>0){let A=Te.width(r,p);A&&(P.style.border=A+"px "+Te.dash(r,p)+" "+Te.stroke(r,p)),P.style.background=Te.fill(r,p)}}let x=Ut(Wm,v);a.label instanceof HTMLElement?x.appendChild(a.label):x.textContent=a.label,p>0&&(Te.show||(x.style.color=a.width>0?Te.stroke(r,p):Te.fill(r,p)),lt("click",v,P=>{if(B._lock)return;Yn(P);let A=$.indexOf(a);if((P.ctrlKey||P.metaKey)!=ne.isolate){let R=$.some((D,M)=>M>0&&M!=A&&D.show);$.forEach((D,M)=>{M>0&&an(M,R?M==A?dr:so:dr,!0,Ze.setSeries)})}else an(A,{show:!a.show},!0,Ze.setSeries)},!1),yr&&lt(qm,v,P=>{B._lock||(Yn(P),an($.indexOf(a),Pr,!0,Ze.setSeries))},!1));for(var E in yn){let P=nn("td",r0,y);P.textContent="--",h.push(P)}return[y,h]}let Wn=new Map;function lt(a,p,h,y=!0){let v=Wn.get(p)||{},x=B.bind[a](r,p,h,y);x&&(ar(a,p,v[a]=x),Wn.set(p,v))}function mr(a,p,h){let y=Wn.get(p)||{};for(let v in y)(a==null||v==a)&&(Tl(v,p,y[v]),delete y[v]);a==null&&Wn.delete(p)}let _n=0,Kn=0,ee=0,Z=0,ve=0,Fe=0,hr=ve,Gn=Fe,cn=ee,Jn=Z,St=0,Nt=0,yt=0,Wt=0;r.bbox={};let mi=!1,Ko=!1,gr=!1,qn=!1,Go=!1,It=!1;function hi(a,p,h){(h||a!=r.width||p!=r.height)&&ra(a,p),Sr(!1),gr=!0,Ko=!0,wr()}function ra(a,p){r.width=_n=ee=a,r.height=Kn=Z=p,ve=Fe=0,qg(),Yg();let h=r.bbox;St=h.left=ir(ve*fe,.5),Nt=h.top=ir(Fe*fe,.5),yt=h.width=ir(ee*fe,.5),Wt=h.height=ir(Z*fe,.5)}let Kg=3;function Gg(){let a=!1,p=0;for(;!a;){p++;let h=iy(p),y=cy(p);a=p==Kg||h&&y,a||(ra(r.width,r.height),Ko=!0)}}function Jg({width:a,height:p}){hi(a,p)}r.setSize=Jg;function qg(){let a=!1,p=!1,h=!1,y=!1;I.forEach((v,x)=>{if(v.show&&v._show){let{side:E,_size:P}=v,A=E%2,R=v.label!=null?v.labelSize:0,D=P+R;D>0&&(A?(ee-=D,E==3?(ve+=D,y=!0):h=!0):(Z-=D,E==0?(Fe+=D,a=!0):p=!0))}}),Xn[0]=a,Xn[1]=h,Xn[2]=p,Xn[3]=y,ee-=Pn[1]+Pn[3],ve+=Pn[3],Z-=Pn[2]+Pn[0],Fe+=Pn[0]}function Yg(){let a=ve+ee,p=Fe+Z,h=ve,y=Fe;function v(x,E){switch(x){case 1:return a+=E,a-E;case 2:return p+=E,p-E;case 3:return h-=E,h+E;case 0:return y-=E,y+E}}I.forEach((x,E)=>{if(x.show&&x._show){let P=x.side;x._pos=v(P,x._size),x.label!=null&&(x._lpos=v(P,x.labelSize))}})}if(B.dataIdx==null){let a=B.hover,p=a.skip=new Set(a.skip??[]);p.add(void 0);let h=a.prox=oe(a.prox),y=a.bias??=0;B.dataIdx=(v,x,E,P)=>{if(x==0)return E;let A=E,R=h(v,x,E,P)??ye,D=R>=0&&R<ye,M=C.ori==0?ee:Z,X=B.left,ue=t[0],ce=t[x];if(p.has(ce[E])){A=null;let re=null,K=null,U;if(y==0||y==-1)for(U=E;re==null&&U-- >0;)p.has(ce[U])||(re=U);if(y==0||y==1)for(U=E;K==null&&U++<ce.length;)p.has(ce[U])||(K=U);if(re!=null||K!=null)if(D){let Se=re==null?-1/0:F(ue[re],C,M,0),Ce=K==null?1/0:F(ue[K],C,M,0),Ge=X-Se,he=Ce-X;Ge<=he?Ge<=R&&(A=re):he<=R&&(A=K)}else A=K==null?re:re==null?K:E-re<=K-E?re:K}else D&&Be(X-F(ue[E],C,M,0))>R&&(A=null);return A}}let Yn=a=>{B.event=a};B.idxs=me,B._lock=!1;let ot=B.points;ot.show=oe(ot.show),ot.size=oe(ot.size),ot.stroke=oe(ot.stroke),ot.width=oe(ot.width),ot.fill=oe(ot.fill);let ln=r.focus=Me({},e.focus||{alpha:.3},B.focus),yr=ln.prox>=0,_r=yr&&ot.one,Rt=[],vr=[],br=[];function oa(a,p){let h=ot.show(r,p);if(h instanceof HTMLElement)return Pt(h,Yb),Pt(h,a.class),gn(h,-10,-10,ee,Z),b.insertBefore(h,Rt[p]),h}function sa(a,p){if(o==1||p>0){let h=o==1&&z[a.scale].time,y=a.value;a.value=h?fh(y)?_h(se,yh(y,V)):y||ie:y||fx,a.label=a.label||(h?rx:nx)}if(_r||p>0){a.width=a.width==null?1:a.width,a.paths=a.paths||Ex||h0,a.fillTo=oe(a.fillTo||gx),a.pxAlign=+ae(a.pxAlign,S),a.pxRound=zh(a.pxAlign),a.stroke=oe(a.stroke||null),a.fill=oe(a.fill||null),a._stroke=a._fill=a._paths=a._focus=null;let h=px(ht(1,a.width),1),y=a.points=Me({},{size:h,width:ht(1,h*.2),stroke:a.stroke,space:h*2,paths:Tx,_stroke:null,_fill:null},a.points);y.show=oe(y.show),y.filter=oe(y.filter),y.fill=oe(y.fill),y.stroke=oe(y.stroke),y.paths=oe(y.paths),y.pxAlign=a.pxAlign}if(Le){let h=Wo(a,p);Pe.splice(p,0,h[0]),sn.splice(p,0,h[1]),ne.values.push(null)}if(ct){me.splice(p,0,null);let h=null;_r?p==0&&(h=oa(a,p)):p>0&&(h=oa(a,p)),Rt.splice(p,0,h),vr.splice(p,0,0),br.splice(p,0,0)}Ke("addSeries",p)}function Xg(a,p){p=p??$.length,a=o==1?Cl(a,p,bh,Eh):Cl(a,p,{},kh),$.splice(p,0,a),sa($[p],p)}r.addSeries=Xg;function Qg(a){if($.splice(a,1),Le){ne.values.splice(a,1),sn.splice(a,1);let p=Pe.splice(a,1)[0];mr(null,p.firstChild),p.remove()}ct&&(me.splice(a,1),Rt.splice(a,1)[0].remove(),vr.splice(a,1),br.splice(a,1)),Ke("delSeries",a)}r.delSeries=Qg;let Xn=[!1,!1,!1,!1];function ey(a,p){if(a._show=a.show,a.show){let h=a.side%2,y=z[a.scale];y==null&&(a.scale=h?$[1].scale:k,y=z[a.scale]);let v=y.time;a.size=oe(a.size),a.space=oe(a.space),a.rotate=oe(a.rotate),Un(a.incrs)&&a.incrs.forEach(E=>{!Vn.has(E)&&Vn.set(E,Fh(E))}),a.incrs=oe(a.incrs||(y.distr==2?Z0:v?O==1?L0:B0:cr)),a.splits=oe(a.splits||(v&&y.distr==1?gt:y.distr==3?$l:y.distr==4?ix:sx)),a.stroke=oe(a.stroke),a.grid.stroke=oe(a.grid.stroke),a.ticks.stroke=oe(a.ticks.stroke),a.border.stroke=oe(a.border.stroke);let x=a.values;a.values=Un(x)&&!Un(x[0])?oe(x):v?Un(x)?gh(se,hh(x,V)):fh(x)?H0(se,x):x||Ee:x||ox,a.filter=oe(a.filter||(y.distr>=3&&y.log==10?ax:y.distr==3&&y.log==2?ux:Mh)),a.font=Oh(a.font),a.labelFont=Oh(a.labelFont),a._size=a.size(r,null,p,0),a._space=a._rotate=a._incrs=a._found=a._splits=a._values=null,a._size>0&&(Xn[p]=!0,a._el=Ut(Kb,g))}}function io(a,p,h,y){let[v,x,E,P]=h,A=p%2,R=0;return A==0&&(P||x)&&(R=p==0&&!v||p==2&&!E?je(vh.size/3):0),A==1&&(v||E)&&(R=p==1&&!x||p==3&&!P?je(Sh.size/2):0),R}let ia=r.padding=(e.padding||[io,io,io,io]).map(a=>oe(ae(a,io))),Pn=r._padding=ia.map((a,p)=>a(r,p,Xn,0)),Xe,Ue=null,Ve=null,Jo=o==1?$[0].idxs:null,Kt=null,co=!1;function ca(a,p){if(t=a??[],r.data=r._data=t,o==2){Xe=0;for(let h=1;h<$.length;h++)Xe+=t[h][0].length}else{t.length==0&&(r.data=r._data=t=[[]]),Kt=t[0],Xe=Kt.length;let h=t;if(Q==2){h=t.slice();let y=h[0]=Array(Xe);for(let v=0;v<Xe;v++)y[v]=v}r._data=t=h}if(Sr(!0),Ke("setData"),Q==2&&(gr=!0),p!==!1){let h=C;h.auto(r,co)?gi():On(k,h.min,h.max),qn=qn||B.left>=0,It=!0,wr()}}r.setData=ca;function gi(){co=!0;let a,p;o==1&&(Xe>0?(Ue=Jo[0]=0,Ve=Jo[1]=Xe-1,a=t[0][Ue],p=t[0][Ve],Q==2?(a=Ue,p=Ve):a==p&&(Q==3?[a,p]=ri(a,a,C.log,!1):Q==4?[a,p]=Dl(a,a,C.log,!1):C.time?p=a+je(86400/O):[a,p]=ei(a,p,Zl,!0))):(Ue=Jo[0]=a=null,Ve=Jo[1]=p=null)),On(k,a,p)}let qo,xr,yi,_i,vi,bi,xi,Si,wi,_t;function la(a,p,h,y,v,x){a??=Gm,h??=Ll,y??="butt",v??=Gm,x??="round",a!=qo&&(d.strokeStyle=qo=a),v!=xr&&(d.fillStyle=xr=v),p!=yi&&(d.lineWidth=yi=p),x!=vi&&(d.lineJoin=vi=x),y!=bi&&(d.lineCap=bi=y),h!=_i&&d.setLineDash(_i=h)}function aa(a,p,h,y){p!=xr&&(d.fillStyle=xr=p),a!=xi&&(d.font=xi=a),h!=Si&&(d.textAlign=Si=h),y!=wi&&(d.textBaseline=wi=y)}function ki(a,p,h,y,v=0){if(y.length>0&&a.auto(r,co)&&(p==null||p.min==null)){let x=ae(Ue,0),E=ae(Ve,y.length-1),P=h.min==null?a0(y,x,E,v,a.distr==3):[h.min,h.max];a.min=on(a.min,h.min=P[0]),a.max=ht(a.max,h.max=P[1])}}let ua={min:null,max:null};function ty(){for(let y in z){let v=z[y];W[y]==null&&(v.min==null||W[k]!=null&&v.auto(r,co))&&(W[y]=ua)}for(let y in z){let v=z[y];W[y]==null&&v.from!=null&&W[v.from]!=null&&(W[y]=ua)}W[k]!=null&&Sr(!0);let a={};for(let y in W){let v=W[y];if(v!=null){let x=a[y]=Xr(z[y],_0);if(v.min!=null)Me(x,v);else if(y!=k||o==2)if(Xe==0&&x.from==null){let E=x.range(r,null,null,y);x.min=E[0],x.max=E[1]}else x.min=ye,x.max=-ye}}if(Xe>0){$.forEach((y,v)=>{if(o==1){let x=y.scale,E=W[x];if(E==null)return;let P=a[x];if(v==0){let A=P.range(r,P.min,P.max,x);P.min=A[0],P.max=A[1],Ue=rn(P.min,t[0]),Ve=rn(P.max,t[0]),Ve-Ue>1&&(t[0][Ue]<P.min&&Ue++,t[0][Ve]>P.max&&Ve--),y.min=Kt[Ue],y.max=Kt[Ve]}else y.show&&y.auto&&ki(P,E,y,t[v],y.sorted);y.idxs[0]=Ue,y.idxs[1]=Ve}else if(v>0&&y.show&&y.auto){let[x,E]=y.facets,P=x.scale,A=E.scale,[R,D]=t[v],M=a[P],X=a[A];M!=null&&ki(M,W[P],x,R,x.sorted),X!=null&&ki(X,W[A],E,D,E.sorted),y.min=E.min,y.max=E.max}});for(let y in a){let v=a[y],x=W[y];if(v.from==null&&(x==null||x.min==null)){let E=v.range(r,v.min==ye?null:v.min,v.max==-ye?null:v.max,y);v.min=E[0],v.max=E[1]}}}for(let y in a){let v=a[y];if(v.from!=null){let x=a[v.from];if(x.min==null)v.min=v.max=null;else{let E=v.range(r,x.min,x.max,y);v.min=E[0],v.max=E[1]}}}let p={},h=!1;for(let y in a){let v=a[y],x=z[y];if(x.min!=v.min||x.max!=v.max){x.min=v.min,x.max=v.max;let E=x.distr;x._min=E==3?Tn(x.min):E==4?vl(x.min,x.asinh):E==100?x.fwd(x.min):x.min,x._max=E==3?Tn(x.max):E==4?vl(x.max,x.asinh):E==100?x.fwd(x.max):x.max,p[y]=h=!0}}if(h){$.forEach((y,v)=>{o==2?v>0&&p.y&&(y._paths=null):p[y.scale]&&(y._paths=null)});for(let y in p)gr=!0,Ke("setScale",y);ct&&B.left>=0&&(qn=It=!0)}for(let y in W)W[y]=null}function ny(a){let p=zl(Ue-1,0,Xe-1),h=zl(Ve+1,0,Xe-1);for(;a[p]==null&&p>0;)p--;for(;a[h]==null&&h<Xe-1;)h++;return[p,h]}function ry(){if(Xe>0){let a=$.some(p=>p._focus)&&_t!=ln.alpha;a&&(d.globalAlpha=_t=ln.alpha),$.forEach((p,h)=>{if(h>0&&p.show&&(fa(h,!1),fa(h,!0),p._paths==null)){let y=_t;_t!=p.alpha&&(d.globalAlpha=_t=p.alpha);let v=o==2?[0,t[h][0].length-1]:ny(t[h]);p._paths=p.paths(r,h,v[0],v[1]),_t!=y&&(d.globalAlpha=_t=y)}}),$.forEach((p,h)=>{if(h>0&&p.show){let y=_t;_t!=p.alpha&&(d.globalAlpha=_t=p.alpha),p._paths!=null&&pa(h,!1);{let v=p._paths!=null?p._paths.gaps:null,x=p.points.show(r,h,Ue,Ve,v),E=p.points.filter(r,h,x,v);(x||E)&&(p.points._paths=p.points.paths(r,h,Ue,Ve,E),pa(h,!0))}_t!=y&&(d.globalAlpha=_t=y),Ke("drawSeries",h)}}),a&&(d.globalAlpha=_t=1)}}function fa(a,p){let h=p?$[a].points:$[a];h._stroke=h.stroke(r,a),h._fill=h.fill(r,a)}function pa(a,p){let h=p?$[a].points:$[a],{stroke:y,fill:v,clip:x,flags:E,_stroke:P=h._stroke,_fill:A=h._fill,_width:R=h.width}=h._paths;R=_e(R*fe,3);let D=null,M=R%2/2;p&&A==null&&(A=R>0?"#fff":P);let X=h.pxAlign==1&&M>0;if(X&&d.translate(M,M),!p){let ue=St-R/2,ce=Nt-R/2,re=yt+R,K=Wt+R;D=new Path2D,D.rect(ue,ce,re,K)}p?Ei(P,R,h.dash,h.cap,A,y,v,E,x):oy(a,P,R,h.dash,h.cap,A,y,v,E,D,x),X&&d.translate(-M,-M)}function oy(a,p,h,y,v,x,E,P,A,R,D){let M=!1;A!=0&&N.forEach((X,ue)=>{if(X.series[0]==a){let ce=$[X.series[1]],re=t[X.series[1]],K=(ce._paths||Vo).band;Un(K)&&(K=X.dir==1?K[0]:K[1]);let U,Se=null;ce.show&&K&&f0(re,Ue,Ve)?(Se=X.fill(r,ue)||x,U=ce._paths.clip):K=null,Ei(p,h,y,v,Se,E,P,A,R,D,U,K),M=!0}}),M||Ei(p,h,y,v,x,E,P,A,R,D)}let da=Qr|Al;function Ei(a,p,h,y,v,x,E,P,A,R,D,M){la(a,p,h,y,v),(A||R||M)&&(d.save(),A&&d.clip(A),R&&d.clip(R)),M?(P&da)==da?(d.clip(M),D&&d.clip(D),Xo(v,E),Yo(a,x,p)):P&Al?(Xo(v,E),d.clip(M),Yo(a,x,p)):P&Qr&&(d.save(),d.clip(M),D&&d.clip(D),Xo(v,E),d.restore(),Yo(a,x,p)):(Xo(v,E),Yo(a,x,p)),(A||R||M)&&d.restore()}function Yo(a,p,h){h>0&&(p instanceof Map?p.forEach((y,v)=>{d.strokeStyle=qo=v,d.stroke(y)}):p!=null&&a&&d.stroke(p))}function Xo(a,p){p instanceof Map?p.forEach((h,y)=>{d.fillStyle=xr=y,d.fill(h)}):p!=null&&a&&d.fill(p)}function sy(a,p,h,y){let v=I[a],x;if(y<=0)x=[0,0];else{let E=v._space=v.space(r,a,p,h,y),P=v._incrs=v.incrs(r,a,p,h,y,E);x=Cx(p,h,P,y,E)}return v._found=x}function Ti(a,p,h,y,v,x,E,P,A,R){let D=E%2/2;S==1&&d.translate(D,D),la(P,E,A,R,P),d.beginPath();let M,X,ue,ce,re=v+(y==0||y==3?-x:x);h==0?(X=v,ce=re):(M=v,ue=re);for(let K=0;K<a.length;K++)p[K]!=null&&(h==0?M=ue=a[K]:X=ce=a[K],d.moveTo(M,X),d.lineTo(ue,ce));d.stroke(),S==1&&d.translate(-D,-D)}function iy(a){let p=!0;return I.forEach((h,y)=>{if(!h.show)return;let v=z[h.scale];if(v.min==null){h._show&&(p=!1,h._show=!1,Sr(!1));return}else h._show||(p=!1,h._show=!0,Sr(!1));let x=h.side,E=x%2,{min:P,max:A}=v,[R,D]=sy(y,P,A,E==0?ee:Z);if(D==0)return;let M=v.distr==2,X=h._splits=h.splits(r,y,P,A,R,D,M),ue=v.distr==2?X.map(U=>Kt[U]):X,ce=v.distr==2?Kt[X[1]]-Kt[X[0]]:R,re=h._values=h.values(r,h.filter(r,ue,y,D,ce),y,D,ce);h._rotate=x==2?h.rotate(r,re,y,D):0;let K=h._size;h._size=Vt(h.size(r,re,y,a)),K!=null&&h._size!=K&&(p=!1)}),p}function cy(a){let p=!0;return ia.forEach((h,y)=>{let v=h(r,y,Xn,a);v!=Pn[y]&&(p=!1),Pn[y]=v}),p}function ly(){for(let a=0;a<I.length;a++){let p=I[a];if(!p.show||!p._show)continue;let h=p.side,y=h%2,v,x,E=p.stroke(r,a),P=h==0||h==3?-1:1,[A,R]=p._found;if(p.label!=null){let ut=p.labelGap*P,Et=je((p._lpos+ut)*fe);aa(p.labelFont[0],E,"center",h==2?"top":Km),d.save(),y==1?(v=x=0,d.translate(Et,je(Nt+Wt/2)),d.rotate((h==3?-Xs:Xs)/2)):(v=je(St+yt/2),x=Et);let tr=Dh(p.label)?p.label(r,a,A,R):p.label;d.fillText(tr,v,x),d.restore()}if(R==0)continue;let D=z[p.scale],M=y==0?yt:Wt,X=y==0?St:Nt,ue=p._splits,ce=D.distr==2?ue.map(ut=>Kt[ut]):ue,re=D.distr==2?Kt[ue[1]]-Kt[ue[0]]:A,K=p.ticks,U=p.border,Se=K.show?K.size:0,Ce=je(Se*fe),Ge=je((p.alignTo==2?p._size-Se-p.gap:p.gap)*fe),he=p._rotate*-Xs/180,Ne=T(p._pos*fe),wt=(Ce+Ge)*P,at=Ne+wt;x=y==0?at:0,v=y==1?at:0;let Dt=p.font[0],Gt=p.align==1?Kr:p.align==2?gl:he>0?Kr:he<0?gl:y==0?"center":h==3?gl:Kr,fn=he||y==1?"middle":h==2?"top":Km;aa(Dt,E,Gt,fn);let kt=p.font[1]*p.lineGap,Zt=ue.map(ut=>T(c(ut,D,M,X))),Jt=p._values;for(let ut=0;ut<Jt.length;ut++){let Et=Jt[ut];if(Et!=null){y==0?v=Zt[ut]:x=Zt[ut],Et=""+Et;let tr=Et.indexOf(`\n`)==-1?[Et]:Et.split(/\\n/gm);for(let ft=0;ft<tr.length;ft++){let Ca=tr[ft];he?(d.save(),d.translate(v,x+ft*kt),d.rotate(he),d.fillText(Ca,0,0),d.restore()):d.fillText(Ca,v,x+ft*kt)}}}K.show&&Ti(Zt,K.filter(r,ce,a,R,re),y,h,Ne,Ce,_e(K.width*fe,3),K.stroke(r,a),K.dash,K.cap);let pn=p.grid;pn.show&&Ti(Zt,pn.filter(r,ce,a,R,re),y,y==0?2:1,y==0?Nt:St,y==0?Wt:yt,_e(pn.width*fe,3),pn.stroke(r,a),pn.dash,pn.cap),U.show&&Ti([Ne],[1],y==0?1:0,y==0?1:2,y==1?Nt:St,y==1?Wt:yt,_e(U.width*fe,3),U.stroke(r,a),U.dash,U.cap)}Ke("drawAxes")}function Sr(a){$.forEach((p,h)=>{h>0&&(p._paths=null,a&&(o==1?(p.min=null,p.max=null):p.facets.forEach(y=>{y.min=null,y.max=null})))})}let Qo=!1,zi=!1,lo=[];function ay(){zi=!1;for(let a=0;a<lo.length;a++)Ke(...lo[a]);lo.length=0}function wr(){Qo||(E0(ma),Qo=!0)}function uy(a,p=!1){Qo=!0,zi=p,a(r),ma(),p&&lo.length>0&&queueMicrotask(ay)}r.batch=uy;function ma(){if(mi&&(ty(),mi=!1),gr&&(Gg(),gr=!1),Ko){if(ke(_,Kr,ve),ke(_,"top",Fe),ke(_,Fo,ee),ke(_,jo,Z),ke(b,Kr,ve),ke(b,"top",Fe),ke(b,Fo,ee),ke(b,jo,Z),ke(g,Fo,_n),ke(g,jo,Kn),m.width=je(_n*fe),m.height=je(Kn*fe),I.forEach(({_el:a,_show:p,_size:h,_pos:y,side:v})=>{if(a!=null)if(p){let x=v===3||v===0?h:0,E=v%2==1;ke(a,E?"left":"top",y-x),ke(a,E?"width":"height",h),ke(a,E?"top":"left",E?Fe:ve),ke(a,E?"height":"width",E?Z:ee),El(a,lr)}else Pt(a,lr)}),qo=xr=yi=vi=bi=xi=Si=wi=_i=null,_t=1,fo(!0),ve!=hr||Fe!=Gn||ee!=cn||Z!=Jn){Sr(!1);let a=ee/cn,p=Z/Jn;if(ct&&!qn&&B.left>=0){B.left*=a,B.top*=p,kr&&gn(kr,je(B.left),0,ee,Z),Er&&gn(Er,0,je(B.top),ee,Z);for(let h=0;h<Rt.length;h++){let y=Rt[h];y!=null&&(vr[h]*=a,br[h]*=p,gn(y,Vt(vr[h]),Vt(br[h]),ee,Z))}}if(xe.show&&!Go&&xe.left>=0&&xe.width>0){xe.left*=a,xe.width*=a,xe.top*=p,xe.height*=p;for(let h in Ni)ke($r,h,xe[h])}hr=ve,Gn=Fe,cn=ee,Jn=Z}Ke("setSize"),Ko=!1}_n>0&&Kn>0&&(d.clearRect(0,0,m.width,m.height),Ke("drawClear"),H.forEach(a=>a()),Ke("draw")),xe.show&&Go&&(es(xe),Go=!1),ct&&qn&&(er(null,!0,!1),qn=!1),ne.show&&ne.live&&It&&(Oi(),It=!1),u||(u=!0,r.status=1,Ke("ready")),co=!1,Qo=!1}r.redraw=(a,p)=>{gr=p||!1,a!==!1?On(k,C.min,C.max):wr()};function $i(a,p){let h=z[a];if(h.from==null){if(Xe==0){let y=h.range(r,p.min,p.max,a);p.min=y[0],p.max=y[1]}if(p.min>p.max){let y=p.min;p.min=p.max,p.max=y}if(Xe>1&&p.min!=null&&p.max!=null&&p.max-p.min<1e-16)return;a==k&&h.distr==2&&Xe>0&&(p.min=rn(p.min,t[0]),p.max=rn(p.max,t[0]),p.min==p.max&&p.max++),W[a]=p,mi=!0,wr()}}r.setScale=$i;let Pi,Ai,kr,Er,ha,ga,Tr,zr,ya,_a,be,ze,An=!1,Qe=B.drag,He=Qe.x,We=Qe.y;ct&&(B.x&&(Pi=Ut(Jb,b)),B.y&&(Ai=Ut(qb,b)),C.ori==0?(kr=Pi,Er=Ai):(kr=Ai,Er=Pi),be=B.left,ze=B.top);let xe=r.select=Me({show:!0,over:!0,left:0,width:0,top:0,height:0},e.select),$r=xe.show?Ut(Gb,xe.over?b:_):null;function es(a,p){if(xe.show){for(let h in a)xe[h]=a[h],h in Ni&&ke($r,h,a[h]);p!==!1&&Ke("setSelect")}}r.setSelect=es;function fy(a){if($[a].show)Le&&El(Pe[a],lr);else if(Le&&Pt(Pe[a],lr),ct){let h=_r?Rt[0]:Rt[a];h!=null&&gn(h,-10,-10,ee,Z)}}function On(a,p,h){$i(a,{min:p,max:h})}function an(a,p,h,y){p.focus!=null&&gy(a),p.show!=null&&$.forEach((v,x)=>{x>0&&(a==x||a==null)&&(v.show=p.show,fy(x),o==2?(On(v.facets[0].scale,null,null),On(v.facets[1].scale,null,null)):On(v.scale,null,null),wr())}),h!==!1&&Ke("setSeries",a,p),y&&po("setSeries",r,a,p)}r.setSeries=an;function py(a,p){Me(N[a],p)}function dy(a,p){a.fill=oe(a.fill||null),a.dir=ae(a.dir,-1),p=p??N.length,N.splice(p,0,a)}function my(a){a==null?N.length=0:N.splice(a,1)}r.addBand=dy,r.setBand=py,r.delBand=my;function hy(a,p){$[a].alpha=p,ct&&Rt[a]!=null&&(Rt[a].style.opacity=p),Le&&Pe[a]&&(Pe[a].style.opacity=p)}let vn,Cn,Qn,Pr={focus:!0};function gy(a){if(a!=Qn){let p=a==null,h=ln.alpha!=1;$.forEach((y,v)=>{if(o==1||v>0){let x=p||v==0||v==a;y._focus=p?null:x,h&&hy(v,x?1:ln.alpha)}}),Qn=a,h&&wr()}}Le&&yr&&lt(Ym,pe,a=>{B._lock||(Yn(a),Qn!=null&&an(null,Pr,!0,Ze.setSeries))});function un(a,p,h){let y=z[p];h&&(a=a/fe-(y.ori==1?Fe:ve));let v=ee;y.ori==1&&(v=Z,a=v-a),y.dir==-1&&(a=v-a);let x=y._min,E=y._max,P=a/v,A=x+(E-x)*P,R=y.distr;return R==3?qr(10,A):R==4?d0(A,y.asinh):R==100?y.bwd(A):A}function yy(a,p){let h=un(a,k,p);return rn(h,t[0],Ue,Ve)}r.valToIdx=a=>rn(a,t[0]),r.posToIdx=yy,r.posToVal=un,r.valToPos=(a,p,h)=>z[p].ori==0?s(a,z[p],h?yt:ee,h?St:0):i(a,z[p],h?Wt:Z,h?Nt:0),r.setCursor=(a,p,h)=>{be=a.left,ze=a.top,er(null,p,h)};function va(a,p){ke($r,Kr,xe.left=a),ke($r,Fo,xe.width=p)}function ba(a,p){ke($r,"top",xe.top=a),ke($r,jo,xe.height=p)}let ao=C.ori==0?va:ba,uo=C.ori==1?va:ba;function _y(){if(Le&&ne.live)for(let a=o==2?1:0;a<$.length;a++){if(a==0&&Ct)continue;let p=ne.values[a],h=0;for(let y in p)sn[a][h++].firstChild.nodeValue=p[y]}}function Oi(a,p){if(a!=null&&(a.idxs?a.idxs.forEach((h,y)=>{me[y]=h}):y0(a.idx)||me.fill(a.idx),ne.idx=me[0]),Le&&ne.live){for(let h=0;h<$.length;h++)(h>0||o==1&&!Ct)&&vy(h,me[h]);_y()}It=!1,p!==!1&&Ke("setLegend")}r.setLegend=Oi;function vy(a,p){let h=$[a],y=a==0&&Q==2?Kt:t[a],v;Ct?v=h.values(r,a,p)??$n:(v=h.value(r,p==null?null:y[p],a,p),v=v==null?$n:{_:v}),ne.values[a]=v}function er(a,p,h){ya=be,_a=ze,[be,ze]=B.move(r,be,ze),B.left=be,B.top=ze,ct&&(kr&&gn(kr,je(be),0,ee,Z),Er&&gn(Er,0,je(ze),ee,Z));let y,v=Ue>Ve;vn=ye,Cn=null;let x=C.ori==0?ee:Z,E=C.ori==1?ee:Z;if(be<0||Xe==0||v){y=B.idx=null;for(let P=0;P<$.length;P++){let A=Rt[P];A!=null&&gn(A,-10,-10,ee,Z)}yr&&an(null,Pr,!0,a==null&&Ze.setSeries),ne.live&&(me.fill(y),It=!0)}else{let P,A,R;o==1&&(P=C.ori==0?be:ze,A=un(P,k),y=B.idx=rn(A,t[0],Ue,Ve),R=F(t[0][y],C,x,0));let D=-10,M=-10,X=0,ue=0,ce=!0,re="",K="";for(let U=o==2?1:0;U<$.length;U++){let Se=$[U],Ce=me[U],Ge=Ce==null?null:o==1?t[U][Ce]:t[U][1][Ce],he=B.dataIdx(r,U,y,A),Ne=he==null?null:o==1?t[U][he]:t[U][1][he];if(It=It||Ne!=Ge||he!=Ce,me[U]=he,U>0&&Se.show){let wt=he==null?-10:he==y?R:F(o==1?t[0][he]:t[U][0][he],C,x,0),at=Ne==null?-10:Y(Ne,o==1?z[Se.scale]:z[Se.facets[1].scale],E,0);if(yr&&Ne!=null){let Dt=C.ori==1?be:ze,Gt=Be(ln.dist(r,U,he,at,Dt));if(Gt<vn){let fn=ln.bias;if(fn!=0){let kt=un(Dt,Se.scale),Zt=Ne>=0?1:-1,Jt=kt>=0?1:-1;Jt==Zt&&(Jt==1?fn==1?Ne>=kt:Ne<=kt:fn==1?Ne<=kt:Ne>=kt)&&(vn=Gt,Cn=U)}else vn=Gt,Cn=U}}if(It||_r){let Dt,Gt;C.ori==0?(Dt=wt,Gt=at):(Dt=at,Gt=wt);let fn,kt,Zt,Jt,pn,ut,Et=!0,tr=ot.bbox;if(tr!=null){Et=!1;let ft=tr(r,U);Zt=ft.left,Jt=ft.top,fn=ft.width,kt=ft.height}else Zt=Dt,Jt=Gt,fn=kt=ot.size(r,U);if(ut=ot.fill(r,U),pn=ot.stroke(r,U),_r)U==Cn&&vn<=ln.prox&&(D=Zt,M=Jt,X=fn,ue=kt,ce=Et,re=ut,K=pn);else{let ft=Rt[U];ft!=null&&(vr[U]=Zt,br[U]=Jt,oh(ft,fn,kt,Et),nh(ft,ut,pn),gn(ft,Vt(Zt),Vt(Jt),ee,Z))}}}}if(_r){let U=ln.prox,Se=Qn==null?vn<=U:vn>U||Cn!=Qn;if(It||Se){let Ce=Rt[0];Ce!=null&&(vr[0]=D,br[0]=M,oh(Ce,X,ue,ce),nh(Ce,re,K),gn(Ce,Vt(D),Vt(M),ee,Z))}}}if(xe.show&&An)if(a!=null){let[P,A]=Ze.scales,[R,D]=Ze.match,[M,X]=a.cursor.sync.scales,ue=a.cursor.drag;if(He=ue._x,We=ue._y,He||We){let{left:ce,top:re,width:K,height:U}=a.select,Se=a.scales[M].ori,Ce=a.posToVal,Ge,he,Ne,wt,at,Dt=P!=null&&R(P,M),Gt=A!=null&&D(A,X);Dt&&He?(Se==0?(Ge=ce,he=K):(Ge=re,he=U),Ne=z[P],wt=F(Ce(Ge,M),Ne,x,0),at=F(Ce(Ge+he,M),Ne,x,0),ao(on(wt,at),Be(at-wt))):ao(0,x),Gt&&We?(Se==1?(Ge=ce,he=K):(Ge=re,he=U),Ne=z[A],wt=Y(Ce(Ge,X),Ne,E,0),at=Y(Ce(Ge+he,X),Ne,E,0),uo(on(wt,at),Be(at-wt))):uo(0,E)}else Ii()}else{let P=Be(ya-ha),A=Be(_a-ga);if(C.ori==1){let X=P;P=A,A=X}He=Qe.x&&P>=Qe.dist,We=Qe.y&&A>=Qe.dist;let R=Qe.uni;R!=null?He&&We&&(He=P>=R,We=A>=R,!He&&!We&&(A>P?We=!0:He=!0)):Qe.x&&Qe.y&&(He||We)&&(He=We=!0);let D,M;He&&(C.ori==0?(D=Tr,M=be):(D=zr,M=ze),ao(on(D,M),Be(M-D)),We||uo(0,E)),We&&(C.ori==1?(D=Tr,M=be):(D=zr,M=ze),uo(on(D,M),Be(M-D)),He||ao(0,x)),!He&&!We&&(ao(0,0),uo(0,0))}if(Qe._x=He,Qe._y=We,a==null){if(h){if(Oa!=null){let[P,A]=Ze.scales;Ze.values[0]=P!=null?un(C.ori==0?be:ze,P):null,Ze.values[1]=A!=null?un(C.ori==1?be:ze,A):null}po(yl,r,be,ze,ee,Z,y)}if(yr){let P=h&&Ze.setSeries,A=ln.prox;Qn==null?vn<=A&&an(Cn,Pr,!0,P):vn>A?an(null,Pr,!0,P):Cn!=Qn&&an(Cn,Pr,!0,P)}}It&&(ne.idx=y,Oi()),p!==!1&&Ke("setCursor")}let Nn=null;Object.defineProperty(r,"rect",{get(){return Nn==null&&fo(!1),Nn}});function fo(a=!1){a?Nn=null:(Nn=b.getBoundingClientRect(),Ke("syncRect",Nn))}function xa(a,p,h,y,v,x,E){B._lock||An&&a!=null&&a.movementX==0&&a.movementY==0||(Ci(a,p,h,y,v,x,E,!1,a!=null),a!=null?er(null,!0,!0):er(p,!0,!1))}function Ci(a,p,h,y,v,x,E,P,A){if(Nn==null&&fo(!1),Yn(a),a!=null)h=a.clientX-Nn.left,y=a.clientY-Nn.top;else{if(h<0||y<0){be=-10,ze=-10;return}let[R,D]=Ze.scales,M=p.cursor.sync,[X,ue]=M.values,[ce,re]=M.scales,[K,U]=Ze.match,Se=p.axes[0].side%2==1,Ce=C.ori==0?ee:Z,Ge=C.ori==1?ee:Z,he=Se?x:v,Ne=Se?v:x,wt=Se?y:h,at=Se?h:y;if(ce!=null?h=K(R,ce)?c(X,z[R],Ce,0):-10:h=Ce*(wt/he),re!=null?y=U(D,re)?c(ue,z[D],Ge,0):-10:y=Ge*(at/Ne),C.ori==1){let Dt=h;h=y,y=Dt}}A&&(p==null||p.cursor.event.type==yl)&&((h<=1||h>=ee-1)&&(h=ir(h,ee)),(y<=1||y>=Z-1)&&(y=ir(y,Z))),P?(ha=h,ga=y,[Tr,zr]=B.move(r,h,y)):(be=h,ze=y)}let Ni={width:0,height:0,left:0,top:0};function Ii(){es(Ni,!1)}let Sa,wa,ka,Ea;function Ta(a,p,h,y,v,x,E){An=!0,He=We=Qe._x=Qe._y=!1,Ci(a,p,h,y,v,x,E,!0,!1),a!=null&&(lt(_l,wl,za,!1),po(Jm,r,Tr,zr,ee,Z,null));let{left:P,top:A,width:R,height:D}=xe;Sa=P,wa=A,ka=R,Ea=D}function za(a,p,h,y,v,x,E){An=Qe._x=Qe._y=!1,Ci(a,p,h,y,v,x,E,!1,!0);let{left:P,top:A,width:R,height:D}=xe,M=R>0||D>0,X=Sa!=P||wa!=A||ka!=R||Ea!=D;if(M&&X&&es(xe),Qe.setScale&&M&&X){let ue=P,ce=R,re=A,K=D;if(C.ori==1&&(ue=A,ce=D,re=P,K=R),He&&On(k,un(ue,k),un(ue+ce,k)),We)for(let U in z){let Se=z[U];U!=k&&Se.from==null&&Se.min!=ye&&On(U,un(re+K,U),un(re,U))}Ii()}else B.lock&&(B._lock=!B._lock,er(p,!0,a!=null));a!=null&&(mr(_l,wl),po(_l,r,be,ze,ee,Z,null))}function by(a,p,h,y,v,x,E){if(B._lock)return;Yn(a);let P=An;if(An){let A=!0,R=!0,D=10,M,X;C.ori==0?(M=He,X=We):(M=We,X=He),M&&X&&(A=be<=D||be>=ee-D,R=ze<=D||ze>=Z-D),M&&A&&(be=be<Tr?0:ee),X&&R&&(ze=ze<zr?0:Z),er(null,!0,!0),An=!1}be=-10,ze=-10,me.fill(null),er(null,!0,!0),P&&(An=P)}function $a(a,p,h,y,v,x,E){B._lock||(Yn(a),gi(),Ii(),a!=null&&po(Xm,r,be,ze,ee,Z,null))}function Pa(){I.forEach(Nx),hi(r.width,r.height,!0)}ar(Qs,Jr,Pa);let Ar={};Ar.mousedown=Ta,Ar.mousemove=xa,Ar.mouseup=za,Ar.dblclick=$a,Ar.setSeries=(a,p,h,y)=>{let v=Ze.match[2];h=v(r,p,h),h!=-1&&an(h,y,!0,!1)},ct&&(lt(Jm,b,Ta),lt(yl,b,xa),lt(qm,b,a=>{Yn(a),fo(!1)}),lt(Ym,b,by),lt(Xm,b,$a),Ol.add(r),r.syncRect=fo);let ts=r.hooks=e.hooks||{};function Ke(a,p,h){zi?lo.push([a,p,h]):a in ts&&ts[a].forEach(y=>{y.call(null,r,p,h)})}(e.plugins||[]).forEach(a=>{for(let p in a.hooks)ts[p]=(ts[p]||[]).concat(a.hooks[p])});let Aa=(a,p,h)=>h,Ze=Me({key:null,setSeries:!1,filters:{pub:ah,sub:ah},scales:[k,$[1]?$[1].scale:null],match:[uh,uh,Aa],values:[null,null]},B.sync);Ze.match.length==2&&Ze.match.push(Aa),B.sync=Ze;let Oa=Ze.key,Ri=ig(Oa);function po(a,p,h,y,v,x,E){Ze.filters.pub(a,p,h,y,v,x,E)&&Ri.pub(a,p,h,y,v,x,E)}Ri.sub(r);function xy(a,p,h,y,v,x,E){Ze.filters.sub(a,p,h,y,v,x,E)&&Ar[a](null,p,h,y,v,x,E)}r.pub=xy;function Sy(){Ri.unsub(r),Ol.delete(r),Wn.clear(),Tl(Qs,Jr,Pa),f.remove(),pe?.remove(),Ke("destroy")}r.destroy=Sy;function Di(){Ke("init",e,t),ca(t||e.data,!1),W[k]?$i(k,W[k]):gi(),Go=xe.show&&(xe.width>0||xe.height>0),qn=It=!0,hi(e.width,e.height)}return $.forEach(sa),I.forEach(ey),n?n instanceof HTMLElement?(n.appendChild(f),Di()):n(r,Di):Di(),r}rt.assign=Me;rt.fmtNum=Ml;rt.rangeNum=ei;rt.rangeLog=ri;rt.rangeAsinh=Dl;rt.orient=fr;rt.pxRatio=fe;rt.join=k0;rt.fmtDate=Fl,rt.tzDate=R0;rt.sync=ig;{rt.addGap=yx,rt.clipGaps=ii;let e=rt.paths={points:pg};e.linear=mg,e.stepped=bx,e.bars=xx,e.spline=wx}var Ix=e=>e===null?"\\u2013":`${mt(e)}/s`,Rx=e=>e===null?"\\u2013":Fn(e);function vg({data:e}){return l("div",{class:"charts",children:[l(Kl,{title:"Requests",at:e.at,text:Ix,lines:[{label:"all",color:"--line-1",values:e.requestsPerSecond,isFilled:!0},{label:"errors",color:"--line-bad",values:e.errorsPerSecond}]}),l(Kl,{title:"Error rate",at:e.at,text:Rx,lines:[{label:"errors",color:"--line-bad",values:e.errorShare,isFilled:!0}]}),l(Kl,{title:"Latency",at:e.at,text:sr,lines:[{label:"p50",color:"--line-1",values:e.p50Ms},{label:"p90",color:"--line-2",values:e.p90Ms},{label:"p99",color:"--line-3",values:e.p99Ms}]})]})}var bg=150,Dx=40;function Kl({title:e,at:t,lines:n,text:r}){let o=dt(null),s=dt(null),[i,c]=j(null),[u,f]=j(0);Re(()=>{let _=matchMedia("(prefers-color-scheme: dark)"),b=()=>f(S=>S+1);return _.addEventListener("change",b),()=>_.removeEventListener("change",b)},[]),Re(()=>{let _=o.current;if(_===null)return;let b=new rt(Zx(_,n,r,c),_g(t,n),_);s.current=b;let S=new ResizeObserver(()=>b.setSize({width:_.clientWidth,height:bg}));return S.observe(_),()=>{S.disconnect(),b.destroy(),s.current=null}},[u]),Re(()=>s.current?.setData(_g(t,n)),[t]);let m=n.map(({label:_,color:b,values:S})=>({label:_,color:b,value:r(i===null?Hm(S):S[i]??null)})),d=i===null?void 0:t[i],g=m.map(({label:_,value:b})=>`${_} ${b}`).join(", ");return l("figure",{class:"chart",children:[l("figcaption",{children:[l("h3",{children:e}),l("span",{class:"chart-time",children:d===void 0?"latest":new Date(d*1e3).toLocaleTimeString("en-GB")}),l("span",{class:"legend",children:m.map(({label:_,color:b,value:S})=>l("span",{children:[l("i",{style:{background:`var(${b})`}})," ",_," ",l("b",{children:S})]}))})]}),l("div",{ref:o,class:"plot",role:"img","aria-label":`${e} over time; latest: ${g}`})]})}function _g(e,t){return[[...e],...t.map(({values:n})=>[...n])]}function Zx(e,t,n,r){let o=getComputedStyle(e),s=u=>o.getPropertyValue(u).trim(),i={stroke:s("--faint"),grid:{stroke:s("--rule"),width:1},ticks:{show:!1}},c=`11px ${o.fontFamily}`;return{width:e.clientWidth,height:bg,legend:{show:!1},cursor:{y:!1,drag:{x:!1,y:!1},points:{size:6}},scales:{x:{time:!0},y:{range:(u,f,m)=>[0,m>0?m*1.1:1]}},axes:[{...i,font:c,size:26,grid:{show:!1},space:70,values:Mx},{...i,font:c,size:58,space:36,values:(u,f)=>f.map(m=>n(m))}],series:[{},...t.map(({label:u,color:f,values:m,isFilled:d})=>({label:u,stroke:s(f),width:1.5,spanGaps:!1,points:{show:m.filter(g=>g!==null).length<=Dx,size:4},...d===!0?{fill:`${s(f)}22`}:{}}))],hooks:{setCursor:[({cursor:u})=>r(u.idx??null)]}}}function Mx(e,t){return t.map(n=>new Date(n*1e3).toLocaleTimeString("en-GB",{hour:"2-digit",minute:"2-digit"}))}function Hn(e,t,n){let[r,o]=j({key:e,data:null,error:null}),[s,i]=j(0);Re(()=>{let f=new AbortController,m,d=async()=>{try{let _=await t(f.signal);f.signal.aborted||o({key:e,data:_,error:null})}catch(_){f.signal.aborted||o(b=>({key:e,data:b.key===e?b.data:null,error:_}))}n!==null&&!f.signal.aborted&&(m=setTimeout(g,n))},g=()=>{document.hidden?document.addEventListener("visibilitychange",g,{once:!0,signal:f.signal}):d()};return d(),()=>{f.abort(),clearTimeout(m)}},[e,n,s]);let c=mn(()=>i(f=>f+1),[]),u=r.key===e;return{data:u?r.data:null,error:u?r.error:null,reload:c}}var ql=["rules","connectors","services"],Lx={ACCESS_DENIED:"rules",UNKNOWN_SERVICE:"rules",UNKNOWN_TUNNEL:"rules",BAD_REQUEST:"rules",BODY_TOO_LARGE:"rules",URI_TOO_LONG:"rules",FIELDS_TOO_LARGE:"rules",LOOP_DETECTED:"rules",RELAY_RESTART:"connectors",NO_CONNECTOR:"connectors",OVERLOADED:"connectors",CONNECTOR_LOST:"connectors",UPSTREAM_NOT_ALLOWED:"connectors"},Fx=.01,jx=.2;function Sg(e,t){let n={rules:Gl(Ux(e),Jl("rules",t)),connectors:Gl(Vx(e),Jl("connectors",t)),services:Gl(Hx(e),Jl("services",t))},[r,{tone:o,text:s}]=ql.map(i=>[i,n[i]]).reduce((i,c)=>fi[c[1].tone]>fi[i[1].tone]?c:i);return{tone:o,hops:n,...Bx[r][o](s)}}var fi={good:0,idle:1,warn:2,bad:3};function Gl(e,t){return fi[t.tone]>fi[e.tone]?t:e}var ui=()=>({title:"All is well",detail:"Connectors are attached and their checks pass."}),Bx={rules:{good:ui,idle:()=>({title:"Nothing is open yet",detail:"This tunnel carries no traffic before its services file says who may call what."}),warn:e=>({title:"Requests are refused by the rules",detail:ro(e)}),bad:e=>({title:"Requests are refused by the rules",detail:ro(e)})},connectors:{good:ui,idle:()=>({title:"No connector has ever attached",detail:"Start one with this tunnel\'s token: culvert connect."}),warn:e=>({title:"Connectors need a look",detail:ro(e)}),bad:e=>({title:"The connectors are at fault",detail:ro(e)})},services:{good:ui,idle:ui,warn:e=>({title:"Some services need a look",detail:ro(e)}),bad:e=>({title:"The services are at fault",detail:ro(e)})}};function ro(e){return`${e}.`}function Ux({services:e,servicesConfigurationVersion:t}){return t===0?{tone:"idle",text:"No services file"}:{tone:"good",text:Wx(e.length,"service")}}function Vx({status:e,connectors:t}){switch(e){case"healthy":return{tone:"good",text:`${t.length} connectors`};case"degraded":return{tone:"warn",text:"One connector: if it goes, requests fail"};case"down":return{tone:"bad",text:"No connector is attached"};case"inactive":return{tone:"idle",text:"None yet"}}}function Hx({services:e,connectors:t}){let n=i=>t.filter(({health:c})=>c.failing.some(u=>u.service===i)).length,r=e.filter(i=>n(i)>0),o=r.filter(i=>n(i)===t.length);return o.length>0?{tone:"bad",text:`${xg(o)}: the check fails on every connector`}:r.length>0?{tone:"warn",text:`${xg(r)}: the check fails on some connectors`}:{tone:"good",text:t.reduce((i,{health:c})=>i+c.pending,0)>0?"Checks are still to come":"Checks pass"}}function Jl(e,t){let n={tone:"good",text:""};if(t===null)return n;let r=_=>_.reduce((b,S)=>b+S,0),o=t.codes.filter(({code:_})=>(Lx[_]??"services")===e),s=r(t.points.map(_=>_.errors)),i=e==="services"?Math.max(0,s-r(t.codes.map(({count:_})=>_))):0,c=r(t.points.map(_=>_.requests)),u=r(o.map(({count:_})=>_))+i,f=c===0?0:u/c;if(f<Fx)return n;let[m]=o,d=m===void 0||i>m.count?"answers of 5xx":m.code,g=`${Fn(f)} of the requests failed, mostly ${d}`;return{tone:f>=jx?"bad":"warn",text:g}}function xg(e){let t=e.slice(0,3).join(", ");return e.length>3?`${t} and ${e.length-3} more`:t}function Wx(e,t){return`${e} ${t}${e===1?"":"s"}`}var Kx=1e4,Gx=[{minutes:15,title:"15 minutes"},{minutes:60,title:"1 hour"},{minutes:360,title:"6 hours"},{minutes:1440,title:"1 day"}];function wg({tunnel:e}){let[t,n]=j(60),r=`/tunnels/${e.id}/traffic?windowMinutes=${t}`,o=Hn(r,s=>jt(r,s),Kx);return l($e,{children:[l(Yx,{tunnel:e,traffic:o.data}),l("section",{"aria-labelledby":"traffic-title",children:[l("div",{class:"section-head",children:[l("h2",{id:"traffic-title",children:"Traffic"}),l("label",{class:"inline",children:[l("span",{children:"of the last"}),l("select",{value:String(t),onInput:({currentTarget:s})=>n(Number(s.value)),children:Gx.map(s=>l("option",{value:String(s.minutes),children:s.title}))})]})]}),o.data===null&&o.error===null&&l(it,{what:"the traffic"}),o.data===null&&o.error!==null&&l(tt,{error:o.error,retry:o.reload}),o.data!==null&&l(Hs,{error:o.error}),o.data!==null&&l(Xx,{traffic:o.data})]}),l("section",{"aria-labelledby":"connectors-title",children:[l("h2",{id:"connectors-title",children:"Connectors"}),l(Qx,{connectors:e.connectors})]}),l("section",{"aria-labelledby":"health-title",children:[l("h2",{id:"health-title",children:"Health of the services"}),l(nS,{tunnel:e,traffic:o.data?.services??[]})]})]})}var Jx={rules:"Relay and its rules",connectors:"Connectors",services:"Services"},qx={good:"well",idle:"idle",warn:"needs a look",bad:"at fault"};function Yx({tunnel:e,traffic:t}){let{tone:n,title:r,detail:o,hops:s}=Sg(e,t);return l("section",{class:`verdict ${n}`,"aria-label":"State of the tunnel",children:[l("div",{role:"status",children:[l("p",{class:"verdict-title",children:r}),l("p",{children:o})]}),l("ol",{class:"hops","aria-label":"The way of a request",children:ql.map(i=>l("li",{class:s[i].tone,children:[l("span",{class:"hop-title",children:[Jx[i]," ",l("span",{class:"unseen",children:qx[s[i].tone]})]}),l("span",{class:"hop-text",children:s[i].text})]}))})]})}function Xx({traffic:e}){let t=o=>e.points.reduce((s,i)=>s+o(i),0),n=t(o=>o.requests),r=t(o=>o.errors);return n===0?l(Ye,{title:"No request in this time",children:l("p",{children:"Charts appear a few seconds after the first one."})}):l($e,{children:[l(vg,{data:Vm(e)}),l("dl",{class:"facts",children:[l("div",{children:[l("dt",{children:"Requests"}),l("dd",{children:mt(n)})]}),l("div",{children:[l("dt",{children:"Errors"}),l("dd",{children:[mt(r)," ",l("span",{class:"faint",children:Fn(r/n)})]})]}),l("div",{children:[l("dt",{children:"Cancelled by gateways"}),l("dd",{children:mt(t(o=>o.cancelled))})]}),e.codes.slice(0,4).map(({code:o,count:s})=>l("div",{children:[l("dt",{children:l("code",{children:o})}),l("dd",{children:mt(s)})]}))]})]})}function Qx({connectors:e}){return e.length===0?l(Ye,{title:"No connector is attached",children:l("p",{children:[l("code",{children:"culvert connect"}),", started with a token of this tunnel, shows up here within a second."]})}):l(nt,{caption:"Connectors",rows:e,keyOf:({id:t})=>t,columns:[{title:"Connector",cell:({id:t})=>l("code",{class:"breakable",children:t})},{title:"Version",cell:({version:t})=>l("span",{class:"breakable",children:t})},{title:"Attached for",cell:({connectedAt:t})=>l("span",{title:t,children:Us(Math.max(0,Date.now()-Date.parse(t)))})},{title:"Load",cell:t=>l(eS,{...t})},{title:"Round trip",isNumber:!0,cell:({roundTripMs:t})=>sr(t)},{title:"Checks",cell:({health:t})=>l(tS,{...t})}]})}function eS({openStreams:e,maxStreams:t}){return l("span",{class:"load",children:[l("meter",{min:0,max:Math.max(1,t),high:t*.8,value:e,"aria-hidden":"true"}),e," of ",t]})}function tS({passing:e,pending:t,failing:n}){return e+t+n.length===0?l("span",{class:"faint",children:"none"}):l("span",{class:"badges",children:[n.length>0&&l(De,{tone:"bad",children:[n.length," failing"]}),e>0&&l(De,{tone:"good",children:[e," passing"]}),t>0&&l(De,{tone:"idle",children:[t," pending"]})]})}function nS({tunnel:e,traffic:t}){if(e.services.length===0)return l(Ye,{title:"The services file names no service"});let n=e.services.map(s=>{let i=e.connectors.flatMap(({health:u})=>u.failing.filter(f=>f.service===s).map(({reason:f})=>f)),c=t.find(u=>u.service.toLowerCase()===s.toLowerCase())??null;return{service:s,failures:[...new Set(i)],failingOn:i.length,traffic:c}}),r=e.connectors.length,o=e.connectors.every(({health:s})=>s.passing===0&&s.pending>0);return l(nt,{caption:"Services",rows:n,keyOf:({service:s})=>s,columns:[{title:"Service",cell:({service:s})=>l("span",{class:"breakable",children:s})},{title:"Checks",cell:({failingOn:s,failures:i})=>r===0?l("span",{class:"faint",children:"nobody to check"}):s===0&&o?l(De,{tone:"idle",children:"pending"}):s===0?l(De,{tone:"good",children:"no failure"}):l("span",{class:"badges",children:[l(De,{tone:s===r?"bad":"warn",children:["fails on ",s," of ",r]}),l("code",{children:i.join(" ")})]})},{title:"Requests",isNumber:!0,cell:s=>mt(s.traffic?.requests??0)},{title:"Errors",isNumber:!0,cell:s=>mt(s.traffic?.errors??0)},{title:"p50",isNumber:!0,cell:s=>sr(s.traffic?.p50Ms??null)},{title:"p99",isNumber:!0,cell:s=>sr(s.traffic?.p99Ms??null)}]})}function Yl(e,t){let n=new Set(kg(e)),r=new Set(kg(t));return[...new Set([...n,...r])].filter(o=>!(n.has(o)&&r.has(o))).sort().map(o=>`${r.has(o)?"+":"-"} ${o}`)}function kg({services:e,networks:t=[]}){return[...e.flatMap(({name:n,endpoint:r,...o})=>[`service ${n} leads to ${r}`,...Eg(`service ${n}`,o)]),...t.flatMap(({hosts:n,...r})=>n.flatMap(o=>[`host ${o} may be reached`,...Eg(`host ${o}`,r)]))]}function Eg(e,t){let{configurations:n,...r}=t;return[...Xl(n).map(o=>`${e} is open to ${o}`),...Object.entries(r).map(([o,s])=>`${e} has ${o} ${JSON.stringify(s)}`)]}function Xl(e){return e.flatMap(({project:t,accessibleBy:n,paths:r})=>[n].flat().map(o=>`${t} in ${o}${r===void 0?"":`, under ${r.join(" ")}`}`))}function zg(e){return e.issues.flatMap(t=>t.code==="unrecognized_keys"?t.keys.map(n=>({path:Tg([...t.path,n]),message:"unknown key"})):[{path:Tg(t.path),message:t.message}])}function Tg(e){return e.reduce((t,n)=>typeof n=="number"?`${t}[${n}]`:t===""?String(n):`${t}.${String(n)}`,"")}var _P=Number.MAX_SAFE_INTEGER;var vP=64*1024,bP=24*1024*1024,xP=256*1024,SP=24*1024*1024,wP=32*1024*1024,rS=512*1024,kP=32*1024;var EP=256*1024,TP=32*1024*1024,zP=32*1024*1024,$P=24*1024*1024,oS=rS+65536,PP=2*oS,AP=256*1024,OP=128*1024,CP=64*1024;var NP=16*1024*1024,IP=5*6e4,$g=60*6e4;var Pg=10*6e4,Ag=60*6e4;var RP=1/8;var sS=10,iS=5,cS=2,lS=3,aS=Ft().max(1024).regex(/^\\/[!"$-~]*$/,"must be a path such as /healthz, in ASCII and without a fragment"),Og=Lt().min(1).max(3600),Cg=Lt().min(1).max(60),pi=Lt().min(1).max(10),Ng=Mn({path:aS.optional(),intervalSeconds:Og.optional(),timeoutSeconds:Cg.optional(),healthyThreshold:pi.optional(),unhealthyThreshold:pi.optional()}),ZP=Fd({service:Ft().min(1).max(64),target:Ft().min(1).max(2048),path:Ft().max(4096).nullable().default(null),intervalSeconds:Og.default(sS),timeoutSeconds:Cg.default(iS),healthyThreshold:pi.default(cS),unhealthyThreshold:pi.default(lS)});var uS=/^https?:\\/\\/[^\\s/?#@\\\\]+(?:\\/[^\\s?#\\\\]*)?$/i,fS=/^(\\*\\.)?([a-z0-9._-]+|\\[[0-9a-f:.]+\\])(?::([0-9]{1,5}))?$/i,pS=/^\\d+\\.\\d+\\.\\d+\\.\\d+$/,dS=[80,443];function Ql(e){let t=uS.test(e)?URL.parse(e):null;return t===null?null:{origin:t.origin,pathPrefix:t.pathname.replace(/\\/+$/,"")}}function Ig(e){let[,t,n,r]=fS.exec(e)??[],o=n===void 0?void 0:URL.parse(`http://${n}`)?.hostname;if(o===void 0||o.endsWith("."))return null;let s=t!==void 0;if(s&&(o.startsWith("[")||pS.test(o)))return null;if(r===void 0)return{wildcard:s,host:o,ports:dS};let i=Number(r);return i>=1&&i<=65535?{wildcard:s,host:o,ports:[i]}:null}var UP=256*1024;var ea=1e3,ta=100,Dg=Ft().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/,"must be a project\'s name: letters, digits and . _ / -"),na=Ft().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/,"must be an environment\'s name: letters, digits and . _ / -"),VP=Mn({project:Dg,environment:na}),mS=/^\\/(?:(?!\\.{1,2}(?:\\/|$))[A-Za-z0-9._~!$&\'()*+,=:@-]+(?:\\/|$))*$/,hS=Ft().max(1024).regex(mS,"must be a path such as /v1/charges, without encoding, query and dot or empty segments"),gS=Mn({project:Dg,accessibleBy:Ns([na,En(na).max(ta)],{error:"must be an environment\'s name or a list of them, such as production, preview, working-copy"}),paths:En(hS).min(1).max(ta).optional()}),Zg={configurations:En(gS).max(ta),connectTimeoutMs:Lt().min(1).max(Pg).optional(),responseTimeoutMs:Lt().min(1).max(Ag).optional(),stallTimeoutMs:Lt().min(1).max($g).optional(),maxBodyBytes:Lt().min(0).optional(),connectorWaitMs:Lt().min(0).max(3e4).optional(),via:Fc().optional(),retry:Fc().optional()},yS=/^(?:[0-9]+|0x[0-9a-f]*|xn--.*)$/i,_S=Mn({name:Ft().regex(/^[a-zA-Z0-9-]{3,24}$/,"must be 3 to 24 letters, digits and hyphens").refine(e=>!yS.test(e),"must not be a number or start with xn--"),endpoint:Ft().max(2048).refine(e=>Ql(e)!==null,"must be an http or https URL without credentials, query and fragment").refine(e=>(Ql(e)?.pathPrefix.length??0)<=2048,`must have a path of at most ${2048} characters, encoded ones counted as three`),healthCheck:Ns([jc(!1),Ng]).optional(),...Zg}),vS=Mn({hosts:En(Ft().max(260).refine(e=>Ig(e)!==null,"must be host, host:port or *.domain:port")).min(1).max(ea),...Zg}),Mg=Mn({version:jc(1),services:En(_S).max(ea),networks:En(vS).max(ea).optional()}).superRefine(({services:e},t)=>{let n=new Map;for(let[r,{name:o}]of e.entries()){let s=n.get(o.toLowerCase());if(s===void 0)n.set(o.toLowerCase(),r);else{let i=`has the name of services[${s}]; case does not tell names apart`;t.addIssue({code:"custom",path:["services",r,"name"],message:i})}}});function Lg(e){let t;try{t=JSON.parse(e)}catch(r){return{problems:[{path:"",message:`is not JSON: ${r instanceof Error?r.message:""}`}]}}let n=Mg.safeParse(t);return n.success?{file:n.data}:{problems:zg(n.error)}}function oo(e){return`${JSON.stringify(e,null,2)}\n`}function Fg({tunnelId:e,onSaved:t}){let n=`/tunnels/${e}/services-configuration`,r=async d=>{let{body:g,etag:_}=await qe("GET",n,d===void 0?{}:{signal:d});return{file:g,etag:_??""}},{data:o,error:s,reload:i}=Hn(n,r,null),[c,u]=j(!1),f=hn();if(o===null)return s===null?l(it,{what:"the services file"}):l(tt,{error:s,retry:i});let m=()=>{u(!0),i(),t()};return l($e,{children:[l("section",{"aria-labelledby":"access-title",children:[l("h2",{id:"access-title",children:"Who may call what"}),l(bS,{file:o.file})]}),l("section",{"aria-labelledby":"file-title",children:[l("div",{class:"section-head",children:[l("h2",{id:"file-title",children:"Services file"}),l("p",{role:"status",class:"saved",children:c&&"Saved. It holds from the next request on."})]}),f?l(xS,{path:n,stored:o,load:r,onEdit:()=>u(!1),onSaved:m},o.etag):l("pre",{class:"file",tabIndex:0,"aria-label":"Services file",children:oo(o.file)})]})]})}function bS({file:e}){let t=[...e.services.map(n=>({name:n.name,leadsTo:n.endpoint,rule:n})),...(e.networks??[]).map(n=>({name:"network",leadsTo:n.hosts.join(", "),rule:n}))];return t.length===0?l(Ye,{title:"Nothing is open",children:l("p",{children:"What no rule allows is denied: without a services file this tunnel carries no traffic."})}):l(nt,{caption:"Services and who may call them",rows:t,keyOf:({name:n,leadsTo:r})=>`${n} ${r}`,columns:[{title:"Service",cell:({name:n})=>l("b",{children:n})},{title:"Leads to",cell:({leadsTo:n})=>l("code",{class:"breakable",children:n})},{title:"Open to",cell:({rule:n})=>{let r=Xl(n.configurations);return r.length===0?l("span",{class:"faint",children:"nobody"}):l("ul",{class:"plain",children:r.map(o=>l("li",{children:o}))})}}]})}function xS({path:e,stored:t,load:n,onEdit:r,onSaved:o}){let[s,i]=j(t),[c,u]=j(oo(t.file)),[f,m]=j(!1),[d,g]=j(null),_=Lg(c),b="file"in _?Yl(s.file,_.file):[],S=async()=>{if("file"in _){try{await qe("PUT",e,{body:_.file,ifMatch:s.etag})}catch(O){if(!(O instanceof $t)||O.code!=="PRECONDITION_FAILED")throw O;g(await n()),m(!1);return}m(!1),o()}},T=(O,$)=>{i(O),u($),g(null)};return l("div",{class:"editor",children:[d!==null&&l(ES,{base:s,theirs:d,takeTheirs:()=>T(d,oo(d.file)),keepMine:()=>T(d,c)}),l("textarea",{"aria-label":"Services file as JSON","aria-describedby":"file-state",spellcheck:!1,rows:Math.min(30,Math.max(12,c.split(`\n`).length+1)),value:c,onInput:({currentTarget:O})=>{u(O.value),r()}}),l("div",{id:"file-state",role:"status",children:"problems"in _?l(kS,{problems:_.problems}):l("p",{class:"help",children:SS(b.length)})}),l("div",{class:"actions",children:[l("button",{type:"button",disabled:c===oo(s.file),onClick:()=>T(s,oo(s.file)),children:"Discard"}),l("button",{type:"button",class:"primary",disabled:b.length===0||d!==null,onClick:()=>m(!0),children:"Review changes"})]}),f&&l(Bt,{title:"Save these changes?",action:"Save",act:S,onClose:()=>m(!1),children:[l(jg,{lines:b}),l("p",{class:"help",children:"They hold from the next request on."})]})]})}function SS(e){return e===0?"Valid. Nothing is changed.":`Valid. ${e} change${e===1?"":"s"} to review.`}var wS=10;function kS({problems:e}){return l("div",{class:"note bad",children:[l("p",{children:[e.length===1?"One thing is":`${e.length} things are`," wrong with this file:"]}),l("ul",{children:e.slice(0,wS).map(({path:t,message:n})=>l("li",{children:[l("code",{children:t===""?"the file":t})," ",n]}))})]})}function jg({lines:e}){return l("ul",{class:"difference","aria-label":"Changes",children:e.map(t=>l("li",{class:t.startsWith("+")?"added":"removed",children:[l("span",{class:"unseen",children:t.startsWith("+")?"added:":"removed:"}),t.slice(2)]}))})}function ES({base:e,theirs:t,takeTheirs:n,keepMine:r}){let o=Yl(e.file,t.file);return l("div",{class:"note warn",role:"alert",children:[l("p",{children:"Somebody else saved this file in the meantime. Yours is not saved. This is what they changed:"}),o.length===0?l("p",{children:"Nothing that opens or closes anything."}):l(jg,{lines:o}),l("div",{class:"actions",children:[l("button",{type:"button",onClick:n,children:"Take theirs"}),l("button",{type:"button",onClick:r,children:"Keep my text and compare with theirs"})]})]})}var TS=[{seconds:3600,title:"for one hour"},{seconds:86400,title:"for one day"},{seconds:604800,title:"for a week"},{seconds:0,title:"not at all: end them and their connections now"}];function Bg({tunnel:e,onChange:t}){let[n,r]=j(!1),[o,s]=j(null),i=hn();return l("section",{"aria-labelledby":"tokens-title",children:[l("div",{class:"section-head",children:[l("h2",{id:"tokens-title",children:"Tokens of the connectors"}),i&&l("button",{type:"button",class:"primary",onClick:()=>r(!0),children:"Rotate"})]}),l(nt,{caption:"Tokens",rows:e.tokens,keyOf:({kid:c})=>c,columns:[{title:"Token",cell:({kid:c})=>l("code",{children:c})},{title:"Created",cell:({createdAt:c})=>l(en,{at:c})},{title:"Ends",cell:({expiresAt:c})=>c===null?l("span",{class:"faint",children:"when revoked"}):l(De,{tone:"warn",children:l(en,{at:c})})},{title:"Last connected",cell:({lastUsedAt:c})=>c===null?l("span",{class:"faint",children:"never"}):l(en,{at:c})},{title:"Connectors",isNumber:!0,cell:({connectors:c})=>c},...i?[{title:"",cell:c=>l("button",{type:"button",class:"small danger","aria-label":`Revoke ${c.kid}`,onClick:()=>s(c),children:"Revoke"})}]:[]]}),n&&l(zS,{tunnel:e,onClose:()=>{r(!1),t()}}),o!==null&&l(Bt,{title:"Revoke this token?",action:"Revoke",danger:!0,onClose:()=>s(null),act:async()=>{await qe("DELETE",`/tunnels/${e.id}/tokens/${o.kid}`),s(null),t()},children:l("p",{children:[l("code",{children:o.kid})," holds no longer, and"," ",o.connectors===0?"no connector is attached with it.":`the connections of ${o.connectors} connector${o.connectors===1?"":"s"} are cut within a second.`]})})]})}function zS({tunnel:e,onClose:t}){let[n,r]=j(3600),[o,s]=j(null);return o!==null?l(Wr,{title:"The new token",secret:o.token,what:"the token",onClose:t,children:l("p",{children:["Its id is ",l("code",{children:o.kid}),". Give it to the connectors as ",l("code",{children:"TUNNEL_TOKEN"}),n>0?" before the older ones end.":": the older ones have ended."]})}):l(Bt,{title:"Rotate the token",action:"Make a new token",danger:n===0,onClose:t,act:async()=>{let{body:i}=await qe("POST",`/tunnels/${e.id}/tokens`,{body:{overlapSeconds:n}});s(i)},children:[l("label",{for:"overlap",children:"The older tokens still hold"}),l("select",{id:"overlap",value:String(n),onInput:({currentTarget:i})=>r(Number(i.value)),children:TS.map(({seconds:i,title:c})=>l("option",{value:String(i),children:c}))})]})}var di={healthy:"good",degraded:"warn",down:"bad",inactive:"idle"};var $S=5e3,PS={overview:"Overview",live:"Live requests",services:"Services and access",tokens:"Tokens"};function Ug({tunnelId:e,view:t}){let n=`/tunnels/${encodeURIComponent(e)}`,r=Hn(n,m=>jt(n,m),$S),[o,s]=j(!1),i=hn(),{data:c,error:u,reload:f}=r;return u instanceof $t&&u.code==="NOT_FOUND"?l($e,{children:[l(bt,{title:"No such tunnel"}),l(Ye,{title:"There is no tunnel of this id",children:l("p",{children:["It may have been deleted. ",l(jn,{to:{page:"tunnels"},children:"To the tunnels"})]})})]}):c===null?l($e,{children:[l(bt,{title:"Tunnel"}),u===null?l(it,{what:"the tunnel"}):l(tt,{error:u,retry:f})]}):l($e,{children:[l(bt,{title:c.name,children:[l(De,{tone:di[c.status],children:c.status}),l("span",{class:"id",children:[l("code",{children:c.id}),l(Hr,{text:c.id,what:"the tunnel\'s id"})]}),i&&l("button",{type:"button",class:"small danger push",onClick:()=>s(!0),children:"Delete"})]}),l("nav",{class:"tabs","aria-label":"Views of this tunnel",children:al.map(m=>l(jn,{to:{page:"tunnel",tunnelId:e,view:m},current:m===t,children:PS[m]}))}),l(Hs,{error:u}),l(AS,{view:t,tunnel:c,reload:f}),o&&l(OS,{tunnel:c,onClose:()=>s(!1)})]})}function AS({view:e,tunnel:t,reload:n}){switch(e){case"overview":return l(wg,{tunnel:t});case"live":return l(Um,{tunnel:t},t.id);case"services":return l(Fg,{tunnelId:t.id,onSaved:n},t.id);case"tokens":return l(Bg,{tunnel:t,onChange:n})}}function OS({tunnel:e,onClose:t}){let[n,r]=j("");return l(Bt,{title:`Delete ${e.name}?`,action:"Delete the tunnel",danger:!0,disabled:n!==e.name,onClose:t,act:async()=>{await qe("DELETE",`/tunnels/${e.id}`),Mo({page:"tunnels"})},children:[l("p",{children:["Its tokens and its services file go too, and its ",e.connectors.length," connectors are cut. This cannot be undone."]}),l("label",{for:"confirm-name",children:["Type ",l("strong",{children:e.name})," to confirm"]}),l("input",{id:"confirm-name",value:n,autocomplete:"off",onInput:({currentTarget:o})=>r(o.value)})]})}var CS=3e4,NS=6;function Vg(){let e=Bn("/tunnels"),[t,n]=j(!1),r=hn();return l($e,{children:[l(bt,{title:"Tunnels",children:r&&l("button",{type:"button",class:"primary",onClick:()=>n(!0),children:"Create a tunnel"})}),e.error!==null&&l(tt,{error:e.error,retry:e.reload}),e.items===null&&e.error===null&&l(it,{what:"the tunnels"}),e.items!==null&&l(IS,{tunnels:e.items}),e.hasMore&&l("button",{type:"button",onClick:e.loadMore,children:"Show more"}),t&&l(ZS,{onClose:()=>n(!1)})]})}function IS({tunnels:e}){let t=Hn(e.map(({id:r})=>r).join(),r=>DS(e,r),CS).data;if(e.length===0)return l(Ye,{title:"There is no tunnel yet",children:l("p",{children:"A tunnel leads from your gateways to one private network. Create one to get a connector\'s token."})});let n=r=>t?.get(r)??null;return l(nt,{caption:"Tunnels",rows:e,keyOf:({id:r})=>r,columns:[{title:"Name",cell:({id:r,name:o})=>l("div",{class:"stacked",children:[l(jn,{to:{page:"tunnel",tunnelId:r,view:"overview"},children:o}),l("code",{class:"faint",children:r})]})},{title:"Status",cell:({id:r})=>l(RS,{details:n(r)})},{title:"Connectors",isNumber:!0,cell:({id:r})=>n(r)?.connectors.length??"\\u2013"},{title:"Services",isNumber:!0,cell:({id:r})=>n(r)?.services.length??"\\u2013"},{title:"Created",cell:({createdAt:r})=>l(en,{at:r})}]})}function RS({details:e}){return e===null?l("span",{class:"faint",children:"\\u2026"}):l(De,{tone:di[e.status],children:e.status})}async function DS(e,t){let n=new Map,r=[...e],o=async()=>{for(let s=r.shift();s!==void 0;s=r.shift()){let i=await jt(`/tunnels/${s.id}`,t).catch(()=>null);i!==null&&n.set(s.id,i)}};return await Promise.all(Array.from({length:NS},o)),n}function ZS({onClose:e}){let[t,n]=j(""),[r,o]=j(null);return r!==null?l(Wr,{title:`The token of ${r.name}`,secret:r.token,what:"the token",onClose:()=>Mo({page:"tunnel",tunnelId:r.id,view:"overview"}),children:l("p",{children:["Give it to a connector as ",l("code",{children:"TUNNEL_TOKEN"}),", together with ",l("code",{children:"TUNNEL_ALLOW"}),", and start ",l("code",{children:"culvert connect"}),"."]})}):l(Bt,{title:"Create a tunnel",action:"Create",disabled:t.trim()==="",onClose:e,act:async()=>{let{body:s}=await qe("POST","/tunnels",{body:{name:t.trim()}});o(s)},children:[l("label",{for:"tunnel-name",children:"Name"}),l("input",{id:"tunnel-name",value:t,maxlength:64,autocomplete:"off",required:!0,onInput:({currentTarget:s})=>n(s.value)}),l("p",{class:"help",children:"For people: letters, digits, spaces and . _ -"})]})}function Hg(){let[e,t]=j({state:"asking"});Re(()=>{zm(()=>t({state:"out",why:"The session is over. Please sign in again."})),jt("/session").then(({session:r})=>t(r===null?{state:"out",why:""}:{state:"in",session:r}),r=>t({state:"out",why:Ro(r)}))},[]);let n=async()=>{await qe("DELETE","/session").catch(()=>{}),t({state:"out",why:"You are signed out."})};switch(e.state){case"asking":return l(it,{what:"the dashboard"});case"out":return l(Mm,{why:e.why,onSignedIn:r=>t({state:"in",session:r})});case"in":return l(LS,{session:e.session,signOut:()=>{n()}})}}var MS=[{route:{page:"tunnels"},title:"Tunnels"},{route:{page:"log-destinations"},title:"Log destinations"},{route:{page:"keys"},title:"Keys"},{route:{page:"audit-log"},title:"Audit log"}];function LS({session:e,signOut:t}){let n=Cm(),r=Zo(n),o=dt(null),s=dt(!0);Re(()=>{s.current||o.current?.querySelector("h1")?.focus(),s.current=!1,scrollTo(0,0)},[r]);let i=n.page==="tunnel"?"tunnels":n.page;return l(fl.Provider,{value:e,children:[l("a",{class:"skip",href:"#main",children:"Skip to the content"}),l("header",{class:"top",children:l("div",{class:"inner",children:[l("span",{class:"brand",children:[l(Ks,{})," Culvert"]}),l("nav",{"aria-label":"Pages",children:MS.map(c=>l(jn,{to:c.route,current:c.route.page===i,children:c.title}))}),l("div",{class:"who",children:[l("span",{children:[l("span",{class:"role",children:e.role})," ",l("code",{children:e.actor})]}),l("button",{type:"button",class:"small",onClick:t,children:"Sign out"})]})]})}),l("main",{id:"main",ref:o,tabIndex:-1,children:l(FS,{route:n})})]})}function FS({route:e}){switch(e.page){case"tunnels":return l(Vg,{});case"tunnel":return l(Ug,{tunnelId:e.tunnelId,view:e.view});case"log-destinations":return l(Rm,{});case"keys":return l(Zm,{});case"audit-log":return l(Im,{});case"missing":return l($e,{children:[l(bt,{title:"No such page"}),l("p",{children:l(jn,{to:{page:"tunnels"},children:"To the tunnels"})})]})}}var Wg=document.getElementById("root");Wg!==null&&rl(l(Hg,{}),Wg);\n' }, { "name": "style-OENZRFFD.css", "type": "text/css; charset=utf-8", "text": '.uplot,.uplot *,.uplot *:before,.uplot *:after{box-sizing:border-box}.uplot{font-family:system-ui,-apple-system,Segoe UI,Roboto,Helvetica Neue,Arial,Noto Sans,sans-serif,"Apple Color Emoji","Segoe UI Emoji",Segoe UI Symbol,"Noto Color Emoji";line-height:1.5;width:min-content}.u-title{text-align:center;font-size:18px;font-weight:700}.u-wrap{position:relative;user-select:none}.u-over,.u-under{position:absolute}.u-under{overflow:hidden}.uplot canvas{display:block;position:relative;width:100%;height:100%}.u-axis{position:absolute}.u-legend{font-size:14px;margin:auto;text-align:center}.u-inline{display:block}.u-inline *{display:inline-block}.u-inline tr{margin-right:16px}.u-legend th{font-weight:600}.u-legend th>*{vertical-align:middle;display:inline-block}.u-legend .u-marker{width:1em;height:1em;margin-right:4px;background-clip:padding-box!important}.u-inline.u-live th:after{content:":";vertical-align:middle}.u-inline:not(.u-live) .u-value{display:none}.u-series>*{padding:4px}.u-series th{cursor:pointer}.u-legend .u-off>*{opacity:.3}.u-select{background:#00000012;position:absolute;pointer-events:none}.u-cursor-x,.u-cursor-y{position:absolute;left:0;top:0;pointer-events:none;will-change:transform}.u-hz .u-cursor-x,.u-vt .u-cursor-y{height:100%;border-right:1px dashed #607D8B}.u-hz .u-cursor-y,.u-vt .u-cursor-x{width:100%;border-bottom:1px dashed #607D8B}.u-cursor-pt{position:absolute;top:0;left:0;border-radius:50%;border:0 solid;pointer-events:none;will-change:transform;background-clip:padding-box!important}.u-axis.u-off,.u-select.u-off,.u-cursor-x.u-off,.u-cursor-y.u-off,.u-cursor-pt.u-off{display:none}:root{color-scheme:light dark;--ground: #f6f7f7;--surface: #ffffff;--sunken: #eef1f1;--text: #16211f;--faint: #566361;--rule: #dde3e2;--strong-rule: #8a9896;--accent: #0f6e74;--accent-text: #ffffff;--good: #17663b;--good-ground: #e2f3e8;--warn: #7a4d00;--warn-ground: #fdf0d2;--bad: #a3221b;--bad-ground: #fde8e6;--idle: #4a5755;--idle-ground: #e8ecec;--line-1: #0f7f86;--line-2: #b07400;--line-3: #8f3f97;--line-bad: #c53a31;--part-relay: #5b6e9c;--part-tunnel: #0f7f86;--part-upstream: #c98a17;--part-body: #9a6aa8;--shadow: 0 1px 2px rgb(20 40 40 / 6%), 0 4px 16px rgb(20 40 40 / 5%);--mono: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace}@media(prefers-color-scheme:dark){:root{--ground: #0f1716;--surface: #172120;--sunken: #1e2a29;--text: #e6edec;--faint: #9fb0ad;--rule: #2a3836;--strong-rule: #6c7f7c;--accent: #5cc3c8;--accent-text: #06201f;--good: #7fd6a2;--good-ground: #16341f;--warn: #f1c468;--warn-ground: #3a2c0b;--bad: #ff9d94;--bad-ground: #43191a;--idle: #b3c1bf;--idle-ground: #26322f;--line-1: #4fc1c7;--line-2: #e5b04a;--line-3: #d08ad8;--line-bad: #ff7e73;--part-relay: #8fa3d8;--part-tunnel: #4fc1c7;--part-upstream: #e5b04a;--part-body: #c592d2;--shadow: none}}*{box-sizing:border-box}html{background:var(--ground);color:var(--text);font:15px/1.5 system-ui,-apple-system,Segoe UI,Roboto,Noto Sans,sans-serif}body,h1,h2,h3,p{margin:0}h1{font-size:1.6rem;font-weight:650;letter-spacing:-.015em;line-height:1.25;overflow-wrap:anywhere}h1:focus{outline:none}h2{font-size:1.06rem;font-weight:640}h3{font-size:.93rem;font-weight:620}a{color:var(--accent);text-underline-offset:.18em}code,pre,textarea,.clock{font-family:var(--mono);font-size:.86em}:focus-visible{outline:2px solid var(--accent);outline-offset:2px}.skip{position:absolute;left:.5rem;top:-4rem;background:var(--surface);padding:.5rem .9rem;border-radius:0 0 8px 8px;z-index:2}.skip:focus{top:0}.top{background:var(--surface);border-bottom:1px solid var(--rule)}.top .inner,main{max-width:75rem;margin:0 auto;padding:0 1.5rem}.top .inner{display:flex;align-items:center;gap:.4rem 2rem;min-height:3.5rem;flex-wrap:wrap}.brand{display:inline-flex;align-items:center;gap:.55rem;font-weight:680;letter-spacing:-.01em}.mark rect{fill:#0f6e74}.mark path{fill:#fff}.top nav{display:flex;gap:.25rem;flex:1;flex-wrap:wrap}.top nav a,.tabs a{color:var(--faint);text-decoration:none;padding:.4rem .7rem;border-radius:7px}.top nav a:hover,.tabs a:hover{color:var(--text);background:var(--sunken)}.top nav a[aria-current]{color:var(--text);background:var(--sunken);font-weight:600}.who{display:flex;align-items:center;gap:.8rem;color:var(--faint);font-size:.9rem}.role{text-transform:capitalize}main{padding-top:1.8rem;padding-bottom:4rem}main:focus{outline:none}.page-title{display:flex;align-items:center;gap:.6rem .9rem;flex-wrap:wrap;margin-bottom:1.2rem}.page-title>button:last-child{margin-left:auto}.id{display:inline-flex;align-items:center;gap:.4rem;color:var(--faint)}.tabs{display:flex;gap:.25rem;border-bottom:1px solid var(--rule);margin-bottom:1.5rem;overflow-x:auto}.tabs a{border-radius:7px 7px 0 0;white-space:nowrap}.tabs a:focus-visible{outline-offset:-2px}.tabs a[aria-current]{color:var(--text);font-weight:600;box-shadow:inset 0 -2px 0 var(--accent)}section{margin-bottom:2.2rem}section>h2,.section-head{margin-bottom:.7rem}.section-head{display:flex;align-items:center;justify-content:space-between;gap:1rem;flex-wrap:wrap}.lead{color:var(--faint);margin-bottom:1rem;max-width:45rem}.faint{color:var(--faint)}.help{color:var(--faint);font-size:.9rem;margin-top:.4rem}.breakable{overflow-wrap:anywhere}.stacked{display:flex;flex-direction:column;align-items:flex-start}.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}ul.plain{list-style:none;margin:0;padding:0}button{font:inherit;color:var(--text);background:var(--surface);border:1px solid var(--strong-rule);border-radius:8px;padding:.42rem .95rem;cursor:pointer}button:hover:not(:disabled){background:var(--sunken)}button:disabled{opacity:.55;cursor:default}button.primary{background:var(--accent);border-color:var(--accent);color:var(--accent-text);font-weight:600}button.primary:hover:not(:disabled){background:color-mix(in srgb,var(--accent) 88%,var(--text))}button.danger{color:var(--bad);border-color:var(--bad)}button.small{font-size:.87rem;padding:.16rem .65rem}button.quiet{border-color:transparent;background:none;padding:.2rem .5rem}button.link{border:0;background:none;padding:.1rem 0;border-radius:3px;color:var(--accent);text-align:left}button.link:hover{text-decoration:underline}button[aria-pressed=true]{background:var(--warn-ground);border-color:var(--warn);color:var(--warn)}label{display:block;font-weight:600;font-size:.92rem;margin:.9rem 0 .3rem}label.inline{display:inline-flex;align-items:center;gap:.5rem;margin:0;font-weight:400;color:var(--faint)}input,select,textarea{font:inherit;color:var(--text);background:var(--surface);border:1px solid var(--strong-rule);border-radius:8px;padding:.42rem .6rem;max-width:100%}label.inline select{padding:.2rem .4rem}textarea{font-family:var(--mono);font-size:.86rem;line-height:1.55;width:100%;tab-size:2;resize:vertical}form input:not([type=checkbox]),dialog select{width:100%}::placeholder{color:var(--faint);opacity:1}.actions{display:flex;gap:.6rem;justify-content:flex-end;margin-top:1.2rem;flex-wrap:wrap}.note .actions{justify-content:flex-start;margin-top:.7rem}.badge{display:inline-block;border-radius:99px;padding:.06rem .62rem;font-size:.84rem;font-weight:600;white-space:nowrap}.badges{display:inline-flex;flex-wrap:wrap;gap:.3rem .5rem;align-items:center}.badge.good{color:var(--good);background:var(--good-ground)}.badge.warn{color:var(--warn);background:var(--warn-ground)}.badge.bad{color:var(--bad);background:var(--bad-ground)}.badge.idle{color:var(--idle);background:var(--idle-ground)}.note{border-radius:9px;padding:.7rem 1rem;margin:0 0 1rem;background:var(--idle-ground);overflow-wrap:anywhere}.note ul{margin:.4rem 0 0;padding-left:1.2rem}.note.bad{background:var(--bad-ground);color:var(--bad)}.note.warn{background:var(--warn-ground);color:var(--warn)}.note>button{margin-top:.6rem}.loading{color:var(--faint);padding:1.5rem 0}.empty{border:1px dashed var(--strong-rule);border-radius:12px;padding:2rem 1.5rem;text-align:center;color:var(--faint)}.empty-title{color:var(--text);font-weight:600}.verdict{border:1px solid var(--rule);border-left:5px solid var(--idle);border-radius:12px;background:var(--surface);box-shadow:var(--shadow);padding:1.1rem 1.3rem;display:grid;gap:1rem}.verdict-title{font-size:1.15rem;font-weight:650}.verdict.good{border-left-color:var(--good)}.verdict.warn{border-left-color:var(--warn)}.verdict.bad{border-left-color:var(--bad)}.hops{list-style:none;margin:0;padding:0;display:grid;grid-template-columns:repeat(3,1fr);gap:.5rem 1.2rem}.hops li{border-top:3px solid var(--idle);padding-top:.45rem;display:flex;flex-direction:column}.hops li.good{border-top-color:var(--good)}.hops li.warn{border-top-color:var(--warn)}.hops li.bad{border-top-color:var(--bad)}.hop-title{font-weight:600}.hop-text{color:var(--faint);font-size:.92rem;overflow-wrap:anywhere}table{width:100%;border-collapse:separate;border-spacing:0;background:var(--surface);border:1px solid var(--rule);border-radius:12px;box-shadow:var(--shadow);overflow:hidden}th{text-align:left;font-size:.82rem;font-weight:600;color:var(--faint);background:var(--sunken)}th,td{padding:.55rem .9rem;vertical-align:middle}td{border-top:1px solid var(--rule)}.number{text-align:right;font-variant-numeric:tabular-nums}td:last-child>button.danger{float:right}.load{display:inline-flex;align-items:center;gap:.5rem;white-space:nowrap}meter{width:4.5rem;height:.7rem}.clock{white-space:nowrap;color:var(--faint)}main>button{margin-top:1rem}.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(20rem,1fr));gap:1rem}.chart{margin:0;background:var(--surface);border:1px solid var(--rule);border-radius:12px;box-shadow:var(--shadow);padding:.8rem 1rem .5rem;min-width:0}.chart figcaption{display:flex;flex-wrap:wrap;gap:0 .6rem;align-items:baseline}.chart-time{color:var(--faint);font-size:.82rem;margin-left:auto}.legend{flex-basis:100%;display:flex;gap:.1rem 1rem;flex-wrap:wrap;color:var(--faint);font-size:.86rem}.legend b{color:var(--text);font-weight:600;font-variant-numeric:tabular-nums}.legend i,.time-parts i{display:inline-block;width:.65rem;height:.65rem;border-radius:3px}.plot{height:150px;margin-top:.4rem;overflow:hidden}.facts{display:flex;flex-wrap:wrap;gap:.6rem 2.4rem;margin:1.1rem 0 0}.facts dt{color:var(--faint);font-size:.86rem}.facts dd{margin:0;font-size:1.15rem;font-weight:600;font-variant-numeric:tabular-nums}.facts dd .faint{font-size:.86rem;font-weight:400}.filters{display:flex;flex-wrap:wrap;gap:.7rem;align-items:flex-end;margin-bottom:1rem}.filters label{margin:0;display:flex;flex-direction:column;gap:.25rem;font-weight:400;color:var(--faint);font-size:.86rem}.filters .grow{flex:1;min-width:11rem}.live-bar{display:flex;align-items:center;gap:.7rem;margin-bottom:.8rem;flex-wrap:wrap}.feed{display:inline-flex;align-items:center;gap:.5rem;font-weight:600;margin-right:auto}.feed:before{content:"";width:.6rem;height:.6rem;border-radius:50%;background:var(--warn)}.feed.live:before{background:var(--good)}.time-bar{display:flex;width:100%;min-width:6rem;height:.6rem;border-radius:4px;overflow:hidden;background:var(--sunken)}dialog .time-bar{height:1.1rem;margin:.5rem 0 .9rem}.part-relay{background:var(--part-relay)}.part-tunnel{background:var(--part-tunnel)}.part-upstream{background:var(--part-upstream)}.part-body{background:var(--part-body)}.time-parts,.fields{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.8rem 1.2rem;margin:0 0 1.3rem}.fields{border-top:1px solid var(--rule);padding-top:1.1rem;grid-template-columns:repeat(auto-fit,minmax(12rem,1fr))}.time-parts dt,.fields dt{color:var(--faint);font-size:.86rem}.time-parts dd,.fields dd{margin:0}.time-parts dd:last-child{font-size:.82rem;line-height:1.35}dialog{color:var(--text);background:var(--surface);border:1px solid var(--rule);border-radius:14px;padding:1.3rem 1.5rem 1.4rem;width:min(32rem,calc(100vw - 2rem));max-height:calc(100vh - 3rem);box-shadow:0 12px 48px #00000040}dialog.wide{width:min(50rem,calc(100vw - 2rem))}dialog::backdrop{background:#0812127f}dialog p+p,dialog p+h3{margin-top:.8rem}.dialog-head{display:flex;justify-content:space-between;align-items:flex-start;gap:1rem;margin-bottom:.8rem}.dialog-head h2{font-size:1.15rem;overflow-wrap:anywhere}.secret{display:flex;gap:.7rem;align-items:flex-start;background:var(--sunken);border-radius:9px;padding:.7rem .9rem;margin:.9rem 0}.secret code{flex:1;overflow-wrap:anywhere;user-select:all}.difference{list-style:none;margin:.6rem 0 0;padding:0;max-height:20rem;overflow-y:auto;border-radius:9px}.difference li{font-family:var(--mono);font-size:.84rem;padding:.25rem .8rem .25rem 1.8rem;position:relative;overflow-wrap:anywhere}.difference li:before{position:absolute;left:.8rem;content:"+"}.difference .added{background:var(--good-ground);color:var(--good)}.difference .removed{background:var(--bad-ground);color:var(--bad)}.difference .removed:before{content:"\\2212"}pre.file{background:var(--surface);border:1px solid var(--rule);border-radius:12px;padding:1rem;overflow:auto;margin:0}.saved{color:var(--good);font-weight:600}.sign-in{min-height:100vh;display:grid;place-items:center;padding-block:2rem}.sign-in form{width:min(26rem,100%);background:var(--surface);border:1px solid var(--rule);border-radius:16px;box-shadow:var(--shadow);padding:2rem}.sign-in h1{display:flex;align-items:center;gap:.6rem;margin-bottom:1.2rem}.sign-in .mark{width:32px;height:32px}.sign-in .note{margin-top:1rem}.sign-in button{width:100%;margin-top:1.2rem;padding-block:.6rem}@media(max-width:46rem){.top .inner,main{padding-inline:1rem}.top .inner{padding-block:.6rem}.top nav{order:3;flex-basis:100%;flex-wrap:nowrap;overflow-x:auto}.top nav a{white-space:nowrap}.who{margin-left:auto}.who code{display:none}.hops,.charts{grid-template-columns:1fr}table,tbody,tr,td{display:block}thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}table{background:none;border:0;border-radius:0;box-shadow:none;overflow:visible}tr{background:var(--surface);border:1px solid var(--rule);border-radius:12px;padding:.5rem 1rem;margin-bottom:.7rem}td{border:0;padding:.3rem 0;display:grid;grid-template-columns:7.5rem minmax(0,1fr);gap:.6rem;align-items:baseline;text-align:left}td:before{content:attr(data-title);color:var(--faint);font-size:.86rem}td.number{text-align:left}td>*{justify-self:start}td>.time-bar{justify-self:stretch;align-self:center}td:last-child>button.danger{float:none}.facts{gap:.6rem 1.6rem}}@media(prefers-reduced-motion:no-preference){.feed.live:before{animation:breathe 2.4s ease-in-out infinite}}@keyframes breathe{50%{opacity:.35}}\n' }];

// worker/dashboard/page.ts
var ASSETS_PATH = "/dashboard/assets/";
var POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'"
].join("; ");
var EVERYWHERE = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin"
};
var PAGE_HEADERS = {
  ...EVERYWHERE,
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": POLICY,
  "x-frame-options": "DENY",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store"
};
var ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0f6e74"/><path d="M6 25V18a10 10 0 0 1 20 0v7h-5v-7a5 5 0 0 0-10 0v7z" fill="#fff"/></svg>`;
var PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Culvert</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(ICON)}">
<link rel="stylesheet" href="${ASSETS_PATH}${STYLE}">
<script type="module" src="${ASSETS_PATH}${SCRIPT}"></script>
</head>
<body>
<div id="root"></div>
<noscript>The dashboard needs JavaScript. The culvert command and the API at /v1 do without.</noscript>
</body>
</html>
`;
function dashboardPage() {
  return new Response(PAGE, { headers: PAGE_HEADERS });
}
function dashboardAsset(request, name) {
  const asset = ASSETS.find((candidate) => candidate.name === name);
  if (asset === void 0) throw new ApiError("NOT_FOUND");
  const etag = `"${asset.name}"`;
  const headers = {
    ...EVERYWHERE,
    "content-type": asset.type,
    "cache-control": "public, max-age=31536000, immutable",
    etag
  };
  return request.headers.get("if-none-match") === etag ? new Response(null, { status: 304, headers }) : new Response(asset.text, { headers });
}
function frontDoor(request) {
  if (request.headers.get("accept")?.includes("text/html") !== true) throw new ApiError("NOT_FOUND");
  return new Response(null, { status: 302, headers: { ...EVERYWHERE, location: "/dashboard" } });
}

// node_modules/zod/v4/core/util.js
var util_exports = {};
__export(util_exports, {
  BIGINT_FORMAT_RANGES: () => BIGINT_FORMAT_RANGES,
  CONSTANT_CATCH: () => CONSTANT_CATCH,
  Class: () => Class,
  NUMBER_FORMAT_RANGES: () => NUMBER_FORMAT_RANGES,
  aborted: () => aborted,
  allowsEval: () => allowsEval,
  assert: () => assert,
  assertEqual: () => assertEqual,
  assertIs: () => assertIs,
  assertNever: () => assertNever,
  assertNotEqual: () => assertNotEqual,
  assignProp: () => assignProp,
  attachSchema: () => attachSchema,
  base64ToUint8Array: () => base64ToUint8Array,
  base64urlToUint8Array: () => base64urlToUint8Array,
  cached: () => cached,
  captureStackTrace: () => captureStackTrace,
  cleanEnum: () => cleanEnum,
  cleanRegex: () => cleanRegex,
  clone: () => clone,
  cloneDef: () => cloneDef,
  codePointLength: () => codePointLength,
  constantCatch: () => constantCatch,
  createTransparentProxy: () => createTransparentProxy,
  defineLazy: () => defineLazy,
  defineLazyInternal: () => defineLazyInternal,
  derived: () => derived,
  esc: () => esc,
  escapeRegex: () => escapeRegex,
  explicitlyAborted: () => explicitlyAborted,
  extend: () => extend,
  finalizeIssue: () => finalizeIssue,
  floatSafeRemainder: () => floatSafeRemainder,
  getElementAtPath: () => getElementAtPath,
  getEnumValues: () => getEnumValues,
  getLengthableOrigin: () => getLengthableOrigin,
  getParsedType: () => getParsedType,
  getSizableOrigin: () => getSizableOrigin,
  hexToUint8Array: () => hexToUint8Array,
  hide: () => hide,
  installLazyProp: () => installLazyProp,
  isObject: () => isObject,
  isPlainObject: () => isPlainObject,
  issue: () => issue,
  joinValues: () => joinValues,
  jsonStringifyReplacer: () => jsonStringifyReplacer,
  members: () => members,
  merge: () => merge,
  mergeDefs: () => mergeDefs,
  normalizeParams: () => normalizeParams,
  nullish: () => nullish,
  numKeys: () => numKeys,
  objectClone: () => objectClone,
  omit: () => omit,
  optionalKeys: () => optionalKeys,
  own: () => own,
  parsedType: () => parsedType,
  partial: () => partial,
  pick: () => pick,
  prefixIssues: () => prefixIssues,
  primitiveTypes: () => primitiveTypes,
  promiseAllObject: () => promiseAllObject,
  propertyKeyTypes: () => propertyKeyTypes,
  randomString: () => randomString,
  rawShape: () => rawShape,
  required: () => required,
  safeExtend: () => safeExtend,
  shallowClone: () => shallowClone,
  sizeCaps: () => sizeCaps,
  slugify: () => slugify,
  stringifyPrimitive: () => stringifyPrimitive,
  toZod: () => toZod,
  uint8ArrayToBase64: () => uint8ArrayToBase64,
  uint8ArrayToBase64url: () => uint8ArrayToBase64url,
  uint8ArrayToHex: () => uint8ArrayToHex,
  unwrapMessage: () => unwrapMessage
});
function assertEqual(val) {
  return val;
}
function assertNotEqual(val) {
  return val;
}
function toZod() {
  return (schema) => schema;
}
function assertIs(_arg) {
}
function assertNever(_x) {
  throw new Error("Unexpected value in exhaustive check");
}
function assert(_) {
}
function getEnumValues(entries) {
  const numericValues = Object.values(entries).filter((v) => typeof v === "number");
  const values = Object.entries(entries).filter(([k, _]) => numericValues.indexOf(+k) === -1).map(([_, v]) => v);
  return values;
}
function joinValues(array2, separator = "|") {
  return array2.map((val) => stringifyPrimitive(val)).join(separator);
}
function jsonStringifyReplacer(_, value2) {
  if (typeof value2 === "bigint")
    return value2.toString();
  return value2;
}
var Cached = class {
  constructor(getter) {
    this._getter = getter;
    this._value = void 0;
  }
  get value() {
    const getter = this._getter;
    if (getter !== void 0) {
      this._value = getter();
      this._getter = void 0;
    }
    return this._value;
  }
};
function cached(getter) {
  return new Cached(getter);
}
function nullish(input) {
  return input === null || input === void 0;
}
function cleanRegex(source) {
  const start = source.startsWith("^") ? 1 : 0;
  const end = source.endsWith("$") ? source.length - 1 : source.length;
  return source.slice(start, end);
}
function floatSafeRemainder(val, step) {
  const ratio = val / step;
  const roundedRatio = Math.round(ratio);
  const tolerance = 4 * Number.EPSILON * Math.max(Math.abs(ratio), 1);
  if (Math.abs(ratio - roundedRatio) < tolerance)
    return 0;
  return ratio - roundedRatio;
}
var EVALUATING = /* @__PURE__ */ Symbol("evaluating");
function defineLazy(object2, key, getter) {
  let value2 = void 0;
  Object.defineProperty(object2, key, {
    get() {
      if (value2 === EVALUATING) {
        return void 0;
      }
      if (value2 === void 0) {
        value2 = EVALUATING;
        value2 = getter();
      }
      return value2;
    },
    set(v) {
      Object.defineProperty(object2, key, {
        value: v
        // configurable: true,
      });
    },
    configurable: true
  });
}
function objectClone(obj) {
  return Object.create(Object.getPrototypeOf(obj), Object.getOwnPropertyDescriptors(obj));
}
function assignProp(target, prop, value2) {
  Object.defineProperty(target, prop, {
    value: value2,
    writable: true,
    enumerable: true,
    configurable: true
  });
}
function rawShape(def) {
  const desc = Object.getOwnPropertyDescriptor(def, "shape");
  return desc?.get ? desc.get.raw : desc?.value;
}
function sourceShape(schema) {
  return rawShape(schema._zod.def) ?? schema._zod.def.shape;
}
function deferProp(target, key, getter) {
  Object.defineProperty(target, key, {
    get() {
      const value2 = getter();
      assignProp(this, key, value2);
      return value2;
    },
    enumerable: true,
    configurable: true
  });
}
function putProp(target, key, value2) {
  if (key in target)
    assignProp(target, key, value2);
  else
    target[key] = value2;
}
function mirrorShape(target, source, keys, wrap) {
  const raw2 = sourceShape(source);
  for (const key of keys) {
    const desc = Object.getOwnPropertyDescriptor(raw2, key);
    if (!desc.enumerable)
      continue;
    if (desc.get) {
      deferProp(target, key, () => {
        const value2 = source._zod.def.shape[key];
        return wrap ? wrap(value2, key) : value2;
      });
    } else
      putProp(target, key, wrap ? wrap(desc.value, key) : desc.value);
  }
}
function mirrorProps(target, source) {
  for (const key of Reflect.ownKeys(source)) {
    const desc = Object.getOwnPropertyDescriptor(source, key);
    if (!desc.enumerable)
      continue;
    if (desc.get)
      deferProp(target, key, () => source[key]);
    else
      putProp(target, key, desc.value);
  }
}
function mergeDefs(...defs) {
  const mergedDescriptors = {};
  for (const def of defs) {
    const descriptors = Object.getOwnPropertyDescriptors(def);
    Object.assign(mergedDescriptors, descriptors);
  }
  return Object.defineProperties({}, mergedDescriptors);
}
function cloneDef(schema) {
  return mergeDefs(schema._zod.def);
}
function getElementAtPath(obj, path) {
  if (!path)
    return obj;
  return path.reduce((acc, key) => acc?.[key], obj);
}
function promiseAllObject(promisesObj) {
  const keys = Object.keys(promisesObj);
  const promises = keys.map((key) => promisesObj[key]);
  return Promise.all(promises).then((results) => {
    const resolvedObj = {};
    for (let i = 0; i < keys.length; i++) {
      resolvedObj[keys[i]] = results[i];
    }
    return resolvedObj;
  });
}
function randomString(length = 10) {
  const chars = "abcdefghijklmnopqrstuvwxyz";
  let str = "";
  for (let i = 0; i < length; i++) {
    str += chars[Math.floor(Math.random() * chars.length)];
  }
  return str;
}
function esc(str) {
  return JSON.stringify(str);
}
function slugify(input) {
  return input.toLowerCase().trim().replace(/[^\w\s-]/g, "").replace(/[\s_-]+/g, "-").replace(/^-+|-+$/g, "");
}
var captureStackTrace = "captureStackTrace" in Error ? Error.captureStackTrace : (..._args) => {
};
function isObject(data) {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}
var allowsEval = /* @__PURE__ */ cached(() => {
  if (globalConfig.jitless) {
    return false;
  }
  if (typeof navigator !== "undefined" && navigator?.userAgent?.includes("Cloudflare")) {
    return false;
  }
  try {
    const F = Function;
    new F("");
    return true;
  } catch (_) {
    return false;
  }
});
function isPlainObject(o) {
  if (isObject(o) === false)
    return false;
  const ctor = o.constructor;
  if (ctor === void 0)
    return true;
  if (typeof ctor !== "function")
    return true;
  const prot = ctor.prototype;
  if (isObject(prot) === false)
    return false;
  if (Object.prototype.hasOwnProperty.call(prot, "isPrototypeOf") === false) {
    return false;
  }
  return true;
}
function shallowClone(o) {
  if (isPlainObject(o))
    return { ...o };
  if (Array.isArray(o))
    return [...o];
  if (o instanceof Map)
    return new Map(o);
  if (o instanceof Set)
    return new Set(o);
  return o;
}
function numKeys(data) {
  let keyCount = 0;
  for (const key in data) {
    if (Object.prototype.hasOwnProperty.call(data, key)) {
      keyCount++;
    }
  }
  return keyCount;
}
var getParsedType = (data) => {
  const t = typeof data;
  switch (t) {
    case "undefined":
      return "undefined";
    case "string":
      return "string";
    case "number":
      return Number.isNaN(data) ? "nan" : "number";
    case "boolean":
      return "boolean";
    case "function":
      return "function";
    case "bigint":
      return "bigint";
    case "symbol":
      return "symbol";
    case "object":
      if (Array.isArray(data)) {
        return "array";
      }
      if (data === null) {
        return "null";
      }
      if (data.then && typeof data.then === "function" && data.catch && typeof data.catch === "function") {
        return "promise";
      }
      if (typeof Map !== "undefined" && data instanceof Map) {
        return "map";
      }
      if (typeof Set !== "undefined" && data instanceof Set) {
        return "set";
      }
      if (typeof Date !== "undefined" && data instanceof Date) {
        return "date";
      }
      if (typeof File !== "undefined" && data instanceof File) {
        return "file";
      }
      return "object";
    default:
      throw new Error(`Unknown data type: ${t}`);
  }
};
var propertyKeyTypes = /* @__PURE__ */ new Set(["string", "number", "symbol"]);
var primitiveTypes = /* @__PURE__ */ new Set([
  "string",
  "number",
  "bigint",
  "boolean",
  "symbol",
  "undefined"
]);
function escapeRegex(str) {
  return str.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
function clone(inst, def, params) {
  const cl = new inst._zod.constr(def ?? inst._zod.def);
  if (!def || params?.parent)
    cl._zod.parent = inst;
  return cl;
}
function normalizeParams(_params) {
  const params = _params;
  if (!params)
    return {};
  if (typeof params === "string")
    return { error: () => params };
  if (params?.message !== void 0) {
    if (params?.error !== void 0)
      throw new Error("Cannot specify both `message` and `error` params");
    params.error = params.message;
  }
  delete params.message;
  if (typeof params.error === "string")
    return { ...params, error: () => params.error };
  return params;
}
function createTransparentProxy(getter) {
  let target;
  return new Proxy({}, {
    get(_, prop, receiver) {
      target ?? (target = getter());
      return Reflect.get(target, prop, receiver);
    },
    set(_, prop, value2, receiver) {
      target ?? (target = getter());
      return Reflect.set(target, prop, value2, receiver);
    },
    has(_, prop) {
      target ?? (target = getter());
      return Reflect.has(target, prop);
    },
    deleteProperty(_, prop) {
      target ?? (target = getter());
      return Reflect.deleteProperty(target, prop);
    },
    ownKeys(_) {
      target ?? (target = getter());
      return Reflect.ownKeys(target);
    },
    getOwnPropertyDescriptor(_, prop) {
      target ?? (target = getter());
      return Reflect.getOwnPropertyDescriptor(target, prop);
    },
    defineProperty(_, prop, descriptor) {
      target ?? (target = getter());
      return Reflect.defineProperty(target, prop, descriptor);
    }
  });
}
function stringifyPrimitive(value2) {
  if (typeof value2 === "bigint")
    return value2.toString() + "n";
  if (typeof value2 === "string")
    return `"${value2}"`;
  return `${value2}`;
}
function optionalKeys(shape) {
  return Object.keys(shape).filter((k) => {
    return shape[k]._zod.optin !== void 0 && shape[k]._zod.optout === "optional";
  });
}
var NUMBER_FORMAT_RANGES = /* @__PURE__ */ (() => ({
  safeint: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  int32: [-2147483648, 2147483647],
  uint32: [0, 4294967295],
  float32: [-34028234663852886e22, 34028234663852886e22],
  float64: [-Number.MAX_VALUE, Number.MAX_VALUE]
}))();
var BIGINT_FORMAT_RANGES = {
  int64: [/* @__PURE__ */ BigInt("-9223372036854775808"), /* @__PURE__ */ BigInt("9223372036854775807")],
  uint64: [/* @__PURE__ */ BigInt(0), /* @__PURE__ */ BigInt("18446744073709551615")]
};
function pick(schema, mask) {
  const currDef = schema._zod.def;
  const checks = currDef.checks;
  const hasChecks = checks && checks.length > 0;
  if (hasChecks) {
    throw new Error(".pick() cannot be used on object schemas containing refinements");
  }
  const newShape = {};
  mirrorShape(newShape, schema, maskedKeys(schema, mask));
  return clone(schema, mergeDefs(currDef, { shape: newShape, checks: [] }));
}
function maskedKeys(schema, mask) {
  const raw2 = sourceShape(schema);
  const keys = [];
  for (const key of Reflect.ownKeys(mask)) {
    if (!Object.getOwnPropertyDescriptor(raw2, key)?.enumerable) {
      throw new Error(`Unrecognized key: "${String(key)}"`);
    }
    if (mask[key])
      keys.push(key);
  }
  return keys;
}
function omit(schema, mask) {
  const currDef = schema._zod.def;
  const checks = currDef.checks;
  const hasChecks = checks && checks.length > 0;
  if (hasChecks) {
    throw new Error(".omit() cannot be used on object schemas containing refinements");
  }
  const omitted = new Set(maskedKeys(schema, mask));
  const newShape = {};
  mirrorShape(newShape, schema, Reflect.ownKeys(sourceShape(schema)).filter((key) => !omitted.has(key)));
  return clone(schema, mergeDefs(currDef, { shape: newShape, checks: [] }));
}
function extend(schema, shape) {
  if (!isPlainObject(shape)) {
    throw new Error("Invalid input to extend: expected a plain object");
  }
  const checks = schema._zod.def.checks;
  const hasChecks = checks && checks.length > 0;
  if (hasChecks) {
    const existingShape = sourceShape(schema);
    for (const key of Reflect.ownKeys(shape)) {
      if (Object.getOwnPropertyDescriptor(existingShape, key) !== void 0) {
        throw new Error("Cannot overwrite keys on object schemas containing refinements. Use `.safeExtend()` instead.");
      }
    }
  }
  return clone(schema, mergeDefs(schema._zod.def, { shape: extended(schema, shape) }));
}
function extended(schema, shape) {
  const newShape = {};
  mirrorShape(newShape, schema, Reflect.ownKeys(sourceShape(schema)));
  mirrorProps(newShape, shape);
  return newShape;
}
function safeExtend(schema, shape) {
  if (!isPlainObject(shape)) {
    throw new Error("Invalid input to safeExtend: expected a plain object");
  }
  return clone(schema, mergeDefs(schema._zod.def, { shape: extended(schema, shape) }));
}
function merge(a, b) {
  if (!b?._zod?.def) {
    throw new Error("Invalid input to merge: expected an object schema. To merge a plain shape, use `.extend()`.");
  }
  if (a._zod.def.checks?.length) {
    throw new Error(".merge() cannot be used on object schemas containing refinements. Use .safeExtend() instead.");
  }
  const newShape = {};
  mirrorShape(newShape, a, Reflect.ownKeys(sourceShape(a)));
  mirrorShape(newShape, b, Reflect.ownKeys(sourceShape(b)));
  const def = mergeDefs(a._zod.def, {
    shape: newShape,
    get catchall() {
      return b._zod.def.catchall;
    },
    checks: b._zod.def.checks ?? []
  });
  return clone(a, def);
}
function partial(Class2, schema, mask, name = "partial") {
  const currDef = schema._zod.def;
  const checks = currDef.checks;
  const hasChecks = checks && checks.length > 0;
  if (hasChecks) {
    throw new Error(`.${name}() cannot be used on object schemas containing refinements`);
  }
  const selected = mask ? new Set(maskedKeys(schema, mask)) : void 0;
  const newShape = {};
  mirrorShape(newShape, schema, Reflect.ownKeys(sourceShape(schema)), Class2 && ((value2, key) => selected && !selected.has(key) ? value2 : new Class2({ type: "optional", innerType: value2 })));
  return clone(schema, mergeDefs(schema._zod.def, { shape: newShape, checks: [] }));
}
function required(Class2, schema, mask) {
  const selected = mask ? new Set(maskedKeys(schema, mask)) : void 0;
  const newShape = {};
  mirrorShape(newShape, schema, Reflect.ownKeys(sourceShape(schema)), (value2, key) => (
    // overwrite with non-optional
    selected && !selected.has(key) ? value2 : new Class2({ type: "nonoptional", innerType: value2 })
  ));
  return clone(schema, mergeDefs(schema._zod.def, { shape: newShape }));
}
function aborted(x, startIndex = 0) {
  if (x.aborted === true)
    return true;
  for (let i = startIndex; i < x.issues.length; i++) {
    if (x.issues[i]?.continue !== true) {
      return true;
    }
  }
  return false;
}
function explicitlyAborted(x, startIndex = 0) {
  if (x.aborted === true)
    return true;
  for (let i = startIndex; i < x.issues.length; i++) {
    if (x.issues[i]?.continue === false) {
      return true;
    }
  }
  return false;
}
function prefixIssues(path, issues) {
  return issues.map((iss) => {
    var _a3;
    (_a3 = iss).path ?? (_a3.path = []);
    iss.path.unshift(path);
    return iss;
  });
}
function unwrapMessage(message) {
  return typeof message === "string" ? message : message?.message;
}
function sizeCaps(defChecks) {
  const caps = [];
  for (const ch of defChecks ?? []) {
    const d = ch._zod.def;
    if (!/_(length|size)$|_equals$/.test(d.check))
      break;
    const max = d.maximum ?? d.length ?? d.size;
    if (max >= 0)
      caps.push([max, ch]);
  }
  return caps;
}
function attachSchema(issues, start, inst) {
  var _a3;
  for (let i = start; i < issues.length; i++) {
    (_a3 = issues[i]).schema ?? (_a3.schema = inst);
  }
}
function finalizeIssue(iss, ctx, config2) {
  var _a3;
  const traits = iss.inst?._zod?.traits;
  if (traits?.has("$ZodType")) {
    if (traits.has("$ZodCheck"))
      (_a3 = iss).schema ?? (_a3.schema = iss.inst);
    else
      iss.schema = iss.inst;
  }
  const schemaError = iss.schema !== iss.inst ? iss.schema?._zod.def?.error : void 0;
  const message = iss.message ? iss.message : unwrapMessage(iss.inst?._zod.def?.error?.(iss)) ?? unwrapMessage(schemaError?.(iss)) ?? unwrapMessage(ctx?.error?.(iss)) ?? unwrapMessage(config2.customError?.(iss)) ?? unwrapMessage(config2.localeError?.(iss)) ?? "Invalid input";
  const full = {};
  for (const k of Object.keys(iss)) {
    if (k === "inst" || k === "schema" || k === "continue" || k === "input" || k === "__proto__")
      continue;
    full[k] = iss[k];
  }
  full.path ?? (full.path = []);
  full.message = message;
  if (ctx?.reportInput) {
    full.input = iss.input;
  }
  return full;
}
function getSizableOrigin(input) {
  if (input instanceof Set)
    return "set";
  if (input instanceof Map)
    return "map";
  if (input instanceof File)
    return "file";
  return "unknown";
}
var highSurrogate = /[\uD800-\uDBFF]/;
function codePointLength(str) {
  const units = str.length;
  if (!highSurrogate.test(str))
    return units;
  let count = units;
  for (let i = 0; i < units - 1; i++) {
    if ((str.charCodeAt(i) & 64512) === 55296 && (str.charCodeAt(i + 1) & 64512) === 56320) {
      count--;
      i++;
    }
  }
  return count;
}
function getLengthableOrigin(input) {
  if (Array.isArray(input))
    return "array";
  if (typeof input === "string")
    return "string";
  return "unknown";
}
function parsedType(data) {
  const t = typeof data;
  switch (t) {
    case "number": {
      return Number.isNaN(data) ? "nan" : "number";
    }
    case "object": {
      if (data === null) {
        return "null";
      }
      if (Array.isArray(data)) {
        return "array";
      }
      const obj = data;
      if (obj && Object.getPrototypeOf(obj) !== Object.prototype && "constructor" in obj && obj.constructor) {
        return obj.constructor.name;
      }
    }
  }
  return t;
}
function issue(...args) {
  const [iss, input, inst] = args;
  if (typeof iss === "string") {
    return {
      message: iss,
      code: "custom",
      input,
      inst
    };
  }
  return { ...iss };
}
function cleanEnum(obj) {
  return Object.entries(obj).filter(([k, _]) => {
    return Number.isNaN(Number.parseInt(k, 10));
  }).map((el) => el[1]);
}
function base64ToUint8Array(base642) {
  const binaryString = atob(base642);
  const bytes = new Uint8Array(binaryString.length);
  for (let i = 0; i < binaryString.length; i++) {
    bytes[i] = binaryString.charCodeAt(i);
  }
  return bytes;
}
function uint8ArrayToBase64(bytes) {
  let binaryString = "";
  for (let i = 0; i < bytes.length; i++) {
    binaryString += String.fromCharCode(bytes[i]);
  }
  return btoa(binaryString);
}
function base64urlToUint8Array(base64url2) {
  const base642 = base64url2.replace(/-/g, "+").replace(/_/g, "/");
  const padding = "=".repeat((4 - base642.length % 4) % 4);
  return base64ToUint8Array(base642 + padding);
}
function uint8ArrayToBase64url(bytes) {
  return uint8ArrayToBase64(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}
function hexToUint8Array(hex) {
  const cleanHex = hex.replace(/^0x/, "");
  if (cleanHex.length % 2 !== 0) {
    throw new Error("Invalid hex string length");
  }
  const bytes = new Uint8Array(cleanHex.length / 2);
  for (let i = 0; i < cleanHex.length; i += 2) {
    bytes[i / 2] = Number.parseInt(cleanHex.slice(i, i + 2), 16);
  }
  return bytes;
}
function uint8ArrayToHex(bytes) {
  return Array.from(bytes).map((b) => b.toString(16).padStart(2, "0")).join("");
}
var Class = class {
  constructor(..._args) {
  }
};
function members(proto, table2) {
  for (const key in table2) {
    const desc = Object.getOwnPropertyDescriptor(table2, key);
    if (desc.get)
      Object.defineProperty(proto, key, { ...desc, enumerable: false });
    else
      defineBound(proto, key, desc.value);
  }
}
function own(inst, key, value2, enumerable = true) {
  Object.defineProperty(inst, key, { configurable: true, writable: true, enumerable, value: value2 });
  return value2;
}
function hide(inst, key, value2) {
  return own(inst, key, value2, false);
}
// @__NO_SIDE_EFFECTS__
function derived(computes, table2) {
  for (const key in computes) {
    const compute = computes[key];
    Object.defineProperty(table2, key, {
      configurable: true,
      enumerable: true,
      get() {
        return own(this, key, compute(this));
      },
      set(value2) {
        own(this, key, value2);
      }
    });
  }
  return table2;
}
function defineBound(proto, key, fn) {
  Object.defineProperty(proto, key, {
    configurable: true,
    get() {
      return this == null ? fn : own(this, key, fn.bind(this));
    },
    set(value2) {
      own(this, key, value2);
    }
  });
}
function claim(inst, sentinel) {
  const proto = Object.getPrototypeOf(inst);
  return sentinel in proto ? void 0 : proto;
}
var installing;
var broke = false;
var breaker = {
  configurable: true,
  get() {
    broke = true;
    return void 0;
  }
};
function defineLazyInternal(inst, key, compute) {
  const proto = Object.getPrototypeOf(inst._zod);
  if (key in proto && installing !== inst._zod) {
    installing = void 0;
    return;
  }
  installing = inst._zod;
  Object.defineProperty(proto, key, {
    configurable: true,
    get() {
      Object.defineProperty(this, key, breaker);
      const outer = broke;
      broke = false;
      try {
        const value2 = compute(this);
        if (broke)
          delete this[key];
        else
          Object.defineProperty(this, key, { configurable: true, writable: true, value: value2 });
        broke = broke || outer;
        return value2;
      } catch (err) {
        delete this[key];
        broke = broke || outer;
        throw err;
      }
    },
    set(value2) {
      Object.defineProperty(this, key, { configurable: true, writable: true, value: value2 });
    }
  });
}
function installLazyProp(inst, key, make, enumerable) {
  const proto = claim(inst, key);
  if (!proto)
    return;
  Object.defineProperty(proto, key, {
    configurable: true,
    get() {
      const desc = { configurable: true, writable: true, enumerable, value: void 0 };
      Object.defineProperty(this, key, desc);
      desc.value = make(this);
      Object.defineProperty(this, key, desc);
      return desc.value;
    },
    set(value2) {
      Object.defineProperty(this, key, { configurable: true, writable: true, enumerable, value: value2 });
    }
  });
}
var CONSTANT_CATCH = "~constantCatch";
function constantCatch(value2) {
  const fn = () => value2;
  fn[CONSTANT_CATCH] = true;
  return fn;
}

// node_modules/zod/v4/core/core.js
var _a;
var _zodDesc = { value: void 0, enumerable: false };
var _E = "captureStackTrace" in Error ? Error : null;
function newError(Definition) {
  const E = _E;
  if (E) {
    const saved = E.stackTraceLimit;
    if (typeof saved === "number") {
      try {
        E.stackTraceLimit = 0;
      } catch {
        _E = null;
        return new Definition();
      }
      try {
        return new Definition();
      } finally {
        E.stackTraceLimit = saved;
      }
    }
  }
  return new Definition();
}
// @__NO_SIDE_EFFECTS__
function $constructor(name, initializer3, proto, params) {
  const zodProto = {};
  function Internals(def) {
    this.def = def;
    this.constr = _;
    this.traits = /* @__PURE__ */ new Set();
  }
  Internals.prototype = zodProto;
  const protoMembers = proto;
  const initialized = protoMembers && /* @__PURE__ */ new WeakSet();
  function init(inst, def) {
    if (!inst._zod) {
      _zodDesc.value = new Internals(def);
      try {
        Object.defineProperty(inst, "_zod", _zodDesc);
      } finally {
        _zodDesc.value = void 0;
      }
    } else if (inst._zod.traits.has(name)) {
      return;
    }
    inst._zod.traits.add(name);
    initializer3(inst, def);
    if (initialized) {
      const own2 = Object.getPrototypeOf(inst);
      const ctorProto = inst._zod.constr.prototype;
      let up = own2;
      while (up && up !== ctorProto)
        up = Object.getPrototypeOf(up);
      const target = up ?? own2;
      if (!initialized.has(target)) {
        initialized.add(target);
        members(target, protoMembers);
      }
    }
    const proto2 = _.prototype;
    for (const k in proto2) {
      if (!Object.prototype.hasOwnProperty.call(proto2, k))
        continue;
      if (!(k in inst)) {
        inst[k] = proto2[k].bind(inst);
      }
    }
  }
  const Parent = params?.Parent ?? Object;
  class Definition extends Parent {
  }
  Object.defineProperty(Definition, "name", { value: name });
  function _(def) {
    const inst = params?.Parent ? newError(Definition) : this;
    init(inst, def);
    const deferred = inst._zod.deferred;
    if (deferred) {
      for (const fn of deferred) {
        fn();
      }
      inst._zod.deferred = void 0;
    }
    const pp = globalThis.__zod_globalConfig?.postProcessor;
    if (pp)
      pp(inst);
    return inst;
  }
  Object.defineProperty(_, "init", { value: init });
  Object.defineProperty(_, Symbol.hasInstance, {
    value: (inst) => {
      if (params?.Parent && inst instanceof params.Parent)
        return true;
      return inst?._zod?.traits?.has(name);
    }
  });
  Object.defineProperty(_, "name", { value: name });
  return _;
}
var $ZodAsyncError = class extends Error {
  constructor() {
    super(`Encountered Promise during synchronous parse. Use .parseAsync() instead.`);
  }
};
var $ZodEncodeError = class extends Error {
  constructor(name) {
    super(`Encountered unidirectional transform during encode: ${name}`);
    this.name = "ZodEncodeError";
  }
};
(_a = globalThis).__zod_globalConfig ?? (_a.__zod_globalConfig = {});
var globalConfig = globalThis.__zod_globalConfig;
function config(newConfig) {
  if (newConfig)
    Object.assign(globalConfig, newConfig);
  return globalConfig;
}

// node_modules/zod/v4/core/errors.js
function _getMessage() {
  const internals = this._zod;
  internals.message ?? (internals.message = JSON.stringify(internals.def, jsonStringifyReplacer, 2));
  return internals.message;
}
function _setMessage(value2) {
  this._zod.message = value2;
}
var _messageDesc = {
  get: _getMessage,
  set: _setMessage,
  enumerable: true,
  configurable: true
};
var _issuesDesc = { value: void 0, enumerable: false };
var _installedToString = /* @__PURE__ */ new WeakSet([Object.prototype, Error.prototype]);
var initializer = (inst, def) => {
  inst.name = "$ZodError";
  _issuesDesc.value = def;
  Object.defineProperty(inst, "issues", _issuesDesc);
  _issuesDesc.value = void 0;
  Object.defineProperty(inst, "message", _messageDesc);
  const proto = Object.getPrototypeOf(inst);
  if (!_installedToString.has(proto)) {
    _installedToString.add(proto);
    Object.defineProperty(proto, "toString", {
      configurable: true,
      enumerable: false,
      get() {
        const value2 = () => this.message;
        Object.defineProperty(this, "toString", { value: value2, configurable: true, writable: true });
        return value2;
      },
      set(value2) {
        Object.defineProperty(this, "toString", { value: value2, configurable: true, writable: true });
      }
    });
  }
};
var $ZodError = $constructor("$ZodError", initializer);
var $ZodRealError = $constructor("$ZodError", initializer, void 0, {
  Parent: Error
});
function node(obj, key, make) {
  if (!Object.prototype.hasOwnProperty.call(obj, key)) {
    if (key === "__proto__") {
      Object.defineProperty(obj, key, { value: make(), writable: true, enumerable: true, configurable: true });
    } else {
      obj[key] = make();
    }
  }
  return obj[key];
}
function flattenError(error2, mapper = (issue2) => issue2.message) {
  const fieldErrors = {};
  const formErrors = [];
  for (const sub of error2.issues) {
    if (sub.path.length > 0) {
      node(fieldErrors, sub.path[0], () => []).push(mapper(sub));
    } else {
      formErrors.push(mapper(sub));
    }
  }
  return { formErrors, fieldErrors };
}
function formatError(error2, mapper = (issue2) => issue2.message) {
  const fieldErrors = { _errors: [] };
  const processError = (error3, path = []) => {
    for (const issue2 of error3.issues) {
      if (issue2.code === "invalid_union" && issue2.errors.length) {
        issue2.errors.map((issues) => processError({ issues }, [...path, ...issue2.path]));
      } else if (issue2.code === "invalid_key") {
        processError({ issues: issue2.issues }, [...path, ...issue2.path]);
      } else if (issue2.code === "invalid_element") {
        processError({ issues: issue2.issues }, [...path, ...issue2.path]);
      } else {
        const fullpath = [...path, ...issue2.path];
        if (fullpath.length === 0) {
          fieldErrors._errors.push(mapper(issue2));
        } else {
          let curr = fieldErrors;
          let i = 0;
          while (i < fullpath.length) {
            const el = fullpath[i];
            const terminal = i === fullpath.length - 1;
            if (el === "_errors") {
              if (terminal)
                curr._errors.push(mapper(issue2));
              i++;
              continue;
            }
            if (!Object.prototype.hasOwnProperty.call(curr, el)) {
              Object.defineProperty(curr, el, {
                value: { _errors: [] },
                enumerable: true,
                writable: true,
                configurable: true
              });
            }
            const node2 = curr[el];
            if (terminal) {
              node2._errors.push(mapper(issue2));
            }
            curr = node2;
            i++;
          }
        }
      }
    }
  };
  processError(error2);
  return fieldErrors;
}

// node_modules/zod/v4/core/parse.js
function finalizeParams(callee, params) {
  return { callee: params?.callee ?? callee, Err: params?.Err };
}
var _parse = (_Err) => {
  const fn = (schema, value2, _ctx, _params) => {
    const ctx = _ctx ? { ..._ctx, async: false } : { async: false };
    const result = schema._zod.run({ value: value2, issues: [] }, ctx);
    if (result instanceof Promise) {
      throw new $ZodAsyncError();
    }
    if (result.issues.length) {
      const e = new (_params?.Err ?? _Err)(result.issues.map((iss) => finalizeIssue(iss, ctx, config())));
      captureStackTrace(e, _params?.callee ?? fn);
      throw e;
    }
    return result.value;
  };
  return fn;
};
var _parseAsync = (_Err) => {
  const fn = async (schema, value2, _ctx, params) => {
    const ctx = _ctx ? { ..._ctx, async: true } : { async: true };
    let result = schema._zod.run({ value: value2, issues: [] }, ctx);
    if (result instanceof Promise)
      result = await result;
    if (result.issues.length) {
      const e = new (params?.Err ?? _Err)(result.issues.map((iss) => finalizeIssue(iss, ctx, config())));
      captureStackTrace(e, params?.callee ?? fn);
      throw e;
    }
    return result.value;
  };
  return fn;
};
var _safeParse = (_Err) => (schema, value2, _ctx) => {
  const ctx = _ctx ? { ..._ctx, async: false } : { async: false };
  const result = schema._zod.run({ value: value2, issues: [] }, ctx);
  if (result instanceof Promise) {
    throw new $ZodAsyncError();
  }
  return result.issues.length ? failure(_Err, result.issues, ctx) : { success: true, data: result.value };
};
function failure(Err, issues, ctx) {
  let error2;
  return {
    success: false,
    get error() {
      if (!error2) {
        error2 = new Err(issues.map((iss) => finalizeIssue(iss, ctx, config())));
        issues = void 0;
        ctx = void 0;
      }
      return error2;
    },
    set error(e) {
      error2 = e;
      issues = void 0;
      ctx = void 0;
    }
  };
}
var _safeParseAsync = (_Err) => async (schema, value2, _ctx) => {
  const ctx = _ctx ? { ..._ctx, async: true } : { async: true };
  let result = schema._zod.run({ value: value2, issues: [] }, ctx);
  if (result instanceof Promise)
    result = await result;
  return result.issues.length ? failure(_Err, result.issues, ctx) : { success: true, data: result.value };
};
var COMPILE_INVALID = /* @__PURE__ */ Symbol.for("zod.compile.invalid");
var COMPILE_FALLBACK = /* @__PURE__ */ Symbol.for("zod.compile.fallback");
var validate = ((schema, value2, _ctx) => {
  const validator = schema._zod.bag.validator;
  if (validator !== void 0) {
    if (validator(value2) !== COMPILE_INVALID)
      return true;
    if (validator.definite === true && _ctx === void 0)
      return false;
  }
  return validateFallback(schema, value2, _ctx);
});
function validateFallback(schema, value2, _ctx) {
  const ctx = _ctx ? { ..._ctx, async: false, abortEarly: true } : { async: false, abortEarly: true };
  const fallbackRun = schema._zod.bag.fallbackRun;
  let result;
  if (fallbackRun) {
    ctx[COMPILE_FALLBACK] = true;
    result = fallbackRun({ value: value2, issues: [] }, ctx);
  } else {
    result = schema._zod.run({ value: value2, issues: [] }, ctx);
  }
  if (result instanceof Promise) {
    throw new $ZodAsyncError();
  }
  return result.issues.length === 0;
}
var validateAsync = async (schema, value2, _ctx) => {
  const ctx = _ctx ? { ..._ctx, async: true, abortEarly: true } : { async: true, abortEarly: true };
  let result = schema._zod.run({ value: value2, issues: [] }, ctx);
  if (result instanceof Promise)
    result = await result;
  return result.issues.length === 0;
};
var _encode = (_Err) => {
  const parse3 = _parse(_Err);
  const fn = (schema, value2, _ctx, _params) => {
    const ctx = _ctx ? { ..._ctx, direction: "backward" } : { direction: "backward" };
    return parse3(schema, value2, ctx, finalizeParams(fn, _params));
  };
  return fn;
};
var _decode = (_Err) => {
  const parse3 = _parse(_Err);
  const fn = (schema, value2, _ctx, _params) => {
    return parse3(schema, value2, _ctx, finalizeParams(fn, _params));
  };
  return fn;
};
var _encodeAsync = (_Err) => {
  const parseAsync2 = _parseAsync(_Err);
  const fn = async (schema, value2, _ctx, _params) => {
    const ctx = _ctx ? { ..._ctx, direction: "backward" } : { direction: "backward" };
    return await parseAsync2(schema, value2, ctx, finalizeParams(fn, _params));
  };
  return fn;
};
var _decodeAsync = (_Err) => {
  const parseAsync2 = _parseAsync(_Err);
  const fn = async (schema, value2, _ctx, _params) => {
    return await parseAsync2(schema, value2, _ctx, finalizeParams(fn, _params));
  };
  return fn;
};
var _safeEncode = (_Err) => (schema, value2, _ctx) => {
  const ctx = _ctx ? { ..._ctx, direction: "backward" } : { direction: "backward" };
  return _safeParse(_Err)(schema, value2, ctx);
};
var _safeDecode = (_Err) => (schema, value2, _ctx) => {
  return _safeParse(_Err)(schema, value2, _ctx);
};
var _safeEncodeAsync = (_Err) => async (schema, value2, _ctx) => {
  const ctx = _ctx ? { ..._ctx, direction: "backward" } : { direction: "backward" };
  return _safeParseAsync(_Err)(schema, value2, ctx);
};
var _safeDecodeAsync = (_Err) => async (schema, value2, _ctx) => {
  return _safeParseAsync(_Err)(schema, value2, _ctx);
};

// node_modules/zod/v4/core/regexes.js
var cuid = /^[cC][0-9a-z]{6,}$/;
var cuid2 = /^[0-9a-z]+$/;
var ulid = /^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$/;
var xid = /^[0-9a-vA-V]{20}$/;
var ksuid = /^[A-Za-z0-9]{27}$/;
var nanoid = /^[a-zA-Z0-9_-]{21}$/;
function nanoidOfLength(length) {
  return new RegExp(`^[a-zA-Z0-9_-]{${length}}$`);
}
var duration = /^P(?:(\d+W)|(?!.*W)(?=\d|T\d)(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+([.,]\d+)?S)?)?)$/;
var guid = /^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})$/;
var uuid = (version2) => {
  if (!version2)
    return /^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-8][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}|00000000-0000-0000-0000-000000000000|ffffffff-ffff-ffff-ffff-ffffffffffff)$/;
  return new RegExp(`^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-${version2}[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12})$`);
};
var email = /^(?:[A-Za-z0-9_'+\-]+\.)*[A-Za-z0-9_'+\-]*[A-Za-z0-9_+-]@(?:[A-Za-z0-9][A-Za-z0-9\-]*\.)+[A-Za-z]{2,}$/;
var _emoji = `^(?=[\\s\\S]*[\\p{Extended_Pictographic}\\p{Regional_Indicator}\\u20E3])[\\p{Extended_Pictographic}\\p{Emoji_Component}]+$`;
function emoji() {
  return new RegExp(_emoji, "u");
}
var ipv4 = /^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9][0-9]|[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9][0-9]|[0-9])$/;
var ipv6 = /^(([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}|([0-9a-fA-F]{1,4}:){1,7}:|([0-9a-fA-F]{1,4}:){1,6}:[0-9a-fA-F]{1,4}|([0-9a-fA-F]{1,4}:){1,5}(:[0-9a-fA-F]{1,4}){1,2}|([0-9a-fA-F]{1,4}:){1,4}(:[0-9a-fA-F]{1,4}){1,3}|([0-9a-fA-F]{1,4}:){1,3}(:[0-9a-fA-F]{1,4}){1,4}|([0-9a-fA-F]{1,4}:){1,2}(:[0-9a-fA-F]{1,4}){1,5}|[0-9a-fA-F]{1,4}:((:[0-9a-fA-F]{1,4}){1,6})|:((:[0-9a-fA-F]{1,4}){1,7}|:))$/;
var cidrv4 = /^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9][0-9]|[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9][0-9]|[0-9])\/([0-9]|[1-2][0-9]|3[0-2])$/;
var cidrv6 = /^(([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}|([0-9a-fA-F]{1,4}:){1,7}:|([0-9a-fA-F]{1,4}:){1,6}:[0-9a-fA-F]{1,4}|([0-9a-fA-F]{1,4}:){1,5}(:[0-9a-fA-F]{1,4}){1,2}|([0-9a-fA-F]{1,4}:){1,4}(:[0-9a-fA-F]{1,4}){1,3}|([0-9a-fA-F]{1,4}:){1,3}(:[0-9a-fA-F]{1,4}){1,4}|([0-9a-fA-F]{1,4}:){1,2}(:[0-9a-fA-F]{1,4}){1,5}|[0-9a-fA-F]{1,4}:((:[0-9a-fA-F]{1,4}){1,6})|:((:[0-9a-fA-F]{1,4}){1,7}|:))\/(12[0-8]|1[01][0-9]|[1-9]?[0-9])$/;
var base64 = /^$|^(?:[0-9a-zA-Z+/]{4})*(?:(?:[0-9a-zA-Z+/]{2}==)|(?:[0-9a-zA-Z+/]{3}=))?$/;
var base64url = /^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2,3})?$/;
var httpProtocol = /^https?$/;
var e164 = /^\+[1-9]\d{6,14}$/;
var dateSource = `(?:(?:\\d\\d[2468][048]|\\d\\d[13579][26]|\\d\\d0[48]|[02468][048]00|[13579][26]00)-02-29|\\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|(?:02)-(?:0[1-9]|1\\d|2[0-8])))`;
function anchor(source) {
  return new RegExp(`^${source}$`);
}
var date = /* @__PURE__ */ anchor(dateSource);
function timeSource(args) {
  const hhmm = `(?:[01]\\d|2[0-3]):[0-5]\\d`;
  const regex = typeof args.precision === "number" ? args.precision === -1 ? `${hhmm}` : args.precision === 0 ? `${hhmm}:[0-5]\\d` : `${hhmm}:[0-5]\\d\\.\\d{${args.precision}}` : args.seconds ? `${hhmm}:[0-5]\\d(?:\\.\\d+)?` : `${hhmm}(?::[0-5]\\d(?:\\.\\d+)?)?`;
  return regex;
}
function time(args) {
  return new RegExp(`^${timeSource(args)}$`);
}
function datetime(args) {
  const opts = ["Z"];
  if (args.offset)
    opts.push(`([+-](?:[01]\\d|2[0-3]):[0-5]\\d)`);
  const qualified = `${timeSource({ precision: args.precision, seconds: true })}(?:${opts.join("|")})`;
  const timeRegex = args.local ? `${qualified}|${timeSource({ precision: args.precision })}` : qualified;
  return new RegExp(`^${dateSource}T(?:${timeRegex})$`);
}
var anyString = /^[\s\S]{0,}$/;
var bigint = /^-?\d+n?$/;
var integer = /^-?\d+$/;
var number = /^-?\d+(?:\.\d+)?$/;
var boolean = /^(?:true|false)$/i;
var _null = /^null$/i;
var lowercase = /^[^A-Z]*$/;
var uppercase = /^[^a-z]*$/;

// node_modules/zod/v4/core/checks.js
var $ZodCheck = /* @__PURE__ */ $constructor("$ZodCheck", (inst, def) => {
  var _a3;
  inst._zod ?? (inst._zod = {});
  inst._zod.def = def;
  (_a3 = inst._zod).onattach ?? (_a3.onattach = []);
});
var _whenHasLength = (payload) => {
  const val = payload.value;
  return !nullish(val) && val.length !== void 0;
};
var numericOriginMap = {
  number: "number",
  bigint: "bigint",
  object: "date"
};
var $ZodCheckLessThan = /* @__PURE__ */ $constructor("$ZodCheckLessThan", (inst, def) => {
  $ZodCheck.init(inst, def);
  const origin = numericOriginMap[typeof def.value];
  inst._zod.check = (payload) => {
    if (def.inclusive ? payload.value <= def.value : payload.value < def.value) {
      return;
    }
    payload.issues.push({
      origin: numericOriginMap[typeof payload.value] ?? origin,
      code: "too_big",
      maximum: typeof def.value === "object" ? def.value.getTime() : def.value,
      input: payload.value,
      inclusive: def.inclusive,
      inst,
      continue: !def.abort
    });
  };
});
var $ZodCheckGreaterThan = /* @__PURE__ */ $constructor("$ZodCheckGreaterThan", (inst, def) => {
  $ZodCheck.init(inst, def);
  const origin = numericOriginMap[typeof def.value];
  inst._zod.check = (payload) => {
    if (def.inclusive ? payload.value >= def.value : payload.value > def.value) {
      return;
    }
    payload.issues.push({
      origin: numericOriginMap[typeof payload.value] ?? origin,
      code: "too_small",
      minimum: typeof def.value === "object" ? def.value.getTime() : def.value,
      input: payload.value,
      inclusive: def.inclusive,
      inst,
      continue: !def.abort
    });
  };
});
var $ZodCheckMultipleOf = /* @__PURE__ */ $constructor("$ZodCheckMultipleOf", (inst, def) => {
  $ZodCheck.init(inst, def);
  inst._zod.check = (payload) => {
    if (typeof payload.value !== typeof def.value)
      throw new Error("Cannot mix number and bigint in multiple_of check.");
    const isMultiple = typeof payload.value === "bigint" ? (
      // `value % 0n` throws, and nothing is a multiple of zero — the number branch already fails this way via NaN
      def.value !== BigInt(0) && payload.value % def.value === BigInt(0)
    ) : floatSafeRemainder(payload.value, def.value) === 0;
    if (isMultiple)
      return;
    payload.issues.push({
      origin: typeof payload.value,
      code: "not_multiple_of",
      divisor: def.value,
      input: payload.value,
      inst,
      continue: !def.abort
    });
  };
});
var $ZodCheckNumberFormat = /* @__PURE__ */ $constructor("$ZodCheckNumberFormat", (inst, def) => {
  $ZodCheck.init(inst, def);
  def.format = def.format || "float64";
  const isInt = def.format?.includes("int");
  const origin = isInt ? "int" : "number";
  const [minimum, maximum] = NUMBER_FORMAT_RANGES[def.format];
  inst._zod.check = (payload) => {
    const input = payload.value;
    if (isInt) {
      if (!Number.isInteger(input)) {
        payload.issues.push({
          expected: origin,
          format: def.format,
          code: "invalid_type",
          continue: false,
          input,
          inst
        });
        return;
      }
      if (!Number.isSafeInteger(input)) {
        if (input > 0) {
          payload.issues.push({
            input,
            code: "too_big",
            maximum: Number.MAX_SAFE_INTEGER,
            note: "Integers must be within the safe integer range.",
            inst,
            origin,
            inclusive: true,
            continue: !def.abort
          });
        } else {
          payload.issues.push({
            input,
            code: "too_small",
            minimum: Number.MIN_SAFE_INTEGER,
            note: "Integers must be within the safe integer range.",
            inst,
            origin,
            inclusive: true,
            continue: !def.abort
          });
        }
        return;
      }
    }
    if (input < minimum) {
      payload.issues.push({
        origin: "number",
        input,
        code: "too_small",
        minimum,
        inclusive: true,
        inst,
        continue: !def.abort
      });
    }
    if (input > maximum) {
      payload.issues.push({
        origin: "number",
        input,
        code: "too_big",
        maximum,
        inclusive: true,
        inst,
        continue: !def.abort
      });
    }
  };
});
var $ZodCheckMaxLength = /* @__PURE__ */ $constructor("$ZodCheckMaxLength", (inst, def) => {
  var _a3;
  $ZodCheck.init(inst, def);
  (_a3 = inst._zod.def).when ?? (_a3.when = _whenHasLength);
  inst._zod.check = (payload) => {
    const input = payload.value;
    const units = input.length;
    const length = typeof input === "string" && units > def.maximum ? codePointLength(input) : units;
    if (length <= def.maximum)
      return;
    const origin = getLengthableOrigin(input);
    payload.issues.push({
      origin,
      code: "too_big",
      maximum: def.maximum,
      inclusive: true,
      input,
      inst,
      continue: !def.abort
    });
  };
});
var $ZodCheckMinLength = /* @__PURE__ */ $constructor("$ZodCheckMinLength", (inst, def) => {
  var _a3;
  $ZodCheck.init(inst, def);
  (_a3 = inst._zod.def).when ?? (_a3.when = _whenHasLength);
  inst._zod.check = (payload) => {
    const input = payload.value;
    const units = input.length;
    const length = typeof input === "string" && units >= def.minimum && units < def.minimum * 2 ? codePointLength(input) : units;
    if (length >= def.minimum)
      return;
    const origin = getLengthableOrigin(input);
    payload.issues.push({
      origin,
      code: "too_small",
      minimum: def.minimum,
      inclusive: true,
      input,
      inst,
      continue: !def.abort
    });
  };
});
var $ZodCheckLengthEquals = /* @__PURE__ */ $constructor("$ZodCheckLengthEquals", (inst, def) => {
  var _a3;
  $ZodCheck.init(inst, def);
  (_a3 = inst._zod.def).when ?? (_a3.when = _whenHasLength);
  inst._zod.check = (payload) => {
    const input = payload.value;
    const units = input.length;
    const length = typeof input === "string" && units >= def.length && units <= def.length * 2 ? codePointLength(input) : units;
    if (length === def.length)
      return;
    const origin = getLengthableOrigin(input);
    const tooBig = length > def.length;
    payload.issues.push({
      origin,
      ...tooBig ? { code: "too_big", maximum: def.length } : { code: "too_small", minimum: def.length },
      inclusive: true,
      exact: true,
      input: payload.value,
      inst,
      continue: !def.abort
    });
  };
});
var $ZodCheckStringFormat = /* @__PURE__ */ $constructor("$ZodCheckStringFormat", (inst, def) => {
  var _a3, _b;
  $ZodCheck.init(inst, def);
  if (def.pattern)
    (_a3 = inst._zod).check ?? (_a3.check = (payload) => {
      def.pattern.lastIndex = 0;
      if (def.pattern.test(payload.value))
        return;
      payload.issues.push({
        origin: "string",
        code: "invalid_format",
        format: def.format,
        input: payload.value,
        ...def.pattern ? { pattern: def.pattern.toString() } : {},
        inst,
        continue: !def.abort
      });
    });
  else
    (_b = inst._zod).check ?? (_b.check = () => {
    });
});
var $ZodCheckRegex = /* @__PURE__ */ $constructor("$ZodCheckRegex", (inst, def) => {
  $ZodCheckStringFormat.init(inst, def);
  inst._zod.check = (payload) => {
    def.pattern.lastIndex = 0;
    if (def.pattern.test(payload.value))
      return;
    payload.issues.push({
      origin: "string",
      code: "invalid_format",
      format: "regex",
      input: payload.value,
      pattern: def.pattern.toString(),
      inst,
      continue: !def.abort
    });
  };
});
var $ZodCheckLowerCase = /* @__PURE__ */ $constructor("$ZodCheckLowerCase", (inst, def) => {
  def.pattern ?? (def.pattern = lowercase);
  $ZodCheckStringFormat.init(inst, def);
});
var $ZodCheckUpperCase = /* @__PURE__ */ $constructor("$ZodCheckUpperCase", (inst, def) => {
  def.pattern ?? (def.pattern = uppercase);
  $ZodCheckStringFormat.init(inst, def);
});
var $ZodCheckIncludes = /* @__PURE__ */ $constructor("$ZodCheckIncludes", (inst, def) => {
  $ZodCheck.init(inst, def);
  const escapedRegex = escapeRegex(def.includes);
  const pattern = new RegExp(typeof def.position === "number" ? `^.{${def.position},}${escapedRegex}` : escapedRegex);
  def.pattern = pattern;
  inst._zod.check = (payload) => {
    if (payload.value.includes(def.includes, def.position))
      return;
    payload.issues.push({
      origin: "string",
      code: "invalid_format",
      format: "includes",
      includes: def.includes,
      input: payload.value,
      inst,
      continue: !def.abort
    });
  };
});
var $ZodCheckStartsWith = /* @__PURE__ */ $constructor("$ZodCheckStartsWith", (inst, def) => {
  $ZodCheck.init(inst, def);
  const pattern = new RegExp(`^${escapeRegex(def.prefix)}.*`);
  def.pattern ?? (def.pattern = pattern);
  inst._zod.check = (payload) => {
    if (payload.value.startsWith(def.prefix))
      return;
    payload.issues.push({
      origin: "string",
      code: "invalid_format",
      format: "starts_with",
      prefix: def.prefix,
      input: payload.value,
      inst,
      continue: !def.abort
    });
  };
});
var $ZodCheckEndsWith = /* @__PURE__ */ $constructor("$ZodCheckEndsWith", (inst, def) => {
  $ZodCheck.init(inst, def);
  const pattern = new RegExp(`.*${escapeRegex(def.suffix)}$`);
  def.pattern ?? (def.pattern = pattern);
  inst._zod.check = (payload) => {
    if (payload.value.endsWith(def.suffix))
      return;
    payload.issues.push({
      origin: "string",
      code: "invalid_format",
      format: "ends_with",
      suffix: def.suffix,
      input: payload.value,
      inst,
      continue: !def.abort
    });
  };
});
var $ZodCheckOverwrite = /* @__PURE__ */ $constructor("$ZodCheckOverwrite", (inst, def) => {
  $ZodCheck.init(inst, def);
  inst._zod.check = (payload) => {
    payload.value = def.tx(payload.value);
  };
});

// node_modules/zod/v4/core/doc.js
var Doc = class {
  constructor(args = [], closed = {}) {
    this.content = [];
    this.indent = 0;
    this.args = args;
    this.closed = closed;
  }
  // the compiler catches a child's throw and keeps writing into this doc, so the indent has to unwind with it
  indented(fn) {
    this.indent += 1;
    try {
      fn(this);
    } finally {
      this.indent -= 1;
    }
  }
  write(arg) {
    if (typeof arg === "function") {
      arg(this, { execution: "sync" });
      arg(this, { execution: "async" });
      return;
    }
    const content = arg;
    const lines = content.split("\n").filter((x) => x);
    const minIndent = Math.min(...lines.map((x) => x.length - x.trimStart().length));
    const dedented = lines.map((x) => x.slice(minIndent)).map((x) => " ".repeat(this.indent * 2) + x);
    for (const line of dedented) {
      this.content.push(line);
    }
  }
  compile() {
    const F = Function;
    const content = this?.content ?? [``];
    const factory = new F(...Object.keys(this.closed), `return function (${this.args.join(", ")}) {
${content.join("\n")}
};`);
    return factory(...Object.values(this.closed));
  }
};

// node_modules/zod/v4/core/versions.js
var version = {
  major: 4,
  minor: 6,
  patch: 7
};

// node_modules/zod/v4/core/schemas.js
var $ZodType = /* @__PURE__ */ $constructor("$ZodType", (inst, def) => {
  var _a3;
  inst ?? (inst = {});
  inst._zod.def = def;
  inst._zod.bag = inst._zod.bag || {};
  inst._zod.version = version;
  const defChecks = inst._zod.def.checks;
  const checks = inst._zod.traits.has("$ZodCheck") ? [inst, ...defChecks ?? []] : defChecks?.length ? [...defChecks] : [];
  for (const ch of checks) {
    for (const fn of ch._zod.onattach) {
      fn(inst);
    }
  }
  if (checks.length === 0) {
    (_a3 = inst._zod).deferred ?? (_a3.deferred = []);
    inst._zod.deferred?.push(() => {
      inst._zod.run = inst._zod.parse;
    });
  } else {
    const runChecks = (payload, checks2, ctx) => {
      if (payload.memo)
        return payload;
      let isAborted = aborted(payload);
      let asyncResult;
      for (const ch of checks2) {
        if (ch._zod.def.when) {
          if (explicitlyAborted(payload))
            continue;
          const shouldRun = ch._zod.def.when(payload);
          if (!shouldRun)
            continue;
        } else if (isAborted) {
          continue;
        }
        const currLen = payload.issues.length;
        const _ = ch._zod.check(payload);
        if (_ instanceof Promise && ctx?.async === false) {
          throw new $ZodAsyncError();
        }
        if (asyncResult || _ instanceof Promise) {
          asyncResult = (asyncResult ?? Promise.resolve()).then(async () => {
            await _;
            const nextLen = payload.issues.length;
            if (nextLen === currLen)
              return;
            attachSchema(payload.issues, currLen, inst);
            if (!isAborted)
              isAborted = aborted(payload, currLen);
          });
        } else {
          const nextLen = payload.issues.length;
          if (nextLen === currLen)
            continue;
          attachSchema(payload.issues, currLen, inst);
          if (!isAborted)
            isAborted = aborted(payload, currLen);
        }
      }
      if (asyncResult) {
        return asyncResult.then(() => {
          return payload;
        });
      }
      return payload;
    };
    const handleCanaryResult = (canary, payload, ctx) => {
      if (aborted(canary)) {
        canary.aborted = true;
        return canary;
      }
      const checkResult = runChecks(payload, checks, ctx);
      if (checkResult instanceof Promise) {
        if (ctx.async === false)
          throw new $ZodAsyncError();
        return checkResult.then((checkResult2) => inst._zod.parse(checkResult2, ctx));
      }
      return inst._zod.parse(checkResult, ctx);
    };
    inst._zod.run = (payload, ctx) => {
      if (ctx.skipChecks) {
        return inst._zod.parse(payload, ctx);
      }
      if (ctx.direction === "backward") {
        const canary = inst._zod.parse({ value: payload.value, issues: [] }, { ...ctx, skipChecks: true });
        if (canary instanceof Promise) {
          return canary.then((canary2) => {
            return handleCanaryResult(canary2, payload, ctx);
          });
        }
        return handleCanaryResult(canary, payload, ctx);
      }
      const result = inst._zod.parse(payload, ctx);
      if (result instanceof Promise) {
        if (ctx.async === false)
          throw new $ZodAsyncError();
        return result.then((result2) => runChecks(result2, checks, ctx));
      }
      return runChecks(result, checks, ctx);
    };
  }
}, {
  // Wrappers extend this by installing a richer factory over it; reading it eagerly would defeat the laziness.
  get "~standard"() {
    return hide(this, "~standard", standardProps(this));
  },
  set "~standard"(value2) {
    own(this, "~standard", value2);
  }
});
var toStandardResult = (r, ctx) => r.issues.length ? { issues: r.issues.map((iss) => finalizeIssue(iss, ctx, config())) } : { value: r.value };
async function validateAsync2(inst, value2) {
  const ctx = { async: true };
  return toStandardResult(await inst._zod.run({ value: value2, issues: [] }, ctx), ctx);
}
function standardProps(inst) {
  return {
    validate: (value2) => {
      const ctx = { async: false };
      try {
        const r = inst._zod.run({ value: value2, issues: [] }, ctx);
        if (!(r instanceof Promise))
          return toStandardResult(r, ctx);
      } catch (_) {
      }
      return validateAsync2(inst, value2);
    },
    vendor: "zod",
    version: 1
  };
}
var $ZodString = /* @__PURE__ */ $constructor("$ZodString", (inst, def) => {
  $ZodType.init(inst, def);
  inst._zod.pattern = def.pattern ?? anyString;
  inst._zod.parse = (payload, _) => {
    if (def.coerce)
      try {
        payload.value = String(payload.value);
      } catch (_2) {
      }
    if (typeof payload.value === "string")
      return payload;
    payload.issues.push({
      expected: "string",
      code: "invalid_type",
      input: payload.value,
      inst
    });
    return payload;
  };
});
var $ZodStringFormat = /* @__PURE__ */ $constructor("$ZodStringFormat", (inst, def) => {
  $ZodCheckStringFormat.init(inst, def);
  $ZodString.init(inst, def);
});
var $ZodGUID = /* @__PURE__ */ $constructor("$ZodGUID", (inst, def) => {
  def.pattern ?? (def.pattern = guid);
  $ZodStringFormat.init(inst, def);
});
var $ZodUUID = /* @__PURE__ */ $constructor("$ZodUUID", (inst, def) => {
  if (def.version) {
    const versionMap = {
      v1: 1,
      v2: 2,
      v3: 3,
      v4: 4,
      v5: 5,
      v6: 6,
      v7: 7,
      v8: 8
    };
    const v = versionMap[def.version];
    if (v === void 0)
      throw new Error(`Invalid UUID version: "${def.version}"`);
    def.pattern ?? (def.pattern = uuid(v));
  } else
    def.pattern ?? (def.pattern = uuid());
  $ZodStringFormat.init(inst, def);
});
var $ZodEmail = /* @__PURE__ */ $constructor("$ZodEmail", (inst, def) => {
  def.pattern ?? (def.pattern = email);
  $ZodStringFormat.init(inst, def);
});
var URL_BAD_FORMAT = 1;
var URL_UNPARSEABLE = 2;
function canParseURL(input) {
  try {
    if (typeof URL !== "undefined" && typeof URL.canParse === "function")
      return URL.canParse(input);
    new URL(input);
    return true;
  } catch {
    return false;
  }
}
function validateURL(trimmed, def) {
  if (!("normalize" in def) && !("hostname" in def) && !("protocol" in def)) {
    return canParseURL(trimmed) || URL_UNPARSEABLE;
  }
  return parseURLObject(trimmed, def);
}
function parseURLObject(trimmed, def) {
  if (!def.normalize && def.protocol?.source === httpProtocol.source && !/^https?:\/\//i.test(trimmed)) {
    return URL_BAD_FORMAT;
  }
  try {
    if (typeof URL !== "undefined") {
      const URLStatic = URL;
      if (typeof URLStatic.parse === "function")
        return URLStatic.parse(trimmed) ?? URL_UNPARSEABLE;
    }
    return new URL(trimmed);
  } catch {
    return URL_UNPARSEABLE;
  }
}
var asciiTabOrNewline = /[\t\n\r]/g;
function stripTabAndNewline(value2) {
  return value2.replace(asciiTabOrNewline, "");
}
function urlHostnameOk(url, hostname) {
  hostname.lastIndex = 0;
  return hostname.test(url.hostname);
}
function urlProtocolOk(url, protocol) {
  protocol.lastIndex = 0;
  return protocol.test(url.protocol.endsWith(":") ? url.protocol.slice(0, -1) : url.protocol);
}
var $ZodURL = /* @__PURE__ */ $constructor("$ZodURL", (inst, def) => {
  $ZodStringFormat.init(inst, def);
  inst._zod.check = (payload) => {
    try {
      const trimmed = payload.value.trim();
      const url = validateURL(trimmed, def);
      if (url === URL_BAD_FORMAT) {
        payload.issues.push({
          code: "invalid_format",
          format: "url",
          note: "Invalid URL format",
          input: payload.value,
          inst,
          continue: !def.abort
        });
        return;
      }
      if (url === URL_UNPARSEABLE) {
        payload.issues.push({
          code: "invalid_format",
          format: "url",
          input: payload.value,
          inst,
          continue: !def.abort
        });
        return;
      }
      if (url === true) {
        payload.value = stripTabAndNewline(trimmed);
        return;
      }
      if (def.hostname && !urlHostnameOk(url, def.hostname)) {
        payload.issues.push({
          code: "invalid_format",
          format: "url",
          note: "Invalid hostname",
          pattern: def.hostname.source,
          input: payload.value,
          inst,
          continue: !def.abort
        });
      }
      if (def.protocol && !urlProtocolOk(url, def.protocol)) {
        payload.issues.push({
          code: "invalid_format",
          format: "url",
          note: "Invalid protocol",
          pattern: def.protocol.source,
          input: payload.value,
          inst,
          continue: !def.abort
        });
      }
      payload.value = def.normalize ? url.href : stripTabAndNewline(trimmed);
      return;
    } catch (_) {
      payload.issues.push({
        code: "invalid_format",
        format: "url",
        input: payload.value,
        inst,
        continue: !def.abort
      });
    }
  };
});
var $ZodEmoji = /* @__PURE__ */ $constructor("$ZodEmoji", (inst, def) => {
  def.pattern ?? (def.pattern = emoji());
  $ZodStringFormat.init(inst, def);
});
var $ZodNanoID = /* @__PURE__ */ $constructor("$ZodNanoID", (inst, def) => {
  if (def.length !== void 0 && (!Number.isInteger(def.length) || def.length < 1))
    throw new Error(`Invalid nanoid length: ${def.length}`);
  def.pattern ?? (def.pattern = def.length === void 0 ? nanoid : nanoidOfLength(def.length));
  $ZodStringFormat.init(inst, def);
});
var $ZodCUID = /* @__PURE__ */ $constructor("$ZodCUID", (inst, def) => {
  def.pattern ?? (def.pattern = cuid);
  $ZodStringFormat.init(inst, def);
});
var $ZodCUID2 = /* @__PURE__ */ $constructor("$ZodCUID2", (inst, def) => {
  def.pattern ?? (def.pattern = cuid2);
  $ZodStringFormat.init(inst, def);
});
var $ZodULID = /* @__PURE__ */ $constructor("$ZodULID", (inst, def) => {
  def.pattern ?? (def.pattern = ulid);
  $ZodStringFormat.init(inst, def);
});
var $ZodXID = /* @__PURE__ */ $constructor("$ZodXID", (inst, def) => {
  def.pattern ?? (def.pattern = xid);
  $ZodStringFormat.init(inst, def);
});
var $ZodKSUID = /* @__PURE__ */ $constructor("$ZodKSUID", (inst, def) => {
  def.pattern ?? (def.pattern = ksuid);
  $ZodStringFormat.init(inst, def);
});
var $ZodISODateTime = /* @__PURE__ */ $constructor("$ZodISODateTime", (inst, def) => {
  def.pattern ?? (def.pattern = datetime(def));
  $ZodStringFormat.init(inst, def);
});
var $ZodISODate = /* @__PURE__ */ $constructor("$ZodISODate", (inst, def) => {
  def.pattern ?? (def.pattern = date);
  $ZodStringFormat.init(inst, def);
});
var $ZodISOTime = /* @__PURE__ */ $constructor("$ZodISOTime", (inst, def) => {
  def.pattern ?? (def.pattern = time(def));
  $ZodStringFormat.init(inst, def);
});
var $ZodISODuration = /* @__PURE__ */ $constructor("$ZodISODuration", (inst, def) => {
  def.pattern ?? (def.pattern = duration);
  $ZodStringFormat.init(inst, def);
});
var $ZodIPv4 = /* @__PURE__ */ $constructor("$ZodIPv4", (inst, def) => {
  def.pattern ?? (def.pattern = ipv4);
  $ZodStringFormat.init(inst, def);
});
var ipv6Alphabet = /^[0-9a-fA-F:.]+$/;
function isValidIPv6(value2) {
  if (!ipv6Alphabet.test(value2))
    return false;
  return canParseURL(`http://[${value2}]`);
}
var $ZodIPv6 = /* @__PURE__ */ $constructor("$ZodIPv6", (inst, def) => {
  def.pattern ?? (def.pattern = ipv6);
  $ZodStringFormat.init(inst, def);
  inst._zod.check = (payload) => {
    if (!isValidIPv6(payload.value)) {
      payload.issues.push({
        code: "invalid_format",
        format: "ipv6",
        input: payload.value,
        inst,
        continue: !def.abort
      });
    }
  };
});
var $ZodCIDRv4 = /* @__PURE__ */ $constructor("$ZodCIDRv4", (inst, def) => {
  def.pattern ?? (def.pattern = cidrv4);
  $ZodStringFormat.init(inst, def);
});
function isValidCIDRv6(value2) {
  const parts = value2.split("/");
  if (parts.length !== 2)
    return false;
  const [address, prefix] = parts;
  if (!prefix)
    return false;
  const prefixNum = Number(prefix);
  if (`${prefixNum}` !== prefix)
    return false;
  if (prefixNum < 0 || prefixNum > 128)
    return false;
  return isValidIPv6(address);
}
var $ZodCIDRv6 = /* @__PURE__ */ $constructor("$ZodCIDRv6", (inst, def) => {
  def.pattern ?? (def.pattern = cidrv6);
  $ZodStringFormat.init(inst, def);
  inst._zod.check = (payload) => {
    if (!isValidCIDRv6(payload.value)) {
      payload.issues.push({
        code: "invalid_format",
        format: "cidrv6",
        input: payload.value,
        inst,
        continue: !def.abort
      });
    }
  };
});
function isValidBase64(data) {
  if (data === "")
    return true;
  if (/\s/.test(data))
    return false;
  if (data.length % 4 !== 0)
    return false;
  try {
    atob(data);
    return true;
  } catch {
    return false;
  }
}
var base64Charset = /^[0-9a-zA-Z+/]*={0,2}$/;
var $ZodBase64 = /* @__PURE__ */ $constructor("$ZodBase64", (inst, def) => {
  def.pattern ?? (def.pattern = base64Charset);
  $ZodStringFormat.init(inst, def);
  inst._zod.check = (payload) => {
    if (isValidBase64(payload.value))
      return;
    payload.issues.push({
      code: "invalid_format",
      format: "base64",
      input: payload.value,
      inst,
      continue: !def.abort
    });
  };
});
var base64urlCharset = /^[A-Za-z0-9_-]*$/;
function isValidBase64URL(data) {
  if (!base64urlCharset.test(data))
    return false;
  const base642 = data.replace(/[-_]/g, (c) => c === "-" ? "+" : "/");
  const padded = base642.padEnd(Math.ceil(base642.length / 4) * 4, "=");
  return isValidBase64(padded);
}
var $ZodBase64URL = /* @__PURE__ */ $constructor("$ZodBase64URL", (inst, def) => {
  def.pattern ?? (def.pattern = base64urlCharset);
  $ZodStringFormat.init(inst, def);
  inst._zod.check = (payload) => {
    if (isValidBase64URL(payload.value))
      return;
    payload.issues.push({
      code: "invalid_format",
      format: "base64url",
      input: payload.value,
      inst,
      continue: !def.abort
    });
  };
});
var $ZodE164 = /* @__PURE__ */ $constructor("$ZodE164", (inst, def) => {
  def.pattern ?? (def.pattern = e164);
  $ZodStringFormat.init(inst, def);
});
function isValidJWT(token, algorithm = null) {
  try {
    const tokensParts = token.split(".");
    if (tokensParts.length !== 3)
      return false;
    const [header] = tokensParts;
    if (!header)
      return false;
    const parsedHeader = JSON.parse(atob(header));
    if ("typ" in parsedHeader && parsedHeader?.typ !== "JWT")
      return false;
    if (!parsedHeader.alg)
      return false;
    if (algorithm && (!("alg" in parsedHeader) || parsedHeader.alg !== algorithm))
      return false;
    return true;
  } catch {
    return false;
  }
}
var $ZodJWT = /* @__PURE__ */ $constructor("$ZodJWT", (inst, def) => {
  $ZodStringFormat.init(inst, def);
  inst._zod.check = (payload) => {
    if (isValidJWT(payload.value, def.alg))
      return;
    payload.issues.push({
      code: "invalid_format",
      format: "jwt",
      input: payload.value,
      inst,
      continue: !def.abort
    });
  };
});
var $ZodNumber = /* @__PURE__ */ $constructor("$ZodNumber", (inst, def) => {
  $ZodType.init(inst, def);
  inst._zod.pattern = number;
  inst._zod.parse = (payload, _ctx) => {
    if (def.coerce)
      try {
        payload.value = Number(payload.value);
      } catch (_) {
      }
    const input = payload.value;
    if (typeof input === "number" && !Number.isNaN(input) && Number.isFinite(input)) {
      return payload;
    }
    const received = typeof input === "number" ? Number.isNaN(input) ? "NaN" : !Number.isFinite(input) ? String(input) : void 0 : void 0;
    payload.issues.push({
      expected: "number",
      code: "invalid_type",
      input,
      inst,
      ...received ? { received } : {}
    });
    return payload;
  };
});
var $ZodNumberFormat = /* @__PURE__ */ $constructor("$ZodNumberFormat", (inst, def) => {
  $ZodCheckNumberFormat.init(inst, def);
  $ZodNumber.init(inst, def);
});
var $ZodBoolean = /* @__PURE__ */ $constructor("$ZodBoolean", (inst, def) => {
  $ZodType.init(inst, def);
  inst._zod.pattern = boolean;
  inst._zod.parse = (payload, _ctx) => {
    if (def.coerce)
      try {
        payload.value = Boolean(payload.value);
      } catch (_) {
      }
    const input = payload.value;
    if (typeof input === "boolean")
      return payload;
    payload.issues.push({
      expected: "boolean",
      code: "invalid_type",
      input,
      inst
    });
    return payload;
  };
});
var $ZodBigInt = /* @__PURE__ */ $constructor("$ZodBigInt", (inst, def) => {
  $ZodType.init(inst, def);
  inst._zod.pattern = bigint;
  inst._zod.parse = (payload, _ctx) => {
    if (def.coerce)
      try {
        payload.value = BigInt(payload.value);
      } catch (_) {
      }
    if (typeof payload.value === "bigint")
      return payload;
    payload.issues.push({
      expected: "bigint",
      code: "invalid_type",
      input: payload.value,
      inst
    });
    return payload;
  };
});
var $ZodNull = /* @__PURE__ */ $constructor("$ZodNull", (inst, def) => {
  $ZodType.init(inst, def);
  inst._zod.pattern = _null;
  inst._zod.values = /* @__PURE__ */ new Set([null]);
  inst._zod.parse = (payload, _ctx) => {
    const input = payload.value;
    if (input === null)
      return payload;
    payload.issues.push({
      expected: "null",
      code: "invalid_type",
      input,
      inst
    });
    return payload;
  };
});
var $ZodUnknown = /* @__PURE__ */ $constructor("$ZodUnknown", (inst, def) => {
  $ZodType.init(inst, def);
  inst._zod.parse = (payload) => payload;
});
var $ZodNever = /* @__PURE__ */ $constructor("$ZodNever", (inst, def) => {
  $ZodType.init(inst, def);
  inst._zod.parse = (payload, _ctx) => {
    payload.issues.push({
      expected: "never",
      code: "invalid_type",
      input: payload.value,
      inst
    });
    return payload;
  };
});
var $ZodDate = /* @__PURE__ */ $constructor("$ZodDate", (inst, def) => {
  $ZodType.init(inst, def);
  inst._zod.parse = (payload, _ctx) => {
    if (def.coerce) {
      try {
        payload.value = new Date(payload.value);
      } catch (_err) {
      }
    }
    const input = payload.value;
    const isDate = input instanceof Date;
    const isValidDate = isDate && !Number.isNaN(input.getTime());
    if (isValidDate)
      return payload;
    payload.issues.push({
      expected: "date",
      code: "invalid_type",
      input,
      ...isDate ? { received: "Invalid Date" } : {},
      inst
    });
    return payload;
  };
});
function capSize(inst, size) {
  const caps = sizeCaps(inst._zod.def.checks);
  if (!caps.length)
    return;
  const cap = Math.min(...caps.map((c) => c[0]));
  const parse3 = inst._zod.parse;
  inst._zod.parse = (payload, ctx) => {
    const n = size(payload.value);
    if (n > cap && !ctx?.skipChecks && ctx?.direction !== "backward") {
      for (const [max, ch] of sizeCaps(inst._zod.def.checks)) {
        if (n > max && ch._zod.def.when(payload)) {
          const start = payload.issues.length;
          ch._zod.check(payload);
          payload.issues[start].continue = false;
          attachSchema(payload.issues, start, inst);
          return payload;
        }
      }
    }
    return parse3(payload, ctx);
  };
}
var arraySize = (input) => Array.isArray(input) ? input.length : -1;
function handleArrayResult(result, final, index) {
  if (result.issues.length) {
    final.issues.push(...prefixIssues(index, result.issues));
  }
  final.value[index] = result.value;
}
var $ZodArray = /* @__PURE__ */ $constructor("$ZodArray", (inst, def) => {
  $ZodType.init(inst, def);
  const memo2 = globalConfig.memoizer;
  memo2?.attach(inst);
  inst._zod.parse = (payload, ctx) => {
    const input = payload.value;
    if (!Array.isArray(input)) {
      payload.issues.push({
        expected: "array",
        code: "invalid_type",
        input,
        inst
      });
      return payload;
    }
    payload.value = memo2 ? memo2.alloc(inst, payload, Array(input.length), ctx) : Array(input.length);
    const proms = [];
    const abortEarly = ctx?.abortEarly;
    for (let i = 0; i < input.length; i++) {
      const item = input[i];
      const result = def.element._zod.run({
        value: item,
        issues: []
      }, ctx);
      if (result instanceof Promise) {
        proms.push(result.then((result2) => handleArrayResult(result2, payload, i)));
      } else {
        handleArrayResult(result, payload, i);
        if (abortEarly && result.issues.length !== 0 && aborted(result))
          break;
      }
    }
    if (proms.length) {
      return Promise.all(proms).then(() => payload);
    }
    return payload;
  };
  capSize(inst, arraySize);
});
function handlePropertyResult(result, final, key, input, optin, optout) {
  const isPresent = key in input;
  const isOptionalOut = optout === "optional";
  if (!isPresent && isOptionalOut && optin === "optional") {
    return;
  }
  if (result.issues.length) {
    if (optin !== void 0 && isOptionalOut && !isPresent) {
      return;
    }
    final.issues.push(...prefixIssues(key, result.issues));
  }
  if (!isPresent && optin === void 0) {
    if (!result.issues.length) {
      final.issues.push({
        code: "invalid_type",
        expected: "nonoptional",
        input: void 0,
        path: [key]
      });
    }
    return;
  }
  if (result.value === void 0) {
    if (isPresent || optin === "defaulted" && !isOptionalOut) {
      final.value[key] = void 0;
    }
  } else {
    final.value[key] = result.value;
  }
}
var NO_SYMBOL_KEYS = [];
function normalizeDef(def) {
  const keys = Object.keys(def.shape);
  const ownSymbols = Object.getOwnPropertySymbols(def.shape);
  const symbolKeys = ownSymbols.length ? ownSymbols : NO_SYMBOL_KEYS;
  const allKeys = symbolKeys.length ? [...keys, ...symbolKeys] : keys;
  for (const k of allKeys) {
    if (!def.shape?.[k]?._zod?.traits?.has("$ZodType")) {
      throw new Error(`Invalid element at key "${String(k)}": expected a Zod schema`);
    }
  }
  const okeys = optionalKeys(def.shape);
  return {
    ...def,
    allKeys,
    symbolKeys,
    // string-only: handleCatchall matches it against `for...in`, which never yields a symbol
    keySet: new Set(keys),
    numKeys: keys.length,
    optionalKeys: new Set(okeys)
  };
}
function handleCatchall(proms, input, payload, ctx, def, inst, abortEarly) {
  const unrecognized = [];
  const keySet = def.keySet;
  const _catchall = def.catchall._zod;
  const t = _catchall.def.type;
  const optin = _catchall.optin;
  const optout = _catchall.optout;
  let seen = 0;
  for (const key in input) {
    if (abortEarly && payload.issues.length !== seen) {
      if (aborted(payload, seen))
        break;
      seen = payload.issues.length;
    }
    if (keySet.has(key))
      continue;
    if (key === "__proto__") {
      if (t === "never")
        unrecognized.push(key);
      continue;
    }
    if (t === "never") {
      unrecognized.push(key);
      continue;
    }
    const r = _catchall.run({ value: input[key], issues: [] }, ctx);
    if (r instanceof Promise) {
      proms.push(r.then((r2) => handlePropertyResult(r2, payload, key, input, optin, optout)));
    } else {
      handlePropertyResult(r, payload, key, input, optin, optout);
    }
  }
  if (unrecognized.length) {
    payload.issues.push({
      code: "unrecognized_keys",
      keys: unrecognized,
      input,
      inst,
      // Describes the shape of the input, not the validity of the parsed value, so it never aborts. The parse still fails; the schema's own checks just get to run first, and an enclosing intersection can reconcile the key against a sibling operand.
      continue: true
    });
  }
  if (!proms.length)
    return payload;
  return Promise.all(proms).then(() => {
    return payload;
  });
}
var $ZodObject = /* @__PURE__ */ $constructor("$ZodObject", (inst, def) => {
  $ZodType.init(inst, def);
  const desc = Object.getOwnPropertyDescriptor(def, "shape");
  const sh = desc?.get ? desc.get.raw : def.shape ?? {};
  if (sh) {
    const get = () => {
      const newSh = { ...sh };
      Object.defineProperty(def, "shape", { value: newSh });
      get.raw = newSh;
      return newSh;
    };
    get.raw = sh;
    Object.defineProperty(def, "shape", { get });
  }
  const _normalized = cached(() => normalizeDef(def));
  defineLazyInternal(inst, "propValues", (zod) => {
    const shape = zod.def.shape;
    const propValues = {};
    for (const key in shape) {
      const field = shape[key]._zod;
      if (field.values) {
        if (!Object.prototype.hasOwnProperty.call(propValues, key)) {
          assignProp(propValues, key, /* @__PURE__ */ new Set());
        }
        for (const v of field.values)
          propValues[key].add(v);
        if (field.optin !== void 0)
          propValues[key].add(void 0);
      }
    }
    return propValues;
  });
  const isObject2 = isObject;
  const catchall = def.catchall;
  let value2;
  const memo2 = globalConfig.memoizer;
  memo2?.attach(inst);
  inst._zod.parse = (payload, ctx) => {
    value2 ?? (value2 = _normalized.value);
    const input = payload.value;
    if (!isObject2(input)) {
      payload.issues.push({
        expected: "object",
        code: "invalid_type",
        input,
        inst
      });
      return payload;
    }
    payload.value = memo2 ? memo2.alloc(inst, payload, {}, ctx) : {};
    const proms = [];
    const shape = value2.shape;
    const abortEarly = ctx?.abortEarly;
    let seen = payload.issues.length;
    for (const key of value2.allKeys) {
      if (abortEarly && payload.issues.length !== seen) {
        if (aborted(payload, seen))
          break;
        seen = payload.issues.length;
      }
      if (key === "__proto__")
        continue;
      const el = shape[key];
      const optin = el._zod.optin;
      const optout = el._zod.optout;
      const r = el._zod.run({ value: input[key], issues: [] }, ctx);
      if (r instanceof Promise) {
        proms.push(r.then((r2) => handlePropertyResult(r2, payload, key, input, optin, optout)));
      } else {
        handlePropertyResult(r, payload, key, input, optin, optout);
      }
    }
    if (!catchall) {
      return proms.length ? Promise.all(proms).then(() => payload) : payload;
    }
    return handleCatchall(proms, input, payload, ctx, _normalized.value, inst, abortEarly === true);
  };
});
var $ZodObjectJIT = /* @__PURE__ */ $constructor("$ZodObjectJIT", (inst, def) => {
  $ZodObject.init(inst, def);
  const superParse = inst._zod.parse;
  const _normalized = cached(() => normalizeDef(def));
  const memo2 = globalConfig.memoizer;
  const generateFastpass = (shape) => {
    const normalized = _normalized.value;
    const syms = normalized.symbolKeys;
    const doc = new Doc(["payload", "ctx"], { shape, inst, memo: memo2, syms });
    const parseStr = (k) => `shape[${k}]._zod.run({ value: input[${k}], issues: [] }, ctx)`;
    const prefixStr = (id, k) => `
          let ${id}_ab = false;
          for (let i = 0; i < ${id}.issues.length; i++) {
            const iss = ${id}.issues[i];
            iss.path = iss.path ? [${k}, ...iss.path] : [${k}];
            payload.issues.push(iss);
            if (iss.continue !== true) ${id}_ab = true;
          }
          if (${id}_ab && ctx && ctx.abortEarly) {
            payload.value = newResult;
            return payload;
          }`;
    doc.write(`const input = payload.value;`);
    const ids = /* @__PURE__ */ Object.create(null);
    let counter = 0;
    for (const key of normalized.allKeys) {
      ids[key] = `key_${counter++}`;
    }
    doc.write(memo2 ? `const newResult = memo.alloc(inst, payload, {}, ctx);` : `const newResult = {};`);
    for (const key of normalized.allKeys) {
      if (key === "__proto__")
        continue;
      const id = ids[key];
      const k = typeof key === "symbol" ? `syms[${syms.indexOf(key)}]` : esc(key);
      const isPresent = `${k} in input`;
      const schema = shape[key];
      const optin = schema?._zod?.optin;
      const isOptionalIn = optin !== void 0;
      const isOptionalOut = schema?._zod?.optout === "optional";
      doc.write(`const ${id} = ${parseStr(k)};`);
      if (isOptionalIn && isOptionalOut) {
        const assign = optin === "optional" ? `${id}_present` : `${id}.value !== undefined || ${id}_present`;
        doc.write(`
        const ${id}_present = ${isPresent};
        if (!${id}.issues.length || ${id}_present) {
          if (${id}.issues.length) {${prefixStr(id, k)}
          }

          if (${assign}) {
            newResult[${k}] = ${id}.value;
          }
        }

      `);
      } else if (!isOptionalIn) {
        doc.write(`
        const ${id}_present = ${isPresent};
        if (${id}.issues.length) {${prefixStr(id, k)}
        }
        if (!${id}_present && !${id}.issues.length) {
          payload.issues.push({
            code: "invalid_type",
            expected: "nonoptional",
            input: undefined,
            path: [${k}]
          });
          if (ctx && ctx.abortEarly) {
            payload.value = newResult;
            return payload;
          }
        }

        if (${id}_present) {
          newResult[${k}] = ${id}.value;
        }

      `);
      } else {
        doc.write(`
        if (${id}.issues.length) {${prefixStr(id, k)}
        }
      `);
        if (optin === "defaulted") {
          doc.write(`newResult[${k}] = ${id}.value;`);
        } else {
          doc.write(`
        if (${id}.value !== undefined || ${isPresent}) {
          newResult[${k}] = ${id}.value;
        }
      `);
        }
      }
    }
    doc.write(`payload.value = newResult;`);
    doc.write(`return payload;`);
    return doc.compile();
  };
  let fastpass;
  const isObject2 = isObject;
  const jit = !globalConfig.jitless;
  const allowsEval2 = allowsEval;
  const fastEnabled = jit && allowsEval2.value;
  const catchall = def.catchall;
  let value2;
  inst._zod.parse = (payload, ctx) => {
    value2 ?? (value2 = _normalized.value);
    const input = payload.value;
    if (!isObject2(input)) {
      payload.issues.push({
        expected: "object",
        code: "invalid_type",
        input,
        inst
      });
      return payload;
    }
    if (jit && fastEnabled && ctx?.async === false && ctx.jitless !== true) {
      if (!fastpass)
        fastpass = generateFastpass(def.shape);
      payload = fastpass(payload, ctx);
      if (!catchall)
        return payload;
      return handleCatchall([], input, payload, ctx, value2, inst, ctx?.abortEarly === true);
    }
    return superParse(payload, ctx);
  };
});
function handleUnionResults(results, final, inst, ctx) {
  for (const result of results) {
    if (result.issues.length === 0) {
      final.value = result.value;
      return final;
    }
  }
  const nonaborted = results.filter((r) => !aborted(r));
  if (nonaborted.length === 1) {
    final.value = nonaborted[0].value;
    return nonaborted[0];
  }
  final.issues.push({
    code: "invalid_union",
    input: final.value,
    inst,
    errors: results.map((result) => result.issues.map((iss) => finalizeIssue(iss, ctx, config())))
  });
  return final;
}
var $ZodUnion = /* @__PURE__ */ $constructor("$ZodUnion", (inst, def) => {
  $ZodType.init(inst, def);
  defineLazyInternal(inst, "optin", (zod) => zod.def.options.some((o) => o._zod.optin === "defaulted") ? "defaulted" : zod.def.options.some((o) => o._zod.optin !== void 0) ? "optional" : void 0);
  defineLazyInternal(inst, "optout", (zod) => zod.def.options.some((o) => o._zod.optout === "optional") ? "optional" : void 0);
  defineLazyInternal(inst, "values", (zod) => {
    if (zod.def.options.every((o) => o._zod.values)) {
      return new Set(zod.def.options.flatMap((option) => Array.from(option._zod.values)));
    }
    return void 0;
  });
  defineLazyInternal(inst, "pattern", (zod) => {
    if (zod.def.options.every((o) => o._zod.pattern)) {
      const patterns = zod.def.options.map((o) => o._zod.pattern);
      return new RegExp(`^(${patterns.map((p) => cleanRegex(p.source)).join("|")})$`);
    }
    return void 0;
  });
  const first = def.options.length === 1 ? def.options[0]._zod.run : null;
  inst._zod.parse = (payload, ctx) => {
    if (first) {
      return first(payload, ctx);
    }
    let async = false;
    const results = [];
    for (const option of def.options) {
      const result = option._zod.run({
        value: payload.value,
        issues: []
      }, ctx);
      if (result instanceof Promise) {
        results.push(result);
        async = true;
      } else {
        if (result.issues.length === 0)
          return result;
        results.push(result);
      }
    }
    if (!async)
      return handleUnionResults(results, payload, inst, ctx);
    return Promise.all(results).then((results2) => {
      return handleUnionResults(results2, payload, inst, ctx);
    });
  };
});
function discriminatorMap(def) {
  const map = /* @__PURE__ */ new Map();
  for (const option of def.options) {
    const values = option._zod.propValues?.[def.discriminator];
    if (!values || values.size === 0)
      throw new Error(`Invalid discriminated union option at index "${def.options.indexOf(option)}"`);
    for (const value2 of values) {
      if (map.has(value2)) {
        if (value2 !== void 0)
          throw new Error(`Duplicate discriminator value "${String(value2)}"`);
        map.set(value2, null);
      } else {
        map.set(value2, option);
      }
    }
  }
  return map;
}
var $ZodDiscriminatedUnion = /* @__PURE__ */ $constructor("$ZodDiscriminatedUnion", (inst, def) => {
  def.inclusive = false;
  $ZodUnion.init(inst, def);
  const _super = inst._zod.parse;
  defineLazyInternal(inst, "propValues", (zod) => {
    const propValues = {};
    let undefinedCount = 0;
    for (const option of zod.def.options) {
      const pv = option._zod.propValues;
      if (!pv || Object.keys(pv).length === 0)
        throw new Error(`Invalid discriminated union option at index "${zod.def.options.indexOf(option)}"`);
      if (pv[zod.def.discriminator]?.has(void 0))
        undefinedCount++;
      for (const [k, v] of Object.entries(pv)) {
        if (!Object.prototype.hasOwnProperty.call(propValues, k)) {
          assignProp(propValues, k, /* @__PURE__ */ new Set());
        }
        for (const val of v) {
          propValues[k].add(val);
        }
      }
    }
    if (!zod.def.unionFallback && undefinedCount > 1)
      propValues[zod.def.discriminator]?.delete(void 0);
    return propValues;
  });
  def.options.forEach((option, i) => {
    const propShape = rawShape(option._zod.def);
    if (propShape && !Object.prototype.hasOwnProperty.call(propShape, def.discriminator)) {
      throw new Error(`Invalid discriminated union option at index "${i}"`);
    }
  });
  const disc = cached(() => discriminatorMap(def));
  inst._zod.parse = (payload, ctx) => {
    const input = payload.value;
    if (!isObject(input)) {
      payload.issues.push({
        code: "invalid_type",
        expected: "object",
        input,
        inst
      });
      return payload;
    }
    const value2 = input?.[def.discriminator];
    const opt = disc.value.get(value2);
    if (opt && (value2 !== void 0 || ctx.direction !== "backward")) {
      return opt._zod.run(payload, ctx);
    }
    if (def.unionFallback || ctx.direction === "backward") {
      return _super(payload, ctx);
    }
    payload.issues.push({
      code: "invalid_union",
      errors: [],
      note: "No matching discriminator",
      discriminator: def.discriminator,
      options: Array.from(disc.value.keys()).filter((value3) => disc.value.get(value3) !== null),
      input,
      path: [def.discriminator],
      inst
    });
    return payload;
  };
});
var $ZodIntersection = /* @__PURE__ */ $constructor("$ZodIntersection", (inst, def) => {
  $ZodType.init(inst, def);
  inst._zod.parse = (payload, ctx) => {
    const input = payload.value;
    const left = def.left._zod.run({ value: input, issues: [] }, ctx);
    const right = def.right._zod.run({ value: input, issues: [] }, ctx);
    const async = left instanceof Promise || right instanceof Promise;
    if (async) {
      return Promise.all([left, right]).then(([left2, right2]) => {
        return handleIntersectionResults(payload, left2, right2);
      });
    }
    return handleIntersectionResults(payload, left, right);
  };
});
function mergeValues(a, b) {
  if (a === b) {
    return { valid: true, data: a };
  }
  if (a instanceof Date && b instanceof Date && +a === +b) {
    return { valid: true, data: a };
  }
  if (isPlainObject(a) && isPlainObject(b)) {
    const bKeys = Object.keys(b);
    const sharedKeys = Object.keys(a).filter((key) => bKeys.indexOf(key) !== -1);
    const newObj = { ...a, ...b };
    if (Object.prototype.hasOwnProperty.call(newObj, "__proto__"))
      delete newObj.__proto__;
    for (const key of sharedKeys) {
      if (key === "__proto__")
        continue;
      const sharedValue = mergeValues(a[key], b[key]);
      if (!sharedValue.valid) {
        return {
          valid: false,
          mergeErrorPath: [key, ...sharedValue.mergeErrorPath]
        };
      }
      newObj[key] = sharedValue.data;
    }
    return { valid: true, data: newObj };
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    if (a.length !== b.length) {
      return { valid: false, mergeErrorPath: [] };
    }
    const newArray = [];
    for (let index = 0; index < a.length; index++) {
      const itemA = a[index];
      const itemB = b[index];
      const sharedValue = mergeValues(itemA, itemB);
      if (!sharedValue.valid) {
        return {
          valid: false,
          mergeErrorPath: [index, ...sharedValue.mergeErrorPath]
        };
      }
      newArray.push(sharedValue.data);
    }
    return { valid: true, data: newArray };
  }
  return { valid: false, mergeErrorPath: [] };
}
function handleIntersectionResults(result, left, right) {
  const unrecKeys = /* @__PURE__ */ new Map();
  let unrecIssue;
  const keyIssues = /* @__PURE__ */ new Map();
  const collect = (iss, side) => {
    let keys;
    if (iss.code === "unrecognized_keys" && !iss.path?.length) {
      unrecIssue ?? (unrecIssue = iss);
      keys = iss.keys;
    } else if (iss.code === "invalid_key" && iss.origin === "record" && iss.path?.length === 1) {
      const k = String(iss.path[0]);
      if (!keyIssues.has(k))
        keyIssues.set(k, iss);
      keys = [k];
    } else {
      return false;
    }
    for (const k of keys) {
      if (!unrecKeys.has(k))
        unrecKeys.set(k, {});
      unrecKeys.get(k)[side] = true;
    }
    return true;
  };
  for (const iss of left.issues) {
    if (!collect(iss, "l"))
      result.issues.push(iss);
  }
  for (const iss of right.issues) {
    if (!collect(iss, "r"))
      result.issues.push(iss);
  }
  const bothKeys = [...unrecKeys].filter(([, f]) => f.l && f.r).map(([k]) => k);
  if (bothKeys.length) {
    const aggregated = unrecIssue ? bothKeys.filter((k) => unrecIssue.keys.includes(k)) : [];
    if (aggregated.length)
      result.issues.push({ ...unrecIssue, keys: aggregated });
    for (const k of bothKeys) {
      if (!aggregated.includes(k) && keyIssues.has(k))
        result.issues.push(keyIssues.get(k));
    }
  }
  const merged = mergeValues(left.value, right.value);
  if (!merged.valid) {
    if (aborted(result))
      return result;
    throw new Error(`Unmergable intersection. Error path: ${JSON.stringify(merged.mergeErrorPath)}`);
  }
  result.value = merged.data;
  return result;
}
var $ZodRecord = /* @__PURE__ */ $constructor("$ZodRecord", (inst, def) => {
  $ZodType.init(inst, def);
  const memo2 = globalConfig.memoizer;
  memo2?.attach(inst);
  inst._zod.parse = (payload, ctx) => {
    const input = payload.value;
    if (!isPlainObject(input)) {
      payload.issues.push({
        expected: "record",
        code: "invalid_type",
        input,
        inst
      });
      return payload;
    }
    const proms = [];
    const values = def.keyType._zod.values;
    if (values && !def.partial) {
      payload.value = memo2 ? memo2.alloc(inst, payload, {}, ctx) : {};
      const recordKeys = /* @__PURE__ */ new Set();
      for (const key of values) {
        if (typeof key === "string" || typeof key === "number" || typeof key === "symbol") {
          recordKeys.add(typeof key === "number" ? key.toString() : key);
          if (key === "__proto__")
            continue;
          const keyResult = def.keyType._zod.run({ value: key, issues: [] }, ctx);
          if (keyResult instanceof Promise) {
            throw new Error("Async schemas not supported in object keys currently");
          }
          if (keyResult.issues.length) {
            payload.issues.push({
              code: "invalid_key",
              origin: "record",
              issues: keyResult.issues.map((iss) => finalizeIssue(iss, ctx, config())),
              input: key,
              path: [key],
              inst
            });
            continue;
          }
          const outKey = keyResult.value;
          if (outKey === "__proto__")
            continue;
          const result = def.valueType._zod.run({ value: input[key], issues: [] }, ctx);
          if (result instanceof Promise) {
            proms.push(result.then((result2) => {
              if (result2.issues.length) {
                payload.issues.push(...prefixIssues(key, result2.issues));
              }
              payload.value[outKey] = result2.value;
            }));
          } else {
            if (result.issues.length) {
              payload.issues.push(...prefixIssues(key, result.issues));
            }
            payload.value[outKey] = result.value;
          }
        }
      }
      let unrecognized;
      for (const key in input) {
        if (!recordKeys.has(key)) {
          if (def.mode === "loose") {
            if (key === "__proto__")
              continue;
            payload.value[key] = input[key];
          } else {
            unrecognized = unrecognized ?? [];
            unrecognized.push(key);
          }
        }
      }
      if (unrecognized && unrecognized.length > 0) {
        payload.issues.push({
          code: "unrecognized_keys",
          input,
          inst,
          keys: unrecognized,
          continue: true
        });
      }
    } else {
      payload.value = memo2 ? memo2.alloc(inst, payload, {}, ctx) : {};
      let unrecognized;
      for (const key of Reflect.ownKeys(input)) {
        if (key === "__proto__")
          continue;
        if (!Object.prototype.propertyIsEnumerable.call(input, key))
          continue;
        let keyResult = def.keyType._zod.run({ value: key, issues: [] }, ctx);
        if (keyResult instanceof Promise) {
          throw new Error("Async schemas not supported in object keys currently");
        }
        const checkNumericKey = typeof key === "string" && number.test(key) && keyResult.issues.length;
        if (checkNumericKey) {
          const retryResult = def.keyType._zod.run({ value: Number(key), issues: [] }, ctx);
          if (retryResult instanceof Promise) {
            throw new Error("Async schemas not supported in object keys currently");
          }
          if (retryResult.issues.length === 0) {
            keyResult = retryResult;
          }
        }
        if (keyResult.issues.length) {
          if (def.mode === "loose") {
            payload.value[key] = input[key];
          } else if (values) {
            unrecognized = unrecognized ?? [];
            unrecognized.push(key);
          } else {
            payload.issues.push({
              code: "invalid_key",
              origin: "record",
              issues: keyResult.issues.map((iss) => finalizeIssue(iss, ctx, config())),
              input: key,
              path: [key],
              inst
            });
          }
          continue;
        }
        const outKey = keyResult.value;
        if (outKey === "__proto__")
          continue;
        const result = def.valueType._zod.run({ value: input[key], issues: [] }, ctx);
        if (result instanceof Promise) {
          proms.push(result.then((result2) => {
            if (result2.issues.length) {
              payload.issues.push(...prefixIssues(key, result2.issues));
            }
            payload.value[outKey] = result2.value;
          }));
        } else {
          if (result.issues.length) {
            payload.issues.push(...prefixIssues(key, result.issues));
          }
          payload.value[outKey] = result.value;
        }
      }
      if (unrecognized && unrecognized.length > 0) {
        payload.issues.push({
          code: "unrecognized_keys",
          input,
          inst,
          keys: unrecognized,
          continue: true
        });
      }
    }
    if (proms.length) {
      return Promise.all(proms).then(() => payload);
    }
    return payload;
  };
});
var $ZodEnum = /* @__PURE__ */ $constructor("$ZodEnum", (inst, def) => {
  $ZodType.init(inst, def);
  const values = getEnumValues(def.entries);
  const valuesSet = new Set(values);
  inst._zod.values = valuesSet;
  defineLazyInternal(inst, "pattern", (zod) => {
    const patternValues = getEnumValues(zod.def.entries).filter((k) => propertyKeyTypes.has(typeof k));
    return new RegExp(patternValues.length ? `^(${patternValues.map((o) => escapeRegex(o.toString())).join("|")})$` : "^[^\\s\\S]$");
  });
  inst._zod.parse = (payload, _ctx) => {
    const input = payload.value;
    if (valuesSet.has(input)) {
      return payload;
    }
    payload.issues.push({
      code: "invalid_value",
      values,
      input,
      inst
    });
    return payload;
  };
});
var $ZodLiteral = /* @__PURE__ */ $constructor("$ZodLiteral", (inst, def) => {
  $ZodType.init(inst, def);
  const values = new Set(def.values);
  inst._zod.values = values;
  defineLazyInternal(inst, "pattern", (zod) => {
    const vals = zod.def.values;
    return new RegExp(vals.length ? `^(${vals.map((o) => typeof o === "string" ? escapeRegex(o) : o ? escapeRegex(o.toString()) : String(o)).join("|")})$` : "^[^\\s\\S]$");
  });
  inst._zod.parse = (payload, _ctx) => {
    const input = payload.value;
    if (values.has(input)) {
      return payload;
    }
    payload.issues.push({
      code: "invalid_value",
      values: def.values,
      input,
      inst
    });
    return payload;
  };
});
var $ZodTransform = /* @__PURE__ */ $constructor("$ZodTransform", (inst, def) => {
  $ZodType.init(inst, def);
  inst._zod.optin = "optional";
  globalConfig.memoizer?.guard(inst);
  inst._zod.parse = (payload, ctx) => {
    if (ctx.direction === "backward") {
      throw new $ZodEncodeError(inst.constructor.name);
    }
    const _out = def.transform(payload.value, payload);
    if (ctx.async) {
      const output = _out instanceof Promise ? _out : Promise.resolve(_out);
      return output.then((output2) => {
        payload.value = output2;
        return payload;
      });
    }
    if (_out instanceof Promise) {
      throw new $ZodAsyncError();
    }
    payload.value = _out;
    return payload;
  };
});
function handleOptionalResult(payload, result) {
  payload.value = result.issues.length ? void 0 : result.value;
  return payload;
}
var $ZodOptional = /* @__PURE__ */ $constructor("$ZodOptional", (inst, def) => {
  $ZodType.init(inst, def);
  defineLazyInternal(inst, "optin", (zod) => zod.def.innerType._zod.optin === "defaulted" ? "defaulted" : "optional");
  inst._zod.optout = "optional";
  defineLazyInternal(inst, "values", (zod) => {
    const values = zod.def.innerType._zod.values;
    return values ? /* @__PURE__ */ new Set([...values, void 0]) : void 0;
  });
  defineLazyInternal(inst, "pattern", (zod) => {
    const pattern = zod.def.innerType._zod.pattern;
    return pattern ? new RegExp(`^(${cleanRegex(pattern.source)})?$`) : void 0;
  });
  inst._zod.parse = (payload, ctx) => {
    if (payload.value === void 0) {
      if (def.innerType._zod.optin !== "defaulted")
        return payload;
      const result = def.innerType._zod.run({ value: payload.value, issues: [] }, ctx);
      if (result instanceof Promise)
        return result.then((result2) => handleOptionalResult(payload, result2));
      return handleOptionalResult(payload, result);
    }
    return def.innerType._zod.run(payload, ctx);
  };
});
var $ZodExactOptional = /* @__PURE__ */ $constructor("$ZodExactOptional", (inst, def) => {
  $ZodOptional.init(inst, def);
  defineLazyInternal(inst, "values", (zod) => zod.def.innerType._zod.values);
  defineLazyInternal(inst, "pattern", (zod) => zod.def.innerType._zod.pattern);
  inst._zod.parse = (payload, ctx) => {
    return def.innerType._zod.run(payload, ctx);
  };
});
var $ZodNullable = /* @__PURE__ */ $constructor("$ZodNullable", (inst, def) => {
  $ZodType.init(inst, def);
  defineLazyInternal(inst, "optin", (zod) => zod.def.innerType._zod.optin);
  defineLazyInternal(inst, "optout", (zod) => zod.def.innerType._zod.optout);
  defineLazyInternal(inst, "pattern", (zod) => {
    const pattern = zod.def.innerType._zod.pattern;
    return pattern ? new RegExp(`^(${cleanRegex(pattern.source)}|null)$`) : void 0;
  });
  defineLazyInternal(inst, "values", (zod) => {
    return zod.def.innerType._zod.values ? /* @__PURE__ */ new Set([...zod.def.innerType._zod.values, null]) : void 0;
  });
  inst._zod.parse = (payload, ctx) => {
    if (payload.value === null)
      return payload;
    return def.innerType._zod.run(payload, ctx);
  };
});
var $ZodDefault = /* @__PURE__ */ $constructor("$ZodDefault", (inst, def) => {
  $ZodType.init(inst, def);
  inst._zod.optin = "defaulted";
  defineLazyInternal(inst, "values", (zod) => zod.def.innerType._zod.values);
  inst._zod.parse = (payload, ctx) => {
    if (ctx.direction === "backward") {
      return def.innerType._zod.run(payload, ctx);
    }
    if (payload.value === void 0) {
      payload.value = def.defaultValue;
      return payload;
    }
    const result = def.innerType._zod.run(payload, ctx);
    if (result instanceof Promise) {
      return result.then((result2) => handleDefaultResult(result2, def));
    }
    return handleDefaultResult(result, def);
  };
});
function handleDefaultResult(payload, def) {
  if (payload.value === void 0) {
    payload.value = def.defaultValue;
  }
  return payload;
}
var $ZodPrefault = /* @__PURE__ */ $constructor("$ZodPrefault", (inst, def) => {
  $ZodType.init(inst, def);
  inst._zod.optin = "defaulted";
  defineLazyInternal(inst, "values", (zod) => zod.def.innerType._zod.values);
  inst._zod.parse = (payload, ctx) => {
    if (ctx.direction === "backward") {
      return def.innerType._zod.run(payload, ctx);
    }
    if (payload.value === void 0) {
      payload.value = def.defaultValue;
    }
    return def.innerType._zod.run(payload, ctx);
  };
});
var $ZodNonOptional = /* @__PURE__ */ $constructor("$ZodNonOptional", (inst, def) => {
  $ZodType.init(inst, def);
  defineLazyInternal(inst, "values", (zod) => {
    const v = zod.def.innerType._zod.values;
    return v ? new Set([...v].filter((x) => x !== void 0)) : void 0;
  });
  inst._zod.parse = (payload, ctx) => {
    const result = def.innerType._zod.run(payload, ctx);
    if (result instanceof Promise) {
      return result.then((result2) => handleNonOptionalResult(result2, inst));
    }
    return handleNonOptionalResult(result, inst);
  };
});
function handleNonOptionalResult(payload, inst) {
  if (!payload.issues.length && payload.value === void 0) {
    payload.issues.push({
      code: "invalid_type",
      expected: "nonoptional",
      input: payload.value,
      inst
    });
  }
  return payload;
}
function handleCatchResult(payload, result, def, ctx) {
  if (!result.issues.length) {
    payload.value = result.value;
    if (result.memo)
      payload.memo = true;
    return payload;
  }
  payload.value = def.catchValue({
    ...result,
    value: payload.value,
    error: {
      issues: result.issues.map((iss) => finalizeIssue(iss, ctx, config()))
    },
    input: payload.value
  });
  return payload;
}
var $ZodCatch = /* @__PURE__ */ $constructor("$ZodCatch", (inst, def) => {
  $ZodType.init(inst, def);
  defineLazyInternal(inst, "optin", (zod) => zod.def.innerType._zod.optin === "defaulted" ? "defaulted" : "optional");
  defineLazyInternal(inst, "optout", (zod) => zod.def.innerType._zod.optout);
  defineLazyInternal(inst, "values", (zod) => zod.def.innerType._zod.values);
  inst._zod.parse = (payload, ctx) => {
    if (ctx.direction === "backward") {
      return def.innerType._zod.run(payload, ctx);
    }
    const result = def.innerType._zod.run({ value: payload.value, issues: [] }, ctx);
    if (result instanceof Promise) {
      return result.then((result2) => handleCatchResult(payload, result2, def, ctx));
    }
    return handleCatchResult(payload, result, def, ctx);
  };
});
var $ZodPipe = /* @__PURE__ */ $constructor("$ZodPipe", (inst, def) => {
  $ZodType.init(inst, def);
  defineLazyInternal(inst, "values", (zod) => zod.def.in._zod.values);
  defineLazyInternal(inst, "optin", (zod) => zod.def.in._zod.optin);
  defineLazyInternal(inst, "optout", (zod) => zod.def.out._zod.optout);
  defineLazyInternal(inst, "propValues", (zod) => zod.def.in._zod.propValues);
  inst._zod.parse = (payload, ctx) => {
    if (ctx.direction === "backward") {
      const right = def.out._zod.run(payload, ctx);
      if (right instanceof Promise) {
        return right.then((right2) => handlePipeResult(right2, def.in, ctx));
      }
      return handlePipeResult(right, def.in, ctx);
    }
    const left = def.in._zod.run(payload, ctx);
    if (left instanceof Promise) {
      return left.then((left2) => handlePipeResult(left2, def.out, ctx));
    }
    return handlePipeResult(left, def.out, ctx);
  };
});
function handlePipeResult(left, next, ctx) {
  if (left.issues.some((iss) => iss.code !== "unrecognized_keys")) {
    left.aborted = true;
    return left;
  }
  return next._zod.run({ value: left.value, issues: left.issues }, ctx);
}
var $ZodReadonly = /* @__PURE__ */ $constructor("$ZodReadonly", (inst, def) => {
  $ZodType.init(inst, def);
  defineLazyInternal(inst, "propValues", (zod) => zod.def.innerType._zod.propValues);
  defineLazyInternal(inst, "values", (zod) => zod.def.innerType._zod.values);
  defineLazyInternal(inst, "optin", (zod) => zod.def.innerType?._zod?.optin);
  defineLazyInternal(inst, "optout", (zod) => zod.def.innerType?._zod?.optout);
  inst._zod.parse = (payload, ctx) => {
    if (ctx.direction === "backward") {
      return def.innerType._zod.run(payload, ctx);
    }
    const result = def.innerType._zod.run(payload, ctx);
    if (result instanceof Promise) {
      return result.then(handleReadonlyResult);
    }
    return handleReadonlyResult(result);
  };
});
function handleReadonlyResult(payload) {
  if (!payload.memo)
    payload.value = Object.freeze(payload.value);
  return payload;
}
var $ZodCustom = /* @__PURE__ */ $constructor("$ZodCustom", (inst, def) => {
  $ZodCheck.init(inst, def);
  $ZodType.init(inst, def);
  inst._zod.parse = (payload, _) => {
    return payload;
  };
  inst._zod.check = (payload) => {
    const input = payload.value;
    const r = def.fn(input);
    if (r instanceof Promise) {
      return r.then((r2) => handleRefineResult(r2, payload, input, inst));
    }
    handleRefineResult(r, payload, input, inst);
    return;
  };
});
function handleRefineResult(result, payload, input, inst) {
  if (!result) {
    const _iss = {
      code: "custom",
      input,
      inst,
      // incorporates params.error into issue reporting
      path: [...inst._zod.def.path ?? []],
      // incorporates params.error into issue reporting
      continue: !inst._zod.def.abort
      // params: inst._zod.def.params,
    };
    if (inst._zod.def.params)
      _iss.params = inst._zod.def.params;
    payload.issues.push(issue(_iss));
  }
}

// node_modules/zod/v4/core/memoizer.js
var $ZodCyclicError = class extends Error {
  constructor() {
    super(`Cannot parse a reference cycle that closes through a transform`);
    this.name = "ZodCyclicError";
  }
};
var STATE = "~memo";
var NO_ISSUES = [];
function isRef(value2) {
  return value2 !== null && typeof value2 === "object";
}
function cloneIssues(issues) {
  return issues.map((iss) => iss.path ? { ...iss, path: iss.path.slice() } : { ...iss });
}
var recursive = /* @__PURE__ */ new WeakMap();
var NONE = 0;
var ASSUMED = 1;
var PROVEN = 2;
function isRecursive(inst, stack, resolve) {
  const cached2 = recursive.get(inst);
  if (cached2 !== void 0)
    return cached2 ? PROVEN : NONE;
  if (stack.has(inst))
    return PROVEN;
  stack.add(inst);
  let result = NONE;
  const check = (child) => {
    if (result !== PROVEN && child?._zod) {
      const answer2 = isRecursive(child, stack, resolve);
      if (answer2 > result)
        result = answer2;
    }
  };
  const shape = (sh, spread) => {
    let answer2 = NONE;
    for (const key of Reflect.ownKeys(sh)) {
      const desc = Object.getOwnPropertyDescriptor(sh, key);
      if (spread && !desc.enumerable)
        continue;
      const child = desc.get ? ASSUMED : desc.value?._zod ? isRecursive(desc.value, stack, resolve) : NONE;
      if (child > answer2)
        answer2 = child;
    }
    return answer2;
  };
  const merge2 = (answer2) => {
    if (answer2 > result)
      result = answer2;
  };
  const def = inst._zod.def;
  const kind = def.type;
  switch (kind) {
    case "object": {
      const raw2 = rawShape(def);
      merge2(raw2 ? shape(raw2, true) : ASSUMED);
      check(def.catchall);
      break;
    }
    case "array":
      check(def.element);
      break;
    case "tuple":
      for (const el of def.items)
        check(el);
      check(def.rest);
      break;
    case "record":
    case "map":
      check(def.keyType);
      check(def.valueType);
      break;
    case "set":
      check(def.valueType);
      break;
    case "union":
      for (const el of def.options)
        check(el);
      break;
    case "intersection":
      check(def.left);
      check(def.right);
      break;
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "catch":
    case "readonly":
    case "nonoptional":
    case "promise":
    case "success":
      check(def.innerType);
      break;
    case "pipe":
      check(def.in);
      check(def.out);
      break;
    case "function":
      check(def.input);
      check(def.output);
      break;
    // `$ZodLazy` caches its inner on the def, so a resolved edge is followed exactly
    case "lazy": {
      const inner = def._cachedInner ?? (resolve ? inst._zod.innerType : void 0);
      merge2(inner ? isRecursive(inner, stack, false) : ASSUMED);
      break;
    }
    // a leaf by choice: `parts` are regex fragments, not data positions
    case "template_literal":
    // leaves
    case "string":
    case "number":
    case "int":
    case "boolean":
    case "bigint":
    case "symbol":
    case "undefined":
    case "null":
    case "void":
    case "never":
    case "any":
    case "unknown":
    case "date":
    case "nan":
    case "enum":
    case "literal":
    case "file":
    case "transform":
    case "custom":
      break;
    default: {
      kind;
      for (const key in def) {
        const desc = Object.getOwnPropertyDescriptor(def, key);
        if (!desc || desc.get)
          continue;
        const value2 = desc.value;
        if (!value2 || typeof value2 !== "object")
          continue;
        if (value2._zod)
          check(value2);
        else if (Array.isArray(value2))
          for (const el of value2)
            check(el);
      }
    }
  }
  stack.delete(inst);
  return settle(inst, result);
}
function settle(inst, answer2) {
  if (answer2 !== ASSUMED)
    recursive.set(inst, answer2 === PROVEN);
  return answer2;
}
function bucketFor(state, inst) {
  let bucket = state.buckets.get(inst);
  if (!bucket) {
    bucket = /* @__PURE__ */ new WeakMap();
    state.buckets.set(inst, bucket);
  }
  return bucket;
}
var handoff;
var open = [];
var memo = {
  alloc(_inst, payload, empty) {
    const bucket = handoff;
    if (!bucket)
      return empty;
    handoff = void 0;
    const entry = { value: empty, issues: null };
    bucket.set(payload.value, entry);
    open.push(entry);
    return empty;
  },
  guard(inst) {
    var _a3;
    (_a3 = inst._zod).deferred ?? (_a3.deferred = []);
    inst._zod.deferred.push(() => {
      const base = inst._zod.parse;
      const wrapped = (payload, ctx) => {
        if (ctx.direction !== "backward" && isBackEdge(ctx, payload.value))
          throw new $ZodCyclicError();
        return base(payload, ctx);
      };
      inst._zod.parse = wrapped;
      if (inst._zod.run === base)
        inst._zod.run = wrapped;
    });
  },
  attach(inst) {
    var _a3;
    let isRecursiveInst;
    let rechecked = false;
    let lastCtx;
    let lastBucket;
    (_a3 = inst._zod).deferred ?? (_a3.deferred = []);
    inst._zod.deferred.push(() => {
      const base = inst._zod.parse;
      const wrapped = (payload, ctx) => {
        if (isRecursiveInst === void 0) {
          const walked = isRecursive(inst, /* @__PURE__ */ new Set(), false);
          if (walked === NONE) {
            inst._zod.parse = base;
            if (inst._zod.run === wrapped)
              inst._zod.run = base;
            return base(payload, ctx);
          }
          if (walked === PROVEN || rechecked)
            isRecursiveInst = true;
          else
            rechecked = true;
        }
        const input = payload.value;
        if (!isRef(input))
          return base(payload, ctx);
        let state = ctx[STATE];
        if (!state) {
          state = { buckets: /* @__PURE__ */ new WeakMap(), backEdges: void 0 };
          ctx[STATE] = state;
        }
        let bucket;
        if (lastCtx === ctx) {
          bucket = lastBucket;
        } else {
          bucket = bucketFor(state, inst);
          lastCtx = ctx;
          lastBucket = bucket;
        }
        const hit = bucket.get(input);
        if (hit) {
          payload.value = hit.value;
          if (hit.issues) {
            if (hit.issues.length)
              payload.issues.push(...cloneIssues(hit.issues));
          } else {
            payload.memo = true;
            state.backEdges ?? (state.backEdges = /* @__PURE__ */ new WeakSet());
            state.backEdges.add(hit.value);
          }
          return payload;
        }
        handoff = bucket;
        const depth = open.length;
        const result = base(payload, ctx);
        handoff = void 0;
        const entry = open.length > depth ? open.pop() : void 0;
        if (result instanceof Promise) {
          return result.then((r) => {
            if (entry)
              entry.issues = r.issues.length ? cloneIssues(r.issues) : NO_ISSUES;
            return r;
          });
        }
        if (entry)
          entry.issues = result.issues.length ? cloneIssues(result.issues) : NO_ISSUES;
        return result;
      };
      inst._zod.parse = wrapped;
      if (inst._zod.run === base)
        inst._zod.run = wrapped;
    });
  }
};
function memoizer() {
  return memo;
}
function isBackEdge(ctx, value2) {
  const backEdges = ctx[STATE]?.backEdges;
  return backEdges !== void 0 && isRef(value2) && backEdges.has(value2);
}

// node_modules/zod/v4/locales/en.js
var error = () => {
  const Sizable = {
    string: { unit: "characters", verb: "to have" },
    file: { unit: "bytes", verb: "to have" },
    array: { unit: "items", verb: "to have" },
    set: { unit: "items", verb: "to have" },
    map: { unit: "entries", verb: "to have" }
  };
  function getSizing(origin) {
    return Sizable[origin] ?? null;
  }
  const FormatDictionary = {
    regex: "input",
    email: "email address",
    url: "URL",
    emoji: "emoji",
    uuid: "UUID",
    uuidv4: "UUIDv4",
    uuidv6: "UUIDv6",
    nanoid: "nanoid",
    guid: "GUID",
    cuid: "cuid",
    cuid2: "cuid2",
    ulid: "ULID",
    xid: "XID",
    ksuid: "KSUID",
    datetime: "ISO datetime",
    date: "ISO date",
    time: "ISO time",
    duration: "ISO duration",
    ipv4: "IPv4 address",
    ipv6: "IPv6 address",
    mac: "MAC address",
    cidrv4: "IPv4 range",
    cidrv6: "IPv6 range",
    base64: "base64-encoded string",
    base64url: "base64url-encoded string",
    json_string: "JSON string",
    e164: "E.164 number",
    currency_code: "currency code",
    credit_card: "credit card number",
    iban: "IBAN",
    jwt: "JWT",
    template_literal: "input"
  };
  const TypeDictionary = {
    // Compatibility: "nan" -> "NaN" for display
    nan: "NaN"
    // All other type names omitted - they fall back to raw values via ?? operator
  };
  function getTypeName(type, input) {
    if (type === "number" && typeof input === "number" && !Number.isFinite(input)) {
      return String(input);
    }
    return TypeDictionary[type] ?? type;
  }
  return (issue2) => {
    switch (issue2.code) {
      case "invalid_type": {
        const expected = getTypeName(issue2.expected);
        const receivedType = parsedType(issue2.input);
        const received = getTypeName(receivedType, issue2.input);
        return `Invalid input: expected ${expected}, received ${received}`;
      }
      case "invalid_value":
        if (issue2.values.length === 1)
          return `Invalid input: expected ${stringifyPrimitive(issue2.values[0])}`;
        return `Invalid option: expected one of ${joinValues(issue2.values, "|")}`;
      case "too_big": {
        const adj = issue2.exact ? "exactly " : issue2.inclusive ? "<=" : "<";
        const sizing = getSizing(issue2.origin);
        if (sizing)
          return `Too big: expected ${issue2.origin ?? "value"} to have ${adj}${issue2.maximum.toString()} ${sizing.unit ?? "elements"}`;
        return `Too big: expected ${issue2.origin ?? "value"} to be ${adj}${issue2.maximum.toString()}`;
      }
      case "too_small": {
        const adj = issue2.exact ? "exactly " : issue2.inclusive ? ">=" : ">";
        const sizing = getSizing(issue2.origin);
        if (sizing) {
          return `Too small: expected ${issue2.origin} to have ${adj}${issue2.minimum.toString()} ${sizing.unit}`;
        }
        return `Too small: expected ${issue2.origin} to be ${adj}${issue2.minimum.toString()}`;
      }
      case "invalid_format": {
        const _issue = issue2;
        if (_issue.format === "starts_with") {
          return `Invalid string: must start with "${_issue.prefix}"`;
        }
        if (_issue.format === "ends_with")
          return `Invalid string: must end with "${_issue.suffix}"`;
        if (_issue.format === "includes")
          return `Invalid string: must include "${_issue.includes}"`;
        if (_issue.format === "regex")
          return `Invalid string: must match pattern ${_issue.pattern}`;
        return `Invalid ${FormatDictionary[_issue.format] ?? issue2.format}`;
      }
      case "not_multiple_of":
        return `Invalid number: must be a multiple of ${issue2.divisor}`;
      case "unrecognized_keys":
        return `Unrecognized key${issue2.keys.length > 1 ? "s" : ""}: ${joinValues(issue2.keys, ", ")}`;
      case "invalid_key":
        return `Invalid key in ${issue2.origin}`;
      case "invalid_union":
        if (issue2.options && Array.isArray(issue2.options) && issue2.options.length > 0) {
          const opts = issue2.options.map((o) => `'${o}'`).join(" | ");
          return `Invalid discriminator value. Expected ${opts}`;
        }
        if (issue2.inclusive === false) {
          return "Invalid input: more than one option matched";
        }
        return "Invalid input";
      case "invalid_element":
        return `Invalid value in ${issue2.origin}`;
      default:
        return `Invalid input`;
    }
  };
};
function en_default() {
  return {
    localeError: error()
  };
}

// node_modules/zod/v4/core/registries.js
var _a2;
var $ZodRegistry = class {
  constructor() {
    this._map = /* @__PURE__ */ new WeakMap();
    this._idmap = /* @__PURE__ */ new Map();
  }
  add(schema, ..._meta) {
    const meta2 = _meta[0];
    this._map.set(schema, meta2);
    if (meta2 && typeof meta2 === "object" && "id" in meta2) {
      this._idmap.set(meta2.id, schema);
    }
    return this;
  }
  clear() {
    this._map = /* @__PURE__ */ new WeakMap();
    this._idmap = /* @__PURE__ */ new Map();
    return this;
  }
  remove(schema) {
    const meta2 = this._map.get(schema);
    if (meta2 && typeof meta2 === "object" && "id" in meta2) {
      this._idmap.delete(meta2.id);
    }
    this._map.delete(schema);
    return this;
  }
  get(schema) {
    const p = schema._zod.parent;
    if (p) {
      const pm = { ...this.get(p) ?? {} };
      delete pm.id;
      const f = { ...pm, ...this._map.get(schema) };
      return Object.keys(f).length ? f : void 0;
    }
    return this._map.get(schema);
  }
  has(schema) {
    return this._map.has(schema);
  }
};
function registry() {
  return new $ZodRegistry();
}
(_a2 = globalThis).__zod_globalRegistry ?? (_a2.__zod_globalRegistry = registry());
var globalRegistry = globalThis.__zod_globalRegistry;

// node_modules/zod/v4/core/api.js
function snapshotChecks(def) {
  if (def.checks)
    def.checks = [...def.checks];
  return def;
}
// @__NO_SIDE_EFFECTS__
function _string(Class2, params) {
  return new Class2(snapshotChecks({ type: "string", ...normalizeParams(params) }));
}
// @__NO_SIDE_EFFECTS__
function _coercedString(Class2, params) {
  return new Class2(snapshotChecks({ type: "string", coerce: true, ...normalizeParams(params) }));
}
// @__NO_SIDE_EFFECTS__
function _email(Class2, params) {
  return new Class2({
    type: "string",
    format: "email",
    check: "string_format",
    abort: false,
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _guid(Class2, params) {
  return new Class2({
    type: "string",
    format: "guid",
    check: "string_format",
    abort: false,
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _uuid(Class2, params) {
  return new Class2({
    type: "string",
    format: "uuid",
    check: "string_format",
    abort: false,
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _uuidv4(Class2, params) {
  return new Class2({
    type: "string",
    format: "uuid",
    check: "string_format",
    abort: false,
    version: "v4",
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _uuidv6(Class2, params) {
  return new Class2({
    type: "string",
    format: "uuid",
    check: "string_format",
    abort: false,
    version: "v6",
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _uuidv7(Class2, params) {
  return new Class2({
    type: "string",
    format: "uuid",
    check: "string_format",
    abort: false,
    version: "v7",
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _url(Class2, params) {
  return new Class2({
    type: "string",
    format: "url",
    check: "string_format",
    abort: false,
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _emoji2(Class2, params) {
  return new Class2({
    type: "string",
    format: "emoji",
    check: "string_format",
    abort: false,
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _nanoid(Class2, params) {
  return new Class2({
    type: "string",
    format: "nanoid",
    check: "string_format",
    abort: false,
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _cuid(Class2, params) {
  return new Class2({
    type: "string",
    format: "cuid",
    check: "string_format",
    abort: false,
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _cuid2(Class2, params) {
  return new Class2({
    type: "string",
    format: "cuid2",
    check: "string_format",
    abort: false,
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _ulid(Class2, params) {
  return new Class2({
    type: "string",
    format: "ulid",
    check: "string_format",
    abort: false,
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _xid(Class2, params) {
  return new Class2({
    type: "string",
    format: "xid",
    check: "string_format",
    abort: false,
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _ksuid(Class2, params) {
  return new Class2({
    type: "string",
    format: "ksuid",
    check: "string_format",
    abort: false,
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _ipv4(Class2, params) {
  return new Class2({
    type: "string",
    format: "ipv4",
    check: "string_format",
    abort: false,
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _ipv6(Class2, params) {
  return new Class2({
    type: "string",
    format: "ipv6",
    check: "string_format",
    abort: false,
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _cidrv4(Class2, params) {
  return new Class2({
    type: "string",
    format: "cidrv4",
    check: "string_format",
    abort: false,
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _cidrv6(Class2, params) {
  return new Class2({
    type: "string",
    format: "cidrv6",
    check: "string_format",
    abort: false,
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _base64(Class2, params) {
  return new Class2({
    type: "string",
    format: "base64",
    check: "string_format",
    abort: false,
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _base64url(Class2, params) {
  return new Class2({
    type: "string",
    format: "base64url",
    check: "string_format",
    abort: false,
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _e164(Class2, params) {
  return new Class2({
    type: "string",
    format: "e164",
    check: "string_format",
    abort: false,
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _jwt(Class2, params) {
  return new Class2({
    type: "string",
    format: "jwt",
    check: "string_format",
    abort: false,
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _isoDateTime(Class2, params) {
  return new Class2({
    type: "string",
    format: "datetime",
    check: "string_format",
    offset: false,
    local: false,
    precision: null,
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _isoDate(Class2, params) {
  return new Class2({
    type: "string",
    format: "date",
    check: "string_format",
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _isoTime(Class2, params) {
  return new Class2({
    type: "string",
    format: "time",
    check: "string_format",
    precision: null,
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _isoDuration(Class2, params) {
  return new Class2({
    type: "string",
    format: "duration",
    check: "string_format",
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _number(Class2, params) {
  return new Class2(snapshotChecks({ type: "number", checks: [], ...normalizeParams(params) }));
}
// @__NO_SIDE_EFFECTS__
function _coercedNumber(Class2, params) {
  return new Class2(snapshotChecks({ type: "number", coerce: true, checks: [], ...normalizeParams(params) }));
}
// @__NO_SIDE_EFFECTS__
function _int(Class2, params) {
  return new Class2({
    type: "number",
    check: "number_format",
    abort: false,
    format: "safeint",
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _boolean(Class2, params) {
  return new Class2({
    type: "boolean",
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _coercedBoolean(Class2, params) {
  return new Class2({
    type: "boolean",
    coerce: true,
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _coercedBigint(Class2, params) {
  return new Class2({
    type: "bigint",
    coerce: true,
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _null2(Class2, params) {
  return new Class2({
    type: "null",
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _unknown(Class2) {
  return new Class2({
    type: "unknown"
  });
}
// @__NO_SIDE_EFFECTS__
function _never(Class2, params) {
  return new Class2({
    type: "never",
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _coercedDate(Class2, params) {
  return new Class2({
    type: "date",
    coerce: true,
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _lt(value2, params) {
  return new $ZodCheckLessThan({
    check: "less_than",
    ...normalizeParams(params),
    value: value2,
    inclusive: false
  });
}
// @__NO_SIDE_EFFECTS__
function _lte(value2, params) {
  return new $ZodCheckLessThan({
    check: "less_than",
    ...normalizeParams(params),
    value: value2,
    inclusive: true
  });
}
// @__NO_SIDE_EFFECTS__
function _gt(value2, params) {
  return new $ZodCheckGreaterThan({
    check: "greater_than",
    ...normalizeParams(params),
    value: value2,
    inclusive: false
  });
}
// @__NO_SIDE_EFFECTS__
function _gte(value2, params) {
  return new $ZodCheckGreaterThan({
    check: "greater_than",
    ...normalizeParams(params),
    value: value2,
    inclusive: true
  });
}
// @__NO_SIDE_EFFECTS__
function _multipleOf(value2, params) {
  return new $ZodCheckMultipleOf({
    check: "multiple_of",
    ...normalizeParams(params),
    value: value2
  });
}
// @__NO_SIDE_EFFECTS__
function _maxLength(maximum, params) {
  const ch = new $ZodCheckMaxLength({
    check: "max_length",
    ...normalizeParams(params),
    maximum
  });
  return ch;
}
// @__NO_SIDE_EFFECTS__
function _minLength(minimum, params) {
  return new $ZodCheckMinLength({
    check: "min_length",
    ...normalizeParams(params),
    minimum
  });
}
// @__NO_SIDE_EFFECTS__
function _length(length, params) {
  return new $ZodCheckLengthEquals({
    check: "length_equals",
    ...normalizeParams(params),
    length
  });
}
// @__NO_SIDE_EFFECTS__
function _regex(pattern, params) {
  return new $ZodCheckRegex({
    check: "string_format",
    format: "regex",
    ...normalizeParams(params),
    pattern
  });
}
// @__NO_SIDE_EFFECTS__
function _lowercase(params) {
  return new $ZodCheckLowerCase({
    check: "string_format",
    format: "lowercase",
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _uppercase(params) {
  return new $ZodCheckUpperCase({
    check: "string_format",
    format: "uppercase",
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _includes(includes, params) {
  return new $ZodCheckIncludes({
    check: "string_format",
    format: "includes",
    ...normalizeParams(params),
    includes
  });
}
// @__NO_SIDE_EFFECTS__
function _startsWith(prefix, params) {
  return new $ZodCheckStartsWith({
    check: "string_format",
    format: "starts_with",
    ...normalizeParams(params),
    prefix
  });
}
// @__NO_SIDE_EFFECTS__
function _endsWith(suffix, params) {
  return new $ZodCheckEndsWith({
    check: "string_format",
    format: "ends_with",
    ...normalizeParams(params),
    suffix
  });
}
// @__NO_SIDE_EFFECTS__
function _overwrite(tx) {
  return new $ZodCheckOverwrite({
    check: "overwrite",
    tx
  });
}
// @__NO_SIDE_EFFECTS__
function _normalize(form) {
  return /* @__PURE__ */ _overwrite((input) => input.normalize(form));
}
// @__NO_SIDE_EFFECTS__
function _trim() {
  return /* @__PURE__ */ _overwrite((input) => input.trim());
}
// @__NO_SIDE_EFFECTS__
function _toLowerCase() {
  return /* @__PURE__ */ _overwrite((input) => input.toLowerCase());
}
// @__NO_SIDE_EFFECTS__
function _toUpperCase() {
  return /* @__PURE__ */ _overwrite((input) => input.toUpperCase());
}
// @__NO_SIDE_EFFECTS__
function _slugify() {
  return /* @__PURE__ */ _overwrite((input) => slugify(input));
}
// @__NO_SIDE_EFFECTS__
function _array(Class2, element, params) {
  return new Class2({
    type: "array",
    element,
    // get element() {
    //   return element;
    // },
    ...normalizeParams(params)
  });
}
// @__NO_SIDE_EFFECTS__
function _refine(Class2, fn, _params) {
  const schema = new Class2({
    type: "custom",
    check: "custom",
    fn,
    ...normalizeParams(_params)
  });
  return schema;
}
// @__NO_SIDE_EFFECTS__
function _superRefine(fn, params) {
  const ch = /* @__PURE__ */ _check((payload) => {
    payload.addIssue = (issue2) => {
      if (typeof issue2 === "string") {
        payload.issues.push(issue(issue2, payload.value, ch._zod.def));
      } else {
        const _issue = issue2;
        if (_issue.fatal)
          _issue.continue = false;
        _issue.code ?? (_issue.code = "custom");
        if (!("input" in _issue))
          _issue.input = payload.value;
        _issue.inst ?? (_issue.inst = ch);
        _issue.continue ?? (_issue.continue = !ch._zod.def.abort);
        payload.issues.push(issue(_issue));
      }
    };
    return fn(payload.value, payload);
  }, params);
  return ch;
}
// @__NO_SIDE_EFFECTS__
function _check(fn, params) {
  const ch = new $ZodCheck({
    check: "custom",
    ...normalizeParams(params)
  });
  ch._zod.check = fn;
  return ch;
}

// node_modules/zod/v4/core/to-json-schema.js
function assignProps(target, ...sources) {
  for (const source of sources) {
    for (const key of Reflect.ownKeys(source)) {
      if (Object.prototype.propertyIsEnumerable.call(source, key)) {
        assignProp(target, key, source[key]);
      }
    }
  }
  return target;
}
function initializeContext(params) {
  let target = params?.target ?? "draft-2020-12";
  if (target === "draft-4")
    target = "draft-04";
  if (target === "draft-7")
    target = "draft-07";
  return {
    processors: params.processors ?? {},
    metadataRegistry: params?.metadata ?? globalRegistry,
    target,
    unrepresentable: params?.unrepresentable ?? "throw",
    override: params?.override ?? (() => {
    }),
    io: params?.io ?? "output",
    counter: 0,
    seen: /* @__PURE__ */ new Map(),
    sharedDefsExtractedFor: void 0,
    sharedEmitDoneFor: void 0,
    cycles: params?.cycles ?? "ref",
    reused: params?.reused ?? "inline",
    intersections: [],
    deferred: [],
    external: params?.external ?? void 0
  };
}
function handleUnrepresentable(schema, ctx, json, params, message) {
  const result = typeof ctx.unrepresentable === "function" ? ctx.unrepresentable({ zodSchema: schema, path: params.path, message }) : ctx.unrepresentable;
  if (result === "any")
    return false;
  if (result === void 0 || result === "throw")
    throw new Error(message);
  Object.assign(json, result);
  return true;
}
function processSchema(schema, ctx, _params = { path: [], schemaPath: [] }) {
  var _a3;
  const def = schema._zod.def;
  const seen = ctx.seen.get(schema);
  if (seen) {
    seen.count++;
    const isCycle = _params.schemaPath.includes(schema);
    if (isCycle) {
      seen.cycle = _params.path;
    }
    return seen.schema;
  }
  const result = { schema: {}, count: 1, cycle: void 0, path: _params.path };
  ctx.seen.set(schema, result);
  ctx.sharedDefsExtractedFor = void 0;
  ctx.sharedEmitDoneFor = void 0;
  const overrideSchema = schema._zod.toJSONSchema?.();
  if (overrideSchema) {
    result.schema = overrideSchema;
  } else {
    const params = {
      ..._params,
      schemaPath: [..._params.schemaPath, schema],
      path: _params.path
    };
    if (schema._zod.processJSONSchema) {
      schema._zod.processJSONSchema(ctx, result.schema, params);
    } else {
      const _json = result.schema;
      const processor = ctx.processors[def.type];
      if (!processor) {
        throw new Error(`[toJSONSchema]: Non-representable type encountered: ${def.type}`);
      }
      processor(schema, ctx, _json, params);
    }
    const parent = schema._zod.parent;
    if (parent) {
      if (!result.ref)
        result.ref = parent;
      processSchema(parent, ctx, params);
      ctx.seen.get(parent).isParent = true;
    }
  }
  const meta2 = ctx.metadataRegistry.get(schema);
  if (meta2)
    assignProps(result.schema, meta2);
  if (ctx.io === "input" && isTransforming(schema)) {
    delete result.schema.examples;
    delete result.schema.default;
  }
  if (ctx.io === "input" && "_prefault" in result.schema)
    (_a3 = result.schema).default ?? (_a3.default = result.schema._prefault);
  delete result.schema._prefault;
  const _result = ctx.seen.get(schema);
  return _result.schema;
}
function encodeJSONPointerSegment(segment) {
  return segment.replace(/~/g, "~0").replace(/\//g, "~1");
}
function extractDefs(ctx, schema) {
  const root = ctx.seen.get(schema);
  if (!root)
    throw new Error("Unprocessed schema. This is a bug in Zod.");
  if (ctx.external && ctx.sharedDefsExtractedFor === ctx.external)
    return;
  const idToSchema = /* @__PURE__ */ new Map();
  for (const entry of ctx.seen.entries()) {
    const id = ctx.metadataRegistry.get(entry[0])?.id;
    if (id) {
      const existing = idToSchema.get(id);
      if (existing && existing !== entry[0]) {
        throw new Error(`Duplicate schema id "${id}" detected during JSON Schema conversion. Two different schemas cannot share the same id when converted together.`);
      }
      idToSchema.set(id, entry[0]);
    }
  }
  const makeURI = (entry) => {
    const defsSegment = ctx.target === "draft-2020-12" ? "$defs" : "definitions";
    if (ctx.external) {
      const externalId = ctx.external.registry.get(entry[0])?.id;
      const uriGenerator = ctx.external.uri ?? ((id2) => id2);
      if (externalId) {
        return { ref: uriGenerator(externalId) };
      }
      const id = entry[1].defId ?? entry[1].schema.id ?? `schema${ctx.counter++}`;
      entry[1].defId = id;
      return { defId: id, ref: `${uriGenerator("__shared")}#/${defsSegment}/${encodeJSONPointerSegment(id)}` };
    }
    const uriPrefix = `#`;
    const defUriPrefix = `${uriPrefix}/${defsSegment}/`;
    if (entry[1] === root && !entry[1].schema.id) {
      return { ref: uriPrefix };
    }
    const defId = entry[1].schema.id ?? `__schema${ctx.counter++}`;
    return { defId, ref: defUriPrefix + encodeJSONPointerSegment(defId) };
  };
  const extractToDef = (entry) => {
    if (entry[1].schema.$ref) {
      return;
    }
    const seen = entry[1];
    const { ref, defId } = makeURI(entry);
    seen.def = { ...seen.schema };
    if (defId)
      seen.defId = defId;
    const schema2 = seen.schema;
    for (const key in schema2) {
      delete schema2[key];
    }
    schema2.$ref = ref;
  };
  if (ctx.cycles === "throw") {
    for (const entry of ctx.seen.entries()) {
      const seen = entry[1];
      if (seen.cycle) {
        throw new Error(`Cycle detected: #/${seen.cycle?.join("/")}/<root>

Set the \`cycles\` parameter to \`"ref"\` to resolve cyclical schemas with defs.`);
      }
    }
  }
  for (const entry of ctx.seen.entries()) {
    const seen = entry[1];
    if (schema === entry[0]) {
      extractToDef(entry);
      continue;
    }
    if (ctx.external) {
      const ext = ctx.external.registry.get(entry[0])?.id;
      if (schema !== entry[0] && ext) {
        extractToDef(entry);
        continue;
      }
    }
    const id = ctx.metadataRegistry.get(entry[0])?.id;
    if (id) {
      extractToDef(entry);
      continue;
    }
    if (seen.cycle) {
      extractToDef(entry);
      continue;
    }
    if (seen.count > 1) {
      if (ctx.reused === "ref") {
        extractToDef(entry);
      }
    }
  }
  if (ctx.external)
    ctx.sharedDefsExtractedFor = ctx.external;
}
function compactTypeUnion(schema) {
  const options = schema.anyOf;
  if (!Array.isArray(options) || options.length === 0 || schema.type !== void 0)
    return;
  const types = [];
  for (const option of options) {
    if (!option || typeof option !== "object")
      return;
    compactTypeUnion(option);
    const keys = Object.keys(option);
    if (keys.length !== 1 || keys[0] !== "type")
      return;
    const type = option.type;
    for (const member of Array.isArray(type) ? type : [type]) {
      if (typeof member !== "string")
        return;
      if (!types.includes(member))
        types.push(member);
    }
  }
  delete schema.anyOf;
  schema.type = types.length === 1 ? types[0] : types;
}
var FOLDABLE_KEYS = /* @__PURE__ */ new Set(["type", "properties", "required", "additionalProperties"]);
var UNION_KEYS = ["oneOf", "anyOf"];
function undeclaredConstraint(member) {
  const extra = member.additionalProperties;
  if (extra === void 0 || extra === false || typeof extra !== "object" || extra === null)
    return null;
  return Object.keys(extra).length ? extra : null;
}
function foldObjects(members2) {
  const objects = [];
  for (const member of members2) {
    if (typeof member !== "object" || member.type !== "object")
      return null;
    for (const key in member) {
      if (!FOLDABLE_KEYS.has(key))
        return null;
    }
    objects.push(member);
  }
  const properties = {};
  const required2 = /* @__PURE__ */ new Set();
  for (const object2 of objects) {
    for (const key in object2.properties) {
      if (Object.prototype.hasOwnProperty.call(properties, key))
        continue;
      const parts = [];
      for (const other of objects) {
        const part = other.properties?.[key] ?? undeclaredConstraint(other);
        if (part === null || part === void 0)
          continue;
        if (!parts.some((seen) => JSON.stringify(seen) === JSON.stringify(part)))
          parts.push(part);
      }
      const merged = parts.length === 1 ? parts[0] : foldObjects(parts) ?? { allOf: parts };
      assignProp(properties, key, merged);
    }
    for (const key of object2.required ?? [])
      required2.add(key);
  }
  const folded = { type: "object", properties };
  if (required2.size)
    folded.required = [...required2];
  if (objects.every((object2) => object2.additionalProperties === false)) {
    folded.additionalProperties = false;
  } else {
    const constraints = [];
    for (const object2 of objects) {
      const constraint = undeclaredConstraint(object2);
      if (constraint && !constraints.some((seen) => JSON.stringify(seen) === JSON.stringify(constraint)))
        constraints.push(constraint);
    }
    if (constraints.length === 1)
      folded.additionalProperties = constraints[0];
    else if (constraints.length > 1)
      folded.additionalProperties = { allOf: constraints };
  }
  return folded;
}
function foldIntersection(json) {
  const allOf = json.allOf;
  if (!Array.isArray(allOf) || allOf.length < 2)
    return;
  for (const key of FOLDABLE_KEYS)
    if (key in json)
      return;
  const unions = allOf.filter((m) => UNION_KEYS.some((k) => Array.isArray(m[k])));
  let folded = null;
  if (!unions.length) {
    folded = foldObjects(allOf);
  } else {
    const union2 = unions[0];
    const keyword = UNION_KEYS.find((k) => Array.isArray(union2[k]));
    if (Object.keys(union2).length !== 1)
      return;
    const rest = allOf.filter((m) => m !== union2);
    const branches = union2[keyword].map((branch) => foldObjects([...rest, branch]));
    if (branches.some((b) => !b))
      return;
    folded = { [keyword]: branches };
  }
  if (!folded)
    return;
  delete json.allOf;
  assignProps(json, folded);
}
function finalize(ctx, schema) {
  const root = ctx.seen.get(schema);
  if (!root)
    throw new Error("Unprocessed schema. This is a bug in Zod.");
  const flattenRef = (zodSchema) => {
    const seen = ctx.seen.get(zodSchema);
    if (seen.ref === null)
      return;
    const schema2 = seen.def ?? seen.schema;
    const _cached = { ...schema2 };
    const ref = seen.ref;
    seen.ref = null;
    if (ref) {
      flattenRef(ref);
      const refSeen = ctx.seen.get(ref);
      const refSchema = refSeen.schema;
      if (refSchema.$ref && (ctx.target === "draft-07" || ctx.target === "draft-04" || ctx.target === "openapi-3.0")) {
        schema2.allOf = schema2.allOf ?? [];
        schema2.allOf.push(refSchema);
      } else {
        assignProps(schema2, refSchema);
      }
      assignProps(schema2, _cached);
      const isParentRef = zodSchema._zod.parent === ref;
      if (isParentRef) {
        for (const key in schema2) {
          if (key === "$ref" || key === "allOf")
            continue;
          if (!(key in _cached)) {
            delete schema2[key];
          }
        }
      }
      if (refSchema.$ref && refSeen.def) {
        for (const key in schema2) {
          if (key === "$ref" || key === "allOf")
            continue;
          if (key in refSeen.def && JSON.stringify(schema2[key]) === JSON.stringify(refSeen.def[key])) {
            delete schema2[key];
          }
        }
      }
    }
    const parent = zodSchema._zod.parent;
    if (parent && parent !== ref) {
      flattenRef(parent);
      const parentSeen = ctx.seen.get(parent);
      if (parentSeen?.schema.$ref) {
        schema2.$ref = parentSeen.schema.$ref;
        if (parentSeen.def) {
          for (const key in schema2) {
            if (key === "$ref" || key === "allOf")
              continue;
            if (key in parentSeen.def && JSON.stringify(schema2[key]) === JSON.stringify(parentSeen.def[key])) {
              delete schema2[key];
            }
          }
        }
      }
    }
    ctx.override({
      zodSchema,
      jsonSchema: schema2,
      path: seen.path ?? []
    });
  };
  if (!ctx.external || ctx.sharedEmitDoneFor !== ctx.external) {
    for (const entry of [...ctx.seen.entries()].reverse()) {
      flattenRef(entry[0]);
    }
    if (ctx.target !== "openapi-3.0") {
      for (const entry of ctx.seen.entries()) {
        compactTypeUnion(entry[1].def ?? entry[1].schema);
      }
    }
    for (const rewrite of ctx.deferred)
      rewrite();
    if (ctx.intersections.length) {
      const carriers = /* @__PURE__ */ new Map();
      for (const seen of ctx.seen.values()) {
        for (const json of [seen.schema, seen.def]) {
          const allOf = json?.allOf;
          if (!Array.isArray(allOf))
            continue;
          const existing = carriers.get(allOf);
          if (existing)
            existing.push(json);
          else
            carriers.set(allOf, [json]);
        }
      }
      for (const allOf of ctx.intersections) {
        for (const json of carriers.get(allOf) ?? [])
          foldIntersection(json);
      }
    }
  }
  const result = {};
  if (ctx.target === "draft-2020-12") {
    result.$schema = "https://json-schema.org/draft/2020-12/schema";
  } else if (ctx.target === "draft-07") {
    result.$schema = "http://json-schema.org/draft-07/schema#";
  } else if (ctx.target === "draft-04") {
    result.$schema = "http://json-schema.org/draft-04/schema#";
  } else if (ctx.target === "openapi-3.0") {
  } else {
  }
  if (ctx.external?.uri) {
    const id = ctx.external.registry.get(schema)?.id;
    if (!id)
      throw new Error("Schema is missing an `id` property");
    result.$id = ctx.external.uri(id);
  }
  assignProps(result, root.defId ? root.schema : root.def ?? root.schema);
  const rootMetaId = ctx.metadataRegistry.get(schema)?.id;
  if (rootMetaId !== void 0 && result.id === rootMetaId)
    delete result.id;
  const defs = ctx.external?.defs ?? {};
  if (!ctx.external || ctx.sharedEmitDoneFor !== ctx.external) {
    for (const entry of ctx.seen.entries()) {
      const seen = entry[1];
      if (seen.def && seen.defId) {
        if (seen.def.id === seen.defId)
          delete seen.def.id;
        assignProp(defs, seen.defId, seen.def);
      }
    }
  }
  if (ctx.external)
    ctx.sharedEmitDoneFor = ctx.external;
  if (ctx.external) {
  } else {
    if (Object.keys(defs).length > 0) {
      if (ctx.target === "draft-2020-12") {
        result.$defs = defs;
      } else {
        result.definitions = defs;
      }
    }
  }
  try {
    const finalized = JSON.parse(JSON.stringify(result));
    Object.defineProperty(finalized, "~standard", {
      value: {
        ...schema["~standard"],
        jsonSchema: {
          input: createStandardJSONSchemaMethod(schema, "input", ctx.processors),
          output: createStandardJSONSchemaMethod(schema, "output", ctx.processors)
        }
      },
      enumerable: false,
      writable: false
    });
    return finalized;
  } catch (_err) {
    throw new Error("Error converting schema to JSON.");
  }
}
function isTransforming(_schema, _ctx) {
  const ctx = _ctx ?? { seen: /* @__PURE__ */ new Set() };
  if (ctx.seen.has(_schema))
    return false;
  ctx.seen.add(_schema);
  const def = _schema._zod.def;
  if (def.type === "transform")
    return true;
  if (def.type === "array")
    return isTransforming(def.element, ctx);
  if (def.type === "set")
    return isTransforming(def.valueType, ctx);
  if (def.type === "lazy")
    return isTransforming(def.getter(), ctx);
  if (def.type === "promise" || def.type === "optional" || def.type === "nonoptional" || def.type === "nullable" || def.type === "readonly" || def.type === "default" || def.type === "prefault" || def.type === "catch") {
    return isTransforming(def.innerType, ctx);
  }
  if (def.type === "intersection") {
    return isTransforming(def.left, ctx) || isTransforming(def.right, ctx);
  }
  if (def.type === "record" || def.type === "map") {
    return isTransforming(def.keyType, ctx) || isTransforming(def.valueType, ctx);
  }
  if (def.type === "pipe") {
    if (_schema._zod.traits.has("$ZodCodec"))
      return true;
    return isTransforming(def.in, ctx) || isTransforming(def.out, ctx);
  }
  if (def.type === "object") {
    for (const key in def.shape) {
      if (isTransforming(def.shape[key], ctx))
        return true;
    }
    return false;
  }
  if (def.type === "union") {
    for (const option of def.options) {
      if (isTransforming(option, ctx))
        return true;
    }
    return false;
  }
  if (def.type === "tuple") {
    for (const item of def.items) {
      if (isTransforming(item, ctx))
        return true;
    }
    if (def.rest && isTransforming(def.rest, ctx))
      return true;
    return false;
  }
  return false;
}
var createToJSONSchemaMethod = (schema, processors = {}) => (params) => {
  const ctx = initializeContext({ ...params, processors });
  processSchema(schema, ctx);
  extractDefs(ctx, schema);
  return finalize(ctx, schema);
};
var createStandardJSONSchemaMethod = (schema, io, processors = {}) => (params) => {
  const { libraryOptions, target } = params ?? {};
  const ctx = initializeContext({ ...libraryOptions ?? {}, target, io, processors });
  processSchema(schema, ctx);
  extractDefs(ctx, schema);
  return finalize(ctx, schema);
};

// node_modules/zod/v4/core/json-schema-processors.js
var narrowMin = (agg, key, value2) => {
  if (agg[key] === void 0 || value2 > agg[key])
    agg[key] = value2;
};
var narrowMax = (agg, key, value2) => {
  if (agg[key] === void 0 || value2 < agg[key])
    agg[key] = value2;
};
var narrowBoth = (agg, value2) => {
  narrowMin(agg, "minimum", value2);
  narrowMax(agg, "maximum", value2);
};
var addDivisor = (agg, value2) => {
  agg.multipleOf ?? (agg.multipleOf = []);
  if (!agg.multipleOf.includes(value2))
    agg.multipleOf.push(value2);
};
var addPattern = (agg, pattern) => {
  agg.patterns ?? (agg.patterns = /* @__PURE__ */ new Set());
  agg.patterns.add(pattern);
};
var intersectMime = (agg, mime) => {
  agg.mime = agg.mime ? agg.mime.filter((m) => mime.includes(m)) : [...mime];
};
var setFormat = (agg, format) => {
  agg.format = format;
  if (format.includes("int"))
    agg.isInt = true;
};
var minContributor = (agg, def) => narrowMin(agg, "minimum", def.minimum);
var maxContributor = (agg, def) => narrowMax(agg, "maximum", def.maximum);
var formatContributor = (ranges) => (agg, def) => {
  setFormat(agg, def.format);
  const [minimum, maximum] = ranges[def.format];
  narrowMin(agg, "minimum", minimum);
  narrowMax(agg, "maximum", maximum);
};
var contributors = {
  greater_than: (agg, def) => narrowMin(agg, def.inclusive ? "minimum" : "exclusiveMinimum", def.value),
  less_than: (agg, def) => narrowMax(agg, def.inclusive ? "maximum" : "exclusiveMaximum", def.value),
  multiple_of: (agg, def) => addDivisor(agg, def.value),
  number_format: formatContributor(NUMBER_FORMAT_RANGES),
  bigint_format: formatContributor(BIGINT_FORMAT_RANGES),
  min_length: minContributor,
  max_length: maxContributor,
  length_equals: (agg, def) => narrowBoth(agg, def.length),
  min_size: minContributor,
  max_size: maxContributor,
  size_equals: (agg, def) => narrowBoth(agg, def.size),
  string_format: (agg, def) => {
    setFormat(agg, def.format);
    if (def.pattern)
      addPattern(agg, def.pattern);
    if (def.format === "base64" || def.format === "base64url")
      agg.contentEncoding = def.format;
    if (def.local || def.precision === -1)
      agg.laxFormat = true;
  },
  mime_type: (agg, def) => intersectMime(agg, def.mime)
};
function aggregateChecks(schema) {
  const agg = {};
  const def = schema._zod.def;
  const list = schema._zod.traits.has("$ZodCheck") ? [schema, ...def.checks ?? []] : def.checks ?? [];
  for (const ch of list)
    contributors[ch._zod.def.check]?.(agg, ch._zod.def);
  const bag = schema._zod.bag;
  if (bag.minimum !== void 0)
    narrowMin(agg, "minimum", bag.minimum);
  if (bag.exclusiveMinimum !== void 0)
    narrowMin(agg, "exclusiveMinimum", bag.exclusiveMinimum);
  if (bag.maximum !== void 0)
    narrowMax(agg, "maximum", bag.maximum);
  if (bag.exclusiveMaximum !== void 0)
    narrowMax(agg, "exclusiveMaximum", bag.exclusiveMaximum);
  if (bag.multipleOf !== void 0)
    addDivisor(agg, bag.multipleOf);
  if (bag.format !== void 0) {
    agg.format ?? (agg.format = bag.format);
    if (bag.format.includes("int"))
      agg.isInt = true;
  }
  if (bag.mime)
    intersectMime(agg, bag.mime);
  for (const pattern of bag.patterns ?? [])
    addPattern(agg, pattern);
  return agg;
}
var formatMap = {
  guid: "uuid",
  url: "uri",
  datetime: "date-time",
  json_string: "json-string",
  regex: ""
  // do not set
};
var exactPatterns = /* @__PURE__ */ new Map([
  [base64Charset, base64],
  [base64urlCharset, base64url]
]);
var exactPattern = (p) => exactPatterns.get(p) ?? p;
var stringProcessor = (schema, ctx, _json, _params) => {
  const json = _json;
  json.type = "string";
  const { minimum, maximum, format, patterns, contentEncoding, laxFormat } = aggregateChecks(schema);
  if (typeof minimum === "number")
    json.minLength = minimum;
  if (typeof maximum === "number")
    json.maxLength = maximum;
  if (format) {
    json.format = formatMap[format] ?? format;
    if (json.format === "")
      delete json.format;
    if (format === "time" || laxFormat) {
      delete json.format;
    }
  }
  if (contentEncoding)
    json.contentEncoding = contentEncoding;
  if (patterns && patterns.size > 0) {
    const patternList = [...patterns].map(exactPattern);
    if (patternList.length === 1)
      json.pattern = patternList[0].source;
    else if (patternList.length > 1) {
      json.allOf = [
        ...patternList.map((regex) => ({
          ...ctx.target === "draft-07" || ctx.target === "draft-04" || ctx.target === "openapi-3.0" ? { type: "string" } : {},
          pattern: regex.source
        }))
      ];
    }
  }
};
var numberProcessor = (schema, ctx, _json, params) => {
  const json = _json;
  const { minimum, maximum, multipleOf, exclusiveMaximum, exclusiveMinimum, isInt } = aggregateChecks(schema);
  json.type = isInt ? "integer" : "number";
  const exMin = typeof exclusiveMinimum === "number" && exclusiveMinimum >= (minimum ?? Number.NEGATIVE_INFINITY);
  const exMax = typeof exclusiveMaximum === "number" && exclusiveMaximum <= (maximum ?? Number.POSITIVE_INFINITY);
  const legacy = ctx.target === "draft-04" || ctx.target === "openapi-3.0";
  if (exMin) {
    if (legacy) {
      json.minimum = exclusiveMinimum;
      json.exclusiveMinimum = true;
    } else {
      json.exclusiveMinimum = exclusiveMinimum;
    }
  } else if (typeof minimum === "number") {
    json.minimum = minimum;
  }
  if (exMax) {
    if (legacy) {
      json.maximum = exclusiveMaximum;
      json.exclusiveMaximum = true;
    } else {
      json.exclusiveMaximum = exclusiveMaximum;
    }
  } else if (typeof maximum === "number") {
    json.maximum = maximum;
  }
  if (multipleOf) {
    const divisors = /* @__PURE__ */ new Set();
    for (const divisor of multipleOf) {
      if (Number.isFinite(divisor) && divisor !== 0)
        divisors.add(Math.abs(divisor));
      else
        handleUnrepresentable(schema, ctx, json, params, `A multipleOf divisor of ${divisor} cannot be represented in JSON Schema`);
    }
    const [first, ...rest] = divisors;
    if (first !== void 0)
      json.multipleOf = first;
    if (rest.length)
      json.allOf = [...json.allOf ?? [], ...rest.map((m) => ({ multipleOf: m }))];
  }
};
var booleanProcessor = (_schema, _ctx, json, _params) => {
  json.type = "boolean";
};
var bigintProcessor = (schema, ctx, json, params) => {
  handleUnrepresentable(schema, ctx, json, params, "BigInt cannot be represented in JSON Schema");
};
var symbolProcessor = (schema, ctx, json, params) => {
  handleUnrepresentable(schema, ctx, json, params, "Symbols cannot be represented in JSON Schema");
};
var nullProcessor = (_schema, ctx, json, _params) => {
  if (ctx.target === "openapi-3.0") {
    json.type = "string";
    json.nullable = true;
    json.enum = [null];
  } else {
    json.type = "null";
  }
};
var undefinedProcessor = (schema, ctx, json, params) => {
  handleUnrepresentable(schema, ctx, json, params, "Undefined cannot be represented in JSON Schema");
};
var voidProcessor = (schema, ctx, json, params) => {
  handleUnrepresentable(schema, ctx, json, params, "Void cannot be represented in JSON Schema");
};
var neverProcessor = (_schema, _ctx, json, _params) => {
  json.not = {};
};
var anyProcessor = (_schema, _ctx, _json, _params) => {
};
var unknownProcessor = (_schema, _ctx, _json, _params) => {
};
var dateProcessor = (schema, ctx, json, params) => {
  handleUnrepresentable(schema, ctx, json, params, "Date cannot be represented in JSON Schema");
};
var enumProcessor = (schema, _ctx, json, _params) => {
  const def = schema._zod.def;
  const values = getEnumValues(def.entries);
  if (values.length === 0) {
    json.not = {};
    return;
  }
  if (values.every((v) => typeof v === "number"))
    json.type = "number";
  if (values.every((v) => typeof v === "string"))
    json.type = "string";
  json.enum = values;
};
var literalProcessor = (schema, ctx, json, params) => {
  const def = schema._zod.def;
  if (def.values.length === 0) {
    json.not = {};
    return;
  }
  const vals = [];
  for (const val of def.values) {
    if (val === void 0) {
      if (handleUnrepresentable(schema, ctx, json, params, "Literal `undefined` cannot be represented in JSON Schema"))
        return;
    } else if (typeof val === "bigint") {
      if (handleUnrepresentable(schema, ctx, json, params, "BigInt literals cannot be represented in JSON Schema"))
        return;
      vals.push(Number(val));
    } else {
      vals.push(val);
    }
  }
  if (vals.length === 0) {
  } else if (vals.length === 1) {
    const val = vals[0];
    json.type = val === null ? "null" : typeof val;
    if (ctx.target === "draft-04" || ctx.target === "openapi-3.0") {
      json.enum = [val];
    } else {
      json.const = val;
    }
  } else {
    if (vals.every((v) => typeof v === "number"))
      json.type = "number";
    if (vals.every((v) => typeof v === "string"))
      json.type = "string";
    if (vals.every((v) => typeof v === "boolean"))
      json.type = "boolean";
    if (vals.every((v) => v === null))
      json.type = "null";
    json.enum = vals;
  }
};
var nanProcessor = (schema, ctx, json, params) => {
  handleUnrepresentable(schema, ctx, json, params, "NaN cannot be represented in JSON Schema");
};
var templateLiteralProcessor = (schema, _ctx, json, _params) => {
  const _json = json;
  const pattern = schema._zod.pattern;
  if (!pattern)
    throw new Error("Pattern not found in template literal");
  _json.type = "string";
  _json.pattern = pattern.source;
};
var fileProcessor = (schema, _ctx, json, _params) => {
  const _json = json;
  _json.type = "string";
  _json.format = "binary";
  _json.contentEncoding = "binary";
  const { minimum, maximum, mime } = aggregateChecks(schema);
  if (minimum !== void 0)
    _json.minLength = minimum;
  if (maximum !== void 0)
    _json.maxLength = maximum;
  if (!mime)
    return;
  if (mime.length === 0)
    _json.not = {};
  else if (mime.length === 1)
    _json.contentMediaType = mime[0];
  else
    _json.anyOf = mime.map((m) => ({ contentMediaType: m }));
};
var successProcessor = (_schema, _ctx, json, _params) => {
  json.type = "boolean";
};
var customProcessor = (schema, ctx, json, params) => {
  handleUnrepresentable(schema, ctx, json, params, "Custom types cannot be represented in JSON Schema");
};
var functionProcessor = (schema, ctx, json, params) => {
  handleUnrepresentable(schema, ctx, json, params, "Function types cannot be represented in JSON Schema");
};
var transformProcessor = (schema, ctx, json, params) => {
  handleUnrepresentable(schema, ctx, json, params, "Transforms cannot be represented in JSON Schema");
};
var mapProcessor = (schema, ctx, json, params) => {
  handleUnrepresentable(schema, ctx, json, params, "Map cannot be represented in JSON Schema");
};
var setProcessor = (schema, ctx, json, params) => {
  handleUnrepresentable(schema, ctx, json, params, "Set cannot be represented in JSON Schema");
};
var arrayProcessor = (schema, ctx, _json, params) => {
  const json = _json;
  const def = schema._zod.def;
  const { minimum, maximum } = aggregateChecks(schema);
  if (typeof minimum === "number")
    json.minItems = minimum;
  if (typeof maximum === "number")
    json.maxItems = maximum;
  json.type = "array";
  json.items = processSchema(def.element, ctx, {
    ...params,
    path: [...params.path, "items"]
  });
};
function inputOptin(schema) {
  const def = schema._zod.def;
  if (def.type === "pipe" && def.in._zod.traits.has("$ZodTransform")) {
    return inputOptin(def.out);
  }
  if (def.type === "catch") {
    return inputOptin(def.innerType);
  }
  return schema._zod.optin;
}
var objectProcessor = (schema, ctx, _json, params) => {
  const json = _json;
  const def = schema._zod.def;
  const shape = def.shape;
  const symbolKeys = Object.getOwnPropertySymbols(shape);
  if (symbolKeys.length && handleUnrepresentable(schema, ctx, json, params, "Symbol keys cannot be represented in JSON Schema")) {
    return;
  }
  json.type = "object";
  json.properties = {};
  for (const key in shape) {
    assignProp(json.properties, key, processSchema(shape[key], ctx, {
      ...params,
      path: [...params.path, "properties", key]
    }));
  }
  const requiredKeys = [];
  for (const key of Object.keys(shape)) {
    const field = def.shape[key];
    if (ctx.io === "input" ? inputOptin(field) === void 0 : field._zod.optout === void 0) {
      requiredKeys.push(key);
    }
  }
  if (requiredKeys.length > 0) {
    json.required = requiredKeys;
  }
  if (def.catchall?._zod.def.type === "never") {
    json.additionalProperties = false;
  } else if (!def.catchall) {
    if (ctx.io === "output")
      json.additionalProperties = false;
  } else if (def.catchall) {
    json.additionalProperties = processSchema(def.catchall, ctx, {
      ...params,
      path: [...params.path, "additionalProperties"]
    });
  }
};
var unionProcessor = (schema, ctx, json, params) => {
  const def = schema._zod.def;
  const isExclusive = def.inclusive === false;
  const options = def.options.map((x, i) => processSchema(x, ctx, {
    ...params,
    path: [...params.path, isExclusive ? "oneOf" : "anyOf", i]
  }));
  if (isExclusive) {
    json.oneOf = options;
  } else {
    json.anyOf = options;
  }
};
var intersectionProcessor = (schema, ctx, json, params) => {
  const def = schema._zod.def;
  const a = processSchema(def.left, ctx, {
    ...params,
    path: [...params.path, "allOf", 0]
  });
  const b = processSchema(def.right, ctx, {
    ...params,
    path: [...params.path, "allOf", 1]
  });
  const isSimpleIntersection = (val) => "allOf" in val && Object.keys(val).length === 1;
  const allOf = [
    ...isSimpleIntersection(a) ? a.allOf : [a],
    ...isSimpleIntersection(b) ? b.allOf : [b]
  ];
  json.allOf = allOf;
  ctx.intersections.push(allOf);
};
var tupleProcessor = (schema, ctx, _json, params) => {
  const json = _json;
  const def = schema._zod.def;
  json.type = "array";
  const prefixPath = ctx.target === "draft-2020-12" ? "prefixItems" : "items";
  const restPath = ctx.target === "draft-2020-12" ? "items" : ctx.target === "openapi-3.0" ? "items" : "additionalItems";
  const prefixItems = def.items.map((x, i) => processSchema(x, ctx, {
    ...params,
    path: [...params.path, prefixPath, i]
  }));
  const rest = def.rest ? processSchema(def.rest, ctx, {
    ...params,
    path: [...params.path, restPath, ...ctx.target === "openapi-3.0" ? [def.items.length] : []]
  }) : null;
  let minItems = def.items.length;
  while (minItems > 0) {
    const item = def.items[minItems - 1];
    const optional2 = ctx.io === "input" ? inputOptin(item) !== void 0 : item._zod.optout === "optional";
    if (!optional2)
      break;
    minItems--;
  }
  const maxItems = def.items.length;
  const isClosed = !def.rest;
  if (ctx.target === "draft-2020-12") {
    json.prefixItems = prefixItems;
    if (isClosed) {
      json.items = false;
    } else if (rest) {
      json.items = rest;
    }
    if (minItems > 0)
      json.minItems = minItems;
    if (isClosed)
      json.maxItems = maxItems;
  } else if (ctx.target === "openapi-3.0") {
    json.items = {
      anyOf: prefixItems
    };
    if (rest) {
      json.items.anyOf.push(rest);
    }
    if (minItems > 0)
      json.minItems = minItems;
    if (isClosed)
      json.maxItems = maxItems;
  } else {
    json.items = prefixItems;
    if (isClosed) {
      json.additionalItems = false;
    } else if (rest) {
      json.additionalItems = rest;
    }
    if (minItems > 0)
      json.minItems = minItems;
    if (isClosed)
      json.maxItems = maxItems;
  }
  const { minimum, maximum } = aggregateChecks(schema);
  if (typeof minimum === "number")
    json.minItems = minimum;
  if (typeof maximum === "number")
    json.maxItems = maximum;
};
function stringifyKeyNames(bySchema, json, visited) {
  if (json.$ref) {
    if (visited.has(json))
      return json;
    visited.add(json);
    const def = bySchema.get(json)?.def;
    if (!def)
      return json;
    const inlined = stringifyKeyNames(bySchema, def, visited);
    return inlined === def ? json : inlined;
  }
  for (const keyword of ["anyOf", "oneOf"]) {
    const branches = json[keyword];
    if (!Array.isArray(branches))
      continue;
    const mapped = branches.map((branch) => stringifyKeyNames(bySchema, branch, visited));
    if (mapped.some((branch, i) => branch !== branches[i]))
      json = { ...json, [keyword]: mapped };
  }
  const types = Array.isArray(json.type) ? json.type : [json.type];
  const numericType = !types.includes("string") && types.some((t) => t === "number" || t === "integer");
  const values = json.enum ?? (json.const !== void 0 ? [json.const] : void 0);
  if (!numericType && !values?.some((v) => typeof v === "number"))
    return json;
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, format, id, ...rest } = json;
  if (rest.enum)
    rest.enum = rest.enum.map((v) => typeof v === "number" ? String(v) : v);
  else if (typeof rest.const === "number")
    rest.const = String(rest.const);
  if (!numericType)
    return rest;
  rest.type = "string";
  if (!values)
    rest.pattern = (types.includes("number") ? number : integer).source;
  return rest;
}
var pendingRecords = /* @__PURE__ */ new WeakMap();
function rewriteKeyNames(ctx) {
  const bySchema = /* @__PURE__ */ new Map();
  for (const entry of ctx.seen.values()) {
    if (entry.def && !bySchema.has(entry.schema))
      bySchema.set(entry.schema, entry);
  }
  const rewrites = /* @__PURE__ */ new Map();
  for (const record2 of pendingRecords.get(ctx) ?? []) {
    const seen = ctx.seen.get(record2);
    const names = (seen?.def ?? seen?.schema)?.propertyNames;
    if (!names || names === true || rewrites.has(names))
      continue;
    const rewritten = stringifyKeyNames(bySchema, names, /* @__PURE__ */ new Set());
    if (rewritten !== names)
      rewrites.set(names, rewritten);
  }
  if (!rewrites.size)
    return;
  for (const entry of ctx.seen.values()) {
    for (const carrier of [entry.schema, entry.def]) {
      const rewritten = carrier && rewrites.get(carrier.propertyNames);
      if (rewritten)
        carrier.propertyNames = rewritten;
    }
  }
}
var recordProcessor = (schema, ctx, _json, params) => {
  const json = _json;
  const def = schema._zod.def;
  json.type = "object";
  const keyType = def.keyType;
  const patterns = aggregateChecks(keyType).patterns;
  if (def.mode === "loose" && patterns && patterns.size > 0) {
    const valueSchema = processSchema(def.valueType, ctx, {
      ...params,
      path: [...params.path, "patternProperties", "*"]
    });
    json.patternProperties = {};
    for (const pattern of patterns) {
      assignProp(json.patternProperties, exactPattern(pattern).source, valueSchema);
    }
  } else {
    if (ctx.target === "draft-07" || ctx.target === "draft-2020-12") {
      json.propertyNames = processSchema(def.keyType, ctx, {
        ...params,
        path: [...params.path, "propertyNames"]
      });
      let pending = pendingRecords.get(ctx);
      if (!pending) {
        pending = [];
        pendingRecords.set(ctx, pending);
        ctx.deferred.push(() => rewriteKeyNames(ctx));
      }
      pending.push(schema);
    }
    json.additionalProperties = processSchema(def.valueType, ctx, {
      ...params,
      path: [...params.path, "additionalProperties"]
    });
  }
  const keyValues = keyType._zod.values;
  const omittableOnInput = ctx.io === "input" && inputOptin(def.valueType) !== void 0;
  if (keyValues && !def.partial && !omittableOnInput) {
    const validKeyValues = [...keyValues].filter((v) => typeof v === "string" || typeof v === "number");
    if (validKeyValues.length > 0) {
      json.required = validKeyValues.map(String);
    }
  }
};
var nullableProcessor = (schema, ctx, json, params) => {
  const def = schema._zod.def;
  const inner = processSchema(def.innerType, ctx, params);
  const seen = ctx.seen.get(schema);
  if (ctx.target === "openapi-3.0") {
    seen.ref = def.innerType;
    json.nullable = true;
  } else {
    json.anyOf = [inner, { type: "null" }];
  }
};
var nonoptionalProcessor = (schema, ctx, _json, params) => {
  const def = schema._zod.def;
  processSchema(def.innerType, ctx, params);
  const seen = ctx.seen.get(schema);
  seen.ref = def.innerType;
};
var UNREPRESENTABLE_DEFAULT = /* @__PURE__ */ Symbol();
function serializeDefaultValue(value2, schema, ctx, json, params) {
  let unrepresentable = false;
  const serialized = JSON.stringify(value2, (_, val) => {
    if (typeof val !== "bigint")
      return val;
    unrepresentable = true;
    return null;
  });
  if (!unrepresentable)
    return JSON.parse(serialized);
  handleUnrepresentable(schema, ctx, json, params, "BigInt defaults cannot be represented in JSON Schema");
  return UNREPRESENTABLE_DEFAULT;
}
var defaultProcessor = (schema, ctx, json, params) => {
  const def = schema._zod.def;
  processSchema(def.innerType, ctx, params);
  const seen = ctx.seen.get(schema);
  seen.ref = def.innerType;
  const value2 = serializeDefaultValue(def.defaultValue, schema, ctx, json, params);
  if (value2 !== UNREPRESENTABLE_DEFAULT)
    json.default = value2;
};
var prefaultProcessor = (schema, ctx, json, params) => {
  const def = schema._zod.def;
  processSchema(def.innerType, ctx, params);
  const seen = ctx.seen.get(schema);
  seen.ref = def.innerType;
  if (ctx.io !== "input")
    return;
  const value2 = serializeDefaultValue(def.defaultValue, schema, ctx, json, params);
  if (value2 !== UNREPRESENTABLE_DEFAULT)
    json._prefault = value2;
};
var catchProcessor = (schema, ctx, json, params) => {
  const def = schema._zod.def;
  processSchema(def.innerType, ctx, params);
  const seen = ctx.seen.get(schema);
  seen.ref = def.innerType;
  let catchValue;
  try {
    catchValue = def.catchValue(void 0);
  } catch {
    handleUnrepresentable(schema, ctx, json, params, "Dynamic catch values are not supported in JSON Schema");
    return;
  }
  json.default = catchValue;
};
var pipeProcessor = (schema, ctx, _json, params) => {
  const def = schema._zod.def;
  const inIsTransform = def.in._zod.traits.has("$ZodTransform");
  const innerType = ctx.io === "input" ? inIsTransform ? def.out : def.in : def.out;
  processSchema(innerType, ctx, params);
  const seen = ctx.seen.get(schema);
  seen.ref = innerType;
};
var readonlyProcessor = (schema, ctx, json, params) => {
  const def = schema._zod.def;
  processSchema(def.innerType, ctx, params);
  const seen = ctx.seen.get(schema);
  seen.ref = def.innerType;
  json.readOnly = true;
};
var promiseProcessor = (schema, ctx, _json, params) => {
  const def = schema._zod.def;
  processSchema(def.innerType, ctx, params);
  const seen = ctx.seen.get(schema);
  seen.ref = def.innerType;
};
var optionalProcessor = (schema, ctx, _json, params) => {
  const def = schema._zod.def;
  processSchema(def.innerType, ctx, params);
  const seen = ctx.seen.get(schema);
  seen.ref = def.innerType;
};
var lazyProcessor = (schema, ctx, _json, params) => {
  const innerType = schema._zod.innerType;
  processSchema(innerType, ctx, params);
  const seen = ctx.seen.get(schema);
  seen.ref = innerType;
};
var allProcessors = {
  string: stringProcessor,
  number: numberProcessor,
  boolean: booleanProcessor,
  bigint: bigintProcessor,
  symbol: symbolProcessor,
  null: nullProcessor,
  undefined: undefinedProcessor,
  void: voidProcessor,
  never: neverProcessor,
  any: anyProcessor,
  unknown: unknownProcessor,
  date: dateProcessor,
  enum: enumProcessor,
  literal: literalProcessor,
  nan: nanProcessor,
  template_literal: templateLiteralProcessor,
  file: fileProcessor,
  success: successProcessor,
  custom: customProcessor,
  function: functionProcessor,
  transform: transformProcessor,
  map: mapProcessor,
  set: setProcessor,
  array: arrayProcessor,
  object: objectProcessor,
  union: unionProcessor,
  intersection: intersectionProcessor,
  tuple: tupleProcessor,
  record: recordProcessor,
  nullable: nullableProcessor,
  nonoptional: nonoptionalProcessor,
  default: defaultProcessor,
  prefault: prefaultProcessor,
  catch: catchProcessor,
  pipe: pipeProcessor,
  readonly: readonlyProcessor,
  promise: promiseProcessor,
  optional: optionalProcessor,
  lazy: lazyProcessor
};
function toJSONSchema(input, params) {
  if ("_idmap" in input) {
    const registry2 = input;
    const ctx2 = initializeContext({ ...params, processors: allProcessors });
    const defs = {};
    for (const entry of registry2._idmap.entries()) {
      const [_, schema] = entry;
      processSchema(schema, ctx2);
    }
    const schemas = {};
    const external = {
      registry: registry2,
      uri: params?.uri,
      defs
    };
    ctx2.external = external;
    for (const entry of registry2._idmap.entries()) {
      const [key, schema] = entry;
      extractDefs(ctx2, schema);
      assignProp(schemas, key, finalize(ctx2, schema));
    }
    if (Object.keys(defs).length > 0) {
      const defsSegment = ctx2.target === "draft-2020-12" ? "$defs" : "definitions";
      schemas.__shared = {
        [defsSegment]: defs
      };
    }
    return { schemas };
  }
  const ctx = initializeContext({ ...params, processors: allProcessors });
  processSchema(input, ctx);
  extractDefs(ctx, input);
  return finalize(ctx, input);
}

// node_modules/zod/v4/classic/errors.js
var _installedErrorProtos = /* @__PURE__ */ new WeakSet([Object.prototype, Error.prototype]);
function _lazyMethod(proto, key, make) {
  Object.defineProperty(proto, key, {
    configurable: true,
    enumerable: false,
    get() {
      const value2 = make(this);
      Object.defineProperty(this, key, { value: value2, configurable: true, writable: true });
      return value2;
    },
    set(value2) {
      Object.defineProperty(this, key, { value: value2, configurable: true, writable: true });
    }
  });
}
var initializer2 = (inst, issues) => {
  $ZodError.init(inst, issues);
  inst.name = "ZodError";
  const proto = Object.getPrototypeOf(inst);
  if (_installedErrorProtos.has(proto))
    return;
  _installedErrorProtos.add(proto);
  _lazyMethod(proto, "format", (self) => (mapper) => formatError(self, mapper));
  _lazyMethod(proto, "flatten", (self) => (mapper) => flattenError(self, mapper));
  _lazyMethod(proto, "addIssue", (self) => (issue2) => {
    self.issues.push(issue2);
    self.message = JSON.stringify(self.issues, jsonStringifyReplacer, 2);
  });
  _lazyMethod(proto, "addIssues", (self) => (issues2) => {
    self.issues.push(...issues2);
    self.message = JSON.stringify(self.issues, jsonStringifyReplacer, 2);
  });
  Object.defineProperty(proto, "isEmpty", {
    configurable: true,
    enumerable: false,
    get() {
      return this.issues.length === 0;
    }
  });
};
var ZodRealError = /* @__PURE__ */ $constructor("ZodError", initializer2, void 0, {
  Parent: Error
});

// node_modules/zod/v4/classic/parse.js
var parse = /* @__PURE__ */ _parse(ZodRealError);
var parseAsync = /* @__PURE__ */ _parseAsync(ZodRealError);
var safeParse = /* @__PURE__ */ _safeParse(ZodRealError);
var safeParseAsync = /* @__PURE__ */ _safeParseAsync(ZodRealError);
var encode = /* @__PURE__ */ _encode(ZodRealError);
var decode = /* @__PURE__ */ _decode(ZodRealError);
var encodeAsync = /* @__PURE__ */ _encodeAsync(ZodRealError);
var decodeAsync = /* @__PURE__ */ _decodeAsync(ZodRealError);
var safeEncode = /* @__PURE__ */ _safeEncode(ZodRealError);
var safeDecode = /* @__PURE__ */ _safeDecode(ZodRealError);
var safeEncodeAsync = /* @__PURE__ */ _safeEncodeAsync(ZodRealError);
var safeDecodeAsync = /* @__PURE__ */ _safeDecodeAsync(ZodRealError);

// node_modules/zod/v4/classic/schemas.js
function _ensureDefaultLocale() {
  if (!globalConfig.localeError)
    config(en_default());
}
function _ensureDefaultMemoizer() {
  if (!globalConfig.memoizer)
    config({ memoizer: memoizer() });
}
var ZodType = /* @__PURE__ */ $constructor("ZodType", (inst, def) => {
  _ensureDefaultLocale();
  $ZodType.init(inst, def);
  inst.def = def;
  inst.type = def.type;
  return inst;
}, {
  check(...chks) {
    const def = this.def;
    return this.clone(util_exports.mergeDefs(def, {
      checks: [
        ...def.checks ?? [],
        ...chks.map((ch) => typeof ch === "function" ? { _zod: { check: ch, def: { check: "custom" }, onattach: [] } } : ch)
      ]
    }), { parent: true });
  },
  with(...chks) {
    return this.check(...chks);
  },
  clone(def, params) {
    return clone(this, def, params);
  },
  brand() {
    return this;
  },
  register(reg, meta2) {
    reg.add(this, meta2);
    return this;
  },
  refine(check, params) {
    return this.check(refine(check, params));
  },
  superRefine(refinement, params) {
    return this.check(superRefine(refinement, params));
  },
  overwrite(fn) {
    return this.check(_overwrite(fn));
  },
  optional() {
    return optional(this);
  },
  exactOptional() {
    return exactOptional(this);
  },
  nullable() {
    return nullable(this);
  },
  nullish() {
    return optional(nullable(this));
  },
  nonoptional(params) {
    return nonoptional(this, params);
  },
  array() {
    return array(this);
  },
  or(arg) {
    return union([this, arg]);
  },
  and(arg) {
    return intersection(this, arg);
  },
  transform(tx) {
    return pipe(this, transform(tx));
  },
  default(d) {
    return _default(this, d);
  },
  prefault(d) {
    return prefault(this, d);
  },
  catch(params) {
    return _catch(this, params);
  },
  pipe(target) {
    return pipe(this, target);
  },
  readonly() {
    return readonly(this);
  },
  describe(description) {
    const cl = this.clone();
    globalRegistry.add(cl, { description });
    return cl;
  },
  meta(...args) {
    if (args.length === 0)
      return globalRegistry.get(this);
    const cl = this.clone();
    globalRegistry.add(cl, args[0]);
    return cl;
  },
  isOptional() {
    return this.safeParse(void 0).success;
  },
  isNullable() {
    return this.safeParse(null).success;
  },
  apply(fn, ...args) {
    return args.length === 0 ? fn(this) : fn(this, ...args);
  },
  // Overrides core's `~standard` to add `jsonSchema`. Must stay a prototype entry: redefining it per instance demotes instances to dictionary mode.
  get "~standard"() {
    return util_exports.hide(this, "~standard", {
      ...standardProps(this),
      jsonSchema: {
        input: createStandardJSONSchemaMethod(this, "input"),
        output: createStandardJSONSchemaMethod(this, "output")
      }
    });
  },
  set "~standard"(value2) {
    util_exports.own(this, "~standard", value2);
  },
  parse: function _parse2(data, params) {
    return parse(this, data, params, { callee: _parse2 });
  },
  parseAsync: async function _parseAsync2(data, params) {
    return await parseAsync(this, data, params, { callee: _parseAsync2 });
  },
  safeParse(data, params) {
    return safeParse(this, data, params);
  },
  async safeParseAsync(data, params) {
    return safeParseAsync(this, data, params);
  },
  // `spa` is an alias: same function object as `safeParseAsync`, as before.
  get spa() {
    return this?.safeParseAsync;
  },
  set spa(value2) {
    util_exports.own(this, "spa", value2);
  },
  validate(data, params) {
    return validate(this, data, params);
  },
  validateAsync(data, params) {
    return validateAsync(this, data, params);
  },
  encode: function _encode2(data, params) {
    return encode(this, data, params, { callee: _encode2 });
  },
  decode: function _decode2(data, params) {
    return decode(this, data, params, { callee: _decode2 });
  },
  encodeAsync: async function _encodeAsync2(data, params) {
    return await encodeAsync(this, data, params, { callee: _encodeAsync2 });
  },
  decodeAsync: async function _decodeAsync2(data, params) {
    return await decodeAsync(this, data, params, { callee: _decodeAsync2 });
  },
  safeEncode(data, params) {
    return safeEncode(this, data, params);
  },
  safeDecode(data, params) {
    return safeDecode(this, data, params);
  },
  async safeEncodeAsync(data, params) {
    return safeEncodeAsync(this, data, params);
  },
  async safeDecodeAsync(data, params) {
    return safeDecodeAsync(this, data, params);
  },
  toJSONSchema(params) {
    return createToJSONSchemaMethod(this, {})(params);
  },
  // Reads through to the registry on every access, so it must not cache.
  get description() {
    return globalRegistry.get(this)?.description;
  },
  // No setter: `schema._def = x` throws, as it did when `_def` was a non-writable own property.
  get _def() {
    return this._zod.def;
  }
});
var _ZodString = /* @__PURE__ */ $constructor(
  "_ZodString",
  (inst, def) => {
    $ZodString.init(inst, def);
    ZodType.init(inst, def);
    inst._zod.processJSONSchema = (ctx, json, params) => stringProcessor(inst, ctx, json, params);
  },
  /* @__PURE__ */ util_exports.derived({
    format: (inst) => aggregateChecks(inst).format ?? null,
    minLength: (inst) => aggregateChecks(inst).minimum ?? null,
    maxLength: (inst) => aggregateChecks(inst).maximum ?? null
  }, {
    regex(...args) {
      return this.check(_regex(...args));
    },
    includes(...args) {
      return this.check(_includes(...args));
    },
    startsWith(...args) {
      return this.check(_startsWith(...args));
    },
    endsWith(...args) {
      return this.check(_endsWith(...args));
    },
    min(...args) {
      return this.check(_minLength(...args));
    },
    max(...args) {
      return this.check(_maxLength(...args));
    },
    length(...args) {
      return this.check(_length(...args));
    },
    nonempty(...args) {
      return this.check(_minLength(1, ...args));
    },
    lowercase(params) {
      return this.check(_lowercase(params));
    },
    uppercase(params) {
      return this.check(_uppercase(params));
    },
    trim() {
      return this.check(_trim());
    },
    normalize(...args) {
      return this.check(_normalize(...args));
    },
    toLowerCase() {
      return this.check(_toLowerCase());
    },
    toUpperCase() {
      return this.check(_toUpperCase());
    },
    slugify() {
      return this.check(_slugify());
    }
  })
);
var ZodString = /* @__PURE__ */ $constructor("ZodString", (inst, def) => {
  $ZodString.init(inst, def);
  _ZodString.init(inst, def);
}, {
  email(params) {
    return this.check(_email(ZodEmail, params));
  },
  url(params) {
    return this.check(_url(ZodURL, params));
  },
  jwt(params) {
    return this.check(_jwt(ZodJWT, params));
  },
  emoji(params) {
    return this.check(_emoji2(ZodEmoji, params));
  },
  guid(params) {
    return this.check(_guid(ZodGUID, params));
  },
  uuid(params) {
    return this.check(_uuid(ZodUUID, params));
  },
  uuidv4(params) {
    return this.check(_uuidv4(ZodUUID, params));
  },
  uuidv6(params) {
    return this.check(_uuidv6(ZodUUID, params));
  },
  uuidv7(params) {
    return this.check(_uuidv7(ZodUUID, params));
  },
  nanoid(params) {
    return this.check(_nanoid(ZodNanoID, params));
  },
  cuid(params) {
    return this.check(_cuid(ZodCUID, params));
  },
  cuid2(params) {
    return this.check(_cuid2(ZodCUID2, params));
  },
  ulid(params) {
    return this.check(_ulid(ZodULID, params));
  },
  base64(params) {
    return this.check(_base64(ZodBase64, params));
  },
  base64url(params) {
    return this.check(_base64url(ZodBase64URL, params));
  },
  xid(params) {
    return this.check(_xid(ZodXID, params));
  },
  ksuid(params) {
    return this.check(_ksuid(ZodKSUID, params));
  },
  ipv4(params) {
    return this.check(_ipv4(ZodIPv4, params));
  },
  ipv6(params) {
    return this.check(_ipv6(ZodIPv6, params));
  },
  cidrv4(params) {
    return this.check(_cidrv4(ZodCIDRv4, params));
  },
  cidrv6(params) {
    return this.check(_cidrv6(ZodCIDRv6, params));
  },
  e164(params) {
    return this.check(_e164(ZodE164, params));
  },
  datetime(params) {
    return this.check(_isoDateTime(ZodISODateTime, params));
  },
  date(params) {
    return this.check(_isoDate(ZodISODate, params));
  },
  time(params) {
    return this.check(_isoTime(ZodISOTime, params));
  },
  duration(params) {
    return this.check(_isoDuration(ZodISODuration, params));
  }
});
function string2(params) {
  return _string(ZodString, params);
}
var ZodStringFormat = /* @__PURE__ */ $constructor("ZodStringFormat", (inst, def) => {
  $ZodStringFormat.init(inst, def);
  _ZodString.init(inst, def);
});
var ZodISODateTime = /* @__PURE__ */ $constructor("ZodISODateTime", (inst, def) => {
  $ZodISODateTime.init(inst, def);
  ZodStringFormat.init(inst, def);
});
var ZodISODate = /* @__PURE__ */ $constructor("ZodISODate", (inst, def) => {
  $ZodISODate.init(inst, def);
  ZodStringFormat.init(inst, def);
});
var ZodISOTime = /* @__PURE__ */ $constructor("ZodISOTime", (inst, def) => {
  $ZodISOTime.init(inst, def);
  ZodStringFormat.init(inst, def);
});
var ZodISODuration = /* @__PURE__ */ $constructor("ZodISODuration", (inst, def) => {
  $ZodISODuration.init(inst, def);
  ZodStringFormat.init(inst, def);
});
var ZodEmail = /* @__PURE__ */ $constructor("ZodEmail", (inst, def) => {
  $ZodEmail.init(inst, def);
  ZodStringFormat.init(inst, def);
});
var ZodGUID = /* @__PURE__ */ $constructor("ZodGUID", (inst, def) => {
  $ZodGUID.init(inst, def);
  ZodStringFormat.init(inst, def);
});
var ZodUUID = /* @__PURE__ */ $constructor("ZodUUID", (inst, def) => {
  $ZodUUID.init(inst, def);
  ZodStringFormat.init(inst, def);
});
var ZodURL = /* @__PURE__ */ $constructor("ZodURL", (inst, def) => {
  $ZodURL.init(inst, def);
  ZodStringFormat.init(inst, def);
});
var ZodEmoji = /* @__PURE__ */ $constructor("ZodEmoji", (inst, def) => {
  $ZodEmoji.init(inst, def);
  ZodStringFormat.init(inst, def);
});
var ZodNanoID = /* @__PURE__ */ $constructor("ZodNanoID", (inst, def) => {
  $ZodNanoID.init(inst, def);
  ZodStringFormat.init(inst, def);
});
var ZodCUID = /* @__PURE__ */ $constructor("ZodCUID", (inst, def) => {
  $ZodCUID.init(inst, def);
  ZodStringFormat.init(inst, def);
});
var ZodCUID2 = /* @__PURE__ */ $constructor("ZodCUID2", (inst, def) => {
  $ZodCUID2.init(inst, def);
  ZodStringFormat.init(inst, def);
});
var ZodULID = /* @__PURE__ */ $constructor("ZodULID", (inst, def) => {
  $ZodULID.init(inst, def);
  ZodStringFormat.init(inst, def);
});
var ZodXID = /* @__PURE__ */ $constructor("ZodXID", (inst, def) => {
  $ZodXID.init(inst, def);
  ZodStringFormat.init(inst, def);
});
var ZodKSUID = /* @__PURE__ */ $constructor("ZodKSUID", (inst, def) => {
  $ZodKSUID.init(inst, def);
  ZodStringFormat.init(inst, def);
});
var ZodIPv4 = /* @__PURE__ */ $constructor("ZodIPv4", (inst, def) => {
  $ZodIPv4.init(inst, def);
  ZodStringFormat.init(inst, def);
});
var ZodIPv6 = /* @__PURE__ */ $constructor("ZodIPv6", (inst, def) => {
  $ZodIPv6.init(inst, def);
  ZodStringFormat.init(inst, def);
});
var ZodCIDRv4 = /* @__PURE__ */ $constructor("ZodCIDRv4", (inst, def) => {
  $ZodCIDRv4.init(inst, def);
  ZodStringFormat.init(inst, def);
});
var ZodCIDRv6 = /* @__PURE__ */ $constructor("ZodCIDRv6", (inst, def) => {
  $ZodCIDRv6.init(inst, def);
  ZodStringFormat.init(inst, def);
});
var ZodBase64 = /* @__PURE__ */ $constructor("ZodBase64", (inst, def) => {
  $ZodBase64.init(inst, def);
  ZodStringFormat.init(inst, def);
});
var ZodBase64URL = /* @__PURE__ */ $constructor("ZodBase64URL", (inst, def) => {
  $ZodBase64URL.init(inst, def);
  ZodStringFormat.init(inst, def);
});
var ZodE164 = /* @__PURE__ */ $constructor("ZodE164", (inst, def) => {
  $ZodE164.init(inst, def);
  ZodStringFormat.init(inst, def);
});
var ZodJWT = /* @__PURE__ */ $constructor("ZodJWT", (inst, def) => {
  $ZodJWT.init(inst, def);
  ZodStringFormat.init(inst, def);
});
var ZodNumber = /* @__PURE__ */ $constructor(
  "ZodNumber",
  (inst, def) => {
    $ZodNumber.init(inst, def);
    ZodType.init(inst, def);
    inst._zod.processJSONSchema = (ctx, json, params) => numberProcessor(inst, ctx, json, params);
    inst.isFinite = true;
  },
  /* @__PURE__ */ util_exports.derived({
    minValue: (inst) => {
      const { minimum, exclusiveMinimum } = aggregateChecks(inst);
      return Math.max(minimum ?? Number.NEGATIVE_INFINITY, exclusiveMinimum ?? Number.NEGATIVE_INFINITY);
    },
    maxValue: (inst) => {
      const { maximum, exclusiveMaximum } = aggregateChecks(inst);
      return Math.min(maximum ?? Number.POSITIVE_INFINITY, exclusiveMaximum ?? Number.POSITIVE_INFINITY);
    },
    isInt: (inst) => {
      const { isInt, multipleOf } = aggregateChecks(inst);
      return !!isInt || !!multipleOf?.some(Number.isSafeInteger);
    },
    format: (inst) => aggregateChecks(inst).format ?? null
  }, {
    gt(value2, params) {
      return this.check(_gt(value2, params));
    },
    gte(value2, params) {
      return this.check(_gte(value2, params));
    },
    min(value2, params) {
      return this.check(_gte(value2, params));
    },
    lt(value2, params) {
      return this.check(_lt(value2, params));
    },
    lte(value2, params) {
      return this.check(_lte(value2, params));
    },
    max(value2, params) {
      return this.check(_lte(value2, params));
    },
    int(params) {
      return this.check(int(params));
    },
    safe(params) {
      return this.check(int(params));
    },
    positive(params) {
      return this.check(_gt(0, params));
    },
    nonnegative(params) {
      return this.check(_gte(0, params));
    },
    negative(params) {
      return this.check(_lt(0, params));
    },
    nonpositive(params) {
      return this.check(_lte(0, params));
    },
    multipleOf(value2, params) {
      return this.check(_multipleOf(value2, params));
    },
    step(value2, params) {
      return this.check(_multipleOf(value2, params));
    },
    finite() {
      return this;
    }
  })
);
function number2(params) {
  return _number(ZodNumber, params);
}
var ZodNumberFormat = /* @__PURE__ */ $constructor("ZodNumberFormat", (inst, def) => {
  $ZodNumberFormat.init(inst, def);
  ZodNumber.init(inst, def);
});
function int(params) {
  return _int(ZodNumberFormat, params);
}
var ZodBoolean = /* @__PURE__ */ $constructor("ZodBoolean", (inst, def) => {
  $ZodBoolean.init(inst, def);
  ZodType.init(inst, def);
  inst._zod.processJSONSchema = (ctx, json, params) => booleanProcessor(inst, ctx, json, params);
});
function boolean2(params) {
  return _boolean(ZodBoolean, params);
}
var ZodBigInt = /* @__PURE__ */ $constructor(
  "ZodBigInt",
  (inst, def) => {
    $ZodBigInt.init(inst, def);
    ZodType.init(inst, def);
    inst._zod.processJSONSchema = (ctx, json, params) => bigintProcessor(inst, ctx, json, params);
  },
  /* @__PURE__ */ util_exports.derived({
    minValue: (inst) => aggregateChecks(inst).minimum ?? null,
    maxValue: (inst) => aggregateChecks(inst).maximum ?? null,
    format: (inst) => aggregateChecks(inst).format ?? null
  }, {
    gte(value2, params) {
      return this.check(_gte(value2, params));
    },
    min(value2, params) {
      return this.check(_gte(value2, params));
    },
    gt(value2, params) {
      return this.check(_gt(value2, params));
    },
    lt(value2, params) {
      return this.check(_lt(value2, params));
    },
    lte(value2, params) {
      return this.check(_lte(value2, params));
    },
    max(value2, params) {
      return this.check(_lte(value2, params));
    },
    positive(params) {
      return this.check(_gt(BigInt(0), params));
    },
    negative(params) {
      return this.check(_lt(BigInt(0), params));
    },
    nonpositive(params) {
      return this.check(_lte(BigInt(0), params));
    },
    nonnegative(params) {
      return this.check(_gte(BigInt(0), params));
    },
    multipleOf(value2, params) {
      return this.check(_multipleOf(value2, params));
    }
  })
);
var ZodNull = /* @__PURE__ */ $constructor("ZodNull", (inst, def) => {
  $ZodNull.init(inst, def);
  ZodType.init(inst, def);
  inst._zod.processJSONSchema = (ctx, json, params) => nullProcessor(inst, ctx, json, params);
});
function _null3(params) {
  return _null2(ZodNull, params);
}
var ZodUnknown = /* @__PURE__ */ $constructor("ZodUnknown", (inst, def) => {
  $ZodUnknown.init(inst, def);
  ZodType.init(inst, def);
  inst._zod.processJSONSchema = (ctx, json, params) => unknownProcessor(inst, ctx, json, params);
});
function unknown() {
  return _unknown(ZodUnknown);
}
var ZodNever = /* @__PURE__ */ $constructor("ZodNever", (inst, def) => {
  $ZodNever.init(inst, def);
  ZodType.init(inst, def);
  inst._zod.processJSONSchema = (ctx, json, params) => neverProcessor(inst, ctx, json, params);
});
function never(params) {
  return _never(ZodNever, params);
}
var ZodDate = /* @__PURE__ */ $constructor(
  "ZodDate",
  (inst, def) => {
    $ZodDate.init(inst, def);
    ZodType.init(inst, def);
    inst._zod.processJSONSchema = (ctx, json, params) => dateProcessor(inst, ctx, json, params);
    inst.min = (value2, params) => inst.check(_gte(value2, params));
    inst.max = (value2, params) => inst.check(_lte(value2, params));
  },
  /* @__PURE__ */ util_exports.derived({
    minDate: (inst) => {
      const { minimum } = aggregateChecks(inst);
      return minimum ? new Date(minimum) : null;
    },
    maxDate: (inst) => {
      const { maximum } = aggregateChecks(inst);
      return maximum ? new Date(maximum) : null;
    }
  }, {})
);
var ZodArray = /* @__PURE__ */ $constructor("ZodArray", (inst, def) => {
  _ensureDefaultMemoizer();
  $ZodArray.init(inst, def);
  ZodType.init(inst, def);
  inst._zod.processJSONSchema = (ctx, json, params) => arrayProcessor(inst, ctx, json, params);
  inst.element = def.element;
}, {
  min(n, params) {
    return this.check(_minLength(n, params));
  },
  nonempty(params) {
    return this.check(_minLength(1, params));
  },
  max(n, params) {
    return this.check(_maxLength(n, params));
  },
  length(n, params) {
    return this.check(_length(n, params));
  },
  unwrap() {
    return this.element;
  }
});
function array(element, params) {
  return _array(ZodArray, element, params);
}
var ZodObject = /* @__PURE__ */ $constructor("ZodObject", (inst, def) => {
  _ensureDefaultMemoizer();
  $ZodObjectJIT.init(inst, def);
  ZodType.init(inst, def);
  inst._zod.processJSONSchema = (ctx, json, params) => objectProcessor(inst, ctx, json, params);
  util_exports.installLazyProp(inst, "shape", (self) => self._zod.def.shape, false);
}, {
  keyof() {
    return _enum(Object.keys(this._zod.def.shape));
  },
  catchall(catchall) {
    return this.clone(util_exports.mergeDefs(this._zod.def, { catchall }));
  },
  passthrough() {
    return this.clone(util_exports.mergeDefs(this._zod.def, { catchall: unknown() }));
  },
  loose() {
    return this.clone(util_exports.mergeDefs(this._zod.def, { catchall: unknown() }));
  },
  strict() {
    return this.clone(util_exports.mergeDefs(this._zod.def, { catchall: never() }));
  },
  strip() {
    return this.clone(util_exports.mergeDefs(this._zod.def, { catchall: void 0 }));
  },
  extend(incoming) {
    return util_exports.extend(this, incoming);
  },
  safeExtend(incoming) {
    return util_exports.safeExtend(this, incoming);
  },
  merge(other) {
    return util_exports.merge(this, other);
  },
  pick(mask) {
    return util_exports.pick(this, mask);
  },
  omit(mask) {
    return util_exports.omit(this, mask);
  },
  partial(...args) {
    return util_exports.partial(ZodOptional, this, args[0]);
  },
  exactPartial(...args) {
    return util_exports.partial(ZodExactOptional, this, args[0], "exactPartial");
  },
  required(...args) {
    return util_exports.required(ZodNonOptional, this, args[0]);
  }
});
function object(shape, params) {
  const def = {
    type: "object",
    shape: shape ?? {},
    ...util_exports.normalizeParams(params)
  };
  return new ZodObject(def);
}
function strictObject(shape, params) {
  return new ZodObject({
    type: "object",
    shape,
    catchall: never(),
    ...util_exports.normalizeParams(params)
  });
}
function looseObject(shape, params) {
  return new ZodObject({
    type: "object",
    shape,
    catchall: unknown(),
    ...util_exports.normalizeParams(params)
  });
}
var ZodUnion = /* @__PURE__ */ $constructor("ZodUnion", (inst, def) => {
  $ZodUnion.init(inst, def);
  ZodType.init(inst, def);
  inst._zod.processJSONSchema = (ctx, json, params) => unionProcessor(inst, ctx, json, params);
  inst.options = def.options;
});
function union(options, params) {
  return new ZodUnion({
    type: "union",
    options,
    ...util_exports.normalizeParams(params)
  });
}
var ZodDiscriminatedUnion = /* @__PURE__ */ $constructor("ZodDiscriminatedUnion", (inst, def) => {
  ZodUnion.init(inst, def);
  $ZodDiscriminatedUnion.init(inst, def);
});
function discriminatedUnion(discriminator, options, params) {
  return new ZodDiscriminatedUnion({
    type: "union",
    options,
    discriminator,
    ...util_exports.normalizeParams(params)
  });
}
var ZodIntersection = /* @__PURE__ */ $constructor("ZodIntersection", (inst, def) => {
  $ZodIntersection.init(inst, def);
  ZodType.init(inst, def);
  inst._zod.processJSONSchema = (ctx, json, params) => intersectionProcessor(inst, ctx, json, params);
});
function intersection(left, right) {
  return new ZodIntersection({
    type: "intersection",
    left,
    right
  });
}
var ZodRecord = /* @__PURE__ */ $constructor("ZodRecord", (inst, def) => {
  _ensureDefaultMemoizer();
  $ZodRecord.init(inst, def);
  ZodType.init(inst, def);
  inst._zod.processJSONSchema = (ctx, json, params) => recordProcessor(inst, ctx, json, params);
  inst.keyType = def.keyType;
  inst.valueType = def.valueType;
});
function record(keyType, valueType, params) {
  if (!valueType || !valueType._zod) {
    return new ZodRecord({
      type: "record",
      keyType: string2(),
      valueType: keyType,
      ...util_exports.normalizeParams(valueType)
    });
  }
  return new ZodRecord({
    type: "record",
    keyType,
    valueType,
    ...util_exports.normalizeParams(params)
  });
}
var ZodEnum = /* @__PURE__ */ $constructor("ZodEnum", (inst, def) => {
  $ZodEnum.init(inst, def);
  ZodType.init(inst, def);
  inst._zod.processJSONSchema = (ctx, json, params) => enumProcessor(inst, ctx, json, params);
  inst.enum = def.entries;
  inst.options = [...inst._zod.values];
  const keys = new Set(Object.keys(def.entries));
  inst.extract = (values, params) => {
    const newEntries = {};
    for (const value2 of values) {
      if (keys.has(value2)) {
        newEntries[value2] = def.entries[value2];
      } else
        throw new Error(`Key ${value2} not found in enum`);
    }
    return new ZodEnum({
      ...def,
      checks: [],
      ...util_exports.normalizeParams(params),
      entries: newEntries
    });
  };
  inst.exclude = (values, params) => {
    const newEntries = { ...def.entries };
    for (const value2 of values) {
      if (keys.has(value2)) {
        delete newEntries[value2];
      } else
        throw new Error(`Key ${value2} not found in enum`);
    }
    return new ZodEnum({
      ...def,
      checks: [],
      ...util_exports.normalizeParams(params),
      entries: newEntries
    });
  };
});
function _enum(values, params) {
  const entries = Array.isArray(values) ? Object.fromEntries(values.map((v) => [v, v])) : values;
  return new ZodEnum({
    type: "enum",
    entries,
    ...util_exports.normalizeParams(params)
  });
}
var ZodLiteral = /* @__PURE__ */ $constructor("ZodLiteral", (inst, def) => {
  $ZodLiteral.init(inst, def);
  ZodType.init(inst, def);
  inst._zod.processJSONSchema = (ctx, json, params) => literalProcessor(inst, ctx, json, params);
  inst.values = new Set(def.values);
  Object.defineProperty(inst, "value", {
    get() {
      if (def.values.length > 1) {
        throw new Error("This schema contains multiple valid literal values. Use `.values` instead.");
      }
      return def.values[0];
    }
  });
});
function literal(value2, params) {
  return new ZodLiteral({
    type: "literal",
    values: Array.isArray(value2) ? value2 : [value2],
    ...util_exports.normalizeParams(params)
  });
}
var ZodTransform = /* @__PURE__ */ $constructor("ZodTransform", (inst, def) => {
  _ensureDefaultMemoizer();
  $ZodTransform.init(inst, def);
  ZodType.init(inst, def);
  inst._zod.processJSONSchema = (ctx, json, params) => transformProcessor(inst, ctx, json, params);
  inst._zod.parse = (payload, _ctx) => {
    if (_ctx.direction === "backward") {
      throw new $ZodEncodeError(inst.constructor.name);
    }
    payload.addIssue = (issue2) => {
      if (typeof issue2 === "string") {
        payload.issues.push(util_exports.issue(issue2, payload.value, def));
      } else {
        const _issue = issue2;
        if (_issue.fatal)
          _issue.continue = false;
        _issue.code ?? (_issue.code = "custom");
        if (!("input" in _issue))
          _issue.input = payload.value;
        _issue.inst ?? (_issue.inst = inst);
        payload.issues.push(util_exports.issue(_issue));
      }
    };
    const output = def.transform(payload.value, payload);
    if (output instanceof Promise) {
      return output.then((output2) => {
        payload.value = output2;
        return payload;
      });
    }
    payload.value = output;
    return payload;
  };
});
function transform(fn) {
  return new ZodTransform({
    type: "transform",
    transform: fn
  });
}
var ZodOptional = /* @__PURE__ */ $constructor("ZodOptional", (inst, def) => {
  $ZodOptional.init(inst, def);
  ZodType.init(inst, def);
  inst._zod.processJSONSchema = (ctx, json, params) => optionalProcessor(inst, ctx, json, params);
  inst.unwrap = () => inst._zod.def.innerType;
});
function optional(innerType) {
  return new ZodOptional({
    type: "optional",
    innerType
  });
}
var ZodExactOptional = /* @__PURE__ */ $constructor("ZodExactOptional", (inst, def) => {
  $ZodExactOptional.init(inst, def);
  ZodType.init(inst, def);
  inst._zod.processJSONSchema = (ctx, json, params) => optionalProcessor(inst, ctx, json, params);
  inst.unwrap = () => inst._zod.def.innerType;
});
function exactOptional(innerType) {
  return new ZodExactOptional({
    type: "optional",
    innerType
  });
}
var ZodNullable = /* @__PURE__ */ $constructor("ZodNullable", (inst, def) => {
  $ZodNullable.init(inst, def);
  ZodType.init(inst, def);
  inst._zod.processJSONSchema = (ctx, json, params) => nullableProcessor(inst, ctx, json, params);
  inst.unwrap = () => inst._zod.def.innerType;
});
function nullable(innerType) {
  return new ZodNullable({
    type: "nullable",
    innerType
  });
}
var ZodDefault = /* @__PURE__ */ $constructor("ZodDefault", (inst, def) => {
  $ZodDefault.init(inst, def);
  ZodType.init(inst, def);
  inst._zod.processJSONSchema = (ctx, json, params) => defaultProcessor(inst, ctx, json, params);
  inst.unwrap = () => inst._zod.def.innerType;
  inst.removeDefault = inst.unwrap;
});
function _default(innerType, defaultValue) {
  return new ZodDefault({
    type: "default",
    innerType,
    get defaultValue() {
      return typeof defaultValue === "function" ? defaultValue() : util_exports.shallowClone(defaultValue);
    }
  });
}
var ZodPrefault = /* @__PURE__ */ $constructor("ZodPrefault", (inst, def) => {
  $ZodPrefault.init(inst, def);
  ZodType.init(inst, def);
  inst._zod.processJSONSchema = (ctx, json, params) => prefaultProcessor(inst, ctx, json, params);
  inst.unwrap = () => inst._zod.def.innerType;
});
function prefault(innerType, defaultValue) {
  return new ZodPrefault({
    type: "prefault",
    innerType,
    get defaultValue() {
      return typeof defaultValue === "function" ? defaultValue() : util_exports.shallowClone(defaultValue);
    }
  });
}
var ZodNonOptional = /* @__PURE__ */ $constructor("ZodNonOptional", (inst, def) => {
  $ZodNonOptional.init(inst, def);
  ZodType.init(inst, def);
  inst._zod.processJSONSchema = (ctx, json, params) => nonoptionalProcessor(inst, ctx, json, params);
  inst.unwrap = () => inst._zod.def.innerType;
});
function nonoptional(innerType, params) {
  return new ZodNonOptional({
    type: "nonoptional",
    innerType,
    ...util_exports.normalizeParams(params)
  });
}
var ZodCatch = /* @__PURE__ */ $constructor("ZodCatch", (inst, def) => {
  $ZodCatch.init(inst, def);
  ZodType.init(inst, def);
  inst._zod.processJSONSchema = (ctx, json, params) => catchProcessor(inst, ctx, json, params);
  inst.unwrap = () => inst._zod.def.innerType;
  inst.removeCatch = inst.unwrap;
});
function _catch(innerType, catchValue) {
  return new ZodCatch({
    type: "catch",
    innerType,
    catchValue: typeof catchValue === "function" ? catchValue : util_exports.constantCatch(catchValue)
  });
}
var ZodPipe = /* @__PURE__ */ $constructor("ZodPipe", (inst, def) => {
  $ZodPipe.init(inst, def);
  ZodType.init(inst, def);
  inst._zod.processJSONSchema = (ctx, json, params) => pipeProcessor(inst, ctx, json, params);
  inst.in = def.in;
  inst.out = def.out;
});
function pipe(in_, out) {
  return new ZodPipe({
    type: "pipe",
    in: in_,
    out
    // ...util.normalizeParams(params),
  });
}
var ZodReadonly = /* @__PURE__ */ $constructor("ZodReadonly", (inst, def) => {
  $ZodReadonly.init(inst, def);
  ZodType.init(inst, def);
  inst._zod.processJSONSchema = (ctx, json, params) => readonlyProcessor(inst, ctx, json, params);
  inst.unwrap = () => inst._zod.def.innerType;
});
function readonly(innerType) {
  return new ZodReadonly({
    type: "readonly",
    innerType
  });
}
var ZodCustom = /* @__PURE__ */ $constructor("ZodCustom", (inst, def) => {
  $ZodCustom.init(inst, def);
  ZodType.init(inst, def);
  inst._zod.processJSONSchema = (ctx, json, params) => customProcessor(inst, ctx, json, params);
});
function refine(fn, _params = {}) {
  return _refine(ZodCustom, fn, _params);
}
function superRefine(fn, params) {
  return _superRefine(fn, params);
}

// node_modules/zod/v4/classic/iso.js
var iso_exports = {};
__export(iso_exports, {
  ZodISODate: () => ZodISODate,
  ZodISODateTime: () => ZodISODateTime,
  ZodISODuration: () => ZodISODuration,
  ZodISOTime: () => ZodISOTime,
  date: () => date2,
  datetime: () => datetime2,
  duration: () => duration2,
  time: () => time2
});
function datetime2(params) {
  return _isoDateTime(ZodISODateTime, params);
}
function date2(params) {
  return _isoDate(ZodISODate, params);
}
function time2(params) {
  return _isoTime(ZodISOTime, params);
}
function duration2(params) {
  return _isoDuration(ZodISODuration, params);
}

// node_modules/zod/v4/classic/coerce.js
var coerce_exports = {};
__export(coerce_exports, {
  bigint: () => bigint2,
  boolean: () => boolean3,
  date: () => date3,
  number: () => number3,
  string: () => string3
});
function string3(params) {
  return _coercedString(ZodString, params);
}
function number3(params) {
  return _coercedNumber(ZodNumber, params);
}
function boolean3(params) {
  return _coercedBoolean(ZodBoolean, params);
}
function bigint2(params) {
  return _coercedBigint(ZodBigInt, params);
}
function date3(params) {
  return _coercedDate(ZodDate, params);
}

// shared/crc32.ts
var TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value2 = index;
  for (let bit = 0; bit < 8; bit++) value2 = value2 & 1 ? 3988292384 ^ value2 >>> 1 : value2 >>> 1;
  return value2;
});
function crc32Hex(asciiText) {
  let value2 = 4294967295;
  for (let index = 0; index < asciiText.length; index++) {
    value2 = (TABLE[(value2 ^ asciiText.charCodeAt(index)) & 255] ?? 0) ^ value2 >>> 8;
  }
  return ((value2 ^ 4294967295) >>> 0).toString(16).padStart(8, "0");
}

// shared/base64url.ts
var ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
function encodeBase64url(bytes) {
  let text3 = "";
  let pending = 0;
  let pendingBits = 0;
  for (const byte of bytes) {
    pending = pending << 8 | byte;
    pendingBits += 8;
    while (pendingBits >= 6) {
      pendingBits -= 6;
      text3 += ALPHABET.charAt(pending >> pendingBits & 63);
    }
    pending &= (1 << pendingBits) - 1;
  }
  return pendingBits === 0 ? text3 : text3 + ALPHABET.charAt(pending << 6 - pendingBits & 63);
}
function decodeBase64url(text3) {
  const spareBits = text3.length * 6 % 8;
  if (spareBits === 6) return null;
  const bytes = new Uint8Array(Math.floor(text3.length * 6 / 8));
  let written = 0;
  let pending = 0;
  let pendingBits = 0;
  for (const character of text3) {
    const value2 = ALPHABET.indexOf(character);
    if (value2 === -1) return null;
    pending = pending << 6 | value2;
    pendingBits += 6;
    if (pendingBits >= 8) {
      pendingBits -= 8;
      bytes[written++] = pending >> pendingBits;
      pending &= (1 << pendingBits) - 1;
    }
  }
  return pending === 0 ? bytes : null;
}

// shared/token.ts
var SECRET_BYTES = 32;
var PREFIX = "culvert_";
var WHOLE_TOKEN = /^(culvert_([A-Za-z0-9_-]{80,800}))_([0-9a-f]{8})$/;
var FORMAT_VERSION = 1;
var NAMES = /^(tnl_[a-z2-7]{20}) (k_[a-z2-7]{12}) (https?:\/\/[A-Za-z0-9.:[\]_-]+)$/;
function formatToken(token) {
  const names = `${token.tunnelId} ${token.kid} ${token.relayUrl}`;
  if (token.secret.length !== SECRET_BYTES || !NAMES.test(names)) {
    throw new RangeError("a token needs a 32-byte secret, well-formed ids and the origin of a relay");
  }
  const payload = new Uint8Array(1 + SECRET_BYTES + names.length);
  payload[0] = FORMAT_VERSION;
  payload.set(token.secret, 1);
  for (let index = 0; index < names.length; index++) {
    payload[1 + SECRET_BYTES + index] = names.charCodeAt(index);
  }
  return withChecksum(PREFIX + encodeBase64url(payload));
}
function parseToken(text3) {
  const [, body, payloadText, checksum] = WHOLE_TOKEN.exec(text3) ?? [];
  if (body === void 0 || payloadText === void 0) return { ok: false, problem: problemWith(text3) };
  if (crc32Hex(body) !== checksum) return { ok: false, problem: "wrong checksum: cut short or mistyped" };
  const payload = decodeBase64url(payloadText);
  if (payload === null || payload[0] !== FORMAT_VERSION) return { ok: false, problem: "unknown format" };
  const secret = payload.slice(1, 1 + SECRET_BYTES);
  const names = String.fromCharCode(...payload.subarray(1 + SECRET_BYTES));
  const [, tunnelId, kid, relayUrl] = NAMES.exec(names) ?? [];
  if (tunnelId === void 0 || kid === void 0 || relayUrl === void 0) {
    return { ok: false, problem: "unknown format" };
  }
  return { ok: true, token: { relayUrl, tunnelId, kid, secret } };
}
var MISTAKES = [
  [/^\s*$/, "is empty"],
  [/[\0\uFFFD]/, "is not in UTF-8, maybe in UTF-16: save it as plain text"],
  [/^\uFEFF/, "begins with a byte order mark: save it as UTF-8 without one"],
  [/^["'`\u2018\u201C]|["'`\u2019\u201D]$/, "stands in quotes: leave them out"],
  [/^Bearer\b/i, 'begins with "Bearer": give what follows it'],
  [/^(export\s+)?[A-Za-z_][A-Za-z0-9_]*=/, "is a line NAME=VALUE: give the value alone"],
  [/^[{[]/, "is JSON: give the token's own text alone"],
  [/^https?:/i, "is a URL, not a token"],
  [/^culvert_(api|gateway|session)_/, "is another kind of key, not a tunnel's token"],
  [/^culvert_.*\s/s, "holds a blank or a line end: it was wrapped, or there is more than one"],
  [/^culvert_/, "not a culvert token: cut short, or something was added"]
];
function problemWith(text3) {
  return MISTAKES.find(([form]) => form.test(text3))?.[1] ?? "not a culvert token";
}
function withChecksum(text3) {
  return `${text3}_${crc32Hex(text3)}`;
}

// worker/auth/digest.ts
async function sha256Hex(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
var DUMMY_DIGEST_HEX = "0".repeat(64);
function equalDigests(leftHex, rightHex) {
  if (leftHex.length !== 64 || rightHex.length !== 64) return false;
  let difference = 0;
  for (let index = 0; index < 64; index++) {
    difference |= leftHex.charCodeAt(index) ^ rightHex.charCodeAt(index);
  }
  return difference === 0;
}

// worker/auth/access-key.ts
var KEY = /^(culvert_(api|gateway|session)_([a-z2-7]{12})_([A-Za-z0-9_-]{43}))_([0-9a-f]{8})$/;
function formatAccessKey(kind, kid, secret) {
  return withChecksum(`culvert_${kind}_${kid.slice(2)}_${encodeBase64url(secret)}`);
}
async function accessKeyProof(kind, text3) {
  const [, body, writtenKind, kidText, secretText, checksum] = KEY.exec(text3) ?? [];
  if (body === void 0 || secretText === void 0 || writtenKind !== kind) return null;
  if (crc32Hex(body) !== checksum) return null;
  return { kid: `k_${kidText}`, digestHex: await secretTextDigest(secretText) };
}
function accessKeyDigest(secret) {
  return secretTextDigest(encodeBase64url(secret));
}
function secretTextDigest(secretText) {
  return sha256Hex(new TextEncoder().encode(secretText));
}

// worker/auth/admin-key.ts
var MIN_ADMIN_KEY_LENGTH = 32;
var SET_IT = "Set one: openssl rand -base64 32 | npx wrangler secret put ADMIN_KEY";
function adminKeyProblem(adminKey) {
  if (adminKey === void 0 || adminKey === "")
    return `This relay has no ADMIN_KEY, so only API keys open it. ${SET_IT}`;
  if (adminKey.length >= MIN_ADMIN_KEY_LENGTH) return null;
  return `This relay's ADMIN_KEY is shorter than ${MIN_ADMIN_KEY_LENGTH} characters and is not accepted. ${SET_IT}`;
}
async function isAdminKey(credential, adminKey) {
  const encoder6 = new TextEncoder();
  const [presented, expected] = await Promise.all([
    sha256Hex(encoder6.encode(credential)),
    sha256Hex(encoder6.encode(adminKey ?? ""))
  ]);
  return equalDigests(presented, expected) && adminKeyProblem(adminKey) === null;
}

// worker/auth/client-address.ts
function clientAddress(request) {
  return request.headers.get("cf-connecting-ip") ?? "";
}
function addressBlock(address) {
  const text3 = address.trim().toLowerCase();
  if (!text3.includes(":")) return text3.slice(0, MAX_TEXT_LENGTH);
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/.exec(text3);
  if (mapped?.[1] !== void 0) return mapped[1];
  const [head = "", tail] = text3.split("%", 1)[0]?.split("::") ?? [];
  const left = groupsOf(head);
  const right = tail === void 0 ? [] : groupsOf(tail);
  const zeros = tail === void 0 ? 0 : Math.max(0, GROUPS - left.length - right.length);
  const network = [...left, ...Array.from({ length: zeros }, () => "0"), ...right].slice(0, NETWORK_GROUPS);
  return `${network.join(":")}::/64`.slice(0, MAX_TEXT_LENGTH);
}
var GROUPS = 8;
var NETWORK_GROUPS = 4;
var MAX_TEXT_LENGTH = 64;
function groupsOf(part) {
  return part === "" ? [] : part.split(":").map((group) => group.replace(/^0+(?=.)/, ""));
}

// worker/admission.ts
import { waitUntil } from "cloudflare:workers";

// worker/auth/failure-limiter.ts
var BURST = 60;
var REFILL_MS = 1e3;
var MAX_SOURCES = 1e4;
var FailureLimiter = class {
  /** When the source has all its failures back. */
  #fullAtMs = /* @__PURE__ */ new Map();
  /** How long this source's failures are refused as too many; 0: they are within the limit. */
  waitMs(source, nowMs2) {
    return Math.max(0, this.#fullAt(source, nowMs2) - nowMs2 - (BURST - 1) * REFILL_MS);
  }
  /** Counts one failure against each source. The result: 0 if that was within their limits, else how long to wait. */
  failed(sources, nowMs2) {
    const waitsMs = sources.map((source) => this.waitMs(source, nowMs2));
    for (const [index, source] of sources.entries()) if (waitsMs[index] === 0) this.#count(source, nowMs2);
    return Math.max(0, ...waitsMs);
  }
  #count(source, nowMs2) {
    const fullAtMs = this.#fullAt(source, nowMs2) + REFILL_MS;
    this.#fullAtMs.delete(source);
    this.#fullAtMs.set(source, fullAtMs);
    if (this.#fullAtMs.size <= MAX_SOURCES) return;
    const [oldest] = this.#fullAtMs.keys();
    if (oldest !== void 0) this.#fullAtMs.delete(oldest);
  }
  #fullAt(source, nowMs2) {
    const fullAtMs = this.#fullAtMs.get(source) ?? nowMs2;
    return fullAtMs > nowMs2 + BURST * REFILL_MS ? nowMs2 : Math.max(nowMs2, fullAtMs);
  }
};

// worker/with-timeout.ts
async function withTimeout(work, timeoutMs, otherwise) {
  const timeout = Promise.withResolvers();
  const timer = setTimeout(() => timeout.resolve(otherwise), timeoutMs);
  try {
    return await Promise.race([work, timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}

// worker/auth/registry-knowledge.ts
var MAX_KEPT = 1e4;
var REFUSED_MS = 5e3;
var TIMEOUT_MS = 1e3;
var GATHER_MS = 10;
var MAX_SUBJECTS_PER_LOOK_UP = 500;
var RegistryKnowledge = class {
  #nowMs;
  #known = /* @__PURE__ */ new Map();
  #refusedUntilMs = /* @__PURE__ */ new Map();
  #inFlight = /* @__PURE__ */ new Map();
  /** What goes along with the next look-up of those that are put off, and of those that are not. */
  #batches = { suspect: null, prompt: null };
  constructor(nowMs2) {
    this.#nowMs = nowMs2;
  }
  /** Undefined: not known here, or no longer. */
  recall(subject) {
    const key = keyOf(subject);
    const known2 = this.#known.get(key);
    if (known2 !== void 0) return known2;
    return (this.#refusedUntilMs.get(key) ?? -Infinity) > this.#nowMs() ? null : void 0;
  }
  /** As `recall`, by a look-up where that is needed. Undefined: the Registry did not answer. Never throws. */
  async learn(subject, options) {
    const recalled = this.recall(subject);
    if (recalled !== void 0) return recalled;
    const key = keyOf(subject);
    const asked = this.#inFlight.get(key) ?? this.#ask(subject, key, options);
    const answer2 = await withTimeout(asked, TIMEOUT_MS + GATHER_MS, void 0);
    if (answer2 === void 0 && this.#inFlight.get(key) === asked) this.#inFlight.delete(key);
    return answer2;
  }
  /** It was refused by whoever decides: the next one who asks learns it anew. */
  forget(subject) {
    this.#known.delete(keyOf(subject));
  }
  #ask(subject, key, options) {
    const batch = this.#batchOf(options);
    const index = batch.subjects.push(subject) - 1;
    const asked = batch.answers.then((answers) => {
      const answer2 = answers[index];
      this.#inFlight.delete(key);
      if (answer2 === null) keep(this.#refusedUntilMs, key, this.#nowMs() + REFUSED_MS);
      else if (answer2 !== void 0) keep(this.#known, key, answer2);
      return answer2;
    });
    this.#inFlight.set(key, asked);
    return asked;
  }
  #batchOf({ lookUp, isSuspect, waitUntil: waitUntil2 }) {
    const lane = isSuspect ? "suspect" : "prompt";
    const open2 = this.#batches[lane];
    const isOpen = open2 !== null && this.#nowMs() - open2.openedAtMs < TIMEOUT_MS;
    if (isOpen && open2.subjects.length < MAX_SUBJECTS_PER_LOOK_UP) return open2;
    const subjects = [];
    const send = async () => {
      if (isSuspect) await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
      else await Promise.resolve();
      if (this.#batches[lane]?.subjects === subjects) this.#batches[lane] = null;
      try {
        return await withTimeout(lookUp(subjects), TIMEOUT_MS, []);
      } catch {
        return [];
      }
    };
    const batch = { openedAtMs: this.#nowMs(), subjects, answers: send() };
    waitUntil2(batch.answers);
    this.#batches[lane] = batch;
    return batch;
  }
};
function keyOf({ kind, id, tunnelId = "" }) {
  return `${kind} ${id} ${tunnelId}`;
}
function keep(map, key, value2) {
  map.delete(key);
  map.set(key, value2);
  if (map.size <= MAX_KEPT) return;
  const [oldest] = map.keys();
  if (oldest !== void 0) map.delete(oldest);
}

// worker/env.ts
function registryStub(env) {
  return env.REGISTRY.get(env.REGISTRY.idFromName("registry"));
}
function tunnelStub(env, objectName) {
  return env.TUNNEL.get(tunnelObjectId(env, objectName));
}
function telemetryStub(env, name) {
  return env.TELEMETRY.get(env.TELEMETRY.idFromName(name));
}
var MAX_KEPT_IDS = 1e3;
var keptIds = /* @__PURE__ */ new Map();
function tunnelObjectId(env, objectName) {
  const kept = keptIds.get(objectName);
  if (kept !== void 0) return kept;
  if (keptIds.size >= MAX_KEPT_IDS) keptIds.clear();
  const id = env.TUNNEL.idFromName(objectName);
  keptIds.set(objectName, id);
  return id;
}

// worker/admission.ts
var knowledge = new RegistryKnowledge(() => Date.now());
var limiter = new FailureLimiter();
async function tunnelPresence(env, tunnelId, request) {
  const answer2 = await learn(env, { kind: "tunnel", id: tunnelId }, request);
  return answer2 === void 0 ? "unknown" : answer2 === null ? "absent" : "known";
}
async function credentialPresence(env, subject, digestHex, request) {
  const answer2 = await learn(env, subject, request);
  const isEqual = equalDigests(digestHex, answer2 ?? DUMMY_DIGEST_HEX);
  if (answer2 === void 0) return "unknown";
  return answer2 !== null && isEqual ? "known" : "absent";
}
function forget(subject) {
  knowledge.forget(subject);
}
function authenticationFailed(request, subject, nowMs2) {
  const isReal = subject !== null && typeof knowledge.recall(subject) === "string";
  const sources = [`address ${addressBlock(clientAddress(request))}`];
  return limiter.failed(isReal ? [...sources, `key ${subject.kind} ${subject.id}`] : sources, nowMs2);
}
function learn(env, subject, request) {
  const recalled = knowledge.recall(subject);
  if (recalled !== void 0) return recalled;
  return knowledge.learn(subject, {
    lookUp: async (subjects) => await registryStub(env).lookUp([...subjects]),
    isSuspect: limiter.waitMs(`address ${addressBlock(clientAddress(request))}`, Date.now()) > 0,
    waitUntil
  });
}

// worker/dashboard/session-cookie.ts
var SESSION_COOKIE = "__Host-culvert-session";
var ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Strict";
function sessionOf(request) {
  const pairs = (request.headers.get("cookie") ?? "").split(";").map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${SESSION_COOKIE}=`))?.slice(SESSION_COOKIE.length + 1) ?? "";
}
function withoutSession(cookies) {
  if (!cookies.includes(SESSION_COOKIE)) return cookies;
  const others = cookies.split(";").filter((pair) => !isSession(pair));
  return others.length === 0 ? null : others.join(";").trim();
}
function isSession(pair) {
  return (pair.split("=", 1)[0] ?? "").trim() === SESSION_COOKIE;
}
function sessionCookie(session, maxAgeSeconds) {
  return `${SESSION_COOKIE}=${session}; ${ATTRIBUTES}; Max-Age=${maxAgeSeconds}`;
}
function endedSessionCookie() {
  return `${SESSION_COOKIE}=; ${ATTRIBUTES}; Max-Age=0`;
}

// worker/dashboard/same-origin.ts
var CSRF_HEADER = "culvert-csrf";
function refuseOtherSites(request) {
  const isUpgrade = request.headers.has("upgrade");
  const isSafe = request.method === "GET" || request.method === "HEAD";
  const isAllowed = isSafe && !isUpgrade ? (request.headers.get("sec-fetch-site") ?? "none") === "none" || isSameOrigin(request) : isSameOrigin(request) && (isUpgrade || request.headers.get(CSRF_HEADER) === "1");
  if (!isAllowed) throw new ApiError("CROSS_SITE_REFUSED");
}
function isSameOrigin({ headers, url }) {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin";
  return headers.get("origin") === new URL(url).origin;
}

// worker/api/authenticate.ts
function unauthenticated(request, nowMs2, {
  subject = null,
  scheme = "Bearer",
  detail
} = {}) {
  const waitMs = authenticationFailed(request, subject, nowMs2);
  if (waitMs > 0)
    return new ApiError("RATE_LIMITED", { headers: { "retry-after": String(Math.ceil(waitMs / 1e3)) } });
  const headers = { "www-authenticate": scheme };
  return new ApiError("UNAUTHENTICATED", detail === void 0 ? { headers } : { detail, headers });
}
function bearerCredential(request) {
  return /^Bearer +([\x21-\x7e]+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
}
async function authenticate(request, env, nowMs2) {
  const session = request.headers.has("authorization") ? "" : sessionOf(request);
  if (session !== "") refuseOtherSites(request);
  const { role, actor } = session === "" ? await keyHolder(bearerCredential(request), request, env, nowMs2) : await sessionHolder(session, request, env, nowMs2);
  return { role, by: { actor, address: clientAddress(request), atMs: nowMs2 } };
}
async function keyHolder(credential, request, env, nowMs2) {
  if (await isAdminKey(credential, env.ADMIN_KEY))
    return { role: "admin", actor: "admin-key", isAdminKey: true };
  const proof = await accessKeyProof("api", credential);
  const subject = proof && { kind: "api-key", id: proof.kid };
  if (proof !== null && subject !== null) {
    const role = await credentialPresence(env, subject, proof.digestHex, request) === "absent" ? null : await registryStub(env).apiKeyRole(proof);
    if (role !== null) return { role, actor: proof.kid, isAdminKey: false };
    forget(subject);
  }
  const problem = adminKeyProblem(env.ADMIN_KEY);
  if (problem !== null) warnOnce(problem);
  throw unauthenticated(request, nowMs2, { subject, ...problem === null ? {} : { detail: problem } });
}
async function sessionHolder(session, request, env, nowMs2) {
  const proof = await accessKeyProof("session", session);
  const subject = proof && { kind: "session", id: proof.kid };
  if (proof !== null && subject !== null) {
    const open2 = await credentialPresence(env, subject, proof.digestHex, request) === "absent" ? null : await registryStub(env).useSession(proof, await adminProof(session, env), nowMs2);
    if (open2 !== null) return open2;
    forget(subject);
  }
  throw unauthenticated(request, nowMs2, { subject });
}
function adminProof(session, { ADMIN_KEY = "" }) {
  return sha256Hex(new TextEncoder().encode(`${session}
${ADMIN_KEY}`));
}
var hasWarned = false;
function warnOnce(problem) {
  if (hasWarned) return;
  hasWarned = true;
  console.error({ event: "admin_key_refused", problem });
}

// shared/repeated-key.ts
var TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:\n]/g;
function repeatedKey(text3) {
  const open2 = [];
  let line = 1;
  let last = "";
  for (const [token] of text3.matchAll(TOKEN)) {
    if (token === "\n") {
      line++;
      continue;
    }
    const keys = open2.at(-1);
    if (token === ":" && keys) {
      const key = JSON.parse(last);
      if (keys.has(key)) return { key, line };
      keys.add(key);
    }
    if (token === "{") open2.push(/* @__PURE__ */ new Set());
    else if (token === "[") open2.push(null);
    else if (token === "}" || token === "]") open2.pop();
    last = token;
  }
  return null;
}

// worker/api/body.ts
async function readJson(request, maxBytes) {
  const chunks = [];
  let sizeBytes = 0;
  for await (const chunk of request.body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) {
      throw new ApiError("BODY_TOO_LARGE", { detail: `The body may have ${maxBytes} bytes.` });
    }
    chunks.push(chunk);
  }
  if (sizeBytes === 0) return {};
  let text3;
  let json;
  try {
    text3 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(
      await new Blob(chunks).arrayBuffer()
    );
    json = JSON.parse(text3);
  } catch {
    throw new ApiError("INVALID_REQUEST", { problems: [{ path: "", message: "must be JSON in UTF-8" }] });
  }
  const twice = repeatedKey(text3);
  if (twice === null) return json;
  const message = `the key ${JSON.stringify(twice.key)} stands twice, line ${twice.line}`;
  throw new ApiError("INVALID_REQUEST", { problems: [{ path: "", message }] });
}

// worker/api/time.ts
function isoTime(timeMs) {
  return new Date(timeMs).toISOString();
}

// worker/auth/random-id.ts
var BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
var TUNNEL_ID = /^tnl_[a-z2-7]{20}$/;
function isTunnelId(text3) {
  return TUNNEL_ID.test(text3);
}
function newTunnelId() {
  return `tnl_${randomBase32(20)}`;
}
function newKid() {
  return `k_${randomBase32(12)}`;
}
function newDestinationId() {
  return `dst_${randomBase32(12)}`;
}
function newSecret() {
  return crypto.getRandomValues(new Uint8Array(32));
}
function randomBase32(length) {
  return Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) => BASE32.charAt(byte & 31)).join(
    ""
  );
}

// worker/registry/session-store.ts
var SESSION_MS = 12 * 36e5;
var IDLE_MS = 36e5;
var TOUCH_MS = 6e4;
var SESSIONS_PER_KEY = 20;
var SessionStore = class {
  #sql;
  constructor(sql) {
    this.#sql = sql;
  }
  open({ kid, digestHex }, holder, nowMs2) {
    const actor = holder.key === "api-key" ? holder.kid : "admin-key";
    this.#sql.exec(
      "DELETE FROM sessions WHERE created_at_ms <= ? OR used_at_ms <= ?",
      nowMs2 - SESSION_MS,
      nowMs2 - IDLE_MS
    );
    this.#sql.exec(
      `DELETE FROM sessions WHERE kid IN
         (SELECT kid FROM sessions WHERE actor = ? ORDER BY used_at_ms DESC LIMIT -1 OFFSET ?)`,
      actor,
      SESSIONS_PER_KEY - 1
    );
    this.#sql.exec(
      `INSERT INTO sessions (kid, digest_hex, actor, admin_proof_hex, created_at_ms, used_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5)`,
      kid,
      digestHex,
      actor,
      holder.key === "admin-key" ? holder.proofHex : null,
      nowMs2
    );
  }
  /** Null for what never was a session, or was taken away. */
  digest(kid) {
    const [row] = this.#sql.exec("SELECT digest_hex AS digest FROM sessions WHERE kid = ?", kid).toArray();
    return row?.digest ?? null;
  }
  /** Null for what is no session, or none any more. */
  use({ kid, digestHex }, adminProofHex, nowMs2) {
    const [row] = this.#sql.exec(
      `SELECT digest_hex AS digest, actor, admin_proof_hex AS adminProof, sessions.created_at_ms AS createdAtMs,
           used_at_ms AS usedAtMs, (SELECT role FROM api_keys WHERE api_keys.kid = actor) AS apiRole
           FROM sessions WHERE kid = ?`,
      kid
    ).toArray();
    const equal = equalDigests(digestHex, row?.digest ?? DUMMY_DIGEST_HEX);
    if (!equal || row === void 0) return null;
    if (nowMs2 >= row.createdAtMs + SESSION_MS || nowMs2 >= row.usedAtMs + IDLE_MS) return null;
    const isAdmin = row.adminProof !== null && equalDigests(adminProofHex, row.adminProof);
    const role = row.adminProof === null ? row.apiRole : isAdmin ? "admin" : null;
    if (role === null) return null;
    if (nowMs2 >= row.usedAtMs + TOUCH_MS) {
      this.#sql.exec("UPDATE sessions SET used_at_ms = ? WHERE kid = ?", nowMs2, kid);
    }
    return { role, actor: row.actor, endsAtMs: row.createdAtMs + SESSION_MS };
  }
  close({ kid, digestHex }) {
    this.#sql.exec("DELETE FROM sessions WHERE kid = ? AND digest_hex = ?", kid, digestHex);
  }
  /** Of a key that is no more. */
  closeOf(actor) {
    this.#sql.exec("DELETE FROM sessions WHERE actor = ?", actor);
  }
};

// worker/dashboard/session-routes.ts
var BODY_BYTES = 4096;
var signInSchema = strictObject({ key: string2().min(1).max(1024) });
async function signIn(request, env, nowMs2) {
  refuseOtherSites(request);
  const input = signInSchema.safeParse(await readJson(request, BODY_BYTES));
  if (!input.success) throw new ApiError("INVALID_REQUEST");
  const holder = await keyHolder(input.data.key.trim(), request, env, nowMs2);
  const secret = newSecret();
  const kid = newKid();
  const session = formatAccessKey("session", kid, secret);
  const owner = holder.isAdminKey ? { key: "admin-key", proofHex: await adminProof(session, env) } : { key: "api-key", kid: holder.actor };
  const proof = { kid, digestHex: await accessKeyDigest(secret) };
  await registryStub(env).openSession(proof, owner, nowMs2);
  const { role, actor } = holder;
  return sessionAnswer(
    { role, actor, endsAtMs: nowMs2 + SESSION_MS },
    sessionCookie(session, SESSION_MS / 1e3)
  );
}
async function describeSession(request, env, nowMs2) {
  const session = sessionOf(request);
  if (session === "") return sessionAnswer(null);
  refuseOtherSites(request);
  try {
    return sessionAnswer(await sessionHolder(session, request, env, nowMs2));
  } catch (thrown) {
    if (!(thrown instanceof ApiError) || thrown.code !== "UNAUTHENTICATED") throw thrown;
    return sessionAnswer(null, endedSessionCookie());
  }
}
async function signOut(request, env, nowMs2) {
  refuseOtherSites(request);
  const session = sessionOf(request);
  const proof = await accessKeyProof("session", session);
  const subject = proof && { kind: "session", id: proof.kid };
  const isAbsent = proof === null || subject === null || await credentialPresence(env, subject, proof.digestHex, request) === "absent";
  if (!isAbsent) await registryStub(env).closeSession(proof);
  else if (session !== "" && authenticationFailed(request, subject, nowMs2) > 0)
    throw new ApiError("RATE_LIMITED");
  return new Response(null, {
    status: 204,
    headers: { "set-cookie": endedSessionCookie(), "cache-control": "no-store" }
  });
}
function sessionAnswer(session, cookie) {
  const headers = new Headers({ "cache-control": "no-store" });
  if (cookie !== void 0) headers.set("set-cookie", cookie);
  const body = session && { role: session.role, actor: session.actor, endsAt: isoTime(session.endsAtMs) };
  return Response.json({ session: body }, { headers });
}

// shared/protocol/tunnel-error.ts
var TunnelError = class _TunnelError extends Error {
  name = "TunnelError";
  code;
  scope;
  notProcessed;
  constructor(code, message, options = {}) {
    super(message, options.cause === void 0 ? void 0 : { cause: options.cause });
    this.code = code;
    this.scope = options.scope ?? "stream";
    this.notProcessed = options.notProcessed ?? false;
  }
  /** The edge: whatever was thrown, as one of ours. */
  static from(thrown) {
    if (thrown instanceof _TunnelError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new _TunnelError("INTERNAL", message, { cause: thrown });
  }
};
function connectionError(code, message) {
  return new TunnelError(code, message, { scope: "connection" });
}

// worker/tunnel/claim.ts
var KEY_REFUSED = "UNAUTHENTICATED";
var UNLOGGED = "culvert-unlogged";
function claimOf(request) {
  const cf = request.cf;
  return cf?.culvert ?? null;
}

// worker/exchange/problem.ts
var MAX_DETAIL_LENGTH = 500;
var OUTCOMES = {
  NO_CONNECTOR: {
    status: 503,
    title: "No connector is attached",
    proxyError: "destination_unavailable",
    retryAfterSeconds: 2
  },
  OVERLOADED: {
    status: 503,
    title: "The tunnel is at its limit",
    proxyError: "connection_limit_reached",
    retryAfterSeconds: 1
  },
  UNKNOWN_TUNNEL: { status: 404, title: "No such tunnel", proxyError: "destination_not_found" },
  UNKNOWN_SERVICE: { status: 404, title: "No such service", proxyError: "destination_not_found" },
  ACCESS_DENIED: { status: 403, title: "Access denied", proxyError: "http_request_denied" },
  UPSTREAM_NOT_ALLOWED: {
    status: 502,
    title: "The connector does not allow this upstream",
    proxyError: "destination_ip_prohibited"
  },
  UPSTREAM_REFUSED: {
    status: 502,
    title: "The upstream refused the connection",
    proxyError: "connection_refused"
  },
  UPSTREAM_DNS: { status: 502, title: "The upstream's name was not found", proxyError: "dns_error" },
  UPSTREAM_TLS: { status: 502, title: "TLS with the upstream failed", proxyError: "tls_protocol_error" },
  UPSTREAM_PROTOCOL: {
    status: 502,
    title: "The upstream's answer could not be understood",
    proxyError: "http_protocol_error"
  },
  UPSTREAM_CONNECT_TIMEOUT: {
    status: 504,
    title: "Connecting to the upstream took too long",
    proxyError: "connection_timeout"
  },
  UPSTREAM_RESPONSE_TIMEOUT: {
    status: 504,
    title: "The upstream took too long to answer",
    proxyError: "http_response_timeout"
  },
  CONNECTOR_LOST: { status: 502, title: "The connector went away", proxyError: "connection_terminated" },
  RELAY_RESTART: { status: 502, title: "The relay restarted", proxyError: "proxy_internal_error" },
  BAD_REQUEST: { status: 400, title: "The request cannot be carried", proxyError: "http_request_error" },
  BODY_TOO_LARGE: { status: 413, title: "The request body is too large", proxyError: "http_request_error" },
  URI_TOO_LONG: { status: 414, title: "The request's URL is too long", proxyError: "http_request_error" },
  FIELDS_TOO_LARGE: {
    status: 431,
    title: "The request's fields are too large",
    proxyError: "http_request_error"
  },
  LOOP_DETECTED: { status: 508, title: "The request came back", proxyError: "proxy_loop_detected" }
};
function publicCodeOf(error2) {
  if (error2.scope === "connection") return "CONNECTOR_LOST";
  return publicCode(error2.code);
}
function publicCode(code) {
  switch (code) {
    case "NO_ERROR":
    case "PROTOCOL_ERROR":
    case "FLOW_CONTROL":
    case "CALM":
    case "INTERNAL":
    case "CANCEL":
    case "STREAM_ERROR":
    case "BODY_ABORTED":
    case "MESSAGE_TOO_LARGE":
      return "UPSTREAM_PROTOCOL";
    case "STALLED":
      return "UPSTREAM_RESPONSE_TIMEOUT";
    case "DRAINING":
    case "REPLACED":
    case "TOKEN_REVOKED":
    case "TUNNEL_DELETED":
      return "CONNECTOR_LOST";
    case "NO_CONNECTOR":
    case "OVERLOADED":
    case "UNKNOWN_TUNNEL":
    case "UNKNOWN_SERVICE":
    case "ACCESS_DENIED":
    case "UPSTREAM_NOT_ALLOWED":
    case "UPSTREAM_REFUSED":
    case "UPSTREAM_DNS":
    case "UPSTREAM_TLS":
    case "UPSTREAM_PROTOCOL":
    case "UPSTREAM_CONNECT_TIMEOUT":
    case "UPSTREAM_RESPONSE_TIMEOUT":
    case "CONNECTOR_LOST":
    case "RELAY_RESTART":
    case "BAD_REQUEST":
    case "BODY_TOO_LARGE":
    case "URI_TOO_LONG":
    case "FIELDS_TOO_LARGE":
    case "LOOP_DETECTED":
      return code;
  }
}
function problemResponse2(error2, method, requestId) {
  const code = publicCodeOf(error2);
  const { status, title, proxyError, retryAfterSeconds } = OUTCOMES[code];
  const headers = new Headers({
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    "culvert-error": code,
    // As in the body, which a HEAD has not, and which is then still unread where the answer is passed on.
    "culvert-error-detail": fieldText(error2.message),
    "culvert-request-id": requestId,
    "proxy-status": `culvert; error=${proxyError}`
  });
  if (retryAfterSeconds !== void 0) headers.set("retry-after", String(retryAfterSeconds));
  const problem = { type: "about:blank", title, status, code, detail: error2.message, requestId };
  return new Response(method === "HEAD" ? null : JSON.stringify(problem), { status, headers });
}
function fieldText(text3) {
  return text3.replace(/[^\x20-\x7e]/g, "?").slice(0, MAX_DETAIL_LENGTH).trim();
}

// worker/tunnel/tunnel-config.ts
function tunnelObjectNames(tunnelId) {
  return [tunnelId];
}
function tunnelIdOf(objectName) {
  return objectName.split(":", 1)[0] ?? objectName;
}

// worker/relay-to-tunnel.ts
async function relayToTunnel(env, tunnelId, claim2, request) {
  const [objectName = tunnelId] = tunnelObjectNames(tunnelId);
  try {
    const response = await tunnelStub(env, objectName).fetch(request, { cf: { culvert: claim2 } });
    const mayBeOwn = response.status === 401 || response.status === 404;
    if (!mayBeOwn || !response.headers.has(UNLOGGED)) return { response, isOwn: false };
    if (response.status === 404) forget({ kind: "tunnel", id: tunnelId });
    return unlogged(response);
  } catch (thrown) {
    return {
      response: problemResponse2(objectFailure(thrown), request.method, crypto.randomUUID()),
      isOwn: true
    };
  }
}
function unlogged(answer2) {
  const response = new Response(answer2.body, answer2);
  response.headers.delete(UNLOGGED);
  return { response, isOwn: true };
}
function objectFailure(thrown) {
  const overloaded = thrown?.overloaded === true;
  return overloaded ? new TunnelError("OVERLOADED", "The tunnel's object has too many requests waiting.", { cause: thrown }) : new TunnelError("RELAY_RESTART", "The tunnel's object was reset before the response began.", {
    cause: thrown
  });
}

// shared/protocol/limits.ts
var MAX_MESSAGE_BYTES = 1024 * 1024;
var TARGET_MESSAGE_BYTES = 64 * 1024;
var MAX_DATA_BYTES = 64 * 1024;
var SMALL_DATA_BYTES = 32 * 1024;
var QUANTUM_BYTES = 16 * 1024;
var MAX_HEAD_BYTES = 32 * 1024;
var MAX_HEAD_FRAME_BYTES = 128 * 1024;
var SHORT_HEAD_FRAME_BYTES = 48 * 1024;
var MAX_FIELDS = 256;
var MAX_FIELD_NAME_LENGTH = 256;
var MAX_REQUEST_PATH_LENGTH = 16 * 1024;
var MAX_ENDPOINT_PATH_LENGTH = 2 * 1024;
var MAX_PATH_LENGTH = MAX_ENDPOINT_PATH_LENGTH + MAX_REQUEST_PATH_LENGTH;
var SHORT_PATH_LENGTH = 8 * 1024;
var MAX_DETAIL_BYTES = 256;
var MAX_CLOSE_REASON_BYTES = 123;
var MAX_SETTINGS = 32;
var MAX_SETTINGS_BYTES = 4 * 1024;
var MAX_CHECKS_BYTES = 64 * 1024;
var MAX_CHECKS = 2048;
var MAX_STREAM_ID = 2147483647;
var RETIRE_DRAIN_MS = 60 * 60 * 1e3;
var MAX_OFFSET = Number.MAX_SAFE_INTEGER;
var MAX_CONNECTIONS_PER_OBJECT = 128;
var MAX_STREAMS_PER_OBJECT = 1024;
var RELAY_STREAM_WINDOW_BYTES = 64 * 1024;
var RELAY_STREAM_WINDOW_MAX_BYTES = 24 * 1024 * 1024;
var CONNECTOR_STREAM_WINDOW_BYTES = 256 * 1024;
var CONNECTOR_STREAM_WINDOW_MAX_BYTES = 24 * 1024 * 1024;
var CONNECTION_WINDOW_BYTES = 32 * 1024 * 1024;
var CONNECTION_CREDIT_STEP_BYTES = 512 * 1024;
var SLOW_CREDIT_BYTES = 32 * 1024;
var SLOW_CREDIT_MS = 1e3;
var AHEAD_BYTES_PER_MS = 256 * 1024;
var RELAY_WINDOW_POOL_BYTES = 32 * 1024 * 1024;
var CONNECTOR_WINDOW_POOL_BYTES = 32 * 1024 * 1024;
var MAX_UNACKNOWLEDGED_BYTES = 24 * 1024 * 1024;
var MIN_UNACKNOWLEDGED_BYTES = CONNECTION_CREDIT_STEP_BYTES + MAX_DATA_BYTES;
var MIN_UNDER_WAY_BYTES = 2 * MIN_UNACKNOWLEDGED_BYTES;
var SEND_BACKLOG_BYTES = 256 * 1024;
var SEND_QUEUE_HIGH_BYTES = 128 * 1024;
var SEND_QUEUE_LOW_BYTES = 64 * 1024;
var MESSAGE_OVERHEAD_BYTES = 128;
var MAX_WEBSOCKET_MESSAGE_BYTES = 16 * 1024 * 1024;
var DEFAULT_STALL_TIMEOUT_MS = 5 * 6e4;
var MAX_STALL_TIMEOUT_MS = 60 * 6e4;
var STALL_TIMEOUT_MS = 6e4;
var STALL_CHECK_MS = 5e3;
var HELLO_TIMEOUT_MS = 5e3;
var MAX_CONNECT_TIMEOUT_MS = 10 * 6e4;
var MAX_RESPONSE_TIMEOUT_MS = 60 * 6e4;
var KEEPALIVE_INTERVAL_MS = 25e3;
var KEEPALIVE_TIMEOUT_MS = 1e4;
var ANSWER_TIMEOUT_MS = 4e3;
var GATHER_MS_PER_STREAM = 1 / 8;
var RELAY_MAX_GATHER_MS = 2;
var MIN_GATHER_MS = 1;
var CLOSE_PROTOCOL_ERROR = 4400;
var CLOSE_REVOKED = 4401;
var CLOSE_NO_LONGER_ALLOWED = 4403;
var CLOSE_HELLO_TIMEOUT = 4408;
var CLOSE_REPLACED = 4409;
var CLOSE_GOING_AWAY = 1001;
var SUBPROTOCOL = "culvert.v1";
var PING_TEXT = "p";
var PONG_TEXT = "q";

// worker/exchange/loop.ts
var CDN_LOOP = "cdn-loop";
var VIA = "via";
function cameBack(headers, relayName) {
  return headers.get(CDN_LOOP)?.toLowerCase().includes(relayName) ?? false;
}
function isRelayField(name) {
  return name === CDN_LOOP || name === VIA;
}
function addRelayFields(fields, headers, relayName, via) {
  add(fields, CDN_LOOP, headers.get(CDN_LOOP), relayName);
  add(fields, VIA, headers.get(VIA), via && relayName !== null ? `1.1 ${relayName}` : null);
}
function add(fields, name, before, ours) {
  const members2 = [before, ours].filter((member) => member !== null && member !== "");
  if (members2.length > 0) fields.push([name, members2.join(", ")]);
}

// shared/http/fields.ts
var TOKEN_CHARACTERS = new Uint8Array(128);
for (const character of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  TOKEN_CHARACTERS[character.charCodeAt(0)] = 1;
}
var HOP_BY_HOP = /* @__PURE__ */ new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade"
]);
var END_TO_END = /* @__PURE__ */ new Set([
  "authorization",
  "cdn-loop",
  "content-encoding",
  "content-length",
  "content-type",
  "cookie",
  "forwarded",
  "host",
  "origin",
  "traceparent",
  "tracestate",
  "via",
  "x-forwarded",
  "x-real-ip"
]);
var END_TO_END_PREFIXES = /^(?:x-forwarded-|cf-)/;
var PATH_OVERRIDES = /* @__PURE__ */ new Set([
  "x-original-uri",
  "x-original-url",
  "x-override-url",
  "x-rewrite-uri",
  "x-rewrite-url"
]);
var FORBIDDEN_IN_TRAILERS = /* @__PURE__ */ new Set([
  ...HOP_BY_HOP,
  "age",
  "authorization",
  "cache-control",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "cookie",
  "date",
  "expect",
  "expires",
  "host",
  "location",
  "max-forwards",
  "range",
  "retry-after",
  "set-cookie",
  "trailer",
  "vary",
  "warning",
  "www-authenticate"
]);
function isToken(text3) {
  for (let i = 0; i < text3.length; i++) {
    if (TOKEN_CHARACTERS[text3.charCodeAt(i)] !== 1) return false;
  }
  return text3.length > 0;
}
function isFieldName(name) {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (TOKEN_CHARACTERS[code] !== 1 || code >= 65 && code <= 90) return false;
  }
  return name.length > 0;
}
function isFieldValue(value2) {
  for (let i = 0; i < value2.length; i++) {
    const code = value2.charCodeAt(i);
    if (code < 32 && code !== 9 || code === 127) return false;
  }
  return true;
}
function isRequestMethod(method) {
  return isToken(method) && method !== "CONNECT" && method !== "TRACE";
}
function isRequestPath(path) {
  if (path.charCodeAt(0) !== 47) return false;
  for (let i = 1; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code <= 32 || code === 127) return false;
  }
  return true;
}
function connectionOptions(value2) {
  const names = value2.split(",").map((option) => option.trim().toLowerCase());
  return new Set(names.filter((name) => !END_TO_END.has(name) && !END_TO_END_PREFIXES.test(name)));
}
function dashedName(name) {
  return /[^a-z0-9-]/.test(name) ? name.replace(/[^a-z0-9]/g, "-") : name;
}
function isPathOverride(name) {
  return PATH_OVERRIDES.has(dashedName(name));
}
function contentLengthOf(fields) {
  let length = null;
  for (const [name, value2] of fields) {
    if (name !== "content-length") continue;
    if (length !== null || !/^\d{1,16}$/.test(value2)) return "invalid";
    length = Number(value2);
    if (!Number.isSafeInteger(length)) return "invalid";
  }
  return length;
}

// shared/http/trace-context.ts
var TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|(?<!^00-.{52})-)/;

// worker/exchange/request-fields.ts
var RESERVED_PREFIX = "culvert-";
var FORWARDED = /^(?:forwarded|x-forwarded(?:-.*)?)$/;
var NO_OTHER_SPELLING = /^(?:cf-.*|x-real-ip|true-client-ip|content-length|host|expect)$/;
var HANDSHAKE_FIELDS = /* @__PURE__ */ new Set([
  "sec-websocket-accept",
  "sec-websocket-extensions",
  "sec-websocket-key",
  "sec-websocket-version"
]);
function requestFields(options) {
  const { headers, url, keepForwarded, hasPathRule, requestId } = options;
  const fields = [];
  const traced = TRACEPARENT.test(headers.get("traceparent") ?? "");
  const connection = headers.get("connection");
  const ofThisHop = connection === null ? null : connectionOptions(connection);
  for (const field of headers) {
    const [name] = field;
    if (isRelayField(name)) continue;
    if (HOP_BY_HOP.has(name) || ofThisHop?.has(name) === true) continue;
    if (name === "host" || name === "expect" || HANDSHAKE_FIELDS.has(name)) continue;
    if (isOurs(name, keepForwarded) || hasPathRule && isPathOverride(name)) continue;
    if (!traced && (name === "traceparent" || name === "tracestate")) continue;
    fields.push(field);
  }
  if (!traced) fields.push(["traceparent", traceparentOf(requestId)]);
  if (!keepForwarded) {
    const proto = url.protocol.slice(0, -1);
    fields.push(["forwarded", `host="${url.host}";proto=${proto}`]);
    fields.push(["x-forwarded-host", url.host], ["x-forwarded-proto", proto]);
  }
  return fields;
}
function isOurs(name, keepForwarded) {
  const read = dashedName(name);
  if (read.startsWith(RESERVED_PREFIX)) return true;
  if (read !== name) {
    return FORWARDED.test(read) || NO_OTHER_SPELLING.test(read) || HOP_BY_HOP.has(read) || isRelayField(read);
  }
  return !keepForwarded && FORWARDED.test(read);
}
function traceparentOf(requestId) {
  const hex = requestId.replaceAll("-", "");
  return `00-${hex}-${hex.slice(16)}-00`;
}

// worker/exchange/request-head.ts
function requestHead(options) {
  const { request, url, claim: claim2, allowed: allowed2, requestId } = options;
  const path = claim2.path ?? rawPath(request.url);
  if (path.length > MAX_REQUEST_PATH_LENGTH) {
    throw new TunnelError(
      "URI_TOO_LONG",
      `Paths with their query have at most ${MAX_REQUEST_PATH_LENGTH} characters.`
    );
  }
  const fields = requestFields({
    headers: request.headers,
    url,
    keepForwarded: claim2.keepForwarded,
    hasPathRule: allowed2.hasPathRule,
    requestId
  });
  addRelayFields(fields, request.headers, options.relayName, allowed2.via);
  const open2 = {
    kind: isWebSocket(request) ? "websocket" : "http",
    target: allowed2.target,
    service: allowed2.service,
    method: request.method,
    path: allowed2.pathPrefix + path,
    project: claim2.project,
    environment: claim2.environment,
    requestId,
    fields
  };
  if (allowed2.connectTimeoutMs !== void 0) open2.connectTimeoutMs = allowed2.connectTimeoutMs;
  if (allowed2.responseTimeoutMs !== void 0) open2.responseTimeoutMs = allowed2.responseTimeoutMs;
  if (allowed2.stallTimeoutMs !== void 0) open2.stallTimeoutMs = allowed2.stallTimeoutMs;
  return open2;
}
function isWebSocket({ headers }) {
  return headers.get("upgrade")?.toLowerCase() === "websocket";
}
function withoutQuery(path) {
  return path.split("?", 1)[0] ?? "";
}
function rawPath(url) {
  const authorityAt = url.indexOf("//") + 2;
  const end = url.indexOf("#", authorityAt);
  const whole = end === -1 ? url : url.slice(0, end);
  const at = whole.slice(authorityAt).search(/[/?]/);
  if (at === -1) return "/";
  const path = whole.slice(authorityAt + at);
  return path.startsWith("/") ? path : `/${path}`;
}

// worker/events/event-batch.ts
var RELAY_TELEMETRY = "relay";

// worker/events/log-settings.ts
var REDACTABLE = ["path", "service", "project", "environment", "connector"];
var REDACTED = "[redacted]";
var known = /* @__PURE__ */ new WeakMap();
function logSettings(variables) {
  const kept = known.get(variables) ?? readSettings(variables);
  known.set(variables, kept);
  return kept;
}
function readSettings(variables) {
  const named = (variables.LOG_REDACT ?? "").split(",").map((name) => name.trim()).filter((name) => name !== "");
  const unknown2 = named.filter((name) => !isRedactable(name));
  if (unknown2.length > 0) {
    const message = `LOG_REDACT knows ${REDACTABLE.join(", ")}, not ${unknown2.join(", ")}: all of them are redacted.`;
    console.error({ event: "log_settings", message });
  }
  return {
    console: variables.LOG_CONSOLE !== "off",
    keepQuery: variables.LOG_QUERY === "keep",
    redacted: unknown2.length > 0 ? REDACTABLE : named.filter(isRedactable)
  };
}
var DEFAULT_SPOOL_BYTES = 64 * 1024 * 1024;
var DEFAULT_INTERVAL_SECONDS = 15;
function maxSpoolBytes({ LOG_SPOOL_BYTES = "" }) {
  return positive(LOG_SPOOL_BYTES) ?? DEFAULT_SPOOL_BYTES;
}
function reportEveryMs({ METRICS_INTERVAL_SECONDS = "" }) {
  return 1e3 * (positive(METRICS_INTERVAL_SECONDS) ?? DEFAULT_INTERVAL_SECONDS);
}
function positive(text3) {
  return /^[1-9][0-9]{0,11}$/.test(text3) ? Number(text3) : null;
}
function redact(event, { redacted }) {
  if (redacted.length === 0) return event;
  const shown2 = { ...event };
  for (const name of redacted) if (shown2[name] !== null && shown2[name] !== "") shown2[name] = REDACTED;
  return shown2;
}
function isRedactable(name) {
  return REDACTABLE.includes(name);
}

// shared/request-event.ts
var REQUEST_EVENT_VERSION = 1;

// worker/events/request-record.ts
var MAX_PATH_LENGTH2 = 2048;
var MAX_NAME_LENGTH = 256;
var STATUS_CANCELLED = 499;
var REFUSALS = /* @__PURE__ */ new Set([
  "UNAUTHENTICATED",
  "RATE_LIMITED",
  "UNKNOWN_TUNNEL",
  "UNKNOWN_SERVICE",
  "ACCESS_DENIED",
  "UPSTREAM_NOT_ALLOWED",
  "BAD_REQUEST",
  "BODY_TOO_LARGE",
  "URI_TOO_LONG",
  "FIELDS_TOO_LARGE",
  "LOOP_DETECTED"
]);
var RequestRecord = class {
  state;
  #nowMs;
  #write;
  #over = false;
  constructor(state, nowMs2, write) {
    this.state = state;
    this.#nowMs = nowMs2;
    this.#write = write;
  }
  get isOver() {
    return this.#over;
  }
  /** An attempt begins on this connector. */
  opened(connector) {
    this.state.attempts++;
    this.state.connector = connector;
    this.state.openedAtMs = this.#nowMs();
  }
  headed({ status, upstreamMs = 0 }) {
    this.state.headAtMs = this.#nowMs();
    this.state.status = status;
    this.state.upstreamMs = upstreamMs;
  }
  /** The whole answer has been handed to the gateway. */
  answered() {
    this.#finish("answered", this.state.status, null);
  }
  /** The gateway gets an answer of the tunnel's own, with this `culvert-error`. */
  refused(code, status) {
    this.#finish(REFUSALS.has(code) ? "refused" : "failed", status, code);
  }
  /** The answer broke off after its head. */
  aborted(error2) {
    this.#finish("aborted", this.state.status, publicCodeOf(error2));
  }
  cancelled() {
    this.#finish("cancelled", this.state.headAtMs === null ? STATUS_CANCELLED : this.state.status, null);
  }
  /** A WebSocket is over. `error`: why, when it was no close of either end. */
  closed(closeCode, error2) {
    const code = error2 === null ? null : publicCodeOf(error2);
    this.#finish(error2 === null ? "answered" : "aborted", this.state.status, code, closeCode);
  }
  #finish(outcome, status, code, closeCode) {
    if (this.#over) return;
    this.#over = true;
    const { state } = this;
    this.#write({
      event: "request",
      version: REQUEST_EVENT_VERSION,
      time: new Date(state.arrivedAtMs).toISOString(),
      requestId: state.requestId,
      traceId: state.traceId,
      tunnel: state.tunnel,
      project: state.project,
      environment: state.environment,
      service: state.service,
      kind: state.kind,
      method: state.method,
      path: state.path,
      status,
      outcome,
      code,
      connector: state.connector,
      attempts: state.attempts,
      requestBytes: state.requestBytes,
      responseBytes: state.responseBytes,
      ...closeCode === void 0 ? {} : { closeCode },
      ...timings(state, code, this.#nowMs())
    });
  }
};
function newRecordState(arrival) {
  return {
    ...arrival,
    tunnel: arrival.tunnel.slice(0, MAX_NAME_LENGTH),
    project: arrival.project.slice(0, MAX_NAME_LENGTH),
    environment: arrival.environment.slice(0, MAX_NAME_LENGTH),
    service: arrival.service.slice(0, MAX_NAME_LENGTH),
    method: arrival.method.slice(0, MAX_NAME_LENGTH),
    path: arrival.path.slice(0, MAX_PATH_LENGTH2),
    connector: null,
    attempts: 0,
    openedAtMs: null,
    headAtMs: null,
    upstreamMs: 0,
    status: 0,
    requestBytes: 0,
    responseBytes: 0
  };
}
function traceIdOf(traceparent) {
  return TRACEPARENT.exec(traceparent ?? "")?.[1] ?? "";
}
function traceIdOfHead({ fields }) {
  return traceIdOf(fields.find(([name]) => name === "traceparent")?.[1] ?? null);
}
function timings(state, code, endMs2) {
  const openedAtMs = state.openedAtMs ?? endMs2;
  const headAtMs = state.headAtMs ?? endMs2;
  const waitMs = headAtMs - openedAtMs;
  const upstreamsFault = state.headAtMs === null && code !== null && code.startsWith("UPSTREAM_");
  const upstreamMs = upstreamsFault ? waitMs : Math.min(state.upstreamMs, waitMs);
  return {
    durationMs: endMs2 - state.arrivedAtMs,
    relayMs: openedAtMs - state.arrivedAtMs,
    tunnelMs: waitMs - upstreamMs,
    upstreamMs,
    bodyMs: endMs2 - headAtMs
  };
}

// worker/events/relay-events.ts
var GATHER_MS2 = 2e3;
var MAX_HELD_EVENTS = 500;
var MAX_HELD_BYTES = 256 * 1024;
var RETRY_MS = [500, 2e3];
var MAX_WINDOW_MS = 3e4;
var gathering = /* @__PURE__ */ new Map();
var sequence = 0;
var sender = "";
var lostBefore = 0;
function logOwnAnswer(request, response, facts2, env, waitUntil2) {
  const code = response.headers.get("culvert-error") ?? "";
  const settings = logSettings(env);
  const url = facts2.url ?? request.url;
  const path = rawPath(url);
  const write = (event) => {
    const line = JSON.stringify(redact(event, settings));
    if (settings.console) console.log(line);
    gather(code === "RELAY_RESTART" && facts2.tunnel || RELAY_TELEMETRY, line, env, waitUntil2);
  };
  const state = newRecordState({
    requestId: response.headers.get("culvert-request-id") ?? crypto.randomUUID(),
    traceId: traceIdOf(request.headers.get("traceparent")),
    tunnel: facts2.tunnel ?? "",
    project: facts2.project ?? "",
    environment: facts2.environment ?? "",
    service: new URL(url).host,
    kind: isWebSocket(request) ? "websocket" : "http",
    method: request.method,
    path: settings.keepQuery ? path : withoutQuery(path),
    arrivedAtMs: facts2.arrivedAtMs
  });
  new RequestRecord(state, () => Date.now(), write).refused(code, response.status);
}
function gather(name, line, env, waitUntil2) {
  let open2 = gathering.get(name);
  if (open2 === void 0 || Date.now() - open2.openedAtMs > MAX_WINDOW_MS) {
    const stale = open2?.lines.length ?? 0;
    open2 = { openedAtMs: Date.now(), lines: [], bytes: 0, lost: (open2?.lost ?? 0) + stale };
    gathering.set(name, open2);
    waitUntil2(flushLater(name, env));
  }
  if (open2.lines.length >= MAX_HELD_EVENTS || open2.bytes + line.length > MAX_HELD_BYTES) {
    open2.lost++;
    return;
  }
  open2.lines.push(line);
  open2.bytes += line.length;
}
async function flushLater(name, env) {
  await pause(GATHER_MS2);
  const gathered = gathering.get(name);
  if (gathered === void 0) return;
  gathering.delete(name);
  sender ||= crypto.randomUUID();
  const batch = {
    sender,
    sequence: ++sequence,
    lines: gathered.lines.join("\n"),
    count: gathered.lines.length,
    lost: gathered.lost + lostBefore,
    destinationsRevision: null,
    connectors: null
  };
  lostBefore = 0;
  for (let attempt = 0; ; attempt++) {
    try {
      return await telemetryStub(env, name).take(batch);
    } catch (thrown) {
      const retryMs = RETRY_MS[attempt];
      if (retryMs === void 0) {
        lostBefore += batch.count + batch.lost;
        console.error({ event: "telemetry_failed", lost: lostBefore, error: String(thrown) });
        return;
      }
      await pause(retryMs);
    }
  }
}
function pause(delayMs) {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

// worker/gateway-route.ts
var KEY_HEADER = "culvert-gateway-key";
var ROUTE = /^\/(?:~|%7e)\/([^/?]+)\/([^/?]+)(.*)$/is;
var LIMITED_LOG_MS = 1e3;
var AUTHORITY = /^(?:[a-z0-9_][a-z0-9._-]*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/i;
async function gatewayRoute(request, env, nowMs2, waitUntil2) {
  const { response, isOwn } = await answered(request, env, nowMs2);
  if (isOwn && !isOneOfTooMany(response, nowMs2)) {
    const code = response.headers.get("culvert-error");
    const target = code === "RELAY_RESTART" ? parseGatewayRoute(rawPath(request.url)) : null;
    const facts2 = target === null ? {} : { tunnel: target.tunnelId, url: target.url };
    logOwnAnswer(request, response, { arrivedAtMs: nowMs2, ...facts2 }, env, waitUntil2);
  }
  return response;
}
var limitedLoggedAtMs = -Infinity;
function isOneOfTooMany(response, nowMs2) {
  if (response.headers.get("culvert-error") !== "RATE_LIMITED") return false;
  if (nowMs2 - limitedLoggedAtMs < LIMITED_LOG_MS) return true;
  limitedLoggedAtMs = nowMs2;
  return false;
}
async function answered(request, env, nowMs2) {
  try {
    return await relay(request, env, nowMs2);
  } catch (thrown) {
    request.body?.cancel().catch(() => {
    });
    const response = thrown instanceof TunnelError ? problemResponse2(thrown, request.method, crypto.randomUUID()) : refusal(thrown);
    return { response, isOwn: true };
  }
}
async function relay(request, env, nowMs2) {
  const proof = await accessKeyProof("gateway", request.headers.get(KEY_HEADER) ?? "");
  if (proof === null) throw keyRefused(request, null, nowMs2);
  const subject = { kind: "gateway-key", id: proof.kid };
  const target = parseGatewayRoute(rawPath(request.url));
  const tunnelId = target !== null && isTunnelId(target.tunnelId) ? target.tunnelId : null;
  const [key, tunnel] = await Promise.all([
    credentialPresence(env, subject, proof.digestHex, request),
    tunnelId === null ? "absent" : tunnelPresence(env, tunnelId, request)
  ]);
  if (key === "absent") throw keyRefused(request, subject, nowMs2);
  if (target === null) {
    throw new TunnelError(
      "BAD_REQUEST",
      "The path must be /~/TUNNEL_ID/SERVICE/path, with a service or host:port."
    );
  }
  const onward = onwardRequest(request, target.url);
  const relayed = tunnelId !== null && tunnel !== "absent" ? await relayToTunnel(env, tunnelId, { kind: "gateway-key", ...proof, ...pathOf(target.url) }, onward) : { response: problemResponse2(unknownTunnel(), request.method, crypto.randomUUID()), isOwn: true };
  const error2 = relayed.response.headers.get("culvert-error");
  if (error2 === KEY_REFUSED || error2 === "UNKNOWN_TUNNEL" && !await isGatewayKey(env, proof)) {
    await relayed.response.body?.cancel();
    forget(subject);
    throw keyRefused(request, subject, nowMs2);
  }
  return relayed;
}
function onwardRequest(request, url) {
  const onward = new Request(url, request);
  onward.headers.delete(KEY_HEADER);
  const cookies = request.headers.get("cookie");
  const others = cookies === null ? null : withoutSession(cookies);
  if (others === null) onward.headers.delete("cookie");
  else if (others !== cookies) onward.headers.set("cookie", others);
  return onward;
}
function pathOf(url) {
  const path = rawPath(url);
  const { pathname, search } = new URL(url);
  return pathname + search === path ? {} : { path };
}
function parseGatewayRoute(path) {
  const [, tunnelId, segment, rest] = ROUTE.exec(path) ?? [];
  if (tunnelId === void 0 || segment === void 0 || rest === void 0) return null;
  const authority = decoded(segment)?.toLowerCase() ?? "";
  const host = AUTHORITY.test(authority) ? URL.parse(`http://${authority}`)?.host : void 0;
  if (host === void 0 || host !== authority && `${host}:80` !== authority) return null;
  return { tunnelId, url: `http://${authority}${rest.startsWith("/") ? "" : "/"}${rest}` };
}
function decoded(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}
async function isGatewayKey(env, proof) {
  try {
    return await registryStub(env).isGatewayKey(proof);
  } catch (thrown) {
    throw new TunnelError("OVERLOADED", "The tunnel's configuration cannot be had now.", { cause: thrown });
  }
}
function keyRefused(request, subject, nowMs2) {
  return unauthenticated(request, nowMs2, { subject, scheme: KEY_HEADER });
}
function unknownTunnel() {
  return new TunnelError("UNKNOWN_TUNNEL", "There is no tunnel of this id.");
}
function refusal(thrown) {
  const response = problemResponse(thrown);
  response.headers.set("culvert-error", thrown instanceof ApiError ? thrown.code : "INTERNAL");
  response.headers.set("culvert-request-id", crypto.randomUUID());
  response.headers.set("proxy-status", "culvert; error=http_request_denied");
  return response;
}

// shared/problems.ts
function problemsOf(error2) {
  return error2.issues.flatMap(
    (issue2) => issue2.code === "unrecognized_keys" ? issue2.keys.map((key) => ({ path: pathText([...issue2.path, key]), message: "unknown key" })) : [{ path: pathText(issue2.path), message: issue2.message }]
  );
}
function pathText(path) {
  return path.reduce((text3, part) => {
    if (typeof part === "number") return `${text3}[${part}]`;
    return text3 === "" ? String(part) : `${text3}.${String(part)}`;
  }, "");
}

// worker/api/operation.ts
function operation(spec) {
  return {
    ...spec,
    async respond(call) {
      const query = parse2(spec.query, Object.fromEntries(new URL(call.request.url).searchParams), "query");
      const input = spec.body && await readJson(call.request, spec.body.maxBytes);
      const body = parse2(spec.body?.schema, input, "");
      const answer2 = await spec.run({ ...call, body, query });
      if (answer2.response !== void 0) return answer2.response;
      const { status } = spec.success;
      const init = { status, headers: { "cache-control": "no-store", ...answer2.headers } };
      return status === 204 ? new Response(null, init) : Response.json(answer2.body, init);
    }
  };
}
function parse2(schema, value2, at) {
  if (schema === void 0) return void 0;
  const result = schema.safeParse(value2);
  if (result.success) return result.data;
  const problems = problemsOf(result.error).map(({ path, message }) => ({
    path: [at, path].filter((part) => part !== "").join("."),
    message
  }));
  throw new ApiError("INVALID_REQUEST", { problems });
}

// worker/api/paging.ts
var MAX_LIMIT = 100;
var pageQuery = strictObject({
  limit: coerce_exports.number().int().min(1).max(MAX_LIMIT).default(50).describe("Entries on a page"),
  cursor: string2().max(64).optional().describe("`nextCursor` of the page before")
});
function pageSchema(entry) {
  return strictObject({
    items: array(entry),
    nextCursor: string2().nullable().describe("Null on the last page")
  });
}
async function page(query, firstPosition, fetch2, positionOf, view2) {
  const position = query.cursor === void 0 ? firstPosition : cursorPosition(query.cursor);
  const entries = await fetch2(query.limit + 1, position);
  const shown2 = entries.slice(0, query.limit);
  const last = entries.length > shown2.length ? shown2.at(-1) : void 0;
  return { items: shown2.map(view2), nextCursor: last === void 0 ? null : cursorOf(positionOf(last)) };
}
function cursorOf(position) {
  return encodeBase64url(new TextEncoder().encode(String(position)));
}
function cursorPosition(cursor) {
  const bytes = decodeBase64url(cursor);
  const text3 = bytes === null ? "" : new TextDecoder().decode(bytes);
  if (!/^[0-9]{1,15}$/.test(text3)) {
    throw new ApiError("INVALID_REQUEST", {
      problems: [{ path: "query.cursor", message: "is not from a page" }]
    });
  }
  return Number(text3);
}

// worker/api/routes/audit-log.ts
var factsSchema = record(string2(), union([string2(), number2(), _null3()])).nullable();
var entrySchema = strictObject({
  id: int(),
  at: iso_exports.datetime(),
  actor: string2().describe("Id of an API key, `admin-key`, or `relay` for what happens by itself"),
  address: string2().describe("Where the request came from, as far as the platform says"),
  action: string2(),
  target: string2(),
  before: factsSchema,
  after: factsSchema
});
var auditLogOperations = [
  operation({
    id: "listAuditLog",
    method: "get",
    path: "/v1/audit-log",
    summary: "Who changed what and when, newest first",
    role: "viewer",
    query: pageQuery,
    success: { status: 200, description: "A page of entries", schema: pageSchema(entrySchema) },
    problems: [],
    async run({ env, query }) {
      const body = await page(
        query,
        Number.MAX_SAFE_INTEGER,
        (limit, position) => registryStub(env).auditLog(limit, position),
        ({ id }) => id,
        ({ id, atMs, actor, address, action, target, before, after }) => ({
          id,
          at: isoTime(atMs),
          actor,
          address,
          action,
          target,
          before,
          after
        })
      );
      return { body };
    }
  })
];

// worker/api/routes/connect.ts
var SUBPROTOCOL2 = "culvert.v1";
async function connect(request, env, nowMs2) {
  if (request.headers.has("origin")) throw new ApiError("ORIGIN_REFUSED");
  if (!speaksCulvert(request.headers)) {
    const headers2 = { upgrade: "websocket", connection: "Upgrade", "sec-websocket-protocol": SUBPROTOCOL2 };
    throw new ApiError("UPGRADE_REQUIRED", { detail: `This relay speaks ${SUBPROTOCOL2}.`, headers: headers2 });
  }
  const parsed = parseToken(bearerCredential(request));
  if (!parsed.ok) throw unauthenticated(request, nowMs2);
  const { tunnelId, kid, secret } = parsed.token;
  const claim2 = { kind: "connect", kid, secretDigestHex: await sha256Hex(secret) };
  const subject = { kind: "token", id: kid, tunnelId };
  if (await credentialPresence(env, subject, claim2.secretDigestHex, request) === "absent")
    throw unauthenticated(request, nowMs2, { subject });
  const headers = new Headers(request.headers);
  headers.delete("authorization");
  const [objectName = tunnelId] = tunnelObjectNames(tunnelId);
  let response;
  try {
    response = await tunnelStub(env, objectName).fetch(new Request(request, { headers }), {
      cf: { culvert: claim2 }
    });
  } catch {
    throw new ApiError("TUNNEL_UNAVAILABLE", { headers: { "retry-after": "1" } });
  }
  if (response.status === 401) {
    forget(subject);
    throw unauthenticated(request, nowMs2, { subject });
  }
  if (response.status === 409)
    throw new ApiError("LIMIT_REACHED", { detail: "The tunnel has as many connections as it takes." });
  return response;
}
function speaksCulvert(headers) {
  const offered = (headers.get("sec-websocket-protocol") ?? "").split(",").map((protocol) => protocol.trim());
  return headers.get("upgrade")?.toLowerCase() === "websocket" && offered.includes(SUBPROTOCOL2);
}

// shared/services/service-check.ts
var DEFAULT_INTERVAL_SECONDS2 = 10;
var DEFAULT_TIMEOUT_SECONDS = 5;
var DEFAULT_HEALTHY_THRESHOLD = 2;
var DEFAULT_UNHEALTHY_THRESHOLD = 3;
var pathSchema = string2().max(1024).regex(/^\/[!"$-~]*$/, "must be a path such as /healthz, in ASCII and without a fragment");
var intervalSchema = int().min(1).max(3600);
var timeoutSchema = int().min(1).max(60);
var thresholdSchema = int().min(1).max(10);
var healthCheckSchema = strictObject({
  /** Asked by GET, under the endpoint's own path; 200 to 399 passes. Absent: a connection, with TLS for https, is enough. */
  path: pathSchema.optional(),
  intervalSeconds: intervalSchema.optional(),
  timeoutSeconds: timeoutSchema.optional(),
  /** So many passes in a row end a failure. */
  healthyThreshold: thresholdSchema.optional(),
  /** So many failures in a row are one. */
  unhealthyThreshold: thresholdSchema.optional()
});
var serviceCheckSchema = object({
  service: string2().min(1).max(64),
  /** Origin of the upstream. */
  target: string2().min(1).max(2048),
  /** As it goes to the upstream; null: only connect. */
  path: string2().max(4096).nullable().default(null),
  intervalSeconds: intervalSchema.default(DEFAULT_INTERVAL_SECONDS2),
  timeoutSeconds: timeoutSchema.default(DEFAULT_TIMEOUT_SECONDS),
  healthyThreshold: thresholdSchema.default(DEFAULT_HEALTHY_THRESHOLD),
  unhealthyThreshold: thresholdSchema.default(DEFAULT_UNHEALTHY_THRESHOLD)
});

// shared/services/upstream-address.ts
var ENDPOINT = /^https?:\/\/[^\s/?#@\\]+(?:\/[^\s?#\\]*)?$/i;
var HOST_PATTERN = /^(\*\.)?([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?$/i;
var IPV4 = /^\d+\.\d+\.\d+\.\d+$/;
var DEFAULT_PORTS = [80, 443];
function parseEndpoint(text3) {
  const url = ENDPOINT.test(text3) ? URL.parse(text3) : null;
  if (url === null) return null;
  return { origin: url.origin, pathPrefix: url.pathname.replace(/\/+$/, "") };
}
function parseHostPattern(text3) {
  const [, star, written, portText] = HOST_PATTERN.exec(text3) ?? [];
  const host = written === void 0 ? void 0 : URL.parse(`http://${written}`)?.hostname;
  if (host === void 0 || host.endsWith(".")) return null;
  const wildcard = star !== void 0;
  if (wildcard && (host.startsWith("[") || IPV4.test(host))) return null;
  if (portText === void 0) return { wildcard, host, ports: DEFAULT_PORTS };
  const port = Number(portText);
  return port >= 1 && port <= 65535 ? { wildcard, host, ports: [port] } : null;
}

// shared/services/services-file.ts
var MAX_SERVICES_FILE_BYTES = 256 * 1024;
var DEFAULT_CONNECTOR_WAIT_MS = 5e3;
var MAX_ENTRIES = 1e3;
var MAX_CONFIGURATIONS = 100;
var projectSchema = string2().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/, "must be a project's name: letters, digits and . _ / -");
var environmentSchema = string2().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/, "must be an environment's name: letters, digits and . _ / -");
var callerSchema = strictObject({ project: projectSchema, environment: environmentSchema });
var PATH_PREFIX = /^\/(?:(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~!$&'()*+,=:@-]+(?:\/|$))*$/;
var pathPrefixSchema = string2().max(1024).regex(
  PATH_PREFIX,
  "must be a path such as /v1/charges, without encoding, query and dot or empty segments"
);
var accessSchema = strictObject({
  project: projectSchema,
  accessibleBy: union([environmentSchema, array(environmentSchema).max(MAX_CONFIGURATIONS)], {
    error: "must be an environment's name or a list of them, such as production, preview, working-copy"
  }),
  /** What these environments may ask for, by prefix. Absent: every path. */
  paths: array(pathPrefixSchema).min(1).max(MAX_CONFIGURATIONS).optional()
});
var ruleShape = {
  configurations: array(accessSchema).max(MAX_CONFIGURATIONS),
  /** Absent: the connector's default. */
  connectTimeoutMs: int().min(1).max(MAX_CONNECT_TIMEOUT_MS).optional(),
  /** From the whole request sent to the response's head. Absent: the connector's default. */
  responseTimeoutMs: int().min(1).max(MAX_RESPONSE_TIMEOUT_MS).optional(),
  /** How long gateway or upstream may take nothing of what waits for them. Absent: the connector's TUNNEL_STALL_TIMEOUT. */
  stallTimeoutMs: int().min(1).max(MAX_STALL_TIMEOUT_MS).optional(),
  /** Of a request. Absent: no limit. */
  maxBodyBytes: int().min(0).optional(),
  /** How long a request may wait for a connector that is expected back, 0 for not at all. Absent: 5 s. */
  connectorWaitMs: int().min(0).max(3e4).optional(),
  /** Requests carry a Via field (RFC 9110 §7.6.3). Absent: no, because some upstreams treat it as a reason to compress nothing. */
  via: boolean2().optional(),
  /**
   * What was lost with a connector before any answer, and can be replayed, is sent to another one, once. Absent: GET, HEAD,
   * OPTIONS, QUERY. True: PUT and DELETE as well. False: nothing.
   */
  retry: boolean2().optional()
};
var UNREACHABLE_NAME = /^(?:[0-9]+|0x[0-9a-f]*|xn--.*)$/i;
var serviceSchema = strictObject({
  name: string2().regex(/^[a-zA-Z0-9-]{3,24}$/, "must be 3 to 24 letters, digits and hyphens").refine((name) => !UNREACHABLE_NAME.test(name), "must not be a number or start with xn--"),
  endpoint: string2().max(2048).refine(
    (text3) => parseEndpoint(text3) !== null,
    "must be an http or https URL without credentials, query and fragment"
  ).refine(
    (text3) => (parseEndpoint(text3)?.pathPrefix.length ?? 0) <= MAX_ENDPOINT_PATH_LENGTH,
    `must have a path of at most ${MAX_ENDPOINT_PATH_LENGTH} characters, encoded ones counted as three`
  ),
  /** Absent: checked with the defaults. False: not checked. */
  healthCheck: union([literal(false), healthCheckSchema]).optional(),
  ...ruleShape
});
var networkSchema = strictObject({
  hosts: array(
    string2().max(260).refine((text3) => parseHostPattern(text3) !== null, "must be host, host:port or *.domain:port")
  ).min(1).max(MAX_ENTRIES),
  ...ruleShape
});
var servicesFileSchema = strictObject({
  version: literal(1),
  services: array(serviceSchema).max(MAX_ENTRIES),
  networks: array(networkSchema).max(MAX_ENTRIES).optional()
}).superRefine(({ services }, context) => {
  const firstIndex = /* @__PURE__ */ new Map();
  for (const [index, { name }] of services.entries()) {
    const first = firstIndex.get(name.toLowerCase());
    if (first === void 0) firstIndex.set(name.toLowerCase(), index);
    else {
      const message = `has the name of services[${first}]; case does not tell names apart`;
      context.addIssue({ code: "custom", path: ["services", index, "name"], message });
    }
  }
});
var EMPTY_SERVICES_FILE = { version: 1, services: [], networks: [] };

// worker/api/outcome.ts
var CODE = { not_found: "NOT_FOUND", limit_reached: "LIMIT_REACHED" };
function expectDone(outcome) {
  if (outcome !== "done") throw new ApiError(CODE[outcome]);
}

// worker/api/routes/keys.ts
var SMALL_BODY_BYTES = 4096;
var roleSchema = _enum(["admin", "viewer"]).describe("`admin` writes and reads, `viewer` reads");
var shownOnce = string2().describe("Shown once; the relay keeps a digest alone");
var gatewayKeySchema = callerSchema.extend({ kid: string2(), createdAt: iso_exports.datetime() });
var apiKeySchema = strictObject({ kid: string2(), role: roleSchema, createdAt: iso_exports.datetime() });
var keyOperations = [
  operation({
    id: "createGatewayKey",
    method: "post",
    path: "/v1/gateway-keys",
    summary: "Make a key with which a gateway outside this account calls as one project and environment",
    role: "admin",
    body: { schema: callerSchema, maxBytes: SMALL_BODY_BYTES },
    success: { status: 201, description: "The key", schema: gatewayKeySchema.extend({ key: shownOnce }) },
    problems: ["LIMIT_REACHED"],
    async run({ env, by, body }) {
      const { key, proof } = await newKey("gateway");
      expectDone(await registryStub(env).addGatewayKey(by, { ...proof, ...body }));
      return { body: { kid: proof.kid, ...body, createdAt: isoTime(by.atMs), key } };
    }
  }),
  operation({
    id: "listGatewayKeys",
    method: "get",
    path: "/v1/gateway-keys",
    summary: "List the gateway keys, oldest first",
    role: "viewer",
    query: pageQuery,
    success: { status: 200, description: "A page of keys", schema: pageSchema(gatewayKeySchema) },
    problems: [],
    async run({ env, query }) {
      const body = await page(
        query,
        0,
        (limit, position) => registryStub(env).gatewayKeys(limit, position),
        ({ seq }) => seq,
        ({ kid, project, environment, createdAtMs }) => ({
          kid,
          project,
          environment,
          createdAt: isoTime(createdAtMs)
        })
      );
      return { body };
    }
  }),
  operation({
    id: "deleteGatewayKey",
    method: "delete",
    path: "/v1/gateway-keys/{kid}",
    summary: "Delete a gateway key",
    role: "admin",
    success: { status: 204, description: "It holds no longer" },
    problems: ["NOT_FOUND"],
    async run({ env, by, param }) {
      expectDone(await registryStub(env).deleteGatewayKey(by, param("kid")));
      return {};
    }
  }),
  operation({
    id: "createApiKey",
    method: "post",
    path: "/v1/api-keys",
    summary: "Make a key for this API",
    role: "admin",
    body: { schema: strictObject({ role: roleSchema }), maxBytes: SMALL_BODY_BYTES },
    success: { status: 201, description: "The key", schema: apiKeySchema.extend({ key: shownOnce }) },
    problems: ["LIMIT_REACHED"],
    async run({ env, by, body }) {
      const { key, proof } = await newKey("api");
      expectDone(await registryStub(env).addApiKey(by, proof, body.role));
      return { body: { kid: proof.kid, role: body.role, createdAt: isoTime(by.atMs), key } };
    }
  }),
  operation({
    id: "listApiKeys",
    method: "get",
    path: "/v1/api-keys",
    summary: "List the API keys, oldest first",
    role: "viewer",
    query: pageQuery,
    success: { status: 200, description: "A page of keys", schema: pageSchema(apiKeySchema) },
    problems: [],
    async run({ env, query }) {
      const body = await page(
        query,
        0,
        (limit, position) => registryStub(env).apiKeys(limit, position),
        ({ seq }) => seq,
        ({ kid, role, createdAtMs }) => ({ kid, role, createdAt: isoTime(createdAtMs) })
      );
      return { body };
    }
  }),
  operation({
    id: "deleteApiKey",
    method: "delete",
    path: "/v1/api-keys/{kid}",
    summary: "Delete an API key",
    role: "admin",
    success: { status: 204, description: "It holds no longer" },
    problems: ["NOT_FOUND"],
    async run({ env, by, param }) {
      expectDone(await registryStub(env).deleteApiKey(by, param("kid")));
      return {};
    }
  })
];
async function newKey(kind) {
  const secret = newSecret();
  const kid = newKid();
  return {
    key: formatAccessKey(kind, kid, secret),
    proof: { kid, digestHex: await accessKeyDigest(secret) }
  };
}

// shared/log-destination.ts
var MAX_LOG_DESTINATION_BYTES = 32 * 1024;
var RESERVED_HEADERS = /^(?:host|content-.*|transfer-encoding|connection|upgrade|te|trailer|keep-alive|expect|proxy-.*|sec-.*|cf-.*)$/;
var headersSchema = record(
  string2().regex(/^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/i, "must be a header's name").refine((name) => !RESERVED_HEADERS.test(name.toLowerCase()), "is set by the relay"),
  string2().regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,4094}[\x21-\x7e])?$/, "must be a header's value")
).refine((headers) => Object.keys(headers).length <= 20, "may have 20 entries").describe("Sent with each request; the values are never shown again");
var secretSchema = string2().regex(/^[\x21-\x7e]{1,4096}$/, "must be printable and without spaces").describe("Never shown again");
var shortText = (what) => string2().regex(/^[\x20-\x7e]{1,128}$/, `must be ${what}: 1 to 128 printable characters`);
var common = {
  name: string2().regex(
    /^[\p{L}\p{N}](?:[\p{L}\p{N} ._-]{0,62}[\p{L}\p{N}._-])?$/u,
    "must be 1 to 64 letters, digits, spaces and . _ -"
  ),
  url: string2().max(2048).refine(
    isDestinationUrl,
    "must be an https URL without credentials, query and fragment; http only to this machine"
  ),
  events: _enum(["all", "failures"]).default("all").describe("`failures`: what was refused, failed or broke off, and answers of 5xx"),
  headers: headersSchema.optional()
};
var logDestinationSchema = discriminatedUnion("kind", [
  strictObject({ kind: literal("otlp"), ...common }),
  strictObject({
    kind: literal("datadog"),
    ...common,
    apiKey: secretSchema.optional(),
    tags: array(string2().regex(/^[^\s,\p{Cc}]{1,200}$/u, "must be a tag such as team:payments")).max(20).optional()
  }),
  strictObject({
    kind: literal("splunk"),
    ...common,
    token: secretSchema.optional(),
    index: shortText("an index").optional()
  }),
  strictObject({
    kind: literal("loki"),
    ...common,
    tenant: shortText("a tenant's id").optional(),
    username: shortText("a user's name").optional().describe("With it `token` is the password of basic authentication"),
    token: secretSchema.optional().describe("Bearer token, or the user's password. Never shown again"),
    labels: record(
      string2().regex(/^[a-zA-Z_][a-zA-Z0-9_]{0,63}$/, "must be a label's name"),
      shortText("a label's value")
    ).refine((labels) => Object.keys(labels).length <= 10, "may have 10 entries").optional()
  }),
  strictObject({ kind: literal("webhook"), ...common })
]);
var STANDARD_PATH = {
  otlp: "/v1/logs",
  datadog: "/api/v2/logs",
  splunk: "/services/collector/event",
  loki: "/loki/api/v1/push",
  webhook: "/"
};
function receiverUrl({ kind, url }) {
  const { origin, pathname } = new URL(url);
  return origin + (pathname === "/" ? STANDARD_PATH[kind] : pathname);
}
var SECRETS = ["apiKey", "token", "headers"];
function secretsOf({ headers = {}, ...destination }) {
  const secrets = /* @__PURE__ */ new Map();
  if ("apiKey" in destination && destination.apiKey !== void 0) secrets.set("apiKey", destination.apiKey);
  if ("token" in destination && destination.token !== void 0) secrets.set("token", destination.token);
  for (const [name, value2] of Object.entries(headers)) secrets.set(`headers.${name}`, value2);
  return secrets;
}
function withoutSecrets(destination) {
  const { apiKey: _, token: __, headers: ___, ...shown2 } = destination;
  return shown2;
}
function keepSecrets(input, stored) {
  const kept = stored?.kind === input.kind ? SECRETS.filter((name) => name in stored && !(name in input)) : [];
  if (stored !== null && kept.length > 0 && new URL(stored.url).origin !== new URL(input.url).origin) {
    return { problems: kept.map((path) => ({ path, message: "must be given again for another address" })) };
  }
  const secrets = Object.fromEntries(kept.map((name) => [name, stored[name]]));
  const destination = { ...input, ...secrets };
  const missing = missingSecret(destination);
  if (missing !== null) return { problems: [{ path: missing, message: "is required" }] };
  return { destination };
}
function missingSecret(destination) {
  if (destination.kind === "datadog" && destination.apiKey === void 0) return "apiKey";
  if (destination.kind === "splunk" && destination.token === void 0) return "token";
  if (destination.kind !== "loki" || destination.username === void 0) return null;
  return destination.token === void 0 ? "token" : null;
}
function isDestinationUrl(text3) {
  const url = URL.parse(text3);
  if (url === null || /[?#]/.test(text3) || url.username !== "" || url.password !== "") return false;
  if (url.protocol === "https:") return true;
  return url.protocol === "http:" && /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
}

// package.json
var package_default = {
  name: "culvert-tunnel",
  version: "0.1.0",
  description: "A secure tunnel from an API gateway on Cloudflare Workers to private APIs: connector, relay, and a gateway developer's kit",
  keywords: [
    "api-gateway",
    "cloudflare-workers",
    "durable-objects",
    "private-network",
    "tunnel"
  ],
  license: "Apache-2.0",
  bin: {
    culvert: "dist/culvert.js",
    "culvert-tunnel": "dist/culvert.js"
  },
  files: [
    "dist/culvert.js",
    "dist/kit",
    "relay"
  ],
  type: "module",
  exports: {
    "./gateway": {
      types: "./dist/kit/types/kit/gateway/index.d.ts",
      default: "./dist/kit/gateway/index.js"
    },
    "./testing": {
      types: "./dist/kit/types/kit/testing/index.d.ts",
      default: "./dist/kit/testing/index.js"
    },
    "./connector": {
      types: "./dist/kit/types/kit/connector/index.d.ts",
      default: "./dist/kit/connector/index.js"
    },
    "./relay": "./relay/index.js",
    "./relay/wrangler.jsonc": "./relay/wrangler.jsonc",
    "./package.json": "./package.json"
  },
  publishConfig: {
    access: "public",
    provenance: true
  },
  scripts: {
    battery: "node test/battery/main.ts",
    bench: "node bench/bench.ts",
    "bench:compare": "node bench/compare.ts",
    "bench:cost": "node bench/cost.ts",
    "bench:micro": "node bench/micro.ts",
    "bench:profile": "node bench/profile.ts",
    "bench:record": "node bench/record.ts",
    build: "node scripts/build.ts",
    "build:sea": "node scripts/sea.ts",
    chaos: "node test/chaos/main.ts",
    check: "node scripts/check.ts",
    "check:image": "node scripts/check-image.ts",
    connect: "exec node bin/culvert.ts connect",
    demo: "exec node scripts/demo.ts",
    deploy: "wrangler deploy",
    dev: "exec wrangler dev",
    format: "oxfmt .",
    limits: "node scripts/limits-page.ts",
    fuzz: "node test/fuzz/main.ts",
    relay: "exec node scripts/relay.ts",
    soak: "SOAK_ROUNDS=${SOAK_ROUNDS:-100} vitest run --project e2e test/e2e/half-hour.test.ts",
    screenshots: "node scripts/screenshots.ts",
    test: "vitest run",
    prepack: "node scripts/build.ts"
  },
  devDependencies: {
    "@cloudflare/vitest-plugin": "1.5.0",
    "@cloudflare/workers-types": "5.20261117.1",
    "@modelcontextprotocol/sdk": "1.32.2",
    "@opentelemetry/api": "1.10.0",
    "@opentelemetry/core": "3.1.1",
    "@opentelemetry/exporter-trace-otlp-proto": "0.301.1",
    "@opentelemetry/resources": "3.1.1",
    "@opentelemetry/sdk-trace": "3.1.1",
    "@opentelemetry/semantic-conventions": "1.45.0",
    "@tus/file-store": "2.1.1",
    "@tus/server": "2.4.5",
    "@types/node": "24.19.2",
    "@types/ws": "8.18.2",
    "axe-core": "4.14.1",
    commander: "14.0.3",
    esbuild: "0.28.2",
    eventsource: "5.1.5",
    "fast-check": "4.10.2",
    graphql: "17.1.0",
    "graphql-ws": "6.4.2",
    hono: "4.13.19",
    "http-cache-tests": "0.4.5",
    "ipaddr.js": "2.5.0",
    knip: "6.44.2",
    "kubernetes-models": "5.1.0",
    miniflare: "5.20261117.0-beta",
    node: "24.21.0",
    oxfmt: "0.79.0",
    oxlint: "1.94.0",
    "oxlint-tsgolint": "7.0.2007",
    pino: "10.4.0",
    "playwright-core": "1.65.1",
    postject: "1.0.0-alpha.6",
    "prom-client": "15.1.3",
    "socket.io": "4.8.4",
    "socket.io-client": "4.8.4",
    "tus-js-client": "4.3.1",
    typescript: "7.0.2",
    undici: "8.12.4",
    uplot: "1.6.32",
    vitest: "5.1.1",
    workerd: "1.20261117.1",
    wrangler: "4.164.0",
    ws: "8.23.0",
    yaml: "2.9.1",
    zod: "4.6.7"
  },
  peerDependencies: {
    wrangler: ">=4.164.0"
  },
  peerDependenciesMeta: {
    wrangler: {
      optional: true
    }
  },
  overrides: {
    "@cloudflare/vitest-plugin": {
      wrangler: "$wrangler",
      miniflare: "5.20261117.0-beta"
    },
    "http-cache-tests": {
      liquidjs: "npm:@favware/skip-dependency@1.2.2",
      "node-fetch": "npm:@favware/skip-dependency@1.2.2",
      npm: "npm:@favware/skip-dependency@1.2.2"
    }
  },
  engines: {
    node: ">=20"
  },
  allowScripts: {
    esbuild: true,
    node: true,
    workerd: true
  }
};

// shared/version.ts
var VERSION = package_default.version;

// worker/log-delivery/gzip.ts
async function gzip(text3) {
  return through(new CompressionStream("gzip"), new TextEncoder().encode(text3)).arrayBuffer();
}
async function gunzip(bytes) {
  return through(new DecompressionStream("gzip"), bytes).text();
}
function through(transform2, bytes) {
  return new Response(new Blob([bytes]).stream().pipeThrough(transform2));
}

// worker/log-delivery/receivers/encoded.ts
function severityOf({ outcome, status }) {
  if (outcome === "failed" || outcome === "aborted" || status >= 500) return "error";
  return outcome === "refused" || outcome === "cancelled" ? "warning" : "info";
}
function summaryOf({ method, service, path, status, code }) {
  return `${method} ${service}${path} ${status}${code === null ? "" : ` ${code}`}`;
}

// worker/log-delivery/receivers/datadog.ts
var NANOSECONDS_PER_MS = 1e6;
function encodeDatadog({ apiKey = "", tags = [] }, events) {
  const body = events.map((event) => ({
    ddsource: "culvert",
    ddtags: [`env:${event.environment}`, `project:${event.project}`, `tunnel:${event.tunnel}`, ...tags].join(
      ","
    ),
    hostname: event.tunnel || "relay",
    service: event.service,
    message: summaryOf(event),
    status: severityOf(event),
    timestamp: Date.parse(event.time),
    duration: event.durationMs * NANOSECONDS_PER_MS,
    http: {
      method: event.method,
      status_code: event.status,
      request_id: event.requestId,
      url_details: { path: event.path }
    },
    ...event.traceId === "" ? {} : { dd: { trace_id: event.traceId } },
    culvert: event
  }));
  return {
    contentType: "application/json",
    headers: { "dd-api-key": apiKey },
    body: JSON.stringify(body)
  };
}

// worker/telemetry/parse-event.ts
var FIELDS = [
  ["event", "string"],
  ["time", "string"],
  ["requestId", "string"],
  ["traceId", "string"],
  ["tunnel", "string"],
  ["project", "string"],
  ["environment", "string"],
  ["service", "string"],
  ["kind", "string"],
  ["method", "string"],
  ["path", "string"],
  ["status", "number"],
  ["outcome", "string"],
  ["requestBytes", "number"],
  ["responseBytes", "number"],
  ["durationMs", "number"]
];
function parseEvent(line) {
  try {
    const value2 = JSON.parse(line);
    return isEvent(value2) ? value2 : null;
  } catch {
    return null;
  }
}
function isEvent(value2) {
  if (typeof value2 !== "object" || value2 === null) return false;
  const record2 = value2;
  return FIELDS.every(([name, type]) => typeof record2[name] === type) && !Number.isNaN(Date.parse(record2["time"])) && (record2["code"] === null || typeof record2["code"] === "string");
}
function isFailure({ outcome, status }) {
  return outcome === "refused" || outcome === "failed" || outcome === "aborted" || status >= 500;
}
function endMs({ time: time3, durationMs }) {
  return Date.parse(time3) + durationMs;
}

// worker/log-delivery/receivers/loki.ts
function encodeLoki({ tenant, username, token, labels }, events) {
  const streams = /* @__PURE__ */ new Map();
  for (const event of events) {
    const stream = { job: "culvert", ...labelsOf(event), ...labels };
    const key = JSON.stringify(stream);
    const values = streams.get(key)?.values ?? [];
    values.push([`${endMs(event)}000000`, JSON.stringify(event)]);
    streams.set(key, { stream, values });
  }
  return {
    contentType: "application/json",
    headers: {
      ...tenant === void 0 ? {} : { "x-scope-orgid": tenant },
      ...token === void 0 ? {} : { authorization: authorization(username, token) }
    },
    body: JSON.stringify({ streams: [...streams.values()] })
  };
}
function labelsOf(event) {
  const { tunnel, project, environment } = event;
  const labels = { tunnel, project, environment, level: severityOf(event) };
  return Object.fromEntries(Object.entries(labels).filter(([, value2]) => value2 !== ""));
}
function authorization(username, token) {
  return username === void 0 ? `Bearer ${token}` : `Basic ${btoa(`${username}:${token}`)}`;
}

// worker/log-delivery/receivers/otlp.ts
var SEVERITY = {
  info: { severityNumber: 9, severityText: "INFO" },
  warning: { severityNumber: 13, severityText: "WARN" },
  error: { severityNumber: 17, severityText: "ERROR" }
};
var CONVENTION = {
  method: "http.request.method",
  path: "url.path",
  status: "http.response.status_code",
  environment: "deployment.environment.name"
};
var SAID = ["event", "time", "traceId"];
function encodeOtlp(_, events) {
  const body = {
    resourceLogs: [
      {
        resource: {
          attributes: [attribute("service.name", "culvert"), attribute("service.version", VERSION)]
        },
        scopeLogs: [
          {
            scope: { name: "culvert.request", version: VERSION },
            logRecords: events.map(logRecord)
          }
        ]
      }
    ]
  };
  return { contentType: "application/json", headers: {}, body: JSON.stringify(body) };
}
function logRecord(event) {
  return {
    timeUnixNano: nanoseconds(Date.parse(event.time)),
    observedTimeUnixNano: nanoseconds(endMs(event)),
    ...SEVERITY[severityOf(event)],
    eventName: "culvert.request",
    body: { stringValue: summaryOf(event) },
    attributes: Object.entries(event).filter(([name, value2]) => !SAID.includes(name) && value2 !== null && value2 !== "").map(
      ([name, value2]) => attribute(CONVENTION[name] ?? `culvert.${snakeCase(name)}`, value2)
    ),
    .../^[0-9a-f]{32}$/.test(event.traceId) ? { traceId: event.traceId } : {}
  };
}
function attribute(key, value2) {
  return { key, value: anyValue(value2) };
}
function anyValue(value2) {
  if (typeof value2 === "number") {
    return Number.isSafeInteger(value2) ? { intValue: String(value2) } : { doubleValue: value2 };
  }
  if (typeof value2 === "boolean") return { boolValue: value2 };
  return { stringValue: typeof value2 === "string" ? value2 : JSON.stringify(value2) };
}
function nanoseconds(timeMs) {
  return `${timeMs}000000`;
}
function snakeCase(name) {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

// worker/log-delivery/receivers/splunk.ts
function encodeSplunk({ token = "", index }, events) {
  const objects = events.map((event) => ({
    time: Date.parse(event.time) / 1e3,
    host: event.tunnel || "relay",
    source: "culvert",
    sourcetype: "culvert:request",
    ...index === void 0 ? {} : { index },
    event
  }));
  return {
    contentType: "application/json",
    headers: { authorization: `Splunk ${token}` },
    body: objects.map((object2) => JSON.stringify(object2)).join("\n")
  };
}

// worker/log-delivery/receivers/webhook.ts
function encodeWebhook(events) {
  return {
    contentType: "application/x-ndjson",
    headers: {},
    body: events.map((event) => `${JSON.stringify(event)}
`).join("")
  };
}

// worker/log-delivery/send-events.ts
var TIMEOUT_MS2 = 15e3;
var MAX_RETRY_AFTER_MS = 60 * 6e4;
var MAX_ANSWER_BYTES = 16 * 1024;
function credentialsSent(destination) {
  const { authorization: authorization2 = "", ...headers } = encode2(destination, []).headers;
  return [authorization2, headers["dd-api-key"] ?? "", ...Object.values(destination.headers ?? {})].filter(
    (value2) => value2 !== ""
  );
}
async function sendEvents(destination, events) {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), TIMEOUT_MS2);
  try {
    return await exchange(destination, events, deadline.signal);
  } catch {
    return { status: null, reason: deadline.signal.aborted ? "timeout" : "unreachable" };
  } finally {
    clearTimeout(timer);
  }
}
async function exchange(destination, events, signal) {
  const { contentType, headers, body } = encode2(destination, events);
  const response = await fetch(receiverUrl(destination), {
    method: "POST",
    headers: {
      "user-agent": `culvert/${VERSION}`,
      ...lowerCase(destination.headers ?? {}),
      ...headers,
      "content-type": contentType,
      "content-encoding": "gzip"
    },
    body: await gzip(body),
    // The credentials are for this address alone.
    redirect: "manual",
    signal
  });
  const text3 = await textOf(response);
  return { status: response.status, retryAfter: response.headers.get("retry-after"), text: text3 };
}
function outcomeOf(destination, answer2, nowMs2) {
  if (answer2.status === null) {
    const reason2 = answer2.reason === "timeout" ? `no answer within ${TIMEOUT_MS2 / 1e3} s` : "not reachable";
    return { outcome: "retry", reason: reason2, retryAfterMs: null };
  }
  const { status, retryAfter, text: text3 } = answer2;
  if (status >= 200 && status < 300) {
    return { outcome: "accepted", rejected: destination.kind === "otlp" ? otlpRejected(text3) : 0 };
  }
  const reason = `answered ${status}`;
  if (status === 400 || status === 413 || status === 422) return { outcome: "refused", reason };
  return { outcome: "retry", reason, retryAfterMs: retryAfterMs(retryAfter, nowMs2) };
}
function encode2(destination, events) {
  switch (destination.kind) {
    case "otlp":
      return encodeOtlp(destination, events);
    case "datadog":
      return encodeDatadog(destination, events);
    case "splunk":
      return encodeSplunk(destination, events);
    case "loki":
      return encodeLoki(destination, events);
    case "webhook":
      return encodeWebhook(events);
  }
}
function lowerCase(headers) {
  return Object.fromEntries(Object.entries(headers).map(([name, value2]) => [name.toLowerCase(), value2]));
}
async function textOf(response) {
  const decoder7 = new TextDecoder();
  let text3 = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    text3 += decoder7.decode(chunk, { stream: true });
    if (bytes >= MAX_ANSWER_BYTES) break;
  }
  return text3;
}
function otlpRejected(text3) {
  try {
    const answer2 = JSON.parse(text3);
    const rejected = Number(answer2?.partialSuccess?.rejectedLogRecords ?? 0);
    return Number.isSafeInteger(rejected) && rejected > 0 ? rejected : 0;
  } catch {
    return 0;
  }
}
function retryAfterMs(value2, nowMs2) {
  if (value2 === null) return null;
  const delayMs = /^\d{1,9}$/.test(value2) ? Number(value2) * 1e3 : Date.parse(value2) - nowMs2;
  return Number.isNaN(delayMs) ? null : Math.min(MAX_RETRY_AFTER_MS, Math.max(1e3, delayMs));
}

// worker/log-delivery/test-event.ts
function testEvent(nowMs2) {
  return {
    event: "request",
    version: REQUEST_EVENT_VERSION,
    time: new Date(nowMs2).toISOString(),
    requestId: `test-${crypto.randomUUID()}`,
    traceId: "",
    tunnel: "test",
    project: "test",
    environment: "test",
    service: "culvert-test",
    kind: "http",
    method: "GET",
    path: "/culvert/test-event",
    status: 200,
    outcome: "answered",
    code: null,
    connector: null,
    attempts: 0,
    requestBytes: 0,
    responseBytes: 0,
    durationMs: 0,
    relayMs: 0,
    tunnelMs: 0,
    upstreamMs: 0,
    bodyMs: 0
  };
}

// worker/api/routes/log-destinations.ts
var PATH = "/v1/log-destinations";
var MAX_SHOWN_ANSWER = 500;
var deliverySchema = strictObject({
  shipped: int(),
  lost: int().describe("Dropped unsent: the spool had no room for longer"),
  rejected: int().describe("The receiver would not have them"),
  backlog: int().describe("Events that wait"),
  lastSuccessAt: iso_exports.datetime().nullable(),
  lastError: strictObject({ at: iso_exports.datetime(), reason: string2(), tunnel: string2() }).nullable().describe("Null once it takes events again")
}).describe("Events over all tunnels, as last reported");
var describedSchema = looseObject({
  id: string2(),
  name: string2(),
  kind: string2(),
  url: string2().describe("For viewers without its path, which may hold a token"),
  events: string2(),
  secrets: array(string2()).describe("Which are set; their values are never shown"),
  createdAt: iso_exports.datetime(),
  updatedAt: iso_exports.datetime(),
  delivery: deliverySchema
}).describe("A destination with the settings of its kind");
var testResultSchema = strictObject({
  ok: boolean2(),
  status: int().nullable().describe("Of the receiver's answer; null when there was none"),
  reason: string2().describe("What was wrong; empty when all is well"),
  answer: string2().describe("The beginning of what the receiver wrote")
});
var logDestinationOperations = [
  operation({
    id: "createLogDestination",
    method: "post",
    path: PATH,
    summary: "Have every request's event sent to a log service",
    role: "admin",
    body: { schema: logDestinationSchema, maxBytes: MAX_LOG_DESTINATION_BYTES },
    success: { status: 201, description: "The destination", schema: describedSchema },
    problems: ["LIMIT_REACHED"],
    async run({ env, by, body }) {
      const id = newDestinationId();
      const described2 = expectStored(await registryStub(env).addLogDestination(by, id, body));
      return { body: view(described2), headers: { location: `${PATH}/${id}` } };
    }
  }),
  operation({
    id: "listLogDestinations",
    method: "get",
    path: PATH,
    summary: "List the log destinations and how each takes its events, oldest first",
    role: "viewer",
    success: {
      status: 200,
      description: "All of them",
      schema: strictObject({ items: array(describedSchema), nextCursor: _null3() })
    },
    problems: [],
    async run({ env, role }) {
      const items = (await registryStub(env).logDestinations()).map((one) => viewFor(role, one));
      return { body: { items, nextCursor: null } };
    }
  }),
  operation({
    id: "getLogDestination",
    method: "get",
    path: `${PATH}/{destinationId}`,
    summary: "Describe a log destination",
    role: "viewer",
    success: { status: 200, description: "The destination", schema: describedSchema },
    problems: ["NOT_FOUND"],
    async run({ env, role, param }) {
      const described2 = await registryStub(env).logDestination(param("destinationId"));
      if (described2 === null) throw new ApiError("NOT_FOUND");
      return { body: viewFor(role, described2) };
    }
  }),
  operation({
    id: "putLogDestination",
    method: "put",
    path: `${PATH}/{destinationId}`,
    summary: "Replace a log destination; a secret that is left out stays as it is",
    role: "admin",
    body: { schema: logDestinationSchema, maxBytes: MAX_LOG_DESTINATION_BYTES },
    success: { status: 200, description: "The destination as it is now", schema: describedSchema },
    problems: ["NOT_FOUND"],
    async run({ env, by, body, param }) {
      const outcome = await registryStub(env).putLogDestination(by, param("destinationId"), body);
      return { body: view(expectStored(outcome)) };
    }
  }),
  operation({
    id: "deleteLogDestination",
    method: "delete",
    path: `${PATH}/{destinationId}`,
    summary: "Delete a log destination; what waits for it is not sent any more",
    role: "admin",
    success: { status: 204, description: "It is gone" },
    problems: ["NOT_FOUND"],
    async run({ env, by, param }) {
      expectDone(await registryStub(env).deleteLogDestination(by, param("destinationId")));
      return {};
    }
  }),
  operation({
    id: "testLogDestination",
    method: "post",
    path: `${PATH}/{destinationId}/test`,
    summary: "Send one event now, marked as a test, and say what the receiver answers",
    role: "admin",
    success: { status: 200, description: "What came of it", schema: testResultSchema },
    problems: ["NOT_FOUND"],
    async run({ env, param }) {
      const destination = await registryStub(env).shippingDestination(param("destinationId"));
      if (destination === null) throw new ApiError("NOT_FOUND");
      const answer2 = await sendEvents(destination, [testEvent(Date.now())]);
      return { body: testResult(destination, answer2) };
    }
  })
];
function expectStored(result) {
  switch (result.outcome) {
    case "done":
      return result.described;
    case "invalid":
      throw new ApiError("INVALID_REQUEST", { problems: result.problems });
    case "not_found":
      throw new ApiError("NOT_FOUND");
    case "limit_reached":
      throw new ApiError("LIMIT_REACHED");
  }
}
function viewFor(role, described2) {
  const shown2 = view(described2);
  return role === "admin" ? shown2 : { ...shown2, url: new URL(shown2.url).origin };
}
function view({ id, destination, secrets, createdAtMs, updatedAtMs, delivery }) {
  const { lastSuccessAtMs, lastError, ...counts } = delivery;
  return {
    id,
    ...destination,
    secrets,
    createdAt: isoTime(createdAtMs),
    updatedAt: isoTime(updatedAtMs),
    delivery: {
      ...counts,
      lastSuccessAt: lastSuccessAtMs === null ? null : isoTime(lastSuccessAtMs),
      lastError: lastError && {
        at: isoTime(lastError.atMs),
        reason: lastError.reason,
        tunnel: lastError.objectName
      }
    }
  };
}
function testResult(destination, answer2) {
  const outcome = outcomeOf(destination, answer2, Date.now());
  const ok = outcome.outcome === "accepted" && outcome.rejected === 0;
  const reason = outcome.outcome === "accepted" ? ok ? "" : "rejected the event" : outcome.reason;
  if (answer2.status === null) return { ok, status: null, reason, answer: "" };
  return { ok, status: answer2.status, reason, answer: shown(answer2.text, destination) };
}
function shown(text3, destination) {
  const whole = [...secretsOf(destination).values(), ...credentialsSent(destination)];
  const parts = whole.flatMap((value2) => value2.split(/[ ,;:=]+/)).filter(({ length }) => length >= 4);
  const secrets = [...whole, ...parts].flatMap((secret) => {
    const inJson = JSON.stringify(secret).slice(1, -1);
    return [secret, inJson, inJson.replaceAll("/", "\\/")];
  });
  const patterns = [...new Set(secrets)].sort((a, b) => b.length - a.length).map(escapedForRegExp);
  const hidden = patterns.length === 0 ? text3 : text3.replace(new RegExp(patterns.join("|"), "g"), "[redacted]");
  return hidden.slice(0, MAX_SHOWN_ANSWER);
}
function escapedForRegExp(text3) {
  return text3.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

// worker/api/openapi.ts
var EVERYWHERE2 = ["UNAUTHENTICATED", "RATE_LIMITED", "INTERNAL"];
function openApiDocument(operations2) {
  const paths = {};
  for (const operation2 of operations2) {
    const path = paths[operation2.path] ??= {};
    path[operation2.method] = describe2(operation2);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Culvert admin API",
      version: "1",
      description: "Tunnels, keys and who may call what. Every request carries `Authorization: Bearer KEY`."
    },
    security: [{ key: [] }],
    paths,
    components: {
      securitySchemes: { key: { type: "http", scheme: "bearer" } },
      schemas: { Problem: PROBLEM_SCHEMA }
    }
  };
}
var PROBLEM_SCHEMA = {
  type: "object",
  description: "RFC 9457, with a stable `code`",
  required: ["title", "status", "code"],
  properties: {
    title: { type: "string" },
    status: { type: "integer" },
    code: { type: "string", enum: Object.keys(PROBLEMS) },
    detail: { type: "string" },
    problems: {
      type: "array",
      items: {
        type: "object",
        required: ["path", "message"],
        properties: { path: { type: "string" }, message: { type: "string" } }
      }
    }
  }
};
function describe2(operation2) {
  const { id, summary, role, body, success } = operation2;
  return {
    operationId: id,
    summary,
    description: `Needs a key with the role \`${role}\`.`,
    parameters: [
      ...pathParameters(operation2.path),
      ...queryParameters(operation2),
      ...headerParameters(operation2)
    ],
    requestBody: body && {
      required: true,
      content: { "application/json": { schema: jsonSchema(body.schema, "input") } }
    },
    responses: {
      [success.status]: {
        description: success.description,
        content: success.schema && {
          [success.contentType ?? "application/json"]: { schema: jsonSchema(success.schema, "output") }
        }
      },
      ...problemResponses(operation2)
    }
  };
}
function problemResponses(operation2) {
  const codes = /* @__PURE__ */ new Set([...EVERYWHERE2, ...operation2.problems]);
  if (operation2.role === "admin") codes.add("FORBIDDEN");
  if (operation2.query !== void 0 || operation2.body !== void 0) codes.add("INVALID_REQUEST");
  if (operation2.body !== void 0) codes.add("BODY_TOO_LARGE");
  return Object.fromEntries(
    Array.from(codes, (code) => [
      PROBLEMS[code].status,
      {
        description: `${code}: ${PROBLEMS[code].title}`,
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } }
      }
    ])
  );
}
function pathParameters(path) {
  return Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" }
  }));
}
function queryParameters({ query }) {
  const { properties = {} } = query === void 0 ? {} : jsonSchema(query, "input");
  return Object.entries(properties).map(([name, schema]) => ({ name, in: "query", required: false, schema }));
}
function headerParameters({ headers = {} }) {
  return Object.entries(headers).map(([name, description]) => ({
    name,
    in: "header",
    required: false,
    description,
    schema: { type: "string" }
  }));
}
function jsonSchema(schema, io) {
  const { $schema: _, ...document } = toJSONSchema(schema, { io });
  return document;
}

// worker/api/reference-page.ts
var STYLE2 = `body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}
code,pre{font:14px/1.45 ui-monospace,monospace}pre{background:#8881;padding:.6rem;overflow:auto}
h2{margin-top:2.5rem;border-top:1px solid #8885;padding-top:1rem}table{border-collapse:collapse}
td,th{text-align:left;vertical-align:top;padding:.15rem 1rem .15rem 0}:root{color-scheme:light dark}`;
function referencePage(document) {
  const operations2 = Object.entries(document.paths).flatMap(
    ([path, methods]) => Object.entries(methods).map(([method, described2]) => section(method, path, described2))
  );
  const html = `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>${escape(document.info.title)}</title>
<style>${STYLE2}</style><h1>${escape(document.info.title)}</h1>
<p>${prose(document.info.description)} For programs: <a href="openapi.json">openapi.json</a>.</p>
${operations2.join("\n")}</html>`;
  return new Response(html, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      "x-content-type-options": "nosniff"
    }
  });
}
function section(method, path, described2) {
  const { summary, description, parameters, requestBody: requestBody2, responses } = described2;
  return [
    `<h2><code>${method.toUpperCase()} ${escape(path)}</code></h2>`,
    `<p>${prose(`${summary}. ${description}`)}</p>`,
    table(
      parameters.map((parameter) => [
        `<code>${escape(parameter.name)}</code>`,
        escape(parameter.in),
        prose(parameter.description ?? parameter.schema.description ?? "")
      ])
    ),
    ...schemasOf(requestBody2?.content).map((schema) => details("Request body", schema)),
    table(Object.entries(responses).map(([status, answer2]) => [escape(status), prose(answer2.description)])),
    ...Object.values(responses).flatMap(
      ({ content }) => schemasOf(content).filter((schema) => !("$ref" in schema)).map((schema) => details("Response body", schema))
    )
  ].join("\n");
}
function schemasOf(content = {}) {
  return Object.values(content).map(({ schema }) => schema);
}
function details(title, schema) {
  const text3 = escape(JSON.stringify(schema, null, 2));
  return `<details><summary>${title}</summary><pre>${text3}</pre></details>`;
}
function table(rows) {
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`);
  return rows.length === 0 ? "" : `<table>${body.join("")}</table>`;
}
function prose(text3) {
  return escape(text3).replace(/`([^`]+)`/g, "<code>$1</code>");
}
function escape(text3) {
  return text3.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

// worker/api/routes/services-configuration.ts
var PATH2 = "/v1/tunnels/{tunnelId}/services-configuration";
var versionQuery = strictObject({
  version: coerce_exports.number().int().min(0).optional().describe("An earlier one, as the audit log names it")
});
var servicesConfigurationOperations = [
  operation({
    id: "getServicesConfiguration",
    method: "get",
    path: PATH2,
    summary: "The tunnel's services file",
    role: "viewer",
    query: versionQuery,
    success: { status: 200, description: "The file, its version as ETag", schema: servicesFileSchema },
    problems: ["NOT_FOUND"],
    async run({ env, query, param }) {
      const stored = await registryStub(env).servicesFile(param("tunnelId"), query.version);
      if (stored === null) throw new ApiError("NOT_FOUND");
      return fileAnswer(stored.file, stored.version);
    }
  }),
  operation({
    id: "putServicesConfiguration",
    method: "put",
    path: PATH2,
    summary: "Replace the whole services file; it holds from the next request on",
    role: "admin",
    headers: { "If-Match": "ETag of the version that this one replaces" },
    body: { schema: servicesFileSchema, maxBytes: MAX_SERVICES_FILE_BYTES },
    success: { status: 200, description: "The file as it is now stored", schema: servicesFileSchema },
    problems: ["NOT_FOUND", "PRECONDITION_FAILED"],
    async run({ env, request, by, body, param }) {
      const expected = expectedVersions(request.headers.get("if-match"));
      const result = await registryStub(env).putServicesFile(by, param("tunnelId"), body, expected);
      switch (result.outcome) {
        case "done":
          return fileAnswer(body, result.version);
        case "stale":
          throw new ApiError("PRECONDITION_FAILED");
        case "not_found":
          throw new ApiError("NOT_FOUND");
      }
    }
  })
];
function fileAnswer(file, version2) {
  return { body: file, headers: { etag: `"${version2}"` } };
}
function expectedVersions(ifMatch) {
  if (ifMatch === null || ifMatch.trim() === "*") return null;
  return ifMatch.split(",").flatMap((tag) => {
    const [, version2] = /^\s*"([0-9]{1,15})"\s*$/.exec(tag) ?? [];
    return version2 === void 0 ? [] : [Number(version2)];
  });
}

// shared/tail.ts
var TAIL_SUBPROTOCOL = "culvert.tail.v1";

// worker/events/tail-filter.ts
var text = string2().min(1).max(256);
var tailFilterSchema = strictObject({
  service: text.optional().describe("Name of the service, in any case"),
  status: string2().regex(/^[1-5](?:xx|[0-9]{2})$/i).optional().describe('A status such as 404, or a class such as "5xx"'),
  code: text.optional().describe('A code such as NO_CONNECTOR; "any" for every failure of the tunnel'),
  method: text.optional(),
  path: text.optional().describe('Beginning of the path; "*" stands for any characters')
});
function matches(filter, event) {
  const { service, status, code, method, path } = filter;
  if (service !== void 0 && service.toLowerCase() !== event.service.toLowerCase()) return false;
  if (status !== void 0 && !matchesStatus(status.toLowerCase(), event.status)) return false;
  if (code !== void 0 && (code === "any" ? event.code === null : event.code !== code)) return false;
  if (method !== void 0 && method.toUpperCase() !== event.method) return false;
  return path === void 0 || matchesPath(path, event.path);
}
function matchesStatus(wanted, status) {
  return wanted.endsWith("xx") ? Math.floor(status / 100) === Number(wanted[0]) : status === Number(wanted);
}
function matchesPath(pattern, path) {
  const [first = "", ...rest] = pattern.split("*");
  if (!path.startsWith(first)) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = path.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return true;
}

// worker/api/routes/tail.ts
var REFUSALS2 = { 404: "NOT_FOUND", 429: "TOO_MANY_WATCHERS" };
var tailOperations = [
  operation({
    id: "tailTunnel",
    method: "get",
    path: "/v1/tunnels/{tunnelId}/tail",
    summary: "The requests of a tunnel as they end, on a WebSocket",
    role: "viewer",
    query: tailFilterSchema,
    headers: { "sec-websocket-protocol": TAIL_SUBPROTOCOL },
    success: {
      status: 101,
      description: 'Messages `{"events": [...], "dropped": n}`; the client answers each with `{"received": n}`, the number of events that it got so far. With a thousand on their way, what follows is dropped, and counted.'
    },
    problems: ["NOT_FOUND", "UPGRADE_REQUIRED", "TOO_MANY_WATCHERS", "TUNNEL_UNAVAILABLE"],
    async run({ env, request, query, param }) {
      if (!asksToWatch(request.headers)) {
        const headers = {
          upgrade: "websocket",
          connection: "Upgrade",
          "sec-websocket-protocol": TAIL_SUBPROTOCOL
        };
        throw new ApiError("UPGRADE_REQUIRED", { detail: `Watchers speak ${TAIL_SUBPROTOCOL}.`, headers });
      }
      const tunnelId = param("tunnelId");
      if (await tunnelPresence(env, tunnelId, request) === "absent") throw new ApiError("NOT_FOUND");
      const [objectName = tunnelId] = tunnelObjectNames(tunnelId);
      const claim2 = { kind: "tail", filter: query };
      const response = await watch(env, objectName, claim2);
      if (response.status === 101) return { response };
      throw new ApiError(REFUSALS2[response.status] ?? "TUNNEL_UNAVAILABLE");
    }
  })
];
async function watch(env, objectName, claim2) {
  const headers = { upgrade: "websocket" };
  try {
    return await tunnelStub(env, objectName).fetch("http://tunnel/tail", { headers, cf: { culvert: claim2 } });
  } catch {
    throw new ApiError("TUNNEL_UNAVAILABLE", { headers: { "retry-after": "1" } });
  }
}
function asksToWatch(headers) {
  const offered = (headers.get("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
  return headers.get("upgrade")?.toLowerCase() === "websocket" && offered.includes(TAIL_SUBPROTOCOL);
}

// worker/telemetry/prometheus.ts
var PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";
function prometheusText(families) {
  return families.map(({ name, help, type, samples }) => {
    const head = `# HELP ${name} ${escaped(help)}
# TYPE ${name} ${type}
`;
    return head + samples.map((sample) => sampleLine(name, sample)).join("");
  }).join("");
}
function histogramSamples(labels, bounds, counts, sum) {
  let total = 0;
  const buckets = [...bounds, Infinity].map((bound, index) => {
    total += counts[index] ?? 0;
    return { suffix: "_bucket", labels: { ...labels, le: numberText(bound) }, value: total };
  });
  return [...buckets, { suffix: "_sum", labels, value: sum }, { suffix: "_count", labels, value: total }];
}
function sampleLine(name, { suffix, labels, value: value2 }) {
  const pairs = Object.entries(labels).map(
    ([label, text3]) => `${label}="${escaped(text3).replaceAll('"', '\\"')}"`
  );
  return `${name}${suffix ?? ""}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${numberText(value2)}
`;
}
function numberText(value2) {
  return value2 === Infinity ? "+Inf" : String(value2);
}
function escaped(text3) {
  return text3.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

// worker/telemetry/series-label.ts
var OTHER = "(other)";
var UNKNOWN = "(unknown)";
function serviceLabel(event, known2, max) {
  if (known2.has(event.service)) return event.service;
  if (event.outcome === "refused" && !isNamedRefusal(event)) return UNKNOWN;
  return cappedService(event.service, known2, max);
}
function cappedService(name, known2, max) {
  if (!isHost(name) || known2.has(name)) return cappedLabel(name, known2, max);
  return known2.size < max && hostCount(known2) < max / 2 ? name : OTHER;
}
function cappedLabel(label, known2, max) {
  return known2.has(label) || known2.size < max ? label : OTHER;
}
function isNamedRefusal({ code, service }) {
  const named = code === "ACCESS_DENIED" || code === "LOOP_DETECTED";
  return code === "UPSTREAM_NOT_ALLOWED" || named && !isHost(service);
}
function isHost(name) {
  return /[.:]/.test(name);
}
function hostCount(known2) {
  let count = 0;
  for (const name of known2.keys()) if (isHost(name)) count++;
  return count;
}

// worker/telemetry/request-metrics.ts
var MAX_SERVICES = 200;
var MAX_RESULTS = 100;
var DURATION_BOUNDS = [
  2e-3,
  5e-3,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  30,
  60
];
function noMetrics() {
  return { services: /* @__PURE__ */ new Map(), lost: 0, malformed: 0 };
}
function countRequest({ services }, event) {
  const label = serviceLabel(event, services, MAX_SERVICES);
  const service = services.get(label) ?? noServiceMetrics();
  services.set(label, service);
  const result = `${event.outcome} ${event.code ?? "-"} ${Math.floor(event.status / 100)}xx`;
  const key = cappedLabel(result, service.results, MAX_RESULTS);
  service.results.set(key, (service.results.get(key) ?? 0) + 1);
  service.requestBytes += event.requestBytes;
  service.responseBytes += event.responseBytes;
  if (event.kind !== "http") return;
  const bound = DURATION_BOUNDS.findIndex((seconds) => event.durationMs <= seconds * 1e3);
  const index = bound === -1 ? DURATION_BOUNDS.length : bound;
  service.durations[index] = (service.durations[index] ?? 0) + 1;
  service.durationSumMs += event.durationMs;
}
function resultLabels(result) {
  const [outcome = "", code = "", statusClass = ""] = result.split(" ");
  return { outcome, code: code === "-" ? "" : code, statusClass };
}
function mergeMetrics(all) {
  const merged = noMetrics();
  for (const { services, lost, malformed: malformed4 } of all) {
    merged.lost += lost;
    merged.malformed += malformed4;
    for (const [name, from] of services) {
      const into = merged.services.get(name) ?? noServiceMetrics();
      merged.services.set(name, into);
      for (const [result, count] of from.results) {
        into.results.set(result, (into.results.get(result) ?? 0) + count);
      }
      into.durations = into.durations.map((count, index) => count + (from.durations[index] ?? 0));
      into.durationSumMs += from.durationSumMs;
      into.requestBytes += from.requestBytes;
      into.responseBytes += from.responseBytes;
    }
  }
  return merged;
}
function noServiceMetrics() {
  return {
    results: /* @__PURE__ */ new Map(),
    durations: Array.from({ length: DURATION_BOUNDS.length + 1 }, () => 0),
    durationSumMs: 0,
    requestBytes: 0,
    responseBytes: 0
  };
}

// worker/telemetry/relay-metrics.ts
function relayMetrics(reports, destinations) {
  const tunnels = Array.from(
    Map.groupBy(reports, ({ objectName }) => objectName === RELAY_TELEMETRY ? "" : tunnelIdOf(objectName)),
    ([tunnel, ofTunnel]) => ({ tunnel, reports: ofTunnel })
  );
  return [
    ...requestFamilies(tunnels),
    ...tunnelFamilies(tunnels),
    ...destinationFamilies(tunnels, destinations)
  ];
}
function requestFamilies(tunnels) {
  const services = tunnels.flatMap(
    ({ tunnel, reports }) => Array.from(mergeMetrics(reports.map(({ metrics }) => metrics)).services, ([service, metrics]) => ({
      labels: { tunnel, service },
      metrics
    }))
  );
  const counter = (name, help, valueOf) => family(
    name,
    "counter",
    help,
    services.map(({ labels, metrics }) => ({ labels, value: valueOf(metrics) }))
  );
  return [
    family(
      "requests_total",
      "counter",
      "Requests that ended, by outcome, culvert code and status class.",
      services.flatMap(
        ({ labels, metrics }) => Array.from(metrics.results, ([result, value2]) => {
          const { outcome, code, statusClass } = resultLabels(result);
          return { labels: { ...labels, outcome, code, status_class: statusClass }, value: value2 };
        })
      )
    ),
    family(
      "request_duration_seconds",
      "histogram",
      "HTTP requests from arrival to their last byte.",
      services.flatMap(
        ({ labels, metrics }) => histogramSamples(labels, DURATION_BOUNDS, metrics.durations, metrics.durationSumMs / 1e3)
      )
    ),
    counter("request_bytes_total", "Body bytes received from gateways.", ({ requestBytes }) => requestBytes),
    counter("response_bytes_total", "Body bytes sent to gateways.", ({ responseBytes }) => responseBytes)
  ];
}
function tunnelFamilies(tunnels) {
  const perTunnel = (valueOf) => tunnels.flatMap(({ tunnel, reports }) => {
    const value2 = valueOf(reports);
    return value2 === null ? [] : [{ labels: { tunnel }, value: value2 }];
  });
  return [
    family(
      "connectors",
      "gauge",
      "Connections of connectors when the tunnel last told of them.",
      perTunnel(
        (reports) => reports.reduce(
          (sum, { connectors }) => connectors === null ? sum : (sum ?? 0) + connectors,
          null
        )
      )
    ),
    family(
      "events_dropped_total",
      "counter",
      "Events of requests that are in no log and no metric.",
      tunnels.flatMap(({ tunnel, reports }) => {
        const { lost, malformed: malformed4 } = mergeMetrics(reports.map(({ metrics }) => metrics));
        return [
          { labels: { tunnel, reason: "no_room" }, value: lost },
          { labels: { tunnel, reason: "malformed" }, value: malformed4 }
        ];
      })
    ),
    family(
      "last_report_timestamp_seconds",
      "gauge",
      "When the tunnel last told of its requests.",
      perTunnel((reports) => Math.max(...reports.map(({ atMs }) => atMs)) / 1e3)
    )
  ];
}
function destinationFamilies(tunnels, destinations) {
  const known2 = new Set(destinations.map(({ id }) => id));
  const samples = (valueOf) => tunnels.flatMap(({ tunnel, reports }) => {
    const deliveries = reports.flatMap((report) => report.deliveries).filter(({ id }) => known2.has(id));
    return Array.from(
      Map.groupBy(deliveries, ({ id }) => id),
      ([destination, all]) => ({
        labels: { tunnel, destination },
        value: all.reduce((sum, delivery) => sum + valueOf(delivery), 0)
      })
    );
  });
  return [
    family(
      "log_destination_info",
      "gauge",
      "Always 1.",
      destinations.map(({ id, name, kind }) => ({
        labels: { destination: id, name, kind },
        value: 1
      }))
    ),
    family(
      "log_events_shipped_total",
      "counter",
      "Events that a log destination took.",
      samples(({ shipped }) => shipped)
    ),
    family(
      "log_events_lost_total",
      "counter",
      "Events dropped before a log destination could be sent them.",
      samples(({ lost }) => lost)
    ),
    family(
      "log_events_rejected_total",
      "counter",
      "Events that a log destination would not have.",
      samples(({ rejected }) => rejected)
    ),
    family(
      "log_backlog_events",
      "gauge",
      "Events that wait for a log destination.",
      samples(({ backlog }) => backlog)
    )
  ];
}
function family(name, type, help, samples) {
  return { name: `culvert_relay_${name}`, type, help, samples };
}

// worker/telemetry/latency-histogram.ts
var GROWTH = 1.2;
var LAST_INDEX = Math.ceil(Math.log(12e4) / Math.log(GROWTH));
function countLatency(histogram, latencyMs) {
  const index = bucketOf(latencyMs);
  histogram.set(index, (histogram.get(index) ?? 0) + 1);
}
function mergeLatencies(into, from) {
  for (const [index, count] of from) into.set(index, (into.get(index) ?? 0) + count);
}
function percentileMs(histogram, share) {
  const total = [...histogram.values()].reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let rest = share * total;
  for (const [index, count] of [...histogram].sort(([a], [b]) => a - b)) {
    if (rest > count) {
      rest -= count;
      continue;
    }
    const lowerMs = index === 0 ? 0 : GROWTH ** (index - 1);
    const valueMs = lowerMs + (GROWTH ** index - lowerMs) * (rest / count);
    return Math.round(valueMs * 10) / 10;
  }
  return Math.round(GROWTH ** LAST_INDEX);
}
function bucketOf(latencyMs) {
  if (latencyMs <= 1) return 0;
  return Math.min(LAST_INDEX, Math.ceil(Math.log(latencyMs) / Math.log(GROWTH) - 1e-9));
}

// worker/telemetry/traffic.ts
var MAX_SERVICES2 = 20;
var MAX_CODES = 50;
function noTraffic() {
  return {
    requests: 0,
    errors: 0,
    cancelled: 0,
    requestBytes: 0,
    responseBytes: 0,
    latencies: /* @__PURE__ */ new Map(),
    services: /* @__PURE__ */ new Map(),
    codes: /* @__PURE__ */ new Map()
  };
}
function addRequest(traffic, event) {
  const errors = isFailure(event) ? 1 : 0;
  traffic.requests++;
  traffic.errors += errors;
  if (event.outcome === "cancelled") traffic.cancelled++;
  traffic.requestBytes += event.requestBytes;
  traffic.responseBytes += event.responseBytes;
  const service = serviceOf(traffic, serviceLabel(event, traffic.services, MAX_SERVICES2));
  service.requests++;
  service.errors += errors;
  if (event.code !== null) addCode(traffic, event.code, 1);
  if (event.kind !== "http") return;
  countLatency(traffic.latencies, event.durationMs);
  countLatency(service.latencies, event.durationMs);
}
function addTraffic(into, from) {
  into.requests += from.requests;
  into.errors += from.errors;
  into.cancelled += from.cancelled;
  into.requestBytes += from.requestBytes;
  into.responseBytes += from.responseBytes;
  mergeLatencies(into.latencies, from.latencies);
  for (const [name, { requests, errors, latencies }] of from.services) {
    const service = serviceOf(into, cappedService(name, into.services, MAX_SERVICES2));
    service.requests += requests;
    service.errors += errors;
    mergeLatencies(service.latencies, latencies);
  }
  for (const [code, count] of from.codes) addCode(into, code, count);
}
function serviceOf({ services }, label) {
  const service = services.get(label) ?? { requests: 0, errors: 0, latencies: /* @__PURE__ */ new Map() };
  services.set(label, service);
  return service;
}
function addCode({ codes }, code, count) {
  const label = cappedLabel(code, codes, MAX_CODES);
  codes.set(label, (codes.get(label) ?? 0) + count);
}
function trafficPoint(atMs, traffic) {
  const { requests, errors, cancelled, requestBytes, responseBytes, latencies } = traffic;
  return {
    at: new Date(atMs).toISOString(),
    requests,
    errors,
    cancelled,
    p50Ms: percentileMs(latencies, 0.5),
    p90Ms: percentileMs(latencies, 0.9),
    p99Ms: percentileMs(latencies, 0.99),
    requestBytes,
    responseBytes
  };
}
function trafficBreakdown({ services, codes }) {
  return {
    services: Array.from(services, ([service, { requests, errors, latencies }]) => ({
      service,
      requests,
      errors,
      p50Ms: percentileMs(latencies, 0.5),
      p99Ms: percentileMs(latencies, 0.99)
    })).sort((a, b) => b.requests - a.requests),
    codes: Array.from(codes, ([code, count]) => ({ code, count })).sort((a, b) => b.count - a.count)
  };
}

// worker/telemetry/traffic-view.ts
var STEPS = [
  { maxWindowMinutes: 60, stepSeconds: 10, readSeconds: 10 },
  { maxWindowMinutes: 360, stepSeconds: 60, readSeconds: 60 },
  { maxWindowMinutes: 1440, stepSeconds: 300, readSeconds: 60 }
];
function windowSteps(windowMinutes) {
  return STEPS.find(({ maxWindowMinutes }) => windowMinutes <= maxWindowMinutes) ?? STEPS[2];
}
function trafficView(steps, windowMinutes, nowMs2) {
  const { stepSeconds } = windowSteps(windowMinutes);
  const stepMs = stepSeconds * 1e3;
  const lastMs = nowMs2 - nowMs2 % stepMs;
  const byStart = Map.groupBy(steps, ({ atMs }) => atMs - atMs % stepMs);
  const total = noTraffic();
  const points = Array.from({ length: windowMinutes * 60 / stepSeconds }, (_, index) => {
    const atMs = lastMs - (windowMinutes * 60 / stepSeconds - 1 - index) * stepMs;
    const traffic = noTraffic();
    for (const step of byStart.get(atMs) ?? []) addTraffic(traffic, step.traffic);
    addTraffic(total, traffic);
    return trafficPoint(atMs, traffic);
  });
  return { stepSeconds, points, ...trafficBreakdown(total) };
}

// worker/api/routes/telemetry.ts
var REPORTS_PER_CALL = 200;
var windowQuery = strictObject({
  windowMinutes: coerce_exports.number().int().min(5).max(1440).multipleOf(5).default(60)
});
var milliseconds = number2().nullable().describe("Null where there was no HTTP request");
var trafficSchema = strictObject({
  stepSeconds: int(),
  points: array(
    strictObject({
      at: iso_exports.datetime().describe("When the step begins"),
      requests: int(),
      errors: int().describe("Refused, failed, broken off, or answered with 5xx"),
      cancelled: int(),
      p50Ms: milliseconds,
      p90Ms: milliseconds,
      p99Ms: milliseconds,
      requestBytes: int(),
      responseBytes: int()
    })
  ),
  services: array(
    strictObject({
      service: string2(),
      requests: int(),
      errors: int(),
      p50Ms: milliseconds,
      p99Ms: milliseconds
    })
  ),
  codes: array(strictObject({ code: string2(), count: int() }))
});
var METRICS = {
  status: 200,
  description: "Prometheus' text format, version 0.0.4",
  schema: string2(),
  contentType: PROMETHEUS_TYPE
};
var telemetryOperations = [
  operation({
    id: "getMetrics",
    method: "get",
    path: "/v1/metrics",
    summary: "Metrics of all tunnels, for Prometheus, as they were last reported; wakes nothing",
    role: "viewer",
    success: METRICS,
    problems: [],
    async run({ env }) {
      return metricsAnswer(env, await allReports(env));
    }
  }),
  operation({
    id: "getTunnelMetrics",
    method: "get",
    path: "/v1/tunnels/{tunnelId}/metrics",
    summary: "Metrics of one tunnel, for Prometheus, as they were last reported; wakes nothing",
    role: "viewer",
    success: METRICS,
    problems: ["NOT_FOUND"],
    async run({ env, param }) {
      const reports = await registryStub(env).tunnelReports(param("tunnelId"));
      if (reports === null) throw new ApiError("NOT_FOUND");
      return metricsAnswer(env, reports);
    }
  }),
  operation({
    id: "getTunnelTraffic",
    method: "get",
    path: "/v1/tunnels/{tunnelId}/traffic",
    summary: "What went through a tunnel in the last minutes or hours",
    role: "viewer",
    query: windowQuery,
    success: { status: 200, description: "The traffic, the current step included", schema: trafficSchema },
    problems: ["NOT_FOUND", "TUNNEL_UNAVAILABLE"],
    async run({ env, query, param }) {
      const tunnelId = param("tunnelId");
      if (await registryStub(env).tunnelReports(tunnelId) === null) throw new ApiError("NOT_FOUND");
      const nowMs2 = Date.now();
      const { readSeconds } = windowSteps(query.windowMinutes);
      const sinceMs = nowMs2 - query.windowMinutes * 6e4 - 5 * 6e4;
      const steps = await trafficOf(env, tunnelId, sinceMs, readSeconds);
      return { body: trafficView(steps, query.windowMinutes, nowMs2) };
    }
  })
];
async function allReports(env) {
  const reports = [];
  for (let after = ""; after !== void 0; ) {
    const page2 = await registryStub(env).telemetryReports(REPORTS_PER_CALL, after);
    reports.push(...page2);
    after = page2.length < REPORTS_PER_CALL ? void 0 : page2.at(-1)?.objectName;
  }
  return reports;
}
async function metricsAnswer(env, reports) {
  const text3 = prometheusText(relayMetrics(reports, await registryStub(env).logDestinationNames()));
  const headers = { "content-type": PROMETHEUS_TYPE, "cache-control": "no-store" };
  return { response: new Response(text3, { headers }) };
}
async function trafficOf(env, tunnelId, sinceMs, stepSeconds) {
  try {
    const all = tunnelObjectNames(tunnelId).map(
      (name) => telemetryStub(env, name).traffic(sinceMs, stepSeconds)
    );
    return (await Promise.all(all)).flat();
  } catch {
    throw new ApiError("TUNNEL_UNAVAILABLE", { headers: { "retry-after": "1" } });
  }
}

// shared/protocol/integers.ts
function byteAt(bytes, at) {
  return bytes[at] ?? 0;
}
function readU16(bytes, at) {
  return byteAt(bytes, at) << 8 | byteAt(bytes, at + 1);
}
function readU32(bytes, at) {
  return (readU16(bytes, at) << 16 | readU16(bytes, at + 2)) >>> 0;
}
function writeU16(bytes, at, value2) {
  bytes[at] = value2 >>> 8;
  bytes[at + 1] = value2;
}
function writeU32(bytes, at, value2) {
  writeU16(bytes, at, value2 >>> 16);
  writeU16(bytes, at + 2, value2);
}

// shared/protocol/handshake.ts
var SETTING = {
  softwareVersion: 1,
  capabilities: 2,
  connectorId: 3,
  connectionIndex: 4,
  maxStreams: 5,
  streamWindowBytes: 6,
  connectionWindowBytes: 7,
  epoch: 8,
  relayId: 9,
  stallTimeoutMs: 10
};
var CHECKS_SETTING = 16;
var HEALTH_SETTING = 17;
var MAX_TEXT_LENGTH2 = 64;
var TEXT = /^[A-Za-z0-9._-]{1,64}$/;
var WINDOW_RANGE = [1024, 64 * 1024 * 1024];
var encoder = new TextEncoder();
var decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
function decodeSettings(payload) {
  const settings = /* @__PURE__ */ new Map();
  let count = 0;
  for (let at = 0; at < payload.byteLength; ) {
    if (payload.byteLength - at < 4) throw malformed("a setting ends inside its header");
    const id = readU16(payload, at);
    const length = readU16(payload, at + 2);
    at += 4;
    if (length > payload.byteLength - at) throw malformed(`setting ${id} overruns its frame`);
    if (++count > MAX_SETTINGS) throw malformed(`more than ${MAX_SETTINGS} settings`);
    if (settings.has(id)) throw malformed(`setting ${id} stands twice`);
    settings.set(id, payload.subarray(at, at + length));
    at += length;
  }
  return settings;
}
function encodeWelcome(welcome) {
  return encodeSettings(welcome);
}
function decodeHello(payload) {
  const settings = decodeSettings(payload);
  const hello = {
    softwareVersion: text2(settings, "softwareVersion"),
    connectorId: text2(settings, "connectorId"),
    connectionIndex: number4(settings, "connectionIndex", 0, 255),
    capabilities: number4(settings, "capabilities", 0, 4294967295),
    maxStreams: number4(settings, "maxStreams", 1, 65535),
    streamWindowBytes: number4(settings, "streamWindowBytes", ...WINDOW_RANGE),
    connectionWindowBytes: number4(settings, "connectionWindowBytes", ...WINDOW_RANGE)
  };
  if (settings.has(SETTING.stallTimeoutMs)) {
    const said = number4(settings, "stallTimeoutMs", 1, 4294967295);
    hello.stallTimeoutMs = Math.min(said, MAX_STALL_TIMEOUT_MS);
  }
  return hello;
}
function encodeSettings(values) {
  const parts = Object.entries(values).map(([name, value2]) => {
    const bytes = typeof value2 === "string" ? encoder.encode(value2) : new Uint8Array(4);
    if (typeof value2 === "number") writeU32(bytes, 0, value2);
    return { id: SETTING[name], bytes };
  });
  return encodeSettingList(parts);
}
function encodeSettingList(parts) {
  const payload = new Uint8Array(parts.reduce((size, part) => size + 4 + part.bytes.byteLength, 0));
  let at = 0;
  for (const { id, bytes } of parts) {
    writeU16(payload, at, id);
    writeU16(payload, at + 2, bytes.byteLength);
    payload.set(bytes, at + 4);
    at += 4 + bytes.byteLength;
  }
  return payload;
}
function value(settings, name) {
  const bytes = settings.get(SETTING[name]);
  if (bytes === void 0) throw malformed(`setting ${name} is missing`);
  return bytes;
}
function text2(settings, name) {
  const bytes = value(settings, name);
  const decoded2 = bytes.byteLength <= MAX_TEXT_LENGTH2 ? decoder.decode(bytes) : "";
  if (!TEXT.test(decoded2))
    throw malformed(`setting ${name} is not 1 to ${MAX_TEXT_LENGTH2} of [A-Za-z0-9._-]`);
  return decoded2;
}
function number4(settings, name, min, max) {
  const bytes = value(settings, name);
  const decoded2 = bytes.byteLength === 4 ? readU32(bytes, 0) : Number.NaN;
  if (!(decoded2 >= min && decoded2 <= max))
    throw malformed(`setting ${name} is not a u32 from ${min} to ${max}`);
  return decoded2;
}
function malformed(message) {
  return connectionError("PROTOCOL_ERROR", message);
}

// shared/protocol/service-checks.ts
var CHECK_OUTCOMES = [
  "PENDING",
  "PASSING",
  "UPSTREAM_NOT_ALLOWED",
  "UPSTREAM_REFUSED",
  "UPSTREAM_DNS",
  "UPSTREAM_TLS",
  "UPSTREAM_PROTOCOL",
  "UPSTREAM_CONNECT_TIMEOUT",
  "UPSTREAM_RESPONSE_TIMEOUT",
  "UNHEALTHY_STATUS",
  "INTERNAL"
];
function isFailing(outcome) {
  return outcome !== "PENDING" && outcome !== "PASSING";
}
function outcomeAt({ codes }, index) {
  const code = codes[index];
  return code === void 0 ? "PENDING" : CHECK_OUTCOMES[code] ?? "INTERNAL";
}
var REVISION_BYTES = 8;
var REVISION = /^[0-9a-f]{8}$/;
var PART_HEADER_BYTES = REVISION_BYTES + 4;
var SETTING_HEADER_BYTES = 4;
var PART_BYTES = MAX_SETTINGS_BYTES - SETTING_HEADER_BYTES - PART_HEADER_BYTES;
var MAX_PARTS = Math.ceil(MAX_CHECKS_BYTES / PART_BYTES);
var encoder2 = new TextEncoder();
var decoder2 = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
function encodeChecks({ revision, json }) {
  const text3 = encoder2.encode(json);
  const parts = Math.ceil(text3.byteLength / PART_BYTES);
  return Array.from({ length: parts }, (_, part) => {
    const piece = text3.subarray(part * PART_BYTES, (part + 1) * PART_BYTES);
    const bytes = new Uint8Array(PART_HEADER_BYTES + piece.byteLength);
    encoder2.encodeInto(revision, bytes);
    writeU16(bytes, REVISION_BYTES, part);
    writeU16(bytes, REVISION_BYTES + 2, parts);
    bytes.set(piece, PART_HEADER_BYTES);
    return encodeSettingList([{ id: CHECKS_SETTING, bytes }]);
  });
}
function readHealth(settings) {
  const bytes = settings.get(HEALTH_SETTING);
  if (bytes === void 0) return null;
  if (bytes.byteLength < REVISION_BYTES || bytes.byteLength > REVISION_BYTES + MAX_CHECKS) {
    throw malformed2(`a health report of ${bytes.byteLength} bytes`);
  }
  return { revision: readRevision(bytes), codes: bytes.slice(REVISION_BYTES) };
}
function readRevision(bytes) {
  const revision = decoder2.decode(bytes.subarray(0, REVISION_BYTES));
  if (!REVISION.test(revision)) throw malformed2("a list of checks without a revision");
  return revision;
}
function malformed2(message) {
  return connectionError("PROTOCOL_ERROR", message);
}

// worker/api/routes/tunnel-view.ts
var statusSchema = _enum(["healthy", "degraded", "down", "inactive"]).describe("Two or more connectors, one, none, or never any");
var healthSchema = strictObject({
  passing: int().describe("Services whose check passes on this connector"),
  pending: int().describe("Services whose first check is still to come"),
  failing: array(strictObject({ service: string2(), reason: _enum(CHECK_OUTCOMES) }))
});
var connectorSchema = strictObject({
  id: string2(),
  version: string2(),
  connectedAt: iso_exports.datetime(),
  connections: int(),
  openStreams: int(),
  maxStreams: int().describe("Requests that it takes at once"),
  roundTripMs: int().nullable().describe("Between relay and connector, as far as it was measured"),
  kid: string2().describe("Of the token it connected with"),
  health: healthSchema.describe(
    "Requests for a failing service go to other connectors, if any of them passes"
  )
});
var tokenSchema = strictObject({
  kid: string2(),
  createdAt: iso_exports.datetime(),
  expiresAt: iso_exports.datetime().nullable(),
  lastUsedAt: iso_exports.datetime().nullable().describe("When a connector last connected with it"),
  connectors: int()
});
var tunnelDetailsSchema = strictObject({
  id: string2(),
  name: string2(),
  createdAt: iso_exports.datetime(),
  status: statusSchema,
  connectors: array(connectorSchema),
  tokens: array(tokenSchema),
  services: array(string2()).describe("Names in the services configuration"),
  servicesConfigurationVersion: int()
});
function describeTunnel(details2, objects) {
  const connectors = describeConnectors(objects.flatMap(({ connections }) => connections));
  const uses = objects.flatMap(({ tokenUses }) => tokenUses);
  return {
    id: details2.id,
    name: details2.name,
    createdAt: isoTime(details2.createdAtMs),
    status: statusOf(connectors.length, uses.length > 0),
    connectors,
    tokens: details2.tokens.map(({ kid, createdAtMs, expiresAtMs }) => {
      const lastUsedAtMs = Math.max(
        0,
        ...uses.filter((use) => use.kid === kid).map((use) => use.lastUsedAtMs)
      );
      return {
        kid,
        createdAt: isoTime(createdAtMs),
        expiresAt: expiresAtMs === null ? null : isoTime(expiresAtMs),
        lastUsedAt: lastUsedAtMs === 0 ? null : isoTime(lastUsedAtMs),
        connectors: connectors.filter((connector) => connector.kid === kid).length
      };
    }),
    services: details2.services.file.services.map(({ name }) => name),
    servicesConfigurationVersion: details2.services.version
  };
}
function statusOf(connectors, everConnected) {
  if (connectors >= 2) return "healthy";
  if (connectors === 1) return "degraded";
  return everConnected ? "down" : "inactive";
}
function describeConnectors(connections) {
  const byConnector = Map.groupBy(connections, ({ connectorId }) => connectorId);
  return Array.from(byConnector, ([id, [first, ...others]]) => {
    const all = first === void 0 ? others : [first, ...others];
    return {
      id,
      version: first?.connectorVersion ?? "",
      connectedAt: isoTime(Math.min(...all.map(({ connectedAtMs }) => connectedAtMs))),
      connections: all.length,
      openStreams: all.reduce((sum, { openStreams }) => sum + openStreams, 0),
      maxStreams: all.reduce((sum, { maxStreams }) => sum + maxStreams, 0),
      roundTripMs: leastOf(all.map(({ roundTripMs }) => roundTripMs)),
      kid: first?.kid ?? "",
      health: describeHealth(first)
    };
  });
}
function leastOf(times) {
  const known2 = times.filter((timeMs) => timeMs !== null);
  return known2.length === 0 ? null : Math.round(Math.min(...known2));
}
function describeHealth(connection) {
  const outcomes = [...connection?.health ?? []];
  const count = (wanted) => outcomes.filter(([, outcome]) => outcome === wanted).length;
  return {
    passing: count("PASSING"),
    pending: count("PENDING"),
    failing: outcomes.filter(([, outcome]) => isFailing(outcome)).map(([service, reason]) => ({ service, reason }))
  };
}

// worker/api/routes/tunnels.ts
var SMALL_BODY_BYTES2 = 4096;
var DEFAULT_OVERLAP_SECONDS = 3600;
var MAX_OVERLAP_SECONDS = 30 * 24 * 3600;
var tunnelSchema = strictObject({ id: string2(), name: string2(), createdAt: iso_exports.datetime() });
var tokenText = string2().describe("The connector's TUNNEL_TOKEN. Shown once; the relay keeps a digest alone");
var newTunnelSchema = strictObject({
  name: string2().regex(
    /^[\p{L}\p{N}](?:[\p{L}\p{N} ._-]{0,62}[\p{L}\p{N}._-])?$/u,
    "must be 1 to 64 letters, digits, spaces and . _ -"
  )
});
var newTokenSchema = strictObject({
  overlapSeconds: int().min(0).max(MAX_OVERLAP_SECONDS).default(DEFAULT_OVERLAP_SECONDS).describe("How long the tunnel's older tokens still hold; 0 ends them, and their connections, at once")
});
var tunnelOperations = [
  operation({
    id: "createTunnel",
    method: "post",
    path: "/v1/tunnels",
    summary: "Create a tunnel, with its first token",
    role: "admin",
    body: { schema: newTunnelSchema, maxBytes: SMALL_BODY_BYTES2 },
    success: {
      status: 201,
      description: "The tunnel. It carries no traffic before it has a services configuration",
      schema: tunnelSchema.extend({ token: tokenText, kid: string2() })
    },
    problems: ["LIMIT_REACHED"],
    async run({ env, request, by, body }) {
      const id = newTunnelId();
      const token = await newToken(request, id);
      expectDone(await registryStub(env).createTunnel(by, { id, name: body.name }, token.proof));
      const created = {
        id,
        name: body.name,
        createdAt: isoTime(by.atMs),
        kid: token.proof.kid,
        token: token.text
      };
      return { body: created, headers: { location: `/v1/tunnels/${id}` } };
    }
  }),
  operation({
    id: "listTunnels",
    method: "get",
    path: "/v1/tunnels",
    summary: "List the tunnels, oldest first",
    role: "viewer",
    query: pageQuery,
    success: { status: 200, description: "A page of tunnels", schema: pageSchema(tunnelSchema) },
    problems: [],
    async run({ env, query }) {
      const body = await page(
        query,
        0,
        (limit, position) => registryStub(env).tunnels(limit, position),
        ({ seq }) => seq,
        ({ id, name, createdAtMs }) => ({ id, name, createdAt: isoTime(createdAtMs) })
      );
      return { body };
    }
  }),
  operation({
    id: "getTunnel",
    method: "get",
    path: "/v1/tunnels/{tunnelId}",
    summary: "Describe a tunnel: status, connectors, tokens, services",
    role: "viewer",
    success: { status: 200, description: "The tunnel as it is now", schema: tunnelDetailsSchema },
    problems: ["NOT_FOUND", "TUNNEL_UNAVAILABLE"],
    async run({ env, param }) {
      const details2 = await registryStub(env).tunnel(param("tunnelId"));
      if (details2 === null) throw new ApiError("NOT_FOUND");
      return { body: describeTunnel(details2, await statuses(env, details2.id)) };
    }
  }),
  operation({
    id: "deleteTunnel",
    method: "delete",
    path: "/v1/tunnels/{tunnelId}",
    summary: "Delete a tunnel, its tokens and its services, and cut its connectors",
    role: "admin",
    success: { status: 204, description: "It is gone" },
    problems: ["NOT_FOUND"],
    async run({ env, by, param }) {
      expectDone(await registryStub(env).deleteTunnel(by, param("tunnelId")));
      return {};
    }
  }),
  operation({
    id: "createToken",
    method: "post",
    path: "/v1/tunnels/{tunnelId}/tokens",
    summary: "Rotate: make a new token; older ones end after the overlap",
    role: "admin",
    body: { schema: newTokenSchema, maxBytes: SMALL_BODY_BYTES2 },
    success: {
      status: 201,
      description: "The new token",
      schema: strictObject({ kid: string2(), token: tokenText })
    },
    problems: ["NOT_FOUND", "LIMIT_REACHED"],
    async run({ env, request, by, body, param }) {
      const tunnelId = param("tunnelId");
      const token = await newToken(request, tunnelId);
      const overlapMs = body.overlapSeconds * 1e3;
      expectDone(await registryStub(env).addToken(by, tunnelId, token.proof, overlapMs));
      return { body: { kid: token.proof.kid, token: token.text } };
    }
  }),
  operation({
    id: "revokeToken",
    method: "delete",
    path: "/v1/tunnels/{tunnelId}/tokens/{kid}",
    summary: "Revoke a token and cut the connections that were made with it",
    role: "admin",
    success: { status: 204, description: "It holds no longer" },
    problems: ["NOT_FOUND"],
    async run({ env, by, param }) {
      expectDone(await registryStub(env).deleteToken(by, param("tunnelId"), param("kid")));
      return {};
    }
  })
];
async function newToken(request, tunnelId) {
  if (!isTunnelId(tunnelId)) throw new ApiError("NOT_FOUND");
  const secret = newSecret();
  const kid = newKid();
  const relayUrl = new URL(request.url).origin;
  const text3 = formatToken({ relayUrl, tunnelId, kid, secret });
  return { text: text3, proof: { kid, digestHex: await sha256Hex(secret) } };
}
async function statuses(env, tunnelId) {
  try {
    return await Promise.all(tunnelObjectNames(tunnelId).map(async (name) => tunnelStub(env, name).status()));
  } catch {
    throw new ApiError("TUNNEL_UNAVAILABLE", { headers: { "retry-after": "1" } });
  }
}

// worker/api/app.ts
var operations = [
  ...tunnelOperations,
  ...servicesConfigurationOperations,
  ...keyOperations,
  ...auditLogOperations,
  ...tailOperations,
  ...logDestinationOperations,
  ...telemetryOperations
];
var app = new Hono3();
app.get("/healthz", () => Response.json({ status: "ok" }));
app.get("/", (c) => frontDoor(c.req.raw));
app.get("/dashboard/assets/:name", (c) => dashboardAsset(c.req.raw, c.req.param("name")));
app.get("/dashboard/*", () => dashboardPage());
app.post("/v1/session", (c) => signIn(c.req.raw, c.env, Date.now()));
app.get("/v1/session", (c) => describeSession(c.req.raw, c.env, Date.now()));
app.delete("/v1/session", (c) => signOut(c.req.raw, c.env, Date.now()));
app.get("/v1/connect", (c) => connect(c.req.raw, c.env, Date.now()));
app.all("/~/*", (c) => gatewayRoute(c.req.raw, c.env, Date.now(), (work) => c.executionCtx.waitUntil(work)));
app.get("/v1/openapi.json", () => Response.json(openApiDocument(operations)));
app.get("/v1/docs", () => referencePage(openApiDocument(operations)));
for (const operation2 of operations) {
  app.on(operation2.method, honoPath(operation2.path), async (c) => {
    const request = c.req.raw;
    const { role, by } = await authenticate(request, c.env, Date.now());
    if (operation2.role === "admin" && role !== "admin") throw new ApiError("FORBIDDEN");
    return operation2.respond({ env: c.env, request, role, by, param: (name) => c.req.param(name) ?? "" });
  });
}
for (const [path, methods] of Map.groupBy(operations, (operation2) => operation2.path)) {
  const allow = methods.map(({ method }) => method.toUpperCase()).join(", ");
  app.all(honoPath(path), () => {
    throw new ApiError("METHOD_NOT_ALLOWED", { headers: { allow } });
  });
}
app.notFound(() => problemResponse(new ApiError("NOT_FOUND")));
app.onError((error2) => {
  if (!(error2 instanceof ApiError))
    console.error({ event: "api_failed", error: error2.message, stack: error2.stack });
  return problemResponse(error2);
});
function honoPath(path) {
  return path.replace(/\{(\w+)\}/g, ":$1");
}

// worker/entrypoint.ts
import { WorkerEntrypoint } from "cloudflare:workers";
var TunnelBinding = class extends WorkerEntrypoint {
  async fetch(request) {
    const arrivedAtMs = Date.now();
    const { response, isOwn } = await this.#relay(request);
    if (isOwn) {
      const facts2 = { arrivedAtMs, ...textsOf(this.ctx.props ?? {}) };
      logOwnAnswer(request, response, facts2, this.env, (work) => this.ctx.waitUntil(work));
    }
    return response;
  }
  async #relay(request) {
    const { tunnel, project, environment, forwarded } = this.ctx.props ?? {};
    if (typeof tunnel !== "string" || !isTunnelId(tunnel)) {
      return refusal2(
        request,
        "UNKNOWN_TUNNEL",
        "The binding's props name no tunnel: set props.tunnel to its id."
      );
    }
    if (typeof project !== "string" || typeof environment !== "string") {
      return refusal2(request, "ACCESS_DENIED", "The binding's props need project and environment.");
    }
    if (await tunnelPresence(this.env, tunnel, request) === "absent")
      return refusal2(request, "UNKNOWN_TUNNEL", "There is no tunnel of this id.");
    const claim2 = { kind: "request", project, environment, keepForwarded: forwarded === "keep" };
    return relayToTunnel(this.env, tunnel, claim2, request);
  }
};
function refusal2(request, code, message) {
  const error2 = new TunnelError(code, message);
  return { response: problemResponse2(error2, request.method, crypto.randomUUID()), isOwn: true };
}
function textsOf({ tunnel, project, environment }) {
  const given = { tunnel, project, environment };
  return Object.fromEntries(Object.entries(given).filter(([, value2]) => typeof value2 === "string"));
}

// worker/registry/registry-object.ts
import { DurableObject } from "cloudflare:workers";

// worker/registry/audit-log.ts
var KEPT_ENTRIES = 1e5;
var AuditLog = class {
  #sql;
  constructor(sql) {
    this.#sql = sql;
  }
  append(by, change) {
    const { id } = this.#sql.exec(
      `INSERT INTO audit_log (at_ms, actor, address, action, target, before, after)
           VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id`,
      by.atMs,
      by.actor,
      by.address,
      change.action,
      change.target,
      change.before && JSON.stringify(change.before),
      change.after && JSON.stringify(change.after)
    ).one();
    this.#sql.exec("DELETE FROM audit_log WHERE id <= ?", id - KEPT_ENTRIES);
  }
  /** Newest first. */
  entries(limit, beforeId) {
    return this.#sql.exec(
      `SELECT id, at_ms AS atMs, actor, address, action, target, before, after FROM audit_log
           WHERE id < ? ORDER BY id DESC LIMIT ?`,
      beforeId,
      limit
    ).toArray().map((row) => ({ ...row, before: facts(row.before), after: facts(row.after) }));
  }
};
function facts(json) {
  return json === null ? null : JSON.parse(json);
}

// worker/registry/key-store.ts
var KeyStore = class {
  #sql;
  constructor(sql) {
    this.#sql = sql;
  }
  addGatewayKey(key, nowMs2) {
    this.#sql.exec(
      "INSERT INTO gateway_keys (kid, digest_hex, project, environment, created_at_ms) VALUES (?, ?, ?, ?, ?)",
      key.kid,
      key.digestHex,
      key.project,
      key.environment,
      nowMs2
    );
  }
  gatewayKeys(limit, afterSeq) {
    return this.#sql.exec(
      `SELECT seq, kid, project, environment, created_at_ms AS createdAtMs FROM gateway_keys
           WHERE seq > ? ORDER BY seq LIMIT ?`,
      afterSeq,
      limit
    ).toArray();
  }
  gatewayKeyDigests() {
    return this.#sql.exec(
      "SELECT kid, digest_hex AS digestHex, project, environment FROM gateway_keys ORDER BY seq"
    ).toArray();
  }
  /** Null for an unknown key. */
  gatewayKeyDigest(kid) {
    const [row] = this.#sql.exec("SELECT digest_hex AS digest FROM gateway_keys WHERE kid = ?", kid).toArray();
    return row?.digest ?? null;
  }
  apiKeyDigest(kid) {
    const [row] = this.#sql.exec("SELECT digest_hex AS digest FROM api_keys WHERE kid = ?", kid).toArray();
    return row?.digest ?? null;
  }
  /** False for an unknown key or a wrong secret, after the same work. */
  isGatewayKey(kid, digestHex) {
    const known2 = this.gatewayKeyDigest(kid);
    return equalDigests(digestHex, known2 ?? DUMMY_DIGEST_HEX) && known2 !== null;
  }
  /** What was deleted; null when there was no such key. */
  deleteGatewayKey(kid) {
    const [row] = this.#sql.exec(
      "DELETE FROM gateway_keys WHERE kid = ? RETURNING project, environment",
      kid
    ).toArray();
    return row ?? null;
  }
  addApiKey(kid, digestHex, role, nowMs2) {
    this.#sql.exec(
      "INSERT INTO api_keys (kid, digest_hex, role, created_at_ms) VALUES (?, ?, ?, ?)",
      kid,
      digestHex,
      role,
      nowMs2
    );
  }
  apiKeys(limit, afterSeq) {
    return this.#sql.exec(
      `SELECT seq, kid, role, created_at_ms AS createdAtMs FROM api_keys
           WHERE seq > ? ORDER BY seq LIMIT ?`,
      afterSeq,
      limit
    ).toArray();
  }
  /** The role that was deleted; null when there was no such key. */
  deleteApiKey(kid) {
    const [row] = this.#sql.exec("DELETE FROM api_keys WHERE kid = ? RETURNING role", kid).toArray();
    return row?.role ?? null;
  }
  /** Null for an unknown key or a wrong secret, after the same work. */
  roleOf(kid, digestHex) {
    const [row] = this.#sql.exec(
      "SELECT digest_hex AS digest, role FROM api_keys WHERE kid = ?",
      kid
    ).toArray();
    const equal = equalDigests(digestHex, row?.digest ?? DUMMY_DIGEST_HEX);
    return equal && row !== void 0 ? row.role : null;
  }
  gatewayKeyCount() {
    return this.#sql.exec("SELECT count(*) AS count FROM gateway_keys").one().count;
  }
  apiKeyCount() {
    return this.#sql.exec("SELECT count(*) AS count FROM api_keys").one().count;
  }
};

// worker/registry/log-destination-store.ts
var LogDestinationStore = class {
  #sql;
  constructor(sql) {
    this.#sql = sql;
  }
  add(id, destination, nowMs2) {
    this.#sql.exec(
      "INSERT INTO log_destinations (id, destination, created_at_ms, updated_at_ms) VALUES (?, ?, ?, ?)",
      id,
      JSON.stringify(destination),
      nowMs2,
      nowMs2
    );
    this.#raiseRevision();
  }
  replace(id, destination, nowMs2) {
    this.#sql.exec(
      "UPDATE log_destinations SET destination = ?, updated_at_ms = ? WHERE id = ?",
      JSON.stringify(destination),
      nowMs2,
      id
    );
    this.#raiseRevision();
  }
  delete(id) {
    this.#sql.exec("DELETE FROM log_destinations WHERE id = ?", id);
    this.#raiseRevision();
  }
  get(id) {
    return this.all().find((record2) => record2.id === id) ?? null;
  }
  /** In order of creation. */
  all() {
    return this.#sql.exec(
      `SELECT seq, id, destination, created_at_ms AS createdAtMs, updated_at_ms AS updatedAtMs
           FROM log_destinations ORDER BY seq`
    ).toArray().map((row) => ({ ...row, destination: JSON.parse(row.destination) }));
  }
  shippingList() {
    const destinations = this.all().map(({ id, destination }) => ({ ...destination, id }));
    return { revision: this.revision(), destinations };
  }
  /** Grows with each change; 0 while there is no destination. */
  revision() {
    const [row] = this.#sql.exec(
      "SELECT revision FROM log_destinations_revision WHERE EXISTS (SELECT 1 FROM log_destinations)"
    ).toArray();
    return row?.revision ?? 0;
  }
  #raiseRevision() {
    this.#sql.exec(
      `INSERT INTO log_destinations_revision (id, revision) VALUES (1, 1)
         ON CONFLICT (id) DO UPDATE SET revision = revision + 1`
    );
  }
};

// worker/registry/migrations.ts
var MIGRATIONS = [
  `
  CREATE TABLE tunnels (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    deleted_at_ms INTEGER,
    config_version INTEGER NOT NULL
  );
  CREATE TABLE tokens (
    kid TEXT PRIMARY KEY,
    tunnel_id TEXT NOT NULL,
    digest_hex TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER
  ) WITHOUT ROWID;
  CREATE INDEX tokens_by_tunnel ON tokens (tunnel_id);
  CREATE INDEX tokens_by_expiry ON tokens (expires_at_ms) WHERE expires_at_ms IS NOT NULL;
  CREATE TABLE services_configurations (
    tunnel_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    file TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (tunnel_id, version)
  );
  CREATE TABLE config_pushes (
    object_name TEXT PRIMARY KEY,
    tunnel_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    due_at_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX config_pushes_by_due ON config_pushes (due_at_ms);
  CREATE TABLE gateway_keys (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kid TEXT NOT NULL UNIQUE,
    digest_hex TEXT NOT NULL,
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  );
  CREATE TABLE api_keys (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kid TEXT NOT NULL UNIQUE,
    digest_hex TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  );
  CREATE TABLE audit_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    actor TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    before TEXT,
    after TEXT
  );
  `,
  `
  CREATE TABLE sessions (
    kid TEXT PRIMARY KEY,
    digest_hex TEXT NOT NULL,
    actor TEXT NOT NULL,
    admin_proof_hex TEXT,
    created_at_ms INTEGER NOT NULL,
    used_at_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX sessions_by_actor ON sessions (actor, used_at_ms);
  `,
  `
  CREATE TABLE log_destinations (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    destination TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL
  );
  CREATE TABLE log_destinations_revision (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL
  );
  CREATE TABLE telemetry_reports (
    object_name TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    connectors INTEGER,
    metrics TEXT NOT NULL,
    deliveries TEXT NOT NULL
  ) WITHOUT ROWID;
  `,
  `
  CREATE TABLE relay (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    name TEXT NOT NULL
  );
  INSERT INTO relay (id, name) VALUES (1, 'culvert-' || lower(hex(randomblob(16))));
  -- Tunnels learn the name with their next configuration: what they ask for has to be newer than what they hold.
  UPDATE tunnels SET config_version = config_version + 1;
  `
];
function migrate(storage) {
  const { sql } = storage;
  sql.exec("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)");
  const [row] = sql.exec("SELECT version FROM schema_version").toArray();
  const applied = row?.version ?? 0;
  if (applied === MIGRATIONS.length) return;
  storage.transactionSync(() => {
    for (const migration of MIGRATIONS.slice(applied)) sql.exec(migration);
    sql.exec("DELETE FROM schema_version");
    sql.exec("INSERT INTO schema_version (version) VALUES (?)", MIGRATIONS.length);
  });
}

// worker/registry/push-queue.ts
var COLUMNS = "object_name AS objectName, tunnel_id AS tunnelId, version, attempts";
var PushQueue = class {
  #sql;
  constructor(sql) {
    this.#sql = sql;
  }
  /** Takes the place of an older version still waiting for the same object. */
  add(objectName, tunnelId, version2, nowMs2) {
    this.#sql.exec(
      "INSERT OR REPLACE INTO config_pushes (object_name, tunnel_id, version, attempts, due_at_ms) VALUES (?, ?, ?, 0, ?)",
      objectName,
      tunnelId,
      version2,
      nowMs2
    );
  }
  due(nowMs2, limit) {
    return this.#sql.exec(
      `SELECT ${COLUMNS} FROM config_pushes WHERE due_at_ms <= ? ORDER BY due_at_ms LIMIT ?`,
      nowMs2,
      limit
    ).toArray();
  }
  of(tunnelId) {
    return this.#sql.exec(`SELECT ${COLUMNS} FROM config_pushes WHERE tunnel_id = ?`, tunnelId).toArray();
  }
  nextDueMs() {
    return this.#sql.exec("SELECT min(due_at_ms) AS nextMs FROM config_pushes").one().nextMs;
  }
  acknowledged(push) {
    this.#sql.exec(
      "DELETE FROM config_pushes WHERE object_name = ? AND version <= ?",
      push.objectName,
      push.version
    );
  }
  failed(push, nextTryMs) {
    this.#sql.exec(
      "UPDATE config_pushes SET attempts = attempts + 1, due_at_ms = ? WHERE object_name = ? AND version = ?",
      nextTryMs,
      push.objectName,
      push.version
    );
  }
};

// worker/registry/push-config.ts
var AT_ONCE = 100;
var FIRST_RETRY_MS = 1e3;
var LAST_RETRY_MS = 6e4;
async function pushConfigs(ports, pushes) {
  for (let start = 0; start < pushes.length; start += AT_ONCE) {
    await Promise.all(pushes.slice(start, start + AT_ONCE).map((push) => pushOne(ports, push)));
  }
}
async function pushOne(ports, push) {
  const config2 = ports.config(push.tunnelId);
  const version2 = config2?.version ?? push.version;
  try {
    if (config2 !== null) {
      const held = await withTimeout(ports.send(push.objectName, config2), ports.sendTimeoutMs, null);
      if (held === null) throw new Error("no answer");
      if (held < version2) throw new Error(`the object kept version ${held} instead of ${version2}`);
    }
    ports.queue.acknowledged({ ...push, version: version2 });
    if (ports.queue.of(push.tunnelId).length === 0) ports.settled(push.tunnelId);
  } catch (thrown) {
    ports.queue.failed(push, ports.nowMs() + retryDelayMs(push.attempts));
    const error2 = thrown instanceof Error ? thrown.message : String(thrown);
    ports.warn({
      event: "config_push_failed",
      objectName: push.objectName,
      attempts: push.attempts + 1,
      error: error2
    });
  }
}
function retryDelayMs(attempts) {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempts, 10));
}

// worker/registry/registry-store.ts
var KEPT_FILES = 100;
var RegistryStore = class {
  #sql;
  constructor(sql) {
    this.#sql = sql;
  }
  createTunnel(id, name, nowMs2) {
    this.#sql.exec(
      "INSERT INTO tunnels (id, name, created_at_ms, config_version) VALUES (?, ?, ?, 0)",
      id,
      name,
      nowMs2
    );
  }
  tunnel(id) {
    return this.#tunnels("id = ?", 1, id)[0] ?? null;
  }
  /** In order of creation. */
  tunnels(limit, afterSeq) {
    return this.#tunnels("seq > ?", limit, afterSeq);
  }
  tunnelIds() {
    return this.#sql.exec("SELECT id FROM tunnels WHERE deleted_at_ms IS NULL").toArray().map(({ id }) => id);
  }
  tunnelCount() {
    return this.#sql.exec("SELECT count(*) AS count FROM tunnels WHERE deleted_at_ms IS NULL").one().count;
  }
  /** Its row stays as a mark until every object of the tunnel has heard of the deletion: see `forgetTunnel`. */
  deleteTunnel(id, nowMs2) {
    this.#sql.exec("UPDATE tunnels SET deleted_at_ms = ? WHERE id = ?", nowMs2, id);
    this.#sql.exec("DELETE FROM tokens WHERE tunnel_id = ?", id);
    this.#sql.exec("DELETE FROM services_configurations WHERE tunnel_id = ?", id);
  }
  forgetTunnel(id) {
    this.#sql.exec("DELETE FROM tunnels WHERE id = ? AND deleted_at_ms IS NOT NULL", id);
  }
  /** The configuration of this tunnel is about to differ from what its objects hold. */
  raiseConfigVersion(tunnelId) {
    return this.#sql.exec(
      "UPDATE tunnels SET config_version = config_version + 1 WHERE id = ? RETURNING config_version AS version",
      tunnelId
    ).one().version;
  }
  addToken(tunnelId, kid, digestHex, nowMs2) {
    this.#sql.exec(
      "INSERT INTO tokens (kid, tunnel_id, digest_hex, created_at_ms) VALUES (?, ?, ?, ?)",
      kid,
      tunnelId,
      digestHex,
      nowMs2
    );
  }
  tokens(tunnelId) {
    return this.#sql.exec(
      `SELECT kid, digest_hex AS digestHex, created_at_ms AS createdAtMs, expires_at_ms AS expiresAtMs
           FROM tokens WHERE tunnel_id = ? ORDER BY created_at_ms, kid`,
      tunnelId
    ).toArray();
  }
  /** Null for what is no token of this tunnel. */
  tokenDigest(tunnelId, kid) {
    const [row] = this.#sql.exec(
      "SELECT digest_hex AS digest FROM tokens WHERE kid = ? AND tunnel_id = ?",
      kid,
      tunnelId
    ).toArray();
    return row?.digest ?? null;
  }
  /** No token of this tunnel outlives `endMs`; one that ends earlier keeps its end. */
  endTokens(tunnelId, endMs2) {
    this.#sql.exec(
      "UPDATE tokens SET expires_at_ms = min(coalesce(expires_at_ms, ?1), ?1) WHERE tunnel_id = ?2",
      endMs2,
      tunnelId
    );
  }
  deleteToken(tunnelId, kid) {
    return this.#sql.exec("DELETE FROM tokens WHERE tunnel_id = ? AND kid = ? RETURNING kid", tunnelId, kid).toArray().length > 0;
  }
  /** Takes away the tokens whose time is over and says whose they were. */
  takeExpiredTokens(nowMs2) {
    return this.#sql.exec(
      "DELETE FROM tokens WHERE expires_at_ms <= ? RETURNING tunnel_id AS tunnelId, kid",
      nowMs2
    ).toArray();
  }
  nextExpiryMs() {
    return this.#sql.exec("SELECT min(expires_at_ms) AS nextMs FROM tokens").one().nextMs;
  }
  /** The newest file, or the one of `version`; null when that is not kept. A new tunnel has the empty file. */
  servicesFile(tunnelId, version2) {
    const [row] = this.#sql.exec(
      `SELECT version, file FROM services_configurations
           WHERE tunnel_id = ?1 AND version = coalesce(?2, version) ORDER BY version DESC LIMIT 1`,
      tunnelId,
      version2 ?? null
    ).toArray();
    if (row !== void 0) return { version: row.version, file: JSON.parse(row.file) };
    return (version2 ?? 0) === 0 ? { version: 0, file: EMPTY_SERVICES_FILE } : null;
  }
  putServicesFile(tunnelId, version2, file, nowMs2) {
    this.#sql.exec(
      "INSERT INTO services_configurations (tunnel_id, version, file, created_at_ms) VALUES (?, ?, ?, ?)",
      tunnelId,
      version2,
      JSON.stringify(file),
      nowMs2
    );
    this.#sql.exec(
      "DELETE FROM services_configurations WHERE tunnel_id = ? AND version <= ?",
      tunnelId,
      version2 - KEPT_FILES
    );
  }
  /** Random, made once. */
  relayName() {
    return this.#sql.exec("SELECT name FROM relay").one().name;
  }
  /** Null for a tunnel that never was, or that all its objects have forgotten. */
  config(tunnelId, relayWide) {
    const [row] = this.#sql.exec(
      "SELECT config_version AS version, deleted_at_ms AS deletedAtMs FROM tunnels WHERE id = ?",
      tunnelId
    ).toArray();
    if (row === void 0) return null;
    const deleted = row.deletedAtMs !== null;
    const file = this.servicesFile(tunnelId)?.file;
    return {
      tunnelId,
      version: row.version,
      deleted,
      tokens: this.tokens(tunnelId).map(({ kid, digestHex, expiresAtMs }) => ({
        kid,
        digestHex,
        expiresAtMs
      })),
      services: file?.services ?? [],
      networks: file?.networks ?? [],
      relayName: this.relayName(),
      ...relayWide,
      gatewayKeys: deleted ? [] : relayWide.gatewayKeys
    };
  }
  #tunnels(condition, limit, value2) {
    return this.#sql.exec(
      `SELECT seq, id, name, created_at_ms AS createdAtMs FROM tunnels
           WHERE deleted_at_ms IS NULL AND ${condition} ORDER BY seq LIMIT ?`,
      value2,
      limit
    ).toArray();
  }
};

// worker/telemetry/json-maps.ts
function toJson(value2) {
  return JSON.stringify(value2, (_, inner) => inner instanceof Map ? { $map: [...inner] } : inner);
}
function fromJson(text3) {
  return JSON.parse(text3, (_, inner) => isWrittenMap(inner) ? new Map(inner.$map) : inner);
}
function isWrittenMap(value2) {
  return typeof value2 === "object" && value2 !== null && "$map" in value2;
}

// worker/registry/telemetry-report-store.ts
var TelemetryReportStore = class {
  #sql;
  constructor(sql) {
    this.#sql = sql;
  }
  put(objectName, { metrics, connectors, deliveries }, nowMs2) {
    this.#sql.exec(
      `INSERT OR REPLACE INTO telemetry_reports (object_name, at_ms, connectors, metrics, deliveries)
         VALUES (?, ?, ?, ?, ?)`,
      objectName,
      nowMs2,
      connectors,
      toJson(metrics),
      JSON.stringify(deliveries)
    );
  }
  delete(objectName) {
    this.#sql.exec("DELETE FROM telemetry_reports WHERE object_name = ?", objectName);
  }
  /** In order of their names. */
  page(limit, afterName) {
    return this.#sql.exec(
      `SELECT object_name AS objectName, at_ms AS atMs, connectors, metrics, deliveries
           FROM telemetry_reports WHERE object_name > ? ORDER BY object_name LIMIT ?`,
      afterName,
      limit
    ).toArray().map(storedReport);
  }
  of(objectNames) {
    return objectNames.flatMap(
      (objectName) => this.#sql.exec(
        `SELECT object_name AS objectName, at_ms AS atMs, connectors, metrics, deliveries
             FROM telemetry_reports WHERE object_name = ?`,
        objectName
      ).toArray().map(storedReport)
    );
  }
  /** By destination, in one pass over all reports. */
  totals() {
    const totals = /* @__PURE__ */ new Map();
    for (const { objectName, deliveries } of this.#sql.exec(
      "SELECT object_name AS objectName, deliveries FROM telemetry_reports WHERE deliveries <> '[]'"
    )) {
      for (const delivery of JSON.parse(deliveries)) {
        const before = totals.get(delivery.id) ?? NO_DELIVERIES;
        totals.set(delivery.id, withDelivery(before, delivery, objectName));
      }
    }
    return totals;
  }
};
var NO_DELIVERIES = {
  ...{ shipped: 0, lost: 0, rejected: 0, backlog: 0 },
  ...{ lastSuccessAtMs: null, lastError: null }
};
function withDelivery(totals, delivery, objectName) {
  const { lastError } = delivery;
  const isLatest = lastError !== null && lastError.atMs >= (totals.lastError?.atMs ?? 0);
  return {
    shipped: totals.shipped + delivery.shipped,
    lost: totals.lost + delivery.lost,
    rejected: totals.rejected + delivery.rejected,
    backlog: totals.backlog + delivery.backlog,
    lastSuccessAtMs: latest(totals.lastSuccessAtMs, delivery.lastSuccessAtMs),
    lastError: isLatest ? { ...lastError, objectName } : totals.lastError
  };
}
function storedReport({ metrics, deliveries, ...row }) {
  return {
    ...row,
    metrics: fromJson(metrics),
    deliveries: JSON.parse(deliveries)
  };
}
function latest(a, b) {
  return a === null || b === null ? a ?? b : Math.max(a, b);
}

// worker/registry/registry-object.ts
var LIMITS = {
  tunnels: 1e4,
  tokensPerTunnel: 10,
  gatewayKeys: 1e3,
  apiKeys: 1e3,
  logDestinations: 20
};
var PUSH_WAIT_MS = 2e3;
var SEND_TIMEOUT_MS = 1e4;
var PUSH_GUARD_MS = 5e3;
var PUSHES_PER_TURN = 900;
var Registry = class extends DurableObject {
  #store;
  #keys;
  #sessions;
  #destinations;
  #reports;
  #audit;
  #queue;
  constructor(ctx, env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    migrate(ctx.storage);
    this.#store = new RegistryStore(sql);
    this.#keys = new KeyStore(sql);
    this.#sessions = new SessionStore(sql);
    this.#destinations = new LogDestinationStore(sql);
    this.#reports = new TelemetryReportStore(sql);
    this.#audit = new AuditLog(sql);
    this.#queue = new PushQueue(sql);
  }
  /** For a tunnel's object that has no copy yet; null for a tunnel that does not exist. */
  tunnelConfig(tunnelId) {
    return this.#store.config(tunnelId, {
      gatewayKeys: this.#keys.gatewayKeyDigests(),
      destinationsRevision: this.#destinations.revision()
    });
  }
  async createTunnel(by, tunnel, token) {
    return this.#change(by, () => {
      if (this.#store.tunnelCount() >= LIMITS.tunnels) return refused("limit_reached");
      this.#store.createTunnel(tunnel.id, tunnel.name, by.atMs);
      this.#store.addToken(tunnel.id, token.kid, token.digestHex, by.atMs);
      const after = { name: tunnel.name, token: token.kid };
      return done([tunnel.id], { action: "tunnel.create", target: tunnel.id, before: null, after });
    });
  }
  tunnels(limit, afterSeq) {
    return this.#store.tunnels(limit, afterSeq);
  }
  tunnel(id) {
    const tunnel = this.#store.tunnel(id);
    const services = this.#store.servicesFile(id);
    if (tunnel === null || services === null) return null;
    return { ...tunnel, tokens: this.#store.tokens(id), services };
  }
  async deleteTunnel(by, id) {
    return this.#change(by, () => {
      const tunnel = this.#store.tunnel(id);
      if (tunnel === null) return refused("not_found");
      this.#store.deleteTunnel(id, by.atMs);
      for (const objectName of tunnelObjectNames(id)) this.#reports.delete(objectName);
      return done([id], { action: "tunnel.delete", target: id, before: { name: tunnel.name }, after: null });
    });
  }
  /** The older tokens of the tunnel end after the overlap. */
  async addToken(by, tunnelId, token, overlapMs) {
    return this.#change(by, () => {
      if (this.#store.tunnel(tunnelId) === null) return refused("not_found");
      const older = this.#store.tokens(tunnelId).map(({ kid }) => kid);
      if (older.length >= LIMITS.tokensPerTunnel && overlapMs > 0) return refused("limit_reached");
      this.#store.endTokens(tunnelId, by.atMs + overlapMs);
      this.#expireTokens(by.atMs);
      this.#store.addToken(tunnelId, token.kid, token.digestHex, by.atMs);
      const before = { tokens: older.join(" ") };
      const after = { token: token.kid, overlapSeconds: overlapMs / 1e3 };
      return done([tunnelId], { action: "token.create", target: tunnelId, before, after });
    });
  }
  async deleteToken(by, tunnelId, kid) {
    return this.#change(by, () => {
      if (!this.#store.deleteToken(tunnelId, kid)) return refused("not_found");
      return done([tunnelId], {
        action: "token.revoke",
        target: tunnelId,
        before: { token: kid },
        after: null
      });
    });
  }
  servicesFile(tunnelId, version2) {
    return this.#store.tunnel(tunnelId) && this.#store.servicesFile(tunnelId, version2);
  }
  /** `expected`: the versions of which one has to be the newest; null when any will do. */
  async putServicesFile(by, tunnelId, file, expected) {
    return this.#change(by, () => {
      const current = this.servicesFile(tunnelId)?.version;
      if (current === void 0) return { result: { outcome: "not_found" } };
      if (expected !== null && !expected.includes(current)) return { result: { outcome: "stale" } };
      const version2 = current + 1;
      this.#store.putServicesFile(tunnelId, version2, file, by.atMs);
      return {
        result: { outcome: "done", version: version2 },
        tunnelIds: [tunnelId],
        audit: {
          action: "services-configuration.update",
          target: tunnelId,
          before: { version: current },
          after: { version: version2 }
        }
      };
    });
  }
  async addGatewayKey(by, key) {
    return this.#change(by, () => {
      if (this.#keys.gatewayKeyCount() >= LIMITS.gatewayKeys) return refused("limit_reached");
      this.#keys.addGatewayKey(key, by.atMs);
      const after = { project: key.project, environment: key.environment };
      return done(this.#store.tunnelIds(), {
        action: "gateway-key.create",
        target: key.kid,
        before: null,
        after
      });
    });
  }
  gatewayKeys(limit, afterSeq) {
    return this.#keys.gatewayKeys(limit, afterSeq);
  }
  async deleteGatewayKey(by, kid) {
    return this.#change(by, () => {
      const before = this.#keys.deleteGatewayKey(kid);
      if (before === null) return refused("not_found");
      return done(this.#store.tunnelIds(), {
        action: "gateway-key.delete",
        target: kid,
        before: { project: before.project, environment: before.environment },
        after: null
      });
    });
  }
  async addApiKey(by, key, role) {
    return this.#change(by, () => {
      if (this.#keys.apiKeyCount() >= LIMITS.apiKeys) return refused("limit_reached");
      this.#keys.addApiKey(key.kid, key.digestHex, role, by.atMs);
      return done([], { action: "api-key.create", target: key.kid, before: null, after: { role } });
    });
  }
  apiKeys(limit, afterSeq) {
    return this.#keys.apiKeys(limit, afterSeq);
  }
  async deleteApiKey(by, kid) {
    return this.#change(by, () => {
      const role = this.#keys.deleteApiKey(kid);
      if (role === null) return refused("not_found");
      this.#sessions.closeOf(kid);
      return done([], { action: "api-key.delete", target: kid, before: { role }, after: null });
    });
  }
  /** For a Worker that decides before it calls any object: see `RegistryKnowledge`. */
  lookUp(subjects) {
    return subjects.slice(0, MAX_SUBJECTS_PER_LOOK_UP).map((subject) => this.#answerOf(subject));
  }
  /** Asked only where no tunnel's object can answer. */
  isGatewayKey(key) {
    return this.#keys.isGatewayKey(key.kid, key.digestHex);
  }
  /** Null for whatever is not a key of this relay. */
  apiKeyRole(key) {
    return this.#keys.roleOf(key.kid, key.digestHex);
  }
  openSession(session, holder, nowMs2) {
    this.#sessions.open(session, holder, nowMs2);
  }
  /** Null for whatever is not, or no longer, a session. */
  useSession(session, adminProofHex, nowMs2) {
    return this.#sessions.use(session, adminProofHex, nowMs2);
  }
  closeSession(session) {
    this.#sessions.close(session);
  }
  async addLogDestination(by, id, input) {
    return this.#change(by, () => {
      if (this.#destinations.all().length >= LIMITS.logDestinations)
        return { result: { outcome: "limit_reached" } };
      const complete = keepSecrets(input, null);
      if ("problems" in complete) return { result: { outcome: "invalid", ...complete } };
      this.#destinations.add(id, complete.destination, by.atMs);
      return this.#destinationChanged("log-destination.create", id, null);
    });
  }
  async putLogDestination(by, id, input) {
    return this.#change(by, () => {
      const stored = this.#destinations.get(id);
      if (stored === null) return { result: { outcome: "not_found" } };
      const complete = keepSecrets(input, stored.destination);
      if ("problems" in complete) return { result: { outcome: "invalid", ...complete } };
      this.#destinations.replace(id, complete.destination, by.atMs);
      return this.#destinationChanged("log-destination.update", id, stored);
    });
  }
  async deleteLogDestination(by, id) {
    return this.#change(by, () => {
      const stored = this.#destinations.get(id);
      if (stored === null) return refused("not_found");
      this.#destinations.delete(id);
      const before = destinationFacts(stored);
      return done(this.#store.tunnelIds(), {
        action: "log-destination.delete",
        target: id,
        before,
        after: null
      });
    });
  }
  /** All of them: there are few. */
  logDestinations() {
    const totals = this.#reports.totals();
    return this.#destinations.all().map((record2) => described(record2, totals));
  }
  logDestinationNames() {
    return this.#destinations.all().map(({ id, destination: { name, kind } }) => ({ id, name, kind }));
  }
  logDestination(id) {
    const record2 = this.#destinations.get(id);
    return record2 && described(record2, this.#reports.totals());
  }
  /** With its secrets: for who sends to it, and nobody else. */
  shippingDestination(id) {
    return this.#destinations.shippingList().destinations.find((destination) => destination.id === id) ?? null;
  }
  /** With their secrets: for Telemetry objects, and nobody else. */
  shippingList() {
    return this.#destinations.shippingList();
  }
  /** False: its tunnel is gone, and nothing of it has to be kept. */
  telemetryReport(objectName, report) {
    const known2 = objectName === RELAY_TELEMETRY || this.#store.tunnel(tunnelIdOf(objectName)) !== null;
    if (known2) this.#reports.put(objectName, report, Date.now());
    return known2;
  }
  telemetryReports(limit, afterName) {
    return this.#reports.page(limit, afterName);
  }
  /** Null for a tunnel that does not exist. */
  tunnelReports(tunnelId) {
    return this.#store.tunnel(tunnelId) && this.#reports.of(tunnelObjectNames(tunnelId));
  }
  auditLog(limit, beforeId) {
    return this.#audit.entries(limit, beforeId);
  }
  /** Ends tokens whose time is over and repeats pushes that were not acknowledged. */
  async alarm() {
    const nowMs2 = Date.now();
    const expired = this.ctx.storage.transactionSync(() => this.#expireTokens(nowMs2));
    await this.#push([
      ...expired.flatMap((id) => this.#queue.of(id)),
      ...this.#queue.due(nowMs2, PUSHES_PER_TURN)
    ]);
    await this.#scheduleAlarm();
  }
  #answerOf({ kind, id, tunnelId = "" }) {
    switch (kind) {
      case "tunnel":
        return this.#store.tunnel(id) && "";
      case "token":
        return this.#store.tokenDigest(tunnelId, id);
      case "gateway-key":
        return this.#keys.gatewayKeyDigest(id);
      case "api-key":
        return this.#keys.apiKeyDigest(id);
      case "session":
        return this.#sessions.digest(id);
    }
  }
  /** The change, its audit entry, the pushes it causes and the alarm that guards them are kept together or not at all. */
  async #change(by, make) {
    const { result, tunnelIds = [] } = this.ctx.storage.transactionSync(() => {
      const change = make();
      if (change.audit !== void 0) this.#audit.append(by, change.audit);
      for (const tunnelId of change.tunnelIds ?? []) this.#enqueue(tunnelId, by.atMs);
      return change;
    });
    await this.#scheduleAlarm();
    if (tunnelIds.length > 0) {
      const pushed = this.#push(tunnelIds.slice(0, PUSHES_PER_TURN).flatMap((id) => this.#queue.of(id)));
      await withTimeout(pushed, PUSH_WAIT_MS, void 0);
      await this.#scheduleAlarm();
    }
    return result;
  }
  #destinationChanged(action, id, stored) {
    const record2 = this.#destinations.get(id);
    if (record2 === null) return { result: { outcome: "not_found" } };
    const before = stored && destinationFacts(stored);
    return {
      result: { outcome: "done", described: described(record2, this.#reports.totals()) },
      tunnelIds: this.#store.tunnelIds(),
      audit: { action, target: id, before, after: destinationFacts(record2) }
    };
  }
  #enqueue(tunnelId, nowMs2) {
    const version2 = this.#store.raiseConfigVersion(tunnelId);
    for (const objectName of tunnelObjectNames(tunnelId)) {
      this.#queue.add(objectName, tunnelId, version2, nowMs2 + PUSH_GUARD_MS);
    }
  }
  /** Gives the tunnels concerned. */
  #expireTokens(nowMs2) {
    const relay2 = { actor: "relay", address: "", atMs: nowMs2 };
    const expired = this.#store.takeExpiredTokens(nowMs2);
    for (const { tunnelId, kid } of expired) {
      this.#audit.append(relay2, {
        action: "token.expire",
        target: tunnelId,
        before: { token: kid },
        after: null
      });
    }
    const tunnelIds = [...new Set(expired.map((token) => token.tunnelId))];
    for (const tunnelId of tunnelIds) this.#enqueue(tunnelId, nowMs2);
    return tunnelIds;
  }
  #push(pushes) {
    const ports = {
      queue: this.#queue,
      nowMs: () => Date.now(),
      config: (tunnelId) => this.tunnelConfig(tunnelId),
      send: async (objectName, config2) => (await tunnelStub(this.env, objectName).applyConfig(config2)).version,
      sendTimeoutMs: SEND_TIMEOUT_MS,
      settled: (tunnelId) => {
        this.#store.forgetTunnel(tunnelId);
      },
      warn: (event) => {
        console.warn(event);
      }
    };
    return pushConfigs(ports, pushes);
  }
  async #scheduleAlarm() {
    const times = [this.#queue.nextDueMs(), this.#store.nextExpiryMs()].filter((timeMs) => timeMs !== null);
    if (times.length === 0) await this.ctx.storage.deleteAlarm();
    else await this.ctx.storage.setAlarm(Math.min(...times));
  }
};
function described({ id, destination, createdAtMs, updatedAtMs }, totals) {
  return {
    id,
    destination: withoutSecrets(destination),
    secrets: [...secretsOf(destination).keys()],
    createdAtMs,
    updatedAtMs,
    delivery: totals.get(id) ?? NO_DELIVERIES
  };
}
function destinationFacts({ destination }) {
  const { name, kind, url, events } = destination;
  return { name, kind, url: new URL(url).origin, events };
}
function done(tunnelIds, audit) {
  return { result: "done", tunnelIds, audit };
}
function refused(result) {
  return { result };
}

// worker/telemetry/telemetry-object.ts
import { DurableObject as DurableObject2 } from "cloudflare:workers";

// worker/log-delivery/delivery.ts
var FIRST_RETRY_MS2 = 1e3;
var LAST_RETRY_MS2 = 5 * 6e4;
var MAX_HALVINGS = 30;
function newDelivery(id, filter, position) {
  return {
    id,
    filter,
    position,
    shipped: 0,
    lost: 0,
    rejected: 0,
    failures: 0,
    dueAtMs: 0,
    split: null,
    lastSuccessAtMs: null,
    lastError: null
  };
}
function afterSend(delivery, sent, outcome, nowMs2, random) {
  const lost = delivery.lost - sent.overtaken;
  switch (outcome.outcome) {
    case "accepted": {
      const rejected = Math.min(outcome.rejected, sent.count);
      return {
        ...passed(delivery, sent.end),
        lost,
        shipped: delivery.shipped + sent.count - rejected,
        rejected: delivery.rejected + rejected,
        lastSuccessAtMs: nowMs2,
        lastError: rejected > 0 ? { atMs: nowMs2, reason: "rejected some events" } : null
      };
    }
    case "refused": {
      const lastError = { atMs: nowMs2, reason: outcome.reason };
      const { until, halvings } = delivery.split ?? { until: sent.end, halvings: 0 };
      if (sent.count > 1 && halvings < MAX_HALVINGS) {
        const split2 = { until, size: Math.ceil(sent.count / 2), halvings: halvings + 1 };
        return { ...delivery, split: split2, failures: 0, dueAtMs: 0, lastError };
      }
      const dropped = passed(delivery, sent.end);
      const split = dropped.split && { ...dropped.split, size: null };
      return { ...dropped, split, lost, rejected: delivery.rejected + sent.count, lastError };
    }
    case "retry": {
      const failures = delivery.failures + 1;
      return {
        ...delivery,
        failures,
        dueAtMs: nowMs2 + (outcome.retryAfterMs ?? retryDelayMs2(failures, random)),
        lastError: { atMs: nowMs2, reason: outcome.reason }
      };
    }
  }
}
function passed(delivery, end) {
  const position = isBefore(delivery.position, end) ? end : delivery.position;
  const split = delivery.split !== null && isBefore(position, delivery.split.until) ? delivery.split : null;
  return { ...delivery, position, split, failures: 0, dueAtMs: 0 };
}
function overtaken(delivery, firstKeptId, lost) {
  if (delivery.position.id >= firstKeptId) return delivery;
  return { ...delivery, position: { id: firstKeptId, offset: 0 }, lost: delivery.lost + lost };
}
function isBefore(a, b) {
  return a.id < b.id || a.id === b.id && a.offset < b.offset;
}
function retryDelayMs2(failures, random) {
  const fullMs = Math.min(LAST_RETRY_MS2, FIRST_RETRY_MS2 * 2 ** Math.min(failures - 1, 20));
  return Math.round(fullMs * (1 - random / 2));
}

// worker/telemetry/spool.ts
async function spoolEntry(lines, failures) {
  const text3 = lines.join("\n");
  return { count: lines.length, failures, textLength: text3.length, gzipped: await gzip(text3) };
}
var Spool = class {
  #sql;
  #maxBytes;
  #bytes;
  constructor(sql, maxBytes) {
    this.#sql = sql;
    this.#maxBytes = maxBytes;
    sql.exec(`CREATE TABLE IF NOT EXISTS spool (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      count INTEGER NOT NULL,
      failures INTEGER NOT NULL,
      text_length INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      gzipped BLOB NOT NULL
    )`);
    this.#bytes = sql.exec("SELECT coalesce(sum(bytes), 0) AS bytes FROM spool").one().bytes;
  }
  /** Gives the oldest entries that had to make room. One entry always stays, however large. */
  append({ count, failures, textLength, gzipped }) {
    const { byteLength } = gzipped;
    const { id } = this.#sql.exec(
      "INSERT INTO spool (count, failures, text_length, bytes, gzipped) VALUES (?, ?, ?, ?, ?) RETURNING id",
      count,
      failures,
      textLength,
      byteLength,
      gzipped
    ).one();
    this.#bytes += byteLength;
    const dropped = [];
    while (this.#bytes > this.#maxBytes) {
      const [oldest] = this.#rows("id < ? ORDER BY id LIMIT 1", id);
      if (oldest === void 0) break;
      this.deleteBefore(oldest.id + 1);
      dropped.push(oldest);
    }
    return dropped;
  }
  deleteBefore(id) {
    const gone = this.#sql.exec("DELETE FROM spool WHERE id < ? RETURNING bytes", id).toArray();
    for (const { bytes } of gone) this.#bytes -= bytes;
  }
  clear() {
    this.deleteBefore(this.lastId + 1);
  }
  /** Every entry to come stands behind it. */
  get lastId() {
    const [row] = this.#sql.exec("SELECT seq FROM sqlite_sequence WHERE name = 'spool'").toArray();
    return row?.seq ?? 0;
  }
  /** Events that a destination still has before it. */
  backlog({ position, filter }) {
    const { count, failures, first } = this.#sql.exec(
      `SELECT coalesce(sum(count), 0) AS count, coalesce(sum(failures), 0) AS failures,
           coalesce(min(id), 0) AS first FROM spool WHERE id >= ?`,
      position.id
    ).one();
    const rest = count - (first === position.id ? position.offset : 0);
    return filter === "all" ? rest : Math.min(rest, failures);
  }
  /** The lines from `position` on, of as many entries as keep to the limits, but at least of one; none: the end. */
  async read(position, maxEvents, maxLength) {
    const lines = [];
    let end = position;
    for (const { id, gzipped } of this.#entries(position.id, maxEvents, maxLength)) {
      const texts = (await gunzip(gzipped)).split("\n");
      const skip = id === position.id ? position.offset : 0;
      for (let offset = skip; offset < texts.length; offset++) {
        lines.push({ position: { id, offset }, line: texts[offset] ?? "" });
      }
      end = { id: id + 1, offset: 0 };
    }
    return { lines, end };
  }
  /** Read before anything is awaited: they may be deleted meanwhile. */
  #entries(fromId, maxEvents, maxLength) {
    const entries = [];
    let events = 0;
    let length = 0;
    for (const row of this.#sql.exec(
      "SELECT id, count, text_length AS textLength, gzipped FROM spool WHERE id >= ? ORDER BY id",
      fromId
    )) {
      events += row.count;
      length += row.textLength;
      if (entries.length > 0 && (events > maxEvents || length > maxLength)) break;
      entries.push(row);
    }
    return entries;
  }
  #rows(condition, id) {
    return this.#sql.exec(
      `SELECT id, count, failures, bytes FROM spool WHERE ${condition}`,
      id
    ).toArray();
  }
};
function waiting(row, { id, offset }, filter) {
  if (row.id < id) return 0;
  const rest = row.count - (row.id === id ? offset : 0);
  return filter === "all" ? rest : Math.min(rest, row.failures);
}

// worker/telemetry/shipper.ts
var MAX_EVENTS = 1e3;
var MAX_TEXT_LENGTH3 = 512 * 1024;
var MAX_ROUNDS = 20;
var Shipper = class {
  #options;
  #deliveries;
  #running = /* @__PURE__ */ new Set();
  constructor(options) {
    this.#options = options;
    options.sql.exec(
      "CREATE TABLE IF NOT EXISTS deliveries (id TEXT PRIMARY KEY, delivery TEXT NOT NULL) WITHOUT ROWID"
    );
    const rows = options.sql.exec("SELECT delivery FROM deliveries").toArray();
    this.#deliveries = new Map(
      rows.map((row) => JSON.parse(row.delivery)).map((delivery) => [delivery.id, delivery])
    );
  }
  /** The destinations have changed. New ones begin at `newFrom`; those that failed are tried at once. */
  reconcile(destinations, newFrom) {
    for (const id of this.#deliveries.keys()) {
      if (destinations.some((destination) => destination.id === id)) continue;
      this.#deliveries.delete(id);
      this.#options.sql.exec("DELETE FROM deliveries WHERE id = ?", id);
    }
    for (const { id, events: filter } of destinations) {
      const known2 = this.#deliveries.get(id);
      if (known2 === void 0) this.#save(newDelivery(id, filter, { id: newFrom, offset: 0 }));
      else if (known2.failures > 0 || known2.filter !== filter) this.#save({ ...known2, filter, dueAtMs: 0 });
    }
    this.#trim();
  }
  /** Entries that were deleted to make room. */
  dropped(rows) {
    const last = rows.at(-1);
    if (last === void 0) return;
    for (const delivery of this.#deliveries.values()) {
      const lost = rows.reduce((sum, row) => sum + waiting(row, delivery.position, delivery.filter), 0);
      if (delivery.position.id <= last.id) this.#save(overtaken(delivery, last.id + 1, lost));
    }
  }
  /** Sends what is due. Each destination's promise settles when it has caught up, has failed, or has had its turn. */
  ship(destinations) {
    return destinations.flatMap((destination) => {
      if (this.#running.has(destination.id)) return [];
      this.#running.add(destination.id);
      return [this.#run(destination).finally(() => this.#running.delete(destination.id))];
    });
  }
  /** When there is something to do next; null for nothing. A destination under way says so by itself. */
  nextDueMs() {
    const { lastId } = this.#options.spool;
    const due = [...this.#deliveries.values()].filter(({ id, position }) => position.id <= lastId && !this.#running.has(id)).map(({ dueAtMs }) => dueAtMs);
    return due.length === 0 ? null : Math.min(...due);
  }
  get isRunning() {
    return this.#running.size > 0;
  }
  /** Somebody may have mended the destination meanwhile. */
  get hasFailed() {
    return [...this.#deliveries.values()].some(({ failures }) => failures > 0);
  }
  reports() {
    return Array.from(this.#deliveries.values(), (delivery) => {
      const { id, shipped, lost, rejected, lastSuccessAtMs, lastError } = delivery;
      return {
        id,
        shipped,
        lost,
        rejected,
        backlog: this.#options.spool.backlog(delivery),
        lastSuccessAtMs,
        lastError
      };
    });
  }
  async #run(destination) {
    const { id } = destination;
    const { spool, send, nowMs: nowMs2, random } = this.#options;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const before = this.#deliveries.get(id);
      if (before === void 0 || before.dueAtMs > nowMs2() || before.position.id > spool.lastId) break;
      const batch = batchOf(before, await spool.read(before.position, MAX_EVENTS, MAX_TEXT_LENGTH3));
      const count = batch.events.length;
      const outcome = count === 0 ? null : await send(destination, batch.events);
      const delivery = this.#deliveries.get(id);
      if (delivery === void 0) break;
      if (outcome === null) {
        this.#save(passed(delivery, batch.end));
        continue;
      }
      const gone = batch.positions.filter((position) => isBefore(position, delivery.position)).length;
      this.#save(afterSend(delivery, { count, end: batch.end, overtaken: gone }, outcome, nowMs2(), random()));
    }
    this.#trim();
  }
  #save(delivery) {
    this.#deliveries.set(delivery.id, delivery);
    this.#options.sql.exec(
      "INSERT OR REPLACE INTO deliveries (id, delivery) VALUES (?, ?)",
      delivery.id,
      JSON.stringify(delivery)
    );
  }
  /** What every destination has passed is not kept. */
  #trim() {
    const { spool, keptFromId } = this.#options;
    const positions = Array.from(this.#deliveries.values(), ({ position }) => position.id);
    const end = spool.lastId + 1;
    spool.deleteBefore(Math.min(end, keptFromId() ?? end, ...positions));
  }
};
function batchOf({ filter, split }, { lines, end }) {
  const batch = { events: [], positions: [], end };
  for (const { position, line } of lines) {
    const isOver = split !== null && (batch.events.length === split.size || !isBefore(position, split.until));
    if (isOver) return { ...batch, end: position };
    const event = parseEvent(line);
    if (event === null || filter === "failures" && !isFailure(event)) continue;
    batch.events.push(event);
    batch.positions.push(position);
  }
  return batch;
}

// worker/telemetry/traffic-series.ts
var FINE = { stepSeconds: 10, slots: 360 };
var COARSE = { stepSeconds: 60, slots: 1440 };
function noOpenTraffic(nowMs2) {
  return { fine: newStep(nowMs2, FINE.stepSeconds), coarse: newStep(nowMs2, COARSE.stepSeconds) };
}
var TrafficSeries = class {
  #sql;
  constructor(sql) {
    this.#sql = sql;
    sql.exec(`CREATE TABLE IF NOT EXISTS traffic (
      step_seconds INTEGER NOT NULL,
      slot INTEGER NOT NULL,
      at_ms INTEGER NOT NULL,
      traffic TEXT NOT NULL,
      PRIMARY KEY (step_seconds, slot)
    ) WITHOUT ROWID`);
  }
  /** The step for what happens now; those that are over are written. */
  current(open2, nowMs2) {
    const fine = newStep(nowMs2, FINE.stepSeconds);
    if (fine.atMs > open2.fine.atMs) {
      this.#write(FINE, open2.fine);
      addTraffic(open2.coarse.traffic, open2.fine.traffic);
      open2.fine = fine;
      const coarse = newStep(nowMs2, COARSE.stepSeconds);
      if (coarse.atMs > open2.coarse.atMs) {
        this.#write(COARSE, open2.coarse);
        open2.coarse = coarse;
      }
    }
    return open2.fine.traffic;
  }
  /** Steps with traffic that begin after `sinceMs`, in order, of ten seconds or of a minute. */
  steps(open2, sinceMs, stepSeconds) {
    const rows = this.#sql.exec(
      "SELECT at_ms AS atMs, traffic FROM traffic WHERE step_seconds = ? AND at_ms > ? ORDER BY at_ms",
      stepSeconds,
      sinceMs
    ).toArray().map(({ atMs, traffic }) => ({ atMs, traffic: fromJson(traffic) }));
    return [...rows, ...openSteps(open2, stepSeconds).filter(({ atMs }) => atMs > sinceMs)];
  }
  #write({ stepSeconds, slots }, { atMs, traffic }) {
    if (traffic.requests === 0) return;
    this.#sql.exec(
      "INSERT OR REPLACE INTO traffic (step_seconds, slot, at_ms, traffic) VALUES (?, ?, ?, ?)",
      stepSeconds,
      atMs / 1e3 / stepSeconds % slots,
      atMs,
      toJson(traffic)
    );
  }
};
function openSteps({ fine, coarse }, stepSeconds) {
  if (stepSeconds === FINE.stepSeconds) return [fine];
  const both = { atMs: coarse.atMs, traffic: noTraffic() };
  addTraffic(both.traffic, coarse.traffic);
  addTraffic(both.traffic, fine.traffic);
  return [both];
}
function newStep(nowMs2, stepSeconds) {
  return { atMs: nowMs2 - nowMs2 % (stepSeconds * 1e3), traffic: noTraffic() };
}

// worker/telemetry/telemetry-state.ts
var KEPT_SENDERS = 64;
var KEPT_SEQUENCES = 32;
var TelemetryStateStore = class {
  #sql;
  constructor(sql) {
    this.#sql = sql;
    sql.exec("CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL)");
  }
  load(nowMs2) {
    const [row] = this.#sql.exec("SELECT state FROM state").toArray();
    if (row !== void 0) return fromJson(row.state);
    return {
      metrics: noMetrics(),
      traffic: noOpenTraffic(nowMs2),
      connectors: null,
      taken: /* @__PURE__ */ new Map(),
      revision: 0,
      revisionAtMs: 0,
      newFromId: null
    };
  }
  save(state) {
    this.#sql.exec("INSERT OR REPLACE INTO state (id, state) VALUES (1, ?)", toJson(state));
  }
};
function isTaken({ taken }, sender2, sequence2) {
  return taken.get(sender2)?.includes(sequence2) === true;
}
function markTaken({ taken }, sender2, sequence2) {
  const sequences = [...taken.get(sender2) ?? [], sequence2].slice(-KEPT_SEQUENCES);
  taken.delete(sender2);
  taken.set(sender2, sequences);
  const [oldest] = taken.keys();
  if (taken.size > KEPT_SENDERS && oldest !== void 0) taken.delete(oldest);
}

// worker/telemetry/telemetry-object.ts
var GATHER_MS3 = 2e3;
var REGISTRY_TIMEOUT_MS = 1e4;
var REGISTRY_RETRY_MS = 1e4;
var LIST_AGE_MS = 15e3;
var ALARM_WAIT_MS = 2e3;
var GUARD_MS = 3e4;
var MAX_WAITING = 8;
var MAX_BATCH_LENGTH = 512 * 1024;
var Telemetry = class extends DurableObject2 {
  #opened = null;
  /** With secrets, so in memory alone. Null: not asked for since the memory was lost. */
  #list = null;
  /** The Registry did not answer: not before this time. */
  #registryDueMs = 0;
  /** Who comes to life has something to report: a batch or an alarm woke it. */
  #isNews = true;
  #reportedAtMs = 0;
  #lastTurn = Promise.resolve();
  #waiting = 0;
  /** Once per batch, however often it comes. When it returns, the batch is stored. */
  async take(batch) {
    if (this.#waiting >= MAX_WAITING) throw new Error("too many batches at once");
    this.#waiting++;
    try {
      await this.#inTurn(() => this.#take(batch));
    } finally {
      this.#waiting--;
    }
  }
  /** Steps with traffic that begin after `sinceMs`: of ten seconds for the last hour, of a minute for the last day. */
  traffic(sinceMs, stepSeconds) {
    return this.#parts.series.steps(this.#parts.state.traffic, sinceMs, stepSeconds);
  }
  async alarm() {
    await this.#askForDestinations();
    let isOver = false;
    const runs = this.#parts.shipper.ship(this.#list?.destinations ?? []).map(async (run) => {
      try {
        await run;
      } catch (thrown) {
        console.error({ event: "log_shipping_failed", error: String(thrown) });
      }
      this.#isNews = true;
      if (isOver) await this.#schedule(0);
    });
    await withTimeout(Promise.all(runs), ALARM_WAIT_MS, void 0);
    isOver = true;
    if (await this.#report()) await this.#schedule(0);
  }
  /** One after the other: a batch may come twice at once, or while everything is deleted. */
  #inTurn(act) {
    const done2 = this.#lastTurn.then(act);
    this.#lastTurn = done2.catch(() => {
    });
    return done2;
  }
  get #parts() {
    return this.#opened ??= this.#open();
  }
  #open() {
    const { sql } = this.ctx.storage;
    const stateStore = new TelemetryStateStore(sql);
    const state = stateStore.load(Date.now());
    const spool = new Spool(sql, maxSpoolBytes(this.env));
    const shipper = new Shipper({
      sql,
      spool,
      keptFromId: () => state.newFromId,
      nowMs: () => Date.now(),
      random: () => Math.random(),
      send: async (destination, events) => outcomeOf(destination, await sendEvents(destination, events), Date.now())
    });
    return { stateStore, state, series: new TrafficSeries(sql), spool, shipper };
  }
  async #take(given) {
    if (isTaken(this.#parts.state, given.sender, given.sequence)) return;
    const fits = given.lines.length <= MAX_BATCH_LENGTH;
    const batch = fits ? given : { ...given, lines: "", lost: given.lost + given.count };
    const read = await this.#read(batch);
    try {
      this.ctx.storage.transactionSync(() => this.#store(batch, read, Date.now()));
    } catch (thrown) {
      this.#opened = null;
      throw thrown;
    }
    this.#isNews = true;
    await this.#schedule(GATHER_MS3);
  }
  async #read({ lines, destinationsRevision }) {
    const given = lines === "" ? [] : lines.split("\n");
    const events = [];
    const kept = [];
    for (const line of given) {
      const event = parseEvent(line);
      if (event === null) continue;
      events.push(event);
      kept.push(line);
    }
    const isUnsure = this.#isUnsure(destinationsRevision);
    const mustSpool = kept.length > 0 && (isUnsure || this.#parts.state.revision !== 0);
    const entry = mustSpool ? await spoolEntry(kept, events.filter(isFailure).length) : null;
    return { events, malformed: given.length - kept.length, isUnsure, entry };
  }
  #store(batch, { events, malformed: malformed4, isUnsure, entry }, nowMs2) {
    const { state, stateStore, series, spool, shipper } = this.#parts;
    const traffic = series.current(state.traffic, nowMs2);
    for (const event of events) {
      countRequest(state.metrics, event);
      addRequest(traffic, event);
    }
    state.metrics.malformed += malformed4;
    state.metrics.lost += batch.lost;
    if (batch.connectors !== null) state.connectors = batch.connectors;
    markTaken(state, batch.sender, batch.sequence);
    if (isUnsure) state.newFromId ??= spool.lastId + 1;
    if (entry !== null) shipper.dropped(spool.append(entry));
    stateStore.save(state);
  }
  #isUnsure(named) {
    const { revision, revisionAtMs } = this.#parts.state;
    if (named !== null && named !== 0) return named > revision;
    return (named === null || revision !== 0) && Date.now() - revisionAtMs > LIST_AGE_MS;
  }
  /** Where the list of destinations is missing, or may have changed. */
  async #askForDestinations() {
    const { state, shipper } = this.#parts;
    const isWanted = state.newFromId !== null || this.#list === null && shipper.nextDueMs() !== null || shipper.hasFailed && Date.now() - state.revisionAtMs > LIST_AGE_MS;
    if (!isWanted) return;
    const list = await this.#askRegistry((registry2) => registry2.shippingList());
    if (list !== null) this.ctx.storage.transactionSync(() => this.#useList(list));
  }
  #useList(list) {
    const { state, stateStore, shipper, spool } = this.#parts;
    const newFromId = state.newFromId ?? spool.lastId + 1;
    state.newFromId = null;
    if (list.revision !== state.revision) shipper.reconcile(list.destinations, newFromId);
    if (list.destinations.length === 0) spool.clear();
    state.revision = list.revision;
    state.revisionAtMs = Date.now();
    stateStore.save(state);
    this.#list = list;
  }
  /** False: nothing is left of this object. */
  async #report() {
    const { name } = this.ctx.id;
    if (name === void 0 || !this.#isNews || this.#reportDueMs() > Date.now()) return true;
    const { state, shipper } = this.#parts;
    this.#isNews = false;
    const report = { metrics: state.metrics, connectors: state.connectors, deliveries: shipper.reports() };
    const known2 = await this.#askRegistry((registry2) => registry2.telemetryReport(name, report));
    if (known2 === null) this.#isNews = true;
    else this.#reportedAtMs = Date.now();
    return known2 === false ? this.#inTurn(() => this.#forget()) : true;
  }
  /** Of a tunnel that is gone nothing is kept but what has yet to be sent or reported; true: there is such. */
  async #forget() {
    const { shipper } = this.#parts;
    if (this.#isNews || shipper.nextDueMs() !== null || shipper.isRunning) return true;
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    this.#opened = null;
    return false;
  }
  #reportDueMs() {
    return Math.max(this.#reportedAtMs + reportEveryMs(this.env), this.#registryDueMs);
  }
  /** Null when it does not answer; it is then left alone for a while. */
  async #askRegistry(ask) {
    if (Date.now() < this.#registryDueMs) return null;
    try {
      const answer2 = await withTimeout(ask(registryStub(this.env)), REGISTRY_TIMEOUT_MS, null);
      if (answer2 !== null) return answer2;
    } catch (thrown) {
      console.warn({ event: "registry_failed", error: String(thrown) });
    }
    this.#registryDueMs = Date.now() + REGISTRY_RETRY_MS;
    return null;
  }
  /** Sets the alarm for what is to be done next, `waitMs` from now at the earliest; no alarm where there is nothing. */
  async #schedule(waitMs) {
    const { state, shipper } = this.#parts;
    const times = [];
    const shipMs = shipper.nextDueMs();
    if (shipMs !== null) times.push(this.#list === null ? Math.max(shipMs, this.#registryDueMs) : shipMs);
    if (state.newFromId !== null) times.push(this.#registryDueMs);
    if (this.#isNews) times.push(this.#reportDueMs());
    if (shipper.isRunning) times.push(Date.now() + GUARD_MS);
    if (times.length === 0) return;
    const atMs = Math.max(Date.now() + waitMs, Math.min(...times));
    const setMs = await this.ctx.storage.getAlarm();
    if (setMs === null || atMs < setMs) await this.ctx.storage.setAlarm(atMs);
  }
};

// worker/tunnel/tunnel-object.ts
import { DurableObject as DurableObject3 } from "cloudflare:workers";

// worker/auth/verify-token.ts
function verifyToken(config2, kid, digestHex, nowMs2) {
  const token = config2.tokens.find((candidate) => candidate.kid === kid);
  const equal = equalDigests(digestHex, token?.digestHex ?? DUMMY_DIGEST_HEX);
  return equal && token !== void 0 && isLive(token, nowMs2);
}
function tokenIsLive(config2, kid, nowMs2) {
  return config2.tokens.some((token) => token.kid === kid && isLive(token, nowMs2));
}
function verifyGatewayKey(config2, kid, digestHex) {
  const key = config2.gatewayKeys.find((candidate) => candidate.kid === kid);
  const equal = equalDigests(digestHex, key?.digestHex ?? DUMMY_DIGEST_HEX);
  return equal && key !== void 0 ? { project: key.project, environment: key.environment } : null;
}
function isLive(token, nowMs2) {
  return token.expiresAtMs === null || nowMs2 < token.expiresAtMs;
}

// worker/events/event-log.ts
var EventLog = class {
  settings;
  #outbox;
  #tails;
  constructor(settings, outbox, tails) {
    this.settings = settings;
    this.#outbox = outbox;
    this.#tails = tails;
  }
  write = (event) => {
    const shown2 = redact(event, this.settings);
    const line = JSON.stringify(shown2);
    if (this.settings.console) console.log(line);
    this.#outbox.add(line);
    this.#tails.offer(shown2, line);
  };
};

// worker/events/event-outbox.ts
var GATHER_MS4 = 2e3;
var BATCH_EVENTS = 500;
var BATCH_BYTES = 256 * 1024;
var MAX_HELD_EVENTS2 = 1e4;
var MAX_HELD_BYTES2 = 4 * 1024 * 1024;
var MAX_ATTEMPTS = 5;
var FIRST_RETRY_MS3 = 1e3;
var EventOutbox = class {
  #options;
  #lines = [];
  #heldBytes = 0;
  #lost = 0;
  #sequence = 0;
  #news = false;
  #cancelTimer = null;
  #sending = false;
  constructor(options) {
    this.#options = options;
  }
  add(line) {
    if (this.#lines.length >= MAX_HELD_EVENTS2 || this.#heldBytes + line.length > MAX_HELD_BYTES2) {
      this.#lost++;
    } else {
      this.#lines.push(line);
      this.#heldBytes += line.length;
    }
    this.#schedule();
  }
  /** Something that a batch says besides its events has changed. */
  changed() {
    this.#news = true;
    this.#schedule();
  }
  get #isFull() {
    return this.#lines.length >= BATCH_EVENTS || this.#heldBytes >= BATCH_BYTES;
  }
  #schedule() {
    if (this.#sending) return;
    if (this.#isFull) void this.#flush();
    else this.#cancelTimer ??= this.#options.clock.after(GATHER_MS4, () => void this.#flush());
  }
  async #flush() {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#sending = true;
    let goesOn;
    do
      goesOn = await this.#sendOne();
    while (goesOn && this.#isFull);
    this.#sending = false;
    if (this.#lines.length > 0 || this.#news) this.#schedule();
  }
  /** False: the receiver cannot be had, and nothing is held any more. */
  async #sendOne() {
    const lines = this.#take();
    const lost = this.#lost;
    this.#lost = 0;
    this.#news = false;
    const batch = {
      sender: this.#options.sender,
      sequence: ++this.#sequence,
      lines: lines.join("\n"),
      count: lines.length,
      lost,
      ...this.#options.facts()
    };
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#options.send(batch);
        return true;
      } catch (thrown) {
        if (attempt === MAX_ATTEMPTS) {
          this.#giveUp(lines.length + lost, String(thrown));
          return false;
        }
        await this.#pause(FIRST_RETRY_MS3 * 2 ** (attempt - 1));
      }
    }
  }
  #take() {
    let bytes = 0;
    const end = this.#lines.findIndex((line, index) => {
      bytes += line.length;
      return index >= BATCH_EVENTS || bytes > BATCH_BYTES && index > 0;
    });
    const taken = this.#lines.splice(0, end === -1 ? this.#lines.length : end);
    for (const line of taken) this.#heldBytes -= line.length;
    return taken;
  }
  /** The count of what was lost goes with the next batch, whenever there is one. */
  #giveUp(unsent, error2) {
    this.#lost += unsent + this.#lines.length;
    this.#lines = [];
    this.#heldBytes = 0;
    console.error({ event: "telemetry_failed", lost: this.#lost, error: error2 });
  }
  #pause(delayMs) {
    return new Promise((resolve) => this.#options.clock.after(delayMs, () => resolve()));
  }
};

// worker/events/tail-hub.ts
var MAX_TAILS = 8;
var WATCH_MS = 15 * 6e4;
var GATHER_MS5 = 100;
var CLOSE_SERVICE_RESTART = 1012;
var MAX_UNRECEIVED_EVENTS = 1e3;
var TailHub = class {
  #clock;
  #watchers = /* @__PURE__ */ new Map();
  #scheduled = false;
  constructor(clock2) {
    this.#clock = clock2;
  }
  get size() {
    return this.#watchers.size;
  }
  has(socket) {
    return this.#watchers.has(socket);
  }
  accept(socket, filter) {
    const untilMs = this.#clock.nowMs() + WATCH_MS;
    const attachment = { role: "tail", filter, sent: 0, received: 0, untilMs };
    socket.serializeAttachment(attachment);
    this.restore(socket, attachment);
  }
  /** After the object's memory was lost. */
  restore(socket, attachment) {
    this.#watchers.set(socket, { attachment, lines: [], dropped: 0 });
  }
  leave(socket) {
    this.#watchers.delete(socket);
  }
  end(socket, reason) {
    this.#watchers.delete(socket);
    socket.close(CLOSE_SERVICE_RESTART, reason);
  }
  endExpired() {
    const nowMs2 = this.#clock.nowMs();
    for (const [socket, { attachment }] of this.#watchers) {
      if (nowMs2 >= attachment.untilMs) this.end(socket, "show the key again");
    }
  }
  endAll(reason) {
    for (const socket of [...this.#watchers.keys()]) this.end(socket, reason);
  }
  /** `line`: the event as it may be shown. */
  offer(event, line) {
    this.endExpired();
    for (const watcher of this.#watchers.values()) {
      const { attachment, lines } = watcher;
      if (!matches(attachment.filter, event)) continue;
      const unreceived = attachment.sent - attachment.received + lines.length;
      if (unreceived < MAX_UNRECEIVED_EVENTS) lines.push(line);
      else watcher.dropped++;
      this.#schedule();
    }
  }
  /** A watcher's word of how much it has. Whatever else it says is of no account. */
  received(socket, message) {
    const watcher = this.#watchers.get(socket);
    if (watcher === void 0) return;
    const { attachment } = watcher;
    const received = typeof message === "string" ? receivedOf(message) : null;
    if (received === null || received > attachment.sent) return socket.close(1008, "not what a watcher says");
    attachment.received = Math.max(attachment.received, received);
    socket.serializeAttachment(attachment);
    if (watcher.dropped > 0) this.#schedule();
  }
  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.after(GATHER_MS5, () => {
      this.#scheduled = false;
      for (const [socket, watcher] of this.#watchers) flush(socket, watcher);
    });
  }
};
function flush(socket, watcher) {
  const { attachment, lines, dropped } = watcher;
  const isFull = attachment.sent - attachment.received >= MAX_UNRECEIVED_EVENTS;
  if (lines.length === 0 && (dropped === 0 || isFull) || socket.readyState !== WebSocket.OPEN) return;
  attachment.sent += lines.length;
  watcher.lines = [];
  watcher.dropped = 0;
  socket.serializeAttachment(attachment);
  socket.send(`{"events":[${lines.join(",")}],"dropped":${dropped}}`);
}
function receivedOf(message) {
  try {
    const { received } = JSON.parse(message);
    return typeof received === "number" && Number.isInteger(received) && received >= 0 ? received : null;
  } catch {
    return null;
  }
}

// shared/http/dot-segments.ts
var MAX_DECODINGS = 8;
var JUNK = "\\u0000-\\u0020+\\u007f-\\u00a0\\u00ad\\u1680\\u180e\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u2064\\u3000\\ufeff";
var TAIL = "\\u0000;?#:";
var DOTS = new RegExp(`^[${JUNK}]*\\.[${JUNK}.]*(?:$|[${TAIL}])`);
var ALL_JUNK = new RegExp(`[${JUNK}]+`, "g");
var FROM_TAIL = new RegExp(`[${TAIL}].*$`, "s");
var LONG_OVERLONG = /\xe0[\x80-\x9f][\x80-\xbf]|\xf0[\x80-\x8f][\x80-\xbf]{2}|\xf8[\x80-\x87][\x80-\xbf]{3}|\xfc[\x80-\x83][\x80-\xbf]{4}/g;
var UTF8 = /[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}/g;
var ODD_SLASHES = /[\u2044\u2215\u2216\u29f5\u29f8\u29f9\u00a5\u20a9]/g;
var decoder3 = new TextDecoder();
function climbs(rawPath2) {
  const [path = ""] = rawPath2.split("?", 1);
  if (!/[.%\u0080-\uffff]/.test(path)) return false;
  return [undoPercent, undoOverlong, undoLookAlikes].some((undo) => climbsRead(path, undo));
}
function climbsRead(path, undo) {
  let text3 = path;
  for (let round = 0; round <= MAX_DECODINGS; round++) {
    if (segmentsOf(text3).some((segment) => dotsOf(segment) > 1)) return true;
    const undone = undo(text3);
    if (undone === text3) return false;
    text3 = undone;
  }
  return true;
}
function hasDotSegment(path) {
  return [path, lookAlikes(path)].some((text3) => segmentsOf(text3).some((segment) => dotsOf(segment) > 0));
}
function segmentsOf(path) {
  return path.split(/[/\\]/);
}
function dotsOf(segment) {
  if (!DOTS.test(segment)) return 0;
  const plain = segment.replace(ALL_JUNK, "");
  const named = [segment.replace(FROM_TAIL, "").replace(ALL_JUNK, ""), plain.replace(FROM_TAIL, "")];
  if (named.includes("..")) return 2;
  if (named.includes(".")) return 1;
  return plain !== segment && /^\.+$/.test(plain) ? 2 : 0;
}
function undoPercent(text3) {
  return text3.replace(
    /%(?:u([0-9a-f]{4})|([0-9a-f]{2}))/gi,
    (_, wide, byte) => String.fromCharCode(Number.parseInt(wide ?? byte ?? "", 16))
  );
}
function undoOverlong(text3) {
  return undoPercent(text3).replace(LONG_OVERLONG, (bytes) => {
    const code = Array.from(bytes.slice(1)).reduce(
      (bits, byte) => bits << 6 | byte.charCodeAt(0) & 63,
      0
    );
    return code < 128 ? String.fromCharCode(code) : bytes;
  }).replace(
    /([\xc0\xc1])([^])/g,
    (_, first, second) => String.fromCharCode((first.charCodeAt(0) & 1) << 6 | second.charCodeAt(0) & 63)
  );
}
function undoLookAlikes(text3) {
  const characters = undoPercent(text3).replace(
    UTF8,
    (bytes) => decoder3.decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)))
  );
  return lookAlikes(characters);
}
function lookAlikes(text3) {
  return text3.normalize("NFKC").replace(ODD_SLASHES, "/");
}

// shared/http/path-rule.ts
function judgePath(rule, rawPath2) {
  if (rule === null) return "allowed";
  const path = canonicalPath(rawPath2);
  if (path === null) return "ambiguous";
  return rule.some((prefix) => isUnder(path, prefix)) ? "allowed" : "denied";
}
function canonicalPath(rawPath2) {
  const [written = ""] = rawPath2.split("?", 1);
  const path = undoEncoding(written);
  if (path === null || /%(?:25|2f|5c)/i.test(written) || /[\\\p{Cc}]|\/\//u.test(path)) return null;
  return hasDotSegment(path) ? null : path;
}
function isUnder(path, prefix) {
  return path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
}
function undoEncoding(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}

// worker/tunnel/access-policy.ts
var DEFAULT_PORT = { "http:": 80, "https:": 443 };
function compilePolicy(config2) {
  const services = /* @__PURE__ */ new Map();
  for (const service of config2.services) {
    const rule = serviceRule(service);
    if (rule !== null) services.set(service.name.toLowerCase(), rule);
  }
  const hosts = /* @__PURE__ */ new Map();
  const domains = /* @__PURE__ */ new Map();
  for (const network of config2.networks) {
    const rule = { callers: callersOf(network.configurations), network };
    for (const text3 of network.hosts) {
      const pattern = parseHostPattern(text3);
      if (pattern === null) continue;
      for (const port of pattern.ports) {
        append(pattern.wildcard ? domains : hosts, `${pattern.host}:${port}`, rule);
      }
    }
  }
  return { services, hosts, domains };
}
function decide(policy, caller, url, rawPath2) {
  const host = url.hostname.toLowerCase();
  const key = callerKey(caller);
  const service = url.port === "" ? policy.services.get(host) : void 0;
  if (service !== void 0) return decidePath(service.callers.get(key), service.allowed, rawPath2);
  const port = url.port === "" ? DEFAULT_PORT[url.protocol] : Number(url.port);
  if (port === void 0 || !(url.protocol in DEFAULT_PORT)) return UNKNOWN_SERVICE;
  const rules = networkRules(policy, host, port);
  if (rules.length === 0) return UNKNOWN_SERVICE;
  const rule = rules.find(({ callers }) => callers.has(key));
  if (rule === void 0) return ACCESS_DENIED;
  const authority = url.port === "" ? host : `${host}:${port}`;
  const upstream = { origin: `${url.protocol}//${authority}`, pathPrefix: "" };
  return decidePath(rule.callers.get(key), allowed(rule.network, authority, upstream), rawPath2);
}
function decidePath(rule, decision, rawPath2) {
  if (rule === void 0) return ACCESS_DENIED;
  if (rawPath2 === null) return decision;
  if (decision.pathPrefix !== "" && climbs(rawPath2)) return AMBIGUOUS_PATH;
  switch (judgePath(rule, rawPath2)) {
    case "allowed":
      return rule === null || decision.hasPathRule ? decision : { ...decision, hasPathRule: true };
    case "denied":
      return PATH_DENIED;
    case "ambiguous":
      return AMBIGUOUS_PATH;
  }
}
var ACCESS_DENIED = {
  allow: false,
  code: "ACCESS_DENIED",
  message: "This project and environment may not call this service."
};
var PATH_DENIED = {
  allow: false,
  code: "ACCESS_DENIED",
  message: "This project and environment may not call this path of the service."
};
var AMBIGUOUS_PATH = {
  allow: false,
  code: "BAD_REQUEST",
  message: "The path can be read in more than one way, and this service has rules on paths."
};
var UNKNOWN_SERVICE = {
  allow: false,
  code: "UNKNOWN_SERVICE",
  message: "The tunnel has no service of this name and no network rule for this host."
};
function serviceRule(service) {
  const endpoint = parseEndpoint(service.endpoint);
  if (endpoint === null) return null;
  return { callers: callersOf(service.configurations), allowed: allowed(service, service.name, endpoint) };
}
function allowed(rule, service, upstream) {
  return {
    allow: true,
    service,
    target: upstream.origin,
    pathPrefix: upstream.pathPrefix,
    hasPathRule: upstream.pathPrefix !== "",
    connectTimeoutMs: rule.connectTimeoutMs,
    responseTimeoutMs: rule.responseTimeoutMs,
    stallTimeoutMs: rule.stallTimeoutMs,
    maxBodyBytes: rule.maxBodyBytes,
    via: rule.via ?? false,
    retry: rule.retry,
    connectorWaitMs: rule.connectorWaitMs ?? DEFAULT_CONNECTOR_WAIT_MS
  };
}
function networkRules(policy, host, port) {
  const found = [...policy.hosts.get(`${host}:${port}`) ?? []];
  if (policy.domains.size === 0) return found;
  for (let dot = host.indexOf("."); dot !== -1; dot = host.indexOf(".", dot + 1)) {
    found.push(...policy.domains.get(`${host.slice(dot + 1)}:${port}`) ?? []);
  }
  return found;
}
function callerKey(caller) {
  return `${caller.project}
${caller.environment}`;
}
function callersOf(configurations) {
  const callers = /* @__PURE__ */ new Map();
  for (const { project, accessibleBy, paths = null } of configurations) {
    for (const environment of [accessibleBy].flat()) {
      const key = callerKey({ project, environment });
      const before = callers.get(key);
      callers.set(key, before === void 0 ? paths : before && paths && [...before, ...paths]);
    }
  }
  return callers;
}
function append(map, key, value2) {
  const list = map.get(key);
  if (list === void 0) map.set(key, [value2]);
  else list.push(value2);
}

// worker/tunnel/check-list.ts
function checkListOf(services) {
  const entries = [];
  const checked = [];
  let sizeBytes = "[]".length;
  for (const service of services) {
    const entry = entryOf(service);
    if (entry === null) continue;
    sizeBytes += entry.length + 1;
    if (sizeBytes > MAX_CHECKS_BYTES) break;
    entries.push(entry);
    checked.push(service.name);
  }
  const json = `[${entries.join()}]`;
  const revision = crc32Hex(json);
  return { revision, settings: encodeChecks({ revision, json }), services: checked };
}
function outcomesOf({ revision, services }, report) {
  const current = report?.revision === revision ? report : null;
  return new Map(
    services.map((service, index) => [service, current === null ? "PENDING" : outcomeAt(current, index)])
  );
}
function entryOf({ name, endpoint, healthCheck = {} }) {
  const upstream = parseEndpoint(endpoint);
  if (healthCheck === false || upstream === null) return null;
  const { path, ...settings } = healthCheck;
  const whole = path === void 0 ? {} : { path: upstream.pathPrefix + path };
  return JSON.stringify({ service: name, target: upstream.origin, ...whole, ...settings });
}

// shared/protocol/capabilities.ts
var CAPABILITY = {
  /** Paths of 18 KiB, heads of 128 KiB. Else 8 KiB and 48 KiB. */
  LONG_HEADS: 1 << 0,
  /** A WSCLOSE without a code. Else 1000 stands in for it. */
  EMPTY_WSCLOSE: 1 << 1,
  /** `stallTimeoutMs` in HELLO and OPEN. Else a stream's window may stay shut for 60 s. */
  STALL_LIMIT: 1 << 2,
  /** Streams of kind tcp. */
  TCP: 1 << 3,
  /** DATA and WSMSG of 64 KiB. Else 32 KiB. */
  LARGE_DATA: 1 << 4,
  /** The fact `upstreamMs` in HEAD. Else it is left out. */
  UPSTREAM_MS: 1 << 5
};
var OWN_CAPABILITIES = CAPABILITY.LONG_HEADS | CAPABILITY.EMPTY_WSCLOSE | CAPABILITY.STALL_LIMIT | CAPABILITY.LARGE_DATA | CAPABILITY.UPSTREAM_MS;
var SECOND_WINDOW_BYTES = 16 * 1024 * 1024;
var THIRD_WINDOW_BYTES = 32 * 1024 * 1024;
function usableCapabilities(peer) {
  if (peer.capabilities !== 0) return peer.capabilities & OWN_CAPABILITIES;
  let shown2 = 0;
  if (peer.connectionWindowBytes >= SECOND_WINDOW_BYTES) shown2 |= CAPABILITY.UPSTREAM_MS;
  if (peer.connectionWindowBytes >= THIRD_WINDOW_BYTES) shown2 |= CAPABILITY.LARGE_DATA;
  return shown2;
}
function has(capabilities, capability) {
  return (capabilities & CAPABILITY[capability]) !== 0;
}

// shared/protocol/frame.ts
var HEADER_BYTES = 9;
var FRAME = {
  HELLO: 1,
  WELCOME: 2,
  SETTINGS: 3,
  GOAWAY: 4,
  PING: 5,
  STREAMS: 6,
  WINDOW: 7,
  RESTART: 8,
  OPEN: 16,
  HEAD: 17,
  DATA: 18,
  TRAILERS: 19,
  RESET: 20,
  STOP: 21,
  WSMSG: 22,
  WSCLOSE: 23
};
var FIRST_EXTENSION_TYPE = 64;
var FLAG = {
  /** OPEN, HEAD, DATA: the sender's half ends here. */
  END: 1,
  /** HEAD: informational (1xx), the final head still comes. */
  INFO: 2,
  /** PING: this is the answer. */
  ACK: 1,
  /** RESET: nothing of the request was written upstream. */
  NOT_PROCESSED: 1,
  /** WSMSG: a text message. */
  TEXT: 1,
  /** WSMSG: more frames of this message follow. */
  MORE: 2
};
var FRAME_RULES = new Map(
  [
    ["HELLO", "connection", 0, MAX_SETTINGS_BYTES],
    ["WELCOME", "connection", 0, MAX_SETTINGS_BYTES],
    ["SETTINGS", "connection", 0, MAX_SETTINGS_BYTES],
    ["GOAWAY", "connection", 10, 10 + MAX_DETAIL_BYTES],
    ["PING", "connection", 8, 8],
    ["STREAMS", "connection", 4, 4],
    ["WINDOW", "both", 8, 8],
    ["RESTART", "connection", 4, 4],
    ["OPEN", "stream", 3, MAX_HEAD_FRAME_BYTES],
    ["HEAD", "stream", 4, MAX_HEAD_FRAME_BYTES],
    ["DATA", "stream", 0, MAX_DATA_BYTES],
    ["TRAILERS", "stream", 2, MAX_HEAD_FRAME_BYTES],
    ["RESET", "stream", 2, 2 + MAX_DETAIL_BYTES],
    ["STOP", "stream", 0, 0],
    ["WSMSG", "stream", 0, MAX_DATA_BYTES],
    ["WSCLOSE", "stream", 0, 2 + MAX_CLOSE_REASON_BYTES]
  ].map(([name, place, min, max]) => [FRAME[name], { name, place, min, max }])
);
var NO_PAYLOAD = new Uint8Array(0);

// shared/protocol/error-code.ts
var ERROR_CODES = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  FLOW_CONTROL: 2,
  CALM: 3,
  INTERNAL: 4,
  /** The side that asked no longer wants the answer. */
  CANCEL: 5,
  /** The receiver kept the stream's window shut for too long. */
  STALLED: 6,
  /** Not taken, because this end is shutting down. */
  DRAINING: 7,
  /** A frame that the stream's state does not allow, or a head that is no valid HTTP. */
  STREAM_ERROR: 8,
  /** The body ended before its end: whoever forwards it must abort, never end cleanly. */
  BODY_ABORTED: 9,
  /** A newer connection of the same connector took this one's place. */
  REPLACED: 10,
  TOKEN_REVOKED: 11,
  TUNNEL_DELETED: 12,
  /** A WebSocket message over the limit. */
  MESSAGE_TOO_LARGE: 13,
  NO_CONNECTOR: 256,
  OVERLOADED: 257,
  UNKNOWN_TUNNEL: 258,
  UNKNOWN_SERVICE: 259,
  ACCESS_DENIED: 260,
  UPSTREAM_NOT_ALLOWED: 261,
  UPSTREAM_REFUSED: 262,
  UPSTREAM_DNS: 263,
  UPSTREAM_TLS: 264,
  UPSTREAM_PROTOCOL: 265,
  UPSTREAM_CONNECT_TIMEOUT: 266,
  UPSTREAM_RESPONSE_TIMEOUT: 267,
  CONNECTOR_LOST: 268,
  RELAY_RESTART: 269,
  BAD_REQUEST: 270,
  BODY_TOO_LARGE: 271,
  URI_TOO_LONG: 272,
  FIELDS_TOO_LARGE: 273,
  /** The request has passed this relay before (RFC 8586). */
  LOOP_DETECTED: 274
};
var byNumber = new Map(
  Object.entries(ERROR_CODES).map(([code, number5]) => [number5, code])
);
function errorCodeOf(wireNumber) {
  return byNumber.get(wireNumber) ?? "INTERNAL";
}

// shared/protocol/frame-payloads.ts
var encoder3 = new TextEncoder();
var decoder4 = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
function encodeU32(value2) {
  const payload = new Uint8Array(4);
  writeU32(payload, 0, value2);
  return payload;
}
function encodeOffset(offset) {
  const payload = new Uint8Array(8);
  writeU32(payload, 0, Math.floor(offset / 4294967296));
  writeU32(payload, 4, offset % 4294967296);
  return payload;
}
function decodeOffset(payload) {
  const offset = readU32(payload, 0) * 4294967296 + readU32(payload, 4);
  if (offset > MAX_OFFSET) throw connectionError("FLOW_CONTROL", "window offset over 2^53-1");
  return offset;
}
function encodeReset(code, detail) {
  return withText(2, detail, MAX_DETAIL_BYTES, (payload) => writeU16(payload, 0, ERROR_CODES[code]));
}
function decodeReset(payload) {
  return { code: errorCodeOf(readU16(payload, 0)), detail: decoder4.decode(payload.subarray(2)) };
}
function encodeGoaway(goaway) {
  return withText(10, goaway.text, MAX_DETAIL_BYTES, (payload) => {
    writeU32(payload, 0, goaway.lastStreamId);
    writeU16(payload, 4, ERROR_CODES[goaway.code]);
    writeU32(payload, 6, goaway.drainMs);
  });
}
function decodeGoaway(payload) {
  return {
    lastStreamId: readU32(payload, 0),
    code: errorCodeOf(readU16(payload, 4)),
    drainMs: readU32(payload, 6),
    text: decoder4.decode(payload.subarray(10))
  };
}
var CLOSE_NORMAL = 1e3;
function legalCloseCode(code) {
  const assigned = code >= 1e3 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
  return assigned || code >= 3e3 && code <= 4999 ? code : 1002;
}
function encodeClose(code, reason, capabilities = OWN_CAPABILITIES) {
  if (code === null) return has(capabilities, "EMPTY_WSCLOSE") ? NO_PAYLOAD : encodeClose(CLOSE_NORMAL, "");
  return withText(2, reason, MAX_CLOSE_REASON_BYTES, (payload) => writeU16(payload, 0, legalCloseCode(code)));
}
function decodeClose(payload) {
  if (payload.byteLength === 0) return { code: null, reason: "" };
  if (payload.byteLength === 1) throw connectionError("PROTOCOL_ERROR", "WSCLOSE with half a code");
  return { code: legalCloseCode(readU16(payload, 0)), reason: decoder4.decode(payload.subarray(2)) };
}
function utf8Prefix(text3, maxBytes) {
  const buffer = new Uint8Array(maxBytes);
  return buffer.subarray(0, encoder3.encodeInto(text3, buffer).written);
}
function withText(fixedBytes, text3, maxTextBytes, writeFixed) {
  const tail = utf8Prefix(text3, maxTextBytes);
  const payload = new Uint8Array(fixedBytes + tail.byteLength);
  writeFixed(payload);
  payload.set(tail, fixedBytes);
  return payload;
}

// shared/protocol/field-names.ts
var STATIC_FIELD_NAMES = [
  "accept",
  "accept-charset",
  "accept-encoding",
  "accept-language",
  "accept-ranges",
  "access-control-allow-credentials",
  "access-control-allow-headers",
  "access-control-allow-methods",
  "access-control-allow-origin",
  "access-control-expose-headers",
  "access-control-max-age",
  "access-control-request-headers",
  "access-control-request-method",
  "age",
  "allow",
  "alt-svc",
  "authorization",
  "cache-control",
  "cf-connecting-ip",
  "cf-ipcountry",
  "cf-ray",
  "cf-visitor",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-range",
  "content-security-policy",
  "content-type",
  "cookie",
  "cross-origin-opener-policy",
  "cross-origin-resource-policy",
  "date",
  "etag",
  "expires",
  "forwarded",
  "host",
  "idempotency-key",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "last-modified",
  "link",
  "location",
  "origin",
  "pragma",
  "priority",
  "range",
  "referer",
  "referrer-policy",
  "retry-after",
  "sec-fetch-dest",
  "sec-fetch-mode",
  "sec-fetch-site",
  "sec-websocket-protocol",
  "server",
  "server-timing",
  "set-cookie",
  "strict-transport-security",
  "traceparent",
  "tracestate",
  "user-agent",
  "vary",
  "via",
  "www-authenticate",
  "x-api-key",
  "x-content-type-options",
  "x-correlation-id",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-frame-options",
  "x-powered-by",
  "x-ratelimit-limit",
  "x-ratelimit-remaining",
  "x-ratelimit-reset",
  "x-real-ip",
  "x-request-id"
];

// shared/protocol/head-codec.ts
var NAME_IS_ID = 32768;
var FIRST_FIELD_ID = 32;
var FACT = {
  target: 1,
  service: 2,
  method: 3,
  path: 4,
  project: 5,
  environment: 6,
  requestId: 7,
  connectTimeoutMs: 8,
  responseTimeoutMs: 9,
  reason: 10,
  upstreamMs: 11,
  stallTimeoutMs: 12
};
var MAX_FACTS = 16;
var KINDS = ["http", "websocket", "tcp"];
var FACT_NAMES = new Map(
  Object.entries(FACT).map(([name, id]) => [id, name])
);
var ID_OF_NAME = new Map(STATIC_FIELD_NAMES.map((name, index) => [name, FIRST_FIELD_ID + index]));
var encoder4 = new TextEncoder();
var decoder5 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
var scratch = new Uint8Array(MAX_HEAD_FRAME_BYTES);
var MAX_UTF8_PER_UNIT = 3;
var OTHER_FACTS_BYTES = 4 * 1024;
function encodeOpen(open2, capabilities = OWN_CAPABILITIES) {
  const facts2 = [
    ["target", open2.target],
    ["service", open2.service],
    ["method", open2.method],
    ["path", open2.path],
    ["project", open2.project],
    ["environment", open2.environment],
    ["requestId", open2.requestId]
  ];
  if (open2.connectTimeoutMs !== void 0) facts2.push(["connectTimeoutMs", String(open2.connectTimeoutMs)]);
  if (open2.responseTimeoutMs !== void 0) facts2.push(["responseTimeoutMs", String(open2.responseTimeoutMs)]);
  if (open2.stallTimeoutMs !== void 0 && has(capabilities, "STALL_LIMIT"))
    facts2.push(["stallTimeoutMs", String(open2.stallTimeoutMs)]);
  const maxPathLength = has(capabilities, "LONG_HEADS") ? MAX_PATH_LENGTH : SHORT_PATH_LENGTH;
  const problem = requestProblem(open2, maxPathLength);
  if (problem !== null) throw new TunnelError(problem.code, problem.message);
  scratch[0] = KINDS.indexOf(open2.kind) + 1;
  return encodeBlock("FIELDS_TOO_LARGE", 1, facts2, open2.fields, frameLimit(capabilities));
}
function capabilityFor(open2) {
  if (open2.kind === "tcp") return "TCP";
  if (open2.path.length > SHORT_PATH_LENGTH) return "LONG_HEADS";
  const isLong = maxBytesOf(open2) > SHORT_HEAD_FRAME_BYTES && encodeOpen(open2).byteLength > SHORT_HEAD_FRAME_BYTES;
  return isLong ? "LONG_HEADS" : null;
}
function encodeHead(head, capabilities = OWN_CAPABILITIES) {
  const problem = statusProblem(head.status) ?? fieldsProblem(head.fields);
  if (problem !== null) throw new TunnelError("UPSTREAM_PROTOCOL", problem.message);
  writeU16(scratch, 0, head.status);
  const facts2 = [];
  const reason = printable(head.reason);
  if (reason !== "") facts2.push(["reason", reason]);
  if (head.upstreamMs !== void 0 && has(capabilities, "UPSTREAM_MS"))
    facts2.push(["upstreamMs", String(head.upstreamMs)]);
  return encodeBlock("UPSTREAM_PROTOCOL", 2, facts2, head.fields, frameLimit(capabilities));
}
function decodeHead(payload) {
  const { facts: facts2, fields } = decodeBlock(payload, 2);
  const status = readU16(payload, 0);
  const problem = statusProblem(status) ?? fieldsProblem(fields);
  if (problem !== null) throw invalid(problem.message);
  const head = { status, reason: printable(facts2.get("reason") ?? ""), fields };
  const upstreamMs = milliseconds2(facts2, "upstreamMs");
  if (upstreamMs !== null) head.upstreamMs = upstreamMs;
  return head;
}
function encodeTrailers(fields, capabilities = OWN_CAPABILITIES) {
  const problem = fieldsProblem(fields);
  if (problem !== null) throw new TunnelError("UPSTREAM_PROTOCOL", problem.message);
  return encodeBlock("UPSTREAM_PROTOCOL", 0, [], fields, frameLimit(capabilities));
}
function decodeTrailers(payload) {
  const { fields } = decodeBlock(payload, 0);
  const problem = fieldsProblem(fields);
  if (problem !== null) throw invalid(problem.message);
  return fields;
}
function encodeBlock(tooLarge2, prefixBytes, facts2, fields, maxBytes) {
  writeU16(scratch, prefixBytes, facts2.length + fields.length);
  let at = prefixBytes + 2;
  let text3 = "";
  for (const [name, value2] of facts2) {
    writeU16(scratch, at, NAME_IS_ID | FACT[name]);
    writeU16(scratch, at + 2, value2.length);
    at += 4;
    text3 += value2.toWellFormed();
  }
  for (const [name, value2] of fields) {
    const id = ID_OF_NAME.get(name);
    writeU16(scratch, at, id === void 0 ? name.length : NAME_IS_ID | id);
    writeU16(scratch, at + 2, value2.length);
    at += 4;
    if (id === void 0) text3 += name;
    text3 += value2.toWellFormed();
  }
  const { read, written } = encoder4.encodeInto(text3, scratch.subarray(at, maxBytes));
  if (read < text3.length) throw new TunnelError(tooLarge2, `head over ${maxBytes} bytes`);
  return scratch.slice(0, at + written);
}
function frameLimit(capabilities) {
  return has(capabilities, "LONG_HEADS") ? MAX_HEAD_FRAME_BYTES : SHORT_HEAD_FRAME_BYTES;
}
function maxBytesOf({ path, target, fields }) {
  let units = path.length + target.length;
  for (const [name, value2] of fields) units += name.length + value2.length;
  return units * MAX_UTF8_PER_UNIT + OTHER_FACTS_BYTES;
}
function decodeBlock(payload, start) {
  const count = readU16(payload, start);
  const blobAt = start + 2 + 4 * count;
  if (blobAt > payload.byteLength) throw malformed3("the length table overruns its frame");
  if (count > MAX_FIELDS + MAX_FACTS) throw invalid(`${count} fields, at most ${MAX_FIELDS} are taken`);
  const text3 = decodeText(payload.subarray(blobAt));
  const nonAscii = text3.length !== payload.byteLength - blobAt;
  const block = { facts: /* @__PURE__ */ new Map(), fields: [] };
  let cut = 0;
  const take = (length) => {
    const piece = text3.slice(cut, cut + length);
    cut += length;
    if (nonAscii && !piece.isWellFormed()) throw malformed3("a length cuts a character");
    return piece;
  };
  for (let index = 0, at = start + 2; index < count; index++, at += 4) {
    const nameLength = readU16(payload, at);
    const id = nameLength & NAME_IS_ID ? nameLength & ~NAME_IS_ID : null;
    const name = id === null ? take(nameLength) : id >= FIRST_FIELD_ID ? fieldName(id) : null;
    const value2 = take(readU16(payload, at + 2));
    if (name !== null) block.fields.push([name, value2]);
    else addFact(block.facts, id ?? 0, value2);
  }
  if (cut !== text3.length) throw malformed3("field lengths are not their blob's");
  return block;
}
function decodeText(blob) {
  try {
    return decoder5.decode(blob);
  } catch {
    throw malformed3("a head that is not UTF-8");
  }
}
function fieldName(id) {
  const name = STATIC_FIELD_NAMES[id - FIRST_FIELD_ID];
  if (name === void 0) throw malformed3(`unknown static name ${id}`);
  return name;
}
function addFact(facts2, id, value2) {
  if (id === 0) throw malformed3("static name 0");
  const name = FACT_NAMES.get(id);
  if (name !== void 0) facts2.set(name, value2);
}
function milliseconds2(facts2, name) {
  const value2 = facts2.get(name);
  if (value2 === void 0) return null;
  if (!/^[1-9][0-9]{0,8}$/.test(value2)) throw invalid(`${name} is not a number of milliseconds`);
  return Number(value2);
}
function requestProblem(open2, maxPathLength) {
  if (!isRequestMethod(open2.method)) return bad("the method is not one that is carried");
  if (open2.path.length > maxPathLength)
    return { code: "URI_TOO_LONG", message: `path over ${maxPathLength} characters` };
  if (!isRequestPath(open2.path))
    return bad("the path does not start with / or holds a space or control character");
  return fieldsProblem(open2.fields);
}
function statusProblem(status) {
  return status >= 100 && status <= 599 ? null : bad(`status ${status}`);
}
function fieldsProblem(fields) {
  if (fields.length > MAX_FIELDS) return tooLarge(`${fields.length} fields, at most ${MAX_FIELDS} are taken`);
  let size = 0;
  for (const [name, value2] of fields) {
    size += name.length + value2.length;
    if (!ID_OF_NAME.has(name)) {
      if (!isFieldName(name)) return bad("a field name is not a lower-case token");
      if (name.length > MAX_FIELD_NAME_LENGTH)
        return tooLarge(`a field name over ${MAX_FIELD_NAME_LENGTH} bytes`);
      if (HOP_BY_HOP.has(name)) return bad(`field ${name} belongs to one hop`);
    }
    if (!isFieldValue(value2)) return bad(`the value of ${name} has a control character`);
  }
  if (contentLengthOf(fields) === "invalid") return bad("content-length is not one number");
  return size > MAX_HEAD_BYTES ? tooLarge(`fields of ${size} bytes, at most ${MAX_HEAD_BYTES} are taken`) : null;
}
function bad(message) {
  return { code: "BAD_REQUEST", message };
}
function tooLarge(message) {
  return { code: "FIELDS_TOO_LARGE", message };
}
function printable(reason) {
  return reason.slice(0, MAX_FIELD_NAME_LENGTH).replace(/[\u0000-\u001f\u007f]/g, "").toWellFormed();
}
function malformed3(message) {
  return connectionError("PROTOCOL_ERROR", message);
}
function invalid(message) {
  return new TunnelError("STREAM_ERROR", message);
}

// shared/mux/answer-sizes.ts
var KEPT_SHARE = 0.9;
var MAX_SERVICES3 = 1e3;
var AnswerSizes = class {
  #lateBytes = /* @__PURE__ */ new Map();
  of(service) {
    return this.#lateBytes.get(service) ?? 0;
  }
  /** An answer is over that was so large. */
  note(service, bytes) {
    const lateBytes = Math.max(bytes, this.of(service) * KEPT_SHARE);
    if (this.#lateBytes.size >= MAX_SERVICES3 && !this.#lateBytes.has(service)) this.#lateBytes.clear();
    this.#lateBytes.set(service, lateBytes);
  }
};

// shared/mux/flow-window.ts
var SendWindow = class {
  sentBytes = 0;
  limitBytes;
  constructor(initialBytes) {
    this.limitBytes = initialBytes;
  }
  get availableBytes() {
    return this.limitBytes - this.sentBytes;
  }
  spend(bytes) {
    this.sentBytes += bytes;
  }
  /** An older offset than one already seen is ignored: updates may be stale, never credit taken back. */
  grant(limitBytes) {
    if (limitBytes > this.limitBytes) this.limitBytes = limitBytes;
  }
};
var MAX_TAKEN_SHARE = 3 / 4;
var MAX_AHEAD_SHARE = 1 / 2;
var WindowPool = class {
  #freeBytes;
  constructor(bytes) {
    this.#freeBytes = bytes;
  }
  get freeBytes() {
    return this.#freeBytes;
  }
  /** As much of `bytes` as may be had: never all of what is free, so that something is left for the next. */
  take(bytes) {
    const taken = Math.min(bytes, Math.floor(this.#freeBytes * MAX_TAKEN_SHARE));
    this.#freeBytes -= taken;
    return taken;
  }
  giveBack(bytes) {
    this.#freeBytes += bytes;
  }
};
var RoundTrip = class {
  /** Infinity until measured. */
  estimateMs = Infinity;
  sample(elapsedMs) {
    this.estimateMs = Math.max(0.5, Math.min(elapsedMs, this.estimateMs * 1.05 + 0.01));
  }
};
var ReceiveWindow = class {
  receivedBytes = 0;
  consumedBytes = 0;
  #sizeBytes;
  #grantedBytes;
  /** Where and when growth was last considered. */
  #lookedAtBytes = 0;
  #lookedAtMs;
  /** The limit before the grant that is timed: a byte beyond it proves that the grant arrived. */
  #provingOffset = Infinity;
  #provingSinceMs = 0;
  #options;
  constructor(options, nowMs2) {
    this.#options = options;
    this.#sizeBytes = options.baseBytes;
    this.#grantedBytes = options.baseBytes;
    this.#lookedAtMs = nowMs2;
  }
  /** Takes up where a window of the base size stood: all that was received has been consumed. */
  restore(consumedBytes, grantedBytes) {
    this.receivedBytes = consumedBytes;
    this.consumedBytes = consumedBytes;
    this.#lookedAtBytes = consumedBytes;
    this.#grantedBytes = grantedBytes;
  }
  get grantedBytes() {
    return this.#grantedBytes;
  }
  get sizeBytes() {
    return this.#sizeBytes;
  }
  /** False: the peer sent more than it was granted. */
  receive(bytes, nowMs2) {
    this.receivedBytes += bytes;
    if (this.receivedBytes > this.#grantedBytes) return false;
    if (this.receivedBytes > this.#provingOffset) {
      this.#provingOffset = Infinity;
      this.#options.roundTrip.sample(nowMs2 - this.#provingSinceMs);
    }
    return true;
  }
  consume(bytes) {
    this.consumedBytes += bytes;
  }
  /** Bytes that a grant would add now. */
  get owedBytes() {
    return this.consumedBytes + this.#sizeBytes - this.#grantedBytes;
  }
  /** Worth a message of its own; smaller grants ride along with other frames. */
  get isDue() {
    return this.owedBytes * 2 >= this.#sizeBytes;
  }
  /** The new limit to send. Call when something is owed. */
  grant(nowMs2) {
    this.#growIfLimiting(nowMs2);
    if (this.#provingOffset === Infinity) {
      this.#provingOffset = this.#grantedBytes;
      this.#provingSinceMs = nowMs2;
    }
    this.#grantedBytes = Math.min(this.consumedBytes + this.#sizeBytes, MAX_OFFSET);
    return this.#grantedBytes;
  }
  /** So many bytes are announced: a smaller window would only cost round trips until it has grown, a larger one is idle. */
  expect(bytes) {
    const { baseBytes, pool } = this.#options;
    this.#growTo(bytes);
    const idleBytes = this.#sizeBytes - Math.max(baseBytes, bytes);
    if (idleBytes <= 0) return;
    this.#sizeBytes -= idleBytes;
    pool.giveBack(idleBytes);
  }
  /**
   * Before anything has come: so many bytes may be on their way soon. The new limit to send; null where it is the old one.
   * It is not timed: the peer has to think first.
   */
  grantAhead(bytes) {
    const roomBytes = Math.floor(this.#options.pool.freeBytes * MAX_AHEAD_SHARE);
    this.#growTo(Math.min(bytes, this.#sizeBytes + roomBytes));
    if (this.owedBytes <= 0) return null;
    this.#grantedBytes = this.consumedBytes + this.#sizeBytes;
    return this.#grantedBytes;
  }
  /** The growth goes back to the pool. */
  dispose() {
    this.#options.pool.giveBack(this.#sizeBytes - this.#options.baseBytes);
    this.#sizeBytes = this.#options.baseBytes;
  }
  /** Grants that rode along in between don't count: it is half a window since the last look that is timed. */
  #growIfLimiting(nowMs2) {
    const { roundTrip } = this.#options;
    if ((this.consumedBytes - this.#lookedAtBytes) * 2 < this.#sizeBytes) return;
    const elapsedMs = nowMs2 - this.#lookedAtMs;
    this.#lookedAtBytes = this.consumedBytes;
    this.#lookedAtMs = nowMs2;
    if (elapsedMs > 2 * roundTrip.estimateMs) return;
    this.#growTo(this.#sizeBytes * 2);
  }
  #growTo(bytes) {
    const { maxBytes, pool } = this.#options;
    this.#sizeBytes += pool.take(Math.max(0, Math.min(bytes, maxBytes) - this.#sizeBytes));
  }
};
var SendBudget = class {
  #totalBytes;
  #minimumBytes;
  #waiting = /* @__PURE__ */ new Set();
  #usedBytes = 0;
  constructor(totalBytes, minimumBytes) {
    this.#totalBytes = totalBytes;
    this.#minimumBytes = minimumBytes;
  }
  /** Bytes a connection with `unacknowledgedBytes` in flight may send. */
  roomBytes(unacknowledgedBytes) {
    return Math.max(this.#totalBytes - this.#usedBytes, this.#minimumBytes - unacknowledgedBytes, 0);
  }
  change(bytes) {
    this.#usedBytes += bytes;
    if (bytes >= 0 || this.#waiting.size === 0) return;
    const waiting2 = [...this.#waiting];
    this.#waiting.clear();
    for (const wakeUp of waiting2) wakeUp();
  }
  /** Calls `wakeUp` once, when bytes have been acknowledged. */
  notifyWhenFreed(wakeUp) {
    this.#waiting.add(wakeUp);
  }
  forget(wakeUp) {
    this.#waiting.delete(wakeUp);
  }
};

// shared/protocol/headroom.ts
var buffers = /* @__PURE__ */ new WeakSet();
function roomBehindHeadroom(size) {
  return new Uint8Array(new ArrayBuffer(HEADER_BYTES + size), HEADER_BYTES);
}
function markHeadroom(bytes) {
  if (bytes.byteOffset === HEADER_BYTES) buffers.add(bytes.buffer);
}
function withHeadroom(bytes) {
  if (bytes.byteOffset !== HEADER_BYTES || !buffers.has(bytes.buffer)) return null;
  return new Uint8Array(bytes.buffer, 0, HEADER_BYTES + bytes.byteLength);
}

// shared/protocol/frame-codec.ts
function decodeMessage(message, sink) {
  checkMessage(message);
  for (let at = 0; at < message.byteLength; ) {
    const length = readLength(message, at);
    const type = byteAt(message, at + 3);
    const start = at + HEADER_BYTES;
    at = start + length;
    if (type >= FIRST_EXTENSION_TYPE) continue;
    const flags = byteAt(message, start - 5);
    sink(type, flags, readU32(message, start - 4), message.subarray(start, at));
  }
}
function checkMessage(message) {
  const size = message.byteLength;
  if (size === 0) throw connectionError("PROTOCOL_ERROR", "empty message");
  if (size > MAX_MESSAGE_BYTES) throw connectionError("PROTOCOL_ERROR", `message of ${size} bytes`);
  for (let at = 0; at < size; ) {
    if (size - at < HEADER_BYTES)
      throw connectionError("PROTOCOL_ERROR", "message ends inside a frame header");
    const length = readLength(message, at);
    if (length > size - at - HEADER_BYTES) {
      throw connectionError("PROTOCOL_ERROR", "frame is longer than its message");
    }
    checkFrame(byteAt(message, at + 3), readU32(message, at + 5), length);
    at += HEADER_BYTES + length;
  }
}
function checkFrame(type, streamId, length) {
  if (streamId > 2147483647) throw connectionError("PROTOCOL_ERROR", "reserved bit of the stream id is set");
  if (type >= FIRST_EXTENSION_TYPE) return;
  const rule = FRAME_RULES.get(type);
  if (rule === void 0) throw connectionError("PROTOCOL_ERROR", `unknown frame type ${type}`);
  if (length < rule.min || length > rule.max) {
    throw connectionError("PROTOCOL_ERROR", `${rule.name} with a payload of ${length} bytes`);
  }
  if (rule.place !== "both" && streamId === 0 !== (rule.place === "connection")) {
    throw connectionError("PROTOCOL_ERROR", `${rule.name} on stream ${streamId}`);
  }
}
function encodedSize(frames) {
  let size = 0;
  for (const frame of frames) size += HEADER_BYTES + frame.payload.byteLength;
  return size;
}
function encodeInto(message, start, frames) {
  let at = start;
  for (const frame of frames) {
    writeHeader(message, at, frame);
    message.set(frame.payload, at + HEADER_BYTES);
    at += HEADER_BYTES + frame.payload.byteLength;
  }
}
function encodeInPlace(frame) {
  const message = withHeadroom(frame.payload);
  if (message !== null) writeHeader(message, 0, frame);
  return message;
}
function writeHeader(message, at, { type, flags, streamId, payload }) {
  const length = payload.byteLength;
  message[at] = length >>> 16;
  message[at + 1] = length >>> 8;
  message[at + 2] = length;
  message[at + 3] = type;
  message[at + 4] = flags;
  writeU32(message, at + 5, streamId);
}
function readLength(bytes, at) {
  return readU16(bytes, at) << 8 | byteAt(bytes, at + 2);
}

// shared/mux/abuse-budget.ts
var RATES = {
  /** Resets of streams that are not open. Those of open streams are bounded by STREAMS credit. */
  uselessReset: { burst: 1e3, perSecond: 33 },
  /** Frames for streams that are closed on both sides. */
  lateFrame: { burst: 100, perSecond: 10 },
  /** Our own peers send none in bursts. */
  ping: { burst: 100, perSecond: 10 },
  /** WINDOW, STREAMS and STOP frames without effect. Honest peers send some when an END crosses them on its way. */
  staleControl: { burst: 5e3, perSecond: 2e3 },
  /** DATA frames without bytes that end nothing. */
  emptyData: { burst: 100, perSecond: 10 },
  /** A long list of checks takes 17, and it may change every other second. */
  settings: { burst: 100, perSecond: 10 },
  goaway: { burst: 10, perSecond: 1 },
  /** Informational responses (1xx): absorbed, so they must not come without end. */
  informational: { burst: 1e3, perSecond: 100 }
};
var AbuseBudget = class {
  #buckets = /* @__PURE__ */ new Map();
  /** False: the budget for this kind is spent. */
  spend(kind, nowMs2) {
    const { burst, perSecond } = RATES[kind];
    const bucket = this.#buckets.get(kind) ?? { tokens: burst, atMs: nowMs2 };
    bucket.tokens = Math.min(burst, bucket.tokens + (nowMs2 - bucket.atMs) * perSecond / 1e3);
    bucket.atMs = nowMs2;
    this.#buckets.set(kind, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
};

// shared/mux/answer-watch.ts
var AnswerWatch = class {
  #clock;
  #events;
  /** When the first message left that nothing has come after; null while quiet. */
  #unansweredSinceMs = null;
  #asked = false;
  #cancelTimer = null;
  #stopped = false;
  constructor(clock2, events) {
    this.#clock = clock2;
    this.#events = events;
  }
  /** It has been asked, and has not answered yet. */
  get isSuspect() {
    return this.#asked && this.#unansweredSinceMs !== null;
  }
  sent() {
    if (this.#stopped || this.#unansweredSinceMs !== null) return;
    this.#unansweredSinceMs = this.#clock.nowMs();
    this.#asked = false;
    this.#cancelTimer ??= this.#clock.after(ANSWER_TIMEOUT_MS, () => this.#check());
  }
  received() {
    this.#unansweredSinceMs = null;
  }
  /** What was sent is still leaving: nobody can have answered it, and a path that takes bytes is not dead. */
  stillLeaving() {
    if (this.#unansweredSinceMs === null) return;
    this.#unansweredSinceMs = this.#clock.nowMs();
    this.#asked = false;
  }
  /** Nothing is under way: a timer alone would keep an object awake, and billed. */
  rest() {
    if (this.#unansweredSinceMs === null) this.#cancel();
  }
  stop() {
    this.#stopped = true;
    this.#cancel();
  }
  #cancel() {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }
  #check() {
    this.#cancelTimer = null;
    if (this.#unansweredSinceMs !== null && this.#events.lastLifeMs() > this.#unansweredSinceMs)
      this.received();
    if (this.#unansweredSinceMs === null) return;
    const waitedMs = this.#clock.nowMs() - this.#unansweredSinceMs;
    const dueMs = this.#asked ? 2 * ANSWER_TIMEOUT_MS : ANSWER_TIMEOUT_MS;
    if (waitedMs < dueMs) {
      this.#cancelTimer = this.#clock.after(dueMs - waitedMs, () => this.#check());
    } else if (this.#asked) {
      this.stop();
      this.#events.lost();
    } else {
      this.#asked = true;
      this.#cancelTimer = this.#clock.after(ANSWER_TIMEOUT_MS, () => this.#check());
      this.#events.ask();
    }
  }
};

// shared/mux/flight-limit.ts
var MAX_WAIT_MS = 5;
var MAX_WAIT_SHARE = 1 / 4;
var FORGET_MS = 1e4;
var MARK_BYTES = 64 * 1024;
var FlightLimit = class {
  #minimumBytes;
  #marks = [];
  #limitBytes = Infinity;
  #roundTripMs = Infinity;
  /** When an acknowledgement last came in time. */
  #inTimeMs = -Infinity;
  #sentBytes = 0;
  /** What was sent before the last cut says nothing of the limit since. */
  #cutAtBytes = 0;
  /** `minimumBytes`: with less under way, the credit that returns in steps would never return. */
  constructor(minimumBytes) {
    this.#minimumBytes = minimumBytes;
  }
  get bytes() {
    return this.#limitBytes;
  }
  /** A message left that ends at this offset. */
  sent(offsetBytes, underWayBytes, nowMs2) {
    const beginBytes = this.#sentBytes;
    this.#sentBytes = offsetBytes;
    const last = this.#marks.at(-1);
    if (last?.sentMs === nowMs2 && offsetBytes - last.beginBytes <= MARK_BYTES) {
      last.offsetBytes = offsetBytes;
      last.underWayBytes = underWayBytes;
    } else {
      this.#marks.push({ beginBytes, offsetBytes, sentMs: nowMs2, underWayBytes });
    }
  }
  /** The peer has everything up to this offset, `newBytes` of it since it last said so. */
  acknowledged(offsetBytes, newBytes, nowMs2) {
    const arrived = this.#marks.findLastIndex((mark2) => mark2.offsetBytes <= offsetBytes);
    const mark = this.#marks[arrived];
    if (mark === void 0) return;
    this.#marks.splice(0, arrived + 1);
    const elapsedMs = nowMs2 - mark.sentMs;
    this.#roundTripMs = Math.min(elapsedMs, this.#roundTripMs);
    const allowedMs = this.#roundTripMs + Math.max(MAX_WAIT_MS, this.#roundTripMs * MAX_WAIT_SHARE);
    if (elapsedMs <= allowedMs) {
      this.#inTimeMs = nowMs2;
      if (mark.underWayBytes * 2 >= this.#limitBytes) this.#limitBytes += newBytes;
    } else if (nowMs2 - this.#inTimeMs > FORGET_MS) {
      this.#roundTripMs = elapsedMs;
      this.#inTimeMs = nowMs2;
    } else if (mark.offsetBytes > this.#cutAtBytes) {
      const fittingBytes = Math.floor(mark.underWayBytes * allowedMs / elapsedMs);
      this.#limitBytes = Math.max(this.#minimumBytes, fittingBytes);
      this.#cutAtBytes = this.#sentBytes;
    }
  }
};

// shared/mux/send-queue.ts
var MAX_DEFICIT_BYTES = 2 * QUANTUM_BYTES;
var MERGE_BYTES = 4 * 1024;
var Outbox = class {
  streamId;
  window;
  items = [];
  /** Payload bytes of flow-controlled items. */
  queuedBytes = 0;
  deficitBytes = 0;
  inRing = false;
  constructor(streamId, window) {
    this.streamId = streamId;
    this.window = window;
  }
  push(type, flags, payload) {
    const last = this.items.at(-1);
    if (isFlowControlled(type)) this.queuedBytes += payload.byteLength;
    const merges = type === FRAME.DATA && last?.type === FRAME.DATA && (payload.byteLength === 0 || last.payload.byteLength + payload.byteLength <= MERGE_BYTES);
    if (!merges) {
      this.items.push({ type, flags, streamId: this.streamId, payload });
      return;
    }
    last.flags |= flags;
    if (payload.byteLength > 0) last.payload = concat(last.payload, payload);
  }
  clear() {
    this.items.length = 0;
    this.queuedBytes = 0;
  }
  /** Could its next item leave, as far as the stream's own window goes? */
  get isSendable() {
    const next = this.items[0];
    return next !== void 0 && costBytes(next.type, Math.min(next.payload.byteLength, 1)) <= this.window.availableBytes;
  }
  /** What its next item would take whole; Infinity when there is none. */
  get nextCostBytes() {
    const next = this.items[0];
    return next === void 0 ? Infinity : costBytes(next.type, next.payload.byteLength);
  }
  /** The next frame, of a cost of at most `roomBytes` and a payload of `maxDataBytes`; null when none fits. */
  take(roomBytes, maxDataBytes = MAX_DATA_BYTES) {
    const next = this.items[0];
    if (next === void 0) return null;
    const { type, payload } = next;
    if (!isFlowControlled(type)) return this.#shift();
    const overheadBytes = costBytes(type, 0);
    const fits = Math.min(roomBytes, this.window.availableBytes) - overheadBytes;
    if (fits < 0 || fits === 0 && payload.byteLength > 0) return null;
    const length = Math.min(payload.byteLength, fits, maxDataBytes);
    this.window.spend(length + overheadBytes);
    this.queuedBytes -= length;
    if (length === payload.byteLength) return this.#shift();
    next.payload = payload.subarray(length);
    const flags = type === FRAME.WSMSG ? next.flags | FLAG.MORE : 0;
    return { type, flags, streamId: this.streamId, payload: payload.subarray(0, length) };
  }
  #shift() {
    return this.items.shift() ?? null;
  }
};
function costBytes(type, payloadBytes) {
  if (type === FRAME.DATA) return payloadBytes;
  return type === FRAME.WSMSG ? payloadBytes + MESSAGE_OVERHEAD_BYTES : 0;
}
function isFlowControlled(type) {
  return type === FRAME.DATA || type === FRAME.WSMSG;
}
var SendQueue = class {
  #control = [];
  #heads = [];
  /** Outboxes that have something their own window lets go. */
  #ring = [];
  get isEmpty() {
    return this.#control.length === 0 && this.#heads.length === 0 && this.#ring.length === 0;
  }
  /** Have the streams whose turn comes so many bytes together? */
  holds(bytes) {
    let leftBytes = bytes;
    for (const outbox of this.#ring) {
      leftBytes -= outbox.queuedBytes;
      if (leftBytes <= 0) return true;
    }
    return false;
  }
  pushControl(type, payload = NO_PAYLOAD, flags = 0, streamId = 0) {
    this.#control.push({ type, flags, streamId, payload });
  }
  pushHead(type, streamId, payload, flags = 0) {
    this.#heads.push({ type, flags, streamId, payload });
  }
  /** Call after a push to the outbox or a grant to its window. */
  wake(outbox) {
    if (outbox.inRing || !outbox.isSendable) return;
    outbox.inRing = true;
    outbox.deficitBytes = 0;
    this.#ring.push(outbox);
  }
  /** Forgets what waits of a stream, but for its HEADs if they are to be kept. True when its OPEN was among it. */
  drop(outbox, keepHeads = false) {
    outbox.clear();
    const { streamId } = outbox;
    const opening = this.#heads.some((head) => head.type === FRAME.OPEN && head.streamId === streamId);
    this.#heads = this.#heads.filter(
      (head) => head.streamId !== streamId || keepHeads && head.type === FRAME.HEAD
    );
    return opening;
  }
  clear() {
    this.#control = [];
    this.#heads = [];
    for (const outbox of this.#ring) outbox.inRing = false;
    this.#ring = [];
  }
  /** The frames of the next message. `dataRoomBytes` is the connection's credit; `sent` hears what DATA cost. */
  take(dataRoomBytes, sent, maxDataBytes = MAX_DATA_BYTES) {
    const frames = [];
    let size = takeUpTo(this.#control, frames, MAX_MESSAGE_BYTES / 2, 0);
    size = takeUpTo(this.#heads, frames, MAX_MESSAGE_BYTES / 2, size);
    if (this.#heads.length > 0) return frames;
    let roomBytes = dataRoomBytes;
    let skipped = 0;
    while (size < TARGET_MESSAGE_BYTES && skipped < this.#ring.length) {
      const outbox = this.#ring[0];
      if (outbox === void 0) break;
      outbox.deficitBytes = this.#ring.length === 1 ? MAX_DATA_BYTES : Math.min(outbox.deficitBytes + QUANTUM_BYTES, MAX_DEFICIT_BYTES);
      this.#ring.shift();
      const framesBefore = frames.length;
      do {
        const frame = outbox.take(Math.min(outbox.deficitBytes, roomBytes), maxDataBytes);
        if (frame === null) break;
        const cost = costBytes(frame.type, frame.payload.byteLength);
        outbox.deficitBytes -= cost;
        roomBytes -= cost;
        size += HEADER_BYTES + frame.payload.byteLength;
        frames.push(frame);
        sent(outbox, cost);
      } while (size < TARGET_MESSAGE_BYTES && outbox.nextCostBytes <= outbox.deficitBytes);
      skipped = frames.length > framesBefore ? 0 : skipped + 1;
      if (outbox.isSendable) {
        this.#ring.push(outbox);
      } else {
        outbox.inRing = false;
        skipped = 0;
      }
    }
    return frames;
  }
};
function takeUpTo(queue, frames, maxBytes, sizeBefore) {
  let size = sizeBefore;
  let count = 0;
  for (const frame of queue) {
    const frameBytes = HEADER_BYTES + frame.payload.byteLength;
    if (count > 0 && size + frameBytes > maxBytes) break;
    size += frameBytes;
    count++;
  }
  frames.push(...queue.splice(0, count));
  return size;
}
function concat(first, second) {
  const joined2 = new Uint8Array(first.byteLength + second.byteLength);
  joined2.set(first);
  joined2.set(second, first.byteLength);
  return joined2;
}

// shared/mux/mux.ts
var Mux = class {
  clock;
  #abuse = new AbuseBudget();
  #watch;
  closed = false;
  epoch;
  /** The connection window as the peer granted it at first. */
  peerConnectionWindowBytes = 0;
  peerStreamWindowBytes = 0;
  /** What may be used toward the peer: nothing before its HELLO or WELCOME. */
  peerCapabilities = 0;
  #maxDataBytes = SMALL_DATA_BYTES;
  /** When the last message came in; -Infinity before the first. */
  lastReceivedMs = -Infinity;
  #transport;
  #events;
  #options;
  #receiveOptions;
  /** Streams whose peers are owed enough credit to be told when something leaves anyway. */
  #owed = /* @__PURE__ */ new Set();
  /** Streams reset from this end whose peer has not ended its half yet, since when. */
  #tearingDown = /* @__PURE__ */ new Map();
  /** Streams with something to send and a shut window, since when. */
  #stalled = /* @__PURE__ */ new Map();
  /** Since when data waits for the connection's credit alone. */
  #creditAwaitedSinceMs = null;
  #wakeUp = () => this.schedule();
  #cancelStallCheck = null;
  #stallCheckAtMs = Infinity;
  #cancelGather = null;
  #scheduled = false;
  #lastFlushMs = -Infinity;
  #lastCreditMs = -Infinity;
  #nowMs;
  constructor(options) {
    this.#options = options;
    this.#transport = options.transport;
    this.clock = options.clock;
    this.#events = options.events;
    this.#watch = new AnswerWatch(options.clock, {
      ask: options.askForLife ?? (() => this.ping()),
      lost: () => this.giveUp(),
      lastLifeMs: options.lastLifeMs ?? (() => -Infinity)
    });
    this.#nowMs = options.clock.nowMs();
    this.#receiveOptions = {
      baseBytes: options.streamWindowBytes,
      maxBytes: options.streamWindowMaxBytes,
      pool: options.pool,
      roundTrip: new RoundTrip()
    };
    this.epoch = this.#newEpoch();
  }
  /** Streams that are not over, those in teardown included. */
  get streamCount() {
    return this.epoch.streams.size;
  }
  get isClosed() {
    return this.closed;
  }
  /** Upper bound of the round trip, in ms; Infinity until a transfer measured it. */
  get roundTripMs() {
    return this.#receiveOptions.roundTrip.estimateMs;
  }
  // ── the owner's side ────────────────────────────────────────────────────────────────────────────
  /** One binary message from the peer. Never throws: a violation ends the connection. */
  receive(message) {
    if (this.closed) return;
    this.#nowMs = this.clock.nowMs();
    this.lastReceivedMs = this.#nowMs;
    this.#watch.received();
    try {
      decodeMessage(message, (type, flags, streamId, payload) => {
        if (!this.closed) this.#dispatch(type, flags, streamId, payload);
      });
    } catch (thrown) {
      this.fail(this.#failureOf(thrown));
    }
    this.turnEnded();
  }
  /** A sign of life that is no message of ours. */
  heard() {
    this.#watch.received();
  }
  /** Something was sent, the peer was asked, and nothing has come since. */
  get isSuspect() {
    return this.#watch.isSuspect;
  }
  /** The transport's backlog has shrunk. */
  drained() {
    if (this.#transport.bufferedBytes() > 0) this.#watch.stillLeaving();
    if (!this.epoch.queue.isEmpty) this.schedule();
  }
  ping() {
    this.epoch.queue.pushControl(FRAME.PING, new Uint8Array(8));
    this.schedule();
  }
  /** Settings of the connection: they outlive its epochs. */
  sendSettings(payload) {
    if (this.closed) return;
    this.epoch.queue.pushControl(FRAME.SETTINGS, payload);
    this.schedule();
  }
  /** Says that this end takes or opens no more streams; those taken go on. */
  goaway(code, drainMs, text3 = "") {
    if (this.closed) return;
    const lastStreamId = this.lastTakenStreamId();
    this.epoch.queue.pushControl(FRAME.GOAWAY, encodeGoaway({ lastStreamId, code, drainMs, text: text3 }));
    this.schedule();
  }
  /** The socket is gone: every stream fails, nothing is sent. */
  transportClosed(error2) {
    this.#shutDown(error2);
  }
  /** The peer has shown no life when it should have. */
  giveUp() {
    const message = "The other end gave no sign of life.";
    this.fail(new TunnelError("CONNECTOR_LOST", message, { scope: "connection" }), CLOSE_GOING_AWAY);
  }
  /** Ends the connection with a GOAWAY that says why, and closes the socket with `closeCode`. */
  fail(error2, closeCode = CLOSE_PROTOCOL_ERROR) {
    if (this.closed) return;
    const lastStreamId = this.lastTakenStreamId();
    const payload = encodeGoaway({ lastStreamId, code: error2.code, drainMs: 0, text: error2.message });
    this.#transport.send([{ type: FRAME.GOAWAY, flags: 0, streamId: 0, payload }]);
    this.#transport.close(closeCode, error2.code);
    this.#shutDown(error2);
  }
  /** Sends what waits, as far as credit and the transport go. Called by itself at the end of a turn. */
  flush() {
    this.#scheduled = false;
    this.#cancelGather?.();
    this.#cancelGather = null;
    if (this.closed) return;
    this.#nowMs = this.clock.nowMs();
    this.#lastFlushMs = this.#nowMs;
    do {
      let touched = null;
      this.#queueCredit();
      const room = this.#dataRoomBytes();
      const sent = (outbox, cost) => {
        (touched ??= /* @__PURE__ */ new Set()).add(outbox);
        this.epoch.sendWindow.spend(cost);
        this.#options.budget.change(cost);
      };
      const frames = this.epoch.queue.take(room, sent, this.#maxDataBytes);
      if (frames.length === 0) break;
      this.#transport.send(frames);
      if (frames.some(wantsAnswer)) this.#watch.sent();
      if (touched !== null) this.#allSent(touched);
      if (this.closed) return;
    } while (!this.epoch.queue.isEmpty);
    this.turnEnded();
    if (this.epoch.queue.isEmpty) return;
    this.#options.budget.notifyWhenFreed(this.#wakeUp);
    if (this.#isBacklogged) return;
    this.#creditAwaitedSinceMs ??= this.#nowMs;
    this.#scheduleStallCheck();
  }
  /** Forgets all streams; ids, windows and credits begin again. */
  restart(error2) {
    const { streams } = this.epoch;
    const { unacknowledgedBytes } = this;
    this.epoch = this.#newEpoch();
    this.#disposeEpoch(unacknowledgedBytes);
    for (const stream of streams.values()) this.failStream(stream, error2);
  }
  adoptPeer(peer) {
    this.peerCapabilities = usableCapabilities(peer);
    this.#maxDataBytes = has(this.peerCapabilities, "LARGE_DATA") ? MAX_DATA_BYTES : SMALL_DATA_BYTES;
    this.peerConnectionWindowBytes = peer.connectionWindowBytes;
    this.peerStreamWindowBytes = peer.streamWindowBytes;
    this.epoch.sendWindow.grant(peer.connectionWindowBytes);
  }
  newReceiveWindow() {
    return new ReceiveWindow(this.#receiveOptions, this.#nowMs);
  }
  spend(kind) {
    if (!this.#abuse.spend(kind, this.#nowMs))
      throw connectionError("CALM", `too many frames of kind ${kind}`);
  }
  schedule() {
    if (this.closed) return;
    if (this.#scheduled) {
      if (this.#cancelGather !== null && this.epoch.queue.holds(TARGET_MESSAGE_BYTES)) this.flush();
      return;
    }
    this.#scheduled = true;
    const gatherMs = Math.min(this.streamCount * GATHER_MS_PER_STREAM, this.#options.gatherMs);
    const elapsedMs = this.clock.nowMs() - this.#lastFlushMs;
    if (gatherMs >= MIN_GATHER_MS && elapsedMs < gatherMs) {
      this.#cancelGather = this.clock.after(gatherMs - elapsedMs, () => this.flush());
    } else {
      this.clock.soon(() => {
        if (this.#scheduled) this.flush();
      });
    }
  }
  // ── what streams ask for ────────────────────────────────────────────────────────────────────────
  sendHead(type, streamId, payload, flags = 0) {
    this.epoch.queue.pushHead(type, streamId, payload, flags);
    const stream = this.epoch.streams.get(streamId);
    if (stream !== void 0) this.streamTouched(stream);
    this.schedule();
  }
  wake(outbox) {
    this.epoch.queue.wake(outbox);
    if (outbox.inRing) return this.schedule();
    const stream = this.epoch.streams.get(outbox.streamId);
    if (stream === void 0 || outbox.items.length === 0) return;
    this.#noteStalled(outbox);
    this.streamTouched(stream);
    this.schedule();
  }
  creditOwed(stream) {
    const window = stream.receiveWindow;
    if (window.owedBytes * 8 < window.sizeBytes) return;
    this.#owed.add(stream);
    if (window.isDue) this.schedule();
  }
  dropQueued(stream, keepHeads) {
    this.#stalled.delete(stream);
    return this.epoch.queue.drop(stream.outbox, keepHeads);
  }
  settle(stream) {
    if (this.epoch.streams.get(stream.id) !== stream) return;
    if (!stream.isOver) return stream.isAbandoned ? this.#awaitTeardown(stream) : void 0;
    this.epoch.streams.delete(stream.id);
    this.#forget(stream);
    this.streamGone(stream);
    if (this.epoch.streams.size === 0) this.#watch.rest();
    stream.finish();
  }
  // ── frames in ───────────────────────────────────────────────────────────────────────────────────
  #dispatch(type, flags, streamId, payload) {
    if (this.intercept(type, flags, streamId, payload)) return;
    switch (type) {
      case FRAME.GOAWAY: {
        this.spend("goaway");
        const goaway = decodeGoaway(payload);
        this.goawayReceived(goaway);
        this.#events.onGoaway?.(goaway);
        return;
      }
      case FRAME.PING:
        if ((flags & FLAG.ACK) !== 0) return;
        this.spend("ping");
        this.epoch.queue.pushControl(FRAME.PING, payload.slice(), FLAG.ACK);
        return this.schedule();
      case FRAME.SETTINGS: {
        this.spend("settings");
        const settings = decodeSettings(payload);
        this.#events.onSettings?.(settings);
        return;
      }
      case FRAME.WINDOW:
        return this.#receiveWindow(streamId, decodeOffset(payload));
      case FRAME.HEAD:
      case FRAME.DATA:
      case FRAME.TRAILERS:
      case FRAME.RESET:
      case FRAME.STOP:
      case FRAME.WSMSG:
      case FRAME.WSCLOSE:
        return this.#receiveStreamFrame(type, flags, streamId, payload);
      default:
        throw connectionError("PROTOCOL_ERROR", `frame type ${type} may not come from this end or now`);
    }
  }
  #receiveStreamFrame(type, flags, streamId, payload) {
    const cost = costBytes(type, payload.byteLength);
    if (cost > 0) this.#receiveConnectionBytes(cost);
    if (type === FRAME.DATA && cost === 0 && (flags & FLAG.END) === 0) this.spend("emptyData");
    if (type === FRAME.HEAD && (flags & FLAG.INFO) !== 0) this.spend("informational");
    const stream = this.epoch.streams.get(streamId);
    if (stream === void 0) return this.#receiveLate(type, streamId);
    this.streamTouched(stream);
    try {
      if (cost > 0 && !stream.receiveWindow.receive(cost, this.#nowMs)) {
        if (!stream.isAbandoned) throw new TunnelError("FLOW_CONTROL", "data beyond the stream's window");
        this.spend("lateFrame");
      }
      deliver(stream, type, flags, payload);
    } catch (thrown) {
      const error2 = this.#failureOf(thrown);
      if (error2.scope === "connection") throw error2;
      stream.reset(error2.code, error2.message);
    }
  }
  #failureOf(thrown) {
    if (!(thrown instanceof TunnelError)) this.#events.onFault?.(thrown);
    return TunnelError.from(thrown);
  }
  #receiveLate(type, streamId) {
    if (this.isRefused(streamId)) return;
    if (!this.wasOpened(streamId)) {
      throw connectionError("PROTOCOL_ERROR", `a frame for stream ${streamId}, which was never opened`);
    }
    if (type === FRAME.RESET) this.spend("uselessReset");
    else this.spend(type === FRAME.STOP ? "staleControl" : "lateFrame");
  }
  #receiveWindow(streamId, limitBytes) {
    if (streamId === 0) return this.#receiveConnectionWindow(limitBytes);
    const stream = this.epoch.streams.get(streamId);
    if (stream === void 0) {
      if (!this.wasOpened(streamId))
        throw connectionError("PROTOCOL_ERROR", `WINDOW on idle stream ${streamId}`);
      return this.spend("staleControl");
    }
    const { outbox } = stream;
    if (limitBytes <= outbox.window.limitBytes) return this.spend("staleControl");
    outbox.window.grant(limitBytes);
    this.streamTouched(stream);
    this.#stalled.delete(stream);
    this.wake(outbox);
  }
  #receiveConnectionWindow(limitBytes) {
    const { flight, sendWindow } = this.epoch;
    const addedBytes = limitBytes - sendWindow.limitBytes;
    if (addedBytes <= 0) return this.spend("staleControl");
    if (limitBytes > sendWindow.sentBytes + this.peerConnectionWindowBytes) {
      throw connectionError("FLOW_CONTROL", "connection credit beyond what was sent");
    }
    sendWindow.grant(limitBytes);
    flight.acknowledged(limitBytes - this.peerConnectionWindowBytes, addedBytes, this.#nowMs);
    this.#creditAwaitedSinceMs = null;
    this.#options.budget.change(-addedBytes);
    if (!this.epoch.queue.isEmpty) this.schedule();
  }
  #receiveConnectionBytes(cost) {
    const { epoch } = this;
    epoch.receivedBytes += cost;
    if (epoch.receivedBytes > epoch.grantedBytes) {
      throw connectionError("FLOW_CONTROL", "data beyond the connection's window");
    }
    const windowBytes = this.#options.connectionWindowBytes;
    const limitBytes = epoch.receivedBytes + windowBytes;
    const owedBytes = limitBytes - epoch.grantedBytes;
    const isSlow = owedBytes >= SLOW_CREDIT_BYTES && this.#nowMs - this.#lastCreditMs >= SLOW_CREDIT_MS;
    if (owedBytes < Math.min(windowBytes / 8, CONNECTION_CREDIT_STEP_BYTES) && !isSlow) return;
    this.#lastCreditMs = this.#nowMs;
    epoch.grantedBytes = limitBytes;
    epoch.queue.pushControl(FRAME.WINDOW, encodeOffset(limitBytes));
    this.schedule();
  }
  // ── frames out ──────────────────────────────────────────────────────────────────────────────────
  #queueCredit() {
    this.queueStreamsCredit();
    for (const stream of this.#owed) {
      if (!stream.wantsCredit || stream.receiveWindow.owedBytes <= 0) continue;
      const limitBytes = stream.receiveWindow.grant(this.#nowMs);
      this.streamTouched(stream);
      this.epoch.queue.pushControl(FRAME.WINDOW, encodeOffset(limitBytes), 0, stream.id);
    }
    this.#owed.clear();
  }
  get unacknowledgedBytes() {
    const { sentBytes, limitBytes } = this.epoch.sendWindow;
    return Math.max(0, sentBytes - (limitBytes - this.peerConnectionWindowBytes));
  }
  get #isBacklogged() {
    return this.#transport.bufferedBytes() > SEND_BACKLOG_BYTES;
  }
  #dataRoomBytes() {
    if (this.#isBacklogged) return 0;
    const { flight, sendWindow } = this.epoch;
    const underWayBytes = this.unacknowledgedBytes;
    const room = Math.min(this.#options.budget.roomBytes(underWayBytes), flight.bytes - underWayBytes);
    return Math.min(room, sendWindow.availableBytes);
  }
  #noteFlight() {
    const { flight, sendWindow } = this.epoch;
    flight.sent(sendWindow.sentBytes, this.unacknowledgedBytes, this.#nowMs);
  }
  #allSent(outboxes) {
    this.#noteFlight();
    for (const outbox of outboxes) this.#afterSend(outbox);
  }
  #afterSend(outbox) {
    const stream = this.epoch.streams.get(outbox.streamId);
    if (stream?.outbox !== outbox) return;
    if (outbox.items.length === 0) this.#stalled.delete(stream);
    this.#noteStalled(outbox);
    this.streamTouched(stream);
    stream.afterSend();
  }
  // ── stalls ──────────────────────────────────────────────────────────────────────────────────────
  #noteStalled(outbox) {
    if (outbox.inRing || outbox.items.length === 0) return;
    const stream = this.epoch.streams.get(outbox.streamId);
    if (stream === void 0 || this.#stalled.has(stream)) return;
    this.#stalled.set(stream, this.clock.nowMs());
    this.#events.onStalled?.();
    this.#scheduleStallCheck(stream.stallTimeoutMs);
  }
  /** A service's limit may be shorter than the steps in which the others are looked at. */
  #scheduleStallCheck(limitMs = STALL_CHECK_MS) {
    const delayMs = Math.min(limitMs, STALL_CHECK_MS);
    const atMs = this.clock.nowMs() + delayMs;
    if (this.#stallCheckAtMs <= atMs) return;
    this.#cancelStallCheck?.();
    this.#stallCheckAtMs = atMs;
    this.#cancelStallCheck = this.clock.after(delayMs, () => this.#checkStalls());
  }
  #stopStallChecks() {
    this.#cancelStallCheck?.();
    this.#cancelStallCheck = null;
    this.#stallCheckAtMs = Infinity;
  }
  stallTimeoutOf({ stallTimeoutMs }) {
    if (!has(this.peerCapabilities, "STALL_LIMIT")) return STALL_TIMEOUT_MS;
    return stallTimeoutMs ?? this.stallTimeoutMs;
  }
  /** A peer that leaves RESETs unanswered would fill the table with streams that nobody uses. */
  #awaitTeardown(stream) {
    if (this.#tearingDown.has(stream)) return;
    this.#tearingDown.set(stream, this.clock.nowMs());
    this.#scheduleStallCheck();
  }
  #checkStalls() {
    this.#stopStallChecks();
    const nowMs2 = this.clock.nowMs();
    let nextMs = STALL_CHECK_MS;
    for (const [stream, sinceMs2] of this.#stalled) {
      const timeoutMs = stream.stallTimeoutMs;
      const leftMs = sinceMs2 + timeoutMs - nowMs2;
      if (leftMs > 0) nextMs = Math.min(nextMs, leftMs);
      else stream.reset("STALLED", `the peer took nothing for ${timeoutMs / 1e3} s`);
    }
    const [teardownSinceMs = nowMs2] = this.#tearingDown.values();
    if (nowMs2 - teardownSinceMs >= STALL_TIMEOUT_MS) {
      return this.fail(connectionError("STALLED", "the peer does not answer RESET"));
    }
    if (this.epoch.queue.isEmpty) this.#creditAwaitedSinceMs = null;
    const sinceMs = this.#creditAwaitedSinceMs;
    if (sinceMs !== null && nowMs2 - sinceMs >= STALL_TIMEOUT_MS) {
      return this.fail(connectionError("STALLED", "the peer returns no connection credit"));
    }
    if (this.#stalled.size > 0 || this.#tearingDown.size > 0 || sinceMs !== null)
      this.#scheduleStallCheck(nextMs);
  }
  // ── endings ─────────────────────────────────────────────────────────────────────────────────────
  #newEpoch() {
    return {
      streams: /* @__PURE__ */ new Map(),
      queue: new SendQueue(),
      sendWindow: new SendWindow(this.peerConnectionWindowBytes),
      flight: new FlightLimit(MIN_UNDER_WAY_BYTES),
      receivedBytes: 0,
      grantedBytes: this.#options.connectionWindowBytes
    };
  }
  #forget(stream) {
    this.#owed.delete(stream);
    this.#stalled.delete(stream);
    this.#tearingDown.delete(stream);
    stream.receiveWindow.dispose();
  }
  #disposeEpoch(unacknowledgedBytes) {
    this.#options.budget.change(-unacknowledgedBytes);
    this.#stopStallChecks();
    this.#creditAwaitedSinceMs = null;
  }
  /** Ends a stream without a word to the peer. One that was never sent may be sent elsewhere. */
  failStream(stream, error2) {
    const neverSent = this.epoch.queue.drop(stream.outbox) && !error2.notProcessed;
    this.#forget(stream);
    this.epoch.streams.delete(stream.id);
    this.streamGone(stream);
    stream.fail(neverSent ? new TunnelError(error2.code, error2.message, { notProcessed: true }) : error2);
  }
  #shutDown(error2) {
    if (this.closed) return;
    this.closed = true;
    this.#scheduled = false;
    this.#cancelGather?.();
    this.#watch.stop();
    this.#disposeEpoch(this.unacknowledgedBytes);
    for (const stream of this.epoch.streams.values()) this.failStream(stream, error2);
    this.#options.budget.forget(this.#wakeUp);
    this.#events.onClosed(error2);
  }
};
function wantsAnswer({ type, flags }) {
  if (type === FRAME.PING) return (flags & FLAG.ACK) === 0;
  const credit = type === FRAME.WINDOW || type === FRAME.STREAMS;
  return !credit && type !== FRAME.GOAWAY && type !== FRAME.SETTINGS;
}
function deliver(stream, type, flags, payload) {
  switch (type) {
    case FRAME.HEAD:
      return stream.receiveHead(payload, flags);
    case FRAME.DATA:
      return stream.receiveData(payload, flags);
    case FRAME.TRAILERS:
      return stream.receiveTrailers(payload);
    case FRAME.RESET: {
      const { code, detail } = decodeReset(payload);
      const notProcessed = (flags & FLAG.NOT_PROCESSED) !== 0;
      return stream.receiveReset(new TunnelError(code, detail, { notProcessed }));
    }
    case FRAME.STOP:
      return stream.receiveStop();
    case FRAME.WSMSG:
      return stream.receiveMessage(payload, flags);
    case FRAME.WSCLOSE:
      return stream.receiveClose(payload);
    default:
      throw connectionError("PROTOCOL_ERROR", `frame type ${type} for a stream`);
  }
}

// shared/mux/receive-queue.ts
var MIN_VIEW_BYTES = 8 * 1024;
var MAX_PINNED_RATIO = 2.25;
var MIN_TAIL_BYTES = 4 * 1024;
var MAX_TAIL_BYTES = 64 * 1024;
function detached(view2) {
  return mayKeep(view2) ? view2 : new Uint8Array(view2);
}
function mayKeep(view2) {
  return view2.byteLength >= MIN_VIEW_BYTES && view2.byteLength * MAX_PINNED_RATIO >= view2.buffer.byteLength;
}
var ReceiveQueue = class {
  #chunks = [];
  /** Small slices gather here; it stands behind all chunks. */
  #tail = null;
  #tailBytes = 0;
  #bytes = 0;
  get bytes() {
    return this.#bytes;
  }
  push(view2) {
    if (view2.byteLength === 0) return;
    if (mayKeep(view2)) {
      this.#flushTail();
      this.#chunks.push(view2);
    } else {
      this.#append(view2);
    }
    this.#bytes += view2.byteLength;
  }
  shift() {
    if (this.#chunks.length === 0) this.#flushTail();
    const chunk = this.#chunks.shift();
    if (chunk === void 0) return null;
    this.#bytes -= chunk.byteLength;
    return chunk;
  }
  clear() {
    this.#chunks = [];
    this.#tail = null;
    this.#tailBytes = 0;
    this.#bytes = 0;
  }
  #append(view2) {
    if (this.#tail !== null && this.#tailBytes + view2.byteLength > this.#tail.byteLength) this.#flushTail();
    if (this.#tail === null) {
      const roomBytes = this.#bytes === 0 ? 0 : Math.min(Math.max(this.#bytes, MIN_TAIL_BYTES), MAX_TAIL_BYTES);
      this.#tail = new Uint8Array(Math.max(roomBytes, view2.byteLength));
      this.#tailBytes = 0;
    }
    this.#tail.set(view2, this.#tailBytes);
    this.#tailBytes += view2.byteLength;
  }
  #flushTail() {
    if (this.#tail === null) return;
    const filled = this.#tail.subarray(0, this.#tailBytes);
    this.#chunks.push(filled.byteLength * MAX_PINNED_RATIO < this.#tail.byteLength ? filled.slice() : filled);
    this.#tail = null;
  }
};

// shared/mux/stream-state.ts
function nextHalf(half, event, kind) {
  switch (event.frame) {
    case "HEAD":
      if (half !== "head") throw refused2(half, "HEAD");
      if (event.switchesProtocols && kind !== "websocket") throw refused2(half, "HEAD 101 on kind " + kind);
      if (event.informational) {
        if (event.end) throw refused2(half, "an informational HEAD with END");
        return "head";
      }
      if (event.switchesProtocols && event.end) throw refused2(half, "HEAD 101 with END");
      if (event.end) return "ended";
      return event.switchesProtocols ? "messages" : "body";
    case "DATA":
      if (half !== "body") throw refused2(half, "DATA");
      return event.end ? "ended" : "body";
    case "TRAILERS":
      if (half !== "body") throw refused2(half, "TRAILERS");
      return "ended";
    case "WSMSG":
      if (half !== "messages") throw refused2(half, "WSMSG");
      return "messages";
    case "WSCLOSE":
      if (half !== "messages") throw refused2(half, "WSCLOSE");
      return "ended";
  }
}
function refused2(half, what) {
  return new TunnelError("STREAM_ERROR", `${what} while the half is ${half}`);
}

// shared/mux/mux-stream.ts
var MuxStream = class {
  id;
  open;
  outbox;
  receiveWindow;
  trailers = null;
  closeFrame = null;
  #host;
  #handler = null;
  #localHalf;
  #remoteHalf;
  /** Set by a reset from this end: what still arrives is discarded until the peer's own last frame. */
  #abandoned = false;
  #stopSent = false;
  #stopped = false;
  #closed = false;
  #closeError = null;
  #writerWaits = false;
  /** The last frame received said that more of its message follows. */
  #midMessage = false;
  #received = new ReceiveQueue();
  #messages = [];
  constructor(options) {
    this.id = options.id;
    this.open = options.open;
    this.#host = options.host;
    this.#localHalf = options.localHalf;
    this.#remoteHalf = options.remoteHalf;
    this.receiveWindow = options.receiveWindow;
    this.outbox = new Outbox(options.id, options.sendWindow);
  }
  // ── the owner's side ────────────────────────────────────────────────────────────────────────────
  /** An owner hears now of what it missed: that the stream was reset already, or that it is at rest. */
  attach(handler) {
    this.#handler = handler;
    if (this.isAtRest) this.tellRest();
    if (this.#closed) handler.onClosed(this.#closeError);
  }
  sendHead(head, end = false) {
    if (this.#localHalf === "ended") return;
    const switching = head.status === 101;
    const informational = head.status < 200 && !switching;
    const next = nextHalf(
      this.#localHalf,
      { frame: "HEAD", informational, end, switchesProtocols: switching },
      this.open.kind
    );
    const payload = encodeHead(head, this.#host.peerCapabilities);
    this.#localHalf = next;
    if (switching && this.#remoteHalf === "body") this.#remoteHalf = "messages";
    this.#host.sendHead(FRAME.HEAD, this.id, payload, (informational ? FLAG.INFO : 0) | (end ? FLAG.END : 0));
    if (end) this.#host.settle(this);
  }
  write(bytes) {
    if (this.#localHalf === "ended" || bytes.byteLength === 0) return true;
    this.#localHalf = nextHalf(this.#localHalf, { frame: "DATA", end: false }, this.open.kind);
    return this.#push(FRAME.DATA, 0, bytes);
  }
  writeMessage(bytes, text3, more) {
    if (this.#localHalf === "ended") return true;
    this.#localHalf = nextHalf(this.#localHalf, { frame: "WSMSG", end: false }, this.open.kind);
    return this.#push(FRAME.WSMSG, (text3 ? FLAG.TEXT : 0) | (more ? FLAG.MORE : 0), bytes);
  }
  end() {
    if (this.#localHalf === "ended") return;
    this.#localHalf = nextHalf(this.#localHalf, { frame: "DATA", end: true }, this.open.kind);
    this.#push(FRAME.DATA, FLAG.END, new Uint8Array(0));
    this.#host.settle(this);
  }
  sendTrailers(fields) {
    if (this.#localHalf === "ended") return;
    const payload = encodeTrailers(fields, this.#host.peerCapabilities);
    this.#localHalf = nextHalf(this.#localHalf, { frame: "TRAILERS" }, this.open.kind);
    this.#push(FRAME.TRAILERS, 0, payload);
    this.#host.settle(this);
  }
  sendClose(code, reason) {
    if (this.#localHalf === "ended") return;
    this.#localHalf = nextHalf(this.#localHalf, { frame: "WSCLOSE" }, this.open.kind);
    this.#push(FRAME.WSCLOSE, 0, encodeClose(code, reason, this.#host.peerCapabilities));
    this.#host.settle(this);
  }
  reset(code, detail = "", options = {}) {
    if (this.#closed) return;
    const notProcessed = options.notProcessed ?? false;
    const error2 = new TunnelError(code, detail, { notProcessed });
    if (this.#isDone) return this.#drop(error2);
    const announce = () => {
      const flags = notProcessed ? FLAG.NOT_PROCESSED : 0;
      this.#host.sendHead(FRAME.RESET, this.id, encodeReset(code, detail), flags);
    };
    this.#abandon(error2, announce, true);
  }
  stopSending() {
    if (this.#stopSent || this.#closed) return;
    this.#stopSent = true;
    this.#discardReceived();
    if (this.#remoteHalf === "ended") return this.#host.settle(this);
    this.#host.sendHead(FRAME.STOP, this.id, new Uint8Array(0));
  }
  release() {
    this.#host.released(this);
  }
  expect(bytes) {
    this.receiveWindow.expect(bytes);
    if (this.wantsCredit) this.#host.creditOwed(this);
  }
  read() {
    const chunk = this.#received.shift();
    if (chunk !== null) this.#taken(chunk.byteLength);
    return chunk;
  }
  readMessage() {
    const message = this.#messages.shift();
    if (message === void 0) return null;
    this.#taken(costBytes(FRAME.WSMSG, message.bytes.byteLength));
    return message;
  }
  get stallTimeoutMs() {
    return this.#host.stallTimeoutOf(this.open);
  }
  get queuedBytes() {
    return this.outbox.queuedBytes;
  }
  get bufferedBytes() {
    return this.receiveWindow.receivedBytes - this.receiveWindow.consumedBytes;
  }
  get remoteEnded() {
    return this.#remoteHalf === "ended";
  }
  get readEnded() {
    return this.remoteEnded && this.#received.bytes === 0 && this.#messages.length === 0;
  }
  get closed() {
    return this.#closed;
  }
  // ── the connection's side ───────────────────────────────────────────────────────────────────────
  /** Nothing of this stream can arrive or leave any more, and nothing of it is held for its owner. */
  get isOver() {
    return this.#isDone && (this.#closed || this.readEnded);
  }
  /** An open WebSocket with nothing under way in either direction, the answer to a STOP included. */
  get isAtRest() {
    const open2 = this.#localHalf === "messages" && this.#remoteHalf === "messages";
    return open2 && !this.#stopSent && !this.#midMessage && this.outbox.items.length === 0 && this.#messages.length === 0;
  }
  /** Tells the owner what to keep. Call while it is at rest. */
  tellRest() {
    const { window } = this.outbox;
    this.#handler?.onRest?.({
      epoch: this.#host.epochNumber,
      id: this.id,
      sentBytes: window.sentBytes,
      sendLimitBytes: window.limitBytes,
      consumedBytes: this.receiveWindow.consumedBytes,
      grantedBytes: this.receiveWindow.grantedBytes
    });
  }
  tellGraceOver() {
    this.#handler?.onGraceOver?.();
  }
  /** Reset from this end: what arrives is counted and discarded. */
  get isAbandoned() {
    return this.#abandoned;
  }
  /** The peer may still send something that this end will read. */
  get wantsCredit() {
    return this.#remoteHalf !== "ended" && !this.#abandoned;
  }
  receiveHead(payload, flags) {
    if (this.#abandoned) {
      if ((flags & FLAG.END) !== 0) this.#endRemote();
      return;
    }
    const head = decodeHead(payload);
    const switching = head.status === 101;
    const informational = (flags & FLAG.INFO) !== 0;
    if (informational !== (head.status < 200 && !switching)) {
      throw new TunnelError("STREAM_ERROR", `status ${head.status} on a HEAD of the other sort`);
    }
    const end = (flags & FLAG.END) !== 0;
    const event = { frame: "HEAD", informational, end, switchesProtocols: switching };
    this.#remoteHalf = nextHalf(this.#remoteHalf, event, this.open.kind);
    if (switching && this.#localHalf === "body") this.#localHalf = "messages";
    this.#handler?.onHead?.(head, informational);
    if (end) this.#arrived();
  }
  /** `receiveWindow.receive` has been called by the connection. */
  receiveData(payload, flags) {
    const end = (flags & FLAG.END) !== 0;
    if (this.#abandoned || this.#stopSent) {
      this.#consume(payload.byteLength);
      if (end) this.#endRemote();
      return;
    }
    this.#remoteHalf = nextHalf(this.#remoteHalf, { frame: "DATA", end }, this.open.kind);
    this.#received.push(payload);
    this.#arrived();
  }
  receiveTrailers(payload) {
    if (this.#abandoned || this.#stopSent) return this.#endRemote();
    const trailers = decodeTrailers(payload);
    this.#remoteHalf = nextHalf(this.#remoteHalf, { frame: "TRAILERS" }, this.open.kind);
    this.trailers = trailers;
    this.#arrived();
  }
  receiveMessage(payload, flags) {
    if (this.#abandoned || this.#stopSent) {
      return this.#consume(costBytes(FRAME.WSMSG, payload.byteLength));
    }
    this.#remoteHalf = nextHalf(this.#remoteHalf, { frame: "WSMSG", end: false }, this.open.kind);
    const text3 = (flags & FLAG.TEXT) !== 0;
    const more = (flags & FLAG.MORE) !== 0;
    this.#midMessage = more;
    this.#messages.push({ bytes: detached(payload), text: text3, more });
    this.#arrived();
  }
  receiveClose(payload) {
    if (this.#abandoned || this.#stopSent) return this.#endRemote();
    const closeFrame = decodeClose(payload);
    this.#remoteHalf = nextHalf(this.#remoteHalf, { frame: "WSCLOSE" }, this.open.kind);
    this.closeFrame = closeFrame;
    this.#arrived();
  }
  receiveStop() {
    if (this.#localHalf === "ended" && this.outbox.items.length === 0) return;
    this.outbox.clear();
    this.#localHalf = "ended";
    this.#stopped = true;
    this.#push(FRAME.DATA, FLAG.END, new Uint8Array(0));
    this.#handler?.onStop?.();
    this.#host.settle(this);
  }
  receiveReset(error2) {
    if (this.#isDone && !this.#closed) return;
    this.#remoteHalf = "ended";
    if (this.#abandoned) return this.#host.settle(this);
    if (this.#localHalf !== "ended" || this.outbox.items.length > 0) {
      const announce = () => this.#host.sendHead(FRAME.RESET, this.id, encodeReset("NO_ERROR", ""));
      return this.#abandon(error2, announce, false);
    }
    this.#drop(error2);
  }
  /** The connection or its epoch is gone: no frame follows. What arrived whole stays readable. */
  fail(error2) {
    if (this.#isDone && !this.#closed) return this.#close(null);
    this.#localHalf = "ended";
    this.#remoteHalf = "ended";
    this.outbox.clear();
    this.#discardReceived();
    this.#close(error2);
  }
  /** Called by the connection when both halves are over. */
  finish() {
    this.#close(null);
  }
  /** Called after a flush. */
  afterSend() {
    if (this.#writerWaits && this.outbox.queuedBytes < SEND_QUEUE_LOW_BYTES && !this.#closed) {
      this.#writerWaits = false;
      if (!this.#stopped) this.#handler?.onWritable();
    }
    this.#host.settle(this);
  }
  /** Both halves have ended, as far as the wire goes. */
  get #isDone() {
    return this.#remoteHalf === "ended" && this.#localHalf === "ended" && this.outbox.items.length === 0;
  }
  #drop(error2) {
    this.#discardReceived();
    this.#close(error2);
    this.#host.settle(this);
  }
  #abandon(error2, announce, keepHeads) {
    this.#abandoned = true;
    const unheardOf = this.#host.dropQueued(this, keepHeads);
    if (unheardOf) this.#remoteHalf = "ended";
    else announce();
    this.#localHalf = "ended";
    this.#drop(error2);
  }
  /** The owner hears of what came before it hears of the end. */
  #arrived() {
    this.#handler?.onReadable();
    if (this.#remoteHalf === "ended") this.#host.settle(this);
  }
  #endRemote() {
    this.#remoteHalf = "ended";
    this.#host.settle(this);
  }
  #push(type, flags, payload) {
    this.outbox.push(type, flags, payload);
    this.#host.wake(this.outbox);
    this.#writerWaits ||= this.outbox.queuedBytes > SEND_QUEUE_HIGH_BYTES;
    return !this.#writerWaits;
  }
  /** The owner has read so much; with the last of it the stream may be over. */
  #taken(bytes) {
    this.#consume(bytes);
    if (this.#remoteHalf === "ended") this.#host.settle(this);
  }
  #consume(bytes) {
    this.receiveWindow.consume(bytes);
    if (this.wantsCredit) this.#host.creditOwed(this);
  }
  #discardReceived() {
    this.#received.clear();
    this.#messages = [];
    this.#consume(this.bufferedBytes);
  }
  #close(error2) {
    if (this.#closed) return;
    this.#closed = true;
    this.#closeError = error2;
    this.#handler?.onClosed(error2);
  }
};

// shared/mux/rest.ts
function isSameRest(a, b) {
  if (a === null || b === null) return a === b;
  return Object.keys(a).every((name) => a[name] === b[name]);
}

// shared/mux/relay-mux.ts
var RelayMux = class extends Mux {
  #options;
  #state;
  #hello = null;
  epochNumber = 0;
  #nextId = 1;
  #openedCount = 0;
  #streamsLimit = 0;
  /** The last stream the connector has taken, once it drains. */
  #goawayLastId = null;
  #idsUsedUp = false;
  #webSocketCount = 0;
  #answerSizes = new AnswerSizes();
  /** Streams that are not at rest. Kept only while there are WebSockets: nothing else can be restored. */
  #restless = /* @__PURE__ */ new Set();
  /** What was last told of the connection's own rest. */
  #lastRest = null;
  constructor(options) {
    super(options);
    this.#options = options;
    this.#state = "hello";
    if (options.resume !== void 0) {
      this.#state = "dormant";
      this.epochNumber = options.resume.epoch;
      this.#adopt(options.resume.hello);
      if (options.resume.rest !== null) this.#restore(options.resume.rest);
    }
  }
  get stallTimeoutMs() {
    return this.#hello?.stallTimeoutMs ?? DEFAULT_STALL_TIMEOUT_MS;
  }
  /** What the connector said of itself; null before its HELLO. */
  get hello() {
    return this.#hello;
  }
  get isDraining() {
    return this.#goawayLastId !== null || this.#idsUsedUp;
  }
  /** Streams that may be opened now. */
  get openCredit() {
    return this.closed || this.isDraining || this.#hello === null ? 0 : this.#streamsLimit - this.#openedCount;
  }
  /**
   * Opens a stream; `end`: no body follows. Call only while there is `openCredit`.
   * Throws a stream error BAD_REQUEST where the head cannot be carried.
   */
  open(open2, end, handler) {
    if (this.openCredit <= 0) throw new TunnelError("OVERLOADED", "no stream credit", { notProcessed: true });
    const payload = encodeOpen(open2, this.peerCapabilities);
    if (this.#state === "dormant") this.#announceEpoch();
    const id = this.#nextId;
    this.#nextId += 2;
    this.#openedCount++;
    const stream = new MuxStream({
      id,
      open: open2,
      host: this,
      localHalf: end ? "ended" : "body",
      remoteHalf: "head",
      sendWindow: new SendWindow(this.peerStreamWindowBytes),
      receiveWindow: this.newReceiveWindow()
    });
    this.#add(stream, handler);
    this.sendHead(FRAME.OPEN, id, payload, end ? FLAG.END : 0);
    this.#grantAhead(stream);
    if (this.#nextId > (this.#options.maxStreamId ?? MAX_STREAM_ID)) this.#retire();
    return stream;
  }
  /** A stream of a connection that was resumed at rest. */
  restoreStream(open2, rest, handler) {
    if (rest.epoch !== this.epochNumber || this.epoch.streams.has(rest.id) || rest.id >= this.#nextId)
      throw new Error(`stream ${rest.id} is not at rest`);
    const sendWindow = new SendWindow(rest.sendLimitBytes);
    sendWindow.spend(rest.sentBytes);
    const receiveWindow = this.newReceiveWindow();
    receiveWindow.restore(rest.consumedBytes, rest.grantedBytes);
    const halves = { localHalf: "messages", remoteHalf: "messages" };
    const stream = new MuxStream({ id: rest.id, open: open2, host: this, ...halves, sendWindow, receiveWindow });
    this.#add(stream, handler);
    this.#restless.delete(stream);
    return stream;
  }
  ping() {
    if (this.#state === "dormant") this.#announceEpoch();
    super.ping();
  }
  sendSettings(payload) {
    if (this.#state === "dormant" && !this.closed) this.#announceEpoch();
    super.sendSettings(payload);
  }
  dropQueued(stream, keepHeads) {
    const neverSent = super.dropQueued(stream, keepHeads);
    if (neverSent) this.#openedCount--;
    return neverSent;
  }
  released() {
  }
  intercept(type, _flags, _streamId, payload) {
    if (type === FRAME.SETTINGS && this.#hello !== null) return false;
    switch (this.#state) {
      case "hello":
        if (type !== FRAME.HELLO) throw connectionError("PROTOCOL_ERROR", "the first frame is not HELLO");
        this.#welcome(decodeHello(payload));
        return true;
      case "dormant":
        this.#announceEpoch();
        return true;
      case "restarting":
        if (type === FRAME.RESTART && readU32(payload, 0) === this.epochNumber) this.#state = "ready";
        return true;
      case "ready":
        if (type !== FRAME.STREAMS) return false;
        this.#receiveStreams(readU32(payload, 0));
        return true;
    }
  }
  creditOwed(stream) {
    super.creditOwed(stream);
    if (this.#restless.has(stream)) this.schedule();
  }
  streamTouched(stream) {
    if (this.#webSocketCount > 0) this.#restless.add(stream);
  }
  streamGone(stream) {
    this.#restless.delete(stream);
    if (stream.open.kind === "http")
      this.#answerSizes.note(stream.open.service, stream.receiveWindow.receivedBytes);
    if (stream.open.kind === "websocket") this.#webSocketCount--;
    if (this.#webSocketCount > 0) this.schedule();
  }
  turnEnded() {
    if (this.closed || this.#webSocketCount === 0 && this.#lastRest === null) return;
    for (const stream of this.#restless) {
      if (!stream.isAtRest) continue;
      this.#restless.delete(stream);
      stream.tellRest();
    }
    const rest = this.#isAtRest ? this.#rest() : null;
    if (isSameRest(rest, this.#lastRest)) return;
    this.#lastRest = rest;
    this.#options.events.onRest(rest);
  }
  wasOpened(streamId) {
    return streamId % 2 === 1 && streamId < this.#nextId;
  }
  isRefused() {
    return false;
  }
  /** The connector opens none. */
  lastTakenStreamId() {
    return 0;
  }
  queueStreamsCredit() {
  }
  goawayReceived(goaway) {
    if (this.#goawayLastId !== null && goaway.lastStreamId > this.#goawayLastId) {
      throw connectionError("PROTOCOL_ERROR", "the last stream of GOAWAY grew");
    }
    this.#goawayLastId = goaway.lastStreamId;
    const error2 = new TunnelError("DRAINING", "the connector is shutting down", { notProcessed: true });
    for (const stream of this.epoch.streams.values()) {
      if (stream.id > goaway.lastStreamId) this.failStream(stream, error2);
    }
  }
  get #isAtRest() {
    const settled = this.#state === "ready" && !this.closed && !this.isDraining && this.epoch.queue.isEmpty;
    return settled && this.#webSocketCount > 0 && this.#restless.size === 0;
  }
  #rest() {
    const { sendWindow, receivedBytes, grantedBytes } = this.epoch;
    return {
      nextId: this.#nextId,
      openedCount: this.#openedCount,
      streamsLimit: this.#streamsLimit,
      sentBytes: sendWindow.sentBytes,
      sendLimitBytes: sendWindow.limitBytes,
      receivedBytes,
      grantedBytes
    };
  }
  #restore(rest) {
    this.#state = "ready";
    this.#lastRest = rest;
    this.#nextId = rest.nextId;
    this.#openedCount = rest.openedCount;
    this.#streamsLimit = rest.streamsLimit;
    this.epoch.sendWindow.spend(rest.sentBytes);
    this.epoch.sendWindow.grant(rest.sendLimitBytes);
    this.epoch.receivedBytes = rest.receivedBytes;
    this.epoch.grantedBytes = rest.grantedBytes;
    this.#options.budget.change(this.unacknowledgedBytes);
  }
  #add(stream, handler) {
    if (stream.open.kind === "websocket" && this.#webSocketCount++ === 0) {
      for (const other of this.epoch.streams.values()) this.#restless.add(other);
    }
    if (this.#webSocketCount > 0) this.#restless.add(stream);
    this.epoch.streams.set(stream.id, stream);
    stream.attach(handler);
  }
  /** Over a long path, an answer as large as those before it would wait a round trip for its window: it opens with the stream. */
  #grantAhead(stream) {
    const { roundTripMs } = this;
    if (stream.open.kind !== "http" || !Number.isFinite(roundTripMs)) return;
    const aheadBytes = Math.min(this.#answerSizes.of(stream.open.service), AHEAD_BYTES_PER_MS * roundTripMs);
    const limitBytes = stream.receiveWindow.grantAhead(aheadBytes);
    if (limitBytes !== null) this.sendHead(FRAME.WINDOW, stream.id, encodeOffset(limitBytes));
  }
  #adopt(hello) {
    this.#hello = hello;
    this.#streamsLimit = hello.maxStreams;
    this.adoptPeer(hello);
  }
  #welcome(hello) {
    this.#adopt(hello);
    this.#options.events.onHello(hello);
    const { softwareVersion, relayId, streamWindowBytes, connectionWindowBytes } = this.#options;
    const epoch = this.epochNumber;
    const windows = { streamWindowBytes, connectionWindowBytes };
    const own2 = { softwareVersion, relayId, epoch, capabilities: OWN_CAPABILITIES };
    const welcome = { ...own2, ...windows };
    this.epoch.queue.pushControl(FRAME.WELCOME, encodeWelcome(welcome));
    this.#state = "ready";
    this.schedule();
  }
  #announceEpoch() {
    this.epochNumber++;
    this.#options.events.onEpoch(this.epochNumber);
    this.#state = "restarting";
    this.epoch.queue.pushControl(FRAME.RESTART, encodeU32(this.epochNumber));
    this.schedule();
  }
  #receiveStreams(limit) {
    if (limit < this.#streamsLimit) throw connectionError("PROTOCOL_ERROR", "STREAMS credit decreased");
    if (limit === this.#streamsLimit) this.spend("staleControl");
    this.#streamsLimit = limit;
  }
  /** Ids are never reused: the connector dials anew and this connection runs dry. */
  #retire() {
    this.#idsUsedUp = true;
    this.goaway("NO_ERROR", RETIRE_DRAIN_MS, "stream ids are used up");
  }
};

// worker/tunnel/connector-connection.ts
var ConnectorConnection = class {
  mux;
  connectionId;
  /** It was resumed where it stood: the WebSockets on it sleep on. */
  wasAtRest;
  kid;
  connectedAtMs;
  #options;
  /** Of the services that are checked; null: not known in this memory. */
  #health = null;
  #cancelProbe = null;
  #cancelHelloTimeout = null;
  constructor(options) {
    const { socket, tunnel, clock: clock2 } = options;
    const { connectionId, kid, connectedAtMs, hello, epoch, rest } = socket.attachment;
    this.#options = options;
    this.connectionId = connectionId;
    this.wasAtRest = rest !== null;
    this.kid = kid;
    this.connectedAtMs = connectedAtMs;
    this.mux = new RelayMux({
      transport: socket,
      clock: clock2,
      streamWindowBytes: RELAY_STREAM_WINDOW_BYTES,
      streamWindowMaxBytes: RELAY_STREAM_WINDOW_MAX_BYTES,
      connectionWindowBytes: CONNECTION_WINDOW_BYTES,
      pool: tunnel.pool,
      budget: tunnel.budget,
      gatherMs: RELAY_MAX_GATHER_MS,
      // An upload over a slow link delays every answer but the platform's own.
      lastLifeMs: () => this.#options.lastAutoAnswerMs() ?? -Infinity,
      relayId: options.relayId,
      softwareVersion: options.softwareVersion,
      ...hello === null ? {} : { resume: { hello, epoch, rest } },
      events: {
        onHello: (said) => {
          this.#cancelHelloTimeout?.();
          socket.attachment = { ...socket.attachment, hello: said };
          options.onChange();
        },
        onEpoch: (next) => {
          socket.attachment = { ...socket.attachment, epoch: next };
        },
        onRest: (next) => {
          socket.attachment = { ...socket.attachment, rest: next };
        },
        onSettings: (settings) => {
          const report = readHealth(settings);
          if (report === null) return;
          socket.attachment = { ...socket.attachment, health: report };
          this.#health = null;
        },
        onClosed: () => {
          this.#cancelProbe?.();
          this.#cancelHelloTimeout?.();
          tunnel.detach(this);
          options.onChange();
        }
      }
    });
    tunnel.attach(this);
    if (hello === null) this.#awaitHello();
  }
  get health() {
    return this.#health ??= outcomesOf(this.#options.checkList(), this.#options.socket.attachment.health);
  }
  isFailing(service) {
    return isFailing(this.health.get(service) ?? "PENDING");
  }
  /** Tells the connector what to check, instead of what it was told before. */
  sendChecks() {
    this.#health = null;
    if (this.mux.hello === null) return;
    for (const payload of this.#options.checkList().settings) this.mux.sendSettings(payload);
  }
  lastAliveMs() {
    return Math.max(this.connectedAtMs, this.mux.lastReceivedMs, this.#options.lastAutoAnswerMs() ?? 0);
  }
  probe() {
    if (this.#cancelProbe !== null) return;
    const askedAtMs = this.#options.clock.nowMs();
    this.mux.ping();
    this.#cancelProbe = this.#options.clock.after(KEEPALIVE_TIMEOUT_MS, () => {
      this.#cancelProbe = null;
      if (this.lastAliveMs() < askedAtMs) this.mux.giveUp();
    });
  }
  receive(message) {
    if (typeof message === "string") {
      const error2 = new TunnelError("PROTOCOL_ERROR", "a text message", { scope: "connection" });
      return this.mux.fail(error2);
    }
    const waitedForHello = this.mux.hello === null;
    this.mux.receive(new Uint8Array(message));
    if (!waitedForHello || this.mux.hello === null) return;
    this.#replacePredecessors();
    this.#options.tunnel.arrivals.arrived();
    this.sendChecks();
  }
  /** Ends it from this side: GOAWAY with the reason, then the close. */
  end(error2, closeCode) {
    this.mux.fail(error2, closeCode);
  }
  /** The socket is gone. */
  lost() {
    this.mux.transportClosed(
      new TunnelError("CONNECTOR_LOST", "The connection to the connector was lost.", { scope: "connection" })
    );
  }
  #replacePredecessors() {
    const error2 = new TunnelError("REPLACED", "The connector has connected anew.", { scope: "connection" });
    for (const older of this.#options.tunnel.predecessorsOf(this)) older.mux.fail(error2, CLOSE_REPLACED);
  }
  /** A timer keeps the object awake: it does not outlive its reason. */
  #awaitHello() {
    this.#cancelHelloTimeout = this.#options.clock.after(HELLO_TIMEOUT_MS, () => {
      this.end(
        new TunnelError("PROTOCOL_ERROR", "no HELLO in time", { scope: "connection" }),
        CLOSE_HELLO_TIMEOUT
      );
    });
  }
};

// worker/tunnel/connector-socket.ts
var scratch2 = new Uint8Array(TARGET_MESSAGE_BYTES + MAX_DATA_BYTES + 2 * HEADER_BYTES);
var ConnectorSocket = class {
  #socket;
  constructor(socket) {
    this.#socket = socket;
  }
  get attachment() {
    return this.#socket.deserializeAttachment();
  }
  set attachment(attachment) {
    this.#socket.serializeAttachment(attachment);
  }
  send(frames) {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    const [first] = frames;
    const inPlace = frames.length === 1 && first !== void 0 ? encodeInPlace(first) : null;
    this.#socket.send(inPlace ?? encodeInScratch(frames));
  }
  close(code, reason) {
    try {
      this.#socket.close(code, reason);
    } catch {
    }
  }
  /** `bufferedAmount` says nothing of the far side of a production hop: credit alone bounds what is sent. */
  bufferedBytes() {
    return 0;
  }
};
function encodeInScratch(frames) {
  const size = encodedSize(frames);
  const message = size <= scratch2.byteLength ? scratch2.subarray(0, size) : new Uint8Array(size);
  encodeInto(message, 0, frames);
  return message;
}

// worker/exchange/close-socket.ts
var WITHOUT_CODE = 1005;
var decoder6 = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
function closeCodeOf(reported) {
  return reported === WITHOUT_CODE ? null : reported;
}
function reportedCloseCode(code) {
  return code ?? WITHOUT_CODE;
}
function closeSocket(socket, code, reason) {
  try {
    if (code === null) socket.close();
    else socket.close(legalCloseCode(code), decoder6.decode(utf8Prefix(reason, MAX_CLOSE_REASON_BYTES)));
  } catch {
  }
}

// worker/exchange/open-exchanges.ts
var OpenExchanges = class {
  #open = /* @__PURE__ */ new Set();
  /** The result takes it out again: to be called when it is over. */
  add(exchange2) {
    this.#open.add(exchange2);
    return () => this.#open.delete(exchange2);
  }
  judge(config2, policy) {
    const kids = new Set(config2.gatewayKeys.map(({ kid }) => kid));
    for (const exchange2 of this.#open) {
      const refusal4 = refusalOf(exchange2.grounds, config2, policy, kids);
      if (refusal4 === null) continue;
      this.#open.delete(exchange2);
      exchange2.end(refusal4);
    }
  }
};
function refusalOf({ project, environment, kid, origin, path }, config2, policy, kids) {
  if (config2.deleted) return new TunnelError("UNKNOWN_TUNNEL", "The tunnel was deleted.");
  if (kid !== null && !kids.has(kid)) return new TunnelError("ACCESS_DENIED", "The gateway key was deleted.");
  const url = URL.parse(origin);
  const decision = url && decide(policy, { project, environment }, url, path);
  if (decision?.allow === true) return null;
  return new TunnelError(
    decision?.code ?? "ACCESS_DENIED",
    decision?.message ?? "What was asked for is not known any more."
  );
}

// worker/exchange/admittance.ts
var Admittance = class {
  #withdrawn = null;
  #admitted = null;
  /** Throws what withdrew it. */
  check() {
    if (this.#withdrawn !== null) throw this.#withdrawn;
  }
  /** Instead of what it covered before. */
  covers(admitted) {
    this.#admitted = admitted;
  }
  withdraw(refusal4) {
    this.#withdrawn = refusal4;
    this.#admitted?.revoked(refusal4);
  }
};

// worker/exchange/exchange.ts
var Exchange = class {
  /** Rejects with a TunnelError when the stream failed before it. */
  head;
  #record;
  #settleHead;
  #stream = null;
  #error = null;
  #handedOver = false;
  #stopped = false;
  #readable = null;
  #writable = null;
  constructor(record2) {
    this.#record = record2;
    const { promise, resolve, reject } = Promise.withResolvers();
    this.head = promise;
    this.#settleHead = { resolve, reject };
    promise.catch(() => {
    });
  }
  get stream() {
    if (this.#stream === null) throw new Error("the exchange has no stream yet");
    return this.#stream;
  }
  attach(stream) {
    this.#stream = stream;
  }
  /** The next bytes of the response body; null when none are here. Throws the TunnelError that ended it early. */
  readChunk() {
    if (this.#error !== null) throw this.#error;
    const chunk = this.stream.read();
    if (chunk !== null) this.#record.state.responseBytes += chunk.byteLength;
    return chunk;
  }
  /** All of the body has been read. */
  get isEnded() {
    return this.stream.readEnded;
  }
  /** Resolves when there may be something to read, be it the end or an error. */
  untilReadable() {
    this.#readable ??= Promise.withResolvers();
    return this.#readable.promise;
  }
  /** The whole body, if all of it is here and it is no longer than `maxBytes`; else null and nothing is read. */
  wholeBody(maxBytes) {
    const { remoteEnded, bufferedBytes } = this.stream;
    if (!remoteEnded || bufferedBytes > maxBytes || this.#error !== null) return null;
    const chunks = [];
    this.#record.state.responseBytes = bufferedBytes;
    for (let chunk = this.stream.read(); chunk !== null; chunk = this.stream.read()) chunks.push(chunk);
    return chunks;
  }
  /** The gateway has the answer's head: what breaks now breaks the answer off. */
  handedOver() {
    this.#handedOver = true;
    this.#recordFailure();
  }
  /** The gateway wants no answer any more, or no more of it; the stream may be over already. */
  gaveUp() {
    this.#record.cancelled();
    this.stream.reset("CANCEL", "the gateway gave up");
  }
  /** The gateway may not call this service any more: no answer, or no more of it. */
  revoked(refusal4) {
    this.stream.reset(refusal4.code, refusal4.message);
  }
  /** The answer cannot be given as it came. */
  broke(error2) {
    this.#record.aborted(error2);
    this.stream.reset(error2.code, error2.message);
  }
  /** The gateway has all of the answer. */
  get isDelivered() {
    return this.#record.isOver;
  }
  delivered() {
    this.#record.answered();
  }
  /** Waits until the stream takes more. False: nobody wants more of it. */
  async untilWritable(full) {
    if (full && this.#wants) {
      this.#writable ??= Promise.withResolvers();
      await this.#writable.promise;
    }
    return this.#wants;
  }
  onHead(head, informational) {
    if (!informational) this.#settleHead.resolve(head);
  }
  onReadable() {
    this.#readable?.resolve();
    this.#readable = null;
  }
  onWritable() {
    this.#writable?.resolve();
    this.#writable = null;
  }
  onStop() {
    this.#stopped = true;
    this.onWritable();
  }
  onClosed(error2) {
    this.#error = error2;
    this.#recordFailure();
    if (error2 !== null) this.#settleHead.reject(error2);
    this.onReadable();
    this.onWritable();
  }
  #recordFailure() {
    if (this.#handedOver && this.#error !== null) this.#record.aborted(this.#error);
  }
  get #wants() {
    return !this.#stopped && this.#error === null;
  }
};

// shared/http/methods.ts
var SAFE_METHODS = /* @__PURE__ */ new Set(["GET", "HEAD", "OPTIONS", "QUERY"]);
var IDEMPOTENT_METHODS = /* @__PURE__ */ new Set([...SAFE_METHODS, "PUT", "DELETE"]);

// worker/exchange/moves.ts
var MOVES_WITHIN_MS = 15e3;
var NONE2 = /* @__PURE__ */ new Set();
var Moves = class {
  #repeatable;
  #budget;
  #nowMs;
  #startedAtMs;
  #count = 0;
  #repeated = false;
  constructor({ method, retry, budget, nowMs: nowMs2 }) {
    this.#repeatable = repeatableMethods(retry).has(method);
    this.#budget = budget;
    this.#nowMs = nowMs2;
    this.#startedAtMs = nowMs2();
  }
  /** True counts as one. */
  take(failure2) {
    const late = this.#count > 0 && this.#nowMs() - this.#startedAtMs >= MOVES_WITHIN_MS;
    const lost = publicCodeOf(failure2) === "CONNECTOR_LOST";
    const repeats = !failure2.notProcessed;
    if (late || repeats && (!lost || !this.#repeatable || this.#repeated)) return false;
    if (!this.#budget.spend()) return false;
    this.#count++;
    this.#repeated ||= repeats;
    return true;
  }
};
function repeatableMethods(retry) {
  if (retry === void 0) return SAFE_METHODS;
  return retry ? IDEMPOTENT_METHODS : NONE2;
}

// worker/exchange/response-fields.ts
function responseHeaders(fields) {
  const headers = {};
  for (const [name, received] of fields) {
    const value2 = passed2(name, received);
    if (value2 === null) continue;
    if (name in headers) return repeatedHeaders(fields);
    headers[name] = value2;
  }
  return headers;
}
function repeatedHeaders(fields) {
  const headers = new Headers();
  for (const [name, received] of fields) {
    const value2 = passed2(name, received);
    if (value2 !== null) headers.append(name, value2);
  }
  return headers;
}
function passed2(name, value2) {
  if (HOP_BY_HOP.has(name) || dashedName(name).startsWith(RESERVED_PREFIX)) return null;
  switch (name) {
    case "proxy-status":
      return withoutOurs(value2);
    case "set-cookie":
      return value2.trimStart().startsWith(`${SESSION_COOKIE}=`) ? null : value2;
    default:
      return value2;
  }
}
var MEMBERS = /(?:"(?:[^"\\]|\\.)*"|[^,"])+/g;
function withoutOurs(value2) {
  const members2 = value2.match(MEMBERS) ?? [];
  if (!/^,*$/.test(value2.replace(MEMBERS, ""))) return /culvert/i.test(value2) ? null : value2;
  const others = members2.filter((member) => !/^\s*"?\s*culvert\s*"?\s*(?:;|$)/i.test(member));
  if (others.length === members2.length) return value2;
  return others.length === 0 ? null : others.join(",").trim();
}

// worker/exchange/relay-websocket.ts
var GATEWAY_BACKLOG_BYTES = 1024 * 1024;
var BACKLOG_CHECK_MS = 10;
var MAX_QUEUED_BYTES = MAX_WEBSOCKET_MESSAGE_BYTES;
var CLOSE_ABNORMAL = 1006;
var CLOSE_INVALID_TEXT = 1007;
var CLOSE_TOO_LARGE = 1009;
var CLOSE_INTERNAL = 1011;
var CLOSE_SERVICE_RESTART2 = 1012;
var CLOSE_TRY_AGAIN = 1013;
var encoder5 = new TextEncoder();
var strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
function groundsOf({ open: open2, record: record2, admittedBy }) {
  const { project, environment } = record2;
  if (admittedBy !== void 0) {
    const { kid, origin: origin2, prefixLength } = admittedBy;
    return { project, environment, kid, origin: origin2, path: open2.path.slice(prefixLength) };
  }
  const ofNetwork = URL.parse(open2.target)?.host === open2.service.toLowerCase();
  const origin = ofNetwork ? open2.target : `http://${open2.service}`;
  return { project, environment, kid: null, origin, path: null };
}
function relayWebSocket(stream, head, connectionId, sockets, record2, { grounds, admittance }) {
  const headers = responseHeaders(head.fields);
  const { 0: gatewayEnd, 1: socket } = new WebSocketPair();
  const attachment = {
    role: "gateway",
    connectionId,
    open: { ...stream.open, fields: [] },
    rest: null,
    record: record2.state,
    admittedBy: {
      kid: grounds.kid,
      origin: grounds.origin,
      prefixLength: stream.open.path.length - (grounds.path?.length ?? 0)
    },
    isOver: false
  };
  const relay2 = new WebSocketRelay(socket, attachment, record2);
  admittance.covers(relay2);
  try {
    sockets.accept(socket, relay2);
    relay2.join(stream);
  } catch (thrown) {
    stream.reset("INTERNAL", "the gateway's socket cannot be kept");
    throw thrown;
  }
  return new Response(null, { status: 101, webSocket: gatewayEnd, headers });
}
var WebSocketRelay = class {
  #socket;
  #attachment;
  #record;
  #stream = null;
  #parts = [];
  #sizeBytes = 0;
  #waitsForGateway = false;
  constructor(socket, attachment, record2) {
    this.#socket = socket;
    this.#attachment = attachment;
    this.#record = record2;
  }
  /** After `accept`: what has arrived on the stream already is passed on at once. */
  join(stream) {
    this.#stream = stream;
    this.#socket.serializeAttachment(this.#attachment);
    stream.attach(this);
    this.onReadable();
  }
  /** The stream that the socket belonged to is not to be had any more. */
  orphaned() {
    this.#record.closed(CLOSE_SERVICE_RESTART2, { code: "RELAY_RESTART", scope: "stream" });
    this.#close(CLOSE_SERVICE_RESTART2, "the relay restarted");
  }
  /** Its gateway may not call this service any more. */
  revoked(refusal4) {
    this.#record.closed(CLOSE_NO_LONGER_ALLOWED, refusal4);
    this.#close(CLOSE_NO_LONGER_ALLOWED, refusal4.message);
    this.#stream?.reset("CANCEL", "the gateway is no longer allowed");
  }
  // ── from the gateway ────────────────────────────────────────────────────────────────────────────
  received(message) {
    const stream = this.#stream;
    if (stream === null) return;
    const text3 = typeof message === "string";
    const bytes = text3 ? encoder5.encode(message) : new Uint8Array(message);
    this.#record.state.requestBytes += bytes.byteLength;
    stream.writeMessage(bytes, text3, false);
    if (stream.queuedBytes <= MAX_QUEUED_BYTES) return;
    this.#record.closed(CLOSE_TRY_AGAIN, { code: "OVERLOADED", scope: "stream" });
    this.#close(CLOSE_TRY_AGAIN, "the upstream reads too slowly");
    stream.reset("CANCEL", "the gateway outran the upstream");
  }
  closed(code, reason) {
    if (code === CLOSE_ABNORMAL) this.failed();
    else this.#stream?.sendClose(closeCodeOf(code), reason);
    this.#close(closeCodeOf(code), reason);
  }
  failed() {
    this.#record.cancelled();
    this.#stream?.reset("CANCEL", "the gateway's socket was lost");
  }
  // ── from the connector ──────────────────────────────────────────────────────────────────────────
  onReadable() {
    const stream = this.#stream;
    if (stream === null || this.#waitsForGateway) return;
    for (let next = stream.readMessage(); next !== null; next = stream.readMessage()) {
      this.#parts.push(next.bytes);
      this.#sizeBytes += next.bytes.byteLength;
      if (this.#sizeBytes > MAX_WEBSOCKET_MESSAGE_BYTES)
        return this.#refuse(CLOSE_TOO_LARGE, "message too large");
      if (next.more) continue;
      const whole = this.#wholeMessage();
      this.#record.state.responseBytes += whole.byteLength;
      const data = next.text ? decodeText2(whole) : whole;
      if (data === null) return this.#refuse(CLOSE_INVALID_TEXT, "text that is not UTF-8");
      if (this.#attachment.isOver || this.#socket.readyState !== WebSocket.OPEN) continue;
      this.#socket.send(data);
      if (this.#socket.bufferedAmount > GATEWAY_BACKLOG_BYTES) return this.#waitForGateway();
    }
    if (stream.closeFrame === null) return;
    const { code, reason } = stream.closeFrame;
    this.#close(code, reason);
    stream.sendClose(code, reason);
  }
  onWritable() {
  }
  onRest(rest) {
    if (this.#attachment.isOver) return;
    this.#attachment.rest = rest;
    this.#socket.serializeAttachment(this.#attachment);
  }
  onClosed(error2) {
    if (error2 === null) return;
    this.#record.closed(CLOSE_INTERNAL, error2);
    this.#close(CLOSE_INTERNAL, "the tunnel failed");
  }
  #wholeMessage() {
    const whole = new Uint8Array(this.#sizeBytes);
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.byteLength;
    }
    this.#parts = [];
    this.#sizeBytes = 0;
    return whole;
  }
  #refuse(code, reason) {
    this.#record.closed(code, { code: "UPSTREAM_PROTOCOL", scope: "stream" });
    this.#close(code, reason);
    this.#stream?.sendClose(code, reason);
    this.#stream?.stopSending();
  }
  #waitForGateway() {
    this.#waitsForGateway = true;
    setTimeout(() => {
      this.#waitsForGateway = false;
      const open2 = this.#socket.readyState === WebSocket.OPEN;
      if (open2 && this.#socket.bufferedAmount > GATEWAY_BACKLOG_BYTES) this.#waitForGateway();
      else this.onReadable();
    }, BACKLOG_CHECK_MS);
  }
  /** The gateway may have closed already: then there is nothing left to say. */
  #close(code, reason) {
    this.#attachment.rest = null;
    this.#attachment.isOver = true;
    this.#record.closed(reportedCloseCode(code), null);
    try {
      this.#socket.serializeAttachment(this.#attachment);
    } catch {
    }
    closeSocket(this.#socket, code, reason);
  }
};
function decodeText2(bytes) {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return null;
  }
}

// worker/exchange/request-body.ts
var READ_BYTES = 64 * 1024;
var SIGNAL_MS = 5;
var REPLAY_BYTES = 64 * 1024;
var RequestBody = class {
  #reader;
  #lengthBytes;
  #request;
  #maxBytes;
  #readBytes;
  #record;
  #kept = [];
  #readTotal = 0;
  #done;
  #pending = null;
  /** `lengthBytes`: what Content-Length promises, if anything. */
  constructor(request, lengthBytes, maxBytes, record2) {
    this.#record = record2;
    this.#lengthBytes = lengthBytes;
    this.#request = request;
    this.#reader = request.body?.getReader({ mode: "byob" }) ?? null;
    this.#done = this.#reader === null;
    this.#maxBytes = maxBytes;
    this.#readBytes = Math.min(READ_BYTES, Math.max(lengthBytes ?? READ_BYTES, 1));
  }
  get isEmpty() {
    return this.#reader === null;
  }
  /** All that was read of it can be sent again. */
  get isReplayable() {
    return this.#kept !== null;
  }
  /** No more replays: what was kept is let go. */
  commit() {
    this.#kept = null;
  }
  /** Sends the body from its beginning on this attempt's stream, until the end or until nobody wants it. */
  async feed(exchange2) {
    const { stream } = exchange2;
    try {
      if (this.#kept === null && this.#readTotal > 0) throw new TunnelError("CANCEL", "the body is gone");
      for (const chunk of this.#kept ?? []) stream.write(chunk);
      let full = false;
      while (await exchange2.untilWritable(full)) {
        const chunk = await this.#next();
        if (chunk === null) return await this.#end(exchange2);
        full = !stream.write(chunk);
      }
    } catch (thrown) {
      const ours = thrown instanceof TunnelError;
      stream.reset(ours ? thrown.code : "CANCEL", ours ? thrown.message : "the gateway's body failed");
    }
  }
  /**
   * A body of unknown length that its sender broke off reads as ended, a moment before the signal says so: an upload
   * must never end cleanly in its middle. One of known length is counted by the connector.
   */
  async #end(exchange2) {
    if (this.#lengthBytes === null && !this.isEmpty)
      await new Promise((resolve) => setTimeout(resolve, SIGNAL_MS));
    if (this.#request.signal.aborted) throw new TunnelError("CANCEL", "the gateway gave up");
    exchange2.stream.end();
  }
  cancel() {
    this.#reader?.cancel().catch(() => {
    });
  }
  /** A read that an earlier attempt began is taken over by the next one: no chunk is lost, none stands twice. */
  #next() {
    if (this.#done) return null;
    return this.#pending ??= this.#read();
  }
  async #read() {
    const result = await this.#reader?.read(roomBehindHeadroom(this.#readBytes));
    this.#pending = null;
    if (result === void 0 || result.done) {
      this.#done = true;
      return null;
    }
    markHeadroom(result.value);
    this.#readTotal += result.value.byteLength;
    this.#record.state.requestBytes = this.#readTotal;
    if (this.#readTotal > this.#maxBytes) {
      throw new TunnelError("BODY_TOO_LARGE", `The service takes bodies of at most ${this.#maxBytes} bytes.`);
    }
    if (this.#readTotal > REPLAY_BYTES) this.#kept = null;
    this.#kept?.push(result.value);
    return result.value;
  }
};

// worker/exchange/response-body.ts
var NULL_BODY_STATUSES = /* @__PURE__ */ new Set([204, 205, 304]);
var WHOLE_BODY_BYTES = 16 * 1024;
var HEAD_GONE_MS = 5;
function responseOf(exchange2, head, method) {
  const headers = responseHeaders(head.fields);
  const init = { status: head.status, statusText: head.reason, headers, encodeBody: "manual" };
  if (method === "HEAD" || NULL_BODY_STATUSES.has(head.status)) {
    exchange2.delivered();
    if (exchange2.stream.remoteEnded) exchange2.stream.stopSending();
    else exchange2.stream.reset("STREAM_ERROR", "a body where there can be none");
    return new Response(null, init);
  }
  const declaredBytes = contentLengthOf(head.fields);
  const whole = exchange2.wholeBody(WHOLE_BODY_BYTES);
  if (whole !== null) {
    const body = joined(whole);
    if (typeof declaredBytes === "number" && declaredBytes !== body.byteLength) throw wrongLength();
    exchange2.delivered();
    return new Response(body, init);
  }
  const lengthBytes = typeof declaredBytes === "number" ? declaredBytes : null;
  if (lengthBytes !== null) exchange2.stream.expect(lengthBytes);
  return new Response(pulledBody(exchange2, lengthBytes), init);
}
function pulledBody(exchange2, lengthBytes) {
  let receivedBytes = 0;
  const hand = (controller) => {
    const chunk = exchange2.readChunk();
    receivedBytes += chunk?.byteLength ?? 0;
    const isOver = chunk === null && exchange2.isEnded;
    if (lengthBytes !== null && (receivedBytes > lengthBytes || isOver && receivedBytes < lengthBytes)) {
      throw wrongLength();
    }
    if (chunk !== null) controller.enqueue(chunk);
    if (isOver) {
      exchange2.delivered();
      controller.close();
    }
    return chunk !== null || isOver;
  };
  const fail = async (controller, error2) => {
    exchange2.broke(error2);
    await headGone();
    controller.error(error2);
  };
  const waitAndHand = async (controller) => {
    try {
      do
        await exchange2.untilReadable();
      while (!hand(controller));
    } catch (thrown) {
      await fail(controller, TunnelError.from(thrown));
    }
  };
  return new ReadableStream(
    {
      // Of the platform's own: becomes the Content-Length.
      ...lengthBytes === null ? {} : { expectedLength: lengthBytes },
      pull(controller) {
        try {
          return hand(controller) ? void 0 : waitAndHand(controller);
        } catch (thrown) {
          return fail(controller, TunnelError.from(thrown));
        }
      },
      cancel: () => exchange2.gaveUp()
    },
    { highWaterMark: 0 }
  );
}
function headGone() {
  return new Promise((resolve) => setTimeout(resolve, HEAD_GONE_MS));
}
function wrongLength() {
  return new TunnelError("UPSTREAM_PROTOCOL", "The body is not as long as its Content-Length says.");
}
function joined(chunks) {
  const [first] = chunks;
  if (chunks.length === 1 && first !== void 0) return first;
  const whole = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

// worker/exchange/relay-request.ts
async function relayRequest(deps, { tunnelId, relayName }, policy, request, claim2, arrivedAtMs) {
  const requestId = crypto.randomUUID();
  const url = new URL(request.url);
  const path = claim2.path ?? rawPath(request.url);
  const grounds = {
    project: claim2.project,
    environment: claim2.environment,
    kid: claim2.kid ?? null,
    origin: url.origin,
    path
  };
  const admittance = new Admittance();
  const leave = deps.exchanges.add({ grounds, end: (refusal4) => admittance.withdraw(refusal4) });
  const record2 = new RequestRecord(
    newRecordState({
      requestId,
      traceId: traceIdOf(request.headers.get("traceparent")),
      tunnel: tunnelId,
      project: claim2.project,
      environment: claim2.environment,
      service: url.host,
      kind: isWebSocket(request) ? "websocket" : "http",
      method: request.method,
      path: deps.log.settings.keepQuery ? path : withoutQuery(path),
      arrivedAtMs
    }),
    deps.nowMs,
    (event) => {
      leave();
      deps.log.write(event);
    }
  );
  try {
    const decision = decide(policy, claim2, url, path);
    if (!decision.allow) throw new TunnelError(decision.code, decision.message);
    record2.state.service = decision.service;
    refuseLoop(request, relayName);
    const open2 = requestHead({
      ...{ request, url, claim: claim2, allowed: decision, requestId },
      relayName: relayName ?? null
    });
    record2.state.traceId = traceIdOfHead(open2);
    const body = requestBody(request, open2, decision, record2);
    try {
      return await carry(deps, request, open2, decision, body, { record: record2, grounds, admittance });
    } catch (thrown) {
      body.cancel();
      throw thrown;
    }
  } catch (thrown) {
    request.body?.cancel().catch(() => {
    });
    const error2 = TunnelError.from(thrown);
    const response = problemResponse2(error2, request.method, requestId);
    if (request.signal.aborted) record2.cancelled();
    else record2.refused(publicCodeOf(error2), response.status);
    return response;
  }
}
function refuseLoop({ headers }, relayName) {
  if (relayName === void 0 || !cameBack(headers, relayName)) return;
  throw new TunnelError(
    "LOOP_DETECTED",
    "The request has passed this relay before: does the service's endpoint lead back to its gateway?"
  );
}
async function carry(deps, request, open2, allowed2, body, call) {
  const headed = deps.tunnel.retries.requestBegan();
  try {
    return await attemptUntilHeaded(deps, request, open2, allowed2, body, call);
  } finally {
    headed();
  }
}
async function attemptUntilHeaded({ tunnel, sockets, gateways, nowMs: nowMs2 }, request, open2, allowed2, body, call) {
  const { record: record2, admittance } = call;
  const moves = new Moves({ method: open2.method, retry: allowed2.retry, budget: tunnel.retries, nowMs: nowMs2 });
  const tried = /* @__PURE__ */ new Set();
  for (let failure2 = null; ; ) {
    const waited = await tunnel.waitForConnector(allowed2.connectorWaitMs);
    if ((waited || failure2 !== null) && request.signal.aborted)
      throw new TunnelError("CANCEL", "The gateway gave up.");
    admittance.check();
    if (failure2 !== null && !body.isReplayable) throw failure2;
    const attempt = begin(tunnel, open2, body, tried, failure2, record2);
    admittance.covers(attempt.exchange);
    const gaveUp = () => attempt.exchange.gaveUp();
    const endWatch = gateways.watch(request, gaveUp);
    try {
      const head = await attempt.exchange.head;
      endWatch();
      admittance.check();
      body.commit();
      const { exchange: exchange2, connection } = attempt;
      record2.headed(head);
      if (head.status === 101)
        return relayWebSocket(exchange2.stream, head, connection.connectionId, sockets, record2, call);
      const response = answer(exchange2, head, request);
      if (!exchange2.isDelivered) request.signal.addEventListener("abort", gaveUp);
      exchange2.handedOver();
      return response;
    } catch (thrown) {
      failure2 = TunnelError.from(thrown);
      endWatch();
      exclude(tried, attempt.connection, failure2, tunnel);
      if (!body.isReplayable || !tunnel.hasOtherThan(tried) || !moves.take(failure2)) throw failure2;
    }
  }
}
function requestBody(request, open2, allowed2, record2) {
  const lengthBytes = contentLengthOf(open2.fields);
  if (lengthBytes === "invalid") throw new TunnelError("BAD_REQUEST", "Content-Length is not one number.");
  const maxBytes = allowed2.maxBodyBytes ?? Infinity;
  if (lengthBytes !== null && lengthBytes > maxBytes) {
    throw new TunnelError("BODY_TOO_LARGE", `The service takes bodies of at most ${maxBytes} bytes.`);
  }
  return new RequestBody(request, lengthBytes, maxBytes, record2);
}
function begin(tunnel, open2, body, tried, failure2, record2) {
  const exchange2 = new Exchange(record2);
  try {
    const end = body.isEmpty && open2.kind === "http";
    const { stream, connection } = tunnel.open(open2, end, exchange2, tried);
    exchange2.attach(stream);
    record2.opened(connection.mux.hello?.connectorId ?? "");
    if (!body.isEmpty) void body.feed(exchange2);
    return { exchange: exchange2, connection };
  } catch (thrown) {
    throw failure2 ?? thrown;
  }
}
function exclude(tried, connection, failure2, { connections }) {
  tried.add(connection);
  if (!failure2.code.startsWith("UPSTREAM_")) return;
  const connectorId = connection.mux.hello?.connectorId;
  for (const other of connections) if (other.mux.hello?.connectorId === connectorId) tried.add(other);
}
function answer(exchange2, head, request) {
  try {
    if (exchange2.stream.open.kind === "websocket") exchange2.stream.end();
    return responseOf(exchange2, head, request.method);
  } catch (thrown) {
    const error2 = TunnelError.from(thrown);
    exchange2.stream.reset(error2.code, error2.message);
    throw error2.code === "INTERNAL" ? new TunnelError("UPSTREAM_PROTOCOL", error2.message) : error2;
  }
}

// worker/exchange/gateway-watch.ts
var LOOK_EVERY_MS = 25;
var GatewayWatch = class {
  #clock;
  #waiting = /* @__PURE__ */ new Set();
  #looks = false;
  constructor(clock2) {
    this.#clock = clock2;
  }
  /** Calls `gaveUp` at most once; never after the function returned was called. */
  watch(request, gaveUp) {
    const waiting2 = { request, gaveUp, isOld: false, isListening: false };
    this.#waiting.add(waiting2);
    this.#lookLater();
    return () => {
      this.#waiting.delete(waiting2);
      if (waiting2.isListening) request.signal.removeEventListener("abort", gaveUp);
    };
  }
  /** A timer keeps the object awake: none outlives what it waits for by more than one look. */
  #lookLater() {
    if (this.#looks) return;
    this.#looks = true;
    this.#clock.after(LOOK_EVERY_MS, () => {
      this.#looks = false;
      this.#look();
    });
  }
  #look() {
    for (const waiting2 of this.#waiting) {
      if (waiting2.isOld) this.#listen(waiting2);
      waiting2.isOld = true;
    }
    if (this.#waiting.size > 0) this.#lookLater();
  }
  #listen(waiting2) {
    const { signal } = waiting2.request;
    this.#waiting.delete(waiting2);
    if (signal.aborted) return waiting2.gaveUp();
    waiting2.isListening = true;
    signal.addEventListener("abort", waiting2.gaveUp);
  }
};

// worker/tunnel/tunnel-store.ts
var CONFIG_KEY = "config";
var TOKEN_USE_PREFIX = "token-use:";
var TunnelStore = class {
  #kv;
  #config;
  constructor(storage) {
    this.#kv = storage.kv;
  }
  /** The newest configuration saved here; null when there is none. Read from storage once. */
  config() {
    this.#config ??= this.#kv.get(CONFIG_KEY) ?? null;
    return this.#config;
  }
  /** Keeps `config` unless the copy here is as new. True when it was kept. */
  save(config2) {
    const current = this.config();
    if (current !== null && current.version >= config2.version) return false;
    this.#kv.put(CONFIG_KEY, config2);
    this.#config = config2;
    return true;
  }
  tokenUsed(kid, nowMs2) {
    this.#kv.put(TOKEN_USE_PREFIX + kid, nowMs2);
  }
  tokenUses() {
    return Array.from(this.#kv.list({ prefix: TOKEN_USE_PREFIX }), ([key, lastUsedAtMs]) => ({
      kid: key.slice(TOKEN_USE_PREFIX.length),
      lastUsedAtMs
    }));
  }
};

// worker/tunnel/arrivals.ts
var EXPECTED_MS = 3e4;
var MAX_WAITING2 = 512;
var Arrivals = class {
  #clock;
  #waiting = /* @__PURE__ */ new Set();
  #expectedUntilMs = -Infinity;
  constructor(clock2) {
    this.#clock = clock2;
  }
  /** One was here a moment ago. */
  expect() {
    this.#expectedUntilMs = this.#clock.nowMs() + EXPECTED_MS;
  }
  arrived() {
    for (const wakeUp of this.#waiting) wakeUp();
  }
  /** Resolves when a connector has come, or after `maxMs`; at once where none is expected. */
  async wait(maxMs) {
    if (maxMs === 0 || this.#clock.nowMs() >= this.#expectedUntilMs || this.#waiting.size >= MAX_WAITING2)
      return;
    const { promise, resolve } = Promise.withResolvers();
    const cancelTimer = this.#clock.after(maxMs, resolve);
    this.#waiting.add(resolve);
    await promise;
    this.#waiting.delete(resolve);
    cancelTimer();
  }
};

// worker/exchange/retry-budget.ts
var PER_REQUEST = 0.2;
var MIN_SAVED = 20;
var RetryBudget = class {
  #saved = MIN_SAVED;
  #underWay = 0;
  /** The function returned says that it got its head, or none; once. */
  requestBegan() {
    this.#underWay++;
    const mayBeSaved = Math.max(MIN_SAVED, this.#underWay);
    if (this.#saved < mayBeSaved) this.#saved = Math.min(mayBeSaved, this.#saved + PER_REQUEST);
    return () => {
      this.#underWay--;
    };
  }
  /** False: no retry may be made now. */
  spend() {
    if (this.#saved < 1) return false;
    this.#saved -= 1;
    return true;
  }
};

// worker/tunnel/tunnel.ts
var QUIET_MS = KEEPALIVE_INTERVAL_MS + KEEPALIVE_TIMEOUT_MS;
var Tunnel = class {
  pool = new WindowPool(RELAY_WINDOW_POOL_BYTES);
  budget = new SendBudget(MAX_UNACKNOWLEDGED_BYTES, MIN_UNACKNOWLEDGED_BYTES);
  retries = new RetryBudget();
  #connections = /* @__PURE__ */ new Set();
  arrivals;
  #clock;
  #random;
  constructor(clock2, random) {
    this.arrivals = new Arrivals(clock2);
    this.#clock = clock2;
    this.#random = random;
  }
  get connections() {
    return this.#connections;
  }
  attach(connection) {
    this.#connections.add(connection);
  }
  detach(connection) {
    this.#connections.delete(connection);
    if (connection.mux.hello !== null) this.arrivals.expect();
  }
  /**
   * Resolves at once, with false, while a connector takes requests; else when one comes, if one is expected, or after
   * `maxMs`.
   */
  async waitForConnector(maxMs) {
    for (const connection of this.#connections) if (takesRequests(connection)) return false;
    if (this.#connections.size > 0) this.arrivals.expect();
    await this.arrivals.wait(maxMs);
    return true;
  }
  /** Could a request be sent on a connection that is not excluded, now or when one comes? */
  hasOtherThan(excluded) {
    const taking = [...this.#connections].filter(takesRequests);
    return taking.length === 0 || taking.some((connection) => !excluded.has(connection));
  }
  /** Older connections of the same connector and index: half-open ones that a new one replaces. */
  predecessorsOf(connection) {
    const { hello } = connection.mux;
    return [...this.#connections].filter(
      (other) => other !== connection && other.mux.hello !== null && other.mux.hello.connectorId === hello?.connectorId && other.mux.hello.connectionIndex === hello.connectionIndex
    );
  }
  /**
   * Opens a stream on the less loaded of two connections picked at random, not on `excluded`, and of those whose
   * connectors take such a head. Throws NO_CONNECTOR or OVERLOADED, or what the head's own faults are.
   */
  open(head, end, handler, excluded) {
    const connection = this.#choose(head, excluded);
    return { connection, stream: connection.mux.open(head, end, handler) };
  }
  #choose(head, excluded) {
    const attached = [...this.#connections].filter(
      (connection) => takesRequests(connection) && !excluded.has(connection)
    );
    if (attached.length === 0) {
      throw new TunnelError("NO_CONNECTOR", "No connector is attached to this tunnel.", {
        notProcessed: true
      });
    }
    const able = withCapability(attached, capabilityFor(head));
    if (able.length === 0) throw beyondAll(head);
    const openStreams = [...this.#connections].reduce((sum, { mux }) => sum + mux.streamCount, 0);
    const free = withoutFailing(able, head.service).filter((connection) => connection.mux.openCredit > 0);
    if (free.length === 0 || openStreams >= MAX_STREAMS_PER_OBJECT) {
      throw new TunnelError("OVERLOADED", "Every connector has as many requests as it takes.", {
        notProcessed: true
      });
    }
    return this.#lessLoadedOfTwo(this.#lively(free));
  }
  /** Connections that showed life lately; all, if none did. Quiet ones are asked for a sign. */
  #lively(connections) {
    const nowMs2 = this.#clock.nowMs();
    const lively = connections.filter((connection) => {
      const quiet = nowMs2 - connection.lastAliveMs() > QUIET_MS;
      if (quiet) connection.probe();
      return !quiet && !connection.mux.isSuspect;
    });
    return lively.length > 0 ? lively : connections;
  }
  #lessLoadedOfTwo(connections) {
    const first = this.#pick(connections);
    const second = connections.length === 1 ? first : this.#pick(connections.filter((other) => other !== first));
    return loadOf(second) < loadOf(first) ? second : first;
  }
  #pick(connections) {
    const picked = connections[Math.floor(this.#random() * connections.length)];
    if (picked === void 0) throw new Error("picked from nothing");
    return picked;
  }
};
function withoutFailing(connections, service) {
  const working = connections.filter((connection) => !connection.isFailing(service));
  return working.length > 0 ? working : connections;
}
function withCapability(connections, capability) {
  if (capability === null) return connections;
  return connections.filter(({ mux }) => has(mux.peerCapabilities, capability));
}
function beyondAll({ kind, path }) {
  const update = "no attached connector takes it; update them";
  if (kind === "tcp")
    return new TunnelError("BAD_REQUEST", `TCP is asked for, and ${update}`, { notProcessed: true });
  return path.length > SHORT_PATH_LENGTH ? new TunnelError("URI_TOO_LONG", `The path is over ${SHORT_PATH_LENGTH} characters, and ${update}.`) : new TunnelError("FIELDS_TOO_LARGE", `The request's head is very large, and ${update}.`);
}
function takesRequests({ mux }) {
  return mux.hello !== null && !mux.isDraining;
}
function loadOf({ mux }) {
  return mux.streamCount / (mux.hello?.maxStreams ?? 1);
}

// worker/tunnel/tunnel-object.ts
var UNKNOWN_MS = 5e3;
var NEWER_MS = 6e4;
var nowMs = () => Date.now();
var clock = {
  nowMs,
  wallMs: nowMs,
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  // The platform's queueMicrotask wraps what it is given; a promise's reaction is V8's alone.
  soon: (run) => void Promise.resolve().then(run)
};
var Tunnel2 = class extends DurableObject3 {
  #store;
  #core = new Tunnel(clock, Math.random);
  #connections = /* @__PURE__ */ new Map();
  #gateways = /* @__PURE__ */ new Map();
  #tails = new TailHub(clock);
  #outbox = new EventOutbox({
    clock,
    sender: crypto.randomUUID(),
    send: (batch) => telemetryStub(this.env, this.#name).take(batch),
    facts: () => ({
      destinationsRevision: this.#store.config()?.destinationsRevision ?? 0,
      connectors: this.status().connections.length
    })
  });
  #log = new EventLog(logSettings(this.env), this.#outbox, this.#tails);
  #exchanges = new OpenExchanges();
  #relayDeps = {
    tunnel: this.#core,
    sockets: { accept: (socket, relay2) => this.#acceptGateway(socket, relay2) },
    gateways: new GatewayWatch(clock),
    log: this.#log,
    nowMs,
    exchanges: this.#exchanges
  };
  #policy = null;
  #checkList = null;
  #unknownUntilMs = 0;
  #newerAskedUntilMs = 0;
  constructor(ctx, env) {
    super(ctx, env);
    this.#store = new TunnelStore(ctx.storage);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING_TEXT, PONG_TEXT));
    if (this.#store.tokenUses().length > 0) this.#core.arrivals.expect();
    this.#resume();
  }
  async fetch(request) {
    const arrivedAtMs = nowMs();
    const claim2 = claimOf(request);
    if (claim2 === null) return new Response(null, { status: 403 });
    const config2 = await this.#config();
    if (claim2.kind === "connect") return this.#connect(config2, claim2);
    if (config2 instanceof TunnelError) return this.#unavailable(config2, request, claim2, arrivedAtMs);
    if (config2 === null) return unlogged2(refusal3(unknownTunnel2(), request));
    if (claim2.kind === "tail") return this.#tail(claim2.filter);
    const caller = claim2.kind === "gateway-key" ? callerOf(config2, claim2) : claim2;
    if (caller === null) return keyRefusal(request);
    return relayRequest(this.#relayDeps, config2, this.#policyOf(config2), request, caller, arrivedAtMs);
  }
  webSocketMessage(socket, message) {
    this.#connections.get(socket)?.receive(message);
    this.#gateways.get(socket)?.received(message);
    if (this.#tails.has(socket)) this.#tails.received(socket, message);
  }
  webSocketClose(socket, code, reason) {
    if (!this.#connections.has(socket) && !this.#gateways.has(socket)) this.#restoreGateway(socket);
    this.#gateways.get(socket)?.closed(code, reason);
    this.#lost(socket);
    closeSocket(socket, closeCodeOf(code), reason);
  }
  webSocketError(socket) {
    if (!this.#connections.has(socket) && !this.#gateways.has(socket)) this.#restoreGateway(socket);
    this.#gateways.get(socket)?.failed();
    this.#lost(socket);
  }
  // ── called by the Registry ──────────────────────────────────────────────────────────────────────
  /** Takes a newer configuration into force at once; answers with the version held afterwards. */
  applyConfig(config2) {
    const checksBefore = this.#checks().revision;
    if (this.#store.save(config2)) {
      this.#policy = null;
      this.#checkList = null;
      this.#unknownUntilMs = 0;
      this.#exchanges.judge(config2, this.#policyOf(config2));
      this.#cutRevoked(config2);
      if (config2.deleted) this.#tails.endAll("the tunnel was deleted");
      if (this.#checks().revision !== checksBefore) {
        for (const connection of this.#connections.values()) connection.sendChecks();
      }
    }
    return { version: this.#store.config()?.version ?? 0 };
  }
  status() {
    const connections = [...this.#connections.values()].flatMap(({ mux, kid, connectedAtMs, health }) => {
      if (mux.hello === null || mux.isClosed) return [];
      const { connectorId, softwareVersion } = mux.hello;
      const load = { openStreams: mux.streamCount, maxStreams: mux.hello.maxStreams };
      const roundTripMs = Number.isFinite(mux.roundTripMs) ? mux.roundTripMs : null;
      return [
        { connectorId, connectorVersion: softwareVersion, kid, connectedAtMs, ...load, roundTripMs, health }
      ];
    });
    return { connections, tokenUses: this.#store.tokenUses() };
  }
  get #name() {
    return this.ctx.id.name ?? this.ctx.id.toString();
  }
  // ── parts ───────────────────────────────────────────────────────────────────────────────────────
  #connect(config2, claim2) {
    if (config2 instanceof TunnelError) return new Response(null, { status: 503 });
    if (config2 === null || !verifyToken(config2, claim2.kid, claim2.secretDigestHex, Date.now())) {
      return new Response(null, { status: 401 });
    }
    if (this.#core.connections.size >= MAX_CONNECTIONS_PER_OBJECT) return new Response(null, { status: 409 });
    this.#store.tokenUsed(claim2.kid, Date.now());
    const { 0: connectorEnd, 1: socket } = new WebSocketPair();
    this.ctx.acceptWebSocket(socket);
    const attachment = {
      role: "connector",
      connectionId: crypto.randomUUID(),
      kid: claim2.kid,
      connectedAtMs: Date.now(),
      epoch: 0,
      hello: null,
      rest: null,
      health: null
    };
    socket.serializeAttachment(attachment);
    this.#join(socket);
    return new Response(null, {
      status: 101,
      webSocket: connectorEnd,
      headers: { "sec-websocket-protocol": SUBPROTOCOL }
    });
  }
  #unavailable(error2, request, claim2, arrivedAtMs) {
    const response = refusal3(error2, request);
    const caller = claim2.kind === "request" ? claim2 : {};
    const facts2 = { ...caller, arrivedAtMs, tunnel: this.#name };
    if (claim2.kind !== "tail")
      logOwnAnswer(request, response, facts2, this.env, (work) => this.ctx.waitUntil(work));
    return response;
  }
  #tail(filter) {
    this.#tails.endExpired();
    if (this.#tails.size >= MAX_TAILS) return new Response(null, { status: 429 });
    const { 0: watcherEnd, 1: socket } = new WebSocketPair();
    this.ctx.acceptWebSocket(socket);
    this.#tails.accept(socket, filter);
    const headers = { "sec-websocket-protocol": TAIL_SUBPROTOCOL };
    return new Response(null, { status: 101, webSocket: watcherEnd, headers });
  }
  /** After the memory was lost, sockets and their attachments are what is left. */
  #resume() {
    const sockets = this.ctx.getWebSockets();
    const byRole = Map.groupBy(
      sockets,
      (socket) => socket.deserializeAttachment()?.role
    );
    for (const socket of byRole.get("connector") ?? []) {
      if (socket.readyState === WebSocket.OPEN) this.#join(socket);
    }
    for (const socket of byRole.get("gateway") ?? []) this.#restoreGateway(socket);
    for (const socket of byRole.get("tail") ?? []) {
      if (socket.readyState === WebSocket.OPEN)
        this.#tails.restore(socket, socket.deserializeAttachment());
    }
  }
  #restoreGateway(socket) {
    const attachment = socket.deserializeAttachment();
    if (attachment.role !== "gateway" || attachment.isOver) return;
    const record2 = new RequestRecord(attachment.record, nowMs, (event) => {
      leave();
      this.#log.write(event);
    });
    const relay2 = new WebSocketRelay(socket, attachment, record2);
    const end = (refusal4) => relay2.revoked(refusal4);
    const leave = this.#exchanges.add({ grounds: groundsOf(attachment), end });
    this.#gateways.set(socket, relay2);
    const carrier = [...this.#connections.values()].find(
      ({ connectionId }) => connectionId === attachment.connectionId
    );
    if (attachment.rest === null || carrier?.wasAtRest !== true) return relay2.orphaned();
    try {
      relay2.join(carrier.mux.restoreStream(attachment.open, attachment.rest, relay2));
    } catch {
      relay2.orphaned();
    }
  }
  #acceptGateway(socket, relay2) {
    this.ctx.acceptWebSocket(socket);
    this.#gateways.set(socket, relay2);
  }
  #join(socket) {
    const connection = new ConnectorConnection({
      socket: new ConnectorSocket(socket),
      tunnel: this.#core,
      clock,
      relayId: this.#name,
      softwareVersion: VERSION,
      checkList: () => this.#checks(),
      onChange: () => this.#outbox.changed(),
      lastAutoAnswerMs: () => this.ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? null
    });
    this.#connections.set(socket, connection);
  }
  #lost(socket) {
    this.#connections.get(socket)?.lost();
    this.#connections.delete(socket);
    this.#gateways.delete(socket);
    this.#tails.leave(socket);
  }
  #cutRevoked(config2) {
    for (const connection of this.#connections.values()) {
      if (!config2.deleted && tokenIsLive(config2, connection.kid, Date.now())) continue;
      const code = config2.deleted ? "TUNNEL_DELETED" : "TOKEN_REVOKED";
      const message = config2.deleted ? "The tunnel was deleted." : "The connector's token was revoked.";
      connection.end(new TunnelError(code, message, { scope: "connection" }), CLOSE_REVOKED);
    }
  }
  #checks() {
    return this.#checkList ??= checkListOf(this.#store.config()?.services ?? []);
  }
  #policyOf(config2) {
    return this.#policy ??= compilePolicy(config2);
  }
  /** Beside the request: by its copy the tunnel serves all the same. */
  #askForNewer() {
    const { name } = this.ctx.id;
    if (name === void 0 || Date.now() < this.#newerAskedUntilMs) return;
    this.#newerAskedUntilMs = Date.now() + NEWER_MS;
    const taken = registryStub(this.env).tunnelConfig(name).then((config2) => config2 && this.applyConfig(config2)).catch(() => null);
    this.ctx.waitUntil(taken);
  }
  /** This object's copy; asked of the Registry where there is none. An error: the Registry did not answer. */
  async #config() {
    const kept = this.#store.config();
    if (kept !== null) {
      if (kept.relayName === void 0) this.#askForNewer();
      return kept.deleted ? null : kept;
    }
    const { name } = this.ctx.id;
    if (name === void 0 || Date.now() < this.#unknownUntilMs) return null;
    try {
      const pulled = await registryStub(this.env).tunnelConfig(name);
      if (pulled === null) this.#unknownUntilMs = Date.now() + UNKNOWN_MS;
      else this.#store.save(pulled);
      return pulled?.deleted === true ? null : pulled;
    } catch (thrown) {
      return new TunnelError("OVERLOADED", "The tunnel's configuration cannot be had now.", {
        cause: thrown
      });
    }
  }
};
function callerOf(config2, { kid, digestHex, path }) {
  const caller = verifyGatewayKey(config2, kid, digestHex);
  if (caller === null) return null;
  return { kind: "request", ...caller, kid, keepForwarded: false, ...path === void 0 ? {} : { path } };
}
function keyRefusal(request) {
  request.body?.cancel().catch(() => {
  });
  return new Response(null, { status: 401, headers: { "culvert-error": KEY_REFUSED, [UNLOGGED]: "1" } });
}
function refusal3(reason, request) {
  request.body?.cancel().catch(() => {
  });
  return problemResponse2(reason, request.method, crypto.randomUUID());
}
function unlogged2(response) {
  response.headers.set(UNLOGGED, "1");
  return response;
}
function unknownTunnel2() {
  return new TunnelError("UNKNOWN_TUNNEL", "There is no tunnel of this id.");
}
export {
  Registry,
  Telemetry,
  Tunnel2 as Tunnel,
  TunnelBinding,
  app as default
};
