// oxlint-disable-next-line import/no-unassigned-import -- has to be first, for the reason given there
import "./zod-without-eval.ts";
import { render } from "hono/jsx/dom";
import { App } from "./app.tsx";

const root = document.getElementById("root");
if (root !== null) render(<App />, root);
