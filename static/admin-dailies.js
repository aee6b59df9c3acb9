// Adds accessible names, for screen readers, to elements that Django's admin leaves without one.
"use strict";

const named = (element, name) => {
  if (name && !element.getAttribute("aria-label")) element.setAttribute("aria-label", name.trim());
};

/** Names the field in a cell after its column. */
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
