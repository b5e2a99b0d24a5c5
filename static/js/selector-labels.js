// Django's two-box selector names its help icons without a role, so that a screen reader may not read the names.
"use strict";
window.addEventListener("load", () => setTimeout(() => {  // after Django's own, which makes the icons
  for (const icon of document.querySelectorAll(".help-tooltip[aria-label]")) icon.setAttribute("role", "img");
}));
