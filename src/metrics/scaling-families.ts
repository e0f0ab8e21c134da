import type { Family } from "./family.ts";

/** What the vm-monitor tells (VM-29), in the order of `/metrics`; nothing where it does not run. */
export const scalingFamilies = [
  {
    name: "compute_ctl_vm_monitor_session",
    type: "gauge",
    labels: ["state"],
    help: "Always 1; the label tells whether there is an autoscaler-agent, and how far its session is",
  },
  {
    name: "compute_ctl_vm_monitor_requests_total",
    type: "counter",
    labels: ["outcome", "type"],
    help: "Requests of the autoscaler-agent that were answered",
  },
  {
    name: "compute_ctl_vm_monitor_upscale_requests_total",
    type: "counter",
    labels: ["reason"],
    help: "How often the autoscaler-agent was asked for more memory",
  },
  {
    name: "compute_ctl_vm_monitor_memory_average_bytes",
    type: "gauge",
    labels: [],
    absentUntilKnown: true,
    help: "Average memory use of the cgroup over the last samples, in bytes",
  },
  {
    name: "compute_ctl_vm_monitor_memory_threshold_bytes",
    type: "gauge",
    labels: [],
    absentUntilKnown: true,
    help: "Average memory use from which on more memory is asked for, in bytes",
  },
  {
    name: "compute_ctl_vm_monitor_file_cache_bytes",
    type: "gauge",
    labels: [],
    absentUntilKnown: true,
    help: "Size that the local file cache was set to last, in bytes",
  },
] as const satisfies readonly Family[];
