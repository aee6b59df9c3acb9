// Plays the takes in view from the beginning at once, muted; pressed again, it stops them.
(() => {
  const button = document.querySelector("[data-play-all]");
  if (!button) return;
  const MOST = 6; // decoders that a page may have; see clips.js
  const isInView = ({ top, bottom }) => bottom > 0 && top < innerHeight;
  const clips = () => [...document.querySelectorAll(".batch-takes .screen:not(.is-broken) [data-clip]")];
  const playerOf = (clip) => {
    clip.dispatchEvent(new Event("clip:player", { bubbles: true })); // clips.js makes it
    return clip.querySelector("video");
  };
  const chosen = () => clips().filter((clip) => isInView(clip.getBoundingClientRect())).slice(0, MOST).map(playerOf);
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
    for (const video of document.querySelectorAll(".batch-takes video")) video.pause();
  };
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-pressed") === "true") end(); else begin();
  });
})();
