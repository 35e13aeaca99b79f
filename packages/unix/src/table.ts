/** Look-ups in tables that are written as objects. Pure. */

/** The entry of that name; undefined without one, whatever all objects have by that name. */
export function entryOf<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  // biome-ignore lint/suspicious/noPrototypeBuiltins: the engine has hasOwn in JavaScript, which it would have to compile first
  return Object.prototype.hasOwnProperty.call(table, name) ? table[name] : undefined
}
