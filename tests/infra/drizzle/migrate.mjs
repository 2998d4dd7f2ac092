// Runs Drizzle's own migrator on the database of the environment (PGHOST, PGDATABASE ...): folder, schema, table.
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";

const [, , migrationsFolder, migrationsSchema, migrationsTable] = process.argv;
const pool = new pg.Pool({ max: 1 });
try {
  await migrate(drizzle({ client: pool }), { migrationsFolder, migrationsSchema, migrationsTable });
} finally {
  await pool.end();
}
