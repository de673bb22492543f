import { expect, it } from "vitest";
import { AdminClient } from "./admin-client.ts";

it.each(["culvert_api_SECRET\nx", "SECRET\r", "SECRET\u001b[2J", "SECRET\u0000", "SECRETé", "SECRET x", ""])(
  "a key that no header field can hold is refused, and not repeated: %j",
  (key) => {
    const made = (): unknown => new AdminClient("https://relay.example", key, {});
    expect(made).toThrow("The API key is empty");
    expect(made).not.toThrow(/SECRET/);
  },
);
