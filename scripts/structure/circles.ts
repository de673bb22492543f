import type { SourceFile } from "./source-tree.ts";

/** Groups of files that import each other in a circle: Tarjan's strongly connected components of more than one file. */
export function circles(files: readonly SourceFile[]): string[][] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const found: string[][] = [];

  const visit = (path: string): void => {
    order.set(path, order.size);
    lowest.set(path, order.size - 1);
    stack.push(path);
    onStack.add(path);
    for (const target of byPath.get(path)?.imports ?? []) {
      if (!byPath.has(target)) continue;
      if (!order.has(target)) {
        visit(target);
        lower(path, lowest.get(target));
      } else if (onStack.has(target)) lower(path, order.get(target));
    }
    if (lowest.get(path) !== order.get(path)) return;
    const group = stack.splice(stack.indexOf(path));
    for (const member of group) onStack.delete(member);
    if (group.length > 1) found.push(group.toSorted());
  };
  const lower = (path: string, to = Infinity): void => {
    lowest.set(path, Math.min(lowest.get(path) ?? Infinity, to));
  };
  for (const { path } of files) if (!order.has(path)) visit(path);
  return found;
}
