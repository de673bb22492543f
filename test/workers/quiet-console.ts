/** What the relay tells its operator on the console is looked at by the tests that spy on it; in a report it is noise. */
console.info = () => {};
