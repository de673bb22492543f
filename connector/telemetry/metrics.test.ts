import { expect, it } from "vitest";
import type { CheckOutcome } from "../../shared/protocol/service-checks.ts";
import { Metrics, type MetricSources } from "./metrics.ts";
import type { RequestSummary } from "./request-summary.ts";

const SUMMARY: RequestSummary = {
  kind: "http",
  requestId: "r",
  traceId: null,
  project: "p",
  environment: "production",
  service: "orders",
  method: "GET",
  path: "/",
  status: 200,
  code: null,
  requestBytes: 1,
  responseBytes: 10,
  waitMs: 20,
  durationMs: 30,
};

const NO_FAULTS = { exchange: 0, upstream: 0, relay: 0, process: 0 };

/** Its labels are what people look a connector up by. */
it("says which connector it is, of which version and build", async () => {
  expect(await metrics().render()).toMatch(
    /^culvert_connector_info\{version="1\.2\.3",build="source",name="rack-7",connector="con_1"\} 1$/m,
  );
});

function metrics(sources: Partial<MetricSources> = {}): Metrics {
  return new Metrics(
    { version: "1.2.3", name: "rack-7", connector: "con_1" },
    {
      connections: () => [],
      services: () => [],
      spans: null,
      droppedLogLines: () => 0,
      faults: NO_FAULTS,
      ...sources,
    },
  );
}

const nonZero = (lines: readonly string[]) => lines.filter((line) => !line.endsWith(" 0"));

const linesOf = async (subject: Metrics, name: string) =>
  (await subject.render()).split("\n").filter((line) => line.startsWith(`culvert_connector_${name}`));

it("counts requests by service, class of status and code, with bytes and seconds", async () => {
  const subject = metrics();
  for (let i = 0; i < 4; i++) subject.requestStarted("orders");
  subject.requestFinished(SUMMARY);
  subject.requestFinished({ ...SUMMARY, status: 204 });
  subject.requestFinished({ ...SUMMARY, status: null, code: "CANCEL", waitMs: null });
  expect(nonZero(await linesOf(subject, "requests_total"))).toEqual([
    'culvert_connector_requests_total{service="orders",kind="http",status="2xx"} 2',
    'culvert_connector_requests_total{service="orders",kind="http",status="none"} 1',
  ]);
  const text = await subject.render();
  expect(text).toContain('culvert_connector_errors_total{service="orders",code="CANCEL"} 1\n');
  expect(text).toContain('culvert_connector_response_bytes_total{service="orders"} 30\n');
  expect(text).toContain('culvert_connector_request_duration_seconds_count{service="orders"} 3\n');
  expect(text).toContain(
    'culvert_connector_request_duration_seconds_bucket{le="0.025",service="orders"} 0\n',
  );
  expect(text).toContain('culvert_connector_request_duration_seconds_bucket{le="0.05",service="orders"} 3\n');
  expect(text).toContain('culvert_connector_response_wait_seconds_count{service="orders"} 2\n');
  expect(text).toContain('culvert_connector_requests_in_flight{service="orders"} 1\n');
  expect(text).toContain("culvert_connector_active_streams 1\n");
});

it("keeps long-lived WebSockets out of the durations of requests", async () => {
  const subject = metrics();
  subject.requestStarted("orders");
  subject.requestFinished({ ...SUMMARY, kind: "websocket", status: 101, durationMs: 3_600_000 });
  expect(nonZero(await linesOf(subject, "request_duration_seconds_count"))).toEqual([]);
  expect(nonZero(await linesOf(subject, "requests_total"))).toEqual([
    'culvert_connector_requests_total{service="orders",kind="websocket",status="1xx"} 1',
  ]);
});

it("has at most 200 services; all others count as one", async () => {
  const subject = metrics();
  for (let i = 0; i < 1_000; i++) {
    subject.requestStarted(`service-${i}`);
    subject.requestFinished({ ...SUMMARY, service: `service-${i}` });
  }
  const lines = nonZero(await linesOf(subject, "requests_total"));
  expect(lines).toHaveLength(201);
  expect(lines).toContain('culvert_connector_requests_total{service="(other)",kind="http",status="2xx"} 800');
});

it("keeps room for services whatever hosts callers make up, and shows the checks of each", async () => {
  const services = Array.from({ length: 200 }, (_, index) => ({
    service: `service-${index}`,
    outcome: "PASSING" as const,
  }));
  const subject = metrics({ services: () => services });
  for (let i = 0; i < 210; i++) {
    const summary = { ...SUMMARY, service: `host-${i}.corp.example:443` };
    subject.requestStarted(summary.service);
    subject.requestFinished(summary);
  }
  expect(await linesOf(subject, "service_up")).toHaveLength(200);
  for (const { service } of services) {
    subject.requestStarted(service);
    subject.requestFinished({ ...SUMMARY, service });
  }
  const lines = nonZero(await linesOf(subject, "requests_total"));
  expect(lines).toHaveLength(301);
  expect(lines).toContain('culvert_connector_requests_total{service="(other)",kind="http",status="2xx"} 110');
  expect(lines).toContain(
    'culvert_connector_requests_total{service="service-199",kind="http",status="2xx"} 1',
  );
});

it("does not confuse a service called other with the rest", async () => {
  const subject = metrics({ services: () => [{ service: "other", outcome: "UPSTREAM_DNS" }] });
  for (const service of ["other", "x".repeat(200)]) {
    subject.requestStarted(service);
    subject.requestFinished({ ...SUMMARY, service });
  }
  expect(nonZero(await linesOf(subject, "requests_total"))).toEqual([
    'culvert_connector_requests_total{service="other",kind="http",status="2xx"} 1',
    'culvert_connector_requests_total{service="(other)",kind="http",status="2xx"} 1',
  ]);
  expect(await linesOf(subject, "service_up")).toEqual(['culvert_connector_service_up{service="other"} 0']);
});

it("has the failures of a service at 0 before there is one: those it is to check, and those that are called", async () => {
  const subject = metrics({ services: () => [{ service: "checked", outcome: "PENDING" }] });
  subject.requestStarted("called");
  const lines = await linesOf(subject, "errors_total");
  for (const service of ["checked", "called"]) {
    for (const code of ["UPSTREAM_REFUSED", "UPSTREAM_NOT_ALLOWED", "BODY_ABORTED"]) {
      expect(lines).toContain(`culvert_connector_errors_total{service="${service}",code="${code}"} 0`);
    }
  }
  expect(await linesOf(subject, "requests_total")).toContain(
    'culvert_connector_requests_total{service="checked",kind="http",status="5xx"} 0',
  );
});

it("has a limited size, however long and many the names are", async () => {
  const subject = metrics();
  for (let i = 0; i < 1_000; i++) {
    const service = `${i}${"x".repeat(32_000)}`;
    subject.requestStarted(service);
    subject.requestFinished({ ...SUMMARY, service });
  }
  expect((await subject.render()).length).toBeLessThan(64 * 1024);
  expect(nonZero(await linesOf(subject, "requests_total"))).toEqual([
    'culvert_connector_requests_total{service="(other)",kind="http",status="2xx"} 1000',
  ]);
});

it("escapes names in labels", async () => {
  const subject = metrics();
  subject.requestStarted('a"} 1\nevil{x="');
  expect(await linesOf(subject, "requests_in_flight")).toEqual([
    'culvert_connector_requests_in_flight{service="a\\"} 1\\nevil{x=\\""} 1',
  ]);
});

it("tells each connection's state and round trip, and which services are up", async () => {
  const outcomes: CheckOutcome[] = ["PASSING", "UPSTREAM_DNS", "PENDING"];
  const subject = metrics({
    connections: () => [
      { state: "ready", roundTripMs: 12, object: "tnl_a" },
      { state: "waiting", roundTripMs: null, object: "" },
    ],
    services: () => outcomes.map((outcome, index) => ({ service: `service-${index}`, outcome })),
  });
  expect(nonZero(await linesOf(subject, "links"))).toEqual([
    'culvert_connector_links{state="ready"} 1',
    'culvert_connector_links{state="waiting"} 1',
  ]);
  expect(await linesOf(subject, "ready_connections")).toEqual(["culvert_connector_ready_connections 1"]);
  expect(await linesOf(subject, "relay_round_trip")).toEqual([
    'culvert_connector_relay_round_trip_seconds{connection="0",object="tnl_a"} 0.012',
  ]);
  expect(await linesOf(subject, "service_up")).toEqual([
    'culvert_connector_service_up{service="service-0"} 1',
    'culvert_connector_service_up{service="service-1"} 0',
  ]);
  outcomes.length = 1;
  expect(await linesOf(subject, "service_up")).toHaveLength(1);
});
