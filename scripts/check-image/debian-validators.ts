import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { command } from "./command.ts";

const PACKAGES = ["cloud-init", "python3-botocore", "shellcheck"];

/** AWS's own model of its API, from its command line tool. */
const VALIDATE_ECS = `
import json, sys
import botocore.session
from botocore.validate import ParamValidator
model = botocore.session.get_session().get_service_model("ecs")
for operation, path in (("RegisterTaskDefinition", "task-definition.json"), ("CreateService", "service.json")):
    with open("/check/" + path) as file:
        report = ParamValidator().validate(json.load(file), model.operation_model(operation).input_shape)
    if report.has_errors():
        sys.exit(path + ": " + report.generate_report())
`;

interface Verdict {
  what: string;
  judge: () => Promise<unknown>;
}

/**
 * Runs validators that Debian has packages for. They run inside the given Debian, so nothing is installed on this machine.
 */
export async function debianVerdicts(debian: string, deploy: string): Promise<readonly Verdict[]> {
  const inside = (...args: string[]) =>
    command("chroot", [debian, ...args], {
      timeoutMs: 400_000,
      environment: { DEBIAN_FRONTEND: "noninteractive" },
    });
  await inside("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", ...PACKAGES);
  await mkdir(join(debian, "check"));
  for (const path of [
    "azure/cloud-init.yaml",
    "ecs/task-definition.json",
    "ecs/service.json",
    "install.sh",
  ]) {
    await copyFile(join(deploy, path), join(debian, "check", path.split("/").at(-1) ?? path));
  }
  return [
    {
      what: "cloud-init takes the Azure file",
      judge: () => inside("cloud-init", "schema", "--config-file", "/check/cloud-init.yaml"),
    },
    {
      what: "AWS's model takes the ECS task and service",
      judge: () => inside("python3", "-c", VALIDATE_ECS),
    },
    {
      what: "shellcheck finds nothing in install.sh",
      judge: () => inside("shellcheck", "--shell=sh", "/check/install.sh"),
    },
  ];
}
