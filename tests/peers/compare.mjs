#!/usr/bin/env node
// The streaming runtime beside llama.cpp on this machine: same-size Llama (Q8_0) and Mamba (Q8_0), in turns, medians.
//   node tests/peers/compare.mjs [--catena build/catena] [--model FOLDER] [--folder build/peers] [--rounds 5] [--threads 1]
//                                [--longest 32768]
// Fetches node-llama-cpp, which holds llama.cpp's libraries ready built, into the folder. One JSON object a figure.
import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, readFileSync} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {writeLlama, writeMamba} from './gguf.mjs';

const version = '3.22.1';
const here = dirname(fileURLToPath(import.meta.url)), root = resolve(here, '../..');
const models = join(root, 'assets/models');
const shipped = readdirSync(models).find(name => name.startsWith('catena-text-'));
const {values: options} = parseArgs({
  options: {
    catena: {type: 'string', default: join(root, 'build/catena')},
    model: {type: 'string', default: join(models, shipped)},
    folder: {type: 'string', default: join(root, 'build/peers')},
    rounds: {type: 'string', default: '5'},
    threads: {type: 'string', default: '1'},
    longest: {type: 'string', default: '32768'}
  }
});
const folder = resolve(options.folder), threads = options.threads, longest = Number(options.longest);

function fail(message) {
  console.error(`compare: ${message}`);
  process.exit(2);
}
if (!existsSync(options.catena)) fail(`no program at ${options.catena}; build it with ./run --build, or name it with --catena`);
if (!existsSync(join(options.model, 'config.json'))) fail(`no model in ${options.model}; name a model folder with --model`);

mkdirSync(folder, {recursive: true});
if (!existsSync(join(folder, 'node_modules/node-llama-cpp'))) {
  // Without the optional packages, which would be the libraries of every other platform too.
  const packages = [`node-llama-cpp@${version}`, `@node-llama-cpp/linux-x64@${version}`];
  execFileSync('npm', ['install', '--prefix', folder, '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', ...packages], {stdio: 'inherit'});
}

const ours = name => JSON.parse(execFileSync(
    options.catena, ['bench', name, '--quick', '--json', '--precision', 'int8', '--threads', threads, '--model', options.model], {encoding: 'utf8'}));
const theirs = (file, what, lengths) => JSON.parse(execFileSync(
    process.execPath, [join(here, 'llama.mjs'), file, threads, what, lengths.join(',')],
    {encoding: 'utf8', env: {...process.env, NODE_PACKAGES: folder}, stdio: ['ignore', 'pipe', 'inherit']}));

const config = JSON.parse(readFileSync(join(options.model, 'config.json')));
const {parameters} = ours('step');
const shape = {parameters, vocab: config.vocab, width: config.width, layers: config.layers, heads: config.heads, context: 1 << 17};
const llama = join(folder, 'llama.gguf'), mamba = join(folder, 'mamba.gguf'), empty = join(folder, 'empty.gguf');
console.log(JSON.stringify({
  catena_parameters: parameters,
  llama_parameters: writeLlama(llama, shape),
  mamba_parameters: writeMamba(mamba, shape),
  // Next to no layers: what JavaScript and the choice of a token from the same vocabulary cost, for theirs to be lessened by.
  empty_parameters: writeLlama(empty, {...shape, width: 32, layers: 1, heads: 1, parameters: 32 * (config.vocab + 32 * 8)})
}));

const samples = new Map();
const keep = (name, value) => samples.set(name, [...samples.get(name) ?? [], value]);
const keepAll = (name, results) => Object.entries(results).forEach(([length, value]) => keep(`${name} ${length}`, value));
const decodeAt = [128, 1024, 4096, 16384, 32768].filter(length => length <= longest);
const prefillAt = [1024, 16384].filter(length => length <= longest);
const memoryAt = 40960;
for (let round = 0; round < Number(options.rounds); ++round) {
  const step = ours('step');
  keep('catena decode', step.step_p50_ms);
  keep('catena state', step.state_bytes);
  keepAll('llama decode', theirs(llama, 'decode', decodeAt));
  keepAll('empty decode', theirs(empty, 'decode', [128]));
  keepAll('mamba decode', theirs(mamba, 'decode', [128]));
  keep('catena prefill', ours('prefill').prefill_ms_per_1024);
  keepAll('llama prefill', theirs(llama, 'prefill', prefillAt));
  keepAll('mamba prefill', theirs(mamba, 'prefill', [1024]));
}
if (longest >= 32768) keepAll('llama memory', theirs(llama, 'memory', [memoryAt]));

const median = name => samples.get(name).sort((a, b) => a - b)[Math.floor(samples.get(name).length / 2)];
const show = (figure, catena, peer, more = {}) => console.log(JSON.stringify({figure, threads: Number(threads), catena, peer, ratio: peer / catena, ...more}));
const overhead = median('empty decode 128');
const decode = (name, length) => {
  const time = median(`${name} decode ${length}`), mine = median('catena decode');
  show(`${name} decode at ${length}, ms a token`, mine, time, {overhead, ratio_without_overhead: (time - overhead) / mine});
};
for (const length of decodeAt) decode('llama', length);
decode('mamba', 128);
for (const length of prefillAt) show(`llama prefill of ${length}, ms`, median('catena prefill') * length / 1024, median(`llama prefill ${length}`));
show('mamba prefill of 1024, ms', median('catena prefill'), median('mamba prefill 1024'));
if (longest >= 32768) show(`llama memory at ${memoryAt}, bytes`, median('catena state'), median(`llama memory ${memoryAt}`));
