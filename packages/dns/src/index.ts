/** Names and addresses of hosts, and whatever else the DNS knows of them. */
export * from './address.ts'
export * from './answer.ts'
export { encodeName, sameName } from './name.ts'
export { type Server, serversFrom } from './servers.ts'
export { type Stub, type StubOptions, stubResolver, systemServers } from './stub.ts'
