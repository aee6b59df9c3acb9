// On a task's page the arrow keys, and j and k, go on through the list that one came from. The strip
// of takes begins where one is.
(() => {
  const here = document.querySelector(".film [aria-current]")?.parentElement;
  if (here) {
    const strip = here.parentElement;
    strip.scrollLeft = here.offsetLeft - (strip.clientWidth - here.offsetWidth) / 2;
  }
  const KEYS = { ArrowLeft: "prev", k: "prev", ArrowRight: "next", j: "next" };
  const TAKES_KEYS = "input, textarea, select, video, dialog[open], [contenteditable], [role=slider]";
  document.addEventListener("keydown", (event) => {
    const rel = KEYS[event.key];
    const { ctrlKey, metaKey, altKey, shiftKey, target } = event;
    if (!rel || ctrlKey || metaKey || altKey || shiftKey || target.closest(TAKES_KEYS)) return;
    if (document.documentElement.dataset.shortcuts === "off") return;
    const link = document.querySelector(`.task-steps [rel=${rel}]`);
    if (!link) return;
    event.preventDefault();
    link.click();
  });
})();
