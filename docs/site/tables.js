// A table that is wider than the screen is moved by the keyboard too.
new MutationObserver(() => {
  for (const each of document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])")) each.tabIndex = 0;
}).observe(document.body, {childList: true, subtree: true});
