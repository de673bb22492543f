import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

export interface SourceFile {
  /** From the repository's root. */
  path: string;
  lines: number;
  /** The comment that it begins with; "" where there is none. */
  head: string;
  /** Files of this repository that it imports, by type or by value. */
  imports: readonly string[];
}

/** `import … from "./x.ts"`, `export … from`, `import "./x.ts"`; types too, since they tie files together as much. */
const IMPORT = /^(?:import|export)\b(?:[^;"']*?\bfrom)?\s*["'](\.{1,2}\/[^"']+)["']/gm;

/** Every TypeScript file that git knows or would take, generated ones aside. */
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

/** Null: deleted, and not yet for git. */
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
