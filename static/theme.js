// Runs before the page is painted: "auto" takes the system's theme and follows its changes.
(() => {
  const root = document.documentElement;
  root.classList.add("scripted");
  if (root.dataset.choice !== "auto") return;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => { root.dataset.bsTheme = dark.matches ? "dark" : "light"; };
  dark.addEventListener("change", follow);
  follow();
})();
