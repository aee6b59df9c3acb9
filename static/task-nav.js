// In a list: a link to a task carries the list's filters, for the way back and to its neighbours.
(() => {
  if (!document.querySelector(".filter-bar")) return;
  const carry = (event) => {
    const link = event.target.closest?.("main a[href]");
    const leadsToATask = link && link.origin === location.origin && /^\/tasks\/\d+\/$/.test(link.pathname);
    if (leadsToATask && !link.search) link.search = location.search;
  };
  // Before the browser reads the address: for a click, a new tab, and its menu; and before the press
  // with which it begins to fetch the page (tasks.speculationrules).
  for (const kind of ["pointerover", "focusin", "mousedown", "click"]) document.addEventListener(kind, carry, true);
})();
