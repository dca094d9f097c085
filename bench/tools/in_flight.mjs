// Calls `work` for each of what comes, with at most `limit` of them at once.
export async function inFlight(source, limit, work) {
  const running = new Set();
  for await (const each of source) {
    const one = work(each).finally(() => running.delete(one));
    running.add(one);
    if (running.size >= limit) await Promise.race(running);
  }
  await Promise.all(running);
}
