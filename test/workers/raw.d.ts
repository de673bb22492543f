/** A file's text, by vite. */
declare module "*?raw" {
  const text: string;
  export default text;
}
