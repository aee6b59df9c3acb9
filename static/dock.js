// The composer at the foot of the list. Its form is fetched when somebody begins to write, pastes or
// drops into it; then it is open while one works in it, and one line again while one looks.
(() => {
  const dock = document.querySelector("#dock");
  if (!dock) return;
  const hasFiles = (transfer) => [...(transfer?.types || [])].includes("Files");
  const prompt = () => dock.querySelector("textarea");
  const form = () => dock.querySelector("#compose");

  const add = (url) => new Promise((done, fail) => {
    const script = document.createElement("script");
    script.src = url;
    script.addEventListener("load", done);
    script.addEventListener("error", fail);
    document.head.append(script);
  });

  let composing = Promise.resolve(); // text that an input method has not finished yet
  dock.addEventListener("compositionstart", () => {
    composing = new Promise((done) => dock.addEventListener("compositionend", done, { once: true }));
  });

  const fetchForm = async () => {
    dock.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(dock.dataset.form);
      if (answer.status === 401) document.dispatchEvent(new Event("session:ended"));
      if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      await composing;
      const { value, selectionStart, selectionEnd } = prompt();
      dock.replaceChildren(...page.body.childNodes);
      htmx.process(dock);
      const box = dock.querySelector("#id_prompt");
      if (!box) return;
      box.value = value;
      if (dock.classList.contains("is-open")) {
        box.focus();
        box.setSelectionRange(selectionStart, selectionEnd);
      }
      for (const url of dock.dataset.scripts.split(" ")) await add(url);
      if (value) box.dispatchEvent(new Event("input", { bubbles: true }));
    } finally {
      dock.removeAttribute("aria-busy");
    }
  };
  let coming = null;
  const load = () => {
    coming ||= fetchForm().catch((error) => { coming = null; throw error; });
    return coming;
  };

  const open = () => {
    dock.classList.add("is-open");
    return load();
  };
  const close = () => {
    dock.classList.remove("is-open");
    if (dock.contains(document.activeElement)) document.activeElement.blur();
  };

  dock.addEventListener("focusin", () => { open().catch(() => {}); });
  dock.addEventListener("submit", (event) => {
    if (!event.target.matches(".dock-rest")) return;
    event.preventDefault(); // no price was in sight yet
    open().then(() => dock.querySelector("#id_prompt")?.focus(), () => event.target.submit());
  });
  document.addEventListener("focusin", (event) => { if (!dock.contains(event.target)) close(); });
  document.addEventListener("pointerdown", (event) => { if (!dock.contains(event.target)) close(); });
  dock.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });

  // Files are handed on to the form, which uploads them (compose.js); it takes its own itself.

  const hand = async (files) => {
    await open();
    form()?.dispatchEvent(new CustomEvent("compose:files", { detail: files }));
  };
  dock.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files || [])];
    if (!files.length || form()) return;
    event.preventDefault();
    hand(files).catch(() => {});
  });
  dock.addEventListener("dragover", (event) => {
    if (!hasFiles(event.dataTransfer) || form()) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  dock.addEventListener("drop", (event) => {
    if (!hasFiles(event.dataTransfer)) return;
    dock.classList.add("is-open");
    if (form()) return;
    event.preventDefault();
    hand([...event.dataTransfer.files]).catch(() => {});
  });

  // What was sent stands at the top of the wall as soon as the rows are written: ask for it at once.

  document.addEventListener("compose:sent", () => {
    close();
    scrollTo({ top: 0 });
    htmx.trigger("#live", "wake");
  });
})();
