/** The executable. */
import { PROGRAMS } from './programs.ts'
import { toolkit } from './toolkit.ts'

toolkit(PROGRAMS)
