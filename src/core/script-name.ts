/** Tells the scripts of a run apart, those of one file included. */
export function scriptKey({ file, id }: { readonly file: string; readonly id?: string }): string {
  return id === undefined ? file : `${file}\0${id}`
}
