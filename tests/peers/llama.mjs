// One measurement of llama.cpp in a process of its own, so that memory is that of one model:
//   node llama.mjs MODEL.gguf THREADS decode N,N,...     milliseconds a token behind N tokens, greedy, mean of 64
//   node llama.mjs MODEL.gguf THREADS prefill N,N,...    milliseconds to read the first N tokens, in batches of 512
//   node llama.mjs MODEL.gguf THREADS memory N           bytes that the process gains with a context of N tokens (allocated at once)
// Prints one JSON object. NODE_PACKAGES names the folder that node-llama-cpp was installed in.
import {createRequire} from 'node:module';
import {pathToFileURL} from 'node:url';

const [path, threads, what, lengths] = process.argv.slice(2);
const require = createRequire(process.env.NODE_PACKAGES + '/');
const {getLlama} = await import(pathToFileURL(require.resolve('node-llama-cpp')));

const llama = await getLlama({gpu: false, build: 'never', logLevel: 'error', maxThreads: Number(threads), progressLogs: false});
const model = await llama.loadModel({modelPath: path});
const sizes = lengths.split(',').map(Number);
const longest = Math.max(...sizes) + 128;

// As `catena bench prefill` does: with one thread the processor's time, which other programs lengthen least.
const now = () => {
  if (Number(threads) > 1) return performance.now();
  const {user, system} = process.cpuUsage();
  return (user + system) / 1000;
};
const token = i => 259 + i * 7919 % 7900;

const before = process.memoryUsage().rss;
const context = await model.createContext({contextSize: longest, batchSize: 512, threads: Number(threads), sequences: 1});
const sequence = context.getSequence();
const result = {};
let read = 0;
async function readUntil(length) {
  const tokens = [];
  for (; read < length; ++read) tokens.push(token(read));
  if (tokens.length > 0) await sequence.evaluateWithoutGeneratingNewTokens(tokens);
}

if (what === 'decode') {
  for (const size of sizes) {
    await readUntil(size);
    let tokens = 0, start = 0;
    for await (const next of sequence.evaluate([token(read)], {temperature: 0})) {
      if (tokens === 0) start = now();  // the first one reads the given token as well
      if (++tokens > 64) break;
    }
    result[size] = (now() - start) / 64;
    read = sequence.nextTokenIndex;
  }
} else if (what === 'prefill') {
  const start = now();
  for (const size of sizes) {
    await readUntil(size);
    result[size] = now() - start;
  }
} else {
  await readUntil(512);
  result[sizes[0]] = process.memoryUsage().rss - before;
}
console.log(JSON.stringify(result));
await llama.dispose();
