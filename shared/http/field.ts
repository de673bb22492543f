/** One header field. Names are lower case on the wire; values are text, UTF-8 on the wire. */
export type Field = readonly [name: string, value: string];
