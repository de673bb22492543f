import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

export interface SourceFile {
  /** Relative to the repository's root. */
  path: string;
  lines: number;
  /** The comment at the top of the file; "" if there is none. */
  head: string;
  /** The files of this repository that it imports, for types or values. */
  imports: readonly string[];
}

/**
 * `import … from "./x.ts"`, `export … from`, `import "./x.ts"`. Type imports count too, because they tie files together as
 * much.
 */
const IMPORT = /^(?:import|export)\b(?:[^;"']*?\bfrom)?\s*["'](\.{1,2}\/[^"']+)["']/gm;

/** Every TypeScript file that git tracks or would add, except generated ones. */
export function sourceFiles(root: string): SourceFile[] {
  const listed = execFileSync(
    "git",
    ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts", "*.tsx"],
    {
      cwd: root,
      encoding: "utf8",
    },
  );
  return listed
    .split("\n")
    .filter((path) => path !== "" && !path.endsWith(".d.ts"))
    .flatMap((path) => {
      const text = readOrNull(join(root, path));
      return text === null ? [] : [sourceFile(path, text)];
    });
}

export function sourceFile(path: string, text: string): SourceFile {
  const imports = [...text.matchAll(IMPORT)].map(([, target = ""]) => normalize(join(dirname(path), target)));
  const [head = ""] = /^\/\*[\s\S]*?\*\//.exec(text) ?? [];
  return { path, lines: text.split("\n").length - 1, head, imports: [...new Set(imports)] };
}

/** Null if the file was deleted and git does not know it yet. */
function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

export function isTest(path: string): boolean {
  return /\.test\.tsx?$/.test(path);
}
