import { listDurableObjectIds } from "cloudflare:test";

/** Has the object of this name ever run? Files share a runtime: the objects of other files may be on its list. */
export async function isStarted(namespace: DurableObjectNamespace, name: string): Promise<boolean> {
  const id = namespace.idFromName(name);
  return (await listDurableObjectIds(namespace)).some((one) => one.equals(id));
}
