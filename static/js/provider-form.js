// The guide beside a provider's form follows what is typed: the kind, the slug and the callback.
// Without this script the values are those of the last save, and of what was typed when there was an error.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const guide = document.querySelector(".setup-guide");
  const [kind, slug, callback] = ["id_kind", "id_slug", "id_callback"].map((id) => document.getElementById(id));
  if (!guide || !kind || !slug || !callback) return;

  const unfold = () => {
    for (const steps of guide.querySelectorAll("details[data-kind]")) {
      steps.open = steps.dataset.kind === kind.value;
    }
  };

  const fill = () => {
    const typed = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(slug.value.trim()) ? slug.value.trim() : "";
    for (const input of guide.querySelectorAll("input[data-dedicated]")) {
      const pattern = callback.value === "shared" ? input.dataset.shared : input.dataset.dedicated;
      input.value = typed ? pattern.replace("<slug>", typed) : pattern;
      const button = guide.querySelector(`button[data-copy="${input.id}"]`);
      if (button) button.disabled = input.value.includes("<slug>");
    }
  };

  kind.addEventListener("change", unfold);
  slug.addEventListener("input", fill);
  callback.addEventListener("change", fill);
  fill();
});
