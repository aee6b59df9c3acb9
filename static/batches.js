// Plays the takes in view from the beginning at once, muted; pressed again, it stops them.
(() => {
  const button = document.querySelector("[data-play-all]");
  if (!button) return;
  const MOST = 6; // decoders that a page may have; see clips.js
  const isInView = ({ top, bottom }) => bottom > 0 && top < innerHeight;
  const players = () => [...document.querySelectorAll(".batch-takes video")]
    .filter((video) => !video.closest(".is-broken"));
  const chosen = () => players().filter((video) => isInView(video.getBoundingClientRect())).slice(0, MOST);
  const press = (on) => {
    button.setAttribute("aria-pressed", String(on));
    button.classList.toggle("active", on);
  };
  const begin = async () => {
    const ready = chosen().map((video) => {
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
