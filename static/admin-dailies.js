// Names for what Django's admin leaves without one, for those who hear the page instead of seeing it.
"use strict";

const named = (element, name) => {
  if (name && !element.getAttribute("aria-label")) element.setAttribute("aria-label", name.trim());
};

/** A cell's field is called what its column is called. */
const nameCell = (cell) => {
  const heading = cell.closest("table").querySelectorAll("thead th")[cell.cellIndex];
  cell
    .querySelectorAll("select, input:not([type=hidden])")
    .forEach((field) => named(field, heading?.textContent));
};

const nameAll = () => {
  document.querySelectorAll(".tabular td").forEach(nameCell);
  document.querySelectorAll(".tabular th.original").forEach((heading) => {
    if (!heading.textContent.trim()) heading.replaceWith(document.createElement("td"));
  });
  const search = document.getElementById("searchbar");
  if (search) named(search, search.form.querySelector("input[type=submit]")?.value);
};

addEventListener("DOMContentLoaded", nameAll);
document.addEventListener("formset:added", nameAll); // a line was added to a table
