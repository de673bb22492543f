import { createHash } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import { trustedIdentity } from "../tls-identities.ts";

export interface ReceivedMail {
  from: string;
  to: string[];
  bytes: number;
  sha256: string;
}

export interface MailServer {
  port: number;
  /** The mails that it has accepted. */
  mails: ReceivedMail[];
  close(): Promise<void>;
}

/**
 * nodemailer's `smtp-server`. It greets first, knows one user, and refuses the recipient `nobody`. With `tls`, TLS starts
 * at once.
 */
export async function startMailServer(tls: boolean): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const server = new SMTPServer({
    ...{ ...trustedIdentity, secure: tls, name: "mail.example.com", banner: "hello", hideSTARTTLS: true },
    ...{ allowInsecureAuth: true, disableReverseLookup: true },
    onAuth: ({ username, password }, _session, done) =>
      username === "gateway" && password === "secret"
        ? done(null, { user: username })
        : done(new Error("no")),
    onRcptTo: ({ address }, _session, done) =>
      address.startsWith("nobody@") ? done(new Error("no such mailbox")) : done(),
    onData(stream, { envelope }, done) {
      const digest = createHash("sha256");
      let bytes = 0;
      stream.on("data", (chunk: Buffer) => {
        bytes += chunk.byteLength;
        digest.update(chunk);
      });
      stream.on("end", () => {
        const from = envelope.mailFrom === false ? "" : envelope.mailFrom.address;
        mails.push({
          from,
          to: envelope.rcptTo.map(({ address }) => address),
          bytes,
          sha256: digest.digest("hex"),
        });
        done(null, `taken ${bytes} bytes`);
      });
    },
  });
  server.on("error", () => {});
  const listener = server.listen(0, "127.0.0.1");
  await once(listener, "listening");
  return {
    ...{ port: (listener.address() as AddressInfo).port, mails },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
