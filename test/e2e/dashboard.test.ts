import { describe } from "vitest";
import { accessibilityCases } from "./dashboard/accessibility.ts";
import { attackCases } from "./dashboard/attacks.ts";
import { numberCases } from "./dashboard/numbers.ts";
import { receiverCases } from "./dashboard/receivers.ts";
import { requestCases } from "./dashboard/requests.ts";
import { serviceCases } from "./dashboard/services.ts";
import { sessionCases } from "./dashboard/sessions.ts";
import { executable } from "./dashboard/stage.ts";
import { tunnelCases } from "./dashboard/tunnels.ts";

if (executable === null) {
  console.log(
    "SKIP test/e2e/dashboard.test.ts: there is no Chromium; apt-get install chromium-headless-shell",
  );
}

/**
 * The cases run at the same time, because they mostly wait, for instance for the relay's telemetry. Each has its own
 * tunnels, and five at once take five times as long as one.
 */
describe.skipIf(executable === null)(
  "the dashboard in Chromium",
  { concurrent: true, timeout: 180_000 },
  () => {
    accessibilityCases();
    sessionCases();
    requestCases();
    numberCases();
    serviceCases();
    tunnelCases();
    receiverCases();
    attackCases();
  },
);
