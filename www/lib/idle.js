/* Resolves when there is nothing else to do, but before so many milliseconds have passed. */
export const idle = (timeout) => new Promise((resolve) => {
  if (globalThis.requestIdleCallback) requestIdleCallback(resolve, { timeout });
  else setTimeout(resolve);
});
