/** setpassword: sets, removes and lists the users of checkpassword. */
import { allUsers, makeHash, PASSWD, putUser, removeUser } from '@moreqmail/passwd'
import { args, chdirHome, complain, ENOENT, exit, fatal, home, usage, Writer, warn } from '@moreqmail/unix'
import { type Command, parseCommand } from './command.ts'
import { readPassword } from './password.ts'
import { changePasswd, readPasswd } from './store.ts'

export const synopsis = 'setpassword name uid gid home [shell] | -d name | -l'

const ABSENT = 1
const MISUSED = 100
const TEMPORARY = 111

export function main(): never {
  const command = parseCommand(args())
  if ('text' in command) {
    if (!command.usage) fatal(MISUSED, command.text)
    if (command.text !== '') complain(command.text)
    usage(MISUSED, synopsis)
  }
  const errno = chdirHome()
  if (errno < 0) fatal(TEMPORARY, 'unable to switch to the qmail home', errno)
  carryOut(command)
}

function carryOut(command: Command): never {
  switch (command.does) {
    case 'list':
      return list()
    case 'delete':
      if (changePasswd((text) => removeUser(text, command.name))) exit(0)
      complain(`no such user: ${command.name}`)
      return exit(ABSENT)
    case 'set': {
      const password = readPassword()
      const hash = makeHash(password)
      password.fill(0)
      if (hash === undefined) fatal(TEMPORARY, 'this runtime has no argon2id')
      const { name, ids, home, shell } = command
      changePasswd((text) => putUser(text, { name, hash, ids, home, shell }))
      return exit(0)
    }
  }
}

function list(): never {
  const out = new Writer(1, { failed: (errno) => fatal(TEMPORARY, 'unable to write', errno) })
  for (const user of allUsers(readPasswd() ?? fatal(TEMPORARY, `unable to read ${PASSWD}`, -ENOENT))) {
    if (typeof user === 'number') warn(`bad line ${user} in ${PASSWD}`)
    else out.puts(`${user.name} ${user.ids?.uid ?? '-'} ${user.ids?.gid ?? '-'} ${user.home || home()}\n`)
  }
  out.flush()
  exit(0)
}
