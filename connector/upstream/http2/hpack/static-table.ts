/** RFC 7541, Appendix A: names and values in turn, from index 1. */
const TEXT = `
:authority||:method|GET|:method|POST|:path|/|:path|/index.html|:scheme|http|:scheme|https|:status|200|:status|204
:status|206|:status|304|:status|400|:status|404|:status|500|accept-charset||accept-encoding|gzip, deflate
accept-language||accept-ranges||accept||access-control-allow-origin||age||allow||authorization||cache-control|
content-disposition||content-encoding||content-language||content-length||content-location||content-range|
content-type||cookie||date||etag||expect||expires||from||host||if-match||if-modified-since||if-none-match|
if-range||if-unmodified-since||last-modified||link||location||max-forwards||proxy-authenticate|
proxy-authorization||range||referer||refresh||retry-after||server||set-cookie||strict-transport-security|
transfer-encoding||user-agent||vary||via||www-authenticate|`;

export interface HeaderField {
  name: string;
  /** Each character one byte. */
  value: string;
}

const parts = TEXT.trim().replaceAll("\n", "|").split("|");

/** The entry of index 1 stands first. */
export const STATIC_TABLE: readonly HeaderField[] = Array.from({ length: parts.length / 2 }, (_, at) => ({
  name: parts[2 * at] ?? "",
  value: parts[2 * at + 1] ?? "",
}));
