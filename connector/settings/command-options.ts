import type { Command } from "commander";
import { CONFIG_FILE, SETTING_NAMES, SETTINGS } from "./setting-table.ts";

/** The flags of all settings that have one. */
export function addSettingOptions(command: Command): Command {
  command.option(`${CONFIG_FILE.flag} ${CONFIG_FILE.value}`, `${CONFIG_FILE.about} (${CONFIG_FILE.env})`);
  for (const name of SETTING_NAMES) {
    const { flag, env, value, about, standard } = SETTINGS[name];
    if (flag !== null) command.option(`${flag} ${value}`, `${about} (${env}, default ${standard})`);
  }
  const secrets = SETTING_NAMES.filter((name) => SETTINGS[name].flag === null);
  const text = `Secrets come from the environment (${secrets.map((name) => SETTINGS[name].env).join(", ")}) or a file:
arguments are visible to every user of the machine.`;
  return command.addHelpText("after", `\n${text}`);
}
