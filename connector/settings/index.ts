/*
 * The settings of `culvert connect`: flags, then environment variables, then the settings file, checked as a whole.
 *
 * All problems are reported at once, each under the name by which the setting was given. Nothing is optional in the result
 * (`ConnectorSettings`), so no other room knows a default. Wrong settings at a reload leave the old ones in force.
 *
 * Begin with `setting-table.ts` (one row per setting: flag, variable, help), then `settings-schema.ts` (its values and ranges) and
 * `connector-settings.ts`. docs/connector.md#settings; decision 0010 says why the connector has an allowlist of its own.
 */
export { addSettingOptions } from "./command-options.ts";
export {
  loadConfig,
  upstreamRulesOf,
  type ConnectorSettings,
  type GivenSetting,
  type LoadedConfig,
} from "./connector-settings.ts";
export { Reload, warnOf } from "./reload.ts";
export { CONFIG_FILE, SETTINGS, type Flags, type SettingName } from "./setting-table.ts";
export { SETTING_RANGES, nameOfHost, settingsSchema } from "./settings-schema.ts";
