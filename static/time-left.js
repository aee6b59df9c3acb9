// Counts down what is left of running tasks, by the sums of tasks/web/presenters/time_left.py. No clock
// is compared: the server says how much had passed when it drew the element.
(() => {
  const say = document.querySelector("#time-left-words").dataset;
  const NEVER_FULL = 95, SOON = 5, MINUTE = 57.5, CLOSE = 1.5;
  const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const byFive = (seconds) => Math.max(5, 5 * Math.floor(seconds / 5 + 0.5));
  const minutes = (seconds) => Math.floor(seconds / 60 + 0.5);

  const about = (seconds) => (seconds < MINUTE
    ? fill(say.seconds, { number: byFive(seconds) })
    : fill(say.minutes, { number: minutes(seconds) }));
  const range = (least, most) => {
    if (most < MINUTE) return fill(say.secondRange, { least: byFive(least), most: byFive(most) });
    if (least < MINUTE) return fill(say.upTo, { number: minutes(most) });
    if (minutes(least) === minutes(most)) return about(most);
    return fill(say.minuteRange, { least: minutes(least), most: minutes(most) });
  };
  const words = (left) => {
    if (!left.length) return say.longer;
    const at = (share) => left[Math.floor((left.length - 1) * share)];
    if (at(0.5) < SOON) return say.soon;
    return at(0.8) <= at(0.2) * CLOSE ? about(at(0.5)) : range(at(0.2), at(0.8));
  };

  const drawn = new WeakMap(); // when each element was first seen, in ms of the page
  const tick = () => {
    for (const element of document.querySelectorAll("[data-usual]")) {
      if (!drawn.has(element)) drawn.set(element, performance.now());
      const passed = +element.dataset.elapsed + (performance.now() - drawn.get(element)) / 1000;
      const usual = element.dataset.usual.split(" ").map(Number);
      const text = words(usual.filter((each) => each > passed).map((each) => each - passed));
      const label = element.querySelector("span"), ring = element.querySelector(".ring-done");
      if (label.textContent !== text) label.firstChild.data = text; // see say() in dailies.js
      const median = Math.max(1, usual[Math.floor(usual.length / 2)]);
      const percent = Math.min(NEVER_FULL, Math.floor((100 * passed) / median));
      ring.setAttribute("stroke-dasharray", `${percent} 100`);
    }
  };
  tick();
  setInterval(tick, 1000);
})();
