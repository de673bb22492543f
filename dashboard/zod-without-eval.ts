import * as z from "zod";

// Before any schema is made: zod would look whether it may compile code, which the page's policy forbids and reports.
z.config({ jitless: true });
