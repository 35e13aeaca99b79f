import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import {
  APP,
  connection,
  type Env,
  KEYS,
  line,
  memory,
  Peer,
  processes,
  type Run,
  run,
  serverOn,
  until,
} from '../../tls/test/lib/peer.ts'

const ENV: Env = { CERTFILE: `${KEYS}/rsa.pem`, TLS_UID: '65534', TLS_GID: '65533' }

t.setTimeout(300_000)

async function start(words: readonly string[], steps: readonly string[], env: Env = ENV) {
  const [near, far] = await connection()
  return { near, program: serverOn(far, ['ucspitlsd', ...words, ...APP, ...steps], env) }
}

/** The processes that wait for a command, and those that do TLS. */
const waiting = (program: Run) =>
  processes().filter(([pid]) => readFileSync(`/proc/${pid}/stat`, 'latin1').includes(` ${program.child.pid} `))
const doingTls = () => processes('tls-io')

const gone = () => until(() => processes().length === 0)

for (const exec of ['', 'always'])
  t.test(`images: ${exec || 'as few as possible'}`, async (t) => {
    const env = { ...ENV, MOREQMAIL_EXEC: exec }

    await t.test('the side that waits', async (t) => {
      const { near, program } = await start([], ['w:hi', 'r:QUIT', 'exit:5'], env)
      await line(near)
      const children = waiting(program).filter(([pid]) => pid !== program.child.pid)
      t.equal(children.length, 1)
      const [pid, command] = children[0] ?? [0, '']
      t.match(command, /^ucspitlsd /, 'its name')
      t.ok(memory(pid, 'VmRSS') < 9000, `${memory(pid, 'VmRSS')} kB, most of it shared`)
      const pss = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))
      t.ok(Number(pss?.[1]) < 1000, `${pss?.[1]} kB of its own`)
      t.equal(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1'), '')
      const open = readdirSync(`/proc/${pid}/fd`).map(Number)
      t.same(
        open.sort((a, b) => a - b),
        [0, 1, 2, 3, 4, 5],
      )
      near.write('QUIT\r\n')
      t.equal(await program.ended, 5, "the program's exit code")
      t.ok(await gone())
      t.equal(program.stderr, '')
    })

    await t.test('who is killed takes nobody along, and leaves nothing', async (t) => {
      for (const victim of ['program', 'waiting']) {
        const { near, program } = await start([], ['w:hi', 'r:GO', 'w:on', 'sleep:0.2', 'echo'], env)
        await line(near)
        const child = waiting(program).find(([pid]) => pid !== program.child.pid)?.[0] ?? 0
        process.kill(victim === 'program' ? (program.child.pid ?? 0) : child, 'SIGKILL')
        near.write('GO\r\n')
        if (victim === 'waiting') t.equal(await line(near), 'on\r\n')
        near.end()
        t.equal(await program.ended, victim === 'program' ? 'SIGKILL' : 0)
        t.ok(await gone(), victim)
      }
    })

    await t.test('once there is TLS', async (t) => {
      for (const victim of ['program', 'tls']) {
        const { near, program } = await start([], ['w:hi', 'r:STARTTLS', 'w:220', 'Y', 'switch', 'w:in', 'echo'], env)
        await line(near)
        near.write('STARTTLS\r\n')
        await line(near)
        const peer = await Peer.client(near)
        t.equal(await peer.until(/in/), 'in\r\n')
        const tls = doingTls()
        t.equal(tls.length, 1)
        const [pid = 0] = tls[0] ?? []
        t.equal(readFileSync(`/proc/${pid}/comm`, 'latin1'), 'tls-io\n')
        const links = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
        t.notOk(
          links.some((link) => !/^(socket|pipe|anon_inode):|^\/dev\/null$/.test(link)),
          links.join(' '),
        )
        t.notMatch(readFileSync(`/proc/${pid}/environ`, 'latin1'), /SSLCTLFD|MOREQMAIL_SECRET/)
        process.kill(victim === 'program' ? (program.child.pid ?? 0) : pid, 'SIGKILL')
        await peer.over()
        t.equal(await program.ended, victim === 'program' ? 'SIGKILL' : 0, 'the program is not killed')
        peer.stream.destroy()
        t.ok(await gone(), victim)
      }
    })

    await t.test('only the first byte is a command', async (t) => {
      for (const [command, answer] of [
        ['Yxyz', true],
        ['yY', false],
      ] as const) {
        const steps = ['w:hi', 'r:STARTTLS', 'w:220', `c:${command}`, 'sleep:0.2', 'switch', 'w:in', 'echo']
        const { near, program } = await start([], steps, env)
        await line(near)
        near.write('STARTTLS\r\n')
        await line(near)
        const peer = await Peer.client(near)
        t.equal(await peer.until(/in/), 'in\r\n', `${command} ${answer}`)
        peer.stream.end()
        t.equal(await program.ended, 0)
        t.equal(program.stderr, '')
      }
      t.ok(await gone())
    })
  })

t.test("the program's other descriptors are not held open", async (t) => {
  // Descriptor 3 is a pipe whose other end sees its end of file as soon as the program has closed it.
  const script = 'exec 3>&1; exec ucspitlsd sh -c "exec 3>&-; exec >&-; sleep 1" 1>&0'
  const [, far] = await connection()
  far.destroy()
  const all = run(['bash', '-c', `( ${script} ) | ( cat; echo end of file )`], ENV)
  t.ok(await until(() => all.stdout.includes('end of file'), 0.9))
  await all.ended
})

t.test('what is said', async (t) => {
  const said = async (words: readonly string[], steps: readonly string[], env: Env = ENV) => {
    const { near, program } = await start(words, steps, env)
    near.resume()
    await program.ended
    await gone()
    return program.stderr.replaceAll(String(program.child.pid), 'PID')
  }
  t.equal(await said(['-v2'], ['w:hi']), 'ucspitlsd: info: pid PID declined opportunistic TLS\n')
  t.equal(await said([], ['c:x', 'sleep:0.1']), 'ucspitlsd: fatal: unrecognized command on control socket\n')
  t.equal(await said(['-v0'], ['c:x', 'sleep:0.1']), '')
  t.match(await said(['-v2'], ['c:y', 'sleep:0.3']), /^ucspitlsd: info: pid PID accepted opportunistic TLS\n/)
  t.match(
    await said([], ['c:Y', 'sleep:0.5'], { CERTFILE: '/x/y' }),
    /^ucspitlsd: fatal: unable to load certificate \/x\/y/,
  )
  t.match(await said([], ['c:Y', 'sleep:0.5'], { ...ENV, TLS_UID: 'x' }), /^ucspitlsd: fatal: invalid TLS_UID\n$/)
})

t.test('what can be wrong at once', async (t) => {
  const ended = async (argv: readonly string[], env: Env = ENV) => {
    const program = run(argv, env)
    return [await program.ended, program.stderr]
  }
  t.same(await ended(['ucspitlsd', 'true'], {}), [100, 'ucspitlsd: fatal: CERTFILE not set\n'])
  t.same(await ended(['ucspitlsd', '-v0', 'true'], {}), [100, ''])
  t.same(await ended(['ucspitlsd', '-k2', 'true'], {}), [0, ''], 'names only')
  t.match(await ended(['ucspitlsd', '-x', 'true']), [
    100,
    /^ucspitlsd: illegal option -- x\nucspitlsd: usage: ucspitlsd /,
  ])
  t.match(await ended(['s6-ucspitlsd']), [100, /^s6-ucspitlsd: usage: s6-ucspitlsd /])
  t.same(await ended(['ucspitlsd', '/x/y']), [111, 'ucspitlsd: fatal: unable to run /x/y: file does not exist\n'])
  t.same(await ended(['s6-ucspitlsd', '/x/y']), [127, 's6-ucspitlsd: fatal: unable to run /x/y: file does not exist\n'])
  t.same(await ended(['s6-ucspitlsd', '/dev/null']), [
    126,
    's6-ucspitlsd: fatal: unable to run /dev/null: access denied\n',
  ])
  t.ok(await gone())
})

t.test('descriptors: from 10 on, and the next free ones', async (t) => {
  const program = run(
    [
      'bash',
      '-c',
      'exec 10</dev/null 12</dev/null; ucspitlsd bash -c "echo $$ >/dev/null; echo \\$SSLCTLFD \\$SSLREADFD \\$SSLWRITEFD"',
    ],
    ENV,
  )
  await program.ended
  const numbers = program.stdout.trim().split(' ').map(Number)
  t.equal(new Set([10, 12, ...numbers]).size, 5, program.stdout)
  t.ok(numbers.every((fd) => fd >= 10))
})

t.test('a table of descriptors that is full', async (t) => {
  const program = run(['bash', '-c', 'ulimit -n 12; exec ucspitlsd true'], ENV)
  t.equal(await program.ended, 111)
  t.match(program.stderr, /^ucspitlsd: fatal: unable to create pipes: too many open files\n$/)
  await delay(100)
  t.ok(await gone())
})
