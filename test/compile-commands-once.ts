import { join } from "node:path";

// Only what a test starts looks here. The processes of the tests load each module once, and keep no copy of it.
process.env["NODE_COMPILE_CACHE"] = join(import.meta.dirname, "../node_modules/.cache/culvert-tests");
