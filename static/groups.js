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

  // A day's line: its clips, how many of them one has starred, what is known of their money. A day
  // that goes on on another page has at least as much as is here; one without clips goes.

  const rowsOf = (day) => {
    const rows = [];
    for (let next = day.nextElementSibling; next && !next.matches(".day"); next = next.nextElementSibling) rows.push(next);
    return rows;
  };
  const inWords = (micros) => {
    const amount = micros / 1e6;
    if (amount && amount < 0.01) return String(Number(amount.toPrecision(2)));
    return amount.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  };
  const moneyOf = (rows, more) => {
    const sums = new Map(); // by the sign, which every cost begins with
    for (const cost of rows.flatMap((row) => all("[data-micros]", row))) {
      const [sign] = cost.textContent.match(/^\D*/);
      sums.set(sign, (sums.get(sign) || 0) + Number(cost.dataset.micros));
    }
    return [...sums].sort().map(([sign, micros]) => sign + inWords(micros) + more).join(" · ");
  };
  const tell = (day, isCut) => {
    const rows = rowsOf(day), number = rows.length, more = isCut ? "+" : "";
    if (!number) return day.remove();
    const [clips, starred, money] = all(".day-count, .day-starred, .day-money", day);
    if (!clips) return;
    const { one, many } = clips.dataset;
    clips.textContent = number === 1 && !isCut ? one : many.replace("{number}", `${number}${more}`);
    const stars = rows.filter((row) => row.querySelector(".is-starred")).length;
    starred.textContent = stars ? starred.dataset.many.replace("{number}", stars) : "";
    money.textContent = moneyOf(rows, more);
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
