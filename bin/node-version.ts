/** The `engines` of the shipped package; docs/setup.md and package.json contain the same version. */
const MIN = { major: 22, minor: 19 };

/**
 * Imported first: an older Node would start this program, and then fail in the middle of it with an error that explains
 * nothing, or hang.
 */
const problem = nodeProblem(process.versions.node);
if (problem !== null) {
  process.stderr.write(`error: ${problem}\n`);
  process.exit(1);
}

/** Null if this Node is new enough. */
export function nodeProblem(version: string): string | null {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > MIN.major || (major === MIN.major && minor >= MIN.minor)) return null;
  return `culvert needs Node ${MIN.major}.${MIN.minor} or later, and this is ${version}. The single-file executable needs none.`;
}
