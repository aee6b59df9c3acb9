// Clips: pointing scrubs through the pictures of a clip, ▶ or a tap plays it in its place, and a click
// opens its task. A page has at most six decoders.
(() => {
  const find = (selector, within = document) => within?.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const spares = navigator.connection?.saveData;
  const screenOf = (video) => video.closest(".screen");

  // Decoders. A video opens one as soon as it reads its file, and keeps it until it is given back.

  const MOST = 6;
  const open = new Set(); // in the order in which they were used
  const giveBack = (video) => {
    open.delete(video);
    video.pause();
    video.preload = "none";
    const address = video.getAttribute("src");
    video.removeAttribute("src");
    video.load();
    video.setAttribute("src", address);
    if (!video.poster) screenOf(video)?.classList.remove("has-frame");
  };
  const admit = (video) => {
    open.delete(video);
    open.add(video);
    for (const each of open) if (!each.isConnected) giveBack(each);
    const others = [...open].filter((each) => each !== video && each.matches("[data-preview]"));
    others.sort((one, other) => other.paused - one.paused); // what plays comes last
    for (const each of others) if (open.size > MOST) giveBack(each);
  };
  for (const kind of ["play", "loadedmetadata"]) {
    document.addEventListener(kind, (event) => admit(event.target), true);
  }

  // Playing, one at a time.

  let current = null;
  const play = (video) => {
    if (current !== video) current?.pause();
    current = video;
    video.play().catch(() => {});
  };
  const toggle = (video) => { if (video.paused) play(video); else video.pause(); };
  const press = (selector, video, isPressed) => {
    find(selector, screenOf(video))?.setAttribute("aria-pressed", String(isPressed));
  };
  const isPreview = (event) => event.target.matches?.("video[data-preview]");
  const on = (kind, act) => document.addEventListener(kind, (event) => {
    if (isPreview(event) && event.target.isConnected) act(event.target);
  }, true);
  const show = (video) => {
    screenOf(video).classList.toggle("is-playing", !video.paused);
    press("[data-clip-play]", video, !video.paused);
  };
  on("play", (video) => {
    leave();
    show(video);
  });
  on("playing", (video) => screenOf(video).classList.add("has-frame"));
  on("pause", (video) => {
    video.muted = true;
    show(video);
  });
  on("volumechange", (video) => press("[data-clip-sound]", video, !video.muted));
  on("timeupdate", (video) => drawLine(screenOf(video), video.currentTime / video.duration || 0));

  // A click: on ▶ and on the loudspeaker for everybody; on the picture it opens the task, but a tap plays.

  let pointer = ""; // the kind that was pressed last, for browsers whose clicks do not say it
  document.addEventListener("pointerdown", (event) => { pointer = event.pointerType; }, true);
  document.addEventListener("click", (event) => {
    const control = event.target.closest("[data-clip-play], [data-clip-sound], [data-clip-open]");
    const video = control && find("video", screenOf(control));
    if (!video || screenOf(video).matches(".is-broken")) return;
    const isTap = (event.pointerType || pointer) === "touch";
    if ("clipOpen" in control.dataset && !isTap) return;
    event.preventDefault();
    if ("clipSound" in control.dataset) video.muted = !video.muted; else toggle(video);
  });

  // Scrubbing: the frames of a clip are one picture, of which the frame under the pointer is drawn.

  const frame = document.createElement("canvas");
  frame.className = "clip-frame";
  frame.setAttribute("aria-hidden", "true");
  const sheets = new Map(); // pictures by their address
  const sheetOf = ({ dataset }) => {
    if (!sheets.has(dataset.sprite)) {
      sheets.set(dataset.sprite, Object.assign(new Image(), { src: dataset.sprite }));
    }
    return sheets.get(dataset.sprite);
  };
  const drawLine = (screen, share) => find(".clip-line", screen)?.style.setProperty("scale", `${share} 1`);
  const drawFrame = (video, share) => {
    const sheet = sheetOf(video), frames = Number(video.dataset.spriteFrames), columns = Number(video.dataset.spriteColumns);
    const width = sheet.naturalWidth / columns, height = sheet.naturalHeight / Math.ceil(frames / columns);
    if (!width || !height) return; // it could not be loaded
    const number = Math.min(frames - 1, Math.floor(share * frames));
    Object.assign(frame, { width, height });
    frame.getContext("2d").drawImage(
      sheet, (number % columns) * width, Math.floor(number / columns) * height, width, height, 0, 0, width, height,
    );
    if (frame.previousElementSibling !== video) video.after(frame);
    screenOf(video).classList.add("is-scrubbing");
    drawLine(screenOf(video), share);
  };

  let pointed = null; // the video, and how far across it the pointer is
  const leave = () => {
    if (!pointed) return;
    screenOf(pointed.video)?.classList.remove("is-scrubbing");
    frame.remove();
    pointed = null;
  };
  const scrub = () => {
    const { video, share } = pointed, sheet = sheetOf(video);
    if (sheet.complete) return drawFrame(video, share);
    sheet.addEventListener("load", () => { if (pointed?.video === video) drawFrame(video, pointed.share); }, { once: true });
  };
  // In the grid the words lie on the picture: it is found by its place.
  const findPointed = ({ target, clientX, clientY }) => {
    const within = target.closest?.(".screen") ?? target.closest?.(".take");
    const video = find("video[data-sprite]", within);
    if (!video?.paused) return null;
    const { left, top, width, height } = screenOf(video).getBoundingClientRect();
    const share = (clientX - left) / width;
    return share >= 0 && share < 1 && clientY >= top && clientY < top + height ? { video, share } : null;
  };
  const point = (event) => {
    if (event.pointerType === "touch") return;
    const found = findPointed(event);
    if (found?.video !== pointed?.video) leave();
    pointed = found;
    if (pointed) scrub();
    if (!fetchesAhead) fetchAhead();
  };
  document.addEventListener("pointermove", point, { passive: true });
  document.documentElement.addEventListener("pointerleave", leave);

  // With a mouse on the page the sheets of the clips in view are fetched while the browser has
  // nothing to do, so that the first frame is there at once.

  let fetchesAhead = spares, isFetching = false;
  const ahead = new Set();
  const quiet = () => new Promise((done) => { (window.requestIdleCallback ?? setTimeout)(done); });
  const fetchNext = async () => {
    if (isFetching) return;
    isFetching = true;
    for (const video of ahead) {
      ahead.delete(video);
      await quiet();
      await sheetOf(video).decode().catch(() => {});
    }
    isFetching = false;
  };
  const sheetsInView = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) ahead[isIntersecting ? "add" : "delete"](target);
    fetchNext();
  });
  const fetchAhead = () => {
    fetchesAhead = true;
    all("video[data-sprite]").forEach((video) => sheetsInView.observe(video));
  };

  // A saved video without a poster shows its first frame as soon as it is in view. The frame is kept
  // as a picture, so that the decoder can be given back; two are drawn at a time.

  const waiting = new Set();
  let drawing = 0;
  const keepFrame = (video) => {
    const { videoWidth, videoHeight } = video, scale = Math.min(1, 640 / videoWidth);
    const canvas = Object.assign(document.createElement("canvas"), { width: videoWidth * scale, height: videoHeight * scale });
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    try { video.poster = canvas.toDataURL("image/jpeg", 0.8); } catch { return; } // a file from elsewhere
    if (video.paused) giveBack(video);
  };
  const drawNext = () => {
    const [video] = waiting;
    if (!video || drawing >= 2) return;
    waiting.delete(video);
    drawing += 1;
    const done = () => {
      drawing -= 1;
      drawNext();
    };
    const kinds = ["loadeddata", "error", "emptied"];
    const finish = ({ type }) => {
      kinds.forEach((kind) => video.removeEventListener(kind, finish));
      if (type === "loadeddata") {
        screenOf(video)?.classList.add("has-frame");
        keepFrame(video);
      }
      done();
    };
    kinds.forEach((kind) => video.addEventListener(kind, finish));
    admit(video);
    video.preload = "metadata";
    drawNext();
  };
  const framesInView = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting && target.preload === "none") waiting.add(target); else waiting.delete(target);
    }
    drawNext();
  }, { rootMargin: "200px" });

  // What cannot be played says so.

  // What cannot be played has a small version, where one was made: in a row it takes its place, on
  // the task's page one is asked, as it is not the video itself.
  const usesProxy = (video) => {
    const { proxy } = video.dataset;
    if (!proxy) return false;
    const wasWanted = !video.paused;
    delete video.dataset.proxy;
    delete video.dataset.hevc;
    video.src = proxy;
    screenOf(video).classList.remove("is-broken");
    find("[data-unplayable]", screenOf(video)).hidden = true;
    if (wasWanted) video.play().catch(() => {});
    return true;
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-play-proxy]");
    const video = button && find("video[data-player]", screenOf(button));
    if (video && usesProxy(video)) video.play().catch(() => {});
  });
  const giveUp = (video) => {
    if (video.matches("[data-preview]") && usesProxy(video)) return;
    screenOf(video).classList.add("is-broken");
    find("[data-unplayable]", screenOf(video)).hidden = false;
  };
  document.addEventListener("error", (event) => {
    if (event.target.matches?.("video[data-player]")) giveUp(event.target);
  }, true);

  // Fragments, when they arrive.

  const dress = () => {
    all("video[data-preview][controls]").forEach((video) => {
      video.removeAttribute("controls");
      video.muted = true; // the attribute alone does not mute a video inserted by a script
      if (fetchesAhead && !spares && video.dataset.sprite) sheetsInView.observe(video);
    });
    all("video[data-hevc]").forEach((video) => {
      if (!video.canPlayType('video/mp4; codecs="hvc1.1.6.L120.B0"')) giveUp(video);
    });
    if (!spares && document.readyState === "complete") showFrames();
  };
  const showFrames = () => all("video[data-first-frame]:not([poster])").forEach((video) => framesInView.observe(video));
  // Not before the page has loaded: browsers count videos as part of loading, so a link that
  // hangs would keep the page loading.
  window.addEventListener("load", () => { if (!spares) showFrames(); });
  document.addEventListener("htmx:afterSettle", dress);
  dress();
})();
