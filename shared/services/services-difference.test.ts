import { describe, expect, it } from "vitest";
import type { ServicesFile } from "./services-file.ts";
import { EMPTY_SERVICES_FILE } from "./services-file.ts";
import { servicesDifference } from "./services-difference.ts";

const file: ServicesFile = {
  version: 1,
  services: [
    {
      name: "payments",
      endpoint: "http://payments.internal:8080",
      configurations: [{ project: "shop", accessibleBy: ["production", "preview"] }],
      retry: true,
    },
  ],
  networks: [
    {
      hosts: ["*.corp:443"],
      configurations: [{ project: "shop", accessibleBy: "production", paths: ["/v1"] }],
    },
  ],
};

describe("servicesDifference", () => {
  it("lists everything that a first file opens", () => {
    expect(servicesDifference(EMPTY_SERVICES_FILE, file)).toEqual([
      "+ host *.corp:443 is open to shop in production, under /v1",
      "+ host *.corp:443 may be reached",
      "+ service payments has retry true",
      "+ service payments is open to shop in preview",
      "+ service payments is open to shop in production",
      "+ service payments leads to http://payments.internal:8080",
    ]);
  });

  it("lists what changes, and nothing else", () => {
    const [payments] = file.services;
    if (payments === undefined) throw new Error("no service");
    const changed: ServicesFile = {
      ...file,
      services: [
        {
          ...payments,
          endpoint: "https://payments.internal",
          configurations: [{ project: "shop", accessibleBy: "production" }],
        },
      ],
    };
    expect(servicesDifference(file, changed)).toEqual([
      "- service payments is open to shop in preview",
      "- service payments leads to http://payments.internal:8080",
      "+ service payments leads to https://payments.internal",
    ]);
  });

  it("finds none in another order or spelling of the same", () => {
    const [payments] = file.services;
    if (payments === undefined) throw new Error("no service");
    const same: ServicesFile = {
      ...file,
      services: [
        {
          ...payments,
          configurations: [
            { project: "shop", accessibleBy: "preview" },
            { project: "shop", accessibleBy: "production" },
          ],
        },
      ],
    };
    expect(servicesDifference(file, same)).toEqual([]);
  });
});
