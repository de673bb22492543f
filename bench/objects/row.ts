/** One line of the report: the target and the result. */
export interface Row {
  name: string;
  measured: string;
  wanted: string;
  passed: boolean;
  detail: string;
}
