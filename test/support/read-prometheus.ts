interface ReadSample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface ReadMetrics {
  samples: readonly ReadSample[];
  /** The sum over all samples with this name and these labels. */
  sum: (name: string, labels: Readonly<Record<string, string>>) => number;
}

const HEAD = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([-+]?(?:[0-9.]+(?:e[-+]?[0-9]+)?|Inf)|NaN)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/y;

/**
 * Reads the text format of Prometheus, version 0.0.4, and throws if a rule is broken: a family must be in one block after
 * its HELP and TYPE, no sample may occur twice, and a histogram's buckets must grow up to its count.
 */
export function readPrometheus(text: string): ReadMetrics {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const samples: ReadSample[] = [];
  const types = new Map<string, string>();
  const seen = new Set<string>();
  let family = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const [, keyword, headed = "", rest = ""] = HEAD.exec(line) ?? [];
    if (keyword === "HELP") {
      if (types.has(headed)) throw new Error(`${headed} does not stand together`);
      family = headed;
      types.set(family, "");
    } else if (keyword === "TYPE") {
      if (headed !== family || !/^(?:counter|gauge|histogram)$/.test(rest)) throw new Error(line);
      types.set(family, rest);
    } else {
      const [, name = "", labels = "", value = ""] = SAMPLE.exec(line) ?? [];
      const suffix = name.startsWith(family) ? name.slice(family.length) : null;
      const isOfFamily =
        types.get(family) === "histogram" ? /^_(?:bucket|sum|count)$/.test(suffix ?? "") : suffix === "";
      const key = `${name}{${labels}}`;
      if (!isOfFamily || seen.has(key)) throw new Error(`out of place: ${line}`);
      seen.add(key);
      samples.push({ name, labels: readLabels(labels), value: Number(value.replace("Inf", "Infinity")) });
    }
  }
  checkHistograms(samples);
  const sum: ReadMetrics["sum"] = (name, labels) =>
    samples
      .filter((sample) => sample.name === name)
      .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
      .reduce((total, { value }) => total + value, 0);
  return { samples, sum };
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const at = LABEL.lastIndex;
    const [, name = "", value = ""] = LABEL.exec(text) ?? [];
    if (name === "" || name in labels) throw new Error(`labels: ${text.slice(at)}`);
    labels[name] = value.replace(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
  }
  return labels;
}

function checkHistograms(samples: readonly ReadSample[]): void {
  const buckets = Map.groupBy(
    samples.filter(({ name }) => name.endsWith("_bucket")),
    ({ name, labels }) =>
      `${name.replace(/_bucket$/, "_count")} ${JSON.stringify({ ...labels, le: undefined })}`,
  );
  for (const [key, series] of buckets) {
    const bounds = series.map(({ labels }) => Number(labels["le"]?.replace("Inf", "Infinity")));
    const counts = series.map(({ value }) => value);
    const isRising = (values: readonly number[]) =>
      values.every((value, index) => value >= (values[index - 1] ?? 0));
    const total = samples.find(({ name, labels }) => `${name} ${JSON.stringify(labels)}` === key)?.value;
    if (!isRising(bounds) || !isRising(counts) || bounds.at(-1) !== Infinity || counts.at(-1) !== total) {
      throw new Error(`no histogram: ${key}`);
    }
  }
}
