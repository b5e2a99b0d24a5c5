// Offers people while somebody types whose a bot is: <input data-people="address">. It stays a text that may be any name.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  for (const input of document.querySelectorAll("input[data-people]")) {
    const list = document.createElement("datalist");
    list.id = `${input.id}_people`;
    input.after(list);
    input.setAttribute("list", list.id);
    let timer;
    let asked = 0;
    input.addEventListener("input", () => {
      clearTimeout(timer);
      const text = input.value.trim();
      if (text.length < 2) return;
      timer = setTimeout(async () => {
        const mine = ++asked;
        try {
          const answer = await fetch(input.dataset.people, {
            method: "POST", body: new URLSearchParams({ text }), redirect: "error",
            headers: { "X-CSRFToken": input.form.elements.csrfmiddlewaretoken.value },
          });
          if (!answer.ok || mine !== asked) return;
          const { people } = await answer.json();
          list.replaceChildren(...people.map((each) => new Option(each.detail, each.username)));
        } catch {
          // Without an answer it is a text as any other.
        }
      }, 300);
    });
  }
});
