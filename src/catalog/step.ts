import type { TimelineId } from "../base/ids.ts";
import type { PlatformGrant, PlatformRole } from "./lakebase.ts";
import type { KnownExtension } from "./snapshot.ts";
import type { WantedRole } from "./wanted.ts";

/** What every step carries beside its kind. */
interface Reasoned {
  /** Why the plan has it, for people. */
  readonly why: string;
}

/** One change made in the system database, or to the cluster as a whole. */
export type SystemStep = Reasoned &
  (
    | { readonly kind: "create-privileged-role"; readonly name: string; readonly replication: boolean }
    | { readonly kind: "create-platform-role"; readonly name: PlatformRole }
    | { readonly kind: "set-role-timeout"; readonly name: string; readonly timeout: string }
    | { readonly kind: "grant-to-platform"; readonly name: PlatformGrant }
    | { readonly kind: "create-health-function" }
    | { readonly kind: "drop-extension"; readonly name: KnownExtension }
    | { readonly kind: "rename-role"; readonly name: string; readonly newName: string }
    | { readonly kind: "create-role"; readonly role: WantedRole; readonly memberOf: string }
    | { readonly kind: "alter-role"; readonly role: WantedRole }
    | { readonly kind: "drop-role"; readonly name: string }
    | { readonly kind: "allow-connections"; readonly name: string }
    | { readonly kind: "clear-template"; readonly name: string }
    | { readonly kind: "drop-database"; readonly name: string; readonly force: boolean }
    | { readonly kind: "rename-database"; readonly name: string; readonly newName: string }
    | {
        readonly kind: "create-database";
        readonly name: string;
        readonly owner: string;
        readonly options: readonly string[];
        /** The database that it becomes a copy of; null for what its options or the server say. */
        readonly copyOf: string | null;
      }
    | {
        readonly kind: "finish-database";
        readonly name: string;
        readonly grantee: string;
        readonly connectionLimit: number;
      }
    | { readonly kind: "set-database-owner"; readonly name: string; readonly owner: string }
    | { readonly kind: "create-neon-schema" }
    | { readonly kind: "create-extension"; readonly name: KnownExtension; readonly schema: string }
    | { readonly kind: "make-extension-relocatable"; readonly name: KnownExtension }
    | { readonly kind: "move-extension"; readonly name: KnownExtension; readonly schema: string }
    | { readonly kind: "update-extension"; readonly name: KnownExtension }
    | { readonly kind: "create-health-check" }
    | { readonly kind: "record-dropped-subscriptions"; readonly timeline: TimelineId }
    | { readonly kind: "mute-audit" }
  );

/** One change made in a session of the database that it is about. */
export type DatabaseStep = Reasoned &
  (
    | { readonly kind: "reassign-owned"; readonly role: string; readonly heir: string }
    | { readonly kind: "revoke-granted"; readonly role: string }
    | { readonly kind: "drop-owned"; readonly role: string }
    | { readonly kind: "set-public-owner"; readonly owner: string }
    | { readonly kind: "grant-public-create"; readonly grantee: string }
    | {
        readonly kind: "grant-by-default";
        readonly objects: "TABLES" | "SEQUENCES";
        readonly grantee: string;
      }
    | { readonly kind: "drop-subscriptions" }
  );

export type Step = SystemStep | DatabaseStep;
