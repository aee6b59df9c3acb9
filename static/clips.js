// Clips: pointing scrubs through the pictures of a clip, ▶ or a tap plays it in its place, and a click
// opens its task. A page has at most six decoders.
(() => {
  const find = (selector, within = document) => within?.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const spares = navigator.connection?.saveData;
  const screenOf = (element) => element.closest(".screen");

  // A page comes with a picture and ▶ of each clip. What stands over the picture is made when
  // somebody points at it, its player when it is to play.

  const parts = find("#clip-parts")?.content;
  const equip = (clip) => {
    const screen = screenOf(clip);
    if (find(".clip-line", screen)) return;
    const tools = document.importNode(parts, true);
    find("[data-unplayable] a", tools).href = clip.href;
    screen.append(tools);
  };
  const playerOf = (clip) => {
    const there = find("video", clip);
    if (there) return there;
    equip(clip);
    const video = document.createElement("video");
    Object.assign(video, { preload: "none", muted: true, loop: true, playsInline: true, src: clip.dataset.clip });
    Object.assign(video.dataset, { player: "", preview: "" });
    if (clip.dataset.at) video.currentTime = clip.dataset.at; // where another player stood
    clip.append(video);
    return video;
  };
  document.addEventListener("clip:player", ({ target }) => playerOf(target)); // other scripts want one

  // Decoders. A video opens one as soon as it reads its file, and keeps it until it is given back.

  const press = (selector, within, isPressed) => {
    find(selector, screenOf(within) ?? within)?.setAttribute("aria-pressed", String(isPressed));
  };
  const MOST = 6;
  const open = new Set(); // in the order in which they were used
  const giveBack = (video) => {
    open.delete(video);
    video.pause();
    video.removeAttribute("src");
    video.load();
    const clip = video.closest("[data-clip]");
    if (!clip) return;
    video.remove();
    screenOf(clip)?.classList.remove("is-playing");
    if (!find("img", clip)) screenOf(clip)?.classList.remove("has-frame");
    press("[data-clip-play]", clip, false);
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
    const control = event.target.closest("[data-clip-play], [data-clip-sound], [data-clip]");
    const screen = control && screenOf(control);
    if (!screen || screen.matches(".is-broken")) return;
    const isTap = (event.pointerType || pointer) === "touch";
    if ("clip" in control.dataset && !isTap) return;
    event.preventDefault();
    const video = playerOf(find("[data-clip]", screen));
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
  const drawFrame = (clip, share) => {
    const sheet = sheetOf(clip), frames = Number(clip.dataset.spriteFrames), columns = Number(clip.dataset.spriteColumns);
    const width = sheet.naturalWidth / columns, height = sheet.naturalHeight / Math.ceil(frames / columns);
    if (!width || !height) return; // it could not be loaded
    const number = Math.min(frames - 1, Math.floor(share * frames));
    Object.assign(frame, { width, height });
    frame.getContext("2d").drawImage(
      sheet, (number % columns) * width, Math.floor(number / columns) * height, width, height, 0, 0, width, height,
    );
    if (frame.parentElement !== clip) clip.append(frame);
    equip(clip);
    screenOf(clip).classList.add("is-scrubbing");
    drawLine(screenOf(clip), share);
  };

  let pointed = null; // the clip, and how far across it the pointer is
  const leave = () => {
    if (!pointed) return;
    screenOf(pointed.clip)?.classList.remove("is-scrubbing");
    frame.remove();
    pointed = null;
  };
  const scrub = () => {
    const { clip, share } = pointed, sheet = sheetOf(clip);
    if (sheet.complete) return drawFrame(clip, share);
    sheet.addEventListener("load", () => { if (pointed?.clip === clip) drawFrame(clip, pointed.share); }, { once: true });
  };
  // In the grid the words lie on the picture: it is found by its place.
  const findPointed = ({ target, clientX, clientY }) => {
    const within = target.closest?.(".screen") ?? target.closest?.(".take");
    const clip = find("[data-sprite]", within);
    if (!clip || find("video", clip)?.paused === false) return null;
    const { left, top, width, height } = screenOf(clip).getBoundingClientRect();
    const share = (clientX - left) / width;
    return share >= 0 && share < 1 && clientY >= top && clientY < top + height ? { clip, share } : null;
  };
  const point = (event) => {
    if (event.pointerType === "touch") return;
    const found = findPointed(event);
    if (found?.clip !== pointed?.clip) leave();
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
    for (const clip of ahead) {
      ahead.delete(clip);
      await quiet();
      await sheetOf(clip).decode().catch(() => {});
    }
    isFetching = false;
  };
  const sheetsInView = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) ahead[isIntersecting ? "add" : "delete"](target);
    fetchNext();
  });
  const fetchAhead = () => {
    fetchesAhead = true;
    all("[data-sprite]").forEach((clip) => sheetsInView.observe(clip));
  };

  // A saved video without a poster shows its first frame as soon as it is in view. The frame is kept
  // as a picture, so that the decoder can be given back; two are drawn at a time.

  const waiting = new Set();
  let drawing = 0;
  const keepFrame = (video, clip) => {
    const { videoWidth, videoHeight } = video, scale = Math.min(1, 640 / videoWidth);
    const canvas = Object.assign(document.createElement("canvas"), { width: videoWidth * scale, height: videoHeight * scale });
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    screenOf(clip).classList.add("has-frame");
    const picture = new Image();
    try { picture.src = canvas.toDataURL("image/jpeg", 0.8); } catch { return; } // a file from elsewhere
    picture.alt = "";
    clip.prepend(picture);
    delete clip.dataset.firstFrame;
    if (video.paused) giveBack(video);
  };
  const drawNext = () => {
    const [clip] = waiting;
    if (!clip || drawing >= 2) return;
    waiting.delete(clip);
    drawing += 1;
    const video = playerOf(clip), kinds = ["loadeddata", "error", "emptied"];
    const finish = ({ type }) => {
      kinds.forEach((kind) => video.removeEventListener(kind, finish));
      if (type === "loadeddata" && clip.isConnected) keepFrame(video, clip);
      drawing -= 1;
      drawNext();
    };
    kinds.forEach((kind) => video.addEventListener(kind, finish));
    admit(video);
    video.preload = "metadata";
    drawNext();
  };
  const framesInView = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting && "firstFrame" in target.dataset && !find("video", target)) waiting.add(target); else waiting.delete(target);
    }
    drawNext();
  }, { rootMargin: "200px" });

  // What cannot be played says so.

  // A small version takes its place where one was made: in a row by itself, on the task's page when
  // it is asked for, as it is not the video itself.
  const usesProxy = (holder, video) => {
    const { proxy } = holder.dataset, clip = holder.matches("[data-clip]") ? holder : null;
    if (!proxy) return false;
    delete holder.dataset.proxy;
    delete holder.dataset.hevc;
    if (clip) clip.dataset.clip = proxy; // for the players still to come
    const wasWanted = video?.paused === false;
    if (video) video.src = proxy;
    if (wasWanted) video.play().catch(() => {});
    else if (video && clip) giveBack(video);
    if (clip && "firstFrame" in clip.dataset && !wasWanted) waiting.add(clip);
    return true;
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-play-proxy]");
    const screen = button && screenOf(button), video = find("video[data-player]", screen);
    if (!video || !usesProxy(video, video)) return;
    screen.classList.remove("is-broken");
    find("[data-unplayable]", screen).hidden = true;
    video.play().catch(() => {});
  });
  const giveUp = (player) => {
    const screen = screenOf(player), clip = find("[data-clip]", screen);
    if (clip && usesProxy(clip, find("video", clip))) return;
    if (clip) equip(clip);
    screen.classList.add("is-broken");
    find("[data-unplayable]", screen).hidden = false;
  };
  document.addEventListener("error", (event) => {
    if (event.target.matches?.("video[data-player]")) giveUp(event.target);
  }, true);
  const HEVC = 'video/mp4; codecs="hvc1.1.6.L120.B0"';
  const giveUpHevc = () => {
    const those = all(".screen:not(.is-broken) [data-hevc]");
    if (those.length && !document.createElement("video").canPlayType(HEVC)) those.forEach(giveUp);
  };

  // Fragments, when they arrive.

  const dress = () => {
    if (fetchesAhead && !spares) fetchAhead();
    giveUpHevc();
    if (!spares && document.readyState === "complete") showFrames();
  };
  const showFrames = () => all("[data-first-frame]").forEach((clip) => framesInView.observe(clip));
  // Not before the page has loaded: browsers count videos as part of loading, so a link that
  // hangs would keep the page loading.
  window.addEventListener("load", () => { if (!spares) showFrames(); });
  document.addEventListener("htmx:afterSettle", dress);
  dress();
})();
