/** Cases about the player itself: for every key one that passes, and at least one that must fail and why. */
import type { Case, Steps } from './case.ts'

export interface Pair {
  readonly key: string
  readonly passes: Omit<Case, 'name'>
  /** The same with changes that break it, and what the reasons must be like. */
  readonly fails: ReadonlyArray<readonly [Partial<Case>, RegExp]>
}

const sh = (script: string): string[] => ['sh', '-c', script]
const node = (script: string, ...words: string[]): string[] => [process.execPath, '-e', script, ...words]

const files: readonly Pair[] = [
  {
    key: 'argv: {BIN} first, bytes as they are',
    passes: { argv: ['hello', 'w\xe9'], expect: { exit: 0, stdout: 'hello w\xe9\n' } },
    fails: [
      [{ argv: ['no-such-program'] }, /no-such-program/],
      [{ argv: ['hello', 'w\xc3\xa9'] }, /^stdout 'hello w\\xc3\\xa9\\n', wanted 'hello w\\xe9/],
    ],
  },
  {
    key: 'argv: raw bytes',
    passes: { argv: ['printf', '%s', { b64: '6f8=' }], expect: { stdout: { b64: '6f8=' } } },
    fails: [[{ argv: ['printf', '%s', { b64: '6Q==' }] }, /^stdout '\\xe9', wanted/]],
  },
  {
    key: 'env: the whole environment',
    passes: {
      argv: ['env'],
      env: { A: '\xe9 {HOME}', PATH: '/usr/bin:/bin' },
      expect: { stdout_re: '\\AA=\xe9 {HOME}\nPATH={BIN}:/usr/bin:/bin\nQMAILHOME={HOME}\n\\Z' },
    },
    fails: [[{ env: { A: '\xe9 {HOME}', PATH: '/usr/bin:/bin', B: '' } }, /^stdout .* is not like/]],
  },
  {
    key: 'env: PATH and QMAILHOME without any',
    passes: {
      argv: ['env'],
      expect: { stdout: 'PATH={BIN}:/usr/local/bin:/usr/bin:/bin\nQMAILHOME={HOME}\n' },
    },
    fails: [[{ env: { QMAILHOME: '/x', X: '1' } }, /^stdout/]],
  },
  {
    key: 'cwd',
    passes: { argv: ['pwd'], cwd: 'a/b', files: { 'a/b/': '' }, expect: { stdout: '{HOME}/a/b\n' } },
    fails: [
      [{ cwd: 'a' }, /^stdout .*wanted/],
      [{ cwd: 'none' }, /none/],
    ],
  },
  {
    key: 'umask',
    passes: { argv: sh('umask'), umask: '077', expect: { stdout: '0077\n' } },
    fails: [[{ umask: '002' }, /^stdout '0002\\n', wanted '0077/]],
  },
  {
    key: 'umask: 022 by itself',
    passes: { argv: sh('umask'), expect: { stdout: '0022\n' } },
    fails: [[{ umask: '000' }, /^stdout/]],
  },
  {
    key: 'stdin: bytes, then the end',
    passes: { argv: ['cat'], stdin: 'a\0\xff{HOME}', expect: { stdout: 'a\0\xff{HOME}' } },
    fails: [
      [{ stdin: { b64: 'YQ==' } }, /^stdout 'a', wanted 'a\\x00/],
      [{ argv: sh('cat; sleep 5'), timeout: 0.5 }, /^still running after 0.5s/],
    ],
  },
  {
    key: 'stdin: without it nothing',
    passes: { argv: sh('wc -c; ls -l /proc/self/fd/0'), expect: { stdout_re: '^ *0\n.*/dev/null\n' } },
    fails: [[{ stdin: 'x' }, /^stdout/]],
  },
  {
    key: 'fds: also one that is usually for output',
    passes: {
      argv: sh('cat <&1 >&2; cat <&5 >&2; ls /proc/self/fd >&2'),
      fds: { '1': 'one\n', '5': { b64: 'Zml2ZQo=' } },
      expect: { stderr: 'one\nfive\n0\n1\n2\n3\n5\n', stdout: '' },
    },
    fails: [[{ fds: { '1': 'one\n', '5': 'five\n', '7': '' } }, /^stderr .*wanted/]],
  },
  {
    key: 'files',
    passes: {
      argv: sh('cat a/b c; ls -ld d s m | cut -c1-10; ls a'),
      files: {
        'a/b': '{HOME}\n',
        c: { b64: '/wo=' },
        'd/': '',
        's/': { text: '', mode: '1700' },
        m: { text: 'x', mode: '4711' },
      },
      expect: { stdout: '{HOME}\n\xff\ndrwxr-xr-x\n-rws--x--x\ndrwx-----T\nb\n' },
    },
    fails: [[{ files: { 'a/b': '{HOME}\n', c: 'y\n', 'd/': '', 's/': '', m: '' } }, /^stdout/]],
  },
  {
    key: 'files: tls',
    passes: {
      argv: sh('cmp k {TLS}/mx.pem && ls -l k | cut -c1-10'),
      files: { k: { tls: 'mx.pem', mode: '600' } },
      expect: { exit: 0, stdout: '-rw-------\n' },
    },
    fails: [[{ files: { k: { tls: 'other.pem', mode: '600' } } }, /^exit 1, wanted 0/]],
  },
  {
    key: 'files: cdb',
    passes: {
      argv: ['od', '-An', '-v', '-tu4', '-w8', '-j2048', 'c'],
      files: { c: { cdb: [['key1', 'val1']] } },
      // The record, and the one table: of its two places, the second has hash and position.
      expect: { stdout_re: '^ +4 +4\n +830039403 +829186422\n +0 +0\n +2088047427 +2048\n\\Z' },
    },
    fails: [
      [{ files: { c: { cdb: [['key1', 'val2']] } } }, /^stdout/],
      [{ files: { c: { cdb: [] } } }, /^stdout/],
    ],
  },
  {
    key: 'names in braces',
    passes: {
      argv: sh('echo $PPID "$(id -u) $(id -g)" {TLS}'),
      expect: { stdout: '{PPID} {UID} {GID} {TLS}\n' },
    },
    fails: [[{ argv: sh('echo 1 {UID} {GID} {TLS}') }, /^stdout/]],
  },
]

const expectations: readonly Pair[] = [
  {
    key: 'expect: exit',
    passes: { argv: sh('exit 7'), expect: { exit: 7 } },
    fails: [
      [{ argv: sh('exit 6') }, /^exit 6, wanted 7$/],
      [{ argv: sh('kill -9 $$') }, /^exit signal 9, wanted 7$/],
    ],
  },
  {
    key: 'expect: exit by a signal',
    passes: { argv: sh('kill -PIPE $$'), expect: { exit: 'signal 13' } },
    fails: [[{ argv: sh('exit 13') }, /^exit 13, wanted signal 13$/]],
  },
  {
    key: 'expect: stdout and stderr',
    passes: { argv: sh('echo a; echo b >&2'), expect: { stdout: 'a\n', stderr: { b64: 'Ygo=' } } },
    fails: [
      [{ argv: sh('echo b >&2') }, /^stdout '', wanted 'a\\n'; stderr was/],
      [{ argv: sh('echo a; echo c >&2') }, /^stderr 'c\\n', wanted 'b\\n'$/],
    ],
  },
  {
    key: 'expect: stdout_re and stderr_re',
    passes: { argv: sh('echo xay; echo b >&2'), expect: { stdout_re: 'a.$', stderr_re: '^b\\n\\Z' } },
    fails: [
      [{ argv: sh('echo xay; echo q; echo b >&2') }, /^stdout 'xay\\nq\\n' is not like 'a.\$'/],
      [{ argv: sh('echo xay; echo bb >&2') }, /^stderr 'bb\\n' is not like/],
    ],
  },
  {
    key: 'expect: files',
    passes: {
      argv: sh('echo 1 >a; mkdir d; echo 22 >d/b'),
      expect: { files: { a: '1\n', 'd/b': { re: '^2+$' }, c: null, d: null } },
    },
    fails: [
      [{ argv: sh('mkdir d; echo 2 >d/b') }, /^a is missing$/],
      [{ argv: sh('echo 2 >a; mkdir d; echo 2 >d/b') }, /^a holds '2\\n', wanted '1\\n'$/],
      [{ argv: sh('echo 1 >a; mkdir d; echo 3 >d/b') }, /^d\/b '3\\n' is not like/],
      [{ argv: sh('echo 1 >a; mkdir d; echo 2 >d/b; >c') }, /^c exists$/],
    ],
  },
  {
    key: 'expect: glob',
    passes: {
      argv: sh('mkdir -p m/x/new m/y/new; >m/x/new/1; >m/x/new/2; >m/y/new/1; >m/y/new/.3'),
      expect: { glob: { 'm/*/new/*': 3, 'm/x/new/[12]': 2, 'm/?/new': 2, 'm/x/tmp': 0 } },
    },
    fails: [[{ argv: sh('mkdir -p m/x/new m/y/new; >m/x/new/1') }, /^1 files like m\/\*\/new\/\*, wanted 3; 1 files/]],
  },
  {
    key: 'expect: stderr is shown where nothing else tells why',
    passes: { argv: sh('echo hint >&2'), expect: { exit: 0 } },
    fails: [[{ argv: sh('echo hint >&2; exit 1') }, /^exit 1, wanted 0; stderr was 'hint\\n'$/]],
  },
  {
    key: 'timeout: the program and its children are killed',
    passes: { argv: sh('sleep 0.1'), timeout: 5, expect: { exit: 0 } },
    fails: [[{ argv: sh('trap "" TERM; sleep 30 & sleep 30'), timeout: 0.3 }, /^still running after 0.3s$/]],
  },
  {
    key: 'root, oracle and about decide nothing for root',
    passes: { argv: sh('exit 0'), root: true, oracle: 'none', about: 'x', expect: { exit: 0 } },
    fails: [[{ argv: sh('exit 1') }, /^exit 1/]],
  },
  {
    key: 'surroundings: clean descriptors, signals and session',
    passes: {
      argv: sh('ls /proc/self/fd; grep -E "^Sig(Blk|Ign)" /proc/self/status; ps -o sid= -p $$ | tr -d " "; echo $$'),
      expect: { stdout_re: '\\A0\n1\n2\n3\nSigBlk:\\s0{16}\nSigIgn:\\s0{16}\n(\\d+)\n\\1\n\\Z' },
    },
    fails: [[{ argv: sh('exec 9</dev/null; ls /proc/self/fd') }, /^stdout/]],
  },
]

const echo: Steps = [{ send: 'hi\n' }, { expect: 'hi\n' }]

const dialogs: readonly Pair[] = [
  {
    key: 'dialog: send, expect, end of input, eof',
    passes: {
      argv: sh('cat; echo end >&2'),
      dialog: [...echo, { half_close: true }, { eof: true }],
      expect: { stderr: 'end\n' },
    },
    fails: [
      [{ dialog: [{ send: 'ho\n' }, { expect: 'hi\n' }] }, /^step 2: wanted 'hi\\n', got 'ho\\n'/],
      [{ dialog: [...echo, { half_close: true }, { expect: 'x' }] }, /^step 4: wanted 'x', got ''/],
      [
        { dialog: [...echo, { send: 'x\n' }, { half_close: true }, { eof: true }] },
        /^step 5: wanted end of file, got 'x\\n'/,
      ],
      [{ dialog: [...echo, { eof: true }], timeout: 0.4 }, /^step 3: timed out; so far ''/],
    ],
  },
  {
    key: 'dialog: without a wait for the end the program sees the runner close',
    passes: { argv: sh('cat >/dev/null; echo closed >&2'), dialog: [{ send: 'x' }], expect: { stderr: 'closed\n' } },
    fails: [[{ argv: sh('cat >/dev/null; exit 3'), expect: { exit: 0 } }, /^exit 3/]],
  },
  {
    key: 'dialog: raw bytes',
    passes: { argv: ['cat'], dialog: [{ send: { b64: '/wA=' } }, { expect: { b64: '/wA=' } }] },
    fails: [
      [{ dialog: [{ send: { b64: '/wE=' } }, { expect: '\xff\0' }] }, /^step 2: wanted '\\xff\\x00', got '\\xff\\x01'/],
    ],
  },
  {
    key: 'dialog: sending to nobody',
    passes: {
      argv: sh('read x; exec <&-; echo $x; sleep 0.2'),
      dialog: [{ send: 'a\n' }, { expect: 'a\n' }, { eof: true }],
    },
    fails: [[{ dialog: [{ send: 'a\n' }, { expect: 'a\n' }, { send: 'b' }] }, /^step 3: sending: /]],
  },
  {
    key: 'channel: client',
    passes: {
      argv: sh('cat <&6 >&7; ls /proc/self/fd'),
      channel: 'client',
      dialog: [...echo, { half_close: true }, { eof: true }],
      expect: { stdout: '0\n1\n2\n3\n6\n7\n' },
    },
    fails: [[{ channel: 'stdio' }, /^step [12]: /]],
  },
  {
    key: 'socket',
    passes: {
      argv: sh('cat; readlink /proc/$$/fd/0 /proc/$$/fd/1 | sed "s/:.*//" | uniq'),
      socket: true,
      dialog: [...echo, { half_close: true }, { expect: 'socket\n' }, { eof: true }],
    },
    fails: [[{ socket: false }, /^step 4: wanted 'socket\\n', got 'pipe\\n'$/]],
  },
  {
    key: 'socket: client',
    passes: {
      argv: sh('cat <&6 >&7'),
      socket: true,
      channel: 'client',
      dialog: [...echo, { half_close: true }, { eof: true }],
    },
    fails: [[{ argv: sh('cat >&7'), timeout: 1 }, /^step 2: wanted 'hi\\n', got ''/]],
  },
  {
    key: 'step: expect_re takes one whole line',
    passes: {
      argv: sh('printf "ab\\r\\ncd\\nx\\n"'),
      dialog: [{ expect_re: 'a.' }, { expect_re: '[cd]+' }, { expect: 'x\n' }, { eof: true }],
    },
    fails: [
      [{ dialog: [{ expect_re: 'a' }] }, /^step 1: wanted a line like 'a', got 'ab'/],
      [{ dialog: [{ expect_re: 'ab.*' }, { expect_re: 'x' }] }, /^step 2: wanted a line like 'x', got 'cd'/],
      [{ argv: sh('printf ab'), dialog: [{ expect_re: 'ab' }] }, /^step 1: end of file, wanted a line; had 'ab'$/],
    ],
  },
  {
    key: 'step: expect_reply takes a whole reply',
    passes: {
      argv: sh('printf "250-a\\r\\n250-b\\r\\n250 c\\r\\n221\\r\\n"'),
      dialog: [{ expect_reply: '250' }, { expect_reply: '221' }, { eof: true }],
    },
    fails: [
      [{ dialog: [{ expect_reply: '221' }] }, /^step 1: wanted reply 221, got '250-a'/],
      [{ dialog: [{ expect_reply: '250' }, { expect_reply: '250' }] }, /^step 2: wanted reply 250, got '221'/],
    ],
  },
  {
    key: 'step: close',
    passes: {
      argv: sh('cat; echo closed >&2'),
      socket: true,
      dialog: [...echo, { close: true }],
      expect: { stderr: 'closed\n' },
    },
    fails: [[{ dialog: [{ send: 'x' }, { sleep: 0.1 }, { close: true }] }, /^stderr '.*reset by peer/]],
  },
  {
    key: 'step: half_close',
    passes: {
      argv: sh('cat; echo done'),
      socket: true,
      dialog: [...echo, { half_close: true }, { expect: 'done\n' }, { eof: true }],
    },
    fails: [[{ dialog: [...echo, { expect: 'done\n' }], timeout: 0.4 }, /^step 3: timed out/]],
  },
  {
    key: 'step: reset',
    passes: { argv: ['cat'], socket: true, dialog: [...echo, { reset: true }], expect: { stderr_re: 'reset by peer' } },
    fails: [[{ dialog: [...echo, { close: true }] }, /^stderr '' is not like 'reset by peer'$/]],
  },
  {
    key: 'step: quiet and sleep',
    passes: { argv: sh('sleep 0.5; echo a'), dialog: [{ quiet: 0.05 }, { expect: 'a\n' }] },
    fails: [
      [{ dialog: [{ sleep: 0.8 }, { quiet: 0.05 }] }, /^step 2: wanted silence, got 'a\\n'$/],
      [{ argv: sh('exit 0') }, /^step 1: wanted silence, got end of file$/],
    ],
  },
  {
    key: 'step: count',
    passes: {
      argv: sh('head -c 300000 /dev/zero; echo x'),
      dialog: [{ count: 300000 }, { expect: 'x\n' }, { eof: true }],
    },
    fails: [[{ dialog: [{ count: 300003 }] }, /^step 1: end of file after 300002 bytes of 300003$/]],
  },
  {
    key: 'step: fill',
    passes: { argv: sh('wc -c | tr -d " "'), dialog: [{ fill: 300000 }, { half_close: true }, { expect: '300000\n' }] },
    fails: [
      [
        { dialog: [{ fill: 299990 }, { half_close: true }, { expect: '300000\n' }] },
        /^step 3: wanted '300000\\n', got '299990/,
      ],
      [{ argv: sh('sleep 5'), timeout: 0.4 }, /^step 1: timed out while sending/],
    ],
  },
  {
    key: 'step: wait_stderr and signal',
    passes: {
      argv: sh('trap "echo got; exit 3" HUP; sleep 0.2; echo ready >&2; while :; do sleep 0.05; done'),
      dialog: [{ wait_stderr: '^ready$' }, { signal: 'HUP' }, { expect: 'got\n' }, { eof: true }],
      expect: { exit: 3 },
    },
    fails: [
      [{ dialog: [{ wait_stderr: '^ready$' }, { signal: 'TERM' }] }, /^exit signal 15, wanted 3/],
      [{ dialog: [{ wait_stderr: 'never' }], timeout: 0.5 }, /^step 1: no 'never' on stderr/],
    ],
  },
  {
    key: 'step: files',
    passes: {
      argv: sh('read x; cat f; stat -c %a f'),
      files: { f: 'old\n' },
      dialog: [{ files: { f: { text: '{HOME}\n', mode: '600' } } }, { send: 'x\n' }, { expect: '{HOME}\n600\n' }],
    },
    fails: [[{ dialog: [{ send: 'x\n' }, { expect: '{HOME}\n600\n' }] }, /^step 2: wanted '.*', got 'old\\n/]],
  },
  {
    key: 'step: an unknown one',
    passes: { argv: ['true'], dialog: [] },
    fails: [[{ dialog: [{ jump: 1 } as object] }, /^step 1: unknown step/]],
  },
  {
    key: 'starttls: y',
    passes: {
      argv: node(`const fs = require('fs'), e = process.env
        fs.writeSync(1, 'go\\n'); fs.writeSync(+e.SSLCTLFD, 'y')
        const b = Buffer.alloc(9); fs.writeSync(+e.SSLWRITEFD, 'got ' + b.latin1Slice(0, fs.readSync(+e.SSLREADFD, b)))`),
      ucspitls: true,
      dialog: [{ expect: 'go\n' }, { starttls: 'y' }, { send: 'x\n' }, { expect: 'got x\n' }, { eof: true }],
    },
    fails: [
      [{ dialog: [{ expect: 'go\n' }, { starttls: 'Y' }] }, /^step 2: wanted 'Y', got 'y'/],
      [{ ucspitls: false, dialog: [{ expect: 'go\n' }, { eof: true }], expect: { exit: 0 } }, /^exit 1, wanted 0/],
    ],
  },
  {
    key: 'starttls: Y with variables; plaintext before it',
    passes: {
      argv: node(`const fs = require('fs'), e = process.env
        fs.writeSync(1, e.EARLY || ''); fs.writeSync(+e.SSLCTLFD, 'Y')
        let s = ''
        for (const b = Buffer.alloc(1); !/(^|\\0)\\0$/.test(s) && fs.readSync(+e.SSLCTLFD, b);) s += b.latin1Slice()
        fs.writeSync(+e.SSLWRITEFD, s)`),
      ucspitls: true,
      dialog: [{ starttls: 'Y', vars: { A: '1', B: '' } }, { expect: 'A=1\0B=\0\0' }, { eof: true }],
    },
    fails: [
      [{ dialog: [{ starttls: 'Y' }, { expect: 'A=1\0B=\0\0' }] }, /^step 2: wanted 'A=1.*', got '\\x00'/],
      [
        { env: { EARLY: 'a\nb' }, dialog: [{ expect: 'a\n' }, { starttls: 'Y' }] },
        /^step 2: unread plaintext before TLS: 'b'/,
      ],
    ],
  },
]

/** A TLS server or client on descriptor 0: options, files by name, then what it does once it is up. */
const tlsProgram = `
const fs = require('fs'), net = require('net'), tls = require('tls')
const o = JSON.parse(process.argv[1])
for (const k of ['cert', 'key', 'ca']) if (o[k]) o[k] = fs.readFileSync(process.argv[2] + '/' + o[k])
const pipes = { readable: process.stdin, writable: process.stdout }
const raw = o.pipes ? require('stream').Duplex.from(pipes) : new net.Socket({ fd: 0, allowHalfOpen: true })
const s = o.isServer ? new tls.TLSSocket(raw, o) : tls.connect({ ...o, socket: raw, rejectUnauthorized: false })
s.on('error', (e) => { console.error(e.code); process.exit(5) })
s.on('session', () => {})
const then = {
  echo: () => s.pipe(s),
  end: () => s.end('bye'),
  cut: () => s.write('bye', () => process.exit(0)),
  name: () => s.end((s.servername || 'none') + '\\n'),
  peer: () => s.end(((s.getPeerCertificate().subject || {}).CN || 'none') + '\\n'),
  cipher: () => s.end(s.getCipher().name + '\\n'),
  wait: () => s.on('end', () => s.end()).resume(),
}
// Not at once: an end within the handshake would go out without close_notify.
s.on(o.isServer ? 'secure' : 'secureConnect', () => setTimeout(then[o.then], 20))
`
const tlsServer = (then: string, options: object = {}): string[] =>
  node(tlsProgram, JSON.stringify({ isServer: true, then, cert: 'mx.pem', key: 'mx.pem', ...options }), '{TLS}')
const tlsClient = (then: string, options: object = {}): string[] =>
  node(tlsProgram, JSON.stringify({ then, ...options }), '{TLS}')

const tls: readonly Pair[] = [
  {
    key: 'tls_client, close_notify and eof',
    passes: {
      argv: tlsServer('echo'),
      socket: true,
      dialog: [
        { tls_client: {} },
        ...echo,
        { fill: 200000 },
        { count: 200000 },
        { close_notify: true },
        { eof: 'close_notify' },
      ],
      expect: { exit: 0 },
    },
    fails: [
      [
        { dialog: [{ tls_client: {} }, ...echo, { close_notify: true }, { eof: 'cut' }] },
        /^step 5: the stream ended with close_notify, wanted cut/,
      ],
      [{ dialog: [{ tls_client: {} }, ...echo, { expect: 'x' }], timeout: 1 }, /^step 4: timed out/],
      [{ argv: sh('echo hello'), dialog: [{ tls_client: {} }] }, /^step 1: TLS handshake failed: /],
      [{ argv: sh('exit 0'), dialog: [{ tls_client: {} }] }, /^step 1: TLS handshake failed: end of file/],
      [{ argv: sh('sleep 3'), dialog: [{ tls_client: {} }], timeout: 0.5 }, /^step 1: timed out/],
      [
        { argv: sh('printf hello; sleep 1'), dialog: [{ expect: 'h' }, { tls_client: {} }] },
        /^step 2: unread plaintext before TLS: 'ello'/,
      ],
    ],
  },
  {
    key: 'eof: cut',
    passes: { argv: tlsServer('cut'), socket: true, dialog: [{ tls_client: {} }, { expect: 'bye' }, { eof: 'cut' }] },
    fails: [
      [
        { dialog: [{ tls_client: {} }, { expect: 'bye' }, { eof: 'close_notify' }] },
        /^step 3: the stream ended with cut, wanted close/,
      ],
      [{ argv: tlsServer('end') }, /^step 3: the stream ended with close_notify, wanted cut/],
      [
        { argv: tlsServer('cut', { maxVersion: 'TLSv1.2' }), dialog: [{ tls_client: {} }, { eof: 'cut' }] },
        /^step 2: wanted end of file, got 'bye'/,
      ],
    ],
  },
  {
    key: 'eof: without TLS it has no manner',
    passes: { argv: ['true'], dialog: [{ eof: true }] },
    fails: [[{ dialog: [{ eof: 'cut' }] }, /^step 1: the stream ended with no TLS, wanted cut/]],
  },
  {
    key: 'tls_client over two pipes',
    passes: {
      argv: tlsServer('echo', { pipes: true }),
      dialog: [{ tls_client: {} }, ...echo, { close_notify: true }, { eof: 'close_notify' }],
    },
    fails: [
      [{ dialog: [{ tls_client: {} }, ...echo, { close_notify: true }, { eof: 'cut' }], timeout: 5 }, /^step 5: /],
    ],
  },
  {
    key: 'half_close within TLS is no close_notify',
    passes: {
      argv: tlsServer('wait', { maxVersion: 'TLSv1.2' }),
      socket: true,
      dialog: [{ tls_client: {} }, { quiet: 0.1 }, { close_notify: true }, { eof: 'close_notify' }],
    },
    fails: [
      [
        { dialog: [{ tls_client: {} }, { half_close: true }, { close: true }], expect: { exit: 9 } },
        /^exit \d, wanted 9/,
      ],
    ],
  },
  {
    key: 'tls: servername',
    passes: {
      argv: tlsServer('name'),
      socket: true,
      dialog: [{ tls_client: { servername: 'mx.example' } }, { expect: 'mx.example\n' }],
    },
    fails: [
      [{ dialog: [{ tls_client: {} }, { expect: 'mx.example\n' }] }, /^step 2: wanted 'mx.example\\n', got 'none\\n'/],
    ],
  },
  {
    key: 'tls: cert of a client',
    passes: {
      argv: tlsServer('peer', { requestCert: true, rejectUnauthorized: false }),
      socket: true,
      dialog: [{ tls_client: { cert: 'client.pem' } }, { expect: 'client.example\n' }, { eof: 'close_notify' }],
    },
    fails: [[{ dialog: [{ tls_client: {} }, { expect: 'client.example\n' }] }, /^step 2: .* got 'none\\n'/]],
  },
  {
    key: 'tls: ca and peer of a client',
    passes: {
      argv: tlsServer('end'),
      socket: true,
      dialog: [{ tls_client: { ca: 'ca.pem', peer: 'mx.example' } }, { expect: 'bye' }],
    },
    fails: [
      [{ dialog: [{ tls_client: { ca: 'ca2.pem' } }] }, /^step 1: TLS handshake failed: /],
      [{ dialog: [{ tls_client: { ca: 'ca.pem', peer: 'x' } }] }, /^step 1: peer certificate of mx.example, wanted x/],
    ],
  },
  {
    key: 'tls_server, sni',
    passes: {
      argv: tlsClient('peer', { servername: 'mx.example' }),
      socket: true,
      dialog: [
        { tls_server: { cert: 'mx.pem', sni: 'mx.example' } },
        { expect: 'mx.example\n' },
        { eof: 'close_notify' },
      ],
    },
    fails: [
      [{ dialog: [{ tls_server: { cert: 'mx.pem', sni: 'other.example' } }] }, /^step 1: SNI was mx.example/],
      [{ dialog: [{ tls_server: { cert: 'mx.pem', sni: null } }] }, /^step 1: SNI was mx.example/],
      [
        { dialog: [{ tls_server: { cert: 'other.pem' } }, { expect: 'mx.example\n' }] },
        /^step 2: .*got 'other.example\\n'/,
      ],
    ],
  },
  {
    key: 'tls: sni null',
    passes: {
      argv: tlsClient('end'),
      socket: true,
      dialog: [{ tls_server: { cert: 'mx.pem', sni: null } }, { expect: 'bye' }],
    },
    fails: [[{ argv: tlsClient('end', { servername: 'a.example' }) }, /^step 1: SNI was a.example/]],
  },
  {
    key: 'tls: ca and peer of a server',
    passes: {
      argv: tlsClient('end', { cert: 'client.pem', key: 'client.pem' }),
      socket: true,
      dialog: [{ tls_server: { cert: 'mx.pem', ca: 'ca.pem', peer: 'client.example' } }, { expect: 'bye' }],
    },
    fails: [
      [{ argv: tlsClient('end') }, /^step 1: TLS handshake failed: /],
      [{ argv: tlsClient('end', { cert: 'stranger.pem', key: 'stranger.pem' }) }, /^step 1: TLS handshake failed: /],
      [
        { argv: tlsClient('end', { cert: 'other.pem', key: 'other.pem' }) },
        /^step 1: peer certificate of other.example, wanted/,
      ],
    ],
  },
  {
    key: 'tls: optional, peer null',
    passes: {
      argv: tlsClient('end'),
      socket: true,
      dialog: [{ tls_server: { cert: 'mx.pem', ca: 'ca.pem', optional: true, peer: null } }, { expect: 'bye' }],
    },
    fails: [
      [
        { argv: tlsClient('end', { cert: 'client.pem', key: 'client.pem' }) },
        /^step 1: peer certificate of client.example/,
      ],
      [{ argv: tlsClient('end', { cert: 'stranger.pem', key: 'stranger.pem' }) }, /^step 1: TLS handshake failed: /],
    ],
  },
  {
    key: 'tls: max and version',
    passes: {
      argv: tlsServer('end'),
      socket: true,
      dialog: [{ tls_client: { max: 'TLSv1.2', version: 'TLSv1.2' } }, { expect: 'bye' }],
    },
    fails: [
      [{ dialog: [{ tls_client: { version: 'TLSv1.2' } }] }, /^step 1: TLS version TLSv1.3/],
      [{ dialog: [{ tls_client: { max: 'TLSv1.1' } }] }, /^step 1: TLS handshake failed: /],
    ],
  },
  {
    key: 'tls: min',
    passes: { argv: tlsServer('end'), socket: true, dialog: [{ tls_client: { min: 'TLSv1.3' } }, { expect: 'bye' }] },
    fails: [[{ argv: tlsServer('end', { maxVersion: 'TLSv1.2' }) }, /^step 1: TLS handshake failed: /]],
  },
  {
    key: 'tls: old versions',
    passes: {
      argv: tlsServer('end', { minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' }),
      socket: true,
      dialog: [{ tls_client: { max: 'TLSv1.1', version: 'TLSv1.1' } }, { expect: 'bye' }],
    },
    fails: [[{ argv: tlsServer('end') }, /^step 1: TLS handshake failed: /]],
  },
  {
    key: 'tls: ciphers, which leave TLS 1.3 as it is',
    passes: {
      argv: tlsServer('cipher'),
      socket: true,
      dialog: [
        { tls_client: { max: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' } },
        { expect: 'ECDHE-ECDSA-AES128-GCM-SHA256\n' },
      ],
    },
    fails: [
      [{ dialog: [{ tls_client: { max: 'TLSv1.2', ciphers: 'AES128-SHA' } }] }, /^step 1: TLS handshake failed: /],
      [
        { dialog: [{ tls_client: { ciphers: 'AES128-SHA', version: 'TLSv1.3' } }, { expect: 'AES128-SHA' }] },
        /^step 2: .*got 'TLS_/,
      ],
    ],
  },
  {
    key: 'tls: fail',
    passes: {
      argv: tlsServer('end', { minVersion: 'TLSv1.3' }),
      socket: true,
      dialog: [{ tls_client: { max: 'TLSv1.2', fail: true } }, { eof: true }],
    },
    fails: [
      [{ argv: tlsServer('end') }, /^step 1: TLS handshake worked/],
      [{ argv: tlsServer('wait'), timeout: 1 }, /^step 1: TLS handshake worked/],
    ],
  },
  {
    key: 'tls: fail, after our side is done',
    passes: {
      argv: tlsServer('end', { requestCert: true, rejectUnauthorized: true, ca: 'ca.pem' }),
      socket: true,
      dialog: [{ tls_client: { fail: true } }],
    },
    fails: [[{ dialog: [{ tls_client: { fail: true, cert: 'client.pem' } }] }, /^step 1: TLS handshake worked/]],
  },
  {
    key: 'tls: fail for a reason',
    passes: {
      argv: tlsServer('end', { minVersion: 'TLSv1.3' }),
      socket: true,
      dialog: [{ tls_client: { max: 'TLSv1.2', fail: '(?i)alert.protocol.version' } }],
    },
    fails: [
      [
        { dialog: [{ tls_client: { max: 'TLSv1.2', fail: 'bad certificate' } }] },
        /^step 1: TLS handshake failed with .*wanted bad/,
      ],
    ],
  },
]

/** Connects to each port in turn, in pieces of HOST:PORT, sends its name and shows what comes, or why nothing does. */
const caller = `
const net = require('net')
const next = ([at, ...rest]) => {
  if (!at) return
  const [host, port] = at.split('/')
  const s = net.connect(port, host, () => s.write('hello\\n'))
  s.on('data', (d) => process.stdout.write(d)).on('error', (e) => console.log(e.code))
  s.on('close', () => next(rest))
}
next(process.argv.slice(1))
`
const servers: readonly Pair[] = [
  {
    key: 'servers: one dialog a connection, then no more',
    passes: {
      argv: node(caller, '127.0.0.1/{PORT:a}', '127.0.0.1/{PORT:a}', '127.0.0.2/{PORT:b}', '127.0.0.1/{PORT:a}'),
      servers: {
        a: {
          listen: '127.0.0.1',
          dialogs: [
            [{ send: '1\n' }, { expect: 'hello\n' }],
            [{ expect: 'hello\n' }, { send: '2\n' }],
          ],
        },
        b: { listen: '127.0.0.2', dialogs: [[{ expect_re: 'hello' }, { send: 'b {PORT:b}\n' }]] },
      },
      expect: { stdout_re: '^1\n2\nb \\d+\nECONNREFUSED\n$' },
    },
    fails: [
      [{ argv: node(caller, '127.0.0.1/{PORT:a}', '127.0.0.2/{PORT:b}') }, /^server a: 1 of 2 conversations/],
      [
        {
          servers: {
            a: { listen: '127.0.0.1', dialogs: [[{ expect: 'hello\n' }, { send: '1\n' }], [{ expect: 'hallo\n' }]] },
            b: { listen: '127.0.0.2', dialogs: [] },
          },
        },
        /^server a: step 1: wanted 'hallo\\n', got 'hello\\n'/,
      ],
    ],
  },
  {
    key: 'servers: port',
    passes: {
      argv: node(caller, '127.0.0.3/12600'),
      servers: { a: { listen: '127.0.0.3', port: 12600, dialogs: [[{ expect: 'hello\n' }, { send: '{PORT:a}\n' }]] } },
      expect: { stdout: '12600\n' },
    },
    fails: [[{ servers: { a: { listen: '127.0.0.3', dialogs: [[]] } } }, /^server a: /]],
  },
  {
    key: 'servers: tls_server',
    passes: {
      argv: node(
        `require('tls').connect({ port: +process.argv[1], rejectUnauthorized: false }).pipe(process.stdout)`,
        '{PORT:a}',
      ),
      servers: {
        a: {
          listen: '127.0.0.1',
          dialogs: [[{ tls_server: { cert: 'mx.pem' } }, { send: 'secret' }, { close_notify: true }]],
        },
      },
      expect: { stdout: 'secret' },
    },
    fails: [[{ argv: node(caller, '127.0.0.1/{PORT:a}') }, /^server a: step 1: TLS handshake failed/]],
  },
  {
    key: 'servers: a name that is none',
    passes: { argv: sh('exit 0') },
    fails: [[{ argv: sh('echo {PORT:b}') }, /./]],
  },
]

/** Answers each line of each connection; on stderr it tells of their ends. */
const listener = `
const net = require('net')
let open = 0
const waiting = []
const server = net.createServer({ allowHalfOpen: true }, (s) => {
  open++
  s.on('error', () => {})
  s.on('data', (d) => {
    const word = d.toString().trim()
    if (word === 'who') s.write(s.remoteAddress + ' ' + s.localAddress + '\\n')
    else if (word === 'both') {
      waiting.push(s)
      if (waiting.length === 2) for (const w of waiting) w.write('both\\n')
    } else if (word === 'quit') process.exit(4)
    else s.write(d)
  })
  s.on('end', () => s.end())
  s.on('close', () => setTimeout(() => console.error('end ' + --open), 100))
})
process.on('SIGTERM', () => process.exit(0)).on('SIGINT', () => process.exit(2))
setTimeout(() => server.listen(+process.argv[1], '0.0.0.0'), 100)
`
const connections: readonly Pair[] = [
  {
    key: 'channel: connect, dialogs, from, to, until',
    passes: {
      argv: node(listener, '{PORT:self}'),
      channel: 'connect',
      dialogs: [
        [...echo, { half_close: true }, { eof: true }],
        { from: '127.0.0.7', to: '127.0.0.5', steps: [{ send: 'who\n' }, { expect: '127.0.0.7 127.0.0.5\n' }] },
      ],
      until: '(end.*\n){2}',
      expect: { exit: 0 },
    },
    fails: [
      [{ dialogs: [[{ send: 'a' }, { expect: 'b' }]], until: 'end' }, /^conversation 1: step 2: wanted 'b', got 'a'/],
      [
        { dialogs: [echo, [{ send: 'who\n' }, { expect: 'x' }]] },
        /^conversation 2: step 2: wanted 'x', got '127.0.0.1 127.0.0.1/,
      ],
      [{ until: 'never', timeout: 1 }, /^stderr never was like 'never'; still running/],
      [{ argv: sh('exit 1') }, /^conversation 1: the program has ended; conversation 2: the program has ended/],
    ],
  },
  {
    key: 'together',
    passes: {
      argv: node(listener, '{PORT:self}'),
      channel: 'connect',
      together: true,
      dialogs: [
        [{ send: 'both\n' }, { expect: 'both\n' }],
        [{ send: 'both\n' }, { expect: 'both\n' }],
      ],
    },
    fails: [[{ together: false, timeout: 1 }, /^conversation 1: step 2: timed out/]],
  },
  {
    key: 'stop',
    passes: {
      argv: node(listener, '{PORT:self}'),
      channel: 'connect',
      dialogs: [echo],
      stop: 'INT',
      expect: { exit: 2 },
    },
    fails: [
      [{ stop: 'TERM' }, /^exit 0, wanted 2/],
      [{ stop: 'none', timeout: 1 }, /^still running after 1s/],
    ],
  },
  {
    key: 'stop: none',
    passes: {
      argv: node(listener, '{PORT:self}'),
      channel: 'connect',
      dialogs: [[{ send: 'quit\n' }, { eof: true }]],
      stop: 'none',
      expect: { exit: 4 },
    },
    fails: [[{ dialogs: [echo], timeout: 1 }, /^still running/]],
  },
]

/** Asks for one type of one name and shows the answer. */
const resolver = `
const { Resolver } = require('dns').promises
const r = new Resolver({ timeout: 300, tries: 1 })
r.setServers([process.env.DNSCACHEIP])
r.resolve(process.argv[1], process.argv[2]).then((a) => console.log(JSON.stringify(a)), (e) => console.log(e.code))
`
const long = Array.from({ length: 12 }, (_, i) => String.fromCharCode(97 + i).repeat(255))
const dns: readonly Pair[] = [
  {
    key: 'dns: A, names folded',
    passes: {
      argv: node(resolver, 'A.Example', 'A'),
      dns: { 'a.EXAMPLE.': { A: ['192.0.2.1', '192.0.2.2'] } },
      expect: { stdout_re: '^\\["192.0.2.[12]","192.0.2.[12]"\\]\n$' },
    },
    fails: [
      [{ dns: { 'b.example': { A: ['192.0.2.1'] } } }, /^stdout 'ENOTFOUND/],
      [{ dns: { 'a.example': { AAAA: ['::1'] } } }, /^stdout 'ENODATA/],
      [{ dns: { 'x.a.example': { A: ['192.0.2.1'] } } }, /^stdout 'ENODATA/],
    ],
  },
  {
    key: 'dns: AAAA',
    passes: {
      argv: node(resolver, 'a.example', 'AAAA'),
      dns: { 'a.example': { AAAA: ['2001:db8::1:0:2'] } },
      expect: { stdout: '["2001:db8::1:0:2"]\n' },
    },
    fails: [[{ dns: { 'a.example': { AAAA: ['::ffff:192.0.2.1'] } } }, /^stdout '\["::ffff:192.0.2.1"\]/]],
  },
  {
    key: 'dns: MX through CNAME',
    passes: {
      argv: node(resolver, 'a.example', 'MX'),
      dns: { 'a.example': { CNAME: 'b.example' }, 'b.example': { MX: [[10, 'mx.example']] } },
      expect: { stdout: '[{"exchange":"mx.example","priority":10}]\n' },
    },
    fails: [[{ dns: { 'a.example': { CNAME: 'c.example' } } }, /^stdout '\[\]/]],
  },
  {
    key: 'dns: CNAME itself, PTR',
    passes: {
      argv: node(resolver, 'a.example', 'CNAME'),
      dns: { 'a.example': { CNAME: 'b.example' } },
      expect: { stdout: '["b.example"]\n' },
    },
    fails: [
      [
        {
          argv: node(resolver, '1.2.0.192.in-addr.arpa', 'PTR'),
          dns: { '1.2.0.192.in-addr.arpa': { PTR: ['p.example'] } },
        },
        /^stdout '\["p.example"\]\\n', wanted/,
      ],
    ],
  },
  {
    key: 'dns: TXT in several strings, too long for UDP',
    passes: {
      argv: node(resolver, 'a.example', 'TXT'),
      dns: { 'a.example': { TXT: ['x', long] } },
      expect: { stdout: `${JSON.stringify([['x'], long])}\n` },
    },
    fails: [[{ dns: { 'a.example': { TXT: ['x', long.join('')] } }, expect: { stdout: '[["x"]]\n' } }, /^stdout/]],
  },
  {
    key: 'dns: SERVFAIL, for all or one type',
    passes: {
      argv: node(resolver, 'a.example', 'A'),
      dns: { 'a.example': { SERVFAIL: ['A'], MX: [[1, 'b.example']] } },
      expect: { stdout: 'ESERVFAIL\n' },
    },
    fails: [
      [{ argv: node(resolver, 'a.example', 'MX') }, /^stdout '\[/],
      [
        { argv: node(resolver, 'a.example', 'MX'), dns: { 'a.example': 'SERVFAIL' }, expect: { stdout: '' } },
        /^stdout 'ESERVFAIL/,
      ],
    ],
  },
  {
    key: 'dns: TIMEOUT, for all or one type',
    passes: {
      argv: node(resolver, 'a.example', 'A'),
      dns: { 'a.example': 'TIMEOUT' },
      expect: { stdout: 'ETIMEOUT\n' },
    },
    fails: [[{ dns: { 'a.example': { TIMEOUT: ['MX'], A: ['192.0.2.1'] } } }, /^stdout '\["192/]],
  },
  {
    key: 'dns: DNSCACHEIP only with a zone',
    passes: { argv: sh('echo $DNSCACHEIP'), dns: {}, expect: { stdout: '{DNS}\n' } },
    fails: [[{ argv: sh('echo $DNSCACHEIP 1') }, /^stdout '127.0.0.1:\d+ 1\\n', wanted/]],
  },
]

export const PAIRS: readonly Pair[] = [
  ...files,
  ...expectations,
  ...dialogs,
  ...tls,
  ...servers,
  ...connections,
  ...dns,
]
