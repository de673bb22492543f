import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Deployment, type IDeployment } from "kubernetes-models/apps/v1";
import { HorizontalPodAutoscaler, type IHorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2";
import { type INetworkPolicy, NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1";
import { type IPodDisruptionBudget, PodDisruptionBudget } from "kubernetes-models/policy/v1";
import { type INamespace, Namespace } from "kubernetes-models/v1";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseDurationMs } from "../shared/time/duration.ts";
import { SETTINGS } from "../connector/settings/setting-table.ts";

const deploy = import.meta.dirname;
const text = (path: string) => readFile(join(deploy, path), "utf8");
const manifest = async (name: string): Promise<unknown> => parse(await text(`kubernetes/${name}.yaml`));
const knownSettings = new Set<string>(Object.values(SETTINGS).map(({ env }) => env));

interface NamedValue {
  name: string;
  value?: string;
}

/** Settings of a deployment have to be the connector's, and leave it the time that it may take to end. */
function expectSettings(settings: readonly NamedValue[], killedAfterSeconds: number): void {
  expect(settings.map(({ name }) => name).filter((name) => !knownSettings.has(name))).toEqual([]);
  const grace = settings.find(({ name }) => name === "TUNNEL_GRACE_PERIOD")?.value ?? "30s";
  expect(parseDurationMs(grace)).toBeLessThan(killedAfterSeconds * 1_000);
}

const environmentLines = (file: string): NamedValue[] =>
  [...file.matchAll(/^\s*(TUNNEL_\w+)=(.*)$/gm)].map(([, name = "", value = ""]) => ({ name, value }));

describe("the Kubernetes manifests", () => {
  it.each([
    ["namespace", async () => new Namespace((await manifest("namespace")) as INamespace)],
    ["deployment", async () => new Deployment((await manifest("deployment")) as IDeployment)],
    [
      "pod-disruption-budget",
      async () => new PodDisruptionBudget((await manifest("pod-disruption-budget")) as IPodDisruptionBudget),
    ],
    ["network-policy", async () => new NetworkPolicy((await manifest("network-policy")) as INetworkPolicy)],
    [
      "horizontal-pod-autoscaler",
      async () =>
        new HorizontalPodAutoscaler(
          (await manifest("horizontal-pod-autoscaler")) as IHorizontalPodAutoscaler,
        ),
    ],
  ])("%s fits the schema of its kind, in the connector's namespace", async (name, model) => {
    const object = await model();
    expect(() => object.validate()).not.toThrow();
    const { kind, metadata } = object;
    expect(kind === "Namespace" ? metadata?.name : metadata?.namespace).toBe("culvert");
    const { resources } = (await manifest("kustomization")) as { resources: string[] };
    expect(resources.includes(`${name}.yaml`)).toBe(name !== "horizontal-pod-autoscaler");
  });

  it("are judged by a schema that refuses what is wrong", () => {
    const wrong = { apiVersion: "apps/v1", kind: "Deployment", spec: { replicas: "two" } };
    expect(() => new Deployment(wrong as unknown as IDeployment).validate()).toThrow(/replicas/);
  });

  it("confine the pod, and select it", async () => {
    const { spec } = (await manifest("deployment")) as IDeployment;
    const pod = spec?.template.spec;
    const [container] = pod?.containers ?? [];
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    });
    expect(container).toMatchObject({
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      },
      livenessProbe: { httpGet: { path: "/healthz", port: "metrics" } },
      readinessProbe: { httpGet: { path: "/readyz", port: "metrics" } },
    });
    expectSettings(container?.env ?? [], pod?.terminationGracePeriodSeconds ?? 30);

    const labels = spec?.template.metadata?.labels;
    const budget = (await manifest("pod-disruption-budget")) as IPodDisruptionBudget;
    const policy = (await manifest("network-policy")) as INetworkPolicy;
    for (const selector of [spec?.selector, budget.spec?.selector, policy.spec?.podSelector]) {
      expect(selector?.matchLabels).toEqual(labels);
    }
  });

  it("let the pod out to DNS, to the relay's port 443 and to the upstream alone", async () => {
    const { spec } = (await manifest("network-policy")) as INetworkPolicy;
    expect(spec?.policyTypes).toEqual(["Ingress", "Egress"]);
    expect(spec?.egress?.map(({ ports }) => ports?.map(({ port }) => port))).toEqual([
      [53, 53],
      [443],
      [8080],
    ]);
    for (const { to } of spec?.egress ?? []) expect(to?.length).toBeGreaterThan(0);
  });
});

describe("the ECS task", () => {
  interface Task {
    containerDefinitions: {
      healthCheck: { command: string[] };
      environment: NamedValue[];
      secrets: NamedValue[];
      stopTimeout: number;
      readonlyRootFilesystem: boolean;
      user: string;
    }[];
  }

  it("runs confined, checks its health as the image does, and takes the token as a secret", async () => {
    const task = JSON.parse(await text("ecs/task-definition.json")) as Task;
    const dockerfile = await text("../Dockerfile");
    expect(task.containerDefinitions).toHaveLength(1);
    for (const container of task.containerDefinitions) {
      expect(container).toMatchObject({ readonlyRootFilesystem: true, user: "65532:65532" });
      expect(container.secrets.map(({ name }) => name)).toEqual(["TUNNEL_TOKEN"]);
      expectSettings(container.environment, container.stopTimeout);
      const [kind, ...command] = container.healthCheck.command;
      expect(kind).toBe("CMD");
      expect(dockerfile).toContain(`CMD ${JSON.stringify(command).replaceAll(",", ", ")}`);
    }
  });
});

describe("the systemd unit", () => {
  it("waits longer than the connector drains", async () => {
    const unit = await text("systemd/culvert@.service");
    const timeoutSeconds = Number(/^TimeoutStopSec=(\d+)s$/m.exec(unit)?.[1]);
    expectSettings(environmentLines(await text("install.sh")), timeoutSeconds);
    expectSettings(
      environmentLines(unit.replaceAll(/^Environment=|(?<=\s)(?=TUNNEL_)/gm, "\n")),
      timeoutSeconds,
    );
  });
});

describe("the Azure cloud-init file", () => {
  interface CloudConfig {
    write_files: { path: string; permissions: string; content: string }[];
  }
  const config = async () => parse(await text("azure/cloud-init.yaml")) as CloudConfig;

  it("is cloud-config, keeps its files to root and sets nothing that the connector does not know", async () => {
    expect(await text("azure/cloud-init.yaml")).toMatch(/^#cloud-config\n/);
    const { write_files: files } = await config();
    expect(files.filter(({ permissions }) => !/^0[67]00$/.test(permissions))).toEqual([]);
    const settings = files.find(({ path }) => path === "/etc/culvert/culvert.env")?.content ?? "";
    expect(environmentLines(settings)).toHaveLength(2);
    expectSettings(environmentLines(settings), 45);
  });

  it("writes scripts that their interpreters can read", async () => {
    const scripts = (await config()).write_files.filter(({ content }) => content.startsWith("#!"));
    expect(scripts.map(({ path }) => path)).toEqual([
      "/opt/culvert/fetch.py",
      "/opt/culvert/install-release.sh",
    ]);
    for (const { content } of scripts) {
      const [command, ...args] = content.startsWith("#!/bin/sh")
        ? ["sh", "-n"]
        : ["python3", "-c", "import ast, sys; ast.parse(sys.stdin.read())"];
      const { error, status, stderr } = spawnSync(command ?? "", args, { input: content, encoding: "utf8" });
      // A host without Python cannot judge the one, and `npm run check:image` does.
      if (error === undefined) expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    }
  });
});
