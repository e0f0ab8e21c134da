import type { ServiceName } from "./service-view.ts";

/** Something about a service that the spec, the environment or the host has wrong. */
export class ServiceError extends Error {
  readonly code = "SERVICE";
  readonly service: ServiceName | "cgroup";
  constructor(service: ServiceName | "cgroup", message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ServiceError";
    this.service = service;
  }
}
