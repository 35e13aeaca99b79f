import t from 'tap'
import { type SrsSettings, srsSettings } from '../src/settings.ts'

function read(files: Readonly<Record<string, string>>): SrsSettings {
  return srsSettings('d', { line: (name) => files[name], list: (name) => files[name]?.split('\n') })
}

t.test('defaults', async (t) => {
  const usual = { domain: 'd', secrets: [], maxAge: 21, hashLength: 4, hashMin: 4, separator: '=' }
  t.same(read({}), usual)
  t.same(read({ srs_maxage: '', srs_hashlength: 'x', srs_hashmin: '-1', srs_separator: '' }), usual)
  t.same(read({ srs_maxage: '0', srs_hashlength: '0', srs_hashmin: '0', srs_separator: '0' }), usual)
  t.equal(read({ srs_hashmin: '0', srs_hashlength: '12' }).hashMin, 12, 'no hash at all is never enough')
})

t.test('values and their limits', async (t) => {
  t.same(read({ srs_secrets: 'a\nb' }).secrets, ['a', 'b'])
  t.match(read({ srs_maxage: '7 days' }), { maxAge: 7 })
  t.match(read({ srs_maxage: '9'.repeat(400) }), { maxAge: Number.POSITIVE_INFINITY })
  t.match(read({ srs_hashlength: '99' }), { hashLength: 27, hashMin: 27 })
  t.match(read({ srs_hashlength: '9'.repeat(400) }), { hashLength: 27 })
  t.match(read({ srs_hashlength: '8', srs_hashmin: '6' }), { hashLength: 8, hashMin: 6 })
  t.match(read({ srs_hashlength: '8', srs_hashmin: '9' }), { hashLength: 8, hashMin: 8 })
  for (const [text, separator] of [
    ['-', '-'],
    ['+x', '+'],
    ['=', '='],
    ['x', '='],
    ['x-', '='],
  ] as const)
    t.equal(read({ srs_separator: text }).separator, separator)
})
