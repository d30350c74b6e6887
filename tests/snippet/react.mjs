// React for pages of the tests: its own modules in one script, and the page's components rendered on a server first.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = join(dirname(fileURLToPath(import.meta.url)), "../../.tools/react");
const require = createRequire(join(folder, "package.json"));
const MODULES = {
  react: "react/cjs/react.development.js",
  scheduler: "scheduler/cjs/scheduler.development.js",
  "react-dom": "react-dom/cjs/react-dom.development.js",
  "react-dom/client": "react-dom/cjs/react-dom-client.development.js",
};

// The development build: it tells each node that hydration finds other than it was rendered.
export const react = () => {
  const modules = Object.entries(MODULES).map(([name, file]) => {
    const source = readFileSync(join(folder, "node_modules", file), "utf8");
    return `${JSON.stringify(name)}: (module, exports, require) => {${source}\n}`;
  });
  return `window.process = { env: { NODE_ENV: "development" } };
    const made = {}, modules = {${modules.join(",\n")}};
    const load = (name) => {
      if (!made[name]) modules[name](made[name] = { exports: {} }, made[name].exports, load);
      return made[name].exports;
    };
    window.React = load("react");
    window.ReactDOM = load("react-dom/client");`;
};

// What the server would send for a component, which is written as a function of React.
export const rendered = (component) => {
  const { createElement } = require("react");
  return require("react-dom/server").renderToString(createElement(component(require("react"))));
};
