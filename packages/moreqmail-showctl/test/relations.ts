import t from 'tap'
import { relationFaults } from '../src/relations.ts'

/** The faults of these files, which are of one age unless `ages` says. */
function faults(files: Readonly<Record<string, string>>, ages: Readonly<Record<string, number>> = {}) {
  const all: Record<string, string> = { me: 'a.example\n', rcpthosts: 'a.example\n', ...files }
  return relationFaults({
    has: (name) => name in all,
    text: (name) => all[name],
    changed: (name) => ages[name] ?? 0,
  })
}

t.test('what every installation needs', async (t) => {
  t.same(faults({}), [])
  t.same(faults({ me: ' \n' }), ['me: it is empty'])
  const none = relationFaults({ has: () => false, text: () => undefined, changed: () => 0 })
  t.same(none, [
    'me: it is not there',
    'rcpthosts: it is not there: qmail-smtpd takes mail for everybody, and relays it',
  ])
  t.same(
    relationFaults({ has: () => true, text: () => undefined, changed: () => 0 }).filter((fault) => /^me/.test(fault)),
    [],
  )
})

t.test('what does nothing by itself', async (t) => {
  t.same(faults({ clientcert: 'x' }), ['clientcert: it does nothing without clientkey'])
  t.same(faults({ clientkey: 'x' }), ['clientkey: it does nothing without clientcert'])
  t.same(faults({ clientkey: 'x', clientcert: 'x' }), [])
  t.same(faults({ tlsstrictness: '1' }), ['tlsstrictness: it does nothing without trustanchors'])
  t.same(faults({ tlsstrictness: '0' }), [])
  t.same(faults({ tlsstrictness: '2', trustanchors: '/x' }), [])
  t.same(faults({ rewrite: '', plusdomain: 'x' }), [
    'plusdomain: to qmail-ofmipd it does nothing, for there is rewrite',
  ])
})

t.test('databases', async (t) => {
  t.same(faults({ morercpthosts: 'x' }), ['morercpthosts: it does nothing before qmail-newmrh is run'])
  const both = { morercpthosts: 'x', 'morercpthosts.cdb': '' }
  t.same(faults(both), [])
  t.same(faults(both, { morercpthosts: 1 }), ['morercpthosts: it was changed after qmail-newmrh was run'])
})

t.test('local and virtual', async (t) => {
  const files = { locals: 'A.example\nb.example\n', virtualdomains: 'a.example:x\nc.example:y\n' }
  t.same(faults(files), ['virtualdomains: a.example does nothing, for it is in locals'])
  const many = Array.from({ length: 100 }, (_, i) => `h${i}`)
  t.equal(faults({ locals: many.join('\n'), virtualdomains: many.join(':x\n') }).length, 21, 'no flood')
})

t.test('SRS', async (t) => {
  const srs = { srs_domain: 'SRS.example\n', srs_secrets: 'x\n', rcpthosts: 'srs.example\n' }
  t.same(faults(srs), [])
  t.same(faults({ ...srs, rcpthosts: '.example\n' }), [])
  t.same(faults({ ...srs, rcpthosts: 'xsrs.example\n' }), [
    'srs_domain: it is not in rcpthosts: bounces do not come back',
  ])
  t.same(faults({ ...srs, rcpthosts: 'x\n', 'morercpthosts.cdb': '' }), [], 'it may be there')
  const wrong = ['srs_domain: it may be neither in locals nor in virtualdomains']
  t.same(faults({ ...srs, locals: 'srs.example\n' }), wrong)
  t.same(faults({ ...srs, virtualdomains: 'srs.example:x\n' }), wrong)
  t.same(faults({ ...srs, srs_hashmin: '5' }), ['srs_hashmin: it is more than srs_hashlength'])
  t.same(faults({ ...srs, srs_hashmin: '5', srs_hashlength: '5' }), [])
  t.same(faults({ srs_domain: 'x', rcpthosts: 'x' }), [
    'srs_secrets: it is not there, and there is srs_domain: mail is deferred',
  ])
})
