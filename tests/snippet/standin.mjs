// A small stand-in for the service's doors of visits, for cases in which the service has to fail, to be slow, or to have
// no number left. What it does is said by the site's key and by what stands before /v1/ in its address:
//   keys   es, ru, de: a number of that country; full: the pool's fallback; none: no number at all
//   paths  /slow: answers after three seconds; /broken: 500; /gone: knows a visit only once, and says so after 300 ms;
//          /brief: holds numbers for 2 s
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NUMBERS = {
  es: ["+34911222333", "+34 911 222 333"],
  ru: ["+74951234567", "+7 495 123-45-67"],
  de: ["+4930901820", "+49 30 901820"],
  full: ["+34900100100", "+34 900 100 100"],
  none: [undefined, undefined],
};

// The script as the service sends it: without comments and indentation.
const file = join(dirname(fileURLToPath(import.meta.url)), "../../crates/api/assets/trunkline.js");
const script = () => readFileSync(file, "utf8").split("\n").map((line) => line.trim())
  .filter((line) => line && !line.startsWith("//")).join("\n");

export const standIn = async () => {
  const visits = new Map();
  let made = 0;
  const decide = (mode, site, { visitor }) => {
    if (mode === "gone" || !visits.has(visitor)) visits.set(visitor, `${site}-visit${++made}`);
    const [number, formatted] = NUMBERS[site];
    const hold = mode === "brief" ? 2 : 1800;
    return { visit: visits.get(visitor), number, formatted, served: !["full", "none"].includes(site), hold_s: hold,
      expires_at: new Date(Date.now() + hold * 1000).toISOString() };
  };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://service");
    const [, mode, door] = /^(?:\/(\w+))?\/v1\/(.*)$/.exec(pathname) ?? [];
    const headers = { "access-control-allow-origin": "*", "cache-control": "no-store" };
    const answer = (status, body = "", type = "application/json") => {
      response.writeHead(status, { ...headers, "content-type": type }).end(body);
    };
    if (door === "trunkline.js") {
      headers["cache-control"] = "max-age=3600";
      answer(200, script(), "text/javascript; charset=utf-8");
      return;
    }
    let text = "";
    request.on("data", (part) => { text += part; });
    request.on("end", () => {
      if (mode === "broken") answer(500);
      else if (door !== "visits") setTimeout(() => answer(mode === "gone" ? 404 : 204), mode === "gone" ? 300 : 0);
      else {
        const decided = JSON.stringify(decide(mode, searchParams.get("site"), JSON.parse(text)));
        setTimeout(() => answer(200, decided), mode === "slow" ? 3000 : 30);
      }
    });
  });
  await new Promise((done) => { server.listen(0, "127.0.0.1", done); });
  return { base: `http://127.0.0.1:${server.address().port}`, close: () => { server.closeAllConnections(); server.close(); } };
};
