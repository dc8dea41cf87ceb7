"use strict";
(() => {
  const body = document.querySelector("#worklist tbody");
  const rows = Array.from(body.rows);
  // "Anaemia" finds "anemia", "Müller" finds "Muller": spellings and accents do not matter.
  const plain = (text) =>
    text.normalize("NFD").replace(/\p{Mn}/gu, "").toLocaleLowerCase().replace(/[ao]e/g, "e");
  const searched = Array.from(document.querySelectorAll("tbody tr"));
  const texts = searched.map((row) => plain(row.textContent));
  const found = document.getElementById("found");
  const search = document.getElementById("search");
  const heads = Array.from(document.querySelectorAll("#worklist thead th"));
  const key = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.key ?? cell.textContent;
  };

  const count = found.textContent;
  search.addEventListener("input", () => {
    const words = plain(search.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    searched.forEach((row, place) => {
      row.hidden = !words.every((word) => texts[place].includes(word));
      shown += row.hidden ? 0 : 1;
    });
    found.textContent = words.length ? `${shown} / ${count}` : count;
  });

  heads.forEach((head, column) => {
    head.firstElementChild.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const compare = new Intl.Collator(undefined, { numeric: true }).compare;
      const sorted = rows
        .map((row, place) => ({ row, place, key: key(row, column) }))
        .sort((one, other) => {
          // What is empty stays below, whichever way it is sorted.
          if (!one.key !== !other.key) return one.key ? -1 : 1;
          return (down ? -1 : 1) * compare(one.key, other.key) || one.place - other.place;
        });
      body.append(...sorted.map((each) => each.row));
    });
  });
})();
