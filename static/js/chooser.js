// Type-ahead over many providers: <input data-filters="id of a list">. Without this script the whole list can be scrolled.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  for (const input of document.querySelectorAll("input[data-filters]")) {
    const items = [...document.getElementById(input.dataset.filters).children];
    const told = document.getElementById(input.getAttribute("aria-describedby"));
    input.closest("[hidden]").hidden = false;
    const narrow = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const item of items) {
        const name = item.textContent.toLowerCase();
        item.hidden = !words.every((word) => name.includes(word));
        if (!item.hidden) shown += 1;
      }
      told.textContent = words.length ? told.dataset.told.replace("%(shown)s", shown).replace("%(all)s", items.length) : "";
    };
    input.addEventListener("input", narrow);
    input.addEventListener("keydown", (event) => {
      const first = items.find((item) => !item.hidden);
      if (event.key === "Enter" && input.value && first) {
        event.preventDefault();
        first.querySelector("a").focus();
      }
    });
    narrow();  // a browser that comes back to the page has kept what was typed
  }
});
