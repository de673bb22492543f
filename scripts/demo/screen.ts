import { styleText } from "node:util";

const NAME_COLUMNS = 12;

/** The demo's standard output. Uses colours only on a terminal, and not if NO_COLOR is set. */
export const screen = {
  title: (text: string) => console.log(`\n${styleText("bold", text)}\n`),
  part: (name: string, detail: string) => console.log(`  ${name.padEnd(NAME_COLUMNS)}${detail}`),
  step: (title: string) => console.log(`  ${title}`),
  passed: (summary: string) => console.log(`    ${styleText("green", "ok")}    ${summary}`),
  failed: (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    console.log(`    ${styleText("red", "FAIL")}  ${message}`);
  },
  detail: (text: string) => console.log(styleText("dim", `          ${text}`)),
  /** On a terminal, one line that changes. Otherwise, one line for each quarter. */
  progress: progressBar,
};

const BAR_CELLS = 30;

function progressBar(totalBytes: number): (bytes: number) => void {
  let shownQuarters = 0;
  return (bytes) => {
    const share = bytes / totalBytes;
    const text = `${(bytes / 2 ** 20).toFixed(1)} of ${(totalBytes / 2 ** 20).toFixed(1)} MiB`;
    if (process.stdout.isTTY) {
      const bar = "#".repeat(Math.round(share * BAR_CELLS)).padEnd(BAR_CELLS, ".");
      process.stdout.write(`\r          [${bar}] ${text}${share === 1 ? "\n" : ""}`);
    } else if (Math.floor(share * 4) > shownQuarters) {
      shownQuarters = Math.floor(share * 4);
      screen.detail(text);
    }
  };
}
