// What stands beside a provider's form, and in it, follows what is typed: the guide the kind, the slug and the callback; in
// the form of a new provider, the slug the name, and what nobody has touched the usual values of the kind.
// Without this script the values are those of the last save, and of what was typed when there was an error; a slug that
// is left empty follows the name when it is saved.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const guide = document.querySelector(".setup-guide");
  const [kind, name, slug, callback] = ["id_kind", "id_name", "id_slug", "id_callback"].map((id) => document.getElementById(id));
  if (!guide || !kind || !slug) return;

  const fill = () => {
    const typed = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(slug.value.trim()) ? slug.value.trim() : "";
    for (const input of guide.querySelectorAll("input[data-dedicated]")) {
      const pattern = callback && callback.value === "shared" ? input.dataset.shared : input.dataset.dedicated;
      input.value = typed ? pattern.replace("<slug>", typed) : pattern;
      const button = guide.querySelector(`button[data-copy="${input.id}"]`);
      if (button) button.disabled = input.value.includes("<slug>");
    }
  };

  const slugOf = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase()
    .replace(/[^a-z0-9]+/g, "-").slice(0, 59).replace(/^-|-$/g, "");
  let follows = guide.hasAttribute("data-new") && (slug.value === "" || slug.value === slugOf(name.value));
  const follow = () => {
    if (follows) slug.value = slugOf(name.value);
    fill();
  };

  const usualOf = (key) => JSON.parse(guide.querySelector(`[data-kind="${key}"] > summary`)?.dataset.usual || "{}");
  let before = kind.value;
  const choose = () => {
    for (const steps of guide.querySelectorAll("details[data-kind]")) steps.open = steps.dataset.kind === kind.value;
    const [earlier, usual] = [usualOf(before), usualOf(kind.value)];
    for (const [field, value] of Object.entries(usual)) {
      const input = kind.form.elements[field];
      const what = input?.type === "checkbox" ? "checked" : "value";
      if (input && input[what] === earlier[field]) input[what] = value;
    }
    before = kind.value;
    follow();
  };

  kind.addEventListener("change", choose);
  name?.addEventListener("input", follow);
  slug.addEventListener("input", () => {
    follows = guide.hasAttribute("data-new") && slug.value === "";
    fill();
  });
  callback?.addEventListener("change", fill);
  fill();
});
