/** An SMTP server that swallows one message from descriptor 6 and answers on 7, as fast as it can. */
import { sys } from '../packages/unix/src/index.ts'

const buffer = new Uint8Array(1 << 18)
const say = (reply: string) => sys.write(7, Buffer.from(`${reply}\r\n`), 0, reply.length + 2)

say('220 sink.example')
let line = ''
let inData = false
let tail = ''
for (;;) {
  const n = sys.read(6, buffer, 0, buffer.length)
  if (n <= 0) break
  if (inData) {
    tail = (tail + Buffer.from(buffer.buffer, Math.max(0, n - 5), Math.min(5, n)).toString('latin1')).slice(-5)
    if (tail === '\r\n.\r\n') {
      say('250 ok')
      inData = false
    }
    continue
  }
  line += Buffer.from(buffer.buffer, 0, n).toString('latin1')
  for (let at = line.indexOf('\r\n'); at >= 0; at = line.indexOf('\r\n')) {
    const verb = line.slice(0, 4)
    line = line.slice(at + 2)
    say(verb === 'DATA' ? '354 go ahead' : verb === 'QUIT' ? '221 bye' : '250 ok')
    inData = verb === 'DATA'
    tail = ''
  }
}
sys.exit(0)
