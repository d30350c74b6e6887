// A small stand-in for the service's doors of visits, for what a service that works cannot be made to do. What it does is
// said by what stands before /v1/ in its address:
//   slow    answers after three seconds
//   broken  500
//   odd     what is no answer: no JSON, no object, a number that is none
//   gone    knows a visit only once, and says so after 300 ms
import { createServer } from "node:http";

const NUMBER = { number: "+34911222333", formatted: "911 22 23 33" };
const ODD = ["<html>", "[]", "null", '{"number":7}', '{"visit":"v","number":"call us"}'];

// `base` is the service that has the script.
export const standIn = async (base) => {
  const script = await (await fetch(`${base}/v1/trunkline.js?site=es`)).text();
  const visits = new Map();
  let made = 0, odd = 0;
  const decide = (mode, { visitor }) => {
    if (mode === "odd") return ODD[odd++ % ODD.length];
    if (mode === "gone" || !visits.has(visitor)) visits.set(visitor, `es-visit${++made}`);
    const expires_at = new Date(Date.now() + 1_800_000).toISOString();
    return JSON.stringify({ visit: visits.get(visitor), ...NUMBER, served: true, hold_s: 1800, expires_at });
  };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://service");
    const [, mode, door] = /^(?:\/(\w+))?\/v1\/(.*)$/.exec(pathname) ?? [];
    const headers = { "access-control-allow-origin": "*", "cache-control": "no-store" };
    const answer = (status, body = "", type = "application/json") => {
      response.writeHead(status, { ...headers, "content-type": type }).end(body);
    };
    if (door === "trunkline.js") {
      headers["cache-control"] = "max-age=3600";
      answer(200, script, "text/javascript; charset=utf-8");
      return;
    }
    let text = "";
    request.on("data", (part) => { text += part; });
    request.on("end", () => {
      if (mode === "broken") answer(500);
      else if (door !== "visits") setTimeout(() => answer(mode === "gone" ? 404 : 204), mode === "gone" ? 300 : 0);
      else {
        const decided = decide(mode, JSON.parse(text));
        setTimeout(() => answer(200, decided), mode === "slow" ? 3000 : 30);
      }
    });
  });
  await new Promise((done) => { server.listen(0, "127.0.0.1", done); });
  return { base: `http://127.0.0.1:${server.address().port}`, close: () => { server.closeAllConnections(); server.close(); } };
};
