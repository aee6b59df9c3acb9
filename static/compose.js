// Every choice renews the form. A response is discarded and requested again if something was typed
// or chosen since the request, if a button is being pressed, or if text is being composed by an
// input method (Chinese).
(() => {
  const body = document.querySelector("#compose-body");
  if (!body) return;
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
  let open = [];
  body.addEventListener("htmx:beforeSwap", (event) => {
    open = opened();
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
  });
})();

// Uploads pictures as soon as they are dropped, pasted or chosen, and shows them beside their field.
(() => {
  const form = document.querySelector("form[data-upload]");
  if (!form) return;
  const zoneOf = (event) => event.target.closest?.(".pictures");
  const hasFiles = (transfer) => [...(transfer?.types || [])].includes("Files");
  const field = (name) => form.elements.namedItem(name)?.value || "";

  const send = async (part, files) => {
    const data = new FormData();
    for (const name of ["csrfmiddlewaretoken", "project"]) data.append(name, field(name));
    data.append("part", part);
    for (const file of files) data.append("files", file);
    const answer = await fetch(form.dataset.upload, { method: "POST", body: data });
    const isLimited = answer.status === 429; // which says until when
    if (!(answer.ok || isLimited) || answer.redirected) throw new Error(answer.statusText);
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  };

  // Every choice renews the fields, so each response looks up its field when it arrives.
  const find = (part, selector) =>
    form.querySelector(`.pictures[data-part="${part}"] ${selector}`);
  const value = (upload) => upload.querySelector("input").value;
  const show = (part, uploads) => {
    const list = find(part, ".uploads");
    if (!list || !uploads.length) return;
    if (find(part, "").dataset.most === "1") list.replaceChildren();
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
    find(part, ".pictures-refused")?.replaceChildren(...lines);
  };

  let underWay = 0;
  const wait = (by) => {
    underWay += by;
    form.classList.toggle("is-uploading", underWay > 0);
    form.setAttribute("aria-busy", String(underWay > 0));
    form.querySelector("button[type=submit]").disabled = underWay > 0;
  };
  const take = async (zone, files) => {
    const part = zone.dataset.part;
    const wanted = zone.dataset.most === "1" ? files.slice(0, 1) : files;
    wait(1);
    try {
      const content = await send(part, wanted);
      tell(part, [...content.querySelectorAll(".upload-refused")].map((e) => e.textContent));
      show(part, [...content.querySelectorAll(".upload")]);
    } catch {
      tell(part, [form.dataset.failed]);
    } finally {
      wait(-1);
    }
  };

  document.addEventListener("change", (event) => {
    const zone = event.target.type === "file" && zoneOf(event);
    if (!zone) return;
    event.stopPropagation(); // a file affects no other choice
    const files = [...event.target.files];
    event.target.value = "";
    if (files.length) take(zone, files);
  }, true);
  document.addEventListener("paste", (event) => {
    const zone = zoneOf(event), files = [...(event.clipboardData?.files || [])];
    if (!zone || !files.length) return;
    event.preventDefault();
    take(zone, files);
  });
  const mark = (zone) => {
    for (const each of form.querySelectorAll(".pictures"))
      each.classList.toggle("is-target", each === zone);
  };
  // The browser would open a file dropped beside the field, and lose everything typed.
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event.dataTransfer)) return;
    const zone = zoneOf(event);
    event.preventDefault();
    event.dataTransfer.dropEffect = zone ? "copy" : "none";
    mark(zone);
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) mark(null); });
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    mark(null);
    const zone = zoneOf(event);
    if (zone) take(zone, [...event.dataTransfer.files]);
  });
})();
