import { useId } from "hono/jsx/dom";
import { latencyText, numberText, percentText } from "../parts/index.ts";
import { Chart } from "./chart.tsx";
import type { ChartData } from "./chart-data.ts";
import type { TimeRange } from "./time-range.ts";

const perSecondText = (value: number | null) => (value === null ? "–" : `${numberText(value)}/s`);
const shareText = (value: number | null) => (value === null ? "–" : percentText(value));

const CONNECTOR_COLORS = ["--line-1", "--line-2", "--line-3", "--line-4", "--line-5"];

export interface ChartsProps {
  data: ChartData;
  choose: (range: TimeRange) => void;
  reset: () => void;
  /** Opens the requests of a step. `onlyFailed` for the chart of errors. */
  open: (index: number, onlyFailed: boolean) => void;
}

export function Charts({ data, choose, reset, open }: ChartsProps) {
  const helpId = useId();
  const all = { at: data.at, helpId, choose, reset };
  return (
    <>
      <div class="charts">
        <Chart
          {...all}
          title="Requests"
          text={perSecondText}
          isBars
          open={(index) => open(index, false)}
          lines={[
            { label: "all", color: "--line-1", values: data.requestsPerSecond },
            { label: "errors", color: "--line-bad", values: data.errorsPerSecond },
          ]}
        />
        <Chart
          {...all}
          title="Latency"
          text={latencyText}
          open={(index) => open(index, false)}
          lines={[
            { label: "p50", color: "--line-1", values: data.p50Ms },
            { label: "p90", color: "--line-2", values: data.p90Ms },
            { label: "p99", color: "--line-3", values: data.p99Ms },
          ]}
        />
        <Chart
          {...all}
          title="Error rate"
          text={shareText}
          open={(index) => open(index, true)}
          lines={[{ label: "errors", color: "--line-bad", values: data.errorShare, isFilled: true }]}
        />
        {data.connectors.length > 0 && (
          <Chart
            {...all}
            title="Load of the connectors"
            text={perSecondText}
            open={(index) => open(index, false)}
            lines={data.connectors.map(({ name, requestsPerSecond }, index) => ({
              label: name,
              color: CONNECTOR_COLORS[index] ?? "--faint",
              values: requestsPerSecond,
            }))}
          />
        )}
      </div>
      <p class="help" id={helpId}>
        Drag over a chart to enlarge that part; click a step to see its requests. With the keyboard: arrows,
        Shift and arrows to select, Enter to open, and Esc to go back.
      </p>
    </>
  );
}
