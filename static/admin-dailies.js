// Adds accessible names, for screen readers, to elements that Django's admin leaves without one.
"use strict";

const named = (element, name) => {
  if (name && !element.getAttribute("aria-label")) element.setAttribute("aria-label", name.trim());
};

/** Names the field in a cell after its column. */
const nameCell = (cell) => {
  const heading = cell.closest("table").tHead?.rows[0].cells[cell.cellIndex];
  cell
    .querySelectorAll("select, input:not([type=hidden])")
    .forEach((field) => named(field, heading?.textContent));
};

/** Writes the names of the columns beside the cells, for narrow screens on which a row is a card. */
const labelCells = (table) => {
  const headings = [...table.querySelectorAll("thead th")].map((each) => each.textContent.trim());
  for (const row of table.tBodies[0].rows)
    for (const cell of row.cells)
      if (headings[cell.cellIndex]) cell.dataset.label = headings[cell.cellIndex];
};

const nameAll = () => {
  const results = document.getElementById("result_list");
  if (results) labelCells(results);
  document.querySelectorAll(".tabular td").forEach(nameCell);
  document.querySelectorAll(".tabular table").forEach(labelCells);
  document.querySelectorAll(".tabular thead th").forEach((heading) => {
    if (!heading.textContent.trim()) heading.replaceWith(document.createElement("td"));
  });
  const search = document.getElementById("searchbar");
  if (search) named(search, search.form.querySelector("input[type=submit]")?.value);
};

/** Names the box in which one types to find a row, after the field that it fills. */
const nameFinder = (box) => {
  const field = box.closest(".form-row") ?? document.querySelector(".select2-container--open")?.closest(".form-row, td");
  named(box, field?.querySelector("label")?.textContent ?? field?.dataset.label);
};

const nameFinders = () => document.querySelectorAll(".select2-search__field").forEach(nameFinder);

addEventListener("DOMContentLoaded", nameAll);
globalThis.django?.jQuery?.(nameFinders); // after those that Django's scripts make when all is there
document.addEventListener("focusin", nameFinders);
document.addEventListener("formset:added", nameAll); // a line was added to a table
