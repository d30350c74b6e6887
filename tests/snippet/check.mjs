// The snippet in a real browser: `node check.mjs CASE…` runs cases, without any it names them. Asked by the end-to-end test
// `snippet`, which says in the environment where the service is (site.mjs).
import { cases as books } from "./books.mjs";
import { cases as consent } from "./consent.mjs";
import { cases as faults } from "./faults.mjs";
import { cases as frameworks } from "./frameworks.mjs";
import { cases as numbers } from "./numbers.mjs";
import { cases as visits } from "./visits.mjs";
import { withSite } from "./site.mjs";

const cases = { ...numbers, ...frameworks, ...visits, ...consent, ...faults, ...books };
const wanted = process.argv.slice(2);
if (wanted.length === 0) console.log(Object.keys(cases).join("\n"));
else await withSite(async (site) => {
  for (const name of wanted) await cases[name](site);
});
