/** `engines` of what is shipped; docs/setup.md and package.json say the same. */
const MIN = { major: 22, minor: 19 };

/**
 * Imported before all else: an older Node starts this program and fails somewhere in the middle of it, with an error that
 * says nothing, or hangs.
 */
const problem = nodeProblem(process.versions.node);
if (problem !== null) {
  process.stderr.write(`error: ${problem}\n`);
  process.exit(1);
}

/** Null: it is new enough. */
export function nodeProblem(version: string): string | null {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > MIN.major || (major === MIN.major && minor >= MIN.minor)) return null;
  return `culvert needs Node ${MIN.major}.${MIN.minor} or later, and this is ${version}. The single-file executable needs none.`;
}
