// Enhances pages that also work without it: clocks, shortcuts, copying. News come by live.js, and
// clips.js plays.
(() => {
  const root = document.documentElement;
  const language = root.lang;
  const find = (selector, within = document) => within?.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // Time. The server's clock is used, because the reader's may be wrong by hours.

  let ahead = 0;
  const synchronise = () => all("[data-now]").forEach((element) => {
    ahead = Date.parse(element.dataset.now) - Date.now();
    element.removeAttribute("data-now"); // it is valid only at the moment of arrival
  });
  const now = () => Date.now() + ahead;

  const pad = (number) => String(number).padStart(2, "0");
  const clock = (seconds) => {
    const whole = Math.max(0, Math.floor(seconds));
    const minutes = Math.floor(whole / 60) % 60, hours = Math.floor(whole / 3600);
    return hours ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
  };
  // Where a text node is replaced, Chromium styles all of the page anew, for what :has() may say of it.
  const say = (element, text) => {
    const { firstChild } = element;
    if (element.textContent === text) return;
    if (firstChild?.nodeType === Node.TEXT_NODE && !firstChild.nextSibling) firstChild.data = text; else element.textContent = text;
  };
  const tick = () => {
    all("[data-since]").forEach((e) => say(e, clock((now() - Date.parse(e.dataset.since)) / 1000)));
    all("[data-until]").forEach((e) => say(e, clock((Date.parse(e.dataset.until) - now()) / 1000)));
    turn();
  };
  // Elements that change at a certain time without news from the server, such as a link that expires.
  const turn = () => {
    const over = all("[data-turns-at]").filter((e) => Date.parse(e.dataset.turnsAt) < now() - 500);
    for (const element of over) element.removeAttribute("data-turns-at");
    if (over.length) document.dispatchEvent(new Event("dailies:turned"));
  };

  const lazily = (make) => { let made; return () => (made ??= make()); }; // a format takes a phone 10 ms
  const relativeFormat = lazily(() => new Intl.RelativeTimeFormat(language, { numeric: "always" }));
  const timeZone = root.dataset.zone; // the person's time zone; if none was chosen, the browser's
  const absoluteFormat = lazily(() => new Intl.DateTimeFormat(language, {
    timeZone,
    year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
    second: "2-digit", hourCycle: "h23",
  }));
  const zoneFormat = lazily(() => new Intl.DateTimeFormat(language, { timeZone, timeZoneName: "short" }));
  const absolute = (at) => { // Chinese formats put the zone between date and time
    const zone = zoneFormat().formatToParts(at).find((part) => part.type === "timeZoneName").value;
    return `${absoluteFormat().format(at)} ${zone}`;
  };
  const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
  const relative = (at) => {
    const seconds = (at - now()) / 1000;
    const [unit, length] = UNITS.find(([, size]) => Math.abs(seconds) >= size) || [];
    return unit ? relativeFormat().format(Math.trunc(seconds / length), unit) : root.dataset.justNow;
  };
  const words = { relative, absolute };
  const tellTimes = () => all("time[data-shows]").forEach((element) => {
    say(element, words[element.dataset.shows](Date.parse(element.dateTime)));
  });
  const tellMore = ({ target }) => {
    const element = target.closest?.("time[data-shows]");
    if (!element) return;
    const other = element.dataset.shows === "relative" ? absolute : relative;
    element.dataset.tip = other(Date.parse(element.dateTime));
  };
  for (const kind of ["pointerover", "focusin"]) document.addEventListener(kind, tellMore);

  // The names of days, which a page that stays open past midnight outlives.

  const dayName = lazily(() => new Intl.RelativeTimeFormat(language, { numeric: "auto" }));
  const dateFormat = lazily(() => new Intl.DateTimeFormat(language, { timeZone: "UTC", year: "numeric", month: "short", day: "numeric" }));
  const tellDays = () => {
    const today = Date.parse(find("#live")?.dataset.today);
    all("time[data-day]").forEach((element) => {
      const day = Date.parse(element.dateTime), ago = (today - day) / 86_400_000;
      const name = ago === 0 || ago === 1 ? dayName().format(-ago, "day") : dateFormat().format(day);
      say(element, name.charAt(0).toUpperCase() + name.slice(1));
    });
  };

  // Copying, closing, menus, forms.

  const copySelected = (source) => {
    getSelection().selectAllChildren(source);
    document.execCommand("copy");
    getSelection().removeAllRanges();
  };
  const copy = async (button) => {
    const source = find(button.dataset.copy);
    if (navigator.clipboard) await navigator.clipboard.writeText(source.textContent.trim());
    else copySelected(source); // over plain http, on a local network
    button.classList.add("is-done");
    setTimeout(() => button.classList.remove("is-done"), 1500);
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy], [data-close], [data-open]");
    if (button?.dataset.copy) copy(button);
    if (button && "close" in button.dataset) button.parentElement.remove();
    if (button?.dataset.open) find(`#${button.dataset.open}`).showModal();
    for (const menu of all("details.menu[open], details.days[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("change", (event) => event.target.closest("[data-auto-submit]")?.requestSubmit());
  const once = (event) => {
    const form = event.target;
    if (event.defaultPrevented) return; // a script sends it
    if ("again" in form.dataset) return; // a download does not leave the page
    // After the browser has read the clicked button's value; htmx does this by itself.
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    setTimeout(() => all("button", form).forEach((button) => { button.disabled = true; }));
  };
  document.addEventListener("submit", (event) => {
    // Leave out empty fields, which would only lengthen the address.
    if (event.target.method !== "get") return once(event);
    for (const field of event.target.elements) if (field.name && !field.value) field.disabled = true;
  });
  window.addEventListener("pageshow", () => {
    all("form :disabled").forEach((field) => { field.disabled = false; });
  });

  // The size of the pictures in the grid, which theme.js sets before the page is painted.

  for (const slider of all("input[data-size]")) slider.value = root.dataset.size;
  document.addEventListener("input", (event) => {
    if (!event.target.matches("input[data-size]")) return;
    root.dataset.size = event.target.value;
    try { localStorage.setItem("size", event.target.value); } catch { /* forbidden */ }
  });

  // Back brings pages out of the browser's memory, also after signing out: each is for one person only.

  const { person } = root.dataset; // "" on the sign-in page
  const kept = (name) => { try { return localStorage.getItem(name) || ""; } catch { return ""; } };
  root.dataset.left = kept("left"); // the last sign-out before this page; drafts.js asks for it
  const isForAnother = () => kept("person") !== person || kept("left") !== root.dataset.left;
  window.addEventListener("storage", ({ key, newValue }) => { // what is kept may be cleared before it is read
    if (key === "left" && newValue) root.dataset.left = "since";
  });
  if (person !== undefined) try { localStorage.setItem("person", person); } catch { /* full, or forbidden */ }
  window.addEventListener("pageshow", ({ persisted }) => {
    if (!persisted || !person || !isForAnother()) return;
    document.body.replaceChildren();
    location.reload();
  });

  // Drafts (drafts.js) of other people go, and all of them at sign-out; an ended session keeps them.

  const forgetDrafts = (kept) => { try {
    const others = Object.keys(localStorage).filter((name) => name.startsWith("draft:") && !name.startsWith(kept));
    others.forEach((name) => localStorage.removeItem(name));
  } catch { /* forbidden */ } };
  if (person) forgetDrafts(`draft:${person}:`);
  document.addEventListener("submit", (event) => {
    if (event.target.getAttribute("action") !== "/sign-out/") return;
    try { // so that none is saved again, also not by a page that stays open until the next sign-in
      localStorage.setItem("person", "");
      localStorage.setItem("left", new Date().toISOString());
    } catch { /* forbidden */ }
    forgetDrafts("none");
  });

  // Selecting rows.

  const countChosen = () => {
    const chosen = all("[data-choose]:checked").length;
    all("[data-chosen]").forEach((element) => say(element, String(chosen)));
  };
  document.addEventListener("change", (event) => { if (event.target.matches("[data-choose]")) countChosen(); });
  document.addEventListener("reset", () => setTimeout(() => {
    countChosen();
    find("#content").focus(); // the pressed button is gone
  }));

  // Keyboard shortcuts, but never while somebody types.

  // A dialog that was just closed may keep the focus until the next frame.
  const typing = (target) => target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog[open]");
  const links = () => all("[data-row-link]").filter((link) => link.closest(".take").getClientRects().length); // not in stacks
  const move = (step) => {
    const rows = links();
    const here = rows.findIndex((link) => link.closest(".take").contains(document.activeElement));
    const next = rows[Math.max(0, Math.min(rows.length - 1, here < 0 ? 0 : here + step))];
    next?.focus();
    next?.closest(".take").scrollIntoView({ block: "nearest" });
  };
  const press = (control) => { control?.click(); return Boolean(control); };
  const toggle = (video) => {
    if (video?.paused) video.play().catch(() => {}); else video?.pause();
    return Boolean(video);
  };
  const KEYS = {
    "/": () => find("#search").focus(),
    j: () => move(1),
    k: () => move(-1),
    o: () => document.activeElement.closest(".take")?.querySelector("[data-row-link]").click(),
    " ": () => press(find("[data-clip-play]", document.activeElement.closest(".take"))) || toggle(find(".task-stage video")),
    x: () => document.activeElement.closest(".take, .queue-row")?.querySelector("[data-choose]").click(),
    r: () => { const button = find("[data-refresh]"); if (button) button.click(); else location.reload(); },
    n: () => press(find("[data-new]")),
    e: () => press(find("#make-another")),
    s: () => press(find(".star", document.activeElement.closest(".take") || find(".task-star"))),
    g: () => press(find(".view button[aria-pressed=false]")),
    "?": () => find("#keys").showModal(),
    Escape: () => { all("details.menu[open], details.days[open]").forEach((menu) => { menu.open = false; }); return false; },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (root.dataset.shortcuts === "off" && event.key !== "Escape") return;
    if (event.key === " " && event.target.closest("button, summary, video, input")) return;
    const act = KEYS[event.key];
    if (act && act() !== false) event.preventDefault();
  });

  // Initialization of fragments when they arrive.

  const dress = () => {
    synchronise();
    countChosen();
    tick();
  };
  const dressWithTimes = () => {
    dress();
    tellTimes();
    tellDays();
  };
  dress();
  // Until then a time is absolute: the browser's words for times take a phone 80 ms to load.
  if (window.requestIdleCallback) requestIdleCallback(tellTimes, { timeout: 1000 }); else setTimeout(tellTimes);
  document.addEventListener("htmx:afterSettle", dressWithTimes);
  setInterval(tick, 1000);
  setInterval(tellTimes, 30000);
})();
