// Makes grafana.schema.json: Grafana's own types of dashboards, and of the options of the panels that ours use, as JSON
// Schema. In a folder of its own:
//
//   npm install @grafana/schema@13.2.3 typescript@5.9.3 typescript-json-schema@0.67.1
//   cp .../tests/data/grafana-schema.mjs . && node grafana-schema.mjs > .../tests/data/grafana.schema.json
//
// Nothing is required in it (Grafana fills in what is absent), and nothing unknown is allowed but where Grafana's types
// leave it open.
import { writeFileSync } from 'node:fs';
import * as generator from 'typescript-json-schema';

const raw = './node_modules/@grafana/schema/dist';
const panels = { stat: 'Stat', timeseries: 'TimeSeries', table: 'Table', statetimeline: 'StateTimeline' };
const imports = [`import type { Dashboard } from '${raw}/types/raw/dashboard/x/types.gen';`];
const members = ['dashboard: Dashboard;'];
for (const [folder, name] of Object.entries(panels)) {
  const from = `${raw}/esm/raw/composable/${folder}/panelcfg/x/${name}PanelCfg_types.gen`;
  const fields = name === 'Stat' ? '' : `, FieldConfig as ${name}Field`;
  imports.push(`import type { Options as ${name}Options${fields} } from '${from}';`);
  members.push(`${folder}Options: ${name}Options;`);
  if (fields) members.push(`${folder}Custom: ${name}Field;`);
}
writeFileSync('all.ts', `${imports.join('\n')}\nexport interface All {\n${members.join('\n')}\n}\n`);

const compiler = { strictNullChecks: true, moduleResolution: 2, target: 7, skipLibCheck: true, types: [] };
const program = generator.getProgramFromFiles(['all.ts'], compiler, '.');
const schema = generator.generateSchema(program, 'All', { required: false, noExtraProps: true, ref: true });

function slim(node, names = false) {
  if (Array.isArray(node)) return node.map((one) => slim(one));
  if (node === null || typeof node !== 'object') return node;
  const dropped = ['description', 'default', 'required', '$comment'];
  const kept = Object.entries(node).filter(([key]) => names || !dropped.includes(key));
  const slimmed = kept.map(([key, value]) => [key, slim(value, key === 'properties' || key === 'definitions')]);
  const out = Object.fromEntries(slimmed.sort(([one], [other]) => (one < other ? -1 : 1)));
  const open = out.type === 'object' && Object.keys(out.properties ?? {}).length === 0;
  if (open && out.additionalProperties === false) delete out.additionalProperties;
  return out;
}

const { definitions, properties } = slim(schema);
const lines = (object) =>
  Object.entries(object).map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(',\n');
console.log(`{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "$comment": "Made by grafana-schema.mjs from @grafana/schema 13.2.3 (Apache-2.0).",
  "properties": {
${lines(properties)}
  },
  "definitions": {
${lines(definitions)}
  }
}`);
