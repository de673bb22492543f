// Without a listener, Node opens its debugger on this signal, through which another process could read tokens and keys.
// Commands that have something to say about it add listeners of their own. It keeps no process from ending.
process.on("SIGUSR1", () => {});
