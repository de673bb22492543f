import type { Sample } from "../measure.ts";
import { type Spread, spreadOf } from "./statistics.ts";

export type Metric = (sample: Sample) => number;

/** The samples of a run, with queries. */
export class Results {
  readonly samples: Sample[] = [];

  add(sample: Sample): void {
    this.samples.push(sample);
  }

  has(workload: string, subject: string): boolean {
    return this.samples.some((sample) => sample.workload === workload && sample.subject === subject);
  }

  spread(workload: string, subject: string, metric: Metric): Spread {
    return spreadOf(this.#of(workload, subject).map(metric));
  }

  /** Calculates the ratio for each round separately, so that a disturbance affects both of its sides. */
  ratio(
    above: { workload: string; subject: string; metric: Metric },
    below: { workload: string; subject: string; metric: Metric },
  ): Spread {
    const rounds = new Map(
      this.#of(below.workload, below.subject).map((sample) => [sample.round, below.metric(sample)]),
    );
    return spreadOf(
      this.#of(above.workload, above.subject).map(
        (sample) => above.metric(sample) / (rounds.get(sample.round) ?? NaN),
      ),
    );
  }

  /** A subject's rate in one round; undefined if it was not measured there. */
  perSecond(workload: string, subject: string, round: number): number | undefined {
    return this.#of(workload, subject).find((sample) => sample.round === round)?.perSecond;
  }

  get workloads(): string[] {
    return [...new Set(this.samples.map(({ workload }) => workload))];
  }

  #of(workload: string, subject: string): Sample[] {
    return this.samples.filter((sample) => sample.workload === workload && sample.subject === subject);
  }
}
