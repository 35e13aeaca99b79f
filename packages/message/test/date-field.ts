import t from 'tap'
import { writeDate } from '../src/date.ts'
import { parseDate } from '../src/date-field.ts'

const read = (text: string): string | undefined => {
  const time = parseDate(text)
  return time === undefined ? undefined : writeDate(time)
}

t.test('dates', async (t) => {
  for (const [text, date] of [
    [' Sun, 31 Mar 1996 15:53:10 +0200', '31 Mar 1996 15:53:10 +0200'],
    ['2 Jan 98 09:00 EST (comment)', '2 Jan 1998 09:00:00 -0500'],
    ['2 jan 102 9:0:5 met dst', '2 Jan 2002 09:00:05 +0200'],
    ['1 Jan 0 0:0 -0000', '1 Jan 2000 00:00:00 -0000'],
    ['1 Jan 49 0:0 +0', '1 Jan 2049 00:00:00 +0000'],
    ['1 Jan 50 0:0 -0', '1 Jan 1950 00:00:00 +0000'],
    ['1 Jan 998 0:0 UT', '1 Jan 2898 00:00:00 +0000'],
    ['1 Jan 999 0:0 UT', '1 Jan 999 00:00:00 +0000'],
    ['1 Jan -5 0:0 UT', '1 Jan 1995 00:00:00 +0000'],
    ['1 Jan 999999999 0:0 UT', '1 Jan 999999999 00:00:00 +0000'],
    ['+01 Jan +2000 +09:+05:+07 +0130', '1 Jan 2000 09:05:07 +0130'],
    ['31 Feb 2000 23:59:60 -9959', '31 Feb 2000 23:59:60 -9959'],
    ['1 Jan 2000 "":- 130', '1 Jan 2000 00:00:00 +0130'],
    ['Mon(x), 4(y)May(z)1998(w)03 : 04 : 12 +0000', '4 May 1998 03:04:12 +0000'],
    ['; , Mon ; 4 May 1998 3::4::5 GMT', '4 May 1998 03:04:05 +0000'],
    ['"4" \\M\\ay [x', undefined],
    ['"4" \\M\\ay 1998 3:4:5 Gmt.@<>', '4 May 1998 03:04:05 +0000'],
    ['4 May 1998 3:4:5 METDST junk', '4 May 1998 03:04:05 +0200'],
    ['4 May 1998 3:4:5 -0030 DST', '4 May 1998 03:04:05 +0030'],
    ['4 May 1998 3:4:5 -0000 DST', '4 May 1998 03:04:05 -0000'],
    ['4 May 1998 3:4:5 ""', '4 May 1998 03:04:05 +0000'],
    ['4 May 1998 3:4:5 +01:00', '4 May 1998 03:04:05 +0001'],
  ] as const)
    t.equal(read(text), date, text)
})

t.test('zones by name', async (t) => {
  const names = 'UT GMT BST CDT CET CST EDT EET EST HKT IST JST MDT MET METDST MST PDT PST'
  const offsets = '+0000 +0000 +0100 -0500 +0100 -0600 -0400 +0200 -0500 +0800 +0200 +0900 -0600 +0100 +0200 -0700'
  const all = `${offsets} -0700 -0800`.split(' ')
  names.split(' ').forEach((name, i) => {
    for (const zone of [name, name.toLowerCase()])
      t.equal(read(`1 Jan 2000 0:0:0 ${zone}`), `1 Jan 2000 00:00:00 ${all[i]}`, zone)
  })
})

t.test('no dates', async (t) => {
  for (const text of [
    '',
    ' ',
    'yesterday',
    '1 Jan 2000 00:00:00',
    '1 Jan 2000 00:00',
    '1 Jan 2000 00 +0000',
    '1 Jan 2000 00 00:00 +0000',
    '1 Foo 2000 00:00:00 +0000',
    '1 January 2000 00:00:00 +0000',
    '1 Jan 2000 00:00:00 XYZ',
    '2000-01-01T00:00:00Z',
    '0 Jan 2000 0:0:0 +0000',
    '32 Jan 2000 0:0:0 +0000',
    '-1 Jan 2000 0:0:0 +0000',
    '1 Jan 2000 24:00:00 +0000',
    '1 Jan 2000 -1:00:00 +0000',
    '1 Jan 2000 00:60:00 +0000',
    '1 Jan 2000 00:00:61 +0000',
    '1 Jan 2000 0:0:0 +0060',
    '1 Jan 2000 0:0:0 +10000',
    '1 Jan 2000 0:0:0 9959 dst',
    '1 Jan 1000000000 0:0:0 +0000',
    '1 Jan 99999999999999999999 0:0:0 +0000',
    '1 Jan -4000 0:0:0 +0000',
    '1x Jan 2000 0:0:0 +0000',
    '1 Jan 2000 0:0:0, +0000',
    '0x1 Jan 2000 0:0:0 +0000',
    '1 Jan 2e3 0:0:0 +0000',
  ])
    t.equal(read(text), undefined, text)
})
