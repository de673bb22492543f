/** The parts of a Grafana dashboard that have to do with queries. */
export interface Dashboard {
  templating: { list: { query: string | { query: string } }[] };
  panels: { id: number; title: string; targets?: { expr: string; legendFormat: string }[] }[];
}

/** Which labels each metric has. */
export type LabelsOf = ReadonlyMap<string, ReadonlySet<string>>;

/** A metric's name, and the labels that may follow it up to its closing brace. */
const SELECTOR = /\b((?:culvert|process|nodejs)_[a-z0-9_]+)(?:\{([^}]*)\})?/g;
/** Labels that Prometheus adds to whatever it scrapes. */
const OF_PROMETHEUS = ["instance", "job"];

/** Reads the text format. A label counts if any sample has it. */
export function labelsIn(text: string): Map<string, Set<string>> {
  const labelsOf = new Map<string, Set<string>>();
  for (const [, name = "", labels = ""] of text.matchAll(/^([a-z0-9_]+)(?:\{(.*)\})? \S+$/gm)) {
    const known = labelsOf.get(name) ?? new Set<string>();
    for (const [, label = ""] of labels.matchAll(/([a-z_]+)="/g)) known.add(label);
    labelsOf.set(name, known);
  }
  return labelsOf;
}

/**
 * Returns the faults of queries for metrics with this prefix: metrics and labels that do not exist, and groups and legends
 * by labels that no metric of the query has.
 */
export function faultsOf(
  dashboard: Dashboard,
  labelsOf: LabelsOf,
  isOurs: (metric: string) => boolean,
): string[] {
  const targets = dashboard.panels.flatMap((panel) => panel.targets ?? []);
  const queries = [
    ...targets,
    ...dashboard.templating.list.map(({ query }) => ({
      expr: typeof query === "string" ? "" : query.query,
      legendFormat: "",
    })),
  ];
  return queries.flatMap(({ expr, legendFormat }) => {
    const selectors = Array.from(expr.matchAll(SELECTOR), ([, name = "", selection = ""]) => ({
      name,
      selection,
    }));
    const ours = selectors.filter(({ name }) => isOurs(name));
    return [
      ...ours.filter(({ name }) => !labelsOf.has(name)).map(({ name }) => `no metric ${name}`),
      ...ours.flatMap(({ name, selection }) => unknownLabels(name, selection, labelsOf)),
      ...(ours.length === selectors.length ? groupFaults(expr, legendFormat, ours, labelsOf) : []),
    ];
  });
}

/** In how many places the dashboard asks for such metrics. */
export function selectorCount(dashboard: Dashboard, isOurs: (metric: string) => boolean): number {
  const exprs = dashboard.panels.flatMap((panel) => panel.targets ?? []).map(({ expr }) => expr);
  return exprs.flatMap((expr) => [...expr.matchAll(SELECTOR)]).filter(([, name = ""]) => isOurs(name)).length;
}

function unknownLabels(name: string, selection: string, labelsOf: LabelsOf): string[] {
  const known = [...OF_PROMETHEUS, ...(labelsOf.get(name) ?? [])];
  return Array.from(selection.matchAll(/([a-z_]+)\s*(?:=|!)/g), ([, label = ""]) => label)
    .filter((label) => !known.includes(label))
    .map((label) => `no label ${label} of ${name}`);
}

function groupFaults(
  expr: string,
  legendFormat: string,
  selectors: readonly { name: string }[],
  labelsOf: LabelsOf,
): string[] {
  const known = [...OF_PROMETHEUS, ...selectors.flatMap(({ name }) => [...(labelsOf.get(name) ?? [])])];
  const grouped = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = ""]) => list.split(/, */));
  const named = Array.from(legendFormat.matchAll(/\{\{(.*?)\}\}/g), ([, label = ""]) => label);
  return [
    ...[...grouped, ...named]
      .filter((label) => !known.includes(label))
      .map((label) => `no ${label} in ${expr}`),
    ...named
      .filter((label) => grouped.length > 0 && !grouped.includes(label))
      .map((label) => `${label} not in ${expr}`),
  ];
}
