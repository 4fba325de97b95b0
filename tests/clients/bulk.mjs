// Sends documents with the official client's bulk helper: standard input has `[number, document]` a line, standard output
// gets each number that was acknowledged.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { Client } = createRequire(`${process.env.SIGYN_CLIENTS_JS}/`)("@elastic/elasticsearch");
const [, , node, apiKey] = process.argv;
const client = new Client({ node, auth: { apiKey }, maxRetries: 5 });
let left = [];
for await (const line of createInterface({ input: process.stdin })) left.push(JSON.parse(line));

const end = Date.now() + 120_000;
while (left.length > 0 && Date.now() < end) {
  const some = left.slice(0, 100);
  const operations = some.flatMap(([number, text]) => [{ create: { _index: "javascript", _id: String(number) } }, JSON.parse(text)]);
  try {
    const { items } = await client.bulk({ operations });
    // 409: it was stored, and only the answer got lost.
    const done = new Set(items.filter(({ create }) => create.status < 300 || create.status === 409).map(({ create }) => Number(create._id)));
    for (const number of done) console.log(number);
    left = left.filter(([number]) => !done.has(number));
  } catch {
    await new Promise((ready) => setTimeout(ready, 500));
  }
}
process.exit(left.length > 0 ? 1 : 0);
