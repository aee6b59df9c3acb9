// Every choice renews the form. A response is discarded and requested again if something was typed
// or chosen since the request, if a button is being pressed, or if text is being composed by an
// input method (Chinese).
(() => {
  const form = document.querySelector("#compose"), body = document.querySelector("#compose-body");
  if (!form) return;
  let edits = 0, asked = 0, isHeld = false, isComposing = false, isOwed = false;
  const isBusy = () => isHeld || isComposing;
  const ask = () => {
    isOwed = isBusy();
    if (isOwed) return;
    htmx.trigger(body, "change");
    body.removeAttribute("aria-busy");
  };
  const edit = (event) => {
    edits += 1;
    if (event.target.matches("select")) isHeld = false; // its list swallows the release event
  };
  const release = () => setTimeout(() => { // after the click
    isHeld = false;
    if (isOwed) ask();
  });
  for (const kind of ["input", "change"]) document.addEventListener(kind, edit, true);
  for (const kind of ["pointerup", "pointercancel"]) document.addEventListener(kind, release);
  body.addEventListener("pointerdown", () => { isHeld = true; });
  body.addEventListener("compositionstart", () => { isComposing = true; });
  body.addEventListener("compositionend", () => { isComposing = false; if (isOwed) ask(); });
  body.addEventListener("compose:ask", ask);
  body.addEventListener("htmx:configRequest", () => { asked = edits; });
  const opened = () => [...body.querySelectorAll("details[id][open]")].map((each) => each.id);
  let open = [], focused = "";
  body.addEventListener("htmx:beforeSwap", (event) => {
    open = opened();
    focused = body.contains(document.activeElement) ? document.activeElement.id : "";
    if (!isBusy() && edits === asked) return;
    event.detail.shouldSwap = false;
    isOwed = true;
    body.setAttribute("aria-busy", "true"); // also between two requests
  });
  // Requests are not queued (hx-sync: drop): a queued one would start when a press on a button aborts
  // the current request, and the press would be lost.
  body.addEventListener("htmx:afterRequest", () => setTimeout(() => { if (isOwed) ask(); }));
  body.addEventListener("htmx:afterSwap", () => {
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    // htmx could not give the focus back to what was still closed.
    if (focused && !body.contains(document.activeElement)) document.getElementById(focused)?.focus();
  });

  // A menu of the row closes when something in it was chosen by pointer, beside it, and by Escape.

  const menus = () => form.querySelectorAll(".pick-menu[open]");
  document.addEventListener("click", (event) => {
    const way = event.detail && event.target.closest("label.pick-way");
    const isChosen = way && way.control?.type === "radio";
    for (const menu of menus()) if (isChosen || !menu.contains(event.target)) menu.open = false;
  });

  // Ctrl or ⌘ and Enter press the button, from any field.

  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const menu of menus()) {
        menu.open = false;
        menu.querySelector("summary").focus();
        event.stopPropagation();
      }
    }
    if (event.key !== "Enter" || event.isComposing || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const button = form.querySelector("#generate");
    if (!event.repeat && !button.disabled) form.requestSubmit(button);
  }, true);
})();

// Uploads files as soon as they are dropped, pasted or chosen, and shows them in their places.
(() => {
  const form = document.querySelector("form#compose");
  if (!form) return;
  const zoneOf = (event) => event.target.closest?.(".pictures");
  const hasFiles = (transfer) => [...(transfer?.types || [])].includes("Files");
  const field = (name) => form.elements.namedItem(name)?.value || "";

  // One bar for all files that are under way. What is sent quicker than one can read shows none.
  const bar = form.querySelector("#compose-uploading"), uploading = { sent: 0, all: 0 };
  const sizeOf = (files) => files.reduce((sum, file) => sum + file.size, 0);
  const moveBar = (bytes) => {
    uploading.sent += bytes;
    const share = uploading.all ? uploading.sent / uploading.all : 1;
    bar.querySelector("progress").value = share;
    bar.querySelector("output").textContent = `${Math.floor(share * 100)} %`;
  };
  const post = (url, data, size) => new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch tells nothing of what was sent
    let sent = 0;
    const note = (bytes) => {
      const now = Math.min(bytes, size); // the form around the files is sent, too
      moveBar(now - sent);
      sent = now;
    };
    request.upload.addEventListener("progress", (event) => note(event.loaded));
    request.addEventListener("load", () => resolve(request));
    request.addEventListener("error", () => reject(new Error("offline")));
    request.addEventListener("abort", () => reject(new Error("aborted")));
    request.addEventListener("loadend", () => note(size));
    request.open("POST", url);
    request.send(data);
  });

  const send = async (part, files) => {
    const data = new FormData();
    for (const name of ["csrfmiddlewaretoken", "project"]) data.append(name, field(name));
    for (const model of new FormData(form).getAll("model")) data.append("model", model);
    data.append("part", part);
    for (const file of files) data.append("files", file);
    const answer = await post(form.dataset.upload, data, sizeOf(files));
    const isOk = answer.status >= 200 && answer.status < 300, isLimited = answer.status === 429; // which says until when
    if (answer.status === 401) document.dispatchEvent(new Event("session:ended"));
    const isRedirected = new URL(answer.responseURL || location).pathname !== form.dataset.upload;
    if (!(isOk || isLimited) || isRedirected) throw new Error(answer.statusText);
    return new DOMParser().parseFromString(answer.responseText, "text/html");
  };

  // Every choice renews the fields, so each response looks up its field when it arrives. A place that
  // comes with the renewed form is not there yet: until then its files wait below the prompt.
  const zone = (part) => form.querySelector(`.pictures[data-part="${part}"]`);
  const value = (upload) => upload.querySelector("input").value;
  const show = (part, uploads) => {
    const list = zone(part)?.querySelector(".uploads") || form.querySelector("#uploads-coming");
    if (!list || !uploads.length) return;
    if (zone(part)?.dataset.most === "1") list.replaceChildren();
    const there = new Set([...list.children].map(value));
    list.append(...uploads.filter((upload) => !there.has(value(upload))));
    list.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const tell = (part, sentences) => {
    const lines = sentences.map((sentence) => {
      const line = document.createElement("div");
      line.textContent = sentence;
      return line;
    });
    const place = zone(part)?.querySelector(".pictures-refused") || form.querySelector("#uploads-refused");
    place?.replaceChildren(...lines);
  };

  let underWay = 0;
  const SOON = 400; // ms
  const wait = (by) => {
    underWay += by;
    form.classList.toggle("is-uploading", underWay > 0);
    form.setAttribute("aria-busy", String(underWay > 0));
    form.querySelector("#generate").disabled = underWay > 0;
    if (underWay) setTimeout(() => { bar.hidden = !underWay; }, SOON);
    else Object.assign(uploading, { sent: 0, all: 0 }), bar.hidden = true;
  };
  // Videos are sent one by one, as each may be large, and not at all where no provider could get them.
  const take = async (part, files) => {
    const isVideo = part === "reference_video";
    if (isVideo && form.dataset.noVideos) return tell(part, [form.dataset.noVideos]);
    const wanted = zone(part)?.dataset.most === "1" ? files.slice(0, 1) : files, refused = [];
    uploading.all += sizeOf(wanted);
    moveBar(0);
    wait(1);
    try {
      for (const each of isVideo ? wanted.map((file) => [file]) : [wanted]) {
        const content = await send(part, each);
        refused.push(...[...content.querySelectorAll(".upload-refused")].map((e) => e.textContent));
        show(part, [...content.querySelectorAll(".upload")]);
      }
      tell(part, refused);
    } catch {
      tell(part, [...refused, form.dataset.failed]);
    } finally {
      wait(-1);
    }
  };

  // What is given to the prompt goes into the places that have room. Where there are none, one
  // picture becomes the first frame, two the first and the last one, and more are references; the
  // mode shows which, and the pictures follow where another one is chosen.
  const MODES = [
    ["first_frame", ["first_frame"]],
    ["first_and_last_frame", ["first_frame", "last_frame"]],
    ["reference", Array(30).fill("reference_image")],
  ];
  const used = (place) => place.querySelectorAll(".upload :checked").length;
  const share = (parts, files) => {
    const shares = new Map();
    files.forEach((file, n) => shares.set(parts[n], [...(shares.get(parts[n]) || []), file]));
    for (const [part, own] of shares) take(part, own);
  };
  const givePictures = (files) => {
    const places = [...form.querySelectorAll(".pictures[data-material=picture]")];
    const mode = form.elements.namedItem("mode");
    const free = places.flatMap((each) => Array(Math.max(0, each.dataset.most - used(each))).fill(each.dataset.part));
    if (free.length >= files.length) return share(free, files);
    const present = places.reduce((sum, each) => sum + used(each), 0), all = present + files.length;
    const offers = (name) => [...mode.options].some((option) => option.value === name);
    const [name, parts] = MODES.find(([each, roles]) => roles.length >= all && offers(each)) || [];
    if (name && ["text", "first_frame"].includes(mode.value)) {
      mode.value = name;
      mode.dispatchEvent(new Event("change", { bubbles: true }));
      return share(parts.slice(present), files);
    }
    if (places.length) return take(places.at(-1).dataset.part, files);
    tell("", [form.dataset.unplaced]);
  };

  // Videos and sounds are references, and so is every picture that comes with them.
  const PARTS = { picture: "reference_image", video: "reference_video", sound: "reference_audio" };
  const materialOf = ({ type }) => ({ video: "video", audio: "sound" })[type.split("/")[0]] || "picture";
  const choosesReferences = () => {
    const mode = form.elements.namedItem("mode"), is = mode?.value;
    if (!["text", "first_frame", "first_and_last_frame"].includes(is)) return false;
    if (![...mode.options].some((option) => option.value === "reference")) return false;
    mode.value = "reference";
    mode.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  };
  const give = (files) => {
    const given = new Map();
    for (const file of files) given.set(materialOf(file), [...(given.get(materialOf(file)) || []), file]);
    if (![...given.keys()].some((each) => each !== "picture")) return givePictures(files);
    if (given.has("video") && form.dataset.noVideos) {
      tell(zone(PARTS.video) ? PARTS.video : "", [form.dataset.noVideos]);
      given.delete("video");
    }
    const isPlaced = [...given.keys()].every((each) => zone(PARTS[each]));
    if (given.size && !isPlaced && !choosesReferences()) return tell("", [form.dataset.unplaced]);
    for (const [material, own] of given) take(PARTS[material], own);
  };
  const giveTo = (place, files) => {
    const fits = (file) => !file.type || materialOf(file) === place.dataset.material;
    const own = files.filter(fits), others = files.filter((file) => !fits(file));
    if (own.length) take(place.dataset.part, own);
    if (others.length) give(others);
  };
  form.addEventListener("compose:files", (event) => give(event.detail));

  document.addEventListener("change", (event) => {
    const place = event.target.type === "file" && zoneOf(event);
    if (!place) return;
    event.stopPropagation(); // a file affects no other choice
    const files = [...event.target.files];
    event.target.value = "";
    if (files.length) giveTo(place, files);
  }, true);
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files || [])];
    if (!files.length || !form.contains(event.target)) return;
    event.preventDefault();
    if (zoneOf(event)) giveTo(zoneOf(event), files); else give(files);
  });
  const mark = (target) => {
    for (const each of form.querySelectorAll(".pictures, .prompt-box"))
      each.classList.toggle("is-target", each === target);
  };
  const targetOf = (event) =>
    zoneOf(event) || (form.contains(event.target) ? form.querySelector(".prompt-box") : null);
  // The browser would open a file dropped beside the form, and lose everything typed.
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = targetOf(event) ? "copy" : "none";
    mark(targetOf(event));
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) mark(null); });
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    mark(null);
    const files = [...event.dataTransfer.files];
    if (zoneOf(event)) giveTo(zoneOf(event), files);
    else if (form.contains(event.target)) give(files);
  });
})();
