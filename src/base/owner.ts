/** The user and group that files and processes must belong to; where it may be null, that stands for those of this process. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}
