import * as z from "zod";
import { parseEndpoint } from "./upstream-address.ts";

/** Where a gateway's own clients call it, such as `https://api.example.com/base`. A service's path follows it. */
export const publicUrlSchema = z
  .string()
  .max(2048)
  .refine(
    (text) => parseEndpoint(text) !== null,
    "must be an http or https URL without credentials, query and fragment",
  );
