// Enhances pages that also work without it: clocks, previews, shortcuts, copying.
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
  const say = (element, text) => { if (element.textContent !== text) element.textContent = text; };
  const tick = () => {
    all("[data-since]").forEach((e) => say(e, clock((now() - Date.parse(e.dataset.since)) / 1000)));
    all("[data-until]").forEach((e) => say(e, clock((Date.parse(e.dataset.until) - now()) / 1000)));
    turn();
  };
  // Elements that change at a certain time without news from the server, such as a link that expires.
  let turned = false;
  const turn = () => {
    const over = all("[data-turns-at]").filter((e) => Date.parse(e.dataset.turnsAt) < now() - 500);
    for (const element of over) element.removeAttribute("data-turns-at");
    if (!over.length) return;
    turned = true;
    wake();
  };

  const relativeFormat = new Intl.RelativeTimeFormat(language, { numeric: "always" });
  const timeZone = root.dataset.zone; // the person's time zone; if none was chosen, the browser's
  const absoluteFormat = new Intl.DateTimeFormat(language, {
    timeZone,
    year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
    second: "2-digit", hourCycle: "h23",
  });
  const zoneFormat = new Intl.DateTimeFormat(language, { timeZone, timeZoneName: "short" });
  const absolute = (at) => { // Chinese formats put the zone between date and time
    const zone = zoneFormat.formatToParts(at).find((part) => part.type === "timeZoneName").value;
    return `${absoluteFormat.format(at)} ${zone}`;
  };
  const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
  const relative = (at) => {
    const seconds = (at - now()) / 1000;
    const [unit, length] = UNITS.find(([, size]) => Math.abs(seconds) >= size) || [];
    return unit ? relativeFormat.format(Math.trunc(seconds / length), unit) : root.dataset.justNow;
  };
  const tellTimes = () => all("time[data-shows]").forEach((element) => {
    const at = Date.parse(element.dateTime);
    const words = { relative: relative(at), absolute: absolute(at) };
    say(element, words[element.dataset.shows]);
    element.dataset.tip = words[element.dataset.shows === "relative" ? "absolute" : "relative"];
  });

  // The live feed: it pauses while the page is hidden, and slows down while the server is away.

  let failures = 0, quietUntil = 0;
  const isFeed = (event) => event.detail.elt?.id === "live";
  const isHeaderStatus = (event) => event.detail.elt?.id === "header-status";
  document.addEventListener("htmx:beforeRequest", (event) => {
    const isBad = document.hidden || Date.now() < quietUntil;
    if (isBad && (isFeed(event) || isHeaderStatus(event))) event.preventDefault();
  });
  document.addEventListener("htmx:configRequest", (event) => {
    if (isFeed(event) && turned) event.detail.path = event.detail.path.replace("?", "?turned=1&");
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    quietUntil = 0;
    wake();
  });
  const wake = () => {
    for (const element of all("#live, #header-status")) if (window.htmx) htmx.trigger(element, "wake");
  };
  const fail = (event) => {
    if (!isFeed(event)) return;
    failures += 1;
    quietUntil = Date.now() + Math.min(60, 2 ** failures) * 1000;
    showLost(true);
  };
  const showLost = (lost) => { const note = find("#lost"); if (note) note.hidden = !lost; };
  for (const kind of ["responseError", "sendError", "timeout"]) {
    document.addEventListener(`htmx:${kind}`, fail);
  }
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!isFeed(event) || !event.detail.successful) return;
    failures = quietUntil = 0;
    turned = false;
    showLost(false);
  });
  // A player that somebody has started is not replaced until it has ended. One that is paused is
  // replaced at once, and keeps its position.
  const withheld = new WeakMap(), stoodAt = new Map();
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const player = find("video", event.detail.target);
    if (!player) return;
    if (!player.paused) {
      event.detail.shouldSwap = false;
      withheld.set(player, event.detail.fragment.firstElementChild);
    } else if (player.currentTime && !player.ended) {
      stoodAt.set(event.detail.target.id, player.currentTime);
    }
  });
  const catchUp = (player) => {
    const sent = withheld.get(player);
    if (!sent) return false;
    withheld.delete(player);
    player.closest(".screen").replaceWith(sent);
    htmx.process(sent);
    dress();
    return true;
  };
  const goOn = () => {
    for (const [id, seconds] of stoodAt) {
      const player = find(`#${id} video`);
      if (player) player.currentTime = seconds;
    }
    stoodAt.clear();
  };
  document.addEventListener("htmx:afterSettle", () => dress());

  // Previews: muted, one at a time, on hover or focus.

  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let shown = null;
  const preview = (video) => {
    if (shown === video) return;
    stop();
    shown = video;
    video.play().catch(() => {});
  };
  const stop = () => { shown?.pause(); shown = null; };
  document.addEventListener("mouseover", (event) => {
    const screen = event.target.closest(".screen-film");
    const video = screen && find("video[data-preview]", screen);
    if (video && !still.matches) preview(video);
    else if (shown && !shown.closest(".take").contains(document.activeElement)) stop();
  });
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest(".take");
    const video = row && find("video[data-preview]", row);
    if (video && !still.matches) preview(video); else stop();
  });
  const cover = (event, playing) => {
    if (event.target.matches?.("video[data-preview]")) {
      event.target.closest(".screen").classList.toggle("is-playing", playing);
    }
  };
  document.addEventListener("playing", (event) => cover(event, true), true);
  document.addEventListener("pause", (event) => {
    cover(event, false);
    if (event.target.matches?.("video[data-preview]")) catchUp(event.target);
  }, true);
  document.addEventListener("ended", (event) => catchUp(event.target), true);
  const giveUp = (player) => {
    const screen = player.closest(".screen");
    screen.classList.add("is-broken");
    find("[data-unplayable]", screen).hidden = false;
  };
  document.addEventListener("error", (event) => {
    if (event.target.matches?.("video[data-player]") && !catchUp(event.target)) giveUp(event.target);
  }, true);

  // A saved video without a poster shows its first frame as soon as it is in view.

  const spares = navigator.connection?.saveData;
  const frames = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      frames.unobserve(target);
      target.preload = "metadata";
    }
  }, { rootMargin: "200px" });
  // Not before the page has loaded: browsers count videos as part of loading, so a link that
  // hangs would keep the page loading.
  const showFrames = () => all("video[data-first-frame][preload=none]").forEach((video) => frames.observe(video));
  window.addEventListener("load", () => { if (!spares) showFrames(); });
  document.addEventListener("loadeddata", (event) => {
    if (event.target.matches?.("video[data-first-frame]")) {
      event.target.closest(".screen").classList.add("has-frame");
    }
  }, true);

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
  const isForAnother = () => { try { return localStorage.getItem("person") !== person; } catch { return false; } };
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
    try { localStorage.setItem("person", ""); } catch { /* forbidden */ } // so that none is saved again
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

  const typing = (target) => target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog");
  const links = () => all("[data-row-link]");
  const move = (step) => {
    const rows = links();
    const here = rows.findIndex((link) => link.closest(".take").contains(document.activeElement));
    const next = rows[Math.max(0, Math.min(rows.length - 1, here < 0 ? 0 : here + step))];
    next?.focus();
    next?.closest(".take").scrollIntoView({ block: "nearest" });
  };
  const toggle = (video) => { if (video.paused) video.play().catch(() => {}); else video.pause(); };
  const video = () => find("video", document.activeElement.closest(".take") || find(".task-stage") || document.createElement("i"));
  const press = (control) => { control?.click(); return Boolean(control); };
  const KEYS = {
    "/": () => find("#search").focus(),
    j: () => move(1),
    k: () => move(-1),
    o: () => document.activeElement.closest(".take")?.querySelector("[data-row-link]").click(),
    " ": () => { const found = video(); if (found) toggle(found); return Boolean(found); },
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

  function dress() {
    synchronise();
    all("video[data-preview][controls]").forEach((video) => {
      video.removeAttribute("controls");
      video.muted = true; // the attribute alone does not mute a video inserted by a script
    });
    all("video[data-hevc]").forEach((video) => {
      if (!video.canPlayType('video/mp4; codecs="hvc1.1.6.L120.B0"')) giveUp(video);
    });
    if (!spares && document.readyState === "complete") showFrames();
    goOn();
    countChosen();
    tick();
    tellTimes();
  }
  dress();
  setInterval(tick, 1000);
  setInterval(tellTimes, 30000);
})();
