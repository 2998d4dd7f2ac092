// A schema with one of each kind that drizzle-kit writes.
import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";

export const mood = pg.pgEnum("mood", ["sad", "ok"]);
export const numbers = pg.pgSequence("numbers", { startWith: 10, increment: 2 });
export const users = pg.pgTable(
  "users",
  {
    id: pg.serial().primaryKey(),
    name: pg.text().notNull().default("it's"),
    mood: mood().default("ok"),
    age: pg.integer(),
    tags: pg.text().array(),
    price: pg.numeric({ precision: 9, scale: 2 }),
    made: pg.timestamp({ withTimezone: true }).defaultNow().notNull(),
    double: pg.integer().generatedAlwaysAs(sql`age * 2`),
  },
  (t) => [
    pg.uniqueIndex("users_name").on(t.name),
    pg.check("age_ok", sql`${t.age} > 0`),
    pg.pgPolicy("mine", { for: "select", using: sql`true` }),
  ],
);
export const posts = pg.pgTable(
  "posts",
  {
    id: pg.integer().generatedAlwaysAsIdentity().primaryKey(),
    author: pg.integer().references(() => users.id, { onDelete: "cascade" }),
    body: pg.text().unique(),
  },
  (t) => [pg.index("posts_author").on(t.author.desc()).where(sql`body is not null`)],
);
export const adults = pg.pgView("adults").as((qb) => qb.select({ id: users.id }).from(users).where(sql`${users.age} > 17`));
