import t from 'tap'
import { isForeign, type Own } from '../src/foreign.ts'

const own: Own = {
  me: 'me.example',
  locals: (key) => key.toLowerCase() === 'local.example',
  virtualdomains: (key) => key.toLowerCase() === 'virtual.example',
  rcpthosts: [(key) => ['mx.example', '.below.example'].includes(key), (key) => key === 'more.example'],
}
const foreign = (sender: string, ours: Own | undefined = own) => isForeign(sender, 'srs.example', () => ours)

t.test('foreign senders', async (t) => {
  for (const sender of [
    'u@example.com',
    'u@x.me.example',
    'u@below.example',
    'SRS0=a=b=c=d@x',
    'u@srs.example@x',
    'u@',
  ])
    t.ok(foreign(sender), sender)
})

t.test('senders of ours', async (t) => {
  for (const domain of ['me', 'Local', 'VIRTUAL', 'Mx', 'a.b.below', 'MORE'])
    t.notOk(foreign(`u@${domain}.example`), domain)
  t.notOk(foreign('u@example.com', { ...own, rcpthosts: undefined }), 'without rcpthosts all are ours')
  t.ok(foreign('u@example.com', { ...own, me: undefined }))
  t.ok(
    isForeign('u@me.example', 'srs.example', () => undefined),
    'all are rewritten',
  )
})

t.test('senders that never change; nothing is read for them', async (t) => {
  for (const sender of ['', '#@[]', 'user', 'SRS0=a=b=c=d@SRS.example', 'u@srs.example'])
    t.notOk(
      isForeign(sender, 'srs.example', () => t.fail('read') as never),
      sender,
    )
})
