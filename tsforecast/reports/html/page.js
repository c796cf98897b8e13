"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, place) => {
    head.querySelector("button").addEventListener("click", () => {
      const sign = head.getAttribute("aria-sort") === "descending" ? 1 : -1;
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
      const key = (row) => {
        const cell = row.cells[place];
        return place === 0 ? cell.textContent : cell.dataset.v === undefined ? null : Number(cell.dataset.v);
      };
      rows.sort((one, other) => {
        const [a, b] = [key(one), key(other)];
        if (a === null || b === null) return (a === null) - (b === null);
        return sign * (place === 0 ? a.localeCompare(b, undefined, { numeric: true }) : a - b);
      });
      body.append(...rows);
    });
  });
  const field = document.getElementById(table.id + "-find");
  const count = document.getElementById(table.id + "-count");
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const row of rows) {
      const name = row.cells[0].textContent.toLowerCase();
      row.hidden = !words.every((word) => name.includes(word));
      found += row.hidden ? 0 : 1;
    }
    count.textContent = found.toLocaleString("en") + (found === 1 ? " row" : " rows");
  });
}
