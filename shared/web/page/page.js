// Shows openapi.json of the service that serves this page. The validator that Swagger UI would ask is a foreign host.
"use strict";

window.api = SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#api",
  validatorUrl: null,
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  docExpansion: "list",
  defaultModelsExpandDepth: -1,
  onComplete: () => { document.title = window.api.specSelectors.info().get("title"); },
});
