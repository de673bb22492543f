import * as z from "zod";

// Must run before any schema is created. zod tests whether it may compile code, which the page's policy forbids and
// reports.
z.config({ jitless: true });
