import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { adminKeyProblem } from "../../worker/auth/admin-key.ts";

/*
 * For `npm run dev` and `npm run deploy`: without an ADMIN_KEY the relay starts, but nobody can sign in. A deployed relay's
 * secrets are on the platform and cannot be read, so after a deploy the note is always printed.
 */
const [command] = process.argv.slice(2);

if (command === "dev") {
  // wrangler reads the second file only if the first does not exist.
  const file = [".dev.vars", ".env"].find((path) => textOf(path) !== null) ?? ".dev.vars";
  const problem = adminKeyProblem(parseEnv(textOf(file) ?? "")["ADMIN_KEY"]);
  if (problem !== null) {
    const [what] = problem.split(". ");
    console.error(`\n${what}, as ${file} has it. Make one, then start again:
  echo "ADMIN_KEY=$(openssl rand -base64 32)" >> ${file}\n`);
  }
} else {
  console.error(`
If this was the first deploy, the relay has no ADMIN_KEY yet, and nobody can sign in. Make one, and keep it:
  npx wrangler secret put ADMIN_KEY
asks for it; "openssl rand -base64 32" makes one. The dashboard's first page and the relay's log say so until then.
`);
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
