// Lists the routes of openapi.json and tries them. Text is only ever set as text, never as markup.
"use strict";

const make = (tag, text, attributes = {}) => {
  const element = Object.assign(document.createElement(tag), attributes);
  if (text !== undefined && text !== null) element.textContent = text;
  return element;
};

const exampleOf = (content) => {
  const body = Object.values(content || {})[0];
  if (!body) return undefined;
  if (body.example !== undefined) return body.example;
  return body.examples && Object.values(body.examples)[0].value;
};

const pretty = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

const send = async (method, path, fields, body, output) => {
  const query = new URLSearchParams();
  let url = path.replace(/^\//, "");
  for (const [parameter, input] of fields) {
    if (parameter.in === "path") url = url.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
    else if (parameter.in === "query" && input.value !== "") query.append(parameter.name, input.value);
  }
  const headers = {};
  const key = document.getElementById("key").value.trim();
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body) headers["Content-Type"] = "application/json";
  const answer = await fetch(url + (query.size ? `?${query}` : ""), { method, headers, body: body && body.value });
  const text = await answer.text();
  let shown = text;
  try { shown = pretty(JSON.parse(text)); } catch { /* not JSON: shown as it came */ }
  output.className = answer.ok ? "" : "bad";
  output.textContent = `${answer.status} ${answer.statusText}\n${shown}`;
};

const route = (path, method, operation) => {
  const box = make("details");
  const line = make("summary");
  line.append(make("code", `${method.toUpperCase()} ${path}`), ` ${operation.summary || ""}`);
  box.append(line, make("p", operation.description || ""));
  const fields = (operation.parameters || []).filter((p) => p.in !== "header").map((parameter) => {
    const input = make("input", null, { required: !!parameter.required });
    const sample = parameter.example ?? (parameter.schema && parameter.schema.examples && parameter.schema.examples[0]);
    input.placeholder = sample === undefined ? "" : String(sample);
    const label = make("label", null, { className: "parameter" });
    label.append(make("code", parameter.name + (parameter.required ? " *" : "")), input);
    label.append(make("span", parameter.description || ""));
    box.append(label);
    return [parameter, input];
  });
  let body = null;
  if (operation.requestBody) {
    body = make("textarea", pretty(exampleOf(operation.requestBody.content) ?? {}));
    box.append(body);
  }
  const output = make("pre", "");
  const button = make("button", "Send", { type: "button" });
  button.addEventListener("click", () => {
    send(method.toUpperCase(), path, fields, body, output).catch((error) => { output.textContent = String(error); });
  });
  box.append(button, output);
  for (const [status, response] of Object.entries(operation.responses || {})) {
    const sample = exampleOf(response.content);
    if (sample === undefined) continue;
    box.append(make("h4", `${status} ${response.description || ""}`), make("pre", pretty(sample)));
  }
  return box;
};

fetch("openapi.json").then((answer) => answer.json()).then((api) => {
  document.title = api.info.title;
  document.getElementById("title").textContent = api.info.title;
  document.getElementById("about").textContent = api.info.description || "";
  const list = document.getElementById("routes");
  for (const [path, operations] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(operations)) list.append(route(path, method, operation));
  }
});
