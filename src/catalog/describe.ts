import { platformGrants } from "./lakebase.ts";
import { databaseOptionsText, roleOptionsText } from "./option-text.ts";
import type { Step } from "./step.ts";
import type { WantedRole } from "./wanted.ts";

/** A step in one line for people, without secrets. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case "create-privileged-role":
      return `create privileged role ${quoted(step.name)}`;
    case "create-platform-role":
      return `create platform role ${quoted(step.name)}`;
    case "set-role-timeout":
      return `set statement_timeout of role ${quoted(step.name)} to ${step.timeout}`;
    case "grant-to-platform":
      return `grant ${platformGrants[step.name].on} to ${quoted(platformGrants[step.name].grantee)}`;
    case "create-health-function":
      return "create function public.health_check_write_succeeds";
    case "drop-extension":
      return `drop extension ${step.name}`;
    case "rename-role":
      return `rename role ${quoted(step.name)} to ${quoted(step.newName)}`;
    case "create-role":
      return `create role ${describeRole(step.role)}`;
    case "alter-role":
      return `alter role ${describeRole(step.role)}`;
    case "drop-role":
      return `drop role ${quoted(step.name)}`;
    case "allow-connections":
      return `allow connections to database ${quoted(step.name)}`;
    case "clear-template":
      return `make database ${quoted(step.name)} no template`;
    case "drop-database":
      return `drop database ${quoted(step.name)}${step.force ? ", ending its sessions" : ""}`;
    case "rename-database":
      return `rename database ${quoted(step.name)} to ${quoted(step.newName)}`;
    case "create-database":
      return `create database ${quoted(step.name)} ${step.copyOf === null ? "" : `as a copy of ${quoted(step.copyOf)} `}${databaseOptionsText(step.options, step.owner)}`;
    case "finish-database":
      return `grant database ${quoted(step.name)} to ${quoted(step.grantee)}, connection limit ${step.connectionLimit}`;
    case "set-database-owner":
      return `give database ${quoted(step.name)} to ${quoted(step.owner)}`;
    case "create-neon-schema":
      return "create schema neon";
    case "create-extension":
      return `create extension ${step.name} in schema ${step.schema}`;
    case "make-extension-relocatable":
      return `make extension ${step.name} relocatable`;
    case "move-extension":
      return `move extension ${step.name} to schema ${step.schema}`;
    case "update-extension":
      return `update extension ${step.name}`;
    case "create-health-check":
      return "create table public.health_check";
    case "record-dropped-subscriptions":
      return `record that the subscriptions of timeline ${step.timeline} are dropped`;
    case "mute-audit":
      return "set pgaudit.log to none in database postgres";
    case "reassign-owned":
      return `reassign what role ${quoted(step.role)} owns to ${quoted(step.heir)}`;
    case "revoke-granted":
      return `revoke what others granted to role ${quoted(step.role)}`;
    case "drop-owned":
      return `drop what role ${quoted(step.role)} was granted`;
    case "set-public-owner":
      return `give schema public to ${quoted(step.owner)}`;
    case "grant-public-create":
      return `let role ${quoted(step.grantee)} create in schema public`;
    case "grant-by-default":
      return `grant future ${step.objects.toLowerCase()} in schema public to ${quoted(step.grantee)}`;
    case "drop-subscriptions":
      return "drop the subscriptions";
  }
}

/** Takes the secrets of a step out of a text, such as a server's message that quotes the statement. */
export function maskSecrets(step: Step, text: string): string {
  const verifier = "role" in step && typeof step.role === "object" ? step.role.verifier : null;
  return verifier === null ? text : text.replaceAll(verifier, secret);
}

const secret = "***";

function describeRole(role: WantedRole): string {
  const texts = role.options.map(({ text }) => text);
  return `${quoted(role.name)} ${roleOptionsText(texts, role.verifier === null ? null : secret, "given")}`;
}

/** Names may hold line breaks; a description is one line. */
function quoted(name: string): string {
  return JSON.stringify(name);
}
