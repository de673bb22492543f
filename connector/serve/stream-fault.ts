import type { Stream } from "../../shared/mux/index.ts";
import { faultError, type OnFault, type ReportFault } from "../platform/index.ts";

/** What to do with an exception in a handler that works for one stream: it ends that stream. */
export function endingStream(stream: Stream, reportFault: ReportFault): OnFault {
  return (thrown) => {
    reportFault("exchange", thrown);
    const { code, message } = faultError();
    stream.reset(code, message);
  };
}
