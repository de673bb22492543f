/** The bundler inserts this: a digest of the bundle itself (scripts/bundle.ts). */
declare const CULVERT_BUILD_ID: string | undefined;

/** Tells two builds of the same version apart: 12 hex digits, or "source" where nothing was bundled. */
export const BUILD_ID: string = typeof CULVERT_BUILD_ID === "string" ? CULVERT_BUILD_ID : "source";
