import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { BIN, WAYS, writeFiles } from '../../qmail-remote/test/lib/remote.ts'
import { ARGS, got, home, report } from '../../qmail-rfilter/test/lib/rfilter.ts'

const SENT = 'r\0Ksent\n\0'
const UNREADABLE = 'Zqmail-rfilter-remote: unable to read control files. (#4.3.0)\n\0'

for (const env of WAYS)
  t.test(`filters of a control file${Object.keys(env).length > 0 ? ', new images' : ''}`, async (t) => {
    const dir = home(t)
    const remote = (more: Readonly<Record<string, string>> = {}, args = ARGS) =>
      report(dir, [], { program: 'qmail-rfilter-remote', env: { ...env, ...more }, args })
    t.equal(await remote(), SENT, 'no file')
    t.equal(got(dir, 'fds'), '0 1 2 ')
    t.equal(got(dir, 'cwd'), `${dir}\n`)
    writeFiles(dir, { 'control/remotefilters': '# none\n\n' })
    t.equal(await remote(), SENT, 'no lines')

    writeFiles(dir, { 'control/remotefilters': 'sed s/hello/bye/\n' })
    t.equal(await remote(), 'Zqmail-rfilter-remote: unable to run qmail-rfilter. (#4.3.0)\n\0', 'no qmail-rfilter')
    symlinkSync(join(BIN, 'moreqmail'), join(dir, 'bin/qmail-rfilter'))
    t.equal(await remote(), SENT)
    t.equal(got(dir, 'message'), 'Subject: hi\n\nbye\n')
    t.equal(got(dir, 'args'), `${ARGS.join('\0')}\0`)
    const args = ['--version', '', '--']
    t.equal(await remote({}, args), SENT)
    t.equal(got(dir, 'args'), '--version\0\0--\0')

    writeFiles(dir, { 'bin/own': '#!/bin/sh\necho own; pwd\n', 'control/others': 'own\ntrue\n' })
    t.equal(await remote({ QMAILREMOTEFILTERS: 'control/others' }), SENT)
    t.equal(got(dir, 'message'), `own\n${dir}\n`)
    t.equal(await remote({ QMAILREMOTEFILTERS: `${dir}/control/others` }), SENT, 'an absolute path')
    for (const file of ['', 'none', 'control']) t.equal(await remote({ QMAILREMOTEFILTERS: file }), UNREADABLE, file)
    writeFiles(dir, { 'control/remotefilters': 'cat\n--\n' })
    t.equal(await remote(), UNREADABLE, 'an empty filter')
    rmSync(join(dir, 'control/remotefilters'))
    mkdirSync(join(dir, 'control/remotefilters'))
    t.equal(await remote(), UNREADABLE, 'a directory')
    rmSync(join(dir, 'control/remotefilters'), { recursive: true })
    chmodSync(join(dir, 'bin/qmail-remote'), 0o644)
    t.equal(await remote(), 'Zqmail-rfilter-remote: unable to run qmail-rfilter. (#4.3.0)\n\0')
    t.equal(await remote({}, ['a', 'b']), 'DI (qmail-rfilter-remote) was invoked improperly. (#5.3.5)\n\0')
  })
