/** One line of the report: what was promised, and what came out. */
export interface Row {
  name: string;
  measured: string;
  wanted: string;
  passed: boolean;
  detail: string;
}
