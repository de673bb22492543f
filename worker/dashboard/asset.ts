/** A file of the dashboard, as `scripts/build-dashboard.ts` embeds it. */
export interface Asset {
  /** With a hash of its content in it: what a name stands for never changes. */
  name: string;
  type: string;
  text: string;
}
