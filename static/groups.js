// Stacks of takes, opened in their place; and the number of clips beside each day.
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const isOpen = (button) => button.getAttribute("aria-expanded") === "true";
  const below = (stack) => all(`.take.is-folded[data-take-of="${stack}"]`);

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-stack]");
    if (!button) return;
    const open = !isOpen(button);
    button.setAttribute("aria-expanded", open);
    for (const take of below(button.dataset.stack)) take.classList.toggle("is-open", open);
  });

  // Takes may go while the page is open: a stack tells how many are left, and none stays hidden
  // under one that is gone.

  const count = (button) => {
    const takes = below(button.dataset.stack).length + 1;
    button.querySelector("b").textContent = takes;
    if (takes > 1) return;
    button.closest(".take").classList.remove("is-stack");
    button.remove();
  };
  const uncover = (take) => {
    if (!document.querySelector(`[data-stack="${take.dataset.takeOf}"]`)) take.classList.remove("is-folded", "is-open");
  };

  // A day that goes on on another page has at least as many as are here.

  const tell = (day, isCut) => {
    let number = 0;
    for (let next = day.nextElementSibling; next && !next.matches(".day"); next = next.nextElementSibling) number += 1;
    const words = day.querySelector(".day-count");
    if (!words) return;
    const { one, many } = words.dataset;
    words.textContent = number === 1 && !isCut ? one : many.replace("{number}", `${number}${isCut ? "+" : ""}`);
  };
  const recount = () => {
    all("[data-stack]").forEach(count);
    all(".take.is-folded").forEach(uncover);
    const days = all("#takes > .day");
    const isCutAbove = document.querySelector("#pages a:not([rel])"), isCutBelow = document.querySelector("#pages [rel=next]");
    days.forEach((day, at) => tell(day, (at === 0 && isCutAbove) || (at === days.length - 1 && isCutBelow)));
  };
  document.addEventListener("htmx:afterSettle", recount);
})();
