import { basebackupGroup } from "./basebackup/group.ts";
import { catalogGroup } from "./catalog/group.ts";
import { coldGroup } from "./cold/group.ts";
import { lifeGroup } from "./life-group.ts";
import type { BenchGroup } from "./measures.ts";
import { scrapeGroup } from "./scrape-group.ts";
import { startGroup } from "./start-group.ts";
import { storageGroup } from "./storage/group.ts";

/** Everything that can be measured, in the order of the table; another group is another line here. */
export const benchGroups: readonly BenchGroup[] = [
  coldGroup,
  startGroup,
  lifeGroup,
  catalogGroup,
  basebackupGroup,
  storageGroup,
  scrapeGroup,
];
