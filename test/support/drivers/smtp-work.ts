import type { Socket } from "node:net";
import nodemailer from "nodemailer";
import type { Work } from "./reach.ts";

/** With nodemailer. The server speaks first. The connector does TLS, so the driver uses none. */
export const smtpWork: Record<string, Work> = {
  async mail(service, reach, { size }) {
    const socket = (await reach(service)) as Socket;
    const transport = nodemailer.createTransport({
      ...{ host: service, ignoreTLS: true, connection: socket },
      auth: { user: "gateway", pass: "secret" },
    });
    try {
      const { accepted, rejected, response } = await transport.sendMail({
        envelope: { from: "gateway@example.com", to: ["ada@example.com", "nobody@example.com"] },
        raw: `Subject: orders\r\n\r\n.\r\n..and dots\r\n${"a line of an order\r\n".repeat(size * 50)}`,
      });
      return { accepted, rejected, response };
    } finally {
      transport.close();
    }
  },
};
