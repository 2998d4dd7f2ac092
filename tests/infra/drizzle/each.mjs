// Runs Drizzle's own migrator for each [schema, folder] of the input, one after the other; writes what each said.
import { readFileSync } from "node:fs";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";

const pool = new pg.Pool({ max: 1 });
const said = [];
for (const [migrationsSchema, migrationsFolder] of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    await migrate(drizzle({ client: pool }), { migrationsFolder, migrationsSchema });
    said.push(null);
  } catch (error) {
    said.push(String(error));
  }
}
await pool.end();
console.log(JSON.stringify(said));
