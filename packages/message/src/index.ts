/** What a mail message's text means, and how it is written. Pure. */
export * from './address-list.ts'
export * from './date.ts'
export * from './date-field.ts'
export * from './header-end.ts'
export * from './host-rules.ts'
export * from './names.ts'
export * from './submission.ts'
export * from './writing.ts'
