// Without a listener, Node opens its debugger on this signal, and another process could read tokens and keys through it.
// Commands that log the signal add their own listeners. A signal listener does not keep the process running.
process.on("SIGUSR1", () => {});
