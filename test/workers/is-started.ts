import { listDurableObjectIds } from "cloudflare:test";

/**
 * Whether the object of this name has ever run. Files share a runtime, so the runtime's list may have objects of other
 * files.
 */
export async function isStarted(namespace: DurableObjectNamespace, name: string): Promise<boolean> {
  const id = namespace.idFromName(name);
  return (await listDurableObjectIds(namespace)).some((one) => one.equals(id));
}
