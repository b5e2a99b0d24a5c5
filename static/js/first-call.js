// Waits for the first call with a new secret: <p role="status" data-first-call="address of its use">. Whoever has no
// script, or waits longer than ten minutes, has the link beside it.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const status = document.querySelector("[data-first-call]");
  if (!status) return;
  const began = Date.now();
  const minutes = () => (Date.now() - began) / 60000;
  const stop = (text) => { status.textContent = text; };

  const look = async () => {
    if (minutes() > 10) return stop(status.dataset.none);
    if (!document.hidden) {
      try {
        const answer = await fetch(status.dataset.firstCall, {
          headers: { Accept: "application/json" }, redirect: "manual", cache: "no-store",
        });
        // What is refused or led away now stays so: the sign-in is over, or the bot is somebody else's.
        if (answer.status < 500) {
          if (!answer.ok) return stop(status.dataset.gone);
          const use = await answer.json();
          if (use.last_used_at) {
            const at = `${use.last_used_at.slice(0, 19).replace("T", " ")} UTC`;
            status.classList.add("good");
            const { first, firstFrom } = status.dataset;
            return stop((use.last_used_from ? firstFrom : first)
              .replace("{at}", at).replace("{address}", () => use.last_used_from));
          }
        }
      } catch {
        // No network for a moment: the next look tells.
      }
    }
    setTimeout(look, minutes() < 1 ? 5000 : 15000);
  };
  setTimeout(look, 3000);
});
