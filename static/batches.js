// Plays all takes from the beginning at once, muted; pressed again, it stops them.
(() => {
  const button = document.querySelector("[data-play-all]");
  if (!button) return;
  const players = () => [...document.querySelectorAll(".batch-takes video")]
    .filter((video) => !video.closest(".is-broken"));
  const press = (on) => {
    button.setAttribute("aria-pressed", String(on));
    button.classList.toggle("active", on);
  };
  const begin = async () => {
    const ready = players().map((video) => {
      video.muted = true;
      video.currentTime = 0;
      return video.play().catch(() => {});
    });
    press(ready.length > 0);
    await Promise.all(ready);
  };
  const end = () => {
    press(false);
    for (const video of players()) video.pause();
  };
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-pressed") === "true") end(); else begin();
  });
})();
