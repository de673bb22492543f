/*
 * The admin API: `/v1` for `culvert`, the dashboard and scripts, and `/v1/connect` for connectors.
 *
 * One value per route (`Operation`) says what openapi.json shows and what runs, so the two cannot differ. Input is checked by the
 * operation's schemas before its code runs. Whatever is wrong with a credential gets the same answer, and only failed credentials are
 * slowed down. What is thrown is answered as problem+json; outsiders learn all of an `ApiError` and nothing of any other error.
 *
 * Begin with `operation.ts` and `authenticate.ts`, then `routes/`; `worker/app.ts` joins the routes. docs/api.md; decision 0030.
 */
export {
  accessPerson,
  adminKeyNotice,
  adminProof,
  authenticate,
  keyHolder,
  sessionHolder,
  unauthenticated,
} from "./authenticate.ts";
export { readJson } from "./body.ts";
export { inTime } from "./in-time.ts";
export { openApiDocument } from "./openapi.ts";
export { ApiError, apiProblemResponse } from "./problem.ts";
export { referencePage } from "./reference-page.ts";
export { refuseOtherSites } from "./same-origin.ts";
export { isoTime } from "./time.ts";
