// Copy buttons: <button data-copy="id of an input" hidden>. Without this script the inputs can still be selected.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    const source = document.getElementById(button.dataset.copy);
    if (!source) continue;
    button.hidden = false;
    button.setAttribute("aria-live", "polite");
    // The first text alone changes: what follows tells screen readers which value it is.
    const text = button.firstChild;
    const label = text.data;
    button.addEventListener("click", async () => {
      source.select();
      try {
        // Only a secure context has it; elsewhere the text is selected, ready for the keyboard.
        await navigator.clipboard.writeText(source.value);
        text.data = (button.dataset.copied || "Copied") + " ";
      } catch {
        text.data = (button.dataset.selected || "Selected") + " ";
      }
      setTimeout(() => { text.data = label; }, 2000);
    });
  }
});
