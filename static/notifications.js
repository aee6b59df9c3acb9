// Notifies of the person's own ended tasks that no visible page shows; one tab polls for all.
(() => {
  const { url, home, person, several, sounds } = document.currentScript.dataset;
  if (!("Notification" in window) || !navigator.locks) return; // neither exists over plain http

  const EVERY = 15_000, SOON = 3_000, ANSWERS = 1_000; // ms; browsers slow hidden tabs down to one run a minute
  const FORGOTTEN = 180_000; // ms without any tab, after which tasks that ended meanwhile are not reported
  const MOST_LINES = 3;
  const pause = (length) => new Promise((done) => { setTimeout(done, length); });

  // The last position is passed from a tab that closes to the tab that takes over.

  const place = `endings-${person}`;
  let after = "";
  const recall = () => {
    try {
      const last = JSON.parse(localStorage.getItem(place));
      return Date.now() - last.at < FORGOTTEN ? last.after : "";
    } catch {
      return "";
    }
  };
  const keep = () => {
    try { localStorage.setItem(place, JSON.stringify({ after, at: Date.now() })); } catch { /* full */ }
  };
  const ended = async () => {
    const answer = await fetch(`${url}?after=${after}`);
    if (!answer.ok) return [];
    const news = answer.status === 204 ? { after, ended: [] } : await answer.json();
    after = news.after;
    keep();
    return news.ended;
  };

  // A task that a visible tab shows needs no notification.

  const channel = new BroadcastChannel(place);
  const shows = (pk) => !document.hidden && Boolean(document.getElementById(`t${pk}-screen`));
  const shown = new Set();
  channel.addEventListener("message", ({ data }) => {
    if (data.whoShows) channel.postMessage({ shown: data.whoShows.filter(shows) });
    else data.shown.forEach((pk) => shown.add(pk));
  });
  const unseen = async (tasks) => {
    const keys = tasks.map(({ pk }) => pk);
    shown.clear();
    keys.filter(shows).forEach((pk) => shown.add(pk));
    channel.postMessage({ whoShows: keys });
    await pause(ANSWERS);
    return tasks.filter(({ pk }) => !shown.has(pk));
  };

  const line = ({ word, prompt }) => `${word}: ${prompt}`;
  const notify = (tasks) => {
    const [one, ...others] = tasks;
    const title = others.length ? several.replace("{number}", tasks.length) : one.word;
    const body = others.length ? tasks.slice(0, MOST_LINES).map(line).join("\n") : one.prompt;
    const note = new Notification(title, { body, lang: document.documentElement.lang, silent: true });
    note.onclick = () => {
      note.close();
      window.focus();
      location.assign(others.length ? home : one.url);
    };
    if (sounds !== undefined) chime();
  };
  const chime = () => {
    const audio = new AudioContext(), tone = audio.createOscillator(), volume = audio.createGain();
    const end = audio.currentTime + 0.5; // seconds
    tone.frequency.value = 660; // Hz
    volume.gain.setValueAtTime(0.1, audio.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.001, end);
    tone.connect(volume).connect(audio.destination);
    tone.onended = () => audio.close();
    tone.start();
    tone.stop(end);
  };

  const look = async () => {
    const first = await ended();
    if (!first.length) return;
    await pause(SOON); // tasks that end together are reported together
    const tasks = await unseen([...first, ...await ended()]);
    if (tasks.length) notify(tasks);
  };
  // Whoever leaves the page lets another tab poll: with the lock, Back could not bring the page out of memory.

  let leave = () => {};
  const begin = () => {
    const left = new AbortController();
    const until = new Promise((done) => { left.signal.addEventListener("abort", done); });
    leave = () => left.abort();
    navigator.locks.request(place, { signal: left.signal }, async () => {
      after = recall();
      while (!left.signal.aborted) {
        // The server is away, or the browser shows no notifications of pages: the next try may work.
        if (Notification.permission === "granted") await Promise.race([look().catch(() => {}), until]);
        await Promise.race([pause(EVERY), until]);
      }
    }).catch(() => {}); // left before its turn
  };
  window.addEventListener("pagehide", () => leave());
  window.addEventListener("pageshow", ({ persisted }) => { if (persisted) begin(); });
  begin();
})();
