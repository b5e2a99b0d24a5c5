// Swagger UI in place of the list of operations: <div data-schema="address of the schema" hidden>, and data-csrf for
// whoever is signed in, with whose session the operations are tried. Without a script, or a schema, the list stays.
//
// The library's own stylesheet and header are left out; what it draws with pictures, or nests in a way that keyboards and
// screen readers stumble over, is drawn here.
"use strict";

const accessible = ({ React, getSystem }) => {
  const h = React.createElement;

  const Copy = ({ text, what }) => {
    const [label, setLabel] = React.useState("Copy");
    const copy = async () => {
      await navigator.clipboard.writeText(text);
      setLabel("Copied");
      setTimeout(() => setLabel("Copy"), 2000);
    };
    // Only a secure context has a clipboard.
    return navigator.clipboard ? h("button", { type: "button", className: "btn copy", onClick: copy, "aria-live": "polite" },
      label, h("span", { className: "visually-hidden" }, ` ${what}`)) : null;
  };

  const labelled = (Original) => (props) => h("label", {},
    h("span", { className: "visually-hidden" }, props.description), h(Original, props),
    (props.errors?.toJS?.() || []).map((text) => h("span", { key: text, className: "error" }, text)));

  const inCode = (text) => text.split("`").map((part, index) => (index % 2 ? h("code", { key: index }, part) : part));

  // A copy of the command goes with a token: the session and its CSRF token are for this page alone.
  const command = (request) => request.update("headers", (headers) => headers.delete("X-CSRFToken"));

  return {
    components: {
      ApiDocsLayout: ({ getComponent }) => h("div", { className: "swagger-ui" }, h(getComponent("operations", true))),

      OperationTag: ({ tag, children }) => h("section", { "aria-labelledby": `tag-${tag}` },
        h("h2", { id: `tag-${tag}` }, tag), children),

      OperationSummary: ({ isShown, toggleShown, operationProps }) => {
        const { method, path, summary, op } = operationProps.toObject();
        return h("h3", { className: "opblock-summary" },
          h("button", { type: "button", "aria-expanded": isShown, className: "opblock-summary-control", onClick: toggleShown },
            h("span", { className: "opblock-summary-method" }, method.toUpperCase()), " ",
            h("span", { className: "opblock-summary-path" }, path), " ",
            h("span", { className: "opblock-summary-description" }, inCode(summary || op.get("summary")))));
      },

      HighlightCode: ({ canCopy, children }) => h("div", { className: "code" },
        h("pre", { className: "microlight" }, children), canCopy && h(Copy, { text: children, what: "the answer" })),

      // A type without a name is short, and its button would have none.
      ModelCollapse: ({ title, classes, expanded, collapsedContent, children }) => {
        const [open, setOpen] = React.useState(expanded);
        return h("span", { className: classes }, title && h("button",
          { type: "button", className: "model-box-control", "aria-expanded": open, onClick: () => setOpen(!open) },
          title, !open && (collapsedContent || " {…}")), (open || !title) && children);
      },

      curl: ({ request }) => {
        const [start, address, ...rest] = getSystem().fn.requestSnippetGenerator_curl_bash(command(request)).split("\n");
        const text = [start, address, "  -H \"Authorization: Bearer $TOKEN\" \\", ...rest].join("\n");
        return h("div", {}, h("h4", {}, "By curl, with a token"), h("div", { className: "code" },
          h("pre", { className: "microlight" }, text), h(Copy, { text, what: "the command" })));
      },
    },
    wrapComponents: {
      JsonSchema_string: labelled,
      JsonSchema_boolean: labelled,
      TextArea: (Original) => (props) => h(Original, { "aria-label": "Request body", ...props }),
      ExamplesSelect: (Original) => (props) => h("label", { className: "examples" },
        props.showLabels === false && "Examples: ", h(Original, props)),
      // Every refusal looks like the first one.
      response: (Original) => (props) => (props.code > "400"
        ? h("tr", { className: "response" }, h("td", {}, props.code), h("td", {}, props.response.get("description")))
        : h(Original, props)),
    },
  };
};

document.addEventListener("DOMContentLoaded", () => {
  const place = document.querySelector("[data-schema]");
  if (!place || typeof SwaggerUIBundle !== "function") return;
  const { schema, csrf } = place.dataset;
  SwaggerUIBundle({
    url: schema,
    domNode: place,
    layout: "ApiDocsLayout",
    presets: [SwaggerUIBundle.presets.apis],
    plugins: [accessible],
    deepLinking: true,
    docExpansion: "list",
    defaultModelExpandDepth: 2,
    validatorUrl: null,
    supportedSubmitMethods: csrf ? ["get", "post", "patch", "put", "delete"] : [],
    requestInterceptor: (request) => {
      if (csrf && new URL(request.url, location.href).origin === location.origin) request.headers["X-CSRFToken"] = csrf;
      return request;
    },
    onComplete: () => {
      place.hidden = false;
      document.querySelector("[data-without-script]").remove();
    },
  });
});
