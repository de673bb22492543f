/** Tests that check the relay's console output spy on it. In the report of a test run it would be noise. */
console.info = () => {};
