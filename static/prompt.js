// Shows the length of a prompt during typing, and the prompt with its variables filled in. The
// server counts and fills in by the same rules (tasks/web/compose/prompts.py), for pages without
// scripts and for sending.
(() => {
  const body = document.querySelector("#compose-body");
  if (!body) return;
  const VARIABLE = /\{\{[ \t]*([\p{L}\p{N}_-]{1,40})[ \t]*\}\}/gu;
  const CHARACTER = /[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\u{20000}-\u{3ffff}]/gu;
  const WORD = /[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu;
  const find = (selector) => body.querySelector(selector);
  const number = new Intl.NumberFormat("en");

  const count = (text) => ({
    characters: (text.match(CHARACTER) || []).length,
    words: (text.replace(CHARACTER, " ").match(WORD) || []).length,
  });
  const prompts = () => {
    const text = find("#id_prompt")?.value.trim() || "";
    const parts = find("#id_several")?.checked ? text.split(/^[ \t]*-{3,}[ \t]*$/m) : [text];
    return parts.map((part) => part.trim()).filter(Boolean);
  };
  const names = () => new Set(prompts().flatMap((text) => [...text.matchAll(VARIABLE)].map((m) => m[1])));
  const lines = (field) => field.value.split("\n").map((line) => line.trim()).filter(Boolean);
  const values = () => new Map(
    [...body.querySelectorAll("[data-variable]")].map((field) => [field.dataset.variable, lines(field)]),
  );
  const fill = (text, choose) => {
    const given = values();
    return text.replace(VARIABLE, (whole, name) => choose(given.get(name) || []) ?? whole);
  };
  const most = (texts, share) =>
    texts.reduce((best, text) => (best === undefined || share(text) > share(best) ? text : best), undefined);

  const tell = () => {
    const place = find("#prompt-length");
    if (!place) return;
    const advised = { characters: +place.dataset.characters, words: +place.dataset.words };
    const share = (text) => {
      const is = count(text);
      return is.characters / advised.characters + is.words / advised.words;
    };
    const sent = prompts().map((text) => fill(text, (given) => most(given, share)));
    const longest = most(sent, share) || "", is = count(longest);
    for (const unit of place.querySelectorAll("[data-unit]")) {
      unit.hidden = !is[unit.dataset.unit];
      unit.querySelector("b").textContent = number.format(is[unit.dataset.unit]);
    }
    const isLong = share(longest) > 1;
    place.classList.toggle("is-long", isLong);
    place.querySelector(".prompt-long > span").hidden = !isLong;
    const filled = find("#prompt-filled");
    if (filled) filled.textContent = fill(prompts()[0] || "", (given) => given[0]);
  };

  // A new variable has no field yet, so the form is requested when typing pauses.
  let waiting = 0;
  const offer = () => {
    clearTimeout(waiting);
    const there = [...values().keys()], wanted = [...names()].slice(0, 10);
    if (there.length === wanted.length && wanted.every((name) => there.includes(name))) return;
    waiting = setTimeout(() => body.dispatchEvent(new Event("compose:ask")), 600);
  };
  const typed = (event) => {
    if (!event.target.matches("#id_prompt, [data-variable]")) return;
    tell();
    if (!event.isComposing) offer();
  };
  body.addEventListener("input", typed);
  body.addEventListener("compositionend", typed);

  body.addEventListener("keydown", (event) => {
    const button = event.key === "Enter" && !event.isComposing && event.target.dataset.enter;
    if (!button) return;
    event.preventDefault();
    document.getElementById(button)?.click();
  });
})();
