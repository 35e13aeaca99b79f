/** The table of control files: who reads each, what is in it, and what holds without it. Pure. */

/** What a file holds, and so how it is shown and checked: see forms.ts. */
export type Form =
  /** One value: the first line. */
  | 'line'
  | 'number'
  /** One value: the path of a file or directory. */
  | 'path'
  /** One value: an IP address. */
  | 'address'
  /** One entry a line, without empty lines and comments. */
  | 'list'
  | 'addresses'
  /** Regular expressions, perhaps behind `!`. */
  | 'patterns'
  /** `key:value`. */
  | 'pairs'
  /** `key:relay:port|user|password`. */
  | 'routes'
  /** `domain:keyfile:NAME=VALUE,...`. */
  | 'keys'
  /** Rules for hosts. */
  | 'rules'
  /** Plugins, in sections. */
  | 'plugins'
  /** Nothing of it is shown, and nobody else may read it. */
  | 'secrets'
  /** `name:hash:uid:gid:home:shell`. */
  | 'users'
  /** Certificates, perhaps with a key. */
  | 'pem'
  /** A private key. */
  | 'key'
  /** A constant database. */
  | 'cdb'
  /** That it is there is all that counts. */
  | 'mark'

export interface Control {
  /** Below control/; `*` stands for any name. */
  readonly name: string
  readonly programs: readonly string[]
  readonly form: Form
  /** What it says; goes before `; read by`. */
  readonly about: string
  /** What holds without the file, or without a value in it. */
  readonly without: string
  /** Another file that counts then. */
  readonly fallback?: string
  /** Of numbers: the least and the greatest that mean what they say. */
  readonly range?: readonly [number, number]
  /** Of a line: what it must be. */
  readonly matches?: RegExp
}

const SECONDS = [1, 0x7fffffff] as const
const FLAG = [0, 1] as const
const HOST = /^[^\s@:/#]+$/

const SMTPD = 'qmail-smtpd'
const OFMIPD = 'qmail-ofmipd'
const AUTHUP = 'qmail-authup'
const REALRCPTTO = 'qmail-rcptcheck-realrcptto'
const QREGEX = 'qmail-rcptcheck-qregex'
const MAILDIR = 'qmail-queue-maildir'
const REMOTE = 'qmail-remote'
const SMTPC = 'qmail-smtpc'
const CLIENTS = [REMOTE, 'qmail-remote-io', SMTPC]
const SRSFORWARD = 'qmail-rfilter-srsforward'
const SRSREVERSE = 'qmail-qfilter-srsreverse'
const SRS = [SRSFORWARD, SRSREVERSE]
const DKIMSIGN = ['qmail-rfilter-dkimsign', 'qmail-qfilter-dkimsign']
const DKIMVERIFY = 'qmail-qfilter-dkimverify'
const SPF = 'qmail-spp-spf'

/** The files that programs of moreqmail read, by name. */
export const CONTROLS: readonly Control[] = [
  {
    name: 'authclear',
    programs: CLIENTS,
    form: 'number',
    range: FLAG,
    about: 'whether passwords may go to other hosts in clear',
    without: '0: they may not',
  },
  {
    name: 'authsenders',
    programs: [REMOTE],
    form: 'routes',
    about: 'where mail of a sender goes, and as whom to log in there',
    without: 'no sender has a way of its own',
  },
  {
    name: 'authservid',
    programs: [DKIMVERIFY],
    form: 'line',
    about: 'our name in Authentication-Results',
    fallback: 'me',
    without: 'localhost',
  },
  {
    name: 'badhelo',
    programs: [QREGEX],
    form: 'patterns',
    about: 'HELO names that are refused',
    without: 'none is refused',
  },
  {
    name: 'badmailfrom',
    programs: [QREGEX, SMTPD],
    form: 'list',
    about: 'senders that are refused, to qmail-rcptcheck-qregex as patterns',
    without: 'none is refused',
  },
  {
    name: 'badmailfromnorelay',
    programs: [QREGEX],
    form: 'patterns',
    about: 'senders that are refused, but for clients that may relay',
    without: 'none is refused',
  },
  {
    name: 'badmailto',
    programs: [QREGEX],
    form: 'patterns',
    about: 'recipients that are refused',
    without: 'none is refused',
  },
  {
    name: 'badmailtonorelay',
    programs: [QREGEX],
    form: 'patterns',
    about: 'recipients that are refused, but for clients that may relay',
    without: 'none is refused',
  },
  {
    name: 'badrcptto',
    programs: ['qmail-rcptcheck-badrcptto'],
    form: 'list',
    about: 'recipients and @hosts that are refused, but for clients that may relay',
    without: 'none is refused',
  },
  {
    name: 'bouncehost',
    programs: DKIMSIGN,
    form: 'line',
    matches: HOST,
    about: 'the domain that signs bounces',
    fallback: 'me',
    without: 'bounces are not signed',
  },
  {
    name: 'clientcert',
    programs: [REMOTE],
    form: 'path',
    about: 'the file of our certificate, used if clientkey names its key',
    without: 'clientcert.pem, if it is there',
  },
  {
    name: 'clientcert.pem',
    programs: [REMOTE],
    form: 'pem',
    about: 'our certificate and its key, when we send',
    without: 'no certificate is shown',
  },
  {
    name: 'clientkey',
    programs: [REMOTE],
    form: 'path',
    about: 'the file of the key of clientcert',
    without: 'clientcert.pem, if it is there',
  },
  {
    name: 'databytes',
    programs: [OFMIPD, SMTPD],
    form: 'number',
    about: 'the most bytes a message may have',
    without: '0: no limit',
  },
  {
    name: 'defaultdomain',
    programs: [OFMIPD],
    form: 'line',
    matches: HOST,
    about: 'put behind hosts without a dot',
    fallback: 'me',
    without: 'DEFAULTDOMAIN',
  },
  {
    name: 'defaulthost',
    programs: [OFMIPD],
    form: 'line',
    matches: HOST,
    about: 'put behind addresses without a host',
    fallback: 'me',
    without: 'DEFAULTHOST',
  },
  {
    name: 'dkimkeys',
    programs: DKIMSIGN,
    form: 'keys',
    about: 'the keys to sign with, by domain',
    without: 'the environment says, else domainkeys',
  },
  {
    name: 'domainkeys/*',
    programs: DKIMSIGN,
    form: 'key',
    about: 'the key to sign with for domains without one of their own',
    without: 'their mail is not signed',
  },
  {
    name: 'domainkeys/*/*',
    programs: [...DKIMSIGN, 'moreqmail-dkimkey'],
    form: 'key',
    about: 'the key to sign with for the domain that the directory names',
    without: 'the key for all domains counts',
  },
  {
    name: 'envnoathost',
    programs: [REALRCPTTO],
    form: 'line',
    matches: HOST,
    about: 'the host of a recipient without one',
    fallback: 'me',
    without: 'envnoathost',
  },
  {
    name: 'helohost',
    programs: [REMOTE, SMTPC],
    form: 'line',
    matches: HOST,
    about: 'the name we say in EHLO',
    fallback: 'me',
    without: 'nothing can be sent',
  },
  {
    name: 'idhost',
    programs: [OFMIPD],
    form: 'line',
    matches: HOST,
    about: 'the host in new Message-IDs',
    fallback: 'me',
    without: 'IDHOST',
  },
  {
    name: 'ipme',
    programs: [REMOTE],
    form: 'addresses',
    about: 'more addresses of this host',
    without: 'those of its interfaces',
  },
  {
    name: 'localiphost',
    programs: [SMTPD],
    form: 'line',
    matches: HOST,
    about: 'the name in place of our address in brackets',
    fallback: 'me',
    without: 'such recipients stay as they are',
  },
  {
    name: 'locals',
    programs: [MAILDIR, REALRCPTTO, SRSFORWARD],
    form: 'list',
    about: 'local domains',
    fallback: 'me',
    without: 'there is none',
  },
  {
    name: 'maildirs',
    programs: [MAILDIR],
    form: 'pairs',
    about: 'the Maildir of each address',
    without: 'there are no recipients',
  },
  {
    name: 'me',
    programs: [AUTHUP, OFMIPD, MAILDIR, REALRCPTTO, REMOTE, SMTPC, SMTPD, SRSFORWARD, ...DKIMSIGN, DKIMVERIFY, SPF],
    form: 'line',
    matches: HOST,
    about: 'the name of this host, default of other files',
    without: 'most programs refuse to run, unless their own file is there',
  },
  {
    name: 'morercpthosts.cdb',
    programs: [SMTPD, SRSFORWARD],
    form: 'cdb',
    about: 'more of rcpthosts, made of morercpthosts by qmail-newmrh',
    without: 'rcpthosts is all',
  },
  {
    name: 'notlshosts/*',
    programs: [REMOTE, SMTPC],
    form: 'mark',
    about: 'hosts with which TLS is not tried',
    without: 'it is tried with all that offer it',
  },
  {
    name: 'outgoingip',
    programs: [REMOTE],
    form: 'address',
    about: 'the address to connect from',
    without: "the system's choice",
  },
  {
    name: 'passwd',
    programs: ['checkpassword', 'setpassword'],
    form: 'users',
    about: 'who may log in',
    without: 'every login is deferred',
  },
  {
    name: 'passwd.lock',
    programs: ['setpassword'],
    form: 'mark',
    about: 'locked while passwd is changed',
    without: 'it is made when it is needed',
  },
  {
    name: 'percenthack',
    programs: [REALRCPTTO],
    form: 'list',
    about: 'hosts at which user%host is an address',
    without: 'there is none',
  },
  {
    name: 'plusdomain',
    programs: [OFMIPD],
    form: 'line',
    matches: HOST,
    about: 'put behind hosts that end in a plus sign',
    fallback: 'me',
    without: 'PLUSDOMAIN',
  },
  {
    name: 'pop3capabilities',
    programs: [AUTHUP],
    form: 'list',
    about: 'what CAPA shows besides STLS and USER',
    without: 'TOP and UIDL',
  },
  {
    name: 'pop3greeting',
    programs: [AUTHUP],
    form: 'line',
    about: 'the name in the POP3 greeting',
    fallback: 'me',
    without: 'qmail-authup refuses to run',
  },
  {
    name: 'rcptchecks',
    programs: ['qmail-rcptcheck'],
    form: 'list',
    about: 'the programs that check a recipient',
    without: 'all recipients are taken',
  },
  {
    name: 'rcpthosts',
    programs: [SMTPD, SRSFORWARD],
    form: 'list',
    about: 'hosts for which mail is taken',
    without: 'MAIL IS TAKEN FOR EVERYBODY, AND RELAYED',
  },
  {
    name: 'remotefilters',
    programs: ['qmail-rfilter-remote'],
    form: 'list',
    about: 'the filters for mail that goes out',
    without: 'it is not filtered',
  },
  {
    name: 'rewrite',
    programs: [OFMIPD],
    form: 'rules',
    about: 'how hosts in addresses are completed, in place of defaulthost, defaultdomain, plusdomain',
    without: 'as these three say',
  },
  {
    name: 'signatures',
    programs: ['qmail-qfilter-viruscan'],
    form: 'list',
    about: 'how attachments begin that are refused',
    without: 'everything passes',
  },
  {
    name: 'smtpcapabilities',
    programs: [AUTHUP],
    form: 'list',
    about: 'what EHLO shows before the login, besides STARTTLS and AUTH',
    without: 'PIPELINING and 8BITMIME',
  },
  {
    name: 'smtpfilters',
    programs: ['qmail-qfilter-queue'],
    form: 'list',
    about: 'the filters for mail that comes in, if QMAILQUEUEFILTERS names this file',
    without: 'QMAILQUEUEFILTERS names another file, or there are no filters',
  },
  {
    name: 'smtpgreeting',
    programs: [AUTHUP, OFMIPD, SMTPD],
    form: 'line',
    about: 'the name in the SMTP greeting',
    fallback: 'me',
    without: 'qmail-authup and qmail-smtpd refuse to run',
  },
  {
    name: 'smtpplugins',
    programs: [SMTPD],
    form: 'plugins',
    about: 'the programs that qmail-smtpd asks at each step',
    without: 'there is none',
  },
  {
    name: 'smtproutes',
    programs: [REMOTE],
    form: 'routes',
    about: 'where mail for a domain goes, in place of its MX',
    without: 'where the DNS says',
  },
  {
    name: 'smtputf8',
    programs: [...CLIENTS, OFMIPD, SMTPD],
    form: 'number',
    range: FLAG,
    about: 'whether SMTPUTF8 is spoken',
    without: '1 where mail is sent, 0 where it is received',
  },
  {
    name: 'spfbehavior',
    programs: [SPF],
    form: 'number',
    range: [0, 6],
    about: 'what happens to mail by its SPF result, from 0 (no check) to 6 (only pass is good enough)',
    without: 'a header field is added',
  },
  {
    name: 'spfexp',
    programs: [SPF],
    form: 'line',
    about: 'the explanation for a refusal, if the domain gives none',
    without: 'a link to open-spf.org',
  },
  {
    name: 'spfguess',
    programs: [SPF],
    form: 'line',
    about: 'the record for domains that have none',
    without: 'their result is none',
  },
  {
    name: 'spfrules',
    programs: [SPF],
    form: 'line',
    about: 'terms that are evaluated before the end of every record',
    without: 'there is none',
  },
  {
    name: 'srs_alwaysrewrite',
    programs: [SRSFORWARD],
    form: 'number',
    range: FLAG,
    about: 'whether our own senders are rewritten too',
    without: '0: they are not',
  },
  {
    name: 'srs_anysender',
    programs: [SRSREVERSE],
    form: 'number',
    range: FLAG,
    about: 'whether others than bounces may go to an SRS address',
    without: '0: only bounces',
  },
  {
    name: 'srs_domain',
    programs: SRS,
    form: 'line',
    matches: HOST,
    about: 'the domain of rewritten senders',
    without: 'no sender is rewritten',
  },
  {
    name: 'srs_hashlength',
    programs: SRS,
    form: 'number',
    range: [0, 27],
    about: 'how many characters of the hash are written',
    without: '4',
  },
  {
    name: 'srs_hashmin',
    programs: [SRSREVERSE],
    form: 'number',
    range: [0, 27],
    about: 'how many characters of the hash are insisted on',
    fallback: 'srs_hashlength',
    without: '4',
  },
  {
    name: 'srs_maxage',
    programs: [SRSREVERSE],
    form: 'number',
    range: [0, 1023],
    about: 'for how many days a rewritten sender is good',
    without: '21',
  },
  {
    name: 'srs_secrets',
    programs: SRS,
    form: 'secrets',
    about: 'what rewritten senders are signed with; the first signs, all verify',
    without: 'with srs_domain, mail is deferred',
  },
  {
    name: 'srs_separator',
    programs: [SRSFORWARD],
    form: 'line',
    matches: /^[-+=]/,
    about: 'the character behind SRS0 and SRS1',
    without: '=',
  },
  {
    name: 'timeoutconnect',
    programs: [REMOTE],
    form: 'number',
    about: 'seconds to wait for a connection, 0: as long as the system does',
    without: '60',
  },
  {
    name: 'timeoutdns',
    programs: [REMOTE],
    form: 'number',
    about: 'seconds for all that is asked of the DNS, 0: 20 for each question',
    without: '0',
  },
  {
    name: 'timeoutpop3d',
    programs: [AUTHUP],
    form: 'number',
    range: SECONDS,
    about: 'seconds to wait for a POP3 client',
    without: '1200',
  },
  {
    name: 'timeoutremote',
    programs: [REMOTE, SMTPC],
    form: 'number',
    about: 'seconds to wait for a server, 0: without limit',
    without: '1200',
  },
  {
    name: 'timeoutsmtpd',
    programs: [AUTHUP, OFMIPD, SMTPD],
    form: 'number',
    range: SECONDS,
    about: 'seconds to wait for an SMTP client',
    without: '1200',
  },
  {
    name: 'tlsclient',
    programs: [REMOTE],
    form: 'list',
    about: 'the program that speaks TLS',
    without: 'tlsc, as qmail-remote(8) says',
  },
  {
    name: 'tlsclientciphers',
    programs: [REMOTE],
    form: 'list',
    about: 'ciphers to offer',
    without: "those of the TLS program's choice",
  },
  {
    name: 'tlshosts/*.pem',
    programs: [REMOTE, SMTPC],
    form: 'pem',
    about: 'what the certificate of that host is verified with: no mail goes there in clear',
    without: 'tlsstrictness says',
  },
  {
    name: 'tlshosts/exhaustivelist',
    programs: [REMOTE, SMTPC],
    form: 'mark',
    about: 'if it is there, TLS is tried with the hosts in tlshosts only',
    without: 'it is tried with all that offer it',
  },
  {
    name: 'tlsstrictness',
    programs: [REMOTE, SMTPC],
    form: 'number',
    range: [0, 2],
    about: '0: TLS where it works, 1: servers that have it first, 2: TLS with a good certificate or not at all',
    without: '0',
  },
  {
    name: 'trustanchors',
    programs: [REMOTE, SMTPC],
    form: 'path',
    about: 'what certificates are verified with: a file, or a directory if it ends in a slash',
    without: 'they are not verified',
  },
  {
    name: 'ucspiclient',
    programs: [REMOTE],
    form: 'list',
    about: 'the program that connects',
    without: 'qmail-remote itself',
  },
  {
    name: 'virtualdomains',
    programs: [REALRCPTTO, SRSFORWARD],
    form: 'pairs',
    about: 'virtual users and domains',
    without: 'there is none',
  },
]

const QMAIL_SEND = ['qmail-send']
const TLS_PATCH = ['servers with the TLS patch']

/** Files that others read, or that programs are told of by the environment: shown if they are there. */
export const OTHERS: readonly Control[] = [
  { name: 'bouncefrom', programs: QMAIL_SEND, form: 'line', about: 'who bounces come from', without: '' },
  {
    name: 'clientca.pem',
    programs: TLS_PATCH,
    form: 'pem',
    about: 'whose certificates let clients relay',
    without: '',
  },
  {
    name: 'concurrencyincoming',
    programs: ['run scripts'],
    form: 'number',
    about: 'connections at a time',
    without: '',
  },
  { name: 'concurrencylocal', programs: QMAIL_SEND, form: 'number', about: 'local deliveries at a time', without: '' },
  {
    name: 'concurrencyremote',
    programs: QMAIL_SEND,
    form: 'number',
    about: 'remote deliveries at a time',
    without: '',
  },
  {
    name: 'defaultdelivery',
    programs: ['run scripts'],
    form: 'list',
    about: 'deliveries without a .qmail',
    without: '',
  },
  { name: 'dh1024.pem', programs: TLS_PATCH, form: 'mark', about: 'Diffie-Hellman parameters', without: '' },
  {
    name: 'dh2048.pem',
    programs: TLS_PATCH,
    form: 'mark',
    about: 'parameters that update_tmprsadh makes',
    without: '',
  },
  { name: 'dh512.pem', programs: TLS_PATCH, form: 'mark', about: 'Diffie-Hellman parameters', without: '' },
  { name: 'doublebouncehost', programs: QMAIL_SEND, form: 'line', about: 'where double bounces go', without: '' },
  { name: 'doublebounceto', programs: QMAIL_SEND, form: 'line', about: 'to whom double bounces go', without: '' },
  {
    name: 'morercpthosts',
    programs: ['qmail-newmrh'],
    form: 'list',
    about: 'what morercpthosts.cdb is made of',
    without: '',
  },
  { name: 'passwd.new', programs: ['setpassword'], form: 'mark', about: 'left by one that was killed', without: '' },
  { name: 'qmqpservers', programs: ['qmail-qmqpc'], form: 'list', about: 'where mail is queued', without: '' },
  { name: 'queuelifetime', programs: QMAIL_SEND, form: 'number', about: 'seconds before mail bounces', without: '' },
  { name: 'rsa2048.pem', programs: TLS_PATCH, form: 'pem', about: 'a key that update_tmprsadh makes', without: '' },
  { name: 'rsa512.pem', programs: TLS_PATCH, form: 'pem', about: 'a temporary key', without: '' },
  {
    name: 'servercert.pem',
    programs: ['sslserver, ucspitlsd, tlsd, told by CERTFILE'],
    form: 'pem',
    about: 'our certificate and its key, when we receive',
    without: '',
  },
  {
    name: 'serverkey.pem',
    programs: ['sslserver, ucspitlsd, tlsd, told by KEYFILE'],
    form: 'pem',
    about: 'its key',
    without: '',
  },
  { name: 'tlsclients', programs: TLS_PATCH, form: 'list', about: 'clients that may relay', without: '' },
  { name: 'tlsserverciphers', programs: TLS_PATCH, form: 'list', about: 'ciphers to offer', without: '' },
]
