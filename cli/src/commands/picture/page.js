"use strict";
(() => {
  const table = document.querySelector("table");
  const body = table.tBodies[0];
  const headings = [...table.tHead.rows[0].cells].filter((heading) => heading.dataset.sort);
  const filter = document.querySelector("input");
  const found = document.querySelector("output");
  const tools = document.querySelector(".tools");

  // Read once: asking the document for 10,000 cells at every key would be felt.
  const rows = [...body.rows].map((row, at) => ({
    row,
    at,
    name: row.cells[0].textContent,
    lower: row.cells[0].textContent.toLowerCase(),
    values: headings.map((heading) => row.cells[heading.cellIndex].dataset.v),
  }));
  const state = { sort: null, order: null, filter: "" };

  // What is unknown comes last in both orders; what is equal stays as it was written.
  const compare = (column, sign) => (a, b) => {
    if (column === 0) return sign * (a.name < b.name ? -1 : a.name > b.name ? 1 : 0) || a.at - b.at;
    const [x, y] = [a.values[column], b.values[column]];
    if (x === undefined || y === undefined) return (x === undefined) - (y === undefined) || a.at - b.at;
    return sign * (Number(x) - Number(y)) || a.at - b.at;
  };

  const usualOrder = (heading) => (heading.dataset.sort === "file" ? "ascending" : "descending");

  const arrange = () => {
    const column = headings.findIndex((heading) => heading.dataset.sort === state.sort);
    const sorted = [...rows];
    if (column >= 0) sorted.sort(compare(column, state.order === "ascending" ? 1 : -1));
    else sorted.sort((a, b) => a.at - b.at);
    headings.forEach((heading, at) => {
      if (at === column) heading.setAttribute("aria-sort", state.order);
      else heading.removeAttribute("aria-sort");
    });
    body.append(...sorted.map((entry) => entry.row));
  };

  const sift = () => {
    const wanted = state.filter.toLowerCase();
    let shown = 0;
    for (const entry of rows) {
      const is = entry.lower.includes(wanted);
      if (entry.row.hidden === is) entry.row.hidden = !is;
      shown += is;
    }
    found.textContent = wanted === "" ? "" : `${shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")} shown`;
  };

  // The address tells what is shown, so that it can be passed on.
  const remember = () => {
    const parts = new URLSearchParams();
    for (const name of ["sort", "order", "filter"]) if (state[name]) parts.set(name, state[name]);
    const hash = parts.toString();
    try {
      history.replaceState(null, "", hash === "" ? location.pathname + location.search : `#${hash}`);
    } catch {
      // Where a page may not change its address it works all the same.
    }
  };

  const obey = () => {
    const parts = new URLSearchParams(location.hash.slice(1));
    const heading = headings.find((heading) => heading.dataset.sort === parts.get("sort"));
    const order = ["ascending", "descending"].find((order) => order === parts.get("order"));
    state.sort = heading ? heading.dataset.sort : null;
    state.order = heading ? (order ?? usualOrder(heading)) : null;
    state.filter = parts.get("filter") ?? "";
    filter.value = state.filter;
    arrange();
    sift();
  };

  for (const heading of headings) {
    heading.querySelector("button").addEventListener("click", () => {
      const again = state.sort === heading.dataset.sort;
      const other = state.order === "ascending" ? "descending" : "ascending";
      state.order = again ? other : usualOrder(heading);
      state.sort = heading.dataset.sort;
      arrange();
      remember();
    });
  }
  filter.addEventListener("input", () => {
    state.filter = filter.value;
    sift();
    remember();
  });
  addEventListener("hashchange", obey);
  tools.hidden = false;
  if (location.hash.length > 1) obey();
})();
