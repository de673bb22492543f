/** A file of the dashboard, as `scripts/build-dashboard.ts` embeds it. */
export interface Asset {
  /** Contains a hash of the content, so a name always means the same content. */
  name: string;
  type: string;
  text: string;
}
