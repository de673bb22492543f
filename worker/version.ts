import packageJson from "../package.json" with { type: "json" };

/** As a connector sees it in WELCOME. */
export const SOFTWARE_VERSION = packageJson.version;
