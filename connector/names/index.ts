/*
 * From a name to a connected socket: look-ups that are shared and bounded, and attempts that overlap (RFC 8305).
 *
 * A name that hangs delays nobody else: look-ups do not use libuv's threads, are one per name, and are bounded in number. The
 * relay's own names have an instance to themselves. The hosts file and resolv.conf are read anew when they change.
 *
 * Begin with `names.ts` and `dial-host.ts`. docs/connector.md#names; decision 0036.
 */
export { literalAddress } from "./address.ts";
export {
  dialHost,
  dialInTime,
  tcpTo,
  type HostDialDeps,
  type HostDialOptions,
  type HostDialOutcome,
  type HostDialing,
} from "./dial-host.ts";
export { Names, type NameFiles, type NameSource } from "./names.ts";
