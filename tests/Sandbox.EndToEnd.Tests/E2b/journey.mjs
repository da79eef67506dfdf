// The life of a sandbox by the unmodified SDK of E2B, which takes where to go from its environment.
import assert from 'node:assert/strict'
import { Sandbox, CommandExitError, FileNotFoundError, NotFoundError } from 'e2b'

const run = `run ${process.pid} & more`

// Completes when the predicate holds of what was reported so far.
function collector() {
  const seen = []
  let wanted = null
  const look = () => { if (wanted?.holds(seen)) wanted.resolve(seen) }
  return {
    add: (item) => { seen.push(item); look() },
    until: (holds) => new Promise((resolve) => { wanted = { holds, resolve }; look() }),
  }
}

async function step(name, body) {
  await body()
  console.log(`done: ${name}`)
}

const sandbox = await Sandbox.create({ metadata: { run }, envs: { GREETING: 'hello' }, timeoutMs: 300_000 })
assert.match(sandbox.sandboxId, /^[a-z0-9]+$/)

try {
  await step('commands', async () => {
    const result = await sandbox.commands.run('echo $GREETING; whoami; pwd; echo $E2B_SANDBOX; echo problem >&2')
    assert.equal(result.stdout, 'hello\nuser\n/home/user\ntrue\n')
    assert.equal(result.stderr, 'problem\n')
    assert.equal((await sandbox.commands.run('whoami', { user: 'root' })).stdout, 'root\n')
    await assert.rejects(sandbox.commands.run('exit 3'), (error) => error instanceof CommandExitError && error.exitCode === 3)
  })

  await step('background processes', async () => {
    const output = collector()
    const process = await sandbox.commands.run('read line; echo "got $line"; sleep 600', {
      background: true, stdin: true, onStdout: output.add,
    })
    assert.ok((await sandbox.commands.list()).some((one) => one.pid === process.pid), 'the process is listed')
    await sandbox.commands.sendStdin(process.pid, 'a line\n')
    await output.until((seen) => seen.join('').includes('got a line'))
    const again = await sandbox.commands.connect(process.pid)
    assert.equal(await sandbox.commands.kill(process.pid), true)
    await assert.rejects(again.wait(), CommandExitError)
    assert.equal(await sandbox.commands.kill(process.pid), false)
  })

  await step('pty', async () => {
    const output = collector()
    const text = new TextDecoder()
    const terminal = await sandbox.pty.create({ cols: 80, rows: 24, onData: (data) => output.add(text.decode(data)) })
    await sandbox.pty.resize(terminal.pid, { cols: 100, rows: 30 })
    await sandbox.pty.sendInput(terminal.pid, new TextEncoder().encode('stty size; echo $((40+2)); exit\n'))
    await output.until((seen) => seen.join('').includes('30 100') && seen.join('').includes('42'))
    await terminal.wait()
  })

  await step('files', async () => {
    const written = await sandbox.files.write('folder/a.txt', 'first\n')
    assert.equal(written.path, '/home/user/folder/a.txt')
    assert.equal(await sandbox.files.read('/home/user/folder/a.txt'), 'first\n')
    await sandbox.files.write([{ path: 'folder/b.bin', data: new Uint8Array([0, 255, 10]).buffer }, { path: 'folder/c', data: '' }])
    assert.deepEqual([...await sandbox.files.read('folder/b.bin', { format: 'bytes' })], [0, 255, 10])
    assert.equal(await sandbox.files.read('folder/c'), '')
    assert.deepEqual((await sandbox.files.list('folder')).map((entry) => entry.name).sort(), ['a.txt', 'b.bin', 'c'])
    const info = await sandbox.files.getInfo('folder/a.txt')
    assert.deepEqual([info.type, info.size, info.owner], ['file', 6, 'user'])
    assert.equal(await sandbox.files.makeDir('folder/deep/er'), true)
    assert.equal(await sandbox.files.makeDir('folder/deep'), false)
    assert.equal((await sandbox.files.rename('folder/c', 'folder/deep/c')).path, '/home/user/folder/deep/c')
    assert.equal(await sandbox.files.exists('folder/c'), false)
    await sandbox.files.remove('folder/deep')
    assert.equal(await sandbox.files.exists('folder/deep'), false)
    await assert.rejects(
      sandbox.files.read('folder/none'), (error) => error instanceof NotFoundError || error instanceof FileNotFoundError)
  })

  await step('watch', async () => {
    const events = collector()
    const watch = await sandbox.files.watchDir('folder', events.add, { recursive: true })
    await sandbox.files.write('folder/inner/new.txt', 'x')
    await sandbox.files.write('folder/seen.txt', 'x')
    await events.until((seen) => seen.some((event) => event.name === 'seen.txt' && event.type === 'create'))
    await watch.stop()
  })

  await step('list and info', async () => {
    const page = await Sandbox.list({ query: { metadata: { run }, state: ['running'] } }).nextItems()
    assert.deepEqual(page.map((one) => one.sandboxId), [sandbox.sandboxId])
    assert.deepEqual(page[0].metadata, { run })
    const none = await Sandbox.list({ query: { metadata: { run: run + '!' } } }).nextItems()
    assert.deepEqual(none, [])
    const info = await sandbox.getInfo()
    assert.deepEqual([info.sandboxId, info.templateId, info.state], [sandbox.sandboxId, 'base', 'running'])
  })

  await step('timeout', async () => {
    const before = (await sandbox.getInfo()).endAt
    await sandbox.setTimeout(3_600_000)
    const after = (await sandbox.getInfo()).endAt
    assert.ok(after > before, 'a longer timeout ends later')
    const connected = await Sandbox.connect(sandbox.sandboxId, { timeoutMs: 10_000 })
    assert.deepEqual((await sandbox.getInfo()).endAt, after, 'to connect never shortens it')
    assert.equal((await connected.commands.run('echo again')).stdout, 'again\n')
  })

  await step('metrics', async () => {
    const [sample] = await sandbox.getMetrics()
    assert.ok(sample.memTotal > 0 && sample.memUsed > 0 && sample.cpuCount > 0, JSON.stringify(sample))
  })
} finally {
  assert.equal(await sandbox.kill(), true)
}

await step('kill', async () => {
  assert.equal(await sandbox.isRunning(), false)
  assert.equal(await Sandbox.kill(sandbox.sandboxId), false)
  await assert.rejects(Sandbox.getInfo(sandbox.sandboxId), NotFoundError)
})
console.log('the journey is complete')
