/** Vite imports a file's text this way. */
declare module "*?raw" {
  const text: string;
  export default text;
}
