/** An SMTP server for the sending side: PIPELINING, and every answer takes as many milliseconds as argv says. */
import { createServer } from 'node:net'

const delay = Number(process.argv[2] ?? '0')

const server = createServer({ noDelay: true }, (socket) => {
  let rest = ''
  let inData = false
  // A timer takes a millisecond at least.
  const answer = (text: string) => (delay === 0 ? socket.write(text) : setTimeout(() => socket.write(text), delay))
  answer('220 bench.example ESMTP\r\n')
  socket.on('error', () => undefined)
  socket.on('data', (data) => {
    rest += data.toString('latin1')
    let replies = ''
    for (let at = rest.indexOf('\r\n'); at >= 0; at = rest.indexOf('\r\n')) {
      const line = rest.slice(0, at)
      rest = rest.slice(at + 2)
      if (inData) {
        if (line !== '.') continue
        inData = false
        replies += '250 ok\r\n'
      } else if (line.startsWith('EHLO')) replies += '250-bench.example\r\n250 PIPELINING\r\n'
      else if (line === 'DATA') {
        inData = true
        replies += '354 go\r\n'
      } else if (line === 'QUIT') {
        socket.end(replies)
        return
      } else replies += '250 ok\r\n'
    }
    if (replies !== '') answer(replies)
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`${typeof address === 'object' && address !== null ? address.port : 0}\n`)
})
