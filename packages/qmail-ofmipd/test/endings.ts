import t, { type Test } from 'tap'
import { login, plain, type Session, session } from './support/session.ts'

const START = 'MAIL FROM:<a@b.x>\r\nRCPT TO:<c@d.x>\r\nDATA\r\n'

/** Plays it for a client that is trusted and for one that has logged in: exit codes, and what is said last. */
async function both(t: Test, name: string, options: Session, codes: readonly number[], last: readonly string[]) {
  for (const [i, run] of [session, login].entries()) {
    const { code, out, err, file } = await run(options)
    const label = `${name}, ${run.name}`
    t.equal(code, codes[i], label)
    t.equal(plain(out).split('\r\n').at(-2), last[i], label)
    t.ok(out.endsWith('\r\n'), label)
    t.equal(err, '', label)
    t.equal(file('env'), undefined, `${label}: nothing is queued`)
  }
}

t.test('it can not start', async (t) => {
  const bad = '451 unable to read configuration (#4.3.0)'
  const controls = [
    'me',
    'rewrite',
    'defaulthost',
    'defaultdomain',
    'plusdomain',
    'idhost',
    'smtpgreeting',
    'databytes',
  ]
  for (const name of [...controls, 'timeoutsmtpd', 'smtputf8']) {
    const options = { input: ['QUIT\r\n'], files: { [`control/${name}/`]: '' } }
    for (const run of [session, login]) t.equal((await run(options)).out, `${bad}\r\n`, name)
    await both(t, name, options, [1, 14], [bad, bad])
  }
  const nowhere = { input: [], env: { QMAILHOME: '/nowhere/at/all' } }
  await both(t, 'no home', nowhere, [1, 14], [bad, bad])
  await both(t, 'no database', { input: [], args: ['none.cdb'] }, [1, 14], [bad, bad])
  await both(t, 'an empty name', { input: [], args: [''] }, [1, 14], [bad, bad])
})

t.test('a file that is not needed is not read', async (t) => {
  const files = { 'control/rewrite': '', 'control/defaulthost/': '', 'control/plusdomain/': '' }
  t.equal((await session({ input: ['QUIT\r\n'], files })).code, 0)
  const env = { QMAILDEFAULTHOST: 'h.x', QMAILIDHOST: '' }
  t.equal((await session({ input: ['QUIT\r\n'], files: { 'control/defaulthost/': '' }, env })).code, 0)
})

t.test('the client goes', async (t) => {
  const said = ['220 mx.example ESMTP', '235 ok, go ahead (#2.0.0)']
  await both(t, 'at once', { input: [] }, [1, 0], said)
  await both(t, 'in a command', { input: ['NOO'] }, [1, 0], said)
  const ahead = ['354 go ahead', '354 go ahead']
  await both(t, 'in a header', { input: [`${START}To: x`] }, [1, 0], ahead)
  await both(t, 'in a body', { input: [`${START}\r\nbody\r\n.`] }, [1, 0], ahead)
})

t.test('the client says nothing', async (t) => {
  const files = { 'control/timeoutsmtpd': '1' }
  async function* silence(text: string) {
    yield text
    await new Promise((done) => setTimeout(done, 2500))
  }
  for (const [text, reply] of [
    ['', undefined],
    [`${START}To: x\r\n`, '354 go ahead'],
  ] as const) {
    const [trusted, known] = await Promise.all([session, login].map((run) => run({ input: silence(text), files })))
    t.equal(trusted?.code, 1)
    t.ok(trusted?.out.endsWith('451 timeout (#4.4.2)\r\n'))
    t.equal(known?.code, 16)
    t.ok(known?.out.endsWith(`${reply ?? '235 ok, go ahead (#2.0.0)'}\r\n`), 'qmail-authup speaks')
    t.equal(trusted?.file('env') ?? known?.file('env'), undefined)
  }
})

t.test('a line that another server could take for the end', async (t) => {
  const told = '451 See https://cr.yp.to/docs/smtplf.html.'
  for (const end of ['\n.\n', '\r\n.\n', '\n.\r\n', '\n\n.\r\n']) {
    const input = [`${START}S: x\r\n\r\nx${end}MAIL FROM:<evil>\r\nRCPT TO:<victim>\r\nDATA\r\n\r\n.\r\nQUIT\r\n`]
    await both(t, JSON.stringify(end), { input }, [1, 14], [told, told])
  }
  await both(t, 'first of all', { input: [`${START}.\nQUIT\r\n`] }, [1, 14], [told, told])
  await both(t, 'in the header', { input: [`${START}A: b\n.\r\nQUIT\r\n`] }, [1, 14], [told, told])
})

t.test('it is told to go', async (t) => {
  await both(t, 'QUIT', { input: ['QUIT\r\n'] }, [0, 0], ['221 mx.example', '221 mx.example'])
})
