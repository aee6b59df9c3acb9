// Tells of one's own tasks that ended where no page shows them; one tab speaks for all.
(() => {
  const { url, home, person, several, sounds } = document.currentScript.dataset;
  if (!("Notification" in window) || !navigator.locks) return; // plain http has neither

  const EVERY = 15_000, SOON = 3_000, ANSWERS = 1_000; // ms; a browser slows hidden tabs to a minute
  const FORGOTTEN = 180_000; // ms without any tab: what ended meanwhile is no news any more
  const MOST_LINES = 3;
  const pause = (length) => new Promise((done) => { setTimeout(done, length); });

  // What was heard last goes from the tab that closes to the one that takes over.

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

  // A task that any tab in sight shows needs no notification.

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
    await pause(SOON); // what ends together is told together
    const tasks = await unseen([...first, ...await ended()]);
    if (tasks.length) notify(tasks);
  };
  navigator.locks.request(place, async () => {
    after = recall();
    for (;;) {
      // A server away for a while, or a browser that shows none of a page: the next one may work.
      if (Notification.permission === "granted") await look().catch(() => {});
      await pause(EVERY);
    }
  });
})();
