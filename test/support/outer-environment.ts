/** For a test runner that a test starts: the outer one's settings are not for it. */
export function outerEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_TEST|TEST$|NODE_ENV$)/.test(name)),
  );
}
