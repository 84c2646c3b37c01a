// Swagger UI on our OpenAPI document. No validator: it would ask a server of somebody else's.

window.SwaggerUIBundle({
  dom_id: "#swagger-ui",
  url: "/openapi.json",
  validatorUrl: null,
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  docExpansion: "none", // two hundred operations: the page opens at once, a group at a click
});
