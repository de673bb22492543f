import type { Stream } from "../../shared/mux/index.ts";
import { faultError, type OnFault, type ReportFault } from "../platform/index.ts";

/** For handlers of a stream's own work: a fault in one ends the stream. */
export function endingStream(stream: Stream, reportFault: ReportFault): OnFault {
  return (thrown) => {
    reportFault("exchange", thrown);
    const { code, message } = faultError();
    stream.reset(code, message);
  };
}
