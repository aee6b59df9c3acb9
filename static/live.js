// Brings news into an open page: what has changed, and the tasks that are new.
(() => {
  const find = (selector, within = document) => within?.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  // A star becomes htmx's when it is pressed: fifty of them kept a phone busy for 80 ms at first.

  document.addEventListener("click", ({ target }) => {
    const star = target.closest("[data-star]:not([hx-post])");
    if (!star || !window.htmx) return;
    star.setAttribute("hx-post", star.getAttribute("formaction"));
    star.setAttribute("hx-sync", "this:queue last");
    htmx.process(star);
  }, true);

  // The questions: none while the page is hidden, fewer while the server is away.

  let failures = 0, quietUntil = 0;
  let turned = false; // time has changed something on the page without news from the server
  let wanted = ""; // the new tasks are: "pressed" by the person, or "at rest" by the page
  // After a swap the event comes from what is left around the element that asked.
  const asker = ({ detail }) => (detail.requestConfig ?? detail).elt?.id;
  const isFeed = (event) => asker(event) === "live";
  const askedForNew = (event) => event.detail.pathInfo?.requestPath.includes("fresh=1");
  const wake = () => {
    for (const element of all("#live, #header-status")) if (window.htmx) htmx.trigger(element, "wake");
  };
  document.addEventListener("htmx:beforeRequest", (event) => {
    const isBad = document.hidden || Date.now() < quietUntil;
    if (isBad && ["live", "header-status"].includes(asker(event))) event.preventDefault();
  });
  document.addEventListener("htmx:configRequest", (event) => {
    if (!isFeed(event)) return;
    const more = (turned ? "turned=1&" : "") + (wanted ? "fresh=1&" : "");
    event.detail.path = event.detail.path.replace("?", `?${more}`);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    quietUntil = 0;
    wake();
  });
  document.addEventListener("dailies:turned", () => {
    turned = true;
    wake();
  });
  const showLost = (lost) => { const note = find("#lost"); if (note) note.hidden = !lost; };
  const fail = (event) => {
    if (!isFeed(event)) return;
    failures += 1;
    quietUntil = Date.now() + Math.min(60, 2 ** failures) * 1000;
    showLost(true);
    showPill();
  };
  for (const kind of ["responseError", "sendError", "timeout"]) {
    document.addEventListener(`htmx:${kind}`, fail);
  }
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!isFeed(event) || !event.detail.successful) return;
    failures = quietUntil = 0;
    turned = false;
    showLost(false);
    if (wanted && !askedForNew(event)) return wake(); // they were wanted while this was on its way
    wanted = "";
    takeNewAtRest();
  });

  // New tasks come in by themselves while nobody is busy on the page, which is at its top.
  // Otherwise they wait behind a pill; pressed, it brings them without a reload.

  const hovers = matchMedia("(hover: hover)"); // where nothing hovers, what was tapped last seems to
  const isAtRest = () => window.scrollY < 8
    && !(hovers.matches && find(".take:hover, [data-show-new]:hover")) // the pill comes over a row
    && !find(".takes :focus-visible, [data-choose]:checked, .screen.is-playing");
  const pill = () => find("[data-show-new]");
  const showPill = () => { wanted = ""; if (pill()) pill().hidden = false; };
  const want = (why) => {
    wanted = why;
    wake();
  };
  const takeNewAtRest = () => {
    if (!pill() || document.hidden || !isAtRest()) return;
    pill().hidden = true;
    want("at rest");
  };
  let byKey = false;
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-show-new]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    byKey = event.detail === 0;
    want("pressed");
  });
  document.addEventListener("compose:sent", () => { // their own are wanted, wherever they look
    byKey = false;
    want("pressed");
  });
  // Somebody may have become busy while they were on their way.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!askedForNew(event) || wanted === "pressed" || isAtRest()) return;
    event.detail.shouldSwap = false;
    showPill();
  });

  const MOVE = { duration: 320, easing: "cubic-bezier(.2, .7, .2, 1)" };
  const isInView = ({ top, bottom }) => bottom > 0 && top < innerHeight;
  const placesAround = (list) => new Map([...list.children, ...list.parentElement.children]
    .map((element) => [element, element.getBoundingClientRect()])
    .filter(([element, place]) => element !== list && isInView(place)));
  const moveFrom = (places) => {
    for (const [element, was] of places) {
      if (!element.isConnected) continue;
      const is = element.getBoundingClientRect();
      const away = `translate(${was.left - is.left}px, ${was.top - is.top}px)`;
      if (was.left !== is.left || was.top !== is.top) element.animate({ transform: [away, "none"] }, MOVE);
    }
  };
  const slideIn = (list, rows) => {
    const places = placesAround(list);
    queueMicrotask(() => { // after the swap, and before the page is painted
      moveFrom(places);
      for (const row of rows) row.animate({ opacity: [0, 1], transform: ["translateY(-1rem)", "none"] }, MOVE);
    });
  };
  const takeIn = (list, fragment) => {
    const rows = all(".take", fragment);
    const isFar = window.scrollY >= innerHeight;
    if (!still.matches && !isFar) slideIn(list, rows);
    for (const day of all(".day[id]", fragment)) find(`#${day.id}`, list)?.remove(); // it stands above
    if (wanted !== "pressed") return;
    queueMicrotask(() => {
      window.scrollTo({ top: 0, behavior: still.matches || isFar ? "auto" : "smooth" });
      if (byKey) find("[data-row-link]", rows[0])?.focus({ preventScroll: true });
    });
  };

  // A player that somebody has started is not replaced until it has ended. One that is paused is
  // replaced at once, and keeps its position.

  const pictureIn = (screen) => find("[data-clip] img, video[poster]", screen);

  const withheld = new WeakMap(), stoodAt = new Map();
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    if (target.id === "takes") return takeIn(target, fragment);
    if (!target.matches(".screen")) return;
    const player = find("video", target);
    if (player && !player.paused) {
      event.detail.shouldSwap = false;
      withheld.set(player, fragment.firstElementChild.outerHTML);
    } else if (player?.currentTime && !player.ended) {
      stoodAt.set(target.id, player.currentTime);
    } else if (!pictureIn(target)) {
      fadeIn(pictureIn(fragment));
    }
  });
  const catchUp = (event) => {
    const sent = withheld.get(event.target);
    if (!sent) return;
    withheld.delete(event.target);
    event.stopImmediatePropagation(); // whatever has happened to it, it is gone
    htmx.swap(event.target.closest(".screen"), sent, { swapStyle: "outerHTML" });
  };
  for (const kind of ["pause", "ended", "error"]) document.addEventListener(kind, catchUp, true);
  document.addEventListener("htmx:afterSettle", () => {
    for (const [id, seconds] of stoodAt) {
      const player = find(`#${id} video`), clip = find(`#${id} [data-clip]`);
      if (player) player.currentTime = seconds; else if (clip) clip.dataset.at = seconds;
    }
    stoodAt.clear();
  });

  // A finished clip fades in where its frame was drawn.

  const fadeIn = async (shown) => {
    if (!shown || still.matches) return;
    shown.classList.add("is-coming");
    const picture = new Image();
    picture.src = shown.poster || shown.src;
    await picture.decode().catch(() => {});
    shown.classList.remove("is-coming");
  };
})();
