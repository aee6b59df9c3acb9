// Runs before the page is painted: "auto" uses the system's theme and follows its changes.
(() => {
  const root = document.documentElement;
  root.classList.add("scripted");
  root.classList.toggle("taps", matchMedia("(hover: none)").matches); // there a press on a clip plays it
  try { // the size of the pictures in the grid, per device; the browser may forbid to keep it
    root.dataset.size = localStorage.getItem("size") || "3";
  } catch { root.dataset.size = "3"; }
  if (root.dataset.choice !== "auto") return;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => { root.dataset.theme = dark.matches ? "dark" : "light"; };
  dark.addEventListener("change", follow);
  follow();
})();
